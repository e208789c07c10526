"""What the local cloud still has to do, and waiting until that is nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from local.errors import LocalError
from local.failures import Failure

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
class Backlog:
    """One observation of the local cloud."""

    streams: tuple[Stream, ...] = ()
    queues: tuple[Queue, ...] = ()
    unread_queues: tuple[Queue, ...] = ()
    executing: dict[str, int] = field(default_factory=dict)
    deliveries: int = 0
    invocations: dict[str, int] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    requests: int = 0
    answering: dict[str, int] = field(default_factory=dict)
    """How many of those that execute do so for a request of the API."""
    answers: dict[str, int] = field(default_factory=dict)
    """How many of the invocations were for one."""

    @classmethod
    def parse(cls, answer: dict[str, Any]) -> Backlog:
        """From the server's answer; one that was started before an update does not say all."""
        return cls(
            streams=tuple(Stream(**stream) for stream in answer["streams"]),
            queues=tuple(Queue(**queue) for queue in answer["queues"]),
            unread_queues=tuple(Queue(**queue) for queue in answer["unread_queues"]),
            executing=answer["executing"],
            deliveries=answer["deliveries"],
            invocations=answer["invocations"],
            failures={name: Failure(**failure) for name, failure in answer["failures"].items()},
            requests=answer.get("requests", 0),
            answering=answer.get("answering", {}),
            answers=answer.get("answers", {}),
        )

    def without_requests(self) -> Backlog:
        """What there was to do without anybody who asks the API."""
        executing = Counter(self.executing) - Counter(self.answering)
        invocations = Counter(self.invocations) - Counter(self.answers)
        return replace(self, executing=dict(executing), invocations=dict(invocations), requests=0)

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
            *([f"{self.requests} requests are being answered"] if self.requests else []),
        ]

    def progress(self) -> tuple[object, ...]:
        """Counters that move whenever something was done, be it begun and ended between two observations."""
        return sorted(self.invocations.items()), [(stream.function, stream.end) for stream in self.streams]

    def unread(self) -> dict[str, int]:
        """Queues that nobody reads and that hold messages: failure queues."""
        return {queue.queue: queue.messages for queue in self.unread_queues if queue.messages}

    def stuck(self, before: Backlog) -> str | None:
        """The consumer that has kept failing since ``before``, with its last error; None if there is none."""
        for stream in self.streams:
            if stream.enabled and stream.behind and self._keeps_failing(stream.function, before):
                return self._complaint(stream.function)
        for queue in self._waiting():
            if queue.function not in self.executing and self._keeps_failing(queue.function, before):
                return self._complaint(queue.function)
        return None

    def hidden_beyond(self, seconds_left: float) -> bool:
        """Whether all that is pending are messages that no consumer can see before the time is up.

        A queue hides a message that failed for its visibility time-out, which is minutes.
        """
        queues = self._waiting()
        if self.executing or self.deliveries or any(s.enabled and s.behind for s in self.streams):
            return False
        return bool(queues) and all(
            not queue.visible and queue.next_visible_seconds > seconds_left for queue in queues
        )

    def _waiting(self) -> list[Queue]:
        return [queue for queue in self.queues if queue.enabled and queue.messages]

    def reasons(self) -> str:
        """What is pending, until when it is hidden, and what its consumers failed with last."""
        hidden = [
            f"{q.queue} hides them for {q.next_visible_seconds:.0f} s"
            for q in self._waiting()
            if not q.visible
        ]
        consumers = {s.function for s in self.streams if s.enabled and s.behind}
        consumers |= {q.function for q in self._waiting()}
        errors = [
            f"last error of {name}, {failure.seconds_ago:.0f} s ago: {failure.error}"
            for name, failure in self.failures.items()
            if name in consumers or failure.consecutive
        ]
        return "; ".join([*(self.pending() or ["functions keep running"]), *hidden, *errors])

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
        When the time is up, with what is pending; at once when a consumer cannot go on, with its last error,
        or when what is pending comes back only after our time.
    """
    deadline = monotonic() + timeout_seconds
    first = observe()
    previous, current = first, first
    pause_seconds = POLL_FIRST_SECONDS
    while True:
        seconds_left = deadline - monotonic()
        complaint = current.stuck(first)
        if complaint:
            raise LocalError(f"not settled: {complaint}")
        if seconds_left <= 0:
            raise LocalError(f"not settled after {timeout_seconds:g} s: {current.reasons()}")
        sleep(pause_seconds)
        pause_seconds = min(pause_seconds * 1.5, POLL_MAX_SECONDS)
        previous, current = current, observe()
        if previous.progress() != current.progress():
            continue
        if not previous.pending() and not current.pending():
            return current
        # Twice, too: a message may be on its way to its consumer, or just done with.
        if all(seen.hidden_beyond(seconds_left) for seen in (previous, current)):
            raise LocalError(f"not settled, and not within {timeout_seconds:g} s: {current.reasons()}")
