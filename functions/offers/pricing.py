"""What a cart costs a member: a pure function of catalogue, tier, moment and policy (P1-P9).

Offers are of two kinds. An exclusive one (the birthday coupon) stands alone; all others (member day, points)
go together. So there is one combination per exclusive offer and one of all others, k + 1 in all, however many
offers are added; the best is the cheapest of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Literal

from functions.coupons import birthday
from functions.coupons.birthday import Coupon
from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, invalid_fields
from functions.domain.money import FEN_PER_YUAN, round_half_up
from functions.domain.policy import Policy
from functions.points.ledger import points_earned

BEST: Literal["best"] = "best"
NO_COUPON: Literal["none"] = "none"

Offer = Literal["member_day", "birthday_coupon", "points"]
ProductStatus = Literal["on_sale", "withdrawn"]
ON_SALE: Literal["on_sale"] = "on_sale"
WITHDRAWN: Literal["withdrawn"] = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as the catalogue has it. ``price_fen`` is the list price of one unit.

    A withdrawn one keeps its stock, and what comes back is added to it; nobody can buy it (O7).
    """

    sku: str
    name: str
    price_fen: int
    member_zone: bool
    stock: int
    low_stock_threshold: int | None = None
    status: ProductStatus = ON_SALE

    @property
    def in_stock(self) -> bool:
        """Whether a unit can be bought now."""
        return self.status == ON_SALE and self.stock > 0


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


def member_rate(tier: str, at: datetime, policy: Policy) -> Fraction | None:
    """Return the factor of zone products' prices for a member of this tier at this moment (P2).

    None outside the member day, and for tiers without a rate: list price.
    """
    rate = policy.tier(tier).member_day_rate
    if rate is None or not calendar.is_member_day(at, policy.member_day.day, policy.zone):
        return None
    return Fraction(rate)


def member_price_fen(product: Product, rate: Fraction | None) -> int:
    """Return the unit price of a product where zone products cost ``rhu(list * rate)`` (P2)."""
    if rate is None or not product.member_zone:
        return product.price_fen
    return round_half_up(product.price_fen * rate)


def points_value_fen(points: int, policy: Policy) -> int:
    """Return what so many points are worth as cash (P7)."""
    return points * FEN_PER_YUAN // policy.points.redeemed_per_yuan


def check_cart(cart: Cart, products: Mapping[str, Product], policy: Policy) -> None:
    """Refuse what nobody could order, whoever asks.

    Raises
    ------
    InvalidError
        ``unknown_sku``; ``product_withdrawn`` (O7); ``invalid_request`` for more points than the policy
        allows in one order (P7).
    """
    if cart.points != BEST and not 0 <= cart.points <= policy.points.redeem_max_points:
        raise invalid_fields(("points", f"from 0 to {policy.points.redeem_max_points}"))
    unknown = [line.sku for line in cart.lines if line.sku not in products]
    if unknown:
        raise InvalidError("unknown_sku", "The catalogue has no such product.", skus=unknown)
    withdrawn = [line.sku for line in cart.lines if products[line.sku].status == WITHDRAWN]
    if withdrawn:
        raise InvalidError("product_withdrawn", "The product is not sold any more.", skus=withdrawn)


def price(cart: Cart, products: Mapping[str, Product], shopper: Shopper, policy: Policy) -> Quote:
    """Price a cart.

    Parameters
    ----------
    cart
        Each sku stands once.
    products
        The catalogue's products by sku; skus that it lacks or has withdrawn are refused (P1, O7).

    Raises
    ------
    InvalidError
        ``unknown_sku``, ``product_withdrawn``, ``coupon_not_found``, ``coupon_not_applicable``,
        ``offer_conflict``, ``points_step``, ``points_exceed_order``; ``invalid_request`` for more points than
        the policy allows in one order.
    ConflictError
        ``coupon_used``, ``insufficient_points``.
    """
    check_cart(cart, products, policy)
    pricer = _Pricer(cart, products, shopper, policy)
    if cart.coupon not in (NO_COUPON, BEST):
        pricer.check_coupon_asked_for()
    # P9: the cheapest; on a tie the first, which keeps the coupon. Within it, fewer points never tie: each
    # step is worth something.
    return pricer.quote(min(pricer.combinations(), key=lambda charge: charge.paid_fen))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    """What one combination of offers comes to, in fen; with the coupon, goods are at list price (P4)."""

    goods_fen: int
    coupon: CouponUse | None
    shipping_fen: int
    order_amount_fen: int
    points: int
    points_value_fen: int
    paid_fen: int


class _Pricer:
    """One cart of one shopper, its lines passed over once."""

    def __init__(self, cart: Cart, products: Mapping[str, Product], shopper: Shopper, policy: Policy) -> None:
        self.cart = cart
        self.shopper = shopper
        self.policy = policy
        self.tier = policy.tier(shopper.tier)
        self.member_day = calendar.is_member_day(shopper.at, policy.member_day.day, policy.zone)
        self.zone = False
        self.list_goods_fen = 0
        self.member_goods_fen = 0
        self.prices: list[tuple[CartLine, int, int]] = []
        """Each line with the list price and the member's price of a unit."""
        rate = member_rate(shopper.tier, shopper.at, policy)
        for line in cart.lines:
            product = products[line.sku]
            self.zone = self.zone or product.member_zone
            member_fen = member_price_fen(product, rate)
            self.list_goods_fen += product.price_fen * line.quantity
            self.member_goods_fen += member_fen * line.quantity
            self.prices.append((line, product.price_fen, member_fen))

    def check_coupon_asked_for(self) -> None:
        """Refuse a coupon that the cart names and that cannot be used for it."""
        coupon = self.shopper.coupon
        if coupon is None or coupon.coupon_id != self.cart.coupon:
            raise InvalidError("coupon_not_found", "You have no such coupon.")
        if coupon.order_id is not None:
            raise ConflictError("coupon_used", "The coupon has been used.")
        reason = birthday.why_not(coupon, list_goods_fen=self.list_goods_fen, at=self.shopper.at)
        if reason is not None:
            raise InvalidError("coupon_not_applicable", _why_no_coupon(reason, coupon), reason=reason)
        if self.cart.points not in (0, BEST):
            raise InvalidError("offer_conflict", "The coupon excludes points in the same order.")

    def combinations(self) -> Iterator[_Charge]:
        """Give what each combination of offers that the cart allows comes to, without the coupon first."""
        coupon_asked_for = self.cart.coupon not in (NO_COUPON, BEST)
        if not coupon_asked_for:
            yield self._without_coupon()
        points_asked_for = self.cart.points not in (0, BEST)
        if coupon_asked_for or (self.cart.coupon == BEST and not points_asked_for):
            coupon = self.shopper.coupon
            if coupon is not None and self._usable(coupon):
                yield self._with_coupon(coupon)

    def _usable(self, coupon: Coupon) -> bool:
        if coupon.order_id is not None:
            return False
        return birthday.why_not(coupon, list_goods_fen=self.list_goods_fen, at=self.shopper.at) is None

    def _with_coupon(self, coupon: Coupon) -> _Charge:
        """P4: the coupon excludes every other offer, so zone products cost list price."""
        use = CouponUse(
            coupon_id=coupon.coupon_id, amount_fen=min(coupon.face_value_fen, self.list_goods_fen)
        )
        return self._charge(self.list_goods_fen, use, 0)

    def _without_coupon(self) -> _Charge:
        order_amount_fen = self.member_goods_fen + self._shipping_fen(self.member_goods_fen)
        return self._charge(self.member_goods_fen, None, self._points(order_amount_fen))

    def _points(self, order_amount_fen: int) -> int:
        """Return the points to redeem on an order without coupon (P7, P9)."""
        rules = self.policy.points
        if self.cart.points == BEST:
            worth = order_amount_fen * rules.redeemed_per_yuan // FEN_PER_YUAN
            most = min(rules.redeem_max_points, self.shopper.points, worth)
            return most - most % rules.redeem_step
        points = self.cart.points
        if points % rules.redeem_step:
            raise InvalidError("points_step", f"Points are redeemed in steps of {rules.redeem_step}.")
        if points_value_fen(points, self.policy) > order_amount_fen:
            raise InvalidError("points_exceed_order", "The points are worth more than the order.")
        if points > self.shopper.points:
            raise ConflictError("insufficient_points", f"You can redeem {self.shopper.points} points.")
        return points

    def _shipping_fen(self, goods_after_coupon_fen: int) -> int:
        """P5: a right of the tier, decided after the coupon and before points."""
        free = goods_after_coupon_fen >= self.tier.free_shipping_from_fen
        return 0 if free else self.policy.shipping.fee_fen

    def _charge(self, goods_fen: int, coupon: CouponUse | None, points: int) -> _Charge:
        after_coupon_fen = goods_fen - (coupon.amount_fen if coupon else 0)
        shipping_fen = self._shipping_fen(after_coupon_fen)
        order_amount_fen = after_coupon_fen + shipping_fen  # P6
        value_fen = points_value_fen(points, self.policy)
        paid_fen = order_amount_fen - value_fen  # P8
        if paid_fen < 0:
            raise AssertionError("an order never costs less than nothing")
        return _Charge(
            goods_fen=goods_fen,
            coupon=coupon,
            shipping_fen=shipping_fen,
            order_amount_fen=order_amount_fen,
            points=points,
            points_value_fen=value_fen,
            paid_fen=paid_fen,
        )

    def quote(self, charge: _Charge) -> Quote:
        """Return the quote that charges this."""
        coupon, points = charge.coupon, charge.points
        return Quote(
            tier=self.tier.code,
            member_day=self.member_day,
            lines=tuple(
                _quote_line(line, list_fen, member_fen if coupon is None else list_fen)
                for line, list_fen, member_fen in self.prices
            ),
            goods_fen=charge.goods_fen,
            coupon=coupon,
            shipping_fen=charge.shipping_fen,
            order_amount_fen=charge.order_amount_fen,
            redeemed_points=points,
            points_value_fen=charge.points_value_fen,
            paid_fen=charge.paid_fen,
            earns_points=points_earned(self.policy.points.earned_per_yuan, charge.paid_fen),
            not_applied=tuple(self._not_applied(coupon, points, charge.order_amount_fen)),
        )

    def _not_applied(
        self, coupon: CouponUse | None, points: int, order_amount_fen: int
    ) -> Iterator[NotApplied]:
        """P9: each offer that is not used comes back with the reason."""
        reason = self._why_no_member_day(coupon)
        if reason is not None:
            yield NotApplied(offer="member_day", code=reason[0], detail=reason[1])
        if coupon is None:
            code, detail = self._why_without_coupon()
            yield NotApplied(offer="birthday_coupon", code=code, detail=detail)
        if not points:
            code, detail = self._why_no_points(coupon, order_amount_fen)
            yield NotApplied(offer="points", code=code, detail=detail)

    def _why_no_member_day(self, coupon: CouponUse | None) -> tuple[str, str] | None:
        if not self.zone:
            return "no_zone_products", "No product of the member zone is in the cart."
        if self.tier.member_day_rate is None:
            return "tier_without_rate", f"Tier {self.tier.code} has no member-day price."
        if not self.member_day:
            day = calendar.next_member_day(self.shopper.at, self.policy.member_day.day, self.policy.zone)
            return "not_member_day", f"The next member day is {day.isoformat()}."
        if coupon is not None:
            return "excluded_by_coupon", "The birthday coupon excludes every other offer."
        return None

    def _why_without_coupon(self) -> tuple[str, str]:
        if self.cart.coupon == NO_COUPON:
            return "not_requested", "The coupon was not asked for."
        if self.cart.points not in (0, BEST):
            return "excluded_by_points", "Points in the same order exclude the coupon."
        coupon = self.shopper.coupon
        if coupon is None:
            return "no_coupon", "You have no birthday coupon at this time."
        if coupon.order_id is not None:
            return "coupon_used", "Your birthday coupon has been used."
        reason = birthday.why_not(coupon, list_goods_fen=self.list_goods_fen, at=self.shopper.at)
        if reason is not None:
            return reason, _why_no_coupon(reason, coupon)
        return "not_cheaper", "Without the coupon the order costs no more, so it is kept for another."

    def _why_no_points(self, coupon: CouponUse | None, order_amount_fen: int) -> tuple[str, str]:
        if self.cart.points == 0:
            return "not_requested", "No points were asked to be redeemed."
        if coupon is not None:
            return "excluded_by_coupon", "The birthday coupon excludes every other offer."
        step = self.policy.points.redeem_step
        if self.shopper.points < step:
            return (
                "too_few_points",
                f"Points are redeemed in steps of {step}; you have {self.shopper.points}.",
            )
        return "points_exceed_order", f"{step} points are worth more than the order."


def _quote_line(line: CartLine, list_price_fen: int, unit_price_fen: int) -> QuoteLine:
    return QuoteLine(
        sku=line.sku,
        quantity=line.quantity,
        list_price_fen=list_price_fen,
        unit_price_fen=unit_price_fen,
        amount_fen=unit_price_fen * line.quantity,  # P3
    )


def _why_no_coupon(reason: str, coupon: Coupon) -> str:
    match reason:
        case birthday.BELOW_MINIMUM:
            yuan, fen = divmod(coupon.min_goods_fen, FEN_PER_YUAN)
            return f"The coupon needs goods of {yuan}.{fen:02} yuan at list price."
        case birthday.NOT_YET_VALID:
            return "The coupon is not valid yet."
        case _:
            return "The coupon has expired."
