"""What the page of after-sales shows is what the suite takes, answers and refuses."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest

from functions.cases.case import CaseKind, CaseReason, CaseState
from functions.domain import policy as policies
from tests.support.document import document, operations
from tests.support.schemas import against
from tests.support.stack import ROOT

TEXT = (ROOT / "docs" / "after-sales.md").read_text(encoding="utf-8")
OPERATIONS = {str(each): each for each in operations()}
BODIES = re.findall(r"^<!-- body: (\S+ \S+) -->\n```json\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
ANSWERS = re.findall(
    r"^<!-- answer: (\S+ \S+) (\d+) -->\n```json\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE
)
POLICY = policies.load()
OPEN, RECEIVE = "POST /orders/{order_id}/cases", "POST /cases/{case_id}/receive"
ALWAYS = {"order_not_found", "case_not_found", "invalid_request", "not_a_member"}
"""What is refused as everywhere."""


def tables() -> Iterator[list[list[str]]]:
    """Give the rows of each table, without its head."""
    for table in re.findall(r"^\|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE):
        yield [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def named(row: list[str]) -> list[str]:
    """Return the names in the first cell of a row."""
    return re.findall(r"`(\w+)`", row[0])


def test_every_example_says_what_it_is_of() -> None:
    assert len(BODIES) + len(ANSWERS) == TEXT.count("```json")
    assert {operation for operation, _ in BODIES} > {OPEN, RECEIVE}


@pytest.mark.parametrize(("operation", "text"), BODIES)
def test_a_body_is_one_that_the_api_takes(operation: str, text: str) -> None:
    asked = OPERATIONS[operation]
    assert asked.body is not None
    against(document(), asked.body).validate(json.loads(text))


@pytest.mark.parametrize(("operation", "status", "text"), ANSWERS)
def test_an_answer_is_what_the_document_says(operation: str, status: str, text: str) -> None:
    (content,) = OPERATIONS[operation].described["responses"][status]["content"].values()
    against(document(), content["schema"]).validate(json.loads(text))


def test_every_route_that_the_page_names_is_there_and_every_route_of_cases_is_named() -> None:
    told = set(re.findall(r"((?:GET|POST) /[\w/{}-]+)", TEXT))
    assert told <= OPERATIONS.keys()
    assert {each for each in OPERATIONS if "case" in each} <= told


@pytest.mark.parametrize(
    ("operation", "heading"), [(OPEN, "What an order allows"), (RECEIVE, "Receive what")]
)
def test_the_codes_of_a_route_are_all_told(operation: str, heading: str) -> None:
    part = TEXT.partition(f"### {heading}")[2].partition("\n### ")[0]
    told = set(re.findall(r"^\| (\d+) `(\w+)` \|", part, re.MULTILINE))
    described = {
        (status, code)
        for status, each in OPERATIONS[operation].described["responses"].items()
        if status in ("409", "422")
        for code in re.findall(r"`(\w+)`", each["description"])
    }
    assert told == {each for each in described if each[1] not in ALWAYS}


def test_A1_every_kind_state_and_reason_is_told() -> None:
    kinds, states = (
        next(each for each in tables() if [name] == named(each[0])) for name in ("return", "requested")
    )
    assert {name for row in kinds for name in named(row)} == set(CaseKind)
    assert {name for row in states for name in named(row)} == set(CaseState)
    part = TEXT.partition("one of eight codes:")[2].partition(". ")[0]
    assert re.findall(r"`(\w+)`", part) == list(CaseReason)


def test_the_figures_are_those_of_the_policy() -> None:
    figures = next(each for each in tables() if named(each[0]) == ["answer_hours"])
    told = {named(row)[0]: int(row[1]) for row in figures}
    section = [each.name for each in fields(POLICY.after_sales)]
    assert told == {
        name: getattr(POLICY.after_sales, name) for name in section if name != "return_shipping_fen"
    }
