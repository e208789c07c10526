"""What is owed, kept as the sum over what each account held when it was last audited (E9).

An account's row says so, and in which sums it is counted. What it held then leaves the sum and what it holds
now comes in, in the transaction that writes its row: whatever is done twice, dies or comes late, the sums are
those of the rows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from functions.domain import calendar
from functions.domain.records import plain
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, until_clear
from functions.points.audit import Liability

AUDITED = "AUDITED"
SUM = "SUM#"
ACCOUNTS_PER_NOTE_MAX = 90
"""Accounts that one transaction writes down, and their sum; it may have 100 rows."""
PAGE_ROWS = 1_000
_NONE: Mapping[str, Any] = {"generation": 0, "version": 0}


@dataclass(frozen=True, slots=True)
class Owed:
    """The rows of what each account held, and their sums: one per shard, so that none waits for another."""

    tables: Tables
    table: str

    def note(
        self,
        generation: int,
        shard: str,
        held: Mapping[str, Liability],
        *,
        at: datetime,
        deadline: Deadline,
    ) -> None:
        """Write down what accounts hold, by member, and what that makes of the sums.

        Parameters
        ----------
        generation
            Which sums: what is counted in older ones counts as nothing, what is in newer ones is left alone.
        shard
            The name of the sum that the changes come into; any will do, one of the worker's own is quickest.
        at
            When the audit began that found it.
        """
        left = iter(held.items())
        while some := dict(islice(left, ACCOUNTS_PER_NOTE_MAX)):
            self._note(generation, shard, some, at, deadline)

    def _note(
        self, generation: int, shard: str, held: Mapping[str, Liability], at: datetime, deadline: Deadline
    ) -> None:
        keys = [_sum_key(generation, shard), *map(_key, held)]
        consistent = False  # a row that is behind is found out by its version

        def attempt() -> None:
            nonlocal consistent
            summed, *rows = self.tables.batch_get(
                [(self.table, key) for key in keys], deadline, consistent=consistent
            )
            consistent = True
            transaction, change = self.tables.transaction(), Liability()
            for (member_id, now), row in zip(held.items(), rows, strict=True):
                counted_in = (row or _NONE)["generation"]
                counted = row is not None and counted_in == generation
                then = _liability_of(row) if row is not None and counted else Liability()
                if counted_in > generation or (counted and then == now):
                    continue
                change += now - then
                version = (row or _NONE)["version"]
                audited = {"audited_at": calendar.to_row(at), "generation": generation}
                written = {**_key(member_id), **audited, **plain(now), "version": version + 1}
                transaction.put_version(self.table, written, replaces=version)
            if not transaction.actions:
                return
            version = (summed or _NONE)["version"]
            total = change if summed is None else _liability_of(summed) + change
            written = {**_sum_key(generation, shard), **plain(total), "version": version + 1}
            transaction.put_version(self.table, written, replaces=version)
            transaction.commit(deadline)

        until_clear(attempt, deadline)

    def total(self, generation: int) -> Liability:
        """Return what all accounts held when each was last audited."""
        total = Liability()
        partition = ("report", _sum_key(generation, "")["report"])
        for row in self.tables.query_all(
            self.table, partition=partition, prefix=("item", SUM), page=PAGE_ROWS
        ):
            total += _liability_of(row)
        return total


def _key(member_id: str) -> dict[str, str]:
    return {"report": f"owed#{member_id}", "item": AUDITED}


def _sum_key(generation: int, shard: str) -> dict[str, str]:
    return {"report": f"owed-in-all#{generation}", "item": f"{SUM}{shard}"}


def _liability_of(row: Row) -> Liability:
    return Liability(**{name: row[name] for name in ("wallets", "available", "frozen", "debt")})
