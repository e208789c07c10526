"""docs/performance.md: the parts that a run writes, all of which follow from docs/performance.json."""

from collections.abc import Callable, Mapping
from typing import Any

from benchmarks import against, operations
from benchmarks.figures import Figures, flat
from benchmarks.machine import in_words
from benchmarks.rounds import Spread
from benchmarks.tables import markdown


def comparisons(figures: Figures) -> str:
    """Return comparisons with a baseline as a table."""
    return markdown(
        ("what", "time, of the baseline", "CPU, of the baseline", "CPU", "CPU of the baseline"),
        [
            (
                name,
                str(Spread(**each["time_ratio"])),
                str(Spread(**each["cpu_ratio"])),
                f"{each['ours_cpu_us']:.0f} µs",
                f"{each['bare_cpu_us']:.1f} µs",
            )
            for name, each in figures.items()
        ],
    )


def cold_starts(figures: Figures) -> str:
    """Return cold starts as a table."""
    return markdown(
        ("module", "CPU, of the bare function", "CPU", "modules"),
        [
            (f"`{name}`", str(Spread(**each["ratio"])), f"{each['cpu_ms']:.0f} ms", f"{each['modules']:.0f}")
            for name, each in figures.items()
        ],
    )


def bundle(figures: Figures) -> str:
    """Return what the bundle weighs as a table."""
    return markdown(("what", "MiB"), [(name, f"{each['MiB']:.1f}") for name, each in figures.items()])


def jobs(figures: Figures) -> str:
    """Return jobs and postings as a table."""
    return markdown(
        ("job", "due", "rate", "of the bare loop", "CPU each", "written each", "read each", "memory"),
        [
            (
                f"`{name}`",
                f"{each['items']:.0f}",
                f"{each['per_second']:.0f}/s",
                str(Spread(**each["ratio"])),
                f"{each['cpu_ms_each']:.2f} ms",
                f"{each['write_units_each']:.2f}",
                f"{each['read_units_each']:.2f}",
                f"{each['memory_kib'] / 1024:.0f} MiB",
            )
            for name, each in figures.items()
        ],
    )


PARTS: Mapping[str, Callable[[Any], str]] = {
    "machine": in_words,
    "requests": comparisons,
    "office": comparisons,
    "pricing": comparisons,
    "cold starts": cold_starts,
    "bundle": bundle,
    "operations": operations.table,
    "jobs": jobs,
    "against": against.page,
}
"""What writes each part, from the figures of its name; the last one also where there are none."""


def parts(figures: Figures) -> dict[str, str]:
    """Return the parts of the page, as the figures have them."""
    return {name: write(figures.get(name)) for name, write in PARTS.items()}


def measured_parts(figures: Figures) -> list[str]:
    """Return what a run says that has not measured everything; what has no part of the page as a list."""
    said = [write(figures[name]) for name, write in PARTS.items() if name in figures and name != "against"]
    if "against" in figures:
        return [*said, against.page(figures["against"], whole=False)]
    rest = {name: each for name, each in figures.items() if name not in PARTS}
    listed = [(name, f"{each:g}") for name, each in flat(rest)]
    return [*said, markdown(("figure", "is"), listed)] if listed else said
