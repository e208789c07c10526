"""Where an audit finds what it looks at, shard by shard, and which shards it can leave out (E9)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.platform.changes import changed_since
from functions.platform.dynamo import Row
from functions.platform.fanout import Page, Task, page_of
from functions.points.accounts import Accounts
from functions.points.audit import ORDER_NAMES, ROW_NAMES
from functions.points.looks import OVERDUE
from functions.points.passes import (
    AUDIT_ACCOUNTS,
    AUDIT_ORDERS,
    CHANGED_ACCOUNTS,
    CHANGED_ORDERS,
    DIFFERED,
    OVERDUE_LOTS,
    OVERDUE_WALLETS,
    AuditKind,
    Pass,
)
from functions.points.reports import Reports

ACCOUNTS_BY_CHANGE = "accounts_by_change"
ORDERS_BY_CHANGE = "orders_by_change"
SCAN_ROWS = 500
PAGE_ROWS = 50
"""Accounts or orders of a page that are found by an index, and then read one by one or together."""
SMALL_ROWS = 10_000
"""A table that a single read of at most so many rows comes to the end of is read in one segment. The database
reads a megabyte at a time, which of orders are some thousand."""
PageOf = Callable[[Task, Row | None, int], Page]


@dataclass(frozen=True, slots=True)
class Shards:
    """The rows of each shard of a pass."""

    accounts: Accounts
    reports: Reports
    policy: Policy

    def page(self, task: Task, after: Row | None, limit: int | None = None) -> Page:
        """Return a page of what a task is to look at, and where to go on."""
        works: Mapping[str, tuple[PageOf, int]] = {
            AUDIT_ACCOUNTS: (self._all_accounts, SCAN_ROWS),
            AUDIT_ORDERS: (self._all_orders, SCAN_ROWS),
            CHANGED_ACCOUNTS: (self._changed_accounts, PAGE_ROWS),
            CHANGED_ORDERS: (self._changed_orders, PAGE_ROWS),
            OVERDUE_LOTS: (self._overdue_lots, PAGE_ROWS),
            OVERDUE_WALLETS: (self._overdue_wallets, PAGE_ROWS),
            DIFFERED: (self._differed, PAGE_ROWS),
        }
        page, usual = works[task.work]
        return page(task, after, limit or usual)

    def narrowed(self, whole: Pass) -> Pass:
        """Return a pass without what there is nothing to do in: a small shop's audit is a task or two.

        A full pass reads a small table in one segment. One of changes leaves out shards that hold nothing at
        its beginning; what an index does not have yet, the next pass finds in its overlap with this one.
        """
        if whole.kind is AuditKind.FULL:
            return replace(
                whole, shards={work: self._segments(work, most) for work, most in whole.shards.items()}
            )
        idle: dict[str, list[int]] = {}
        for task in whole.tasks():
            if task.work != DIFFERED and self._idle(task):
                idle.setdefault(task.work, []).append(task.shard)
        return replace(whole, left_out=idle)

    def _segments(self, work: str, most: int) -> int:
        table, name = {
            AUDIT_ACCOUNTS: (self.accounts.table, "member_id"),
            AUDIT_ORDERS: (self.accounts.orders_table, "order_id"),
        }[work]
        _, following = self.accounts.tables.scan(
            table, segment=0, of=1, names=(name,), limit=SMALL_ROWS, after=None
        )
        return 1 if following is None else most

    def _idle(self, task: Task) -> bool:
        after: Row | None = None
        while True:
            rows, after = self.page(task, after, 1)
            if rows or after is None:
                return not rows

    def _all_accounts(self, task: Task, after: Row | None, limit: int) -> Page:
        return self._scanned(self.accounts.table, task, ROW_NAMES, after, limit)

    def _all_orders(self, task: Task, after: Row | None, limit: int) -> Page:
        return self._scanned(self.accounts.orders_table, task, ORDER_NAMES, after, limit)

    def _scanned(self, table: str, task: Task, names: tuple[str, ...], after: Row | None, limit: int) -> Page:
        rows, following = self.accounts.tables.scan(
            table, segment=task.shard, of=task.of, names=names, limit=limit, after=after
        )
        return rows, None if following is None else dict(following)

    def _changed_accounts(self, task: Task, after: Row | None, limit: int) -> Page:
        return self._changed(self.accounts.table, ACCOUNTS_BY_CHANGE, task, after, limit)

    def _changed_orders(self, task: Task, after: Row | None, limit: int) -> Page:
        return self._changed(self.accounts.orders_table, ORDERS_BY_CHANGE, task, after, limit)

    def _changed(self, table: str, index: str, task: Task, after: Row | None, limit: int) -> Page:
        return changed_since(
            self.accounts.tables,
            table,
            index,
            task.shard,
            since=Pass.of(task).since,
            at=task.at,
            limit=limit,
            after=after,
        )

    def _overdue_lots(self, task: Task, after: Row | None, limit: int) -> Page:
        return page_of(*self.accounts.lots_due(task.shard, at=task.at - OVERDUE, limit=limit, after=after))

    def _overdue_wallets(self, task: Task, after: Row | None, limit: int) -> Page:
        policy = self.policy
        year = calendar.newest_expired_year(task.at - OVERDUE, policy.points.valid_years, policy.zone)
        return page_of(*self.accounts.wallets_due(task.shard, year=year, limit=limit, after=after))

    def _differed(self, task: Task, after: Row | None, limit: int) -> Page:
        base = Pass.of(task).base
        if base is None:
            return [], None
        found, position = self.reports.differences(
            base, limit=limit, after=None if after is None else after["after"]
        )
        rows: list[Row] = [{"member_id": each.member_id, "order_id": each.order_id} for each in found]
        return rows, None if position is None else {"after": position}
