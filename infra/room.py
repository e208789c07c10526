"""What a context is built with: what all share, and how functions, readers, schedules and tasks are made."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, cast

from aws_cdk import Annotations, CfnOutput, CustomResource, Duration, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_

from functions import contexts
from functions.domain.policy import Policy
from functions.domain.timetable import Scheduled
from functions.platform.routes import with_heads
from infra import bundle
from infra.constructs.function import ProgrammeFunction
from infra.constructs.job import Job, set_aside_failures
from infra.constructs.membership_api import MembershipApi
from infra.constructs.stream_consumer import StreamConsumer
from infra.constructs.table import grant_rows
from infra.constructs.work_queue import WORKERS_MAX, TaskQueue
from infra.naming import named
from infra.shared import Shared

API_TIMEOUT = Duration.seconds(15)
STREAM_TIMEOUT = Duration.seconds(60)
JOB_TIMEOUT = Duration.seconds(60)
TOLD_SECONDS_MAX = Duration.seconds(120)
"""How long a deployment waits for a function that it calls; CloudFormation itself would wait for an hour."""
REPORTS = "Reports"
AUDIT = "Audit"
GATEWAY = "Gateway"
BUS = "membership"
"""What the bus is called in every stage, because that is what others subscribe to."""


class Room:
    """A stack that contexts are built into.

    With a ``gateway`` it is the suite's own stack, which the contexts are leaving: their functions there
    serve the routes and work off what is on their queues, but read no stream any more, and no schedule starts
    them (see docs/deploying.md).
    """

    def __init__(
        self, suite: Stack, *, shared: Shared, policy: Policy, gateway: MembershipApi | None = None
    ) -> None:
        self.suite = suite
        self.stack = shared.stack
        self.stage = shared.stage
        self.policy = policy
        self.shared = shared
        self._gateway = gateway
        self._code = self.code(bundle.build)

    def table(self, name: str) -> dynamodb.ITable:
        """Return a table of the suite, such as ``Orders``."""
        return self.shared.table(name)

    def code(self, build: Callable[[bundle.Platform], bundle.Bundle]) -> lambda_.Code:
        """Return a bundle as the code of functions."""
        platform = bundle.HOST if self.stage.local else bundle.LAMBDA_ARM64
        built = build(platform)
        if not built.compiled:
            Annotations.of(self.stack).add_info(
                f"No python{platform.python} here, so the bundle carries no bytecode: cold starts compile."
            )
        return lambda_.Code.from_asset(str(built.folder), asset_hash=built.digest)

    def function(
        self,
        construct_id: str,
        handler: str,
        timeout: Duration,
        *,
        environment: Mapping[str, str] | None = None,
        at_once_max: int | None = None,
        code: lambda_.Code | None = None,
        memory_megabytes: int | None = None,
    ) -> ProgrammeFunction:
        """Return a function; by default it is told the names of all tables."""
        return ProgrammeFunction(
            self.stack,
            construct_id,
            code=code or self._code,
            handler=handler,
            description=f"memberday {self.stage.name}: {handler.removesuffix('.handler')}",
            environment=self.shared.table_names if environment is None else environment,
            timeout=timeout,
            at_once_max=at_once_max,
            stage=self.stage,
            memory_megabytes=memory_megabytes,
        )

    def api(
        self,
        construct_id: str,
        handler: str,
        *,
        environment: Mapping[str, str] = MappingProxyType({}),
        code: lambda_.Code | None = None,
        memory_megabytes: int | None = None,
        timeout: Duration = API_TIMEOUT,
        records: bool = True,
    ) -> ProgrammeFunction:
        """Return a function that serves the routes which contexts have declared for one of this name.

        It is told ``environment`` besides the tables' names. Of what staff do through it, it may put
        ``records``, and neither read nor change them (K7).
        """
        function = self.function(
            construct_id,
            handler,
            timeout,
            environment=self.shared.table_names | dict(environment),
            code=code,
            memory_megabytes=memory_megabytes,
        )
        if records:
            grant_rows(self.table(AUDIT), function, "PutItem")
        self.serve(function, with_heads(contexts.routes()[construct_id]))
        return function

    def serve(self, function: ProgrammeFunction, routes: Sequence[str], *, public: bool = False) -> None:
        """Let a function serve routes, which the suite's own stack has."""
        if function.node.try_find_child(GATEWAY) is None:
            function.add_permission(
                GATEWAY,
                principal=iam.ServicePrincipal("apigateway.amazonaws.com"),
                source_arn=self.stack.format_arn(
                    service="execute-api", resource=self.shared.api_id, resource_name="*"
                ),
            )
        if self._gateway is not None:
            self._gateway.serve(function.node.id, self._as_named(function), routes, public=public)

    def _as_named(self, function: ProgrammeFunction) -> lambda_.IFunction:
        """Return a function as one that has let the gateway in: a permission for each route would be as many
        resources as there are routes, which the suite's own stack has no room for."""
        known = self.stack.node.try_find_child(f"Its{function.node.id}")
        if known is not None:
            return cast(lambda_.IFunction, known)
        return lambda_.Function.from_function_attributes(
            self.stack,
            f"Its{function.node.id}",
            function_arn=function.function_arn,
            skip_permissions=True,
        )

    def publisher(
        self,
        construct_id: str,
        handler: str,
        *,
        reader: str,
        table: str,
        filters: Sequence[Mapping[str, Any]],
        code: lambda_.Code | None = None,
    ) -> ProgrammeFunction:
        """Return a function that puts on the bus what a reader of a table's stream gives it."""
        function = self.function(
            construct_id,
            handler,
            STREAM_TIMEOUT,
            environment={"EVENT_BUS_NAME": BUS},
            code=code,
        )
        self.shared.bus.grant_put_events_to(function)
        self.reader(reader, function, table=table, filters=filters, patient=True)
        return function

    def reader(
        self,
        construct_id: str,
        function: ProgrammeFunction,
        *,
        table: str,
        filters: Sequence[Mapping[str, Any]],
        patient: bool = False,
        gathers: Duration | None = None,
    ) -> None:
        """Feed a function from a table's stream, which has at most two readers.

        A ``patient`` reader is one for whose records nobody waits.
        """
        StreamConsumer(
            self.stack,
            construct_id,
            table=self.shared.streamed(table),
            function=function,
            filters=filters,
            reads=self._gateway is None,
            patient=patient,
            gathers=gathers,
            stage=self.stage,
        )

    def tasks(
        self,
        name: str,
        part: str,
        *,
        for_worker: Mapping[str, str] = MappingProxyType({}),
        workers: int = WORKERS_MAX,
        worker_megabytes: int | None = None,
        code: lambda_.Code | None = None,
    ) -> tuple[ProgrammeFunction, ProgrammeFunction]:
        """Return the function that starts a part's jobs and the worker of their tasks, a queue between."""
        work = TaskQueue(self.stack, f"{name}Work", worker_timeout=JOB_TIMEOUT, stage=self.stage)
        environment = self.shared.table_names | {"WORK_QUEUE_URL": work.queue.queue_url}
        starter = self.function(
            f"{name}Jobs", f"{part}.schedule.handler", JOB_TIMEOUT, environment=environment, code=code
        )
        work.queue.grant(starter, "sqs:SendMessage")
        worker = self.function(
            f"{name}Worker",
            f"{part}.queue.handler",
            JOB_TIMEOUT,
            environment=environment | dict(for_worker),
            at_once_max=workers,
            memory_megabytes=worker_megabytes,
            code=code,
        )
        work.serve(worker, at_once=workers)
        for function in (starter, worker):
            grant_rows(self.table(REPORTS), function, "PutItem")
        return starter, worker

    def told_when_deployed(
        self, construct_id: str, function: ProgrammeFunction, properties: Mapping[str, Any]
    ) -> None:
        """Have CloudFormation call a function with these properties, now and whenever they change."""
        if self._gateway is None:
            CustomResource(
                self.stack,
                construct_id,
                service_token=function.function_arn,
                resource_type=f"Custom::{construct_id}",
                properties=dict(properties),
                service_timeout=TOLD_SECONDS_MAX,
            )

    def output(self, name: str, function: ProgrammeFunction) -> None:
        """Tell the outside a function's name, by an output of the suite's own stack."""
        if self._gateway is None:
            CfnOutput(self.suite, name, value=named(function.node.id, self.stage))

    def scheduled(self, function: ProgrammeFunction) -> None:
        """Have a function run the jobs that its context declares it to start, when the timetable says so.

        What is handed over to it and fails is set aside, also of jobs that no schedule starts.
        """
        if self._gateway is None:
            set_aside_failures(function, self.shared.job_failures)
        starters = contexts.starters()
        for scheduled in contexts.timetable(self.policy):
            if starters[scheduled.job] == function.node.id:
                self.schedule(function, scheduled)

    def schedule(self, function: ProgrammeFunction, scheduled: Scheduled) -> None:
        """Have a schedule start a function; schedules are called the same wherever they stand."""
        if self._gateway is not None:
            return
        Job(
            self.stack,
            scheduled.name,
            scheduled=scheduled,
            time_zone=self.policy.time_zone,
            function=function,
            group=self.shared.jobs,
            failures=self.shared.job_failures,
        )


def rows(*items: str, **having: Any) -> dict[str, Any]:
    """Return the filter of new and changed rows of these kinds, and of these attributes in typed form.

    Where no kind is named, rows of every kind come through.
    """
    image = {"item": {"S": list(items)}, **having} if items else having
    return {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": image}}


EXISTS = [{"exists": True}]
"""In a filter: an attribute is there, of the type under which this stands."""


def rows_that_begin(prefix: str) -> dict[str, Any]:
    """Return the filter of new rows whose ``item`` begins with a prefix."""
    return {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item": {"S": [{"prefix": prefix}]}}}}
