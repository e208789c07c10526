"""An example of who listens: events of the bus on a queue, as a mail, SMS or CRM system would read them."""

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.platform.bus import SOURCE
from infra.constructs.queues import FailureQueue, ProgrammeQueue
from infra.stage import Stage

RECEIVES_MAX = 5


class Subscription(Construct):
    """Puts events of these detail types on a queue; what the queue does not take is kept apart."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        bus: events.IEventBus,
        detail_types: Sequence[str],
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.failures = FailureQueue(self, "Failures", stage=stage)
        self.queue = ProgrammeQueue(
            self,
            "Events",
            stage=stage,
            visibility_timeout=Duration.minutes(1),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.failures, max_receive_count=RECEIVES_MAX),
        )
        events.Rule(
            self,
            "Rule",
            event_bus=bus,
            event_pattern=events.EventPattern(source=[SOURCE], detail_type=list(detail_types)),
            targets=[targets.SqsQueue(self.queue, dead_letter_queue=self.failures)],
        )
