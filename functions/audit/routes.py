"""The routes of the audit."""

ROUTES = {"AuditApi": ("GET /audit", "GET /audit/{audit_id}")}
"""By the function that serves them."""
