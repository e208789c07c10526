"""A job: a function that EventBridge Scheduler starts in store time; what keeps failing is set aside."""

import json

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from infra.constructs.queues import FailureQueue
from infra.stage import Stage

RETRIES = 3
ASYNC_RETRIES = 2
"""As many as Lambda takes for an event that was handed over."""
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
        # The scheduler only hands the event over; a function that fails with it is Lambda's to try again.
        if function.node.try_find_child("EventInvokeConfig") is None:
            function.configure_async_invoke(
                on_failure=destinations.SqsDestination(self.failures),
                retry_attempts=ASYNC_RETRIES,
                max_event_age=EVENT_AGE_MAX,
            )
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
