"""Walks through the console: what a role sees, what a write says before and after; a retry is the same."""

import json
import re
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.pages import MEMBER, Answer, Asked, Site, example, opened, problem
from tests.web.console_pages import (
    ANSWERS,
    DIFFERENCE,
    DIFFERENCES,
    MEMBER_ID,
    PRODUCTS,
    RECORD,
    REFUND,
    page_of,
)
from tests.web.test_console_looks import go
from tests.web.test_looks import LOOKS, Look, assert_it_is_well, barriers

ORDER_ID = "ord_p75c5fxkauzvepi5vqrmqmnh4a"
RECEIVED = {
    **example("get_order", "returned"),
    "order_id": ORDER_ID,
    "quote": {**example("get_order", "returned")["quote"], "coupon": None, "goods_fen": 29_850},
    "lines": [
        {**each, "cancelled_quantity": 0, "returned_quantity": 0}
        for each in example("get_order", "returned")["lines"]
    ],
    "paid_fen": 29_850,
    "retained": {"order_amount_fen": 29_850, "paid_fen": 29_850, "redeemed_points": 0, "earned_points": 299},
    "refunded_fen": 0,
    "refunds": [],
}
RECEIVED["quote"]["paid_fen"] = 29_850
WRITES = (
    "adjust_points",
    "cancel_order",
    "change_birthday",
    "erase_member",
    "export_report",
    "issue_coupon",
    "move_stock",
    "put_campaign",
    "put_coupon_template",
    "put_product",
    "receive_case",
    "receive_order",
    "record_payment",
    "refuse_order",
    "run_job",
    "ship_order",
)
ROLES = ("clerk", "marketing", "finance", "admin", "staff")
NAVIGATION = {
    "clerk": ["今日", "订单", "售后", "会员", "商品"],
    "marketing": ["今日", "商品", "活动", "优惠券"],
    "finance": ["今日", "订单", "售后", "会员", "报表"],
    "staff": ["今日", "订单", "售后", "会员", "商品", "活动", "优惠券", "报表"],
    "admin": [
        "今日",
        "订单",
        "售后",
        "会员",
        "商品",
        "活动",
        "优惠券",
        "报表",
        "规则",
        "任务",
        "审计",
    ],
}
MEMBER_ACTS = {
    "clerk": ["更改生日"],
    "finance": ["调整积分"],
    "staff": ["调整积分", "发券", "更改生日", "注销会员"],
    "admin": ["调整积分", "发券", "更改生日", "注销会员"],
}
ORDER_ACTS = {
    "clerk": ["退回商品"],
    "finance": ["登记付款"],
    "staff": ["退回商品", "登记付款"],
    "admin": ["退回商品", "登记付款"],
}

PAID = {**RECEIVED, "status": "paid", "shipped_at": None, "received_at": None}
SHIPPED = {**RECEIVED, "status": "shipped", "received_at": None}


def console(*groups: str, **answers: Any) -> Site:
    """Return the console for somebody of these groups."""
    return Site("console", groups=groups, answers={**ANSWERS, "get_order": (200, RECEIVED), **answers})


def acts(page: Page) -> list[str]:
    """Return what can be done with the thing that a page is of."""
    return page.locator(".page-head > .row button, .page-head > .row a").all_inner_texts()


def dialog(page: Page) -> Locator:
    """Return the dialog that is open."""
    found = page.get_by_role("dialog")
    expect(found).to_be_visible()
    return found


def press(inside: Page | Locator, name: str) -> None:
    """Press a button."""
    inside.get_by_role("button", name=name, exact=True).click()


def fill(inside: Page | Locator, name: str, text: str) -> None:
    """Fill a field; one with a list has a button of the name, too."""
    inside.locator("input, textarea").and_(inside.get_by_label(name, exact=True)).fill(text)


@pytest.mark.parametrize("role", ROLES)
def test_K7_the_navigation_has_what_a_role_may_see_and_no_more(browser: Browser, role: str) -> None:
    site = console(role)
    with opened(browser, site) as page:
        expect(page.locator("h1")).to_have_text("今日")
        expect(page.locator(".skeleton")).to_have_count(0)
        assert page.get_by_role("navigation").get_by_role("link").all_inner_texts() == NAVIGATION[role]
        assert page.locator(".notice.bad, .state").get_by_text("没有权限").count() == 0
        asked = {each.operation for each in site.asked}
        assert ("get_sales" in asked) is (role in ("finance", "admin", "staff"))
        assert ("get_cases" in asked) is (role != "marketing")


@pytest.mark.parametrize("role", MEMBER_ACTS)
def test_K7_what_a_role_may_not_do_it_does_not_see(browser: Browser, role: str) -> None:
    with opened(browser, console(role), f"/members/{MEMBER_ID}") as page:
        expect(page.locator(".facts").first).to_be_visible()
        assert acts(page) == MEMBER_ACTS[role]
    with opened(browser, console(role), f"/orders/{ORDER_ID}") as page:
        expect(page.locator(".timeline")).to_be_visible()
        assert acts(page) == ORDER_ACTS[role]


def test_E8_points_are_adjusted_with_the_balance_before_and_after_and_the_id_to_find_it(
    browser: Browser,
) -> None:
    refused: list[Answer] = [problem(409, "insufficient_points")]
    balances = {"available": 2_591, "frozen": 515, "debt": 0}
    site = console("finance", adjust_points=lambda _: refused.pop() if refused else (200, balances))
    with opened(browser, site, f"/members/{MEMBER_ID}") as page:
        press(page, "调整积分")
        form = dialog(page)
        expect(form.get_by_role("button", name="调整积分")).to_be_disabled()
        fill(form, "积分（负数为扣减）", "-500.5")
        expect(form).to_contain_text("不为 0 的整数")
        fill(form, "积分（负数为扣减）", "500")
        fill(form, "原因", "迟到的包裹")
        expect(form).to_contain_text("2,591")
        press(form, "调整积分")
        expect(form.get_by_role("alert")).to_contain_text("insufficient_points")
        press(form, "调整积分")
        expect(form).to_contain_text("已调整")
        first, second = (each.body for each in site.of("adjust_points"))
        assert first == second, "a retry is the same request (R1)"
        assert first["points"] == 500
        expect(form).to_contain_text(first["adjustment_id"])
        press(form, "完成")
        press(page, "调整积分")
        fill(dialog(page), "积分（负数为扣减）", "1")
        fill(dialog(page), "原因", "x")
        press(dialog(page), "调整积分")
        expect(dialog(page)).to_contain_text("已调整")
        assert site.of("adjust_points")[2].body["adjustment_id"] != first["adjustment_id"]


EMPTY = {"line_id": None, "sku": None, "quantity": None, "campaign_id": None, "coupon_id": None}
TEA = "tea-longjing-100"
PREVIEW = {
    "order_id": ORDER_ID,
    "refund_fen": 8_190,
    "points_restored": 0,
    "kept": {**RECEIVED["retained"], "paid_fen": 21_660, "earned_points": 217},
    "parts": [
        {**EMPTY, "of": "goods", "amount_fen": 10_880, "line_id": TEA, "sku": TEA, "quantity": 1},
        {**EMPTY, "of": "campaign", "amount_fen": -1_700, "campaign_id": "spend200"},
        {**EMPTY, "of": "gift", "amount_fen": -990, "campaign_id": "gift300"},
    ],
}


def test_O5_units_are_taken_back_with_what_comes_back_and_why_before_and_after(browser: Browser) -> None:
    after = {**RECEIVED, "refund_fen": 8_190, "points_restored": 0}
    site = console("clerk", return_units=(200, after), preview_return=(200, PREVIEW))
    with opened(browser, site, f"/orders/{ORDER_ID}", width=360) as page:
        press(page, "退回商品")
        form = dialog(page)
        expect(form.get_by_role("button", name="退回商品")).to_be_disabled()
        expect(form).to_contain_text("选好件数后")
        assert site.of("preview_return") == []
        form.get_by_role("textbox").fill("1")
        page.keyboard.press("Tab")
        for said in (
            "¥81.90",
            "¥108.80",
            "减去活动优惠 spend200",
            "-¥17.00",
            "赠品留下，补差价",
            "-¥9.90",
            "¥216.60",
        ):
            expect(form).to_contain_text(said)
        lines = [{"line_id": "tea-longjing-100", "quantity": 1}]
        assert site.of("preview_return")[-1].body == {"lines": lines}
        assert_it_is_well(page, site)
        press(form, "退回商品")
        expect(form).to_contain_text("已退回")
        (asked,) = site.of("return_units")
        assert asked.body["lines"] == lines
        expect(form).to_contain_text(asked.body["return_id"])
        expect(form).to_contain_text("¥81.90")
        # React Aria has said that the button waited, by its id, which is gone; it takes that back by itself.
        expect(page.locator("[data-live-announcer] [role=img]")).to_have_count(0, timeout=10_000)
        assert_it_is_well(page, site)


def test_O5_units_that_cannot_leave_are_said_before_anybody_tries(browser: Browser) -> None:
    site = console("clerk", preview_return=problem(409, "order_not_returnable"))
    with opened(browser, site, f"/orders/{ORDER_ID}") as page:
        press(page, "退回商品")
        form = dialog(page)
        form.get_by_role("textbox").fill("1")
        page.keyboard.press("Tab")
        expect(form.locator(".notice.warn")).to_contain_text("退")
        expect(form).not_to_contain_text("¥298.50")


def test_A6_O6_the_refunds_of_an_order_say_why_and_its_amounts_add_up_to_them(browser: Browser) -> None:
    refund = {
        "provider": "alipay",
        "at": "2026-12-03T10:00:00+08:00",
        "state": "due",
        "payment_id": "alipay:1",
    }
    refunds = [
        {**refund, "refund_id": "ref_1_c00001", "reason": "returned", "amount_fen": 8_190},
        {**refund, "refund_id": "ref_1_fabc", "reason": "return_shipping", "amount_fen": 1_200},
    ]
    kept = {**RECEIVED["retained"], "paid_fen": 21_660}
    order = {
        **RECEIVED,
        "refunds": refunds,
        "refunded_fen": 8_190,
        "retained": kept,
        "cases": [{"case_id": "cas_p75c5fxkauzvepi5vqrmqmnh4a", "kind": "exchange"}],
    }
    site = console("clerk", get_order=(200, order), preview_return=(200, PREVIEW))
    with opened(browser, site, f"/orders/{ORDER_ID}") as page:
        amounts = page.get_by_role("region", name="金额")
        for name, amount in {
            "实付": "¥298.50",
            "已退（取消、退货）": "¥81.90",
            "现保留": "¥216.60",
            "另退：退回运费": "¥12.00",
            "退款合计": "¥93.90",
        }.items():
            value = amounts.locator("dt", has_text=name).locator("xpath=following-sibling::dd[1]").first
            expect(value).to_have_text(amount)
        table = page.get_by_role("region", name="退款")
        expect(table).to_contain_text("退货")
        expect(table).to_contain_text("退回运费")
        assert site.of("preview_return") == [], "it is asked for by whoever wants to know"
        amounts.get_by_text("现保留的金额是怎么来的").click()
        expect(amounts).to_contain_text("减去活动优惠 spend200")
        expect(page.get_by_role("link", name="cas_p75c5fxkauzvepi5vqrmqmnh4a")).to_be_visible()
        assert site.of("get_member") == []
        assert_it_is_well(page, site)
        press(page, "显示姓名和手机号")
        expect(page.get_by_role("button", name="显示姓名和手机号")).to_have_count(0)
        assert len(site.of("get_member")) == 1


def test_A4_a_case_says_to_the_fen_what_it_pays_back_before_and_after_it_is_approved(
    browser: Browser,
) -> None:
    case = example("get_case", "own")
    site = console("clerk", approve_case=(200, {**case, "state": "approved"}), preview_return=(200, PREVIEW))
    with opened(browser, site, f"/cases/{case['case_id']}") as page:
        expect(page.get_by_role("region", name="订单")).to_contain_text("¥81.90")
        press(page, "同意")
        form = dialog(page)
        expect(form).to_contain_text("减去活动优惠 spend200")
        assert "最多" not in form.inner_text()
        press(form, "同意")
        expect(form).to_contain_text("收到退货后会退")
        expect(form).to_contain_text("¥81.90")


def test_A9_the_limit_of_a_settlement_is_named(browser: Browser) -> None:
    complaint = {**example("get_case", "own"), "kind": "complaint", "lines": []}
    refused = problem(422, "settlement_too_large", points_max=1_000)
    site = console("clerk", get_case=(200, complaint), settle_case=refused)
    with opened(browser, site, f"/cases/{complaint['case_id']}") as page:
        press(page, "补偿")
        fill(dialog(page), "积分数", "5000")
        fill(dialog(page), "原因", "迟到的包裹")
        press(dialog(page), "补偿")
        expect(dialog(page).get_by_role("alert")).to_contain_text("最多补偿 1,000 积分")


def test_A11_a_shipment_without_a_number_says_so_and_one_that_is_none_is_named_at_its_field(
    browser: Browser,
) -> None:
    paid = {**RECEIVED, "status": "paid", "shipped_at": None, "received_at": None}
    nothing = {"carrier": None, "tracking_no": None}
    site = console("clerk", get_order=(200, {**paid, **nothing}), ship_order=(200, {**SHIPPED, **nothing}))
    with opened(browser, site, f"/orders/{ORDER_ID}") as page:
        press(page, "发货")
        form = dialog(page)
        expect(form).to_contain_text("没有填运单号")
        fill(form, "运单号", "顺丰 123")
        expect(form).to_contain_text("不能有汉字和空格")
        expect(form.get_by_role("button", name="发货")).to_be_disabled()
        fill(form, "运单号", "SF123")
        expect(form).not_to_contain_text("没有填运单号")
        fill(form, "运单号", "")
        press(form, "发货")
        expect(form).to_contain_text("没有运单号")
        assert site.of("ship_order")[0].body == {}


def test_O6_money_that_is_not_what_is_due_is_not_recorded_by_mistake(browser: Browser) -> None:
    placed = {**RECEIVED, "status": "placed", "paid_at": None, "payments": []}
    site = console("finance", get_order=(200, placed), record_payment=(200, placed))
    with opened(browser, site, f"/orders/{ORDER_ID}") as page:
        press(page, "登记付款")
        form = dialog(page)
        expect(form.get_by_label("金额（元）")).to_have_value("298.50")
        expect(form.get_by_role("button", name="登记付款")).to_be_disabled()
        fill(form, "付款编号", "bank-1")
        fill(form, "金额（元）", "298.5")
        press(form, "登记付款")
        expect(form).to_contain_text("已登记付款")
        body = {"payment_id": "bank-1", "amount_fen": 29_850, "received": False}
        assert site.of("record_payment")[0].body == body
        press(form, "完成")
        press(page, "登记付款")
        fill(dialog(page), "金额（元）", "298.51")
        fill(dialog(page), "付款编号", "bank-2")
        dialog(page).get_by_text("这笔钱确实已经到账", exact=True).click()
        press(dialog(page), "登记付款")
        expect(dialog(page)).to_contain_text("已登记付款")
        body = {"payment_id": "bank-2", "amount_fen": 29_851, "received": True}
        assert site.of("record_payment")[1].body == body


def test_K8_a_member_is_sought_in_the_body_and_no_address_has_what_was_sought(browser: Browser) -> None:
    found = example("search_members", "by_name")
    pages = [(200, {**found, "next_cursor": "more"}), (200, {"items": [], "next_cursor": None})]
    site = console("clerk", search_members=lambda asked: pages["cursor" in asked.body])
    with opened(browser, site, "/members") as page:
        fill(page, "查找会员", "１３８ 0013 8000")
        expect(page.get_by_text("按手机号查找")).to_be_visible()
        page.keyboard.press("Enter")
        expect(page.locator("tbody tr")).to_have_count(len(found["items"]))
        press(page, "加载更多")
        expect(page.get_by_role("button", name="加载更多")).to_have_count(0)
        assert [each.body for each in site.of("search_members")] == [
            {"phone": "138 0013 8000", "limit": 20},
            {"phone": "138 0013 8000", "limit": 20, "cursor": "more"},
        ]
        assert page.url.endswith("/members")
        assert all(not each.query for each in site.of("search_members"))


@pytest.mark.parametrize(
    ("typed", "query", "other"),
    [
        ("SF1234567890", {"tracking_no": "SF1234567890"}, {"payment_id": "SF1234567890"}),
        ("stripe:pi_1", {"payment_id": "stripe:pi_1"}, {"tracking_no": "stripe:pi_1"}),
    ],
)
def test_K8_an_order_is_found_by_its_tracking_number_or_its_payment(
    browser: Browser, typed: str, query: dict[str, str], other: dict[str, str]
) -> None:
    site = console("clerk")
    with opened(browser, site, "/orders") as page:
        fill(page, "查找订单", typed)
        press(page, "查找")
        expect(page.get_by_role("button", name="回到全部订单")).to_be_visible()
        expect(page.locator("tbody tr").first).to_be_visible()
        with page.expect_response(lambda response: urlencode(other) in response.url):
            press(page, "改按付款编号查" if "tracking_no" in query else "改按运单号查")
        expect(page.locator("tbody tr").first).to_be_visible()
        assert [each.query for each in site.of("search_orders")] == [{}, query, other]


@pytest.mark.parametrize(("typed", "body"), [("王小茶", "name_prefix"), ("138 0013 8000", "phone")])
def test_K8_a_name_or_a_phone_is_looked_for_among_members_and_stands_in_no_address(
    browser: Browser, typed: str, body: str
) -> None:
    site = console("clerk")
    with opened(browser, site, "/orders") as page:
        fill(page, "查找订单", typed)
        expect(page.get_by_text("查找会员")).to_be_visible()
        press(page, "查找")
        expect(page.get_by_label("查找会员")).to_have_value(typed)  # and the orders' rows are gone
        expect(page.locator("tbody tr").first).to_be_visible()
        assert page.url.endswith("/members")
        (asked,) = site.of("search_members")
        assert asked.body == {body: typed, "limit": 20}
        assert all(not each.query for each in site.of("search_orders"))
        page.go_back()
        assert page.evaluate("JSON.stringify([history.state, {...sessionStorage}])").find(typed) == -1


def test_K8_a_case_is_gone_to_by_its_id_from_both_fields(browser: Browser) -> None:
    case_id = example("get_case", "own")["case_id"]
    with opened(browser, console("clerk"), "/orders") as page:
        fill(page, "查找订单", case_id.upper())
        press(page, "查找")
        expect(page.locator(".timeline")).to_be_visible()
        assert page.url.endswith(f"/cases/{case_id}")
        go(page, "/cases")
        fill(page, "查找售后单", "YT999888")
        press(page, "查找")
        expect(page.get_by_text("售后单号是 cas_ 加")).to_be_visible()
        fill(page, "查找售后单", case_id)
        press(page, "查找")
        expect(page.locator(".timeline")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "operation", "answer"),
    [
        ("/orders/ord_x", "get_order", problem(422, "invalid_request")),
        (f"/orders/{ORDER_ID}", "get_order", problem(404, "order_not_found")),
        ("/cases/cas_zzz", "get_case", problem(404, "case_not_found")),
    ],
)
def test_K3_an_address_that_leads_to_nothing_says_so_and_where_to_look(
    browser: Browser, path: str, operation: str, answer: Answer
) -> None:
    site = console("clerk", **{operation: answer})
    with opened(browser, site, path) as page:
        expect(page.get_by_role("heading", name="没有找到")).to_be_visible()
        expect(page.get_by_role("button", name="重试")).to_have_count(0)
        page.get_by_role("link", name="去查找").click()
        expect(page.get_by_role("search")).to_be_visible()


ALARM = {
    "alarm": "memberday-dev-jobs-unwatched",
    "state": "alarm",
    "since": "2026-12-03T10:00:00+08:00",
    "says": "Nobody has looked for an hour whether the jobs come to their end.",
    "page": "docs/runbook/jobs-unwatched.md",
}


@pytest.mark.parametrize(("language", "said"), [("zh-CN", "没有检查定时任务"), ("en", "nobody has looked")])
def test_K3_an_alarm_is_said_in_the_readers_words_with_what_to_do(
    browser: Browser, language: Literal["zh-CN", "en"], said: str
) -> None:
    other = {**ALARM, "alarm": "memberday-dev-cases-overdue"}
    site = console("clerk", get_alarms=(200, {"as_of": ALARM["since"], "alarms": [ALARM, other]}))
    with opened(browser, site, language=language) as page:
        alarms = page.locator(".notice.bad")
        expect(alarms.first).to_contain_text(said)
        expect(alarms.first).to_contain_text("告诉管理员" if language == "zh-CN" else "Tell an admin")
        expect(alarms.first.get_by_text("memberday-dev-jobs-unwatched")).to_be_hidden()
        alarms.nth(1).get_by_role("link").click()
        expect(page.get_by_role("search")).to_be_visible()
        assert page.url.endswith("/cases?overdue=true")


def test_K1_marketing_sees_what_runs_what_is_left_of_it_and_what_runs_low(browser: Browser) -> None:
    running = {
        **example("get_campaign", "used"),
        "name": "满减周",
        "state": "running",
        "limits": {"orders": 10, "per_member": None, "budget_fen": 100_000},
    }
    running["used"] = {**running["used"], "orders": 4, "given_fen": 30_000}
    product = {**example("get_product", "seen"), "status": "on_sale"}
    there = [
        {**product, "sku": "gone", "name": "卖完的", "stock": 0, "low_stock_threshold": None},
        {**product, "sku": "low", "name": "不多的", "stock": 3, "low_stock_threshold": 5},
        {**product, "sku": "many", "name": "很多的", "stock": 90, "low_stock_threshold": 5},
        {**product, "sku": "off", "name": "下架的", "stock": 0, "status": "withdrawn"},
    ]

    def campaigns(asked: Any) -> Answer:
        items = [running] if asked.query["status"] == "running" else []
        return 200, {"items": items, "next_cursor": None}

    site = console(
        "marketing",
        get_campaigns=campaigns,
        get_products=(200, {"items": there, "next_cursor": None}),
    )
    with opened(browser, site) as page:
        runs = page.get_by_role("region", name="进行中的活动")
        expect(runs).to_contain_text("满减周")
        expect(runs).to_contain_text("还剩 6 单 · 预算还剩 ¥700.00")
        low = page.get_by_role("region", name="库存不多的商品")
        expect(low.locator("li")).to_have_count(2)
        expect(low.locator("li").first).to_contain_text("已卖完")
        assert_it_is_well(page, site)


def test_K8_an_order_is_gone_to_by_its_id(browser: Browser) -> None:
    with opened(browser, console("clerk"), "/orders") as page:
        fill(page, "查找订单", f" {ORDER_ID} ")
        press(page, "查找")
        expect(page.locator(".timeline")).to_be_visible()
        assert page.url.endswith(f"/orders/{ORDER_ID}")


FORMS = {
    "打折": ("discount", {"折扣": "0.85"}, {"rate": "0.85"}),
    "限时抢购": (
        "flash",
        {"商品": "tea-puer-357", "抢购价（元）": "99", "数量": "200", "每人限购（每种商品）": "2"},
        {"items": {"tea-puer-357": {"price_fen": 9_900, "units": 200}}, "per_member": 2},
    ),
    "满减": (
        "spend_save",
        {"满（元）": "299.99", "减（元）": "50"},
        {"steps": [{"from_fen": 29_999, "off_fen": 5_000}], "repeat": False},
    ),
    "满赠": (
        "gift",
        {"满（元）": "399", "赠品": "cup-celadon"},
        {"from_fen": 39_900, "sku": "cup-celadon", "quantity": 1},
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_K1_a_campaign_of_each_kind_is_tried_on_a_cart_and_then_put(browser: Browser, kind: str) -> None:
    name, fields, terms = FORMS[kind]
    warned = {**example("put_campaign", name), "warning": "Mind the steps."}
    site = console("marketing", put_campaign=(201, warned))
    with opened(browser, site, "/campaigns/new") as page:
        page.get_by_role("radio", name=re.compile(f"^{kind}")).check(force=True)
        fill(page, "活动编号", "a-week")
        fill(page, "名称", "一周")
        fill(page, "开始", "2026-12-11T00:00")
        fill(page, "结束（不含）", "2026-12-10T00:00")
        expect(page.get_by_text("结束要晚于开始")).to_be_visible()
        fill(page, "结束（不含）", "2026-12-18T00:00")
        preview = page.get_by_role("region", name="试算")
        expect(preview.get_by_role("button", name="试算")).to_be_disabled()
        terms_card = page.get_by_role("region", name="优惠内容")
        for label, text in fields.items():
            fill(terms_card, label, text)
            page.keyboard.press("Escape")
        fill(preview, "商品", "tea-longjing-100")
        page.keyboard.press("Escape")
        press(preview, "试算")
        expect(preview.get_by_text("现在", exact=True)).to_be_visible()
        assert site.of("put_campaign") == []
        press(page, "检查并保存")
        form = dialog(page)
        expect(form).to_contain_text("将要执行")
        assert_it_is_well(page, site)
        press(form, "新建活动")
        expect(form).to_contain_text("Mind the steps.")
        (tried,), (put,) = site.of("preview_campaign"), site.of("put_campaign")
        assert put.path == tried.path == {"campaign_id": "a-week"}
        assert put.body == tried.body["campaign"]
        assert tried.body["lines"] == [{"sku": "tea-longjing-100", "quantity": 1}]
        assert put.headers["if-none-match"] == "*"
        assert put.body["kind"] == name
        assert put.body["terms"] == terms
        assert (put.body["starts_at"], put.body["ends_at"]) == (
            "2026-12-11T00:00:00+08:00",
            "2026-12-18T00:00:00+08:00",
        )
        press(form, "完成")
        expect(page.locator("h1")).not_to_have_text("新建活动")
        assert page.url.endswith("/campaigns/a-week")


def test_K1_a_campaign_is_paused_and_ended_as_it_stands(browser: Browser) -> None:
    stands = {**example("get_campaign", "used"), "starts_at": "2026-12-01T00:00:00+08:00"}
    site = console("marketing")

    def put(asked: Asked) -> Answer:
        ended = asked.body["ends_at"] != stands["ends_at"]
        after = {**stands, **asked.body, "state": "ended" if ended else "paused"}
        site.answers["get_campaign"] = (200, after if ended else stands)
        return 200, after

    site.answers |= {"get_campaign": (200, stands), "put_campaign": put}
    with opened(browser, site, "/campaigns/x") as page:
        for verb, done in (("暂停", "已暂停"), ("结束", "已结束")):
            press(page, verb)
            press(dialog(page), verb)
            expect(dialog(page)).to_contain_text(done)
            press(dialog(page), "完成")
        expect(page.get_by_role("button", name="结束")).to_have_count(0)
        assert {each.headers["if-match"] for each in site.of("put_campaign")} == {f'"{stands["version"]}"'}
        paused, ended = (each.body for each in site.of("put_campaign"))
        assert paused["status"] == "paused"
        assert paused["terms"] == stands["terms"]
        assert (paused["starts_at"], paused["ends_at"]) == (stands["starts_at"], stands["ends_at"])
        assert ended == {**paused, "status": "active", "ends_at": ended["ends_at"]}
        assert ended["ends_at"].startswith("2026-12-03T20:")


def test_K1_a_campaign_that_has_not_begun_is_called_off(browser: Browser) -> None:
    stands = {**example("get_campaign", "used"), "starts_at": "2026-12-11T00:00:00+08:00"}
    site = console("marketing", get_campaign=(200, stands), put_campaign=(200, {**stands, "state": "ended"}))
    with opened(browser, site, "/campaigns/x") as page:
        press(page, "取消活动")
        press(dialog(page), "取消活动")
        expect(dialog(page)).to_contain_text("已取消")
        body = site.of("put_campaign")[0].body
        assert body["starts_at"] < body["ends_at"] < stands["starts_at"]
        assert body["ends_at"].startswith("2026-12-03T20:")


def test_K1_products_are_chosen_by_name_and_tiers_by_their_boxes(browser: Browser) -> None:
    osmanthus = {**ANSWERS["get_products"][1]["items"][0], "sku": "tea-osmanthus", "name": "桂花乌龙"}
    named = {"items": [osmanthus], "next_cursor": None}
    known = {"tea-osmanthus": (200, osmanthus)}
    site = console(
        "marketing",
        get_products=lambda asked: (200, named if asked.query.get("q") == "桂" else PRODUCTS),
        get_product=lambda asked: known.get(asked.path["sku"], problem(404, "product_not_found")),
    )
    with opened(browser, site, "/campaigns/new") as page:
        fill(page, "活动编号", "a-week")
        fill(page, "名称", "一周")
        fill(page, "开始", "2026-12-11T00:00")
        fill(page, "结束（不含）", "2026-12-18T00:00")
        fill(page, "折扣", "0.85")
        expect(page.get_by_role("button", name="检查并保存")).to_be_enabled()
        page.get_by_role("radio", name="指定商品").check(force=True)
        expect(page.get_by_text("还需填写或改正：商品")).to_be_visible()
        field = page.get_by_role("combobox", name="商品", exact=True).first
        field.focus()
        page.keyboard.type("桂")
        expect(page.get_by_role("option", name="桂花乌龙")).to_be_visible()
        # While the list is open React Aria hides all else from screen readers, and the focus cannot go there.
        of_the_rest = {"aria-hidden-focus", "page-has-heading-one", "region"}
        assert {each.partition(":")[0] for each in barriers(page)} <= of_the_rest
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(field).to_have_value("")
        page.keyboard.press("Escape")
        expect(page.get_by_role("list", name="已选：商品")).to_contain_text("桂花乌龙")
        page.keyboard.type("no-such-tea, tea-osmanthus")
        page.keyboard.press("Enter")
        expect(field).to_have_value("")
        page.keyboard.press("Escape")
        expect(page.get_by_text("没有商品 no-such-tea")).to_be_visible()
        press(page, "去掉 no-such-tea")
        for tier in ("J3", "J2"):
            page.get_by_role("checkbox", name=tier).check(force=True)
        assert_it_is_well(page, site)
        press(page, "检查并保存")
        press(dialog(page), "新建活动")
        expect(dialog(page)).to_contain_text("已保存")
        body = site.of("put_campaign")[0].body
        assert (body["scope"], body["tiers"]) == ({"skus": ["tea-osmanthus"]}, ["J2", "J3"])


def test_K3_what_the_api_says_of_a_campaign_is_said_in_chinese_by_the_forms_labels(browser: Browser) -> None:
    errors = [{"field": "terms.rate", "message": "must be a factor such as 0.85, with at most 4 decimals"}]
    site = console(
        "marketing",
        preview_campaign=problem(422, "unknown_sku", skus=["no-such-tea"]),
        put_campaign=problem(422, "invalid_request", errors=errors),
    )
    with opened(browser, site, "/campaigns/1212-save/edit") as page:
        preview = page.get_by_role("region", name="试算")
        fill(preview, "商品", "tea-longjing-100")
        page.keyboard.press("Escape")
        press(preview, "试算")
        expect(preview.get_by_role("alert")).to_contain_text("目录里没有这些商品")
        expect(preview.get_by_role("alert")).to_contain_text("no-such-tea")
        press(page, "检查并保存")
        dialog(page).get_by_role("button", name="编辑").click()
        expect(dialog(page).get_by_role("alert")).to_contain_text("折扣 请填写折扣，如 0.85，最多四位小数")


def test_K1_a_new_product_never_replaces_one_that_exists(browser: Browser) -> None:
    errors = [{"field": "price_fen", "message": "must be at most 100000000"}]
    answers = [problem(422, "invalid_request", errors=errors), problem(412, "exists_already")]
    site = console("marketing", put_product=lambda _: answers.pop(0))
    with opened(browser, site, "/products") as page:
        press(page, "新建商品")
        form = dialog(page)
        expect(form).to_contain_text("还需填写或改正：商品编号、名称和原价（元）")
        fill(form, "商品编号", "tea-puer-357")
        fill(form, "名称", " ")
        expect(form.get_by_text("名称不能全是空白")).to_be_visible()
        fill(form, "名称", "普洱")
        fill(form, "原价（元）", "1,280.00")
        expect(form.locator(".facts")).to_contain_text("1,280.00")
        press(form, "新建商品")
        expect(form.get_by_role("textbox", name="原价（元）")).to_have_attribute("aria-invalid", "true")
        expect(form.get_by_role("alert")).to_contain_text("原价（元） 最大为 100000000")
        press(form, "新建商品")
        expect(form.get_by_role("alert")).to_contain_text("这个编号已经有了")
        assert [each.headers["if-none-match"] for each in site.of("put_product")] == ["*", "*"]
        assert site.of("put_product")[1].body["price_fen"] == 128_000
        form.get_by_role("link", name="打开现有的 tea-puer-357").click()
        expect(page.get_by_role("heading", name="手工出入库")).to_be_visible()


def test_K1_a_product_that_was_changed_meanwhile_is_loaded_anew(browser: Browser) -> None:
    seen = {**ANSWERS["get_product"][1], "version": 3}
    site = console("marketing", get_product=(200, seen), put_product=problem(412, "changed_meanwhile"))
    with opened(browser, site, "/products/tea-longjing-100") as page:
        press(page, "编辑商品")
        fill(dialog(page), "名称", "另一个名字")
        press(dialog(page), "编辑商品")
        expect(dialog(page).get_by_role("alert")).to_contain_text("打开之后，别人改过这里")
        assert site.of("put_product")[0].headers["if-match"] == '"3"'
        site.answers["get_product"] = (200, {**seen, "name": "别人的名字", "version": 4})
        press(dialog(page), "重新载入")
        expect(page.locator("h1")).to_have_text("别人的名字")
        expect(page.get_by_role("dialog")).to_have_count(0)


def test_V10_codes_stand_in_the_dialog_and_are_seen_again_by_their_batch(browser: Browser) -> None:
    def made(asked: Asked) -> Answer:
        codes = [f"CODE-{number:04}" for number in range(asked.body["count"])]
        return 201, {"template_id": "tenth", "batch_id": asked.body["batch_id"], "codes": codes}

    site = console("marketing", make_coupon_codes=made)
    with opened(browser, site, "/coupons/tenth") as page:
        press(page, "生成兑换码")
        fill(dialog(page), "数量", "2")
        press(dialog(page), "生成兑换码")
        expect(dialog(page).get_by_role("list", name="兑换码")).to_contain_text("CODE-0001")
        batch = site.of("make_coupon_codes")[0].body["batch_id"]
        expect(dialog(page)).to_contain_text(batch)
        press(dialog(page), "完成")
        press(page, "查看批次")
        fill(dialog(page), "批次编号", batch)
        press(dialog(page), "查看批次")
        expect(dialog(page).get_by_role("list", name="兑换码")).to_contain_text("CODE-0001")
        first, again = (each.body for each in site.of("make_coupon_codes"))
        assert first == again == {"batch_id": batch, "count": 2}


def test_A2_a_case_is_refused_with_a_reason_that_the_member_sees(browser: Browser) -> None:
    refused = {**example("get_case", "own"), "state": "refused"}
    site = console("clerk", refuse_case=(200, refused))
    with opened(browser, site, "/cases/cas_1") as page:
        expect(page.locator(".timeline")).to_be_visible()
        expect(page.get_by_text("The tin is dented.")).to_be_visible()
        assert acts(page) == ["同意", "拒绝"]
        press(page, "拒绝")
        form = dialog(page)
        expect(form).to_contain_text("会员会看到这段话")
        expect(form.get_by_role("button", name="拒绝")).to_be_disabled()
        fill(form, "原因", "<b>拆封</b>")
        press(form, "拒绝")
        expect(form).to_contain_text("商家已拒绝")
        assert site.of("refuse_case")[0].body == {"reason": "<b>拆封</b>"}


def test_K1_a_run_is_asked_for_once_however_often_the_button_is_pressed(browser: Browser) -> None:
    gone: list[Answer] = [problem(503, "try_again")]

    def run(asked: Asked) -> Answer:
        return gone.pop() if gone else (202, {**example("run_job", "asked"), **asked.path, **asked.body})

    site = console("admin", run_job=run)
    with opened(browser, site, "/jobs") as page:
        press(page, "重放 replay-points")
        expect(dialog(page)).to_contain_text("重新入账")
        press(dialog(page), "重放")
        expect(dialog(page)).to_contain_text("已请求运行")
        first, second = site.of("run_job")
        assert first.path == {"job": "replay-points"}
        assert first.body == second.body
        expect(dialog(page)).to_contain_text(first.body["request_id"])


def test_K1_the_policy_is_checked_and_each_difference_shown(browser: Browser) -> None:
    site = console("admin")
    with opened(browser, site, "/policy") as page:
        page.get_by_role("tab", name="核对修改").click()
        expect(page.get_by_role("button", name="核对", exact=True)).to_be_disabled()
        press(page, "从现行规则开始")
        press(page, "核对")
        changes = example("check_policy", "changes")
        expect(page.locator("tbody tr")).to_have_count(len(changes["changes"]))
        assert site.of("check_policy")[0].body == {"toml": example("get_policy", "policy")["toml"]}
        site.answers["check_policy"] = (200, example("check_policy", "at_fault"))
        press(page, "核对")
        expect(page.get_by_text("不能部署：有错误").first).to_be_visible()
        assert_it_is_well(page, site)


def recorded(asked: Asked) -> Answer:
    """Answer an export as the API does."""
    said = {"report": asked.path["report"], "rows": asked.body["rows"], "at": RECORD["at"]}
    return 201, {"export_id": f"aud_of_{asked.path['report']}", **said}


def test_K7_a_file_is_handed_over_once_its_export_is_recorded_and_not_before(browser: Browser) -> None:
    site, files = console("finance", export_report=problem(403, "forbidden")), []
    with opened(browser, site, "/reports?report=sales") as page:
        page.on("download", lambda each: files.append(each.suggested_filename))
        expect(page.locator(".recharts-surface").first).to_be_visible()  # the table stands beneath it
        press(page, "导出 CSV")
        form = dialog(page)
        expect(form).to_contain_text("2 行导出为 sales-2026-11-04-2026-12-03.csv")
        assert site.of("export_report") == []
        press(form, "记录并导出")
        expect(form.get_by_role("alert")).to_contain_text("forbidden")
        assert files == []
        site.answers["export_report"] = recorded
        with page.expect_download() as loading:
            press(form, "记录并导出")
        assert loading.value.suggested_filename == "sales-2026-11-04-2026-12-03.csv"
        expect(form).to_contain_text("已导出 sales-2026-11-04-2026-12-03.csv，共 2 行")
        expect(form).to_contain_text("aud_of_sales")
        assert files == [loading.value.suggested_filename]
        refused, kept = site.of("export_report")
        assert refused.body == kept.body
        assert site.complaints == []


EXPORTED: dict[str, tuple[str, dict[str, str]]] = {
    "/reports?report=sales": ("sales", {"from": "2026-11-04", "until": "2026-12-03"}),
    "/reports?report=returns": ("returns", {"from": "2026-11-04", "until": "2026-12-03"}),
    "/reports?report=cases": ("cases", {"from": "2026-12-01", "until": "2026-12-31"}),
    "/reports?report=differences": ("payment-differences", {"from": "2026-12-02", "until": "2026-12-02"}),
    "/reports?report=refunds": ("refunds", {"state": "failed"}),
    "/reports?report=unassigned": ("unassigned-payments", {}),
    "/reports?report=late": ("late-deliveries", {}),
    "/reports?report=liability": ("points-liability", {}),
    "/audit": ("audit", {"from": "2026-12-03", "until": "2026-12-03"}),
    f"/audit?by=member_id&value={MEMBER_ID}": ("audit", {"by": "member_id", "value": MEMBER_ID}),
    "/audit?by=report&value=sales": ("audit", {"by": "report", "value": "sales"}),
}
"""What is recorded of an export on each page that has one: the report, and the filters it was read by."""


def test_K7_each_export_of_the_console_is_recorded_with_its_filters(browser: Browser, tmp_path: Path) -> None:
    site = console("admin", export_report=recorded)
    with opened(browser, site) as page:
        expect(page.locator(".console")).to_be_visible()
        for path, (report, filters) in EXPORTED.items():
            go(page, "/jobs")  # which has none
            expect(page.get_by_role("button", name="导出 CSV"), path).to_have_count(0)
            go(page, path)
            expect(page.get_by_role("button", name="导出 CSV"), path).to_have_count(1)
            press(page, "导出 CSV")
            with page.expect_download() as loading:
                press(dialog(page), "记录并导出")
            loading.value.save_as(tmp_path / "export.csv")
            rows = len((tmp_path / "export.csv").read_text(encoding="utf-8-sig").splitlines()) - 1
            press(dialog(page), "完成")
            asked = site.of("export_report")[-1]
            assert asked.path == {"report": report}, path
            assert rows > 0, path
            assert {**asked.body, "request_id": ""} == {"request_id": "", "rows": rows, **filters}, path
        ids = [each.body["request_id"] for each in site.of("export_report")]
        assert len(set(ids)) == len(ids) == len(EXPORTED)
        assert site.complaints == []


def test_K5_what_is_exported_is_text_to_a_spreadsheet(browser: Browser, tmp_path: Path) -> None:
    hostile = {**RECORD, "operator_name": '=HYPERLINK("http://x")', "operator": "o", "request_key": "-1+1"}
    site = console("admin", get_audit=page_of(hostile), export_report=recorded)
    with opened(browser, site, "/audit") as page:
        expect(page.locator("tbody tr")).to_have_count(1)
        press(page, "导出 CSV")
        with page.expect_download() as loading:
            press(dialog(page), "记录并导出")
        assert loading.value.suggested_filename == "audit-date-2026-12-03.csv"
        loading.value.save_as(tmp_path / "audit.csv")
        exported = (tmp_path / "audit.csv").read_text(encoding="utf-8-sig")
        assert '"\'=HYPERLINK(""http://x"") o"' in exported
        assert "'-1+1" in exported
        assert site.of("get_audit")[0].query == {"date": "2026-12-03", "limit": "100"}


def test_K1_a_record_of_the_audit_is_opened_and_its_thing_gone_to(browser: Browser) -> None:
    site = console("admin")
    with opened(browser, site, f"/audit?by=member_id&value={MEMBER_ID}") as page:
        press(page, f"详情 {RECORD['audit_id']}")
        record = dialog(page)
        expect(record).to_contain_text("adjust-1")
        expect(record).to_contain_text("203.0.113.7")
        assert_it_is_well(page, site)
        assert site.of("get_audit")[0].query == {"member_id": MEMBER_ID, "limit": "100"}
        record.get_by_role("link", name=MEMBER_ID).click()
        expect(page.get_by_role("tab", name="积分明细")).to_be_visible()


def test_K1_the_audit_says_who_did_what_in_words_and_finds_it_by_name_or_by_the_id_of_a_write(
    browser: Browser,
) -> None:
    looked = {**RECORD, "audit_id": "aud_" + "1" * 32, "operation": "get_member", "request_key": None}
    own = {**RECORD, "audit_id": "aud_" + "2" * 32, "operator": MEMBER, "operator_name": None}
    site = console("admin", get_audit=page_of(RECORD, looked, own), get_audit_record=(200, RECORD))
    with opened(browser, site, "/audit") as page:
        rows = page.locator("tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.nth(0)).to_contain_text("调整积分")
        expect(rows.nth(1)).to_contain_text("查看会员")
        expect(rows.nth(2)).to_contain_text("erin（我）")
        page.get_by_role("radio", name="仅写入").click()
        expect(rows).to_have_count(2)
        expect(page.get_by_text("已读取的 3 条中有 2 条写入")).to_be_visible()
        rows.nth(0).get_by_role("link", name="fiona").click()
        expect(page).to_have_url(re.compile(f"by=operator&value={RECORD['operator']}"))
        expect(page.get_by_role("textbox", name="编号")).to_have_value(str(RECORD["operator"]))
        go(page, "/audit?by=operator_name")
        page.get_by_role("textbox", name="用户名").fill("fiona")
        with page.expect_response(lambda answer: "operator_name=" in answer.url):
            press(page, "查找")
        expect(rows.nth(0)).to_contain_text("fiona")
        assert site.of("get_audit")[-1].query == {"operator_name": "fiona", "limit": "100"}
        with page.expect_response(lambda answer: "request_key=" in answer.url):
            go(page, "/audit?by=id&value=adjust-1")
        expect(rows.nth(0)).to_contain_text("fiona")
        assert site.of("get_audit")[-1].query == {"request_key": "adjust-1", "limit": "100"}
        go(page, f"/audit?by=id&value={RECORD['audit_id']}")
        expect(page.get_by_role("definition").get_by_text("fiona")).to_be_visible()
        assert site.of("get_audit_record")[0].path == {"audit_id": RECORD["audit_id"]}
        assert_it_is_well(page, site)


def test_K1_a_page_says_as_of_when_it_is_and_is_read_anew_when_asked_or_gone_to_again(
    browser: Browser,
) -> None:
    site = console("finance")
    with opened(browser, site) as page:
        expect(page.get_by_text("读取于")).to_be_visible()
        before = len(site.of("get_sales"))
        with page.expect_response(lambda told: "/reports/sales" in told.url):
            press(page, "刷新")
        assert len(site.of("get_sales")) == before + 1
        with page.expect_response(lambda told: "/reports/sales" in told.url):
            page.get_by_role("link", name="今日").click()
        assert len(site.of("get_sales")) == before + 2


def test_K3_dates_the_wrong_way_round_are_said_at_the_field_and_asked_for_by_nobody(browser: Browser) -> None:
    site = console("finance")
    with opened(browser, site, "/reports?report=sales") as page:
        expect(page.get_by_role("button", name="导出 CSV")).to_be_visible()
        page.get_by_label("从", exact=True).fill("2026-12-05")
        expect(page.get_by_text("“到”早于“从”")).to_be_visible()
        assert not [each for each in site.of("get_sales") if each.query["since"].startswith("2026-12-05")]
        page.get_by_label("到", exact=True).fill("2026-12-06")
        expect(page.get_by_text("“到”早于“从”")).to_have_count(0)
        go(page, "/orders?since=2026-12-03&until=2026-12-01")
        expect(page.get_by_text("早于“下单起”")).to_be_visible()
        with page.expect_response(lambda told: "/orders/search" in told.url):
            go(page, "/orders?since=2026-12-01&until=2026-12-01")
        expect(page.get_by_text("早于“下单起”")).to_have_count(0)
        asked = site.of("search_orders")[-1].query
        assert asked["before"].startswith("2026-12-02T00:00:00")  # the day itself is in it


CASE = example("get_case", "own")
COMPLAINT = {**CASE, "kind": "complaint", "lines": []}
DIALOGS: tuple[tuple[str, dict[str, Any], tuple[str, str], tuple[str, str] | None], ...] = (
    # where, what is answered there, the button in both languages, and what is chosen in the dialog
    ("/orders/ord_1", {"get_order": (200, PAID)}, ("发货", "Ship"), None),
    ("/orders/ord_2", {"get_order": (200, PAID)}, ("取消", "Cancel"), ("部分商品", "Some units")),
    ("/orders/ord_3", {"get_order": (200, SHIPPED)}, ("更正物流", "Correct the shipment"), None),
    ("/orders/ord_4", {"get_order": (200, SHIPPED)}, ("登记拒收", "Record a refusal"), None),
    ("/orders/ord_5", {"get_order": (200, SHIPPED)}, ("确认收货", "Confirm receipt"), None),
    ("/orders/ord_6", {"get_order": (200, RECEIVED)}, ("登记付款", "Record a payment"), None),
    ("/cases/cas_1", {"get_case": (200, CASE)}, ("同意", "Approve"), None),
    (
        "/cases/cas_2",
        {"get_case": (200, {**CASE, "state": "shipped_back"})},
        ("收到退货", "Receive"),
        ("不一致", "Something else"),
    ),
    ("/cases/cas_3", {"get_case": (200, COMPLAINT)}, ("答复", "Answer"), None),
    ("/cases/cas_4", {"get_case": (200, COMPLAINT)}, ("补偿", "Settle"), ("优惠券", "A coupon")),
    (f"/members/{MEMBER_ID}", {}, ("更改生日", "Change the birthday"), ("农历", "Lunar")),
    (f"/members/{MEMBER_ID}", {}, ("注销会员", "Erase the member"), None),
    (f"/members/{MEMBER_ID}", {}, ("发券", "Give a coupon"), None),
    ("/products", {}, ("新建商品", "New product"), None),
    ("/products/tea-longjing-100", {}, ("出入库", "Move stock"), None),
    (
        "/campaigns/x",
        {
            "get_campaign": (
                200,
                {**example("get_campaign", "used"), "starts_at": "2026-12-01T00:00:00+08:00"},
            )
        },
        ("结束", "End"),
        None,
    ),
    ("/coupons", {}, ("新建模板", "New template"), ("固定时间", "A fixed time")),
    ("/coupons/tenth", {}, ("编辑模板", "Change the template"), None),
    ("/coupons/tenth", {}, ("生成兑换码", "Make codes"), ("一个码多人用", "One for many")),
    ("/coupons/tenth", {}, ("查看批次", "See a batch"), None),
    ("/reports?report=refunds", {}, ("登记人工退款", "Say that it was paid"), None),
    ("/reports?report=unassigned", {}, ("归入订单", "Assign"), None),
    ("/reports?report=unassigned", {}, ("原路退回", "Send back"), None),
    ("/reports?report=sales", {}, ("导出 CSV", "Export as CSV"), None),
    ("/jobs", {}, ("运行 expire-points", "Run expire-points"), None),
)


@pytest.mark.parametrize("look", LOOKS[:2] + LOOKS[2:3])
def test_K3_each_dialog_of_a_write_has_no_barrier_and_fits(browser: Browser, look: Look) -> None:
    language = 0 if look[0] == "zh-CN" else 1
    site = console("admin")
    with opened(browser, site, language=look[0], width=look[1], dark=look[2]) as page:
        expect(page.locator(".console")).to_be_visible()
        for path, answers, button, choice in DIALOGS:
            site.answers |= answers
            go(page, path)
            press(page, button[language])
            form = dialog(page)
            if choice is not None:
                form.get_by_role("radio", name=choice[language], exact=True).click()
            assert form.evaluate("each => each.scrollWidth <= each.clientWidth"), button
            assert barriers(page) == [], button
            assert site.complaints == [], button
            page.keyboard.press("Escape")
            expect(page.get_by_role("dialog"), button[0]).to_have_count(0)
        assert {each.operation for each in site.asked} & set(WRITES) == set()


def test_K3_a_dialog_is_opened_filled_and_left_by_keyboard_alone(browser: Browser) -> None:
    site = console("clerk")
    with opened(browser, site, "/products/tea-longjing-100") as page:
        button = page.get_by_role("button", name="出入库")
        button.focus()
        page.keyboard.press("Enter")
        expect(dialog(page)).to_be_visible()
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.type("-2")
        expect(dialog(page).get_by_label("数量（负数为出库）")).to_have_value("-2")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(button).to_be_focused()
        assert site.of("move_stock") == []


def test_K3_the_language_changes_without_a_reload_and_what_was_typed_stays(browser: Browser) -> None:
    site = console("marketing")
    with opened(browser, site, "/campaigns/new") as page:
        fill(page, "名称", "一周")
        page.get_by_role("radio", name="English").click()
        expect(page.locator("h1")).to_have_text("New campaign")
        expect(page.get_by_label("Name", exact=True)).to_have_value("一周")
        assert page.locator("html").get_attribute("lang") == "en"


def test_K3_on_a_phone_the_menu_opens_and_closes_with_the_page(browser: Browser) -> None:
    site = console("clerk")
    with opened(browser, site, width=360) as page:
        expect(page.locator("h1")).to_have_text("今日")
        expect(page.get_by_role("link", name="订单", exact=True)).to_be_hidden()
        press(page, "菜单")
        assert_it_is_well(page, site)
        page.get_by_role("link", name="订单", exact=True).click()
        expect(page.locator("h1")).to_have_text("订单")
        expect(page.get_by_role("link", name="商品", exact=True)).to_be_hidden()
        expect(page.locator("h1")).to_be_focused()


def test_K1_no_token_and_no_member_is_kept_by_the_browser(browser: Browser) -> None:
    with opened(browser, console("clerk"), f"/members/{MEMBER_ID}") as page:
        expect(page.locator(".facts").first).to_be_visible()
        kept = json.dumps(page.evaluate("[{...localStorage}, {...sessionStorage}]"))
        assert "eyJ" not in kept
        assert MEMBER_ID not in kept


def test_K3_reports_say_reasons_states_and_damages_in_the_pages_language(browser: Browser) -> None:
    damaged = {
        **DIFFERENCE,
        **{"kind": "damaged", "entry": None, "payment_id": None, "number": None, "line": 31},
        **{"because": "totals", "ours": None, "theirs": None},
    }
    newer = {**REFUND, "refund_id": "ref_newer", "reason": "a_reason_of_tomorrow"}
    site = console("finance")
    site.answers |= {
        "get_refunds": page_of(REFUND, newer),
        "get_payment_differences": (200, {**DIFFERENCES, "items": [DIFFERENCE, damaged]}),
    }
    with opened(browser, site, "/reports?report=refunds") as page:
        rows = page.get_by_role("row")
        expect(rows.filter(has_text=REFUND["refund_id"])).to_contain_text("取消")
        expect(rows.filter(has_text="ref_newer")).to_contain_text("a_reason_of_tomorrow")
        go(page, "/reports?report=differences")
        expect(rows.filter(has_text="金额不符")).to_contain_text("¥109.50 · 成功")
        expect(rows.filter(has_text="账单损坏")).to_contain_text("第 31 行 · 合计不符")


def test_K3_an_alarm_is_said_in_the_pages_language(browser: Browser) -> None:
    with opened(browser, console("admin")) as page:
        alarm = page.locator("li.notice")
        expect(alarm).to_contain_text("一小时没有检查定时任务是否跑完")
        page.get_by_text("English", exact=True).click()
        expect(alarm).to_contain_text("For an hour nobody has looked whether jobs come to their end")
