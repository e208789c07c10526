"""Doing the same thing many times at once."""

import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any, TypeVar

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


class InLine(Executor):
    """Threads whose work is done where it is given to them, so that a seed decides everything."""

    def __init__(self, *_: Any) -> None:
        super().__init__()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Do it now."""
        done: Future[Any] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # as a thread would keep it
            done.set_exception(error)
        return done
