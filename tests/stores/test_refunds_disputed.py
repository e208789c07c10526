"""A disputed payment: nothing of it is sent while a dispute is open, and what one took has gone back (Y7)."""

import itertools
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from functions.domain.errors import TryAgainError
from functions.orders.order import Order
from functions.payments.paid import Paid, find, written
from functions.payments.providers.provider import PaidBack
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from functions.refunds.refund import State
from tests.stores.test_refunds_sent import (
    DAY,
    FIRST,
    HOUR,
    SECOND,
    due,
    number_of,
    payment_of,
    states,
    total,
)
from tests.support.faults import Calls
from tests.support.paying import MINUTE, TEA_FEN, Fate, Paying, Word, check_providers
from tests.support.points import OPERATIONS, calm
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once


@pytest.fixture
def paying(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


def lost_of(paying: Paying, order: Order, amount: int, dispute_id: str = "dp_1") -> Any:
    """Return what Stripe tells of a dispute that was lost."""
    return paying.stripe.dispute(payment_of(paying, order), "lost", dispute_id=dispute_id, amount=amount)


def open_of(paying: Paying, order: Order, dispute_id: str = "dp_1", state: str = "needs_response") -> Any:
    """Return what Stripe tells of a dispute that is open."""
    return paying.stripe.dispute(payment_of(paying, order), state, dispute_id=dispute_id, amount=TEA_FEN)


@pytest.mark.parametrize("end", ["won", "warning_closed"])
def test_Y7_while_a_dispute_is_open_nothing_is_sent_and_after_it_all_is(paying: Paying, end: str) -> None:
    order = due(paying, "stripe")
    paying.tell(open_of(paying, order))
    paying.pass_time(FIRST, NOON + 20 * DAY, every=13 * HOUR)
    paying.give_back(order, 1, "r2", NOON + 20 * DAY)
    paying.pass_time(NOON + 20 * DAY, NOON + 40 * DAY, every=13 * HOUR)
    assert (paying.stripe.sent_back, states(paying, order)) == ([], ["due", "due"])
    assert paying.listed(State.FAILED) == []
    paying.tell(paying.stripe.dispute(payment_of(paying, order), end), NOON + 40 * DAY)
    paying.pass_time(NOON + 40 * DAY, NOON + 40 * DAY + 2 * HOUR)
    assert states(paying, order) == ["succeeded"] * 2
    assert paying.stripe.went_back(payment_of(paying, order)) == 2 * TEA_FEN


def test_Y7_a_refund_that_is_held_says_why(paying: Paying) -> None:
    order = due(paying, "stripe")
    paying.tell(open_of(paying, order))
    paying.pass_time(FIRST, NOON + 3 * HOUR)
    (row,) = paying.refund_rows()
    assert row.get("held") == "disputed"


def test_Y7_other_payments_are_not_held_by_a_dispute(paying: Paying) -> None:
    disputed, other = due(paying, "stripe"), due(paying, "stripe")
    paying.tell(open_of(paying, disputed))
    paying.job(FIRST)
    assert (states(paying, disputed), states(paying, other)) == (["due"], ["succeeded"])


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.REFUSED, Fate.PROCESSING])
def test_Y7_one_that_was_sent_before_the_dispute_is_asked_after_and_not_sent_again(
    paying: Paying, fate: Fate
) -> None:
    order = due(paying, "stripe")
    paying.stripe.script(Word.PAY_BACK, fate)
    paying.job(FIRST)
    paying.tell(open_of(paying, order), FIRST + SECOND)
    paying.pass_time(FIRST + MINUTE, NOON + 30 * HOUR, every=HOUR)
    assert len(paying.stripe.sends()) == 1
    assert paying.stripe.asks() != []
    if fate is Fate.PROCESSING:
        paying.stripe.becomes(number_of(order), PaidBack.SUCCEEDED)
        paying.pass_time(NOON + 30 * HOUR, NOON + 32 * HOUR)
        assert states(paying, order) == ["succeeded"]
    else:
        paying.tell(paying.stripe.dispute(payment_of(paying, order), "won"), NOON + 30 * HOUR)
        paying.pass_time(NOON + 30 * HOUR, NOON + 32 * HOUR)
        assert states(paying, order) == ["succeeded"]
        assert len(paying.stripe.sends()) == 2


def test_Y7_a_dispute_told_at_any_moment_of_a_workers_way_stops_what_is_not_about_to_be_sent(
    paying: Paying, calls: Calls
) -> None:
    order = due(paying, "stripe")
    before = paying.dump()
    held = 0
    for number in itertools.count():
        paying.restore(before)
        paying.stripe.sent_back.clear()
        paying.stripe.backs.clear()
        told: list[bool] = []

        def tell(told: list[bool] = told) -> None:
            sealed = any(each.state.value != "joining" for each in paying.transfers())
            told.append(sealed)
            paying.tell(open_of(paying, order), FIRST)

        _before(calls, number, tell)
        with suppress(TryAgainError):
            paying.go_on(FIRST)
        calm(calls)
        paying.pass_time(FIRST + 3 * MINUTE, NOON + 5 * HOUR)
        if not told:
            break
        if not told[0]:
            assert paying.stripe.sends() == [], number
            assert states(paying, order) == ["due"]
            held += 1
    assert held > 5


def _before(calls: Calls, number: int, act: Callable[[], object]) -> None:
    """Let something happen just before the call of the database that so many come before."""
    seen = [0]

    def watching(operation: str) -> Callable[[], None]:
        def look() -> None:
            if seen[0] == number:
                calls.meanwhile.clear()
                seen[0] += 1
                act()
            elif seen[0] < number:
                seen[0] += 1
                calls.meanwhile[operation] = look

        return look

    for operation in OPERATIONS:
        calls.meanwhile[operation] = watching(operation)


def check_lost(paying: Paying, order: Order, lost: int) -> None:
    """Hold that the member has not more back than is due, by refunds and disputes, nor than was paid."""
    went = paying.stripe.went_back(payment_of(paying, order))
    assert went + lost <= order.quote.paid_fen
    assert went <= max(0, total(paying, order) - lost)


def test_Y7_a_lost_dispute_counts_as_refunded_of_the_oldest_due(paying: Paying) -> None:
    """Two units are due, and the dispute has taken the price of one: the older one is paid back by it."""
    order = due(paying, "stripe")
    paying.tell(open_of(paying, order))
    paying.give_back(order, 1, "r2", NOON + HOUR)
    paying.tell(lost_of(paying, order, TEA_FEN), NOON + DAY)
    paying.pass_time(NOON + DAY, NOON + 3 * DAY)
    check_lost(paying, order, TEA_FEN)
    assert paying.stripe.went_back(payment_of(paying, order)) == TEA_FEN
    assert states(paying, order)[0] == "succeeded"
    assert states(paying, order)[1] == "succeeded"
    assert paying.listed(State.FAILED) == []


def test_Y7_what_becomes_due_after_a_lost_dispute_is_paid_by_it_first(paying: Paying) -> None:
    order = paying.bought("stripe", quantity=3)
    paying.receive(order)
    paying.tell(lost_of(paying, order, TEA_FEN))
    for number in range(3):
        at = NOON + number * DAY
        paying.give_back(order, 1, f"r{number}", at)
        paying.pass_time(at, at + HOUR)
        check_lost(paying, order, TEA_FEN)
        assert paying.stripe.went_back(payment_of(paying, order)) == number * TEA_FEN
    assert paying.listed(State.FAILED) == []


def test_Y7_a_dispute_lost_over_all_of_it_leaves_nothing_to_send_nor_to_pay_by_hand(paying: Paying) -> None:
    order = paying.bought("stripe", quantity=3)
    paying.tell(lost_of(paying, order, order.quote.paid_fen))
    paying.cancel(order, NOON + DAY)
    paying.pass_time(NOON + DAY, NOON + 3 * DAY)
    assert paying.stripe.sends() == []
    assert paying.listed(State.FAILED) == []
    assert states(paying, order) == ["succeeded"]


def test_Y7_a_lost_dispute_that_covers_a_refund_in_part_leaves_the_rest_of_it_at_most(
    paying: Paying,
) -> None:
    order = due(paying, "stripe")
    paying.tell(open_of(paying, order))
    paying.give_back(order, 1, "r2", NOON + HOUR)
    paying.tell(lost_of(paying, order, 10_000), NOON + DAY)
    paying.pass_time(NOON + DAY, NOON + 3 * DAY)
    check_lost(paying, order, 10_000)
    went = paying.stripe.went_back(payment_of(paying, order))
    assert went == 2 * TEA_FEN - 10_000 or (went == 0 and states(paying, order)[1] == "failed")
    assert states(paying, order)[0] == "succeeded"


def test_Y7_what_went_back_before_the_dispute_was_lost_is_not_asked_back_nor_sent_again(
    paying: Paying,
) -> None:
    order = due(paying, "stripe")
    paying.job(FIRST)
    rest = order.quote.paid_fen - TEA_FEN
    paying.tell(lost_of(paying, order, rest), FIRST + MINUTE)
    paying.give_back(order, 2, "r2", NOON + HOUR)
    paying.pass_time(NOON + HOUR, NOON + DAY)
    assert paying.stripe.went_back(payment_of(paying, order)) == TEA_FEN
    assert states(paying, order)[0] == "succeeded"
    assert paying.listed(State.FAILED) == []


def test_Y7_several_disputes_hold_until_the_last_has_ended_and_all_that_was_lost_counts(
    paying: Paying,
) -> None:
    order = due(paying, "stripe", units=3)
    for dispute_id in ("dp_1", "dp_2", "dp_3"):
        paying.tell(open_of(paying, order, dispute_id))
    paying.tell(lost_of(paying, order, order.quote.paid_fen - 2), NOON + HOUR)
    paying.tell(paying.stripe.dispute(payment_of(paying, order), "won", dispute_id="dp_2"), NOON + 2 * HOUR)
    paying.pass_time(FIRST, NOON + DAY)
    assert paying.stripe.sent_back == []
    paying.tell(lost_of(paying, order, 2, "dp_3"), NOON + DAY)
    paying.pass_time(NOON + DAY, NOON + 2 * DAY)
    assert paying.stripe.sends() == []  # together they took all of it


@pytest.mark.parametrize("seed", range(6))
def test_Y7_R2_words_of_disputes_late_repeated_and_in_any_order_come_to_the_same(
    paying: Paying, seed: int
) -> None:
    """Of two disputes one is lost with 1 fen; what is told of them comes in any order, and again."""
    order = due(paying, "stripe", units=3)
    words = [
        open_of(paying, order, "dp_1"),
        open_of(paying, order, "dp_1", "under_review"),
        lost_of(paying, order, 1, "dp_1"),
        open_of(paying, order, "dp_2", "warning_needs_response"),
        paying.stripe.dispute(payment_of(paying, order), "won", dispute_id="dp_2"),
    ]
    chance = random.Random(seed)  # noqa: S311 - no secret
    chance.shuffle(words)
    for number, word in enumerate(words + words):
        row = paying.keep(word, NOON + number * SECOND)
        assert paying.deliver(row, at=NOON + number * SECOND)
    (row,) = [row for row in paying.rows() if row["item"].startswith("PAYMENT#")]
    assert row.get("lost") == 1
    assert not row.get("disputes")
    paying.pass_time(FIRST, NOON + 3 * HOUR)
    check_lost(paying, order, 1)


def test_Y7_a_dispute_of_a_payment_that_is_not_known_yet_holds_it_once_it_is(paying: Paying) -> None:
    order = paying.place(quantity=3)
    notice = paying.stripe.pays(paying.number(order, "stripe"))
    early = paying.keep(paying.stripe.dispute(notice.object_id))
    paying.deliver(early)
    paying.tell(notice)
    paying.job(NOON + 10 * MINUTE)
    paying.cancel(order, NOON + 10 * MINUTE)
    paying.pass_time(NOON + 11 * MINUTE, NOON + 5 * HOUR)
    assert (paying.stripe.sends(), states(paying, order)) == ([], ["due"])


def test_Y7_the_stream_and_a_worker_at_once_lose_no_dispute(paying: Paying) -> None:
    for each in range(5):
        order = due(paying, "stripe", at=NOON)
        row = paying.keep(open_of(paying, order, f"dp_{each}"))
        (found,) = [row for row in paying.due_refunds(FIRST) if row["subject"] == order.order_id]
        paying.clock(FIRST)

        def act(number: int, row: Any = row, found: Any = found) -> None:
            if number % 2:
                paying.deliver(row, at=FIRST)
            else:
                paying.pay_back.work(found["subject"], found["item"], now=FIRST, deadline=Deadline(20))

        at_once(4, act)
        assert paying.deliver(row, at=FIRST)
        disputes = [
            row.get("disputes")
            for row in paying.rows()
            if row["item"].startswith("PAYMENT#") and row["subject"] == order.order_id
        ]
        assert disputes == [[f"dp_{each}"]]


def test_Y7_a_worker_that_dies_with_its_lease_forgets_nothing_of_the_payment(paying: Paying) -> None:
    """It writes the payment again when it takes the lease: that a lost dispute is to be looked at, too."""
    known = Paid(
        subject="ord_" + "a" * 26,
        payment_id="stripe:pi_1",
        amount=10_950,
        currency="CNY",
        received_at=NOON,
        version=1,
        lease_until=NOON + MINUTE,
        disputes=("dp_1",),
        ended=("dp_2",),
        lost=700,
        covered=500,
        due_at=NOON + MINUTE,
    )
    assert written(paying.book, replace(known, version=0), known)
    assert find(paying.book, known.subject, known.payment_id) == known
