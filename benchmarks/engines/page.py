"""What a run of the engines says: a table for each case."""

from collections.abc import Iterator
from typing import Any

from benchmarks.figures import Figures
from benchmarks.machine import in_words
from benchmarks.rounds import Spread
from benchmarks.tables import markdown

HEAD = (
    "engine",
    "version",
    "CPU of a pricing",
    "of ours",
    "pricings for the best coupon",
    "CPU of these, of ours",
    "the order pays, fen",
    "the least possible",
)


def table(figures: Figures) -> str:
    """Return the tables of all cases, and on which machine they were measured."""
    said = [f"{figures['rounds']} rounds on {in_words(figures['machine'])}"]
    for name, case in figures["cases"].items():
        least_fen = case["least_fen"]
        said += [f"**{name[0].upper()}{name[1:]}**", markdown(HEAD, list(map(tuple, rows(case, least_fen))))]
    return "\n\n".join(said)


def rows(case: Figures, least_fen: int) -> Iterator[Iterator[str]]:
    """Give a row for each engine."""
    for name, each in case["engines"].items():
        yield cells(name, each, least_fen)


def cells(name: str, each: dict[str, Any], least_fen: int) -> Iterator[str]:
    """Give the cells of an engine's row."""
    ratio, pricings = Spread(**each["ratio"]), each["pricings"]
    over_fen = each["paid_fen"] - least_fen
    yield from (name, each["version"], f"{each['cpu_us']['median'] / 1_000:.2f} ms", _written(ratio))
    yield from (f"{pricings}", f"{ratio.median * pricings:.1f}", f"{each['paid_fen']:,}".replace(",", " "))
    yield "yes" if over_fen == 0 else f"no: {abs(over_fen)} {'more' if over_fen > 0 else 'less'}"


def _written(ratio: Spread) -> str:
    if ratio.least == ratio.greatest:
        return f"{ratio.median:.1f}"
    return f"{ratio.median:.1f} ({ratio.least:.1f}-{ratio.greatest:.1f})"
