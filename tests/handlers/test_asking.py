"""What the face hears and how it says what is wrong: queries, methods, callers, ids, bodies, messages."""

import base64
import gzip
import json
import re
from typing import Any

import pytest

from functions import contexts
from functions.platform import routes
from functions.platform.bodies import DIGITS_MAX
from functions.platform.messages import FAULTS_MAX
from functions.platform.routes import with_heads
from tests.handlers.conftest import ONE_TEA, Suite
from tests.support import document
from tests.support.document import Operation, staff_for
from tests.support.events import Answer, Call, claims, staff

OPERATIONS = document.operations()
ALICE = claims("alice")
SERVICE = claims("client", client_id="client")
STAFF_SERVICE = claims("client", client_id="client", scope="membership/staff")
IDS = {
    "sku": "tea",
    "order_id": "ord_1",
    "member_id": "alice",
    "campaign_id": "sale",
    "template_id": "welcome",
    "job": "release-points",
    "payment_id": "stripe:pi_1",
    "refund_id": f"ref_{'a' * 26}_c00001",
    "case_id": f"cas_{'a' * 26}",
    "audit_id": f"aud_{'a' * 32}",
    "report": "cases",
}
OF_A_MEMBER = {
    "POST /orders/{order_id}/cases",
    *(f"POST /cases/{{case_id}}/{what}" for what in ("withdraw", "shipment", "escalate")),
}
"""What staff cannot do for a member, though it names what it is about."""
NOT_OUR_WORDS = re.compile(
    r"should|pattern|input|valid |pydantic|extra|permitted|\^|\[A-Z|instance|constrained|literal\[",
    re.IGNORECASE,
)


def errors(answer: Answer) -> dict[str, str]:
    """Return what is wrong with each field of a request that was refused for it."""
    assert (answer.status, answer.code) == (422, "invalid_request"), answer
    return {each["field"]: each["message"] for each in answer.body["errors"]}


def asked(suite: Suite, operation: Operation, who: dict[str, str] | None = None, **sent: Any) -> Answer:
    """Send a request of an operation with its example's body."""
    given = {"body": operation.example, "headers": {"idempotency-key": "k"}, **sent}
    caller = who or (staff_for(operation) if operation.staff else ALICE)
    return suite.call(Call(operation.method, operation.at(**IDS), who=caller, **given))


# --- queries ---


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_query_that_nobody_hears_is_refused_and_named(suite: Suite, operation: Operation) -> None:
    answer = asked(suite, operation, query={"page": "2", "Limit": "3"})
    assert errors(answer) == {"page": "is not known here", "Limit": "is not known here"}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.query], ids=str)
def test_a_parameter_that_is_sent_twice_says_so(suite: Suite, operation: Operation) -> None:
    for name in operation.query:
        call = Call(
            operation.method, operation.at(**IDS), who=staff_for(operation) if operation.staff else ALICE
        )
        event = call.event()
        event["rawQueryString"] = f"{name}=1&{name}=2"
        event["queryStringParameters"] = {name: "1,2"}  # as the gateway joins them
        answer = suite.call(Call(call.method, call.path, who=call.who, made=event))
        assert errors(answer) == {name: "stands there twice"}


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.lists and not each.staff], ids=str)
def test_an_empty_cursor_is_the_first_page(suite: Suite, operation: Operation) -> None:
    suite.member()
    suite.stocked()
    path = operation.at(**IDS | {"order_id": suite.order(ALICE).body["order_id"]})
    first, empty = (suite.call(Call("GET", path, who=ALICE, query=query)) for query in ({}, {"cursor": ""}))
    assert first.status == empty.status == 200
    assert first.body == empty.body


# --- methods and paths ---


def test_each_path_of_the_document_is_in_the_one_list_of_routes_and_no_other() -> None:
    listed = {route for each in contexts.routes().values() for route in each if route != routes.EVERY_OTHER}
    assert listed == {str(each) for each in OPERATIONS}


@pytest.mark.parametrize("path", sorted({each.path for each in OPERATIONS}))
def test_another_method_is_405_and_told_what_there_is(suite: Suite, path: str) -> None:
    there = {each.method for each in OPERATIONS if each.path == path}
    there |= {"HEAD"} if "GET" in there else set()
    at = path.format(**IDS)
    assert (
        set(contexts.gateway().methods_at(at)) >= there
    )  # also those of an id in its place: DELETE /members/{member_id}
    for method in sorted(
        {"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "TRACE"} - set(contexts.gateway().methods_at(at))
    ):
        answer = Call(method, at, who=ALICE).to(suite.shop)  # where the gateway sends what matches no route
        if method == "HEAD":
            assert (answer.status, answer.raw) == (405, "")
        else:
            assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["allow"] == ", ".join(contexts.gateway().methods_at(at))
    assert Call("TRACE", at, who=None).to(suite.shop).status == 401


def test_a_path_that_is_written_out_is_the_one_with_an_id_in_its_place_too() -> None:
    assert contexts.gateway().methods_at("/members/me") == ("DELETE", "GET", "HEAD", "PATCH", "PUT")
    assert contexts.gateway().methods_at("/orders/search") == ("GET", "HEAD")
    assert (
        contexts.gateway().methods_at("/nope")
        == contexts.gateway().methods_at("/orders/")
        == contexts.gateway().methods_at("//orders")
        == ()
    )


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.method == "GET"], ids=str)
def test_head_is_answered_as_get_without_a_body(suite: Suite, operation: Operation) -> None:
    suite.member()
    suite.stocked()
    who = staff_for(operation) if operation.staff else ALICE
    path = operation.at(**IDS)
    get, head = (suite.call(Call(method, path, who=who)) for method in ("GET", "HEAD"))
    assert (head.status, head.headers, head.raw) == (get.status, get.headers, "")


def test_every_path_that_is_read_has_a_route_for_its_head() -> None:
    for served in contexts.routes().values():
        found = with_heads(served)
        assert set(served) <= set(found)
        assert {f"HEAD{route[3:]}" for route in served if route.startswith("GET ")} == set(found) - set(
            served
        )


# --- ids in paths ---


@pytest.mark.parametrize("sku", [".", "..", "...", "a/b", "a b", "tea?", "茶", "x" * 65])
@pytest.mark.parametrize(("method", "rest"), [("PUT", ""), ("GET", ""), ("POST", "/stock")])
def test_a_sku_that_no_client_can_ask_for_cannot_be_put_either(
    suite: Suite, sku: str, method: str, rest: str
) -> None:
    body = {"name": "Tea", "price_fen": 1, "member_zone": False} if method == "PUT" else None
    assert errors(suite.call(Call(method, f"/products/{sku}{rest}", body, staff())))


@pytest.mark.parametrize("sku", [".", "..", "a/b"])
def test_a_cart_has_the_same_skus_as_a_path(suite: Suite, sku: str) -> None:
    suite.member()
    answer = suite.call(Call("POST", "/quotes", {"lines": [{"sku": sku, "quantity": 1}]}, ALICE))
    assert list(errors(answer)) == ["lines.0.sku"]


@pytest.mark.parametrize("sku", ["a", ".a", "a.", "..a", "-", "_", "A.b_c-9", "x" * 64])
def test_a_sku_that_clients_can_ask_for_is_put_and_found(suite: Suite, sku: str) -> None:
    body = {"name": "Tea", "price_fen": 1, "member_zone": False}
    assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
    assert suite.call(Call("GET", f"/products/{sku}", who=staff())).body["sku"] == sku


@pytest.mark.parametrize("odd", [".", "..", "a b", 'a"b', "茶", "a?b", "%2e"])
@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.ids], ids=str)
def test_an_odd_id_in_a_path_is_said_to_be_one_whatever_it_names(
    suite: Suite, operation: Operation, odd: str
) -> None:
    path = operation.at(**dict.fromkeys(operation.ids, odd))
    sent = {"body": operation.example, "headers": {"idempotency-key": "k"}}
    answer = suite.call(Call(operation.method, path, who=staff_for(operation), **sent))
    assert list(errors(answer)) in (["path"], [*operation.ids])


def test_only_an_id_that_callers_make_up_may_have_been_sent_with_a_slash() -> None:
    assert contexts.gateway().has_slash_in_id("GET", "/products/a/b")
    assert contexts.gateway().has_slash_in_id("POST", "/products/a/b/stock")
    assert contexts.gateway().has_slash_in_id("PUT", "/campaigns/a/b")
    assert contexts.gateway().has_slash_in_id("POST", "/coupon-templates/a/b/claim")
    assert not contexts.gateway().has_slash_in_id("DELETE", "/products/a/b")
    assert not contexts.gateway().has_slash_in_id("GET", "/orders/ord_1/nope")
    assert not contexts.gateway().has_slash_in_id("GET", "/products")


# --- who asks ---


@pytest.mark.parametrize("operation", OPERATIONS, ids=str)
def test_a_service_is_no_member_and_can_become_none(suite: Suite, operation: Operation) -> None:
    answer = asked(suite, operation, SERVICE)
    open_to_all = operation.path.startswith(("/products", "/member-day"))
    if operation.staff:
        assert (answer.status, answer.code) == (403, "forbidden")
    elif open_to_all:
        assert answer.status != 403
    else:
        assert (answer.status, answer.code) == (403, "not_a_member")
    about_oneself = not operation.staff and not open_to_all and "{" not in operation.path
    about_oneself = about_oneself or operation.path.endswith("/claim") or str(operation) in OF_A_MEMBER
    with_scope = asked(suite, operation, STAFF_SERVICE)
    assert (with_scope.body.get("code") == "not_a_member") is about_oneself
    assert suite.tables.get(suite.settings.members_table, {"member_id": "client", "item": "PROFILE"}) is None


def test_staff_who_are_people_are_members_like_others(suite: Suite) -> None:
    clerk = claims("clerk", username="clerk", client_id="shop", **{"cognito:groups": "[staff]"})
    assert suite.call(Call("PUT", "/members/me", {"name": "Clerk"}, clerk)).status == 201
    suite.stocked()
    assert suite.order(clerk).status == 201


# --- bodies ---

BODIES: list[tuple[str | bytes, dict[str, str], str]] = [
    ('\ufeff{"name": "Ann"}', {}, "must not begin with a byte order mark"),
    (gzip.compress(b'{"name": "Ann"}', mtime=0), {"content-encoding": "gzip"}, "must not be compressed"),
    (b"\x1f\x8b\x00", {}, "must be text in UTF-8"),
    ('{"name": ' + "9" * (DIGITS_MAX + 1) + "}", {}, f"has a whole number of more than {DIGITS_MAX} digits"),
    ('{"name": ' + "9" * 5_000 + "}", {}, f"has a whole number of more than {DIGITS_MAX} digits"),
    ('{"name": NaN}', {}, "has NaN, which is no JSON number"),
    ('{"name": -Infinity}', {}, "has -Infinity, which is no JSON number"),
    ("name=Ann", {"content-type": "application/x-www-form-urlencoded"}, "must be sent as application/json"),
    ('["Ann"]', {}, "must be one JSON object, in braces"),
    ("null", {}, "must be one JSON object, in braces"),
    ('{"name": "Ann",}', {}, "is no JSON: look at line 1, column 16"),
    ('{"a":' * 30_000 + "1" + "}" * 30_000, {}, "is nested too deeply"),
    (" ", {}, "is missing: this needs one JSON object"),
]


@pytest.mark.parametrize(("raw", "headers", "says"), BODIES, ids=lambda value: str(value)[:24])
def test_a_body_that_cannot_be_read_is_told_why(
    suite: Suite, raw: str | bytes, headers: dict[str, str], says: str
) -> None:
    event = Call("PUT", "/members/me", who=ALICE, headers=headers, raw="x").event()
    event["body"] = base64.b64encode(raw).decode() if isinstance(raw, bytes) else raw
    event["isBase64Encoded"] = isinstance(raw, bytes)
    (message,) = errors(suite.call(Call("PUT", "/members/me", made=event))).values()
    assert message.startswith(says)


def test_a_name_that_stands_twice_is_named_wherever_it_stands(suite: Suite) -> None:
    for raw in ('{"name": "a", "name": "b"}', '{"name": {"name": 1, "x": {"name": 1, "name": 2}}}'):
        call = Call("PUT", "/members/me", who=ALICE, raw=raw)
        assert errors(suite.call(call)) == {"name": "stands there twice"}


# --- our words ---

NONSENSE: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**18,
    "",
    " ",
    "x" * 10_000,
    "no such thing",
    "\u3164",
    [],
    [{}],
    ["x"] * 51,
    {},
    {"x": 1},
)


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.body], ids=str)
def test_whatever_a_body_says_is_refused_in_our_words(suite: Suite, operation: Operation) -> None:
    suite.member()
    seen = 0
    bodies = [{}, {"x": 1}]
    for place, schema in document.objects(operation.body or {}):
        for name in schema.get("properties", {}):
            bodies += [document.replaced(operation.example, (*place, name), each) for each in NONSENSE]
    for body in bodies:
        answer = asked(suite, operation, body=body)
        if answer.status == 200:  # what it answers may be what is wrong, some of it in a parser's words
            continue
        for each in answer.body.get("errors", []):
            seen += 1
            assert not NOT_OUR_WORDS.search(f"{each['field']}: {each['message']}"), (body, each)
    assert seen


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if each.query], ids=str)
def test_whatever_a_query_says_is_refused_in_our_words(suite: Suite, operation: Operation) -> None:
    suite.member()
    for name in operation.query:
        for value in ("0", "-1", "101", "x", "1.0", "", "x" * 10_000, "2026-13-01T00:00:00Z", "true"):
            answer = asked(suite, operation, query={name: value})
            for each in answer.body.get("errors", []):
                assert not NOT_OUR_WORDS.search(f"{each['field']}: {each['message']}"), (name, value, each)


def _line(sku: str, quantity: Any) -> dict[str, Any]:
    return {"sku": sku, "quantity": quantity}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (
            {"lines": [{"sku": f"s{n}", "quantity": 1} for n in range(51)]},
            {"lines": "must have at most 50 entries"},
        ),
        ({"lines": []}, {"lines": "must have at least 1 entries"}),
        ({"lines": [_line("tea", 0)]}, {"lines.0.quantity": "must be at least 1"}),
        ({"lines": [_line("tea", "1")]}, {"lines.0.quantity": "must be a whole number"}),
        (
            {"lines": [{"sku": "te#a", "quantity": 1}]},
            {"lines.0.sku": "must be of A-Z a-z 0-9 . _ - and not dots alone"},
        ),
        ({"lines": [{"sku": "tea"}]}, {"lines.0.quantity": "is needed"}),
        ({**ONE_TEA, "points": "all"}, {"points": "must be a whole number, or must be best"}),
        ({**ONE_TEA, "coupon": "a b"}, {"coupon": "must be 1 to 255 visible ASCII characters"}),
        ({**ONE_TEA, "tier": "J5"}, {"tier": "is not known here"}),
        # names that a library has for its own things are somebody's names here
        ({**ONE_TEA, "int": 1, "none": 2}, {"int": "is not known here", "none": "is not known here"}),
        ({"lines": [{**_line("tea", 1), "str": 1}]}, {"lines.0.str": "is not known here"}),
        ({**ONE_TEA, "x" * 5_000: 1}, {"x" * 99 + "…": "is not known here"}),
    ],
)
def test_a_field_at_fault_is_told_what_it_must_be(suite: Suite, body: Any, says: dict[str, str]) -> None:
    suite.member()
    assert errors(suite.call(Call("POST", "/quotes", body, ALICE))) == says


def test_so_many_fields_at_fault_are_named_and_no_more(suite: Suite) -> None:
    suite.member()
    many = {f"x{number}": number for number in range(10_000)}
    named = errors(suite.call(Call("POST", "/quotes", {**ONE_TEA, **many}, ALICE)))
    assert list(named) == [f"x{number}" for number in range(FAULTS_MAX)]


def test_an_idempotency_key_at_fault_is_named(suite: Suite) -> None:
    suite.member()
    answer = suite.order(ALICE, "a b")
    assert list(errors(answer)) == ["Idempotency-Key"]
    json.dumps(answer.body)
