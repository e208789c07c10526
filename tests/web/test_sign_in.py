"""Signing in: a code with its proof, state and nonce checked, tokens in memory only (K5)."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.pages import CLIENT, SIGN_IN, SITE, Site, opened


def sign_in(page: Page) -> None:
    """Press the button."""
    page.get_by_role("button", name="登录").click()


def kept(page: Page) -> str:
    """Return all that the browser keeps of the page, as text."""
    return str(page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])"))


@pytest.mark.parametrize(("button", "path"), [("登录", "/oauth2/authorize"), ("注册", "/signup")])
def test_K5_somebody_leaves_for_the_hosted_page_with_a_challenge_and_its_method(
    browser: Browser, button: str, path: str
) -> None:
    site = Site("storefront", signs_in=False)
    with opened(browser, site, "/", signed_in=False) as page:
        page.get_by_role("button", name=button).click()
        page.wait_for_url(f"{SIGN_IN}/**")
        there = urlsplit(page.url)
        asked = {name: values[0] for name, values in parse_qs(there.query).items()}
        assert there.path == path
        assert {name: asked[name] for name in ("response_type", "client_id", "redirect_uri", "scope")} == {
            "response_type": "code",
            "client_id": CLIENT,
            "redirect_uri": f"{SITE}/callback",
            "scope": "openid",
        }
        assert asked["code_challenge_method"] == "S256"
        assert all(len(asked[name]) >= 43 for name in ("code_challenge", "state", "nonce"))


def test_K5_who_comes_back_is_where_they_were_and_no_code_stands_in_the_address(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/points?x=1", signed_in=False) as page:
        sign_in(page)
        expect(page.get_by_role("heading", level=1, name="积分")).to_be_visible()
        assert page.url == f"{SITE}/points?x=1"
        assert site.complaints == []


def test_K5_no_token_is_kept_anywhere_but_in_memory(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/points", signed_in=False) as page:
        sign_in(page)
        expect(page.get_by_role("heading", level=1, name="积分")).to_be_visible()
        bearer = site.asked[0].headers["authorization"].removeprefix("Bearer ")
        assert bearer
        found = kept(page)
        assert bearer not in found
        assert bearer.split(".")[1] not in found
        assert "verifier" not in found
        assert "eyJ" not in found


def test_K5_a_reload_goes_through_the_hosted_page_and_comes_back(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/orders", signed_in=False) as page:
        sign_in(page)
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        page.reload()
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        assert page.url == f"{SITE}/orders"
        assert [urlsplit(each).path for each in site.left_for] == ["/oauth2/authorize"] * 2


def test_K5_where_the_hosted_page_does_not_send_back_a_reload_is_no_loop(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/orders") as page:
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        site.signs_in = False
        page.reload()
        page.wait_for_url(f"{SIGN_IN}/**")
        page.goto(f"{SITE}/orders")
        expect(page.get_by_role("button", name="登录")).to_be_visible()


def test_K5_a_link_in_a_new_tab_signs_in_by_itself_once_with_a_proof_of_its_own(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/orders", comes_back=False) as page:
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        tab = page.context.new_page()
        site.attach(tab)
        tab.goto(f"{SITE}/points?x=1")
        expect(tab.get_by_role("heading", level=1, name="积分")).to_be_visible()
        assert tab.url == f"{SITE}/points?x=1"
        first, second = (parse_qs(urlsplit(each).query) for each in site.left_for)
        for name in ("state", "nonce", "code_challenge"):
            assert first[name] != second[name]


def test_K5_a_new_tab_that_the_hosted_page_does_not_know_leaves_once_and_is_no_loop(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/orders", comes_back=False) as page:
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        site.signs_in = False
        tab = page.context.new_page()
        site.attach(tab)
        tab.goto(f"{SITE}/points")
        tab.wait_for_url(f"{SIGN_IN}/**")
        for _ in range(2):
            tab.goto(f"{SITE}/points")
            expect(tab.get_by_role("button", name="登录")).to_be_visible()
        assert len(site.left_for) == 2


def test_K5_who_has_signed_out_is_signed_in_again_by_no_new_tab(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/points") as page:
        page.get_by_role("button", name="退出登录").click()
        page.wait_for_url(f"{SIGN_IN}/logout?**")
        tab = page.context.new_page()
        site.attach(tab)
        tab.goto(f"{SITE}/points")
        expect(tab.get_by_role("button", name="登录")).to_be_visible()


@pytest.mark.parametrize(
    "address",
    [
        f"{SITE}/callback?code=stolen&state=forged",
        f"{SITE}/callback?code=stolen",
        f"{SITE}/callback?error=access_denied&state=forged",
        f"{SITE}/callback",
    ],
)
def test_K5_an_answer_to_no_sign_in_of_this_tab_is_void(browser: Browser, address: str) -> None:
    site = Site("storefront")
    with opened(browser, site, "/", signed_in=False) as page:
        page.goto(address)
        expect(page.get_by_text("登录没有完成")).to_be_visible()
        assert page.url == f"{SITE}/"
        assert site.asked == []


def pending(**changed: Any) -> str:
    """Return what a tab that has left for the hosted page remembers."""
    return json.dumps(
        {"state": "s" * 43, "nonce": "n" * 43, "verifier": "v" * 43, "path": "/points", **changed}
    )


def come_back(page: Page, state: str) -> None:
    """Be sent back by the hosted page, with a code that the token endpoint takes."""
    page.evaluate("value => sessionStorage.setItem('memberday.sign-in', value)", pending())
    page.goto(f"{SITE}/callback?code=code-x&state={state}")


def test_K5_another_state_is_refused_before_any_code_is_sent(browser: Browser) -> None:
    site = Site("storefront", nonces={"code-x": "n" * 43})
    with opened(browser, site, "/", signed_in=False) as page:
        come_back(page, "z" * 43)
        expect(page.get_by_text("对不上")).to_be_visible()
        assert "code-x" in site.nonces


def test_K5_another_nonce_in_the_token_is_refused(browser: Browser) -> None:
    site = Site("storefront", nonces={"code-x": "m" * 43})
    with opened(browser, site, "/", signed_in=False) as page:
        come_back(page, "s" * 43)
        expect(page.get_by_text("对不上")).to_be_visible()
        assert site.nonces == {}
        assert site.asked == []


def test_K5_what_was_left_with_is_used_once(browser: Browser) -> None:
    site = Site("storefront", nonces={"code-x": "n" * 43})
    with opened(browser, site, "/", signed_in=False) as page:
        come_back(page, "s" * 43)
        expect(page.get_by_role("heading", level=1, name="积分")).to_be_visible()
        page.goto(f"{SITE}/callback?code=code-x&state={'s' * 43}")
        expect(page.get_by_text("对不上")).to_be_visible()


def test_K5_a_session_that_ends_says_so_and_leads_back_to_the_page(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/points") as page:
        expect(page.get_by_role("heading", level=1, name="积分")).to_be_visible()
        site.answers["get_orders"] = (401, {"message": "Unauthorized"})
        page.get_by_role("link", name="我的订单").click()
        dialog = page.get_by_role("alertdialog")
        expect(dialog).to_contain_text("登录已过期")
        del site.answers["get_orders"]
        dialog.get_by_role("button", name="重新登录").click()
        expect(page.get_by_role("heading", level=1, name="我的订单")).to_be_visible()
        expect(page.locator("li.card").first).to_be_visible()


def test_K5_who_signs_out_is_signed_out_at_the_hosted_page_too(browser: Browser) -> None:
    site = Site("storefront")
    with opened(browser, site, "/points") as page:
        page.get_by_role("button", name="退出登录").click()
        page.wait_for_url(f"{SIGN_IN}/logout?**")
        asked = parse_qs(urlsplit(page.url).query)
        assert asked == {"client_id": [CLIENT], "logout_uri": [f"{SITE}/"]}
        page.goto(SITE)
        expect(page.get_by_role("button", name="登录")).to_be_visible()
