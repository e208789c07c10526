"""``python -m benchmarks``: measure everything, write docs/performance.md and docs/performance.json.

Each figure of time is a ratio against a baseline in the same run; calls and units are exact.
``--compare FILE`` shows what has changed since an earlier run's JSON.
"""

import argparse
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks import (
    cold_starts,
    coupon_job,
    operations,
    order_jobs,
    points_jobs,
    postings,
    pricing,
    requests,
    tables,
)
from benchmarks.cold_starts import ColdStart
from benchmarks.jobs import HEAD
from benchmarks.machine import described, quiet, to_nowhere
from benchmarks.rounds import ROUNDS, Comparison
from benchmarks.tables import markdown

DOCS = Path(__file__).parent.parent / "docs"
PAGE, FIGURES = DOCS / "performance.md", DOCS / "performance.json"
JOB_ITEMS = 2_000
"""Items of each job, so that all jobs are done in a minute; more of them by the jobs' own commands."""
CHANGED_BY = 0.05
"""From what share on a figure of an earlier run counts as changed."""


def of_comparisons(compared: Sequence[Comparison]) -> str:
    """Return comparisons as a table."""
    return markdown(
        ("what", "time, of the baseline", "CPU, of the baseline", "CPU", "CPU of the baseline"),
        [
            (
                each.name,
                str(each.time_ratio),
                str(each.cpu_ratio),
                f"{each.ours_cpu_us:.0f} µs",
                f"{each.bare_cpu_us:.1f} µs",
            )
            for each in compared
        ],
    )


def of_cold_starts(starts: Sequence[ColdStart]) -> str:
    """Return cold starts as a table."""
    return markdown(
        ("module", "CPU, of the bare function", "CPU", "modules"),
        [
            (f"`{each.module}`", str(each.ratio), f"{each.cpu_ms:.0f} ms", str(each.modules))
            for each in starts
        ],
    )


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    """Return what differs between two runs by more than :data:`CHANGED_BY`, as a table."""
    old, new = dict(_flat(before)), dict(_flat(after))
    rows = [
        (name, f"{old[name]:g}", f"{new[name]:g}")
        for name in old.keys() & new.keys()
        if abs(new[name] - old[name]) > CHANGED_BY * abs(old[name])
    ]
    return markdown(("figure", "before", "after"), sorted(rows))


def _flat(figures: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    for name, figure in figures.items():
        if isinstance(figure, dict):
            yield from _flat(figure, f"{prefix}{name} / ")
        elif isinstance(figure, (int, float)):
            yield prefix + name, figure


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"rounds of each comparison ({ROUNDS})")
    parser.add_argument("--items", type=int, default=JOB_ITEMS, help=f"items of each job ({JOB_ITEMS})")
    parser.add_argument("--compare", type=Path, metavar="FILE", help="an earlier run's JSON")
    asked = parser.parse_args()
    before = None if asked.compare is None else json.loads(asked.compare.read_text(encoding="utf-8"))
    begun = time.monotonic()
    parts: dict[str, str] = {}
    figures: dict[str, Any] = {"machine": described()}

    to_nowhere()
    for name, measure in (("requests", requests.measured), ("pricing", pricing.measured)):
        compared = list(measure(rounds=asked.rounds))
        parts[name] = of_comparisons(compared)
        figures[name] = {each.name: each.figures() for each in compared}
    starts = list(cold_starts.measured(rounds=asked.rounds))
    parts["cold starts"] = of_cold_starts(starts)
    figures["cold starts"] = {each.module: each.figures() for each in starts}
    figures["bundle"] = cold_starts.bundle_bytes()
    parts["bundle"] = markdown(
        ("what", "MiB"), [(name, f"{size / 2**20:.1f}") for name, size in figures["bundle"].items()]
    )
    quiet()
    found = operations.all_measured()
    parts["operations"], figures["operations"] = operations.table(found), found
    jobs = [
        measure(asked.items)
        for measure in (
            postings.post,
            order_jobs.lapse_of_a_sale,
            order_jobs.lapse_of_a_day,
            order_jobs.receive,
            points_jobs.release,
            points_jobs.expire,
            coupon_job.issue,
        )
    ]
    parts["jobs"] = markdown(HEAD, [each.cells() for each in jobs])
    figures["jobs"] = {each.job: each.figures() for each in jobs}
    machine = figures["machine"]
    parts["machine"] = ", ".join((machine["cpu"], f"{machine['cores']} cores", machine["system"]))
    parts["machine"] += f", Python {machine['python']}."

    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(tables.written(page, parts, by="make bench"), encoding="utf-8")
    if before is not None:
        print(changes(before, figures))
    FIGURES.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(f"{PAGE.name} and {FIGURES.name} are written; {time.monotonic() - begun:.0f} s in all")


if __name__ == "__main__":
    main()
