"""What every dialect does, and what they share."""

from __future__ import annotations

import json
import secrets
import string
from typing import Any, ClassVar, Protocol

from local.till.keys import Keys
from local.till.messages import Answered, Asked, Sent
from local.till.refunds import Dispute, Refund
from local.till.trades import Book, Happened, Json, Notification, Trade

ALPHANUMERIC = string.ascii_lowercase + string.digits


class Refused(Exception):
    """The provider will not do what was asked: a status, its code, and what it says of it."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.message = message
        self.more = more


class Dialect(Protocol):
    """One provider's way of speaking; whoever calls holds the book's lock, which has been settled."""

    name: ClassVar[str]
    repeats_after_seconds: ClassVar[tuple[int, ...]]
    """How long after a try that was not taken the next one follows; after the last it is given up."""

    refund_seconds: ClassVar[float | None]
    """How long a refund is under way; None where it never is."""

    def __init__(self, keys: Keys, book: Book, gateway: str) -> None: ...

    def call(self, asked: Asked) -> str:
        """What a request is: one of :data:`local.till.faults.CALLS`, or something else."""

    def answer(self, asked: Asked, *, forged: bool) -> Answered:
        """Do what was asked; a forged answer is signed by somebody else."""

    def failed(self, asked: Asked) -> Answered:
        """What the provider says when its system fails."""

    def payable(self, trade: Trade) -> None:
        """Make sure that a shopper may pay a trade.

        Raises
        ------
        Refused
        """

    def transaction(self) -> str:
        """A new number of a payment."""

    def told(self, trade: Trade, happened: Happened) -> Json | None:
        """What is told of a trade when something has happened to it; None if nothing is."""

    def told_back(self, of: Refund | Dispute, happened: Happened) -> list[Json]:
        """What is told of a refund or a dispute when something has happened to it, in this order."""

    def event_id(self) -> str:
        """A new number of something that is told."""

    def notification(self, notification: Notification) -> Sent:
        """A notification, signed as of now."""

    def taken(self, status: int, body: bytes) -> bool:
        """Whether an answer to a notification says that it was taken."""


def word(count: int) -> str:
    """Random small letters and figures."""
    return "".join(secrets.choice(ALPHANUMERIC) for _ in range(count))


def digits(count: int) -> str:
    """Random figures."""
    return "".join(secrets.choice(string.digits) for _ in range(count))


def canonical(value: Any) -> str:
    """A text that is the same for the same contents."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)
