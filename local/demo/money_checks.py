"""What must hold of money that comes in through providers, from the API's orders and the till's trades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from functions.domain.policy import Policy
from local.demo.books import Books

PAID = "paid"
MANUAL = "manual"
TAKEN = "taken"
FAILED = "failed"
OF_A_NUMBER = 26
"""Signs of an order's id with which the number of its attempts begins."""


def trades_stand_with_their_orders(books: Books, _policy: Policy) -> Iterator[str]:
    """Say which trade is not a payment of exactly one order, and which payment no trade."""
    standing = Counter(
        (payment["provider"], order["order_id"][-OF_A_NUMBER:], payment["amount_fen"])
        for order in books.orders
        for payment in order["payments"]
        if payment["provider"] != MANUAL
    )
    paid = Counter(
        (trade["provider"], trade["number"][:OF_A_NUMBER], trade["paid_amount"])
        for trade in books.trades
        if trade["state"] == PAID
    )
    for provider, order, amount_fen in (paid - standing) + (standing - paid):
        key = provider, order, amount_fen
        yield (
            f"{provider} was paid {amount_fen} fen {paid[key]} times for the order {order}, "
            f"which has {standing[key]} such payments"
        )
    ids = Counter(payment["payment_id"] for order in books.orders for payment in order["payments"])
    for payment_id, count in ids.items():
        if count > 1:
            yield f"the payment {payment_id} stands {count} times"
    for trade in books.trades:
        if any(told["done"] != TAKEN for told in trade["told"]):
            yield f"{trade['provider']}'s word on {trade['number']} was not taken: {trade['told']}"
    yield from _what_is_no_orders_is_listed(books)


def _what_is_no_orders_is_listed(books: Books) -> Iterator[str]:
    """Say which money is listed as no order's and is not strange, and which strange money is not listed."""
    known = Counter(books.strange)
    listed = Counter((money["provider"], money["number"], money["amount"]) for money in books.unassigned)
    for money in books.unassigned:
        if (money["provider"], money["number"], money["amount"]) not in known:
            yield f"the payment {money['payment_id']} is no order's: {money['because']}"
    for (provider, number, amount_fen), count in known.items():
        if listed[provider, number, amount_fen] != count:
            yield f"{provider} told of {amount_fen} fen as {number}, which are not listed as no order's"


def what_goes_back_was_announced(books: Books, _policy: Policy) -> Iterator[str]:
    """Say of which order more goes back at the till than was announced to: it may be on its way."""
    orders: dict[str, str] = {order["order_id"][-OF_A_NUMBER:]: order["order_id"] for order in books.orders}
    back: Counter[str] = Counter()
    for trade in books.trades:
        order_id = orders.get(trade["number"][:OF_A_NUMBER]) or str(trade["number"])
        back[order_id] += sum(each["amount"] for each in trade["refunds"] if each["state"] != FAILED)
    for order_id, amount_fen in back.items():
        announced = books.by_provider_fen.get(order_id, 0)
        if amount_fen > announced:
            yield f"{amount_fen} fen go back at the till for {order_id}, {announced} were announced"


def what_is_not_applied_is_due_back(books: Books, _policy: Policy) -> Iterator[str]:
    """Say of which order not just that is due back which did not pay for it, and what was refunded."""
    for order in books.orders:
        not_applied = sum(payment["amount_fen"] for payment in order["payments"] if not payment["applied"])
        expected = not_applied + order["refunded_fen"]
        due_back = books.due_back_fen.get(order["order_id"], 0)
        if due_back != expected:
            yield (
                f"the order {order['order_id']} has {not_applied} fen not applied and "
                f"{order['refunded_fen']} refunded, but {due_back} are due back"
            )
