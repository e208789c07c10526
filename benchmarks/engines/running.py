"""The engines: their packages, how a folder gets them, and a process of one that is asked for a case."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.builds import HERE, BuildError, run
from benchmarks.engines.cases import Case

PYTHON_PACKAGES = ("django-oscar==4.2.1", "Django==5.2.19")
NPM_PACKAGES = ("@vendure/core@3.7.3", "sql.js@1.16.0")
"""What is installed of others, from PyPI and from npm; what these need comes with them."""
ADAPTERS = Path(__file__).parent
ANSWERING = ADAPTERS / "answering.py"
BIN = Path(sys.executable).parent
"""Has node and npm of our lock besides Python, so that nothing is asked of the machine."""
END_SECONDS_MAX = 10.0
COMPLAINT_CHARACTERS = 2_000


class EngineError(Exception):
    """An engine could not be installed, started or asked; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine as it is asked: its command, run in a folder.

    One that ``finds_the_best`` looks at all coupons itself; any other one is told which to use.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    finds_the_best: bool = False


def engines(folder: Path) -> tuple[Engine, ...]:
    """Return all engines, ours first, of which the others' packages lie in a folder."""
    oscar, vendure = folder / "django-oscar", folder / "vendure"
    in_oscar = (str(oscar / "bin" / "python"), "-P", str(ANSWERING), "django_oscar")
    return (
        Engine(
            name="memberday",
            command=(sys.executable, "-P", str(ANSWERING), "memberday"),
            folder=HERE,
            environment={"PYTHONPATH": str(HERE)},
            finds_the_best=True,
        ),
        Engine(name="django-oscar", command=in_oscar, folder=oscar),
        Engine(name="django-oscar, all in memory", command=(*in_oscar, "in_memory"), folder=oscar),
        Engine(
            name="Vendure, all in memory",
            command=(str(BIN / "node"), str(ADAPTERS / "vendure.cjs")),
            folder=vendure,
        ),
    )


def install(folder: Path) -> None:
    """Install the packages of others into a folder, at these versions, by the usual clients.

    Raises
    ------
    EngineError
        They could not be installed.
    """
    oscar, vendure = folder / "django-oscar", folder / "vendure"
    vendure.mkdir()
    (vendure / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    pip = (str(oscar / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    npm = (str(BIN / "npm"), "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts")
    try:
        run([sys.executable, "-m", "venv", str(oscar)], folder)
        run([*pip, *PYTHON_PACKAGES], folder)
        run(["env", f"PATH={BIN}{os.pathsep}{os.environ['PATH']}", *npm, *NPM_PACKAGES], vendure)
    except BuildError as error:
        raise EngineError(str(error)) from error


class Running:
    """A process of an engine that is ready for a case."""

    def __init__(self, engine: Engine, process: "subprocess.Popen[str]", complaints: Path) -> None:
        self.engine = engine
        self.version = ""
        self._process = process
        self._complaints = complaints

    def ask(self, question: Mapping[str, Any]) -> dict[str, Any]:
        """Send a line; return the answer.

        Raises
        ------
        EngineError
            There is none.
        """
        if self._process.stdin is None or self._process.stdout is None:
            raise EngineError(f"{self.engine.name} cannot be asked")
        try:
            self._process.stdin.write(f"{json.dumps(question)}\n")
            self._process.stdin.flush()
            answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        except (BrokenPipeError, json.JSONDecodeError) as error:
            said = self._complaints.read_text(encoding="utf-8").strip()
            raise EngineError(f"{self.engine.name}: {said[-COMPLAINT_CHARACTERS:]}") from error
        return answer

    def paid_fen(self, coupon: str | None) -> int:
        """Return what the order pays with a coupon or without one."""
        paid: int = self.ask({"coupon": coupon, "times": 1})["paid_fen"]
        return paid

    def cpu_us(self, coupon: str | None, times: int) -> float:
        """Return the CPU of one of so many pricings."""
        taken: float = self.ask({"coupon": coupon, "times": times})["cpu_us"]
        return taken


@contextmanager
def started(engine: Engine, case: Case, folder: Path) -> Iterator[Running]:
    """Start an engine for a case; it ends afterwards, however this ends.

    Parameters
    ----------
    folder
        Where what it complains about is kept.

    Raises
    ------
    EngineError
        It does not start.
    """
    complaints = folder / f"{engine.name}.txt"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (
        complaints.open("w", encoding="utf-8") as file,
        subprocess.Popen(  # noqa: S603 - one of ours, or an adapter of ours
            list(engine.command),
            cwd=engine.folder,
            env={**environment, **engine.environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        ) as process,
    ):
        try:
            running = Running(engine, process, complaints)
            running.version = running.ask(case)["version"]
            yield running
        finally:
            _end(process)


def _end(process: "subprocess.Popen[str]") -> None:
    """Let a process end, as it does when nobody asks any more, or end it."""
    with suppress(BrokenPipeError):
        if process.stdin is not None:
            process.stdin.close()
    try:
        process.wait(END_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
