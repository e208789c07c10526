"""Time that passes only when somebody waits or the world moves on."""

import importlib
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from unittest.mock import patch

TIMED = (
    "functions.checkout.basis",
    "functions.offers.running",
    "functions.platform.bus",
    "functions.platform.deadline",
    "functions.platform.dynamo",
    "botocore.endpoint",
    "ministack.services.dynamodb",
)
"""The modules that look at a clock or sleep, the SDK's retries and the emulator among them."""


class Time:
    """Stands in for the module :mod:`time` in the modules that are timed."""

    def __init__(self, start: datetime) -> None:
        self._seconds = start.timestamp()
        self._stopped = False

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return self._seconds

    def monotonic(self) -> float:
        """Return the seconds of a clock that only goes forward, as this one does."""
        return self._seconds

    def sleep(self, seconds: float) -> None:
        """Let time pass; a thread of the emulator's that waits for its work really sleeps."""
        if seconds >= EMULATOR_NAPS_SECONDS:
            time.sleep(seconds)
        else:
            self.pass_by(seconds)

    def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass."""
        if not self._stopped:
            self._seconds += seconds

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Let no time pass meanwhile, so that all that is done and looked at is of one moment."""
        self._stopped = True
        try:
            yield
        finally:
            self._stopped = False

    def move_to(self, moment: datetime) -> None:
        """Let time pass until a moment; one that is over already changes nothing."""
        self._seconds = max(self._seconds, moment.timestamp())

    def now(self) -> datetime:
        """Return what the programme's clock says: the present moment in whole seconds."""
        return datetime.fromtimestamp(int(self._seconds), UTC)

    @contextmanager
    def ruling(self) -> Iterator[None]:
        """Make it the time of the modules that are timed."""
        with ExitStack() as stack:
            for name in TIMED:
                stack.enter_context(patch.object(importlib.import_module(name), "time", self))
            yield


EMULATOR_NAPS_SECONDS = 60
