"""The courier: brings notifications to the shop, and again until they are taken, so many times."""

from __future__ import annotations

import http.client
import ipaddress
import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from urllib.parse import urlsplit

from local.till.dialect import Dialect
from local.till.messages import Sent
from local.till.trades import Book, Notification

TICK_SECONDS = 0.1
ANSWER_SECONDS_MAX = 5.0
"""How long a provider waits for an answer to what it tells."""
AT_ONCE = 4
SAID_LENGTH_MAX = 200
CONCLUDE_SECONDS_MAX = 10.0


class Courier:
    """Carries what is due, several at a time."""

    def __init__(self, book: Book, dialects: dict[str, Dialect]) -> None:
        self._book = book
        self._dialects = dialects
        self._under_way: dict[str, Future[None]] = {}
        self._over = threading.Event()
        self._hands = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="courier")
        self._walk = threading.Thread(target=self._go, name="courier", daemon=True)

    def start(self) -> None:
        """Look every moment for what is due."""
        self._walk.start()

    def stop(self) -> None:
        """Bring nothing any more; what is under way comes to its end."""
        self._over.set()
        if self._walk.ident is not None:
            self._walk.join(CONCLUDE_SECONDS_MAX)
        self._hands.shutdown(wait=True, cancel_futures=True)

    def deliver(self, wanted: Iterable[str] | None = None) -> int:
        """Bring what is due, of all or of these only, and wait for the answers; how many were brought.

        What is on its way already is waited for, and counts.
        """
        brought = self._begin(None if wanted is None else set(wanted))
        for each in brought:
            each.result()
        return len(brought)

    def _go(self) -> None:
        while not self._over.wait(TICK_SECONDS):
            try:
                self._begin(None)
            except Exception:
                logging.getLogger("till").exception("the courier stumbled")

    def _begin(self, wanted: set[str] | None) -> list[Future[None]]:
        """Let what is due go, of all or of these; give everything of it that is on its way now."""
        with self._book.lock:
            self._book.settle()
            now = self._book.now()
            for each in self._book.to_tell():
                if (
                    each.due_at <= now
                    and each.ident not in self._under_way
                    and (wanted is None or each.ident in wanted)
                ):
                    self._under_way[each.ident] = self._hands.submit(self._bring, each)
            return [way for ident, way in self._under_way.items() if wanted is None or ident in wanted]

    def _bring(self, notification: Notification) -> None:
        try:
            dialect = self._dialects[notification.provider]
            address = loopback(notification.url)
            if address is None:
                self._end(notification, "not on loopback")
                return
            with self._book.lock:
                sent = dialect.notification(notification)
            said, taken = _post(address, notification.url, sent, dialect.taken)
            with self._book.lock:
                now = self._book.now()
                notification.tries.append({"at": now, "said": said})
                repeats = dialect.repeats_after_seconds
                if taken:
                    notification.done = "taken"
                elif len(notification.tries) > len(repeats):
                    notification.done = "given up"
                else:
                    notification.due_at = now + repeats[len(notification.tries) - 1]
                self._book.tell(notification)
        finally:
            with self._book.lock:
                self._under_way.pop(notification.ident, None)

    def _end(self, notification: Notification, why: str) -> None:
        with self._book.lock:
            notification.done = why
            self._book.tell(notification)


def loopback(url: str) -> tuple[str, int] | None:
    """Where an address leads to on this machine; None if elsewhere, with which the till never talks."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http":
        return None
    if host == "localhost" or host.endswith(".localhost"):
        return "127.0.0.1", port
    try:
        return (host, port) if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None


def _post(
    address: tuple[str, int], url: str, sent: Sent, taken: Callable[[int, bytes], bool]
) -> tuple[str, bool]:
    """What was said to a notification, and whether it was taken."""
    parts = urlsplit(url)
    target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
    connection = http.client.HTTPConnection(*address, timeout=ANSWER_SECONDS_MAX)
    try:
        connection.request("POST", target, sent.body, {**sent.headers, "Host": parts.netloc})
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer: {str(error) or type(error).__name__}", False
    finally:
        connection.close()
    text = body[:SAID_LENGTH_MAX].decode("utf-8", "replace")
    return f"{answer.status} {text}".strip(), taken(answer.status, body)
