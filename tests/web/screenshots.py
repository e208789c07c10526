"""Pictures of the pages for the documents, in both languages, with what the API answered the examples (K6).

.venv/bin/python -m tests.web.screenshots [console | storefront]
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import expect, sync_playwright

from tests.support.browser import chromium
from tests.support.pages import MEMBER, App, Site, example, opened
from tests.support.stack import ROOT
from tests.web.console_pages import ANSWERS, WALKS
from tools.web import APPS, build

FOLDER = ROOT / "docs" / "pictures" / "pages"
LANGUAGES: tuple[Literal["zh-CN", "en"], ...] = ("zh-CN", "en")
WIDTH_PIXELS = 1_200
CART = {
    "lines": [{"sku": "tea-longjing-100", "quantity": 4}, {"sku": "candle-osmanthus", "quantity": 1}],
    "coupon": "best",
    "points": "best",
    "campaigns": "best",
    "key": "cart-of-a-picture",
}


@dataclass(frozen=True)
class Picture:
    """A page, what of it has to be there before the picture is taken, and what the API answers besides."""

    app: App
    name: str
    path: str
    there: str
    groups: tuple[str, ...] = ()
    answers: dict[str, Any] = field(default_factory=dict)
    signed_in: bool = True

    def file(self, language: str) -> Path:
        """Return where the picture stands."""
        return FOLDER / f"{self.app}-{self.name}.{language[:2]}.png"


SOLD = {
    "tea-longjing-100": ("Longjing tea, 100 g", 9_950),
    "tea-puer-357": ("Pu'er tea cake, 357 g", 16_800),
    "cup-celadon": ("Celadon cup", 6_667),
    "candle-osmanthus": ("Osmanthus candle", 12_900),
}
IN_A_SALE = {"tea-longjing-100": ("tea-week", 8_458), "candle-osmanthus": ("candles", 9_900)}


def sold(sku: str) -> Any:
    """Return a product as a member sees it in the sale."""
    name, fen = SOLD.get(sku, (sku, 9_950))
    price_of, yours = IN_A_SALE.get(sku, ("list", fen))
    priced = {"price_fen": fen, "your_price_fen": yours, "price_of": price_of}
    zone = {"member_zone": sku.startswith("candle")}
    return {**example("get_product", "seen"), "sku": sku, "name": name, **priced, **zone}


SHELF: dict[str, Any] = {
    "get_product": lambda asked: (200, sold(asked.path["sku"])),
    "get_products": (200, {"items": [sold(sku) for sku in SOLD], "next_cursor": None}),
    "get_offers": (200, example("get_offers", "running")),
    "quote_cart": (200, example("quote_cart", "sale")),
    "get_coupons": (200, example("get_coupons", "of_templates")),
}
WAITING = {**example("place_order", "first"), "status": "placed"}
REFUNDED = {**example("get_order", "returned"), "status": "shipped", "received_at": None}
CONSOLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("today", "today", {}),
    ("orders", "orders", {}),
    ("order", "an order", {"get_order": (200, REFUNDED)}),
    ("cases", "cases", {}),
    ("case", "a case", {}),
    ("member", "a member", {}),
    ("products", "products", {}),
    ("product", "a product", {}),
    ("campaigns", "campaigns", {}),
    ("campaign", "a campaign", {}),
    ("campaign-form", "a campaign's form", {"get_campaign": (200, example("put_campaign", "spend_save"))}),
    ("coupons", "coupons", {}),
    ("template", "a template", {}),
    ("sales", "the report of sales", {}),
    ("liability", "the report of liability", {}),
    ("policy", "the policy", {}),
    ("jobs", "jobs", {}),
    ("audit", "audit", {}),
)
PICTURES = (
    Picture("storefront", "welcome", "/", ".welcome", signed_in=False),
    Picture("storefront", "home", "/", "li.product"),
    Picture("storefront", "product", "/products/candle-osmanthus", ".product-page"),
    Picture("storefront", "cart", "/cart", ".offers-used"),
    Picture("storefront", "pay", "/orders/ord_1", ".choice", answers={"get_order": (200, WAITING)}),
    Picture("storefront", "order", "/orders/ord_1", ".timeline"),
    Picture("storefront", "cases", "/cases", "li.card"),
    Picture("storefront", "points", "/points", "tbody tr"),
    Picture("storefront", "coupons", "/coupons", ".coupon"),
    Picture("storefront", "membership", "/me", ".timeline"),
    *(
        Picture(
            "console",
            name,
            WALKS[walk].path,
            WALKS[walk].there,
            groups=("admin",),
            answers={**ANSWERS, **answers},
        )
        for name, walk, answers in CONSOLE
    ),
)


def main() -> int:
    """Take all pictures anew, or those of one app."""
    program = chromium()
    if program is None:
        sys.stderr.write("no Chromium or Chrome on this machine\n")
        return 1
    build()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, chromium_sandbox=False)
        for each in PICTURES:
            if each.app not in (sys.argv[1:] or APPS):
                continue
            for language in LANGUAGES:
                kept = {f"memberday.cart.{MEMBER}": CART}
                site = Site(each.app, each.groups, answers={**SHELF, **each.answers}, kept=kept)
                looks = {"width": WIDTH_PIXELS, "language": language, "signed_in": each.signed_in}
                with opened(browser, site, each.path, **looks) as page:  # type: ignore[arg-type]
                    expect(page.locator(each.there).first).to_be_visible()
                    expect(page.locator(".skeleton")).to_have_count(0)
                    page.screenshot(path=each.file(language), full_page=True)
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
