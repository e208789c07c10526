"""A payment that is paid back from: its row among its refunds, with the lease of who works on it (Y7)."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain import calendar
from functions.orders.rows import payment_key
from functions.payments.book import PaymentBook
from functions.payments.rows import unassigned_key
from functions.platform.dynamo import Row
from functions.refunds.refund import CNY, REFUNDED_WITHIN, subject_of_unassigned
from functions.refunds.rows import due_of

PAYMENT = "PAYMENT#"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A payment that is paid back from: until when its lease is held, and which disputes are open or ended.

    ``lost`` is what lost disputes have taken: it counts as paid back, of the oldest dues first (Y7), and
    ``covered`` is as much of it as dues have been found for.
    """

    subject: str
    payment_id: str
    amount: int
    currency: str
    received_at: datetime
    version: int = 0
    lease_until: datetime | None = None
    disputes: tuple[str, ...] = ()
    ended: tuple[str, ...] = ()
    lost: int = 0
    covered: int = 0
    due_at: datetime | None = None
    """When it is to be looked at although no refund of it may be due: a dispute has been lost."""

    @property
    def key(self) -> dict[str, str]:
        """The key of its row."""
        return key(self.subject, self.payment_id)

    @property
    def until(self) -> datetime:
        """Until when it can be paid back from."""
        return self.received_at + REFUNDED_WITHIN


def paid_row(paid: Paid) -> Row:
    """Write a payment that is paid back from as its row."""
    row: Row = {
        **paid.key,
        "payment_id": paid.payment_id,
        "amount": paid.amount,
        "currency": paid.currency,
        "received_at": calendar.to_row(paid.received_at),
        "version": paid.version,
    }
    if paid.lease_until is not None:
        row["lease_until"] = calendar.to_row(paid.lease_until)
    for name, disputes in (("disputes", paid.disputes), ("ended", paid.ended)):
        if disputes:
            row[name] = list(disputes)
    if paid.due_at is not None:
        row |= {"due": due_of(paid.subject), "due_at": calendar.to_row(paid.due_at)}
    for name, amount in (("lost", paid.lost), ("covered", paid.covered)):
        if amount:
            row[name] = amount
    return row


def _of(row: Row) -> Paid:
    """Read a payment that is paid back from."""
    lease, due = row.get("lease_until"), row.get("due_at")
    return Paid(
        subject=row["subject"],
        payment_id=row["payment_id"],
        amount=row["amount"],
        currency=row["currency"],
        received_at=calendar.from_row(row["received_at"]),
        version=row["version"],
        lease_until=None if lease is None else calendar.from_row(lease),
        disputes=tuple(row.get("disputes", ())),
        ended=tuple(row.get("ended", ())),
        lost=row.get("lost", 0),
        covered=row.get("covered", 0),
        due_at=None if due is None else calendar.from_row(due),
    )


def key(subject: str, payment_id: str) -> dict[str, str]:
    """Return the key of a payment's row among the refunds of its subject."""
    return {"subject": subject, "item": PAYMENT + payment_id}


def subject_of(book: PaymentBook, payment_id: str) -> str | None:
    """Return what the refunds of a payment stand under: its order, or itself; None if it is unknown."""
    orders = book.orders
    row = orders.tables.get(orders.orders_table, payment_key(payment_id))
    if row is not None:
        return str(row["paid_order_id"])
    known = book.tables.get(book.table, unassigned_key(payment_id)) is not None
    return subject_of_unassigned(payment_id) if known else None


def find(book: PaymentBook, subject: str, payment_id: str) -> Paid:
    """Return a payment that is paid back from; of version 0 where nothing has been written of it before.

    Raises
    ------
    LookupError
        There is no such payment.
    """
    row = book.tables.get(book.table, key(subject, payment_id))
    if row is not None:
        return _of(row)
    orders = book.orders
    payment = orders.tables.get(orders.orders_table, payment_key(payment_id))
    if payment is not None:
        return Paid(
            subject=subject,
            payment_id=payment_id,
            amount=payment["amount_fen"],
            currency=CNY,
            received_at=calendar.from_row(payment["received_at"]),
        )
    money = book.tables.get(book.table, unassigned_key(payment_id))
    if money is None:
        raise LookupError(f"no payment {payment_id} to pay back from")
    return Paid(
        subject=subject,
        payment_id=payment_id,
        amount=money["amount"],
        currency=money["currency"],
        received_at=calendar.from_row(money["noticed_at"]),
    )


def written(book: PaymentBook, before: Paid, after: Paid) -> bool:
    """Write what has become of a payment, if it still is as it was; return whether it was."""
    if before.version == 0:
        return book.tables.put_new(book.table, paid_row(after))
    return book.tables.put_if(book.table, paid_row(after), version=before.version)
