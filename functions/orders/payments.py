"""Payments of an order, each recorded once under its global id (O6, R1)."""

from datetime import datetime

from functions.domain import identifiers
from functions.domain.errors import InvalidError
from functions.orders import life
from functions.orders.book import OrderBook, no_order
from functions.orders.order import Order, Payment
from functions.orders.rows import key, order_of, payment_key, payment_row
from functions.platform.deadline import Deadline
from functions.platform.dynamo import until_clear


def pay(
    book: OrderBook,
    order_id: str,
    *,
    payment_id: str,
    amount_fen: int,
    now: datetime,
    deadline: Deadline,
    received: bool = False,
) -> Order:
    """Record a payment under its id, once (O6, R1), and return the order after it.

    Money that was ``received`` is recorded whatever its amount.

    Raises
    ------
    NotFoundError
        ``order_not_found``.
    InvalidError
        ``amount_mismatch``; ``payment_id_reused``: the id was used for another order or amount.
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
            # A batch is no snapshot: its order may be from before the payment that its other row records.
            return book.find(order_id) or order_of(row)
        order = order_of(row)
        after = life.pay(order, payment_id=payment_id, amount_fen=amount_fen, now=now, received=received)
        payment = Payment(
            payment_id=payment_id,
            amount_fen=amount_fen,
            received_at=now,
            applied=after.paid_at != order.paid_at,
        )
        transaction = book.tables.transaction()
        transaction.put_new(book.orders_table, payment_row(order, payment))
        after = book.replace(transaction, order, after, deadline)
        transaction.commit(deadline)
        return after

    return until_clear(attempt, deadline)
