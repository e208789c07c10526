"""Events against their committed schemas."""

import json
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from tests.support.stack import ROOT

FOLDER = ROOT / "docs" / "events"


def check(detail_type: str, detail: dict[str, Any]) -> None:
    """Fail unless an event's detail is what its schema says; nobody is told a name, birthday or phone."""
    schema = json.loads((FOLDER / f"{detail_type}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(detail)
    assert not {"name", "birthday", "phone"} & detail.keys()
