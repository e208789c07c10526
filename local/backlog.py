"""What the local cloud still has to do, and waiting until that is nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from local.errors import LocalError

FAILURES_MAX = 3
POLL_FIRST_SECONDS = 0.03
POLL_MAX_SECONDS = 0.25
TIMEOUT_SECONDS = 120.0


@dataclass(frozen=True)
class Stream:
    """A function's place in a table's stream."""

    function: str
    table: str
    enabled: bool
    behind: int
    end: int


@dataclass(frozen=True)
class Queue:
    """A queue; ``function`` reads it, or nobody does."""

    queue: str
    visible: int
    delayed: int
    in_flight: int
    next_visible_seconds: float
    function: str = ""
    enabled: bool = True

    @property
    def messages(self) -> int:
        """All messages, whether or not they can be received now."""
        return self.visible + self.delayed + self.in_flight


@dataclass(frozen=True)
class Failure:
    """What a function failed with last, and how often in a row."""

    consecutive: int
    error: str


@dataclass(frozen=True)
class Backlog:
    """One observation of the local cloud."""

    streams: tuple[Stream, ...] = ()
    queues: tuple[Queue, ...] = ()
    unread_queues: tuple[Queue, ...] = ()
    executing: dict[str, int] = field(default_factory=dict)
    deliveries: int = 0
    invocations: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Backlog:
        """From the server's answer."""
        return cls(
            streams=tuple(Stream(**stream) for stream in answer["streams"]),
            queues=tuple(Queue(**queue) for queue in answer["queues"]),
            unread_queues=tuple(Queue(**queue) for queue in answer["unread_queues"]),
            executing=answer["executing"],
            deliveries=answer["deliveries"],
            invocations=answer["invocations"],
            failures={name: Failure(**failure) for name, failure in answer["failures"].items()},
        )

    def pending(self) -> list[str]:
        """What is not done yet, in words; empty if nothing."""
        return [
            *(
                f"{s.function} is {s.behind} records behind on {s.table}"
                for s in self.streams
                if s.enabled and s.behind
            ),
            *(
                f"{q.function} has {q.messages} messages in {q.queue}"
                for q in self.queues
                if q.enabled and q.messages
            ),
            *(f"{name} is running ({count})" for name, count in self.executing.items()),
            *([f"{self.deliveries} deliveries are under way"] if self.deliveries else []),
        ]

    def progress(self) -> tuple[object, ...]:
        """Counters that move whenever something was done, be it begun and ended between two observations."""
        return sorted(self.invocations.items()), [(stream.function, stream.end) for stream in self.streams]

    def unread(self) -> dict[str, int]:
        """Queues that nobody reads and that hold messages: failure queues."""
        return {queue.queue: queue.messages for queue in self.unread_queues if queue.messages}

    def stuck(self, before: Backlog, seconds_left: float) -> str | None:
        """The consumer that cannot go on, with its last error; None if all may still get there.

        A stream stands still behind a failing batch. A queue hides a failed message for its visibility
        time-out: waiting is in vain if that ends after our time.
        """
        for stream in self.streams:
            if stream.enabled and stream.behind and self._keeps_failing(stream.function, before):
                return self._complaint(stream.function)
        for queue in self.queues:
            if not queue.enabled or not queue.messages or queue.function in self.executing:
                continue
            hopeless = not queue.visible and queue.next_visible_seconds > seconds_left
            if queue.function in self.failures and (hopeless or self._keeps_failing(queue.function, before)):
                return self._complaint(queue.function)
        return None

    def _keeps_failing(self, function: str, before: Backlog) -> bool:
        failure = self.failures.get(function)
        if failure is None or failure.consecutive < FAILURES_MAX:
            return False
        return self.invocations.get(function, 0) > before.invocations.get(function, 0)

    def _complaint(self, function: str) -> str:
        return f"{function} keeps failing: {self.failures[function].error}"


def settle(
    observe: Callable[[], Backlog],
    timeout_seconds: float = TIMEOUT_SECONDS,
    *,
    monotonic: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> Backlog:
    """Wait until two observations in a row show nothing pending and nothing done in between.

    Returns
    -------
    Backlog
        The last observation; its unread queues may hold messages.

    Raises
    ------
    LocalError
        When the time is up, with what is pending; at once when a consumer cannot go on, with its last error.
    """
    deadline = monotonic() + timeout_seconds
    first = observe()
    previous, current = first, first
    pause_seconds = POLL_FIRST_SECONDS
    while True:
        seconds_left = deadline - monotonic()
        complaint = current.stuck(first, seconds_left)
        if complaint:
            raise LocalError(f"not settled: {complaint}")
        if seconds_left <= 0:
            reasons = "; ".join(current.pending()) or "functions keep running"
            errors = "".join(f"; last error of {name}: {f.error}" for name, f in current.failures.items())
            raise LocalError(f"not settled after {timeout_seconds:g} s: {reasons}{errors}")
        sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, POLL_MAX_SECONDS)
        previous, current = current, observe()
        if not previous.pending() and not current.pending() and previous.progress() == current.progress():
            return current
