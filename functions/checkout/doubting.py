"""What is said to be too little is looked at again: of several rows it is told as of a moment ago (V15).

Something may have come back since then, or staff may have raised a limit. Who has too little by what is told
is not told that it is spent before all rows have been added up.
"""

from collections.abc import Iterator
from contextlib import suppress

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.checkout.basis import Basis
from functions.counters.counter import Counter, Spread, held
from functions.domain.errors import ConflictError
from functions.offers.campaigns import Campaign
from functions.offers.counting import budget_counter, orders_counter
from functions.offers.kinds.flash import FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.quotes import Cart
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables


def made_sure(basis: Basis, cart: Cart, tables: Tables, table: str, deadline: Deadline) -> Basis:
    """Return the basis with what there is, at one moment, of counters that are said to have too little.

    What changes too fast to tell stays as it is said to be.
    """
    there: dict[str, int] = {}
    for campaign in basis.campaigns:
        for counter, spread in _doubted(basis, cart, campaign, table):
            with suppress(ConflictError):
                found = held(tables, counter, deadline, rows=spread.rows)
                there[counter.name] = 0 if found is None else found.total
    return basis.knowing(there) if there else basis


def _doubted(basis: Basis, cart: Cart, campaign: Campaign, table: str) -> Iterator[tuple[Counter, Spread]]:
    """Give the counters in several rows that are said to have less than an order may take of a campaign."""
    units = {line.sku: line.quantity for line in cart.lines if line.sku in basis.products}
    limits, terms, name = campaign.limits, campaign.terms, campaign.campaign_id
    most_fen = sum(basis.products[sku].price_fen * count for sku, count in units.items())
    if isinstance(terms, GiftTerms):
        gift = basis.products.get(terms.sku)
        if gift is None:
            return
        most_fen = gift.price_fen * terms.quantity
        if not gift.spread.is_one and gift.stock < terms.quantity + units.get(terms.sku, 0):
            yield counter_of(table, terms.sku), gift.spread
    wanted: list[tuple[Counter, int]] = []
    if limits.orders is not None:
        wanted.append((orders_counter(table, name), 1))
    if limits.budget_fen is not None:
        wanted.append((budget_counter(table, name), most_fen))
    if isinstance(terms, FlashTerms):
        wanted += [(counter_of_units(table, sku, name), units[sku]) for sku in units if sku in terms.items]
    for counter, amount in wanted:
        spread = basis.left.spread(counter)
        if not spread.is_one and basis.left.amount(counter) < amount:
            yield counter, spread
