"""The issue of birthday coupons: which shards it has, and what it does with each member (B1-B3, B6)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from functions.coupons.coupons import Coupons, Held
from functions.coupons.eligibility import birthday_coupon, first_of_month
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import calendar
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Handled, Page, Task, WorkQueue, each_until, page_of, per_shard, work_off
from functions.platform.observability import logger
from functions.platform.runs import Runs
from functions.tiers.members import BIRTHDAY_SHARDS, STANDING, key

PAGE_ROWS = 50
"""Rows of one page: what a worker does at least once more when it dies."""


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of the job that starts at a moment.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job != ISSUE_BIRTHDAY_COUPONS:
        raise KeyError(job)
    return per_shard(job, at, BIRTHDAY_SHARDS)


@dataclass(frozen=True, slots=True)
class CouponJobs:
    """What a worker does with a task of the job."""

    coupons: Coupons
    runs: Runs
    queue: WorkQueue
    policy: Policy

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it.

        Raises
        ------
        TaskError
            Rows that failed before failed again.
        """
        first = first_of_month(task.at, self.policy)

        def page(after: Row | None) -> Page:
            return page_of(*self.coupons.birthdays(first, task.shard, limit=PAGE_ROWS, after=after))

        def handle(rows: list[Row]) -> Handled:
            member_ids = [row["member_id"] for row in rows]
            return issue_to(self.coupons, self.policy, member_ids, task.at, deadline)

        if work_off(task, self.queue, page=page, handle=handle, deadline=deadline):
            self.runs.end(task.work, task.at, task.part)


def issue_to(
    coupons: Coupons, policy: Policy, member_ids: Sequence[str], at: datetime, deadline: Deadline
) -> Handled:
    """Give those of these members a coupon who are to have one at a moment and have none of that year."""

    def issue(held: Held) -> int:
        coupon = birthday_coupon(
            policy,
            member_id=held.member_id,
            tier=held.standing.standing.tier,
            birthday=held.standing.birthday,
            at=at,
        )
        return coupon is not None and coupons.issue(held, coupon, deadline)

    begins, _ = calendar.month_of(at, policy.zone)
    handled = each_until(
        deadline,
        coupons.due(member_ids, begins, deadline),
        issue,
        rows_of=lambda held: [key(held.member_id, STANDING)],
    )
    if handled.done:
        logger.info("coupons issued", extra={"coupons": handled.done})
    return handled
