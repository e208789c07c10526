"""What is refused of a cart with offers, in V12's order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from tests.oracle.offer_lines import list_prices, priced, running_of
from tests.oracle.offer_shapes import BIRTHDAY, ORDER_OFFERS, Coupon, OfferCart, Prices, RefusedWith, Running
from tests.oracle.offers import allowed, coupon_net, coupon_off, in_force, missing_fen, own_fault, take
from tests.oracle.tables import RULES, Rules


@dataclass(frozen=True)
class Reading:
    """How the page is read where it leaves room for which refusal it is.

    A named coupon whose own conditions fail excludes nothing (V19), but its net is tested after what it might
    exclude (V12). Taken: V19; with `by_order` the order alone counts, so that it is `offer_conflict` or a
    campaign's `excluded_by_coupon` before it is the coupon's.

    `budget_spent` (for this order) and `gift_out_of_stock` can be about a named campaign beside the others,
    which may cut what it takes, or leave too few of its gift; or with `alone` about it by itself, and about
    the others after all other reasons.
    """

    by_order: bool = False
    alone: bool = False


TAKEN = Reading()
READINGS = (
    TAKEN,
    Reading(by_order=True),
    Reading(alone=True),
    Reading(by_order=True, alone=True),
)


def refuse(cart: OfferCart, rules: Rules = RULES, reading: Reading = TAKEN) -> None:
    """The refusals before points, in V12's order."""
    points = cart.points
    if isinstance(points, int) and not 0 <= points <= rules.points_max_per_order:
        raise RefusedWith("invalid_request")
    unknown = [sku for sku, _ in cart.lines if sku not in cart.goods]
    if unknown:
        raise RefusedWith("unknown_sku", skus=unknown)
    withdrawn = [sku for sku, _ in cart.lines if cart.goods[sku].withdrawn]
    if withdrawn:
        raise RefusedWith("product_withdrawn", skus=withdrawn)
    named = _refuse_coupon_by_itself(cart, reading)
    if named is not None and named.alone and isinstance(points, int) and points > 0:
        raise RefusedWith("offer_conflict")
    normal = priced(cart, rules)
    if not isinstance(cart.campaigns, str):
        _refuse_campaigns(cart, normal, named, reading)
    if named is not None and not named.alone:
        listed = [] if isinstance(cart.campaigns, str) else cart.campaigns
        chosen = [running_of(cart, campaign_id) for campaign_id in listed]
        bar = any(not one.with_coupons for one in chosen)
        _, left = take(cart, normal, [] if bar else chosen)
        _refuse_on_net(named, coupon_net(cart, normal, left, named))
    if named is not None and named.alone:
        _refuse_on_net(named, _list_net(cart, named))


def _list_net(cart: OfferCart, coupon: Coupon) -> Fraction:
    """P4, V8: the net of an exclusive coupon, at list prices and without campaigns."""
    prices = list_prices(cart)
    return coupon_net(cart, prices, [Fraction(amount) for amount in prices.amounts], coupon)


def _refuse_coupon_by_itself(cart: OfferCart, reading: Reading) -> Coupon | None:
    """V12: what is wrong with a named coupon whatever else is in the order; the coupon, if nothing is.

    Room left: whether an exclusive coupon's minimum is tested here. Taken: yes, like the birthday coupon's,
    since nothing else changes its net.
    """
    if cart.coupon in ("none", "best"):
        return None
    held = [one for one in cart.coupons if one.coupon_id == cart.coupon]
    if not held:
        raise RefusedWith("coupon_not_found")
    (coupon,) = held
    if coupon.used:
        raise RefusedWith("coupon_used")
    if not in_force(cart, coupon):
        early = cart.moment < coupon.valid_from
        raise RefusedWith("coupon_not_applicable", reason="not_yet_valid" if early else "expired")
    if coupon.kind == BIRTHDAY or (coupon.alone and not reading.by_order):
        _refuse_on_net(coupon, _list_net(cart, coupon))
    return coupon


def _refuse_on_net(coupon: Coupon, net: Fraction) -> None:
    """V8: the minimum on the net; V19: a coupon that would take nothing.

    Room left: the reason of the latter. Taken: `not_cheaper`.
    """
    missing = missing_fen(coupon, net)
    if missing > 0 and coupon.kind == BIRTHDAY:
        raise RefusedWith("coupon_not_applicable", reason="below_minimum")
    if missing > 0:
        raise RefusedWith("coupon_not_applicable", reason="below_threshold", missing_fen=missing)
    if coupon_off(coupon, net, int(net)) < 1:
        raise RefusedWith("coupon_not_applicable", reason="not_cheaper")


def _refuse_campaigns(cart: OfferCart, prices: Prices, named: Coupon | None, reading: Reading) -> None:
    """V12: the first of the named ones that cannot be, in the order in which they are named.

    Room left: which of two of a group. Taken: the later one. Which of two gifts that the shelf has not both.
    Taken: the greater id, as for amounts (V5). Which reason a campaign has that would take nothing. Taken:
    `not_cheaper`.
    """
    known = {one.campaign_id: one for one in cart.running if one.kind in ORDER_OFFERS}
    if named is not None and not reading.by_order and not _holds_by_itself(cart, prices, named):
        named = None
    for place, campaign_id in enumerate(cart.campaigns):
        earlier = list(cart.campaigns[:place])
        reason = _why_not_named(cart, prices, named, known, earlier, campaign_id, reading)
        if reason is not None:
            raise RefusedWith("campaign_not_applicable", campaign_id=campaign_id, **reason)


def _why_not_named(
    cart: OfferCart,
    prices: Prices,
    named: Coupon | None,
    known: Mapping[str, Running],
    earlier: Sequence[str],
    campaign_id: str,
    reading: Reading,
) -> dict[str, Any] | None:
    if campaign_id not in known:
        return {"reason": "not_found"}
    one = known[campaign_id]
    before = [known[each] for each in earlier]
    # V19: who cannot be, for its own conditions, its group, the coupon or points, takes nothing from others.
    beside: list[Running] = []
    for campaign in (known[each] for each in cart.campaigns if each in known):
        groups = {one.of_group, *(other.of_group for other in beside)}
        if campaign.of_group in groups or _excluded(cart, named, campaign) is not None:
            continue
        if own_fault(cart, prices, campaign) is not None:
            continue
        if campaign.kind != "gift" or campaign.campaign_id < campaign_id:
            beside.append(campaign)
    fault = own_fault(cart, prices, one, [] if reading.alone else beside)
    if fault is not None:
        return {"reason": fault[0]} | ({"missing_fen": fault[1]} if fault[1] is not None else {})
    if any(other.of_group == one.of_group for other in before):
        return {"reason": "other_of_group"}
    excluded = _excluded(cart, named, one)
    if excluded is not None:
        return {"reason": excluded}
    fault = own_fault(cart, prices, one, beside)
    if fault is not None:
        return {"reason": fault[0]}
    amounts, _ = take(cart, prices, [*beside, one])
    if one.kind == "spend_save" and amounts[campaign_id] < 1:
        return {"reason": "not_cheaper"}
    return None


def _excluded(cart: OfferCart, named: Coupon | None, campaign: Running) -> str | None:
    """V7, V8: what is asked for with which a named campaign cannot be."""
    if named is not None and (named.alone or not campaign.with_coupons):
        return "excluded_by_coupon"
    if isinstance(cart.points, int) and cart.points > 0 and not campaign.with_points:
        return "excluded_by_points"
    return None


def _holds_by_itself(cart: OfferCart, prices: Prices, coupon: Coupon) -> bool:
    """V19: whether a named coupon's own conditions hold where no campaign is; else it excludes nothing."""
    if coupon.alone:
        return True
    net = coupon_net(cart, prices, [Fraction(amount) for amount in prices.amounts], coupon)
    return missing_fen(coupon, net) <= 0 and coupon_off(coupon, net, 0) > 0


def refuse_points(cart: OfferCart, rules: Rules) -> None:
    """The refusals of an explicit number of points, when nothing else is wrong."""
    points = cart.points
    if not isinstance(points, int):
        return
    if points % rules.points_step != 0:
        raise RefusedWith("points_step")
    if next(allowed(replace(cart, available_points=points), rules), None) is None:
        raise RefusedWith("points_exceed_order")
    if points > cart.available_points:
        raise RefusedWith("insufficient_points")
