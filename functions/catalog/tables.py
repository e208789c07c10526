"""The table of products, their stock, and its movements."""

from functions.domain.tables import Table

TABLES = {
    "Catalog": Table(
        partition_key="sku",
        indexes={"zone": ("zone", "sku"), "by_name": ("zone", "name_key")},
    )
}
