"""When providers are asked what has become of attempts, and what they told is taken up that was left."""

from functions.domain.policy import Policy
from functions.domain.timetable import Every, Scheduled, planned

ASK_PAYMENTS = "ask-payments"


def timetable(_: Policy) -> tuple[Scheduled, ...]:
    """Return the schedule of the job on payments."""
    return (planned(ASK_PAYMENTS, Every(1), minutes=30),)  # Y5
