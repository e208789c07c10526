"""What the members' API takes and answers."""

from datetime import date, datetime
from itertools import combinations
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import SkipJsonSchema

from functions.domain import birthdays, lunar
from functions.domain.birthdays import LUNAR, SOLAR, Birthday, LunarBirthday
from functions.domain.errors import invalid_fields
from functions.domain.identifiers import MEMBER_ID_LENGTH_MAX
from functions.domain.lunar import LunarDay
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.platform.cursors import CURSOR_LENGTH_MAX
from functions.platform.shapes import BRANCH, DATE, Answer, Printable, Rate, Request, StoreTime
from functions.tiers.members import BirthdayChange, Found, Profile
from functions.tiers.phones import PHONE_LENGTH_MAX, e164
from functions.tiers.qualification import Standing, TierChange, next_tier

Name = Annotated[str, StringConstraints(min_length=1, max_length=100), Printable]
Phone = Annotated[str, StringConstraints(min_length=1, max_length=PHONE_LENGTH_MAX), AfterValidator(e164)]
DateText = Annotated[
    str,
    StringConstraints(pattern=DATE),
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


class LunarDateRequest(Request):
    """A date as it is written in the lunar calendar; the year, if it is known, is the lunar one."""

    month: int = Field(ge=1, le=lunar.MONTHS)
    day: int = Field(ge=1, le=lunar.MONTH_DAYS_MAX)
    leap: bool = Field(default=False, description="Whether the month is a leap month.")
    year: int | None = Field(default=None, ge=lunar.FIRST_YEAR, le=lunar.LAST_YEAR)


BirthdayCalendar = Literal["solar", "lunar"]


def _written_as(value: Any) -> str:
    return BRANCH + (LUNAR if isinstance(value, dict | LunarDateRequest | LunarDateAnswer) else SOLAR)


BirthdayTold = Annotated[
    Annotated[DateText, Tag(BRANCH + SOLAR)] | Annotated[LunarDateRequest, Tag(BRANCH + LUNAR)],
    Discriminator(_written_as),
]
"""A date's text by the solar calendar, an object by the lunar one."""


class ProfileRequest(Request):
    """What a member tells about themselves."""

    name: Name
    birthday: BirthdayTold | None = Field(
        default=None,
        description="A real date of its calendar, not after today; can be set once. By the lunar calendar an "
        "object.",
    )
    birthday_calendar: BirthdayCalendar = Field(
        default="solar", description="The calendar by which the birthday is kept and written."
    )
    phone: Phone | None = Field(default=None, description=PHONE, examples=["138 0013 8000"])


class ProfilePatch(Request):
    """What a member changes of what they told: what is not named stays as it is (RFC 7396)."""

    name: Name = Field(default="", description="Cannot be taken away.", json_schema_extra=_without_default)
    birthday: BirthdayTold | None = Field(
        default=None,
        description="A real date of its calendar, not after today; can be set once, and not be taken away. "
        "By the lunar calendar an object.",
    )
    birthday_calendar: BirthdayCalendar = Field(
        default="solar", description="The calendar by which the birthday that is named is kept and written."
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

    birthday: BirthdayTold = Field(
        description="A real date of its calendar, not after today. By the lunar calendar an object."
    )
    birthday_calendar: BirthdayCalendar = Field(
        default="solar", description="The calendar by which the birthday is kept and written."
    )
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


def birthday_of(told: str | LunarDateRequest, by: BirthdayCalendar, today: date) -> Birthday:
    """Return the birthday that somebody told, by the calendar they named (B6).

    Raises
    ------
    InvalidError
        ``invalid_request``: it is written for the other calendar, is no date of its own, or after today.
    """
    if isinstance(told, str):
        if by == LUNAR:
            raise invalid_fields(("birthday", "by the lunar calendar an object: month, day, leap, year"))
        return _solar(told, today)
    if by == SOLAR:
        raise invalid_fields(("birthday", "by the solar calendar a date's text, such as 1990-12-05"))
    return _lunar(told, today)


def named_calendar(request: "ProfileRequest | ProfilePatch") -> BirthdayCalendar | None:
    """Return the calendar that a body names without a birthday, or None where it does not."""
    alone = request.birthday is None and "birthday_calendar" in request.model_fields_set
    return request.birthday_calendar if alone else None


def _solar(told: str, today: date) -> date:
    try:
        birthday = date.fromisoformat(told)
    except ValueError as error:
        raise invalid_fields(("birthday", "not a date of the calendar")) from error
    if birthday > today:
        raise invalid_fields(("birthday", "after today"))
    return birthday


def _lunar(told: LunarDateRequest, today: date) -> LunarBirthday:
    day = LunarDay(month=told.month, day=told.day, leap=told.leap)
    if told.year is None:
        if not lunar.is_possible(day):
            raise invalid_fields(("birthday", "no year of the lunar calendar has this day"))
    elif not lunar.exists(day, told.year):
        raise invalid_fields(("birthday", "the lunar year does not have this day"))
    else:
        on = lunar.falls_on(day, told.year)
        if on is None or on > today:
            raise invalid_fields(("birthday", "after today"))
    return LunarBirthday(day=day, year=told.year)


class LunarDateAnswer(Answer):
    """A date as it is written in the lunar calendar."""

    month: int
    day: int
    leap: bool
    year: int | None


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


BirthdayShown = Annotated[
    Annotated[date, Tag(BRANCH + SOLAR)] | Annotated[LunarDateAnswer, Tag(BRANCH + LUNAR)],
    Discriminator(_written_as),
]


class MemberAnswer(Answer):
    """A member, their tier and its rights."""

    member_id: str
    name: str
    birthday: BirthdayShown | None = Field(description="As it was told: by the lunar calendar an object.")
    birthday_calendar: BirthdayCalendar = Field(description="The calendar by which the birthday is kept.")
    next_birthday: date | None = Field(
        description="The solar date of the next one, today's included; of 29 February the 28th."
    )
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


def member_answer(profile: Profile, standing: Standing, policy: Policy, at: datetime) -> MemberAnswer:
    """Show a member as the API does at a moment, on which only the date of their next birthday depends."""
    above = next_tier(policy, standing)
    tier = policy.tier(standing.tier)
    return MemberAnswer(
        member_id=profile.member_id,
        name=profile.name,
        birthday=_birthday_shown(profile.birthday),
        birthday_calendar=birthdays.calendar_of(profile.birthday),
        next_birthday=None
        if profile.birthday is None
        else birthdays.next_on(profile.birthday, at.astimezone(policy.zone).date()),
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


def _birthday_shown(birthday: Birthday | None) -> date | LunarDateAnswer | None:
    if isinstance(birthday, LunarBirthday):
        day = birthday.day
        return LunarDateAnswer(month=day.month, day=day.day, leap=day.leap, year=birthday.year)
    return birthday
