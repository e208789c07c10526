"""Interruptions that tear no command in half: signals become exceptions, but not between shielded steps."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(BaseException):
    """The command was asked to end; like ``KeyboardInterrupt``, no error handling may swallow it."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Interrupts:
    """Turns the ending signals into :class:`Interrupted`, once: clean-up is not interrupted again."""

    def __init__(self) -> None:
        self._shields = 0
        self._pending: int | None = None
        self._raised = False

    @contextmanager
    def handled(self) -> Iterator[None]:
        """Take the signals over for the duration of a command."""
        before = {number: signal.signal(number, self._on_signal) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @contextmanager
    def shielded(self) -> Iterator[None]:
        """Hold a signal back until the block is done, as for starting a process and noting its id."""
        self._shields += 1
        try:
            yield
        finally:
            self._shields -= 1
        if self._pending is not None and not self._shields:
            self._raise(self._pending)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._raised:
            return
        if self._shields:
            self._pending = number
            return
        self._raise(number)

    def _raise(self, number: int) -> None:
        self._pending = None
        self._raised = True
        raise Interrupted(number)
