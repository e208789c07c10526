"""A trial of faults: an act that is struck at every call, or killed at every point, and then done again.

Each test file has its own scenes and acts; here stands what they may meet, and what must hold of each.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from functions.domain.errors import RefusalError
from tests.support.faults import (
    IN_PROGRESS,
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    cancelled,
)
from tests.support.points import Box, Died, calm, mortal, strike

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from tests.support.bench import Bench
    from tests.support.paying import Paying

T = TypeVar("T")
CONFLICT = cancelled("TransactionConflict", "None")
FAULTS: dict[str, tuple[Fault, bool]] = {
    "reset": (RESET_BEFORE, False),
    "lost": (LOST_AFTER, False),
    "error": (SERVER_ERROR, False),
    "error after": (SERVER_ERROR_AFTER, False),
    "throttled": (THROTTLED, False),
    "in progress": (IN_PROGRESS, True),
    "conflict": (CONFLICT, True),
}
"""Faults by name, and whether only transactions meet them."""
CALL_FAULTS = [name for name, (_, transactions) in FAULTS.items() if not transactions]
"""The names of those that any call meets."""
ENDLESS = 1_000
"""More sends than anybody tries."""
TRY_AGAIN = (503, "try_again")
HONEST = (TRY_AGAIN, (409, "conflict"))
"""The status and code of what may be answered where it was not done."""


def struck(
    calls: Calls, fault: str, sends: int, begin: Callable[[], object], act: Callable[[], T]
) -> Iterator[tuple[str | None, T]]:
    """Let an act be struck at each of its calls by turns; give which operation it was, and what came of it.

    The last time it is struck nowhere any more, which is None.

    Parameters
    ----------
    sends
        How many sends meet the fault: the one that is struck, and those that follow of its operation.
    begin
        Brings everything back to before the act.
    """
    kind, transactions = FAULTS[fault]
    for number in itertools.count():
        begin()
        name_of = strike(calls, number, *[kind] * sends, transactions=transactions)
        outcome = act()
        name = name_of()
        calm(calls)
        assert name is not None or number > 1 or transactions, "nothing was struck"
        yield name, outcome
        if name is None:
            break


def killed(
    client: "DynamoDBClient", begin: Callable[[], object], act: Callable[[], T], box: Box | None = None
) -> Iterator[tuple[bool, T | None]]:
    """Let whoever acts die before each call or message by turns; give whether they did, and what came of it.

    The last time they live.

    Parameters
    ----------
    begin
        Brings everything back to before the act.
    box
        Where messages are put; what else shall be a point to die at takes its ``step``.
    """
    box = box or Box()
    for steps in itertools.count():
        begin()
        outcome = None
        with mortal(client, box, steps) as life, suppress(Died):
            outcome = act()
        assert life.over or steps > 1, "nobody was killed"
        yield life.over, outcome
        if not life.over:
            break


class Trial:
    """An act that is begun anew each time: it is done wholly or not at all, and done when it is sent again.

    Attributes
    ----------
    before, after
        What was written before the act, and what has come of it undisturbed (:meth:`facts`).
    answered
        What it answers undisturbed, and whenever it is sent again.
    """

    honest: tuple[tuple[int, str], ...] = HONEST

    def __init__(self, world: "Paying | Bench", act: Callable[[], Any]) -> None:
        self.world = world
        self._act = act
        self.before = world.dump()
        self.answered = act()
        assert self.answered not in self.honest
        self.after: Any = self.facts()
        assert self.after != self.before

    def begin(self) -> None:
        """Bring everything back to before it."""
        self.world.restore(self.before)

    def act(self) -> Any:
        """Send it; return what is answered, or the status and code of its refusal."""
        try:
            return self._act()
        except RefusalError as refused:
            return refused.status, refused.code

    def facts(self) -> Any:
        """Return all that has come of it."""
        return self.world.dump()

    def check_now(self, now: Any, where: object) -> None:
        """Hold what must hold of the facts after any fault: it was done wholly, or not at all."""
        assert now in (self.before, self.after), where

    def check(self, outcome: Any, where: object = None) -> None:
        """Hold that it was done or honestly refused, and that it is done with one effect when sent again."""
        now = self.facts()
        self.check_now(now, where)
        if outcome == self.answered:
            assert now == self.after, where
        else:
            assert outcome in self.honest, (where, outcome)
        assert self.act() == self.answered, where
        assert self.facts() == self.after, where

    def strike_at_every_call(
        self,
        calls: Calls,
        faults: Iterable[str] = FAULTS,
        sends: Iterable[int] = (1, SENDS_OF_THE_SDK, ENDLESS),
    ) -> None:
        """Let each of its calls by turns meet each fault; one that passes is not noticed."""
        for fault, times in itertools.product(faults, sends):
            for number, (name, outcome) in enumerate(struck(calls, fault, times, self.begin, self.act)):
                where = (fault, times, number, name)
                assert times > 1 or outcome == self.answered, (where, outcome)
                self.check(outcome, where)

    def kill_at_every_point(self, client: "DynamoDBClient", box: Box | None = None) -> int:
        """Let whoever does it die at every point; return how many there are."""
        for steps, (died, outcome) in enumerate(killed(client, self.begin, self.act, box)):
            self.check(TRY_AGAIN if died else outcome, steps)
        return steps
