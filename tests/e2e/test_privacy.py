"""A member's data taken along and forgotten, on the deployed stack with its real user pool."""

from typing import Any

import pytest
import urllib3

from local.aws import Aws
from tests.support.shopper import Shopper
from tests.support.stack import Stack


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A member with an order that was paid."""
    shopper = Shopper(deployed)
    assert shopper.register().status == 201
    shopper.stocked(5)
    assert shopper.pay(shopper.order(quantity=2)).status == 200
    assert shopper.points() == (0, 199, 0)
    return shopper


def exported(shopper: Shopper, limit: int) -> list[dict[str, Any]]:
    """Return everything that a member takes along, asked for in pages."""
    items: list[dict[str, Any]] = []
    path = query = f"/members/me/export?limit={limit}"
    while query:
        page = shopper.get(query)
        assert page.status == 200
        items += page.body["items"]
        query = page.body["next_cursor"] and f"{path}&cursor={page.body['next_cursor']}"
    return items


def test_a_member_takes_along_what_the_other_routes_show(shopper: Shopper) -> None:
    items = exported(shopper, 2)
    assert [each["kind"] for each in items] == ["member", "points", "tier_change", "points_entry", "order"]
    assert items == exported(shopper, 100)
    member, points, tier_change, entry, order = (each["data"] for each in items)
    assert member == shopper.get("/members/me").body
    assert points == shopper.get("/members/me/points").body
    assert [tier_change] == shopper.get("/members/me/tier-history").body["items"]
    assert [entry] == shopper.entries()
    assert [order] == shopper.get("/orders").body["items"]


def test_an_erased_member_is_gone_and_their_figures_stay(deployed: Stack, shopper: Shopper) -> None:
    (order,) = shopper.get("/orders").body["items"]
    path = f"/members/{shopper.member_id}"
    first = deployed.call("DELETE", path, who="clerk", staff=True)
    assert (first.status, first.body["member_id"]) == (200, shopper.member_id)
    assert deployed.call("DELETE", path, who="clerk", staff=True).body == first.body
    users = Aws(deployed.local("status")["endpoint"]).client("cognito-idp")
    with pytest.raises(users.exceptions.UserNotFoundException):
        users.admin_get_user(UserPoolId=deployed.outputs["UserPoolId"], Username=shopper.name)

    assert (shopper.register().status, shopper.register().code) == (409, "member_erased")
    assert shopper.quote().code == "not_registered"
    assert deployed.call("GET", path, who="clerk", staff=True).code == "member_not_found"
    kept = deployed.call("GET", f"/orders/{order['order_id']}", who="clerk", staff=True)
    assert kept.body == order
    for step in ("shipment", "receipt"):
        assert shopper.staff(kept, step).status == 200
    returned = shopper.give_back(kept)
    assert (returned.status, returned.body["refund_fen"]) == (200, 9_950)
    assert shopper.points() == (0, 100, 0)  # their orders go their way
    printed = "".join(line["message"] for line in deployed.local("logs")["lines"])
    assert shopper.name not in printed


def test_a_member_who_came_back_is_somebody_else(deployed: Stack, shopper: Shopper) -> None:
    before = shopper.member_id
    deployed.call("DELETE", f"/members/{before}", who="clerk", staff=True)
    deployed.forget_tokens()
    assert shopper.register().status == 201
    assert shopper.member_id != before
    assert shopper.points() == (0, 0, 0)


def test_browsers_are_told_of_no_other_origin_unless_the_deployment_names_it(deployed: Stack) -> None:
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
    answer = urllib3.request(
        "OPTIONS", deployed.outputs["ApiUrl"] + "/members/me", headers=asked, retries=False
    )
    assert "access-control-allow-origin" not in {name.lower() for name in answer.headers}
