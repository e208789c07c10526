"""Units of a product that are set aside from its stock for a holder: a flash sale, by its campaign id (V2).

They are a counter of their own. Every row of it, the first one too, goes by the terms of the product's row:
whoever takes units at a price that was read knows that the product is still sold as it was read (Z1, O7). A
row that names no terms is closed.
"""

from collections.abc import Mapping, Sequence

from functions.catalog.rows import key
from functions.counters import counter
from functions.counters.counter import MOVES, TERMS, Counter, told
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction

SET_ASIDE = "SET_ASIDE"
UNITS = "units"
_PARTITION = "aside:"
"""How the partition of units that are set aside begins; no sku and no holder has a colon."""


def counter_of_units(table: str, sku: str, holder: str) -> Counter:
    """Return the counter of a sku's units that are set aside for a holder."""
    return Counter(
        table=table, home=key(f"{_PARTITION}{holder}:{sku}", SET_ASIDE), item=SET_ASIDE, amount=UNITS
    )


def counter_named(table: str, name: str) -> Counter | None:
    """Return the counter of units whose home row is in this partition, None if it is another one's."""
    if not name.startswith(_PARTITION):
        return None
    holder, _, sku = name.removeprefix(_PARTITION).partition(":")
    return counter_of_units(table, sku, holder)


def is_open(home: Row | None) -> bool:
    """Tell whether units may come back to what is set aside: it is there, and not closed (V2)."""
    return home is not None and TERMS in home


def units_at(
    tables: Tables, table: str, pairs: Sequence[tuple[str, str]], deadline: Deadline
) -> list[int | None]:
    """Return how many units of each sku are set aside for each holder; None where none are any more.

    Where they lie in several rows, it is as it was a moment ago.
    """
    homes = [(table, counter_of_units(table, sku, holder).home) for sku, holder in pairs]
    rows = tables.batch_get(homes, deadline) if homes else []
    return [told(home, UNITS) if home is not None and is_open(home) else None for home in rows]


def take_units(transaction: Transaction, units: Counter, picked: Mapping[int, int], *, terms: int) -> None:
    """Add to a transaction that units leave these rows, under the product's terms that were read."""
    counter.take(
        transaction,
        units,
        picked,
        terms=terms,
        home_terms=f"#{TERMS} = :terms",
        values={":terms": terms},
    )


def give_back_units(transaction: Transaction, units: Counter, row: int, count: int) -> None:
    """Add to a transaction that units come back to a row, if that is open; those of ended sales are not."""
    transaction.move(
        units.table,
        units.key(row),
        adds={units.amount: count, MOVES: 1},
        condition=f"attribute_exists(#{TERMS})",
    )
