"""What the privacy API answers."""

from typing import Annotated, Literal

from pydantic import Field

from functions.coupons.schema import CouponAnswer
from functions.orders.schema import OrderAnswer
from functions.platform.shapes import Answer, Page, StoreTime
from functions.points.schema import EntryAnswer, WalletAnswer
from functions.tiers.schema import MemberAnswer, TierChangeAnswer


class ErasedAnswer(Answer):
    """A member who was erased, and when."""

    member_id: str
    erased_at: StoreTime


class ExportedMember(Answer):
    """What the member told about themselves, with their tier."""

    kind: Literal["member"] = "member"
    data: MemberAnswer


class ExportedPoints(Answer):
    """The member's points as they are now."""

    kind: Literal["points"] = "points"
    data: WalletAnswer


class ExportedTierChange(Answer):
    """A change of the member's tier."""

    kind: Literal["tier_change"] = "tier_change"
    data: TierChangeAnswer


class ExportedEntry(Answer):
    """A movement of the member's points."""

    kind: Literal["points_entry"] = "points_entry"
    data: EntryAnswer


class ExportedCoupon(Answer):
    """A coupon of the member's."""

    kind: Literal["coupon"] = "coupon"
    data: CouponAnswer


class ExportedOrder(Answer):
    """An order of the member's."""

    kind: Literal["order"] = "order"
    data: OrderAnswer


class BirthdayChangeReasonAnswer(Answer):
    """That staff changed the member's birthday, and what they wrote as the reason (B4)."""

    changed_at: StoreTime
    reason: str | None


class ExportedBirthdayChange(Answer):
    """A change of the member's birthday by staff."""

    kind: Literal["birthday_change"] = "birthday_change"
    data: BirthdayChangeReasonAnswer


Exported = Annotated[
    ExportedMember
    | ExportedPoints
    | ExportedTierChange
    | ExportedEntry
    | ExportedCoupon
    | ExportedOrder
    | ExportedBirthdayChange,
    Field(discriminator="kind"),
]
"""One thing that the programme knows of a member."""


class ExportPage(Page[Exported]):
    """One page of what the programme knows of a member."""
