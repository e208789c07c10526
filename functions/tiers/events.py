"""What the outside is told of a member's standing."""

from pydantic import ConfigDict, Field

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event, MemberEvent
from functions.platform.dynamo import Row


class TierChanged(MemberEvent):
    """A member rose or fell to another tier by an order's change (T5)."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    before: str = Field(alias="from")
    after: str = Field(alias="to")
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
