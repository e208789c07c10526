"""A schedule of a job: it starts a function in store time, and what keeps failing is set aside."""

import json

from aws_cdk import Duration, TimeZone
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from functions.domain.timetable import At, Every, Scheduled

RETRIES = 3
ASYNC_RETRIES = 2
"""As many as Lambda takes for an event that was handed over."""
EVENT_AGE_MAX = Duration.hours(1)
WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")


class Job(Construct):
    """Starts a function with ``{"job": job}``; the schedule is in the stack's group, by its own name."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        scheduled: Scheduled,
        time_zone: str,
        function: lambda_.Function,
        group: scheduler.IScheduleGroup,
        failures: sqs.IQueue,
    ) -> None:
        super().__init__(scope, construct_id)
        set_aside_failures(function, failures)
        scheduler.Schedule(
            self,
            "Schedule",
            schedule_name=scheduled.name,
            schedule_group=group,
            schedule=_expression(scheduled.when, time_zone),
            target=targets.LambdaInvoke(
                function,
                input=scheduler.ScheduleTargetInput.from_text(json.dumps({"job": scheduled.job})),
                retry_attempts=RETRIES,
                max_event_age=EVENT_AGE_MAX,
                dead_letter_queue=failures,
            ),
        )


def set_aside_failures(function: lambda_.Function, failures: sqs.IQueue) -> None:
    """Let a function try again with an event that was handed over to it, and set aside what keeps failing.

    Whoever starts a job only hands the event over; a function that fails with it is Lambda's to try again.
    """
    if function.node.try_find_child("EventInvokeConfig") is None:
        function.configure_async_invoke(
            on_failure=destinations.SqsDestination(failures),
            retry_attempts=ASYNC_RETRIES,
            max_event_age=EVENT_AGE_MAX,
        )


def _expression(when: Every | At, time_zone: str) -> scheduler.ScheduleExpression:
    """Return when a schedule runs, as EventBridge Scheduler is told."""
    match when:
        case Every(minutes):
            return scheduler.ScheduleExpression.rate(Duration.minutes(minutes))
        case At():
            days = {"day": when.day, "month": when.month}
            on = {name: str(number) for name, number in days.items() if number is not None}
            if when.weekday is not None:
                on["week_day"] = WEEKDAYS[when.weekday - 1]
            hour = str(when.hour) if when.until_hour is None else f"{when.hour}-{when.until_hour}"
            return scheduler.ScheduleExpression.cron(
                minute=str(when.minute), hour=hour, time_zone=TimeZone.of(time_zone), **on
            )
