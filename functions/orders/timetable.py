"""When the jobs on orders run."""

from functions.domain.policy import Policy
from functions.domain.timetable import Every, Scheduled, planned

LAPSE_UNPAID = "lapse-unpaid"
AUTO_RECEIPT = "auto-receipt"
LOOK_FOR_PARCELS = "look-for-parcels"
INDEX_PARCELS = "index-parcels"
STARTS = {"OrderJobs": (LAPSE_UNPAID, AUTO_RECEIPT, LOOK_FOR_PARCELS, INDEX_PARCELS)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules of the jobs on orders."""
    return (
        planned(LAPSE_UNPAID, Every(1), minutes=30),  # O2
        planned(AUTO_RECEIPT, Every(5), hours=2),  # O3
        planned(LOOK_FOR_PARCELS, Every(60), hours=2),  # A11
    )
