"""When a job runs, in store time, and until when it must have done its work.

Each context has a timetable of its own jobs (``timetable.py``); the schedules are made from all of them, and
the watch over the jobs reads them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

AGAIN = "-again"
"""What the second schedule of a job is called by."""
_YEARS_BACK = 8
"""How far back a moment is looked for: a 29 February comes again within eight years."""


@dataclass(frozen=True, slots=True)
class Every:
    """So often, from whenever the schedule was made."""

    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """At a time of day, on every day, on a day of each month or week, or on one day of the year.

    The days of a week count from 1, which is Monday. With ``until_hour`` it is hourly, up to that hour.
    """

    hour: int
    minute: int
    day: int | None = None
    month: int | None = None
    weekday: int | None = None
    until_hour: int | None = None

    @property
    def hours(self) -> range:
        """The hours of a day at which it is."""
        return range(self.hour, (self.hour if self.until_hour is None else self.until_hour) + 1)

    def latest(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the last time that it was, at a moment or before it."""
        today = moment.astimezone(zone).date()
        for on in self._days_back_from(today):
            for hour in reversed(self.hours):
                then = datetime(on.year, on.month, on.day, hour, self.minute, tzinfo=zone)
                if then <= moment:
                    return then
        raise ValueError(f"{self} never was")

    def _days_back_from(self, today: date) -> Iterable[date]:
        """Give the days that fit, today's first."""
        for back in range(366 * _YEARS_BACK):
            on = today - timedelta(days=back)
            if (
                self.day in (None, on.day)
                and self.month in (None, on.month)
                and self.weekday in (None, on.isoweekday())
            ):
                yield on


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """A schedule, the job that it starts, and how long after its time the work may take."""

    name: str
    job: str
    when: Every | At
    done_within: timedelta

    def wanted_since(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment since which a run must have begun that has come to its end by now."""
        match self.when:
            case Every(minutes):
                return now - timedelta(minutes=minutes) - self.done_within
            case At():
                return self.when.latest(now - self.done_within, zone)


def planned(
    job: str, when: Every | At, *, again: bool = False, hours: int = 0, minutes: int = 0
) -> Scheduled:
    """Return a schedule of a job, whose work may take so many hours and minutes.

    With ``again`` it is called ``…-again``: it runs the same job once more, for what a run has missed (R3).
    """
    return Scheduled(
        name=job + AGAIN if again else job,
        job=job,
        when=when,
        done_within=timedelta(hours=hours, minutes=minutes),
    )
