"""Invocations that run at once, each until its next call to AWS, in an order that a seed decides."""

import random
from collections.abc import Callable, Sequence
from typing import TypeVar

from greenlet import getcurrent, greenlet

T = TypeVar("T")
LANES_MAX = 4


def pause() -> None:
    """Let others go on; called before each call to AWS, where invocations can meet each other."""
    here = getcurrent()
    if here.parent is not None:
        here.parent.switch()


def run(invocations: Sequence[Callable[[], T]], chance: random.Random) -> list[T]:
    """Run invocations to their ends, a piece of one at a time; return their results in the order given."""
    if len(invocations) == 1:
        return [invocations[0]()]
    lanes = [greenlet(invocation) for invocation in invocations]
    results: dict[int, T] = {}
    running = list(range(len(lanes)))
    while running:
        number = chance.choice(running)
        result = lanes[number].switch()
        if lanes[number].dead:
            results[number] = result
            running.remove(number)
    return [results[number] for number in range(len(lanes))]
