"""Cold starts: what each function imports and sets up in a fresh interpreter, against a bare function.

The code is the bundle that is deployed, built for this machine, with its bytecode compiled ahead. The bare
function has the same packages, whole, as a runtime has them, compiled ahead as well. What is measured is the
interpreter's CPU time until the handler is there, less that of an interpreter that does nothing: Lambda has
that running before.
"""

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.rounds import Spread
from infra import bundle

BARE = "\n".join(
    (
        "import boto3",
        "from aws_lambda_powertools import Logger",
        "logger, client = Logger(), boto3.client('dynamodb')",
        "def handler(event, context): return {}",
    )
)
"""What any function does that logs and has a table: the SDK's client and Powertools' logger."""
TELL = "\nimport json, sys, time\nprint(json.dumps([time.process_time(), len(sys.modules)]))"
ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "unused",
    "AWS_SECRET_ACCESS_KEY": "unused",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "PYTHONDONTWRITEBYTECODE": "1",
    "POWERTOOLS_METRICS_NAMESPACE": "memberday",
    "POWERTOOLS_SERVICE_NAME": "benchmark",
    **dict.fromkeys(
        (
            "ORDERS_TABLE",
            "MEMBERS_TABLE",
            "CATALOG_TABLE",
            "REPORTS_TABLE",
            "WORK_QUEUE_URL",
            "EVENT_BUS_NAME",
            "USER_POOL_ID",
            "PHONE_KEY_SECRET",
        ),
        "unused",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ColdStart:
    """What a module of handlers takes to be there: CPU milliseconds, as a ratio to the bare function too."""

    module: str
    api: bool
    cpu_ms: float
    ratio: Spread
    modules: int

    def figures(self) -> dict[str, Any]:
        """Return it as it is written down."""
        return asdict(self)


def handler_modules() -> list[str]:
    """Return the modules that hold a Lambda handler."""
    return sorted(
        ".".join(file.relative_to(bundle.ROOT).with_suffix("").parts)
        for file in bundle.SOURCES.rglob("*.py")
        if "\nhandler = " in file.read_text(encoding="utf-8")
    )


def measured(*, rounds: int) -> Iterator[ColdStart]:
    """Measure every module of handlers; the bare function first in each round, and the first round not."""
    folder, whole = bundle.build(bundle.HOST).folder, bundle.libraries(bundle.HOST)
    programs = {"": "", "bare": BARE, **{name: f"import {name}" for name in handler_modules()}}
    taken: dict[str, list[float]] = {name: [] for name in programs}
    modules: dict[str, int] = {}
    for _ in range(rounds + 1):
        for name, program in programs.items():
            seconds, modules[name] = _started(program, whole if name == "bare" else folder)
            taken[name].append(seconds)
    empty = statistics.median(taken.pop("")[1:])
    bare = [seconds - empty for seconds in taken["bare"][1:]]
    for name, all_seconds in taken.items():
        ours = [seconds - empty for seconds in all_seconds[1:]]
        yield ColdStart(
            module=name,
            api=name.endswith(".api"),
            cpu_ms=1000 * statistics.median(ours),
            ratio=Spread.of([mine / other for mine, other in zip(ours, bare, strict=True)]),
            modules=modules[name] - modules[""],
        )


def _started(program: str, folder: Path) -> tuple[float, int]:
    """Return the CPU seconds of a fresh interpreter that runs a program, and how many modules it has."""
    environment: Mapping[str, str] = {**ENVIRONMENT, "PYTHONPATH": str(folder)}
    ended = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-S", "-c", program + TELL],
        env=environment,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"{program}: {ended.stderr.strip()[-500:]}")
    seconds, count = json.loads(ended.stdout.strip().splitlines()[-1])
    return seconds, count


def bundle_bytes() -> dict[str, int]:
    """Return the size of the bundle that is deployed: all of it, and of that the programme's own code."""
    folder = bundle.build(bundle.LAMBDA_ARM64).folder
    return {
        "bundle": _bytes(folder),
        "own code": _bytes(folder / bundle.SOURCES.name),
    }


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
