"""Lists of orders, newest first by the time they were placed: a member's, and those of the whole shop.

Which orders there are the indexes say, which may be behind by a moment; how an order reads is decided on its
own row and as of now: an unpaid one past its window is lapsed, a shipped one past its days is received,
before a job has written so (O2, O3). So a page may look at orders that it does not show. It looks at
:data:`LOOKED_AT_MAX` at most and goes on by its cursor: a page may be short, or empty, and not the last.
"""

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders.life import as_of
from functions.orders.order import PROVIDERS, Order, Status
from functions.orders.rows import (
    BY_MEMBER,
    BY_STATUS,
    BY_TRACKING,
    LATE_LIST,
    STATUS_SHARDS,
    key,
    order_of,
    payment_key,
    placed_key,
    status_partition,
    tracking_of,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, Row, Span, Tables, above, below, time_span
from functions.platform.settings import Settings

LOOKED_AT_MAX = 200
"""Orders that are read for one page of a list."""
STEP_ORDERS = 50
"""How many are read at a time, at least, once those that a page has room for were not all shown."""
QUERIES_AT_ONCE = 8
"""Queries of an index that are under way together: without a status there are 48 partitions to merge."""

T = TypeVar("T")
V = TypeVar("V")
Orders = tuple[list[Order], str | None]
"""Orders as they read now, and the position to go on after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which orders are wanted: those that read so now, placed from a moment on and before one.

    ``tracking`` is the number of their parcels, as :func:`tracking_of` has it.
    """

    status: Status | None = None
    since: datetime | None = None
    before: datetime | None = None
    tracking: str | None = None

    @property
    def named(self) -> str:
        """What tells lists with this filter from others."""
        return f"{self.status or ''} {self.since or ''} {self.before or ''}"

    def shows(self, order: Order) -> bool:
        """Tell whether an order, as it reads now, is one that is wanted."""
        if self.tracking is not None and tracking_of(order.tracking_no or "") != self.tracking:
            return False
        return self.status in (None, order.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderLists:
    """The lists of the orders in a table."""

    tables: Tables
    table: str
    policy: Policy

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "OrderLists":
        """Return the lists of the orders in the table that a function is told of."""
        return cls(tables=tables, table=settings.orders_table, policy=policy)

    def of_member(
        self,
        member_id: str,
        wanted: Filter,
        *,
        now: datetime,
        limit: int,
        after: str | None,
        deadline: Deadline,
    ) -> Orders:
        """Return a page of a member's orders as they read now, and the position to go on after."""

        def page(limit: int, after: str | None) -> tuple[list[Row], bool]:
            span = time_span(wanted.since, wanted.before, after)
            return self._query(BY_MEMBER, ("member_id", member_id), span, limit)

        return self._walked(page, wanted, now=now, limit=limit, after=after, deadline=deadline)

    def search(
        self, wanted: Filter, *, now: datetime, limit: int, after: str | None, deadline: Deadline
    ) -> Orders:
        """Return a page of all members' orders as they read now, and the position to go on after."""
        sources = list(self._sources(wanted, now))

        def page(limit: int, after: str | None) -> tuple[list[Row], bool]:
            return self._merged(sources, limit, after)

        return self._walked(page, wanted, now=now, limit=limit, after=after, deadline=deadline)

    def tracked(
        self, tracking: str, *, now: datetime, limit: int, after: str | None, deadline: Deadline
    ) -> Orders:
        """Return a page of the orders whose parcels have a tracking number, newest first (K8).

        It is a number as :func:`tracking_of` has it. Several parcels may have one; which order has it now its
        own row says, so that a corrected number finds nothing.
        """

        def page(limit: int, after: str | None) -> tuple[list[Row], bool]:
            return self._query(BY_TRACKING, ("tracking", tracking), time_span(None, None, after), limit)

        return self._walked(
            page, Filter(tracking=tracking), now=now, limit=limit, after=after, deadline=deadline
        )

    def paid_by(self, payment_id: str, *, now: datetime, deadline: Deadline) -> list[Order]:
        """Return the orders that a payment was recorded for, newest first (K8).

        That is one. By the number alone that a provider knows its payment by it may be one of each provider.
        """
        payment_ids = [payment_id, *(f"{provider}:{payment_id}" for provider in PROVIDERS)]
        payments = self.tables.batch_get([(self.table, payment_key(each)) for each in payment_ids], deadline)
        order_ids = dict.fromkeys(row["paid_order_id"] for row in payments if row is not None)
        rows = self.tables.batch_get([(self.table, key(order_id)) for order_id in order_ids], deadline)
        orders = [as_of(order_of(row), now) for row in rows if row is not None]
        return sorted(orders, key=placed_key, reverse=True)

    def late(self, *, now: datetime, limit: int, after: str | None, deadline: Deadline) -> Orders:
        """Return a page of the orders whose parcels are late and on their way, longest late first (A11).

        It may be short, or empty, and not the last.
        """
        start = LOWEST if after is None else above(after)
        rows, more = self.tables.query_span(
            self.table,
            index=LATE_LIST,
            partition=("late", LATE_LIST),
            sort="late_key",
            span=(start, HIGHEST),
            limit=limit,
        )
        stored = self.tables.batch_get([(self.table, key(row["order_id"])) for row in rows], deadline)
        orders = [as_of(order_of(row), now) for row in stored if row is not None]
        found = [order for order in orders if order.status is Status.SHIPPED and order.late_at is not None]
        return found, rows[-1]["late_key"] if more else None

    def _sources(self, wanted: Filter, now: datetime) -> Iterator[tuple[str, Span]]:
        """Give the partitions that orders which read so may stand in, and the span of each that is wanted.

        An order that lapses or is received by itself stands under its status before until a job has written
        it; nothing placed later than its term ago can have. One with a shorter term, of a policy before
        today's, is found once it is written.
        """
        unwritten = {
            Status.LAPSED: (Status.PLACED, timedelta(minutes=self.policy.orders.payment_window_minutes)),
            Status.RECEIVED: (Status.SHIPPED, timedelta(days=self.policy.orders.auto_receipt_days)),
        }
        lowest, highest = time_span(wanted.since, wanted.before, None)
        for status in Status if wanted.status is None else (wanted.status,):
            for shard in range(STATUS_SHARDS):
                yield status_partition(status, shard), (lowest, highest)
        if wanted.status in unwritten:
            status, term = unwritten[wanted.status]
            latest = time_span(None, now - term + timedelta(seconds=1), None)[1]
            for shard in range(STATUS_SHARDS):
                yield status_partition(status, shard), (lowest, min(highest, latest))

    def _merged(
        self, sources: list[tuple[str, Span]], limit: int, after: str | None
    ) -> tuple[list[Row], bool]:
        """Return the newest rows of partitions behind a position, each once, and whether more follow."""

        def newest(source: tuple[str, Span]) -> tuple[list[Row], bool]:
            partition, (lowest, highest) = source
            span = lowest, highest if after is None else min(highest, below(after))
            return self._query(BY_STATUS, ("status_shard", partition), span, limit)

        found = at_once(newest, sources)
        rows = list(_each_once(heapq.merge(*(rows for rows, _ in found), key=_position, reverse=True)))
        return rows[:limit], len(rows) > limit or any(more for _, more in found)

    def _query(
        self, index: str, partition: tuple[str, str], span: Span, limit: int
    ) -> tuple[list[Row], bool]:
        return self.tables.query_span(
            self.table,
            index=index,
            partition=partition,
            sort="placed_key",
            span=span,
            limit=limit,
            newest_first=True,
        )

    def _walked(
        self,
        page: Callable[[int, str | None], tuple[list[Row], bool]],
        wanted: Filter,
        *,
        now: datetime,
        limit: int,
        after: str | None,
        deadline: Deadline,
    ) -> Orders:
        """Look at orders until a page is full, there are no more, or so many were looked at."""
        shown: list[Order] = []
        step, left = limit, LOOKED_AT_MAX
        while True:
            found, more = page(min(step, left), after)
            keys = [(self.table, key(row["order_id"])) for row in found]
            for row, stored in zip(found, self.tables.batch_get(keys, deadline), strict=True):
                if len(shown) == limit:
                    return shown, after
                after = _position(row)
                order = read_as(order_of, stored)
                current = None if order is None else as_of(order, now)
                if current is not None and wanted.shows(current):
                    shown.append(current)
            left -= len(found)
            if not more:
                return shown, None
            if len(shown) == limit or left <= 0:
                return shown, after
            step = max(limit, STEP_ORDERS)


def at_once(query: Callable[[T], V], sources: Sequence[T]) -> list[V]:
    """Return what a query of each source gives, :data:`QUERIES_AT_ONCE` of them under way together."""
    with ThreadPoolExecutor(QUERIES_AT_ONCE) as threads:
        return list(threads.map(query, sources))


def _position(row: Row) -> str:
    position: str = row["placed_key"]
    return position


def _each_once(rows: Iterable[Row]) -> Iterator[Row]:
    """Leave out repeats, which stand together: an index that is behind may have an order in two places."""
    last = None
    for row in rows:
        if row["placed_key"] != last:
            last = row["placed_key"]
            yield row
