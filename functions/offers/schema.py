"""What the routes of offers take and answer: carts, their quotes, and the member day."""

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from functions.catalog.schema import PRICE_FEN_MAX
from functions.domain import calendar
from functions.domain.policy import Policy
from functions.domain.records import plain, read_as
from functions.offers.quotes import BEST, NO_COUPON, Cart, CartLine, CouponUse, Offer, Quote
from functions.platform.bodies import TOO_MANY_DIGITS
from functions.platform.shapes import Answer, CallerId, Rate, Request, Sku
from functions.tiers.qualification import Standing

LINES_MAX = 50
QUANTITY_MAX = 999
CAMPAIGNS_MAX = 4
"""Order offers of one order: an order takes one of each group at most, and there are so many (V5)."""
Date = date
"""The type, where a field has its name."""

Fen = Annotated[int, Field(ge=0, le=PRICE_FEN_MAX * LINES_MAX * QUANTITY_MAX)]


Quantity = Annotated[int, Field(ge=1, le=QUANTITY_MAX)]


class CartLineRequest(Request):
    """So many units of one product."""

    sku: Sku
    quantity: Quantity


def _each_sku_once(lines: list[CartLineRequest]) -> list[CartLineRequest]:
    if len({line.sku for line in lines}) != len(lines):
        raise ValueError("a sku may stand once")
    return lines


Lines = Annotated[
    list[CartLineRequest], Field(min_length=1, max_length=LINES_MAX), AfterValidator(_each_sku_once)
]


def _each_campaign_once(campaigns: list[str]) -> list[str]:
    if len(set(campaigns)) != len(campaigns):
        raise ValueError("a campaign may stand once")
    return campaigns


CampaignIds = Annotated[list[Sku], Field(max_length=CAMPAIGNS_MAX), AfterValidator(_each_campaign_once)]
"""A campaign's id is made as a sku is."""


class CartRequest(Request):
    """What a shopper wants, and which offers they ask for."""

    lines: Lines
    coupon: CallerId = Field(default=NO_COUPON, description="`none`, `best`, or a coupon's id.")
    points: Annotated[int, Field(ge=0, lt=TOO_MANY_DIGITS)] | Literal["best"] = Field(
        default=0, description="A multiple of the policy's step, at most its cap; or `best`."
    )
    campaigns: CampaignIds | Literal["best", "none"] = Field(
        default=BEST,
        description="`best`, `none`, or the ids of exactly those order offers that are to be used.",
    )

    def cart(self) -> Cart:
        """Return the cart that is asked for."""
        return Cart(
            lines=tuple(CartLine(sku=line.sku, quantity=line.quantity) for line in self.lines),
            coupon=self.coupon,
            points=BEST if self.points == BEST else int(self.points),
            campaigns=tuple(self.campaigns) if isinstance(self.campaigns, list) else self.campaigns,
        )


def _is_none(value: object) -> bool:
    return value is None


class QuoteLineAnswer(Answer):
    """One line of a quote, and what its unit price is of: `list`, `member_day`, or a campaign.

    ``gift_of`` is the campaign whose gift it is, and so is what a gift's price is of. ``no_reason`` is there
    where it is false: it cannot be sent back for no reason.
    """

    line_id: str
    sku: str
    quantity: int
    list_price_fen: int
    unit_price_fen: int
    amount_fen: int
    price_of: str | None
    gift_of: str | None
    no_reason: bool = Field(default=True, exclude_if=lambda no_reason: no_reason)


class CouponUseAnswer(Answer):
    """The coupon that a quote uses; ``template_id`` is what it was made from, if from a template."""

    coupon_id: str
    amount_fen: int
    template_id: str | None = Field(default=None, exclude_if=_is_none)


class CampaignUseAnswer(Answer):
    """An order offer that a quote uses, and what it takes off: 0 for a gift."""

    campaign_id: str
    version: int
    kind: str
    amount_fen: int


class PointsUseAnswer(Answer):
    """The points that a quote redeems, and their worth."""

    redeemed: int
    value_fen: int


class NotAppliedAnswer(Answer):
    """An offer that the quote does not use, or not wholly, and why.

    ``missing_fen`` is what is missing of a threshold; ``sku`` the line that a flash does not price, and
    ``may_have`` how many units of it the member may have.
    """

    offer: Offer
    code: str
    detail: str
    campaign_id: str | None = Field(default=None, exclude_if=_is_none)
    coupon_id: str | None = Field(default=None, exclude_if=_is_none)
    missing_fen: int | None = Field(default=None, exclude_if=_is_none)
    sku: str | None = Field(default=None, exclude_if=_is_none)
    may_have: int | None = Field(default=None, exclude_if=_is_none)


class FreeShippingAnswer(Answer):
    """From how much on the caller's tier ships free, and what is missing of it."""

    from_fen: int
    missing_fen: int


class QuoteAnswer(Answer):
    """What an order of a cart charges now; ``free_shipping`` is there where shipping costs something."""

    tier: str
    member_day: bool
    lines: list[QuoteLineAnswer]
    goods_fen: int
    campaigns: list[CampaignUseAnswer]
    goods_net_fen: int
    coupon: CouponUseAnswer | None
    shipping_fen: int
    free_shipping: FreeShippingAnswer | None = Field(default=None, exclude_if=_is_none)
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


def quote_answer(quote: Quote, policy: Policy | None = None) -> QuoteAnswer:
    """Show a quote; one made just now, by this policy, with what is missing for free shipping (P5)."""
    return QuoteAnswer(
        tier=quote.tier,
        member_day=quote.member_day,
        lines=[QuoteLineAnswer(line_id=line.line_id, **plain(line)) for line in quote.lines],
        goods_fen=quote.goods_fen,
        campaigns=[
            CampaignUseAnswer(
                campaign_id=use.campaign_id, version=use.version, kind=use.kind, amount_fen=use.amount_fen
            )
            for use in quote.campaigns
        ],
        goods_net_fen=quote.goods_net_fen,
        coupon=read_as(_coupon_use, quote.coupon),
        shipping_fen=quote.shipping_fen,
        free_shipping=None if policy is None else _free_shipping(quote, policy),
        order_amount_fen=quote.order_amount_fen,
        points=PointsUseAnswer(redeemed=quote.redeemed_points, value_fen=quote.points_value_fen),
        paid_fen=quote.paid_fen,
        earns_points=quote.earns_points,
        not_applied=[NotAppliedAnswer(**plain(reason)) for reason in quote.not_applied],
    )


def _free_shipping(quote: Quote, policy: Policy) -> FreeShippingAnswer | None:
    if quote.shipping_fen == 0:
        return None
    from_fen = policy.tier(quote.tier).free_shipping_from_fen
    return FreeShippingAnswer(from_fen=from_fen, missing_fen=from_fen - quote.goods_charged_fen)


def _coupon_use(use: CouponUse) -> CouponUseAnswer:
    return CouponUseAnswer(coupon_id=use.coupon_id, amount_fen=use.amount_fen, template_id=use.template_id)


def member_day_answer(standing: Standing | None, policy: Policy, at: datetime) -> MemberDayAnswer:
    """Show the member day at this moment; before registration there is no rate."""
    day, zone = policy.member_day.day, policy.zone
    return MemberDayAnswer(
        open=calendar.is_member_day(at, day, zone),
        date=calendar.latest_member_day(at, day, zone),
        next_date=calendar.next_member_day(at, day, zone),
        your_rate=None if standing is None else policy.tier(standing.tier).member_day_rate,
    )
