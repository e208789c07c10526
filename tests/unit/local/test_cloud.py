"""The server process: whose it is, where it was, what its functions may see, and how its clock is moved."""

from pathlib import Path
from typing import Any

import pytest

from local import clock
from local.cloud import Cloud, base_environment, move_port, tail
from local.errors import LocalError
from local.interrupts import Interrupts
from local.ports import BACKLOG_PATH, CLOSE_PATH, HOLD_PATH
from reach.folder import StateFolder
from reach.server import Running, is_server


def test_only_the_server_of_this_folder_is_ours(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert is_server(folder, f"/venv/bin/python -m local.server {tmp_path} 4")
    assert not is_server(folder, f"/venv/bin/python -m local.server {tmp_path}-other 4")
    assert not is_server(folder, f"vi {tmp_path} 4")
    assert not is_server(folder, "")


def test_a_record_of_a_process_that_is_gone_means_not_running(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    folder.server.write_text('{"pid": 999999999, "port": 4566}')
    assert Cloud(folder, Interrupts()).running() is None


def test_saved_addresses_move_to_the_new_port_and_nothing_else_does(tmp_path: Path) -> None:
    saved = tmp_path / "sqs.json"
    saved.write_text(
        '["http://localhost:4000/0/q", "http://127.0.0.1:4000/x", "http://shop.example:4000", "4000"]'
    )
    move_port(tmp_path, 4000, 5000)
    assert saved.read_text() == (
        '["http://localhost:5000/0/q", "http://127.0.0.1:5000/x", "http://shop.example:4000", "4000"]'
    )


def test_a_longer_port_that_begins_alike_stays(tmp_path: Path) -> None:
    saved = tmp_path / "sqs.json"
    saved.write_text('"http://localhost:40001/q"')
    move_port(tmp_path, 4000, 5000)
    assert saved.read_text() == '"http://localhost:40001/q"'


def test_nothing_of_the_caller_reaches_what_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_PROFILE", "AWS_SECRET_ACCESS_KEY", "HTTP_PROXY", "PYTHONPATH"):
        monkeypatch.setenv(name, "leak")
    environment = base_environment(StateFolder(tmp_path))
    assert "leak" not in environment.values()
    assert environment["HOME"].startswith(str(tmp_path))


def test_the_tail_of_a_log_skips_blank_lines(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("one\n\ntwo\n\nthree\n")
    assert tail(log, 2) == "  two\n  three"


class Server:
    """Answers as a server of ours does, and writes down what it is asked; its first hold may find work."""

    def __init__(self, folder: StateFolder, *, idle: tuple[bool, ...] = (True,)) -> None:
        self.asked: list[str] = []
        self.closed_at: set[float] = set()
        self.asks_until_closed = False
        """Somebody asks the API without a pause, and has to wait once the door is closed."""
        self._folder = folder
        self._idle = iter(idle)

    def ask(self, _port: int, path: str, _seconds_max: float, *, method: str) -> dict[str, Any]:
        offset = clock.offset_seconds(self._folder.clock)
        if path not in (BACKLOG_PATH, CLOSE_PATH):
            self.asked.append(f"{method} {path.rpartition('/')[2]} at {offset:g}")
        if path == HOLD_PATH:
            return {"idle": next(self._idle)}
        if path == CLOSE_PATH:
            self.closed_at.add(offset)
        if path in (BACKLOG_PATH, CLOSE_PATH):
            lists: dict[str, list[Any]] = {"streams": [], "queues": [], "unread_queues": []}
            asks = self.asks_until_closed and path == BACKLOG_PATH and not self.closed_at
            return {
                **lists,
                "executing": {"api": 1} if asks else {},
                "answering": {"api": 1} if asks else {},
                "deliveries": 0,
                "invocations": {},
                "failures": {},
                "requests": int(asks),
            }
        return {"now": clock.now_ahead(offset).timestamp()}


def cloud_of(server: Server, folder: StateFolder, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    cloud = Cloud(folder, Interrupts())
    folder.server.write_text('{"clock": true}')
    monkeypatch.setattr(cloud, "running", lambda: Running(1, 4566))
    monkeypatch.setattr("local.cloud.ask", server.ask)
    monkeypatch.setattr("local.cloud.wait_until", lambda condition, _seconds_max: condition() or True)
    return cloud


def test_the_clock_moves_while_the_server_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StateFolder(tmp_path)
    server = Server(folder)
    cloud_of(server, folder, monkeypatch).move_clock("+7d")
    held = [asked for asked in server.asked if "now" not in asked]
    assert held == ["POST hold at 0", "POST release at 604800"]


def test_the_clock_moves_although_somebody_asks_the_api_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path)
    server = Server(folder)
    server.asks_until_closed = True
    cloud_of(server, folder, monkeypatch).move_clock("+7d")
    assert server.closed_at == {0.0}
    assert clock.offset_seconds(folder.clock) == 604_800


def test_a_server_that_began_something_is_released_and_settles_again_before_the_clock_moves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path)
    server = Server(folder, idle=(False, True))
    cloud_of(server, folder, monkeypatch).move_clock("+7d")
    held = [asked for asked in server.asked if "now" not in asked]
    assert held == ["POST hold at 0", "POST release at 0", "POST hold at 0", "POST release at 604800"]


def test_a_server_that_does_not_come_to_rest_keeps_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path)
    server = Server(folder, idle=(False,) * 1_000)
    monkeypatch.setattr("local.cloud.SETTLE_SECONDS_MAX", 0.2)
    with pytest.raises(LocalError, match="does not come to rest"):
        cloud_of(server, folder, monkeypatch).move_clock("+7d")
    assert clock.offset_seconds(folder.clock) == 0
    assert server.asked[-1] == "POST release at 0"


def test_a_server_that_does_not_follow_is_released_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = StateFolder(tmp_path)
    server = Server(folder)
    cloud = cloud_of(server, folder, monkeypatch)
    monkeypatch.setattr("local.cloud.wait_until", lambda _condition, _seconds_max: False)
    with pytest.raises(LocalError, match="did not follow"):
        cloud.move_clock("+7d")
    assert server.asked[-1] == "POST release at 604800"
