"""Which order offers lose lines to a line offer that keeps its lines out of their base (V3)."""

from collections.abc import Iterable

from functions.domain.scope import Scope
from functions.offers.campaigns import ACTIVE, Campaign


def losing_lines_to(campaign: Campaign, others: Iterable[Campaign]) -> tuple[str, ...]:
    """Return the order offers that run while a line offer does which does not stack, and may count its lines.

    Which products are in the zone changes from day to day, so that of two scopes of which one goes by it, and
    the other by skus, both may count the same.
    """
    if not campaign.terms.is_line_offer or campaign.stacks or campaign.status != ACTIVE:
        return ()
    return tuple(
        each.campaign_id
        for each in others
        if not each.terms.is_line_offer
        and each.status == ACTIVE
        and each.starts_at < campaign.ends_at
        and campaign.starts_at < each.ends_at
        and (each.tiers is None or campaign.tiers is None or each.tiers & campaign.tiers)
        and _may_share(each.scope, campaign.scope)
    )


def warning(losing: Iterable[str]) -> str | None:
    """Return what staff are told of it, None where there is nothing to tell."""
    names = ", ".join(losing)
    if not names:
        return None
    return (
        f"Lines at its price do not count for {names}, nor for coupons: who would reach a threshold with "
        "them may pay more than without it."
    )


def _may_share(one: Scope, other: Scope) -> bool:
    left_out = one.except_skus | other.except_skus
    if one.skus is not None and other.skus is not None:
        return bool((one.skus & other.skus) - left_out)
    named = one.skus if one.skus is not None else other.skus
    return named is None or bool(named - left_out)
