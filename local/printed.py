"""What a function has printed, taken when it has ended, and not some milliseconds later.

The emulator cannot know whether a function that has answered is still printing: after each invocation it
looks a thousand times a second until nothing has come for five milliseconds. That was two thirds of what a
request to the local cloud took. Here a worker says when all is printed, by a line that nobody prints.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from typing import Any

END = "\x1e"
"""The line after what an invocation printed: a record separator, which is in no text of ours."""
CALL = "            result = handler_fn(event, context)\n"
"""Where the worker's program calls a function."""
ENDED = f"""\
            try:
                result = handler_fn(event, context)
            finally:
                print({END!r}, file=sys.stderr, flush=True)
"""
END_SECONDS_MAX = 5.0
"""How long the line is waited for: it was written before the answer, and only a thread has to read it."""
LOOK_SECONDS = 0.05
"""After how long it is looked whether anybody still reads: a process that has died wrote no such line."""
WORKERS = "_PYTHON_WORKER_SCRIPT"
PYTHON = "python"


def is_known(runtime: Any) -> bool:
    """Whether the worker's program calls a function where we know it to."""
    return str(getattr(runtime, WORKERS, "")).count(CALL) == 1


def end_what_is_printed(runtime: Any) -> None:
    """Have a module with such workers wait for that line; for workers in other languages as it did before."""
    setattr(runtime, WORKERS, getattr(runtime, WORKERS).replace(CALL, ENDED))
    as_before = runtime.Worker._drain_stderr_bounded

    def drained(worker: Any, *waits: float, **named: float) -> str:
        if not str(worker.config.get("Runtime", PYTHON)).startswith(PYTHON):
            return str(as_before(worker, *waits, **named))
        return "\n".join(until_end(worker._stderr_queue, worker._stderr_thread.is_alive))

    runtime.Worker._drain_stderr_bounded = drained


def until_end(lines: queue.Queue[str], comes_more: Callable[[], bool]) -> list[str]:
    """Take lines until the one that ends them, or until none can come any more."""
    latest = time.monotonic() + END_SECONDS_MAX
    found: list[str] = []
    while True:
        more = comes_more() and time.monotonic() < latest  # before the look: a last line may come between
        try:
            line = lines.get(timeout=LOOK_SECONDS)
        except queue.Empty:
            if more:
                continue
            return found
        if line == END:
            return found
        found.append(line)
