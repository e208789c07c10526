"""Figures of cases by the month in which they were opened, counted with each change of one (A10).

They are exact: what a case adds is written in its own transaction, so that it is counted once.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from functions.cases.case import Actor, Case, CaseKind, CaseState
from functions.domain import identifiers
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables, Transaction

FIGURES = "figures#"
"""How the partition of a month begins; no case's id does."""
SHARDS = 4
"""Rows of a month, so that no single one has to take all cases' writes."""
ANSWERED, ANSWER_SECONDS, OVERDUE = "answered", "answer_seconds", "overdue"
ANSWERS = frozenset({CaseState.APPROVED, CaseState.REFUSED, CaseState.ANSWERED})
"""The states that a first answer leads to."""
_OPENED = "opened_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of the cases that were opened in a month.

    ``answer_seconds`` is the sum over those ``answered`` of how long the first answer took, by staff or by
    their silence; ``overdue`` counts the cases of which staff were late at least once.
    """

    opened: Mapping[CaseKind, int] = field(default_factory=dict)
    answered: int = 0
    answer_seconds: int = 0
    overdue: int = 0


def month_of(moment: datetime, zone: ZoneInfo) -> str:
    """Return the month of a moment in store time: ``2026-11``."""
    return f"{moment.astimezone(zone):%Y-%m}"


def count(transaction: Transaction, table: str, before: Case | None, after: Case, zone: ZoneInfo) -> None:
    """Add to a case's transaction what its change adds to the figures of its month, if anything."""
    adds: Counter[str] = Counter()
    if before is None:
        adds[_OPENED + after.kind] += 1
    adds[OVERDUE] += int(after.overdues > 0) - int(before is not None and before.overdues > 0)
    answer_before, answer_after = answer_seconds(before), answer_seconds(after)
    if answer_before is None and answer_after is not None:
        adds[ANSWERED] += 1
        adds[ANSWER_SECONDS] += answer_after
    adds = +adds
    if adds:
        shard = identifiers.shard(after.case_id, SHARDS)
        transaction.move(table, _key(month_of(after.opened_at, zone), shard), adds=adds)


def of_month(tables: Tables, table: str, month: str, deadline: Deadline) -> Figures:
    """Return the figures of a month."""
    rows = tables.batch_get([(table, _key(month, shard)) for shard in range(SHARDS)], deadline)
    found: Counter[str] = Counter()
    for row in rows:
        found.update({name: value for name, value in (row or {}).items() if isinstance(value, int)})
    return Figures(
        opened={kind: found[_OPENED + kind] for kind in CaseKind},
        answered=found[ANSWERED],
        answer_seconds=found[ANSWER_SECONDS],
        overdue=found[OVERDUE],
    )


def answer_seconds(case: Case | None) -> int | None:
    """Return how long the first answer of a case took, None where nobody has answered, or none was needed.

    A case that ends with its order was not answered.
    """
    steps = () if case is None else case.history[1:]
    step = next((each for each in steps if each.state in ANSWERS and each.by is not Actor.MEMBER), None)
    return None if step is None or case is None else int((step.at - case.opened_at).total_seconds())


def _key(month: str, shard: int) -> dict[str, str]:
    return {"case_id": FIGURES + month, "item": f"OPENED#{shard}"}
