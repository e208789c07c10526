"""Who gets a birthday coupon, and which: a pure function of tier, month of birth and the moment (B1-B3)."""

from datetime import datetime

from functions.coupons.birthday import Coupon
from functions.domain import calendar, identifiers
from functions.domain.policy import Policy


def birthday_coupon(
    policy: Policy, *, member_id: str, tier: str, birth_month: int | None, at: datetime
) -> Coupon | None:
    """Return the coupon that a member is to have who holds a tier at this moment, or None.

    Its face value is that of the tier, and it can be used in the whole month of the birthday, whenever in it
    it was issued (B1). A member who has no birthday in the running month, or whose tier has no coupon, gets
    none; so a run after the month issues nothing for it.
    """
    face_value_fen = policy.tier(tier).birthday_coupon_fen
    today = at.astimezone(policy.zone)
    if today.month != birth_month or not face_value_fen:
        return None
    begins, ends = calendar.month_of(at, policy.zone)
    return Coupon(
        coupon_id=identifiers.coupon_id(member_id, today.year),
        year=today.year,
        face_value_fen=face_value_fen,
        min_goods_fen=policy.birthday_coupon.min_goods_fen,
        valid_from=begins,
        valid_until=calendar.last_second_before(ends),
        issued_at=at,
    )
