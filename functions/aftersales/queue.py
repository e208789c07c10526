"""Work queue: the tasks of the job on cases, each a shard or what is left of one."""

from typing import Any

from functions.aftersales.case_book import CaseBook
from functions.aftersales.jobs import CaseJobs
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo, fanout
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.fanout import WorkQueue, consume
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings


class Worker:
    """The Lambda handler that works tasks off."""

    def __init__(self, tables: Tables, settings: Settings, queue: WorkQueue, policy: Policy) -> None:
        self._jobs = CaseJobs(
            cases=CaseBook.of(tables, settings, policy),
            runs=Runs(tables, settings.reports_table),
            queue=queue,
        )

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work each task off, or hand on what is left of it; return the tasks to be delivered again."""
        return consume(event, context, self._jobs.work)


handler = Worker(
    Tables(dynamo.client()),
    Settings.from_environment(),
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    policies.load(),
)
