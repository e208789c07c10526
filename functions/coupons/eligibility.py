"""Who gets a birthday coupon, and which: a pure function of tier, birthday and the moment (B1-B3, B6)."""

from datetime import date, datetime

from functions.coupons.birthday import Coupon
from functions.domain import birthdays, calendar, identifiers
from functions.domain.birthdays import Kept
from functions.domain.policy import Policy


def birthday_coupon(
    policy: Policy, *, member_id: str, tier: str, birthday: Kept, at: datetime
) -> Coupon | None:
    """Return the coupon that a member is to have who holds a tier at this moment, or None.

    Its face value is that of the tier, and it can be used in the whole month in which the birthday falls,
    whenever in it it was issued (B1). A member who has no birthday in the running month, or whose tier has no
    coupon, gets none; so a run after the month issues nothing for it. It counts for the calendar year, or for
    the lunar year that a lunar birthday lies in (B6).
    """
    face_value_fen = policy.tier(tier).birthday_coupon_fen
    year = birthdays.coupon_year(birthday, first_of_month(at, policy)) if face_value_fen else None
    if year is None:
        return None
    begins, ends = calendar.month_of(at, policy.zone)
    return Coupon(
        coupon_id=identifiers.coupon_id(member_id, str(year)),
        year=year,
        face_value_fen=face_value_fen,
        min_goods_fen=policy.birthday_coupon.min_goods_fen,
        valid_from=begins,
        valid_until=calendar.last_second_before(ends),
        issued_at=at,
    )


def first_of_month(at: datetime, policy: Policy) -> date:
    """Return the first day of the month, in store time, that a moment lies in."""
    return at.astimezone(policy.zone).date().replace(day=1)
