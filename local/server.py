"""The server of the local cloud: the emulator, and what memberday must know about it, on an inherited socket.

Run by ``local.cloud`` as ``python -m local.server FOLDER DESCRIPTOR``; not a command for people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from local.door import Door
from local.emulator import HOLD_SECONDS_MAX, Emulator
from local.ports import ALARMS_PATH, BACKLOG_PATH, CLOSE_PATH, HOLD_PATH, NOW_PATH, RELEASE_PATH
from reach.folder import StateFolder

Message = dict[str, Any]

KEEP_ALIVE_SECONDS = 75
RETRY_AFTER_SECONDS = 5
CODE = "clock_moving"
HELD: Message = {
    "type": f"urn:memberday:problem:{CODE}",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "The local cloud's clock is being moved; nothing has happened. Send the same again.",
    "code": CODE,
}
"""What a request is told that came in while the clock was moved, and waited in vain for it to be over."""
JSON_HEADERS = ((b"content-type", b"application/json"),)
HELD_HEADERS = (
    (b"content-type", b"application/problem+json"),
    (b"retry-after", str(RETRY_AFTER_SECONDS).encode()),
    # A page of another origin may read it as well: it holds nothing of anybody's.
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"retry-after"),
)

Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Server:
    """The emulator's ASGI application, a door before what runs functions, and some routes of ours."""

    def __init__(self, emulator: Emulator, folder: StateFolder, door: Door | None = None) -> None:
        self._emulator = emulator
        self._folder = folder
        self._door = door or Door()
        self._routes: dict[tuple[str, str], Callable[[], Awaitable[Message]]] = {
            ("GET", NOW_PATH): self._now,
            ("GET", BACKLOG_PATH): self._backlog,
            ("GET", ALARMS_PATH): self._alarms,
            ("POST", CLOSE_PATH): self._close,
            ("POST", HOLD_PATH): self._hold,
            ("POST", RELEASE_PATH): self._release,
        }
        self._drained = False
        self._told_to_stop = asyncio.Event()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one connection's request, or take part in start and stop."""
        if scope["type"] == "lifespan":
            await self._emulator.application(scope, receive, self._recording(send))
        elif scope["type"] == "http" and (route := self._routes.get((scope["method"], scope["path"]))):
            await _answer(send, await route())
        elif scope["type"] == "http" and self._runs_a_function(scope):
            async with self._door.passage() as came_in:
                if came_in:
                    await self._emulator.application(scope, receive, send)
                else:
                    await _answer(send, HELD, status=HELD["status"], headers=HELD_HEADERS)
        else:
            await self._emulator.application(scope, receive, send)

    def _runs_a_function(self, scope: Message) -> bool:
        host = next((value for name, value in scope["headers"] if name == b"host"), b"")
        return self._emulator.is_request(scope["method"], host.decode("latin-1"), scope["path"])

    async def _now(self) -> Message:
        return {"now": time.time(), "pid": os.getpid(), "folder": str(self._folder.root)}

    async def _backlog(self) -> Message:
        return {**self._emulator.backlog(), "requests": self._door.inside}

    async def _alarms(self) -> Message:
        return await asyncio.to_thread(self._emulator.alarms)

    async def _close(self) -> Message:
        """Let no request in for half a minute, or until the release; what is still to be done."""
        self._door.close(HOLD_SECONDS_MAX)
        return await self._backlog()

    async def _hold(self) -> Message:
        self._door.close(HOLD_SECONDS_MAX)
        idle = await asyncio.to_thread(self._emulator.hold)
        return {"idle": idle and not self._door.inside}

    async def _release(self) -> Message:
        try:
            await asyncio.to_thread(self._emulator.release)
        finally:
            self._door.open()
        return {}

    def heed_signals(self) -> None:
        """From here on a signal ends the server in order, even one that comes before it has started."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._told_to_stop.set)

    async def until_told_to_stop(self) -> None:
        """Wait for a signal, then let what is running end while the server still answers it."""
        await self._told_to_stop.wait()
        self._drained = await asyncio.to_thread(self._emulator.drain)

    def _recording(self, send: Send) -> Send:
        async def recorded(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                self._folder.clean.unlink(missing_ok=True)
            elif message["type"] == "lifespan.shutdown.complete":
                self._conclude()
            await send(message)

        return recorded

    def _conclude(self) -> None:
        """Vouch for what was saved; without this mark the next start is a fresh one."""
        if self._drained and not self._emulator.unsaved:
            self._folder.clean.touch()
            return
        logging.getLogger("memberday").error(
            "not saved as a whole: drained %s, not saved %s", self._drained, self._emulator.unsaved
        )


async def _answer(
    send: Send, value: Message, *, status: int = 200, headers: Sequence[tuple[bytes, bytes]] = JSON_HEADERS
) -> None:
    body = json.dumps(value).encode()
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def _serve(folder: StateFolder, descriptor: int) -> None:
    config = Config()
    config.bind = [f"fd://{descriptor}"]
    config.keep_alive_timeout = KEEP_ALIVE_SECONDS
    config.loglevel = "WARNING"
    server = Server(Emulator(), folder)
    server.heed_signals()
    await serve(server, config, shutdown_trigger=server.until_told_to_stop)  # type: ignore[arg-type]
    logging.shutdown()
    os._exit(
        0
    )  # everything is saved; threads of the emulator that wait for something must not hold the process


def main() -> None:
    """Serve until SIGTERM or SIGINT, then save everything."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("descriptor", type=int)
    arguments = parser.parse_args()
    asyncio.run(_serve(StateFolder(arguments.folder), arguments.descriptor))


if __name__ == "__main__":
    main()
