"""The routes of who looks after the suite."""

POLICY = ("GET /policy", "POST /policy/check")
"""Those of the face that is made when it is first asked for: it reads TOML."""
EXPORTS = ("POST /reports/{report}/exports",)
"""Likewise."""
ROUTES = {"OfficeApi": ("GET /alarms", "GET /jobs", "POST /jobs/{job}/runs", *POLICY, *EXPORTS)}
"""By the function that serves them."""
