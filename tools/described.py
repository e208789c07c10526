"""The routes of a function as Powertools describes them: the one place where its resolver is used.

A function serves its routes by itself (:mod:`functions.platform.http`). What the document says of them is
Powertools' to write, from the same declarations and annotations.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler import Response as DescribedResponse
from aws_lambda_powertools.event_handler.openapi import params
from aws_lambda_powertools.event_handler.openapi.types import (
    OpenAPIResponse,
    OpenAPIResponseContentModel,
    OpenAPIResponseHeader,
)
from pydantic import ConfigDict, Field, RootModel

from functions.platform import parameters
from functions.platform.bodies import JSON_TYPE
from functions.platform.http import AGAIN_LATER, PROBLEM_TYPE, Api, Declared, Response, Route, Who
from functions.platform.roles import Role
from functions.platform.shapes import Answer

GATEWAY_STATUSES = frozenset({401, 500, 503})
"""With which the gateway answers by itself, too: no function was asked, or none could answer."""
_KINDS: Mapping[type, Callable[..., Any]] = {
    parameters.Path: params.Path,
    parameters.Query: params.Query,
    parameters.Header: params.Header,
    parameters.Body: params.Body,
}


class FieldError(Answer):
    """One field of a request that cannot be accepted."""

    field: str
    message: str


class Problem(Answer):
    """An error, as RFC 9457 problem details. Nothing has happened when it is a 4xx."""

    model_config = ConfigDict(frozen=True, extra="allow")

    type: str = Field(examples=["urn:memberday:problem:insufficient_stock"])
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable: decide by this, not by the text.")
    errors: list[FieldError] | None = None


class GatewayAnswer(Answer):
    """What the gateway answers by itself, where a request reached no function or none could answer."""

    message: str


class ProblemOrGatewayAnswer(RootModel[Problem | GatewayAnswer]):
    """A problem, or what the gateway answers by itself: tell them apart by their fields."""


def described(api: Api) -> APIGatewayHttpResolver:
    """Return a resolver of Powertools that knows a function's routes, to write what they are like."""
    resolver = APIGatewayHttpResolver(enable_validation=True)
    for route in api.routes:
        declared = route.declared
        resolver.route(
            rule=declared.path,
            method=declared.method,
            summary=declared.summary,
            description=inspect.cleandoc(route.function.__doc__ or declared.summary),
            operation_id=route.function.__name__,
            tags=[route.tag],
            security=[{"access_token": []}],
            status_code=declared.answers,
            responses=responses(declared),
            openapi_extensions={"x-roles": names} if (names := role_names(declared.roles)) else None,
        )(_annotated(route))
    return resolver


def role_names(roles: Role) -> list[str]:
    """Return the roles that a route is for, by name; an admin is one of them wherever there are any (K7)."""
    return [str(role.name).lower() for role in roles | Role.ADMIN] if roles else []


def _annotated(route: Route) -> Callable[..., Any]:
    """Return a stand-in of a route's function, whose parameters are annotated as Powertools knows them."""
    hints = get_type_hints(route.function, include_extras=True)

    def stand_in() -> None:
        raise AssertionError("it is described, not served")

    signature = inspect.signature(route.function)
    stand_in.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[
            each.replace(annotation=_kind_of(hints[name])) for name, each in signature.parameters.items()
        ],
        return_annotation=_answer_of(hints["return"]),
    )
    stand_in.__name__ = route.function.__name__
    return stand_in


def _kind_of(hint: Any) -> Any:
    kind, *told = get_args(hint)
    return Annotated[
        (
            kind,
            *(
                _KINDS[type(each)](alias=each.alias, description=each.description)
                if type(each) in _KINDS
                else each
                for each in told
            ),
        )
    ]


def _answer_of(hint: Any) -> Any:
    return DescribedResponse[get_args(hint)[0]] if get_origin(hint) is Response else hint  # type: ignore[misc]


def responses(declared: Declared) -> dict[int, OpenAPIResponse]:
    """What the document says of each status."""
    every = {
        401: ["unauthenticated"],
        422: ["invalid_request"],
        500: ["internal_error"],
        503: ["try_again"],
    }
    if declared.who is not Who.ANYBODY:
        every[403] = ["forbidden" if declared.who is Who.STAFF else "not_a_member"]
    if declared.body:
        every[413] = ["body_too_large"]
    for status, codes in declared.refuses.items():
        every[status] = [*codes, *every.get(status, [])]
    return {
        declared.answers: _response(declared.answers.phrase, declared.answer_headers),
        **{status: {"description": says} for status, says in declared.also_answers.items()},
        **{status: _problem_response(status, codes) for status, codes in sorted(every.items())},
    }


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
