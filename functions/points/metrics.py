"""What is counted of the ledger's movements, in the programme's words."""

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


def count(entry: Entry) -> None:
    """Count the points that a ledger entry moves, one figure per kind."""
    available = abs(sum(entry.available_delta.values())) + abs(entry.debt_delta)
    taken_back = entry.kind is EntryKind.EXPIRE and sum(entry.available_delta.values()) > 0
    points = max(abs(entry.frozen_delta), available, entry.lapsed_points)
    metrics.add_metric(name=NAMES[entry.kind], unit=MetricUnit.Count, value=-points if taken_back else points)
