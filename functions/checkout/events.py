"""What the outside is told of an order: the difference that a change made to it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from functions.checkout.orders import CLOSED, Order, Payment, Status
from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event

PAYMENT_NOT_APPLIED = "payment_not_applied"


def of_change(before: Order | None, after: Order, policy: Policy) -> Iterator[Event]:
    """Give the events of an order's change, in the order in which they happened.

    Each follows from the two states alone: the same change delivered again gives the same events.
    """
    amounts: dict[str, Any] = {
        "order_amount_fen": after.quote.order_amount_fen,
        "paid_fen": after.quote.paid_fen,
    }
    if before is None:
        yield _event("OrderPlaced", after, after.placed_at, policy, **amounts)
    for detail_type, moment, earlier in (
        ("OrderPaid", after.paid_at, before and before.paid_at),
        ("OrderShipped", after.shipped_at, before and before.shipped_at),
        ("OrderReceived", after.received_at, before and before.received_at),
    ):
        if moment is not None and earlier is None:
            yield _event(detail_type, after, moment, policy, **amounts)
    yield from _refunds(before, after, policy)
    if after.closed_at is not None and (before is None or before.status not in CLOSED):
        yield _event("OrderClosed", after, after.closed_at, policy, status=after.status.value)


def of_payment(row: dict[str, Any], received_at: datetime, policy: Policy) -> Iterator[Event]:
    """Give the refund that is due for a payment that did not pay for its order (O6)."""
    if not row["applied"]:
        payment_id = row["order_id"].partition(":")[2]
        yield Event(
            detail_type="RefundDue",
            event_id=identifiers.event_id("RefundDue", payment_id, PAYMENT_NOT_APPLIED),
            occurred_at=calendar.shown(received_at, policy.zone),
            member_id=row["member_id"],
            facts={
                "order_id": row["paid_order_id"],
                "amount_fen": row["amount_fen"],
                "reason": PAYMENT_NOT_APPLIED,
                "payment_id": payment_id,
            },
        )


def payment_that_paid(order: Order) -> Payment | None:
    """Return the payment that an order was paid by; None before, and for one that cost nothing."""
    return next((payment for payment in order.payments if payment.applied), None)


def _refunds(before: Order | None, after: Order, policy: Policy) -> Iterator[Event]:
    """O4, O5: every change that keeps less money than the one before makes the difference due."""
    seen = 0 if before is None else len(before.changes)
    paid = payment_that_paid(after)
    for number in range(max(seen, 1), len(after.changes)):
        change = after.changes[number]
        amount_fen = after.changes[number - 1].paid_fen - change.paid_fen
        if amount_fen:
            whole = after.status if after.status in CLOSED and number + 1 == len(after.changes) else None
            yield _event(
                "RefundDue",
                after,
                change.at,
                policy,
                discriminator=str(number),
                amount_fen=amount_fen,
                reason=(whole or Status.RETURNED).value,
                payment_id=None if paid is None else paid.payment_id,
            )


def _event(
    detail_type: str, order: Order, at: datetime, policy: Policy, *, discriminator: str = "", **facts: Any
) -> Event:
    return Event(
        detail_type=detail_type,
        event_id=identifiers.event_id(detail_type, order.order_id, discriminator),
        occurred_at=calendar.shown(at, policy.zone),
        member_id=order.member_id,
        facts={"order_id": order.order_id, **facts},
    )
