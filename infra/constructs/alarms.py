"""Alarms: for every kind of thing that the stack has, and for what the programme counts (H3).

One alarm looks at up to ten functions, queues or readers of a kind. They are made by walking what is there,
so that nothing new is left without. Each names what it looks at and its page of the runbook, and tells the
topic when it goes off and when it is over.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from constructs import Construct

from functions.aftersales import metrics as cases
from functions.payments import metrics as payments
from functions.payments.providers.directory import NAMES as PROVIDERS
from infra.constructs.function import METRICS, ProgrammeFunction
from infra.constructs.membership_api import MembershipApi
from infra.constructs.queues import FailureQueue
from infra.constructs.stream_consumer import StreamConsumer
from infra.constructs.work_queue import TaskQueue
from infra.expressions import MAX, METRICS_MAX, SUM, names, written
from infra.stage import Stage

RUNBOOK = "docs/runbook"
AUDIT_SERVICE = "AuditWorker"
WATCH_SERVICE = "JobsWatch"
NOTIFICATIONS_SERVICE = "PaymentsNotifications"
NOTICES_SERVICE = "PaymentsWorker"
MONEY_SERVICES = ("PaymentsHeard", "PaymentsWorker", "PaymentsApi")
"""All that record money: what is told, what is asked after, and what a shopper's request comes upon."""
CASES_SERVICE = "CasesPublisher"
FIVE_MINUTES = Duration.minutes(5)
HOUR = Duration.hours(1)
BEHIND_MILLISECONDS_MAX = 5 * 60 * 1_000
TASK_SECONDS_MAX = 3_600
"""How old the oldest task of a job may be: what is handed on is a new task."""
REFUSED_MAX = 20
"""Notifications in five minutes that no provider has signed, or not for us (Y3)."""
API_FAULTS_MAX = 5
"""Answers of 5xx in five minutes: one burst of throttling is the callers' to repeat."""
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class _Kind:
    """What can be wrong with many things alike, and from which value on; the page says what to do.

    ``how`` says whether their figures are added up or the worst is looked at.
    """

    name: str
    says: str
    how: str
    above: float
    page: str


ERRORS = _Kind(name="errors", says="Failed or timed out", how=SUM, above=0, page="errors")
THROTTLES = _Kind(
    name="throttles", says="Not run for want of concurrency", how=SUM, above=0, page="throttles"
)
STREAMS_BEHIND = _Kind(
    name="streams-behind",
    says="Reads its stream more than five minutes late",
    how=MAX,
    above=BEHIND_MILLISECONDS_MAX,
    page="behind",
)
TASKS_BEHIND = _Kind(
    name="tasks-behind",
    says="Has a task that has been waiting for more than an hour",
    how=MAX,
    above=TASK_SECONDS_MAX,
    page="behind",
)
FAILURES = _Kind(
    name="failures",
    says="Something could not be processed and was set aside",
    how=MAX,
    above=0,
    page="failures",
)


@dataclass(frozen=True, kw_only=True)
class _Measured:
    """A thing with the figure that its kind of alarm looks at."""

    kind: _Kind
    title: str
    metric: cloudwatch.Metric


@dataclass(frozen=True, kw_only=True)
class _Watched:
    """A figure, from which value on it is an alarm, and the page that says what to do."""

    name: str
    says: str
    metric: cloudwatch.IMetric
    above: float
    page: str
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING
    below: bool = False


class AlarmsTopic(sns.Topic):
    """What all alarms tell, and whoever is on call subscribes to."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(scope, construct_id, enforce_ssl=None if stage.local else True)
        # A topic with a policy of its own has lost the one by which its account may publish.
        self.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[self.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )


class Alarms(Construct):
    """All alarms of a stack; the suite's own has those of the programme too."""

    def __init__(
        self, scope: Construct, construct_id: str, *, topic: sns.ITopic | None = None, stage: Stage
    ) -> None:
        super().__init__(scope, construct_id)
        self._of_the_suite = topic is None
        self._of_providers = topic is None and stage.payment_keys
        self.topic = topic or AlarmsTopic(self, "Topic", stage=stage)
        tell = actions.SnsAction(self.topic)
        self.names: list[str] = []
        """What they are called, for who cannot refer to them."""
        for watched in self._watched():
            name = f"{Stack.of(self).stack_name}-{watched.name}"
            alarm = cloudwatch.Alarm(
                self,
                watched.name,
                alarm_name=name,
                alarm_description=f"{watched.says} {RUNBOOK}/{watched.page}.md",
                metric=watched.metric,
                threshold=watched.above,
                comparison_operator=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD
                if watched.below
                else cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
                evaluation_periods=1,
                treat_missing_data=watched.missing,
            )
            alarm.add_alarm_action(tell)
            alarm.add_ok_action(tell)
            self.names.append(name)

    def _watched(self) -> Iterator[_Watched]:
        measured: dict[_Kind, list[_Measured]] = {}
        for each in self._measured():
            measured.setdefault(each.kind, []).append(each)
        for kind, things in measured.items():
            for number, some in enumerate(batched(things, METRICS_MAX), 1):
                yield _of_kind(kind, some, number)
        for construct in Stack.of(self).node.find_all():
            if isinstance(construct, MembershipApi):
                yield _faults(construct)
        if self._of_the_suite:
            yield from _of_the_programme()
        if self._of_providers:
            yield from _of_payments()

    def _measured(self) -> Iterator[_Measured]:
        for each in Stack.of(self).node.find_all():
            match each:
                case ProgrammeFunction():
                    yield from _of_function(each)
                case StreamConsumer():
                    yield _behind(each)
                case TaskQueue():
                    yield _old_tasks(each)
                case FailureQueue():
                    yield _set_aside(each)


def batched(things: Sequence[T], at_most: int) -> Iterator[Sequence[T]]:
    """Give things in their order, so many at a time."""
    return (things[start : start + at_most] for start in range(0, len(things), at_most))


def _of_kind(kind: _Kind, some: Sequence[_Measured], number: int) -> _Watched:
    """Return the alarm on some things of a kind; description and graph name each of them."""
    keys = names(len(some))
    return _Watched(
        name=kind.name if number == 1 else f"{kind.name}-{number}",
        says=f"{kind.says}: one of {', '.join(each.title for each in some)}.",
        metric=cloudwatch.MathExpression(
            expression=written(kind.how, keys),
            label=kind.name,
            using_metrics={key: each.metric for key, each in zip(keys, some, strict=True)},
            period=FIVE_MINUTES,
        ),
        above=kind.above,
        page=kind.page,
    )


def _of_function(function: ProgrammeFunction) -> Iterator[_Measured]:
    title = function.node.id
    errors = function.metric_errors(statistic=cloudwatch.Stats.SUM, period=FIVE_MINUTES, label=title)
    throttles = function.metric_throttles(statistic=cloudwatch.Stats.SUM, period=FIVE_MINUTES, label=title)
    yield _Measured(kind=ERRORS, title=title, metric=errors)
    yield _Measured(kind=THROTTLES, title=title, metric=throttles)


def _behind(consumer: StreamConsumer) -> _Measured:
    title = consumer.node.id
    metric = consumer.function.metric(
        "IteratorAge", statistic=cloudwatch.Stats.MAXIMUM, period=FIVE_MINUTES, label=title
    )
    return _Measured(kind=STREAMS_BEHIND, title=title, metric=metric)


def _old_tasks(work: TaskQueue) -> _Measured:
    title = work.node.id
    metric = work.queue.metric_approximate_age_of_oldest_message(
        statistic=cloudwatch.Stats.MAXIMUM, period=FIVE_MINUTES, label=title
    )
    return _Measured(kind=TASKS_BEHIND, title=title, metric=metric)


def _set_aside(queue: FailureQueue) -> _Measured:
    metric = queue.metric_approximate_number_of_messages_visible(
        statistic=cloudwatch.Stats.MAXIMUM, period=FIVE_MINUTES, label=queue.title
    )
    return _Measured(kind=FAILURES, title=queue.title, metric=metric)


def _faults(api: MembershipApi) -> _Watched:
    return _Watched(
        name="api-faults",
        says="The API answered 5xx more often than now and then.",
        metric=api.http_api.metric_server_error(statistic=cloudwatch.Stats.SUM, period=FIVE_MINUTES),
        above=API_FAULTS_MAX,
        page="api-faults",
    )


def _of_the_programme() -> Iterator[_Watched]:
    yield _Watched(
        name="audit-differences",
        says="An account or an order did not fit at the audit of the points.",
        metric=programme_metric("audit_differences", AUDIT_SERVICE, HOUR),
        above=0,
        page="audit-differences",
        missing=cloudwatch.TreatMissingData.IGNORE,
    )
    overdue = programme_metric("jobs_overdue", WATCH_SERVICE, HOUR)
    yield _Watched(
        name="jobs-overdue",
        says="A job has not come to its end in its time.",
        metric=overdue,
        above=0,
        page="jobs-overdue",
        missing=cloudwatch.TreatMissingData.IGNORE,
    )
    yield _Watched(
        name="jobs-unwatched",
        says="Nobody has looked for an hour whether the jobs come to their end.",
        metric=programme_metric("jobs_overdue", WATCH_SERVICE, HOUR, cloudwatch.Stats.SAMPLE_COUNT),
        above=1,
        below=True,
        page="jobs-unwatched",
        missing=cloudwatch.TreatMissingData.BREACHING,
    )
    yield _Watched(
        name="cases-overdue",
        says="Staff have let the deadline of a case pass.",
        metric=programme_metric(cases.OVERDUE, CASES_SERVICE, HOUR, cloudwatch.Stats.SUM),
        above=0,
        page="after-sales",
    )


def _of_payments() -> Iterator[_Watched]:
    refused = [(f"{payments.REFUSED}{provider}", NOTIFICATIONS_SERVICE) for provider in PROVIDERS]
    yield _Watched(
        name="notifications-refused",
        says="More notifications than now and then were no provider's own, or not for us.",
        metric=_summed("notifications refused", refused),
        above=REFUSED_MAX,
        page="payments",
    )
    yield _Watched(
        name="notices-late",
        says="What a provider told was not worked off in ten minutes.",
        metric=programme_metric(payments.LATE, NOTICES_SERVICE, FIVE_MINUTES, cloudwatch.Stats.SUM),
        above=0,
        page="payments",
    )
    for name, metric, says in (
        ("payments-unassigned", payments.UNASSIGNED, "Money has come in that is no order's."),
        (
            "payments-conflicting",
            payments.CONFLICTING,
            "Staff have recorded a payment otherwise than its provider.",
        ),
    ):
        counted = [(metric, service) for service in MONEY_SERVICES]
        yield _Watched(name=name, says=says, metric=_summed(name, counted), above=0, page="payments")
    for name, metric, says in (
        ("payment-differences", payments.DIFFERENCES, "A provider's statement and we do not agree."),
        ("refunds-failed", payments.REFUNDS_FAILED, "A provider will not pay money back: staff have to."),
        ("refunds-doubled", payments.REFUNDS_DOUBLED, "What staff paid back was paid back, too."),
    ):
        counted_by_worker = programme_metric(metric, NOTICES_SERVICE, FIVE_MINUTES, cloudwatch.Stats.SUM)
        yield _Watched(name=name, says=says, metric=counted_by_worker, above=0, page="payments")


def _summed(label: str, counted: Sequence[tuple[str, str]]) -> cloudwatch.IMetric:
    """Return the sum of figures, each by its name and that of the function which counts it."""
    keys = names(len(counted))
    return cloudwatch.MathExpression(
        expression=written(SUM, keys),
        label=label,
        using_metrics={
            key: programme_metric(name, service, FIVE_MINUTES, cloudwatch.Stats.SUM)
            for key, (name, service) in zip(keys, counted, strict=True)
        },
        period=FIVE_MINUTES,
    )


def programme_metric(
    name: str, service: str, period: Duration, statistic: str = cloudwatch.Stats.MAXIMUM
) -> cloudwatch.Metric:
    """Return a figure that a function of this name counts, in the programme's words."""
    return cloudwatch.Metric(
        namespace=METRICS,
        metric_name=name,
        dimensions_map={"service": service},
        statistic=statistic,
        period=period,
    )
