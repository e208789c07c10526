"""What each line costs (V1-V3): the lowest price of all line offers."""

from fractions import Fraction

from tests.oracle.calendar import is_member_day
from tests.oracle.offer_shapes import OfferCart, Prices, Running
from tests.oracle.tables import RULES, Rules, rhu


def priced(cart: OfferCart, rules: Rules = RULES) -> Prices:
    """V1: the lowest price of each line; who would pass a limit leaves, the greatest id first.

    A line offer is used if a line has its price.
    """
    gone: set[str] = set()
    while True:
        best = [_lowest(cart, place, gone, rules) for place in range(len(cart.lines))]
        given: dict[str, int] = {}
        for (sku, quantity), (unit, _, campaign_id) in zip(cart.lines, best, strict=True):
            if campaign_id:
                off = (cart.goods[sku].price_fen - unit) * quantity
                given[campaign_id] = given.get(campaign_id, 0) + off
        passing = [one for one in given if _would_pass(running_of(cart, one), given[one])]
        if not passing:
            break
        gone.add(max(passing))
    units = tuple(unit for unit, _, _ in best)
    return Prices(
        units=units,
        of=tuple(campaign_id or ("list", "member_day")[kind_order] for _, kind_order, campaign_id in best),
        counted=tuple(not one or running_of(cart, one).stacks for _, _, one in best),
        amounts=tuple(unit * quantity for unit, (_, quantity) in zip(units, cart.lines, strict=True)),
        gone=frozenset(gone),
    )


def list_prices(cart: OfferCart) -> Prices:
    """P4, V8: with an exclusive coupon everything costs its list price, and counts."""
    units = tuple(cart.goods[sku].price_fen for sku, _ in cart.lines)
    return Prices(
        units=units,
        of=("list",) * len(units),
        counted=(True,) * len(units),
        amounts=tuple(unit * quantity for unit, (_, quantity) in zip(units, cart.lines, strict=True)),
    )


def _lowest(cart: OfferCart, place: int, gone: set[str], rules: Rules) -> tuple[int, int, str]:
    """V1: unit price, order of the kind in a tie, and campaign, of the line's lowest price."""
    sku, quantity = cart.lines[place]
    goods = cart.goods[sku]
    found = [(goods.price_fen, 0, "")]
    rate = rules.row(cart.tier).member_day_rate
    if goods.zone and rate is not None and is_member_day(cart.moment, rules):
        found.append((rhu(goods.price_fen * Fraction(rate)), 1, ""))
    for one in cart.running:
        if one.campaign_id in gone or not for_tier(cart, one) or not touches_sku(cart, one, sku):
            continue
        if one.kind == "discount":
            assert one.rate is not None
            found.append((rhu(goods.price_fen * Fraction(one.rate)), 2, one.campaign_id))
        if one.kind == "flash" and flash_fault(one, sku, quantity) is None:
            found.append((one.prices[sku], 3, one.campaign_id))
    return min(found)


def flash_fault(flash: Running, sku: str, quantity: int) -> tuple[str, int] | None:
    """V2: why a line of so many is not at the flash's price, and how many the member may have; None if it is.

    Room left: what `may_have` says where both are too few. Taken: the lesser, which would be priced.
    """
    allowance = max(0, flash.per_member - flash.has.get(sku, 0))
    left = max(0, flash.units_left.get(sku, 0))
    if quantity > allowance:
        return "flash_member_limit", min(allowance, left)
    if quantity > left:
        return "flash_sold_out", left
    return None


def touches_sku(cart: OfferCart, campaign: Running, sku: str) -> bool:
    """Whether a campaign covers a sku; a flash covers its items."""
    if campaign.kind == "flash":
        return sku in campaign.prices
    return (sku, cart.goods[sku].zone) in campaign.covers


def touches(cart: OfferCart, campaign: Running) -> bool:
    """V13: whether a campaign touches a sku of the cart."""
    return any(touches_sku(cart, campaign, sku) for sku, _ in cart.lines)


def running_of(cart: OfferCart, campaign_id: str) -> Running:
    """The campaign of this id."""
    return next(one for one in cart.running if one.campaign_id == campaign_id)


def for_tier(cart: OfferCart, campaign: Running) -> bool:
    """Whether a campaign is for the member's tier."""
    return campaign.tiers is None or cart.tier in campaign.tiers


def _would_pass(campaign: Running, given_fen: int) -> bool:
    """V14: whether an order that is given so much would pass a limit or the budget."""
    used_up = any(
        left is not None and left < 1 for left in (campaign.orders_left, campaign.member_orders_left)
    )
    return used_up or (campaign.budget_left_fen is not None and given_fen > campaign.budget_left_fen)
