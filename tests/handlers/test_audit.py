"""What staff do leaves a record, an action of the write's own transaction; nobody else's doing does (K7)."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.audit.face import ALSO_BY
from functions.audit.tables import INDEXES_OF_SUBJECTS, TABLES
from functions.platform.dynamo import Row, from_item, to_item
from functions.platform.trail import (
    ADDRESS,
    ADDRESS_KEPT_DAYS,
    KEYED,
    NAMES_MAX,
    PERSONAL,
    PLAIN,
    RECORD,
    RECORD_KEPT_DAYS,
    SUBJECTS,
    VALUES_CHARACTERS_MAX,
    followed,
)
from tests.handlers.conftest import TEA, Suite
from tests.support import document
from tests.support.coupons import OF_CODES, TEMPLATE
from tests.support.document import Operation
from tests.support.events import Answer, Call, claims, role, staff
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    cancelled,
    watched,
)
from tests.support.paying import money_waits

ALICE = claims("alice")
SERVICE = claims("erp", client_id="erp", scope="membership/staff")
SECRET = "Zhang Wei 13800138000"  # noqa: S105 - somebody, and no password
NUMBER = "ZhangWei-13800138000"
"""Each stands in every free text here that admits it, and may stand in no record."""
CAMPAIGN = {
    "name": SECRET,
    "kind": "flash",
    "starts_at": "2026-06-01T00:00:00+08:00",
    "ends_at": "2026-06-02T00:00:00+08:00",
    "terms": {"items": {"tea": {"price_fen": 100, "units": 2}}, "per_member": 2},
    "status": "active",
}
READING_POSTS = {"search_members", "preview_campaign", "preview_return", "quote_cart", "check_policy"}
"""What is posted, and writes nothing."""
OF_OWNERS = {"cancel_order", "receive_order", "ask_for_payment"}
"""What members do with their own, and staff with anybody's."""
OPERATIONS = document.operations()


@dataclass
class Trail:
    """A suite whose records and calls are looked at."""

    suite: Suite
    calls: Calls
    number: int = 0
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)

    def rows(self, item: str = RECORD) -> list[Row]:
        """Return all records, or what else stands beside them."""
        found = self.suite.tables.client.scan(TableName=self.suite.settings.audit_table)["Items"]
        return [row for row in map(from_item, found) if row["item"] == item]

    def ask(self, method: str, path: str, body: Any = None, who: Any = None, **more: Any) -> Answer:
        """Send a request, as staff unless told, under an id of its own at the gateway."""
        self.number += 1
        who = who or (role("admin") if path.startswith("/jobs/") else staff())
        made = Call(method, path, body, who, **more).event()
        made["requestContext"]["requestId"] = f"request-{self.number}"
        made["requestContext"]["http"]["sourceIp"] = "203.0.113.7"
        return self.suite.call(Call(method, path, made=made))

    def must(self, method: str, path: str, body: Any = None, who: Any = None, **more: Any) -> dict[str, Any]:
        """Send a request that succeeds."""
        answer = self.ask(method, path, body, who, **more)
        assert answer.status in (200, 201, 202), answer.body
        return answer.body

    def order(self, status: str = "placed") -> str:
        """Return a new order of alice's of two teas that stands so."""
        self.number += 1
        key = {"idempotency-key": f"k{self.number}"}
        cart = {"lines": [{"sku": "tea", "quantity": 2}]}
        placed = self.must("POST", "/orders", cart, ALICE, headers=key)
        order_id: str = placed["order_id"]
        at = f"/orders/{order_id}"
        steps = {
            "paid": ("payment", {"payment_id": f"pay-{order_id}", "amount_fen": placed["paid_fen"]}),
            "shipped": ("shipment", None),
            "received": ("receipt", None),
        }
        for name, (call, body) in steps.items():
            if [*steps].index(name) <= ["placed", *steps].index(status) - 1:
                self.must("POST", f"{at}/{call}", body)
        self.orders[order_id] = placed
        return order_id

    def case(self, kind: str = "return", **more: Any) -> str:
        """Return a new case of alice's."""
        at = f"/orders/{self.order('received')}/cases"
        lines = [{"line_id": "tea", "quantity": 1}]
        asked = {"request_id": "r", "kind": kind, "reason": "other", "text": SECRET, "lines": lines, **more}
        if kind == "complaint":
            del asked["lines"]
        case_id: str = self.must("POST", at, asked, ALICE)["case_id"]
        return case_id


@pytest.fixture
def trail(suite: Suite) -> Iterator[Trail]:
    """A suite with tea, a template and alice, whose calls of DynamoDB are watched."""
    with watched(suite.tables.client) as calls:
        made = Trail(suite, calls)
        made.must("PUT", "/members/me", {"name": "alice", "birthday": "1990-05-05"}, ALICE)
        made.must("PUT", "/products/tea", TEA)
        made.must("POST", "/products/tea/stock", {"movement_id": "m0", "delta": 90, "reason": "new"})
        made.must("PUT", "/coupon-templates/welcome", TEMPLATE)
        made.must("PUT", "/coupon-templates/codes", OF_CODES)
        yield made


Act = tuple[str, str, Any]
"""A request: method, path and body."""


def manual(trail: Trail) -> str:
    """Return a refund that staff pay by hand."""
    order_id = trail.order("paid")
    trail.must("POST", f"/orders/{order_id}/cancel")
    (refund,) = trail.must("GET", f"/orders/{order_id}")["refunds"]
    return str(refund["refund_id"])


def waits(trail: Trail, number: int) -> str:
    """Let money wait that is no order's; return its payment."""
    money_waits(trail.suite.tables, trail.suite.settings, "ord_" + "a" * 26, trail.suite.now, 3)
    return f"stripe:pi_{number}"


REASON = {"reason": SECRET}
UNITS = [{"line_id": "tea", "quantity": 1}]
ACTS: Mapping[str, Callable[[Trail], Act]] = {
    "put_product": lambda trail: ("PUT", "/products/tea", {**TEA, "name": SECRET, "price_fen": 9_000}),
    "move_stock": lambda trail: (
        "POST",
        "/products/tea/stock",
        {"movement_id": "m1", "delta": 3, **REASON},
    ),
    "put_campaign": lambda trail: ("PUT", "/campaigns/flash", CAMPAIGN),
    "put_coupon_template": lambda trail: ("PUT", "/coupon-templates/new", {**TEMPLATE, "name": SECRET}),
    "make_coupon_codes": lambda trail: (
        "POST",
        "/coupon-templates/codes/codes",
        {"batch_id": "b1", "count": 250},
    ),
    "issue_coupon": lambda trail: (
        "POST",
        "/members/alice/coupons",
        {"issue_id": "i1", "template_id": "welcome"},
    ),
    "adjust_points": lambda trail: (
        "POST",
        "/members/alice/points/adjustments",
        {"adjustment_id": "a1", "points": 5, **REASON},
    ),
    "change_birthday": lambda trail: (
        "PUT",
        "/members/alice/birthday",
        {"birthday": "1991-01-02", **REASON},
    ),
    "erase_member": lambda trail: ("DELETE", "/members/alice", None),
    "record_payment": lambda trail: (
        "POST",
        f"/orders/{(order_id := trail.order())}/payment",
        {"payment_id": "p1", "amount_fen": trail.orders[order_id]["paid_fen"]},
    ),
    "ask_for_payment": lambda trail: (
        "POST",
        f"/orders/{trail.order()}/payments",
        {"provider": "wechatpay"},
    ),
    "ship_order": lambda trail: (
        "POST",
        f"/orders/{trail.order('paid')}/shipment",
        {"tracking_no": NUMBER, "carrier": SECRET},
    ),
    "receive_order": lambda trail: ("POST", f"/orders/{trail.order('shipped')}/receipt", None),
    "refuse_order": lambda trail: ("POST", f"/orders/{trail.order('shipped')}/refusal", None),
    "cancel_order": lambda trail: ("POST", f"/orders/{trail.order('paid')}/cancel", None),
    "return_units": lambda trail: (
        "POST",
        f"/orders/{trail.order('received')}/returns",
        {"return_id": "r1", "lines": UNITS},
    ),
    "answer_case": lambda trail: ("POST", f"/cases/{trail.case('complaint')}/answer", {"text": SECRET}),
    "approve_case": lambda trail: ("POST", f"/cases/{trail.case('refund_only')}/approve", None),
    "refuse_case": lambda trail: ("POST", f"/cases/{trail.case()}/refuse", REASON),
    "receive_case": lambda trail: (
        "POST",
        f"/cases/{approved(trail)}/receive",
        {"lines": UNITS, "return_shipping_fen": 100},
    ),
    "settle_case": lambda trail: (
        "POST",
        f"/cases/{trail.case('complaint')}/settle",
        {"points": 3, **REASON},
    ),
    "pay_refund_by_hand": lambda trail: (
        "POST",
        f"/reports/refunds/{manual(trail)}/by-hand",
        {"reference": NUMBER, **REASON},
    ),
    "assign_payment": lambda trail: (
        "POST",
        f"/reports/unassigned-payments/{waits(trail, 1)}/assign",
        {"order_id": trail.order()},
    ),
    "run_job": lambda trail: ("POST", "/jobs/release-points/runs", {"request_id": "q1"}),
    "export_report": lambda trail: (
        "POST",
        "/reports/sales/exports",
        {"request_id": "x1", "rows": 2, "from": "2026-04-01", "until": "2026-05-01"},
    ),
    "refund_payment": lambda trail: (
        "POST",
        f"/reports/unassigned-payments/{waits(trail, 2)}/refund",
        REASON,
    ),
}
"""A request of each operation by which staff write, after what it needs."""


def approved(trail: Trail) -> str:
    """Return a case whose units may be sent back."""
    case_id = trail.case()
    trail.must("POST", f"/cases/{case_id}/approve")
    return case_id


def is_staffs(operation: Operation) -> bool:
    """Tell whether staff write by an operation."""
    name = operation.described["operationId"]
    return operation.method != "GET" and bool(operation.roles) and name not in READING_POSTS


def written(calls: Calls, since: int) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls since then by which something was written."""
    found = zip(calls.sent[since:], calls.bodies[since:], strict=True)
    return [(name, body) for name, body in found if name in ("PutItem", "UpdateItem", "TransactWriteItems")]


def tables_of(body: dict[str, Any]) -> list[str]:
    """Return the tables of a transaction's actions, in their order."""
    return [action[kind]["TableName"] for action in body["TransactItems"] for kind in action]


def test_K7_every_operation_by_which_staff_write_is_driven_here() -> None:
    wanted = {each.described["operationId"] for each in OPERATIONS if is_staffs(each)}
    assert wanted == set(ACTS)
    assert set(ACTS) >= OF_OWNERS


@pytest.mark.parametrize("operation", ACTS)
def test_K7_each_transaction_of_staff_has_one_record_as_its_last_actions_and_a_repeat_adds_none(
    trail: Trail, operation: str
) -> None:
    act = ACTS[operation](trail)
    before, since = trail.rows(), len(trail.calls.sent)
    trail.must(*act)
    new = [row for row in trail.rows() if row not in before]
    calls = written(trail.calls, since)
    assert {name for name, _ in calls} == {"TransactWriteItems"}
    table = trail.suite.settings.audit_table
    for _, body in calls:
        *own, record, address = tables_of(body)
        assert (record, address) == (table, table)
        assert table not in own
    assert len(new) == len(calls) >= 1
    assert {row["operation"] for row in new} == {operation}
    assert not [each for each in (SECRET, NUMBER, "1991-01-02") if each in json.dumps(new)]
    after = trail.rows()
    trail.ask(*act)
    repeated = [row for row in trail.rows() if row not in after]
    assert repeated == []


@pytest.mark.parametrize("operation", ACTS)
def test_K7_what_is_refused_leaves_no_record(trail: Trail, operation: str) -> None:
    method, path, body = ACTS[operation](trail)
    before = trail.rows()
    assert trail.ask(method, path, {**(body or {}), "no_such": 1}).status == 422
    assert trail.ask(method, path, body, claims("mallory")).status in (403, 404)
    assert trail.ask(method, path, body, role("nobody")).status in (403, 404)
    assert trail.rows() == before


LIKE_A_TIMEOUT = {
    "the answer is lost": [LOST_AFTER],
    "no answer comes at all": [LOST_AFTER] * SENDS_OF_THE_SDK,
    "it is never sent": [RESET_BEFORE] * SENDS_OF_THE_SDK,
    "DynamoDB fails after it": [SERVER_ERROR_AFTER] * SENDS_OF_THE_SDK,
    "others are in the way": [cancelled("TransactionConflict")] * 2,
    "others have the record": [cancelled("None", "None", "TransactionConflict", "None")] * 2,
    "it is throttled": [THROTTLED] * SENDS_OF_THE_SDK,
}


@pytest.mark.parametrize("operation", ["ship_order", "record_payment", "put_product", "adjust_points"])
@pytest.mark.parametrize("faults", LIKE_A_TIMEOUT.values(), ids=LIKE_A_TIMEOUT)
def test_K7_under_faults_what_is_written_once_has_one_record(
    trail: Trail, operation: str, faults: list[Fault]
) -> None:
    act = ACTS[operation](trail)
    before = trail.rows()
    trail.calls.fail("TransactWriteItems", *faults)
    for _ in range(5):
        answer = trail.ask(*act)
        if answer.status < 300:
            break
        assert (answer.status, answer.code) == (503, "try_again")
    assert answer.status < 300
    assert len(trail.rows()) == len(before) + 1


@pytest.mark.parametrize("operation", ACTS)
def test_K7_two_at_once_leave_the_records_of_one(trail: Trail, operation: str) -> None:
    """The other one comes between the reads and the write."""
    act = ACTS[operation](trail)
    before = len(trail.rows())
    trail.calls.do_before("TransactWriteItems", lambda: trail.ask(*act))
    trail.ask(*act)
    alone = len(trail.rows()) - before
    counts = {"make_coupon_codes": 5, "ask_for_payment": 2}
    assert alone == counts.get(operation, 1)


@pytest.mark.parametrize(
    ("who", "service", "roles"),
    [
        (staff("carol"), False, ["staff", "clerk", "marketing", "finance"]),
        (role("clerk"), False, ["clerk"]),
        (role("admin"), False, ["admin"]),
        (SERVICE, True, ["staff"]),
        (claims("both", **{"cognito:groups": "[marketing clerk]"}), False, ["clerk", "marketing"]),
        (claims("1-2-3", username="erin", **{"cognito:groups": "[clerk]"}), False, ["clerk"]),
    ],
)
def test_K7_a_record_says_who_did_what_to_what_and_what_of_it_is_not_personal(
    trail: Trail, who: dict[str, str], service: bool, roles: list[str]
) -> None:
    order_id = trail.order("paid")
    before = trail.rows()
    trail.must("POST", f"/orders/{order_id}/shipment", {"tracking_no": NUMBER, "carrier": "SF"}, who)
    (row,) = (each for each in trail.rows() if each not in before)
    shown = trail.must("GET", f"/audit/{row['audit_id']}", who=role("admin"))
    assert shown == {
        "audit_id": row["audit_id"],
        "at": "2026-05-01T12:00:00+08:00",
        "operator": who["sub"],
        "operator_name": who.get("username"),
        "service": service,
        "roles": roles,
        "operation": "ship_order",
        "route": "POST /orders/{order_id}/shipment",
        "subjects": {"member_id": "alice", "order_id": order_id},
        "request_key": None,
        "fields": ["carrier", "tracking_no"],
        "values": {},
        "searched_by": None,
        "shown": [],
        "address": "203.0.113.7",
        "request_id": f"request-{trail.number - 1}",
    }


def test_K7_a_record_has_the_values_that_are_not_personal_also_those_within_others(trail: Trail) -> None:
    before = trail.rows()
    trail.must("PUT", "/campaigns/flash", CAMPAIGN)
    (row,) = (each for each in trail.rows() if each not in before)
    assert row["fields"] == [
        *(
            "ends_at",
            "items",
            "kind",
            "name",
            "per_member",
            "price_fen",
            "starts_at",
            "status",
            "terms",
            "units",
        )
    ]
    assert json.loads(row["values"]) == {name: each for name, each in CAMPAIGN.items() if name != "name"}
    assert row["subjects"] == {"campaign_id": "flash"}


def test_K7_a_record_has_a_bound_whatever_is_sent(trail: Trail) -> None:
    skus = [f"sku-{number:02}-{'x' * 57}" for number in range(40)]
    for sku in skus:
        trail.must("PUT", f"/products/{sku}", TEA)
        trail.must("POST", f"/products/{sku}/stock", {"movement_id": "m", "delta": 5, "reason": "new"})
    before = trail.rows()
    items = {sku: {"price_fen": 100, "units": 1} for sku in skus}
    trail.must("PUT", "/campaigns/flash", {**CAMPAIGN, "terms": {"items": items, "per_member": 2}})
    (row,) = (each for each in trail.rows() if each not in before)
    assert len(row["values"]) <= VALUES_CHARACTERS_MAX
    assert len(row["fields"]) <= NAMES_MAX
    assert json.loads(row["values"]) == {
        name: CAMPAIGN[name] for name in ("kind", "starts_at", "ends_at", "status")
    }


def test_K7_the_largest_writes_of_staff_have_room_for_their_record(trail: Trail) -> None:
    since = len(trail.calls.sent)
    trail.must(*ACTS["make_coupon_codes"](trail))
    sizes = [len(body["TransactItems"]) for _, body in written(trail.calls, since)]
    assert sizes == [3, 100, 100, 56, 3]


def test_K7_members_leave_no_record_and_their_orders_cost_what_they_did(trail: Trail) -> None:
    before, since = trail.rows(), len(trail.calls.sent)
    trail.order()
    trail.must("PATCH", "/members/me", {"name": "Alice"}, ALICE)
    trail.must("POST", "/coupon-templates/welcome/claim", None, ALICE, headers={"idempotency-key": "c"})
    trail.must("POST", f"/orders/{trail.order()}/cancel", None, ALICE)
    case_id = trail.case("complaint")
    assert case_id
    orders = [row for row in trail.rows() if row not in before]
    assert {row["operation"] for row in orders} == {"record_payment", "ship_order", "receive_order"}
    placed = [
        tables_of(body)
        for name, body in written(trail.calls, since)
        if name == "TransactWriteItems" and trail.suite.settings.audit_table not in tables_of(body)
    ]
    assert len(placed) >= 6


def test_K7_staff_who_buy_for_themselves_are_members_like_any_other(trail: Trail) -> None:
    trail.must("PUT", "/members/me", {"name": "Carol"}, staff("carol"))
    before = trail.rows()
    cart = {"lines": [{"sku": "tea", "quantity": 1}]}
    trail.must("POST", "/orders", cart, staff("carol"), headers={"idempotency-key": "own"})
    marketer = claims("mark", **{"cognito:groups": "[marketing]"})
    trail.must("PUT", "/members/me", {"name": "Mark"}, marketer)
    own = trail.must("POST", "/orders", cart, marketer, headers={"idempotency-key": "own"})["order_id"]
    trail.must("POST", f"/orders/{own}/cancel", None, marketer)
    assert trail.rows() == before


LOOKS = (
    "/members/alice",
    "/members/alice/orders",
    "/members/alice/coupons",
    "/members/alice/points/entries",
    "/members/alice/tier-history",
    "/members/alice/birthday-changes",
)


def test_K7_every_look_at_a_member_by_staff_is_one_of_these() -> None:
    found = {each.at(member_id="alice") for each in OPERATIONS if str(each).startswith("GET /members/{mem")}
    assert found == set(LOOKS)


@pytest.mark.parametrize("path", LOOKS)
def test_K7_each_look_at_a_members_page_leaves_a_record_before_it_is_shown(trail: Trail, path: str) -> None:
    before = trail.rows()
    trail.must("GET", path)
    trail.must("GET", path)
    looks = [row for row in trail.rows() if row not in before]
    assert [(row["subjects"], row["operator"], row["values"]) for row in looks] == [
        ({"member_id": "alice"}, "clerk", "{}")
    ] * 2
    trail.calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    refused = trail.ask("GET", path)
    assert (refused.status, refused.code) == (503, "try_again")
    assert "alice" not in refused.raw
    assert len(trail.rows()) == len(before) + 2
    trail.calls.fail("TransactWriteItems", LOST_AFTER)
    trail.must("GET", path)
    assert len(trail.rows()) == len(before) + 3


def test_K7_a_look_at_nobody_leaves_no_record(trail: Trail) -> None:
    before = trail.rows()
    for path in LOOKS:
        assert trail.ask("GET", path.replace("alice", "nobody")).status == 404
    assert trail.ask("GET", "/members/alice", who=ALICE).status == 403
    trail.must("GET", "/members/me", who=ALICE)
    trail.must("GET", "/orders/search")
    assert trail.rows() == before


@pytest.mark.parametrize(
    ("sought", "by"),
    [
        ({"name_prefix": "ali"}, "name_prefix"),
        ({"phone": "138 0013 8000"}, "phone"),
        ({"member_id": "alice"}, "member_id"),
    ],
)
def test_K7_a_search_leaves_who_was_shown_and_how_they_were_searched_for_but_never_what_was_sought(
    trail: Trail, sought: dict[str, str], by: str
) -> None:
    trail.must("PATCH", "/members/me", {"phone": "13800138000"}, ALICE)
    trail.must("PUT", "/members/me", {"name": "Alix"}, claims("alix"))
    before = trail.rows()
    found = [each["member_id"] for each in trail.must("POST", "/members/search", sought)["items"]]
    (row,) = (each for each in trail.rows() if each not in before)
    assert (row["operation"], row["searched_by"], row["shown"]) == ("search_members", by, found)
    assert row["subjects"] == ({"member_id": found[0]} if len(found) == 1 else {})
    assert (row["fields"], row["values"]) == ([], "{}")
    assert "13800138000" not in json.dumps(row)
    nobody = {"name_prefix": "zz"}
    trail.must("POST", "/members/search", nobody)
    assert [each["shown"] for each in trail.rows() if each not in before and each != row] == [[]]
    trail.calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    assert trail.ask("POST", "/members/search", sought).code == "try_again"


def test_K7_an_export_leaves_a_record_whoever_takes_it_and_says_nothing_of_staff(trail: Trail) -> None:
    trail.must("POST", "/members/alice/points/adjustments", {"adjustment_id": "a", "points": 1, **REASON})
    before = trail.rows()
    alice = claims("alice", username="alice-of-the-pool")
    page = trail.must("GET", "/members/me/export", who=alice, query={"limit": "100"})
    (row,) = (each for each in trail.rows() if each not in before)
    assert (row["operation"], row["operator"], row["roles"]) == ("get_export", "alice", [])
    assert row["subjects"] == {"member_id": "alice"}
    assert "alice-of-the-pool" not in json.dumps(trail.rows() + trail.rows(ADDRESS), default=str)
    assert "aud_" not in json.dumps(page)
    trail.calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    assert trail.ask("GET", "/members/me/export", who=ALICE).code == "try_again"


def test_K7_what_was_asked_of_a_member_stays_when_they_are_erased_and_nothing_personal_was_in_it(
    trail: Trail,
) -> None:
    trail.must(*ACTS["change_birthday"](trail))
    trail.must(*ACTS["adjust_points"](trail))
    trail.must("DELETE", "/members/alice", who=role("admin"))
    rows = [row for row in trail.rows() if row["subjects"].get("member_id") == "alice"]
    operations = {row["operation"] for row in rows}
    assert operations == {"change_birthday", "adjust_points", "erase_member"}
    assert not [each for each in (SECRET, "1991-01-02", '"alice"]') if each in json.dumps(rows)]


# --- asking ---


def listed(trail: Trail, limit: int = 100, **query: str) -> list[dict[str, Any]]:
    """Return all records of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    for _ in range(100):
        asked = {**query, "limit": str(limit), "cursor": cursor}
        page = trail.must("GET", "/audit", who=role("admin"), query=asked)
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        assert len(page["items"]) == limit
        cursor = page["next_cursor"]
    raise AssertionError("the list does not end")


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_K7_records_are_found_by_what_they_are_about_by_who_did_it_and_by_the_day_newest_first(
    trail: Trail, limit: int
) -> None:
    order_id = trail.order("received")
    trail.suite.pass_time(days=1)
    for number in range(12):
        movement = {"movement_id": f"n{number}", "delta": 1, "reason": "new"}
        trail.must("POST", "/products/tea/stock", movement, role("clerk"))
        trail.suite.pass_time(seconds=1)
    trail.must("POST", f"/orders/{order_id}/returns", {"return_id": "r1", "lines": UNITS}, role("clerk"))
    everything = {row["audit_id"]: row for row in trail.rows()}

    def ids(**query: str) -> list[str]:
        found = listed(trail, limit, **query)
        times = [each["at"] for each in found]
        assert times == sorted(times, reverse=True)
        assert len({each["audit_id"] for each in found}) == len(found)
        return [each["audit_id"] for each in found]

    def those(fits: Callable[[Row], bool]) -> set[str]:
        return {audit_id for audit_id, row in everything.items() if fits(row)}

    assert set(ids(operator="clerk-1")) == those(lambda row: row["operator"] == "clerk-1")
    assert len(ids(operator="clerk-1")) == 13
    assert set(ids(order_id=order_id)) == those(lambda row: row["subjects"].get("order_id") == order_id)
    assert set(ids(member_id="alice")) == those(lambda row: row["subjects"].get("member_id") == "alice")
    assert set(ids(sku="tea")) == those(lambda row: row["subjects"].get("sku") == "tea")
    assert set(ids(payment_id=f"pay-{order_id}")) == those(lambda row: row["operation"] == "record_payment")
    assert set(ids(template_id="welcome")) == those(lambda row: "welcome" in row["subjects"].values())
    assert set(ids(date="2026-05-02")) == those(lambda row: row["at"] >= "2026-05-02T")
    assert set(ids(date="2026-05-01")) | set(ids(date="2026-05-02")) == set(everything)
    for nothing in ({"date": "2026-05-03"}, {"sku": "cup"}, {"operator": "clerk-2"}, {"job": "lapse-unpaid"}):
        assert ids(**nothing) == []


ERIN = claims("1-2-3", username="erin", **{"cognito:groups": "[clerk]"})


def test_K7_records_are_found_by_the_name_that_somebody_signs_in_with_and_by_an_id_that_counts_once(
    trail: Trail,
) -> None:
    case_id = trail.case()
    for number in range(12):
        movement = {"movement_id": f"erins-{number}", "delta": 1, "reason": "new"}
        trail.must("POST", "/products/tea/stock", movement, ERIN)
        trail.suite.pass_time(seconds=1)
    trail.must("GET", f"/cases/{case_id}", who=ERIN)
    trail.must("GET", "/members/alice", who=ERIN)
    erins = listed(trail, 5, operator_name="erin")
    assert erins == listed(trail, operator="1-2-3")
    assert [each["operation"] for each in erins] == ["get_member", *["move_stock"] * 12]
    assert {each["operator_name"] for each in erins} == {"erin"}
    (moved,) = listed(trail, request_key="erins-7")
    assert (moved["operation"], moved["request_key"]) == ("move_stock", "erins-7")
    assert [each["operation"] for each in listed(trail, request_key="m0")] == ["move_stock"]
    assert listed(trail, operator_name="1-2-3") == listed(trail, operator_name="erin2") == []
    assert listed(trail, request_key="erins") == []


def test_K7_a_payment_is_found_as_what_it_is_and_stands_in_one_list_the_less(trail: Trail) -> None:
    """Each list is a write unit of every order that staff pay."""
    order_id = trail.order("paid")
    (paid,) = listed(trail, payment_id=f"pay-{order_id}")
    assert paid["request_key"] == f"pay-{order_id}"
    assert listed(trail, request_key=f"pay-{order_id}") == []


def test_K7_a_record_from_before_names_were_written_down_is_shown_without_one(trail: Trail) -> None:
    (row,) = (each for each in trail.rows() if each["request_key"] == "m0")
    del row["operator_name"]
    item = {name: to_item({name: value})[name] for name, value in row.items()}
    trail.suite.tables.client.put_item(TableName=trail.suite.settings.audit_table, Item=item)
    shown = trail.must("GET", f"/audit/{row['audit_id']}", who=role("admin"))
    assert (shown["operator"], shown["operator_name"]) == ("clerk", None)


def test_K7_a_day_is_the_stores(trail: Trail) -> None:
    before = trail.rows()
    trail.suite.now = trail.suite.now.replace(hour=16, minute=0)  # 00:00 in the store
    trail.must("POST", "/products/tea/stock", {"movement_id": "m9", "delta": 1, "reason": "new"})
    (row,) = (each for each in trail.rows() if each not in before)
    assert [each["audit_id"] for each in listed(trail, date="2026-05-02")] == [row["audit_id"]]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"sku": "tea", "operator": "clerk"},
        {"operator_name": "erin", "operator": "clerk"},
        {"operator_name": ""},
        {"request_key": "a b"},
        {"date": "2026-05-01", "member_id": "alice"},
        {"date": "2026-02-30"},
        {"date": "yesterday"},
        {"member_id": ""},
        {"order_id": "a b"},
    ],
)
def test_K7_records_are_asked_for_by_exactly_one_thing(trail: Trail, query: dict[str, str]) -> None:
    answer = trail.ask("GET", "/audit", who=role("admin"), query=query)
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_K7_an_address_is_seen_for_90_days_and_a_record_for_three_years(trail: Trail) -> None:
    """Also while DynamoDB has not taken the rows away, which it does some days late."""
    at = trail.suite.now
    (audit_id,) = [each["audit_id"] for each in listed(trail, sku="tea") if each["operation"] == "move_stock"]
    for row, days in ((RECORD, RECORD_KEPT_DAYS), (ADDRESS, ADDRESS_KEPT_DAYS)):
        (stored,) = (each for each in trail.rows(row) if each["audit_id"] == audit_id)
        assert stored["expires_at"] == int((at + timedelta(days=days)).timestamp())

    def seen() -> tuple[int, Any]:
        answer = trail.ask("GET", f"/audit/{audit_id}", who=role("admin"))
        return answer.status, answer.body.get("address")

    trail.suite.now = at + timedelta(days=ADDRESS_KEPT_DAYS, seconds=-1)
    assert seen() == (200, "203.0.113.7")
    trail.suite.now += timedelta(seconds=1)
    assert seen() == (200, None)
    trail.suite.now = at + timedelta(days=RECORD_KEPT_DAYS, seconds=-1)
    assert seen() == (200, None)
    trail.suite.now += timedelta(seconds=1)
    assert seen() == (404, None)
    assert listed(trail, sku="tea") == []
    assert RECORD_KEPT_DAYS >= 3 * 365


def test_K7_a_record_that_is_not_there_is_said_so(trail: Trail) -> None:
    answer = trail.ask("GET", f"/audit/aud_{'0' * 32}", who=role("admin"))
    assert (answer.status, answer.code) == (404, "audit_record_not_found")


# --- the tables of fields and subjects ---


def fields_of(schema: document.Schema) -> set[str]:
    """Return the names of all fields that a body may have, however deep."""
    names = {name for _, each in document.objects(schema) for name in each.get("properties", {})}
    return names


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.roles and each.body is not None], ids=str
)
def test_K7_every_field_that_staff_send_is_said_to_be_plain_or_personal(operation: Operation) -> None:
    assert fields_of(operation.body or {}) - PLAIN - PERSONAL == set()


def test_K7_a_field_is_plain_or_personal_and_names_birthdays_phones_and_free_texts_are_personal() -> None:
    assert frozenset() == PLAIN & PERSONAL
    assert {"name", "birthday", "phone", "reason", "text", "tracking_no", "carrier", "payer"} <= PERSONAL
    assert KEYED <= PLAIN


def test_K7_no_operation_is_about_two_things_that_are_found_by_one_index() -> None:
    for operation in OPERATIONS:
        told = {*operation.ids, *((operation.body or {}).get("properties", {}))}
        found = [SUBJECTS[name] for name in told if name in SUBJECTS]
        assert len(set(found)) == len(found), (str(operation), told)


def test_K7_every_kind_of_id_in_a_path_is_a_subject_and_every_subject_can_be_asked_for() -> None:
    ids = {name for each in OPERATIONS for name in each.ids} - {"audit_id"}
    assert ids <= set(SUBJECTS)
    (audit,) = (each for each in OPERATIONS if str(each) == "GET /audit")
    assert {*SUBJECTS, *ALSO_BY, "limit", "cursor"} == set(audit.query)
    assert set(SUBJECTS.values()) == set(INDEXES_OF_SUBJECTS)
    assert {keys[0] for keys in TABLES["Audit"].indexes.values()} >= set(SUBJECTS.values())


def test_K7_outside_a_request_of_staff_nothing_is_followed(trail: Trail) -> None:
    trail.must("POST", "/products/tea/stock", {"movement_id": "m5", "delta": 1, "reason": "new"})
    assert followed() is None
