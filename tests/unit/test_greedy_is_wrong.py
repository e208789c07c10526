"""Carts on which the offer that takes most, taken first, is not in the best order (V12)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from functions.domain.errors import RefusalError
from functions.offers.pricing import price
from functions.offers.quotes import Quote
from tests.agreement.translation import cart_of, products_of, shopper_of
from tests.oracle.offer_carts import STORE
from tests.oracle.offer_quotes import offers_quote
from tests.oracle.offer_shapes import Coupon, Covers, Goods, OfferCart, Running
from tests.support.quoting import POLICY

NOON = datetime(2026, 5, 4, 12, tzinfo=STORE)
A = Covers(skus=frozenset({"a"}))
B = Covers(skus=frozenset({"b"}))


def off(
    campaign_id: str,
    from_fen: int,
    off_fen: int,
    *,
    group: str = "spend_save",
    on: Covers = Covers(everything=True),  # noqa: B008 - it is frozen
    with_coupons: bool = True,
    with_points: bool = True,
) -> Running:
    """From so much, so much off."""
    return Running(
        campaign_id,
        "spend_save",
        covers=on,
        group=group,
        steps=[(from_fen, off_fen)],
        with_coupons=with_coupons,
        with_points=with_points,
    )


def coupon(
    coupon_id: str, face_fen: int, min_fen: int, *, rate: str | None = None, exclusive: bool = False
) -> Coupon:
    """A coupon over an amount, or at a rate."""
    return Coupon(
        coupon_id,
        "amount" if rate is None else "rate",
        NOON,
        NOON + timedelta(days=9),
        face_fen=face_fen,
        rate=rate,
        min_fen=min_fen,
        exclusive=exclusive,
    )


@dataclass(frozen=True)
class Case:
    """What a J2 buys on no member day, what is on offer, what greed makes of it and what it can cost."""

    why: str
    prices: Sequence[int]
    running: Sequence[Running]
    coupons: Sequence[Coupon]
    greedy_fen: int
    best_fen: int
    points: int = 0

    @property
    def cart(self) -> OfferCart:
        """The cart that asks for the best of all."""
        goods = {sku: Goods(fen) for sku, fen in zip("abc", self.prices, strict=False)}
        return OfferCart(
            [(sku, 1) for sku in goods],
            goods,
            "J2",
            NOON,
            self.running,
            self.coupons,
            self.points,
            coupon="best",
            points="best" if self.points else 0,
        )


CASES = [
    Case(
        "the greater step leaves too little for the coupon",
        [300_00],
        [off("big", 300_00, 50_00), off("small", 300_00, 25_00)],
        [coupon("thirty", 30_00, 275_00)],
        greedy_fen=250_00,
        best_fen=245_00,
    ),
    Case(
        "what is taken off costs the free shipping",
        [190_00],
        [off("five", 100_00, 5_00)],
        [],
        greedy_fen=195_00,
        best_fen=190_00,
    ),
    Case(
        "the campaign that takes most bars coupons",
        [300_00],
        [off("alone", 300_00, 40_00, with_coupons=False), off("social", 300_00, 20_00)],
        [coupon("thirty", 30_00, 100_00)],
        greedy_fen=260_00,
        best_fen=250_00,
    ),
    Case(
        "the campaign that takes most bars points",
        [300_00],
        [off("alone", 300_00, 5_00, with_points=False), off("social", 300_00, 3_00)],
        [],
        greedy_fen=295_00,
        best_fen=293_00,
        points=2_000,
    ),
    Case(
        "the coupon that takes most is exclusive",
        [300_00],
        [off("x", 300_00, 40_00, group="x"), off("y", 300_00, 30_00, group="y")],
        [coupon("sixty", 60_00, 0, exclusive=True)],
        greedy_fen=240_00,
        best_fen=230_00,
    ),
    Case(
        "two campaigns take from the same line, which has no more than its price",
        [100_00, 100_00],
        [
            off("p", 100_00, 90_00, group="one", on=A),
            off("q", 100_00, 85_00, group="two", on=A),
            off("r", 100_00, 60_00, group="one", on=B),
        ],
        [],
        greedy_fen=110_00,
        best_fen=65_00,
    ),
    Case(
        "a rate of more is more than the greater step",
        [400_00],
        [off("big", 400_00, 90_00), off("small", 400_00, 15_00)],
        [coupon("fifth", 0, 380_00, rate="0.8")],
        greedy_fen=310_00,
        best_fen=308_00,
    ),
    Case(
        "the coupon, which takes less, keeps the free shipping",
        [208_00],
        [off("more", 200_00, 25_00)],
        [coupon("twenty", 20_00, 200_00)],
        greedy_fen=193_00,
        best_fen=188_00,
    ),
    Case(
        "the greatest coupon bars the points, and two lesser ones do not help each other",
        [100_00],
        [],
        [coupon("five", 5_00, 0, exclusive=True), coupon("four", 4_00, 0), coupon("three", 3_00, 0)],
        greedy_fen=105_00,
        best_fen=102_00,
        points=2_000,
    ),
]


def named(case: Case, campaigns: Sequence[str], coupon_id: str, points: int | str = 0) -> Quote | None:
    """Return the quote of exactly these offers, None if they cannot be together."""
    asked = replace(case.cart, campaigns=list(campaigns), coupon=coupon_id, points=points)
    try:
        return price(cart_of(asked), products_of(asked), shopper_of(asked), POLICY)
    except RefusalError:
        return None


def greedy(case: Case) -> int:
    """Take what takes most, again and again, then the points that go with it; return what is paid."""
    chosen: list[str] = []
    coupon_id = "none"
    while True:
        tries = [([*chosen, one.campaign_id], coupon_id) for one in case.running]
        tries += [(chosen, one.coupon_id) for one in case.coupons if coupon_id == "none"]
        can_be = [
            (quote.goods_charged_fen, campaigns, of)
            for campaigns, of in tries
            if len(set(campaigns)) == len(campaigns) and (quote := named(case, campaigns, of))
        ]
        if not can_be:
            break
        _, chosen, coupon_id = min(can_be)
    points: int | str = "best" if case.points else 0
    quote = named(case, chosen, coupon_id, points) or named(case, chosen, coupon_id)
    assert quote is not None
    return quote.paid_fen


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_V12_the_best_is_found_where_greed_is_wrong(case: Case) -> None:
    cart = case.cart
    best = price(cart_of(cart), products_of(cart), shopper_of(cart), POLICY)
    assert (greedy(case), best.paid_fen) == (case.greedy_fen, case.best_fen)
    assert offers_quote(cart)["paid_fen"] == case.best_fen
    assert case.best_fen < case.greedy_fen
