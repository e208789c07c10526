"""The sale of a hot sku where what overlaps is cancelled: it conserves, and it cancels (Z1)."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.hot_sku import Sale, Shop, sold
from benchmarks.overlap import READ_SECONDS

HOLD = 0.010


def test_Z1_what_overlaps_on_a_row_is_cancelled_and_what_follows_is_not() -> None:
    shop = Shop(Sale(name="two", rate=1, seconds=1, units=1, hold_seconds=HOLD))
    shop.open()
    came: list[tuple[str, float]] = []
    reasons: list[Any] = []

    def change(name: str, sku: str) -> None:
        key = {"sku": {"S": sku}, "item": {"S": "PRODUCT"}}
        update = {
            "TableName": shop.settings.catalog_table,
            "Key": key,
            "UpdateExpression": "SET x = :x",
            "ExpressionAttributeValues": {":x": {"S": name}},
        }
        try:
            shop.client.transact_write_items(TransactItems=[{"Update": update}])
        except ClientError as error:
            reasons.append(error.response["CancellationReasons"])
            came.append((f"{name} cancelled", round(shop.time.seconds - began, 4)))
        else:
            came.append((name, round(shop.time.seconds - began, 4)))

    shop.client.on_commit = lambda records: None
    began = shop.time.seconds
    for name, sku, after in (
        ("first", "tea", 0.0),
        ("second", "tea", 0.009),
        ("other", "cup", 0.009),
        ("third", "tea", 0.0101),
    ):
        shop.time.begin(lambda name=name, sku=sku: change(name, sku), after=after)  # type: ignore[misc]
    shop.time.run()
    assert reasons == [[{"Code": "TransactionConflict"}]]
    assert came == [
        ("first", HOLD),
        ("second cancelled", round(0.009 + READ_SECONDS, 4)),
        ("other", round(0.009 + HOLD, 4)),
        ("third", round(0.0101 + HOLD, 4)),
    ]


@pytest.mark.parametrize("seed", [1, 2])
def test_Z1_the_last_units_of_a_sale_are_sold_once_and_nobody_is_refused_for_less(seed: int) -> None:
    told: Any = sold(
        Sale(name="last", rate=400, seconds=0.5, units=120, rows=12, hold_seconds=HOLD, seed=seed)
    )
    assert told.faults == []
    assert told.placed
    assert told.refused.get("insufficient_stock")
    assert told.rows == 12
