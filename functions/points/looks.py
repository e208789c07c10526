"""How an audit looks at accounts and orders: first in passing, then, where something does not fit, by itself.

What is read in passing is no snapshot. An account that does not fit is reckoned again from one moment, and an
order whose posting is missing is looked at again a little later, before either is called different.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from typing import Any

from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Task, TaskError, WorkQueue, each_until
from functions.platform.observability import MetricUnit, logger, metrics
from functions.platform.runs import Runs
from functions.points.account_rows import ENTRY, LOT, WALLET, lot_of
from functions.points.accounts import ORDER, Accounts
from functions.points.audit import Difference, Liability, Tally, against_lot
from functions.points.owed import Owed
from functions.points.passes import AuditKind, Pass
from functions.points.posting import Lot, OrderFacts
from functions.points.reports import Part, Report, Reports
from functions.tiers.members import STANDING, key

RECHECK_ROWS = 200
RECHECKS_MAX = 5
"""How often an account that changes while it is being reckoned is begun again."""
SECOND_LOOK_SECONDS = 20
"""What an order's posting may be behind without being missed."""
OVERDUE = timedelta(days=3)
"""How late a release or an expiry is missed."""
NOTE_SECONDS = 2.0
"""What a page's accounts may take at the end of an invocation, of the margin that is kept back there."""


@dataclass(slots=True)
class Sum:
    """What a shard's tasks have found so far; ``second_looks`` numbers the tasks that look again."""

    checked: int = 0
    second_looks: int = 0
    liability: Liability = field(default_factory=Liability)

    @classmethod
    def of(cls, so_far: Mapping[str, Any]) -> "Sum":
        """Return what a task was handed on with."""
        if not so_far:
            return cls()
        return cls(**{**so_far, "liability": Liability(**so_far["liability"])})


@dataclass(frozen=True, slots=True)
class Looks:
    """First and second looks, and the end of a shard."""

    accounts: Accounts
    reports: Reports
    owed: Owed
    runs: Runs
    queue: WorkQueue
    policy: Policy

    def tally(self, member_id: str, task: Task) -> Tally:
        """Return an empty tally of an account."""
        return Tally(member_id, self.policy, task.at - OVERDUE)

    def note(self, task: Task, held: Mapping[str, Liability], deadline: Deadline) -> None:
        """Write down what accounts hold now, so that the sums of what is owed follow.

        A page that was read in time is written down to its end: given up, its whole task would begin again.
        """
        generation, shard = Pass.of(task).generation, f"{task.work}#{task.shard:03}"
        self.owed.note(generation, shard, held, at=task.at, deadline=deadline.at_least(NOTE_SECONDS))

    def at_orders(self, rows: Sequence[Row], task: Task, total: Sum, deadline: Deadline) -> None:
        """Compare orders with their lots; those that may be missed are looked at once more."""
        orders, broken = orders_of(rows)
        self.list(task, broken)
        lots = self.lots([(order.member_id, order.order_id) for order in orders], deadline)
        missed = [
            {
                "order_id": order.order_id,
                "member_id": order.member_id,
                "changes": order.changes_count,
                "received": order.release_at is not None,
            }
            for order, lot in zip(orders, lots, strict=True)
            if against_lot(order, lot, self.policy) is not None
        ]
        total.checked += len(orders)
        self.again(task, total, missed, delay_seconds=SECOND_LOOK_SECONDS)

    def lots(
        self, orders: Sequence[tuple[str, str]], deadline: Deadline, *, consistent: bool = False
    ) -> list[Lot | None]:
        """Return the lots of orders, by member and id; one that cannot be read is as if it were none."""
        keys = [(self.accounts.table, key(member_id, LOT + order_id)) for member_id, order_id in orders]
        lots: list[Lot | None] = []
        for row in self.accounts.tables.batch_get(keys, deadline, consistent=consistent):
            try:
                lots.append(None if row is None else lot_of(row))
            except (KeyError, TypeError, ValueError):
                lots.append(None)
        return lots

    def orders(self, rows: Sequence[Row], deadline: Deadline, *, consistent: bool = True) -> list[Row]:
        """Return the rows of orders as they are now."""
        keys = [(self.accounts.orders_table, {"order_id": row["order_id"], "item": ORDER}) for row in rows]
        found = self.accounts.tables.batch_get(keys, deadline, consistent=consistent)
        return [row for row in found if row is not None]

    def again(self, task: Task, total: Sum, doubtful: Sequence[Row], *, delay_seconds: int = 0) -> None:
        """Leave a task behind that looks at these again, each by itself: at accounts, or at orders."""
        if doubtful:
            total.second_looks += 1
            so_far = asdict(Sum(second_looks=total.second_looks))
            later = replace(task, after=None, only=tuple(doubtful), so_far=so_far)
            self.queue.put([later], delay_seconds=delay_seconds)

    def second(self, task: Task, deadline: Deadline) -> None:
        """Look again at what a task is about."""
        total = Sum.of(task.so_far)
        if "order_id" in task.only[0]:
            self.list(task, self._missed(task, deadline))
            self.end(task, total)
        else:
            self._second_at_accounts(task, total, deadline)

    def _second_at_accounts(self, task: Task, total: Sum, deadline: Deadline) -> None:
        """Reckon the accounts of a task one by one; what it cannot do in its time it looks at again."""

        def recheck(row: Row) -> int:
            tally = self._reckoned(row["member_id"], task)
            if tally is None:
                return 0
            if not row["counted"]:
                held = Liability.of(tally.wallet)
                self.note(task, {tally.member_id: held}, deadline)
                total.liability += held
            found = tally.differences()
            self.list(task, found)
            return len(found)

        # One after the other: what they hold comes into the same sum.
        handled = each_until(deadline, task.only, recheck, rows_of=lambda row: [row], at_once=1)
        if len(handled.failed) + len(handled.left) == len(task.only):
            raise TaskError(f"{task.work}: none of {len(task.only)} accounts could be reckoned")
        rest = [*handled.failed, *handled.left]
        if rest:
            self.queue.put([replace(task, only=tuple(rest), so_far=asdict(total))])
        else:
            self.end(task, total)

    def _reckoned(self, member_id: str, task: Task) -> Tally | None:
        """Reckon one account from what is in its rows at one moment; None if there was no such moment."""
        tables, table = self.accounts.tables, self.accounts.table
        for _ in range(RECHECKS_MAX):
            before = tables.get(table, key(member_id, WALLET))
            tally = self.tally(member_id, task)
            for item in (STANDING, WALLET):
                row = tables.get(table, key(member_id, item))
                if row is not None:
                    tally.add(row)
            for prefix in (ENTRY, LOT):
                for row in tables.query_all(
                    table, partition=("member_id", member_id), prefix=("item", prefix), page=RECHECK_ROWS
                ):
                    tally.add(row)
            if before == tables.get(table, key(member_id, WALLET)):
                return tally
        logger.warning("account is changing all the time", extra={"member_id": member_id})
        return None

    def _missed(self, task: Task, deadline: Deadline) -> list[Difference]:
        """Return the differences of the orders that were missed, as they and their lots are now.

        The lots are read first: none can then be ahead of its order because that has changed in between.
        """
        lots = self.lots(
            [(row["member_id"], row["order_id"]) for row in task.only], deadline, consistent=True
        )
        by_id = {row["order_id"]: (row, lot) for row, lot in zip(task.only, lots, strict=True)}
        orders, broken = orders_of(self.orders(task.only, deadline))
        found = list(broken)
        for order in orders:
            missed, lot = by_id[order.order_id]
            difference = against_lot(order, lot, self.policy)
            if difference is not None and not _seen_since(order, lot, missed):
                found.append(difference)
        return found

    def list(self, task: Task, found: Sequence[Difference]) -> None:
        """List what does not fit."""
        for difference in found:
            logger.error("audit difference", extra=asdict(difference))
            self.reports.put_difference(task.at, difference)

    def end(self, task: Task, total: Sum) -> None:
        """Write down what a shard's tasks have found; the last one of the audit writes its report."""
        second_look, of = bool(task.only), Pass.of(task)
        whole = self.reports.put_part(
            Part(
                at=task.at,
                work=task.work,
                shard=task.shard,
                number=total.second_looks if second_look else 0,
                follow_ups=0 if second_look else total.second_looks,
                checked=total.checked,
                liability=total.liability,
            ),
            of,
        )
        if whole is None:
            return
        report = self._with_what_is_owed(whole, of)
        self.reports.put_last(report)
        self.runs.end(of.job, task.at, of.job, parts=len(of.parts))
        metrics.add_metric(name="audit_differences", unit=MetricUnit.Count, value=report.differences)
        logger.info(
            "audit",
            extra={
                "kind": report.kind.value,
                "differences": report.differences,
                "accounts": report.accounts,
                "orders": report.orders,
            },
        )

    def _with_what_is_owed(self, whole: Report, of: Pass) -> Report:
        """Return a report with what is owed at its moment.

        A full pass has added it up itself. Where the sums say something else, because rows were changed by
        hand or two audits met, the next audit is a full one and begins them anew.
        """
        kept = self.owed.total(of.generation)
        summed = whole.liability if of.kind is AuditKind.FULL else kept
        if kept != summed:
            logger.warning("sums of what is owed are begun anew", extra={"generation": of.generation})
        return replace(
            whole,
            liability=summed.usable(self.policy, of.at),
            generation=of.generation,
            sums_fit=kept == summed,
        )


def _seen_since(order: OrderFacts, lot: Lot | None, missed: Row) -> bool:
    """Tell whether a lot has seen by now what it was missed for, and only lacks what came after that."""
    if lot is None or not lot.lacks(order):
        return False
    return lot.posted >= missed["changes"] and (lot.release_at is not None or not missed["received"])


def orders_of(rows: Sequence[Row]) -> tuple[list[OrderFacts], list[Difference]]:
    """Return the orders among rows that were ever paid, and those that cannot be read."""
    orders: list[OrderFacts] = []
    broken: list[Difference] = []
    for row in rows:
        if row["item"] != ORDER:
            continue
        try:
            if row.get("changes") or row.get("paid_at"):
                orders.append(OrderFacts.from_row(row))
        except (KeyError, TypeError, ValueError):
            member_id, order_id = row.get("member_id", ""), row["order_id"]
            broken.append(
                Difference(
                    member_id=member_id,
                    order_id=order_id,
                    what="row",
                    expected={"unreadable": 0},
                    found={"unreadable": 1},
                )
            )
    return orders, broken
