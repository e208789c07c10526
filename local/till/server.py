"""The till's socket: HTTP on loopback, a thread for each connection."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from local.till.messages import Answered, Asked, json_answer
from local.till.till import Till

BODY_BYTES_MAX = 1_000_000
IDLE_SECONDS_MAX = 75
CONTROL = "/till"
JSON_TYPE = "application/json"


class Server(ThreadingHTTPServer):
    """Serves a till on a socket that listens already."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, listener: socket.socket, till: Till) -> None:
        super().__init__(listener.getsockname(), Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.till = till
        self.over = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no fault of ours."""
        logging.getLogger("till").debug("a connection broke", exc_info=True)


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    protocol_version = "HTTP/1.1"
    timeout = IDLE_SECONDS_MAX
    server: Server

    def do_GET(self) -> None:
        """Answer a request."""
        self._answer()

    do_POST = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: targets hold what only a shopper's device should."""

    def _answer(self) -> None:
        till, over = self.server.till, self.server.over
        try:
            asked = self._asked()
            if isinstance(asked, Answered):
                self._send(asked)
                return
            provider = till.provider_of(asked.path)
            seconds = 0.0
            answered: Answered | None
            if asked.path == CONTROL or asked.path.startswith(f"{CONTROL}/"):
                answered = till.control(asked)
            elif provider is None:
                answered = json_answer(HTTPStatus.NOT_FOUND, {"error": "nobody is here"})
            else:
                answered, seconds = till.answer(provider, asked)
        except Exception:
            logging.getLogger("till").exception("not answered: %s", self.command)
            answered, seconds = json_answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "see the log"}), 0.0
        if seconds:
            over.wait(seconds)
        if answered is None:
            self._hang_up()
        else:
            self._send(answered)

    def _asked(self) -> Asked | Answered:
        """The request, or what is answered to one that cannot be taken."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        if not _is_ours(headers.get("host", "")):
            # A page of the web's, which found a name that leads here.
            return self._last(HTTPStatus.MISDIRECTED_REQUEST, "this host is not served")
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not length.isdecimal():
            return self._last(HTTPStatus.LENGTH_REQUIRED, "a body needs its length")
        if int(length) > BODY_BYTES_MAX:
            return self._last(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too long")
        body = self.rfile.read(int(length))
        is_control = self.path.startswith(CONTROL)
        if is_control and self.command != "GET" and headers.get("content-type", "") != JSON_TYPE:
            # A form of any page could be sent here, JSON only by a page of ours.
            return json_answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, {"error": f"the body is {JSON_TYPE}"})
        return Asked(self.command, self.path, headers, body)

    def _last(self, status: int, says: str) -> Answered:
        """An answer after which the connection ends, since what follows may be a body."""
        self.close_connection = True
        return json_answer(status, {"error": says}, {"Connection": "close"})

    def _send(self, answered: Answered) -> None:
        with suppress(OSError):
            self.send_response(answered.status)
            for name, value in answered.headers.items():
                self.send_header(name, value)
            if answered.status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Length", str(len(answered.body)))
            self.end_headers()
            self.wfile.write(answered.body)

    def _hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)


def _is_ours(host: str) -> bool:
    name = host.rpartition(":")[0] if ":" in host else host
    return name in ("127.0.0.1", "localhost")


@contextmanager
def serving(listener: socket.socket, till: Till) -> Iterator[Server]:
    """Serve a till in threads of this process."""
    server = Server(listener, till)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="till", daemon=True)
    thread.start()
    till.courier.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        thread.join()
        till.courier.stop()
        server.server_close()
