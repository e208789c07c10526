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
from functions.points.accounts import Accounts
from functions.points.reports import Reports
from functions.points.shards import Shards
from functions.points.timetable import REPLAY_POINTS


def tasks(job: str, at: datetime, policy: Policy, shards: Shards) -> list[Task]:
    """Return the tasks of a job that starts at a moment; an audit's follow from the last one that ended.

    What an audit has nothing to look at in has no task.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job in passes.AUDITS:
        return shards.narrowed(passes.begun(job, at, shards.reports.base())).tasks()
    return replay.tasks(at) if job == REPLAY_POINTS else jobs.tasks(job, at, policy)


_tables, _settings, _policy = Tables(dynamo.client()), Settings.from_environment(), policies.load()
_accounts = Accounts(_tables, _settings.members_table, _settings.orders_table)
handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(_tables, _settings.reports_table),
    partial(
        tasks, policy=_policy, shards=Shards(_accounts, Reports(_tables, _settings.reports_table), _policy)
    ),
    clock.now,
    idle=partial(jobs.idle, accounts=_accounts, policy=_policy),
)
