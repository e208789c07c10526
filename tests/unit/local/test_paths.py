"""Paths on the local cloud: every slash that a client sends reaches the functions, as on AWS."""

from types import SimpleNamespace

import pytest
from ministack import app as gateway

from local.paths import keep_paths

STAGES: dict[str, dict[str, object]] = {
    "api12345": {"$default": {}},
    "named123": {"$default": {}, "v1": {}},
    "rest1234": {"prod": {}},
}


@pytest.fixture
def emulator() -> SimpleNamespace:
    """The emulator's reading of paths, mended, in a module of the test's own."""
    module = SimpleNamespace(_parse_execute_api_url=gateway._parse_execute_api_url)
    keep_paths(module, lambda api_id: STAGES.get(api_id, {}))
    return module


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/orders",
        "/orders/",
        "//orders",
        "//orders//",
        "/members//me",
        "/orders/a/b/",
        "/$default",
        "/v1",
    ],
)
def test_an_api_at_the_root_sees_its_path_as_it_was_sent(emulator: SimpleNamespace, path: str) -> None:
    found = emulator._parse_execute_api_url("127.0.0.1:4566", f"/_aws/execute-api/api12345{path}")
    assert found == ("api12345", "$default", path)


@pytest.mark.parametrize(
    ("host", "path"),
    [
        ("127.0.0.1:4566", "/_aws/execute-api/named123/v1/orders/"),
        ("127.0.0.1:4566", "/_aws/execute-api/rest1234/prod/orders"),
        ("127.0.0.1:4566", "/_aws/execute-api/unknown1/orders"),
        ("127.0.0.1:4566", "/restapis/rest1234/prod/_user_request_/x"),
        ("127.0.0.1:4566", "/a-bucket/orders"),
    ],
)
def test_any_other_path_is_read_as_before(emulator: SimpleNamespace, host: str, path: str) -> None:
    assert emulator._parse_execute_api_url(host, path) == gateway._parse_execute_api_url(host, path)
