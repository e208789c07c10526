"""What CloudWatch makes of figures: metrics out of what functions print, and alarms out of metrics.

The emulator keeps metrics and tells topics of alarms, but it reads no embedded metrics, knows no queue's
depth, looks at alarms without their dimensions, and refuses those of an expression. This is what is missing.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra import expressions

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


@dataclass(frozen=True)
class Metric:
    """A metric that an alarm looks at: which figures, what is made of them, and what they are called."""

    key: str
    title: str
    namespace: str
    name: str
    dimensions: Mapping[str, str]
    statistic: str
    seconds: float

    def value(self, figures: Sequence[float]) -> float | None:
        """What is made of these figures; None of none."""
        return STATISTICS[self.statistic](figures) if figures else None


Figures = Mapping[str, Sequence[float]]
"""The figures of each of an alarm's metrics in the time that it looks at, by the metrics' keys."""


def metrics_of(alarm: Mapping[str, Any]) -> tuple[Metric, ...]:
    """The metrics that an alarm looks at: its own one, or those of its expression."""
    asked = [each for each in alarm.get("Metrics") or () if "MetricStat" in each]
    if not asked:
        return (_metric("", alarm["AlarmName"], alarm, alarm["Statistic"], alarm["Period"]),)
    return tuple(
        _metric(
            each["Id"],
            each.get("Label", each["Id"]),
            each["MetricStat"]["Metric"],
            each["MetricStat"]["Stat"],
            each["MetricStat"]["Period"],
        )
        for each in asked
    )


def _metric(key: str, title: str, metric: Mapping[str, Any], statistic: str, seconds: float) -> Metric:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", [])}
    return Metric(
        key, title, metric["Namespace"], metric["MetricName"], dimensions, statistic, float(seconds)
    )


def value_of(alarm: Mapping[str, Any], figures: Figures) -> float | None:
    """What an alarm compares with its threshold; None if there is nothing to compare.

    Of an expression that is a number at all times: what has no figures counts as 0 in it.
    """
    values = {each.key: each.value(figures.get(each.key, ())) for each in metrics_of(alarm)}
    asked = [each["Expression"] for each in alarm.get("Metrics") or () if "Expression" in each]
    return expressions.value(asked[0], values) if asked else values[""]


def breaks(alarm: Mapping[str, Any], value: float) -> bool:
    """Whether a value is one that an alarm goes off at."""
    return BREACHES[alarm["ComparisonOperator"]](value, alarm["Threshold"])


def state_of(alarm: Mapping[str, Any], figures: Figures) -> str:
    """The state that an alarm has with these figures."""
    value = value_of(alarm, figures)
    if value is not None:
        return ALARM if breaks(alarm, value) else OK
    missing = {"breaching": ALARM, "notBreaching": OK, "ignore": str(alarm["StateValue"])}
    return missing.get(alarm.get("TreatMissingData", ""), INSUFFICIENT_DATA)


def at_fault(alarm: Mapping[str, Any], figures: Figures) -> tuple[str, ...]:
    """What an alarm goes off for: those of its metrics that would break it alone."""
    return tuple(
        each.title
        for each in metrics_of(alarm)
        if (value := each.value(figures.get(each.key, ()))) is not None and breaks(alarm, value)
    )


def window_seconds(alarm: Mapping[str, Any]) -> float:
    """How far back an alarm looks."""
    return max(each.seconds for each in metrics_of(alarm)) * float(alarm["EvaluationPeriods"])
