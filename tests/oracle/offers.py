"""Pricing with campaigns and coupons of templates (V1-V8, V12, V14, V19): every combination one by one.

Nothing is clever here. All sets of order offers are made, those that the rules do not allow are thrown away,
each is tried with every coupon and every number of points, and the best of all is taken. Where the page
leaves room, the docstring says what was taken.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from itertools import combinations
from typing import Any

from tests.oracle.calendar import in_window
from tests.oracle.offer_lines import for_tier, list_prices, priced, running_of
from tests.oracle.offer_shapes import (
    BIRTHDAY,
    ORDER_OFFERS,
    Combination,
    Coupon,
    Covers,
    OfferCart,
    Prices,
    Running,
)
from tests.oracle.pricing import shipping_fen
from tests.oracle.tables import RULES, Rules, points_value_fen, rhu

# Order offers


def base_of(cart: OfferCart, prices: Prices, covers: Covers) -> tuple[int, ...]:
    """The places of the lines that an order offer or a coupon counts; V3 keeps some out."""
    return tuple(
        place
        for place, (sku, _) in enumerate(cart.lines)
        if prices.counted[place] and (sku, cart.goods[sku].zone) in covers
    )


def counted_fen(cart: OfferCart, prices: Prices, campaign: Running) -> int:
    """V5: B, the same for all."""
    return sum(prices.amounts[place] for place in base_of(cart, prices, campaign.covers))


def step_off_fen(campaign: Running, counted: int) -> int:
    """V4: what a spend_save takes off so much."""
    if campaign.repeat:
        ((from_fen, off_fen),) = campaign.steps
        off = counted // from_fen * off_fen
        return off if campaign.max_off_fen is None else min(off, campaign.max_off_fen)
    reached = [(from_fen, off_fen) for from_fen, off_fen in campaign.steps if from_fen <= counted]
    return max(reached)[1] if reached else 0


def take(
    cart: OfferCart, prices: Prices, chosen: Sequence[Running]
) -> tuple[dict[str, int], tuple[Fraction, ...]]:
    """V5: what each takes, by ascending id, and what they leave of each line."""
    left = [Fraction(amount) for amount in prices.amounts]
    amounts: dict[str, int] = {}
    for one in sorted(chosen, key=lambda each: each.campaign_id):
        amounts[one.campaign_id] = 0
        if one.kind == "spend_save":
            base = base_of(cart, prices, one.covers)
            off = step_off_fen(one, counted_fen(cart, prices, one))
            amounts[one.campaign_id] = spread(left, base, off)
    return amounts, tuple(left)


def spread(left: list[Fraction], base: Sequence[int], off_fen: int) -> int:
    """V5: cut to the whole fen of what is left of the base, and taken off its lines in proportion to that."""
    rest = sum((left[place] for place in base), Fraction(0))
    amount = min(off_fen, rest.numerator // rest.denominator)
    if amount > 0:
        for place in base:
            left[place] -= amount * left[place] / rest
    return amount


def gift_fits(cart: OfferCart, prices: Prices, gift: Running, others: Sequence[Running] = ()) -> bool:
    """V6: whether the shelf has the gift when the bought units are taken from it, and the other gifts.

    Units that a flash prices come from the flash (V2). A withdrawn product is in no quote (O7).
    """
    goods = cart.goods.get(gift.gift_sku)
    if goods is None or goods.withdrawn:
        return False
    flashes = {one.campaign_id for one in cart.running if one.kind == "flash"}
    bought = sum(
        quantity
        for place, (sku, quantity) in enumerate(cart.lines)
        if sku == gift.gift_sku and prices.of[place] not in flashes
    )
    given = sum(one.gift_quantity for one in others if one.kind == "gift" and one.gift_sku == gift.gift_sku)
    return goods.stock - bought - given >= gift.gift_quantity


def gift_value_fen(cart: OfferCart, campaign: Running) -> int:
    """What a gift costs the shop: its list price, all units; 0 for what is no gift."""
    if campaign.kind != "gift":
        return 0
    return cart.goods[campaign.gift_sku].price_fen * campaign.gift_quantity


def own_fault(
    cart: OfferCart, prices: Prices, campaign: Running, beside: Sequence[Running] = ()
) -> tuple[str, int | None] | None:
    """V13, V19: the first of an order offer's own conditions that fails, with what is missing; None if none.

    Room left: whether `budget_spent` (for this order) looks at what the offer would take by itself or beside
    others, which may cut it. Taken: beside those that are named.
    """
    if not for_tier(cart, campaign):
        return "tier", None
    if campaign.orders_left is not None and campaign.orders_left < 1:
        return "limit_reached", None
    if campaign.member_orders_left is not None and campaign.member_orders_left < 1:
        return "member_limit_reached", None
    if campaign.budget_left_fen is not None and campaign.budget_left_fen < 1:
        return "budget_spent", None
    missing = campaign.from_fen - counted_fen(cart, prices, campaign)
    if missing > 0:
        return "below_threshold", missing
    if campaign.kind == "gift" and not gift_fits(cart, prices, campaign, beside):
        return "gift_out_of_stock", None
    if campaign.budget_left_fen is not None:
        amounts, _ = take(cart, prices, [*beside, campaign])
        given = amounts[campaign.campaign_id] + gift_value_fen(cart, campaign)
        if given > campaign.budget_left_fen:
            return "budget_spent", None
    return None


def together(cart: OfferCart, prices: Prices, chosen: Sequence[Running]) -> bool:
    """V4-V6, V14, V19: whether these order offers can be in one order, coupons and points aside.

    At most one of each group; each with its own conditions; each takes something.
    """
    if len({one.of_group for one in chosen}) < len(chosen):
        return False
    for one in chosen:
        others = [other for other in chosen if other is not one]
        if own_fault(cart, prices, one, others) is not None:
            return False
    amounts, _ = take(cart, prices, chosen)
    return all(one.kind == "gift" or amounts[one.campaign_id] > 0 for one in chosen)


# Coupons


def coupon_off(coupon: Coupon, net: Fraction, goods_fen: int) -> int:
    """V8: what a coupon takes off so much; the birthday coupon off all goods (P4)."""
    whole = net.numerator // net.denominator
    if coupon.kind == BIRTHDAY:
        return min(coupon.face_fen, goods_fen)
    if coupon.kind == "amount":
        return min(coupon.face_fen, whole)
    assert coupon.rate is not None
    off = min(rhu(net * (1 - Fraction(coupon.rate))), whole)
    return off if coupon.max_off_fen is None else min(off, coupon.max_off_fen)


def coupon_net(cart: OfferCart, prices: Prices, left: Sequence[Fraction], coupon: Coupon) -> Fraction:
    """V8: what order offers left of the coupon's base."""
    return sum((left[place] for place in base_of(cart, prices, coupon.covers)), Fraction(0))


def missing_fen(coupon: Coupon, net: Fraction) -> int:
    """V8: how much is missing of the coupon's minimum, in whole fen, upwards; 0 or less if nothing is."""
    missing = coupon.min_fen - net
    return -((-missing.numerator) // missing.denominator)


def in_force(cart: OfferCart, coupon: Coupon) -> bool:
    """B5, V9: unused, and the moment lies in its window."""
    return not coupon.used and in_window(cart.moment, coupon.valid_from, coupon.valid_until)


# Combinations


def charge(
    cart: OfferCart,
    chosen: Sequence[Running],
    coupon: Coupon | None,
    points: int,
    rules: Rules = RULES,
    normal: Prices | None = None,
) -> Combination | None:
    """One combination, or None if the rules do not allow it.

    Explicit points or `best` are alike here: P7's conditions hold for both.
    """
    alone = coupon is not None and coupon.alone
    if alone and (chosen or points):
        return None
    if coupon is not None and any(not one.with_coupons for one in chosen):
        return None
    if points > 0 and any(not one.with_points for one in chosen):
        return None
    prices = list_prices(cart) if alone else normal or priced(cart, rules)
    amounts, left_tuple = take(cart, prices, chosen)
    left = list(left_tuple)
    goods = sum(prices.amounts)
    off = 0
    if coupon is not None:
        if not in_force(cart, coupon):
            return None
        net = coupon_net(cart, prices, left, coupon)
        if missing_fen(coupon, net) > 0:
            return None
        off = coupon_off(coupon, net, goods)
        if off < 1:
            return None
        taken = spread(left, base_of(cart, prices, coupon.covers), off)
        assert taken == off
    net_goods = goods - sum(amounts.values())
    shipping = shipping_fen(cart.tier, net_goods - off, rules)
    order_amount = net_goods - off + shipping
    value = points_value_fen(points, rules)
    if value > order_amount or points > cart.available_points:
        return None
    in_order = tuple(sorted(chosen, key=lambda one: one.campaign_id))
    return Combination(
        chosen=in_order,
        coupon=coupon,
        points=points,
        prices=prices,
        amounts=tuple(amounts[one.campaign_id] for one in in_order),
        left=tuple(left),
        coupon_fen=off,
        shipping_fen=shipping,
        paid_fen=order_amount - value,
    )


def sets_of_order_offers(cart: OfferCart, prices: Prices) -> list[tuple[Running, ...]]:
    """V12: what may be used of order offers: none, those that are named, or any that go together."""
    offers = [one for one in cart.running if one.kind in ORDER_OFFERS]
    if cart.campaigns == "none":
        return [()]
    if cart.campaigns != "best":
        return [tuple(running_of(cart, campaign_id) for campaign_id in cart.campaigns)]
    possible = [one for one in offers if _can_ever_be(cart, prices, one)]
    return [
        chosen
        for size in range(len(possible) + 1)
        for chosen in combinations(possible, size)
        if together(cart, prices, chosen)
    ]


def _can_ever_be(cart: OfferCart, prices: Prices, campaign: Running) -> bool:
    """Leave out those that no set can have, whatever else is in it: it spares most of the sets."""
    fault = own_fault(cart, prices, campaign)
    return fault is None or (fault[0] == "budget_spent" and campaign.budget_left_fen != 0)


def coupons_open(cart: OfferCart) -> list[Coupon | None]:
    """P9, V8: none; any; or the one that the cart names, which is kept."""
    if cart.coupon == "none":
        return [None]
    if cart.coupon == "best":
        return [None, *cart.coupons]
    return [one for one in cart.coupons if one.coupon_id == cart.coupon]


def points_open(cart: OfferCart, rules: Rules = RULES) -> list[int]:
    """P7, P9: exactly so many, or any number of steps."""
    if isinstance(cart.points, int):
        return [cart.points]
    return list(range(0, rules.points_max_per_order + 1, rules.points_step))


def rank(cart: OfferCart, one: Combination) -> tuple[Any, ...]:
    """V12: the lowest paid amount, and the ties in their order."""
    return (
        one.paid_fen,
        -sum(gift_value_fen(cart, gift) for gift in one.chosen),
        one.coupon is not None,
        one.coupon.valid_until if one.coupon else datetime.min.replace(tzinfo=UTC),
        one.points,
        len(one.chosen),
        [campaign.campaign_id for campaign in one.chosen],
        one.coupon.coupon_id if one.coupon else "",
    )


def allowed(cart: OfferCart, rules: Rules = RULES) -> Iterator[Combination]:
    """V12: every combination that is asked for and allowed."""
    normal = priced(cart, rules)
    for chosen in sets_of_order_offers(cart, normal):
        for coupon in coupons_open(cart):
            for points in points_open(cart, rules):
                found = charge(cart, chosen, coupon, points, rules, normal)
                if found is not None:
                    yield found
