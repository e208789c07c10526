"""What a unit of each line costs: the lowest of list, member day, discounts and flash sales (P2, V1-V3)."""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from functions.catalog.products import Product
from functions.domain import calendar
from functions.domain.money import rated
from functions.domain.policy import Policy
from functions.offers.campaigns import Available
from functions.offers.conditions import (
    FLASH_MEMBER_LIMIT,
    FLASH_SOLD_OUT,
    covers,
    passes_budget,
    why_closed,
)
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashTerms
from functions.offers.quotes import LIST_PRICE, MEMBER_DAY_PRICE, CartLine

_Price = tuple[int, int, str]
"""A unit's price, the rank of what it is of, and what it is of: the least of several counts (V1)."""
_LIST, _MEMBER_DAY, _DISCOUNT, _FLASH = range(4)


def member_rate(tier: str, at: datetime, policy: Policy) -> Fraction | None:
    """Return the factor of zone products' prices for a member of this tier at this moment (P2).

    None outside the member day, and for tiers without a rate: list price.
    """
    rate = policy.tier(tier).member_day_rate
    if rate is None or not calendar.is_member_day(at, policy.member_day.day, policy.zone):
        return None
    return Fraction(rate)


def member_price_fen(product: Product, rate: Fraction | None) -> int:
    """Return the unit price of a product where zone products cost ``rhu(list * rate)`` (P2)."""
    if rate is None or not product.member_zone:
        return product.price_fen
    return rated(product.price_fen, rate)


class PricedLine(NamedTuple):
    """A line of a cart at its unit price; ``campaign`` is the one whose price it is, if it is one's."""

    product: Product
    quantity: int
    unit_price_fen: int
    price_of: str
    campaign: Available | None
    amount_fen: int

    @property
    def stacks(self) -> bool:
        """Whether order offers and coupons may count it (V3)."""
        return self.campaign is None or self.campaign.campaign.stacks

    @property
    def is_of_the_shelf(self) -> bool:
        """Whether its units are the shelf's, not those of a flash (V2)."""
        return self.campaign is None or not isinstance(self.campaign.campaign.terms, FlashTerms)


class Misfit(NamedTuple):
    """A line with more units than its member may have of a flash, whose price it would else have (V2)."""

    campaign_id: str
    code: str
    sku: str
    may_have: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePrices:
    """A cart's lines at their prices.

    ``used`` are the line offers that price any of them, by ascending id; ``left`` the ids of those that left
    the whole order, which would pass their budget (V1); ``misfits`` the lines that a flash does not price.
    """

    lines: tuple[PricedLine, ...]
    used: tuple[Available, ...] = ()
    left: frozenset[str] = frozenset()
    misfits: tuple[Misfit, ...] = ()


def price_lines(
    lines: Sequence[CartLine],
    products: Mapping[str, Product],
    campaigns: Iterable[Available],
    tier: str,
    rate: Fraction | None,
) -> LinePrices:
    """Price the lines of a cart for a member of a tier, by all line offers among the campaigns that run (V1).

    A line offer whose budget the order would pass leaves it, and the lines are priced anew. Whichever of
    several goes first, the same remain in the end: with others gone an offer prices no line less, and so what
    passed its budget still does.

    Parameters
    ----------
    rate
        The member day's, as :func:`member_rate` says.
    """
    goods = [products[line.sku] for line in lines]
    own = [_own_price(product, rate) for product in goods]
    offers: dict[str, Available] = {}
    fitting: list[tuple[int, _Price]] = []
    misfits: list[tuple[int, _Price, Misfit]] = []
    for available in campaigns:
        if not available.campaign.terms.is_line_offer or why_closed(available, tier) is not None:
            continue
        offers[available.campaign.campaign_id] = available
        for place, product in enumerate(goods):
            offered = _offered(available, product)
            if offered is None:
                continue
            misfit = _misfit(available, lines[place])
            if misfit is None:
                fitting.append((place, offered))
            else:
                misfits.append((place, offered, misfit))
    left: set[str] = set()
    chosen = _lowest(own, fitting, left)
    while passing := _passing(chosen, lines, goods, offers):  # each time fewer offers are left
        left |= passing
        chosen = _lowest(own, fitting, left)
    priced = tuple(
        [
            PricedLine(product, line.quantity, fen, price_of, offers.get(price_of), fen * line.quantity)
            for product, line, (fen, _, price_of) in zip(goods, lines, chosen, strict=True)
        ]
    )
    if not offers:
        return LinePrices(lines=priced)
    prices_of = {line.price_of for line in priced}
    return LinePrices(
        lines=priced,
        used=tuple([offers[each] for each in sorted(prices_of & offers.keys())]),
        left=frozenset(left),
        misfits=tuple(
            [
                misfit
                for place, offered, misfit in misfits
                if offered < chosen[place] and misfit.campaign_id not in left
            ]
        ),
    )


def unit_price(
    product: Product, campaigns: Iterable[Available], tier: str, rate: Fraction | None
) -> tuple[int, str]:
    """Return what one unit costs a member of a tier, and what that price is of (V1).

    This is what the catalogue shows: the price of a cart of one unit.
    """
    line = CartLine(sku=product.sku, quantity=1)
    (priced,) = price_lines((line,), {product.sku: product}, campaigns, tier, rate).lines
    return priced.unit_price_fen, priced.price_of


def _own_price(product: Product, rate: Fraction | None) -> _Price:
    """Return the lowest price of a unit that no campaign makes."""
    price_fen = product.price_fen
    if rate is not None and product.member_zone:
        member_fen = member_price_fen(product, rate)
        if member_fen < price_fen:
            return member_fen, _MEMBER_DAY, MEMBER_DAY_PRICE
    return price_fen, _LIST, LIST_PRICE


def _lowest(
    own: Sequence[_Price], fitting: Iterable[tuple[int, _Price]], left: Container[str]
) -> list[_Price]:
    """Return the lowest price of each line, by campaigns that have not left the order (V1)."""
    lowest = list(own)
    for place, offered in fitting:
        if offered < lowest[place] and offered[2] not in left:
            lowest[place] = offered
    return lowest


def _offered(available: Available, product: Product) -> _Price | None:
    """Return the price that a line offer makes for a unit of a product."""
    campaign = available.campaign
    terms = campaign.terms
    if not isinstance(terms, DiscountTerms | FlashTerms) or not covers(campaign, product):
        return None
    unit_price_fen = terms.unit_price_fen(product.sku, product.price_fen)
    rank = _FLASH if isinstance(terms, FlashTerms) else _DISCOUNT
    return None if unit_price_fen is None else (unit_price_fen, rank, campaign.campaign_id)


def _misfit(available: Available, line: CartLine) -> Misfit | None:
    """Return why a flash cannot price a line: it has one unit price, so all units fit or none (V2)."""
    campaign = available.campaign
    if not isinstance(campaign.terms, FlashTerms):
        return None
    units_left = max(0, available.units_left.get(line.sku, 0))
    allowed = max(0, campaign.terms.per_member - available.member_units.get(line.sku, 0))
    may_have = min(allowed, units_left)
    if line.quantity <= may_have:
        return None
    code = FLASH_MEMBER_LIMIT if line.quantity > allowed else FLASH_SOLD_OUT
    return Misfit(campaign.campaign_id, code, line.sku, may_have)


def _passing(
    chosen: Sequence[_Price],
    lines: Sequence[CartLine],
    goods: Sequence[Product],
    offers: Mapping[str, Available],
) -> set[str]:
    """Return the ids of the line offers whose budget lines at these prices would pass (V14)."""
    given_fen = dict.fromkeys(
        [each for each, available in offers.items() if available.budget_left_fen is not None], 0
    )
    if not given_fen:
        return set()
    for line, product, (unit_price_fen, _, price_of) in zip(lines, goods, chosen, strict=True):
        if price_of in given_fen:
            given_fen[price_of] += (product.price_fen - unit_price_fen) * line.quantity
    return {price_of for price_of, fen in given_fen.items() if passes_budget(offers[price_of], fen)}
