"""How long an invocation may still go on trying."""

import time
from typing import Protocol

ANSWER_MARGIN_SECONDS = 4.5
"""Kept back so that a call begun in time ends in time, and 503 is said before Lambda cuts off."""


class LambdaContext(Protocol):
    """The part of Lambda's context object that the programme uses."""

    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        ...


class Deadline:
    """A moment on the monotonic clock after which nothing new is tried."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @classmethod
    def of(cls, context: LambdaContext) -> "Deadline":
        """Return the deadline of an invocation: what Lambda leaves, less the margin for the answer."""
        return cls(context.get_remaining_time_in_millis() / 1000 - ANSWER_MARGIN_SECONDS)

    def at_least(self, seconds: float) -> "Deadline":
        """Return this deadline, or one so many seconds from now where that is later: for what has begun."""
        return Deadline(max(seconds, self.seconds_left()))

    def seconds_left(self) -> float:
        """Return the seconds left, never below 0."""
        return max(0.0, self._end - time.monotonic())
