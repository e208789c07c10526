"""A batch of records that Lambda delivers: each by itself, and only those that failed come again."""

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from functions.platform.deadline import LambdaContext
from functions.platform.observability import flush_metrics, logger


def process(
    event: dict[str, Any], context: LambdaContext, handle: Callable[[Any], None], kind: EventType
) -> dict[str, Any]:
    """Handle each record of a batch; return the ones to be delivered again, and write what was counted."""
    logger.set_correlation_id(context.aws_request_id)
    try:
        answer = process_partial_response(
            event=event,
            record_handler=handle,
            processor=BatchProcessor(event_type=kind),
            context=context,  # type: ignore[arg-type]
        )
    finally:
        flush_metrics()
    return dict(answer)
