"""The API as its committed document describes it: every operation, and bodies made after its schemas."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.support.events import claims, staff
from tests.support.stack import ROOT

FILE = ROOT / "docs" / "openapi.json"
METHODS = ("get", "put", "post", "patch", "delete")
TEXTS = ("tea", "1", "1990-05-05", "ord_" + "a" * 26, "cas_" + "a" * 26, "2026-11")
"""What a text of a schema may be: the first that its pattern or format admits."""
Schema = Mapping[str, Any]
Place = tuple[str | int, ...]
"""Where a value stands in a body: ``("lines", 0, "sku")``."""


@dataclass(frozen=True)
class Operation:
    """A route of the document."""

    method: str
    path: str
    described: Schema

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def staff(self) -> bool:
        """Whether only staff may call it."""
        return "`forbidden`" in self.described["responses"].get("403", {}).get("description", "")

    @property
    def roles(self) -> frozenset[str]:
        """The roles of staff that it is for, or that see more by it (K7)."""
        return frozenset(self.described.get("x-roles", ()))

    @property
    def only_admins(self) -> bool:
        """Whether no other role than an admin's may ask for it (K7)."""
        return self.roles == {"admin"}

    @property
    def ids(self) -> dict[str, Schema]:
        """The ids in its path, with their schemas."""
        return self._parameters("path")

    @property
    def query(self) -> dict[str, Schema]:
        """The parameters of its query, with their schemas."""
        return self._parameters("query")

    @property
    def headers(self) -> dict[str, Schema]:
        """The headers that it reads, with their schemas."""
        return self._parameters("header")

    @property
    def lists(self) -> bool:
        """Whether it answers pages."""
        return "cursor" in self.query

    @property
    def body(self) -> Schema | None:
        """The schema of its body, or None where it takes none."""
        content = self.described.get("requestBody", {}).get("content", {})
        return resolved(content["application/json"]["schema"]) if content else None

    @property
    def body_optional(self) -> bool:
        """Whether it can do without a body that it takes."""
        content = self.described.get("requestBody", {}).get("content", {})
        return "default" in content.get("application/json", {}).get("schema", {})

    @property
    def example(self) -> Any:
        """A body that it admits, or None where it takes none."""
        return None if self.body is None else example(self.body)

    @property
    def needs(self) -> dict[str, str]:
        """The query that it cannot do without."""
        needed = {each["name"] for each in self.described.get("parameters", []) if each.get("required")}
        chosen = {
            name: schema["const"] if "const" in schema else schema["enum"][0]
            for name, schema in self.query.items()
            if name in needed and schema.keys() & {"const", "enum"}
        }
        return {**ONE_OF.get(str(self), {}), **chosen}

    def at(self, **ids: str) -> str:
        """Return its path with these ids."""
        return self.path.format(**ids)

    def _parameters(self, place: str) -> dict[str, Schema]:
        found = self.described.get("parameters", [])
        return {each["name"]: resolved(each["schema"]) for each in found if each["in"] == place}


ONE_OF = {"GET /audit": {"operator": "clerk"}}
"""A query of those that need one of several parameters, which no schema says."""
UNLIKE: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "LeavingLineRequest": (("line_id",), {}),
    "CaseLineRequest": (("line_id", "for"), {}),  # nothing but an exchange is for something
    "SettlementRequest": (("template_id",), {}),
    "ExportRequest": (("state", "by", "value"), {}),  # each is a filter of some reports
    "PreviewRequest": ((), {"at": "2099-12-10T09:30:00+08:00"}),
    "CampaignRequest": (
        ("group", "with_coupons", "with_points"),  # of order offers; the first kind is none
        {"ends_at": "2099-12-10T09:30:00+08:00"},
    ),
}
"""What no schema says of its fields together: those that do not go with the others, and what fits to them."""


def staff_for(operation: Operation, member_id: str = "clerk") -> dict[str, str]:
    """Return the claims of staff who may ask for an operation: an admin where nobody else may (K7)."""
    groups = {"cognito:groups": "[admin]"}
    return claims(member_id, **groups) if operation.only_admins else staff(member_id)


@cache
def document() -> dict[str, Any]:
    """Return the document."""
    read: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return read


def operations() -> list[Operation]:
    """Return all routes."""
    paths = document()["paths"].items()
    return [
        Operation(method.upper(), path, each)
        for path, item in paths
        for method, each in item.items()
        if method in METHODS
    ]


def resolved(schema: Schema) -> Schema:
    """Return what a schema refers to, or the schema itself."""
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def choices(schema: Schema) -> list[Schema]:
    """Return the alternatives of a schema."""
    schema = resolved(schema)
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return [choice for each in schema[several] for choice in choices(each)]
    return [schema]


def example(schema: Schema) -> Any:
    """Return a value that a schema admits: its default, or one with every field that there is."""
    if schema.get("default") is not None:
        return schema["default"]
    if schema.get("examples"):
        return schema["examples"][0]
    schema = choices(schema)[0]
    match schema:
        case {"type": "object", "not": _}:
            return next(
                body
                for name, each in schema["properties"].items()
                if Draft202012Validator(schema).is_valid(body := {name: example(each)})
            )
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"type": "object"}:
            left_out, said = UNLIKE.get(schema.get("title", ""), ((), {}))
            fields = {
                name: each for name, each in schema.get("properties", {}).items() if name not in left_out
            }
            return {name: example(each) for name, each in fields.items()} | said
        case {"type": "array"}:
            return [example(schema["items"])]
        case {"type": "string"}:
            return next(text for text in TEXTS if admits(schema, text))
        case {"type": "boolean"}:
            return True
    return 1


def admits(schema: Schema, text: str) -> bool:
    """Tell whether one of a schema's alternatives is a text like this, by its pattern, format and length."""
    return any(
        each.get("type") == "string"
        and ("const" not in each or each["const"] == text)
        and ("enum" not in each or text in each["enum"])
        and re.fullmatch(each.get("pattern", "(?s:.*)").removesuffix("$"), text) is not None
        and (each.get("format") != "date" or re.fullmatch(r"\d{4}-\d\d-\d\d", text) is not None)
        and each.get("minLength", 0) <= len(text) <= each.get("maxLength", len(text))
        for each in choices(schema)
    )


def leaves(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Give every field of a body that holds a plain value, with its schema."""
    kind = choices(schema)[0]
    if kind.get("type") == "object":
        for name, each in kind.get("properties", {}).items():
            yield from leaves(each, (*place, name))
    elif kind.get("type") == "array":
        yield from leaves(kind["items"], (*place, 0))
    else:
        yield place, schema


def objects(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Give every object of a body, itself first, with its schema."""
    kind = choices(schema)[0]
    if kind.get("type") == "object":
        yield place, kind
        for name, each in kind.get("properties", {}).items():
            yield from objects(each, (*place, name))
    elif kind.get("type") == "array":
        yield from objects(kind["items"], (*place, 0))


def every_schema(part: Any, seen: frozenset[str] = frozenset()) -> Iterator[Schema]:
    """Give the objects of a part of the document, of all alternatives, and of all that it refers to."""
    if isinstance(part, list):
        for each in part:
            yield from every_schema(each, seen)
    elif isinstance(part, dict):
        yield part
        name = part.get("$ref")
        if name is not None and name not in seen:
            yield from every_schema(resolved(part), seen | {name})
        for key, each in part.items():
            if key != "examples":
                yield from every_schema(each, seen)


def replaced(body: Any, place: Place, value: Any) -> Any:
    """Return a copy of a body with another value, or one more, at a place."""
    if not place:
        return value
    first, *others = place
    if isinstance(first, int):  # of a list; where a body has another choice there, of one with this alone
        items = list(body) if isinstance(body, list) else [None] * (first + 1)
        items[first] = replaced(items[first], tuple(others), value)
        return items
    fields = dict(body) if isinstance(body, dict) else {}
    return {**fields, first: replaced(fields.get(first), tuple(others), value)}


def told_fields() -> set[str]:
    """Return the names of all that the API tells, at any depth."""
    schemas = document()["components"]["schemas"].values()
    return {name for schema in schemas for name in schema.get("properties", {})}
