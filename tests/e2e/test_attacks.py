"""Attacks over HTTP on the deployed stack, with the authorizer that decides who gets in."""

import http.client
import json
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import urllib3

from reach.aws import Aws
from tests.support import document
from tests.support.coupons import OF_CODES
from tests.support.document import Operation
from tests.support.events import Answer
from tests.support.listener import StackListener
from tests.support.personal import BIRTHDAY, NAME, NEW_BIRTHDAY, PHONE, TOLD, traces_in
from tests.support.shopper import Shopper
from tests.support.stack import Stack
from tests.support.tokens import Forger

OPERATIONS = document.operations()
PASSWORD = "Only-for-1-test"  # noqa: S105 - of a user that is gone after the test
ANSWER_SECONDS_MAX = 30


@dataclass(frozen=True)
class Received:
    """What came back over HTTP, whoever answered."""

    status: int
    text: str


def send(
    stack: Stack,
    method: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    token: str | None = None,
) -> Received:
    """Send a request exactly as it is written here: no client tidies its path up."""
    url = urlsplit(stack.outputs["ApiUrl"])
    sent = {"content-type": "application/json", **(headers or {})}
    if token is not None:
        sent["authorization"] = f"Bearer {token}"
    connection = http.client.HTTPConnection(url.netloc, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.putrequest(method, url.path + path, skip_accept_encoding=True)
        for name, value in sent.items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("content-length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return Received(answer.status, answer.read().decode(errors="replace"))
    finally:
        connection.close()


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member."""
    shopper = Shopper(deployed)
    shopper.register()
    return shopper


def token_of(stack: Stack, name: str, *, staff: bool = False) -> str:
    """Return the access token of a user."""
    token: str = stack.local("token", name, *(["--staff"] if staff else []))["access_token"]
    return token


# --- 39: tokens ---


@dataclass(frozen=True)
class Pools:
    """The user pools of the cloud: the stack's own, and what an attacker opens beside it."""

    stack: Stack
    cognito: Any

    @property
    def pool(self) -> str:
        """The stack's pool."""
        return self.stack.outputs["UserPoolId"]

    def sign_in(self, pool: str, client: str) -> dict[str, str]:
        """Make a user and sign them in; return their tokens by kind."""
        name = f"attacker-{uuid.uuid4().hex[:12]}"
        self.cognito.admin_create_user(UserPoolId=pool, Username=name, MessageAction="SUPPRESS")
        self.cognito.admin_set_user_password(
            UserPoolId=pool, Username=name, Password=PASSWORD, Permanent=True
        )
        answer = self.cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=client,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD},
        )
        self.cognito.admin_delete_user(UserPoolId=pool, Username=name)
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    def client(self, pool: str) -> str:
        """Make a client that signs users in."""
        made = self.cognito.create_user_pool_client(
            UserPoolId=pool,
            ClientName="attacker",
            ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
        )
        client_id: str = made["UserPoolClient"]["ClientId"]
        return client_id

    def keys(self) -> list[dict[str, Any]]:
        """Return the public keys of the stack's pool."""
        endpoint = self.stack.local("status")["endpoint"]
        answer = urllib3.request("GET", f"{endpoint}/{self.pool}/.well-known/jwks.json")
        keys: list[dict[str, Any]] = answer.json()["keys"]
        return keys

    def signed_for_something_else(self) -> Iterator[tuple[str, str]]:
        """Give tokens that Cognito signed, for something else than to call this API."""
        tokens = self.sign_in(self.pool, self.stack.outputs["UserPoolClientId"])
        yield "ID token", tokens["IdToken"]
        yield "refresh token", tokens["RefreshToken"]
        other_client = self.client(self.pool)
        for kind, token in self.sign_in(self.pool, other_client).items():
            if kind in ("AccessToken", "IdToken"):
                yield f"{kind} of another client", token
        self.cognito.delete_user_pool_client(UserPoolId=self.pool, ClientId=other_client)
        other_pool = self.cognito.create_user_pool(PoolName="attacker")["UserPool"]["Id"]
        for kind, token in self.sign_in(other_pool, self.client(other_pool)).items():
            if kind in ("AccessToken", "IdToken"):
                yield f"{kind} of another pool", token
        self.cognito.delete_user_pool(UserPoolId=other_pool)


@pytest.fixture
def pools(deployed: Stack) -> Pools:
    """The user pools."""
    return Pools(deployed, Aws(deployed.local("status")["endpoint"]).client("cognito-idp"))


def requests_of(shopper: Shopper) -> list[tuple[str, str, Any]]:
    """Return requests that would read and write if they got in."""
    member_id = shopper.member_id
    return [
        ("GET", "/members/me", None),
        ("PUT", "/members/me", {"name": "Mallory"}),
        ("GET", "/products?zone=true", None),
        ("POST", "/orders", shopper.cart().to_dict()),
        ("PUT", f"/products/{shopper.sku}", {"name": "Free", "price_fen": 1, "member_zone": True}),
        (
            "POST",
            f"/members/{member_id}/points/adjustments",
            {"adjustment_id": shopper.sku, "points": 500, "reason": "x"},
        ),
        ("GET", "/nowhere", None),
    ]


def seen(shopper: Shopper) -> list[Any]:
    """Return all that the requests would change."""
    paths = ("/members/me", "/orders", "/members/me/points", f"/products/{shopper.sku}")
    return [shopper.get(path).body for path in paths]


def test_case_39_nobody_gets_in_with_a_token_that_the_pool_did_not_give_for_this(
    deployed: Stack, shopper: Shopper, pools: Pools
) -> None:
    shopper.stocked(3)
    before = seen(shopper)
    member, clerk = token_of(deployed, shopper.name), token_of(deployed, "clerk", staff=True)
    keys = pools.keys()
    forged = [*Forger(member, keys).tokens(), *pools.signed_for_something_else()]
    forged_of_staff = list(Forger(clerk, keys).tokens())
    asked, writing = requests_of(shopper), requests_of(shopper)[4:6]
    tries = [(name, {"authorization": f"Bearer {token}"}, asked) for name, token in forged]
    tries += [
        (f"staff's: {name}", {"authorization": f"Bearer {it}"}, writing) for name, it in forged_of_staff
    ]
    tries += [(f"{name}, no scheme", {"authorization": token}, asked[:1]) for name, token in forged]
    tries += [(f"{headers}", headers, asked) for headers in odd_headers(member)]

    def attack(one: tuple[str, dict[str, str], list[tuple[str, str, Any]]]) -> list[str]:
        name, headers, requests = one
        got_in = []
        for method, path, body in requests:
            raw = None if body is None else json.dumps(body).encode()
            sent = {**headers, "Idempotency-Key": "forged"}
            answer = send(deployed, method, path, headers=sent, body=raw)
            if answer.status != 401:
                got_in.append(f"{method} {path} with {name}: {answer}")
        return got_in

    with ThreadPoolExecutor(4) as threads:
        got_in = [each for found in threads.map(attack, tries) for each in found]
    assert got_in == []
    assert len({token for _, token in forged} - {member}) == len(forged) > 80
    assert send(deployed, "GET", "/members/me", token=member).status == 200
    assert seen(shopper) == before


def odd_headers(good: str) -> list[dict[str, str]]:
    """Return headers that say who is asking in a way that does not count, also with a good token."""
    return [
        {},
        {"authorization": ""},
        {"authorization": " "},
        {"authorization": "Bearer"},
        {"authorization": "Bearer "},
        {"authorization": "Bearer null"},
        {"authorization": f"Basic {good}"},
        {"authorization": f"Token {good}"},
        {"authorization": f"Bearer Bearer {good}"},
        {"authorization": f"Bearer {good} {good}"},
        {"authorization": f'Bearer "{good}"'},
        {"authorization": f"Bearer={good}"},
        {"x-authorization": f"Bearer {good}"},
        {"proxy-authorization": f"Bearer {good}"},
        {"cookie": f"authorization={good}; access_token={good}"},
        {"x-amzn-oidc-data": good, "x-amzn-oidc-accesstoken": good},
        {"x-forwarded-user": "clerk", "x-amz-security-token": good},
    ]


def test_case_39_a_token_in_the_query_or_body_does_not_count(deployed: Stack, shopper: Shopper) -> None:
    token = token_of(deployed, shopper.name)
    for name in ("access_token", "token", "authorization", "Authorization"):
        assert send(deployed, "GET", f"/members/me?{name}={token}").status == 401
        body = json.dumps({"name": "x", name: token}).encode()
        assert send(deployed, "PUT", "/members/me", body=body).status == 401


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_case_39_every_route_of_the_document_asks_for_a_token(deployed: Stack, operation: Operation) -> None:
    path = operation.at(**dict.fromkeys(operation.ids, "tea"))
    body = None if operation.body is None else json.dumps(operation.example).encode()
    assert send(deployed, operation.method, path, body=body).status == 401


# --- 38, 42, 45, 47: what is decided behind the authorizer ---


def test_case_38_an_order_of_somebody_else_is_as_if_it_did_not_exist(
    deployed: Stack, shopper: Shopper
) -> None:
    shopper.stocked(1)
    order = shopper.order()
    order_id = order.order_id
    missing = f"ord_{'a' * 26}"
    stranger = Shopper(deployed)
    stranger.register()
    for operation in OPERATIONS:
        if set(operation.ids) == {"order_id"}:
            asked = [
                deployed.call(
                    operation.method, operation.at(order_id=each), operation.example, who=stranger.name
                )
                for each in (order_id, missing)
            ]
            theirs, none = [(each.status, each.body) for each in asked]
            assert theirs == none
            assert theirs[0] == (403 if operation.staff else 404)
    assert shopper.found(order).status == "placed"


GUESSES_MAX = 10


@dataclass(frozen=True)
class Codes:
    """A template of staff's, with codes that work once each."""

    stack: Stack
    template_id: str

    def put(self) -> list[str]:
        """Put the template; return two codes."""
        path = f"/coupon-templates/{self.template_id}"
        assert self.stack.call("PUT", path, {**OF_CODES}, who="clerk", staff=True).status == 201
        batch = {"batch_id": "b1", "count": 2}
        made = self.stack.call("POST", f"{path}/codes", batch, who="clerk", staff=True)
        codes: list[str] = made.body["codes"]
        return codes

    def send(self, who: Shopper, code: str) -> Answer:
        """Send a code as a member."""
        return self.stack.call("POST", "/members/me/coupon-codes", {"code": code}, who=who.name)


def test_V10_a_used_code_is_as_one_that_never_was_and_after_ten_of_them_none_is_looked_at(
    deployed: Stack, shopper: Shopper
) -> None:
    codes, stranger = Codes(deployed, shopper.sku), Shopper(deployed)
    stranger.register()
    used, own = codes.put()
    assert codes.send(shopper, used).status == 201
    answers = [codes.send(stranger, used), codes.send(stranger, "NEVER-2345-WAS")]
    answers += [codes.send(stranger, f"GUESS-2345-{number}") for number in range(GUESSES_MAX - 2)]
    assert {(each.status, each.code, each.body["detail"]) for each in answers} == {
        (422, "code_not_valid", "This code is not valid.")
    }
    for code in (own, used, "NEVER-2345-WAS"):
        refused = codes.send(stranger, code)
        assert (refused.status, refused.code) == (429, "too_many_attempts")
    assert codes.send(shopper, used).status == 201  # to who has its coupon it is that, as often as asked
    assert stranger.get("/members/me/coupons").body["items"] == []


def test_V10_the_coupon_of_somebody_else_is_as_if_it_did_not_exist(deployed: Stack, shopper: Shopper) -> None:
    codes, stranger = Codes(deployed, shopper.sku), Shopper(deployed)
    stranger.register()
    shopper.stocked(3)
    theirs = codes.send(shopper, codes.put()[0]).body["coupon_id"]
    missing = theirs[:-6] + "aaaaaa"
    lines = [{"sku": shopper.sku, "quantity": 1}]
    for path, key in (("/quotes", {}), ("/orders", {"idempotency-key": "theirs"})):
        asked = [
            deployed.call("POST", path, {"lines": lines, "coupon": each}, who=stranger.name, headers=key)
            for each in (theirs, missing)
        ]
        assert {(each.status, each.code) for each in asked} == {(422, "coupon_not_found")}
    assert deployed.call("GET", f"/members/{shopper.member_id}/coupons", who=stranger.name).status == 403
    order = shopper.order(coupon=theirs)
    assert shopper.found(order).status == "placed"


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.staff], ids=str)
def test_case_47_a_member_is_forbidden_what_is_for_staff(deployed: Stack, operation: Operation) -> None:
    path = operation.at(**dict.fromkeys(operation.ids, "tea"))
    answer = deployed.call(operation.method, path, operation.example, who="member-of-case-47")
    assert (answer.status, answer.code) == (403, "forbidden")


ODD_PATHS = [
    *("%23", "a%23b", "%00", "a%00b", "%0a", "%0d%0ax:%20y", "%7f", "%20", "%ff", "%c0%af", "%ed%a0%80", "%"),
    *(
        "%zz",
        "%2F",
        "a%2Fb",
        "a%252Fb",
        "..",
        "%2e%2e",
        "..%2f..%2fmembers%2fme",
        "%2e%2e%2fme",
        "../me",
        "*",
    ),
    *(
        quote("ｔｅａ"),
        quote("tеa"),
        quote("😀"),
        quote("te\u0301a"),
        quote("\u202etea"),
        quote("\u200b"),
        '"',
    ),
    *("{order_id}", "<order_id>", "'", "\\", ";", "a;b", "a?b", "a#b", "//", "x" * 2_000, "x" * 10_000),
]


def test_case_42_an_odd_id_in_a_path_is_4xx_over_http(deployed: Stack) -> None:
    token = token_of(deployed, "clerk", staff=True)
    routes = [
        each for each in OPERATIONS if each.ids and (each.method, each.path) != ("PUT", "/products/{sku}")
    ]
    tries = [(each, odd) for each in routes for odd in ODD_PATHS]

    def attack(one: tuple[Operation, str]) -> str | None:
        operation, odd = one
        path = operation.at(**dict.fromkeys(operation.ids, odd))
        body = None if operation.body is None else json.dumps(operation.example).encode()
        answer = send(deployed, operation.method, path, body=body, token=token)
        return None if 400 <= answer.status < 500 else f"{operation} {odd[:40]}: {answer}"

    with ThreadPoolExecutor(4) as threads:
        wrong = [each for each in threads.map(attack, tries) if each is not None]
    assert wrong == []


def test_case_45_what_is_too_large_is_4xx_over_http(deployed: Stack, shopper: Shopper) -> None:
    token = token_of(deployed, shopper.name)
    key = {"Idempotency-Key": "large"}
    for body in (b"[" * 262_145, b" " * 1_000_000, json.dumps({"x": "x" * 262_144}).encode()):
        answer = send(deployed, "POST", "/orders", headers=key, body=body, token=token)
        assert answer.status == 413
    lines = [{"sku": f"s{number}", "quantity": 1} for number in range(5_000)]
    body = json.dumps({"lines": lines}).encode()
    assert send(deployed, "POST", "/orders", headers=key, body=body, token=token).status == 422
    long_key = {"Idempotency-Key": "k" * 5_000}
    body = json.dumps(shopper.cart().to_dict()).encode()
    assert send(deployed, "POST", "/orders", headers=long_key, body=body, token=token).status == 422
    assert shopper.get("/orders").body["items"] == []


# --- 46: what is personal ---


@pytest.fixture
def listener(deployed: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(deployed)
    yield listener
    listener.close()


def test_case_46_nothing_personal_and_no_token_is_in_the_logs_or_on_the_bus(
    deployed: Stack, listener: StackListener
) -> None:
    shopper = Shopper(deployed)
    token, clerk = token_of(deployed, shopper.name), token_of(deployed, "clerk", staff=True)
    assert deployed.call("PUT", "/members/me", TOLD, token=token).status == 201
    for wrong in (
        {**TOLD, "birthday": NAME},
        {**TOLD, "phone": NAME},
        {**TOLD, "birthday": NEW_BIRTHDAY},
        {**TOLD, "name": [NAME]},
        {**TOLD, NAME: PHONE, "authorization": token},
    ):
        assert deployed.call("PUT", "/members/me", wrong, token=token).status in (409, 422)
    member_path = f"/members/{shopper.member_id}"
    for day in (NEW_BIRTHDAY, BIRTHDAY):
        body = {"birthday": day, "reason": f"{NAME} called from {PHONE}"}
        assert deployed.call("PUT", f"{member_path}/birthday", body, token=clerk).status == 200
    credit = {"adjustment_id": shopper.sku, "points": 700, "reason": f"for {NAME}, {PHONE}, {BIRTHDAY}"}
    assert deployed.call("POST", f"{member_path}/points/adjustments", credit, token=clerk).status == 200
    assert deployed.call("GET", member_path, token=clerk).body["name"] == NAME
    assert send(deployed, "POST", "/orders", body=json.dumps(TOLD).encode(), token=token).status == 422
    shopper.stocked(2)
    order = shopper.order(points=500)
    shopper.pay(order)
    shopper.delivered(order)
    deployed.local("settle")
    shopper.give_back(order)
    deployed.local("settle")
    heard = [event for event in listener.hear() if event["detail"].get("member_id") == shopper.member_id]
    assert {event["detail-type"] for event in heard} >= {
        "OrderPlaced",
        "OrderPaid",
        "PointsEarned",
        "RefundDue",
    }
    lines = deployed.local("logs")["lines"]
    assert any(order.order_id in line["message"] for line in lines)
    text = "\n".join([*(line["message"] for line in lines), *(json.dumps(event) for event in heard)])
    assert traces_in(text) == []
    for secret in (token, clerk, *token.split("."), *clerk.split(".")[1:]):
        assert secret not in text
