"""One browser for all walks through the pages, and the pages built."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.support.browser import VARIABLE, chromium, launched
from tools.web import build


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, with the pages built for it.

    It ends with these tests: while it is there a loop runs in the thread, and no other may begin
    (``asyncio.run``).
    """
    if chromium() is None:
        pytest.skip(f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}")
    build()
    with launched() as browser:
        yield browser
