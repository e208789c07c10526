"""How stock moves: by deliveries, counts and losses, and with orders."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.catalog.products import ON_SALE, Product
from functions.catalog.rows import PRODUCT, STOCK, key
from functions.counters import counter
from functions.counters.counter import TERMS, Counter, Spread
from functions.domain import calendar
from functions.domain.identifiers import CALLER_ID, fingerprint
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction

MOVEMENT = "MOVEMENT#"
"""Begins the row that a movement's id is spent on."""
MOVED = "MOVED#"
"""Begins the row of the same movement in the order of time. Movements from before there were such rows have
none."""
LOST = "lost:"
"""Begins the id of a movement of units that a case was closed about."""
LOST_REASON = "lost"
MOVED_POSITION = rf"[0-9TZ:-]{{20}}# ?{CALLER_ID}"
"""Where a movement stands among its product's: by time and then by id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMovement:
    """A change of a product's stock from outside: a delivery, a count, a loss; ``operator`` recorded it.

    ``operator_name`` is what they sign in with, where that is known.
    """

    movement_id: str
    sku: str
    delta: int
    reason: str
    operator: str
    moved_at: datetime
    operator_name: str | None = None


def counter_of(table: str, sku: str) -> Counter:
    """Return the counter of a product's stock, whose first row is the product's own."""
    return Counter(table=table, home=key(sku), item=STOCK, amount="stock")


def sku_of(row: Row) -> str | None:
    """Return the sku that a row has stock of, or None if it is none that has."""
    return str(row["sku"]).partition("#")[0] if row.get("item") in (PRODUCT, STOCK) else None


def take_stock(transaction: Transaction, table: str, product: Product, picked: Mapping[int, int]) -> None:
    """Add to a transaction that units leave these rows of the stock, at the price and zone that were read.

    They do not leave it if the product was withdrawn meanwhile (O7).
    """
    counter.take(
        transaction,
        counter_of(table, product.sku),
        picked,
        terms=product.spread.terms,
        home_terms="#price_fen = :price AND #member_zone = :zone"
        " AND (attribute_not_exists(#status) OR #status = :on_sale)",
        values={":price": product.price_fen, ":zone": product.member_zone, ":on_sale": ON_SALE},
    )


def picked(
    tables: Tables, table: str, home: Row, units: int, deadline: Deadline, *, name: str
) -> Mapping[int, int] | None:
    """Return from which rows of a product's stock so many units can be taken, None if there are too few.

    ``home`` is the product's row as it was read, ``name`` whose own row of several is asked first.

    Raises
    ------
    ConflictError
        ``conflict``: there may be enough, and the rows change too fast to tell.
    """
    stock, spread = counter_of(table, home["sku"]), Spread.of(home)
    if spread.is_one:
        return counter.plan([home["stock"]], units, first=0)
    return counter.find(tables, stock, spread, units, deadline, name=name)


def take_if_on_sale(transaction: Transaction, table: str, home: Row, picked: Mapping[int, int]) -> None:
    """Add that units leave these rows of a product's stock as it was read, unless it is withdrawn (O7)."""
    counter.take(
        transaction,
        counter_of(table, home["sku"]),
        picked,
        terms=Spread.of(home).terms,
        home_terms="(attribute_not_exists(#status) OR #status = :on_sale)",
        values={":on_sale": ON_SALE},
    )


def tell_left_behind(tables: Tables, table: str, refusing: Iterable[Row | None], deadline: Deadline) -> None:
    """Let rows of stocks that stood against a transaction go by their products' terms, if left behind.

    So a change of a product that broke off is completed by whoever meets it, as orders do (Z1).
    """
    for row in refusing:
        if row is None or row.get("item") != STOCK or TERMS not in row:
            continue
        sku, _, number = str(row["sku"]).partition("#")
        product = tables.get(table, key(sku))
        if product is not None and row[TERMS] < product.get(TERMS, 0):
            counter.tell_row(tables, counter_of(table, sku), int(number), product[TERMS], deadline)


def movement_row(movement: StockMovement) -> Row:
    """Write the row that a movement's id is spent on."""
    return {
        **key(movement.sku, MOVEMENT + movement.movement_id),
        "contents": fingerprint(str(movement.delta), movement.reason),
        "delta": movement.delta,
        "reason": movement.reason,
        "moved_at": calendar.to_row(movement.moved_at),
    }


def moved_row(movement: StockMovement) -> Row:
    """Write a movement as its row in the order of time; its id is spent on the other one."""
    moved_at = calendar.to_row(movement.moved_at)
    return {
        **key(movement.sku, f"{MOVED}{moved_at}#{movement.movement_id}"),
        "movement_id": movement.movement_id,
        "delta": movement.delta,
        "reason": movement.reason,
        "operator": movement.operator,
        **({} if movement.operator_name is None else {"operator_name": movement.operator_name}),
        "moved_at": moved_at,
    }


def lost_row(sku: str, units: int, *, case_id: str, operator: str, at: datetime) -> Row:
    """Write that units were lost which an order gave back in its figures only (A4): they left the stock.

    Its id is the case's. No id is spent on it, and its key has a space, which no caller's id has.
    """
    movement = StockMovement(
        movement_id=f"{LOST}{case_id}",
        sku=sku,
        delta=-units,
        reason=LOST_REASON,
        operator=operator,
        moved_at=at,
    )
    place = f"{MOVED}{calendar.to_row(at)}# {movement.movement_id}"
    return moved_row(movement) | key(sku, place)


def movement_of(row: Row) -> StockMovement:
    """Read a movement from its row in the order of time."""
    return StockMovement(
        movement_id=row["movement_id"],
        sku=row["sku"],
        delta=row["delta"],
        reason=row["reason"],
        operator=row["operator"],
        moved_at=calendar.from_row(row["moved_at"]),
        operator_name=row.get("operator_name"),
    )
