"""What is kept of an order when units come back (O5)."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions.domain.policy import load
from functions.offers.pricing import Quote
from functions.orders.refunds import NOTHING, Retained, retained
from tests.support.policies import changed
from tests.support.quoting import coupon, item, quoted


def kept(quote: Quote, *staying: int) -> Retained:
    """Return what is kept while these units stay."""
    return retained(quote, staying, earned_per_yuan=1)


def test_worked_example_three_of_66_67_returned_one_at_a_time() -> None:
    quote = quoted("J2", item(6_667, 3), holds_points=2_000, points=2_000)
    assert quote.paid_fen == 19_601
    steps = [kept(quote, staying) for staying in (3, 2, 1, 0)]
    assert [step.paid_fen for step in steps] == [19_601, 13_067, 6_534, 0]
    assert [step.redeemed_points for step in steps] == [2_000, 1_333, 667, 0]
    assert [step.earned_points for step in steps] == [196, 131, 65, 0]


def test_worked_example_points_that_paid_for_shipping_stay_with_it() -> None:
    quote = quoted("J2", item(160, 2), holds_points=2_000, points=2_000)
    assert quote.paid_fen == 920
    one = kept(quote, 1)
    assert (one.redeemed_points, one.paid_fen) == (1_200, 920)
    assert kept(quote, 0) == NOTHING


def test_what_stays_whole_is_kept_whole() -> None:
    quote = quoted("J5", item(19_800), item(333, 7), held=coupon(10_000), use_coupon="cpn_2026")
    assert kept(quote, 1, 7) == Retained(
        order_amount_fen=quote.order_amount_fen,
        paid_fen=quote.paid_fen,
        redeemed_points=0,
        earned_points=quote.earns_points,
    )


def test_shipping_is_kept_while_anything_stays() -> None:
    quote = quoted("J2", item(100, 2))
    assert (kept(quote, 1).order_amount_fen, kept(quote, 1).paid_fen) == (1_100, 1_100)
    assert kept(quote, 0) == NOTHING


def test_the_coupon_is_spread_over_the_goods_by_price() -> None:
    quote = quoted("J2", item(10_000), item(20_000), held=coupon(2_000), use_coupon="cpn_2026")
    assert (kept(quote, 1, 0).paid_fen, kept(quote, 0, 1).paid_fen) == (9_333, 18_667)


def test_the_order_amount_that_is_kept_goes_to_the_nearer_fen_as_the_paid_one_does() -> None:
    quote = quoted("J2", item(10_000), item(20_000), held=coupon(2_000), use_coupon="cpn_2026")
    assert [kept(quote, *staying).order_amount_fen for staying in ((1, 0), (0, 1))] == [9_333, 18_667]
    even = quoted("J2", item(20_001), item(20_001), held=coupon(2_001), use_coupon="cpn_2026")
    assert kept(even, 1, 0).order_amount_fen == 19_001  # a half goes up: 38 001 is left of both


def test_R4_points_that_went_to_shipping_are_not_rounded_before_those_that_went_to_goods(
    tmp_path: Path,
) -> None:
    """A fen is worth two and a half points here, and 53 fen of shipping 132 and a half."""
    policy = load(changed(tmp_path, ("redeemed_per_yuan = 500", "redeemed_per_yuan = 250")))
    quote = quoted("J2", item(49, 3), holds_points=500, points=500, policy=policy)
    assert (quote.points_value_fen, quote.goods_fen, quote.paid_fen) == (200, 147, 947)
    assert [kept(quote, staying).redeemed_points for staying in (3, 2, 1, 0)] == [500, 378, 255, 0]


def test_free_goods_keep_everything_while_anything_stays() -> None:
    quote = quoted("J2", item(1))
    free_line = replace(quote.lines[0], quantity=2, unit_price_fen=0, amount_fen=0)
    free = replace(quote, lines=(free_line,), goods_fen=0, order_amount_fen=1_000, paid_fen=1_000)
    assert kept(free, 1) == kept(free, 2)
    assert (kept(free, 1).paid_fen, kept(free, 0)) == (1_000, NOTHING)


@pytest.mark.parametrize("staying", [(), (1, 1), (-1,), (4,)])
def test_what_stays_is_a_part_of_the_order(staying: Any) -> None:
    with pytest.raises(ValueError, match="part of the order"):
        kept(quoted("J2", item(100, 3)), *staying)
