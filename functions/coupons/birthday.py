"""Birthday coupons: one per member and year, and when it can be used (B1, B3, B6, P4)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from functions.domain.birthdays import CouponYear

EXPIRED = "expired"
NOT_YET_VALID = "not_yet_valid"
BELOW_MINIMUM = "below_minimum"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coupon:
    """A birthday coupon of one year, of either calendar (B6). ``valid_until`` is its last usable second.

    Face value and minimum are those of its issue and never change (B3); ``order_id`` is who uses it.
    """

    coupon_id: str
    year: CouponYear
    face_value_fen: int
    min_goods_fen: int
    valid_from: datetime
    valid_until: datetime
    issued_at: datetime
    order_id: str | None = None


class CouponStatus(StrEnum):
    """Where a coupon stands; one that is not used by its end is expired."""

    AVAILABLE = "available"
    USED = "used"
    EXPIRED = "expired"


def status(coupon: Coupon, at: datetime) -> CouponStatus:
    """Return where a coupon stands at this moment (B5)."""
    return standing_at(coupon.order_id, coupon.valid_until, at)


def standing_at(order_id: str | None, valid_until: datetime, at: datetime) -> CouponStatus:
    """Return where a coupon stands at this moment, by the order that uses it and its last usable second."""
    if order_id is not None:
        return CouponStatus.USED
    return CouponStatus.EXPIRED if at > valid_until else CouponStatus.AVAILABLE


def why_not(coupon: Coupon, *, list_goods_fen: int, at: datetime) -> str | None:
    """Return why an unused coupon does not apply to goods of this sum of list prices, or None if it does.

    198.00 yuan at list prices are enough for a minimum of 198.00, member day or not (P4).
    """
    if at > coupon.valid_until:
        return EXPIRED
    if at < coupon.valid_from:
        return NOT_YET_VALID
    return BELOW_MINIMUM if list_goods_fen < coupon.min_goods_fen else None
