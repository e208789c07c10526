"""Schedules: the member day opens (P2), and campaigns that are over are put away (V2)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.offers import member_day
from functions.offers.ending import end_campaigns
from functions.platform import clock, dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables
from functions.platform.observability import logger
from functions.platform.runs import WHOLE, Runs
from functions.platform.settings import Settings


class MemberDayJob:
    """The Lambda handler that puts a running member day down, once, so that the outside is told (P2)."""

    def __init__(
        self, tables: Tables, settings: Settings, policy: Policy, now: Callable[[], datetime]
    ) -> None:
        self._tables = tables
        self._table = settings.catalog_table
        self._runs = Runs(tables, settings.reports_table)
        self._policy = policy
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Open the member day if it is one; return how many were opened: 1, or 0."""
        now = self._now()
        self._runs.begin(event["job"], now, parts=1)
        day = member_day.running(self._policy, now)
        opened = day is not None and member_day.record(self._tables, self._table, day)
        self._runs.end(event["job"], now, WHOLE)
        logger.info("job", extra={"job": event["job"], "opened": opened})
        return {"opened": int(opened)}


class CampaignsJob:
    """The Lambda handler that puts away campaigns that are over, and their units on the shelf (V2).

    A run that leaves some for the next one has not come to its end, and is missed if none does (R3).
    """

    def __init__(self, tables: Tables, settings: Settings, now: Callable[[], datetime]) -> None:
        self._tables = tables
        self._table = settings.catalog_table
        self._runs = Runs(tables, settings.reports_table)
        self._now = now

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Put away what is over; return how many campaigns were, and how many are left for the next run."""
        now = self._now()
        self._runs.begin(event["job"], now, parts=1)
        ended = end_campaigns(self._tables, self._table, now, Deadline.of(context))
        if not ended.left:
            self._runs.end(event["job"], now, WHOLE)
        logger.info("job", extra={"job": event["job"], "ended": ended.campaigns, "left": ended.left})
        return {"ended": ended.campaigns, "left": ended.left}


handler = MemberDayJob(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
campaigns_handler = CampaignsJob(Tables(dynamo.client()), Settings.from_environment(), clock.now)
