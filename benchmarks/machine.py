"""The machine that figures come from, and what keeps other things out of them."""

import os
import platform
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from functions.platform.observability import logger, metrics


def to_nowhere() -> None:
    """Have functions log as they do, but to where nobody reads: writing the line is part of their work."""
    handler: Any = logger.registered_handler
    handler.stream = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - until the end


def quiet() -> None:
    """Have functions log and count nothing: what they write there is not what is measured."""
    logger.setLevel("ERROR")
    metrics.add_metric = lambda **_: None  # type: ignore[method-assign]


def described() -> dict[str, str]:
    """Return what there is to know of this machine."""
    return {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "system": f"{platform.system()} {platform.machine()}",
        "python": ".".join(map(str, sys.version_info[:3])),
    }


def in_words(machine: Mapping[str, str]) -> str:
    """Say which machine it is, and how long the run took on it, if that is known."""
    took = f"; all of it took {machine['minutes']} minutes" if "minutes" in machine else ""
    return (
        f"{machine['cpu']}, {machine['cores']} cores, {machine['system']}, Python {machine['python']}{took}."
    )


def _cpu() -> str:
    file = Path("/proc/cpuinfo")
    if file.exists():
        for line in file.read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or "unknown"
