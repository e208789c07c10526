"""A worker holds a page, however much is due."""

import logging
import tracemalloc

import pytest

from benchmarks import memory
from functions.platform.observability import logger

FEW, MANY = 1_000, 3_000
"""The fewer fill a page of every shard."""


@pytest.fixture(autouse=True)
def unlogged(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is logged: a test keeps every line."""
    caplog.set_level(logging.CRITICAL, logger=logger.name)


def peak(name: str, count: int) -> int:
    """Return the bytes that a job holds at most."""
    tracemalloc.start()
    try:
        memory.measured(name, count)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", memory.JOBS)
def test_three_times_as_much_due_takes_no_more_memory(name: str) -> None:
    memory.measured(name, FEW)  # what is imported and kept once
    few, many = peak(name, FEW), peak(name, MANY)
    assert many < 1.2 * few, f"{few} bytes for {FEW} rows, {many} for {MANY}"


@pytest.mark.parametrize("name", memory.JOBS)
def test_every_row_is_written_once(name: str) -> None:
    assert memory.measured(name, FEW)[:2] == [f"`{name}`", f"{FEW:,}".replace(",", " ")]
