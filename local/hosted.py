"""Cognito's page for signing in, as AWS has it: who has signed in stays so for an hour, or signs up first.

The emulator has the page and the code, and forgets who was there: each time a page was loaded anew, somebody
would have to sign in again, where on AWS the browser only goes there and back (K5). Nor has it a form to sign
up by, or words in another language than English (``lang``, as on AWS). The address of who signs up is taken
for confirmed at once: nobody here reads the mail.
"""

from __future__ import annotations

import html
import json
import secrets
import time
from collections.abc import Callable, Mapping
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

SESSION_SECONDS = 3_600
"""As long as on AWS
(https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-managed-login.html)."""
SESSIONS_MAX = 1_000
COOKIE = "cognito"
SIGN_UP = "/signup"
CARRIED = (
    "client_id",
    "redirect_uri",
    "scope",
    "state",
    "response_type",
    "code_challenge",
    "code_challenge_method",
    "nonce",
    "lang",
)
"""What a form keeps of what the page was asked with."""
OK, FOUND, BAD_REQUEST = 200, 302, 400
FORM_END = b"</form>"
CHINESE = "zh"
WORDS = {
    '<html lang="en">': '<html lang="zh-CN">',
    ">Sign in<": ">登录<",
    ">Sign up<": ">注册<",
    ">Username<": ">用户名<",
    ">Password<": ">密码<",
    ">Email<": ">邮箱<",
    "Incorrect username or password.": "用户名或密码不对。",
}
"""What the page says, in Chinese; what is not here it says in English."""

Answer = tuple[int, dict[str, str], bytes]
Query = Mapping[str, Any]


class HostedPage:
    """The emulator's page with a session per browser, and with a form to sign up by."""

    def __init__(self, gateway: Any, cognito: Any, now: Callable[[], float] = time.time) -> None:
        self._cognito = cognito
        self._now = now
        self._sessions: dict[str, tuple[str, str, float]] = {}
        self._authorize = cognito.handle_oauth2_authorize
        self._submit = cognito.handle_login_submit
        self._logout = cognito.handle_logout
        self._get = gateway._handle_cognito_get_request
        self._with_body = gateway._handle_cognito_body_request
        cognito.handle_oauth2_authorize = self.authorize
        cognito.handle_login_submit = self.submit
        cognito.handle_logout = self.logout
        gateway._handle_cognito_get_request = self.get
        gateway._handle_cognito_body_request = self.with_body

    def authorize(self, method: str, path: str, headers: Mapping[str, str], query: Query) -> Answer:
        """Show the page, or send back at once whoever has signed in already and need not do it anew."""
        answer: Answer = self._authorize(method, path, headers, query)
        if answer[0] != OK:
            return answer
        asked = {name: self._cognito._qp(query, name) for name in (*CARRIED, "prompt")}
        pool_id, _, _ = self._cognito._find_pool_by_client_id(asked["client_id"])
        username = self._signed_in(headers, pool_id)
        if username is None or asked["prompt"] == "login":
            return answer[0], answer[1], self._finished(answer[2], asked)
        found: Answer = self._cognito._issue_auth_code_redirect(
            asked["client_id"],
            pool_id,
            asked["redirect_uri"],
            asked["scope"],
            username,
            asked["nonce"],
            asked["code_challenge"],
            asked["code_challenge_method"],
            asked["state"],
        )
        return found

    def submit(self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Query) -> Answer:
        """Take the form, and remember whoever has signed in by it.

        Blanks around a name are of who pasted it.
        """
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
        if "username" in form:
            form["username"] = form["username"].strip()
            body = urlencode(form).encode()
        status, told, page = self._submit(method, path, headers, body, query)
        if status == OK:
            page = self._finished(page, form)
        if status == FOUND:
            code = dict(parse_qsl(urlsplit(told["Location"]).query)).get("code", "")
            if entry := self._cognito._authorization_codes.get(code):
                told = {**told, "Set-Cookie": self._begun(entry["pool_id"], entry["username"])}
        return status, told, page

    def logout(self, method: str, path: str, headers: Mapping[str, str], query: Query) -> Answer:
        """Forget who was there, and send the browser where it may go."""
        status, told, page = self._logout(method, path, headers, query)
        if status == FOUND:
            self._sessions.pop(_cookie(headers), None)
            told = {**told, "Set-Cookie": f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"}
        return status, told, page

    async def get(self, method: str, path: str, headers: Mapping[str, str], query: Query) -> Any:
        """Answer a request without a body: with the form to sign up by, or as the emulator does."""
        if (method, path) != ("GET", SIGN_UP):
            return await self._get(method, path, headers, query)
        answer: Answer = self._authorize(method, path, headers, query)
        return self._form(query) if answer[0] == OK else answer

    async def with_body(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes, query: Query
    ) -> Any:
        """Answer a request with a body: let somebody sign up, or as the emulator does."""
        if (method, path) != ("POST", SIGN_UP):
            return await self._with_body(method, path, headers, body, query)
        form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
        status, _, told = self._cognito._sign_up(
            {
                "ClientId": form.get("client_id", ""),
                "Username": form.get("username", "").strip(),
                "Password": form.get("password", ""),
                "UserAttributes": [{"Name": "email", "Value": form.get("email", "")}],
            }
        )
        if status >= BAD_REQUEST:
            return self._form(form, error=str(json.loads(told).get("message", "")))
        pool_id, _, _ = self._cognito._find_pool_by_client_id(form.get("client_id", ""))
        self._cognito._admin_confirm_sign_up({"UserPoolId": pool_id, "Username": form["username"].strip()})
        return self.submit(method, path, headers, body, query)

    def _form(self, asked: Query, error: str = "") -> Answer:
        """Return the form to sign up by."""
        kept = "".join(
            f'<input type="hidden" name="{name}" value="{html.escape(self._cognito._qp(asked, name))}">'
            for name in CARRIED
        )
        fields = "".join(
            f'<label for="{name}">{label}</label>'
            f'<input type="{kind}" id="{name}" name="{name}" autocomplete="{filled}" required>'
            for name, label, kind, filled in (
                ("username", "Username", "text", "username"),
                ("email", "Email", "text", "email"),
                ("password", "Password", "password", "new-password"),
            )
        )
        told = f'<div class="error">{html.escape(error)}</div>' if error else ""
        form = f'<form method="POST" action="{SIGN_UP}">{kept}{fields}<button>Sign up</button></form>'
        page: str = self._cognito._page_shell("Sign up", "Sign up", told + form)
        said = _in_language(page.encode(), self._cognito._qp(asked, "lang"))
        return OK, {"Content-Type": "text/html; charset=utf-8"}, said

    def _finished(self, page: bytes, asked: Mapping[str, str]) -> bytes:
        """Return the form in the language that was asked for, which it keeps, with the way to sign up."""
        kept = f'<input type="hidden" name="lang" value="{html.escape(asked.get("lang", ""))}">'
        link = f"{SIGN_UP}?{urlencode({name: asked[name] for name in CARRIED if asked.get(name)})}"
        beside = f'<p><a href="{html.escape(link)}">Sign up</a></p>'
        end = kept.encode() + FORM_END + beside.encode()
        return _in_language(page.replace(FORM_END, end, 1), asked.get("lang", ""))

    def _begun(self, pool_id: str, username: str) -> str:
        """Return the cookie of a new session; of too many the oldest ends."""
        while len(self._sessions) >= SESSIONS_MAX:
            self._sessions.pop(next(iter(self._sessions)))
        key = secrets.token_urlsafe()
        self._sessions[key] = (pool_id, username, self._now() + SESSION_SECONDS)
        return f"{COOKIE}={key}; Path=/; Max-Age={SESSION_SECONDS}; HttpOnly; SameSite=Lax"

    def _signed_in(self, headers: Mapping[str, str], pool_id: str) -> str | None:
        """Return who has signed in with this browser to a pool, and still may."""
        pool, username, until = self._sessions.get(_cookie(headers), ("", "", 0.0))
        if pool != pool_id or self._now() >= until:
            return None
        user = self._cognito._get_pool_unscoped(pool_id)["_users"].get(username)
        return username if user and user.get("Enabled", True) else None


def _in_language(page: bytes, language: str) -> bytes:
    if language.partition("-")[0] != CHINESE:
        return page
    for english, chinese in WORDS.items():
        page = page.replace(english.encode(), chinese.encode())
    return page


def _cookie(headers: Mapping[str, str]) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
