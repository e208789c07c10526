"""What an order offer would do for a cart by itself: what it counts, takes or adds, or why not (V4-V6)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.catalog.products import WITHDRAWN, Product
from functions.offers.bases import Base, Countable, base_of
from functions.offers.campaigns import Available
from functions.offers.conditions import (
    BELOW_THRESHOLD,
    BUDGET_SPENT,
    GIFT_OUT_OF_STOCK,
    Reason,
    passes_budget,
    why_closed,
)
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms
from functions.offers.line_prices import PricedLine

BARS_COUPONS, BARS_POINTS = 1, 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderOffer:
    """An order offer over the lines of a cart.

    It takes ``off_fen`` off its base if no other offer does, or adds units of ``gift``, worth ``gift_fen`` at
    list price.
    ``barred`` says why it cannot be used, whatever else is. What it takes may still pass its budget, unless
    it is cut (V5, V14).
    """

    available: Available
    base: Base
    off_fen: int
    gift: Product | None
    gift_fen: int
    barred: Reason | None

    @property
    def campaign_id(self) -> str:
        """Its campaign's id."""
        return self.available.campaign.campaign_id

    @property
    def group(self) -> str:
        """Its group, of which an order takes one at most; by default its kind (V5)."""
        campaign = self.available.campaign
        return campaign.kind if campaign.group is None else campaign.group

    @property
    def bars(self) -> int:
        """What does not go with it: :data:`BARS_COUPONS`, :data:`BARS_POINTS`, both or neither (V7)."""
        campaign = self.available.campaign
        of_coupons = 0 if campaign.with_coupons else BARS_COUPONS
        return of_coupons if campaign.with_points else of_coupons | BARS_POINTS

    @property
    def by_itself(self) -> Reason | None:
        """Why it could not be used if no other offer was, or None (V13)."""
        if self.barred is None and passes_budget(self.available, self.off_fen):
            return Reason(BUDGET_SPENT)
        return self.barred


class Shelf:
    """What the units that an order buys leave of the stock, for gifts (V6)."""

    def __init__(self, lines: Iterable[PricedLine], products: Mapping[str, Product]) -> None:
        self._lines = lines
        self._products = products

    def product(self, sku: str) -> Product | None:
        """Return a product that is sold, if there is one."""
        product = self._products.get(sku)
        return None if product is None or product.status == WITHDRAWN else product

    def has(self, sku: str, units: int) -> bool:
        """Tell whether so many units of a product are left."""
        product = self.product(sku)
        if product is None:
            return False
        bought = sum(
            [line.quantity for line in self._lines if line.product.sku == sku and line.is_of_the_shelf]
        )
        return product.stock - bought >= units


def order_offer(available: Available, lines: Sequence[Countable], tier: str, shelf: Shelf) -> OrderOffer:
    """Return what a running order offer would do for the lines that it may count (V4, V6).

    Raises
    ------
    ValueError
        The campaign is a line offer.
    """
    campaign = available.campaign
    terms = campaign.terms
    if not isinstance(terms, SpendSaveTerms | GiftTerms):
        raise ValueError(f"{campaign.campaign_id} is no order offer")
    base = base_of(campaign.scope, lines)
    off_fen = gift_fen = 0
    gift: Product | None = None
    closed = why_closed(available, tier)
    barred = None if closed is None else Reason(closed)
    if barred is None and base.sum_fen < terms.from_fen:
        barred = Reason(BELOW_THRESHOLD, missing_fen=terms.from_fen - base.sum_fen)
    if isinstance(terms, SpendSaveTerms):
        off_fen = terms.off_fen(base.sum_fen)
    else:
        gift = shelf.product(terms.sku)
        gift_fen = 0 if gift is None else gift.price_fen * terms.quantity
        if barred is None and not shelf.has(terms.sku, terms.quantity):
            barred = Reason(GIFT_OUT_OF_STOCK)
        if barred is None and passes_budget(available, gift_fen):
            barred = Reason(BUDGET_SPENT)
    return OrderOffer(
        available=available,
        base=base,
        off_fen=off_fen,
        gift=gift,
        gift_fen=gift_fen,
        barred=barred,
    )


def gift_fits(offer: OrderOffer, others: Iterable[OrderOffer], shelf: Shelf) -> bool:
    """Tell whether the stock suffices for an offer's gift, if it has one, beside those of others (V6)."""
    terms = offer.available.campaign.terms
    if not isinstance(terms, GiftTerms):
        return True
    units = terms.quantity
    for other in others:
        gift = other.available.campaign.terms
        if isinstance(gift, GiftTerms) and gift.sku == terms.sku:
            units += gift.quantity
    return shelf.has(terms.sku, units)
