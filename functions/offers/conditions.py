"""Whom and what a running campaign is for, and what bars it whatever else an order uses (V13, V14)."""

from dataclasses import dataclass

from functions.catalog.products import Product
from functions.offers.campaigns import Available, Campaign
from functions.offers.kinds.flash import FlashTerms

NOT_FOUND = "not_found"
NOT_REQUESTED = "not_requested"
TIER = "tier"
LIMIT_REACHED = "limit_reached"
MEMBER_LIMIT_REACHED = "member_limit_reached"
BUDGET_SPENT = "budget_spent"
FLASH_MEMBER_LIMIT = "flash_member_limit"
FLASH_SOLD_OUT = "flash_sold_out"
BELOW_THRESHOLD = "below_threshold"
GIFT_OUT_OF_STOCK = "gift_out_of_stock"
OTHER_OF_GROUP = "other_of_group"
OTHER_COUPON = "other_coupon"
EXCLUDED_BY_COUPON = "excluded_by_coupon"
EXCLUDED_BY_CAMPAIGN = "excluded_by_campaign"
EXCLUDED_BY_POINTS = "excluded_by_points"
NOT_CHEAPER = "not_cheaper"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an offer is not used: a code, and how much is missing of a threshold if that is why."""

    code: str
    missing_fen: int | None = None


def covers(campaign: Campaign, product: Product) -> bool:
    """Tell whether a campaign counts or prices a product; a flash does its items (V1, V2, V4)."""
    if isinstance(campaign.terms, FlashTerms):
        return product.sku in campaign.terms.items
    return campaign.scope.covers(product.sku, member_zone=product.member_zone)


def why_closed(available: Available, tier: str) -> str | None:
    """Return why a campaign is closed to a member of this tier, whatever they buy, or None (V13, V14)."""
    tiers = available.campaign.tiers
    if tiers is not None and tier not in tiers:
        return TIER
    if _is_spent(available.orders_left):
        return LIMIT_REACHED
    if _is_spent(available.member_orders_left):
        return MEMBER_LIMIT_REACHED
    return BUDGET_SPENT if _is_spent(available.budget_left_fen) else None


def passes_budget(available: Available, given_fen: int) -> bool:
    """Tell whether an order that gives so much would pass what is left of a campaign's budget (V14)."""
    return available.budget_left_fen is not None and given_fen > available.budget_left_fen


def _is_spent(left: int | None) -> bool:
    return left is not None and left <= 0
