"""Where products live: the catalogue with its stock and its lists, and every movement of stock, once per id.

A product stands on one of four shelves, by its zone flag and its status. The shelf is the partition of two
indexes, of which one is sorted by sku and the other by name: a list is read from the shelves that it is of.
The keys change only with what staff say of a product, so stock moves without a write to either.
"""

import heapq
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import get_args

from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, NotFoundError
from functions.domain.identifiers import CALLER_ID, SKU, fingerprint
from functions.offers.pricing import ON_SALE, Product, ProductStatus, QuoteLine
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    LOWEST,
    Row,
    Span,
    Tables,
    Transaction,
    above,
    time_span,
    until_clear,
)
from functions.tiers import members
from functions.tiers.qualification import Standing

PRODUCT = "PRODUCT"
MOVEMENT = "MOVEMENT#"
"""Begins the row that a movement's id is spent on."""
MOVED = "MOVED#"
"""Begins the row of the same movement in the order of time. Movements from before there were such rows have
none."""
MOVED_POSITION = rf"[0-9TZ:-]{{20}}#{CALLER_ID}"
"""Where a movement stands among its product's: by time and then by id."""
ZONE = "zone"
"""The sparse index of shelves by sku, and the partition key of both indexes: the shelf. It began as the index
of the member zone alone, whose shelf has its name."""
BY_NAME, NAME_KEY = "by_name", "name_key"
"""The sparse index of shelves by name, and its sort key."""
NAME_BYTES_MAX = 300
"""Bytes of a name that are sorted by, so that a cursor holds them; products are matched by the whole name."""
_NAME_ENDS = "\x1f"
"""Ends the name in its sort key: below all that a name may have, so that `tea` comes before `tea, green`."""
_NAME_HIGHEST = "\U0010ffff"
"""Above all that a name may have."""
EVERY_STATUS: tuple[ProductStatus, ...] = get_args(ProductStatus)


def shelf(status: ProductStatus, *, member_zone: bool) -> str:
    """Return the shelf of products that are alike in status and zone: `zone`, `other`, `zone#withdrawn` …"""
    name = ZONE if member_zone else "other"
    return name if status == ON_SALE else f"{name}#{status}"


def folded(name: str) -> str:
    """Return what of a name counts for finding it: neither case nor width, nor how it is composed."""
    plain = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", plain).lstrip()


def _sorted_by(name: str) -> str:
    """Return as much of a folded name as is sorted by: whole characters."""
    return name.encode()[:NAME_BYTES_MAX].decode(errors="ignore")


def _name_key(name: str, sku: str) -> str:
    return _sorted_by(folded(name)) + _NAME_ENDS + sku


@dataclass(frozen=True, slots=True)
class Listing:
    """Which products a list is of: those of these statuses, in the zone, outside (None: both), of a name.

    Without the beginning of a name it is by sku; with one by folded name, then sku.
    """

    statuses: tuple[ProductStatus, ...] = (ON_SALE,)
    zone: bool | None = None
    begins: str = ""

    @property
    def shelves(self) -> list[str]:
        """The shelves that its products stand on: four at most."""
        zones = (True, False) if self.zone is None else (self.zone,)
        return [shelf(status, member_zone=zone) for status in self.statuses for zone in zones]

    @property
    def named(self) -> str:
        """What tells the list from others."""
        return f"products {self.zone} {folded(self.begins)}"

    @property
    def position(self) -> str:
        """The form of its positions."""
        if not self._beginning:
            return SKU
        return rf"{re.escape(_sorted_by(self._beginning))}[^{_NAME_ENDS}]*{_NAME_ENDS}{SKU}"

    @property
    def index(self) -> tuple[str, str]:
        """The index that has its order, and that one's sort key."""
        return (BY_NAME, NAME_KEY) if self._beginning else (ZONE, "sku")

    def span(self, after: str | None) -> Span:
        """Return where its products stand on a shelf, behind a position."""
        begins = _sorted_by(self._beginning)
        return begins or LOWEST if after is None else above(after), begins + _NAME_HIGHEST

    def has(self, product: Product) -> bool:
        """Tell whether a product, as it is now, is in the list."""
        return (
            product.status in self.statuses
            and self.zone in (None, product.member_zone)
            and folded(product.name).startswith(self._beginning)
        )

    @property
    def _beginning(self) -> str:
        return folded(self.begins)


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
        status=row.get("status", ON_SALE),  # a row from before products could be withdrawn
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StockMovement:
    """A change of a product's stock from outside: a delivery, a count, a loss; ``operator`` recorded it."""

    movement_id: str
    sku: str
    delta: int
    reason: str
    operator: str
    moved_at: datetime


def take_stock(transaction: Transaction, table: str, line: QuoteLine, product: Product) -> None:
    """Add to a transaction that a line's units leave the stock, at the price and zone flag that were read.

    They do not leave it if the product was withdrawn meanwhile (O7).
    """
    transaction.update(
        table,
        key(line.sku),
        expression="SET #stock = #stock - :quantity",
        condition="#stock >= :quantity AND #price_fen = :price AND #member_zone = :zone"
        " AND (attribute_not_exists(#status) OR #status = :on_sale)",
        values={
            ":quantity": line.quantity,
            ":price": product.price_fen,
            ":zone": product.member_zone,
            ":on_sale": ON_SALE,
        },
    )


def give_back_stock(transaction: Transaction, table: str, sku: str, units: int) -> None:
    """Add to a transaction that units of an order go back into the stock (O4, O5).

    So do those of a withdrawn product: they are there, and nobody can buy them (O7).
    """
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

    def listed(self, listing: Listing, *, limit: int, after: str | None) -> tuple[list[str], str | None]:
        """Return a page of the skus of a list, in its order, and the position to go on after.

        The indexes may be behind: whoever reads the products asks the list whether it has them.
        """
        index, sort = listing.index
        shelves = [
            self.tables.query_span(
                self.table,
                index=index,
                partition=(ZONE, each),
                sort=sort,
                span=listing.span(after),
                limit=limit,
            )
            for each in listing.shelves
        ]
        rows = list(heapq.merge(*(found for found, _ in shelves), key=lambda row: str(row[sort])))
        page = rows[:limit]
        more = len(rows) > limit or any(more for _, more in shelves)
        return _once(row["sku"] for row in page), str(page[-1][sort]) if more and page else None

    def movements(
        self, sku: str, *, since: datetime | None, before: datetime | None, limit: int, after: str | None
    ) -> tuple[list[StockMovement], str | None]:
        """Return a page of a product's movements from a moment on and before one, newest first, and the
        position to go on after. What orders take and give back is no movement.

        Raises
        ------
        NotFoundError
            ``product_not_found``.
        """
        lowest, highest = time_span(since, before, after)
        rows, more = self.tables.query_span(
            self.table,
            partition=("sku", sku),
            sort="item",
            span=(MOVED + lowest, MOVED + highest),
            limit=limit,
            newest_first=True,
        )
        if not rows and self.tables.get(self.table, key(sku)) is None:
            raise no_product()
        position = str(rows[-1]["item"]).removeprefix(MOVED) if more else None
        return [_movement_of(row) for row in rows], position

    def put(
        self,
        sku: str,
        *,
        name: str,
        price_fen: int,
        member_zone: bool,
        low_stock_threshold: int | None,
        status: ProductStatus = ON_SALE,
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
                "status": status,
                ZONE: shelf(status, member_zone=member_zone),
                NAME_KEY: _name_key(name, sku),
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
            raise no_product()
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
        transaction.put_new(self.table, _moved_row(movement))
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


def _moved_row(movement: StockMovement) -> Row:
    """Write a movement as its row in the order of time; its id is spent on the other one."""
    moved_at = calendar.to_row(movement.moved_at)
    return {
        **key(movement.sku, f"{MOVED}{moved_at}#{movement.movement_id}"),
        "movement_id": movement.movement_id,
        "delta": movement.delta,
        "reason": movement.reason,
        "operator": movement.operator,
        "moved_at": moved_at,
    }


def _movement_of(row: Row) -> StockMovement:
    return StockMovement(
        movement_id=row["movement_id"],
        sku=row["sku"],
        delta=row["delta"],
        reason=row["reason"],
        operator=row["operator"],
        moved_at=calendar.from_row(row["moved_at"]),
    )


def _once(skus: Iterable[str]) -> list[str]:
    """Leave out repeats: an index that is behind may show a product on two shelves."""
    return list(dict.fromkeys(skus))


def no_product() -> NotFoundError:
    """Return the refusal of a sku that the catalogue does not have."""
    return NotFoundError("product_not_found", "The catalogue has no such product.")
