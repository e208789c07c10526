"""A member's data taken along and forgotten, on the deployed stack with its real user pool."""

import pytest
import urllib3
from memberday_client.api.members import get_member, get_tier_history, register
from memberday_client.api.orders import get_order, get_orders, quote_cart
from memberday_client.api.points import get_points
from memberday_client.api.privacy import erase_member, get_export
from memberday_client.models import (
    ExportedEntry,
    ExportedMember,
    ExportedOrder,
    ExportedPoints,
    ExportedTierChange,
    ExportPage,
    ProfileRequest,
)

from reach.aws import Aws
from tests.support.answers import granted, refused
from tests.support.shopper import Shopper, registered
from tests.support.stack import Stack


@pytest.fixture
def shopper(deployed: Stack) -> Shopper:
    """A member with an order that was paid."""
    shopper = registered(deployed, units=5)
    shopper.pay(shopper.order(quantity=2))
    assert shopper.points() == (0, 199, 0)
    return shopper


def exported(shopper: Shopper, limit: int) -> ExportPage:
    """Return everything that a member takes along, asked for in pages."""
    whole = granted(get_export.sync(client=shopper.client, limit=limit))
    while whole.next_cursor is not None:
        page = granted(get_export.sync(client=shopper.client, limit=limit, cursor=whole.next_cursor))
        whole.items += page.items
        whole.next_cursor = page.next_cursor
    return whole


def test_a_member_takes_along_what_the_other_routes_show(shopper: Shopper) -> None:
    client, whole = shopper.client, exported(shopper, 2)
    assert whole == exported(shopper, 100)
    (change,) = granted(get_tier_history.sync(client=client)).items
    (entry,) = shopper.entries()
    (order,) = granted(get_orders.sync(client=client)).items
    assert whole.items == [
        ExportedMember(shopper.me()),
        ExportedPoints(granted(get_points.sync(client=client))),
        ExportedTierChange(change),
        ExportedEntry(entry),
        ExportedOrder(order),
    ]


def test_an_erased_member_is_gone_and_their_figures_stay(deployed: Stack, shopper: Shopper) -> None:
    (order,) = granted(get_orders.sync(client=shopper.client)).items
    first = granted(erase_member.sync(shopper.member_id, client=shopper.clerk))
    assert first.member_id == shopper.member_id
    assert granted(erase_member.sync(shopper.member_id, client=shopper.clerk)) == first
    users = Aws(deployed.local("status")["endpoint"]).client("cognito-idp")
    with pytest.raises(users.exceptions.UserNotFoundException):
        users.admin_get_user(UserPoolId=deployed.outputs["UserPoolId"], Username=shopper.name)

    again = refused(register.sync(client=shopper.client, body=ProfileRequest(name="Alice")))
    assert (again.status, again.code) == (409, "member_erased")
    assert refused(quote_cart.sync(client=shopper.client, body=shopper.cart())).code == "not_registered"
    assert refused(get_member.sync(shopper.member_id, client=shopper.clerk)).code == "member_not_found"
    kept = granted(get_order.sync(order.order_id, client=shopper.clerk))
    assert kept == order
    shopper.delivered(kept)
    assert shopper.give_back(kept).refund_fen == 9_950
    assert shopper.points() == (0, 100, 0)  # their orders go their way
    printed = "".join(line["message"] for line in deployed.local("logs")["lines"])
    assert shopper.name not in printed


def test_a_member_who_came_back_is_somebody_else(deployed: Stack, shopper: Shopper) -> None:
    before = shopper.member_id
    granted(erase_member.sync(before, client=shopper.clerk))
    deployed.forget_tokens()
    assert shopper.register().member_id == shopper.member_id != before
    assert shopper.points() == (0, 0, 0)


def test_browsers_are_told_of_no_other_origin_unless_the_deployment_names_it(deployed: Stack) -> None:
    asked = {"origin": "https://elsewhere.example", "access-control-request-method": "GET"}
    answer = urllib3.request(
        "OPTIONS", deployed.outputs["ApiUrl"] + "/members/me", headers=asked, retries=False
    )
    assert "access-control-allow-origin" not in {name.lower() for name in answer.headers}
