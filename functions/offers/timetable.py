"""When the member day is opened, and campaigns that are over are put away."""

from functions.domain.policy import Policy
from functions.domain.timetable import At, Every, Scheduled, planned

OPEN_MEMBER_DAY = "open-member-day"
END_CAMPAIGNS = "end-campaigns"
STARTS = {"MemberDayJob": (OPEN_MEMBER_DAY,), "CampaignsJob": (END_CAMPAIGNS,)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""


def timetable(policy: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules of the member day and of campaigns under a policy."""
    day = policy.member_day.day
    return (
        planned(OPEN_MEMBER_DAY, At(hour=0, minute=0, day=day), minutes=30),  # P2
        planned(OPEN_MEMBER_DAY, At(hour=0, minute=15, day=day), again=True, minutes=30),
        planned(END_CAMPAIGNS, Every(minutes=5), minutes=10),  # V2
    )
