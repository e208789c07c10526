"""Runs simulator and tests on a copy of the tree, whole or without one safeguard."""

import hashlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from itertools import accumulate
from pathlib import Path

from tools.mutations.sites import Site

CAUGHT, SURVIVED, ERROR = "caught", "survived", "error"
TIME_OUT = "time-out"
LINKED = (".venv", "node_modules")
"""What is not part of the code, and too large to copy."""
NOT_COPIED = (".git", ".build", ".local", "cdk.out", "htmlcov", ".hypothesis", ".*_cache", ".coverage*")
TESTS = ("tests/unit", "tests/oracle", "tests/stores", "tests/handlers")
STORES, AT_ONCE = "tests/stores", frozenset({"condition", "version", "key"})
OWN_TESTS = "tests/unit/test_mutations.py"
SLOWER_MAX = 4
"""How many times as long as without a mutant tests may take; what is slower hangs."""
END_SECONDS_MAX = 5
_RECORDING = "[run]\nsource = functions\n"
_VIOLATION = re.compile(r"^violation: ([^:]+)", re.MULTILINE)
_FAILED = re.compile(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", re.MULTILINE)
_HANGING = re.compile(r"^Timeout \(", re.MULTILINE)
_IN_TEST = re.compile(r'/(tests/[^"]+)", line \d+ in (test_\w+)')
_DURATION = re.compile(r"^([\d.]+)s (?:call|setup|teardown) +(\S.*)$", re.MULTILINE)
_PYTEST_FAILED, _PYTEST_INTERRUPTED = 1, 2


class RunError(Exception):
    """What has to work for the check to say anything does not; the message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command says of a tree: ``detail`` is the violation, the test, or what went wrong."""

    result: str
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended; ``status`` is None where it was ended because its time was up."""

    status: int | None
    output: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestMap:
    """Which tests pass through which lines of which file, and how long each takes, on the whole code."""

    __test__ = False

    digest: str
    names: Sequence[str]
    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[str, Sequence[int]]]
    """By file and line: the places of the tests' names."""

    def through(self, site: Site) -> list[str]:
        """Return the tests that pass through a site; where it runs at import, all of its file's.

        Those of the stores come first where only writes at once tell, and of each folder the quickest.
        """
        lines = self.lines.get(site.path, {})
        passing = {
            test for line in range(site.line, site.last_line + 1) for test in lines.get(str(line), ())
        } or {test for tests in lines.values() for test in tests}
        found = [self.names[test] for test in passing]
        first = STORES if site.kind in AT_ONCE else ""
        return sorted(found, key=lambda test: (not test.startswith(first), self.seconds.get(test, 0.0), test))

    def first(self, tests: Sequence[str], seconds: float) -> list[str]:
        """Return the first of these tests, as many as usually take so long; at least one."""
        ends = list(accumulate(self.seconds.get(test, 0.0) for test in tests))
        return [test for test, end in zip(tests, ends, strict=True) if end <= seconds] or list(tests[:1])

    def save(self, file: Path) -> None:
        """Write the map to a file."""
        file.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, file: Path, digest: str) -> "TestMap | None":
        """Read the map of a tree from a file, or return None where that has none or another tree's."""
        if not file.exists():
            return None
        known = cls(**json.loads(file.read_text(encoding="utf-8")))
        return known if known.digest == digest else None


def run(command: Sequence[str], *, cwd: Path, seconds: float) -> Ended:
    """Run a command in a process group of its own, which does not outlive it, whatever happens."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process = subprocess.Popen(  # noqa: S603 - what the caller asked for
            command,
            cwd=cwd,
            env=_environment(cwd),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        status: int | None = None
        try:
            with suppress(subprocess.TimeoutExpired):
                status = process.wait(seconds)
        finally:
            _end(process)
        output.seek(0)
        return Ended(status=status, output=output.read(), seconds=time.monotonic() - begun)


def _environment(tree: Path) -> dict[str, str]:
    """Return the environment in which a tree's own code is imported, and tests say what is read."""
    ours = ("COVERAGE_", "PYTEST_ADDOPTS")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**inherited, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a command and all that it has started."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, sent)
        with suppress(subprocess.TimeoutExpired):
            process.wait(END_SECONDS_MAX)


@contextmanager
def copy_of(root: Path) -> Iterator[Path]:
    """Give a copy of the tree, for as long as it is needed."""
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        tree = Path(name).resolve() / "tree"
        shutil.copytree(root, tree, ignore=shutil.ignore_patterns(*LINKED, *NOT_COPIED), symlinks=True)
        for linked in LINKED:
            if (root / linked).exists():
                (tree / linked).symlink_to((root / linked).resolve())
        yield tree


@contextmanager
def without(root: Path, site: Site) -> Iterator[Path]:
    """Give a copy of the tree in which a safeguard is missing.

    Raises
    ------
    RunError
        Another tree than the copy is what Python imports there.
    """
    with copy_of(root) as tree:
        file = tree / site.path
        file.write_text(site.mutant(file.read_text(encoding="utf-8")), encoding="utf-8")
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()
        require_own_code(tree)
        yield tree


def require_own_code(tree: Path) -> None:
    """Check that in a tree its own code is what is imported.

    Raises
    ------
    RunError
        It is not.
    """
    asked = [sys.executable, "-c", "import functions; print(functions.__file__)"]
    told = run(asked, cwd=tree, seconds=60).output.strip()
    if told != str(tree / "functions" / "__init__.py"):
        raise RunError(f"not the copy's code is imported in it, but {told}")


def digest_of(root: Path) -> str:
    """Return what tells one state of the code and its tests from another."""
    digest = hashlib.sha256()
    for folder in ("functions", "tests"):
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root).as_posix()
            if file.is_file() and "__pycache__" not in path and path != OWN_TESTS:
                digest.update(f"{path}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def simulate(tree: Path, command: str, *, seconds: float) -> Outcome:
    """Run the simulator in a tree: status 0 is no violation, 1 the violation that it names."""
    ended = run(_own_python(shlex.split(command)), cwd=tree, seconds=seconds)
    violation = _VIOLATION.search(ended.output)
    if ended.status is None:
        return Outcome(result=CAUGHT, detail=TIME_OUT, seconds=ended.seconds)
    if ended.status == 0:
        return Outcome(result=SURVIVED, seconds=ended.seconds)
    if ended.status == 1 and violation is not None:
        return Outcome(result=CAUGHT, detail=violation[1].strip(), seconds=ended.seconds)
    return Outcome(
        result=ERROR, detail=f"status {ended.status}: {_last_line(ended.output)}", seconds=ended.seconds
    )


def test(tree: Path, tests: Sequence[str], *, seconds: float, usually: float) -> Outcome:
    """Run tests in a tree until one fails or hangs: each has these seconds, all more by what is usual."""
    if not tests:
        return Outcome(result=SURVIVED)
    chosen = tree.parent / "tests"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    quick = ["-x", "-q", "-p", "no:cacheprovider"]
    limit = ["-o", f"faulthandler_timeout={seconds}", "-o", "faulthandler_exit_on_timeout=true"]
    ended = run(
        [sys.executable, "-m", "pytest", *quick, *limit, f"@{chosen}"],
        cwd=tree,
        seconds=seconds + SLOWER_MAX * usually,
    )
    hanging = _HANGING.search(ended.output)
    if hanging is not None:
        where = _IN_TEST.search(ended.output, hanging.start())
        shown = TIME_OUT if where is None else f"{TIME_OUT}: {where[1]}::{where[2]}"
        return Outcome(result=CAUGHT, detail=shown, seconds=ended.seconds)
    failed = _FAILED.search(ended.output)
    if ended.status is None:
        return Outcome(result=CAUGHT, detail=TIME_OUT, seconds=ended.seconds)
    if ended.status == 0:
        return Outcome(result=SURVIVED, seconds=ended.seconds)
    if ended.status in (_PYTEST_FAILED, _PYTEST_INTERRUPTED) and failed is not None:
        return Outcome(result=CAUGHT, detail=failed[1], seconds=ended.seconds)
    return Outcome(
        result=ERROR, detail=f"status {ended.status}: {_last_line(ended.output)}", seconds=ended.seconds
    )


def map_tests(tree: Path, digest: str, *, seconds: float) -> TestMap:
    """Run all tests in a tree, and note which lines each passes through and how long it takes.

    Raises
    ------
    RunError
        One of them fails.
    """
    settings, data = tree.parent / "coveragerc", tree.parent / "coverage"
    settings.write_text(f"{_RECORDING}data_file = {data}\n", encoding="utf-8")
    recording = ["--cov=functions", f"--cov-config={settings}", "--cov-context=test", "--cov-report="]
    quick = ["-vv", "--durations=0", "-p", "no:cacheprovider", f"--ignore={OWN_TESTS}"]
    there = [folder for folder in TESTS if (tree / folder).exists()]
    ended = run([sys.executable, "-m", "pytest", *there, *quick, *recording], cwd=tree, seconds=seconds)
    if ended.status != 0:
        raise RunError(f"the tests fail on the whole code:\n{ended.output[-3000:]}")
    return read_map(data, tree, ended.output, digest)


def read_map(data: Path, tree: Path, output: str, digest: str) -> TestMap:
    """Read what a recorded run of the tests has left behind."""
    from coverage import CoverageData  # a tool of the laptop, which the tests' part alone needs

    seconds: dict[str, float] = {}
    for taken, name in _DURATION.findall(output):
        seconds[name] = seconds.get(name, 0.0) + float(taken)
    recorded = CoverageData(str(data))
    recorded.read()
    names = list(seconds)
    places = {name: place for place, name in enumerate(names)}
    lines = {
        Path(file).relative_to(tree).as_posix(): {
            str(line): sorted(
                {places[name] for name in (context.rpartition("|")[0] for context in contexts) if name}
            )
            for line, contexts in recorded.contexts_by_lineno(file).items()
        }
        for file in recorded.measured_files()
    }
    return TestMap(digest=digest, names=names, seconds=seconds, lines=lines)


def _own_python(command: list[str]) -> list[str]:
    """Return a command that runs under the Python that runs this."""
    return [sys.executable, *command[1:]] if command[0] in ("python", "python3") else command


def _last_line(output: str) -> str:
    lines = output.strip().splitlines()
    return lines[-1][:300] if lines else "nothing said"
