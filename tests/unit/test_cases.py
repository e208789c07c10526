"""Each fault and each attack that is to be survived has tests, and they are there."""

import ast
import re

import pytest

from tests.support.stack import ROOT

PAGE = ROOT / "docs" / "proof" / "cases.md"
CASES = range(1, 51)
INVARIANTS = 6
GROUPS = {
    "Concurrency and repeats": range(1, 14),
    "Faults": range(14, 27),
    "Streams and queues": range(27, 32),
    "Jobs": range(32, 38),
    "Attacks": range(38, 51),
}


def rows_of(heading: str) -> list[list[str]]:
    """Return the cells of each row of the table below a heading of the page."""
    (_, _, rest) = PAGE.read_text(encoding="utf-8").partition(f"\n## {heading}\n")
    section = rest.partition("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def named_in(cell: str) -> list[str]:
    """Return the tests that a cell names."""
    named = re.findall(r"`([^`]*)`", cell)
    assert re.sub(r"`[^`]*`|\s", "", cell) == "", "a cell of tests holds nothing else"
    return named


def there_is(test: str) -> bool:
    """Tell whether there is a test of this name, as pytest would find it."""
    path, _, name = test.partition("::")
    file = ROOT / path
    if not (path.startswith("tests/") and file.name.startswith("test_") and file.is_file()):
        return False
    body = ast.parse(file.read_text(encoding="utf-8")).body
    return name.startswith("test_") and any(
        isinstance(each, ast.FunctionDef) and each.name == name for each in body
    )


def test_every_case_is_there_once_in_its_group() -> None:
    found = {group: [int(row[0]) for row in rows_of(group)] for group in GROUPS}
    assert found == {group: list(cases) for group, cases in GROUPS.items()}
    assert [case for cases in found.values() for case in cases] == list(CASES)


@pytest.mark.parametrize("group", GROUPS)
def test_every_case_says_what_happens_what_comes_of_it_and_which_tests_hold_it(group: str) -> None:
    for number, what, outcome, tests in rows_of(group):
        assert what, number
        assert outcome, number
        named = named_in(tests)
        assert named, f"case {number} has no test"
        assert len(set(named)) == len(named), f"case {number} names a test twice"
        assert [test for test in named if not there_is(test)] == [], f"case {number}"


def test_every_invariant_is_held_by_tests_that_there_are() -> None:
    rows = rows_of("Always")
    assert len(rows) == INVARIANTS
    for what, tests in rows:
        named = named_in(tests)
        assert named, what
        assert [test for test in named if not there_is(test)] == [], what


@pytest.mark.parametrize(
    "test",
    [
        "tests/unit/test_cases.py",
        "tests/unit/test_cases.py::test_nothing",
        "tests/unit/test_cases.py::there_is",
        "tests/unit/test_nowhere.py::test_nothing",
        "docs/proof/cases.md::test_nothing",
    ],
)
def test_what_is_no_test_is_seen(test: str) -> None:
    assert not there_is(test)
