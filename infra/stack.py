"""What exists, as a list of contents."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from aws_cdk import Annotations, CfnOutput, Duration, IStackSynthesizer, Stack, TimeZone
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as cloudwatch_actions
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from constructs import Construct

from functions.coupons.coupons import BIRTHDAY
from functions.domain.policy import Policy
from functions.points.account_rows import ENTRY, NOTICE
from functions.tiers.members import TIER_CHANGE
from infra import bundle
from infra.constructs.function import METRICS, ProgrammeFunction
from infra.constructs.identity import Identity
from infra.constructs.job import Job
from infra.constructs.membership_api import EVERY_OTHER, MembershipApi
from infra.constructs.stream_consumer import StreamConsumer
from infra.constructs.subscription import Subscription
from infra.constructs.table import ProgrammeTable
from infra.constructs.work_queue import TaskQueue
from infra.stage import Stage

BUS = "membership"
API_TIMEOUT = Duration.seconds(15)
STREAM_TIMEOUT = Duration.seconds(60)
JOB_TIMEOUT = Duration.seconds(60)
_ANY_YEAR = 2027
"""A year before which there is no leap day between the notice and the year's end."""

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
MEMBERS_ROUTES = [
    "PUT /members/me",
    "GET /members/me",
    "GET /members/me/tier-history",
    "GET /members/{member_id}",
    "PUT /members/{member_id}/birthday",
]
COUPONS_ROUTES = ["GET /members/me/coupons"]
POINTS_ROUTES = [
    "GET /members/me/points",
    "GET /members/me/points/entries",
    "POST /members/{member_id}/points/adjustments",
    "GET /reports/points-liability",
    "GET /reports/points-differences",
]


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
        super().__init__(scope, construct_id, description=f"memberday {stage.name}", synthesizer=synthesizer)
        self._stage = stage
        self._policy = policy
        self._code = self._bundled_code()

        self.orders = ProgrammeTable(self, "Orders", partition_key="order_id", stage=stage)
        self.orders.add_sparse_index("by_member", partition_key="member_id", sort_key="placed_key")
        self.orders.add_sparse_index("due", partition_key="due", sort_key="due_at")
        self.members = ProgrammeTable(self, "Members", partition_key="member_id", stage=stage)
        self.members.add_sparse_index("lots_by_release", partition_key="lot_shard", sort_key="release_at")
        self.members.add_sparse_index("wallets_by_year", partition_key="wallet_shard", sort_key="oldest_year")
        self.members.add_sparse_index("birthdays", partition_key="birthday_shard", sort_key="member_id")
        self.catalog = ProgrammeTable(self, "Catalog", partition_key="sku", stage=stage)
        self.catalog.add_sparse_index("zone", partition_key="zone", sort_key="sku")
        self.reports = ProgrammeTable(self, "Reports", partition_key="report", stage=stage)
        self.bus = events.EventBus(self, "Bus", event_bus_name=BUS)
        self.jobs = scheduler.ScheduleGroup(self, "Jobs", schedule_group_name=self.stack_name)
        self.alarms = sns.Topic(self, "Alarms", enforce_ssl=None if stage.local else True)

        self.identity = Identity(self, "Identity", stage=stage)
        self.api = MembershipApi(self, "Api", identity=self.identity, stage=stage)

        self._shop_api()
        self._members_api()
        self._points_api()
        self._coupons_api()
        self._points_posting()
        self._orders_publisher()
        self._members_publisher()
        self._catalog_publisher()
        self._birthday_eligibility()
        self._order_jobs()
        self._member_day_job()
        self._points_jobs()
        self._coupon_jobs()
        if stage.listen:
            Subscription(self, "Subscription", bus=self.bus, detail_types=stage.listen, stage=stage)
        self._outputs()

    def _shop_api(self) -> None:
        function = self._function("ShopApi", "functions.checkout.api.handler", API_TIMEOUT)
        _grant(function, self.orders, "BatchGetItem", "GetItem", "PutItem", "Query")
        _grant(function, self.members, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        _grant(function, self.catalog, "BatchGetItem", "GetItem", "PutItem", "Query", "UpdateItem")
        self.api.serve(function, SHOP_ROUTES)

    def _members_api(self) -> None:
        function = self._function("MembersApi", "functions.tiers.api.handler", API_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "GetItem", "PutItem", "Query")
        self.api.serve(function, MEMBERS_ROUTES)

    def _coupons_api(self) -> None:
        function = self._function("CouponsApi", "functions.coupons.api.handler", API_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "Query")
        self.api.serve(function, COUPONS_ROUTES)

    def _points_api(self) -> None:
        function = self._function("PointsApi", "functions.points.api.handler", API_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "GetItem", "PutItem", "Query")
        _grant(function, self.reports, "GetItem", "Query")
        self.api.serve(function, POINTS_ROUTES)

    def _points_posting(self) -> None:
        function = self._function("PointsPosting", "functions.points.stream.handler", STREAM_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "PutItem")
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

    def _members_publisher(self) -> None:
        function = self._function(
            "MembersPublisher",
            "functions.tiers.stream.handler",
            STREAM_TIMEOUT,
            environment={"EVENT_BUS_NAME": self.bus.event_bus_name},
        )
        self.bus.grant_put_events_to(function)
        StreamConsumer(
            self,
            "MembersToBus",
            table=self.members,
            function=function,
            filters=[_rows_that_begin(each) for each in (ENTRY, NOTICE, TIER_CHANGE, BIRTHDAY)],
            stage=self._stage,
        )

    def _catalog_publisher(self) -> None:
        function = self._function(
            "CatalogPublisher",
            "functions.checkout.stream.catalog_handler",
            STREAM_TIMEOUT,
            environment={"EVENT_BUS_NAME": self.bus.event_bus_name},
        )
        self.bus.grant_put_events_to(function)
        StreamConsumer(
            self,
            "CatalogToBus",
            table=self.catalog,
            function=function,
            filters=[_rows("PRODUCT", "MEMBER_DAY")],
            stage=self._stage,
        )

    def _birthday_eligibility(self) -> None:
        function = self._function("BirthdayEligibility", "functions.coupons.stream.handler", STREAM_TIMEOUT)
        _grant(function, self.members, "BatchGetItem", "PutItem")
        eligible = _rows("STANDING")
        eligible["dynamodb"]["NewImage"]["birthday_shard"] = {"S": [{"exists": True}]}
        StreamConsumer(
            self,
            "StandingsToCoupons",
            table=self.members,
            function=function,
            filters=[eligible],
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
            self._job(name, name, scheduler.ScheduleExpression.rate(every), function)

    def _member_day_job(self) -> None:
        function = self._function(
            "MemberDayJob", "functions.checkout.schedule.member_day_handler", JOB_TIMEOUT
        )
        _grant(function, self.catalog, "PutItem")
        day = str(self._policy.member_day.day)
        for name, minute in (("open-member-day", 0), ("open-member-day-again", 15)):
            self._job(name, "open-member-day", self._at(0, minute, day=day), function)

    def _coupon_jobs(self) -> None:
        starter, worker = self._tasks("Coupons", "functions.coupons")
        _grant(worker, self.members, "BatchGetItem", "PutItem", "Query")
        for name, day in (("issue-birthday-coupons", "1"), ("issue-birthday-coupons-again", "2")):
            self._job(name, "issue-birthday-coupons", self._at(0, 5, day=day), starter)

    def _tasks(self, name: str, part: str) -> tuple[ProgrammeFunction, ProgrammeFunction]:
        """Return the function that starts a part's jobs and the worker of their tasks, a queue between."""
        work = TaskQueue(self, f"{name}Work", worker_timeout=JOB_TIMEOUT, stage=self._stage)
        queue = {"WORK_QUEUE_URL": work.queue.queue_url}
        starter = self._function(f"{name}Jobs", f"{part}.schedule.handler", JOB_TIMEOUT, environment=queue)
        work.queue.grant(starter, "sqs:SendMessage")
        worker = self._function(
            f"{name}Worker",
            f"{part}.queue.handler",
            JOB_TIMEOUT,
            environment=self._table_names() | queue,
        )
        work.serve(worker)
        return starter, worker

    def _job(
        self, name: str, job: str, when: scheduler.ScheduleExpression, function: ProgrammeFunction
    ) -> None:
        Job(self, name, name=name, job=job, when=when, function=function, group=self.jobs, stage=self._stage)

    def _points_jobs(self) -> None:
        self.points_starter, worker = self._tasks("Points", "functions.points")
        _grant(worker, self.orders, "BatchGetItem", "Scan")
        _grant(worker, self.members, "BatchGetItem", "GetItem", "PutItem", "Query", "Scan")
        _grant(worker, self.reports, "PutItem", "Query")
        for name, job, when in self._points_schedules():
            self._job(name, job, when, self.points_starter)
        alarm = cloudwatch.Alarm(
            self,
            "AuditDifferences",
            alarm_description="An account or an order did not fit at the audit of the points.",
            metric=cloudwatch.Metric(
                namespace=METRICS,
                metric_name="audit_differences",
                dimensions_map={"service": worker.node.id},
                statistic=cloudwatch.Stats.MAXIMUM,
                period=Duration.hours(1),
            ),
            threshold=0,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
            evaluation_periods=1,
            treat_missing_data=cloudwatch.TreatMissingData.IGNORE,
        )
        alarm.add_alarm_action(cloudwatch_actions.SnsAction(self.alarms))

    def _points_schedules(self) -> list[tuple[str, str, scheduler.ScheduleExpression]]:
        """Return each schedule's name, its job, and when it runs, in store time."""
        told_on = date(_ANY_YEAR, 1, 1) - timedelta(days=self._policy.points.notice_days)
        again_on = told_on + timedelta(days=1)
        year_begins = self._at(0, 0, day="1", month="1")
        return [
            ("release-points", "release-points", scheduler.ScheduleExpression.rate(Duration.minutes(10))),
            ("expire-points", "expire-points", year_begins),
            # R3: again for what a run has missed, and what came back late into a year that is over.
            ("expire-points-again", "expire-points", self._at(0, 30)),
            *(
                (name, "announce-expiring", self._at(9, 0, day=str(on.day), month=str(on.month)))
                for name, on in (("announce-expiring", told_on), ("announce-expiring-again", again_on))
            ),
            ("audit-points", "audit-points", self._at(4, 0)),
        ]

    def _at(self, hour: int, minute: int, **day: str) -> scheduler.ScheduleExpression:
        """Return a schedule in store time."""
        zone = TimeZone.of(self._policy.time_zone)
        return scheduler.ScheduleExpression.cron(minute=str(minute), hour=str(hour), time_zone=zone, **day)

    def _table_names(self) -> dict[str, str]:
        return {
            "ORDERS_TABLE": self.orders.table_name,
            "MEMBERS_TABLE": self.members.table_name,
            "CATALOG_TABLE": self.catalog.table_name,
            "REPORTS_TABLE": self.reports.table_name,
        }

    def _function(
        self,
        construct_id: str,
        handler: str,
        timeout: Duration,
        environment: Mapping[str, str] | None = None,
    ) -> ProgrammeFunction:
        return ProgrammeFunction(
            self,
            construct_id,
            code=self._code,
            handler=handler,
            description=f"memberday {self._stage.name}: {handler.removesuffix('.handler')}",
            environment=self._table_names() if environment is None else environment,
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
            "ReportsTableName": self.reports.table_name,
            "PointsJobsFunctionName": self.points_starter.function_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _rows(*items: str) -> dict[str, Any]:
    """Return the filter of new and changed rows of these kinds."""
    return {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"item": {"S": list(items)}}}}


def _rows_that_begin(prefix: str) -> dict[str, Any]:
    """Return the filter of new rows whose ``item`` begins with a prefix."""
    return {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item": {"S": [{"prefix": prefix}]}}}}


def _grant(function: ProgrammeFunction, table: dynamodb.Table, *actions: str) -> None:
    """Give a function single actions on a table's rows; none deletes, and only an audit scans."""
    table.grant(function, *(f"dynamodb:{action}" for action in actions))
