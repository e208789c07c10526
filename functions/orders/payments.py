"""Payments of an order, each recorded once under its global id (O6, R1)."""

from collections.abc import Callable
from datetime import datetime

from functions.domain import calendar, identifiers
from functions.domain.errors import InvalidError
from functions.orders import life
from functions.orders.book import OrderBook, no_order
from functions.orders.due_back import refund_of_payment
from functions.orders.order import MANUAL, Order, Payment, Status
from functions.orders.rows import key, order_of, payment_key, payment_row
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Transaction, until_clear
from functions.refunds.refund import of_unassigned, subject_of_unassigned
from functions.refunds.rows import refund_key, refund_row


def pay(
    book: OrderBook,
    order_id: str,
    *,
    payment_id: str,
    amount_fen: int,
    now: datetime,
    deadline: Deadline,
    received: bool = False,
    notified: bool = False,
    provider_at: datetime | None = None,
    also: Callable[[Transaction], None] = lambda transaction: None,
) -> Order:
    """Record a payment under its id, once (O6, R1), and return the order after it.

    Money that was ``received`` is recorded whatever its amount.

    Parameters
    ----------
    notified
        A provider has told of it by itself: where a waiting order's amount is another one, that is an event
        of its own (Y3).
    provider_at
        The provider's time, which is kept and decides nothing (Y5).
    also
        Adds what is written with the payment, in its transaction; where it was recorded before, alone.

    Raises
    ------
    NotFoundError
        ``order_not_found``.
    InvalidError
        ``amount_mismatch``; ``payment_id_reused``: the id was used for another order or amount;
        ``payment_gone_back``: it is money of a provider's that goes back.
    """

    def attempt() -> Order:
        if not identifiers.is_order_id(order_id):
            raise no_order()
        row, spent = book.tables.batch_get(
            [(book.orders_table, key(order_id)), (book.orders_table, payment_key(payment_id))], deadline
        )
        if spent is not None and (spent["paid_order_id"], spent["amount_fen"]) != (order_id, amount_fen):
            raise InvalidError("payment_id_reused", "The payment id was used with other contents.")
        if row is None:
            raise no_order()
        if spent is not None:
            transaction = book.tables.transaction()
            also(transaction)
            if transaction.actions:
                transaction.commit(deadline)
            # A batch is no snapshot: its order may be from before the payment that its other row records.
            return book.find(order_id) or order_of(row)
        order = order_of(row)
        after = life.pay(
            order,
            payment_id=payment_id,
            amount_fen=amount_fen,
            now=now,
            received=received,
            notified=notified,
        )
        payment = Payment(
            payment_id=payment_id,
            amount_fen=amount_fen,
            received_at=now,
            applied=after.paid_at != order.paid_at,
            notified=notified,
        )
        row_of_payment = payment_row(order, payment)
        transaction = book.tables.transaction()
        if not notified and payment.provider != MANUAL:
            _require_not_gone(book, transaction, payment_id)
        if notified and not payment.applied and life.as_of(order, now).status is Status.PLACED:
            row_of_payment["mismatched"] = True
        if provider_at is not None:
            row_of_payment["provider_at"] = calendar.to_row(provider_at)
        transaction.put_new(book.orders_table, row_of_payment)
        due = refund_of_payment(order, payment)
        if due is not None:
            transaction.put_new(book.payments_table, refund_row(due))
        also(transaction)
        after = book.replace(transaction, order, after, deadline)
        transaction.commit(deadline)
        return after

    return until_clear(attempt, deadline)


def _require_not_gone(book: OrderBook, transaction: Transaction, payment_id: str) -> None:
    """Refuse a provider's money that was no order's and goes back by now: no order can be paid by it (Y4).

    Raises
    ------
    InvalidError
        ``payment_gone_back``.
    """
    refund = refund_key(subject_of_unassigned(payment_id), of_unassigned(payment_id))
    if book.tables.get(book.payments_table, refund) is not None:
        raise InvalidError("payment_gone_back", "This money goes back to where it came from.")
    transaction.require(book.payments_table, refund, condition="attribute_not_exists(#subject)")
