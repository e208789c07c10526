"""The jobs on orders: which shards they have, and what a worker does with their tasks (O2, O3, A11, K8)."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain import calendar
from functions.orders import life
from functions.orders.book import OrderBook
from functions.orders.life import as_of
from functions.orders.order import Order
from functions.orders.parcels import SEGMENTS, Parcels
from functions.orders.rows import DUE_SHARDS, LATE, LATE_DUE, key
from functions.orders.timetable import AUTO_RECEIPT, INDEX_PARCELS, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.orders.together import Together
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Transaction
from functions.platform.fanout import (
    Handled,
    Page,
    Task,
    WorkQueue,
    each_until,
    page_of,
    per_shard,
    together_until,
    work_off,
)
from functions.platform.observability import logger
from functions.platform.runs import Runs

KINDS = {LAPSE_UNPAID: "lapse", AUTO_RECEIPT: "receipt", LOOK_FOR_PARCELS: LATE_DUE}
"""What each job finds in the index of due work."""
PAGE_ORDERS = 70
"""Orders of one page: what a worker does at least once more when it dies. So many of one product lapse in one
transaction of 100 rows, though a fifth of them give points back besides."""


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of a job that starts at a moment.

    Raises
    ------
    KeyError
        There is no such job.
    """
    if job == INDEX_PARCELS:
        return per_shard(job, at, SEGMENTS)
    if job not in KINDS:
        raise KeyError(job)
    return per_shard(job, at, DUE_SHARDS)


def idle(task: Task, book: OrderBook) -> bool:
    """Tell whether nothing is due in a task's shard, as far as the index has it."""
    if task.work not in KINDS:
        return False
    rows, _ = book.due(KINDS[task.work], task.shard, now=task.at, limit=1, after=None)
    return not rows


@dataclass(frozen=True, slots=True)
class OrderJobs:
    """What a worker does with a task of these jobs.

    The index may be behind: what happens to an order is decided on its own row, as of the task's moment.
    """

    book: OrderBook
    runs: Runs
    queue: WorkQueue

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it.

        Raises
        ------
        TaskError
            Orders that failed before failed again.
        """
        done = 0

        def page(after: Row | None) -> Page:
            if task.work == INDEX_PARCELS:
                return self._parcels.page(task, after)
            kind = KINDS[task.work]
            found = self.book.due(kind, task.shard, now=task.at, limit=PAGE_ORDERS, after=after)
            return page_of(*found)

        def handle(rows: list[Row]) -> Handled:
            nonlocal done
            if task.work == INDEX_PARCELS:
                handled = self._parcels.index(rows, task, deadline)
            elif task.work == LOOK_FOR_PARCELS:
                handled = self._look_for(rows, task, deadline)
            else:
                handled = self._bring_up_to(rows, task, deadline)
            done += handled.done
            return handled

        ended = work_off(task, self.queue, page=page, handle=handle, deadline=deadline)
        if ended:
            self.runs.end(task.work, task.at, task.part)
        if done or task.after is not None:
            logger.info(
                "shard", extra={"work": task.work, "shard": task.shard, "orders": done, "ended": ended}
            )

    @property
    def _parcels(self) -> Parcels:
        return Parcels(self.book.tables, self.book.orders_table)

    def _look_for(self, rows: list[Row], task: Task, deadline: Deadline) -> Handled:
        """Say of parcels that are late and still on their way that somebody is to look for them (A11)."""
        return each_until(
            deadline,
            [(row["order_id"], row["due_at"]) for row in rows],
            lambda each: self._look_for_one(*each, task.at, deadline),
            rows_of=lambda each: [key(each[0], LATE) | {"due_at": each[1]}],
        )

    def _look_for_one(self, order_id: str, due_at: str, now: datetime, deadline: Deadline) -> int:
        """Write that a parcel is late if it is still on its way; it has been looked at, either way."""
        looked_at = key(order_id, LATE) | {"looked_at": calendar.to_row(now)}
        told = False

        def event(order: Order) -> Order:
            nonlocal told
            after = life.late(order, since=calendar.from_row(due_at), now=now)
            told = after.version != order.version
            return after

        def also(transaction: Transaction, before: Order, after: Order) -> None:
            transaction.put(self.book.orders_table, looked_at)

        self.book.change(order_id, event, deadline, also=also)
        if not told:
            self.book.tables.put(self.book.orders_table, looked_at)
        return 1

    def _bring_up_to(self, rows: list[Row], task: Task, deadline: Deadline) -> Handled:
        """Write what orders read as at the task's moment; those that failed before go one by one."""

        def event(order: Order) -> Order:
            return as_of(order, task.at)

        order_ids = [row["order_id"] for row in rows]
        together = Together(self.book, event, deadline)
        groups = [[each] for each in order_ids] if task.only else together.groups(order_ids)
        return together_until(deadline, groups, together.change, rows_of=lambda order_id: [key(order_id)])
