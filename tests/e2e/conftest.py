"""End to end: one deployment to a local cloud per worker, in a folder and on a port of its own."""

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.support.stack import Stack
from tools import client

client.write()  # before the modules of the tests are imported, which import it


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The deployed stack of this worker, gone with everything that belongs to it when the session ends."""
    kept = os.environ.get("MEMBERDAY_E2E_DIR")
    stack = Stack(Path(kept) if kept else tmp_path_factory.mktemp("cloud"))
    try:
        stack.up()
        yield stack
    finally:
        if not kept:
            stack.try_local("reset")


@pytest.fixture
def ordinary_day(deployed: Stack) -> Stack:
    """The stack on a day of the month that is no member day, nor its end."""
    now = datetime.fromisoformat(deployed.local("clock")["now"])
    if not 2 <= now.day <= 8:
        ahead = (now.replace(day=28) + timedelta(days=7)).replace(day=3, hour=12)
        deployed.clock(ahead.isoformat(timespec="seconds"))
    return deployed
