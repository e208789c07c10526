"""What is counted of orders, in the programme's words: from what the outside is told, once it has been told.

A record that is delivered again is counted again; the ledger is exact, these figures show what goes on.
"""

from collections.abc import Iterable

from functions.orders.events import (
    OrderClosed,
    OrderPaid,
    OrderPlaced,
    OrderReceived,
    OrderShipped,
    RefundDue,
)
from functions.platform.bus import Event
from functions.platform.observability import MetricUnit, metrics

COUNTED: dict[type[Event], str] = {
    OrderPlaced: "orders_placed",
    OrderPaid: "orders_paid",
    OrderShipped: "orders_shipped",
    OrderReceived: "orders_received",
}


def count(told: Iterable[Event]) -> None:
    """Count events of orders; amounts of money in fen."""
    for event in told:
        if type(event) in COUNTED:
            _add(COUNTED[type(event)], 1)
        match event:
            case OrderPaid():
                _add("paid_amount_fen", event.paid_fen)
            case OrderClosed():
                _add(f"orders_{event.status}", 1)
            case RefundDue():
                _add("refunds_due_fen", event.amount_fen)


def count_coupon_used() -> None:
    """Count an order that was placed with a coupon."""
    _add("coupons_used", 1)


def count_campaigns_used(given_fen: int) -> None:
    """Count an order that was placed with campaigns, and what these gave on it (V14)."""
    _add("orders_with_campaigns", 1)
    _add("given_fen", given_fen)


def _add(name: str, value: int) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
