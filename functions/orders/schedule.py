"""Schedule: the jobs on orders are spread over shards; a worker per task does the rest (see queue.py)."""

from functions.orders import jobs
from functions.platform import clock, dynamo, fanout
from functions.platform.dynamo import Tables
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings

handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(Tables(dynamo.client()), Settings.from_environment().reports_table),
    jobs.tasks,
    clock.now,
)
