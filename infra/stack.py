"""What exists, as a list of contents: what the contexts share, the contexts, what looks after all of it."""

from aws_cdk import CfnOutput, IStackSynthesizer, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from functions import contexts as declared
from functions.domain.policy import Policy
from infra import contexts
from infra.constructs.alarms import Alarms
from infra.constructs.dashboard import Dashboard
from infra.constructs.identity import Identity
from infra.constructs.membership_api import MembershipApi
from infra.constructs.phone_key import PhoneKey
from infra.constructs.queues import FailureQueue
from infra.constructs.subscription import Subscription
from infra.constructs.table import table
from infra.room import Room, Shared
from infra.stage import Stage

BUS = "membership"


class MembershipStack(Stack):
    """The whole suite, in one stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        policy: Policy,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"memberday {stage.name}",
            synthesizer=synthesizer,
            termination_protection=stage.keeps_data,
        )
        self._stage = stage
        tables = declared.tables()
        identity = Identity(self, "Identity", stage=stage)
        self.shared = Shared(
            tables={name: table(self, name, keys=keys, stage=stage) for name, keys in tables.items()},
            bus=events.EventBus(self, "Bus", event_bus_name=BUS),
            jobs=scheduler.ScheduleGroup(self, "Jobs", schedule_group_name=self.stack_name),
            job_failures=FailureQueue(self, "JobFailures", stage=stage),
            identity=identity,
            api=MembershipApi(self, "Api", identity=identity, stage=stage),
            phone_key=PhoneKey(self, "PhoneKey", stage=stage),
        )
        contexts.build(Room(self, stage=stage, policy=policy, shared=self.shared))
        if stage.listen:
            Subscription(self, "Subscription", bus=self.shared.bus, detail_types=stage.listen, stage=stage)
        self.alarms = Alarms(self, "Alarms", stage=stage)
        Dashboard(self, "Dashboard", api=self.shared.api, alarms=self.alarms, tables=self.shared.tables)
        self._outputs()

    def _outputs(self) -> None:
        identity, api = self.shared.identity, self.shared.api
        outputs = {
            "ApiUrl": api.url,
            "UserPoolId": identity.user_pool.user_pool_id,
            "UserPoolClientId": identity.user_client.user_pool_client_id,
            "ServiceClientId": identity.service_client.user_pool_client_id,
            "TokenUrl": f"{self._stage.endpoint}/oauth2/token" if self._stage.local else identity.token_url,
            "EventBusName": self.shared.bus.event_bus_name,
            **{f"{name}TableName": table.table_name for name, table in self.shared.tables.items()},
            "AlarmsTopicArn": self.alarms.topic.topic_arn,
            "DashboardName": self.stack_name,
        }
        if self._stage.shows_document:
            outputs["DocsUrl"] = f"{api.url}/docs"
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
