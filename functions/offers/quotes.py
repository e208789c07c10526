"""What is asked and what is answered: a cart, who shops, and the quote of what it costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.coupons.birthday import Coupon

BEST: Literal["best"] = "best"
NO_COUPON: Literal["none"] = "none"

Offer = Literal["member_day", "birthday_coupon", "points"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """So many units of one product."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What a shopper wants, and which offers they ask for.

    ``coupon`` is ``none``, ``best`` or a coupon's id; ``points`` a number or ``best``.
    """

    lines: tuple[CartLine, ...]
    coupon: str = NO_COUPON
    points: int | Literal["best"] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """What a price depends on beside cart and catalogue, at the moment ``at``.

    ``coupon`` is the one that the cart asks for by id, or else this year's; ``points`` are those that can be
    spent at that moment.
    """

    tier: str
    at: datetime
    coupon: Coupon | None = None
    points: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One line of a quote; ``amount_fen`` is unit price times quantity."""

    sku: str
    quantity: int
    list_price_fen: int
    unit_price_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUse:
    """The coupon that a quote uses, and what it takes off."""

    coupon_id: str
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """An offer that the quote does not use: a stable code, and a sentence for the shopper."""

    offer: Offer
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order of a cart charges. All amounts in fen; every offer is used or in ``not_applied``."""

    tier: str
    member_day: bool
    lines: tuple[QuoteLine, ...]
    goods_fen: int
    coupon: CouponUse | None
    shipping_fen: int
    order_amount_fen: int
    redeemed_points: int
    points_value_fen: int
    paid_fen: int
    earns_points: int
    not_applied: tuple[NotApplied, ...]
