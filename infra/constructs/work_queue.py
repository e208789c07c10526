"""A queue of tasks with its worker: a task at a time, so many at once, and a queue for what keeps failing."""

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.queues import FailureQueue, ProgrammeQueue
from infra.stage import Stage

RECEIVES_MAX = 5
WORKERS_MAX = 8
"""Tasks that are worked off at once, so that jobs leave the tables to checkout."""
TIMEOUTS_UNSEEN = 6
"""How many of the worker's time-outs a task stays unseen after it was delivered (AWS's advice)."""


class TaskQueue(Construct):
    """The queue that a job's tasks go through."""

    def __init__(
        self, scope: Construct, construct_id: str, *, worker_timeout: Duration, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        self.failures = FailureQueue(self, "Failures", stage=stage)
        self.queue = ProgrammeQueue(
            self,
            "Tasks",
            stage=stage,
            visibility_timeout=Duration.seconds(TIMEOUTS_UNSEEN * int(worker_timeout.to_seconds())),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failures, max_receive_count=RECEIVES_MAX),
        )

    def serve(self, worker: lambda_.Function, *, at_once: int, hands_on: bool = True) -> None:
        """Let a function work so many tasks off at once.

        One that ``hands_on`` what is left of a task may put tasks too.
        """
        worker.add_event_source(
            sources.SqsEventSource(
                self.queue, batch_size=1, report_batch_item_failures=True, max_concurrency=at_once
            )
        )
        if hands_on:
            self.queue.grant(worker, "sqs:SendMessage")
