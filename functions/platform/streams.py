"""A reader of a table's stream: each record by itself, so that one that fails does not hold the others up."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from functions.platform import batches
from functions.platform.batches import Record
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, from_item
from functions.platform.observability import MetricUnit, logger, metrics


@dataclass(frozen=True, slots=True)
class RowChange:
    """What a stream record says: a row before and after. ``before`` is None for a new row.

    ``sequence_number`` and ``at`` (whole seconds) are the same however often the record is delivered.
    """

    before: Row | None
    after: Row
    sequence_number: str
    at: datetime


def consume(
    event: dict[str, Any],
    context: LambdaContext,
    handle: Callable[[RowChange, Deadline], None],
    *,
    log_ids: tuple[str, ...],
) -> dict[str, Any]:
    """Handle a batch of stream records; return the ones to be delivered again.

    Parameters
    ----------
    handle
        Takes one change; whatever it raises sets that record aside. It may get a record again, late, or after
        newer ones.
    log_ids
        The attributes of a row that tell in the log which one failed: what is set aside later names sequence
        numbers only.
    """
    deadline = Deadline.of(context)

    def one(record: Record) -> None:
        data = record["dynamodb"]
        about: dict[str, Any] = {"sequence_number": data["SequenceNumber"]}
        try:
            after = from_item(data["NewImage"])
            about |= {name: after.get(name) for name in log_ids}
            change = RowChange(
                before=from_item(data["OldImage"]) if "OldImage" in data else None,
                after=after,
                sequence_number=data["SequenceNumber"],
                at=datetime.fromtimestamp(int(data["ApproximateCreationDateTime"]), UTC),
            )
            handle(change, deadline)
        except Exception:
            logger.exception("record failed", extra=about)
            metrics.add_metric(name="records_failed", unit=MetricUnit.Count, value=1)
            raise

    return batches.process(
        event, context, one, identifier=lambda record: str(record["dynamodb"]["SequenceNumber"])
    )
