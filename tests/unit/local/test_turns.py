"""Whose turn it is: by its schedule's time zone, once for what was missed, after what it goes on from."""

import threading
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from ministack.services import eventbridge, scheduler
from ministack.services.cloudformation import provisioners

from functions.operations.timetable import WATCH_JOBS
from functions.orders.timetable import AUTO_RECEIPT
from functions.points.timetable import AUDIT_POINTS, EXPIRE_POINTS, RELEASE_POINTS
from local import turns
from local.gate import Gate
from local.turns import SAVED, Turns, is_due

STORE = ZoneInfo("Asia/Shanghai")
DAILY = "cron(0 4 * * ? *)"
JOBS = {
    WATCH_JOBS: "rate(15 minutes)",
    AUDIT_POINTS: DAILY,
    RELEASE_POINTS: "rate(10 minutes)",
    AUTO_RECEIPT: "rate(5 minutes)",
}


def at(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=STORE).timestamp()


def schedule(expression: str, **more: Any) -> dict[str, Any]:
    return {
        "ScheduleExpression": expression,
        "ScheduleExpressionTimezone": "Asia/Shanghai",
        "State": "ENABLED",
        "CreationDate": at("2026-11-01T00:00:00"),
        "Target": {"Arn": "arn"},
        **more,
    }


@pytest.mark.parametrize(
    ("last", "now", "expected"),
    [
        ("2026-11-02T03:59:59", "2026-11-02T04:00:00", True),
        ("2026-11-02T03:00:00", "2026-11-02T03:59:59", False),
        ("2026-11-02T04:00:01", "2026-11-02T12:00:01", False),  # 04:00 of UTC
        ("2026-11-02T04:00:01", "2026-11-05T03:00:00", True),  # missed
    ],
)
def test_a_time_of_day_is_the_time_zones_own(last: str, now: str, expected: bool) -> None:
    assert is_due(schedule(DAILY), at(last), at(now)) is expected


def test_a_rate_counts_from_the_last_turn_and_what_comes_once_is_not_ours() -> None:
    every = schedule("rate(10 minutes)")
    last = at("2026-11-02T04:00:00")
    assert [is_due(every, last, last + seconds) for seconds in (599, 600)] == [False, True]
    assert is_due(schedule("at(2026-11-02T04:00:00)"), last, last) is None


class World:
    """The schedules of an emulator, the time, and what was started."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = at("2026-11-02T05:00:00")
        self.started: list[str] = []
        self.at_rest = True
        self.rested = 0
        self.gate = Gate()
        self.schedules = {("1", "r", f"memberday/{name}"): schedule(when) for name, when in JOBS.items()}
        for name in turns.NEEDED[scheduler]:
            monkeypatch.setattr(scheduler, name, getattr(scheduler, name))
        monkeypatch.setattr(scheduler._schedules, "_data", self.schedules)
        monkeypatch.setattr(scheduler, "_schedule_last_fired", {})
        monkeypatch.setattr(scheduler, "_tick_schedules", lambda: None)
        monkeypatch.setattr(eventbridge, "_invoke_target", self._start)
        monkeypatch.setattr("local.turns.time.time", lambda: self.now)
        monkeypatch.setattr(turns, "REST_SECONDS_MAX", 0.2)
        self.turns = Turns(self.gate, self._rest)

    def _start(self, _target: Any, event: dict[str, Any], started: dict[str, Any]) -> None:
        assert event["Source"] == "aws.scheduler"
        (name,) = [key[2] for key, each in self.schedules.items() if each is started]
        self.started.append(name.removeprefix("memberday/"))

    def _rest(self) -> bool:
        self.rested += self.at_rest
        return self.at_rest

    def look(self) -> list[str]:
        """What one look starts, at once and later."""
        self.started.clear()
        scheduler._tick_schedules()
        self.wait()
        return list(self.started)

    def wait(self) -> None:
        for thread in threading.enumerate():
            if thread.name == "memberday-turns":
                thread.join(5)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    world = World(monkeypatch)
    yield world
    world.wait()


def test_after_a_jump_each_job_has_its_turn_after_those_that_it_goes_on_from(world: World) -> None:
    world.look()
    world.now += 3 * 86_400
    rested = world.rested
    assert world.look() == [AUTO_RECEIPT, RELEASE_POINTS, AUDIT_POINTS, WATCH_JOBS]
    assert world.rested == rested + 3  # before each but the first
    assert world.look() == []
    world.now += 300
    assert (world.look(), world.rested) == ([AUTO_RECEIPT], rested + 3)  # nobody else waits


def test_what_is_due_for_the_second_time_in_a_year_has_the_turn_of_the_first(world: World) -> None:
    world.look()
    for name in (f"{EXPIRE_POINTS}-again", EXPIRE_POINTS):
        world.schedules["1", "r", f"memberday/{name}"] = schedule(DAILY)
    world.now += 86_400
    began = world.look()
    assert began == [AUTO_RECEIPT, RELEASE_POINTS, *began[2:4], AUDIT_POINTS, WATCH_JOBS]
    assert set(began[2:4]) == {EXPIRE_POINTS, f"{EXPIRE_POINTS}-again"}


def test_until_the_rest_is_done_the_watch_waits_and_is_still_to_be_done(world: World) -> None:
    world.at_rest = False
    scheduler._tick_schedules()
    assert (world.started, world.turns.waiting) == ([AUTO_RECEIPT], True)
    world.at_rest = True
    world.wait()
    everything = [AUTO_RECEIPT, RELEASE_POINTS, AUDIT_POINTS, WATCH_JOBS]
    assert (world.started, world.turns.waiting) == (everything, False)


def test_a_job_that_never_ends_does_not_keep_the_watch_from_looking(world: World) -> None:
    world.at_rest = False
    assert world.look() == [AUTO_RECEIPT, RELEASE_POINTS, AUDIT_POINTS, WATCH_JOBS]


def test_a_disabled_schedule_has_no_turn_and_catches_up_on_nothing(world: World) -> None:
    release = world.schedules["1", "r", f"memberday/{RELEASE_POINTS}"]
    release["State"] = "DISABLED"
    assert world.look() == [AUTO_RECEIPT, AUDIT_POINTS, WATCH_JOBS]
    release["State"] = "ENABLED"
    assert world.look() == []
    world.now += 600
    assert world.look() == [AUTO_RECEIPT, RELEASE_POINTS]


def test_a_closed_gate_lets_nobody_have_a_turn_and_all_are_due_afterwards(world: World) -> None:
    world.gate.hold(60)
    assert world.look() == []
    world.gate.release()
    assert world.look() == [AUTO_RECEIPT, RELEASE_POINTS, AUDIT_POINTS, WATCH_JOBS]


def test_what_was_due_while_the_cloud_was_stopped_is_due_when_it_is_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.look()
    monkeypatch.setattr(scheduler, "_restore_state", lambda _data: None)
    state = {SAVED: scheduler.get_state()[SAVED]}
    world.now += 3_600  # no 04:00 among them
    again = World(monkeypatch)
    again.now = world.now
    scheduler.load_persisted_state(state)
    assert again.look() == [AUTO_RECEIPT, RELEASE_POINTS, WATCH_JOBS]
    again.now += 86_400
    assert again.look() == [AUTO_RECEIPT, RELEASE_POINTS, AUDIT_POINTS, WATCH_JOBS]


def test_one_that_cannot_be_started_does_not_keep_the_others_from_theirs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_target: Any, _event: Any, started: dict[str, Any]) -> None:
        if started is world.schedules["1", "r", f"memberday/{AUDIT_POINTS}"]:
            raise RuntimeError("no such function")
        world._start(_target, _event, started)

    monkeypatch.setattr(eventbridge, "_invoke_target", refuse)
    assert world.look() == [AUTO_RECEIPT, RELEASE_POINTS, WATCH_JOBS]


def test_a_schedule_has_the_time_zone_that_its_template_names(monkeypatch: pytest.MonkeyPatch) -> None:
    schedules: dict[str, Any] = {}
    monkeypatch.setattr(scheduler, "_schedules", schedules)

    def provision(_logical_id: str, properties: dict[str, Any], _stack: str) -> tuple[str, dict[str, Any]]:
        schedules["jobs/audit"] = {turns.ZONE: "UTC"}
        return properties["Name"], {}

    told = {"Name": "audit", "GroupName": "jobs", turns.ZONE: "Asia/Shanghai"}
    assert turns.with_zone(provision, 1)("Audit", told, "stack") == ("audit", {})
    assert schedules == {"jobs/audit": {turns.ZONE: "Asia/Shanghai"}}
    handlers = provisioners._RESOURCE_HANDLERS[turns.SCHEDULE]
    assert {*handlers} >= {"create", "update"}
