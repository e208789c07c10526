"""A function's worker is forked from a process that has its libraries, and finds all as if it had started."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from local import faketime, nursery
from local.cloud import CODE
from local.forking import SETTINGS, ForkedWorker, Nurseries, fork_workers
from local.processes import group_members, wait_until
from local.unpacking import SHARED
from reach.server import command_line

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")

Worker = subprocess.Popen[Any] | ForkedWorker
SECONDS_MAX = 20.0
READ_BY_LIBRARY = "LIBRARY_SETTING"
LIBRARY = f"""
import os, random
IMPORTED_IN, NAME = os.getpid(), {{name!r}}
SETTING = os.environ.get("{READ_BY_LIBRARY}")
"""
SCRIPT = """
import gc, json, locale, os, signal, sys, threading, time

def seen():
    return {
        "argv": sys.argv,
        "path": sys.path,
        "folder": os.getcwd(),
        "environment": dict(os.environ),
        "zone": time.tzname,
        "locale": locale.setlocale(locale.LC_ALL),
        "streams": [
            [each.name, each.mode, each.encoding, each.errors, each.newlines, each.line_buffering,
             each.write_through, each.isatty(), each.seekable(), each.closed]
            for each in (sys.stdin, sys.stdout, sys.stderr)
        ],
        "signals": {number: str(signal.getsignal(number)) for number in sorted(signal.valid_signals())},
        "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "collects": [gc.isenabled(), gc.get_threshold()],
        "threads": threading.active_count(),
        "files": sorted(os.listdir("/proc/self/fd")),
        "main": [__name__, __file__, sys.modules["__main__"].__dict__ is globals()],
        "group": [os.getpgrp(), os.getsid(0), os.umask(0o22)],
        "ours": sorted(name for name in sys.modules if name.split(".")[0] in ("local", "functions", "reach")),
    }

def libraries():
    sys.path.insert(0, os.getcwd())
    import botocore.handlers as library
    return [library.NAME, library.IMPORTED_IN, library.SETTING, os.getpid(), os.getppid()]

for line in sys.stdin:
    print(json.dumps(eval(line)), flush=True)
"""


class Bundles:
    """Bundles as they lie unpacked in a cloud's folder, and workers of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.nurseries = Nurseries()
        self.started: list[Worker] = []

    def bundle(self, name: str, library: str = LIBRARY) -> Path:
        """Return a bundle with a library, or one that has none."""
        package = self.folder / SHARED / name / "botocore"
        package.mkdir(parents=True)
        if library:
            (package / "__init__.py").touch()
            (package / "handlers.py").write_text(library.format(name=name))
        return package.parent

    def command(self, code: Path) -> tuple[list[str], str]:
        """Return how the emulator starts a worker of a bundle, and where: in a folder of its own."""
        own = Path(tempfile.mkdtemp(prefix="worker-", dir=self.folder))
        (own / "_worker.py").write_text(SCRIPT)
        (own / "code").symlink_to(code, target_is_directory=True)
        return [sys.executable, str(own / "_worker.py")], str(own / "code")

    def worker(self, code: Path, **environment: str) -> Worker:
        """Start a worker as the emulator would."""
        args, folder = self.command(code)
        worker = self.nurseries.start(args, cwd=folder, env={**os.environ, **environment}, **SETTINGS)
        self.started.append(worker)
        return worker

    def forked(self, code: Path, **environment: str) -> ForkedWorker:
        """Start a worker that is a fork."""
        worker = self.worker(code, **environment)
        assert isinstance(worker, ForkedWorker)
        return worker

    def end(self) -> None:
        """End all that was started."""
        for worker in self.started:
            worker.kill()
            worker.__exit__(None, None, None)
        self.nurseries.end()


@pytest.fixture
def bundles(tmp_path: Path) -> Iterator[Bundles]:
    made = Bundles(tmp_path)
    yield made
    made.end()


def ask(worker: Worker, expression: str) -> Any:
    assert worker.stdin is not None
    assert worker.stdout is not None
    worker.stdin.write(f"{expression}\n")
    return json.loads(worker.stdout.readline())


def test_a_forked_worker_finds_all_as_if_python_had_been_started_for_it(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    bundles.forked(code)  # a sibling, of which it has nothing
    args, folder = bundles.command(code)
    environment = {**os.environ, "TZ": "Asia/Shanghai", "OWN": "1"}
    settings: dict[str, Any] = {"cwd": folder, "env": environment, **SETTINGS}
    bundles.started += [bundles.nurseries.start(args, **settings), subprocess.Popen(args, **settings)]  # noqa: S603
    _, forked, started = bundles.started
    assert isinstance(forked, ForkedWorker)
    assert ask(forked, "seen()") == ask(started, "seen()")


def test_libraries_are_imported_once_for_all_workers_and_nothing_of_ours_with_them(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    first, second = bundles.forked(code), bundles.forked(code)
    imported = [ask(worker, "libraries()") for worker in (first, second)]
    assert [own for _, _, _, own, _ in imported] == [first.pid, second.pid]
    assert {(where, parent) for _, where, _, _, parent in imported} == {(imported[0][4], imported[0][4])}
    assert os.getpid() not in imported[0]


def test_a_worker_lives_in_its_own_environment(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    first, second = bundles.forked(code, TABLE="a", ONLY="1"), bundles.forked(code, TABLE="b")
    found = [ask(worker, "[os.environ['TABLE'], os.environ.get('ONLY')]") for worker in (first, second)]
    assert found == [["a", "1"], ["b", None]]
    assert ask(second, "os.popen('echo $TABLE').read()") == "b\n"


def test_workers_draw_random_numbers_of_their_own(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    for drawn in ("__import__('random').random()", "__import__('uuid').uuid4().hex"):
        first, second = (ask(bundles.forked(code), drawn) for _ in range(2))
        assert first != second


def test_workers_of_two_bundles_have_the_libraries_of_their_own(bundles: Bundles) -> None:
    codes = [bundles.bundle("one"), bundles.bundle("two")]
    workers = [bundles.forked(code) for code in (*codes, *codes)]
    names = [ask(worker, "libraries()")[0] for worker in workers]
    assert names == ["one", "two", "one", "two"]


def test_a_worker_for_which_libraries_would_have_read_something_else_is_started(
    bundles: Bundles, caplog: pytest.LogCaptureFixture
) -> None:
    code = bundles.bundle("one")
    for differs in (READ_BY_LIBRARY, "PYTHONHASHSEED"):
        worker = bundles.worker(code, **{differs: "7"})
        name, where, setting, own, _ = ask(worker, "libraries()")
        assert (name, where, setting) == ("one", own, "7" if differs == READ_BY_LIBRARY else None)
        assert isinstance(worker, subprocess.Popen)
        assert f"{differs} differs from what its nursery has read" in caplog.text
    assert ask(bundles.forked(code), "libraries()")[2] is None


def test_how_a_worker_ends_is_known_as_of_any_process(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    asked, killed, failed, closed = (bundles.forked(code) for _ in range(4))
    assert [worker.poll() for worker in (asked, killed, failed, closed)] == [None] * 4
    with pytest.raises(subprocess.TimeoutExpired):
        asked.wait(0.01)
    asked.terminate()
    killed.kill()
    failed.stdin.write("sys.exit(3)\n")
    closed.stdin.close()
    ends = [worker.wait(SECONDS_MAX) for worker in (asked, killed, failed, closed)]
    assert ends == [-signal.SIGTERM, -signal.SIGKILL, 3, 0]
    assert [worker.poll() for worker in (asked, killed, failed, closed)] == ends
    assert asked.stdout.readline() == ""
    asked.kill()  # which nobody has any more, and no stranger gets


def test_a_worker_that_somebody_else_has_ended_is_noticed(bundles: Bundles) -> None:
    code = bundles.bundle("one")
    worker, other = bundles.forked(code), bundles.forked(code)
    os.kill(worker.pid, signal.SIGKILL)
    assert wait_until(lambda: worker.poll() is not None, SECONDS_MAX)
    assert (worker.returncode, other.poll()) == (-signal.SIGKILL, None)
    assert ask(other, "os.getpid()") == other.pid


def test_a_worker_says_what_went_wrong_as_any_python_does(bundles: Bundles) -> None:
    worker = bundles.forked(bundles.bundle("one"))
    worker.stdin.write("1 / 0\n")
    assert worker.wait(SECONDS_MAX) == 1
    assert worker.stderr.read().endswith("ZeroDivisionError: division by zero\n")


def test_when_a_nursery_dies_its_workers_end_and_the_next_ones_are_started(
    bundles: Bundles, caplog: pytest.LogCaptureFixture
) -> None:
    code = bundles.bundle("one")
    worker = bundles.forked(code)
    os.kill(ask(worker, "os.getppid()"), signal.SIGKILL)
    assert worker.wait(SECONDS_MAX) == -signal.SIGKILL
    assert wait_until(lambda: command_line(worker.pid) == "", SECONDS_MAX)
    for _ in range(2):
        next_one = bundles.worker(code)
        assert isinstance(next_one, subprocess.Popen)
        assert ask(next_one, "libraries()")[0] == "one"
    assert "is started by itself: its nursery" in caplog.text


@pytest.mark.parametrize(
    "library",
    [
        "import os; os.environ['CHANGED'] = '1'",
        "import os; FILE = os.open('/dev/null', os.O_RDONLY)",
        "import threading; threading.Thread(target=threading.Event().wait, daemon=True).start()",
        "raise ValueError('the library does not want to')",
    ],
)
def test_no_worker_is_forked_of_libraries_that_change_the_process(bundles: Bundles, library: str) -> None:
    worker = bundles.worker(bundles.bundle("one", library))
    assert isinstance(worker, subprocess.Popen)
    assert ask(worker, "os.getpid()") == worker.pid


def test_who_comes_with_a_new_bundle_ends_the_nursery_of_one_that_nobody_uses(bundles: Bundles) -> None:
    old, new = bundles.bundle("old"), bundles.bundle("new")
    worker, other = bundles.forked(old), bundles.forked(old)
    nursery_of_old = ask(worker, "os.getppid()")
    worker.kill()
    worker.wait(SECONDS_MAX)
    bundles.forked(new)
    assert ask(other, "os.getppid()") == nursery_of_old  # one is left
    other.kill()
    other.wait(SECONDS_MAX)
    bundles.forked(bundles.bundle("newer"))
    assert wait_until(lambda: command_line(nursery_of_old) == "", SECONDS_MAX)


def test_what_is_no_worker_of_a_bundle_with_libraries_is_started_as_ever(bundles: Bundles) -> None:
    args, folder = bundles.command(bundles.bundle("one"))
    plain, elsewhere = bundles.bundle("plain", ""), bundles.folder / "code"
    elsewhere.mkdir()
    for command, where, settings in (
        (args, folder, {**SETTINGS, "bufsize": -1}),
        ([*args, "more"], folder, SETTINGS),
        (["/bin/cat", args[1]], folder, SETTINGS),
        (args, str(plain), SETTINGS),
        (args, str(elsewhere), SETTINGS),
    ):
        bundles.started.append(bundles.nurseries.start(command, cwd=where, env=dict(os.environ), **settings))
        assert isinstance(bundles.started[-1], subprocess.Popen)


def test_where_processes_cannot_be_forked_so_they_are_started(
    bundles: Bundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = bundles.bundle("one")
    monkeypatch.setattr(sys, "platform", "darwin")
    assert isinstance(bundles.worker(code), subprocess.Popen)


def test_the_runtime_starts_its_processes_in_this_way() -> None:
    runtime = SimpleNamespace(subprocess=subprocess)
    nurseries = fork_workers(runtime)
    assert runtime.subprocess.Popen == nurseries.start
    assert runtime.subprocess.PIPE is subprocess.PIPE
    assert subprocess.Popen is not runtime.subprocess.Popen


SERVER = """
import json, sys
from pathlib import Path
from tests.unit.local.test_forking import Bundles, ask
bundles = Bundles(Path(sys.argv[1]))
worker = bundles.forked(bundles.bundle("one"))
print(json.dumps([worker.pid, ask(worker, "os.getppid()"), ask(worker, "time.time()")]), flush=True)
worker.stdin.write("time.sleep(600)\\n")  # it is busy, and would not see that nobody speaks to it any more
for line in sys.stdin:
    worker = bundles.forked(bundles.folder / "memberday-code" / "one")
    print(json.dumps(ask(worker, "time.time()")), flush=True)
"""
AHEAD_SECONDS = 1_000_000


def test_nothing_is_left_of_a_server_that_is_killed_and_all_of_it_lives_at_the_clouds_time(
    tmp_path: Path,
) -> None:
    """Under libfaketime, which keeps shared memory for each process that it is loaded for."""
    timestamps = tmp_path / "clock"
    timestamps.write_text("+0")
    settings = faketime.environment(timestamps)
    assert settings is not None
    server = subprocess.Popen(  # noqa: S603 - this interpreter, fixed program
        [sys.executable, "-c", SERVER, str(tmp_path)],
        cwd=CODE,
        env={**os.environ, **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    with server:
        assert server.stdin is not None
        assert server.stdout is not None
        worker, parent, now = json.loads(server.stdout.readline())
        assert abs(now - time.time()) < SECONDS_MAX
        timestamps.write_text(f"+{AHEAD_SECONDS}")
        written_second = int(time.time())
        assert wait_until(lambda: int(time.time()) > written_second, SECONDS_MAX)
        server.stdin.write("\n")
        server.stdin.flush()
        assert abs(json.loads(server.stdout.readline()) - time.time() - AHEAD_SECONDS) < SECONDS_MAX
        members = group_members(server.pid)
        assert {server.pid, worker, parent} < set(members)
        assert all(f"{tmp_path}/" in command_line(pid) for pid in members if pid != server.pid)
        server.kill()
        assert wait_until(lambda: not group_members(server.pid), SECONDS_MAX)
    faketime.forget(server.pid)
    assert not [each for each in Path("/dev/shm").iterdir() if each.name.endswith(tuple(map(str, members)))]  # noqa: S108


def test_what_functions_import_of_libraries_is_there_before_they_are_forked() -> None:
    """Otherwise each of them would do so; the list of what is imported is kept by this."""
    asked = f"""
import importlib, sys
for name in {(*nursery.OF_PYTHON, *nursery.LIBRARIES)!r}:
    importlib.import_module(name)
before = set(sys.modules)
for name in ("functions.points.api", "functions.points.stream"):
    importlib.import_module(name)
new = {{name: str(getattr(sys.modules[name], "__file__", "")) for name in set(sys.modules) - before}}
print(*(name for name, file in new.items() if "site-packages" in file))
"""
    found = subprocess.run(  # noqa: S603 - this interpreter, fixed program
        [sys.executable, "-c", asked], cwd=CODE, capture_output=True, text=True, check=True
    )
    assert found.stdout.split() == []
