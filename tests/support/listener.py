"""Somebody outside who listens to the bus of the deployed stack, and forgets nothing."""

import uuid
from typing import Any

from local.listener import Listener
from reach.aws import Aws
from tests.support.shopper import Shopper
from tests.support.stack import Stack


class StackListener:
    """Everything that was told on the bus of a stack since it was listened to."""

    def __init__(self, stack: Stack) -> None:
        aws = Aws(stack.local("status")["endpoint"])
        self._listener = Listener(aws, stack.outputs["EventBusName"], f"listener-{uuid.uuid4().hex[:8]}")
        self._heard: list[dict[str, Any]] = []
        self._stack = stack

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def hear(self) -> list[dict[str, Any]]:
        """Return everything that was told so far, as the bus hands it over."""
        self._heard += self._listener.hear()
        return self._heard

    def heard_of(self, order_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what was told of an order: detail types with their details."""
        return [
            (event["detail-type"], event["detail"])
            for event in self.hear()
            if event["detail"].get("order_id") == order_id
        ]

    def clock(self, to: str) -> None:
        """Move the time; what was told before is heard first, because a queue forgets in four days."""
        self._stack.local("settle")
        self.hear()
        self._stack.clock(to)

    def of_member(self, shopper: Shopper, kind: str) -> list[dict[str, Any]]:
        """Return what was told of a member's points or tier, each event once, by its time."""
        self.hear()
        found = {
            event["detail"]["event_id"]: event["detail"]
            for event in self._heard
            if event["detail-type"] == kind and event["detail"].get("member_id") == shopper.member_id
        }
        return sorted(found.values(), key=lambda detail: str(detail["occurred_at"]))
