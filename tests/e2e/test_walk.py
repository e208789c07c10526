"""The pages on the deployed stack, in a real browser: a shopper's way, and a campaign's from staff to report.

Nothing is answered in the stack's place: sign-in page, API, till and pages are the deployed ones (K6).
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.browser import VARIABLE, Visit, chromium, visiting
from tests.support.stack import Stack
from tools.web import build

pytestmark = pytest.mark.skipif(
    chromium() is None,
    reason=f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}",
)
HOLDS_MILLISECONDS = 5_000
"""After so long whatever staff have put holds for every cart (V1)."""
PASSWORD = "Sehr-Geheim-123!"  # noqa: S105 - of somebody made up, on a local cloud


@pytest.fixture(scope="module")
def shop(deployed: Stack) -> Stack:
    """The stack, with the pages as they are built from this tree."""
    build()
    deployed.ops("pages")
    return deployed


@pytest.fixture(scope="module")
def people(deployed: Stack) -> dict[str, str]:
    """The passwords of those who sign in at the pages, by name."""
    return {each["name"]: each["password"] for each in deployed.local("people")["people"]}


@pytest.fixture
def visit(shop: Stack) -> Iterator[Visit]:
    """The storefront, opened by a stranger."""
    with visiting() as visit:
        visit.page.goto(shop.outputs["StorefrontUrl"])
        yield visit


def done(page: Page) -> None:
    """See that a write says what it did, and close it."""
    expect(page.get_by_text("已完成")).to_be_visible()
    page.get_by_role("button", name="完成").click()


def sign_up(page: Page, name: str) -> None:
    """Let a stranger sign up and become a member."""
    page.get_by_role("button", name="注册").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=email]").fill(f"{name}@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("称呼").fill("小明")
    page.get_by_role("button", name="成为会员").click()


def pay(page: Page, amount: str) -> None:
    """Pay an order at the till, and be led back to it."""
    page.get_by_role("button", name=f"去付款 {amount}").click()
    page.wait_for_url(re.compile(r"/gateway\.do"))
    page.get_by_role("button").first.click()
    page.wait_for_url(re.compile(r"/orders/ord_\w+$"))


@contextmanager
def console(shop: Stack, browser: Browser, people: dict[str, str], role: str) -> Iterator[Visit]:
    """The console, where somebody with a role has signed in, in a browser that has nothing of another's."""
    context = browser.new_context()
    visit, name = Visit(context.new_page()), f"console-{role}"
    page = visit.page
    page.goto(shop.outputs["ConsoleUrl"])
    page.get_by_role("button", name="登录").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(people[name])
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").first).to_be_visible()
    yield visit
    assert visit.wrong == []
    context.close()


def staff(shop: Stack, method: str, path: str, body: Any = None) -> Any:
    """Do something as staff, and return what is answered."""
    answer = shop.call(method, path, body, who="clerk", staff=True)
    assert answer.status < HTTPStatus.BAD_REQUEST
    return answer.body


def test_K2_somebody_signs_up_buys_pays_at_the_till_and_sends_it_back(shop: Stack, visit: Visit) -> None:
    page, name, sku = visit.page, f"walk-{uuid.uuid4().hex[:12]}", f"walk-{uuid.uuid4().hex[:12]}"
    there = {"name": f"走茶 {sku}", "price_fen": 12_345, "member_zone": False}
    staff(shop, "PUT", f"/products/{sku}", there)
    stock = {"movement_id": "m-1", "delta": 5, "reason": "walk"}
    staff(shop, "POST", f"/products/{sku}/stock", stock)

    sign_up(page, name)
    page.get_by_label("按名称开头查找").fill("走茶")
    page.get_by_role("button", name=f"加入购物车：{there['name']}").click()
    page.get_by_role("link", name="购物车").click()
    page.get_by_role("button", name="提交订单 ¥133.45").click()
    page.wait_for_url(re.compile(r"/orders/ord_\w+$"))
    order_id = page.url.rsplit("/", 1)[1]

    pay(page, "¥133.45")
    expect(page.get_by_text("已付款，等待发货")).to_be_visible()
    assert page.url.endswith(order_id)

    staff(shop, "POST", f"/orders/{order_id}/shipment", {"tracking_no": "SF1"})
    page.reload()
    page.get_by_role("button", name="确认收货").click()
    page.get_by_role("dialog").get_by_role("button", name="确认收货").click()
    done(page)
    page.get_by_role("button", name="申请售后").click()
    page.get_by_role("button", name=f"增加 {there['name']} 的件数").click()
    page.get_by_role("dialog").get_by_role("button", name="原因").click()
    page.get_by_role("option", name="无理由").click()
    page.get_by_role("button", name="提交申请").click()
    done(page)
    page.get_by_role("link", name="售后").click()
    case_id = page.get_by_text(re.compile("^cas_")).inner_text()
    staff(shop, "POST", f"/cases/{case_id}/receive")
    page.reload()
    expect(page.get_by_text("¥133.45")).to_be_visible()
    assert staff(shop, "GET", f"/orders/{order_id}")["status"] == "returned"
    # What was asked for and no longer wanted is left, and who has not registered yet is not found.
    assert visit.wrong == []


def test_K6_a_campaign_is_made_in_the_console_sold_with_in_the_storefront_and_seen_in_the_report(
    shop: Stack, visit: Visit, people: dict[str, str]
) -> None:
    browser = visit.page.context.browser
    assert browser is not None
    name = f"campaign-{uuid.uuid4().hex[:12]}"
    there: dict[str, Any] = {"name": f"活动茶 {name}", "price_fen": 20_000, "member_zone": False}
    staff(shop, "PUT", f"/products/{name}", there)
    staff(shop, "POST", f"/products/{name}/stock", {"movement_id": "m-1", "delta": 5, "reason": "walk"})

    with console(shop, browser, people, "marketing") as marketing:
        page = marketing.page
        page.get_by_role("link", name="活动", exact=True).click()
        page.get_by_role("link", name="新建活动").click()
        page.get_by_role("radio", name=re.compile("^满减")).check(force=True)
        page.get_by_label("活动编号", exact=True).fill(name)
        page.get_by_label("名称", exact=True).fill(f"满减 {name}")
        page.get_by_label("开始", exact=True).fill("2020-01-01T00:00")
        page.get_by_label("结束（不含）", exact=True).fill("2099-01-01T00:00")
        page.get_by_role("radio", name="指定商品").check(force=True)
        about = page.get_by_role("region", name="适用范围")
        about.get_by_role("combobox", name="商品", exact=True).fill(name)
        page.keyboard.press("Enter")
        page.keyboard.press("Escape")
        expect(about.get_by_role("list", name="已选：商品")).to_contain_text(name)
        terms = page.get_by_role("region", name="优惠内容")
        terms.get_by_label("满（元）", exact=True).fill("199")
        terms.get_by_label("减（元）", exact=True).fill("30")
        preview = page.get_by_role("region", name="试算")
        preview.get_by_role("combobox", name="商品", exact=True).fill(name)
        page.keyboard.press("Escape")
        preview.get_by_role("button", name="试算", exact=True).click()
        expect(preview.get_by_text("省 ¥20.00")).to_be_visible()  # what is saved is less the shipping
        page.get_by_role("button", name="检查并保存").click()
        page.get_by_role("dialog").get_by_role("button", name="新建活动", exact=True).click()
        done(page)
        expect(page.locator("h1")).to_contain_text(name)

    page = visit.page
    sign_up(page, f"walk-{uuid.uuid4().hex[:12]}")
    expect(page.get_by_text(f"满减 {name}")).to_be_visible()
    page.wait_for_timeout(HOLDS_MILLISECONDS)
    page.get_by_label("按名称开头查找").fill(there["name"])
    page.get_by_role("button", name=f"加入购物车：{there['name']}").click()
    page.get_by_role("link", name="购物车").click()
    expect(page.get_by_role("term").filter(has_text=f"满减 {name}")).to_be_visible()
    page.get_by_role("button", name="提交订单 ¥180.00").click()
    page.wait_for_url(re.compile(r"/orders/ord_\w+$"))
    order_id = page.url.rsplit("/", 1)[1]
    pay(page, "¥180.00")
    expect(page.get_by_text("已付款，等待发货")).to_be_visible()
    shop.local("settle")

    with console(shop, browser, people, "marketing") as marketing:
        page = marketing.page
        page.goto(f"{shop.outputs['ConsoleUrl']}/campaigns/{name}")  # by way of the hosted page's session
        figures = page.get_by_role("region", name="成效")
        expect(figures).to_contain_text("¥30.00")
        expect(figures).to_contain_text("订单")
    with console(shop, browser, people, "finance") as finance:
        page = finance.page
        expect(page.get_by_role("link", name="活动", exact=True)).to_have_count(0)
        page.get_by_role("link", name="报表", exact=True).click()
        expect(page.locator(".figures").first).to_have_text(re.compile(r"¥[1-9]"))  # what was paid
        page.get_by_role("link", name="订单", exact=True).click()
        page.get_by_label("查找订单").fill(order_id)
        page.get_by_role("button", name="查找", exact=True).click()
        expect(page.get_by_text("¥180.00").first).to_be_visible()
    assert visit.wrong == []
