"""The points' jobs: which shards they have, and what they do with each row that is due (E3, E5, E7, E10)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import (
    IN_FLIGHT,
    Handled,
    Page,
    Task,
    WorkQueue,
    each_until,
    page_of,
    per_shard,
    work_off,
)
from functions.platform.observability import logger
from functions.platform.runs import Runs
from functions.points.account_rows import LOT, LOT_SHARDS, WALLET, WALLET_SHARDS, wallet_of
from functions.points.accounts import AccountMissingError, Accounts
from functions.points.ledger import expiry
from functions.points.posting import LOTS_PER_RELEASE_MAX
from functions.points.timetable import ANNOUNCE_EXPIRING, EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers import members

WORKS = (RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING)
PAGE_ROWS = 50
"""Rows of one page: what a worker does at least once more when it dies."""


def tasks(job: str, at: datetime, policy: Policy) -> list[Task]:
    """Return the tasks of a job that starts at a moment; none where its time has not come.

    Raises
    ------
    KeyError
        There is no such job.
    """
    shards = {RELEASE_POINTS: LOT_SHARDS, EXPIRE_POINTS: WALLET_SHARDS, ANNOUNCE_EXPIRING: WALLET_SHARDS}[job]
    if job == ANNOUNCE_EXPIRING and at < _announced_from(at, policy):
        return []
    return per_shard(job, at, shards)


def idle(task: Task, accounts: Accounts, policy: Policy) -> bool:
    """Tell whether nothing is due in a task's shard of these jobs, as far as the index has it."""
    if task.work not in WORKS:
        return False
    rows, _ = due(task, None, 1, accounts, policy)
    return not rows


def due(task: Task, after: Row | None, limit: int, accounts: Accounts, policy: Policy) -> Page:
    """Return a page of what is due in a task's shard, as the index has it, and where to go on."""
    if task.work == RELEASE_POINTS:
        return page_of(*accounts.lots_due(task.shard, at=task.at, limit=limit, after=after))
    year = {
        EXPIRE_POINTS: calendar.newest_expired_year(task.at, policy.points.valid_years, policy.zone),
        ANNOUNCE_EXPIRING: expiring_year(task.at, policy),
    }[task.work]
    return page_of(*accounts.wallets_due(task.shard, year=year, limit=limit, after=after))


def expiring_year(at: datetime, policy: Policy) -> int:
    """Return the earn year whose points expire at the end of the running year in store time (E5)."""
    return calendar.earn_year(at, policy.zone) - policy.points.valid_years


def _announced_from(at: datetime, policy: Policy) -> datetime:
    """Return from when on members are told what expires at the year's end (E10)."""
    return expiry(policy, str(expiring_year(at, policy))) - timedelta(days=policy.points.notice_days)


@dataclass(frozen=True, slots=True)
class PointsJobs:
    """What a worker does with a task of these jobs."""

    accounts: Accounts
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
        handle, limit = {
            # All of one member's in a page fit into one transaction.
            RELEASE_POINTS: (self._release, min(PAGE_ROWS, LOTS_PER_RELEASE_MAX)),
            EXPIRE_POINTS: (self._expire, PAGE_ROWS),
            ANNOUNCE_EXPIRING: (self._announce, PAGE_ROWS),
        }[task.work]
        done = 0

        def page(after: Row | None) -> Page:
            return due(task, after, limit, self.accounts, self.policy)

        def handled(rows: list[Row]) -> Handled:
            nonlocal done
            page_done = handle(rows, task, deadline)
            done += page_done.done
            return page_done

        ended = work_off(task, self.queue, page=page, handle=handled, deadline=deadline)
        if ended:
            self.runs.end(task.work, task.at, task.part)
        if done or task.after is not None:
            logger.info("shard", extra={"work": task.work, "shard": task.shard, "rows": done, "ended": ended})

    def _release(self, rows: list[Row], task: Task, deadline: Deadline) -> Handled:
        """Release a page of lots, each member's in one transaction (E3); those that failed one by one."""
        groups = _by_member(rows, 1 if task.only else LOTS_PER_RELEASE_MAX)
        reads = [self.accounts.release_reads(member_id, lots) for member_id, lots in groups]
        found = self.accounts.tables.batch_get_groups(reads, deadline)
        due = [(member_id, lots, read) for (member_id, lots), read in zip(groups, found, strict=True)]

        def release(one: tuple[str, list[str], list[Row | None]]) -> int:
            member_id, lots, read = one
            return len(
                self.accounts.release(
                    member_id, lots, at=task.at, policy=self.policy, deadline=deadline, read=read
                )
            )

        def rows_of(one: tuple[str, list[str], list[Row | None]]) -> list[Row]:
            return [members.key(one[0], LOT + order_id) for order_id in one[1]]

        # E6: of a member's lots the longest due pays debts first. A page has one transaction of each member,
        # a task about single rows may have several.
        return each_until(deadline, due, release, rows_of=rows_of, at_once=1 if task.only else IN_FLIGHT)

    def _expire(self, rows: list[Row], task: Task, deadline: Deadline) -> Handled:
        """Write off what has expired of a page of wallets (E5)."""

        def expire(one: tuple[str, Row | None]) -> int:
            member_id, wallet = one
            return bool(
                self.accounts.expire(
                    member_id, at=task.at, policy=self.policy, deadline=deadline, read=wallet
                )
            )

        return each_until(deadline, self._wallets(rows, deadline), expire, rows_of=_wallet_rows)

    def _announce(self, rows: list[Row], task: Task, deadline: Deadline) -> Handled:
        """Put down for a page of wallets what they are told will expire (E10)."""
        year = expiring_year(task.at, self.policy)
        told = self.accounts.told_of(year, [row["member_id"] for row in rows], deadline)
        rows = [row for row in rows if row["member_id"] not in told]

        def announce(one: tuple[str, Row | None]) -> int:
            member_id, wallet = one
            if wallet is None:
                raise AccountMissingError(member_id)
            return self.accounts.announce(
                member_id, wallet_of(wallet), year=year, at=task.at, policy=self.policy
            )

        return each_until(deadline, self._wallets(rows, deadline), announce, rows_of=_wallet_rows)

    def _wallets(self, rows: list[Row], deadline: Deadline) -> list[tuple[str, Row | None]]:
        """Return the wallets' rows; what they hold is looked at one by one, so that a broken one is alone."""
        member_ids = [row["member_id"] for row in rows]
        return list(zip(member_ids, self.accounts.wallet_rows(member_ids, deadline), strict=True))


def _wallet_rows(one: tuple[str, Row | None]) -> list[Row]:
    return [members.key(one[0], WALLET)]


def _by_member(rows: list[Row], at_once: int) -> list[tuple[str, list[str]]]:
    """Return the lots of a page by their members, so many at a time."""
    lots: dict[str, list[str]] = {}
    for row in rows:
        lots.setdefault(row["member_id"], []).append(row["item"].removeprefix(LOT))
    return [
        (member_id, order_ids[start : start + at_once])
        for member_id, order_ids in lots.items()
        for start in range(0, len(order_ids), at_once)
    ]
