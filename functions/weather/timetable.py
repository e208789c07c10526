"""When somebody looks out of the window."""

from functions.domain.policy import Policy
from functions.domain.timetable import At, Scheduled, planned

LOOK_OUT = "look-out"


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedule of the look."""
    return (planned(LOOK_OUT, At(hour=7, minute=0), hours=1),)
