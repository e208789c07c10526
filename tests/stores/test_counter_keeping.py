"""The keeper of counters on the emulator: it adds up, levels, spreads and gathers (Z1)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from functions.catalog.stock import counter_of
from functions.counters import heat
from functions.counters.audit import faults, rows_ever
from functions.counters.counter import CALM_AFTER, ROWS_MAX, Counter, Spread, add_up
from functions.counters.keeping import GROWTH
from functions.counters.spreading import level, spread_over
from functions.counters.stream import Keeper
from functions.domain.errors import ConflictError
from functions.orders import life
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, to_item
from ops import stock
from tests.support.events import Context
from tests.support.faults import Calls, cancelled
from tests.support.shop import NOON, Shop

UNITS = 600
CONFLICT = cancelled("None", "TransactionConflict")
"""Another transaction has the row of the stock; the order's own row is free."""


class Clock:
    """A moment that a test moves."""

    def __init__(self) -> None:
        self.moment = NOON

    def now(self) -> datetime:
        """Return it."""
        return self.moment


@pytest.fixture
def clock() -> Clock:
    """The keeper's clock."""
    return Clock()


@pytest.fixture
def tea(shop: Shop) -> Counter:
    """The stock of tea, in one row; alice can buy."""
    shop.stock("tea", UNITS)
    shop.register("alice")
    return counter_of(shop.settings.catalog_table, "tea")


@pytest.fixture
def keep(shop: Shop, tea: Counter, clock: Clock) -> Callable[..., None]:
    """Tell the keeper of rows of tea, as they are, by their items; of its home if none is named."""
    keeper = Keeper(shop.tables, shop.settings, clock.now)

    def tell(*keys: dict[str, str]) -> None:
        rows = shop.tables.batch_get([(tea.table, key) for key in keys or (tea.home,)], Deadline(20))
        records = [_record(number, row) for number, row in enumerate(rows) if row is not None]
        assert keeper({"Records": records}, Context()) == {"batchItemFailures": []}

    return tell


def _record(number: int, row: Row) -> dict[str, Any]:
    keys = {"sku": row["sku"], "item": row["item"]}
    return {
        "eventName": "MODIFY",
        "dynamodb": {
            "Keys": to_item(keys),
            "NewImage": to_item(row),
            "SequenceNumber": str(number),
            "ApproximateCreationDateTime": NOON.timestamp(),
        },
    }


def home(shop: Shop, counter: Counter) -> Row:
    """Return a counter's home row."""
    found = shop.tables.get(counter.table, counter.home)
    assert found is not None
    return found


def rows_of(shop: Shop, counter: Counter) -> int:
    """Return over how many rows a counter is spread."""
    return Spread.of(home(shop, counter)).rows


def put(shop: Shop, *, stock_rows: int | None, price_fen: int = 9_950) -> None:
    """Let staff say what tea is."""
    shop.catalog.put(
        "tea",
        name="tea",
        price_fen=price_fen,
        member_zone=False,
        low_stock_threshold=None,
        deadline=Deadline(20),
        stock_rows=stock_rows,
    )


def whole(shop: Shop, counter: Counter) -> int:
    """Return what all rows have, which fit together."""
    rows = rows_ever(shop.tables, counter, Deadline(20))
    assert faults(counter, rows) == []
    return sum(row["stock"] for row in rows if row is not None)


def test_Z1_staffs_number_of_rows_is_gone_up_to_as_soon_as_there_is_so_much(
    shop: Shop, tea: Counter, keep: Callable[..., None]
) -> None:
    put(shop, stock_rows=ROWS_MAX)
    keep()
    assert rows_of(shop, tea) == ROWS_MAX
    assert home(shop, tea)["stock"] == UNITS - (ROWS_MAX - 1) * (UNITS // ROWS_MAX)
    assert whole(shop, tea) == UNITS
    put(shop, stock_rows=3)
    keep()
    assert rows_of(shop, tea) == ROWS_MAX  # not while it may be hot


def test_Z1_less_than_a_unit_for_each_row_is_not_spread(
    shop: Shop, tea: Counter, keep: Callable[..., None]
) -> None:
    put(shop, stock_rows=12)
    shop.place("alice", "most", "tea", quantity=UNITS - 11)
    keep()
    assert rows_of(shop, tea) == 1


def test_Z1_orders_that_meet_others_again_and_again_have_the_stock_spread(
    shop: Shop, tea: Counter, calls: Calls, keep: Callable[..., None]
) -> None:
    calls.fail("TransactWriteItems", *[CONFLICT] * heat.CONFLICTS_HOT)
    shop.place("alice", "k", "tea")
    keep(heat.beside(tea))
    assert rows_of(shop, tea) == GROWTH
    keep(heat.beside(tea))  # once more: it was of the spread of before
    assert rows_of(shop, tea) == GROWTH
    assert whole(shop, tea) == UNITS - 1
    calls.fail("TransactWriteItems", *[CONFLICT] * 8)
    shop.place("alice", "elsewhere", "tea")  # eight would refuse an order that has one row to go to
    keep(heat.beside(tea))
    assert rows_of(shop, tea) == ROWS_MAX
    assert whole(shop, tea) == UNITS - 2


def test_Z1_units_that_come_back_and_meet_others_again_and_again_have_the_stock_spread(
    shop: Shop, tea: Counter, calls: Calls, keep: Callable[..., None]
) -> None:
    """All orders of a sale lapse at once, after its stock was sold out and lies in one row."""
    spread_over(shop.tables, tea, 4, Deadline(20))
    order, _ = shop.place("alice", "k", "tea")
    spread_over(shop.tables, tea, 1, Deadline(20))
    calls.fail("TransactWriteItems", *[CONFLICT] * heat.CONFLICTS_HOT)
    shop.book.change(order.order_id, lambda each: life.cancel(each, now=NOON), Deadline(20))
    keep(heat.beside(tea))
    assert rows_of(shop, tea) == GROWTH
    assert whole(shop, tea) == UNITS


def test_Z1_what_meets_nobody_says_nothing_and_is_spread_by_nobody(
    shop: Shop, tea: Counter, calls: Calls, keep: Callable[..., None]
) -> None:
    calls.fail("TransactWriteItems", *[CONFLICT] * (heat.CONFLICTS_HOT - 1))
    calls.sent.clear()
    shop.place("alice", "k", "tea")
    assert "UpdateItem" not in calls.sent
    keep()
    assert rows_of(shop, tea) == 1


def test_Z1_an_empty_stock_is_gathered_so_that_one_read_refuses(
    shop: Shop, tea: Counter, keep: Callable[..., None], calls: Calls
) -> None:
    put(shop, stock_rows=6)
    keep()
    order, _ = shop.place("alice", "all", "tea", quantity=UNITS)
    keep(tea.key(3))  # another row's reader adds up, and leaves the rest to the home's
    assert (home(shop, tea)["total"], rows_of(shop, tea)) == (0, 6)
    keep()
    assert rows_of(shop, tea) == 1
    calls.sent.clear()
    with pytest.raises(ConflictError):
        shop.place("alice", "one more", "tea")
    assert calls.sent == ["BatchGetItem", "GetItem"]  # all that it rests on, and the order once more
    shop.book.change(order.order_id, lambda each: life.cancel(each, now=NOON), Deadline(20))
    keep()
    assert rows_of(shop, tea) == 6
    assert whole(shop, tea) == UNITS


def test_Z1_a_row_that_is_almost_empty_gets_of_the_fullest(
    shop: Shop, tea: Counter, keep: Callable[..., None]
) -> None:
    spread_over(shop.tables, tea, 4, Deadline(20))
    for number in range(5):
        shop.place("alice", f"k{number}", "tea", quantity=100)
    keep()
    keep()
    rows = rows_ever(shop.tables, tea, Deadline(20))[:4]
    amounts = [row["stock"] for row in rows if row is not None]
    assert sum(amounts) == whole(shop, tea) == 100
    assert min(amounts) * 2 >= sum(amounts) / 4


def test_Z1_a_sum_is_right_although_a_levelling_is_seen_in_one_of_its_rows(
    shop: Shop, tea: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows are read one after another: here all but the last before it moves units, and that one after it."""
    spread_over(shop.tables, tea, 2, Deadline(20))
    read = [row for row in rows_ever(shop.tables, tea, Deadline(20)) if row is not None]
    read[1] = {**read[1], "stock": 0}  # as a leader saw it that is behind: it moves half of the home's
    before = read[0]
    level(shop.tables, tea, read, Deadline(20))
    after = [row for row in rows_ever(shop.tables, tea, Deadline(20)) if row is not None]
    assert after[0]["stock"] != before["stock"]
    torn = [before, after[1]]
    assert sum(row["stock"] for row in torn) != UNITS
    monkeypatch.setattr(Tables, "batch_get", lambda *_: torn)
    added = add_up(shop.tables, tea, Deadline(20), now=NOON)
    assert added is not None
    assert added.total == home(shop, tea)["total"] == UNITS


def test_Z1_a_stock_that_few_ask_for_goes_back_to_where_staff_want_it(
    shop: Shop, tea: Counter, keep: Callable[..., None], clock: Clock
) -> None:
    spread_over(shop.tables, tea, 8, Deadline(20))
    keep()  # takes its pace from here on
    clock.moment += CALM_AFTER - timedelta(seconds=1)
    shop.place("alice", "k1", "tea")
    keep()
    assert rows_of(shop, tea) == 8
    clock.moment += timedelta(seconds=1)
    shop.place("alice", "k2", "tea")
    keep()
    assert rows_of(shop, tea) == 1
    assert whole(shop, tea) == UNITS - 2


def test_Z1_a_change_of_price_that_broke_off_is_completed_by_the_keeper(
    shop: Shop, tea: Counter, keep: Callable[..., None], calls: Calls
) -> None:
    class GoneError(BaseException):
        pass

    def gone() -> None:
        raise GoneError

    spread_over(shop.tables, tea, 4, Deadline(20))
    calls.do_before("UpdateItem", lambda: calls.do_before("UpdateItem", gone))
    with pytest.raises(GoneError):
        put(shop, stock_rows=None, price_fen=20_000)
    calls.meanwhile.clear()
    assert faults(tea, rows_ever(shop.tables, tea, Deadline(20)))
    keep()
    assert whole(shop, tea) == UNITS


def test_Z1_an_operator_sees_rows_that_do_not_fit_and_gathers_all(shop: Shop, tea: Counter) -> None:
    shop.stock("cup", 5)
    spread_over(shop.tables, tea, 5, Deadline(20))
    add_up(shop.tables, tea, Deadline(20), now=NOON)
    assert [
        (each.sku, each.rows, each.stock, each.faults) for each in stock.shelves(shop.tables, tea.table)
    ] == [("tea", 5, UNITS, ())]
    row = shop.tables.get(tea.table, tea.key(2))
    assert row is not None
    shop.tables.put(tea.table, row | {"stock": row["stock"] + 7})  # past the code
    (found,) = stock.shelves(shop.tables, tea.table)
    assert found.faults == (f"the home row tells {UNITS}, and there are {UNITS + 7}",)
    shop.tables.put(tea.table, row)
    put(shop, stock_rows=5)
    assert stock.gather(shop.tables, tea.table) == 1
    assert (rows_of(shop, tea), home(shop, tea)["rows_least"], shop.units("tea")) == (1, None, UNITS)


PLANTED: dict[str, tuple[int, dict[str, Any]]] = {
    "units in a closed row": (3, {"stock": 1}),
    "a row that goes by other terms": (1, {"terms": -1}),
    "a levelling in one row": (1, {"shifted": 4}),
    "less than nothing": (1, {"stock": -1}),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_Z1_a_fault_that_is_planted_in_the_rows_is_found(shop: Shop, tea: Counter, fault: str) -> None:
    spread_over(shop.tables, tea, 4, Deadline(20))
    spread_over(shop.tables, tea, 3, Deadline(20))
    number, wrong = PLANTED[fault]
    row = shop.tables.get(tea.table, tea.key(number))
    assert row is not None
    assert faults(tea, rows_ever(shop.tables, tea, Deadline(20))) == []
    shop.tables.put(tea.table, row | wrong)
    assert faults(tea, rows_ever(shop.tables, tea, Deadline(20)))
