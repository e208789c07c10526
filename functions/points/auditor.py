"""How the audit goes through all accounts and orders, or through those that may have come to differ (E9)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Handled, Task, work_off
from functions.points.account_rows import ADJUSTED_BY, WALLET
from functions.points.audit import ROW_NAMES, Liability, Tally
from functions.points.looks import RECHECK_ROWS, Looks, Sum
from functions.points.passes import (
    AUDIT_ACCOUNTS,
    AUDIT_ORDERS,
    CHANGED_ACCOUNTS,
    CHANGED_ORDERS,
    DIFFERED,
    OVERDUE_LOTS,
    OVERDUE_WALLETS,
    Pass,
)
from functions.points.shards import Shards

Handle = Callable[[list[Row], Task, Sum, Deadline], None]


@dataclass(frozen=True, slots=True)
class Auditor:
    """What a worker does with a task of an audit."""

    looks: Looks
    shards: Shards

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it."""
        if task.only:
            self.looks.second(task, deadline)
        elif task.work == AUDIT_ACCOUNTS:
            self._all_accounts(task, deadline)
        else:
            handles: Mapping[str, Handle] = {
                AUDIT_ORDERS: self.looks.at_orders,
                CHANGED_ORDERS: self._at_changed_orders,
                CHANGED_ACCOUNTS: self._at_accounts,
                OVERDUE_LOTS: self._at_accounts,
                OVERDUE_WALLETS: self._at_accounts,
                DIFFERED: self._at_what_differed,
            }
            self._page_by_page(task, handles[task.work], deadline)

    def _page_by_page(self, task: Task, handle: Handle, deadline: Deadline) -> None:
        total = Sum.of(task.so_far)

        def handled(rows: list[Row]) -> Handled:
            handle(rows, task, total, deadline)
            return Handled(done=len(rows))

        if work_off(
            task,
            self.looks.queue,
            page=lambda after: self.shards.page(task, after),
            handle=handled,
            deadline=deadline,
            so_far=lambda: asdict(total),
        ):
            self.looks.end(task, total)

    def _all_accounts(self, task: Task, deadline: Deadline) -> None:
        """Reckon each account of a segment from its own rows, which follow one another: one tally is open."""
        looks, total = self.looks, Sum.of(task.so_far)
        tally: Tally | None = None
        doubtful: list[Row] = []

        def close(*, counted: bool = False) -> None:
            nonlocal tally
            if tally is not None and tally.differences():
                known = counted or tally.wallet_seen
                doubtful.append({"member_id": tally.member_id, "counted": known})
            tally = None

        def handle(rows: list[Row]) -> Handled:
            nonlocal tally
            held: dict[str, Liability] = {}
            for row in rows:
                member_id = row["member_id"]
                if member_id.startswith(ADJUSTED_BY):
                    continue
                if tally is None or tally.member_id != member_id:
                    close()
                    tally = looks.tally(member_id, task)
                tally.add(row)
                if row["item"] == WALLET:
                    held[member_id] = Liability.of(tally.wallet)
            total.checked += len(held)
            for each in held.values():
                total.liability += each
            looks.note(task, held, deadline)
            looks.again(task, total, doubtful)
            doubtful.clear()
            return Handled(done=len(rows))

        def so_far() -> Mapping[str, Any]:
            # The rest of its rows may come in the next task, which finds that it does not fit, and counts it.
            close(counted=True)
            looks.again(task, total, doubtful)
            return asdict(total)

        if work_off(
            task,
            looks.queue,
            page=lambda after: self.shards.page(task, after),
            handle=handle,
            deadline=deadline,
            so_far=so_far,
        ):
            close()
            looks.again(task, total, doubtful)
            looks.end(task, total)

    def _at_changed_orders(self, rows: list[Row], task: Task, total: Sum, deadline: Deadline) -> None:
        since = calendar.to_row(Pass.of(task).since)
        read = self.looks.orders(rows, deadline, consistent=False)
        changed = [row for row in read if row.get("changed_at", since) >= since]
        self.looks.at_orders(changed, task, total, deadline)

    def _at_what_differed(self, rows: list[Row], task: Task, total: Sum, deadline: Deadline) -> None:
        orders = [row for row in rows if row["order_id"] is not None]
        self.looks.at_orders(self.looks.orders(orders, deadline), task, total, deadline)
        self._at_accounts([row for row in rows if row["order_id"] is None], task, total, deadline)

    def _at_accounts(self, rows: Iterable[Row], task: Task, total: Sum, deadline: Deadline) -> None:
        """Reckon accounts each from its partition; one may be named by several of its rows."""
        looks = self.looks
        tables, table = looks.accounts.tables, looks.accounts.table
        doubtful: list[Row] = []
        held: dict[str, Liability] = {}
        for member_id in dict.fromkeys(row["member_id"] for row in rows):
            tally = looks.tally(member_id, task)
            for row in tables.read_partition(
                table, partition=("member_id", member_id), names=ROW_NAMES, page=RECHECK_ROWS
            ):
                tally.add(row)
            if tally.wallet_seen:
                total.checked += 1
                held[member_id] = Liability.of(tally.wallet)
            if tally.differences():
                doubtful.append({"member_id": member_id, "counted": tally.wallet_seen})
        looks.note(task, held, deadline)
        looks.again(task, total, doubtful)
