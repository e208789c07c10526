"""When a row was last changed, and how rows are found that have changed since a moment.

A row says when to the second. The index has it by the day of that and by a shard of its id, so that a row
which changes again on the same day keeps its place there, and costs the index nothing.
"""

from datetime import datetime, timedelta

from functions.domain import calendar, identifiers
from functions.platform.dynamo import Key, Row, Tables

CHANGED_SHARDS = 16
"""Partitions of each day's changes: a task works one off, and no single one takes all writes."""
DAY_BEGINS_BEFORE_MIDNIGHT = timedelta(hours=4, minutes=30)
"""The index's days begin at 19:30 UTC, 03:30 in the store: half an hour before they are asked for, and when
least is bought, so that what follows an order at once is of the same day."""
_DAY = timedelta(days=1)


def changed(row_id: str, at: datetime) -> Row:
    """Return what a row says that is changed at a moment, by the clock of whoever writes it.

    Parameters
    ----------
    row_id
        The order's or the member's id.
    """
    return {"changed_at": calendar.to_row(at), "changed_shard": _partition(_day(at), _shard(row_id))}


def changed_since(
    tables: Tables,
    table: str,
    index: str,
    shard: int,
    *,
    since: datetime,
    at: datetime,
    limit: int,
    after: Key | None,
) -> tuple[list[Row], Row | None]:
    """Return a page of a shard's rows that have changed between two moments, as indexed, and where to go on.

    It has all of the days that the two are of: what must be exact is decided on the rows themselves. A row
    that has changed after the second moment may be missing.
    """
    place = dict(after or {})
    day = place.pop("day", _day(since))
    rows, more = tables.query_index(
        table,
        index,
        partition=("changed_shard", _partition(day, shard)),
        limit=limit,
        after=place or None,
    )
    if more:
        return rows, {**rows[-1], "day": day}
    following = _next(day)
    return rows, {"day": following} if following <= _day(at) else None


def _shard(row_id: str) -> int:
    return identifiers.shard(row_id, CHANGED_SHARDS)


def _partition(day: str, shard: int) -> str:
    return f"{day}#{shard:02}"


def _day(at: datetime) -> str:
    """Return the index's day of a moment; its name is that of the calendar's day in which it ends."""
    return calendar.to_row(at + DAY_BEGINS_BEFORE_MIDNIGHT)[: len("2026-11-28")]


def _next(day: str) -> str:
    return (datetime.fromisoformat(day) + _DAY).date().isoformat()
