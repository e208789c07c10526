"""What the programme is to reach, and which figures are shown side by side: lists that grow by a line.

Figures are named by regular expressions of their flat names (figures.py). An aim that several figures must
meet is judged by the worst of them. Rows that this run cannot measure stand here all the same, and say so.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import scale
from benchmarks.figures import JOINS
from benchmarks.rounds import Spread

Write = Callable[[float], str]
"""Writes a figure as the page has it."""


def _as(form: str) -> Write:
    """Return what writes a figure in a form, thousands apart."""
    return lambda figure: form.format(figure).replace(",", " ")


_ratio = _as("{:.2f}")


def _rate(figure: float) -> str:
    return f"{scale.number(figure)}/s"


NOT_MEASURED = "not measured by this run"
MOVED: Mapping[str, str] = {}
"""What a module of handlers, a job, an operation or a limit was called, and what it is called now: without
an entry here the one is shown as gone and the other as new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """A row of the table: figures, the bound that all of them are to keep, and how they are written.

    A bound ``of_before`` is one of the ratio to what it was. ``reason`` says in figures why the bound is not
    kept, where it is not.
    """

    z: str
    what: str
    figure: str
    bound: float
    at_least: bool = False
    of_before: bool = False
    write: Write = _ratio
    reason: str = ""

    @property
    def bound_written(self) -> str:
        """The bound as the page has it."""
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {self.bound:g} of before" if self.of_before else f"{sign} {self.write(self.bound)}"

    def worst(self, found: Mapping[str, Spread | None]) -> tuple[str, Spread] | None:
        """Return the figure that is furthest from the aim, by its name; None if there is none."""
        there = [(name, each) for name, each in found.items() if each is not None]
        pick = min if self.at_least else max
        return pick(there, key=lambda each: each[1].median, default=None)

    def cell(self, name: str, figure: Spread, among: Collection[str]) -> str:
        """Write a figure with its spread, where it has any, and with what it is of among several."""
        written = self.write(figure.median)
        if figure.least != figure.greatest:
            written += f" ({self.write(figure.least)}-{self.write(figure.greatest)})"
        return ", ".join((written, *_own_parts(name, among)))

    def verdict(self, before: Spread | None, after: Spread | None) -> str:
        """Say whether a figure keeps the bound, and why not, as far as somebody has said so."""
        if after is None or (self.of_before and before is None):
            return NOT_MEASURED
        figure = after.median
        if self.of_before and before is not None:
            figure /= before.median
        if figure >= self.bound if self.at_least else figure <= self.bound:
            return "yes"
        return f"no: {self.reason}" if self.reason else "no"


def _own_parts(name: str, among: Collection[str]) -> list[str]:
    """Return the parts of a flat name in which it differs from others."""
    each = [other.split(JOINS) for other in among]
    return [
        part
        for place, part in enumerate(name.split(JOINS))
        if any(parts[place : place + 1] != [part] for parts in each)
    ]


_DAY, _SALE = "scale / an ordinary day", "scale / a flash sale of one product"

AIMS: Sequence[Aim] = (
    Aim(
        z="Z1",
        what="orders placed of one hot sku, of 1 000 sent each second",
        figure="hot sku / rows set before / placed of 1 000",
        bound=999,
        at_least=True,
        write=_as("{:.1f}"),
    ),
    Aim(
        z="Z1",
        what="share of them that meets a conflict; of the last half where rows rise by themselves",
        figure="hot sku / (rows set before / refused|rows by themselves / refused late)",
        bound=0.001,
        write=_as("{:.2%}"),
        reason="a sale of seconds is half over before the one row has become 48, since whoever spreads it "
        "wants the row that all want; with rows set before, none of 1 000 is refused",
    ),
    Aim(
        z="Z1",
        what="orders/s of one hot sku, one in 1 000 refused, by the model",
        figure=rf"models / {_SALE} / .*sku.*, one in 1 000 refused",
        bound=1_000,
        at_least=True,
        write=_rate,
    ),
    Aim(
        z="Z2",
        what="orders/s at which a job or a reader of a stream falls behind, by the model",
        figure=rf"models / {_DAY} / (job .*|.* stream to .*)",
        bound=500,
        at_least=True,
        write=_rate,
    ),
    Aim(
        z="Z2",
        what="what else refuses first, of the stage's throttle",
        figure="models / throttle / .*",
        bound=1,
        at_least=True,
    ),
    Aim(
        z="Z3",
        what="minutes of an audit of 10 M members, by the model",
        figure="models / audit / minutes / .*",
        bound=45,
        write=_as("{:,.0f}"),
    ),
    Aim(
        z="Z3",
        what="millions of read units of a week's audits, by the model",
        figure="models / audit / read units a week",
        bound=0.25,
        of_before=True,
        write=lambda units: f"{units / 1_000_000:.0f}",
    ),
    *(
        Aim(
            z="Z4",
            what=f"CPU of {what}, of the bare SDK's",
            figure=f"requests / {name} / cpu_ratio",
            bound=1.2,
        )
        for what, name in (
            *((f"a quote of {lines}", f"quote, {lines} lines") for lines in (1, 3, 20)),
            ("the wallet", "see the wallet"),
        )
    ),
    *(
        Aim(
            z="Z5",
            what=f"CPU of a checkout of {lines}, of the bare SDK's",
            figure=f"requests / checkout, {lines} lines / cpu_ratio",
            bound=1.2,
        )
        for lines in (1, 3, 20)
    ),
    Aim(
        z="Z6",
        what="cold start without an API, of a bare function's",
        figure=r"cold starts / functions\.(?!.*\.api ).* / ratio",
        bound=1.1,
    ),
    Aim(
        z="Z6",
        what="cold start with an API, of a bare function's",
        figure=r"cold starts / functions\..*\.api / ratio",
        bound=1.25,
        reason="the export answers in the shapes of all contexts, 88 ms of CPU over a bare function's 297; "
        "the shop's is at 1.22 of it",
    ),
    Aim(z="Z6", what="the bundle, MiB", figure="bundle / bundle / MiB", bound=12, write=_as("{:.1f}")),
    Aim(
        z="Z7",
        what="postings, of the bare loop",
        figure="jobs / posting / ratio",
        bound=1.2,
        at_least=True,
    ),
    Aim(
        z="Z8",
        what="dollars of a million orders, 1 M a month, by the model",
        figure="models / costs / a million orders",
        bound=60,
        reason="7 of them are the entries by which audits find what has changed, 11 write units an order; "
        "what is left is rows that are written, and levers are below",
        write=_as("{:.0f}"),
    ),
    Aim(
        z="Z9",
        what="CPU of pricing 10 lines with 8 campaigns, 3 coupons and points",
        figure="pricing / 10 lines, 8 campaigns, 3 coupons, points / ours_cpu_us",
        bound=500,
        write=_as("{:,.0f} µs"),
    ),
    Aim(
        z="Z10",
        what="unpaid orders/s of one flash sale that the job lets lapse, by the model",
        figure="models / lapse of a flash sale / orders/s",
        bound=5_000,
        at_least=True,
        write=_rate,
    ),
    Aim(
        z="Z10",
        what="orders/s of a day of which those that lapse are kept up with, by the model",
        figure=rf"models / {_DAY} / job `lapse-unpaid`",
        bound=5_000,
        at_least=True,
        write=_rate,
    ),
)
"""The table's rows. What Z9 wants besides is measured by benchmarks.engines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Figures that are shown side by side: what they are called, after the expression, and how written.

    What is ``exact`` is only shown where it has changed.
    """

    figure: str
    what: str
    write: Write
    exact: bool = False


SHOWN: Sequence[Shown] = (
    Shown(figure=r"requests / (.*) / ours_us", what=r"\1: time", write=_as("{:,.0f} µs")),
    Shown(figure=r"requests / (.*) / ours_cpu_us", what=r"\1: CPU", write=_as("{:,.0f} µs")),
    Shown(figure=r"requests / (.*) / bare_cpu_us", what=r"\1: CPU of the bare SDK", write=_as("{:,.0f} µs")),
    Shown(figure=r"pricing / (.*) / ours_cpu_us", what=r"pricing \1: CPU", write=_as("{:,.0f} µs")),
    Shown(figure=r"cold starts / (.*) / cpu_ms", what=r"cold start of `\1`: CPU", write=_as("{:,.0f} ms")),
    Shown(figure=r"bundle / (.*) / MiB", what=r"\1", write=_as("{:.1f} MiB")),
    Shown(figure=r"jobs / (.*) / per_second", what=r"`\1`: rate", write=_rate),
    Shown(figure=r"jobs / (.*) / cpu_ms_each", what=r"`\1`: CPU each", write=_as("{:.2f} ms")),
    Shown(figure=r"hot sku / (.*)", what=r"hot sku: \1", write=_as("{:g}"), exact=True),
    Shown(figure=rf"models / {_DAY} / (.*)", what=r"a day: \1", write=_rate, exact=True),
    Shown(figure=rf"models / {_SALE} / (.*)", what=r"a flash sale: \1", write=_rate, exact=True),
    Shown(figure=r"models / costs / (.*)", what=r"dollars: \1", write=_as("{:.2f}"), exact=True),
)
