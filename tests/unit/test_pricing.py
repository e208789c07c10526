"""Prices at list, shipping by tier."""

import pytest

from functions.checkout.pricing import BEST, Cart, CartLine, Product, Quote, price
from functions.domain.errors import ConflictError, InvalidError, RefusalError
from functions.domain.policy import load

POLICY = load()


def product(price_fen: int, sku: str = "tea") -> Product:
    """Return a product at this list price."""
    return Product(sku=sku, name="Tea", price_fen=price_fen, member_zone=False, stock=10)


def quoted(price_fen: int, quantity: int = 1, tier: str = "J0") -> Quote:
    """Price so many units of one product."""
    cart = Cart(lines=(CartLine(sku="tea", quantity=quantity),))
    return price(cart, {"tea": product(price_fen)}, tier=tier, policy=POLICY)


def test_worked_example_one_item_of_99_50_yuan_for_J0() -> None:
    quote = quoted(9_950)
    assert (quote.goods_fen, quote.shipping_fen, quote.paid_fen, quote.earns_points) == (
        9_950,
        1_000,
        10_950,
        110,
    )


def test_P3_goods_are_the_sum_of_unit_price_times_quantity() -> None:
    lines = (CartLine(sku="tea", quantity=3), CartLine(sku="cup", quantity=2))
    shelf = {"tea": product(100), "cup": product(250, "cup")}
    assert price(Cart(lines=lines), shelf, tier="J1", policy=POLICY).goods_fen == 800


@pytest.mark.parametrize(
    ("tier", "free_from_fen"),
    [("J0", 18_800), ("J1", 18_800), ("J2", 18_800), ("J3", 18_800), ("J4", 16_800), ("J5", 15_800)],
)
def test_P5_shipping_is_free_from_the_tiers_threshold_to_the_fen(tier: str, free_from_fen: int) -> None:
    assert quoted(free_from_fen, tier=tier).shipping_fen == 0
    assert quoted(free_from_fen - 1, tier=tier).shipping_fen == 1_000


@pytest.mark.parametrize(
    ("cart", "code"),
    [
        (Cart(lines=(CartLine(sku="gone", quantity=1),)), "unknown_sku"),
        (Cart(lines=(CartLine(sku="gone", quantity=1),), coupon="c", points=7), "unknown_sku"),
        (Cart(lines=(CartLine(sku="tea", quantity=1),), coupon="c", points=7), "coupon_not_found"),
        (Cart(lines=(CartLine(sku="tea", quantity=1),), points=7), "points_step"),
    ],
)
def test_refusals_come_in_the_contracts_order(cart: Cart, code: str) -> None:
    with pytest.raises(InvalidError) as refused:
        price(cart, {"tea": product(100)}, tier="J0", policy=POLICY)
    assert refused.value.code == code


def test_points_that_nobody_has_yet_are_refused() -> None:
    cart = Cart(lines=(CartLine(sku="tea", quantity=1),), points=500)
    with pytest.raises(ConflictError) as refused:
        price(cart, {"tea": product(100)}, tier="J0", policy=POLICY)
    assert refused.value.code == "insufficient_points"


def test_P7_points_are_never_worth_more_than_the_order() -> None:
    free_shipping = POLICY.model_copy(update={"shipping": POLICY.shipping.model_copy(update={"fee_fen": 0})})
    cart = Cart(lines=(CartLine(sku="tea", quantity=1),), points=500)
    with pytest.raises(RefusalError) as refused:
        price(cart, {"tea": product(99)}, tier="J0", policy=free_shipping)
    assert refused.value.code == "points_exceed_order"


def test_P9_an_offer_that_was_asked_for_and_not_used_says_why() -> None:
    cart = Cart(lines=(CartLine(sku="tea", quantity=1),), coupon=BEST, points=BEST)
    quote = price(cart, {"tea": product(100)}, tier="J0", policy=POLICY)
    assert [(reason.offer, reason.code) for reason in quote.not_applied] == [
        ("birthday_coupon", "no_coupon"),
        ("points", "no_points"),
    ]
