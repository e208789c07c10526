"""The API's document: valid, in the order of its readers, with examples that are what it says itself."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.support.document import Operation, Schema, document, every_schema, operations
from tests.support.schemas import against
from tools.examples.likeness import Likeness
from tools.examples.play import REFERENCE
from tools.examples.story import EXAMPLES as TOLD
from tools.examples.story import STORY, YEAR, Call
from tools.openapi import EXAMPLES, TAGS

JSON, PROBLEM = "application/json", "application/problem+json"
SUMMARY_CHARACTERS_MAX = 60
REFUSES_TOO_MANY = {"redeem_coupon_code"}
"""Operations that answer 429 by themselves, too."""
OPERATIONS = operations()
RECORDING: dict[str, Any] = json.loads(EXAMPLES.read_text(encoding="utf-8"))
RECORDED: dict[str, dict[str, Any]] = RECORDING["examples"]
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)


@dataclass(frozen=True)
class Shown:
    """An example of the document, with where it stands and the schema that it stands at."""

    place: str
    value: Any
    schema: Schema

    def __str__(self) -> str:
        return self.place


def shown() -> Iterator[Shown]:
    """Give every example of a body, an answer or a parameter."""
    for operation in OPERATIONS:
        bodies = {"body": operation.described.get("requestBody", {}), **operation.described["responses"]}
        for where, described in bodies.items():
            for content in described.get("content", {}).values():
                for name, each in content.get("examples", {}).items():
                    yield Shown(f"{operation} {where} {name}", each["value"], content["schema"])
        for parameter in operation.described.get("parameters", []):
            for value in parameter_examples(parameter):
                yield Shown(f"{operation} {parameter['name']} {value}", value, parameter["schema"])


def parameter_examples(parameter: Schema) -> list[Any]:
    """Return the examples of a parameter: its own, which a page fills in, or those of its schema."""
    return [parameter["example"]] if "example" in parameter else parameter["schema"].get("examples", [])


def answered(operation: Operation, *, success: bool) -> dict[str, list[Any]]:
    """Return the examples of an operation's answers, or of its refusals, by status."""
    return {
        status: [
            example["value"]
            for content in described.get("content", {}).values()
            for example in content.get("examples", {}).values()
        ]
        for status, described in operation.described["responses"].items()
        if status.startswith("2") is success
    }


def asked_with(operation: Operation, kind: str) -> list[Schema]:
    """Return the schemas of a kind of what an operation is asked with."""
    asked = [operation.described.get("requestBody", {}), operation.described.get("parameters", [])]
    return [each for each in every_schema(asked) if each.get("type") == kind]


def test_the_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_an_invalid_document_is_seen() -> None:
    broken = {**document(), "servers": "/"}
    assert not OpenAPIV31SpecValidator(broken).is_valid()


def test_each_operation_has_a_name_of_its_own() -> None:
    names = [operation.described["operationId"] for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)


@every_operation
def test_an_operation_says_what_it_does(operation: Operation) -> None:
    summary, description = operation.described["summary"], operation.described["description"]
    assert 0 < len(summary) <= SUMMARY_CHARACTERS_MAX
    assert not summary.endswith(".")
    assert description.endswith(".")
    assert description != summary
    assert all(each.get("description") for each in operation.described.get("parameters", []))
    assert all(each.get("description") for each in operation.described["responses"].values())


@every_operation
def test_successes_come_first_and_then_refusals_by_status(operation: Operation) -> None:
    statuses = list(operation.described["responses"])
    assert statuses[0].startswith("2")
    assert statuses == sorted(statuses)


@every_operation
def test_Z2_an_operation_says_what_a_throttled_request_gets_and_what_to_do(operation: Operation) -> None:
    throttled = operation.described["responses"]["429"]
    assert "`Retry-After`" in throttled["description"]
    assert "headers" not in throttled  # no answer of the gateway's own can have any of ours
    said = {kind: each["schema"]["$ref"] for kind, each in throttled["content"].items()}
    if operation.described["operationId"] in REFUSES_TOO_MANY:
        either = "#/components/schemas/ProblemOrGatewayAnswer"
        assert said == {PROBLEM: either, JSON: either}
    else:
        assert said == {JSON: "#/components/schemas/GatewayAnswer"}


@every_operation
def test_a_whole_number_that_is_asked_with_says_how_large_it_may_be(operation: Operation) -> None:
    limits = {"maximum", "exclusiveMaximum", "enum", "const"}
    numbers = asked_with(operation, "integer")
    assert [each for each in numbers if not limits & each.keys()] == []


@every_operation
def test_an_object_that_is_asked_with_says_all_that_may_be_in_it(operation: Operation) -> None:
    objects = asked_with(operation, "object")
    assert [each for each in objects if each.get("additionalProperties", True) is True] == []


def test_every_operation_stands_under_one_tag_that_is_described() -> None:
    assert [tag["name"] for tag in document()["tags"]] == list(TAGS)
    assert all(tag["description"].endswith(".") for tag in document()["tags"])
    used = [operation.described["tags"] for operation in OPERATIONS]
    assert all(len(tags) == 1 for tags in used)
    assert {tag for (tag,) in used} == set(TAGS)


@every_operation
def test_an_operation_has_an_example_of_each_success_and_of_a_refusal(operation: Operation) -> None:
    assert all(answered(operation, success=True).values())
    assert any(answered(operation, success=False).values())


@every_operation
def test_an_operation_has_examples_of_all_that_it_is_asked_with(operation: Operation) -> None:
    if operation.body is not None:
        assert operation.described["requestBody"]["content"][JSON]["examples"]
    for parameter in operation.described.get("parameters", []):
        # A page to try the API would fill in an optional parameter's own example, such as another's cursor.
        assert ("example" in parameter) is parameter["required"]
        if parameter["name"] != "cursor":
            assert parameter_examples(parameter) or "default" in parameter["schema"]


@pytest.mark.parametrize("example", list(shown()), ids=str)
def test_an_example_is_what_its_schema_says(example: Shown) -> None:
    against(document(), example.schema).validate(example.value)


@every_operation
def test_the_example_of_a_refusal_has_a_code_that_the_operation_names(operation: Operation) -> None:
    for status, refusals in answered(operation, success=False).items():
        described = operation.described["responses"][status]
        for refusal in refusals:
            assert refusal["code"] in re.findall(r"`(\w+)`", described["description"])
            assert refusal["type"] == f"urn:memberday:problem:{refusal['code']}"
            assert refusal["status"] == int(status)
            assert refusal["status"] in set(HTTPStatus)


def test_examples_are_recorded_of_what_the_story_tells_and_of_nothing_else() -> None:
    recorded = {f"{operation} {name}" for operation, examples in RECORDED.items() for name in examples}
    assert recorded == set(TOLD)
    for told in TOLD.values():
        example = RECORDED[told.operation][str(told.name)]
        assert (example["summary"], example["status"]) == (told.says, told.status)
        asked = (told.at, told.query, told.headers, told.body)
        for was, wanted in zip(
            (example["path"], example["query"], example["headers"], example["body"]), asked, strict=True
        ):
            assert stands_for(json.loads(json.dumps(wanted)), was), f"{told.operation} {told.name}"


def stands_for(told: Any, was: Any) -> bool:
    """Tell whether a value that was sent is the story's, whatever its references and year came to be."""
    if isinstance(told, str):
        return told.startswith(REFERENCE) or told.replace(YEAR, str(RECORDING["year"])) == was
    if isinstance(told, dict):
        return told.keys() == was.keys() and all(stands_for(each, was[name]) for name, each in told.items())
    return bool(told == was)


def test_the_story_can_be_played_in_any_year() -> None:
    for call in STORY:
        if isinstance(call, Call):
            asked = json.dumps([dict(call.at), dict(call.query), dict(call.headers), call.body])
            assert not re.findall(r"\b20[0-9]{2}-", asked), f"{call.operation} {call.name}"


def test_the_amounts_of_the_examples_add_up() -> None:
    checked = 0
    for example in shown():
        for quote in quotes(example.value):
            coupon = quote["coupon"]["amount_fen"] if quote["coupon"] else 0
            assert quote["goods_fen"] == sum(line["amount_fen"] for line in quote["lines"])
            taken = sum(use["amount_fen"] for use in quote["campaigns"])
            assert quote["goods_net_fen"] == quote["goods_fen"] - taken  # V7
            assert quote["order_amount_fen"] == quote["goods_net_fen"] - coupon + quote["shipping_fen"]
            assert quote["paid_fen"] == quote["order_amount_fen"] - quote["points"]["value_fen"]
            checked += 1
    assert checked


def quotes(value: Any) -> Iterator[dict[str, Any]]:
    """Give every quote in an answer."""
    if isinstance(value, dict):
        if "not_applied" in value:
            yield value
        for each in value.values():
            yield from quotes(each)
    elif isinstance(value, list):
        for each in value:
            yield from quotes(each)


ERIN, FRANK = "a822e77a-9036-47f3-b617-56d4f5a645b0", "0b5dd5b1-5a4f-4b0a-9d55-1f44dbe46d10"
FIRST, SECOND = f"ord_{'a' * 26}", f"ord_{'b' * 26}"


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ({"a": 1, "b": [True, None]}, {"b": [True, None], "a": 1}),
        ({"member_id": ERIN, "also": [ERIN]}, {"member_id": FRANK, "also": [FRANK]}),
        ({"at": "2026-12-03T10:00:35+08:00"}, {"at": "2028-12-03T10:04:01+08:00"}),
        ({"until": "2027-12-31T23:59:59+08:00"}, {"until": "2029-12-31T23:59:59+08:00"}),
        ({"date": "2026-12-10"}, {"date": "2028-12-10"}),
        ({"birthday": "1992-12-20"}, {"birthday": "1992-12-20"}),
        ({"earned_in": 2026, "by": {"2026": 5}}, {"earned_in": 2028, "by": {"2028": 5}}),
        ({"policy_version": "371dd6e6166f"}, {"policy_version": "000000000000"}),
        (
            {"next_cursor": "abc", "x": {"next_cursor": None}},
            {"next_cursor": "xyz", "x": {"next_cursor": None}},
        ),
    ],
    ids=str,
)
def test_what_two_runs_cannot_have_in_common_is_alike(recorded: Any, found: Any) -> None:
    assert list(Likeness(2).differences(recorded, found)) == []


@pytest.mark.parametrize(
    ("recorded", "found"),
    [
        ({"paid_fen": 9_950}, {"paid_fen": 9_949}),
        ({"paid_fen": 1}, {"paid_fen": True}),
        ({"paid_fen": 1}, {"paid_fen": "1"}),
        ({"a": 1}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": 1}),
        ({"a": [1, 2]}, {"a": [1]}),
        ({"a": [1, 2]}, {"a": [2, 1]}),
        ({"tier": "J1"}, {"tier": "J2"}),
        ({"member_id": ERIN, "also": ERIN}, {"member_id": FRANK, "also": ERIN}),
        ({"member_id": ERIN, "also": FRANK}, {"member_id": FRANK, "also": FRANK}),
        ({"order_id": FIRST}, {"order_id": ERIN}),
        ({"order_id": FIRST, "also": SECOND}, {"order_id": FIRST, "also": FIRST}),
        ({"at": "2026-12-03T10:00:35+08:00"}, {"at": "2028-12-04T10:00:35+08:00"}),
        ({"at": "2026-12-03T10:00:35+08:00"}, {"at": "2026-12-03T10:00:35+08:00"}),
        ({"at": "2026-12-03T10:00:35+08:00"}, {"at": "2028-12-03T02:00:35Z"}),
        ({"at": None}, {"at": "2028-12-03T10:00:35+08:00"}),
        ({"until": "2027-12-31T23:59:59+08:00"}, {"until": "2029-12-31T23:59:58+08:00"}),
        ({"date": "2026-12-10"}, {"date": "2027-12-10"}),
        ({"earned_in": 2026}, {"earned_in": 2026}),
        ({"by": {"2026": 5}}, {"by": {"2026": 5}}),
        ({"policy_version": "371dd6e6166f"}, {"policy_version": "1"}),
        ({"next_cursor": "abc"}, {"next_cursor": None}),
        ({"next_cursor": "abc", "x": {"cursor": "abc"}}, {"next_cursor": "xyz", "x": {"cursor": "abc"}}),
    ],
    ids=str,
)
def test_what_differs_otherwise_is_a_difference(recorded: Any, found: Any) -> None:
    assert list(Likeness(2).differences(recorded, found))
