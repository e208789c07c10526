"""The routes of members and their tiers."""

ROUTES = {
    "MembersApi": (
        "PUT /members/me",
        "PATCH /members/me",
        "GET /members/me",
        "GET /members/me/tier-history",
        "POST /members/search",
        "GET /members/{member_id}",
        "GET /members/{member_id}/tier-history",
        "GET /members/{member_id}/birthday-changes",
        "PUT /members/{member_id}/birthday",
    )
}
"""By the function that serves them."""
