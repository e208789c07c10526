"""What is kept of an order when units come back (O5), and what is due back of it (Y6, Y7)."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain import identifiers
from functions.domain.policy import load
from functions.offers.quotes import Quote
from functions.orders.refunds import NOTHING, Retained, retained
from functions.payments import attempts
from functions.refunds import refund as refunds
from functions.refunds.refund import ByHand, Refund, Sent, State, Transfer
from functions.refunds.rows import refund_of, refund_row, transfer_of, transfer_row
from tests.support.policies import changed
from tests.support.quoting import coupon, item, quoted


def kept(quote: Quote, *staying: int) -> Retained:
    """Return what is kept while these units stay."""
    return retained(quote, staying, earned_per_yuan=1)


def test_worked_example_three_of_66_67_returned_one_at_a_time() -> None:
    quote = quoted("J2", item(6_667, 3), holds_points=2_000, points=2_000)
    assert quote.paid_fen == 19_601
    steps = [kept(quote, staying) for staying in (3, 2, 1, 0)]
    assert [step.paid_fen for step in steps] == [19_601, 13_067, 6_534, 0]
    assert [step.redeemed_points for step in steps] == [2_000, 1_333, 667, 0]
    assert [step.earned_points for step in steps] == [196, 131, 65, 0]


def test_worked_example_points_that_paid_for_shipping_stay_with_it() -> None:
    quote = quoted("J2", item(160, 2), holds_points=2_000, points=2_000)
    assert quote.paid_fen == 920
    one = kept(quote, 1)
    assert (one.redeemed_points, one.paid_fen) == (1_200, 920)
    assert kept(quote, 0) == NOTHING


def test_what_stays_whole_is_kept_whole() -> None:
    quote = quoted("J5", item(19_800), item(333, 7), held=coupon(10_000), use_coupon="cpn_2026")
    assert kept(quote, 1, 7) == Retained(
        order_amount_fen=quote.order_amount_fen,
        paid_fen=quote.paid_fen,
        redeemed_points=0,
        earned_points=quote.earns_points,
    )


def test_shipping_is_kept_while_anything_stays() -> None:
    quote = quoted("J2", item(100, 2))
    assert (kept(quote, 1).order_amount_fen, kept(quote, 1).paid_fen) == (1_100, 1_100)
    assert kept(quote, 0) == NOTHING


def test_the_coupon_is_spread_over_the_goods_by_price() -> None:
    quote = quoted("J2", item(10_000), item(20_000), held=coupon(2_000), use_coupon="cpn_2026")
    assert (kept(quote, 1, 0).paid_fen, kept(quote, 0, 1).paid_fen) == (9_333, 18_667)


def test_the_order_amount_that_is_kept_goes_to_the_nearer_fen_as_the_paid_one_does() -> None:
    quote = quoted("J2", item(10_000), item(20_000), held=coupon(2_000), use_coupon="cpn_2026")
    assert [kept(quote, *staying).order_amount_fen for staying in ((1, 0), (0, 1))] == [9_333, 18_667]
    even = quoted("J2", item(20_001), item(20_001), held=coupon(2_001), use_coupon="cpn_2026")
    assert kept(even, 1, 0).order_amount_fen == 19_001  # a half goes up: 38 001 is left of both


def test_R4_points_that_went_to_shipping_are_not_rounded_before_those_that_went_to_goods(
    tmp_path: Path,
) -> None:
    """A fen is worth two and a half points here, and 53 fen of shipping 132 and a half."""
    policy = load(changed(tmp_path, ("redeemed_per_yuan = 500", "redeemed_per_yuan = 250")))
    quote = quoted("J2", item(49, 3), holds_points=500, points=500, policy=policy)
    assert (quote.points_value_fen, quote.goods_fen, quote.paid_fen) == (200, 147, 947)
    assert [kept(quote, staying).redeemed_points for staying in (3, 2, 1, 0)] == [500, 378, 255, 0]


def test_free_goods_keep_everything_while_anything_stays() -> None:
    quote = quoted("J2", item(1))
    free_line = replace(quote.lines[0], quantity=2, unit_price_fen=0, amount_fen=0)
    free = replace(quote, lines=(free_line,), goods_fen=0, order_amount_fen=1_000, paid_fen=1_000)
    assert kept(free, 1) == kept(free, 2)
    assert (kept(free, 1).paid_fen, kept(free, 0)) == (1_000, NOTHING)


@pytest.mark.parametrize("staying", [(), (1, 1), (-1,), (4,)])
def test_what_stays_is_a_part_of_the_order(staying: Any) -> None:
    with pytest.raises(ValueError, match="part of the order"):
        kept(quoted("J2", item(100, 3)), *staying)


# Money that is due back (Y6, Y7) --------------------------------------------------------------------------

ORDER_ID = identifiers.order_id("alice", "k1")
PAYMENT_ID = "wechatpay:4200001"
NOW = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


def transfer(place: int = 1, *, subject: str = ORDER_ID, state: Sent = Sent.SENT) -> Transfer:
    """Return a transfer."""
    return Transfer(
        subject=subject,
        place=place,
        payment_id=PAYMENT_ID,
        amount=1,
        currency="CNY",
        parts=1,
        notify_url="https://api.test/payments/wechatpay/notifications",
        made_at=NOW,
        state=state,
    )


def test_Y6_a_refunds_id_follows_from_the_order_and_the_number_of_its_change() -> None:
    ids = [refunds.of_change(order, number) for order in (ORDER_ID, other_order()) for number in range(1_200)]
    assert len(set(ids)) == len(ids)
    assert refunds.of_change(ORDER_ID, 7) == refunds.of_change(ORDER_ID, 7)
    assert {refunds.subject_of(each) for each in ids} == {ORDER_ID, other_order()}


def other_order() -> str:
    """Return the id of another order."""
    return identifiers.order_id("alice", "k2")


def test_Y6_a_refunds_id_follows_from_the_payment_that_was_not_applied() -> None:
    payments = [PAYMENT_ID, "wechatpay:4200002", "alipay:4200001", "cash 1", "現金", "a:b:c", "_", "ref_"]
    ids = [refunds.of_payment(order, each) for order in (ORDER_ID, other_order()) for each in payments]
    changes = [refunds.of_change(ORDER_ID, number) for number in range(20)]
    unassigned = [refunds.of_unassigned(each) for each in payments]
    assert len({*ids, *changes, *unassigned}) == len(ids) + len(changes) + len(unassigned)
    assert {refunds.subject_of(each) for each in ids} == {ORDER_ID, other_order()}
    assert [refunds.subject_of(each) for each in unassigned] == [
        refunds.subject_of_unassigned(each) for each in payments
    ]


def test_Y6_unassigned_money_stands_under_no_orders_id() -> None:
    subject = refunds.subject_of_unassigned(PAYMENT_ID)
    assert not identifiers.is_order_id(subject)
    assert subject != refunds.subject_of_unassigned("wechatpay:4200002")


@pytest.mark.parametrize("subject", [ORDER_ID, refunds.subject_of_unassigned(PAYMENT_ID)])
@pytest.mark.parametrize("place", [1, 9, 10, 40, 50, 99, 100])
def test_Y7_a_transfers_number_is_one_that_every_provider_takes_and_reads_back(
    subject: str, place: int
) -> None:
    number = transfer(place, subject=subject).number
    assert re.fullmatch(r"[0-9A-Za-z_]{28,32}", number, re.ASCII)
    assert number.startswith(subject.partition("_")[2] + "_")
    assert refunds.transfer_of_number(number) == (subject, place)
    assert attempts.place_of(number) is None  # nor is it an attempt's


def test_Y7_numbers_of_transfers_are_different_ones() -> None:
    subjects = [ORDER_ID, other_order(), refunds.subject_of_unassigned(PAYMENT_ID)]
    numbers = [transfer(place, subject=each).number for each in subjects for place in range(1, 51)]
    assert len(set(numbers)) == len(numbers)
    assert refunds.TRANSFERS_MAX == 50


@pytest.mark.parametrize(
    "number",
    [
        None,
        "",
        "somebody's",
        ORDER_ID,
        f"{ORDER_ID[4:]}_01",
        f"{ORDER_ID[4:]}_R1",
        f"{ORDER_ID[4:]}_R0001",
        f"{ORDER_ID[4:]}_R０１",
        f"{ORDER_ID[4:]}_X01",
        f"{ORDER_ID[4:].upper()}_R01",
        f"{ORDER_ID[4:]}_R01\n",
        f" {ORDER_ID[4:]}_R01",
    ],
)
def test_Y7_what_is_no_transfers_number_is_none_of_ours(number: str | None) -> None:
    assert refunds.transfer_of_number(number) is None


def go_at(made: int, **how: Any) -> datetime:
    """Return when the next transfer may be made of a payment that has had so many."""
    said: dict[str, Any] = {
        "now": NOW,
        "last_sent_at": NOW - DAY,
        "oldest": NOW,
        "whole": False,
        "until": NOW + 300 * DAY,
    }
    return refunds.may_go_at(made=made, **{**said, **how})


@pytest.mark.parametrize("made", range(39))
def test_Y7_the_first_39_go_at_once_or_61_seconds_after_the_one_before(made: int) -> None:
    assert go_at(made) == NOW
    assert go_at(made, last_sent_at=None) == NOW
    for seconds in range(0, 120, 10):
        expected = max(NOW, NOW + (61 - seconds) * SECOND)
        assert go_at(made, last_sent_at=NOW - seconds * SECOND) == expected


@pytest.mark.parametrize("made", range(39, 49))
def test_Y7_from_the_40th_on_the_oldest_waits_a_day_at_most(made: int) -> None:
    assert go_at(made) == NOW + DAY
    assert go_at(made, oldest=NOW - DAY + SECOND) == NOW + SECOND
    assert go_at(made, oldest=NOW - DAY) == NOW
    assert go_at(made, oldest=NOW - 9 * DAY) == NOW
    assert go_at(made, oldest=NOW - 9 * DAY, last_sent_at=NOW) == NOW + 61 * SECOND


def test_Y7_the_50th_is_kept_for_the_rest_and_made_while_the_payment_can_be_refunded() -> None:
    until = NOW + 300 * DAY
    assert NOW + 100 * DAY < go_at(49, oldest=NOW - 9 * DAY) < until
    for made in (39, 45, 48, 49):
        assert go_at(made, whole=True) == NOW
        assert go_at(made, whole=True, last_sent_at=NOW) == NOW + 61 * SECOND
    assert go_at(49, now=until - DAY, oldest=until - 2 * DAY) == until - DAY


@pytest.mark.parametrize("seed", range(50))
def test_Y7_no_transfer_may_go_before_now_or_61_seconds_after_the_one_before(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    for _ in range(100):
        last = NOW - chance.randint(-10, 300) * SECOND
        at = go_at(
            chance.randint(0, 49),
            last_sent_at=last,
            oldest=NOW - chance.randint(0, 200_000) * SECOND,
            whole=chance.random() < 0.3,
            until=NOW + chance.randint(-5, 360) * DAY,
        )
        assert at >= max(NOW, last + 61 * SECOND)


def test_Y7_a_refund_stands_where_its_transfer_stands_unless_it_was_paid_by_hand() -> None:
    waits = Refund(
        refund_id=refunds.of_change(ORDER_ID, 1),
        subject=ORDER_ID,
        payment_id=PAYMENT_ID,
        amount=1,
        reason="returned",
        made_at=NOW,
    )
    assert refunds.shown_state(waits, None) is State.DUE
    carried = replace(waits, transfer=1)
    shown = {each: refunds.shown_state(carried, transfer(state=each)) for each in Sent}
    assert shown == {
        Sent.JOINING: State.DUE,
        Sent.SENT: State.SENT,
        Sent.SUCCEEDED: State.SUCCEEDED,
        Sent.FAILED: State.FAILED,
    }
    by_hand = replace(carried, state=State.PAID_BY_HAND)
    assert {refunds.shown_state(by_hand, transfer(state=each)) for each in Sent} == {State.PAID_BY_HAND}
    for state in (State.MANUAL, State.FAILED):
        assert refunds.shown_state(replace(waits, state=state), None) is state


@pytest.mark.parametrize("state", State)
def test_Y6_a_refunds_row_is_read_as_it_was_written_and_is_due_only_while_it_waits(state: State) -> None:
    refund = Refund(
        refund_id=refunds.of_change(ORDER_ID, 1),
        subject=ORDER_ID,
        payment_id=PAYMENT_ID,
        amount=1,
        currency="USD",
        reason="returned",
        made_at=NOW,
        state=state,
        because="too_old",
        by_hand=ByHand(reason="r", reference="b-1", operator="f", at=NOW)
        if state is State.PAID_BY_HAND
        else None,
    )
    row = refund_row(refund)
    assert refund_of(row) == refund
    assert ("due" in row) == (state is State.DUE)
    assert ("listed" in row) == (state in (State.MANUAL, State.FAILED))
    assert ("due" in refund_row(replace(refund, transfer=3))) is False
    assert not [name for name in row if name.endswith("_fen")]
    assert transfer_of(transfer_row(transfer(7))) == transfer(7)
