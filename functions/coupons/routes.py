"""The routes of coupons."""

ROUTES = {"CouponsApi": ("GET /members/me/coupons", "GET /members/{member_id}/coupons")}
"""By the function that serves them."""
