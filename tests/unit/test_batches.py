"""A batch answers what Lambda is to deliver again, in the words of its partial batch responses."""

import io
import json
import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from functions.domain.errors import TryAgainError
from functions.platform import batches
from functions.platform.batches import BatchError
from functions.platform.deadline import Deadline
from functions.platform.fanout import TASK_TRIES, Task
from functions.platform.fanout import consume as consume_tasks
from functions.platform.lanes import side_by_side
from functions.platform.observability import MetricUnit, logger, metrics
from functions.platform.streams import consume as consume_changes
from tests.support.events import Context, stream_record

TASK = Task(work="w", at=datetime(2026, 5, 1, tzinfo=UTC), shard=0, of=1)


def batch(*names: str) -> dict[str, Any]:
    return {"Records": [{"name": name} for name in names]}


def processed(event: dict[str, Any], *bad: str) -> tuple[dict[str, Any], list[str]]:
    """Process a batch of which some records fail; return the answer and the records that were handled."""
    seen: list[str] = []

    def handle(record: dict[str, Any]) -> None:
        seen.append(record["name"])
        if record["name"] in bad:
            raise ValueError(record["name"])

    return batches.process(event, Context(), handle, identifier=lambda record: str(record["name"])), seen


def test_what_was_handled_is_not_delivered_again() -> None:
    assert processed(batch("a", "b")) == ({"batchItemFailures": []}, ["a", "b"])
    assert processed(batch()) == ({"batchItemFailures": []}, [])


def test_only_what_failed_is_delivered_again_and_holds_nothing_up() -> None:
    answer, seen = processed(batch("a", "b", "c"), "a", "c")
    assert answer == {"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}
    assert seen == ["a", "b", "c"]


def test_a_batch_of_which_all_failed_fails_as_a_whole_and_says_why() -> None:
    with pytest.raises(BatchError, match=r"all 2 records failed, the last with ValueError\('b'\)") as raised:
        processed(batch("a", "b"), "a", "b")
    assert isinstance(raised.value.__cause__, ValueError)


def test_the_end_of_the_process_is_no_failure_of_a_record() -> None:
    def handle(_: dict[str, Any]) -> None:
        raise SystemExit

    with pytest.raises(SystemExit):
        batches.process(batch("a", "b"), Context(), handle, identifier=str)


def test_a_change_comes_again_by_its_sequence_number() -> None:
    def handle(change: Any, _: Any) -> None:
        if change.after["n"] == 2:
            raise ValueError

    records = [stream_record({"n": n}, sequence=100 + n) for n in (1, 2, 3)]
    answer = consume_changes({"Records": records}, Context(), handle, log_ids=("n",))
    assert answer == {"batchItemFailures": [{"itemIdentifier": "102"}]}


def test_a_task_comes_again_by_its_messages_id_also_one_that_cannot_be_read() -> None:
    records = [
        {"messageId": "m1", "body": "no task"},
        {"messageId": "m2", "body": TASK.to_body()},
    ]
    answer = consume_tasks({"Records": records}, Context(), lambda task, deadline: None)
    assert answer == {"batchItemFailures": [{"itemIdentifier": "m1"}]}


def test_what_was_counted_is_written_also_of_a_batch_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    def handle(_: dict[str, Any]) -> None:
        metrics.add_metric(name="records_failed", unit=MetricUnit.Count, value=1)
        raise ValueError

    with pytest.raises(BatchError):
        batches.process(batch("a"), Context(), handle, identifier=lambda record: str(record["name"]))
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["records_failed"] == [1.0]
    assert not metrics.metric_set


@pytest.mark.parametrize("kind", ["a task", "a change"])
def test_what_cannot_be_read_is_in_the_log(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    whole = stream_record({"n": 1}, sequence=7)
    broken = {"dynamodb": {**whole["dynamodb"], "SequenceNumber": "8", "NewImage": {"n": {"N": "1.5"}}}}
    if kind == "a task":
        records = [{"messageId": "m1", "body": "no task"}, {"messageId": "m2", "body": TASK.to_body()}]
        consume_tasks({"Records": records}, Context(), lambda task, deadline: None)
    else:
        consume_changes(
            {"Records": [whole, broken]}, Context(), lambda change, deadline: None, log_ids=("n",)
        )
    (line,) = map(json.loads, log.getvalue().splitlines())
    assert line["level"] == "ERROR"
    assert line.get("message_id", line.get("sequence_number")) == ("m1" if kind == "a task" else "8")


def test_Z7_lanes_are_side_by_side_and_the_records_of_each_in_turn() -> None:
    """Two lanes wait for each other at every step, so that one after the other would never end."""
    together, seen, one_by_one = threading.Barrier(2, timeout=10), dict[str, list[int]](), threading.Lock()

    def handle(record: dict[str, Any]) -> None:
        together.wait()
        with one_by_one:
            seen.setdefault(record["lane"], []).append(record["n"])
        if record["n"] == 2:
            raise ValueError(record["lane"])

    records = [{"lane": lane, "n": n} for n in range(5) for lane in "ab"]
    answer = batches.process(
        {"Records": records},
        Context(),
        handle,
        identifier=lambda record: f"{record['lane']}{record['n']}",
        handled=side_by_side(lambda record: record["lane"]),
    )
    assert seen == {"a": [0, 1, 2, 3, 4], "b": [0, 1, 2, 3, 4]}
    assert answer == {"batchItemFailures": [{"itemIdentifier": "a2"}, {"itemIdentifier": "b2"}]}


def test_Z7_a_record_whose_lane_cannot_be_told_has_one_of_its_own() -> None:
    seen: list[str] = []
    records = [{"lane": "a", "name": "1"}, {"name": "2"}, {"lane": ["no name"], "name": "3"}, {"name": "4"}]
    answer = batches.process(
        {"Records": records},
        Context(),
        lambda record: seen.append(record["name"]),
        identifier=lambda record: str(record["name"]),
        handled=side_by_side(lambda record: str(record["lane"])),
    )
    assert (sorted(seen), answer) == (["1", "2", "3", "4"], {"batchItemFailures": []})


def given_back(busy_times: int, *, remaining_ms: int = 60_000) -> tuple[int, list[dict[str, str]]]:
    """Consume a task that finds the service busy at first; return the number of tries and what goes back."""
    worked = 0

    def handle(task: Task, _: Deadline) -> None:
        nonlocal worked
        worked += 1
        assert task == TASK
        if worked <= busy_times:
            raise TryAgainError("try_again", "The service is busy; send the same request again.")

    records = [{"messageId": name, "body": TASK.to_body()} for name in ("busy", "after")]
    answer = consume_tasks({"Records": records}, Context(remaining_ms=remaining_ms), handle)
    return worked, answer["batchItemFailures"]


@pytest.mark.parametrize("busy_times", range(TASK_TRIES))
def test_a_task_that_finds_the_service_busy_is_worked_off_again_at_once(busy_times: int) -> None:
    assert given_back(busy_times) == (busy_times + 2, [])


def test_a_task_that_finds_the_service_busy_each_time_goes_back_to_its_queue() -> None:
    assert given_back(TASK_TRIES) == (TASK_TRIES + 1, [{"itemIdentifier": "busy"}])


def test_no_task_is_worked_off_again_when_the_time_is_up() -> None:
    assert given_back(1, remaining_ms=0) == (2, [{"itemIdentifier": "busy"}])
