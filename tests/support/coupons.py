"""Templates of coupons for tests, and what members ask of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.support.events import Answer, Call, staff

TEMPLATE: Mapping[str, Any] = {
    "name": "Welcome",
    "kind": "amount",
    "face_value_fen": 2_000,
    "min_fen": 10_000,
    "scope": {"all": True},
    "claimable": True,
    "valid": {"days": 1},
    "status": "active",
}
OF_CODES: Mapping[str, Any] = {
    "name": "Welcome",
    "kind": "amount",
    "face_value_fen": 1_000,
    "min_fen": 0,
    "scope": {"all": True},
    "valid": {"days": 30},
    "status": "active",
}
"""A template whose coupons nobody claims: they are got for codes, or from staff."""
PATH = "/coupon-templates"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where coupons are asked for; ``call`` sends a request to the function of its path."""

    call: Callable[[Call], Answer]

    def put(self, template_id: str = "welcome", **more: Any) -> Answer:
        """Put a template as staff; None leaves a field out."""
        body = {name: value for name, value in {**TEMPLATE, **more}.items() if value is not None}
        return self.call(Call("PUT", f"{PATH}/{template_id}", body, staff()))

    def see(self, template_id: str = "welcome") -> Answer:
        """See a template as staff."""
        return self.call(Call("GET", f"{PATH}/{template_id}", who=staff()))

    def claim(self, who: dict[str, str], key: str = "k1", template_id: str = "welcome") -> Answer:
        """Claim a coupon."""
        return self.call(Call("POST", f"{PATH}/{template_id}/claim", None, who, {"idempotency-key": key}))

    def make(self, template_id: str = "welcome", batch_id: str = "b1", **more: Any) -> Answer:
        """Have codes made."""
        body = {"batch_id": batch_id, **more}
        return self.call(Call("POST", f"{PATH}/{template_id}/codes", body, staff()))

    def codes(self, template_id: str = "welcome", batch_id: str = "b1", **more: Any) -> list[str]:
        """Have codes made, and return them."""
        made = self.make(template_id, batch_id, **more)
        assert made.status in (200, 201), made.body
        found: list[str] = made.body["codes"]
        return found

    def redeem(self, who: dict[str, str], code: Any) -> Answer:
        """Send a code."""
        return self.call(Call("POST", "/members/me/coupon-codes", {"code": code}, who))

    def issue(self, member_id: str, issue_id: str = "i1", template_id: str = "welcome") -> Answer:
        """Give a member a coupon as staff."""
        body = {"issue_id": issue_id, "template_id": template_id}
        return self.call(Call("POST", f"/members/{member_id}/coupons", body, staff()))

    def coupons(self, who: dict[str, str], **query: str) -> list[dict[str, Any]]:
        """List a member's coupons, all pages of them."""
        found: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(100):
            asked = {**query, "cursor": cursor}
            page = self.call(Call("GET", "/members/me/coupons", who=who, query=asked)).body
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found
        raise AssertionError("the list does not end")
