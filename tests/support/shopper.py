"""A member of the deployed stack, with a product of their own."""

import uuid
from typing import Any

from tests.support.events import Answer
from tests.support.stack import Stack

TEA = {"name": "Tea", "price_fen": 9_950, "member_zone": False}


class Shopper:
    """A member of their own with a product of their own, so that tests do not meet each other."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.name = f"member-{uuid.uuid4().hex[:12]}"
        self.sku = f"tea-{uuid.uuid4().hex[:12]}"

    def register(self) -> Answer:
        """Register."""
        return self.stack.call("PUT", "/members/me", {"name": "Alice"}, who=self.name)

    def stocked(self, units: int, **change: Any) -> Answer:
        """Let staff put so many units of the product into the catalogue."""
        self.stack.call("PUT", f"/products/{self.sku}", TEA | change, who="clerk", staff=True)
        movement = {"movement_id": uuid.uuid4().hex, "delta": units, "reason": "delivery"}
        return self.stack.call("POST", f"/products/{self.sku}/stock", movement, who="clerk", staff=True)

    def cart(self, quantity: int = 1, **offers: Any) -> dict[str, Any]:
        """Return a cart of the product."""
        return {"lines": [{"sku": self.sku, "quantity": quantity}], **offers}

    def quote(self, quantity: int = 1, **offers: Any) -> Answer:
        """Ask what a cart costs."""
        return self.stack.call("POST", "/quotes", self.cart(quantity, **offers), who=self.name)

    def order(self, key: str = "k1", quantity: int = 1, **offers: Any) -> Answer:
        """Place an order."""
        headers = {"Idempotency-Key": key}
        body = self.cart(quantity, **offers)
        return self.stack.call("POST", "/orders", body, who=self.name, headers=headers)

    def pay(self, order: Answer) -> Answer:
        """Let the payment provider report the money."""
        body = {"payment_id": uuid.uuid4().hex, "amount_fen": order.body["paid_fen"]}
        path = f"/orders/{order.body['order_id']}/payment"
        return self.stack.call("POST", path, body, who="clerk", staff=True)

    def staff(self, order: Answer, call: str, body: Any = None) -> Answer:
        """Let staff do something with an order."""
        path = f"/orders/{order.body['order_id']}/{call}"
        return self.stack.call("POST", path, body, who="clerk", staff=True)

    def give_back(self, order: Answer, units: int = 1) -> Answer:
        """Let units of the product come back."""
        lines = [{"sku": self.sku, "quantity": units}]
        return self.staff(order, "returns", {"return_id": uuid.uuid4().hex, "lines": lines})

    def adjust(self, points: int) -> Answer:
        """Let staff credit or debit points."""
        body = {"adjustment_id": uuid.uuid4().hex, "points": points, "reason": "test"}
        path = f"/members/{self.member_id}/points/adjustments"
        return self.stack.call("POST", path, body, who="clerk", staff=True)

    @property
    def member_id(self) -> str:
        """The member's id."""
        return self.stack.member_id(self.name)

    def points(self) -> tuple[int, int, int]:
        """Return what is available, frozen and owed, once the streams are drained."""
        self.stack.local("settle")
        body = self.get("/members/me/points").body
        return body["available"], body["frozen"], body["debt"]

    def entries(self) -> list[dict[str, Any]]:
        """Return the ledger, oldest first."""
        found: list[dict[str, Any]] = self.get("/members/me/points/entries?limit=100").body["items"]
        return found[::-1]

    def get(self, path: str) -> Answer:
        """Read something of one's own."""
        return self.stack.call("GET", path, who=self.name)


def registered(stack: Stack, units: int = 0) -> Shopper:
    """Return a member of their own, with so many units of a product at 99.50."""
    shopper = Shopper(stack)
    assert shopper.register().status == 201
    if units:
        shopper.stocked(units)
    return shopper
