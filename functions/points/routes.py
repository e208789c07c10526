"""The routes of the points and of the audit's reports."""

ROUTES = {
    "PointsApi": (
        "GET /members/me/points",
        "GET /members/me/points/entries",
        "GET /members/{member_id}/points/entries",
        "POST /members/{member_id}/points/adjustments",
        "GET /reports/points-liability",
        "GET /reports/points-differences",
    )
}
"""By the function that serves them."""
