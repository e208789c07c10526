"""Lists of cases: a member's, and the staff's worklist by deadline (A10).

Which cases there are the indexes say, which may be behind by a moment; how a case reads is decided on its own
row and as of now. One that has become another by itself stands in the list of its new state once a job has
written so, which is within minutes.
"""

import heapq
from dataclasses import dataclass
from datetime import datetime

from functions.cases.case import STAFF_ACT, Case, CaseState, as_of
from functions.cases.rows import BY_DEADLINE, BY_MEMBER, case_of, key
from functions.domain import calendar
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, Row, Tables, above, time_span

Cases = tuple[list[Case], str | None]
"""Cases as they read now, and the position to go on after."""


@dataclass(frozen=True, slots=True)
class CaseLists:
    """The lists of the cases in a table."""

    tables: Tables
    table: str

    def of_member(
        self, member_id: str, *, now: datetime, limit: int, after: str | None, deadline: Deadline
    ) -> Cases:
        """Return a page of a member's cases, newest first, and the position to go on after."""
        rows, more = self.tables.query_span(
            self.table,
            index=BY_MEMBER,
            partition=("member_id", member_id),
            sort="opened_key",
            span=time_span(None, None, after),
            limit=limit,
            newest_first=True,
        )
        return self._read(rows, now, deadline), rows[-1]["opened_key"] if more else None

    def worklist(
        self,
        *,
        state: CaseState | None,
        overdue: bool | None,
        now: datetime,
        limit: int,
        after: str | None,
        deadline: Deadline,
    ) -> Cases:
        """Return a page of the cases in a state, or of all on which staff are to act, by deadline.

        It may be short, or empty, and not the last. Cases that are over stand by when that was, the latest
        last.
        """
        lowest, highest = LOWEST if after is None else above(after), HIGHEST
        due = calendar.to_row(now) + HIGHEST
        if overdue is True:
            highest = min(highest, due)
        elif overdue is False:
            lowest = max(lowest, due)
        states = sorted(STAFF_ACT) if state is None else [state]
        found = [self._listed(each, (lowest, highest), limit) for each in states]
        merged = list(heapq.merge(*(rows for rows, _ in found), key=lambda row: str(row["listed_at"])))
        rows = merged[:limit]
        more = len(merged) > limit or any(more for _, more in found)
        shown = [
            case
            for case in self._read(rows, now, deadline)
            if case.state in states and overdue in (None, case.overdue)
        ]
        return shown, rows[-1]["listed_at"] if more else None

    def _listed(self, state: CaseState, span: tuple[str, str], limit: int) -> tuple[list[Row], bool]:
        return self.tables.query_span(
            self.table,
            index=BY_DEADLINE,
            partition=("listed", state.value),
            sort="listed_at",
            span=span,
            limit=limit,
        )

    def _read(self, rows: list[Row], now: datetime, deadline: Deadline) -> list[Case]:
        found = self.tables.batch_get([(self.table, key(row["case_id"])) for row in rows], deadline)
        return [as_of(case_of(row), now) for row in found if row is not None]
