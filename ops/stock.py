"""Stock that lies in several rows: whether these fit together, and gathering it into one (Z1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from functions.catalog.rows import PRODUCT
from functions.catalog.stock import counter_of
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import GENERATION, LEAST, Counter, Spread
from functions.counters.spreading import spread_over
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables

PAGE_ROWS = 500
GATHER_SECONDS = 120.0
LOOKS = 3
"""How often rows are read that do not fit together: they may have changed while they were read."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """The stock of a product that lies in several rows, or has lain so."""

    sku: str
    rows: int
    wanted: int | None
    stock: int
    faults: tuple[str, ...]


def shelves(tables: Tables, table: str) -> Iterator[Shelf]:
    """Look at the stock of every product that lies in several rows, has lain so, or is wanted so."""
    for sku in _skus(tables, table):
        yield _shelf(tables, counter_of(table, sku), sku)


def gather(tables: Tables, table: str) -> int:
    """Bring the stock of every product into its own row, and forget what staff wanted; how many those were.

    Nothing stops meanwhile, and nothing is lost wherever it breaks off: it is gone on with by another call.

    Raises
    ------
    ConflictError
        ``conflict``: orders were in the way for two minutes.
    """
    count = 0
    for sku in _skus(tables, table):
        counter = counter_of(table, sku)
        tables.change(
            table,
            counter.home,
            expression=f"SET #{LEAST} = :none",
            condition=f"attribute_exists(#{counter.amount})",
            values={":none": None},
        )
        spread_over(tables, counter, 1, Deadline(GATHER_SECONDS))
        count += 1
    return count


def _shelf(tables: Tables, counter: Counter, sku: str) -> Shelf:
    for _ in range(LOOKS):
        rows = rows_ever(tables, counter, Deadline(GATHER_SECONDS))
        found = faults(counter, rows)
        if not found:
            break
    home = rows[0] or {}
    spread = Spread.of(home)
    stock = sum(row[counter.amount] for row in rows[: spread.rows] if row is not None)
    return Shelf(sku=sku, rows=spread.rows, wanted=home.get(LEAST), stock=stock, faults=tuple(found))


def _skus(tables: Tables, table: str) -> Iterator[str]:
    after = None
    more = True
    while more:
        rows, after = tables.scan(
            table,
            segment=0,
            of=1,
            names=("sku", "item", GENERATION, LEAST),
            limit=PAGE_ROWS,
            after=after,
        )
        yield from (row["sku"] for row in rows if row["item"] == PRODUCT and _is_of_several(row))
        more = after is not None


def _is_of_several(row: Row) -> bool:
    return GENERATION in row or row.get(LEAST) is not None
