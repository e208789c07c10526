"""What a member asks for after buying, on the deployed stack, all of it over HTTP (A1-A11)."""

import datetime
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from memberday_client.api.cases import (
    answer_case,
    approve_case,
    escalate_case,
    get_case,
    get_cases,
    get_own_cases,
    open_case,
    receive_case,
    refuse_case,
    send_back,
    settle_case,
    withdraw_case,
)
from memberday_client.api.catalogue import get_product
from memberday_client.api.coupons import get_coupons
from memberday_client.api.orders import get_late_deliveries, receive_order, ship_order
from memberday_client.models import (
    AnswerRequest,
    CaseAnswer,
    CaseLineRequest,
    CaseRequest,
    EscalationRequest,
    OrderAnswer,
    RefusalRequest,
    SendingBackRequest,
    SettlementRequest,
    ShipmentRequest,
)

from tests.support.answers import granted, refused
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import Stack

ASK, FOLLOW, LOOK = "ask-payments", "follow-cases", "look-for-parcels"
RUNS_MAX = 5
WORD = "secret-word-of-alice"


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member, and ten units of a product of their own."""
    return registered(deployed, units=10)


def received(shopper: Shopper, quantity: int = 2) -> OrderAnswer:
    """Place an order, pay it at the till, and let it arrive."""
    order = shopper.order(uuid.uuid4().hex, quantity)
    shopper.stack.local("pay", order.order_id, "--provider", "wechatpay", "--as", shopper.name)
    return shopper.delivered(order)


def asked(shopper: Shopper, order: OrderAnswer, **said: Any) -> CaseAnswer:
    """Let the member ask for something."""
    body = CaseRequest(request_id=uuid.uuid4().hex, text=WORD, **said)
    return granted(open_case.sync(order.order_id, client=shopper.client, body=body))


def units(shopper: Shopper, quantity: int = 1) -> list[CaseLineRequest]:
    """Return so many units of the shopper's product."""
    return [CaseLineRequest(sku=shopper.sku, quantity=quantity)]


def stock(shopper: Shopper) -> int:
    """Return how many units are on the shelf."""
    shelf = granted(get_product.sync(shopper.sku, client=shopper.clerk)).stock
    assert isinstance(shelf, int)
    return shelf


def told(listener: StackListener, case: CaseAnswer) -> list[tuple[str, Any]]:
    """Return what was told of a case, in its order: the event and the case's state."""
    heard = [(name, detail) for name, detail in listener.heard_of(case.order_id) if "case_id" in detail]
    assert WORD not in str(heard)
    heard.sort(key=lambda each: (each[1]["occurred_at"], each[0] != "CaseOpened"))
    return [(name, detail["state"]) for name, detail in heard]


def test_A2_a_return_is_asked_for_sent_back_received_and_paid_back_at_the_till(
    shopper: Shopper, listener: StackListener
) -> None:
    order = received(shopper)
    shelf = stock(shopper)
    case = asked(shopper, order, kind="return", reason="defective", lines=units(shopper))
    assert (case.state, case.text) == ("requested", WORD)
    assert shopper.found(order).lines[0].in_cases == 1
    worklist = granted(get_cases.sync(client=shopper.clerk, limit=100))
    assert case.case_id in {each.case_id for each in worklist.items}
    assert refused(get_case.sync(case.case_id, client=registered(shopper.stack).client)).status == 404
    assert granted(approve_case.sync(case.case_id, client=shopper.clerk)).state == "approved"
    parcel = SendingBackRequest(carrier="SF", tracking_no="SF-1")
    sent = granted(send_back.sync(case.case_id, client=shopper.client, body=parcel))
    assert sent.state == "shipped_back"
    closed = granted(receive_case.sync(case.case_id, client=shopper.clerk))
    assert (closed.state, closed.refund_fen, closed.return_shipping_fen) == ("closed", 9_950, 1_200)
    assert granted(receive_case.sync(case.case_id, client=shopper.clerk)) == closed
    assert stock(shopper) == shelf + 1
    for _ in range(RUNS_MAX):
        shopper.stack.local("fire", ASK)
        refunds = shopper.found(order).refunds or []
        if {each.state for each in refunds} == {"succeeded"}:
            break
        shopper.stack.clock("+2m")
    assert sorted((each.amount_fen, each.state) for each in refunds) == [
        (1_200, "succeeded"),
        (9_950, "succeeded"),
    ]
    own = granted(get_own_cases.sync(client=shopper.client))
    assert own.items == [closed]
    shopper.stack.local("settle")
    assert sorted(told(listener, case)) == [
        ("CaseChanged", "approved"),
        ("CaseChanged", "closed"),
        ("CaseChanged", "received"),
        ("CaseChanged", "shipped_back"),
        ("CaseOpened", "requested"),
    ]


def test_A7_an_exchange_holds_a_unit_from_the_approval_on_and_hands_it_out(shopper: Shopper) -> None:
    other = registered(shopper.stack, units=3)
    order = received(shopper)
    lines = _for(shopper, other)
    case = asked(shopper, order, kind="exchange", reason="wrong_item", lines=lines)
    assert stock(other) == 3
    granted(approve_case.sync(case.case_id, client=shopper.clerk))
    assert stock(other) == 2
    shelf = stock(shopper)
    assert granted(receive_case.sync(case.case_id, client=shopper.clerk)).state == "closed"
    assert (stock(other), stock(shopper)) == (2, shelf + 1)
    found = shopper.get(f"/orders/{order.order_id}").body
    assert found["lines"][0]["held"] == {other.sku: 1}
    assert found["refunded_fen"] == 0
    given_back = asked(shopper, order, kind="exchange", reason="other", lines=_for(shopper, other))
    granted(approve_case.sync(given_back.case_id, client=shopper.clerk))
    assert stock(other) == 1
    granted(withdraw_case.sync(given_back.case_id, client=shopper.client))
    assert stock(other) == 2


def _for(shopper: Shopper, other: Shopper) -> list[CaseLineRequest]:
    """Return a unit of the shopper's product that is exchanged for another one's."""
    line = {"sku": shopper.sku, "quantity": 1, "for": other.sku}
    return [CaseLineRequest.from_dict(line)]


def test_A9_a_complaint_is_answered_and_settled_with_a_coupon(shopper: Shopper) -> None:
    order = received(shopper)
    template_id = f"sorry-{uuid.uuid4().hex[:8]}"
    body = {
        "name": "Sorry",
        "kind": "amount",
        "face_value_fen": 500,
        "min_fen": 0,
        "status": "active",
        "scope": {"all": True},
        "valid": {"days": 30},
        "for_complaints": True,
    }
    path = f"/coupon-templates/{template_id}"
    made = shopper.stack.call("PUT", path, body, who="clerk", staff=True)
    assert made.status in (200, 201), made.body
    case = asked(shopper, order, kind="complaint", reason="late")
    said = AnswerRequest(text="We are sorry.")
    assert granted(answer_case.sync(case.case_id, client=shopper.clerk, body=said)).state == "answered"
    settlement = SettlementRequest(template_id=template_id, reason="late by a week")
    settled = granted(settle_case.sync(case.case_id, client=shopper.clerk, body=settlement))
    assert settled.settlement is not None
    held = {each.coupon_id for each in granted(get_coupons.sync(client=shopper.client)).items}
    assert settled.settlement.coupon_id in held
    points = SettlementRequest(points=10, reason="more")
    again = refused(settle_case.sync(case.case_id, client=shopper.clerk, body=points))
    assert again.code == "case_settled"


def test_A2_a_refusal_is_disputed_and_somebody_else_decides(shopper: Shopper) -> None:
    order = received(shopper)
    case = asked(shopper, order, kind="return", reason="other", lines=units(shopper))
    no = RefusalRequest(reason="used")
    assert granted(refuse_case.sync(case.case_id, client=shopper.clerk, body=no)).state == "refused"
    why = EscalationRequest(reason="it is not")
    assert granted(escalate_case.sync(case.case_id, client=shopper.client, body=why)).state == "disputed"
    same = refused(approve_case.sync(case.case_id, client=shopper.clerk))
    assert same.code == "other_operator_needed"
    boss = shopper.stack.client(f"boss-{uuid.uuid4().hex[:8]}", staff=True)
    assert granted(approve_case.sync(case.case_id, client=boss)).state == "approved"


def test_A3_silence_approves_a_return_and_makes_an_exchange_overdue(
    shopper: Shopper, listener: StackListener
) -> None:
    order = received(shopper)
    back = asked(shopper, order, kind="return", reason="defective", lines=units(shopper))
    waits = asked(shopper, order, kind="exchange", reason="defective", lines=units(shopper))
    shopper.stack.clock("+48h")
    shopper.stack.local("fire", FOLLOW)
    shopper.stack.local("settle")
    approved = granted(get_case.sync(back.case_id, client=shopper.client))
    assert (approved.state, approved.history[-1].by) == ("approved", "deadline")
    late = granted(get_cases.sync(client=shopper.clerk, overdue="true", limit=100))
    assert waits.case_id in {each.case_id for each in late.items}
    heard = sorted(told(listener, back))
    assert heard == [
        ("CaseChanged", "approved"),
        ("CaseOpened", "requested"),
        ("CaseOpened", "requested"),
        ("CaseOverdue", "requested"),
    ]


def test_A11_a_parcel_that_does_not_arrive_in_three_days_is_looked_for(
    shopper: Shopper, listener: StackListener
) -> None:
    order = shopper.order(uuid.uuid4().hex)
    shopper.pay(order)
    told_of = ShipmentRequest(carrier="SF", tracking_no="SF-9")
    granted(ship_order.sync(order.order_id, client=shopper.clerk, body=told_of))
    shopper.stack.clock("+3d")
    for _ in range(2):  # it is told once
        shopper.stack.local("fire", LOOK)
        shopper.stack.local("settle")
    (late,) = [each for each in _late(shopper) if each.order_id == order.order_id]
    assert isinstance(late.late_at, datetime.datetime)
    heard = [detail for name, detail in listener.heard_of(order.order_id) if name == "DeliveryLate"]
    assert [(each["carrier"], each["tracking_no"]) for each in heard] == [("SF", "SF-9")]
    granted(receive_order.sync(order.order_id, client=shopper.client))
    assert order.order_id not in {each.order_id for each in _late(shopper)}


def _late(shopper: Shopper) -> list[OrderAnswer]:
    """Return all orders whose parcels are late."""
    found: list[OrderAnswer] = []
    cursor: str | None = None
    for _ in range(100):
        more = {} if cursor is None else {"cursor": cursor}
        page = granted(get_late_deliveries.sync(client=shopper.clerk, limit=100, **more))
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            return found
    raise AssertionError("the list has no end")
