"""What CloudWatch makes of figures: metrics out of what functions print, and alarms out of metrics.

The emulator keeps metrics and tells topics of alarms, but it reads no embedded metrics, knows no queue's
depth, and looks at alarms without their dimensions. This is what is missing, for alarms of one metric.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

OK = "OK"
ALARM = "ALARM"
INSUFFICIENT_DATA = "INSUFFICIENT_DATA"
EMBEDDED = '"_aws"'
BREACHES: Mapping[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
STATISTICS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "Sum": sum,
    "Maximum": max,
    "Minimum": min,
    "SampleCount": len,
    "Average": lambda values: sum(values) / len(values),
}


@dataclass(frozen=True)
class Figure:
    """One value of a metric."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]
    value: float


def embedded(log: str) -> Iterator[Figure]:
    """The figures in what a function printed, in CloudWatch's embedded metric format."""
    for line in log.splitlines():
        if EMBEDDED not in line:
            continue
        try:
            printed = json.loads(line)
            yield from _figures(printed)
        except (ValueError, KeyError, TypeError):
            continue  # it only looks like one


def _figures(printed: Json) -> Iterator[Figure]:
    for directive in printed["_aws"]["CloudWatchMetrics"]:
        for metric in directive["Metrics"]:
            values = printed[metric["Name"]]
            for names in directive["Dimensions"]:
                dimensions = {name: str(printed[name]) for name in names}
                for value in values if isinstance(values, list) else [values]:
                    yield Figure(directive["Namespace"], metric["Name"], dimensions, float(value))


def state_of(alarm: Mapping[str, Any], values: Sequence[float]) -> str:
    """The state that an alarm has with these values of its metric in the time that it looks at."""
    if values:
        value = STATISTICS[alarm["Statistic"]](values)
        return ALARM if BREACHES[alarm["ComparisonOperator"]](value, alarm["Threshold"]) else OK
    missing = {"breaching": ALARM, "notBreaching": OK, "ignore": str(alarm["StateValue"])}
    return missing.get(alarm.get("TreatMissingData", ""), INSUFFICIENT_DATA)


def window_seconds(alarm: Mapping[str, Any]) -> float:
    """How far back an alarm looks."""
    return float(alarm["Period"]) * float(alarm["EvaluationPeriods"])


def dimensions_of(alarm: Mapping[str, Any]) -> dict[str, str]:
    """The dimensions of the metric that an alarm looks at."""
    return {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
