"""What the members' API takes and answers."""

from datetime import date
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints, WithJsonSchema

from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.platform.shapes import Answer, Printable, Rate, Request, StoreTime
from functions.tiers.members import Profile
from functions.tiers.qualification import Standing, TierChange, next_tier

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), Printable]
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+() ./-]{1,32}$")]
DateText = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    WithJsonSchema({"type": "string", "format": "date"}),
]


class ProfileRequest(Request):
    """What a member tells about themselves."""

    name: Name
    birthday: DateText | None = Field(
        default=None, description="A real date, not after today; can be set once."
    )
    phone: Phone | None = None


class BirthdayRequest(Request):
    """A birthday that staff changes, and why."""

    birthday: DateText = Field(description="A real date, not after today.")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


class TierChangeAnswer(Answer):
    """A change of tier, with E and the order of that moment."""

    model_config = ConfigDict(serialize_by_alias=True, validate_by_name=True)

    changed_at: StoreTime
    before: str = Field(alias="from")
    after: str = Field(alias="to")
    effective_amount_fen: int
    order_id: str


class NextTierAnswer(Answer):
    """The tier above, and the smallest further order amount that reaches it."""

    tier: str
    amount_to_go_fen: int


class BenefitsAnswer(Answer):
    """The rights that come with a tier."""

    birthday_coupon_fen: int
    member_day_rate: Rate | None
    free_shipping_from_fen: int


class MemberAnswer(Answer):
    """A member, their tier and its rights."""

    member_id: str
    name: str
    birthday: date | None
    phone: str | None
    registered_at: StoreTime
    tier: str
    effective_amount_fen: int
    next_tier: NextTierAnswer | None
    benefits: BenefitsAnswer


def tier_change_answer(change: TierChange, policy: Policy) -> TierChangeAnswer:
    """Show a tier change."""
    return TierChangeAnswer(
        changed_at=change.changed_at.astimezone(policy.zone),
        before=change.before,
        after=change.after,
        effective_amount_fen=change.effective_fen,
        order_id=change.order_id,
    )


def member_answer(profile: Profile, standing: Standing, policy: Policy) -> MemberAnswer:
    """Show a member as the API does."""
    above = next_tier(policy, standing)
    tier = policy.tier(standing.tier)
    return MemberAnswer(
        member_id=profile.member_id,
        name=profile.name,
        birthday=profile.birthday,
        phone=profile.phone,
        registered_at=profile.registered_at.astimezone(policy.zone),
        tier=standing.tier,
        effective_amount_fen=standing.effective_fen,
        next_tier=None if above is None else NextTierAnswer(**plain(above)),
        benefits=BenefitsAnswer(
            birthday_coupon_fen=tier.birthday_coupon_fen,
            member_day_rate=tier.member_day_rate,
            free_shipping_from_fen=tier.free_shipping_from_fen,
        ),
    )
