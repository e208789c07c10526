"""Every page of the storefront, looked at: no barrier that axe finds, nothing wider than its window (K3)."""

from itertools import product
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.pages import (
    HEIGHT_PIXELS,
    MEMBER,
    SITE,
    WIDTHS_PIXELS,
    Answer,
    Site,
    example,
    opened,
    problem,
)
from tests.support.stack import ROOT

AXE = Path(ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js")
Language = Literal["zh-CN", "en"]
Look = tuple[Language, int, bool]
LOOKS: tuple[Look, ...] = (
    ("zh-CN", WIDTHS_PIXELS[0], True),
    ("zh-CN", WIDTHS_PIXELS[1], False),
    ("en", WIDTHS_PIXELS[0], False),
    ("en", WIDTHS_PIXELS[1], True),
)
"""Any two of language, width and theme meet."""
NAMES: dict[Language, str] = {"zh-CN": "中文", "en": "English"}
"""What the languages are called, in each of them."""
NONE: Answer = (200, {"items": [], "next_cursor": None})
CART = {
    "lines": [{"sku": "tea-longjing-100", "quantity": 4}, {"sku": "candle-osmanthus", "quantity": 1}],
    "coupon": "best",
    "points": "best",
    "campaigns": "best",
    "key": "cart-of-a-test",
}
WAITING = {**example("place_order", "first"), "status": "placed"}
DOWN = problem(404, "order_not_found")

PAGES: dict[str, tuple[str, str, dict[str, Any]]] = {
    # name: path, what is there once it is shown, answers other than those that went well
    "home": ("/", "li.product", {}),
    "home without products": ("/?zone=zone", ".state", {"get_products": NONE}),
    "home on the member day": (
        "/",
        ".member-day.open",
        {"get_member_day": (200, example("get_member_day", "running"))},
    ),
    "a product": ("/products/tea-longjing-100", ".product-page", {}),
    "a product that is not there": (
        "/products/x",
        ".notice.bad",
        {"get_product": problem(404, "product_not_found")},
    ),
    "the cart": ("/cart", ".offers-used", {"quote_cart": (200, example("quote_cart", "sale"))}),
    "orders": ("/orders", "li.card", {}),
    "no orders": ("/orders", ".state", {"get_orders": NONE}),
    "an order to be paid": ("/orders/ord_1", ".choice", {"get_order": (200, WAITING)}),
    "an order with refunds": ("/orders/ord_1", ".timeline", {}),
    "an order that is not there": ("/orders/ord_1", ".notice.bad", {"get_order": DOWN}),
    "cases": ("/cases", "li.card", {}),
    "a case": ("/cases/cas_1", "li.card", {}),
    "no cases": ("/cases", ".state", {"get_own_cases": NONE}),
    "points": ("/points", "tbody tr", {}),
    "coupons": ("/coupons", ".coupon", {"get_coupons": (200, example("get_coupons", "of_templates"))}),
    "no coupons": ("/coupons", ".state", {"get_coupons": NONE}),
    "membership": ("/me", ".meter", {}),
    "registration": ("/", "form", {"get_me": problem(404, "not_registered")}),
    "no such page": ("/nowhere", ".state", {}),
    "no right": ("/", ".state, .notice.bad", {"get_products": problem(403, "forbidden")}),
}


LOOKED_AT = """async () => {
    // A colour on its way to another one is neither; what goes on for ever, as bones do, is not waited for.
    await Promise.all(document.getAnimations()
        .filter(each => each.effect.getComputedTiming().endTime !== Infinity)
        .map(each => each.finished.catch(() => null)));
    if (!window.axe) return null;
    // What passes is not written down, nor where a node stands. Nothing is loaded beforehand: of the rules
    // it is for, one (on media) only asks somebody to listen, and the other is an experiment that is off.
    const found = await axe.run({resultTypes: ["violations"], selectors: false, preload: false});
    return found.violations.flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 160)}`));
}"""


def barriers(page: Page) -> list[str]:
    """Return what axe finds on a page, which is given it once."""
    found: list[str] | None = page.evaluate(LOOKED_AT)
    if found is None:
        page.evaluate(AXE.read_text(encoding="utf-8"))
        found = page.evaluate(LOOKED_AT)
    assert found is not None
    return found


def assert_it_is_well(page: Page, site: Site) -> None:
    """Hold that a page has no barrier, fits its window, and that nothing was complained of."""
    assert barriers(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert page.evaluate("document.querySelectorAll('style, [style*=\"url\"]').length") == 0
    assert site.complaints == []


def assert_it_is_well_in_every_look(page: Page, site: Site) -> None:
    """Hold that a page is well in both languages, themes and widths, changed where it stands."""
    for language, width, dark in LOOKS:
        page.set_viewport_size({"width": width, "height": HEIGHT_PIXELS})
        page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        page.get_by_role("radio", name=NAMES[language]).first.click()
        html = page.locator("html")
        expect(html).to_have_attribute("lang", language)
        expect(html).to_have_attribute("data-theme", "dark" if dark else "light")
        assert_it_is_well(page, site)


@pytest.mark.parametrize("name", PAGES)
def test_K3_a_page_has_no_barrier_and_fits_in_every_look(browser: Browser, name: str) -> None:
    path, there, answers = PAGES[name]
    site = Site("storefront", answers=dict(answers), kept={f"memberday.cart.{MEMBER}": CART})
    with opened(browser, site, path) as page:
        expect(page.locator(there).first).to_be_visible()
        expect(page.locator(".skeleton")).to_have_count(0)
        assert page.title() != ""
        left_for = list(site.left_for)
        assert_it_is_well_in_every_look(page, site)
        assert site.left_for == left_for, "the language was changed by leaving the page"


def test_K3_a_stranger_sees_the_two_ways_in(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/", signed_in=False) as page:
        expect(page.get_by_role("button", name="注册")).to_be_visible()
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        assert site.asked == []
        assert_it_is_well_in_every_look(page, site)


BARRED = """() => {
    const there = document.querySelector("main");
    there.insertAdjacentHTML("beforeend", `<p id="pale">pale</p><img src="/icon.svg"><button></button>
        <input><a href="/nowhere"></a><ul><p>no item</p></ul><button aria-hidden="true">x</button>
        <table><tr><th></th></tr></table><h6>deep</h6><div role="nothing">x</div>`);
    Object.assign(document.getElementById("pale").style, {color: "#777", backgroundColor: "#888"});
    document.documentElement.removeAttribute("lang");
}"""
"""Puts barriers into a page; its policy lets no style stand in the text."""
BARRIERS = {
    "aria-hidden-focus",
    "aria-roles",
    "button-name",
    "color-contrast",
    "empty-table-header",
    "heading-order",
    "html-has-lang",
    "image-alt",
    "label",
    "link-name",
    "list",
}
BY_ITSELF = """async () => (await axe.run()).violations
    .flatMap(({id, nodes}) => nodes.map(({html}) => `${id}: ${html.slice(0, 160)}`))"""
DIALOGS = {
    "cancel": ({"status": "paid", "paid_at": WAITING["placed_at"]}, "取消订单"),
    "receipt": ({"status": "shipped", "paid_at": WAITING["placed_at"]}, "确认收货"),
    "ask": ({"status": "received", "paid_at": WAITING["placed_at"]}, "申请售后"),
}


@pytest.mark.parametrize(("name", "look"), list(product(DIALOGS, LOOKS[:2])))
def test_K3_a_dialog_has_no_barrier_and_fits(browser: Browser, name: str, look: Look) -> None:
    changed, button = DIALOGS[name]
    site = Site("storefront", answers={"get_order": (200, {**WAITING, **changed})})
    with opened(browser, site, "/orders/ord_1", width=look[1], dark=look[2]) as page:
        page.get_by_role("button", name=button).click()
        expect(page.get_by_role("dialog")).to_be_visible()
        assert_it_is_well(page, site)


def test_K3_each_look_finds_what_axe_finds_by_itself(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/", signed_in=False) as page:
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        assert barriers(page) == []
        page.evaluate(BARRED)
        found = barriers(page)
        assert {each.split(":")[0] for each in found} == BARRIERS
        assert found == page.evaluate(BY_ITSELF)
        page.goto(f"{SITE}/")  # which axe has not been given to
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        page.evaluate(BARRED)
        assert barriers(page) == found


def test_K5_the_policy_of_these_walks_is_in_force(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/", signed_in=False) as page:
        page.evaluate("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">x</p>')")
        page.evaluate(
            "document.head.append(Object.assign(document.createElement('style'), {textContent: 'p {}'}))"
        )
        assert len([each for each in site.complaints if "Content Security Policy" in each]) == 2
        assert page.url == f"{SITE}/"
