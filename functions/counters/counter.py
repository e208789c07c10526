"""An amount that many take from at once, and that never falls below zero: in one row, or in several (Z1).

While a transaction has a row, DynamoDB cancels every other one that wants it, so one row takes some forty
transactions a second and no more. A counter that is wanted more often has its amount in several rows. The
first is its home: the row of the thing that it counts, a product's for example. The others have keys of
their own, so that they can lie in other partitions. The amount is the sum of all; where it lies means
nothing.

What the amount may be taken under, a price for example, stands on the home row, and its version with it:
the ``terms``. Every other row names the terms that it goes by. A row that names none is closed: nothing is
taken from it or given to it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from functions.domain import calendar
from functions.domain.errors import ConflictError, TryAgainError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Key, Row, Tables, Transaction, take_turns
from functions.platform.trail import kept_out

ROWS_MAX = 48
"""Rows of a counter: with them a cart of one line still fits into a transaction, and all into one read."""
PASSES_MAX = 8
"""How often all rows are read to find two passes between which none has changed."""
TELLS_MAX = 5
"""How often a row is told new terms before that is given up, each time for as long as a single row is."""
ROWS, GENERATION, TERMS, MOVES = "rows", "generation", "terms", "moves"
SHIFTED = "shifted"
"""On each row: what levelling brought it from other rows, less what it took to others. The sum of all is 0,
so amounts less these sum up to the same whether a levelling is seen in both of its rows or in one."""
TOTAL, TOTAL_MOVES = "total", "total_moves"
"""On the home row of a counter in several rows: the amount of a moment ago, and after how many changes."""
PACED_MOVES, PACED_AT = "paced_moves", "paced_at"
"""There, too: after how many changes its pace was taken last, and when."""
LEAST = "rows_least"
"""On the home row: in how many rows staff want it at least, None if they do not say."""
CALM_AFTER = timedelta(minutes=5)
CALM_PER_SECOND_MAX = 5
"""Changes a second, in the mean of at least so long, up to which a counter needs no more than one row: a
tenth of the time it is taken."""
_ROW_BYTES = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Counter:
    """Where a counter's rows lie, and what its amount is called.

    Parameters
    ----------
    home
        The key of its first row, partition key first.
    item
        The sort key of the other rows. Their partition keys are the home's with ``#`` and a number.
    amount
        The attribute that holds the amount.
    """

    table: str
    home: Key
    item: str
    amount: str

    @property
    def name(self) -> str:
        """What tells it from others: the partition of its home row, for the stock of a product the sku."""
        return next(iter(self.home.values()))

    def key(self, row: int) -> dict[str, str]:
        """Return the key of one of its rows, counted from 0."""
        if row == 0:
            return dict(self.home)
        (partition, value), (sort, _) = self.home.items()
        return {partition: f"{value}#{row}", sort: self.item}

    def keys(self, rows: int) -> list[tuple[str, Key]]:
        """Return table and key of its first so many rows, as they are read together."""
        return [(self.table, self.key(row)) for row in range(rows)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How a counter lies: in how many rows, after how many changes of that, and under which terms.

    It is read from the home row. One that was never spread says nothing of it.
    """

    rows: int = 1
    generation: int = 0
    terms: int = 0
    least: int = 1
    """In how many rows it is wanted at least, while it has as much."""

    @classmethod
    def of(cls, home: Row) -> "Spread":
        """Read it from the home row."""
        return cls(
            rows=home.get(ROWS, 1),
            generation=home.get(GENERATION, 0),
            terms=home.get(TERMS, 0),
            least=home.get(LEAST) or 1,
        )

    @property
    def is_one(self) -> bool:
        """Whether the whole amount is in the home row."""
        return self.rows == 1

    def row_of(self, name: str) -> int:
        """Return the row of whoever has this name: the same while the rows are as many, alike for all."""
        digest = hashlib.sha256(name.encode()).digest()[:_ROW_BYTES]
        return int.from_bytes(digest, "big") % self.rows


ONE_ROW = Spread()
"""How a counter lies that was never spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A counter at one moment: its home row, and the amount of each row in turn."""

    home: Row
    amounts: tuple[int, ...]

    @property
    def total(self) -> int:
        """The amount."""
        return sum(self.amounts)

    @property
    def spread(self) -> Spread:
        """How it lies."""
        return Spread.of(self.home)


def plan(amounts: Sequence[int], wanted: int, *, first: int) -> dict[int, int] | None:
    """Return how much is taken from which rows, or None if they have too little together.

    The row ``first`` is asked before the next ones, and one row before several: those are emptied in turn.
    """
    for step in range(len(amounts)):
        row = (first + step) % len(amounts)
        if amounts[row] >= wanted:
            return {row: wanted}
    if sum(amounts) < wanted:
        return None
    taken: dict[int, int] = {}
    for row, amount in enumerate(amounts):
        if wanted and amount:
            taken[row] = min(amount, wanted)
            wanted -= taken[row]
    return taken


def take(
    transaction: Transaction,
    counter: Counter,
    taken: Mapping[int, int],
    *,
    terms: int,
    home_terms: str = "",
    values: Mapping[str, Any] = MappingProxyType({}),
) -> None:
    """Add to a transaction that so much is taken from these rows, if they have it.

    Parameters
    ----------
    terms
        The version of the terms that were read: other rows than the home are not taken from under others.
    home_terms, values
        The condition under which the home row is taken from, which has the terms themselves, and its values;
        without one it is taken from under any.
    """
    for row, units in sorted(taken.items()):
        condition, more = (home_terms, values) if row == 0 else (f"#{TERMS} = :terms", {":terms": terms})
        transaction.move(
            counter.table,
            counter.key(row),
            adds={counter.amount: -units, MOVES: 1},
            least={counter.amount: units},
            condition=condition,
            values=more,
        )


def give(transaction: Transaction, counter: Counter, row: int, units: int) -> None:
    """Add to a transaction that so much comes back to a row, if that is open."""
    open_to_all = counter.amount if row == 0 else TERMS
    transaction.move(
        counter.table,
        counter.key(row),
        adds={counter.amount: units, MOVES: 1},
        condition=f"attribute_exists(#{open_to_all})",
    )


def close(transaction: Transaction, counter: Counter, home: Row, *, with_terms: bool = False) -> None:
    """Add to a transaction that a counter is over, whose only row is as it was read (:func:`is_closed`).

    ``with_terms`` says that its home row names terms, too, which go with the amount.
    """
    gone = [TERMS, counter.amount] if with_terms else [counter.amount]
    there = f"attribute_exists(#{TERMS}) AND " if with_terms else ""
    transaction.update(
        counter.table,
        counter.home,
        expression=f"SET #{MOVES} = if_not_exists(#{MOVES}, :none) + :one"
        f" REMOVE {', '.join(f'#{name}' for name in gone)}",
        condition=f"{there}#{counter.amount} = :left AND #{MOVES} = :moves"
        f" AND (attribute_not_exists(#{ROWS}) OR #{ROWS} = :one)",
        values={":none": 0, ":one": 1, ":left": home[counter.amount], ":moves": home[MOVES]},
    )


def held(tables: Tables, counter: Counter, deadline: Deadline, *, rows: int = 1) -> Held | None:
    """Read a counter as it was at one moment, or None if it has no home row, or is closed.

    One row is of one moment by itself. Several are read again until none has changed from one pass to the
    next: between the two passes all were as they were read. ``rows`` is how many there were a moment ago.

    Raises
    ------
    ConflictError
        ``conflict``: it changed between all of :data:`PASSES_MAX` passes.
    """
    before = None
    for passed in range(PASSES_MAX):
        home, *others = tables.batch_get(counter.keys(rows), deadline)
        if home is None or is_closed(home, counter):
            return None
        spread = Spread.of(home)
        now = [spread.generation, *(0 if each is None else each.get(MOVES, 0) for each in (home, *others))]
        if spread.rows == rows and (rows == 1 or now == before):
            amounts = [0 if each is None else each[counter.amount] for each in (home, *others)]
            return Held(home=home, amounts=tuple(amounts))
        if now != before and before is not None:
            take_turns(passed, deadline)
        rows, before = spread.rows, now
    raise ConflictError("conflict", "Other requests change the same things; send the same request again.")


def is_closed(home: Row, counter: Counter) -> bool:
    """Tell whether a counter is over: its home row, which is its only one, has no amount any more."""
    return counter.amount not in home


def told(home: Row, amount: str) -> int:
    """Return the amount as the home row tells it: exact where that is the only one, else of a moment ago.

    A counter that is closed has none (:func:`is_closed`).
    """
    found: int = home.get(amount, 0) if Spread.of(home).is_one else home[TOTAL]
    return found


def find(
    tables: Tables, counter: Counter, spread: Spread, units: int, deadline: Deadline, *, name: str
) -> Mapping[int, int] | None:
    """Return from which rows so much can be taken, or None if all had too little together at one moment.

    ``name`` is whose own row is asked first, ``spread`` how the counter lay a moment ago.

    Raises
    ------
    ConflictError
        ``conflict``: they may have had enough, and changed too fast to tell.
    """
    rows = tables.batch_get(counter.keys(spread.rows), deadline)
    found = [0 if row is None else row.get(counter.amount, 0) for row in rows]
    planned = plan(found, units, first=spread.row_of(name))
    if planned is not None:
        return planned
    # What was read in one pass is no moment's: a unit on its way from a row to another may be in neither.
    settled = held(tables, counter, deadline, rows=spread.rows)
    return None if settled is None else plan(settled.amounts, units, first=settled.spread.row_of(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Added:
    """What adding a counter up has found: the rows as they were read, and whether little is going on."""

    rows: Sequence[Row]
    total: int
    calm: bool

    @property
    def spread(self) -> Spread:
        """How the counter lay."""
        return Spread.of(self.rows[0])


def add_up(tables: Tables, counter: Counter, deadline: Deadline, *, now: datetime) -> Added | None:
    """Write the amount of a counter in several rows to its home row, unless a later one is there.

    It is read in one pass, which is no moment's while others change the rows, but every change is either in
    it or not, levelling left out (:data:`SHIFTED`). Whoever adds up after the last change writes what is
    right: no other sum is of more changes. Returns what was read, None if there is no such counter.
    """
    home = tables.get(counter.table, counter.home)
    if home is None or is_closed(home, counter):
        return None
    spread = Spread.of(home)
    if spread.is_one:
        return Added(rows=[home], total=home[counter.amount], calm=False)
    rows = [row for row in tables.batch_get(counter.keys(spread.rows), deadline) if row is not None]
    total = sum(row[counter.amount] - row.get(SHIFTED, 0) for row in rows)
    moves = sum(row.get(MOVES, 0) for row in rows)
    pace, calm = _pace(home, moves, now)
    if moves > home[TOTAL_MOVES] or pace:
        sets = {TOTAL: total, TOTAL_MOVES: moves, **pace}
        tables.change(
            counter.table,
            counter.home,
            expression="SET " + ", ".join(f"#{name} = :{name}" for name in sets),
            condition=f"#{GENERATION} = :generation AND #{TOTAL_MOVES} <= :{TOTAL_MOVES}",
            values={":generation": spread.generation, **{f":{name}": each for name, each in sets.items()}},
        )
    return Added(rows=rows, total=total, calm=calm)


def _pace(home: Row, moves: int, now: datetime) -> tuple[dict[str, Any], bool]:
    """Return what the home row keeps of the pace from now on, if it is time for that; whether it is calm."""
    taken: dict[str, Any] = {PACED_MOVES: moves, PACED_AT: calendar.to_row(now)}
    if PACED_AT not in home:
        return taken, False
    since = now - calendar.from_row(home[PACED_AT])
    if since < CALM_AFTER:
        return {}, False
    return taken, moves - home[PACED_MOVES] <= CALM_PER_SECOND_MAX * since.total_seconds()


def tell_terms(tables: Tables, counter: Counter, spread: Spread, deadline: Deadline) -> None:
    """Let every row of a counter go by the terms of the home row; newer ones are kept.

    Whoever changes the terms does this.

    Raises
    ------
    TryAgainError
        ``try_again``: a row was not free until the deadline.
    """
    for row in range(1, spread.rows):
        tell_row(tables, counter, row, spread.terms, deadline)


def tell_row(tables: Tables, counter: Counter, row: int, terms: int, deadline: Deadline) -> None:
    """Let one row of a counter, if it is open, go by these terms unless it goes by newer ones.

    Raises
    ------
    TryAgainError
        ``try_again``: it was not free until the deadline.
    """
    for left in reversed(range(TELLS_MAX)):
        try:
            with kept_out():
                tables.change(
                    counter.table,
                    counter.key(row),
                    expression=f"SET #{TERMS} = :terms",
                    condition=f"attribute_exists(#{TERMS}) AND #{TERMS} < :terms",
                    values={":terms": terms},
                )
            return
        except TryAgainError:
            if not left or not deadline.seconds_left():
                raise
