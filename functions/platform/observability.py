"""Logs and metrics: structured, correlated, without personal data.

Metrics are named in the programme's words. Nothing that is logged holds a name, a birthday, a phone number or
a token; requests are logged by their ids. The service's name comes from the function's environment.
"""

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

__all__ = ["MetricUnit", "logger", "metrics"]

logger = Logger(utc=True, use_rfc3339=True, location=None)
"""Times are as Lambda reads them to filter lines by level; where an exception came from, it says itself."""
metrics = Metrics(namespace="memberday")


def flush_metrics() -> None:
    """Write what was counted in this invocation, if anything was."""
    if metrics.metric_set:
        metrics.flush_metrics()
