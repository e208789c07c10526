"""The HTTP face: who may ask what, and how a refusal looks."""

import base64
import io
import json
from typing import Any

import pytest

from functions.domain.errors import TryAgainError
from functions.platform.bodies import BODY_BYTES_MAX
from functions.platform.dynamo import OutcomeUnknownError, to_item
from functions.tiers.members import Members
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


# --- headers that every answer has ---

SECURE = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
}
PROFILE = {"name": "Alice"}
TOO_LARGE = "[" * (BODY_BYTES_MAX + 1)


@pytest.mark.parametrize(
    ("status", "call"),
    [
        (201, Call("PUT", "/members/me", PROFILE, claims("new"))),
        (200, Call("GET", "/members/me", who=claims("alice"))),
        (400, Call("GET", "/members/me/points/entries", who=claims("alice"), query={"cursor": "x"})),
        (401, Call("GET", "/members/me")),
        (403, Call("PUT", "/products/tea", TEA, claims("alice"))),
        (404, Call("GET", "/nowhere", who=claims("alice"))),
        (404, Call("GET", "/products/none", who=claims("alice"))),
        (409, Call("POST", "/quotes", ONE_TEA, claims("nobody"))),
        (413, Call("POST", "/quotes", who=claims("alice"), raw=TOO_LARGE)),
        (422, Call("POST", "/quotes", {"lines": []}, claims("alice"))),
        (422, Call("GET", "/products/a`b", who=claims("alice"))),
        (422, Call("POST", "/quotes", who=claims("alice"), raw="{")),
    ],
)
def test_every_answer_has_the_headers_that_keep_browsers_out(suite: Suite, status: int, call: Call) -> None:
    suite.stocked()
    suite.member()
    answer = suite.call(call)
    assert answer.status == status, answer.body
    assert {name: answer.headers.get(name) for name in SECURE} == SECURE
    assert answer.headers["content-type"].startswith("application/")


@pytest.mark.parametrize(
    ("fault", "status"),
    [(TryAgainError("try_again", "busy"), 503), (OutcomeUnknownError(), 503), (KeyError("bug"), 500)],
)
@pytest.mark.usefixtures("log")
def test_a_fault_has_the_headers_too(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, fault: Exception, status: int
) -> None:
    def fail(*_: object) -> None:
        raise fault

    monkeypatch.setattr("functions.tiers.members.Members.find", fail)
    answer = suite.call(Call("GET", "/members/me", who=claims("alice")))
    assert answer.status == status
    assert {name: answer.headers.get(name) for name in SECURE} == SECURE


def test_an_answers_own_headers_stay(suite: Suite) -> None:
    suite.stocked()
    who = suite.member()
    suite.order(who)
    answer = suite.order(who)
    assert answer.headers["idempotent-replayed"] == "true"
    assert answer.headers.items() >= SECURE.items()


# --- the line of the log ---

SPENT = {"took_ms", "aws_calls", "aws_ms"}
CONTEXT_KEYS = SPENT | {"level", "message", "timestamp", "service", "correlation_id", "request_id"}


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """Return the requests' lines of the log, without what every line of a log has."""
    found = [json.loads(line) for line in log.getvalue().splitlines()]
    return [
        {name: value for name, value in line.items() if name not in CONTEXT_KEYS}
        for line in found
        if line["message"] == "request"
    ]


def test_a_request_has_one_line_of_the_log_with_what_finds_it_again(suite: Suite, log: io.StringIO) -> None:
    call = Call("GET", "/members/me", who=claims("alice"))
    event = call.event()
    event["requestContext"]["requestId"] = "of-the-gateway"
    suite.members(event, Context())
    (line,) = [json.loads(line) for line in log.getvalue().splitlines()]
    assert line.keys() >= CONTEXT_KEYS - {"request_id"}
    assert line["correlation_id"] == "of-the-gateway"
    assert lines(log) == [
        {"caller": "alice", "route": "GET /members/me", "status": 404, "code": "not_registered"}
    ]


def test_Z8_a_refusal_names_the_request_that_its_line_is_found_by(suite: Suite, log: io.StringIO) -> None:
    refused = suite.call(Call("GET", "/members/me", who=claims("alice")))
    suite.member()
    answered = suite.call(Call("GET", "/members/me", who=claims("alice")))
    assert (refused.status, answered.status) == (404, 200)
    line = json.loads(log.getvalue().splitlines()[0])
    assert refused.headers["x-request-id"] == line["correlation_id"] == "request"
    assert "x-request-id" not in answered.headers


def test_Z8_a_fault_of_ours_has_its_cause_in_the_log_under_the_id_that_the_caller_was_told(
    suite: Suite, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("of a test")

    monkeypatch.setattr(Members, "find", broken)
    answer = suite.call(Call("GET", "/members/me", who=claims("alice")))
    assert (answer.status, answer.code) == (500, "internal_error")
    cause, line = map(json.loads, log.getvalue().splitlines())
    assert cause["correlation_id"] == line["correlation_id"] == answer.headers["x-request-id"]
    assert (cause["level"], cause["exception_name"]) == ("ERROR", "ZeroDivisionError")
    assert "in broken" in cause["exception"], "where it came from, whatever was sampled"
    assert (line["caller"], line["route"], line["status"]) == ("alice", "GET /members/me", 500)
    assert line["request_id"] == "request", "Lambda's own, under which it logs what breaks off"


def test_Z8_a_requests_line_says_how_long_it_took_and_how_much_of_that_it_waited_for_aws(
    suite: Suite, log: io.StringIO
) -> None:
    suite.member()
    suite.call(Call("GET", "/members/me", who=claims("alice")))
    suite.call(Call("GET", "/members/me"))
    found, unknown = map(json.loads, log.getvalue().splitlines()[-2:])
    assert found["aws_calls"] == 1
    assert 0 <= found["aws_ms"] <= found["took_ms"] + 1
    assert (unknown["aws_calls"], unknown["aws_ms"]) == (0, 0), "nothing of the one before"


def test_the_next_request_has_nothing_of_the_one_before(suite: Suite, log: io.StringIO) -> None:
    suite.stocked()
    suite.order(suite.member())
    log.truncate(0)
    log.seek(0)
    suite.call(Call("GET", "/member-day"))
    suite.call(Call("GET", "/member-day", who=claims("bob")))
    assert lines(log) == [
        {"status": 401, "code": "unauthenticated"},
        {"caller": "bob", "route": "GET /member-day", "status": 200},
    ]


def test_what_a_request_was_about_is_named_by_its_ids(suite: Suite, log: io.StringIO) -> None:
    suite.stocked()
    alice = suite.member()
    log.truncate(0)
    log.seek(0)
    order_id = suite.order(alice).body["order_id"]
    payment = {"payment_id": "p1", "amount_fen": 10_950}
    suite.call(Call("GET", "/products/tea", who=alice))
    suite.call(Call("POST", f"/orders/{order_id}/payment", payment, staff()))
    suite.call(Call("GET", f"/orders/{order_id}", who=claims("bob")))
    suite.call(Call("POST", f"/orders/{order_id}/receipt", who=alice))
    suite.call(Call("GET", "/members/alice", who=staff()))
    assert lines(log) == [
        {"caller": "alice", "route": "POST /orders", "order_id": order_id, "status": 201},
        {"caller": "alice", "route": "GET /products/<sku>", "status": 200},
        {
            "caller": "clerk",
            "route": "POST /orders/<order_id>/payment",
            "order_id": order_id,
            "status": 200,
        },
        {
            "caller": "bob",
            "route": "GET /orders/<order_id>",
            "order_id": order_id,
            "status": 404,
            "code": "order_not_found",
        },
        {
            "caller": "alice",
            "route": "POST /orders/<order_id>/receipt",
            "order_id": order_id,
            "status": 409,
            "code": "order_not_receivable",
        },
        {"caller": "clerk", "route": "GET /members/<member_id>", "member_id": "alice", "status": 200},
    ]


WRITTEN = ["Zhang-Xiaoming", "13800000000", "%E5%BC%A0%E4%B8%89", "张三", "ord_Zhang-Xiaoming", "a`b"]


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/orders/{}", None),
        ("POST", "/orders/{}/cancel", None),
        ("POST", "/orders/{}/payment", {"payment_id": "p", "amount_fen": 1}),
        ("POST", "/orders/{}/returns", {"return_id": "r", "lines": [{"sku": "x", "quantity": 1}]}),
        ("GET", "/members/{}", None),
        ("PUT", "/members/{}/birthday", {"birthday": "1990-05-05", "reason": "x"}),
        ("POST", "/members/{}/points/adjustments", {"adjustment_id": "a", "points": 1, "reason": "x"}),
        ("GET", "/products/{}", None),
        ("POST", "/products/{}/stock", {"movement_id": "m", "delta": 1, "reason": "x"}),
        ("GET", "/{}", None),
        ("GET", "/members/me/{}", None),
        ("{}", "/members/me", None),
    ],
)
def test_case_46_what_somebody_wrote_into_a_path_is_not_logged_where_nothing_was_found_by_it(
    suite: Suite,
    log: io.StringIO,
    capsys: pytest.CaptureFixture[str],
    method: str,
    path: str,
    body: Any,
    written: str,
) -> None:
    for who in (staff(), claims("alice"), None):
        answer = suite.call(Call(method.format(written), path.format(written), body, who))
        assert 400 <= answer.status < 500
    out, err = capsys.readouterr()
    assert written not in log.getvalue() + out + err
    assert json.dumps(written)[1:-1] not in log.getvalue() + out + err
    assert len(lines(log)) == 3


@pytest.mark.usefixtures("log")
def test_case_46_a_fault_does_not_log_what_somebody_wrote_into_a_path(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    def fail(*_: object) -> None:
        raise KeyError("bug")

    monkeypatch.setattr("functions.tiers.members.Members.find", fail)
    assert suite.call(Call("GET", "/members/Zhang-Xiaoming", who=staff())).status == 500
    assert "Zhang" not in log.getvalue()
    (line,) = lines(log)
    assert line == {
        "caller": "clerk",
        "route": "GET /members/<member_id>",
        "status": 500,
        "code": "internal_error",
    }


# --- the largest body ---


@pytest.mark.parametrize(
    ("padding", "refused"), [(0, False), (1, True)], ids=["the largest", "one byte more"]
)
def test_case_45_the_largest_body_is_as_large_in_base64(suite: Suite, padding: int, refused: bool) -> None:
    text = json.dumps({"name": "A", "x": ""})
    text = text[:-2] + "x" * (BODY_BYTES_MAX - len(text) + padding) + text[-2:]
    assert len(text) == BODY_BYTES_MAX + padding
    for raw, encoded in ((text, False), (base64.b64encode(text.encode()).decode(), True)):
        event = Call("PUT", "/members/me", who=claims("alice"), raw=raw).event()
        answer = suite.members(event | {"isBase64Encoded": encoded}, Context())
        assert answer["statusCode"] == (413 if refused else 422)


@pytest.mark.parametrize("encoded", [False, True])
def test_a_body_that_is_too_large_even_for_base64_is_refused_before_it_is_decoded(
    suite: Suite, monkeypatch: pytest.MonkeyPatch, encoded: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("it was looked at")

    monkeypatch.setattr("functions.platform.bodies.base64.b64decode", fail)
    monkeypatch.setattr("functions.platform.http.json.loads", fail)
    raw = "A" * (len(base64.b64encode(b"x" * BODY_BYTES_MAX)) + 1)
    event = Call("PUT", "/members/me", who=claims("alice"), raw=raw).event() | {"isBase64Encoded": encoded}
    monkeypatch.setattr("functions.platform.http._logged", lambda *_: {})
    assert suite.members(event, Context())["statusCode"] == 413


def test_a_preflight_is_answered_without_a_token_and_does_nothing(suite: Suite, log: io.StringIO) -> None:
    answer = suite.shop(Call("OPTIONS", "/orders").event(), Context())
    assert (answer["statusCode"], answer.get("body")) == (204, None)
    assert answer["headers"]["x-content-type-options"] == "nosniff"
    assert not {
        name for name in answer["headers"] if name.startswith("access-control")
    }  # the gateway's to say
