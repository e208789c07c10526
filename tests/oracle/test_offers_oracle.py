"""The oracle of offers against the page's own worked examples and sentences."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.oracle.offer_quotes import offers_quote
from tests.oracle.offer_reasons import Told
from tests.oracle.offer_returns import retained_with_offers
from tests.oracle.offer_shapes import ALL, Coupon, Covers, Goods, OfferCart, RefusedWith, Running
from tests.oracle.tables import RULES

NOON = datetime(2026, 5, 4, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
MEMBER_DAY = NOON.replace(day=10)
FREE = replace(RULES, shipping_fee_fen=0)


def spend_save(campaign_id: str, *steps: tuple[int, int], **more: Any) -> Running:
    """A campaign that takes something off."""
    return Running(campaign_id, "spend_save", steps=steps, **more)


def gift(campaign_id: str, from_fen: int, **more: Any) -> Running:
    """A campaign that adds a mug."""
    return Running(campaign_id, "gift", gift_from_fen=from_fen, gift_sku="mug", gift_quantity=1, **more)


def coupon(coupon_id: str, face_fen: int, min_fen: int, **more: Any) -> Coupon:
    """A coupon over an amount."""
    window = NOON - timedelta(days=1), NOON + timedelta(days=30)
    return Coupon(coupon_id, more.pop("kind", "amount"), *window, face_fen=face_fen, min_fen=min_fen, **more)


def on(*skus: str) -> Covers:
    """These skus only."""
    return Covers(skus=frozenset(skus))


def cart(amounts: Sequence[int | tuple[int, int]], *running: Running, **more: Any) -> OfferCart:
    """Products a, b, c ... at these prices, some in a quantity, and a mug of 39.00 on the shelf."""
    pairs = [(each, 1) if isinstance(each, int) else each for each in amounts]
    goods = {"abcdef"[n]: Goods(price) for n, (price, _) in enumerate(pairs)} | {"mug": Goods(39_00)}
    lines = [("abcdef"[n], quantity) for n, (_, quantity) in enumerate(pairs)]
    return OfferCart(
        lines, more.pop("goods", goods), more.pop("tier", "J2"), more.pop("at", NOON), running, **more
    )


def quoted(asked: OfferCart) -> dict[str, Any]:
    """The quote, shipping free."""
    return offers_quote(asked, FREE)


def off(quote: dict[str, Any]) -> dict[str, int]:
    """What each order offer takes."""
    return {use["campaign_id"]: use["amount_fen"] for use in quote["campaigns"]}


def told(quote: dict[str, Any]) -> dict[str, Told]:
    """The reasons by campaign or coupon."""
    return {each.campaign_id or each.coupon_id or "": each for each in quote["not_applied"]}


def refusal(asked: OfferCart) -> tuple[str, dict[str, Any]]:
    """The code and the facts of a refusal."""
    with pytest.raises(RefusedWith) as caught:
        quoted(asked)
    return caught.value.code, caught.value.facts


# Worked examples


def test_worked_example_two_steps_of_one_group() -> None:
    both = spend_save("a", (300_00, 50_00)), spend_save("b", (200_00, 30_00))
    quote = quoted(cart([310_00], *both))
    assert off(quote) == {"a": 50_00}
    assert told(quote)["b"].code == "other_of_group"


def test_worked_example_a_step_that_repeats_up_to_its_most() -> None:
    assert off(quoted(cart([470_00], spend_save("a", (100_00, 10_00), repeat=True, max_off_fen=35_00)))) == {
        "a": 35_00
    }


def test_worked_example_a_threshold_on_one_sku() -> None:
    quote = quoted(cart([200_00, 200_00], spend_save("x", (300_00, 50_00), covers=on("a"))))
    assert (told(quote)["x"].code, told(quote)["x"].missing_fen) == ("below_threshold", 100_00)


X_AND_Y = (
    spend_save("x", (200_00, 20_00), group="x"),
    spend_save("y", (300_00, 50_00), group="y"),
)


def test_worked_example_two_groups_see_the_same_base() -> None:
    quote = quoted(cart([320_00], *X_AND_Y))
    assert (off(quote), quote["goods_net_fen"]) == ({"x": 20_00, "y": 50_00}, 250_00)


def test_worked_example_the_minimum_is_tested_on_the_net() -> None:
    held = [coupon("thirty", 30_00, 260_00), coupon("twenty", 20_00, 200_00)]
    named = cart([320_00], *X_AND_Y, coupons=held, coupon="best", campaigns=["x", "y"])
    quote = quoted(named)
    assert (quote["coupon"]["coupon_id"], quote["coupon"]["amount_fen"]) == ("twenty", 20_00)
    assert (told(quote)["thirty"].code, told(quote)["thirty"].missing_fen) == ("below_threshold", 10_00)
    assert quoted(replace(named, campaigns="best"))["paid_fen"] == 230_00


def test_worked_example_greedy_would_be_dearer() -> None:
    either = spend_save("big", (300_00, 50_00)), spend_save("small", (300_00, 25_00))
    quote = quoted(cart([300_00], *either, coupons=[coupon("thirty", 30_00, 275_00)], coupon="best"))
    assert (off(quote), quote["paid_fen"]) == ({"small": 25_00}, 245_00)


CUT = (
    spend_save("x", (100_00, 80_00), group="x", covers=on("a")),
    spend_save("y", (100_00, 80_00), group="y", covers=on("a")),
)


def test_worked_example_the_greatest_id_is_cut_first() -> None:
    quote = quoted(cart([100_00, 100_00], *CUT))
    assert off(quote) == {"x": 80_00, "y": 20_00}
    assert quote["left"] == (0, 100_00)
    assert quote["paid_fen"] - retained_with_offers(quote, [0, 1], FREE)["paid_fen"] == 0


def test_worked_example_a_return_of_what_no_offer_counted() -> None:
    quote = quoted(cart([(100_00, 2), (50_00, 2)], spend_save("x", (200_00, 50_00), covers=on("a"))))
    assert quote["left"] == (150_00, 100_00)
    kept = retained_with_offers(quote, [2, 0], FREE)
    assert (kept["paid_fen"], quote["paid_fen"] - kept["paid_fen"]) == (150_00, 100_00)
    kept = retained_with_offers(quote, [1, 2], FREE)
    assert (kept["paid_fen"], quote["paid_fen"] - kept["paid_fen"]) == (175_00, 75_00)


def test_worked_example_a_gift_that_stays_is_charged() -> None:
    quote = quoted(cart([(150_00, 2)], gift("g", 299_00)))
    assert quote["lines"][1]["line_id"] == "mug:g"
    kept = retained_with_offers(quote, [0, 1], FREE)
    assert (kept["paid_fen"], quote["paid_fen"] - kept["paid_fen"]) == (39_00, 261_00)
    assert retained_with_offers(quote, [0, 0], FREE)["paid_fen"] == 0


def test_worked_example_a_gift_is_charged_what_is_missing() -> None:
    quote = quoted(cart([100_00, (2_00, 151)], gift("g", 302_00, covers=ALL)))
    assert quote["paid_fen"] == 402_00
    first = retained_with_offers(quote, [0, 151, 1], FREE)["paid_fen"]
    second = retained_with_offers(quote, [0, 150, 1], FREE)["paid_fen"]
    assert (402_00 - first, first - second) == (100_00, 0)


@pytest.mark.parametrize(("quantity", "unit", "of"), [(2, 9_90, "f"), (3, 17_00, "d")])
def test_worked_example_a_flash_prices_a_line_or_does_not(quantity: int, unit: int, of: str) -> None:
    flash = Running("f", "flash", prices={"a": 9_90}, per_member=2, units_left={"a": 100})
    quote = quoted(cart([(20_00, quantity)], flash, Running("d", "discount", rate="0.85")))
    line = quote["lines"][0]
    assert (line["unit_price_fen"], line["price_of"]) == (unit, of)
    if quantity == 3:
        one = told(quote)["f"]
        assert (one.code, one.sku, one.may_have) == ("flash_member_limit", "a", 2)


# Sentences


def test_V1_prices_never_multiply_and_the_member_day_wins_a_tie() -> None:
    goods = {"a": Goods(100_00, zone=True)}
    asked = cart([100_00], Running("d", "discount", rate="0.9"), goods=goods, at=MEMBER_DAY)
    assert quoted(asked)["lines"][0]["price_of"] == "member_day"
    assert quoted(replace(asked, moment=NOON))["lines"][0]["price_of"] == "d"
    assert quoted(replace(asked, tier="J3"))["lines"][0]["unit_price_fen"] == 80_00


def test_V1_a_line_offer_without_enough_budget_leaves_the_whole_order() -> None:
    halves = Running("d", "discount", rate="0.5", budget_left_fen=99_99)
    quote = quoted(cart([100_00, 100_00], halves, Running("e", "discount", rate="0.8")))
    assert [line["price_of"] for line in quote["lines"]] == ["e", "e"]
    assert told(quote)["d"].code == "budget_spent"


def test_V3_a_line_that_does_not_stack_is_counted_by_shipping_only() -> None:
    alone = Running("d", "discount", rate="0.99", stacks=False, covers=on("a"))
    asked = cart([100_00, 100_00], alone, spend_save("x", (150_00, 50_00)))
    quote = offers_quote(asked)
    assert (quote["goods_fen"], quote["campaigns"], quote["shipping_fen"]) == (199_00, [], 0)
    assert told(quote)["x"].missing_fen == 50_00


def test_V6_a_gift_needs_what_the_bought_units_leave() -> None:
    goods = {"mug": Goods(39_00, stock=3)}
    asked = replace(cart([], gift("g", 39_00), goods=goods), lines=[("mug", 2)])
    assert [line["line_id"] for line in quoted(asked)["lines"]] == ["mug", "mug:g"]
    quote = quoted(replace(asked, lines=[("mug", 3)]))
    assert told(quote)["g"].code == "gift_out_of_stock"


def test_V8_the_missing_amount_is_rounded_up() -> None:
    """100.01 less 0.01 spread over two lines leaves half a fen of it on each."""
    asked = cart(
        [50_00, 50_00],
        spend_save("x", (1_00, 1)),
        coupons=[coupon("c", 1_00, 50_00, covers=on("a"))],
        coupon="best",
        campaigns=["x"],
    )
    quote = quoted(asked)
    assert quote["left"] == (Fraction(9999, 2), Fraction(9999, 2))
    assert told(quote)["c"].missing_fen == 1


def test_V8_a_named_coupon_is_kept() -> None:
    asked = cart([300_00], spend_save("x", (300_00, 50_00)), coupons=[coupon("c", 10_00, 300_00)])
    assert quoted(asked)["paid_fen"] == 250_00
    named = quoted(replace(asked, coupon="c"))
    assert (named["paid_fen"], told(named)["x"].code) == (290_00, "excluded_by_coupon")
    assert refusal(replace(asked, coupon="c", campaigns=["x"])) == (
        "coupon_not_applicable",
        {"reason": "below_threshold", "missing_fen": 50_00},
    )


def test_V8_a_rate_takes_no_more_than_its_most() -> None:
    tenth = coupon("c", 0, 0, kind="rate", rate="0.9", max_off_fen=20_00)
    assert quoted(cart([150_05], coupons=[tenth], coupon="c"))["coupon"]["amount_fen"] == 15_01
    assert quoted(cart([250_00], coupons=[tenth], coupon="c"))["coupon"]["amount_fen"] == 20_00


def test_V8_an_exclusive_coupon_goes_with_nothing() -> None:
    only = coupon("c", 50_00, 0, exclusive=True)
    asked = cart([300_00], Running("d", "discount", rate="0.9"), spend_save("x", (100_00, 5_00)))
    asked = replace(asked, coupons=[only], coupon="c", points="best", available_points=2_000)
    quote = quoted(asked)
    assert (quote["paid_fen"], quote["points"]["redeemed"]) == (250_00, 0)
    assert {one: reason.code for one, reason in told(quote).items()} == {
        "d": "excluded_by_coupon",
        "x": "excluded_by_coupon",
    }
    assert refusal(replace(asked, points=500))[0] == "offer_conflict"
    assert refusal(replace(asked, campaigns=["x"]))[1] == {"campaign_id": "x", "reason": "excluded_by_coupon"}


def test_V12_ties_go_to_the_gift_then_to_no_coupon_then_to_the_coupon_that_ends_first() -> None:
    asked = cart([300_00], gift("g", 100_00), gift("h", 100_00, group="other"))
    assert len(quoted(asked)["campaigns"]) == 2
    late, soon = coupon("a", 5_00, 0), coupon("b", 5_00, 0)
    soon = replace(soon, valid_until=late.valid_until - timedelta(days=1))
    quote = quoted(replace(asked, coupons=[late, soon], coupon="best"))
    assert quote["coupon"]["coupon_id"] == "b"
    same = spend_save("x", (300_00, 5_00), with_coupons=False)
    quote = quoted(replace(cart([300_00], same), coupons=[late], coupon="best"))
    assert (quote["coupon"], told(quote)["a"].code) == (None, "excluded_by_campaign")


@pytest.mark.parametrize(
    ("named", "facts"),
    [
        (["gone"], {"campaign_id": "gone", "reason": "not_found"}),
        (["d"], {"campaign_id": "d", "reason": "not_found"}),
        (["high"], {"campaign_id": "high", "reason": "below_threshold", "missing_fen": 700_00}),
        (["y", "x"], {"campaign_id": "x", "reason": "other_of_group"}),
        (["bare"], {"campaign_id": "bare", "reason": "excluded_by_points"}),
    ],
)
def test_V12_the_first_named_campaign_that_cannot_be_is_told(named: list[str], facts: dict[str, Any]) -> None:
    running = [
        Running("d", "discount", rate="0.9999", covers=on("b")),
        spend_save("x", (300_00, 50_00)),
        spend_save("y", (300_00, 60_00)),
        spend_save("high", (1_000_00, 50_00)),
        spend_save("bare", (100_00, 10_00), with_points=False),
    ]
    asked = cart([300_00], *running, campaigns=named, points=500, available_points=500)
    assert refusal(asked) == ("campaign_not_applicable", facts)


def test_V19_an_offer_that_would_take_nothing_is_not_used() -> None:
    everything = spend_save("x", (100_00, 100_00), group="x"), spend_save("y", (100_00, 5_00), group="y")
    quote = quoted(cart([100_00], *everything))
    assert off(quote) == {"x": 100_00}
    assert told(quote)["y"].code == "not_cheaper"
    assert refusal(cart([100_00], *everything, campaigns=["x", "y"]))[1]["campaign_id"] == "y"


def test_V18_no_refund_is_negative_with_two_gifts() -> None:
    asked = cart([(33_33, 3), (17_77, 2)], gift("g", 120_00), gift("h", 90_00, group="h", covers=on("a")))
    quote = quoted(replace(asked, running=[*asked.running, spend_save("s", (100_00, 20_01))]))
    assert len(quote["campaigns"]) == 3
    full = [line["quantity"] for line in quote["lines"]]
    assert retained_with_offers(quote, full, FREE)["paid_fen"] == quote["paid_fen"]
    todo, seen = [tuple(full)], set()
    while todo:
        staying = todo.pop()
        kept = retained_with_offers(quote, staying, FREE)
        for place, units in enumerate(staying):
            after = (*staying[:place], units - 1, *staying[place + 1 :])
            if units and after not in seen:
                seen.add(after)
                todo.append(after)
                fewer = retained_with_offers(quote, after, FREE)
                assert all(fewer[name] <= kept[name] for name in kept)
