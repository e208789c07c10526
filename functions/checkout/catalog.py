"""Where products live: the catalogue with its stock, and every movement of stock, once per id."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.checkout.pricing import Product, QuoteLine
from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, NotFoundError
from functions.domain.identifiers import fingerprint
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.tiers import members
from functions.tiers.qualification import Standing

PRODUCT = "PRODUCT"
MOVEMENT = "MOVEMENT#"
ZONE = "zone"
"""The sparse index of the member zone, its partition key, and that key's one value."""


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


def give_back_stock(transaction: Transaction, table: str, sku: str, units: int) -> None:
    """Add to a transaction that units of an order go back into the stock (O4, O5)."""
    transaction.update(
        table,
        key(sku),
        expression="SET #stock = #stock + :units",
        condition="attribute_exists(#stock)",
        values={":units": units},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """The catalogue's products and their stock, as members of each tier see them."""

    tables: Tables
    table: str
    members_table: str

    def seen_by(
        self, member_id: str, skus: Sequence[str], deadline: Deadline
    ) -> tuple[Standing | None, list[Product]]:
        """Return a member's standing (None before registration) and the products that exist among skus."""
        standing, *rows = self.tables.batch_get(
            [
                (self.members_table, members.key(member_id, members.STANDING)),
                *((self.table, key(sku)) for sku in skus),
            ],
            deadline,
        )
        return (
            members.registered_standing_of(standing),
            [product_of(row) for row in rows if row is not None],
        )

    def zone(self, *, limit: int, after: str | None) -> tuple[list[str], str | None]:
        """Return a page of the skus of the member zone, by sku, and the position to go on after.

        The index may be behind: whoever reads the products looks at their own flag.
        """
        start = None if after is None else {**key(after), ZONE: ZONE}
        rows, more = self.tables.query_index(
            self.table, ZONE, partition=(ZONE, ZONE), limit=limit, after=start
        )
        skus = [row["sku"] for row in rows]
        return skus, skus[-1] if more else None

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
                **({ZONE: ZONE} if member_zone else {}),
            },
            initially={"stock": 0},
            remove=() if member_zone else (ZONE,),
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
        short = product["stock"] + movement.delta < 0
        if short and earlier is None:
            # A batch is no snapshot: the stock may be from after this very movement.
            earlier = self.tables.get(self.table, key(movement.sku, written["item"]))
        if earlier is not None:
            if earlier["contents"] != written["contents"]:
                raise InvalidError("movement_id_reused", "The movement id was used with other contents.")
            return product_of(product)
        if short:
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
