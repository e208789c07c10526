"""Settling: nothing pending twice in a row, nothing done in between, and no waiting for what cannot come."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from local.backlog import FAILURES_MAX, Backlog, Queue, Stream, settle
from local.errors import LocalError
from local.failures import Failure

IDLE = Backlog(
    streams=(Stream("points-stream", "orders", enabled=True, behind=0, end=7),),
    queues=(Queue("jobs", 0, 0, 0, 0.0, function="points-worker"),),
    invocations={"points-stream": 3},
)
BEHIND = replace(IDLE, streams=(Stream("points-stream", "orders", enabled=True, behind=2, end=7),))


def queued(
    visible: int = 0, delayed: int = 0, in_flight: int = 0, next_visible_seconds: float = 0.0
) -> Backlog:
    queue = Queue("jobs", visible, delayed, in_flight, next_visible_seconds, function="points-worker")
    return replace(IDLE, queues=(queue,))


class World:
    """Shows one observation after the other, the last one for ever; time passes only by sleeping."""

    def __init__(self, *observations: Backlog) -> None:
        self._observations = iter(observations)
        self._last = observations[-1]
        self.observed = 0
        self.now = 0.0

    def observe(self) -> Backlog:
        self.observed += 1
        return next(self._observations, self._last)

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def settle(self, timeout_seconds: float = 30.0) -> Backlog:
        return settle(self.observe, timeout_seconds, monotonic=lambda: self.now, sleep=self.sleep)


def test_an_idle_cloud_is_settled_after_two_observations() -> None:
    world = World(IDLE)
    assert world.settle() == IDLE
    assert world.observed == 2


def test_work_that_came_and_went_between_two_observations_starts_the_count_again() -> None:
    moved = replace(IDLE, invocations={"points-stream": 4})
    world = World(IDLE, moved, moved)
    world.settle()
    assert world.observed == 3


def test_records_written_to_a_stream_between_two_observations_start_the_count_again() -> None:
    moved = replace(IDLE, streams=(Stream("points-stream", "orders", enabled=True, behind=0, end=8),))
    world = World(IDLE, moved, moved)
    world.settle()
    assert world.observed == 3


@pytest.mark.parametrize(
    "busy",
    [
        BEHIND,
        queued(visible=1),
        queued(delayed=1, next_visible_seconds=3),
        queued(in_flight=1, next_visible_seconds=3),
        replace(IDLE, executing={"checkout-api": 1}),
        replace(IDLE, deliveries=1),
        replace(IDLE, requests=1),
    ],
)
def test_whatever_is_pending_is_waited_for(busy: Backlog) -> None:
    world = World(busy, IDLE, busy, IDLE, IDLE)
    world.settle()
    assert world.observed == 5


def test_what_goes_on_without_requests_is_what_no_request_has_started() -> None:
    asked = replace(
        IDLE,
        executing={"checkout-api": 2, "points-worker": 1},
        answering={"checkout-api": 2},
        invocations={"checkout-api": 9, "points-stream": 3},
        answers={"checkout-api": 9},
        requests=2,
    )
    assert asked.without_requests().pending() == ["points-worker is running (1)"]
    assert asked.without_requests().progress() == IDLE.progress()


def test_a_disabled_consumer_is_not_waited_for() -> None:
    asleep = replace(
        IDLE,
        streams=(Stream("points-stream", "orders", enabled=False, behind=2, end=7),),
        queues=(Queue("jobs", 1, 0, 0, 0.0, function="points-worker", enabled=False),),
    )
    assert World(asleep).settle() == asleep


def test_a_queue_that_nobody_reads_is_reported_and_not_waited_for() -> None:
    left = replace(IDLE, unread_queues=(Queue("failures", 2, 0, 1, 9.0), Queue("dead", 0, 0, 0, 0.0)))
    assert World(left).settle().unread() == {"failures": 3}


def test_when_the_time_is_up_it_says_what_is_pending() -> None:
    with pytest.raises(
        LocalError, match="not settled after 5 s: points-stream is 2 records behind on orders"
    ):
        World(BEHIND).settle(5)


def failing(seen: Backlog, times: int) -> Iterator[Backlog]:
    for count in range(1, times + 1):
        name = "points-stream" if seen.streams[0].behind else "points-worker"
        yield replace(
            seen, invocations={name: 10 + count}, failures={name: Failure(count, "ValueError: lot 7")}
        )


def test_a_stream_consumer_that_keeps_failing_ends_the_wait_with_its_error() -> None:
    world = World(*failing(BEHIND, FAILURES_MAX))
    with pytest.raises(LocalError, match="points-stream keeps failing: ValueError: lot 7"):
        world.settle(3600)
    assert world.now < 10


def test_failures_of_before_do_not_count_until_it_fails_again() -> None:
    old = replace(BEHIND, failures={"points-stream": Failure(FAILURES_MAX + 5, "ValueError: lot 7")})
    assert World(old, old, IDLE).settle() == IDLE


def test_a_consumer_that_recovers_is_waited_for() -> None:
    world = World(*failing(BEHIND, FAILURES_MAX - 1), IDLE)
    assert world.settle() == IDLE


def test_a_message_that_cannot_come_back_in_time_is_not_waited_for() -> None:
    world = World(queued(in_flight=1, next_visible_seconds=90))
    with pytest.raises(
        LocalError,
        match=r"not within 30 s: points-worker has 1 messages in jobs; jobs hides them for 90 s$",
    ):
        world.settle(30)
    assert world.now < 1


def test_why_it_failed_is_told_even_if_its_consumer_has_succeeded_since() -> None:
    recovered = replace(
        queued(in_flight=1, next_visible_seconds=90),
        failures={
            "points-worker": Failure(0, "ValueError: lot 7", 12.4),
            "elsewhere": Failure(0, "ValueError: long ago", 9_000),
        },
    )
    with pytest.raises(LocalError, match=r"90 s; last error of points-worker, 12 s ago: ValueError: lot 7$"):
        World(recovered).settle(30)


def test_a_message_that_is_hidden_while_others_are_worked_on_ends_the_wait_only_after_them() -> None:
    hidden = queued(in_flight=1, next_visible_seconds=90)
    for busy in (
        replace(hidden, streams=BEHIND.streams),
        replace(hidden, executing={"checkout-api": 1}),
        replace(hidden, deliveries=1),
        replace(hidden, queues=(*hidden.queues, Queue("mail", 1, 0, 0, 0.0, function="mailer"))),
        replace(hidden, queues=(*hidden.queues, Queue("mail", 0, 0, 1, 9.0, function="mailer"))),
    ):
        world = World(*[busy] * 9, hidden)
        with pytest.raises(LocalError, match="not within"):
            world.settle(30)
        assert world.observed == 11


def test_a_message_on_its_way_to_its_consumer_looks_hidden_once_and_ends_no_wait() -> None:
    world = World(queued(in_flight=1, next_visible_seconds=90), IDLE)
    assert world.settle(30) == IDLE


def test_a_failed_message_that_comes_back_in_time_is_waited_for() -> None:
    world = World(*failing(queued(in_flight=1, next_visible_seconds=20), 1), IDLE)
    assert world.settle(30) == IDLE


def test_a_message_that_is_being_worked_on_is_no_failure() -> None:
    busy = queued(in_flight=1, next_visible_seconds=90)
    busy = replace(
        busy, executing={"points-worker": 1}, failures={"points-worker": Failure(9, "ValueError: lot 7")}
    )
    assert World(busy, IDLE).settle() == IDLE


def test_an_observation_is_read_as_the_server_writes_it() -> None:
    queue = {"queue": "jobs", "visible": 1, "delayed": 2, "in_flight": 3, "next_visible_seconds": 0.5}
    seen = Backlog.parse(
        {
            "streams": [{"function": "f", "table": "t", "enabled": True, "behind": 1, "end": 4}],
            "queues": [{**queue, "function": "g", "enabled": True}],
            "unread_queues": [queue],
            "executing": {"f": 1},
            "deliveries": 1,
            "invocations": {"f": 2},
            "failures": {"f": {"consecutive": 1, "error": "no", "seconds_ago": 2.5}},
        }
    )
    assert seen.pending() == [
        "f is 1 records behind on t",
        "g has 6 messages in jobs",
        "f is running (1)",
        "1 deliveries are under way",
    ]
    assert seen.unread() == {"jobs": 6}
