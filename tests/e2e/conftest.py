"""End to end: one deployment to a local cloud per worker, in a folder and on a port of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.stack import Stack
from tools import client

client.write()  # before the modules of the tests are imported, which import it


TOGETHER = {"test_browser", "test_examples", "test_fuzz", "test_recovery"}
"""Files whose tests share a browser, a scene or another cloud: one worker has all of such a file."""


@pytest.hookimpl(tryfirst=True)  # before xdist looks for groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark these tests; all but a few are handed out one by one, since each worker has a deployment."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            if item.path.stem in TOGETHER:
                item.add_marker(pytest.mark.xdist_group(item.path.stem))


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
