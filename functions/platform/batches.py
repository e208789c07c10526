"""A batch of records that Lambda delivers: each by itself, and those that failed come again.

Of a stream all come again from the first that failed on, which is why readers take everything twice.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (those of streams look
the same). Powertools has this too, but imports models of every event source with it: a sixth of a cold start
(docs/performance.md).
"""

from collections.abc import Callable, Sequence
from typing import Any

from functions.platform.deadline import LambdaContext
from functions.platform.observability import flush_metrics, logger

Record = dict[str, Any]
Handled = Callable[[Sequence[Record], Callable[[Record], Exception | None]], list[Exception | None]]
"""How the records of a batch are gone through: returns what each failed with, in the order of the records."""


class BatchError(Exception):
    """Every record of a batch failed: Lambda delivers all of it again and counts an error."""


def in_turn(records: Sequence[Record], one: Callable[[Record], Exception | None]) -> list[Exception | None]:
    """Handle records one after another."""
    return [one(record) for record in records]


def process(
    event: dict[str, Any],
    context: LambdaContext,
    handle: Callable[[Record], None],
    *,
    identifier: Callable[[Record], str],
    handled: Handled = in_turn,
) -> dict[str, Any]:
    """Handle each record of a batch; return the ones to be delivered again, and write what was counted.

    Parameters
    ----------
    handle
        Whatever it raises has its record delivered again. It has said in the log what went wrong.
    identifier
        Names a record to Lambda: a message by its id, a stream's record by its sequence number.
    handled
        How the records are gone through: one after another, if it is not said.

    Raises
    ------
    BatchError
        All of them failed: then the function's errors show it, too.
    """
    logger.set_correlation_id(context.aws_request_id)
    records: list[Record] = event["Records"]

    def one(record: Record) -> Exception | None:
        try:
            handle(record)
        except Exception as error:
            return error
        return None

    try:
        failed = [
            (identifier(record), error)
            for record, error in zip(records, handled(records, one), strict=True)
            if error is not None
        ]
    finally:
        flush_metrics()
    if failed and len(failed) == len(records):
        cause = failed[-1][1]
        raise BatchError(f"all {len(failed)} records failed, the last with {cause!r}") from cause
    return {"batchItemFailures": [{"itemIdentifier": name} for name, _ in failed]}
