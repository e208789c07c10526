"""Face: the catalogue, and the stock of its products."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from functions.catalog.catalog import Catalog
from functions.catalog.listing import Listing
from functions.catalog.products import EVERY_STATUS, ON_SALE, Product, no_product
from functions.catalog.schema import (
    MovementAnswer,
    ProductAnswer,
    ProductRequest,
    StockRequest,
    Text,
    movement_answer,
    product_answer,
)
from functions.catalog.stock import MOVED_POSITION, StockMovement
from functions.domain.policy import Policy
from functions.offers.shown_prices import ShownPrices
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Response, Who, answer, route
from functions.platform.parameters import (
    Before,
    Body,
    Cursor,
    IfMatch,
    IfNoneMatch,
    Limit,
    Path,
    Query,
    Since,
)
from functions.platform.preconditions import replaced_version
from functions.platform.roles import ANYBODY, Role
from functions.platform.shapes import Page, Sku
from functions.tiers.members import Members
from functions.tiers.qualification import Standing

SkuPath = Annotated[Sku, Path(description="The product's stock keeping unit.")]
MOVEMENTS = "movements"


@dataclass(frozen=True, slots=True)
class CatalogFace:
    """What staff say of products and their stock, and what everybody sees of them."""

    api: Api
    catalog: Catalog
    members: Members
    prices: ShownPrices
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "PUT",
        "/products/<sku>",
        summary="Put a product into the catalogue",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        body=True,
        refuses={412: ["exists_already", "changed_meanwhile"]},
        also_answers={HTTPStatus.CREATED: "The product is new"},
    )
    def put_product(
        self,
        sku: SkuPath,
        request: Annotated[ProductRequest, Body()],
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[ProductAnswer]:
        """Create a product, or replace what is said of it. Stock starts at 0 and is not touched here.

        From the answer on nobody buys at what was said before.

        A withdrawn product is in no quote and no order, and only staff see it in lists. What comes back of it
        is added to its stock and cannot be bought, unless it is put on sale again.
        """
        product, new = self.catalog.put(
            sku,
            name=request.name,
            price_fen=request.price_fen,
            member_zone=request.member_zone,
            low_stock_threshold=request.low_stock_threshold,
            status=request.status,
            stock_rows=request.stock_rows,
            no_reason=request.no_reason,
            replaces=replaced_version(if_match, if_none_match),
            deadline=self.api.deadline,
        )
        (shown_product,) = self._seen([product], self._standing())
        return answer(shown_product, HTTPStatus.CREATED if new else HTTPStatus.OK)

    @route(
        "POST",
        "/products/<sku>/stock",
        summary="Move stock in or out",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK,
        body=True,
        refuses={
            404: ["product_not_found"],
            409: ["insufficient_stock", "conflict"],
            422: ["movement_id_reused"],
        },
    )
    def move_stock(self, sku: SkuPath, request: Annotated[StockRequest, Body()]) -> ProductAnswer:
        """Add `delta` units (negative: take away), once per `movement_id` and sku, for ever."""
        movement = StockMovement(
            movement_id=request.movement_id,
            sku=sku,
            delta=request.delta,
            reason=request.reason,
            operator=self.api.caller.member_id,
            operator_name=None if self.api.caller.service else self.api.caller.name,
            moved_at=self.clock(),
        )
        (shown_product,) = self._seen(
            [self.catalog.move_stock(movement, self.api.deadline)], self._standing()
        )
        return shown_product

    @route(
        "GET",
        "/products/<sku>",
        summary="See a product",
        who=Who.ANYBODY,
        roles=ANYBODY,
        refuses={404: ["product_not_found"]},
    )
    def get_product(self, sku: SkuPath) -> ProductAnswer:
        """Show a product with the caller's own price; staff also see its stock.

        A withdrawn one is shown to everybody who knows its sku, and is not in stock. Staff see the stock
        of one moment, and what is set aside of it for flash sales, by campaign; others, and lists, see of
        stock in several rows what was there some seconds ago.
        """
        standing, products = self.catalog.seen_by(self.api.caller.member_id, [sku], self.api.deadline)
        if not products:
            raise no_product()
        if self.api.caller.staff:
            product = self.catalog.exactly(products[0], self.api.deadline)
            aside = self.catalog.set_aside(product, self.api.deadline)
            return self._seen([product], standing)[0].model_copy(update={"set_aside": aside or None})
        return self._seen(products, standing)[0]

    @route(
        "GET",
        "/products/<sku>/movements",
        summary="See how a product's stock was moved",
        who=Who.STAFF,
        roles=Role.STAFF | Role.CLERK | Role.MARKETING,
        refuses={400: ["invalid_cursor"], 404: ["product_not_found"]},
    )
    def get_movements(
        self,
        sku: SkuPath,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[MovementAnswer]:
        """List the movements of a product's stock, newest first. What orders took and gave back is none."""
        places = Cursors(f"{MOVEMENTS} {sku} {since} {before}", self.api.caller.member_id, MOVED_POSITION)
        after = places.read(cursor)
        found, position = self.catalog.movements(sku, since=since, before=before, limit=limit, after=after)
        return Page(
            items=[movement_answer(movement, self.policy) for movement in found],
            next_cursor=places.write(position),
        )

    @route(
        "GET",
        "/products",
        summary="See the catalogue",
        who=Who.ANYBODY,
        roles=ANYBODY,
        refuses={400: ["invalid_cursor"]},
    )
    def get_products(
        self,
        zone: Annotated[
            Literal["true", "false"] | None,
            Query(description="Only products of the member zone, or only the others."),
        ] = None,
        q: Annotated[
            Text | None,
            Query(description="How the name begins, whatever its case and width; then it is by name."),
        ] = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[ProductAnswer]:
        """List the products on sale, with the caller's own prices at this moment.

        They come by sku; with `q` by name, those of the same name by sku. Staff also see withdrawn products.
        """
        caller = self.api.caller
        listing = Listing(
            statuses=EVERY_STATUS if caller.staff else (ON_SALE,),
            zone=None if zone is None else zone == "true",
            begins=q or "",
        )
        places = Cursors(listing.named, caller.member_id, listing.position)
        after = places.read(cursor)
        skus, position = self.catalog.listed(listing, limit=limit, after=after)
        standing, products = self.catalog.seen_by(caller.member_id, skus, self.api.deadline)
        return Page(
            items=self._seen([product for product in products if listing.has(product)], standing),
            next_cursor=places.write(position),
        )

    def _seen(self, products: list[Product], standing: Standing | None) -> list[ProductAnswer]:
        """Show products to the caller at their own price, which is the list price before registration."""
        caller, tier = self.api.caller, None if standing is None else standing.tier
        prices = self.prices.of(caller.member_id, tier, products, self.clock(), self.api.deadline)
        return [product_answer(product, prices[product.sku], staff=caller.staff) for product in products]

    def _standing(self) -> Standing | None:
        return self.members.standing(self.api.caller.member_id, self.api.deadline)
