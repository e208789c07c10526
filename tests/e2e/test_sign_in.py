"""Signing in at the pages of a deployed stack: by Cognito's page, a code and its proof, in no other way."""

import base64
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import urllib3
from playwright.sync_api import expect

from local.processes import group_members
from ops import pages
from reach.folder import StateFolder
from tests.support import tiny_page
from tests.support.browser import VARIABLE, Visit, chromium, visiting
from tests.support.stack import ROOT, Stack

in_a_browser = pytest.mark.skipif(
    chromium() is None,
    reason=f"no Chromium or Chrome on this machine: install one, or name one by {VARIABLE}",
)
CONSOLE_SECONDS = 600
CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self' {at} {at}; form-action {at}; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.fixture(scope="module")
def site(deployed: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The stack with a tiny app in the place of both; those that have been built are there again after it."""
    folder = tiny_page.build(tmp_path_factory.mktemp("tiny") / "dist")
    deployed.ops("pages", "--folder", str(folder))
    yield deployed
    for app in pages.APPS:
        if pages.built(pages.dist_of(ROOT, app)):
            deployed.ops("pages", "--app", app)


@pytest.fixture(scope="module")
def people(deployed: Stack) -> dict[str, str]:
    """The passwords of those who sign in at the pages, by name."""
    return {each["name"]: each["password"] for each in deployed.local("people")["people"]}


class _Fields(HTMLParser):
    """Reads the fields of the one form of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a field with what it holds."""
        names = dict(attrs)
        if tag == "input" and names.get("name"):
            self.found[str(names["name"])] = names.get("value") or ""


@dataclass
class Browser:
    """What a browser does to sign in at an app, step by step, so that each can be done wrongly."""

    stack: Stack
    app: str
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))
    cookie: str = ""
    _http: urllib3.PoolManager = field(default_factory=urllib3.PoolManager)

    @property
    def origin(self) -> str:
        """Where the app is."""
        return self.stack.outputs[f"{self.app.title()}Url"]

    @property
    def client_id(self) -> str:
        """As whom it signs people in."""
        return self.stack.outputs[f"{self.app.title()}ClientId"]

    def ask(self, method: str, path: str, form: dict[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        """Ask Cognito's page for something, and follow nothing."""
        answer = self._http.request(
            method,
            self.stack.outputs["SignInUrl"] + path,
            body=None if form is None else urlencode(form),
            headers={"content-type": "application/x-www-form-urlencoded", "cookie": self.cookie},
            redirect=False,
            retries=False,
        )
        self.cookie = answer.headers.get("set-cookie", self.cookie).partition(";")[0]
        return answer

    def authorize(self, **other: str) -> urllib3.BaseHTTPResponse:
        """Ask for the page, as the app would or otherwise."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": f"{self.origin}/callback",
            "response_type": "code",
            "scope": "openid",
            "state": "state-1",
            "nonce": "nonce-1",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        } | other
        return self.ask("GET", f"/oauth2/authorize?{urlencode(asked)}")

    def enter(self, name: str, password: str) -> urllib3.BaseHTTPResponse:
        """Fill the page's form in and send it."""
        fields = _Fields()
        fields.feed(self.authorize().data.decode())
        return self.ask("POST", "/login", fields.found | {"username": name, "password": password})

    def code(self, name: str, password: str) -> str:
        """Sign in, and return the code that the browser comes back with."""
        return code_of(self.enter(name, password))

    def exchange(self, code: str, **other: str) -> tuple[int, dict[str, Any]]:
        """Ask for tokens for a code."""
        asked = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "redirect_uri": f"{self.origin}/callback",
            "code": code,
            "code_verifier": self.verifier,
        } | other
        answer = self.ask("POST", "/oauth2/token", asked)
        return answer.status, json.loads(answer.data)


def code_of(answer: urllib3.BaseHTTPResponse) -> str:
    """Return the code of an answer that sends the browser back."""
    assert answer.status == 302, answer.data
    return parse_qs(urlsplit(answer.headers["location"]).query)["code"][0]


def claims(token: str) -> dict[str, Any]:
    """Return what a token says."""
    part = token.split(".")[1]
    read: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return read


def test_K5_a_clerk_signs_in_by_a_code_and_its_proof_and_the_api_knows_their_role(
    site: Stack, people: dict[str, str]
) -> None:
    console = Browser(site, "console")
    back = console.enter("console-clerk", people["console-clerk"])
    assert back.headers["location"].startswith(f"{console.origin}/callback?code=")
    assert parse_qs(urlsplit(back.headers["location"]).query)["state"] == ["state-1"]
    status, tokens = console.exchange(code_of(back))
    assert status == 200
    access, identity = claims(tokens["access_token"]), claims(tokens["id_token"])
    assert (access["token_use"], access["scope"], access["client_id"]) == (
        "access",
        "openid",
        console.client_id,
    )
    assert access["cognito:groups"] == ["clerk"]
    assert access["exp"] - access["iat"] == identity["exp"] - identity["iat"] == CONSOLE_SECONDS
    assert (identity["nonce"], identity["aud"]) == ("nonce-1", console.client_id)
    assert access["iss"] == site.outputs["TokenIssuer"]
    assert site.call("GET", "/orders/unknown", token=tokens["access_token"]).status == 404
    refused = site.call("PUT", "/products/a", {}, token=tokens["access_token"])
    assert (refused.status, refused.body["code"]) == (403, "forbidden")
    assert site.call("GET", "/products", token=tokens["id_token"]).status == 401


@pytest.mark.parametrize("group", ["clerk", "marketing", "finance", "admin"])
def test_K7_there_is_a_user_of_each_role_who_can_sign_in_at_the_console(
    site: Stack, people: dict[str, str], group: str
) -> None:
    console = Browser(site, "console")
    name = f"console-{group}"
    assert claims(site.local("token", name)["access_token"])["cognito:groups"] == [group]
    _, tokens = console.exchange(console.code(name, people[name]))  # theirs still
    assert claims(tokens["access_token"])["cognito:groups"] == [group]
    assert len(set(people.values())) == len(people)
    kept = StateFolder(site.folder).people
    assert kept.stat().st_mode & 0o777 == 0o600


def test_K5_a_shopper_signs_in_at_the_storefront_and_has_no_role(site: Stack, people: dict[str, str]) -> None:
    storefront = Browser(site, "storefront")
    _, tokens = storefront.exchange(storefront.code("shopper", people["shopper"]))
    assert "cognito:groups" not in claims(tokens["access_token"])
    assert site.call("GET", "/products", token=tokens["access_token"]).status == 200


def test_K5_who_is_new_signs_up_first(site: Stack) -> None:
    storefront = Browser(site, "storefront")
    name, password = f"new-{secrets.token_hex(4)}", f"{secrets.token_urlsafe(16)}-Aa1"
    fields = _Fields()
    link = storefront.authorize().data.decode().partition('href="/signup?')[2].partition('"')[0]
    fields.feed(storefront.ask("GET", f"/signup?{link.replace('&amp;', '&')}").data.decode())
    wanted = fields.found | {"username": name, "email": f"{name}@shop.example"}
    weak = storefront.ask("POST", "/signup", wanted | {"password": "short"})
    assert (weak.status, b'class="error"' in weak.data) == (200, True)
    back = storefront.ask("POST", "/signup", wanted | {"password": password})
    _, tokens = storefront.exchange(code_of(back))
    assert claims(tokens["access_token"])["username"] == name
    assert code_of(Browser(site, "storefront").enter(name, password))


@pytest.mark.parametrize(
    "other",
    [
        {"redirect_uri": "https://elsewhere.example/callback"},
        {"redirect_uri": "{origin}/callback/"},
        {"redirect_uri": "{origin}/"},
        {"response_type": "token"},
        {"client_id": "nobody"},
    ],
    ids=str,
)
def test_K5_the_page_sends_nobody_to_another_place_and_gives_no_token_by_itself(
    site: Stack, other: dict[str, str]
) -> None:
    console = Browser(site, "console")
    answer = console.authorize(**{name: value.format(origin=console.origin) for name, value in other.items()})
    assert answer.status == 400
    assert "location" not in answer.headers


@pytest.mark.parametrize(
    "scope", ["openid membership/admin", "membership/staff", "aws.cognito.signin.user.admin"]
)
def test_K7_a_page_is_given_no_scope_of_a_service_nor_that_of_its_own_account(
    site: Stack, scope: str
) -> None:
    answer = Browser(site, "console").authorize(scope=scope)
    assert answer.status == 302
    assert "error=" in answer.headers["location"]
    assert "code=" not in answer.headers["location"]


def test_K5_a_code_is_good_once_with_its_proof_at_its_own_client(site: Stack, people: dict[str, str]) -> None:
    console, storefront = Browser(site, "console"), Browser(site, "storefront")
    code = console.code("console-clerk", people["console-clerk"])
    assert console.exchange(code, code_verifier=secrets.token_urlsafe(48))[0] == 400
    assert console.exchange(code, code_verifier="")[0] == 400
    assert console.exchange(code, client_id=storefront.client_id)[0] == 400
    assert console.exchange(code, redirect_uri=f"{storefront.origin}/callback")[0] == 400
    assert console.exchange(code)[0] == 200
    assert console.exchange(code)[0] == 400


def test_K5_a_wrong_password_shows_the_page_again_and_no_session_begins(
    site: Stack, people: dict[str, str]
) -> None:
    console = Browser(site, "console")
    answer = console.enter("console-clerk", people["console-admin"])
    assert (answer.status, "set-cookie" in answer.headers) == (200, False)


def test_K5_who_has_signed_in_comes_back_at_once_until_they_sign_out(
    site: Stack, people: dict[str, str]
) -> None:
    console = Browser(site, "console")
    console.code("console-clerk", people["console-clerk"])
    status, tokens = console.exchange(code_of(console.authorize()))
    assert (status, claims(tokens["access_token"])["username"]) == (200, "console-clerk")
    assert console.authorize(prompt="login").status == 200
    out = console.ask(
        "GET", f"/logout?{urlencode({'client_id': console.client_id, 'logout_uri': console.origin + '/'})}"
    )
    assert (out.status, out.headers["location"]) == (302, f"{console.origin}/")
    assert console.authorize().status == 200


def test_K5_every_answer_of_a_page_has_the_policy_and_the_headers(site: Stack) -> None:
    http = urllib3.PoolManager()
    for app in pages.APPS:
        url = urlsplit(site.outputs[f"{app.title()}Url"])
        for path, kept in (
            ("/", "no-cache"),
            ("/callback?code=1", "no-cache"),
            ("/orders/o-1", "no-cache"),
            ("/config.json", "no-cache"),
            ("/assets/app-1.js", "public, max-age=31536000, immutable"),
        ):
            answer = http.request(
                "GET", f"http://127.0.0.1:{url.port}{path}", headers={"host": url.netloc}, retries=False
            )
            assert (answer.status, answer.headers["cache-control"]) == (200, kept), path
            at = site.outputs["SignInUrl"]
            assert answer.headers["content-security-policy"] == CONTENT_POLICY.format(at=at)
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert answer.headers["cross-origin-opener-policy"] == "same-origin"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert "camera=()" in answer.headers["permissions-policy"]
        for path in ("/assets/app-1.js.map", "/assets/gone.js", "/../secrets.json"):
            answer = http.request(
                "GET", f"http://127.0.0.1:{url.port}{path}", headers={"host": url.netloc}, retries=False
            )
            assert answer.status == 403, path


@pytest.mark.parametrize("app", pages.APPS)
def test_K5_the_api_lets_the_pages_ask_it_and_no_other_page(site: Stack, app: str) -> None:
    http = urllib3.PoolManager()

    def preflight(origin: str) -> urllib3.BaseHTTPResponse:
        return http.request(
            "OPTIONS",
            f"{site.outputs['ApiUrl']}/members/me",
            headers={
                "origin": origin,
                "access-control-request-method": "PUT",
                "access-control-request-headers": "authorization,content-type,if-match,if-none-match",
            },
            retries=False,
        )

    own = site.outputs[f"{app.title()}Url"]
    answer = preflight(own)
    assert answer.headers["access-control-allow-origin"] == own
    assert "access-control-allow-credentials" not in answer.headers
    for other in ("https://elsewhere.example", f"{own}.elsewhere.example", "null"):
        assert "access-control-allow-origin" not in preflight(other).headers


@pytest.fixture
def visit(site: Stack) -> Iterator[Visit]:
    """A browser."""
    with visiting() as visit:
        yield visit


@in_a_browser
def test_K5_a_browser_signs_in_asks_the_api_comes_back_after_a_reload_and_signs_out(
    site: Stack, people: dict[str, str], visit: Visit
) -> None:
    page, origin = visit.page, site.outputs["StorefrontUrl"]
    page.goto(f"{origin}/orders/o-1")
    expect(page.locator("#path")).to_have_text("/orders/o-1")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_label("Username").fill("shopper")
    page.get_by_label("Password").fill(people["shopper"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator("#who")).to_have_text("shopper")
    expect(page.locator("#answer")).to_have_text("product_not_found true")
    page.goto(f"{origin}/")
    expect(page.locator("#who")).to_have_text("")
    page.get_by_role("button", name="Sign in").click()  # there and back, and nobody is asked
    expect(page.locator("#who")).to_have_text("shopper")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#path")).to_have_text("/")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Password")).to_be_visible()
    expected = ("Executing inline script", "the server responded with a status of 404")
    assert [each for each in visit.complaints if not any(part in each for part in expected)] == []


@in_a_browser
def test_K5_a_script_that_stands_in_the_page_does_not_run_and_nothing_is_sent_elsewhere(
    site: Stack, visit: Visit
) -> None:
    visit.page.goto(f"{site.outputs['ConsoleUrl']}/#elsewhere")
    expect(visit.page.locator("#tried")).to_have_text("kept")
    assert visit.page.title() == "Tiny"
    complaints = " ".join(visit.complaints)
    assert "inline script" in complaints
    assert "connect-src" in complaints


def test_K5_publishing_again_puts_nothing_and_says_where_the_page_is(site: Stack, tmp_path: Path) -> None:
    folder = tiny_page.build(tmp_path / "dist")
    (again,) = site.ops("pages", "--app", "console", "--folder", str(folder))["pages"]
    assert (again["put"], again["deleted"]) == ([], [])
    assert again["url"] == site.outputs["ConsoleUrl"]


def test_K5_a_cloud_whose_pages_were_asked_for_ends_with_all_that_it_started(tmp_path: Path) -> None:
    stack = Stack(tmp_path / "cloud")
    try:
        stack.up()
        status = stack.local("status")
        page = urlsplit(stack.outputs["ConsoleUrl"])
        answer = urllib3.request(
            "GET", f"{status['endpoint']}/orders", headers={"host": page.netloc}, retries=False
        )
        # The function has said where to look, whether or not anything has been put there.
        assert answer.status == (200 if pages.built(pages.dist_of(ROOT, pages.APPS[0])) else 403)
        assert len(group_members(status["pid"])) > 1
    finally:
        stack.try_local("reset")
    assert group_members(status["pid"]) == []
