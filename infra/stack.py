"""What exists, as a list of contents: what the contexts share, and the contexts, in stacks by group (H2)."""

from collections.abc import Iterable, Mapping
from typing import cast

from aws_cdk import App, ArnFormat, CfnOutput, IStackSynthesizer, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from functions import contexts as declared
from functions.domain.policy import Policy
from functions.payments.providers.directory import NAMES as PROVIDERS
from functions.platform.routes import EVERY_OTHER, with_heads
from infra import contexts
from infra.constructs.alarms import Alarms
from infra.constructs.dashboard import Dashboard
from infra.constructs.identity import Identity
from infra.constructs.membership_api import MembershipApi
from infra.constructs.pages import Pages
from infra.constructs.payment_secret import PaymentSecret
from infra.constructs.phone_key import PhoneKey
from infra.constructs.queues import FailureQueue
from infra.constructs.subscription import Subscription
from infra.constructs.table import table
from infra.contexts.pages import SIGN_IN
from infra.naming import named
from infra.room import BUS, Room
from infra.shared import RECEIVE, SEND, Shared, payment_keys, stream_of
from infra.stage import Stage


class MembershipStack(Stack):
    """What holds data or has a name that others know: tables, users, bus, API with its routes, outputs."""

    def __init__(
        self,
        scope: Construct,
        *,
        stage: Stage,
        policy: Policy,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        super().__init__(
            scope,
            stage.stack_name,
            description=f"memberday {stage.name}",
            synthesizer=synthesizer,
            termination_protection=stage.keeps_data,
        )
        self._stage = stage
        self.tables = {
            name: table(self, name, keys=keys, stage=stage) for name, keys in declared.tables().items()
        }
        self.bus = events.EventBus(self, "Bus", event_bus_name=BUS)
        scheduler.ScheduleGroup(self, "Jobs", schedule_group_name=self.stack_name)
        self.job_failures = FailureQueue(self, "JobFailures", stage=stage)
        self.identity = Identity(self, "Identity", stage=stage)
        if stage.second_factor:
            self.identity.ask_before_a_token(self._function(SIGN_IN))
        self.api = MembershipApi(self, "Api", stage=stage)
        self.pages = Pages(
            self, "Pages", api_url=self.api.url, sign_in_url=self.identity.sign_in_url, stage=stage
        )
        self.page_clients = {
            app: self.identity.let_sign_in(app, origin) for app, origin in self.pages.origins.items()
        }
        self.api.let_in(self.identity.issuer, [*self.identity.clients, *self.page_clients.values()])
        self.phone_key = PhoneKey(self, "PhoneKey", stage=stage)
        self.payment_keys = self._payment_keys() if stage.payment_keys else {}
        if stage.listen:
            Subscription(self, "Subscription", bus=self.bus, detail_types=stage.listen, stage=stage)
        if stage.moving:
            shared = Shared(self, stage, _where(self.tables) | self._where())
            contexts.build(declared.CONTEXTS, Room(self, shared=shared, policy=policy, gateway=self.api))
        else:
            self._routes()
        self.api.answer_preflights(self._default())
        self.alarms = Alarms(self, "Alarms", stage=stage)
        topic = {"AlarmsTopicArn": self.alarms.topic.topic_arn}
        Shared(self, stage, _where(self.tables) | self._where() | topic).publish()
        self._outputs()

    def show(self, groups: Iterable["ContextsStack"]) -> None:
        """Show how the shop does, and how the functions of all groups do, on one page."""
        Dashboard(
            self, "Dashboard", api=self.api, tables=self.tables, watched=[self, *groups], stage=self._stage
        )

    def _routes(self) -> None:
        """Lead every route to its function, which stands in another stack under a name that is known."""
        for title, routes in declared.routes().items():
            self.api.serve(title, self._function(title), with_heads(routes))
        for title, routes in declared.public_routes().items():
            if self._stage.serves(title):
                self.api.serve(title, self._function(title), routes, public=True)

    def _payment_keys(self) -> dict[str, PaymentSecret]:
        """Return the secrets of all providers' keys, one for each use, by what they are called."""
        return {
            payment_keys(provider, use): PaymentSecret(
                self, payment_keys(provider, use), provider=provider, use=use, stage=self._stage
            )
            for provider in PROVIDERS
            for use in (RECEIVE, SEND)
        }

    def _default(self) -> lambda_.IFunction:
        """Return the function that is asked what no route matches."""
        (title,) = (title for title, routes in declared.routes().items() if EVERY_OTHER in routes)
        return self._function(title)

    def _function(self, title: str) -> lambda_.IFunction:
        """Return a function of another stack by its name; while contexts move, the one that is here still."""
        known = self.node.try_find_child(f"Its{title}")
        if known is not None:
            return cast(lambda_.IFunction, known)
        return lambda_.Function.from_function_attributes(
            self,
            f"Its{title}",
            function_arn=self.format_arn(
                service="lambda",
                resource="function",
                resource_name=named(title, self._stage),
                arn_format=ArnFormat.COLON_RESOURCE_NAME,
            ),
            skip_permissions=True,
        )

    def _where(self) -> dict[str, str]:
        return {
            "ApiId": self.api.http_api.api_id,
            "BusArn": self.bus.event_bus_arn,
            "JobFailuresArn": self.job_failures.queue_arn,
            "UserPoolId": self.identity.user_pool.user_pool_id,
            "UserPoolArn": self.identity.user_pool.user_pool_arn,
            "PhoneKeyArn": self.phone_key.arn,
            "PageOrigins": ",".join(self.pages.origins.values()),
            **{f"{name}Arn": each.arn for name, each in self.payment_keys.items()},
        }

    def _outputs(self) -> None:
        identity = self.identity
        outputs = {
            "ApiUrl": self.api.url,
            "UserPoolId": identity.user_pool.user_pool_id,
            "UserPoolClientId": identity.user_client.user_pool_client_id,
            "ServiceClientId": identity.service_client.user_pool_client_id,
            "SignInUrl": identity.sign_in_url,
            "TokenIssuer": identity.issuer,
            "TokenUrl": identity.token_url,
            "EventBusName": self.bus.event_bus_name,
            **{f"{name}TableName": each.table_name for name, each in self.tables.items()},
            "AlarmsTopicArn": self.alarms.topic.topic_arn,
            "DashboardName": self.stack_name,
        }
        for app, site in self.pages.sites.items():
            outputs |= {
                f"{app.title()}Url": site.origin,
                f"{app.title()}ClientId": self.page_clients[app].user_pool_client_id,
                f"{app.title()}BucketName": site.files.bucket_name,
                f"{app.title()}DistributionId": site.distribution.distribution_id,
            }
        if self._stage.shows_document:
            outputs["DocsUrl"] = f"{self.api.url}/docs"
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


class ContextsStack(Stack):
    """A group of contexts: functions, queues, readers, schedules and alarms; it holds no data of the shop."""

    def __init__(
        self,
        app: App,
        group: str,
        *,
        suite: MembershipStack,
        stage: Stage,
        policy: Policy,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        super().__init__(
            app,
            f"{stage.stack_name}-{group}",
            description=f"memberday {stage.name}: {group}",
            synthesizer=synthesizer,
            termination_protection=stage.keeps_data,
        )
        self.add_stack_dependency(suite, "it says where everything stands")
        shared = Shared(self, stage)
        contexts.build(declared.GROUPS[group], Room(suite, shared=shared, policy=policy))
        self.alarms = Alarms(self, f"{group.title()}Alarms", topic=shared.topic, stage=stage)


def _where(tables: Mapping[str, dynamodb.ITable]) -> dict[str, str]:
    return {stream_of(name): str(each.table_stream_arn) for name, each in tables.items()}
