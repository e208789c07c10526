"""Disputes: while one is open, nothing of its payment is sent back; what it takes has gone back (Y7)."""

from dataclasses import replace
from datetime import datetime

from functions.domain.errors import TryAgainError
from functions.payments.book import PaymentBook
from functions.payments.paid import Paid, find, subject_of, written
from functions.payments.providers.provider import Notice
from functions.platform.dynamo import ATTEMPTS_MAX


def hear(book: PaymentBook, notice: Notice, now: datetime) -> None:
    """Write what a provider says of a dispute beside the payment that it is of, however often it says it.

    Raises
    ------
    TryAgainError
        The payment is not known yet, or others change it: told again, it is written.
    """
    if notice.payment is None:
        return
    payment_id = f"{notice.provider}:{notice.payment}"
    subject = subject_of(book, payment_id)
    if subject is None:
        raise TryAgainError("try_again", "The disputed payment is not known yet.")
    for _ in range(ATTEMPTS_MAX):
        paid = find(book, subject, payment_id)
        after = disputed(paid, notice)
        if after.lost > paid.lost:
            after = replace(after, due_at=now)  # it may have paid back what is due, or has failed
        if after is paid or written(book, paid, after):
            return
    raise TryAgainError("try_again", "Others change the disputed payment.")


def disputed(paid: Paid, notice: Notice) -> Paid:
    """Return a payment with what is said of a dispute: open, at its end, or lost with its amount (Y7).

    What is said of one that has ended changes nothing any more: an older word may come late.
    """
    if notice.object_id in paid.ended:
        return paid
    is_open = notice.object_id in paid.disputes
    if notice.disputed:
        if is_open:
            return paid
        return replace(paid, version=paid.version + 1, disputes=(*paid.disputes, notice.object_id))
    return replace(
        paid,
        version=paid.version + 1,
        disputes=tuple(each for each in paid.disputes if each != notice.object_id),
        ended=(*paid.ended, notice.object_id),
        lost=paid.lost + _lost(paid, notice),
    )


def _lost(paid: Paid, notice: Notice) -> int:
    """Return what a dispute took: the whole payment where that is not told in its currency."""
    if not notice.lost:
        return 0
    told = notice.amount if notice.currency == paid.currency else None
    return paid.amount if told is None else told
