"""Each path of an order's life on the deployed stack, with what the outside is told of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.events import Answer
from tests.support.listener import Listener
from tests.support.shopper import Shopper
from tests.support.stack import Stack


@pytest.fixture
def listener(deployed: Stack) -> Iterator[Listener]:
    """Somebody who listens during one test."""
    listener = Listener(deployed)
    yield listener
    listener.close()


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member, and five units of a product of their own."""
    shopper = Shopper(deployed)
    shopper.register()
    shopper.stocked(5)
    return shopper


def staff(shopper: Shopper, order: Answer, call: str, body: Any = None) -> Answer:
    """Let staff do something with an order."""
    return shopper.stack.call(
        "POST", f"/orders/{order.body['order_id']}/{call}", body, who="clerk", staff=True
    )


def units(shopper: Shopper) -> int:
    """Return what is in stock of the shopper's product."""
    path = f"/products/{shopper.sku}"
    return int(shopper.stack.call("GET", path, who="clerk", staff=True).body["stock"])


def account(shopper: Shopper) -> tuple[int, int, str]:
    """Return a member's frozen points, E in fen, and tier, once the streams are drained."""
    shopper.stack.local("settle")
    member = shopper.get("/members/me").body
    return shopper.get("/members/me/points").body["frozen"], member["effective_amount_fen"], member["tier"]


def test_a_paid_order_is_cancelled_and_its_money_is_due(shopper: Shopper, listener: Listener) -> None:
    order = shopper.order(quantity=2)
    shopper.pay(order)
    assert account(shopper) == (199, 19_900, "J1")
    path = f"/orders/{order.body['order_id']}/cancel"
    cancelled = shopper.stack.call("POST", path, who=shopper.name)
    assert (cancelled.status, cancelled.body["status"], cancelled.body["refunded_fen"]) == (
        200,
        "cancelled",
        19_900,
    )
    assert shopper.stack.call("POST", path, who=shopper.name).body == cancelled.body
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))
    heard = listener.heard_of(order.body["order_id"])
    assert sorted(name for name, _ in heard) == [
        "OrderClosed",
        "OrderPaid",
        "OrderPlaced",
        "PointsEarned",
        "RefundDue",
        "TierChanged",
    ]
    (refund,) = [detail for name, detail in heard if name == "RefundDue"]
    assert (refund["amount_fen"], refund["reason"], refund["member_id"]) == (
        19_900,
        "cancelled",
        shopper.stack.member_id(shopper.name),
    )


def test_an_unpaid_order_lapses_by_the_job(shopper: Shopper, listener: Listener) -> None:
    order = shopper.order()
    shopper.stack.clock("+30m")
    assert shopper.get(f"/orders/{order.body['order_id']}").body["status"] == "lapsed"
    shopper.stack.local("fire", "lapse-unpaid")
    assert units(shopper) == 5
    late = shopper.pay(order)
    assert (late.body["status"], late.body["payments"][0]["applied"]) == ("lapsed", False)
    shopper.stack.local("settle")
    heard = listener.heard_of(order.body["order_id"])
    assert ("payment_not_applied", 10_950) in [
        (detail.get("reason"), detail.get("amount_fen")) for name, detail in heard if name == "RefundDue"
    ]


def test_a_received_order_comes_back_unit_by_unit(shopper: Shopper) -> None:
    order = shopper.order(quantity=2)
    shopper.pay(order)
    assert staff(shopper, order, "shipment", {"tracking_no": "SF-1"}).body["status"] == "shipped"
    receipt = f"/orders/{order.body['order_id']}/receipt"
    assert shopper.stack.call("POST", receipt, who=shopper.name).body["status"] == "received"
    one = {"return_id": "r1", "lines": [{"sku": shopper.sku, "quantity": 1}]}
    first = staff(shopper, order, "returns", one)
    assert (first.body["status"], first.body["refund_fen"], first.body["retained"]["earned_points"]) == (
        "received",
        9_950,
        100,
    )
    assert staff(shopper, order, "returns", one).body == first.body
    assert (units(shopper), account(shopper)) == (4, (100, 9_950, "J1"))
    last = staff(shopper, order, "returns", one | {"return_id": "r2"})
    assert (last.body["status"], last.body["refunded_fen"]) == ("returned", 19_900)
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))


def test_a_refused_parcel_gives_everything_back(shopper: Shopper) -> None:
    order = shopper.order()
    shopper.pay(order)
    staff(shopper, order, "shipment")
    refused = staff(shopper, order, "refusal")
    assert (refused.body["status"], refused.body["refunded_fen"]) == ("refused", 10_950)
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))


def test_a_parcel_that_nobody_confirms_is_received_by_the_job(shopper: Shopper) -> None:
    order = shopper.order()
    shopper.pay(order)
    shipped = staff(shopper, order, "shipment").body
    shopper.stack.clock("+10d")
    shopper.stack.local("fire", "auto-receipt")
    received = shopper.get(f"/orders/{order.body['order_id']}").body
    assert received["status"] == "received"
    assert received["received_at"][11:] == shipped["shipped_at"][11:]


def test_own_orders_are_listed_newest_first(shopper: Shopper) -> None:
    placed = [shopper.order(f"k{number}").body["order_id"] for number in range(3)]
    page = shopper.get("/orders?limit=2").body
    rest = shopper.get(f"/orders?limit=2&cursor={page['next_cursor']}").body
    listed = [order["order_id"] for order in page["items"] + rest["items"]]
    assert sorted(listed) == sorted(placed)
    assert rest["next_cursor"] is None
