"""A batch of records that Lambda delivers: each by itself, and those that failed come again.

Of a stream all come again from the first that failed on, which is why readers take everything twice.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html (those of streams look
the same). Powertools has this too, but imports models of every event source with it: a sixth of a cold start
(docs/performance.md).
"""

from collections.abc import Callable
from typing import Any

from functions.platform.deadline import LambdaContext
from functions.platform.observability import flush_metrics, logger

Record = dict[str, Any]


class BatchError(Exception):
    """Every record of a batch failed: Lambda delivers all of it again and counts an error."""


def process(
    event: dict[str, Any],
    context: LambdaContext,
    handle: Callable[[Record], None],
    *,
    identifier: Callable[[Record], str],
) -> dict[str, Any]:
    """Handle each record of a batch; return the ones to be delivered again, and write what was counted.

    Parameters
    ----------
    handle
        Whatever it raises has its record delivered again. It has said in the log what went wrong.
    identifier
        Names a record to Lambda: a message by its id, a stream's record by its sequence number.

    Raises
    ------
    BatchError
        All of them failed: then the function's errors show it, too.
    """
    logger.set_correlation_id(context.aws_request_id)
    failed: list[str] = []
    cause: Exception | None = None
    try:
        for record in event["Records"]:
            try:
                handle(record)
            except Exception as error:
                failed.append(identifier(record))
                cause = error
    finally:
        flush_metrics()
    if cause is not None and len(failed) == len(event["Records"]):
        raise BatchError(f"all {len(failed)} records failed, the last with {cause!r}") from cause
    return {"batchItemFailures": [{"itemIdentifier": name} for name in failed]}
