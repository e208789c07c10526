"""What becomes of what a provider told, whoever asked it or however often it told it (Y3, Y4).

Money that is an order's is recorded with it, in one transaction with its attempt and with the note of what
was told. Money that is nobody's order is kept as unassigned. Anything else has the attempt asked after.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from functions.domain import calendar
from functions.domain.errors import InvalidError, NotFoundError
from functions.orders.payments import pay
from functions.payments import disputes, metrics
from functions.payments.attempts import Attempt
from functions.payments.book import PaymentBook
from functions.payments.differences import payment_had
from functions.payments.providers.provider import CNY, Kind, Notice
from functions.payments.rows import Because, Unassigned, key_of, unassigned_key, unassigned_row
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Transaction, until_clear
from functions.platform.observability import logger
from functions.refunds.refund import transfer_of_number
from functions.refunds.rows import transfer_key, transfer_of, transfer_row

WORKED_OFF = "SET #worked_at = :worked_at REMOVE #to_work, #due, #due_at"
ASKED_SOONER_TRIES = 4
"""How often an attempt is read again that others change while it is to be asked after sooner."""


def hear(
    book: PaymentBook, notice: Notice, *, now: datetime, deadline: Deadline, noticed: Row | None = None
) -> None:
    """Let what a provider told have its effect, once (Y3).

    Parameters
    ----------
    noticed
        The row that it was kept in, if it was told and not asked for; it is worked off with it.

    Raises
    ------
    TryAgainError, ConflictError
        It is not settled; told again, it has its effect once.
    """
    worked_off = _Noted(book, noticed, now)
    if notice.paid and notice.kind is Kind.PAYMENT:
        _take(book, notice, worked_off, now=now, deadline=deadline)
        return
    match notice.kind:
        case Kind.PAYMENT:
            _observed(book, notice, now)
        case Kind.REFUND:
            _paid_back(book, notice, now)
        case Kind.DISPUTE:
            disputes.hear(book, notice, now)
    worked_off.alone(deadline)


class _Noted:
    """The row of what was told, which is worked off in the transaction of its effect."""

    def __init__(self, book: PaymentBook, row: Row | None, now: datetime) -> None:
        self._book = book
        self._row = row
        self._now = now

    def add(self, transaction: Transaction) -> None:
        """Add that it is worked off."""
        if self._row is not None:
            transaction.update(
                self._book.table,
                key_of(self._row),
                expression=WORKED_OFF,
                condition="attribute_exists(#subject)",
                values={":worked_at": calendar.to_row(self._now)},
            )

    def alone(self, deadline: Deadline) -> None:
        """Write that it is worked off, and nothing else."""
        if self._row is None:
            return

        def attempt() -> None:
            transaction = self._book.tables.transaction()
            self.add(transaction)
            transaction.commit(deadline)

        until_clear(attempt, deadline)


def _observed(book: PaymentBook, notice: Notice, now: datetime) -> None:
    """Have the attempt asked after now: what its provider says of it then is what counts."""
    for _ in range(ASKED_SOONER_TRIES):
        attempt = book.attempt_of_number(notice.number)
        if attempt is None or book.ask_sooner(attempt, now):
            return


def _paid_back(book: PaymentBook, notice: Notice, now: datetime) -> None:
    """Have the transfer asked after now: what its provider says of it then is what counts (Y7)."""
    place = transfer_of_number(notice.transfer)
    for _ in range(ASKED_SOONER_TRIES):
        row = None if place is None else book.tables.get(book.table, transfer_key(*place))
        if row is None or ("due_at" in row and row["due_at"] <= calendar.to_row(now)):
            return
        transfer = transfer_of(row)
        after = replace(transfer, version=transfer.version + 1, due_at=now)
        if book.tables.put_if(book.table, transfer_row(after), version=transfer.version):
            return


def _take(book: PaymentBook, notice: Notice, noted: _Noted, *, now: datetime, deadline: Deadline) -> None:
    """Record money with the order whose attempt it names, or as unassigned."""
    attempt = book.attempt_of_number(notice.number)
    because = _why_unassigned(notice, attempt)
    if because is None and attempt is not None and notice.amount is not None:
        order_id, place = attempt.order_id, attempt.place

        def also(transaction: Transaction) -> None:
            current = book.attempt(order_id, place)
            if current is not None:
                _had(book, transaction, current, notice, now)
                book.mark_paid(transaction, current, notice.payment_id)
            noted.add(transaction)

        try:
            pay(
                book.orders,
                order_id,
                payment_id=notice.payment_id,
                amount_fen=notice.amount,
                now=now,
                deadline=deadline,
                received=True,
                notified=True,
                provider_at=notice.at,
                also=also,
            )
        except NotFoundError:
            because = Because.UNKNOWN_NUMBER
        except InvalidError:  # Y3: its id is another payment's, as staff have recorded it
            because = Because.CONFLICT
            metrics.count(metrics.CONFLICTING)
        else:
            return
    money = Unassigned(
        payment_id=notice.payment_id,
        provider=notice.provider,
        because=because or Because.UNKNOWN_NUMBER,
        noticed_at=now,
        amount=notice.amount,
        currency=notice.currency,
        number=notice.number,
        provider_at=notice.at,
    )

    def also_keep(transaction: Transaction, known: bool) -> None:
        if not known:
            transaction.put(book.table, payment_had(notice, now))
        noted.add(transaction)

    _keep_unassigned(book, money, attempt, also_keep, deadline)


def _had(
    book: PaymentBook, transaction: Transaction, attempt: Attempt, notice: Notice, now: datetime
) -> None:
    """Add that we have a payment, for its day's statement; told again by its attempt, it was added (Y8)."""
    if attempt.payment_id != notice.payment_id:
        transaction.put(book.table, payment_had(notice, now))


def _why_unassigned(notice: Notice, attempt: Attempt | None) -> Because | None:
    if attempt is None or attempt.provider != notice.provider:
        return Because.UNKNOWN_NUMBER
    if notice.currency != CNY:
        return Because.CURRENCY
    if notice.amount is None or notice.amount <= 0:
        return Because.AMOUNT
    return None


def _keep_unassigned(
    book: PaymentBook,
    money: Unassigned,
    attempt: Attempt | None,
    also: Callable[[Transaction, bool], None],
    deadline: Deadline,
) -> None:
    """Keep money that is nobody's order, once; the attempt that it named is at its end with it (Y4)."""

    def attempt_to_keep() -> bool:
        known = book.tables.get(book.table, unassigned_key(money.payment_id)) is not None
        transaction = book.tables.transaction()
        if not known:
            transaction.put_new(book.table, unassigned_row(money))
        current = attempt and book.attempt(attempt.order_id, attempt.place)
        if current is not None and current.provider == money.provider:
            book.mark_paid(transaction, current, money.payment_id)
        also(transaction, known)
        if transaction.actions:
            transaction.commit(deadline)
        return not known

    if until_clear(attempt_to_keep, deadline):
        metrics.count(metrics.UNASSIGNED)
        logger.warning(
            "money is unassigned", extra={"payment_id": money.payment_id, "because": money.because.value}
        )
