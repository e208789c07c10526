"""What a request has spent on AWS: how many calls it made, and how long it waited for them.

It stands in each request's line of the log, where a slow one is looked for: a trace tells of those that were
sampled, and which one will be slow nobody knows when it starts.
"""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

_BEGUN = "memberday_begun"


@dataclass(slots=True)
class Spent:
    """Calls to AWS, and the seconds spent waiting for them in all, those side by side each for itself."""

    calls: int = 0
    seconds: float = 0.0


_spent = Spent()
_counting = Lock()


def begin() -> None:
    """Count from nothing: an environment serves one request at a time."""
    _spent.calls, _spent.seconds = 0, 0.0


def so_far() -> Spent:
    """Return what was spent since :func:`begin`."""
    return _spent


def count(client: Any) -> None:
    """Count a client's calls, also those that fail; what the SDK sends again is part of its call."""
    events = client.meta.events
    events.register("before-call", _before)
    events.register("after-call", _after)
    events.register("after-call-error", _after)


def _before(context: dict[str, Any], **_: Any) -> None:
    context[_BEGUN] = time.perf_counter()


def _after(context: dict[str, Any], **_: Any) -> None:
    now = time.perf_counter()
    with _counting:
        _spent.calls += 1
        _spent.seconds += now - context.get(_BEGUN, now)  # one that was answered before it was sent took none
