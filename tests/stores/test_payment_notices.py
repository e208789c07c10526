"""What providers tell: one effect, whoever tells it first, however often and however late (Y3-Y5, O6)."""

import itertools
import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.orders.events import PaymentMismatched, RefundDue
from functions.orders.order import Order, Status
from functions.payments.attempts import State
from functions.payments.events import PaymentUnassigned
from functions.payments.providers.provider import Kind, Notice, Stands
from functions.platform.observability import metrics
from tests.support.faults import SENDS_OF_THE_SDK, THROTTLED, Calls, cancelled
from tests.support.paying import LAPSES, MINUTE, Paying, refusal
from tests.support.points import calm
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import CONFLICT, ENDLESS, TRY_AGAIN, Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY = timedelta(days=1)
LATER = NOON + 5 * MINUTE


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is counted, by its name."""
    found = Counter[str]()
    monkeypatch.setattr(metrics, "add_metric", lambda name, value, **_: found.update({name: value}))
    return found


@pytest.fixture
def paying(shop: Shop, counted: Counter[str]) -> Paying:
    """A stocked shop, alice, and providers that do what they are told."""
    made = Paying(shop)
    made.open()
    return made


def effect(paying: Paying, order: Order) -> Any:
    """Return what has become of an order and its attempts, and what the outside is told of money."""
    found = paying.order(order)
    told = sorted((type(each).__name__, each.event_id) for each in paying.told())
    return found, paying.attempts(order), told


def paid_once(paying: Paying, order: Order, payment_id: str) -> None:
    """Hold that an order is paid, by this payment, once."""
    found = paying.order(order)
    assert (found.status, len(found.changes)) == (Status.PAID, 1)
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]
    assert paying.told() == []
    assert paying.unassigned() == []


# --- once ---


def test_Y3_a_paid_notice_pays_the_order_and_its_attempt(paying: Paying) -> None:
    order = paying.place(points=500)
    notice = paying.wechatpay.pays(paying.number(order))
    paying.tell(notice, LATER)
    paid_once(paying, order, f"wechatpay:{notice.object_id}")
    assert paying.order(order).payments[0].provider == "wechatpay"
    (attempt,) = paying.attempts(order)
    assert (attempt.state, attempt.payment_id) == (State.PAID, notice.payment_id)
    assert (paying.due("attempts"), paying.due("notices")) == ([], [])


def test_R1_told_a_hundred_times_it_has_one_effect(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.tell(notice, LATER)
    first, rows = effect(paying, order), len(paying.rows())
    for number in range(99):
        row = paying.keep(replace(notice, event_id=f"again-{number}"), LATER + number * MINUTE)
        assert paying.deliver(row, at=LATER + number * MINUTE)
    assert (effect(paying, order), len(paying.rows())) == (first, rows)
    paid_once(paying, order, notice.payment_id)


def test_R1_told_by_twenty_at_once_it_has_one_effect(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    at_once(20, lambda _: paying.keep(notice, LATER))
    row = paying.kept(notice)
    done = at_once(20, lambda _: paying.deliver(row, at=LATER))
    assert any(done)
    assert paying.deliver(row, at=LATER)
    paid_once(paying, order, notice.payment_id)
    assert "to_work" not in paying.kept(notice)


@pytest.mark.parametrize("late", [31 * MINUTE, DAY, 400 * DAY])
def test_R2_told_again_late_and_in_the_old_form_of_its_record_it_has_one_effect(
    paying: Paying, late: timedelta
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    record = paying.keep(notice, LATER)
    assert paying.deliver(record, at=LATER)
    first = effect(paying, order)
    assert paying.deliver(record, at=NOON + late)
    paying.tell(notice, NOON + late)
    assert effect(paying, order) == first


def test_case_27_twice_in_a_batch_the_batch_twice_and_a_shards_replay_have_one_effect(
    paying: Paying,
) -> None:
    orders = [paying.place() for _ in range(4)]
    notices = [paying.wechatpay.pays(paying.number(order)) for order in orders]
    rows = [paying.keep(notice, LATER) for notice in notices]
    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(4):
        batch = rows * 2
        chance.shuffle(batch)
        assert paying.deliver(*batch, at=LATER)
    for order, notice in zip(orders, notices, strict=True):
        paid_once(paying, order, notice.payment_id)


def test_Y3_one_transaction_under_two_states_is_one_payment(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    for state in ("TRADE_SUCCESS", "TRADE_FINISHED", "TRADE_SUCCESS"):
        paying.tell(replace(notice, state=state), LATER)
    assert len(paying.rows()) == 4  # the attempt, two states, and what its day's statement is to say
    paid_once(paying, order, notice.payment_id)


def test_Y3_two_payments_of_one_attempt_are_two_and_the_second_is_due_back(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    second = replace(notice, object_id="43")
    for each in (notice, second, notice, second):
        paying.tell(each, LATER)
    amount_fen = order.quote.paid_fen
    assert paying.paid(order) == [
        (notice.payment_id, amount_fen, True),
        ("wechatpay:43", amount_fen, False),
    ]
    (due,) = paying.told_of(RefundDue)
    assert (due.payment_id, due.amount_fen) == ("wechatpay:43", amount_fen)


# --- notice, query and staff ---

Way = Callable[[Paying, Order, Notice], object]


def _by_notice(paying: Paying, _: Order, notice: Notice) -> None:
    paying.tell(notice, LATER)


def _by_query(paying: Paying, _: Order, __: Notice) -> None:
    paying.job(LATER)


def _by_switch(paying: Paying, order: Order, _: Notice) -> object:
    return refusal(lambda: paying.ask(order, "stripe", at=LATER))


def _by_staff(paying: Paying, order: Order, notice: Notice) -> object:
    return paying.by_staff(order, notice.payment_id, at=LATER)


WAYS: tuple[Way, ...] = (_by_notice, _by_query, _by_switch, _by_staff)


@pytest.mark.parametrize(
    "ways", list(itertools.permutations(WAYS)), ids=lambda ways: "-".join(each.__name__[4:] for each in ways)
)
def test_Y3_notice_query_another_attempt_and_staff_are_one_payment_whichever_comes_first(
    paying: Paying, ways: tuple[Way, ...]
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    for way in ways * 2:
        way(paying, order, notice)
    paid_once(paying, order, notice.payment_id)
    paying.job_every_minute(LATER, NOON + 28 * MINUTE)
    paid_once(paying, order, notice.payment_id)
    assert State.OPEN not in paying.states(order)
    assert paying.providers["stripe"].numbers(Stands.OPEN) == []


def test_Y3_notice_query_and_staff_all_at_once_are_one_payment(paying: Paying) -> None:
    for _ in range(5):
        order = paying.place()
        notice = paying.wechatpay.pays(paying.number(order))
        row = paying.keep(notice, LATER)

        def act(number: int, order: Order = order, notice: Notice = notice, row: Any = row) -> object:
            if number % 3 == 0:
                return paying.deliver(row, at=LATER)
            if number % 3 == 1:
                return paying.workers().do("ask-payments", LATER)
            return paying.by_staff(order, notice.payment_id, at=LATER)

        at_once(9, act)
        assert paying.deliver(row, at=LATER)
        paid_once(paying, order, notice.payment_id)
        assert paying.states(order) == [State.PAID]


@pytest.mark.parametrize("first", ["staff", "notice"])
def test_Y3_a_manual_id_of_another_order_leaves_the_notified_money_unassigned_and_alarms(
    paying: Paying, counted: Counter[str], first: str
) -> None:
    order, other = paying.place(), paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    if first == "staff":
        paying.by_staff(other, notice.payment_id)
        for _ in range(2):
            paying.tell(notice, LATER)
        assert paying.order(order).status is Status.PLACED
        assert paying.paid(order) == []
        (money,) = paying.unassigned()
        assert (money.payment_id, money.because) == (notice.payment_id, "conflict")
        assert (money.amount, money.currency, money.number) == (notice.amount, "CNY", notice.number)
        assert counted["payments_conflicting"] >= 1
        paid_by = paying.paid(other)
        assert paid_by == [(notice.payment_id, other.quote.paid_fen, True)]
        assert len(paying.told_of(PaymentUnassigned)) == 1
        # The order can be paid otherwise.
        paying.tell(paying.wechatpay.pays(paying.number(order, at=LATER)), LATER)
        assert paying.order(order).status is Status.PAID
    else:
        paying.tell(notice, LATER)
        assert refusal(lambda: paying.by_staff(other, notice.payment_id)) == (422, "payment_id_reused")
        paid_once(paying, order, notice.payment_id)
        assert paying.paid(other) == []


def test_Y3_a_manual_id_with_another_amount_leaves_the_notified_money_unassigned(
    paying: Paying, counted: Counter[str]
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.cancel(order)
    paying.by_staff(order, notice.payment_id, amount_fen=1)  # it is no longer placed: any amount is taken
    paying.tell(notice, LATER)
    (money,) = paying.unassigned()
    assert (money.because, money.amount) == ("conflict", order.quote.paid_fen)
    assert paying.paid(order) == [(notice.payment_id, 1, False)]
    assert counted["payments_conflicting"] == 1


def test_Y3_a_manual_id_without_a_providers_name_is_another_payment(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.by_staff(order, notice.object_id)
    paying.tell(notice, LATER)
    amount_fen = order.quote.paid_fen
    assert paying.paid(order) == [
        (notice.object_id, amount_fen, True),
        (notice.payment_id, amount_fen, False),
    ]
    assert [each.provider for each in paying.order(order).payments] == ["manual", "wechatpay"]
    (due,) = paying.told_of(RefundDue)
    assert due.payment_id == notice.payment_id


# --- other amounts ---


@pytest.mark.parametrize("difference", [-1, 1, -7_666, 1_000_000])
def test_Y3_another_amount_is_on_the_order_not_applied_due_back_and_the_order_stays_payable(
    paying: Paying, difference: int
) -> None:
    order = paying.place()
    wrong = paying.wechatpay.pays(paying.number(order), amount=order.quote.paid_fen + difference)
    for _ in range(3):
        paying.tell(wrong, LATER)
    assert paying.order(order).status is Status.PLACED
    assert paying.order(order).changes == ()
    assert paying.paid(order) == [(wrong.payment_id, wrong.amount, False)]
    (mismatched,), (due,) = paying.told_of(PaymentMismatched), paying.told_of(RefundDue)
    assert (mismatched.order_id, mismatched.payment_id) == (order.order_id, wrong.payment_id)
    assert mismatched.amount_fen == due.amount_fen == wrong.amount
    assert (due.payment_id, due.reason) == (wrong.payment_id, "payment_not_applied")
    assert paying.unassigned() == []
    # It stays payable, by a new attempt.
    right = paying.wechatpay.pays(paying.number(order, at=LATER))
    paying.tell(right, LATER)
    assert paying.order(order).status is Status.PAID
    assert paying.paid(order)[-1] == (right.payment_id, order.quote.paid_fen, True)
    assert len(paying.told()) == 2


def test_W3_another_amount_found_by_query_is_as_one_that_is_told(paying: Paying) -> None:
    order = paying.place()
    wrong = paying.wechatpay.pays(paying.number(order), amount=1)
    paying.job(NOON + 2 * MINUTE)
    assert paying.order(order).status is Status.PLACED
    assert paying.paid(order) == [(wrong.payment_id, 1, False)]
    assert [len(paying.told_of(kind)) for kind in (PaymentMismatched, RefundDue)] == [1, 1]
    paying.tell(wrong, LATER)
    assert len(paying.told()) == 2


def test_Y3_another_amount_for_an_order_that_waits_no_longer_is_due_back_and_no_mismatch(
    paying: Paying,
) -> None:
    order = paying.place()
    wrong = paying.wechatpay.pays(paying.number(order), amount=1)
    paying.by_staff(order)
    paying.tell(wrong, LATER)
    assert (paying.told_of(PaymentMismatched), len(paying.told_of(RefundDue))) == ([], 1)


# --- money without an order ---

Wrong = Callable[[Paying, Order, Notice], Notice]
UNASSIGNED: dict[str, Wrong] = {
    "another currency": lambda _, __, notice: replace(notice, currency="USD"),
    "no currency": lambda _, __, notice: replace(notice, currency=None),
    "no amount": lambda _, __, notice: replace(notice, amount=None),
    "an unknown number": lambda _, __, notice: replace(notice, number="4200000123"),
    "no number": lambda _, __, notice: replace(notice, number=None),
    "a number with another end": lambda _, __, notice: replace(notice, number=f"{notice.number}1"),
    "an attempt that there was not": lambda _, __, notice: replace(
        notice, number=f"{str(notice.number)[:-2]}07"
    ),
    "an unknown order": lambda _, __, notice: replace(notice, number="a" * 26 + "_01"),
    "another provider's number": lambda _, __, notice: replace(notice, provider="alipay"),
}


@pytest.mark.parametrize("wrong", UNASSIGNED)
def test_Y3_money_that_is_no_orders_is_unassigned_once_and_the_order_stays_payable(
    paying: Paying, counted: Counter[str], wrong: str
) -> None:
    order = paying.place()
    at = datetime(2026, 4, 30, 23, 59, tzinfo=UTC)
    right = paying.wechatpay.pays(paying.number(order), at=at)
    notice = UNASSIGNED[wrong](paying, order, right)
    for each in range(3):
        paying.tell(notice, LATER + each * MINUTE)
    assert (paying.order(order).status, paying.paid(order)) == (Status.PLACED, [])
    (money,) = paying.unassigned()
    assert (money.payment_id, money.provider) == (notice.payment_id, notice.provider)
    assert (money.amount, money.currency, money.number) == (notice.amount, notice.currency, notice.number)
    assert (money.noticed_at, money.provider_at) == (LATER, at)
    (told,) = paying.told()
    assert isinstance(told, PaymentUnassigned)
    assert (told.payment_id, told.amount, told.currency) == (money.payment_id, money.amount, money.currency)
    assert counted["payments_unassigned"] == 1
    (row,) = [row for row in paying.rows() if row["item"] == "UNASSIGNED"]
    for written in (row, vars(told) if hasattr(told, "__dict__") else {}):
        assert not [name for name in written if name.endswith("_fen")]
    assert "to_work" not in paying.kept(notice)
    other = paying.providers["stripe"]
    if wrong not in ("another currency", "no currency", "no amount"):
        right = replace(right, object_id="other")
        paying.tell(right, LATER)  # the attempt itself waits on
    else:
        paying.tell(other.pays(paying.number(order, "stripe", at=LATER)), LATER)
    assert paying.order(order).status is Status.PAID


def test_Y4_unassigned_money_told_by_twenty_at_once_is_kept_once(paying: Paying) -> None:
    order = paying.place()
    notice = replace(paying.wechatpay.pays(paying.number(order)), number="unknown")
    row = paying.keep(notice, LATER)
    at_once(20, lambda _: paying.deliver(row, at=LATER))
    assert paying.deliver(row, at=LATER)
    assert len(paying.unassigned()) == len(paying.told()) == 1


def test_Y3_another_currency_found_by_query_is_unassigned_once(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order), currency="USD")
    paying.job(NOON + 2 * MINUTE)
    paying.tell(notice, LATER)
    paying.job_every_minute(LATER, NOON + 28 * MINUTE)
    (money,) = paying.unassigned()
    assert (money.currency, money.amount) == ("USD", order.quote.paid_fen)
    assert paying.order(order).status is Status.PLACED
    assert len(paying.told()) == 1


# --- late money ---

Ends = Callable[[Paying, Order], object]
ENDS_OF_ORDERS: dict[str, tuple[Ends, datetime, Status]] = {
    "lapsed": (lambda paying, order: paying.lapse(order), LAPSES, Status.LAPSED),
    "lapsed, not written": (lambda paying, order: None, LAPSES, Status.PLACED),
    "cancelled": (lambda paying, order: paying.cancel(order), LATER, Status.CANCELLED),
    "paid by staff": (lambda paying, order: paying.by_staff(order), LATER, Status.PAID),
    "paid and cancelled": (
        lambda paying, order: (paying.by_staff(order), paying.cancel(order)),
        LATER,
        Status.CANCELLED,
    ),
}


@pytest.mark.parametrize("end", ENDS_OF_ORDERS)
@pytest.mark.parametrize("how", ["told", "asked after"])
@pytest.mark.parametrize("amount", [None, 1])
def test_O6_money_for_an_order_that_waits_no_longer_is_recorded_and_due_back_once(
    paying: Paying, end: str, how: str, amount: int | None
) -> None:
    act, at, status = ENDS_OF_ORDERS[end]
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order), amount=amount)
    act(paying, order)
    before = paying.order(order)
    for each in range(2):
        if how == "told":
            paying.tell(notice, at + each * MINUTE)
        else:
            paying.job(at + each * MINUTE)
    after = paying.order(order)
    assert (after.status, after.changes, after.paid_at) == (status, before.changes, before.paid_at)
    assert (after.quote, after.closed_at) == (before.quote, before.closed_at)
    assert paying.paid(order)[-1] == (notice.payment_id, notice.amount, False)
    assert len(paying.paid(order)) == len(before.payments) + 1
    (due,) = paying.told_of(RefundDue)
    assert (due.payment_id, due.amount_fen) == (notice.payment_id, notice.amount)
    assert paying.told_of(PaymentMismatched) == []
    assert paying.unassigned() == []
    assert paying.states(order) == [State.PAID]


def test_O2_money_a_second_before_the_lapse_pays_and_at_the_lapse_does_not(paying: Paying) -> None:
    in_time, late = paying.place(), paying.place()
    for order, at in ((in_time, LAPSES - timedelta(seconds=1)), (late, LAPSES)):
        paying.tell(paying.wechatpay.pays(paying.number(order)), at)
    assert [paying.paid(order)[0][2] for order in (in_time, late)] == [True, False]


@pytest.mark.parametrize("rival", ["cancel", "lapse", "staff"])
def test_case_9_money_against_the_end_of_its_order_at_once_has_one_outcome(
    paying: Paying, rival: str
) -> None:
    at = LAPSES if rival == "lapse" else LATER
    for _ in range(8):
        order = paying.place()
        notice = paying.wechatpay.pays(paying.number(order))
        row = paying.keep(notice, LATER)

        def act(number: int, order: Order = order, row: Any = row) -> object:
            if number % 2:
                return paying.deliver(row, at=LATER)
            if rival == "staff":
                return paying.by_staff(order, f"cash-{order.order_id}", at=at)
            return paying.cancel(order, at) if rival == "cancel" else paying.lapse(order, at)

        at_once(4, act)
        assert paying.deliver(row, at=LATER)
        found, paid = paying.order(order), paying.paid(order)
        ours = [each for each in paid if each[0] == notice.payment_id]
        assert len(ours) == 1
        due = [each for each in paying.told_of(RefundDue) if each.order_id == order.order_id]
        assert len(due) == sum(not applied for _, _, applied in paid)
        if rival == "staff":
            assert found.status is Status.PAID
            assert sorted(applied for _, _, applied in paid) == [False, True]
        elif rival == "lapse":
            assert (found.status is Status.PAID) == ours[0][2]
            assert found.status in (Status.PAID, Status.LAPSED)
        else:
            assert found.status is Status.CANCELLED
            assert found.refunded_fen == (order.quote.paid_fen if ours[0][2] else 0)


# --- what is no money ---


@pytest.mark.parametrize("state", ["NOTPAY", "CLOSED", "USERPAYING", "REVOKED", "WAIT_BUYER_PAY"])
def test_Y3_anything_else_is_an_observation_kept_and_the_object_is_asked_after(
    paying: Paying, state: str
) -> None:
    order = paying.place()
    number = paying.number(order)
    seen = Notice(
        provider="wechatpay", kind=Kind.PAYMENT, object_id="42", state=state, number=number, amount=5
    )
    at = NOON + 30 * timedelta(seconds=1)
    paying.tell(seen, at)
    assert paying.order(order) == order
    assert paying.kept(seen)["state"] == state
    assert "to_work" not in paying.kept(seen)
    paying.job(NOON + MINUTE)
    assert paying.wechatpay.words() == ["begin", "ask"]
    assert paying.wechatpay.sent[-1].asking.number == number
    # What its provider says then is what counts.
    paying.wechatpay.pays(number)
    paying.tell(replace(seen, state=f"{state}_2"), NOON + MINUTE)
    paying.job(NOON + MINUTE)
    assert paying.order(order).status is Status.PAID


def test_Y3_an_observation_after_the_money_changes_nothing(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    seen = replace(notice, state="NOTPAY", paid=False)
    paying.tell(notice, LATER)
    first = effect(paying, order)
    paying.tell(seen, LATER)
    assert effect(paying, order) == first
    assert paying.due("attempts") == []


def test_Y3_an_observation_of_a_number_that_is_not_ours_is_kept_and_is_no_money(paying: Paying) -> None:
    for number in (None, "x", "a" * 26 + "_01"):
        seen = Notice(
            provider="alipay", kind=Kind.PAYMENT, object_id=f"42{number}", state="CLOSED", number=number
        )
        paying.tell(seen)
        assert "to_work" not in paying.kept(seen)
    assert paying.unassigned() == []


@pytest.mark.parametrize("kind", [Kind.REFUND, Kind.DISPUTE])
@pytest.mark.parametrize("first", [True, False])
def test_Y3_refunds_and_disputes_are_kept_and_in_any_order_change_nothing_of_the_payment(
    paying: Paying, kind: Kind, first: bool
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    other = replace(notice, kind=kind, object_id=notice.object_id, amount=1)
    for each in (other, notice, other) if first else (notice, other, notice):
        paying.tell(each, LATER)
    paid_once(paying, order, notice.payment_id)
    assert paying.kept(other)["kind"] == kind.value
    assert len([row for row in paying.rows() if row["item"].startswith("NOTICE#")]) == 2


# --- what is kept ---


def test_Y3_a_row_holds_what_was_told_and_the_bodys_digest_and_nothing_personal(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order), at=LATER)
    row = paying.keep(notice, LATER)
    told = {each.name for each in fields(Notice)}
    assert row.keys() <= told | {"subject", "item", "sha256", "noticed_at", "to_work", "due", "due_at"}
    assert row["sha256"] == "0" * 64
    for part in ("wechatpay", "payment", notice.object_id, notice.state):
        assert part in row["subject"] + row["item"]
    assert notice.event_id not in (row["subject"], row["item"])
    assert paying.deliver(row, at=LATER)
    assert paying.kept(notice).keys() <= row.keys() | {"worked_at"}
    assert "alice" not in json.dumps([each for each in paying.rows() if each["item"].startswith("NOTICE#")])


def test_Y3_until_it_is_worked_off_it_stands_in_the_due_index_ten_minutes_on(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.keep(notice, LATER)
    (due,) = paying.due("notices")
    assert due["due_at"] == (LATER + 10 * MINUTE).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert paying.deliver(paying.kept(notice), at=LATER)
    assert paying.due("notices") == []


# --- times ---


@pytest.mark.parametrize("at", [None, NOON - 400 * DAY, NOON + 400 * DAY, LAPSES + MINUTE])
def test_Y5_our_times_count_and_the_providers_decides_nothing(paying: Paying, at: datetime | None) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order), at=at)
    paying.tell(notice, LATER)
    found = paying.order(order)
    assert (found.paid_at, found.payments[0].received_at) == (LATER, LATER)
    assert [change.at for change in found.changes] == [LATER]


@pytest.mark.parametrize("how", ["told", "asked after"])
def test_Y5_the_providers_time_is_kept_as_provider_at(paying: Paying, how: str) -> None:
    order = paying.place()
    at = datetime(2026, 5, 1, 4, 1, 7, tzinfo=UTC)
    notice = paying.wechatpay.pays(paying.number(order), at=at)
    if how == "told":
        paying.tell(notice, LATER)
    else:
        paying.job(LATER)
    assert paying.order(order).status is Status.PAID
    rows = "".join(paying.dump().values())
    kept = '"provider_at": "2026-05-01T04:01:07Z"' in rows
    assert kept, "no row holds it under that name"


# --- faults ---

Told = Callable[[Paying, Order, Notice], Notice]
SCENES: dict[str, Told] = {
    "pays": lambda paying, order, notice: notice,
    "of another amount": lambda paying, order, notice: replace(notice, amount=1),
    "too late": lambda paying, order, notice: (paying.cancel(order), notice)[1],
    "paid by staff under its id": lambda paying, order, notice: (
        paying.by_staff(order, notice.payment_id),
        notice,
    )[1],
    "under another order's id": lambda paying, order, notice: (
        paying.by_staff(paying.place(), notice.payment_id),
        notice,
    )[1],
    "unknown": lambda paying, order, notice: replace(notice, number="unknown"),
    "in another currency": lambda paying, order, notice: replace(notice, currency="USD"),
    "an observation": lambda paying, order, notice: replace(notice, paid=False),
    "a refund": lambda paying, order, notice: replace(notice, kind=Kind.REFUND),
}
EVERY = pytest.mark.parametrize("scene", SCENES)


class Telling(Trial):
    """A notice in a scene that begins anew each time: told, kept and worked off."""

    honest = (TRY_AGAIN,)

    def __init__(self, paying: Paying, scene: str) -> None:
        order = paying.place()
        notice = SCENES[scene](paying, order, paying.wechatpay.pays(paying.number(order)))

        def told() -> Any:
            row = paying.keep(notice, LATER)  # what is refused the provider tells again
            return None if paying.deliver(row, at=LATER) else TRY_AGAIN

        super().__init__(paying, told)

    def check_now(self, now: Any, where: object) -> None:
        """Hold that the order is as before or as after, whether the notice is kept or not."""
        others = [
            {place: row for place, row in each.items() if place[0] != "Payments"}
            for each in (now, self.before, self.after)
        ]
        assert others[0] in others[1:], where


@EVERY
def test_cases_14_to_22_at_every_call_from_notice_to_order_nothing_is_lost_and_one_effect(
    paying: Paying, calls: Calls, scene: str
) -> None:
    trial = Telling(paying, scene)
    trial.strike_at_every_call(calls, sends=(1, SENDS_OF_THE_SDK))
    trial.strike_at_every_call(calls, ("lost", "conflict"), sends=(ENDLESS,))


@EVERY
def test_case_16_a_transaction_that_meets_three_others_is_done(
    paying: Paying, calls: Calls, scene: str
) -> None:
    trial = Telling(paying, scene)
    trial.begin()
    calls.fail("TransactWriteItems", *[CONFLICT] * 3)
    outcome = trial.act()
    calm(calls)
    assert outcome == trial.answered
    trial.check(outcome)


def test_case_17_a_conflict_beside_a_failed_condition_reads_again_and_finds_what_another_has_done(
    paying: Paying, calls: Calls
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    row = paying.keep(notice, LATER)

    def meanwhile() -> None:
        paying.cancel(order)
        calls.fail("TransactWriteItems", cancelled("ConditionalCheckFailed", "TransactionConflict"))

    calls.do_before("TransactWriteItems", meanwhile)
    before = len(calls.sent)
    assert paying.deliver(row, at=LATER)
    sent = list(zip(calls.sent, calls.bodies, strict=True))[before:]
    tokens = [body["ClientRequestToken"] for name, body in sent if name == "TransactWriteItems"]
    assert len(tokens) == len(set(tokens))
    assert paying.order(order).status is Status.CANCELLED
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, False)]
    assert len(paying.told_of(RefundDue)) == 1


@EVERY
def test_case_18_a_burst_of_throttling_is_met_with_bounded_sends_and_it_comes_again(
    paying: Paying, calls: Calls, scene: str
) -> None:
    trial = Telling(paying, scene)
    trial.begin()
    before = len(calls.sent)
    calls.fail("TransactWriteItems", *[THROTTLED] * ENDLESS)
    calls.fail("PutItem", *[THROTTLED] * ENDLESS)
    outcome = trial.act()
    calm(calls)
    assert outcome == TRY_AGAIN
    assert len(calls.sent) - before <= 60
    assert paying.dump() == trial.before
    trial.check(outcome)


@EVERY
def test_case_20_killed_at_any_point_it_is_all_or_nothing_and_completes_when_it_comes_again(
    paying: Paying, client: "DynamoDBClient", scene: str
) -> None:
    Telling(paying, scene).kill_at_every_point(client)
