"""What shoppers of other shops complained about, by its number: what takes many orders, on the emulator."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.checkout.placing import QuoteChangedError
from functions.domain.errors import RefusalError
from functions.domain.policy import Policy
from functions.orders.order import Order, Status
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from tests.support.offers_shop import ENDS, OffersShop, amount_off, check_books, flash, gift, limits, saving
from tests.support.threads import at_once

STOCK = {"tea": 30, "pin": 10}


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> OffersShop:
    """A shop with tea at 100.00 and pins at 39.00; alice and bob buy."""
    made = OffersShop(rows, settings, policy)
    made.stock("tea", STOCK["tea"], 10_000)
    made.stock("pin", STOCK["pin"], 3_900)
    for member_id in ("alice", "bob"):
        made.register(member_id)
    return made


def uses(order: Order) -> list[str]:
    """Return the order offers that an order uses."""
    return [use.campaign_id for use in order.quote.campaigns]


def test_P13_a_campaign_that_took_nothing_uses_up_no_use_of_a_member(shop: OffersShop) -> None:
    once = limits(per_member=1)
    shop.put(
        saving("x", (10_000, 10_000), group="x"),
        saving("y", (10_000, 10_000), group="y", limits=once),
    )
    assert uses(shop.order("alice", "a", {"tea": 1})) == ["x"]
    assert shop.uses("alice").orders_of("y") == 0
    shop.put(saving("x", (90_000, 10_000), group="x"))
    assert uses(shop.order("alice", "b", {"tea": 1})) == ["y"]
    check_books(shop, STOCK)


def test_P13_uses_of_orders_that_came_back_count_no_more(shop: OffersShop) -> None:
    shop.put(saving("off", (5_000, 500), limits=limits(orders=1, per_member=1, budget_fen=500)))
    for number in range(4):
        order = shop.order("alice", f"k{number}", {"tea": 1})
        assert uses(order) == ["off"]
        shop.cancel(order) if number % 2 else shop.lapse(order)
    check_books(shop, STOCK)


def test_P13_an_order_that_gave_its_use_back_does_not_come_to_life_again(shop: OffersShop) -> None:
    coupon_id = shop.coupon("alice", amount_off("ten", 1_000))
    shop.put(saving("off", (5_000, 500), limits=limits(orders=1)))
    first = shop.order("alice", "first", {"tea": 1}, coupon=coupon_id)
    shop.cancel(first)
    second = shop.order("bob", "second", {"tea": 1})
    third = shop.order("alice", "third", {"tea": 1}, coupon=coupon_id)
    assert (uses(second), uses(third)) == (["off"], [])
    paid = shop.pay(first)
    assert (paid.status, [each.applied for each in paid.payments]) == (Status.CANCELLED, [False])
    check_books(shop, STOCK)


def test_P14_money_for_an_order_whose_units_are_sold_again_is_due_back(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (990, 1)}, per_member=1))
    first = shop.order("alice", "k", {"tea": 1})
    late = shop.at(first.lapses_at)
    late.lapse(first)
    second = late.order("bob", "k", {"tea": 1})
    assert second.quote.lines[0].price_of == "fast"
    paid = late.pay(first)
    assert (paid.status, paid.payments[-1].applied) == (Status.LAPSED, False)
    check_books(late, STOCK)


def test_P14_an_order_that_nobody_paid_does_not_count_against_its_member(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (990, 9)}, per_member=1))
    for number in range(3):
        order = shop.order("alice", f"k{number}", {"tea": 1})
        assert order.quote.lines[0].price_of == "fast"
        shop.lapse(order)
    check_books(shop, STOCK)


def test_P14_clicking_again_and_again_takes_one_unit(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (990, 9)}), saving("off", (900, 1), limits=limits(orders=9)))
    at_once(12, lambda _: shop.order("alice", "k", {"tea": 1}))
    assert (shop.units_left("fast", "tea"), shop.orders_left("off")) == (8, 8)
    assert len(check_books(shop, STOCK)) == 1


def test_P15_what_ended_while_it_lay_in_the_cart_is_not_charged_unseen(shop: OffersShop) -> None:
    shop.put(saving("off", (5_000, 500)), gift("with", 5_000, "pin"))
    quote = shop.quote("alice", {"tea": 1})
    late = shop.at(ENDS)
    for expected in ({"expected_paid_fen": quote.paid_fen}, {"expected_gifts": {"pin": 1}}):
        with pytest.raises(QuoteChangedError) as refusal:
            late.order("alice", "k", {"tea": 1}, **expected)
        assert refusal.value.quote.campaigns == ()
    assert uses(late.order("alice", "k", {"tea": 1})) == []
    check_books(late, STOCK)


def test_P15_an_order_keeps_what_it_was_placed_at_after_the_campaign_is_over(shop: OffersShop) -> None:
    campaign = saving("off", (10_000, 500))
    shop.put(campaign)
    order = shop.order("alice", "k", {"tea": 2})
    shop.put(replace(campaign, ends_at=shop.now + timedelta(seconds=1)))
    late = shop.at(ENDS + timedelta(days=200))
    paid = shop.pay(order)
    assert (late.end().left, paid.quote) == (0, order.quote)
    assert late.cancel_units(order, "c", tea=1).refund_fen == 9_750
    check_books(late, STOCK)


def test_P17_a_cancelled_order_takes_its_gift_with_it(shop: OffersShop) -> None:
    shop.put(gift("with", 5_000, "pin", 2))
    order = shop.order("alice", "k", {"tea": 1})
    assert shop.on_shelf("pin") == 8
    with pytest.raises(RefusalError):
        shop.order("bob", "k", {"pin": 9})
    shop.pay(order)
    left = shop.cancel_units(order, "c", tea=1)
    charged_fen = 5_000  # what is missing of the threshold is less than the pins are worth (V18)
    assert (left.order.status, left.refund_fen) == (Status.PAID, order.quote.paid_fen - charged_fen)
    shop.cancel(order)
    assert (shop.on_shelf("pin"), shop.found(order).refunded_fen) == (10, order.quote.paid_fen)
    check_books(shop, STOCK)
