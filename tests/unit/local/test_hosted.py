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
