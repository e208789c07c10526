"""HTTP: products, quotes and orders."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body, Header, Path, Query
from pydantic import StringConstraints, WithJsonSchema

from functions import contexts
from functions.catalog.catalog import (
    EVERY_STATUS,
    MOVED_POSITION,
    Catalog,
    Listing,
    StockMovement,
    no_product,
)
from functions.domain import identifiers
from functions.domain import policy as policies
from functions.domain.errors import ConflictError, MalformedError, invalid_fields
from functions.domain.identifiers import Sku
from functions.domain.policy import Policy
from functions.offers.pricing import ON_SALE, Product, member_price_fen, member_rate
from functions.orders import history, orders
from functions.orders.book import (
    CANCELLED,
    RETURNED,
    Leaving,
    OrderBook,
    Placing,
    QuoteChangedError,
)
from functions.orders.lists import Filter, OrderLists
from functions.orders.orders import Order, Status, as_of
from functions.orders.rows import POSITION
from functions.orders.schema import (
    CancelAnswer,
    CancelRequest,
    CartRequest,
    HistoryAnswer,
    MemberDayAnswer,
    MovementAnswer,
    OrderAnswer,
    OrderRequest,
    PaymentRequest,
    ProductAnswer,
    ProductRequest,
    QuoteAnswer,
    ReturnAnswer,
    ReturnRequest,
    ShipmentRequest,
    StockRequest,
    Text,
    cancel_answer,
    history_answer,
    member_day_answer,
    movement_answer,
    order_answer,
    product_answer,
    quote_answer,
    return_answer,
)
from functions.platform import clock, dynamo
from functions.platform.cursors import Cursors
from functions.platform.dynamo import Tables
from functions.platform.http import Api, Before, Cursor, Limit, MemberIdPath, Since, Who, answer
from functions.platform.settings import Settings
from functions.platform.shapes import Page
from functions.tiers import members
from functions.tiers.qualification import Standing

REPLAYED = "Idempotent-Replayed"

SkuPath = Annotated[Sku, Path(description="The product's stock keeping unit.")]
OrderIdPath = Annotated[
    str,
    StringConstraints(pattern=f"^{identifiers.PATH_ID}$"),
    WithJsonSchema({"type": "string", "pattern": f"^{identifiers.ORDER_ID}$"}),
    Path(description="The order's id."),
]
NOT_SAID = ShipmentRequest()
WHOLE = CancelRequest()
StatusQuery = Annotated[Status | None, Query(description="Only those that stand so now.")]
NO_ORDER = {404: ["order_not_found"]}
NOT_REGISTERED = {409: ["not_registered"]}
ORDERS = "orders"
HISTORY = "history"
MOVEMENTS = "movements"
CATALOGUE = "Catalogue"
QUOTE_REFUSALS = {
    409: ["not_registered", "coupon_used", "insufficient_points"],
    422: [
        "unknown_sku",
        "product_withdrawn",
        "coupon_not_found",
        "coupon_not_applicable",
        "offer_conflict",
        "points_step",
        "points_exceed_order",
    ],
}


def create(tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]) -> Api:
    """Return the shop's API over these tables, policy and clock."""
    api = Api("Orders", contexts.gateway())
    catalog = Catalog(tables=tables, table=settings.catalog_table, members_table=settings.members_table)
    book = OrderBook.of(tables, settings, policy)
    lists = OrderLists.of(tables, settings, policy)

    def shown(order: Order) -> OrderAnswer:
        return order_answer(as_of(order, now()), policy)

    def seen(products: list[Product], standing: Standing | None) -> list[ProductAnswer]:
        """Show products to the caller at their own price, which is the list price before registration."""
        rate = None if standing is None else member_rate(standing.tier, now(), policy)
        return [
            product_answer(product, your_price_fen=member_price_fen(product, rate), staff=api.caller.staff)
            for product in products
        ]

    def caller_standing() -> Standing | None:
        standing, _ = catalog.seen_by(api.caller.member_id, [], api.deadline)
        return standing

    @api.route(
        "PUT",
        "/products/<sku>",
        summary="Put a product into the catalogue",
        who=Who.STAFF,
        body=True,
        refuses={},
        also_answers={HTTPStatus.CREATED: "The product is new"},
        tag=CATALOGUE,
    )
    def put_product(sku: SkuPath, request: Annotated[ProductRequest, Body()]) -> Response[ProductAnswer]:
        """Create a product, or replace what is said of it. Stock starts at 0 and is not touched here.

        A withdrawn product is in no quote and no order, and only staff see it in lists. What comes back of it
        is added to its stock and cannot be bought, unless it is put on sale again.
        """
        product, new = catalog.put(
            sku,
            name=request.name,
            price_fen=request.price_fen,
            member_zone=request.member_zone,
            low_stock_threshold=request.low_stock_threshold,
            status=request.status,
        )
        (shown_product,) = seen([product], caller_standing())
        return answer(shown_product, HTTPStatus.CREATED if new else HTTPStatus.OK)

    @api.route(
        "POST",
        "/products/<sku>/stock",
        summary="Move stock in or out",
        who=Who.STAFF,
        body=True,
        refuses={
            404: ["product_not_found"],
            409: ["insufficient_stock", "conflict"],
            422: ["movement_id_reused"],
        },
        tag=CATALOGUE,
    )
    def move_stock(sku: SkuPath, request: Annotated[StockRequest, Body()]) -> ProductAnswer:
        """Add `delta` units (negative: take away), once per `movement_id` and sku, for ever."""
        movement = StockMovement(
            movement_id=request.movement_id,
            sku=sku,
            delta=request.delta,
            reason=request.reason,
            operator=api.caller.member_id,
            moved_at=now(),
        )
        (shown_product,) = seen([catalog.move_stock(movement, api.deadline)], caller_standing())
        return shown_product

    @api.route(
        "GET",
        "/products/<sku>",
        summary="See a product",
        who=Who.ANYBODY,
        refuses={404: ["product_not_found"]},
        tag=CATALOGUE,
    )
    def get_product(sku: SkuPath) -> ProductAnswer:
        """Show a product with the caller's own price; staff also see its stock.

        A withdrawn one is shown to everybody who knows its sku, and is not in stock.
        """
        standing, products = catalog.seen_by(api.caller.member_id, [sku], api.deadline)
        if not products:
            raise no_product()
        return seen(products, standing)[0]

    @api.route(
        "GET",
        "/products/<sku>/movements",
        summary="See how a product's stock was moved",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"], 404: ["product_not_found"]},
        tag=CATALOGUE,
    )
    def get_movements(
        sku: SkuPath, since: Since = None, before: Before = None, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[MovementAnswer]:
        """List the movements of a product's stock, newest first. What orders took and gave back is none."""
        places = Cursors(f"{MOVEMENTS} {sku} {since} {before}", api.caller.member_id, MOVED_POSITION)
        after = places.read(cursor)
        found, position = catalog.movements(sku, since=since, before=before, limit=limit, after=after)
        return Page(
            items=[movement_answer(movement, policy) for movement in found],
            next_cursor=places.write(position),
        )

    @api.route(
        "GET",
        "/products",
        summary="See the catalogue",
        who=Who.ANYBODY,
        refuses={400: ["invalid_cursor"]},
        tag=CATALOGUE,
    )
    def get_products(
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
        caller = api.caller
        listing = Listing(
            statuses=EVERY_STATUS if caller.staff else (ON_SALE,),
            zone=None if zone is None else zone == "true",
            begins=q or "",
        )
        places = Cursors(listing.named, caller.member_id, listing.position)
        after = places.read(cursor)
        skus, position = catalog.listed(listing, limit=limit, after=after)
        standing, products = catalog.seen_by(caller.member_id, skus, api.deadline)
        return Page(
            items=seen([product for product in products if listing.has(product)], standing),
            next_cursor=places.write(position),
        )

    @api.route(
        "GET", "/member-day", summary="See when the member day is", who=Who.ANYBODY, refuses={}, tag=CATALOGUE
    )
    def get_member_day() -> MemberDayAnswer:
        """Say whether the member day is running, when the running or last and the next one are, and the
        caller's rate."""
        return member_day_answer(caller_standing(), policy, now())

    @api.route(
        "POST",
        "/quotes",
        summary="See what a cart costs now",
        who=Who.MEMBER,
        body=True,
        refuses=QUOTE_REFUSALS,
    )
    def quote_cart(request: Annotated[CartRequest, Body()]) -> QuoteAnswer:
        """Price a cart for the caller. Nothing is reserved and nothing changes; stock is not checked."""
        return quote_answer(book.quote(request.cart(), api.caller.member_id, now(), api.deadline))

    @api.route(
        "POST",
        "/orders",
        summary="Place an order",
        who=Who.MEMBER,
        body=True,
        answers=HTTPStatus.CREATED,
        answer_headers={REPLAYED: "`true` where the order was there before this request."},
        refuses={
            400: ["idempotency_key_missing"],
            409: [*QUOTE_REFUSALS[409], "insufficient_stock", "quote_changed", "conflict"],
            422: [*QUOTE_REFUSALS[422], "idempotency_key_reused"],
        },
    )
    def place_order(
        request: Annotated[OrderRequest, Body()],
        idempotency_key: Annotated[
            str | None,
            WithJsonSchema({"type": "string", "pattern": f"^{identifiers.CALLER_ID}$"}),
            Header(
                alias="Idempotency-Key",
                description="1 to 255 visible ASCII characters; required. Valid for ever.",
            ),
        ] = None,
    ) -> Response[OrderAnswer]:
        """Take the stock and place the order, all or nothing.

        The same key with the same body again answers the order as it is now, with the header
        `Idempotent-Replayed: true`; a refused request uses no key up.
        """
        placing = Placing(
            order_id=identifiers.order_id(api.caller.member_id, _checked_key(idempotency_key)),
            member_id=api.caller.member_id,
            request=request.fingerprint(),
            cart=request.cart(),
            expected_paid_fen=request.expected_paid_fen,
            placed_at=now(),
        )
        try:
            order, repeat = book.place(placing, api.deadline)
        except QuoteChangedError as changed:
            shown_quote = quote_answer(changed.quote).model_dump(mode="json")
            raise ConflictError(changed.code, changed.detail, quote=shown_quote) from changed
        api.note(order_id=order.order_id)
        return answer(shown(order), HTTPStatus.CREATED, {REPLAYED: "true"} if repeat else {})

    def own() -> str | None:
        """The one member whose orders the caller may change, or None for staff: any."""
        return None if api.caller.staff else api.caller.member_id

    def happens(order_id: str, event: Callable[..., Order], *, member_id: str | None = None) -> Order:
        """Let something happen to an order now."""
        moment = now()
        return book.change(
            order_id,
            lambda order: event(order, now=moment),
            api.deadline,
            member_id=member_id,
            kept_as=partial(history.corrected, at=moment),
        )

    def listed_orders(
        member_id: str | None, wanted: Filter, limit: int, cursor: str | None
    ) -> Page[OrderAnswer]:
        """Return a page of a member's orders, or of all orders (None)."""
        places = Cursors(f"{ORDERS} {member_id} {wanted.named}", api.caller.member_id, POSITION)
        after = places.read(cursor)
        find = lists.search if member_id is None else partial(lists.of_member, member_id)
        found, position = find(wanted, now=now(), limit=limit, after=after, deadline=api.deadline)
        return Page(
            items=[order_answer(order, policy) for order in found], next_cursor=places.write(position)
        )

    @api.route(
        "GET",
        "/orders",
        summary="See your orders",
        who=Who.MEMBER,
        refuses={**NOT_REGISTERED, 400: ["invalid_cursor"]},
    )
    def get_orders(
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List the caller's orders, newest first; `since` and `before` are about when they were placed.

        With a status a page may have fewer orders than `limit`, or none, and not be the last.
        """
        wanted = Filter(status=status, since=since, before=before)
        page = listed_orders(api.caller.member_id, wanted, limit, cursor)
        if not page.items and caller_standing() is None:
            raise members.not_registered()
        return page

    @api.route(
        "GET",
        "/orders/search",
        summary="See all members' orders",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"]},
    )
    def search_orders(
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List the orders of all members, newest first; `since` and `before` are about when they were placed.

        With a status a page may have fewer orders than `limit`, or none, and not be the last.
        """
        return listed_orders(None, Filter(status=status, since=since, before=before), limit, cursor)

    @api.route(
        "GET",
        "/members/<member_id>/orders",
        summary="See a member's orders",
        who=Who.STAFF,
        refuses={400: ["invalid_cursor"], 404: ["member_not_found"]},
    )
    def get_member_orders(
        member_id: MemberIdPath,
        status: StatusQuery = None,
        since: Since = None,
        before: Before = None,
        limit: Limit = 20,
        cursor: Cursor = None,
    ) -> Page[OrderAnswer]:
        """List a member's orders as they see them, newest first; also those of a member who was erased."""
        page = listed_orders(member_id, Filter(status=status, since=since, before=before), limit, cursor)
        account = members.key(member_id, members.STANDING)
        if not page.items and tables.get(settings.members_table, account) is None:
            raise members.no_member()
        return page

    @api.route("GET", "/orders/<order_id>", summary="See an order", who=Who.OWNER, refuses=NO_ORDER)
    def get_order(order_id: OrderIdPath) -> OrderAnswer:
        """Show one of the caller's orders; staff may see any. Somebody else's is as if it did not exist."""
        return shown(book.require(order_id, member_id=own()))

    @api.route(
        "POST",
        "/orders/<order_id>/cancel",
        summary="Cancel an order, or units of it",
        who=Who.OWNER,
        body=True,
        body_optional=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_cancellable", "conflict"],
            422: ["cancel_exceeds_order", "cancel_id_reused"],
        },
    )
    def cancel_order(
        order_id: OrderIdPath, request: Annotated[CancelRequest, Body()] = WHOLE
    ) -> CancelAnswer:
        """Cancel an order that is not shipped yet; owner or staff. Everything comes back with it.

        With `cancel_id` and `lines`, only these units leave a paid order, once per `cancel_id` of the order;
        the rest is shipped. What is kept is as if they had been returned. All units that are left are the
        cancellation of the whole. The same again answers the order as it is, with the original `refund_fen`
        and `points_restored`.
        """
        if request.cancel_id is None or request.lines is None:
            return cancel_answer(as_of(happens(order_id, orders.cancel, member_id=own()), now()), policy)
        left = book.take_units(
            Leaving(
                way=CANCELLED,
                order_id=order_id,
                caller_id=request.cancel_id,
                units={line.sku: line.quantity for line in request.lines},
                at=now(),
                member_id=own(),
            ),
            api.deadline,
        )
        return cancel_answer(as_of(left.order, now()), policy, left)

    @api.route(
        "GET",
        "/orders/<order_id>/history",
        summary="See what happened to an order",
        who=Who.OWNER,
        refuses={**NO_ORDER, 400: ["invalid_cursor"]},
    )
    def get_order_history(
        order_id: OrderIdPath, limit: Limit = 20, cursor: Cursor = None
    ) -> Page[HistoryAnswer]:
        """List what has happened to an order, newest first; owner or staff.

        Its steps, the units that left it with what that gave back, and each correction of its shipment with
        what had been told before.
        """
        places = Cursors(f"{HISTORY} {order_id}", api.caller.member_id, history.POSITION)
        after = places.read(cursor)
        order = as_of(book.require(order_id, member_id=own()), now())
        found, position = book.history(order, limit=limit, after=after)
        return Page(
            items=[history_answer(each, policy) for each in found], next_cursor=places.write(position)
        )

    @api.route(
        "POST",
        "/orders/<order_id>/receipt",
        summary="Confirm the receipt",
        who=Who.OWNER,
        refuses={**NO_ORDER, 409: ["order_not_receivable", "conflict"]},
    )
    def receive_order(order_id: OrderIdPath) -> OrderAnswer:
        """Say that the parcel has arrived; owner or staff."""
        return shown(happens(order_id, orders.receive, member_id=own()))

    @api.route(
        "POST",
        "/orders/<order_id>/shipment",
        summary="Record the shipment, or correct it",
        who=Who.STAFF,
        body=True,
        body_optional=True,
        refuses={**NO_ORDER, 409: ["order_not_shippable", "conflict"]},
    )
    def ship_order(
        order_id: OrderIdPath, request: Annotated[ShipmentRequest, Body()] = NOT_SAID
    ) -> OrderAnswer:
        """Record that a paid order was handed to the carrier.

        Sent again while the order is shipped, it corrects what it names; what had been told before stays in
        the order's history.
        """
        told = {name: getattr(request, name) for name in request.model_fields_set}
        return shown(happens(order_id, partial(orders.ship, told=told)))

    @api.route(
        "POST",
        "/orders/<order_id>/refusal",
        summary="Record a refused parcel",
        who=Who.STAFF,
        refuses={**NO_ORDER, 409: ["order_not_refusable", "conflict"]},
    )
    def refuse_order(order_id: OrderIdPath) -> OrderAnswer:
        """Record that the member did not take the parcel. Everything comes back with it."""
        return shown(happens(order_id, orders.refuse))

    @api.route(
        "POST",
        "/orders/<order_id>/returns",
        summary="Take units back",
        who=Who.STAFF,
        body=True,
        refuses={
            **NO_ORDER,
            409: ["order_not_returnable", "conflict"],
            422: ["return_exceeds_order", "return_id_reused"],
        },
    )
    def return_units(order_id: OrderIdPath, request: Annotated[ReturnRequest, Body()]) -> ReturnAnswer:
        """Take units of a received order back, once per `return_id` of the order; any number of times.

        The same return again answers the order as it is with its original `refund_fen` and `points_restored`.
        """
        made = Leaving(
            way=RETURNED,
            order_id=order_id,
            caller_id=request.return_id,
            units={line.sku: line.quantity for line in request.lines},
            at=now(),
        )
        left = book.take_units(made, api.deadline)
        return return_answer(replace(left, order=as_of(left.order, made.at)), policy)

    @api.route(
        "POST",
        "/orders/<order_id>/payment",
        summary="Record a payment",
        who=Who.STAFF,
        body=True,
        refuses={404: ["order_not_found"], 409: ["conflict"], 422: ["amount_mismatch", "payment_id_reused"]},
    )
    def record_payment(order_id: OrderIdPath, request: Annotated[PaymentRequest, Body()]) -> OrderAnswer:
        """Record a payment under its global id, once.

        A placed order becomes paid by exactly its amount; on any other order the payment is recorded as not
        applied, and its money is due back. Another amount for a placed order is refused, as a typing error
        should be, unless `received` says that this money has arrived: then it is recorded as not applied.
        """
        order = book.pay(
            order_id,
            payment_id=request.payment_id,
            amount_fen=request.amount_fen,
            now=now(),
            deadline=api.deadline,
            received=request.received,
        )
        return shown(order)

    return api


def _checked_key(key: str | None) -> str:
    """Return the idempotency key.

    Raises
    ------
    MalformedError
        ``idempotency_key_missing``.
    InvalidError
        ``invalid_request``: too long, or not visible ASCII.
    """
    if not key:
        raise MalformedError("idempotency_key_missing", "An order needs the header Idempotency-Key.")
    if not identifiers.is_caller_id(key):
        raise invalid_fields(("Idempotency-Key", "1 to 255 visible ASCII characters"))
    return key


handler = create(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
