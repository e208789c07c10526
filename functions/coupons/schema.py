"""What the coupons' API answers, and what it takes of members."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from functions.coupons.birthday import Coupon, CouponStatus, standing_at, status
from functions.coupons.codes import TYPED_LENGTH_MAX
from functions.coupons.template_rows import rate_of
from functions.coupons.templates import TemplateCoupon
from functions.domain.policy import Policy
from functions.platform.parameters import Path
from functions.platform.scopes import ScopeAnswer, scope_answer
from functions.platform.shapes import Answer, CallerId, Rate, Request, Sku, StoreTime

TemplateIdPath = Annotated[Sku, Path(description="The template's id.")]


class CouponAnswer(Answer):
    """A coupon; it can be used from ``valid_from`` up to and including ``valid_until``.

    That of a birthday is of kind ``birthday``; those of a template take off an ``amount``, or so much that
    the ``rate`` stays.
    """

    coupon_id: str
    kind: Literal["birthday", "amount", "rate"]
    template_id: str | None = Field(description="The template it was made from; a birthday coupon has none.")
    name: str | None = Field(description="What the template was called when it was made.")
    face_value_fen: int | None = Field(description="What it takes off at most; of kind `rate` there is none.")
    rate: Rate | None = Field(description="Of kind `rate`: the factor of what is left to pay.")
    max_off_fen: int | None = Field(
        description="Of kind `rate`: what it takes off at most, if that is limited."
    )
    min_goods_fen: int = Field(
        description="What is needed: for a birthday coupon at list prices, for others of what order offers "
        "leave of the products that it counts."
    )
    scope: ScopeAnswer = Field(description="The products that it counts.")
    except_skus: list[str] = Field(description="Products that it does not count.")
    exclusive: bool = Field(description="Whether it excludes every other offer.")
    valid_from: StoreTime
    valid_until: StoreTime
    status: CouponStatus
    order_id: str | None


class CodeRequest(Request):
    """A code for a coupon, as somebody types it: case, spaces and dashes do not matter."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=TYPED_LENGTH_MAX)]


class IssueRequest(Request):
    """A coupon that staff give to a member, once per ``issue_id``, for ever."""

    issue_id: CallerId
    template_id: Sku


def coupon_answer(coupon: Coupon | TemplateCoupon, policy: Policy, at: datetime) -> CouponAnswer:
    """Show a coupon as it stands at this moment."""
    if isinstance(coupon, TemplateCoupon):
        return _of_template(coupon, policy, at)
    return CouponAnswer(
        coupon_id=coupon.coupon_id,
        kind="birthday",
        template_id=None,
        name=None,
        face_value_fen=coupon.face_value_fen,
        rate=None,
        max_off_fen=None,
        min_goods_fen=coupon.min_goods_fen,
        scope=ScopeAnswer(all=True),
        except_skus=[],
        exclusive=True,  # P4
        valid_from=coupon.valid_from.astimezone(policy.zone),
        valid_until=coupon.valid_until.astimezone(policy.zone),
        status=status(coupon, at),
        order_id=coupon.order_id,
    )


def _of_template(coupon: TemplateCoupon, policy: Policy, at: datetime) -> CouponAnswer:
    worth = coupon.worth
    rate: Decimal | None = None if worth.rate is None else rate_of(worth.rate)
    return CouponAnswer(
        coupon_id=coupon.coupon_id,
        kind=worth.kind,
        template_id=coupon.template_id,
        name=worth.name or None,
        face_value_fen=worth.face_value_fen,
        rate=rate,
        max_off_fen=worth.max_off_fen,
        min_goods_fen=worth.min_fen,
        scope=scope_answer(worth.scope),
        except_skus=sorted(worth.scope.except_skus),
        exclusive=worth.exclusive,
        valid_from=coupon.valid_from.astimezone(policy.zone),
        valid_until=coupon.valid_until.astimezone(policy.zone),
        status=standing_at(coupon.order_id, coupon.valid_until, at),
        order_id=coupon.order_id,
    )
