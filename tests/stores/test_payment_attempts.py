"""Asking for the payment of an order: what is sent, one attempt open at a time, and faults (Y2)."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.errors import RefusalError
from functions.orders.order import Status
from functions.payments.attempts import Attempt, State
from functions.payments.providers.provider import DEFAULT, Stands
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from tests.support.faults import ROW_CONFLICT, SENDS_OF_THE_SDK, THROTTLED, Calls, Operation
from tests.support.paying import (
    AMOUNTS_FEN,
    ENDS,
    LAPSES,
    MINUTE,
    PAYER,
    Dump,
    Fate,
    Paying,
    Sent,
    Word,
    nothing_happens,
    refusal,
)
from tests.support.points import Box, calm
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import CALL_FAULTS, CONFLICT, TRY_AGAIN, Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)
NOT_PAYABLE = (409, "order_not_payable")


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture
def paying(shop: Shop) -> Paying:
    """A stocked shop, alice and bob, and providers that do what they are told."""
    made = Paying(shop)
    made.open("alice", "bob")
    return made


# --- what is asked for, and what is sent ---


@pytest.mark.parametrize("points", [0, 500, 2_000])
def test_Y2_exactly_what_the_order_costs_is_asked_for_after_points(paying: Paying, points: int) -> None:
    order = paying.place(points=points)
    assert order.quote.paid_fen == order.quote.order_amount_fen - points // 5
    attempt, _ = paying.ask(order)
    (sent,) = paying.wechatpay.sent
    assert sent.asking.amount_fen == attempt.amount_fen == order.quote.paid_fen


def test_Y2_the_answer_says_what_the_device_needs_and_until_when(paying: Paying) -> None:
    order = paying.place()
    attempt, action = paying.ask(order, at=NOON + 4 * MINUTE)
    assert attempt.attempt_id == order.order_id.removeprefix("ord_") + "_01"
    assert (attempt.provider, attempt.method) == ("wechatpay", DEFAULT)
    assert attempt.ends_at == ENDS == order.lapses_at - 3 * MINUTE
    assert (action.kind, action.value) == ("qr", f"qr:{attempt.attempt_id}")
    (sent,) = paying.wechatpay.sent
    assert (sent.asking.number, sent.asking.ends_at) == (attempt.attempt_id, ENDS)
    assert sent.asking.notify_url == "https://api.test/payments/wechatpay/notifications"
    assert sent.asking.return_url == "https://shop.test/paid"


def test_Y2_asking_for_a_payment_changes_nothing_of_the_order(paying: Paying) -> None:
    order = paying.place()
    paying.ask(order)
    assert paying.order(order) == order


def test_Y2_the_row_holds_every_field_before_the_first_call(paying: Paying) -> None:
    order = paying.place()
    seen: list[Attempt] = []
    paying.wechatpay.before = lambda sent: seen.extend(paying.attempts(order))
    paying.ask(order, "wechatpay", "jsapi", payer=PAYER)
    (row,), (sent,) = seen, paying.wechatpay.sent
    assert asdict(row.asking) == asdict(sent.asking)
    assert row.state is State.OPEN


def test_Y2_a_retry_sends_exactly_what_the_first_try_sent(paying: Paying) -> None:
    order = paying.place()
    paying.wechatpay.script(Word.BEGIN, Fate.UNANSWERED)
    assert refusal(lambda: paying.ask(order)) == TRY_AGAIN
    paying.shop.stock("tea", 0, price_fen=1)  # what the house has learnt since makes no difference
    later = replace(
        paying, payments_url="https://other.test", return_url="https://other.test", placed=paying.placed
    )
    later.providers = paying.providers
    later.ask(order, at=NOON + 7 * MINUTE)
    first, second = paying.wechatpay.sent
    assert second == first


@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.UNANSWERED_AFTER])
def test_Y2_after_a_lost_answer_the_same_attempt_goes_on(paying: Paying, fate: Fate) -> None:
    order = paying.place()
    paying.wechatpay.script(Word.BEGIN, fate)
    assert refusal(lambda: paying.ask(order)) == TRY_AGAIN
    attempt, action = paying.ask(order, at=NOON + MINUTE)
    assert attempt.attempt_id.endswith("_01")
    assert action.value == f"qr:{attempt.attempt_id}"
    assert list(paying.wechatpay.trades) == [attempt.attempt_id]
    assert paying.states(order) == [State.OPEN]


def test_Y2_a_lost_answer_is_asked_after_by_number(paying: Paying) -> None:
    order = paying.place()
    paying.wechatpay.script(Word.BEGIN, Fate.UNANSWERED_AFTER)
    assert refusal(lambda: paying.ask(order)) == TRY_AGAIN
    (number,) = paying.wechatpay.trades
    paying.wechatpay.pays(number)
    paying.job(NOON + 2 * MINUTE)
    assert [(each.word, each.asking.number) for each in paying.wechatpay.sent[1:]] == [(Word.ASK, number)]
    assert paying.order(order).status is Status.PAID


# --- asked again ---


def test_Y2_asked_again_the_open_attempt_is_answered_again(paying: Paying) -> None:
    order = paying.place()
    first = paying.ask(order)
    again = [paying.ask(order, at=NOON + minutes * MINUTE) for minutes in (0, 1, 9, 24)]
    assert {attempt.attempt_id for attempt, _ in again} == {first[0].attempt_id}
    assert all(action == first[1] for _, action in again)
    assert len(paying.attempts(order)) == len(paying.wechatpay.trades) == 1
    assert len({repr(each.asking) for each in paying.wechatpay.sent}) == 1
    assert paying.wechatpay.numbers(Stands.OPEN) == [first[0].attempt_id]


def test_Y2_asked_again_when_it_has_been_paid_nothing_new_is_opened_and_the_order_is_paid(
    paying: Paying,
) -> None:
    order = paying.place()
    notice = paying.wechatpay.pays(paying.number(order))  # and its provider would not open it again
    for _ in range(2):
        assert refusal(lambda: paying.ask(order, at=NOON + MINUTE))[0] == 409
    assert len(paying.attempts(order)) == len(paying.wechatpay.trades) == 1
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert refusal(lambda: paying.ask(order, at=NOON + MINUTE)) == NOT_PAYABLE


def test_case_2_twenty_requests_at_once_are_one_attempt(paying: Paying) -> None:
    order = paying.place()
    answers = at_once(20, lambda _: paying.ask(order))
    numbers = {each[0].attempt_id for each in answers if not isinstance(each, RefusalError)}
    assert len(numbers) == 1
    refused = [(each.status, each.code) for each in answers if isinstance(each, RefusalError)]
    assert set(refused) <= {TRY_AGAIN, (409, "conflict")}
    assert [each.attempt_id for each in paying.attempts(order)] == list(paying.wechatpay.trades)
    assert len(paying.wechatpay.trades) == 1
    assert len({repr(each.asking) for each in paying.wechatpay.begun()}) == 1


def test_Y2_twenty_requests_for_two_methods_at_once_leave_one_attempt_open(paying: Paying) -> None:
    order = paying.place()
    answers = at_once(20, lambda number: paying.ask(order, method=f"way{number % 2}"))
    for each in answers:
        if isinstance(each, RefusalError):
            assert (each.status, each.code) in {
                TRY_AGAIN,
                (409, "conflict"),
                (409, "payment_refused"),
                (409, "too_many_attempts"),
            }, each.code
    assert paying.states(order).count(State.OPEN) <= 1
    assert len(paying.attempts(order)) <= 10
    open_ones = {each.attempt_id for each in paying.attempts(order) if each.state is State.OPEN}
    paying.job(NOON + 2 * MINUTE)  # what was begun while it was being closed is closed
    assert set(paying.wechatpay.numbers(Stands.OPEN)) <= open_ones


def test_Y2_every_order_has_attempts_of_its_own(paying: Paying) -> None:
    first, second = paying.place(), paying.place()
    assert paying.number(first) != paying.number(second)
    assert paying.states(first) == paying.states(second) == [State.OPEN]


# --- another provider or method ---

OTHERS = {
    "provider": ("alipay", DEFAULT, None),
    "method": ("wechatpay", "way1", None),
    "payer": ("wechatpay", "jsapi", "somebody else"),
}


def _switched(paying: Paying, other: str, at: datetime) -> tuple[Any, Callable[[], tuple[Attempt, Any]]]:
    """Ask for the payment of an order; return it, and what asks for it in another way."""
    order = paying.place()
    payer = PAYER if other == "payer" else None
    paying.ask(order, "wechatpay", "jsapi" if payer else DEFAULT, payer=payer)
    provider, method, who = OTHERS[other]
    return order, lambda: paying.ask(order, provider, method, payer=who, at=at)


@pytest.mark.parametrize("other", OTHERS)
def test_Y2_asking_in_another_way_first_closes_the_open_one(paying: Paying, other: str) -> None:
    order, ask = _switched(paying, other, NOON + MINUTE)
    (first,) = paying.wechatpay.trades
    closed: list[bool] = []

    def before(sent: Sent) -> None:
        if sent.word is Word.BEGIN:
            closed.append(paying.wechatpay.trades[first].stands is Stands.CLOSED)

    paying.wechatpay.before = paying.alipay.before = before
    attempt, _ = ask()
    assert closed == [True]
    assert attempt.attempt_id.endswith("_02")
    assert paying.states(order) == [State.CLOSED, State.OPEN]
    assert [row["item"] for row in paying.due("attempts")] == ["ATTEMPT#02"]


def test_Y2_back_and_forth_between_providers_one_attempt_is_open_at_a_time(paying: Paying) -> None:
    order = paying.place()
    for place, provider in enumerate(("alipay", "wechatpay", "alipay", "wechatpay"), start=1):
        attempt, _ = paying.ask(order, provider, at=NOON + place * MINUTE)
        assert attempt.attempt_id.endswith(f"_{place:02}")
        assert [each.place for each in paying.attempts(order) if each.state is State.OPEN] == [place]
    assert paying.states(order) == [State.CLOSING, State.CLOSED, State.CLOSING, State.OPEN]


@pytest.mark.parametrize("other", OTHERS)
def test_Y2_one_that_was_paid_meanwhile_pays_the_order_and_nothing_new_is_opened(
    paying: Paying, other: str
) -> None:
    order, ask = _switched(paying, other, NOON + MINUTE)
    (number,) = paying.wechatpay.trades
    notice = paying.wechatpay.pays(number)
    assert refusal(ask) == NOT_PAYABLE
    assert paying.order(order).status is Status.PAID
    assert paying.paid(order) == [(notice.payment_id, order.quote.paid_fen, True)]
    assert (paying.states(order), paying.alipay.sent) == ([State.PAID], [])
    assert refusal(ask) == NOT_PAYABLE
    paying.tell(notice, NOON + 2 * MINUTE)
    assert len(paying.paid(order)) == 1


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("how", ["paying", Fate.UNANSWERED, Fate.UNANSWERED_AFTER, Fate.REFUSED])
def test_Y2_while_nobody_knows_how_the_open_one_stands_nothing_new_is_opened(
    paying: Paying, other: str, how: str
) -> None:
    order, ask = _switched(paying, other, NOON + MINUTE)
    (number,) = paying.wechatpay.trades
    if isinstance(how, Fate):
        paying.wechatpay.fates_of[number] = how
    else:
        paying.wechatpay.is_paying(number)
    for _ in range(3):
        assert refusal(ask) == TRY_AGAIN
    assert (len(paying.attempts(order)), len(paying.wechatpay.trades)) == (1, 1)
    assert paying.alipay.sent == []
    assert paying.states(order) == [State.CLOSING]
    assert [row["item"] for row in paying.due("attempts")] == ["ATTEMPT#01"]
    assert paying.order(order).status is Status.PLACED
    # Once it is known, the request goes on.
    paying.wechatpay.fates_of.clear()
    if how == "paying":
        paying.wechatpay.is_open(number)
    attempt, _ = ask()
    assert attempt.attempt_id.endswith("_02")
    assert paying.states(order) == [State.CLOSED, State.OPEN]


def test_Y2_one_that_was_being_paid_and_then_is_paid_pays_the_order(paying: Paying) -> None:
    order, ask = _switched(paying, "provider", NOON + MINUTE)
    (number,) = paying.wechatpay.trades
    paying.wechatpay.is_paying(number)
    assert refusal(ask) == TRY_AGAIN
    paying.wechatpay.pays(number)
    assert refusal(ask) == NOT_PAYABLE
    assert (paying.order(order).status, paying.states(order)) == (Status.PAID, [State.PAID])


def test_Y2_one_that_its_provider_does_not_know_yet_stays_in_closing_while_another_is_opened(
    paying: Paying,
) -> None:
    order = paying.place()
    page = paying.number(order, "alipay")
    attempt, _ = paying.ask(order, "wechatpay", at=NOON + MINUTE)
    assert paying.states(order) == [State.CLOSING, State.OPEN]
    assert {row["item"] for row in paying.due("attempts")} == {"ATTEMPT#01", "ATTEMPT#02"}
    # It is opened now, and its provider closes it when it is asked again.
    paying.alipay.opens(page)
    paying.job_every_minute(NOON + 2 * MINUTE, NOON + 9 * MINUTE)
    assert paying.alipay.trades[page].stands is Stands.CLOSED
    assert paying.states(order) == [State.CLOSED, State.OPEN]
    assert paying.wechatpay.numbers(Stands.OPEN) == [attempt.attempt_id]


def test_O6_late_money_of_one_that_its_provider_did_not_know_counts(paying: Paying) -> None:
    order = paying.place()
    page = paying.number(order, "alipay")
    other = paying.number(order, "wechatpay", at=NOON + MINUTE)
    paying.alipay.opens(page)
    first = paying.alipay.pays(page)
    paying.tell(first, NOON + 2 * MINUTE)
    assert paying.order(order).status is Status.PAID
    second = paying.wechatpay.pays(other)
    paying.tell(second, NOON + 8 * MINUTE)
    amount_fen = order.quote.paid_fen
    assert paying.paid(order) == [
        (first.payment_id, amount_fen, True),
        (second.payment_id, amount_fen, False),
    ]
    assert paying.states(order) == [State.PAID, State.PAID]


def test_Y5_late_money_of_one_that_its_provider_did_not_know_is_found_and_the_other_one_closed(
    paying: Paying,
) -> None:
    order = paying.place()
    page = paying.number(order, "alipay")
    other = paying.number(order, "wechatpay", at=NOON + MINUTE)
    paying.alipay.opens(page)
    paying.alipay.pays(page)
    paying.job_every_minute(NOON + 2 * MINUTE, NOON + 27 * MINUTE)
    assert paying.order(order).status is Status.PAID
    assert paying.states(order) == [State.PAID, State.CLOSED]
    assert paying.wechatpay.numbers(Stands.CLOSED) == [other]


def test_Y2_an_eleventh_attempt_is_refused_and_has_no_number(paying: Paying) -> None:
    order = paying.place()
    numbers = [paying.ask(order, method=f"way{each}")[0].attempt_id for each in range(10)]
    assert [number[-2:] for number in numbers] == [f"{place:02}" for place in range(1, 11)]
    assert paying.states(order) == [*[State.CLOSED] * 9, State.OPEN]
    # The tenth is answered again; in another way there is none.
    assert paying.ask(order, method="way9")[0].attempt_id == numbers[-1]
    for method in ("way10", "way11"):
        assert refusal(lambda method=method: paying.ask(order, method=method)) == (  # type: ignore[misc]
            409,
            "too_many_attempts",
        )
    assert len(paying.attempts(order)) == len(paying.wechatpay.trades) == 10


# --- times ---


def test_Y2_none_begins_in_the_orders_last_five_minutes(paying: Paying) -> None:
    order, refused = paying.place(), paying.place()
    paying.ask(order, at=LAPSES - 5 * MINUTE - SECOND)
    for at in (LAPSES - 5 * MINUTE, LAPSES - 3 * MINUTE, LAPSES - SECOND):
        with nothing_happens(paying):
            assert refusal(lambda at=at: paying.ask(refused, at=at)) == NOT_PAYABLE  # type: ignore[misc]


def test_Y2_one_that_began_before_is_answered_again_until_it_ends(paying: Paying) -> None:
    order = paying.place()
    first = paying.ask(order, at=NOON + 20 * MINUTE)
    for at in (LAPSES - 5 * MINUTE, ENDS - SECOND):
        assert paying.ask(order, at=at)[1] == first[1]
    for at in (ENDS, LAPSES - SECOND):
        assert refusal(lambda at=at: paying.ask(order, at=at)) == NOT_PAYABLE  # type: ignore[misc]
    assert len(paying.attempts(order)) == len(paying.wechatpay.trades) == 1


def test_Y2_in_the_last_five_minutes_no_other_one_begins_either(paying: Paying) -> None:
    order = paying.place()
    paying.ask(order)
    assert refusal(lambda: paying.ask(order, "alipay", at=LAPSES - 4 * MINUTE)) == NOT_PAYABLE
    assert (len(paying.attempts(order)), paying.alipay.sent) == (1, [])


# --- what is refused ---


def test_Y2_an_order_that_is_not_placed_is_not_payable(paying: Paying) -> None:
    paid, cancelled, lapsed, unwritten = (paying.place() for _ in range(4))
    paying.by_staff(paid)
    paying.cancel(cancelled)
    paying.lapse(lapsed)
    for order, at in ((paid, NOON), (cancelled, NOON), (lapsed, LAPSES), (unwritten, LAPSES)):
        with nothing_happens(paying):
            assert refusal(lambda order=order, at=at: paying.ask(order, at=at)) == NOT_PAYABLE  # type: ignore[misc]


def test_Y2_an_order_that_was_paid_by_an_attempt_is_not_payable(paying: Paying) -> None:
    order = paying.place()
    paying.tell(paying.wechatpay.pays(paying.number(order)))
    with nothing_happens(paying):
        for provider in ("wechatpay", "alipay"):
            assert refusal(lambda provider=provider: paying.ask(order, provider)) == NOT_PAYABLE  # type: ignore[misc]


def test_case_38_another_members_order_is_not_there(paying: Paying) -> None:
    order = paying.place()
    with nothing_happens(paying):
        for order_id in (order.order_id, "ord_" + "a" * 26, "ord_x", "", "x" * 10_000):
            assert refusal(lambda order_id=order_id: paying.ask(order_id, member_id="bob")) == (  # type: ignore[misc]
                404,
                "order_not_found",
            )


def test_Y2_amounts_outside_the_providers_are_not_payable(paying: Paying) -> None:
    least, most = AMOUNTS_FEN
    prices = {"under": least - 1_001, "least": least - 1_000, "most": most, "over": most + 1}
    for sku, price_fen in prices.items():  # a small order has 10 yuan of shipping
        paying.shop.stock(sku, 10, price_fen)
    for sku, costs in {"least": least, "most": most}.items():
        order = paying.place(sku=sku)
        assert paying.ask(order)[0].amount_fen == costs
    for sku in ("under", "over"):
        order = paying.place(sku=sku)
        with nothing_happens(paying):
            assert refusal(lambda order=order: paying.ask(order)) == (422, "amount_not_payable")  # type: ignore[misc]


def test_Y1_a_provider_that_is_off_is_not_available(paying: Paying) -> None:
    order = paying.place()
    paying.on = ("alipay",)
    with nothing_happens(paying):
        assert refusal(lambda: paying.ask(order, "wechatpay")) == (422, "provider_not_available")
    paying.on = ()
    with nothing_happens(paying):
        assert refusal(lambda: paying.ask(order, "alipay")) == (422, "provider_not_available")


def test_a_method_that_there_is_not_and_a_payer_who_is_missing_are_refused(paying: Paying) -> None:
    order = paying.place()
    with nothing_happens(paying):
        assert refusal(lambda: paying.ask(order, method="barter")) == (422, "method_not_available")
        assert refusal(lambda: paying.ask(order, method="jsapi")) == (422, "payer_missing")


def test_keys_that_cannot_be_had_are_503_and_nothing_is_begun(paying: Paying) -> None:
    order = paying.place()
    paying.no_keys.add("wechatpay")
    with nothing_happens(paying):
        assert refusal(lambda: paying.ask(order)) == TRY_AGAIN
    paying.no_keys.clear()
    assert paying.number(order).endswith("_01")


def test_what_its_provider_refuses_is_told_and_the_order_stays_payable(paying: Paying) -> None:
    order = paying.place()
    paying.wechatpay.script(Word.BEGIN, Fate.REFUSED)
    assert refusal(lambda: paying.ask(order)) == (409, "payment_refused")
    assert State.OPEN not in paying.states(order)
    attempt, _ = paying.ask(order)
    assert attempt.attempt_id.endswith("_02")
    assert paying.wechatpay.numbers(Stands.OPEN) == [attempt.attempt_id]


# --- nothing personal ---


def test_Y2_who_pays_is_sent_and_kept_nowhere(paying: Paying) -> None:
    order = paying.place()
    paying.wechatpay.script(Word.BEGIN, Fate.UNANSWERED)
    assert refusal(lambda: paying.ask(order, method="jsapi", payer=PAYER)) == TRY_AGAIN
    assert PAYER not in json.dumps([*paying.dump().values()])
    paying.ask(order, method="jsapi", payer=PAYER)
    assert PAYER not in json.dumps([*paying.dump().values()])
    assert [each.payer for each in paying.wechatpay.begun()] == [PAYER, PAYER]
    paying.wechatpay.script(Word.BEGIN, Fate.REFUSED)
    assert refusal(lambda: paying.ask(order, method="jsapi", payer=PAYER + "x"))[0] == 409
    paying.job(NOON + 3 * MINUTE)
    assert PAYER not in json.dumps([*paying.dump().values()])


def test_Y2_a_row_has_nothing_of_the_member_but_their_id(paying: Paying) -> None:
    order = paying.place()
    paying.ask(order, method="jsapi", payer=PAYER)
    (row,) = paying.rows()
    assert row["member_id"] == "alice"
    assert "alice" not in json.dumps({name: value for name, value in row.items() if name != "member_id"})


# --- faults ---

SCENES: dict[str, tuple[Callable[[Paying], Any], Callable[[Paying, Any, Deadline], Any]]] = {
    "asked": (
        lambda paying: paying.place(),
        lambda paying, order, deadline: paying.ask(order, at=NOON + MINUTE, deadline=deadline),
    ),
    "asked again": (
        lambda paying: _asked(paying),
        lambda paying, order, deadline: paying.ask(order, at=NOON + MINUTE, deadline=deadline),
    ),
    "asked otherwise": (
        lambda paying: _asked(paying),
        lambda paying, order, deadline: paying.ask(order, "stripe", at=NOON + MINUTE, deadline=deadline),
    ),
    "asked otherwise once it is paid": (
        lambda paying: _asked(paying, pays=True),
        lambda paying, order, deadline: paying.ask(order, "stripe", at=NOON + MINUTE, deadline=deadline),
    ),
}
EVERY = pytest.mark.parametrize("scene", SCENES)


def _asked(paying: Paying, *, pays: bool = False) -> Any:
    order = paying.place()
    number = paying.number(order)
    if pays:
        paying.wechatpay.pays(number)
    return order


def _outcome(act: Callable[[], Any]) -> tuple[int, str]:
    """Do something; return 200 and the action, or the status and code of its refusal."""
    try:
        return 200, str(act()[1].value)
    except RefusalError as refused:
        return refused.status, refused.code


class Request(Trial):
    """A request in a scene that begins anew each time; a refusal may be what it is answered undisturbed."""

    def __init__(self, paying: Paying, scene: str) -> None:
        self.paying = paying
        prepare, self._ask = SCENES[scene]
        self.order = prepare(paying)
        self._trades = {
            name: {number: replace(trade) for number, trade in each.trades.items()}
            for name, each in paying.providers.items()
        }
        super().__init__(paying, self.ask)

    def ask(self, deadline: Deadline | None = None) -> tuple[int, str]:
        """Send it."""
        return _outcome(lambda: self._ask(self.paying, self.order, deadline or Deadline(20)))

    def begin(self) -> None:
        super().begin()
        for name, each in self.paying.providers.items():
            each.sent.clear()
            each.fates.clear()
            each.trades = {number: replace(trade) for number, trade in self._trades[name].items()}

    def facts(self) -> tuple[Any, ...]:
        """Return all that has come of it: orders, attempts, and what the providers know."""
        trades = {
            number: (each.stands, each.asking)
            for provider in self.paying.providers.values()
            for number, each in provider.trades.items()
        }
        attempts = [replace(each, version=1, due_at=None) for each in self.paying.attempts(self.order)]
        others: Dump = {place: row for place, row in self.paying.dump().items() if place[0] != "Payments"}
        return trades, attempts, others

    def check_now(self, now: Any, where: object) -> None:
        """Hold that no two can be paid, and none is open at a provider of which we know nothing."""
        known = {each.attempt_id for each in self.paying.attempts(self.order)}
        open_ones = [
            number for each in self.paying.providers.values() for number in each.numbers(Stands.OPEN)
        ]
        assert set(open_ones) <= known, where
        assert len(open_ones) <= 1, where


@EVERY
def test_cases_14_to_22_at_every_call_of_the_database_a_request_is_done_or_is_done_when_sent_again(
    paying: Paying, calls: Calls, scene: str
) -> None:
    Request(paying, scene).strike_at_every_call(calls, CALL_FAULTS, sends=(1, 3, SENDS_OF_THE_SDK, 100))


@EVERY
def test_case_16_rows_and_transactions_that_others_are_at_are_written_once_they_are_free(
    paying: Paying, calls: Calls, scene: str
) -> None:
    trial = Request(paying, scene)
    for times, done in ((3, True), (1_000, False)):
        trial.begin()
        calls.fail("PutItem", *[ROW_CONFLICT] * times)
        calls.fail("TransactWriteItems", *[CONFLICT] * times)
        outcome = trial.act()
        calm(calls)
        assert not done or outcome == trial.answered
        trial.check(outcome)


@EVERY
def test_case_18_a_burst_of_throttling_is_met_with_bounded_sends_and_then_503(
    paying: Paying, calls: Calls, scene: str
) -> None:
    trial = Request(paying, scene)
    names: tuple[Operation, ...] = ("PutItem", "TransactWriteItems", "GetItem", "Query")
    for name in names:
        trial.begin()
        before = len(calls.sent)
        calls.fail(name, *[THROTTLED] * 1_000)
        outcome = trial.act()
        calm(calls)
        assert calls.sent[before:].count(name) <= 30
        trial.check(outcome)


@EVERY
@pytest.mark.parametrize("fate", [Fate.UNANSWERED, Fate.UNANSWERED_AFTER])
def test_cases_14_15_21_at_every_call_to_a_provider_a_request_is_done_when_sent_again(
    paying: Paying, scene: str, fate: Fate
) -> None:
    trial = Request(paying, scene)
    struck = set[Word]()
    for word in Word:
        trial.begin()
        for provider in paying.providers.values():
            provider.script(word, fate)
        outcome = trial.act()
        if any(len(each.fates[word]) == 0 for each in paying.providers.values()):
            struck.add(word)
            assert outcome == TRY_AGAIN
        for provider in paying.providers.values():
            provider.fates.clear()
        trial.check(outcome)
    assert struck


@EVERY
def test_case_20_a_request_killed_at_any_point_is_done_when_sent_again(
    paying: Paying, client: "DynamoDBClient", scene: str
) -> None:
    trial = Request(paying, scene)
    box = Box()
    for provider in paying.providers.values():
        provider.before = box.step
    assert trial.kill_at_every_point(client, box) > 2


@EVERY
def test_case_21_with_no_time_left_nothing_is_asked_of_a_provider_and_nothing_is_stuck(
    paying: Paying, scene: str
) -> None:
    trial = Request(paying, scene)
    trial.begin()
    assert trial.ask(Deadline(0)) == TRY_AGAIN
    assert [each.words() for each in paying.providers.values()] == [[], [], []]
    trial.check(TRY_AGAIN)


def _interleavings() -> Iterator[Callable[[Paying, Any], object]]:
    yield lambda paying, order: paying.cancel(order)
    yield lambda paying, order: paying.by_staff(order)


@pytest.mark.parametrize("other", range(2))
def test_O6_money_on_an_attempt_that_was_begun_while_its_order_was_cancelled_or_paid_is_due_back(
    paying: Paying, other: int
) -> None:
    order = paying.place()
    act = list(_interleavings())[other]
    done: list[object] = []

    def before(sent: Sent) -> None:
        if sent.word is Word.BEGIN and not done:
            done.append(act(paying, order))

    paying.wechatpay.before = before
    number = paying.number(order)
    status = paying.order(order).status
    notice = paying.wechatpay.pays(number)
    paying.tell(notice, NOON + MINUTE)
    assert paying.order(order).status is status
    assert paying.paid(order)[-1] == (notice.payment_id, order.quote.paid_fen, False)
