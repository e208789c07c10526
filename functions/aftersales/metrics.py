"""What is counted of cases, in the programme's words: from what the outside is told, once it has been told.

A record that is delivered again is counted again; cases are exact, these figures show what goes on (A10).
"""

from collections.abc import Iterable

from functions.aftersales.events import CaseOpened, CaseOverdue
from functions.cases.case import Case
from functions.cases.figures import answer_seconds
from functions.platform.bus import Event
from functions.platform.observability import MetricUnit, metrics

OPENED, ANSWERED, OVERDUE = "cases_opened", "cases_answered", "cases_overdue"
ANSWER_SECONDS = "case_answer_seconds"
"""How long staff took to answer a case: what is answered by silence took all the time there was."""


def count(before: Case | None, after: Case, told: Iterable[Event]) -> None:
    """Count events of a case, and how long its first answer took."""
    for event in told:
        if isinstance(event, CaseOpened):
            _add(OPENED)
        elif isinstance(event, CaseOverdue):
            _add(OVERDUE)
    taken = answer_seconds(after)
    if taken is not None and answer_seconds(before) is None:
        _add(ANSWERED)
        metrics.add_metric(name=ANSWER_SECONDS, unit=MetricUnit.Seconds, value=taken)


def _add(name: str) -> None:
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=1)
