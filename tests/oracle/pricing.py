"""Pricing of one cart (P1-P9): every allowed combination priced one by one, and refusals in their order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, TypeAlias

from tests.oracle.calendar import in_window, is_member_day
from tests.oracle.tables import RULES, Refused, Rules, earned_points, points_value_fen, rhu

# sku, list price in fen, in the zone, quantity
Line: TypeAlias = tuple[str, int, bool, int]
# coupon used, points redeemed
Combination: TypeAlias = tuple["HeldCoupon | None", int]

OFFERS = frozenset({"member_day", "birthday_coupon", "points"})


@dataclass(frozen=True)
class HeldCoupon:
    """The member's birthday coupon; `valid_until` is its last usable second."""

    coupon_id: str
    face_fen: int
    valid_from: datetime
    valid_until: datetime
    used: bool = False


@dataclass(frozen=True)
class Cart:
    """Who asks for what, and when: everything that pricing looks at.

    `moment` is when the order is placed (P2); `available_points` are those the member can spend then (E5).
    `coupon` is "none", "best" or a coupon id; `points` is an explicit number or "best". `withdrawn` are the
    skus that are not sold any more (O7).
    """

    lines: Sequence[Line]
    tier: str
    moment: datetime
    held: HeldCoupon | None = None
    available_points: int = 0
    coupon: str = "none"
    points: int | str = 0
    withdrawn: frozenset[str] = frozenset()


@dataclass(frozen=True)
class UnusedOffers:
    """P9's offers that come back with a reason: the set lies between these two."""

    applied: frozenset[str]
    at_least: frozenset[str]
    at_most: frozenset[str]


def unit_price_fen(
    list_price_fen: int,
    member_zone: bool,
    tier: str,
    on_member_day: bool,
    with_coupon: bool,
    rules: Rules = RULES,
) -> int:
    """P2, P4: rhu(list x rate) for a zone product on the member day, the list price for all else.

    With the coupon a zone product costs list price on the member day too. J0 and J1 have no rate.
    """
    rate = rules.row(tier).member_day_rate
    if member_zone and on_member_day and not with_coupon and rate is not None:
        return rhu(list_price_fen * Fraction(rate))
    return list_price_fen


def shipping_fen(tier: str, goods_after_coupon_fen: int, rules: Rules = RULES) -> int:
    """P5: free from the tier's threshold on, measured after the coupon and before points; else the fee."""
    return 0 if goods_after_coupon_fen >= rules.row(tier).free_shipping_from_fen else rules.shipping_fee_fen


def list_total_fen(lines: Sequence[Line]) -> int:
    """P4: what the coupon's minimum is measured on, list price x quantity summed over all lines."""
    return sum(price * quantity for _, price, _, quantity in lines)


def coupon_applies(coupon: HeldCoupon, lines: Sequence[Line], moment: datetime, rules: Rules = RULES) -> bool:
    """P4, B1, B5: unused, in force at the moment, and the list prices reach the minimum (198.00 does)."""
    if coupon.used or not in_window(moment, coupon.valid_from, coupon.valid_until):
        return False
    return list_total_fen(lines) >= rules.coupon_minimum_list_fen


def price(cart: Cart, coupon: HeldCoupon | None, points: int, rules: Rules = RULES) -> dict[str, Any]:
    """P2-P8, E1: the quote of one combination, whether allowed or not.

    `member_day` says what day it is, whatever offer applies.

    Room left: a face value above `goods` (cannot be with today's figures). Taken: it takes off what there is.
    """
    on_member_day = is_member_day(cart.moment, rules)
    lines: list[dict[str, Any]] = []
    for sku, list_price_fen, member_zone, quantity in cart.lines:
        unit = unit_price_fen(
            list_price_fen, member_zone, cart.tier, on_member_day, coupon is not None, rules
        )
        lines.append(
            {
                "sku": sku,
                "quantity": quantity,
                "list_price_fen": list_price_fen,
                "unit_price_fen": unit,
                "amount_fen": unit * quantity,
            }
        )
    goods = sum(line["amount_fen"] for line in lines)  # P3
    off = 0 if coupon is None else min(coupon.face_fen, goods)  # P4
    shipping = shipping_fen(cart.tier, goods - off, rules)  # P5
    order_amount = goods - off + shipping  # P6
    value = points_value_fen(points, rules)  # P7
    paid = order_amount - value  # P8
    return {
        "tier": cart.tier,
        "member_day": on_member_day,
        "lines": lines,
        "goods_fen": goods,
        "coupon": None if coupon is None else {"coupon_id": coupon.coupon_id, "amount_fen": off},
        "shipping_fen": shipping,
        "order_amount_fen": order_amount,
        "points": {"redeemed": points, "value_fen": value},
        "paid_fen": paid,
        "earns_points": 0 if paid < 0 else earned_points(paid, rules),
    }


def is_allowed(cart: Cart, combination: Combination, rules: Rules = RULES) -> bool:
    """P4, P7: whether the rules allow a coupon (or none) together with a number of points.

    The coupon applies and goes with no points; points are a multiple of the step, within the cap, available,
    and not worth more than the order amount.
    """
    coupon, points = combination
    if coupon is not None and (points > 0 or not coupon_applies(coupon, cart.lines, cart.moment, rules)):
        return False
    if points % rules.points_step != 0 or not 0 <= points <= rules.points_max_per_order:
        return False
    if points > cart.available_points:
        return False
    quote = price(cart, coupon, points, rules)
    return bool(quote["points"]["value_fen"] <= quote["order_amount_fen"])


def asked_combinations(cart: Cart, rules: Rules = RULES) -> list[Combination]:
    """P9: the combinations that the request leaves open, before asking whether they are allowed.

    An explicit coupon is used for certain, and with points "best" redeems none. Coupon "best" may be used or
    kept; with an explicit number of points > 0 only kept. An explicit number of points is redeemed exactly.

    Room left: whether "every allowed combination" lets a member waive the member-day price, which can be
    dearer where it falls below the free-shipping threshold. Taken: no, P2 says what zone products cost; only
    the coupon takes it away.
    """
    coupons: list[HeldCoupon | None]
    if cart.coupon == "none" or cart.held is None:
        coupons = [None]
    elif cart.coupon == "best":
        coupons = [None, cart.held]
    else:
        coupons = [cart.held]
    points: list[int]
    if isinstance(cart.points, int):
        points = [cart.points]
    else:
        points = list(range(0, rules.points_max_per_order + 1, rules.points_step))
    return [(coupon, number) for coupon in coupons for number in points]


def refuse(cart: Cart, rules: Rules = RULES) -> None:
    """The contract's refusals of a quote, in its order, from `product_withdrawn` on; not `unknown_sku`.

    `invalid_request` comes first of all: points outside 0 to the most of one order.
    Room left: a number above an altered cap (the contract says 2000). Taken: `invalid_request` there as well.
    Room left: `points_exceed_order` next to coupon "best". Taken: the order amount without the coupon, as an
    explicit number of points > 0 uses none.
    """
    points = cart.points
    if isinstance(points, int):
        if not 0 <= points <= rules.points_max_per_order:
            raise Refused("invalid_request")
    elif points != "best":
        raise Refused("invalid_request")
    if any(sku in cart.withdrawn for sku, _, _, _ in cart.lines):  # O7
        raise Refused("product_withdrawn")
    if cart.coupon not in ("none", "best"):
        held = cart.held
        if held is None or held.coupon_id != cart.coupon:
            raise Refused("coupon_not_found")
        if held.used:
            raise Refused("coupon_used")
        if not coupon_applies(held, cart.lines, cart.moment, rules):
            raise Refused("coupon_not_applicable")
        if isinstance(points, int) and points > 0:
            raise Refused("offer_conflict")
    if isinstance(points, int):
        if points % rules.points_step != 0:
            raise Refused("points_step")
        without_coupon = price(cart, None, 0, rules)
        if points_value_fen(points, rules) > without_coupon["order_amount_fen"]:
            raise Refused("points_exceed_order")
        if points > cart.available_points:
            raise Refused("insufficient_points")


def quote(cart: Cart, rules: Rules = RULES) -> dict[str, Any]:
    """P1-P9: the quote of a cart, with the contract's fields without `not_applied`, or `Refused`.

    Of all combinations that are asked for and allowed: the lowest paid amount, on a tie the one that keeps
    the coupon, then the one that spends fewer points.
    """
    refuse(cart, rules)
    allowed = [one for one in asked_combinations(cart, rules) if is_allowed(cart, one, rules)]
    if not allowed:
        raise AssertionError("what was not refused can be priced")

    def rank(combination: Combination) -> tuple[int, bool, int]:
        coupon, points = combination
        paid_fen: int = price(cart, coupon, points, rules)["paid_fen"]
        return paid_fen, coupon is not None, points

    coupon, points = min(allowed, key=rank)
    return price(cart, coupon, points, rules)


def unused_offers(cart: Cart, rules: Rules = RULES) -> UnusedOffers:
    """P9: which offers the quote applied, and between which sets those that come back with a reason lie.

    Applied: the coupon or points if any are used; the member day if a zone product got the tier's rate, even
    where rounding left the price the same.

    Room left: P9 says "each offer that was not used", not what is an offer to this member. Taken: at most all
    that were not applied; at least those the member had, and lost or asked for in vain:

    - member_day: it is the day, the tier has a rate, a zone product is in the cart, but the coupon is used;
    - birthday_coupon: asked for with "best", held, unused and in force, and not used;
    - points: asked for with "best", some available, and none redeemed.

    The codes of the reasons are not in the rules, and not here.
    """
    result = quote(cart, rules)
    rate = rules.row(cart.tier).member_day_rate
    zone_in_cart = any(member_zone for _, _, member_zone, _ in cart.lines)
    day_on_offer = result["member_day"] and rate is not None and zone_in_cart
    applied = set()
    if day_on_offer and result["coupon"] is None:
        applied.add("member_day")
    if result["coupon"] is not None:
        applied.add("birthday_coupon")
    if result["points"]["redeemed"] > 0:
        applied.add("points")
    missed = set()
    if day_on_offer:
        missed.add("member_day")
    held = cart.held
    in_force = (
        held is not None and not held.used and in_window(cart.moment, held.valid_from, held.valid_until)
    )
    if cart.coupon == "best" and in_force:
        missed.add("birthday_coupon")
    if cart.points == "best" and cart.available_points > 0:
        missed.add("points")
    return UnusedOffers(frozenset(applied), frozenset(missed - applied), OFFERS - applied)
