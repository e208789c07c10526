"""How the audit goes through all accounts and orders, or through those that may have come to differ (E9)."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from functions.domain import calendar
from functions.platform.changes import changed_since
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row
from functions.platform.fanout import Handled, Page, Task, page_of, work_off
from functions.points.account_rows import ADJUSTED_BY, WALLET
from functions.points.audit import ORDER_NAMES, ROW_NAMES, Liability, Tally
from functions.points.looks import OVERDUE, RECHECK_ROWS, Looks, Sum
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

ACCOUNTS_BY_CHANGE = "accounts_by_change"
ORDERS_BY_CHANGE = "orders_by_change"
SCAN_ROWS = 500
PAGE_ROWS = 50
"""Accounts or orders of a page that are found by an index, and then read one by one or together."""
PageOf = Callable[[Task, Row | None], Page]
Handle = Callable[[list[Row], Task, Sum, Deadline], None]


@dataclass(frozen=True, slots=True)
class Auditor:
    """What a worker does with a task of an audit."""

    looks: Looks

    def work(self, task: Task, deadline: Deadline) -> None:
        """Work a task off, or hand on what is left of it."""
        if task.only:
            self.looks.second(task, deadline)
        elif task.work == AUDIT_ACCOUNTS:
            self._all_accounts(task, deadline)
        else:
            works: Mapping[str, tuple[PageOf, Handle]] = {
                AUDIT_ORDERS: (self._all_orders, self.looks.at_orders),
                CHANGED_ORDERS: (self._changed_orders, self._at_changed_orders),
                CHANGED_ACCOUNTS: (self._changed_accounts, self._at_accounts),
                OVERDUE_LOTS: (self._overdue_lots, self._at_accounts),
                OVERDUE_WALLETS: (self._overdue_wallets, self._at_accounts),
                DIFFERED: (self._differed, self._at_what_differed),
            }
            self._page_by_page(task, *works[task.work], deadline)

    def _page_by_page(self, task: Task, page: PageOf, handle: Handle, deadline: Deadline) -> None:
        total = Sum.of(task.so_far)

        def handled(rows: list[Row]) -> Handled:
            handle(rows, task, total, deadline)
            return Handled(done=len(rows))

        if work_off(
            task,
            self.looks.queue,
            page=lambda after: page(task, after),
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

        table = looks.accounts.table
        if work_off(
            task,
            looks.queue,
            page=lambda after: self._scanned(table, task, ROW_NAMES, after),
            handle=handle,
            deadline=deadline,
            so_far=so_far,
        ):
            close()
            looks.again(task, total, doubtful)
            looks.end(task, total)

    def _all_orders(self, task: Task, after: Row | None) -> Page:
        return self._scanned(self.looks.accounts.orders_table, task, ORDER_NAMES, after)

    def _scanned(self, table: str, task: Task, names: tuple[str, ...], after: Row | None) -> Page:
        rows, following = self.looks.accounts.tables.scan(
            table, segment=task.shard, of=task.of, names=names, limit=SCAN_ROWS, after=after
        )
        return rows, None if following is None else dict(following)

    def _changed_accounts(self, task: Task, after: Row | None) -> Page:
        return self._changed(self.looks.accounts.table, ACCOUNTS_BY_CHANGE, task, after)

    def _changed_orders(self, task: Task, after: Row | None) -> Page:
        return self._changed(self.looks.accounts.orders_table, ORDERS_BY_CHANGE, task, after)

    def _changed(self, table: str, index: str, task: Task, after: Row | None) -> Page:
        return changed_since(
            self.looks.accounts.tables,
            table,
            index,
            task.shard,
            since=Pass.of(task).since,
            at=task.at,
            limit=PAGE_ROWS,
            after=after,
        )

    def _overdue_lots(self, task: Task, after: Row | None) -> Page:
        return page_of(
            *self.looks.accounts.lots_due(task.shard, at=task.at - OVERDUE, limit=PAGE_ROWS, after=after)
        )

    def _overdue_wallets(self, task: Task, after: Row | None) -> Page:
        policy = self.looks.policy
        year = calendar.newest_expired_year(task.at - OVERDUE, policy.points.valid_years, policy.zone)
        return page_of(*self.looks.accounts.wallets_due(task.shard, year=year, limit=PAGE_ROWS, after=after))

    def _differed(self, task: Task, after: Row | None) -> Page:
        base = Pass.of(task).base
        if base is None:
            return [], None
        found, position = self.looks.reports.differences(
            base, limit=PAGE_ROWS, after=None if after is None else after["after"]
        )
        rows: list[Row] = [{"member_id": each.member_id, "order_id": each.order_id} for each in found]
        return rows, None if position is None else {"after": position}

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
