"""Requests drawn from the committed OpenAPI document, and what every answer to them has to be.

MEMBERDAY_FUZZ_EXAMPLES says how many are drawn of each operation, MEMBERDAY_FUZZ_SEED from which seed.
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from http import HTTPStatus
from math import ceil
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

import hypothesis
import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import APIOperation, Case, CheckContext, GenerationMode, Response
from schemathesis.checks import not_a_server_error
from schemathesis.core import NOT_SET
from schemathesis.core.parameters import ParameterLocation
from schemathesis.core.result import Ok
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.generation.overrides import Override
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from functions.audit.face import NO_DAY, NOT_ONE
from functions.domain.policy import load
from functions.domain.policy_check import TEXT_BYTES_MAX
from functions.orders.office_face import EARLIEST, LATEST
from functions.platform.parameters import NO_MOMENT
from functions.platform.shapes import NO_MOMENT as NO_MOMENT_OF_A_BODY
from functions.tiers.phones import NO_PHONE
from tests.support.document import document
from tests.support.scene import Act, Scene

POLICY = load()
EXAMPLES = int(os.environ.get("MEMBERDAY_FUZZ_EXAMPLES", "20"))
REFUSED_AS_ONE = 10
"""Who is refused whatever they ask is asked at random so many times less often: it tells little."""
SEED = os.environ.get("MEMBERDAY_FUZZ_SEED", "1")
ANSWER_SECONDS_MAX = 30
SUCCESSES = range(200, 300)
REFUSALS = ["400", "403", "404", "409", "413", "422"]
MALFORMED = ("invalid_request", "idempotency_key_missing")
NOT_IN_A_SCHEMA = {
    ("lines", "a sku may stand once"),
    ("lines", "a line may stand once"),
    ("lines", "the lines of a sku are all named by line_id, or its only one by sku"),
    ("lines.*", "a line is named by its sku or by its line_id"),
    ("campaigns", "a campaign may stand once, or must be best or none"),
    ("campaign_id", "is reserved"),
    ("ends_at", "must be in the future"),
    ("ends_at", "must be later than starts_at"),
    ("scope", "a flash is about its items, and has no scope"),
    ("scope", "is needed"),
    ("except_skus", "a flash is about its items, and has no scope"),
    ("except_skus", "must leave something of the scope"),
    ("group", "is for order offers only"),
    ("with_coupons", "is for order offers only"),
    ("with_points", "is for order offers only"),
    ("stacks", "is for line offers only"),
    ("tier", f"must be one of {', '.join(tier.code for tier in POLICY.tiers)}"),
    ("tiers", f"must be of {', '.join(tier.code for tier in POLICY.tiers)}"),
    ("terms.rate", "must be more than 0"),
    ("terms.steps", "off_fen must be at most from_fen"),
    ("terms.steps", "from_fen and off_fen must rise from step to step"),
    ("terms.repeat", "goes with one step only"),
    ("terms.max_off_fen", "goes with repeat only"),
    ("rate", "must be more than 0"),
    ("rate", "is needed for kind rate"),
    ("face_value_fen", "is needed for kind amount"),
    *((name, "is not for kind amount") for name in ("rate", "max_off_fen")),
    ("face_value_fen", "is not for kind rate"),
    ("valid.until", "must not be before from"),
    *((name, "is needed, or count alone") for name in ("code", "limit")),
    *((name, "does not go with count") for name in ("code", "limit")),
    *((name, "an entry may stand once") for name in ("scope.skus", "except_skus", "tiers")),
    *((name, NO_MOMENT_OF_A_BODY) for name in ("at", "starts_at", "ends_at", "valid.from", "valid.until")),
    ("birthday", "after today"),
    ("birthday", "by the lunar calendar an object: month, day, leap, year"),
    ("birthday", "by the solar calendar a date's text, such as 1990-12-05"),
    ("birthday", "no year of the lunar calendar has this day"),
    ("birthday", "the lunar year does not have this day"),
    ("birthday_calendar", "goes with a birthday"),
    ("body", "cancel_id and lines go together"),
    ("body", "only an exchange is for something else"),
    ("body", "a complaint is settled with points or with a template's coupon"),
    ("text", "must have printable characters only"),
    ("text", "must have visible characters"),
    ("carrier", "must have printable characters only"),
    ("carrier", "must have visible characters"),
    ("name", "must have printable characters only"),
    ("name", "must have visible characters"),
    ("reason", "must have printable characters only"),
    ("reason", "must have visible characters"),
    ("points", "from 0 to 2000"),
    ("name_prefix", "must have printable characters only"),
    ("name_prefix", "must have visible characters"),
    ("phone", NO_PHONE),
    ("since", NO_MOMENT),
    ("before", NO_MOMENT),
    ("query", NOT_ONE),
    ("q", "must have printable characters only"),
    ("q", "must have visible characters"),
    *((name, NO_DAY) for name in ("date", "from", "until")),
    *((name, "is no filter of this report") for name in ("from", "until", "state", "by", "value")),
    *((name, "must stand beside the other") for name in ("by", "value")),
    ("until", "must not be before from"),
    ("tracking_no", "must be a tracking number"),
    ("payment_id", "must be a payment's id"),
    *(
        (name, f"cannot stand beside {alone}")
        for name in ("payment_id", "status", "since", "before")
        for alone in ("tracking_no", "payment_id", "date")
    ),
    ("date", f"must be from {EARLIEST} to {LATEST}"),
    ("toml", f"must have at most {TEXT_BYTES_MAX} bytes"),
    ("toml", "has half of a character"),
}
"""Why a request is malformed although the document allows it: fields and what no schema could say of them."""
TERMS = {
    "discount": {"rate"},
    "flash": {"items", "per_member"},
    "spend_save": {"steps", "repeat", "max_off_fen"},
    "gift": {"from_fen", "sku", "quantity"},
}
"""The fields of a campaign's terms by its kind, which no schema could say together with the kind."""

OF_A_CAMPAIGN = "campaign."
"""How the fields of a campaign begin that stands in a body, and is none itself."""

Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Operation]
Pick = Callable[[Sequence[Any]], Any]


PRECONDITIONS = ("if-match", "if-none-match")
"""Headers that are not drawn: of their patterns Schemathesis makes ``0``, and says that it is as documented.

They have tests of their own, of what they do and of odd ones (case 42).
"""


def operations() -> dict[str, Operation]:
    """Return the operations of the document by method and path, set up to be asked."""
    # A test of their own plays the examples; sent at random they would meet what other tests do by their ids.
    schema = schemathesis.openapi.from_dict(without_examples(document()), config=schemathesis.Config())
    generation = schema.config.generation
    generation.with_security_parameters = False  # tokens are the tests' own
    generation.allow_extra_parameters = False  # a test of the face sends those
    schema.config.phases.coverage.unexpected_methods = set()  # no operation of the document
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSALS
    found: dict[str, Operation] = {}
    for result in schema.get_all_operations():
        assert isinstance(result, Ok), result.err()
        found[result.ok().label] = result.ok()
    return found


def without_examples(part: Any) -> Any:
    """Return a part of the document without the examples that are recorded, and without preconditions."""
    if isinstance(part, dict):
        left_out = ("example", "examples")
        return {name: without_examples(each) for name, each in part.items() if name not in left_out}
    if isinstance(part, list):
        return [without_examples(each) for each in part if not _is_precondition(each)]
    return part


def _is_precondition(part: Any) -> bool:
    return isinstance(part, dict) and part.get("in") == "header" and part["name"].lower() in PRECONDITIONS


def is_for_staff(operation: Operation) -> bool:
    """Tell whether the document says that an operation refuses who is no staff."""
    described = operation.definition.raw["responses"].get(str(HTTPStatus.FORBIDDEN.value), {})
    return "`forbidden`" in described.get("description", "")


def what_is_allowed_is_not_malformed(_: CheckContext, response: Response, case: Request) -> None:
    """Hold that a request as the document wants it is refused for a rule of the programme at most."""
    if case.meta is None or case.meta.generation.mode.is_negative or response.status_code in SUCCESSES:
        return
    problem = response.json()
    faults = {
        (re.sub(r"\.[0-9]+", ".*", field), fault["message"])
        for fault in problem.get("errors") or ()
        for field in [fault["field"].removeprefix(OF_A_CAMPAIGN)]
        if not (field.startswith("terms") and _are_of_another_kind(case.body))
    }
    if not faults and problem.get("errors"):
        return
    if problem["code"] in MALFORMED and not (faults and faults <= NOT_IN_A_SCHEMA):
        raise AssertionError(f"the document allows it, but: {problem['code']} {faults or problem['detail']}")


def _are_of_another_kind(body: Any) -> bool:
    """Tell whether the terms of a campaign are not those of its kind: of the body, or of the one in it."""
    campaign = body.get("campaign", body)
    return not campaign["terms"].keys() <= TERMS[campaign["kind"]]


def what_is_forbidden_is_refused(context: CheckContext, response: Response, case: Request) -> bool | None:
    """Hold what schemathesis does, but for a cursor that is no text and sent as an empty one: the first page.

    So are an empty list or object in a query, and a list of an empty text.
    """
    cursor = (case.query or {}).get("cursor")
    sent = parse_qs(urlsplit(str(response.request.url)).query, keep_blank_values=True)
    if not isinstance(cursor, str | None) and sent.get("cursor", [""]) == [""]:
        return None
    return negative_data_rejection(context, response, case)


# Left out: positive_data_acceptance, since a rule of the programme may refuse what a schema allows (the last
# check is stricter, by the code); ignored_auth, which is a test of its own; those that follow a resource from
# call to call, as other tests of the folder do; those of methods beside the document, which find no route.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    what_is_forbidden_is_refused,
    missing_required_header,
    what_is_allowed_is_not_malformed,
]


class Fuzz:
    """Asks one operation as the member or as the clerk of a scene, and counts how it was answered."""

    def __init__(self, scene: Scene, operation: Operation, *, staff: bool) -> None:
        self._scene, self._operation, self._staff = scene, operation, staff
        self.granted = staff or not is_for_staff(operation)
        self._admin = staff and operation.definition.raw.get("x-roles") == ["admin"]
        self.answered: Counter[int] = Counter()
        self._act = scene.act(operation.method.upper(), operation.path, staff=staff)
        self._seed = f"{SEED} {operation.label} {staff}"
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy: only loopback is talked to

    @property
    def successes(self) -> int:
        """How often the operation did what was asked."""
        return sum(times for status, times in self.answered.items() if status in SUCCESSES)

    def ask_plainly(self, *, token: bool = True) -> Response:
        """Ask for what can be done."""
        known, operation = self._act.known, self._operation

        def best(parameters: Iterable[Any]) -> dict[str, Any]:
            names = [parameter.name for parameter in parameters if parameter.name != "cursor"]
            return {name: known[name][0] for name in names if name in known}

        body = self._act.body
        case = operation.Case(
            path_parameters=best(operation.path_parameters),
            query=best(operation.query),
            headers=best(operation.headers),
            body=NOT_SET if body is None else body,
            media_type=None if body is None else "application/json",
        )
        return self._ask(case) if token else self._send(case, {})

    def ask_at_the_boundaries(self) -> None:
        """Ask with each value of the document at and beyond its boundaries, one after the other."""
        pick = Random(self._seed).choice  # noqa: S311 - no secret
        for case in _boundaries(self._operation):
            self._ask(_meaningful(case, self._act, pick))

    def ask_at_random(self) -> None:
        """Ask at random: twice as the document wants it for once as it does not."""
        wanted, unwanted = (
            self._operation.as_strategy(generation_mode=mode)
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
        )

        @st.composite
        def cases(draw: st.DrawFn) -> Request:
            case = draw(draw(st.sampled_from([wanted, wanted, unwanted])))
            return _meaningful(case, self._act, lambda values: draw(st.sampled_from(values)))

        # What a stack answers takes its time, and most of what is drawn is thrown away for good reasons.
        @hypothesis.settings(
            max_examples=EXAMPLES if self.granted else ceil(EXAMPLES / REFUSED_AS_ONE),
            deadline=None,
            database=None,
            suppress_health_check=[hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.filter_too_much],
        )
        @hypothesis.seed(self._seed)
        @hypothesis.given(cases())
        def ask(case: Request) -> None:
            self._ask(case)

        ask()

    def _ask(self, case: Request) -> Response:
        """Send a request with a token, and check the answer."""
        token = self._scene.token(staff=self._staff, admin=self._admin)
        response = self._send(case, {"authorization": f"Bearer {token}"})
        self.answered[response.status_code] += 1
        case.validate_response(response, checks=CHECKS)
        if not self.granted:
            assert response.status_code == HTTPStatus.FORBIDDEN, "this is for staff only"
        elif not self._staff and response.status_code in SUCCESSES:
            own = self._scene.member.member_id
            assert response.json().get("member_id", own) == own, "this is somebody else's"
        return response

    def _send(self, case: Request, headers: dict[str, str]) -> Response:
        url = self._scene.stack.outputs["ApiUrl"]
        return case.call(url, self._session, headers, timeout=ANSWER_SECONDS_MAX)


def _boundaries(operation: Operation) -> Iterator[Request]:
    generation = operation.schema.config.generation_for(operation=operation, phase="coverage")
    yield from CoverageGenerator(
        operation=operation,
        generation_modes=list(GenerationMode),
        generation_config=generation,
        auth_storage=None,
        override=Override(),
        feedback=FeedbackSources(),
    )


def _meaningful(case: Request, act: Act, pick: Pick) -> Request:
    """Put known values into many places of those parts of a request that are as the document wants them."""
    assert case.meta is not None
    fine = {location for location, part in case.meta.components.items() if part.mode.is_positive}

    def known(value: Any, name: str = "") -> Any:
        if name in act.known and pick((True, True, False)):
            return pick(act.known[name])
        if isinstance(value, dict):
            return {name: known(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [known(each) for each in value]
        if isinstance(value, float) and value.is_integer():
            return int(value)  # to a schema 1.0 is an integer, to the API it is none
        return value

    if ParameterLocation.PATH in fine:
        case.path_parameters = known(case.path_parameters)
    if ParameterLocation.QUERY in fine:
        case.query = known(case.query)
    if ParameterLocation.HEADER in fine:
        names = [parameter.name for parameter in case.operation.headers if parameter.name in case.headers]
        case.headers.update(known({name: case.headers[name] for name in names}))
    if ParameterLocation.BODY in fine and case.body is not NOT_SET:
        case.body = known(case.body)
    return case
