"""Catalogue stream: low stock, and the member day from its row beside the products, go out on the bus."""

from collections.abc import Iterator
from typing import Any

from functions.catalog.events import of_product
from functions.catalog.metrics import count
from functions.catalog.rows import PRODUCT
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.offers.events import of_member_day
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange


class Publisher:
    """The Lambda handler that publishes the low stock and the member days of a batch of stream records."""

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
            told=lambda change, told: count(told),
            log_ids=("sku", "item"),
        )

    def _events_of(self, change: RowChange) -> Iterator[Event]:
        if change.after["item"] == PRODUCT:
            return of_product(change, self._policy)
        return of_member_day(change.after, self._policy)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
