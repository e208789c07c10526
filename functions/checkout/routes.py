"""The routes of a cart on its way to an order, and of every request that no route matches."""

from functions.platform.routes import EVERY_OTHER

ROUTES = {"ShopApi": ("POST /quotes", "POST /orders", EVERY_OTHER)}
"""By the function that serves them."""
