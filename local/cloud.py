"""The server process of the local cloud: starting it, finding it, asking it, ending it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from local import clock, faketime
from local.backlog import Backlog, settle
from local.errors import LocalError
from local.interrupts import Interrupts
from local.ports import (
    ALARMS_PATH,
    BACKLOG_PATH,
    CLOSE_PATH,
    HOLD_PATH,
    NOW_PATH,
    RELEASE_PATH,
    Unanswered,
    ask,
    listen,
)
from local.processes import end_group, wait_until
from reach.aws import REGION
from reach.folder import StateFolder, read_json, write_atomically
from reach.server import HOST, SERVER_MODULE, Running, command_line, is_server, required, running

START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 45.0
ANSWER_SECONDS_MAX = 15.0
CLOCK_SECONDS_MAX = 10.0
QUIET_SECONDS_MAX = 20.0
"""How long a step of the clock waits for all but requests, before it lets no more of them in."""
SETTLE_SECONDS_MAX = 60.0
CLOCK_TOLERANCE_SECONDS = 2.0
LOG_BYTES_MAX = 20_000_000
LOG_LINES_SHOWN = 12
SEARCH_PATH = "/usr/local/bin:/usr/bin:/bin"
BLANK = re.compile(r"^\s*$")
CODE = Path(__file__).resolve().parent.parent


def base_environment(folder: StateFolder) -> dict[str, str]:
    """A clean environment: no settings, credentials or proxies of the caller reach what is started here."""
    return {
        "PATH": f"{Path(sys.executable).parent}:{SEARCH_PATH}",
        "HOME": str(folder.home),
        "TMPDIR": str(folder.temporary),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


class Cloud:
    """The local cloud of one state folder."""

    def __init__(self, folder: StateFolder, interrupts: Interrupts) -> None:
        self.folder = folder
        self._interrupts = interrupts
        self._child: subprocess.Popen[bytes] | None = None

    def running(self) -> Running | None:
        """The server, if it runs."""
        return running(self.folder)

    def require(self) -> Running:
        """The server, or an error that says how to start it."""
        return required(self.running())

    def start(self, port: int | None) -> Running:
        """Start the server with what was kept of the cloud, and wait until it answers.

        The caller holds the folder's lock, and has made sure that no server runs.
        """
        self._end_remains()
        previous = read_json(self.folder.server).get("port")
        for directory in (self.folder.temporary, self.folder.home):
            shutil.rmtree(directory, ignore_errors=True)
            directory.mkdir(parents=True)
        for directory in (self.folder.services, self.folder.objects):
            directory.mkdir(parents=True, exist_ok=True)
        time_settings = self._time_settings()
        with listen(port, previous if isinstance(previous, int) else None) as listener:
            number = listener.getsockname()[1]
            if isinstance(previous, int) and previous != number:
                move_port(self.folder.services, previous, number)
            with self._interrupts.shielded():
                server = Running(self._spawn(listener, number, time_settings), number)
                record = {"pid": server.pid, "port": server.port, "clock": bool(time_settings)}
                write_atomically(self.folder.server, json.dumps(record))
        self._await_answer(server)
        return server

    def stop(self) -> bool:
        """Let the server save everything and end; whether what it saved is whole."""
        server = self.running()
        if server is not None:
            os.kill(server.pid, signal.SIGTERM)
            wait_until(lambda: self.running() is None, STOP_SECONDS_MAX)
        self._end_remains()
        return self.folder.clean.exists()

    def kill(self) -> None:
        """End the server and its workers at once; nothing is saved."""
        self.folder.clean.unlink(missing_ok=True)
        self._end_remains()

    def now(self) -> datetime:
        """The cloud's time, as its server sees it."""
        return datetime.fromtimestamp(self._ask(NOW_PATH)["now"], UTC)

    def backlog(self) -> Backlog:
        """What the cloud still has to do."""
        return Backlog.parse(self._ask(BACKLOG_PATH))

    def alarms(self) -> list[dict[str, str]]:
        """Every alarm with its state, as the figures are now."""
        found: list[dict[str, str]] = self._ask(ALARMS_PATH)["alarms"]
        return found

    def settle(self, timeout_seconds: float) -> Backlog:
        """Wait until streams and queues are drained."""
        self.require()
        return settle(self.backlog, timeout_seconds)

    def move_clock(self, text: str) -> datetime:
        """Move the cloud's time and make sure that the running server lives by it.

        What is under way is waited for first: a stream forgets its records after a day, a queue after four.
        Then the server starts nothing until all live at the new time: what began at one time and ended at
        another would have used up its deadline, and processes that do not live at the same time yet refuse
        one another's signatures. Requests wait before the door meanwhile (``local.door``). What has become
        due in between starts with the release.
        """
        server = self.require()
        if not read_json(self.folder.server).get("clock"):
            raise LocalError("the clock cannot be moved here: libfaketime cannot be loaded on this machine")
        clock.target(text, self.now())
        with self._at_rest():
            offset = clock.offset_seconds(self.folder.clock)
            now = clock.now_ahead(offset)
            ahead = offset + (clock.target(text, now) - now).total_seconds()
            clock.write_offset(self.folder.clock, ahead)
            written_second = int(time.time())  # this process is not under the library
            # All read it anew with their first look at the clock in the next second.
            wait_until(lambda: int(time.time()) > written_second, CLOCK_SECONDS_MAX)
            if not wait_until(lambda: self._is_at(ahead), CLOCK_SECONDS_MAX):
                log = self.folder.server_log
                raise LocalError(f"the server (process {server.pid}) did not follow the clock: see {log}")
        return self.now()

    @contextmanager
    def _at_rest(self) -> Iterator[None]:
        """Wait until nothing is under way, and keep it so; the hold of a command that dies ends by itself."""
        with suppress(LocalError):  # then they have to wait for it after all
            settle(lambda: self.backlog().without_requests(), QUIET_SECONDS_MAX)
        deadline = time.monotonic() + SETTLE_SECONDS_MAX
        while time.monotonic() < deadline:
            try:
                settle(self._close, SETTLE_SECONDS_MAX)
                # Something may have begun since: what is due by now is started before the hold.
                if self._ask(HOLD_PATH, method="POST")["idle"] and not self.backlog().pending():
                    yield
                    return
            finally:
                self._ask(RELEASE_PATH, method="POST")
        raise LocalError(f"the local cloud does not come to rest within {SETTLE_SECONDS_MAX:g} s")

    def _close(self) -> Backlog:
        """Keep requests out for some time more; what the cloud still has to do."""
        return Backlog.parse(self._ask(CLOSE_PATH, method="POST"))

    def _is_at(self, ahead_seconds: float) -> bool:
        return abs((self.now() - clock.now_ahead(ahead_seconds)).total_seconds()) < CLOCK_TOLERANCE_SECONDS

    def _ask(self, path: str, *, method: str = "GET") -> dict[str, Any]:
        server = self.require()
        try:
            return ask(server.port, path, ANSWER_SECONDS_MAX, method=method)
        except Unanswered as error:
            raise LocalError(f"the local cloud at {server.endpoint} does not answer: {error}") from None

    def _time_settings(self) -> dict[str, str]:
        settings = faketime.environment(self.folder.clock)
        ahead_seconds = clock.offset_seconds(self.folder.clock)
        clock.write_offset(self.folder.clock, ahead_seconds)
        if settings is None and ahead_seconds:
            raise LocalError(
                "this cloud's clock was moved, and libfaketime cannot be loaded now: reset the cloud"
            )
        return settings or {}

    def _spawn(self, listener: socket.socket, port: int, time_settings: dict[str, str]) -> int:
        log = self.folder.server_log
        if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - this interpreter, arguments from this module
                [sys.executable, "-m", SERVER_MODULE, str(self.folder.root), str(listener.fileno())],
                cwd=CODE,
                env=self._environment(port) | time_settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=[listener.fileno()],
                start_new_session=True,
            )
        self._child = process
        return process.pid

    def _environment(self, port: int) -> dict[str, str]:
        return base_environment(self.folder) | {
            "GATEWAY_PORT": str(port),
            "BIND_HOST": HOST,
            "AUTH": "true",
            "PERSIST_STATE": "1",
            "S3_PERSIST": "1",
            "STATE_DIR": str(self.folder.services),
            "S3_DATA_DIR": str(self.folder.objects),
            "MINISTACK_REGION": REGION,
            "IOT_MTLS_ENABLED": "0",  # otherwise it listens on every interface
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": f"unix://{self.folder.root}/no-docker",
            "PYTHONUNBUFFERED": "1",
        }

    def _await_answer(self, server: Running) -> None:
        """Wait for the first answer; a server that gives none is ended, and its last words are shown."""

        def settled() -> bool:
            if self._child is not None and self._child.poll() is not None:
                return True
            try:
                return bool(ask(server.port, NOW_PATH)["pid"] == server.pid)
            except Unanswered:
                return False

        answered = wait_until(settled, START_SECONDS_MAX)
        if not answered or self.running() is None:
            last = tail(self.folder.server_log)
            self._end_remains()
            raise LocalError(f"the local cloud did not start; {self.folder.server_log} ends with:\n{last}")

    def _end_remains(self) -> None:
        """End the recorded server and its workers, if any of them still live."""
        pid = read_json(self.folder.server).get("pid")
        if isinstance(pid, int):
            end_group(
                pid,
                lambda command: is_server(self.folder, command) or f"{self.folder.temporary}/" in command,
            )
            if not command_line(pid):
                faketime.forget(pid)


def tail(log: Path, lines: int = LOG_LINES_SHOWN, *, without: re.Pattern[str] = BLANK) -> str:
    """The last lines of a log, without those that say nothing."""
    with log.open(errors="replace") as handle:
        said = deque((row.rstrip() for row in handle if not without.search(row)), maxlen=lines)
    return "\n".join(f"  {row}" for row in said)


def move_port(services: Path, before: int, after: int) -> None:
    """The emulator keeps its own address in queue URLs and outputs: bring what was saved to the new port."""
    for saved in services.glob("*.json"):
        text = saved.read_text()
        moved = re.sub(rf"(//(?:localhost|127\.0\.0\.1)):{before}\b", rf"\1:{after}", text)
        if moved != text:
            write_atomically(saved, moved)
