"""The gate before what the emulator starts by itself: while it is closed, nothing is started."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Gate:
    """Open, held for a while, or shut for good.

    A hold ends by itself: whoever asked for it may die, and the cloud must not stand still for ever.
    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._held_until = -math.inf
        self._shut = False
        self._inside = 0

    @contextmanager
    def passage(self) -> Iterator[bool]:
        """Whether one may do what one came for; until it is done, one counts as inside."""
        with self._lock:
            is_open = not self._shut and self._monotonic() >= self._held_until
            self._inside += is_open
        try:
            yield is_open
        finally:
            with self._lock:
                self._inside -= is_open

    @property
    def inside(self) -> int:
        """How many passed and are not done; while the gate is closed, no more can come."""
        with self._lock:
            return self._inside

    def hold(self, seconds_max: float) -> None:
        """Let nobody pass until the release, at most for so long."""
        with self._lock:
            self._held_until = self._monotonic() + seconds_max

    def release(self) -> None:
        """End a hold; a gate that is shut stays shut."""
        with self._lock:
            self._held_until = -math.inf

    def shut(self) -> None:
        """Let nobody pass any more."""
        with self._lock:
            self._shut = True
