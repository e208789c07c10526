"""Figures as the benchmarks hand them on: numbers under names, which may stand under names themselves.

One process of one build hands on figures of one turn. What several turns say is their median; a figure that
is a ratio against a baseline is a spread (:class:`~benchmarks.rounds.Spread`), in a turn and of all turns.
"""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any

from benchmarks.rounds import Spread

Figures = Mapping[str, Any]
JOINS = " / "
"""Stands between the names of a figure, in a flat name."""
_SPREAD = frozenset(each.name for each in fields(Spread))


def is_spread(figure: object) -> bool:
    """Return whether a figure is a spread as it is written down."""
    return isinstance(figure, dict) and figure.keys() == _SPREAD


def flat(figures: Figures, prefix: str = "") -> Iterator[tuple[str, float]]:
    """Give each number with its flat name; a spread by its median, and no text."""
    for name, figure in figures.items():
        if is_spread(figure):
            yield prefix + name, figure["median"]
        elif isinstance(figure, dict):
            yield from flat(figure, f"{prefix}{name}{JOINS}")
        elif isinstance(figure, (int, float)) and not isinstance(figure, bool):
            yield prefix + name, figure


def together(turns: Sequence[Figures]) -> dict[str, Any]:
    """Return what turns say together: the median of a number, the whole width of a spread, the last text."""
    found: dict[str, Any] = {}
    for name in dict.fromkeys(name for turn in turns for name in turn):
        each = [turn[name] for turn in turns if name in turn]
        if all(map(is_spread, each)):
            found[name] = {
                "median": statistics.median(one["median"] for one in each),
                "least": min(one["least"] for one in each),
                "greatest": max(one["greatest"] for one in each),
            }
        elif isinstance(each[-1], dict):
            found[name] = together(each)
        elif isinstance(each[-1], (int, float)) and not isinstance(each[-1], bool):
            found[name] = statistics.median(each)
        else:
            found[name] = each[-1]
    return found
