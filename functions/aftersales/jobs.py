"""The job on cases: what their deadlines have made of them is written, and told (A2)."""

from dataclasses import dataclass
from datetime import datetime

from functions.aftersales.case_book import CaseBook
from functions.aftersales.timetable import FOLLOW_CASES
from functions.cases.rows import DUE, DUE_SHARDS, due_partition, key
from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables
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

PAGE_ROWS = 40
"""Cases of one page: what a worker does at least once more when it dies."""


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of a job that starts at a moment.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job != FOLLOW_CASES:
        raise KeyError(job)
    return per_shard(job, at, DUE_SHARDS)


def idle(task: Task, tables: Tables, table: str) -> bool:
    """Tell whether nothing is due in a task's shard, as far as the index has it."""
    rows, _ = _due(tables, table, task, limit=1, after=None)
    return not rows


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseJobs:
    """What a worker does with a task of this job."""

    cases: CaseBook
    runs: Runs
    queue: WorkQueue

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it.

        Raises
        ------
        TaskError
            Cases that failed before failed again.
        """

        def page(after: Row | None) -> Page:
            return page_of(*_due(self.cases.tables, self.cases.table, task, limit=PAGE_ROWS, after=after))

        def handle(rows: list[Row]) -> Handled:
            handled = each_until(
                deadline,
                [row["case_id"] for row in rows],
                lambda case_id: self.cases.bring_up_to(case_id, now=task.at, deadline=deadline),
                rows_of=lambda case_id: [key(case_id)],
            )
            if handled.done:
                logger.info("shard", extra={"work": task.work, "shard": task.shard, "cases": handled.done})
            return handled

        if work_off(task, self.queue, page=page, handle=handle, deadline=deadline):
            self.runs.end(task.work, task.at, task.part)


def _due(tables: Tables, table: str, task: Task, *, limit: int, after: Row | None) -> tuple[list[Row], bool]:
    return tables.query_index(
        table,
        DUE,
        partition=("due", due_partition(task.shard)),
        up_to=("due_at", calendar.to_row(task.at)),
        limit=limit,
        after=after,
    )
