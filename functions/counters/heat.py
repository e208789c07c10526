"""A counter says that it is hot: others were in the way of one of its transactions again and again (Z1).

It says so on a row beside its home, which is written once per generation of its spread: however many meet
there, the keeper of the counter hears of it once, and spreads it once. A counter in whose way nobody was has
no such row, and nothing is written for it.
"""

from collections.abc import Iterable
from contextlib import suppress

from functions.counters.counter import GENERATION, Counter, Spread
from functions.domain.errors import TryAgainError
from functions.platform.dynamo import Tables, Transaction
from functions.platform.trail import kept_out

HOT = "HOT"
CONFLICTS_HOT = 4
"""Conflicts of one transaction on rows of a counter with which that is hot. Where a row is taken half of the
time, one in sixteen meets so many; where it is a tenth of the time, one in ten thousand."""


def feel(
    tables: Tables, transaction: Transaction, counter: Counter, spread: Spread, rows: Iterable[int]
) -> None:
    """Say that a counter is hot if others were in the way of these rows again and again.

    ``spread`` is how it lay then. It is told at best: whoever comes next meets the same.
    """
    met = sum(transaction.conflicts_on(counter.table, counter.key(row)) for row in rows)
    if met < CONFLICTS_HOT:
        return
    with suppress(TryAgainError), kept_out():
        tables.change(
            counter.table,
            beside(counter),
            expression=f"SET #{GENERATION} = :generation",
            condition=f"attribute_not_exists(#{GENERATION}) OR #{GENERATION} < :generation",
            values={":generation": spread.generation},
        )


def beside(counter: Counter) -> dict[str, str]:
    """Return the key of the row that says that a counter is hot: in its home's partition."""
    (partition, value), (sort, _) = counter.home.items()
    return {partition: value, sort: HOT}
