"""Keeping a counter: adding it up, levelling its rows, and spreading it over as many as it needs (Z1).

Who keeps it hears of changes of its rows, maybe late, twice or not in order, and works from the rows as they
are. Adding up may be done by many at once. All else is done by its leader, who hears of the home row: the
stream gives the changes of one row to one reader at a time. Were there two for a while, each step would still
be done once (:mod:`functions.counters.spreading`).
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime

from functions.counters.counter import (
    GENERATION,
    ROWS_MAX,
    TERMS,
    Added,
    Counter,
    Spread,
    add_up,
    tell_terms,
)
from functions.counters.heat import beside
from functions.counters.spreading import level, spread_over
from functions.domain.errors import ConflictError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables, take_turns

GROWTH = 8
"""How many times as many rows a counter gets that is hot: from one to all there may be in two steps."""
TRIES_MAX = 300
"""How often the keeper tries to spread a counter in whose way others are: some seconds."""
UNEVEN = 2
"""Rows are levelled once the emptiest has less than the mean divided by this."""


def keep(tables: Tables, counter: Counter, deadline: Deadline, *, leads: bool, now: datetime) -> None:
    """Add a counter up, and as its leader see to its rows.

    Raises
    ------
    ConflictError
        ``conflict``: others were in the way of its spreading all the time.
    """
    added = add_up(tables, counter, deadline, now=now)
    if added is None or not leads:
        return
    if any(row[TERMS] < added.spread.terms for row in added.rows[1:] if TERMS in row):
        tell_terms(tables, counter, added.spread, deadline)  # whoever changed them broke off
    wanted = rows_wanted(added)
    if wanted != added.spread.rows:
        _spread(tables, counter, wanted, deadline)
    elif is_uneven([row[counter.amount] for row in added.rows]):
        level(tables, counter, added.rows, deadline)


def cool(tables: Tables, counter: Counter, deadline: Deadline) -> None:
    """Spread a counter over more rows if it is said to be hot as it lies now.

    Raises
    ------
    ConflictError
        ``conflict``: others were in the way all the time.
    """
    home, hot = tables.batch_get([(counter.table, counter.home), (counter.table, beside(counter))], deadline)
    if home is None or hot is None or hot[GENERATION] != Spread.of(home).generation:
        return
    spread = Spread.of(home)
    wanted = min(ROWS_MAX, max(spread.rows * GROWTH, spread.least))
    if wanted != spread.rows:
        _spread(tables, counter, wanted, deadline)


def rows_wanted(added: Added) -> int:
    """Return in how many rows a counter should be.

    One that has nothing left is in one: who asks for it then is refused by one row, and need not read all.
    Staff's number is gone up to as soon as there is so much, and gone back to when little goes on.
    """
    rows, least = added.spread.rows, added.spread.least
    if added.total <= 0:
        return 1
    if rows < least <= added.total or (added.calm and rows > least):
        return least
    return rows


def is_uneven(amounts: Sequence[int]) -> bool:
    """Tell whether the emptiest row has much less than it should, and another one has some for it."""
    return min(amounts) * UNEVEN * len(amounts) < sum(amounts) and max(amounts) - min(amounts) > 1


def _spread(tables: Tables, counter: Counter, rows: int, deadline: Deadline) -> None:
    """Spread a counter, however many others want its home row: as it gets more rows, they get fewer.

    They wait longer each time that they meet; who is to help all of them does not.
    """
    for _ in range(TRIES_MAX):
        with suppress(ConflictError):
            spread_over(tables, counter, rows, deadline, sends_max=1)
            return
        take_turns(0, deadline)
    raise ConflictError("conflict", "Others are in the way of the counter's home row.")
