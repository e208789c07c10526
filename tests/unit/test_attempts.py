"""Attempts as they are reckoned: their numbers, their times, how they end (Y2, Y5)."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from functions.catalog.products import Product
from functions.domain import identifiers
from functions.domain.policy import load
from functions.offers.pricing import price
from functions.offers.quotes import Cart, CartLine, Shopper
from functions.orders import life
from functions.orders.order import Order
from functions.payments import attempts
from functions.payments.attempts import Attempt, State
from functions.payments.rows import attempt_of, attempt_row

POLICY = load()
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PLACED_AT = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
LAPSES_AT = PLACED_AT + 30 * MINUTE
TEA = Product(sku="tea", name="Tea", price_fen=9_950, member_zone=False, stock=10)


def order(points: int = 0) -> Order:
    """Return an order that waits for its money."""
    cart = Cart(lines=(CartLine(sku="tea", quantity=1),), points=points)
    shopper = Shopper(tier="J0", at=PLACED_AT, points=points)
    return life.place(
        price(cart, {"tea": TEA}, shopper, POLICY),
        POLICY,
        order_id=identifiers.order_id("alice", "k1"),
        member_id="alice",
        request="sha_1",
        now=PLACED_AT,
    )


def begun(after: timedelta = timedelta(0), *, place: int = 1, payer: str | None = None) -> Attempt:
    """Return an attempt of the order that begins so long after it was placed."""
    return attempts.begun(
        order(),
        place=place,
        provider="wechatpay",
        method="default" if payer is None else "jsapi",
        payer=payer,
        title="an order",
        notify_url="https://api.test/wechatpay",
        return_url="",
        now=PLACED_AT + after,
    )


def asked_at(attempt: Attempt) -> Iterator[datetime]:
    """Give when an open attempt is asked after, on time each, up to its end."""
    while attempt.due_at is not None:
        yield attempt.due_at
        if attempt.due_at >= attempt.ends_at:
            return
        attempt = attempts.asked(attempt, attempt.due_at)


# --- numbers ---


def test_Y2_the_number_is_the_order_ids_26_characters_and_the_attempt_01_to_10() -> None:
    number = [begun(place=place).attempt_id for place in range(1, 11)]
    digits = order().order_id.removeprefix("ord_")
    assert len(digits) == 26
    assert number == [f"{digits}_{place:02}" for place in range(1, 11)]
    assert number[0].endswith("_01")
    assert number[9].endswith("_10")


def test_Y2_a_number_is_one_that_wechat_pay_takes() -> None:
    for key in range(200):
        for place in (1, 9, 10):
            number = attempts.number_of(identifiers.order_id("alice", str(key)), place)
            assert re.fullmatch(r"[0-9A-Za-z_\-|*@]{6,32}", number, re.ASCII), number


def test_Y3_a_number_is_read_back_as_the_order_and_the_attempt() -> None:
    for place in range(1, 11):
        number = attempts.number_of(order().order_id, place)
        assert attempts.place_of(number) == (order().order_id, place)


DIGITS = identifiers.order_id("alice", "k1").removeprefix("ord_")


@pytest.mark.parametrize(
    "number",
    [
        None,
        "",
        "x",
        DIGITS,
        f"{DIGITS}_00",
        f"{DIGITS}_11",
        f"{DIGITS}_1",
        f"{DIGITS}_001",
        f"{DIGITS}_01\n",
        f" {DIGITS}_01",
        f"{DIGITS}-01",
        f"{DIGITS}_0١",
        f"{DIGITS[:-1]}_01",
        f"{DIGITS}a_01",
        f"ord_{DIGITS}_01",
        f"{DIGITS.upper()}_01",
        f"{DIGITS[:-1]}1_01",
        f"{DIGITS}_01" * 2_000,
    ],
)
def test_Y3_any_other_number_is_none_of_ours(number: str | None) -> None:
    assert attempts.place_of(number) is None


# --- what is asked ---


def test_Y2_exactly_what_the_order_costs_after_points_is_asked_for() -> None:
    waiting = order(points=2_000)
    assert waiting.quote.paid_fen == waiting.quote.order_amount_fen - 400
    attempt = attempts.begun(
        waiting,
        place=1,
        provider="alipay",
        method="default",
        payer=None,
        title="an order",
        notify_url="n",
        return_url="r",
        now=PLACED_AT,
    )
    assert attempt.amount_fen == attempt.asking.amount_fen == waiting.quote.paid_fen


def test_Y2_what_is_sent_follows_from_the_row_alone_whatever_becomes_of_the_attempt() -> None:
    attempt = begun(3 * MINUTE)
    lives = [
        attempt,
        attempts.keeping(attempt, {"handle": "h"}),
        attempts.asked(attempt, PLACED_AT),
        attempts.closing(attempt, PLACED_AT),
        attempts.still_closing(attempts.closing(attempt, PLACED_AT), PLACED_AT, absent=True),
        attempts.closed(attempt),
        attempts.paid(attempt, "wechatpay:1"),
    ]
    for each in lives:
        again = attempt_of(attempt_row(each))
        assert again == each
        assert again.asking == attempt.asking


def test_Y2_who_pays_is_not_kept_and_once_it_has_ended_nothing_follows_from_them() -> None:
    payer = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
    attempt = begun(payer=payer)
    assert payer not in str(attempt_row(attempt))
    for ended in (attempts.closed, lambda each: attempts.paid(each, "wechatpay:1")):
        assert attempt_row(ended(attempt)) == attempt_row(ended(begun(payer="somebody else")))


# --- times ---


@pytest.mark.parametrize("minutes", [0, 1, 10, 24])
def test_Y2_an_attempt_ends_three_minutes_before_its_order_lapses(minutes: int) -> None:
    attempt = begun(minutes * MINUTE)
    assert attempt.ends_at == attempt.asking.ends_at == LAPSES_AT - 3 * MINUTE


def test_Y2_none_begins_in_the_orders_last_five_minutes() -> None:
    for after, begins in {
        timedelta(0): True,
        24 * MINUTE: True,
        25 * MINUTE - SECOND: True,
        25 * MINUTE: False,
        25 * MINUTE + SECOND: False,
        27 * MINUTE: False,
        30 * MINUTE: False,
        DAY: False,
    }.items():
        assert attempts.may_begin(order(), PLACED_AT + after) is begins, after


@pytest.mark.parametrize(
    ("begins", "asked"),
    [(0, [2, 10, 20, 27]), (5, [7, 15, 25, 27]), (10, [12, 20, 27]), (20, [22, 27]), (24, [26, 27])],
)
def test_Y5_it_is_asked_after_at_2_10_and_20_minutes_and_at_its_own_end(
    begins: int, asked: list[int]
) -> None:
    times = list(asked_at(begun(begins * MINUTE)))
    assert times == [PLACED_AT + minutes * MINUTE for minutes in asked]


def test_Y5_it_stands_in_the_due_index_from_its_making_on_until_it_has_ended() -> None:
    attempt = begun()
    closing = attempts.closing(attempt, PLACED_AT)
    for each in (
        attempt,
        attempts.asked(attempt, PLACED_AT),
        closing,
        attempts.still_closing(closing, PLACED_AT, absent=False),
    ):
        assert {"due", "due_at"} <= attempt_row(each).keys()
    for ended in (attempts.closed(closing), attempts.paid(closing, "wechatpay:1")):
        assert not {"due", "due_at"} & attempt_row(ended).keys()


def test_Y3_an_attempt_of_which_its_provider_has_told_something_is_asked_after_now() -> None:
    now = PLACED_AT + 30 * SECOND
    assert attempts.sooner(begun(), now).due_at == now
    late = PLACED_AT + 5 * MINUTE
    assert attempts.sooner(begun(), late).due_at == PLACED_AT + 2 * MINUTE  # it is due already


def test_Y5_being_asked_after_out_of_turn_takes_none_of_its_four_times_away() -> None:
    attempt = attempts.asked(attempts.sooner(begun(), PLACED_AT + 30 * SECOND), PLACED_AT + 30 * SECOND)
    assert [(at - PLACED_AT) / MINUTE for at in asked_at(attempt)] == [2, 10, 20, 27]


# --- ends ---


def test_Y2_closing_is_a_state_of_its_own_between_open_and_closed_or_paid() -> None:
    closing = attempts.closing(begun(), PLACED_AT)
    assert closing.state is State.CLOSING
    assert attempts.closed(closing).state is State.CLOSED
    assert attempts.paid(closing, "wechatpay:1").state is State.PAID


def test_Y2_late_money_pays_an_attempt_that_was_closed_and_by_one_payment_once() -> None:
    late = attempts.paid(attempts.closed(begun()), "wechatpay:1")
    assert (late.state, late.payment_id) == (State.PAID, "wechatpay:1")
    assert attempts.paid(late, "wechatpay:2") == late


def test_Y2_what_is_closing_or_has_ended_does_not_open_or_close_again() -> None:
    closing = attempts.closing(begun(), PLACED_AT)
    for each in (closing, attempts.closed(closing), attempts.paid(closing, "wechatpay:1")):
        assert attempts.closing(each, PLACED_AT + MINUTE) == each


def test_Y2_a_closing_attempt_is_asked_again_later_each_time_up_to_a_bound() -> None:
    now, attempt = PLACED_AT, attempts.closing(begun(), PLACED_AT)
    waits: list[timedelta] = []
    for _ in range(50):
        attempt = attempts.still_closing(attempt, now, absent=False)
        assert attempt.state is State.CLOSING
        assert attempt.due_at is not None
        waits.append(attempt.due_at - now)
        now = attempt.due_at
    assert waits[:30] == [MINUTE] * 30  # until the order lapses: it may still be paid by it (Y5)
    assert waits == sorted(waits)
    assert all(later > sooner for sooner, later in pairwise(waits[31:36]))
    assert waits[-1] == waits[-2] <= DAY


def test_Y2_what_its_provider_does_not_know_is_no_end_within_its_window() -> None:
    closing = attempts.closing(begun(), PLACED_AT)
    assert not attempts.is_over(closing, closing.ends_at)
    assert not attempts.is_over(closing, closing.ends_at + attempts.WINDOW - SECOND)
    assert attempts.is_over(closing, closing.ends_at + attempts.WINDOW)


def test_Y2_what_its_provider_says_nothing_of_is_asked_after_for_longer_than_what_it_does_not_know() -> None:
    closing = attempts.closing(begun(), PLACED_AT)
    assert not attempts.is_over(closing, closing.ends_at + attempts.WINDOW, unanswered=True)
    assert attempts.is_over(closing, closing.ends_at + 365 * DAY, unanswered=True)


def test_every_change_of_an_attempt_is_a_version_on_and_what_changes_nothing_is_none() -> None:
    attempt = begun()
    closing = attempts.closing(attempt, PLACED_AT)
    for after in (
        attempts.keeping(attempt, {"handle": "h"}),
        attempts.asked(attempt, PLACED_AT),
        attempts.sooner(attempt, PLACED_AT),
        closing,
        attempts.refused(attempt, "NO", PLACED_AT),
        attempts.closed(attempt),
        attempts.paid(attempt, "wechatpay:1"),
    ):
        assert after.version == attempt.version + 1
    kept = replace(attempt, kept={"handle": "h"})
    assert attempts.keeping(kept, {"handle": "h"}) == kept
    assert attempts.keeping(kept, {}) == kept
