"""Many orders that something happens to at once, of which those of the same products go together (Z10).

What an order writes is the order book's, one order or many. Together they are one transaction, in which each
order is conditioned on its own version and the units of all go back as one sum: so the row of a product is
written once for all of them, and all of it has happened or nothing.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.orders.book import OrderBook
from functions.orders.coming_back import Change
from functions.orders.order import Order
from functions.orders.rows import key, order_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    TRANSACTION_ACTIONS_MAX,
    ConditionFailedError,
    OutcomeUnknownError,
    Row,
    Transaction,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """An order that becomes another: what that writes, and what goes back to counters, by their names."""

    before: Order
    writes: Transaction
    back: Mapping[str, int]


@dataclass(slots=True)
class _Group:
    """Orders that give back to the same counters, each of another member's, that fit into one transaction."""

    order_ids: list[str] = field(default_factory=list)
    members: set[str] = field(default_factory=set)
    rows: set[Any] = field(default_factory=set)
    """The rows that are added to: what several orders add to one is one action."""
    actions: int = 0

    def takes(self, turn: Turn) -> bool:
        """Tell whether an order has room; two of one member's could write the same wallet or coupon."""
        fits = self.actions + self._adds(turn) <= TRANSACTION_ACTIONS_MAX
        return fits and turn.before.member_id not in self.members

    def add(self, turn: Turn) -> None:
        """Take an order."""
        self.actions += self._adds(turn)
        self.rows |= turn.writes.moves.keys()
        self.order_ids.append(turn.before.order_id)
        self.members.add(turn.before.member_id)

    def _adds(self, turn: Turn) -> int:
        """Return the actions that an order adds: none for what it adds to rows that others add to."""
        shared = len(self.rows & turn.writes.moves.keys())
        return len(turn.writes.actions) - shared + (0 if self.order_ids else len(turn.back))


class Together:
    """What happens to some orders, read once for all of them.

    An event returns the order after it, or the order itself where nothing happens to it.
    """

    def __init__(self, book: OrderBook, event: Callable[[Order], Order], deadline: Deadline) -> None:
        self._book = book
        self._event = event
        self._deadline = deadline
        self._turns: dict[str, Turn] = {}

    def groups(self, order_ids: Sequence[str]) -> list[list[str]]:
        """Read orders; return those that change in groups, each of what can be one transaction.

        An order that cannot be read, or cannot change as it should, is a group by itself.
        """
        groups: dict[frozenset[str], list[_Group]] = {}
        alone: list[list[str]] = []
        for order_id, turn in self._read(order_ids):
            if isinstance(turn, Exception):
                alone.append([order_id])
            elif turn is not None:
                self._turns[order_id] = turn
                same = groups.setdefault(frozenset(turn.back), [])
                group = next((each for each in same if each.takes(turn)), None)
                if group is None:
                    group = _Group()
                    same.append(group)
                group.add(turn)
        return [group.order_ids for same in groups.values() for group in same] + alone

    def change(self, order_ids: Sequence[str]) -> int:
        """Let it happen to the orders of a group, or of a part of one; return how many that changed.

        Raises
        ------
        ConditionFailedError, OutcomeUnknownError, RefusalError
            It did not happen to all together, or nobody knows. Asked again, they are read again.
        Exception
            Whatever one of them raises that cannot be read or change.
        """
        turns = [self._turns.pop(order_id, None) for order_id in order_ids]
        if len(order_ids) == 1:
            return self._change_one(order_ids[0], turns[0])
        fresh: list[Turn] = [turn for turn in turns if turn is not None]
        if len(fresh) < len(order_ids):  # part of a group that failed
            fresh = []
            for _, turn in self._read(order_ids):
                if isinstance(turn, Exception):
                    raise turn
                if turn is not None:
                    fresh.append(turn)
        self._commit(fresh)
        return len(fresh)

    def _change_one(self, order_id: str, turn: Turn | None) -> bool:
        if turn is not None:
            try:
                self._commit([turn])
            except (ConditionFailedError, OutcomeUnknownError):
                pass  # a fresh read tells
            else:
                return True
        changed = False

        def event(order: Order) -> Order:
            nonlocal changed
            after = self._event(order)
            changed = after.version != order.version
            return after

        self._book.change(order_id, event, self._deadline)
        return changed

    def _read(self, order_ids: Sequence[str]) -> Iterable[tuple[str, Turn | Exception | None]]:
        """Give what each order does: its turn, None for nothing, or the error that keeps it from it."""
        book = self._book
        rows = book.tables.batch_get([(book.orders_table, key(each)) for each in order_ids], self._deadline)
        became = [self._became(row) for row in rows]
        changes = [each for each in became if isinstance(each, Change)]
        needed = dict(zip(map(id, changes), book.read_for(changes, self._deadline), strict=True))
        for order_id, each in zip(order_ids, became, strict=True):
            yield order_id, self._turn(each, needed[id(each)]) if isinstance(each, Change) else each

    def _became(self, row: Row | None) -> Change | Exception | None:
        try:
            if row is None:
                raise LookupError("no such order")
            before = order_of(row)
            after = self._event(before)
        except Exception as error:
            return error
        return None if after.version == before.version else Change(before, after)

    def _turn(self, change: Change, rows: Mapping[str, Row | None]) -> Turn | Exception:
        writes = self._book.tables.transaction()
        try:
            self._book.turn(writes, change, rows)
            back = change.amounts(rows, writes.at)
        except Exception as error:
            return error
        return Turn(before=change.before, writes=writes, back=back)

    def _commit(self, turns: Sequence[Turn]) -> None:
        """Write these orders and give back what they free, or nothing of it."""
        if not turns:
            return
        transaction = self._book.tables.transaction()
        back: Counter[str] = Counter()
        for turn in turns:
            transaction.absorb(turn.writes)
            back.update(turn.back)
        # One that took from several rows, if any did: then its row is looked up, and not all meet in one.
        of = max((turn.before for turn in turns), key=lambda order: len(order.stock_rows))
        self._book.give_back(transaction, back, of=of)
        try:
            transaction.commit(self._deadline)
        finally:
            self._book.feel(transaction, of)
