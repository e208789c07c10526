"""Records are written as plain values: fields by name, all the way down, and nothing else touched."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import pytest

from functions.domain.records import plain


@dataclass(frozen=True, slots=True)
class Inner:
    name: str


@dataclass(frozen=True, slots=True)
class Outer:
    one: Inner
    some: tuple[Inner, ...]
    many: list[int]
    none: Inner | None
    at: datetime
    facts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Further(Outer):
    more: Inner


AT = datetime(2026, 5, 1, tzinfo=UTC)
OUTER = Outer(Inner("a"), (Inner("b"), Inner("c")), [1, 2], None, AT, {"x": 1})


def test_records_in_records_are_plain_too() -> None:
    assert plain(OUTER) == {
        "one": {"name": "a"},
        "some": [{"name": "b"}, {"name": "c"}],
        "many": [1, 2],
        "none": None,
        "at": AT,
        "facts": {"x": 1},
    }
    assert plain(OUTER) | {"some": None} == asdict(OUTER) | {"some": None}


def test_a_record_of_a_kind_with_more_fields_has_all_of_them() -> None:
    further = Further(Inner("a"), (), [], None, AT, {}, Inner("m"))
    assert plain(further)["more"] == {"name": "m"}
    assert plain(further)["one"] == {"name": "a"}


def test_what_is_no_record_is_no_record() -> None:
    with pytest.raises(AttributeError):
        plain({"a": 1})
