"""What will happen to orders by itself: which will lapse, count as received, or have a parcel that is late.

It reads the index that the jobs find their work by (K8). That may be behind by a moment, so each order's own
row says whether it still waits for that. By when something is due stands before what is due later; what is
due in the same second by the order's id.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import partial

from functions.domain import calendar
from functions.orders.life import as_of
from functions.orders.lists import at_once
from functions.orders.order import Order, Status
from functions.orders.rows import DUE, DUE_SHARDS, due_partition, key, order_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, Row, Tables, above

SECOND_ROWS_MAX = 5_000
"""Orders of one shard that are due in one second: sixteen times as many were placed in one, which no stage is
made for (Z10)."""


class Kind(StrEnum):
    """What will happen: an unpaid order lapses (O2), a parcel counts as received (O3), or is late (A11)."""

    LAPSE = "lapse"
    RECEIPT = "receipt"
    LATE = "late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Falling:
    """An order, and by when what will happen to it does."""

    due_at: datetime
    order: Order


@dataclass(frozen=True, slots=True)
class DueList:
    """What is due of the orders in a table."""

    tables: Tables
    table: str

    def page(
        self, kind: Kind, *, now: datetime, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Falling], str | None]:
        """Return a page of what will happen after a moment, the first due first, and where to go on after.

        It may be short, or empty, and not the last: whoever was paid for or has received their parcel
        meanwhile is left out.
        """
        of_shard = partial(self._of_shard, kind, now=calendar.to_row(now), limit=limit, after=after)
        found = sorted((row for rows in at_once(of_shard, range(DUE_SHARDS)) for row in rows), key=_position)
        page = found[:limit]
        stored = self.tables.batch_get([(self.table, key(row["order_id"])) for row in page], deadline)
        falling = [
            Falling(due_at=due_at, order=as_of(order_of(row), now))
            for row, due_at in zip(stored, (calendar.from_row(row["due_at"]) for row in page), strict=True)
            if row is not None and _waits(kind, order_of(row), due_at, now)
        ]
        return falling, _position(page[-1]) if len(found) > limit else None

    def _of_shard(self, kind: Kind, shard: int, *, now: str, limit: int, after: str | None) -> list[Row]:
        """Return what a shard has behind a position: at least one more than a page, if it has so many.

        What is due in one second has no order in the index, so each second that is begun is read whole.
        """
        partition, start = due_partition(kind, shard), above(now)
        rows: list[Row] = []
        if after is not None and _second(after) > now:
            rows = [row for row in self._due_in(partition, _second(after)) if _position(row) > after]
            start = above(_second(after))
        found, more = self._query(partition, (start, HIGHEST), limit + 1)
        if more:
            last = found[-1]["due_at"]
            found = [row for row in found if row["due_at"] != last] + self._due_in(partition, last)
        return rows + found

    def _due_in(self, partition: str, second: str) -> list[Row]:
        rows, more = self._query(partition, (second, second), SECOND_ROWS_MAX)
        if more:
            raise OverflowError(f"{partition} has more than {SECOND_ROWS_MAX} rows of {second}")
        return rows

    def _query(self, partition: str, span: tuple[str, str], limit: int) -> tuple[list[Row], bool]:
        return self.tables.query_span(
            self.table, index=DUE, partition=("due", partition), sort="due_at", span=span, limit=limit
        )


def _waits(kind: Kind, order: Order, due_at: datetime, now: datetime) -> bool:
    """Tell whether that will still happen to an order at that time."""
    if kind is Kind.LATE:
        return as_of(order, now).status is Status.SHIPPED and order.late_at is None
    return order.due == (kind.value, due_at)


def _second(position: str) -> str:
    return position.partition("#")[0]


def _position(row: Row) -> str:
    """Return where a row stands in the list: by when it is due, and then by the order's id."""
    return f"{row['due_at']}#{row['order_id']}"
