"""Schedules: unpaid orders lapse, and unconfirmed ones are received (O2, O3)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.orders.book import OrderBook
from functions.orders.life import as_of
from functions.orders.order import Order
from functions.orders.rows import DUE_SHARDS
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform import clock, dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, Tables
from functions.platform.observability import logger
from functions.platform.runs import WHOLE, Runs
from functions.platform.settings import Settings

PAGE_ORDERS = 50
SHARDS_AT_ONCE = 4


class JobError(Exception):
    """Some of the due work failed; the rest is done, and the next run tries again."""


class OrderJobs:
    """The Lambda handler of the jobs on orders.

    A job finds what is due by the sparse index, so its cost follows what is due, and works it off page by
    page until the time is up; what is left stays in the index for the next run (R3). The index may be behind:
    what happens to an order is decided on its own row.
    """

    def __init__(
        self,
        tables: Tables,
        settings: Settings,
        policy: Policy,
        now: Callable[[], datetime],
        *,
        shards_at_once: int = SHARDS_AT_ONCE,
    ) -> None:
        self._book = OrderBook.of(tables, settings, policy)
        self._runs = Runs(tables, settings.reports_table)
        self._now = now
        self._shards_at_once = shards_at_once

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        """Run the job that the schedule's input names; return how many orders it changed.

        Raises
        ------
        JobError
            Orders failed; each is in the log.
        """
        now, deadline = self._now(), Deadline.of(context)

        kind, name = {
            LAPSE_UNPAID: ("lapse", "orders_lapsed"),
            AUTO_RECEIPT: ("receipt", "orders_received"),
        }[event["job"]]
        self._runs.begin(event["job"], now, parts=1)
        with ThreadPoolExecutor(self._shards_at_once) as threads:
            shards = [
                threads.submit(self._work_off, kind, shard, now, deadline) for shard in range(DUE_SHARDS)
            ]
            results = [shard.result() for shard in shards]
        counts = {
            name: sum(done for done, _, _ in results),
            "unfinished": sum(left for _, _, left in results),
        }
        failed = sum(bad for _, bad, _ in results)
        logger.info("job", extra={"job": event["job"], "failed": failed, **counts})
        if failed:
            raise JobError(f"{event['job']}: {failed} failed, {counts[name]} orders are done")
        if not counts["unfinished"]:
            self._runs.end(event["job"], now, WHOLE)
        return counts

    def _work_off(self, kind: str, shard: int, now: datetime, deadline: Deadline) -> tuple[int, int, int]:
        """Return how many orders of a shard were changed, how many failed, and 1 if it is not worked off."""
        done = failed = 0
        last: Row | None = None
        more = True
        while more:
            try:
                page, more = self._book.due(kind, shard, now=now, limit=PAGE_ORDERS, after=last)
            except Exception:
                logger.exception("shard failed", extra={"kind": kind, "shard": shard})
                return done, failed + 1, 1
            for row in page:
                if not deadline.seconds_left():
                    return done, failed, 1
                try:
                    done += self._bring_up_to(row["order_id"], now, deadline)
                except Exception:
                    if not deadline.seconds_left():
                        return done, failed, 1
                    logger.exception("order failed", extra={"kind": kind, "order_id": row["order_id"]})
                    failed += 1
            last = page[-1] if page else None
        return done, failed, 0

    def _bring_up_to(self, order_id: str, now: datetime, deadline: Deadline) -> bool:
        """Write what an order reads as at this moment; return whether that changed its row."""
        changed = False

        def event(order: Order) -> Order:
            nonlocal changed
            after = as_of(order, now)
            changed = after.version != order.version
            return after

        self._book.change(order_id, event, deadline)
        return changed


handler = OrderJobs(Tables(dynamo.client()), Settings.from_environment(), policies.load(), clock.now)
