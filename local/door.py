"""The door that requests come in by: while it is closed they wait before it, and those inside go on."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

WAIT_SECONDS_MAX = 20.0
"""How long a request waits at most: shorter than what callers of an API usually wait for an answer."""


class Door:
    """Open, or closed for a while; of one event loop.

    It opens by itself: whoever closed it may die, and requests must not stand before it for ever.
    """

    def __init__(
        self, wait_seconds_max: float = WAIT_SECONDS_MAX, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._wait_seconds_max = wait_seconds_max
        self._monotonic = monotonic
        self._closed_until = -math.inf
        self._changed = asyncio.Event()
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many came in and are not done; while the door is closed, no more can come."""
        return self._inside

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[bool]:
        """Wait until one may come in, and say whether one may; until it is done, one counts as inside."""
        came_in = await self._opened()
        self._inside += came_in
        try:
            yield came_in
        finally:
            self._inside -= came_in

    def close(self, seconds_max: float) -> None:
        """Let nobody in until it is opened, at most for so long from now on."""
        self._closed_until = self._monotonic() + seconds_max

    def open(self) -> None:
        """Let in who waits, and who comes."""
        self._closed_until = -math.inf
        self._changed.set()
        self._changed = asyncio.Event()

    async def _opened(self) -> bool:
        patience_ends = self._monotonic() + self._wait_seconds_max
        while (now := self._monotonic()) < self._closed_until:
            if now >= patience_ends:
                return False
            with suppress(TimeoutError):
                async with asyncio.timeout(min(patience_ends, self._closed_until) - now):
                    await self._changed.wait()
        return True
