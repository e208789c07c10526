"""A demo catalogue with some offers, and demo members, put in over the API as staff and members would."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import urllib3

from local.errors import LocalError

CLERK = "clerk"
ANSWER_SECONDS_MAX = 30
STOCK_UNITS = 100
Token = Callable[[str, bool], str]
"""Gives the access token of a user, by name and whether they are staff."""


@dataclass(frozen=True)
class Product:
    """A product of the demo catalogue."""

    sku: str
    name: str
    price_fen: int
    member_zone: bool


CATALOGUE = (
    Product("tea-longjing-100", "Longjing tea, 100 g", 9_950, False),
    Product("tea-puer-357", "Pu'er tea cake, 357 g", 16_800, False),
    Product("cup-celadon", "Celadon cup", 6_667, False),
    Product("kettle-iron", "Iron kettle", 64_900, False),
    Product("candle-osmanthus", "Osmanthus candle", 12_900, True),
    Product("towel-bamboo", "Bamboo towel", 3_200, True),
)
ALWAYS = {"starts_at": "2026-01-01T00:00:00+08:00", "ends_at": "2099-01-01T00:00:00+08:00"}
"""Whatever the clock is moved to, they run."""
OFFERS: Mapping[str, dict[str, Any]] = {
    "/campaigns/kettle-weeks": {
        "name": "Kettle weeks",
        "kind": "discount",
        **ALWAYS,
        "scope": {"skus": ["kettle-iron"]},
        "terms": {"rate": "0.85"},
        "status": "active",
    },
    "/campaigns/puer-save": {
        "name": "满300减50",
        "kind": "spend_save",
        **ALWAYS,
        "scope": {"skus": ["tea-puer-357"]},
        "terms": {"steps": [{"from_fen": 30_000, "off_fen": 5_000}]},
        "status": "active",
    },
    "/coupon-templates/welcome": {
        "name": "10 off from 100 on, for a week",
        "kind": "amount",
        "face_value_fen": 1_000,
        "min_fen": 10_000,
        "scope": {"all": True},
        "claimable": True,
        "valid": {"days": 7},
        "limits": {"per_member": 1},
        "status": "active",
    },
}
"""Of products that no walk of the documents buys, but for the coupon, which has to be claimed."""
MEMBERS = {
    "alice": {"name": "Alice", "birthday": "1990-12-05"},
    "bob": {"name": "Bob", "birthday": "1988-02-29"},
}


def seed(api_url: str, token: Token) -> bool:
    """Put in what the demo lacks, and leave everything else alone; whether anything was lacking.

    Raises
    ------
    LocalError
        The API refuses something.
    """
    lacking = False
    clerk = _Caller(api_url, token(CLERK, True))
    for product in CATALOGUE:
        if clerk.exists(f"/products/{product.sku}"):
            continue
        lacking = True
        contents = {
            "name": product.name,
            "price_fen": product.price_fen,
            "member_zone": product.member_zone,
        }
        clerk.send("PUT", f"/products/{product.sku}", contents)
        movement = {"movement_id": "demo", "delta": STOCK_UNITS, "reason": "demo"}
        clerk.send("POST", f"/products/{product.sku}/stock", movement)
    for path, offer in OFFERS.items():
        if not clerk.exists(path):
            lacking = True
            clerk.send("PUT", path, offer)
    for name, profile in MEMBERS.items():
        member = _Caller(api_url, token(name, False))
        if not member.exists("/members/me"):
            lacking = True
            member.send("PUT", "/members/me", profile)
    return lacking


class _Caller:
    """Somebody with a token."""

    def __init__(self, api_url: str, token: str) -> None:
        self._path = urlsplit(api_url).path
        self._pool = urllib3.connection_from_url(api_url, timeout=ANSWER_SECONDS_MAX, retries=False)
        self._headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}

    def exists(self, path: str) -> bool:
        """Whether something is there to be read."""
        return self._request("GET", path, None, missing_is_fine=True) != HTTPStatus.NOT_FOUND

    def send(self, method: str, path: str, body: dict[str, Any]) -> None:
        """Write something."""
        self._request(method, path, body, missing_is_fine=False)

    def _request(self, method: str, path: str, body: Any, *, missing_is_fine: bool) -> int:
        answer = self._pool.request(
            method,
            self._path + path,
            body=None if body is None else json.dumps(body),
            headers=self._headers,
        )
        if answer.status == HTTPStatus.NOT_FOUND and missing_is_fine:
            return answer.status
        if answer.status >= HTTPStatus.BAD_REQUEST:
            raise LocalError(
                f"seeding: {method} {path} answers {answer.status}: {answer.data.decode()[:300]}"
            )
        return answer.status
