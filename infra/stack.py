"""What exists, as a list of contents."""

from collections.abc import Mapping
from typing import Any

from aws_cdk import Annotations, CfnOutput, Duration, IStackSynthesizer, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from infra import bundle
from infra.constructs.function import ProgrammeFunction
from infra.constructs.identity import Identity
from infra.constructs.job import Job
from infra.constructs.membership_api import EVERY_OTHER, MembershipApi
from infra.constructs.stream_consumer import StreamConsumer
from infra.constructs.table import ProgrammeTable
from infra.stage import Stage

BUS = "membership"
API_TIMEOUT = Duration.seconds(15)
STREAM_TIMEOUT = Duration.seconds(60)
JOB_TIMEOUT = Duration.seconds(60)

SHOP_ROUTES = [
    "PUT /products/{sku}",
    "GET /products/{sku}",
    "GET /products",
    "GET /member-day",
    "POST /products/{sku}/stock",
    "POST /quotes",
    "POST /orders",
    "GET /orders",
    "GET /orders/{order_id}",
    "POST /orders/{order_id}/cancel",
    "POST /orders/{order_id}/payment",
    "POST /orders/{order_id}/shipment",
    "POST /orders/{order_id}/receipt",
    "POST /orders/{order_id}/refusal",
    "POST /orders/{order_id}/returns",
    EVERY_OTHER,
]
MEMBERS_ROUTES = ["PUT /members/me", "GET /members/me"]
POINTS_ROUTES = ["GET /members/me/points", "GET /members/me/points/entries"]


class MembershipStack(Stack):
    """The whole suite, in one stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        synthesizer: IStackSynthesizer | None = None,
    ) -> None:
        super().__init__(scope, construct_id, description=f"memberday {stage.name}", synthesizer=synthesizer)
        self._stage = stage
        self._code = self._bundled_code()

        self.orders = ProgrammeTable(self, "Orders", partition_key="order_id", stage=stage)
        self.orders.add_sparse_index("by_member", partition_key="member_id", sort_key="placed_key")
        self.orders.add_sparse_index("due", partition_key="due", sort_key="due_at")
        self.members = ProgrammeTable(self, "Members", partition_key="member_id", stage=stage)
        self.catalog = ProgrammeTable(self, "Catalog", partition_key="sku", stage=stage)
        self.catalog.add_sparse_index("zone", partition_key="zone", sort_key="sku")
        self.bus = events.EventBus(self, "Bus", event_bus_name=BUS)
        self.jobs = scheduler.ScheduleGroup(self, "Jobs", schedule_group_name=self.stack_name)

        self.identity = Identity(self, "Identity", stage=stage)
        self.api = MembershipApi(self, "Api", identity=self.identity, stage=stage)

        self._shop_api()
        self._members_api()
        self._points_api()
        self._points_posting()
        self._orders_publisher()
        self._order_jobs()
        self._outputs()

    def _shop_api(self) -> None:
        function = self._function("ShopApi", "functions.checkout.api.handler", API_TIMEOUT)
        _grant(function, self.orders, "BatchGetItem", "GetItem", "PutItem", "Query")
        _grant(function, self.members, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        _grant(function, self.catalog, "BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")
        self.api.serve(function, SHOP_ROUTES)

    def _members_api(self) -> None:
        function = self._function("MembersApi", "functions.tiers.api.handler", API_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "GetItem", "PutItem")
        self.api.serve(function, MEMBERS_ROUTES)

    def _points_api(self) -> None:
        function = self._function("PointsApi", "functions.points.api.handler", API_TIMEOUT)
        _grant(function, self.members, "GetItem", "Query")
        self.api.serve(function, POINTS_ROUTES)

    def _points_posting(self) -> None:
        function = self._function("PointsPosting", "functions.points.stream.handler", STREAM_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "PutItem", "UpdateItem")
        StreamConsumer(
            self,
            "OrdersToPoints",
            table=self.orders,
            function=function,
            filters=[_rows("ORDER")],
            stage=self._stage,
        )

    def _orders_publisher(self) -> None:
        function = self._function(
            "OrdersPublisher",
            "functions.checkout.stream.handler",
            STREAM_TIMEOUT,
            environment={"EVENT_BUS_NAME": self.bus.event_bus_name},
        )
        self.bus.grant_put_events_to(function)
        StreamConsumer(
            self,
            "OrdersToBus",
            table=self.orders,
            function=function,
            filters=[_rows("ORDER", "PAYMENT")],
            stage=self._stage,
        )

    def _order_jobs(self) -> None:
        function = self._function("OrderJobs", "functions.checkout.schedule.handler", JOB_TIMEOUT)
        _grant(function, self.orders, "GetItem", "PutItem", "Query")
        _grant(function, self.members, "GetItem", "PutItem", "UpdateItem")
        _grant(function, self.catalog, "UpdateItem")
        for name, every in (
            ("lapse-unpaid", Duration.minutes(5)),
            ("auto-receipt", Duration.hours(1)),
        ):
            Job(
                self,
                name,
                name=name,
                when=scheduler.ScheduleExpression.rate(every),
                function=function,
                group=self.jobs,
                stage=self._stage,
            )

    def _function(
        self,
        construct_id: str,
        handler: str,
        timeout: Duration,
        environment: Mapping[str, str] | None = None,
    ) -> ProgrammeFunction:
        tables = {
            "ORDERS_TABLE": self.orders.table_name,
            "MEMBERS_TABLE": self.members.table_name,
            "CATALOG_TABLE": self.catalog.table_name,
        }
        return ProgrammeFunction(
            self,
            construct_id,
            code=self._code,
            handler=handler,
            description=f"memberday {self._stage.name}: {handler.removesuffix('.handler')}",
            environment=tables if environment is None else environment,
            timeout=timeout,
            stage=self._stage,
        )

    def _bundled_code(self) -> lambda_.Code:
        platform = bundle.HOST if self._stage.local else bundle.LAMBDA_ARM64
        built = bundle.build(platform)
        if not built.compiled:
            Annotations.of(self).add_info(
                f"No python{platform.python} here, so the bundle carries no bytecode: cold starts compile."
            )
        return lambda_.Code.from_asset(str(built.folder), asset_hash=built.digest)

    def _outputs(self) -> None:
        outputs = {
            "ApiUrl": self.api.url,
            "UserPoolId": self.identity.user_pool.user_pool_id,
            "UserPoolClientId": self.identity.user_client.user_pool_client_id,
            "ServiceClientId": self.identity.service_client.user_pool_client_id,
            "TokenUrl": f"{self._stage.endpoint}/oauth2/token"
            if self._stage.local
            else self.identity.token_url,
            "EventBusName": self.bus.event_bus_name,
            "OrdersTableName": self.orders.table_name,
            "MembersTableName": self.members.table_name,
            "CatalogTableName": self.catalog.table_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _rows(*items: str) -> dict[str, Any]:
    """Return the filter of new and changed rows of these kinds."""
    return {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"item": {"S": list(items)}}}}


def _grant(function: ProgrammeFunction, table: dynamodb.Table, *actions: str) -> None:
    """Give a function single actions on a table's rows, none of which deletes or scans."""
    table.grant(function, *(f"dynamodb:{action}" for action in actions))
