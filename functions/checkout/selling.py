"""At which quote an order is placed on what was read, and from which rows it takes what it needs (O1)."""

from collections import Counter as Units
from collections.abc import Mapping
from dataclasses import dataclass

from functions.catalog.products import insufficient_stock
from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.checkout.basis import Basis
from functions.checkout.picking import Picked, Picking, TooLittleError, Want, Wants
from functions.checkout.placing import Placing
from functions.counters.counter import Counter
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy
from functions.offers.counting import budget_counter, orders_counter
from functions.offers.quotes import Quote
from functions.orders.given import given
from functions.platform.deadline import Deadline
from functions.platform.dynamo import TRANSACTION_ACTIONS_MAX
from functions.platform.trail import ACTIONS_OF_A_RECORD

REPRICED_MAX = 34
"""How often an order is priced anew since less of an offer is left than was thought: 32 run at once."""
ORDER_ACTIONS = 9 + ACTIONS_OF_A_RECORD
"""Actions of an order beside what it takes from counters and counts: its row, those of wallet, coupon and
uses. As many as when all of it comes back by an id, with points of two years, one of which has expired, and
staff do it, which leaves a record (K7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """An order's quote, and what it takes from which rows."""

    quote: Quote
    wants: Wants
    picked: Picked
    basis: Basis


def sold_at(
    basis: Basis, placing: Placing, policy: Policy, picking: Picking, table: str, deadline: Deadline
) -> Sold:
    """Return what a request's order is placed at on this basis.

    Where all rows of a campaign's counter have too little together, at one moment, the order is priced
    without what is not there; so is a gift that is not there.

    Raises
    ------
    RefusalError
        What the pricing refuses; ``insufficient_stock``; ``quote_changed``: the order would charge another
        amount, or have other gifts, than expected.
    """
    for _ in range(REPRICED_MAX):
        quote = basis.priced(placing.cart, placing.placed_at, policy)
        check_fits(quote)
        wanted = wants(quote, basis, table)
        unexpected = basis.check_as_expected(placing, quote)
        try:
            picked = picking.pick(wanted, deadline, surely=unexpected is not None)
        except TooLittleError as short:
            _check_bought(quote, short.there)
            basis = basis.knowing(short.there)
            continue
        if unexpected is not None:
            raise unexpected
        return Sold(quote=quote, wants=wanted, picked=picked, basis=basis)
    raise ConflictError("conflict", "The offers change too fast; send the same request again.")


def check_fits(quote: Quote) -> None:
    """Refuse a cart whose order would not fit into one transaction, as it is quoted.

    Raises
    ------
    InvalidError
        ``too_many_offers``.
    """
    used = given(quote)
    flashed = {(campaign_id, sku) for campaign_id, each in used.items() for sku in each.units}
    # A line has one price, and so its units are the shelf's or a flash's; gifts are the shelf's (V2, V6).
    shelves = {line.sku for line in quote.lines if (line.price_of, line.sku) not in flashed}
    counters = len(shelves) + len(flashed)
    if ORDER_ACTIONS + counters + _ACTIONS_OF_CAMPAIGN * len(used) > TRANSACTION_ACTIONS_MAX:
        raise InvalidError(
            "too_many_offers", "So many products of so many campaigns do not fit into one order: split it."
        )


_ACTIONS_OF_CAMPAIGN = 3
"""Actions that a campaign adds to an order: on its figures, and on its limits of orders and money."""


def wants(quote: Quote, basis: Basis, table: str) -> Wants:
    """Return what an order takes from counters: units of stock and flash sales, and of limits.

    Units that a flash sells come from the flash's own, and not from the shelf (V2).
    """
    shelf: Units[str] = Units()
    found: list[Want] = []
    flashed: Units[str] = Units()
    for campaign_id, each in given(quote).items():
        for sku, units in each.units.items():
            flashed[sku] += units
            terms = basis.products[sku].spread.terms
            found.append(_wanted(basis, counter_of_units(table, sku, campaign_id), units, terms))
        limits = basis.limits_of(campaign_id)
        if limits.orders is not None:
            found.append(_wanted(basis, orders_counter(table, campaign_id), 1))
        if limits.budget_fen is not None and each.given_fen:
            found.append(_wanted(basis, budget_counter(table, campaign_id), each.given_fen))
    for line in quote.lines:
        shelf[line.sku] += line.quantity
    shelf -= flashed
    for sku, units in shelf.items():
        product = basis.products[sku]
        stock = counter_of(table, sku)
        found.append(
            Want(
                counter=stock,
                spread=product.spread,
                there=product.stock,
                amount=units,
                terms=product.spread.terms,
            )
        )
    return {want.name: want for want in found}


def _wanted(basis: Basis, counter: Counter, amount: int, terms: int | None = None) -> Want:
    spread = basis.left.spread(counter)
    return Want(
        counter=counter,
        spread=spread,
        there=basis.left.amount(counter),
        amount=amount,
        terms=spread.terms if terms is None else terms,
    )


def _check_bought(quote: Quote, there: Mapping[str, int]) -> None:
    """Refuse an order whose bought units are not there, whatever is of its gifts.

    Raises
    ------
    ConflictError
        ``insufficient_stock``, with how many of each the cart could have.
    """
    wanted: Units[str] = Units()
    for line in quote.lines:
        if line.gift_of is None and line.sku in there:
            wanted[line.sku] += line.quantity
    bought = Units(wanted)
    for each in given(quote).values():
        bought.subtract({sku: units for sku, units in each.units.items() if sku in there})
    missing = {sku: units - there[sku] for sku, units in bought.items() if units > there[sku]}
    if missing:
        raise insufficient_stock(list(missing), {sku: wanted[sku] - missing[sku] for sku in missing})
