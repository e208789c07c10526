"""The page of the programme has a sentence for every rule that is quoted anywhere."""

import re

from tests.support.stack import ROOT

ID = re.compile(r"(?<![\w#&.%-])([TPOBR][1-9]|E(?:10|[1-9])|A(?:1[01]|[1-9])|V(?:1[0-9]|[1-9]))(?![\w.-])")
FOLDERS = ("functions", "infra", "local", "reach", "tests", "docs")
PAGE = (ROOT / "docs" / "programme.md").read_text(encoding="utf-8")
COMPLAINTS = frozenset({"R5", "R7", "R8", "R9"})
"""Numbers of other shops' complaints (docs/proof/complaints.md), which no rule of ours has."""


def quoted() -> dict[str, str]:
    """Return each id that code, tests and documents quote, with a file that does."""
    found: dict[str, str] = {}
    for folder in FOLDERS:
        for kind in ("*.py", "*.md", "*.toml"):
            for file in (ROOT / folder).rglob(kind):
                for rule in ID.findall(file.read_text(encoding="utf-8")):
                    found.setdefault(rule, str(file.relative_to(ROOT)))
    return found


def test_every_rule_that_is_quoted_has_a_sentence() -> None:
    said = re.findall(r"^- \*\*([A-Z]\d+)\*\* ", PAGE, re.MULTILINE)
    assert len(said) == len(set(said)) == 5 + 9 + 7 + 10 + 6 + 8 + 11 + 19 + 4
    rules = quoted()
    assert len(rules) >= 50
    assert COMPLAINTS.isdisjoint(said)
    assert {rule: file for rule, file in rules.items() if rule not in {*said, *COMPLAINTS}} == {}
