"""The routes by which a member takes their data along, or is forgotten."""

ROUTES = {"PrivacyApi": ("GET /members/me/export", "DELETE /members/{member_id}")}
"""By the function that serves them."""
