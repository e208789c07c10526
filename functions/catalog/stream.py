"""Catalogue stream: low stock, the member day, and how campaigns change and run out, go out on the bus."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from functions.catalog.events import of_product
from functions.catalog.metrics import count
from functions.catalog.rows import PRODUCT
from functions.catalog.set_aside import SET_ASIDE
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.offers.campaign_rows import CAMPAIGN
from functions.offers.counting import LIMIT
from functions.offers.events import of_campaign, of_limit, of_member_day, of_units
from functions.offers.member_day import MEMBER_DAY
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange

EventsOf = Callable[[RowChange, Policy], Iterator[Event]]
EVENTS_OF: Mapping[str, EventsOf] = MappingProxyType(
    {
        PRODUCT: of_product,
        MEMBER_DAY: lambda change, policy: of_member_day(change.after, policy),
        CAMPAIGN: of_campaign,
        LIMIT: of_limit,
        SET_ASIDE: of_units,
    }
)
"""What tells of a change, by the kind of its row."""


class Publisher:
    """The Lambda handler that publishes what a batch of the catalogue's stream records says."""

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
        return EVENTS_OF[change.after["item"]](change, self._policy)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
