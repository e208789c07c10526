"""HTTP: the page that shows the API's document and lets one try it, and what the page loads; for everybody.

Only the standard library is imported, and only the files beside this module are read: the bundle has put the
page, its script, Swagger UI and the document there (:mod:`infra.bundle`), compressed.
"""

import base64
import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILES = Path(__file__).parent / "files"
PAGE = "page.html"
PAGE_KIND = "text/html; charset=utf-8"
SCRIPT_KIND = "text/javascript; charset=utf-8"
LOADED = MappingProxyType(
    {
        "page.js": SCRIPT_KIND,
        "swagger-ui.js": SCRIPT_KIND,
        "swagger-ui.css": "text/css; charset=utf-8",
        "openapi.json": "application/json",
    }
)
"""What the page loads from under itself, with the media type of each. There is nothing else."""
HEADERS = MappingProxyType(
    {
        # Kept, and asked about each time: a deployment is seen at once, and nothing is sent twice.
        "cache-control": "no-cache",
        "vary": "accept-encoding",
        # Swagger UI's icons are data.
        "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }
)
"""What every answer tells browsers: run, load and call what comes from this API, and nothing else."""

Event = Mapping[str, Any]
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    kind: str
    compressed: bytes
    tag: str
    """Weak, since both codings share it."""


def handler(event: Event, _context: object) -> Answer:
    """Serve ``GET /docs`` and ``GET /docs/{file}`` of the HTTP API (payload format 2.0)."""
    name = (event.get("pathParameters") or {}).get("file")
    if name is not None and name not in LOADED:
        return _no_such_file()
    file = _file(name or PAGE)
    headers = {**HEADERS, "content-type": file.kind, "etag": file.tag}
    asked: Mapping[str, str] = event.get("headers") or {}
    if file.tag in asked.get("if-none-match", ""):
        return {"statusCode": HTTPStatus.NOT_MODIFIED.value, "headers": headers}
    body = file.compressed
    if "gzip" in asked.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
    else:
        body = gzip.decompress(body)
    return {
        "statusCode": HTTPStatus.OK.value,
        "headers": headers,
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


@cache
def _file(name: str) -> File:
    compressed = (FILES / f"{name}.gz").read_bytes()
    digest = hashlib.sha256(compressed).hexdigest()[:32]
    return File(LOADED.get(name, PAGE_KIND), compressed, f'W/"{digest}"')


def _no_such_file() -> Answer:
    problem = {
        "type": "urn:memberday:problem:route_not_found",
        "title": HTTPStatus.NOT_FOUND.phrase,
        "status": HTTPStatus.NOT_FOUND.value,
        "detail": "There is no such route.",
        "code": "route_not_found",
    }
    return {
        "statusCode": HTTPStatus.NOT_FOUND.value,
        "headers": {**HEADERS, "content-type": "application/problem+json"},
        "body": json.dumps(problem),
    }
