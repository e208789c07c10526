"""libfaketime: the library that lets the whole local cloud live at another time than this machine."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

PROBE_SHIFT_SECONDS = 1_000_000_000
PROBE_TIMEOUT_SECONDS = 20
_PROBE = "import time; print(time.time())"


def environment(timestamps: Path) -> dict[str, str] | None:
    """What a process needs to take its time from ``timestamps``, or None where the library cannot be loaded.

    ``NO_FAKE_STAT`` keeps the times of files true: compiled Python depends on them. The monotonic clock stays
    true as well, so that time-outs last as long as they say.
    """
    library = _library()
    if library is None:
        return None
    settings = {
        **_preload(library),
        # Read the offset again once in a wall-clock second. Without any cache the library reads it at every
        # look at the clock, which its threads then disturb: now and then one sees the true time.
        "FAKETIME_CACHE_DURATION": "0",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    return {**settings, "FAKETIME_TIMESTAMP_FILE": str(timestamps)} if _works(settings) else None


def forget(pid: int) -> None:
    """Remove the shared memory that the library leaves behind when a process of it is killed (Linux)."""
    for name in (f"faketime_shm_{pid}", f"sem.faketime_sem_{pid}"):
        (Path("/dev/shm") / name).unlink(missing_ok=True)  # noqa: S108 - the library's own place


def _library() -> Path | None:
    package = importlib.util.find_spec("libfaketime")
    if package is None or package.origin is None:
        return None
    name = "libfaketime.1.dylib" if sys.platform == "darwin" else "libfaketime.so.1"
    library = Path(package.origin).parent / "vendor" / "libfaketime" / "src" / name
    return library if library.is_file() else None


def _preload(library: Path) -> dict[str, str]:
    if sys.platform == "darwin":
        return {"DYLD_INSERT_LIBRARIES": str(library), "DYLD_FORCE_FLAT_NAMESPACE": "1"}
    # By name: the loader takes blanks in LD_PRELOAD, though not in LD_LIBRARY_PATH, for separators.
    return {"LD_LIBRARY_PATH": str(library.parent), "LD_PRELOAD": library.name}


def _works(settings: dict[str, str]) -> bool:
    """Whether a Python under the library really lives later: a loader may refuse it, or drop it silently."""
    try:
        shifted, true = (
            subprocess.run(  # noqa: S603 - this interpreter, fixed program
                [sys.executable, "-I", "-S", "-c", _PROBE],
                env=extra,
                capture_output=True,
                text=True,
                timeout=PROBE_TIMEOUT_SECONDS,
                check=False,
            ).stdout
            for extra in ({**settings, "FAKETIME": f"+{PROBE_SHIFT_SECONDS}"}, {})
        )
        return abs(float(shifted) - float(true) - PROBE_SHIFT_SECONDS) < PROBE_TIMEOUT_SECONDS
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
