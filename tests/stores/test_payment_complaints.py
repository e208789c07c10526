"""What shops complained about with payments in other shop systems, by its number, on the emulator.

What providers sign is at the open route: tests/handlers/payments.
"""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from functions.orders.events import PaymentMismatched
from functions.orders.order import Order, Status
from functions.payments.attempts import State
from functions.payments.providers.provider import Kind, Notice
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from functions.refunds.refund import Refund
from functions.refunds.refund import State as RefundState
from tests.support.faults import SERVER_ERROR, Calls
from tests.support.paying import (
    LAPSES,
    MINUTE,
    TEA_FEN,
    Fate,
    Paying,
    Word,
    check_providers,
    nothing_happens,
)
from tests.support.points import calm
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIRST = NOON + MINUTE
LATER = NOON + 5 * MINUTE
OUT_OF_SERVICE = 1_000


@pytest.fixture(autouse=True)
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture
def paying(shop: Shop) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


def received(paying: Paying, provider: str = "wechatpay") -> Order:
    """Return a received order of three teas that was paid through a provider."""
    order = paying.bought(provider, quantity=3)
    paying.receive(order)
    return order


def states(paying: Paying, order: Order) -> list[str]:
    """Return where an order's refunds stand."""
    return [state for _, state in paying.shown(order)]


def by_hand(paying: Paying, refund: Refund, at: datetime = LATER) -> Refund:
    """Let finance say that a refund was paid by hand."""
    return paying.by_hand.paid_by_hand(
        refund.refund_id,
        reason="bank transfer",
        reference="bank-1",
        operator="finance-1",
        now=at,
        deadline=Deadline(20),
    )


# --- refunds that fail, or that are asked for again ---


def test_W2_a_refund_that_failed_waits_for_finance_and_saying_it_again_is_the_first_answer(
    paying: Paying,
) -> None:
    order = received(paying)
    paying.give_back(order, 1)
    paying.wechatpay.script(Word.PAY_BACK, Fate.FAILED)
    paying.job(FIRST)
    (failed,) = paying.listed(RefundState.FAILED)
    assert (failed.subject, failed.amount) == (order.order_id, TEA_FEN)
    first = by_hand(paying, failed)
    with nothing_happens(paying):
        assert by_hand(paying, failed, LATER + DAY) == first
    assert (states(paying, order), paying.listed(RefundState.FAILED)) == (["paid_by_hand"], [])


def test_W2_a_refund_that_is_refused_for_want_of_money_is_sent_again_until_it_is_done(paying: Paying) -> None:
    order = received(paying)
    paying.give_back(order, 1)
    paying.wechatpay.script(Word.PAY_BACK, *[Fate.REFUSED] * 3)
    paying.pass_time(FIRST, NOON + DAY)
    assert states(paying, order) == ["succeeded"]
    sends = paying.wechatpay.sends()
    assert len(sends) == 4
    assert len({each.paying.number for each in sends}) == 1


def test_W2_a_return_under_the_same_id_answers_the_refund_that_there_is(paying: Paying) -> None:
    order = received(paying)
    first = paying.give_back(order, 1, "r1")
    assert first.refund_fen == TEA_FEN
    paying.job(FIRST)
    before = paying.refunds()
    again = paying.give_back(order, 1, "r1", LATER)
    assert again.refund_fen == TEA_FEN
    assert paying.refunds() == before


# --- the amount ---


@pytest.mark.parametrize("wrong", ["a fen less", "a fen more", "without the points"])
def test_W3_what_a_notice_says_must_be_what_the_order_costs_to_the_fen(paying: Paying, wrong: str) -> None:
    order = paying.place(points=500)
    cost_fen = order.quote.paid_fen
    assert order.quote.order_amount_fen == cost_fen + 100
    amount = {"a fen less": cost_fen - 1, "a fen more": cost_fen + 1, "without the points": cost_fen + 100}
    number = paying.number(order)
    notice = paying.wechatpay.pays(number, amount=amount[wrong])
    paying.tell(notice, LATER)
    assert paying.order(order).status is Status.PLACED
    assert paying.paid(order) == [(notice.payment_id, amount[wrong], False)]
    (told,) = paying.told_of(PaymentMismatched)
    assert told.amount_fen == amount[wrong]
    right = paying.wechatpay.pays(paying.number(order, at=LATER))
    assert right.amount == cost_fen
    paying.tell(right, LATER)
    assert paying.order(order).status is Status.PAID


# --- once, and never forgotten ---


def test_W8_told_by_twenty_at_once_the_order_is_paid_and_its_points_are_taken_once(paying: Paying) -> None:
    def points() -> int:
        wallet = paying.shop.accounts.wallet("alice")
        assert wallet is not None
        return sum(wallet.available.values())

    before = points()
    order = paying.place(points=500)
    notice = paying.wechatpay.pays(paying.number(order))
    row = paying.keep(notice, LATER)
    at_once(20, lambda _: paying.deliver(row, at=LATER))
    assert paying.deliver(row, at=LATER)
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert before - points() == 500
    paying.cancel(order, LATER)
    for _ in range(2):
        paying.deliver(row, at=LATER)
    assert points() == before


def test_W8_money_for_an_order_that_we_do_not_know_stays_on_a_list_until_it_is_decided(
    paying: Paying,
) -> None:
    notice = Notice(
        provider="wechatpay",
        kind=Kind.PAYMENT,
        object_id="42",
        state="SUCCESS",
        paid=True,
        number="another-shops-order",
        amount=5_000,
        currency="CNY",
        at=NOON,
    )
    for _ in range(2):
        paying.tell(notice)
    (money,) = paying.unassigned()
    assert (money.payment_id, money.amount, money.because) == ("wechatpay:42", 5_000, "unknown_number")
    paying.job(NOON + 13 * DAY)
    assert [each.payment_id for each in paying.unassigned()] == ["wechatpay:42"]
    assert paying.wechatpay.went_back("42") == 0
    paying.job(NOON + 14 * DAY)
    paying.pass_time(NOON + 14 * DAY, NOON + 15 * DAY)
    assert (paying.unassigned(), paying.wechatpay.went_back("42")) == ([], 5_000)


# --- what fails on the way ---


def test_W10_what_could_not_be_worked_off_comes_again_and_is_not_lost(paying: Paying, calls: Calls) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    row = paying.keep(notice, LATER)
    calls.fail("TransactWriteItems", *[SERVER_ERROR] * OUT_OF_SERVICE)
    assert not paying.deliver(row, at=LATER)
    calm(calls)
    assert paying.order(order).status is Status.PLACED
    assert paying.kept(notice)["to_work"] == "yes"
    assert paying.deliver(row, at=LATER)
    assert paying.order(order).status is Status.PAID


def test_W10_what_the_stream_gave_up_is_taken_by_the_job(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.keep(notice)
    paying.wechatpay.always[Word.ASK] = Fate.UNANSWERED
    paying.job(NOON + 10 * MINUTE)
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert "to_work" not in paying.kept(notice)


# --- attempts and their order ---


@pytest.mark.parametrize("places", list(itertools.permutations(range(3))))
def test_W11_in_whatever_order_two_attempts_are_told_the_order_is_paid_by_the_one_that_was_paid(
    paying: Paying, places: tuple[int, ...]
) -> None:
    order = paying.place()
    first = paying.number(order)
    second = paying.number(order, "stripe", at=FIRST)
    paid = paying.stripe.pays(second)
    closed = replace(
        paid, provider="wechatpay", object_id="41", number=first, state="CLOSED", paid=False, amount=None
    )
    waiting = replace(paid, state="processing", paid=False)
    notices = (closed, paid, waiting)
    for place in places:
        paying.tell(notices[place], LATER)
    paying.job_every_minute(LATER, LAPSES)
    paying.job(LAPSES + 2 * DAY)
    found = paying.order(order)
    assert (found.status, len(found.changes)) == (Status.PAID, 1)
    assert paying.paid(order) == [(paid.payment_id, order.quote.paid_fen, True)]
    assert paying.states(order) == [State.CLOSED, State.PAID]
    assert paying.told() == []


# --- what goes back, once each ---


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.UNANSWERED_AFTER])
def test_W12_a_refund_whose_answer_is_lost_moves_its_money_once_whatever_its_key(
    paying: Paying, fate: Fate
) -> None:
    order = received(paying, "stripe")
    paying.give_back(order, 1)
    paying.stripe.script(Word.PAY_BACK, fate)
    paying.pass_time(FIRST, NOON + DAY)
    assert states(paying, order) == ["succeeded"]
    (moved,) = paying.stripe.transfers().values()
    assert moved == TEA_FEN
    keys = [each.paying.tries for each in paying.stripe.sends()]
    assert keys == ([0, 1] if fate is Fate.UNANSWERED else [0]), "another key only for what there is not"


@pytest.mark.parametrize("name", ["wechatpay", "alipay", "stripe"])
def test_W12_two_equal_parts_of_a_payment_are_two_refunds(paying: Paying, name: str) -> None:
    order = received(paying, name)
    paying.give_back(order, 1, "r1")
    paying.job(FIRST)
    paying.give_back(order, 1, "r2", FIRST)
    paying.pass_time(FIRST, NOON + HOUR)
    assert paying.shown(order) == [(TEA_FEN, "succeeded")] * 2
    assert list(paying.providers[name].transfers().values()) == [TEA_FEN] * 2


def test_W12_a_running_total_that_a_provider_tells_is_added_to_nothing(paying: Paying) -> None:
    order = received(paying, "stripe")
    (payment,) = paying.order(order).payments
    charge = Notice(
        provider="stripe",
        kind=Kind.REFUND,
        object_id="ch_1",
        state="refunded",
        payment=payment.payment_id.partition(":")[2],
        number=paying.attempts(order)[0].attempt_id,
        amount=None,
        currency="CNY",
    )
    for units, name in enumerate(("r1", "r2"), start=1):
        paying.give_back(order, 1, name, NOON + units * HOUR)
        paying.pass_time(NOON + units * HOUR, NOON + units * HOUR + 10 * MINUTE)
        paying.tell(replace(charge, state=f"refunded:{units * TEA_FEN}"), NOON + units * HOUR + 20 * MINUTE)
        paying.job(NOON + units * HOUR + 30 * MINUTE)
        assert paying.shown(order) == [(TEA_FEN, "succeeded")] * units
        assert paying.order(order).refunded_fen == units * TEA_FEN
    assert paying.unassigned() == []
