"""The built pages in a real browser, with everything that they ask for answered here: no server, no socket.

The files come from ``web/APP/dist`` with the headers that a deployment sends (K5); the API answers what
``docs/examples.json`` recorded of it, or what a test says; the sign-in page sends everybody back at once.
A page is opened by coming back from there: so the app starts once, and not another time to leave.
"""

from __future__ import annotations

import base64
import html
import json
import mimetypes
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, Literal
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Browser, Page, Request, Route

from tests.support.stack import ROOT

SITE = "https://shop.test"
API = "https://api.test"
SIGN_IN = "https://sign-in.test"
ISSUER = "https://issuer.test/pool"
CALLBACK = "/callback"
CLIENT = "the-client"
MEMBER = "3f1b0c52-7f0e-4a43-9a0c-6f4b2f0e1d77"
ZONE = "Asia/Shanghai"
TOKEN_SECONDS = 3_600
LEFT_WITH = {"state": "s" * 43, "nonce": "n" * 43, "verifier": "v" * 43}
"""What a tab remembers that is at the sign-in page."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    f"connect-src 'self' {API} {SIGN_IN}; form-action {SIGN_IN}; frame-ancestors 'none'; base-uri 'none'"
)
WIDTHS_PIXELS = (360, 1_440)
"""As narrow and as wide as the pages have to be (K3)."""
HEIGHT_PIXELS = 900
AT = datetime.fromisoformat("2026-12-03T20:16:00+08:00")
"""The shop's time; the examples are of these days."""
App = Literal["storefront", "console"]
Answer = tuple[int, Any]
"""A status and a body."""


@dataclass(frozen=True)
class Asked:
    """What a page asked the API."""

    operation: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any


Answering = Callable[[Asked], Answer]


def built(app: App) -> bool:
    """Whether ``make web`` has built the app."""
    return (dist(app) / "index.html").is_file()


def dist(app: App) -> Path:
    """Return where an app is built to."""
    return ROOT / "web" / app / "dist"


@cache
def _examples() -> Mapping[str, Mapping[str, Any]]:
    found: Mapping[str, Mapping[str, Any]] = json.loads(
        (ROOT / "docs" / "examples.json").read_text(encoding="utf-8")
    )["examples"]
    return found


def example(operation: str, name: str) -> Any:
    """Return what the API answered when the examples were recorded."""
    return _examples()[operation][name]["answer"]


def problem(status: int, code: str, **more: Any) -> Answer:
    """Return a problem document."""
    titled = {"type": f"urn:memberday:problem:{code}", "title": HTTPStatus(status).phrase, "status": status}
    return status, {**titled, "detail": "As a test says.", "code": code, **more}


@cache
def _routes() -> tuple[tuple[str, re.Pattern[str], str], ...]:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    found = []
    for path, operations in document["paths"].items():
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))
        found += [(method.upper(), pattern, said["operationId"]) for method, said in operations.items()]
    # One without parameters goes before one that would take its words for an id.
    return tuple(sorted(found, key=lambda each: each[1].groups))


@dataclass
class Site:
    """An app, who signs in to it, and what the API answers.

    ``answers`` is by operation id; what is not in it is answered by the first example that went well.
    """

    app: App
    groups: tuple[str, ...] = ()
    answers: dict[str, Answering | Answer] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    served: list[str] = field(default_factory=list)
    """The files that the browser was given, as often as it asked for them."""
    complaints: list[str] = field(default_factory=list)
    left_for: list[str] = field(default_factory=list)
    nonces: dict[str, str] = field(default_factory=dict)
    signs_in: bool = True
    token_seconds: int = TOKEN_SECONDS
    holds: set[str] = field(default_factory=set)
    """Operations that are not answered: what a page shows until they are can be looked at."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What the browser keeps from before, as JSON by its name."""

    def attach(self, page: Page) -> None:
        """Answer everything that the page asks for, and note what it complains of."""
        page.route(re.compile(r"^https?://"), self._answer)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda line: self._hear(line.type, line.text))

    def of(self, operation: str) -> list[Asked]:
        """Return what was asked of an operation."""
        return [each for each in self.asked if each.operation == operation]

    def _hear(self, kind: str, text: str) -> None:
        # That a request was refused is no fault of the page's: how it shows it is what tests are about.
        if kind in ("error", "warning") and not text.startswith("Failed to load resource"):
            self.complaints.append(text)

    def _answer(self, route: Route, request: Request) -> None:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        if origin == SITE:
            self._serve(route, request)
        elif origin == SIGN_IN:
            self._sign_in(route, request)
        elif origin == API:
            self._call(route, request)
        else:
            self.left_for.append(request.url)
            route.fulfill(status=200, content_type="text/html", body="<title>elsewhere</title>")

    def _serve(self, route: Route, request: Request) -> None:
        path = urlsplit(request.url).path
        headers = {"content-security-policy": POLICY, "x-content-type-options": "nosniff", "date": _date(AT)}
        if path == "/config.json":
            self.served.append(path)
            config = {
                "api": API,
                "sign_in": SIGN_IN,
                "issuer": ISSUER,
                "client_id": CLIENT,
                "region": "eu-central-1",
                "stage": "dev",
                "zone": ZONE,
                "tiers": ["J0", "J1", "J2", "J3", "J4", "J5"],
            }
            route.fulfill(status=200, headers=headers, json=config)
            return
        file = dist(self.app) / path.lstrip("/")
        if not file.is_file():
            file = dist(self.app) / "index.html"
        self.served.append(f"/{file.relative_to(dist(self.app)).as_posix()}")
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        route.fulfill(status=200, headers={**headers, "content-type": kind}, body=file.read_bytes())

    def _sign_in(self, route: Route, request: Request) -> None:
        there = urlsplit(request.url)
        if there.path == "/oauth2/token":
            sent = parse_qs(request.post_data or "")
            assert set(sent) >= {"code", "code_verifier", "redirect_uri", "client_id"}
            route.fulfill(status=200, headers=_cors(), json=self._tokens(sent["code"][0]))
            return
        asked = {name: values[0] for name, values in parse_qs(there.query).items()}
        self.left_for.append(request.url)
        if there.path == "/logout" or not self.signs_in:
            route.fulfill(status=200, content_type="text/html", body="<title>sign in</title>")
            return
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"] == SITE + CALLBACK
        back = SITE + self.sent_back(asked["nonce"], asked["state"])
        # What a redirect leads to would not be asked of this route again.
        page = f'<meta http-equiv="refresh" content="0; url={html.escape(back)}"><title>back</title>'
        route.fulfill(status=200, content_type="text/html", body=page)

    def sent_back(self, nonce: str, state: str) -> str:
        """Return where the sign-in page sends somebody back to who left with these."""
        code = f"code-{len(self.nonces)}"
        self.nonces[code] = nonce
        return f"{CALLBACK}?{urlencode({'code': code, 'state': state})}"

    def _tokens(self, code: str) -> dict[str, Any]:
        now = int(AT.timestamp())
        about = {"iss": ISSUER, "sub": MEMBER, "iat": now, "exp": now + self.token_seconds}
        access = {**about, "token_use": "access", "username": "erin", "cognito:groups": list(self.groups)}
        identity = {**about, "aud": CLIENT, "nonce": self.nonces.pop(code), "cognito:username": "erin"}
        return {
            "access_token": _jwt(access),
            "id_token": _jwt(identity),
            "token_type": "Bearer",
            "expires_in": self.token_seconds,
        }

    def _call(self, route: Route, request: Request) -> None:
        there = urlsplit(request.url)
        matches = (
            (operation, found)
            for method, pattern, operation in _routes()
            if method == request.method and (found := pattern.fullmatch(there.path))
        )
        operation, found = next(matches)
        asked = Asked(
            operation,
            found.groupdict(),
            {name: values[0] for name, values in parse_qs(there.query).items()},
            request.headers,
            request.post_data_json if request.post_data else None,
        )
        assert asked.headers["authorization"].startswith("Bearer ")
        self.asked.append(asked)
        if operation in self.holds:
            return
        answer = self.answers.get(operation) or _first_that_went_well(operation)
        status, body = answer(asked) if callable(answer) else answer
        kind = "application/problem+json" if status >= HTTPStatus.BAD_REQUEST else "application/json"
        headers = {**_cors(), "content-type": kind, "x-request-id": f"req-{len(self.asked)}"}
        route.fulfill(status=status, headers=headers, body=json.dumps(body))


def _first_that_went_well(operation: str) -> Answer:
    recorded = _examples()[operation].values()
    found = next(each for each in recorded if each["status"] < HTTPStatus.BAD_REQUEST)
    return found["status"], found["answer"]


def _cors() -> dict[str, str]:
    shown = "x-request-id, apigw-requestid, retry-after, idempotent-replayed"
    return {"access-control-allow-origin": SITE, "access-control-expose-headers": shown}


def _date(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC), usegmt=True)


def _jwt(claims: Mapping[str, Any]) -> str:
    def part(said: Mapping[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'RS256', 'typ': 'JWT', 'kid': 'a'})}.{part(claims)}.c2lnbmVk"


@contextmanager
def opened(
    browser: Browser,
    site: Site,
    path: str = "/",
    *,
    width: int = WIDTHS_PIXELS[1],
    dark: bool = False,
    language: Literal["zh-CN", "en"] = "zh-CN",
    signed_in: bool = True,
    touch: bool = False,
    comes_back: bool = True,
) -> Iterator[Page]:
    """Open a page of an app, as somebody who has signed in before, and close it again.

    ``touch`` is a phone's screen, or a tablet's. Who ``comes_back`` was just sent back by the sign-in page;
    who does not leaves for it from the page first, as a reload does.
    """
    context = browser.new_context(
        viewport={"width": width, "height": HEIGHT_PIXELS},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        has_touch=touch,
        is_mobile=touch,
    )
    try:
        page = context.new_page()
        before: dict[str, str] = {"memberday.language": language}
        before |= {name: json.dumps(value) for name, value in site.kept.items()}
        tab = {"test.begun": "1"}
        if signed_in and comes_back:
            tab["memberday.sign-in"] = json.dumps({**LEFT_WITH, "path": path})
            path = site.sent_back(LEFT_WITH["nonce"], LEFT_WITH["state"])
        elif signed_in:
            tab["memberday.signed-in"] = "1"
        script = f"""if (location.origin === {json.dumps(SITE)} && !sessionStorage.getItem("test.begun")) {{
            Object.assign(localStorage, {json.dumps(before)});
            Object.assign(sessionStorage, {json.dumps(tab)});
        }}"""
        page.add_init_script(script)
        site.attach(page)
        page.goto(SITE + path)
        yield page
    finally:
        context.close()
