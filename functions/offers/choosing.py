"""Which of the offers that a cart asks for are used (V12): what cannot be is refused, the rest searched."""

from collections.abc import Iterable, Sequence
from typing import Any

from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy
from functions.offers import sentences
from functions.offers.best import Charges, Outcome, Search
from functions.offers.combinations import Combination, Draft, drafts
from functions.offers.conditions import (
    EXCLUDED_BY_COUPON,
    EXCLUDED_BY_POINTS,
    NOT_FOUND,
    OTHER_OF_GROUP,
    Reason,
)
from functions.offers.offered import Offered
from functions.offers.order_offers import OrderOffer
from functions.offers.quotes import BEST, NO_CAMPAIGNS


def choose(offers: Offered, policy: Policy) -> Outcome:
    """Return what the order uses and comes to: the lowest paid amount of all that the cart allows.

    Raises
    ------
    RefusalError
        ``campaign_not_applicable``, ``coupon_not_applicable``, ``points_step``, ``points_exceed_order``,
        ``insufficient_points``, in this order.
    """
    cart, points_held, rules = offers.cart, offers.shopper.points, policy.points
    asked = () if cart.campaigns in (BEST, NO_CAMPAIGNS) else cart.campaigns
    fewest = _exactly(offers, asked)
    if offers.names_coupon:
        _check_coupon(offers, fewest)
    if cart.points != BEST and cart.points % rules.redeem_step:
        raise InvalidError("points_step", f"Points are redeemed in steps of {rules.redeem_step}.")
    most = min(rules.redeem_max_points, points_held)
    search = Search(
        Charges(
            free_shipping_from_fen=offers.tier.free_shipping_from_fen,
            fee_fen=policy.shipping.fee_fen,
            points=cart.points,
            points_max=most - most % rules.redeem_step,
            points_step=rules.redeem_step,
            points_per_yuan=rules.redeemed_per_yuan,
        )
    )
    _search(search, offers, fewest)
    best = search.best
    if best is None:
        raise InvalidError("points_exceed_order", "The points are worth more than the order.")
    if best.points > points_held:
        raise ConflictError("insufficient_points", f"You can redeem {points_held} points.")
    return best


def excluded(offers: Offered, offer: OrderOffer) -> Reason | None:
    """Return why an order offer cannot go with the coupon and the points that the cart names (V7, V8)."""
    campaign = offer.available.campaign
    if offers.names_coupon and (offers.exclusive or not campaign.with_coupons):
        return Reason(EXCLUDED_BY_COUPON)
    return Reason(EXCLUDED_BY_POINTS) if offers.asks_points and not campaign.with_points else None


def _search(search: Search, offers: Offered, fewest: Combination) -> None:
    """Look at all that the cart allows; ``fewest`` are the order offers that it insists on."""

    def realised(draft: Draft) -> Combination | None:
        if draft.offers == fewest.offers:
            return fewest
        combination, reasons = offers.together(draft.offers)
        return None if reasons else combination

    if not (offers.names_coupon and offers.exclusive):
        search.over_drafts(
            _drafts(offers, fewest),
            realised,
            offers.coupons,
            offers.goods_fen,
            without_coupon=not offers.names_coupon,
        )
    if not offers.asks_points and not fewest.offers:
        usable = [each for each in offers.exclusive if each.reason is None]
        search.over_exclusive(usable, fewest, offers.list_goods_fen)


def _drafts(offers: Offered, fewest: Combination) -> Iterable[Iterable[Draft]]:
    """Return what may be the order's combination of order offers (V12)."""
    if offers.cart.campaigns == BEST:
        return drafts(
            [each for each in offers.order_offers if each.barred is None and not excluded(offers, each)]
        )
    return [[Draft(fewest.taken_fen, fewest.bars, fewest.offers)]]


def _exactly(offers: Offered, asked: Sequence[str]) -> Combination:
    """Return the combination of exactly these order offers, or refuse the first that cannot be (V12)."""
    known = {offer.campaign_id: offer for offer in offers.order_offers} if asked else {}
    reasons: dict[str, Reason] = {}
    possible: dict[str, OrderOffer] = {}
    for campaign_id in asked:
        offer = known.get(campaign_id)
        if offer is None:
            reasons[campaign_id] = Reason(NOT_FOUND)
            continue
        reason = offer.barred
        if reason is None and possible.get(offer.group, offer) is not offer:
            reason = offer.by_itself or Reason(OTHER_OF_GROUP)
        if reason is None and excluded(offers, offer) is not None:
            reason = offer.by_itself or excluded(offers, offer)
        if reason is None:
            possible[offer.group] = offer
        else:
            reasons[campaign_id] = reason
    combination, together = offers.together(possible.values())
    reasons |= together
    for campaign_id in asked:
        if campaign_id in reasons:
            reason = reasons[campaign_id]
            raise InvalidError(
                "campaign_not_applicable",
                sentences.of_campaign(reason),
                campaign_id=campaign_id,
                **_facts(reason),
            )
    return combination


def _check_coupon(offers: Offered, fewest: Combination) -> None:
    """Refuse the coupon that the cart names if what order offers leave of its base is too little (V8, V12).

    The fewest leave the most of it.
    """
    reason = offers.exclusive[0].reason if offers.exclusive else fewest.why_no_coupon(offers.coupons[0])
    if reason is not None:
        detail = sentences.of_coupon(reason.code, reason.missing_fen)
        raise InvalidError("coupon_not_applicable", detail, **_facts(reason))


def _facts(reason: Reason) -> dict[str, Any]:
    missing = {} if reason.missing_fen is None else {"missing_fen": reason.missing_fen}
    return {"reason": reason.code, **missing}
