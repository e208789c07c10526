"""Where products live: the catalogue with its stock and its lists; stock moves once per id."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog.listing import ZONE, Listing, index_keys
from functions.catalog.products import ON_SALE, Product, ProductStatus, insufficient_stock, no_product
from functions.catalog.rows import key, product_of
from functions.catalog.set_aside import units_at
from functions.catalog.setting_aside import tell_holders
from functions.catalog.stock import (
    MOVED,
    StockMovement,
    counter_of,
    moved_row,
    movement_of,
    movement_row,
    picked,
    tell_left_behind,
)
from functions.counters import counter
from functions.counters.counter import LEAST, TERMS, Spread
from functions.domain.errors import ConflictError, InvalidError, TryAgainError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables, time_span, until_clear
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

    def exactly(self, product: Product, deadline: Deadline) -> Product:
        """Return a product with its stock of one moment, where it lies in several rows (Z1).

        Raises
        ------
        TryAgainError
            ``try_again``: it changed so fast that there was none to be had.
        """
        if product.spread.is_one:
            return product
        try:
            stock = counter_of(self.table, product.sku)
            found = counter.held(self.tables, stock, deadline, rows=product.spread.rows)
        except ConflictError as conflict:
            raise TryAgainError("try_again", "The stock changes too fast; ask again.") from conflict
        return product if found is None else replace(product_of(found.home), stock=found.total)

    def set_aside(self, product: Product, deadline: Deadline) -> dict[str, int]:
        """Return how many units of a product are set aside, by campaign, besides its stock (V2)."""
        pairs = [(product.sku, holder) for holder in product.holders]
        units = units_at(self.tables, self.table, pairs, deadline)
        return {holder: count for (_, holder), count in zip(pairs, units, strict=True) if count is not None}

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
        deadline: Deadline,
        status: ProductStatus = ON_SALE,
        stock_rows: int | None = None,
        no_reason: bool = True,
        replaces: int | None = None,
    ) -> tuple[Product, bool]:
        """Create a product without stock, or replace what is said of it; its stock stays.

        ``replaces`` is the version that there must be, if any is said (`platform/preconditions.py`).

        Returns the product and whether it is new. Where its stock lies in several rows, or units are set
        aside for flash sales, all of them go by this before it returns: from then on nobody buys at the price
        of before (Z1, V2).

        Raises
        ------
        PreconditionError
            ``exists_already``, ``changed_meanwhile``.
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
                LEAST: stock_rows,
                "no_reason": no_reason,
                **index_keys(sku, name, status, member_zone=member_zone),
            },
            initially={"stock": 0},
            counting=TERMS,
            replaces=replaces,
        )
        counter.tell_terms(self.tables, counter_of(self.table, sku), Spread.of(row), deadline)
        tell_holders(self.tables, self.table, row, deadline)
        return product_of(row), new

    def move_stock(self, movement: StockMovement, deadline: Deadline) -> Product:
        """Change a product's stock, once per movement id and sku; return the product after it.

        Where the stock lies in several rows, and changes so fast that its sum is no moment's, what is
        returned is the sum of a moment ago.

        Raises
        ------
        NotFoundError
            ``product_not_found``.
        ConflictError
            ``insufficient_stock``: it would fall below zero.
        InvalidError
            ``movement_id_reused``: the id was used with other contents.
        """
        moved = until_clear(lambda: self._try_to_move_stock(movement, deadline), deadline)
        try:
            return self.exactly(moved, deadline)
        except TryAgainError:
            return moved

    def _try_to_move_stock(self, movement: StockMovement, deadline: Deadline) -> Product:
        written = movement_row(movement)
        product, earlier = self.tables.batch_get(
            [(self.table, key(movement.sku)), (self.table, key(movement.sku, written["item"]))], deadline
        )
        if product is None:
            raise no_product()
        stock, spread = counter_of(self.table, movement.sku), Spread.of(product)
        moved = self._picked(product, movement, deadline)
        if moved is None and earlier is None:
            # A batch is no snapshot: the stock may be from after this very movement.
            earlier = self.tables.get(self.table, key(movement.sku, written["item"]))
        if earlier is not None:
            if earlier["contents"] != written["contents"]:
                raise InvalidError("movement_id_reused", "The movement id was used with other contents.")
            return product_of(product)
        if moved is None:
            raise insufficient_stock([movement.sku])
        transaction = self.tables.transaction()
        transaction.put_new(self.table, written)
        transaction.put_new(self.table, moved_row(movement))
        if movement.delta < 0:
            counter.take(transaction, stock, moved, terms=spread.terms)
        else:
            for row, units in moved.items():
                counter.give(transaction, stock, row, units)
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            tell_left_behind(self.tables, self.table, failed.rows, deadline)
            raise
        return product_of(self.tables.get(self.table, key(movement.sku)) or product)

    def _picked(self, product: Row, movement: StockMovement, deadline: Deadline) -> Mapping[int, int] | None:
        """Return how much of a movement each row of the stock takes or gives; None if there is too little."""
        if movement.delta >= 0:
            return {Spread.of(product).row_of(movement.movement_id): movement.delta}
        return picked(self.tables, self.table, product, -movement.delta, deadline, name=movement.movement_id)


def _once(skus: Iterable[str]) -> list[str]:
    """Leave out repeats: an index that is behind may show a product on two shelves."""
    return list(dict.fromkeys(skus))
