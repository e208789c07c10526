"""From which rows of a counter is taken, and which row is whose."""

from collections import Counter as Tally

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.counters.counter import ROWS_MAX, Counter, Spread, plan

STOCK = Counter(table="Catalog", home={"sku": "tea", "item": "PRODUCT"}, item="STOCK", amount="stock")


@given(
    amounts=st.lists(st.integers(0, 20), min_size=1, max_size=ROWS_MAX),
    wanted=st.integers(1, 60),
    first=st.integers(0, ROWS_MAX - 1),
)
def test_Z1_a_plan_takes_what_is_wanted_and_no_row_gives_more_than_it_has(
    amounts: list[int], wanted: int, first: int
) -> None:
    taken = plan(amounts, wanted, first=first % len(amounts))
    if taken is None:
        assert sum(amounts) < wanted
    else:
        assert sum(taken.values()) == wanted
        assert all(0 < units <= amounts[row] for row, units in taken.items())
        assert len(taken) == 1 or max(amounts) < wanted


@pytest.mark.parametrize(
    ("amounts", "wanted", "first", "taken"),
    [
        ([5], 5, 0, {0: 5}),
        ([5], 6, 0, None),
        ([5, 5, 5], 2, 1, {1: 2}),
        ([5, 1, 5], 2, 1, {2: 2}),
        ([5, 1, 1], 2, 1, {0: 2}),  # the next that has enough, past the last
        ([1, 0, 3, 3], 5, 2, {0: 1, 2: 3, 3: 1}),  # none has: several in turn
        ([0, 0], 1, 0, None),
    ],
)
def test_Z1_the_own_row_is_asked_first_then_the_next_then_several(
    amounts: list[int], wanted: int, first: int, taken: dict[int, int] | None
) -> None:
    assert plan(amounts, wanted, first=first) == taken


@pytest.mark.parametrize("rows", [1, 2, 7, 24, ROWS_MAX])
def test_Z1_each_row_is_that_of_about_as_many_names(rows: int) -> None:
    names = 500 * rows
    found = Tally(Spread(rows=rows).row_of(f"ord_{number}") for number in range(names))
    assert set(found) == set(range(rows))
    assert all(400 < each < 600 for each in found.values())


def test_Z1_the_rows_of_a_counter_lie_under_keys_of_their_own() -> None:
    keys = [STOCK.key(row) for row in range(ROWS_MAX)]
    assert keys[0] == STOCK.home
    assert {each["item"] for each in keys[1:]} == {"STOCK"}
    assert len({each["sku"] for each in keys}) == ROWS_MAX


def test_a_row_that_was_never_spread_is_one_row() -> None:
    assert Spread.of({"sku": "tea", "stock": 5}) == Spread(rows=1, generation=0, terms=0)
