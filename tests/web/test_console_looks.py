"""Every page of the console in every state, looked at: no barrier that axe finds, nothing wider (K1, K3)."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.support.pages import Answer, Site, opened, problem
from tests.web.console_pages import ANSWERS, WALKS, Walk
from tests.web.test_looks import LOOKS, Look, assert_it_is_well, barriers

FAILS = problem(400, "invalid_cursor")
"""What is not tried again by itself."""


class Always(dict[str, Any]):
    """The same answer to whatever is asked."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer

    def get(self, operation: str, default: Any = None) -> Any:
        """Return the answer."""
        return self.answer


def go(page: Page, path: str) -> None:
    """Go to a page of the console as its own links do: without loading it anew."""
    page.evaluate(
        "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", path
    )


def walked(
    page: Page, site: Site, walks: dict[str, Walk], state: str | None
) -> Iterator[tuple[str, Walk, list[str]]]:
    """Go to each page in turn, and give it with what is wrong with it once its state is there."""
    expect(page.locator(".console")).to_be_visible()
    for name, walk in walks.items():
        go(page, walk.path)
        expect(page.locator(state or walk.there).first, name).to_be_visible()
        if state != ".skeleton":
            expect(page.locator(".skeleton"), name).to_have_count(0)
        wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
        wrong = [*barriers(page), *site.complaints, *(["it is wider than its window"] if wide else [])]
        site.complaints.clear()
        yield name, walk, wrong
        assert page.title() != "", name


def assert_all_are_well(page: Page, site: Site, walks: dict[str, Walk], state: str | None) -> None:
    """Hold that nothing is wrong with any page in this state, and name all that something is wrong with."""
    assert {name: wrong for name, _, wrong in walked(page, site, walks, state) if wrong} == {}


@pytest.mark.parametrize("look", LOOKS)
def test_K3_every_page_of_the_console_has_no_barrier_and_fits(browser: Browser, look: Look) -> None:
    language, width, dark = look
    site = Site("console", groups=("admin",), answers=dict(ANSWERS))
    with opened(browser, site, width=width, dark=dark, language=language) as page:
        expect(page.locator(".console")).to_be_visible()
        assert page.locator("html").get_attribute("lang") == language
        assert page.locator("html").get_attribute("data-theme") == ("dark" if dark else "light")
        assert_all_are_well(page, site, WALKS, None)


@pytest.mark.parametrize("look", LOOKS[:2])
def test_K3_where_there_is_nothing_the_console_says_so_and_how_to_begin(browser: Browser, look: Look) -> None:
    walks = {name: walk for name, walk in WALKS.items() if walk.empty is not None}
    answers = {**ANSWERS, **{walk.reads: walk.empty for walk in walks.values()}}
    site = Site("console", groups=("admin",), answers=answers)
    with opened(browser, site, language=look[0], width=look[1], dark=look[2]) as page:
        assert len(walks) > 20
        assert_all_are_well(page, site, walks, ".state h2, .state h1")


@pytest.mark.parametrize("look", LOOKS[:2])
def test_K3_what_failed_says_what_to_do_with_its_code_and_the_request(browser: Browser, look: Look) -> None:
    walks = {name: walk for name, walk in WALKS.items() if walk.reads}
    site = Site("console", groups=("admin",), answers=Always(FAILS))
    with opened(browser, site, language=look[0], width=look[1], dark=look[2]) as page:
        for name, _, wrong in walked(page, site, walks, ".notice.bad"):
            notice = page.locator(".notice.bad").first
            expect(notice, name).to_contain_text("invalid_cursor")
            expect(notice, name).to_contain_text("req-")
            expect(notice.get_by_role("button"), name).to_be_visible()
            assert wrong == [], name


@pytest.mark.parametrize("look", LOOKS[2:])
def test_K3_what_loads_has_the_shape_of_what_comes(browser: Browser, look: Look) -> None:
    walks = {name: walk for name, walk in WALKS.items() if walk.reads}
    site = Site("console", groups=("admin",), holds={walk.reads for walk in walks.values()}, answers=ANSWERS)
    with opened(browser, site, language=look[0], width=look[1], dark=look[2]) as page:
        assert_all_are_well(page, site, walks, ".skeleton")


@pytest.mark.parametrize("look", LOOKS[:2])
def test_K7_a_page_without_the_right_to_it_says_so_and_asks_the_api_nothing(
    browser: Browser, look: Look
) -> None:
    site = Site("console")
    with opened(browser, site, language=look[0], width=look[1], dark=look[2]) as page:
        assert_all_are_well(page, site, WALKS, ".state h1, .state h2")
        assert site.asked == []
        expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(0)


def test_K7_what_the_api_refuses_all_the_same_is_said_as_such(browser: Browser) -> None:
    site = Site("console", groups=("admin",), answers=Always(problem(403, "forbidden")))
    with opened(browser, site) as page:
        walks = {name: walk for name, walk in WALKS.items() if walk.reads}
        assert_all_are_well(page, site, walks, ".state, .notice.bad")


@pytest.mark.parametrize("look", LOOKS)
def test_K3_who_has_not_signed_in_sees_how(browser: Browser, look: Look) -> None:
    site = Site("console")
    with opened(browser, site, language=look[0], width=look[1], dark=look[2], signed_in=False) as page:
        expect(page.get_by_role("button", name="登录" if look[0] == "zh-CN" else "Sign in")).to_be_visible()
        assert site.asked == []
        assert_it_is_well(page, site)
