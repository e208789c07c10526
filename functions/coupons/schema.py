"""What the coupons' API answers."""

from datetime import datetime
from typing import Literal

from functions.coupons.birthday import Coupon, CouponStatus, status
from functions.domain.policy import Policy
from functions.platform.shapes import Answer, StoreTime


class CouponAnswer(Answer):
    """A coupon; it can be used from ``valid_from`` up to and including ``valid_until``."""

    coupon_id: str
    kind: Literal["birthday"]
    face_value_fen: int
    min_goods_fen: int
    valid_from: StoreTime
    valid_until: StoreTime
    status: CouponStatus
    order_id: str | None


def coupon_answer(coupon: Coupon, policy: Policy, at: datetime) -> CouponAnswer:
    """Show a coupon as it stands at this moment."""
    return CouponAnswer(
        coupon_id=coupon.coupon_id,
        kind="birthday",
        face_value_fen=coupon.face_value_fen,
        min_goods_fen=coupon.min_goods_fen,
        valid_from=coupon.valid_from.astimezone(policy.zone),
        valid_until=coupon.valid_until.astimezone(policy.zone),
        status=status(coupon, at),
        order_id=coupon.order_id,
    )
