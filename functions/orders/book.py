"""Where orders live: finding them, and every later change of their row with what it gives back (O1-O7)."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from functions.cases import case as cases
from functions.cases import figures
from functions.cases.case import Actor
from functions.cases.rows import case_of, case_row
from functions.cases.rows import key as case_key
from functions.catalog import set_aside
from functions.catalog.stock import lost_row
from functions.counters import counter, heat
from functions.counters.counter import Spread
from functions.domain import calendar, identifiers
from functions.domain.errors import NotFoundError, TryAgainError
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.orders import history
from functions.orders.coming_back import WALLET, Change, counter_named
from functions.orders.due_back import refunds_of_change
from functions.orders.history import HISTORY, Occurrence
from functions.orders.life import without_earlier_changes
from functions.orders.order import CLOSED, Order, Status
from functions.orders.rows import DUE, change_row, due_partition, key, order_of, row_changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.platform.settings import Settings
from functions.points import account_rows, accounts, ledger
from functions.refunds.refund import Refund, State, shown_state
from functions.refunds.rows import REFUND, TRANSFER, refund_of, refund_row, transfer_of

REFUNDS_SHOWN_MAX = 200
"""Refunds that an order shows; one unit is returned at a time by few."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderBook:
    """The orders, with the tables that their changes touch."""

    tables: Tables
    orders_table: str
    members_table: str
    catalog_table: str
    payments_table: str
    cases_table: str
    policy: Policy

    @classmethod
    def of(cls, tables: Tables, settings: Settings, policy: Policy) -> "OrderBook":
        """Return the orders in the tables that a function is told of."""
        return cls(
            tables=tables,
            orders_table=settings.orders_table,
            members_table=settings.members_table,
            catalog_table=settings.catalog_table,
            payments_table=settings.payments_table,
            cases_table=settings.cases_table,
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

    def refunds(self, order: Order) -> list[tuple[Refund, State]]:
        """Return what is due back for an order, and where each refund stands, the first first (Y7).

        Nothing is read where nothing can be due: at most :data:`REFUNDS_SHOWN_MAX` are shown, the latest.
        """
        owed = order.refunded_fen or order.return_shipping_granted
        if not owed and all(payment.applied for payment in order.payments):
            return []

        def rows(prefix: str) -> list[Row]:
            found, _ = self.tables.query(
                self.payments_table,
                partition=("subject", order.order_id),
                prefix=("item", prefix),
                limit=REFUNDS_SHOWN_MAX,
                after=None,
            )
            return found

        found = sorted(map(refund_of, rows(REFUND)), key=lambda each: (each.made_at, each.refund_id))
        carried = any(each.transfer is not None for each in found)
        transfers = {each.place: each for each in map(transfer_of, rows(TRANSFER) if carried else ())}
        return [(each, shown_state(each, transfers.get(each.transfer or 0))) for each in found]

    def change(
        self,
        order_id: str,
        event: Callable[[Order], Order],
        deadline: Deadline,
        *,
        member_id: str | None = None,
        by: Actor = Actor.STAFF,
        kept_as: Callable[[Order, Order], Occurrence | None] = lambda before, after: None,
        also: Callable[[Transaction, Order, Order], None] = lambda transaction, before, after: None,
    ) -> Order:
        """Let something happen to an order, and give back in the same transaction what that frees.

        Parameters
        ----------
        event
            Returns the order after it, or the order itself where there is nothing to do; may refuse.
        member_id
            The only member whose order it may be, or None for staff and jobs.
        by
            Who closes the cases of an order that closes.
        kept_as
            Returns what the order's history keeps of the change, if anything.
        also
            Adds what is written with the change, in its transaction.

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
                also(transaction, order, after)
                after = self.replace(transaction, order, after, deadline, by=by)
                kept = kept_as(order, after)
                if kept is not None:
                    transaction.put_new(self.orders_table, history.row_of(order_id, kept))
                try:
                    transaction.commit(deadline)
                finally:
                    self.feel(transaction, order)
            return after

        return until_clear(attempt, deadline)

    def replace(
        self,
        transaction: Transaction,
        before: Order,
        after: Order,
        deadline: Deadline,
        *,
        by: Actor = Actor.STAFF,
        case_id: str | None = None,
        operator: str = "",
    ) -> Order:
        """Add that an order becomes another, and that what it frees goes back: stock, coupon, points (O4).

        Cases that lose units with it are added, too (A5), but for the one with ``case_id``, in whose name it
        happens, and which ``operator`` decided on. Returns the order as its row keeps it: the changes that
        leave the row are added as rows of their own.
        """
        change = Change(before, after)
        needed = change.keys(self.catalog_table, self.members_table)
        if len(needed) == 1:  # the wallet alone, as a rule
            rows = {name: self.tables.get(*key) for name, key in needed.items()}
        else:
            (rows,) = self.read_for([change], deadline)
        after = self.turn(transaction, change, rows)
        back = change.amounts(rows, transaction.at)
        back.update(self._close_cases(transaction, before, change.after, by=by, but=case_id))
        self.give_back(transaction, back, of=before)
        if case_id is not None:
            for sku, units in change.lost.items():
                row = lost_row(sku, units, case_id=case_id, operator=operator, at=transaction.at)
                transaction.put_new(self.catalog_table, row)
        return after

    def _close_cases(
        self, transaction: Transaction, before: Order, after: Order, *, by: Actor, but: str | None
    ) -> Counter[str]:
        """Add that cases end, or shrink, with the units that an order loses; return what they held (A5, A7).

        A case that has ended by itself is left to the job that writes so.
        """
        back: Counter[str] = Counter()
        kept = {each.case_id: each for each in after.cases}
        for each in before.cases:
            left = kept.get(each.case_id)
            if each.case_id == but or (left is not None and left.units == each.units):
                continue
            row = self.tables.get(self.cases_table, case_key(each.case_id))
            if row is None:
                raise LookupError(f"order {before.order_id} has a case that is not there")
            stored = case_of(row)
            at = stored.no_earlier(transaction.at)
            case = cases.as_of(stored, at)
            if not case.is_open:
                continue
            if after.status in CLOSED and left is None and after.status is not Status.RETURNED:
                ended = cases.close(case, by=by, reason=f"order_{after.status}", now=at)
            else:
                units = {} if left is None else dict(zip(before.line_ids, left.units, strict=True))
                ended = cases.with_units(case, units, by=by, reason=cases.RETURNED_DIRECTLY, now=at)
            ended = replace(ended, version=stored.version + 1)
            transaction.put_version(self.cases_table, case_row(ended), replaces=stored.version)
            figures.count(transaction, self.cases_table, stored, ended, self.policy.zone)
            if case.holds_stock:
                back.update(case.exchanged_for)
                back.subtract(ended.exchanged_for if ended.holds_stock else {})
        return +back

    def read_for(self, changes: Sequence[Change], deadline: Deadline) -> list[dict[str, Row | None]]:
        """Read together what is read for some changes, the rows of each by their names; limits last (V14)."""
        first = [change.keys(self.catalog_table, self.members_table) for change in changes]
        last = [change.keys_of_limits(self.catalog_table) for change in changes]
        found: list[dict[str, Row | None]] = [{} for _ in changes]
        for wanted in (first, last):
            rows = self.tables.batch_get_groups([list(each.values()) for each in wanted], deadline)
            for each, names, values in zip(found, wanted, rows, strict=True):
                each.update(zip(names, values, strict=True))
        return found

    def turn(self, transaction: Transaction, change: Change, rows: Mapping[str, Row | None]) -> Order:
        """Add all of :meth:`replace` but what goes back to counters; ``rows`` are those that it needs."""
        before = change.before
        after, earlier = without_earlier_changes(change.after)
        changed = row_changed(after, transaction.at)
        transaction.put_version(self.orders_table, changed, replaces=before.version)
        for number, each in enumerate(earlier, after.earlier_changes - len(earlier)):
            transaction.put_new(self.orders_table, change_row(after.order_id, number, each))
        for refund in refunds_of_change(before, change.after):
            transaction.put_new(self.payments_table, refund_row(refund))  # Y6
        change.offers_come_back(
            transaction,
            rows,
            catalog_table=self.catalog_table,
            members_table=self.members_table,
            at=transaction.at,
        )
        if change.restores_points:
            self._restore_points(transaction, after, rows[WALLET])
        return after

    def give_back(self, transaction: Transaction, amounts: Mapping[str, int], *, of: Order) -> None:
        """Add what goes back to counters, by their names, into the row that this order's goes to."""
        for name, amount in amounts.items():
            each, row = counter_named(self.catalog_table, name), self._row_for(of, name)
            if each.item == set_aside.SET_ASIDE:
                set_aside.give_back_units(transaction, each, row, amount)
            else:
                counter.give(transaction, each, row, amount)

    def feel(self, transaction: Transaction, order: Order) -> None:
        """Let the stock of an order's units be spread over more rows where others were in their way (Z1)."""
        if not transaction.conflicts:
            return
        with suppress(TryAgainError):  # it is told at best
            for name in order.stock_rows:
                each = counter_named(self.catalog_table, name)
                home = self.tables.get(self.catalog_table, each.home)
                if home is not None:
                    spread = Spread.of(home)
                    rows = [spread.row_of(order.order_id)]
                    heat.feel(self.tables, transaction, each, spread, rows)

    def _row_for(self, order: Order, name: str) -> int:
        """Return the row of a counter into which an order gives back: its own, of those that there are.

        Where the counter was one row when it was taken from, it is that one, and nothing is read (Z1).
        """
        if name not in order.stock_rows:
            return 0
        home = self.tables.get(self.catalog_table, counter_named(self.catalog_table, name).home)
        return 0 if home is None else Spread.of(home).row_of(order.order_id)

    def _restore_points(self, transaction: Transaction, order: Order, row: Row | None) -> None:
        """Add that the points of an order that closes before its shipment come back with it (E6)."""
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


def no_order() -> NotFoundError:
    """Return the refusal of an order that there is not, or that is another member's."""
    return NotFoundError("order_not_found", "There is no such order.")
