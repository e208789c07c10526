"""What the shop's people look at: orders by parcel and payment, what falls due by itself, what was sold."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import due_list
from functions.orders.book import OrderBook
from functions.orders.jobs import OrderJobs, tasks
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.platform.deadline import Deadline
from functions.platform.fanout import WorkQueue
from tests.handlers.conftest import Suite
from tests.handlers.test_order_lists import placed
from tests.support.events import Answer, Call, claims, role, staff

CLERK, FINANCE = role("clerk"), role("finance")
KINDS = ("lapse", "receipt", "late")


@pytest.fixture
def shop(suite: Suite) -> Suite:
    """A shop with tea, alice and bob."""
    suite.stocked(100)
    for who in ("alice", "bob"):
        suite.member(who)
    return suite


def asked(suite: Suite, path: str, who: dict[str, str] = FINANCE, **query: Any) -> Answer:
    """Ask for a page of a list."""
    return suite.call(Call("GET", path, None, who, query=query))


def walked(suite: Suite, path: str, limit: int = 100, **query: Any) -> list[dict[str, Any]]:
    """Return all items of a list, page by page."""
    found: list[dict[str, Any]] = []
    cursor: dict[str, Any] = {}
    for _ in range(1_000):
        answer = asked(suite, path, limit=str(limit), **query, **cursor)
        assert answer.status == 200, answer.body
        assert len(answer.body["items"]) <= limit
        found += answer.body["items"]
        if answer.body["next_cursor"] is None:
            return found
        cursor = {"cursor": answer.body["next_cursor"]}
    raise AssertionError("a list without an end")


def found(suite: Suite, limit: int = 100, **query: Any) -> list[str]:
    """Return the ids of the orders that a search finds."""
    return [each["order_id"] for each in walked(suite, "/orders/search", limit, **query)]


def ship(suite: Suite, order_id: str, **told: Any) -> None:
    """Record a shipment, or correct it."""
    answer = suite.call(Call("POST", f"/orders/{order_id}/shipment", told, staff()))
    assert answer.status == 200, answer.body


def run(suite: Suite, job: str) -> None:
    """Run a job on orders to its end."""
    book = OrderBook.of(suite.tables, suite.settings, suite.policy)
    worker = OrderJobs(book, suite.runs, WorkQueue(suite.queue, "work"))  # type: ignore[arg-type]
    for task in tasks(job, suite.now):
        worker.work(task, Deadline(20))


@pytest.mark.parametrize("pasted", ["SF-1234", "sf-1234", "  sf-1234\t", "SF- 12 34", "ＳＦ－１２３４"])
def test_K8_an_order_is_found_by_its_tracking_number_however_it_is_pasted(shop: Suite, pasted: str) -> None:
    order_id = placed(shop, "k1", "payment")
    other = placed(shop, "k2", "payment")
    ship(shop, order_id, tracking_no="Sf-1234", carrier="SF")
    ship(shop, other, tracking_no="SF-12345")
    assert found(shop, tracking_no=pasted) == [order_id]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_K8_several_orders_of_one_parcel_are_all_found_newest_first(shop: Suite, limit: int) -> None:
    order_ids = [placed(shop, f"k{number}", "payment") for number in range(5)]
    for order_id in order_ids:
        ship(shop, order_id, tracking_no="SF1")
    assert found(shop, limit, tracking_no="SF1") == order_ids[::-1]


def test_K8_a_corrected_tracking_number_is_found_and_the_former_one_is_not(shop: Suite) -> None:
    order_id = placed(shop, "k1", "payment")
    ship(shop, order_id, tracking_no="SF1")
    ship(shop, order_id, tracking_no="SF2")
    assert (found(shop, tracking_no="SF1"), found(shop, tracking_no="SF2")) == ([], [order_id])
    ship(shop, order_id, carrier="SF")
    assert found(shop, tracking_no="SF2") == [order_id]
    ship(shop, order_id, tracking_no=None)
    assert found(shop, tracking_no="SF2") == []


def test_K8_a_parcel_is_found_when_it_has_been_received_and_come_back(shop: Suite) -> None:
    order_id = placed(shop, "k1", "payment")
    ship(shop, order_id, tracking_no="SF1")
    for step, body in (
        ("receipt", None),
        ("returns", {"return_id": "r", "lines": [{"sku": "tea", "quantity": 1}]}),
    ):
        assert shop.call(Call("POST", f"/orders/{order_id}/{step}", body, staff())).status == 200
        assert found(shop, tracking_no="SF1") == [order_id]


def test_K8_an_order_is_found_by_the_id_of_each_payment_that_was_recorded_for_it(shop: Suite) -> None:
    order_id = placed(shop, "k1", "payment")
    for payment_id in ("twice", "stripe:pi_1"):
        body = {"payment_id": payment_id, "amount_fen": 1, "received": True}
        assert shop.call(Call("POST", f"/orders/{order_id}/payment", body, staff())).status == 200
    for payment_id in ("p-alice-k1", " twice ", "stripe:pi_1", "pi_1"):
        assert found(shop, payment_id=payment_id) == [order_id]
    for payment_id in ("TWICE", "alipay:pi_1", "nothing", order_id):
        assert found(shop, payment_id=payment_id) == []


def test_K8_a_search_by_payment_has_one_page_and_no_cursor_is_of_it(shop: Suite) -> None:
    placed(shop, "k1")
    placed(shop, "k2")
    cursor = asked(shop, "/orders/search", limit="1").body["next_cursor"]
    assert cursor
    queries: tuple[dict[str, Any], ...] = ({"payment_id": "p"}, {"tracking_no": "SF1"})
    for query in queries:
        answer = asked(shop, "/orders/search", cursor=cursor, **query)
        assert (answer.status, answer.body["code"]) == (400, "invalid_cursor")


def test_K8_a_cursor_of_one_tracking_number_is_none_of_another(shop: Suite) -> None:
    for number in range(2):
        order_id = placed(shop, f"k{number}", "payment")
        ship(shop, order_id, tracking_no="SF1")
    cursor = asked(shop, "/orders/search", limit="1", tracking_no="SF1").body["next_cursor"]
    assert asked(shop, "/orders/search", tracking_no="sf 1", cursor=cursor).status == 200
    assert asked(shop, "/orders/search", tracking_no="SF2", cursor=cursor).status == 400


@pytest.mark.parametrize("alone", ["tracking_no", "payment_id"])
@pytest.mark.parametrize(
    ("name", "value"),
    [("status", "paid"), ("since", "2026-05-01T00:00:00Z"), ("before", "2026-05-01T00:00:00Z")],
)
def test_K8_what_is_sought_stands_without_any_other_filter(
    shop: Suite, alone: str, name: str, value: str
) -> None:
    answer = asked(shop, "/orders/search", **dict[str, Any]({alone: "x", name: value}))
    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [each["field"] for each in answer.body["errors"]] == [name]


def test_K8_two_things_are_not_sought_at_once(shop: Suite) -> None:
    answer = asked(shop, "/orders/search", tracking_no="x", payment_id="y")
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "payment_id")


@pytest.mark.parametrize("value", ["", " ", "é", "x" * 256, "a\u0000b", "单号"])
@pytest.mark.parametrize("name", ["tracking_no", "payment_id"])
def test_K8_what_can_be_no_number_is_refused(shop: Suite, name: str, value: str) -> None:
    answer = asked(shop, "/orders/search", **dict[str, Any]({name: value}))
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, name)


def waiting(suite: Suite, kind: str, count: int) -> list[str]:
    """Let orders wait for what will happen to them, a minute apart, two of them at the same time."""
    found = []
    for number in range(count):
        steps = () if kind == "lapse" else ("payment", "shipment")
        found.append(placed(suite, f"{kind}{number}", *steps, who=("alice", "bob")[number % 2]))
        if number == 0:
            suite.pass_time(minutes=-1)
    return found


AFTER = {"lapse": timedelta(minutes=30), "receipt": timedelta(days=10), "late": timedelta(days=3)}
JOBS = {"lapse": LAPSE_UNPAID, "receipt": AUTO_RECEIPT, "late": LOOK_FOR_PARCELS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_K8_what_falls_due_is_listed_by_when_it_does(shop: Suite, kind: str, limit: int) -> None:
    begun = shop.now
    order_ids = waiting(shop, kind, 7)
    for other in set(KINDS) - {kind, "late" if kind == "receipt" else "receipt"}:
        assert walked(shop, "/orders/due", kind=other) == []
    listed = walked(shop, "/orders/due", limit, kind=kind)
    ids = [each["order"]["order_id"] for each in listed]
    assert (set(ids[:2]), ids[2:]) == (set(order_ids[:2]), order_ids[2:])
    assert {each["kind"] for each in listed} == {kind}
    at = (begun + AFTER[kind]).astimezone(shop.policy.zone).isoformat(timespec="seconds")
    assert [each["due_at"] for each in listed[:2]] == [at, at]


@pytest.mark.parametrize("kind", KINDS)
def test_K8_what_has_happened_is_not_due_any_more_whether_or_not_the_job_has_run(
    shop: Suite, kind: str
) -> None:
    first, second, third = waiting(shop, kind, 3)
    shop.now += AFTER[kind] - timedelta(minutes=2)
    assert [each["order"]["order_id"] for each in walked(shop, "/orders/due", kind=kind)] == [third]
    run(shop, JOBS[kind])
    assert [each["order"]["order_id"] for each in walked(shop, "/orders/due", kind=kind)] == [third]
    shop.pass_time(minutes=5)
    assert walked(shop, "/orders/due", kind=kind) == []
    assert {first, second} != {third}


@pytest.mark.parametrize(
    ("kind", "step"),
    [("lapse", "cancel"), ("receipt", "receipt"), ("receipt", "refusal"), ("late", "receipt")],
)
def test_K8_an_order_that_went_on_is_left_out(shop: Suite, kind: str, step: str) -> None:
    gone, stays = waiting(shop, kind, 2)
    assert shop.call(Call("POST", f"/orders/{gone}/{step}", None, staff())).status == 200
    assert [each["order"]["order_id"] for each in walked(shop, "/orders/due", 1, kind=kind)] == [stays]


def test_K8_a_cursor_that_time_has_passed_goes_on_with_what_is_still_due(shop: Suite) -> None:
    order_ids = waiting(shop, "lapse", 5)
    cursor = asked(shop, "/orders/due", kind="lapse", limit="1").body["next_cursor"]
    shop.now += timedelta(minutes=27)  # the last two were placed 29 and 28 minutes ago
    page = asked(shop, "/orders/due", kind="lapse", limit="100", cursor=cursor).body
    assert [each["order"]["order_id"] for each in page["items"]] == order_ids[3:]


def test_K8_more_orders_of_one_second_than_a_list_can_put_in_order_are_an_error_and_not_skipped(
    shop: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_list, "DUE_SHARDS", 1)
    monkeypatch.setattr("functions.orders.rows.DUE_SHARDS", 1)
    monkeypatch.setattr(due_list, "SECOND_ROWS_MAX", 1)
    for number in range(3):
        placed(shop, f"k{number}")
        shop.pass_time(minutes=-1)
    assert asked(shop, "/orders/due", kind="lapse", limit="1").status == 500


@pytest.mark.parametrize("query", [{}, {"kind": ""}, {"kind": "LAPSE"}, {"kind": "lost"}])
def test_K8_the_due_list_is_of_one_kind(shop: Suite, query: dict[str, Any]) -> None:
    answer = asked(shop, "/orders/due", **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, "kind")


@pytest.mark.parametrize("kind", KINDS)
def test_K7_the_due_list_is_the_clerks_and_finances(shop: Suite, kind: str) -> None:
    statuses = {
        name: asked(shop, "/orders/due", who, kind=kind).status
        for name, who in {
            **{name: role(name) for name in ("clerk", "marketing", "finance", "admin")},
            "member": claims("alice"),
        }.items()
    }
    assert statuses == {"clerk": 200, "marketing": 403, "finance": 200, "admin": 200, "member": 403}


def test_K1_sales_of_a_day_add_up_to_what_was_paid(shop: Suite) -> None:
    placed(shop, "k1", "payment")
    cancelled = placed(shop, "k2", "payment")
    assert shop.call(Call("POST", f"/orders/{cancelled}/cancel", None, staff())).status == 200
    placed(shop, "k3", "cancel")
    placed(shop, "k4")  # lapses
    shop.pass_time(days=1)
    placed(shop, "k5", "payment", "shipment", "receipt", "returns")
    (today, yesterday) = walked(shop, "/reports/sales")
    assert today == {
        "date": "2026-05-02",
        "placed_orders": 1,
        "paid_orders": 1,
        "cancelled_orders": 0,
        "lapsed_orders": 0,
        "list_fen": 9_950,
        "discount_fen": 0,
        "shipping_fen": 1_000,
        "points_value_fen": 0,
        "paid_fen": 10_950,
        "refunded_fen": 10_950,
        "redeemed_points": 0,
    }
    counts = {name: each for name, each in yesterday.items() if name.endswith("_orders")}
    assert counts == {"placed_orders": 4, "paid_orders": 2, "cancelled_orders": 2, "lapsed_orders": 1}
    assert (yesterday["paid_fen"], yesterday["refunded_fen"]) == (21_900, 10_950)


def test_K1_discount_and_points_are_what_lies_between_list_price_and_payment(shop: Suite) -> None:
    shop.call(
        Call("PUT", "/products/cup", {"name": "Cup", "price_fen": 12_900, "member_zone": True}, staff())
    )
    movement = {"movement_id": "c", "delta": 9, "reason": "delivery"}
    assert shop.call(Call("POST", "/products/cup/stock", movement, staff())).status == 200
    adjustment = {"adjustment_id": "a", "points": 2_000, "reason": "sorry"}
    assert shop.call(Call("POST", "/members/alice/points/adjustments", adjustment, staff())).status == 200
    shop.now += timedelta(days=9)  # the member day
    cart = {"lines": [{"sku": "cup", "quantity": 2}], "points": 2_000}
    order = shop.order(claims("alice"), "k1", cart).body
    payment = {"payment_id": "p", "amount_fen": order["paid_fen"]}
    assert shop.call(Call("POST", f"/orders/{order['order_id']}/payment", payment, staff())).status == 200
    (day,) = walked(shop, "/reports/sales", date="2026-05-10")
    assert day["list_fen"] - day["discount_fen"] == order["quote"]["goods_fen"]
    assert (day["points_value_fen"], day["redeemed_points"]) == (400, 2_000)
    left = day["list_fen"] - day["discount_fen"] + day["shipping_fen"] - day["points_value_fen"]
    assert left == day["paid_fen"] == order["paid_fen"]


def test_K1_a_day_of_sales_is_the_stores_and_its_pages_add_up(shop: Suite) -> None:
    shop.now += timedelta(hours=11, minutes=58)  # 23:58 in the store
    for number in range(4):
        placed(shop, f"k{number}", "payment")
    for day, count in (("2026-05-01", 2), ("2026-05-02", 2), ("2026-05-03", 0)):
        pages = walked(shop, "/reports/sales", 1, date=day)
        assert sum(each["placed_orders"] for each in pages) == count
        assert {each["date"] for each in pages} <= {day}
    whole = walked(shop, "/reports/sales", since="2026-05-01T16:00:00Z")
    assert [each["placed_orders"] for each in whole] == [2]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"date": "2026-02-30"}, "date"),
        ({"date": "today"}, "date"),
        ({"date": "2026-05-01", "since": "2026-05-01T00:00:00Z"}, "since"),
        ({"date": "2026-05-01", "before": "2026-05-01T00:00:00Z"}, "before"),
        ({"date": "0001-01-01"}, "date"),
        ({"date": "9999-12-31"}, "date"),
        ({"date": "1970-01-01"}, None),
        ({"date": "9998-12-31"}, None),
    ],
)
def test_K1_a_day_stands_alone_and_is_one(shop: Suite, query: dict[str, Any], field: str | None) -> None:
    answer = asked(shop, "/reports/sales", **query)
    if field is None:
        assert (answer.status, answer.body["items"]) == (200, [])
    else:
        assert (answer.status, answer.body["errors"][0]["field"]) == (422, field)


def test_K7_sales_are_finances(shop: Suite) -> None:
    for name, status in (("clerk", 403), ("marketing", 403), ("finance", 200), ("admin", 200)):
        assert asked(shop, "/reports/sales", role(name)).status == status
