"""Doing the same thing many times at once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from functions.domain.errors import RefusalError

T = TypeVar("T")


def at_once(count: int, act: Callable[[int], T]) -> list[T | RefusalError]:
    """Run ``act(0) … act(count - 1)`` in threads that all start together; a refusal is a result too."""
    start = threading.Barrier(count)

    def run(number: int) -> T | RefusalError:
        start.wait()
        try:
            return act(number)
        except RefusalError as refusal:
            return refusal

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))
