"""What is counted of the ledger's movements, in the programme's words."""

from collections import Counter
from collections.abc import Iterable

from functions.platform.observability import MetricUnit, metrics
from functions.points.ledger import Entry, EntryKind

NAMES = {
    EntryKind.EARN: "points_earned",
    EntryKind.RELEASE: "points_released",
    EntryKind.REDEEM: "points_redeemed",
    EntryKind.RESTORE: "points_restored",
    EntryKind.REVERSE: "points_reversed",
    EntryKind.EXPIRE: "points_expired",
    EntryKind.LAPSE: "points_lapsed",
    EntryKind.ADJUST: "points_adjusted",
}


def count(entries: Iterable[Entry]) -> None:
    """Count the points that ledger entries move, one figure per kind."""
    moved: Counter[EntryKind] = Counter()
    for entry in entries:
        available = abs(sum(entry.available_delta.values())) + abs(entry.debt_delta)
        taken_back = entry.kind is EntryKind.EXPIRE and sum(entry.available_delta.values()) > 0
        points = max(abs(entry.frozen_delta), available, entry.lapsed_points)
        moved[entry.kind] += -points if taken_back else points
    for kind, points in moved.items():
        metrics.add_metric(name=NAMES[kind], unit=MetricUnit.Count, value=points)
