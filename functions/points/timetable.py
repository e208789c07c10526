"""When the jobs on points run."""

from datetime import date, timedelta

from functions.domain.policy import Policy
from functions.domain.timetable import At, Every, Scheduled, planned

RELEASE_POINTS = "release-points"
EXPIRE_POINTS = "expire-points"
ANNOUNCE_EXPIRING = "announce-expiring"
AUDIT_POINTS = "audit-points"
AUDIT_CHANGES = "audit-changes"
REPLAY_POINTS = "replay-points"
STARTS = {
    "PointsJobs": (RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING, REPLAY_POINTS),
    "AuditJobs": (AUDIT_POINTS, AUDIT_CHANGES),
}
"""The jobs that each of this context's functions starts, those that no schedule does too."""
_SUNDAY = 7
_ANY_YEAR = 2027
"""A year before which there is no leap day between the notice and the year's end."""


def timetable(policy: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules of the jobs on points under a policy."""
    told_on = date(_ANY_YEAR, 1, 1) - timedelta(days=policy.points.notice_days)
    again_on = told_on + timedelta(days=1)
    return (
        planned(RELEASE_POINTS, Every(10), hours=1),  # E3
        planned(EXPIRE_POINTS, At(hour=0, minute=0, day=1, month=1), hours=6),  # E5
        # Also for what came back late into a year that is over.
        planned(EXPIRE_POINTS, At(hour=0, minute=30), again=True, hours=6),
        planned(
            ANNOUNCE_EXPIRING, At(hour=9, minute=0, day=told_on.day, month=told_on.month), hours=6
        ),  # E10
        planned(
            ANNOUNCE_EXPIRING,
            At(hour=9, minute=0, day=again_on.day, month=again_on.month),
            again=True,
            hours=6,
        ),
        planned(AUDIT_POINTS, At(hour=2, minute=0, weekday=_SUNDAY), hours=1),  # E9
        planned(AUDIT_CHANGES, At(hour=4, minute=0), hours=1),
    )
