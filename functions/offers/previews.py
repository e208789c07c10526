"""What a campaign would make of a cart, before anybody puts it: a pure function (K1)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from functions.catalog.products import Product
from functions.domain.policy import Policy
from functions.offers.campaigns import ACTIVE, Available, Campaign
from functions.offers.kinds.flash import FlashTerms
from functions.offers.left import touching
from functions.offers.pricing import price
from functions.offers.quotes import Cart, Quote, Shopper


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A cart's quotes without and with what staff are about to say of a campaign."""

    before: Quote
    after: Quote


def untouched(campaign: Campaign) -> Available:
    """Return a campaign of which nobody has had anything yet."""
    limits, terms = campaign.limits, campaign.terms
    items = terms.items if isinstance(terms, FlashTerms) else {}
    return Available(
        campaign=campaign,
        orders_left=limits.orders,
        member_orders_left=limits.per_member,
        budget_left_fen=limits.budget_fen,
        units_left={sku: item.units for sku, item in items.items()},
    )


def preview(
    campaign: Campaign,
    cart: Cart,
    *,
    others: Iterable[Campaign],
    products: Mapping[str, Product],
    tier: str,
    at: datetime,
    policy: Policy,
) -> Preview:
    """Price a cart without and with a campaign, for a member of a tier who has no coupons and no points.

    Parameters
    ----------
    campaign
        As it would be put. Whether it is paused does not matter: it is priced as if it were active.
    others
        All that there are; one with its id is what it replaces, and counts before and not after. Of each,
        nothing has been used: what is left of it for a member is not this function's to know.
    products
        Those of the cart and of the gifts, by sku.

    Raises
    ------
    InvalidError
        What :func:`functions.offers.pricing.price` refuses.
    """
    skus = [line.sku for line in cart.lines]
    there = [each for each in others if each.campaign_id != campaign.campaign_id]
    replaced = [each for each in others if each.campaign_id == campaign.campaign_id]

    def quote(campaigns: Iterable[Campaign]) -> Quote:
        available = tuple(map(untouched, touching(campaigns, skus, at)))
        return price(cart, products, Shopper(tier=tier, at=at, campaigns=available), policy)

    def by_id(campaigns: Iterable[Campaign]) -> list[Campaign]:
        return sorted(campaigns, key=lambda each: each.campaign_id)

    return Preview(
        before=quote(by_id([*there, *replaced])),
        after=quote(by_id([*there, replace(campaign, status=ACTIVE)])),
    )
