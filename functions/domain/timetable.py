"""When each job runs, in store time, and until when it must have done its work.

The one list of the programme's jobs: the schedules are made from it, and the watch over them reads it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from functions.domain.policy import Policy

LAPSE_UNPAID = "lapse-unpaid"
AUTO_RECEIPT = "auto-receipt"
RELEASE_POINTS = "release-points"
EXPIRE_POINTS = "expire-points"
ANNOUNCE_EXPIRING = "announce-expiring"
ISSUE_BIRTHDAY_COUPONS = "issue-birthday-coupons"
OPEN_MEMBER_DAY = "open-member-day"
AUDIT_POINTS = "audit-points"
WATCH_JOBS = "watch-jobs"
_AGAIN = "-again"
_ANY_YEAR = 2027
"""A year before which there is no leap day between the notice and the year's end."""
_YEARS_BACK = 8
"""How far back a moment is looked for: a 29 February comes again within eight years."""


@dataclass(frozen=True, slots=True)
class Every:
    """So often, from whenever the schedule was made."""

    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """At a time of day, on every day, on a day of each month, or on one day of the year."""

    hour: int
    minute: int
    day: int | None = None
    month: int | None = None

    def latest(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the last time that it was, at a moment or before it."""
        today = moment.astimezone(zone).date()
        for on in self._days_back_from(today):
            then = datetime(on.year, on.month, on.day, self.hour, self.minute, tzinfo=zone)
            if then <= moment:
                return then
        raise ValueError(f"{self} never was")

    def _days_back_from(self, today: date) -> Iterable[date]:
        """Give the days that fit, today's first."""
        for back in range(366 * _YEARS_BACK):
            on = today - timedelta(days=back)
            if self.day in (None, on.day) and self.month in (None, on.month):
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


def timetable(policy: Policy) -> tuple[Scheduled, ...]:
    """Return all schedules of the programme's jobs under a policy.

    Those called ``…-again`` run the same job once more, for what a run has missed (R3).
    """
    told_on = date(_ANY_YEAR, 1, 1) - timedelta(days=policy.points.notice_days)
    again_on = told_on + timedelta(days=1)
    member_day = policy.member_day.day
    return (
        _job(LAPSE_UNPAID, Every(5), minutes=30),  # O2
        _job(AUTO_RECEIPT, Every(60), hours=2),  # O3
        _job(RELEASE_POINTS, Every(10), hours=1),  # E3
        _job(EXPIRE_POINTS, At(hour=0, minute=0, day=1, month=1), hours=6),  # E5
        # Also for what came back late into a year that is over.
        _job(EXPIRE_POINTS, At(hour=0, minute=30), again=True, hours=6),
        _job(ANNOUNCE_EXPIRING, At(hour=9, minute=0, day=told_on.day, month=told_on.month), hours=6),  # E10
        _job(
            ANNOUNCE_EXPIRING,
            At(hour=9, minute=0, day=again_on.day, month=again_on.month),
            again=True,
            hours=6,
        ),
        _job(ISSUE_BIRTHDAY_COUPONS, At(hour=0, minute=5, day=1), hours=6),  # B1
        _job(ISSUE_BIRTHDAY_COUPONS, At(hour=0, minute=5, day=2), again=True, hours=6),
        _job(OPEN_MEMBER_DAY, At(hour=0, minute=0, day=member_day), minutes=30),  # P2
        _job(OPEN_MEMBER_DAY, At(hour=0, minute=15, day=member_day), again=True, minutes=30),
        _job(AUDIT_POINTS, At(hour=4, minute=0), hours=4),  # E9
    )


def _job(job: str, when: Every | At, *, again: bool = False, hours: int = 0, minutes: int = 0) -> Scheduled:
    return Scheduled(
        name=job + _AGAIN if again else job,
        job=job,
        when=when,
        done_within=timedelta(hours=hours, minutes=minutes),
    )
