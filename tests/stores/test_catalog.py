"""Products and stock."""

from typing import TYPE_CHECKING

import pytest

from benchmarks.usage import counted
from functions.catalog.listing import Listing
from functions.catalog.products import Product
from functions.catalog.stock import StockMovement
from functions.domain.calendar import to_row
from functions.domain.errors import RefusalError, TryAgainError
from functions.domain.identifiers import fingerprint
from functions.platform.deadline import Deadline
from functions.platform.dynamo import to_item
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, SERVER_ERROR_AFTER, Calls, Fault
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def move(shop: Shop, movement_id: str, delta: int, reason: str = "count", sku: str = "tea") -> Product:
    """Move stock."""
    movement = StockMovement(
        movement_id=movement_id, sku=sku, delta=delta, reason=reason, operator="clerk", moved_at=NOON
    )
    return shop.catalog.move_stock(movement, Deadline(20))


def refused(shop: Shop, movement_id: str, delta: int, reason: str = "count", sku: str = "tea") -> str:
    """Return the code with which a movement is refused."""
    with pytest.raises(RefusalError) as refusal:
        move(shop, movement_id, delta, reason, sku)
    return refusal.value.code


def test_a_product_starts_without_stock_and_keeps_it_when_it_changes(shop: Shop) -> None:
    _, new = shop.catalog.put(
        "tea", name="Tea", price_fen=100, member_zone=False, low_stock_threshold=None, deadline=Deadline(20)
    )
    assert new
    assert move(shop, "m1", 5).stock == 5
    product, new = shop.catalog.put(
        "tea", name="Green tea", price_fen=200, member_zone=True, low_stock_threshold=2, deadline=Deadline(20)
    )
    assert not new
    assert product == Product(
        sku="tea",
        name="Green tea",
        price_fen=200,
        member_zone=True,
        stock=5,
        low_stock_threshold=2,
    )
    assert shop.product("tea") == product


def test_stock_moves_without_a_write_to_an_index(shop: Shop, client: "DynamoDBClient") -> None:
    shop.stock("tea", 5)
    with counted(client) as usage:
        move(shop, "m1", 1)
    assert usage.write_units == 3 * 2  # the product and the movement's two rows, each twice in a transaction
    with counted(client) as usage:
        shop.catalog.put(
            "tea", name="Tea", price_fen=1, member_zone=True, low_stock_threshold=None, deadline=Deadline(20)
        )
    assert usage.write_units == 1 + 2 * 2  # out of one place of each index and into another


def test_a_movement_from_before_they_were_listed_still_counts_once(shop: Shop) -> None:
    shop.stock("tea", 0)
    move(shop, "m1", 5)
    old = {"sku": "tea", "item": "MOVEMENT#m0", "contents": fingerprint("3", "count"), "delta": 3}
    shop.tables.put(shop.settings.catalog_table, old | {"reason": "count", "moved_at": to_row(NOON)})
    assert move(shop, "m0", 3, "count").stock == 5
    listed, _ = shop.catalog.movements("tea", since=None, before=None, limit=9, after=None)
    assert [each.movement_id for each in listed] == ["m1"]


def test_R1_a_movement_counts_once_per_id_and_sku(shop: Shop) -> None:
    shop.stock("tea", 0)
    shop.stock("cup", 0)
    assert [move(shop, "m1", 5).stock for _ in range(3)] == [5, 5, 5]
    assert move(shop, "m1", 7, sku="cup").stock == 7


@pytest.mark.parametrize(("delta", "reason"), [(6, "count"), (5, "loss")])
def test_a_movement_id_with_other_contents_is_refused(shop: Shop, delta: int, reason: str) -> None:
    shop.stock("tea", 0)
    move(shop, "m1", 5)
    assert refused(shop, "m1", delta, reason) == "movement_id_reused"
    assert shop.units("tea") == 5


def test_stock_never_falls_below_zero(shop: Shop) -> None:
    shop.stock("tea", 5)
    assert refused(shop, "m1", -6) == "insufficient_stock"
    assert move(shop, "m1", -5).stock == 0  # a refused movement uses its id not up


def test_stock_of_an_unknown_product_cannot_move(shop: Shop) -> None:
    assert refused(shop, "m1", 1) == "product_not_found"
    assert shop.catalog.seen_by("nobody", ["tea"], Deadline(20)) == (None, [])


def test_one_movement_sent_many_times_at_once_counts_once(shop: Shop) -> None:
    shop.stock("tea", 0)
    at_once(20, lambda _: move(shop, "m1", 5))
    assert shop.units("tea") == 5


def test_movements_at_once_never_take_more_than_there_is(shop: Shop) -> None:
    shop.stock("tea", 7)
    results = at_once(16, lambda n: move(shop, f"m{n}", -1))
    taken = sum(not isinstance(each, RefusalError) for each in results)
    assert shop.units("tea") == 7 - taken >= 0


@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
def test_case_14_and_15_a_movement_cut_off_counts_once(
    shop: Shop, calls: Calls, fault: Fault, sends: int
) -> None:
    shop.stock("tea", 1)
    calls.fail("TransactWriteItems", *[fault] * sends)
    assert move(shop, "m1", 5).stock == 6
    assert move(shop, "m1", 5).stock == 6


def test_a_batch_is_no_snapshot_so_a_movement_is_looked_for_before_a_refusal(
    shop: Shop, calls: Calls
) -> None:
    shop.stock("tea", 5)
    move(shop, "m1", -5)
    table = shop.settings.catalog_table
    emptied = shop.tables.get(table, {"sku": "tea", "item": "PRODUCT"})
    assert emptied is not None
    torn = {"Responses": {table: [to_item(emptied)]}, "UnprocessedKeys": {}}
    calls.fail("BatchGetItem", Fault(status=200, error=torn))
    assert move(shop, "m1", -5).stock == 0


def test_case_26_an_empty_page_that_is_not_the_last_is_read_on(shop: Shop, calls: Calls) -> None:
    for number in range(3):
        shop.catalog.put(
            f"s{number}",
            name="x",
            price_fen=1,
            member_zone=True,
            low_stock_threshold=None,
            deadline=Deadline(20),
        )
    start = to_item({"zone": "zone", "sku": "s0", "item": "PRODUCT"})
    empty = {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": start}
    calls.fail("Query", Fault(status=200, error=empty))
    assert shop.catalog.listed(Listing(zone=True), limit=2, after=None) == (["s1", "s2"], None)
    calls.fail("Query", *[Fault(status=200, error=empty)] * 1000)
    with pytest.raises(TryAgainError):
        shop.catalog.listed(Listing(zone=True), limit=2, after=None)
