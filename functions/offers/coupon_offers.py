"""What a member's coupons would take off a cart (P4, V8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.coupons import birthday
from functions.coupons.birthday import Coupon
from functions.coupons.templates import AMOUNT, TemplateCoupon, Worth
from functions.offers.bases import Base, Countable, base_of
from functions.offers.conditions import BELOW_THRESHOLD, NOT_CHEAPER, Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponOffer:
    """A template's coupon over the lines of a cart.

    It takes ``most_fen`` off if no order offer takes anything, and never more.
    """

    coupon: TemplateCoupon
    base: Base
    most_fen: int

    def off_fen(self, net: int, per: int = 1) -> int:
        """Return what it takes off if ``net / per`` fen of its base are left; 0 if it cannot be used (V8)."""
        return _off_fen(self.coupon.worth, net, per)

    def why_not(self, net: int, per: int = 1) -> Reason | None:
        """Return why it cannot be used if ``net / per`` fen of its base are left (V8, V19)."""
        worth = self.coupon.worth
        if net < worth.min_fen * per:
            return Reason(BELOW_THRESHOLD, missing_fen=worth.min_fen - net // per)
        return None if self.off_fen(net, per) else Reason(NOT_CHEAPER)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusiveOffer:
    """A coupon that stands alone, over the lines of a cart at list prices (P4, V8).

    ``base`` is None for the birthday coupon, which counts all. ``reason`` says why it cannot be used.
    """

    coupon: Coupon | TemplateCoupon
    base: Base | None
    off_fen: int
    reason: Reason | None = None


def coupon_offer(coupon: TemplateCoupon, lines: Sequence[Countable]) -> CouponOffer:
    """Return what a coupon of a template would do for the lines that it may count (V3, V8)."""
    base = base_of(coupon.worth.scope, lines)
    return CouponOffer(coupon=coupon, base=base, most_fen=_off_fen(coupon.worth, base.sum_fen, 1))


def exclusive_offer(coupon: TemplateCoupon, lines: Sequence[Countable]) -> ExclusiveOffer:
    """Return what a coupon that stands alone would do for lines at list price (V8)."""
    offer = coupon_offer(coupon, lines)
    return ExclusiveOffer(
        coupon=coupon,
        base=offer.base,
        off_fen=offer.most_fen,
        reason=offer.why_not(offer.base.sum_fen),
    )


def birthday_offer(coupon: Coupon, *, list_goods_fen: int, at: datetime) -> ExclusiveOffer:
    """Return what an unused birthday coupon would do for goods of this sum of list prices (P4)."""
    code = birthday.why_not(coupon, list_goods_fen=list_goods_fen, at=at)
    return ExclusiveOffer(
        coupon=coupon,
        base=None,
        off_fen=min(coupon.face_value_fen, list_goods_fen),
        reason=None if code is None else Reason(code),
    )


def is_available(coupon: TemplateCoupon, at: datetime) -> bool:
    """Tell whether a coupon is unused and in its window (V9)."""
    return coupon.order_id is None and coupon.valid_from <= at <= coupon.valid_until


def is_exclusive(coupon: Coupon | TemplateCoupon) -> bool:
    """Tell whether a coupon stands alone: the birthday coupon does (P4), and a template may say so (V8)."""
    return isinstance(coupon, Coupon) or coupon.worth.exclusive


def _off_fen(worth: Worth, net: int, per: int) -> int:
    """Return what a coupon takes off ``net / per`` fen, 0 below its minimum (V8)."""
    if net < worth.min_fen * per:
        return 0
    if worth.kind == AMOUNT:
        if worth.face_value_fen is None:
            raise ValueError("a coupon of an amount has a face value")
        return min(worth.face_value_fen, net // per)
    if worth.rate is None:
        raise ValueError("a coupon of a rate has one")
    off, whole = net * (worth.rate.denominator - worth.rate.numerator), per * worth.rate.denominator
    off_fen = min((2 * off + whole) // (2 * whole), net // per)  # rhu
    return off_fen if worth.max_off_fen is None else min(off_fen, worth.max_off_fen)
