"""Events against their committed schemas, and what the API's document shows against its own."""

import json
import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]

from tests.support.stack import ROOT

FOLDER = ROOT / "docs" / "events"
FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)  # type: ignore[untyped-decorator]
def _is_moment(text: object) -> bool:
    """Tell whether a text is a moment in whole seconds with the store's offset (RFC 3339)."""
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00"
    return (
        isinstance(text, str) and re.fullmatch(form, text) is not None and bool(datetime.fromisoformat(text))
    )


@FORMATS.checks("date", raises=ValueError)  # type: ignore[untyped-decorator]
def _is_date(text: object) -> bool:
    return isinstance(text, str) and date.fromisoformat(text).isoformat() == text


def check(detail_type: str, detail: dict[str, Any]) -> None:
    """Fail unless an event's detail is what its schema says; nobody is told a name, birthday or phone.

    Raises
    ------
    jsonschema.ValidationError
        It is not.
    """
    schema = json.loads((FOLDER / f"{detail_type}.json").read_text(encoding="utf-8"))
    Draft202012Validator(schema, format_checker=FORMATS).validate(detail)
    assert not {"name", "birthday", "phone"} & detail.keys()


def against(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Draft202012Validator:
    """Return what checks a value against a schema of an OpenAPI document."""
    return Draft202012Validator({**schema, "components": document["components"]}, format_checker=FORMATS)
