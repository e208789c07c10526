"""Processes of ours: telling them from strangers, and ending them with all their children."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from reach.server import command_line, processes_told

POLL_SECONDS = 0.05
KILL_WAIT_SECONDS = 5.0


def group_members(group: int) -> list[int]:
    """The living processes of a process group."""
    if sys.platform == "linux":
        return [pid for pid in _pids() if _group_of(pid) == group and command_line(pid)]
    rows = (row.split(None, 2) for row in processes_told("-A", "-o", "pid=,pgid=,stat=").splitlines())
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]


def end_group(group: int, is_ours: Callable[[str], bool]) -> None:
    """Kill what is left of a process group, provided that every member's command is one of ours.

    A server's workers end with it as a rule; this holds when it was killed, or when a worker was busy.
    """
    members = group_members(group)
    if not members or not all(is_ours(command_line(pid)) for pid in members):
        return
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    wait_until(lambda: not group_members(group), KILL_WAIT_SECONDS)


def wait_until(condition: Callable[[], bool], seconds_max: float) -> bool:
    """Poll ``condition`` until it holds; whether it did within the time."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _group_of(pid: int) -> int | None:
    try:
        return os.getpgid(pid)
    except (ProcessLookupError, PermissionError):
        return None
