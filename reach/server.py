"""The server of a local cloud, found by what its state folder says of it, and never taken for a stranger."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from reach.errors import CommandError
from reach.folder import StateFolder, read_json

HOST = "127.0.0.1"
SERVER_MODULE = "local.server"


@dataclass(frozen=True)
class Running:
    """A server of ours that runs."""

    pid: int
    port: int

    @property
    def endpoint(self) -> str:
        """Where AWS SDKs and the CDK find it."""
        return f"http://{HOST}:{self.port}"


def running(folder: StateFolder) -> Running | None:
    """The server of a folder, if it runs; never a stranger that has got its process id."""
    record = read_json(folder.server)
    pid, port = record.get("pid"), record.get("port")
    if not isinstance(pid, int) or not isinstance(port, int) or not is_server(folder, command_line(pid)):
        return None
    return Running(pid, port)


def required(server: Running | None) -> Running:
    """The server that was looked for, or an error that says how to start it."""
    if server is None:
        raise CommandError("the local cloud is not running: start it with `python -m local up`")
    return server


def is_server(folder: StateFolder, command: str) -> bool:
    """Whether a command line is that of this folder's server."""
    return f" -m {SERVER_MODULE} {folder.root} " in command


def command_line(pid: int) -> str:
    """The command that process ``pid`` runs; empty if there is no such process, or only its remains."""
    if sys.platform == "linux":
        try:
            return (
                Path(f"/proc/{pid}/cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode(errors="replace")
                .strip()
            )
        except OSError:
            return ""
    return processes_told("-o", "command=", "-p", str(pid)).strip()


def processes_told(*arguments: str) -> str:
    """What `ps` tells."""
    found = subprocess.run(  # noqa: S603 - fixed program, arguments from this module
        ["/bin/ps", *arguments], capture_output=True, text=True, check=False
    )
    return found.stdout
