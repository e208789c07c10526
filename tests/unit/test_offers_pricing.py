"""What campaigns and template coupons do to a price: examples, limits, ties, reasons, refusals (V1-V19)."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import Any

import pytest

from functions.domain.errors import ConflictError, RefusalError
from functions.domain.scope import Scope
from functions.offers.line_prices import member_rate, unit_price
from functions.offers.quotes import CampaignUse, CouponUse, LineOfferUse, Quote
from functions.offers.shares import charged, spread
from tests.support.offering import (
    UNTIL,
    Shop,
    discount,
    face,
    flash,
    gift,
    of,
    rated,
    saving,
    shop,
    told,
    why,
)
from tests.support.quoting import MAY, MEMBER_DAY, ORDINARY_DAY, POLICY, coupon

ONE = {"a": 30_000}


def ids(quote: Quote) -> list[str]:
    """Return the ids of the order offers that a quote uses."""
    return [use.campaign_id for use in quote.campaigns]


def shares(quote: Quote) -> tuple[Fraction | int, ...]:
    """Return what order offers and coupon leave of each line."""
    return charged(quote)


def unit_prices(quote: Quote) -> list[tuple[int, str | None]]:
    """Return the unit price of each line, and what it is of."""
    return [(line.unit_price_fen, line.price_of) for line in quote.lines]


def refused(there: Shop, *lines: tuple[str, int], **asked: Any) -> tuple[str, dict[str, Any]]:
    """Return the code of a refusal, and its facts."""
    with pytest.raises(RefusalError) as refusal:
        there.quote(*lines, **asked)
    assert refusal.value.detail.endswith(".")
    return refusal.value.code, dict(refusal.value.facts)


# The worked examples.


def test_V4_of_two_in_one_group_the_better_is_used_once() -> None:
    there = shop({"a": 31_000}, saving("m30", (30_000, 5_000)), saving("m20", (20_000, 3_000)))
    quote = there.quote(("a", 1))
    assert (ids(quote), quote.goods_net_fen, quote.paid_fen) == (["m30"], 26_000, 26_000)
    reason = told(quote, "m20")
    assert reason is not None
    assert reason.code == "other_of_group"


def test_V4_a_step_that_repeats_takes_its_amount_again_up_to_the_most() -> None:
    there = shop({"a": 47_000}, saving("m", (10_000, 1_000), repeat=True, max_off_fen=3_500))
    assert there.quote(("a", 1)).paid_fen == 47_000 - 3_500
    without_most = shop({"a": 47_000}, saving("m", (10_000, 1_000), repeat=True))
    assert without_most.quote(("a", 1)).paid_fen == 47_000 - 4_000


def test_V4_of_the_steps_that_are_reached_the_greatest_counts() -> None:
    there = shop({"a": 10_000}, saving("m", (10_000, 1_000), (20_000, 2_500), (30_000, 5_000)))
    off = [there.quote(("a", units)).goods_fen - there.quote(("a", units)).paid_fen for units in (1, 2, 3, 9)]
    assert off == [1_000, 2_500, 5_000, 5_000]


def test_V4_only_lines_in_scope_count_and_what_is_missing_is_told() -> None:
    there = shop({"a": 20_000, "b": 20_000}, saving("m", (30_000, 5_000), scope=of("a")))
    quote = there.quote(("a", 1), ("b", 1))
    reason = told(quote, "m")
    assert reason is not None
    assert (quote.paid_fen, reason.code, reason.missing_fen) == (40_000, "below_threshold", 10_000)


def test_V5_offers_of_different_groups_all_see_the_same_base() -> None:
    there = shop(
        {"a": 32_000},
        saving("m1", (20_000, 2_000), group="x"),
        saving("m2", (30_000, 5_000), group="y"),
    )
    quote = there.quote(("a", 1))
    assert (ids(quote), quote.goods_net_fen) == (["m1", "m2"], 25_000)
    assert [use.amount_fen for use in quote.campaigns] == [2_000, 5_000]


def test_V8_a_coupons_minimum_is_tested_on_what_order_offers_left() -> None:
    there = shop(
        {"a": 32_000},
        saving("m1", (20_000, 2_000), group="x"),
        saving("m2", (30_000, 5_000), group="y"),
    )
    held = [face("c30", 3_000, min_fen=26_000), face("c20", 2_000, min_fen=20_000)]
    quote = there.quote(("a", 1), held=held, coupon="best")
    assert quote.coupon == CouponUse(coupon_id="c20", amount_fen=2_000, template_id="of-c20", base=(0,))
    reason = told(quote, "c30")
    assert reason is not None
    assert (reason.offer, reason.code, reason.missing_fen) == ("coupon", "below_threshold", 1_000)


def test_V12_less_off_and_a_coupon_can_be_the_best() -> None:
    there = shop(ONE, saving("m50", (30_000, 5_000)), saving("m25", (30_000, 2_500)))
    quote = there.quote(("a", 1), held=[face("c", 3_000, min_fen=27_500)], coupon="best")
    assert (ids(quote), quote.paid_fen) == (["m25"], 24_500)


def test_V5_what_is_left_of_a_base_cuts_the_greatest_id() -> None:
    there = shop(
        {"a": 10_000, "b": 10_000},
        saving("x", (10_000, 8_000), group="x", scope=of("a")),
        saving("y", (10_000, 8_000), group="y", scope=of("a")),
    )
    quote = there.quote(("a", 1), ("b", 1))
    assert [(use.campaign_id, use.amount_fen) for use in quote.campaigns] == [("x", 8_000), ("y", 2_000)]
    assert shares(quote) == (0, 10_000)


def test_V17_what_is_taken_off_one_line_is_of_that_line() -> None:
    there = shop({"a": 10_000, "b": 5_000}, saving("m", (20_000, 5_000), scope=of("a")))
    quote = there.quote(("a", 2), ("b", 2))
    assert shares(quote) == (15_000, 10_000)
    assert quote.campaigns == (
        CampaignUse(campaign_id="m", version=1, kind="spend_save", amount_fen=5_000, base=(0,)),
    )


def test_V6_a_gift_is_a_line_more_at_the_end() -> None:
    there = shop(ONE | {"cup": 3_900}, gift("g", 29_900, "cup", scope=of("a")))
    quote = there.quote(("a", 1))
    bought, given = quote.lines
    assert (bought.line_id, bought.price_of, bought.gift_of) == ("a", "list", None)
    assert (given.line_id, given.price_of, given.gift_of) == ("cup:g", "g", "g")
    assert (given.quantity, given.list_price_fen, given.unit_price_fen, given.amount_fen) == (1, 3_900, 0, 0)
    assert quote.campaigns == (
        CampaignUse(campaign_id="g", version=1, kind="gift", amount_fen=0, base=(0,), from_fen=29_900),
    )
    assert (quote.paid_fen, shares(quote)) == (30_000, (30_000, 0))


def test_V2_a_line_of_more_than_a_member_may_have_is_wholly_at_the_next_best_price() -> None:
    there = shop({"a": 2_000}, flash("f", {"a": 990}, per_member=2), discount("d", "0.9"))
    quote = there.quote(("a", 3))
    assert unit_prices(quote) == [(1_800, "d")]
    reason = told(quote, "f")
    assert reason is not None
    assert (reason.code, reason.sku, reason.may_have) == ("flash_member_limit", "a", 2)
    assert unit_prices(there.quote(("a", 2))) == [(990, "f")]


# Line offers.


def test_V1_a_unit_costs_the_lowest_of_its_prices_and_they_never_multiply() -> None:
    there = shop(
        {"a": 10_000, "b": 10_000, "c": 10_000},
        discount("d", "0.85"),
        flash("f", {"a": 5_000}),
        discount("better", "0.5", scope=of("b")),
    )
    quote = there.quote(("a", 1), ("b", 2), ("c", 1))
    assert unit_prices(quote) == [(5_000, "f"), (5_000, "better"), (8_500, "d")]
    assert [use.campaign_id for use in quote.line_offers] == ["better", "d", "f"]
    assert quote.line_offers[0] == LineOfferUse(campaign_id="better", version=1, kind="discount")
    assert quote.campaigns == ()


@pytest.mark.parametrize(
    ("campaigns", "price_of"),
    [
        ([], "member_day"),
        ([discount("d", "0.9"), flash("f", {"a": 9_000})], "member_day"),
        ([discount("d2", "0.8"), discount("d1", "0.8"), flash("c", {"a": 8_000})], "d1"),
        ([flash("f2", {"a": 8_000}), flash("f1", {"a": 8_000})], "f1"),
        ([discount("Z", "0.8"), discount("a", "0.8")], "Z"),
    ],
)
def test_V1_on_a_tie_member_day_discount_flash_then_the_lower_id(campaigns: list[Any], price_of: str) -> None:
    there = shop({"a": 10_000}, *campaigns)
    product = replace(there.products["a"], member_zone=True)
    quote = replace(there, products={"a": product}).quote(("a", 1), tier="J2", at=MEMBER_DAY)
    assert quote.lines[0].price_of == price_of
    rate = member_rate("J2", MEMBER_DAY, POLICY)
    assert unit_price(product, campaigns, "J2", rate) == (quote.lines[0].unit_price_fen, price_of)


def test_V1_the_list_price_wins_a_tie() -> None:
    there = shop({"a": 1}, discount("d", "0.9"), flash("f", {"a": 1}))
    assert unit_prices(there.quote(("a", 1))) == [(1, "list")]


def test_V1_a_discount_rounds_half_up() -> None:
    assert unit_prices(shop({"a": 5}, discount("d", "0.5")).quote(("a", 1))) == [(3, "d")]
    assert unit_prices(shop({"a": 9_999}, discount("d", "0.3333")).quote(("a", 1))) == [(3_333, "d")]


def test_V14_a_line_offer_whose_budget_the_order_would_pass_leaves_the_whole_order() -> None:
    there = shop({"a": 10_000, "b": 10_000}, discount("d", "0.5", left={"budget_left_fen": 9_999}))
    assert unit_prices(there.quote(("a", 1))) == [(5_000, "d")]
    quote = there.quote(("a", 1), ("b", 1))
    reason = told(quote, "d")
    assert reason is not None
    assert (unit_prices(quote), reason.code) == ([(10_000, "list"), (10_000, "list")], "budget_spent")


def test_V1_what_leaves_can_make_the_next_leave() -> None:
    there = shop(
        {"a": 10_000, "b": 10_000},
        discount("d1", "0.6", left={"budget_left_fen": 4_000}),
        discount("d2", "0.5", scope=of("b"), left={"budget_left_fen": 4_999}),
    )
    quote = there.quote(("a", 1), ("b", 1))
    assert unit_prices(quote) == [(10_000, "list"), (10_000, "list")]
    assert [why(quote, each) for each in ("d1", "d2")] == ["budget_spent"] * 2
    assert quote.line_offers == ()


@pytest.mark.parametrize(
    ("left", "code"),
    [
        ({"orders_left": 0}, "limit_reached"),
        ({"member_orders_left": 0}, "member_limit_reached"),
        ({"budget_left_fen": 0}, "budget_spent"),
        ({"orders_left": 0, "member_orders_left": 0, "budget_left_fen": 0}, "limit_reached"),
        ({"member_orders_left": 0, "budget_left_fen": 0}, "member_limit_reached"),
    ],
)
@pytest.mark.parametrize("kind", ["discount", "spend_save"])
def test_V14_an_offer_of_which_nothing_is_left_is_not_used(kind: str, left: Any, code: str) -> None:
    made = discount("o", "0.5", left=left) if kind == "discount" else saving("o", (1, 1), left=left)
    quote = shop(ONE, made).quote(("a", 1))
    reason = told(quote, "o")
    assert reason is not None
    assert (quote.paid_fen, reason.code) == (30_000, code)
    tiers = frozenset({"J5"})
    of_tier = replace(made, campaign=replace(made.campaign, tiers=tiers))
    reason = told(shop(ONE, of_tier).quote(("a", 1)), "o")
    assert reason is not None
    assert reason.code == "tier"


@pytest.mark.parametrize(
    ("per_member", "had", "units", "quantity", "expected"),
    [
        (2, 0, 9, 2, None),
        (2, 1, 9, 2, ("flash_member_limit", 1)),
        (2, 5, 9, 1, ("flash_member_limit", 0)),
        (5, 0, 3, 4, ("flash_sold_out", 3)),
        (5, 0, 0, 1, ("flash_sold_out", 0)),
        (2, 0, 1, 3, ("flash_member_limit", 1)),
        (2, 0, 1, 2, ("flash_sold_out", 1)),
    ],
)
def test_V2_a_flash_prices_a_line_if_all_of_its_units_fit(
    per_member: int, had: int, units: int, quantity: int, expected: tuple[str, int] | None
) -> None:
    left = {"units_left": {"a": units}, "member_units": {"a": had}}
    quote = shop({"a": 2_000}, flash("f", {"a": 990}, per_member=per_member, left=left)).quote(
        ("a", quantity)
    )
    reason = told(quote, "f")
    assert (None if reason is None else (reason.code, reason.may_have)) == expected
    assert unit_prices(quote) == [(990, "f") if expected is None else (2_000, "list")]


def test_V13_a_flash_may_be_both_used_and_told() -> None:
    there = shop({"a": 2_000, "b": 2_000}, flash("f", {"a": 990, "b": 990}, per_member=1))
    quote = there.quote(("a", 1), ("b", 2))
    assert unit_prices(quote) == [(990, "f"), (2_000, "list")]
    assert [use.campaign_id for use in quote.line_offers] == ["f"]
    reason = told(quote, "f")
    assert reason is not None
    assert (reason.code, reason.sku) == ("flash_member_limit", "b")


def test_V2_a_flash_that_would_not_be_the_lowest_is_not_limited_but_no_cheaper() -> None:
    there = shop({"a": 2_000}, flash("f", {"a": 1_990}, per_member=1), discount("d", "0.5"))
    reason = told(there.quote(("a", 3)), "f")
    assert reason is not None
    assert reason.code == "not_cheaper"


def test_V3_lines_of_an_offer_that_does_not_stack_are_in_no_base() -> None:
    there = shop(
        {"a": 20_000, "b": 20_000},
        flash("f", {"a": 9_900}, stacks=False),
        saving("m", (20_000, 3_000)),
    )
    quote = there.quote(("a", 1), ("b", 1), held=[face("c", 19_000)], coupon="c")
    assert quote.campaigns[0].base == (1,)
    assert quote.coupon == CouponUse(coupon_id="c", amount_fen=17_000, template_id="of-c", base=(1,))
    assert shares(quote) == (9_900, 0)
    alone = there.quote(("a", 1))
    reason = told(alone, "m")
    assert reason is not None
    assert (alone.paid_fen, reason.code, reason.missing_fen) == (9_900, "below_threshold", 20_000)


def test_V3_free_shipping_counts_lines_that_do_not_stack() -> None:
    there = shop({"a": 20_000}, discount("d", "0.95", stacks=False), policy=POLICY)
    assert there.quote(("a", 1)).shipping_fen == 0


# Order offers.


def test_V7_free_shipping_goes_by_the_goods_less_what_is_taken_and_so_can_forbid_an_offer() -> None:
    there = shop({"a": 18_850}, saving("m", (10_000, 100)), policy=POLICY)
    quote = there.quote(("a", 1))
    reason = told(quote, "m")
    assert reason is not None
    assert (quote.shipping_fen, quote.paid_fen, reason.code) == (0, 18_850, "not_cheaper")
    forced = there.quote(("a", 1), campaigns=("m",))
    assert (forced.shipping_fen, forced.paid_fen) == (1_000, 19_750)


def test_V7_an_offer_may_bar_coupons_or_points() -> None:
    there = shop(ONE, saving("m", (10_000, 200), with_points=False, with_coupons=False))
    quote = there.quote(("a", 1), points="best", holds_points=500, held=[face("c", 150)], coupon="best")
    reason = told(quote, "m")
    assert reason is not None
    assert (quote.paid_fen, quote.redeemed_points, reason.code) == (29_750, 500, "excluded_by_coupon")
    only_points = there.quote(("a", 1), points=500, holds_points=500)
    reason = told(only_points, "m")
    assert reason is not None
    assert reason.code == "excluded_by_points"
    used = there.quote(("a", 1), points="best", holds_points=500, held=[face("c", 50)], coupon="best")
    assert (ids(used), used.redeemed_points, used.coupon) == (["m"], 0, None)
    assert why(used, "c") == "excluded_by_campaign"
    assert {each.offer: each.code for each in used.not_applied}["points"] == "excluded_by_campaign"


def test_V19_an_offer_excludes_nothing_while_its_own_conditions_fail() -> None:
    there = shop(ONE, saving("m", (90_000, 1), with_points=False, with_coupons=False))
    quote = there.quote(("a", 1), points="best", holds_points=500, held=[face("c", 150)], coupon="best")
    assert (quote.redeemed_points, quote.coupon is not None) == (500, True)


@pytest.mark.parametrize(
    ("stock", "status", "bought", "given"),
    [(1, "on_sale", 0, True), (0, "on_sale", 0, False), (9, "withdrawn", 0, False), (3, "on_sale", 3, False)],
)
def test_V6_a_gift_that_does_not_fit_the_shelf_is_no_choice(
    stock: int, status: Any, bought: int, given: bool
) -> None:
    there = shop(ONE | {"cup": 3_900}, gift("g", 29_900, "cup", scope=of("a")))
    products = dict(there.products) | {"cup": replace(there.products["cup"], stock=stock, status=status)}
    lines = [("a", 1), *([("cup", bought)] if bought else [])]
    quote = replace(there, products=products).quote(*lines)
    assert ids(quote) == (["g"] if given else [])
    assert why(quote, "g") == (None if given else "gift_out_of_stock")


def test_V6_a_gift_that_the_catalogue_lacks_is_no_choice() -> None:
    quote = shop(ONE, gift("g", 29_900, "cup")).quote(("a", 1))
    assert why(quote, "g") == "gift_out_of_stock"


def test_V6_units_of_a_flash_leave_the_shelf_alone() -> None:
    there = shop({"a": 30_000}, flash("f", {"a": 29_900}), gift("g", 29_900, "a"))
    products = {"a": replace(there.products["a"], stock=1)}
    quote = replace(there, products=products).quote(("a", 2))
    assert [line.line_id for line in quote.lines] == ["a", "a:g"]


def test_V6_two_gifts_of_one_product_must_fit_together() -> None:
    there = shop(ONE | {"cup": 3_900}, gift("g1", 1, "cup", group="x"), gift("g2", 1, "cup", 2, group="y"))
    products = dict(there.products) | {"cup": replace(there.products["cup"], stock=2)}
    scarce = replace(there, products=products)
    quote = scarce.quote(("a", 1))
    assert (ids(quote), why(quote, "g1")) == (["g2"], "gift_out_of_stock")
    code, facts = refused(scarce, ("a", 1), campaigns=("g2", "g1"))
    assert (code, facts) == (
        "campaign_not_applicable",
        {"campaign_id": "g2", "reason": "gift_out_of_stock"},
    )


@pytest.mark.parametrize(("budget_fen", "used"), [(5_000, True), (4_999, False), (1, False)])
def test_V14_an_order_that_would_pass_a_budget_is_quoted_without_the_campaign(
    budget_fen: int, used: bool
) -> None:
    there = shop(
        ONE | {"cup": 5_000},
        saving("m", (30_000, 5_000), left={"budget_left_fen": budget_fen}),
        gift("g", 30_000, "cup", left={"budget_left_fen": budget_fen}),
    )
    quote = there.quote(("a", 1))
    assert ids(quote) == (["g", "m"] if used else [])
    for each in () if used else ("g", "m"):
        assert why(quote, each) == "budget_spent"


def test_V14_what_is_given_is_what_is_taken_after_a_cut() -> None:
    there = shop(
        {"a": 10_000},
        saving("x", (10_000, 8_000), group="x"),
        saving("y", (10_000, 8_000), group="y", left={"budget_left_fen": 2_000}),
    )
    quote = there.quote(("a", 1))
    assert [(use.campaign_id, use.amount_fen) for use in quote.campaigns] == [("x", 8_000), ("y", 2_000)]


def test_V19_an_offer_that_would_take_nothing_is_not_used() -> None:
    there = shop(
        {"a": 10_000},
        saving("x", (10_000, 10_000), group="x"),
        saving("y", (10_000, 100), group="y", with_coupons=False),
    )
    quote = there.quote(("a", 1))
    assert (ids(quote), why(quote, "y")) == (["x"], "not_cheaper")
    assert refused(there, ("a", 1), campaigns=("y", "x")) == (
        "campaign_not_applicable",
        {"campaign_id": "y", "reason": "not_cheaper"},
    )


def test_V5_amounts_are_cut_to_the_whole_fen_of_exact_fractions() -> None:
    """x leaves of a 1/3 of 100 fen, 33 and a third, which y cannot take more of than 33."""
    there = shop(
        {"a": 100, "b": 200},
        saving("x", (300, 200), group="x"),
        saving("y", (100, 90), group="y", scope=of("a")),
    )
    quote = there.quote(("a", 1), ("b", 1))
    assert [use.amount_fen for use in quote.campaigns] == [200, 33]
    assert shares(quote) == (Fraction(1, 3), Fraction(200, 3))


# Ties.


def test_V12_of_equal_amounts_the_one_with_the_greatest_gifts_is_best() -> None:
    there = shop(
        ONE | {"cup": 3_900, "pot": 4_000},
        gift("g1", 1, "cup", group="x"),
        gift("g2", 1, "pot", group="x"),
        gift("g3", 1, "cup", group="y"),
    )
    assert ids(there.quote(("a", 1))) == ["g2", "g3"]


def test_V12_gifts_outweigh_a_coupon_that_could_be_kept() -> None:
    """With 2.00 off by the campaign or by coupon and gift, the gift decides."""
    there = shop(ONE | {"cup": 3_900}, saving("m", (1, 200), group="x"), gift("g", 1, "cup", group="x"))
    quote = there.quote(("a", 1), held=[face("c", 200, min_fen=29_900)], coupon="best")
    assert (ids(quote), quote.coupon is not None) == (["g"], True)


def test_V12_no_coupon_is_used_on_a_tie() -> None:
    there = shop(ONE, saving("m", (1, 200), with_coupons=False))
    quote = there.quote(("a", 1), held=[face("c", 200)], coupon="best")
    assert (ids(quote), quote.coupon) == (["m"], None)


def test_V12_of_two_coupons_the_one_that_ends_first_is_used_then_the_lower_id() -> None:
    later = UNTIL + timedelta(seconds=1)
    held = [face("c1", 200, valid_until=later), face("c3", 200), face("c2", 200)]
    quote = shop(ONE).quote(("a", 1), held=held, coupon="best")
    assert quote.coupon is not None
    assert quote.coupon.coupon_id == "c2"
    assert [why(quote, each) for each in ("c1", "c3")] == ["other_coupon"] * 2


def test_V12_fewer_points_are_redeemed_on_a_tie() -> None:
    there = shop(ONE, saving("m", (1, 100), with_points=False))
    quote = there.quote(("a", 1), points="best", holds_points=500)
    assert (ids(quote), quote.redeemed_points) == (["m"], 0)


def test_V12_fewer_campaigns_then_lower_ids_are_used_on_a_tie() -> None:
    there = shop(
        ONE,
        saving("m1", (1, 100), group="x"),
        saving("m2", (1, 100), group="y"),
        saving("m4", (1, 200), group="x", with_coupons=False),
        saving("m3", (1, 200), group="x", with_coupons=False),
    )
    alone = replace(there, campaigns=(there.campaigns[0], *there.campaigns[2:]))
    assert ids(alone.quote(("a", 1))) == ["m3"]
    assert ids(there.quote(("a", 1))) == ["m2", "m3"]


# Coupons.


@pytest.mark.parametrize(
    ("made", "off_fen"),
    [
        (face("c", 3_000), 3_000),
        (face("c", 99_999), 10_001),
        (rated("c", "0.9"), 1_000),
        (rated("c", "0.95"), 500),
        (rated("c", "0.9", max_off_fen=700), 700),
        (rated("c", "0.9", min_fen=10_001), 1_000),
        (face("c", 3_000, scope=of("a")), 3_000),
        (face("c", 3_000, scope=of("b")), 1),
    ],
)
def test_V8_what_a_coupon_takes(made: Any, off_fen: int) -> None:
    quote = shop({"a": 10_000, "b": 1}).quote(("a", 1), ("b", 1), held=[made], coupon="c")
    assert quote.coupon is not None
    assert (quote.coupon.amount_fen, quote.paid_fen) == (off_fen, 10_001 - off_fen)


def test_V8_a_rate_takes_off_the_rounded_share_of_an_exact_net() -> None:
    """x leaves 66 2/3 fen of a: half of it is 33 1/3, and of b, of 133 1/3, 66 2/3."""
    there = shop({"a": 100, "b": 200}, saving("x", (300, 100)))
    off = [
        there.quote(("a", 1), ("b", 1), held=[rated("c", "0.5", scope=of(sku))], coupon="c").coupon
        for sku in ("a", "b")
    ]
    assert [use and use.amount_fen for use in off] == [33, 67]


def test_V8_the_minimum_is_tested_on_an_exact_net_and_what_is_missing_is_rounded_up() -> None:
    there = shop({"a": 100, "b": 200}, saving("x", (300, 100)))
    for min_fen, missing_fen in ((66, None), (67, 1), (100, 34)):
        held = [face("c", 1, min_fen=min_fen, scope=of("a"))]
        quote = there.quote(("a", 1), ("b", 1), held=held, coupon="best", campaigns=("x",))
        reason = told(quote, "c")
        assert (None if reason is None else reason.missing_fen) == missing_fen
        assert (quote.coupon is None) == (missing_fen is not None)


def test_V8_an_exclusive_coupon_stands_alone_over_list_prices() -> None:
    there = shop({"a": 10_000, "b": 10_000}, discount("d", "0.95"), saving("m", (1, 100)))
    held = [face("c", 9_000, exclusive=True, scope=of("a"))]
    quote = there.quote(("a", 1), ("b", 1), held=held, coupon="best", points="best", holds_points=500)
    assert unit_prices(quote) == [(10_000, "list"), (10_000, "list")]
    assert (ids(quote), quote.line_offers, quote.redeemed_points, quote.paid_fen) == ([], (), 0, 11_000)
    assert shares(quote) == (1_000, 10_000)
    assert [why(quote, each) for each in ("d", "m")] == ["excluded_by_coupon"] * 2
    codes = {each.offer: each.code for each in quote.not_applied}
    assert (codes["points"], codes["birthday_coupon"]) == ("excluded_by_coupon", "no_coupon")
    assert "birthday" not in {each.offer: each.detail for each in quote.not_applied}["points"]


def test_V8_a_coupon_that_is_not_exclusive_goes_with_all() -> None:
    there = shop(ONE, discount("d", "0.9"), saving("m", (1, 2_000)))
    quote = there.quote(("a", 1), held=[face("c", 1_000)], coupon="c", points=500, holds_points=500)
    assert (quote.paid_fen, ids(quote), quote.redeemed_points) == (27_000 - 2_000 - 1_000 - 100, ["m"], 500)


def test_V8_the_birthday_coupon_goes_with_no_campaign() -> None:
    there = shop(ONE, discount("d", "0.95"), saving("m", (1, 100)))
    quote = there.quote(("a", 1), birthday=coupon(5_000), coupon="best")
    assert quote.coupon == CouponUse(coupon_id="cpn_2026", amount_fen=5_000)
    assert (unit_prices(quote), ids(quote)) == ([(30_000, "list")], [])
    assert shares(quote) == (25_000,)


def test_V8_best_chooses_campaigns_among_those_that_leave_a_named_coupon_usable() -> None:
    there = shop(ONE, saving("m50", (30_000, 5_000), group="x"), saving("m1", (1, 100), group="y"))
    quote = there.quote(("a", 1), held=[face("c", 200, min_fen=27_500)], coupon="c")
    assert (ids(quote), quote.paid_fen) == (["m1"], 30_000 - 100 - 200)
    assert why(quote, "m50") == "excluded_by_coupon"
    assert there.quote(("a", 1), held=[face("c", 200, min_fen=27_500)], coupon="best").paid_fen == 24_900


def test_V13_every_available_coupon_is_told_once() -> None:
    there = shop(ONE, saving("m", (1, 5_000), with_coupons=False))
    held = [
        face("near", 100, min_fen=30_001),
        face("barred", 100, min_fen=29_000),
        face("alone", 100, exclusive=True),
        face("used", 100, order_id="ord_1"),
        face("ended", 100, valid_until=ORDINARY_DAY - timedelta(seconds=1)),
        face("early", 100, valid_from=ORDINARY_DAY + timedelta(seconds=1)),
    ]
    quote = there.quote(("a", 1), held=held, coupon="best")
    reasons = {each.coupon_id: each.code for each in quote.not_applied if each.offer == "coupon"}
    assert reasons == {
        "near": "below_threshold",
        "barred": "excluded_by_campaign",
        "alone": "excluded_by_campaign",
    }
    none = there.quote(("a", 1), held=held)
    assert {each.code for each in none.not_applied if each.offer == "coupon"} == {"not_requested"}


def test_V13_an_exclusive_coupon_is_excluded_by_points_and_by_another_coupon() -> None:
    there = shop(ONE)
    held = [face("alone", 100, exclusive=True), face("c", 150)]
    with_points = there.quote(("a", 1), held=held[:1], coupon="best", points=500, holds_points=500)
    assert why(with_points, "alone") == "excluded_by_points"
    with_other = there.quote(("a", 1), held=held, birthday=coupon(50), coupon="best")
    assert why(with_other, "alone") == "other_coupon"
    assert {each.offer: each.code for each in with_other.not_applied}["birthday_coupon"] == "other_coupon"
    dear = shop(ONE, saving("m", (1, 90)))
    used = dear.quote(("a", 1), birthday=coupon(50), coupon="best")
    assert {each.offer: each.code for each in used.not_applied}["birthday_coupon"] == "excluded_by_campaign"
    useless = face("useless", 100, scope=of("b"))
    assert why(there.quote(("a", 1), held=[useless], coupon="best"), "useless") == "not_cheaper"


# What is asked for, and refused.


def test_V12_none_is_line_offers_only_and_a_list_exactly_these() -> None:
    there = shop(
        ONE, discount("d", "0.9"), saving("m1", (1, 100), group="x"), saving("m2", (1, 200), group="y")
    )
    none = there.quote(("a", 1), campaigns="none")
    assert (ids(none), none.paid_fen) == ([], 27_000)
    assert [why(none, each) for each in ("d", "m1")] == [None, "not_requested"]
    some = there.quote(("a", 1), campaigns=("m1",))
    assert (ids(some), why(some, "m2")) == (["m1"], "not_requested")
    assert ids(there.quote(("a", 1), campaigns=("m2", "m1"))) == ["m1", "m2"]
    assert ids(there.quote(("a", 1), campaigns=())) == []


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (("gone",), {"campaign_id": "gone", "reason": "not_found"}),
        (("d",), {"campaign_id": "d", "reason": "not_found"}),
        (("paused",), {"campaign_id": "paused", "reason": "not_found"}),
        (("ended",), {"campaign_id": "ended", "reason": "not_found"}),
        (("m", "tier", "gone"), {"campaign_id": "tier", "reason": "tier"}),
        (("m", "far"), {"campaign_id": "far", "reason": "below_threshold", "missing_fen": 1}),
        (("elsewhere",), {"campaign_id": "elsewhere", "reason": "below_threshold", "missing_fen": 1}),
        (("m", "other"), {"campaign_id": "other", "reason": "other_of_group"}),
        (("other", "m"), {"campaign_id": "m", "reason": "other_of_group"}),
        (("dear",), {"campaign_id": "dear", "reason": "budget_spent"}),
    ],
)
def test_V12_a_campaign_that_cannot_be_is_refused_and_the_first_is_named(
    asked: tuple[str, ...], facts: dict[str, Any]
) -> None:
    there = shop(
        ONE,
        discount("d", "1"),
        saving("m", (1, 100)),
        saving("other", (1, 200)),
        saving("tier", (1, 1), group="x", tiers=frozenset({"J5"})),
        saving("far", (30_001, 1), group="x"),
        saving("elsewhere", (1, 1), group="x", scope=of("b")),
        saving("dear", (1, 100), group="x", left={"budget_left_fen": 99}),
        saving("paused", (1, 1), group="x", status="paused"),
        saving("ended", (1, 1), group="x", ends_at=ORDINARY_DAY),
    )
    assert refused(there, ("a", 1), campaigns=asked) == ("campaign_not_applicable", facts)
    quote = there.quote(("a", 1))
    assert {each.campaign_id for each in quote.not_applied if each.offer == "campaign"} == {
        "d",
        "dear",
        "far",
        "m",
        "tier",
    }


def test_V12_named_campaigns_must_go_with_the_named_coupon_and_points() -> None:
    there = shop(ONE, saving("m", (1, 100), with_coupons=False, with_points=False))
    held = [face("c", 100), face("alone", 100, exclusive=True)]
    for asked, reason in (
        ({"coupon": "c"}, "excluded_by_coupon"),
        ({"coupon": "alone"}, "excluded_by_coupon"),
        ({"points": 500}, "excluded_by_points"),
    ):
        code, facts = refused(there, ("a", 1), campaigns=("m",), held=held, **asked)
        assert (code, facts) == ("campaign_not_applicable", {"campaign_id": "m", "reason": reason})
    quote = there.quote(("a", 1), campaigns=("m",), held=held, coupon="best", points="best", holds_points=500)
    assert (quote.coupon, quote.redeemed_points) == (None, 0)
    assert {each.coupon_id: each.code for each in quote.not_applied if each.offer == "coupon"} == {
        "c": "excluded_by_campaign",
        "alone": "excluded_by_campaign",
    }


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"coupon": "none-such", "campaigns": ("gone",), "points": 7}, "coupon_not_found"),
        ({"coupon": "used", "campaigns": ("gone",), "points": 7}, "coupon_used"),
        ({"coupon": "ended", "campaigns": ("gone",), "points": 7}, "coupon_not_applicable"),
        ({"coupon": "early", "campaigns": ("gone",), "points": 7}, "coupon_not_applicable"),
        ({"coupon": "alone", "campaigns": ("gone",), "points": 7}, "offer_conflict"),
        ({"coupon": "far", "campaigns": ("gone",), "points": 7}, "campaign_not_applicable"),
        ({"coupon": "far", "points": 7}, "coupon_not_applicable"),
        ({"coupon": "c", "points": 7}, "points_step"),
        ({"coupon": "c", "points": 500}, "insufficient_points"),
    ],
)
def test_V12_refusals_come_in_order(asked: dict[str, Any], code: str) -> None:
    held = [
        face("c", 100),
        face("far", 100, min_fen=30_001),
        face("alone", 100, exclusive=True, min_fen=30_001),
        face("used", 100, order_id="ord_1"),
        face("ended", 100, valid_until=ORDINARY_DAY - timedelta(seconds=1)),
        face("early", 100, valid_from=ORDINARY_DAY + timedelta(seconds=1)),
    ]
    assert refused(shop(ONE), ("a", 1), held=held, **asked)[0] == code


def test_V8_a_named_coupon_is_refused_on_the_net_of_named_campaigns_with_what_is_missing() -> None:
    there = shop(ONE, saving("m", (1, 5_000)))
    held = [
        face("c", 100, min_fen=26_000),
        face("alone", 100, exclusive=True, min_fen=30_001),
        face("empty", 100, scope=of("b")),
    ]
    code, facts = refused(there, ("a", 1), campaigns=("m",), held=held, coupon="c")
    assert (code, facts) == ("coupon_not_applicable", {"reason": "below_threshold", "missing_fen": 1_000})
    code, facts = refused(there, ("a", 1), held=held, coupon="alone")
    assert (code, facts) == ("coupon_not_applicable", {"reason": "below_threshold", "missing_fen": 1})
    code, facts = refused(there, ("a", 1), held=held, coupon="empty")
    assert (code, facts) == ("coupon_not_applicable", {"reason": "not_cheaper"})
    kept = there.quote(("a", 1), held=held, coupon="c")
    assert (ids(kept), kept.paid_fen) == ([], 29_900)


def test_P7_points_that_no_combination_can_bear_are_refused() -> None:
    there = shop({"a": 100}, saving("m", (1, 50)))
    assert there.quote(("a", 1), points=500, holds_points=500).campaigns == ()
    assert refused(there, ("a", 1), points=1_000, holds_points=500)[0] == "points_exceed_order"
    with pytest.raises(ConflictError):
        there.quote(("a", 1), points=500)


def test_V13_the_member_day_is_told_where_campaigns_make_lower_prices() -> None:
    there = shop({"a": 10_000}, flash("f", {"a": 5_000}))
    products = {"a": replace(there.products["a"], member_zone=True)}
    quote = replace(there, products=products).quote(("a", 1), tier="J2", at=MEMBER_DAY)
    assert {each.offer: each.code for each in quote.not_applied}["member_day"] == "not_cheaper"


def test_V13_campaigns_that_touch_nothing_or_do_not_run_are_not_told() -> None:
    there = shop(
        ONE,
        saving("elsewhere", (1, 1), scope=of("b")),
        saving("zone", (1, 1), scope=Scope(zone=True)),
        flash("f", {"b": 1}),
        saving("later", (1, 1), starts_at=ORDINARY_DAY + timedelta(seconds=1)),
    )
    quote = there.quote(("a", 1))
    assert [each for each in quote.not_applied if each.offer == "campaign"] == []


def test_V16_a_campaign_runs_from_its_start_until_before_its_end() -> None:
    begins, ends = MAY + timedelta(days=2), MAY + timedelta(days=3)
    there = shop(ONE, saving("m", (1, 1), starts_at=begins, ends_at=ends))
    second = timedelta(seconds=1)
    moments = [begins - second, begins, ends - second, ends]
    assert [bool(there.quote(("a", 1), at=at).campaigns) for at in moments] == [False, True, True, False]


def test_V17_no_more_is_spread_than_there_is() -> None:
    with pytest.raises(ValueError, match="are taken off"):
        spread([Fraction(1)], (0,), 2)


def test_V13_sentences_name_what_is_missing() -> None:
    reason = told(shop(ONE, saving("m", (30_050, 1))).quote(("a", 1)), "m")
    assert reason is not None
    assert reason.detail == "Goods of 0.50 yuan more are needed."
