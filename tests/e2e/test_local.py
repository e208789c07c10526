"""The operator's commands on the local cloud."""

import json
import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import httpx
import pytest

from functions.operations.timetable import WATCH_JOBS
from functions.orders.rows import DUE_SHARDS
from functions.points.timetable import AUDIT_POINTS, RELEASE_POINTS
from local import nursery
from local.cloud import Cloud
from local.interrupts import Interrupts
from local.processes import group_members
from reach.aws import Aws
from reach.folder import StateFolder
from reach.server import command_line
from tests.support.shopper import registered
from tests.support.stack import ANSWER_SECONDS_MAX, Stack

ASKING_AT_ONCE = 3
STEPS = 3
SHIPPED = 9
"""Orders that count as received at once: more than are done with before another job has begun."""
GROUP = "memberday-dev"


def test_up_again_changes_nothing(deployed: Stack) -> None:
    again = deployed.local("up")
    assert (again["fresh"], again["started"], again["deployed"]) == (False, False, False)
    assert again["outputs"] == deployed.outputs
    assert deployed.local("status")["outputs"] == deployed.outputs


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["token", "alice"],
        ["people"],
        ["clock"],
        ["settle"],
        ["alarms"],
        ["logs"],
        ["fire", AUDIT_POINTS],
    ],
)
def test_a_command_answers_at_a_terminal_as_it_does_here(deployed: Stack, command: list[str]) -> None:
    result = deployed.try_local(*command)
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout).keys() == deployed.local(*command).keys()


def test_the_clock_only_moves_forward(deployed: Stack) -> None:
    for back in ("-1d", "2020-01-01T00:00:00+08:00"):
        refused = deployed.try_local("clock", back)
        assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)


def test_a_job_is_fired_with_its_schedules_input_and_its_counts_come_back(deployed: Stack) -> None:
    for job in ("lapse-unpaid", "auto-receipt"):
        answer = deployed.local("fire", job)
        assert (set(answer), answer["job"]) == ({"job", "tasks"}, job)
        assert 0 <= answer["tasks"] <= DUE_SHARDS
        assert deployed.local("fire", job) == {"job": job, "tasks": 0}  # nothing is due any more
    unknown = deployed.try_local("fire", "nothing")
    assert (unknown.returncode, len(unknown.stderr.splitlines())) == (1, 1)
    jobs = {"auto-receipt", "lapse-unpaid", "release-points", "expire-points", "audit-points"}
    assert jobs <= set(re.findall(r"[a-z-]+", unknown.stderr))


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux only")
def test_functions_are_forked_from_what_has_imported_their_libraries(deployed: Stack) -> None:
    deployed.call("GET", "/members/me", who="alice")
    commands = [command_line(pid) for pid in group_members(deployed.local("status")["pid"])]
    parents_and_workers = [each for each in commands if nursery.__file__ in each]
    assert len(parents_and_workers) > len(set(parents_and_workers)) >= 1
    assert not re.findall("is started by itself: .*", StateFolder(deployed.folder).server_log.read_text())


def test_only_loopback_is_listened_on(deployed: Stack) -> None:
    endpoint = deployed.local("status")["endpoint"]
    assert endpoint.startswith("http://127.0.0.1:")


def test_seeding_puts_in_what_is_lacking_and_leaves_the_rest_alone(deployed: Stack) -> None:
    deployed.local("up", "--seed")
    path = "/products/cup-celadon"  # which no walk of the documents buys
    product = deployed.call("GET", path, who="clerk", staff=True).body
    assert product["stock"] == 100
    changed = {"name": product["name"], "price_fen": 1, "member_zone": False}
    deployed.call("PUT", path, changed, who="clerk", staff=True)
    deployed.local("up", "--seed")
    assert deployed.call("GET", path, who="clerk", staff=True).body == product | changed | {
        "your_price_fen": 1,
        "version": product["version"] + 1,
    }
    assert deployed.call("GET", "/members/me", who="alice").body["name"] == "Alice"


def test_what_a_step_of_the_clock_makes_due_starts_with_it_and_is_settled(deployed: Stack) -> None:
    cloud = Cloud(StateFolder(deployed.folder), Interrupts())

    def started() -> tuple[int, int]:
        times = cloud.backlog().invocations
        orders, points = (
            sum(count for name, count in times.items() if job in name) for job in ("OrderJobs", "PointsJobs")
        )
        return orders, points

    deployed.clock("+61m")  # whatever has been due for long
    deployed.local("settle")
    orders_before, points_before = started()
    deployed.clock("+61m")
    deployed.local("settle")
    orders, points = started()
    assert orders - orders_before >= 2  # unpaid orders lapse, parcels count as received
    assert points - points_before >= 1  # points are released


@contextmanager
def asked_without_a_pause(stack: Stack) -> Iterator[list[httpx.Response]]:
    """Let some browsers look and buy all the time; give what they are answered."""
    answers: list[httpx.Response] = []
    over = threading.Event()
    token = {"Authorization": f"Bearer {stack.token('alice')}"}

    def browse() -> None:
        with httpx.Client(
            base_url=stack.outputs["ApiUrl"], timeout=ANSWER_SECONDS_MAX, trust_env=False
        ) as client:
            while not over.is_set():
                order = {"lines": [{"sku": "cup-celadon", "quantity": 1}]}
                key = {"Idempotency-Key": str(uuid4())}
                for answer in (
                    client.get("/members/me", headers=token),
                    client.post("/orders", headers=token | key, json=order),
                ):
                    answers.append(answer)

    browsers = [threading.Thread(target=browse) for _ in range(ASKING_AT_ONCE)]
    for browser in browsers:
        browser.start()
    try:
        yield answers
    finally:
        over.set()
        for browser in browsers:
            browser.join()


def test_who_asks_while_the_clock_moves_is_answered_or_told_to_come_again(deployed: Stack) -> None:
    deployed.local("up", "--seed")
    deployed.local("settle")
    with asked_without_a_pause(deployed) as answers:
        for _ in range(STEPS):
            deployed.clock("+10m")  # within the life of a token
    faults = [answer for answer in answers if answer.status_code >= 500]
    assert all("Retry-After" in answer.headers for answer in faults), [each.text for each in faults]
    assert {answer.status_code for answer in answers} <= {200, 201, 401, 409, 503}
    assert sum(answer.status_code < 300 for answer in answers) > STEPS


def state_of(stack: Stack, alarm: str) -> str:
    """The state of an alarm, once all that a step of the clock made due is done."""
    stack.local("settle")
    (state,) = [
        each["state"] for each in stack.local("alarms")["alarms"] if each["alarm"] == f"{GROUP}-{alarm}"
    ]
    return str(state)


def switch(stack: Stack, job: str, state: str) -> None:
    """Enable or disable a job's schedule."""
    scheduler = Aws(stack.local("status")["endpoint"]).client("scheduler")
    now = scheduler.get_schedule(GroupName=GROUP, Name=job)
    kept = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(
        GroupName=GROUP, Name=job, State=state, **{name: now[name] for name in kept if name in now}
    )


def test_after_a_jump_no_job_is_overdue_because_the_watch_looks_when_they_had_their_turn(
    deployed: Stack,
) -> None:
    deployed.clock("+16m")  # the watch has looked once: what was due before that is not missed
    deployed.local("settle")
    deployed.clock("+61m")  # the alarm looks at an hour: what it was told while others asked is past
    assert state_of(deployed, "jobs-overdue") == "OK"
    for days in (1, 3, 40):
        deployed.clock(f"+{days}d")
        assert (days, state_of(deployed, "jobs-overdue")) == (days, "OK")
        assert (days, state_of(deployed, "audit-differences")) == (days, "OK")


def test_a_jump_over_the_receipt_and_the_release_of_an_order_releases_its_points(deployed: Stack) -> None:
    deployed.clock("+16m")
    deployed.local("settle")
    shopper = registered(deployed, units=SHIPPED)
    for number in range(SHIPPED):
        order = shopper.order(f"jump-{number}")
        shopper.pay(order)
        shopper.ship(order)
    _, earned, _ = shopper.points()
    deployed.clock("+40d")
    assert state_of(deployed, "audit-differences") == "OK"
    assert shopper.points() == (earned, 0, 0) != (0, 0, 0)


def test_after_a_jump_a_job_that_had_no_turn_is_overdue(deployed: Stack) -> None:
    deployed.clock("+16m")
    state_of(deployed, "jobs-overdue")
    switch(deployed, RELEASE_POINTS, "DISABLED")
    try:
        deployed.clock("+1d")
        assert state_of(deployed, "jobs-overdue") == "ALARM"
    finally:
        switch(deployed, RELEASE_POINTS, "ENABLED")
    deployed.local("fire", RELEASE_POINTS)
    deployed.clock("+61m")  # what the alarm looks at is over
    deployed.local("settle")
    deployed.local("fire", WATCH_JOBS)
    assert state_of(deployed, "jobs-overdue") == "OK"
