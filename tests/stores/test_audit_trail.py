"""The record of what staff write is part of its transaction, whatever happens to that (K7)."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from functions.domain.errors import ConflictError, TryAgainError
from functions.platform import deadline
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    ROW_SECONDS_MAX,
    STAFF_ACTIONS_MAX,
    TRANSACTION_ACTIONS_MAX,
    ConditionFailedError,
    Key,
    OutcomeUnknownError,
    Row,
    Tables,
    from_item,
)
from functions.platform.settings import Settings
from functions.platform.trail import RECORD, Trail, following, kept_out
from tests.stores.test_offers_room import ALL_LIMITS, LINES, SKUS, WHOLE, most_actions
from tests.support.accounts import hold_points
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    ROW_CONFLICT,
    SENDS_OF_THE_SDK,
    THROTTLED,
    Calls,
    cancelled,
)
from tests.support.offering import of
from tests.support.offers_shop import OffersShop, amount_off, discount, saving
from tests.support.threads import at_once

SHANGHAI = ZoneInfo("Asia/Shanghai")
TEA = {"sku": "tea", "item": "PRODUCT"}


@pytest.fixture
def trail(settings: Settings) -> Trail:
    """The trail of a clerk's request."""
    return Trail(
        table=settings.audit_table,
        zone=SHANGHAI,
        operation="put_product",
        route="PUT /products/{sku}",
        operator="clerk",
        operator_name="erin",
        service=False,
        roles=["clerk"],
        ids={"sku": "tea"},
        request_id="request-1",
        address="203.0.113.7",
    )


def records(rows: Tables, settings: Settings) -> list[Row]:
    """Return all records."""
    found = rows.client.scan(TableName=settings.audit_table)["Items"]
    return [row for row in map(from_item, found) if row["item"] == RECORD]


SINGLES: dict[str, Callable[[Tables, str, Key], Any]] = {
    "put_new": lambda rows, table, key: rows.put_new(table, {**key, "version": 1}),
    "put_if": lambda rows, table, key: rows.put_if(table, {**key, "version": 2}, version=1),
    "put_newer": lambda rows, table, key: rows.put_newer(table, {**key, "version": 1, "at": "1"}, by="at"),
    "put": lambda rows, table, key: rows.put(table, {**key, "version": 1, "said": "again"}),
    "change": lambda rows, table, key: rows.change(
        table,
        key,
        expression="SET #said = :said",
        condition="attribute_exists(#version) AND (attribute_not_exists(#said) OR #said <> :said)",
        values={":said": "so"},
    ),
    "upsert": lambda rows, table, key: rows.upsert(
        table, key, replace={"name": "Tea"}, initially={"stock": 0}, counting="terms"
    ),
}
"""Every way in which a single row is written."""


@pytest.mark.parametrize(
    "before", [{}, {"version": 1}, {"version": 1, "name": "Tea", "stock": 3, "terms": 7}]
)
@pytest.mark.parametrize("way", SINGLES)
def test_K7_a_single_row_that_staff_write_is_the_same_and_says_the_same_with_its_record(
    rows: Tables, settings: Settings, trail: Trail, way: str, before: Row
) -> None:
    table = settings.catalog_table
    plain, followed = {**TEA, "sku": "plain"}, {**TEA, "sku": "followed"}
    for key in (plain, followed):
        if before:
            rows.put(table, {**key, **before})
    said = SINGLES[way](rows, table, plain)
    assert records(rows, settings) == []
    was = rows.get(table, followed)
    with following(trail):
        also_said = SINGLES[way](rows, table, followed)
    assert _but_for_skus(also_said) == _but_for_skus(said)
    assert _but_for_skus(rows.get(table, followed)) == _but_for_skus(rows.get(table, plain))
    assert len(records(rows, settings)) == (rows.get(table, followed) != was)


def _but_for_skus(said: Any) -> Any:
    """Return what was said, or a row, whatever its sku is."""
    if isinstance(said, tuple):
        return tuple(map(_but_for_skus, said))
    return {name: each for name, each in said.items() if name != "sku"} if isinstance(said, dict) else said


@pytest.mark.parametrize("way", ["put_new", "put_if", "change", "upsert"])
def test_K7_a_single_row_whose_write_is_not_heard_of_is_503_and_its_record_is_there_if_it_is(
    rows: Tables, settings: Settings, calls: Calls, trail: Trail, way: str
) -> None:
    table = settings.catalog_table
    if way != "put_new":
        rows.put(table, {**TEA, "version": 1})
    for fault, there in ((RESET_BEFORE, 0), (LOST_AFTER, 1)):
        calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK)
        with following(trail):
            try:
                SINGLES[way](rows, table, TEA)
            except TryAgainError:
                assert way != "upsert" or fault is RESET_BEFORE
            else:
                assert way == "upsert"  # it reads again what has come of it
        if not (way == "upsert" and fault is RESET_BEFORE):
            assert len(records(rows, settings)) == (1 if way == "upsert" else there)


def test_K7_what_is_put_over_itself_again_by_one_request_has_one_record(
    rows: Tables, settings: Settings, trail: Trail
) -> None:
    with following(trail):
        for _ in range(3):
            rows.put(settings.catalog_table, {**TEA, "said": "so"})
    assert len(records(rows, settings)) == 1
    with following(trail):
        rows.put(settings.catalog_table, {**TEA, "said": "otherwise"})
    with following(replace(trail, request_id="request-2")):
        rows.put(settings.catalog_table, {**TEA, "said": "so"})
    assert len(records(rows, settings)) == 3
    assert rows.get(settings.catalog_table, TEA) == {**TEA, "said": "so"}


def test_K7_back_and_forth_leaves_a_record_each_time(rows: Tables, settings: Settings, trail: Trail) -> None:
    """What says the same as before is another fact if something else was said between."""
    for number, name in enumerate(("Tea", "Cup", "Tea", "Cup")):
        with following(replace(trail, request_id=f"request-{number}")):
            rows.upsert(settings.catalog_table, TEA, replace={"name": name}, initially={}, counting="terms")
        assert len(records(rows, settings)) == number + 1


def test_K7_what_took_its_time_to_be_read_is_written_all_the_same(
    rows: Tables, settings: Settings, trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A first request reads while the function is still warming up: the row's time is that of its writing."""
    now, get = [0.0], Tables.get

    def slow(self: Tables, table: str, key: Key) -> Row | None:
        now[0] += 2 * ROW_SECONDS_MAX
        return get(self, table, key)

    monkeypatch.setattr(Tables, "get", slow)
    monkeypatch.setattr(deadline, "time", SimpleNamespace(monotonic=lambda: now[0]))
    with following(trail):
        row, new = rows.upsert(
            settings.catalog_table, TEA, replace={"name": "Tea"}, initially={}, counting="terms"
        )
    assert (row["name"], new) == ("Tea", True)
    assert len(records(rows, settings)) == 1


def test_K7_housekeeping_leaves_no_record_and_what_follows_it_does(
    rows: Tables, settings: Settings, trail: Trail
) -> None:
    with following(trail):
        with kept_out():
            rows.put(settings.catalog_table, {**TEA, "said": "so"})
        assert records(rows, settings) == []
        rows.put(settings.catalog_table, {**TEA, "said": "otherwise"})
    rows.put(settings.catalog_table, {**TEA, "said": "so"})
    assert len(records(rows, settings)) == 1


def test_K7_what_refuses_a_transaction_is_told_of_its_own_actions_only(
    rows: Tables, settings: Settings, trail: Trail
) -> None:
    rows.put(settings.catalog_table, {**TEA, "version": 1})
    transaction = rows.transaction()
    transaction.put_new(settings.catalog_table, {"sku": "cup", "item": "PRODUCT"})
    transaction.put_new(settings.catalog_table, {**TEA, "version": 1})
    with following(trail), pytest.raises(ConditionFailedError) as failed:
        transaction.commit(Deadline(20))
    assert failed.value.rows == [None, {**TEA, "version": 1}]
    assert records(rows, settings) == []


def test_K7_who_is_in_the_way_of_a_record_is_in_the_way_of_no_row(
    rows: Tables, settings: Settings, calls: Calls, trail: Trail
) -> None:
    calls.fail(
        "TransactWriteItems",
        cancelled("None", "TransactionConflict", "None"),
        cancelled("TransactionConflict", "None", "None"),
        cancelled("None", "ThrottlingError", "None"),
    )
    transaction = rows.transaction()
    transaction.update(settings.catalog_table, TEA, expression="SET #a = :a", condition="", values={":a": 1})
    with following(trail):
        transaction.commit(Deadline(20))
    assert transaction.conflicts_on(settings.catalog_table, TEA) == 1
    assert len(records(rows, settings)) == 1


def test_K7_where_the_record_is_never_free_nothing_is_written(
    rows: Tables, settings: Settings, calls: Calls, trail: Trail
) -> None:
    for fault, refusal in (
        (cancelled("None", "TransactionConflict", "None"), TryAgainError),
        (cancelled("TransactionConflict", "TransactionConflict", "None"), ConflictError),
        (THROTTLED, TryAgainError),
        (ROW_CONFLICT, ConflictError),
    ):
        calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK * 8)
        transaction = rows.transaction()
        transaction.put_new(settings.catalog_table, dict(TEA))
        with following(trail), pytest.raises(refusal):
            transaction.commit(Deadline(20))
        calls.faults.clear()
    assert (rows.get(settings.catalog_table, TEA), records(rows, settings)) == (None, [])


def test_K7_an_unknown_outcome_that_was_written_is_found_with_its_one_record(
    rows: Tables, settings: Settings, calls: Calls, trail: Trail
) -> None:
    calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
    transaction = rows.transaction()
    transaction.put_new(settings.catalog_table, dict(TEA))
    with following(trail):
        with pytest.raises(OutcomeUnknownError):
            transaction.commit(Deadline(20))
        again = rows.transaction()
        again.put_new(settings.catalog_table, dict(TEA))
        with pytest.raises(ConditionFailedError):  # by the row itself, and not by the record
            again.commit(Deadline(20))
    assert len(records(rows, settings)) == 1


def test_K7_fifty_at_once_leave_one_record(rows: Tables, settings: Settings, trail: Trail) -> None:
    def write(_: int) -> bool:
        with following(trail):
            return rows.put_new(settings.catalog_table, {**TEA, "version": 1})

    assert at_once(50, write).count(True) == 1
    assert len(records(rows, settings)) == 1


@pytest.mark.parametrize("actions", [STAFF_ACTIONS_MAX, STAFF_ACTIONS_MAX + 1, TRANSACTION_ACTIONS_MAX])
def test_K7_what_leaves_its_record_no_room_is_recorded_before_it_is_sent(
    rows: Tables, settings: Settings, calls: Calls, trail: Trail, actions: int
) -> None:
    since = len(calls.sent)
    transaction = rows.transaction()
    for number in range(actions):
        transaction.put_new(settings.catalog_table, {"sku": f"sku-{number}", "item": "PRODUCT"})
    with following(trail):
        transaction.commit(Deadline(20))
    sent = [len(body["TransactItems"]) for body in calls.bodies[since:] if "TransactItems" in body]
    fits = actions <= STAFF_ACTIONS_MAX
    assert sent == ([TRANSACTION_ACTIONS_MAX] if fits else [2, actions])
    assert len(records(rows, settings)) == 1
    again = rows.transaction()
    again.actions = transaction.actions
    with following(trail), pytest.raises(ConditionFailedError):
        again.commit(Deadline(20))
    assert len(records(rows, settings)) == 1


def test_K7_the_largest_order_that_is_placed_can_be_cancelled_by_staff_with_its_record(
    rows: Tables, settings: Settings, policy: Any, calls: Calls, trail: Trail
) -> None:
    """As many campaigns as fit, a coupon, and points of two years that come back by an id."""
    shop = OffersShop(rows, settings, policy)
    for sku in SKUS:
        shop.stock(sku, 60, 1_000)
    shop.register("alice")
    hold_points(rows, settings.members_table, "alice", {"2025": 500, "2026": 3_000})
    used = (TRANSACTION_ACTIONS_MAX - 11 - LINES) // 3 - 1
    shop.put(*(discount(f"d-{n:02}", "0.9", scope=of(SKUS[n]), limits=ALL_LIMITS) for n in range(used)))
    shop.put(saving("saving", (5_000, 100), limits=ALL_LIMITS))
    coupon_id = shop.coupon("alice", amount_off("five", 500))
    order = shop.order("alice", "k", WHOLE, coupon=coupon_id, points=1_000)
    assert len(order.quote.line_offers) == used
    since = len(calls.sent)
    with following(replace(trail, operation="cancel_order", ids={"order_id": order.order_id})):
        shop.leave_by_line(order, "c", WHOLE, returned=False)
    assert TRANSACTION_ACTIONS_MAX - 3 <= most_actions(calls, since) <= TRANSACTION_ACTIONS_MAX
    (record,) = records(rows, settings)
    assert record["subjects"] == {"order_id": order.order_id, "member_id": "alice"}
