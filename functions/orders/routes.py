"""The routes of orders that have been placed."""

OFFICE = ("GET /orders/due", "GET /reports/sales")
"""What few ask for: its face is made when they do."""
ROUTES = {
    "ShopApi": (
        "GET /orders",
        "GET /orders/search",
        "GET /reports/late-deliveries",
        "GET /reports/returns",
        "GET /members/{member_id}/orders",
        "GET /orders/{order_id}",
        "GET /orders/{order_id}/history",
        "POST /orders/{order_id}/cancel",
        "POST /orders/{order_id}/payment",
        "POST /orders/{order_id}/shipment",
        "POST /orders/{order_id}/receipt",
        "POST /orders/{order_id}/refusal",
        "POST /orders/{order_id}/returns",
        "POST /orders/{order_id}/returns/preview",
        *OFFICE,
    )
}
"""By the function that serves them."""
