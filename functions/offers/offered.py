"""All that a cart is offered: its lines at their prices, and what each order offer and coupon would do."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.catalog.products import Product
from functions.coupons import birthday
from functions.coupons.birthday import Coupon
from functions.coupons.templates import TemplateCoupon
from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy, TierPolicy
from functions.offers import sentences
from functions.offers.bases import at_list_price, stacking
from functions.offers.campaigns import Available
from functions.offers.combinations import Combination, together
from functions.offers.conditions import Reason
from functions.offers.coupon_offers import (
    CouponOffer,
    ExclusiveOffer,
    birthday_offer,
    coupon_offer,
    exclusive_offer,
    is_available,
    is_exclusive,
)
from functions.offers.line_prices import LinePrices, price_lines
from functions.offers.order_offers import OrderOffer, Shelf, order_offer
from functions.offers.quotes import BEST, NO_COUPON, Cart, Shopper
from functions.offers.remainders import Goods


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """What a cart is offered.

    ``campaigns`` are all that run, and ``order_offers`` those among them, by ascending id. ``coupons`` and
    ``exclusive`` are those that the cart asks for, whether they can be used or not. ``goods`` are the lines
    in parts, for all that counts them.
    """

    cart: Cart
    shopper: Shopper
    tier: TierPolicy
    member_day: bool
    campaigns: Sequence[Available]
    prices: LinePrices
    goods_fen: int
    list_goods_fen: int
    shelf: Shelf
    order_offers: Sequence[OrderOffer]
    coupons: Sequence[CouponOffer]
    exclusive: Sequence[ExclusiveOffer]
    goods: Goods

    @property
    def names_coupon(self) -> bool:
        """Whether the cart asks for one coupon by its id."""
        return self.cart.coupon not in (NO_COUPON, BEST)

    @property
    def asks_points(self) -> bool:
        """Whether the cart asks for a number of points, which no exclusive coupon goes with (P9)."""
        return self.cart.points not in (0, BEST)

    def together(self, offers: Iterable[OrderOffer]) -> tuple[Combination, dict[str, Reason]]:
        """Return the combination of these order offers, and the reasons of those that cannot be in it."""
        return together(offers, self.goods, self.shelf)


def offered(cart: Cart, products: Mapping[str, Product], shopper: Shopper, policy: Policy) -> Offered:
    """Return what a cart is offered.

    Raises
    ------
    RefusalError
        ``coupon_not_found``, ``coupon_used``, ``coupon_not_applicable``, ``offer_conflict``: the coupon that
        the cart names cannot be used, by itself.
    """
    at, tier = shopper.at, policy.tier(shopper.tier)
    member_day = calendar.is_member_day(at, policy.member_day.day, policy.zone)
    rate = tier.member_day_rate if member_day else None
    running = [each for each in shopper.campaigns if each.campaign.runs_at(at)]
    running.sort(key=lambda each: each.campaign.campaign_id)
    prices = price_lines(cart.lines, products, running, tier.code, None if rate is None else Fraction(rate))
    lines = prices.lines
    list_goods_fen = sum([line.product.price_fen * line.quantity for line in lines])
    held = _asked_for(cart, shopper, list_goods_fen)
    countable = stacking(lines) if running or held else []
    coupons = [
        coupon_offer(each, countable)
        for each in held
        if isinstance(each, TemplateCoupon) and not each.worth.exclusive
    ]
    exclusive = [
        birthday_offer(each, list_goods_fen=list_goods_fen, at=at)
        if isinstance(each, Coupon)
        else exclusive_offer(each, at_list_price(lines))
        for each in held
        if is_exclusive(each)
    ]
    shelf = Shelf(lines, products)
    order_offers = [
        order_offer(each, countable, tier.code, shelf)
        for each in running
        if not each.campaign.terms.is_line_offer
    ]
    amounts_fen = [line.amount_fen for line in lines]
    bases = [offer.base.lines for offer in order_offers if offer.barred is None]
    return Offered(
        cart=cart,
        shopper=shopper,
        tier=tier,
        member_day=member_day,
        campaigns=running,
        prices=prices,
        goods_fen=sum(amounts_fen),
        list_goods_fen=list_goods_fen,
        shelf=shelf,
        order_offers=order_offers,
        coupons=coupons,
        exclusive=exclusive,
        goods=Goods(amounts_fen, bases + [coupon.base.lines for coupon in coupons]),
    )


def _asked_for(cart: Cart, shopper: Shopper, list_goods_fen: int) -> list[Coupon | TemplateCoupon]:
    """Return the unused coupons that a cart asks for; one that it names is refused if it cannot be used."""
    if cart.coupon == NO_COUPON:
        return []
    own = shopper.coupon
    if cart.coupon == BEST:
        unused: list[Coupon | TemplateCoupon] = [] if own is None or own.order_id is not None else [own]
        return unused + [each for each in shopper.coupons if is_available(each, shopper.at)]
    held = [each for each in (own, *shopper.coupons) if each is not None and each.coupon_id == cart.coupon]
    if not held:
        raise InvalidError("coupon_not_found", "You have no such coupon.")
    coupon = held[0]
    if coupon.order_id is not None:
        raise ConflictError("coupon_used", "The coupon has been used.")
    if isinstance(coupon, Coupon):
        code = birthday.why_not(coupon, list_goods_fen=list_goods_fen, at=shopper.at)
        if code is not None:
            detail = sentences.why_no_birthday_coupon(code, coupon)
            raise InvalidError("coupon_not_applicable", detail, reason=code)
    elif not is_available(coupon, shopper.at):
        code = birthday.EXPIRED if shopper.at > coupon.valid_until else birthday.NOT_YET_VALID
        raise InvalidError("coupon_not_applicable", sentences.of_coupon(code), reason=code)
    if is_exclusive(coupon) and cart.points not in (0, BEST):
        raise InvalidError("offer_conflict", "The coupon excludes points in the same order.")
    return [coupon]
