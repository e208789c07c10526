"""The watch over the jobs: what has not come to its end in its time is seen, and nothing else is."""

import io
import json
from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.aftersales import jobs as case_jobs
from functions.aftersales.queue import Worker as CasesWorker
from functions.aftersales.timetable import FOLLOW_CASES
from functions.contexts import timetable
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.policy import Policy, load
from functions.domain.timetable import At, Every, Scheduled
from functions.offers.schedule import CampaignsJob, MemberDayJob
from functions.offers.timetable import END_CAMPAIGNS, OPEN_MEMBER_DAY
from functions.operations.schedule import Watch
from functions.operations.watch import overdue
from functions.orders import jobs, life
from functions.orders.book import OrderBook
from functions.orders.rows import due_shard, key
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.payments.timetable import ASK_PAYMENTS, RECONCILE_PAYMENTS
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Row
from functions.platform.fanout import TASK_TRIES, Starter, Task
from functions.platform.observability import logger, metrics
from functions.platform.runs import Runs
from functions.points import passes, shards
from functions.points.account_rows import LOT_SHARDS, WALLET
from functions.points.looks import SECOND_LOOK_SECONDS
from functions.points.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_CHANGES,
    AUDIT_POINTS,
    EXPIRE_POINTS,
    RELEASE_POINTS,
    REPLAY_POINTS,
)
from functions.tiers.members import STANDING
from tests.stores.test_coupons import CouponWorkers
from tests.support.emf import SERVICE, Figures
from tests.support.events import Context
from tests.support.faults import SENDS_OF_THE_SDK, SERVER_ERROR, Calls
from tests.support.orders import OrderWorkers
from tests.support.paying import Paying
from tests.support.points import Died, Message, Points, Workers, mortal, store
from tests.support.shop import NOON, Shop
from tests.support.tampering import DUE, PAID, RECEIVED
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
BEGINNING = store(2026, 1, 1)
TIMES = {
    LAPSE_UNPAID: store(2026, 5, 1, 12),
    AUTO_RECEIPT: store(2026, 5, 1, 12),
    LOOK_FOR_PARCELS: store(2026, 5, 1, 12),
    FOLLOW_CASES: store(2026, 5, 1, 12),
    RELEASE_POINTS: store(2026, 5, 1, 12),
    EXPIRE_POINTS: store(2027, 1, 1),
    ANNOUNCE_EXPIRING: store(2026, 12, 2, 9),
    ISSUE_BIRTHDAY_COUPONS: store(2026, 5, 1, 0, 5),
    OPEN_MEMBER_DAY: store(2026, 5, 10),
    END_CAMPAIGNS: store(2026, 5, 1, 12),
    AUDIT_POINTS: store(2026, 5, 3, 2),
    AUDIT_CHANGES: store(2026, 5, 1, 4),
}
"""A time at which each job runs."""
SHARDED = [
    LAPSE_UNPAID,
    AUTO_RECEIPT,
    LOOK_FOR_PARCELS,
    FOLLOW_CASES,
    RELEASE_POINTS,
    EXPIRE_POINTS,
    ANNOUNCE_EXPIRING,
    ISSUE_BIRTHDAY_COUPONS,
]


@pytest.fixture(autouse=True)
def _few_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let an audit read these small tables in two segments each, and be called something."""
    monkeypatch.setattr(shards, "SMALL_ROWS", 1)
    for work in passes.SEGMENTS:
        monkeypatch.setitem(passes.SEGMENTS, work, 2)
    monkeypatch.setattr(metrics.provider, "service", SERVICE)


class CaseWorkers(Workers):
    """The functions of the job on cases, and the queue between them."""

    def tasks(self, job: str, at: datetime) -> list[Task]:
        """Return the tasks of the job that starts at a moment."""
        return case_jobs.tasks(job, at)

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        return CasesWorker(self.shop.tables, self.shop.settings, self.box.queue, self.shop.policy)


@dataclass
class Clockwork:
    """All jobs of the programme over one set of tables, watched over since a moment."""

    shop: Shop
    since: datetime | None = None
    workers: Workers = field(init=False)
    coupons: CouponWorkers = field(init=False)
    orders: OrderWorkers = field(init=False)
    cases: CaseWorkers = field(init=False)

    def __post_init__(self) -> None:
        # What is watched are tasks, whether there is something to do in them or not.
        self.workers, self.coupons = Workers(self.shop, looks_first=False), CouponWorkers(self.shop)
        self.orders = OrderWorkers(self.shop)
        self.cases = CaseWorkers(self.shop, looks_first=False)
        for job, at in TIMES.items():
            self.runs.watched_since(job, self.since or at - HOUR)

    @property
    def runs(self) -> Runs:
        """How far the jobs' runs have come."""
        return self.workers.runs

    def of(self, job: str) -> Workers:
        """Return the workers of a job whose work is tasks."""
        if job in (LAPSE_UNPAID, AUTO_RECEIPT, LOOK_FOR_PARCELS):
            return self.orders
        if job == FOLLOW_CASES:
            return self.cases
        if job in (ASK_PAYMENTS, RECONCILE_PAYMENTS):
            return Paying(self.shop).workers(looks_first=False)
        return self.coupons if job == ISSUE_BIRTHDAY_COUPONS else self.workers

    def start(self, job: str, at: datetime) -> list[Message]:
        """Start a job whose work is tasks, and take them out of its queue."""
        workers = self.of(job)
        workers.start(job, at)
        first, workers.box.waiting = list(workers.box.waiting), []
        return first

    def work(self, job: str, *messages: Message, **how: Any) -> None:
        """Deliver tasks, and what they hand on."""
        workers = self.of(job)
        workers.box.waiting += messages
        workers.run(**how)

    def run(self, job: str, at: datetime) -> None:
        """Run a job to its end."""
        if job == OPEN_MEMBER_DAY:
            MemberDayJob(self.shop.tables, self.shop.settings, self.shop.policy, lambda: at)(
                {"job": job}, Context()
            )
        elif job == END_CAMPAIGNS:
            CampaignsJob(self.shop.tables, self.shop.settings, lambda: at)({"job": job}, Context())
        else:
            assert self.of(job).do(job, at) == []

    def late(self, job: str, now: datetime) -> list[str]:
        """Return the schedules of a job that are overdue at a moment."""
        schedules = tuple(each for each in timetable(self.shop.policy) if each.job == job)
        return [each.schedule for each in overdue(schedules, self.runs, now, self.shop.policy.zone)]

    def watch(self, now: datetime) -> list[str]:
        """Return what the watch says at a moment."""
        watch = Watch(self.shop.tables, self.shop.settings, self.shop.policy, lambda: now)
        found: list[str] = watch({}, Context())["overdue"]
        return found


@pytest.fixture
def clockwork(shop: Shop) -> Clockwork:
    """The jobs, each watched over since an hour before its time."""
    return Clockwork(shop)


@pytest.fixture
def points(shop: Shop) -> Points:
    """Accounts with orders on paper."""
    return Points(shop)


def first_of(policy: Policy, job: str) -> Scheduled:
    """Return the schedule that is named after its job."""
    (found,) = [each for each in timetable(policy) if each.name == job]
    return found


def due(policy: Policy, job: str, at: datetime) -> datetime:
    """Return from when on a job is overdue if its run of a moment has not ended, and the next did neither."""
    scheduled = first_of(policy, job)
    if isinstance(scheduled.when, Every):
        # The run at that moment is the last that ended.
        return at + timedelta(minutes=scheduled.when.minutes) + scheduled.done_within + SECOND
    return at + scheduled.done_within


# --- one job ---


@pytest.mark.parametrize("job", TIMES)
def test_a_job_that_ends_is_not_overdue(clockwork: Clockwork, policy: Policy, job: str) -> None:
    at = TIMES[job]
    clockwork.run(job, at)
    for moment in (at, due(policy, job, at) - SECOND):
        assert job not in clockwork.late(job, moment)


@pytest.mark.parametrize("job", TIMES)
def test_a_run_that_was_missed_altogether_is_overdue_exactly_from_its_hour_on(
    clockwork: Clockwork, policy: Policy, job: str
) -> None:
    if isinstance(first_of(policy, job).when, Every):
        clockwork.run(job, TIMES[job])
    from_then_on = due(policy, job, TIMES[job])
    assert job not in clockwork.late(job, from_then_on - SECOND)
    assert clockwork.late(job, from_then_on)[0] == job


@pytest.mark.parametrize("job", [*SHARDED, AUDIT_POINTS, AUDIT_CHANGES])
def test_a_job_of_which_any_one_task_never_ends_is_overdue_exactly_from_its_hour_on(
    clockwork: Clockwork, policy: Policy, job: str
) -> None:
    at = TIMES[job]
    if isinstance(first_of(policy, job).when, Every):
        clockwork.run(job, at - timedelta(minutes=10))
        from_then_on = due(policy, job, at - timedelta(minutes=10))
    else:
        from_then_on = due(policy, job, at)
    *others, stuck = clockwork.start(job, at)
    clockwork.work(job, *others)
    assert job not in clockwork.late(job, from_then_on - SECOND)
    assert clockwork.late(job, from_then_on)[0] == job
    clockwork.work(job, stuck)
    assert job not in clockwork.late(job, from_then_on)


@pytest.mark.parametrize("missing", range(LOT_SHARDS))
def test_one_shard_of_eight_that_is_missing_is_missed(clockwork: Clockwork, missing: int) -> None:
    at = TIMES[RELEASE_POINTS]
    tasks = clockwork.start(RELEASE_POINTS, at)
    assert len(tasks) == LOT_SHARDS == 8
    stuck = tasks.pop(missing)
    clockwork.work(RELEASE_POINTS, *tasks, *tasks)  # each twice, which makes up for nothing
    assert not clockwork.runs.ended_since(RELEASE_POINTS, at)
    clockwork.work(RELEASE_POINTS, stuck)
    assert clockwork.runs.ended_since(RELEASE_POINTS, at)
    assert not clockwork.runs.ended_since(RELEASE_POINTS, at + SECOND)


@pytest.mark.parametrize("job", [*SHARDED, AUDIT_POINTS, AUDIT_CHANGES])
def test_the_late_end_of_an_older_run_changes_nothing(clockwork: Clockwork, job: str) -> None:
    at = TIMES[job]
    older = clockwork.start(job, at)
    newer = clockwork.start(job, at + HOUR)
    clockwork.work(job, *older)
    assert clockwork.runs.ended_since(job, at)
    assert not clockwork.runs.ended_since(job, at + HOUR)
    clockwork.work(job, *newer)
    assert clockwork.runs.ended_since(job, at + HOUR)
    clockwork.work(job, *older)
    assert clockwork.runs.ended_since(job, at + HOUR)


@pytest.mark.parametrize("job", SHARDED)
def test_parts_of_two_runs_make_up_one_as_of_the_older_and_none_as_of_the_newer(
    clockwork: Clockwork, job: str
) -> None:
    at = TIMES[job]
    older, newer = clockwork.start(job, at), clockwork.start(job, at + HOUR)
    half = len(older) // 2
    clockwork.work(job, *older[:half], *newer[half:])
    assert clockwork.runs.ended_since(job, at)
    assert not clockwork.runs.ended_since(job, at + SECOND)
    clockwork.work(job, *newer[: half - 1])
    assert not clockwork.runs.ended_since(job, at + SECOND)
    clockwork.work(job, newer[half - 1])
    assert clockwork.runs.ended_since(job, at + HOUR)


def test_a_newer_beginning_does_not_undo_an_older_runs_end(clockwork: Clockwork) -> None:
    at = TIMES[AUDIT_POINTS]
    clockwork.run(AUDIT_POINTS, at)
    clockwork.start(AUDIT_POINTS, at + HOUR)
    assert clockwork.runs.ended_since(AUDIT_POINTS, at)


def test_a_job_without_tasks_has_come_to_its_end(clockwork: Clockwork) -> None:
    at = store(2026, 6, 1)
    assert clockwork.start(ANNOUNCE_EXPIRING, at) == []
    assert clockwork.runs.ended_since(ANNOUNCE_EXPIRING, at)
    assert not clockwork.runs.ended_since(ANNOUNCE_EXPIRING, at + SECOND)


def test_a_task_of_another_job_ends_nothing(clockwork: Clockwork) -> None:
    at = TIMES[EXPIRE_POINTS]
    clockwork.start(EXPIRE_POINTS, at)
    clockwork.run(ANNOUNCE_EXPIRING, at)
    clockwork.run(RELEASE_POINTS, at)
    assert not clockwork.runs.ended_since(EXPIRE_POINTS, at)


def test_a_job_never_begun_has_not_ended_whatever_ends(clockwork: Clockwork) -> None:
    clockwork.runs.end(RELEASE_POINTS, NOON, "000")
    assert not clockwork.runs.ended_since(RELEASE_POINTS, BEGINNING)


def test_a_job_has_one_row_per_part_however_often_it_runs(clockwork: Clockwork, shop: Shop) -> None:
    def rows() -> int:
        answer = shop.tables.client.scan(TableName=shop.settings.reports_table)
        return len(answer["Items"])

    clockwork.run(RELEASE_POINTS, NOON)
    once = rows()
    for number in range(1, 4):
        clockwork.run(RELEASE_POINTS, NOON + number * MINUTE)
    assert rows() == once


def test_ends_of_many_runs_at_once_and_in_any_order_leave_the_newest(clockwork: Clockwork) -> None:
    clockwork.runs.begin(RELEASE_POINTS, NOON, parts=1)

    def end(number: int) -> None:
        clockwork.runs.end(RELEASE_POINTS, NOON + (number * 7 % 20) * SECOND, "000")

    at_once(20, end)
    clockwork.runs.begin(RELEASE_POINTS, NOON + 19 * SECOND, parts=1)
    assert clockwork.runs.ended_since(RELEASE_POINTS, NOON + 19 * SECOND)


# --- a shard's end ---


def due_at_noon(points: Points, lots: int) -> None:
    """Let alice have so many lots whose release is due at noon, and points that have expired."""
    points.join("alice")
    for _ in range(lots):
        points.bought("alice", 1, NOON - 20 * DAY, NOON - 10 * DAY)
    points.adjust("alice", 100, store(2024, 6, 1), "gift")


def test_a_shard_that_is_handed_on_is_at_its_end_with_its_last_task(
    clockwork: Clockwork, points: Points, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.points.jobs.PAGE_ROWS", 2)
    due_at_noon(points, 7)
    box, end, early = clockwork.workers.box, Runs.end, list[str]()

    def watched_end(runs: Runs, job: str, at: datetime, part: str, *, parts: int = 1) -> None:
        early.extend(part for each in box.waiting if each.task.part == part and each.task.after is not None)
        end(runs, job, at, part, parts=parts)

    monkeypatch.setattr(Runs, "end", watched_end)
    clockwork.work(RELEASE_POINTS, *clockwork.start(RELEASE_POINTS, NOON), looks=lambda: 4)
    assert [each for each in box.put if each.task.after is not None], "nothing was handed on"
    assert early == []
    assert clockwork.runs.ended_since(RELEASE_POINTS, NOON)
    assert points.wallet("alice").frozen == 0


@pytest.mark.parametrize(
    ("job", "item"),
    [(RELEASE_POINTS, "LOT#order-0000"), (EXPIRE_POINTS, WALLET), (ISSUE_BIRTHDAY_COUPONS, STANDING)],
)
def test_tasks_about_single_rows_end_no_shard(
    clockwork: Clockwork, points: Points, job: str, item: str
) -> None:
    due_at_noon(points, 1)
    row = {"member_id": "alice", "item": item}
    singles = [_about(each, row) for each in clockwork.start(job, NOON)]
    clockwork.work(job, *singles)
    assert clockwork.of(job).box.dead == []
    assert not clockwork.runs.ended_since(job, NOON)


def test_a_row_that_keeps_failing_holds_no_shards_end_up_and_is_set_aside(
    clockwork: Clockwork, points: Points
) -> None:
    due_at_noon(points, 2)
    points.delete("alice", WALLET)
    dead = clockwork.workers.do(RELEASE_POINTS, NOON)
    assert [task for task in dead if task.only] == dead != []
    assert clockwork.runs.ended_since(RELEASE_POINTS, NOON)


def _about(message: Message, row: Row) -> Message:
    return Message(json.dumps(json.loads(message.body) | {"only": [row]}), 0)


@pytest.mark.parametrize("job", [*SHARDED, AUDIT_POINTS, AUDIT_CHANGES])
def test_an_end_that_could_not_be_written_is_written_when_the_task_comes_again(
    clockwork: Clockwork, calls: Calls, job: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, end = TIMES[job], Runs.end

    def struck(runs: Runs, job: str, at: datetime, part: str, *, parts: int = 1) -> None:
        monkeypatch.setattr(Runs, "end", end)
        calls.fail("PutItem", *[SERVER_ERROR] * SENDS_OF_THE_SDK * TASK_TRIES)
        end(runs, job, at, part, parts=parts)

    monkeypatch.setattr(Runs, "end", struck)
    tasks = clockwork.start(job, at)
    clockwork.of(job).receives_max = 1
    clockwork.work(job, *tasks)
    assert len(clockwork.of(job).box.dead) == 1
    assert not clockwork.runs.ended_since(job, at)
    clockwork.of(job).redrive()
    clockwork.work(job)
    assert clockwork.runs.ended_since(job, at)


# --- a starter that dies ---


@pytest.mark.parametrize("steps", range(LOT_SHARDS + 1))
def test_a_starter_that_dies_at_any_step_has_not_run_its_job_and_its_repeat_has(
    clockwork: Clockwork, client: "DynamoDBClient", steps: int
) -> None:
    workers, box = clockwork.workers, clockwork.workers.box
    clockwork.run(RELEASE_POINTS, NOON)
    with mortal(client, box, steps) as life, pytest.raises(Died):
        workers.start(RELEASE_POINTS, NOON + HOUR)
    assert life.over
    workers.run()
    assert not clockwork.runs.ended_since(RELEASE_POINTS, NOON + HOUR)
    assert clockwork.late(RELEASE_POINTS, NOON + 70 * MINUTE) == []
    assert clockwork.late(RELEASE_POINTS, NOON + 70 * MINUTE + SECOND) == [RELEASE_POINTS]
    clockwork.run(RELEASE_POINTS, NOON + 71 * MINUTE)
    assert clockwork.late(RELEASE_POINTS, NOON + 70 * MINUTE + SECOND) == []


# --- jobs on orders, and the member day ---


@pytest.mark.parametrize("job", [LAPSE_UNPAID, AUTO_RECEIPT])
def test_a_job_on_orders_ends_beside_one_that_fails_which_is_alone_on_the_failure_queue(
    clockwork: Clockwork, shop: Shop, monkeypatch: pytest.MonkeyPatch, job: str
) -> None:
    at, order_id = one_due(shop, job)

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr(OrderBook, "turn", fail)
        (dead,) = clockwork.orders.do(job, at)
    assert dead.only == (key(order_id),)
    assert clockwork.runs.ended_since(job, at)
    clockwork.orders.redrive()
    assert clockwork.orders.run() == []
    assert clockwork.runs.ended_since(job, at)


@pytest.mark.parametrize("job", [LAPSE_UNPAID, AUTO_RECEIPT])
def test_a_job_on_orders_whose_shard_cannot_be_read_ends_when_its_task_comes_again(
    clockwork: Clockwork, calls: Calls, job: str
) -> None:
    calls.fail("Query", *[SERVER_ERROR] * SENDS_OF_THE_SDK * TASK_TRIES)
    clockwork.orders.receives_max = 1
    (dead,) = clockwork.orders.do(job, NOON)
    assert dead.only == ()
    assert not clockwork.runs.ended_since(job, NOON)
    clockwork.orders.redrive()
    assert clockwork.orders.run() == []
    assert clockwork.runs.ended_since(job, NOON)


@pytest.mark.parametrize("job", [LAPSE_UNPAID, AUTO_RECEIPT])
def test_a_job_on_orders_starts_tasks_only_of_shards_with_something_due_and_ends_the_others(
    clockwork: Clockwork, shop: Shop, job: str
) -> None:
    at, order_id = one_due(shop, job)
    workers, idle = clockwork.orders, partial(jobs.idle, book=shop.book)

    def started(at: datetime) -> int:
        starter = Starter(workers.box.queue, workers.runs, jobs.tasks, lambda: at, idle=idle)
        return starter({"job": job}, Context())["tasks"]

    assert started(at) == 1
    (message,) = workers.box.waiting
    assert message.task.shard == due_shard(order_id)
    assert not workers.runs.ended_since(job, at)  # the one is not
    assert workers.run() == []
    assert workers.runs.ended_since(job, at)
    assert started(at + MINUTE) == 0
    assert workers.runs.ended_since(job, at + MINUTE)


def test_a_job_on_points_starts_tasks_only_of_shards_with_something_due_and_ends_the_others(
    points: Points, shop: Shop
) -> None:
    points.join("alice")
    points.bought("alice", 100, PAID, RECEIVED)
    workers = Workers(shop)
    for job, at in ((RELEASE_POINTS, DUE - SECOND), (EXPIRE_POINTS, DUE)):
        assert workers.start(job, at) == 0
        assert workers.runs.ended_since(job, at)
    assert workers.start(RELEASE_POINTS, DUE) == 1
    assert not workers.runs.ended_since(RELEASE_POINTS, DUE)
    assert workers.run() == []
    assert workers.runs.ended_since(RELEASE_POINTS, DUE)


def one_due(shop: Shop, job: str) -> tuple[datetime, str]:
    """Let there be an order that the job has to do something with; return when, and its id."""
    shop.register("alice")
    shop.stock("tea", 5)
    order, _ = shop.place("alice", "k1", "tea")
    if job == AUTO_RECEIPT:
        shop.pay(order)
        shop.book.change(order.order_id, lambda paid: life.ship(paid, told={}, now=NOON), Deadline(20))
    return NOON + 20 * DAY, order.order_id


def test_a_member_day_that_could_not_be_put_down_has_not_ended(
    clockwork: Clockwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = TIMES[OPEN_MEMBER_DAY]

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as broken:
        broken.setattr("functions.offers.member_day.record", fail)
        with pytest.raises(ZeroDivisionError):
            clockwork.run(OPEN_MEMBER_DAY, at)
    assert clockwork.late(OPEN_MEMBER_DAY, at + 30 * MINUTE) == [OPEN_MEMBER_DAY]
    clockwork.run(OPEN_MEMBER_DAY, at + 15 * MINUTE)
    assert clockwork.late(OPEN_MEMBER_DAY, at + 45 * MINUTE) == []


# --- the audit ---


def test_E9_an_audit_has_ended_when_its_report_is_whole_and_not_before(
    clockwork: Clockwork, points: Points
) -> None:
    at = TIMES[AUDIT_POINTS]
    points.join("alice")
    points.pay("alice", 5, at - DAY)  # is not posted, so it is looked at once more, later
    tasks = clockwork.start(AUDIT_POINTS, at)
    for number, task in enumerate(tasks):
        clockwork.work(AUDIT_POINTS, task, delayed=False)
        assert not clockwork.runs.ended_since(AUDIT_POINTS, at), number
    assert [each.delay_seconds for each in clockwork.workers.box.waiting] == [SECOND_LOOK_SECONDS]
    assert clockwork.late(AUDIT_POINTS, at + HOUR) == [AUDIT_POINTS]
    clockwork.work(AUDIT_POINTS)
    assert clockwork.runs.ended_since(AUDIT_POINTS, at)
    assert clockwork.late(AUDIT_POINTS, at + HOUR) == []


def test_a_replay_is_no_job_of_the_timetable_and_ends_none(clockwork: Clockwork) -> None:
    at = TIMES[AUDIT_POINTS]
    clockwork.run(REPLAY_POINTS, at)
    assert not clockwork.runs.ended_since(AUDIT_POINTS, at)
    assert clockwork.late(REPLAY_POINTS, at + DAY) == []


# --- the watch ---


def test_on_a_fresh_stack_nothing_is_overdue_before_it_was_first_watched(shop: Shop, policy: Policy) -> None:
    first = store(2026, 12, 31, 23, 50)
    watch = [first]
    handler = Watch(shop.tables, shop.settings, policy, lambda: watch[0])
    seen = dict[str, timedelta]()
    for minutes in range(0, 10 * 60, 5):
        watch[0] = first + minutes * MINUTE
        for name in handler({}, Context())["overdue"]:
            seen.setdefault(name, minutes * MINUTE)
    assert seen == {
        "lapse-unpaid": timedelta(minutes=35),
        "ask-payments": timedelta(minutes=35),
        "end-campaigns": timedelta(minutes=15),
        "auto-receipt": timedelta(hours=2, minutes=5),
        "look-for-parcels": timedelta(hours=3),
        "follow-cases": timedelta(minutes=35),
        "release-points": timedelta(minutes=70),
        "expire-points": timedelta(hours=6, minutes=10),
        "expire-points-again": timedelta(hours=6, minutes=40),
        "issue-birthday-coupons": timedelta(hours=6, minutes=15),
        "audit-changes": timedelta(hours=5, minutes=10),
    }


def test_jobs_overdue_is_counted_also_when_there_are_none(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    clockwork = Clockwork(shop, BEGINNING)
    assert clockwork.watch(BEGINNING) == []
    figures = Figures().read(capsys.readouterr().out)
    assert figures.values == {"jobs_overdue": [0]}
    assert (figures.dimensions, figures.services) == ({("service",)}, {SERVICE})
    found = clockwork.watch(BEGINNING + 2 * HOUR)
    assert found == [END_CAMPAIGNS, LAPSE_UNPAID, ASK_PAYMENTS, FOLLOW_CASES, RELEASE_POINTS]
    assert Figures().read(capsys.readouterr().out).values == {"jobs_overdue": [5]}


def test_the_log_names_each_schedule_that_is_overdue_and_since_when_its_run_is_wanted(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    clockwork = Clockwork(shop, BEGINNING)
    log = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", log)
    for job in (LAPSE_UNPAID, AUTO_RECEIPT, LOOK_FOR_PARCELS, FOLLOW_CASES, RELEASE_POINTS):
        clockwork.run(job, store(2026, 1, 2, 8, 5))
    clockwork.run(END_CAMPAIGNS, store(2026, 1, 2, 8, 20))
    clockwork.run(EXPIRE_POINTS, store(2026, 1, 2, 0, 29))
    log.truncate(0)
    clockwork.runs.begin(ISSUE_BIRTHDAY_COUPONS, BEGINNING, parts=1)
    names = clockwork.watch(store(2026, 1, 2, 8, 30))
    lines = [json.loads(line) for line in log.getvalue().strip("\0\n").splitlines()]
    told = {line["schedule"]: (line["job"], line["wanted_since"]) for line in lines}
    assert {line["level"] for line in lines} == {"ERROR"}
    assert list(told) == names
    assert told == {
        "expire-points-again": ("expire-points", "2026-01-02 00:30:00+08:00"),
        "issue-birthday-coupons": ("issue-birthday-coupons", "2026-01-01 00:05:00+08:00"),
        "issue-birthday-coupons-again": ("issue-birthday-coupons", "2026-01-02 00:05:00+08:00"),
        "audit-changes": ("audit-changes", "2026-01-02 04:00:00+08:00"),
    }


# --- the whole timetable ---


class Memory:
    """The rows of one table in memory, as far as the watch needs a database."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}

    def begun_at(self) -> datetime:
        """Return a moment: when parts ended the watch does not ask."""
        return NOON

    def get(self, table: str, key: Key) -> Row | None:
        """Return a row."""
        return self._rows.get(key["report"], {}).get(key["item"])

    def put_new(self, table: str, row: Row) -> bool:
        """Put a row unless there is one."""
        return self._rows.setdefault(row["report"], {}).setdefault(row["item"], row) is row

    def put_newer(self, table: str, row: Row, *, by: str) -> None:
        """Put a row unless there is a newer one."""
        rows = self._rows.setdefault(row["report"], {})
        if row["item"] not in rows or rows[row["item"]][by] <= row[by]:
            rows[row["item"]] = row

    def query_all(
        self, table: str, *, partition: tuple[str, str], prefix: tuple[str, str], page: int
    ) -> Iterator[Row]:
        """Give the rows of a partition."""
        for item, row in self._rows.get(partition[1], {}).items():
            if item.startswith(prefix[1]):
                yield row


Fired = tuple[str, datetime]
"""A schedule, and when."""


def firings(scheduled: Scheduled, first: datetime, last: datetime) -> Iterator[datetime]:
    """Give the times from one moment to another at which a schedule fires."""
    at = scheduled.when
    if isinstance(at, Every):
        step, moment = timedelta(minutes=at.minutes), first
    else:
        step = DAY if at.until_hour is None else HOUR
        moment = first.astimezone(ZONE).replace(hour=at.hour, minute=at.minute)
    while moment <= last:
        on_its_day = isinstance(at, Every) or (
            moment.hour in at.hours
            and at.day in (None, moment.day)
            and at.month in (None, moment.month)
            and at.weekday in (None, moment.isoweekday())
        )
        if on_its_day and moment >= first:
            yield moment
        moment += step


def looks(first: datetime, *also: datetime) -> list[datetime]:
    """Return when the watch looks in the fortnight that begins then."""
    return sorted({*also, *(first + number * HOUR for number in range(14 * 24))})


def fortnight(
    first: datetime,
    *,
    takes: Callable[[Scheduled], timedelta] = lambda _: timedelta(),
    left_out: Callable[[Scheduled, datetime], bool] = lambda *_: False,
    by_hand: tuple[Fired, ...] = (),
    also_looks: tuple[datetime, ...] = (),
) -> dict[str, list[datetime]]:
    """Let all jobs run for a fortnight; return at which looks of the watch each schedule was overdue.

    The watch looks every hour, and at some moments besides.
    """
    runs, last = Runs(Memory(), "reports"), first + 14 * DAY  # type: ignore[arg-type]
    schedules = timetable(POLICY)
    fired = [
        (each.job, takes(each), [at for at in firings(each, first, last) if not left_out(each, at)])
        for each in schedules
    ]
    fired += [(job, timedelta(), [at]) for job, at in by_hand]
    found: dict[str, list[datetime]] = {}
    for now in looks(first, *also_looks):
        for job, time, times in fired:  # of each part only its newest row is left for a look to see
            if begun := bisect_right(times, now):
                runs.begin(job, times[begun - 1], parts=2)
                runs.end(job, times[begun - 1], "000")
            if done := bisect_right(times, now - time):
                runs.end(job, times[done - 1], "001")
        for late in overdue(schedules, runs, now, ZONE):
            found.setdefault(late.schedule, []).append(now)
    return found


POLICY = load()
ZONE = POLICY.zone
NEW_YEAR, NOTICE = store(2026, 12, 28), store(2026, 11, 28)
"""Fortnights with a year's end, the first of a month and a member day; with the notices of what expires."""


@pytest.mark.parametrize("first", [NEW_YEAR, NOTICE, store(2028, 2, 20)])
@pytest.mark.parametrize("slow", [False, True])
def test_jobs_that_all_run_at_their_times_and_end_in_theirs_are_never_overdue(
    first: datetime, slow: bool
) -> None:
    assert fortnight(first, takes=lambda each: each.done_within if slow else timedelta()) == {}


def test_a_job_that_takes_a_quarter_of_an_hour_too_long_is_overdue_for_that_long() -> None:
    slow = fortnight(
        NEW_YEAR,
        takes=lambda each: each.done_within + 15 * MINUTE if each.job == AUDIT_CHANGES else timedelta(),
    )
    assert slow == {AUDIT_CHANGES: [NEW_YEAR + day * DAY + 5 * HOUR for day in range(14)]}


@dataclass(frozen=True, kw_only=True)
class Outage:
    """A schedule that does not fire for a while, and when it is overdue for that."""

    name: str
    out: tuple[datetime, datetime]
    overdue: tuple[datetime, datetime]
    first: datetime = NEW_YEAR
    by_hand: tuple[Fired, ...] = ()


def once(at: datetime) -> tuple[datetime, datetime]:
    """Return the span in which a schedule does not fire at one of its times."""
    return at, at + MINUTE


NOON_OF_3_JANUARY = store(2027, 1, 3, 12)
OUTAGES = [
    Outage(
        name="lapse-unpaid",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 12, 30, 1), store(2027, 1, 3, 15)),  # after it ran at 11:59
    ),
    Outage(
        name="ask-payments",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 12, 30, 1), store(2027, 1, 3, 15)),  # after it ran at 11:59
    ),
    Outage(
        name="reconcile-payments",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 13, 25), store(2027, 1, 3, 15, 30)),  # after it ran at 11:30
    ),
    Outage(
        name="auto-receipt",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 6 * HOUR),
        overdue=(store(2027, 1, 3, 14, 0, 1), store(2027, 1, 3, 18)),  # after it ran at 11:55
    ),
    Outage(
        name="look-for-parcels",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 6 * HOUR),
        overdue=(store(2027, 1, 3, 14, 0, 1), store(2027, 1, 3, 18)),  # after it ran at 11:00
    ),
    Outage(
        name="follow-cases",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 12, 30, 1), store(2027, 1, 3, 15)),  # after it ran at 11:55
    ),
    Outage(
        name="end-campaigns",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 12, 10, 1), store(2027, 1, 3, 15)),  # after it ran at 11:55
    ),
    Outage(
        name="release-points",
        out=(NOON_OF_3_JANUARY, NOON_OF_3_JANUARY + 3 * HOUR),
        overdue=(store(2027, 1, 3, 13, 0, 1), store(2027, 1, 3, 15)),  # after it ran at 11:50
    ),
    Outage(
        name="expire-points-again",
        out=once(store(2027, 1, 3, 0, 30)),
        overdue=(store(2027, 1, 3, 6, 30), store(2027, 1, 4, 0, 30)),
    ),
    Outage(
        name="announce-expiring",
        first=NOTICE,
        out=once(store(2026, 12, 2, 9)),
        overdue=(store(2026, 12, 2, 15), store(2026, 12, 3, 9)),
    ),
    Outage(
        name="announce-expiring-again",
        first=NOTICE,
        out=once(store(2026, 12, 3, 9)),
        overdue=(store(2026, 12, 3, 15), store(2026, 12, 5, 12)),
        by_hand=((ANNOUNCE_EXPIRING, store(2026, 12, 5, 12)),),
    ),
    Outage(
        name="issue-birthday-coupons",
        out=once(store(2027, 1, 1, 0, 5)),
        overdue=(store(2027, 1, 1, 6, 5), store(2027, 1, 2, 0, 5)),
    ),
    Outage(
        name="issue-birthday-coupons-again",
        out=once(store(2027, 1, 2, 0, 5)),
        overdue=(store(2027, 1, 2, 6, 5), store(2027, 1, 4, 12)),
        by_hand=((ISSUE_BIRTHDAY_COUPONS, store(2027, 1, 4, 12)),),
    ),
    Outage(
        name="open-member-day-again",
        out=once(store(2027, 1, 10, 0, 15)),
        overdue=(store(2027, 1, 10, 0, 45), store(2027, 1, 10, 12)),
        by_hand=((OPEN_MEMBER_DAY, store(2027, 1, 10, 12)),),
    ),
    Outage(
        name="audit-changes",
        out=once(store(2027, 1, 5, 4)),
        overdue=(store(2027, 1, 5, 5), store(2027, 1, 6, 4)),
    ),
    Outage(
        name="audit-points",
        out=once(store(2027, 1, 3, 2)),
        overdue=(store(2027, 1, 3, 3), store(2027, 1, 10, 2)),
    ),
]
MADE_UP_FOR = {
    "expire-points": once(store(2027, 1, 1)),
    "open-member-day": once(store(2027, 1, 10)),
}
"""Schedules whose second run has done the work before the first one's time is up."""


def leaving_out(name: str, span: tuple[datetime, datetime]) -> Callable[[Scheduled, datetime], bool]:
    """Return what tells that a schedule does not fire in a span."""
    return lambda scheduled, at: scheduled.name == name and span[0] <= at < span[1]


@pytest.mark.parametrize("outage", OUTAGES, ids=lambda each: each.name)
def test_a_schedule_that_is_left_out_and_no_other_is_overdue_until_its_next_run(outage: Outage) -> None:
    begins, ends = outage.overdue
    borders = (begins - SECOND, begins, ends - SECOND, ends)
    found = fortnight(
        outage.first,
        left_out=leaving_out(outage.name, outage.out),
        by_hand=outage.by_hand,
        also_looks=borders,
    )
    assert found == {outage.name: [each for each in looks(outage.first, *borders) if begins <= each < ends]}


@pytest.mark.parametrize("name", MADE_UP_FOR)
def test_what_the_second_run_has_done_in_the_firsts_time_is_not_overdue(name: str) -> None:
    assert fortnight(NEW_YEAR, left_out=leaving_out(name, MADE_UP_FOR[name])) == {}


def test_what_no_run_has_done_is_overdue_by_each_of_its_schedules() -> None:
    opened_by_hand = store(2027, 1, 10, 6)
    found = fortnight(
        NEW_YEAR,
        left_out=lambda scheduled, _: scheduled.job == OPEN_MEMBER_DAY,
        by_hand=((OPEN_MEMBER_DAY, opened_by_hand),),
    )
    assert found == {
        "open-member-day": [store(2027, 1, 10, hour) for hour in range(1, 6)],
        "open-member-day-again": [store(2027, 1, 10, hour) for hour in range(1, 6)],
    }


def test_every_schedule_is_left_out_once() -> None:
    assert {each.name for each in OUTAGES} | MADE_UP_FOR.keys() == {each.name for each in timetable(POLICY)}


def test_the_real_jobs_of_the_days_around_a_years_end_are_never_overdue(shop: Shop) -> None:
    first, last = store(2026, 12, 31), store(2027, 1, 2, 12)
    clockwork = Clockwork(shop, first)
    schedules = [each for each in timetable(POLICY) if isinstance(each.when, At)]
    fired = sorted((at, each.job) for each in schedules for at in firings(each, first, last))
    daily = {AUDIT_CHANGES, RECONCILE_PAYMENTS}
    assert {job for _, job in fired} == {EXPIRE_POINTS, ISSUE_BIRTHDAY_COUPONS, *daily}
    now = first
    while now <= last:
        while fired and fired[0][0] <= now:
            at, job = fired.pop(0)
            clockwork.run(job, at)
        often = (LAPSE_UNPAID, AUTO_RECEIPT, LOOK_FOR_PARCELS, FOLLOW_CASES, RELEASE_POINTS, END_CAMPAIGNS)
        for job in (*often, ASK_PAYMENTS):
            clockwork.run(job, now)
        assert clockwork.watch(now + MINUTE) == []
        now += 3 * HOUR
    assert fired == []
