"""What the members' API takes and answers."""

from datetime import date
from itertools import combinations
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from functions.domain.identifiers import MEMBER_ID_LENGTH_MAX
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.platform.cursors import CURSOR_LENGTH_MAX
from functions.platform.shapes import Answer, Printable, Rate, Request, StoreTime
from functions.tiers.members import BirthdayChange, Found, Profile
from functions.tiers.phones import PHONE_LENGTH_MAX, e164
from functions.tiers.qualification import Standing, TierChange, next_tier

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), Printable]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=PHONE_LENGTH_MAX), AfterValidator(e164)]
DateText = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"),
    WithJsonSchema({"type": "string", "format": "date"}),
]
PHONE = (
    "As people write it, with + and the country's code if it is not of mainland China; answered in E.164: "
    "`+8613800138000`."
)
CRITERIA = ("member_id", "phone", "name_prefix")
_NOT_ONE_CRITERION: list[Any] = [
    *({"required": list(pair)} for pair in combinations(CRITERIA, 2)),
    {"not": {"anyOf": [{"required": [each]} for each in CRITERIA]}},
]
"""What a search is not: one by two criteria, or by none."""
_Unset = SkipJsonSchema[None]


def _without_default(schema: dict[str, Any]) -> None:
    """Leave out the default of a field that is either given or not there."""
    schema.pop("default", None)


class ProfileRequest(Request):
    """What a member tells about themselves."""

    name: Name
    birthday: DateText | None = Field(
        default=None, description="A real date, not after today; can be set once."
    )
    phone: Phone | None = Field(default=None, description=PHONE, examples=["138 0013 8000"])


class ProfilePatch(Request):
    """What a member changes of what they told: what is not named stays as it is (RFC 7396)."""

    name: Name = Field(default="", description="Cannot be taken away.", json_schema_extra=_without_default)
    birthday: DateText | None = Field(
        default=None, description="A real date, not after today; can be set once, and not be taken away."
    )
    phone: Phone | None = Field(
        default=None, description=f"{PHONE} null takes it away.", examples=["138 0013 8000"]
    )


class SearchRequest(Request):
    """Whom staff looks for: by exactly one of `member_id`, `phone` and `name_prefix`."""

    model_config = ConfigDict(json_schema_extra={"not": {"anyOf": _NOT_ONE_CRITERION}})

    member_id: Annotated[str, StringConstraints(min_length=1, max_length=MEMBER_ID_LENGTH_MAX)] | _Unset = (
        Field(default=None, json_schema_extra=_without_default)
    )
    phone: Phone | _Unset = Field(
        default=None, description=PHONE, examples=["138 0013 8000"], json_schema_extra=_without_default
    )
    name_prefix: Name | _Unset = Field(
        default=None,
        description="How the name begins; case, width and accents' composition do not count.",
        json_schema_extra=_without_default,
    )
    limit: int = Field(default=20, ge=1, le=100, description="How many items at most.")
    cursor: Annotated[str, StringConstraints(max_length=CURSOR_LENGTH_MAX)] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )

    @model_validator(mode="after")
    def _one_criterion(self) -> Self:
        given = [getattr(self, name) for name in CRITERIA if name in self.model_fields_set]
        if len(given) != 1 or None in given:
            raise ValueError(f"exactly one of {', '.join(CRITERIA)} must be given")
        return self


class BirthdayRequest(Request):
    """A birthday that staff changes, and why."""

    birthday: DateText = Field(description="A real date, not after today.")
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


class BirthdayChangeAnswer(Answer):
    """That staff changed a member's birthday; the reason is null once the member was erased."""

    changed_at: StoreTime
    reason: str | None
    operator: str = Field(description="Who changed it: the id of a user or a service.")


class FoundAnswer(Answer):
    """A member who was found, with as much as it takes to tell them from others."""

    member_id: str
    name: str
    phone: str | None
    tier: str
    registered_at: StoreTime


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


def birthday_change_answer(change: BirthdayChange, policy: Policy) -> BirthdayChangeAnswer:
    """Show a change of a birthday."""
    return BirthdayChangeAnswer(
        changed_at=change.changed_at.astimezone(policy.zone), reason=change.reason, operator=change.operator
    )


def found_answer(found: Found, policy: Policy) -> FoundAnswer:
    """Show a member who was found."""
    profile, standing = found
    return FoundAnswer(
        member_id=profile.member_id,
        name=profile.name,
        phone=profile.phone,
        tier=standing.tier,
        registered_at=profile.registered_at.astimezone(policy.zone),
    )


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
