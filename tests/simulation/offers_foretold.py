"""What a quote and an order must come to that meet nobody and no fault, by the oracle of offers (V1-V13)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice, product
from math import inf
from typing import Any

from functions.domain import identifiers
from tests.oracle import calendar
from tests.oracle.offer_quotes import offers_quote
from tests.oracle.offer_reasons import Told
from tests.oracle.offer_refusals import READINGS
from tests.oracle.offer_shapes import Coupon, Goods, OfferCart, RefusedWith, Running
from tests.simulation.foretold import Foretold
from tests.simulation.offers_rows import birthday_coupon, gifts_of, running_of, runs_at, template_coupon
from tests.simulation.offers_watch import KNOWN_FOR_SECONDS
from tests.simulation.script import Op, Violation
from tests.simulation.shelves import told as told_stock
from tests.simulation.watch import Watch
from tests.simulation.world import Outcome, World

Json = dict[str, Any]
WAYS_MAX = 32
"""In how many ways campaigns may be known that have just changed, where it is foretold at all."""
AMOUNTS = (
    *("tier", "member_day", "lines", "goods_fen", "goods_net_fen", "shipping_fen", "order_amount_fen"),
    *("points", "paid_fen", "earns_points"),
)


class Quoted(Foretold):
    """A quote, or the one that an order is placed at.

    Functions may know a campaign as it was some seconds ago (V16), and counters in several rows by their sum
    of a moment ago (Z1): it must come to what follows from some such knowledge.
    """

    def __init__(self, op: Op, world: World, watch: Watch, *, new: bool) -> None:
        super().__init__(op, world, watch)
        self._member = op["member"]
        self._products = {row["sku"]: row for row in world.cloud.rows("Catalog") if row["item"] == "PRODUCT"}
        self._stock = {sku: world.stock_of(sku) for sku in self._products}
        self._standing = self._row("STANDING")
        self._wallet = self._row("WALLET")
        self._uses = (self._row("USES") or {"campaigns": {}})["campaigns"]
        rows = [self._row(f"COUPON#BIRTHDAY#{year}") for year in self._years()]
        held = [row for row in rows if row is not None]
        self._birthday = max(held, key=lambda row: str(row["valid_from"]), default=None)
        offers, since = watch.offers, self._began.timestamp() - KNOWN_FOR_SECONDS
        self._known = [offers.known(name, since, inf) for name in sorted(offers.history)]
        self._exactly, self._said = offers.amounts(), offers.amounts(told=True)
        self._coupons = list(self._template_coupons())
        known = set(op["units"]) <= set(self._products)
        self.certain = new and self._standing is not None and known

    def compare(self, outcome: Outcome) -> None:
        """Compare with what was answered: it must be foretold by what some function may know."""
        answer = outcome.answer
        if answer is None:
            raise Violation("no answer", f"{self._op}")
        found = answer.body if answer.status < 300 else answer.body["code"]
        if answer.status < 300 and self._op.do == "order":
            found = answer.body["quote"]
        first = None
        for number, cart in enumerate(self._carts(outcome)):
            faults = self._faults(cart, found)
            if not faults:
                return
            first = first or faults
            if number == WAYS_MAX:
                return
        raise Violation("not as foretold", f"{self._op}: {first}; found {found}")

    # What there is to know

    def _carts(self, outcome: Outcome) -> Iterator[OfferCart]:
        """Give the cart as it may be seen, the likeliest first."""
        for rows in islice(product(*self._known), WAYS_MAX):
            for exactly in (True, False):
                for moment in dict.fromkeys((self._began, outcome.ended)):
                    yield self._cart([row for row in rows if row is not None], exactly, moment)

    def _cart(self, campaigns: list[Json], exactly: bool, moment: datetime) -> OfferCart:
        assert self._standing is not None
        goods = {
            sku: Goods(
                row["price_fen"],
                row["member_zone"],
                self._stock[sku] if exactly else told_stock(row),
                row["status"] == "withdrawn",
            )
            for sku, row in self._products.items()
        }
        cart = OfferCart(
            lines=list(self._op["units"].items()),
            goods=goods,
            tier=self._standing["tier"],
            moment=moment,
            coupons=list(self._of_cart(moment)),
            available_points=self._spendable(self._wallet, moment),
            coupon=self._op["coupon"],
            points=self._op["points"],
            campaigns=self._op.what.get("campaigns", "best"),
        )
        running = [self._running(row, exactly) for row in campaigns if runs_at(row, moment)]
        return replace(cart, running=[one for one in running if self._is_known(cart, one)])

    @staticmethod
    def _is_known(cart: OfferCart, one: Running) -> bool:
        """A campaign of other skus is not there for this cart; one of the zone is, whatever the cart has."""
        skus = one.prices if one.kind == "flash" else one.covers.skus
        return skus is None or any(sku in skus for sku, _ in cart.lines)

    def _running(self, row: Json, exactly: bool) -> Running:
        one, limits = running_of(row), row["limits"]
        name, amounts = one.campaign_id, self._exactly if exactly else self._said
        use = self._uses.get(name, {"orders": 0, "units": {}})

        def left(limit: str, ends: str) -> int | None:
            return None if limits[limit] is None else amounts.get(f"campaign:{name}:{ends}", 0)

        mine = limits["per_member"]
        return replace(
            one,
            orders_left=left("orders", "orders"),
            budget_left_fen=left("budget_fen", "budget"),
            member_orders_left=None if mine is None else max(0, mine - use["orders"]),
            units_left={sku: amounts.get(f"aside:{name}:{sku}", 0) for sku in one.prices},
            has=use["units"],
        )

    def _template_coupons(self) -> Iterator[Coupon]:
        """Give the member's coupons of templates, those that are used too."""
        coupons = self._watch.coupons
        for _, row in sorted(coupons.coupons.items()):
            if row["member_id"] == self._member:
                yield template_coupon(row, coupons.versions[row["template_id"], row["template_version"]])

    def _of_cart(self, moment: datetime) -> Iterator[Coupon]:
        """Give the coupons that matter at a moment: those that can be used, and the one that is asked for."""
        if self._birthday is not None:
            yield birthday_coupon(self._birthday)
        for coupon in self._coupons:
            unused = not coupon.used and moment <= coupon.valid_until
            if unused or coupon.coupon_id == self._op["coupon"]:
                yield coupon

    def _years(self) -> list[str]:
        """Return the years whose coupon can matter: a lunar one may be last year's still (B6)."""
        asked: str = self._op["coupon"]
        if asked not in ("none", "best") and asked not in self._watch.coupons.coupons:
            return [identifiers.coupon_year(self._member, asked) or ""]
        today = calendar.store_time(self._began)
        # Last year's lunar one can be this month's until every lunar year has begun, by 21 February.
        of_last_year = [f"l{today.year - 1}"] if today.month <= 2 else []
        return [str(today.year), f"l{today.year}", *of_last_year]

    def _row(self, item: str) -> Json | None:
        return self._cloud.row("Members", member_id=self._member, item=item)

    # What follows from it

    def _faults(self, cart: OfferCart, found: Json | str) -> list[Any]:
        """Return where what was found is not what follows from a cart."""
        try:
            expected = offers_quote(cart)
        except RefusedWith:
            codes = set(_codes(cart))
            return [] if isinstance(found, str) and found in codes else [sorted(codes)]
        code = self._refused(cart, expected)
        if code is not None or isinstance(found, str):
            return [] if found == code else [code or expected]
        return [*_differing(expected, found), *_untold(expected, found)]

    def _refused(self, cart: OfferCart, quote: Json) -> str | None:
        """O1, V2, V6: units are there, and it is what the shopper was told."""
        if self._op.do == "quote":
            return None
        flashes = {one.campaign_id for one in cart.running if one.kind == "flash"}
        for line in quote["lines"]:
            bought = line["gift_of"] is None and line["price_of"] not in flashes
            if bought and self._stock[line["sku"]] < line["quantity"]:
                return "insufficient_stock"
        gifts = self._op.what.get("gifts")
        if self._op["expects"] not in (None, quote["paid_fen"]) or gifts not in (None, gifts_of(quote)):
            return "quote_changed"
        return None


def _codes(cart: OfferCart) -> Iterator[str]:
    """Give the code that a cart is refused with by each reading of the page (the oracle's ``READINGS``)."""
    for reading in READINGS:
        try:
            offers_quote(cart, reading=reading)
        except RefusedWith as refused:
            yield str(refused.code)


def _differing(expected: Json, found: Json) -> Iterator[Any]:
    wanted = {name: expected[name] for name in AMOUNTS}
    said = {name: found[name] for name in AMOUNTS}
    names = ("campaign_id", "version", "kind", "amount_fen")
    wanted["campaigns"] = [{name: use[name] for name in names} for use in expected["campaigns"]]
    said["campaigns"] = found["campaigns"]
    for quote, coupon in ((wanted, expected["coupon"]), (said, found["coupon"])):
        quote["coupon"] = coupon and (coupon["coupon_id"], coupon["amount_fen"])
    for name, value in wanted.items():
        if said[name] != value:
            yield name, value, said[name]


def _untold(expected: Json, found: Json) -> Iterator[Any]:
    """V13: each offer that is not used is told with the first reason that holds, and no other is."""
    given = [_facts(entry) for entry in found["not_applied"] if entry["offer"] in ("campaign", "coupon")]
    used = {line["price_of"] for line in found["lines"]}
    named = {(facts[1], facts[2]) for facts, _ in given}
    for one in expected["not_applied"]:
        match = next((each for each in given if _fits(one, *each)), None)
        if match is not None:
            given.remove(match)
            continue
        mentioned = (one.campaign_id, one.coupon_id) in named or one.campaign_id in used
        if not one.may_miss or (one.campaign_id is not None and not mentioned):
            yield "not told", one, found["not_applied"]
    for entry in given:
        yield "told", entry
    for offer, codes in expected["older"].items():
        told = [entry["code"] for entry in found["not_applied"] if entry["offer"] == offer] or [""]
        if len(told) > 1 or (told[0] not in codes and (codes or told[0])):
            yield offer, sorted(codes), told


def _facts(entry: Mapping[str, Any]) -> tuple[tuple[Any, ...], str]:
    names = ("offer", "campaign_id", "coupon_id", "missing_fen", "sku", "may_have")
    return tuple(entry.get(name) for name in names), entry["code"]


def _fits(one: Told, facts: tuple[Any, ...], code: str) -> bool:
    expected = (one.offer, one.campaign_id, one.coupon_id, one.missing_fen, one.sku, one.may_have)
    return facts == expected and code in {one.code, *one.or_codes}
