"""Each path of an order's life on the deployed stack, with what the outside is told of it."""

from collections.abc import Iterator

import pytest
from memberday_client.api.catalogue import get_product
from memberday_client.api.orders import (
    cancel_order,
    get_orders,
    receive_order,
    refuse_order,
    return_units,
    ship_order,
)
from memberday_client.models import ReturnRequest, ShipmentRequest

from tests.support.answers import granted
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import Stack


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member, and five units of a product of their own."""
    return registered(deployed, units=5)


def units(shopper: Shopper) -> object:
    """Return what is in stock of the shopper's product."""
    return granted(get_product.sync(shopper.sku, client=shopper.clerk)).stock


def account(shopper: Shopper) -> tuple[int, int, str]:
    """Return a member's frozen points, E in fen, and tier, once the streams are drained."""
    _, frozen, _ = shopper.points()
    member = shopper.me()
    return frozen, member.effective_amount_fen, member.tier


def test_a_paid_order_is_cancelled_and_its_money_is_due(shopper: Shopper, listener: StackListener) -> None:
    order = shopper.order(quantity=2)
    shopper.pay(order)
    assert account(shopper) == (199, 19_900, "J1")
    cancelled = granted(cancel_order.sync(order.order_id, client=shopper.client))
    assert (cancelled.status, cancelled.refunded_fen) == ("cancelled", 19_900)
    assert granted(cancel_order.sync(order.order_id, client=shopper.client)) == cancelled
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))
    heard = listener.heard_of(order.order_id)
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
        shopper.member_id,
    )


def test_an_unpaid_order_lapses_by_the_job(shopper: Shopper, listener: StackListener) -> None:
    order = shopper.order()
    shopper.stack.clock("+30m")
    assert shopper.found(order).status == "lapsed"
    shopper.stack.local("fire", "lapse-unpaid")
    assert units(shopper) == 5
    late = shopper.pay(order)
    assert (late.status, late.payments[0].applied) == ("lapsed", False)
    shopper.stack.local("settle")
    heard = listener.heard_of(order.order_id)
    assert ("payment_not_applied", 10_950) in [
        (detail.get("reason"), detail.get("amount_fen")) for name, detail in heard if name == "RefundDue"
    ]


def test_a_received_order_comes_back_unit_by_unit(shopper: Shopper) -> None:
    order = shopper.order(quantity=2)
    order_id = order.order_id
    shopper.pay(order)
    parcel = ShipmentRequest(tracking_no="SF-1")
    assert granted(ship_order.sync(order_id, client=shopper.clerk, body=parcel)).status == "shipped"
    assert granted(receive_order.sync(order_id, client=shopper.client)).status == "received"
    one, other = (ReturnRequest(return_id=name, lines=shopper.leaving()) for name in ("r1", "r2"))
    first = granted(return_units.sync(order_id, client=shopper.clerk, body=one))
    assert (first.status, first.refund_fen, first.retained.earned_points) == ("received", 9_950, 100)
    assert granted(return_units.sync(order_id, client=shopper.clerk, body=one)) == first
    assert (units(shopper), account(shopper)) == (4, (100, 9_950, "J1"))
    last = granted(return_units.sync(order_id, client=shopper.clerk, body=other))
    assert (last.status, last.refunded_fen) == ("returned", 19_900)
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))


def test_a_refused_parcel_gives_everything_back(shopper: Shopper) -> None:
    order = shopper.order()
    shopper.pay(order)
    shopper.ship(order)
    refused = granted(refuse_order.sync(order.order_id, client=shopper.clerk))
    assert (refused.status, refused.refunded_fen) == ("refused", 10_950)
    assert (units(shopper), account(shopper)) == (5, (0, 0, "J1"))


def test_a_parcel_that_nobody_confirms_is_received_by_the_job(shopper: Shopper) -> None:
    order = shopper.order()
    shopper.pay(order)
    shipped_at = shopper.ship(order).shipped_at
    shopper.stack.clock("+10d")
    shopper.stack.local("fire", "auto-receipt")
    received = shopper.found(order)
    assert received.status == "received"
    assert shipped_at is not None
    assert received.received_at is not None
    assert received.received_at.time() == shipped_at.time()


def test_own_orders_are_listed_newest_first(shopper: Shopper) -> None:
    placed = [shopper.order(f"k{number}").order_id for number in range(3)]
    page = granted(get_orders.sync(client=shopper.client, limit=2))
    rest = granted(get_orders.sync(client=shopper.client, limit=2, cursor=page.next_cursor))
    listed = [order.order_id for order in page.items + rest.items]
    assert sorted(listed) == sorted(placed)
    assert rest.next_cursor is None
