"""Writes docs/openapi.json from the functions' routes, or checks that it says what they say.

python -m tools.openapi [--check]
"""

import json
import os
import re
import sys
from typing import Any

from tools.generated import DOCS, write_or_check

TITLE = "memberday"
VERSION = "1"
DESCRIPTION = (
    "Tiers, points, birthday coupons and the member day of an online shop. Money is integer fen; times are "
    "RFC 3339 with the store's offset; errors are RFC 9457 problem details with a stable `code`. What the "
    'gateway answers by itself (a missing token, a throttled request) has its own body, `{"message": "…"}`.'
)
_NO_TABLE = "unused"


def document() -> dict[str, Any]:
    """Return the OpenAPI document of all functions together."""
    # The handlers read their settings when imported; no table is ever reached from here.
    for name in ("ORDERS_TABLE", "MEMBERS_TABLE", "CATALOG_TABLE", "REPORTS_TABLE", "USER_POOL_ID"):
        os.environ.setdefault(name, _NO_TABLE)
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    from aws_lambda_powertools.event_handler.openapi.models import HTTPBearer

    from functions.checkout import api as shop
    from functions.coupons import api as coupons
    from functions.points import api as points
    from functions.privacy import api as privacy
    from functions.tiers import api as members

    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    token = HTTPBearer(
        bearerFormat="JWT", description="An access token of the user pool; an ID token is refused."
    )
    for module in (shop, members, points, coupons, privacy):
        text = module.handler.resolver.get_openapi_json_schema(
            title=TITLE, version=VERSION, security_schemes={"access_token": token}
        )
        part = json.loads(text)
        for path, operations in part["paths"].items():
            for operation in operations.values():
                _require_headers(operation)
            paths.setdefault(path, {}).update(operations)
        for name, schema in part["components"]["schemas"].items():
            if schemas.setdefault(name, schema) != schema:
                raise ValueError(f"two functions mean different things by {name}")
    used = _referenced({"paths": paths}, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": VERSION, "description": DESCRIPTION, "license": {"name": "MIT"}},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: schemas[name] for name in sorted(used)},
            "securitySchemes": part["components"]["securitySchemes"],
        },
    }


def _require_headers(operation: dict[str, Any]) -> None:
    """Say that a header is needed: the code takes it as optional, to refuse its absence by a code."""
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "header":
            parameter["required"] = True


def _referenced(part: Any, schemas: dict[str, Any], found: set[str] | None = None) -> set[str]:
    """Return the names of the schemas that a part of the document uses, directly or through others."""
    found = set() if found is None else found
    for name in re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)):
        if name not in found:
            found.add(name)
            _referenced(schemas[name], schemas, found)
    return found


def main() -> int:
    """Write the document, or check it."""
    return write_or_check(DOCS / "openapi.json", json.dumps(document(), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
