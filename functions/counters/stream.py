"""Catalogue stream: counters are kept that lie in several rows or should: stock, flash units, limits (Z1)."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from functions.catalog import set_aside
from functions.catalog.stock import counter_of
from functions.counters import keeping
from functions.counters.counter import GENERATION, LEAST, Counter
from functions.counters.heat import HOT
from functions.coupons import code_rows, template_rows
from functions.offers import counting
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
        last: dict[tuple[str, bool, str], str] = {}

        def prepare(changes: Sequence[RowChange], _deadline: Deadline) -> None:
            last.update({_about(change.after): change.sequence_number for change in changes})

        def handle(change: RowChange, deadline: Deadline) -> None:
            # The rows are read as they are, so the last record of a batch speaks for those before it.
            if last.get(_about(change.after), change.sequence_number) == change.sequence_number:
                self._keep(change.after, deadline)

        return consume(event, context, handle, log_ids=("sku", "item"), prepare=prepare)

    def _keep(self, row: Row, deadline: Deadline) -> None:
        counter = counter_of_row(self._table, row)
        leads = row["sku"] == counter.home["sku"]
        if row["item"] == HOT:
            keeping.cool(self._tables, counter, deadline)
        elif not leads or row.get(LEAST) or GENERATION in row:
            keeping.keep(self._tables, counter, deadline, leads=leads, now=self._now())


def counter_of_row(table: str, row: Row) -> Counter:
    """Return the counter that a row is of, or that a row beside its home says to be hot.

    The partition tells: of the home row as it is, of others with a ``#`` and their number.
    """
    name = str(row["sku"]).partition("#")[0]
    return (
        set_aside.counter_named(table, name)
        or counting.counter_named(table, name)
        or template_rows.counter_named(table, name)
        or code_rows.counter_named(table, name)
        or counter_of(table, name)
    )


def _about(row: Row) -> tuple[str, bool, str]:
    """Return which counter a row is of, whether by its home row, and which kind of row it is."""
    home, others, _ = str(row["sku"]).partition("#")
    return home, not others, row["item"]


handler = Keeper(Tables(dynamo.client()), Settings.from_environment(), clock.now)
