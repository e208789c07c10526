"""Cases stream: what happens to cases goes out on the bus, and is counted (A10)."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.aftersales import events
from functions.aftersales.metrics import count
from functions.cases.rows import case_of
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
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
        before = read_as(case_of, change.before)
        return events.of_change(before, case_of(change.after), self._policy)


def _count(change: RowChange, told: Sequence[Event]) -> None:
    count(read_as(case_of, change.before), case_of(change.after), told)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
