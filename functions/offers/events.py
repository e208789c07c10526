"""What the outside is told of offers: the member day has begun, and how campaigns change and run out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from functions.catalog.set_aside import UNITS
from functions.catalog.setting_aside import HOLDER, OF_SKU
from functions.counters.counter import told
from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.offers.campaign_rows import id_of
from functions.offers.limit_counters import OF_CAMPAIGN, OF_LIMIT, SET_BY
from functions.offers.member_day import member_day_of
from functions.platform.bus import Event
from functions.platform.dynamo import Row
from functions.platform.streams import RowChange

LEFT = {"orders": "orders_left", "budget": "budget_left_fen"}
"""The attribute of what is left of a limit, by what the limit is called."""
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


@dataclass(frozen=True, kw_only=True)
class CampaignChanged(Event):
    """Staff have put a campaign: this is its ``version`` from now on; orders keep the one that they used."""

    campaign_id: str
    version: int
    kind: str
    status: str
    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, kw_only=True)
class CampaignExhausted(Event):
    """Nothing is left of a limit of a campaign, its ``orders`` or its ``budget``, or of a flash's ``units``.

    Orders that come back may give some back. It is told once for the ``version`` that last said how much
    there is.
    """

    campaign_id: str
    version: int
    limit: str
    sku: str | None


def of_campaign(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of a campaign that staff have put."""
    row = change.after
    if change.before is not None and change.before["version"] == row["version"]:
        return
    yield CampaignChanged(
        event_id=identifiers.event_id(CampaignChanged.__name__, id_of(row), str(row["version"])),
        occurred_at=change.at.astimezone(policy.zone),
        campaign_id=id_of(row),
        version=row["version"],
        kind=row["kind"],
        status=row["status"],
        starts_at=calendar.from_row(row["starts_at"]).astimezone(policy.zone),
        ends_at=calendar.from_row(row["ends_at"]).astimezone(policy.zone),
    )


def of_limit(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of a campaign of whose limit nothing is left, by the home row of the limit's counter."""
    row = change.after
    if OF_CAMPAIGN in row and _left(row, LEFT[row[OF_LIMIT]]) == 0:
        yield _exhausted(change, policy, row[OF_CAMPAIGN], row[OF_LIMIT], None)


def of_units(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of a flash of whose units of a sku none is left, by the home row of their counter."""
    row = change.after
    if HOLDER in row and _left(row, UNITS) == 0:
        yield _exhausted(change, policy, row[HOLDER], UNITS, row[OF_SKU])


def _left(row: Row, amount: str) -> int | None:
    """Return what is left of a counter, None if it is closed."""
    return told(row, amount) if amount in row else None


def _exhausted(change: RowChange, policy: Policy, campaign_id: str, limit: str, sku: str | None) -> Event:
    version = change.after[SET_BY]
    of = limit if sku is None else f"{limit} {sku}"
    return CampaignExhausted(
        event_id=identifiers.event_id(CampaignExhausted.__name__, campaign_id, f"{of} {version}"),
        occurred_at=change.at.astimezone(policy.zone),
        campaign_id=campaign_id,
        version=version,
        limit=limit,
        sku=sku,
    )
