"""The job on payments: money whose notice never came is found, closing goes on to its end (Y2, Y3, Y5)."""

import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain import calendar
from functions.orders.events import RefundDue
from functions.orders.order import Order, Status
from functions.payments import jobs
from functions.payments.attempts import State
from functions.payments.providers.provider import Kind, Notice, Stands
from functions.payments.timetable import ASK_PAYMENTS
from functions.platform.fanout import Task
from functions.platform.observability import metrics
from tests.support.faults import SENDS_OF_THE_SDK, Calls
from tests.support.paying import ENDS, LAPSES, MINUTE, Fate, Paying, PaymentWorkers, Word
from tests.support.points import Died, mortal
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import CALL_FAULTS, struck

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


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


def asked_at(paying: Paying, first: datetime, last: datetime) -> list[float]:
    """Run the job every minute; return after how many minutes from noon a provider was asked something."""
    found: list[float] = []
    for minute in range((last - first) // MINUTE + 1):
        at = first + minute * MINUTE
        before = sum(len(each.sent) for each in paying.providers.values())
        paying.job(at)
        if sum(len(each.sent) for each in paying.providers.values()) > before:
            found.append((at - NOON) / MINUTE)
    return found


# --- when it asks ---


@pytest.mark.parametrize(
    ("begins", "asked"), [(0, [2, 10, 20, 27]), (5, [7, 15, 25, 27]), (20, [22, 27]), (24, [26, 27])]
)
def test_Y5_an_attempt_is_asked_after_at_2_10_and_20_minutes_and_at_its_own_end(
    paying: Paying, begins: int, asked: list[int]
) -> None:
    order = paying.place()
    paying.ask(order, at=NOON + begins * MINUTE)
    assert asked_at(paying, NOON, LAPSES + 5 * MINUTE) == asked
    # Its provider has closed it at its end: nobody is asked any more.
    assert (paying.states(order), paying.due("attempts")) == ([State.CLOSED], [])


def test_Y5_an_attempt_of_which_something_was_told_is_asked_after_then_and_at_its_own_times(
    paying: Paying,
) -> None:
    order = paying.place()
    number = paying.number(order)
    seen = Notice(provider="wechatpay", kind=Kind.PAYMENT, object_id="42", state="NOTPAY", number=number)
    paying.tell(seen, NOON + 30 * SECOND)
    assert asked_at(paying, NOON, LAPSES) == [1, 2, 10, 20, 27]


def test_Y5_seconds_count_a_run_just_before_it_is_due_asks_nothing(paying: Paying) -> None:
    paying.ask(paying.place())
    paying.job(NOON + 2 * MINUTE - SECOND)
    assert paying.wechatpay.words() == ["begin"]
    paying.job(NOON + 2 * MINUTE)
    assert paying.wechatpay.words() == ["begin", "ask"]


def test_Y5_asking_after_an_attempt_changes_nothing_of_its_order_while_nobody_pays(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    for stands in (Stands.OPEN, Stands.PAYING):
        paying.wechatpay.trades[number].stands = stands
        paying.job_every_minute(NOON, ENDS - MINUTE)
        assert paying.order(order) == order
        assert paying.states(order) == [State.OPEN]


def test_Y5_what_is_asked_is_what_was_sent_at_first(paying: Paying) -> None:
    paying.ask(paying.place())
    paying.job_every_minute(NOON, ENDS)
    assert len(paying.wechatpay.sent) == 5
    assert len({repr(each.asking) for each in paying.wechatpay.sent}) == 1
    assert {each.payer for each in paying.wechatpay.sent} == {None}


# --- found in time ---


def test_Y5_money_paid_at_any_minute_of_the_window_is_found_before_the_lapse_though_its_notice_is_lost(
    paying: Paying,
) -> None:
    orders = {minute: paying.place() for minute in range(27)}
    numbers = {minute: paying.number(order) for minute, order in orders.items()}
    for minute in range(31):
        paying.job(NOON + minute * MINUTE)
        if minute in numbers:
            paying.wechatpay.pays(numbers[minute])
    for order in orders.values():
        paying.lapse(order)
        found = paying.order(order)
        assert found.status is Status.PAID
        assert found.paid_at is not None
        assert found.paid_at < LAPSES
        assert found.paid_at == found.payments[0].received_at
    assert paying.told() == []
    assert paying.due("attempts") == []


def test_Y5_money_in_the_last_second_before_the_end_is_found_at_the_end(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order), at=ENDS - SECOND)
    for _ in range(2):
        paying.job(ENDS)
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert paying.order(order).paid_at == ENDS


def test_Y5_money_that_was_under_way_at_the_end_and_arrives_before_the_lapse_pays(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.is_paying(number)
    paying.job(ENDS)
    assert paying.states(order) == [State.CLOSING]
    paying.wechatpay.pays(number)
    paying.job_every_minute(ENDS + MINUTE, LAPSES - MINUTE)
    assert paying.order(order).status is Status.PAID


def test_Y5_a_provider_that_did_not_answer_is_asked_again_and_the_money_found(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.pays(number)
    paying.wechatpay.script(Word.ASK, Fate.UNANSWERED, Fate.REFUSED)
    assert asked_at(paying, NOON, NOON + 19 * MINUTE) == [2, 10]
    assert paying.states(order) == [State.OPEN]
    paying.job(NOON + 20 * MINUTE)
    assert paying.order(order).status is Status.PAID


def test_O6_money_found_after_the_lapse_is_recorded_and_due_back(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.is_paying(number)
    paying.job_every_minute(ENDS, LAPSES)
    paying.lapse(order)
    paying.wechatpay.pays(number)
    paying.job_every_minute(LAPSES, LAPSES + 30 * MINUTE)
    assert paying.order(order).status is Status.LAPSED
    assert paying.paid(order) == [(f"wechatpay:42-{number}", order.quote.paid_fen, False)]
    assert (paying.states(order), len(paying.told_of(RefundDue))) == ([State.PAID], 1)


def test_Y5_one_that_its_provider_says_is_closed_is_closed_and_its_order_waits_on(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.trades[number].stands = Stands.CLOSED
    paying.job(NOON + 2 * MINUTE)
    assert (paying.states(order), paying.due("attempts")) == ([State.CLOSED], [])
    assert paying.order(order) == order
    assert paying.number(order, at=NOON + 3 * MINUTE).endswith("_02")


def test_Y2_while_its_provider_does_not_know_an_open_attempt_it_stays_open_until_its_end(
    paying: Paying,
) -> None:
    order = paying.place()
    page = paying.number(order, "alipay")
    paying.job_every_minute(NOON, ENDS - MINUTE)
    assert paying.states(order) == [State.OPEN]
    paying.alipay.opens(page)
    paying.alipay.pays(page)
    paying.job(ENDS)
    assert paying.order(order).status is Status.PAID


# --- closing goes on ---


def test_Y2_a_closing_attempt_is_asked_with_back_off_until_its_provider_says_closed(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.is_paying(number)
    asked = asked_at(paying, ENDS, ENDS + 70 * MINUTE)
    waits = [later - sooner for sooner, later in itertools.pairwise(asked)]
    assert 5 <= len(asked) <= 20
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    assert paying.states(order) == [State.CLOSING]
    paying.wechatpay.is_open(number)
    paying.job(ENDS + 4 * 60 * MINUTE)
    assert (paying.states(order), paying.due("attempts")) == ([State.CLOSED], [])
    assert paying.wechatpay.trades[number].stands is Stands.CLOSED


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.REFUSED])
def test_Y2_nothing_is_closed_by_silence(paying: Paying, fate: Fate) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.wechatpay.fates_of[number] = fate
    for hour in (0, 1, 3, 8, 16, 29):
        paying.job(ENDS + hour * 60 * MINUTE)
    assert paying.states(order) == [State.CLOSING]
    paying.wechatpay.fates_of.clear()
    paying.wechatpay.pays(number)
    paying.job(ENDS + 2 * DAY)
    assert paying.paid(order) == [(f"wechatpay:42-{number}", order.quote.paid_fen, False)]


def test_Y2_what_its_provider_does_not_know_is_closed_only_when_its_window_is_over(paying: Paying) -> None:
    order = paying.place()
    page = paying.number(order, "alipay")
    for hour in (0, 1, 3, 8, 16, 22):
        paying.job(ENDS + hour * 60 * MINUTE)
        assert paying.states(order) == [State.CLOSING]
    for hour in (24, 26, 40, 60):
        paying.job(ENDS + hour * 60 * MINUTE)
    assert (paying.states(order), paying.due("attempts")) == ([State.CLOSED], [])
    # O6, always: money on it is never lost sight of.
    paying.alipay.opens(page)
    notice = paying.alipay.pays(page)
    paying.tell(notice, NOON + 5 * DAY)
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, False)]
    assert len(paying.told_of(RefundDue)) == 1


@pytest.mark.parametrize("second", ["pays", "is being paid", "waits"])
def test_W11_the_end_of_an_attempt_never_touches_an_order_that_another_one_pays(
    paying: Paying, second: str
) -> None:
    order = paying.place()
    paying.ask(order, "alipay")  # a page that nobody opens
    number = paying.number(order, "wechatpay", at=NOON + MINUTE)
    if second == "pays":
        paying.tell(paying.wechatpay.pays(number), NOON + 2 * MINUTE)
    elif second == "is being paid":
        paying.wechatpay.is_paying(number)
    before = paying.order(order)
    paying.job_every_minute(NOON + 2 * MINUTE, LAPSES - MINUTE)
    assert paying.order(order) == before
    if second == "pays":
        for hour in (1, 5, 20, 26, 40, 60):
            paying.job(LAPSES + hour * 60 * MINUTE)
        assert paying.states(order) == [State.CLOSED, State.PAID]
        assert paying.order(order) == before
        assert paying.told() == []


def test_Y2_once_its_order_is_paid_otherwise_an_open_attempt_is_closed(paying: Paying) -> None:
    order = paying.place()
    number = paying.number(order)
    paying.by_staff(order)
    before = paying.order(order)
    paying.job_every_minute(NOON, NOON + 2 * MINUTE)
    assert paying.wechatpay.trades[number].stands is Stands.CLOSED
    assert (paying.states(order), paying.order(order)) == ([State.CLOSED], before)


# --- notices that nobody works off ---


def test_Y3_a_notice_not_worked_off_in_ten_minutes_is_taken_by_the_job_which_an_alarm_is_told(
    paying: Paying, counted: Counter[str]
) -> None:
    order = paying.place()
    notice = replace(paying.wechatpay.pays(paying.number(order)), provider="wechatpay")
    paying.keep(notice, NOON + MINUTE)
    paying.wechatpay.fates_of[str(notice.number)] = Fate.UNANSWERED  # the query does not find it
    paying.job_every_minute(NOON, NOON + 10 * MINUTE)
    assert paying.order(order).status is Status.PLACED
    assert counted["notices_late"] == 0
    for _ in range(2):
        paying.job(NOON + 11 * MINUTE)
    assert paying.order(order).status is Status.PAID
    assert (counted["notices_late"], paying.due("notices")) == (1, [])
    assert "to_work" not in paying.kept(notice)
    assert paying.deliver(paying.kept(notice), at=NOON + 12 * MINUTE)  # the stream, after all
    assert len(paying.paid(order)) == 1


def test_Y3_notices_of_every_kind_are_worked_off_by_the_job(paying: Paying) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    told = [
        notice,
        replace(notice, object_id="u", number="unknown"),
        replace(notice, object_id="o", paid=False, state="NOTPAY"),
        replace(notice, object_id="r", kind=Kind.REFUND),
        replace(notice, object_id="d", kind=Kind.DISPUTE),
    ]
    for each in told:
        paying.keep(each)
    paying.job(NOON + 10 * MINUTE)
    waiting = [row for row in paying.due("notices") if row["item"] != "UNASSIGNED"]
    assert waiting == []
    assert all("to_work" not in paying.kept(each) for each in told)
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert [money.payment_id for money in paying.unassigned()] == ["wechatpay:u"]


def test_Y3_a_notice_that_was_worked_off_is_none_of_the_jobs(paying: Paying, counted: Counter[str]) -> None:
    order = paying.place()
    paying.tell(paying.wechatpay.pays(paying.number(order)))
    paying.job_every_minute(NOON, NOON + 15 * MINUTE)
    assert counted["notices_late"] == 0


# --- twice, late, dying ---


class Many:
    """Orders of every kind of end, which a run at their attempts' end settles."""

    def __init__(self, paying: Paying) -> None:
        self.paying = paying
        self.paid = [paying.place() for _ in range(5)]
        self.waiting = [paying.place() for _ in range(3)]
        self.told = [paying.place() for _ in range(3)]
        for order in self.paid:
            paying.wechatpay.pays(paying.number(order))
        for order in self.waiting:
            paying.ask(order)
        for order in self.told:
            number = paying.number(order)
            paying.keep(paying.wechatpay.pays(number))

    def check(self) -> None:
        """Hold that all of them are settled, once each."""
        paying = self.paying
        for order in (*self.paid, *self.told):
            found = paying.order(order)
            assert (found.status, len(found.changes)) == (Status.PAID, 1)
            assert [applied for _, _, applied in paying.paid(order)] == [True]
            assert paying.states(order) == [State.PAID]
        for order in self.waiting:
            assert paying.order(order) == order
            assert paying.states(order) == [State.CLOSED]
        assert (paying.due("attempts"), paying.due("notices"), paying.told()) == ([], [], [])


def test_case_33_one_run_at_the_end_catches_up_with_all_that_were_missed(paying: Paying) -> None:
    many = Many(paying)
    paying.job(ENDS + MINUTE)
    many.check()


def test_case_32_fired_twice_and_each_task_delivered_thrice_has_one_effect(paying: Paying) -> None:
    many = Many(paying)
    workers = paying.workers()
    for _ in range(2):
        workers.start(ASK_PAYMENTS, ENDS)
    assert workers.run(copies=3) == []
    many.check()


def test_case_32_overlapping_runs_have_one_effect(paying: Paying) -> None:
    many = Many(paying)
    runs = [paying.workers() for _ in range(4)]
    for number, each in enumerate(runs):
        each.start(ASK_PAYMENTS, ENDS + number * SECOND)
    at_once(4, lambda number: runs[number].run())
    paying.job(ENDS + 2 * MINUTE)
    many.check()


def test_case_34_a_worker_that_dies_at_any_step_is_followed_by_another_and_the_effect_is_one(
    paying: Paying, client: "DynamoDBClient"
) -> None:
    order, waiting, told = paying.place(), paying.place(), paying.place()
    paying.wechatpay.pays(paying.number(order))
    unpaid = paying.number(waiting)
    paying.keep(paying.wechatpay.pays(paying.number(told)))
    before = paying.dump()
    for steps in itertools.count():
        paying.restore(before)
        paying.wechatpay.trades[unpaid].stands = Stands.OPEN
        workers = paying.workers()
        with mortal(client, workers.box, steps) as life:
            paying.wechatpay.before = lambda _, life=life: life.step()  # type: ignore[misc]
            with suppress(Died):
                workers.start(ASK_PAYMENTS, ENDS)
                workers.run(delayed=False)
        paying.wechatpay.before = lambda _: None
        workers.run()
        workers.redrive()
        assert workers.run() == []
        paying.job(ENDS + 2 * MINUTE)
        for each in (order, told):
            assert [applied for _, _, applied in paying.paid(each)] == [True], steps
            assert paying.states(each) == [State.PAID]
        assert (paying.order(waiting), paying.states(waiting)) == (waiting, [State.CLOSED])
        assert paying.told() == []
        if not life.over:
            break
    assert steps > 10


def test_a_worker_whose_time_is_up_hands_the_rest_on(paying: Paying) -> None:
    many = Many(paying)
    workers = paying.workers()
    assert workers.do(ASK_PAYMENTS, ENDS, looks=lambda: 6) == []
    paying.job(ENDS + 2 * MINUTE)
    many.check()


def test_one_attempt_whose_order_cannot_be_read_holds_up_no_other(paying: Paying) -> None:
    bad, good = [paying.place() for _ in range(2)], [paying.place() for _ in range(12)]
    for order in (*bad, *good):
        paying.wechatpay.pays(paying.number(order))
    for order in bad:
        row = paying.shop.tables.get(
            paying.shop.settings.orders_table, {"order_id": order.order_id, "item": "ORDER"}
        )
        assert row is not None
        paying.shop.tables.put(paying.shop.settings.orders_table, row | {"status": "nonsense"})
    dead = paying.workers().do(ASK_PAYMENTS, NOON + 2 * MINUTE)
    assert {key["subject"] for task in dead for key in task.only} == {order.order_id for order in bad}
    assert all(paying.order(order).status is Status.PAID for order in good)


def test_case_24_a_stale_index_is_rejected_by_the_row_itself(paying: Paying) -> None:
    waiting, ended, told = paying.place(), paying.place(), paying.place()
    paying.ask(waiting)
    paying.ask(ended)
    notice = paying.wechatpay.pays(paying.number(told))
    paying.keep(notice)
    stale = {kind: paying.due(kind) for kind in ("attempts", "notices")}
    paying.job(NOON + 2 * MINUTE)
    paying.by_staff(ended)
    paying.job(NOON + 10 * MINUTE)
    asked, before = len(paying.wechatpay.sent), paying.dump()
    workers = paying.workers()
    for place, kind in enumerate(("attempts", "notices")):
        shards = 4
        for row in stale[kind]:
            shard = int(row["due"].partition("#")[2])
            task = Task(
                work=ASK_PAYMENTS,
                at=NOON + 10 * MINUTE,
                shard=place * shards + shard,
                of=2 * shards,
                only=({"subject": row["subject"], "item": row["item"]},),
            )
            workers.box.queue.put([task])
    assert workers.run() == []
    assert (paying.dump(), len(paying.wechatpay.sent)) == (before, asked)


# --- faults ---


def _facts(paying: Paying, orders: list[Order]) -> Any:
    """Return what has come of orders, but for when and how often it was asked."""
    found = [paying.order(order) for order in orders]
    return (
        [(each.status, len(each.changes), each.version) for each in found],
        [paying.paid(order) for order in orders],
        [paying.states(order) for order in orders],
        sorted(type(each).__name__ for each in paying.told()),
        [money.payment_id for money in paying.unassigned()],
    )


@pytest.mark.parametrize("fault", CALL_FAULTS)
def test_cases_14_to_22_at_every_call_of_the_database_of_a_run_nothing_is_lost_and_one_effect(
    paying: Paying, calls: Calls, fault: str
) -> None:
    orders = [paying.place() for _ in range(4)]
    numbers = [paying.number(order) for order in orders]
    paying.wechatpay.pays(numbers[0])
    paying.wechatpay.pays(numbers[1], amount=1)
    paying.wechatpay.pays(numbers[2], currency="USD")
    before = paying.dump()
    busy = {row["due"] for row in paying.due("attempts")}
    tasks = [task for task in jobs.tasks(ASK_PAYMENTS, ENDS) if "{}#{}".format(*jobs.due_of(task)) in busy]

    def begin() -> None:
        paying.restore(before)
        paying.wechatpay.trades[numbers[3]].stands = Stands.OPEN

    def run() -> PaymentWorkers:
        workers = paying.workers()
        workers.box.queue.put(tasks)
        workers.run()
        return workers

    def facts_after(workers: PaymentWorkers) -> Any:
        workers.redrive()
        assert workers.run() == []
        paying.job(ENDS + 2 * MINUTE)
        return _facts(paying, orders)

    begin()
    expected = facts_after(run())
    for number, (_, workers) in enumerate(struck(calls, fault, SENDS_OF_THE_SDK, begin, run)):
        assert facts_after(workers) == expected, (fault, number)
    assert number > 15


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.UNANSWERED_AFTER, Fate.REFUSED])
@pytest.mark.parametrize("word", [Word.ASK, Word.CLOSE])
def test_every_fault_of_a_provider_at_every_call_of_a_run_is_made_good_by_the_next(
    paying: Paying, fate: Fate, word: Word
) -> None:
    orders = [paying.place() for _ in range(3)]
    numbers = [paying.number(order) for order in orders]
    for number in numbers[:2]:
        paying.wechatpay.pays(number)
    at = NOON + 2 * MINUTE if word is Word.ASK else ENDS
    paying.wechatpay.script(word, *[fate] * 3)
    paying.job(at)
    assert [paying.order(order).status for order in orders] == [Status.PLACED] * 3
    assert paying.states(orders[2]) == [State.OPEN if word is Word.ASK else State.CLOSING]
    paying.job_every_minute(at + MINUTE, LAPSES - MINUTE)
    assert [paying.order(order).status for order in orders] == [Status.PAID, Status.PAID, Status.PLACED]
    assert paying.states(orders[2]) == [State.CLOSED]
    assert paying.told() == []


def test_times_are_kept_to_the_second_as_store_and_due_times(paying: Paying) -> None:
    order = paying.place(at=NOON + 13 * SECOND)
    paying.ask(order, at=NOON + 20 * SECOND)
    (row,) = paying.rows()
    assert row["ends_at"] == calendar.to_row(order.lapses_at - 3 * MINUTE)
    assert row["due_at"] == calendar.to_row(NOON + 20 * SECOND + 2 * MINUTE)
