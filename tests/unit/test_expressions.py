"""The expressions of alarms: written as they are read, at most as long as AWS takes, and nothing else."""

import pytest

from infra.expressions import MAX, METRICS_MAX, SUM, ExpressionError, names, value, written


@pytest.mark.parametrize("count", range(1, METRICS_MAX + 1))
@pytest.mark.parametrize(("how", "worth"), [(SUM, 7.0), (MAX, 7.0)])
def test_one_that_is_broken_is_seen_wherever_it_stands(how: str, worth: float, count: int) -> None:
    keys = names(count)
    for broken in keys:
        figures = dict.fromkeys(keys, None) | {broken: worth}
        assert value(written(how, keys), figures) == worth


def test_all_together_are_added_up_or_the_worst_is_taken() -> None:
    keys = names(3)
    figures = {"m0": 1.0, "m1": None, "m2": 2.0}
    assert (value(written(SUM, keys), figures), value(written(MAX, keys), figures)) == (3.0, 2.0)


@pytest.mark.parametrize("count", [0, METRICS_MAX + 1])
def test_none_or_more_than_aws_takes_is_refused(count: int) -> None:
    with pytest.raises(ExpressionError):
        names(count)


@pytest.mark.parametrize(
    "expression", ["", "m0", "MIN([FILL(m0, 0)])", "SUM([m0])", "MAX([FILL(m0, 0)]) + 1", "SUM([])"]
)
def test_what_is_not_ours_is_no_expression(expression: str) -> None:
    with pytest.raises(ExpressionError):
        value(expression, {"m0": 1.0})


def test_a_metric_that_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        value(written(MAX, names(2)), {"m0": 1.0})
