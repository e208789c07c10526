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

    def order(self, key: str = "k1", quantity: int = 1) -> Answer:
        """Place an order."""
        headers = {"Idempotency-Key": key}
        return self.stack.call("POST", "/orders", self.cart(quantity), who=self.name, headers=headers)

    def pay(self, order: Answer) -> Answer:
        """Let the payment provider report the money."""
        body = {"payment_id": uuid.uuid4().hex, "amount_fen": order.body["paid_fen"]}
        path = f"/orders/{order.body['order_id']}/payment"
        return self.stack.call("POST", path, body, who="clerk", staff=True)

    def get(self, path: str) -> Answer:
        """Read something of one's own."""
        return self.stack.call("GET", path, who=self.name)
