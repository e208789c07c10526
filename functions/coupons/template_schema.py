"""What the routes of templates take and answer: what staff say of one, and its codes."""

from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, WithJsonSchema

from functions.coupons.batches import CODES_MAX, Batch
from functions.coupons.template_rows import CLAIMS_MAX, rate_of
from functions.coupons.template_store import Counted
from functions.coupons.templates import (
    AMOUNT,
    Between,
    CouponKind,
    Days,
    Template,
    TemplateStatus,
    Valid,
    Worth,
)
from functions.domain.errors import invalid_fields
from functions.domain.policy import Policy
from functions.platform.scopes import ScopeAnswer, ScopeTold, Skus, each_once, scope_answer, scope_of
from functions.platform.shapes import (
    BRANCH,
    Answer,
    CallerId,
    Moment,
    Printable,
    Rate,
    Request,
    StoreTime,
)

FEN_MAX = 100_000_000
MIN_FEN_MAX = 10_000_000_000
"""No goods of an order come near to it."""
DAYS_MAX = 3_650
PER_MEMBER_MAX = 1_000
USES_MAX = CLAIMS_MAX
RATE = r"^0\.[0-9]{1,4}$"
CODE = r"^[A-Za-z0-9](-?[A-Za-z0-9]){3,31}$"

Name = Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


def _less_than_one(text: str) -> str:
    """Refuse what is no factor between 0 and 1 of at most four decimals."""
    if (
        len(text) > len("0.9999")
        or not text.startswith("0.")
        or not (text[2:].isascii() and text[2:].isdigit())
    ):
        raise ValueError("must be a factor such as 0.85, with at most 4 decimals")
    if not Decimal(text):
        raise ValueError("must be more than 0")
    return text


RateText = Annotated[
    str,
    AfterValidator(_less_than_one),
    WithJsonSchema({"type": "string", "pattern": RATE}),
]


def _a_code(text: str) -> str:
    """Refuse what staff cannot call a code."""
    parts = text.split("-")
    letters = "".join(parts)
    if not (all(parts) and letters.isascii() and letters.isalnum() and 4 <= len(letters) <= 32):
        raise ValueError("must have 4 to 32 letters or digits of ASCII, with single dashes between them")
    return text


CodeText = Annotated[str, AfterValidator(_a_code), WithJsonSchema({"type": "string", "pattern": CODE})]


class BetweenRequest(Request):
    """A window that is the same for every coupon; `until` is its last usable second."""

    begins: Moment = Field(alias="from")
    until: Moment


class DaysRequest(Request):
    """A window from the instant at which a member gets the coupon, to the end of so many days later."""

    days: Annotated[int, Field(ge=1, le=DAYS_MAX)]


def _written_as(value: Any) -> str:
    named = value if isinstance(value, dict) else {}
    return BRANCH + ("days" if "days" in named and not named.keys() & {"from", "until"} else "between")


ValidTold = Annotated[
    Annotated[BetweenRequest, Tag(BRANCH + "between")] | Annotated[DaysRequest, Tag(BRANCH + "days")],
    Discriminator(_written_as),
]


class ClaimLimitsRequest(Request):
    """How often it can be claimed; what is not said has no limit."""

    total: Annotated[int, Field(ge=1, le=CLAIMS_MAX)] | None = None
    per_member: Annotated[int, Field(ge=1, le=PER_MEMBER_MAX)] | None = None


class TemplateRequest(Request):
    """What staff say of a template."""

    name: Name
    kind: CouponKind
    face_value_fen: Annotated[int, Field(ge=1, le=FEN_MAX)] | None = Field(
        default=None, description="Of kind `amount`: what a coupon takes off."
    )
    rate: RateText | None = Field(
        default=None, description="Of kind `rate`: the factor of what is paid.", examples=["0.85"]
    )
    max_off_fen: Annotated[int, Field(ge=1, le=FEN_MAX)] | None = Field(
        default=None, description="Of kind `rate`: what a coupon takes off at most."
    )
    min_fen: Annotated[int, Field(ge=0, le=MIN_FEN_MAX)]
    scope: ScopeTold
    except_skus: Skus | None = Field(default=None, description="Left out of the scope.")
    tiers: Annotated[list[str], Field(min_length=1, max_length=100), AfterValidator(each_once)] | None = (
        Field(default=None, description="For members of these tiers; else for all.")
    )
    exclusive: bool = Field(default=False, description="Whether its coupons exclude every other offer.")
    claimable: bool = Field(default=False, description="Whether members can claim it.")
    for_complaints: bool = Field(
        default=False, description="Whether complaints may be settled with its coupons."
    )
    valid: ValidTold
    limits: ClaimLimitsRequest | None = None
    status: TemplateStatus

    def template(self, template_id: str, policy: Policy) -> Template:
        """Return the template that is asked for, of no version yet.

        Raises
        ------
        InvalidError
            ``invalid_request``: fields contradict each other, or the policy has no such tier.
        """
        valid = self._valid()
        scope = scope_of(self.scope, self.except_skus)
        known = {tier.code for tier in policy.tiers}
        faults = [*self._faults_of_worth()]
        if isinstance(valid, Between) and valid.until < valid.begins:
            faults.append(("valid.until", "must not be before from"))
        if scope.skus is not None and scope.skus <= scope.except_skus:
            faults.append(("except_skus", "must leave something of the scope"))
        if not set(self.tiers or ()) <= known:
            faults.append(("tiers", f"must be of {', '.join(sorted(known))}"))
        if faults:
            raise invalid_fields(*faults)
        limits = self.limits or ClaimLimitsRequest()
        return Template(
            template_id=template_id,
            version=0,
            name=self.name,
            worth=Worth(
                kind=self.kind,
                face_value_fen=self.face_value_fen,
                rate=None if self.rate is None else Fraction(self.rate),
                max_off_fen=self.max_off_fen,
                min_fen=self.min_fen,
                scope=scope,
                exclusive=self.exclusive,
            ),
            valid=valid,
            tiers=None if self.tiers is None else frozenset(self.tiers),
            claimable=self.claimable,
            total=limits.total,
            per_member=limits.per_member,
            status=self.status,
            for_complaints=self.for_complaints,
        )

    def _valid(self) -> Valid:
        if isinstance(self.valid, DaysRequest):
            return Days(days=self.valid.days)
        return Between(begins=self.valid.begins, until=self.valid.until)

    def _faults_of_worth(self) -> list[tuple[str, str]]:
        """Return which fields the kind needs and lacks, or has and does not know."""
        needed, others = (
            ("face_value_fen", ("rate", "max_off_fen"))
            if self.kind == AMOUNT
            else ("rate", ("face_value_fen",))
        )
        faults = [(needed, f"is needed for kind {self.kind}")] if getattr(self, needed) is None else []
        unfit = [name for name in others if getattr(self, name) is not None]
        return faults + [(name, f"is not for kind {self.kind}") for name in unfit]


class CodesRequest(Request):
    """Codes to be made: `count` ones that work once each, or one `code` that so many members may use."""

    batch_id: CallerId
    count: Annotated[int, Field(ge=1, le=CODES_MAX)] | None = None
    code: CodeText | None = Field(default=None, examples=["SUMMER-2026"])
    limit: Annotated[int, Field(ge=1, le=USES_MAX)] | None = None

    def batch(self, template_id: str) -> Batch:
        """Return the batch that is asked for.

        Raises
        ------
        InvalidError
            ``invalid_request``: it is neither the one nor the other.
        """
        if self.count is None:
            faults = [
                (name, "is needed, or count alone")
                for name in ("code", "limit")
                if getattr(self, name) is None
            ]
        else:
            faults = [
                (name, "does not go with count")
                for name in ("code", "limit")
                if getattr(self, name) is not None
            ]
        if faults:
            raise invalid_fields(*faults)
        return Batch(
            template_id=template_id,
            batch_id=self.batch_id,
            count=self.count,
            code=self.code,
            limit=self.limit,
        )


class BetweenAnswer(Answer):
    """A window that is the same for every coupon; `until` is its last usable second."""

    begins: StoreTime = Field(serialization_alias="from")
    until: StoreTime


class DaysAnswer(Answer):
    """A window of so many days after the day on which a member gets the coupon."""

    days: int


class ClaimLimitsAnswer(Answer):
    """How often it can be claimed; null is no limit."""

    total: int | None
    per_member: int | None


class TemplateAnswer(Answer):
    """A template as staff see it."""

    template_id: str
    version: int = Field(description="Counts the puts that changed it.")
    name: str
    kind: CouponKind
    face_value_fen: int | None
    rate: Rate | None
    max_off_fen: int | None
    min_fen: int
    scope: ScopeAnswer
    except_skus: list[str]
    tiers: list[str] | None
    exclusive: bool
    claimable: bool
    for_complaints: bool = Field(default=False, exclude_if=lambda for_complaints: not for_complaints)
    valid: BetweenAnswer | DaysAnswer
    limits: ClaimLimitsAnswer
    status: TemplateStatus
    claimed: int = Field(description="Coupons that members have claimed of it.")


class CodesAnswer(Answer):
    """The codes of a batch; `limit` is how many members may use a shared one."""

    batch_id: str
    template_id: str
    kind: Literal["unique", "shared"]
    codes: list[str]
    limit: int | None


def template_answer(counted: Counted, policy: Policy) -> TemplateAnswer:
    """Show a template."""
    template, worth = counted.template, counted.template.worth
    return TemplateAnswer(
        template_id=template.template_id,
        version=template.version,
        name=template.name,
        kind=worth.kind,
        face_value_fen=worth.face_value_fen,
        rate=None if worth.rate is None else rate_of(worth.rate),
        max_off_fen=worth.max_off_fen,
        min_fen=worth.min_fen,
        scope=scope_answer(worth.scope),
        except_skus=sorted(worth.scope.except_skus),
        tiers=None if template.tiers is None else sorted(template.tiers),
        exclusive=worth.exclusive,
        claimable=template.claimable,
        for_complaints=template.for_complaints,
        valid=valid_answer(template.valid, policy),
        limits=ClaimLimitsAnswer(total=template.total, per_member=template.per_member),
        status=template.status,
        claimed=counted.claimed,
    )


def codes_answer(batch: Batch, codes: list[str]) -> CodesAnswer:
    """Show the codes of a batch."""
    return CodesAnswer(
        batch_id=batch.batch_id,
        template_id=batch.template_id,
        kind="unique" if batch.code is None else "shared",
        codes=codes,
        limit=batch.limit,
    )


def valid_answer(valid: Valid, policy: Policy) -> BetweenAnswer | DaysAnswer:
    """Show when coupons of a template can be used."""
    if isinstance(valid, Days):
        return DaysAnswer(days=valid.days)
    begins: datetime = valid.begins.astimezone(policy.zone)
    return BetweenAnswer(begins=begins, until=valid.until.astimezone(policy.zone))
