"""``python -m local demo`` lives its year, proves it, fills the pages, writes it down, and leaves nothing."""

import json
import re
import signal
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from playwright.sync_api import Page, expect

from local.demo import script
from local.demo.checks import CHECKS
from tests.support.browser import chromium, sign_in, visiting
from tests.support.stack import ROOT
from tools.web import build

DEMO_SECONDS_MAX = 900
STAYS = "and from another terminal"
"""How the line begins after which the demo waits."""
LISTS = ("订单", "售后", "商品", "活动", "优惠券", "任务", "审计")
"""Pages of the console that are a list, by what leads to them."""
ROWS = "tbody tr:visible"
"""Rows of tables, but those of a chart's figures, which are folded up."""
REPORTS = ("sales", "liability", "refunds", "unassigned", "differences", "returns", "cases", "late")
RUNNING_OR_NEXT = 5
"""Campaigns that the storefront shows at the end: four that run, and one that is to come."""
MINE = {"我的订单": "¥195.00", "售后": "投诉", "积分": "-6,333", "优惠券": "¥20.00", "我的会员": "J3"}
"""What stands on Dana's pages, by what leads there."""


def processes_of(folder: Path) -> list[str]:
    """Return the processes that name a folder in their command line."""
    listed = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return [line for line in listed.splitlines() if str(folder) in line]


def filled(page: Page) -> None:
    """See that a page shows what it is for: no state of emptiness, failure or no right, and no loading."""
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.locator(".state")).to_have_count(0)
    expect(page.locator(".notice.bad")).to_have_count(0)


def looked_at(story: str) -> None:
    """Look at the year in both pages, as those who are told how to sign in."""
    urls = dict(re.findall(r"^the (console|storefront): (\S+)$", story, re.MULTILINE))
    passwords = dict(re.findall(r"^  ([a-z-]+) +(\S{20,})$", story, re.MULTILINE))
    with visiting() as visit:
        sign_in(visit.page, urls["console"], "console-admin", passwords["console-admin"])
        the_console_is_filled(visit.page)
        assert visit.wrong == []
    with visiting() as visit:
        sign_in(visit.page, urls["storefront"], "dana", passwords["dana"])
        the_storefront_is_filled(visit.page)
        assert visit.wrong == []


def the_console_is_filled(page: Page) -> None:
    """See on each page of the console something of the year (K1)."""
    worklist = page.get_by_role("region", name="待办")
    expect(worklist.locator(".card")).to_have_count(7)
    expect(worklist.locator("ul.work")).to_have_count(7)
    for name in LISTS:
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        filled(page)
        expect(page.locator(ROWS).nth(1)).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="报表", exact=True).click()
    expect(page.get_by_role("tab")).to_have_count(len(REPORTS))
    for report, tab in zip(REPORTS, page.get_by_role("tab").all(), strict=True):
        tab.click()
        expect(page).to_have_url(re.compile(f"report={report}"))
        expect(page.locator(ROWS).first).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="会员", exact=True).click()
    page.get_by_role("searchbox").fill("da")
    page.keyboard.press("Enter")
    page.locator("tbody a").first.click()
    expect(page.locator("h1")).to_contain_text("Dana")
    expect(page.locator(ROWS).nth(5)).to_be_visible()
    filled(page)


def the_storefront_is_filled(page: Page) -> None:
    """See on each page of the storefront something of a member's year, at the shop's time (K2)."""
    expect(page.get_by_role("heading", name="今天是会员日")).to_be_visible()
    campaigns = page.get_by_role("region", name="正在进行的活动")
    expect(campaigns.locator(".offer-grid > li")).to_have_count(RUNNING_OR_NEXT)
    expect(page.locator("main .product-grid > li")).to_have_count(len(script.WARES))
    for name, shown in MINE.items():
        page.get_by_role("navigation").get_by_role("link", name=name, exact=True).click()
        expect(page.locator("h1")).to_have_text(name)
        expect(page.locator("main")).to_contain_text(shown)
        filled(page)


def test_the_demo_lives_a_year_fills_the_pages_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, record = tmp_path / "cloud", tmp_path / "demo.html"
    build()
    command = [sys.executable, "-m", "local", "--json", "--dir", str(folder)]
    command += ["demo", "--look", "--record", str(record)]
    with subprocess.Popen(  # noqa: S603 - our own command
        command,
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as demo:
        assert demo.stderr is not None
        ended = Timer(DEMO_SECONDS_MAX, demo.terminate)
        ended.start()
        story = ""
        for line in demo.stderr:
            story += line
            if line.startswith(STAYS):
                break
        if STAYS in story and chromium() is not None:
            looked_at(story)
        printed, rest = demo.communicate("\n")
        ended.cancel()
    assert demo.returncode == 0, (story + rest)[-3_000:]
    answer = json.loads(printed)
    assert [check["says"] for check in answer["checks"]] == [says for says, _, _ in CHECKS]
    assert all(check["holds"] for check in answer["checks"])
    assert answer["figures"]["members"] == "1 J0, 6 J1, 1 J2, 2 J3, 1 J5"
    assert answer["figures"]["points lapsed"] == "500"
    assert answer["figures"]["of it at the till"] == "2 alipay, 2 stripe, 3 wechatpay"
    assert answer["figures"]["freight of returns"] == "24.00 yuan"
    assert answer["figures"]["cases"] == "2 complaint, 1 exchange, 5 return"

    at = -1
    for chapter in script.STORY:
        assert story.index(chapter.title) > at, chapter.title
        at = story.index(chapter.title)
    assert story.count("checks hold:") == len(script.STORY)
    assert "\x1b" not in story
    for kind in (
        "CouponIssued",
        "MemberDayOpened",
        "PointsExpiring",
        "PointsExpired",
        "RefundDue",
        "CaseOpened",
        "DeliveryLate",
    ):
        assert re.search(rf"events: .*{kind}", story), kind

    page = record.read_text(encoding="utf-8")
    for name, value in answer["figures"].items():
        assert f">{name}</td>" in page
        assert f">{value}</td>" in page
    assert not re.search(r"https?:|<script|\ssrc=", page)

    assert not folder.exists()
    assert processes_of(folder) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_interrupted_leaves_nothing_running(tmp_path: Path, number: int) -> None:
    folder = tmp_path / "cloud"
    command = [sys.executable, "-u", "-m", "local", "--dir", str(folder), "demo"]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as demo:
        assert demo.stdout is not None
        assert any(script.STORY[0].title in line for line in demo.stdout)
        assert processes_of(folder) != []
        demo.send_signal(number)
        said = demo.stdout.read()
        assert demo.wait(DEMO_SECONDS_MAX) == 128 + number, said
    assert processes_of(folder) == []
    assert "server.log" in said
