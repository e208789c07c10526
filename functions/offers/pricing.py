"""What a cart costs a member: a pure function of catalogue, tier, moment, offers and policy (P1-P9, V1-V13).

Line offers set what a unit costs, and nobody declines them (``line_prices``). Order offers, a coupon and
points are chosen, all together, so that the order pays the least (``choosing``, ``best``). An exclusive one
of coupons stands alone, over list prices: the birthday coupon, and those of exclusive templates.
"""

from collections.abc import Iterator, Mapping

from functions.catalog.products import WITHDRAWN, Product
from functions.coupons.templates import TemplateCoupon
from functions.domain.errors import InvalidError, invalid_fields
from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy
from functions.offers.best import Outcome
from functions.offers.choosing import choose
from functions.offers.kinds.gift import GiftTerms
from functions.offers.line_prices import member_price_fen, member_rate
from functions.offers.offered import Offered, offered
from functions.offers.quotes import (
    BEST,
    LIST_PRICE,
    CampaignUse,
    Cart,
    CouponUse,
    LineOfferUse,
    Quote,
    QuoteLine,
    Shopper,
)
from functions.offers.told import not_applied
from functions.points.ledger import points_earned

__all__ = ["check_cart", "member_price_fen", "member_rate", "points_value_fen", "price"]


def points_value_fen(points: int, policy: Policy) -> int:
    """Return what so many points are worth as cash (P7)."""
    return points * FEN_PER_YUAN // policy.points.redeemed_per_yuan


def check_cart(cart: Cart, products: Mapping[str, Product], policy: Policy) -> None:
    """Refuse what nobody could order, whoever asks.

    Raises
    ------
    InvalidError
        ``unknown_sku``; ``product_withdrawn`` (O7); ``invalid_request`` for more points than the policy
        allows in one order (P7).
    """
    if cart.points != BEST and not 0 <= cart.points <= policy.points.redeem_max_points:
        raise invalid_fields(("points", f"from 0 to {policy.points.redeem_max_points}"))
    unknown = [line.sku for line in cart.lines if line.sku not in products]
    if unknown:
        raise InvalidError("unknown_sku", "The catalogue has no such product.", skus=unknown)
    withdrawn = [line.sku for line in cart.lines if products[line.sku].status == WITHDRAWN]
    if withdrawn:
        raise InvalidError("product_withdrawn", "The product is not sold any more.", skus=withdrawn)


def price(cart: Cart, products: Mapping[str, Product], shopper: Shopper, policy: Policy) -> Quote:
    """Price a cart.

    Parameters
    ----------
    cart
        Each sku stands once.
    products
        The catalogue's products by sku: the cart's, of which those that it lacks or has withdrawn are refused
        (P1, O7), and the gifts', which are no choice where it lacks them (V6).

    Raises
    ------
    InvalidError
        ``unknown_sku``, ``product_withdrawn``, ``coupon_not_found``, ``coupon_not_applicable``,
        ``offer_conflict``, ``campaign_not_applicable``, ``points_step``, ``points_exceed_order``;
        ``invalid_request`` for more points than the policy allows in one order.
    ConflictError
        ``coupon_used``, ``insufficient_points``.
    """
    check_cart(cart, products, policy)
    offers = offered(cart, products, shopper, policy)
    outcome = choose(offers, policy)
    return Quote(
        tier=offers.tier.code,
        member_day=offers.member_day,
        lines=(*_bought(offers, outcome), *_gifts(outcome)),
        goods_fen=outcome.goods_fen,
        coupon=_coupon_use(outcome),
        shipping_fen=outcome.shipping_fen,
        order_amount_fen=outcome.order_amount_fen,
        redeemed_points=outcome.points,
        points_value_fen=points_value_fen(outcome.points, policy),
        paid_fen=outcome.paid_fen,
        earns_points=points_earned(policy.points.earned_per_yuan, outcome.paid_fen),
        not_applied=tuple(not_applied(offers, outcome, policy)),
        campaigns=tuple(_campaign_uses(outcome)),
        line_offers=() if outcome.is_exclusive else tuple(_line_offer_uses(offers)),
    )


def _bought(offers: Offered, outcome: Outcome) -> list[QuoteLine]:
    """Return the lines of the cart, at list prices where a coupon is used that stands alone (P4)."""
    at_list_price = outcome.is_exclusive
    return [
        QuoteLine(
            sku=line.product.sku,
            quantity=line.quantity,
            list_price_fen=line.product.price_fen,
            unit_price_fen=line.product.price_fen if at_list_price else line.unit_price_fen,
            amount_fen=line.product.price_fen * line.quantity if at_list_price else line.amount_fen,
            price_of=LIST_PRICE if at_list_price else line.price_of,
            no_reason=line.product.no_reason,
        )
        for line in offers.prices.lines
    ]


def _gifts(outcome: Outcome) -> Iterator[QuoteLine]:
    """Give the lines of gifts, by ascending id of their campaigns (V6)."""
    for offer in outcome.combination.offers:
        terms = offer.available.campaign.terms
        if isinstance(terms, GiftTerms) and offer.gift is not None:
            yield QuoteLine(
                sku=terms.sku,
                quantity=terms.quantity,
                list_price_fen=offer.gift.price_fen,
                unit_price_fen=0,
                amount_fen=0,
                price_of=offer.campaign_id,
                gift_of=offer.campaign_id,
                no_reason=offer.gift.no_reason,
            )


def _coupon_use(outcome: Outcome) -> CouponUse | None:
    offer = outcome.coupon
    if offer is None:
        return None
    coupon = offer.coupon
    return CouponUse(
        coupon_id=coupon.coupon_id,
        amount_fen=outcome.coupon_fen,
        template_id=coupon.template_id if isinstance(coupon, TemplateCoupon) else None,
        base=None if offer.base is None else offer.base.places,
    )


def _campaign_uses(outcome: Outcome) -> Iterator[CampaignUse]:
    combination = outcome.combination
    for offer, take_fen in zip(combination.offers, combination.takes_fen, strict=True):
        campaign = offer.available.campaign
        terms = campaign.terms
        yield CampaignUse(
            campaign_id=campaign.campaign_id,
            version=campaign.version,
            kind=campaign.kind,
            amount_fen=take_fen,
            base=offer.base.places,
            from_fen=terms.from_fen if isinstance(terms, GiftTerms) else None,
        )


def _line_offer_uses(offers: Offered) -> Iterator[LineOfferUse]:
    for available in offers.prices.used:
        campaign = available.campaign
        yield LineOfferUse(campaign_id=campaign.campaign_id, version=campaign.version, kind=campaign.kind)
