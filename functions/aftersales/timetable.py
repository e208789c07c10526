"""When what becomes of cases by itself is written."""

from functions.domain.policy import Policy
from functions.domain.timetable import Every, Scheduled, planned

FOLLOW_CASES = "follow-cases"


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedule of the job on cases."""
    return (planned(FOLLOW_CASES, Every(5), minutes=30),)  # A2
