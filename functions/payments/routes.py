"""The routes of payments, and the one where providers tell what has become of them."""

ROUTES = {
    "PaymentsApi": (
        "POST /orders/{order_id}/payments",
        "GET /reports/unassigned-payments",
        "POST /reports/unassigned-payments/{payment_id}/assign",
        "POST /reports/unassigned-payments/{payment_id}/refund",
        "GET /reports/refunds",
        "POST /reports/refunds/{refund_id}/by-hand",
        "GET /reports/payment-differences",
    )
}
"""By the function that serves them."""
PUBLIC_ROUTES = {"PaymentsNotifications": ("POST /payments/{provider}/notifications",)}
"""It asks for no token, which no provider has, but for a signature (Y3). No document has it."""
