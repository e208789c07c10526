"""What the page for storefronts shows is what the API's document says: codes, paths, bodies and answers."""

import json
import re
import shlex
from dataclasses import dataclass
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from tests.support.document import Operation, Schema, document, operations
from tests.support.schemas import against
from tests.support.stack import ROOT

PAGE = ROOT / "docs" / "storefront.md"
TEXT = PAGE.read_text(encoding="utf-8")
BASE = "$API_URL"
OPERATIONS = {str(each): each for each in operations()}
MARK = re.compile(r"<!-- (?P<part>part of )?answer: (?P<operation>\S+ \S+) (?P<status>\d+) -->")
"""What stands above an example: the answer of which operation it is, the whole or some of its fields."""


@dataclass(frozen=True)
class Call:
    """A call that the page shows."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def operation(self) -> Operation | None:
        """The operation that it asks for: the one whose path it spells out, before one with ids."""
        found = [
            each
            for each in OPERATIONS.values()
            if each.method == self.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each.path), self.bare)
        ]
        return min(found, key=lambda each: len(each.ids), default=None)

    @property
    def bare(self) -> str:
        """Its path without a query."""
        return self.path.partition("?")[0]

    @property
    def query(self) -> set[str]:
        """The names of its query."""
        return {each.partition("=")[0] for each in self.path.partition("?")[2].split("&") if each}


@dataclass(frozen=True)
class Example:
    """A JSON block, with what the comment above it says that it is."""

    mark: str
    text: str

    def __str__(self) -> str:
        return self.mark


def call_of(line: str) -> Call | None:
    """Return the call to the API that a command line makes."""
    words = shlex.split(line, comments=True)
    if not words or words[0] != "curl":
        return None
    method, path, headers, body = "GET", None, {}, None
    rest = iter(words[1:])
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-d":
                body = json.loads(next(rest))
            case "-s" | "-i":
                pass
            case _ if word.startswith(BASE):
                path = word.removeprefix(BASE)
            case _:
                raise ValueError(f"what is {word} in {line}?")
    assert path is not None, line
    return Call(method, path, headers, body)


def blocks(language: str) -> list[tuple[str, str]]:
    """Return the blocks of a language, each with the line above it that is not empty."""
    found = re.finditer(rf"^```{language}\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    return [(TEXT[: each.start()].rstrip().rpartition("\n")[2], each[1]) for each in found]


def shown_calls() -> list[Call]:
    """Return the calls that the page shows."""
    lines = [line for _, text in blocks("sh") for line in text.replace("\\\n", " ").splitlines()]
    return [call for line in lines if (call := call_of(line)) is not None]


def codes_of(described: Schema) -> set[str]:
    """Return the codes of a refusal that the document describes."""
    return set(re.findall(r"`(\w+)`", described["description"]))


def codes_of_the_document() -> dict[str, set[str]]:
    """Return the codes of all refusals, with the statuses that they come with."""
    found: dict[str, set[str]] = {}
    for operation in operations():
        for status, described in operation.described["responses"].items():
            if "application/problem+json" in described.get("content", {}):
                for code in codes_of(described):
                    found.setdefault(code, set()).add(status)
    return found


def codes_of_the_page() -> list[tuple[str, str]]:
    """Return the rows of the table of codes: code and status."""
    table = TEXT.partition("\n| code | status |")[2].partition("\n\n")[0]
    return re.findall(r"^\| `(\w+)` \| ([\d, ]+) \|", table, re.MULTILINE)


def schema_of(mark: re.Match[str]) -> Schema:
    """Return the schema that an example is to be valid against."""
    operation = OPERATIONS[mark["operation"]]
    described = operation.described["responses"][mark["status"]]
    (content,) = described["content"].values()
    schema: dict[str, Any] = content["schema"]
    if not mark["part"]:
        return schema
    whole = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return {name: said for name, said in whole.items() if name != "required"}


EXAMPLES = [Example(*each) for each in blocks("json")]
CALLS = shown_calls()


def test_every_code_stands_in_the_table_once_with_its_statuses() -> None:
    rows = codes_of_the_page()
    assert [code for code, _ in rows] == sorted(code for code, _ in rows)
    assert {code: set(statuses.split(", ")) for code, statuses in rows} == codes_of_the_document()
    assert len(rows) == len(codes_of_the_document())


PRECONDITIONS = frozenset({"if-match", "if-none-match"})
"""Headers that a call may do without: then it makes or replaces, as ever."""


@pytest.mark.parametrize("call", CALLS, ids=str)
def test_a_call_asks_for_an_operation_of_the_document_as_it_wants_to_be_asked(call: Call) -> None:
    operation = call.operation
    assert operation is not None, "the document has no such operation"
    assert call.query <= operation.query.keys()
    assert operation.needs.keys() <= call.query
    assert operation.headers.keys() - PRECONDITIONS <= {name.lower() for name in call.headers}
    assert call.headers["Authorization"] == ("Bearer $STAFF" if operation.staff else "Bearer $TOKEN")
    if call.body is None:
        assert operation.body is None or operation.body_optional
    else:
        assert operation.body is not None
        assert call.headers["Content-Type"] == "application/json"
        against(document(), operation.body).validate(call.body)


@pytest.mark.parametrize("example", EXAMPLES, ids=str)
def test_an_example_is_what_the_document_says(example: Example) -> None:
    mark = MARK.fullmatch(example.mark)
    assert mark is not None, "say above the block what it is an example of"
    value = json.loads(example.text)
    against(document(), schema_of(mark)).validate(value)
    described = OPERATIONS[mark["operation"]].described["responses"][mark["status"]]
    if "application/problem+json" in described.get("content", {}):
        assert value["code"] in codes_of(described)
        assert (value["status"], value["type"]) == (
            int(mark["status"]),
            f"urn:memberday:problem:{value['code']}",
        )


def test_every_route_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:GET|PUT|POST|DELETE) /[^`…?]*)`", TEXT)
    assert named
    assert set(named) <= OPERATIONS.keys()


def test_the_page_shows_a_checkout_from_the_registration_to_the_return() -> None:
    shown = [str(call.operation) for call in CALLS]
    steps = [
        "PUT /members/me",
        "POST /quotes",
        "POST /orders",
        "POST /orders/{order_id}/payment",
        "POST /orders/{order_id}/shipment",
        "POST /orders/{order_id}/receipt",
        "POST /orders/{order_id}/returns",
    ]
    assert [each for each in shown if each in steps] == steps


def test_the_checks_can_fail() -> None:
    unknown = call_of('curl -s -X POST "$API_URL/checkouts" -H "Authorization: Bearer $TOKEN"')
    assert unknown is not None
    assert unknown.operation is None
    mark = MARK.fullmatch("<!-- part of answer: POST /quotes 200 -->")
    assert mark is not None
    against(document(), schema_of(mark)).validate({"paid_fen": 1})
    with pytest.raises(jsonschema.ValidationError):
        against(document(), schema_of(mark)).validate({"paid_fen": "1"})
    with pytest.raises(jsonschema.ValidationError):
        against(document(), schema_of(mark)).validate({"price": 1})
