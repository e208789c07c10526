"""When what becomes of cases by itself is written."""

from functions.domain.policy import Policy
from functions.domain.timetable import Every, Scheduled, planned

FOLLOW_CASES = "follow-cases"
STARTS = {"CaseJobs": (FOLLOW_CASES,)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedule of the job on cases."""
    return (planned(FOLLOW_CASES, Every(5), minutes=30),)  # A2
