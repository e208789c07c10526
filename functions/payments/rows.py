"""How attempts, what providers told, and money without an order stand on rows (Y2-Y4).

A row with ``due`` stands in the index of what a job does (Y3, Y5), one with ``to_work`` is worked off by the
reader of the table's stream, one with ``told`` says something to the outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.records import plain, read_as
from functions.payments.attempts import Attempt, State
from functions.payments.providers.provider import Kind, Notice
from functions.platform.dynamo import Row

ATTEMPT = "ATTEMPT#"
NOTICE = "NOTICE#"
UNASSIGNED = "UNASSIGNED"
DUE = "payments_due"
BY_MEMBER = "attempts_by_member"
ATTEMPT_POSITION = rf"[0-9TZ:-]{{20}} {identifiers.ORDER_ID} (0[1-9]|10)"
"""Where an attempt stands among its member's."""
DUE_SHARDS = 4
"""Partitions of each kind of due work, and tasks of a run for each."""
ATTEMPTS, NOTICES = "attempts", "notices"
"""The kinds of due work."""
NOTICE_LATE = timedelta(minutes=10)
"""A notice that is not worked off by then is a job's, and an alarm says so (Y3)."""
LIST = "open"
"""The partition of the index of unassigned money that nobody has decided on."""
_TIMES = ("asked_at", "ends_at", "due_at")
_NAMES = tuple(each.name for each in fields(Attempt))


def key_of(row: Row) -> Row:
    """Return the key of a row of the table, from the row or from what an index has of it."""
    return {name: row[name] for name in ("subject", "item")}


def attempt_key(order_id: str, place: int) -> dict[str, str]:
    """Return the key of an attempt's row."""
    return {"subject": order_id, "item": f"{ATTEMPT}{place:02}"}


def attempt_row(attempt: Attempt) -> Row:
    """Write an attempt as its row; what has not happened to it is left out."""
    row: Row = plain(attempt)
    row["kept"] = dict(row["kept"])
    for name in _TIMES:
        row[name] = read_as(calendar.to_row, row[name])
    row = {name: value for name, value in row.items() if value not in (None, {}, False)}
    if attempt.due_at is not None:
        row["due"] = due_partition(ATTEMPTS, identifiers.shard(attempt.order_id, DUE_SHARDS))
    return {**attempt_key(attempt.order_id, attempt.place), **row}


def attempt_of(row: Row) -> Attempt:
    """Read an attempt from its row."""
    told: dict[str, Any] = {name: row[name] for name in _NAMES if name in row}
    told |= {name: calendar.from_row(told[name]) for name in _TIMES if name in told}
    return Attempt(**{**told, "state": State(row["state"])})


def due_partition(kind: str, shard: int) -> str:
    """Return the partition of the index of due work: ``attempts#3``."""
    return f"{kind}#{shard}"


# What providers told -------------------------------------------------------------------------------------


def notice_key(notice: Notice) -> dict[str, str]:
    """Return the key of what a provider told: the object and its state, however often it is told (Y3)."""
    return {
        "subject": f"{notice.provider}:{notice.kind}:{notice.object_id}",
        "item": f"{NOTICE}{notice.state}",
    }


def notice_row(notice: Notice, *, sha256: str, at: datetime) -> Row:
    """Write what a provider told, to be worked off: its fields and the body's digest, nothing personal."""
    key = notice_key(notice)
    row: Row = {**key, **plain(notice), "at": read_as(calendar.to_row, notice.at), "sha256": sha256}
    row |= {"noticed_at": calendar.to_row(at), "to_work": "yes"}
    row["due"] = due_partition(NOTICES, identifiers.shard(key["subject"], DUE_SHARDS))
    row["due_at"] = calendar.to_row(at + NOTICE_LATE)
    return {name: value for name, value in row.items() if value is not None}


def notice_of(row: Row) -> Notice:
    """Read what a provider told."""
    told = {each.name: row[each.name] for each in fields(Notice) if each.name in row}
    return Notice(**{**told, "kind": Kind(row["kind"]), "at": read_as(calendar.from_row, row.get("at"))})


# Money without an order ----------------------------------------------------------------------------------


class Because(StrEnum):
    """Why money is unassigned (Y4)."""

    UNKNOWN_NUMBER = "unknown_number"
    CURRENCY = "currency"
    AMOUNT = "amount"
    """Its amount was not told, or not as a whole number of minor units."""
    CONFLICT = "conflict"
    """Staff have recorded a payment under its id, for another order or amount (Y3)."""


class Decided(StrEnum):
    """What has been decided about unassigned money."""

    OPEN = "open"
    PROPOSED = "proposed"
    """One has said which order it is for; it is so much that another has to say so, too (Y4)."""
    ASSIGNED = "assigned"
    REFUNDED = "refunded"
    """It goes back to where it came from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """Money of a provider's that is nobody's order (Y4). ``amount`` is in minor units of ``currency``."""

    payment_id: str
    provider: str
    because: Because
    noticed_at: datetime
    amount: int | None = None
    currency: str | None = None
    number: str | None = None
    provider_at: datetime | None = None
    state: Decided = Decided.OPEN
    version: int = 1
    order_id: str | None = None
    proposed_by: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    refund_id: str | None = None
    reason: str | None = None
    """Why it goes back, as somebody says."""

    @property
    def is_decided(self) -> bool:
        """Whether it is nobody's to decide on any more."""
        return self.state in (Decided.ASSIGNED, Decided.REFUNDED)


_UNASSIGNED_TIMES = ("noticed_at", "provider_at", "decided_at")
DECIDED_WITHIN = timedelta(days=14)
"""Unassigned money that nobody decides on goes back after so long (Y4)."""


def unassigned_key(payment_id: str) -> dict[str, str]:
    """Return the key of a row of unassigned money."""
    return {"subject": f"payment:{payment_id}", "item": UNASSIGNED}


def unassigned_row(money: Unassigned) -> Row:
    """Write unassigned money as its row; it is listed until it is decided on."""
    row: Row = plain(money)
    row |= {name: read_as(calendar.to_row, row[name]) for name in _UNASSIGNED_TIMES}
    row = {name: value for name, value in row.items() if value is not None}
    if not money.is_decided:
        row["unassigned"] = LIST
        row["due"] = due_partition(NOTICES, identifiers.shard(money.payment_id, DUE_SHARDS))
        row["due_at"] = calendar.to_row(money.noticed_at + DECIDED_WITHIN)
    return {**unassigned_key(money.payment_id), **row, "told": "yes"}


def unassigned_of(row: Row) -> Unassigned:
    """Read unassigned money from its row."""
    told: Mapping[str, Any] = {each.name: row[each.name] for each in fields(Unassigned) if each.name in row}
    times = {name: calendar.from_row(told[name]) for name in _UNASSIGNED_TIMES if name in told}
    words = {"because": Because(row["because"]), "state": Decided(row["state"])}
    return Unassigned(**{**told, **times, **words})
