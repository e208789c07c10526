"""The freight of what comes back, where the shop owes it: refunds of their own (A6)."""

from dataclasses import replace
from datetime import datetime

from functions.cases.case import FreightDue
from functions.orders.due_back import payment_that_paid
from functions.orders.order import Order
from functions.refunds import refund
from functions.refunds.refund import NO_PAYMENT, Refund, State

RETURN_SHIPPING = "return_shipping"


def granted(order: Order, case_id: str, fen: int, *, now: datetime) -> tuple[Order, list[Refund]]:
    """Return the order after freight was granted with a case, and the refunds that this makes due (A6).

    As much as is left unrefunded of the payment that paid for the order goes back to that, if it came in
    through a provider; the rest is paid by hand. What is kept of the order stays as it is.
    """
    if not fen:
        return order, []
    paid = payment_that_paid(order)
    of_payment = 0
    if paid is not None and paid.notified:
        left = paid.amount_fen - order.refunded_fen - order.return_shipping_fen
        of_payment = min(fen, max(0, left))
    by_hand_of = NO_PAYMENT if paid is None or paid.notified else paid.payment_id

    def due(refund_id: str, amount: int, state: State) -> Refund:
        return Refund(
            refund_id=refund_id,
            subject=order.order_id,
            payment_id=paid.payment_id if paid is not None and state is State.DUE else by_hand_of,
            amount=amount,
            reason=RETURN_SHIPPING,
            made_at=now,
            order_id=order.order_id,
            member_id=order.member_id,
            state=state,
        )

    by_provider, by_hand = refund.of_freight(order.order_id, case_id)
    parts = [(by_provider, of_payment, State.DUE), (by_hand, fen - of_payment, State.MANUAL)]
    after = replace(
        order,
        return_shipping_granted=True,
        return_shipping_fen=order.return_shipping_fen + of_payment,
    )
    return after, [due(name, amount, state) for name, amount, state in parts if amount]


def freight_due(due: Refund) -> FreightDue:
    """Return what a case keeps of a refund of its freight."""
    return FreightDue(
        refund_id=due.refund_id,
        amount_fen=due.amount,
        by_provider=due.state is State.DUE,
        payment_id=None if due.payment_id == NO_PAYMENT else due.payment_id,
    )
