"""Schedules: the points' jobs are spread over shards; a worker per task does the rest (see queue.py)."""

from datetime import datetime
from functools import partial

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, dynamo, fanout
from functions.platform.dynamo import Tables
from functions.platform.fanout import Starter, Task, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings
from functions.points import auditor, jobs
from functions.points.timetable import AUDIT_POINTS

AUDITS = (AUDIT_POINTS, auditor.REPLAY_POINTS)


def tasks(job: str, at: datetime, policy: Policy) -> list[Task]:
    """Return the tasks of a job that starts at a moment.

    Raises
    ------
    KeyError
        There is no such job.
    """
    return auditor.tasks(job, at) if job in AUDITS else jobs.tasks(job, at, policy)


handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(Tables(dynamo.client()), Settings.from_environment().reports_table),
    partial(tasks, policy=policies.load()),
    clock.now,
)
