"""Two builds side by side: of each figure what it was, what it is, and the ratio of both turn by turn.

``before`` is the build of the ref that ``--against`` names, ``after`` this tree. What is written down is what
the tables show, so that the page follows from performance.json.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.aims import AIMS, MOVED, SHOWN, Aim, Shown
from benchmarks.builds import Build
from benchmarks.figures import JOINS, Figures, flat
from benchmarks.machine import described, in_words
from benchmarks.rounds import Spread
from benchmarks.tables import markdown

OPERATION = re.compile(rf"operations{JOINS}(?P<operation>.+?){JOINS}(?P<figure>[^/]+)")
COUNTED = ("round_trips", "read_units", "write_units")
NEITHER = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A figure of both builds: None where a build has none of it, and no ratio where one is missing or 0."""

    before: Spread | None
    after: Spread | None
    ratio: Spread | None

    @classmethod
    def of(cls, before: Sequence[float], after: Sequence[float]) -> "Pair":
        """Return the pair of turns that were taken side by side: a ratio of each two, and their spread."""
        both = list(zip(before, after, strict=bool(before and after)))
        return cls(
            before=Spread.of(before) if before else None,
            after=Spread.of(after) if after else None,
            ratio=Spread.of([new / old for old, new in both])
            if both and all(old and new for old, new in both)
            else None,
        )

    @property
    def verdict(self) -> str:
        """The ratio, or which build alone has the figure."""
        if self.before is None:
            return "new"
        if self.after is None:
            return "gone"
        return NEITHER if self.ratio is None else ratio_written(self.ratio)

    @classmethod
    def read(cls, written: Mapping[str, Any]) -> "Pair":
        """Read it as it is written down."""
        return cls(**{name: None if each is None else Spread(**each) for name, each in written.items()})


Pairs = Mapping[str, Pair]


def ratio_written(ratio: Spread) -> str:
    """Write a ratio with its spread, or alone where every turn says the same."""
    return f"{ratio.median:.2f}" if ratio.least == ratio.greatest else str(ratio)


def series(turns: Iterable[Figures]) -> dict[str, list[float]]:
    """Return the figures of a build turn by turn, by their flat names."""
    found: dict[str, list[float]] = {}
    for turn in turns:
        for name, figure in flat(turn):
            found.setdefault(name, []).append(figure)
    return found


def renamed(name: str, moved: Mapping[str, str]) -> str:
    """Return what a figure is called now: modules and jobs may have moved since."""
    return JOINS.join(moved.get(part, part) for part in name.split(JOINS))


def pairs(
    before: Iterable[Figures], after: Iterable[Figures], moved: Mapping[str, str] = MOVED
) -> dict[str, Pair]:
    """Return the figures of both builds side by side, in the order of the newer one."""
    old = {renamed(name, moved): turns for name, turns in series(before).items()}
    new = series(after)
    return {
        name: Pair.of(old.get(name, ()), new.get(name, ())) for name in (*new, *(old.keys() - new.keys()))
    }


def written(ref: str, builds: Sequence[Build], found: Pairs, *, turns: int) -> dict[str, Any]:
    """Return what is written down: what was compared, and the figures that the tables show."""
    before, after = builds
    shown = {name: pair for name, pair in found.items() if _is_shown(name)}
    return {
        "ref": ref,
        "before": before.commit,
        "after": after.commit,
        "packages": before.packages,
        "machine": described(),
        "turns": turns,
        "pairs": {name: asdict(pair) for name, pair in shown.items()},
    }


def _is_shown(name: str) -> bool:
    return (
        OPERATION.fullmatch(name) is not None
        or any(re.fullmatch(shown.figure, name) for shown in SHOWN)
        or any(re.fullmatch(aim.figure, name) for aim in AIMS)
    )


def read(figures: Mapping[str, Any]) -> dict[str, Pair]:
    """Return the pairs of a comparison that is written down."""
    return {name: Pair.read(each) for name, each in figures["pairs"].items()}


def page(figures: Mapping[str, Any] | None, *, whole: bool = True) -> str:
    """Return what the page says of a comparison that is written down, or that there was none.

    What is not ``whole`` has no rows of aims that nobody has measured.
    """
    if figures is None:
        return "Nothing has been compared yet: `make bench AGAINST=<ref>`."
    found = read(figures)
    aims = [aim for aim in AIMS if whole or any(re.fullmatch(aim.figure, name) for name in found)]
    said = [
        f"Against `{figures['ref']}` ({figures['before']}; this tree: {figures['after']}), "
        f"{figures['turns']} turns of each, with {figures['packages']}, "
        f"on {in_words(figures['machine'])}",
        aims_table(found, aims),
    ]
    if (shown := shown_table(found)).count("\n") > 1:
        said += ["Figure by figure; of what is exact, only what has changed:", shown]
    if any(map(OPERATION.fullmatch, found)):
        said.append(operations_table(found))
    return "\n\n".join(said)


def aims_table(found: Pairs, aims: Iterable[Aim] = AIMS) -> str:
    """Return the aims with the worst figure of each before and after, and whether that meets it."""

    def cells(aim: Aim) -> Iterator[str]:
        named = {name: pair for name, pair in found.items() if re.fullmatch(aim.figure, name)}
        before = aim.worst({name: pair.before for name, pair in named.items()})
        after = aim.worst({name: pair.after for name, pair in named.items()})
        yield from (aim.z, aim.what, aim.bound_written)
        for worst in (before, after):
            yield NEITHER if worst is None else aim.cell(*worst, named)
        if before and after and len(named) == 1:
            yield found[after[0]].verdict
        elif before and after and before[1].median:
            yield f"{after[1].median / before[1].median:.2f}"
        else:
            yield NEITHER
        yield aim.verdict(*(None if worst is None else worst[1] for worst in (before, after)))

    return markdown(
        ("", "what", "aim", "before", "after", "after/before", "met"), map(list, map(cells, aims))
    )


def shown_table(found: Pairs, shown: Iterable[Shown] = SHOWN) -> str:
    """Return figures side by side; what one build alone has is ``new`` or ``gone``."""

    def one(figure: Spread | None, write: Callable[[float], str]) -> str:
        return NEITHER if figure is None else write(figure.median)

    rows = [
        (
            re.sub(each.figure, each.what, name),
            one(pair.before, each.write),
            one(pair.after, each.write),
            pair.verdict,
        )
        for each in shown
        for name, pair in found.items()
        if re.fullmatch(each.figure, name) and not (each.exact and pair.before == pair.after)
    ]
    return markdown(("what", "before", "after", "after/before"), rows)


def operations_table(found: Pairs) -> str:
    """Return the operations whose calls or units have changed, and how many have not."""
    operations: dict[str, dict[str, Pair]] = {}
    for name, pair in found.items():
        if match := OPERATION.fullmatch(name):
            operations.setdefault(match["operation"].split(JOINS)[0], {})[match["figure"]] = pair
    changed = {
        name: figures
        for name, figures in operations.items()
        if any(pair.before != pair.after for pair in figures.values())
    }
    same = (
        f"Of {len(operations)} operations, {len(operations) - len(changed)} ask for what they asked before."
    )
    if not changed:
        return same

    def cells(name: str, figures: Mapping[str, Pair]) -> Iterator[str]:
        yield name
        for counted in COUNTED:
            pair = figures.get(counted, Pair(before=None, after=None, ratio=None))
            sides = [NEITHER if each is None else f"{each.median:g}" for each in (pair.before, pair.after)]
            yield sides[0] if sides[0] == sides[1] else " → ".join(sides)
        first = figures[COUNTED[0]]
        yield first.verdict if None in (first.before, first.after) else ""

    head = ("operation", "round trips", "read units", "write units", "")
    rows = [list(cells(name, figures)) for name, figures in changed.items()]
    return f"{same} The others:\n\n{markdown(head, rows)}"
