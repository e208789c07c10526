"""Schedule: the job on cases is spread over shards; a worker per task does the rest (see queue.py)."""

from functools import partial

from functions.aftersales import jobs
from functions.platform import clock, dynamo, fanout
from functions.platform.dynamo import Tables
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import QueueSettings, Settings

_tables, _settings = Tables(dynamo.client()), Settings.from_environment()
handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue),
    Runs(_tables, _settings.reports_table),
    jobs.tasks,
    clock.now,
    idle=partial(jobs.idle, tables=_tables, table=_settings.cases_table),
)
