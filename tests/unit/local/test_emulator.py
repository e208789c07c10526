"""What the emulator starts by itself: not while it is held, and no more at once than a machine can bear."""

import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.core import lambda_runtime
from ministack.services import lambda_svc, scheduler

from local.emulator import AT_ONCE_MAX, NEEDED, Emulator


class Started:
    """Stands in for the emulator's own work, and counts how often it is begun."""

    def __init__(self) -> None:
        self.ticks = self.polls = 0
        self.busy, self.go_on = threading.Event(), threading.Event()
        self.go_on.set()

    def tick(self) -> None:
        self.ticks += 1
        self._work()

    def poll(self) -> bool:
        self.polls += 1
        self._work()
        return True

    def _work(self) -> None:
        self.busy.set()
        assert self.go_on.wait(5)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Started]:
    """What is begun; the emulator is as it was when the test is over."""
    started = Started()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # a cloud has a folder of its own
    for module, names in NEEDED.items():
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr(lambda_runtime, "open", open, raising=False)
    drained = lambda_runtime.Worker._drain_stderr_bounded
    monkeypatch.setattr(lambda_runtime.Worker, "_drain_stderr_bounded", drained)
    monkeypatch.setattr(scheduler, "_tick_schedules", started.tick)
    monkeypatch.setattr(lambda_svc, "_poll_sqs", started.poll)
    monkeypatch.setattr(lambda_svc, "_poll_dynamodb_streams", started.poll)
    monkeypatch.setattr("local.emulator.REST_SECONDS_MAX", 0.1)
    yield started
    started.go_on.set()


def polls() -> list[bool]:
    return [lambda_svc._poll_sqs(), lambda_svc._poll_dynamodb_streams()]


def test_what_is_due_starts_before_a_hold_nothing_during_it_and_what_became_due_after_it(
    started: Started,
) -> None:
    emulator = Emulator()
    assert polls() == [True, True]
    assert emulator.hold()
    assert (started.ticks, started.polls) == (1, 2)
    scheduler._tick_schedules()
    assert polls() == [False, False]
    assert (started.ticks, started.polls) == (1, 2)
    emulator.release()
    assert polls() == [True, True]
    assert (started.ticks, started.polls) == (2, 4)


def test_a_hold_says_that_something_which_began_before_it_is_under_way(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scheduler, "_tick_schedules", lambda: None)
    emulator = Emulator()
    started.go_on.clear()
    poller = threading.Thread(target=lambda_svc._poll_sqs)
    poller.start()
    assert started.busy.wait(5)
    assert emulator.backlog()["deliveries"] == 1
    assert not emulator.hold()
    started.go_on.set()
    poller.join()
    assert emulator.hold()


def test_the_schedules_are_never_looked_at_twice_at_once(started: Started) -> None:
    emulator = Emulator()
    started.go_on.clear()
    looking = [threading.Thread(target=look) for look in (scheduler._tick_schedules, emulator.release)]
    looking[0].start()
    assert started.busy.wait(5)
    looking[1].start()
    looking[1].join(0.1)
    assert started.ticks == 1
    started.go_on.set()
    for thread in looking:
        thread.join()
    assert started.ticks == 2


def test_a_watch_that_waits_for_its_turn_is_still_to_be_done(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator()
    assert (emulator.backlog()["deliveries"], emulator.hold()) == (0, True)
    emulator.release()
    monkeypatch.setattr(emulator._turns, "_waiting", True)
    assert (emulator.backlog()["deliveries"], emulator.hold()) == (1, False)


def test_after_a_drain_no_release_starts_anything(started: Started) -> None:
    emulator = Emulator()
    assert emulator.drain()
    emulator.release()
    assert polls() == [False, False]
    assert (started.ticks, started.polls) == (0, 0)


@pytest.mark.parametrize(
    ("under_way", "allowed"),
    [({}, 2), ({"this": 1}, 2), ({"other": 1}, 1), ({"this": 1, "other": 1}, 1), ({"other": 9}, 0)],
)
def test_the_batches_of_all_queues_share_what_may_run_at_once(
    started: Started, monkeypatch: pytest.MonkeyPatch, under_way: dict[str, int], allowed: int
) -> None:
    monkeypatch.setattr("local.emulator.AT_ONCE_MAX", 2)
    monkeypatch.setattr(lambda_svc, "_sqs_esm_concurrency", lambda *_: 8)
    monkeypatch.setattr(lambda_svc, "_esm_inflight", under_way)
    Emulator()
    assert lambda_svc._sqs_esm_concurrency({"UUID": "this"}, {}, {}) == allowed


def test_functions_that_are_handed_an_event_wait_for_one_another_and_called_ones_do_not(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []

    def _execute_function_with_config_scope(_func: Any, event: int) -> None:
        begun.append(event)
        assert started.go_on.wait(5)

    monkeypatch.setattr(
        lambda_svc, "_execute_function_with_config_scope", _execute_function_with_config_scope
    )
    Emulator()
    started.go_on.clear()
    run = lambda_svc._execute_function_with_config_scope
    handed = [threading.Thread(target=run, args=({}, number)) for number in range(AT_ONCE_MAX + 1)]
    called = threading.Thread(target=run, args=({}, -1), name="an API call")
    for thread in (*handed, called):
        thread.start()
        thread.join(0.05)
    assert begun == [*range(AT_ONCE_MAX), -1]
    started.go_on.set()
    for thread in (*handed, called):
        thread.join()
    assert begun == [*range(AT_ONCE_MAX), -1, AT_ONCE_MAX]


def test_a_function_that_is_refused_for_want_of_concurrency_has_failed(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lambda_svc, "_acquire_execution_slot", lambda *_: (None, "function"))
    emulator = Emulator()
    assert lambda_svc._acquire_execution_slot({}, {"FunctionName": "worker"}) == (None, "function")
    assert emulator.backlog()["failures"]["worker"]["error"] == "throttled: the function's limit"


@pytest.mark.parametrize(
    ("failing", "of_a_deployment", "times"), [(0, 1, 1), (1, 1, 2), (9, 1, 3), (9, 0, 1)]
)
def test_what_a_deployment_tells_a_function_is_told_again_where_that_fails_as_on_aws(
    started: Started, monkeypatch: pytest.MonkeyPatch, failing: int, of_a_deployment: int, times: int
) -> None:
    told: list[Any] = []

    def execute(_: Any, event: Any) -> dict[str, Any]:
        told.append(event)
        return {"body": "why", "error": True} if len(told) <= failing else {"body": "done"}

    monkeypatch.setattr(lambda_svc, "_execute_function_with_config_scope", execute)
    Emulator()
    event = {"RequestType": "Create"} | ({"ResponseURL": "http://127.0.0.1"} if of_a_deployment else {})
    answer = lambda_svc._execute_function_with_config_scope({}, event)
    assert told == [event] * times
    assert bool(answer.get("error")) is (failing >= times)
