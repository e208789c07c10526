"""What can go wrong with one call to AWS, and the seeded choice of it."""

import random
from collections import Counter
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """A way in which a call fails, or answers other than one would like."""

    RESET = "connection reset before"
    LOST = "answer lost after commit"
    TIMED_OUT = "time-out before"
    TIMED_OUT_AFTER = "time-out after commit"
    LATE = "time-out, takes effect later"
    SERVER_ERROR = "server error before"
    SERVER_ERROR_AFTER = "server error after commit"
    THROTTLED = "throttled"
    CONFLICT = "transaction conflict"
    IN_PROGRESS = "transaction in progress"
    CRASH = "crash before"
    CRASH_AFTER = "crash after commit"
    STALE = "stale read"
    EMPTY_PAGE = "empty page"
    SHORT_PAGE = "short page"
    UNPROCESSED = "unprocessed keys"
    ENTRIES_REFUSED = "entries refused by the bus"


_ANY = (Kind.RESET, Kind.TIMED_OUT, Kind.SERVER_ERROR, Kind.THROTTLED, Kind.CRASH)
_WRITTEN = (Kind.LOST, Kind.TIMED_OUT_AFTER, Kind.SERVER_ERROR_AFTER, Kind.CRASH_AFTER, Kind.LATE)
_SINGLE_WRITE = (*_ANY, *_WRITTEN, Kind.CONFLICT)
KINDS: dict[str, tuple[Kind, ...]] = {
    "GetItem": _ANY,
    "BatchGetItem": (*_ANY, Kind.UNPROCESSED, Kind.UNPROCESSED),
    # A stale read of a table that is read consistently is one of the table as it is: nothing happens to it.
    "Query": (*_ANY, Kind.EMPTY_PAGE, Kind.SHORT_PAGE, Kind.STALE, Kind.STALE),
    "Scan": (*_ANY, Kind.EMPTY_PAGE, Kind.SHORT_PAGE, Kind.STALE),
    "PutItem": _SINGLE_WRITE,
    "UpdateItem": _SINGLE_WRITE,
    "TransactWriteItems": (*_SINGLE_WRITE, Kind.CONFLICT, Kind.IN_PROGRESS),
    "SendMessage": (*_ANY, *_WRITTEN),
    "PutEvents": (*_ANY, *_WRITTEN, Kind.ENTRIES_REFUSED, Kind.ENTRIES_REFUSED),
}
"""What can happen to each operation that the functions call."""
OTHERWISE_ANSWERED = {
    Kind.STALE,
    Kind.EMPTY_PAGE,
    Kind.SHORT_PAGE,
    Kind.UNPROCESSED,
    Kind.ENTRIES_REFUSED,
}
"""The kinds that are no errors."""


class Crash(BaseException):
    """The invocation is over at once: a process that was killed runs no handler of exceptions."""


class Faults:
    """Decides for each call whether it meets a fault, and counts the calls and faults of faulty times."""

    def __init__(self) -> None:
        self.rate = 0.0
        self._named: Mapping[int, Kind] = {}
        self._number = 0
        self.chance = random.Random(0)  # noqa: S311 - a simulation, not a secret
        self.calls: Counter[str] = Counter()
        self.met: Counter[str] = Counter()

    def begin(self, rate: float, seed: int, named: Mapping[int, Kind] = MappingProxyType({})) -> None:
        """From here on so many of the calls meet a fault, as the seed decides, or the named ones do.

        Parameters
        ----------
        named
            The fault that the first, second ... call from here on meets; then no other call meets one.
        """
        self.rate = rate
        self._named, self._number = named, 0
        self.chance.seed(seed)

    def draw(self, operation: str) -> Kind | None:
        """Return what happens to a call, or None."""
        if not self.rate and not self._named:
            return None
        self.calls[operation] += 1
        self._number += 1
        kind = self._named.get(self._number)
        if not self._named and self.chance.random() < self.rate:
            kind = self.chance.choice(KINDS[operation])
        if kind is not None:
            self.met[kind.value] += 1
        return kind
