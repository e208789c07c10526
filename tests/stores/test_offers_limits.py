"""Limits of campaigns under many orders at once: they are passed by none, and the last use is used (V14)."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.counters.counter import add_up
from functions.domain.errors import RefusalError
from functions.domain.policy import Policy
from functions.offers.counting import budget_counter, orders_counter
from functions.orders.order import Order
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from tests.support.offers_shop import OffersShop, amount_off, check_books, flash, gift, limits, saving
from tests.support.threads import at_once

BUYERS = 20
TEA_FEN, CUP_FEN = 10_000, 3_900
STOCK = {"tea": 200, "cup": 30}
MEMBERS = tuple(f"m{number}" for number in range(BUYERS))


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> OffersShop:
    """A shop with tea at 100.00 and cups at 39.00, and twenty members."""
    made = OffersShop(rows, settings, policy)
    made.stock("tea", STOCK["tea"], TEA_FEN)
    made.stock("cup", STOCK["cup"], CUP_FEN)
    for member_id in MEMBERS:
        made.register(member_id)
    return made


def placed(results: Sequence[object]) -> list[Order]:
    """Return the orders among what came of many requests; all others were refused as contended."""
    orders = [each for each in results if isinstance(each, Order)]
    refused = {each.code for each in results if isinstance(each, RefusalError)}
    assert refused <= {"conflict"}, refused
    return orders


def using(orders: Sequence[Order], campaign_id: str) -> list[Order]:
    """Return the orders that use an order offer."""
    return [each for each in orders if campaign_id in {use.campaign_id for use in each.quote.campaigns}]


@pytest.mark.parametrize("in_rows", [1, 4, 20])
def test_V14_of_twenty_members_at_once_seven_orders_use_a_campaign_of_seven(
    shop: OffersShop, in_rows: int
) -> None:
    shop.put(saving("off", (5_000, 1_000), limits=limits(orders=7)))
    shop.spread(orders_counter(shop.settings.catalog_table, "off"), in_rows)
    results = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    orders = placed(results)
    for number, each in enumerate(results):
        if not isinstance(each, Order):  # contended, and sent again: it is one of those without
            orders.append(shop.order(MEMBERS[number], "k", {"tea": 1}))
    assert len(orders) == BUYERS
    assert len(using(orders, "off")) == 7, "an order that would pass the limit goes without the campaign"
    told = {entry.code for order in orders for entry in order.quote.not_applied if entry.campaign_id == "off"}
    assert told == {"limit_reached"}
    assert shop.orders_left("off") == 0
    check_books(shop, STOCK)


@pytest.mark.parametrize("in_rows", [1, 4])
def test_V14_a_budget_is_spent_to_the_fen_and_not_by_a_fen_more(shop: OffersShop, in_rows: int) -> None:
    shop.put(saving("off", (5_000, 1_000), limits=limits(budget_fen=7_999)))
    shop.spread(budget_counter(shop.settings.catalog_table, "off"), in_rows)
    results = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    orders = placed(results)
    for number, each in enumerate(results):
        if not isinstance(each, Order):
            orders.append(shop.order(MEMBERS[number], "k", {"tea": 1}))
    assert (len(using(orders, "off")), shop.budget_left("off")) == (7, 999)
    shop.put(saving("off", (5_000, 1_000), limits=limits(budget_fen=8_000)))
    last = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "last", {"tea": 1}))
    assert len(using(placed(last), "off")) == 1
    assert shop.budget_left("off") == 0
    check_books(shop, STOCK)


@pytest.mark.parametrize("in_rows", [1, 3])
def test_V15_the_last_of_a_budget_that_lies_in_several_rows_is_given_to_one(
    shop: OffersShop, in_rows: int
) -> None:
    """No row has enough by itself: what all have together is not told as spent."""
    shop.put(saving("off", (5_000, 1_000), limits=limits(budget_fen=1_000)))
    shop.spread(budget_counter(shop.settings.catalog_table, "off"), in_rows)
    orders = placed(at_once(8, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1})))
    orders.append(shop.order(MEMBERS[9], "k", {"tea": 1}))
    assert len(using(orders, "off")) == 1
    assert shop.budget_left("off") == 0
    check_books(shop, STOCK)


def test_V14_a_members_orders_at_once_use_a_campaign_as_often_as_a_member_may(shop: OffersShop) -> None:
    shop.put(saving("off", (5_000, 1_000), limits=limits(per_member=2)))
    placed(at_once(6, lambda number: shop.order("m0", f"k{number}", {"tea": 1})))
    for number in range(6):
        shop.order("m0", f"k{number}", {"tea": 1})
    orders = check_books(shop, STOCK)
    assert (len(orders), len(using(orders, "off"))) == (6, 2)
    told = {entry.code for order in orders for entry in order.quote.not_applied if entry.campaign_id == "off"}
    assert told == {"member_limit_reached"}
    assert using([shop.order("m1", "k", {"tea": 1})], "off"), "it is each member's own limit"


def test_V14_what_one_orders_campaign_takes_leaves_the_other_campaigns_alone(shop: OffersShop) -> None:
    """Two groups at once, each with limits that end at different orders."""
    shop.put(
        saving("a", (5_000, 1_000), group="a", limits=limits(orders=5, budget_fen=9_000)),
        saving("b", (5_000, 500), group="b", limits=limits(orders=9, budget_fen=2_000)),
    )
    results = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    for number, each in enumerate(results):
        if not isinstance(each, Order):
            shop.order(MEMBERS[number], "k", {"tea": 1})
    orders = check_books(shop, STOCK)
    assert (len(using(orders, "a")), len(using(orders, "b"))) == (5, 4)
    assert (shop.orders_left("b"), shop.budget_left("b")) == (5, 0)


def test_V6_the_last_units_of_a_gift_are_given_once_each(shop: OffersShop) -> None:
    shop.stock("pin", 3, 500)
    shop.put(gift("pins", 5_000, "pin"))
    results = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    for number, each in enumerate(results):
        if not isinstance(each, Order):
            shop.order(MEMBERS[number], "k", {"tea": 1})
    orders = check_books(shop, {**STOCK, "pin": 3})
    assert (len(orders), len(using(orders, "pins"))) == (BUYERS, 3)
    assert shop.on_shelf("pin") == 0


def test_V6_who_buys_the_last_unit_of_what_is_a_gift_has_it_and_none_is_given(shop: OffersShop) -> None:
    shop.stock("pin", 1, 500)
    shop.put(gift("pins", 5_000, "pin"))
    order = shop.order("m0", "k", {"tea": 1, "pin": 1})
    assert not order.quote.campaigns
    assert [entry.code for entry in order.quote.not_applied if entry.campaign_id] == ["gift_out_of_stock"]
    check_books(shop, {**STOCK, "pin": 1})


def test_V6_gifts_and_buyers_at_once_sell_no_unit_twice(shop: OffersShop) -> None:
    shop.stock("pin", 5, 500)
    shop.put(gift("pins", 5_000, "pin"))

    def act(number: int) -> Order:
        return shop.order(MEMBERS[number], "k", {"pin": 1} if number % 2 else {"tea": 1})

    results = at_once(BUYERS, act)
    refused = {each.code for each in results if isinstance(each, RefusalError)}
    assert refused <= {"conflict", "insufficient_stock"}
    orders = check_books(shop, {**STOCK, "pin": 5})
    pins = sum(line.quantity for order in orders for line in order.quote.lines if line.sku == "pin")
    assert pins + (shop.on_shelf("pin") or 0) == 5
    assert sum(1 for order in orders if order.quote.lines[0].sku == "tea") >= 1


def test_V6_an_order_that_expects_a_gift_that_is_gone_is_refused_and_takes_nothing(shop: OffersShop) -> None:
    shop.stock("pin", 1, 500)
    shop.put(gift("pins", 5_000, "pin"))
    results = at_once(
        5, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}, expected_gifts={"pin": 1})
    )
    codes = sorted(each.code if isinstance(each, RefusalError) else "placed" for each in results)
    assert set(codes) <= {"placed", "quote_changed", "conflict"}
    assert codes.count("placed") == 1
    orders = check_books(shop, {**STOCK, "pin": 1})
    assert len(orders) == 1


@pytest.mark.parametrize("named", [True, False])
def test_V15_what_came_back_since_a_limit_was_added_up_is_not_told_as_spent(
    shop: OffersShop, named: bool
) -> None:
    """The home rows say of a moment ago that nothing is left of any of it."""
    shop.stock("pin", 1, 500)
    shop.put(
        saving("off", (5_000, 1_000), limits=limits(orders=4, budget_fen=1_000)),
        gift("pins", 5_000, "pin"),
        flash("fast", {"cup": (100, 4)}),
    )
    table = shop.settings.catalog_table
    counters = [
        orders_counter(table, "off"),
        budget_counter(table, "off"),
        counter_of(table, "pin"),
        counter_of_units(table, "cup", "fast"),
    ]
    for counter in counters:
        shop.spread(counter, 4)
    order = shop.order("m0", "k", {"tea": 1, "cup": 4})
    for counter in counters:
        add_up(shop.tables, counter, Deadline(20), now=shop.now)
    shop.cancel(order)
    campaigns = ("off", "pins") if named else "best"
    quote = shop.quote("m1", {"tea": 1, "cup": 4}, campaigns=campaigns)
    again = shop.order("m1", "k", {"tea": 1, "cup": 4}, campaigns=campaigns)
    assert again.quote == quote
    assert [use.campaign_id for use in quote.campaigns] == ["off", "pins"]
    assert [use.campaign_id for use in quote.line_offers] == ["fast"]
    check_books(shop, {**STOCK, "pin": 1})


def test_V10_one_coupon_and_a_limited_campaign_in_orders_at_once_are_each_used_once(shop: OffersShop) -> None:
    coupon_id = shop.coupon("m0", amount_off("ten", 1_000))
    shop.put(saving("off", (5_000, 500), limits=limits(orders=1)))
    results = at_once(8, lambda number: shop.order("m0", f"k{number}", {"tea": 1}, coupon=coupon_id))
    codes = {each.code for each in results if isinstance(each, RefusalError)}
    assert codes <= {"coupon_used", "conflict"}
    orders = check_books(shop, STOCK)
    assert len(orders) == 1
    assert shop.orders_left("off") == 0


def test_V14_a_limit_that_is_removed_and_put_again_counts_all_that_is_open(shop: OffersShop) -> None:
    limited = saving("off", (5_000, 1_000), limits=limits(orders=4, budget_fen=4_000))
    free = replace(limited, limits=limits())
    shop.put(limited)
    first = [shop.order("m0", f"a{number}", {"tea": 1}) for number in range(3)]
    shop.put(free)
    second = [shop.order("m1", f"b{number}", {"tea": 1}) for number in range(3)]
    shop.cancel(first[0])
    with pytest.raises(RefusalError) as refusal:
        shop.put(limited)
    assert (refusal.value.code, refusal.value.facts) == (
        "limit_in_use",
        {"limits": ["orders", "budget"]},
    )
    shop.cancel(second[0])
    shop.put(limited)
    assert (shop.orders_left("off"), shop.budget_left("off")) == (0, 0)
    check_books(shop, STOCK)
    shop.lapse(first[1], second[1])
    assert (shop.orders_left("off"), shop.budget_left("off")) == (2, 2_000)
    check_books(shop, STOCK)


def test_V14_limits_put_removed_and_changed_among_orders_and_cancellations_stay_exact(
    shop: OffersShop,
) -> None:
    limited = saving("off", (5_000, 1_000), limits=limits(orders=15, budget_fen=20_000))
    shop.put(limited)
    before = [shop.order(MEMBERS[number], "before", {"tea": 1}) for number in range(6)]
    changes = [
        replace(limited, limits=limits(orders=18)),
        replace(limited, limits=limits()),
        replace(limited, limits=limits(orders=16, budget_fen=19_000)),
    ]

    def act(number: int) -> object:
        if number < 6:
            return shop.cancel(before[number])
        if number < 9:
            return shop.put(changes[number - 6])
        return shop.order(MEMBERS[number], "k", {"tea": 1})

    results = at_once(BUYERS, act)
    codes = {each.code for each in results if isinstance(each, RefusalError)}
    assert codes <= {"conflict", "limit_in_use"}
    check_books(shop, STOCK)


def test_V13_a_limit_that_is_full_is_told_and_the_order_goes_on_without(shop: OffersShop) -> None:
    shop.put(saving("off", (5_000, 1_000), limits=limits(budget_fen=500)))
    quote = shop.quote("m0", {"tea": 1})
    assert [entry.code for entry in quote.not_applied if entry.campaign_id == "off"] == ["budget_spent"]
    order = shop.order("m0", "k", {"tea": 1}, expected_paid_fen=quote.paid_fen)
    assert order.quote == quote
    assert shop.budget_left("off") == 500
    check_books(shop, STOCK)
