"""Paying back what is due of a payment: one transfer at a time, each exactly once (Y7).

All rows of a payment's refunds stand under one subject. Who works on a payment holds a lease on its row; what
is written is conditioned on each row as it was read: a worker that outlives its lease changes nothing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from functions.domain import calendar
from functions.domain.errors import TryAgainError
from functions.orders.order import provider_of
from functions.payments import metrics
from functions.payments.asking import SenderOf
from functions.payments.book import PaymentBook
from functions.payments.differences import transfer_had
from functions.payments.paid import Paid, find, paid_row, written
from functions.payments.providers.provider import (
    PaidBack,
    PaidBackAnswer,
    PayingBack,
    UnansweredError,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    ConditionFailedError,
    OutcomeUnknownError,
    Row,
    take_turns,
)
from functions.platform.observability import logger
from functions.refunds import refund as refunds
from functions.refunds.refund import Refund, Sent, State, Transfer
from functions.refunds.rows import (
    REFUND,
    TRANSFER,
    refund_of,
    refund_row,
    transfer_of,
    transfer_row,
)

LEASE = timedelta(minutes=2)
"""Longer than any worker lives, which is a minute."""
PARTS_AT_ONCE = 90
"""Refunds that one transaction puts into a transfer, or takes out of one that has failed."""
PAGE_ROWS = 250
ASKED_AGAIN = timedelta(minutes=1)
ASKED_AGAIN_MAX = timedelta(hours=1)
"""How long before a transfer is asked after again: twice as long each time, up to an hour."""
UNANSWERED_FOR = timedelta(minutes=10)
"""A send that was not answered may still arrive: so long nothing is sent again (Y7)."""
FAILED_AFTER = timedelta(days=2)
"""After so long without its provider's word a transfer counts as failed (Y7)."""
HELD_FOR = timedelta(hours=1)
"""How long before a payment under an open dispute is looked at again."""
TOO_OLD, EXCEEDS, NO_WORD = "too_old", "exceeds_payment", "no_word"
NO_TRANSFER_LEFT, DISPUTED, DISPUTE_LOST = "no_transfer_left", "disputed", "dispute_lost"
"""Why refunds wait, or are not sent, in our words."""
TURNS_MAX = 4
"""How often a payment is gone on with while others change its rows, before that is left to the next task."""
LATE_WORDS_MAX = 60
"""How often a transfer that has ended is asked after again while its provider says that it is under way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A payment with all its refunds and transfers, while its lease is held."""

    paid: Paid
    refunds: Sequence[Refund]
    transfers: Sequence[Transfer]
    of_subject: int
    """Transfers of all payments under the subject: the next one's number follows."""
    due: dict[str, str] = field(default_factory=dict)
    """When refunds that wait are due, by their ids, as their rows say."""

    @property
    def waiting(self) -> list[Refund]:
        """The refunds that no transfer carries, the oldest first."""
        found = [each for each in self.refunds if each.state is State.DUE and each.transfer is None]
        return sorted(found, key=lambda each: (each.made_at, each.refund_id))

    @property
    def coverable(self) -> list[Refund]:
        """The refunds that nobody is paying back now, the oldest first: those that wait, or have failed."""
        found = [
            each
            for each in self.refunds
            if each.state is State.FAILED or (each.state is State.DUE and each.transfer is None)
        ]
        return sorted(found, key=lambda each: (each.made_at, each.refund_id))

    @property
    def under_way(self) -> Transfer | None:
        """The one transfer that is at no end."""
        return next((each for each in self.transfers if each.state in (Sent.JOINING, Sent.SENT)), None)

    @property
    def gone(self) -> int:
        """What has gone back, or may have, or is left to be paid by hand."""
        sent = sum(each.amount for each in self.transfers if each.state is not Sent.FAILED)
        places = {each.place for each in self.transfers if each.state is not Sent.FAILED}
        by_hand = sum(
            each.amount - each.covered
            for each in self.refunds
            if each.state in (State.PAID_BY_HAND, State.FAILED) and each.transfer not in places
        )
        return sent + by_hand


@dataclass(frozen=True, slots=True, kw_only=True)
class PayBack:
    """Pays back what is due of payments, through their providers."""

    book: PaymentBook
    sender_of: SenderOf
    payments_url: str
    clock: Callable[[], datetime]

    def work(self, subject: str, item: str, *, now: datetime, deadline: Deadline) -> None:
        """Go on with the payment that a due row is of; one that another worker has is let be.

        Raises
        ------
        TryAgainError
            What came of it could not be written; worked off again, it goes on from what is there.
        """
        now = max(now, self.clock())  # a task may come late: what was sent since then is no older than it is
        row = self.book.tables.get(self.book.table, {"subject": subject, "item": item})
        if row is None or "due" not in row or row["due_at"] > calendar.to_row(now):
            return
        held = self._leased(subject, row["payment_id"], now)
        if held is None:
            return
        due_at: datetime | None = now + ASKED_AGAIN  # if this worker dies, or does not know what it wrote
        try:
            held = self._covered(held, deadline)
            self._until_clear(held, now, deadline)
            held = self._covered(held, deadline)  # what has failed just now, too
            under_way = held.lost > held.covered and self._work_of(held).under_way is not None
            due_at = now + HELD_FOR if under_way else None
        except (ConditionFailedError, OutcomeUnknownError) as error:
            raise TryAgainError("try_again", "Others have changed the payment's refunds.") from error
        finally:
            if held.lost <= held.covered:
                due_at = None
            written(self.book, held, replace(held, version=held.version + 1, lease_until=None, due_at=due_at))

    def _until_clear(self, held: Paid, now: datetime, deadline: Deadline) -> None:
        """Go on with a payment whose lease is held, from a fresh read where others have changed its rows.

        Another payment of the order has taken the number of the next transfer, or its provider has told of
        one before this worker wrote what it had answered.
        """
        for turn in range(TURNS_MAX):
            try:
                self._go_on(self._work_of(held), now, deadline)
            except ConditionFailedError:
                if turn + 1 == TURNS_MAX or not deadline.seconds_left():
                    raise
                take_turns(turn, deadline)
            else:
                return

    def _leased(self, subject: str, payment_id: str, now: datetime) -> Paid | None:
        """Return a payment whose lease is ours from now on, or None where somebody else has it."""
        paid = find(self.book, subject, payment_id)
        if paid.lease_until is not None and paid.lease_until > now:
            return None
        held = replace(paid, version=paid.version + 1, lease_until=now + LEASE)
        return held if written(self.book, paid, held) else None

    def _work_of(self, paid: Paid) -> _Work:
        def rows(prefix: str) -> list[Row]:
            found = self.book.tables.query_all(
                self.book.table,
                partition=("subject", paid.subject),
                prefix=("item", prefix),
                page=PAGE_ROWS,
            )
            return list(found)

        of_refunds = [row for row in rows(REFUND) if row["payment_id"] == paid.payment_id]
        transfers = [transfer_of(row) for row in rows(TRANSFER)]
        return _Work(
            paid=paid,
            refunds=[refund_of(row) for row in of_refunds],
            transfers=[each for each in transfers if each.payment_id == paid.payment_id],
            of_subject=max((each.place for each in transfers), default=0),
            due={row["refund_id"]: row["due_at"] for row in of_refunds if "due_at" in row},
        )

    def _covered(self, paid: Paid, deadline: Deadline) -> Paid:
        """Write that lost disputes have paid refunds back, the oldest first (Y7); return the payment.

        What is not under way counts: it waits, or has failed. One that is covered in part goes to finance,
        who pay the rest of it.
        """
        while paid.lost > paid.covered:
            parts: list[Refund] = []
            left = paid.lost - paid.covered
            for each in self._work_of(paid).coverable[:PARTS_AT_ONCE]:
                part = min(left, each.amount - each.covered)
                if part:
                    parts.append(_paid_by_a_dispute(each, part))
                    left -= part
            if not parts:
                break
            after = replace(paid, version=paid.version + 1, covered=paid.lost - left)
            transaction = self.book.tables.transaction()
            transaction.put_version(self.book.table, paid_row(after), replaces=paid.version)
            for each in parts:
                transaction.put_version(self.book.table, refund_row(each), replaces=each.version - 1)
            transaction.commit(deadline)
            paid = after
        return paid

    def _go_on(self, work: _Work, now: datetime, deadline: Deadline) -> None:
        ended = next(
            (
                each
                for each in work.transfers
                if each.state in (Sent.SUCCEEDED, Sent.FAILED) and each.due_at is not None
            ),
            None,
        )
        if ended is not None:
            self._look_again(work, ended, now, deadline)
            return
        transfer = work.under_way
        if transfer is not None:
            if transfer.state is Sent.JOINING:
                if work.paid.disputes:
                    self._written(transfer, due_at=now + HELD_FOR)
                else:
                    self._send(work, self._sealed(work.paid, transfer, now, deadline), now, deadline)
            elif transfer.due_at is not None and transfer.due_at <= now:
                self._follow_up(work, transfer, now, deadline)
            self._postpone(work, max(transfer.due_at or now, now + ASKED_AGAIN), now)
            return
        waiting = work.waiting
        if not waiting:
            return
        if now >= work.paid.until:
            self._fail(waiting, TOO_OLD, deadline)
            return
        if work.paid.disputes:
            self._postpone(work, now + HELD_FOR, now, held=DISPUTED)
            return
        if len(work.transfers) >= refunds.TRANSFERS_MAX:
            self._fail(waiting, NO_TRANSFER_LEFT, deadline)
            return
        amount = sum(each.amount for each in waiting)
        left = work.paid.amount - work.paid.lost - work.gone
        sent = [each.last_sent_at for each in work.transfers if each.last_sent_at is not None]
        at = refunds.may_go_at(
            now=now,
            made=len(work.transfers),
            last_sent_at=max(sent, default=None),
            oldest=waiting[0].made_at,
            whole=amount >= left,
            until=work.paid.until,
        )
        if at > now:
            self._postpone(work, at, now)
            return
        fits, too_much = _within(waiting, left)
        if too_much:
            self._fail(too_much, EXCEEDS, deadline)
        if fits:
            self._send(work, self._joined(work, fits, now, deadline), now, deadline)

    def _joined(self, work: _Work, parts: Sequence[Refund], now: datetime, deadline: Deadline) -> Transfer:
        """Put refunds into a new transfer, as many at once as a transaction takes, and seal it."""
        transfer: Transfer | None = None
        for start in range(0, len(parts), PARTS_AT_ONCE):
            chunk = parts[start : start + PARTS_AT_ONCE]
            amount = sum(each.amount for each in chunk)
            transaction = self.book.tables.transaction()
            if transfer is None:
                after = Transfer(
                    subject=work.paid.subject,
                    place=work.of_subject + 1,
                    payment_id=work.paid.payment_id,
                    amount=amount,
                    currency=work.paid.currency,
                    parts=len(chunk),
                    notify_url=f"{self.payments_url}/{provider_of(work.paid.payment_id)}/notifications",
                    made_at=now,
                    due_at=now,
                )
                transaction.put_new(self.book.table, transfer_row(after))
            else:
                after = replace(
                    transfer,
                    version=transfer.version + 1,
                    amount=transfer.amount + amount,
                    parts=transfer.parts + len(chunk),
                )
                transaction.put_version(self.book.table, transfer_row(after), replaces=transfer.version)
            for each in chunk:
                carried = replace(each, version=each.version + 1, transfer=after.place, held=None)
                transaction.put_version(self.book.table, refund_row(carried), replaces=each.version)
            transaction.commit(deadline)
            transfer = after
        if transfer is None:
            raise ValueError("a transfer of nothing")
        return self._sealed(work.paid, transfer, now, deadline)

    def _sealed(self, paid: Paid, transfer: Transfer, now: datetime, deadline: Deadline) -> Transfer:
        """Write that a transfer is about to be sent: its contents never change from here on (Y7).

        It is written only if no dispute has been told of since the payment was read.
        """
        return self._about_to_send(
            paid,
            transfer,
            deadline,
            state=Sent.SENT,
            first_sent_at=now,
            last_sent_at=now,
            sends=1,
            unanswered=True,
            due_at=now + ASKED_AGAIN,
        )

    def _send(self, work: _Work, transfer: Transfer, now: datetime, deadline: Deadline) -> None:
        """Send a transfer whose row says already that it is sent."""
        try:
            answer = self.sender_of(provider_of(transfer.payment_id)).pay_back(paying(work.paid, transfer))
        except UnansweredError:
            logger.warning("transfer was not answered", extra=_about(transfer))
            return
        self._became(work, transfer, answer, now, deadline)

    def _follow_up(self, work: _Work, transfer: Transfer, now: datetime, deadline: Deadline) -> None:
        """Ask after a transfer, and send it again where it certainly is not there (Y7)."""
        try:
            answer = self.sender_of(provider_of(transfer.payment_id)).ask_paid_back(
                paying(work.paid, transfer)
            )
        except UnansweredError:
            logger.warning("transfer was not answered", extra=_about(transfer))
            self._asked_again(work, transfer, now, deadline)
            return
        if answer.state is not PaidBack.ABSENT:
            self._became(work, transfer, answer, now, deadline)
            return
        last = transfer.last_sent_at or transfer.made_at
        if transfer.unanswered and now < last + UNANSWERED_FOR:
            self._written(transfer, asks=transfer.asks + 1, due_at=last + UNANSWERED_FOR)
            return
        if work.paid.disputes:
            self._written(transfer, due_at=now + HELD_FOR)
            return
        if _too_long(transfer, now):
            self._failed(work, transfer, NO_WORD, deadline)
            return
        again = self._about_to_send(
            work.paid,
            transfer,
            deadline,
            sends=transfer.sends + 1,
            tries=transfer.tries + 1,
            last_sent_at=now,
            unanswered=True,
            due_at=now + ASKED_AGAIN,
        )
        self._send(work, again, now, deadline)

    def _became(
        self, work: _Work, transfer: Transfer, answer: PaidBackAnswer, now: datetime, deadline: Deadline
    ) -> None:
        """Write what a provider says of a transfer."""
        match answer.state:
            case PaidBack.SUCCEEDED:
                carried = self._work_of(work.paid).refunds
                late = (State.FAILED, State.PAID_BY_HAND)  # of a worker that died while it was failing
                parts = [each for each in carried if each.transfer == transfer.place and each.state in late]
                self._rewrite([_succeeded_after_all(each) for each in parts if not each.doubled], deadline)
                self._had(transfer, answer.at, now)
                self._written(
                    transfer,
                    state=Sent.SUCCEEDED,
                    unanswered=False,
                    due_at=None,
                    provider_at=answer.at,
                    because=None,
                )
            case PaidBack.FAILED:
                self._failed(work, transfer, answer.because or PaidBack.FAILED.value, deadline)
            case PaidBack.REFUSED if _too_long(transfer, now):
                self._failed(work, transfer, answer.because or PaidBack.REFUSED.value, deadline)
            case PaidBack.REFUSED:
                self._written(transfer, unanswered=False, because=answer.because, due_at=now + UNANSWERED_FOR)
            case _:
                self._asked_again(work, replace(transfer, unanswered=False), now, deadline)

    def _asked_again(
        self, work: _Work, transfer: Transfer, now: datetime, deadline: Deadline, *, ended: bool = False
    ) -> None:
        """Have a transfer asked after later; one without its provider's word for two days has failed (Y7)."""
        if not ended and _too_long(transfer, now):
            self._failed(work, transfer, NO_WORD, deadline)
            return
        wait = min(ASKED_AGAIN_MAX, ASKED_AGAIN * 2 ** min(transfer.asks, 10))
        self._written(transfer, asks=transfer.asks + 1, unanswered=transfer.unanswered, due_at=now + wait)

    def _failed(self, work: _Work, transfer: Transfer, because: str, deadline: Deadline) -> None:
        """Write that a transfer has failed: its refunds are finance's, and then it is."""
        carried = self._work_of(work.paid).refunds  # as they are now: this worker may have put them in it
        parts = [each for each in carried if each.transfer == transfer.place and each.state is State.DUE]
        self._fail(parts, because, deadline)
        self._written(transfer, state=Sent.FAILED, due_at=None, because=because)

    def _look_again(self, work: _Work, transfer: Transfer, now: datetime, deadline: Deadline) -> None:
        """Ask after a transfer at whose end its provider has told something of it: its word may change (Y7).

        What has failed may have succeeded after all; what somebody has paid by hand meanwhile is then paid
        back twice, which is told. What had succeeded may have failed.
        """
        try:
            answer = self.sender_of(provider_of(transfer.payment_id)).ask_paid_back(
                paying(work.paid, transfer)
            )
        except UnansweredError:
            self._asked_again(work, transfer, now, deadline, ended=True)
            return
        parts = [each for each in work.refunds if each.transfer == transfer.place]
        if answer.state is PaidBack.SUCCEEDED and transfer.state is Sent.FAILED:
            self._rewrite(
                [_succeeded_after_all(each) for each in parts if each.state is not State.DUE], deadline
            )
            self._had(transfer, answer.at, now)
            self._written(transfer, state=Sent.SUCCEEDED, due_at=None, because=None, provider_at=answer.at)
        elif answer.state is PaidBack.FAILED and transfer.state is Sent.SUCCEEDED:
            self._failed(work, transfer, answer.because or PaidBack.FAILED.value, deadline)
        elif answer.state is PaidBack.PROCESSING and transfer.asks < LATE_WORDS_MAX:
            self._asked_again(work, transfer, now, deadline, ended=True)
        else:
            self._written(transfer, due_at=None)

    def _fail(self, parts: Sequence[Refund], because: str, deadline: Deadline) -> None:
        """Put refunds on finance's list."""
        self._rewrite([refunds.failed(each, because) for each in parts], deadline)
        if parts:
            metrics.count(metrics.REFUNDS_FAILED, len(parts))

    def _rewrite(self, parts: Sequence[Refund], deadline: Deadline) -> None:
        """Write refunds over what they were a version before."""
        for start in range(0, len(parts), PARTS_AT_ONCE):
            transaction = self.book.tables.transaction()
            for each in parts[start : start + PARTS_AT_ONCE]:
                transaction.put_version(self.book.table, refund_row(each), replaces=each.version - 1)
            transaction.commit(deadline)

    def _postpone(self, work: _Work, until: datetime, now: datetime, *, held: str | None = None) -> None:
        """Have refunds that wait be due later: they are found again then, and cost nothing until then."""
        at = calendar.to_row(until)
        for each in work.waiting:
            if work.due.get(each.refund_id, at) <= calendar.to_row(now):
                after = replace(each, version=each.version + 1, held=held)
                self.book.tables.put_if(self.book.table, refund_row(after, due_at=at), version=each.version)

    def _had(self, transfer: Transfer, at: datetime | None, now: datetime) -> None:
        """Write that its provider says of a transfer that it has succeeded, for its day's statement (Y8)."""
        done = replace(transfer, provider_at=at)
        self.book.tables.put(self.book.table, transfer_had(provider_of(transfer.payment_id), done, now))

    def _about_to_send(self, paid: Paid, transfer: Transfer, deadline: Deadline, **facts: Any) -> Transfer:
        after = replace(transfer, **{"version": transfer.version + 1, **facts})
        transaction = self.book.tables.transaction()
        transaction.put_version(self.book.table, transfer_row(after), replaces=transfer.version)
        transaction.require(
            self.book.table, paid.key, condition="#version = :version", values={":version": paid.version}
        )
        transaction.commit(deadline)
        return after

    def _written(self, transfer: Transfer, **facts: Any) -> Transfer:
        after = replace(transfer, **{"version": transfer.version + 1, **facts})
        if not self.book.tables.put_if(self.book.table, transfer_row(after), version=transfer.version):
            raise ConditionFailedError([None])
        return after


def paying(paid: Paid, transfer: Transfer) -> PayingBack:
    """Return what a provider is asked of a transfer: all of it follows from rows that do not change."""
    return PayingBack(
        number=transfer.number,
        payment=paid.payment_id.partition(":")[2],
        amount=transfer.amount,
        total=paid.amount,
        currency=transfer.currency,
        notify_url=transfer.notify_url,
        tries=transfer.tries,
    )


def _within(waiting: Sequence[Refund], left: int) -> tuple[list[Refund], list[Refund]]:
    """Return the refunds that a payment still has money for, the oldest first, and the others."""
    fits: list[Refund] = []
    too_much: list[Refund] = []
    for each in waiting:
        if each.amount <= left:
            fits.append(each)
            left -= each.amount
        else:
            too_much.append(each)
    return fits, too_much


def _paid_by_a_dispute(each: Refund, part: int) -> Refund:
    """Return a refund of which a lost dispute has paid so much: it is done, or finance's for the rest."""
    covered = each.covered + part
    state = State.SUCCEEDED if covered == each.amount else State.FAILED
    return replace(
        each, version=each.version + 1, state=state, covered=covered, because=DISPUTE_LOST, held=None
    )


def _succeeded_after_all(each: Refund) -> Refund:
    """Return a refund whose transfer has succeeded after it had failed: paid by hand, it is paid twice."""
    if each.state is State.PAID_BY_HAND:
        metrics.count(metrics.REFUNDS_DOUBLED)
        return replace(each, version=each.version + 1, doubled=True)
    return replace(each, version=each.version + 1, state=State.DUE, because=None)


def _too_long(transfer: Transfer, now: datetime) -> bool:
    return now >= (transfer.first_sent_at or transfer.made_at) + FAILED_AFTER


def _about(transfer: Transfer) -> dict[str, str]:
    return {"transfer": transfer.number, "payment_id": transfer.payment_id}
