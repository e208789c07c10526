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
"""Tasks of a queue that are worked off at once, so that jobs leave the tables to checkout."""
TIMEOUTS_UNSEEN = 6
"""How many of the worker's time-outs a task stays unseen after it was delivered (AWS's advice)."""


class TaskQueue(Construct):
    """The queue that a job's tasks go through."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        worker_timeout: Duration,
        workers_max: int = WORKERS_MAX,
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._workers_max = workers_max
        self.failures = FailureQueue(self, "Failures", stage=stage)
        self.queue = ProgrammeQueue(
            self,
            "Tasks",
            stage=stage,
            visibility_timeout=Duration.seconds(TIMEOUTS_UNSEEN * int(worker_timeout.to_seconds())),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failures, max_receive_count=RECEIVES_MAX),
        )

    def serve(self, worker: lambda_.Function) -> None:
        """Let a function work the tasks off; it may put tasks too, to hand on what is left of one."""
        worker.add_event_source(
            sources.SqsEventSource(
                self.queue, batch_size=1, report_batch_item_failures=True, max_concurrency=self._workers_max
            )
        )
        self.queue.grant(worker, "sqs:SendMessage")
