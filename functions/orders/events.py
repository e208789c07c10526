"""What the outside is told of an order: the difference that a change made to it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.orders.due_back import PAYMENT_NOT_APPLIED, bears, due_back, payment_that_paid
from functions.orders.order import CLOSED, Order
from functions.platform.bus import Event, MemberEvent
from functions.refunds import refund


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
class DeliveryLate(_OrderEvent):
    """A parcel that should have arrived by now is still on its way: somebody is to look for it (A11)."""

    shipped_at: datetime
    carrier: str | None
    tracking_no: str | None


@dataclass(frozen=True, kw_only=True)
class RefundDue(_OrderEvent):
    """Money is to be paid back: of a change that keeps less of it, or a payment that was not applied (O6).

    Or it is the freight of what came back, which the shop owes (A6).

    ``payment_id`` is the payment to pay back from; there is none where the order cost nothing, and where
    freight was paid out of it so that it does not bear this any more (A6). What is
    ``settled_by`` its provider is paid back by the suite; whoever listens pays the ``manual`` ones only (Y6).
    """

    amount_fen: int
    reason: Literal["cancelled", "refused", "returned", "payment_not_applied", "return_shipping"]
    payment_id: str | None
    settled_by: Literal["provider", "manual"]
    refund_id: str


@dataclass(frozen=True, kw_only=True)
class PaymentMismatched(_OrderEvent):
    """A provider told of money of another amount than the order waits for, which stays payable (Y3)."""

    payment_id: str
    amount_fen: int


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
    if after.late_at is not None and after.shipped_at is not None and (before is None or not before.late_at):
        yield DeliveryLate(
            **_told(DeliveryLate, after, after.late_at, policy),
            shipped_at=after.shipped_at.astimezone(policy.zone),
            **plain(after.shipment),
        )
    yield from _refunds(before, after, policy)
    if after.closed_at is not None and (before is None or before.status not in CLOSED):
        told = _told(OrderClosed, after, after.closed_at, policy)
        yield OrderClosed(**told | {"status": after.status.value})


def of_payment(row: dict[str, Any], received_at: datetime, policy: Policy) -> Iterator[Event]:
    """Give the refund that is due for a payment that did not pay for its order (O6), and why (Y3)."""
    payment_id = row["order_id"].partition(":")[2]
    if row.get("mismatched"):
        yield PaymentMismatched(
            event_id=identifiers.event_id(PaymentMismatched.__name__, payment_id),
            occurred_at=received_at.astimezone(policy.zone),
            member_id=row["member_id"],
            order_id=row["paid_order_id"],
            payment_id=payment_id,
            amount_fen=row["amount_fen"],
        )
    if not row["applied"] and row["amount_fen"]:
        yield RefundDue(
            event_id=identifiers.event_id(RefundDue.__name__, payment_id, PAYMENT_NOT_APPLIED),
            occurred_at=received_at.astimezone(policy.zone),
            member_id=row["member_id"],
            order_id=row["paid_order_id"],
            amount_fen=row["amount_fen"],
            reason="payment_not_applied",
            payment_id=payment_id,
            settled_by=_settled_by(row.get("notified", False)),
            refund_id=refund.of_payment(row["paid_order_id"], payment_id),
        )


def _refunds(before: Order | None, after: Order, policy: Policy) -> Iterator[Event]:
    """O4, O5: every change that keeps less money than the one before makes the difference due."""
    paid = payment_that_paid(after)
    for due in due_back(before, after):
        told = _told(RefundDue, after, due.at, policy, discriminator=str(due.number))
        yield RefundDue(
            **told | {"reason": due.reason},
            amount_fen=due.amount_fen,
            payment_id=paid.payment_id if paid is not None and bears(after, due) else None,
            settled_by=_settled_by(paid is not None and paid.notified and bears(after, due)),
            refund_id=refund.of_change(after.order_id, due.number),
        )


def _settled_by(notified: bool) -> Literal["provider", "manual"]:
    return "provider" if notified else "manual"


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
