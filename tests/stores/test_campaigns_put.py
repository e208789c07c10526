"""Campaigns in the store: what a put brings with it, at once and under contention (V2, V14, V16)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import Counter, held
from functions.counters.spreading import spread_over
from functions.domain.errors import RefusalError
from functions.domain.scope import Scope
from functions.offers.campaign_store import CampaignStore
from functions.offers.campaigns import Campaign, Limits
from functions.offers.counting import budget_counter, figures, orders_counter
from functions.offers.directory import STAYS_AFTER_END
from functions.offers.ending import end_campaigns
from functions.offers.kinds.flash import FlashItem, FlashTerms
from functions.offers.kinds.spend_save import SpendSaveTerms, Step
from functions.orders import life
from functions.orders.order import Order
from functions.platform.deadline import Deadline
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, SERVER_ERROR_AFTER, Calls, Fault
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

OFF_FEN = 1_000
TEA_FEN = 9_950


def off(limits: Limits | None = None, **change: object) -> Campaign:
    """Return a campaign that takes ten yuan off every order."""
    campaign = Campaign(
        campaign_id="off",
        version=0,
        name="Ten off",
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(days=1),
        scope=Scope(everything=True),
        group="spend_save",
        terms=SpendSaveTerms(steps=(Step(from_fen=5_000, off_fen=OFF_FEN),)),
        limits=limits or Limits(),
    )
    return replace(campaign, **change)  # type: ignore[arg-type]


def flash(units: int = 4, *, sku: str = "tea", **others: int) -> Campaign:
    """Return a flash sale of so many units."""
    items = {sku: units, **others}
    return Campaign(
        campaign_id="flash",
        version=0,
        name="Flash",
        starts_at=NOON - timedelta(hours=1),
        ends_at=NOON + timedelta(days=1),
        scope=Scope(skus=frozenset(items)),
        terms=FlashTerms(
            items={each: FlashItem(price_fen=990, units=many) for each, many in items.items()}, per_member=99
        ),
    )


def store(shop: Shop) -> CampaignStore:
    """Return the campaigns of a shop."""
    return CampaignStore(shop.tables, shop.settings.catalog_table)


def put(shop: Shop, campaign: Campaign) -> Campaign:
    """Put a campaign."""
    return store(shop).put(campaign, NOON, Deadline(20))[0]


def refused(shop: Shop, campaign: Campaign) -> str:
    """Return the code with which a campaign is refused."""
    with pytest.raises(RefusalError) as refusal:
        put(shop, campaign)
    return refusal.value.code


def left(shop: Shop, counter: Counter) -> int | None:
    """Return what is left of a counter, None if it is closed, once its rows fit together."""
    assert faults(counter, rows_ever(shop.tables, counter, Deadline(20))) == []
    found = held(shop.tables, counter, Deadline(20))
    return None if found is None else found.total


def orders_left(shop: Shop) -> int | None:
    """Return how many orders may still use it."""
    return left(shop, orders_counter(shop.settings.catalog_table, "off"))


def budget_left(shop: Shop) -> int | None:
    """Return how much it may still give."""
    return left(shop, budget_counter(shop.settings.catalog_table, "off"))


def units(shop: Shop, sku: str = "tea") -> int | None:
    """Return how many units a flash sale has left."""
    return left(shop, counter_of_units(shop.settings.catalog_table, sku, "flash"))


def used(shop: Shop, order: Order) -> bool:
    """Tell whether an order uses a campaign."""
    return bool(order.quote.campaigns)


def cancel(shop: Shop, order: Order) -> None:
    """Cancel an order."""
    shop.book.change(order.order_id, lambda each: life.cancel(each, now=NOON), Deadline(20))


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A hundred units of tea, and alice who buys."""
    shop.stock("tea", 100)
    shop.register("alice")
    return shop


def test_V16_of_two_puts_at_once_both_are_there_one_after_the_other(stocked: Shop) -> None:
    put(stocked, off())
    at_once(2, lambda number: put(stocked, off(name=f"Name {number}")))
    assert store(stocked).find("off").version == 3


def test_no_more_campaigns_overlap_than_may_however_many_are_put_at_once(stocked: Shop) -> None:
    def act(number: int) -> Campaign:
        return put(stocked, off(campaign_id=f"off{number}", group=f"g{number}"))

    found = at_once(7, act)
    assert sum(isinstance(each, Campaign) for each in found) == 4
    assert {each.code for each in found if isinstance(each, RefusalError)} == {"too_many_campaigns"}


def test_V2_flashes_that_want_the_same_units_do_not_both_get_them(stocked: Shop) -> None:
    def act(number: int) -> Campaign:
        return put(stocked, replace(flash(60), campaign_id=f"flash{number}"))

    found = at_once(3, act)
    assert sum(isinstance(each, Campaign) for each in found) == 1
    assert {each.code for each in found if isinstance(each, RefusalError)} == {"insufficient_stock"}
    assert stocked.units("tea") == 40


@pytest.mark.parametrize("in_rows", [1, 6])
def test_V2_units_are_set_aside_from_a_stock_in_several_rows_and_go_back(stocked: Shop, in_rows: int) -> None:
    stock = counter_of(stocked.settings.catalog_table, "tea")
    spread_over(stocked.tables, stock, in_rows, Deadline(20))
    for many in (30, 95, 100, 40, 1):
        put(stocked, flash(many))
        assert (units(stocked), left(stocked, stock)) == (many, 100 - many)
    assert refused(stocked, flash(101)) == "insufficient_stock"
    spread_over(stocked.tables, counter_of_units(stock.table, "tea", "flash"), in_rows, Deadline(20))
    put(stocked, flash(50))
    put(stocked, flash(3))
    assert (units(stocked), left(stocked, stock)) == (3, 97)


def test_V2_units_that_are_sold_are_not_taken_away(stocked: Shop) -> None:
    stocked.stock("cup", 10)
    put(stocked, flash(4, cup=2))
    order, _ = stocked.place("alice", "k1", "tea", quantity=3)
    assert order.quote.lines[0].unit_price_fen == 990
    assert (units(stocked), stocked.units("tea")) == (1, 96)
    assert refused(stocked, flash(2, cup=2)) == "units_in_use"
    assert refused(stocked, flash(2, sku="cup")) == "units_in_use"
    put(stocked, flash(3, cup=2))
    assert (units(stocked), stocked.units("tea")) == (0, 97)
    cancel(stocked, order)
    assert units(stocked) == 3
    put(stocked, flash(2, sku="cup"))
    assert (units(stocked), stocked.units("tea")) == (None, 100)


def test_V2_nobody_buys_units_by_the_terms_of_before(stocked: Shop) -> None:
    put(stocked, flash(4))
    stocked.stock("tea", 0, price_fen=20_000)
    table = stocked.settings.catalog_table
    home = stocked.tables.get(table, counter_of_units(table, "tea", "flash").home)
    product = stocked.tables.get(table, {"sku": "tea", "item": "PRODUCT"})
    assert home is not None
    assert product is not None
    assert home["terms"] == product["terms"]
    order, _ = stocked.place("alice", "k1", "tea")
    assert order.quote.lines[0].list_price_fen == 20_000


def test_V14_a_limit_begins_with_what_is_used_and_follows_every_change(stocked: Shop) -> None:
    put(stocked, off())
    orders = [stocked.place("alice", f"k{number}", "tea")[0] for number in range(3)]
    assert all(used(stocked, order) for order in orders)
    assert refused(stocked, off(Limits(orders=2))) == "limit_in_use"
    put(stocked, off(Limits(orders=5, budget_fen=4_000)))
    assert (orders_left(stocked), budget_left(stocked)) == (2, 1_000)
    cancel(stocked, orders[0])  # it was placed when there was no limit
    assert (orders_left(stocked), budget_left(stocked)) == (3, 2_000)
    put(stocked, off(Limits(orders=3, budget_fen=9_000)))
    assert (orders_left(stocked), budget_left(stocked)) == (1, 7_000)
    assert refused(stocked, off(Limits(orders=1, budget_fen=9_000))) == "limit_in_use"
    put(stocked, off(Limits(budget_fen=9_000)))
    assert (orders_left(stocked), budget_left(stocked)) == (None, 7_000)
    cancel(stocked, orders[1])
    assert (orders_left(stocked), budget_left(stocked)) == (None, 8_000)
    put(stocked, off(Limits(orders=2, budget_fen=9_000)))
    assert orders_left(stocked) == 1
    assert figures(stocked.tables, stocked.settings.catalog_table, "off", Deadline(20)).orders == 1


@pytest.mark.parametrize("in_rows", [1, 5])
def test_V14_a_limit_is_never_passed_and_its_last_use_is_used(stocked: Shop, in_rows: int) -> None:
    put(stocked, off(Limits(orders=7)))
    spread_over(stocked.tables, orders_counter(stocked.settings.catalog_table, "off"), in_rows, Deadline(20))
    for number in range(20):
        stocked.register(f"m{number}")
    found = at_once(20, lambda number: stocked.place(f"m{number}", "k", "tea")[0])
    placed = [each for each in found if isinstance(each, Order)]
    assert sum(used(stocked, order) for order in placed) == 7
    assert orders_left(stocked) == 0


def test_V14_a_limit_that_is_put_among_orders_is_never_passed(stocked: Shop) -> None:
    """Who goes by the campaign of before, without a limit, hears of the limit before the order is placed."""
    put(stocked, off())
    for number in range(16):
        stocked.register(f"m{number}")
    shops = [Shop(stocked.tables, stocked.settings, stocked.policy) for _ in range(16)]
    limited = off(Limits(orders=9))

    def act(number: int) -> Order | Campaign:
        if number == 5:
            return put(stocked, limited)
        return shops[number].place(f"m{number}", "k", "tea")[0]

    found = at_once(16, act)
    refusals = [each for each in found if isinstance(each, RefusalError)]
    assert {each.code for each in refusals} <= {"conflict", "limit_in_use"}
    before = [each for each in found if isinstance(each, Order) and used(stocked, each)]
    if isinstance(found[5], Campaign):
        assert orders_left(stocked) == 9 - len(before)
    else:
        put(stocked, off(Limits(orders=16)))
        assert orders_left(stocked) == 16 - len(before)


def test_V14_a_copy_from_before_the_limit_is_not_gone_by(stocked: Shop) -> None:
    put(stocked, off())
    checkout = stocked.checkout  # its copy is of now
    deadline = Deadline(20)
    checkout.place(stocked.placing("alice", "k0", "tea"), deadline)
    put(stocked, off(Limits(orders=2)))
    orders = [checkout.place(stocked.placing("alice", f"k{number}", "tea"), deadline)[0] for number in (1, 2)]
    assert [used(stocked, order) for order in orders] == [True, False]
    assert orders_left(stocked) == 0


def test_limits_of_counters_in_several_rows_are_lowered_and_closed(stocked: Shop) -> None:
    put(stocked, off(Limits(orders=100)))
    counter = orders_counter(stocked.settings.catalog_table, "off")
    spread_over(stocked.tables, counter, 6, Deadline(20))
    put(stocked, off(Limits(orders=30)))
    assert orders_left(stocked) == 30
    put(stocked, off())
    assert orders_left(stocked) is None


def test_V2_what_comes_back_while_a_flash_is_closed_is_on_the_shelf_and_nowhere_twice(stocked: Shop) -> None:
    put(stocked, flash(12))
    orders = [stocked.place("alice", f"k{number}", "tea")[0] for number in range(12)]
    over = put(stocked, replace(flash(12), ends_at=NOON + timedelta(seconds=1)))
    table, later = stocked.settings.catalog_table, over.ends_at + STAYS_AFTER_END

    def act(number: int) -> None:
        if number % 4 == 3:
            end_campaigns(stocked.tables, table, later, Deadline(20))
        else:
            cancel(stocked, orders[number])

    back = at_once(12, act)
    for number, each in enumerate(back):
        if isinstance(each, RefusalError):
            assert each.code == "conflict"
            act(number)
    end_campaigns(stocked.tables, table, later, Deadline(20))
    assert (units(stocked), stocked.units("tea")) == (None, 100 - 3)
    product = stocked.tables.get(table, {"sku": "tea", "item": "PRODUCT"})
    assert product is not None
    assert product["set_aside"] == {}
    for number in (3, 7, 11):
        cancel(stocked, orders[number])
    assert stocked.units("tea") == 100


def test_V2_a_flash_of_forty_skus_in_many_rows_is_put_and_put_away(stocked: Shop) -> None:
    skus = [f"sku-{number}" for number in range(40)]
    table = stocked.settings.catalog_table
    for sku in skus:
        stocked.stock(sku, 12)
        spread_over(stocked.tables, counter_of(table, sku), 6, Deadline(20))
    put(stocked, flash(10, **dict.fromkeys(skus[1:], 10), sku=skus[0]))
    assert {units(stocked, sku) for sku in skus} == {10}
    put(stocked, flash(1, **dict.fromkeys(skus[1:], 12), sku=skus[0]))
    assert {units(stocked, sku) for sku in skus[1:]} == {12}
    limited = replace(flash(2, **dict.fromkeys(skus[1:], 11), sku=skus[0]), limits=Limits(orders=9))
    assert put(stocked, limited).version == 4
    assert (units(stocked, skus[0]), units(stocked, skus[1])) == (2, 11)
    assert left(stocked, orders_counter(table, "flash")) == 9
    at = NOON + timedelta(days=2)
    assert end_campaigns(stocked.tables, table, at, Deadline(20)).campaigns == 1
    assert {left(stocked, counter_of(table, sku)) for sku in skus} == {12}


@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
def test_R1_a_put_that_is_cut_off_is_done_once(stocked: Shop, calls: Calls, fault: Fault, sends: int) -> None:
    calls.fail("TransactWriteItems", *[fault] * sends)
    made, new = store(stocked).put(flash(4), NOON, Deadline(20))
    assert (made.version, new, units(stocked), stocked.units("tea")) == (1, True, 4, 96)
    calls.fail("TransactWriteItems", *[fault] * sends)
    made, new = store(stocked).put(replace(flash(7), limits=Limits(orders=5)), NOON, Deadline(20))
    assert (made.version, new, units(stocked), stocked.units("tea")) == (2, False, 7, 93)
    assert left(stocked, orders_counter(stocked.settings.catalog_table, "flash")) == 5


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER])
def test_R1_units_of_a_flash_that_is_over_go_back_once_however_the_job_is_cut_off(
    stocked: Shop, calls: Calls, fault: Fault
) -> None:
    put(stocked, flash(4))
    at, table = NOON + timedelta(days=2), stocked.settings.catalog_table
    calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK)
    end_campaigns(stocked.tables, table, at, Deadline(20))
    end_campaigns(stocked.tables, table, at, Deadline(20))
    assert (units(stocked), stocked.units("tea")) == (None, 100)


def test_a_put_that_another_one_like_it_overtakes_is_not_refused_for_it(stocked: Shop, calls: Calls) -> None:
    """What it read first is from before the other put, and what it read next from after it."""
    put(stocked, flash(4))
    bigger = flash(100)
    other = Shop(stocked.tables, stocked.settings, stocked.policy)
    looks = 0

    def overtake() -> None:
        nonlocal looks
        looks += 1
        if looks < 3:  # the products, the campaign, and now the units
            calls.do_before("BatchGetItem", overtake)
        else:
            put(other, bigger)

    calls.do_before("BatchGetItem", overtake)
    assert put(stocked, bigger).version == 2
    assert (units(stocked), stocked.units("tea")) == (100, 0)


def test_R1_many_puts_of_the_same_flash_at_once_are_one(stocked: Shop) -> None:
    put(stocked, flash(4))
    found = at_once(8, lambda _: put(stocked, flash(97)))
    versions = {each.version for each in found if isinstance(each, Campaign)}
    assert versions == {2}
    assert {each.code for each in found if isinstance(each, RefusalError)} <= {"conflict"}
    assert (units(stocked), stocked.units("tea")) == (97, 3)
