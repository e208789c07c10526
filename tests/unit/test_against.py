"""Two builds side by side: their ratios are those of turns taken together, and what one lacks is said."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from importlib import import_module, util
from pathlib import Path
from typing import Any

import pytest

from benchmarks import against, aims, cold_starts, figures, measures, page, turn
from benchmarks.aims import AIMS, SHOWN, Aim, Shown
from benchmarks.builds import Build
from benchmarks.figures import Figures
from benchmarks.measures import MEASURES, Turns
from benchmarks.rounds import Spread

QUOTE = "requests / quote, 1 lines"


def spread(*of: float) -> dict[str, float]:
    """Return a spread as it is written down."""
    return asdict(Spread.of(of))


def build(name: str) -> Build:
    """Return a build that nobody asks."""
    return Build(name=name, root=Path(name), python=Path(name), commit=name, packages="the same packages")


def quotes(*turns: float) -> list[Figures]:
    """Return turns that measured the CPU of a quote."""
    return [{"requests": {"quote, 1 lines": {"ours_cpu_us": each}}} for each in turns]


def test_a_ratio_is_that_of_two_turns_that_were_taken_side_by_side() -> None:
    """A machine that slows down in between moves both; medians alone would say 200 / 300."""
    pair = against.pairs(quotes(100, 1_000, 300), quotes(50, 400, 200))[f"{QUOTE} / ours_cpu_us"]
    assert pair.ratio == Spread(median=0.5, least=0.4, greatest=200 / 300)
    assert (pair.before, pair.after) == (Spread.of([100, 1_000, 300]), Spread.of([50, 400, 200]))
    assert pair.verdict == "0.50 (0.40-0.67)"


def test_turns_that_were_not_taken_together_have_no_ratio() -> None:
    with pytest.raises(ValueError, match="zip"):
        against.pairs(quotes(1, 2), quotes(1))


def test_a_figure_of_nothing_has_no_ratio() -> None:
    assert against.Pair.of([0.0], [1.0]).verdict == "none"


def test_what_one_build_alone_has_is_new_or_gone() -> None:
    before: list[Figures] = [{"cold starts": {"functions.a.schedule": {"cpu_ms": 3.0}}}]
    after: list[Figures] = [{"cold starts": {"functions.a.queue": {"cpu_ms": 2.0}}}]
    shown = [Shown(figure=r"cold starts / (.*) / cpu_ms", what=r"`\1`", write="{:.0f} ms".format)]
    assert against.shown_table(against.pairs(before, after, {}), shown).splitlines()[2:] == [
        "| `functions.a.queue` | none | 2 ms | new |",
        "| `functions.a.schedule` | 3 ms | none | gone |",
    ]
    moved = {"functions.a.schedule": "functions.a.queue"}
    assert against.shown_table(against.pairs(before, after, moved), shown).splitlines()[2:] == [
        "| `functions.a.queue` | 3 ms | 2 ms | 0.67 |"
    ]


AIM = Aim(z="Z0", what="it", figure=r"x / (.*) / ratio", bound=1.2, reason="0.3 of it is the wire")


def of_ratios(**ratios: float) -> list[Figures]:
    """Return one turn that measured ratios."""
    return [{"x": {name: {"ratio": each} for name, each in ratios.items()}}]


@pytest.mark.parametrize(
    ("aim", "after", "row"),
    [
        (AIM, {"a": 1.1, "b": 1.2}, "| Z0 | it | ≤ 1.20 | 2.00, b | 1.20, b | 0.60 | yes |"),
        (
            AIM,
            {"a": 1.3, "b": 1.2},
            "| Z0 | it | ≤ 1.20 | 2.00, b | 1.30, a | 0.65 | no: 0.3 of it is the wire |",
        ),
        (
            replace(AIM, at_least=True, reason=""),
            {"a": 3.0, "b": 1.1},
            "| Z0 | it | ≥ 1.20 | 1.00, a | 1.10, b | 1.10 | no |",
        ),
        (
            replace(AIM, bound=0.5, of_before=True),
            {"a": 0.9, "b": 1.0},
            "| Z0 | it | ≤ 0.5 of before | 2.00, b | 1.00, b | 0.50 | yes |",
        ),
        (AIM, {}, "| Z0 | it | ≤ 1.20 | 2.00, b | none | none | not measured by this run |"),
    ],
)
def test_an_aim_is_judged_by_the_figure_that_is_furthest_from_it(
    aim: Aim, after: dict[str, float], row: str
) -> None:
    found = against.pairs(of_ratios(a=1.0, b=2.0), of_ratios(**after))
    assert against.aims_table(found, [aim]).splitlines()[2:] == [row]


def test_an_aim_of_one_figure_shows_the_spread_of_its_ratio() -> None:
    before, after = ([*of_ratios(a=one), *of_ratios(a=other)] for one, other in ((2, 4), (1, 3)))
    (row,) = against.aims_table(against.pairs(before, after), [AIM]).splitlines()[2:]
    assert row.split(" | ")[3:6] == ["3.00 (2.00-4.00)", "2.00 (1.00-3.00)", "0.62 (0.50-0.75)"]


def test_operations_that_ask_for_something_else_are_shown_call_by_call() -> None:
    def asks(**units: float) -> Figures:
        return {"round_trips": 2, "calls": {"GetItem": 1}, "read_units": 1, "write_units": 7, **units}

    before: list[Figures] = [{"operations": {"pay": asks(), "ship": asks(), "lapse": asks()}}]
    after: list[Figures] = [{"operations": {"pay": asks(), "ship": asks(write_units=5), "audit": asks()}}]
    said, _, *rows = against.operations_table(against.pairs(before, after)).splitlines()
    assert said.startswith("Of 4 operations, 1 ask for what they asked before.")
    assert rows[2:] == [
        "| ship | 2 | 1 | 7 → 5 |  |",
        "| audit | none → 2 | none → 1 | none → 7 | new |",
        "| lapse | 2 → none | 1 → none | 7 → none | gone |",
    ]


def test_the_page_follows_from_what_is_written_down() -> None:
    ours = [*quotes(90, 80), {"operations": {"pay": {"round_trips": 2}}}, {"unheard of": {"x": 1}}]
    found = against.pairs([*quotes(100, 100), {"operations": {"pay": {"round_trips": 2}}}], ours)
    written = against.written("v1", (build("before"), build("after")), found, turns=2)
    shown = {name: pair for name, pair in found.items() if name != "unheard of / x"}
    assert against.read(written) == shown
    text = against.page(written)
    head = "Against `v1` (before; this tree: after), 2 turns of each, with the same packages, on "
    assert text.startswith(head)
    assert "| quote, 1 lines: CPU | 100 µs | 85 µs | 0.85 (0.80-0.90) |" in text
    assert text.count(aims.NOT_MEASURED) == len(AIMS)
    assert aims.NOT_MEASURED not in against.page(written, whole=False)
    assert page.measured_parts({"against": written}) == [against.page(written, whole=False)]
    assert page.parts({}.fromkeys(page.PARTS, {}) | STANDING)["against"].startswith(
        "Nothing has been compared"
    )


STANDING: dict[str, Any] = {
    "machine": {"cpu": "c", "cores": "2", "system": "s", "python": "p"},
    "against": None,
}


def test_a_run_of_one_build_that_measures_some_things_says_what_they_are() -> None:
    assert page.measured_parts({"machine": STANDING["machine"]}) == ["c, 2 cores, s, Python p."]
    assert page.PARTS["machine"]({**STANDING["machine"], "minutes": "4.5"}) == (
        "c, 2 cores, s, Python p; all of it took 4.5 minutes."
    )
    assert page.measured_parts({"bundle": {"code": {"MiB": 1.04}}, "models": {"a": {"b": 2.5}}}) == [
        "| what | MiB |\n| --- | --- |\n| code | 1.0 |",
        "| figure | is |\n| --- | --- |\n| models / a / b | 2.5 |",
    ]


def test_turns_say_together_the_median_and_the_whole_width() -> None:
    turns = [
        {"name": "old", "n": 1, "ratio": spread(1.0, 1.2, 1.3), "in": {"n": 5}},
        {"name": "new", "n": 9, "ratio": spread(0.9, 1.4, 1.5), "in": {"n": 6}, "late": 2},
    ]
    assert figures.together(turns) == {
        "name": "new",
        "n": 5,
        "ratio": {"median": pytest.approx(1.3), "least": 0.9, "greatest": 1.5},
        "in": {"n": 5.5},
        "late": 2,
    }
    assert dict(figures.flat(turns[1])) == {"n": 9, "ratio": 1.4, "in / n": 6, "late": 2}


def test_builds_are_asked_in_turns_and_one_that_lacks_a_figure_has_none() -> None:
    asked = []

    def ask(of: Build) -> Figures | None:
        asked.append(of.name)
        return None if of.name == "before" else {"n": len(asked)}

    builds = [build("before"), build("after")]
    assert measures.asked(builds, ask, name="x", turns=3) == [[], [{"x": {"n": n}} for n in (2, 3, 6)]]
    assert asked == ["before", "after", "after", "before", "before", "after"]


class Machine:
    """Interpreters that start in a time that is given, on a machine that is slower with each start."""

    def __init__(self, name: str, starts: list[str], ms: Mapping[str, float]) -> None:
        self.name, self.ms, self._starts = name, ms, starts
        self.folders = dict.fromkeys((each for each in ms if each.startswith("functions")), name)
        self.bare, self.bare_folder = "bare", name

    def started(self, program: str, folder: str) -> tuple[float, int]:
        """Start a program."""
        assert folder == self.name
        self._starts.append(f"{self.name} {program}")
        return self.ms[program.removeprefix("import ")] + 10, 100 + len(program)


def test_modules_start_beside_a_bare_function_and_the_first_round_does_not_count() -> None:
    starts: list[str] = []
    old: Any = Machine("old", starts, {"": 0, "bare": 200, "functions.a": 300})
    new: Any = Machine("new", starts, {"": 0, "bare": 200, "functions.a": 220, "functions.b": 250})
    of_old, of_new = cold_starts.measured([old, new], rounds=1)
    assert [of_old[0]["functions.a"]["ratio"], of_new[0]["functions.a"]["ratio"]] == [
        spread(1.5),
        spread(1.1),
    ]
    assert list(of_old[0]) == ["bare", "functions.a"]
    assert of_new[0]["bare"] == {"cpu_ms": 200, "ratio": spread(1.0), "modules": 4}
    assert starts[len(starts) // 2 :] == [
        *("old ", "new "),
        *("new bare", "new import functions.a", "old bare", "old import functions.a"),
        *("new bare", "new import functions.b"),
    ]


def test_a_sale_says_what_was_placed_and_what_met_a_conflict() -> None:
    sale = {"placed": 1_990, "sent": 2_000, "troubled": 4, "troubled_late": 1, "sent_late": 1_000}
    assert measures.of_sale({**sale, "sends": 3_000, "rows": 48}) == {
        "placed of 1 000": 995.0,
        "refused": 0.002,
        "refused late": 0.001,
        "sends each": 1.5,
        "rows": 48,
    }


def test_every_measure_is_a_turn_that_there_is() -> None:
    of_turns = [measure for measure in MEASURES if isinstance(measure, Turns)]
    assert {measure.turn for measure in of_turns} <= turn.TURNS.keys()
    for measure in of_turns:
        if measure.turn == "job":
            module, _, function = measure.how["of"].partition(":")
            assert not util.find_spec(module) or hasattr(import_module(module), function), measure.how


def test_the_models_have_what_the_table_shows_of_them() -> None:
    found = dict(figures.flat({"models": turn.models()}))
    figures_of = [*(aim.figure for aim in AIMS), *(shown.figure for shown in SHOWN)]
    of_models: list[Callable[[str], Any]] = [
        re.compile(figure).fullmatch for figure in figures_of if figure.startswith("models")
    ]
    assert of_models
    for matches in of_models:
        assert any(map(matches, found)), matches
