"""Which role may call what (K7), on every route of the API's document."""

import uuid
from typing import Any

import pytest

from functions.domain.policy import load
from functions.platform import dynamo
from functions.platform.dynamo import Tables
from functions.platform.reports import REPORTS
from functions.platform.roles import GROUPS, SCOPES, Role, roles_of
from tests.handlers.conftest import Suite
from tests.handlers.test_attacks import OPERATIONS, World, populated
from tests.support import tables
from tests.support.document import Operation
from tests.support.events import Call, claims, role, staff
from tests.support.wire import Wire, let_send

ROLES = ("clerk", "marketing", "finance", "admin")
CLERK = """
    GET /alarms
    GET /cases
    GET /cases/{case_id}
    GET /members/{member_id}
    GET /members/{member_id}/birthday-changes
    GET /members/{member_id}/coupons
    GET /members/{member_id}/orders
    GET /members/{member_id}/points/entries
    GET /members/{member_id}/tier-history
    GET /orders/due
    GET /orders/search
    GET /orders/{order_id}
    GET /orders/{order_id}/history
    GET /products/{sku}/movements
    GET /reports/cases
    GET /reports/late-deliveries
    POST /cases/{case_id}/answer
    POST /cases/{case_id}/approve
    POST /cases/{case_id}/receive
    POST /cases/{case_id}/refuse
    POST /cases/{case_id}/settle
    POST /members/search
    POST /orders/{order_id}/cancel
    POST /orders/{order_id}/receipt
    POST /orders/{order_id}/refusal
    POST /orders/{order_id}/returns
    POST /orders/{order_id}/shipment
    POST /products/{sku}/stock
    POST /reports/{report}/exports
    PUT /members/{member_id}/birthday
"""
"""Any order and member read, cancel and receipt, shipment, refusal, returns, birthday, stock, cases."""
MARKETING = """
    GET /alarms
    GET /campaigns
    GET /campaigns/{campaign_id}
    GET /coupon-templates
    GET /coupon-templates/{template_id}
    GET /products/{sku}/movements
    POST /campaigns/{campaign_id}/preview
    POST /coupon-templates/{template_id}/codes
    POST /members/{member_id}/coupons
    PUT /campaigns/{campaign_id}
    PUT /coupon-templates/{template_id}
    PUT /products/{sku}
"""
"""Products, campaigns, templates."""
FINANCE = """
    GET /alarms
    GET /cases
    GET /cases/{case_id}
    GET /members/{member_id}
    GET /members/{member_id}/birthday-changes
    GET /members/{member_id}/coupons
    GET /members/{member_id}/orders
    GET /members/{member_id}/points/entries
    GET /members/{member_id}/tier-history
    GET /orders/due
    GET /orders/search
    GET /orders/{order_id}
    GET /orders/{order_id}/history
    GET /reports/cases
    GET /reports/late-deliveries
    GET /reports/payment-differences
    GET /reports/points-differences
    GET /reports/points-liability
    GET /reports/refunds
    GET /reports/returns
    GET /reports/sales
    GET /reports/unassigned-payments
    POST /cases/{case_id}/settle
    POST /members/search
    POST /members/{member_id}/points/adjustments
    POST /orders/{order_id}/payment
    POST /orders/{order_id}/payments
    POST /reports/{report}/exports
    POST /reports/refunds/{refund_id}/by-hand
    POST /reports/unassigned-payments/{payment_id}/assign
    POST /reports/unassigned-payments/{payment_id}/refund
"""
"""Any order and member read, payment, unassigned money, refunds, adjustments, all reports."""
SEE_MORE = {"GET /products", "GET /products/{sku}"}
"""Everybody's, of which whoever works for the shop sees more."""
BEFORE_ROLES = {"DELETE /members/{member_id}"}
"""Of the routes that there were before, those that no role has but an admin's."""
SINCE_ROLES = {
    "GET /alarms",
    "GET /orders/due",
    "GET /reports/sales",
    "POST /campaigns/{campaign_id}/preview",
    "POST /reports/{report}/exports",
}
"""Routes that came with roles or later: the scope ``membership/staff`` has none of them."""
FOR_ADMINS = {
    "GET /audit",
    "GET /audit/{audit_id}",
    "GET /jobs",
    "GET /policy",
    "POST /jobs/{job}/runs",
    "POST /policy/check",
}
"""Of those, the ones that are an admin's alone."""


def lines(text: str) -> set[str]:
    """Return a table's routes."""
    return {line.strip() for line in text.strip().splitlines()}


TABLE = {
    "clerk": lines(CLERK) | SEE_MORE,
    "marketing": lines(MARKETING) | SEE_MORE,
    "finance": lines(FINANCE) | SEE_MORE,
}
TABLE["admin"] = TABLE["clerk"] | TABLE["marketing"] | TABLE["finance"] | BEFORE_ROLES | FOR_ADMINS
TABLE["staff"] = TABLE["admin"] - SINCE_ROLES - FOR_ADMINS
WITH_ROLES = [each for each in OPERATIONS if each.roles]
ONLY_STAFF = [each for each in OPERATIONS if each.staff]


@pytest.fixture(scope="module")
def world(wire: Wire) -> World:
    """A populated shop of this module's own: who may do something does it."""
    rows = Tables(let_send(dynamo.client(wire.endpoint), wire))
    return populated(Suite(rows, tables.create(rows.client, uuid.uuid4().hex), load()))


def test_K7_every_route_is_for_the_roles_that_the_table_says() -> None:
    said = {name: {str(each) for each in OPERATIONS if name in each.roles} for name in TABLE}
    assert said == TABLE


def test_K7_every_route_of_staff_alone_has_roles() -> None:
    assert [str(each) for each in ONLY_STAFF if not each.roles] == []


def test_K7_finance_has_every_report_and_everything_that_is_read_of_orders_and_members() -> None:
    reports = {str(each) for each in OPERATIONS if each.path.startswith("/reports/")}
    assert reports <= TABLE["finance"]
    reads = {
        name for name in TABLE["clerk"] if name.startswith("GET /orders") or name.startswith("GET /members")
    }
    assert reads <= TABLE["finance"]


EXPORTS = "POST /reports/{report}/exports"


@pytest.mark.parametrize("report", REPORTS)
def test_K7_whoever_may_read_a_report_may_export_it_and_nobody_else(world: World, report: str) -> None:
    path = "/audit" if report == "audit" else f"/reports/{report}"
    (reads,) = (each for each in OPERATIONS if str(each) == f"GET {path}")
    for name in ROLES:
        for who in (role(name), claims("crm", client_id="crm", scope=f"membership/{name}")):
            for body in (None, {}, {"no": "such field"}):
                refused = world.suite.call(Call("POST", f"/reports/{report}/exports", body, who))
                assert refused.status == (422 if name in reads.roles else 403), (name, refused)
    old = claims("crm", client_id="crm", scope="membership/staff")
    assert world.suite.call(Call("POST", f"/reports/{report}/exports", {}, old)).code == "forbidden"
    assert world.writes == []


def test_K7_every_report_that_is_read_can_be_exported_and_a_refusal_says_by_whom(world: World) -> None:
    reports = {
        each.path.removeprefix("/reports/") for each in OPERATIONS if each.path.startswith("/reports/")
    }
    assert {each for each in reports if "/" not in each} | {"audit"} == set(REPORTS)
    (exports,) = (each for each in OPERATIONS if str(each) == EXPORTS)
    assert exports.ids["report"]["enum"] == [*REPORTS]
    refused = world.suite.call(Call("POST", "/reports/sales/exports", {}, role("clerk"))).body
    assert refused["detail"] == "Only finance or admin may do this."


def test_K7_erasure_is_no_roles_but_an_admins() -> None:
    having = {name for name in ROLES if "DELETE /members/{member_id}" in TABLE[name]}
    assert having == {"admin"}


@pytest.mark.parametrize("operation", ONLY_STAFF, ids=str)
def test_K7_a_wrong_role_is_forbidden_whatever_they_send_and_a_right_one_is_heard(
    world: World, operation: Operation
) -> None:
    bodies: list[dict[str, Any]] = [{}, {"body": None}, {"raw": "not json"}]
    for name in ROLES:
        for who in (role(name), claims("crm", client_id="crm", scope=f"membership/{name}")):
            for sent in bodies:
                answer = world.ask(operation, who, **sent)
                assert (answer.status == 403) is (name not in operation.roles), (name, answer.body)
                if answer.status == 403:
                    assert answer.code == "forbidden"
                    assert world.sent == []


@pytest.mark.parametrize("operation", ONLY_STAFF, ids=str)
def test_K7_the_old_group_has_all_but_what_is_an_admins_and_the_old_scope_what_there_was_before(
    world: World, operation: Operation
) -> None:
    for who, may in (
        (staff(), str(operation) not in FOR_ADMINS),
        (
            claims("crm", client_id="crm", scope="membership/staff"),
            str(operation) not in SINCE_ROLES | FOR_ADMINS,
        ),
        (claims("of-both", **{"cognito:groups": "[marketing admin]"}), True),
    ):
        assert (world.ask(operation, who, body={"no": "such field"}).status != 403) is may, who


def test_K7_several_groups_give_what_each_of_them_gives() -> None:
    assert roles_of(["clerk", "marketing"], []) == Role.CLERK | Role.MARKETING
    assert roles_of(["finance"], ["membership/clerk", "openid"]) == Role.FINANCE | Role.CLERK
    assert roles_of(["Clerk", "clerks", "", "member", "membership/clerk"], ["clerk", "membership/"]) == Role(
        0
    )
    assert GROUPS["staff"] & Role.ADMIN == Role(0)
    assert SCOPES["membership/staff"] == Role.STAFF


def test_K7_who_has_a_role_that_a_members_route_gives_nothing_to_is_a_member_there(world: World) -> None:
    alices = world.orders["alice"][0]
    suite = world.suite
    for path in (f"/orders/{alices}", f"/orders/{alices}/history"):
        for name, status in {"clerk": 200, "finance": 200, "admin": 200, "marketing": 404}.items():
            assert suite.call(Call("GET", path, who=role(name))).status == status, (name, path)
        assert (
            suite.call(Call("GET", path, who=claims("alice", **{"cognito:groups": "[marketing]"}))).status
            == 200
        )
    receipt = suite.call(Call("POST", f"/orders/{alices}/receipt", who=role("finance")))
    assert (receipt.status, receipt.code) == (404, "order_not_found")
    case_id = world.cases["alice"][0]
    assert suite.call(Call("GET", f"/cases/{case_id}", who=role("marketing"))).code == "case_not_found"


def test_K7_a_service_with_a_role_that_a_members_route_gives_nothing_to_is_no_member(world: World) -> None:
    path = f"/orders/{world.orders['alice'][0]}"
    for name, status in {"clerk": 200, "marketing": 403}.items():
        who = claims("crm", client_id="crm", scope=f"membership/{name}")
        answer = world.suite.call(Call("GET", path, who=who))
        assert answer.status == status
    assert answer.code == "not_a_member"


@pytest.mark.parametrize("name", [*ROLES, "staff"])
def test_K7_whoever_works_for_the_shop_sees_how_much_there_is_of_a_product(world: World, name: str) -> None:
    shown = world.suite.call(Call("GET", "/products/tea", who=role(name))).body
    assert "stock" in shown
    assert "stock" not in world.suite.call(Call("GET", "/products/tea", who=claims("alice"))).body


def test_K7_a_refusal_says_which_roles_may(suite: Suite) -> None:
    path = "/reports/points-liability"
    refused = suite.call(Call("GET", path, who=role("clerk"))).body
    assert refused["detail"] == "Only finance or admin may do this."
    assert suite.call(Call("GET", path, who=claims("alice"))).body["detail"] == "Only staff may do this."
