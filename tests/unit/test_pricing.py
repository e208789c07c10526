"""Prices, rights and refusals, to the fen."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.catalog.products import ProductStatus
from functions.domain.errors import RefusalError
from functions.domain.policy import load
from functions.offers.pricing import member_price_fen, member_rate, price
from functions.offers.quotes import Cart, CartLine, Quote, Shopper
from tests.support.policies import changed
from tests.support.quoting import (
    MAY,
    MEMBER_DAY,
    ORDINARY_DAY,
    POLICY,
    coupon,
    item,
    quoted,
    reasons,
    shelf,
)

J2_COUPON = coupon(2_000)
TIERS = [tier.code for tier in POLICY.tiers]


def refusal(tier: str, *items: tuple[int, int, bool], **request: Any) -> str:
    """Return the code with which a quote is refused."""
    with pytest.raises(RefusalError) as refused:
        quoted(tier, *items, **request)
    assert refused.value.detail
    return refused.value.code


def amounts(quote: Quote) -> tuple[int, int, int, int]:
    """Return goods, shipping, paid amount in fen, and the points that it earns."""
    return quote.goods_fen, quote.shipping_fen, quote.paid_fen, quote.earns_points


def test_worked_example_J3_on_the_member_day_zone_item_of_129_00_twice() -> None:
    quote = quoted("J3", item(12_900, 2, zone=True), at=MEMBER_DAY)
    assert quote.lines[0].unit_price_fen == 10_320
    assert amounts(quote) == (20_640, 0, 20_640, 206)


def test_worked_example_J0_one_item_of_99_50() -> None:
    assert amounts(quoted("J0", item(9_950))) == (9_950, 1_000, 10_950, 110)


def test_worked_example_J4_item_of_168_00_with_the_coupon_by_id_is_refused() -> None:
    held = coupon(5_000)
    assert refusal("J4", item(16_800), held=held, use_coupon=held.coupon_id) == "coupon_not_applicable"


def test_worked_example_J4_item_of_168_00_with_best_uses_no_coupon() -> None:
    quote = quoted("J4", item(16_800), held=coupon(5_000), use_coupon="best")
    assert (quote.coupon, quote.shipping_fen, quote.paid_fen) == (None, 0, 16_800)
    assert reasons(quote)["birthday_coupon"] == "below_minimum"


def test_worked_example_J5_items_of_198_00_with_a_coupon_of_100() -> None:
    quote = quoted("J5", item(19_800), held=coupon(10_000), use_coupon="cpn_2026")
    assert amounts(quote) == (19_800, 1_000, 10_800, 108)


def test_worked_example_J2_3_20_with_shipping_and_2_000_points() -> None:
    quote = quoted("J2", item(320), holds_points=2_000, points="best")
    assert (quote.order_amount_fen, quote.redeemed_points, quote.points_value_fen) == (1_320, 2_000, 400)
    assert (quote.paid_fen, quote.earns_points) == (920, 9)


@pytest.mark.parametrize(
    ("tier", "unit_fen"),
    [("J0", 10_000), ("J1", 10_000), ("J2", 9_000), ("J3", 8_000), ("J4", 7_000), ("J5", 6_000)],
)
def test_P2_on_the_member_day_zone_products_cost_the_tiers_rate(tier: str, unit_fen: int) -> None:
    assert quoted(tier, item(10_000, zone=True), at=MEMBER_DAY).lines[0].unit_price_fen == unit_fen
    assert quoted(tier, item(10_000), at=MEMBER_DAY).lines[0].unit_price_fen == 10_000
    assert quoted(tier, item(10_000, zone=True), at=ORDINARY_DAY).lines[0].unit_price_fen == 10_000


@pytest.mark.parametrize(("list_fen", "unit_fen"), [(5, 5), (4, 4), (15, 14), (1, 1), (101, 91)])
def test_P2_unit_prices_round_half_up(list_fen: int, unit_fen: int) -> None:
    """0.90 of 5 fen is 4.5, which rounds to 5; of 15 fen 13.5, which rounds to 14."""
    _, products = shelf(item(list_fen, zone=True))
    assert member_price_fen(products["sku0"], member_rate("J2", MEMBER_DAY, POLICY)) == unit_fen


@pytest.mark.parametrize(("list_fen", "unit_fen"), [(2, 2), (6, 5), (9, 8), (9_996, 8_996), (9_991, 8_992)])
def test_P2_unit_prices_go_to_the_nearer_fen(list_fen: int, unit_fen: int) -> None:
    """0.90 of 6 fen is 5.4, which rounds to 5."""
    assert quoted("J2", item(list_fen, zone=True), at=MEMBER_DAY).lines[0].unit_price_fen == unit_fen


def test_P2_the_member_day_is_the_10th_from_its_first_to_its_last_second() -> None:
    begins = MAY + timedelta(days=9)
    for at, open_ in [
        (begins - timedelta(seconds=1), False),
        (begins, True),
        (begins + timedelta(hours=24) - timedelta(seconds=1), True),
        (begins + timedelta(hours=24), False),
    ]:
        quote = quoted("J5", item(1_000, zone=True), at=at)
        assert (quote.member_day, quote.goods_fen) == (open_, 600 if open_ else 1_000)


@pytest.mark.parametrize(
    ("tier", "free_from_fen"),
    [("J0", 18_800), ("J1", 18_800), ("J2", 18_800), ("J3", 18_800), ("J4", 16_800), ("J5", 15_800)],
)
def test_P5_shipping_is_free_from_the_tiers_threshold_to_the_fen(tier: str, free_from_fen: int) -> None:
    assert quoted(tier, item(free_from_fen)).shipping_fen == 0
    assert quoted(tier, item(free_from_fen - 1)).shipping_fen == 1_000


def test_P5_shipping_is_decided_after_the_coupon_and_before_points() -> None:
    after_coupon = quoted("J2", item(20_799), held=J2_COUPON, use_coupon="cpn_2026")
    assert (after_coupon.goods_fen - 2_000, after_coupon.shipping_fen) == (18_799, 1_000)
    before_points = quoted("J2", item(18_800), holds_points=2_000, points=2_000)
    assert (before_points.paid_fen, before_points.shipping_fen) == (18_400, 0)


def test_P4_the_minimum_counts_list_prices_also_on_the_member_day() -> None:
    zone = item(19_800, zone=True)
    quote = quoted("J5", zone, at=MEMBER_DAY, held=coupon(10_000), use_coupon="cpn_2026")
    assert quote.coupon is not None
    assert quote.lines[0].unit_price_fen == 19_800  # list price with the coupon, member day or not
    short = item(19_799, zone=True)
    held = coupon(10_000)
    assert refusal("J5", short, at=MEMBER_DAY, held=held, use_coupon="cpn_2026") == "coupon_not_applicable"


def test_P4_the_coupon_excludes_points_also_the_best_of_them() -> None:
    request = {"held": J2_COUPON, "holds_points": 2_000, "use_coupon": "cpn_2026"}
    quote = quoted("J2", item(30_000), points="best", **request)  # type: ignore[arg-type]
    assert (quote.coupon is not None, quote.redeemed_points) == (True, 0)
    assert reasons(quote)["points"] == "excluded_by_coupon"
    assert refusal("J2", item(30_000), points=500, **request) == "offer_conflict"


def test_P4_a_coupon_never_takes_more_than_the_goods() -> None:
    held = coupon(5_000, min_fen=1)
    quote = quoted("J2", item(100), held=held, use_coupon="cpn_2026")
    assert quote.coupon is not None
    assert (quote.coupon.amount_fen, quote.paid_fen) == (100, 1_000)


@pytest.mark.parametrize(
    ("held", "code"),
    [
        (None, "coupon_not_found"),
        (replace(J2_COUPON, coupon_id="cpn_other"), "coupon_not_found"),
        (coupon(2_000, used=True), "coupon_used"),
        (coupon(2_000, days=2), "coupon_not_applicable"),
        (replace(J2_COUPON, valid_from=ORDINARY_DAY + timedelta(seconds=1)), "coupon_not_applicable"),
    ],
)
def test_B5_a_coupon_asked_for_by_id_must_be_there_unused_and_in_force(held: Any, code: str) -> None:
    assert refusal("J2", item(30_000), held=held, use_coupon="cpn_2026") == code
    assert quoted("J2", item(30_000), held=held, use_coupon="best").coupon is None or code.endswith("found")


def test_B1_a_coupon_can_be_used_to_its_last_second() -> None:
    last = J2_COUPON.valid_until
    assert quoted("J2", item(30_000), at=last, held=J2_COUPON, use_coupon="cpn_2026").coupon is not None
    late = last + timedelta(seconds=1)
    assert refusal("J2", item(30_000), at=late, held=J2_COUPON, use_coupon="cpn_2026") == (
        "coupon_not_applicable"
    )


@pytest.mark.parametrize("points", [1, 250, 501, 1_999])
def test_P7_points_are_redeemed_in_steps(points: int) -> None:
    assert refusal("J2", item(10_000), holds_points=2_000, points=points) == "points_step"


@pytest.mark.parametrize("points", [-500, 2_500])
def test_P7_points_beyond_the_policys_cap_are_no_valid_request(points: int) -> None:
    assert refusal("J2", item(10_000), holds_points=9_000, points=points) == "invalid_request"


def test_P7_points_are_never_more_than_the_member_has() -> None:
    assert quoted("J2", item(10_000), holds_points=999, points="best").redeemed_points == 500
    assert refusal("J2", item(10_000), holds_points=999, points=1_000) == "insufficient_points"


def test_P7_points_are_never_worth_more_than_the_order() -> None:
    free_shipping = replace(POLICY, shipping=replace(POLICY.shipping, fee_fen=0))
    request = {"holds_points": 2_000, "policy": free_shipping}
    assert quoted("J2", item(250), points="best", **request).redeemed_points == 1_000  # type: ignore[arg-type]
    assert refusal("J2", item(250), points=1_500, **request) == "points_exceed_order"
    assert quoted("J2", item(300), points=1_500, **request).paid_fen == 0  # type: ignore[arg-type]
    assert refusal("J2", item(99), points=500, holds_points=0, policy=free_shipping) == "points_exceed_order"


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"use_coupon": "cpn_x", "points": 7}, "coupon_not_found"),
        ({"held": coupon(1, used=True, days=1), "use_coupon": "cpn_2026", "points": 7}, "coupon_used"),
        ({"held": coupon(1, days=1), "use_coupon": "cpn_2026", "points": 7}, "coupon_not_applicable"),
        ({"held": coupon(1), "use_coupon": "cpn_2026", "points": 7}, "offer_conflict"),
        ({"points": 7}, "points_step"),
        ({"points": 500}, "insufficient_points"),
    ],
)
def test_refusals_come_in_the_contracts_order(request_: dict[str, Any], code: str) -> None:
    assert refusal("J2", item(20_000), **request_) == code


def test_unknown_skus_are_refused_first_and_named() -> None:
    cart = Cart(lines=(CartLine(sku="gone", quantity=1),), coupon="cpn_x", points=7)
    with pytest.raises(RefusalError) as refused:
        price(cart, {}, Shopper(tier="J0", at=ORDINARY_DAY), POLICY)
    assert (refused.value.code, refused.value.facts) == ("unknown_sku", {"skus": ["gone"]})


def test_O7_withdrawn_products_are_refused_next_and_named() -> None:
    lines, products = shelf(item(20_000), item(300), item(400))
    for sku in ("sku0", "sku2"):
        products[sku] = replace(products[sku], status="withdrawn")
    cart = Cart(lines=lines, coupon="cpn_x", points=7)
    with pytest.raises(RefusalError) as refused:
        price(cart, products, Shopper(tier="J0", at=ORDINARY_DAY), POLICY)
    assert (refused.value.code, refused.value.facts) == ("product_withdrawn", {"skus": ["sku0", "sku2"]})
    with pytest.raises(RefusalError) as refused:
        price(cart, {"sku0": products["sku0"]}, Shopper(tier="J0", at=ORDINARY_DAY), POLICY)
    assert (refused.value.code, refused.value.facts) == ("unknown_sku", {"skus": ["sku1", "sku2"]})


@pytest.mark.parametrize(
    ("stock", "status", "buyable"),
    [(1, "on_sale", True), (0, "on_sale", False), (1, "withdrawn", False), (0, "withdrawn", False)],
)
def test_O7_a_withdrawn_product_is_not_in_stock(stock: int, status: ProductStatus, buyable: bool) -> None:
    _, products = shelf(item(20_000))
    assert replace(products["sku0"], stock=stock, status=status).in_stock is buyable


def test_P9_best_takes_the_coupon_where_it_is_cheaper() -> None:
    quote = quoted("J2", item(20_000), held=J2_COUPON, use_coupon="best", points="best", holds_points=500)
    assert (quote.coupon is not None, quote.redeemed_points, quote.paid_fen) == (True, 0, 19_000)


def test_P9_best_keeps_the_coupon_on_a_tie() -> None:
    """Member day: 200.00 at 0.90 is 180.00 and 10.00 shipping; the coupon makes 180.00 and 10.00 too."""
    zone = item(20_000, zone=True)
    quote = quoted("J2", zone, at=MEMBER_DAY, held=J2_COUPON, use_coupon="best")
    assert (quote.coupon, quote.paid_fen) == (None, 19_000)
    assert reasons(quote)["birthday_coupon"] == "not_cheaper"


def test_P9_best_coupon_with_an_explicit_number_of_points_uses_no_coupon() -> None:
    quote = quoted("J2", item(30_000), held=J2_COUPON, use_coupon="best", points=500, holds_points=500)
    assert (quote.coupon, quote.redeemed_points) == (None, 500)
    assert reasons(quote)["birthday_coupon"] == "excluded_by_points"


@pytest.mark.parametrize(
    ("tier", "items", "request_", "expected"),
    [
        (
            "J2",
            [item(100)],
            {},
            {"member_day": "no_zone_products", "birthday_coupon": "not_requested", "points": "not_requested"},
        ),
        (
            "J0",
            [item(100, zone=True)],
            {"at": MEMBER_DAY, "use_coupon": "best", "points": "best"},
            {"member_day": "tier_without_rate", "birthday_coupon": "no_coupon", "points": "too_few_points"},
        ),
        (
            "J2",
            [item(100, zone=True)],
            {"held": coupon(1, used=True), "use_coupon": "best"},
            {"member_day": "not_member_day", "birthday_coupon": "coupon_used", "points": "not_requested"},
        ),
        (
            "J2",
            [item(100, zone=True)],
            {"held": coupon(1, days=1), "use_coupon": "best", "at": MEMBER_DAY},
            {"birthday_coupon": "expired", "points": "not_requested"},
        ),
        (
            "J5",
            [item(19_800, zone=True)],
            {"held": coupon(10_000), "use_coupon": "cpn_2026", "at": MEMBER_DAY},
            {"member_day": "excluded_by_coupon", "points": "not_requested"},
        ),
    ],
)
def test_P9_every_offer_is_used_or_comes_back_with_its_reason(
    tier: str, items: list[tuple[int, int, bool]], request_: dict[str, Any], expected: dict[str, str]
) -> None:
    quote = quoted(tier, *items, **request_)
    assert reasons(quote) == expected
    assert all(reason.detail.endswith(".") for reason in quote.not_applied)


def test_a_reason_names_amounts_and_dates_of_the_policy() -> None:
    quote = quoted("J2", item(100, zone=True), held=J2_COUPON, use_coupon="best")
    details = {reason.offer: reason.detail for reason in quote.not_applied}
    assert "198.00 yuan" in details["birthday_coupon"]
    assert "2026-05-10" in details["member_day"]


def test_P8_with_todays_fee_and_cap_no_order_is_free() -> None:
    assert quoted("J5", item(1), holds_points=2_000, points="best").paid_fen > 0


@pytest.mark.parametrize("tier", TIERS)
def test_every_tier_of_the_policy_can_be_quoted(tier: str) -> None:
    assert quoted(tier, item(1, zone=True), at=MEMBER_DAY).tier == tier


def test_P7_the_best_points_are_worth_no_more_than_the_order_where_a_point_is_worth_more_than_a_fen(
    tmp_path: Path,
) -> None:
    """Half a point is worth the last fen of an odd amount: it is paid."""
    two_fen_each = load(
        changed(
            tmp_path,
            ("redeemed_per_yuan = 500", "redeemed_per_yuan = 50"),
            ("redeem_step = 500", "redeem_step = 1"),
            ("redeem_max_points = 2_000", "redeem_max_points = 20_000"),
        )
    )
    quote = quoted("J2", item(19_999), holds_points=20_000, points="best", policy=two_fen_each)
    assert (quote.redeemed_points, quote.points_value_fen, quote.paid_fen) == (9_999, 19_998, 1)
