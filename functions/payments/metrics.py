"""What is counted of payments, for figures and alarms, in the programme's words."""

from functions.platform.observability import MetricUnit, metrics

REFUSED = "notifications_refused_"
"""Of a provider, whose name follows: notifications that were not its own, or not for us (Y3)."""
LATE = "notices_late"
UNASSIGNED = "payments_unassigned"
CONFLICTING = "payments_conflicting"
REFUNDS_FAILED = "refunds_failed"
REFUNDS_DOUBLED = "refunds_doubled"
DIFFERENCES = "payment_differences"
"""What a statement and we do not agree on, when it is found (Y8)."""


def count(name: str, value: int = 1) -> None:
    """Count something."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=value)
