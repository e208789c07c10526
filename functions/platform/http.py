"""The HTTP face of the API functions: who is asking, what may be asked, and how a refusal looks.

Checks come in this order, whatever the route: 401, 403, 413 and 422, then what the handler finds (404, 409).
"""

import base64
import binascii
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

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
    NotFoundError,
    RefusalError,
    TooLargeError,
    TryAgainError,
    UnauthenticatedError,
    invalid_fields,
)
from functions.domain.identifiers import MEMBER_ID_LENGTH_MAX, is_order_id
from functions.platform.cursors import CURSOR_LENGTH_MAX
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import OutcomeUnknownError
from functions.platform.observability import flush_metrics, logger
from functions.platform.shapes import BRANCH, Problem, ProblemOrGatewayAnswer, problem

BODY_BYTES_MAX = 256 * 1024
BODY_CHARACTERS_MAX = BODY_BYTES_MAX // 3 * 4 + 4
"""As many as base64 needs for the largest body: what has more is not even decoded."""
RETRY_AFTER_SECONDS = 1
TITLES = MappingProxyType(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Content Too Large",
        HTTPStatus.UNPROCESSABLE_ENTITY: "Unprocessable Content",
    }
)
"""What RFC 9110 calls these; Python says so from 3.13 on. Problems look the same on any."""
STAFF_GROUP = "staff"
STAFF_SCOPE = "membership/staff"
JSON_TYPE = "application/json"
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


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request, by their access token; never by anything in the request."""

    member_id: str
    staff: bool


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
    return Caller(str(claims["sub"]), STAFF_GROUP in _groups(claims) or STAFF_SCOPE in scopes)


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
    staff: bool
    body: bool
    body_optional: bool

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
    StringConstraints(max_length=MEMBER_ID_LENGTH_MAX),
    WithJsonSchema({"type": "string", "pattern": rf"^[A-Za-z0-9._-]{{1,{MEMBER_ID_LENGTH_MAX}}}$"}),
    Path(description="The member's id."),
]
Cursor = Annotated[
    str | None,
    Query(max_length=CURSOR_LENGTH_MAX, description="`next_cursor` of the page before."),
]


class Api:
    """The routes of one function, and the Lambda handler that serves them.

    Parameters
    ----------
    tag
        What the function's operations are grouped under in the OpenAPI document, unless a route says another.
    """

    def __init__(self, tag: str) -> None:
        self.resolver = APIGatewayHttpResolver(enable_validation=True)
        self._tag = tag
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

    def route(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        refuses: Mapping[int, Sequence[str]],
        answers: HTTPStatus = HTTPStatus.OK,
        also_answers: Mapping[int, str] = MappingProxyType({}),
        answer_headers: Mapping[str, str] = MappingProxyType({}),
        staff: bool = False,
        body: bool = False,
        body_optional: bool = False,
        tag: str | None = None,
    ) -> Callable[[F], F]:
        """Declare a route.

        Parameters
        ----------
        method, path
            As in ``POST`` and ``/orders/<order_id>/payment``.
        summary
            One line for the OpenAPI document; the function's docstring is the description.
        refuses
            The codes with which it may refuse, by status, besides those that every route has.
        answers, also_answers
            The usual status of success; others, with what each says.
        answer_headers
            Headers that the usual answer may have, with what each says.
        staff
            Whether only staff may call it (403 for others, whatever the body).
        body, body_optional
            Whether it takes a JSON object as its body; whether none is as good as an empty one.
        tag
            What it is grouped under, if not under the API's own tag; `tools/openapi.py` describes each.
        """
        every = {
            401: ["unauthenticated"],
            422: ["invalid_request"],
            500: ["internal_error"],
            503: ["try_again"],
        }
        if staff:
            every[403] = ["forbidden"]
        if body:
            every[413] = ["body_too_large"]
        for status, codes in refuses.items():
            every[status] = [*codes, *every.get(status, [])]
        self._routes.append(_Route(method, tuple(path.split("/")), staff, body, body_optional))
        responses: dict[int, OpenAPIResponse] = {
            answers: _response(answers.phrase, answer_headers),
            **{status: {"description": says} for status, says in also_answers.items()},
            **{status: _problem_response(status, codes) for status, codes in sorted(every.items())},
        }

        def declare(function: F) -> F:
            declared: F = self.resolver.route(
                rule=path,
                method=method,
                summary=summary,
                description=inspect.cleandoc(function.__doc__ or summary),
                operation_id=function.__name__,
                tags=[tag or self._tag],
                security=[{"access_token": []}],
                status_code=answers,
                responses=responses,
            )(function)
            return declared

        return declare

    def __call__(self, event: Event, context: LambdaContext) -> Event:
        """Serve one request of the HTTP API (payload format 2.0)."""
        if event["requestContext"]["http"]["method"] == PREFLIGHT:
            return {"statusCode": HTTPStatus.NO_CONTENT.value, "headers": dict(SECURE_HEADERS)}
        logger.set_correlation_id(event.get("requestContext", {}).get("requestId"))
        noted: dict[str, str] = {}
        try:
            answered = self._serve(event, context, noted)
            answered["headers"] = {**SECURE_HEADERS, **answered.get("headers", {})}
            logger.info("request", extra=_logged(answered, noted) | {"request_id": context.aws_request_id})
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
        path = _path_of(event)
        method, segments = event["requestContext"]["http"]["method"], tuple(path.split("/"))
        route = next((each for each in self._routes if each.matches(method, segments)), None)
        if route is None:
            raise NotFoundError("route_not_found", "There is no such route.")
        noted |= {"route": route.name, **route.ids_in(segments)}
        if route.staff and not caller.staff:
            raise ForbiddenError("forbidden", "Only staff may do this.")
        if not path.isprintable():  # a pattern's end would also match before a line break
            raise _bad_path()
        if event.get("body") or (route.body and not route.body_optional):
            members = _normalise_body(event)
            if members and not route.body:
                raise invalid_fields(*((name, "Extra inputs are not permitted") for name in members))
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


def _normalise_body(event: Event) -> dict[str, Any]:
    """Return the body; refuse one that is too large or is not one JSON object in UTF-8.

    It is left in the event as plain text, whatever way the gateway handed it over.

    Raises
    ------
    TooLargeError
        ``body_too_large``: over :data:`BODY_BYTES_MAX`, before anything is parsed.
    InvalidError
        ``invalid_request``.
    """
    sent = event.get("body") or ""
    if len(sent) > BODY_CHARACTERS_MAX:
        raise _too_large()
    try:
        raw = base64.b64decode(sent, validate=True) if event.get("isBase64Encoded") else sent.encode()
        if len(raw) > BODY_BYTES_MAX:
            raise _too_large()
        text = raw.decode()
        body: Any = json.loads(text, object_pairs_hook=_each_name_once)
    except (binascii.Error, ValueError, RecursionError) as error:
        raise _not_json() from error
    headers = event.get("headers", {})
    kind = headers.get("content-type", JSON_TYPE).partition(";")[0].strip().lower()
    if kind != JSON_TYPE or not isinstance(body, dict):
        raise _not_json()
    event["body"], event["isBase64Encoded"] = text, False
    event["headers"] = {**headers, "content-type": JSON_TYPE}
    return body


def _each_name_once(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object that says two things under one name: readers would differ on which counts."""
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("a name stands twice")
    return found


def _bad_path(_: Exception | None = None) -> InvalidError:
    return InvalidError("invalid_request", "The path has characters that no id has.")


def _too_large() -> TooLargeError:
    return TooLargeError("body_too_large", f"A body has at most {BODY_BYTES_MAX} bytes.")


def _not_json() -> InvalidError:
    return InvalidError("invalid_request", "The body must be one JSON object, sent as application/json.")


def _response(description: str, headers: Mapping[str, str]) -> OpenAPIResponse:
    said: dict[str, OpenAPIResponseHeader] = {
        name: {"description": says, "schema": {"type": "string"}} for name, says in headers.items()
    }
    return {"description": description, "headers": said} if said else {"description": description}


def _problem_response(status: int, codes: Sequence[str]) -> OpenAPIResponse:
    again = {"Retry-After": "Seconds to wait before the same request is sent again."}
    response = _response(", ".join(f"`{code}`" for code in codes), again if "try_again" in codes else {})
    if status in GATEWAY_STATUSES:  # under both types alike: clients are generated from one schema per status
        either: OpenAPIResponseContentModel = {"model": ProblemOrGatewayAnswer}
        response["content"] = {PROBLEM_TYPE: either, JSON_TYPE: either}
    else:
        response["content"] = {PROBLEM_TYPE: {"model": Problem}}
    return response


def _problem_of(refusal: RefusalError) -> tuple[dict[str, Any], dict[str, str]]:
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if isinstance(refusal, TryAgainError) else {}
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
    faults = (
        (
            ".".join(part for part in map(str, fault["loc"][1:]) if not part.startswith(BRANCH))
            or str(fault["loc"][0]),
            fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors()
    )
    return _refused(invalid_fields(*faults))
