"""Orders and catalogue streams: what happens to orders, stock and the member day is put on the event bus."""

from typing import Any

from functions.catalog.catalog import PRODUCT
from functions.domain import calendar
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.orders import events
from functions.orders.metrics import count, count_coupon_used
from functions.orders.orders import Order
from functions.orders.rows import ORDER, order_of, read_as
from functions.platform import bus
from functions.platform.bus import Bus
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.observability import logger
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange, consume


class Publisher:
    """The Lambda handler that publishes the orders and payments of a batch of stream records (O6)."""

    def __init__(self, to: Bus, policy: Policy) -> None:
        self._bus = to
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Publish what each record says; return the records to be delivered again."""
        return consume(event, context, self._publish, log_ids=("order_id", "member_id"))

    def _publish(self, change: RowChange, deadline: Deadline) -> None:
        row = change.after
        if row["item"] == ORDER:
            order = order_of(row)
            told = list(events.of_change(_before(change), order, self._policy, change.at))
        else:
            order = None
            told = list(events.of_payment(row, calendar.from_row(row["received_at"]), self._policy))
        self._bus.publish(told, deadline)
        count(told)
        if order is not None and change.before is None and order.quote.coupon is not None:
            count_coupon_used()


def _before(change: RowChange) -> Order | None:
    """Return the order before a change; None where it was new, or was spoilt and has been mended.

    Then all that is known of it is told once more, under the same event ids.
    """
    try:
        return read_as(order_of, change.before)
    except (KeyError, TypeError, ValueError):
        logger.warning("order was unreadable before", extra={"order_id": change.after["order_id"]})
        return None


class CatalogPublisher:
    """The Lambda handler that publishes the low stock and the member days of a batch of stream records."""

    def __init__(self, to: Bus, policy: Policy) -> None:
        self._bus = to
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Publish what each record says; return the records to be delivered again."""
        return consume(event, context, self._publish, log_ids=("sku", "item"))

    def _publish(self, change: RowChange, deadline: Deadline) -> None:
        if change.after["item"] == PRODUCT:
            told = list(events.of_product(change, self._policy))
        else:
            told = list(events.of_member_day(change.after, self._policy))
        self._bus.publish(told, deadline)
        count(told)


_BUS = Bus(bus.client(), BusSettings.from_environment().event_bus)
handler = Publisher(_BUS, policies.load())
catalog_handler = CatalogPublisher(_BUS, policies.load())
