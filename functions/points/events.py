"""What the outside is told of a member's points: the ledger's entries, and what will expire."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event, MemberEvent
from functions.platform.dynamo import Row
from functions.points.account_rows import entry_of
from functions.points.ledger import Entry, EntryKind


@dataclass(frozen=True, kw_only=True)
class _Movement(MemberEvent):
    entry_id: str
    points: int


@dataclass(frozen=True, kw_only=True)
class PointsEarned(_Movement):
    """A paid order earned points; they are frozen (E2)."""

    order_id: str


@dataclass(frozen=True, kw_only=True)
class PointsReleased(_Movement):
    """The points of an order became available (E3); a debt took its part of them first."""

    order_id: str


@dataclass(frozen=True, kw_only=True)
class PointsExpired(_Movement):
    """Points that nobody had spent were written off at a year's end (E5)."""

    earned_in: int


@dataclass(frozen=True, kw_only=True)
class PointsExpiring(MemberEvent):
    """Points will expire unless they are spent (E10); ``expires_at`` is their last usable second."""

    earned_in: int
    points: int
    expires_at: datetime


def of_entry(row: Row, policy: Policy) -> list[Event]:
    """Return the event of a ledger entry, if the outside is told of its kind."""
    entry = entry_of(row)
    match entry.kind:
        case EntryKind.EARN:
            told = _told(PointsEarned, row, entry, policy)
            return [PointsEarned(**told, points=entry.frozen_delta)]
        case EntryKind.RELEASE:
            told = _told(PointsReleased, row, entry, policy)
            return [PointsReleased(**told, points=-entry.frozen_delta)]
        case EntryKind.EXPIRE if entry.order_id is None:
            told = _told(PointsExpired, row, entry, policy)
            ((year, points),) = entry.available_delta.items()
            return [PointsExpired(**told, points=-points, earned_in=int(year))]
        case _:
            return []


def of_notice(row: Row, policy: Policy) -> list[Event]:
    """Return the event that tells a member what will expire (E10)."""
    return [
        PointsExpiring(
            event_id=identifiers.event_id(PointsExpiring.__name__, row["member_id"], str(row["year"])),
            occurred_at=calendar.from_row(row["announced_at"]).astimezone(policy.zone),
            member_id=row["member_id"],
            earned_in=row["year"],
            points=row["points"],
            expires_at=calendar.from_row(row["expires_at"]).astimezone(policy.zone),
        )
    ]


def _told(kind: type[Event], row: Row, entry: Entry, policy: Policy) -> dict[str, Any]:
    """Return what every event of an entry says."""
    entry_id = identifiers.entry_id(row["member_id"], entry.number)
    return {
        "event_id": identifiers.event_id(kind.__name__, entry_id),
        "occurred_at": entry.occurred_at.astimezone(policy.zone),
        "member_id": row["member_id"],
        "entry_id": entry_id,
        **({} if entry.order_id is None else {"order_id": entry.order_id}),
    }
