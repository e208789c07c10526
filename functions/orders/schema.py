"""What the shop's API takes and answers: products, quotes, orders."""

import json
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from functions.catalog.catalog import StockMovement
from functions.domain import calendar
from functions.domain.identifiers import CallerId, Sku, fingerprint
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.offers.pricing import (
    BEST,
    NO_COUPON,
    ON_SALE,
    Cart,
    CartLine,
    Product,
    ProductStatus,
    Quote,
)
from functions.orders.book import Left
from functions.orders.history import Occurrence, What
from functions.orders.orders import Order, Shipment, Status
from functions.platform.shapes import Answer, Printable, Rate, Request, StoreTime
from functions.tiers.qualification import Standing

LINES_MAX = 50
QUANTITY_MAX = 999
Date = date
"""The type, where a field has its name."""
PRICE_FEN_MAX = 100_000_000
STOCK_MAX = 1_000_000_000

Text = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]
Fen = Annotated[int, Field(ge=0, le=PRICE_FEN_MAX * LINES_MAX * QUANTITY_MAX)]


class ProductRequest(Request):
    """What the catalogue says of a product."""

    name: Text
    price_fen: Annotated[int, Field(ge=1, le=PRICE_FEN_MAX)]
    member_zone: bool
    low_stock_threshold: Annotated[int, Field(ge=0, le=STOCK_MAX)] | None = None
    status: ProductStatus = Field(
        default=ON_SALE, description="A withdrawn product cannot be bought; what is not said is on sale."
    )


class StockRequest(Request):
    """A movement of stock from outside, once per ``movement_id`` and sku."""

    movement_id: CallerId
    delta: Annotated[int, Field(ge=-STOCK_MAX, le=STOCK_MAX)]
    reason: Text


class ProductAnswer(Answer):
    """A product as the caller sees it; ``in_stock`` says whether it can be bought now.

    ``stock`` is there for staff only, and so is ``low_stock_threshold``, where there is one.
    """

    sku: str
    name: str
    price_fen: int
    your_price_fen: int
    member_zone: bool
    status: ProductStatus
    in_stock: bool
    stock: int | None = Field(default=None, exclude_if=lambda stock: stock is None)
    low_stock_threshold: int | None = Field(default=None, exclude_if=lambda threshold: threshold is None)


class MovementAnswer(Answer):
    """A movement of a product's stock; ``operator`` is whose token recorded it."""

    movement_id: str
    delta: int
    reason: str
    operator: str
    moved_at: StoreTime


class MemberDayAnswer(Answer):
    """When the member day is; ``date`` is that of the running or latest one."""

    open: bool
    date: Date
    next_date: Date
    your_rate: Rate | None


class CartLineRequest(Request):
    """So many units of one product."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


def _each_sku_once(lines: list[CartLineRequest]) -> list[CartLineRequest]:
    if len({line.sku for line in lines}) != len(lines):
        raise ValueError("a sku may stand once")
    return lines


class CartRequest(Request):
    """What a shopper wants, and which offers they ask for."""

    lines: Annotated[
        list[CartLineRequest], Field(min_length=1, max_length=LINES_MAX), AfterValidator(_each_sku_once)
    ]
    coupon: CallerId = Field(default=NO_COUPON, description="`none`, `best`, or a coupon's id.")
    points: Annotated[int, Field(ge=0)] | Literal["best"] = Field(
        default=0, description="A multiple of the policy's step, at most its cap; or `best`."
    )

    def cart(self) -> Cart:
        """Return the cart that is asked for."""
        return Cart(
            lines=tuple(CartLine(sku=line.sku, quantity=line.quantity) for line in self.lines),
            coupon=self.coupon,
            points=BEST if self.points == BEST else int(self.points),
        )


class OrderRequest(CartRequest):
    """A cart to be ordered, and what the shopper was told that it costs."""

    expected_paid_fen: Fen | None = None

    def fingerprint(self) -> str:
        """Return what tells this body from another: equal after defaults, lines in the order sent.

        Defaults are left out, so that a field added later does not make old requests look different (R1).
        """
        return fingerprint(json.dumps(self.model_dump(mode="json", exclude_defaults=True), sort_keys=True))


class PaymentRequest(Request):
    """Money that a payment provider reports. ``payment_id`` is global."""

    payment_id: CallerId
    amount_fen: Fen
    received: bool = Field(
        default=False,
        description="This money has arrived: record it also where the order waits for another amount.",
    )


class ShipmentRequest(Request):
    """How a parcel is found, as far as it is known."""

    tracking_no: CallerId | None = None
    carrier: Annotated[str, StringConstraints(min_length=1, max_length=100), Printable] | None = None


Units = Annotated[
    list[CartLineRequest], Field(min_length=1, max_length=LINES_MAX), AfterValidator(_each_sku_once)
]


class ReturnRequest(Request):
    """Units that came back. ``return_id`` is this order's own."""

    return_id: CallerId
    lines: Units


class CancelRequest(Request):
    """Nothing: the whole order. Or units that leave it, under a ``cancel_id`` of this order's own."""

    cancel_id: CallerId | None = None
    lines: Units | None = None

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.cancel_id is None) is not (self.lines is None):
            raise ValueError("cancel_id and lines go together")
        return self


class QuoteLineAnswer(Answer):
    """One line of a quote."""

    sku: str
    quantity: int
    list_price_fen: int
    unit_price_fen: int
    amount_fen: int


class CouponUseAnswer(Answer):
    """The coupon that a quote uses."""

    coupon_id: str
    amount_fen: int


class PointsUseAnswer(Answer):
    """The points that a quote redeems, and their worth."""

    redeemed: int
    value_fen: int


class NotAppliedAnswer(Answer):
    """An offer that the quote does not use, and why."""

    offer: Literal["member_day", "birthday_coupon", "points"]
    code: str
    detail: str


class QuoteAnswer(Answer):
    """What an order of a cart charges now."""

    tier: str
    member_day: bool
    lines: list[QuoteLineAnswer]
    goods_fen: int
    coupon: CouponUseAnswer | None
    shipping_fen: int
    order_amount_fen: int
    points: PointsUseAnswer
    paid_fen: int
    earns_points: int
    not_applied: list[NotAppliedAnswer]


class OrderLineAnswer(Answer):
    """One line of an order."""

    sku: str
    quantity: int
    cancelled_quantity: int
    returned_quantity: int
    unit_price_fen: int


class RetainedAnswer(Answer):
    """What the member keeps of an order."""

    order_amount_fen: int
    paid_fen: int
    redeemed_points: int
    earned_points: int


class PaymentAnswer(Answer):
    """A payment reported for an order; what is not ``applied`` is due back."""

    payment_id: str
    amount_fen: int
    received_at: StoreTime
    applied: bool


class OrderAnswer(Answer):
    """An order as it is now."""

    order_id: str
    member_id: str
    status: Status
    placed_at: StoreTime
    paid_at: StoreTime | None
    shipped_at: StoreTime | None
    received_at: StoreTime | None
    closed_at: StoreTime | None
    carrier: str | None
    tracking_no: str | None
    quote: QuoteAnswer
    lines: list[OrderLineAnswer]
    order_amount_fen: int
    paid_fen: int
    refunded_fen: int
    retained: RetainedAnswer
    payments: list[PaymentAnswer]
    policy_version: str


class ReturnAnswer(OrderAnswer):
    """The order as it is now, and what this return gave back when it was made."""

    refund_fen: int
    points_restored: int


class CancelAnswer(OrderAnswer):
    """The order as it is now; where units left it, what that gave back when they did."""

    refund_fen: int | None = Field(default=None, exclude_if=lambda fen: fen is None)
    points_restored: int | None = Field(default=None, exclude_if=lambda points: points is None)


class ShipmentAnswer(Answer):
    """How a parcel is found."""

    carrier: str | None
    tracking_no: str | None


class UnitsAnswer(Answer):
    """So many units of one product."""

    sku: str
    quantity: int


class HistoryAnswer(Answer):
    """Something that happened to an order.

    Where units left it: the ``cancel_id`` or ``return_id``, the units, and what they gave back. Where its
    shipment was corrected: what was told, and what had been told before.
    """

    at: StoreTime
    what: What
    cancel_id: str | None
    return_id: str | None
    lines: list[UnitsAnswer]
    refund_fen: int | None
    points_restored: int | None
    shipment: ShipmentAnswer | None
    former: ShipmentAnswer | None


def product_answer(product: Product, *, your_price_fen: int, staff: bool) -> ProductAnswer:
    """Show a product to a caller with their own price; staff also see its stock."""
    return ProductAnswer(
        sku=product.sku,
        name=product.name,
        price_fen=product.price_fen,
        your_price_fen=your_price_fen,
        member_zone=product.member_zone,
        status=product.status,
        in_stock=product.in_stock,
        stock=product.stock if staff else None,
        low_stock_threshold=product.low_stock_threshold if staff else None,
    )


def movement_answer(movement: StockMovement, policy: Policy) -> MovementAnswer:
    """Show a movement of stock, in store time."""
    return MovementAnswer(
        movement_id=movement.movement_id,
        delta=movement.delta,
        reason=movement.reason,
        operator=movement.operator,
        moved_at=movement.moved_at.astimezone(policy.zone),
    )


def member_day_answer(standing: Standing | None, policy: Policy, at: datetime) -> MemberDayAnswer:
    """Show the member day at this moment; before registration there is no rate."""
    day, zone = policy.member_day.day, policy.zone
    return MemberDayAnswer(
        open=calendar.is_member_day(at, day, zone),
        date=calendar.latest_member_day(at, day, zone),
        next_date=calendar.next_member_day(at, day, zone),
        your_rate=None if standing is None else policy.tier(standing.tier).member_day_rate,
    )


def quote_answer(quote: Quote) -> QuoteAnswer:
    """Show a quote."""
    return QuoteAnswer(
        tier=quote.tier,
        member_day=quote.member_day,
        lines=[QuoteLineAnswer(**plain(line)) for line in quote.lines],
        goods_fen=quote.goods_fen,
        coupon=None if quote.coupon is None else CouponUseAnswer(**plain(quote.coupon)),
        shipping_fen=quote.shipping_fen,
        order_amount_fen=quote.order_amount_fen,
        points=PointsUseAnswer(redeemed=quote.redeemed_points, value_fen=quote.points_value_fen),
        paid_fen=quote.paid_fen,
        earns_points=quote.earns_points,
        not_applied=[NotAppliedAnswer(**plain(reason)) for reason in quote.not_applied],
    )


def order_answer(order: Order, policy: Policy) -> OrderAnswer:
    """Show an order, in store time."""
    return OrderAnswer(**_shown(order, policy))


def return_answer(left: Left, policy: Policy) -> ReturnAnswer:
    """Show what a return gave back, with the order as it is."""
    return ReturnAnswer(
        **_shown(left.order, policy),
        refund_fen=left.refund_fen,
        points_restored=left.points_restored,
    )


def cancel_answer(order: Order, policy: Policy, left: Left | None = None) -> CancelAnswer:
    """Show an order that was cancelled, or what units that left it gave back."""
    if left is None:
        return CancelAnswer(**_shown(order, policy))
    return CancelAnswer(
        **_shown(order, policy), refund_fen=left.refund_fen, points_restored=left.points_restored
    )


def history_answer(happened: Occurrence, policy: Policy) -> HistoryAnswer:
    """Show something that happened to an order, in store time."""
    return HistoryAnswer(
        at=happened.at.astimezone(policy.zone),
        what=happened.what,
        cancel_id=happened.caller_id if happened.what is What.UNITS_CANCELLED else None,
        return_id=happened.caller_id if happened.what is What.UNITS_RETURNED else None,
        lines=[UnitsAnswer(sku=sku, quantity=units) for sku, units in happened.units.items()],
        refund_fen=happened.refund_fen,
        points_restored=happened.points_restored,
        shipment=_shipment(happened.shipment),
        former=_shipment(happened.former),
    )


def _shipment(shipment: Shipment | None) -> ShipmentAnswer | None:
    return None if shipment is None else ShipmentAnswer(**plain(shipment))


def _shown(order: Order, policy: Policy) -> dict[str, Any]:
    quote = order.quote
    cancelled, back = order.cancelled or order.none_of_each, order.returned or order.none_of_each

    def store_time(moment: datetime | None) -> datetime | None:
        return moment and moment.astimezone(policy.zone)

    return {
        "order_id": order.order_id,
        "member_id": order.member_id,
        "status": order.status,
        "placed_at": store_time(order.placed_at),
        "paid_at": store_time(order.paid_at),
        "shipped_at": store_time(order.shipped_at),
        "received_at": store_time(order.received_at),
        "closed_at": store_time(order.closed_at),
        "carrier": order.carrier,
        "tracking_no": order.tracking_no,
        "quote": quote_answer(quote),
        "lines": [
            OrderLineAnswer(
                sku=line.sku,
                quantity=line.quantity,
                cancelled_quantity=gone,
                returned_quantity=returned,
                unit_price_fen=line.unit_price_fen,
            )
            for line, gone, returned in zip(quote.lines, cancelled, back, strict=True)
        ],
        "order_amount_fen": quote.order_amount_fen,
        "paid_fen": quote.paid_fen,
        "refunded_fen": order.refunded_fen,
        "retained": RetainedAnswer(**plain(order.retained)),
        "payments": [
            PaymentAnswer(**{**plain(payment), "received_at": store_time(payment.received_at)})
            for payment in order.payments
        ],
        "policy_version": order.terms.policy_version,
    }
