"""The door before what runs functions: requests wait while it is closed, and are told if that takes long."""

import asyncio
import json
from pathlib import Path
from typing import Any

from local.door import Door
from local.emulator import Emulator
from local.server import Server
from reach.folder import StateFolder

API = "/_aws/execute-api/9fffa2a5/orders"
LONG_SECONDS = 60.0


def test_a_request_waits_for_the_closed_door_and_comes_in_when_it_opens() -> None:
    async def story() -> list[str]:
        door, happened = Door(), list[str]()

        async def request() -> None:
            async with door.passage() as came_in:
                happened.append(f"came in: {came_in}, {door.inside} inside")

        door.close(LONG_SECONDS)
        waiting = [asyncio.create_task(request()) for _ in range(2)]
        await asyncio.sleep(0)
        happened.append(f"opens with {door.inside} inside")
        door.open()
        await asyncio.gather(*waiting)
        assert door.inside == 0
        return happened

    assert asyncio.run(story()) == [
        "opens with 0 inside",
        "came in: True, 1 inside",
        "came in: True, 1 inside",
    ]


def test_who_came_in_before_it_closed_is_inside_until_done() -> None:
    async def story() -> None:
        door = Door()
        async with door.passage() as came_in:
            door.close(LONG_SECONDS)
            assert (came_in, door.inside) == (True, 1)
        assert door.inside == 0

    asyncio.run(story())


def test_who_waits_longer_than_callers_do_is_not_let_in() -> None:
    async def story() -> None:
        door = Door(wait_seconds_max=0.01)
        door.close(LONG_SECONDS)
        async with door.passage() as came_in:
            assert (came_in, door.inside) == (False, 0)

    asyncio.run(story())


def test_a_door_that_nobody_opens_opens_by_itself() -> None:
    async def story() -> None:
        door = Door()
        door.close(0.01)
        async with door.passage() as came_in:
            assert came_in

    asyncio.run(story())


def test_closing_it_again_keeps_those_who_wait_outside() -> None:
    async def story() -> bool:
        door = Door(wait_seconds_max=0.05)
        door.close(0.01)

        async def request() -> bool:
            async with door.passage() as came_in:
                return came_in

        waiting = asyncio.create_task(request())
        await asyncio.sleep(0)
        door.close(LONG_SECONDS)
        return await waiting

    assert asyncio.run(story()) is False


class Idle:
    """An emulator that answers 200 to everything, and is always at rest."""

    is_request = staticmethod(Emulator.is_request)

    def __init__(self) -> None:
        self.answered: list[str] = []

    async def application(self, scope: Any, _receive: Any, send: Any) -> None:
        self.answered.append(scope["path"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})

    def hold(self) -> bool:
        return True

    def release(self) -> None:
        pass

    def backlog(self) -> dict[str, Any]:
        return {"deliveries": 0}


async def ask(server: Server, method: str, path: str) -> tuple[int, dict[bytes, bytes], Any]:
    """Ask a server as hypercorn does."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b""}

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", b"127.0.0.1:4566")]}
    await server(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"]), json.loads(sent[1]["body"])


def server_at(folder: Path, door: Door) -> tuple[Server, Idle]:
    """A server of an idle emulator, made within the event loop that it runs in."""
    idle = Idle()
    return Server(idle, StateFolder(folder), door), idle  # type: ignore[arg-type]


def test_a_request_that_waits_in_vain_is_told_503_with_retry_after_and_nothing_has_happened(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        server, idle = server_at(tmp_path, Door(wait_seconds_max=0.01))
        assert await ask(server, "POST", "/_memberday/close")
        status, headers, problem = await ask(server, "POST", API)
        assert (status, problem["status"], problem["code"]) == (503, 503, "clock_moving")
        assert problem.keys() == {"type", "title", "status", "detail", "code"}
        assert headers[b"content-type"] == b"application/problem+json"
        assert int(headers[b"retry-after"]) > 0
        assert idle.answered == []

    asyncio.run(story())


def test_requests_wait_from_the_hold_to_the_release_and_those_under_way_are_waited_for(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        door = Door()
        server, idle = server_at(tmp_path, door)
        async with door.passage():
            assert (await ask(server, "GET", "/_memberday/backlog"))[2]["requests"] == 1
            assert (await ask(server, "POST", "/_memberday/hold"))[2] == {"idle": False}
        assert (await ask(server, "POST", "/_memberday/hold"))[2] == {"idle": True}
        waiting = asyncio.create_task(ask(server, "GET", API))
        await asyncio.sleep(0)
        assert idle.answered == []
        await ask(server, "POST", "/_memberday/release")
        assert (await waiting)[0] == 200
        assert idle.answered == [API]

    asyncio.run(story())


def test_what_functions_themselves_ask_never_waits(tmp_path: Path) -> None:
    """Otherwise a function that is waited for would wait for the door."""

    async def story() -> None:
        server, idle = server_at(tmp_path, Door(wait_seconds_max=0.01))
        await ask(server, "POST", "/_memberday/close")
        assert (await ask(server, "POST", "/"))[0] == 200  # DynamoDB, SQS, EventBridge
        assert (await ask(server, "POST", "/2015-03-31/functions/f/invocations"))[0] == 503
        assert (await ask(server, "GET", "/2015-03-31/functions/f"))[0] == 200
        assert idle.answered == ["/", "/2015-03-31/functions/f"]

    asyncio.run(story())
