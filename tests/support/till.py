"""A till in a process of tests, and a shop that it tells of payments."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import requests

from local.till.keys import Keys
from local.till.server import serving
from local.till.till import Till

NOON = 1_800_000_000.0
Json = dict[str, Any]


@dataclass
class Clock:
    """The time of till and shop."""

    seconds: float = NOON

    def time(self) -> float:
        """Seconds of the epoch."""
        return self.seconds


@dataclass
class Told:
    """What came to the shop."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Shop:
    """The shop's address for notifications, and what it answers."""

    address: str
    told: list[Told] = field(default_factory=list)
    answers: list[tuple[int, bytes]] = field(default_factory=list)
    """The next answers; then it takes everything."""
    taken: bytes = b"success"


@dataclass
class Desk:
    """The till, and the way to it."""

    till: Till
    clock: Clock
    shop: Shop

    @property
    def gateway(self) -> str:
        """Its address."""
        return self.till.gateway

    def secret(self, provider: str, role: str) -> Json:
        """What a secret of the shop holds."""
        return self.till.keys.secrets(self.gateway)[provider, role]

    def ask(self, method: str, path: str, body: Json | None = None) -> requests.Response:
        """Ask the control surface."""
        return requests.request(method, f"{self.gateway}/till{path}", json=body, timeout=10)

    def control(self, path: str, body: Json) -> Json:
        """What the control surface does, which it must."""
        answer = self.ask("POST", path, body)
        assert answer.ok, answer.text
        value: Json = answer.json()
        return value

    def trade(self, number: str) -> Json:
        """A trade as the control surface tells it."""
        (found,) = self.ask("GET", f"/trades?number={number}").json()["trades"]
        trade: Json = found
        return trade

    def refund(self, number: str) -> Json:
        """A refund as the control surface tells it."""
        (found,) = self.ask("GET", f"/refunds?number={number}").json()["refunds"]
        refund: Json = found
        return refund

    def fault(self, kind: str, **more: Any) -> None:
        """Have something go wrong."""
        self.control("/faults", {"kind": kind, **more})


def listening() -> socket.socket:
    """A listening socket on a free port of loopback."""
    return socket.create_server(("127.0.0.1", 0))


@contextmanager
def shop_listening() -> Iterator[Shop]:
    """A shop that listens for what it is told."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.told.append(Told(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            status, said = shop.answers.pop(0) if shop.answers else (200, shop.taken)
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        shop = Shop(f"http://127.0.0.1:{server.server_port}/notifications")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield shop
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def opened(shop: Shop, clock: Clock, folder: Path | None = None, keys: Keys | None = None) -> Iterator[Desk]:
    """A till with a state folder, or without any, which tells a shop what Stripe tells."""
    listener = listening()
    till = Till(f"http://127.0.0.1:{listener.getsockname()[1]}", folder, clock.time, keys)
    with serving(listener, till):
        desk = Desk(till, clock, shop)
        desk.control("/webhook", {"url": shop.address})
        yield desk
