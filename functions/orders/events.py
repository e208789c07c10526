"""What the outside is told of an order: the difference that a change made to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.orders.order import CLOSED, Order, Payment, Status
from functions.platform.bus import Event, MemberEvent

PAYMENT_NOT_APPLIED = "payment_not_applied"


@dataclass(frozen=True, kw_only=True)
class _OrderEvent(MemberEvent):
    order_id: str


@dataclass(frozen=True, kw_only=True)
class _Step(_OrderEvent):
    order_amount_fen: int
    paid_fen: int


@dataclass(frozen=True, kw_only=True)
class OrderPlaced(_Step):
    """An order was placed; ``paid_fen`` is what it costs after points."""


@dataclass(frozen=True, kw_only=True)
class OrderPaid(_Step):
    """An order was paid."""


@dataclass(frozen=True, kw_only=True)
class OrderShipped(_Step):
    """An order was shipped, by which carrier and under which number as far as that was told."""

    carrier: str | None = None
    tracking_no: str | None = None


@dataclass(frozen=True, kw_only=True)
class ShipmentCorrected(_OrderEvent):
    """What was told of a shipped order's parcel was wrong or missing; it is found like this."""

    carrier: str | None
    tracking_no: str | None


@dataclass(frozen=True, kw_only=True)
class OrderReceived(_Step):
    """An order was received, or counts as received (O3)."""


@dataclass(frozen=True, kw_only=True)
class OrderClosed(_OrderEvent):
    """An order has come to an end that gives everything back (O2, O4)."""

    status: Literal["cancelled", "lapsed", "refused", "returned"]


@dataclass(frozen=True, kw_only=True)
class RefundDue(_OrderEvent):
    """Money is to be paid back: of a change that keeps less of it, or a payment that was not applied (O6).

    ``payment_id`` is the payment to pay back from; there is none where the order cost nothing.
    """

    amount_fen: int
    reason: Literal["cancelled", "refused", "returned", "payment_not_applied"]
    payment_id: str | None


_STEPS = (
    (OrderPaid, "paid_at"),
    (OrderShipped, "shipped_at"),
    (OrderReceived, "received_at"),
)


def of_change(before: Order | None, after: Order, policy: Policy, at: datetime) -> Iterator[Event]:
    """Give the events of an order's change, in the order in which they happened.

    Each follows from the two states and the moment ``at`` of the change alone: the same change delivered
    again gives the same events.
    """
    amounts: dict[str, Any] = {
        "order_amount_fen": after.quote.order_amount_fen,
        "paid_fen": after.quote.paid_fen,
    }
    if before is None:
        yield OrderPlaced(**_told(OrderPlaced, after, after.placed_at, policy), **amounts)
    for kind, name in _STEPS:
        moment: datetime | None = getattr(after, name)
        if moment is not None and (before is None or getattr(before, name) is None):
            parcel = plain(after.shipment) if kind is OrderShipped else {}
            yield kind(**_told(kind, after, moment, policy), **amounts, **parcel)
    if before is not None and before.shipped_at is not None and before.shipment != after.shipment:
        told = _told(ShipmentCorrected, after, at, policy, discriminator=str(after.version))
        yield ShipmentCorrected(**told, **plain(after.shipment))
    yield from _refunds(before, after, policy)
    if after.closed_at is not None and (before is None or before.status not in CLOSED):
        told = _told(OrderClosed, after, after.closed_at, policy)
        yield OrderClosed(**told | {"status": after.status.value})


def of_payment(row: dict[str, Any], received_at: datetime, policy: Policy) -> Iterator[Event]:
    """Give the refund that is due for a payment that did not pay for its order (O6)."""
    if not row["applied"] and row["amount_fen"]:
        payment_id = row["order_id"].partition(":")[2]
        yield RefundDue(
            event_id=identifiers.event_id(RefundDue.__name__, payment_id, PAYMENT_NOT_APPLIED),
            occurred_at=received_at.astimezone(policy.zone),
            member_id=row["member_id"],
            order_id=row["paid_order_id"],
            amount_fen=row["amount_fen"],
            reason="payment_not_applied",
            payment_id=payment_id,
        )


def payment_that_paid(order: Order) -> Payment | None:
    """Return the payment that an order was paid by; None before, and for one that cost nothing."""
    return next((payment for payment in order.payments if payment.applied), None)


def _refunds(before: Order | None, after: Order, policy: Policy) -> Iterator[Event]:
    """O4, O5: every change that keeps less money than the one before makes the difference due."""
    first, end = after.earlier_changes, after.changes_count
    seen = 0 if before is None else before.changes_count
    paid = payment_that_paid(after)
    for number in range(max(seen, first + 1), end):
        change = after.changes[number - first]
        amount_fen = after.changes[number - 1 - first].paid_fen - change.paid_fen
        if amount_fen:
            part = Status.CANCELLED if number <= after.cancels else Status.RETURNED  # O7 comes before O5
            whole = after.status if after.status in CLOSED and number + 1 == end else part
            told = _told(RefundDue, after, change.at, policy, discriminator=str(number))
            yield RefundDue(
                **told | {"reason": whole.value},
                amount_fen=amount_fen,
                payment_id=None if paid is None else paid.payment_id,
            )


def _told(
    kind: type[_OrderEvent], order: Order, at: datetime, policy: Policy, *, discriminator: str = ""
) -> dict[str, Any]:
    """Return what every event of an order says."""
    return {
        "event_id": identifiers.event_id(kind.__name__, order.order_id, discriminator),
        "occurred_at": at.astimezone(policy.zone),
        "member_id": order.member_id,
        "order_id": order.order_id,
    }
