"""Builds that are measured side by side: each runs its own code, and the other commit's tree goes again."""

import os
import select
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import builds
from benchmarks.builds import BuildError, checked_out, here

SECONDS_MAX = 60
ANSWERS = "ANSWERS"
"""The environment variable that names the pipe on which a turn says that it is under way."""
WAITS = f"""
import os, signal
answers = open(os.environ["{ANSWERS}"], "w")
if os.fork():
    print(os.getcwd(), file=answers, flush=True)
signal.pause()
"""
"""A turn that waits, with a process that it has started; both hold the pipe until they end."""
INTERRUPTED = """
import signal, sys
from pathlib import Path
from benchmarks.builds import checked_out
signal.signal(signal.SIGINT, signal.default_int_handler)
with checked_out("old", Path(sys.argv[1])) as build:
    build.ask("origins", modules=["functions.waits"])
"""


def _git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(root), *who, *arguments]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    return ended.stdout.strip()


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tree in a repository with an older commit, ``old``; what is temporary lies beside it."""
    tree, temporary = tmp_path / "tree", tmp_path / "temporary"
    for folder in ("benchmarks", "functions", "requirements", "node_modules"):
        (tree / folder).mkdir(parents=True)
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    for name, text in {
        ".gitignore": "node_modules\n__pycache__\n",
        "benchmarks/__init__.py": "",
        "functions/__init__.py": "",
        "functions/waits.py": WAITS,
        "requirements/dev.txt": "# made by one\nboto3==1\n",
        "package-lock.json": "{}",
    }.items():
        (tree / name).write_text(text, encoding="utf-8")
    _git(tree, "init", "--quiet")
    _git(tree, "add", "--all")
    _git(tree, "commit", "--quiet", "--message", "old")
    _git(tree, "tag", "old")
    return tree


def nothing_is_left(root: Path) -> bool:
    """Return whether no other tree is there, in git or on the disk."""
    return len(_git(root, "worktree", "list").splitlines()) == 1 and not list(
        (root.parent / "temporary").iterdir()
    )


def test_two_builds_run_the_code_of_their_own_trees(root: Path) -> None:
    (root / "functions" / "newer.py").write_text("", encoding="utf-8")
    with checked_out("old", root) as old:
        new = here(root)
        for build in (old, new):
            (origin,) = (build.ask("origins", modules=["functions"]) or {}).values()
            assert origin == str(build.root / "functions" / "__init__.py")
        assert old.root != new.root
        assert new.ask("origins", modules=["functions.newer"])
        with pytest.raises(BuildError, match=r"No module named 'functions\.newer'"):
            old.ask("origins", modules=["functions.newer"])
    assert nothing_is_left(root)


def test_a_build_that_runs_anything_of_another_tree_has_no_figures(root: Path) -> None:
    elsewhere = root.parent / "elsewhere"
    (elsewhere / "infra").mkdir(parents=True)
    (elsewhere / "infra" / "__init__.py").write_text("", encoding="utf-8")
    strays = f"import sys\nsys.path.append({str(elsewhere)!r})\nimport infra\n"
    (root / "functions" / "strays.py").write_text(strays, encoding="utf-8")
    with pytest.raises(BuildError, match=f"not of {root}: infra from {elsewhere}"):
        here(root).ask("origins", modules=["functions.strays"])


def test_a_tree_that_does_not_measure_something_has_no_figures_of_it(root: Path) -> None:
    (root / "benchmarks" / "machine.py").write_text("def quiet(): pass", encoding="utf-8")
    (root / "benchmarks" / "rounds.py").write_text("Spread = None", encoding="utf-8")
    (root / "benchmarks" / "jobs.py").write_text("", encoding="utf-8")
    for of in ("benchmarks.others:work", "benchmarks.jobs:work"):
        assert here(root).ask("job", of=of, items=1) is None


def test_a_tree_goes_when_its_measuring_fails(root: Path) -> None:
    def fail() -> None:
        with checked_out("old", root) as build:
            (build.root / "left behind").write_text("", encoding="utf-8")
            assert not nothing_is_left(root)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert nothing_is_left(root)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_tree_and_the_turn_under_way_go_when_somebody_ends_the_run(
    root: Path, number: signal.Signals
) -> None:
    pipe = root.parent / "answers"
    os.mkfifo(pipe)
    answers = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    before = signal.signal(number, signal.SIG_DFL)  # whoever runs tests under nohup has it ignored
    try:
        run = subprocess.Popen(  # noqa: S603 - our own
            [sys.executable, "-c", INTERRUPTED, str(root)],
            cwd=builds.HERE,
            env={**os.environ, "PYTHONPATH": str(builds.HERE), ANSWERS: str(pipe)},
            stderr=subprocess.PIPE,
        )
    finally:
        signal.signal(number, before)

    def said() -> str:
        assert select.select([answers], [], [], SECONDS_MAX)[0], "nothing was said"
        return os.read(answers, 4_096).decode()

    try:
        tree = Path(said().strip())
        assert tree.is_relative_to(root.parent / "temporary")
        run.send_signal(number)
        assert said() == "", "the turn has ended: nobody holds the pipe any more"
        assert run.wait(SECONDS_MAX) != 0
    finally:
        os.close(answers)
        run.kill()
        run.communicate()
    assert nothing_is_left(root)


def test_a_ref_that_names_no_commit_is_said_to_and_leaves_nothing(
    root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(BuildError, match=f"newest names no commit of {root}"), checked_out("newest", root):
        pass
    assert nothing_is_left(root)
    with pytest.raises(SystemExit, match="bench: -h names no commit"):
        bench.main(["--only", "models", "--against=-h"])
    assert "models" not in capsys.readouterr().out


def test_a_commit_without_benchmarks_is_said_to_be_and_leaves_nothing(root: Path) -> None:
    _git(root, "rm", "--quiet", "-r", "benchmarks")
    _git(root, "commit", "--quiet", "--message", "no benchmarks")
    with pytest.raises(BuildError, match="HEAD has no benchmarks"), checked_out("HEAD", root):
        pass
    assert nothing_is_left(root)


def test_builds_share_packages_only_where_their_locks_say_the_same(root: Path) -> None:
    def install(lock: Path, folder: Path) -> Path:
        return folder / lock.name

    lock = root / "requirements" / "dev.txt"
    lock.write_text("# made by another\nboto3==1\n", encoding="utf-8")
    with checked_out("old", root, install) as old:
        assert (str(old.python), old.packages) == (sys.executable, "the same packages")
        assert (old.root / "node_modules").resolve() == root / "node_modules", "one emulator serves both"

    lock.write_text("boto3==2\n", encoding="utf-8")
    (root / "package-lock.json").write_text('{"another": "emulator"}', encoding="utf-8")
    with checked_out("old", root, install) as old:
        assert old.python.name == "dev.txt"
        assert old.packages == (
            "packages by requirements/dev.txt of its own, which differs; "
            "the emulator of this tree, though package-lock.json differs"
        )


def test_a_build_says_whether_its_tree_is_as_it_was_committed(root: Path) -> None:
    commit = _git(root, "rev-parse", "--short", "HEAD")
    assert here(root).commit == commit
    (root / "functions" / "__init__.py").write_text("changed = True", encoding="utf-8")
    assert here(root).commit == f"{commit} with changes"
