"""The till's process beside the local cloud's server: its time, its restarts, and its end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from local import clock, faketime
from local.errors import LocalError
from local.interrupts import Interrupts
from local.till.process import TillProcess, log_of, record_of, state_of
from reach.folder import StateFolder, read_json
from reach.server import SERVER_MODULE, command_line

FOLLOW_SECONDS_MAX = 15.0
DAY = 86_400


def until(condition: Callable[[], bool]) -> bool:
    end = time.monotonic() + FOLLOW_SECONDS_MAX
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StateFolder]:
    """A state folder with something in the place of the local cloud's server."""
    folder = StateFolder(tmp_path / "state")
    folder.create()
    command = [
        sys.executable,
        "-c",
        "import time; time.sleep(600)",
        "-m",
        SERVER_MODULE,
        str(folder.root),
        "0",
    ]
    with subprocess.Popen(command) as server:  # noqa: S603 - this interpreter, fixed program
        folder.server.write_text(f'{{"pid": {server.pid}, "port": 1}}')
        yield folder
        server.kill()


@pytest.fixture
def till(folder: StateFolder) -> Iterator[TillProcess]:
    """The till of that folder, started."""
    till = TillProcess(folder, Interrupts())
    till.start()
    till.await_answer()
    yield till
    till.kill()


def now(till: TillProcess) -> datetime:
    return datetime.fromisoformat(till.ask("GET", "/till")["now"])


def ahead_seconds(till: TillProcess) -> float:
    return (now(till) - datetime.now(UTC)).total_seconds()


def test_what_was_killed_comes_back_with_its_port_its_keys_and_its_trades(
    folder: StateFolder, till: TillProcess
) -> None:
    before = till.require()
    keys = read_json(state_of(folder) / "keys.json")
    money = {"provider": "wechatpay", "number": "order_01", "amount_fen": 1}
    till.ask("POST", "/till/money", money)
    assert till.start() == before  # it runs already
    os.kill(before.pid, signal.SIGKILL)
    assert until(lambda: till.running() is None)
    again = till.start()
    till.await_answer()
    assert (again.port, again.pid != before.pid) == (before.port, True)
    assert read_json(state_of(folder) / "keys.json") == keys
    (trade,) = till.ask("GET", "/till/trades?number=order_01")["trades"]
    assert trade["state"] == "paid"


def test_it_lives_at_the_local_clouds_time_and_follows_it(folder: StateFolder, till: TillProcess) -> None:
    if faketime.environment(folder.clock) is None:
        pytest.skip("libfaketime cannot be loaded on this machine")
    till.stop()
    clock.write_offset(folder.clock, 3 * DAY)
    till.start()
    till.await_answer()
    assert abs(ahead_seconds(till) - 3 * DAY) < 5
    clock.write_offset(folder.clock, 9 * DAY)
    assert until(lambda: abs(ahead_seconds(till) - 9 * DAY) < 5)


def test_it_is_stopped_and_says_so(folder: StateFolder, till: TillProcess) -> None:
    pid = till.require().pid
    till.stop()
    assert (till.running(), command_line(pid)) == (None, "")
    till.stop()  # again is no error
    with pytest.raises(LocalError, match="the till is not running"):
        till.ask("GET", "/till")


def test_it_goes_when_the_local_clouds_server_has_gone(folder: StateFolder, till: TillProcess) -> None:
    os.kill(read_json(folder.server)["pid"], signal.SIGKILL)
    assert until(lambda: till.running() is None)


def test_a_stranger_with_its_process_id_is_left_alone(folder: StateFolder, till: TillProcess) -> None:
    till.stop()
    stranger = read_json(folder.server)["pid"]
    record_of(folder).write_text(f'{{"pid": {stranger}, "port": 1}}')
    assert till.running() is None
    till.kill()
    assert command_line(stranger)


def test_one_that_cannot_start_is_one_error_with_its_last_words(folder: StateFolder) -> None:
    state_of(folder).mkdir(parents=True)
    (state_of(folder) / "keys.json").write_text('{"wechatpay": 1}')
    (state_of(folder) / "trades.jsonl").mkdir()
    till = TillProcess(folder, Interrupts())
    till.start()
    with pytest.raises(LocalError, match="the till did not start"):
        till.await_answer()
    assert "IsADirectoryError" in log_of(folder).read_text()
    assert till.running() is None
