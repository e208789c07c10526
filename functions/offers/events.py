"""What the outside is told of offers: the member day has begun."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.offers.member_day import member_day_of
from functions.platform.bus import Event
from functions.platform.dynamo import Row

CalendarDate = date
"""The type, where a field has its name."""


@dataclass(frozen=True, kw_only=True)
class MemberDayOpened(Event):
    """The member day has begun: until ``date`` ends, members of a tier pay its rate in the zone (P2)."""

    date: CalendarDate
    rates: dict[str, str]


def of_member_day(row: Row, policy: Policy) -> Iterator[Event]:
    """Give the event of a member day that was put down."""
    day = member_day_of(row)
    yield MemberDayOpened(
        event_id=identifiers.event_id(MemberDayOpened.__name__, day.on.isoformat()),
        occurred_at=day.opened_at.astimezone(policy.zone),
        date=day.on,
        rates=day.rates,
    )
