"""Refunds that people see to: what is by hand, what has failed, and what an order shows of them all (Y7)."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.errors import RefusalError
from functions.orders.order import Order
from functions.payments.by_hand import Refunds
from functions.payments.events import RefundDoubled
from functions.payments.providers.provider import PaidBack
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from functions.refunds import refund as refunds
from functions.refunds.refund import ByHand, Refund, State
from tests.stores.test_refunds_sent import DAY, FIRST, HOUR, due, number_of, payment_of, states
from tests.support.faults import Calls
from tests.support.paying import (
    BY_HAND,
    LAPSES,
    MINUTE,
    TEA_FEN,
    Fate,
    Paying,
    Word,
    check_providers,
    nothing_happens,
    refusal,
)
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + 3 * DAY
WORDS = {"reason": "account closed", "reference": "bank 4711"}


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """What is counted, by its name."""
    found = Counter[str]()
    monkeypatch.setattr(metrics, "add_metric", lambda name, value, **_: found.update({name: value}))
    return found


@pytest.fixture
def paying(shop: Shop, counted: Counter[str]) -> Iterator[Paying]:
    """A stocked shop, alice, and providers that do what they are told; whose books hold in the end."""
    made = Paying(shop)
    made.open()
    yield made
    check_providers(made)


def pay_by_hand(
    paying: Paying,
    refund: Refund | str,
    *,
    by: str = "finance-1",
    at: datetime = LATER,
    reason: str = WORDS["reason"],
    reference: str = WORDS["reference"],
) -> Refund:
    """Say that a refund was paid by hand."""
    return paying.by_hand.paid_by_hand(
        refund if isinstance(refund, str) else refund.refund_id,
        reason=reason,
        reference=reference,
        operator=by,
        now=at,
        deadline=Deadline(20),
    )


def manual(paying: Paying) -> Refund:
    """Return what is due of an order that was paid by hand."""
    order = paying.bought(BY_HAND)
    paying.cancel(order)
    (found,) = paying.refunds(order.order_id)
    return found


def failed(paying: Paying, fate: Fate = Fate.FAILED) -> tuple[Order, Refund]:
    """Return a refund whose transfer its provider refused for good, or did not answer for two days."""
    order = due(paying)
    paying.wechatpay.script(Word.PAY_BACK, fate)
    if fate is not Fate.FAILED:
        paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
    paying.pass_time(FIRST, FIRST + 2 * DAY, every=6 * HOUR)
    paying.go_on(FIRST + 2 * DAY)
    paying.wechatpay.always.clear()
    assert states(paying, order) == ["failed"]
    (found,) = paying.refunds(order.order_id)
    return order, found


def too_old(paying: Paying) -> Refund:
    """Return a refund that failed before anything was sent."""
    order = paying.bought(quantity=3)
    paying.receive(order)
    paying.give_back(order, at=NOON + 361 * DAY)
    paying.go_on(NOON + 361 * DAY)
    (found,) = paying.refunds(order.order_id)
    assert (found.state, found.transfer) == (State.FAILED, None)
    return found


# Said once -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["manual", "failed", "failed without a word", "too old"])
def test_Y7_what_is_manual_or_failed_is_paid_by_hand_with_reason_reference_and_operator(
    paying: Paying, kind: str
) -> None:
    refund = {
        "manual": lambda: manual(paying),
        "failed": lambda: failed(paying)[1],
        "failed without a word": lambda: failed(paying, Fate.UNANSWERED)[1],
        "too old": lambda: too_old(paying),
    }[kind]()
    assert [each.refund_id for each in paying.listed(refund.state)] == [refund.refund_id]
    paid = pay_by_hand(paying, refund)
    assert paid.state is State.PAID_BY_HAND
    assert paid.by_hand == ByHand(**WORDS, operator="finance-1", at=LATER)
    assert (paid.amount, paid.payment_id) == (refund.amount, refund.payment_id)
    assert paying.refunds() == [paid]
    assert (paying.listed(State.MANUAL), paying.listed(State.FAILED)) == ([], [])
    assert (paying.due("refunds"), paying.told_of(RefundDoubled)) == ([], [])
    assert refund.order_id is not None
    (shown,) = paying.shown(paying.order(refund.order_id))
    assert shown == (refund.amount, "paid_by_hand")


def test_Y7_what_was_sent_is_asked_after_in_the_same_request_with_the_same_contents(paying: Paying) -> None:
    order, refund = failed(paying)
    sent, asked = paying.wechatpay.sends(), len(paying.wechatpay.asks())
    pay_by_hand(paying, refund)
    asks = paying.wechatpay.asks()
    assert len(asks) == asked + 1
    assert replace(asks[-1].paying, tries=0) == replace(sent[0].paying, tries=0)
    assert asks[-1].paying.number == number_of(order)


@pytest.mark.parametrize("kind", [manual, too_old])
def test_Y7_of_what_was_never_sent_no_provider_is_asked(
    paying: Paying, kind: Callable[[Paying], Refund]
) -> None:
    pay_by_hand(paying, kind(paying))
    assert [each.sent_back for each in paying.providers.values()] == [[], [], []]


@pytest.mark.parametrize("says", [PaidBack.SUCCEEDED, PaidBack.PROCESSING])
def test_Y7_what_its_provider_has_done_or_is_doing_is_not_done_by_hand(
    paying: Paying, says: PaidBack
) -> None:
    _, refund = failed(paying, Fate.PROCESSING)
    paying.wechatpay.becomes(number_of(paying.order(refund.subject)), says)
    before = paying.dump()
    assert refusal(lambda: pay_by_hand(paying, refund))[0] == 409
    assert paying.dump() == before
    assert [each.refund_id for each in paying.listed(State.FAILED)] == [refund.refund_id]


@pytest.mark.parametrize("how", ["no answer", "the answer is lost", "no keys"])
def test_Y7_without_an_answer_it_is_503_and_nothing_is_written(paying: Paying, how: str) -> None:
    _, refund = failed(paying)
    if how == "no keys":
        paying.no_keys.add("wechatpay")
    else:
        fate = Fate.UNANSWERED if how == "no answer" else Fate.UNANSWERED_AFTER
        paying.wechatpay.script(Word.ASK_PAID_BACK, fate)
    before = paying.dump()
    assert refusal(lambda: pay_by_hand(paying, refund))[0] == 503
    assert paying.dump() == before
    paying.no_keys.clear()
    assert pay_by_hand(paying, refund).state is State.PAID_BY_HAND


@pytest.mark.parametrize("stands", ["due", "held", "sent", "refused for now", "succeeded"])
def test_Y7_nothing_else_is_done_by_hand(paying: Paying, stands: str) -> None:
    order = due(paying)
    if stands == "held":
        paying.tell(paying.wechatpay.dispute(payment_of(paying, order)))
    elif stands == "sent":
        paying.wechatpay.script(Word.PAY_BACK, Fate.UNANSWERED)
    elif stands == "refused for now":
        paying.wechatpay.script(Word.PAY_BACK, Fate.REFUSED)
    if stands != "due":
        paying.job(FIRST)
    (refund,) = paying.refunds()
    with nothing_happens(paying):
        assert refusal(lambda: pay_by_hand(paying, refund)) == (409, "refund_not_by_hand")


def test_Y7_a_refund_that_there_is_not_is_not_found(paying: Paying) -> None:
    order = paying.bought()
    with nothing_happens(paying):
        for refund_id in (
            refunds.of_change(order.order_id, 1),
            refunds.of_payment(order.order_id, "cash-1"),
            refunds.of_unassigned("wechatpay:1"),
        ):
            assert refusal(partial(pay_by_hand, paying, refund_id)) == (404, "refund_not_found")


@pytest.mark.parametrize("kind", ["manual", "failed"])
def test_R1_said_again_with_the_same_words_it_is_answered_again_and_nobody_is_asked(
    paying: Paying, kind: str
) -> None:
    refund = manual(paying) if kind == "manual" else failed(paying)[1]
    first = pay_by_hand(paying, refund)
    with nothing_happens(paying):
        assert pay_by_hand(paying, refund) == first
        assert pay_by_hand(paying, refund, by="finance-2", at=LATER + DAY) == first


def test_Y7_said_again_with_other_words_it_is_refused(paying: Paying) -> None:
    refund = manual(paying)
    pay_by_hand(paying, refund)
    with nothing_happens(paying):
        for act in (
            lambda: pay_by_hand(paying, refund, reason="other"),
            lambda: pay_by_hand(paying, refund, reference="other"),
        ):
            assert refusal(act) == (409, "refund_paid_by_hand")


def test_Y7_two_who_say_so_at_once_with_other_words_one_of_them_has(paying: Paying) -> None:
    for kind in (manual, lambda paying: failed(paying)[1]):
        refund = kind(paying)
        answers = at_once(
            8,
            lambda number, refund=refund: pay_by_hand(  # type: ignore[misc]
                paying, refund, reference=f"bank {number % 2}"
            ),
        )
        done = {each.by_hand for each in answers if isinstance(each, Refund)}
        assert len(done) == 1
        assert all(each.status == 409 for each in answers if isinstance(each, RefusalError))


def test_Y7_what_was_paid_by_hand_is_never_sent_and_still_counts_in_its_payment(paying: Paying) -> None:
    order, refund = failed(paying)
    pay_by_hand(paying, refund)
    paying.give_back(order, 2, "rest", LATER)
    paying.pass_time(LATER, LATER + 30 * DAY, every=HOUR)
    assert states(paying, order) == ["paid_by_hand", "succeeded"]
    went = paying.wechatpay.went_back(payment_of(paying, order))
    assert went == order.quote.paid_fen - refund.amount
    assert paying.wechatpay.transfers()[number_of(order)] == 0


def test_Y7_what_failed_after_it_had_succeeded_is_paid_by_hand(paying: Paying) -> None:
    order = due(paying)
    paying.job(FIRST)
    paying.tell(paying.wechatpay.becomes(number_of(order), PaidBack.FAILED), FIRST + MINUTE)
    paying.pass_time(FIRST + MINUTE, FIRST + HOUR)
    (refund,) = paying.listed(State.FAILED)
    assert pay_by_hand(paying, refund).state is State.PAID_BY_HAND
    assert paying.listed(State.FAILED) == []


# Doubled -------------------------------------------------------------------------------------------------


def _doubled(paying: Paying, *, units: int = 1) -> tuple[Order, Refund]:
    """Pay a refund by hand whose provider has it as not there, and let it be done after that, late."""
    order = due(paying)
    for number in range(1, units):
        paying.give_back(order, 1, f"more{number}", NOON)
    paying.wechatpay.script(Word.PAY_BACK, Fate.UNANSWERED)
    paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
    paying.pass_time(FIRST, FIRST + 2 * DAY, every=6 * HOUR)
    paying.go_on(FIRST + 2 * DAY)
    paying.wechatpay.always.clear()
    refund = paying.refunds(order.order_id)[0]
    pay_by_hand(paying, refund)
    paying.clock(LATER)
    paying.wechatpay.pay_back(paying.wechatpay.sends()[0].paying, PaidBack.SUCCEEDED)
    return order, refund


def test_Y7_a_success_after_it_was_paid_by_hand_is_told_as_doubled_once(
    paying: Paying, counted: Counter[str]
) -> None:
    order, refund = _doubled(paying)
    notice = paying.wechatpay.back_notice(number_of(order))
    for number in range(4):
        at = LATER + number * HOUR
        paying.tell(replace(notice, state=f"SUCCESS{number // 2}"), at)
        paying.pass_time(at, at + 30 * MINUTE)
    (told,) = paying.told_of(RefundDoubled)
    assert (told.refund_id, told.order_id, told.payment_id) == (
        refund.refund_id,
        order.order_id,
        refund.payment_id,
    )
    assert (told.amount, told.currency, told.reference) == (TEA_FEN, "CNY", WORDS["reference"])
    assert counted["refunds_doubled"] == 1
    assert paying.shown(order) == [(TEA_FEN, "paid_by_hand")]
    assert len(paying.wechatpay.sends()) == 1
    assert (paying.listed(State.MANUAL), paying.listed(State.FAILED)) == ([], [])


def test_Y7_only_what_was_paid_by_hand_of_a_transfer_is_doubled(
    paying: Paying, counted: Counter[str]
) -> None:
    order, refund = _doubled(paying, units=3)
    paying.tell(paying.wechatpay.back_notice(number_of(order)), LATER)
    paying.pass_time(LATER, LATER + HOUR)
    assert Counter(states(paying, order)) == {"paid_by_hand": 1, "succeeded": 2}
    assert [each.refund_id for each in paying.told_of(RefundDoubled)] == [refund.refund_id]
    assert (counted["refunds_doubled"], paying.listed(State.FAILED)) == (1, [])


def test_Y7_by_hand_and_a_late_success_at_once_are_never_both_unnoticed(paying: Paying) -> None:
    for _ in range(6):
        order = due(paying)
        number = number_of(order)
        paying.wechatpay.script(Word.PAY_BACK, Fate.UNANSWERED)
        paying.wechatpay.always[Word.ASK_PAID_BACK] = Fate.UNANSWERED
        paying.pass_time(FIRST, FIRST + 2 * DAY, every=6 * HOUR)
        paying.go_on(FIRST + 2 * DAY)
        paying.wechatpay.always.clear()
        (refund,) = paying.refunds(order.order_id)

        def late_success(order: Order = order, number: str = number) -> None:
            paying.wechatpay.pay_back(paying.wechatpay.sends(number)[0].paying, PaidBack.SUCCEEDED)
            paying.tell(paying.wechatpay.back_notice(number), LATER)
            paying.go_on(LATER)

        acts: list[Callable[[], object]] = [partial(pay_by_hand, paying, refund), late_success]
        at_once(2, lambda each, acts=acts: acts[each]())  # type: ignore[misc]
        paying.pass_time(LATER + 3 * MINUTE, LATER + HOUR)
        doubled = [each.refund_id for each in paying.told_of(RefundDoubled)]
        if states(paying, order) == ["paid_by_hand"]:
            assert refund.refund_id in doubled
        else:
            assert states(paying, order) == ["succeeded"]
            assert refund.refund_id not in doubled
    assert paying.listed(State.FAILED) == []


# What is listed and shown --------------------------------------------------------------------------------


def test_Y7_finances_lists_are_the_longest_waiting_first_each_for_itself(paying: Paying) -> None:
    manuals: list[tuple[int, str]] = []
    faileds: list[tuple[int, str]] = []
    paying.wechatpay.always[Word.PAY_BACK] = Fate.FAILED
    for minute in (7, 3, 11, 0, 5, 9, 1):
        for how, found in ((BY_HAND, manuals), ("wechatpay", faileds)):
            order = paying.bought(how)
            paying.cancel(order, NOON + minute * MINUTE)
            found.append((minute, refunds.of_change(order.order_id, 1)))
    paying.go_on(NOON + 20 * MINUTE)
    assert [each.refund_id for each in paying.listed(State.MANUAL)] == [each for _, each in sorted(manuals)]
    assert [each.refund_id for each in paying.listed(State.FAILED)] == [each for _, each in sorted(faileds)]
    for _, refund_id in manuals[:4]:
        pay_by_hand(paying, refund_id)
    assert [each.refund_id for each in paying.listed(State.MANUAL)] == [
        each for _, each in sorted(manuals[4:])
    ]


def test_case_24_what_was_paid_by_hand_since_the_index_was_read_is_not_listed(
    paying: Paying, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [manual(paying) for _ in range(4)]
    tables = type(paying.book.tables)
    real = tables.query_index

    def stale(self: Any, *args: Any, **how: Any) -> Any:
        page = real(self, *args, **how)
        monkeypatch.setattr(tables, "query_index", real)
        pay_by_hand(paying, found[0])
        return page

    monkeypatch.setattr(tables, "query_index", stale)
    by_hand: Refunds = paying.by_hand
    page, _ = by_hand.page(State.MANUAL, limit=10, after=None, deadline=Deadline(20))
    assert {each.refund_id for each in page} == {each.refund_id for each in found[1:]}


def test_Y7_an_order_shows_its_refunds_with_their_states_the_first_first(paying: Paying) -> None:
    order = paying.place(quantity=3)
    notice = paying.wechatpay.pays(paying.number(order))
    paying.tell(notice)
    assert paying.shown(order) == []
    paying.receive(order)
    paying.give_back(order, 1, "r1", NOON + MINUTE)
    paying.job(NOON + MINUTE)
    paying.by_staff(order, "cash-1", at=NOON + 2 * MINUTE)
    paying.wechatpay.script(Word.PAY_BACK, Fate.PROCESSING)
    paying.give_back(order, 1, "r2", NOON + 3 * MINUTE)
    paying.job(NOON + 4 * MINUTE)
    paying.give_back(order, 1, "r3", NOON + 5 * MINUTE)
    found = paying.shop.book.refunds(paying.order(order))
    assert [(each.amount, state.value) for each, state in found] == [
        (TEA_FEN, "succeeded"),
        (order.quote.paid_fen, "manual"),
        (TEA_FEN, "sent"),
        (TEA_FEN, "due"),
    ]
    assert [each.made_at for each, _ in found] == [NOON + minute * MINUTE for minute in (1, 2, 3, 5)]
    assert [each.refund_id for each, _ in found] == [
        refunds.of_change(order.order_id, 1),
        refunds.of_payment(order.order_id, "cash-1"),
        refunds.of_change(order.order_id, 2),
        refunds.of_change(order.order_id, 3),
    ]
    pay_by_hand(paying, refunds.of_payment(order.order_id, "cash-1"))
    paying.wechatpay.becomes(number_of(order, 2), PaidBack.FAILED)
    paying.pass_time(NOON + 5 * MINUTE, NOON + HOUR)
    assert states(paying, order) == ["succeeded", "paid_by_hand", "failed", "succeeded"]


def test_Y7_an_order_that_lapsed_shows_the_refund_of_its_late_payment(paying: Paying) -> None:
    order = paying.place()
    paying.lapse(order)
    paying.by_staff(order, at=LAPSES)
    assert paying.shown(order) == [(order.quote.paid_fen, "manual")]


def test_Y7_orders_show_their_own_refunds_only(paying: Paying) -> None:
    orders = [due(paying, units=units) for units in (1, 2, 3)]
    assert [[amount for amount, _ in paying.shown(order)] for order in orders] == [
        [TEA_FEN],
        [2 * TEA_FEN],
        [3 * TEA_FEN],
    ]


# Faults --------------------------------------------------------------------------------------------------

SCENES: dict[str, Callable[[Paying], Refund]] = {
    "manual": manual,
    "failed": lambda paying: failed(paying)[1],
}
EVERY = pytest.mark.parametrize("scene", SCENES)


def _trial(paying: Paying, scene: str) -> Trial:
    """Return a refund that is said to be paid by hand, anew each time."""
    refund = SCENES[scene](paying)
    trial = Trial(paying, lambda: pay_by_hand(paying, refund))
    assert isinstance(trial.answered, Refund)
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
