"""What the outside is told of coupons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.coupons.coupons import coupon_of
from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.platform.bus import Event, MemberEvent
from functions.platform.dynamo import Row


@dataclass(frozen=True, kw_only=True)
class CouponIssued(MemberEvent):
    """A member has got a coupon (B1, B2); ``valid_until`` is its last usable second."""

    coupon_id: str
    kind: Literal["birthday"]
    face_value_fen: int
    min_goods_fen: int
    valid_from: datetime
    valid_until: datetime


def of_coupon(row: Row, policy: Policy) -> list[Event]:
    """Return the event of a coupon's issue."""
    coupon = coupon_of(row)
    return [
        CouponIssued(
            event_id=identifiers.event_id(CouponIssued.__name__, coupon.coupon_id),
            occurred_at=coupon.issued_at.astimezone(policy.zone),
            member_id=row["member_id"],
            coupon_id=coupon.coupon_id,
            kind="birthday",
            face_value_fen=coupon.face_value_fen,
            min_goods_fen=coupon.min_goods_fen,
            valid_from=coupon.valid_from.astimezone(policy.zone),
            valid_until=coupon.valid_until.astimezone(policy.zone),
        )
    ]
