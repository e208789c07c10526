"""Orders are found by their parcels: the index that may be behind, and the job for those from before (K8)."""

import pytest

from functions.orders import jobs, parcels
from functions.orders.lists import OrderLists
from functions.orders.parcels import SEGMENTS
from functions.orders.rows import ORDER, key
from functions.orders.timetable import INDEX_PARCELS
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from tests.support.bench import Bench
from tests.support.events import staff
from tests.support.faults import SERVER_ERROR, Calls
from tests.support.orders import OrderWorkers
from tests.support.shop import NOON


def shipped(bench: Bench, name: str, number: str | None) -> str:
    """Return the id of a new order whose parcel has this number."""
    order_id = bench.placed(name)
    assert bench.pay(order_id, name).done
    body = None if number is None else {"tracking_no": number}
    bench.must("POST", f"/orders/{order_id}/shipment", body, who=staff())
    return order_id


def row_of(bench: Bench, order_id: str) -> Row:
    """Return an order's row."""
    row = bench.tables.get(bench.settings.orders_table, key(order_id))
    assert row is not None
    return row


def put(bench: Bench, row: Row) -> None:
    """Put an order's row behind the programme's back."""
    bench.tables.put(bench.settings.orders_table, row)


def as_of_before(bench: Bench, *order_ids: str) -> None:
    """Let orders stand as those do that were shipped before anybody could find them."""
    for order_id in order_ids:
        put(bench, {name: value for name, value in row_of(bench, order_id).items() if name != "tracking"})


def found(bench: Bench, number: str) -> set[str]:
    """Return the ids of the orders that are found by a number."""
    lists = OrderLists.of(bench.tables, bench.settings, bench.shop.policy)
    orders, position = lists.tracked(number, now=bench.now, limit=100, after=None, deadline=Deadline(20))
    assert position is None
    return {order.order_id for order in orders}


def of_all_kinds(bench: Bench) -> set[str]:
    """Let there be orders of before, under a wrong number, of today, and without; who is to be found."""
    order_ids = [shipped(bench, f"k{number}", "sf1") for number in range(5)]
    as_of_before(bench, *order_ids[:3])
    put(bench, row_of(bench, order_ids[3]) | {"tracking": "SF2"})
    shipped(bench, "none", None)
    bench.placed("waits")
    return set(order_ids)


def test_K8_an_order_of_before_is_found_once_it_is_written_again(bench: Bench) -> None:
    order_id = shipped(bench, "k1", "SF1")
    as_of_before(bench, order_id)
    assert found(bench, "SF1") == set()
    bench.must("POST", f"/orders/{order_id}/receipt")
    assert found(bench, "SF1") == {order_id}


def test_case_24_an_index_that_is_behind_shows_no_order_under_a_former_number(bench: Bench) -> None:
    order_id = shipped(bench, "k1", "SF1")
    put(bench, row_of(bench, order_id) | {"tracking_no": "SF2"})
    assert found(bench, "SF1") == set()


def test_K8_a_shipment_that_fails_leaves_nothing_in_the_index(bench: Bench, calls: Calls) -> None:
    order_id = bench.placed("k1")
    assert bench.pay(order_id, "k1").done
    calls.fail("TransactWriteItems", *[SERVER_ERROR] * 1_000)
    answer = bench.ask("POST", f"/orders/{order_id}/shipment", {"tracking_no": "SF1"}, who=staff())
    assert answer.status == 503
    calls.faults.clear()
    assert found(bench, "SF1") == set()


def orders(bench: Bench) -> dict[str, str]:
    """Return all orders' rows."""
    return {name[1]: row for name, row in bench.dump().items() if name[0] == "Orders" and name[2] == ORDER}


def test_K8_the_job_lets_every_parcel_be_found_and_done_again_it_writes_nothing(
    bench: Bench, calls: Calls
) -> None:
    wanted = of_all_kinds(bench)
    workers = OrderWorkers(bench.shop)
    before = orders(bench)
    assert workers.do(INDEX_PARCELS, NOON) == []
    assert found(bench, "SF1") == wanted
    assert found(bench, "SF2") == set()
    after = orders(bench)
    assert sum(after[order_id] != before[order_id] for order_id in after) == 4
    writes = calls.sent.count("PutItem")
    assert workers.do(INDEX_PARCELS, NOON) == []
    assert calls.sent.count("PutItem") - writes == 1 + SEGMENTS, "that it began, and that each part has ended"
    assert orders(bench) == after


def test_case_34_the_job_in_many_pages_delivered_twice_and_failing_does_the_same(
    bench: Bench, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcels, "SCAN_ROWS", 1)
    wanted = of_all_kinds(bench)
    workers = OrderWorkers(bench.shop)
    workers.start(INDEX_PARCELS, NOON)
    calls.fail("PutItem", *[SERVER_ERROR] * 5)
    assert workers.run(copies=2) == []
    assert found(bench, "SF1") == wanted


@pytest.mark.parametrize("number", ["SF9", None])
def test_K8_the_job_does_not_bring_back_a_number_that_was_corrected_meanwhile(
    bench: Bench, calls: Calls, monkeypatch: pytest.MonkeyPatch, number: str | None
) -> None:
    monkeypatch.setattr(jobs, "SEGMENTS", 1)  # so that the first row written is the order's
    order_id = shipped(bench, "k1", "SF1")
    as_of_before(bench, order_id)
    workers = OrderWorkers(bench.shop)
    workers.start(INDEX_PARCELS, NOON)

    def correct() -> None:
        bench.must("POST", f"/orders/{order_id}/shipment", {"tracking_no": number}, who=staff())

    calls.do_before("PutItem", correct)
    assert workers.run() == []
    assert found(bench, "SF1") == set()
    assert found(bench, "SF9") == ({order_id} if number else set())
    assert row_of(bench, order_id).get("tracking") == number
