"""Where audits are written down: what each shard found, the differences, and the report of the last audit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from functions.domain import calendar, identifiers
from functions.domain.records import plain
from functions.platform.dynamo import Row, Tables
from functions.points.audit import Difference, Liability

AUDIT_ACCOUNTS = "audit-accounts"
AUDIT_ORDERS = "audit-orders"
"""The two kinds of work that an audit consists of."""
LAST = {"report": "points", "item": "LAST"}
PART = "PART#"
DIFFERENCE = "DIFFERENCE#"
PAGE_ROWS = 1_000
DIFFERENCES_COUNTED_MAX = 10_000
"""A report that says so many differences means: at least so many."""


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
    """The result of an audit: what is owed, how much was checked, and how many differences there are."""

    as_of: datetime
    liability: Liability
    checked: Mapping[str, int]
    differences: int


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

    def put_part(self, part: Part, shards: Mapping[str, int]) -> Report | None:
        """Write down what a task found; return the report if that was the last part missing.

        Parameters
        ----------
        shards
            How many shards each kind of work of the audit has.
        """
        item = f"{PART}{part.work}#{part.shard:03}#{part.number:06}"
        row = {**_key(part.at, item), **plain(part), "at": calendar.to_row(part.at)}
        self.tables.put(self.table, row)
        report = self._whole(part.at, shards)
        if report is not None:
            self._put_last(report)
        return report

    def last(self) -> Report | None:
        """Return the report of the last audit that came to its end, or None before the first one."""
        row = self.tables.get(self.table, LAST)
        if row is None:
            return None
        return Report(
            as_of=calendar.from_row(row["as_of"]),
            liability=Liability(**row["liability"]),
            checked=row["checked"],
            differences=row["differences"],
        )

    def differences(
        self, report: Report, *, limit: int, after: str | None
    ) -> tuple[list[Difference], str | None]:
        """Return a page of an audit's differences, and the position to go on after."""
        rows, more = self.tables.query(
            self.table,
            partition=("report", _key(report.as_of, "")["report"]),
            prefix=("item", DIFFERENCE),
            limit=limit,
            after=None if after is None else _key(report.as_of, DIFFERENCE + after),
        )
        position = str(rows[-1]["item"]).removeprefix(DIFFERENCE) if more else None
        return [
            Difference(**{name: value for name, value in row.items() if name not in LAST}) for row in rows
        ], position

    def _whole(self, at: datetime, shards: Mapping[str, int]) -> Report | None:
        """Return the sum of an audit's parts, or None while one is missing."""
        present: set[tuple[str, int, int]] = set()
        wanted = {(work, shard, 0) for work, count in shards.items() for shard in range(count)}
        liability, checked = Liability(), dict.fromkeys(shards, 0)
        for row in self._rows(at, PART):
            work, shard = row["work"], row["shard"]
            present.add((work, shard, row["number"]))
            wanted |= {(work, shard, number + 1) for number in range(row["follow_ups"])}
            liability += Liability(**row["liability"])
            checked[work] += row["checked"]
        if wanted - present:
            return None
        differences = sum(1 for _ in islice(self._rows(at, DIFFERENCE), DIFFERENCES_COUNTED_MAX))
        return Report(as_of=at, liability=liability, checked=checked, differences=differences)

    def _rows(self, at: datetime, prefix: str) -> Iterator[Row]:
        """Give an audit's rows whose sort key begins so."""
        partition = ("report", _key(at, "")["report"])
        return self.tables.query_all(self.table, partition=partition, prefix=("item", prefix), page=PAGE_ROWS)

    def _put_last(self, report: Report) -> None:
        """Let a report be the last one, unless there is one of a later audit."""
        row: dict[str, Any] = {
            **LAST,
            "as_of": calendar.to_row(report.as_of),
            "liability": plain(report.liability),
            "checked": dict(report.checked),
            "differences": report.differences,
        }
        self.tables.put_newer(self.table, row, by="as_of")


def _key(at: datetime, item: str) -> dict[str, str]:
    return {"report": f"points#{calendar.to_row(at)}", "item": item}
