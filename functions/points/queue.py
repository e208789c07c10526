"""Work queue: the tasks of the points' jobs, each a shard or what is left of one."""

from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo, fanout
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.fanout import Task, WorkQueue, consume
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings
from functions.points import jobs
from functions.points.accounts import Accounts
from functions.points.auditor import Auditor
from functions.points.jobs import PointsJobs
from functions.points.looks import Looks
from functions.points.owed import Owed
from functions.points.replay import Replay
from functions.points.reports import Reports
from functions.points.shards import Shards
from functions.points.timetable import REPLAY_POINTS


class Worker:
    """The Lambda handler that works tasks off."""

    def __init__(self, tables: Tables, settings: Settings, queue: WorkQueue, policy: Policy) -> None:
        accounts = Accounts(tables, settings.members_table, settings.orders_table)
        runs = Runs(tables, settings.reports_table)
        self._jobs = PointsJobs(accounts, runs, queue, policy)
        reports, owed = Reports(tables, settings.reports_table), Owed(tables, settings.reports_table)
        looks = Looks(accounts, reports, owed, runs, queue, policy)
        shards = Shards(accounts, reports, policy)
        self._auditor, self._replay = Auditor(looks, shards), Replay(looks)

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work each task off, or hand on what is left of it; return the tasks to be delivered again."""
        return consume(event, context, self._work)

    def _work(self, task: Task, deadline: Deadline) -> None:
        if task.work in jobs.WORKS:
            self._jobs.work(task, deadline)
        elif task.work == REPLAY_POINTS:
            self._replay.work(task, deadline)
        else:
            self._auditor.work(task, deadline)


handler = Worker(
    Tables(dynamo.client()),
    Settings.from_environment(),
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    policies.load(),
)
