"""Schedule: the watch over the programme's jobs."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.contexts import timetable
from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.operations.watch import overdue
from functions.platform import clock, dynamo
from functions.platform.deadline import LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.observability import MetricUnit, flush_metrics, logger, metrics
from functions.platform.runs import Runs
from functions.platform.settings import Settings


class Watch:
    """The Lambda handler that counts the jobs whose work is not done in its time, and names them in the log.

    It counts 0 too: no figure at all says that nobody watches.
    """

    def __init__(
        self, tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]
    ) -> None:
        self._runs = Runs(tables, settings.reports_table)
        self._timetable = timetable(policy)
        self._zone = policy.zone
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Look at every job; return the names of the schedules that are overdue."""
        found = overdue(self._timetable, self._runs, self._now(), self._zone)
        for each in found:
            logger.error(
                "job overdue",
                extra={"schedule": each.schedule, "job": each.job, "wanted_since": each.wanted_since},
            )
        metrics.add_metric(name="jobs_overdue", unit=MetricUnit.Count, value=len(found))
        flush_metrics()
        return {"overdue": [each.schedule for each in found]}


handler = Watch(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
