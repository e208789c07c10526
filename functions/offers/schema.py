"""What the routes of offers take and answer: carts, their quotes, and the member day."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from functions.catalog.schema import PRICE_FEN_MAX
from functions.domain import calendar
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.offers.quotes import BEST, NO_COUPON, Cart, CartLine, Quote
from functions.platform.shapes import Answer, CallerId, Rate, Request, Sku
from functions.tiers.qualification import Standing

LINES_MAX = 50
QUANTITY_MAX = 999
Date = date
"""The type, where a field has its name."""

Fen = Annotated[int, Field(ge=0, le=PRICE_FEN_MAX * LINES_MAX * QUANTITY_MAX)]


class CartLineRequest(Request):
    """So many units of one product."""

    sku: Sku
    quantity: Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


def _each_sku_once(lines: list[CartLineRequest]) -> list[CartLineRequest]:
    if len({line.sku for line in lines}) != len(lines):
        raise ValueError("a sku may stand once")
    return lines


Lines = Annotated[
    list[CartLineRequest], Field(min_length=1, max_length=LINES_MAX), AfterValidator(_each_sku_once)
]


class CartRequest(Request):
    """What a shopper wants, and which offers they ask for."""

    lines: Lines
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


class MemberDayAnswer(Answer):
    """When the member day is; ``date`` is that of the running or latest one."""

    open: bool
    date: Date
    next_date: Date
    your_rate: Rate | None


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


def member_day_answer(standing: Standing | None, policy: Policy, at: datetime) -> MemberDayAnswer:
    """Show the member day at this moment; before registration there is no rate."""
    day, zone = policy.member_day.day, policy.zone
    return MemberDayAnswer(
        open=calendar.is_member_day(at, day, zone),
        date=calendar.latest_member_day(at, day, zone),
        next_date=calendar.next_member_day(at, day, zone),
        your_rate=None if standing is None else policy.tier(standing.tier).member_day_rate,
    )
