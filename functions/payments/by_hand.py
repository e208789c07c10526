"""Refunds that people have to see to: those of payments by hand, and those that have failed (Y7)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.domain.errors import ConflictError, NotFoundError
from functions.domain.records import read_as
from functions.orders.order import provider_of
from functions.payments.asking import SenderOf, unanswered
from functions.payments.book import PaymentBook
from functions.payments.paid import find
from functions.payments.paying_back import paying
from functions.payments.providers.provider import PaidBack, UnansweredError
from functions.payments.rows import key_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, until_clear
from functions.refunds import refund as refunds
from functions.refunds.refund import ByHand, Refund, State, Transfer, shown_state
from functions.refunds.rows import LISTED, refund_key, refund_of, refund_row, transfer_key, transfer_of

_NOT_DONE = frozenset({PaidBack.ABSENT, PaidBack.FAILED, PaidBack.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunds:
    """The refunds on finance's list, and what is said of them."""

    book: PaymentBook
    sender_of: SenderOf

    def page(
        self, state: State, *, limit: int, after: tuple[str, str] | None, deadline: Deadline
    ) -> tuple[Sequence[Refund], tuple[str, str] | None]:
        """Return a page of the refunds that are manual, or have failed, the longest waiting first.

        A position is when a refund was made, and its id.
        """
        start: Row | None = None
        if after is not None:
            made_at, refund_id = after
            start = {
                **refund_key(refunds.subject_of(refund_id), refund_id),
                "listed": state.value,
                "made_at": made_at,
            }
        keys, more = self.book.tables.query_index(
            self.book.table, LISTED, partition=("listed", state.value), limit=limit, after=start
        )
        rows = self.book.tables.batch_get([(self.book.table, key_of(key)) for key in keys], deadline)
        found = [refund_of(row) for row in rows if row is not None and row.get("listed") == state.value]
        if not more:
            return found, None
        last = keys[-1]
        return found, (last["made_at"], last["item"].partition("#")[2])

    def paid_by_hand(
        self, refund_id: str, *, reason: str, reference: str, operator: str, now: datetime, deadline: Deadline
    ) -> Refund:
        """Write that somebody has paid a refund back outside the suite, once (Y7).

        Of one that was sent, its provider is asked first: what it has done, or may be doing, cannot be done
        by hand.

        Raises
        ------
        NotFoundError
            ``refund_not_found``.
        ConflictError
            ``refund_not_by_hand``: it is neither manual nor failed, or its provider has not let go of it;
            ``refund_paid_by_hand``: somebody has said so before, with other words.
        TryAgainError
            Its provider does not answer.
        """

        def attempt() -> Refund:
            subject = refunds.subject_of(refund_id)
            row = self.book.tables.get(self.book.table, refund_key(subject, refund_id))
            if row is None:
                raise NotFoundError("refund_not_found", "There is no such refund.")
            refund = refund_of(row)
            if refund.by_hand is not None:
                said = refund.by_hand
                if (said.reason, said.reference) != (reason, reference):
                    raise ConflictError("refund_paid_by_hand", "It was paid by hand, with other words.")
                return refund
            transfer = self._transfer(refund)
            state = shown_state(refund, transfer)
            if state not in (State.MANUAL, State.FAILED):
                raise ConflictError("refund_not_by_hand", f"The refund is {state}.")
            if transfer is not None:
                self._check_not_done(refund, transfer)
            after = replace(
                refund,
                state=State.PAID_BY_HAND,
                version=refund.version + 1,
                by_hand=ByHand(reason=reason, reference=reference, operator=operator, at=now),
            )
            transaction = self.book.tables.transaction()
            transaction.put_version(self.book.table, refund_row(after), replaces=refund.version)
            transaction.commit(deadline)
            return after

        return until_clear(attempt, deadline)

    def _transfer(self, refund: Refund) -> Transfer | None:
        if refund.transfer is None:
            return None
        row = self.book.tables.get(self.book.table, transfer_key(refund.subject, refund.transfer))
        return read_as(transfer_of, row)

    def _check_not_done(self, refund: Refund, transfer: Transfer) -> None:
        paid = find(self.book, refund.subject, refund.payment_id)
        provider = provider_of(refund.payment_id)
        try:
            answer = self.sender_of(provider).ask_paid_back(paying(paid, transfer))
        except UnansweredError:
            raise unanswered() from None
        if answer.state not in _NOT_DONE:
            raise ConflictError("refund_not_by_hand", f"{provider} says that it is {answer.state}.")
