"""The jobs on payments: what is due is worked off (Y3, Y5, Y7), and statements are compared (Y8)."""

from dataclasses import dataclass, replace
from datetime import datetime

from functions.domain.errors import ConflictError
from functions.payments import metrics
from functions.payments.asking import Asking
from functions.payments.assigning import NOT_DECIDED, Assigning
from functions.payments.book import PaymentBook
from functions.payments.hearing import hear
from functions.payments.paying_back import PayBack
from functions.payments.providers.directory import NAMES
from functions.payments.reconciling import Reconciling
from functions.payments.rows import ATTEMPT, ATTEMPTS, DUE_SHARDS, NOTICES, UNASSIGNED, key_of, notice_of
from functions.payments.timetable import ASK_PAYMENTS, RECONCILE_PAYMENTS
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import (
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
from functions.refunds.rows import REFUNDS

PAGE_ROWS = 40
"""Rows of one page: what a worker does at least once more when it dies."""
KINDS = (ATTEMPTS, NOTICES, REFUNDS)


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of a job that starts at a moment: of what is due by kind, of statements by provider.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job == RECONCILE_PAYMENTS:
        return per_shard(job, at, len(NAMES))
    if job != ASK_PAYMENTS:
        raise KeyError(job)
    return per_shard(job, at, DUE_SHARDS * len(KINDS))


def due_of(task: Task) -> tuple[str, int]:
    """Return the kind of due work that a task is about, and its shard."""
    return KINDS[task.shard // DUE_SHARDS], task.shard % DUE_SHARDS


def idle(task: Task, book: PaymentBook) -> bool:
    """Tell whether nothing is due in a task's shard, as far as the index has it."""
    if task.work == RECONCILE_PAYMENTS:
        return False
    kind, shard = due_of(task)
    rows, _ = book.due(kind, shard, now=task.at, limit=1, after=None)
    return not rows


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentJobs:
    """What a worker does with a task of these jobs."""

    book: PaymentBook
    asking: Asking
    pay_back: PayBack
    assigning: Assigning
    reconciling: Reconciling
    runs: Runs
    queue: WorkQueue

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it.

        Raises
        ------
        TaskError
            What failed before failed again.
        """
        if task.work == RECONCILE_PAYMENTS:
            self._reconcile(task, deadline)
            return
        kind, shard = due_of(task)

        def page(after: Row | None) -> Page:
            return page_of(*self.book.due(kind, shard, now=task.at, limit=PAGE_ROWS, after=after))

        def act(row: Row) -> int:
            if kind == ATTEMPTS:
                place = int(row["item"].removeprefix(ATTEMPT))
                self.asking.work(row["subject"], place, now=task.at, deadline=deadline)
            elif kind == REFUNDS:
                self.pay_back.work(row["subject"], row["item"], now=task.at, deadline=deadline)
            elif row["item"] == UNASSIGNED:
                self._send_back(row, task.at, deadline)
            else:
                self._work_off(row, task.at, deadline)
            return 1

        def handle(rows: list[Row]) -> Handled:
            keys = [key_of(row) for row in rows]
            handled = each_until(deadline, keys, act, rows_of=lambda key: [key])
            if handled.done:
                logger.info("shard", extra={"work": task.work, "kind": kind, "done": handled.done})
            return handled

        if work_off(task, self.queue, page=page, handle=handle, deadline=deadline):
            self.runs.end(task.work, task.at, task.part)

    def _reconcile(self, task: Task, deadline: Deadline) -> None:
        """Go on with a provider's statements, or hand on what is left (Y8)."""
        provider = NAMES[task.shard]
        after = self.reconciling.work(provider, task.after, now=task.at, deadline=deadline)
        if after is None:
            self.runs.end(task.work, task.at, task.part)
        else:
            self.queue.put([replace(task, after=after)])

    def _work_off(self, key: Row, at: datetime, deadline: Deadline) -> None:
        """Work off what a provider told and nobody has in ten minutes, which an alarm is told of (Y3)."""
        row = self.book.tables.get(self.book.table, key)
        if row is None or "to_work" not in row:
            return
        metrics.count(metrics.LATE)
        hear(self.book, notice_of(row), now=at, deadline=deadline, noticed=row)

    def _send_back(self, key: Row, at: datetime, deadline: Deadline) -> None:
        """Send money back that nobody has decided on in time; of unknown amount it stays on the list (Y4)."""
        payment_id = key["subject"].partition(":")[2]
        try:
            self.assigning.refund(payment_id, reason=NOT_DECIDED, operator=None, now=at, deadline=deadline)
        except ConflictError:
            logger.warning("unassigned money cannot go back", extra={"payment_id": payment_id})
