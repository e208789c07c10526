"""Our pricing beside other engines: the cases, what is ours of asking them, and what is written of it.

No test installs or asks another engine: that is a run by hand, ``python -m benchmarks.engines``.
"""

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.builds import BuildError
from benchmarks.engines import __main__ as command
from benchmarks.engines import django_oscar, memberday, page, running
from benchmarks.engines.cases import CASES, Case, Saving, least_fen, prices_fen
from benchmarks.engines.measured import of_case
from benchmarks.engines.running import Engine, EngineError, Running, engines, started
from benchmarks.tables import written
from functions.offers.pricing import price
from tests.support.offering import FREE_SHIPPING

ONE, MANY = CASES
PINNED = re.compile(r"(?:@[a-z0-9-]+/)?[A-Za-z0-9.-]+(?:==|@)[0-9]+(?:\.[0-9]+)+")


def case(prices: Sequence[int], *, savings: Sequence[Saving] = (), coupons: Sequence[Saving] = ()) -> Case:
    """Return a case with a line of one unit for each price."""
    return {
        "name": "a case",
        "lines": [
            {"sku": f"s{number}", "quantity": 1, "price_fen": price_fen}
            for number, price_fen in enumerate(prices)
        ],
        "percentages": [],
        "savings": list(savings),
        "coupons": list(coupons),
    }


def off(name: str, from_fen: int, off_fen: int, *skus: str) -> Saving:
    """Return a saving or a coupon, on all where no skus are named."""
    return {"id": name, "from_fen": from_fen, "off_fen": off_fen, "skus": list(skus) or None}


def pays_by_us(asked: Case) -> int:
    """Return what our pricing has the order pay."""
    return memberday.Memberday(asked).prepared(None)()


# --- the cases ---


@pytest.mark.parametrize("asked", CASES, ids=lambda each: each["name"])
def test_what_a_case_names_is_there_once(asked: Case) -> None:
    skus = [line["sku"] for line in asked["lines"]]
    assert len(skus) == len(set(skus)) == 10
    lowered = [sku for each in asked["percentages"] for sku in each["skus"]]
    assert len(lowered) == len(set(lowered)), "a unit is in one percentage at most"
    offers = [*asked["savings"], *asked["coupons"]]
    named = {sku for each in offers for sku in each["skus"] or ()}
    assert {*lowered, *named} <= set(skus)
    ids = [each["id"] for each in offers] + [each["id"] for each in asked["percentages"]]
    assert len(ids) == len(set(ids))


def test_the_larger_case_has_as_many_offers_as_the_aim_and_the_smaller_one() -> None:
    assert len(MANY["percentages"]) + len(MANY["savings"]) == 8
    assert len(MANY["coupons"]) == 3
    assert [len(ONE[offers]) for offers in ("percentages", "savings", "coupons")] == [0, 1, 0]


@pytest.mark.parametrize("asked", CASES, ids=lambda each: each["name"])
def test_what_is_reached_is_so_at_list_prices_and_after_all_that_is_taken_off(asked: Case) -> None:
    """Engines count a threshold on one or the other: by either, a case has the same offers."""
    listed = {line["sku"]: line["price_fen"] * line["quantity"] for line in asked["lines"]}
    prices = prices_fen(asked)
    taken_fen = sum(each["off_fen"] for each in asked["savings"])
    for offer in (*asked["savings"], *asked["coupons"]):
        skus = listed if offer["skus"] is None else offer["skus"]
        most = sum(listed[sku] for sku in skus)
        least = sum(prices[line["sku"]] * line["quantity"] for line in asked["lines"] if line["sku"] in skus)
        assert (most >= offer["from_fen"]) == (least - taken_fen >= offer["from_fen"]), offer["id"]


# --- the least that an order can pay ---


@pytest.mark.parametrize(
    ("asked", "least"),
    [
        (case([30_000]), 30_000),
        (case([30_000], savings=[off("a", 30_000, 5_000)]), 25_000),
        (case([29_999], savings=[off("a", 30_000, 5_000)]), 29_999),
        (case([30_000], savings=[off("a", 30_000, 5_000), off("b", 30_000, 100)]), 24_900),
        (case([30_000], savings=[off("a", 30_000, 5_000)], coupons=[off("c", 30_000, 6_000)]), 24_000),
        (case([30_000], savings=[off("a", 30_000, 5_000)], coupons=[off("c", 25_000, 1)]), 24_999),
        (case([30_000, 100], savings=[off("a", 100, 50, "s1")], coupons=[off("c", 30_000, 7, "s0")]), 30_043),
    ],
)
def test_the_least_is_that_of_all_choices(asked: Case, least: int) -> None:
    assert least_fen(asked) == least
    assert pays_by_us(asked) == least


def test_a_percentage_that_comes_to_no_whole_fen_is_no_case() -> None:
    asked = case([999])
    asked["percentages"] = [{"id": "tenth", "percent_off": 10, "skus": ["s0"]}]
    with pytest.raises(ValueError, match="would cost"):
        least_fen(asked)


@st.composite
def savings(draw: st.DrawFn, name: str) -> Saving:
    """Draw a saving or a coupon that takes less than any line costs, and may ask for more than there is."""
    from_fen = draw(st.integers(5_000, 60_000))
    skus = draw(st.sets(st.sampled_from(["s0", "s1", "s2"])))
    return off(name, from_fen, draw(st.integers(1, 900)), *sorted(skus))


@st.composite
def small_cases(draw: st.DrawFn) -> Case:
    """Draw a case of three lines whose offers often miss what they ask for."""
    return case(
        draw(st.lists(st.integers(5_000, 30_000), min_size=3, max_size=3)),
        savings=[draw(savings(f"a{number}")) for number in range(draw(st.integers(0, 3)))],
        coupons=[draw(savings(f"c{number}")) for number in range(draw(st.integers(0, 3)))],
    )


@given(small_cases())
def test_our_pricing_finds_the_least(asked: Case) -> None:
    assert pays_by_us(asked) == least_fen(asked)


# --- a case as our pricing is asked for it ---


def test_our_quote_of_the_larger_case_uses_every_saving_and_the_best_coupon() -> None:
    cart, products, shopper = memberday.asked(MANY)
    quote = price(cart, products, shopper, FREE_SHIPPING)
    assert {use.campaign_id for use in quote.campaigns} == {each["id"] for each in MANY["savings"]}
    assert {use.campaign_id for use in quote.line_offers} == {each["id"] for each in MANY["percentages"]}
    assert quote.coupon is not None
    assert quote.coupon.coupon_id == "FROM600"
    assert quote.paid_fen == least_fen(MANY)
    assert {line.sku: line.unit_price_fen for line in quote.lines} == prices_fen(MANY)


def test_our_engine_is_told_no_coupon() -> None:
    with pytest.raises(ValueError, match="by name"):
        memberday.Memberday(MANY).prepared("FROM600")


def test_our_engine_answers_from_a_process_of_its_own(tmp_path: Path) -> None:
    ours, *_ = engines(tmp_path)
    with started(ours, ONE, tmp_path) as asked:
        assert asked.version
        assert asked.paid_fen(None) == least_fen(ONE)
        assert asked.cpu_us(None, 2) > 0


# --- what is installed, and adapters that run among it ---


def test_what_is_installed_is_pinned_and_no_index_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(running, "run", lambda line, _folder: commands.append([*line]))
    running.install(tmp_path)
    words = [word for line in commands for word in line]
    packages = [word for word in words if "==" in word or word.count("@") > word.startswith("@")]
    assert packages == [*running.PYTHON_PACKAGES, *running.NPM_PACKAGES]
    assert [package for package in packages if not PINNED.fullmatch(package)] == []
    options = {word for word in words if word.startswith("-")}
    assert not {option for option in options if re.search("index|registry|find-links|trusted", option)}
    assert options & {"-i", "-f"} == set()
    assert json.loads((tmp_path / "vendure" / "package.json").read_text(encoding="utf-8")) == {
        "private": True
    }


def test_what_cannot_be_installed_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(line: Sequence[str], folder: Path) -> str:
        raise BuildError("no such package")

    monkeypatch.setattr(running, "run", fails)
    with pytest.raises(EngineError, match="no such package"):
        running.install(tmp_path)


def imported(tree: ast.AST) -> Iterator[str]:
    """Give what a file imports when it runs: not what it imports for its types alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module)
        yield from imported(node)


@pytest.mark.parametrize("name", ["answering", "django_oscar"])
def test_what_runs_among_others_packages_imports_the_standard_library_alone(name: str) -> None:
    text = (running.ADAPTERS / f"{name}.py").read_text(encoding="utf-8")
    modules = {module.partition(".")[0] for module in imported(ast.parse(text))}
    assert modules <= set(sys.stdlib_module_names)


def test_the_adapter_of_vendure_can_be_read() -> None:
    node = [str(running.BIN / "node"), "--check", str(running.ADAPTERS / "vendure.cjs")]
    assert subprocess.run(node, check=False).returncode == 0  # noqa: S603 - reads it, runs nothing


def test_amounts_of_django_oscar_are_whole_fen_both_ways() -> None:
    class Basket:
        total_incl_tax = django_oscar.yuan(1_234)

    basket = Basket()
    assert basket.total_incl_tax == Decimal("12.34")
    assert django_oscar.paid_fen(basket) == 1_234
    basket.total_incl_tax = Decimal("12.345")
    with pytest.raises(ValueError, match="no amount of whole fen"):
        django_oscar.paid_fen(basket)


# --- asking ---


def engine(script: str, folder: Path) -> Engine:
    """Return an engine that is a script."""
    return Engine(name="it", command=(sys.executable, "-c", script), folder=folder)


def test_an_engine_that_fails_is_told_with_what_it_complained_about(tmp_path: Path) -> None:
    failing = engine("import sys; sys.exit('no promotions today')", tmp_path)
    with pytest.raises(EngineError, match="it: no promotions today"), started(failing, ONE, tmp_path):
        pass


def test_an_engine_ends_with_its_case(tmp_path: Path) -> None:
    answers = 'import sys\nfor line in sys.stdin: print(\'{"version": "1"}\', flush=True)'
    with started(engine(answers, tmp_path), ONE, tmp_path) as asked:
        process = asked._process
        assert asked.version == "1"
        assert process.poll() is None
    assert process.poll() == 0


class Told:
    """An engine that pays by coupon, and takes so long round after round, after a first one."""

    def __init__(self, name: str, pays: dict[str | None, int], *cpu_us: float, finds: bool = False) -> None:
        self.engine = Engine(name=name, command=(), folder=Path(), finds_the_best=finds)
        self.version = f"{name} 1"
        self.asked: list[str | None] = []
        self._pays, self._cpu_us = pays, iter((1e6, *cpu_us))

    def paid_fen(self, coupon: str | None) -> int:
        """Return what it pays."""
        return self._pays[coupon]

    def cpu_us(self, coupon: str | None, times: int) -> float:
        """Return the next figure."""
        assert times == 1, "a second of CPU is enough for a turn"
        self.asked.append(coupon)
        return next(self._cpu_us)


def test_a_ratio_is_that_of_two_turns_of_a_round_and_the_first_round_only_warms_up() -> None:
    asked = case([30_000], coupons=[off("c", 1, 100), off("d", 1, 300)])
    ours = Told("ours", {None: 29_700}, 9.0, 100.0, 1_000.0, finds=True)
    other = Told("other", {None: 30_000, "c": 29_900, "d": 29_800}, 9.0, 400.0, 2_000.0)
    figures = of_case(asked, cast("list[Running]", [ours, other]), rounds=2)
    assert figures["least_fen"] == 29_700
    assert figures["engines"]["ours"] == {
        "version": "ours 1",
        "cpu_us": {"median": 550.0, "least": 100.0, "greatest": 1_000.0},
        "ratio": {"median": 1.0, "least": 1.0, "greatest": 1.0},
        "pricings": 1,
        "paid_fen": 29_700,
    }
    told = figures["engines"]["other"]
    assert told["ratio"] == {"median": 3.0, "least": 2.0, "greatest": 4.0}
    assert (told["pricings"], told["paid_fen"]) == (3, 29_800)
    assert set(other.asked) == {"d"}, "it is measured with the coupon that is the best by it"


# --- what is written ---


FIGURES: dict[str, Any] = {
    "machine": {"cpu": "a CPU", "cores": "2", "system": "Linux", "python": "3.11.7"},
    "rounds": 3,
    "cases": {
        "two offers": {
            "least_fen": 413_035,
            "engines": {
                "ours": {
                    "version": "abc",
                    "cpu_us": {"median": 250.0, "least": 240.0, "greatest": 260.0},
                    "ratio": {"median": 1.0, "least": 1.0, "greatest": 1.0},
                    "pricings": 1,
                    "paid_fen": 413_035,
                },
                "other": {
                    "version": "1.2",
                    "cpu_us": {"median": 12_500.0, "least": 12_000.0, "greatest": 13_000.0},
                    "ratio": {"median": 50.0, "least": 48.0, "greatest": 52.04},
                    "pricings": 4,
                    "paid_fen": 413_080,
                },
            },
        }
    },
}


def test_the_table_says_what_each_takes_of_ours_and_whether_it_finds_the_least() -> None:
    said = page.table(FIGURES).splitlines()
    assert said[0] == "3 rounds on a CPU, 2 cores, Linux, Python 3.11.7."
    assert said[2] == "**Two offers**"
    assert said[-2:] == [
        "| ours | abc | 0.25 ms | 1.0 | 1 | 1.0 | 413 035 | yes |",
        "| other | 1.2 | 12.50 ms | 50.0 (48.0-52.0) | 4 | 200.0 | 413 080 | no: 45 more |",
    ]


def test_a_run_writes_its_own_part_of_the_page_and_of_the_figures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(command, "FIGURES", tmp_path / "figures.json")
    text = f"# P\n<!-- engines: written by {command.BY} -->\nold\n<!-- end of engines -->\nrest\n"
    command.PAGE.write_text(text, encoding="utf-8")
    command.FIGURES.write_text('{"pricing": 1, "engines": "old"}', encoding="utf-8")
    command.write(FIGURES)
    assert json.loads(command.FIGURES.read_text(encoding="utf-8")) == {"pricing": 1, "engines": FIGURES}
    assert command.PAGE.read_text(encoding="utf-8") == text.replace("old", page.table(FIGURES))


def test_the_page_has_the_figures_that_are_written_down() -> None:
    figures = json.loads(command.FIGURES.read_text(encoding="utf-8"))[command.NAME]
    text = command.PAGE.read_text(encoding="utf-8")
    assert written(text, {command.NAME: page.table(figures)}, by=command.BY) == text
    assert figures["cases"].keys() == {each["name"] for each in CASES}
