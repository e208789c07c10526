"""The indexing of parcels, which an operator starts: who was shipped before that is found by tracking number.

An order that is written again stands in the index by that (K8); this is for those that nothing happens to any
more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.orders.rows import ORDER, key, tracking_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables
from functions.platform.fanout import Handled, Page, Task, each_until

SEGMENTS = 16
"""Segments that the orders' table is read in."""
SCAN_ROWS = 500
SCANNED = ("order_id", "item", "tracking_no", "tracking")
"""What the job reads of each row that it comes by."""


@dataclass(frozen=True, slots=True)
class Parcels:
    """The orders whose parcels are to be found by their tracking numbers."""

    tables: Tables
    table: str

    def page(self, task: Task, after: Row | None) -> Page:
        """Return a page of a segment of the orders' rows, of any kind, and the key to go on after."""
        rows, following = self.tables.scan(
            self.table, segment=task.shard, of=task.of, names=SCANNED, limit=SCAN_ROWS, after=after
        )
        return rows, None if following is None else dict(following)

    def index(self, rows: Sequence[Row], task: Task, deadline: Deadline) -> Handled:
        """Let those orders be found that are not yet; what is as it should be is left alone."""
        if task.only:
            behind = [row["order_id"] for row in rows]
        else:
            behind = [row["order_id"] for row in rows if row["item"] == ORDER and _is_behind(row)]
        return each_until(deadline, behind, self._index_one, rows_of=lambda order_id: [key(order_id)])

    def _index_one(self, order_id: str) -> int:
        """Write an order's key, unless the order has changed since it was read: whoever did wrote the key."""
        row = self.tables.get(self.table, key(order_id))
        if row is None or not _is_behind(row):
            return 0
        found_by = {"tracking": tracking_of(row["tracking_no"])}
        return int(self.tables.put_if(self.table, row | found_by, version=row["version"]))


def _is_behind(row: Row) -> bool:
    """Tell whether an order is not found by the number that its parcel has."""
    number = row.get("tracking_no")
    return number is not None and row.get("tracking") != tracking_of(number)
