"""Money that is no order's: listed, and assigned to an order once, by two people if it is much (Y4)."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain.errors import RefusalError
from functions.orders.events import PaymentMismatched, RefundDue
from functions.orders.order import Order, Status
from functions.payments.assigning import Assigning
from functions.payments.attempts import State
from functions.payments.book import PaymentBook
from functions.payments.events import PaymentUnassigned
from functions.payments.providers.provider import Kind, Notice
from functions.payments.rows import Decided, Unassigned
from functions.platform.deadline import Deadline
from functions.platform.observability import metrics
from tests.support.faults import Calls
from tests.support.paying import LAPSES, MINUTE, Paying, nothing_happens, refusal
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once
from tests.support.trials import TRY_AGAIN, Trial

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

LATER = NOON + 5 * MINUTE
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are of no interest here."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture
def paying(shop: Shop) -> Paying:
    """A stocked shop, alice, and providers that do what they are told."""
    made = Paying(shop)
    made.open()
    return made


def money_of(amount: int | None, *, object_id: str = "42", currency: str | None = "CNY") -> Notice:
    """Return what a provider tells of money whose number we do not know."""
    return Notice(
        provider="wechatpay",
        kind=Kind.PAYMENT,
        object_id=object_id,
        state="SUCCESS",
        paid=True,
        number="somebody's",
        amount=amount,
        currency=currency,
        at=NOON - 3 * MINUTE,
    )


def kept(paying: Paying, order: Order, amount: int | None = None, **how: Any) -> str:
    """Let money come in whose number we do not know, by default what an order costs; return its id."""
    notice = money_of(order.quote.paid_fen if amount is None else amount, **how)
    paying.tell(notice)
    return notice.payment_id


def assign(
    paying: Paying,
    payment_id: str,
    order: Order | str,
    *,
    by: str = "finance-1",
    at: datetime = LATER,
    deadline: Deadline | None = None,
) -> Unassigned:
    """Assign money to an order."""
    order_id = order if isinstance(order, str) else order.order_id
    return paying.assigning.assign(
        payment_id, order_id, operator=by, now=at, deadline=deadline or Deadline(20)
    )


def much(paying: Paying) -> Order:
    """Place an order that costs more than one person may assign."""
    paying.shop.stock("gold", 100, paying.shop.policy.payments.two_eyes_fen + 1)
    return paying.place(sku="gold")


# --- assigned once ---


def test_Y4_assigned_money_pays_the_order_as_a_notification_for_it(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    money = assign(paying, payment_id, order)
    assert (money.state, money.order_id) == (Decided.ASSIGNED, order.order_id)
    assert paying.order(order).status is Status.PAID
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]
    assert paying.order(order).payments[0].provider == "wechatpay"
    assert (paying.order(order).paid_at, paying.unassigned()) == (LATER, [])
    assert [type(each) for each in paying.told()] == [PaymentUnassigned]


def test_Y4_who_assigned_it_and_when_is_kept(paying: Paying) -> None:
    order = paying.place()
    assign(paying, kept(paying, order), order, by="finance-7")
    (row,) = [row for row in paying.rows() if row["item"] == "UNASSIGNED"]
    assert (row["decided_by"], row["decided_at"]) == ("finance-7", "2026-05-01T04:05:00Z")
    assert "unassigned" not in row


def test_R1_assigned_again_to_the_same_order_it_is_answered_again(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    first = assign(paying, payment_id, order)
    before = paying.dump()
    for by, at in (("finance-1", LATER), ("finance-2", LATER + timedelta(days=9))):
        assert assign(paying, payment_id, order, by=by, at=at) == first
    assert paying.dump() == before


def test_Y4_assigned_money_is_another_orders_no_more(paying: Paying) -> None:
    order, other = paying.place(), paying.place()
    payment_id = kept(paying, order)
    assign(paying, payment_id, order)
    with nothing_happens(paying):
        assert refusal(lambda: assign(paying, payment_id, other)) == (409, "payment_already_decided")
    assert paying.order(other).status is Status.PLACED


def test_Y3_told_again_after_it_was_assigned_it_has_no_other_effect(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    assign(paying, payment_id, order)
    for each in range(3):
        paying.tell(replace(money_of(order.quote.paid_fen), state=f"SUCCESS{each}"), LATER)
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]
    assert paying.unassigned() == []
    assert len(paying.told()) == 1


def test_Y4_twenty_at_once_assign_it_once(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    answers = at_once(20, lambda number: assign(paying, payment_id, order, by=f"finance-{number}"))
    done = [each for each in answers if isinstance(each, Unassigned)]
    assert done
    assert len({each.decided_by for each in done}) == 1
    assert all(each.status in (409, 503) for each in answers if isinstance(each, RefusalError))
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]


def test_Y4_two_orders_at_once_one_of_them_gets_it(paying: Paying) -> None:
    for each in range(6):
        orders = [paying.place(), paying.place()]
        payment_id = kept(paying, orders[0], object_id=f"42{each}")
        answers = at_once(
            8,
            lambda number, payment_id=payment_id, orders=orders: assign(  # type: ignore[misc]
                paying, payment_id, orders[number % 2]
            ),
        )
        assert sorted(paying.order(order).status for order in orders) == [Status.PAID, Status.PLACED]
        (paid,) = [order for order in orders if paying.order(order).status is Status.PAID]
        done = [each for each in answers if isinstance(each, Unassigned)]
        assert {each.order_id for each in done} == {paid.order_id}
        assert all(each.status == 409 for each in answers if isinstance(each, RefusalError))


# --- two people ---


def test_Y4_up_to_the_bound_one_person_assigns(paying: Paying) -> None:
    paying.shop.stock("gold", 100, paying.shop.policy.payments.two_eyes_fen)
    order = paying.place(sku="gold")
    assert order.quote.paid_fen == paying.shop.policy.payments.two_eyes_fen
    assign(paying, kept(paying, order), order)
    assert paying.order(order).status is Status.PAID


def test_Y4_above_the_bound_it_takes_two_people(paying: Paying) -> None:
    order = much(paying)
    payment_id = kept(paying, order)
    for _ in range(3):  # one person, however often
        money = assign(paying, payment_id, order, by="finance-1")
        assert (money.state, money.proposed_by) == (Decided.PROPOSED, "finance-1")
    assert (paying.order(order).status, paying.paid(order)) == (Status.PLACED, [])
    assert [each.payment_id for each in paying.unassigned()] == [payment_id]
    money = assign(paying, payment_id, order, by="finance-2")
    assert (money.state, money.proposed_by, money.decided_by) == (
        Decided.ASSIGNED,
        "finance-1",
        "finance-2",
    )
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]
    assert paying.unassigned() == []
    assert assign(paying, payment_id, order, by="finance-1") == money
    assert len(paying.told()) == 1


def test_Y4_two_people_who_say_different_orders_have_not_said_the_same(paying: Paying) -> None:
    order, other = much(paying), paying.place(sku="gold")
    payment_id = kept(paying, order)
    assign(paying, payment_id, order, by="finance-1")
    money = assign(paying, payment_id, other, by="finance-2")
    assert money.state is not Decided.ASSIGNED
    assert [paying.order(each).status for each in (order, other)] == [Status.PLACED, Status.PLACED]
    assert assign(paying, payment_id, other, by="finance-1").state is Decided.ASSIGNED
    assert [paying.order(each).status for each in (order, other)] == [Status.PLACED, Status.PAID]


def test_Y4_the_amount_that_counts_is_the_moneys_not_the_orders(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order, paying.shop.policy.payments.two_eyes_fen + 1)
    assert assign(paying, payment_id, order).state is Decided.PROPOSED
    assert paying.paid(order) == []


def test_Y4_one_person_many_times_at_once_is_one_person(paying: Paying) -> None:
    order = much(paying)
    payment_id = kept(paying, order)
    at_once(12, lambda _: assign(paying, payment_id, order, by="finance-1"))
    assert paying.order(order).status is Status.PLACED
    at_once(12, lambda number: assign(paying, payment_id, order, by=f"finance-{number % 2}"))
    assert assign(paying, payment_id, order, by="finance-9").state is Decided.ASSIGNED
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]


# --- what cannot be ---


def test_Y4_money_in_another_currency_or_of_no_amount_is_not_assignable(paying: Paying) -> None:
    order = paying.place()
    notices = [
        money_of(order.quote.paid_fen, object_id="usd", currency="USD"),
        money_of(order.quote.paid_fen, object_id="none", currency=None),
        money_of(None, object_id="amount"),
    ]
    for notice in notices:
        paying.tell(notice)
        with nothing_happens(paying):
            for by in ("finance-1", "finance-2"):
                status, _ = refusal(partial(assign, paying, notice.payment_id, order, by=by))
                assert status == 409
    assert len(paying.unassigned()) == 3


def test_Y4_what_there_is_not_is_not_found(paying: Paying) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    with nothing_happens(paying):
        assert refusal(lambda: assign(paying, "wechatpay:43", order)) == (404, "payment_not_found")
        for order_id in ("ord_" + "a" * 26, "ord_x", ""):
            assert refusal(lambda order_id=order_id: assign(paying, payment_id, order_id)) == (  # type: ignore[misc]
                404,
                "order_not_found",
            )


def test_Y3_conflicting_money_is_not_assignable_to_any_order(paying: Paying) -> None:
    order, other = paying.place(), paying.place()
    notice = paying.wechatpay.pays(paying.number(order))
    paying.by_staff(other, notice.payment_id)
    paying.tell(notice)
    before = [paying.order(each) for each in (order, other)]
    for each in (order, other):
        status, _ = refusal(lambda each=each: assign(paying, notice.payment_id, each))  # type: ignore[misc]
        assert status == 409
    assert [paying.order(each) for each in (order, other)] == before


@pytest.mark.parametrize("difference", [-1, 1])
def test_Y4_money_of_another_amount_is_recorded_not_applied_and_due_back(
    paying: Paying, difference: int
) -> None:
    order = paying.place()
    payment_id = kept(paying, order, order.quote.paid_fen + difference)
    assert assign(paying, payment_id, order).state is Decided.ASSIGNED
    assert paying.order(order).status is Status.PLACED
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen + difference, False)]
    (due,), (mismatched,) = paying.told_of(RefundDue), paying.told_of(PaymentMismatched)
    assert due.payment_id == mismatched.payment_id == payment_id
    assert paying.number(order, at=LATER).endswith("_01")  # it stays payable


@pytest.mark.parametrize("end", ["lapsed", "lapsed, not written", "cancelled", "paid"])
def test_O6_money_for_an_order_that_waits_no_longer_is_recorded_not_applied_and_due_back(
    paying: Paying, end: str
) -> None:
    order = paying.place()
    payment_id = kept(paying, order)
    if end == "lapsed":
        paying.lapse(order)
    elif end == "cancelled":
        paying.cancel(order)
    elif end == "paid":
        paying.by_staff(order)
    before = paying.order(order)
    assign(paying, payment_id, order, at=LAPSES)
    after = paying.order(order)
    assert (after.status, after.changes) == (before.status, before.changes)
    assert paying.paid(order)[-1] == (payment_id, order.quote.paid_fen, False)
    assert (len(paying.told_of(RefundDue)), paying.told_of(PaymentMismatched)) == (1, [])


@pytest.mark.parametrize("first", ["assigned", "by staff"])
def test_Y3_staff_who_record_it_by_hand_and_assign_it_to_the_same_order_have_recorded_it_once(
    paying: Paying, first: str
) -> None:
    order, other = paying.place(), paying.place()
    payment_id = kept(paying, order)
    if first == "assigned":
        assign(paying, payment_id, order)
        paying.by_staff(order, payment_id)
        assert refusal(lambda: paying.by_staff(other, payment_id)) == (422, "payment_id_reused")
    else:
        paying.by_staff(order, payment_id)
        status, _ = refusal(lambda: assign(paying, payment_id, other))
        assert status == 409
        assert assign(paying, payment_id, order).state is Decided.ASSIGNED
    assert paying.paid(order) == [(payment_id, order.quote.paid_fen, True)]
    assert (paying.paid(other), paying.unassigned()) == ([], [])
    assert paying.told_of(RefundDue) == []


def test_Y4_an_attempt_that_is_open_is_closed_once_assigned_money_has_paid_the_order(paying: Paying) -> None:
    order = paying.place()
    paying.ask(order)
    assign(paying, kept(paying, order), order)
    paying.job(NOON + 10 * MINUTE)
    assert paying.states(order) == [State.CLOSED]


# --- the list ---


def test_Y4_the_list_is_the_longest_waiting_first_in_pages_and_without_the_assigned(paying: Paying) -> None:
    order = paying.place()
    minutes = [7, 3, 11, 0, 5, 9, 1, 8, 2, 10]
    for minute in minutes:
        paying.tell(money_of(5_000 + minute, object_id=f"n{minute}"), NOON + minute * MINUTE)
    assert [each.payment_id for each in paying.unassigned()] == [
        f"wechatpay:n{minute}" for minute in sorted(minutes)
    ]
    assert [each.noticed_at for each in paying.unassigned()] == [
        NOON + minute * MINUTE for minute in sorted(minutes)
    ]
    for minute in (0, 5, 10):
        assign(paying, f"wechatpay:n{minute}", order)
    left = [minute for minute in sorted(minutes) if minute not in (0, 5, 10)]
    assert [each.payment_id for each in paying.unassigned()] == [f"wechatpay:n{minute}" for minute in left]


def test_Y4_money_noticed_in_the_same_second_is_listed_once_each(paying: Paying) -> None:
    for number in range(10):
        paying.tell(money_of(5_000, object_id=f"n{number}"), NOON)
    found = Counter(each.payment_id for each in paying.unassigned())
    assert found == Counter(f"wechatpay:n{number}" for number in range(10))


def test_case_24_what_was_assigned_since_the_index_was_read_is_not_listed(paying: Paying) -> None:
    order = paying.place()
    for number in range(5):
        paying.tell(money_of(5_000, object_id=f"n{number}"), NOON + number * MINUTE)
    stale = paying.book.all_unassigned(limit=10, after=None)
    for number in (1, 2):
        assign(paying, f"wechatpay:n{number}", order)

    class Behind(PaymentBook):
        __slots__ = ()

        def all_unassigned(self, **_: Any) -> Any:
            return stale

    book = paying.book
    behind = Behind(tables=book.tables, table=book.table, orders=book.orders)
    found, after = Assigning(book=behind, policy=paying.shop.policy).page(
        limit=10, after=None, deadline=Deadline(20)
    )
    assert ([each.payment_id for each in found], after) == (
        [f"wechatpay:n{each}" for each in (0, 3, 4)],
        None,
    )


def test_Y4_a_page_whose_money_was_all_assigned_meanwhile_hides_none_of_the_next(paying: Paying) -> None:
    order = paying.place()
    for number in range(7):
        paying.tell(money_of(5_000, object_id=f"n{number}"), NOON + number * MINUTE)
    _, after = paying.assigning.page(limit=2, after=None, deadline=Deadline(20))
    for number in (0, 1, 2, 3):
        assign(paying, f"wechatpay:n{number}", order)
    found, _ = paying.assigning.page(limit=10, after=after, deadline=Deadline(20))
    assert [each.payment_id for each in found] == [f"wechatpay:n{number}" for number in (4, 5, 6)]


def test_Y4_rows_hold_nothing_personal_and_no_amount_in_fen_whose_currency_is_another(
    paying: Paying,
) -> None:
    order = paying.place()
    paying.tell(replace(paying.wechatpay.pays(paying.number(order), currency="USD")))
    paying.tell(money_of(5_000))
    rows = [row for row in paying.rows() if row["item"] == "UNASSIGNED"]
    assert len(rows) == 2
    for row in rows:
        assert "alice" not in json.dumps(row)
        assert not [name for name in row if name.endswith("_fen")]
        assert row.keys() <= {
            "subject", "item", "payment_id", "provider", "because", "noticed_at", "amount", "currency",
            "number", "provider_at", "state", "version", "unassigned", "told", "due", "due_at",
        }  # fmt: skip
    assert {row["provider_at"] for row in rows if "provider_at" in row} == {"2026-05-01T03:57:00Z"}


def test_Y4_it_is_told_once_with_the_same_id_however_often_its_row_changes(paying: Paying) -> None:
    order = much(paying)
    payment_id = kept(paying, order)
    (first,) = paying.told()
    assert first.occurred_at == NOON.astimezone(paying.shop.policy.zone)
    assert first.occurred_at.astimezone(UTC) == NOON
    for by in ("finance-1", "finance-2"):
        assign(paying, payment_id, order, by=by)
        assert [each.event_id for each in paying.told_of(PaymentUnassigned)] == [first.event_id]


# --- faults ---


def _proposed(paying: Paying) -> tuple[Order, str]:
    order = much(paying)
    payment_id = kept(paying, order)
    assign(paying, payment_id, order, by="finance-0")
    return order, payment_id


def _assignable(paying: Paying, *, difference: int = 0) -> tuple[Order, str]:
    order = paying.place()
    return order, kept(paying, order, order.quote.paid_fen + difference)


def _dear(paying: Paying) -> tuple[Order, str]:
    order = much(paying)
    return order, kept(paying, order)


SCENES: dict[str, Callable[[Paying], tuple[Order, str]]] = {
    "assigned": _assignable,
    "of another amount": lambda paying: _assignable(paying, difference=1),
    "proposed": _dear,
    "said by the second": _proposed,
}
EVERY = pytest.mark.parametrize("scene", SCENES)


def _trial(paying: Paying, payment_id: str, order: Order) -> Trial:
    """Return an assignment that begins anew each time."""
    trial = Trial(paying, lambda: assign(paying, payment_id, order))
    assert not isinstance(trial.answered, tuple)
    return trial


@EVERY
def test_cases_14_to_22_at_every_call_an_assignment_is_all_or_nothing_and_done_when_sent_again(
    paying: Paying, calls: Calls, scene: str
) -> None:
    order, payment_id = SCENES[scene](paying)
    _trial(paying, payment_id, order).strike_at_every_call(calls)


@EVERY
def test_case_20_an_assignment_killed_at_any_point_is_all_or_nothing_and_done_when_sent_again(
    paying: Paying, client: "DynamoDBClient", scene: str
) -> None:
    order, payment_id = SCENES[scene](paying)
    _trial(paying, payment_id, order).kill_at_every_point(client)


@EVERY
def test_case_21_with_no_time_left_an_assignment_is_503_and_nothing_is_stuck(
    paying: Paying, scene: str
) -> None:
    order, payment_id = SCENES[scene](paying)
    trial = _trial(paying, payment_id, order)
    trial.begin()
    outcome = refusal(lambda: assign(paying, payment_id, order, deadline=Deadline(0)))
    assert outcome == TRY_AGAIN
    assert paying.dump() == trial.before
    trial.check(outcome)
