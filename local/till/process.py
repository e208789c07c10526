"""The till's process: starting it beside the local cloud's server, finding it, asking it, ending it."""

from __future__ import annotations

import http
import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from local import faketime
from local.cloud import CODE, LOG_BYTES_MAX, base_environment, tail
from local.errors import LocalError
from local.interrupts import Interrupts
from local.ports import listen
from local.processes import end_group, wait_until
from reach.folder import StateFolder, read_json, write_atomically
from reach.server import HOST, Running, command_line

MODULE = "local.till"
START_SECONDS_MAX = 30.0
STOP_SECONDS_MAX = 15.0
ASK_SECONDS_MAX = 30.0
Json = dict[str, Any]


def state_of(folder: StateFolder) -> Path:
    """Where the till keeps keys and trades: with the cloud, and so forgotten with it."""
    return folder.cloud / "till"


def record_of(folder: StateFolder) -> Path:
    """The process id and port of the till started last."""
    return folder.root / "till.json"


def log_of(folder: StateFolder) -> Path:
    """What the till prints."""
    return folder.root / "till.log"


class TillProcess:
    """The till of one state folder; who starts or ends it holds the folder's lock."""

    def __init__(self, folder: StateFolder, interrupts: Interrupts) -> None:
        self._folder = folder
        self._interrupts = interrupts
        self._child: subprocess.Popen[bytes] | None = None

    def running(self) -> Running | None:
        """The till, if it runs; never a stranger that has got its process id."""
        record = read_json(record_of(self._folder))
        pid, port = record.get("pid"), record.get("port")
        if not isinstance(pid, int) or not isinstance(port, int) or not self._is_ours(command_line(pid)):
            return None
        return Running(pid, port)

    def require(self) -> Running:
        """The till, or an error that says how to start it."""
        till = self.running()
        if till is None:
            raise LocalError("the till is not running: start it with `python -m local up`")
        return till

    def start(self) -> Running:
        """Start the till at the local cloud's time, unless it runs; :meth:`await_answer` waits for it."""
        if (till := self.running()) is not None:
            return till
        self.kill()
        state_of(self._folder).mkdir(parents=True, exist_ok=True)
        previous = read_json(record_of(self._folder)).get("port")
        time_settings = faketime.environment(self._folder.clock) or {}
        with (
            listen(None, previous if isinstance(previous, int) else None) as listener,
            self._interrupts.shielded(),
        ):
            log = log_of(self._folder)
            if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
                log.replace(log.with_suffix(".log.1"))
            with log.open("ab") as output:
                self._child = subprocess.Popen(  # noqa: S603 - this interpreter, arguments from this module
                    [sys.executable, "-m", MODULE, str(self._folder.root), str(listener.fileno())],
                    cwd=CODE,
                    env=base_environment(self._folder) | time_settings | {"PYTHONUNBUFFERED": "1"},
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                )
            till = Running(self._child.pid, listener.getsockname()[1])
            write_atomically(record_of(self._folder), json.dumps({"pid": till.pid, "port": till.port}))
        return till

    def await_answer(self) -> None:
        """Wait for the till's first answer; one that gives none is ended, and its last words are shown."""

        def settled() -> bool:
            if self._child is not None and self._child.poll() is not None:
                return True
            try:
                return bool(self.ask("GET", "/till", seconds_max=1.0))
            except LocalError:
                return False

        if not wait_until(settled, START_SECONDS_MAX) or self.running() is None:
            last = tail(log_of(self._folder))
            self.kill()
            raise LocalError(f"the till did not start; {log_of(self._folder)} ends with:\n{last}")

    def stop(self) -> None:
        """Let the till end what is under way, and end."""
        till = self.running()
        if till is not None:
            os.kill(till.pid, signal.SIGTERM)
            wait_until(lambda: self.running() is None, STOP_SECONDS_MAX)
        self.kill()

    def kill(self) -> None:
        """End it at once; what it has answered is kept all the same."""
        pid = read_json(record_of(self._folder)).get("pid")
        if isinstance(pid, int):
            end_group(pid, self._is_ours)
            if not command_line(pid):
                faketime.forget(pid)
        if self._child is not None and not command_line(self._child.pid):
            self._child.wait()  # so that nothing of it is left
            self._child = None

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        seconds_max: float = ASK_SECONDS_MAX,
    ) -> Json:
        """What the till answers in JSON.

        Raises
        ------
        LocalError
            It refuses, and says why, or does not answer.
        """
        till = self.require()
        text = json.dumps(body) if form is None else urlencode(form)
        kind = "application/json" if form is None else "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(HOST, till.port, timeout=seconds_max)
        try:
            sent = None if method == "GET" else text
            connection.request(method, path, sent, {"Content-Type": kind, **(headers or {})})
            answer = connection.getresponse()
            value = json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise LocalError(f"the till at {till.endpoint} does not answer: {error}") from None
        finally:
            connection.close()
        if answer.status != http.HTTPStatus.OK or not isinstance(value, dict):
            raise LocalError(f"the till refuses: {_why(value)}")
        return value

    def _is_ours(self, command: str) -> bool:
        return f" -m {MODULE} {self._folder.root} " in command


def _why(value: Any) -> str:
    error = value.get("error") if isinstance(value, dict) else None
    return str(error.get("message", error) if isinstance(error, dict) else error or value)
