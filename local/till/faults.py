"""Faults on demand: how the next calls go wrong."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from local.till.keys import PROVIDERS

TIMES_MAX = 100_000
SECONDS_MAX = 60.0


class Kind(StrEnum):
    """What goes wrong."""

    ERROR = "error"
    """The provider says that its system fails, in its own words; nothing has happened."""
    ERROR_AFTER = "error_after"
    """It says so, and yet it has happened."""
    BARE = "bare"
    """A 500 with a page that is no word of the provider's, as from something before it."""
    HANG_UP_BEFORE = "hang_up_before"
    """The connection ends without an answer; nothing has happened."""
    HANG_UP_AFTER = "hang_up_after"
    """It ends without an answer, and yet it has happened."""
    LATE = "late"
    """It happens, and the answer comes after some seconds of the wall's clock."""
    FORGED = "forged"
    """It happens, and the answer is signed by somebody else."""


@dataclass
class Fault:
    """What goes wrong, at which calls, and how many times."""

    kind: Kind
    provider: str | None = None
    call: str | None = None
    """One of :data:`CALLS`; None is any."""
    times: int = 1
    seconds: float = 0.0

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Fault:
        """A fault from JSON.

        Raises
        ------
        ValueError
            There is no such fault.
        """
        times, seconds = value.get("times", 1), value.get("seconds", 0)
        provider, call = value.get("provider"), value.get("call")
        if value.get("kind") not in set(Kind):
            raise ValueError(f"kind is one of {', '.join(Kind)}")
        if isinstance(times, bool) or not isinstance(times, int) or not 0 < times <= TIMES_MAX:
            raise ValueError(f"times is a number from 1 to {TIMES_MAX}")
        if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
            raise ValueError("seconds is a number")
        if not 0 <= seconds <= SECONDS_MAX:
            raise ValueError(f"seconds is at most {SECONDS_MAX:g}")
        if provider is not None and provider not in PROVIDERS:
            raise ValueError(f"provider is one of {', '.join(PROVIDERS)}")
        if call is not None and call not in CALLS:
            raise ValueError(f"call is one of {', '.join(CALLS)}")
        return cls(Kind(value["kind"]), provider, call, times, float(seconds))


CALLS = ("create", "query", "close", "page", "confirm", "refund", "refund_query", "statement", "download")


class Faults:
    """The faults to come, each until it has been met so many times."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Have something go wrong."""
        with self._lock:
            self._faults.append(fault)

    def clear(self) -> None:
        """Have all go well."""
        with self._lock:
            self._faults.clear()

    def left(self) -> list[dict[str, Any]]:
        """What is still to go wrong."""
        with self._lock:
            return [asdict(fault) for fault in self._faults]

    def meet(self, provider: str, call: str) -> Fault | None:
        """The fault that this call meets, if any."""
        with self._lock:
            for fault in self._faults:
                if fault.provider in (None, provider) and fault.call in (None, call):
                    fault.times -= 1
                    if not fault.times:
                        self._faults.remove(fault)
                    return fault
        return None
