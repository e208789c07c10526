"""What the outside is told of orders, and how the bus is written to."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest

from functions.domain import calendar
from functions.orders import events, life
from functions.orders.order import Order, Payment
from functions.orders.rows import payment_row
from functions.platform.bus import TRIES_MAX, Bus, Event, PublishError
from functions.platform.deadline import Deadline
from tests.support.quoting import ORDINARY_DAY, POLICY, item, quoted

LATER = ORDINARY_DAY + timedelta(hours=1)
PLACED = life.place(
    quoted("J2", item(6_667, 3), holds_points=2_000, points=2_000),
    POLICY,
    order_id="ord_1",
    member_id="alice",
    request="r",
    now=ORDINARY_DAY,
    redeemed_by_year={"2026": 2_000},
)
PAID = life.pay(PLACED, payment_id="p1", amount_fen=PLACED.quote.paid_fen, now=ORDINARY_DAY)
SHIPPED = life.ship(PAID, told={}, now=LATER)
RECEIVED = life.receive(SHIPPED, now=LATER)


def told(before: Order | None, after: Order) -> list[tuple[str, dict[str, Any]]]:
    """Return what the outside is told of a change, without the ids of events."""
    seen = []
    for event in events.of_change(before, after, POLICY, LATER):
        detail = json.loads(event.detail())
        assert detail.pop("event_id").startswith("evt_")
        assert detail.pop("member_id") == "alice"
        assert detail.pop("occurred_at").endswith("+08:00")
        assert detail.pop("order_id") == "ord_1"
        seen.append((event.detail_type, detail))
    return seen


@pytest.mark.parametrize(
    ("before", "after", "detail_type"),
    [
        (None, PLACED, "OrderPlaced"),
        (PLACED, PAID, "OrderPaid"),
        (PAID, SHIPPED, "OrderShipped"),
        (SHIPPED, RECEIVED, "OrderReceived"),
    ],
)
def test_each_step_of_an_orders_life_is_told(before: Order | None, after: Order, detail_type: str) -> None:
    assert [name for name, _ in told(before, after)] == [detail_type]


@pytest.mark.parametrize(
    ("before", "event"),
    [
        (PAID, lambda order: life.cancel(order, now=LATER)),
        (SHIPPED, lambda order: life.refuse(order, now=LATER)),
        (RECEIVED, lambda order: life.return_units(order, {"sku0": 3}, now=LATER)),
    ],
)
def test_O4_a_closed_order_makes_its_money_due(before: Order, event: Callable[[Order], Order]) -> None:
    after = event(before)
    (refund, closed) = told(before, after)
    assert refund == (
        "RefundDue",
        {
            "amount_fen": PAID.quote.paid_fen,
            "reason": after.status.value,
            "payment_id": "p1",
            "settled_by": "manual",
            "refund_id": f"ref_{after.order_id.removeprefix('ord_')}_c00001",
        },
    )
    assert closed == ("OrderClosed", {"status": after.status.value})


def test_an_order_that_was_never_paid_makes_nothing_due() -> None:
    for after in (
        life.cancel(PLACED, now=ORDINARY_DAY),
        life.as_of(PLACED, ORDINARY_DAY + timedelta(minutes=30)),
    ):
        assert [name for name, _ in told(PLACED, after)] == ["OrderClosed"]


def test_O5_each_partial_return_makes_its_difference_due_once() -> None:
    first = life.return_units(RECEIVED, {"sku0": 1}, now=LATER)
    second = life.return_units(first, {"sku0": 2}, now=LATER)
    one = [detail["amount_fen"] for name, detail in told(RECEIVED, first) if name == "RefundDue"]
    two = [detail["amount_fen"] for name, detail in told(first, second) if name == "RefundDue"]
    together = [detail["amount_fen"] for name, detail in told(RECEIVED, second) if name == "RefundDue"]
    assert (one, two) == ([6_534], [13_067])
    assert together == one + two
    ids = {event.event_id for event in events.of_change(RECEIVED, second, POLICY, LATER)}
    apart = {event.event_id for event in events.of_change(RECEIVED, first, POLICY, LATER)}
    assert len(ids) == 3
    assert apart <= ids


def test_the_same_change_delivered_again_gives_the_same_events() -> None:
    after = life.cancel(PAID, now=LATER)
    assert list(events.of_change(PAID, after, POLICY, LATER)) == list(
        events.of_change(PAID, after, POLICY, LATER)
    )


def test_O6_a_payment_that_was_not_applied_is_due_back_and_one_that_was_is_not() -> None:
    twice = life.pay(PAID, payment_id="p2", amount_fen=7, now=LATER)
    rows = [payment_row(twice, payment) for payment in twice.payments]
    due = [
        event
        for row in rows
        for event in events.of_payment(row, calendar.from_row(row["received_at"]), POLICY)
    ]
    (event,) = due
    assert isinstance(event, events.RefundDue)
    assert (event.amount_fen, event.reason, event.payment_id) == (7, "payment_not_applied", "p2")
    assert told(PAID, twice) == []


def test_O6_a_payment_delivered_twice_is_due_back_under_one_event_id_and_another_under_its_own() -> None:
    order = PAID
    for number, amount_fen in ((2, 7), (3, 7)):
        order = life.pay(order, payment_id=f"p{number}", amount_fen=amount_fen, now=LATER)

    def due(number: int) -> str:
        row = payment_row(order, order.payments[number - 1])
        (event,) = events.of_payment(row, calendar.from_row(row["received_at"]), POLICY)
        return event.event_id

    assert due(2) == due(2)
    assert due(2) != due(3)
    returned = [
        event.event_id for event in events.of_change(PAID, life.cancel(PAID, now=LATER), POLICY, LATER)
    ]
    assert due(2) not in returned


class FakeBridge:
    """An EventBridge that fails to take some entries, some times."""

    def __init__(self, *failures: int) -> None:
        self.taken: list[str] = []
        self.calls = 0
        self._failures = list(failures)

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        self.calls += 1
        failing = self._failures.pop(0) if self._failures else 0
        results: list[dict[str, str]] = []
        for number, entry in enumerate(Entries):
            if number < failing:
                results.append({"ErrorCode": "ThrottlingException"})
            else:
                results.append({"EventId": "x"})
                self.taken.append(entry["Detail"])
        return {"FailedEntryCount": min(failing, len(Entries)), "Entries": results}


def some(count: int) -> list[Event]:
    """Return so many events."""
    return [Event(event_id=f"evt_{n}", occurred_at=LATER) for n in range(count)]


def test_entries_that_the_bus_did_not_take_are_put_again_and_only_those() -> None:
    bridge = FakeBridge(2, 1)
    Bus(bridge, "membership").publish(some(3), Deadline(20))  # type: ignore[arg-type]
    assert sorted(json.loads(detail)["event_id"] for detail in bridge.taken) == ["evt_0", "evt_1", "evt_2"]
    assert bridge.calls == 3


def test_a_bus_that_takes_nothing_is_an_error_after_bounded_tries() -> None:
    bridge = FakeBridge(*[1] * 100)
    with pytest.raises(PublishError):
        Bus(bridge, "membership").publish(some(1), Deadline(20))  # type: ignore[arg-type]
    assert bridge.calls == 5


def test_no_call_holds_more_entries_than_the_bus_takes() -> None:
    bridge = FakeBridge()
    Bus(bridge, "membership").publish(some(23), Deadline(20))  # type: ignore[arg-type]
    assert (bridge.calls, len(bridge.taken)) == (3, 23)


def test_Z8_events_of_several_records_share_calls_and_a_record_is_told_when_all_of_its_events_are() -> None:
    bridge = FakeBridge(*[0, 1, 1, 1, 1, 1])
    groups = [some(4), some(4), [], some(4), some(1)]  # the ninth and tenth event are the fourth record's
    taken = Bus(bridge, "membership").publish_together(groups, Deadline(20))  # type: ignore[arg-type]
    assert taken == [True, True, True, False, True]
    assert (bridge.calls, len(bridge.taken)) == (1 + TRIES_MAX, 12)


def test_Z8_a_call_that_fails_as_a_whole_leaves_its_records_to_be_told_each_by_itself() -> None:
    class Refusing(FakeBridge):
        def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
            if any("evt_1" in entry["Detail"] for entry in Entries):
                raise ValueError("too large")
            return super().put_events(Entries)

    bus = Bus(Refusing(), "membership")  # type: ignore[arg-type]
    assert (
        bus.publish_together([some(1)] * 10 + [some(2), some(1)], Deadline(20)) == [True] * 10 + [False] * 2
    )


def test_Z8_no_call_holds_more_bytes_than_the_bus_takes() -> None:
    @dataclass(frozen=True, kw_only=True)
    class Told(Event):
        text: str

    events: list[Event] = [Told(event_id="e", occurred_at=LATER, text="x" * 60_000) for _ in range(9)]
    bridge = FakeBridge()
    Bus(bridge, "membership").publish(events, Deadline(20))  # type: ignore[arg-type]
    assert (bridge.calls, len(bridge.taken)) == (3, 9)


def test_no_events_are_no_call() -> None:
    bridge = FakeBridge()
    Bus(bridge, "membership").publish([], Deadline(20))  # type: ignore[arg-type]
    assert bridge.calls == 0


def test_O6_a_payment_of_nothing_that_was_not_applied_is_no_refund_of_nothing() -> None:
    payment = Payment(payment_id="p0", amount_fen=0, received_at=LATER, applied=False)
    assert list(events.of_payment(payment_row(PAID, payment), LATER, POLICY)) == []


def test_an_order_without_money_makes_no_refund_of_nothing() -> None:
    free = replace(PLACED.quote, paid_fen=0)
    order = life.place(free, POLICY, order_id="o", member_id="alice", request="r", now=ORDINARY_DAY)
    names = [
        event.detail_type for event in events.of_change(order, life.cancel(order, now=LATER), POLICY, LATER)
    ]
    assert names == ["OrderClosed"]
