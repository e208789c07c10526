"""The route of the member day."""

ROUTES = {"ShopApi": ("GET /member-day",)}
"""By the function that serves it."""
