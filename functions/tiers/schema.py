"""What the members' API takes and answers."""

from dataclasses import asdict
from datetime import date
from typing import Annotated

from pydantic import Field, StringConstraints, WithJsonSchema

from functions.domain.policy import Policy
from functions.platform.shapes import Answer, Printable, Rate, Request, StoreTime
from functions.tiers.members import Profile
from functions.tiers.qualification import Standing, next_tier

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
        next_tier=None if above is None else NextTierAnswer(**asdict(above)),
        benefits=BenefitsAnswer(
            birthday_coupon_fen=tier.birthday_coupon_fen,
            member_day_rate=tier.member_day_rate,
            free_shipping_from_fen=tier.free_shipping_from_fen,
        ),
    )
