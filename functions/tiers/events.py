"""What the outside is told of a member's standing."""

from dataclasses import dataclass, field

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import TOLD_AS, Event, MemberEvent
from functions.platform.dynamo import Row


@dataclass(frozen=True, kw_only=True)
class TierChanged(MemberEvent):
    """A member rose or fell to another tier by an order's change (T5)."""

    before: str = field(metadata={TOLD_AS: "from"})
    after: str = field(metadata={TOLD_AS: "to"})
    effective_amount_fen: int
    order_id: str


def of_tier_change(row: Row, policy: Policy) -> list[Event]:
    """Return the event of a tier change; the row's key names the change."""
    return [
        TierChanged(
            event_id=identifiers.event_id(TierChanged.__name__, row["member_id"], row["item"]),
            occurred_at=calendar.from_row(row["changed_at"]).astimezone(policy.zone),
            member_id=row["member_id"],
            before=row["before"],
            after=row["after"],
            effective_amount_fen=row["effective_fen"],
            order_id=row["order_id"],
        )
    ]
