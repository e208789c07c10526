"""An order's quote priced once more by the oracle, from what its campaigns and coupon said then."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import product
from typing import Any

from tests.oracle import calendar, pricing, tables
from tests.oracle.offer_lines import list_prices
from tests.oracle.offer_returns import retained_with_offers
from tests.oracle.offer_shapes import Combination, Coupon, Goods, OfferCart, Prices, Running
from tests.oracle.offers import base_of, charge, together
from tests.simulation.script import Violation

Json = dict[str, Any]
AMOUNTS = ("goods_fen", "goods_net_fen", "shipping_fen", "order_amount_fen", "paid_fen", "earns_points")


@dataclass(frozen=True)
class Priced:
    """An order as it was priced, with what offers left of each bought line (V17)."""

    quote: Json

    @property
    def all_quantities(self) -> list[int]:
        """Every unit of every line: what stays before anything came back."""
        return [line["quantity"] for line in self.quote["lines"]]

    @property
    def redeemed_points(self) -> int:
        """The points that it redeemed."""
        return int(self.quote["points"]["redeemed"])

    @property
    def paid_fen(self) -> int:
        """What was to be paid."""
        return int(self.quote["paid_fen"])

    def retained(self, staying: Sequence[int]) -> dict[str, int]:
        """Return what is kept of it while so many of each line stay (O5, V17, V18)."""
        return retained_with_offers(self.quote, staying)


@dataclass(frozen=True)
class Sources:
    """Where to look up what an order names: campaigns by their versions, coupons, and zones of products.

    ``zones`` tells for a sku and its list price what staff have said of it, perhaps both.
    """

    campaign: Callable[[str, int], Running]
    coupon: Callable[[str], Coupon]
    zones: Callable[[str, int], set[bool]]


def priced(name: str, quote: Json, placed_at: datetime, sources: Sources) -> Priced:
    """Price what an order was placed at once more (V1-V8).

    Raises
    ------
    Violation
        It comes to something else, whatever of what was said of its products held.
    """
    bought = [line for line in quote["lines"] if line["gift_of"] is None]
    zones = [sorted(sources.zones(line["sku"], line["list_price_fen"])) for line in bought]
    tried: list[str] = []
    for said in product(*zones):
        try:
            return _priced(quote, bought, said, placed_at, sources)
        except Violation as violation:
            tried.append(str(violation))
    raise Violation("quote", f"{name}: {quote}, {tried or 'prices from nowhere'}")


def _priced(
    quote: Json, bought: Sequence[Json], zones: Sequence[bool], placed_at: datetime, sources: Sources
) -> Priced:
    used = {use["campaign_id"]: use for use in quote["campaigns"]}
    chosen = [sources.campaign(campaign_id, use["version"]) for campaign_id, use in used.items()]
    coupon = None if quote["coupon"] is None else sources.coupon(quote["coupon"]["coupon_id"])
    gifts = {line["sku"]: line for line in quote["lines"] if line["gift_of"] is not None}
    goods = {sku: Goods(line["list_price_fen"]) for sku, line in gifts.items()}
    for line, zone in zip(bought, zones, strict=True):
        goods[line["sku"]] = Goods(line["list_price_fen"], zone)
    redeemed = quote["points"]["redeemed"]
    cart = OfferCart(
        lines=[(line["sku"], line["quantity"]) for line in bought],
        goods=goods,
        tier=quote["tier"],
        moment=placed_at,
        running=chosen,
        available_points=redeemed,
    )
    alone = coupon is not None and coupon.alone
    prices = list_prices(cart) if alone else _prices(cart, bought, quote, sources)
    if prices.units != tuple(line["unit_price_fen"] for line in bought):
        raise Violation("unit prices", f"{prices}")
    if not together(cart, prices, chosen):
        raise Violation("campaigns not allowed together", f"{chosen}")
    combination = charge(cart, chosen, coupon, redeemed, normal=prices)
    if combination is None:
        raise Violation("offer not allowed", f"{chosen}, {coupon}")
    _check(quote, cart, combination)
    bases = {one.campaign_id: base_of(cart, prices, one.covers) for one in chosen}
    of_coupon = {} if coupon is None else {"coupon": base_of(cart, prices, coupon.covers)}
    if quote["bases"] not in (bases, bases | of_coupon):  # a birthday coupon has none of its own
        raise Violation("bases", f"{bases}, {of_coupon}: {quote['bases']}")
    uses = [
        {**used[one.campaign_id], "base": bases[one.campaign_id], "from_fen": one.from_fen} for one in chosen
    ]
    return Priced({**quote, "campaigns": uses, "left": [*combination.left, *[Fraction(0)] * len(gifts)]})


def _prices(cart: OfferCart, bought: Sequence[Json], quote: Json, sources: Sources) -> Prices:
    """Return the prices by the offers that the lines name; no line costs more than without campaigns (V1)."""
    units, counted = [], []
    for line in bought:
        of, fen = line["price_of"], line["list_price_fen"]
        zone = cart.goods[line["sku"]].zone
        day = calendar.is_member_day(cart.moment)
        own = pricing.unit_price_fen(fen, zone, cart.tier, day, False)
        if of in ("list", "member_day"):
            if of != ("list" if own == fen else "member_day"):
                raise Violation("price of", f"{line}: {own}")
            units.append(own)
            counted.append(True)
            continue
        campaign = sources.campaign(of, _version(quote, of))
        price = campaign.prices.get(line["sku"])
        if campaign.kind == "discount":
            assert campaign.rate is not None
            covered = (line["sku"], zone) in campaign.covers
            price = tables.rhu(fen * Fraction(campaign.rate)) if covered else None
        if price is None or price > own:
            raise Violation("price of a campaign", f"{line}: {price}, {own}")
        units.append(price)
        counted.append(campaign.stacks)
    return Prices(
        units=tuple(units),
        of=tuple(line["price_of"] for line in bought),
        counted=tuple(counted),
        amounts=tuple(unit * line["quantity"] for unit, line in zip(units, bought, strict=True)),
    )


def _version(quote: Json, campaign_id: str) -> int:
    return int(quote["line_offers"][campaign_id])


def _check(quote: Json, cart: OfferCart, one: Combination) -> None:
    """Compare amounts and gifts with the quote's."""
    expected = {
        "goods_fen": sum(one.prices.amounts),
        "goods_net_fen": sum(one.prices.amounts) - sum(one.amounts),
        "shipping_fen": one.shipping_fen,
        "order_amount_fen": one.order_amount_fen,
        "paid_fen": one.paid_fen,
        "earns_points": tables.earned_points(one.paid_fen),
        "campaigns": [(each.campaign_id, fen) for each, fen in zip(one.chosen, one.amounts, strict=True)],
        "coupon": one.coupon_fen,
        "gifts": [
            (each.gift_sku, each.gift_quantity, each.campaign_id)
            for each in one.chosen
            if each.kind == "gift"
        ],
        "member_day": calendar.is_member_day(cart.moment),
    }
    found = {name: quote[name] for name in (*AMOUNTS, "member_day")}
    found["campaigns"] = [(use["campaign_id"], use["amount_fen"]) for use in quote["campaigns"]]
    found["coupon"] = quote["coupon"]["amount_fen"] if quote["coupon"] else 0
    found["gifts"] = list(_gifts(quote))
    differing = {name: (expected[name], found[name]) for name in expected if expected[name] != found[name]}
    if differing:
        raise Violation("amounts", f"expected, found: {differing}")


def _gifts(quote: Mapping[str, Any]) -> Iterator[tuple[str, int, str]]:
    for line in quote["lines"]:
        if line["gift_of"] is not None:
            if line["unit_price_fen"] != 0:
                raise Violation("gift with a price", f"{line}")
            yield line["sku"], line["quantity"], line["gift_of"]
