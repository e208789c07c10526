"""The README in both languages: what it names is there, and its figures are the models'."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.support.stack import ROOT

PAGES = ("README.md", "README.zh-CN.md")
BLOCK = re.compile(r"```.*?```", re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)\)")


def text_of(page: str) -> str:
    """Return a page's text."""
    return (ROOT / page).read_text(encoding="utf-8")


@pytest.fixture(params=PAGES)
def text(request: pytest.FixtureRequest) -> str:
    """Each of the two."""
    return text_of(request.param)


def test_it_starts_with_the_two_commands(text: str) -> None:
    head, block = text.split("```sh\n", 1)
    assert head == "# memberday\n\n"
    assert [line.split()[:2] for line in block.splitlines()[:2]] == [["make", "run"], ["make", "test"]]


def test_what_it_links_is_there(text: str) -> None:
    links = [link for link in LINK.findall(text) if not link.startswith("https://")]
    assert len(links) > 15
    assert [link for link in links if not (ROOT / link).exists()] == []


def bones(text: str) -> Iterator[tuple[str, str]]:
    """Give what both languages have in common: commands, links, code, headings' levels, rows of tables."""
    for line in re.sub(r"#.*", "", "".join(BLOCK.findall(text))).splitlines():
        if line.startswith(("make", "  ", "·", "$")) and not re.search(r"[一-鿿]|/  ", line):
            yield "code", line.rstrip()
    yield from (("link", link) for link in LINK.findall(text) if link not in PAGES)
    without = BLOCK.sub("", text)
    yield from (("row", str(line.count(" | "))) for line in without.splitlines() if line.startswith("| "))
    yield from (("heading", mark) for mark in re.findall(r"^#+", without, re.MULTILINE))
    yield from (("inline", name) for name in re.findall(r"`([^`]+)`", without))


def test_both_languages_say_the_same() -> None:
    english, chinese = (sorted(bones(text_of(page))) for page in PAGES)
    assert [kind for kind, _ in english].count("inline") > 50
    assert english == chinese


def table(page: str, name: str) -> list[list[str]]:
    """Return the rows of a table that a model has written into a page."""
    (part,) = re.findall(rf"<!-- {name}: written.*?-->\n(.*?)<!-- end", text_of(page), re.DOTALL)
    return [line.strip("| ").split(" | ") for line in part.splitlines()]


def test_its_figures_are_those_of_the_documents(text: str) -> None:
    """The documents' tables are compared with their models elsewhere (make check)."""
    orders, pace = table("docs/costs.md", "orders")[-1], table("docs/costs.md", "pace")
    (writes,) = [row for row in table("docs/costs.md", "bought") if row[0].startswith("DynamoDB: write")]
    visit = table("docs/costs.md", "visits")[2]
    standing, day = table("docs/costs.md", "standing"), table("docs/scale.md", "day")[2:]
    (hot,) = re.findall(r"^Up to (\d+) orders per second on one product", text_of("docs/scale.md"), re.M)
    (spread,) = [row for row in table("docs/scale.md", "sale") if "one in 1 000 refused" in row[0]]
    rows = text.split("| | |\n", 1)[1].split("\n\n")[0].splitlines()[1:]
    expected = [
        [f"{float(orders[-1]):.0f}", writes[3]],
        [f"{float(pace[-1][1]):.0f}"],
        [standing[-1][1], standing[2][1]],
        [visit[5], visit[4]],
        ["2", "1.0"],
        ["0.1"],
        [day[0][1], "`requests=`"],
        [day[1][1]],
        [hot, spread[1]],
    ]
    assert len(rows) == len(expected)
    for row, figures in zip(rows, expected, strict=True):
        assert [figure for figure in figures if figure not in row] == []


def test_what_it_says_of_speed_was_measured() -> None:
    measured = json.loads(text_of("docs/performance.json"))
    ratios = [
        each["time_ratio"]["median"] for name, each in measured["requests"].items() if "checkout" in name
    ]
    assert 0.9 < sum(ratios) / len(ratios) < 1.1
    assert measured["pricing"]["10 lines"]["ours_us"] < 150
