"""A counter in several rows on the emulator: it keeps its sum, and gives no more than it has (Z1)."""

import random
import threading

import pytest

from functions.counters.counter import (
    ROWS_MAX,
    Counter,
    Held,
    Spread,
    add_up,
    give,
    held,
    plan,
    take,
    tell_terms,
    told,
)
from functions.counters.spreading import level, spread_over
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables
from functions.platform.settings import Settings
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, Calls, Fault
from tests.support.shop import NOON
from tests.support.threads import at_once

BUYERS, MOVERS = 6, 2
MOVES_PER_TRY = 8


@pytest.fixture
def counter(rows: Tables, settings: Settings) -> Counter:
    """A counter of a hundred units in one row."""
    home = {"sku": "tea", "item": "PRODUCT"}
    rows.put(settings.catalog_table, {**home, "stock": 100, "price_fen": 5})
    return Counter(table=settings.catalog_table, home=home, item="STOCK", amount="stock")


def amounts(rows: Tables, counter: Counter) -> list[int]:
    """Return what lies in each row."""
    found = held(rows, counter, Deadline(20))
    assert found is not None
    return list(found.amounts)


def as_read(rows: Tables, counter: Counter) -> list[Row]:
    """Return the rows of a counter, read in one pass."""
    added = add_up(rows, counter, Deadline(20), now=NOON)
    assert added is not None
    return list(added.rows)


def everything(rows: Tables, counter: Counter) -> list[Row]:
    """Return all rows that the counter may ever have had."""
    keys = [(counter.table, counter.key(row)) for row in range(ROWS_MAX)]
    return [each for each in rows.batch_get(keys, Deadline(20)) if each is not None]


def taken(rows: Tables, counter: Counter, plan_: dict[int, int], terms: int = 0) -> None:
    """Take so much from these rows, at five fen."""
    transaction = rows.transaction()
    take(transaction, counter, plan_, terms=terms, home_terms="#price_fen = :price", values={":price": 5})
    transaction.commit(Deadline(20))


def test_Z1_a_counter_is_spread_evenly_and_gathered_again(rows: Tables, counter: Counter) -> None:
    assert spread_over(rows, counter, 4, Deadline(20)) == 4
    assert amounts(rows, counter) == [25, 25, 25, 25]
    assert spread_over(rows, counter, 8, Deadline(20)) == 8
    assert sum(amounts(rows, counter)) == 100
    assert spread_over(rows, counter, 1, Deadline(20)) == 1
    assert amounts(rows, counter) == [100]
    assert [row["stock"] for row in everything(rows, counter)] == [100, *[0] * 7]  # rows are never removed
    assert spread_over(rows, counter, 2, Deadline(20)) == 2
    assert amounts(rows, counter) == [50, 50]


def test_Z1_there_is_nothing_to_spread_of_what_is_not_there(rows: Tables, counter: Counter) -> None:
    nobody = Counter(
        table=counter.table, home={"sku": "cup", "item": "PRODUCT"}, item="STOCK", amount="stock"
    )
    assert spread_over(rows, nobody, 4, Deadline(20)) == 0
    assert held(rows, nobody, Deadline(20)) is None
    assert add_up(rows, nobody, Deadline(20), now=NOON) is None
    assert everything(rows, nobody) == []


def test_Z1_a_closed_row_gives_nothing_and_takes_nothing(rows: Tables, counter: Counter) -> None:
    spread_over(rows, counter, 3, Deadline(20))
    spread_over(rows, counter, 2, Deadline(20))
    with pytest.raises(ConditionFailedError):
        taken(rows, counter, {2: 1})
    transaction = rows.transaction()
    give(transaction, counter, 2, 1)
    with pytest.raises(ConditionFailedError):
        transaction.commit(Deadline(20))
    assert sum(amounts(rows, counter)) == 100


def test_Z1_other_terms_than_those_that_were_read_are_not_taken_under(rows: Tables, counter: Counter) -> None:
    spread_over(rows, counter, 3, Deadline(20))
    taken(rows, counter, {0: 1, 1: 2, 2: 3})
    rows.upsert(counter.table, counter.home, replace={"price_fen": 6}, initially={}, counting="terms")
    taken(rows, counter, {1: 1})  # told by nobody yet: either is right while it changes
    tell_terms(rows, counter, Spread(rows=3, terms=1), Deadline(20))
    for plan_ in ({0: 1}, {1: 1}, {2: 1}, {1: 1, 2: 1}):
        with pytest.raises(ConditionFailedError):
            taken(rows, counter, plan_)
    tell_terms(rows, counter, Spread(rows=3, terms=0), Deadline(20))  # late: the newer ones stay
    with pytest.raises(ConditionFailedError):
        taken(rows, counter, {1: 1}, terms=0)
    taken(rows, counter, {1: 1}, terms=1)
    assert sum(amounts(rows, counter)) == 92


def test_Z1_a_row_that_is_opened_goes_by_the_terms_of_that_moment(rows: Tables, counter: Counter) -> None:
    for price in (5, 6, 7, 8, 9, 10, 11, 11, 5):  # of which the first and the last but one say nothing new
        rows.upsert(counter.table, counter.home, replace={"price_fen": price}, initially={}, counting="terms")
    spread_over(rows, counter, 2, Deadline(20))
    taken(rows, counter, {1: 1}, terms=7)
    with pytest.raises(ConditionFailedError):
        taken(rows, counter, {1: 1}, terms=6)


def test_Z1_levelling_evens_the_rows_out(rows: Tables, counter: Counter) -> None:
    spread_over(rows, counter, 5, Deadline(20))
    taken(rows, counter, {1: 20, 2: 20, 3: 15})
    for _ in range(4):
        level(rows, counter, as_read(rows, counter), Deadline(20))
    found = amounts(rows, counter)
    assert sum(found) == 45
    assert max(found) - min(found) <= 2


def test_Z1_the_home_row_tells_the_amount_of_a_moment_ago(rows: Tables, counter: Counter) -> None:
    def tells() -> int:
        home = rows.get(counter.table, counter.home)
        assert home is not None
        return told(home, counter.amount)

    assert tells() == 100
    for many in (2, 5, 3):
        spread_over(rows, counter, many, Deadline(20))
        assert tells() == 100
        add_up(rows, counter, Deadline(20), now=NOON)
        assert tells() == 100
    taken(rows, counter, {1: 7})
    assert tells() == 100
    add_up(rows, counter, Deadline(20), now=NOON)
    assert tells() == 93
    taken(rows, counter, {0: 1})
    spread_over(rows, counter, 2, Deadline(20))
    add_up(rows, counter, Deadline(20), now=NOON)
    assert tells() == 92
    spread_over(rows, counter, 1, Deadline(20))
    assert tells() == 92
    add_up(rows, counter, Deadline(20), now=NOON)
    assert tells() == 92


def test_Z1_a_sum_that_comes_late_does_not_hide_a_later_one(
    rows: Tables, counter: Counter, calls: Calls
) -> None:
    spread_over(rows, counter, 3, Deadline(20))

    def meanwhile() -> None:
        taken(rows, counter, {1: 5})
        add_up(rows, counter, Deadline(20), now=NOON)

    calls.do_before("UpdateItem", meanwhile)
    add_up(rows, counter, Deadline(20), now=NOON)
    home = rows.get(counter.table, counter.home)
    assert home is not None
    assert told(home, counter.amount) == 95


@pytest.mark.parametrize("fault", [RESET_BEFORE, LOST_AFTER], ids=["before", "after"])
@pytest.mark.parametrize("broken_off", range(6))
def test_Z1_a_change_of_the_spread_that_breaks_off_anywhere_loses_nothing(
    rows: Tables, counter: Counter, calls: Calls, fault: Fault, broken_off: int
) -> None:
    """The process is gone after any of its transactions; another one goes on, or back."""

    class GoneError(BaseException):
        pass

    left = broken_off

    def count() -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise GoneError
        calls.do_before("TransactWriteItems", count)

    calls.do_before("TransactWriteItems", count)
    try:
        spread_over(rows, counter, 5, Deadline(20))
        spread_over(rows, counter, 3, Deadline(20))
    except GoneError:
        pass
    calls.meanwhile.clear()
    assert sum(row["stock"] for row in everything(rows, counter)) == 100
    assert sum(amounts(rows, counter)) == 100
    calls.fail("TransactWriteItems", *[fault] * SENDS_OF_THE_SDK)
    assert spread_over(rows, counter, 4, Deadline(20)) == 4
    assert sum(row["stock"] for row in everything(rows, counter)) == sum(amounts(rows, counter)) == 100


def test_Z1_a_levelling_whose_answer_is_lost_moves_once(rows: Tables, counter: Counter, calls: Calls) -> None:
    spread_over(rows, counter, 2, Deadline(20))
    taken(rows, counter, {1: 40})
    calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
    level(rows, counter, as_read(rows, counter), Deadline(20))
    assert amounts(rows, counter) == [30, 30]


def test_Z1_what_changes_between_two_passes_is_read_again(
    rows: Tables, counter: Counter, calls: Calls
) -> None:
    spread_over(rows, counter, 3, Deadline(20))

    def moved() -> None:
        taken(rows, counter, {1: 1})
        transaction = rows.transaction()
        give(transaction, counter, 1, 1)  # so that the amounts are as they were
        transaction.commit(Deadline(20))

    calls.sent.clear()
    amounts(rows, counter)
    assert calls.sent.count("BatchGetItem") == 3  # one row, then all of them twice
    calls.do_before(
        "BatchGetItem",
        lambda: calls.do_before("BatchGetItem", lambda: calls.do_before("BatchGetItem", moved)),
    )
    calls.sent.clear()
    assert sum(amounts(rows, counter)) == 100
    assert calls.sent.count("BatchGetItem") == 4


def test_Z1_what_never_stands_still_is_a_conflict(rows: Tables, counter: Counter, calls: Calls) -> None:
    spread_over(rows, counter, 2, Deadline(20))

    def again() -> None:
        taken(rows, counter, {1: 1})
        calls.do_before("BatchGetItem", again)

    calls.do_before("BatchGetItem", again)
    with pytest.raises(ConflictError):
        held(rows, counter, Deadline(20))


def test_Z1_rivals_take_give_spread_and_level_and_the_last_unit_goes_once(
    rows: Tables, counter: Counter
) -> None:
    """Threads on the emulator until all is gone: a refusal only when all have too little together.

    Rows are moved so often for each try to take of them. Moved without a pause, they would stand still for so
    few reads that this took a minute.
    """
    gone, tries = threading.Event(), threading.Semaphore(0)
    took = [0] * BUYERS
    refused_at: list[int] = []

    def buyer(number: int) -> None:
        drawn = random.Random(number)  # noqa: S311 - a test's
        while not gone.is_set():
            tries.release(MOVES_PER_TRY)
            wanted = drawn.randint(1, 3)
            found = held_or_none(rows, counter)
            if found is None:
                continue
            plan_ = plan(found.amounts, wanted, first=Spread.of(found.home).row_of(str(drawn.random())))
            if plan_ is None:
                refused_at.append(found.total - wanted)
                if found.total == 0:
                    gone.set()
                    tries.release(MOVERS)
                continue
            try:
                taken(rows, counter, plan_)
            except (ConditionFailedError, ConflictError):
                continue
            took[number] += wanted

    def mover(number: int) -> None:
        drawn = random.Random(number)  # noqa: S311 - a test's
        while tries.acquire() and not gone.is_set():
            try:
                spread_over(rows, counter, drawn.randint(1, 6), Deadline(20))
                level(rows, counter, as_read(rows, counter), Deadline(20))
            except ConflictError:
                pass

    at_once(BUYERS + MOVERS, lambda number: buyer(number) if number < BUYERS else mover(number))
    assert sum(took) == 100
    assert all(each < 0 for each in refused_at)
    assert sum(row["stock"] for row in everything(rows, counter)) == 0


def held_or_none(rows: Tables, counter: Counter) -> Held | None:
    """Return the counter at one moment, or None where there was none to be had."""
    try:
        return held(rows, counter, Deadline(20))
    except ConflictError:
        return None
