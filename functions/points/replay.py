"""How a replay posts what was never posted: what accounts have seen of an order is left alone."""

from dataclasses import dataclass
from datetime import datetime

from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Handled, Page, Task, each_until, per_shard, work_off
from functions.platform.observability import MetricUnit, logger, metrics
from functions.points.audit import ORDER_NAMES
from functions.points.looks import Looks, orders_of
from functions.points.posting import OrderFacts
from functions.points.timetable import REPLAY_POINTS

SEGMENTS = 16
"""Segments that a replay reads the orders' table in."""
SCAN_ROWS = 500


def tasks(at: datetime) -> list[Task]:
    """Return the tasks of a replay that starts at a moment."""
    return per_shard(REPLAY_POINTS, at, SEGMENTS)


@dataclass(frozen=True, slots=True)
class Replay:
    """What a worker does with a task of a replay."""

    looks: Looks

    def work(self, task: Task, deadline: Deadline) -> None:
        """Post what the accounts have not seen of the orders of a segment, or hand on what is left of it."""
        looks, accounts, posted = self.looks, self.looks.accounts, 0

        def post(order: OrderFacts) -> int:
            postings = accounts.post(order, looks.policy, deadline)
            if postings:
                logger.info("order posted", extra={"order_id": order.order_id, "member_id": order.member_id})
            return bool(postings)

        def handle(rows: list[Row]) -> Handled:
            nonlocal posted
            orders, broken = orders_of(looks.orders(rows, deadline) if task.only else rows)
            lots = looks.lots(
                [(order.member_id, order.order_id) for order in orders], deadline, consistent=True
            )
            behind = [
                order for order, lot in zip(orders, lots, strict=True) if lot is None or lot.lacks(order)
            ]
            handled = each_until(deadline, behind, post, rows_of=lambda order: [{"order_id": order.order_id}])
            posted += handled.done
            handled.failed += [{"order_id": difference.order_id} for difference in broken]
            return handled

        def page(after: Row | None) -> Page:
            rows, following = accounts.tables.scan(
                accounts.orders_table,
                segment=task.shard,
                of=task.of,
                names=ORDER_NAMES,
                limit=SCAN_ROWS,
                after=after,
            )
            return rows, None if following is None else dict(following)

        work_off(task, looks.queue, page=page, handle=handle, deadline=deadline)
        if posted:
            metrics.add_metric(name="orders_replayed", unit=MetricUnit.Count, value=posted)
