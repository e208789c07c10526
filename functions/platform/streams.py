"""A reader of a table's stream: each record by itself, so that one that fails does not hold the others up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any

from functions.domain.errors import TryAgainError
from functions.platform import batches
from functions.platform.batches import Handled, Record
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Row, from_item
from functions.platform.observability import MetricUnit, logger, metrics

_COUNTING = Lock()
"""Records may fail side by side, and what counts them takes one at a time."""


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
    prepare: Callable[[Sequence[RowChange], Deadline], None] | None = None,
    handled: Handled = batches.in_turn,
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
    prepare
        Sees all changes of the batch before the first is handled, to read at once what they need. Where it
        raises :class:`TryAgainError` no change is handled now: all come again, in halves of the batch, so
        that one which DynamoDB has no room for holds up the others no longer. Whatever else it raises may
        have been for one of them, and each is handled by itself.
    """
    deadline = Deadline.of(context)
    changes: dict[int, RowChange] = {}
    refusal: TryAgainError | None = None
    if prepare is not None:
        try:
            changes = {id(record): _change(record) for record in event["Records"]}
            prepare([changes[id(record)] for record in event["Records"]], deadline)
        except Exception as error:
            logger.warning("batch not prepared", exc_info=True)
            refusal = error if isinstance(error, TryAgainError) else None

    def one(record: Record) -> None:
        number = record["dynamodb"]["SequenceNumber"]
        about: dict[str, Any] = {"sequence_number": number}
        try:
            change = changes.get(id(record)) or _change(record)
            about |= {name: change.after.get(name) for name in log_ids}
            if refusal is not None:
                raise refusal.with_traceback(None)  # else it grows with every record that raises it
            handle(change, deadline)
        except Exception:
            logger.exception("record failed", extra=about)
            with _COUNTING:
                metrics.add_metric(name="records_failed", unit=MetricUnit.Count, value=1)
            raise

    return batches.process(
        event,
        context,
        one,
        identifier=lambda record: str(record["dynamodb"]["SequenceNumber"]),
        handled=handled,
    )


def _change(record: Record) -> RowChange:
    data = record["dynamodb"]
    return RowChange(
        before=from_item(data["OldImage"]) if "OldImage" in data else None,
        after=from_item(data["NewImage"]),
        sequence_number=data["SequenceNumber"],
        at=datetime.fromtimestamp(int(data["ApproximateCreationDateTime"]), UTC),
    )
