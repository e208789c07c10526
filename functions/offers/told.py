"""Which offers a quote does not use, each with the first reason that holds (P9, V13)."""

from collections.abc import Iterator

from functions.coupons import birthday
from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.domain import calendar
from functions.domain.policy import Policy
from functions.offers import sentences
from functions.offers.best import Outcome
from functions.offers.campaigns import Available
from functions.offers.conditions import (
    BELOW_THRESHOLD,
    BUDGET_SPENT,
    EXCLUDED_BY_CAMPAIGN,
    EXCLUDED_BY_COUPON,
    EXCLUDED_BY_POINTS,
    GIFT_OUT_OF_STOCK,
    NOT_CHEAPER,
    NOT_REQUESTED,
    OTHER_COUPON,
    OTHER_OF_GROUP,
    Reason,
    covers,
    why_closed,
)
from functions.offers.coupon_offers import is_available
from functions.offers.offered import Offered
from functions.offers.order_offers import OrderOffer, gift_fits
from functions.offers.quotes import BEST, MEMBER_DAY_PRICE, NO_CAMPAIGNS, NO_COUPON, NotApplied


def not_applied(offers: Offered, outcome: Outcome, policy: Policy) -> Iterator[NotApplied]:
    """Give the offers that are not used: the programme's own, then campaigns and coupons by ascending id."""
    yield from _of_the_programme(offers, outcome, policy)
    of_order = {offer.campaign_id: offer for offer in offers.order_offers}
    used = outcome.combination.ids
    for available in offers.campaigns:
        campaign_id = available.campaign.campaign_id
        if campaign_id in used or not _touches(offers, available, of_order.get(campaign_id)):
            continue
        if campaign_id not in of_order:
            yield from _of_line_offer(offers, outcome, available)
        else:
            yield _of_campaign(campaign_id, _why_no_order_offer(offers, outcome, of_order[campaign_id]))
    for coupon in sorted(offers.shopper.coupons, key=lambda each: each.coupon_id):
        is_used = outcome.coupon is not None and outcome.coupon.coupon.coupon_id == coupon.coupon_id
        if not is_used and is_available(coupon, offers.shopper.at):
            reason = _why_no_coupon(offers, outcome, coupon)
            yield NotApplied(
                offer="coupon",
                code=reason.code,
                detail=sentences.of_coupon(reason.code, reason.missing_fen),
                coupon_id=coupon.coupon_id,
                missing_fen=reason.missing_fen,
            )


def _touches(offers: Offered, available: Available, offer: OrderOffer | None) -> bool:
    """Tell whether a campaign covers a product of the cart, though it may count none of its lines (V3)."""
    if offer is not None and offer.base.lines:
        return True
    return any(covers(available.campaign, line.product) for line in offers.prices.lines)


def _of_the_programme(offers: Offered, outcome: Outcome, policy: Policy) -> Iterator[NotApplied]:
    """Give the member day, the birthday coupon and points, where they are not used (P9)."""
    reason = _why_no_member_day(offers, outcome, policy)
    if reason is not None:
        yield NotApplied(offer="member_day", code=reason[0], detail=reason[1])
    held = offers.shopper.coupon
    if outcome.coupon is None or held is None or outcome.coupon.coupon.coupon_id != held.coupon_id:
        code, detail = _why_no_birthday_coupon(offers, outcome, held)
        yield NotApplied(offer="birthday_coupon", code=code, detail=detail)
    if not outcome.points:
        code, detail = _why_no_points(offers, outcome, policy)
        yield NotApplied(offer="points", code=code, detail=detail)


def _why_no_member_day(offers: Offered, outcome: Outcome, policy: Policy) -> tuple[str, str] | None:
    zone = [line for line in offers.prices.lines if line.product.member_zone]
    if not zone:
        return "no_zone_products", "No product of the member zone is in the cart."
    if offers.tier.member_day_rate is None:
        return "tier_without_rate", f"Tier {offers.tier.code} has no member-day price."
    if not offers.member_day:
        day = calendar.next_member_day(offers.shopper.at, policy.member_day.day, policy.zone)
        return "not_member_day", f"The next member day is {day.isoformat()}."
    if outcome.is_exclusive:
        return EXCLUDED_BY_COUPON, f"The {_exclusive_name(outcome)} excludes every other offer."
    prices = {line.price_of for line in zone}
    if MEMBER_DAY_PRICE not in prices and any(line.campaign is not None for line in zone):
        return NOT_CHEAPER, "Campaigns make lower prices than the member day."
    return None


def _why_no_birthday_coupon(offers: Offered, outcome: Outcome, coupon: Coupon | None) -> tuple[str, str]:
    asked = offers.cart.coupon
    if asked != BEST and (asked == NO_COUPON or coupon is None or asked != coupon.coupon_id):
        return NOT_REQUESTED, "The coupon was not asked for."
    if offers.asks_points:
        return EXCLUDED_BY_POINTS, "Points in the same order exclude the coupon."
    if coupon is None:
        return "no_coupon", "You have no birthday coupon at this time."
    if coupon.order_id is not None:
        return "coupon_used", "Your birthday coupon has been used."
    code = birthday.why_not(coupon, list_goods_fen=offers.list_goods_fen, at=offers.shopper.at)
    if code is not None:
        return code, sentences.why_no_birthday_coupon(code, coupon)
    code = _why_not_beside(outcome, exclusive=True) or NOT_CHEAPER
    return code, sentences.of_coupon(code)


def _why_no_points(offers: Offered, outcome: Outcome, policy: Policy) -> tuple[str, str]:
    if offers.cart.points == 0:
        return NOT_REQUESTED, "No points were asked to be redeemed."
    if outcome.is_exclusive:
        return EXCLUDED_BY_COUPON, f"The {_exclusive_name(outcome)} excludes every other offer."
    step, held = policy.points.redeem_step, offers.shopper.points
    if held < step:
        return "too_few_points", f"Points are redeemed in steps of {step}; you have {held}."
    if not outcome.combination.with_points:
        return EXCLUDED_BY_CAMPAIGN, "A campaign in the same order excludes points."
    return "points_exceed_order", f"{step} points are worth more than the order."


def _exclusive_name(outcome: Outcome) -> str:
    is_of_template = outcome.coupon is not None and isinstance(outcome.coupon.coupon, TemplateCoupon)
    return "coupon" if is_of_template else "birthday coupon"


def _of_campaign(campaign_id: str, reason: Reason) -> NotApplied:
    return NotApplied(
        offer="campaign",
        code=reason.code,
        detail=sentences.of_campaign(reason),
        campaign_id=campaign_id,
        missing_fen=reason.missing_fen,
    )


def _of_line_offer(offers: Offered, outcome: Outcome, available: Available) -> Iterator[NotApplied]:
    """Give what is not used of a line offer: lines that a flash cannot price, or all of it (V2, V13)."""
    campaign_id = available.campaign.campaign_id
    prices_lines = any(used.campaign.campaign_id == campaign_id for used in offers.prices.used)
    if prices_lines and outcome.is_exclusive:
        yield _of_campaign(campaign_id, Reason(EXCLUDED_BY_COUPON))
        return
    code = why_closed(available, offers.tier.code)
    if code is None and campaign_id in offers.prices.left:
        code = BUDGET_SPENT
    if code is not None:
        yield _of_campaign(campaign_id, Reason(code))
        return
    misfits = [misfit for misfit in offers.prices.misfits if misfit.campaign_id == campaign_id]
    for misfit in misfits:
        yield NotApplied(
            offer="campaign",
            code=misfit.code,
            detail=sentences.of_flash(misfit.code, misfit.may_have),
            campaign_id=campaign_id,
            sku=misfit.sku,
            may_have=misfit.may_have,
        )
    if not misfits and not prices_lines:
        yield _of_campaign(campaign_id, Reason(EXCLUDED_BY_COUPON if outcome.is_exclusive else NOT_CHEAPER))


def _why_no_order_offer(offers: Offered, outcome: Outcome, offer: OrderOffer) -> Reason:
    asked = offers.cart.campaigns
    if asked == NO_CAMPAIGNS or (asked != BEST and offer.campaign_id not in asked):
        return Reason(NOT_REQUESTED)
    if offer.barred is not None:
        return offer.barred
    used = outcome.combination.offers
    if not gift_fits(offer, [other for other in used if other.group != offer.group], offers.shelf):
        return Reason(GIFT_OUT_OF_STOCK)
    if offer.by_itself is not None:
        return offer.by_itself
    if offer.group in {other.group for other in used}:
        return Reason(OTHER_OF_GROUP)
    campaign = offer.available.campaign
    if outcome.is_exclusive or (outcome.coupon is not None and not campaign.with_coupons):
        return Reason(EXCLUDED_BY_COUPON)
    if outcome.points and not campaign.with_points:
        return Reason(EXCLUDED_BY_POINTS)
    if offers.names_coupon and _bars_named_coupon(offers, outcome, offer):
        return Reason(EXCLUDED_BY_COUPON)
    return Reason(NOT_CHEAPER)


def _bars_named_coupon(offers: Offered, outcome: Outcome, offer: OrderOffer) -> bool:
    """Tell whether the coupon, which is kept, could not be used with one order offer more (V8)."""
    combination, _ = offers.together([*outcome.combination.offers, offer])
    return combination.coupon_fen(offers.coupons[0]) == 0


def _why_no_coupon(offers: Offered, outcome: Outcome, coupon: TemplateCoupon) -> Reason:
    if offers.cart.coupon != BEST:
        return Reason(NOT_REQUESTED)
    reason = _why_not_by_itself(offers, outcome, coupon)
    if reason is not None and reason.code == BELOW_THRESHOLD:
        return reason
    if coupon.worth.exclusive and outcome.points:
        return Reason(EXCLUDED_BY_POINTS)
    return Reason(_why_not_beside(outcome, exclusive=coupon.worth.exclusive) or NOT_CHEAPER)


def _why_not_by_itself(offers: Offered, outcome: Outcome, coupon: TemplateCoupon) -> Reason | None:
    """Return why a coupon cannot be used on what the chosen campaigns leave of its base.

    Where they bar coupons, what counts is what there is without them (V13).
    """
    if coupon.worth.exclusive:
        return next(each.reason for each in offers.exclusive if each.coupon is coupon)
    offer = next(each for each in offers.coupons if each.coupon is coupon)
    if not outcome.combination.with_coupons:
        return offer.why_not(offer.base.sum_fen)
    return outcome.combination.why_no_coupon(offer)


def _why_not_beside(outcome: Outcome, *, exclusive: bool) -> str | None:
    """Return which of the offers that are used excludes a coupon (V7, V8)."""
    bars = bool(outcome.combination.offers) if exclusive else not outcome.combination.with_coupons
    if bars:
        return EXCLUDED_BY_CAMPAIGN
    return None if outcome.coupon is None else OTHER_COUPON
