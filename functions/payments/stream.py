"""Payments stream: money that is no order's goes out on the bus (Y4)."""

from collections.abc import Iterator
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.payments import events
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange


class Publisher:
    """The Lambda handler that publishes what a batch of the payments' stream records says."""

    def __init__(self, to: Bus, policy: Policy) -> None:
        self._bus = to
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Publish what each record says; return the records to be delivered again."""
        return publish(
            event,
            context,
            self._bus,
            events_of=self._events_of,
            told=lambda change, told: None,
            log_ids=("subject", "item"),
        )

    def _events_of(self, change: RowChange) -> Iterator[Event]:
        return events.of_change(change, self._policy)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
