"""What the local cloud makes of figures and alarms, as CloudWatch would."""

import json
from typing import Any

import pytest

from local.monitor import (
    ALARM,
    INSUFFICIENT_DATA,
    OK,
    Figure,
    at_fault,
    embedded,
    metrics_of,
    state_of,
    value_of,
    window_seconds,
)

PRINTED = {
    "_aws": {
        "Timestamp": 1,
        "CloudWatchMetrics": [
            {
                "Namespace": "memberday",
                "Dimensions": [["service"]],
                "Metrics": [{"Name": "orders_placed", "Unit": "Count"}, {"Name": "stock_low"}],
            }
        ],
    },
    "service": "OrdersPublisher",
    "orders_placed": [1.0, 2.0],
    "stock_low": 3,
}


def alarm(**change: Any) -> dict[str, Any]:
    """Return an alarm that goes off above 2."""
    return {
        "AlarmName": "memberday-dev-audit-differences",
        "Namespace": "memberday",
        "MetricName": "audit_differences",
        "Statistic": "Sum",
        "Threshold": 2.0,
        "ComparisonOperator": "GreaterThanThreshold",
        "Period": 300,
        "EvaluationPeriods": 2,
        "StateValue": OK,
        "Dimensions": [{"Name": "service", "Value": "AuditWorker"}],
        **change,
    }


def test_figures_are_found_among_what_a_function_printed() -> None:
    log = f'START\n{{"level":"INFO"}}\n{json.dumps(PRINTED)}\nhe said "_aws": so\n{{"_aws": {{}}}}\nEND'
    service = {"service": "OrdersPublisher"}
    assert list(embedded(log)) == [
        Figure("memberday", "orders_placed", service, 1.0),
        Figure("memberday", "orders_placed", service, 2.0),
        Figure("memberday", "stock_low", service, 3.0),
    ]


@pytest.mark.parametrize(
    ("statistic", "values", "state"),
    [
        ("Sum", [1.0, 1.5], ALARM),
        ("Sum", [1.0, 1.0], OK),
        ("Maximum", [1.0, 1.5], OK),
        ("Maximum", [0.0, 3.0], ALARM),
        ("Minimum", [0.0, 3.0], OK),
        ("Average", [2.0, 3.0], ALARM),
        ("SampleCount", [0.0, 0.0, 0.0], ALARM),
    ],
)
def test_an_alarm_looks_at_its_statistic(statistic: str, values: list[float], state: str) -> None:
    assert state_of(alarm(Statistic=statistic), {"": values}) == state


@pytest.mark.parametrize(
    ("operator", "breached"),
    [
        ("GreaterThanThreshold", (False, True)),
        ("GreaterThanOrEqualToThreshold", (True, True)),
        ("LessThanThreshold", (False, False)),
        ("LessThanOrEqualToThreshold", (True, False)),
    ],
)
def test_an_alarm_compares_as_it_says(operator: str, breached: tuple[bool, bool]) -> None:
    states = tuple(
        state_of(alarm(ComparisonOperator=operator), {"": [value]}) == ALARM for value in (2.0, 2.5)
    )
    assert states == breached


@pytest.mark.parametrize(
    ("missing", "state"),
    [("breaching", ALARM), ("notBreaching", OK), ("missing", INSUFFICIENT_DATA), ("ignore", "as it was")],
)
def test_no_figures_mean_what_the_alarm_says(missing: str, state: str) -> None:
    assert state_of(alarm(TreatMissingData=missing, StateValue="as it was"), {}) == state


def test_an_alarm_looks_back_over_its_periods_at_its_own_dimensions() -> None:
    assert window_seconds(alarm()) == 600
    (metric,) = metrics_of(alarm())
    assert metric.dimensions == {"service": "AuditWorker"}


def of_a_kind(how: str, **change: Any) -> dict[str, Any]:
    """Return an alarm on the failures of two functions."""

    def metric(key: str, function: str) -> dict[str, Any]:
        dimensions = [{"Name": "FunctionName", "Value": function}]
        asked = {"Namespace": "AWS/Lambda", "MetricName": "Errors", "Dimensions": dimensions}
        stat = {"Metric": asked, "Stat": "Sum", "Period": 300}
        return {"Id": key, "Label": function, "MetricStat": stat, "ReturnData": False}

    whole = {"Id": "expr_1", "Expression": f"{how}([FILL(m0, 0), FILL(m1, 0)])"}
    return alarm(Metrics=[whole, metric("m0", "ShopApi"), metric("m1", "PointsApi")], **change)


def test_an_alarm_on_an_expression_looks_at_all_its_metrics() -> None:
    first, second = metrics_of(of_a_kind("MAX"))
    assert (first.key, first.title, first.dimensions) == ("m0", "ShopApi", {"FunctionName": "ShopApi"})
    assert (second.key, second.namespace, second.name) == ("m1", "AWS/Lambda", "Errors")
    assert window_seconds(of_a_kind("MAX")) == 600


def test_what_has_no_figures_counts_as_none_in_an_expression() -> None:
    assert value_of(of_a_kind("SUM"), {}) == 0.0
    assert state_of(of_a_kind("SUM", TreatMissingData="breaching"), {}) == OK
    assert value_of(of_a_kind("MAX"), {"m1": [1.0, 1.0]}) == 2.0


def test_an_expression_adds_up_or_takes_the_worst() -> None:
    figures = {"m0": [1.0, 1.0], "m1": [1.5]}
    assert value_of(of_a_kind("SUM"), figures) == 3.5
    assert (state_of(of_a_kind("SUM"), figures), state_of(of_a_kind("MAX"), figures)) == (ALARM, OK)


def test_an_alarm_names_what_would_break_it_alone() -> None:
    assert at_fault(of_a_kind("SUM"), {"m0": [3.0], "m1": [1.0]}) == ("ShopApi",)
    assert at_fault(of_a_kind("SUM"), {"m0": [2.0], "m1": [2.0]}) == ()
