"""Where orders live: finding them, and every later change of their row with what it gives back (O1-O7)."""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from functions.catalog.rows import key as catalog_key
from functions.catalog.stock import counter_of, give_back_stock
from functions.counters import heat
from functions.counters.counter import Spread
from functions.coupons import coupons
from functions.domain import calendar, identifiers
from functions.domain.errors import NotFoundError, TryAgainError
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders import history
from functions.orders.history import HISTORY, Occurrence
from functions.orders.life import without_earlier_changes
from functions.orders.order import CLOSED, Order, Status
from functions.orders.rows import DUE, change_row, due_partition, key, order_of, row_changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.platform.settings import Settings
from functions.points import account_rows, accounts, ledger
from functions.tiers import members


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The orders, with the tables that their changes touch."""

    tables: Tables
    orders_table: str
    members_table: str
    catalog_table: str
    policy: Policy

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "OrderBook":
        """Return the orders in the tables that a function is told of."""
        return cls(
            tables=tables,
            orders_table=settings.orders_table,
            members_table=settings.members_table,
            catalog_table=settings.catalog_table,
            policy=policy,
        )

    def find(self, order_id: str) -> Order | None:
        """Return an order as it was last written, or None."""
        if not identifiers.is_order_id(order_id):
            return None
        return read_as(order_of, self.tables.get(self.orders_table, key(order_id)))

    def require(self, order_id: str, *, member_id: str | None = None) -> Order:
        """Return an order as it was last written.

        Raises
        ------
        NotFoundError
            ``order_not_found``: there is none, or it is not of this member (None: of anybody).
        """
        order = self.find(order_id)
        if order is None or member_id not in (None, order.member_id):
            raise no_order()
        return order

    def due(
        self, kind: str, shard: int, *, now: datetime, limit: int, after: Row | None
    ) -> tuple[list[Row], bool]:
        """Return a page of the orders whose lapse or receipt is due, the longest due first.

        The rows are those of the index, which may be behind; ``after`` is the last one of the page before.
        """
        return self.tables.query_index(
            self.orders_table,
            DUE,
            partition=("due", due_partition(kind, shard)),
            up_to=("due_at", calendar.to_row(now)),
            limit=limit,
            after=after,
        )

    def history(self, order: Order, *, limit: int, after: str | None) -> tuple[list[Occurrence], str | None]:
        """Return a page of what has happened to an order, newest first, and the position to go on after."""
        rows, more = self.tables.query(
            self.orders_table,
            partition=("order_id", order.order_id),
            prefix=("item", HISTORY),
            limit=limit,
            after=None if after is None else key(order.order_id, HISTORY + after),
        )
        steps = [each for each in history.steps_of(order) if after is None or each.position < after]
        found = sorted(
            [*map(history.occurrence_of, rows), *steps], key=lambda each: each.position, reverse=True
        )
        page = found[:limit]
        return page, page[-1].position if more or len(found) > limit else None

    def change(
        self,
        order_id: str,
        event: Callable[[Order], Order],
        deadline: Deadline,
        *,
        member_id: str | None = None,
        kept_as: Callable[[Order, Order], Occurrence | None] = lambda before, after: None,
    ) -> Order:
        """Let something happen to an order, and give back in the same transaction what that frees.

        Parameters
        ----------
        event
            Returns the order after it, or the order itself where there is nothing to do; may refuse.
        member_id
            The only member whose order it may be, or None for staff and jobs.
        kept_as
            Returns what the order's history keeps of the change, if anything.

        Raises
        ------
        NotFoundError
            ``order_not_found``, also for another member's order.
        RefusalError
            What the event refuses.
        """

        def attempt() -> Order:
            order = self.require(order_id, member_id=member_id)
            after = event(order)
            if after.version != order.version:
                transaction = self.tables.transaction()
                after = self.replace(transaction, order, after)
                kept = kept_as(order, after)
                if kept is not None:
                    transaction.put_new(self.orders_table, history.row_of(order_id, kept))
                try:
                    transaction.commit(deadline)
                finally:
                    self.feel(transaction, order)
            return after

        return until_clear(attempt, deadline)

    def replace(self, transaction: Transaction, before: Order, after: Order) -> Order:
        """Add that an order becomes another, and that what it frees goes back: stock, coupon, points (O4).

        Returns the order as its row keeps it: the changes that leave the row are added as rows of their own.
        """
        after = self.turn(transaction, before, after)
        self.give_back(transaction, freed(before, after), of=before)
        return after

    def turn(
        self, transaction: Transaction, before: Order, after: Order, *, wallet: Row | None = None
    ) -> Order:
        """Add all of :meth:`replace` but the units that go back into the stock.

        ``wallet`` is the wallet's row, where it has been read already.
        """
        after, earlier = without_earlier_changes(after)
        changed = row_changed(after, transaction.at)
        transaction.put_version(self.orders_table, changed, replaces=before.version)
        for number, change in enumerate(earlier, after.earlier_changes - len(earlier)):
            transaction.put_new(self.orders_table, change_row(after.order_id, number, change))
        if _closes(before, after) and before.quote.coupon is not None:
            coupons.give_back(
                transaction,
                self.members_table,
                member_id=before.member_id,
                coupon_id=before.quote.coupon.coupon_id,
                order_id=before.order_id,
            )
        if restores_points(before, after):
            self._restore_points(transaction, after, wallet)
        return after

    def give_back(self, transaction: Transaction, units: Mapping[str, int], *, of: Order) -> None:
        """Add that units of each sku go back into the stock, into the row that this order's go to."""
        for sku, count in units.items():
            give_back_stock(transaction, self.catalog_table, sku, count, row=self._row_for(of, sku))

    def wallet_key(self, order: Order) -> tuple[str, dict[str, str]]:
        """Return the table and the key of the wallet that an order's points come back to."""
        return self.members_table, members.key(order.member_id, account_rows.WALLET)

    def feel(self, transaction: Transaction, order: Order) -> None:
        """Let the stock of an order's units be spread over more rows where others were in their way (Z1)."""
        if not transaction.conflicts:
            return
        with suppress(TryAgainError):  # it is told at best
            for sku in order.stock_rows:
                product = self.tables.get(self.catalog_table, catalog_key(sku))
                if product is not None:
                    spread = Spread.of(product)
                    rows = [spread.row_of(order.order_id)]
                    heat.feel(self.tables, transaction, counter_of(self.catalog_table, sku), spread, rows)

    def _row_for(self, order: Order, sku: str) -> int:
        """Return the row of the stock that an order's units go back into: its own, as many as there are now.

        Where the stock was one row when they were taken, it is that one, and nothing is read (Z1).
        """
        if sku not in order.stock_rows:
            return 0
        product = self.tables.get(self.catalog_table, catalog_key(sku))
        return 0 if product is None else Spread.of(product).row_of(order.order_id)

    def _restore_points(self, transaction: Transaction, order: Order, read: Row | None) -> None:
        """Add that the points of an order that closes before its shipment come back with it (E6)."""
        row = self.tables.get(*self.wallet_key(order)) if read is None else read
        if row is None or order.closed_at is None:
            raise accounts.AccountMissingError(order.order_id)
        wallet = account_rows.wallet_of(row)
        after, entries = ledger.restore(
            wallet,
            parts=order.redeemed_by_year,
            order_id=order.order_id,
            occurred_at=order.closed_at,
            policy=self.policy,
        )
        accounts.put_wallet(
            transaction, self.members_table, order.member_id, before=wallet, after=after, entries=entries
        )


def freed(before: Order, after: Order) -> Counter[str]:
    """Return the units of each sku that an order has no longer when it becomes another."""
    units: Counter[str] = Counter()
    for line, had, has in zip(before.quote.lines, before.staying, after.staying, strict=True):
        if had > has:
            units[line.sku] += had - has
    return units


def restores_points(before: Order, after: Order) -> bool:
    """Tell whether redeemed points come back with the order's own transaction (E6)."""
    unshipped = after.status in (Status.CANCELLED, Status.LAPSED)
    return _closes(before, after) and unshipped and bool(before.redeemed_by_year) and not before.cancels


def _closes(before: Order, after: Order) -> bool:
    return after.status in CLOSED and before.status not in CLOSED


def no_order() -> NotFoundError:
    """Return the refusal of an order that there is not, or that is another member's."""
    return NotFoundError("order_not_found", "There is no such order.")
