"""What the outside is told of a member's points: the ledger's entries, and what will expire."""

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event
from functions.platform.dynamo import Row
from functions.points.account_rows import entry_of
from functions.points.ledger import EntryKind


def of_entry(row: Row, policy: Policy) -> list[Event]:
    """Return the event of a ledger entry, if the outside is told of its kind."""
    member_id, entry = row["member_id"], entry_of(row)
    entry_id = identifiers.entry_id(member_id, entry.number)
    match entry.kind:
        case EntryKind.EARN:
            told, points = "PointsEarned", entry.frozen_delta
        case EntryKind.RELEASE:
            told, points = "PointsReleased", -entry.frozen_delta
        case EntryKind.EXPIRE if entry.order_id is None:
            told, points = "PointsExpired", -sum(entry.available_delta.values())
        case _:
            return []
    facts = {"order_id": entry.order_id} if entry.order_id else {"earned_in": int(*entry.available_delta)}
    return [
        Event(
            detail_type=told,
            event_id=identifiers.event_id(told, entry_id),
            occurred_at=calendar.shown(entry.occurred_at, policy.zone),
            member_id=member_id,
            facts={**facts, "points": points, "entry_id": entry_id},
        )
    ]


def of_notice(row: Row, policy: Policy) -> list[Event]:
    """Return the event that tells what will expire (E10); ``expires_at`` is the last usable second."""
    return [
        Event(
            detail_type="PointsExpiring",
            event_id=identifiers.event_id("PointsExpiring", row["member_id"], str(row["year"])),
            occurred_at=calendar.shown(calendar.from_row(row["announced_at"]), policy.zone),
            member_id=row["member_id"],
            facts={
                "earned_in": row["year"],
                "points": row["points"],
                "expires_at": calendar.shown(calendar.from_row(row["expires_at"]), policy.zone),
            },
        )
    ]
