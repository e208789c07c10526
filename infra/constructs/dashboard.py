"""One page for the shop's manager and the engineer on call: how the shop does, then how the suite does."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from aws_cdk import Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from functions.aftersales import metrics as cases
from functions.payments import metrics as payments
from functions.payments.providers.directory import NAMES as PROVIDERS
from infra.constructs.alarms import (
    AUDIT_SERVICE,
    CASES_SERVICE,
    MONEY_SERVICES,
    NOTICES_SERVICE,
    NOTIFICATIONS_SERVICE,
    RUNBOOK,
    WATCH_SERVICE,
    Alarms,
    programme_metric,
)
from infra.constructs.function import ProgrammeFunction
from infra.constructs.membership_api import MembershipApi
from infra.constructs.queues import FailureQueue
from infra.constructs.stream_consumer import StreamConsumer
from infra.naming import named
from infra.stage import Stage

ORDERS_SERVICE = "OrdersPublisher"
MEMBERS_SERVICE = "MembersPublisher"
STOCK_SERVICE = "CatalogPublisher"
FEN_PER_YUAN = 100
ROW = 24
"""Columns of a dashboard."""
HEIGHT = 6
DAY = Duration.days(1)
FIVE_MINUTES = Duration.minutes(5)
T = TypeVar("T", bound=Construct)
SUM, MAXIMUM = cloudwatch.Stats.SUM, cloudwatch.Stats.MAXIMUM

SHOP = {
    "Orders": (
        ORDERS_SERVICE,
        (
            "orders_placed",
            "orders_paid",
            "orders_shipped",
            "orders_received",
            "orders_cancelled",
            "orders_lapsed",
            "orders_refused",
            "orders_returned",
        ),
    ),
    "Points": (
        MEMBERS_SERVICE,
        (
            "points_earned",
            "points_released",
            "points_redeemed",
            "points_restored",
            "points_reversed",
            "points_expired",
            "points_lapsed",
            "points_adjusted",
        ),
    ),
}
"""Graphs of one function's figures, by their title."""


class Dashboard(Construct):
    """The dashboard; it is called like the stack."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        api: MembershipApi,
        tables: Mapping[str, dynamodb.ITable],
        watched: Sequence[Stack],
        stage: Stage,
    ) -> None:
        super().__init__(scope, construct_id)
        self._stack = Stack.of(self)
        self._watched = watched
        self._stage = stage
        self._api = api
        self._tables = tables
        board = cloudwatch.Dashboard(
            self, "Page", dashboard_name=self._stack.stack_name, default_interval=Duration.days(7)
        )
        board.add_widgets(_text(f"# {self._stack.stack_name}: how the shop does, day by day"))
        board.add_widgets(*self._shop())
        board.add_widgets(_text(f"# How the suite does: every alarm has a page in `{RUNBOOK}`"))
        board.add_widgets(
            cloudwatch.AlarmStatusWidget(title="Alarms", alarms=self._alarms(), width=ROW, height=HEIGHT)
        )
        board.add_widgets(*self._suite())

    def _shop(self) -> list[cloudwatch.IWidget]:
        money = [
            cloudwatch.MathExpression(
                expression=f"{name} / {FEN_PER_YUAN}",
                label=label,
                using_metrics={name: programme_metric(name, ORDERS_SERVICE, DAY, SUM)},
                period=DAY,
            )
            for name, label in (
                ("paid_amount_fen", "paid"),
                ("refunds_due_fen", "to be refunded"),
                ("given_fen", "given by campaigns"),
            )
        ]
        others = [
            programme_metric(name, service, DAY, SUM)
            for service, name in (
                (MEMBERS_SERVICE, "coupons_issued"),
                (ORDERS_SERVICE, "coupons_used"),
                (ORDERS_SERVICE, "orders_with_campaigns"),
                (MEMBERS_SERVICE, "tier_changes"),
                (STOCK_SERVICE, "stock_low"),
            )
        ]
        counted = [
            _graph(title, [programme_metric(name, service, DAY, SUM) for name in names])
            for title, (service, names) in SHOP.items()
        ]
        audit = [
            programme_metric("audit_differences", AUDIT_SERVICE, DAY),
            programme_metric("jobs_overdue", WATCH_SERVICE, DAY),
        ]
        return [
            counted[0],
            _graph("Money, in yuan", money),
            counted[1],
            _graph("Campaigns, coupons, tiers, stock", others),
            _graph("Proof: differences at the audit, jobs overdue", audit),
            _graph(
                "Cases: opened, answered, overdue",
                [
                    programme_metric(name, CASES_SERVICE, DAY, SUM)
                    for name in (cases.OPENED, cases.ANSWERED, cases.OVERDUE)
                ],
            ),
            _graph(
                "Cases: seconds to the answer",
                [
                    programme_metric(cases.ANSWER_SECONDS, CASES_SERVICE, DAY, statistic)
                    for statistic in (cloudwatch.Stats.AVERAGE, MAXIMUM)
                ],
            ),
            *(
                [_graph("Payments: refused, late, unassigned", _of_payments())]
                if self._stage.payment_keys
                else []
            ),
        ]

    def _suite(self) -> list[cloudwatch.IWidget]:
        http_api = self._api.http_api
        functions = self._all(ProgrammeFunction)
        failures = self._all(FailureQueue)
        calls = [
            http_api.metric_count(statistic=SUM, period=FIVE_MINUTES, label="requests"),
            http_api.metric_client_error(statistic=SUM, period=FIVE_MINUTES, label="4xx"),
            http_api.metric_server_error(statistic=SUM, period=FIVE_MINUTES, label="5xx"),
        ]
        latency = [
            http_api.metric_latency(statistic=statistic, period=FIVE_MINUTES, label=statistic)
            for statistic in ("p50", "p99")
        ]
        return [
            _graph("API: requests", calls),
            _graph("API: milliseconds to the answer", latency),
            _graph("Functions: errors", [self._of(each, "Errors", SUM) for each in functions]),
            _graph("Functions: throttles", [self._of(each, "Throttles", SUM) for each in functions]),
            _graph("Functions: milliseconds, p99", [self._of(each, "Duration", "p99") for each in functions]),
            _graph(
                "Streams: milliseconds behind",
                [self._of(each.function, "IteratorAge", MAXIMUM) for each in self._all(StreamConsumer)],
            ),
            _graph("Set aside: messages on failure queues", [self._depth(each) for each in failures]),
            _graph(
                "Tables: throttled requests", [_throttled(name, each) for name, each in self._tables.items()]
            ),
            _graph(
                "Tables: units consumed",
                [
                    metric
                    for each in self._tables.values()
                    for metric in (
                        each.metric_consumed_read_capacity_units(period=FIVE_MINUTES),
                        each.metric_consumed_write_capacity_units(period=FIVE_MINUTES),
                    )
                ],
            ),
        ]

    def _all(self, kind: type[T]) -> list[T]:
        """Return all of a kind, but those that leave this stack: they are there again in another one."""
        stacks = [each for each in self._watched if each is not self._stack or kind is FailureQueue]
        found = [each for stack in stacks for each in stack.node.find_all() if isinstance(each, kind)]
        return list({each.node.path.partition("/")[2]: each for each in found}.values())

    def _alarms(self) -> list[cloudwatch.IAlarm]:
        """Return all alarms by their names: those of another stack cannot be referred to."""
        alarms = [
            each for stack in self._watched for each in stack.node.find_all() if isinstance(each, Alarms)
        ]
        return [cloudwatch.Alarm.from_alarm_name(self, name, name) for each in alarms for name in each.names]

    def _of(self, function: lambda_.Function, name: str, statistic: str) -> cloudwatch.Metric:
        title = function.node.id
        return _metric("AWS/Lambda", name, {"FunctionName": named(title, self._stage)}, statistic, title)

    def _depth(self, queue: FailureQueue) -> cloudwatch.Metric:
        if Stack.of(queue) is self._stack:
            return queue.metric_approximate_number_of_messages_visible(
                statistic=MAXIMUM, period=FIVE_MINUTES, label=queue.title
            )
        name = {"QueueName": named(f"{queue.title}Failures", self._stage)}
        return _metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", name, MAXIMUM, queue.title)


def _of_payments() -> list[cloudwatch.IMetric]:
    """Return what goes wrong with payments through providers: what goes well stands with the orders."""
    return [
        *(
            programme_metric(f"{payments.REFUSED}{provider}", NOTIFICATIONS_SERVICE, DAY, SUM)
            for provider in PROVIDERS
        ),
        *(
            programme_metric(name, NOTICES_SERVICE, DAY, SUM)
            for name in (
                payments.LATE,
                payments.DIFFERENCES,
                payments.REFUNDS_FAILED,
                payments.REFUNDS_DOUBLED,
            )
        ),
        *(
            programme_metric(name, service, DAY, SUM)
            for name in (payments.UNASSIGNED, payments.CONFLICTING)
            for service in MONEY_SERVICES
        ),
    ]


def _text(markdown: str) -> cloudwatch.TextWidget:
    return cloudwatch.TextWidget(markdown=markdown, width=ROW, height=1)


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric]) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(title=title, left=list(metrics), width=ROW // 3, height=HEIGHT)


def _metric(
    namespace: str, name: str, of: Mapping[str, str], statistic: str, label: str
) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map=dict(of),
        statistic=statistic,
        period=FIVE_MINUTES,
        label=label,
    )


def _throttled(name: str, table: dynamodb.ITable) -> cloudwatch.Metric:
    return table.metric("ThrottledRequests", statistic=SUM, period=FIVE_MINUTES, label=name)
