"""What a cart costs a member: a pure function of catalogue, tier, moment and policy (P1-P9)."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from functions.domain.errors import ConflictError, InvalidError
from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy
from functions.points.ledger import points_earned

BEST: Literal["best"] = "best"
NO_COUPON: Literal["none"] = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """A product as the catalogue has it. ``price_fen`` is the list price of one unit."""

    sku: str
    name: str
    price_fen: int
    member_zone: bool
    stock: int
    low_stock_threshold: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CartLine:
    """So many units of one product."""

    sku: str
    quantity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cart:
    """What a shopper wants, and which offers they ask for."""

    lines: tuple[CartLine, ...]
    coupon: str = NO_COUPON
    points: int | Literal["best"] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteLine:
    """One line of a quote; ``amount_fen`` is unit price times quantity."""

    sku: str
    quantity: int
    list_price_fen: int
    unit_price_fen: int
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotApplied:
    """An offer that the quote does not use, and why."""

    offer: Literal["member_day", "birthday_coupon", "points"]
    code: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """What an order of this cart charges now. All amounts in fen."""

    tier: str
    lines: tuple[QuoteLine, ...]
    goods_fen: int
    shipping_fen: int
    order_amount_fen: int
    paid_fen: int
    earns_points: int
    not_applied: tuple[NotApplied, ...] = ()


def price(cart: Cart, products: Mapping[str, Product], *, tier: str, policy: Policy) -> Quote:
    """Price a cart at list prices, with the shipping of the member's tier.

    Parameters
    ----------
    cart
        Each sku stands once.
    products
        The catalogue's products by sku; skus that it lacks are refused.
    tier
        The code of the tier that the member holds now.

    Raises
    ------
    InvalidError
        ``unknown_sku``, ``coupon_not_found``, ``points_step``, ``points_exceed_order``.
    ConflictError
        ``insufficient_points``.
    """
    unknown = [line.sku for line in cart.lines if line.sku not in products]
    if unknown:
        raise InvalidError("unknown_sku", "The catalogue has no such product.", skus=unknown)
    if cart.coupon not in (NO_COUPON, BEST):
        raise InvalidError("coupon_not_found", "The member has no such coupon.")
    lines = tuple(_line(line, products[line.sku]) for line in cart.lines)
    goods_fen = sum(line.amount_fen for line in lines)
    free_from_fen = policy.tier(tier).free_shipping_from_fen
    shipping_fen = 0 if goods_fen >= free_from_fen else policy.shipping.fee_fen  # P5
    order_amount_fen = goods_fen + shipping_fen  # P6
    _check_points(cart, order_amount_fen, policy)
    return Quote(
        tier=tier,
        lines=lines,
        goods_fen=goods_fen,
        shipping_fen=shipping_fen,
        order_amount_fen=order_amount_fen,
        paid_fen=order_amount_fen,  # P8
        earns_points=points_earned(policy.points.earned_per_yuan, order_amount_fen),
        not_applied=_not_applied(cart),
    )


def _line(line: CartLine, product: Product) -> QuoteLine:
    return QuoteLine(
        sku=line.sku,
        quantity=line.quantity,
        list_price_fen=product.price_fen,  # P1
        unit_price_fen=product.price_fen,
        amount_fen=product.price_fen * line.quantity,  # P3
    )


def _not_applied(cart: Cart) -> tuple[NotApplied, ...]:
    """Say of each offer that was asked for why it is not used (P9)."""
    reasons: list[NotApplied] = []
    if cart.coupon == BEST:
        reasons.append(NotApplied(offer="birthday_coupon", code="no_coupon", detail="You have no coupon."))
    if cart.points == BEST:
        reasons.append(NotApplied(offer="points", code="no_points", detail="You have no points to redeem."))
    return tuple(reasons)


def _check_points(cart: Cart, order_amount_fen: int, policy: Policy) -> None:
    """Refuse an explicit number of points: nobody has any available before the first release (E3)."""
    if cart.points in (0, BEST):
        return
    points = int(cart.points)
    if points % policy.points.redeem_step:
        raise InvalidError("points_step", f"Points are redeemed in steps of {policy.points.redeem_step}.")
    if Fraction(points * FEN_PER_YUAN, policy.points.redeemed_per_yuan) > order_amount_fen:
        raise InvalidError("points_exceed_order", "The points are worth more than the order.")
    raise ConflictError("insufficient_points", "The member has not that many points available.")
