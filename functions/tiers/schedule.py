"""The start of the indexing of members, by an operator: a task per segment; a worker does the rest."""

from functions.platform import clock, dynamo, fanout
from functions.platform.dynamo import Tables
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings
from functions.tiers import jobs

handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(Tables(dynamo.client()), Settings.from_environment().reports_table),
    jobs.tasks,
    clock.now,
)
