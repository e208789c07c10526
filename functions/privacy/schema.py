"""What the privacy API answers."""

from typing import Annotated, Literal

from pydantic import Field

from functions.aftersales.schema import CaseAnswer
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


class CouponOriginAnswer(Answer):
    """How the member got a coupon that was made from a template: by a claim, by a code, or from staff."""

    coupon_id: str
    template_id: str
    got_at: StoreTime
    way: Literal["claim", "code", "staff", "case"]
    code: str | None


class ExportedCouponOrigin(Answer):
    """How the member got a coupon."""

    kind: Literal["coupon_origin"] = "coupon_origin"
    data: CouponOriginAnswer


class CodeAttemptsAnswer(Answer):
    """When the member sent codes that were not valid: the latest of them, as far as they still counted."""

    failed_at: list[StoreTime]


class ExportedCodeAttempts(Answer):
    """The member's latest attempts at codes that failed."""

    kind: Literal["code_attempts"] = "code_attempts"
    data: CodeAttemptsAnswer


class CampaignUsesAnswer(Answer):
    """What the member has had of a campaign: orders, and units of a flash sale by sku."""

    campaign_id: str
    orders: int
    units: dict[str, int]


class ExportedCampaignUses(Answer):
    """What the member has had of a campaign."""

    kind: Literal["campaign_uses"] = "campaign_uses"
    data: CampaignUsesAnswer


class PaymentAttemptAnswer(Answer):
    """An attempt to have an order of the member's paid through a provider."""

    attempt_id: str
    order_id: str
    provider: Literal["wechatpay", "alipay", "stripe"]
    method: str
    amount_fen: int
    asked_at: StoreTime
    expires_at: StoreTime
    state: Literal["open", "closing", "closed", "paid"]


class ExportedPaymentAttempt(Answer):
    """An attempt to have an order paid."""

    kind: Literal["payment_attempt"] = "payment_attempt"
    data: PaymentAttemptAnswer


class ExportedCase(Answer):
    """What the member asked for about an order, and what became of it."""

    kind: Literal["case"] = "case"
    data: CaseAnswer


Exported = Annotated[
    ExportedMember
    | ExportedPoints
    | ExportedTierChange
    | ExportedEntry
    | ExportedCoupon
    | ExportedOrder
    | ExportedBirthdayChange
    | ExportedCouponOrigin
    | ExportedCodeAttempts
    | ExportedCampaignUses
    | ExportedPaymentAttempt
    | ExportedCase,
    Field(discriminator="kind"),
]
"""One thing that the programme knows of a member."""


class ExportPage(Page[Exported]):
    """One page of what the programme knows of a member."""
