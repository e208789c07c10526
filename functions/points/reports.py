"""Where audits are written down: what each shard found, the differences, and the report of the last audit."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.records import plain
from functions.platform.dynamo import Row, Tables
from functions.points.audit import Difference, Liability
from functions.points.passes import (
    AUDIT_ACCOUNTS,
    AUDIT_ORDERS,
    CHANGED_ORDERS,
    AuditKind,
    Base,
    Pass,
)

LAST = {"report": "points", "item": "LAST"}
PART = "PART#"
DIFFERENCE = "DIFFERENCE#"
PAGE_ROWS = 1_000
DIFFERENCES_COUNTED_MAX = 10_000
"""A report that says so many differences means: at least so many."""
_OF_ORDERS = (AUDIT_ORDERS, CHANGED_ORDERS)
"""The work that checks orders; all other checks accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one task of an audit found in its shard.

    ``follow_ups`` says how many further tasks the shard's last one has left behind; each writes a part.
    """

    at: datetime
    work: str
    shard: int
    number: int
    follow_ups: int = 0
    checked: int = 0
    liability: Liability = field(default_factory=Liability)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of an audit: what is owed, how much was checked, and how many differences there are.

    ``accounts`` and ``orders`` were checked. ``generation`` says which sums of what is owed it kept, and
    ``sums_fit`` whether the next audit can go on with them.
    """

    as_of: datetime
    kind: AuditKind
    liability: Liability
    accounts: int
    orders: int
    differences: int
    generation: int = 0
    sums_fit: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """The audits of the points."""

    tables: Tables
    table: str

    def put_difference(self, at: datetime, difference: Difference) -> None:
        """List a difference; found again in the same audit it is the same row."""
        name = f"{difference.member_id}#{difference.what}#{difference.order_id or ''}"
        row = {**_key(at, f"{DIFFERENCE}{identifiers.fingerprint(name)}"), **plain(difference)}
        self.tables.put(self.table, row)

    def put_part(self, part: Part, of: Pass) -> Report | None:
        """Write down what a task found; return the report as its parts say if that was the last one missing.

        ``liability`` is the sum over the parts, which an incremental pass has none of.
        """
        item = f"{PART}{part.work}#{part.shard:03}#{part.number:06}"
        row = {**_key(part.at, item), **plain(part), "at": calendar.to_row(part.at)}
        self.tables.put(self.table, row)
        return self._whole(of)

    def last(self) -> Report | None:
        """Return the report of the last audit that came to its end, or None before the first one."""
        row = self.tables.get(self.table, LAST)
        if row is None:
            return None
        return Report(
            as_of=calendar.from_row(row["as_of"]),
            # Reports from before there were two kinds are of everything, and kept no sums.
            kind=AuditKind(row.get("kind", AuditKind.FULL)),
            liability=Liability(**row["liability"]),
            accounts=row["checked"][AUDIT_ACCOUNTS],
            orders=row["checked"][AUDIT_ORDERS],
            differences=row["differences"],
            generation=row.get("generation", 0),
            sums_fit=row.get("sums_fit", False),
        )

    def base(self) -> Base | None:
        """Return what the next audit goes on from, or None before the first one."""
        last = self.last()
        if last is None:
            return None
        return Base(as_of=last.as_of, generation=last.generation, sums_fit=last.sums_fit)

    def differences(
        self, as_of: datetime, *, limit: int, after: str | None
    ) -> tuple[list[Difference], str | None]:
        """Return a page of the differences of the audit of a moment, and the position to go on after."""
        rows, more = self.tables.query(
            self.table,
            partition=("report", _key(as_of, "")["report"]),
            prefix=("item", DIFFERENCE),
            limit=limit,
            after=None if after is None else _key(as_of, DIFFERENCE + after),
        )
        position = str(rows[-1]["item"]).removeprefix(DIFFERENCE) if more else None
        return [
            Difference(**{name: value for name, value in row.items() if name not in LAST}) for row in rows
        ], position

    def _whole(self, of: Pass) -> Report | None:
        """Return the sum of an audit's parts, or None while one is missing."""
        present: set[tuple[str, int, int]] = set()
        wanted = {(work, shard, 0) for work, shard in of.parts}
        liability, checked = Liability(), dict.fromkeys(of.shards, 0)
        for row in self._rows(of.at, PART):
            work, shard = row["work"], row["shard"]
            if work not in checked:
                continue  # of the other kind, begun in the same second
            present.add((work, shard, row["number"]))
            wanted |= {(work, shard, number + 1) for number in range(row["follow_ups"])}
            liability += Liability(**row["liability"])
            checked[work] += row["checked"]
        if wanted - present:
            return None
        orders = sum(checked.pop(work, 0) for work in _OF_ORDERS)
        return Report(
            as_of=of.at,
            kind=of.kind,
            liability=liability,
            accounts=sum(checked.values()),
            orders=orders,
            differences=sum(1 for _ in islice(self._rows(of.at, DIFFERENCE), DIFFERENCES_COUNTED_MAX)),
        )

    def _rows(self, at: datetime, prefix: str) -> Iterator[Row]:
        """Give an audit's rows whose sort key begins so."""
        partition = ("report", _key(at, "")["report"])
        return self.tables.query_all(self.table, partition=partition, prefix=("item", prefix), page=PAGE_ROWS)

    def put_last(self, report: Report) -> None:
        """Let a report be the last one, unless there is one of a later audit."""
        row: dict[str, Any] = {
            **LAST,
            "as_of": calendar.to_row(report.as_of),
            "kind": report.kind.value,
            "liability": plain(report.liability),
            "checked": {AUDIT_ACCOUNTS: report.accounts, AUDIT_ORDERS: report.orders},
            "differences": report.differences,
            "generation": report.generation,
            "sums_fit": report.sums_fit,
        }
        self.tables.put_newer(self.table, row, by="as_of")


def _key(at: datetime, item: str) -> dict[str, str]:
    return {"report": f"points#{calendar.to_row(at)}", "item": item}
