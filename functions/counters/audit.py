"""Whether the rows of a counter fit together: what must hold of them whenever nothing is under way (Z1)."""

from collections.abc import Sequence

from functions.counters.counter import (
    MOVES,
    ROWS_MAX,
    SHIFTED,
    TERMS,
    TOTAL,
    TOTAL_MOVES,
    Counter,
    Spread,
    is_closed,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables


def rows_ever(tables: Tables, counter: Counter, deadline: Deadline) -> list[Row | None]:
    """Read all rows that a counter can ever have had, its home first."""
    return tables.batch_get(counter.keys(ROWS_MAX), deadline)


def faults(counter: Counter, rows: Sequence[Row | None]) -> list[str]:
    """Return what is wrong with a counter, in words; nothing if its rows fit together.

    Rows that are changed meanwhile may look as if they did not: whoever finds a fault looks again.
    """
    home = rows[0]
    if home is None:
        return ["it has no home row"]
    spread, amount = Spread.of(home), counter.amount
    if is_closed(home, counter):
        return [] if spread.is_one else ["it is closed, and lies in several rows"]
    opened = [home, *rows[1 : spread.rows]]
    closed = [row for row in rows[spread.rows :] if row is not None]
    found = [f"row {number} is not there" for number, row in enumerate(opened) if row is None]
    there = [row for row in opened if row is not None]
    found += [f"{row[amount]} in a row" for row in there if row[amount] < 0]
    found += [f"{row[amount]} in a row that is closed" for row in closed if row[amount] or TERMS in row]
    if spread.is_one:
        return found
    left_behind = sum(row.get(TERMS, 0) != spread.terms for row in there)
    if left_behind:
        found.append(f"{left_behind} rows go by other terms than the home row")
    shifted = sum(row.get(SHIFTED, 0) for row in there)
    if shifted:
        found.append(f"levelling took {-shifted} from a row and brought it to none")
    total = sum(row[amount] for row in there)
    told_after = home[TOTAL_MOVES] == sum(row.get(MOVES, 0) for row in there)
    if told_after and home[TOTAL] != total:
        found.append(f"the home row tells {home[TOTAL]}, and there are {total}")
    return found
