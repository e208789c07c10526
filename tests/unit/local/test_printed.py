"""What a function has printed is whole and its own, and nobody waits for what does not come."""

import queue
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.core import lambda_runtime

from local import printed
from local.printed import CALL, END, end_what_is_printed, is_known, until_end

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
"""The emulator leaves the pipes of a worker that has ended to the collector."""
PROGRAM = """
import os

def handler(event, context):
    for number in range(event["lines"]):
        print(f"{event['name']} {number}")
    if event.get("fails"):
        raise ValueError(event["name"])
    if event.get("dies"):
        os._exit(1)
    return event["name"]
"""
LINES = 500


def lines_of(*lines: str) -> "queue.Queue[str]":
    found: queue.Queue[str] = queue.Queue()
    for line in lines:
        found.put(line)
    return found


def test_what_comes_before_the_end_is_taken_and_the_rest_is_left() -> None:
    lines = lines_of("one", "two", END, "of the next")
    assert until_end(lines, lambda: True) == ["one", "two"]
    assert lines.get_nowait() == "of the next"


def test_a_line_that_is_late_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "LOOK_SECONDS", 0.001)
    lines = lines_of("one")

    def print_late() -> None:
        for each in ("two", END):
            lines.put(each)

    late = threading.Timer(0.05, print_late)
    late.start()
    assert until_end(lines, lambda: True) == ["one", "two"]
    late.join()


def test_where_nobody_reads_any_more_nothing_is_waited_for() -> None:
    assert until_end(lines_of("one", "two"), lambda: False) == ["one", "two"]


def test_an_end_that_never_comes_is_waited_for_no_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(printed, "END_SECONDS_MAX", 0.01)
    assert until_end(lines_of("one"), lambda: True) == ["one"]


def test_the_emulator_calls_a_function_where_we_know_it_to() -> None:
    assert is_known(lambda_runtime) or END in repr(lambda_runtime._PYTHON_WORKER_SCRIPT)
    assert not is_known(SimpleNamespace(_PYTHON_WORKER_SCRIPT=CALL + CALL))
    assert not is_known(SimpleNamespace())


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A worker of the emulator's with a function of ours."""
    monkeypatch.setattr(lambda_runtime, "_PYTHON_WORKER_SCRIPT", lambda_runtime._PYTHON_WORKER_SCRIPT)
    monkeypatch.setattr(
        lambda_runtime.Worker, "_drain_stderr_bounded", lambda_runtime.Worker._drain_stderr_bounded
    )
    end_what_is_printed(lambda_runtime)
    code = tmp_path / "code.zip"
    with zipfile.ZipFile(code, "w") as written:
        written.writestr("module.py", PROGRAM)
    arn = "arn:aws:lambda:us-east-1:000000000000:function:one"
    config = {"Runtime": "python3.11", "Handler": "module.handler", "FunctionName": "one", "FunctionArn": arn}
    made = lambda_runtime.Worker("one", config, code.read_bytes())
    yield made
    made.kill()


def asked(worker: Any, **event: Any) -> Any:
    return worker.invoke(event, "request")


def of(name: str, count: int) -> str:
    return "\n".join(f"{name} {number}" for number in range(count))


def test_each_invocation_has_what_it_printed_itself(worker: Any) -> None:
    for name, count in (("a", LINES), ("b", 0), ("c", 1), ("d", LINES)):
        answer = asked(worker, name=name, lines=count)
        assert (answer["result"], answer["log"]) == (name, of(name, count))


def test_what_printed_before_it_failed_or_died_is_there_and_no_more_is_waited_for(
    worker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = asked(worker, name="a", lines=2, fails=True)
    assert (failed["status"], failed["error"], failed["log"]) == ("error", "a", of("a", 2))
    monkeypatch.setattr(printed, "END_SECONDS_MAX", 3_600.0)  # as long as none waits
    died = asked(worker, name="b", lines=3, dies=True)
    assert (died["status"], died["log"]) == ("error", of("b", 3))
    assert asked(worker, name="c", lines=1)["log"] == of("c", 1)
