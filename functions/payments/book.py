"""Where attempts and what providers told live: finding them, and writing what becomes of them (Y2-Y5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders.book import OrderBook
from functions.payments import attempts
from functions.payments.attempts import ATTEMPTS_MAX, Attempt, State
from functions.payments.rows import (
    ATTEMPT,
    BY_MEMBER,
    DUE,
    LIST,
    Unassigned,
    attempt_key,
    attempt_of,
    attempt_row,
    due_partition,
    key_of,
    unassigned_key,
    unassigned_of,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction
from functions.platform.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentBook:
    """The payments' table, and the orders that its money is for."""

    tables: Tables
    table: str
    orders: OrderBook

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "PaymentBook":
        """Return the payments in the tables that a function is told of."""
        return cls(
            tables=tables, table=settings.payments_table, orders=OrderBook.of(tables, settings, policy)
        )

    def attempts(self, order_id: str) -> list[Attempt]:
        """Return an order's attempts, the first first."""
        rows, _ = self.tables.query(
            self.table,
            partition=("subject", order_id),
            prefix=("item", ATTEMPT),
            limit=ATTEMPTS_MAX,
            after=None,
        )
        return [attempt_of(row) for row in reversed(rows)]

    def attempt(self, order_id: str, place: int) -> Attempt | None:
        """Return an attempt, or None."""
        return read_as(attempt_of, self.tables.get(self.table, attempt_key(order_id, place)))

    def attempt_of_number(self, number: str | None) -> Attempt | None:
        """Return the attempt that a provider's number means, or None where it is none of ours."""
        place = attempts.place_of(number)
        return None if place is None else self.attempt(*place)

    def attempts_of_member(
        self, member_id: str, *, limit: int, after: str | None, deadline: Deadline
    ) -> tuple[list[Attempt], str | None]:
        """Return a page of a member's attempts, newest first, and the position to go on after."""
        start: Row | None = None
        if after is not None:
            asked_at, order_id, place = after.split(" ")
            start = {
                **attempt_key(order_id, int(place)),
                "member_id": member_id,
                "asked_at": asked_at,
            }
        keys, more = self.tables.query_index(
            self.table,
            BY_MEMBER,
            partition=("member_id", member_id),
            limit=limit,
            after=start,
            newest_first=True,
        )
        rows = self.tables.batch_get([(self.table, key_of(key)) for key in keys], deadline)
        found = [attempt_of(row) for row in rows if row is not None]
        if not more:
            return found, None
        last = keys[-1]
        return found, f"{last['asked_at']} {last['subject']} {last['item'].removeprefix(ATTEMPT)}"

    def open(self, attempt: Attempt) -> bool:
        """Write a new attempt; return whether it was that, and no other one has its place."""
        return self.tables.put_new(self.table, attempt_row(attempt))

    def replace(self, before: Attempt, after: Attempt) -> bool:
        """Write what has become of an attempt, if it still is as it was; return whether it was."""
        if after.version == before.version:
            return True
        return self.tables.put_if(self.table, attempt_row(after), version=before.version)

    def ask_sooner(self, attempt: Attempt, now: datetime) -> bool:
        """Have an attempt asked after now, if it may still be paid; return whether that is settled (Y3)."""
        if attempt.state not in (State.OPEN, State.CLOSING):
            return True
        return self.replace(attempt, attempts.sooner(attempt, now))

    def mark_paid(self, transaction: Transaction, attempt: Attempt, payment_id: str) -> None:
        """Add that an attempt is paid."""
        after = attempts.paid(attempt, payment_id)
        if after.version != attempt.version:
            transaction.put_version(self.table, attempt_row(after), replaces=attempt.version)

    def due(
        self, kind: str, shard: int, *, now: datetime, limit: int, after: Row | None
    ) -> tuple[list[Row], bool]:
        """Return a page of what is due of a kind, the longest due first; the index may be behind."""
        return self.tables.query_index(
            self.table,
            DUE,
            partition=("due", due_partition(kind, shard)),
            up_to=("due_at", calendar.to_row(now)),
            limit=limit,
            after=after,
        )

    def unassigned(self, payment_id: str) -> Unassigned | None:
        """Return unassigned money by its payment's id, or None."""
        return read_as(unassigned_of, self.tables.get(self.table, unassigned_key(payment_id)))

    def all_unassigned(self, *, limit: int, after: Row | None) -> tuple[Sequence[Row], bool]:
        """Return a page of the keys of money that nobody has decided on, the longest waiting first."""
        return self.tables.query_index(
            self.table, "unassigned", partition=("unassigned", LIST), limit=limit, after=after
        )
