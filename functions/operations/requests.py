"""Runs of jobs that somebody has asked for: each is a row and a message, and started once (K8).

The API may start nothing: it writes the row and puts a message on a queue, and a worker starts the function
that starts the job. However often the message comes, the row says that it was done. Who starts one says so
before, for as long as a worker may live; one who dies then may have started it, so that it is started again:
a job that is started twice has one effect (R1).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.domain import calendar
from functions.domain.records import read_as
from functions.platform import runs
from functions.platform.deadline import Deadline
from functions.platform.dynamo import OutcomeUnknownError, Row, Tables, until_clear
from functions.platform.fanout import Task, TaskError, WorkQueue
from functions.platform.observability import logger
from functions.platform.starting import Functions

ASKED = "ASKED#"
REQUEST_ID = "request_id"
HELD_FOR = timedelta(minutes=2)
"""How long a worker may be about to start a run: longer than it lives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A run that somebody has asked for under an id of theirs, and when it was started, if it was yet."""

    job: str
    request_id: str
    asked_at: datetime
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Requests:
    """What is asked of the jobs, in the reports' table, and the queue to whoever starts them."""

    tables: Tables
    table: str
    queue: WorkQueue

    def ask(self, job: str, request_id: str, *, by: str, at: datetime, deadline: Deadline) -> Asked:
        """Ask for a run of a job, once for each id; return how far it has come.

        Where it was asked for and not started yet, its message is put once more: the first may be lost.
        """

        def attempt() -> Asked:
            row = self.tables.get(self.table, _key(job, request_id))
            if row is None:
                row = {**_key(job, request_id), "at": calendar.to_row(at), "by": by}
                transaction = self.tables.transaction()
                transaction.put_new(self.table, row)
                transaction.commit(deadline)
            return _asked_of(job, request_id, row)

        asked = until_clear(attempt, deadline)
        if asked.started_at is None:
            self.queue.put([Task(work=job, at=asked.asked_at, shard=0, of=1, given={REQUEST_ID: request_id})])
        return asked


@dataclass(frozen=True, slots=True)
class Starting:
    """What the worker does with what was asked for."""

    tables: Tables
    table: str
    functions: Functions
    starters: Mapping[str, str]
    """Which function starts each job."""
    clock: Callable[[], datetime]

    def work(self, task: Task, deadline: Deadline) -> None:
        """Start a run that was asked for, unless it was.

        Raises
        ------
        TaskError
            Another worker is about to start it: whether it did is seen when the message comes again.
        LookupError
            Nobody has asked for it, or there is no such job.
        """
        job, key = task.work, _key(task.work, task.given[REQUEST_ID])
        row = self.tables.get(self.table, key)
        if row is None:
            raise LookupError(f"nobody has asked for this run of {job}")
        if "started_at" in row:
            return
        held_at = self._hold(key, row)
        try:
            self.functions.start(self.starters[job], {"job": job})
        except OutcomeUnknownError:
            raise  # it may run: who comes next waits until this one would be dead
        except Exception:
            self._let_go(key, held_at)
            raise
        self.tables.change(
            self.table,
            key,
            expression="SET #started_at = :now",
            condition="attribute_not_exists(#started_at)",
            values={":now": calendar.to_row(self.clock())},
        )
        logger.info("job asked for", extra={"job": job, "by": row["by"], "request_id": key["item"]})

    def _hold(self, key: dict[str, str], row: Row) -> str:
        """Say that this worker is about to start a run; return since when."""
        now, before = self.clock(), row.get("held_at")
        if before is not None and now < calendar.from_row(before) + HELD_FOR:
            raise TaskError(f"{key['report']} is about to be started by another worker")
        held_at = calendar.to_row(now)
        free = "attribute_not_exists(#held_at)" if before is None else "#held_at = :before"
        held = self.tables.change(
            self.table,
            key,
            expression="SET #held_at = :held",
            condition=f"attribute_not_exists(#started_at) AND {free}",
            values={":held": held_at} | ({} if before is None else {":before": before}),
        )
        if not held:
            raise TaskError(f"{key['report']} is about to be started by another worker")
        return held_at

    def _let_go(self, key: dict[str, str], held_at: str) -> None:
        """Say that a run was not started after all."""
        self.tables.change(
            self.table,
            key,
            expression="REMOVE #held_at",
            condition="#held_at = :held",
            values={":held": held_at},
        )


def _key(job: str, request_id: str) -> dict[str, str]:
    return runs.key(job, ASKED + request_id)


def _asked_of(job: str, request_id: str, row: Row) -> Asked:
    return Asked(
        job=job,
        request_id=request_id,
        asked_at=calendar.from_row(row["at"]),
        started_at=read_as(calendar.from_row, row.get("started_at")),
    )
