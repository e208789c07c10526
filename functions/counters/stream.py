"""Catalogue stream: the stock of products is kept, where it lies in several rows or should (Z1)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from functions.catalog.rows import STOCK
from functions.catalog.stock import counter_of
from functions.counters import keeping
from functions.counters.heat import HOT
from functions.platform import clock, dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, Tables
from functions.platform.settings import Settings
from functions.platform.streams import RowChange, consume


class Keeper:
    """The Lambda handler that keeps the counters whose rows are in a batch of stream records."""

    def __init__(self, tables: Tables, settings: Settings, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._table = settings.catalog_table
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Keep the counter of each record, once per batch; return the records to be delivered again."""
        last: dict[tuple[str, str], str] = {}

        def prepare(changes: Sequence[RowChange], _deadline: Deadline) -> None:
            last.update({_about(change.after): change.sequence_number for change in changes})

        def handle(change: RowChange, deadline: Deadline) -> None:
            # The rows are read as they are, so the last record of a batch speaks for those before it.
            if last.get(_about(change.after), change.sequence_number) == change.sequence_number:
                self._keep(change.after, deadline)

        return consume(event, context, handle, log_ids=("sku", "item"), prepare=prepare)

    def _keep(self, row: Row, deadline: Deadline) -> None:
        sku, item = _about(row)
        counter = counter_of(self._table, sku)
        if item == HOT:
            keeping.cool(self._tables, counter, deadline)
        else:
            keeping.keep(self._tables, counter, deadline, leads=item != STOCK, now=self._now())


def _about(row: Row) -> tuple[str, str]:
    """Return the sku that a row is about, and which of its kinds of rows it is."""
    return str(row["sku"]).partition("#")[0], row["item"]


handler = Keeper(Tables(dynamo.client()), Settings.from_environment(), clock.now)
