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
from functions.points import jobs, passes, replay
from functions.points.reports import Reports


def tasks(job: str, at: datetime, policy: Policy, reports: Reports) -> list[Task]:
    """Return the tasks of a job that starts at a moment; an audit's follow from the last one that ended.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job in passes.AUDITS:
        return passes.begun(job, at, reports.base()).tasks()
    return replay.tasks(at) if job == replay.REPLAY_POINTS else jobs.tasks(job, at, policy)


_TABLES, _REPORTS = Tables(dynamo.client()), Settings.from_environment().reports_table


handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(_TABLES, _REPORTS),
    partial(tasks, policy=policies.load(), reports=Reports(_TABLES, _REPORTS)),
    clock.now,
)
