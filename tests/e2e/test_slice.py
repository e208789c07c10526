"""From registration to frozen points, over HTTP, with IAM enforced."""

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3

from local.aws import Aws
from tests.support.shopper import TEA, Shopper
from tests.support.stack import Stack


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member."""
    shopper = Shopper(deployed)
    assert shopper.register().status == 201
    return shopper


def test_an_order_placed_over_http_ends_as_frozen_points(deployed: Stack, shopper: Shopper) -> None:
    assert shopper.stocked(3).body["stock"] == 3
    quote = deployed.call("POST", "/quotes", shopper.cart(), who=shopper.name)
    assert (quote.status, quote.body["paid_fen"]) == (200, 10_950)
    order = shopper.order()
    assert (order.status, order.body["status"]) == (201, "placed")
    assert order.body["member_id"] == deployed.member_id(shopper.name)
    replay = shopper.order()
    assert (replay.status, replay.headers["idempotent-replayed"], replay.body) == (201, "true", order.body)
    assert shopper.pay(order).body["status"] == "paid"
    deployed.local("settle")
    assert shopper.get("/members/me/points").body == {
        "available": 0,
        "frozen": 110,
        "debt": 0,
        "expiring": [],
    }
    (entry,) = shopper.get("/members/me/points/entries").body["items"]
    assert (entry["kind"], entry["order_id"], entry["frozen_delta"]) == ("earn", order.body["order_id"], 110)
    member = shopper.get("/members/me").body
    assert (member["tier"], member["effective_amount_fen"]) == ("J1", 10_950)
    assert shopper.get(f"/orders/{order.body['order_id']}").body["status"] == "paid"
    assert deployed.call("GET", f"/products/{shopper.sku}", who="clerk", staff=True).body["stock"] == 2


def test_orders_beyond_the_stock_are_refused_as_problems(shopper: Shopper) -> None:
    shopper.stocked(1)
    refused = shopper.order(quantity=2)
    assert (refused.status, refused.code, refused.body["skus"]) == (409, "insufficient_stock", [shopper.sku])
    assert refused.headers["content-type"] == "application/problem+json"
    assert shopper.order().status == 201


def test_without_a_token_nobody_gets_in(deployed: Stack) -> None:
    for method, path in (("GET", "/members/me"), ("POST", "/orders"), ("GET", "/nowhere")):
        assert deployed.call(method, path).status == 401


def test_a_forged_token_is_refused(deployed: Stack) -> None:
    def part(contents: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(contents).encode()).decode().rstrip("=")

    claims = {"sub": "x", "token_use": "access", "cognito:groups": ["staff"], "exp": 2**40}
    assert deployed.call("GET", "/members/me", token=f"{part({'alg': 'none'})}.{part(claims)}.").status == 401
    assert deployed.call("GET", "/members/me", token="rubbish").status == 401  # noqa: S106


def test_a_service_is_staff_by_its_scope_and_no_member(deployed: Stack, shopper: Shopper) -> None:
    outputs = deployed.outputs
    cognito = Aws(deployed.local("status")["endpoint"]).client("cognito-idp")
    client = cognito.describe_user_pool_client(
        UserPoolId=outputs["UserPoolId"], ClientId=outputs["ServiceClientId"]
    )["UserPoolClient"]
    credentials = f"{client['ClientId']}:{client['ClientSecret']}"
    answer = urllib3.request(
        "POST",
        outputs["TokenUrl"],
        body=urlencode({"grant_type": "client_credentials", "scope": "membership/staff"}),
        headers={
            **urllib3.make_headers(basic_auth=credentials),
            "content-type": "application/x-www-form-urlencoded",
        },
    )
    token = answer.json()["access_token"]
    assert deployed.call("PUT", f"/products/{shopper.sku}", TEA, token=token).status == 201
    assert deployed.call("GET", "/members/me", token=token).code == "not_registered"


def test_an_unknown_route_is_a_problem_for_who_is_known(shopper: Shopper) -> None:
    answer = shopper.get("/nowhere")
    assert (answer.status, answer.code) == (404, "route_not_found")


def test_a_member_is_no_staff_and_sees_nobody_elses_order(deployed: Stack, shopper: Shopper) -> None:
    assert deployed.call("PUT", f"/products/{shopper.sku}", TEA, who=shopper.name).code == "forbidden"
    shopper.stocked(1)
    order = shopper.order()
    other = Shopper(deployed)
    other.register()
    theirs = other.get(f"/orders/{order.body['order_id']}")
    missing = other.get("/orders/ord_none")
    assert (theirs.status, theirs.body) == (missing.status, missing.body)
    assert theirs.code == "order_not_found"


def test_the_clock_moves_what_handlers_see(deployed: Stack) -> None:
    before, after = Shopper(deployed), Shopper(deployed)
    first = before.register().body["registered_at"]
    moved = deployed.clock("+8d")
    second = after.register().body["registered_at"]
    assert first[:10] < moved[:10] <= second[:10]
    assert second.endswith("+08:00")


def test_an_order_lapses_when_the_clock_has_passed_its_window(deployed: Stack, shopper: Shopper) -> None:
    shopper.stocked(1)
    order = shopper.order()
    deployed.clock("+30m")
    late = shopper.pay(order)
    assert (late.status, late.body["status"], late.body["payments"][0]["applied"]) == (200, "lapsed", False)
