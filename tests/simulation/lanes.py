"""Invocations that run at once, each until its next call to AWS, in an order that a seed decides."""

import random
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aws_lambda_powertools.event_handler.api_gateway import BaseRouter
from greenlet import getcurrent, greenlet

T = TypeVar("T")
LANES_MAX = 4
_OF_THE_PROCESS = ("current_event", "lambda_context")
"""What Powertools keeps once per process; a process of Lambda's has one invocation at a time."""


def pause() -> None:
    """Let others go on; called before each call to AWS, where invocations can meet each other."""
    here = getcurrent()
    if here.parent is None:
        return
    kept: dict[str, Any] = {name: getattr(BaseRouter, name, None) for name in _OF_THE_PROCESS}
    here.parent.switch()
    for name, value in kept.items():
        setattr(BaseRouter, name, value)


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
