"""The DynamoDB emulator for stores and concurrency: its transactions are atomic under threads."""

import platform
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
START_SECONDS_MAX = 10.0
_CPU = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


class EmulatorError(Exception):
    """The emulator did not start; the message says why."""


def binary() -> Path:
    """Return the emulator's binary for this platform."""
    package = f"{platform.system().lower()}-{_CPU[platform.machine().lower()]}"
    return ROOT / "node_modules" / "@dynoxide" / package / "dynoxide"


@contextmanager
def running() -> Iterator[str]:
    """Run an emulator in memory on a free port of the loopback address; give its endpoint."""
    port = _free_port()
    process = subprocess.Popen(  # noqa: S603 - our own binary
        [str(binary()), "--host", "127.0.0.1", "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    end = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < end:
        if process.poll() is not None:
            raise EmulatorError(f"the emulator ended with status {process.returncode}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise EmulatorError("the emulator did not listen in time")
