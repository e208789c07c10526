"""What becomes of a stream's batch that its consumer cannot process."""

from typing import Any

import pytest

from local.redelivery import Redelivery

Json = dict[str, Any]
FAILED: Json = {"error": True, "body": {"errorMessage": "lot 7"}}
DONE: Json = {"body": {"batchItemFailures": []}}


def record(number: int) -> Json:
    return {"dynamodb": {"SequenceNumber": f"{number:030d}"}}


class Consumer:
    """Fails every batch that holds a bad record."""

    def __init__(self, *bad: Json) -> None:
        self.bad = list(bad)
        self.delivered: list[list[Json]] = []
        self.given_up: list[list[Json]] = []

    def deliver(self, records: list[Json]) -> Json:
        self.delivered.append(records)
        return FAILED if any(bad in records for bad in self.bad) else DONE

    def give_up(self, records: list[Json], result: Json) -> None:
        assert result["error"]
        self.given_up.append(records)


def mapping(retries_max: int | None, *, bisect: bool = True) -> Json:
    return {"UUID": "m", "MaximumRetryAttempts": retries_max, "BisectBatchOnFunctionError": bisect}


def test_a_batch_that_succeeds_is_delivered_once() -> None:
    consumer, redelivery = Consumer(), Redelivery()
    assert redelivery.outcome(mapping(2), [record(1)], consumer.deliver, consumer.give_up) == DONE
    assert consumer.delivered == [[record(1)]]


def test_a_bad_record_is_given_up_after_the_retries_and_the_others_are_processed() -> None:
    good, bad = record(1), record(2)
    consumer, redelivery = Consumer(bad), Redelivery()
    results = [
        redelivery.outcome(mapping(2), [good, bad], consumer.deliver, consumer.give_up) for _ in range(3)
    ]
    assert [bool(result["error"]) for result in results] == [True, True, False]
    assert consumer.delivered == [[good, bad]] * 3 + [[good], [bad]]
    assert consumer.given_up == [[bad]]


def test_without_bisection_the_whole_batch_is_given_up() -> None:
    good, bad = record(1), record(2)
    consumer, redelivery = Consumer(bad), Redelivery()
    redelivery.outcome(mapping(0, bisect=False), [good, bad], consumer.deliver, consumer.give_up)
    assert consumer.given_up == [[good, bad]]


@pytest.mark.parametrize("retries_max", [None, -1])
def test_without_a_limit_a_batch_comes_again_for_ever(retries_max: int | None) -> None:
    consumer, redelivery = Consumer(record(1)), Redelivery()
    for _ in range(50):
        assert redelivery.outcome(mapping(retries_max), [record(1)], consumer.deliver, consumer.give_up)[
            "error"
        ]
    assert consumer.given_up == []


def test_the_count_starts_again_with_the_next_batch() -> None:
    consumer, redelivery = Consumer(record(1), record(9)), Redelivery()
    for number in (1, 9, 1, 9):
        redelivery.outcome(mapping(1), [record(number)], consumer.deliver, consumer.give_up)
    assert consumer.given_up == []


def test_a_success_forgets_the_tries_before_it() -> None:
    consumer, redelivery = Consumer(record(1)), Redelivery()
    redelivery.outcome(mapping(1), [record(1)], consumer.deliver, consumer.give_up)
    consumer.bad.clear()
    redelivery.outcome(mapping(1), [record(1)], consumer.deliver, consumer.give_up)
    consumer.bad.append(record(1))
    assert redelivery.outcome(mapping(1), [record(1)], consumer.deliver, consumer.give_up)["error"]
    assert consumer.given_up == []
