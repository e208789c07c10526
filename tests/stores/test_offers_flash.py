"""Flash sales in orders: units that are sold once, and where they go when they come back (V2, V15)."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.catalog.products import WITHDRAWN
from functions.catalog.set_aside import counter_of_units
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError, RefusalError
from functions.domain.policy import Policy
from functions.offers.directory import STAYS_AFTER_END
from functions.offers.quotes import Quote
from functions.orders import life
from functions.orders.order import Order
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from tests.support.faults import Calls
from tests.support.offers_shop import (
    ENDS,
    TOO_LONG,
    OffersShop,
    check_books,
    discount,
    flash,
    gift,
    limits,
    saving,
)
from tests.support.shop import NOON
from tests.support.threads import at_once

BUYERS = 20
TEA_FEN, FLASH_FEN = 10_000, 990
STOCK = {"tea": 100, "cup": 100}
MEMBERS = tuple(f"m{number}" for number in range(BUYERS))


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> OffersShop:
    """A shop with tea at 100.00 and cups at 39.00, and twenty members."""
    made = OffersShop(rows, settings, policy)
    made.stock("tea", STOCK["tea"], TEA_FEN)
    made.stock("cup", STOCK["cup"], 3_900)
    for member_id in MEMBERS:
        made.register(member_id)
    return made


def told(quote: Quote, campaign_id: str = "fast") -> list[tuple[str, str | None, int | None]]:
    """Return what a quote says of a flash that does not price a line, or all of them."""
    return [
        (entry.code, entry.sku, entry.may_have)
        for entry in quote.not_applied
        if entry.campaign_id == campaign_id
    ]


def prices(quote: Quote) -> dict[str, tuple[int, str | None]]:
    """Return unit price and what it is of by line."""
    return {line.line_id: (line.unit_price_fen, line.price_of) for line in quote.lines}


def at_flash(orders: Sequence[Order]) -> int:
    """Return how many orders have their first line at the flash's price."""
    return sum(order.quote.lines[0].price_of == "fast" for order in orders)


@pytest.mark.parametrize("in_rows", [1, 4, 9])
def test_V2_the_last_units_of_a_flash_are_sold_to_one_each(shop: OffersShop, in_rows: int) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 7)}, per_member=1))
    shop.spread(counter_of_units(shop.settings.catalog_table, "tea", "fast"), in_rows)
    results = at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    for number, each in enumerate(results):
        if not isinstance(each, Order):
            assert each.code == "conflict"
            shop.order(MEMBERS[number], "k", {"tea": 1})
    orders = check_books(shop, STOCK)
    assert (len(orders), at_flash(orders)) == (BUYERS, 7)
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (0, 93 - 13)
    late = next(order.quote for order in orders if not order.quote.line_offers)
    assert told(late) == [("flash_sold_out", "tea", 0)]


def test_V2_the_last_unit_of_a_flash_is_sold_to_exactly_one(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 1)}))
    at_once(BUYERS, lambda number: shop.order(MEMBERS[number], "k", {"tea": 1}))
    assert at_flash(check_books(shop, STOCK)) == 1


def test_V2_who_expects_the_flashs_price_and_comes_too_late_is_refused_and_has_nothing_taken(
    shop: OffersShop,
) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 1)}))
    paid_fen = shop.quote("m0", {"tea": 1}).paid_fen

    def act(number: int) -> Order:
        return shop.order(MEMBERS[number], "k", {"tea": 1}, expected_paid_fen=paid_fen)

    results = at_once(6, act)
    codes = [each.code for each in results if isinstance(each, RefusalError)]
    assert set(codes) <= {"quote_changed", "conflict"}
    assert len(codes) == 5
    assert len(check_books(shop, STOCK)) == 1


def test_V2_a_members_orders_at_once_have_no_more_units_than_a_member_may(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 50)}, per_member=3))
    at_once(6, lambda number: shop.order("m0", f"k{number}", {"tea": 1}))
    for number in range(6):
        shop.order("m0", f"k{number}", {"tea": 1})
    orders = check_books(shop, STOCK)
    assert (len(orders), at_flash(orders)) == (6, 3)
    assert shop.uses("m0").units_of("fast") == {"tea": 3}
    assert shop.units_left("fast", "tea") == 47


def test_V2_a_line_of_more_than_may_be_had_has_one_price_and_the_reason(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 3)}, per_member=2), discount("tenth", "0.9"))
    quote = shop.quote("m0", {"tea": 3})
    assert prices(quote) == {"tea": (9_000, "tenth")}
    assert told(quote) == [("flash_member_limit", "tea", 2)]
    shop.order("m0", "k", {"tea": 2})
    again = shop.quote("m0", {"tea": 1})
    assert (prices(again), told(again)) == ({"tea": (9_000, "tenth")}, [("flash_member_limit", "tea", 0)])
    other = shop.quote("m1", {"tea": 2})
    assert (prices(other), told(other)) == ({"tea": (9_000, "tenth")}, [("flash_sold_out", "tea", 1)])
    check_books(shop, STOCK)


def test_V2_the_flashs_units_are_not_the_shelfs(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 100)}, per_member=60))
    assert shop.on_shelf("tea") == 0
    with pytest.raises(ConflictError) as refusal:
        shop.order("m0", "k", {"tea": 61})
    assert (refusal.value.code, refusal.value.facts["left"]) == ("insufficient_stock", {"tea": 0})
    assert at_flash([shop.order("m0", "k", {"tea": 60})]) == 1
    check_books(shop, STOCK)


def test_V2_V6_what_is_bought_of_a_flash_and_given_is_taken_from_both(shop: OffersShop) -> None:
    shop.put(
        flash("fast", {"tea": (6_000, 4)}, per_member=4),
        gift("free", 5_000, "tea"),
    )
    order = shop.order("m0", "k", {"tea": 4})
    assert prices(order.quote) == {"tea": (6_000, "fast"), "tea:free": (0, "free")}
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (0, 95)
    check_books(shop, STOCK)
    shop.cancel(order)
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (4, 96)
    check_books(shop, STOCK)


def back_from(shop: OffersShop, order: Order, how: str) -> None:
    """Let all units of an order come back in a way."""
    if how == "lapse":
        shop.lapse(order)
    elif how == "cancel":
        shop.cancel(order)
    elif how == "cancel by units":
        shop.pay(order)
        shop.cancel_units(order, "c1", tea=1)
        shop.cancel_units(order, "c2", tea=1)
    elif how == "refuse":
        shop.shipped(order)
        shop.refuse(order)
    else:
        shop.received(order)
        shop.take_back(order, "r1", tea=1)
        shop.take_back(order, "r2", tea=1)


@pytest.mark.parametrize("in_rows", [1, 5])
@pytest.mark.parametrize("how", ["lapse", "cancel", "cancel by units", "refuse"])
def test_V2_what_comes_back_before_the_receipt_is_the_flashs_again_with_the_allowance(
    shop: OffersShop, how: str, in_rows: int
) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 10)}, per_member=2))
    shop.spread(counter_of_units(shop.settings.catalog_table, "tea", "fast"), in_rows)
    order = shop.order("m0", "k", {"tea": 2})
    back_from(shop, order, how)
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (10, 90)
    assert shop.uses("m0").units_of("fast") == {}
    check_books(shop, STOCK)
    assert at_flash([shop.order("m0", "again", {"tea": 2})]) == 1


def test_V2_what_comes_back_after_the_receipt_is_the_shelfs_and_gives_no_allowance(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 10)}, per_member=2))
    back_from(shop, shop.order("m0", "k", {"tea": 2}), "return")
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (8, 92)
    assert shop.uses("m0").units_of("fast") == {"tea": 2}
    assert shop.uses("m0").orders_of("fast") == 0
    assert told(shop.quote("m0", {"tea": 1})) == [("flash_member_limit", "tea", 0)]
    check_books(shop, STOCK)


@pytest.mark.parametrize("put_away", [False, True])
@pytest.mark.parametrize("how", ["lapse", "cancel", "refuse", "return"])
def test_V2_what_comes_back_to_a_flash_that_has_ended_is_the_shelfs(
    shop: OffersShop, how: str, put_away: bool
) -> None:
    running = flash("fast", {"tea": (FLASH_FEN, 10)}, per_member=2)
    shop.put(running)
    order = shop.order("m0", "k", {"tea": 2})
    if how in ("refuse", "return"):
        shop.pay(order)
    over = NOON + timedelta(minutes=1)
    shop.put(replace(running, ends_at=over))
    later = shop.at(over + STAYS_AFTER_END)
    if put_away:
        assert later.end().campaigns == 1
        assert later.units_left("fast", "tea") is None
    if how == "lapse":
        later.lapse(order)
    elif how == "cancel":
        later.cancel(order)
    else:
        later.change(order, lambda each: life.ship(each, told={}, now=later.now))
        if how == "refuse":
            later.refuse(order)
        else:
            later.change(order, lambda each: life.receive(each, now=later.now))
            later.take_back(order, "r1", tea=2)
    assert later.end().left == 0
    assert (later.units_left("fast", "tea"), later.on_shelf("tea")) == (None, 100)
    check_books(later, STOCK)


def test_V2_a_flash_that_ends_between_read_and_write_of_a_cancellation_loses_no_unit(
    shop: OffersShop, calls: Calls
) -> None:
    """The end is tested in the transaction that gives the units back: they are the shelf's."""
    running = flash("fast", {"tea": (FLASH_FEN, 10)}, per_member=2)
    shop.put(running)
    order = shop.order("m0", "k", {"tea": 2})
    over = NOON + timedelta(minutes=1)

    def end() -> None:
        shop.put(replace(running, ends_at=over))
        shop.at(over + STAYS_AFTER_END).end()

    calls.do_before("TransactWriteItems", end)
    shop.cancel(order)
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (None, 100)
    check_books(shop.at(over), STOCK)


def test_V2_a_paused_flash_keeps_its_units_and_takes_back_what_comes(shop: OffersShop) -> None:
    running = flash("fast", {"tea": (FLASH_FEN, 10)}, per_member=2)
    shop.put(running)
    order = shop.order("m0", "k", {"tea": 2})
    shop.put(replace(running, status="paused"))
    assert shop.units_left("fast", "tea") == 8
    assert at_flash([shop.order("m1", "k", {"tea": 1})]) == 0
    shop.cancel(order)
    assert shop.units_left("fast", "tea") == 10
    shop.put(running)
    assert at_flash([shop.order("m1", "k2", {"tea": 1})]) == 1
    check_books(shop, STOCK)


def test_V2_units_of_a_flash_are_lowered_to_what_is_sold_and_no_further(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 10)}))
    orders = [shop.order(MEMBERS[number], "k", {"tea": 2}) for number in range(3)]
    with pytest.raises(RefusalError) as refusal:
        shop.put(flash("fast", {"tea": (FLASH_FEN, 5)}))
    assert refusal.value.code == "units_in_use"
    shop.put(flash("fast", {"tea": (FLASH_FEN, 6)}))
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (0, 94)
    shop.cancel(orders[0])
    shop.put(flash("fast", {"tea": (FLASH_FEN, 4)}))
    assert (shop.units_left("fast", "tea"), shop.on_shelf("tea")) == (0, 96)
    check_books(shop, STOCK)


def test_V2_sales_cancellations_and_changes_of_units_at_once_lose_no_unit(shop: OffersShop) -> None:
    running = flash("fast", {"tea": (FLASH_FEN, 12), "cup": (100, 12)}, per_member=3)
    shop.put(running)
    before = [shop.order(MEMBERS[number], "before", {"tea": 2, "cup": 1}) for number in range(5)]
    sizes = (9, 11, 14)

    def act(number: int) -> object:
        if number < 5:
            return shop.cancel(before[number])
        if number < 8:
            units = sizes[number - 5]
            return shop.put(flash("fast", {"tea": (FLASH_FEN, units), "cup": (100, units)}, per_member=3))
        return shop.order(MEMBERS[number], "k", {"tea": 1, "cup": 1})

    results = at_once(BUYERS, act)
    codes = {each.code for each in results if isinstance(each, RefusalError)}
    assert codes <= {"conflict", "units_in_use"}
    check_books(shop, STOCK)


def test_V1_of_two_flashes_of_a_sku_the_lower_price_counts_and_each_has_its_own_units(
    shop: OffersShop,
) -> None:
    shop.put(flash("a", {"tea": (2_000, 5)}, per_member=1), flash("b", {"tea": (1_000, 5)}, per_member=1))
    first, second, third = (shop.order("m0", f"k{number}", {"tea": 1}) for number in range(3))
    assert [order.quote.lines[0].price_of for order in (first, second, third)] == ["b", "a", "list"]
    assert (shop.units_left("a", "tea"), shop.units_left("b", "tea"), shop.on_shelf("tea")) == (4, 4, 89)
    check_books(shop, STOCK)
    shop.cancel(first)
    assert shop.order("m0", "k4", {"tea": 1}).quote.lines[0].price_of == "b"
    check_books(shop, STOCK)


def test_V1_a_flash_with_limits_of_orders_and_money_leaves_orders_that_would_pass_them(
    shop: OffersShop,
) -> None:
    shop.put(
        flash("fast", {"tea": (6_000, 50)}, per_member=9, limits=limits(orders=4, budget_fen=20_000)),
    )
    results = at_once(10, lambda number: shop.order(MEMBERS[number], "k", {"tea": 2}))
    for number, each in enumerate(results):
        if not isinstance(each, Order):
            shop.order(MEMBERS[number], "k", {"tea": 2})
    orders = check_books(shop, STOCK)
    assert (len(orders), at_flash(orders)) == (10, 2), "each is given 80.00 of the 200.00"
    assert at_flash([shop.order("m10", "k", {"tea": 1})]) == 1, "40.00 are left"
    assert (shop.orders_left("fast"), shop.budget_left("fast")) == (1, 0)
    check_books(shop, STOCK)


def test_V3_units_that_do_not_stack_are_the_flashs_all_the_same(shop: OffersShop) -> None:
    shop.put(
        flash("fast", {"tea": (9_900, 5)}, stacks=False),
        saving("off", (5_000, 5_000)),
    )
    order = shop.order("m0", "k", {"tea": 1})
    assert (order.quote.paid_fen - order.quote.shipping_fen, order.quote.campaigns) == (9_900, ())
    assert shop.units_left("fast", "tea") == 4
    check_books(shop, STOCK)


def test_V2_a_withdrawn_product_is_sold_from_no_flash(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 5)}))
    order = shop.order("m0", "k", {"tea": 1})
    shop.catalog.put(
        "tea",
        name="tea",
        price_fen=TEA_FEN,
        member_zone=False,
        low_stock_threshold=None,
        status=WITHDRAWN,
        deadline=Deadline(TOO_LONG),
    )
    with pytest.raises(RefusalError) as refusal:
        shop.order("m1", "k", {"tea": 1})
    assert refusal.value.code == "product_withdrawn"
    shop.cancel(order)
    assert shop.units_left("fast", "tea") == 5
    check_books(shop, STOCK)


def test_V15_rivals_for_the_last_units_while_the_flashs_rows_come_and_go(shop: OffersShop) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 8)}, per_member=2))
    counter = counter_of_units(shop.settings.catalog_table, "tea", "fast")

    def act(number: int) -> object:
        if number < 3:
            with suppress(ConflictError):
                spread_over(shop.tables, counter, (5, 1, 3)[number], Deadline(TOO_LONG))
            return None
        order = shop.order(MEMBERS[number], "k", {"tea": 1})
        return shop.cancel(order) if number % 4 == 0 else order

    results = at_once(BUYERS, act)
    assert {each.code for each in results if isinstance(each, RefusalError)} <= {"conflict"}
    shop.spread(counter, 1)
    check_books(shop, STOCK)
    for number in range(12):
        shop.order(MEMBERS[number], "last", {"tea": 1})
    assert shop.units_left("fast", "tea") == 0
    check_books(shop, STOCK)


def test_V16_who_ordered_in_time_keeps_the_flashs_price_and_who_comes_at_the_end_has_it_not(
    shop: OffersShop,
) -> None:
    shop.put(flash("fast", {"tea": (FLASH_FEN, 5)}))
    last_second, end = shop.at(ENDS - timedelta(seconds=1)), shop.at(ENDS)
    in_time = last_second.order("m0", "k", {"tea": 1})
    assert at_flash([in_time, end.order("m1", "k", {"tea": 1})]) == 1
    assert end.pay(in_time).quote == in_time.quote
    check_books(end, STOCK)
