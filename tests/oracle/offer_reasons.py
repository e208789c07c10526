"""Why an offer is not in the quote (V13): the first reason that holds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from tests.oracle.calendar import is_member_day
from tests.oracle.offer_lines import flash_fault, for_tier, list_prices, priced, touches
from tests.oracle.offer_shapes import BIRTHDAY, LINE_OFFERS, Combination, Coupon, OfferCart, Prices, Running
from tests.oracle.offers import coupon_net, coupon_off, in_force, missing_fen, own_fault, take
from tests.oracle.tables import RULES, Rules, points_value_fen, rhu


@dataclass(frozen=True)
class Told:
    """One entry of `not_applied`.

    `or_codes` are other readings of the page; one that `may_miss` need not be told.
    """

    offer: str
    code: str
    campaign_id: str | None = None
    coupon_id: str | None = None
    missing_fen: int | None = None
    sku: str | None = None
    may_have: int | None = None
    or_codes: frozenset[str] = frozenset()
    may_miss: bool = False


def not_applied(cart: OfferCart, best: Combination, rules: Rules = RULES) -> list[Told]:
    """V13: every running campaign that touches the cart and every coupon, unless it is used.

    An offer's own conditions look at the prices that it would meet: those without an exclusive coupon.
    """
    normal = priced(cart, rules)
    told: list[Told] = []
    for one in cart.running:
        if not touches(cart, one):
            continue
        if one.kind in LINE_OFFERS:
            told += _line_offer_reasons(cart, normal, best, one)
        elif one not in best.chosen:
            told.append(_order_offer_reason(cart, normal, best, one))
    for coupon in cart.coupons:
        if coupon.kind != BIRTHDAY and coupon is not best.coupon and not coupon.used:
            told += _coupon_reason(cart, normal, best, coupon)
    return told


def _line_offer_reasons(cart: OfferCart, normal: Prices, best: Combination, campaign: Running) -> list[Told]:
    """V1-V3, V13. A flash can be used for a line and told for another.

    Room left: a line that the flash would not price anyhow, since another is lower. Taken: told or not.
    Room left: where the reasons of V2 stand among V13's. Taken: before `not_cheaper`, and before or after
    `excluded_by_coupon`. One of several that may be told is told.
    """
    campaign_id = campaign.campaign_id
    used = campaign_id in best.prices.of
    if not for_tier(cart, campaign):
        return [Told("campaign", "tier", campaign_id)]
    if campaign.orders_left is not None and campaign.orders_left < 1:
        return [Told("campaign", "limit_reached", campaign_id)]
    if campaign.member_orders_left is not None and campaign.member_orders_left < 1:
        return [Told("campaign", "member_limit_reached", campaign_id)]
    if campaign.budget_left_fen is not None and campaign.budget_left_fen < 1:
        return [Told("campaign", "budget_spent", campaign_id)]
    faults: list[Told] = []
    if campaign.kind == "flash":
        for place, (sku, quantity) in enumerate(cart.lines):
            fault = flash_fault(campaign, sku, quantity) if sku in campaign.prices else None
            if fault is not None:
                lower = campaign.prices[sku] < normal.units[place]
                faults.append(
                    Told("campaign", fault[0], campaign_id, sku=sku, may_have=fault[1], may_miss=not lower)
                )
    if used:
        return faults
    if campaign_id in normal.gone:
        return [
            *(replace(one, may_miss=True) for one in faults),
            Told("campaign", "budget_spent", campaign_id),
        ]
    rest = "excluded_by_coupon" if best.coupon is not None and best.coupon.alone else "not_cheaper"
    if rest == "not_cheaper" and any(not one.may_miss for one in faults):
        return faults
    faults = [replace(one, may_miss=True) for one in faults]
    return [*faults, Told("campaign", rest, campaign_id, may_miss=bool(faults))]


def _order_offer_reason(cart: OfferCart, normal: Prices, best: Combination, campaign: Running) -> Told:
    """V13: the first reason that holds.

    Room left: whether `budget_spent` (for this order) and `gift_out_of_stock` are about the offer by itself,
    or beside the chosen ones, which may cut it, or leave too few of its gift. Taken: either.
    Room left: the reason of a campaign that would leave a named coupon unusable, which is kept (V8). Taken:
    `excluded_by_coupon`; if only beside the chosen ones, or only by itself, also `not_cheaper`.
    """
    told = Told("campaign", "", campaign.campaign_id)
    if cart.campaigns != "best":
        return replace(told, code="not_requested")
    # One of its group would have to go for it, so that one is not beside it.
    beside = [one for one in best.chosen if one.of_group != campaign.of_group]
    reasons = [_first_reason(cart, normal, best, campaign, others) for others in (beside, [])]
    code, missing = reasons[0]
    if {code, reasons[1][0]} & {"budget_spent", "gift_out_of_stock", "excluded_by_coupon"}:
        return replace(told, code=code, missing_fen=missing, or_codes=frozenset({reasons[1][0]}))
    return replace(told, code=code, missing_fen=missing)


def _first_reason(
    cart: OfferCart, normal: Prices, best: Combination, campaign: Running, beside: Sequence[Running]
) -> tuple[str, int | None]:
    fault = own_fault(cart, normal, campaign, beside)
    if fault is not None:
        return fault
    if any(one.of_group == campaign.of_group for one in best.chosen):
        return "other_of_group", None
    if best.coupon is not None and (best.coupon.alone or not campaign.with_coupons):
        return "excluded_by_coupon", None
    if best.points > 0 and not campaign.with_points:
        return "excluded_by_points", None
    if best.coupon is not None and cart.coupon == best.coupon.coupon_id:
        _, left = take(cart, normal, [*beside, campaign])
        net = coupon_net(cart, normal, left, best.coupon)
        if missing_fen(best.coupon, net) > 0 or coupon_off(best.coupon, net, 0) < 1:
            return "excluded_by_coupon", None
    return "not_cheaper", None


def _coupon_reason(cart: OfferCart, normal: Prices, best: Combination, coupon: Coupon) -> list[Told]:
    """V13: the first reason that holds.

    Room left: a coupon that is not valid yet. Taken: it need not be told, or by today's word for that.
    Room left: of several chosen campaigns that do not all bar coupons, which are left out of the net. Taken:
    all, as soon as one does.
    """
    told = Told("coupon", "", coupon_id=coupon.coupon_id)
    if cart.coupon != "best":
        return [replace(told, code="not_requested", may_miss=not in_force(cart, coupon))]
    if not in_force(cart, coupon):
        return [replace(told, code="not_yet_valid", may_miss=True)]
    if coupon.alone:
        prices = list_prices(cart)
        left: Sequence[Fraction] = [Fraction(amount) for amount in prices.amounts]
    else:
        prices = normal
        bar = any(not one.with_coupons for one in best.chosen)
        _, left = take(cart, prices, [] if bar else best.chosen)
    missing = missing_fen(coupon, coupon_net(cart, prices, left, coupon))
    if missing > 0:
        return [replace(told, code="below_threshold", missing_fen=missing)]
    if coupon.alone and best.points > 0:
        return [replace(told, code="excluded_by_points")]
    if best.chosen if coupon.alone else any(not one.with_coupons for one in best.chosen):
        return [replace(told, code="excluded_by_campaign")]
    if best.coupon is not None:
        return [replace(told, code="other_coupon")]
    return [replace(told, code="not_cheaper")]


def older_reasons(cart: OfferCart, best: Combination, rules: Rules = RULES) -> dict[str, frozenset[str]]:
    """P9: the codes that may be told of the member day, the birthday coupon and points; none if one is used.

    Room left: how the reasons of before go with those that campaigns and coupons bring. Taken: any that
    holds. Room left: a member-day price that rounding makes the list price. Taken: nothing is told of it, as
    before, or `not_cheaper`; "" is for nothing.
    """
    return {
        "member_day": _of_member_day(cart, best, rules),
        "birthday_coupon": _of_birthday_coupon(cart, best),
        "points": _of_points(cart, best, rules),
    }


def _of_member_day(cart: OfferCart, best: Combination, rules: Rules) -> frozenset[str]:
    if "member_day" in best.prices.of:
        return frozenset()
    zone = [cart.goods[sku].price_fen for sku, _ in cart.lines if cart.goods[sku].zone]
    rate = rules.row(cart.tier).member_day_rate
    found = set()
    if not zone:
        found.add("no_zone_products")
    if rate is None:
        found.add("tier_without_rate")
    if not is_member_day(cart.moment, rules):
        found.add("not_member_day")
    if found:
        return frozenset(found)
    if best.coupon is not None and best.coupon.alone:
        return frozenset({"excluded_by_coupon"})
    assert rate is not None
    nothing = any(rhu(fen * Fraction(rate)) == fen for fen in zone)
    return frozenset({"not_cheaper", ""} if nothing else {"not_cheaper"})


def _of_birthday_coupon(cart: OfferCart, best: Combination) -> frozenset[str]:
    held = next((one for one in cart.coupons if one.kind == BIRTHDAY), None)
    if held is not None and best.coupon is held:
        return frozenset()
    if cart.coupon == "none":
        return frozenset({"not_requested"})
    if cart.coupon != "best":
        return frozenset({"not_requested", "other_coupon"} | ({"no_coupon"} if held is None else set()))
    if isinstance(cart.points, int) and cart.points > 0:
        return frozenset({"excluded_by_points"})
    if held is None:
        return frozenset({"no_coupon"})
    if held.used:
        return frozenset({"coupon_used"})
    if not in_force(cart, held):
        return frozenset({"not_yet_valid" if cart.moment < held.valid_from else "expired"})
    prices = list_prices(cart)
    if missing_fen(held, coupon_net(cart, prices, [Fraction(one) for one in prices.amounts], held)) > 0:
        return frozenset({"below_minimum"})
    found = {"not_cheaper"}
    if best.points > 0:
        found.add("excluded_by_points")
    if best.chosen:
        found.add("excluded_by_campaign")
    if best.coupon is not None:
        found.add("other_coupon")
    return frozenset(found)


def _of_points(cart: OfferCart, best: Combination, rules: Rules) -> frozenset[str]:
    if best.points > 0:
        return frozenset()
    if cart.points == 0:
        return frozenset({"not_requested"})
    found = set()
    if best.coupon is not None and best.coupon.alone:
        found.add("excluded_by_coupon")
    if any(not one.with_points for one in best.chosen):
        found.add("excluded_by_campaign")
    if cart.available_points < rules.points_step:
        found.add("too_few_points")
    if points_value_fen(rules.points_step, rules) > best.order_amount_fen:
        found.add("points_exceed_order")
    return frozenset(found)
