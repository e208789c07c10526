"""The browser of the walks: cheaper than it comes, and as Playwright wants it."""

import re
from pathlib import Path

import playwright

from tests.support.browser import OFF_BY_PLAYWRIGHT

DRIVER = Path(playwright.__file__).parent / "driver" / "package" / "lib" / "coreBundle.js"


def test_what_playwright_turns_off_in_the_browser_stays_off() -> None:
    (listed,) = re.findall(r"disabledFeatures = \[(.*?)\]", DRIVER.read_text(encoding="utf-8"), re.DOTALL)
    assert sorted(re.findall(r'^\s*"(\w+)"', listed, re.MULTILINE)) == sorted(OFF_BY_PLAYWRIGHT)
