"""Money that is nobody's order: staff say which order it is for, once (Y4)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, NotFoundError
from functions.domain.policy import Policy
from functions.orders.payments import pay
from functions.orders.rows import payment_key
from functions.payments.book import PaymentBook
from functions.payments.providers.provider import CNY
from functions.payments.rows import (
    LIST,
    Because,
    Decided,
    Unassigned,
    key_of,
    unassigned_key,
    unassigned_of,
    unassigned_row,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Transaction, until_clear
from functions.refunds import refund as refunds
from functions.refunds.refund import Refund, State
from functions.refunds.rows import refund_row

UNASSIGNED = "unassigned"
NOT_DECIDED = "not decided in time"
"""Why money goes back that nobody has decided on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigning:
    """The money that is unassigned, and what staff decide about it."""

    book: PaymentBook
    policy: Policy

    def page(
        self, *, limit: int, after: tuple[str, str] | None, deadline: Deadline
    ) -> tuple[Sequence[Unassigned], tuple[str, str] | None]:
        """Return a page of the money that nobody has decided on, the longest waiting first.

        A position is when money was noticed, and its payment's id.
        """
        start: Row | None = None
        if after is not None:
            noticed_at, payment_id = after
            start = {**unassigned_key(payment_id), "unassigned": LIST, "noticed_at": noticed_at}
        keys, more = self.book.all_unassigned(limit=limit, after=start)
        rows = self.book.tables.batch_get([(self.book.table, key_of(key)) for key in keys], deadline)
        # The index may be behind: what has been assigned meanwhile is listed no more.
        found = [unassigned_of(row) for row in rows if row is not None and "unassigned" in row]
        if not more:
            return found, None
        last = keys[-1]
        return found, (last["noticed_at"], last["subject"].removeprefix("payment:"))

    def assign(
        self, payment_id: str, order_id: str, *, operator: str, now: datetime, deadline: Deadline
    ) -> Unassigned:
        """Record unassigned money with an order, as if its provider had named it; once.

        More than ``payments.two_eyes_fen`` takes two people: the first proposes, another one says the same.
        The same again answers the same.

        Raises
        ------
        NotFoundError
            ``payment_not_found``; ``order_not_found``.
        ConflictError
            ``payment_already_decided``: it is another order's, or goes back; ``payment_not_assignable``: it
            is not in fen, or staff have recorded it with another order or amount.
        """
        return until_clear(
            lambda: self._try_to_assign(payment_id, order_id, operator, now, deadline), deadline
        )

    def _try_to_assign(
        self, payment_id: str, order_id: str, operator: str, now: datetime, deadline: Deadline
    ) -> Unassigned:
        money = self.book.unassigned(payment_id)
        if money is None:
            raise NotFoundError("payment_not_found", "There is no such unassigned payment.")
        if money.is_decided:
            if not _is_of(money, order_id):
                raise _decided(money)
            return money
        if money.amount is None or money.currency != CNY or money.because is Because.CONFLICT:
            raise ConflictError("payment_not_assignable", f"The payment cannot be assigned: {money.because}.")
        self.book.orders.require(order_id)
        proposed = money.state is Decided.PROPOSED and money.order_id == order_id
        if money.amount > self.policy.payments.two_eyes_fen and (
            not proposed or money.proposed_by == operator
        ):
            return money if proposed else self._propose(money, order_id, operator, deadline)
        assigned = replace(
            money,
            state=Decided.ASSIGNED,
            version=money.version + 1,
            order_id=order_id,
            decided_by=operator,
            decided_at=now,
        )

        def also(transaction: Transaction) -> None:
            current = self.book.unassigned(payment_id)
            if current is None or not current.is_decided:
                row = unassigned_row(assigned)
                transaction.put_version(self.book.table, row, replaces=money.version)
            elif not _is_of(current, order_id):
                raise _decided(current)

        try:
            pay(
                self.book.orders,
                order_id,
                payment_id=payment_id,
                amount_fen=money.amount,
                now=now,
                deadline=deadline,
                received=True,
                notified=True,
                provider_at=money.provider_at,
                also=also,
            )
        except InvalidError:
            raise ConflictError(
                "payment_not_assignable", "Staff have recorded it with another order or amount."
            ) from None
        return self.book.unassigned(payment_id) or assigned  # of several who say so at once, one has done it

    def refund(
        self,
        payment_id: str,
        *,
        reason: str,
        operator: str | None,
        now: datetime,
        deadline: Deadline,
    ) -> Unassigned:
        """Send unassigned money back to where it came from, whole, once (Y4).

        Money that staff have recorded under its id for an order as well is not sent by itself: whoever looks
        into it pays it back by hand.

        Raises
        ------
        NotFoundError
            ``payment_not_found``.
        ConflictError
            ``payment_already_decided``: it is an order's; ``payment_not_refundable``: nobody knows how much
            it is.
        """

        def attempt() -> Unassigned:
            money = self.book.unassigned(payment_id)
            if money is None:
                raise NotFoundError("payment_not_found", "There is no such unassigned payment.")
            if money.state is Decided.REFUNDED:
                return money
            if money.is_decided:
                raise _decided(money)
            if not money.amount or money.amount < 0 or money.currency is None:
                raise ConflictError("payment_not_refundable", "Its provider has not told the amount.")
            taken = self._taken_by_hand(money)
            if taken is not None:
                raise _decided(taken)
            due = Refund(
                refund_id=refunds.of_unassigned(payment_id),
                subject=refunds.subject_of_unassigned(payment_id),
                payment_id=payment_id,
                amount=money.amount,
                currency=money.currency,
                reason=UNASSIGNED,
                made_at=now,
                state=State.MANUAL if money.because is Because.CONFLICT else State.DUE,
            )
            after = replace(
                money,
                state=Decided.REFUNDED,
                version=money.version + 1,
                refund_id=due.refund_id,
                reason=reason,
                decided_by=operator,
                decided_at=now,
            )
            transaction = self.book.tables.transaction()
            transaction.put_version(self.book.table, unassigned_row(after), replaces=money.version)
            transaction.put_new(self.book.table, refund_row(due))
            if money.because is not Because.CONFLICT:  # nor do staff record it in this moment
                orders = self.book.orders.orders_table
                transaction.require(
                    orders, payment_key(payment_id), condition="attribute_not_exists(#order_id)"
                )
            transaction.commit(deadline)
            return after

        return until_clear(attempt, deadline)

    def _taken_by_hand(self, money: Unassigned) -> Unassigned | None:
        """Write that money is an order's which staff have recorded under its id meanwhile, if they have."""
        row = self.book.tables.get(self.book.orders.orders_table, payment_key(money.payment_id))
        if row is None or money.because is Because.CONFLICT:
            return None
        after = replace(
            money,
            state=Decided.ASSIGNED,
            version=money.version + 1,
            order_id=row["paid_order_id"],
            decided_at=calendar.from_row(row["received_at"]),
        )
        self.book.tables.put_if(self.book.table, unassigned_row(after), version=money.version)
        return after

    def _propose(self, money: Unassigned, order_id: str, operator: str, deadline: Deadline) -> Unassigned:
        after = replace(
            money,
            state=Decided.PROPOSED,
            version=money.version + 1,
            order_id=order_id,
            proposed_by=operator,
        )
        transaction = self.book.tables.transaction()
        transaction.put_version(self.book.table, unassigned_row(after), replaces=money.version)
        transaction.commit(deadline)
        return after


def _decided(money: Unassigned) -> ConflictError:
    return ConflictError("payment_already_decided", f"The payment is {money.state} already.")


def _is_of(money: Unassigned, order_id: str) -> bool:
    """Tell whether money has been assigned to this very order."""
    return money.state is Decided.ASSIGNED and money.order_id == order_id
