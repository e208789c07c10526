"""Orders of a product whose stock lies in several rows, on the emulator (Z1)."""

import pytest

from benchmarks.usage import counted
from functions.catalog.stock import StockMovement, counter_of
from functions.counters.counter import Counter, Spread, held
from functions.counters.spreading import spread_over
from functions.domain.errors import ConflictError, RefusalError
from functions.orders import life
from functions.orders.order import Order
from functions.platform.deadline import Deadline
from tests.support.faults import Calls
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

UNITS = 60


@pytest.fixture
def hot(shop: Shop) -> Counter:
    """The stock of tea in six rows of ten, and of cups in one; alice and bob can buy."""
    shop.stock("tea", UNITS)
    shop.stock("cup", 5)
    for member in ("alice", "bob"):
        shop.register(member)
    counter = counter_of(shop.settings.catalog_table, "tea")
    spread_over(shop.tables, counter, 6, Deadline(20))
    return counter


def amounts(shop: Shop, counter: Counter) -> list[int]:
    """Return what lies in each row."""
    found = held(shop.tables, counter, Deadline(20))
    assert found is not None
    return list(found.amounts)


def own_row(order: Order, rows: int = 6) -> int:
    """Return an order's own row."""
    return Spread(rows=rows).row_of(order.order_id)


def cancel(shop: Shop, order: Order) -> None:
    """Cancel an order."""
    shop.book.change(order.order_id, lambda each: life.cancel(each, now=NOON), Deadline(20))


def move(shop: Shop, movement_id: str, delta: int) -> int:
    """Move tea, and return what staff are told is there."""
    movement = StockMovement(
        movement_id=movement_id, sku="tea", delta=delta, reason="count", operator="clerk", moved_at=NOON
    )
    return shop.catalog.move_stock(movement, Deadline(20)).stock


def test_Z1_an_order_takes_from_its_own_row_and_gives_back_to_it(shop: Shop, hot: Counter) -> None:
    orders = [shop.place("alice", f"k{number}", "tea", quantity=2)[0] for number in range(8)]
    left = [10] * 6
    for order in orders:
        left[own_row(order)] -= 2
    assert amounts(shop, hot) == left
    for order in orders:
        cancel(shop, order)
    assert amounts(shop, hot) == [10] * 6


def test_Z1_what_was_bought_from_one_row_goes_home_and_what_from_many_to_where_it_belongs_now(
    shop: Shop, hot: Counter
) -> None:
    spread_over(shop.tables, hot, 1, Deadline(20))
    cold = shop.place("alice", "cold", "tea", quantity=3)[0]
    spread_over(shop.tables, hot, 6, Deadline(20))
    warm = shop.place("alice", "warm", "tea", quantity=3)[0]
    before = amounts(shop, hot)
    cancel(shop, cold)
    before[0] += 3
    assert amounts(shop, hot) == before
    spread_over(shop.tables, hot, 2, Deadline(20))
    before = amounts(shop, hot)
    cancel(shop, warm)
    before[own_row(warm, 2)] += 3
    assert amounts(shop, hot) == before
    assert sum(before) == UNITS


def test_Z1_the_last_units_are_sold_and_no_more(shop: Shop, hot: Counter) -> None:
    """Fifteen orders of four units take all sixty, the later ones from other rows, or from several."""
    for number in range(15):
        shop.place("alice", f"k{number}", "tea", quantity=4)
    assert amounts(shop, hot) == [0] * 6
    with pytest.raises(ConflictError) as refused:
        shop.place("alice", "one more", "tea")
    assert refused.value.code == "insufficient_stock"
    assert refused.value.facts == {"skus": ["tea"], "left": {"tea": 0}}
    shop.place("alice", "cup", "cup")  # others are not held up


def test_Z1_an_order_of_more_than_any_row_has_takes_from_several(shop: Shop, hot: Counter) -> None:
    order, _ = shop.place("alice", "k", "tea", "cup", quantity=5)
    cancel(shop, order)
    order, _ = shop.place("alice", "many", "tea", quantity=45)
    assert sum(amounts(shop, hot)) == UNITS - 45
    with pytest.raises(RefusalError):
        shop.place("alice", "too many", "tea", quantity=16)
    shop.place("alice", "the rest", "tea", quantity=15)
    cancel(shop, order)
    assert sum(amounts(shop, hot)) == 45


def test_Z1_a_repeat_finds_the_order_and_takes_nothing(shop: Shop, hot: Counter) -> None:
    order, _ = shop.place("alice", "k", "tea", quantity=45)
    again, repeated = shop.place("alice", "k", "tea", quantity=45)
    assert repeated
    assert again == order
    assert sum(amounts(shop, hot)) == UNITS - 45


def test_Z1_it_asks_and_takes_as_often_as_an_order_of_one_row(shop: Shop, hot: Counter, calls: Calls) -> None:
    shop.place("bob", "first", "cup")
    used = []
    for key, sku in (("one", "cup"), ("six", "tea")):
        with counted(shop.tables.client) as usage:
            shop.place("alice", key, sku)
        used.append((usage.write_units, usage.read_units))
    (written, read), (written_many, read_many) = used
    assert read_many == read
    assert written_many - written <= 2  # the order's row says how many rows there were: a begun kilobyte more
    assert calls.sent[-2:] == ["BatchGetItem", "TransactWriteItems"]


def test_Z1_after_a_change_of_price_nobody_pays_the_old_one(shop: Shop, hot: Counter, calls: Calls) -> None:
    def dearer() -> None:
        shop.stock("tea", 0, price_fen=20_000)

    calls.do_before("TransactWriteItems", dearer)  # it was read at the price of before
    order, _ = shop.place("alice", "k", "tea")
    assert order.quote.paid_fen >= 20_000
    assert sum(amounts(shop, hot)) == UNITS - 1


def test_Z1_a_change_of_price_that_broke_off_is_completed_by_the_next_order(
    shop: Shop, hot: Counter, calls: Calls
) -> None:
    break_a_change_of_price_off(shop, calls)
    for number in range(8):
        order, _ = shop.place("alice", f"k{number}", "tea")
        assert order.quote.lines[0].list_price_fen == 20_000
    told = [row for row in rows_of(shop, hot) if row["terms"] == 2]
    assert len(told) > 1  # those that were asked; the others are told when they are, or by the keeper


def test_Z1_a_change_of_price_that_broke_off_holds_no_movement_of_stock_up(
    shop: Shop, hot: Counter, calls: Calls
) -> None:
    break_a_change_of_price_off(shop, calls)
    assert move(shop, "loss", -UNITS) == 0
    assert {row["terms"] for row in rows_of(shop, hot)} == {2}


def break_a_change_of_price_off(shop: Shop, calls: Calls) -> None:
    """Have a change of the price end after the home row is written, and before any other one is told."""

    class GoneError(BaseException):
        pass

    def gone() -> None:
        raise GoneError

    calls.do_before("UpdateItem", lambda: calls.do_before("UpdateItem", gone))
    with pytest.raises(GoneError):
        shop.stock("tea", 0, price_fen=20_000)
    calls.meanwhile.clear()


def rows_of(shop: Shop, counter: Counter) -> list[dict[str, object]]:
    """Return the rows of a counter."""
    keys = [(counter.table, counter.key(row)) for row in range(6)]
    return [row for row in shop.tables.batch_get(keys, Deadline(20)) if row is not None]


def test_Z1_a_withdrawn_product_is_taken_from_no_row(shop: Shop, hot: Counter, calls: Calls) -> None:
    def withdraw() -> None:
        shop.catalog.put(
            "tea",
            name="tea",
            price_fen=9_950,
            member_zone=False,
            low_stock_threshold=None,
            deadline=Deadline(20),
            status="withdrawn",
        )

    calls.do_before("TransactWriteItems", withdraw)
    with pytest.raises(RefusalError) as refused:
        shop.place("alice", "k", "tea")
    assert refused.value.code == "product_withdrawn"
    assert amounts(shop, hot) == [10] * 6


def test_Z1_movements_of_stock_are_exact_and_staff_are_told_the_sum(shop: Shop, hot: Counter) -> None:
    assert move(shop, "delivery 2", 7) == 67
    assert move(shop, "delivery 2", 7) == 67
    assert move(shop, "loss", -20) == 47
    with pytest.raises(ConflictError) as refused:
        move(shop, "all and one", -48)
    assert refused.value.code == "insufficient_stock"
    assert move(shop, "all", -47) == 0
    assert amounts(shop, hot) == [0] * 6


@pytest.mark.parametrize("many", [1, 6])
def test_Z1_rivals_for_the_last_units_while_rows_come_and_go(shop: Shop, hot: Counter, many: int) -> None:
    """Seven shoppers want four units three times, which are more than there are, while rows come and go."""
    spread_over(shop.tables, hot, many, Deadline(20))

    def shopper(number: int) -> int:
        got = 0
        for attempt in range(3):
            try:
                shop.place("alice", f"{number}-{attempt}", "tea", quantity=4)
                got += 4
            except ConflictError as refusal:
                if refusal.code == "insufficient_stock":
                    refused_at.append(number)
        return got

    def mover(number: int) -> int:
        for rows in (4, 2, 6, 1, 3):
            try:
                spread_over(shop.tables, hot, rows, Deadline(20))
            except ConflictError:
                continue
        return 0

    refused_at: list[int] = []
    outcome = at_once(8, lambda number: shopper(number) if number < 7 else mover(number))
    sold = sum(each for each in outcome if isinstance(each, int))
    assert sum(amounts(shop, hot)) == UNITS - sold
    assert sold == UNITS or not refused_at
