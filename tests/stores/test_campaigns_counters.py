"""The counters of campaigns: kept in several rows, told new terms, and heard of when they run out (V15)."""

from typing import Any

import pytest

from functions.catalog.set_aside import counter_of_units
from functions.catalog.stock import counter_of
from functions.catalog.stream import Publisher
from functions.counters import heat
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import LEAST, Counter, Spread
from functions.counters.keeping import GROWTH
from functions.counters.spreading import spread_over
from functions.counters.stream import Keeper, counter_of_row
from functions.coupons.template_rows import claims_counter
from functions.offers.campaigns import Limits
from functions.offers.counting import budget_counter, orders_counter
from functions.platform.bus import Event
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, to_item
from tests.stores.test_campaigns_put import flash, off, put
from tests.support.events import Context
from tests.support.shop import NOON, Shop

Record = dict[str, Any]


def record(number: int, row: Row, before: Row | None = None) -> Record:
    """Return the record of a row's change."""
    images: dict[str, Any] = {"NewImage": to_item(row)}
    if before is not None:
        images["OldImage"] = to_item(before)
    return {
        "eventName": "MODIFY",
        "dynamodb": {
            **images,
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": NOON.timestamp() + number,
        },
    }


def keep(shop: Shop, *rows: Row) -> None:
    """Tell the keeper of rows."""
    keeper = Keeper(shop.tables, shop.settings, lambda: NOON)
    records = [record(number, row) for number, row in enumerate(rows)]
    assert keeper({"Records": records}, Context()) == {"batchItemFailures": []}


def home(shop: Shop, counter: Counter) -> Row:
    """Return a counter's home row."""
    found = shop.tables.get(counter.table, counter.home)
    assert found is not None
    return found


@pytest.fixture
def stocked(shop: Shop) -> Shop:
    """A hundred units of tea, and alice who buys."""
    shop.stock("tea", 100)
    shop.register("alice")
    return shop


@pytest.mark.parametrize(
    "counter",
    [
        counter_of("t", "tea"),
        counter_of_units("t", "tea.1", "flash-2"),
        orders_counter("t", "off"),
        budget_counter("t", "off"),
        claims_counter("t", "welcome"),
    ],
    ids=lambda each: each.name,
)
def test_the_keeper_knows_a_counter_by_each_of_its_rows(counter: Counter) -> None:
    for key in (counter.home, counter.key(7), heat.beside(counter)):
        assert counter_of_row("t", dict(key)) == counter


def test_V15_the_keeper_spreads_and_adds_up_units_and_limits(stocked: Shop) -> None:
    table = stocked.settings.catalog_table
    put(stocked, flash(40))
    put(stocked, off(Limits(orders=30, budget_fen=90_000)))
    for counter in (
        counter_of_units(table, "tea", "flash"),
        orders_counter(table, "off"),
        budget_counter(table, "off"),
    ):
        hot = {**heat.beside(counter), "generation": 0}
        stocked.tables.put(table, hot)
        keep(stocked, hot)
        assert Spread.of(home(stocked, counter)).rows == GROWTH
        keep(stocked, home(stocked, counter), dict(home(stocked, counter), **counter.key(3)))
        assert faults(counter, rows_ever(stocked.tables, counter, Deadline(20))) == []
    order, _ = stocked.place("alice", "k", "tea", quantity=30)
    assert {line.unit_price_fen for line in order.quote.lines} == {990}
    assert [use.campaign_id for use in order.quote.campaigns] == ["off"]


def test_V2_units_of_a_product_that_staff_want_in_rows_are_in_as_many(stocked: Shop) -> None:
    stocked.catalog.put(
        "tea",
        name="tea",
        price_fen=9_950,
        member_zone=False,
        low_stock_threshold=None,
        deadline=Deadline(20),
        stock_rows=4,
    )
    put(stocked, flash(40))
    counter = counter_of_units(stocked.settings.catalog_table, "tea", "flash")
    assert home(stocked, counter)[LEAST] == 4
    keep(stocked, home(stocked, counter))
    assert Spread.of(home(stocked, counter)).rows == 4


def test_Z1_units_in_several_rows_are_told_new_terms_by_the_put(stocked: Shop) -> None:
    put(stocked, flash(40))
    counter = counter_of_units(stocked.settings.catalog_table, "tea", "flash")
    spread_over(stocked.tables, counter, 5, Deadline(20))
    stocked.stock("tea", 0, price_fen=9_000)
    rows = stocked.tables.batch_get(counter.keys(5), Deadline(20))
    assert {None if row is None else row["terms"] for row in rows} == {2}
    assert faults(counter, rows_ever(stocked.tables, counter, Deadline(20))) == []


class Told:
    """A bus that keeps what is told."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def publish_together(self, groups: list[list[Event]], _deadline: Deadline) -> list[bool]:
        """Take events."""
        self.events += [event for group in groups for event in group]
        return [True] * len(groups)


def told(shop: Shop, *records: Record) -> list[tuple[str, dict[str, Any]]]:
    """Return what the outside is told of some records."""
    bus = Told()
    publisher = Publisher(bus, shop.policy)  # type: ignore[arg-type]
    assert publisher({"Records": list(records)}, Context()) == {"batchItemFailures": []}
    return [(event.detail_type, vars(event)) for event in bus.events]


def test_the_outside_hears_of_each_version_of_a_campaign_once(stocked: Shop) -> None:
    table = stocked.settings.catalog_table
    key = {"sku": "campaign:off", "item": "CAMPAIGN"}
    put(stocked, off())
    first = stocked.tables.get(table, key)
    put(stocked, off(status="paused"))
    second = stocked.tables.get(table, key)
    assert first is not None
    assert second is not None
    found = told(stocked, record(1, first), record(2, second, first), record(3, second, second))
    assert [(name, each["version"], each["status"]) for name, each in found] == [
        ("CampaignChanged", 1, "active"),
        ("CampaignChanged", 2, "paused"),
    ]
    assert len({each["event_id"] for _, each in found}) == 2
    assert told(stocked, record(9, first))[0][1]["event_id"] == found[0][1]["event_id"]


def test_the_outside_hears_of_what_has_run_out_under_one_id_for_each_version(stocked: Shop) -> None:
    table = stocked.settings.catalog_table
    put(stocked, off(Limits(orders=1, budget_fen=1_000)))
    put(stocked, flash(1))
    counters = (
        orders_counter(table, "off"),
        budget_counter(table, "off"),
        counter_of_units(table, "tea", "flash"),
    )
    before = [home(stocked, counter) for counter in counters]
    assert told(stocked, *(record(number, row) for number, row in enumerate(before))) == []
    order, _ = stocked.place("alice", "k", "tea")
    assert order.quote.goods_fen == 990
    assert told(stocked, record(1, home(stocked, counters[2]), before[2]))[0][1]["sku"] == "tea"
    stocked.place("alice", "k2", "tea")
    after = [home(stocked, counter) for counter in counters]
    found = told(stocked, *(record(number, row) for number, row in enumerate(after)))
    assert [
        (name, each["campaign_id"], each["limit"], each["sku"], each["version"]) for name, each in found
    ] == [
        ("CampaignExhausted", "off", "orders", None, 1),
        ("CampaignExhausted", "off", "budget", None, 1),
        ("CampaignExhausted", "flash", "units", "tea", 1),
    ]
    again = told(stocked, *(record(number + 5, row) for number, row in enumerate(after)))
    assert [each["event_id"] for _, each in again] == [each["event_id"] for _, each in found]
    assert len({each["event_id"] for _, each in found}) == 3


def test_what_is_closed_or_has_some_left_in_another_row_has_not_run_out(stocked: Shop) -> None:
    table = stocked.settings.catalog_table
    put(stocked, off(Limits(orders=9)))
    counter = orders_counter(table, "off")
    spread_over(stocked.tables, counter, 3, Deadline(20))
    row = home(stocked, counter)
    assert told(stocked, record(1, {**row, "orders_left": 0})) == []
    assert len(told(stocked, record(1, {**row, "orders_left": 3, "total": 0}))) == 1
    other = stocked.tables.get(table, counter.key(2))
    assert other is not None
    assert told(stocked, record(2, {**other, "orders_left": 0})) == []
    put(stocked, off())
    assert told(stocked, record(3, home(stocked, counter))) == []
