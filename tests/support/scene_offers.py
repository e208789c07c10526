"""The campaigns, templates and codes of a scene, and how all that was put in it comes to an end."""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from tests.support.shopper import Shopper
from tests.support.stack import Stack

Json = dict[str, Any]
LONG_AGO = ("2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
"""When a campaign has run that is ended, whenever it would have: it is over at once."""
CLAIMS_MAX = 5
"""Coupons of a template that a member claims at most, so that they never have all that they may."""
SAID = (
    "name",
    "kind",
    "scope",
    "except_skus",
    "tiers",
    "group",
    "stacks",
    "with_coupons",
    "with_points",
    "terms",
    "limits",
    "status",
)
"""What staff say of a campaign, but when it runs."""
SAID_OF_TEMPLATE = (
    "name",
    "kind",
    "face_value_fen",
    "rate",
    "max_off_fen",
    "min_fen",
    "scope",
    "except_skus",
    "tiers",
    "exclusive",
    "claimable",
    "valid",
    "limits",
)


class SceneOffers:
    """A campaign of each kind about products that everything is ordered of, and templates with codes."""

    def __init__(self, stack: Stack, sold: Shopper, zone: Shopper) -> None:
        self._stack, self._sold, self._zone = stack, sold, zone
        now = datetime.fromisoformat(stack.local("clock")["now"])
        self._begins, self._until = (
            (now + timedelta(days=days)).isoformat(timespec="seconds") for days in (-1, 30)
        )
        of_sold = {"skus": [sold.sku]}
        self.saves = self._put("spend_save", {"steps": [{"from_fen": 100, "off_fen": 10}]}, of_sold)
        flash = {"items": {zone.sku: {"price_fen": 990, "units": 1_000}}, "per_member": 1_000}
        self.flash = self._put("flash", flash, None)
        self.gift = self._put("gift", {"from_fen": 15_000, "sku": zone.sku, "quantity": 1}, of_sold)
        self.discount = self._put("discount", {"rate": "0.95"}, of_sold)
        self.to_put = f"fuzz-{uuid.uuid4().hex[:12]}"

    def known(self, path: str, method: str) -> dict[str, Sequence[Any]]:
        """Return what means something in requests about offers, beside what does in all."""
        if path.startswith("/campaigns"):
            ids = [self.saves, self.flash, self.gift, self.discount]
            return {
                "campaign_id": [self.to_put] if method == "PUT" else ids,
                "kind": ["spend_save"],
                "terms": [{"steps": [{"from_fen": 100, "off_fen": 20}]}],
                "scope": [{"skus": [self._sold.sku]}],
                "starts_at": [self._begins],
                "ends_at": [self._until],
                "tiers": [["J0", "J1"]],
                "tier": ["J0", "J2"],
                "at": [self._begins],
                "status": ["running", "paused", "scheduled", "ended"]
                if method == "GET"
                else ["active", "paused"],
            }
        if path.startswith(("/coupon-templates", "/members/me/coupon-codes")) or method == "POST":
            return self._known_of_templates(path, method)
        return {"campaigns": ["best", [self.saves], [self.gift, self.saves], "none"]}

    def _known_of_templates(self, path: str, method: str) -> dict[str, Sequence[Any]]:
        known: dict[str, Sequence[Any]] = {
            "campaigns": ["best", [self.saves], [self.gift, self.saves], "none"],
        }
        if "coupon" not in path:
            return known
        template_id = f"fuzz-{uuid.uuid4().hex[:12]}"
        code = f"FUZZ-{uuid.uuid4().hex[:12]}"
        self._ask("PUT", f"/coupon-templates/{template_id}", template(self._sold.sku))
        if path.endswith("/coupon-codes"):
            batch = {"batch_id": "shared", "code": code, "limit": 1_000}
            self._ask("POST", f"/coupon-templates/{template_id}/codes", batch)
        return {
            **known,
            "template_id": [template_id],
            "code": [code],
            "count": [None, 1, 20],
            "kind": ["amount"],
            "rate": [None],
            "max_off_fen": [None],
            "scope": [{"skus": [self._sold.sku]}],
            "valid": [{"days": 1}, {"from": self._begins, "until": self._until}],
            "tiers": [["J0", "J1"]],
            "status": ["active", "paused"],
        }

    def body(self, method: str, path: str) -> Json | None:
        """Return a body that an operation accepts, if it is about offers and takes one."""
        if path.startswith("/campaigns/") and method in ("PUT", "POST"):
            terms = {"steps": [{"from_fen": 100, "off_fen": 10}]}
            campaign = self._campaign("spend_save", terms, {"skus": [self._sold.sku]})
            lines = [{"sku": self._sold.sku, "quantity": 1}]
            return campaign if method == "PUT" else {"campaign": campaign, "lines": lines, "tier": "J1"}
        if (method, path) == ("PUT", "/coupon-templates/{template_id}"):
            return template(self._sold.sku) | {"name": "Other"}
        return None

    def close(self) -> None:
        """End every campaign that there is, and give out no more coupons of any template: prices are again as
        without them, whatever was put at random."""
        for campaign in self._all("/campaigns"):
            if campaign["state"] != "ended":
                body = {name: campaign[name] for name in SAID if campaign.get(name) is not None}
                body |= dict(zip(("starts_at", "ends_at"), LONG_AGO, strict=True))
                self._ask("PUT", f"/campaigns/{campaign['campaign_id']}", body)
        for each in self._all("/coupon-templates"):
            if each["status"] != "paused":
                body = {name: each[name] for name in SAID_OF_TEMPLATE if each.get(name) not in (None, [])}
                self._ask("PUT", f"/coupon-templates/{each['template_id']}", body | {"status": "paused"})
        left = [each for each in self._all("/campaigns") if each["state"] != "ended"]
        assert not left, "campaigns of the scene go on"

    def _all(self, path: str) -> list[Json]:
        found: list[Json] = []
        cursor = ""
        while True:
            page = self._ask("GET", f"{path}?limit=100{cursor}")
            found += page["items"]
            if page["next_cursor"] is None:
                return found
            cursor = f"&cursor={page['next_cursor']}"

    def _put(self, kind: str, terms: Json, scope: Json | None) -> str:
        campaign_id = f"fuzz-{kind}-{uuid.uuid4().hex[:12]}"
        self._ask("PUT", f"/campaigns/{campaign_id}", self._campaign(kind, terms, scope))
        return campaign_id

    def _campaign(self, kind: str, terms: Json, scope: Json | None) -> Json:
        return {
            "name": kind,
            "kind": kind,
            "starts_at": self._begins,
            "ends_at": self._until,
            **({} if scope is None else {"scope": scope}),
            "terms": terms,
            "limits": {"orders": 1_000_000, "budget_fen": 1_000_000_000},
            "status": "active",
        }

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Json:
        answer = self._stack.call(method, path, body, who="clerk", staff=True)
        assert answer.status in (200, 201), f"{method} {path} {body}: {answer.status} {answer.body}"
        found: Json = answer.body
        return found


def template(sku: str) -> Json:
    """Return what staff say of a template of coupons of 10.00 yuan, which anybody claims some times."""
    return {
        "name": "Ten off",
        "kind": "amount",
        "face_value_fen": 1_000,
        "min_fen": 5_000,
        "scope": {"skus": [sku]},
        "claimable": True,
        "valid": {"days": 1},
        "limits": {"total": 1_000, "per_member": CLAIMS_MAX},
        "status": "active",
    }


def leaving_lines(sku: str, gift_line: str) -> Iterator[list[Json]]:
    """Give the lines of which units leave an order, named by sku, or by the ids of lines."""
    yield [{"sku": sku, "quantity": 1}]
    yield [{"line_id": sku, "quantity": 1}]
    yield [{"line_id": gift_line, "quantity": 1}, {"line_id": sku, "quantity": 1}]
