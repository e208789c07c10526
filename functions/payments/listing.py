"""The differences of a day between providers' statements and what we have, as staff see them (Y8)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from functions.payments.book import PaymentBook
from functions.payments.differences import (
    Difference,
    Statement,
    StatementState,
    difference_of,
    differences_partition,
    of_statement,
    statement_key,
    statement_of,
)
from functions.payments.providers.directory import NAMES
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, above

DIFFERENCE_POSITION = r"[0-9]{1,2} [!-~]{0,200}"
"""Where a difference stands among its day's: in which list of the day, and where in there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A page of a day's differences, how its statements stand, and the position to go on after."""

    differences: list[Difference]
    statements: list[Statement]
    position: str | None


def page_of_day(book: PaymentBook, day: date, *, limit: int, after: str | None, deadline: Deadline) -> Day:
    """Return a page of the differences of a day, by provider and by the statement's lines.

    Of a damaged statement, or of one that was not there in time, nothing else is told: it is a difference
    itself, on the first page.
    """
    keys = [(book.table, statement_key(provider, day)) for provider in NAMES]
    rows = book.tables.batch_get(keys, deadline)
    statements = [statement_of(row) for row in rows if row is not None]
    found: list[Difference] = []
    if after is None:
        found += [each for each in map(of_statement, statements) if each is not None]
    number, _, item = (after or "0 ").partition(" ")
    partitions = list(_partitions(statements))
    for place in range(int(number), len(partitions)):
        span = (above(item) if item else LOWEST, HIGHEST)
        item = ""
        rows_of_list, more = book.tables.query_span(
            book.table,
            partition=("subject", partitions[place]),
            sort="item",
            span=span,
            limit=max(1, limit - len(found)),
        )
        found += map(difference_of, rows_of_list)
        if more or len(found) >= limit:
            last = rows_of_list[-1]["item"] if rows_of_list else ""
            at_end = not more and place + 1 == len(partitions)
            position = f"{place} {last}" if more else f"{place + 1} "
            return Day(differences=found, statements=statements, position=None if at_end else position)
    return Day(differences=found, statements=statements, position=None)


def _partitions(statements: list[Statement]) -> Iterator[str]:
    """Give where the differences of statements are that were compared as they are now."""
    for each in statements:
        if each.state is not StatementState.COMPARED or each.version_id is None:
            continue
        yield differences_partition(each.provider, each.day, each.version_id)
        if each.settled is not None:
            yield differences_partition(each.provider, each.day, each.settled)
