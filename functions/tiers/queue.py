"""Work queue: the tasks of the indexing of members, each a segment of the table or what is left of one."""

from typing import Any

from functions.platform import dynamo, fanout, keyed_hash
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.fanout import WorkQueue, consume
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings
from functions.tiers.finder import Finder
from functions.tiers.jobs import MemberJobs
from functions.tiers.search import HashPhone


class Worker:
    """The Lambda handler that works tasks off."""

    def __init__(self, tables: Tables, settings: Settings, queue: WorkQueue, hash_phone: HashPhone) -> None:
        finder = Finder(tables, settings.members_table, hash_phone)
        self._jobs = MemberJobs(finder, Runs(tables, settings.reports_table), queue)

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Work each task off, or hand on what is left of it; return the tasks to be delivered again."""
        return consume(event, context, self._jobs.work)


handler = Worker(
    Tables(dynamo.client()),
    Settings.from_environment(),
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    keyed_hash.from_environment(),
)
