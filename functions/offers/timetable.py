"""When the member day is opened."""

from functions.domain.policy import Policy
from functions.domain.timetable import At, Scheduled, planned

OPEN_MEMBER_DAY = "open-member-day"


def timetable(policy: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules that announce the member day under a policy."""
    day = policy.member_day.day
    return (
        planned(OPEN_MEMBER_DAY, At(hour=0, minute=0, day=day), minutes=30),  # P2
        planned(OPEN_MEMBER_DAY, At(hour=0, minute=15, day=day), again=True, minutes=30),
    )
