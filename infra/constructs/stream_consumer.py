"""A reader of a table's stream: partial batches, finite retries, and a queue for what cannot be processed."""

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from constructs import Construct

from infra.constructs.queues import FailureQueue
from infra.stage import Stage

BATCH_SIZE = 100
GATHERED_SIZE = 1_000
"""Records of a batch of a reader that works off together what comes within some seconds."""
BATCHES_AT_ONCE = 8
"""Batches of one shard that are worked off at once; the records of one row stay in order."""
PATIENT_BATCHES_AT_ONCE = 2
PATIENT_WINDOW = Duration.seconds(3)
"""What a reader has for whose records nobody waits: fewer batches at once, each of which lets records gather
for so long. It is invoked less often; how much it works off is in docs/scale.md."""
RETRIES = 25
RECORD_AGE_MAX = Duration.hours(12)


class StreamConsumer(Construct):
    """Feeds a function with the records of a table's stream that match the filters.

    One that does not read keeps what was set aside, while another one takes its place at the stream. A
    ``patient`` one lets records gather for some seconds. One that ``gathers`` waits so long for a batch to
    fill, and works off one batch of a shard at a time.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        table: dynamodb.ITable,
        function: lambda_.Function,
        filters: Sequence[Mapping[str, Any]],
        reads: bool,
        patient: bool,
        stage: Stage,
        gathers: Duration | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        self.function = function
        self.failures = FailureQueue(self, "Failures", stage=stage)
        if not reads:
            return
        function.add_event_source(
            sources.DynamoEventSource(
                table,
                starting_position=lambda_.StartingPosition.TRIM_HORIZON,
                batch_size=BATCH_SIZE if gathers is None else GATHERED_SIZE,
                parallelization_factor=_at_once(patient=patient, gathers=gathers is not None),
                max_batching_window=PATIENT_WINDOW if patient and not stage.local else gathers,
                filters=[lambda_.FilterCriteria.filter(dict(each)) for each in filters],
                report_batch_item_failures=True,
                bisect_batch_on_error=True,
                retry_attempts=RETRIES,
                max_record_age=RECORD_AGE_MAX,
                on_failure=sources.SqsDlq(self.failures),
            )
        )


def _at_once(*, patient: bool, gathers: bool) -> int:
    """Return how many batches of a shard are worked off at once."""
    if gathers:
        return 1
    return PATIENT_BATCHES_AT_ONCE if patient else BATCHES_AT_ONCE
