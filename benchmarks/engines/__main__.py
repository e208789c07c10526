"""``python -m benchmarks.engines``: our pricing beside that of open engines, with the same offers.

It installs them, at fixed versions, into a temporary folder that goes at the end, has all of them price
each case in turns, and prints the tables. ``--write`` writes them into docs/performance.md and
docs/performance.json. It needs a network and some minutes, so nobody runs it but by hand.
"""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import __main__ as bench
from benchmarks.builds import terminable
from benchmarks.engines import page
from benchmarks.engines.cases import CASES
from benchmarks.engines.measured import ROUNDS, measured
from benchmarks.engines.running import EngineError, engines, install
from benchmarks.figures import Figures
from benchmarks.machine import described
from benchmarks.tables import written

PAGE, FIGURES = bench.PAGE, bench.FIGURES
BY = "python -m benchmarks.engines --write"
NAME = "engines"
"""What its part of the page and of the figures is called."""


def parser() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    known = argparse.ArgumentParser(prog="python -m benchmarks.engines", description=__doc__)
    known.add_argument("--write", action="store_true", help=f"write {PAGE.name} and {FIGURES.name}")
    known.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds that count ({ROUNDS})")
    return known


def write(figures: Figures) -> None:
    """Write figures into the page and the file of all figures, and nothing else there."""
    text = PAGE.read_text(encoding="utf-8")
    all_figures = {**json.loads(FIGURES.read_text(encoding="utf-8")), NAME: figures}
    PAGE.write_text(written(text, {NAME: page.table(figures)}, by=BY), encoding="utf-8")
    FIGURES.write_text(json.dumps(all_figures, indent=2) + "\n", encoding="utf-8")


def main(arguments: Sequence[str] | None = None) -> None:
    """Install, measure, print, write."""
    asked = parser().parse_args(arguments)
    begun = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - begun:4.0f} s  {what}", flush=True)

    try:
        with terminable(), tempfile.TemporaryDirectory(prefix="memberday-engines-") as name:
            folder = Path(name).resolve()
            say("packages are installed")
            install(folder)
            cases = measured(CASES, engines(folder), folder, rounds=asked.rounds, say=say)
    except EngineError as error:
        sys.exit(f"engines: {error}")
    except KeyboardInterrupt:
        sys.exit("engines: interrupted, nothing is written")
    minutes = f"{(time.monotonic() - begun) / 60:.1f}"
    figures = {"machine": {**described(), "minutes": minutes}, "rounds": asked.rounds, "cases": cases}
    print(page.table(figures))
    if asked.write:
        write(figures)
        print(f"{PAGE.name} and {FIGURES.name} are written")


if __name__ == "__main__":
    main()
