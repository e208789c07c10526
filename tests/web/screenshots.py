"""Pictures of the pages for the documents, in both languages, with what the API answered the examples (K6).

.venv/bin/python -m tests.web.screenshots [APP | NAME ...]

takes all anew, or those of an app (``console``, ``storefront``), or the named ones (``console-today``).
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, expect

from tests.support.browser import chromium, launched
from tests.support.pages import HEIGHT_PIXELS, MEMBER, App, Site, example, opened, problem
from tests.support.stack import ROOT
from tests.web.console_pages import ANSWERS, DIFFERENCE, DIFFERENCES, LATE, STATEMENT, WALKS, page_of
from tools.web import APPS, build

FOLDER = ROOT / "docs" / "pictures" / "pages"
LANGUAGES: tuple[Literal["zh-CN", "en"], ...] = ("zh-CN", "en")
WIDTH_PIXELS, WIDE_PIXELS = 1_200, 1_440
TRIED_UNITS = 4
TRIES = ".card:has(.stepper)"
"""Where a campaign is tried on a cart."""
CART = {
    "lines": [{"sku": "tea-longjing-100", "quantity": 4}, {"sku": "candle-osmanthus", "quantity": 1}],
    "coupon": "best",
    "points": "best",
    "campaigns": "best",
    "key": "cart-of-a-picture",
}


@dataclass(frozen=True)
class Picture:
    """A page, what of it has to be there before the picture is taken, and what the API answers besides.

    ``typed`` is what is sought in the page's search field before, if anything is; ``tried`` is the cart of a
    campaign's preview.
    """

    app: App
    name: str
    path: str
    there: str
    groups: tuple[str, ...] = ()
    answers: dict[str, Any] = field(default_factory=dict)
    signed_in: bool = True
    typed: str = ""
    tried: str = ""
    width_pixels: int = WIDTH_PIXELS

    @property
    def title(self) -> str:
        """What the picture is called."""
        return f"{self.app}-{self.name}"

    def file(self, language: str) -> Path:
        """Return where the picture stands."""
        return FOLDER / f"{self.title}.{language[:2]}.png"


SOLD = {
    "tea-longjing-100": ("Longjing tea, 100 g", 9_950),
    "tea-puer-357": ("Pu'er tea cake, 357 g", 16_800),
    "cup-celadon": ("Celadon cup", 6_667),
    "candle-osmanthus": ("Osmanthus candle", 12_900),
}
BOUGHT = {**SOLD, "kettle-iron": ("Iron kettle", 64_900)}
IN_A_SALE = {"tea-longjing-100": ("tea-week", 8_458), "candle-osmanthus": ("candles", 9_900)}


def sold(sku: str) -> Any:
    """Return a product as a member sees it in the sale."""
    name, fen = BOUGHT.get(sku, (sku, 9_950))
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
OWN = (
    {**WAITING, "placed_at": "2026-12-03T19:58:40+08:00"},
    {
        **example("place_order", "gift"),
        "order_id": "ord_m4k2v7xq5ydr3hnejz6wtbuasc",
        "status": "shipped",
        "placed_at": "2026-12-01T21:14:02+08:00",
    },
    {
        **example("place_order", "points"),
        "order_id": "ord_qd7s2cxk4bvn5oweu3zyg6jmta",
        "status": "received",
        "placed_at": "2026-11-11T12:00:21+08:00",
    },
    {
        **example("place_order", "coupon"),
        "order_id": "ord_wtigdk6ktr4rhez24g6pthw2um",
        "status": "lapsed",
        "placed_at": "2026-11-02T08:31:16+08:00",
    },
)
REFUNDED = {**example("get_order", "returned"), "status": "shipped", "received_at": None}
HISTORY = example("get_order_history", "received")["items"]
"""The newest first: received, its shipment corrected, shipped, paid, placed."""
OF_DAYS = (
    ("2026-12-03", 18, 15, 2, 1, 402_150, 61_300, 9_000, 1_200, 348_650, 27_850),
    ("2026-12-02", 14, 13, 1, 1, 318_900, 40_120, 7_000, 800, 284_980, 0),
    ("2026-12-01", 21, 19, 1, 0, 466_700, 88_410, 8_000, 2_400, 383_890, 16_800),
    ("2026-11-30", 9, 8, 0, 1, 187_050, 9_950, 5_000, 0, 182_100, 0),
    ("2026-11-28", 11, 11, 0, 0, 240_300, 22_000, 6_000, 400, 223_900, 9_283),
    ("2026-11-25", 7, 6, 1, 0, 131_650, 4_000, 4_000, 0, 131_650, 0),
    ("2026-11-20", 12, 10, 1, 1, 225_400, 30_700, 6_000, 1_000, 199_700, 10_950),
    ("2026-11-11", 39, 36, 2, 1, 902_800, 241_560, 11_000, 6_200, 666_040, 64_900),
    ("2026-11-10", 33, 30, 2, 1, 731_200, 146_240, 10_000, 5_800, 589_160, 33_340),
)
OF_A_DAY = (
    "date",
    "placed_orders",
    "paid_orders",
    "cancelled_orders",
    "lapsed_orders",
    "list_fen",
    "discount_fen",
    "shipping_fen",
    "points_value_fen",
    "paid_fen",
    "refunded_fen",
)
MONTH = [
    {**dict(zip(OF_A_DAY, day, strict=True)), "redeemed_points": 5 * day[8]}  # 500 points are worth a yuan
    for day in OF_DAYS
]
AS_TRIED = example("preview_campaign", "saves")
WITHOUT = {
    "campaigns": [],
    "goods_net_fen": AS_TRIED["before"]["goods_fen"],
    "order_amount_fen": AS_TRIED["before"]["goods_fen"],
    "paid_fen": AS_TRIED["before"]["goods_fen"],
}
SAVES = {**AS_TRIED, "before": {**AS_TRIED["before"], **WITHOUT}}
FOUND = example("search_members", "by_name")["items"][0]
FOUND_MEMBERS = (
    {**FOUND, "name": "林小满", "phone": "+8613800138000", "tier": "J2"},
    {
        **FOUND,
        "member_id": "51c7e0de-5b0a-4c1e-9d8f-6a4f1d2b7c33",
        "name": "林知夏",
        "phone": "+8613900139001",
        "tier": "J1",
        "registered_at": "2026-11-11T21:40:08+08:00",
    },
    {
        **FOUND,
        "member_id": "9a2d4f76-10b3-4e57-8c6e-0f5b3a9d1e84",
        "name": "林晚",
        "phone": None,
        "tier": "J0",
        "registered_at": "2026-12-02T09:05:31+08:00",
    },
)
REFUND = example("get_refunds", "manual")["items"][0]
FAILED = (
    {
        **REFUND,
        "payment_id": "wechatpay:4200001234202612010000000007",
        "provider": "wechatpay",
        "state": "failed",
        "because": "NOT_ENOUGH",
        "made_at": "2026-12-01T15:20:11+08:00",
    },
    {
        **REFUND,
        "refund_id": "ref_m4k2v7xq5ydr3hnejz6wtbuasc_c00002",
        "order_id": "ord_m4k2v7xq5ydr3hnejz6wtbuasc",
        "payment_id": "alipay:2026120122001400000000000042",
        "provider": "alipay",
        "amount": 16_800,
        "reason": "returned",
        "state": "failed",
        "because": "ACQ.SELLER_BALANCE_NOT_ENOUGH",
        "made_at": "2026-12-02T10:02:54+08:00",
    },
    {
        **REFUND,
        "refund_id": "ref_qd7s2cxk4bvn5oweu3zyg6jmta_pay",
        "order_id": "ord_qd7s2cxk4bvn5oweu3zyg6jmta",
        "payment_id": "stripe:pi_3jeomgvx5o2k2bt4ci9oz3rz",
        "provider": "stripe",
        "amount": 10_950,
        "reason": "payment_not_applied",
        "state": "failed",
        "because": "lost_or_stolen_card",
        "made_at": "2026-12-03T09:47:30+08:00",
    },
)
MONEY = example("get_unassigned_payments", "page")["items"][0]
UNASSIGNED = (
    {**MONEY, "noticed_at": "2026-12-01T13:00:25+08:00"},
    {
        **MONEY,
        "payment_id": "wechatpay:4200001234202612020000000019",
        "provider": "wechatpay",
        "because": "amount",
        "amount": 9_950,
        "number": "4xq7m2vd5k",
        "noticed_at": "2026-12-02T18:22:03+08:00",
    },
    {
        **MONEY,
        "payment_id": "alipay:2026120222001400000000000077",
        "provider": "alipay",
        "because": "unknown_number",
        "amount": 129_800,
        "number": "till-2039",
        "noticed_at": "2026-12-03T08:15:40+08:00",
        "state": "proposed",
        "order_id": "ord_sghrbumqm2a5zofktezhf7dnvq",
        "proposed_by": "7c2e3f0a-2f43-4a53-9d51-0d6a5c9f6a11",
    },
)
SIDE = DIFFERENCE["ours"]
UNEQUAL = (
    DIFFERENCE,
    {
        **DIFFERENCE,
        "kind": "missing_here",
        "payment_id": "wechatpay:4200001234202612020000000033",
        "number": "4200001234202612020000000033",
        "ours": None,
        "theirs": {**SIDE, "amount": 12_900},
        "line": 7,
    },
    {
        **DIFFERENCE,
        "kind": "state",
        "provider": "alipay",
        "entry": "refund",
        "payment_id": "alipay:2026120122001400000000000042",
        "number": "mm4k2v7xq5ydr3hnejz6wtbuascc00002",
        "ours": {**SIDE, "amount": 16_800},
        "theirs": {**SIDE, "amount": 16_800, "state": "failed"},
        "line": 12,
    },
    {
        **DIFFERENCE,
        "kind": "damaged",
        "provider": "stripe",
        "entry": None,
        "payment_id": None,
        "number": None,
        "ours": None,
        "theirs": None,
        "line": 31,
        "because": "totals",
    },
)
STATEMENTS = (
    {**STATEMENT, "lines": 41, "payments_fen": 438_000, "fees_fen": 2_628},
    {**STATEMENT, "provider": "alipay", "lines": 26, "payments_fen": 271_500, "refunds_fen": 16_800},
    {
        **STATEMENT,
        "provider": "stripe",
        "state": "damaged",
        "lines": 0,
        "payments_fen": 0,
        "refunds_fen": 0,
        "fees_fen": 0,
    },
)
SENT_BACK = (
    ("tea-longjing-100", 46, 2, 0, 1),
    ("candle-osmanthus", 31, 1, 0, 0),
    ("cup-celadon", 22, 4, 1, 2),
    ("tea-puer-357", 17, 0, 0, 0),
    ("kettle-iron", 9, 2, 0, 0),
)
RETURNED = [
    {"sku": sku, "received": received, "returned": returned, "lost": lost, "exchanged": exchanged}
    for sku, received, returned, lost, exchanged in SENT_BACK
]
CASES = {
    "month": "2026-12",
    "opened": {"return": 14, "exchange": 5, "refund_only": 3, "complaint": 2},
    "answered": 21,
    "answer_seconds": 11_520,
    "overdue": 1,
    "share_overdue": "0.05",
}
PARCELS = (
    LATE,
    {
        **LATE,
        "order_id": "ord_m4k2v7xq5ydr3hnejz6wtbuasc",
        "shipped_at": "2026-11-29T17:40:12+08:00",
        "tracking_no": "JDX031234567890",
        "carrier": "JD Logistics",
    },
    {
        **LATE,
        "order_id": "ord_qd7s2cxk4bvn5oweu3zyg6jmta",
        "shipped_at": "2026-11-30T11:05:47+08:00",
        "tracking_no": None,
        "carrier": None,
    },
)
CONSOLE: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("today", "today", {"get_campaigns": page_of(*example("get_campaigns", "running")["items"])}),
    ("orders", "orders", {}),
    ("order", "an order", {"get_order": (200, REFUNDED), "get_order_history": page_of(*HISTORY[1:])}),
    ("cases", "cases", {}),
    ("case", "a case", {}),
    ("members", "members", {}),
    ("member", "a member", {}),
    ("products", "products", {}),
    ("product", "a product", {}),
    ("campaigns", "campaigns", {}),
    ("campaign", "a campaign", {}),
    ("coupons", "coupons", {}),
    ("template", "a template", {}),
    ("sales", "the report of sales", {"get_sales": page_of(*MONTH)}),
    ("liability", "the report of liability", {}),
    ("refunds", "the report of refunds", {"get_refunds": page_of(*FAILED)}),
    ("unassigned", "the report of unassigned", {"get_unassigned_payments": page_of(*UNASSIGNED)}),
    (
        "differences",
        "the report of differences",
        {"get_payment_differences": (200, {**DIFFERENCES, "items": UNEQUAL, "statements": STATEMENTS})},
    ),
    ("returns", "the report of returns", {"get_returns": page_of(*RETURNED)}),
    ("case-figures", "the report of cases", {"get_case_figures": (200, CASES)}),
    ("late", "the report of late", {"get_late_deliveries": page_of(*PARCELS)}),
    ("policy", "the policy", {}),
    ("jobs", "jobs", {}),
    ("audit", "audit", {}),
)
PICTURES = (
    Picture("storefront", "welcome", "/", ".welcome", signed_in=False),
    Picture("storefront", "register", "/", "form", answers={"get_me": problem(404, "not_registered")}),
    Picture("storefront", "home", "/", "li.product"),
    Picture("storefront", "product", "/products/candle-osmanthus", ".product-page"),
    Picture("storefront", "cart", "/cart", ".offers-used"),
    Picture(
        "storefront",
        "pay",
        "/orders/ord_1",
        ".choice",
        answers={"get_order": (200, WAITING), "get_order_history": page_of(HISTORY[-1])},
    ),
    Picture("storefront", "orders", "/orders", "li.card", answers={"get_orders": page_of(*OWN)}),
    Picture("storefront", "order", "/orders/ord_1", ".timeline"),
    Picture("storefront", "cases", "/cases", "li.card"),
    Picture("storefront", "case", "/cases/cas_xmw3j6voyxycpijuzxr77e5qhu", "li.card, .card"),
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
            width_pixels=WIDE_PIXELS if name == "sales" else WIDTH_PIXELS,  # twelve columns
        )
        for name, walk, answers in CONSOLE
    ),
    Picture(
        "console",
        "campaign-form",
        WALKS["a campaign's form"].path,
        f"{TRIES} .notice",
        groups=("admin",),
        answers={
            **ANSWERS,
            "get_campaign": (200, example("put_campaign", "spend_save")),
            "preview_campaign": (200, SAVES),
        },
        tried="tea-longjing-100",
    ),
    Picture(
        "console",
        "members-found",
        WALKS["members"].path,
        "tbody tr",
        groups=("admin",),
        answers={**ANSWERS, "search_members": page_of(*FOUND_MEMBERS)},
        typed="林",
    ),
)


def take(page: Page, picture: Picture, file: Path) -> None:
    """Have the page be as its picture shows it, in a window that is as high as it, and take it."""
    if picture.typed:
        sought = page.get_by_role("searchbox")
        sought.fill(picture.typed)
        sought.press("Enter")
    if picture.tried:
        card = page.locator(TRIES)
        card.locator("fieldset input").first.fill(picture.tried)
        for _ in range(TRIED_UNITS - 1):
            card.locator(".stepper button").last.click()
        card.locator(".button").last.click()
    expect(page.locator(picture.there).first).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    height = max(HEIGHT_PIXELS, page.evaluate("document.documentElement.scrollHeight"))
    page.set_viewport_size({"width": picture.width_pixels, "height": height})
    page.screenshot(path=file)


def main() -> int:
    """Take all pictures anew, or those that were asked for."""
    asked = set(sys.argv[1:])
    unknown = asked - {*APPS, *(each.title for each in PICTURES)}
    if unknown:
        sys.stderr.write(f"no such picture: {', '.join(sorted(unknown))}\n")
        return 2
    if chromium() is None:
        sys.stderr.write("no Chromium or Chrome on this machine\n")
        return 1
    build()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for language in LANGUAGES:
            for each in PICTURES:
                if asked and not asked & {each.app, each.title}:
                    continue
                kept = {f"memberday.cart.{MEMBER}": CART}
                site = Site(each.app, each.groups, answers={**SHELF, **each.answers}, kept=kept)
                looks = {"width": each.width_pixels, "language": language, "signed_in": each.signed_in}
                with opened(browser, site, each.path, **looks) as page:  # type: ignore[arg-type]
                    take(page, each, each.file(language))
    return 0


if __name__ == "__main__":
    sys.exit(main())
