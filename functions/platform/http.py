"""The HTTP face of the API functions: who is asking, what may be asked, and how a refusal looks.

Checks come in this order, whatever the route: 401, 403, 413 and 422, then what the handler finds (404, 409).
"""

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel

from functions.domain.errors import (
    ForbiddenError,
    InvalidError,
    NotAllowedError,
    NotFoundError,
    RefusalError,
    TooManyError,
    TryAgainError,
    UnauthenticatedError,
    invalid_fields,
)
from functions.domain.identifiers import is_order_id
from functions.platform import spent
from functions.platform.bodies import JSON_TYPE, read_object
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import OutcomeUnknownError
from functions.platform.messages import NOT_KNOWN, shown
from functions.platform.observability import flush_metrics, logger
from functions.platform.parameters import Parameters, parameters_of
from functions.platform.recording import Look, Recorder
from functions.platform.roles import NOBODY, Role, roles_of
from functions.platform.routes import HEAD, READS, REQUEST_ID, Gateway
from functions.platform.secure_headers import SECURE_HEADERS
from functions.platform.shapes import problem
from functions.platform.trail import Trail, following

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
MERGE_PATCH_TYPE = "application/merge-patch+json"
"""JSON that says which members of an object change (RFC 7396)."""
PROBLEM_TYPE = "application/problem+json"
OF_A_MEMBER = "/members/<member_id>"
"""How the paths begin of what staff see and do of a member."""
PREFLIGHT = "OPTIONS"
"""What browsers ask with before they ask; the gateway adds its CORS headers, if it has any."""
_OF_PATHS = re.compile(r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+")
"""The characters of an id in a path: of what a URI can have, and letters and digits of any script."""

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
    """The member whose it is, or staff with one of the route's roles."""
    STAFF = "staff"
    """Staff with one of the route's roles."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent the request, by their access token; never by anything in the request.

    ``staff`` says that they ask as staff: that they have a role which the route is for. Whoever has another
    one is a member there like any other. A ``service`` holds a token of its own, not a person's.
    ``name`` is what a person signs in with: a member's own is for nobody to write down.
    """

    member_id: str
    name: str | None = None
    roles: Role = NOBODY
    service: bool = False
    staff: bool = False

    @property
    def owner(self) -> str | None:
        """The one member whose orders the caller may see and change; None for staff: anybody's."""
        return None if self.staff else self.member_id

    def may(self, roles: Role) -> bool:
        """Tell whether the caller has one of these roles, or is an admin (K7)."""
        return bool(self.roles & (roles | Role.ADMIN))

    def asking(self, who: Who, roles: Role) -> "Caller":
        """Return the caller as they ask for a route; refuse one that it is not for (K7).

        Raises
        ------
        ForbiddenError
            ``forbidden``: only staff may, or only staff with other roles; ``not_a_member``: it is about a
            person, and a service asks.
        """
        staff = who is not Who.MEMBER and self.may(roles)
        if who is Who.STAFF and not staff:
            whom = (roles | Role.ADMIN).named if self.roles else "staff"
            raise ForbiddenError("forbidden", f"Only {whom} may do this.")
        if self.service and (who is Who.MEMBER or (who is Who.OWNER and not staff)):
            raise ForbiddenError("not_a_member", "This is about a person who signs in; a service is none.")
        return replace(self, staff=staff)


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
    return Caller(
        member_id=str(claims["sub"]),
        name=str(claims.get("username") or "") or None,
        roles=roles_of(_groups(claims), str(claims.get("scope") or "").split()),
        service=claims["sub"] == claims.get("client_id"),  # a token of client credentials is the client's own
    )


def _groups(claims: Mapping[str, Any]) -> list[str]:
    """Return the groups of a token. An HTTP API hands a list claim over as the text ``[a b]``."""
    groups = claims.get("cognito:groups") or ""
    if isinstance(groups, list):
        return [str(group) for group in groups]
    return str(groups).removeprefix("[").removesuffix("]").split(" ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What :func:`route` says of a method."""

    method: str
    path: str
    summary: str
    refuses: Mapping[int, Sequence[str]]
    answers: HTTPStatus
    also_answers: Mapping[int, str]
    answer_headers: Mapping[str, str]
    who: Who
    roles: Role
    roles_by: Mapping[str, Mapping[str, Role]]
    body: bool
    body_optional: bool
    media_types: tuple[str, ...]
    looks: bool


@dataclass(frozen=True, kw_only=True)
class Route:
    """A declared route with the function that serves it, and what it is grouped under in the document."""

    declared: Declared
    function: Callable[..., Any]
    tag: str

    @cached_property
    def name(self) -> str:
        """What logs and figures call it: ``GET /orders/<order_id>``."""
        return f"{self.declared.method} {self.declared.path}"

    @cached_property
    def segments(self) -> tuple[str, ...]:
        """The parts of its path, those that are an id as ``<order_id>``."""
        return tuple(self.declared.path.split("/"))

    @cached_property
    def parameters(self) -> Parameters:
        """What its function takes; made when it is first asked for, and not when a function starts."""
        return parameters_of(getattr(self.function, "__func__", self.function))

    @cached_property
    def is_a_look(self) -> bool:
        """Whether it shows what there is of a member, so that who was shown it is written down (K7)."""
        path = self.declared.path
        of_a_member = path == OF_A_MEMBER or path.startswith(f"{OF_A_MEMBER}/")
        return self.declared.looks or (self.declared.method == READS and of_a_member)

    def ids_in(self, segments: tuple[str, ...]) -> dict[str, str]:
        """Return the ids in a path that matches, by their names."""
        return {
            want[1:-1]: got for want, got in zip(self.segments, segments, strict=True) if want.startswith("<")
        }

    def roles_for(self, ids: Mapping[str, str]) -> Role:
        """Return the roles that it is for where its path has these ids (K7)."""
        named = ((self.declared.roles_by.get(name, {}), value) for name, value in ids.items())
        return next((table[value] for table, value in named if value in table), self.declared.roles)

    def matches(self, segments: tuple[str, ...]) -> bool:
        """Tell whether a path of as many parts is one of this route's."""
        return all(
            want == got or (want.startswith("<") and got != "")
            for want, got in zip(self.segments, segments, strict=True)
        )


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
    roles: Role = NOBODY,
    roles_by: Mapping[str, Mapping[str, Role]] = MappingProxyType({}),
    body: bool = False,
    body_optional: bool = False,
    media_types: tuple[str, ...] = (JSON_TYPE,),
    looks: bool = False,
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
    roles
        Staff with which roles may, or are answered more than members; an admin is always one of them (K7).
    roles_by
        Of an id in the path, such as ``report``, with which roles for some of its values; for what is not
        among them ``roles`` holds, which are all of theirs together.
    body, body_optional
        Whether it takes a JSON object as its body; whether none is as good as an empty one.
    media_types
        What the body may be sent as; what is sent without a type is JSON. The document says
        :data:`JSON_TYPE` only: of two the generated client would make a module that cannot be imported.
    looks
        Whether it finds members, or takes out what there is of one: that leaves a record, whoever asks, as
        does what staff see under :data:`OF_A_MEMBER` (K7).
    """
    declared = Declared(
        method=method,
        path=path,
        summary=summary,
        refuses=refuses,
        answers=answers,
        also_answers=also_answers,
        answer_headers=answer_headers,
        who=who,
        roles=roles,
        roles_by=roles_by,
        body=body,
        body_optional=body_optional,
        media_types=media_types,
        looks=looks,
    )

    def declare(function: F) -> F:
        setattr(function, _DECLARED, declared)
        return function

    return declare


@dataclass(frozen=True, slots=True)
class Response(Generic[T]):
    """An answer with a status or headers of its own."""

    body: T
    status: HTTPStatus
    headers: Mapping[str, str]


def answer(body: T, status: HTTPStatus, headers: Mapping[str, str] = MappingProxyType({})) -> Response[T]:
    """Return an answer that has another status than the route's usual one, or headers."""
    return Response(body, status, headers)


@dataclass(frozen=True, slots=True)
class _Request:
    """A request that was admitted: who asks for which route, and what they sent along."""

    caller: Caller
    route: Route
    deadline: Deadline
    noted: dict[str, str]
    address: str | None = field(repr=False)
    sent: Mapping[str, Any] = field(repr=False)
    look: Look = field(default_factory=Look)


_SERVED: ContextVar[_Request] = ContextVar("served")
"""The request that is being served; one at a time, but where a test lets several take turns."""


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """A face that nobody has asked for, with its routes, and what makes it."""

    gateway: Gateway
    make: Callable[[], object]
    tag: str


class Api:
    """The routes of one function, and the Lambda handler that serves them.

    Parameters
    ----------
    recorder
        Keeps the trail of what staff do (K7).
    gateway
        Gives all routes of the suite, for the function that is asked what no route matches; others never are.
    """

    def __init__(self, recorder: Recorder, gateway: Callable[[], Gateway] = Gateway) -> None:
        self._recorder = recorder
        self._routes: list[Route] = []
        self._not_asked: list[_Later] = []
        self._gateway = gateway
        self._written_out: dict[tuple[str, str], Route] = {}
        self._with_ids: dict[tuple[str, int], list[Route]] = {}

    @property
    def caller(self) -> Caller:
        """Who sent the request that is being served."""
        return _SERVED.get().caller

    @property
    def address(self) -> str | None:
        """The address that the request which is being served came from, as the gateway saw it."""
        return _SERVED.get().address

    def note(self, **ids: str) -> None:
        """Have ids of what the request that is being served is about stand in its line of the log."""
        _SERVED.get().noted.update(ids)

    def showing(self, member_ids: Sequence[str], *, searched_by: str) -> None:
        """Say which members a search shows, and what it was by; never what was sought (K7)."""
        look = _SERVED.get().look
        look.shown, look.searched_by = member_ids, searched_by

    @property
    def deadline(self) -> Deadline:
        """Until when the request that is being served may be tried."""
        return _SERVED.get().deadline

    def add(self, face: object, *, tag: str) -> None:
        """Serve the routes that the methods of a context's face are declared to serve, in their order there.

        Parameters
        ----------
        tag
            What the operations are grouped under in the OpenAPI document; `tools/openapi.py` describes each.
        """
        for name, function in vars(type(face)).items():
            declared: Declared | None = getattr(function, _DECLARED, None)
            if declared is None:
                continue
            route = Route(declared=declared, function=getattr(face, name), tag=tag)
            self._routes.append(route)
            if "<" in declared.path:
                self._with_ids.setdefault((declared.method, len(route.segments)), []).append(route)
            else:
                self._written_out[declared.method, declared.path] = route

    def add_when_asked(self, routes: Sequence[str], make: Callable[[], object], *, tag: str) -> None:
        """Serve the routes of a face that is made, and imported, when the first of them is asked for (Z6).

        Parameters
        ----------
        routes
            All of its routes, as the gateway has them, such as ``GET /campaigns/{campaign_id}``. None of them
            may be one that takes for an id what another face's route writes out.
        make
            Makes the face.
        tag
            As for :meth:`add`.
        """
        self._not_asked.append(_Later(Gateway(routes), make, tag))

    @property
    def routes(self) -> Sequence[Route]:
        """All routes, those of faces that have not been asked for, too: these are made."""
        for later in [*self._not_asked]:
            self._make(later)
        return self._routes

    def _make(self, later: "_Later") -> None:
        self._not_asked.remove(later)
        self.add(later.make(), tag=later.tag)

    def __call__(self, event: Event, context: LambdaContext) -> Event:
        """Serve one request of the HTTP API (payload format 2.0)."""
        if event["requestContext"]["http"]["method"] == PREFLIGHT:
            return {"statusCode": HTTPStatus.NO_CONTENT.value, "headers": dict(SECURE_HEADERS)}
        request_id = event["requestContext"].get("requestId")
        logger.set_correlation_id(request_id)
        spent.begin()
        begun = time.perf_counter()
        noted: dict[str, str] = {}
        try:
            asks_for_headers = event["requestContext"]["http"]["method"] == HEAD
            answered = self._serve(event, context, noted)
            answered["headers"] = {**SECURE_HEADERS, **answered.get("headers", {})}
            if request_id is not None and int(answered["statusCode"]) >= HTTPStatus.BAD_REQUEST:
                answered["headers"][REQUEST_ID] = request_id
            logger.info(
                "request", extra=_logged(answered, noted) | _took(begun) | _of_lambda(answered, context)
            )
            if asks_for_headers:
                answered |= {"body": "", "isBase64Encoded": False}
            return answered
        finally:
            flush_metrics()
            logger.set_correlation_id(None)

    def _serve(self, event: Event, context: LambdaContext, noted: dict[str, str]) -> Event:
        try:
            request = self._admitted(event, context, noted)
            turn = _SERVED.set(request)
            try:
                arguments = request.route.parameters.read(request.sent)
                trail = self._trail_of(request, event)
                with following(trail):
                    result = request.route.function(**arguments)
                if trail is not None and request.route.is_a_look:
                    self._recorder.keep_look(trail, request.look, request.deadline)
                return _answered(request.route, result)
            finally:
                _SERVED.reset(turn)
        except RefusalError as refusal:
            return _refused(refusal)
        except OutcomeUnknownError:
            logger.exception("outcome unknown")
            return _refused(TryAgainError("try_again", "The outcome is not known yet; send the same again."))
        except Exception:
            logger.exception("request failed")
            body = problem(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                title=HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
                code="internal_error",
                detail="The request failed; the same request with the same key or id is safe.",
            )
            return {"statusCode": 500, "headers": {"content-type": PROBLEM_TYPE}, "body": json.dumps(body)}

    def _trail_of(self, request: _Request, event: Event) -> Trail | None:
        """Return the trail of a request by staff, or of a look; there is none of what others do (K7)."""
        caller, route, ids = request.caller, request.route, dict(request.sent["path"])
        if not caller.staff:
            if not route.declared.looks:
                return None
            ids["member_id"] = caller.member_id
        return self._recorder.trail(
            event,
            operation=route.function.__name__,
            route=route.name.replace("<", "{").replace(">", "}"),
            operator=caller.member_id,
            operator_name=caller.name if caller.staff else None,
            service=caller.service,
            roles=caller.roles,
            ids=ids,
            body=request.sent["body"],
        )

    def _admitted(self, event: Event, context: LambdaContext, noted: dict[str, str]) -> _Request:
        """Refuse what needs no look at the contents: who asks, what route, what size, what form."""
        caller = caller_of(event)
        noted["caller"] = caller.member_id
        path, method = _path_of(event), event["requestContext"]["http"]["method"]
        method = READS if method == HEAD else method
        segments = tuple(path.split("/"))
        route = self._route_of(method, path, segments)
        if route is None:
            raise _no_route(self._gateway(), method, path)
        declared, ids = route.declared, route.ids_in(segments)
        noted |= {"route": route.name, **ids}
        caller = caller.asking(declared.who, route.roles_for(ids))
        if not path.isprintable():  # a pattern's end would also match before a line break
            raise _bad_path()
        query = _query_of(event, route.parameters.query)
        members: dict[str, Any] = {}
        if event.get("body") or (declared.body and not declared.body_optional):
            members = read_object(event, declared.media_types)
            if members and not declared.body:
                raise invalid_fields(*((name, NOT_KNOWN) for name in members))
        if not all(map(_OF_PATHS.fullmatch, ids.values())):
            raise _bad_path()
        headers = {name.lower(): value for name, value in event.get("headers", {}).items()}
        sent = {"path": ids, "query": query, "header": headers, "body": members}
        address = event["requestContext"]["http"].get("sourceIp")
        return _Request(caller, route, Deadline.of(context), noted, address, sent)

    def _route_of(self, method: str, path: str, segments: tuple[str, ...]) -> Route | None:
        """Return the route of a path: one that is written out, before one that takes a part for an id."""
        for later in [each for each in self._not_asked if method in each.gateway.methods_at(path)]:
            self._make(later)
        route = self._written_out.get((method, path))
        if route is not None:
            return route
        found = self._with_ids.get((method, len(segments)), ())
        return next((each for each in found if each.matches(segments)), None)


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


def _of_lambda(answered: Event, context: LambdaContext) -> dict[str, str]:
    """Return Lambda's own id of an invocation that went wrong, under which it may have logged, too."""
    wrong = int(answered["statusCode"]) >= HTTPStatus.INTERNAL_SERVER_ERROR
    return {"request_id": context.aws_request_id} if wrong else {}


def _took(begun: float) -> dict[str, int]:
    """Return what a request's line says of its time: how long it took, and how much of that AWS did."""
    aws = spent.so_far()
    return {
        "took_ms": round(1_000 * (time.perf_counter() - begun)),
        "aws_calls": aws.calls,
        "aws_ms": round(1_000 * aws.seconds),
    }


def _path_of(event: Event) -> str:
    """Return the path without the stage that a named stage puts before it."""
    path: str = event["rawPath"]
    stage = event["requestContext"].get("stage")
    return path.removeprefix(f"/{stage}") if stage and stage != "$default" else path


def _query_of(event: Event, known: frozenset[str]) -> Mapping[str, str]:
    """Return the query; refuse parameters that nobody hears, and those that say two things.

    An empty cursor is the first page. The gateway joins what is sent twice by commas; only the query as it
    was sent tells that from one value.
    """
    told: dict[str, str] = event.get("queryStringParameters") or {}
    raw = event.get("rawQueryString") or ""
    if not told and not raw:
        return told
    names = [name for name, _ in parse_qsl(raw, keep_blank_values=True)]
    faults = [(name, NOT_KNOWN) for name in dict.fromkeys((*names, *told)) if name not in known]
    faults += [(name, "stands there twice") for name, times in Counter(names).items() if times > 1]
    if faults:
        raise invalid_fields(*((shown(name), message) for name, message in faults))
    return {name: value for name, value in told.items() if name != CURSOR or value != ""}


def _no_route(gateway: Gateway, method: str, path: str) -> RefusalError:
    """Return the refusal of what no route here matches: no such path, or not by this method."""
    allowed = gateway.methods_at(path)
    if allowed and method not in allowed:
        return NotAllowedError(allowed)
    if not allowed and gateway.has_slash_in_id(method, path):
        return _bad_path()
    return NotFoundError("route_not_found", "There is no such route.")


def _bad_path() -> InvalidError:
    return invalid_fields(("path", "has an id with characters that no id has"))


def _problem_of(refusal: RefusalError) -> tuple[dict[str, Any], dict[str, str]]:
    headers: dict[str, str] = {}
    match refusal:
        case RefusalError(code=code) if code in AGAIN_LATER:
            headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
        case NotAllowedError():
            headers["Allow"] = ", ".join(refusal.methods)
        case TooManyError():
            headers["Retry-After"] = str(refusal.retry_after_seconds)
    body = problem(
        status=refusal.status,
        title=TITLES.get(HTTPStatus(refusal.status)) or HTTPStatus(refusal.status).phrase,
        code=refusal.code,
        detail=refusal.detail,
        **refusal.facts,
    )
    return body, headers


def _refused(refusal: RefusalError) -> Event:
    body, headers = _problem_of(refusal)
    return {
        "statusCode": refusal.status,
        "headers": {"content-type": PROBLEM_TYPE, **headers},
        "body": json.dumps(body),
    }


def _answered(route: Route, result: Any) -> Event:
    """Return what is answered where nothing is refused: the model that a function returns, as JSON."""
    status, headers = route.declared.answers, {"content-type": JSON_TYPE}
    if isinstance(result, Response):
        status, headers, result = result.status, headers | dict(result.headers), result.body
    body: BaseModel = result
    text = json.dumps(body.model_dump(mode="json", by_alias=True), separators=(",", ":"))
    return {"statusCode": status.value, "headers": headers, "body": text}
