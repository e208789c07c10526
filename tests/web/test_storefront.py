"""What a shopper does in the storefront, from the registration to the money back (K2)."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.pages import MEMBER, SITE, Answer, Asked, Site, example, opened, problem

QUOTE = example("quote_cart", "sale")
FIRST = example("place_order", "first")
CART = {
    "lines": [{"sku": "tea-longjing-100", "quantity": 2}],
    "coupon": "best",
    "points": "best",
    "campaigns": "best",
    "key": "cart-of-a-test",
}
KEPT = f"memberday.cart.{MEMBER}"


def shop(**answers: Any) -> Site:
    """Return a storefront with a cart, where the API answers so."""
    return Site("storefront", answers={"quote_cart": (200, QUOTE), **answers}, kept={KEPT: CART})


def place(page: Page) -> None:
    """Press the button of the cart."""
    page.get_by_role("button", name="提交订单").click()


def once(first: Answer, then: Answer) -> Any:
    """Answer so the first time, and otherwise from then on."""
    answers = iter([first])
    return lambda _: next(answers, then)


def test_K2_somebody_new_registers_before_anything_else(browser: Browser) -> None:
    site = shop(get_me=problem(404, "not_registered"))
    with opened(browser, site, "/orders") as page:
        expect(page.get_by_role("heading", level=1, name="完善会员资料")).to_be_visible()
        page.get_by_role("button", name="成为会员").click()
        expect(page.get_by_text("请填写称呼")).to_be_visible()
        assert site.of("register") == []
        page.get_by_label("称呼").fill("小红")
        page.get_by_text("农历", exact=True).click()
        page.get_by_role("button", name="成为会员").click()
        expect(page.get_by_text("请填写农历月和日")).to_be_visible()
        assert site.of("register") == []
        for label, figure in (("农历月", "8"), ("农历日", "15")):
            page.get_by_role("textbox", name=label).fill(figure)
            page.keyboard.press("Tab")
        del site.answers["get_me"]
        page.get_by_role("button", name="成为会员").click()
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
    (sent,) = site.of("register")
    assert sent.body == {
        "name": "小红",
        "birthday_calendar": "lunar",
        "birthday": {"month": 8, "day": 15},
    }


def test_K3_a_campaign_with_a_long_name_makes_no_product_wider_than_the_others(browser: Browser) -> None:
    listed = example("get_products", "page")
    dear, cheap = ({**listed["items"][0], "sku": sku} for sku in ("dear", "cheap"))
    cheap |= {"price_of": "feast", "your_price_fen": cheap["price_fen"] - 1}
    products = {"items": [dear, cheap], "next_cursor": None}
    offers = example("get_offers", "running")
    named = {**offers["running"][0], "campaign_id": "feast", "name": "All that is for the feast of lanterns"}
    offers = {**offers, "running": [named]}
    with opened(browser, shop(get_products=(200, products), get_offers=(200, offers)), "/") as page:
        expect(page.locator(".product .badge.accent")).to_contain_text(named["name"])
        seals = [
            box["width"] for each in page.locator(".product .seal").all() if (box := each.bounding_box())
        ]
    assert len(seals) == 2
    assert seals[0] == seals[1]


def test_K3_a_field_that_the_api_refuses_says_so_beside_itself(browser: Browser) -> None:
    said = "must be a phone number of mainland China, or one with + and its country's code"
    errors = [{"field": "phone", "message": said}]
    site = shop(
        get_me=problem(404, "not_registered"), register=problem(422, "invalid_request", errors=errors)
    )
    with opened(browser, site, "/") as page:
        page.get_by_label("称呼").fill("小红")
        page.get_by_label("手机号").fill("1")
        page.get_by_role("button", name="成为会员").click()
        expect(page.get_by_label("手机号")).to_have_attribute("aria-invalid", "true")
        expect(page.get_by_text("手机号").first).to_be_visible()
        expect(page.get_by_text(said)).to_have_count(0)
        expect(page.get_by_label("称呼")).to_have_value("小红")


def test_K2_a_product_shows_the_members_price_and_why_it_is_that(browser: Browser) -> None:
    site = shop(
        get_product=(200, example("get_product", "in_a_sale")),
        get_offers=(200, example("get_offers", "running")),
    )
    with opened(browser, site, "/products/tea-longjing-100") as page:
        expect(page.locator(".price.large")).to_contain_text("¥84.58")
        expect(page.locator(".price.large .struck")).to_contain_text("¥99.50")
        expect(page.locator(".price.large .badge")).to_contain_text("活动价：Tea week")


def test_K2_the_cart_shows_every_offer_used_and_every_one_not_used_with_what_is_missing(
    browser: Browser,
) -> None:
    site = shop(get_offers=(200, example("get_offers", "running")))
    with opened(browser, site, "/cart") as page:
        used = page.get_by_role("region", name="已享优惠")
        expect(used.get_by_role("listitem")).to_have_count(4)
        unused = page.get_by_role("region", name="没有用上的优惠")
        expect(unused.get_by_role("listitem")).to_have_count(len(QUOTE["not_applied"]))
        missing = [each for each in QUOTE["not_applied"] if each.get("missing_fen")]
        assert missing
        for each in missing:
            expect(unused).to_contain_text(
                f"还差 ¥{each['missing_fen'] // 100}.{each['missing_fen'] % 100:02}"
            )
        expect(page.locator(".facts .total").last).to_contain_text("¥399.32")


def test_K2_each_change_of_the_cart_is_quoted_anew(browser: Browser) -> None:
    site = shop()
    with opened(browser, site, "/cart") as page:
        page.get_by_role("button", name="增加 Longjing tea, 100 g 的数量").click()
        expect(page.get_by_role("textbox", name="Longjing tea, 100 g 的数量")).to_have_value("3")
        with page.expect_response(lambda told: '"campaigns":"none"' in (told.request.post_data or "")):
            page.get_by_text("不参加活动").click()
    last = site.of("quote_cart")[-1].body
    assert last == {
        "lines": [{"sku": "tea-longjing-100", "quantity": 3}],
        "coupon": "best",
        "points": "best",
        "campaigns": "none",
    }


def test_R1_an_order_goes_out_under_the_carts_key_at_the_price_that_was_seen(browser: Browser) -> None:
    site = shop()
    with opened(browser, site, "/cart") as page:
        place(page)
        page.wait_for_url(f"{SITE}/orders/{FIRST['order_id']}")
        expect(page.get_by_role("heading", level=1, name="订单详情")).to_be_visible()
        page.get_by_role("link", name="购物车").click()
        expect(page.get_by_text("购物车是空的")).to_be_visible()
    (sent,) = site.of("place_order")
    assert sent.headers["idempotency-key"] == CART["key"]
    assert sent.body["expected_paid_fen"] == QUOTE["paid_fen"]
    assert sent.body["expected_gifts"] == []


def test_R1_an_outcome_that_is_not_known_is_asked_again_with_the_same_key_and_body(browser: Browser) -> None:
    site = shop(place_order=once(problem(503, "try_again"), (201, FIRST)))
    with opened(browser, site, "/cart") as page:
        place(page)
        page.wait_for_url(f"{SITE}/orders/{FIRST['order_id']}")
    first, second = site.of("place_order")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert first.body == second.body


def test_K2_a_price_that_changed_is_shown_beside_the_old_one_and_asked_for_again(browser: Browser) -> None:
    dearer = {**QUOTE, "paid_fen": QUOTE["paid_fen"] + 1_000}
    site = shop(place_order=once(problem(409, "quote_changed", quote=dearer), (201, FIRST)))
    with opened(browser, site, "/cart") as page:
        place(page)
        expect(page.get_by_role("status").filter(has_text="价格变了")).to_contain_text(
            "¥399.32 → 现在 ¥409.32"
        )
        assert len(site.of("place_order")) == 1
        page.get_by_role("button", name="按新价格提交").click()
        page.wait_for_url(f"{SITE}/orders/**")
    assert [each.body["expected_paid_fen"] for each in site.of("place_order")] == [39_932, 40_932]


def test_K3_after_a_refusal_the_whole_cart_is_of_one_price(browser: Browser) -> None:
    line = {**QUOTE["lines"][0], "unit_price_fen": 9_950, "amount_fen": 19_900, "price_of": "list"}
    dearer = {**QUOTE, "paid_fen": 51_200, "lines": [line, *QUOTE["lines"][1:]]}
    site = shop(place_order=once(problem(409, "quote_changed", quote=dearer), problem(409, "conflict_x")))
    with opened(browser, site, "/cart") as page:
        place(page)
        expect(page.get_by_role("status").filter(has_text="价格变了")).to_contain_text(
            "¥399.32 → 现在 ¥512.00"
        )
        expect(page.locator("li.cart-line").first).to_contain_text("¥199.00")
        site.answers["quote_cart"] = (200, {**dearer, "paid_fen": 51_300})
        page.get_by_role("button", name="按新价格提交").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.locator(".facts .total").last).to_contain_text("¥513.00")
        expect(page.get_by_role("button", name="提交订单 ¥513.00")).to_be_visible()


@pytest.mark.parametrize("path", ["/", "/products/tea-longjing-100"])
def test_V14_a_campaign_that_is_used_up_is_advertised_to_nobody(browser: Browser, path: str) -> None:
    found = example("get_offers", "running")
    gone, *others = found["running"]
    used_up = {**found, "running": [{**gone, "used_up": True}, *others]}
    site = shop(get_offers=(200, used_up), get_product=(200, example("get_product", "in_a_sale")))
    with opened(browser, site, path) as page:
        expect(page.get_by_text(others[0]["name"], exact=True).first).to_be_visible()
        expect(page.get_by_text(gone["name"], exact=True)).to_have_count(0)


def test_K3_a_name_of_many_signs_widens_no_page(browser: Browser) -> None:
    named = {**example("get_product", "in_a_sale"), "name": "茶" + "x" * 199}
    site = shop(get_product=(200, named), get_products=(200, {"items": [named], "next_cursor": None}))
    for path in ("/", "/products/tea-longjing-100", "/cart"):
        with opened(browser, site, path, width=360) as page:
            expect(page.get_by_text(named["name"]).first).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_K3_what_is_out_of_stock_is_named_and_can_be_taken_out(browser: Browser) -> None:
    refusal = problem(409, "insufficient_stock", skus=["tea-longjing-100"])
    site = shop(place_order=refusal)
    with opened(browser, site, "/cart") as page:
        place(page)
        alert = page.get_by_role("alert")
        expect(alert).to_contain_text("库存不足。请减少件数或换其他商品。")
        expect(alert).to_contain_text("Longjing tea, 100 g")
        expect(alert).to_contain_text("insufficient_stock")
        expect(alert).to_contain_text("req-")
        alert.get_by_role("button", name="移除这些商品").click()
        expect(page.get_by_text("购物车是空的")).to_be_visible()


def test_K3_a_line_says_how_many_are_left_and_offers_to_take_them(browser: Browser) -> None:
    refusal = problem(409, "insufficient_stock", skus=["tea-longjing-100"], left={"tea-longjing-100": 1})
    site = shop(place_order=refusal)
    with opened(browser, site, "/cart") as page:
        place(page)
        line = page.locator("li.cart-line").filter(has_text="Longjing tea, 100 g")
        expect(line).to_contain_text("库存只剩 1 件")
        line.get_by_role("button", name="改为 1 件").click()
        expect(page.get_by_role("textbox", name="Longjing tea, 100 g 的数量")).to_have_value("1")
        expect(line.get_by_text("库存只剩 1 件")).to_have_count(0)


def test_V2_a_line_says_how_many_a_flash_sale_prices_and_offers_to_take_them(browser: Browser) -> None:
    limit = {
        "offer": "campaign",
        "code": "flash_member_limit",
        "detail": "",
        "campaign_id": "cups",
        "sku": "tea-longjing-100",
        "may_have": 1,
    }
    site = shop(quote_cart=(200, {**QUOTE, "not_applied": [limit]}))
    with opened(browser, site, "/cart") as page:
        line = page.locator("li.cart-line").filter(has_text="Longjing tea, 100 g")
        expect(line).to_contain_text("您最多还能买 1 件，超过时全部按原价")
        line.get_by_role("button", name="改为 1 件").click()
        expect(page.get_by_role("textbox", name="Longjing tea, 100 g 的数量")).to_have_value("1")


def test_P5_the_cart_says_from_how_much_on_shipping_is_free_and_what_is_missing(browser: Browser) -> None:
    free = {"from_fen": 18_800, "missing_fen": 2_340}
    site = shop(quote_cart=(200, {**QUOTE, "shipping_fen": 1_000, "free_shipping": free}))
    with opened(browser, site, "/cart") as page:
        expect(page.get_by_role("region", name="结算")).to_contain_text("满 ¥188.00 包邮 还差 ¥23.40")


def test_R1_a_key_that_stands_for_another_order_is_not_ordered_over(browser: Browser) -> None:
    site = shop(place_order=once(problem(422, "idempotency_key_reused"), (201, FIRST)))
    with opened(browser, site, "/cart") as page:
        place(page)
        expect(page.get_by_text("上一次提交其实已经成功")).to_be_visible()
        page.get_by_role("button", name="仍要再下一单").click()
        place(page)
        page.wait_for_url(f"{SITE}/orders/**")
    first, second = site.of("place_order")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_K3_the_language_changes_at_once_and_nothing_is_lost(browser: Browser) -> None:
    site = shop()
    with opened(browser, site, "/coupons") as page:
        page.get_by_label("兑换码").fill("tea-618")
        page.get_by_role("radio", name="English").click()
        expect(page.get_by_role("heading", level=1, name="Coupons")).to_be_visible()
        expect(page.get_by_label("Code", exact=True)).to_have_value("tea-618")
        assert page.locator("html").get_attribute("lang") == "en"
        assert site.left_for == []


def paid_after(tries: int) -> Any:
    """Answer with an order that is paid when it is read so many times."""
    asked = 0

    def answer(_: Asked) -> Answer:
        nonlocal asked
        asked += 1
        paid = {"status": "paid", "paid_at": FIRST["placed_at"]}
        return 200, {**FIRST, "status": "placed", **(paid if asked > tries else {})}

    return answer


ATTEMPT = {
    "attempt_id": "x_01",
    "provider": "alipay",
    "method": "default",
    "amount_fen": FIRST["paid_fen"],
    "expires_at": "2026-12-03T20:43:00+08:00",
}


def test_K2_a_shopper_is_led_to_the_providers_page_and_back_and_the_order_says_that_it_is_paid(
    browser: Browser,
) -> None:
    action = {"kind": "redirect", "value": "https://till.test/pay?trade=1"}
    site = shop(get_order=paid_after(3), ask_for_payment=(200, {**ATTEMPT, "action": action}))
    with opened(browser, site, f"/orders/{FIRST['order_id']}") as page:
        expect(page.get_by_role("button", name="去付款")).to_be_visible()
        expect(page.get_by_text("等待支付平台确认")).to_have_count(0)
        page.get_by_role("button", name="去付款").click()
        page.wait_for_url("https://till.test/pay?trade=1")
        page.goto(f"{SITE}/paid?out_trade_no=forged&total_amount=0.01")
        page.wait_for_url(f"{SITE}/orders/{FIRST['order_id']}")
        expect(page.get_by_text("等待支付平台确认")).to_be_visible()
        expect(page.get_by_text("已付款，等待发货")).to_be_visible()
    (sent,) = site.of("ask_for_payment")
    assert sent.body == {"provider": "alipay", "method": "default"}


def test_K2_a_code_to_pay_by_is_drawn_here(browser: Browser) -> None:
    action = {"kind": "qr", "value": "weixin://wxpay/bizpayurl?pr=p1a2b3"}
    site = shop(get_order=paid_after(99), ask_for_payment=(200, {**ATTEMPT, "action": action}))
    with opened(browser, site, f"/orders/{FIRST['order_id']}") as page:
        page.get_by_text("微信支付").click()
        page.get_by_role("button", name="去付款").click()
        expect(page.get_by_role("img", name="付款二维码")).to_be_visible()
        expect(page.get_by_text("请用微信扫码付款")).to_be_visible()
        expect(page.get_by_text("等待支付平台确认")).to_have_count(0)
        assert site.complaints == []
    (sent,) = site.of("ask_for_payment")
    assert sent.body == {"provider": "wechatpay", "method": "default"}


@pytest.mark.parametrize(("width", "method"), [(360, "h5"), (1_440, "default")])
def test_Y2_wechat_is_asked_for_a_way_that_this_screen_can_pay_by(
    browser: Browser, width: int, method: str
) -> None:
    action = {"kind": "redirect", "value": "https://till.test/h5"}
    site = shop(get_order=paid_after(99), ask_for_payment=(200, {**ATTEMPT, "action": action}))
    with opened(browser, site, f"/orders/{FIRST['order_id']}", width=width, touch=True) as page:
        page.get_by_text("微信支付").click()
        page.get_by_role("button", name="去付款").click()
        page.wait_for_url("https://till.test/h5")
    (sent,) = site.of("ask_for_payment")
    assert sent.body == {"provider": "wechatpay", "method": method}


def test_Y2_on_a_phone_a_code_for_another_one_can_be_had(browser: Browser) -> None:
    action = {"kind": "qr", "value": "https://qr.test/bax1"}
    site = shop(get_order=paid_after(99), ask_for_payment=(200, {**ATTEMPT, "action": action}))
    with opened(browser, site, f"/orders/{FIRST['order_id']}", width=360, touch=True) as page:
        page.get_by_role("button", name="用另一台手机扫码付款").click()
        expect(page.get_by_role("img", name="付款二维码")).to_be_visible()
    (sent,) = site.of("ask_for_payment")
    assert sent.body == {"provider": "alipay", "method": "qr"}


def test_O2_an_order_says_until_when_it_can_be_paid(browser: Browser) -> None:
    lapses = {**FIRST, "status": "placed", "lapses_at": "2026-12-03T20:46:00+08:00"}
    with opened(browser, shop(get_order=(200, lapses)), "/orders/ord_1") as page:
        expect(page.get_by_text("到 2026年12月3日 20:46 还没付，订单自动关闭")).to_be_visible()


def test_O6_money_that_came_too_late_is_said_to_go_back(browser: Browser) -> None:
    astray = {
        "payment_id": "alipay:1",
        "provider": "alipay",
        "amount_fen": 10_450,
        "received_at": FIRST["placed_at"],
        "applied": False,
    }
    cancelled = {**FIRST, "status": "cancelled", "paid_at": None, "payments": [astray]}
    with opened(browser, shop(get_order=(200, cancelled)), "/orders/ord_1") as page:
        expect(page.get_by_role("status").filter(has_text="没有用在这个订单上")).to_contain_text("¥104.50")
        expect(page.get_by_text("未付款金额")).to_be_visible()
        expect(page.get_by_text("应付", exact=True)).to_have_count(0)


def order(**changed: Any) -> Answer:
    """Return an order that has been paid and shipped, and what is said of it besides."""
    return 200, {**FIRST, "paid_at": FIRST["placed_at"], "shipped_at": FIRST["placed_at"], **changed}


def test_K2_a_receipt_says_before_what_it_does_and_after_that_it_did(browser: Browser) -> None:
    site = shop(get_order=order(status="shipped"), receive_order=order(status="received"))
    with opened(browser, site, "/orders/ord_1") as page:
        page.get_by_role("button", name="确认收货").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("确认后不能再拒收")
        assert site.of("receive_order") == []
        dialog.get_by_role("button", name="确认收货").click()
        expect(dialog).to_contain_text("已完成")
        dialog.get_by_role("button", name="完成").click()
        expect(dialog).to_have_count(0)
    assert len(site.of("receive_order")) == 1


def test_R1_a_case_that_is_sent_again_is_the_same_case(browser: Browser) -> None:
    lines = [{**FIRST["lines"][0], "quantity": 2}]
    answer = example("open_case", "return")
    site = shop(
        get_order=order(status="received", lines=lines),
        open_case=once(problem(500, "internal_error"), (201, answer)),
    )
    with opened(browser, site, "/orders/ord_1") as page:
        page.get_by_role("button", name="申请售后").click()
        dialog = page.get_by_role("dialog")
        send = dialog.get_by_role("button", name="提交申请")
        expect(send).to_be_disabled()
        dialog.get_by_role("button", name="增加 Longjing tea, 100 g 的件数").click()
        expect(send).to_be_disabled()
        dialog.get_by_role("button", name="原因").click()
        page.get_by_role("option", name="无理由").click()
        dialog.get_by_label("补充说明").fill("罐子开了")
        send.click()
        expect(dialog).to_contain_text(answer["case_id"])
    first, second = site.of("open_case")
    assert first.body == second.body
    line = {"line_id": lines[0]["line_id"], "quantity": 1}
    told = {"kind": "return", "reason": "no_reason", "lines": [line], "text": "罐子开了"}
    assert {name: first.body[name] for name in told} == told


def test_O5_what_comes_back_is_said_before_it_is_asked_and_what_it_is_made_of(browser: Browser) -> None:
    lines = [{**FIRST["lines"][0], "quantity": 2}]
    preview = example("preview_return", "one_of_two")
    site = shop(get_order=order(status="received", lines=lines), preview_return=(200, preview))
    with opened(browser, site, "/orders/ord_1") as page:
        page.get_by_role("button", name="申请售后").click()
        dialog = page.get_by_role("dialog")
        expect(dialog.get_by_text("预计退款")).to_have_count(0)
        dialog.get_by_role("button", name="增加 Longjing tea, 100 g 的件数").click()
        fen = preview["refund_fen"]
        expect(dialog.locator(".facts.sums dd").last).to_have_text(f"¥{fen // 100}.{fen % 100:02}")
        expect(dialog.locator(".facts.sums dt")).to_have_count(len(preview["parts"]) + 1)
        dialog.get_by_text("投诉").click()
        expect(dialog.get_by_text("预计退款")).to_have_count(0)
    (asked,) = site.of("preview_return")
    assert asked.body == {"lines": [{"line_id": lines[0]["line_id"], "quantity": 1}]}


def test_A2_a_complaint_has_a_reason_that_somebody_chose(browser: Browser) -> None:
    with opened(browser, shop(get_order=order(status="received")), "/orders/ord_1") as page:
        page.get_by_role("button", name="申请售后").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("投诉").click()
        expect(dialog.get_by_role("button", name="提交申请")).to_be_disabled()
        dialog.get_by_role("button", name="原因").click()
        expect(page.get_by_role("option", name="无理由")).to_have_count(0)
        page.get_by_role("option", name="质量问题").click()
        expect(dialog.get_by_role("button", name="提交申请")).to_be_enabled()


def test_A1_an_order_leads_to_its_cases_by_their_numbers_and_the_shops_answer_is_in_sight(
    browser: Browser,
) -> None:
    case = {**example("open_case", "return"), "order_id": FIRST["order_id"], "state": "refused"}
    said = {"at": case["opened_at"], "by": "staff", "state": "refused", "reason": "罐子没有破"}
    case["history"] = [*case["history"], said]
    site = shop(
        get_order=order(status="received"),
        get_own_cases=(200, {"items": [case], "next_cursor": None}),
        get_case=(200, case),
    )
    with opened(browser, site, f"/orders/{FIRST['order_id']}") as page:
        cases = page.get_by_role("region", name="售后")
        expect(cases).to_contain_text(case["case_id"])
        cases.get_by_role("link", name="退货退款").click()
        page.wait_for_url(f"{SITE}/cases/{case['case_id']}")
        expect(page.get_by_role("status").filter(has_text="商家答复")).to_contain_text("罐子没有破")


def test_K2_units_are_cancelled_under_an_id_that_is_shown(browser: Browser) -> None:
    lines = [{**FIRST["lines"][0], "quantity": 2}]
    site = shop(
        get_order=order(status="paid", shipped_at=None, lines=lines),
        cancel_order=(200, example("cancel_order", "one_of_three")),
    )
    with opened(browser, site, "/orders/ord_1") as page:
        page.get_by_role("button", name="取消订单").click()
        dialog = page.get_by_role("dialog")
        dialog.get_by_text("取消部分商品").click()
        dialog.get_by_role("button", name="增加 Longjing tea, 100 g 的件数").click()
        dialog.get_by_role("button", name="确认取消").click()
        expect(dialog).to_contain_text("已完成")
        (sent,) = site.of("cancel_order")
        expect(dialog).to_contain_text(sent.body["cancel_id"])


CLAIMABLE = {
    "template_id": "welcome",
    "name": "新客减5元",
    "kind": "amount",
    "face_value_fen": 500,
    "rate": None,
    "max_off_fen": None,
    "min_goods_fen": 2_000,
    "scope": {"all": True},
    "except_skus": [],
    "exclusive": False,
    "valid": {"days": 30},
    "claims_left": 1,
}


@pytest.mark.parametrize("path", ["/", "/coupons"])
def test_V10_what_can_be_claimed_is_shown_and_claimed_at_a_press(browser: Browser, path: str) -> None:
    had = {**CLAIMABLE, "claims_left": 0}
    site = shop(
        get_claimable_coupons=(200, {"items": [CLAIMABLE], "next_cursor": None}),
        claim_coupon=(201, example("claim_coupon", "claimed")),
    )
    with opened(browser, site, path) as page:
        offered = page.get_by_role("region", name="可以领取的优惠券")
        expect(offered).to_contain_text("新客减5元")
        expect(offered).to_contain_text("减 ¥5.00 · 满 ¥20.00 可用")
        expect(offered).to_contain_text("您还可领 1 张")
        site.answers["get_claimable_coupons"] = (200, {"items": [had], "next_cursor": None})
        offered.get_by_role("button", name="领取 新客减5元").click()
        expect(offered.get_by_text("已领取")).to_be_visible()
    (sent,) = site.of("claim_coupon")
    assert sent.path == {"template_id": "welcome"}
    assert sent.headers["idempotency-key"].startswith("claim")


def test_K2_a_coupon_is_claimed_once_however_often_it_is_pressed(browser: Browser) -> None:
    site = shop(claim_coupon=once(problem(409, "conflict"), (201, example("claim_coupon", "claimed"))))
    with opened(browser, site, "/coupons") as page:
        page.get_by_label("券编号").fill("tea-20")
        page.get_by_role("button", name="领取", exact=True).click()
        expect(page.get_by_text("领到了")).to_be_visible()
    first, second = site.of("claim_coupon")
    assert first.path == {"template_id": "tea-20"}
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_K3_a_code_that_is_not_valid_says_what_to_do(browser: Browser) -> None:
    site = shop(redeem_coupon_code=problem(422, "code_not_valid"))
    with opened(browser, site, "/coupons") as page:
        page.get_by_label("兑换码").fill("nope")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text(
            "兑换码无效：可能输错了、已被使用或已过期。请再核对一遍。"
        )


def tab_to(page: Page, name: str, most: int = 60) -> None:
    """Press Tab until what has the focus is called so."""
    for _ in range(most):
        page.keyboard.press("Tab")
        label = page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent.trim()")
        if str(label).startswith(name):
            return
    pytest.fail(f"Tab does not reach {name}")


def test_K3_an_order_is_placed_by_keyboard_alone(browser: Browser) -> None:
    site = shop()
    site.kept = {}
    with opened(browser, site, "/") as page:
        expect(page.locator("li.product").first).to_be_visible()
        page.locator("body").press("Tab")
        tab_to(page, "加入购物车")
        page.keyboard.press("Enter")
        page.get_by_role("heading", level=1).focus()
        for _ in range(3):
            page.keyboard.press("Shift+Tab")
        tab_to(page, "购物车")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1, name="购物车")).to_be_focused()
        expect(page.get_by_role("button", name="提交订单")).to_be_visible()
        tab_to(page, "提交订单")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{SITE}/orders/**")
        expect(page.get_by_role("heading", level=1, name="订单详情")).to_be_focused()


def test_K3_a_dialog_holds_the_focus_and_gives_it_back(browser: Browser) -> None:
    site = shop(get_order=order(status="shipped"))
    with opened(browser, site, "/orders/ord_1") as page:
        page.get_by_role("button", name="确认收货").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog")).to_be_visible()
        for _ in range(8):
            page.keyboard.press("Tab")
            assert page.evaluate("document.querySelector('[role=dialog]').contains(document.activeElement)")
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_role("button", name="确认收货")).to_be_focused()


def test_A10_a_persons_words_are_text_and_never_markup(browser: Browser) -> None:
    words = "<img src=x onerror=document.title='taken'><b>x</b>"
    found = {**example("open_case", "return"), "text": words}
    site = shop(get_own_cases=(200, {"items": [found], "next_cursor": None}))
    with opened(browser, site, "/cases") as page:
        expect(page.get_by_text(words)).to_be_visible()
        assert page.title() != "taken"
        assert site.complaints == []


def test_K2_the_countdown_goes_by_the_shops_clock_and_zone(browser: Browser) -> None:
    site = shop()
    with opened(browser, site, "/") as page:
        expect(page.locator(".countdown")).to_have_text("6 天 3 小时 43 分")
