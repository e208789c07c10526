"""The console's frame: who sees what (K7), a session of ten minutes (K5), and its looks (K3)."""

import pytest
from playwright.sync_api import Browser, expect

from tests.support.pages import SIGN_IN, WIDTHS_PIXELS, Site, opened, problem
from tests.web.test_looks import assert_it_is_well, assert_it_is_well_in_every_look

TOKEN_SECONDS = 600
"""As long as a token of the console holds."""


def test_K3_the_frame_has_no_barrier_and_fits_in_every_look(browser: Browser) -> None:
    site = Site("console", groups=("admin",))
    with opened(browser, site, "/", width=WIDTHS_PIXELS[0]) as page:
        expect(page.get_by_role("region", name="待发货订单").get_by_role("listitem").first).to_be_visible()
        expect(page.get_by_role("navigation")).to_have_count(0)
        page.get_by_role("button", name="菜单").click()
        expect(page.get_by_role("navigation")).to_be_visible()
        assert_it_is_well_in_every_look(page, site)


def test_K3_staff_sign_in_and_nobody_signs_up(browser: Browser) -> None:
    site = Site("console")
    with opened(browser, site, "/", signed_in=False) as page:
        expect(page.get_by_role("button", name="登录")).to_be_visible()
        expect(page.get_by_role("button", name="注册")).to_have_count(0)
        assert_it_is_well(page, site)


@pytest.mark.parametrize("groups", [(), ("nonstaff",), ("CLERK",)])
def test_K7_who_has_no_role_sees_no_page_and_asks_the_api_for_nothing(
    browser: Browser, groups: tuple[str, ...]
) -> None:
    site = Site("console", groups=groups)
    with opened(browser, site, "/") as page:
        expect(page.get_by_role("heading", level=1, name="没有权限")).to_be_visible()
        expect(page.get_by_role("navigation").get_by_role("listitem")).to_have_count(0)
        assert site.asked == []
        assert_it_is_well(page, site)


@pytest.mark.parametrize(("role", "sees"), [("clerk", True), ("marketing", False), ("admin", True)])
def test_K7_the_cases_are_asked_for_by_whose_work_they_are(browser: Browser, role: str, sees: bool) -> None:
    site = Site("console", groups=(role,))
    with opened(browser, site, "/") as page:
        expect(page.get_by_role("heading", level=1, name="今日")).to_be_visible()
        expect(page.get_by_role("region", name="待处理售后")).to_have_count(1 if sees else 0)
    assert bool(site.of("get_cases")) is sees


def test_K7_what_the_api_refuses_says_so_in_its_place(browser: Browser) -> None:
    site = Site("console", groups=("clerk",), answers={"get_cases": problem(403, "forbidden")})
    with opened(browser, site, "/") as page:
        expect(page.get_by_role("region", name="待处理售后")).to_contain_text("没有权限")


def test_K5_with_little_time_left_the_next_page_is_gone_to_by_way_of_the_hosted_one(browser: Browser) -> None:
    site = Site("console", groups=("admin",), token_seconds=TOKEN_SECONDS)
    with opened(browser, site, "/", comes_back=False) as page:
        expect(page.get_by_role("region", name="待发货订单").get_by_role("listitem").first).to_be_visible()
        assert len(site.left_for) == 1
        page.clock.install()
        page.clock.fast_forward((TOKEN_SECONDS - 60) * 1_000)
        site.signs_in = False
        page.evaluate("history.pushState(null, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))")
        page.wait_for_url(f"{SIGN_IN}/oauth2/authorize**")
        kept = page.context.storage_state()
        assert kept["cookies"] == []


def test_K5_a_pool_whose_tokens_hold_but_for_a_moment_sends_nobody_round_and_round(browser: Browser) -> None:
    site = Site("console", groups=("admin",), token_seconds=90)
    with opened(browser, site, "/", comes_back=False) as page:
        expect(page.get_by_role("region", name="待发货订单").get_by_role("listitem").first).to_be_visible()
        assert len(site.left_for) == 1
