"""The oracle's carts in the product's language, and the product's answers in the oracle's."""

from dataclasses import replace
from datetime import UTC, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from functions.catalog.products import Product
from functions.coupons.birthday import Coupon as BirthdayCoupon
from functions.coupons.templates import CouponKind, TemplateCoupon, Worth
from functions.domain.birthdays import CouponYear
from functions.domain.policy import Policy
from functions.domain.scope import Scope
from functions.offers.campaigns import Available, Campaign
from functions.offers.kinds import Terms
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashItem, FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms, Step
from functions.offers.quotes import Cart, CartLine, NotApplied, Quote, Shopper
from tests.oracle.offer_shapes import BIRTHDAY, Coupon, Covers, OfferCart, Running
from tests.oracle.tables import Rules
from tests.support.quoting import POLICY


def policy_of(rules: Rules) -> Policy:
    """Return today's policy with what the oracle's rules say otherwise."""
    return replace(
        POLICY,
        shipping=replace(POLICY.shipping, fee_fen=rules.shipping_fee_fen),
        points=replace(
            POLICY.points,
            redeem_step=rules.points_step,
            redeem_max_points=rules.points_max_per_order,
            redeemed_per_yuan=rules.points_per_yuan_redeemed,
            earned_per_yuan=int(rules.points_per_yuan_paid),
        ),
    )


def cart_of(cart: OfferCart) -> Cart:
    """Return what is asked."""
    return Cart(
        lines=tuple(CartLine(sku=sku, quantity=quantity) for sku, quantity in cart.lines),
        coupon=cart.coupon,
        points=cast(Any, cart.points),
        campaigns=cast(Any, cart.campaigns if isinstance(cart.campaigns, str) else tuple(cart.campaigns)),
    )


def products_of(cart: OfferCart) -> dict[str, Product]:
    """Return what the catalogue has of the cart's skus and the gifts'."""
    return {
        sku: Product(
            sku=sku,
            name=sku,
            price_fen=goods.price_fen,
            member_zone=goods.zone,
            stock=goods.stock,
            status="withdrawn" if goods.withdrawn else "on_sale",
        )
        for sku, goods in cart.goods.items()
    }


def shopper_of(cart: OfferCart) -> Shopper:
    """Return who asks, with campaigns and coupons."""
    at = cart.moment.astimezone(UTC)
    birthday = [one for one in cart.coupons if one.kind == BIRTHDAY]
    return Shopper(
        tier=cart.tier,
        at=at,
        coupon=_birthday_coupon(birthday[0]) if birthday else None,
        points=cart.available_points,
        coupons=tuple(_template_coupon(one) for one in cart.coupons if one.kind != BIRTHDAY),
        campaigns=tuple(_available(cart, one) for one in cart.running),
    )


def _scope(covers: Covers) -> Scope:
    return Scope(skus=covers.skus, zone=covers.zone, everything=covers.everything, except_skus=covers.without)


def _available(cart: OfferCart, running: Running) -> Available:
    is_line_offer = running.kind in ("discount", "flash")
    return Available(
        campaign=Campaign(
            campaign_id=running.campaign_id,
            version=running.version,
            name=running.campaign_id,
            starts_at=cart.moment.astimezone(UTC),
            ends_at=cart.moment.astimezone(UTC) + timedelta(days=1),
            scope=_scope(running.covers),
            tiers=running.tiers,
            group=None if is_line_offer else running.of_group,
            stacks=running.stacks,
            with_coupons=running.with_coupons,
            with_points=running.with_points,
            terms=_terms(running),
        ),
        orders_left=running.orders_left,
        member_orders_left=running.member_orders_left,
        budget_left_fen=running.budget_left_fen,
        units_left=running.units_left,
        member_units=running.has,
    )


def _terms(running: Running) -> Terms:
    match running.kind:
        case "discount":
            assert running.rate is not None
            return DiscountTerms(rate=Decimal(running.rate))
        case "flash":
            items = {
                sku: FlashItem(price_fen=fen, units=running.units_left.get(sku, 0) + 9)
                for sku, fen in running.prices.items()
            }
            return FlashTerms(items=items, per_member=running.per_member)
        case "gift":
            return GiftTerms(
                from_fen=running.gift_from_fen, sku=running.gift_sku, quantity=running.gift_quantity
            )
        case _:
            steps = tuple(Step(from_fen=from_fen, off_fen=off_fen) for from_fen, off_fen in running.steps)
            return SpendSaveTerms(steps=steps, repeat=running.repeat, max_off_fen=running.max_off_fen)


def _birthday_coupon(held: Coupon) -> BirthdayCoupon:
    return BirthdayCoupon(
        coupon_id=held.coupon_id,
        year=CouponYear(held.valid_from.year),
        face_value_fen=held.face_fen,
        min_goods_fen=held.min_fen,
        valid_from=held.valid_from.astimezone(UTC),
        valid_until=held.valid_until.astimezone(UTC),
        issued_at=held.valid_from.astimezone(UTC),
        order_id="ord" if held.used else None,
    )


def _template_coupon(held: Coupon) -> TemplateCoupon:
    return TemplateCoupon(
        coupon_id=held.coupon_id,
        template_id="template",
        template_version=1,
        worth=Worth(
            kind=cast(CouponKind, held.kind),
            face_value_fen=held.face_fen if held.kind == "amount" else None,
            rate=None if held.rate is None else Fraction(held.rate),
            max_off_fen=held.max_off_fen,
            min_fen=held.min_fen,
            scope=_scope(held.covers),
            exclusive=held.exclusive,
        ),
        valid_from=held.valid_from.astimezone(UTC),
        valid_until=held.valid_until.astimezone(UTC),
        issued_at=held.valid_from.astimezone(UTC),
        order_id="ord" if held.used else None,
    )


def amounts_of(quote: Quote) -> dict[str, Any]:
    """Return the product's quote as the oracle writes it, without the reasons."""
    coupon = quote.coupon
    return {
        "tier": quote.tier,
        "member_day": quote.member_day,
        "lines": [
            {
                "line_id": line.line_id,
                "sku": line.sku,
                "quantity": line.quantity,
                "list_price_fen": line.list_price_fen,
                "unit_price_fen": line.unit_price_fen,
                "amount_fen": line.amount_fen,
                "price_of": line.price_of,
                "gift_of": line.gift_of,
            }
            for line in quote.lines
        ],
        "goods_fen": quote.goods_fen,
        "campaigns": [
            {
                "campaign_id": use.campaign_id,
                "version": use.version,
                "kind": use.kind,
                "amount_fen": use.amount_fen,
                "base": use.base,
                "from_fen": use.from_fen,
            }
            for use in quote.campaigns
        ],
        "line_offers": sorted((use.campaign_id, use.version, use.kind) for use in quote.line_offers),
        "goods_net_fen": quote.goods_net_fen,
        "coupon": None
        if coupon is None
        else {"coupon_id": coupon.coupon_id, "amount_fen": coupon.amount_fen, "base": coupon.base},
        "shipping_fen": quote.shipping_fen,
        "order_amount_fen": quote.order_amount_fen,
        "points": {"redeemed": quote.redeemed_points, "value_fen": quote.points_value_fen},
        "paid_fen": quote.paid_fen,
        "earns_points": quote.earns_points,
    }


def facts_of(told: NotApplied) -> tuple[Any, ...]:
    """Return what an entry says, without its sentence."""
    return told.offer, told.campaign_id, told.coupon_id, told.missing_fen, told.sku, told.may_have
