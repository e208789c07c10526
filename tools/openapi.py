"""Writes docs/openapi.json from the functions' routes, or checks that it says what they say.

python -m tools.openapi [--check]

The examples in it come from docs/examples.json, which ``python -m tools.examples`` records.
"""

import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from functions.platform.bodies import JSON_TYPE
from functions.platform.http import PROBLEM_TYPE
from tools.described import described
from tools.generated import DOCS, asked_to_check, write_or_check

TITLE = "memberday"
VERSION = "1"
DESCRIPTION = (
    "Tiers, points, birthday coupons and the member day of an online shop. Money is integer fen; times are "
    "RFC 3339 with the store's offset; errors are RFC 9457 problem details with a stable `code`. What the "
    'gateway answers by itself (a missing token, a throttled request) has its own body, `{"message": "…"}`.'
)
TAGS = {
    "Members": "Who somebody is in the shop: profile, tier, and how the tier came about.",
    "Catalogue": "Products with the caller's own price, the member zone, stock, and the member day.",
    "Offers": "Campaigns that staff run for a time, and what members see of them.",
    "Orders": "What a cart costs, and an order's way from there to its payment, receipt and return.",
    "Payments": "How an order is paid through a payment provider, and money that is no order's.",
    "Cases": "What members ask for after buying: a return, an exchange, money back; or a complaint.",
    "Points": "What a member can spend, what waits, and every movement of it.",
    "Coupons": "Coupons of birthdays and of templates: what they are made from, and how members get them.",
    "Reports": "What the nightly audit says of everybody's points; for staff.",
    "Privacy": "A member's data to take along, and a member's erasure.",
    "Operations": "How the suite does: its alarms, its jobs, and the policy that it runs by; for staff.",
    "Audit": "What staff did, and whom they looked at; for admins.",
}
SERVER = {"url": "/", "description": "The output `ApiUrl` of a deployment; no path stands before the routes."}
HOW_TO_SIGN_IN = (
    "An access token of the user pool; an ID token is refused. On a local cloud "
    "`.venv/bin/python -m local token NAME` prints one, with `--staff` one of the staff."
)
GATEWAYS_429 = (
    "More requests than the API takes, of all callers together. The gateway says so before anything has "
    "happened, and without `Retry-After`: send the same again after a second, then after twice as long each "
    "time, at random."
)
THROTTLED = {
    "description": GATEWAYS_429,
    "content": {JSON_TYPE: {"schema": {"$ref": "#/components/schemas/GatewayAnswer"}}},
}
"""What the gateway's throttle answers, whatever is asked."""
EXAMPLES = DOCS / "examples.json"
MEND = "tell the story in tools/examples anew, and run `python -m tools.examples`"
PRECONDITIONS = frozenset({"if-match", "if-none-match"})
"""Headers that a put may do without."""
_NO_TABLE = "unused"

Described = dict[str, Any]


def document() -> Described:
    """Return the OpenAPI document of all functions together, with the examples."""
    # The handlers read their settings when imported; no table is ever reached from here.
    tables = (
        "ORDERS_TABLE",
        "MEMBERS_TABLE",
        "CATALOG_TABLE",
        "REPORTS_TABLE",
        "PAYMENTS_TABLE",
        "CASES_TABLE",
        "AUDIT_TABLE",
    )
    of_payments = ("PAYMENT_PROVIDERS", "PAYMENT_SECRETS", "PAYMENTS_URL", "PAYMENTS_RETURN_URL")
    for name in (*tables, *of_payments, "USER_POOL_ID", "PHONE_KEY_SECRET", "WORK_QUEUE_URL", "STACK_NAME"):
        os.environ.setdefault(name, _NO_TABLE)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

    from functions.aftersales import api as cases
    from functions.audit import api as audit
    from functions.checkout import api as shop
    from functions.coupons import api as coupons
    from functions.operations import api as office
    from functions.payments import api as payments
    from functions.points import api as points
    from functions.privacy import api as privacy
    from functions.tiers import api as members

    paths: Described = {}
    schemas: Described = {}
    token = HTTPBearer(bearerFormat="JWT", description=HOW_TO_SIGN_IN)
    for module in (shop, payments, cases, members, points, coupons, privacy, office, audit):
        text = described(module.handler).get_openapi_json_schema(
            title=TITLE, version=VERSION, security_schemes={"access_token": token}
        )
        part = json.loads(text)
        for path, operations in part["paths"].items():
            for operation in operations.values():
                _require_headers(operation)
                answers = operation["responses"]
                operation["responses"] = dict(
                    sorted({**answers, "429": _throttled(answers.get("429"))}.items())
                )
            paths.setdefault(path, {}).update(operations)
        for name, schema in part["components"]["schemas"].items():
            if schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two functions mean different things by {name}")
    used = _referenced({"paths": paths}, schemas)
    _put_examples(paths)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [SERVER],
        "tags": [{"name": name, "description": says} for name, says in TAGS.items()],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: schemas[name] for name in sorted(used)},
            "securitySchemes": part["components"]["securitySchemes"],
        },
    }


def _throttled(own: Described | None) -> Described:
    """Return what a 429 is: the gateway's, or, where an operation has a refusal of its own, either (V10)."""
    if own is None:
        return THROTTLED
    either = {"schema": {"$ref": "#/components/schemas/ProblemOrGatewayAnswer"}}
    return {
        "description": f"{own['description']}, with the seconds to wait in `Retry-After`. Or: {GATEWAYS_429}",
        "content": {PROBLEM_TYPE: either, JSON_TYPE: either},
    }


def _require_headers(operation: Described) -> None:
    """Say that a key is needed: the code takes it as optional, to refuse its absence by a code."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header" and parameter["name"] not in PRECONDITIONS:
            parameter["required"] = True


def _referenced(part: Any, schemas: Described, found: set[str] | None = None) -> set[str]:
    """Return the names of the schemas that a part of the document uses, directly or through others."""
    found = set() if found is None else found
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)):
        if name not in found:
            found.add(name)
            _referenced(schemas[name], schemas, found)
    return found


def _put_examples(paths: Described) -> None:
    """Put the recorded examples where they belong: at parameters, bodies and answers.

    Raises
    ------
    ValueError
        One was recorded of what is not in the document any more.
    """
    recorded = json.loads(EXAMPLES.read_text(encoding="utf-8"))["examples"]
    operations = {each["operationId"]: each for item in paths.values() for each in item.values()}
    for operation_id, examples in recorded.items():
        if operation_id not in operations:
            raise ValueError(f"no operation is called {operation_id}: {MEND}")
        for name, example in examples.items():
            _put_example(operations[operation_id], name, example)


def _put_example(operation: Described, name: str, example: Mapping[str, Any]) -> None:
    status = str(example["status"])
    if status not in operation["responses"]:
        raise ValueError(f"{operation['operationId']} does not answer {status}: {MEND}")
    content = operation["responses"][status]["content"]
    answered = content[PROBLEM_TYPE if "code" in example["answer"] else JSON_TYPE]
    answered.setdefault("examples", {})[name] = {"summary": example["summary"], "value": example["answer"]}
    if not status.startswith("2"):
        return
    for parameter, value in _parameters(operation, example):
        # A page to try the API fills in what a parameter's own example says, so that an optional one has its
        # examples in its schema: nobody asks for the second page of somebody else's list by default.
        if parameter["required"]:
            parameter.setdefault("example", value)
        elif value not in parameter["schema"].setdefault("examples", []):
            parameter["schema"]["examples"].append(value)
    if example["body"] is not None:
        body = operation["requestBody"]["content"][JSON_TYPE].setdefault("examples", {})
        body[name] = {"summary": example["summary"], "value": example["body"]}


def _parameters(operation: Described, example: Mapping[str, Any]) -> Iterator[tuple[Described, Any]]:
    """Give the parameters that an example has, with their values as the schema types them."""
    given = {**example["path"], **example["query"], **{k.lower(): v for k, v in example["headers"].items()}}
    for parameter in operation.get("parameters", []):
        if parameter["name"] in given:
            value = given[parameter["name"]]
            yield parameter, int(value) if parameter["schema"].get("type") == "integer" else value


def main(*, check: bool) -> int:
    """Write the document, or check it."""
    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    return write_or_check(DOCS / "openapi.json", text, check=check)


if __name__ == "__main__":
    sys.exit(main(check=asked_to_check()))
