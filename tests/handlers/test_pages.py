"""What AWS asks of the pages' functions: CloudFormation opens the API, Cognito is to give a token (K5)."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from functions.pages.deployment import Opening
from functions.pages.sign_in import NoSecondFactorError, SecondFactor
from functions.platform import cloudformation, cors, identities
from functions.platform.cors import Gateways
from functions.platform.roles import GROUPS
from tests.support.aws import mocked
from tests.support.document import operations
from tests.support.events import Context

REGION = "us-east-1"
PAGES = ["https://console.example", "https://shop.example"]


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mocked():
        yield


@pytest.fixture
def api() -> str:
    """An HTTP API that no page may call."""
    made = boto3.client("apigatewayv2", region_name=REGION).create_api(Name="a", ProtocolType="HTTP")
    return str(made["ApiId"])


def rules(api: str) -> dict[str, Any] | None:
    """Return whom an API says that it answers."""
    found = boto3.client("apigatewayv2", region_name=REGION).get_api(ApiId=api)
    return dict(found["CorsConfiguration"]) if "CorsConfiguration" in found else None


def told(api: str, kind: str = "Create", others: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return what CloudFormation asks."""
    return {
        "RequestType": kind,
        "ResponseURL": "https://answers.example/1",
        "StackId": "stack",
        "RequestId": "request",
        "LogicalResourceId": "OpenToPages",
        "ResourceProperties": {
            "ServiceToken": "arn",
            "ApiId": api,
            "Pages": ",".join(PAGES),
            "Others": list(others),
        },
    }


class Answers:
    """Keeps what CloudFormation is answered."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str | None]] = []

    def __call__(self, event: Any, physical_id: str, failure: str | None) -> None:
        """Take an answer."""
        self.given.append((physical_id, failure))


def opened(event: dict[str, Any]) -> list[tuple[str, str | None]]:
    """Let the function see an event; return what it answers CloudFormation."""
    answers = Answers()
    Opening(Gateways(cors.client()), answers)(event, Context())
    return answers.given


def test_K5_the_api_is_opened_to_the_pages_and_to_whom_is_named_and_no_others(api: str) -> None:
    assert opened(told(api, others=("https://a.example",))) == [(api, None)]
    found = rules(api)
    assert found is not None
    assert found["AllowOrigins"] == [*PAGES, "https://a.example"]
    asked_with = {"authorization", "content-type", "idempotency-key", "if-match", "if-none-match"}
    assert set(found["AllowHeaders"]) == asked_with
    assert set(found["ExposeHeaders"]) == {"idempotent-replayed", "retry-after", "x-request-id"}
    assert set(found["AllowMethods"]) == {each.method.upper() for each in operations()}
    assert not found.get("AllowCredentials")


def test_K5_whoever_is_named_no_more_is_let_in_no_more(api: str) -> None:
    opened(told(api, others=("https://a.example",)))
    opened(told(api, "Update"))
    found = rules(api)
    assert found is not None
    assert found["AllowOrigins"] == PAGES


def test_K5_the_same_again_changes_nothing_and_is_answered_the_same(api: str) -> None:
    first, before = opened(told(api)), rules(api)
    assert (opened(told(api, "Update")), rules(api)) == (first, before)


def test_K5_with_the_stack_the_api_goes_and_nothing_is_asked_of_it(api: str) -> None:
    assert opened(told(api, "Delete")) == [(api, None)]
    assert rules(api) is None


def test_K5_what_fails_is_answered_too_or_the_deployment_would_wait(api: str) -> None:
    ((physical_id, failure),) = opened(told("gone"))
    assert physical_id == "gone"
    assert failure is not None
    assert PAGES[0] in failure


class _Deaf(BaseHTTPRequestHandler):
    """Takes answers, but for the first, which is lost."""

    lost, got = 0, list[tuple[str, str, dict[str, Any]]]()

    def do_PUT(self) -> None:
        """Lose the first answer, and keep the others."""
        body = self.rfile.read(int(self.headers["content-length"]))
        if not _Deaf.lost:
            _Deaf.lost = 1
            self.send_response(503)
        else:
            _Deaf.got.append((self.path, self.headers.get("content-type", ""), json.loads(body)))
            self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_K5_an_answer_that_is_lost_on_the_way_is_given_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloudformation, "BACKOFF_SECONDS", 0)
    server = HTTPServer(("127.0.0.1", 0), _Deaf)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        event = told("api-1") | {"ResponseURL": f"http://127.0.0.1:{server.server_port}/answer?sign=1"}
        cloudformation.answer(event, "api-1", "x" * 5_000)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    ((path, kind, body),) = _Deaf.got
    assert (path, kind) == ("/answer?sign=1", "")
    assert (body["Status"], body["PhysicalResourceId"]) == ("FAILED", "api-1")
    assert (body["StackId"], body["RequestId"], body["LogicalResourceId"]) == (
        "stack",
        "request",
        "OpenToPages",
    )
    assert len(body["Reason"]) == 400


USER_POOL = "us-east-1_Pool"


def look(event: dict[str, Any], *, factors: list[str] | None, known: bool = True) -> Any:
    """Let the function see an event of a user with these factors; None is who must not be looked up."""
    client = identities.client()
    with Stubber(client) as cognito:
        whom = {"UserPoolId": USER_POOL, "Username": event["userName"]}
        if not known:
            cognito.add_client_error("admin_get_user", "UserNotFoundException", expected_params=whom)
        elif factors is not None:
            user = {"Username": event["userName"], "UserMFASettingList": factors}
            cognito.add_response("admin_get_user", user, whom)
        answer = SecondFactor(client)(event, Context())
        cognito.assert_no_pending_responses()
        return answer


def asked(name: str, groups: list[str] | None) -> dict[str, Any]:
    """Return what Cognito asks before it gives a token."""
    return {
        "version": "1",
        "triggerSource": "TokenGeneration_HostedAuth",
        "userPoolId": USER_POOL,
        "userName": name,
        "request": {
            "userAttributes": {},
            "groupConfiguration": {} if groups is None else {"groupsToOverride": groups},
        },
        "response": {"claimsOverrideDetails": None},
    }


@pytest.mark.parametrize("group", GROUPS)
def test_K5_whoever_works_for_the_shop_gets_no_token_without_a_second_factor(group: str) -> None:
    for factors in ([], ["SMS_MFA"]):
        with pytest.raises(NoSecondFactorError, match="second factor"):
            look(asked("li", ["gold", group]), factors=factors)
    event = asked("li", ["gold", group])
    assert look(event, factors=["SOFTWARE_TOKEN_MFA"]) == asked("li", ["gold", group])


@pytest.mark.parametrize("groups", [None, [], ["gold"], ["nonstaff"]], ids=str)
def test_K5_a_shopper_needs_none_and_nothing_is_looked_up_for_them(groups: list[str] | None) -> None:
    event = asked("alice", groups)
    assert look(event, factors=None) == asked("alice", groups)


def test_K5_somebody_of_the_shop_of_whom_nothing_is_known_gets_no_token() -> None:
    with pytest.raises(ClientError, match="UserNotFoundException"):
        look(asked("gone", ["admin"]), factors=None, known=False)
