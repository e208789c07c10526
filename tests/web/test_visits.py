"""What a visit asks for is as it was written down: the costs of the pages are reckoned from it (K4, K5)."""

import json
from typing import Any

import pytest
from playwright.sync_api import Browser

from benchmarks.visits import FILE
from tests.web import visits

WRITTEN: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
HOW = (
    "python -m tests.web.visits --write, and python -m benchmarks.visits --write, if that is how it is to be"
)
APART = 0.1
"""By what share a page may have grown before it is measured anew."""


@pytest.mark.parametrize("app", visits.PAGES)
def test_pages_ask_for_what_is_written_down(browser: Browser, app: Any) -> None:
    now, then = visits.measured_of(browser, app), WRITTEN[app]
    assert list(now["pages"]) == list(then["pages"]), HOW
    for name, page in now["pages"].items():
        before = then["pages"][name]
        assert page["calls"] == before["calls"], f"{name}: {HOW}"
        assert page["asked_each_time"] == before["asked_each_time"], f"{name}: {HOW}"
    size, was = (
        sum(page["bytes"] for page in each["pages"].values()) + each["document_bytes"] for each in (now, then)
    )
    assert size == pytest.approx(was, rel=APART), HOW
