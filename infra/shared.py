"""What the contexts share, as the suite's own stack has it and as the other stacks find it (H2).

The suite's stack writes where everything stands to parameters of Systems Manager; a stack of contexts reads
those that it needs whenever it is deployed. No stack exports anything, so that none holds another one fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from aws_cdk import CfnParameter, Fn, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_ssm as ssm

from functions import contexts
from functions.payments.providers.directory import NAMES as PROVIDERS
from infra.constructs.pages import APPS, STOREFRONT
from infra.naming import api_url, parameter, payment_secrets
from infra.stage import Stage

SSM_VALUE = "AWS::SSM::Parameter::Value<String>"
RECEIVE, SEND = "receive", "send"
"""What the keys of a payment provider are for: to check what it tells, and to ask it."""


def stream_of(table: str) -> str:
    """Return what the place of a table's stream is called: it says table and name, too."""
    return f"{table}Stream"


def payment_keys(provider: str, use: str) -> str:
    """Return what the secret of a provider's keys for a use is called."""
    return f"Payments{provider.title()}{use.title()}"


@dataclass(frozen=True, slots=True)
class Users:
    """The user pool, to who may find and delete a user."""

    id: str
    arn: str

    @property
    def environment(self) -> dict[str, str]:
        """What tells a function which pool it is."""
        return {"USER_POOL_ID": self.id}

    def grant_deletion(self, grantee: iam.IGrantable) -> None:
        """Let a function find a user by their subject and delete them; no other one may touch users."""
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["cognito-idp:AdminDeleteUser", "cognito-idp:ListUsers"],
            resource_arns=[self.arn],
        )

    def grant_looking_up(self, grantee: iam.IGrantable) -> None:
        """Let a function look a user up by their name."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["cognito-idp:AdminGetUser"], resource_arns=[self.arn]
        )


@dataclass(frozen=True, slots=True)
class PhoneSecret:
    """The secret of the key under which phones are hashed, to who may read it."""

    arn: str

    @property
    def environment(self) -> dict[str, str]:
        """What tells a function which secret it is."""
        return {"PHONE_KEY_SECRET": self.arn}

    def grant(self, grantee: iam.IGrantable) -> None:
        """Let a function read the key; CDK's own grant adds that it may describe the secret."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["secretsmanager:GetSecretValue"], resource_arns=[self.arn]
        )


@dataclass(frozen=True, slots=True)
class PaymentSecrets:
    """The secrets with the keys of all payment providers, to who may read those for one use (Y1)."""

    prefix: str
    providers: tuple[str, ...]
    arns: Mapping[str, tuple[str, ...]]
    """By their use; none where no provider has ever been on."""

    @property
    def environment(self) -> dict[str, str]:
        """What tells a function which providers are on, and how the names of their secrets begin."""
        return {"PAYMENT_PROVIDERS": ",".join(self.providers), "PAYMENT_SECRETS": self.prefix}

    def grant(self, grantee: iam.IGrantable, use: str) -> None:
        """Let a function read the keys for this use, and no others."""
        if self.arns[use]:
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["secretsmanager:GetSecretValue"],
                resource_arns=list(self.arns[use]),
            )


@dataclass
class Shared:
    """What all contexts share, in a stack: each thing as the stack refers to it, once something asks for it.

    ``values`` are those of the stack that has the things; without them they are read from the parameters.
    """

    stack: Stack
    stage: Stage
    values: Mapping[str, str] | None = None
    _tables: dict[str, dynamodb.ITable] = field(default_factory=dict)
    _parameters: dict[str, CfnParameter] = field(default_factory=dict)

    def value(self, name: str) -> str:
        """Return where something stands."""
        if self.values is not None:
            return self.values[name]
        if name not in self._parameters:
            self._parameters[name] = CfnParameter(
                self.stack, name, type=SSM_VALUE, default=parameter(name, self.stage)
            )
        return self._parameters[name].value_as_string

    def table(self, name: str) -> dynamodb.ITable:
        """Return a table, to whom rows of it are granted."""
        if name not in self._tables:
            self._tables[name] = dynamodb.Table.from_table_arn(self.stack, f"{name}Table", self._arn(name))
        return self._tables[name]

    def streamed(self, name: str) -> dynamodb.ITable:
        """Return a table, to who reads its stream."""
        construct_id = f"{name}Streamed"
        if construct_id not in self._tables:
            self._tables[construct_id] = dynamodb.Table.from_table_attributes(
                self.stack,
                construct_id,
                table_arn=self._arn(name),
                table_stream_arn=self.value(stream_of(name)),
            )
        return self._tables[construct_id]

    @property
    def table_names(self) -> dict[str, str]:
        """What tells a function the names of all tables."""
        return {
            f"{name.upper()}_TABLE": Fn.select(1, Fn.split("/", self.value(stream_of(name))))
            for name in contexts.tables()
        }

    def _arn(self, table: str) -> str:
        return Fn.select(0, Fn.split("/stream/", self.value(stream_of(table))))

    @property
    def api_id(self) -> str:
        """The id of the API."""
        return self.value("ApiId")

    @property
    def api_url(self) -> str:
        """Where the API is called, as the suite's own stack puts it out."""
        return api_url(self.api_id, self.stage)

    def grant_opening(self, grantee: iam.IGrantable) -> None:
        """Let a function say of this API whose pages may call it, and change whatever else is the API's own.

        Its routes, stages and authorizers are other resources.
        """
        arn = self.stack.format_arn(
            service="apigateway", account="", resource="/apis", resource_name=self.api_id
        )
        iam.Grant.add_to_principal(grantee=grantee, actions=["apigateway:PATCH"], resource_arns=[arn])

    @property
    def page_origins(self) -> dict[str, Any]:
        """What is told to who opens the API: which one, and to whom."""
        return {"ApiId": self.api_id, "Pages": self.value("PageOrigins"), "Others": list(self.stage.cors)}

    @property
    def storefront(self) -> str:
        """Where the storefront is opened, without a path."""
        return Fn.select(APPS.index(STOREFRONT), Fn.split(",", self.value("PageOrigins")))

    @property
    def users(self) -> Users:
        """The user pool."""
        return Users(self.value("UserPoolId"), self.value("UserPoolArn"))

    @property
    def phone_key(self) -> PhoneSecret:
        """The key of the phones."""
        return PhoneSecret(self.value("PhoneKeyArn"))

    @cached_property
    def payment_keys(self) -> PaymentSecrets:
        """The keys of the payment providers."""
        providers = PROVIDERS if self.stage.payment_keys else ()
        return PaymentSecrets(
            payment_secrets(self.stage),
            self.stage.payments,
            {
                use: tuple(self.value(f"{payment_keys(provider, use)}Arn") for provider in providers)
                for use in (RECEIVE, SEND)
            },
        )

    @cached_property
    def bus(self) -> events.IEventBus:
        """The bus."""
        return events.EventBus.from_event_bus_arn(self.stack, "SharedBus", self.value("BusArn"))

    @cached_property
    def jobs(self) -> scheduler.IScheduleGroup:
        """The group that all schedules are in."""
        return scheduler.ScheduleGroup.from_schedule_group_name(
            self.stack, "SharedJobs", self.stage.stack_name
        )

    @cached_property
    def job_failures(self) -> sqs.IQueue:
        """Where a job ends that could not be started, or failed as a whole."""
        return sqs.Queue.from_queue_arn(self.stack, "SharedJobFailures", self.value("JobFailuresArn"))

    @cached_property
    def topic(self) -> sns.ITopic:
        """What alarms are told to."""
        return sns.Topic.from_topic_arn(self.stack, "SharedTopic", self.value("AlarmsTopicArn"))

    def publish(self) -> None:
        """Write where everything stands to the parameters."""
        for name, value in (self.values or {}).items():
            ssm.CfnParameter(
                self.stack,
                f"Where{name}",
                name=parameter(name, self.stage),
                type="String",
                value=value,
                description=f"memberday {self.stage.name}: read by the stacks of contexts",
            )
