"""Members stream: what happens to members' points, tiers and coupons is put on the event bus."""

from collections.abc import Iterator, Sequence
from typing import Any

from functions.coupons.coupons import BIRTHDAY
from functions.coupons.events import of_coupon, of_template_coupon
from functions.coupons.held import OF_TEMPLATE
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import bus
from functions.platform.bus import Bus, Event
from functions.platform.deadline import LambdaContext
from functions.platform.observability import MetricUnit, metrics
from functions.platform.publishing import publish
from functions.platform.settings import BusSettings
from functions.platform.streams import RowChange
from functions.points import metrics as points_metrics
from functions.points.account_rows import ENTRY, NOTICE, entry_of
from functions.points.events import of_entry, of_notice
from functions.tiers.events import of_tier_change
from functions.tiers.members import TIER_CHANGE

TOLD = {
    ENTRY: of_entry,
    NOTICE: of_notice,
    TIER_CHANGE: of_tier_change,
    BIRTHDAY: of_coupon,
    OF_TEMPLATE: of_template_coupon,
}
"""How the rows begin that the outside is told of, when they are new."""
COUNTED = {TIER_CHANGE: "tier_changes", BIRTHDAY: "coupons_issued", OF_TEMPLATE: "coupons_issued"}


class Publisher:
    """The Lambda handler that publishes the new rows of a batch of stream records."""

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
            log_ids=("member_id", "item"),
        )

    def _events_of(self, change: RowChange) -> Iterator[Event]:
        for begins in _told_of(change):
            yield from TOLD[begins](change.after, self._policy)


def _told_of(change: RowChange) -> list[str]:
    """Return how the row begins, if it is one that the outside is told of: a new one."""
    item = change.after["item"]
    return [begins for begins in TOLD if change.before is None and item.startswith(begins)]


def _count(change: RowChange, _: Sequence[Event]) -> None:
    """Count what a new row says, once the outside has been told; a record delivered again counts again."""
    for begins in _told_of(change):
        if begins == ENTRY:
            points_metrics.count(entry_of(change.after))
        elif begins in COUNTED:
            metrics.add_metric(name=COUNTED[begins], unit=MetricUnit.Count, value=1)


handler = Publisher(Bus(bus.client(), BusSettings.from_environment().event_bus), policies.load())
