"""Exports of reports: each is a row, and by that leaves a record of who took what along (K7).

The row is what an id of the caller's counts once by: whoever sends it again is answered the same, and has no
second record. It belongs to who asked: nobody exports without a record under somebody else's id.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from functions.domain import calendar
from functions.domain.errors import InvalidError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, until_clear
from functions.platform.trail import followed

EXPORTED = "export#"
"""How the partitions of exports begin, each of which has those of a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What somebody takes along of a report: how many rows, by which of its filters, and when first."""

    export_id: str
    report: str
    rows: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Exports:
    """The exports, in the reports' table."""

    tables: Tables
    table: str

    def keep(
        self,
        report: str,
        request_id: str,
        *,
        rows: int,
        filters: Mapping[str, Any],
        by: str,
        at: datetime,
        deadline: Deadline,
    ) -> Export:
        """Write down that somebody takes a report along, once for each id of theirs; return it.

        Its id is that of the record which is written with it.

        Raises
        ------
        InvalidError
            ``request_id_reused``: they took something else along under this id.
        TryAgainError, ConflictError
            ``try_again``, ``conflict``: it is not known to be written down, and nothing may be taken.
        """
        contents = json.dumps({"rows": rows, **filters}, sort_keys=True)
        key = {"report": EXPORTED + report, "item": f"{by}#{request_id}"}

        def attempt() -> Export:
            new: Row = {**key, "at": calendar.to_row(at), "rows": rows, "contents": contents}
            transaction = self.tables.transaction()
            transaction.put_new(self.table, new)
            trail = followed()
            if trail is None:
                raise RuntimeError("whoever exports asks as staff, and is followed")
            export_id = trail.id_of_write(transaction.actions)
            row = self.tables.get(self.table, key)
            if row is None:
                row = new
                transaction.commit(deadline)
            elif row["contents"] != contents:
                raise InvalidError("request_id_reused", "The request id was used with other contents.")
            return Export(
                export_id=export_id,
                report=report,
                rows=int(row["rows"]),
                at=calendar.from_row(row["at"]),
            )

        return until_clear(attempt, deadline)
