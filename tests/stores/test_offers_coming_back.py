"""What an order with offers gives back, however it ends, alone and with others (V11, V14, O2, O4)."""

from dataclasses import replace

import pytest

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.domain.policy import Policy
from functions.offers.counting import budget_counter, orders_counter
from functions.orders.order import Order, Status
from functions.platform.dynamo import TRANSACTION_ACTIONS_MAX, ConditionFailedError, Tables
from functions.platform.settings import Settings
from tests.support.accounts import hold_coupon, hold_points
from tests.support.faults import Calls
from tests.support.offers_shop import OffersShop, amount_off, check_books, flash, gift, limits, saving
from tests.support.shop import NOON

BUYERS = 12
STOCK = {"tea": 300, "cup": 100, "pin": 50}
MEMBERS = tuple(f"m{number}" for number in range(BUYERS))
POINTS = 3_000
CART = {"tea": 2, "cup": 1}
GIFT_LINE = "pin:c-gift"


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy) -> OffersShop:
    """A shop in which every order of tea and a cup uses a flash, a saving, a gift, a coupon and points."""
    made = OffersShop(rows, settings, policy)
    made.stock("tea", STOCK["tea"], 10_000)
    made.stock("cup", STOCK["cup"], 3_900)
    made.stock("pin", STOCK["pin"], 500)
    for member_id in MEMBERS:
        made.register(member_id)
        hold_points(rows, settings.members_table, member_id, {"2026": POINTS})
    made.put(
        flash("a-flash", {"cup": (990, 40)}, per_member=2, limits=limits(orders=90)),
        saving("b-saving", (10_000, 1_000), group="b", limits=limits(orders=80, budget_fen=70_000)),
        gift("c-gift", 10_000, "pin", limits=limits(budget_fen=40_000, per_member=3)),
    )
    return made


def all_of_it(shop: OffersShop, member_id: str = "m0", key: str = "k") -> Order:
    """Place an order that uses everything."""
    coupon_id = shop.coupon(member_id, amount_off("five", 500), issue_id=key)
    order = shop.order(member_id, key, CART, coupon=coupon_id, points=500)
    assert [use.campaign_id for use in order.quote.campaigns] == ["b-saving", "c-gift"]
    assert [use.campaign_id for use in order.quote.line_offers] == ["a-flash"]
    return order


def nothing_is_used(shop: OffersShop) -> None:
    """Hold that all is as if nothing had been ordered, but what was returned after its receipt."""
    assert (shop.orders_left("a-flash"), shop.orders_left("b-saving")) == (90, 80)
    assert (shop.budget_left("b-saving"), shop.budget_left("c-gift")) == (70_000, 40_000)
    assert {sku: (shop.on_shelf(sku) or 0) for sku in STOCK if sku != "cup"} == {"tea": 300, "pin": 50}
    for campaign_id in ("a-flash", "b-saving", "c-gift"):
        counted = shop.figures(campaign_id)
        assert (counted.orders, counted.units, counted.given_fen, counted.members) == (0, 0, 0, 0)


def ended(shop: OffersShop, order: Order, how: str) -> Order:
    """Let an order end in a way."""
    if how == "lapse":
        assert shop.lapse(order) == 1
    elif how == "cancel":
        shop.cancel(order)
    elif how == "cancel paid":
        shop.pay(order)
        shop.cancel(order)
    elif how == "cancel unit by unit":
        shop.pay(order)
        for number, line_id in enumerate(("tea", "cup", GIFT_LINE, "tea")):
            shop.leave_by_line(order, f"c{number}", {line_id: 1}, returned=False)
            check_books(shop, STOCK)
    elif how == "refuse":
        shop.shipped(order)
        shop.refuse(order)
    else:
        shop.received(order)
        for number, line_id in enumerate(("tea", GIFT_LINE, "cup", "tea")):
            shop.leave_by_line(order, f"r{number}", {line_id: 1}, returned=True)
            check_books(shop, STOCK)
    return shop.found(order)


ENDS_AS = {
    "lapse": Status.LAPSED,
    "cancel": Status.CANCELLED,
    "cancel paid": Status.CANCELLED,
    "cancel unit by unit": Status.CANCELLED,
    "refuse": Status.REFUSED,
    "return": Status.RETURNED,
}


@pytest.mark.parametrize("how", ENDS_AS)
def test_V11_however_an_order_ends_all_that_it_used_comes_back_once(shop: OffersShop, how: str) -> None:
    order = all_of_it(shop)
    check_books(shop, STOCK)
    after = ended(shop, order, how)
    assert after.status is ENDS_AS[how]
    check_books(shop, STOCK)
    nothing_is_used(shop)
    assert after.quote.coupon is not None
    assert shop.user_of("m0", after.quote.coupon.coupon_id) is None
    of_flash = (shop.units_left("a-flash", "cup"), shop.on_shelf("cup"))
    assert of_flash == ((39, 61) if how == "return" else (40, 60))
    if how != "return":
        again = shop.order("m0", "again", CART, coupon=after.quote.coupon.coupon_id, points=0)
        assert again.quote.campaigns == order.quote.campaigns
        check_books(shop, STOCK)


@pytest.mark.parametrize("rows_each", [1, 4])
@pytest.mark.parametrize("how", ["lapse", "cancel", "return"])
def test_V15_what_comes_back_comes_back_to_counters_in_several_rows(
    shop: OffersShop, how: str, rows_each: int
) -> None:
    table = shop.settings.catalog_table
    counters = [
        orders_counter(table, "b-saving"),
        budget_counter(table, "c-gift"),
        counter_of_units(table, "cup", "a-flash"),
        counter_of(table, "tea"),
        counter_of(table, "pin"),
    ]
    before = all_of_it(shop, "m1", "before")
    for counter in counters:
        shop.spread(counter, 6)
    order = all_of_it(shop)
    for counter in counters:
        shop.spread(counter, rows_each)
    for each in (before, order):
        ended(shop, each, how)
    check_books(shop, STOCK)
    nothing_is_used(shop)


def test_V11_uses_budget_and_coupon_stay_used_while_a_gift_stays(shop: OffersShop) -> None:
    order = shop.received(all_of_it(shop))
    shop.leave_by_line(order, "r1", {"tea": 2, "cup": 1}, returned=True)
    assert shop.found(order).status is Status.RECEIVED
    assert order.quote.coupon is not None
    assert shop.user_of("m0", order.quote.coupon.coupon_id) == order.order_id
    assert (shop.orders_left("b-saving"), shop.budget_left("c-gift")) == (79, 39_500)
    check_books(shop, STOCK)
    shop.leave_by_line(order, "r2", {GIFT_LINE: 1}, returned=True)
    assert shop.found(order).status is Status.RETURNED
    assert shop.user_of("m0", order.quote.coupon.coupon_id) is None
    check_books(shop, STOCK)
    nothing_is_used(shop)


def test_V14_a_repeat_of_what_ended_an_order_gives_nothing_back_again(shop: OffersShop) -> None:
    order, other = all_of_it(shop), all_of_it(shop, "m1")
    shop.cancel(order)
    shop.cancel(order)
    shop.lapse(order)
    check_books(shop, STOCK)
    shop.received(other)
    for _ in range(2):
        shop.leave_by_line(other, "r1", {"tea": 2, "cup": 1, GIFT_LINE: 1}, returned=True)
    check_books(shop, STOCK)
    nothing_is_used(shop)


def test_V14_orders_of_many_members_lapse_together_and_give_back_each_its_own(
    shop: OffersShop, calls: Calls
) -> None:
    orders = [all_of_it(shop, member_id) for member_id in MEMBERS]
    orders.append(shop.order("m0", "more", {"tea": 1}))  # two of one member's never go together
    sent = len(calls.sent)
    assert shop.lapse(*orders) == BUYERS + 1
    writes = [
        body["TransactItems"]
        for name, body in zip(calls.sent[sent:], calls.bodies[sent:], strict=True)
        if name == "TransactWriteItems"
    ]
    assert len(writes) < len(orders), "they go together"
    assert max(map(len, writes)) <= TRANSACTION_ACTIONS_MAX
    check_books(shop, STOCK)
    nothing_is_used(shop)


def test_V14_one_of_a_group_that_was_paid_meanwhile_keeps_what_it_used(
    shop: OffersShop, calls: Calls
) -> None:
    orders = [all_of_it(shop, member_id) for member_id in MEMBERS[:4]]
    calls.do_before("TransactWriteItems", lambda: shop.pay(orders[2]))
    lapsed = _lapse_one_by_one_where_together_fails(shop, orders)
    assert lapsed == 3
    assert shop.found(orders[2]).status is Status.PAID
    check_books(shop, STOCK)
    assert shop.orders_left("b-saving") == 79


def _lapse_one_by_one_where_together_fails(shop: OffersShop, orders: list[Order]) -> int:
    try:
        return shop.lapse(*orders)
    except ConditionFailedError:
        return sum(shop.lapse(order) for order in orders if shop.found(order).status is Status.PLACED)


def test_V14_a_limit_that_is_closed_between_read_and_write_of_a_cancellation_is_left_alone(
    shop: OffersShop, calls: Calls
) -> None:
    order = all_of_it(shop)
    free = saving("b-saving", (10_000, 1_000), group="b")
    calls.do_before("TransactWriteItems", lambda: shop.put(free))
    shop.cancel(order)
    assert (shop.orders_left("b-saving"), shop.budget_left("b-saving")) == (None, None)
    check_books(shop, STOCK)


@pytest.mark.parametrize("together", [False, True])
def test_V14_a_limit_that_is_put_between_read_and_write_of_a_cancellation_counts_it_once(
    shop: OffersShop, calls: Calls, together: bool
) -> None:
    """What is used when the limit is put has the order in it: its use comes back to the new limit."""
    limited = saving("d-saving", (10_000, 200), group="d", limits=limits(orders=5, budget_fen=1_000))
    shop.put(replace(limited, limits=limits()))
    order, other = (shop.order(member_id, "k", {"tea": 1}) for member_id in ("m0", "m1"))
    assert "d-saving" in {use.campaign_id for use in order.quote.campaigns}
    calls.do_before("TransactWriteItems", lambda: shop.put(limited))
    if together:
        _lapse_one_by_one_where_together_fails(shop, [order, other])
        assert {shop.found(each).status for each in (order, other)} == {Status.LAPSED}
    else:
        shop.cancel(order)
    check_books(shop, STOCK)


def test_V11_a_birthday_coupon_comes_back_from_an_order_that_uses_nothing_else(shop: OffersShop) -> None:
    coupon = hold_coupon(
        shop.tables,
        shop.settings.members_table,
        "m0",
        face_fen=2_000,
        valid_from=NOON.replace(day=1, hour=0),
        valid_until=NOON.replace(day=31),
    )
    order = shop.order("m0", "k", {"tea": 2, "cup": 2}, coupon=coupon.coupon_id)
    assert (order.quote.campaigns, order.quote.line_offers) == ((), ()), "it excludes every other offer"
    check_books(shop, STOCK)
    shop.cancel(order)
    assert shop.order("m0", "again", {"tea": 2, "cup": 2}, coupon=coupon.coupon_id).quote.coupon
    check_books(shop, STOCK)


def test_V14_members_are_counted_once_however_often_they_order_and_cancel(shop: OffersShop) -> None:
    first, second = (shop.order("m0", key, {"tea": 1}) for key in ("a", "b"))
    assert shop.figures("b-saving").members == 1
    shop.cancel(first)
    assert shop.figures("b-saving").members == 1
    shop.lapse(second)
    assert shop.figures("b-saving").members == 0
    third = shop.order("m0", "c", {"tea": 1})
    shop.received(third)
    shop.take_back(third, "r", tea=1)
    assert shop.figures("b-saving").members == 1, "the gift stays"
    check_books(shop, STOCK)


def test_V14_figures_are_net_of_what_came_back(shop: OffersShop) -> None:
    order = shop.received(shop.order("m0", "k", {"tea": 2}))
    used = shop.figures("b-saving")
    assert (used.orders, used.units, used.given_fen, used.goods_fen) == (1, 2, 1_000, 20_000)
    left = shop.take_back(order, "r1", tea=1)
    used = shop.figures("b-saving")
    assert (used.orders, used.units, used.given_fen, used.goods_fen) == (1, 1, 1_000, 10_000)
    assert used.refunded_fen == left.refund_fen == 9_500
    check_books(shop, STOCK)
