"""The routes of members, products, quotes, orders and points, as the contract has them, on moto.

All other handlers' tests are on Dynoxide, which answers many times as fast. This slice has another opinion
of what DynamoDB does.
"""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from functions.platform import dynamo
from functions.platform.dynamo import Tables
from tests.handlers.conftest import ONE_TEA, TEA, Suite
from tests.support import aws
from tests.support.events import Call, Context, claims, staff, stream_record


@pytest.fixture(scope="module")
def rows() -> Iterator[Tables]:
    """The rows of moto, mocked once for a module: that takes longer than most tests."""
    with aws.mocked():
        yield Tables(dynamo.client())


def deliver(suite: Suite, *order_ids: str) -> dict[str, Any]:
    """Deliver orders to the posting, as one batch of the stream."""
    rows = [
        suite.tables.get(suite.settings.orders_table, {"order_id": order_id, "item": "ORDER"})
        for order_id in order_ids
    ]
    records = [stream_record(row, sequence=number) for number, row in enumerate(rows) if row]
    return suite.posting({"Records": records}, Context())


def pay(suite: Suite, order_id: str, amount_fen: int = 10_950, payment_id: str = "p1") -> Call:
    """Return the call that records a payment."""
    body = {"payment_id": payment_id, "amount_fen": amount_fen}
    return Call("POST", f"/orders/{order_id}/payment", body, staff())


def test_a_new_member_is_J0_and_sees_what_is_missing(suite: Suite) -> None:
    body = {"name": "Alice", "birthday": "2000-02-29", "phone": "138-0013-8000"}
    answer = suite.call(Call("PUT", "/members/me", body, claims("alice")))
    assert answer.status == 201
    assert answer.body == {
        "member_id": "alice",
        "name": "Alice",
        "birthday": "2000-02-29",
        "birthday_calendar": "solar",
        "next_birthday": "2027-02-28",
        "phone": "+8613800138000",
        "registered_at": "2026-05-01T12:00:00+08:00",
        "tier": "J0",
        "effective_amount_fen": 0,
        "next_tier": {"tier": "J1", "amount_to_go_fen": 0},
        "benefits": {"birthday_coupon_fen": 0, "member_day_rate": None, "free_shipping_from_fen": 18_800},
    }
    assert suite.call(Call("GET", "/members/me", who=claims("alice"))).body == answer.body
    assert suite.call(Call("PUT", "/members/me", body, claims("alice"))).status == 200


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"name": ""},
        {"name": "x" * 101},
        {"name": "a\u0000b"},
        {"name": "a\u202eb"},
        {"name": "a\u2028b"},
        {"name": " "},
        {"name": "\u00a0\u200d"},
        {"name": 1},
        {"name": None},
        {"name": "A", "birthday": "1990-02-30"},
        {"name": "A", "birthday": "19900505"},
        {"name": "A", "birthday": "1990-5-5"},
        {"name": "A", "birthday": "2026-05-02"},
        {"name": "A", "birthday": "１９９０-05-05"},
        {"name": "A", "birthday": 19900505},
        {"name": "A", "phone": "call me"},
        {"name": "A", "phone": "1" * 33},
    ],
)
def test_what_a_member_tells_is_checked(suite: Suite, body: Any) -> None:
    answer = suite.call(Call("PUT", "/members/me", body, claims("alice")))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert suite.call(Call("GET", "/members/me", who=claims("alice"))).status == 404


@pytest.mark.parametrize("name", ["王小明 Ü", "👩\u200d💻", "می\u200cخواهم", "名\u3000字"])
def test_a_name_of_any_script_is_a_name(suite: Suite, name: str) -> None:
    answer = suite.call(Call("PUT", "/members/me", {"name": name}, claims("alice")))
    assert (answer.status, answer.body["name"]) == (201, name)


def test_a_birthday_may_be_today_in_store_time(suite: Suite) -> None:
    suite.pass_time(hours=13)  # 2 May in the shop, 1 May in UTC
    assert (
        suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": "2026-05-02"}, claims("a"))).status
        == 201
    )


def test_B4_a_birthday_cannot_be_changed_by_the_member(suite: Suite) -> None:
    suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": "1990-05-05"}, claims("alice")))
    answer = suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": "1990-05-06"}, claims("alice")))
    assert (answer.status, answer.code) == (409, "birthday_locked")


def test_before_registration_one_is_nobody(suite: Suite) -> None:
    suite.stocked()
    who = claims("alice")
    answers = [
        suite.call(Call("GET", path, who=who))
        for path in ("/members/me/points", "/members/me/points/entries")
    ]
    answers += [suite.call(Call("POST", "/quotes", ONE_TEA, who)), suite.order(who)]
    assert {(answer.status, answer.code) for answer in answers} == {(409, "not_registered")}
    assert suite.call(Call("GET", "/members/me", who=who)).code == "not_registered"


def test_products_show_stock_to_staff_only(suite: Suite) -> None:
    assert suite.call(Call("PUT", "/products/tea", TEA, staff())).status == 201
    assert suite.call(Call("PUT", "/products/tea", TEA, staff())).status == 200
    price = {"your_price_fen": 9_950, "price_of": "list"}
    seen = {"sku": "tea", **price, "status": "on_sale", "in_stock": False, **TEA}
    assert suite.call(Call("GET", "/products/tea", who=claims("alice"))).body == seen
    assert suite.call(Call("GET", "/products/tea", who=staff())).body == seen | {"stock": 0, "version": 1}
    assert suite.call(Call("GET", "/products/gone", who=staff())).code == "product_not_found"


@pytest.mark.parametrize("sku", ["a b", "a#b", "x" * 65, "é", "a%2Fb", "tea\n", "x" * 10_000])
def test_case_42_a_sku_that_is_none_is_4xx(suite: Suite, sku: str) -> None:
    answer = suite.call(Call("PUT", f"/products/{sku}", TEA, staff()))
    assert (answer.status, answer.code) == (422, "invalid_request")


@pytest.mark.parametrize(
    "change",
    [
        {"price_fen": 0},
        {"price_fen": -1},
        {"price_fen": 100_000_001},
        {"price_fen": 1.0},
        {"price_fen": "1"},
        {"price_fen": True},
        {"member_zone": 1},
        {"name": ""},
        {"low_stock_threshold": -1},
    ],
)
def test_what_staff_say_of_a_product_is_checked(suite: Suite, change: dict[str, Any]) -> None:
    assert suite.call(Call("PUT", "/products/tea", TEA | change, staff())).code == "invalid_request"


def test_stock_moves_once_per_id(suite: Suite) -> None:
    suite.stocked(5)
    movement = {"movement_id": "m2", "delta": -2, "reason": "loss"}
    call = Call("POST", "/products/tea/stock", movement, staff())
    assert [suite.call(call).body["stock"] for _ in range(2)] == [3, 3]
    call.body = movement | {"delta": -3}
    assert suite.call(call).code == "movement_id_reused"
    call.body = {"movement_id": "m3", "delta": -4, "reason": "loss"}
    assert suite.call(call).code == "insufficient_stock"


def test_a_quote_has_every_field_of_the_contract(suite: Suite) -> None:
    suite.stocked(0)
    answer = suite.call(Call("POST", "/quotes", ONE_TEA, suite.member()))
    assert answer.status == 200
    assert answer.body == {
        "tier": "J0",
        "member_day": False,
        "lines": [
            {
                "line_id": "tea",
                "sku": "tea",
                "quantity": 1,
                "list_price_fen": 9_950,
                "unit_price_fen": 9_950,
                "amount_fen": 9_950,
                "price_of": "list",
                "gift_of": None,
            }
        ],
        "campaigns": [],
        "goods_fen": 9_950,
        "goods_net_fen": 9_950,
        "coupon": None,
        "shipping_fen": 1_000,
        "free_shipping": {"from_fen": 18_800, "missing_fen": 8_850},
        "order_amount_fen": 10_950,
        "points": {"redeemed": 0, "value_fen": 0},
        "paid_fen": 10_950,
        "earns_points": 110,
        "not_applied": [
            {
                "offer": "member_day",
                "code": "no_zone_products",
                "detail": "No product of the member zone is in the cart.",
            },
            {
                "offer": "birthday_coupon",
                "code": "not_requested",
                "detail": "The coupon was not asked for.",
            },
            {
                "offer": "points",
                "code": "not_requested",
                "detail": "No points were asked to be redeemed.",
            },
        ],
    }


@pytest.mark.parametrize(
    "body",
    [
        {"lines": []},
        {"lines": [{"sku": "tea", "quantity": 1}] * 2},
        {"lines": [{"sku": f"s{n}", "quantity": 1} for n in range(51)]},
        *[
            {"lines": [{"sku": "tea", "quantity": q}]}
            for q in (0, -1, 1000, 1.5, 1.0, "1", True, None, 10**30)
        ],
        *[ONE_TEA | {"points": p} for p in (-500, 2_001, 500.0, "500", "most", True, None)],
        *[ONE_TEA | {"coupon": c} for c in ("", "a b", 1, None, "x" * 256, "\u0000", "coupon\u200b")],
        {"lines": [{"sku": "te#a", "quantity": 1}]},
        {"lines": [{"sku": "tеa", "quantity": 1}]},  # a Cyrillic letter
        {"lines": {"sku": "tea", "quantity": 1}},
    ],
)
def test_case_41_and_42_a_cart_is_checked(suite: Suite, body: Any) -> None:
    suite.stocked()
    who = suite.member()
    assert suite.call(Call("POST", "/quotes", body, who)).code == "invalid_request"
    assert suite.order(who, body=body).code == "invalid_request"


def test_an_order_is_placed_replayed_and_paid(suite: Suite) -> None:
    suite.stocked()
    who = suite.member()
    placed = suite.order(who)
    assert (placed.status, placed.body["status"]) == (201, "placed")
    assert placed.body["placed_at"] == "2026-05-01T12:00:00+08:00"
    assert placed.body["retained"] == {
        "order_amount_fen": 10_950,
        "paid_fen": 10_950,
        "redeemed_points": 0,
        "earned_points": 0,
    }
    assert "idempotent-replayed" not in placed.headers
    replayed = suite.order(who, body=ONE_TEA | {"coupon": "none", "points": 0})
    assert (replayed.status, replayed.headers["idempotent-replayed"]) == (201, "true")
    assert replayed.body == placed.body
    paid = suite.call(pay(suite, placed.body["order_id"]))
    assert (paid.status, paid.body["status"], paid.body["paid_at"]) == (
        200,
        "paid",
        "2026-05-01T12:00:00+08:00",
    )
    assert paid.body["retained"]["earned_points"] == 110
    assert suite.order(who).body == paid.body


TEA_AND_CUPS = {"lines": [{"sku": "tea", "quantity": 1}, {"sku": "cup", "quantity": 2}]}


def with_cups(suite: Suite) -> dict[str, str]:
    """Put tea and cups into the catalogue; return a member."""
    suite.stocked()
    suite.call(Call("PUT", "/products/cup", TEA | {"name": "Cup"}, staff()))
    movement = {"movement_id": "m1", "delta": 5, "reason": "delivery"}
    assert suite.call(Call("POST", "/products/cup/stock", movement, staff())).status == 200
    return suite.member()


@pytest.mark.parametrize(
    "change",
    [
        {"lines": [{"sku": "tea", "quantity": 2}, {"sku": "cup", "quantity": 2}]},
        {"lines": [{"sku": "tea", "quantity": 2}, {"sku": "cup", "quantity": 1}]},
        {"lines": TEA_AND_CUPS["lines"][::-1]},
        {"lines": TEA_AND_CUPS["lines"][:1]},
        {"coupon": "best"},
        {"coupon": "cpn_2026"},
        {"points": 500},
        {"points": "best"},
        {"expected_paid_fen": 29_850},
        {"expected_paid_fen": 0},
    ],
)
def test_R1_the_same_key_with_another_body_is_refused_whatever_differs(
    suite: Suite, change: dict[str, Any]
) -> None:
    who = with_cups(suite)
    placed = suite.order(who, body=TEA_AND_CUPS)
    assert (placed.status, placed.body["paid_fen"]) == (201, 29_850)
    answer = suite.order(who, body=TEA_AND_CUPS | change)
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")
    assert suite.order(who, body=TEA_AND_CUPS).body == placed.body
    assert suite.order(who, "k2", TEA_AND_CUPS | {"expected_paid_fen": 29_850}).status == 201
    answer = suite.order(who, "k2", TEA_AND_CUPS | {"expected_paid_fen": 29_851})
    assert (answer.status, answer.code) == (422, "idempotency_key_reused")


@pytest.mark.parametrize("written_out_first", [False, True])
def test_R1_the_same_key_with_the_defaults_written_out_is_the_same_body(
    suite: Suite, written_out_first: bool
) -> None:
    who = with_cups(suite)
    written_out = {
        "expected_paid_fen": None,
        "points": 0,
        "lines": [{"quantity": 1, "sku": "tea"}, {"quantity": 2, "sku": "cup"}],
        "coupon": "none",
    }
    bodies = [written_out, TEA_AND_CUPS] if written_out_first else [TEA_AND_CUPS, written_out]
    placed, replayed = [suite.order(who, body=body) for body in bodies]
    assert (placed.status, "idempotent-replayed" in placed.headers) == (201, False)
    assert (replayed.status, replayed.headers["idempotent-replayed"]) == (201, "true")
    assert replayed.body == placed.body


@pytest.mark.parametrize("key", [None, ""])
def test_an_order_needs_an_idempotency_key(suite: Suite, key: str | None) -> None:
    suite.stocked()
    headers = {} if key is None else {"idempotency-key": key}
    answer = suite.call(Call("POST", "/orders", ONE_TEA, suite.member(), headers))
    assert (answer.status, answer.code) == (400, "idempotency_key_missing")


@pytest.mark.parametrize("key", ["a b", "é", "x" * 256, "\t", "k\u007f"])
def test_case_42_an_idempotency_key_is_visible_ascii(suite: Suite, key: str) -> None:
    suite.stocked()
    assert suite.order(suite.member(), key).code == "invalid_request"


def test_the_price_is_guarded_by_what_the_shopper_expects(suite: Suite) -> None:
    suite.stocked()
    who = suite.member()
    answer = suite.order(who, body=ONE_TEA | {"expected_paid_fen": 10_949})
    assert (answer.status, answer.code, answer.body["quote"]["paid_fen"]) == (409, "quote_changed", 10_950)
    assert suite.order(who, body=ONE_TEA | {"expected_paid_fen": 10_950}).status == 201


def test_case_38_somebody_elses_order_is_as_if_it_did_not_exist(suite: Suite) -> None:
    suite.stocked()
    order_id = suite.order(suite.member()).body["order_id"]
    theirs = suite.call(Call("GET", f"/orders/{order_id}", who=suite.member("bob")))
    missing = suite.call(Call("GET", "/orders/ord_none", who=suite.member("bob")))
    assert (theirs.status, theirs.body) == (missing.status, missing.body)
    assert theirs.code == "order_not_found"
    assert suite.call(Call("GET", f"/orders/{order_id}", who=staff())).status == 200


def test_payments_are_checked_against_the_order(suite: Suite) -> None:
    suite.stocked()
    order_id = suite.order(suite.member()).body["order_id"]
    assert suite.call(pay(suite, "ord_none")).code == "order_not_found"
    assert suite.call(pay(suite, order_id, 1)).code == "amount_mismatch"
    assert suite.call(pay(suite, order_id)).status == 200
    assert suite.call(pay(suite, order_id, 1)).code == "payment_id_reused"


def test_O6_a_second_payment_changes_nothing_but_the_payments(suite: Suite) -> None:
    suite.stocked()
    order_id = suite.order(suite.member()).body["order_id"]
    first = suite.call(pay(suite, order_id)).body
    second = suite.call(pay(suite, order_id, 7, "p2")).body
    assert {name: value for name, value in second.items() if name != "payments"} == {
        name: value for name, value in first.items() if name != "payments"
    }
    assert [(each["payment_id"], each["applied"]) for each in second["payments"]] == [
        ("p1", True),
        ("p2", False),
    ]


def test_O2_a_lapsed_order_reads_lapsed_and_cannot_be_paid(suite: Suite) -> None:
    suite.stocked()
    who = suite.member()
    order_id = suite.order(who).body["order_id"]
    suite.pass_time(minutes=30)
    lapsed = suite.call(Call("GET", f"/orders/{order_id}", who=who)).body
    assert (lapsed["status"], lapsed["closed_at"]) == ("lapsed", "2026-05-01T12:30:00+08:00")
    assert set(lapsed["retained"].values()) == {0}
    late = suite.call(pay(suite, order_id))
    assert (late.status, late.body["status"], late.body["payments"][0]["applied"]) == (200, "lapsed", False)


def test_a_paid_order_ends_as_frozen_points_in_the_wallet(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.stocked()
    who = suite.member()
    order_id = suite.order(who).body["order_id"]
    suite.call(pay(suite, order_id))
    assert deliver(suite, order_id, order_id) == {"batchItemFailures": []}
    points = suite.call(Call("GET", "/members/me/points", who=who)).body
    assert points == {"available": 0, "frozen": 110, "debt": 0, "expiring": []}
    (entry,) = suite.call(Call("GET", "/members/me/points/entries", who=who)).body["items"]
    assert entry.pop("entry_id").startswith("ent_")
    assert entry == {
        "kind": "earn",
        "occurred_at": "2026-05-01T12:00:00+08:00",
        "order_id": order_id,
        "reason": None,
        "adjustment_id": None,
        "frozen_delta": 110,
        "available_delta": 0,
        "available_by_year_delta": {},
        "debt_delta": 0,
        "lapsed_points": 0,
        "available": 0,
        "frozen": 110,
        "debt": 0,
    }
    member = suite.call(Call("GET", "/members/me", who=who)).body
    assert (member["tier"], member["effective_amount_fen"]) == ("J1", 10_950)
    assert member["next_tier"] == {"tier": "J2", "amount_to_go_fen": 89_051}


def test_case_29_a_record_that_cannot_be_posted_is_reported_alone(
    suite: Suite, capsys: pytest.CaptureFixture[str], log: io.StringIO
) -> None:
    suite.stocked()
    who = suite.member()
    order_id = suite.order(who).body["order_id"]
    suite.call(pay(suite, order_id))
    row = suite.tables.get(suite.settings.orders_table, {"order_id": order_id, "item": "ORDER"})
    assert row is not None
    orphan = stream_record(row | {"member_id": "nobody", "order_id": "ord_x"}, sequence=1)
    answer = suite.posting({"Records": [orphan, stream_record(row, sequence=2)]}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    assert '"message":"record failed"' in log.getvalue()
    assert '"order_id":"ord_x"' in log.getvalue()
    assert '"records_failed":[1' in capsys.readouterr().out  # as a metric
    assert suite.call(Call("GET", "/members/me/points", who=who)).body["frozen"] == 110


def test_the_ledger_is_listed_in_pages_whose_cursors_are_the_callers(suite: Suite) -> None:
    suite.stocked(5)
    who = suite.member()
    order_ids = []
    for number in range(3):
        order_ids.append(suite.order(who, f"k{number}").body["order_id"])
        suite.call(pay(suite, order_ids[-1], payment_id=f"p{number}"))
        suite.pass_time(seconds=1)
    deliver(suite, *order_ids)
    seen: list[str] = []
    query = {"limit": "2"}
    for _ in range(2):
        page = suite.call(Call("GET", "/members/me/points/entries", who=who, query=query)).body
        seen += [entry["order_id"] for entry in page["items"]]
        query["cursor"] = page["next_cursor"] or query.get("cursor", "")
    assert (seen, page["next_cursor"]) == (order_ids[::-1], None)
    stolen = Call("GET", "/members/me/points/entries", who=suite.member("bob"), query=query)
    assert (suite.call(stolen).status, suite.call(stolen).code) == (400, "invalid_cursor")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "1.0", "x", "", "1_0", "１", "5,6"])
def test_a_limit_is_1_to_100(suite: Suite, limit: str) -> None:
    call = Call("GET", "/members/me/points/entries", who=suite.member(), query={"limit": limit})
    assert suite.call(call).code == "invalid_request"
