"""Operations: what staff see of the suite and ask of its jobs, and the watch over the jobs."""

from aws_cdk import ArnFormat
from aws_cdk import aws_iam as iam

from functions import contexts
from functions.operations.timetable import WATCH
from infra.constructs.table import grant_rows
from infra.constructs.work_queue import TaskQueue
from infra.naming import named
from infra.room import JOB_TIMEOUT, Room

STARTED_AT_ONCE_MAX = 2
"""As few as Lambda takes from a queue at once: what staff ask for by hand is little."""


def build(room: Room) -> None:
    """Build the office's API, who starts the jobs that it is asked for, and who watches over them all."""
    reports, here = room.table("Reports"), {"STACK_NAME": room.stage.stack_name}
    asked = TaskQueue(room.stack, "JobRequests", worker_timeout=JOB_TIMEOUT, stage=room.stage)
    api = room.api(
        "OfficeApi",
        "functions.operations.api.handler",
        environment=here | {"WORK_QUEUE_URL": asked.queue.queue_url},
    )
    grant_rows(reports, api, "GetItem", "PutItem", "Query")
    asked.queue.grant(api, "sqs:SendMessage")
    # Whoever describes alarms by the beginning of their names must be let describe all of them.
    iam.Grant.add_to_principal(grantee=api, actions=["cloudwatch:DescribeAlarms"], resource_arns=["*"])

    # The API may start nothing: what is asked of it is a message, and this function's to start.
    starter = room.function(
        "JobsStarter",
        "functions.operations.queue.handler",
        JOB_TIMEOUT,
        environment=room.shared.table_names | here,
        at_once_max=STARTED_AT_ONCE_MAX,
    )
    asked.serve(starter, at_once=STARTED_AT_ONCE_MAX, hands_on=False)
    grant_rows(reports, starter, "GetItem", "UpdateItem")
    iam.Grant.add_to_principal(
        grantee=starter,
        actions=["lambda:InvokeFunction"],
        resource_arns=[
            room.stack.format_arn(
                service="lambda",
                resource="function",
                resource_name=named(each, room.stage),
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            )
            for each in sorted(set(contexts.starters().values()))
        ],
    )

    watch = room.function("JobsWatch", "functions.operations.schedule.handler", JOB_TIMEOUT)
    grant_rows(reports, watch, "GetItem", "PutItem", "Query")
    room.schedule(watch, WATCH)
