"""How far each job's runs have come, so that one that does not end is seen.

A run begins by saying how many parts it has, and each part writes down when it is at its end. Both say as of
which run; what an older run says late changes nothing. A job has one row per part, however often it runs.
"""

from dataclasses import dataclass
from datetime import datetime

from functions.domain import calendar
from functions.domain.records import read_as
from functions.platform.dynamo import Row, Tables

RUN = "RUN#"
BEGUN = "RUN#BEGUN"
ENDED = "RUN#ENDED#"
WATCHED = "WATCHED"
WHOLE = "all"
"""What a job that is done in one go is called as the part of its run."""
PAGE_ROWS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """Parts that came to their end together, in the run that began ``at`` a moment.

    When they did is not known of those from before that was written down.
    """

    at: datetime
    parts: int
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """The last run of a job that has begun, and what of it and of those before is at its end."""

    begun_at: datetime | None = None
    parts: int = 0
    ended: tuple[Ended, ...] = ()

    def ended_since(self, since: datetime) -> bool:
        """Tell whether every part has come to its end in a run that began at a moment or later."""
        if self.begun_at is None or self.begun_at < since:
            return False
        return sum(each.parts for each in self.ended if each.at >= since) >= self.parts

    @property
    def parts_ended(self) -> int:
        """How many parts of the last run are at their end."""
        return sum(each.parts for each in self._of_this)

    @property
    def ended_at(self) -> datetime | None:
        """When the last part of the last run came to its end; None while there are others, or unknown."""
        if self.begun_at is None or self.parts_ended < self.parts:
            return None
        moments = [each.ended_at for each in self._of_this if each.ended_at is not None]
        return max(moments, default=None if self.parts else self.begun_at)

    @property
    def _of_this(self) -> list[Ended]:
        return [each for each in self.ended if self.begun_at is not None and each.at >= self.begun_at]


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
        ended_at = calendar.to_row(self.tables.begun_at())
        self._put(job, ENDED + part, at, parts=parts, ended_at=ended_at)

    def ended_since(self, job: str, since: datetime) -> bool:
        """Tell whether every part of a job has come to its end in a run that began at a moment or later."""
        return self.last(job).ended_since(since)

    def last(self, job: str) -> Run:
        """Return the last run of a job that has begun."""
        begun: Row | None = None
        ended = []
        rows = self.tables.query_all(
            self.table, partition=("report", _partition(job)), prefix=("item", RUN), page=PAGE_ROWS
        )
        for row in rows:
            if row["item"] == BEGUN:
                begun = row
            else:
                ended_at = read_as(calendar.from_row, row.get("ended_at"))
                at = calendar.from_row(row["at"])
                ended.append(Ended(at=at, parts=row["parts"], ended_at=ended_at))
        if begun is None:
            return Run(ended=tuple(ended))
        return Run(begun_at=calendar.from_row(begun["at"]), parts=begun["parts"], ended=tuple(ended))

    def watched_since(self, job: str, now: datetime) -> datetime:
        """Return since when a job is watched over; that begins with the first time that this is asked."""
        since = self.watched(job)
        if since is None:
            self.tables.put_new(self.table, {**key(job, WATCHED), "at": calendar.to_row(now)})
            return now
        return since

    def watched(self, job: str) -> datetime | None:
        """Return since when a job is watched over, if it is yet."""
        row = self.tables.get(self.table, key(job, WATCHED))
        return None if row is None else calendar.from_row(row["at"])

    def _put(self, job: str, item: str, at: datetime, *, parts: int, **more: str) -> None:
        row: Row = {**key(job, item), "at": calendar.to_row(at), "parts": parts, **more}
        self.tables.put_newer(self.table, row, by="at")


def key(job: str, item: str) -> dict[str, str]:
    """Return the key of a row about the runs of a job."""
    return {"report": _partition(job), "item": item}


def _partition(job: str) -> str:
    return f"run#{job}"
