"""What the outside is told of a member's standing."""

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event
from functions.platform.dynamo import Row


def of_tier_change(row: Row, policy: Policy) -> list[Event]:
    """Return the event of a tier change (T5); the row's key names the change."""
    return [
        Event(
            detail_type="TierChanged",
            event_id=identifiers.event_id("TierChanged", row["member_id"], row["item"]),
            occurred_at=calendar.shown(calendar.from_row(row["changed_at"]), policy.zone),
            member_id=row["member_id"],
            facts={
                "from": row["before"],
                "to": row["after"],
                "effective_amount_fen": row["effective_fen"],
                "order_id": row["order_id"],
            },
        )
    ]
