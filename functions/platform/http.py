"""The HTTP face of the API functions: who is asking, what may be asked, and how a refusal looks.

Checks come in this order, whatever the route: 401, 403, 413 and 422, then what the handler finds (404, 409).
"""

import inspect
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, TypeVar, get_type_hints
from urllib.parse import parse_qsl

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as UnmatchedPathError
from aws_lambda_powertools.event_handler.openapi.exceptions import (
    RequestValidationError,
)
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from aws_lambda_powertools.event_handler.openapi.types import (
    OpenAPIResponse,
    OpenAPIResponseContentModel,
    OpenAPIResponseHeader,
)
from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema

from functions.domain.errors import (
    ForbiddenError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    RefusalError,
    TryAgainError,
    UnauthenticatedError,
    invalid_fields,
)
from functions.domain.identifiers import MEMBER_ID_LENGTH_MAX, ORDER_ID, PATH_ID, is_order_id
from functions.platform.bodies import JSON_TYPE, read_object
from functions.platform.cursors import CURSOR_LENGTH_MAX
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import OutcomeUnknownError
from functions.platform.messages import NOT_KNOWN, faults_in_our_words, shown
from functions.platform.observability import flush_metrics, logger
from functions.platform.routes import HEAD, READS, Gateway
from functions.platform.shapes import Problem, ProblemOrGatewayAnswer, problem

RETRY_AFTER_SECONDS = 1
AGAIN_LATER = frozenset({"try_again", "conflict"})
"""The refusals that go away by themselves: the same request sent again a moment later may be answered."""
TITLES = MappingProxyType(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
    }
)
"""What RFC 9110 calls these; Python says so from 3.13 on. Problems look the same on any."""
CURSOR = "cursor"
STAFF_GROUP = "staff"
STAFF_SCOPE = "membership/staff"
MERGE_PATCH_TYPE = "application/merge-patch+json"
"""JSON that says which members of an object change (RFC 7396)."""
PROBLEM_TYPE = "application/problem+json"
GATEWAY_STATUSES = frozenset({401, 500, 503})
"""With which the gateway answers by itself, too: no function was asked, or none could answer."""
PREFLIGHT = "OPTIONS"
"""What browsers ask with before they ask; the gateway adds its CORS headers, if it has any."""
SECURE_HEADERS = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }
)
"""What every answer tells browsers: keep nothing, guess nothing, run nothing, and come back by TLS only
(OWASP's headers for REST: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html)."""

Event = dict[str, Any]
F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


class Who(Enum):
    """Who may ask for a route."""

    ANYBODY = "anybody"
    """Whoever has an access token, registered or not."""
    MEMBER = "member"
    """A person, about themselves: no service can be a member."""
    OWNER = "owner"
    """The member whose it is, or staff."""
    STAFF = "staff"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request, by their access token; never by anything in the request.

    A ``service`` holds a token of its own, not a person's.
    """

    member_id: str
    staff: bool
    service: bool = False

    @property
    def owner(self) -> str | None:
        """The one member whose orders the caller may see and change; None for staff: anybody's."""
        return None if self.staff else self.member_id

    def check_may(self, who: Who) -> None:
        """Refuse a caller that a route is not for.

        Raises
        ------
        ForbiddenError
            ``forbidden``: only staff may; ``not_a_member``: it is about a person, and a service asks.
        """
        if who is Who.STAFF and not self.staff:
            raise ForbiddenError("forbidden", "Only staff may do this.")
        if self.service and (who is Who.MEMBER or (who is Who.OWNER and not self.staff)):
            raise ForbiddenError("not_a_member", "This is about a person who signs in; a service is none.")


def caller_of(event: Mapping[str, Any]) -> Caller:
    """Return the caller that the gateway's authorizer vouches for.

    Raises
    ------
    UnauthenticatedError
        ``unauthenticated``: there is no token, or it is no access token. The authorizer accepts ID tokens
        too; they say who somebody is, not what an API may do for them.
    """
    context = event.get("requestContext", {}).get("authorizer", {}).get("jwt", {})
    claims = context.get("claims") or {}
    if claims.get("token_use") != "access" or not claims.get("sub"):
        raise UnauthenticatedError("unauthenticated", "An access token is needed.")
    scopes = str(claims.get("scope") or "").split()
    return Caller(
        member_id=str(claims["sub"]),
        staff=STAFF_GROUP in _groups(claims) or STAFF_SCOPE in scopes,
        service=claims["sub"] == claims.get("client_id"),  # a token of client credentials is the client's own
    )


def _groups(claims: Mapping[str, Any]) -> list[str]:
    """Return the groups of a token. An HTTP API hands a list claim over as the text ``[a b]``."""
    groups = claims.get("cognito:groups") or ""
    if isinstance(groups, list):
        return [str(group) for group in groups]
    return str(groups).removeprefix("[").removesuffix("]").split(" ")


@dataclass(frozen=True, slots=True)
class _Route:
    """A route as declared: enough to decide who may call it before anything is read from the body."""

    method: str
    segments: tuple[str, ...]
    who: Who
    query: frozenset[str]
    body: bool
    body_optional: bool
    media_types: tuple[str, ...] = (JSON_TYPE,)

    @property
    def name(self) -> str:
        """What logs and figures call it: ``GET /orders/<order_id>``."""
        return f"{self.method} {'/'.join(self.segments)}"

    def ids_in(self, segments: tuple[str, ...]) -> dict[str, str]:
        """Return the ids in a path that matches, by their names."""
        return {
            want.strip("<>"): got
            for want, got in zip(self.segments, segments, strict=True)
            if want.startswith("<")
        }

    def matches(self, method: str, segments: tuple[str, ...]) -> bool:
        return (
            method == self.method
            and len(segments) == len(self.segments)
            and all(
                want == got or (want.startswith("<") and got)
                for want, got in zip(self.segments, segments, strict=True)
            )
        )


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
    Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before."),
]


NO_MOMENT = "must be a date and time with an offset, such as 2026-12-10T09:30:00%2B08:00 or …T01:30:00Z"
"""A plus sign that an address does not escape arrives as a space."""
_RFC_3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2})(?:\.(\d+))?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)
"""Nothing is older or younger; what is asked beyond them is asked from there."""


def _moment(value: Any) -> Any:
    """Read a moment with its offset, and take the first whole second that is not before it.

    Moments of rows are whole seconds, so that what is at 09:30:00.5 or later is at 09:30:01 or later.
    """
    if not isinstance(value, str):
        return value
    try:
        found = _RFC_3339.fullmatch(value)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """What :func:`route` says of a method."""

    method: str
    path: str
    summary: str
    refuses: Mapping[int, Sequence[str]]
    answers: HTTPStatus
    also_answers: Mapping[int, str]
    answer_headers: Mapping[str, str]
    who: Who
    body: bool
    body_optional: bool
    media_types: tuple[str, ...]

    def served_by(self, function: Callable[..., Any]) -> _Route:
        """Return the route that a function serves."""
        return _Route(
            method=self.method,
            segments=tuple(self.path.split("/")),
            who=self.who,
            query=_query_of(function),
            body=self.body,
            body_optional=self.body_optional,
            media_types=self.media_types,
        )

    @property
    def responses(self) -> dict[int, OpenAPIResponse]:
        """What the document says of each status."""
        every = {
            401: ["unauthenticated"],
            422: ["invalid_request"],
            500: ["internal_error"],
            503: ["try_again"],
        }
        if self.who is not Who.ANYBODY:
            every[403] = ["forbidden" if self.who is Who.STAFF else "not_a_member"]
        if self.body:
            every[413] = ["body_too_large"]
        for status, codes in self.refuses.items():
            every[status] = [*codes, *every.get(status, [])]
        return {
            self.answers: _response(self.answers.phrase, self.answer_headers),
            **{status: {"description": says} for status, says in self.also_answers.items()},
            **{status: _problem_response(status, codes) for status, codes in sorted(every.items())},
        }


_DECLARED = "declared_route"


def route(
    method: str,
    path: str,
    *,
    summary: str,
    refuses: Mapping[int, Sequence[str]],
    answers: HTTPStatus = HTTPStatus.OK,
    also_answers: Mapping[int, str] = MappingProxyType({}),
    answer_headers: Mapping[str, str] = MappingProxyType({}),
    who: Who,
    body: bool = False,
    body_optional: bool = False,
    media_types: tuple[str, ...] = (JSON_TYPE,),
) -> Callable[[F], F]:
    """Declare that a method serves a route; :meth:`Api.add` takes it up.

    The method's name is the operation's id, and its docstring the description.

    Parameters
    ----------
    method, path
        As in ``POST`` and ``/orders/<order_id>/payment``.
    summary
        One line for the OpenAPI document.
    refuses
        The codes with which it may refuse, by status, besides those that every route has.
    answers, also_answers
        The usual status of success; others, with what each says.
    answer_headers
        Headers that the usual answer may have, with what each says.
    who
        Who may ask for it (403 for others, whatever the body).
    body, body_optional
        Whether it takes a JSON object as its body; whether none is as good as an empty one.
    media_types
        What the body may be sent as; what is sent without a type is JSON. The document says
        :data:`JSON_TYPE` only: of two the generated client would make a module that cannot be imported.
    """
    declared = _Declared(
        method=method,
        path=path,
        summary=summary,
        refuses=refuses,
        answers=answers,
        also_answers=also_answers,
        answer_headers=answer_headers,
        who=who,
        body=body,
        body_optional=body_optional,
        media_types=media_types,
    )

    def declare(function: F) -> F:
        setattr(function, _DECLARED, declared)
        return function

    return declare


class Api:
    """The routes of one function, and the Lambda handler that serves them.

    Parameters
    ----------
    gateway
        All routes of the suite, for the function that is asked what no route matches; others never are.
    """

    def __init__(self, gateway: Gateway | None = None) -> None:
        self.resolver = APIGatewayHttpResolver(enable_validation=True)
        self._gateway = gateway or Gateway()
        self._routes: list[_Route] = []
        self.resolver.exception_handler(RefusalError)(_refused)
        self.resolver.exception_handler(RequestValidationError)(_invalid)
        # What we admit and the resolver does not know has characters that its paths cannot have.
        self.resolver.exception_handler(UnmatchedPathError)(lambda error: _refused(_bad_path(error)))

    @property
    def caller(self) -> Caller:
        """Who sent the request that is being served."""
        caller: Caller = self.resolver.context["caller"]
        return caller

    def note(self, **ids: str) -> None:
        """Have ids of what the request that is being served is about stand in its line of the log."""
        self.resolver.context["noted"].update(ids)

    @property
    def deadline(self) -> Deadline:
        """Until when the request that is being served may be tried."""
        deadline: Deadline = self.resolver.context["deadline"]
        return deadline

    def add(self, face: object, *, tag: str) -> None:
        """Serve the routes that the methods of a context's face are declared to serve, in their order there.

        Parameters
        ----------
        tag
            What the operations are grouped under in the OpenAPI document; `tools/openapi.py` describes each.
        """
        for name, function in vars(type(face)).items():
            declared: _Declared | None = getattr(function, _DECLARED, None)
            if declared is not None:
                self._serve_by(getattr(face, name), declared, tag)

    def _serve_by(self, function: Callable[..., Any], declared: _Declared, tag: str) -> None:
        self._routes.append(declared.served_by(function))
        self.resolver.route(
            rule=declared.path,
            method=declared.method,
            summary=declared.summary,
            description=inspect.cleandoc(function.__doc__ or declared.summary),
            operation_id=function.__name__,
            tags=[tag],
            security=[{"access_token": []}],
            status_code=declared.answers,
            responses=declared.responses,
        )(function)

    def __call__(self, event: Event, context: LambdaContext) -> Event:
        """Serve one request of the HTTP API (payload format 2.0)."""
        if event["requestContext"]["http"]["method"] == PREFLIGHT:
            return {"statusCode": HTTPStatus.NO_CONTENT.value, "headers": dict(SECURE_HEADERS)}
        logger.set_correlation_id(event.get("requestContext", {}).get("requestId"))
        noted: dict[str, str] = {}
        try:
            asks_for_headers = event["requestContext"]["http"]["method"] == HEAD
            answered = self._serve(event, context, noted)
            answered["headers"] = {**SECURE_HEADERS, **answered.get("headers", {})}
            logger.info("request", extra=_logged(answered, noted) | {"request_id": context.aws_request_id})
            if asks_for_headers:
                answered |= {"body": "", "isBase64Encoded": False}
            return answered
        finally:
            self.resolver.clear_context()  # type: ignore[no-untyped-call]
            flush_metrics()
            logger.set_correlation_id(None)

    def _serve(self, event: Event, context: LambdaContext, noted: dict[str, str]) -> Event:
        try:
            caller = self._admit(event, noted)
            self.resolver.append_context(  # type: ignore[no-untyped-call]
                caller=caller, deadline=Deadline.of(context), noted=noted
            )
            return self.resolver.resolve(event, context)  # type: ignore[arg-type]
        except RefusalError as refusal:
            return _gateway_answer(refusal)
        except OutcomeUnknownError:
            logger.exception("outcome unknown")
            return _gateway_answer(
                TryAgainError("try_again", "The outcome is not known yet; send the same again.")
            )
        except Exception:
            logger.exception("request failed")
            body = problem(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
                code="internal_error",
                detail="The request failed; the same request with the same key or id is safe.",
            )
            return {"statusCode": 500, "headers": {"content-type": PROBLEM_TYPE}, "body": json.dumps(body)}

    def _admit(self, event: Event, noted: dict[str, str]) -> Caller:
        """Refuse what needs no look at the contents: who asks, what route, what size, what form."""
        caller = caller_of(event)
        noted["caller"] = caller.member_id
        path, asked = _path_of(event), event["requestContext"]["http"]
        if asked["method"] == HEAD:
            asked["method"] = READS
        segments = tuple(path.split("/"))
        route = next((each for each in self._routes if each.matches(asked["method"], segments)), None)
        if route is None:
            raise _no_route(self._gateway, asked["method"], path)
        noted |= {"route": route.name, **route.ids_in(segments)}
        caller.check_may(route.who)
        if not path.isprintable():  # a pattern's end would also match before a line break
            raise _bad_path()
        _check_query(event, route.query)
        if event.get("body") or (route.body and not route.body_optional):
            members = read_object(event, route.media_types)
            if members and not route.body:
                raise invalid_fields(*((name, NOT_KNOWN) for name in members))
        elif route.body:
            event["body"], event["isBase64Encoded"] = "{}", False
        return caller


def answer(body: T, status: HTTPStatus, headers: Mapping[str, str] = MappingProxyType({})) -> Response[T]:
    """Return an answer that has another status than the route's usual one, or headers."""
    return Response(status, JSON_TYPE, body, dict(headers))


def _logged(answered: Event, noted: Mapping[str, str]) -> dict[str, Any]:
    """Return what a request's line in the log says: who asked for what, about which order or member.

    Ids from a path are whatever the caller wrote there, perhaps a name: one that no order can have is left
    out, a member's where nobody was found by it, and others always.
    """
    status = int(answered["statusCode"])
    found = status < HTTPStatus.BAD_REQUEST
    ids = {
        name: value
        for name, value in noted.items()
        if name in ("caller", "route")
        or (name == "order_id" and is_order_id(value))
        or (name == "member_id" and found)
    }
    code = {} if found else {"code": json.loads(answered["body"])["code"]}
    return {**ids, "status": status, **code}


def _path_of(event: Event) -> str:
    """Return the path without the stage that a named stage puts before it."""
    path: str = event["rawPath"]
    stage = event["requestContext"].get("stage")
    return path.removeprefix(f"/{stage}") if stage and stage != "$default" else path


def _query_of(function: Callable[..., Any]) -> frozenset[str]:
    """Return the query parameters that a route's function takes, as they are called in a query."""
    found = set()
    for name, hint in get_type_hints(function, include_extras=True).items():
        for told in getattr(hint, "__metadata__", ()):
            if isinstance(told, Query):
                found.add(told.alias or name)
    return frozenset(found)


def _check_query(event: Event, known: frozenset[str]) -> None:
    """Refuse parameters that nobody hears, and those that say two things; an empty cursor is the first page.

    The gateway joins what is sent twice by commas; only the query as it was sent tells that from one value.
    """
    names = [name for name, _ in parse_qsl(event.get("rawQueryString") or "", keep_blank_values=True)]
    told = event.get("queryStringParameters") or {}
    faults = [(name, NOT_KNOWN) for name in dict.fromkeys((*names, *told)) if name not in known]
    faults += [(name, "stands there twice") for name, times in Counter(names).items() if times > 1]
    if faults:
        raise invalid_fields(*((shown(name), message) for name, message in faults))
    if told.get(CURSOR) == "":
        event["queryStringParameters"] = {name: value for name, value in told.items() if name != CURSOR}


def _no_route(gateway: Gateway, method: str, path: str) -> RefusalError:
    """Return the refusal of what no route here matches: no such path, or not by this method."""
    allowed = gateway.methods_at(path)
    if allowed and method not in allowed:
        return NotAllowedError(allowed)
    if not allowed and gateway.has_slash_in_id(method, path):
        return _bad_path()
    return NotFoundError("route_not_found", "There is no such route.")


def _bad_path(_: Exception | None = None) -> InvalidError:
    return invalid_fields(("path", "has an id with characters that no id has"))


def _response(description: str, headers: Mapping[str, str]) -> OpenAPIResponse:
    said: dict[str, OpenAPIResponseHeader] = {
        name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()
    }
    return {"description": description, "headers": said} if said else {"description": description}


def _problem_response(status: int, codes: Sequence[str]) -> OpenAPIResponse:
    again = {"Retry-After": "Seconds to wait before the same request is sent again."}
    response = _response(", ".join(f"`{code}`" for code in codes), again if AGAIN_LATER & set(codes) else {})
    if status in GATEWAY_STATUSES:  # under both types alike: clients are generated from one schema per status
        either: OpenAPIResponseContentModel = {"model": ProblemOrGatewayAnswer}
        response["content"] = {PROBLEM_TYPE: either, JSON_TYPE: either}
    else:
        response["content"] = {PROBLEM_TYPE: {"model": Problem}}
    return response


def _problem_of(refusal: RefusalError) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    match refusal:
        case RefusalError(code=code) if code in AGAIN_LATER:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        case NotAllowedError():
            headers["Allow"] = ", ".join(refusal.methods)
    body = problem(
        status=refusal.status,
        title=TITLES.get(HTTPStatus(refusal.status)) or HTTPStatus(refusal.status).phrase,
        code=refusal.code,
        detail=refusal.detail,
        **refusal.facts,
    )
    return body, headers


def _refused(refusal: RefusalError) -> Response[str]:
    body, headers = _problem_of(refusal)
    return Response(refusal.status, PROBLEM_TYPE, json.dumps(body), dict(headers))


def _gateway_answer(refusal: RefusalError) -> Event:
    body, headers = _problem_of(refusal)
    return {
        "statusCode": refusal.status,
        "headers": {"content-type": PROBLEM_TYPE, **headers},
        "body": json.dumps(body),
    }


def _invalid(error: RequestValidationError) -> Response[str]:
    """Name each field at fault. What was sent is not repeated: it may be personal.

    Powertools reports an answer that is not what the route promises in the same way: that is a fault of ours.
    """
    if any(fault["loc"][0] == "response" for fault in error.errors()):
        raise error
    return _refused(invalid_fields(*faults_in_our_words(error.errors())))
