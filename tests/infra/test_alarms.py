"""Nothing that fails is silent: every function, queue and stream is looked at; each alarm has its page."""

import copy
import json
import re
from collections import Counter
from typing import Any

import pytest

from functions.aftersales import metrics as cases
from functions.catalog.metrics import COUNTED as CATALOG
from functions.contexts import GROUPS
from functions.orders.metrics import COUNTED as ORDERS
from functions.orders.order import CLOSED
from functions.payments import metrics as payments
from functions.payments.providers.directory import NAMES as PROVIDERS
from functions.points.ledger import EntryKind
from functions.points.metrics import NAMES
from functions.tiers.stream import COUNTED as MEMBERS
from infra.constructs.function import METRICS
from infra.expressions import METRICS_MAX
from local import monitor
from tests.infra.conftest import ROOT, Template, resources

PAGE = "runbook/payments.md"
RUNBOOK = ROOT / "docs" / "runbook"
_NUMBER = re.compile(r"-\d+$")
COUNTED = re.compile(r"""(?:add_metric\(\s*name=|_add\()f?"([a-z_]+)[{"]""")


def alarms(template: Template) -> dict[str, dict[str, Any]]:
    """Return all alarms by what they are called within their stack."""
    found = resources(template, "AWS::CloudWatch::Alarm").values()
    return {each["AlarmName"].partition("-")[2].partition("-")[2]: each for each in found}


def metrics_of(alarm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the metrics that an alarm looks at, each with its statistic, by its expression's names."""
    if "Metrics" not in alarm:
        return {"": {**alarm, "Stat": alarm["Statistic"]}}
    stats = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    return {key: {**stat["Metric"], "Stat": stat["Stat"]} for key, stat in stats.items()}


def watched(template: Template, namespace: str, metric: str) -> set[str]:
    """Return what the alarms on a metric are about, by the values of their dimensions."""
    looked_at = [
        json.dumps(dimension["Value"], sort_keys=True)
        for alarm in alarms(template).values()
        for each in metrics_of(alarm).values()
        if (each["Namespace"], each["MetricName"]) == (namespace, metric)
        for dimension in each["Dimensions"]
    ]
    assert len(looked_at) == len(set(looked_at)), "looked at twice"
    return set(looked_at)


def kind_of(name: str) -> str:
    """Return what an alarm is called without the group that it looks at, and its number."""
    group, _, rest = _NUMBER.sub("", name).partition("-")
    return rest if group in GROUPS else _NUMBER.sub("", name)


def by_kind(template: Template) -> dict[str, dict[str, Any]]:
    """Return the alarms that look at all there is of a kind."""
    return {
        name: alarm for name, alarm in alarms(template).items() if "Metrics" in alarm and not counted(alarm)
    }


def counted(alarm: dict[str, Any]) -> bool:
    """Tell whether an alarm looks at what functions count."""
    return {each["Namespace"] for each in metrics_of(alarm).values()} == {METRICS}


def counted_by(alarm: dict[str, Any]) -> set[tuple[str, str]]:
    """Return each figure that an alarm looks at, and the function that counts it."""
    found = set()
    for each in metrics_of(alarm).values():
        (dimension,) = each["Dimensions"]
        assert dimension["Name"] == "service"
        found.add((each["MetricName"], dimension["Value"]))
    return found


def deployed(alarm: dict[str, Any]) -> dict[str, Any]:
    """Return an alarm as a deployment has it, whose dimensions are names and no references."""
    metrics = copy.deepcopy(alarm["Metrics"])
    for each in metrics:
        for dimension in each.get("MetricStat", {}).get("Metric", {}).get("Dimensions", []):
            dimension["Value"] = json.dumps(dimension["Value"])
    return {**alarm, "Metrics": metrics, "StateValue": "OK"}


def test_alarms_are_by_kind_and_look_at_no_more_than_aws_takes(template: Template) -> None:
    metrics, count = Counter[str](), Counter[str]()
    for name, alarm in by_kind(template).items():
        kind = kind_of(name)
        metrics[_NUMBER.sub("", name)] += len(metrics_of(alarm))
        count[_NUMBER.sub("", name)] += 1
        assert len(metrics_of(alarm)) <= METRICS_MAX
        (asked,) = [each for each in alarm["Metrics"] if each.get("ReturnData", True)]
        assert asked["Expression"].startswith("SUM" if kind in ("errors", "throttles") else "MAX")
        seconds = {each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each}
        assert seconds == {300}
    assert {kind_of(name) for name in metrics} == {
        "errors",
        "throttles",
        "streams-behind",
        "tasks-behind",
        "failures",
    }
    assert count == {name: -(-found // METRICS_MAX) for name, found in metrics.items()}


def test_each_alarm_by_kind_goes_off_when_one_thing_is_broken_and_names_it(dev: Template) -> None:
    """The template's expressions, evaluated as the local cloud does, with one metric broken in turn (H3)."""
    for name, template_alarm in by_kind(dev).items():
        alarm = deployed(template_alarm)
        assert monitor.state_of(alarm, {}) == monitor.OK, name
        metrics = monitor.metrics_of(alarm)
        assert all(f"{each.title}" in alarm["AlarmDescription"] for each in metrics)
        well = {each.key: [0.0, float(alarm["Threshold"]) / len(metrics)] for each in metrics}
        assert monitor.state_of(alarm, well) == monitor.OK, name
        for each in metrics:
            broken = {each.key: [0.0, alarm["Threshold"] + 1.0]}
            assert monitor.state_of(alarm, broken) == monitor.ALARM, (name, each)
            assert monitor.at_fault(alarm, well | broken) == (each.title,)


def names_of(template: Template, kind: str, how: str) -> set[str]:
    """Return all resources of a kind, as dimensions name them."""
    found = resources(template, kind)
    if how == "Ref":
        return {json.dumps({"Ref": name}) for name in found}
    return {json.dumps({"Fn::GetAtt": [name, how]}) for name in found}


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
def test_every_function_has_an_alarm_for_errors_and_for_throttles(template: Template, metric: str) -> None:
    assert watched(template, "AWS/Lambda", metric) == names_of(template, "AWS::Lambda::Function", "Ref")


def test_every_reader_of_a_stream_has_an_alarm_for_being_behind(template: Template) -> None:
    readers = {
        json.dumps(mapping["FunctionName"])
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values()
        if "StartingPosition" in mapping
    }
    assert readers
    assert watched(template, "AWS/Lambda", "IteratorAge") == readers


def test_every_failure_queue_has_an_alarm_from_the_first_message_on(template: Template) -> None:
    queues = resources(template, "AWS::SQS::Queue")
    read = {
        mapping["EventSourceArn"]["Fn::GetAtt"][0]
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values()
        if mapping["EventSourceArn"]["Fn::GetAtt"][0] in queues
    }
    set_aside = {json.dumps({"Fn::GetAtt": [name, "QueueName"]}) for name in queues.keys() - read}
    assert set_aside
    assert watched(template, "AWS/SQS", "ApproximateNumberOfMessagesVisible") == set_aside
    for name, alarm in alarms(template).items():
        if kind_of(name) == "failures":
            assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
            assert {each["Stat"] for each in metrics_of(alarm).values()} == {"Maximum"}


def test_every_queue_of_tasks_has_an_alarm_for_tasks_that_wait(template: Template) -> None:
    waiting = watched(template, "AWS/SQS", "ApproximateAgeOfOldestMessage")
    read = {
        json.dumps({"Fn::GetAtt": [mapping["EventSourceArn"]["Fn::GetAtt"][0], "QueueName"]})
        for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values()
        if "StartingPosition" not in mapping
    }
    assert waiting == read


def test_the_programmes_own_alarms_look_at_figures_that_a_function_of_that_name_counts(
    template: Template,
) -> None:
    services = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]: function["Handler"]
        for function in resources(template, "AWS::Lambda::Function").values()
    }
    handlers = {
        "audit_differences": "functions.points.queue.handler",
        "jobs_overdue": "functions.operations.schedule.handler",
        cases.OVERDUE: "functions.aftersales.stream.handler",
        **dict.fromkeys(
            (payments.LATE, payments.DIFFERENCES, payments.REFUNDS_FAILED, payments.REFUNDS_DOUBLED),
            "functions.payments.queue.handler",
        ),
    }
    own = {name: each for name, each in alarms(template).items() if each.get("Namespace") == "memberday"}
    of_payments = {"notices-late", "payment-differences", "refunds-failed", "refunds-doubled"}
    of_the_suite = {"audit-differences", "jobs-overdue", "jobs-unwatched", "cases-overdue"}
    assert own.keys() == of_the_suite | of_payments
    for alarm in own.values():
        (dimension,) = alarm["Dimensions"]
        assert dimension["Name"] == "service"
        assert services[dimension["Value"]] == handlers[alarm["MetricName"]]


def test_A3_one_case_in_an_hour_of_which_staff_are_late_is_an_alarm(template: Template) -> None:
    alarm = alarms(template)["cases-overdue"]
    assert counted_by(alarm) == {(cases.OVERDUE, "CasesPublisher")}
    assert (alarm["Statistic"], alarm["Period"], alarm["Threshold"]) == ("Sum", 3_600, 0)
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_Y3_Y8_what_goes_wrong_with_payments_is_an_alarm(template: Template) -> None:
    recording = ("PaymentsHeard", "PaymentsWorker", "PaymentsApi")
    wanted = {
        "notifications-refused": (
            {(f"{payments.REFUSED}{each}", "PaymentsNotifications") for each in PROVIDERS},
            20,
        ),
        "notices-late": ({(payments.LATE, "PaymentsWorker")}, 0),
        "payments-unassigned": ({(payments.UNASSIGNED, each) for each in recording}, 0),
        "payments-conflicting": ({(payments.CONFLICTING, each) for each in recording}, 0),
        "payment-differences": ({(payments.DIFFERENCES, "PaymentsWorker")}, 0),
        "refunds-failed": ({(payments.REFUNDS_FAILED, "PaymentsWorker")}, 0),
        "refunds-doubled": ({(payments.REFUNDS_DOUBLED, "PaymentsWorker")}, 0),
    }
    found = {name: each for name, each in alarms(template).items() if each["AlarmDescription"].endswith(PAGE)}
    assert found.keys() == wanted.keys()
    services = {
        function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        for function in resources(template, "AWS::Lambda::Function").values()
    }
    for name, (figures, above) in wanted.items():
        alarm = found[name]
        assert counted_by(alarm) == figures
        assert {service for _, service in figures} <= services
        assert {each["Stat"] for each in metrics_of(alarm).values()} == {"Sum"}
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (above, "GreaterThanThreshold")
        assert alarm["TreatMissingData"] == "notBreaching"


def test_Y3_refusals_of_all_providers_together_are_one_alarm(dev: Template) -> None:
    alarm = deployed(alarms(dev)["notifications-refused"])
    keys = [each.key for each in monitor.metrics_of(alarm)]
    assert monitor.state_of(alarm, {key: [3.0, 3.0] for key in keys}) == monitor.OK
    assert monitor.state_of(alarm, {key: [4.0, 3.0] for key in keys}) == monitor.ALARM
    assert monitor.state_of(alarm, {keys[0]: [21.0]}) == monitor.ALARM


def test_no_figure_at_all_says_that_nobody_watches(template: Template) -> None:
    alarm = alarms(template)["jobs-unwatched"]
    assert (alarm["TreatMissingData"], alarm["Statistic"]) == ("breaching", "SampleCount")
    (schedule,) = [
        each
        for each in resources(template, "AWS::Scheduler::Schedule").values()
        if each["Name"] == "watch-jobs"
    ]
    assert schedule["ScheduleExpression"] == "rate(15 minutes)"
    assert alarm["Period"] * alarm["EvaluationPeriods"] > 15 * 60


def test_every_alarm_is_told_to_the_topic_when_it_goes_off_and_when_it_is_over(template: Template) -> None:
    (topic,) = resources(template, "AWS::SNS::Topic")
    for alarm in alarms(template).values():
        assert alarm["AlarmActions"] == [{"Ref": topic}] == alarm["OKActions"]


def test_alarms_may_publish_to_the_topic_which_has_a_policy_of_its_own(template: Template) -> None:
    (policy,) = resources(template, "AWS::SNS::TopicPolicy").values()
    (allowed,) = [each for each in policy["PolicyDocument"]["Statement"] if each["Effect"] == "Allow"]
    assert allowed["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert allowed["Action"] == "sns:Publish"
    assert "aws:SourceAccount" in allowed["Condition"]["StringEquals"]


def test_every_alarm_has_a_page_of_the_runbook_that_names_it(template: Template) -> None:
    for name, alarm in alarms(template).items():
        page = ROOT / alarm["AlarmDescription"].rpartition(" ")[2]
        assert page.parent == RUNBOOK
        text = page.read_text(encoding="utf-8")
        kind = kind_of(name)
        assert f"`{kind}`" in text, f"{page.name} does not name {kind}"
        for part in ("## What it means", "## What to look at", "## What to do"):
            assert part in text, f"{page.name} has no {part!r}"


def test_the_dashboard_shows_every_figure_that_the_programme_counts(template: Template) -> None:
    (dashboard,) = resources(template, "AWS::CloudWatch::Dashboard").values()
    body = json.dumps(dashboard["DashboardBody"])
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "functions").rglob("*.py")]
    literal = {name for source in sources for name in COUNTED.findall(source) if not name.endswith("_")}
    closed = {f"orders_{status.value}" for status in CLOSED}
    counted = {*NAMES.values(), *ORDERS.values(), *CATALOG.values(), *MEMBERS.values(), *closed, *literal}
    counted |= {payments.LATE, payments.UNASSIGNED, payments.CONFLICTING}
    counted |= {payments.REFUNDS_FAILED, payments.REFUNDS_DOUBLED, payments.DIFFERENCES}
    counted |= {cases.OPENED, cases.ANSWERED, cases.OVERDUE, cases.ANSWER_SECONDS}
    counted |= {f"{payments.REFUSED}{provider}" for provider in PROVIDERS}
    assert {"paid_amount_fen", "coupons_used", "audit_differences", "jobs_overdue"} <= counted
    unseen = {name for name in counted if f'\\"{name}\\"' not in body}
    assert unseen <= {"records_failed", "tasks_failed", "orders_replayed"}, unseen


def test_every_kind_of_entry_is_counted() -> None:
    assert set(NAMES) == set(EntryKind)


def test_K3_the_console_says_in_words_of_its_own_what_each_kind_of_alarm_means(template: Template) -> None:
    told = (ROOT / "web/console/src/pages/today/kinds.ts").read_text(encoding="utf-8")
    kinds = re.findall(r'^  "([a-z-]+)",$', told.partition("KINDS = [")[2].partition("]")[0], re.MULTILINE)
    assert sorted(kinds) == sorted({kind_of(name) for name in alarms(template)})
