"""The oracle against the rules' own worked examples and bounds."""

import ast
import itertools
import sys
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.oracle import (
    RULES,
    Cart,
    HeldCoupon,
    Order,
    Refused,
    TierRow,
    amount_to_next,
    benefits,
    birthday_month,
    coupon_window,
    earn_year,
    earned_points,
    in_window,
    is_birthday_month,
    is_member_day,
    member_day_date,
    next_member_day_date,
    order_of,
    points_available_from,
    points_gone_at,
    points_last_second,
    points_usable,
    points_value_fen,
    quote,
    refund,
    retained,
    rhu,
    tier,
    unit_price_fen,
    unused_offers,
)

STORE = ZoneInfo("Asia/Shanghai")
UTC_ZONE = ZoneInfo("UTC")


def at(*parts: int) -> datetime:
    """A moment in store time."""
    year, month, day, hour, minute, second = (*parts, *(0, 0, 0))[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=STORE)


ORDINARY_DAY = at(2026, 12, 9, 12)
MEMBER_DAY = at(2026, 12, 10, 12)
DECEMBER = coupon_window(2026, 12)


def coupon(face_fen: int, used: bool = False) -> HeldCoupon:
    """A birthday coupon of December 2026."""
    return HeldCoupon("c-1", face_fen, *DECEMBER, used)


def refusal(cart: Cart) -> str:
    """The code a cart is refused with."""
    with pytest.raises(Refused) as caught:
        quote(cart)
    return caught.value.code


# The package itself


def test_the_oracle_imports_nothing_but_the_standard_library_the_sky_and_itself() -> None:
    for path in sorted(Path(__file__).parent.glob("*.py")):
        if path.name.startswith("test_"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                known = name.startswith("tests.oracle.") or name.split(".")[0] in sys.stdlib_module_names
                assert known or (path.name, name) == ("lunar.py", "ephem")  # where the Moon and the Sun are


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0", 0), ("0.49", 0), ("0.5", 1), ("1.5", 2), ("2.5", 3), ("2.499999", 2), ("3", 3)],
)
def test_rhu_rounds_half_up_and_never_half_to_even(amount: str, rounded: int) -> None:
    assert rhu(Fraction(amount)) == rounded


def test_rhu_takes_no_negative_amount() -> None:
    with pytest.raises(ValueError, match="not negative"):
        rhu(Fraction(-1, 2))


# Tiers


def test_T1_a_member_who_never_paid_is_J0() -> None:
    assert tier(False, 0) == "J0"


def test_T1_a_member_whose_every_order_came_back_is_J1() -> None:
    assert tier(True, 0) == "J1"


def test_T1_a_member_who_never_paid_has_no_effective_amount() -> None:
    with pytest.raises(ValueError, match="never paid"):
        tier(False, 1)


@pytest.mark.parametrize(
    ("effective_fen", "expected"),
    [(1_000_00, "J1"), (8_000_00, "J2"), (30_000_00, "J3"), (80_000_00, "J4")],
)
def test_T4_upper_bound_is_inclusive(effective_fen: int, expected: str) -> None:
    assert tier(True, effective_fen) == expected


@pytest.mark.parametrize(
    ("effective_fen", "expected"),
    [(1_000_01, "J2"), (8_000_01, "J3"), (30_000_01, "J4"), (80_000_01, "J5")],
)
def test_T4_lower_bound_is_exclusive_to_the_fen(effective_fen: int, expected: str) -> None:
    assert tier(True, effective_fen) == expected


@pytest.mark.parametrize("effective_fen", [80_000_01, 799_999_99, 800_000_00, 800_000_01, 10**12])
def test_T3_every_amount_above_80000_is_J5(effective_fen: int) -> None:
    assert tier(True, effective_fen) == "J5"


def test_T1_next_tier_of_J0_is_J1_and_any_paid_order_reaches_it() -> None:
    assert amount_to_next(False, 0) == ("J1", 0)


@pytest.mark.parametrize(
    ("effective_fen", "expected"),
    [
        (0, ("J2", 1_000_01)),
        (1_000_00, ("J2", 1)),
        (1_000_01, ("J3", 7_000_00)),
        (8_000_00, ("J3", 1)),
        (8_000_01, ("J4", 22_000_00)),
        (30_000_00, ("J4", 1)),
        (30_000_01, ("J5", 50_000_00)),
        (80_000_00, ("J5", 1)),
    ],
)
def test_T4_amount_to_next_is_the_smallest_that_reaches_it(
    effective_fen: int, expected: tuple[str, int]
) -> None:
    assert amount_to_next(True, effective_fen) == expected
    name, to_go_fen = expected
    assert tier(True, effective_fen + to_go_fen) == name
    assert tier(True, effective_fen + to_go_fen - 1) != name


def test_T3_there_is_no_tier_after_J5() -> None:
    assert amount_to_next(True, 80_000_01) is None


@pytest.mark.parametrize(
    ("name", "coupon_fen", "rate", "free_from_fen"),
    [
        ("J0", 0, None, 188_00),
        ("J1", 20_00, None, 188_00),
        ("J2", 20_00, "0.90", 188_00),
        ("J3", 30_00, "0.80", 188_00),
        ("J4", 50_00, "0.70", 168_00),
        ("J5", 100_00, "0.60", 158_00),
    ],
)
def test_the_tier_table_gives_its_benefits(
    name: str, coupon_fen: int, rate: str | None, free_from_fen: int
) -> None:
    assert benefits(name) == {
        "birthday_coupon_fen": coupon_fen,
        "member_day_rate": rate,
        "free_shipping_from_fen": free_from_fen,
    }


def test_T4_altered_bounds_move_both_tiers_next_to_them() -> None:
    altered = RULES.with_tier(TierRow("J1", 500_00, 20_00, None, 188_00))
    assert (tier(True, 500_00, altered), tier(True, 500_01, altered)) == ("J1", "J2")


# Calendar


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        (at(2026, 12, 9, 23, 59, 59), False),
        (at(2026, 12, 10), True),
        (at(2026, 12, 10, 23, 59, 59), True),
        (at(2026, 12, 11), False),
        (datetime(2026, 12, 9, 15, 59, 59, tzinfo=UTC_ZONE), False),
        (datetime(2026, 12, 9, 16, tzinfo=UTC_ZONE), True),
        (datetime(2026, 12, 10, 16, tzinfo=UTC_ZONE), False),
    ],
)
def test_P2_member_day_is_the_10th_from_0_to_24_in_store_time(moment: datetime, open_: bool) -> None:
    assert is_member_day(moment) is open_


@pytest.mark.parametrize(
    ("moment", "running_or_latest", "following"),
    [
        (at(2026, 12, 9, 23, 59, 59), date(2026, 11, 10), date(2026, 12, 10)),
        (at(2026, 12, 10), date(2026, 12, 10), date(2027, 1, 10)),
        (at(2026, 12, 10, 23, 59, 59), date(2026, 12, 10), date(2027, 1, 10)),
        (at(2026, 12, 31), date(2026, 12, 10), date(2027, 1, 10)),
        (at(2027, 1, 1), date(2026, 12, 10), date(2027, 1, 10)),
        (datetime(2026, 12, 9, 16, tzinfo=UTC_ZONE), date(2026, 12, 10), date(2027, 1, 10)),
    ],
)
def test_P2_member_day_dates_around_a_moment(
    moment: datetime, running_or_latest: date, following: date
) -> None:
    assert member_day_date(moment) == running_or_latest
    assert next_member_day_date(moment) == following


def test_P2_a_naive_moment_is_no_moment() -> None:
    with pytest.raises(ValueError, match="offset"):
        is_member_day(datetime(2026, 12, 10))  # noqa: DTZ001


def test_E5_E3_an_order_paid_in_the_last_second_of_2025() -> None:
    year = earn_year(at(2025, 12, 31, 23, 59, 59))
    assert year == 2025
    assert points_available_from(at(2026, 1, 3, 12)) == at(2026, 1, 10, 12)
    assert points_last_second(year) == at(2026, 12, 31, 23, 59, 59)
    assert points_gone_at(year) == at(2027, 1, 1)


def test_E5_an_order_paid_one_second_later_is_earned_in_2026() -> None:
    assert earn_year(at(2026, 1, 1)) == 2026
    assert earn_year(datetime(2025, 12, 31, 16, tzinfo=UTC_ZONE)) == 2026


def test_E5_points_are_usable_through_the_last_second_and_not_from_the_next() -> None:
    last = points_last_second(2025)
    assert points_usable(2025, last)
    assert points_usable(2025, last + timedelta(milliseconds=999))
    assert not points_usable(2025, last + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("year", "month", "first", "last"),
    [
        (2026, 2, at(2026, 2, 1), at(2026, 2, 28, 23, 59, 59)),
        (2028, 2, at(2028, 2, 1), at(2028, 2, 29, 23, 59, 59)),
        (2026, 12, at(2026, 12, 1), at(2026, 12, 31, 23, 59, 59)),
    ],
)
def test_B1_a_coupon_is_valid_for_the_whole_month(
    year: int, month: int, first: datetime, last: datetime
) -> None:
    window = coupon_window(year, month)
    assert window == (first, last)
    assert in_window(first, *window)
    assert in_window(last, *window)
    assert not in_window(first - timedelta(seconds=1), *window)
    assert not in_window(last + timedelta(seconds=1), *window)


def test_B1_a_birthday_belongs_to_its_own_month_also_on_29_february() -> None:
    assert birthday_month(date(2000, 2, 29)) == 2
    assert is_birthday_month(date(2000, 2, 29), at(2027, 2, 28, 23, 59, 59))
    assert not is_birthday_month(date(2000, 2, 29), at(2027, 3, 1))
    assert is_birthday_month(date(2000, 3, 1), datetime(2027, 2, 28, 16, tzinfo=UTC_ZONE))


# Pricing


def test_P2_worked_example_J3_on_the_member_day() -> None:
    assert quote(Cart([("tea", 129_00, True, 2)], "J3", MEMBER_DAY)) == {
        "tier": "J3",
        "member_day": True,
        "lines": [
            {
                "sku": "tea",
                "quantity": 2,
                "list_price_fen": 129_00,
                "unit_price_fen": 103_20,
                "amount_fen": 206_40,
            }
        ],
        "goods_fen": 206_40,
        "coupon": None,
        "shipping_fen": 0,
        "order_amount_fen": 206_40,
        "points": {"redeemed": 0, "value_fen": 0},
        "paid_fen": 206_40,
        "earns_points": 206,
    }


def test_P5_E1_worked_example_J0_pays_shipping_and_earns_on_it() -> None:
    result = quote(Cart([("tea", 99_50, False, 1)], "J0", ORDINARY_DAY))
    assert (result["goods_fen"], result["shipping_fen"], result["paid_fen"]) == (99_50, 10_00, 109_50)
    assert result["earns_points"] == 110


def test_P4_worked_example_J4_below_the_coupons_minimum() -> None:
    cart = Cart([("tea", 168_00, False, 1)], "J4", ORDINARY_DAY, coupon(50_00))
    assert refusal(replace(cart, coupon="c-1")) == "coupon_not_applicable"
    best = quote(replace(cart, coupon="best"))
    assert (best["coupon"], best["shipping_fen"], best["paid_fen"]) == (None, 0, 168_00)


@pytest.mark.parametrize("asked", ["c-1", "best"])
def test_P4_P5_worked_example_J5_falls_below_free_shipping_after_the_coupon(asked: str) -> None:
    result = quote(Cart([("tea", 198_00, False, 1)], "J5", ORDINARY_DAY, coupon(100_00), coupon=asked))
    assert result["coupon"] == {"coupon_id": "c-1", "amount_fen": 100_00}
    assert (result["goods_fen"], result["shipping_fen"], result["order_amount_fen"]) == (
        198_00,
        10_00,
        108_00,
    )
    assert (result["paid_fen"], result["earns_points"]) == (108_00, 108)


@pytest.mark.parametrize("asked", [2_000, "best"])
def test_P7_worked_example_J2_redeems_more_than_the_goods_are_worth(asked: int | str) -> None:
    result = quote(Cart([("tea", 3_20, False, 1)], "J2", ORDINARY_DAY, None, 2_000, points=asked))
    assert (result["order_amount_fen"], result["points"]) == (13_20, {"redeemed": 2_000, "value_fen": 4_00})
    assert (result["paid_fen"], result["earns_points"]) == (9_20, 9)


@pytest.mark.parametrize("name", ["J0", "J1"])
def test_P2_J0_and_J1_pay_list_price_on_the_member_day(name: str) -> None:
    result = quote(Cart([("tea", 129_00, True, 1)], name, MEMBER_DAY))
    assert (result["member_day"], result["goods_fen"]) == (True, 129_00)


@pytest.mark.parametrize(("list_fen", "unit_fen"), [(5, 5), (15, 14), (1, 1), (129_00, 116_10)])
def test_P2_unit_price_is_rounded_half_up(list_fen: int, unit_fen: int) -> None:
    assert unit_price_fen(list_fen, True, "J2", True, False) == unit_fen


def test_P3_the_unit_price_is_rounded_and_not_the_sum() -> None:
    assert quote(Cart([("tea", 15, True, 100)], "J2", MEMBER_DAY))["goods_fen"] == 1_400


def test_P2_only_zone_products_and_only_the_member_day_are_cheaper() -> None:
    lines = [("tea", 100_00, True, 1), ("cup", 100_00, False, 1)]
    assert quote(Cart(lines, "J5", MEMBER_DAY))["goods_fen"] == 160_00
    assert quote(Cart(lines, "J5", ORDINARY_DAY))["goods_fen"] == 200_00


@pytest.mark.parametrize(
    ("name", "threshold_fen"),
    [("J0", 188_00), ("J1", 188_00), ("J2", 188_00), ("J3", 188_00), ("J4", 168_00), ("J5", 158_00)],
)
def test_P5_shipping_is_free_from_the_threshold_on(name: str, threshold_fen: int) -> None:
    assert quote(Cart([("tea", threshold_fen, False, 1)], name, ORDINARY_DAY))["shipping_fen"] == 0
    assert quote(Cart([("tea", threshold_fen - 1, False, 1)], name, ORDINARY_DAY))["shipping_fen"] == 10_00


def test_P5_points_do_not_cost_the_free_shipping() -> None:
    result = quote(Cart([("tea", 188_00, False, 1)], "J2", ORDINARY_DAY, None, 2_000, points=2_000))
    assert (result["shipping_fen"], result["paid_fen"]) == (0, 184_00)


def test_P4_198_yuan_is_enough_and_a_fen_less_is_not() -> None:
    cart = Cart([("tea", 99_00, False, 2)], "J2", ORDINARY_DAY, coupon(20_00), coupon="c-1")
    assert quote(cart)["paid_fen"] == 198_00 - 20_00 + 10_00
    assert refusal(replace(cart, lines=[("tea", 197_99, False, 1)])) == "coupon_not_applicable"


def test_P4_on_the_member_day_the_coupon_brings_zone_products_back_to_list_price() -> None:
    cart = Cart([("tea", 198_00, True, 1)], "J5", MEMBER_DAY, coupon(100_00), coupon="c-1")
    result = quote(cart)
    assert result["member_day"] is True
    assert result["lines"][0]["unit_price_fen"] == 198_00
    assert result["paid_fen"] == 108_00


def test_P4_the_minimum_is_on_list_price_also_where_member_day_prices_are_below_it() -> None:
    # Member-day price 118.80 + 10.00; with the coupon 98.00 + 10.00.
    cart = Cart([("tea", 198_00, True, 1)], "J5", MEMBER_DAY, coupon(100_00), coupon="best")
    assert quote(cart)["paid_fen"] == 108_00


def test_P9_the_member_day_beats_the_coupon_where_it_is_cheaper() -> None:
    cart = Cart([("tea", 1_000_00, True, 1)], "J5", MEMBER_DAY, coupon(100_00), coupon="best")
    result = quote(cart)
    assert (result["coupon"], result["paid_fen"]) == (None, 600_00)


def test_P9_on_a_tie_the_coupon_is_kept() -> None:
    # Member-day price 180.00 + 10.00; with the coupon 200.00 - 20.00 + 10.00.
    cart = Cart([("tea", 200_00, True, 1)], "J2", MEMBER_DAY, coupon(20_00))
    assert quote(replace(cart, coupon="c-1"))["paid_fen"] == 190_00
    best = quote(replace(cart, coupon="best"))
    assert (best["coupon"], best["paid_fen"]) == (None, 190_00)


def test_P9_a_coupon_that_costs_the_free_shipping_is_kept_where_that_is_dearer() -> None:
    # J2 with a face of 8.00 at 195.00 loses 10.00 of shipping; altered rules put the minimum low enough.
    altered = replace(RULES, coupon_minimum_list_fen=190_00)
    cart = Cart([("tea", 195_00, False, 1)], "J2", ORDINARY_DAY, coupon(8_00), coupon="best")
    result = quote(cart, altered)
    assert (result["coupon"], result["paid_fen"]) == (None, 195_00)


def test_P9_best_of_both_chooses_points_or_the_coupon_and_never_both() -> None:
    lines = [("tea", 300_00, False, 1)]
    with_coupon = quote(Cart(lines, "J2", ORDINARY_DAY, coupon(20_00), 2_000, "best", "best"))
    assert (with_coupon["paid_fen"], with_coupon["points"]["redeemed"]) == (280_00, 0)
    with_points = quote(Cart(lines, "J2", ORDINARY_DAY, coupon(3_00), 2_000, "best", "best"))
    assert (with_points["coupon"], with_points["paid_fen"]) == (None, 296_00)


def test_P9_points_worth_as_much_as_the_coupon_keep_the_coupon() -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, coupon(4_00), 2_000, "best", "best"))
    assert (result["coupon"], result["points"]["redeemed"], result["paid_fen"]) == (None, 2_000, 296_00)


def test_P9_an_explicit_coupon_with_points_best_redeems_none() -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, coupon(1_00), 2_000, "c-1", "best"))
    assert (result["coupon"]["amount_fen"], result["points"]["redeemed"], result["paid_fen"]) == (
        1_00,
        0,
        299_00,
    )


def test_P9_coupon_best_with_explicit_points_uses_no_coupon() -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, coupon(100_00), 2_000, "best", 500))
    assert (result["coupon"], result["points"]["redeemed"], result["paid_fen"]) == (None, 500, 299_00)


def test_P9_coupon_best_with_no_points_asked_may_use_the_coupon() -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, coupon(20_00), 2_000, "best", 0))
    assert (result["paid_fen"], result["points"]["redeemed"]) == (280_00, 0)


@pytest.mark.parametrize(
    "held", [None, coupon(20_00, used=True), HeldCoupon("c-1", 20_00, *coupon_window(2026, 11))]
)
def test_P9_coupon_best_without_a_usable_coupon_is_no_refusal(held: HeldCoupon | None) -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, held, coupon="best"))
    assert (result["coupon"], result["paid_fen"]) == (None, 300_00)


@pytest.mark.parametrize(
    ("available", "redeemed"), [(0, 0), (499, 0), (500, 500), (1_999, 1_500), (9_999, 2_000)]
)
def test_P7_best_points_go_by_steps_up_to_the_cap_and_what_is_available(
    available: int, redeemed: int
) -> None:
    result = quote(Cart([("tea", 300_00, False, 1)], "J2", ORDINARY_DAY, None, available, points="best"))
    assert result["points"]["redeemed"] == redeemed


def test_P7_P8_points_are_never_worth_more_than_the_order_and_may_pay_all_of_it() -> None:
    altered = replace(RULES, shipping_fee_fen=0)
    cart = Cart([("tea", 3_00, False, 1)], "J2", ORDINARY_DAY, None, 2_000)
    best = quote(replace(cart, points="best"), altered)
    assert (best["points"]["redeemed"], best["paid_fen"], best["earns_points"]) == (1_500, 0, 0)
    with pytest.raises(Refused, match="points_exceed_order"):
        quote(replace(cart, points=2_000), altered)


@pytest.mark.parametrize("moment", DECEMBER)
def test_B1_the_first_and_the_last_second_take_the_coupon(moment: datetime) -> None:
    cart = Cart([("tea", 300_00, False, 1)], "J2", moment, coupon(20_00), coupon="c-1")
    assert quote(cart)["coupon"] == {"coupon_id": "c-1", "amount_fen": 20_00}


@pytest.mark.parametrize("moment", [DECEMBER[0] - timedelta(seconds=1), DECEMBER[1] + timedelta(seconds=1)])
def test_B1_a_second_outside_the_month_refuses_the_coupon(moment: datetime) -> None:
    cart = Cart([("tea", 300_00, False, 1)], "J2", moment, coupon(20_00), coupon="c-1")
    assert refusal(cart) == "coupon_not_applicable"


@pytest.mark.parametrize(
    ("cart", "code"),
    [
        # Each cart fails all later tests as well, as far as one cart can.
        (
            Cart(
                [("s", 1, False, 1), ("t", 1_00, False, 1)],
                "J2",
                at(2027, 1, 1),
                None,
                0,
                "c-1",
                1_999,
                withdrawn=frozenset({"t"}),
            ),
            "product_withdrawn",
        ),
        (Cart([("t", 1_00, False, 1)], "J2", at(2027, 1, 1), None, 0, "c-1", 1_999), "coupon_not_found"),
        (
            Cart([("t", 1_00, False, 1)], "J2", at(2027, 1, 1), coupon(20_00), 0, "c-2", 1_999),
            "coupon_not_found",
        ),
        (
            Cart([("t", 1_00, False, 1)], "J2", at(2027, 1, 1), coupon(20_00, True), 0, "c-1", 1_999),
            "coupon_used",
        ),
        (
            Cart([("t", 1_00, False, 1)], "J2", ORDINARY_DAY, coupon(20_00), 0, "c-1", 1_999),
            "coupon_not_applicable",
        ),
        (
            Cart([("t", 300_00, False, 1)], "J2", ORDINARY_DAY, coupon(20_00), 0, "c-1", 1_999),
            "offer_conflict",
        ),
        (Cart([("t", 1, False, 1)], "J2", ORDINARY_DAY, None, 0, "none", 1_999), "points_step"),
        (
            Cart([("t", 300_00, False, 1)], "J2", ORDINARY_DAY, None, 1_999, "none", 2_000),
            "insufficient_points",
        ),
        (Cart([("t", 300_00, False, 1)], "J2", ORDINARY_DAY, None, 9_999, "none", 2_001), "invalid_request"),
        (Cart([("t", 300_00, False, 1)], "J2", ORDINARY_DAY, None, 9_999, "none", -500), "invalid_request"),
    ],
)
def test_refusals_are_tested_in_the_contracts_order(cart: Cart, code: str) -> None:
    assert refusal(cart) == code


def test_refusal_points_exceed_order_comes_before_insufficient_points() -> None:
    altered = replace(RULES, shipping_fee_fen=0)
    with pytest.raises(Refused, match="points_exceed_order"):
        quote(Cart([("t", 1_00, False, 1)], "J2", ORDINARY_DAY, None, 0, points=1_000), altered)


def test_P7_points_not_a_whole_number_of_fen_are_not_priced() -> None:
    with pytest.raises(ValueError, match="round"):
        points_value_fen(1)


def test_P9_unused_offers_name_what_the_coupon_took_away() -> None:
    lines = [("tea", 198_00, True, 1)]
    unused = unused_offers(Cart(lines, "J5", MEMBER_DAY, coupon(100_00), 2_000, "best", "best"))
    assert unused.applied == {"birthday_coupon"}
    assert unused.at_least == unused.at_most == {"member_day", "points"}


def test_P9_unused_offers_name_the_coupon_that_was_kept() -> None:
    lines = [("tea", 1_000_00, True, 1)]
    unused = unused_offers(Cart(lines, "J5", MEMBER_DAY, coupon(100_00), 2_000, "best", "best"))
    assert unused.applied == {"member_day", "points"}
    assert unused.at_least == unused.at_most == {"birthday_coupon"}


def test_P9_offers_nobody_asked_for_need_not_be_named() -> None:
    unused = unused_offers(Cart([("tea", 1_00, False, 1)], "J5", ORDINARY_DAY, coupon(100_00), 2_000))
    assert unused.applied == unused.at_least == set()
    assert unused.at_most == {"member_day", "birthday_coupon", "points"}


# Refunds


@pytest.mark.parametrize(("paid_fen", "points"), [(99_50, 100), (99_49, 99), (0, 0), (50, 1), (49, 0)])
def test_E1_a_paid_yuan_earns_a_point_rounded_half_up(paid_fen: int, points: int) -> None:
    assert earned_points(paid_fen) == points


def test_O5_worked_example_three_units_returned_one_at_a_time() -> None:
    order = order_of(quote(Cart([("tea", 66_67, False, 3)], "J2", ORDINARY_DAY, None, 2_000, points=2_000)))
    assert order.paid_fen == 196_01
    kept = [retained(order, [staying]) for staying in (2, 1, 0)]
    assert [one["paid_fen"] for one in kept] == [130_67, 65_34, 0]
    assert [one["redeemed_points"] for one in kept] == [1_333, 667, 0]
    assert [one["earned_points"] for one in kept] == [131, 65, 0]
    assert [one["order_amount_fen"] for one in kept] == [133_34, 66_67, 0]


def test_O5_worked_example_points_that_went_to_shipping_stay_with_it() -> None:
    order = order_of(quote(Cart([("tea", 1_60, False, 2)], "J2", ORDINARY_DAY, None, 2_000, points=2_000)))
    assert (order.goods_fen, order.shipping_fen, order.paid_fen) == (3_20, 10_00, 9_20)
    assert retained(order, [1]) == {
        "order_amount_fen": 11_60,
        "paid_fen": 9_20,
        "redeemed_points": 1_200,
        "earned_points": 9,
    }
    first, second = refund(order, [2], [1]), refund(order, [1], [0])
    assert (first["refund_fen"], first["points_restored"]) == (0, 800)
    assert (second["refund_fen"], second["points_restored"]) == (9_20, 1_200)


def test_O5_worked_example_shipping_paid_of_a_single_small_unit() -> None:
    order = order_of(quote(Cart([("tea", 3_20, False, 1)], "J2", ORDINARY_DAY, None, 2_000, points=2_000)))
    assert retained(order, [1])["paid_fen"] == 9_20  # all of it shipping_paid
    assert refund(order, [1], [0])["refund_fen"] == 9_20


def test_O5_an_order_of_which_everything_stays_retains_all_of_it() -> None:
    order = order_of(
        quote(Cart([("tea", 198_00, False, 1)], "J5", ORDINARY_DAY, coupon(100_00), coupon="best"))
    )
    assert retained(order, [1]) == {
        "order_amount_fen": 108_00,
        "paid_fen": 108_00,
        "redeemed_points": 0,
        "earned_points": 108,
    }


def test_O5_the_coupon_is_shared_by_charged_unit_price() -> None:
    lines = [("tea", 150_00, False, 1), ("cup", 50_00, False, 1)]
    order = order_of(quote(Cart(lines, "J2", ORDINARY_DAY, coupon(20_00), coupon="c-1")))
    assert order.paid_fen == 190_00
    assert retained(order, [1, 0])["paid_fen"] == 145_00
    assert retained(order, [0, 1])["paid_fen"] == 55_00


def test_O5_free_goods_keep_the_whole_order_while_anything_stays() -> None:
    order = Order([(0, 2)], 0, 0, 10_00, 0, 0, 10_00)
    assert retained(order, [1])["paid_fen"] == 10_00
    assert retained(order, [0])["paid_fen"] == 0


def test_O5_any_sequence_of_returns_ends_where_one_return_of_everything_does() -> None:
    lines = [("tea", 33_33, True, 2), ("cup", 7, False, 3), ("pot", 129_99, False, 1)]
    order = order_of(quote(Cart(lines, "J3", MEMBER_DAY, None, 1_500, points="best")))
    at_once = refund(order, order.all_quantities, [0, 0, 0])
    for sequence in set(itertools.permutations([0, 0, 1, 1, 1, 2])):
        staying, total = order.all_quantities, dict.fromkeys(at_once, 0)
        for line in sequence:
            after = [quantity - (place == line) for place, quantity in enumerate(staying)]
            step = refund(order, staying, after)
            assert min(step.values()) >= 0
            total = {name: total[name] + step[name] for name in total}
            staying = after
        assert total == at_once
    assert at_once["refund_fen"] == order.paid_fen
    assert at_once["points_restored"] == order.redeemed_points


@pytest.mark.parametrize("staying", [[3], [-1], [1, 1]])
def test_O5_more_than_was_ordered_cannot_stay(staying: list[int]) -> None:
    with pytest.raises(ValueError, match="stay"):
        retained(Order([(1_00, 2)], 2_00, 0, 10_00, 0, 0, 12_00), staying)


def test_O5_a_return_never_adds_units() -> None:
    with pytest.raises(ValueError, match="never out"):
        refund(Order([(1_00, 2)], 2_00, 0, 10_00, 0, 0, 12_00), [1], [2])
