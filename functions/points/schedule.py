"""Schedules: the points' jobs are spread over shards; a worker per task does the rest (see queue.py)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import clock, fanout
from functions.platform.deadline import LambdaContext
from functions.platform.fanout import WorkQueue
from functions.platform.observability import logger
from functions.platform.settings import QueueSettings
from functions.points import auditor, jobs

AUDITS = (auditor.AUDIT_POINTS, auditor.REPLAY_POINTS)


class Starter:
    """The Lambda handler that starts a job; the start is the moment as of which all its tasks decide."""

    def __init__(self, queue: WorkQueue, policy: Policy, now: Callable[[], datetime]) -> None:
        self._queue = queue
        self._policy = policy
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Start the job that the event names; return how many tasks that is.

        A job that is started twice has one effect (R1): what is done is found no more.

        Raises
        ------
        KeyError
            There is no such job.
        botocore.exceptions.ClientError
            The queue did not take all tasks; those that it took are worked off all the same.
        """
        job, at = event["job"], self._now()
        tasks = auditor.tasks(job, at) if job in AUDITS else jobs.tasks(job, at, self._policy)
        self._queue.put(tasks)
        logger.info("job", extra={"job": job, "tasks": len(tasks)})
        return {"tasks": len(tasks)}


handler = Starter(
    WorkQueue(fanout.client(), QueueSettings.from_environment().work_queue), policies.load(), clock.now
)
