"""``python -m benchmarks``: measure everything, write docs/performance.md and docs/performance.json.

Each figure of time is a ratio against a baseline in the same run; calls and units are exact.
``--against REF`` measures the build of another commit in turns with this tree's, and writes both down with
their ratios. ``--compare FILE`` shows what has changed since an earlier run's JSON. ``--only NAME`` measures
a part and prints it; with ``--keep`` it takes its place in both files, which else stay as they are.
"""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks import against, builds, operations, page, tables
from benchmarks.builds import BuildError
from benchmarks.figures import Figures, flat, together
from benchmarks.machine import described
from benchmarks.measures import MEASURES, TURNS, all_taken

FIGURES = operations.FIGURES
PAGE = FIGURES.with_suffix(".md")
BY = "make bench"
OF_OTHER_RUNS = ("against", "engines")
"""Figures that stay where a run has none: the last comparison, and other engines (benchmarks.engines)."""
CHANGED_BY = 0.05
"""From what share on a figure of an earlier run counts as changed."""


def changes(before: Figures, after: Figures) -> str:
    """Return what differs between two runs by more than :data:`CHANGED_BY`, as a table."""
    old, new = dict(flat(before)), dict(flat(after))
    rows = [
        (name, f"{old[name]:g}", f"{new[name]:g}")
        for name in old.keys() & new.keys()
        if abs(new[name] - old[name]) > CHANGED_BY * abs(old[name])
    ]
    return tables.markdown(("figure", "before", "after"), sorted(rows))


def with_others(figures: dict[str, Any]) -> dict[str, Any]:
    """Return figures with those of other runs that were written down, where they have none of their own."""
    before = json.loads(FIGURES.read_text(encoding="utf-8"))
    kept = {name: each for name, each in before.items() if name in OF_OTHER_RUNS}
    return {**kept, **figures}


def parser() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    known = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    known.add_argument(
        "--against", metavar="REF", help="a commit whose build is measured in turns with this one"
    )
    known.add_argument("--turns", type=int, default=TURNS, help=f"turns of each build ({TURNS})")
    known.add_argument("--compare", type=Path, metavar="FILE", help="an earlier run's JSON")
    known.add_argument(
        "--only",
        action="append",
        choices=sorted({measure.name for measure in MEASURES}),
        help="measure no more than this, print it, and write nothing; may be given again",
    )
    known.add_argument("--keep", action="store_true", help="with --only: write that part down all the same")
    return known


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print, write."""
    known = parser()
    asked = known.parse_args(arguments)
    if asked.keep and (not asked.only or asked.against is not None):
        known.error("--keep is for --only, and for this tree alone")
    earlier = None if asked.compare is None else json.loads(asked.compare.read_text(encoding="utf-8"))
    begun = time.monotonic()
    try:
        figures = measured(asked, begun)
    except BuildError as error:
        sys.exit(f"bench: {error}")
    except KeyboardInterrupt:
        sys.exit("bench: interrupted, nothing is written")
    if earlier is not None:
        print(changes(earlier, figures))
    if asked.only:
        print(*page.measured_parts(figures), sep="\n\n")
    if asked.keep:
        write_down(in_place(figures))
    elif not asked.only:
        write_down(with_others(figures))
    print(f"{time.monotonic() - begun:.0f} s in all")


def in_place(part: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was written down, with a part's figures in their place; the machine stays that of all."""
    before = json.loads(FIGURES.read_text(encoding="utf-8"))
    return {**before, **{name: each for name, each in part.items() if name != "machine"}}


def write_down(figures: Mapping[str, Any]) -> None:
    """Put figures into both files."""
    written = tables.written(PAGE.read_text(encoding="utf-8"), page.parts(figures), by=BY)
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(written, encoding="utf-8")
    print(f"{PAGE.name} and {FIGURES.name} are written")


def measured(asked: argparse.Namespace, begun: float) -> dict[str, Any]:
    """Measure this tree, and another commit's beside it if one is asked for; return what is written down.

    Raises
    ------
    BuildError
        There is no such commit, or a build could not be measured.
    """
    wanted = [measure for measure in MEASURES if not asked.only or measure.name in asked.only]
    with ExitStack() as kept:
        side_by_side = [builds.here()]
        if asked.against is not None:
            side_by_side.insert(0, kept.enter_context(builds.checked_out(asked.against)))
            print(f"against {asked.against} ({side_by_side[0].commit}), with {side_by_side[0].packages}")
        taken = all_taken(
            side_by_side,
            wanted,
            turns=asked.turns,
            say=lambda name: print(f"{time.monotonic() - begun:4.0f} s  {name}", flush=True),
        )
    minutes = f"{(time.monotonic() - begun) / 60:.1f}"
    figures = {"machine": {**described(), "minutes": minutes}, **together(taken[-1])}
    if asked.against is not None:
        before, after = taken
        figures["against"] = against.written(
            asked.against, side_by_side, against.pairs(before, after), turns=asked.turns
        )
    return figures


if __name__ == "__main__":
    main()
