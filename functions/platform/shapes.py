"""What all requests and answers have in common: strict JSON types, no unknown fields, the store's time.

What checks one is built when it is first used, not when a function starts: that answers one request first.
"""

import re
import unicodedata
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)

from functions.domain.identifiers import CALLER_ID, SKU, SKU_LENGTH_MAX
from functions.domain.money import rate_text
from functions.domain.texts import NOT_SHOWN


class Request(BaseModel):
    """A body that a caller sends: types are strict, and a field that nobody knows is refused."""

    model_config = ConfigDict(
        strict=True, extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True
    )


class Answer(BaseModel):
    """A body that the API answers."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


Sku = Annotated[str, StringConstraints(pattern=rf"^{SKU}$", max_length=SKU_LENGTH_MAX)]
CallerId = Annotated[str, StringConstraints(pattern=rf"^{CALLER_ID}$")]
"""An id that the caller makes up: 1 to 255 visible ASCII characters."""

StoreTime = Annotated[
    datetime,
    PlainSerializer(lambda moment: moment.isoformat(timespec="seconds"), return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-10T09:30:00+08:00"]}),
]
"""A moment with the store's offset, in whole seconds (RFC 3339)."""


NO_MOMENT = "must be a date and time in whole seconds with an offset, such as 2026-12-10T09:30:00+08:00"
_RFC_3339 = r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.0+)?([Zz]|[+-]\d{2}:\d{2})"
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _moment(value: Any) -> Any:
    """Read a moment with its offset."""
    if not isinstance(value, str) or re.fullmatch(_RFC_3339, value, re.ASCII) is None:
        raise ValueError(NO_MOMENT)
    try:
        moment = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(NO_MOMENT) from None
    if not _EARLIEST < moment < _LATEST:
        raise ValueError(NO_MOMENT)
    return moment


Moment = Annotated[
    datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-12-10T09:30:00+08:00"]}),
]
"""A moment that a caller names in a body: whole seconds, with an offset (RFC 3339)."""

Rate = Annotated[
    Decimal,
    PlainSerializer(rate_text, return_type=str),
    WithJsonSchema({"type": "string", "examples": ["0.90"]}),
]
"""A factor of a price as decimal text with two places, or as many as it has."""


DATE = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
"""How a date of the calendar is written; whether there is such a day the programme says."""
ENTITY_VERSION = '^"[1-9][0-9]{0,17}"$'
"""How a header names a version of something: as a strong entity tag."""
_JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji need inside a word."""
_NO_SIGN = frozenset("ZMC")
"""First letters of the categories that are no sign by themselves: spaces, what combines, and controls."""


def _is_seen(character: str) -> bool:
    """Tell whether a character by itself is something to see."""
    return unicodedata.category(character)[0] not in _NO_SIGN and not NOT_SHOWN.match(character)


def _printable(text: str) -> str:
    """Refuse control characters, line separators and the like, and text that a person would call empty."""
    for character in text:
        category = unicodedata.category(character)
        if (category.startswith("C") and character not in _JOINERS) or category in ("Zl", "Zp"):
            raise ValueError("must have printable characters only")
    if not any(map(_is_seen, text)):
        raise ValueError("must have visible characters")
    return text


Printable = AfterValidator(_printable)
"""Narrows a text to printable characters, some of them to be seen; how long it may be is said beside it.

The text is kept as it was sent: nothing is trimmed, folded or left out.
"""

BRANCH = "~"
"""How the tag of a union's branch begins, which is no field: a fault is told of the field that holds it."""
T = TypeVar("T")


class Page(Answer, Generic[T]):
    """One page of a list, and the cursor of the next."""

    items: list[T]
    next_cursor: str | None


def problem(*, status: int, title: str, code: str, detail: str, **facts: Any) -> dict[str, Any]:
    """Return the body of a problem; ``facts`` become further members of it."""
    return {
        "type": f"urn:memberday:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        **facts,
    }
