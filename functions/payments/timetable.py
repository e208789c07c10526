"""When providers are asked what has become of attempts, and when their statements are compared."""

from functions.domain.policy import Policy
from functions.domain.timetable import At, Every, Scheduled, planned

ASK_PAYMENTS = "ask-payments"
RECONCILE_PAYMENTS = "reconcile-payments"
STARTS = {"PaymentsJobs": (ASK_PAYMENTS, RECONCILE_PAYMENTS)}
"""The jobs that each of this context's functions starts, those that no schedule does too."""


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedules of the jobs on payments."""
    return (
        planned(ASK_PAYMENTS, Every(1), minutes=30),  # Y5
        # Y8: the last run finds that there was none by 18:00
        planned(RECONCILE_PAYMENTS, At(hour=10, minute=30, until_hour=18), minutes=55),
    )
