"""Cases stream: what happens to cases goes out on the bus, and is counted (A10)."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.aftersales import events
from functions.aftersales.metrics import count
from functions.cases.case import Case
from functions.cases.rows import case_of
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.observability import logger
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange


class Publisher:
    """The Lambda handler that publishes the cases of a batch of stream records."""

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
            log_ids=("case_id", "order_id"),
        )

    def _events_of(self, change: RowChange) -> Iterator[Event]:
        return events.of_change(_before(change), case_of(change.after), self._policy)


def _count(change: RowChange, told: Sequence[Event]) -> None:
    count(_before(change), case_of(change.after), told)


def _before(change: RowChange) -> Case | None:
    """Return the case before a change; None where it was new, or was spoilt and has been mended.

    Then all that is known of it is told once more, under the same event ids.
    """
    try:
        return read_as(case_of, change.before)
    except (KeyError, TypeError, ValueError):
        logger.warning("case was unreadable before", extra={"case_id": change.after["case_id"]})
        return None


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
