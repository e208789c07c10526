"""What a route takes of a request: where each parameter comes from, how it is read, what many take."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Annotated, Any, ClassVar, Literal, get_type_hints

from pydantic import (
    BeforeValidator,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    WithJsonSchema,
)

from functions.domain.errors import MalformedError, invalid_fields
from functions.domain.identifiers import (
    CALLER_ID,
    MEMBER_ID_LENGTH_MAX,
    ORDER_ID,
    PATH_ID,
    is_caller_id,
)
from functions.platform.cursors import CURSOR_LENGTH_MAX
from functions.platform.messages import faults_in_our_words
from functions.platform.preconditions import IF_MATCH, IF_NONE_MATCH
from functions.platform.shapes import DATE, ENTITY_VERSION

Sent = Mapping[str, Mapping[str, Any]]
"""What a request has, by where it stands: ``path``, ``query``, ``header`` (in lower case) and ``body``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parameter:
    """Where a parameter of a route's function comes from: stands in its annotation."""

    place: ClassVar[str]
    description: str | None = None
    alias: str | None = None
    """What the request calls it, if not as the function does."""


class Path(_Parameter):
    """A part of the path."""

    place = "path"


class Query(_Parameter):
    """A parameter of the query."""

    place = "query"


class Header(_Parameter):
    """A header."""

    place = "header"


class Body(_Parameter):
    """The whole body."""

    place = "body"


PLACES = tuple(each.place for each in (Path, Query, Header, Body))
"""In this order faults are told of."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """How one parameter is read."""

    name: str
    told: _Parameter
    validate: Callable[[Any], Any]
    default: Any

    @property
    def called(self) -> str:
        """What the request calls it."""
        return self.told.alias or self.name

    def of(self, sent: Sent) -> Any:
        """Return what a request sent of it, or None."""
        if self.told.place == "body":
            return sent["body"]
        return sent[self.told.place].get(self.called.lower() if self.told.place == "header" else self.called)

    def located(self, loc: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return where in the request a fault is, by where it is in the parameter."""
        return ("body", *loc) if self.told.place == "body" else (self.told.place, self.called, *loc)


class Parameters:
    """All parameters that a route's function takes, read from its annotations."""

    def __init__(self, function: Callable[..., Any]) -> None:
        hints = get_type_hints(function, include_extras=True)
        readers = [
            _Reader(name, told, TypeAdapter(hints[name]).validate_python, parameter.default)
            for name, parameter in inspect.signature(function).parameters.items()
            for told in getattr(hints.get(name), "__metadata__", ())
            if isinstance(told, _Parameter)
        ]
        self._readers = sorted(readers, key=lambda each: PLACES.index(each.told.place))

    @property
    def query(self) -> frozenset[str]:
        """What the query's parameters are called in it."""
        return frozenset(each.called for each in self._readers if each.told.place == Query.place)

    def read(self, sent: Sent) -> dict[str, Any]:
        """Return the arguments of the function.

        Raises
        ------
        InvalidError
            ``invalid_request``: it names each field at fault.
        """
        found: dict[str, Any] = {}
        faults: list[Mapping[str, Any]] = []
        for reader in self._readers:
            value = reader.of(sent)
            if value is None:
                if reader.default is inspect.Parameter.empty:
                    faults.append({"type": "missing", "loc": reader.located(())})
                else:
                    found[reader.name] = reader.default
                continue
            try:
                found[reader.name] = reader.validate(value)
            except ValidationError as error:
                faults += [
                    {**fault, "loc": reader.located(fault["loc"])}
                    for fault in error.errors(include_url=False, include_input=False)
                ]
        if faults:
            raise invalid_fields(*faults_in_our_words(faults))
        return found


@cache
def parameters_of(function: Callable[..., Any]) -> Parameters:
    """Return what a face's method takes: it says so itself, whatever tables the face has."""
    return Parameters(function)


def _digits(value: Any) -> Any:
    """Refuse what ``int`` would accept besides plain digits, for example ``1.0`` or ``1_0``."""
    if isinstance(value, str) and not (value.isascii() and value.isdigit()):
        raise ValueError("must be written in digits")
    return value


Limit = Annotated[
    int,
    Field(ge=1, le=100),
    BeforeValidator(_digits),
    Query(description="How many items at most."),
]
MemberIdPath = Annotated[
    str,
    StringConstraints(pattern=f"^{PATH_ID}$", max_length=MEMBER_ID_LENGTH_MAX),
    Path(description="The member's id."),
]
OrderIdPath = Annotated[
    str,
    StringConstraints(pattern=f"^{PATH_ID}$"),
    WithJsonSchema({"type": "string", "pattern": f"^{ORDER_ID}$"}),
    Path(description="The order's id."),
]
Cursor = Annotated[
    str | None,
    Field(max_length=CURSOR_LENGTH_MAX),
    Query(description="`next_cursor` of the page before."),
]


REPLAYED = "Idempotent-Replayed"
"""The header that says that what is answered was there before the request."""
IdempotencyKey = Annotated[
    str | None,
    WithJsonSchema({"type": "string", "pattern": f"^{CALLER_ID}$"}),
    Header(
        alias="Idempotency-Key",
        description="1 to 255 visible ASCII characters; required. Valid for ever.",
    ),
]


def checked_key(key: str | None, what: str) -> str:
    """Return the idempotency key of a request that needs one; ``what`` says what does.

    Raises
    ------
    MalformedError
        ``idempotency_key_missing``.
    InvalidError
        ``invalid_request``: too long, or not visible ASCII.
    """
    if not key:
        raise MalformedError("idempotency_key_missing", f"{what} needs the header Idempotency-Key.")
    if not is_caller_id(key):
        raise invalid_fields(("Idempotency-Key", "1 to 255 visible ASCII characters"))
    return key


IfNoneMatch = Annotated[
    Literal["*"] | None,
    WithJsonSchema({"type": "string", "pattern": r"^\*$"}),
    Header(
        alias=IF_NONE_MATCH,
        description="`*`: only make it. Where there is one of this id, it is refused and stays as it is.",
    ),
]
IfMatch = Annotated[
    str | None,
    StringConstraints(pattern=ENTITY_VERSION),
    WithJsonSchema({"type": "string", "pattern": ENTITY_VERSION}),
    Header(
        alias=IF_MATCH,
        description='The version to be replaced, in double quotes, such as `"3"`. Where there is another '
        "one, it is refused and stays as it is.",
    ),
]


NO_DAY = "must be a day such as 2026-12-10"


def _day(value: Any) -> Any:
    """Read a day of the calendar."""
    if not isinstance(value, str) or re.fullmatch(DATE, value, re.ASCII) is None:
        raise ValueError(NO_DAY)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(NO_DAY) from None


Day = Annotated[
    date,
    BeforeValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-12-10"]}),
]
"""A day of the calendar."""
NO_MOMENT = "must be a date and time with an offset, such as 2026-12-10T09:30:00%2B08:00 or …T01:30:00Z"
"""A plus sign that an address does not escape arrives as a space."""
_RFC_3339 = r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})"
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""Nothing is older or younger; what is asked beyond them is asked from there."""


def _moment(value: Any) -> Any:
    """Read a moment with its offset, and take the first whole second that is not before it.

    Moments of rows are whole seconds, so that what is at 09:30:00.5 or later is at 09:30:01 or later.
    """
    if not isinstance(value, str):
        return value
    try:
        found = re.fullmatch(_RFC_3339, value, re.ASCII)
        if found is None:
            raise ValueError
        second, fraction, offset = found.groups()
        moment = datetime.fromisoformat(second.upper() + offset.upper())
        if not _EARLIEST < moment < _LATEST:
            return _EARLIEST if moment <= _EARLIEST else _LATEST
        whole = moment.astimezone(UTC)
        return whole + timedelta(seconds=1) if (fraction or "").strip("0") else whole
    except ValueError:
        raise ValueError(NO_MOMENT) from None


_MOMENT_SCHEMA = {"type": "string", "format": "date-time", "examples": ["2026-12-10T00:00:00+08:00"]}
Since = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema(_MOMENT_SCHEMA),
    Query(description="Only what is from this moment on: a date and time with an offset."),
]
Before = Annotated[
    datetime | None,
    BeforeValidator(_moment),
    WithJsonSchema(_MOMENT_SCHEMA),
    Query(description="Only what is from before this moment: a date and time with an offset."),
]
