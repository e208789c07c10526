"""The local cloud's page for signing in: how long it knows a browser, and whom it lets in by that."""

from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import cognito as real

from local.hosted import SESSION_SECONDS, SESSIONS_MAX, HostedPage

ASKED = {"client_id": ["console"], "redirect_uri": ["http://c/callback"], "state": ["s"], "scope": ["openid"]}
FORM = b"<form></form>"


class Emulated:
    """What the page asks of the emulator, as far as it does: one pool, two users, forms that always fit."""

    def __init__(self) -> None:
        self.users: dict[str, dict[str, Any]] = {"li": {"Enabled": True}, "wang": {"Enabled": True}}
        self.who = "li"
        self.now = 0.0
        self.cognito = SimpleNamespace(
            handle_oauth2_authorize=lambda *_: (200, {}, FORM),
            handle_login_submit=lambda *_: (302, {"Location": "http://c/callback?code=of-form&state=s"}, b""),
            handle_logout=lambda *_: (302, {"Location": "http://c/"}, b""),
            _authorization_codes={"of-form": {"pool_id": "pool", "username": self.who}},
            _find_pool_by_client_id=lambda client: ("other" if client == "elsewhere" else "pool", {}, {}),
            _get_pool_unscoped=lambda _: {"_users": self.users},
            _issue_auth_code_redirect=self._issued,
            _qp=real._qp,
        )
        self.gateway = SimpleNamespace(_handle_cognito_get_request=None, _handle_cognito_body_request=None)
        self.page = HostedPage(self.gateway, self.cognito, now=lambda: self.now)

    def _issued(self, client: str, pool: str, to: str, scope: str, username: str, *_: str) -> Any:
        return 302, {"Location": f"{to}?code=of-session&user={username}"}, b""

    def sign_in(self, who: str = "li") -> dict[str, str]:
        """Sign somebody in; return the headers that their browser sends from then on."""
        self.cognito._authorization_codes["of-form"]["username"] = who
        _, told, _ = self.page.submit("POST", "/login", {}, b"", {})
        return {"cookie": f"theme=dark; {told['Set-Cookie'].partition(';')[0]}"}

    def ask(self, headers: dict[str, str], **other: list[str]) -> tuple[int, str]:
        """Ask for the page; return the status and where it leads."""
        status, told, _ = self.page.authorize("GET", "/oauth2/authorize", headers, ASKED | other)
        return status, told.get("Location", "")


@pytest.fixture
def emulated() -> Emulated:
    """The page on an emulator of its own."""
    return Emulated()


def test_K5_who_has_signed_in_is_sent_back_at_once_for_an_hour_and_asked_after_it(emulated: Emulated) -> None:
    headers = emulated.sign_in()
    emulated.now = SESSION_SECONDS - 1
    assert emulated.ask(headers) == (302, "http://c/callback?code=of-session&user=li")
    emulated.now = SESSION_SECONDS
    assert emulated.ask(headers) == (200, "")


@pytest.mark.parametrize(
    "headers", [{}, {"cookie": ""}, {"cookie": "cognito=guessed"}, {"cookie": "\x00=;;="}]
)
def test_K5_whom_the_page_does_not_know_it_asks(emulated: Emulated, headers: dict[str, str]) -> None:
    emulated.sign_in()
    assert emulated.ask(headers) == (200, "")


def test_K5_a_session_is_good_for_its_own_pool_and_not_for_who_is_to_sign_in_anew(emulated: Emulated) -> None:
    headers = emulated.sign_in()
    assert emulated.ask(headers, client_id=["elsewhere"]) == (200, "")
    assert emulated.ask(headers, prompt=["login"]) == (200, "")
    assert emulated.ask(headers)[0] == 302


def test_K5_a_session_ends_with_its_user_and_with_signing_out(emulated: Emulated) -> None:
    li, wang = emulated.sign_in("li"), emulated.sign_in("wang")
    emulated.users["li"]["Enabled"] = False
    assert emulated.ask(li) == (200, "")
    del emulated.users["li"]
    assert emulated.ask(li) == (200, "")
    _, told, _ = emulated.page.logout("GET", "/logout", wang, {})
    assert "Max-Age=0" in told["Set-Cookie"]
    assert emulated.ask(wang) == (200, "")


def test_the_page_remembers_so_many_browsers_and_forgets_the_first(emulated: Emulated) -> None:
    first, *_, last = [emulated.sign_in() for _ in range(SESSIONS_MAX + 1)]
    assert emulated.ask(first) == (200, "")
    assert emulated.ask(last)[0] == 302


def test_a_page_that_the_emulator_refuses_stays_refused(emulated: Emulated) -> None:
    headers = emulated.sign_in()
    emulated.page._authorize = lambda *_: (400, {}, b"no such client")
    assert emulated.ask(headers) == (400, "")


def test_the_page_speaks_the_language_that_it_was_asked_in_and_keeps_it_after_a_wrong_password(
    emulated: Emulated,
) -> None:
    shown = b'<html lang="en"><h1>Sign in</h1><label>Password</label><form></form>'
    emulated.page._authorize = lambda *_: (200, {}, shown)
    _, _, chinese = emulated.page.authorize("GET", "/", {}, ASKED | {"lang": ["zh-CN"]})
    assert "登录" in chinese.decode()
    assert "密码" in chinese.decode()
    assert b'name="lang" value="zh-CN"' in chinese
    _, _, english = emulated.page.authorize("GET", "/", {}, ASKED | {"lang": ["en"]})
    assert english.startswith(b'<html lang="en"><h1>Sign in</h1><label>Password</label>')
    wrong = b'<div class="error">Incorrect username or password.</div><form></form>'
    emulated.page._submit = lambda *_: (200, {}, wrong)
    sent = b"client_id=storefront&lang=zh-CN&username=li&password=x"
    _, _, again = emulated.page.submit("POST", "/login", {}, sent, {})
    assert "用户名或密码不对。" in again.decode()
    assert "/signup?client_id=storefront&amp;lang=zh-CN" in again.decode()


def test_blanks_around_a_name_are_of_who_pasted_it_and_those_of_a_password_are_its_own(
    emulated: Emulated,
) -> None:
    taken: list[bytes] = []

    def take(_method: str, _path: str, _headers: Any, body: bytes, _query: Any) -> Any:
        taken.append(body)
        return 400, {}, b""

    emulated.page._submit = take
    emulated.page.submit("POST", "/login", {}, b"username=+li+&password=+x+&state=", {})
    assert taken == [b"username=li&password=+x+&state="]
