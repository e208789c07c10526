"""A job: a function that EventBridge Scheduler starts in store time, again if it fails, then set aside."""

import json

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.constructs.stream_consumer import FailureQueue
from infra.stage import Stage

RETRIES = 3
EVENT_AGE_MAX = Duration.hours(1)


class Job(Construct):
    """Starts a function with ``{"job": job}``; the schedule is called ``name``, in the stack's group."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        name: str,
        job: str,
        when: scheduler.ScheduleExpression,
        function: lambda_.Function,
        group: scheduler.ScheduleGroup,
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self.failures = FailureQueue(self, "Failures", stage=stage)
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=name,
            schedule_group=group,
            schedule=when,
            target=targets.LambdaInvoke(
                function,
                input=scheduler.ScheduleTargetInput.from_text(json.dumps({"job": job})),
                retry_attempts=RETRIES,
                max_event_age=EVENT_AGE_MAX,
                dead_letter_queue=self.failures,
            ),
        )
