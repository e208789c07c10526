"""The port of the local cloud: the one asked for, else the one it had, else a free one."""

from __future__ import annotations

import http
import http.client
import json
import socket
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from local.errors import LocalError
from reach.server import HOST, command_line

BACKLOG_PATH = "/_memberday/backlog"
NOW_PATH = "/_memberday/now"
ALARMS_PATH = "/_memberday/alarms"
CLOSE_PATH = "/_memberday/close"
HOLD_PATH = "/_memberday/hold"
RELEASE_PATH = "/_memberday/release"
ASK_SECONDS = 1.0
LISTENING = "0A"


class Unanswered(Exception):
    """Nobody there, or nobody of ours."""


def ask(port: int, path: str, seconds_max: float = ASK_SECONDS, *, method: str = "GET") -> dict[str, Any]:
    """The JSON object that the server on ``port`` answers; no proxy or environment takes part."""
    connection = http.client.HTTPConnection(HOST, port, timeout=seconds_max)
    try:
        connection.request(method, path)
        answer = connection.getresponse()
        value = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unanswered(str(error)) from error
    finally:
        connection.close()
    if answer.status != http.HTTPStatus.OK or not isinstance(value, dict):
        raise Unanswered(f"status {answer.status}")
    return value


def listen(requested: int | None, previous: int | None) -> socket.socket:
    """A listening socket on loopback; the server inherits it, so that nobody can take the port in between."""
    if requested is not None:
        try:
            return _bound(requested)
        except PermissionError:
            raise LocalError(f"port {requested} is not open to this user: choose one above 1023") from None
        except OSError:
            raise LocalError(
                f"port {requested} is in use{_holder(requested)}: choose another --port"
            ) from None
    if previous is not None:
        with suppress(OSError):
            return _bound(previous)
    return _bound(0)


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(128)
    except OSError:
        listener.close()
        raise
    return listener


def _holder(port: int) -> str:
    """Who holds the port, as far as can be known without asking for rights."""
    folder = _cloud_at(port)
    if folder:
        return f" by the local cloud of {folder}"
    pid = _listener_of(port) if sys.platform == "linux" else None
    return f" by process {pid} ({command_line(pid)[:80]})" if pid else ""


def _cloud_at(port: int) -> str | None:
    try:
        folder = ask(port, NOW_PATH).get("folder")
    except Unanswered:
        return None
    return str(folder) if folder else None


def _listener_of(port: int) -> int | None:
    sockets = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(OSError):
            for row in Path(table).read_text().splitlines()[1:]:
                fields = row.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    sockets.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        with suppress(OSError):
            if any(str(handle.readlink()) in sockets for handle in (process / "fd").iterdir()):
                return int(process.name)
    return None
