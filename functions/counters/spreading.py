"""Spreading a counter over more rows or fewer while others take from it, and levelling them (Z1).

Each step is one transaction, under the condition that nobody else has changed the spread, or the row that it
moves to: it moves an amount from one row to another, so that the sum stays, and is done once however often it
is sent. Nothing has to be finished: between any two steps the counter is as good as ever.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from functions.counters.counter import (
    GENERATION,
    MOVES,
    PACED_AT,
    PACED_MOVES,
    ROWS,
    ROWS_MAX,
    SHIFTED,
    TERMS,
    TOTAL,
    TOTAL_MOVES,
    Counter,
    Spread,
    is_closed,
)
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    SENDS_MAX,
    ConditionFailedError,
    OutcomeUnknownError,
    Row,
    Tables,
    Transaction,
    until_clear,
)
from functions.platform.trail import kept_out

_COUNTED = f"#{MOVES} = if_not_exists(#{MOVES}, :none) + :one"
_SPREAD = f"#{ROWS} = :rows, #{GENERATION} = :generation + :one"
_AS_READ = f"(#{GENERATION} = :generation OR (attribute_not_exists(#{GENERATION}) AND :generation = :none))"


def spread_over(
    tables: Tables, counter: Counter, rows: int, deadline: Deadline, *, sends_max: int = SENDS_MAX
) -> int:
    """Spread a counter over so many rows, and return over how many it is now.

    Rows are opened together and closed one by one.

    It is as many as were asked for, unless there is no such counter: then 0. Each step is sent so many times
    while others are in its way.

    Raises
    ------
    ConflictError
        ``conflict``: others were in the way; what was done stays, and is gone on with by the same call.
    """
    assert 1 <= rows <= ROWS_MAX  # noqa: S101 - the callers' bound
    for _ in range(ROWS_MAX):
        with kept_out():
            now = until_clear(lambda: _step(tables, counter, rows, deadline, sends_max), deadline)
        if now in (0, rows):
            return now
    return now


def level(tables: Tables, counter: Counter, rows: Sequence[Row], deadline: Deadline) -> None:
    """Move amounts from the fullest of a counter's rows, as read, to the emptiest, pair by pair.

    A pair that others change meanwhile stays as it is.
    """
    amounts = {number: row[counter.amount] for number, row in enumerate(rows)}
    by_amount = sorted(amounts, key=lambda number: amounts[number])
    for empty, full in zip(by_amount, reversed(by_amount), strict=True):
        units = (amounts[full] - amounts[empty]) // 2
        if units <= 0:
            return
        _move(tables, counter, full, empty, units, rows[empty].get(MOVES, 0), deadline)


def _step(tables: Tables, counter: Counter, wanted: int, deadline: Deadline, sends_max: int) -> int:
    """Open all rows that are missing, or close the last one; return how many there are, 0 if no counter."""
    home = tables.get(counter.table, counter.home)
    if home is None or is_closed(home, counter):
        return 0
    spread = Spread.of(home)
    if spread.rows < wanted:
        _open(tables, counter, home, spread, wanted).commit(deadline, sends_max=sends_max)
        return wanted
    if spread.rows > wanted:
        _close(tables, counter, spread).commit(deadline, sends_max=sends_max)
        return spread.rows - 1
    return wanted


def _open(tables: Tables, counter: Counter, home: Row, spread: Spread, wanted: int) -> Transaction:
    """Return what opens rows up to so many, each with its share of what lies in the home row.

    It is one transaction, since the home row is the only one of it that others want.
    """
    amount, opened = counter.amount, range(spread.rows, wanted)
    total = f", #{TOTAL_MOVES} = :none"
    if spread.is_one:
        total += f", #{TOTAL} = #{amount}"  # as it was before this change
    share = home[amount] // (len(opened) + 1)
    transaction = tables.transaction()
    transaction.update(
        counter.table,
        counter.home,
        expression=f"SET #{amount} = #{amount} - :shares, {_COUNTED}, {_SPREAD}{total}"
        f" REMOVE #{PACED_MOVES}, #{PACED_AT}",
        condition=f"#{amount} >= :shares AND {_AS_READ}"
        f" AND (#{TERMS} = :terms OR (attribute_not_exists(#{TERMS}) AND :terms = :none))",
        values={**_next(spread, wanted), ":shares": share * len(opened), ":terms": spread.terms},
    )
    for row in opened:
        transaction.update(
            counter.table,
            counter.key(row),
            expression=f"SET #{amount} = if_not_exists(#{amount}, :none) + :share, #{TERMS} = :terms, "
            + _COUNTED,
            condition=f"attribute_not_exists(#{TERMS})",
            values={":none": 0, ":one": 1, ":share": share, ":terms": spread.terms},
        )
    return transaction


def _close(tables: Tables, counter: Counter, spread: Spread) -> Transaction:
    """Return what closes the last row: what lies in it goes home, and nothing comes to it any more."""
    amount, last = counter.amount, counter.key(spread.rows - 1)
    gone = (PACED_MOVES, PACED_AT, *((TOTAL, TOTAL_MOVES) if spread.rows - 1 == 1 else ()))
    total = "" if spread.rows - 1 == 1 else f", #{TOTAL_MOVES} = :none"
    row = tables.get(counter.table, last) or {}
    transaction = tables.transaction()
    transaction.update(
        counter.table,
        counter.home,
        expression=f"SET #{amount} = #{amount} + :all, {_shifted('+', ':shifted')}, {_COUNTED}, {_SPREAD}"
        f"{total} REMOVE {', '.join(f'#{name}' for name in gone)}",
        condition=_AS_READ,
        values={
            **_next(spread, spread.rows - 1),
            ":all": row[amount],
            ":shifted": row.get(SHIFTED, 0),
        },
    )
    transaction.update(
        counter.table,
        last,
        expression=f"SET #{amount} = :none, {_COUNTED} REMOVE #{TERMS}, #{SHIFTED}",
        condition=f"#{MOVES} = :moves AND attribute_exists(#{TERMS})",
        values={":none": 0, ":one": 1, ":moves": row[MOVES]},
    )
    return transaction


def _move(
    tables: Tables, counter: Counter, full: int, empty: int, units: int, moves: int, deadline: Deadline
) -> None:
    """Move an amount from one row to another that has not changed since it was read."""
    amount = counter.amount
    transaction = tables.transaction()
    transaction.update(
        counter.table,
        counter.key(full),
        expression=f"SET #{amount} = #{amount} - :units, {_shifted('-', ':units')}, {_COUNTED}",
        condition=f"#{amount} >= :units" + _open_only(full),
        values={":none": 0, ":one": 1, ":units": units},
    )
    transaction.update(
        counter.table,
        counter.key(empty),
        expression=f"SET #{amount} = #{amount} + :units, {_shifted('+', ':units')}, {_COUNTED}",
        condition=f"(#{MOVES} = :moves OR (attribute_not_exists(#{MOVES}) AND :moves = :none))"
        + _open_only(empty),
        values={":none": 0, ":one": 1, ":units": units, ":moves": moves},
    )
    # Whether it was done or not, the sum is the same.
    with suppress(ConditionFailedError, OutcomeUnknownError, ConflictError):
        transaction.commit(deadline)


def _next(spread: Spread, rows: int) -> dict[str, Any]:
    """Return the values of a change of the spread that was read to so many rows."""
    return {":none": 0, ":one": 1, ":generation": spread.generation, ":rows": rows}


def _shifted(sign: str, units: str) -> str:
    """Return the part of an expression that counts what levelling moves."""
    return f"#{SHIFTED} = if_not_exists(#{SHIFTED}, :none) {sign} {units}"


def _open_only(row: int) -> str:
    """Return the condition that a row is open, which the home always is."""
    return "" if row == 0 else f" AND attribute_exists(#{TERMS})"
