"""The process that a bundle's workers are forked from: it has imported what they all import of libraries.

Run by ``local.forking`` as ``python -P nursery.py CODE SOCKET``; not a command for people. It imports nothing
of ours, as what it imports all workers have. What its imports read of the environment it keeps in mind: a
worker that would have read something else there is not forked.

It ends when the other end of its socket closes, however that comes about, and its workers with it.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

REQUEST_BYTES_MAX = 100_000
ANSWER_BYTES_MAX = 10_000
STREAMS = 3
"""A worker's standard streams, which come with a request; after them what its end is written to."""
LIBRARIES = (
    "aws_lambda_powertools.metrics",
    "aws_lambda_powertools.tracing",
    "botocore.config",
    "botocore.handlers",
    "botocore.session",
    "cryptography.hazmat.primitives.serialization",
    "pydantic.fields",
    "pydantic.functional_serializers",
    "pydantic.functional_validators",
    "pydantic.json_schema",
    "pydantic.main",
    "pydantic.plugin._loader",
    "pydantic.type_adapter",
    "pydantic.types",
)
"""What most functions import, and what that imports later; a bundle need not carry all of it."""
OF_PYTHON = ("concurrent.futures.thread", "fractions", "unicodedata", "zoneinfo")
"""What most functions import of Python's own, and these libraries do not."""
READ_AT_START = ("DYLD_", "FAKETIME", "LANG", "LC_", "LD_", "MALLOC_", "PYTHON")
"""How names begin of what a process has read of its environment before it runs any of its code."""
Environment = dict[str, str]


class _Noted(os._Environ[str]):
    """The environment, which keeps in mind what was looked for in it."""

    names: ClassVar[set[str]] = set()

    def __getitem__(self, key: str) -> str:
        self.names.add(key)
        return super().__getitem__(key)


def carried(code: Path) -> list[str]:
    """Which of the libraries a bundle carries, by the modules that are imported of them."""
    places = {name: code.joinpath(*name.split(".")) for name in LIBRARIES}
    return [name for name, at in places.items() if at.is_dir() or at.with_suffix(".py").is_file()]


def imported(code: Path) -> frozenset[str]:
    """Import what a bundle carries of the libraries; the names of the environment that this has read.

    Raises
    ------
    RuntimeError
        If an import changes the environment, opens a file or starts a thread: no worker may share that.
    """
    before = dict(os.environ), _open_files()
    plain = type(os.environ)
    sys.path.insert(0, str(code))
    os.environ.__class__ = _Noted
    try:
        for name in (*OF_PYTHON, *carried(code)):
            importlib.import_module(name)
    finally:
        os.environ.__class__ = plain
        del sys.path[0]
    if (dict(os.environ), _open_files()) != before or len(list(Path("/proc/self/task").iterdir())) != 1:
        raise RuntimeError("what functions import of libraries changes the process: no worker can share it")
    return frozenset(_Noted.names)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@dataclass(frozen=True)
class Wanted:
    """A worker as it was asked for."""

    script: str
    folder: str
    environment: Environment
    files: tuple[int, ...]
    """Its standard streams, and what its end is written to."""

    def become(self) -> None:
        """Be this worker from here on, as if Python had been started for it."""
        for number in range(STREAMS):
            os.dup2(self.files[number], number)
        for file in self.files:
            os.close(file)
        os.chdir(self.folder)
        os.environ.clear()
        os.environ.update(self.environment)
        time.tzset()
        sys.argv, sys.orig_argv = [self.script], [sys.executable, self.script]
        sys.path.insert(0, str(Path(self.script).parent))
        sys.modules["__main__"] = main = ModuleType("__main__")
        main.__file__ = self.script
        gc.enable()
        exec(compile(Path(self.script).read_bytes(), self.script, "exec"), vars(main))  # noqa: S102 - the worker


class Nursery:
    """Forks a worker for each that is asked for, and says how each has ended."""

    def __init__(self, control: socket.socket, read: frozenset[str]) -> None:
        self._control = control
        self._read = read
        self._workers: dict[int, tuple[int, int]] = {}
        """A worker's process id and what its end is written to, by the descriptor that tells of its end."""

    def serve(self) -> Wanted | None:
        """Return in each worker what was wanted, and None in this process once nobody can ask any more."""
        asked = select.poll()
        asked.register(self._control, select.POLLIN)
        while True:
            for descriptor, _ in asked.poll():
                if descriptor != self._control.fileno():
                    asked.unregister(descriptor)
                    self._conclude(descriptor)
                elif (wanted := self._wanted()) is None:
                    return None
                elif (reason := self._unlike(wanted.environment)) is not None:
                    self._answer({"refused": reason})
                    _close(wanted.files)
                else:
                    process = os.fork()
                    if process == 0:
                        self._forget()
                        return wanted
                    asked.register(self._note(process, wanted.files), select.POLLIN)

    def _wanted(self) -> Wanted | None:
        message, files, _, _ = socket.recv_fds(self._control, REQUEST_BYTES_MAX, STREAMS + 1)
        return Wanted(**json.loads(message), files=tuple(files)) if message else None

    def _unlike(self, environment: Environment) -> str | None:
        """The first name that was read here and would not have been read as the same in the worker."""
        return next(
            (
                name
                for name in sorted({*os.environ, *environment, *self._read})
                if (name in self._read or name.startswith(READ_AT_START))
                and os.environ.get(name) != environment.get(name)
            ),
            None,
        )

    def _note(self, process: int, files: tuple[int, ...]) -> int:
        """Keep a new worker in mind, tell who asked of it, and return what tells of its end."""
        told = os.pidfd_open(process)
        self._workers[told] = (process, files[STREAMS])
        _close(files[:STREAMS])
        self._answer({"pid": process}, told)
        return told

    def _answer(self, answer: dict[str, Any], *files: int) -> None:
        socket.send_fds(self._control, [json.dumps(answer).encode()], files)

    def _conclude(self, told: int) -> None:
        process, end = self._workers.pop(told)
        _, status = os.waitpid(process, 0)
        os.write(end, str(os.waitstatus_to_exitcode(status)).encode())
        _close((told, end))

    def _forget(self) -> None:
        """Let go, in a worker, of what is its siblings' or this process's."""
        siblings, self._workers = self._workers, {}
        self._control.close()
        for told, (_, end) in siblings.items():
            _close((told, end))

    def end(self) -> None:
        """End the workers that are left."""
        for process, _ in self._workers.values():
            os.kill(process, signal.SIGKILL)  # ours, and not waited for: it is no stranger's number


def _close(files: tuple[int, ...]) -> None:
    for file in files:
        os.close(file)


def main() -> None:
    """Serve one bundle until the other end of the socket closes; in a worker, be that."""
    code, number = Path(sys.argv[1]), int(sys.argv[2])
    control = socket.socket(fileno=number)
    control.set_inheritable(False)
    os.close(os.pidfd_open(os.getpid()))  # where there is none, this process ends before anybody counts on it
    gc.disable()
    nursery = Nursery(control, imported(code))
    gc.freeze()  # what is here by now stays, and need not be copied to be looked through
    wanted: Wanted | None = None
    try:
        wanted = nursery.serve()
    finally:
        if wanted is None:
            nursery.end()
    if wanted is not None:
        wanted.become()


if __name__ == "__main__":
    main()
