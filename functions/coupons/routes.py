"""The routes of coupons, and of the templates that they are made from."""

GETTING = (
    "GET /members/me/coupons/claimable",
    "POST /coupon-templates/{template_id}/claim",
    "POST /members/me/coupon-codes",
    "POST /members/{member_id}/coupons",
)
TEMPLATES = (
    "PUT /coupon-templates/{template_id}",
    "GET /coupon-templates/{template_id}",
    "GET /coupon-templates",
    "POST /coupon-templates/{template_id}/codes",
)
"""Those of the faces that are made when they are first asked for."""
ROUTES = {"CouponsApi": ("GET /members/me/coupons", "GET /members/{member_id}/coupons", *GETTING, *TEMPLATES)}
"""By the function that serves them."""
