"""Lists of orders: a member's by status and time, and for staff those of any member and of all."""

from datetime import timedelta
from typing import Any

import pytest

from functions.orders import lists as order_lists
from functions.orders.orders import Status
from tests.handlers.conftest import Suite
from tests.support.events import Answer, Call, claims, staff

Names = list[str]


@pytest.fixture
def shop(suite: Suite) -> Suite:
    """A shop with tea, alice and bob."""
    suite.stocked(100)
    for who in ("alice", "bob"):
        suite.member(who)
    return suite


def placed(suite: Suite, key: str, *steps: str, who: str = "alice") -> str:
    """Let an order go through these steps, and a minute pass after it was placed."""
    order = suite.order(claims(who), key).body
    order_id: str = order["order_id"]
    bodies = {
        "payment": {"payment_id": f"p-{who}-{key}", "amount_fen": order["paid_fen"]},
        "returns": {"return_id": "r", "lines": [{"sku": "tea", "quantity": 1}]},
    }
    for step in steps:
        body = bodies.get(step)
        assert suite.call(Call("POST", f"/orders/{order_id}/{step}", body, staff())).status == 200, step
    suite.pass_time(minutes=1)
    return order_id


def all_statuses(suite: Suite) -> dict[str, str]:
    """Place an order for each status but those that come by themselves; return their ids by status."""
    return {
        "returned": placed(suite, "k1", "payment", "shipment", "receipt", "returns"),
        "refused": placed(suite, "k2", "payment", "shipment", "refusal"),
        "received": placed(suite, "k3", "payment", "shipment", "receipt"),
        "cancelled": placed(suite, "k4", "cancel"),
        "shipped": placed(suite, "k5", "payment", "shipment"),
        "paid": placed(suite, "k6", "payment"),
        "placed": placed(suite, "k7"),
    }


def page(suite: Suite, path: str = "/orders", who: dict[str, str] | None = None, **query: Any) -> Answer:
    """Ask for a page of orders: of alice's own, or by staff."""
    return suite.call(
        Call("GET", path, None, who or (claims("alice") if path == "/orders" else staff()), query=query)
    )


def ids(suite: Suite, path: str = "/orders", limit: int = 2, **query: Any) -> Names:
    """Return the ids of a list, page by page."""
    found: Names = []
    cursor: dict[str, Any] = {}
    for _ in range(1000):
        answered = page(suite, path, limit=str(limit), **query, **cursor).body
        assert len(answered["items"]) <= limit
        found += [each["order_id"] for each in answered["items"]]
        if answered["next_cursor"] is None:
            return found
        cursor = {"cursor": answered["next_cursor"]}
    raise AssertionError("a list without an end")


LISTS = ("/orders", "/members/alice/orders", "/orders/search")


@pytest.mark.parametrize("path", LISTS)
def test_orders_are_listed_by_the_status_that_they_have(shop: Suite, path: str) -> None:
    by_status = all_statuses(shop)
    assert ids(shop, path) == list(by_status.values())[::-1]
    for status, order_id in by_status.items():
        assert ids(shop, path, status=status) == [order_id]
    assert ids(shop, path, status="lapsed") == []


@pytest.mark.parametrize("path", LISTS)
def test_O2_O3_a_status_is_the_one_that_an_order_reads_as_before_a_job_has_written_it(
    shop: Suite, path: str
) -> None:
    by_status = all_statuses(shop)
    shop.now += timedelta(minutes=28) - timedelta(seconds=1)  # placed 29 minutes and 59 seconds ago
    assert (ids(shop, path, status="placed"), ids(shop, path, status="lapsed")) == ([by_status["placed"]], [])
    shop.pass_time(minutes=1, seconds=1)
    assert ids(shop, path, status="placed") == []
    assert ids(shop, path, status="lapsed") == [by_status["placed"]]
    shop.pass_time(days=10)
    assert ids(shop, path, status="shipped") == []
    assert ids(shop, path, status="received") == [by_status["shipped"], by_status["received"]]
    (order, _) = page(shop, path, status="received").body["items"]
    assert (order["status"], order["received_at"]) == ("received", "2026-05-11T12:04:00+08:00")


@pytest.mark.parametrize("path", LISTS)
def test_orders_are_listed_by_the_time_they_were_placed(shop: Suite, path: str) -> None:
    order_ids = [placed(shop, f"k{number}") for number in range(5)]
    assert ids(shop, path, since="2026-05-01T12:01:00+08:00") == order_ids[:0:-1]
    assert ids(shop, path, before="2026-05-01T04:03:00Z") == order_ids[2::-1]
    span: dict[str, Any] = {"since": "2026-05-01T04:01:00Z", "before": "2026-05-01T04:03:00Z"}
    assert ids(shop, path, **span) == [order_ids[2], order_ids[1]]
    assert ids(shop, path, **span, status="placed") == [order_ids[2], order_ids[1]]
    assert ids(shop, path, **span, status="paid") == []
    assert ids(shop, path, since=span["before"], before=span["since"]) == []


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize(
    "query", [{"status": "nonsense"}, {"status": ""}, {"status": "PAID"}, {"since": "yesterday"}]
)
def test_what_cannot_be_asked_is_refused(shop: Suite, path: str, query: dict[str, Any]) -> None:
    answer = page(shop, path, **query)
    assert (answer.status, answer.body["errors"][0]["field"]) == (422, next(iter(query)))


def test_a_search_shows_the_orders_of_all_members_newest_first(shop: Suite) -> None:
    order_ids = [placed(shop, f"k{number}", who=("alice", "bob")[number % 2]) for number in range(9)]
    for limit in (1, 4, 100):
        assert ids(shop, "/orders/search", limit) == order_ids[::-1]
    assert ids(shop) == order_ids[::-2]


def test_orders_of_the_same_second_are_all_found(shop: Suite) -> None:
    for number in range(7):
        placed(shop, f"k{number}")
        shop.pass_time(minutes=-1)
    found = ids(shop)
    assert len(set(found)) == 7
    assert found == ids(shop, "/orders/search") == ids(shop, "/orders/search", 1, status="placed")


def test_a_page_that_looked_at_many_orders_in_vain_goes_on_by_its_cursor(
    shop: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order_lists, "LOOKED_AT_MAX", 6)
    monkeypatch.setattr(order_lists, "STEP_ORDERS", 3)
    wanted = placed(shop, "k0", "cancel")
    for number in range(1, 9):
        placed(shop, f"k{number}")
    first = page(shop, limit="2", status="cancelled").body
    assert first["items"] == []
    second = page(shop, limit="2", status="cancelled", cursor=first["next_cursor"]).body
    assert ([each["order_id"] for each in second["items"]], second["next_cursor"]) == ([wanted], None)
    assert ids(shop, status="placed") == ids(shop, "/orders/search", status="placed")
    assert len(ids(shop, status="placed")) == 8


def test_staff_see_a_members_orders_and_nobody_else_does(shop: Suite) -> None:
    order_id = placed(shop, "k1", who="bob")
    assert ids(shop, "/members/bob/orders") == [order_id]
    assert ids(shop, "/members/alice/orders") == []
    assert page(shop, "/members/nobody/orders").code == "member_not_found"
    for path in ("/members/bob/orders", "/orders/search"):
        assert page(shop, path, claims("bob")).code == "forbidden"


def test_the_orders_of_an_erased_member_can_still_be_listed(shop: Suite) -> None:
    order_id = placed(shop, "k1", "cancel")
    for who in ("alice", "bob"):
        assert shop.call(Call("DELETE", f"/members/{who}", None, staff())).status == 200
    assert ids(shop, "/members/alice/orders") == [order_id]
    assert ids(shop, "/members/bob/orders") == []


def test_a_cursor_belongs_to_its_list_and_its_filter(shop: Suite) -> None:
    for number in range(3):
        placed(shop, f"k{number}")
    lists: list[tuple[str, dict[str, Any]]] = [
        ("/orders/search", {}),
        ("/orders/search", {"status": "placed"}),
        ("/orders/search", {"since": "2026-05-01T04:00:00Z"}),
        ("/orders/search", {"before": "2026-06-01T04:00:00Z"}),
        ("/members/alice/orders", {}),
        ("/members/bob/orders", {}),
    ]
    for path, query in lists[:-1]:
        cursor = page(shop, path, limit="1", **query).body["next_cursor"]
        for other, asked in lists:
            status = page(shop, other, limit="1", cursor=cursor, **asked).status
            assert status == (200 if (other, asked) == (path, query) else 400), (path, query, other, asked)


def test_every_status_has_its_place_in_the_index_of_orders_by_status(shop: Suite) -> None:
    by_status = all_statuses(shop)
    for status in set(Status) - {Status.LAPSED}:
        row = shop.tables.get(shop.settings.orders_table, {"order_id": by_status[status], "item": "ORDER"})
        assert row is not None
        assert row["status_shard"].partition("#")[0] == status
