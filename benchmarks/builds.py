"""Builds that are measured side by side: this tree, and another commit's in a folder that goes afterwards.

Each build is asked in processes of its own (turn.py), whose code is its tree's alone.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent.parent
TURN = Path(__file__).with_name("turn.py")
LOCK = Path("requirements") / "dev.txt"
"""All packages of the laptop, with those of the bundle: a build with another lock gets others."""
EMULATOR = Path("package-lock.json")
PACKAGES = "node_modules"
END_SECONDS_MAX = 5.0
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


class BuildError(Exception):
    """A build could not be had or asked; the message says why."""


def run(command: Sequence[str], root: Path) -> str:
    """Run a tree's process; if we are interrupted it ends, with all that it has started."""
    environment = {**os.environ, "PYTHONPATH": str(root)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # turns start the same modules again and again
    process = subprocess.Popen(  # noqa: S603 - our own
        command,
        cwd=root,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        said, complained = process.communicate()
    except BaseException:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(END_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        raise
    if process.returncode:
        raise BuildError(f"{root}: {' '.join(command[3:])}: {complained.strip()[-2_000:]}")
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """A tree with the interpreter that runs it: what commit it is of, and whose packages it runs with."""

    name: str
    root: Path
    python: Path
    commit: str
    packages: str = ""

    def ask(self, what: str, **how: Any) -> dict[str, Any] | None:
        """Take a turn in a process of its own; return its figures, or None if this tree has none of them.

        Raises
        ------
        BuildError
            The process failed, or ran code that is not this tree's.
        """
        said = run([str(self.python), "-P", str(TURN), what, json.dumps(how)], self.root)
        figures: dict[str, Any] | None = json.loads(said.strip().splitlines()[-1])
        return figures


def here(root: Path = HERE) -> Build:
    """Return the build of this tree as it lies there, committed or not."""
    commit = _git(root, "rev-parse", "--short", "HEAD", otherwise="unknown")
    if _git(root, "status", "--porcelain", otherwise=""):
        commit += " with changes"
    return Build(name="this tree", root=root, python=Path(sys.executable), commit=commit)


@contextmanager
def checked_out(
    ref: str, root: Path = HERE, install: "Callable[[Path, Path], Path] | None" = None
) -> Iterator[Build]:
    """Give the build of a commit in a git worktree, which is removed however this ends.

    Parameters
    ----------
    ref
        What names the commit in the repository of ``root``: a tag, a branch, a hash.
    install
        Makes an environment of a lock in a folder, and returns its interpreter.

    Raises
    ------
    BuildError
        There is no such commit, or its tree cannot be measured; nothing is left behind.
    """
    commit = _git(
        root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}", otherwise=""
    )
    if not commit:
        raise BuildError(f"{ref} names no commit of {root}")
    short = _git(root, "rev-parse", "--short", commit)
    with terminable(), tempfile.TemporaryDirectory(prefix="memberday-against-") as folder:
        tree = Path(folder).resolve() / "tree"
        try:
            with _undisturbed():
                _git(root, *_NO_HOOKS, "worktree", "add", "--quiet", "--detach", tree, commit)
            if not (tree / TURN.relative_to(HERE).parent).is_dir():
                raise BuildError(f"{ref} has no benchmarks")
            (tree / PACKAGES).symlink_to(root / PACKAGES)
            python, packages = _environment(tree, root, Path(folder), install or installed)
            yield Build(name=ref, root=tree, python=python, commit=short, packages=packages)
        finally:
            with _undisturbed():
                _git(root, "worktree", "remove", "--force", "--force", tree, otherwise="")


def _environment(
    tree: Path, root: Path, folder: Path, install: Callable[[Path, Path], Path]
) -> tuple[Path, str]:
    """Return the interpreter of a tree, and whose packages it has: this one's where the locks are equal."""
    said = []
    python = Path(sys.executable)
    if _locked(tree / LOCK) == _locked(root / LOCK):
        said.append("the same packages")
    else:
        python = install(tree / LOCK, folder / "environment")
        said.append(f"packages by {LOCK} of its own, which differs")
    if _locked(tree / EMULATOR) != _locked(root / EMULATOR):
        # Another emulator would be measured with the build.
        said.append(f"the emulator of this tree, though {EMULATOR} differs")
    return python, "; ".join(said)


def _locked(lock: Path) -> list[str]:
    if not lock.exists():
        raise BuildError(f"no {lock.name}: {lock}")
    lines = lock.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.strip().startswith("#")]


def installed(lock: Path, folder: Path) -> Path:
    """Make an environment with the packages of a lock; return its interpreter.

    Raises
    ------
    BuildError
        They could not be installed.
    """
    uv, python = Path(sys.executable).with_name("uv"), folder / "bin" / "python"
    for command in (
        [uv, "venv", "--quiet", "--seed", "--python", sys.executable, folder],
        [uv, "pip", "install", "--quiet", "--python", python, "--no-deps", "--require-hashes", "-r", lock],
    ):
        ended = subprocess.run(  # noqa: S603 - our own
            list(map(str, command)), capture_output=True, text=True, check=False
        )
        if ended.returncode:
            raise BuildError(f"the packages of {lock}: {ended.stderr.strip()[-2_000:]}")
    return python


def _git(root: Path, *arguments: "str | Path", otherwise: str | None = None) -> str:
    """Return what git says; if it fails that is an error, or what is said otherwise."""
    ended = subprocess.run(  # noqa: S603 - our own
        ["git", "-C", str(root), *map(str, arguments)],  # noqa: S607 - the one on the path
        capture_output=True,
        text=True,
        check=False,
    )
    if not ended.returncode:
        return ended.stdout.strip()
    if otherwise is not None:
        return otherwise
    raise BuildError(f"git {' '.join(map(str, arguments))}: {ended.stderr.strip()}")


@contextmanager
def terminable() -> Iterator[None]:
    """Let what ends this process end it as an exception does, so that it tidies up; not what it ignores."""

    def end(number: int, _: object) -> None:
        sys.exit(128 + number)

    before = {
        number: signal.signal(number, end)
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Do something to its end; who wants to end this process waits for it."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
