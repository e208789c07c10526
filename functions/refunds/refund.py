"""A refund: money that is due back of a change of an order, or of a payment, and what became of it (Y6, Y7).

What is sent to a provider is a *transfer*: it carries one refund of a payment, or several.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from functions.domain import identifiers

CNY = "CNY"
NO_PAYMENT = "none"
"""The payment of money that is due back and that no payment can bear: somebody pays it by hand (A6)."""
TRANSFERS_MAX = 50
"""Transfers that a provider takes of one payment (WeChat Pay's limit; ours for all)."""
JOINED_FROM = 40
"""From this transfer of a payment on, refunds wait to be joined (Y7)."""
JOINED_WITHIN = timedelta(days=1)
APART = timedelta(seconds=61)
"""Between two transfers of a payment (WeChat Pay takes one a minute)."""
REFUNDED_WITHIN = timedelta(days=360)
"""How long after its payment a refund is sent; WeChat Pay takes 365 days."""
LAST_BEFORE = timedelta(days=10)
"""So long before that the last transfer of a payment is made with whatever is due by then."""
_PREFIX = "ord_"
_KINDS = {"ord": "R", "una": "U"}
_NUMBER = r"([a-z2-7]{26})_([RU])([0-9]{2,3})"


class State(StrEnum):
    """Where a refund stands."""

    MANUAL = "manual"
    """Its payment came in by hand: so does it go back."""
    DUE = "due"
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PAID_BY_HAND = "paid_by_hand"


FINAL = frozenset({State.SUCCEEDED, State.PAID_BY_HAND})


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """That somebody has paid a refund back outside the suite: why, where that is written, and who says so."""

    reason: str
    reference: str
    operator: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund:
    """Money that is due back to a payment.

    ``subject`` is the order, or the unassigned money, whose rows it stands among. ``transfer`` is the number
    of the one that carries it: where that stands, the refund stands, but for what was done by hand.
    """

    refund_id: str
    subject: str
    payment_id: str
    amount: int
    currency: str = CNY
    reason: str
    made_at: datetime
    order_id: str | None = None
    member_id: str | None = None
    state: State = State.DUE
    version: int = 1
    transfer: int | None = None
    because: str | None = None
    covered: int = 0
    """As much of it as a lost dispute has paid back (Y7)."""
    held: str | None = None
    """Why it waits, if not for its turn: a dispute is open."""
    by_hand: ByHand | None = None
    doubled: bool = False
    """It was paid by hand, and its transfer succeeded after that."""


class Sent(StrEnum):
    """Where a transfer stands."""

    JOINING = "joining"
    """Refunds are being put into it; nothing has been sent."""
    SENT = "sent"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What a provider is asked to pay back of a payment: its contents never change once it is sent (Y7).

    ``asks`` counts how often it was asked after, ``sends`` how often it was sent; ``last_sent_at`` is the
    last time. ``tries`` counts the provider's final words that it does not exist or has failed (Stripe's
    key). It was ``unanswered`` when nobody knows whether its last send arrived.
    """

    subject: str
    place: int
    payment_id: str
    amount: int
    currency: str
    parts: int
    notify_url: str
    made_at: datetime
    state: Sent = Sent.JOINING
    version: int = 1
    sends: int = 0
    asks: int = 0
    tries: int = 0
    first_sent_at: datetime | None = None
    last_sent_at: datetime | None = None
    unanswered: bool = False
    due_at: datetime | None = None
    because: str | None = None
    provider_at: datetime | None = None

    @property
    def number(self) -> str:
        """The id that the provider sees: the subject's 26 characters, of which kind it is, and the place."""
        prefix, _, middle = self.subject.partition("_")
        return f"{middle}_{_KINDS[prefix]}{self.place:02}"


def transfer_of_number(number: str | None) -> tuple[str, int] | None:
    """Return the subject and the place that a transfer's number says, or None where it is none of ours."""
    match = None if number is None else re.fullmatch(_NUMBER, number, re.ASCII)
    if match is None:
        return None
    prefix = next(each for each, kind in _KINDS.items() if kind == match[2])
    return f"{prefix}_{match[1]}", int(match[3])


def of_change(order_id: str, number: int) -> str:
    """Return the id of the refund of an order's change: one change, at most one refund (Y6)."""
    return f"ref_{order_id.removeprefix(_PREFIX)}_c{number:05}"


def of_payment(order_id: str, payment_id: str) -> str:
    """Return the id of the refund of a payment that did not pay for its order (Y6, O6)."""
    digest = identifiers.fingerprint(payment_id).partition("_")[2]
    return f"ref_{order_id.removeprefix(_PREFIX)}_p{digest}"


def of_freight(order_id: str, case_id: str) -> tuple[str, str]:
    """Return the ids of the refunds of the freight of a case: by its payment's provider, and by hand (A6)."""
    middle = f"ref_{order_id.removeprefix(_PREFIX)}"
    of_case = case_id.partition("_")[2]
    return f"{middle}_f{of_case}", f"{middle}_m{of_case}"


def of_unassigned(payment_id: str) -> str:
    """Return the id of the refund of money that is no order's (Y4)."""
    return f"ref_{subject_of_unassigned(payment_id).partition('_')[2]}_u"


def subject_of_unassigned(payment_id: str) -> str:
    """Return what the rows of unassigned money that goes back stand under."""
    return "una_" + identifiers.fingerprint("unassigned", payment_id).partition("_")[2]


def subject_of(refund_id: str) -> str:
    """Return what a refund's row stands under."""
    _, middle, kind = refund_id.split("_")
    return ("una_" if kind == "u" else _PREFIX) + middle


def shown_state(refund: Refund, transfer: Transfer | None) -> State:
    """Return where a refund stands: with the transfer that carries it, unless it ended without that."""
    if refund.state in FINAL or transfer is None or refund.transfer is None:
        return refund.state
    match transfer.state:
        case Sent.JOINING:
            return State.DUE
        case Sent.SENT:
            return State.SENT
        case Sent.SUCCEEDED:
            return State.SUCCEEDED
    return State.FAILED


def may_go_at(
    *, now: datetime, made: int, last_sent_at: datetime | None, oldest: datetime, whole: bool, until: datetime
) -> datetime:
    """Return when the next transfer of a payment may be made (Y7).

    Parameters
    ----------
    made
        How many transfers of the payment there are.
    oldest
        When the oldest refund that waits was made.
    whole
        Whether what waits is all that is left of the payment: nothing can come after it.
    until
        Until when the payment can be refunded.
    """
    at = now if last_sent_at is None else max(now, last_sent_at + APART)
    if whole or made + 1 < JOINED_FROM:
        return at
    if made + 1 >= TRANSFERS_MAX:  # the last one is for all the rest
        return max(at, until - LAST_BEFORE)
    return max(at, oldest + JOINED_WITHIN)


def failed(refund: Refund, because: str) -> Refund:
    """Return a refund that will not be sent any more: finance's list has it."""
    return replace(refund, version=refund.version + 1, state=State.FAILED, because=because)
