"""What the outside is told of coupons."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from functions.coupons.coupons import coupon_of
from functions.coupons.held import ref_of
from functions.domain import identifiers
from functions.domain.money import rate_text
from functions.domain.policy import Policy
from functions.platform.bus import Event, MemberEvent
from functions.platform.dynamo import Row


@dataclass(frozen=True, kw_only=True)
class CouponIssued(MemberEvent):
    """A member has got a coupon (B1, B2, V10); ``valid_until`` is its last usable second.

    Those of a template take off an amount, ``face_value_fen``, or so much that a ``rate`` of what is left
    stays, then ``max_off_fen`` at most, if that is limited.
    """

    coupon_id: str
    kind: Literal["birthday", "amount", "rate"]
    template_id: str | None
    face_value_fen: int | None
    rate: str | None
    max_off_fen: int | None
    min_goods_fen: int
    exclusive: bool
    valid_from: datetime
    valid_until: datetime


def of_coupon(row: Row, policy: Policy) -> list[Event]:
    """Return the event of the issue of a birthday coupon."""
    coupon = coupon_of(row)
    return [
        CouponIssued(
            event_id=_event_id(coupon.coupon_id),
            occurred_at=coupon.issued_at.astimezone(policy.zone),
            member_id=row["member_id"],
            coupon_id=coupon.coupon_id,
            kind="birthday",
            template_id=None,
            face_value_fen=coupon.face_value_fen,
            rate=None,
            max_off_fen=None,
            min_goods_fen=coupon.min_goods_fen,
            exclusive=True,  # P4
            valid_from=coupon.valid_from.astimezone(policy.zone),
            valid_until=coupon.valid_until.astimezone(policy.zone),
        )
    ]


def of_template_coupon(row: Row, policy: Policy) -> list[Event]:
    """Return the event of the issue of a coupon that was made from a template."""
    ref = ref_of(row)
    return [
        CouponIssued(
            event_id=_event_id(ref.coupon_id),
            occurred_at=ref.issued_at.astimezone(policy.zone),
            member_id=row["member_id"],
            coupon_id=ref.coupon_id,
            kind=row["kind"],
            template_id=ref.template_id,
            face_value_fen=row["face_value_fen"],
            rate=None if row["rate"] is None else rate_text(Decimal(row["rate"])),
            max_off_fen=row["max_off_fen"],
            min_goods_fen=row["min_fen"],
            exclusive=row["exclusive"],
            valid_from=ref.valid_from.astimezone(policy.zone),
            valid_until=ref.valid_until.astimezone(policy.zone),
        )
    ]


def _event_id(coupon_id: str) -> str:
    return identifiers.event_id(CouponIssued.__name__, coupon_id)
