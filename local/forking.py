"""Functions' workers, forked from a process that has imported their libraries, instead of started anew.

The emulator starts a Python for every worker, which imports the SDK and Powertools again: four fifths of what
a start of one costs. Here one process per bundle does so once, its nursery, and each worker is a fork of it
(``local.nursery``). A worker finds everything as if it had been started: streams, environment, folder, path.

Where there can be no nursery (a bundle without libraries, a system without Linux's process descriptors), and
where one fails, workers are started as the emulator does it.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import IO, Any, Self

from local import nursery
from local.unpacking import SHARED

ANSWER_SECONDS_MAX = 60.0
STATUS_BYTES_MAX = 16
READER_THREAD = "memberday-nursery"
SETTINGS = {
    "stdin": subprocess.PIPE,
    "stdout": subprocess.PIPE,
    "stderr": subprocess.PIPE,
    "text": True,
    "bufsize": 1,
}
"""How the emulator starts a worker; one that it starts in another way is none that is known here."""
_log = logging.getLogger("memberday")


class ForkedWorker:
    """A worker as the emulator sees its processes: what there is of :class:`subprocess.Popen` for it.

    It is a child of the nursery, which writes to a pipe how it has ended. Where the pipe ends without that,
    the nursery is gone, and the worker is ended as well: nobody could say what becomes of it.
    """

    def __init__(
        self, args: list[str], pid: int, process: int, status: int, streams: tuple[int, ...]
    ) -> None:
        self.args = args
        self.pid = pid
        self.returncode: int | None = None
        into, out, errors = streams
        self.stdin: IO[str] = open(into, "w", buffering=1)  # noqa: PTH123, SIM115 - by its descriptor
        self.stdout: IO[str] = open(out)  # noqa: PTH123, SIM115
        self.stderr: IO[str] = open(errors)  # noqa: PTH123, SIM115
        self._process = process
        self._status = status
        self._lock = threading.Lock()
        for descriptor in (process, status):
            weakref.finalize(self, os.close, descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, where: TracebackType | None) -> None:
        for stream in (self.stdout, self.stderr, self.stdin):
            with suppress(BrokenPipeError):
                stream.close()
        self.wait()

    def poll(self) -> int | None:
        """How it has ended, or None."""
        self._look(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end, for so many seconds at most; how it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            If it has not.
        """
        self._look(timeout)
        if self.returncode is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            self._signal(number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)

    def _look(self, seconds: float | None) -> None:
        """Wait for what the nursery writes, for so long."""
        ended = select.poll()
        ended.register(self._status, select.POLLIN)
        if self.returncode is not None or not ended.poll(None if seconds is None else 1000 * seconds):
            return
        with self._lock:
            if self.returncode is None:
                said = os.read(self._status, STATUS_BYTES_MAX)
                if not said:
                    self._signal(signal.SIGKILL)
                self.returncode = int(said or -signal.SIGKILL)

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._process, number)


class _NurseryError(Exception):
    """The nursery forks this worker not, or none any more."""


class _Nursery:
    """The nursery of one bundle, as the emulator's process asks it."""

    def __init__(self, code: Path) -> None:
        self._lock = threading.Lock()
        self._workers: weakref.WeakSet[ForkedWorker] = weakref.WeakSet()
        self.code = code
        self.has_ended = False
        self.asking = 0
        """How many are about to ask it for a worker; :class:`Nurseries` counts them."""
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._control.settimeout(ANSWER_SECONDS_MAX)
        with theirs:
            # Standard streams of the kinds that a worker has: what Python makes of them at its start stays.
            self._process = subprocess.Popen(  # noqa: S603 - this interpreter, arguments from this module
                [sys.executable, "-P", nursery.__file__, str(code), str(theirs.fileno())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                text=True,
            )
        threading.Thread(target=self._attend, name=READER_THREAD, daemon=True).start()

    def fork(self, args: list[str], folder: str, environment: dict[str, str]) -> ForkedWorker:
        """Give a new worker.

        Raises
        ------
        _NurseryError
            If it is to be started in another way.
        """
        request = {"script": args[1], "folder": folder, "environment": environment}
        message = json.dumps(request).encode()
        if len(message) > nursery.REQUEST_BYTES_MAX:
            raise _NurseryError("its environment is too large")
        pipes = [os.pipe() for _ in range(nursery.STREAMS + 1)]
        pipes[0] = pipes[0][1], pipes[0][0]  # the one that is read there
        ours, theirs = tuple(pipe[0] for pipe in pipes), [pipe[1] for pipe in pipes]
        try:
            with self._lock:
                pid, process = self._asked(message, theirs)
            worker = ForkedWorker(args, pid, process, ours[nursery.STREAMS], ours[: nursery.STREAMS])
            self._workers.add(worker)
        except _NurseryError:
            for descriptor in ours:
                os.close(descriptor)
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return worker

    def is_deserted(self) -> bool:
        """Whether no worker of it lives, or is about to."""
        return not self.asking and all(worker.poll() is not None for worker in list(self._workers))

    def end(self) -> None:
        """End it, and the workers that it has left."""
        self.has_ended = True
        self._control.close()

    def _asked(self, message: bytes, files: list[int]) -> tuple[int, int]:
        try:
            if self.has_ended:
                raise _NurseryError("its nursery has ended")
            socket.send_fds(self._control, [message], files)
            said, process, _, _ = socket.recv_fds(self._control, nursery.ANSWER_BYTES_MAX, 1)
        except OSError as error:
            said, reason = b"", repr(error)
        else:
            reason = "it has ended"
        if not said:
            self.end()
            self._process.kill()
            raise _NurseryError(f"its nursery does not answer: {reason}")
        answer = json.loads(said)
        if "pid" not in answer:
            raise _NurseryError(f"{answer['refused']} differs from what its nursery has read")
        return answer["pid"], process[0]

    def _attend(self) -> None:
        """Write down what it prints, which is nothing as a rule, and wait for its end."""
        with self._process:
            if self._process.stdout is not None:
                for line in self._process.stdout:
                    _log.warning("the nursery of %s: %s", self.code.name, line.rstrip())


class Nurseries:
    """The nurseries of all bundles that functions are started of."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[Path, _Nursery] = {}

    def start(self, args: list[str], **settings: Any) -> subprocess.Popen[Any] | ForkedWorker:
        """Start a process, as :class:`subprocess.Popen` does; a bundle's worker is forked if it can be."""
        code = _bundle_of(args, settings)
        if code is not None:
            try:
                with self._nursery(code) as its:
                    return its.fork(args, settings["cwd"], settings["env"])
            except (_NurseryError, OSError) as error:
                _log.warning("a worker of %s is started by itself: %s", settings["cwd"], error)
        return subprocess.Popen(args, **settings)  # noqa: S603 - as the emulator wants it

    def end(self) -> None:
        """End all of them."""
        with self._lock:
            for each in self._of.values():
                each.end()

    @contextmanager
    def _nursery(self, code: Path) -> Iterator[_Nursery]:
        """The nursery of a bundle; a new one takes the place of those that have no worker any more."""
        with self._lock:
            if code not in self._of:
                for deserted in [each for each in self._of.values() if each.is_deserted()]:
                    self._of.pop(deserted.code).end()
                self._of[code] = _Nursery(code)
            found = self._of[code]
            found.asking += 1
        try:
            yield found
        finally:
            with self._lock:
                found.asking -= 1


def _bundle_of(args: list[str], settings: dict[str, Any]) -> Path | None:
    """The unpacked bundle whose worker is to be started so, or None if it cannot be forked."""
    others = {name: value for name, value in settings.items() if name not in ("cwd", "env")}
    # Python of the system's frameworks is not to be forked on macOS once it has looked something up.
    if sys.platform != "linux" or len(args) != 2 or args[0] != sys.executable or others != SETTINGS:
        return None
    code = Path(settings["cwd"]).resolve()
    return code if code.parent.name == SHARED and nursery.carried(code) else None


def fork_workers(runtime: Any) -> Nurseries:
    """Have a module that uses :mod:`subprocess` fork its workers; who ends it ends what this returns."""
    nurseries = Nurseries()
    runtime.subprocess = SimpleNamespace(**{**vars(subprocess), "Popen": nurseries.start})
    return nurseries
