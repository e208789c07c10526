"""How a product stands in its table: its row, and the key that other rows of its sku share."""

from functions.catalog.products import ON_SALE, Product
from functions.counters.counter import LEAST, Spread, told
from functions.platform.dynamo import Row

PRODUCT = "PRODUCT"
HOLDERS = "set_aside"
"""On a product's row: for whom units of it are set aside, as a map of ``true`` by holder (V2)."""
STOCK = "STOCK"
"""Rows with a part of a product's stock, where one row is not enough (Z1). They stand under ``tea#1`` and so
on: no sku has a ``#``."""


def key(sku: str, item: str = PRODUCT) -> dict[str, str]:
    """Return the key of a product's row, or of another row of the same sku."""
    return {"sku": sku, "item": item}


def product_of(row: Row) -> Product:
    """Read a product from its row."""
    return Product(
        sku=row["sku"],
        name=row["name"],
        price_fen=row["price_fen"],
        member_zone=row["member_zone"],
        stock=told(row, "stock"),
        low_stock_threshold=row["low_stock_threshold"],
        status=row.get("status", ON_SALE),  # a row from before products could be withdrawn
        stock_rows=row.get(LEAST),
        no_reason=row.get("no_reason", True),  # a row from before there were cases
        spread=Spread.of(row),
        holders=tuple(sorted(row.get(HOLDERS, ()))),
    )
