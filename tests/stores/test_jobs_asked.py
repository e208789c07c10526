"""Runs of jobs that were asked for: one start for each, whatever fails, dies or comes twice (K8, R1)."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions import contexts
from functions.domain.errors import TryAgainError
from functions.operations.requests import Asked, Requests, Starting
from functions.platform.deadline import Deadline
from functions.platform.fanout import Task, TaskError
from functions.platform.starting import Functions
from functions.points.timetable import RELEASE_POINTS
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    SERVER_ERROR,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
)
from tests.support.points import Box
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

ALWAYS = 1_000


@dataclass
class Lambdas:
    """Lambda, which counts what was started; something may happen before it answers."""

    started: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def invoke(self, *, FunctionName: str, **_: Any) -> None:
        """Start a function."""
        self.started.append(FunctionName)
        self.meanwhile()


@dataclass
class Office:
    """Who asks, and who starts."""

    shop: Shop
    box: Box = field(default_factory=Box)
    lambdas: Lambdas = field(default_factory=Lambdas)
    now: Any = NOON

    def ask(self, request_id: str = "r1") -> Asked:
        """Ask for a run."""
        requests = Requests(self.shop.tables, self.shop.settings.reports_table, self.box.queue)
        return requests.ask(RELEASE_POINTS, request_id, by="admin", at=self.now, deadline=Deadline(1))

    def start(self, task: Task) -> None:
        """Deliver a message."""
        starting = Starting(
            self.shop.tables,
            self.shop.settings.reports_table,
            Functions(self.lambdas, "memberday-test"),  # type: ignore[arg-type]
            contexts.starters(),
            lambda: self.now,
        )
        starting.work(task, Deadline(1))

    def until_started(self) -> None:
        """Deliver the messages until none waits, each again after its queue has hidden it."""
        waiting = [message.task for message in self.box.waiting]
        self.box.waiting.clear()
        for task in waiting:
            for _ in range(5):
                try:
                    self.start(task)
                    break
                except Exception:
                    self.now += timedelta(minutes=6)
            else:
                raise AssertionError("it is never started")

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.shop.tables.client.scan(TableName=self.shop.settings.reports_table)["Items"])


@pytest.fixture
def office(shop: Shop) -> Office:
    """An office over a shop's tables."""
    return Office(shop)


@pytest.mark.parametrize("fault", [LOST_AFTER, RESET_BEFORE, SERVER_ERROR, SERVER_ERROR_AFTER, THROTTLED])
@pytest.mark.parametrize("at", ["GetItem", "PutItem"])
def test_case_14_to_19_asking_under_faults_ends_in_one_row_and_one_run(
    office: Office, calls: Calls, at: Any, fault: Fault
) -> None:
    calls.fail(at, fault, fault, fault)
    for _ in range(5):
        try:
            office.ask()
            break
        except TryAgainError:
            continue
    else:
        raise AssertionError("it can never be asked for")
    calls.faults.clear()
    assert office.rows == 1
    office.until_started()
    assert len(office.lambdas.started) == 1
    assert office.ask().started_at is not None


def test_case_18_where_nothing_can_be_written_no_message_is_put(office: Office, calls: Calls) -> None:
    calls.fail("PutItem", *[THROTTLED] * ALWAYS)
    with pytest.raises(TryAgainError):
        office.ask()
    assert office.box.waiting == []
    calls.faults.clear()
    assert office.rows == 0


@pytest.mark.parametrize("fault", [LOST_AFTER, RESET_BEFORE, SERVER_ERROR, SERVER_ERROR_AFTER, THROTTLED])
@pytest.mark.parametrize("skip", [0, 1])
def test_case_20_a_start_whose_writes_fail_ends_started_and_a_second_start_has_a_reason(
    office: Office, calls: Calls, fault: Fault, skip: int
) -> None:
    office.ask()
    if skip:  # the write that says that it was started, not the one that says that it will be
        office.lambdas.meanwhile = lambda: calls.fail("UpdateItem", fault, fault, fault, fault)
    else:
        calls.fail("UpdateItem", fault, fault, fault, fault)
    with suppress(TryAgainError, TaskError):
        office.start(office.box.waiting[0].task)
    calls.faults.clear()
    office.lambdas.meanwhile = lambda: None
    office.until_started()
    assert office.ask().started_at is not None
    assert 1 <= len(office.lambdas.started) <= 1 + skip


def test_case_2_messages_of_one_run_that_are_worked_off_at_once_start_it_once(office: Office) -> None:
    office.ask()
    task = office.box.waiting[0].task

    def deliver(_: int) -> bool:
        try:
            office.start(task)
        except TaskError:
            return False
        return True

    assert any(at_once(8, deliver))
    assert len(office.lambdas.started) == 1


def test_case_2_one_run_that_many_ask_for_at_once_is_one(office: Office) -> None:
    asked = at_once(8, lambda _: office.ask())
    assert {each.request_id for each in asked if isinstance(each, Asked)} == {"r1"}
    assert office.rows == 1
    office.until_started()
    assert len(office.lambdas.started) == 1


def test_case_34_a_worker_that_dies_before_it_says_so_is_followed_by_another(office: Office) -> None:
    class Killed(BaseException):
        """The process is gone."""

    def die() -> None:
        raise Killed

    office.ask()
    task = office.box.waiting[0].task
    office.lambdas.meanwhile = die
    with pytest.raises(Killed):
        office.start(task)
    office.lambdas.meanwhile = lambda: None
    office.now += timedelta(minutes=1)
    with pytest.raises(TaskError):
        office.start(task)
    office.now += timedelta(minutes=1)
    office.start(task)
    office.start(task)
    assert len(office.lambdas.started) == 2, "a job that is started twice has one effect (R1)"


def test_R1_the_same_id_years_later_is_the_same_run(office: Office) -> None:
    first = office.ask()
    office.until_started()
    office.now += timedelta(days=1_000)
    again = office.ask()
    assert (again.asked_at, again.started_at) == (first.asked_at, NOON)
    assert office.box.waiting == []
    office.ask("r2")
    office.until_started()
    assert len(office.lambdas.started) == 2
