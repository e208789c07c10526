"""When birthday coupons are issued."""

from functions.domain.policy import Policy
from functions.domain.timetable import At, Scheduled, planned

ISSUE_BIRTHDAY_COUPONS = "issue-birthday-coupons"
STARTS = {"CouponsJobs": (ISSUE_BIRTHDAY_COUPONS,)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules of the month's coupons."""
    return (
        planned(ISSUE_BIRTHDAY_COUPONS, At(hour=0, minute=5, day=1), hours=6),  # B1
        planned(ISSUE_BIRTHDAY_COUPONS, At(hour=0, minute=5, day=2), again=True, hours=6),
    )
