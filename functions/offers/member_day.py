"""The member day: open by the date alone; what is put down of it is what the outside is told (P2)."""

from dataclasses import dataclass
from datetime import date, datetime

from functions.domain import calendar
from functions.domain.money import rate_text
from functions.domain.policy import Policy
from functions.platform.dynamo import Row, Tables

MEMBER_DAY = "MEMBER_DAY"
_PARTITION = "member-day:"
"""How the partition of a member day begins; no sku has a colon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberDay:
    """A member day in store time, and the rate of each tier that has one, as decimal text."""

    on: date
    rates: dict[str, str]
    opened_at: datetime


def running(policy: Policy, at: datetime) -> MemberDay | None:
    """Return the member day that runs at a moment, or None."""
    if not calendar.is_member_day(at, policy.member_day.day, policy.zone):
        return None
    return MemberDay(
        on=at.astimezone(policy.zone).date(),
        rates={tier.code: rate_text(tier.member_day_rate) for tier in policy.tiers if tier.member_day_rate},
        opened_at=at,
    )


def record(tables: Tables, table: str, day: MemberDay) -> bool:
    """Put a member day down, once; return whether it was new. Prices do not depend on it."""
    return tables.put_new(
        table,
        {
            "sku": f"{_PARTITION}{day.on.isoformat()}",
            "item": MEMBER_DAY,
            "date": day.on.isoformat(),
            "rates": day.rates,
            "opened_at": calendar.to_row(day.opened_at),
        },
    )


def member_day_of(row: Row) -> MemberDay:
    """Read a member day from its row."""
    return MemberDay(
        on=date.fromisoformat(row["date"]),
        rates=row["rates"],
        opened_at=calendar.from_row(row["opened_at"]),
    )
