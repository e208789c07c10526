"""The routes of the catalogue."""

ROUTES = {
    "ShopApi": (
        "PUT /products/{sku}",
        "GET /products/{sku}",
        "GET /products",
        "GET /products/{sku}/movements",
        "POST /products/{sku}/stock",
    )
}
"""By the function that serves them."""
