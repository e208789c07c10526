"""Schedule: the issue of birthday coupons is spread over shards; a worker per task does the rest."""

from functions.coupons import jobs
from functions.platform import clock, fanout
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.settings import QueueSettings

handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue), jobs.tasks, clock.now
)
