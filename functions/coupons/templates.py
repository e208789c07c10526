"""Templates, and the coupons that are made from them: what they are worth, and what they ask for (V8-V10)."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from fractions import Fraction
from typing import Literal
from zoneinfo import ZoneInfo

from functions.domain import calendar
from functions.domain.scope import Scope

CouponKind = Literal["amount", "rate"]
AMOUNT: CouponKind = "amount"
RATE: CouponKind = "rate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What a coupon takes off, and what it asks for: that of its template when it was made (V9, R4).

    ``face_value_fen`` is that of an ``amount``, ``rate`` the factor of a ``rate``, which may take
    ``max_off_fen`` off at most. ``min_fen`` is tested on what order offers left of the base (V8). ``name`` is
    what the template was called then.
    """

    kind: CouponKind
    face_value_fen: int | None = None
    rate: Fraction | None = None
    max_off_fen: int | None = None
    min_fen: int = 0
    scope: Scope
    exclusive: bool = False
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateCoupon:
    """A coupon made from a template, as its member holds it; ``valid_until`` is its last usable second.

    ``order_id`` is who uses it.
    """

    coupon_id: str
    template_id: str
    template_version: int
    worth: Worth
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    order_id: str | None = None


TemplateStatus = Literal["active", "paused"]
ACTIVE: TemplateStatus = "active"


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A window that is the same for every coupon of a template; ``until`` is its last usable second (V9)."""

    begins: datetime
    until: datetime

    def window(self, _at: datetime, _zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the first and the last second at which a coupon can be used."""
        return self.begins, self.until

    def has_ended(self, at: datetime) -> bool:
        """Tell whether no coupon made now could be used."""
        return at > self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """A window of so many days after the day, in store time, on which a member gets the coupon (V9)."""

    days: int

    def window(self, at: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the instant itself, and the last second of the nth day after its day."""
        day = at.astimezone(zone).date() + timedelta(days=self.days + 1)
        return at, calendar.last_second_before(datetime.combine(day, time.min, tzinfo=zone)).astimezone(UTC)

    def has_ended(self, _at: datetime) -> bool:
        """Tell whether no coupon made now could be used: there always is a next day."""
        return False


Valid = Between | Days


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """What coupons are made from, as staff last put it. ``version`` counts the puts that changed it.

    ``tiers`` None means all. ``total`` and ``per_member`` limit the claims, None is no limit; what comes by
    a code or from staff is limited by code and staff (V10).
    """

    template_id: str
    version: int
    name: str
    worth: Worth
    valid: Valid
    tiers: frozenset[str] | None = None
    claimable: bool = False
    total: int | None = None
    per_member: int | None = None
    status: TemplateStatus = ACTIVE
    for_complaints: bool = False
    """Complaints may be settled with coupons of it (A9)."""

    def is_for(self, tier: str) -> bool:
        """Tell whether members of a tier may claim it, or use a code for it (V10)."""
        return self.tiers is None or tier in self.tiers

    def gives_at(self, at: datetime) -> bool:
        """Tell whether anybody gets a coupon of it now: it is not paused, and its window has not passed."""
        return self.status == ACTIVE and not self.valid.has_ended(at)
