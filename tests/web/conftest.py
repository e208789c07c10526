"""A browser for the walks of a file, and the pages built."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.support.browser import VARIABLE, chromium
from tools.web import build


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's own Chromium, with the pages built for it.

    It ends with its file: while it is there a loop runs in the thread, and no other may begin
    (``asyncio.run``).
    """
    program = chromium()
    if program is None:
        pytest.skip(f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}")
    build()
    # Its sandbox needs what root, and many a container, has not; what it opens is our own.
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, chromium_sandbox=False)
        try:
            yield browser
        finally:
            browser.close()
