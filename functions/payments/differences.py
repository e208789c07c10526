"""What comes of comparing statements with what we have, on rows of the payments' table (Y8).

- what we have on a day: a row for each payment that a provider told of and each transfer that succeeded,
  under provider, day and shard;
- what a statement has said: a row for each number, under the day of the statement;
- a statement: how its reading ended, under provider and day;
- the differences: under what they were found by, a version of a statement, or the versions of a day and its
  neighbours. What replaces a statement makes a list of its own, and nothing has to be deleted.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.records import plain
from functions.payments.providers.provider import Notice
from functions.payments.providers.reading import BEIJING
from functions.payments.statements.statement import Entry, Line, Says
from functions.platform.dynamo import Row
from functions.refunds.refund import Transfer

DAY_SHARDS = 4
"""Partitions of what we have of a provider's on a day."""
SINCE = "SINCE"
"""The row of a provider's statements that says from which day on they are compared."""
LATE_DAYS_MAX = 10
"""A transfer may succeed so many days after it was sent: its line is looked for on all of them."""


class DifferenceKind(StrEnum):
    """How a statement and what we have differ."""

    MISSING_HERE = "missing_here"
    MISSING_THERE = "missing_there"
    AMOUNT = "amount"
    STATE = "state"
    DOUBLED = "doubled"
    NO_STATEMENT = "no_statement"
    DAMAGED = "damaged"


class StatementState(StrEnum):
    """How a statement stands with us."""

    WAITING = "waiting"
    NONE = "none"
    """There was none by 18:00 (Y8)."""
    EMPTY = "empty"
    """Its provider says that it has none, and we know of nothing either."""
    DAMAGED = "damaged"
    COMPARED = "compared"


def day_of(at: datetime) -> date:
    """Return the day of a moment that statements have it on: in Asia/Shanghai, whose offset never changes."""
    return at.astimezone(BEIJING).date()


# What we have on a day -----------------------------------------------------------------------------------


def had_partition(provider: str, day: date, shard: int) -> str:
    """Return the partition of what we have of a provider's on a day: ``had:wechatpay:2026-12-03#2``."""
    return f"had:{provider}:{day.isoformat()}#{shard}"


def payment_had(notice: Notice, now: datetime) -> Row:
    """Write that we have a payment; where its provider tells no time of it, ours is near enough."""
    return _had(notice.provider, Entry.PAYMENT, notice.object_id, notice.at or now) | {
        "amount": notice.amount,
        "currency": notice.currency,
    }


def transfer_had(provider: str, transfer: Transfer, now: datetime) -> Row:
    """Write that we have a transfer that succeeded; it may stand on a statement from its first send on."""
    row = _had(provider, Entry.REFUND, transfer.number, transfer.provider_at or now)
    since = day_of(transfer.first_sent_at or now)
    return row | {"since": since.isoformat(), "amount": transfer.amount, "currency": transfer.currency}


def _had(provider: str, entry: Entry, number: str, at: datetime) -> Row:
    shard = identifiers.shard(number, DAY_SHARDS)
    return {
        "subject": had_partition(provider, day_of(at), shard),
        "item": f"{entry}#{number}",
        "entry": entry.value,
        "number": number,
        "at": calendar.to_row(at),
    }


# What a statement has said -------------------------------------------------------------------------------


def stated_key(provider: str, entry: Entry, number: str, day: date, *, undone: bool = False) -> Row:
    """Return the key of what the statement of a day has said of a number.

    What says that something was undone is a line besides the one that says that it was done.
    """
    what = f"{entry}-undone" if undone else entry.value
    return {"subject": f"stated:{provider}:{what}:{number}", "item": day.isoformat()}


def stated_row(provider: str, line: Line, number: str, day: date, version_id: str) -> Row:
    """Write what a line has said."""
    key = stated_key(provider, line.entry, number, day, undone=line.says is Says.UNDONE)
    return key | {"version_id": version_id, "line": line.line, "object_id": line.object_id}


def days_of(had: Row, day: date) -> list[date]:
    """Return the days on whose statements something may stand that we have on a day: D-1 to D+1 (Y8)."""
    first = date.fromisoformat(had["since"]) if "since" in had else day
    first = max(first, day - timedelta(days=LATE_DAYS_MAX))
    return [first + timedelta(days=each) for each in range(-1, (day - first).days + 2)]


# A statement ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """How a provider's statement of a day stands.

    ``payments_fen``, ``refunds_fen`` and ``fees_fen`` are what its lines in CNY come to; ``foreign`` counts
    those in other currencies, ``apart`` those that are not compared. ``found`` counts the differences that
    its comparing found, ``settled`` names the versions by which what is missing there was looked for.
    """

    provider: str
    day: date
    state: StatementState
    at: datetime
    version_id: str | None = None
    lines: int = 0
    apart: int = 0
    foreign: int = 0
    payments_fen: int = 0
    refunds_fen: int = 0
    fees_fen: int = 0
    found: int = 0
    line: int | None = None
    because: str | None = None
    settled: str | None = None
    missing_there: int = 0

    @property
    def differences(self) -> int:
        """How many differences of its day there are."""
        itself = 1 if self.state in (StatementState.NONE, StatementState.DAMAGED) else 0
        return itself + self.found + self.missing_there


_STATEMENT_NAMES = tuple(each.name for each in fields(Statement))


def statement_key(provider: str, day: date) -> dict[str, str]:
    """Return the key of a statement's row."""
    return {"subject": f"statement:{provider}", "item": day.isoformat()}


def statement_row(statement: Statement) -> Row:
    """Write a statement as its row."""
    row: Row = plain(statement)
    row |= {"day": statement.day.isoformat(), "at": calendar.to_row(statement.at)}
    return {
        **statement_key(statement.provider, statement.day),
        **{name: value for name, value in row.items() if value is not None},
    }


def statement_of(row: Row) -> Statement:
    """Read a statement from its row."""
    told: Mapping[str, Any] = {name: row[name] for name in _STATEMENT_NAMES if name in row}
    return Statement(
        **{
            **told,
            "day": date.fromisoformat(row["day"]),
            "state": StatementState(row["state"]),
            "at": calendar.from_row(row["at"]),
        }
    )


def settled_by(*version_ids: str | None) -> str:
    """Return what names the versions of a day's statement and its neighbours'."""
    return hashlib.sha256(" ".join(each or "-" for each in version_ids).encode()).hexdigest()[:26]


# The differences -----------------------------------------------------------------------------------------


def differences_partition(provider: str, day: date, found_by: str) -> str:
    """Return the partition of the differences of a day that were found by a version, or by several."""
    return f"differences:{provider}:{day.isoformat()}:{found_by}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one side has of a payment or refund; ``amount`` is in minor units of ``currency``."""

    amount: int | None = None
    currency: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference of a day. ``number`` is the provider's of a payment, ours of a transfer if it is known."""

    kind: DifferenceKind
    provider: str
    entry: str | None = None
    payment_id: str | None = None
    number: str | None = None
    ours: Side | None = None
    theirs: Side | None = None
    line: int | None = None
    because: str | None = None

    @property
    def item(self) -> str:
        """Its sort key among those of its day: by the statement's lines."""
        if self.line is None:
            return f"{self.entry}#{self.number}"
        return f"{self.line:09}#{self.kind}"


_DIFFERENCE_NAMES = tuple(each.name for each in fields(Difference))


def difference_row(difference: Difference, partition: str) -> Row:
    """Write a difference as its row."""
    row = {name: value for name, value in plain(difference).items() if value is not None}
    for name in ("ours", "theirs"):
        side: Side | None = getattr(difference, name)
        if side is not None:
            row[name] = {key: value for key, value in plain(side).items() if value is not None}
    return {"subject": partition, "item": difference.item, **row}


def difference_of(row: Row) -> Difference:
    """Read a difference from its row."""
    told: dict[str, Any] = {name: row[name] for name in _DIFFERENCE_NAMES if name in row}
    told |= {name: Side(**told[name]) for name in ("ours", "theirs") if name in told}
    return Difference(**{**told, "kind": DifferenceKind(row["kind"])})


def of_statement(statement: Statement) -> Difference | None:
    """Return the difference that a statement is itself: there was none in time, or it is damaged."""
    if statement.state is StatementState.NONE:
        return Difference(kind=DifferenceKind.NO_STATEMENT, provider=statement.provider)
    if statement.state is StatementState.DAMAGED:
        return Difference(
            kind=DifferenceKind.DAMAGED,
            provider=statement.provider,
            line=statement.line,
            because=statement.because,
        )
    return None
