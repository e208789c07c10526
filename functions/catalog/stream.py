"""Catalogue stream: low stock, and the member day from its row beside the products, go out on the bus."""

from typing import Any

from functions.catalog.events import of_product
from functions.catalog.metrics import count
from functions.catalog.rows import PRODUCT
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.offers.events import of_member_day
from functions.platform import bus
from functions.platform.bus import Bus
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange, consume


class Publisher:
    """The Lambda handler that publishes the low stock and the member days of a batch of stream records."""

    def __init__(self, to: Bus, policy: Policy) -> None:
        self._bus = to
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Publish what each record says; return the records to be delivered again."""
        return consume(event, context, self._publish, log_ids=("sku", "item"))

    def _publish(self, change: RowChange, deadline: Deadline) -> None:
        if change.after["item"] == PRODUCT:
            told = list(of_product(change, self._policy))
        else:
            told = list(of_member_day(change.after, self._policy))
        self._bus.publish(told, deadline)
        count(told)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
