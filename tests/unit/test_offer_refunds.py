"""What is kept of an order with campaigns, a template's coupon and gifts when units come back (V17, V18)."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from functions.offers.quotes import CampaignUse, CouponUse, Quote, QuoteLine
from functions.offers.shares import charged, spread
from functions.orders.life import cancel_units, pay, return_units
from functions.orders.order import Order, Status
from functions.orders.parts import Of, parts
from functions.orders.refunds import NOTHING, Retained, retained
from tests.support.offered import (
    PLACED_AT,
    bought,
    coupon,
    gift,
    gives,
    placed,
    quote_of,
    received,
    saves,
)
from tests.support.quoting import coupon as birthday_coupon
from tests.support.quoting import item, quoted


def kept(quote: Quote, *staying: int) -> Retained:
    """Return what is kept while these units stay."""
    return retained(quote, staying, earned_per_yuan=1)


def back(order: Order, **units: int) -> tuple[Order, int]:
    """Return units of bought lines, and `gift` of the gift line of a cup; give the refund too."""
    named = {"cup:gift" if name == "gift" else name: count for name, count in units.items()}
    after = return_units(order, named, now=PLACED_AT)
    return after, after.refunded_fen - order.refunded_fen


# --- the examples of V17 and V18 ---

TWO_AND_TWO = quote_of([bought("a", 10_000, 2), bought("b", 5_000, 2)], saves("m", 5_000, 0))
GIFT_FROM_299 = quote_of([bought("tea", 30_000), gift("cup", 3_900)], gives(29_900, 0))
GIFT_FROM_302 = quote_of(
    [bought("a", 10_000), bought("b", 200, 151), gift("cup", 3_900)], gives(30_200, 0, 1)
)


def test_V17_worked_example_what_is_taken_off_one_line_is_not_refunded_with_another() -> None:
    assert list(charged(TWO_AND_TWO)) == [15_000, 10_000]
    assert kept(TWO_AND_TWO, 2, 0).paid_fen == 15_000
    order, refund_fen = back(received(TWO_AND_TWO), b=2)
    assert (refund_fen, order.retained.order_amount_fen) == (10_000, 15_000)


def test_V17_worked_example_a_unit_comes_back_at_what_offers_left_of_it() -> None:
    assert kept(TWO_AND_TWO, 1, 2).paid_fen == 17_500
    _, refund_fen = back(received(TWO_AND_TWO), a=1)
    assert refund_fen == 7_500


def test_V5_worked_example_a_line_that_offers_took_wholly_gives_nothing_back() -> None:
    quote = quote_of([bought("a", 10_000), bought("b", 10_000)], saves("x", 8_000, 0), saves("y", 2_000, 0))
    assert list(charged(quote)) == [0, 10_000]
    order, refund_fen = back(received(quote), a=1)
    assert (refund_fen, order.status) == (0, Status.RECEIVED)
    order, refund_fen = back(order, b=1)
    assert (refund_fen, order.status) == (10_000, Status.RETURNED)


def test_V18_worked_example_a_gift_that_is_kept_alone_is_charged_its_list_price() -> None:
    order, refund_fen = back(received(GIFT_FROM_299), tea=1)
    assert (order.retained.paid_fen, refund_fen, order.status) == (3_900, 26_100, Status.RECEIVED)
    order, refund_fen = back(order, gift=1)
    assert (order.retained, refund_fen, order.status) == (NOTHING, 3_900, Status.RETURNED)


def test_V18_worked_example_a_gift_is_charged_what_is_missing_and_no_more() -> None:
    order, refund_fen = back(received(GIFT_FROM_302), a=1)
    assert refund_fen == 10_000
    order, refund_fen = back(order, b=1)
    assert (refund_fen, order.retained.paid_fen) == (0, 30_200)


# --- what the examples leave open ---


def test_V18_a_gift_that_comes_back_alone_is_worth_nothing_while_its_base_stays() -> None:
    order, refund_fen = back(received(GIFT_FROM_299), gift=1)
    assert (refund_fen, order.status) == (0, Status.RECEIVED)
    assert back(order, tea=1)[1] == 30_000


def test_V18_when_only_gifts_stay_shipping_is_back_with_the_points_that_paid_for_it() -> None:
    quote = quote_of(
        [bought("tea", 300), gift("cup", 200)], gives(300, 0), shipping_fen=1_000, redeemed_points=2_000
    )
    assert (quote.points_value_fen, quote.paid_fen) == (400, 900)  # 1 yuan of the points went to shipping
    assert kept(quote, 1, 0) == replace(kept(quote, 1, 1), earned_points=9)
    assert kept(quote, 0, 1) == Retained(
        order_amount_fen=200, paid_fen=0, redeemed_points=1_000, earned_points=0
    )
    dear = quote_of([bought("tea", 300), gift("cup", 200)], gives(300, 0), shipping_fen=1_000)
    assert [kept(dear, *staying).paid_fen for staying in ((1, 1), (0, 1), (0, 0))] == [1_300, 200, 0]


def test_V18_the_threshold_shrinks_as_offers_and_coupon_did_with_what_reached_it() -> None:
    """300.00 reached 299.00; 200.00 are left of it, so the gift asks for two thirds of its threshold."""
    quote = quote_of(
        [bought("tea", 10_000, 3), gift("cup", 3_900)],
        saves("a", 5_000, 0),
        gives(29_900, 0),
        coupon=coupon(5_000, 0),
    )
    two = Fraction(2, 3) * 20_000
    missing = Fraction(29_900 * 20_000, 30_000) - two
    assert kept(quote, 2, 1).paid_fen == round(two + min(Fraction(3_900), missing)) == 17_233


def test_V18_only_the_gifts_own_base_is_missed() -> None:
    quote = quote_of([bought("a", 30_000), bought("b", 5_000), gift("cup", 3_900)], gives(29_900, 0))
    assert kept(quote, 1, 0, 1).paid_fen == 30_000
    assert kept(quote, 0, 1, 1).paid_fen == 5_000 + 3_900


def test_V18_of_two_gifts_the_lower_campaign_is_charged_first() -> None:
    quote = quote_of(
        [bought("a", 100, 100), gift("cup", 400, "y"), gift("pin", 300, "x")],
        gives(10_000, 0, campaign_id="x"),
        gives(9_900, 0, campaign_id="y"),
    )
    assert kept(quote, 100, 1, 1).paid_fen == 10_000
    assert kept(quote, 98, 1, 1).paid_fen == 10_000  # of x's 2.00 nothing is missing to y
    assert kept(quote, 95, 1, 1).paid_fen == 9_500 + 300 + 100
    assert kept(quote, 95, 1, 0).paid_fen == 9_500 + 400
    assert kept(quote, 0, 1, 1).paid_fen == 700


def test_V18_each_unit_of_a_gift_is_charged_at_the_list_price_of_the_orders_day() -> None:
    quote = quote_of([bought("tea", 30_000), gift("cup", 3_900, quantity=2)], gives(29_900, 0))
    assert [kept(quote, 0, staying).paid_fen for staying in (2, 1, 0)] == [7_800, 3_900, 0]


def test_V17_goods_that_offers_took_wholly_keep_everything_while_a_bought_unit_stays() -> None:
    free = quote_of(
        [bought("tea", 1_000, 2), gift("cup", 3_900)],
        saves("m", 2_000, 0),
        gives(2_000, 0),
        shipping_fen=1_000,
    )
    assert [kept(free, *staying).paid_fen for staying in ((2, 1), (1, 1), (1, 0), (0, 1))] == [
        1_000,
        1_000,
        1_000,
        0,
    ]


def test_V17_a_template_coupon_is_refunded_with_its_base_alone() -> None:
    quote = quote_of([bought("a", 10_000), bought("b", 10_000)], coupon=coupon(4_000, 1))
    assert (kept(quote, 0, 1).paid_fen, kept(quote, 1, 0).paid_fen) == (6_000, 10_000)


# --- how lines are named ---


def test_V6_a_sku_that_is_bought_and_given_is_two_lines() -> None:
    quote = quote_of([bought("cup", 30_000, 2), gift("cup", 3_900)], gives(29_900, 0))
    order, refund_fen = back(received(quote), cup=1)
    assert (order.staying, refund_fen) == ((1, 1), 30_000)
    order, _ = back(order, gift=1)
    assert (order.staying, order.status) == ((1, 0), Status.RECEIVED)


def test_O7_all_units_with_the_gifts_are_the_cancellation_and_without_them_they_are_not() -> None:
    order = pay(placed(GIFT_FROM_299), payment_id="p1", amount_fen=30_000, now=PLACED_AT)
    part = cancel_units(order, {"tea": 1}, now=PLACED_AT)
    assert (part.status, part.refunded_fen) == (Status.PAID, 26_100)
    for whole in (
        cancel_units(order, {"tea": 1, "cup:gift": 1}, now=PLACED_AT),
        cancel_units(part, {"cup:gift": 1}, now=PLACED_AT),
    ):
        assert (whole.status, whole.refunded_fen, whole.cancelled) == (Status.CANCELLED, 30_000, (1, 1))


# --- whatever the offers ---


@st.composite
def offered(draw: st.DrawFn) -> Quote:
    """Draw the quote of an order with order offers, gifts, a coupon and points."""
    lines: list[QuoteLine] = [
        bought(f"s{place}", draw(st.integers(0, 30_000)), draw(st.integers(1, 4)))
        for place in range(draw(st.integers(1, 4)))
    ]
    places = st.sets(st.integers(0, len(lines) - 1), min_size=1).map(sorted)
    left = [Fraction(line.amount_fen) for line in lines]
    uses: list[CampaignUse] = []
    gifts: list[QuoteLine] = []

    def takes(base: Sequence[int]) -> int:
        amount_fen = draw(st.integers(0, int(sum(left[place] for place in base))))
        spread(left, base, amount_fen)
        return amount_fen

    for name in "wxyz"[: draw(st.integers(0, 4))]:
        base = draw(places)
        base_fen = sum(lines[place].amount_fen for place in base)
        if base_fen and draw(st.booleans()):
            uses.append(gives(draw(st.integers(1, base_fen)), *base, campaign_id=name))
            gifts.append(gift("cup", draw(st.integers(1, 40_000)), name, draw(st.integers(1, 3))))
        else:
            uses.append(saves(name, takes(base), *base))
    used: CouponUse | None = None
    if draw(st.booleans()):
        base = draw(places)
        used = coupon(takes(base), *base)
    shipping_fen = draw(st.sampled_from([0, 1_000]))
    most = int(sum(left)) + shipping_fen
    points = draw(st.sampled_from([points for points in (0, 500, 2_000) if points // 5 <= most]))
    return quote_of([*lines, *gifts], *uses, coupon=used, shipping_fen=shipping_fen, redeemed_points=points)


@settings(max_examples=400, deadline=None)
@given(offered(), st.randoms(use_true_random=False))
def test_O5_any_sequence_of_returns_ends_at_the_same_fen_and_no_refund_is_negative(
    quote: Quote, random: Random
) -> None:
    lines = [place for place, line in enumerate(quote.lines) for _ in range(line.quantity)]
    random.shuffle(lines)
    everything = tuple(line.quantity for line in quote.lines)
    steps = [
        tuple(whole - lines[:count].count(place) for place, whole in enumerate(everything))
        for count in range(len(lines) + 1)
    ]
    figures = [kept(quote, *staying) for staying in steps]
    assert figures[0] == Retained(
        order_amount_fen=quote.order_amount_fen,
        paid_fen=quote.paid_fen,
        redeemed_points=quote.redeemed_points,
        earned_points=quote.earns_points,
    )
    assert figures[-1] == NOTHING
    for before, after in pairwise(figures):
        assert before.paid_fen >= after.paid_fen >= 0
        assert before.order_amount_fen >= after.order_amount_fen >= 0
        assert before.redeemed_points >= after.redeemed_points >= 0


@settings(max_examples=200, deadline=None)
@given(offered(), st.data())
def test_O5_the_parts_of_a_refund_add_up_to_it_whatever_left_before(
    quote: Quote, data: st.DataObject
) -> None:
    steps = [tuple(line.quantity for line in quote.lines)]
    for _ in range(data.draw(st.integers(1, 4))):
        steps.append(tuple(data.draw(st.integers(0, stays)) for stays in steps[-1]))
    for before, after in pairwise(steps):
        was, stays = kept(quote, *before), kept(quote, *after)
        found = parts(quote, before, after, was, stays)
        assert sum(part.amount_fen for part in found) == was.paid_fen - stays.paid_fen
        goods = {part.line_id: part.quantity for part in found if part.of is Of.GOODS}
        assert goods == {
            line.line_id: had - has
            for line, had, has in zip(quote.lines, before, after, strict=True)
            if had > has and line.unit_price_fen
        }
        # No part is further from what it is exactly than what is rounded: its own end, and the one before.
        assert all(abs(part.amount_fen - part.exact_fen) <= 2 for part in found)


def test_V17_V18_the_parts_say_what_each_offer_takes_of_what_comes_back() -> None:
    lines = [bought("tea", 20_000, 2), bought("pot", 10_000), gift("cup", 3_900)]
    quote = quote_of(
        lines,
        saves("saves", 5_000, 0, 1),
        gives(40_000, 0, 1),
        coupon=coupon(1_000, 0),
        shipping_fen=1_000,
        redeemed_points=5_000,
    )
    order = received(quote)
    after, refund_fen = back(order, tea=1)
    found = parts(quote, order.staying, after.staying, order.retained, after.retained)
    assert [(part.of, part.campaign_id or part.coupon_id or part.sku) for part in found] == [
        (Of.GOODS, "tea"),
        (Of.CAMPAIGN, "saves"),
        (Of.COUPON, "cpn_t"),
        (Of.GIFT, "gift"),
        (Of.POINTS, None),
    ]
    # A tea bore two fifths of what the campaign took, and half of the coupon; too little stays for the cup.
    assert [part.amount_fen for part in found[:4]] == [20_000, -2_000, -500, -3_900]
    assert sum(part.amount_fen for part in found) == refund_fen
    after_all, _ = back(after, tea=1, pot=1, gift=1)
    last = parts(quote, after.staying, after_all.staying, after.retained, after_all.retained)
    assert {part.of: part.amount_fen for part in last}[Of.SHIPPING] == 1_000
    assert {part.of: part.amount_fen for part in last}[Of.GIFT] == 3_900, "what was charged for it comes back"


@given(offered(), st.data())
def test_V17_V18_what_is_kept_is_as_the_rule_is_written(quote: Quote, data: st.DataObject) -> None:
    staying = tuple(data.draw(st.integers(0, line.quantity)) for line in quote.lines)
    m = charged(quote)
    assert sum(m) == quote.goods_charged_fen
    share_of = [Fraction(stays, line.quantity) for stays, line in zip(staying, quote.lines, strict=True)]
    any_bought = any(stays for stays, line in zip(staying, quote.lines, strict=True) if line.gift_of is None)
    gifts: list[Fraction] = []
    for use in quote.campaigns:
        if use.kind == "gift":
            (place,) = [n for n, line in enumerate(quote.lines) if line.gift_of == use.campaign_id]
            whole = sum(quote.lines[n].amount_fen for n in use.base)
            k = Fraction(use.from_fen or 0) * sum(m[n] for n in use.base) / whole
            missing = max(Fraction(0), k - sum(m[n] * share_of[n] for n in use.base) - sum(gifts))
            gifts.append(min(Fraction(quote.lines[place].list_price_fen * staying[place]), missing))
    goods = sum((m[n] * share_of[n] for n in range(len(m))), sum(gifts, Fraction(0)))
    shipping_fen = quote.shipping_fen if any_bought else 0
    amount = Fraction(goods) if any(staying) else Fraction(0)
    assert kept(quote, *staying).order_amount_fen == int(amount + Fraction(1, 2)) + shipping_fen


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.builds(item, st.integers(1, 60_000), st.integers(1, 9)), min_size=1, max_size=5),
    st.booleans(),
    st.data(),
)
def test_O5_without_campaigns_and_templates_what_is_kept_is_what_it_always_was(
    goods: list[tuple[int, int, bool]], with_coupon: bool, data: st.DataObject
) -> None:
    quote = quoted(
        "J2",
        *goods,
        held=birthday_coupon(2_000) if with_coupon else None,
        use_coupon="best",
        holds_points=2_000,
    )
    staying = tuple(data.draw(st.integers(0, line.quantity)) for line in quote.lines)
    after_coupon_fen = quote.goods_fen - (quote.coupon.amount_fen if quote.coupon else 0)
    stays_fen = sum(line.unit_price_fen * units for line, units in zip(quote.lines, staying, strict=True))
    amount = after_coupon_fen * Fraction(stays_fen, quote.goods_fen)
    shipping_fen = quote.shipping_fen if any(staying) else 0
    assert kept(quote, *staying).order_amount_fen == int(amount + Fraction(1, 2)) + shipping_fen
