"""What every answer over HTTP tells browsers, whichever function gives it."""

from types import MappingProxyType

SECURE_HEADERS = MappingProxyType(
    {
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "x-content-type-options": "nosniff",
    }
)
"""What every answer tells browsers: keep nothing, guess nothing, run nothing, and come back by TLS only
(OWASP's headers for REST: https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html)."""
