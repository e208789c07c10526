"""Figures that a noisy machine can give: ours against a baseline, in turns, in several rounds."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

ROUNDS = 7
T = TypeVar("T")
Work = Callable[[], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure of several rounds: its median, and the least and the greatest of them."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, figures: Sequence[float]) -> "Spread":
        """Return the spread of one figure per round."""
        return cls(median=statistics.median(figures), least=min(figures), greatest=max(figures))

    def __str__(self) -> str:
        """Write it as ``1.21 (1.18-1.27)``."""
        return f"{self.median:.2f} ({self.least:.2f}-{self.greatest:.2f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What we take against a baseline: the ratio on the clock and of CPU time, and microseconds of each."""

    name: str
    time_ratio: Spread
    cpu_ratio: Spread
    ours_us: float
    ours_cpu_us: float
    bare_us: float
    bare_cpu_us: float

    def figures(self) -> dict[str, Any]:
        """Return it as it is written down."""
        return asdict(self)


def compared(
    name: str, prepare: Callable[[], tuple[Work, Work]], *, times: int, rounds: int = ROUNDS
) -> Comparison:
    """Measure something of ours and its baseline, in turns.

    Parameters
    ----------
    prepare
        Returns both for one round, each of which does the thing ``times`` times. It is not measured, and is
        called once more beforehand, for a round that warms everything up.
    """
    ours_taken: list[tuple[float, float]] = []
    bare_taken: list[tuple[float, float]] = []
    for number in range(rounds + 1):
        ours, bare = prepare()
        turns = [(ours, ours_taken), (bare, bare_taken)]
        for work, taken in in_turns(turns, number + 1):
            taken.append(_taken(work))
    pairs = list(zip(ours_taken[1:], bare_taken[1:], strict=True))

    def each_us(taken: Sequence[tuple[float, float]], place: int) -> float:
        return statistics.median(one[place] for one in taken[1:]) / times * 1e6

    return Comparison(
        name=name,
        time_ratio=Spread.of([mine[0] / other[0] for mine, other in pairs]),
        cpu_ratio=Spread.of([mine[1] / other[1] for mine, other in pairs]),
        ours_us=each_us(ours_taken, 0),
        ours_cpu_us=each_us(ours_taken, 1),
        bare_us=each_us(bare_taken, 0),
        bare_cpu_us=each_us(bare_taken, 1),
    )


def in_turns(things: Sequence[T], number: int) -> Sequence[T]:
    """Return things in the order of a round: every other round goes backwards, so that none is favoured."""
    return things[::-1] if number % 2 else things


def _taken(work: Work) -> tuple[float, float]:
    """Return the seconds that work takes: on the clock, and of this process's CPU."""
    gc.collect()
    begun, cpu_begun = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - begun, time.process_time() - cpu_begun
