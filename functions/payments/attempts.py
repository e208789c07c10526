"""An attempt to have an order paid through a provider: its number, its times, what becomes of it (Y2, Y5).

Attempts are immutable here: what happens to one returns the attempt after it, one version on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from functions.domain import identifiers
from functions.orders.order import Order
from functions.payments.providers.provider import Asking

ATTEMPTS_MAX = 10
"""Attempts of an order (Y2); an eleventh has no number."""
ENDS_BEFORE = timedelta(minutes=3)
"""So long before the order lapses its attempts end (Y2)."""
NONE_BEGINS = timedelta(minutes=5)
"""In so much of an order's last time no attempt begins (Y2)."""
ASKED_AFTER = (timedelta(minutes=2), timedelta(minutes=10), timedelta(minutes=20))
"""When an open attempt is asked after, from its making on; and at its end (Y5)."""
CLOSING_SECONDS = 60
CLOSING_SECONDS_MAX = 3_600
"""How long before a closing attempt is asked after again: a minute until its order lapses, since what is paid
on it may still pay the order (Y5), then as long as that is past, up to an hour."""
WINDOW = timedelta(hours=24)
"""How long after its end a provider may still have an attempt paid that it did not know when asked."""
GIVEN_UP = timedelta(days=30)
"""How long after its end an attempt is asked after of which no provider says anything."""
_PREFIX = "ord_"
NUMBER = r"[a-z2-7]{26}_(?:0[1-9]|10)"


class State(StrEnum):
    """How an attempt stands with us."""

    OPEN = "open"
    CLOSING = "closing"
    """It is to be paid no more, and its provider has not said yet that it cannot be."""
    CLOSED = "closed"
    PAID = "paid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """An attempt, with every field that is sent to its provider, the same at every try (Y2).

    ``place`` counts an order's attempts from 1. ``payer`` is a digest of who was named as the payer, where it
    can be paid by them alone and as long as it may be paid; their id is not kept. ``kept`` is what its
    provider gave to answer it again. ``absent`` says that its provider, asked to close it, knew nothing of
    it.
    """

    order_id: str
    place: int
    member_id: str
    provider: str
    method: str
    amount_fen: int
    title: str
    asked_at: datetime
    ends_at: datetime
    notify_url: str
    return_url: str
    payer: str | None = None
    state: State = State.OPEN
    version: int = 1
    kept: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    absent: bool = False
    due_at: datetime | None = None
    payment_id: str | None = None
    refused: str | None = None
    """The word with which its provider refused it."""

    @property
    def attempt_id(self) -> str:
        """The number that its provider knows it by: the order id's 26 characters and the place."""
        return number_of(self.order_id, self.place)

    @property
    def asking(self) -> Asking:
        """What its provider is asked."""
        return Asking(
            number=self.attempt_id,
            method=self.method,
            amount_fen=self.amount_fen,
            title=self.title,
            asked_at=self.asked_at,
            ends_at=self.ends_at,
            notify_url=self.notify_url,
            return_url=self.return_url,
        )

    def is_of(self, provider: str, method: str, payer: str | None) -> bool:
        """Tell whether it is what somebody asks for."""
        return (self.provider, self.method, self.payer) == (provider, method, digest_of(payer))


def number_of(order_id: str, place: int) -> str:
    """Return the number of an order's attempt: at most 32 signs that every provider takes (Y2)."""
    return f"{order_id.removeprefix(_PREFIX)}_{place:02}"


def place_of(number: str | None) -> tuple[str, int] | None:
    """Return the order's id and the place that a number says, or None where it is none of ours."""
    if number is None or re.fullmatch(NUMBER, number, re.ASCII) is None:
        return None
    order, _, place = number.partition("_")
    return _PREFIX + order, int(place)


def digest_of(payer: str | None) -> str | None:
    """Return what tells one payer from another, without who they are."""
    return None if payer is None else identifiers.fingerprint("payer", payer)


def may_begin(order: Order, now: datetime) -> bool:
    """Tell whether an attempt may begin: not in an order's last five minutes (Y2)."""
    return now < order.lapses_at - NONE_BEGINS


def begun(
    order: Order,
    *,
    place: int,
    provider: str,
    method: str,
    payer: str | None,
    title: str,
    notify_url: str,
    return_url: str,
    now: datetime,
) -> Attempt:
    """Return a new attempt for exactly what the order costs (Y2)."""
    attempt = Attempt(
        order_id=order.order_id,
        place=place,
        member_id=order.member_id,
        provider=provider,
        method=method,
        amount_fen=order.quote.paid_fen,
        title=title,
        asked_at=now,
        ends_at=order.lapses_at - ENDS_BEFORE,
        notify_url=notify_url,
        return_url=return_url,
        payer=digest_of(payer),
    )
    return replace(attempt, due_at=_next_ask(attempt, now))


def keeping(attempt: Attempt, kept: Mapping[str, str]) -> Attempt:
    """Return the attempt with what its provider gave besides; itself where that is nothing new."""
    together = {**attempt.kept, **kept}
    if together == dict(attempt.kept):
        return attempt
    return replace(attempt, version=attempt.version + 1, kept=together)


def asked(attempt: Attempt, now: datetime) -> Attempt:
    """Return an open attempt after it was asked after, to be asked after at its next time (Y5)."""
    return replace(attempt, version=attempt.version + 1, due_at=_next_ask(attempt, now))


def sooner(attempt: Attempt, now: datetime) -> Attempt:
    """Return the attempt to be asked after now: its provider has told something of it (Y3)."""
    if attempt.due_at is None or attempt.due_at <= now:
        return attempt
    return replace(attempt, version=attempt.version + 1, due_at=now)


def closing(attempt: Attempt, now: datetime) -> Attempt:
    """Return the attempt in closing: what its provider says of it from now on ends it (Y2)."""
    if attempt.state is not State.OPEN:
        return attempt
    due_at = now + timedelta(seconds=CLOSING_SECONDS)
    return replace(attempt, version=attempt.version + 1, state=State.CLOSING, due_at=due_at)


def refused(attempt: Attempt, code: str, now: datetime) -> Attempt:
    """Return an attempt that its provider refused, in its own word: it is closed like any other one."""
    return replace(closing(attempt, now), refused=code)


def still_closing(attempt: Attempt, now: datetime, *, absent: bool) -> Attempt:
    """Return the attempt after an answer that is no end: it is asked again, later each time (Y2)."""
    since_lapse = int((now - attempt.ends_at - ENDS_BEFORE).total_seconds())
    seconds = min(CLOSING_SECONDS_MAX, max(CLOSING_SECONDS, since_lapse))
    return replace(
        attempt,
        version=attempt.version + 1,
        absent=absent,
        due_at=now + timedelta(seconds=seconds),
    )


def closed(attempt: Attempt) -> Attempt:
    """Return the attempt closed: it can be paid no more."""
    return replace(
        attempt,
        version=attempt.version + 1,
        state=State.CLOSED,
        payer=None,
        kept={},
        due_at=None,
    )


def paid(attempt: Attempt, payment_id: str) -> Attempt:
    """Return the attempt paid, by which payment; itself where it was that already."""
    if attempt.state is State.PAID:
        return attempt
    return replace(
        attempt,
        version=attempt.version + 1,
        state=State.PAID,
        payer=None,
        kept={},
        due_at=None,
        payment_id=payment_id,
    )


def is_over(attempt: Attempt, now: datetime, *, unanswered: bool = False) -> bool:
    """Tell whether a closing attempt is at its end although its provider has not said so (Y2).

    One that the provider does not know may still be opened within its window; of one that it says nothing of
    it may say so for longer.
    """
    return now >= attempt.ends_at + (GIVEN_UP if unanswered else WINDOW)


def _next_ask(attempt: Attempt, now: datetime) -> datetime:
    times = [attempt.asked_at + after for after in ASKED_AFTER]
    coming = [at for at in times if now < at < attempt.ends_at]
    return coming[0] if coming else attempt.ends_at
