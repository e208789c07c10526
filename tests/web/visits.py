"""What a visit to the pages asks for: the files of the first page and of later ones, and the API.

.venv/bin/python -m tests.web.visits [--write]

prints it, or writes it into ``benchmarks/visits.json``, from which benchmarks/visits.py reckons what a visit
costs. Each page is opened by itself. A file counts where it is asked for first, in the order of the pages.
"""

import gzip
import json
import sys
from collections import Counter
from collections.abc import Mapping
from typing import Any

from playwright.sync_api import Browser, expect

from benchmarks.visits import FILE
from tests.support.browser import chromium, launched
from tests.support.pages import MEMBER, App, Site, dist, example, opened
from tests.web.console_pages import ANSWERS, WALKS
from tools.web import APPS, build

ASSETS, ICON = "/assets/", "/icon.svg"
CART = {
    "lines": [{"sku": "tea-longjing-100", "quantity": 4}, {"sku": "candle-osmanthus", "quantity": 1}],
    "coupon": "best",
    "points": "best",
    "campaigns": "best",
    "key": "cart-of-a-visit",
}
STOREFRONT: Mapping[str, tuple[str, str]] = {
    "home": ("/", "li.product"),
    "a product": ("/products/tea-longjing-100", ".product-page"),
    "the cart": ("/cart", ".offers-used"),
    "orders": ("/orders", "li.card"),
    "an order": ("/orders/ord_1", ".timeline"),
    "points": ("/points", "tbody tr"),
    "coupons": ("/coupons", ".coupon"),
    "membership": ("/me", ".timeline"),
    "cases": ("/cases", "li.card"),
}
CONSOLE: Mapping[str, tuple[str, str]] = {
    name: (WALKS[name].path, WALKS[name].there)
    for name in (
        "today",
        "orders found",
        "an order",
        "cases",
        "a case",
        "members",
        "a member",
        "products",
        "a campaign",
        "the report of sales",
        "audit",
    )
}
PAGES: Mapping[App, Mapping[str, tuple[str, str]]] = {"storefront": STOREFRONT, "console": CONSOLE}
"""The pages, the first of a visit first: where each is, and what is there once it is shown."""
FRAME = {"get_me"}
"""What stands around all pages, and is asked once a visit."""
SALE: Mapping[str, Any] = {
    "quote_cart": (200, example("quote_cart", "sale")),
    "get_coupons": (200, example("get_coupons", "of_templates")),
}


def loaded(browser: Browser, app: App, path: str, there: str) -> Site:
    """Open a page in a browser that has nothing, as somebody who comes back; return what it asked for."""
    answers = {**SALE, **(ANSWERS if app == "console" else {})}
    groups = ("admin",) if app == "console" else ()
    site = Site(app, groups, answers=answers, kept={f"memberday.cart.{MEMBER}": CART})
    with opened(browser, site, path, comes_back=False) as page:
        expect(page.locator(there).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        page.wait_for_load_state("networkidle")
    assert site.complaints == [], site.complaints
    return site


def measured_of(browser: Browser, app: App) -> dict[str, Any]:
    """Open an app's pages; return what each asks for, and its files besides those of the ones before."""
    found: dict[str, Any] = {}
    known: set[str] = set()
    calls_of_frame: set[str] = set()
    for name, (path, there) in PAGES[app].items():
        site = loaded(browser, app, path, there)
        # What has its contents in its name a browser keeps, though the tests' own does not.
        files = {file for file in site.served if file.startswith(ASSETS)} - known
        known |= files
        calls = Counter(each.operation for each in site.asked if each.operation not in calls_of_frame)
        if not found:
            calls_of_frame = FRAME & calls.keys()
        found[name] = {
            "asked_each_time": asked_each_time(site),
            "files": len(files),
            "bytes": sum(compressed(app, file) for file in files),
            "calls": dict(sorted(calls.items())),
        }
    return {"document_bytes": compressed(app, "/index.html"), "pages": found}


def asked_each_time(site: Site) -> int:
    """Return how often a load asks for what says "no-cache": before and after the sign-in, and one icon."""
    again = [file for file in site.served if not file.startswith(ASSETS)]
    return sum(file != ICON for file in again) + (ICON in again)


def compressed(app: App, file: str) -> int:
    """Return the bytes of a file as they go over the wire."""
    return len(gzip.compress((dist(app) / file.lstrip("/")).read_bytes(), mtime=0))


def measured(browser: Browser) -> dict[str, Any]:
    """Return what visits to both apps ask for."""
    return {app: measured_of(browser, app) for app in PAGES}


def main() -> int:
    """Print what visits ask for, or write it down."""
    if chromium() is None:
        sys.stderr.write("no Chromium or Chrome on this machine\n")
        return 1
    build()
    with launched() as browser:
        found = measured(browser)
    assert set(found) == set(APPS)
    text = json.dumps(found, indent=2) + "\n"
    if sys.argv[1:] == ["--write"]:
        FILE.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
