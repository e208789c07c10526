"""Where products live: the catalogue with its stock and its lists; stock moves once per id."""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.catalog.listing import ZONE, Listing, index_keys
from functions.catalog.products import ON_SALE, Product, ProductStatus, no_product
from functions.catalog.rows import key, product_of
from functions.catalog.stock import MOVED, StockMovement, moved_row, movement_of, movement_row
from functions.domain.errors import ConflictError, InvalidError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables, time_span, until_clear
from functions.tiers import members
from functions.tiers.qualification import Standing


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
        return [movement_of(row) for row in rows], position

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
                **index_keys(sku, name, status, member_zone=member_zone),
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
        written = movement_row(movement)
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
        transaction.put_new(self.table, moved_row(movement))
        transaction.update(
            self.table,
            key(movement.sku),
            expression="SET #stock = #stock + :delta",
            condition="#stock >= :least",
            values={":delta": movement.delta, ":least": max(0, -movement.delta)},
        )
        transaction.commit(deadline)
        return product_of(self.tables.get(self.table, key(movement.sku)) or product)


def _once(skus: Iterable[str]) -> list[str]:
    """Leave out repeats: an index that is behind may show a product on two shelves."""
    return list(dict.fromkeys(skus))
