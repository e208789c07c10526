"""Money that is no order's goes back to where it came from, or is an order's: never both (Y4, Y6, Y7)."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest

from functions.domain.errors import RefusalError
from functions.orders.events import RefundDue
from functions.orders.order import Order, Status
from functions.payments.events import PaymentUnassigned
from functions.payments.providers.provider import Kind, Notice
from functions.payments.rows import Decided, Unassigned
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from functions.refunds.refund import State, of_unassigned, subject_of_unassigned
from tests.support.faults import Calls
from tests.support.paying import (
    MINUTE,
    PROVIDERS,
    Fate,
    Paying,
    Word,
    check_providers,
    nothing_happens,
    refusal,
)
from tests.support.points import calm
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
LATER = NOON + 5 * MINUTE
DECIDED_BY = NOON + 14 * DAY


@pytest.fixture
def paying(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


def kept(
    paying: Paying,
    amount: int | None = 5_000,
    *,
    object_id: str = "42",
    currency: str | None = "CNY",
    provider: str = "wechatpay",
    at: datetime = NOON,
) -> str:
    """Let money come in whose number we do not know; return its id."""
    notice = Notice(
        provider=provider,
        kind=Kind.PAYMENT,
        object_id=object_id,
        state="SUCCESS",
        paid=True,
        number="somebody's",
        amount=amount,
        currency=currency,
        at=at,
    )
    paying.tell(notice, at)
    return notice.payment_id


def send_back(
    paying: Paying,
    payment_id: str,
    *,
    reason: str = "who?",
    by: str | None = "finance-1",
    at: datetime = LATER,
) -> Unassigned:
    """Decide that money goes back."""
    return paying.assigning.refund(payment_id, reason=reason, operator=by, now=at, deadline=Deadline(20))


def assign(paying: Paying, payment_id: str, order: Order, *, by: str = "finance-1") -> Unassigned:
    """Assign money to an order."""
    return paying.assigning.assign(payment_id, order.order_id, operator=by, now=LATER, deadline=Deadline(20))


def money_of(paying: Paying, payment_id: str) -> Unassigned:
    """Return money as it is stored."""
    found = paying.book.unassigned(payment_id)
    assert found is not None
    return found


def conflicting(paying: Paying) -> str:
    """Let a provider tell of money that staff have recorded with another order; return its id."""
    order, other = paying.place(), paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.by_staff(other, notice.payment_id)
    paying.tell(notice)
    return notice.payment_id


def gone(paying: Paying, payment_id: str) -> int:
    """Return what has gone back of a payment through its provider."""
    provider, _, number = payment_id.partition(":")
    return paying.providers[provider].went_back(number)


# Once, with a reason -------------------------------------------------------------------------------------


@pytest.mark.parametrize("provider", PROVIDERS)
def test_Y4_money_goes_back_whole_to_its_own_payment_and_is_listed_no_more(
    paying: Paying, provider: str
) -> None:
    payment_id = kept(paying, provider=provider)
    money = send_back(paying, payment_id, reason="nobody knows it")
    assert (money.state, money.reason) == (Decided.REFUNDED, "nobody knows it")
    assert (money.decided_by, money.decided_at) == ("finance-1", LATER)
    assert money_of(paying, payment_id) == money
    assert paying.unassigned() == []
    (due,) = paying.refunds()
    assert (due.refund_id, due.payment_id) == (money.refund_id, payment_id)
    assert (due.amount, due.currency, due.state, due.made_at) == (5_000, "CNY", State.DUE, LATER)
    assert due.order_id is None
    paying.job(LATER + MINUTE)
    (sent,) = paying.providers[provider].sends()
    assert sent.paying.number == subject_of_unassigned(payment_id).removeprefix("una_") + "_U01"
    assert (sent.paying.payment, sent.paying.amount, sent.paying.total) == ("42", 5_000, 5_000)
    assert gone(paying, payment_id) == 5_000
    assert (paying.due("refunds"), paying.due("notices")) == ([], [])


def test_Y4_money_of_another_currency_goes_back_in_it(paying: Paying) -> None:
    payment_id = kept(paying, 1_999, currency="USD", provider="stripe")
    send_back(paying, payment_id)
    paying.job(LATER + MINUTE)
    (sent,) = paying.stripe.sends()
    assert (sent.paying.amount, sent.paying.total, sent.paying.currency) == (1_999, 1_999, "USD")
    (row,) = paying.refund_rows()
    assert row["currency"] == "USD"
    assert not [name for name in row if name.endswith("_fen")]


def test_R1_decided_again_it_is_answered_again_and_the_first_reason_stays(paying: Paying) -> None:
    payment_id = kept(paying)
    first = send_back(paying, payment_id)
    with nothing_happens(paying):
        assert send_back(paying, payment_id, reason="other", by="finance-2", at=LATER + DAY) == first
        assert send_back(paying, payment_id) == first
    paying.pass_time(LATER, LATER + 30 * DAY)
    assert gone(paying, payment_id) == 5_000
    assert send_back(paying, payment_id) == first
    assert len(paying.refunds()) == 1


def test_Y4_twenty_at_once_send_it_back_once(paying: Paying) -> None:
    payment_id = kept(paying)
    answers = at_once(20, lambda number: send_back(paying, payment_id, by=f"finance-{number}"))
    done = {each.decided_by for each in answers if isinstance(each, Unassigned)}
    assert len(done) == 1
    paying.pass_time(LATER, LATER + DAY)
    assert (len(paying.refunds()), gone(paying, payment_id)) == (1, 5_000)


def test_Y3_told_again_after_it_went_back_it_has_no_other_effect(paying: Paying) -> None:
    payment_id = kept(paying)
    send_back(paying, payment_id)
    before = paying.refunds()
    for number in range(3):
        paying.tell(replace(_notice(payment_id), state=f"SUCCESS{number}"), LATER + DAY)
    assert (paying.refunds(), paying.unassigned()) == (before, [])
    assert [type(each) for each in paying.told()] == [PaymentUnassigned]


def _notice(payment_id: str) -> Notice:
    provider, _, object_id = payment_id.partition(":")
    return Notice(
        provider=provider,
        kind=Kind.PAYMENT,
        object_id=object_id,
        state="SUCCESS",
        paid=True,
        number="somebody's",
        amount=5_000,
        currency="CNY",
    )


@pytest.mark.parametrize(("amount", "currency"), [(None, "CNY"), (5_000, None), (0, "CNY"), (-5, "CNY")])
def test_Y4_money_of_which_nobody_knows_how_much_it_is_stays_on_the_list(
    paying: Paying, amount: int | None, currency: str | None
) -> None:
    payment_id = kept(paying, amount, currency=currency)
    with nothing_happens(paying):
        assert refusal(lambda: send_back(paying, payment_id)) == (409, "payment_not_refundable")
    paying.job(DECIDED_BY)
    assert [each.payment_id for each in paying.unassigned()] == [payment_id]
    assert paying.refunds() == []


def test_Y4_what_there_is_not_is_not_found(paying: Paying) -> None:
    with nothing_happens(paying):
        assert refusal(lambda: send_back(paying, "wechatpay:43")) == (404, "payment_not_found")


def test_Y7_one_that_its_provider_will_not_do_is_finances_and_paid_by_hand(paying: Paying) -> None:
    payment_id = kept(paying)
    send_back(paying, payment_id)
    paying.wechatpay.script(Word.PAY_BACK, Fate.FAILED)
    paying.job(LATER + MINUTE)
    (failed,) = paying.listed(State.FAILED)
    paid = paying.by_hand.paid_by_hand(
        failed.refund_id,
        reason="account closed",
        reference="b-1",
        operator="f",
        now=LATER + DAY,
        deadline=Deadline(20),
    )
    assert (paid.state, paid.payment_id) == (State.PAID_BY_HAND, payment_id)
    assert (paying.listed(State.FAILED), gone(paying, payment_id)) == ([], 0)


def test_Y7_it_is_held_while_a_dispute_is_open(paying: Paying) -> None:
    payment_id = kept(paying, provider="stripe")
    paying.tell(paying.stripe.dispute("42"))
    send_back(paying, payment_id)
    paying.pass_time(LATER, NOON + 3 * DAY, every=HOUR)
    assert paying.stripe.sent_back == []
    paying.tell(paying.stripe.dispute("42", "won"), NOON + 3 * DAY)
    paying.pass_time(NOON + 3 * DAY, NOON + 3 * DAY + 2 * HOUR)
    assert gone(paying, payment_id) == 5_000


# By itself -----------------------------------------------------------------------------------------------


def test_Y4_not_decided_in_14_days_it_goes_back_by_itself_and_not_sooner(paying: Paying) -> None:
    payment_id = kept(paying)
    paying.job(DECIDED_BY - SECOND)
    assert paying.refunds() == []
    paying.job(DECIDED_BY)
    money = money_of(paying, payment_id)
    assert (money.state, money.decided_by) == (Decided.REFUNDED, None)
    assert money.reason
    paying.pass_time(DECIDED_BY + MINUTE, DECIDED_BY + HOUR)
    assert gone(paying, payment_id) == 5_000
    paying.job(DECIDED_BY + DAY)
    assert len(paying.refunds()) == 1


def test_Y4_what_one_of_two_people_has_proposed_is_not_decided(paying: Paying) -> None:
    amount = paying.shop.policy.payments.two_eyes_fen + 1
    paying.shop.stock("gold", 5, amount)
    order = paying.place(sku="gold")
    payment_id = kept(paying, order.quote.paid_fen)
    assert assign(paying, payment_id, order).state is Decided.PROPOSED
    paying.job(DECIDED_BY)
    assert money_of(paying, payment_id).state is Decided.REFUNDED
    assert refusal(lambda: assign(paying, payment_id, order, by="finance-2")) == (
        409,
        "payment_already_decided",
    )
    paying.pass_time(DECIDED_BY, DECIDED_BY + HOUR)
    assert (gone(paying, payment_id), paying.paid(order)) == (order.quote.paid_fen, [])


def test_Y4_what_was_decided_is_left_alone_by_the_job(paying: Paying) -> None:
    order = paying.place()
    assigned, back = kept(paying, order.quote.paid_fen), kept(paying, object_id="43")
    assign(paying, assigned, order)
    send_back(paying, back)
    paying.pass_time(LATER, LATER + HOUR)
    before = paying.dump()
    paying.job(DECIDED_BY)
    changed = {place for place, text in paying.dump().items() if before.get(place) != text}
    assert {table for table, _, _ in changed} <= {"Reports"}
    assert [each.payment_id for each in paying.refunds()] == [back]


def test_case_32_33_the_job_twice_at_once_and_late_sends_all_back_once(paying: Paying) -> None:
    ids = [kept(paying, 5_000 + each, object_id=f"n{each}") for each in range(9)]
    runs = [paying.workers() for _ in range(3)]
    at = DECIDED_BY + 3 * DAY
    paying.clock(at)
    for each in runs:
        each.start("ask-payments", at)
    at_once(3, lambda number: runs[number].run(copies=2))
    paying.pass_time(at, at + HOUR)
    assert len(paying.refunds()) == 9
    assert [gone(paying, each) for each in ids] == [5_000 + each for each in range(9)]


# Never both ----------------------------------------------------------------------------------------------


def test_Y4_money_that_was_assigned_does_not_go_back_as_unassigned(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order.quote.paid_fen)
    assign(paying, payment_id, order)
    with nothing_happens(paying):
        assert refusal(lambda: send_back(paying, payment_id)) == (409, "payment_already_decided")
    assert paying.refunds() == []
    paying.cancel(order)
    paying.pass_time(LATER, LATER + HOUR)
    assert gone(paying, payment_id) == order.quote.paid_fen


def test_Y4_money_that_goes_back_is_no_orders_any_more(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order.quote.paid_fen)
    send_back(paying, payment_id)
    with nothing_happens(paying):
        assert refusal(lambda: assign(paying, payment_id, order)) == (409, "payment_already_decided")
    assert paying.order(order).status is Status.PLACED


@pytest.mark.parametrize("sent", [False, True])
def test_Y4_staff_do_not_record_money_that_goes_back(paying: Paying, sent: bool) -> None:
    order, cancels = paying.place(), paying.place()
    paying.cancel(cancels)
    payment_id = kept(paying, order.quote.paid_fen)
    send_back(paying, payment_id)
    if sent:
        paying.pass_time(LATER, LATER + HOUR)
    with nothing_happens(paying):
        for each in (order, cancels):
            status, code = refusal(partial(paying.by_staff, each, payment_id))
            assert (status, code) == (422, "payment_gone_back")
    paying.by_staff(order, "cash-1")
    assert paying.order(order).status is Status.PAID


@pytest.mark.parametrize("end", ["waits", "cancelled"])
def test_Y4_money_that_staff_have_recorded_meanwhile_does_not_go_back_as_unassigned(
    paying: Paying, end: str
) -> None:
    order = paying.place()
    payment_id = kept(paying, order.quote.paid_fen)
    if end == "cancelled":
        paying.cancel(order)
    paying.by_staff(order, payment_id)
    assert refusal(lambda: send_back(paying, payment_id)) == (409, "payment_already_decided")
    paying.job(DECIDED_BY)
    paying.pass_time(DECIDED_BY, DECIDED_BY + HOUR)
    assert gone(paying, payment_id) == 0
    assert [each.state for each in paying.refunds()] == ([State.MANUAL] if end == "cancelled" else [])
    assert paying.unassigned() == []


def test_Y4_assigned_and_sent_back_at_once_it_is_one_of_the_two(paying: Paying) -> None:
    seen = set()
    for each in range(8):
        order = paying.place()
        payment_id = kept(paying, order.quote.paid_fen, object_id=f"n{each}")
        acts: list[Callable[[], object]] = [
            partial(assign, paying, payment_id, order),
            partial(send_back, paying, payment_id),
        ]
        answers = at_once(6, lambda number, acts=acts: acts[(number) % 2]())  # type: ignore[misc]
        assert all(one.status in (409, 503) for one in answers if isinstance(one, RefusalError))
        seen.add(_is_one_of_the_two(paying, order, payment_id))
    assert seen <= {"assigned", "back"}


def test_Y4_recorded_by_staff_and_sent_back_at_once_it_is_one_of_the_two(paying: Paying) -> None:
    for each in range(8):
        order = paying.place()
        payment_id = kept(paying, order.quote.paid_fen, object_id=f"n{each}")
        acts: list[Callable[[], object]] = [
            partial(paying.by_staff, order, payment_id),
            partial(send_back, paying, payment_id),
        ]
        at_once(6, lambda number, acts=acts: acts[(number) % 2]())  # type: ignore[misc]
        with suppress(RefusalError):
            send_back(paying, payment_id)
        _is_one_of_the_two(paying, order, payment_id)


def _is_one_of_the_two(paying: Paying, order: Order, payment_id: str) -> str:
    """Hold that money has paid an order or goes back, and say which."""
    paying.pass_time(LATER, LATER + 5 * MINUTE)
    if paying.order(order).status is Status.PAID:
        assert gone(paying, payment_id) == 0
        assert paying.refunds(subject_of_unassigned(payment_id)) == []
        assert money_of(paying, payment_id).state is Decided.ASSIGNED
        return "assigned"
    assert paying.paid(order) == []
    assert gone(paying, payment_id) == order.quote.paid_fen
    assert money_of(paying, payment_id).state is Decided.REFUNDED
    return "back"


@pytest.mark.parametrize("first", ["assign", "send back", "staff"])
def test_Y4_the_one_that_writes_first_has_it(paying: Paying, calls: Calls, first: str) -> None:
    """The other one has read before, and writes after it."""
    order = paying.place()
    payment_id = kept(paying, order.quote.paid_fen)
    acts: dict[str, Callable[[], object]] = {
        "assign": partial(assign, paying, payment_id, order),
        "send back": partial(send_back, paying, payment_id),
        "staff": partial(paying.by_staff, order, payment_id),
    }
    others = [name for name in acts if name != first and "send back" in (name, first)]
    before = paying.dump()
    for other in others:
        paying.restore(before)
        paying.wechatpay.backs.clear()
        paying.wechatpay.sent_back.clear()
        calls.do_before("TransactWriteItems", acts[first])
        assert refusal(acts[other])[0] in (409, 422, 503)
        calm(calls)
        _is_one_of_the_two(paying, order, payment_id)


def test_Y4_of_money_that_was_proposed_the_one_that_writes_first_has_it(paying: Paying, calls: Calls) -> None:
    """The second person has read it as proposed for the order when it is sent back."""
    paying.shop.stock("gold", 5, paying.shop.policy.payments.two_eyes_fen + 1)
    order = paying.place(sku="gold")
    payment_id = kept(paying, order.quote.paid_fen)
    assign(paying, payment_id, order)
    calls.do_before("TransactWriteItems", partial(send_back, paying, payment_id))
    assert refusal(lambda: assign(paying, payment_id, order, by="finance-2"))[0] in (409, 503)
    calm(calls)
    assert _is_one_of_the_two(paying, order, payment_id) == "back"


# Conflicts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["finance", "the job"])
def test_Y3_Y4_conflicting_money_goes_back_by_hand_and_is_never_sent(paying: Paying, by: str) -> None:
    payment_id = conflicting(paying)
    if by == "finance":
        money = send_back(paying, payment_id, reason="twice the number")
        assert money.state is Decided.REFUNDED
    else:
        paying.job(DECIDED_BY)
    (due,) = paying.refunds()
    assert (due.state, due.payment_id, due.refund_id) == (
        State.MANUAL,
        payment_id,
        of_unassigned(payment_id),
    )
    assert paying.listed(State.MANUAL) == [due]
    paying.job(DECIDED_BY)
    paying.pass_time(DECIDED_BY, DECIDED_BY + DAY)
    assert (paying.wechatpay.sent_back, paying.unassigned()) == ([], [])


def test_Y3_the_order_that_staff_recorded_conflicting_money_with_keeps_its_payment(paying: Paying) -> None:
    payment_id = conflicting(paying)
    orders = [each for each in map(paying.order, _orders(paying)) if each.status is Status.PAID]
    send_back(paying, payment_id)
    (order,) = orders
    assert paying.order(order) == order
    paying.cancel(order)
    assert {each.refund_id for each in paying.listed(State.MANUAL)} == {
        each.refund_id for each in paying.refunds()
    }
    assert len(paying.refunds()) == 2


def _orders(paying: Paying) -> list[str]:
    rows = paying.dump()
    return [key for table, key, item in rows if (table, item) == ("Orders", "ORDER")]


# What is told and kept -----------------------------------------------------------------------------------


def test_Y4_money_is_told_as_unassigned_once_and_listeners_are_asked_to_pay_nothing(paying: Paying) -> None:
    payment_id = kept(paying)
    (first,) = paying.told()
    send_back(paying, payment_id)
    paying.pass_time(LATER, LATER + HOUR)
    assert [each.event_id for each in paying.told()] == [first.event_id]
    assert paying.told_of(RefundDue) == []


def test_Y4_rows_hold_nothing_personal(paying: Paying) -> None:
    payment_id = kept(paying)
    send_back(paying, payment_id)
    paying.pass_time(LATER, LATER + HOUR)
    for row in [row for row in paying.rows() if row["subject"].startswith("una_")]:
        assert "alice" not in json.dumps(row)
        assert "member_id" not in row


# Faults --------------------------------------------------------------------------------------------------

SCENES: dict[str, Callable[[Paying], str]] = {"open": kept, "conflicting": conflicting}
EVERY = pytest.mark.parametrize("scene", SCENES)


def _trial(paying: Paying, scene: str) -> Trial:
    """Return money that is sent back, anew each time."""
    payment_id = SCENES[scene](paying)
    trial = Trial(paying, lambda: send_back(paying, payment_id))
    assert isinstance(trial.answered, Unassigned)
    assert len(paying.refunds()) == 1
    return trial


@EVERY
def test_cases_14_to_22_at_every_call_it_is_all_or_nothing_and_done_when_sent_again(
    paying: Paying, calls: Calls, scene: str
) -> None:
    _trial(paying, scene).strike_at_every_call(calls)


@EVERY
def test_case_20_killed_at_any_point_it_is_all_or_nothing_and_done_when_sent_again(
    paying: Paying, client: "DynamoDBClient", scene: str
) -> None:
    _trial(paying, scene).kill_at_every_point(client)
