"""Cases over HTTP: what members ask for after buying, and what becomes of it (A1-A10)."""

from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import Life, shop, units
from tests.support.events import Answer, Call, claims, staff

ALICE = claims("alice")


@pytest.fixture
def life(suite: Suite) -> Life:
    """A received order of three teas and a cup of alice's."""
    suite.member("alice")
    shop(suite, tea=6_667, cup=9_950, mug=9_950)
    body = {"lines": [{"sku": "tea", "quantity": 3}, {"sku": "cup", "quantity": 1}]}
    placed = suite.order(ALICE, "k1", body).body
    made = Life(suite, placed["order_id"], placed, {})
    made.pay()
    made.ship()
    made.receive()
    return made


def opened(life: Life, request_id: str, kind: str = "return", **said: Any) -> Answer:
    body = {"request_id": request_id, "kind": kind, "reason": "defective", **said}
    return life.suite.call(Call("POST", f"/orders/{life.order_id}/cases", body, ALICE))


def act(life: Life, case: dict[str, Any], what: str, body: Any = None, who: Any = None) -> Answer:
    return life.suite.call(Call("POST", f"/cases/{case['case_id']}/{what}", body, who or staff()))


def test_A2_a_return_is_asked_for_approved_sent_back_and_received(life: Life) -> None:
    asked = opened(life, "r1", lines=[{"sku": "tea", "quantity": 2}], text="They leak.")
    assert asked.status == 201, asked.body
    case = asked.body
    assert (case["state"], case["lines"]) == ("requested", [{"line_id": "tea", "sku": "tea", "quantity": 2}])
    assert act(life, case, "approve").body["state"] == "approved"
    assert act(life, case, "shipment", {"tracking_no": "SF2"}, ALICE).body["state"] == "shipped_back"
    stock = units(life.suite)
    done = act(life, case, "receive")
    assert (done.status, done.body["state"]) == (200, "closed"), done.body
    assert units(life.suite) == stock + 2
    assert [step["state"] for step in done.body["history"]] == [
        "requested",
        "approved",
        "shipped_back",
        "received",
        "closed",
    ]
    order = life.suite.call(Call("GET", f"/orders/{life.order_id}", None, ALICE)).body
    assert order["refunded_fen"] == done.body["refund_fen"] > 0
    assert done.body["return_shipping_fen"] == 1_200
    assert [refund["amount_fen"] for refund in order["refunds"]] == [done.body["refund_fen"], 1_200]


def test_A7_an_exchange_takes_stock_holds_it_and_hands_it_out(life: Life) -> None:
    case = opened(life, "x1", "exchange", lines=[{"sku": "cup", "quantity": 1, "for": "mug"}]).body
    mugs, cups = units(life.suite, "mug"), units(life.suite, "cup")
    assert act(life, case, "approve").status == 200
    assert units(life.suite, "mug") == mugs - 1
    done = act(life, case, "receive")
    assert done.status == 200, done.body
    assert (units(life.suite, "mug"), units(life.suite, "cup")) == (mugs - 1, cups + 1)
    order = life.suite.call(Call("GET", f"/orders/{life.order_id}", None, ALICE)).body
    assert order["lines"][1]["held"] == {"mug": 1}
    assert order["refunded_fen"] == 0
    back = life.must("returns", {"return_id": "b1", "lines": [{"sku": "cup", "quantity": 1}]})
    assert back["refund_fen"] > 0
    assert (units(life.suite, "mug"), units(life.suite, "cup")) == (mugs, cups + 1)


def test_A4_money_alone_is_due_at_once_and_the_units_are_lost(life: Life) -> None:
    case = opened(life, "m1", "refund_only", lines=[{"sku": "tea", "quantity": 1}]).body
    stock = units(life.suite)
    done = act(life, case, "approve")
    assert (done.status, done.body["state"]) == (200, "closed"), done.body
    assert units(life.suite) == stock
    moves = life.suite.call(Call("GET", "/products/tea/movements", None, staff())).body
    assert [(each["movement_id"], each["delta"]) for each in moves["items"]][:1] == [
        (f"lost:{case['case_id']}", -1)
    ]


def test_A10_figures_count_what_was_opened_answered_and_late_once(life: Life) -> None:
    late = opened(life, "x1", "exchange", lines=[{"sku": "cup", "quantity": 1}]).body
    quick = opened(life, "r1", lines=[{"sku": "tea", "quantity": 1}]).body
    opened(life, "r2", lines=[{"sku": "tea", "quantity": 1}])
    life.suite.pass_time(hours=1)
    assert act(life, quick, "approve").status == 200
    life.suite.pass_time(hours=48)
    assert act(life, late, "approve").status == 200
    assert act(life, late, "withdraw", None, ALICE).status == 200
    answer = life.suite.call(Call("GET", "/reports/cases", None, staff()))
    assert answer.body == {
        "month": "2026-05",
        "opened": {"return": 2, "exchange": 1, "refund_only": 0, "complaint": 0},
        "answered": 2,
        "answer_seconds": 25 * 3_600,
        "overdue": 1,
        "share_overdue": "0.3333",
    }


def test_A10_what_comes_back_is_summed_up_by_sku_page_by_page(life: Life) -> None:
    case = opened(life, "m1", "refund_only", lines=[{"sku": "tea", "quantity": 1}]).body
    assert act(life, case, "approve").status == 200
    life.must("returns", {"return_id": "b1", "lines": [{"sku": "tea", "quantity": 1}]})
    other = life.suite.order(ALICE, "k2", {"lines": [{"sku": "tea", "quantity": 2}]}).body
    assert other["status"] == "placed"  # nobody has received it

    sums: dict[str, tuple[int, ...]] = {}
    cursor, pages = None, 0
    while pages < 5:
        query = {"limit": "1"} | ({} if cursor is None else {"cursor": cursor})
        page = life.suite.call(Call("GET", "/reports/returns", None, staff(), query=query)).body
        for each in page["items"]:
            figures = tuple(each[name] for name in ("received", "returned", "lost", "exchanged"))
            sums[each["sku"]] = figures
        cursor, pages = page["next_cursor"], pages + 1
        if cursor is None:
            break
    assert sums == {"tea": (3, 2, 1, 0), "cup": (1, 0, 0, 0)}
