"""The best is the lowest of all combinations, against one that tries them all (V5, V7, V8, V12, V17)."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.domain.errors import RefusalError
from functions.domain.money import round_half_up
from functions.domain.policy import Policy
from functions.domain.scope import Scope
from functions.offers.campaigns import Available
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms
from functions.offers.quotes import Quote
from functions.offers.shares import charged
from tests.support.offering import (
    FREE_SHIPPING,
    UNTIL,
    Shop,
    discount,
    face,
    flash,
    gift,
    rated,
    saving,
    shop,
)
from tests.support.quoting import MEMBER_DAY, ORDINARY_DAY, POLICY, coupon

SKUS = ("a", "b", "c", "d")
EXAMPLES = settings(max_examples=200, deadline=None)

amounts = st.sampled_from([1, 2, 3, 50, 99, 100, 333, 1_000, 9_999, 10_000, 18_800, 20_000, 30_000])
scopes = st.one_of(
    st.just(Scope(everything=True)),
    st.builds(Scope, skus=st.frozensets(st.sampled_from(SKUS), min_size=1)),
    st.just(Scope(zone=True)),
    st.builds(Scope, everything=st.just(True), except_skus=st.frozensets(st.sampled_from(SKUS), max_size=2)),
)
budgets: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}), amounts.map(lambda left_fen: {"budget_left_fen": left_fen})
)


@st.composite
def order_offers(draw: st.DrawFn, number: int) -> Available:
    """Draw a spend and save, or a gift."""
    said: dict[str, Any] = {
        "scope": draw(scopes),
        "group": draw(st.sampled_from("xyz")),
        "with_coupons": draw(st.integers(0, 4)) > 0,
        "with_points": draw(st.integers(0, 4)) > 0,
        "left": draw(budgets),
    }
    from_fen = draw(amounts)
    if draw(st.integers(0, 3)) == 0:
        sku, quantity = draw(st.sampled_from(("a", "gift", "none"))), draw(st.integers(1, 3))
        return gift(f"o{number}", from_fen, sku, quantity, **said)
    off_fen = draw(st.integers(1, from_fen))
    if draw(st.booleans()):
        most = draw(st.one_of(st.none(), amounts))
        return saving(f"o{number}", (from_fen, off_fen), repeat=True, max_off_fen=most, **said)
    further = (from_fen * 2, draw(st.integers(off_fen + 1, from_fen * 2)))
    return saving(f"o{number}", (from_fen, off_fen), further, **said)


@st.composite
def line_offers(draw: st.DrawFn, number: int) -> Available:
    """Draw a discount, or a flash."""
    said: dict[str, Any] = {"stacks": draw(st.booleans()), "left": draw(budgets)}
    if draw(st.booleans()):
        return discount(
            f"l{number}", draw(st.sampled_from(["0.5", "0.85", "0.3333"])), scope=draw(scopes), **said
        )
    prices = draw(st.dictionaries(st.sampled_from(SKUS), amounts, min_size=1, max_size=2))
    return flash(f"l{number}", prices, per_member=draw(st.integers(1, 3)), **said)


@st.composite
def template_coupons(draw: st.DrawFn, number: int) -> TemplateCoupon:
    """Draw a coupon of an amount or a rate."""
    said: dict[str, Any] = {
        "scope": draw(scopes),
        "min_fen": draw(st.one_of(st.just(0), amounts)),
        "exclusive": draw(st.integers(0, 4)) == 0,
        "valid_until": UNTIL + timedelta(days=draw(st.integers(0, 1))),
    }
    if draw(st.booleans()):
        return face(f"k{number}", draw(amounts), **said)
    rate = draw(st.sampled_from(["1/2", "0.9", "0.3333"]))
    return rated(f"k{number}", rate, max_off_fen=draw(st.one_of(st.none(), amounts)), **said)


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    """Draw what there is to buy, and what runs."""
    prices = {sku: draw(amounts) for sku in SKUS}
    some = [draw(order_offers(number)) for number in range(draw(st.integers(0, 5)))]
    some += [draw(line_offers(number)) for number in range(draw(st.integers(0, 2)))]
    made = shop(prices | {"gift": 700}, *some, policy=draw(st.sampled_from([POLICY, FREE_SHIPPING])))
    products = {
        sku: replace(product, member_zone=draw(st.booleans()), stock=draw(st.sampled_from([2, 5, 99])))
        for sku, product in made.products.items()
    }
    return replace(made, products=products)


carts = st.dictionaries(st.sampled_from(SKUS), st.integers(1, 4), min_size=1).map(
    lambda chosen: [*chosen.items()]
)
asked_campaigns = st.one_of(
    st.just("best"),
    st.just("none"),
    st.lists(st.sampled_from([f"o{n}" for n in range(4)]), max_size=3, unique=True).map(tuple),
)


def own_off(available: Available, base_fen: int) -> int | None:
    """Return what an order offer takes of a base by itself, None if it does not apply."""
    terms = available.campaign.terms
    assert isinstance(terms, SpendSaveTerms | GiftTerms)
    if base_fen < terms.from_fen:
        return None
    return 0 if isinstance(terms, GiftTerms) else terms.off_fen(base_fen)


class Trial:
    """One cart, every combination of whose offers is priced, plainly and in fractions."""

    def __init__(self, shop: Shop, priced: Quote, request: Mapping[str, Any]) -> None:
        self.shop, self.request = shop, request
        self.policy: Policy = shop.policy
        self.lines = [line for line in priced.lines if line.gift_of is None]
        runs = {each.campaign.campaign_id: each.campaign for each in shop.campaigns}
        self.stacks = [line.price_of not in runs or runs[line.price_of].stacks for line in self.lines]
        self.flash = [line.price_of in runs and runs[line.price_of].kind == "flash" for line in self.lines]

    def base(self, scope: Scope, *, stacking: bool = True) -> list[int]:
        """Return the places that a scope counts."""
        return [
            place
            for place, line in enumerate(self.lines)
            if (self.stacks[place] or not stacking)
            and scope.covers(line.sku, member_zone=self.shop.products[line.sku].member_zone)
        ]

    def takes(self, used: Sequence[Available]) -> tuple[list[Fraction], int] | None:
        """Return what order offers leave of the lines, and the gifts' worth; None if they cannot be."""
        if len({each.campaign.group for each in used}) < len(used):
            return None
        left = [Fraction(line.amount_fen) for line in self.lines]
        gifts_fen, units = 0, dict[str, int]()
        for available in sorted(used, key=lambda each: each.campaign.campaign_id):
            base = self.base(available.campaign.scope)
            off = own_off(available, sum(self.lines[place].amount_fen for place in base))
            terms, given = available.campaign.terms, 0
            if off is None:
                return None
            if isinstance(terms, GiftTerms):
                if terms.sku not in self.shop.products:
                    return None
                units[terms.sku] = units.get(terms.sku, 0) + terms.quantity
                given = self.shop.products[terms.sku].price_fen * terms.quantity
                gifts_fen += given
            else:
                whole = sum((left[place] for place in base), Fraction(0))
                given = min(off, int(whole))
                if not given:
                    return None
                for place in base:
                    left[place] -= left[place] / whole * given
            if available.budget_left_fen is not None and given > available.budget_left_fen:
                return None
        for sku, quantity in units.items():
            bought = sum(
                line.quantity
                for line, from_flash in zip(self.lines, self.flash, strict=True)
                if line.sku == sku and not from_flash
            )
            if self.shop.products[sku].stock - bought < quantity:
                return None
        return left, gifts_fen

    def coupon_off(self, held: TemplateCoupon, left: Sequence[Fraction], *, stacking: bool) -> int | None:
        """Return what a coupon takes, None if it cannot be used."""
        worth = held.worth
        net = sum((left[place] for place in self.base(worth.scope, stacking=stacking)), Fraction(0))
        if net < worth.min_fen:
            return None
        if worth.face_value_fen is not None:
            return min(worth.face_value_fen, int(net)) or None
        assert worth.rate is not None
        off = round_half_up(net * (1 - worth.rate))
        return min(off, int(net), off if worth.max_off_fen is None else worth.max_off_fen) or None

    def outcomes(self) -> Iterator[tuple[Any, ...]]:
        """Give what each combination comes to, in the order of V12."""
        asked = self.request["campaigns"]
        offers = [each for each in self.shop.campaigns if not each.campaign.terms.is_line_offer]
        held: Sequence[TemplateCoupon] = self.request["held"]
        for size in range(len(offers) + 1):
            for used in itertools.combinations(offers, size):
                ids = tuple(sorted(each.campaign.campaign_id for each in used))
                if (asked == "none" and used) or (
                    asked not in ("best", "none") and ids != tuple(sorted(asked))
                ):
                    continue
                found = self.takes(used)
                if found is None:
                    continue
                left, gifts_fen = found
                points_go = all(each.campaign.with_points for each in used)
                yield from self.paid(int(sum(left)), gifts_fen, None, points_go, ids)
                if all(each.campaign.with_coupons for each in used):
                    for one in held:
                        off = None if one.worth.exclusive else self.coupon_off(one, left, stacking=True)
                        if off is not None:
                            yield from self.paid(int(sum(left)) - off, gifts_fen, one, points_go, ids)
        if asked in ("best", "none", ()):
            list_amounts = [Fraction(line.list_price_fen * line.quantity) for line in self.lines]
            goods_fen = int(sum(list_amounts))
            for one in held:
                off = self.coupon_off(one, list_amounts, stacking=False) if one.worth.exclusive else None
                if off is not None:
                    yield from self.paid(goods_fen - off, 0, one, False, ())
            own: Coupon | None = self.request["birthday"]
            if own is not None and goods_fen >= own.min_goods_fen:
                yield from self.paid(goods_fen - min(own.face_value_fen, goods_fen), 0, own, False, ())

    def paid(
        self,
        after_fen: int,
        gifts_fen: int,
        used: TemplateCoupon | Coupon | None,
        points_go: bool,
        ids: tuple[str, ...],
    ) -> Iterator[tuple[Any, ...]]:
        """Give what an order pays, with any number of points that the cart allows."""
        asked_coupon, asked_points = self.request["coupon"], self.request["points"]
        named = asked_coupon not in ("none", "best")
        if (used is not None and asked_coupon not in ("best", used.coupon_id)) or (used is None and named):
            return
        free = after_fen >= self.policy.tier(self.request["tier"]).free_shipping_from_fen
        amount_fen = after_fen + (0 if free else self.policy.shipping.fee_fen)
        some = range(0, 2_001, 500) if asked_points == "best" else [asked_points]
        for points in some:
            if points * 100 // 500 > amount_fen or points > self.request["holds_points"]:
                continue
            if points and not points_go:
                continue
            yield (
                amount_fen - points * 100 // 500,
                -gifts_fen,
                used is not None,
                UNTIL if used is None else used.valid_until,
                points,
                len(ids),
                ids,
                "" if used is None else used.coupon_id,
            )


def shown(quote: Quote, request: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return a quote as an outcome of a trial."""
    held = {each.coupon_id: each for each in (*request["held"], request["birthday"]) if each is not None}
    used = None if quote.coupon is None else held[quote.coupon.coupon_id]
    ids = tuple(use.campaign_id for use in quote.campaigns)
    return (
        quote.paid_fen,
        -sum(line.list_price_fen * line.quantity for line in quote.lines if line.gift_of is not None),
        used is not None,
        UNTIL if used is None else used.valid_until,
        quote.redeemed_points,
        len(ids),
        ids,
        "" if used is None else used.coupon_id,
    )


@EXAMPLES
@given(st.data())
def test_V12_no_combination_is_better_than_what_is_chosen(data: st.DataObject) -> None:
    there, lines = data.draw(shops()), data.draw(carts)
    held = [data.draw(template_coupons(number)) for number in range(data.draw(st.integers(0, 3)))]
    request: dict[str, Any] = {
        "tier": data.draw(st.sampled_from(["J1", "J3"])),
        "at": data.draw(st.sampled_from([ORDINARY_DAY, MEMBER_DAY])),
        "held": held,
        "birthday": data.draw(st.sampled_from([None, coupon(2_000), coupon(10_000, min_fen=100)])),
        "holds_points": data.draw(st.sampled_from([0, 499, 1_200, 9_000])),
        "campaigns": data.draw(asked_campaigns),
        "coupon": data.draw(st.sampled_from(["none", "best", "best", "best", "k0", "cpn_2026"])),
        "points": data.draw(st.sampled_from([0, "best", "best", 500])),
    }
    plain = there.quote(*lines, tier=request["tier"], at=request["at"], campaigns="none")
    outcomes = [*Trial(there, plain, request).outcomes()]
    try:
        quote = there.quote(*lines, **request)
    except RefusalError:
        assert not outcomes
        return
    assert shown(quote, request) == min(outcomes)
    shares = charged(quote)
    assert min(shares) >= 0
    assert sum(shares) == quote.goods_charged_fen
    assert quote.goods_net_fen >= 0
