"""Refunds under many workers, dying ones, and all faults: each transfer moves its money once (Y7, cases)."""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.errors import RefusalError, TryAgainError
from functions.orders.order import Order
from functions.payments.providers.provider import PaidBack
from functions.payments.timetable import ASK_PAYMENTS
from functions.platform.deadline import Deadline
from functions.platform.fanout import Task
from functions.platform.observability import metrics
from functions.refunds.refund import State
from tests.stores.test_refunds_sent import (
    DAY,
    EVERY_PROVIDER,
    FIRST,
    HOUR,
    Returning,
    due,
    number_of,
    payment_of,
    states,
    total,
)
from tests.support.faults import SENDS_OF_THE_SDK, Calls
from tests.support.paying import (
    MINUTE,
    PROVIDERS,
    TEA_FEN,
    Fate,
    Paying,
    Scripted,
    SentBack,
    Word,
    check_providers,
)
from tests.support.points import Box, Died, mortal
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import CALL_FAULTS, killed, struck

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@pytest.fixture
def paying(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


@EVERY_PROVIDER
def test_case_32_many_workers_at_once_send_each_transfer_once(paying: Paying, name: str) -> None:
    provider = paying.providers[name]
    orders = [due(paying, name) for _ in range(3)]
    at = FIRST
    for step in range(1, 4):
        provider.now = at
        rows = paying.due_refunds(at) * 4

        def work(number: int, rows: Sequence[Any] = rows, at: datetime = at) -> None:
            row = rows[number]
            paying.pay_back.work(row["subject"], row["item"], now=at, deadline=Deadline(20))

        at_once(len(rows), work)
        at += 3 * MINUTE
        paying.pass_time(at, at + 10 * MINUTE)
        at += 11 * MINUTE
        for order in orders:
            assert provider.went_back(payment_of(paying, order)) == total(paying, order)
            if step < 3:
                paying.give_back(order, 1, f"s{step}", at)
    for order in orders:
        assert states(paying, order) == ["succeeded"] * 3
        assert len(provider.sends(number_of(order, 3))) == 1
    assert len(provider.sends()) == 9


def test_case_32_the_job_fired_twice_and_delivered_thrice_has_one_effect(paying: Paying) -> None:
    orders = [due(paying, name) for name in PROVIDERS for _ in range(2)]
    workers = paying.workers()
    paying.clock(FIRST)
    for _ in range(2):
        workers.start(ASK_PAYMENTS, FIRST)
    assert workers.run(copies=3) == []
    runs = [paying.workers() for _ in range(3)]
    paying.clock(FIRST + MINUTE)
    for each in runs:
        each.start(ASK_PAYMENTS, FIRST + MINUTE)
    at_once(3, lambda number: runs[number].run())
    for order in orders:
        assert states(paying, order) == ["succeeded"]
    assert sum(len(each.sends()) for each in paying.providers.values()) == len(orders)


def test_case_33_a_run_that_was_missed_is_caught_up_with_by_the_next(paying: Paying) -> None:
    orders = [due(paying, name) for name in PROVIDERS]
    paying.job(NOON + 3 * DAY)
    assert [states(paying, order) for order in orders] == [["succeeded"]] * 3


def test_case_24_a_stale_index_sends_nothing(paying: Paying) -> None:
    due(paying)
    rows = paying.due("refunds")
    paying.job(FIRST)
    before, asked = paying.dump(), list(paying.wechatpay.sent_back)
    for row in rows:
        only = ({"subject": row["subject"], "item": row["item"]},)
        shard = int(row["due"].partition("#")[2])
        workers = paying.workers()
        workers.box.queue.put([Task(work=ASK_PAYMENTS, at=FIRST + HOUR, shard=8 + shard, of=12, only=only)])
        assert workers.run() == []
    assert (paying.dump(), paying.wechatpay.sent_back) == (before, asked)


def test_case_31_a_task_delivered_a_quarter_of_an_hour_late_sends_nothing_twice(
    paying: Paying,
) -> None:
    """It says of when it is, a minute past noon; by the clock it is a quarter past when its worker sends."""
    order = due(paying, "stripe")
    late = paying.workers()
    late.start(ASK_PAYMENTS, FIRST)
    now = NOON + 15 * MINUTE
    paying.clock(now)
    paying.workers_now = now

    def another_worker(sent: SentBack) -> None:
        paying.stripe.before_back = lambda _: None
        paying.job(now)  # while the call of the first is on its way

    paying.stripe.before_back = another_worker
    assert late.run() == []
    paying.pass_time(now + MINUTE, now + HOUR)
    assert paying.stripe.transfers() == {number_of(order): TEA_FEN}


Mood = Callable[[Scripted], object]
MOODS: dict[str, Mood] = {
    "answers": lambda provider: None,
    "loses an answer": lambda provider: provider.script(Word.PAY_BACK, Fate.UNANSWERED_AFTER),
    "loses a send": lambda provider: provider.script(Word.PAY_BACK, Fate.UNANSWERED),
    "has too little": lambda provider: provider.script(Word.PAY_BACK, Fate.REFUSED),
    "takes its time": lambda provider: provider.script(Word.PAY_BACK, Fate.PROCESSING),
    "will not": lambda provider: provider.script(Word.PAY_BACK, Fate.FAILED),
}


def _clean(provider: Scripted) -> None:
    provider.sent_back.clear()
    provider.backs.clear()
    provider.fates.clear()


def _let_end(paying: Paying, provider: Scripted) -> None:
    """Let what is under way at a provider succeed, and all of it be found."""
    paying.pass_time(FIRST + 14 * MINUTE, FIRST + 30 * MINUTE, every=8 * MINUTE)
    for back in provider.backs.values():
        if back.state is PaidBack.PROCESSING:
            back.state = PaidBack.SUCCEEDED
    paying.pass_time(FIRST + HOUR, NOON + 9 * HOUR, every=30 * MINUTE)


def _settled(paying: Paying, provider: Scripted, order: Order, mood: str) -> None:
    """Hold that what is due went back once, or is on finance's list; that the list has nothing else."""
    check_providers(paying)
    shown = paying.shown(order)
    went = provider.went_back(payment_of(paying, order))
    assert went == sum(amount for amount, state in shown if state == "succeeded")
    assert {state for _, state in shown} <= {"succeeded", "failed"}
    if mood != "will not":
        assert {state for _, state in shown} == {"succeeded"}
    failed = [amount for amount, state in shown if state == "failed"]
    assert [each.amount for each in paying.listed(State.FAILED)] == failed
    assert paying.due("refunds") == []


@pytest.mark.parametrize(
    ("name", "mood"), [*(("stripe", mood) for mood in MOODS), ("wechatpay", "loses a send")]
)
def test_case_34_a_worker_that_dies_at_any_step_is_followed_by_another_and_nothing_is_sent_twice(
    paying: Paying, client: "DynamoDBClient", name: str, mood: str
) -> None:
    order = due(paying, name)
    paying.give_back(order, 1, "r2", NOON)
    provider = paying.providers[name]
    before, box = paying.dump(), Box()
    provider.before_back = provider.after_back = box.step

    def begin() -> None:
        paying.restore(before)
        _clean(provider)
        MOODS[mood](provider)

    def go_on() -> None:
        for minute in (0, 1, 11):
            paying.go_on(FIRST + minute * MINUTE)

    deaths = 0
    for died, _ in killed(client, begin, go_on, box):
        _let_end(paying, provider)
        _settled(paying, provider, order, mood)
        deaths += died
    assert deaths > 8


def test_case_34_a_worker_that_dies_while_a_big_transfer_fails_leaves_all_of_it_to_finance(
    paying: Paying, client: "DynamoDBClient"
) -> None:
    """Its refunds are written some at once; its provider's word may have changed when the next one asks."""
    many = Returning(paying, 120, price_fen=1_001)
    many.come_back(NOON, 100)
    paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.pass_time(FIRST, FIRST + 2 * DAY - HOUR, every=5 * HOUR)
    paying.wechatpay.always.clear()
    at = FIRST + 2 * DAY + HOUR
    before = paying.dump()

    def begin() -> None:
        paying.restore(before)
        paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED

    for ends in (PaidBack.SUCCEEDED, PaidBack.FAILED):
        for steps, _ in enumerate(killed(client, begin, partial(paying.go_on, at))):
            paying.wechatpay.always.clear()
            paying.tell(paying.wechatpay.becomes(number_of(many.order), ends), at + MINUTE)
            paying.pass_time(at + 5 * MINUTE, at + 3 * HOUR)
            assert Counter(states(paying, many.order)) == {ends.value: 100}, steps
            failed = paying.listed(State.FAILED)
            assert len(failed) == (100 if ends is PaidBack.FAILED else 0), steps
        assert steps > 5


@pytest.mark.parametrize(
    ("fault", "mood"),
    [*((fault, "answers") for fault in CALL_FAULTS), ("lost", "loses an answer"), ("error", "loses a send")],
)
def test_cases_14_to_22_at_every_call_of_the_database_nothing_is_sent_twice_and_all_comes_back(
    paying: Paying, calls: Calls, fault: str, mood: str
) -> None:
    order = due(paying, "stripe")
    paying.give_back(order, 1, "r2", NOON)
    before = paying.dump()

    def begin() -> None:
        paying.restore(before)
        _clean(paying.stripe)
        MOODS[mood](paying.stripe)

    def go_on() -> None:
        for minute in (0, 1, 11):
            with suppress(Exception):
                paying.go_on(FIRST + minute * MINUTE)

    strikes = 0
    for name, _ in struck(calls, fault, SENDS_OF_THE_SDK, begin, go_on):
        _let_end(paying, paying.stripe)
        _settled(paying, paying.stripe, order, mood)
        strikes += name is not None
    assert strikes > 12


# All of it, at random ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_Y6_Y7_over_random_lives_what_went_back_is_what_is_due_or_on_finances_list(
    paying: Paying, client: "DynamoDBClient", seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    name = chance.choice(PROVIDERS)
    provider = paying.providers[name]
    orders = [paying.bought(name, quantity=6) for _ in range(3)]
    for order in orders:
        paying.receive(order)
    at = NOON
    fates = [None, None, None, *Fate]
    for step in range(24):
        at += chance.choice([1, 1, 2, 5, 15, 90]) * MINUTE
        if chance.random() < 0.4:
            with suppress(RefusalError):
                paying.give_back(chance.choice(orders), 1, f"r{step}", at)
        for word in (Word.PAY_BACK, Word.ASK_PAID_BACK):
            fate = chance.choice(fates)
            if fate is not None and (word is Word.PAY_BACK or fate is Fate.UNANSWERED):
                provider.script(word, fate)
        for back in provider.backs.values():
            if back.state is PaidBack.PROCESSING and chance.random() < 0.3:
                notice = provider.becomes(
                    back.paying.number, chance.choice([PaidBack.SUCCEEDED, PaidBack.FAILED])
                )
                if chance.random() < 0.5:
                    paying.tell(notice, at)
        with mortal(client, Box(), chance.choice([3, 9, 15, 30, 1_000])), suppress(Died, TryAgainError):
            paying.go_on(at)
    provider.fates.clear()
    for back in provider.backs.values():
        if back.state is PaidBack.PROCESSING:
            back.state = PaidBack.SUCCEEDED
    paying.pass_time(at + 3 * MINUTE, at + 3 * DAY)
    listed = Counter[str]()
    for each in paying.listed(State.FAILED):
        listed[each.payment_id] += each.amount
    for order in orders:
        payment = payment_of(paying, order)
        went = provider.went_back(payment, PaidBack.SUCCEEDED)
        assert went + listed[f"{name}:{payment}"] == total(paying, order)
    assert paying.due("refunds") == []
