"""A function of the programme: one trigger, one role, its own log group."""

from collections.abc import Mapping

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from infra.naming import physical
from infra.stage import Stage

METRICS = "memberday"
"""The namespace of the programme's metrics."""
RUNTIME = lambda_.Runtime.PYTHON_3_14
MEMORY_MEGABYTES = 512
CORE_MEGABYTES = 1_769
"""The memory that comes with one whole core
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)."""


class ProgrammeFunction(lambda_.Function):
    """A function from the bundle, with its logs, tracing, and the rights it is granted and no others.

    ``at_once_max`` is reserved for it, and it gets no more: a job cannot take the account's concurrency from
    the checkout.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        code: lambda_.Code,
        handler: str,
        description: str,
        environment: Mapping[str, str],
        timeout: Duration,
        at_once_max: int | None,
        stage: Stage,
        memory_megabytes: int | None = None,
    ) -> None:
        log_group = logs.LogGroup(
            scope,
            f"{construct_id}Logs",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = iam.Role(scope, f"{construct_id}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(role)
        super().__init__(
            scope,
            construct_id,
            function_name=physical(scope, construct_id, stage),
            code=code,
            handler=handler,
            description=description,
            runtime=RUNTIME,
            architecture=lambda_.Architecture.ARM_64,
            memory_size=memory_megabytes or MEMORY_MEGABYTES,
            timeout=timeout,
            reserved_concurrent_executions=at_once_max if stage.reserves else None,
            tracing=lambda_.Tracing.ACTIVE if stage.traces else lambda_.Tracing.PASS_THROUGH,
            # Of Lambda's own lines those that tell of a failure or a time-out; ours say the rest.
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=lambda_.SystemLogLevel.WARN,
            application_log_level_v2=lambda_.ApplicationLogLevel.INFO,
            role=role,
            log_group=log_group,
            environment={
                "POWERTOOLS_SERVICE_NAME": construct_id,
                "POWERTOOLS_METRICS_NAMESPACE": METRICS,
                **environment,
            },
        )
