"""Routes as the gateway has them, and what it tells of a request that none of them matches.

A request that no route of the gateway matches comes to the function of :data:`EVERY_OTHER`. By all routes
that there are it tells whether the path exists and only the method does not.
"""

from collections.abc import Iterable

REQUEST_ID = "x-request-id"
"""The header by which a refusal or a fault is found in the logs: the ``correlation_id`` of its lines."""
EVERY_OTHER = "$default"
"""The gateway's route of requests that no other route matches."""
READS, HEAD = "GET", "HEAD"
"""What is read by the one can be asked for by the other, which is answered without a body (RFC 9110)."""
SLASH_IN_ID = frozenset({"{sku}", "{campaign_id}", "{template_id}"})
"""The ids of paths that callers make up: in one of them somebody may write a slash."""


def with_heads(routes: tuple[str, ...]) -> tuple[str, ...]:
    """Return routes and, beside each that reads, the one that only asks for its headers."""
    heads = (f"{HEAD}{route.removeprefix(READS)}" for route in routes if route.startswith(f"{READS} "))
    return (*routes, *heads)


class Gateway:
    """All routes of the suite, whichever function serves them.

    Parameters
    ----------
    routes
        Routes such as ``GET /orders/{order_id}``; a ``HEAD`` is there beside each that reads.
    """

    def __init__(self, routes: Iterable[str] = ()) -> None:
        every = (route.partition(" ") for route in with_heads(tuple(routes)))
        self._templates = tuple((method, tuple(path.split("/"))) for method, _, path in every if path)

    def methods_at(self, path: str) -> tuple[str, ...]:
        """Return the methods that a path can be asked with, in order; none where there is no such path.

        Where one route writes out what another takes for an id, both serve it, each by its own methods.
        """
        segments = tuple(path.split("/"))
        return tuple(sorted({method for method, template in self._templates if _fits(template, segments)}))

    def has_slash_in_id(self, method: str, path: str) -> bool:
        """Tell whether a path would be one that exists if an id that a caller made up had no slash.

        The gateway decodes ``%2F`` before it looks for a route, so that nobody can tell what was sent.
        """
        segments = path.split("/")
        return any(
            method == asked and _fits_with_slash(template, segments) for asked, template in self._templates
        )


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
