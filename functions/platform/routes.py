"""Every route of the suite, by the function that serves it: one list for the gateway and for who meets none.

A request that no route of the gateway matches comes to the function of :data:`EVERY_OTHER`. By this list it
tells whether the path exists and only the method does not.
"""

from collections.abc import Mapping
from types import MappingProxyType

EVERY_OTHER = "$default"
"""The gateway's route of requests that no other route matches."""
READS, HEAD = "GET", "HEAD"
"""What is read by the one can be asked for by the other, which is answered without a body (RFC 9110)."""
SLASH_IN_ID = frozenset({"{sku}"})
"""The ids of paths that callers make up: in one of them somebody may write a slash."""

ROUTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ShopApi": (
            "PUT /products/{sku}",
            "GET /products/{sku}",
            "GET /products",
            "GET /products/{sku}/movements",
            "GET /member-day",
            "POST /products/{sku}/stock",
            "POST /quotes",
            "POST /orders",
            "GET /orders",
            "GET /orders/search",
            "GET /members/{member_id}/orders",
            "GET /orders/{order_id}",
            "GET /orders/{order_id}/history",
            "POST /orders/{order_id}/cancel",
            "POST /orders/{order_id}/payment",
            "POST /orders/{order_id}/shipment",
            "POST /orders/{order_id}/receipt",
            "POST /orders/{order_id}/refusal",
            "POST /orders/{order_id}/returns",
            EVERY_OTHER,
        ),
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
        ),
        "CouponsApi": ("GET /members/me/coupons", "GET /members/{member_id}/coupons"),
        "PrivacyApi": ("GET /members/me/export", "DELETE /members/{member_id}"),
        "PointsApi": (
            "GET /members/me/points",
            "GET /members/me/points/entries",
            "GET /members/{member_id}/points/entries",
            "POST /members/{member_id}/points/adjustments",
            "GET /reports/points-liability",
            "GET /reports/points-differences",
        ),
    }
)


def with_heads(routes: tuple[str, ...]) -> tuple[str, ...]:
    """Return routes and, beside each that reads, the one that only asks for its headers."""
    heads = (f"{HEAD}{route.removeprefix(READS)}" for route in routes if route.startswith(f"{READS} "))
    return (*routes, *heads)


_ALL = tuple(route.partition(" ") for routes in ROUTES.values() for route in with_heads(routes))
_TEMPLATES = tuple((method, tuple(path.split("/"))) for method, _, path in _ALL if path)


def methods_at(path: str) -> tuple[str, ...]:
    """Return the methods that a path can be asked with, in order; none where there is no such path.

    Where one route writes out what another takes for an id, both serve it, each by its own methods.
    """
    segments = tuple(path.split("/"))
    return tuple(sorted({method for method, template in _TEMPLATES if _fits(template, segments)}))


def has_slash_in_id(method: str, path: str) -> bool:
    """Tell whether a path would be one that exists if an id that a caller made up had no slash.

    The gateway decodes ``%2F`` before it looks for a route, so that nobody can tell what was sent.
    """
    segments = path.split("/")
    return any(method == asked and _fits_with_slash(template, segments) for asked, template in _TEMPLATES)


def _fits(template: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return len(template) == len(segments) and all(
        want == got or (want.startswith("{") and got != "")
        for want, got in zip(template, segments, strict=True)
    )


def _fits_with_slash(template: tuple[str, ...], segments: list[str]) -> bool:
    surplus = len(segments) - len(template)
    for place, want in enumerate(template):
        if want in SLASH_IN_ID and surplus > 0:
            joined = "/".join(segments[place : place + surplus + 1])
            return _fits(template, (*segments[:place], joined, *segments[place + surplus + 1 :]))
    return False
