"""What exists, as a list of contents."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from aws_cdk import Annotations, CfnOutput, Duration, IStackSynthesizer, Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_events as events
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct

from functions.coupons.coupons import BIRTHDAY
from functions.domain.policy import Policy
from functions.domain.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_POINTS,
    AUTO_RECEIPT,
    EXPIRE_POINTS,
    ISSUE_BIRTHDAY_COUPONS,
    LAPSE_UNPAID,
    OPEN_MEMBER_DAY,
    RELEASE_POINTS,
    WATCH_JOBS,
    Every,
    Scheduled,
    timetable,
)
from functions.platform.routes import ROUTES, with_heads
from functions.points.account_rows import ENTRY, NOTICE
from functions.tiers.members import TIER_CHANGE
from infra import bundle
from infra.constructs.alarms import Alarms
from infra.constructs.dashboard import Dashboard
from infra.constructs.function import ProgrammeFunction
from infra.constructs.identity import Identity
from infra.constructs.job import Job
from infra.constructs.membership_api import DOCUMENTS_ROUTES, MembershipApi
from infra.constructs.phone_key import PhoneKey
from infra.constructs.queues import FailureQueue
from infra.constructs.stream_consumer import StreamConsumer
from infra.constructs.subscription import Subscription
from infra.constructs.table import Indexes, grant_rows, table
from infra.constructs.work_queue import WORKERS_MAX, TaskQueue
from infra.stage import Stage

BUS = "membership"
API_TIMEOUT = Duration.seconds(15)
STREAM_TIMEOUT = Duration.seconds(60)
JOB_TIMEOUT = Duration.seconds(60)
ORDER_JOBS_TIMEOUT = Duration.seconds(300)
"""As long as from one run of `lapse-unpaid` to the next: nobody takes up what a run of these jobs leaves."""
ORDER_JOBS_MAX = 4
"""Jobs on orders that run at once: one of each, and two that failed and are tried again."""
DOCUMENTS_MAX = 10
"""Requests for the API's document at once: whoever has no token cannot take the checkout's share."""
WATCH = Scheduled(name=WATCH_JOBS, job=WATCH_JOBS, when=Every(15), done_within=timedelta(minutes=15))
"""The watch over the jobs is none of them: an alarm says when it stays away."""


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
        self._policy = policy
        self._code = self._bundled_code(bundle.build)

        self.orders = self._table(
            "Orders",
            partition_key="order_id",
            indexes={
                "by_member": ("member_id", "placed_key"),
                "by_status": ("status_shard", "placed_key"),
                "due": ("due", "due_at"),
            },
        )
        self.members = self._table(
            "Members",
            partition_key="member_id",
            indexes={
                "lots_by_release": ("lot_shard", "release_at"),
                "wallets_by_year": ("wallet_shard", "oldest_year"),
                "birthdays": ("birthday_shard", "member_id"),
                "search": ("search_shard", "search_key"),
            },
        )
        self.catalog = self._table(
            "Catalog",
            partition_key="sku",
            indexes={"zone": ("zone", "sku"), "by_name": ("zone", "name_key")},
        )
        self.reports = self._table("Reports", partition_key="report")
        self.bus = events.EventBus(self, "Bus", event_bus_name=BUS)
        self.jobs = scheduler.ScheduleGroup(self, "Jobs", schedule_group_name=self.stack_name)
        self.job_failures = FailureQueue(self, "JobFailures", stage=stage)

        self.identity = Identity(self, "Identity", stage=stage)
        self.api = MembershipApi(self, "Api", identity=self.identity, stage=stage)

        self.phone_key = PhoneKey(self, "PhoneKey", stage=stage)
        self._shop_api()
        self._members_api()
        self._points_api()
        self._coupons_api()
        self._privacy_api()
        if stage.shows_document:
            self._documents_api()
        self._points_posting()
        self._orders_publisher()
        self._members_publisher()
        self._catalog_publisher()
        self._birthday_eligibility()
        self._order_jobs()
        self._member_day_job()
        self._points_jobs()
        self._audit()
        self._coupon_jobs()
        self._member_jobs()
        self._watch()
        if stage.listen:
            Subscription(self, "Subscription", bus=self.bus, detail_types=stage.listen, stage=stage)
        self.alarms = Alarms(self, "Alarms", stage=stage)
        tables = {"Orders": self.orders, "Members": self.members, "Catalog": self.catalog}
        Dashboard(self, "Dashboard", api=self.api, alarms=self.alarms, tables=tables)
        self._outputs()

    def _shop_api(self) -> None:
        function = self._function("ShopApi", "functions.checkout.api.handler", API_TIMEOUT)
        grant_rows(
            self.orders,
            function,
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "Query",
            indexes=["by_member", "by_status"],
        )
        grant_rows(self.members, function, "BatchGetItem", "GetItem", "PutItem", "UpdateItem")
        grant_rows(
            self.catalog,
            function,
            "BatchGetItem",
            "GetItem",
            "PutItem",
            "Query",
            "UpdateItem",
            indexes=["zone", "by_name"],
        )
        self.api.serve(function, with_heads(ROUTES["ShopApi"]))
        if self._stage.cors:
            self.api.answer_preflights(function)

    def _members_api(self) -> None:
        function = self._function(
            "MembersApi",
            "functions.tiers.api.handler",
            API_TIMEOUT,
            environment=self._table_names() | self.phone_key.environment,
        )
        grant_rows(self.members, function, "BatchGetItem", "GetItem", "PutItem", "Query", indexes=["search"])
        self.phone_key.grant(function)
        self.api.serve(function, with_heads(ROUTES["MembersApi"]))

    def _coupons_api(self) -> None:
        function = self._function("CouponsApi", "functions.coupons.api.handler", API_TIMEOUT)
        grant_rows(self.members, function, "BatchGetItem", "Query")
        self.api.serve(function, with_heads(ROUTES["CouponsApi"]))

    def _privacy_api(self) -> None:
        pool = {"USER_POOL_ID": self.identity.user_pool.user_pool_id}
        function = self._function(
            "PrivacyApi",
            "functions.privacy.api.handler",
            API_TIMEOUT,
            environment=self._table_names() | pool,
        )
        grant_rows(self.members, function, "BatchGetItem", "GetItem", "PutItem", "Query")
        grant_rows(self.orders, function, "BatchGetItem", indexes=["by_member"])
        self.identity.grant_deletion(function)
        self.api.serve(function, with_heads(ROUTES["PrivacyApi"]))

    def _points_api(self) -> None:
        function = self._function("PointsApi", "functions.points.api.handler", API_TIMEOUT)
        grant_rows(
            self.members, function, "BatchGetItem", "ConditionCheckItem", "GetItem", "PutItem", "Query"
        )
        grant_rows(self.reports, function, "GetItem", "Query")
        self.api.serve(function, with_heads(ROUTES["PointsApi"]))

    def _documents_api(self) -> None:
        """Show the API's document to everybody: no table, no dependency, and a bundle of its own."""
        function = self._function(
            "DocumentsApi",
            "functions.documents.api.handler",
            API_TIMEOUT,
            environment={},
            at_once_max=DOCUMENTS_MAX,
            code=self._bundled_code(bundle.documents),
        )
        self.api.serve(function, DOCUMENTS_ROUTES)

    def _points_posting(self) -> None:
        function = self._function("PointsPosting", "functions.points.stream.handler", STREAM_TIMEOUT)
        grant_rows(self.members, function, "BatchGetItem", "PutItem")
        grant_rows(self.orders, function, "BatchGetItem")
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
            "functions.orders.stream.handler",
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
            "functions.orders.stream.catalog_handler",
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
        grant_rows(self.members, function, "BatchGetItem", "PutItem", "ConditionCheckItem")
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
        function = self._function(
            "OrderJobs",
            "functions.orders.schedule.handler",
            ORDER_JOBS_TIMEOUT,
            at_once_max=ORDER_JOBS_MAX,
        )
        grant_rows(self.orders, function, "GetItem", "PutItem", indexes=["due"])
        grant_rows(self.members, function, "GetItem", "PutItem", "UpdateItem")
        grant_rows(self.catalog, function, "UpdateItem")
        grant_rows(self.reports, function, "PutItem")
        self._scheduled(function, LAPSE_UNPAID, AUTO_RECEIPT)

    def _member_day_job(self) -> None:
        function = self._function("MemberDayJob", "functions.orders.schedule.member_day_handler", JOB_TIMEOUT)
        grant_rows(self.catalog, function, "PutItem")
        grant_rows(self.reports, function, "PutItem")
        self._scheduled(function, OPEN_MEMBER_DAY)

    def _points_jobs(self) -> None:
        self.points_starter, worker = self._tasks("Points", "functions.points")
        # Orders are read as a whole by the replay, which posts what the accounts have not seen.
        grant_rows(self.orders, worker, "BatchGetItem", "Scan")
        grant_rows(
            self.members,
            worker,
            "BatchGetItem",
            "GetItem",
            "PutItem",
            indexes=["lots_by_release", "wallets_by_year"],
        )
        self._scheduled(self.points_starter, RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING)

    def _audit(self) -> None:
        """A queue of its own, so that a long audit holds no release up, and no right to write to accounts."""
        starter, worker = self._tasks("Audit", "functions.points")
        grant_rows(self.orders, worker, "BatchGetItem", "Scan")
        grant_rows(self.members, worker, "BatchGetItem", "GetItem", "Query", "Scan")
        grant_rows(self.reports, worker, "Query")
        self._scheduled(starter, AUDIT_POINTS)

    def _coupon_jobs(self) -> None:
        starter, worker = self._tasks("Coupons", "functions.coupons")
        grant_rows(
            self.members, worker, "BatchGetItem", "PutItem", "ConditionCheckItem", indexes=["birthdays"]
        )
        self._scheduled(starter, ISSUE_BIRTHDAY_COUPONS)

    def _member_jobs(self) -> None:
        """The indexing of members, which an operator starts: it reads the whole table, and has the key."""
        _, worker = self._tasks("Members", "functions.tiers", self.phone_key.environment)
        grant_rows(self.members, worker, "BatchGetItem", "ConditionCheckItem", "PutItem", "Scan")
        self.phone_key.grant(worker)

    def _watch(self) -> None:
        function = self._function("JobsWatch", "functions.operations.schedule.handler", JOB_TIMEOUT)
        grant_rows(self.reports, function, "GetItem", "PutItem", "Query")
        self._schedule(WATCH, function)

    def _tasks(
        self, name: str, part: str, for_worker: Mapping[str, str] = MappingProxyType({})
    ) -> tuple[ProgrammeFunction, ProgrammeFunction]:
        """Return the function that starts a part's jobs and the worker of their tasks, a queue between."""
        work = TaskQueue(self, f"{name}Work", worker_timeout=JOB_TIMEOUT, stage=self._stage)
        environment = self._table_names() | {"WORK_QUEUE_URL": work.queue.queue_url}
        starter = self._function(
            f"{name}Jobs", f"{part}.schedule.handler", JOB_TIMEOUT, environment=environment
        )
        work.queue.grant(starter, "sqs:SendMessage")
        worker = self._function(
            f"{name}Worker",
            f"{part}.queue.handler",
            JOB_TIMEOUT,
            environment=environment | dict(for_worker),
            at_once_max=WORKERS_MAX,
        )
        work.serve(worker)
        for function in (starter, worker):
            grant_rows(self.reports, function, "PutItem")
        return starter, worker

    def _scheduled(self, function: ProgrammeFunction, *jobs: str) -> None:
        """Have a function run these jobs when the timetable says so."""
        for scheduled in timetable(self._policy):
            if scheduled.job in jobs:
                self._schedule(scheduled, function)

    def _schedule(self, scheduled: Scheduled, function: ProgrammeFunction) -> None:
        Job(
            self,
            scheduled.name,
            scheduled=scheduled,
            time_zone=self._policy.time_zone,
            function=function,
            group=self.jobs,
            failures=self.job_failures,
        )

    def _table(self, name: str, *, partition_key: str, indexes: Indexes | None = None) -> dynamodb.ITable:
        return table(self, name, partition_key=partition_key, indexes=indexes, stage=self._stage)

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
        at_once_max: int | None = None,
        code: lambda_.Code | None = None,
    ) -> ProgrammeFunction:
        return ProgrammeFunction(
            self,
            construct_id,
            code=code or self._code,
            handler=handler,
            description=f"memberday {self._stage.name}: {handler.removesuffix('.handler')}",
            environment=self._table_names() if environment is None else environment,
            timeout=timeout,
            at_once_max=at_once_max,
            stage=self._stage,
        )

    def _bundled_code(self, build: Callable[[bundle.Platform], bundle.Bundle]) -> lambda_.Code:
        platform = bundle.HOST if self._stage.local else bundle.LAMBDA_ARM64
        built = build(platform)
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
            "AlarmsTopicArn": self.alarms.topic.topic_arn,
            "DashboardName": self.stack_name,
        }
        if self._stage.shows_document:
            outputs["DocsUrl"] = f"{self.api.url}/docs"
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)


def _rows(*items: str) -> dict[str, Any]:
    """Return the filter of new and changed rows of these kinds."""
    return {"eventName": ["INSERT", "MODIFY"], "dynamodb": {"NewImage": {"item": {"S": list(items)}}}}


def _rows_that_begin(prefix: str) -> dict[str, Any]:
    """Return the filter of new rows whose ``item`` begins with a prefix."""
    return {"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item": {"S": [{"prefix": prefix}]}}}}
