"""What is asked and what is answered: a cart, who shops, and the quote of what it costs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.offers.campaigns import Available

BEST: Literal["best"] = "best"
NO_COUPON: Literal["none"] = "none"
NO_CAMPAIGNS: Literal["none"] = "none"
"""Line offers only: those are the prices that the catalogue shows (V12)."""

LIST_PRICE = "list"
MEMBER_DAY_PRICE = "member_day"
"""What a line's price may be of; else it is a campaign's id."""

Offer = Literal["member_day", "birthday_coupon", "points", "campaign", "coupon"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """So many units of one product."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What a shopper wants, and which offers they ask for.

    ``coupon`` is ``none``, ``best`` or a coupon's id; ``points`` a number or ``best``; ``campaigns`` are the
    order offers: ``best``, ``none``, or exactly these ids (V12).
    """

    lines: tuple[CartLine, ...]
    coupon: str = NO_COUPON
    points: int | Literal["best"] = 0
    campaigns: tuple[str, ...] | Literal["best", "none"] = BEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Shopper:
    """What a price depends on beside cart and catalogue, at the moment ``at``.

    ``coupon`` is the birthday coupon that the cart asks for by id, or else this year's; ``coupons`` are those
    of templates that the member has not used and that have not ended, and the one that the cart asks for
    whatever it is. ``points`` are those that can be spent at that moment. ``campaigns`` are all that run at
    it and cover a sku of the cart or may add to it, with what is left of them for this member.
    """

    tier: str
    at: datetime
    coupon: Coupon | None = None
    points: int = 0
    coupons: tuple[TemplateCoupon, ...] = ()
    campaigns: tuple[Available, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One line of a quote; ``amount_fen`` is unit price times quantity.

    ``price_of`` says what the unit price is of: ``list``, ``member_day``, or a campaign (V1). ``gift_of`` is
    the campaign whose gift it is (V6). Of orders from before there were campaigns a line is known by its sku
    alone, which is its ``line_id``. ``no_reason`` says whether it can be sent back for no reason (A3).
    """

    sku: str
    quantity: int
    list_price_fen: int
    unit_price_fen: int
    amount_fen: int
    price_of: str | None = None
    gift_of: str | None = None
    no_reason: bool = True

    @property
    def line_id(self) -> str:
        """What tells lines apart: a bought one is its sku, a gift its sku and its campaign (V6)."""
        return self.sku if self.gift_of is None else f"{self.sku}:{self.gift_of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CouponUse:
    """The coupon that a quote uses, and what it takes off.

    ``base`` holds the places of the lines that a template's coupon counts; the birthday coupon, which has
    none, counts all.
    """

    coupon_id: str
    amount_fen: int
    template_id: str | None = None
    base: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignUse:
    """An order offer that a quote uses: what it takes off, 0 for a gift (V4, V6).

    ``base`` holds the places of the bought lines that it counts, ``from_fen`` is a gift's threshold (V18).
    """

    campaign_id: str
    version: int
    kind: str
    amount_fen: int
    base: tuple[int, ...]
    from_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineOfferUse:
    """A line offer that prices a line of a quote; which lines, their ``price_of`` says (V1)."""

    campaign_id: str
    version: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """An offer that the quote does not use, wholly or in part: a stable code, and a sentence for the shopper.

    Campaigns and coupons of templates are named; ``missing_fen`` says how much is missing of a threshold,
    ``sku`` and ``may_have`` which line a flash does not price, and how many units the member may have (V13).
    """

    offer: Offer
    code: str
    detail: str
    campaign_id: str | None = None
    coupon_id: str | None = None
    missing_fen: int | None = None
    sku: str | None = None
    may_have: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order of a cart charges. All amounts in fen; every offer is used or in ``not_applied``.

    Gifts stand behind the bought lines. ``campaigns`` are the order offers by ascending id (V5).
    """

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
    campaigns: tuple[CampaignUse, ...] = ()
    line_offers: tuple[LineOfferUse, ...] = ()

    @property
    def goods_net_fen(self) -> int:
        """The goods less what order offers take (V7)."""
        return self.goods_fen - sum(use.amount_fen for use in self.campaigns)

    @property
    def goods_charged_fen(self) -> int:
        """The goods less what order offers and coupon take: the sum of all m (V17)."""
        return self.goods_net_fen - (0 if self.coupon is None else self.coupon.amount_fen)
