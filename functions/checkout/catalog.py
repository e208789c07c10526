"""Where products live: the catalogue with its stock, and every movement of stock, once per id."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from functions.checkout.pricing import Product, QuoteLine
from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, NotFoundError
from functions.domain.identifiers import fingerprint
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear

PRODUCT = "PRODUCT"
MOVEMENT = "MOVEMENT#"


def key(sku: str, item: str = PRODUCT) -> dict[str, str]:
    """Return the key of a product's row, or of another row of the same sku."""
    return {"sku": sku, "item": item}


def product_of(row: Row) -> Product:
    """Read a product from its row."""
    return Product(
        sku=row["sku"],
        name=row["name"],
        price_fen=row["price_fen"],
        member_zone=row["member_zone"],
        stock=row["stock"],
        low_stock_threshold=row["low_stock_threshold"],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMovement:
    """A change of a product's stock from outside: a delivery, a count, a loss."""

    movement_id: str
    sku: str
    delta: int
    reason: str
    moved_at: datetime


def take_stock(transaction: Transaction, table: str, line: QuoteLine, product: Product) -> None:
    """Add to a transaction that a line's units leave the stock, at the price and zone flag that were read."""
    transaction.update(
        table,
        key(line.sku),
        expression="SET #stock = #stock - :quantity",
        condition="#stock >= :quantity AND #price_fen = :price AND #member_zone = :zone",
        values={
            ":quantity": line.quantity,
            ":price": product.price_fen,
            ":zone": product.member_zone,
        },
    )


@dataclass(frozen=True, slots=True)
class Catalog:
    """The catalogue's products and their stock."""

    tables: Tables
    table: str

    def find(self, sku: str) -> Product | None:
        """Return a product, or None."""
        row = self.tables.get(self.table, key(sku))
        return None if row is None else product_of(row)

    def find_all(self, skus: Iterable[str], deadline: Deadline) -> dict[str, Product]:
        """Return the products that exist among these skus, in one round trip."""
        rows = self.tables.batch_get([(self.table, key(sku)) for sku in skus], deadline)
        return {row["sku"]: product_of(row) for row in rows if row is not None}

    def put(
        self, sku: str, *, name: str, price_fen: int, member_zone: bool, low_stock_threshold: int | None
    ) -> tuple[Product, bool]:
        """Create a product without stock, or replace what is said of it; its stock stays.

        Returns the product and whether it is new.
        """
        row, new = self.tables.upsert(
            self.table,
            key(sku),
            replace={
                "name": name,
                "price_fen": price_fen,
                "member_zone": member_zone,
                "low_stock_threshold": low_stock_threshold,
            },
            initially={"stock": 0},
        )
        return product_of(row), new

    def move_stock(self, movement: StockMovement, deadline: Deadline) -> Product:
        """Change a product's stock, once per movement id and sku; return the product after it.

        Raises
        ------
        NotFoundError
            ``product_not_found``.
        ConflictError
            ``insufficient_stock``: it would fall below zero.
        InvalidError
            ``movement_id_reused``: the id was used with other contents.
        """
        return until_clear(lambda: self._try_to_move_stock(movement, deadline), deadline)

    def _try_to_move_stock(self, movement: StockMovement, deadline: Deadline) -> Product:
        written = _movement_row(movement)
        product, earlier = self.tables.batch_get(
            [(self.table, key(movement.sku)), (self.table, key(movement.sku, written["item"]))], deadline
        )
        if product is None:
            raise NotFoundError("product_not_found", "The catalogue has no such product.")
        if earlier is not None:
            if earlier["contents"] != written["contents"]:
                raise InvalidError("movement_id_reused", "The movement id was used with other contents.")
            return product_of(product)
        if product["stock"] + movement.delta < 0:
            raise ConflictError("insufficient_stock", "There is not that much in stock.", skus=[movement.sku])
        transaction = self.tables.transaction()
        transaction.put_new(self.table, written)
        transaction.update(
            self.table,
            key(movement.sku),
            expression="SET #stock = #stock + :delta",
            condition="#stock >= :least",
            values={":delta": movement.delta, ":least": max(0, -movement.delta)},
        )
        transaction.commit(deadline)
        return product_of(self.tables.get(self.table, key(movement.sku)) or product)


def _movement_row(movement: StockMovement) -> Row:
    return {
        **key(movement.sku, MOVEMENT + movement.movement_id),
        "contents": fingerprint(str(movement.delta), movement.reason),
        "delta": movement.delta,
        "reason": movement.reason,
        "moved_at": calendar.to_row(movement.moved_at),
    }
