"""Orders with offers, built by hand: what campaigns, gifts and coupons made of a cart."""

from collections.abc import Sequence
from datetime import UTC, datetime

from functions.domain.policy import Policy, load
from functions.offers.quotes import CampaignUse, CouponUse, LineOfferUse, Quote, QuoteLine
from functions.orders import life
from functions.orders.order import Order
from functions.points.ledger import points_earned

POLICY = load()
PLACED_AT = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ORDER_ID = "ord_abcdefghijklmnopqrstuvwxyz"
SPEND_SAVE, GIFT = "spend_save", "gift"


def bought(
    sku: str, unit_price_fen: int, quantity: int = 1, *, list_fen: int | None = None, price_of: str = "list"
) -> QuoteLine:
    """Return a line that is bought, at its list price unless told."""
    return QuoteLine(
        sku=sku,
        quantity=quantity,
        list_price_fen=unit_price_fen if list_fen is None else list_fen,
        unit_price_fen=unit_price_fen,
        amount_fen=unit_price_fen * quantity,
        price_of=price_of,
    )


def gift(sku: str, list_fen: int, campaign_id: str = "gift", quantity: int = 1) -> QuoteLine:
    """Return a line that a campaign gives."""
    return QuoteLine(
        sku=sku,
        quantity=quantity,
        list_price_fen=list_fen,
        unit_price_fen=0,
        amount_fen=0,
        price_of=campaign_id,
        gift_of=campaign_id,
    )


def saves(campaign_id: str, amount_fen: int, *base: int) -> CampaignUse:
    """Return what a campaign takes off the lines at these places."""
    return CampaignUse(campaign_id=campaign_id, version=1, kind=SPEND_SAVE, amount_fen=amount_fen, base=base)


def gives(from_fen: int, *base: int, campaign_id: str = "gift") -> CampaignUse:
    """Return that a campaign gives something from so much on of the lines at these places."""
    return CampaignUse(
        campaign_id=campaign_id, version=1, kind=GIFT, amount_fen=0, base=base, from_fen=from_fen
    )


def coupon(amount_fen: int, *base: int) -> CouponUse:
    """Return a coupon that takes an amount off the lines at these places."""
    return CouponUse(coupon_id="cpn_t", amount_fen=amount_fen, template_id="t", base=base)


def quote_of(
    lines: Sequence[QuoteLine],
    *uses: CampaignUse,
    coupon: CouponUse | None = None,
    line_offers: Sequence[LineOfferUse] = (),
    shipping_fen: int = 0,
    redeemed_points: int = 0,
) -> Quote:
    """Return the quote that such lines, order offers and points are of."""
    goods_fen = sum(line.amount_fen for line in lines)
    off_fen = sum(use.amount_fen for use in uses) + (0 if coupon is None else coupon.amount_fen)
    order_amount_fen = goods_fen - off_fen + shipping_fen
    value_fen = redeemed_points * 100 // POLICY.points.redeemed_per_yuan
    paid_fen = order_amount_fen - value_fen
    return Quote(
        tier="J1",
        member_day=False,
        lines=tuple(lines),
        goods_fen=goods_fen,
        coupon=coupon,
        shipping_fen=shipping_fen,
        order_amount_fen=order_amount_fen,
        redeemed_points=redeemed_points,
        points_value_fen=value_fen,
        paid_fen=paid_fen,
        earns_points=points_earned(1, paid_fen),
        not_applied=(),
        campaigns=tuple(sorted(uses, key=lambda use: use.campaign_id)),
        line_offers=tuple(line_offers),
    )


def placed(
    quote: Quote, *, order_id: str = ORDER_ID, member_id: str = "alice", policy: Policy = POLICY
) -> Order:
    """Return an order that was placed at a quote."""
    return life.place(
        quote, policy, order_id=order_id, member_id=member_id, request="sha_by_hand", now=PLACED_AT
    )


def received(quote: Quote) -> Order:
    """Return an order that was placed at a quote, and has gone the whole way."""
    order = placed(quote)
    if quote.paid_fen:
        order = life.pay(order, payment_id="p1", amount_fen=quote.paid_fen, now=PLACED_AT)
    return life.receive(life.ship(order, told={}, now=PLACED_AT), now=PLACED_AT)
