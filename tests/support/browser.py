"""A headless Chromium of this machine, which says where it has been and what it complained of."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, expect, sync_playwright

VARIABLE = "MEMBERDAY_CHROMIUM"
SHOWN_MILLISECONDS_MAX = 30_000
"""How long a test waits for what it expects to see; a machine may be busy."""
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ON_A_MAC = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)

OFF_BY_PLAYWRIGHT = (
    "AimEnabled",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsFirstBalancedModeAutoEnable",
    "HttpsUpgrades",
    "LensOverlay",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "TcpPortRandomizationWin",
    "ThirdPartyStoragePartitioning",
    "msEdgeUpdateLaunchServicesPreferredVersion",
    "msForceBrowserSignIn",
)
"""What Playwright turns off. A browser takes the last list that it is given, so ours has these, too."""
OFF = (
    # The list under the address bar: a page of the browser's own, and half of what a window costs.
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
    # A process for a page that may come; our tests open one page each.
    "SpareRendererForSitePerProcess",
)
"""What nobody sees of a browser without a screen, and each window pays for."""
FLAGS = (
    f"--disable-features={','.join((*OFF_BY_PLAYWRIGHT, *OFF))}",
    "--js-flags=--no-turbofan",  # no page lives for so long that compiling it once more pays
)
"""What makes the browser cheaper and leaves pages as they are."""


def chromium() -> str | None:
    """Return the Chromium or Chrome of this machine: that of the environment, else one that is installed."""
    candidates = (os.environ.get(VARIABLE, ""), *NAMES, *ON_A_MAC)
    return next((found for each in candidates if each and (found := shutil.which(each))), None)


expect.set_options(timeout=SHOWN_MILLISECONDS_MAX)


@dataclass
class Visit:
    """A page, with the addresses of all its requests and what its console and scripts said was wrong."""

    page: Page
    requested: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.requested.append(request.url))
        self.page.on("requestfailed", lambda request: self.complaints.append(f"failed: {request.url}"))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda line: self.complaints.append(line.text) if line.type in ("error", "warning") else None,
        )

    @property
    def wrong(self) -> list[str]:
        """What it complained of, but of what was asked for and no longer wanted."""
        return [each for each in self.complaints if not each.lower().startswith("failed")]


def sign_in(page: Page, url: str, name: str, password: str) -> None:
    """Open an app and sign in at the hosted page."""
    page.goto(url)
    page.get_by_role("button", name="登录").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("navigation").first).to_be_visible()


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a new browser, and end it.

    Raises
    ------
    FileNotFoundError
        There is no Chromium on this machine.
    """
    program = chromium()
    if program is None:
        raise FileNotFoundError("no Chromium on this machine")
    # Its sandbox needs what root, and many a container, has not; what it opens is our own.
    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path=program, chromium_sandbox=False, args=[*FLAGS])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting() -> Iterator[Visit]:
    """Give a blank page of a new browser.

    Raises
    ------
    FileNotFoundError
        There is no Chromium on this machine.
    """
    with launched() as browser:
        yield Visit(browser.new_page())
