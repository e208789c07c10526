"""The HTTP face: who may ask what, and how a refusal looks."""

import base64
import io
import json
from typing import Any

import pytest

from functions.domain.errors import TryAgainError
from functions.platform.dynamo import OutcomeUnknownError, to_item
from functions.platform.http import BODY_BYTES_MAX
from tests.handlers.conftest import ONE_TEA, TEA, Suite
from tests.support.events import Answer, Call, Context, claims, staff

EVERY_ROUTE = [
    ("PUT", "/members/me"),
    ("GET", "/members/me"),
    ("GET", "/members/me/points"),
    ("GET", "/members/me/points/entries"),
    ("PUT", "/products/tea"),
    ("GET", "/products/tea"),
    ("POST", "/products/tea/stock"),
    ("POST", "/quotes"),
    ("POST", "/orders"),
    ("GET", "/orders/ord_1"),
    ("POST", "/orders/ord_1/payment"),
]
STAFF_ROUTES = [("PUT", "/products/tea"), ("POST", "/products/tea/stock"), ("POST", "/orders/ord_1/payment")]
BODY_ROUTES = [(method, path) for method, path in EVERY_ROUTE if method != "GET"]


def is_problem(answer: Answer, status: int, code: str) -> bool:
    """Tell whether an answer is this problem, whole and in the problem's media type."""
    assert answer.headers["content-type"] == "application/problem+json"
    assert {"type", "title", "status", "detail", "code"} <= answer.body.keys()
    assert answer.body["type"] == f"urn:memberday:problem:{answer.code}"
    return (answer.status, answer.body["status"], answer.code) == (status, status, code)


@pytest.mark.parametrize(("method", "path"), EVERY_ROUTE)
@pytest.mark.parametrize(
    "who",
    [
        None,
        {"sub": "alice", "token_use": "id"},
        {"sub": "alice"},
        {"token_use": "access"},
        {"sub": "", "token_use": "access"},
    ],
)
def test_without_an_access_token_every_route_is_401_whatever_the_body(
    suite: Suite, method: str, path: str, who: dict[str, str] | None
) -> None:
    assert is_problem(suite.call(Call(method, path, {"x": 1}, who)), 401, "unauthenticated")


@pytest.mark.parametrize(("method", "path"), STAFF_ROUTES)
@pytest.mark.parametrize("raw", ["{}", "not json", "[]", "x" * (BODY_BYTES_MAX + 1)])
def test_case_47_a_member_on_a_staff_route_is_403_whatever_the_body(
    suite: Suite, method: str, path: str, raw: str
) -> None:
    assert is_problem(suite.call(Call(method, path, who=claims("alice"), raw=raw)), 403, "forbidden")


@pytest.mark.parametrize(
    ("who", "allowed"),
    [
        (claims("x", **{"cognito:groups": "[staff]"}), True),
        (claims("x", **{"cognito:groups": "[vip staff]"}), True),
        (claims("x", scope="membership/staff"), True),
        (claims("x", scope="openid membership/staff"), True),
        (claims("x", **{"cognito:groups": "[nonstaff]"}), False),
        (claims("x", **{"cognito:groups": "[staffing staff2]"}), False),
        (claims("x", **{"cognito:groups": "[STAFF]"}), False),
        (claims("x", scope="membership/staffing"), False),
        (claims("x", scope="staff"), False),
        (claims("staff", username="staff"), False),
    ],
)
def test_staff_is_a_whole_group_or_scope(suite: Suite, who: dict[str, str], allowed: bool) -> None:
    answer = suite.call(Call("PUT", "/products/tea", TEA, who))
    assert answer.status == (201 if allowed else 403)


@pytest.mark.parametrize(("method", "path"), BODY_ROUTES)
@pytest.mark.parametrize(
    "raw", ["", "null", "1", '"text"', "[]", "[{}]", "{", "{]", "NaN", "[" * 100_000, '{"a": tru}']
)
def test_a_body_that_is_no_json_object_is_422(suite: Suite, method: str, path: str, raw: str) -> None:
    assert is_problem(suite.call(Call(method, path, who=staff(), raw=raw)), 422, "invalid_request")


@pytest.mark.parametrize("kind", ["Application/JSON", "application/json;charset=UTF-8", "APPLICATION/JSON "])
def test_a_media_type_is_known_in_any_case(suite: Suite, kind: str) -> None:
    call = Call("PUT", "/members/me", {"name": "Alice"}, claims("alice"), headers={"content-type": kind})
    assert suite.call(call).status in (200, 201)


@pytest.mark.parametrize("coding", ["utf-16", "utf-32", "latin-1"])
def test_a_body_in_another_coding_than_utf_8_is_422(suite: Suite, coding: str) -> None:
    raw = base64.b64encode('{"name": "Zoë"}'.encode(coding)).decode()
    event = Call("PUT", "/members/me", who=claims("alice"), raw=raw).event() | {"isBase64Encoded": True}
    assert suite.members(event, Context())["statusCode"] == 422


def test_an_object_that_says_two_things_under_one_name_is_422(suite: Suite) -> None:
    raw = '{"name": "Alice", "name": "Bob"}'
    answer = suite.call(Call("PUT", "/members/me", who=claims("alice"), raw=raw))
    assert is_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize("odd", ['a"b', "a#b", "a?b", "a\\b", "a`b", "😀", "a\nb", "a\u0000"])
@pytest.mark.parametrize("path", ["/products/{}", "/orders/{}"])
def test_case_42_a_path_with_odd_characters_is_a_problem(suite: Suite, path: str, odd: str) -> None:
    answer = suite.call(Call("GET", path.format(odd), who=claims("alice")))
    assert is_problem(answer, 422, "invalid_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_a_body_of_another_media_type_is_422(suite: Suite, kind: str) -> None:
    call = Call("PUT", "/members/me", {"name": "Alice"}, claims("alice"), headers={"content-type": kind})
    assert is_problem(suite.call(call), 422, "invalid_request")


def test_json_with_a_charset_and_base64_is_json(suite: Suite) -> None:
    call = Call("PUT", "/members/me", who=claims("alice"), raw=base64.b64encode(b'{"name": "A"}').decode())
    event = call.event() | {"isBase64Encoded": True}
    event["headers"]["content-type"] = "application/json; charset=utf-8"
    assert suite.members(event, Context())["statusCode"] == 201


@pytest.mark.parametrize("raw", ["***", base64.b64encode(b"\xff\xfe{}").decode()])
def test_a_body_that_is_not_what_it_says_it_is_is_422(suite: Suite, raw: str) -> None:
    event = Call("PUT", "/members/me", who=claims("alice"), raw=raw).event() | {"isBase64Encoded": True}
    assert suite.members(event, Context())["statusCode"] == 422


@pytest.mark.parametrize(("method", "path"), BODY_ROUTES)
def test_case_45_a_body_over_256_kb_is_413_before_it_is_parsed(suite: Suite, method: str, path: str) -> None:
    too_large = "[" * (BODY_BYTES_MAX + 1)
    assert is_problem(suite.call(Call(method, path, who=staff(), raw=too_large)), 413, "body_too_large")
    just_fits = json.dumps({"x": "é" * ((BODY_BYTES_MAX - 9) // 2)}, ensure_ascii=False)
    assert suite.call(Call(method, path, who=staff(), raw=just_fits)).status == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/nope"),
        ("DELETE", "/orders/ord_1"),
        ("GET", "/orders/"),
        ("GET", "/orders/a/b/c"),
    ],
)
def test_an_unknown_route_is_404_as_a_problem(suite: Suite, method: str, path: str) -> None:
    assert is_problem(suite.call(Call(method, path, who=claims("alice"))), 404, "route_not_found")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/members/me", {"name": "A", "member_id": "bob"}),
        ("/members/me", {"name": "A", "tier": "J5"}),
        ("/quotes", ONE_TEA | {"price_fen": 1}),
        ("/quotes", ONE_TEA | {"expected_paid_fen": 1}),
        ("/quotes", {"lines": [{"sku": "tea", "quantity": 1, "unit_price_fen": 1}]}),
        ("/orders", ONE_TEA | {"status": "paid"}),
        ("/orders", ONE_TEA | {"member_id": "bob"}),
        ("/orders/ord_1/payment", {"payment_id": "p", "amount_fen": 1, "applied": True}),
        ("/products/tea", TEA | {"stock": 5}),
        ("/products/tea/stock", {"movement_id": "m", "delta": 1, "reason": "r", "sku": "x"}),
    ],
)
def test_case_40_a_field_that_nobody_knows_is_422_and_named(suite: Suite, path: str, body: Any) -> None:
    method = "PUT" if path in ("/members/me", "/products/tea") else "POST"
    answer = suite.call(Call(method, path, body, staff(), headers={"idempotency-key": "k"}))
    assert is_problem(answer, 422, "invalid_request")
    sent = json.dumps(body)
    assert all(error["field"].split(".")[-1] in sent and error["message"] for error in answer.body["errors"])


def test_what_was_sent_is_not_repeated_in_the_refusal(suite: Suite) -> None:
    answer = suite.call(Call("PUT", "/members/me", {"name": "A", "phone": "secret-number!"}, claims("alice")))
    assert "secret" not in json.dumps(answer.body)


def test_a_refusal_that_may_be_tried_again_says_when(suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> None:
        raise TryAgainError("try_again", "busy")

    monkeypatch.setattr("functions.tiers.members.Members.find", busy)
    answer = suite.call(Call("GET", "/members/me", who=claims("alice")))
    assert is_problem(answer, 503, "try_again")
    assert answer.headers["retry-after"] == "1"


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [(OutcomeUnknownError(), 503, "try_again"), (KeyError("bug"), 500, "internal_error")],
)
def test_a_fault_of_ours_is_a_problem_without_its_insides(
    suite: Suite,
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    status: int,
    code: str,
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("functions.tiers.members.Members.find", fail)
    answer = suite.call(Call("GET", "/members/me", who=claims("alice")))
    assert is_problem(answer, status, code)
    assert "bug" not in json.dumps(answer.body)


def test_case_46_no_personal_data_is_logged(
    suite: Suite, capsys: pytest.CaptureFixture[str], log: io.StringIO
) -> None:
    who = claims("alice", username="the-user-name")
    body = {"name": "Zhang Xiaoming", "birthday": "1990-05-05", "phone": "13800000000"}
    suite.call(Call("PUT", "/members/me", body, who))
    suite.call(Call("PUT", "/members/me", body | {"birthday": "1991-06-06"}, who))
    suite.call(Call("PUT", "/members/me", body | {"birthday": "nonsense"}, who))
    suite.stocked()
    suite.order(who)
    key = {"member_id": "alice", "item": "PROFILE"}
    row = suite.tables.get(suite.settings.members_table, key)
    assert row is not None
    broken = row | {"name": ["Zhang Xiaoming"]}  # a row that no code of ours wrote
    suite.tables.client.put_item(TableName=suite.settings.members_table, Item=to_item(broken))
    assert suite.call(Call("GET", "/members/me", who=who)).status == 500
    assert log.getvalue().count('"message":"request"') == 7
    out, err = capsys.readouterr()
    for private in ("Zhang", "1990-05-05", "1991-06-06", "13800000000", "the-user-name"):
        assert private not in out + err + log.getvalue()
