"""What a change of an order makes due back: the difference of what is kept before and after (O4, O5, Y6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from functions.orders.order import CLOSED, Order, Payment, Status
from functions.refunds import refund
from functions.refunds.refund import NO_PAYMENT, Refund, State

PAYMENT_NOT_APPLIED = "payment_not_applied"


@dataclass(frozen=True, slots=True, kw_only=True)
class DueBack:
    """Money that one change of an order makes due; ``number`` is the change's among them all."""

    number: int
    amount_fen: int
    reason: str
    at: datetime


def payment_that_paid(order: Order) -> Payment | None:
    """Return the payment that an order was paid by; None before, and for one that cost nothing."""
    return next((payment for payment in order.payments if payment.applied), None)


def due_back(before: Order | None, after: Order) -> Iterator[DueBack]:
    """Give what each change that an order has had between two states makes due, if anything."""
    first, end = after.earlier_changes, after.changes_count
    seen = 0 if before is None else before.changes_count
    for number in range(max(seen, first + 1), end):
        change = after.changes[number - first]
        amount_fen = after.changes[number - 1 - first].paid_fen - change.paid_fen
        if amount_fen:
            part = Status.CANCELLED if number <= after.cancels else Status.RETURNED  # O7 comes before O5
            whole = after.status if after.status in CLOSED and number + 1 == end else part
            yield DueBack(number=number, amount_fen=amount_fen, reason=whole.value, at=change.at)


def refunds_of_change(before: Order, after: Order) -> list[Refund]:
    """Return the refunds that a change of an order puts in its own transaction (Y6): at most one.

    What is due goes to the payment that paid for the order. One that came in by hand is paid back by hand,
    and so is what that payment cannot bear any more, since freight was granted out of it (A6).
    """
    paid = payment_that_paid(after)
    if paid is None:
        return []
    return [
        Refund(
            refund_id=refund.of_change(after.order_id, each.number),
            subject=after.order_id,
            payment_id=paid.payment_id if bears(after, each) else NO_PAYMENT,
            amount=each.amount_fen,
            reason=each.reason,
            made_at=each.at,
            order_id=after.order_id,
            member_id=after.member_id,
            state=_settled(paid) if bears(after, each) else State.MANUAL,
        )
        for each in due_back(before, after)
    ]


def bears(order: Order, due: DueBack) -> bool:
    """Tell whether the payment bears what a change makes due beside the freight granted out of it (A6)."""
    return order.return_shipping_fen <= order.changes[due.number - order.earlier_changes].paid_fen


def refund_of_payment(order: Order, payment: Payment) -> Refund | None:
    """Return the refund of a payment that did not pay for its order: whole, to itself (Y6)."""
    if payment.applied or not payment.amount_fen:
        return None
    return Refund(
        refund_id=refund.of_payment(order.order_id, payment.payment_id),
        subject=order.order_id,
        payment_id=payment.payment_id,
        amount=payment.amount_fen,
        reason=PAYMENT_NOT_APPLIED,
        made_at=payment.received_at,
        order_id=order.order_id,
        member_id=order.member_id,
        state=_settled(payment),
    )


def _settled(payment: Payment) -> State:
    return State.DUE if payment.notified else State.MANUAL
