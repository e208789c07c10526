"""The storefront on the deployed stack, in a real browser: sign up, buy, pay, send back (K2, K6)."""

import re
import uuid
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.support.browser import VARIABLE, Visit, chromium, visiting
from tests.support.stack import Stack
from tools.web import build

pytestmark = pytest.mark.skipif(
    chromium() is None,
    reason=f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}",
)
PASSWORD = "Sehr-Geheim-123!"  # noqa: S105 - of somebody made up, on a local cloud


@pytest.fixture(scope="module")
def shop(deployed: Stack) -> Stack:
    """The stack, with the storefront as it is built from this tree."""
    build()
    deployed.ops("pages", "--app", "storefront")
    return deployed


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

    page.get_by_role("button", name="注册").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=email]").fill(f"{name}@example.com")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("称呼").fill("小明")
    page.get_by_role("button", name="成为会员").click()

    page.get_by_label("按名称开头查找").fill("走茶")
    page.get_by_role("button", name=f"加入购物车：{there['name']}").click()
    page.get_by_role("link", name="购物车").click()
    page.get_by_role("button", name="提交订单 ¥133.45").click()
    page.wait_for_url(re.compile(r"/orders/ord_\w+$"))
    order_id = page.url.rsplit("/", 1)[1]

    page.get_by_role("button", name="去付款 ¥133.45").click()
    page.wait_for_url(re.compile(r"/gateway\.do"))
    page.get_by_role("button").first.click()
    page.wait_for_load_state()
    page.goto(f"{shop.outputs['StorefrontUrl']}/paid")
    expect(page.get_by_text("已付款，等待发货")).to_be_visible()
    assert page.url.endswith(order_id)

    staff(shop, "POST", f"/orders/{order_id}/shipment", {"tracking_no": "SF1"})
    page.reload()
    page.get_by_role("button", name="确认收货").click()
    page.get_by_role("dialog").get_by_role("button", name="确认收货").click()
    done(page)
    page.get_by_role("button", name="申请售后").click()
    page.get_by_role("button", name=f"增加 {there['name']} 的件数").click()
    page.get_by_role("button", name="提交申请").click()
    done(page)
    page.get_by_role("link", name="售后").click()
    case_id = page.get_by_text(re.compile("^cas_")).inner_text()
    staff(shop, "POST", f"/cases/{case_id}/receive")
    page.reload()
    expect(page.get_by_text("¥133.45")).to_be_visible()
    assert staff(shop, "GET", f"/orders/{order_id}")["status"] == "returned"
    # What was asked for and no longer wanted is left, and who has not registered yet is not found.
    assert [each for each in visit.complaints if not each.lower().startswith("failed")] == []
