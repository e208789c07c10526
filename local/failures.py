"""What functions failed with: how often in a row, and what was the last, even if one has succeeded since.

A queue hides a failed message for minutes, while its consumer succeeds with others: whoever waits for that
message wants to know why.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

ERROR_CHARACTERS_MAX = 500
EMBEDDED_METRICS = '"_aws"'


@dataclass(frozen=True)
class Failure:
    """What a function failed with last, how long ago, and how often in a row up to now."""

    consecutive: int
    error: str
    seconds_ago: float = 0.0


class Failures:
    """The last failure of each function."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._consecutive: dict[str, int] = {}
        self._last: dict[str, tuple[str, float]] = {}

    def failed(self, function: str, error: str) -> None:
        """Note a failure."""
        with self._lock:
            self._consecutive[function] = self._consecutive.get(function, 0) + 1
            self._last[function] = error[:ERROR_CHARACTERS_MAX], self._monotonic()

    def succeeded(self, function: str) -> None:
        """Note a success: the failures before it are none in a row any more."""
        with self._lock:
            self._consecutive.pop(function, None)

    def shown(self) -> dict[str, dict[str, Any]]:
        """Return every function's last failure, as the server tells it."""
        with self._lock:
            now = self._monotonic()
            return {
                name: asdict(Failure(self._consecutive.get(name, 0), error, round(now - at, 3)))
                for name, (error, at) in self._last.items()
            }


def cause(log: str) -> str:
    """Return why a function failed, as far as it printed it: its last error, else the last it said at all."""
    said = [line.strip() for line in log.splitlines() if line.strip() and EMBEDDED_METRICS not in line]
    for line in reversed(said):
        try:
            entry = json.loads(line)
            if entry["level"] == "ERROR":
                raised = str(entry.get("exception", "")).strip().rpartition("\n")[2]
                return ": ".join(part for part in (str(entry["message"]), raised) if part)
        except (ValueError, KeyError, TypeError):
            continue  # no line of the logger
    return said[-1] if said else ""
