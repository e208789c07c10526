"""The two passes of the audit: over everything, or over what has changed since the last that ended (E9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from functions.domain import calendar
from functions.domain.records import read_as
from functions.platform.changes import CHANGED_SHARDS
from functions.platform.fanout import Task
from functions.points import account_rows
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS

AUDIT_ACCOUNTS = "audit-accounts"
AUDIT_ORDERS = "audit-orders"
CHANGED_ACCOUNTS = "audit-changed-accounts"
CHANGED_ORDERS = "audit-changed-orders"
OVERDUE_LOTS = "audit-overdue-lots"
OVERDUE_WALLETS = "audit-overdue-wallets"
DIFFERED = "audit-differed"
"""What did not fit at the last audit, and may have been mended without a trace."""
SEGMENTS = {AUDIT_ACCOUNTS: 64, AUDIT_ORDERS: 64}
"""Segments that a full pass reads the members' and the orders' table in, unless they are small."""
AUDITS = (AUDIT_POINTS, AUDIT_CHANGES)
OVERLAP = timedelta(minutes=15)
"""How far behind its base an incremental pass begins: further than clocks and an index can be behind, and
longer than any function lives, which may write at its end what it says that it changed at its beginning."""
BASE_AGE_MAX = timedelta(days=14)
"""A base that is older than that, two full passes, is none."""


class AuditKind(StrEnum):
    """What an audit looks at: everything, or what may have come to differ since the audit before it."""

    FULL = "full"
    INCREMENTAL = "incremental"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The last audit that ended, as far as the next one goes on from it.

    ``generation`` says which sums of what is owed it kept, and ``sums_fit`` whether they can be gone on with.
    """

    as_of: datetime
    generation: int
    sums_fit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass:
    """A run of the audit: which job it is of, what it looks at, and which sums of what is owed it keeps.

    ``base`` is when the audit began that an incremental pass goes on from. ``shards`` says how many shards
    each kind of its work has, and ``left_out`` which of them held nothing to look at when it began.
    """

    job: str
    at: datetime
    kind: AuditKind
    generation: int
    base: datetime | None = None
    shards: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def since(self) -> datetime:
        """From when on a change is looked at."""
        return (self.base or self.at) - OVERLAP

    @property
    def parts(self) -> list[tuple[str, int]]:
        """The shards that it looks at, each by its kind of work and its number."""
        return [
            (work, shard)
            for work, count in self.shards.items()
            for shard in range(count)
            if shard not in self.left_out.get(work, ())
        ]

    def tasks(self) -> list[Task]:
        """Return its tasks, which all carry what it is."""
        given = {
            "job": self.job,
            "kind": self.kind.value,
            "generation": self.generation,
            "base": read_as(calendar.to_row, self.base),
            "shards": dict(self.shards),
            "left_out": {work: list(shards) for work, shards in self.left_out.items()},
        }
        return [
            Task(work=work, at=self.at, shard=shard, of=self.shards[work], given=given)
            for work, shard in self.parts
        ]

    @classmethod
    def of(cls, task: Task) -> "Pass":
        """Return the pass that a task is of."""
        given = task.given
        return cls(
            job=given["job"],
            at=task.at,
            kind=AuditKind(given["kind"]),
            generation=given["generation"],
            base=read_as(calendar.from_row, given["base"]),
            shards=given["shards"],
            left_out=given["left_out"],
        )


def begun(job: str, at: datetime, base: Base | None) -> Pass:
    """Return the pass that begins at a moment.

    Without a base that it can go on from, the audit of changes is one of everything.
    """
    if base is None or not base.sums_fit:
        return _full(job, at, generation=1 + (0 if base is None else base.generation))
    if job == AUDIT_POINTS or not timedelta(0) <= at - base.as_of <= BASE_AGE_MAX:
        return _full(job, at, generation=base.generation)
    return Pass(
        job=job,
        at=at,
        kind=AuditKind.INCREMENTAL,
        generation=base.generation,
        base=base.as_of,
        shards={
            CHANGED_ACCOUNTS: CHANGED_SHARDS,
            CHANGED_ORDERS: CHANGED_SHARDS,
            OVERDUE_LOTS: account_rows.LOT_SHARDS,
            OVERDUE_WALLETS: account_rows.WALLET_SHARDS,
            DIFFERED: 1,
        },
    )


def _full(job: str, at: datetime, *, generation: int) -> Pass:
    return Pass(job=job, at=at, kind=AuditKind.FULL, generation=generation, shards=dict(SEGMENTS))
