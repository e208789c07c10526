"""The routes of cases."""

ROUTES = {
    "CasesApi": (
        "POST /orders/{order_id}/cases",
        "GET /members/me/cases",
        "GET /cases",
        "GET /reports/cases",
        "GET /cases/{case_id}",
        "POST /cases/{case_id}/approve",
        "POST /cases/{case_id}/refuse",
        "POST /cases/{case_id}/receive",
        "POST /cases/{case_id}/answer",
        "POST /cases/{case_id}/settle",
        "POST /cases/{case_id}/withdraw",
        "POST /cases/{case_id}/shipment",
        "POST /cases/{case_id}/escalate",
    )
}
"""By the function that serves them."""
