"""Orders stream: what happens to orders is put on the event bus."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.domain import calendar
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders import events
from functions.orders.given import given
from functions.orders.metrics import count, count_campaigns_used, count_coupon_used
from functions.orders.order import Order
from functions.orders.rows import ORDER, order_of
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.observability import logger
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange


class Publisher:
    """The Lambda handler that publishes the orders and payments of a batch of stream records (O6)."""

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
            told=_count,
            log_ids=("order_id", "member_id"),
        )

    def _events_of(self, change: RowChange) -> Iterator[Event]:
        row = change.after
        if row["item"] == ORDER:
            return events.of_change(_before(change), order_of(row), self._policy, change.at)
        return events.of_payment(row, calendar.from_row(row["received_at"]), self._policy)


def _count(change: RowChange, told: Sequence[Event]) -> None:
    count(told)
    if change.before is not None or change.after["item"] != ORDER:
        return
    quote = change.after["quote"]
    if quote["coupon"] is not None:
        count_coupon_used()
    if quote.get("campaigns") or quote.get("line_offers"):
        used = given(order_of(change.after).quote)
        count_campaigns_used(sum(each.given_fen for each in used.values()))


def _before(change: RowChange) -> Order | None:
    """Return the order before a change; None where it was new, or was spoilt and has been mended.

    Then all that is known of it is told once more, under the same event ids.
    """
    try:
        return read_as(order_of, change.before)
    except (KeyError, TypeError, ValueError):
        logger.warning("order was unreadable before", extra={"order_id": change.after["order_id"]})
        return None


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
