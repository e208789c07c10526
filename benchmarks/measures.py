"""What ``make bench`` measures of each build, in turns: one list, in the order of the page.

A measure is a turn of turn.py that every build is asked so often, each time in a process of its own, now this
build first and now the other. What is exact is asked once. A build that lacks a measure has no figures of it.
"""

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from benchmarks import cold_starts
from benchmarks.builds import HERE, Build, run
from benchmarks.cold_starts import Starts
from benchmarks.figures import Figures
from benchmarks.rounds import in_turns

TURNS = 3
"""How often each build is asked for what is not exact."""
REQUEST_ROUNDS, REQUESTS = 7, 10
"""Rounds of a turn, besides that which warms up, and requests of each kind in a round."""
PRICING_ROUNDS = 3
MEBIBYTE = 2**20
JOB_ITEMS = 500
"""Items of each job in a turn; more of them by the jobs' own commands."""

HOT_SKU = """
import json, sys
from pathlib import Path
from benchmarks.hot_sku import of_tree
print(json.dumps(of_tree(Path(sys.argv[1]), sys.argv[2:])))
"""
HOT_SKU_HOW = ("--rate", "1000", "--seconds", "2")
"""Seconds of a sale; that in which rows rise by themselves takes several times as long."""


class Measure(Protocol):
    """Something that builds are asked; ``name`` is that of its figures."""

    @property
    def name(self) -> str:
        """The name under which its figures stand."""

    def taken(self, builds: Sequence[Build], turns: int) -> list[list[Figures]]:
        """Ask all builds in turns; return the figures of each turn of each, as far as it has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turns:
    """A turn of turn.py: which, with what, and whether once is enough."""

    name: str
    turn: str
    how: Mapping[str, Any] = field(default_factory=dict)
    exact: bool = False

    def taken(self, builds: Sequence[Build], turns: int) -> list[list[Figures]]:
        """Ask all builds in turns."""
        return asked(
            builds,
            lambda build: build.ask(self.turn, **self.how),
            name=self.name,
            turns=1 if self.exact else turns,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStarts:
    """The bundles, and how their functions start: side by side, module by module."""

    name: str = "cold starts"

    def taken(self, builds: Sequence[Build], turns: int) -> list[list[Figures]]:
        """Build the bundles, and start all their functions in turns."""
        found = [build.ask("bundles") or {} for build in builds]
        sizes = [each.pop("bytes") for each in found]
        starts = [Starts(python=build.python, **each) for build, each in zip(builds, found, strict=True)]
        started = cold_starts.measured(starts, rounds=turns)
        return [
            [
                {"bundle": {name: {"MiB": count / MEBIBYTE} for name, count in size.items()}},
                *({self.name: figures} for figures in each),
            ]
            for size, each in zip(sizes, started, strict=True)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class HotSku:
    """Sales of one hot product in simulated time, which this tree's module tries on the code of each tree.

    They follow from their seed, so that once is enough; without the module there are no figures.
    """

    name: str = "hot sku"

    def taken(self, builds: Sequence[Build], turns: int) -> list[list[Figures]]:
        """Have the sales tried on each build."""

        def ask(build: Build) -> Figures | None:
            if not (HERE / "benchmarks" / "hot_sku.py").exists():
                return None
            said = run([sys.executable, "-c", HOT_SKU, str(build.root), *HOT_SKU_HOW], HERE)
            told = json.loads(said.strip().splitlines()[-1])
            # What else the functions print there is lines of figures, as CloudWatch takes them.
            return {sale["name"]: of_sale(sale) for sale in told if "name" in sale}

        return asked(builds, ask, name=self.name, turns=1)


def of_sale(sale: Mapping[str, Any]) -> Figures:
    """Return what came of a sale: orders placed of 1 000 that were sent, and shares of orders in conflict.

    ``late`` are those of the last half, when rows have risen by themselves.
    """
    return {
        "placed of 1 000": 1_000 * sale["placed"] / sale["sent"],
        "refused": sale["troubled"] / sale["sent"],
        "refused late": sale["troubled_late"] / max(1, sale["sent_late"]),
        "sends each": sale["sends"] / sale["sent"],
        "rows": sale["rows"],
    }


def of_job(of: str) -> Turns:
    """Return the measure of a job, by the function of a module that measures it."""
    return Turns(name="jobs", turn="job", how={"of": of, "items": JOB_ITEMS})


MEASURES: Sequence[Measure] = (
    Turns(name="requests", turn="requests", how={"rounds": REQUEST_ROUNDS, "times": REQUESTS}),
    Turns(name="office", turn="office", how={"rounds": REQUEST_ROUNDS, "times": REQUESTS}),
    Turns(name="pricing", turn="pricing", how={"rounds": PRICING_ROUNDS}),
    ColdStarts(),
    Turns(name="operations", turn="operations", exact=True),
    of_job("benchmarks.postings:post"),
    of_job("benchmarks.points_jobs:release"),
    of_job("benchmarks.points_jobs:expire"),
    of_job("benchmarks.coupon_job:issue"),
    of_job("benchmarks.order_jobs:lapse_of_a_sale"),
    of_job("benchmarks.order_jobs:lapse_of_a_day"),
    of_job("benchmarks.order_jobs:receive"),
    Turns(name="models", turn="models", exact=True),
    HotSku(),
)
"""A new job is a line here; anything else is a turn in turn.py besides."""


def asked(
    builds: Sequence[Build], ask: Callable[[Build], Figures | None], *, name: str, turns: int
) -> list[list[Figures]]:
    """Ask each build so often, in turns; return what each answered, under a name, without what it has not."""
    taken: list[list[Figures]] = [[] for _ in builds]
    for number in range(turns):
        for place in in_turns(range(len(builds)), number):
            figures = ask(builds[place])
            if figures is not None:
                taken[place].append({name: figures})
    return taken


def all_taken(
    builds: Sequence[Build], measures: Iterable[Measure], *, turns: int, say: Callable[[str], None]
) -> list[list[Figures]]:
    """Take every measure of every build; return all figures of each build, in the order of the turns."""
    taken: list[list[Figures]] = [[] for _ in builds]
    for measure in measures:
        say(measure.name)
        for place, figures in enumerate(measure.taken(builds, turns)):
            taken[place] += figures
    return taken
