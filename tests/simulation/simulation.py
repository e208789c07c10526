"""A simulation: steps from a seed, each checked, and a rest every so often at which everything is."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from functions.domain.identifiers import fingerprint
from functions.points.passes import AuditKind
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS
from tests.simulation.actors import FAULTS, Actors
from tests.simulation.books import Books
from tests.simulation.facts import Facts
from tests.simulation.foretold import Refusal
from tests.simulation.lives import Life
from tests.simulation.offers_foretold import Quoted
from tests.simulation.offers_refusals import OfferRefusal
from tests.simulation.script import REST, Step, Violation
from tests.simulation.shelves import spreads
from tests.simulation.watch import Watch
from tests.simulation.world import Outcome, World, bring_to_rest, simulated
from tests.support.tables import PARTITION_KEYS

REST_EVERY_STEPS = 1_000
FORETOLD: dict[str, type[Quoted] | type[Refusal] | type[OfferRefusal]] = {
    **dict.fromkeys(("quote", "order"), Quoted),
    **dict.fromkeys(
        ("pay", "ship", "receive", "refuse", "cancel", "give_back", "adjust", "move_stock"), Refusal
    ),
    **dict.fromkeys(
        ("put_campaign", "put_template", "make_codes", "claim", "enter_code", "issue"), OfferRefusal
    ),
}
"""What says how an operation must end that meets nobody and no fault."""


@dataclass
class Told:
    """What a simulation came to: how many operations and faults of each kind, and what was violated."""

    seed: int
    steps: list[Step] = field(default_factory=list)
    operations: Counter[str] = field(default_factory=Counter)
    at_rest: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    spread: Counter[str] = field(default_factory=Counter)
    """How often the stock of a product came to lie in more rows, or in fewer, and was levelled (Z1)."""
    violation: Violation | None = None
    digest: str = ""
    """What tells the world's end from others: its rows, how they came about, its events and messages. A
    seed ends the same as long as the programme does the same, call by call."""


class Checked:
    """A world with the watch over it and the facts about it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.facts = Facts()
        self._watch = Watch()
        self._known: dict[tuple[str, int, int], Life] = {}
        self.outcomes: list[Outcome] = []
        self._looked = 0

    def do(self, step: Step) -> None:
        """Do a step and check what must hold after it.

        Raises
        ------
        Violation
            Something does not hold.
        """
        if step.ops == (REST,):
            self.rest()
            return
        foretold = None
        met = self.world.faults.met.total()
        kind = FORETOLD.get(step.ops[0].do) if len(step.ops) == 1 else None
        if kind is not None:
            self.world.time.move_to(step.moment)
            foretold = kind(step.ops[0], self.world, self._watch, new=self.facts.is_new(step.ops[0]))
        outcomes = self.world.run(step)
        self._look()
        self._watch.check_answers(outcomes)
        spared = self.world.faults.met.total() == met
        if foretold is not None and foretold.certain and spared:
            foretold.compare(outcomes[0])
        for outcome in outcomes:
            self.facts.take(outcome)
        self.outcomes = outcomes

    def rest(self) -> None:
        """Bring the world to rest and check all of it.

        Raises
        ------
        Violation
            Something does not hold.
        """
        self.world.time.pass_by(6)  # an audit of its own second, and nobody knows campaigns of before (V16)
        with self.world.time.stopped():
            self._rest()

    def _rest(self) -> None:
        bring_to_rest(self.world)
        self._look()
        self.facts.resolve(self.world)
        books = Books(self.world, self.facts, self._known, self._watch)
        books.check()
        products = [row for row in self.world.cloud.rows("Catalog") if row["item"] == "PRODUCT"]
        self._watch.shelves.check_at_rest(products)
        # The changes since whichever audit ended last, then everything, then what has changed since that.
        for job, kind in (
            (AUDIT_CHANGES, None),
            (AUDIT_POINTS, AuditKind.FULL),
            (AUDIT_CHANGES, AuditKind.INCREMENTAL),
        ):
            self.world.fire(job)
            self._look()
            books.check_audit(kind)

    def _look(self) -> None:
        changes = self.world.cloud.changes
        self._watch.look(changes[self._looked :])
        self._looked = len(changes)


def run(seed: int, steps: int, *, faults: float = FAULTS, hot: bool = False) -> Told:
    """Run so many steps from a seed; what it returns says what was violated, if anything was.

    With ``hot`` most steps are about two products, as in a sale.
    """
    told = Told(seed)
    with simulated() as world:
        checked, actors = Checked(world), Actors(seed, world, faults=faults, hot=hot)
        try:
            for number in range(1, steps + 1):
                step = actors.next()
                told.steps.append(step)
                checked.do(step)
                actors.learn(checked.outcomes)
                if number % REST_EVERY_STEPS == 0 or number == steps:
                    told.steps.append(rest_after(world))
                    checked.do(told.steps[-1])
        except Exception as error:
            told.violation = _as_violation(error)
        _count(told, world)
    return told


def rest_after(world: World) -> Step:
    """Return the step by which a world comes to rest now."""
    return Step(world.time.now().isoformat(), 0, (REST,))


def replay(*steps: Step) -> None:
    """Do steps, come to rest, check everything.

    Raises
    ------
    Violation
        Something does not hold.
    """
    found = violated(steps)
    if found is not None:
        raise found


def violated(steps: Iterable[Step]) -> Violation | None:
    """Do steps and come to rest; return what was violated, or None."""
    with simulated() as world:
        checked = Checked(world)
        try:
            for step in steps:
                checked.do(step)
            checked.rest()
        except Exception as error:
            return _as_violation(error)
    return None


def _as_violation(error: Exception) -> Violation:
    """Return what was violated; an exception of the programme or the model is a violation too."""
    if isinstance(error, Violation):
        return error
    violation = Violation(f"raised {type(error).__name__}", str(error))
    violation.__cause__ = error
    return violation


def shrunk(steps: Sequence[Step], name: str, *, tries_max: int) -> list[Step]:
    """Return fewer and simpler steps that still violate the same: pieces are left out, faults taken away."""
    left = list(steps[:-1] if steps and steps[-1].ops == (REST,) else steps)
    tries = 0

    def fails(candidate: Sequence[Step]) -> bool:
        nonlocal tries
        tries += 1
        found = violated(candidate)
        return found is not None and found.name == name

    size = max(1, len(left) // 2)
    while tries < tries_max:
        place, smaller = 0, False
        while place < len(left) and tries < tries_max:
            candidate = left[:place] + left[place + size :]
            if fails(candidate):
                left, smaller = candidate, True
            else:
                place += size
        if size == 1 and not smaller:
            break
        size = max(1, size // 2)
    for place in range(len(left)):
        untried = list(_simpler(left[place]))
        while untried and tries < tries_max:
            candidate = [*left[:place], untried.pop(0), *left[place + 1 :]]
            if fails(candidate):
                left = candidate
                untried = list(_simpler(left[place]))  # of what it is now
    return left


def _simpler(step: Step) -> Iterable[Step]:
    """Give the same step without faults, and without each of its operations."""
    if step.faults:
        yield Step(step.at, step.seed, step.ops, 0.0)
    if len(step.ops) > 1:
        for place in range(len(step.ops)):
            yield Step(step.at, step.seed, step.ops[:place] + step.ops[place + 1 :], step.faults)


def _count(told: Told, world: World) -> None:
    told.operations += world.done
    told.at_rest += world.at_rest
    told.failed += world.failed
    told.calls += world.faults.calls
    told.faults += world.faults.met
    cloud = world.cloud
    told.spread += spreads(cloud.changes)
    rows = {table: sorted(map(_plain, cloud.rows(table))) for table in PARTITION_KEYS}
    written = [change["dynamodb"].get("NewImage") for change in cloud.changes]
    told.digest = fingerprint(*map(_plain, (rows, written, cloud.events, cloud.messages)))


def _plain(value: object) -> str:
    """Return a value as text that is the same whatever order its parts were put in."""
    return json.dumps(value, sort_keys=True, default=str)
