"""Orders stream: what a changed order does to the member's account is posted (R2)."""

from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord

from functions.domain import policy as policies
from functions.domain.policy import Policy
from functions.platform import dynamo
from functions.platform.deadline import Deadline, LambdaContext
from functions.platform.dynamo import Tables, from_item
from functions.platform.observability import MetricUnit, flush_metrics, logger, metrics
from functions.platform.settings import Settings
from functions.points.accounts import Accounts
from functions.points.posting import OrderChange


class Consumer:
    """The Lambda handler that posts the orders of a batch of stream records.

    A record that fails is reported alone, so that the others are not held up; it comes again.
    """

    def __init__(self, tables: Tables, settings: Settings, policy: Policy) -> None:
        self._accounts = Accounts(tables, settings.members_table)
        self._policy = policy

    def __call__(self, event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        """Post each record's order; return the records to be delivered again."""
        deadline = Deadline.of(context)

        def post(record: DynamoDBRecord) -> None:
            row = from_item(record.raw_event["dynamodb"]["NewImage"])
            order = {"order_id": row["order_id"], "member_id": row["member_id"]}
            try:
                self._post(row, deadline)
            except Exception:
                # What is set aside later names sequence numbers only: here is where the order is known.
                sequence = record.raw_event["dynamodb"]["SequenceNumber"]
                logger.exception("posting failed", extra={**order, "sequence_number": sequence})
                metrics.add_metric(name="postings_failed", unit=MetricUnit.Count, value=1)
                raise

        try:
            answer = process_partial_response(
                event=event,
                record_handler=post,
                processor=BatchProcessor(event_type=EventType.DynamoDBStreams),
                context=context,  # type: ignore[arg-type]
            )
        finally:
            flush_metrics()
        return dict(answer)

    def _post(self, row: dict[str, Any], deadline: Deadline) -> None:
        postings = self._accounts.post(
            member_id=row["member_id"],
            order_id=row["order_id"],
            changes=[OrderChange.from_row(change) for change in row["changes"]],
            redeemed_by_year=row["redeemed_by_year"],
            policy=self._policy,
            deadline=deadline,
        )
        if not postings:
            return
        logger.info(
            "order posted",
            extra={"order_id": row["order_id"], "member_id": row["member_id"], "version": row["version"]},
        )
        for entry in (entry for posting in postings for entry in posting.entries):
            moved = abs(entry.frozen_delta) + abs(sum(entry.available_delta.values())) + entry.lapsed_points
            metrics.add_metric(name=f"points_{entry.kind}", unit=MetricUnit.Count, value=moved)


handler = Consumer(Tables(dynamo.client()), Settings.from_environment(), policies.load())
