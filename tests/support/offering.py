"""Short ways to say what staff run and what members hold: campaigns of each kind, coupons of templates."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from functions.catalog.products import Product
from functions.coupons.birthday import Coupon
from functions.coupons.templates import AMOUNT, RATE, TemplateCoupon, Worth
from functions.domain.policy import Policy
from functions.domain.scope import Scope
from functions.offers.campaigns import Available, Campaign
from functions.offers.kinds import Terms
from functions.offers.kinds.discount import DiscountTerms
from functions.offers.kinds.flash import FlashItem, FlashTerms
from functions.offers.kinds.gift import GiftTerms
from functions.offers.kinds.spend_save import SpendSaveTerms, Step
from functions.offers.pricing import price
from functions.offers.quotes import Cart, CartLine, NotApplied, Quote, Shopper
from tests.support.quoting import MAY, ORDINARY_DAY, POLICY

EVERYTHING = Scope(everything=True)
FREE_SHIPPING = replace(POLICY, shipping=replace(POLICY.shipping, fee_fen=0))
UNTIL = MAY + timedelta(days=31, seconds=-1)


def of(*skus: str) -> Scope:
    """Return the scope of these skus."""
    return Scope(skus=frozenset(skus))


def campaign(
    campaign_id: str, terms: Terms, *, left: Mapping[str, Any] | None = None, **said: Any
) -> Available:
    """Return a campaign that runs all of May 2026, for all and without limits but for what is said."""
    fields: dict[str, Any] = {
        "version": 1,
        "name": campaign_id,
        "starts_at": MAY,
        "ends_at": MAY + timedelta(days=31),
        "scope": EVERYTHING,
        "group": None if terms.is_line_offer else terms.kind,
    }
    return Available(campaign=Campaign(campaign_id=campaign_id, terms=terms, **fields | said), **left or {})


def discount(campaign_id: str, rate: str, **said: Any) -> Available:
    """Return a discount: every unit at this factor of its list price."""
    return campaign(campaign_id, DiscountTerms(rate=Decimal(rate)), **said)


def flash(
    campaign_id: str,
    prices_fen: Mapping[str, int],
    *,
    per_member: int = 99,
    left: Mapping[str, Any] | None = None,
    **said: Any,
) -> Available:
    """Return a flash of these prices by sku, with 999 units of each unless it is said what is left."""
    items = {sku: FlashItem(price_fen=price_fen, units=999) for sku, price_fen in prices_fen.items()}
    terms = FlashTerms(items=items, per_member=per_member)
    units = {"units_left": dict.fromkeys(prices_fen, 999)}
    return campaign(campaign_id, terms, left=units | dict(left or {}), scope=of(*prices_fen), **said)


def saving(
    campaign_id: str,
    *steps: tuple[int, int],
    repeat: bool = False,
    max_off_fen: int | None = None,
    **said: Any,
) -> Available:
    """Return a spend and save of these steps, each from how much so much off."""
    terms = SpendSaveTerms(
        steps=tuple(Step(from_fen=from_fen, off_fen=off_fen) for from_fen, off_fen in steps),
        repeat=repeat,
        max_off_fen=max_off_fen,
    )
    return campaign(campaign_id, terms, **said)


def gift(campaign_id: str, from_fen: int, sku: str, quantity: int = 1, **said: Any) -> Available:
    """Return a gift from so much on."""
    return campaign(campaign_id, GiftTerms(from_fen=from_fen, sku=sku, quantity=quantity), **said)


def _held(coupon_id: str, worth: Worth, **said: Any) -> TemplateCoupon:
    fields: dict[str, Any] = {
        "template_id": f"of-{coupon_id}",
        "template_version": 1,
        "valid_from": MAY,
        "valid_until": UNTIL,
        "issued_at": MAY,
    }
    return TemplateCoupon(coupon_id=coupon_id, worth=worth, **fields | said)


def face(
    coupon_id: str,
    face_fen: int,
    *,
    min_fen: int = 0,
    scope: Scope = EVERYTHING,
    exclusive: bool = False,
    **said: Any,
) -> TemplateCoupon:
    """Return a coupon of an amount."""
    worth = Worth(kind=AMOUNT, face_value_fen=face_fen, min_fen=min_fen, scope=scope, exclusive=exclusive)
    return _held(coupon_id, worth, **said)


def rated(
    coupon_id: str,
    rate: str,
    *,
    max_off_fen: int | None = None,
    min_fen: int = 0,
    scope: Scope = EVERYTHING,
    exclusive: bool = False,
    **said: Any,
) -> TemplateCoupon:
    """Return a coupon of a rate."""
    worth = Worth(
        kind=RATE,
        rate=Fraction(rate),
        max_off_fen=max_off_fen,
        min_fen=min_fen,
        scope=scope,
        exclusive=exclusive,
    )
    return _held(coupon_id, worth, **said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shop:
    """What there is to buy, by sku, and what runs; free shipping, so that goods are all that counts."""

    products: Mapping[str, Product]
    campaigns: tuple[Available, ...] = ()
    policy: Policy = FREE_SHIPPING

    def quote(
        self,
        *lines: tuple[str, int],
        tier: str = "J1",
        at: datetime = ORDINARY_DAY,
        held: Iterable[TemplateCoupon] = (),
        birthday: Coupon | None = None,
        holds_points: int = 0,
        **asked: Any,
    ) -> Quote:
        """Return the quote of a member for so many units of each sku, and the offers that are asked for."""
        shopper = Shopper(
            tier=tier,
            at=at,
            coupon=birthday,
            points=holds_points,
            coupons=tuple(held),
            campaigns=self.campaigns,
        )
        cart = Cart(lines=tuple(CartLine(sku=sku, quantity=quantity) for sku, quantity in lines), **asked)
        return price(cart, self.products, shopper, self.policy)


def shop(prices_fen: Mapping[str, int], *campaigns: Available, **changed: Any) -> Shop:
    """Return a shop with these list prices by sku, 999 of each in stock, and these campaigns."""
    products = {
        sku: Product(sku=sku, name=sku, price_fen=price_fen, member_zone=False, stock=999)
        for sku, price_fen in prices_fen.items()
    }
    return Shop(products=products, campaigns=campaigns, **changed)


def told(quote: Quote, offer_id: str) -> NotApplied | None:
    """Return why a quote does not use a campaign or a coupon, None if it says nothing of it."""
    entries = [each for each in quote.not_applied if offer_id in (each.campaign_id, each.coupon_id)]
    assert len(entries) < 2, "an offer is told once"
    return entries[0] if entries else None


def why(quote: Quote, offer_id: str) -> str | None:
    """Return the code of the reason why a quote does not use a campaign or a coupon, None if it says none."""
    reason = told(quote, offer_id)
    return None if reason is None else reason.code
