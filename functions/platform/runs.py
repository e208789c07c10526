"""How far each job's runs have come, so that one that does not end is seen.

A run begins by saying how many parts it has, and each part writes down when it is at its end. Both say as of
which run; what an older run says late changes nothing. A job has one row per part, however often it runs.
"""

from dataclasses import dataclass
from datetime import datetime

from functions.domain import calendar
from functions.platform.dynamo import Row, Tables

RUN = "RUN#"
BEGUN = "RUN#BEGUN"
ENDED = "RUN#ENDED#"
WATCHED = "WATCHED"
WHOLE = "all"
"""What a job that is done in one go is called as the part of its run."""
PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Runs:
    """The runs of the programme's jobs, in the reports' table."""

    tables: Tables
    table: str

    def begin(self, job: str, at: datetime, *, parts: int) -> None:
        """Write down that a run began at a moment, and of how many parts it is."""
        self._put(job, BEGUN, at, parts=parts)

    def end(self, job: str, at: datetime, part: str, *, parts: int = 1) -> None:
        """Write down that a part of the run that began at a moment, or so many at once, are at their end."""
        self._put(job, ENDED + part, at, parts=parts)

    def ended_since(self, job: str, since: datetime) -> bool:
        """Tell whether every part of a job has come to its end in a run that began at a moment or later."""
        wanted: int | None = None
        ended = 0
        rows = self.tables.query_all(
            self.table, partition=("report", _partition(job)), prefix=("item", RUN), page=PAGE_ROWS
        )
        for row in rows:
            if row["at"] < calendar.to_row(since):
                continue
            if row["item"] == BEGUN:
                wanted = row["parts"]
            else:
                ended += row["parts"]
        return wanted is not None and ended >= wanted

    def watched_since(self, job: str, now: datetime) -> datetime:
        """Return since when a job is watched over; that begins with the first time that this is asked."""
        key = {"report": _partition(job), "item": WATCHED}
        row = self.tables.get(self.table, key)
        if row is None:
            self.tables.put_new(self.table, {**key, "at": calendar.to_row(now)})
            return now
        return calendar.from_row(row["at"])

    def _put(self, job: str, item: str, at: datetime, *, parts: int) -> None:
        row: Row = {"report": _partition(job), "item": item, "at": calendar.to_row(at), "parts": parts}
        self.tables.put_newer(self.table, row, by="at")


def _partition(job: str) -> str:
    return f"run#{job}"
