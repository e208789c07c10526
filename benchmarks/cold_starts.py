"""Cold starts: what each function imports and sets up in a fresh interpreter, against a bare function.

The code is the bundle that is deployed, built for this machine, with its bytecode compiled ahead. The bare
function has the same packages, whole, as a runtime has them, compiled ahead as well. What is measured is the
interpreter's CPU time until the handler is there, less that of an interpreter that does nothing: Lambda has
that running before. The bare function starts anew beside each module, so that a machine that is now quick,
now slow, moves both.
"""

import json
import statistics
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.rounds import Spread, in_turns
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
            "PAYMENTS_TABLE",
            "CASES_TABLE",
            "AUDIT_TABLE",
            "PAYMENT_PROVIDERS",
            "PAYMENT_SECRETS",
            "PAYMENTS_URL",
            "PAYMENTS_RETURN_URL",
            "STATEMENTS_BUCKET",
            "WORK_QUEUE_URL",
            "EVENT_BUS_NAME",
            "USER_POOL_ID",
            "PHONE_KEY_SECRET",
        ),
        "unused",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Starts:
    """What the functions of a build start from: the folder of each module, and of the bare function."""

    python: Path
    folders: Mapping[str, str]
    bare: str
    bare_folder: str
    environment: Mapping[str, str]

    def started(self, program: str, folder: str) -> tuple[float, int]:
        """Return the CPU milliseconds of a fresh interpreter that runs a program, and its modules."""
        ended = subprocess.run(  # noqa: S603 - our own
            [str(self.python), "-S", "-c", program + TELL],
            env={**self.environment, "PYTHONPATH": folder},
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise SystemExit(f"{program}: {ended.stderr.strip()[-500:]}")
        seconds, count = json.loads(ended.stdout.strip().splitlines()[-1])
        return 1000 * seconds, count


def handler_modules() -> list[str]:
    """Return the modules that hold a Lambda handler."""
    return sorted(
        ".".join(file.relative_to(bundle.ROOT).with_suffix("").parts)
        for file in bundle.SOURCES.rglob("*.py")
        if "\nhandler = " in file.read_text(encoding="utf-8")
    )


def measured(builds: Sequence[Starts], *, rounds: int) -> list[list[dict[str, Any]]]:
    """Start every module of every build in turns; return the figures of each round, for each build.

    A round that is not counted goes before, for what a first start reads from the disk.
    """
    modules = sorted({module for build in builds for module in build.folders})
    taken: list[list[dict[str, Any]]] = [[] for _ in builds]
    for number in range(rounds + 1):
        empty = [build.started("", build.bare_folder) for build in builds]
        bare: list[list[float]] = [[] for _ in builds]
        figures: list[dict[str, Any]] = [{"bare": {}} for _ in builds]
        for module in modules:
            for place in in_turns(range(len(builds)), number):
                build, (empty_ms, empty_modules) = builds[place], empty[place]
                if module in build.folders:
                    bare_ms, count = build.started(build.bare, build.bare_folder)
                    bare[place].append(bare_ms - empty_ms)
                    figures[place]["bare"] = _figures(
                        statistics.median(bare[place]), 1.0, count - empty_modules
                    )
                    ms, count = build.started(f"import {module}", build.folders[module])
                    figures[place][module] = _figures(
                        ms - empty_ms, (ms - empty_ms) / (bare_ms - empty_ms), count - empty_modules
                    )
        if number:
            for place, each in enumerate(figures):
                taken[place].append(each)
    return taken


def _figures(ms: float, ratio: float, modules: int) -> dict[str, Any]:
    return {"cpu_ms": ms, "ratio": asdict(Spread.of([ratio])), "modules": modules}


def bundle_bytes() -> dict[str, int]:
    """Return the size of the bundle that is deployed: all of it, and of that the programme's own code."""
    folder = bundle.build(bundle.LAMBDA_ARM64).folder
    return {
        "bundle": _bytes(folder),
        "own code": _bytes(folder / bundle.SOURCES.name),
    }


def _bytes(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
