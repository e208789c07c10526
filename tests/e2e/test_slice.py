"""From registration to frozen points, over HTTP, with IAM enforced."""

import base64
import json
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import urllib3
from memberday_client.api.catalogue import get_product, put_product
from memberday_client.api.members import register
from memberday_client.api.orders import get_order, place_order
from memberday_client.api.points import get_points, get_points_entries
from memberday_client.models import ProductRequest, ProfileRequest, WalletAnswer

from reach.aws import Aws
from tests.support.answers import granted, refused
from tests.support.shopper import TEA, Shopper, registered
from tests.support.stack import Stack


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A registered member."""
    return registered(deployed)


def test_an_order_placed_over_http_ends_as_frozen_points(deployed: Stack, shopper: Shopper) -> None:
    assert shopper.stocked(3).stock == 3
    assert shopper.quote().paid_fen == 10_950
    order = shopper.order()
    assert (order.status, order.member_id) == ("placed", shopper.member_id)
    replay = place_order.sync_detailed(client=shopper.client, body=shopper.wish(), idempotency_key="k1")
    assert (replay.status_code, replay.headers["idempotent-replayed"], replay.parsed) == (201, "true", order)
    assert shopper.pay(order).status == "paid"
    deployed.local("settle")
    wallet = WalletAnswer(available=0, frozen=110, debt=0, expiring=[])
    assert granted(get_points.sync(client=shopper.client)) == wallet
    (entry,) = granted(get_points_entries.sync(client=shopper.client)).items
    assert (entry.kind, entry.order_id, entry.frozen_delta) == ("earn", order.order_id, 110)
    member = shopper.me()
    assert (member.tier, member.effective_amount_fen) == ("J1", 10_950)
    assert shopper.found(order).status == "paid"
    assert granted(get_product.sync(shopper.sku, client=shopper.clerk)).stock == 2


def test_registering_again_is_no_news(deployed: Stack) -> None:
    shopper, profile = Shopper(deployed), ProfileRequest(name="Alice")
    answers = [register.sync_detailed(client=shopper.client, body=profile) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]


def test_orders_beyond_the_stock_are_refused_as_problems(shopper: Shopper) -> None:
    shopper.stocked(1)
    answer = place_order.sync_detailed(client=shopper.client, body=shopper.wish(2), idempotency_key="k1")
    problem = refused(answer.parsed)
    assert (answer.status_code, answer.headers["content-type"]) == (409, "application/problem+json")
    assert (problem.status, problem.code, problem["skus"]) == (409, "insufficient_stock", [shopper.sku])
    assert shopper.order().status == "placed"


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
    for method, path, body in (("GET", "/members/me", None), ("PUT", "/members/me", {"name": "Till"})):
        answered = deployed.call(method, path, body, token=token)
        assert (answered.status, answered.code) == (403, "not_a_member")


def test_an_unknown_route_is_a_problem_for_who_is_known(shopper: Shopper) -> None:
    answer = shopper.get("/nowhere")
    assert (answer.status, answer.code) == (404, "route_not_found")


def test_a_member_is_no_staff_and_sees_nobody_elses_order(deployed: Stack, shopper: Shopper) -> None:
    tea = ProductRequest.from_dict(TEA)
    assert refused(put_product.sync(shopper.sku, client=shopper.client, body=tea)).code == "forbidden"
    shopper.stocked(1)
    order = shopper.order()
    other = registered(deployed)
    theirs = refused(get_order.sync(order.order_id, client=other.client))
    assert (theirs.status, theirs.code) == (404, "order_not_found")
    assert refused(get_order.sync("ord_none", client=other.client)) == theirs


def test_the_clock_moves_what_handlers_see(deployed: Stack) -> None:
    before, after = Shopper(deployed), Shopper(deployed)
    first = before.register().registered_at
    moved = datetime.fromisoformat(deployed.clock("+8d"))
    second = after.register().registered_at
    assert first.date() < moved.date() <= second.date()
    assert second.utcoffset() == timedelta(hours=8)


def test_an_order_lapses_when_the_clock_has_passed_its_window(deployed: Stack, shopper: Shopper) -> None:
    shopper.stocked(1)
    order = shopper.order()
    deployed.clock("+30m")
    late = shopper.pay(order)
    assert (late.status, late.payments[0].applied) == ("lapsed", False)
