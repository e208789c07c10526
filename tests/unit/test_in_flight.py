"""A worker does several things of a page at once, and they are told as if it had done them one by one."""

import threading
import time

import pytest

from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import IN_FLIGHT, each_until

WAIT_SECONDS_MAX = 20


def rows_of(number: int) -> list[Row]:
    return [{"item": number}]


def test_as_many_are_under_way_at_once_as_may_be() -> None:
    all_there = threading.Barrier(IN_FLIGHT)

    def act(_: int) -> int:
        all_there.wait(WAIT_SECONDS_MAX)  # breaks, and fails the thing, unless the others come too
        return 1

    handled = each_until(Deadline(WAIT_SECONDS_MAX), range(IN_FLIGHT), act, rows_of=rows_of)
    assert (handled.done, handled.failed, handled.left) == (IN_FLIGHT, [], [])


@pytest.mark.parametrize("at_once", [1, IN_FLIGHT])
def test_no_more_are_under_way_than_may_be(at_once: int) -> None:
    lock = threading.Lock()
    under_way = most = 0

    def act(_: int) -> int:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.01)  # so long that one more would be seen
        with lock:
            under_way -= 1
        return 1

    assert each_until(Deadline(WAIT_SECONDS_MAX), range(40), act, rows_of=rows_of, at_once=at_once).done == 40
    assert most == at_once


def test_what_is_done_is_summed_and_what_failed_is_set_aside_in_its_order() -> None:
    def act(number: int) -> int:
        if number % 3 == 0:
            raise ValueError(number)
        return number

    handled = each_until(Deadline(WAIT_SECONDS_MAX), range(10), act, rows_of=rows_of)
    assert handled.done == 1 + 2 + 4 + 5 + 7 + 8
    assert handled.failed == [{"item": number} for number in (0, 3, 6, 9)]
    assert handled.left == []


def test_nothing_is_begun_when_the_time_is_up() -> None:
    begun: list[int] = []

    def act(number: int) -> int:
        begun.append(number)
        return 1

    handled = each_until(Deadline(0), range(3), act, rows_of=rows_of)
    assert (handled.done, begun) == (0, [])
    assert handled.left == [{"item": number} for number in range(3)]


def test_the_end_of_the_process_ends_the_page() -> None:
    def act(number: int) -> int:
        if number == 0:
            raise SystemExit
        return 1

    with pytest.raises(SystemExit):
        each_until(Deadline(WAIT_SECONDS_MAX), range(3), act, rows_of=rows_of)
