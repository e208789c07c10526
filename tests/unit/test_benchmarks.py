"""What the benchmarks say follows from what they measured: ratios round by round, tables in their places."""

import json
import time
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks import __main__ as bench
from benchmarks import cold_starts, page, rounds, tables
from benchmarks.rounds import Spread, Work


class Clock:
    """Clocks that only move when work says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds = self.cpu_seconds = 0.0
        monkeypatch.setattr(time, "perf_counter", lambda: self.seconds)
        monkeypatch.setattr(time, "process_time", lambda: self.cpu_seconds)

    def work(self, seconds: float, cpu_seconds: float) -> None:
        """Let something take so long."""
        self.seconds += seconds
        self.cpu_seconds += cpu_seconds


def test_a_ratio_is_taken_in_each_round_and_the_first_round_only_warms_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, prepared, turns = Clock(monkeypatch), 0, []
    slow_machine = [50.0, 1.0, 10.0, 3.0]  # the same work, on a machine that is now slow, now quick

    def prepare() -> tuple[Work, Work]:
        nonlocal prepared
        pace = slow_machine[prepared]
        prepared += 1
        wasted = 9.0 if prepared == 1 else 1.0

        def ours() -> None:
            turns.append("ours")
            clock.work(3 * pace * wasted, 1.5 * pace)

        def bare() -> None:
            turns.append("bare")
            clock.work(2 * pace, 1 * pace)

        return ours, bare

    found = rounds.compared("it", prepare, times=10, rounds=3)
    assert (found.time_ratio, found.cpu_ratio) == (Spread.of([1.5]), Spread.of([1.5]))
    assert (found.ours_us, found.bare_us) == pytest.approx((900_000, 600_000))  # a tenth of the median round
    assert (found.ours_cpu_us, found.bare_cpu_us) == pytest.approx((450_000, 300_000))
    assert turns == ["bare", "ours", "ours", "bare", "bare", "ours", "ours", "bare"], "in turns"


def test_a_spread_has_its_median_and_its_ends() -> None:
    spread = Spread.of([1.4, 1.1, 1.2])
    assert (spread.median, spread.least, spread.greatest) == (1.2, 1.1, 1.4)
    assert str(spread) == "1.20 (1.10-1.40)"


def test_a_part_replaces_what_stood_in_its_place_and_nothing_else() -> None:
    text = "# A\n<!-- one: written by x -->\nold\n<!-- end of one -->\nrest\n"
    once = tables.written(text, {"one": "new"}, by="x")
    assert once == text.replace("old", "new")
    assert tables.written(once, {"one": "new"}, by="x") == once
    with pytest.raises(ValueError, match="no place for two"):
        tables.written(text, {"two": "new"}, by="x")


def test_what_changed_by_more_than_a_twentieth_is_said() -> None:
    before = {"a": {"ratio": 1.0, "same": 2.0}, "gone": 1, "text": "x"}
    after = {"a": {"ratio": 1.06, "same": 2.09}, "new": 5, "text": "y"}
    assert bench.changes(before, after).splitlines()[2:] == ["| a / ratio | 1 | 1.06 |"]


def test_a_run_that_is_interrupted_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(bench, "all_taken", interrupted)
    monkeypatch.setattr(bench, "FIGURES", tmp_path / "figures.json")
    with pytest.raises(SystemExit, match="interrupted, nothing is written"):
        bench.main([])
    assert not bench.FIGURES.exists()


def test_a_run_keeps_what_other_runs_have_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench, "FIGURES", tmp_path / "figures.json")
    bench.FIGURES.write_text('{"requests": "old", "against": "old", "engines": "old"}', encoding="utf-8")
    assert bench.with_others({"requests": "new"}) == {"requests": "new", "against": "old", "engines": "old"}
    assert bench.with_others({"against": "new"}) == {"against": "new", "engines": "old"}


def test_every_module_of_handlers_is_measured() -> None:
    deployed = {
        part
        for template in Path("infra").rglob("*.py")
        for part in template.read_text(encoding="utf-8").split('"')
        if part.startswith("functions.") and part.endswith("handler")
    }
    modules = {name.rpartition(".")[0] for name in deployed}
    modules.remove("functions.documents.api")  # imports the standard library, from a bundle of its own
    assert modules <= set(cold_starts.handler_modules())
    assert len(modules) > 5


def test_the_page_and_the_figures_are_of_one_run() -> None:
    written, figures = bench.PAGE.read_text(encoding="utf-8"), json.loads(bench.FIGURES.read_text("utf-8"))
    assert tables.written(written, page.parts(figures), by=bench.BY) == written
