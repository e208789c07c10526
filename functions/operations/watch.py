"""Which jobs have not come to their end in their time."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from functions.domain.timetable import Scheduled
from functions.platform.runs import Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """A schedule whose job should have ended by now in a run that began at ``wanted_since`` or later."""

    schedule: str
    job: str
    wanted_since: datetime


def overdue(timetable: tuple[Scheduled, ...], runs: Runs, now: datetime, zone: ZoneInfo) -> list[Overdue]:
    """Return the schedules whose work is not done in its time.

    What was due before a job was first watched over is not missed: a stack that is a minute old has not run
    last month's jobs.
    """
    found = []
    watched = {job: runs.watched_since(job, now) for job in {each.job for each in timetable}}
    for each in timetable:
        wanted = wanted_since(each, watched[each.job], now, zone)
        if wanted is not None and not runs.ended_since(each.job, wanted):
            found.append(Overdue(schedule=each.name, job=each.job, wanted_since=wanted))
    return found


def wanted_since(scheduled: Scheduled, watched: datetime, now: datetime, zone: ZoneInfo) -> datetime | None:
    """Return since when a run must have begun that has ended by now; None where none is missed yet."""
    wanted = scheduled.wanted_since(now, zone)
    return wanted if wanted >= watched else None
