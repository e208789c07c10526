"""Which pages' scripts may call the API: the gateway answers browsers that ask, and is told by us whom to.

It is told when the suite is deployed, not by the template: the pages' policy names the API, so that the API
cannot name the pages (docs/decisions/0048-a-console-and-a-storefront-of-their-own-origins.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from functions.platform import sdk
from functions.platform.routes import REQUEST_ID

Client = Any
"""The SDK's client, of which this module alone knows the calls."""
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ASKED_WITH = ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match")
"""A token goes in a header, so that no page is let in by what a browser keeps of another one."""
TOLD = ("idempotent-replayed", "retry-after", REQUEST_ID)
ANSWER_SECONDS = 3_600
"""How long a browser need not ask again."""


def client(endpoint_url: str | None = None) -> Client:
    """Return the gateway's client of a function."""
    made: Client = sdk.client("apigatewayv2", endpoint_url)
    return made


@dataclass(frozen=True, slots=True)
class Gateways:
    """The HTTP APIs of an account."""

    client: Client

    def open_to(self, api: str, origins: Sequence[str]) -> None:
        """Let the pages of these origins call an API, and no others; the same again changes nothing."""
        self.client.update_api(
            ApiId=api,
            CorsConfiguration={
                "AllowOrigins": list(origins),
                "AllowMethods": list(METHODS),
                "AllowHeaders": list(ASKED_WITH),
                "ExposeHeaders": list(TOLD),
                "MaxAge": ANSWER_SECONDS,
                "AllowCredentials": False,
            },
        )
