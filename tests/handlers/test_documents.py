"""The page of the API's document: what it is made of, what browsers are told, and nothing else is there."""

import base64
import gzip
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from functions.documents import api
from infra import bundle
from tests.support.document import document
from tests.support.events import Context

NAMES = [None, *api.LOADED]
JAVASCRIPT = "text/javascript; charset=utf-8"


@pytest.fixture(autouse=True)
def _files(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The files as the bundle has them beside the code."""
    folder = bundle.documents(bundle.HOST).folder
    monkeypatch.setattr(api, "FILES", folder / "functions" / "documents" / "files")
    api._file.cache_clear()
    yield
    api._file.cache_clear()


def get(name: str | None = None, **headers: str) -> dict[str, Any]:
    """Ask for the page, or for a file that it loads, as an HTTP API hands a request over."""
    event: dict[str, Any] = {
        "headers": {each.replace("_", "-"): value for each, value in headers.items()},
        "requestContext": {"http": {"method": "GET"}},
    }
    if name is not None:
        event["pathParameters"] = {"file": name}
    return api.handler(event, Context())


def contents(answer: dict[str, Any]) -> str:
    """Return the text of an answer."""
    assert answer["isBase64Encoded"] is True
    raw = base64.b64decode(answer["body"])
    return (gzip.decompress(raw) if "content-encoding" in answer["headers"] else raw).decode()


def test_the_page_loads_what_is_there_and_from_nowhere_else() -> None:
    page = contents(get())
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert set(loaded) == {"data:,", "docs/swagger-ui.css", "docs/swagger-ui.js", "docs/page.js"}
    assert {each.removeprefix("docs/") for each in loaded} - {"data:,"} <= api.LOADED.keys()
    assert not re.search(r"<script>|<style|\son\w+=", page), (
        "the policy of contents forbids what stands inline"
    )
    assert "docs/openapi.json" in contents(get("page.js"))


@pytest.mark.parametrize(
    ("name", "kind", "begins"),
    [
        (None, "text/html; charset=utf-8", "<!doctype html>"),
        ("page.js", JAVASCRIPT, '"use strict";'),
        ("swagger-ui.js", JAVASCRIPT, "/*! For license information"),
        ("swagger-ui.css", "text/css; charset=utf-8", ".swagger-ui"),
        ("openapi.json", "application/json", '{"openapi":"3.1.0"'),
    ],
)
def test_each_file_is_what_it_is_called(name: str | None, kind: str, begins: str) -> None:
    answer = get(name)
    assert (answer["statusCode"], answer["headers"]["content-type"]) == (200, kind)
    assert contents(answer).startswith(begins)


def test_the_document_is_the_committed_one_with_this_api_as_its_server() -> None:
    served = json.loads(contents(get("openapi.json")))
    assert [server["url"] for server in served["servers"]] == [".."]
    assert {**served, "servers": None} == {**document(), "servers": None}


@pytest.mark.parametrize("name", NAMES)
def test_who_takes_it_compressed_gets_it_so_and_others_get_the_same(name: str | None) -> None:
    small, plain = get(name, accept_encoding="gzip, deflate, br"), get(name, accept_encoding="identity")
    assert small["headers"]["content-encoding"] == "gzip"
    assert "content-encoding" not in plain["headers"]
    assert contents(small) == contents(plain)
    assert small["headers"]["vary"] == "accept-encoding"


def test_an_answer_fits_into_what_a_function_may_answer() -> None:
    assert max(len(get(name)["body"]) for name in NAMES) < 5_000_000  # Lambda's limit is 6 MB, with all of it


@pytest.mark.parametrize("name", NAMES)
def test_what_a_browser_has_is_not_sent_again(name: str | None) -> None:
    tag = get(name)["headers"]["etag"]
    again = get(name, if_none_match=f'"other", {tag}')
    assert (again["statusCode"], again["headers"]["etag"], "body" in again) == (304, tag, False)
    assert get(name, if_none_match='"other"')["statusCode"] == 200
    assert len({get(each)["headers"]["etag"] for each in NAMES}) == len(NAMES)


@pytest.mark.parametrize(
    "name", ["", "page.html", "../api.py", "api.py", "openapi.json.gz", "%2e%2e", "/etc/passwd"]
)
def test_there_is_nothing_else(name: str) -> None:
    answer = get(name)
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (404, "route_not_found")
    assert answer["headers"]["content-type"] == "application/problem+json"


@pytest.mark.parametrize("name", [*NAMES, "nothing"])
def test_every_answer_tells_browsers_to_run_and_call_this_api_only(name: str | None) -> None:
    headers = get(name)["headers"]
    policy = dict(each.split(" ", 1) for each in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == policy["style-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["strict-transport-security"].startswith("max-age=")
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-cache"


def test_a_request_without_any_header_is_answered() -> None:
    assert api.handler({"requestContext": {}}, Context())["statusCode"] == 200
