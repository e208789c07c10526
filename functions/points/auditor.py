"""How the audit goes through all accounts and all orders, and how a replay posts what was never posted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import (
    Handled,
    Page,
    Task,
    TaskError,
    WorkQueue,
    each_until,
    per_shard,
    work_off,
)
from functions.platform.observability import MetricUnit, logger, metrics
from functions.platform.runs import Runs
from functions.points.account_rows import ADJUSTED_BY, ENTRY, LOT, WALLET, lot_of
from functions.points.accounts import ORDER, Accounts
from functions.points.audit import ORDER_NAMES, ROW_NAMES, Difference, Liability, Tally, against_lot
from functions.points.posting import Lot, OrderFacts
from functions.points.reports import AUDIT_ACCOUNTS, AUDIT_ORDERS, Part, Reports
from functions.points.timetable import AUDIT_POINTS
from functions.tiers.members import STANDING, key

REPLAY_POINTS = "replay-points"
SEGMENTS = {AUDIT_ACCOUNTS: 16, AUDIT_ORDERS: 16}
"""Segments that an audit reads the members' and the orders' table in."""
SCAN_ROWS = 500
RECHECK_ROWS = 200
RECHECKS_MAX = 5
"""How often an account that changes while it is being reckoned is begun again."""
SECOND_LOOK_SECONDS = 20
"""What an order's posting may be behind without being missed."""
OVERDUE = timedelta(days=3)
"""How late a release or an expiry is missed."""


def tasks(job: str, at: datetime) -> list[Task]:
    """Return the tasks of an audit, or of a replay, that starts at a moment."""
    if job == REPLAY_POINTS:
        return per_shard(REPLAY_POINTS, at, SEGMENTS[AUDIT_ORDERS])
    return [task for work, segments in SEGMENTS.items() for task in per_shard(work, at, segments)]


@dataclass(slots=True)
class _Sum:
    """What a shard's tasks have found so far; ``second_looks`` numbers the tasks that look again."""

    checked: int = 0
    second_looks: int = 0
    liability: Liability = field(default_factory=Liability)

    @classmethod
    def of(cls, so_far: Mapping[str, Any]) -> "_Sum":
        if not so_far:
            return cls()
        return cls(**{**so_far, "liability": Liability(**so_far["liability"])})


@dataclass(frozen=True, slots=True)
class Auditor:
    """What a worker does with a task of an audit or of a replay."""

    accounts: Accounts
    reports: Reports
    runs: Runs
    queue: WorkQueue
    policy: Policy

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it."""
        {
            AUDIT_ACCOUNTS: self._audit_accounts,
            AUDIT_ORDERS: self._audit_orders,
            REPLAY_POINTS: self._replay,
        }[task.work](task, deadline)

    def _audit_accounts(self, task: Task, deadline: Deadline) -> None:
        """Reckon each account of a segment from its own rows.

        The rows of a member follow one another, so one tally is open at a time. What a scan reads is no
        snapshot: an account that does not fit is reckoned again by itself before it is called different.
        """
        total = _Sum.of(task.so_far)
        if task.only:
            self._look_at_accounts(task, total, deadline)
            return
        tally: Tally | None = None
        doubtful: list[Row] = []

        def close() -> None:
            nonlocal tally
            if tally is not None and tally.differences():
                doubtful.append({"member_id": tally.member_id})
            tally = None

        def handle(rows: list[Row]) -> Handled:
            nonlocal tally
            for row in rows:
                member_id = row["member_id"]
                if member_id.startswith(ADJUSTED_BY):
                    continue
                if tally is None or tally.member_id != member_id:
                    close()
                    tally = self._tally(member_id, task)
                tally.add(row)
                if row["item"] == WALLET:
                    total.checked += 1
                    if tally.wallet is not None:
                        total.liability = total.liability.plus_wallet(tally.wallet, self.policy, task.at)
            self._look_again(task, total, doubtful)
            doubtful.clear()
            return Handled(done=len(rows))

        def so_far() -> Mapping[str, Any]:
            close()  # the rest of its rows may come in the next task, which finds that it does not fit
            self._look_again(task, total, doubtful)
            return asdict(total)

        table = self.accounts.table
        if work_off(
            task,
            self.queue,
            page=lambda after: self._scanned(table, task, ROW_NAMES, after),
            handle=handle,
            deadline=deadline,
            so_far=so_far,
        ):
            close()
            self._look_again(task, total, doubtful)
            self._end(task, total)

    def _look_at_accounts(self, task: Task, total: _Sum, deadline: Deadline) -> None:
        """Reckon the accounts of a task one by one; what it cannot do in its time it looks at again."""

        def recheck(row: Row) -> int:
            found = self._recheck(row["member_id"], task)
            self._list(task, found)
            return len(found)

        handled = each_until(deadline, task.only, recheck, rows_of=lambda row: [row])
        if len(handled.failed) + len(handled.left) == len(task.only):
            raise TaskError(f"{task.work}: none of {len(task.only)} accounts could be reckoned")
        rest = [*handled.failed, *handled.left]
        if rest:
            self.queue.put([replace(task, only=tuple(rest))])
        else:
            self._end(task, total)

    def _audit_orders(self, task: Task, deadline: Deadline) -> None:
        """Compare each order of a segment with its lot.

        A posting may be on its way, so what is missing is looked at once more, a little later and by itself:
        a task that is about rows of its own decides.
        """
        total = _Sum.of(task.so_far)
        if task.only:
            self._list(task, self._missed(task, deadline))
            self._end(task, total)
            return

        def handle(rows: list[Row]) -> Handled:
            orders, broken = _orders(rows)
            self._list(task, broken)
            total.checked += len(orders)
            lots = self._lots([(order.member_id, order.order_id) for order in orders], deadline)
            self._look_again(
                task,
                total,
                [
                    {
                        "order_id": order.order_id,
                        "member_id": order.member_id,
                        "changes": order.changes_count,
                        "received": order.release_at is not None,
                    }
                    for order, lot in zip(orders, lots, strict=True)
                    if against_lot(order, lot, self.policy) is not None
                ],
                delay_seconds=SECOND_LOOK_SECONDS,
            )
            return Handled(done=len(rows))

        if work_off(
            task,
            self.queue,
            page=lambda after: self._scanned(self.accounts.orders_table, task, ORDER_NAMES, after),
            handle=handle,
            deadline=deadline,
            so_far=lambda: asdict(total),
        ):
            self._end(task, total)

    def _missed(self, task: Task, deadline: Deadline) -> list[Difference]:
        """Return the differences of the orders that were missed, as they and their lots are now.

        The lots are read first: none can then be ahead of its order because that has changed in between.
        """
        lots = self._lots([(row["member_id"], row["order_id"]) for row in task.only], deadline)
        by_id = {row["order_id"]: (row, lot) for row, lot in zip(task.only, lots, strict=True)}
        orders, broken = _orders(self._read_again(task.only, deadline))
        found = list(broken)
        for order in orders:
            missed, lot = by_id[order.order_id]
            difference = against_lot(order, lot, self.policy)
            if difference is not None and not _seen_since(order, lot, missed):
                found.append(difference)
        return found

    def _replay(self, task: Task, deadline: Deadline) -> None:
        """Post what the accounts have not seen of the orders of a segment; what they have is left alone."""
        posted = 0

        def post(order: OrderFacts) -> int:
            postings = self.accounts.post(order, self.policy, deadline)
            if postings:
                logger.info("order posted", extra={"order_id": order.order_id, "member_id": order.member_id})
            return bool(postings)

        def handle(rows: list[Row]) -> Handled:
            nonlocal posted
            if task.only:
                rows = self._read_again(rows, deadline)
            orders, broken = _orders(rows)
            lots = self._lots([(order.member_id, order.order_id) for order in orders], deadline)
            behind = [
                order for order, lot in zip(orders, lots, strict=True) if lot is None or lot.lacks(order)
            ]
            handled = each_until(deadline, behind, post, rows_of=lambda order: [{"order_id": order.order_id}])
            posted += handled.done
            handled.failed += [{"order_id": difference.order_id} for difference in broken]
            return handled

        work_off(
            task,
            self.queue,
            page=lambda after: self._scanned(self.accounts.orders_table, task, ORDER_NAMES, after),
            handle=handle,
            deadline=deadline,
        )
        if posted:
            metrics.add_metric(name="orders_replayed", unit=MetricUnit.Count, value=posted)

    def _scanned(self, table: str, task: Task, names: tuple[str, ...], after: Row | None) -> Page:
        rows, following = self.accounts.tables.scan(
            table, segment=task.shard, of=task.of, names=names, limit=SCAN_ROWS, after=after
        )
        return rows, None if following is None else dict(following)

    def _read_again(self, rows: Sequence[Row], deadline: Deadline) -> list[Row]:
        """Return orders as they are now."""
        keys = [(self.accounts.orders_table, {"order_id": row["order_id"], "item": ORDER}) for row in rows]
        return [row for row in self.accounts.tables.batch_get(keys, deadline) if row is not None]

    def _lots(self, orders: Sequence[tuple[str, str]], deadline: Deadline) -> list[Lot | None]:
        """Return the lots of orders, by member and id; one that cannot be read is as if it were none."""
        keys = [(self.accounts.table, key(member_id, LOT + order_id)) for member_id, order_id in orders]
        lots: list[Lot | None] = []
        for row in self.accounts.tables.batch_get(keys, deadline):
            try:
                lots.append(None if row is None else lot_of(row))
            except (KeyError, TypeError, ValueError):
                lots.append(None)
        return lots

    def _look_again(
        self, task: Task, total: _Sum, doubtful: Sequence[Row], *, delay_seconds: int = 0
    ) -> None:
        """Leave a task behind that looks at these again, each by itself."""
        if doubtful:
            total.second_looks += 1
            so_far = asdict(_Sum(second_looks=total.second_looks))
            later = replace(task, after=None, only=tuple(doubtful), so_far=so_far)
            self.queue.put([later], delay_seconds=delay_seconds)

    def _tally(self, member_id: str, task: Task) -> Tally:
        return Tally(member_id, self.policy, task.at - OVERDUE)

    def _recheck(self, member_id: str, task: Task) -> list[Difference]:
        """Reckon one account from what is in its rows at one moment."""
        tables, table = self.accounts.tables, self.accounts.table
        for _ in range(RECHECKS_MAX):
            before = tables.get(table, key(member_id, WALLET))
            tally = self._tally(member_id, task)
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
                return tally.differences()
        logger.warning("account is changing all the time", extra={"member_id": member_id})
        return []

    def _list(self, task: Task, found: list[Difference]) -> None:
        for difference in found:
            logger.error("audit difference", extra=asdict(difference))
            self.reports.put_difference(task.at, difference)

    def _end(self, task: Task, total: _Sum) -> None:
        """Write down what a shard's tasks have found; the last one of the audit counts its differences."""
        second_look = bool(task.only)
        report = self.reports.put_part(
            Part(
                at=task.at,
                work=task.work,
                shard=task.shard,
                number=total.second_looks if second_look else 0,
                follow_ups=0 if second_look else total.second_looks,
                checked=total.checked,
                liability=total.liability,
            ),
            SEGMENTS,
        )
        if report is not None:
            self.runs.end(AUDIT_POINTS, task.at, AUDIT_POINTS, parts=sum(SEGMENTS.values()))
            metrics.add_metric(name="audit_differences", unit=MetricUnit.Count, value=report.differences)
            logger.info("audit", extra={"differences": report.differences, "checked": dict(report.checked)})


def _seen_since(order: OrderFacts, lot: Lot | None, missed: Row) -> bool:
    """Tell whether a lot has seen by now what it was missed for, and only lacks what came after that."""
    if lot is None or not lot.lacks(order):
        return False
    return lot.posted >= missed["changes"] and (lot.release_at is not None or not missed["received"])


def _orders(rows: Sequence[Row]) -> tuple[list[OrderFacts], list[Difference]]:
    """Return the orders among rows that were ever paid, and those that cannot be read."""
    orders: list[OrderFacts] = []
    broken: list[Difference] = []
    for row in rows:
        if row["item"] != ORDER:
            continue
        try:
            if row["changes"]:
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
