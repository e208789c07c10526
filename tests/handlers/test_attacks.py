"""Attacks on every route of the API's document: a route that is added is attacked as well."""

import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest

from functions.aftersales.face import CASES
from functions.audit.face import AUDIT
from functions.catalog.face import MOVEMENTS
from functions.catalog.listing import Listing
from functions.coupons.birthday import Coupon
from functions.coupons.face import COUPONS
from functions.coupons.template_rows import CLAIMABLES
from functions.coupons.templates_face import TEMPLATES
from functions.domain import identifiers
from functions.domain.policy import load
from functions.offers.campaigns_face import CAMPAIGNS
from functions.orders import rows as order_rows
from functions.orders.book import OrderBook
from functions.orders.jobs import OrderJobs, tasks
from functions.orders.lists import Filter
from functions.orders.office_face import DUE, SALES
from functions.orders.timetable import LOOK_FOR_PARCELS
from functions.orders.view_face import HISTORY, LATE, ORDERS, RETURNS
from functions.payments.differences import day_of
from functions.payments.face import DIFFERENCES as PAYMENT_DIFFERENCES
from functions.payments.face import REFUNDS, UNASSIGNED
from functions.platform import dynamo
from functions.platform.bodies import BODY_BYTES_MAX
from functions.platform.cursors import CURSOR_LENGTH_MAX, Cursors
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.fanout import WorkQueue
from functions.points.face import DIFFERENCES, ENTRIES
from functions.privacy.face import EXPORT
from functions.tiers.face import BIRTHDAY_CHANGES, TIERS
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import END_OF_MAY, MAY
from tests.support import accounts, document, tables
from tests.support.coupons import Desk
from tests.support.document import Operation, staff_for
from tests.support.events import Answer, Call, Context, claims, staff, stream_record
from tests.support.paying import money_waits
from tests.support.wire import Wire, let_send

OPERATIONS = document.operations()
WITH_ID = [each for each in OPERATIONS if each.ids]
WITH_BODY = [each for each in OPERATIONS if each.body is not None]
LISTS = [each for each in OPERATIONS if each.lists]
FOR_STAFF = [each for each in OPERATIONS if each.staff]
ALICE, BOB = claims("alice"), claims("bob")
KEY = {"idempotency-key": "attack"}
ORDER_ID = identifiers.order_id("alice", "no such key")
"""An id of the right form that no order has."""
OWN_IDS = {
    "order_id": ORDER_ID,
    "member_id": "nobody",
    "sku": "tea",
    "campaign_id": "sale",
    "template_id": "welcome",
    "payment_id": "stripe:pi_1",
    "refund_id": f"{ORDER_ID.replace('ord', 'ref')}_c00001",
    "case_id": "cas_" + "a" * 26,
    "job": "release-points",
    "audit_id": "aud_" + "a" * 32,
    "report": "cases",
}
"""Ids for the paths of calls whose attack is elsewhere; a new kind of id is told here."""
ANSWER_BYTES_MAX = 6_000_000
"""What a function may answer (Lambda's limit)."""
CAMPAIGN = {
    "name": "Sale",
    "kind": "discount",
    "starts_at": "2027-01-01T00:00:00+08:00",
    "ends_at": "2027-02-01T00:00:00+08:00",
    "scope": {"all": True},
    "terms": {"rate": "0.9"},
    "status": "active",
}
READS = ("GetItem", "BatchGetItem", "Query", "Scan")
PUBLIC_IDS = {"sku", "campaign_id", "template_id"}
"""Ids of what belongs to nobody."""


@dataclass
class World:
    """Members with orders, points, coupons and a history; nothing that an attack does may change it."""

    suite: Suite
    orders: dict[str, list[str]] = field(default_factory=dict)
    coupons: dict[str, list[Coupon]] = field(default_factory=dict)
    claimed: dict[str, str] = field(default_factory=dict)
    """The id of the coupon of a template that each has."""
    cases: dict[str, list[str]] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    """The calls of DynamoDB since :meth:`ask` began."""
    writes: list[str] = field(default_factory=list)
    """Those of all times that write."""
    starts: list[dict[str, Any]] = field(default_factory=list)
    """The keys after which pages were asked for."""

    def call_seen(self, model: Any, params: dict[str, Any], **_: Any) -> None:
        """Note a call of DynamoDB."""
        self.sent.append(model.name)
        self.starts.append(params.get("ExclusiveStartKey", {}))
        if model.name not in READS and not self._only_records(params):
            self.writes.append(model.name)

    def _only_records(self, params: dict[str, Any]) -> bool:
        """Tell whether a call writes down nothing but that staff looked at a member (K7)."""
        puts = [action.get("Put", {}) for action in params.get("TransactItems", [])]
        return bool(puts) and {each.get("TableName") for each in puts} == {self.suite.settings.audit_table}

    def ask(self, operation: Operation, who: dict[str, str] | None, **sent: Any) -> Answer:
        """Send a request of an operation with its example's body, or with what is given instead."""
        path = sent.pop("path", None) or operation.at(**OWN_IDS)
        query = {**operation.needs, **sent.pop("query", {})}
        given = {"body": operation.example, "headers": KEY, **sent}
        call = Call(operation.method, path, who=who, query=query, **given)
        self.sent.clear()
        return self.suite.call(call)

    def rows(self) -> list[tuple[str, list[dict[str, Any]]]]:
        """Return all that is stored, but for what is written down of looks at members (K7)."""
        names = set(vars(self.suite.settings).values()) - {self.suite.settings.audit_table}
        scan = self.suite.tables.client.scan
        return [(name, sorted(scan(TableName=name)["Items"], key=written)) for name in sorted(names)]


def written(item: dict[str, Any]) -> str:
    """Return an item as text, whatever order its attributes come in."""
    return json.dumps(item, sort_keys=True)


def post(suite: Suite, order_id: str) -> None:
    """Deliver an order's row to the posting."""
    row = suite.tables.get(suite.settings.orders_table, order_rows.key(order_id))
    assert row is not None
    assert suite.posting({"Records": [stream_record(row)]}, Context()) == {"batchItemFailures": []}


def look_for_parcels(suite: Suite) -> None:
    """Let parcels that are on their way be late (A11)."""
    book = OrderBook.of(suite.tables, suite.settings, suite.policy)
    queue = WorkQueue(suite.queue, "work")  # type: ignore[arg-type]
    jobs = OrderJobs(book, suite.runs, queue)
    for task in tasks(LOOK_FOR_PARCELS, suite.now + timedelta(days=3)):
        jobs.work(task, Deadline(20))


def clerk(suite: Suite, method: str, path: str, body: Any = None) -> Answer:
    """Let staff do something that succeeds."""
    answer = suite.call(Call(method, path, body, staff()))
    assert answer.status in (200, 201), answer.body
    return answer


def populated(suite: Suite) -> World:
    """Return a world in which every list has more than one item for alice, for bob and for the clerk."""
    world = World(suite)
    suite.tables.client.meta.events.register("before-parameter-build.dynamodb", world.call_seen)
    for sku, price_fen, zone in (("tea", 9_950, False), ("cup", 5_000, True), ("gold", 850_000, True)):
        body = {"name": sku, "price_fen": price_fen, "member_zone": zone}
        clerk(suite, "PUT", f"/products/{sku}", body)
        for number, delta in (("m1", 40), ("m2", 10)):
            movement = {"movement_id": number, "delta": delta, "reason": "new"}
            clerk(suite, "POST", f"/products/{sku}/stock", movement)
    desk = Desk(suite.call)
    for template_id in ("welcome", "other"):
        assert desk.put(template_id).status == 201
    for campaign_id in ("sale", "other"):
        clerk(suite, "PUT", f"/campaigns/{campaign_id}", CAMPAIGN)
    for name in ("alice", "bob", "clerk"):
        settle_in(world, name)
    look_for_parcels(suite)
    money_waits(suite.tables, suite.settings, ORDER_ID, suite.now, 3)
    suite.fire("audit-points")
    world.writes.clear()
    return world


def settle_in(world: World, name: str) -> None:
    """Let a member have coupons, three orders, points that no entry tells of, and tiers that changed."""
    suite, who, table = world.suite, claims(name), world.suite.settings.members_table
    told = {"name": name, "birthday": "1990-05-05", "phone": "13800138000"}
    assert suite.call(Call("PUT", "/members/me", told, who)).status == 201
    for birthday in ("1990-05-06", "1990-05-05"):
        clerk(suite, "PUT", f"/members/{name}/birthday", {"birthday": birthday, "reason": "told"})
    world.coupons[name] = [
        accounts.hold_coupon(
            suite.tables,
            table,
            name,
            face_fen=2_000,
            valid_from=MAY.replace(year=year),
            valid_until=END_OF_MAY,
        )
        for year in (2025, 2026)
    ]
    world.claimed[name] = Desk(suite.call).claim(who).body["coupon_id"]
    bodies = [{"lines": [{"sku": sku, "quantity": 1}]} for sku in ("gold", "tea", "cup")]
    made = [suite.order(who, f"k{number}", body).body for number, body in enumerate(bodies)]
    gold, tea, _ = world.orders[name] = [each["order_id"] for each in made]
    for order in made[:2]:
        paid = {"payment_id": f"pay-{order['order_id']}", "amount_fen": order["paid_fen"]}
        clerk(suite, "POST", f"/orders/{order['order_id']}/payment", paid)
        post(suite, order["order_id"])
    clerk(suite, "POST", f"/orders/{gold}/cancel")
    clerk(suite, "POST", f"/orders/{tea}/shipment")
    post(suite, gold)
    world.cases[name] = []
    for request_id in ("c1", "c2"):
        body = {"request_id": request_id, "kind": "complaint", "reason": "late"}
        asked = suite.call(Call("POST", f"/orders/{tea}/cases", body, who))
        assert asked.status == 201, asked.body
        world.cases[name].append(asked.body["case_id"])
    accounts.hold_points(suite.tables, table, name, {"2025": 600, "2026": 900})


@pytest.fixture(scope="module")
def shared(wire: Wire) -> Iterator[World]:
    """The world that all attacks of this module meet, which is the same after them."""
    rows = Tables(let_send(dynamo.client(wire.endpoint), wire))  # what is sent by this client is counted
    world = populated(Suite(rows, tables.create(rows.client, uuid.uuid4().hex), load()))
    before = world.rows()
    yield world
    assert world.rows() == before


@pytest.fixture
def world(shared: World) -> Iterator[World]:
    """The shared world, in which the test may write nothing."""
    yield shared
    assert shared.writes == []


def is_refused(answer: Answer, *statuses: int) -> bool:
    """Tell whether an answer is a problem of one of these statuses, of which we are not to blame."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    assert answer.status == answer.body["status"]
    return answer.status in (statuses or range(400, 500))


def without(answer: Answer, text: str) -> tuple[int, dict[str, str], str]:
    """Return all of an answer, without what it repeats of the request."""
    return answer.status, answer.headers, json.dumps(answer.body).replace(json.dumps(text)[1:-1], "…")


def test_every_kind_of_id_in_a_path_is_attacked() -> None:
    assert {name for each in WITH_ID for name in each.ids} == set(OWN_IDS)


# --- 38: what is somebody else's ---


def others(world: World, name: str) -> tuple[list[str], str]:
    """Return ids of this kind that are bob's, and one of the same form that nobody has."""
    return {
        "order_id": (world.orders["bob"], ORDER_ID),
        "member_id": (["bob"], "eve"),
        "coupon": (
            [*(each.coupon_id for each in world.coupons["bob"]), world.claimed["bob"]],
            identifiers.coupon_id("nobody", 2026),
        ),
        "payment_id": ([OWN_IDS["payment_id"]], "stripe:pi_9"),
        "refund_id": ([OWN_IDS["refund_id"]], f"ref_{'a' * 26}_c00009"),
        "case_id": (world.cases["bob"], OWN_IDS["case_id"]),
        "job": ([OWN_IDS["job"]], "no-such-job"),
        "audit_id": ([OWN_IDS["audit_id"]], "aud_" + "b" * 32),
        "report": (["cases", "sales"], "no-such-report"),
    }[name]


@pytest.mark.parametrize("who", [ALICE, claims("unregistered")], ids=["member", "unregistered"])
@pytest.mark.parametrize("operation", [each for each in WITH_ID if not set(each.ids) <= PUBLIC_IDS], ids=str)
def test_case_38_what_is_somebody_elses_is_as_if_it_did_not_exist(
    world: World, operation: Operation, who: dict[str, str]
) -> None:
    (name,) = operation.ids
    theirs, missing = others(world, name)
    for body in (operation.example, None, {}, {"x": 1}):
        none = world.ask(operation, who, path=operation.at(**{name: missing}), body=body)
        asked = list(world.sent)
        for each in theirs:
            answer = world.ask(operation, who, path=operation.at(**{name: each}), body=body)
            assert without(answer, each) == without(none, missing)
            assert world.sent == asked  # nor does the time that it takes tell
            assert is_refused(answer, 403, 404) or (body != operation.example and is_refused(answer, 422))


@pytest.mark.parametrize("path", ["/quotes", "/orders"])
def test_case_38_somebody_elses_coupon_in_a_cart_is_as_if_it_did_not_exist(world: World, path: str) -> None:
    (operation,) = [each for each in OPERATIONS if (each.method, each.path) == ("POST", path)]
    theirs, missing = others(world, "coupon")
    for asked in ({}, {"points": "best"}, {"points": 500}):
        none = world.ask(operation, ALICE, body=operation.example | asked | {"coupon": missing})
        calls = list(world.sent)
        assert (none.status, none.code) == (422, "coupon_not_found")
        for each in theirs:
            answer = world.ask(operation, ALICE, body=operation.example | asked | {"coupon": each})
            assert without(answer, each) == without(none, missing)
            assert world.sent == calls


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.method == "GET" and not each.staff], ids=str
)
def test_case_38_nobody_becomes_somebody_else_by_a_query_or_header(
    world: World, operation: Operation
) -> None:
    own = {**OWN_IDS, "order_id": world.orders["alice"][0], "case_id": world.cases["alice"][0]}
    plain = world.ask(operation, ALICE, path=operation.at(**own))
    assert plain.status == 200
    claimed = {"member_id": "bob", "sub": "bob", "cognito:groups": "[staff]", "scope": "membership/staff"}
    query = world.ask(operation, ALICE, path=operation.at(**own), query=claimed)
    assert is_refused(query, 422)
    assert [each["field"] for each in query.body["errors"]] == list(claimed)
    headers = {**KEY, **claimed, **{f"x-{name}": value for name, value in claimed.items()}}
    assert plain == world.ask(operation, ALICE, path=operation.at(**own), headers=headers)


@pytest.mark.parametrize("operation", [each for each in LISTS if not each.staff], ids=str)
def test_case_38_a_list_holds_nothing_of_somebody_else(world: World, operation: Operation) -> None:
    text = json.dumps(page(world, operation, ALICE, limit="100").body)
    theirs = [
        *world.orders["bob"],
        *world.cases["bob"],
        *(each.coupon_id for each in world.coupons["bob"]),
        '"bob"',
    ]
    assert '"next_cursor": null' in text
    assert not [each for each in theirs if each in text]


# --- 40: fields that are not the caller's to say ---


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_case_40_what_the_api_tells_is_not_the_callers_to_say(world: World, operation: Operation) -> None:
    body = operation.example
    places = [((), {})] if operation.body is None else list(document.objects(operation.body))
    for place, schema in places:
        for name in sorted(document.told_fields() | {"sub", "role", "staff"}):
            if name in schema.get("properties", {}):
                continue
            for value in ("J5", 1):
                said = document.replaced(body or {}, (*place, name), value)
                answer = world.ask(operation, staff_for(operation), body=said)
                assert (answer.status, answer.code) == (422, "invalid_request")
                assert [each["field"] for each in answer.body["errors"]] == [
                    ".".join(map(str, (*place, name)))
                ]
                assert world.sent == []


# --- 41: numbers ---

HUGE = ["9223372036854775808", "1" + "0" * 400, "1" + "0" * 5_000, "1e400", "-1e400"]
NO_NUMBERS = ["NaN", "Infinity", "-Infinity", '"1"', '""', '"NaN"', "true", "false", "[]", "[1]", "{}"]
NO_INTEGERS = [
    "0.5",
    "1.0",
    "1.5",
    "-0.0",
    "1e0",
    "1E2",
    *HUGE,
    *NO_NUMBERS,
    '{"points": 1}',
    "[[[1]]]",
    "null",
]
HERE = "the number goes here"


def numbers_refused(schema: document.Schema) -> list[str]:
    """Return JSON texts that a number field refuses."""
    kinds = document.choices(schema)
    (number,) = [each for each in kinds if each["type"] == "integer"]
    least, most = number.get("minimum"), number.get("maximum")
    beyond = [-1, -(2**63)] if least is None or least >= 0 else [int(least) - 1, -(10**400)]
    beyond += [0] if least is not None and least > 0 else []
    beyond += [] if most is None else [int(most) + 1]
    nullable = any(each["type"] == "null" for each in kinds)
    return [*map(str, beyond), *(each for each in NO_INTEGERS if not (nullable and each == "null"))]


def number_fields(operation: Operation) -> list[tuple[document.Place, document.Schema]]:
    """Return the number fields of an operation's body."""
    assert operation.body is not None
    return [
        (place, schema)
        for place, schema in document.leaves(operation.body)
        if any(each.get("type") in ("integer", "number") for each in document.choices(schema))
    ]


@pytest.mark.parametrize("operation", [each for each in WITH_BODY if number_fields(each)], ids=str)
def test_case_41_a_number_is_a_whole_one_within_its_bounds(world: World, operation: Operation) -> None:
    for place, schema in number_fields(operation):
        template = json.dumps(document.replaced(operation.example, place, HERE))
        for number in numbers_refused(schema):
            answer = world.ask(operation, staff_for(operation), raw=template.replace(f'"{HERE}"', number))
            assert is_refused(answer, 422), (place, number[:40])
            assert answer.code == "invalid_request", (place, number[:40])


def test_case_41_the_document_is_searched_for_numbers_and_they_are_found() -> None:
    names = {place[-1] for each in WITH_BODY for place, _ in number_fields(each)}
    assert names >= {"quantity", "points", "expected_paid_fen", "amount_fen", "price_fen", "delta"}


LIMITS = [
    "0",
    "-1",
    "101",
    "1.0",
    "1e1",
    "",
    " 1",
    "1 ",
    "+1",
    "1_0",
    "0x1",
    "١",
    "１",
    "true",
    "null",
    "NaN",
]
LIMITS += ["9223372036854775808", "1" + "0" * 400, "1" + "0" * 5_000, "[1]", "1,2"]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_case_41_a_limit_is_a_whole_number_from_1_to_100(world: World, operation: Operation) -> None:
    for limit in LIMITS:
        assert is_refused(world.ask(operation, staff_for(operation), query={"limit": limit}), 422), limit
        assert world.sent == []


# --- 42: ids ---

ODD_IDS = [
    "#",
    "a#b",
    "PROFILE#",
    "\x00",
    "a\x00b",
    "tea\n",
    "\ntea",
    "tea\r\nx: y",
    "\x1b[31m",
    "\x7f",
    "\u200btea",
    "tea\u202e",
    "\ufefftea",
    "ｔｅａ",
    "tеa",
    "te\u0301a",
    "😀",
    "\ud800",
    " ",
    " tea",
    "tea ",
    "te a",
    "tea\u00a0",
    "x" * 10_000,
    "é" * 10_000,
    "a/b",
    "../tea",
    "a%2Fb",
    "%2e%2e",
    "..%2F..%2Fmembers%2Fme",
    "%00",
    "%",
    "..",
    ".",
    "*",
    "{}",
    "<order_id>",
    "{order_id}",
    '"',
    "'; --",
    "\\",
    "$ne",
    "adjustment:tea",
    "payment:tea",
]
ODD_NAMES = [ascii(each)[1:21] for each in ODD_IDS]


@pytest.mark.parametrize("odd", ODD_IDS, ids=ODD_NAMES)
def test_case_42_an_odd_id_in_a_path_is_4xx(world: World, odd: str) -> None:
    for operation in WITH_ID:
        (name,) = operation.ids
        if operation.method == "PUT" and name == "sku" and document.admits(operation.ids[name], odd):
            continue  # an odd name for a product, but a name
        for sent in {odd, quote(odd.encode(errors="surrogatepass"), safe="")}:
            answer = world.ask(operation, staff_for(operation), path=operation.at(**{name: sent}))
            assert is_refused(answer, 404, 422), (str(operation), answer)
            if name == "order_id" or (name == "sku" and not document.admits(operation.ids[name], sent)):
                assert world.sent == []  # as a key it may be what the database refuses


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_case_42_an_odd_id_in_a_body_is_4xx(world: World, operation: Operation) -> None:
    assert operation.body is not None
    for place, schema in document.leaves(operation.body):
        if not any("pattern" in each for each in document.choices(schema)):
            continue
        for odd in ODD_IDS:
            if not document.admits(schema, odd):
                answer = world.ask(
                    operation, staff_for(operation), body=document.replaced(operation.example, place, odd)
                )
                assert (answer.status, answer.code) == (422, "invalid_request"), (place, odd)
                assert world.sent == []


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.headers], ids=str)
def test_case_42_an_odd_id_in_a_header_is_4xx(world: World, operation: Operation) -> None:
    who = ALICE if operation.headers.keys() == {"Idempotency-Key"} else staff_for(operation)
    for name in operation.headers:
        for odd in ODD_IDS:
            if not identifiers.is_caller_id(odd):
                assert is_refused(world.ask(operation, who, headers={name: odd}), 400, 422), odd
                assert world.sent == []


def test_case_42_ids_that_begin_alike_are_ids_of_their_own(suite: Suite) -> None:
    suite.stocked(0)
    for movement_id in ("m", "m#", "m#1", "#", "PRODUCT", "%23"):
        body = {"movement_id": movement_id, "delta": 1, "reason": "delivery"}
        for _ in range(2):
            answer = clerk(suite, "POST", "/products/tea/stock", body)
    assert answer.body["stock"] == 6


# --- 43: cursors ---


def page(world: World, operation: Operation, who: dict[str, str], **query: str) -> Answer:
    """Ask for a page; of a member's or an order's list, for alice's, or for bob's own order."""
    order_id = world.orders["bob" if who == BOB else "alice"][0]
    ids = OWN_IDS | {"member_id": "alice", "order_id": order_id}
    return world.ask(operation, who, query=query, path=operation.at(**ids))


def cursor_of(world: World, operation: Operation, who: dict[str, str], **query: str) -> str:
    """Return the cursor that goes on after the first item of a list."""
    first = page(world, operation, who, limit="1", **query)
    assert first.status == 200
    cursor = first.body["next_cursor"]
    assert isinstance(cursor, str), f"{operation}: let this world have two items of it"
    assert page(world, operation, who, cursor=cursor, **query).status == 200
    return cursor


def caller_of(operation: Operation) -> dict[str, str]:
    """Return whoever may ask."""
    return staff_for(operation) if operation.staff else ALICE


def is_no_cursor(answer: Answer) -> bool:
    """Tell whether a cursor was refused."""
    return is_refused(answer, 400) and answer.code == "invalid_cursor"


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_case_43_a_cursor_altered_anywhere_is_refused(world: World, operation: Operation) -> None:
    who = caller_of(operation)
    cursor = cursor_of(world, operation, who)
    for place, character in enumerate(cursor):
        for other in {"A", "_", character.swapcase(), chr(ord(character) ^ 1), "+", "é"} - {character}:
            altered = cursor[:place] + other + cursor[place + 1 :]
            assert is_no_cursor(page(world, operation, who, cursor=altered)), altered
        if place:  # an empty one is the first page
            assert is_no_cursor(page(world, operation, who, cursor=cursor[:place])), place
    for made in (cursor + "=", cursor + "==", cursor + "A", cursor + " ", " " + cursor, cursor * 2):
        assert is_no_cursor(page(world, operation, who, cursor=made)), made


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_case_43_a_cursor_of_another_member_or_list_is_refused(world: World, operation: Operation) -> None:
    who = caller_of(operation)
    others = [staff_for(operation), ALICE, BOB] if not operation.staff else [staff_for(operation)]
    for other in others:
        if other != who:
            assert is_no_cursor(page(world, operation, who, cursor=cursor_of(world, operation, other)))
    for another in LISTS:
        if another != operation:
            cursor = cursor_of(world, another, staff_for(another))
            assert is_no_cursor(page(world, operation, staff_for(operation), cursor=cursor)), str(another)


@pytest.mark.parametrize("operation", [each for each in LISTS if "status" in each.query], ids=str)
def test_case_43_a_cursor_of_another_filter_is_refused(world: World, operation: Operation) -> None:
    who = caller_of(operation)
    cursor = cursor_of(world, operation, who)
    for status in document.choices(operation.query["status"])[0]["enum"]:
        assert is_no_cursor(page(world, operation, who, status=status, cursor=cursor))


NO_CURSORS = ["=", "A", "AAAA", "null", "e30", "eyJpdGVtIjoiUFJPRklMRSJ9", "A" * CURSOR_LENGTH_MAX, "é"]
NO_CURSORS += ["%00", "\x00", "😀", "' OR 1=1", "-", "____", "undefined", "0", "[]", "//8"]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_case_43_what_is_no_cursor_is_refused(world: World, operation: Operation) -> None:
    for text in NO_CURSORS:
        assert is_no_cursor(page(world, operation, caller_of(operation), cursor=text)), text
    for length in (CURSOR_LENGTH_MAX + 1, 10_000, 200_000):
        answer = page(world, operation, caller_of(operation), cursor="A" * length)
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert world.sent == []


def name_of_list(world: World, operation: Operation) -> str:
    """Return what the cursors of a list are bound to; a new list is told here."""
    report = world.suite.now.isoformat()
    yesterday = day_of(world.suite.now) - timedelta(days=1)
    return {
        "/orders": f"{ORDERS} alice {Filter().named}",
        "/orders/search": f"{ORDERS} None {Filter().named}",
        "/orders/{order_id}/history": f"{HISTORY} {world.orders['alice'][0]}",
        "/products": Listing().named,
        "/products/{sku}/movements": f"{MOVEMENTS} {OWN_IDS['sku']} None None",
        "/members/{member_id}/orders": f"{ORDERS} alice {Filter().named}",
        "/campaigns": f"{CAMPAIGNS} ",
        "/coupon-templates": TEMPLATES,
        "/members/me/coupons": f"{COUPONS} ",
        "/members/me/coupons/claimable": CLAIMABLES,
        "/members/me/points/entries": ENTRIES,
        "/members/me/tier-history": TIERS,
        "/members/me/export": EXPORT,
        "/members/{member_id}/birthday-changes": f"{BIRTHDAY_CHANGES} alice",
        "/members/{member_id}/coupons": f"{COUPONS}  alice",
        "/members/{member_id}/points/entries": f"{ENTRIES} alice",
        "/members/{member_id}/tier-history": f"{TIERS} alice",
        "/reports/points-differences": f"{DIFFERENCES} {report}",
        "/reports/unassigned-payments": UNASSIGNED,
        "/reports/refunds": f"{REFUNDS} failed",
        "/reports/payment-differences": f"{PAYMENT_DIFFERENCES} {yesterday}",
        "/reports/late-deliveries": LATE,
        "/reports/returns": f"{RETURNS} {Filter().named}",
        "/reports/sales": f"{SALES} {Filter().named}",
        "/orders/due": f"{DUE} lapse",
        "/audit": f"{AUDIT} operator clerk",
        "/cases": f"{CASES} None None",
        "/members/me/cases": CASES,
    }[operation.path]


POSITIONS = [
    "",
    "#",
    "x",
    "0",
    "-1",
    "9" * 30,
    "٣",
    "\x00",
    "😀",
    "a#",
    "#a",
    "2026",
    "2026#",
    "a#b#c",
    "x" * 300,
]


@pytest.mark.parametrize("operation", LISTS, ids=str)
def test_case_43_a_made_up_position_with_the_right_digest_is_no_fault_of_ours(
    world: World, operation: Operation
) -> None:
    """The digest has no secret (decision 0005): whoever reads the code can write one."""
    who = caller_of(operation)
    places = Cursors(name_of_list(world, operation), who["sub"])
    assert places.read(cursor_of(world, operation, who)) is not None
    for position in POSITIONS:
        cursor = places.write(position)
        assert cursor is not None
        world.starts.clear()
        answer = page(world, operation, who, cursor=cursor)
        assert answer.status == 200 or is_no_cursor(answer), (position, answer.body)
        keys = [attribute for start in world.starts for attribute in start.values()]
        assert {"S": ""} not in keys, position  # which DynamoDB refuses as no key


# --- 44: coupons of somebody else ---


def guesses(world: World) -> list[str]:
    """Return ids as somebody would try them who has seen their own."""
    chance, letters = random.Random(44), "abcdefghijklmnopqrstuvwxyz234567"  # noqa: S311 - guesses, no secrets
    own = world.coupons["alice"][1].coupon_id
    drawn = ["".join(chance.choices(letters, k=26)) for _ in range(25)]
    return [
        *(each.coupon_id for each in world.coupons["bob"]),
        world.claimed["bob"],
        identifiers.claimed_coupon_id("alice", "another key"),
        *(identifiers.coupon_id("bob", year) for year in range(1999, 2040)),
        *(identifiers.coupon_id("alice", year) for year in (0, 1, 1999, 2024, 2027, 9999)),
        *(f"cpn_2026_{each}" for each in drawn),
        *(
            own[:place] + letter + own[place + 1 :]
            for place in range(4, len(own))
            for letter in "a#"
            if letter != own[place]
        ),
        *[own.upper(), own.replace("cpn", "CPN"), own + "a", own[:-1], own.removeprefix("cpn_")],
        *[own.replace("2026", "2025"), own.replace("2026", "02026"), own.replace("2026", "+2026")],
        *["None", "NONE", "Best", "null", "*", "cpn_", "COUPON#BIRTHDAY#2026", "BIRTHDAY#2026", "2026", "0"],
        *["x" * 255, "alice", "bob", world.orders["bob"][0], '"', "{}", "%"],
    ]


@pytest.mark.parametrize("path", ["/quotes", "/orders"])
def test_case_44_every_guess_of_a_coupon_is_refused_alike(world: World, path: str) -> None:
    (operation,) = [each for each in OPERATIONS if (each.method, each.path) == ("POST", path)]
    (tea,) = operation.example["lines"]
    answers, calls = set(), set()
    for guess in guesses(world):
        answer = world.ask(operation, ALICE, body={"lines": [tea], "coupon": guess})
        answers.add(str(answer))
        calls.add(tuple(world.sent))
        assert (answer.status, answer.code) == (422, "coupon_not_found"), guess
    assert len(answers) == 1
    assert len(calls) == 1


# --- 45: too much of everything ---


def too_large(operation: Operation) -> Iterator[str]:
    """Give bodies of more than may be sent."""
    fits = json.dumps(operation.example)
    yield fits[:-1] + " " * (BODY_BYTES_MAX + 1 - len(fits)) + "}"
    yield json.dumps({"x": "x" * BODY_BYTES_MAX})
    yield json.dumps({"é" * (BODY_BYTES_MAX // 2): 1}, ensure_ascii=False)
    yield "[" * (BODY_BYTES_MAX + 1)
    yield "x" * 6_000_000


def oversized(operation: Operation) -> Iterator[Any]:
    """Give bodies that may be sent and whose parts are too many, too long or too deep."""
    assert operation.body is not None
    for place, schema in document.leaves(operation.body):
        if any(each["type"] == "string" for each in document.choices(schema)):
            most = max(each.get("maxLength", 0) for each in document.choices(schema))
            lengths = (CURSOR_LENGTH_MAX + 1,) if place == ("cursor",) else (256, 1_000, 1_001, 100_000)
            for length in (each for each in lengths if each > most):
                yield document.replaced(operation.example, place, "1" * length)
    for place, _ in document.objects(operation.body):
        yield document.replaced(operation.example, (*place, "x"), "x" * 100_000)
        many = {f"x{number}": 1 for number in range(10_000)}
        yield document.replaced(operation.example, place, many)
    if "lines" in operation.body["properties"]:
        for count in (51, 1_000, 5_000):
            lines = [{"sku": f"s{number}", "quantity": 1} for number in range(count)]
            yield operation.example | {"lines": lines}
        yield operation.example | {"lines": [{}] * 50_000}
        yield operation.example | {"lines": [[[]]] * 30_000}


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_case_45_a_body_that_is_too_large_is_refused_before_the_database(
    world: World, operation: Operation
) -> None:
    for raw in too_large(operation):
        answer = world.ask(operation, staff_for(operation), raw=raw)
        assert is_refused(answer, 413)
        assert answer.code == "body_too_large"
        assert world.sent == []


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_case_45_a_body_of_too_much_is_refused_before_the_database(
    world: World, operation: Operation
) -> None:
    for body in oversized(operation):
        answer = world.ask(operation, staff_for(operation), body=body)
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert world.sent == []
        assert len(json.dumps(answer.body)) < ANSWER_BYTES_MAX


@pytest.mark.parametrize("operation", WITH_BODY, ids=str)
def test_case_45_a_body_that_is_too_deep_is_refused_before_the_database(
    world: World, operation: Operation
) -> None:
    for opening, closing in (("[", "]"), ('{"lines":', "}"), ('{"x":[', "]}")):
        for depth in (100, 1_000, 20_000):
            for template in ("{}", json.dumps(operation.example)[:-1] + ', "x": {}}}'):
                raw = template.replace("{}", opening * depth + "1" + closing * depth, 1)
                assert is_refused(world.ask(operation, staff_for(operation), raw=raw), 422)
                assert world.sent == []


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.headers], ids=str)
def test_case_45_a_header_that_is_too_long_is_refused_before_the_database(
    world: World, operation: Operation
) -> None:
    who = ALICE if operation.headers.keys() == {"Idempotency-Key"} else staff_for(operation)
    for name in operation.headers:
        for length in (256, 10_000, 1_000_000):
            assert is_refused(world.ask(operation, who, headers={name: "k" * length}), 422)
            assert world.sent == []


# --- 47: what is for staff ---

NO_GROUP = [
    "[nonstaff]",
    "[staffs]",
    "[Staff]",
    "[STAFF]",
    "[staff-x]",
    "[x-staff]",
    "[staff,x]",
    "[x,staff]",
]
NO_GROUP += [
    "[[staff]]",
    "[[staff]",
    '["staff"]',
    "['staff']",
    "[staff/]",
    "[ſtaff]",
    "[ｓｔａｆｆ]",
    "[st aff]",
]
NO_GROUP += [
    "[]",
    "[ ]",
    "{staff}",
    "staff,",
    "(staff)",
    "[staff\u200b]",
    "[\u200bstaff]",
    "[membership/staff]",
]
NO_SCOPE = ["staff", "xmembership/staff", "membership/staffx", "membership/staff/x", "x/membership/staff"]
NO_SCOPE += ["Membership/staff", "membership/Staff", "membership/", "/staff", "membership staff"]
NO_SCOPE += ["membership/staff,openid", "membership:staff", "[membership/staff]", "membership%2Fstaff"]
OTHER_CLAIMS: list[dict[str, str]] = [
    {"groups": "[staff]", "roles": "staff", "custom:staff": "true", "scopes": "membership/staff"},
    {"Cognito:Groups": "[staff]", "cognito:roles": "[staff]", "scp": "membership/staff"},
]
NO_STAFF: list[dict[str, str]] = [
    ALICE,
    claims("unregistered"),
    claims("staff", username="staff"),
    claims("membership/staff"),
    *(claims("alice", **{"cognito:groups": groups}) for groups in NO_GROUP),
    *(claims("alice", scope=scope) for scope in NO_SCOPE),
    *(claims("alice", **others) for others in OTHER_CLAIMS),
]


@pytest.mark.parametrize("operation", FOR_STAFF, ids=str)
def test_case_47_who_is_not_staff_is_forbidden_whatever_they_send(world: World, operation: Operation) -> None:
    bodies: list[dict[str, Any]] = [
        {"body": operation.example},
        {"body": None},
        {"body": {}},
        *(
            {"raw": raw}
            for raw in ("[]", "null", "not json", "\x00", "[" * 100_000, "x" * (BODY_BYTES_MAX + 1))
        ),
        {"headers": {"content-type": "text/plain"}},
    ]
    for who in NO_STAFF:
        for sent in bodies if who == ALICE else bodies[:1]:
            answer = world.ask(operation, who, **sent)
            assert is_refused(answer, 403), who
            assert answer.code == "forbidden"
            assert world.sent == []


@pytest.mark.parametrize("operation", FOR_STAFF, ids=str)
def test_case_47_odd_ids_and_queries_do_not_open_what_is_for_staff(
    world: World, operation: Operation
) -> None:
    if operation.ids:
        (name,) = operation.ids
        for odd in ODD_IDS:
            answer = world.ask(operation, ALICE, path=operation.at(**{name: odd}))
            assert is_refused(answer, 403, 404, 422), odd
            assert answer.status == 403 or "/" in odd
    assert world.ask(operation, ALICE, query={"cursor": "x", "limit": "0"}).code == "forbidden"


def test_case_47_routes_that_the_contract_gives_to_staff_say_so_in_the_document() -> None:
    for_all = {str(each) for each in OPERATIONS if not each.staff}
    assert for_all <= {
        "GET /member-day",
        "GET /offers",
        "POST /coupon-templates/{template_id}/claim",
        "POST /members/me/coupon-codes",
        "GET /members/me",
        "PUT /members/me",
        "PATCH /members/me",
        "GET /members/me/coupons",
        "GET /members/me/coupons/claimable",
        "GET /members/me/export",
        "GET /members/me/points",
        "GET /members/me/points/entries",
        "GET /members/me/tier-history",
        "GET /orders",
        "POST /orders",
        "GET /orders/{order_id}",
        "GET /orders/{order_id}/history",
        "POST /orders/{order_id}/cancel",
        "POST /orders/{order_id}/payments",
        "POST /orders/{order_id}/receipt",
        "POST /orders/{order_id}/returns/preview",
        "GET /products",
        "GET /products/{sku}",
        "POST /quotes",
        "POST /orders/{order_id}/cases",
        "GET /members/me/cases",
        "GET /cases/{case_id}",
        "POST /cases/{case_id}/withdraw",
        "POST /cases/{case_id}/shipment",
        "POST /cases/{case_id}/escalate",
    }
