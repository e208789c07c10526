"""The routes of the member day and of campaigns."""

CAMPAIGNS = (
    "PUT /campaigns/{campaign_id}",
    "GET /campaigns/{campaign_id}",
    "GET /campaigns",
    "POST /campaigns/{campaign_id}/preview",
    "GET /offers",
)
"""Those of the face that is made when it is first asked for."""
ROUTES = {"ShopApi": ("GET /member-day", *CAMPAIGNS)}
"""By the function that serves it."""
