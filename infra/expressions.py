"""The one kind of expression that alarms look at: the worst, or the sum, of so many metrics.

CloudWatch reads it on AWS. What is not AWS reads it here: the local cloud, and the tests of the template.
"""

import re
from collections.abc import Callable, Mapping, Sequence

METRICS_MAX = 10
"""How many metrics an alarm may look at; AWS takes no search in an alarm."""
SUM, MAX = "SUM", "MAX"
_HOW: Mapping[str, Callable[[Sequence[float]], float]] = {SUM: sum, MAX: max}
_ONE = r"FILL\((m\d), 0\)"
_WHOLE = re.compile(rf"(SUM|MAX)\(\[({_ONE}(?:, {_ONE})*)\]\)")


class ExpressionError(ValueError):
    """It is none of ours, or more than AWS takes."""


def names(count: int) -> tuple[str, ...]:
    """Return what the metrics of an expression are called.

    Raises
    ------
    ExpressionError
        None, or more than AWS takes.
    """
    if not 0 < count <= METRICS_MAX:
        raise ExpressionError(f"{count} metrics: an alarm takes 1 to {METRICS_MAX}")
    return tuple(f"m{number}" for number in range(count))


def written(how: str, metrics: Sequence[str]) -> str:
    """Return the expression over metrics of these names; one without figures counts as 0."""
    return f"{how}([{', '.join(f'FILL({name}, 0)' for name in metrics)}])"


def value(expression: str, figures: Mapping[str, float | None]) -> float:
    """Return what an expression comes to, given what each of its metrics has.

    Raises
    ------
    ExpressionError
        It is not one of ours.
    KeyError
        It names a metric that is not there.
    """
    whole = _WHOLE.fullmatch(expression)
    if whole is None:
        raise ExpressionError(f"{expression} is no expression of an alarm")
    filled = [figures[name] for name in re.findall(_ONE, whole[2])]
    return _HOW[whole[1]]([0.0 if each is None else each for each in filled])
