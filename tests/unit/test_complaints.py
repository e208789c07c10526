"""What shoppers of other shops complained about, by its number, and what is right here.

The page says which tests hold each: those about one cart are here, those about many orders, payments and
cases on an emulator.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import permutations

import pytest

from functions.offers.quotes import Quote
from functions.offers.shares import charged
from functions.orders import life
from functions.orders.order import Order, Status
from tests.support.offered import PLACED_AT, placed, received
from tests.support.offering import discount, face, gift, of, rated, saving, shop, told
from tests.support.quoting import POLICY
from tests.support.stack import ROOT
from tests.unit.test_cases import named_in, there_is

PAGE = ROOT / "docs" / "proof" / "complaints.md"
COMPLAINTS = (
    *("P1", "P2", "P3", "P5", "P6", "P7", "P9", "P10", "P11", "P13", "P14", "P15", "P17", "P18"),
    *("W2", "W3", "W4", "W6", "W7", "W8", "W10", "W11", "W12"),
    *("R3", "R7", "R8", "R9"),
)
YUAN = 100


def rows() -> list[list[str]]:
    """Return the cells of the rows of the page's table."""
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def test_every_complaint_is_there_once_with_what_is_right_and_tests_that_there_are() -> None:
    assert tuple(row[0] for row in rows()) == COMPLAINTS
    for number, complaint, right, tests in rows():
        assert complaint, number
        assert right, number
        named = named_in(tests)
        assert [test for test in named if not there_is(test)] == [], number
        assert any(f"_{number}_" in test for test in named), f"{number} has no test of its name"


def returned(order: Order, **units: int) -> tuple[Order, int]:
    """Return an order after units came back, and what is refunded of it by that."""
    after = life.return_units(order, {name.replace("__", ":"): n for name, n in units.items()}, now=PLACED_AT)
    return after, after.refunded_fen - order.refunded_fen


def lines_of(quote: Quote) -> dict[str, Fraction]:
    """Return what is left of each line when all offers have taken their part."""
    return {line.line_id: left for line, left in zip(quote.lines, charged(quote), strict=True)}


# --- returns of what was discounted ---


def test_P1_a_line_that_comes_back_refunds_its_share_of_the_discount() -> None:
    made = shop({"a": 150 * YUAN, "b": 60 * YUAN})
    quote = made.quote(("a", 1), ("b", 1), held=[rated("fifth", "0.8")], coupon="best")
    assert quote.paid_fen == 168 * YUAN
    after, refund_fen = returned(received(quote), a=1)
    assert (refund_fen, after.retained.paid_fen) == (120 * YUAN, 48 * YUAN)
    two = shop({"a": 50 * YUAN}).quote(("a", 2), held=[rated("tenth", "0.9")], coupon="best")
    assert returned(received(two), a=1)[1] == 45 * YUAN


@pytest.mark.parametrize("at_once", [True, False])
def test_P2_units_that_come_back_are_refunded_as_they_were_charged(at_once: bool) -> None:
    three = shop({"a": 100 * YUAN}, discount("tenth", "0.9")).quote(("a", 3))
    order, refund_fen = received(three), 0
    for units in [2] if at_once else [1, 1]:
        order, back_fen = returned(order, a=units)
        refund_fen += back_fen
    assert refund_fen == 180 * YUAN
    six = shop({"a": 50 * YUAN}).quote(
        ("a", 6), held=[rated("tenth", "0.9", min_fen=300 * YUAN)], coupon="best"
    )
    after, refund_fen = returned(received(six), a=5)
    assert (refund_fen, after.retained.paid_fen) == (225 * YUAN, 45 * YUAN), "no threshold is tested again"


def test_P2_shipping_that_was_free_is_not_charged_when_less_stays() -> None:
    quote = shop({"a": 100 * YUAN}, policy=POLICY).quote(("a", 2))
    assert (quote.shipping_fen, quote.paid_fen) == (0, 200 * YUAN)
    assert returned(received(quote), a=1)[1] == 100 * YUAN


def test_P3_a_lines_share_of_a_discount_leaves_with_the_line() -> None:
    quote = shop({"a": 100 * YUAN, "b": 100 * YUAN}, saving("off", (200 * YUAN, 50 * YUAN))).quote(
        ("a", 1), ("b", 1)
    )
    order = life.pay(placed(quote), payment_id="p", amount_fen=quote.paid_fen, now=PLACED_AT)
    after = life.cancel_units(order, {"b": 1}, now=PLACED_AT)
    assert (after.refunded_fen, after.retained.paid_fen) == (75 * YUAN, 75 * YUAN)


# --- amounts that add up, and thresholds to the fen ---


def test_P5_amounts_are_whole_fen_and_lines_add_up_to_the_total() -> None:
    five = shop({"a": 5 * YUAN}, saving("off", (1, 1))).quote(("a", 1), held=[face("one", 99)], coupon="best")
    assert five.paid_fen == 4 * YUAN
    three = shop(dict.fromkeys("abc", 10 * YUAN)).quote(
        ("a", 1), ("b", 1), ("c", 1), held=[face("ten", 10 * YUAN)], coupon="best"
    )
    assert three.paid_fen == sum(charged(three)) == 20 * YUAN
    refunds, order = [], received(three)
    for name in "abc":
        order, refund_fen = returned(order, **{name: 1})
        refunds.append(refund_fen)
    assert (sum(refunds), sorted(refunds)) == (20 * YUAN, [666, 667, 667])


@pytest.mark.parametrize(("price_fen", "applies"), [(9_901, False), (9_999, False), (10_000, True)])
def test_P6_a_threshold_is_tested_to_the_fen(price_fen: int, applies: bool) -> None:
    made = shop({"a": price_fen}, saving("off", (10_000, 500)))
    quote = made.quote(("a", 1), held=[face("ten", 1_000, min_fen=10_000)], coupon="best", campaigns="none")
    assert (quote.coupon is not None) == applies
    campaign = made.quote(("a", 1))
    assert (campaign.goods_net_fen == price_fen - 500) == applies
    reason = told(campaign, "off")
    assert (None if reason is None else reason.missing_fen) == (None if applies else 10_000 - price_fen)


def test_P7_no_line_is_charged_less_than_nothing_whatever_is_taken_off_it() -> None:
    both = [saving(name, (20 * YUAN, 20 * YUAN), scope=of("a"), group=name) for name in "xy"]
    quote = shop({"a": 10 * YUAN, "b": 100 * YUAN}, *both).quote(("a", 2), ("b", 1))
    assert lines_of(quote) == {"a": 0, "b": 100 * YUAN}
    assert [use.campaign_id for use in quote.campaigns] == ["x"]
    after, refund_fen = returned(received(quote), a=2)
    assert (refund_fen, after.retained.paid_fen) == (0, 100 * YUAN)


def test_P7_two_cuts_on_one_line_take_no_more_than_it_has() -> None:
    both = [saving(name, (100 * YUAN, 80 * YUAN), scope=of("a"), group=name) for name in "xy"]
    quote = shop({"a": 100 * YUAN, "b": 100 * YUAN}, *both).quote(("a", 1), ("b", 1))
    assert [use.amount_fen for use in quote.campaigns] == [80 * YUAN, 20 * YUAN]
    assert lines_of(quote) == {"a": 0, "b": 100 * YUAN}


# --- in which order, and never below nothing ---


def test_P9_offers_are_taken_in_one_order_however_the_cart_and_the_campaigns_are_sorted() -> None:
    campaigns = [
        discount("z-third", "0.7", scope=of("a")),
        saving("five", (50 * YUAN, 5 * YUAN), group="g"),
        saving("tenth", (50 * YUAN, 9 * YUAN), group="h"),
    ]
    found = set()
    for sorted_so in permutations(campaigns):
        for lines in permutations([("a", 1), ("b", 1), ("c", 2)]):
            made = shop({"a": 100 * YUAN, "b": 33_33, "c": 7_77}, *sorted_so)
            quote = made.quote(*lines, held=[rated("twentieth", "0.95")], coupon="best")
            found.add(
                (
                    quote.paid_fen,
                    tuple((use.campaign_id, use.amount_fen) for use in quote.campaigns),
                    quote.coupon and quote.coupon.amount_fen,
                    frozenset(lines_of(quote).items()),
                )
            )
    assert len(found) == 1


def test_P9_a_coupon_over_a_discount_takes_what_is_left_and_no_more() -> None:
    made = shop({"a": 50 * YUAN}, discount("tenth", "0.9"))
    quote = made.quote(("a", 1), held=[face("fifty", 50 * YUAN)], coupon="best")
    assert (quote.goods_fen, quote.coupon and quote.coupon.amount_fen, quote.paid_fen) == (4_500, 4_500, 0)


@pytest.mark.parametrize("coupon", [rated("some", "0.85"), face("more", 500 * YUAN), rated("all", "0.0001")])
def test_P10_nothing_is_cheaper_than_free(coupon: object) -> None:
    all_off = saving("all-off", (YUAN, YUAN), repeat=True, group="g")
    more_off = saving("more-off", (YUAN, YUAN), repeat=True, group="h")
    quote = shop({"a": 99_99}, all_off, more_off).quote(("a", 1), held=[coupon], coupon="best")  # type: ignore[list-item]
    assert quote.paid_fen == 0
    assert min(charged(quote)) >= 0
    named = shop({"a": 99_00}, all_off).quote(("a", 1), held=[coupon], coupon="best")  # type: ignore[list-item]
    assert (named.paid_fen, named.coupon) == (0, None), "a coupon that would take nothing is not used up"


def test_P10_what_is_given_is_more_units_and_never_money() -> None:
    quote = shop({"a": 10 * YUAN}, gift("twice", 100 * YUAN, "a", 20)).quote(("a", 10))
    assert [(line.quantity, line.amount_fen) for line in quote.lines] == [(10, 100 * YUAN), (20, 0)]
    assert quote.paid_fen == 100 * YUAN


def test_P11_of_offers_that_exclude_each_other_the_better_one_is_used() -> None:
    campaigns = [
        saving("b", (100 * YUAN, 10 * YUAN), group="same"),
        saving("c", (100 * YUAN, 20 * YUAN), group="same"),
        saving("alone", (100 * YUAN, 25 * YUAN), group="other", with_coupons=False, with_points=False),
    ]
    made = shop({"a": 100 * YUAN}, *campaigns)
    quote = made.quote(("a", 1))
    assert [use.campaign_id for use in quote.campaigns] == ["alone", "c"]
    with_coupon = made.quote(("a", 1), held=[face("thirty", 30 * YUAN)], coupon="best")
    assert [use.campaign_id for use in with_coupon.campaigns] == ["c"]
    assert with_coupon.paid_fen == 50 * YUAN
    reason = told(with_coupon, "alone")
    assert reason is not None
    assert reason.code == "excluded_by_coupon"


def test_P11_an_exclusive_offer_whose_own_condition_fails_excludes_nothing() -> None:
    campaigns = [
        saving("off", (100 * YUAN, 10 * YUAN)),
        saving("large", (900 * YUAN, 90 * YUAN), group="g", with_coupons=False, with_points=False),
    ]
    held = [face("only", 50 * YUAN, min_fen=900 * YUAN, exclusive=True), face("five", 5 * YUAN)]
    quote = shop({"a": 100 * YUAN}, *campaigns).quote(("a", 1), held=held, coupon="best")
    assert [use.campaign_id for use in quote.campaigns] == ["off"]
    assert (quote.coupon and quote.coupon.coupon_id, quote.paid_fen) == ("five", 85 * YUAN)


def test_P13_an_offer_that_would_take_nothing_is_not_used() -> None:
    both = [saving(name, (YUAN, YUAN), repeat=True, group=name) for name in "xy"]
    quote = shop({"a": 50 * YUAN}, *both).quote(("a", 1), held=[face("one", YUAN)], coupon="best")
    assert [use.campaign_id for use in quote.campaigns] == ["x"]
    assert quote.coupon is None
    reason = told(quote, "y")
    assert reason is not None
    assert reason.code == "not_cheaper"


# --- gifts ---


def test_P17_a_gift_without_its_purchase_is_charged_once_and_refunded_with_its_return() -> None:
    made = shop({"a": 300 * YUAN, "b": 39 * YUAN}, gift("with", 299 * YUAN, "b"))
    order = received(made.quote(("a", 1)))
    assert order.quote.paid_fen == 300 * YUAN
    after, refund_fen = returned(order, a=1)
    assert (refund_fen, after.status, after.retained.earned_points) == (261 * YUAN, Status.RECEIVED, 39)
    after, refund_fen = returned(after, b__with=1)
    assert (refund_fen, after.status, after.retained.earned_points) == (39 * YUAN, Status.RETURNED, 0)


def test_P17_how_many_are_given_is_said_and_not_reckoned_from_what_is_bought() -> None:
    made = shop({"a": 100 * YUAN, "b": 39 * YUAN}, gift("with", 100 * YUAN, "b", 2))
    for units in (1, 3):
        lines: Sequence[tuple[str, int]] = [
            (line.sku, line.quantity) for line in made.quote(("a", units)).lines if line.gift_of
        ]
        assert lines == [("b", 2)]


def test_P18_of_two_discounts_on_a_line_each_is_taken_once() -> None:
    both = [
        saving("shop", (50 * YUAN, 10 * YUAN), group="x"),
        saving("mall", (50 * YUAN, 5 * YUAN), group="y"),
    ]
    quote = shop({"a": 100 * YUAN}, *both).quote(("a", 1))
    assert (sum(use.amount_fen for use in quote.campaigns), quote.goods_net_fen) == (15 * YUAN, 85 * YUAN)
    coupon = shop({"a": 100 * YUAN}, both[0]).quote(("a", 1), held=[face("five", 5 * YUAN)], coupon="best")
    assert lines_of(coupon) == {"a": 85 * YUAN}


# --- goods that are taken out again ---


def test_R3_a_cart_is_priced_anew_when_goods_are_taken_out_of_it() -> None:
    made = shop({"a": 150 * YUAN, "b": 60 * YUAN}, saving("off", (200 * YUAN, 20 * YUAN)))
    held = [rated("tenth", "0.9", min_fen=190 * YUAN)]
    whole = made.quote(("a", 1), ("b", 1), held=held, coupon="best")
    assert ([use.campaign_id for use in whole.campaigns], whole.paid_fen) == (["off"], 171 * YUAN)
    less = made.quote(("a", 1), held=held, coupon="best")
    assert (less.campaigns, less.coupon, less.paid_fen) == ((), None, 150 * YUAN)


def test_R3_goods_that_leave_an_order_take_their_share_and_no_threshold_is_tested_again() -> None:
    made = shop({"a": 150 * YUAN, "b": 50 * YUAN}, saving("off", (200 * YUAN, 20 * YUAN)))
    quote = made.quote(("a", 1), ("b", 1))
    order = life.pay(placed(quote), payment_id="p", amount_fen=quote.paid_fen, now=PLACED_AT)
    left = life.cancel_units(order, {"a": 1}, now=PLACED_AT)
    assert (left.refunded_fen, left.retained.paid_fen) == (135 * YUAN, 45 * YUAN)
    assert returned(received(quote), a=1)[1] == 135 * YUAN
