"""What an operator does when an alarm goes off, on a deployment of its own: the runbook's commands, tried.

The last tests deploy restored tables and another policy.
"""

import json
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
import urllib3
from attrs import evolve
from memberday_client.api.reports import get_points_liability

from functions.offers import counting
from functions.offers.timetable import END_CAMPAIGNS
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform.dynamo import Tables
from functions.platform.fanout import per_shard
from functions.points.account_rows import LOT_SHARDS
from functions.points.timetable import RELEASE_POINTS
from ops.stack import Stack as Deployed
from reach.aws import Aws
from tests.support import accounts
from tests.support.answers import granted
from tests.support.coupons import OF_CODES
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import ROOT, Stack

RUNBOOK = ROOT / "docs" / "runbook"
COPIED = ("docs", "functions", "infra", "local", "ops", "reach", "requirements", "cdk.json")
LINKED = (".venv", "node_modules", ".build")
GIVE_UP_TRIES_MAX = 200
TRIED: set[str] = set()
"""The operator's commands that these tests have run."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A deployment of this module's own, from a copy of the project, whose policy may be changed."""
    root = tmp_path_factory.mktemp("project")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, root / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, root / name)
    for name in LINKED:
        (root / name).symlink_to(ROOT / name, target_is_directory=True)
    stack = Stack(tmp_path_factory.mktemp("cloud"), root)
    try:
        stack.up()
        yield stack
    finally:
        stack.try_local("reset")


@pytest.fixture
def listener(stack: Stack) -> Iterator[StackListener]:
    """Somebody who listens during one test."""
    listener = StackListener(stack)
    yield listener
    listener.close()


class OnCall:
    """Somebody whom the topic of the alarms tells."""

    def __init__(self, stack: Stack) -> None:
        aws = Aws(stack.local("status")["endpoint"])
        self._sqs, sns = aws.client("sqs"), aws.client("sns")
        self._queue = self._sqs.create_queue(QueueName=f"oncall-{uuid.uuid4().hex[:8]}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        queue, topic = attributes["Attributes"]["QueueArn"], stack.outputs["AlarmsTopicArn"]
        may_send = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [may_send]})
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": policy})
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
        self._stack = stack

    def told(self) -> dict[str, str]:
        """Look at the alarms; return what changed since the last look: alarms with their new states."""
        self._stack.local("alarms")
        found: dict[str, str] = {}
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            for message in messages:
                notice = json.loads(json.loads(message["Body"])["Message"])
                found[notice["AlarmName"].removeprefix("memberday-dev-")] = notice["NewStateValue"]
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found


def ops(stack: Stack, *arguments: str) -> dict[str, Any]:
    """Run a command of the operator's."""
    TRIED.add(arguments[0])
    return stack.ops(*arguments)


def aws_of(stack: Stack) -> Aws:
    """Return clients that may do everything."""
    return Aws(stack.local("status")["endpoint"])


def rows_of(stack: Stack) -> Tables:
    """Return the deployment's rows, past the code."""
    return Tables(aws_of(stack).client("dynamodb"))


def consumer(stack: Stack, title: str) -> str:
    """Return the event source mapping of a stream's reader."""
    aws = aws_of(stack)
    queue = Deployed(aws, "memberday-dev").failure_queue(title)
    (mapping,) = [
        each["UUID"]
        for each in aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        if each.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination") == queue.arn
    ]
    return str(mapping)


@pytest.fixture(scope="module", autouse=True)
def _few_retries(stack: Stack) -> None:
    """Give up after one retry instead of 25, so that a test need not wait for those."""
    functions = aws_of(stack).client("lambda")
    for title in ("OrdersToPoints", "OrdersToBus"):
        functions.update_event_source_mapping(UUID=consumer(stack, title), MaximumRetryAttempts=1)


@contextmanager
def without_rights(stack: Stack, function: str) -> Iterator[None]:
    """Take a function's rights away for a while."""
    aws = aws_of(stack)
    name = Deployed(aws, "memberday-dev").functions()[function]
    role = aws.client("lambda").get_function_configuration(FunctionName=name)["Role"].rpartition("/")[2]
    iam = aws.client("iam")
    (policy,) = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    nothing = {
        **document,
        "Statement": [{"Effect": "Allow", "Action": "xray:PutTraceSegments", "Resource": "*"}],
    }
    iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(nothing))
    try:
        yield
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document))


def given_up(stack: Stack) -> None:
    """Wait until what fails is set aside; until then the cloud says that it cannot settle."""
    for _ in range(GIVE_UP_TRIES_MAX):
        if stack.try_local("settle").returncode == 0:
            return
    stack.local("settle")


def waiting(stack: Stack, title: str) -> list[dict[str, Any]]:
    """Return what lies on a failure queue."""
    (found,) = [each for each in ops(stack, "failures")["failures"] if each["queue"] == title]
    what: list[dict[str, Any]] = found["what"]
    assert found["messages"] == len(what)
    return what


def test_case_29_31_what_failed_for_want_of_a_right_is_told_shown_and_redriven_once(stack: Stack) -> None:
    shopper, on_call = registered(stack, units=2), OnCall(stack)
    order = shopper.order(quantity=2)
    on_call.told()
    with without_rights(stack, "PointsPosting"):
        assert shopper.pay(order).status == "paid"
        given_up(stack)
    assert shopper.points() == (0, 0, 0)
    assert on_call.told()["programme-failures"] == "ALARM"
    (notice,) = waiting(stack, "OrdersToPoints")
    assert notice["rows"] == [{"order_id": order.order_id, "member_id": shopper.member_id}]
    assert ops(stack, "redrive", "OrdersToPoints") == {"redriven": 1, "forgotten": 0, "failed": []}
    assert ops(stack, "redrive", "OrdersToPoints")["redriven"] == 0
    assert waiting(stack, "OrdersToPoints") == []
    assert shopper.points() == (0, 199, 0)
    assert [entry.kind for entry in shopper.entries()] == ["earn"]
    stack.clock("+10m")
    assert on_call.told()["programme-failures"] == "OK"


def test_case_29_a_poison_row_stays_set_aside_until_it_is_mended(
    stack: Stack, listener: StackListener
) -> None:
    shopper, on_call = registered(stack, units=1), OnCall(stack)
    order = shopper.order()
    assert shopper.pay(order).status == "paid"
    stack.local("settle")
    rows, table = rows_of(stack), stack.outputs["OrdersTableName"]
    key = {"order_id": order.order_id, "item": "ORDER"}
    whole = rows.get(table, key)
    assert whole is not None
    on_call.told()
    kept = ("member_id", "placed_key", "paid_at", "status")
    rows.put(table, {**key, **{name: whole[name] for name in kept}})
    given_up(stack)
    told = on_call.told()
    assert (told["programme-failures"], told["shop-failures"]) == ("ALARM", "ALARM")
    redriven = ops(stack, "redrive", "OrdersToPoints")
    assert (redriven["redriven"], len(redriven["failed"])) == (0, 1)
    (notice,) = waiting(stack, "OrdersToPoints")
    assert notice["rows"][0]["order_id"] == order.order_id

    rows.put(table, whole)
    given_up(stack)
    heard = {event["detail"]["event_id"] for event in listener.hear()}
    for title in ("OrdersToPoints", "OrdersToBus"):
        assert ops(stack, "redeliver", title, order.order_id)["redelivered"] >= 1
        assert ops(stack, "discard", title)["discarded"] == 0  # the stream still knows it
        assert ops(stack, "discard", title, "--known")["discarded"] == 1
        assert waiting(stack, title) == []
    assert shopper.points() == (0, 110, 0)
    told_again = {event["detail"]["event_id"] for event in listener.hear()}
    assert told_again == heard  # the same facts under the same ids


def test_what_the_stream_has_forgotten_is_redelivered_from_the_rows(
    stack: Stack, listener: StackListener
) -> None:
    shopper = registered(stack, units=2)
    with without_rights(stack, "OrdersPublisher"):
        order = shopper.order(quantity=2)
        given_up(stack)
    (notice,) = waiting(stack, "OrdersToBus")
    listener.clock("+25h")
    assert ops(stack, "redrive", "OrdersToBus") == {"redriven": 0, "forgotten": 1, "failed": []}
    assert "OrderPlaced" not in [kind for kind, _ in listener.heard_of(order.order_id)]  # it has lapsed
    assert ops(stack, "redeliver", "OrdersToBus", notice["rows"][0]["order_id"])["redelivered"] == 1
    assert ops(stack, "discard", "OrdersToBus")["discarded"] == 1
    assert "OrderPlaced" in [kind for kind, _ in listener.heard_of(order.order_id)]


def test_tasks_and_jobs_that_were_set_aside_are_redriven(stack: Stack) -> None:
    shopper = registered(stack, units=2)
    order = shopper.order(quantity=2)
    shopper.pay(order)
    shopper.delivered(order)
    stack.local("settle")
    aws = aws_of(stack)
    deployed, sqs, scheduler = Deployed(aws, "memberday-dev"), aws.client("sqs"), aws.client("scheduler")
    schedule = scheduler.get_schedule(GroupName="memberday-dev", Name=RELEASE_POINTS)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="DISABLED")
    stack.clock("+8d")
    assert shopper.points() == (0, 199, 0)
    now = datetime.fromisoformat(stack.local("clock")["now"])
    tasks = per_shard(RELEASE_POINTS, now, LOT_SHARDS)
    queue = deployed.failure_queue("PointsWork").url
    for task in tasks:
        sqs.send_message(QueueUrl=queue, MessageBody=task.to_body())
    assert ops(stack, "redrive", "PointsWork")["redriven"] == LOT_SHARDS
    assert shopper.points() == (199, 0, 0)
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="ENABLED")

    jobs = deployed.failure_queue("Job").url
    sqs.send_message(QueueUrl=jobs, MessageBody=json.dumps({"job": LAPSE_UNPAID}))
    failed = {"requestPayload": {"job": AUTO_RECEIPT}, "requestContext": {"functionArn": "any"}}
    sqs.send_message(QueueUrl=jobs, MessageBody=json.dumps(failed))
    assert ops(stack, "redrive", "Job") == {"redriven": 2, "forgotten": 0, "failed": []}


def test_an_audit_difference_raises_its_alarm_and_the_next_audit_ends_it(stack: Stack) -> None:
    shopper, on_call = registered(stack), OnCall(stack)
    shopper.adjust(1_000)
    ops(stack, "fire", "audit-points")
    stack.local("settle")
    on_call.told()
    rows, table = rows_of(stack), stack.outputs["MembersTableName"]
    (year,) = shopper.entries()[0].available_by_year_delta.additional_keys
    accounts.hold_points(rows, table, shopper.member_id, {year: 990})
    stack.local("fire", "audit-points")
    assert on_call.told()["audit-differences"] == "ALARM"
    accounts.hold_points(rows, table, shopper.member_id, {year: 1_000})
    stack.clock("+61m")
    ops(stack, "replay")
    stack.local("fire", "audit-points")
    assert on_call.told()["audit-differences"] == "OK"


def test_a_job_that_no_longer_runs_is_overdue_until_it_has_run(stack: Stack) -> None:
    scheduler = aws_of(stack).client("scheduler")
    stack.local("fire", "watch-jobs")
    schedule = scheduler.get_schedule(GroupName="memberday-dev", Name=LAPSE_UNPAID)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="DISABLED")
    stack.clock("+50m")
    assert LAPSE_UNPAID in stack.local("fire", "watch-jobs")["overdue"]
    states = {each["alarm"]: each["state"] for each in stack.local("alarms")["alarms"]}
    assert states["memberday-dev-jobs-overdue"] == "ALARM"
    ops(stack, "fire", LAPSE_UNPAID)
    assert LAPSE_UNPAID not in ops(stack, "fire", "watch-jobs")["overdue"]
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="ENABLED")


def asked(stack: Stack, shopper: Shopper) -> urllib3.BaseHTTPResponse:
    """Return what the API answers a member, whatever it is."""
    token = stack.local("token", shopper.name)["access_token"]
    return urllib3.request(
        "GET",
        stack.outputs["ApiUrl"] + "/members/me",
        headers={"authorization": f"Bearer {token}"},
        retries=False,
    )


def answered(stack: Stack, shopper: Shopper) -> int:
    """Return the status that the API answers a member with."""
    return asked(stack, shopper).status


def found(stack: Stack, text: str) -> list[dict[str, Any]]:
    """Return the lines of all logs that name something, as the operator is shown them."""
    until = datetime.fromisoformat(stack.local("clock")["now"]) + timedelta(minutes=1)
    lines: list[dict[str, Any]] = ops(stack, "find", text, "--hours", "1", "--until", until.isoformat())[
        "lines"
    ]
    return [each["line"] | {"function": each["function"]} for each in lines]


def test_Z8_a_failed_request_is_found_with_its_cause_by_the_id_that_the_caller_was_told(stack: Stack) -> None:
    shopper = registered(stack)
    with without_rights(stack, "MembersApi"):
        refused = asked(stack, shopper)
    assert refused.status == 500
    lines = found(stack, refused.headers["x-request-id"])
    cause = next(each for each in lines if each["level"] == "ERROR")
    request = next(each for each in lines if each["message"] == "request")
    assert cause["function"] == request["function"] == "MembersApi"
    assert "AccessDenied" in cause["exception"]
    assert (request["caller"], request["route"], request["status"]) == (
        shopper.member_id,
        "GET /members/me",
        500,
    )


def test_Z8_a_slow_request_says_where_its_time_went_and_its_function_can_be_traced(stack: Stack) -> None:
    shopper = registered(stack, units=1)
    order = shopper.order()
    (line,) = [each for each in found(stack, order.order_id) if each["message"] == "request"][:1]
    assert line["function"] == "ShopApi"
    assert line["aws_calls"] >= 1
    assert line["took_ms"] >= line["aws_ms"] - 1
    functions = aws_of(stack).client("lambda")
    name = Deployed(aws_of(stack), "memberday-dev").functions()["ShopApi"]
    for command, mode in ((["--off"], "PassThrough"), ([], "Active")):
        ops(stack, "trace", "ShopApi", *command)
        assert functions.get_function_configuration(FunctionName=name)["TracingConfig"] == {"Mode": mode}


def test_Z8_a_lost_event_is_found_by_its_order_and_told_again(stack: Stack, listener: StackListener) -> None:
    shopper = registered(stack, units=1)
    with without_rights(stack, "OrdersPublisher"):
        order = shopper.order()
        given_up(stack)
    assert listener.heard_of(order.order_id) == []
    failed = [each for each in found(stack, order.order_id) if each["level"] == "ERROR"]
    assert {each["function"] for each in failed} == {"OrdersPublisher"}
    assert "AccessDenied" in failed[0]["exception"]
    (notice,) = waiting(stack, "OrdersToBus")
    assert notice["rows"][0]["order_id"] == order.order_id
    assert ops(stack, "redrive", "OrdersToBus")["redriven"] == 1
    assert [kind for kind, _ in listener.heard_of(order.order_id)] == ["OrderPlaced"]


def test_a_paused_stack_stands_still_and_goes_on(stack: Stack) -> None:
    shopper = registered(stack)
    functions = len(Deployed(aws_of(stack), "memberday-dev").functions())
    assert ops(stack, "pause") == {"paused": functions}
    assert answered(stack, shopper) >= 429
    assert ops(stack, "resume") == {"resumed": functions}
    assert answered(stack, shopper) == 200
    reserved = (
        aws_of(stack)
        .client("lambda")
        .get_function_concurrency(
            FunctionName=Deployed(aws_of(stack), "memberday-dev").functions()["PointsWorker"]
        )
    )
    assert reserved["ReservedConcurrentExecutions"] == 8


def test_restored_tables_take_the_place_of_the_others_and_everything_fits(stack: Stack) -> None:
    shopper = registered(stack, units=4)
    order = shopper.order("before", 2)
    shopper.pay(order)
    assert shopper.points() == (0, 199, 0)
    stack.local("fire", "audit-points")
    before = granted(get_points_liability.sync(client=shopper.clerk))

    ops(stack, "pause")
    context = ops(stack, "restore", "well", "--at", "2026-01-01T00:00:00+08:00")["context"]
    assert ops(stack, "restore", "well")["context"] == context  # broken off, it may be run again
    ops(stack, "resume")
    old = dict(stack.outputs)
    stack.up("-c", context)
    for name in ("Orders", "Members", "Catalog", "Payments", "Cases", "Reports"):
        output = f"{name}TableName"
        assert stack.outputs[output] == f"memberday-dev-{name}-well" != old[output]
    tables = aws_of(stack).client("dynamodb")
    described = tables.describe_table(TableName="memberday-dev-Members-well")["Table"]
    assert described["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    backups = tables.describe_continuous_backups(TableName="memberday-dev-Members-well")
    recovery = backups["ContinuousBackupsDescription"]["PointInTimeRecoveryDescription"]
    assert recovery["PointInTimeRecoveryStatus"] == "ENABLED"

    assert shopper.found(order).status == "paid"
    ops(stack, "replay")
    stack.local("settle")
    stack.local("fire", "audit-points")
    after = granted(get_points_liability.sync(client=shopper.clerk))
    assert after.as_of > before.as_of
    assert evolve(after, as_of=before.as_of) == before
    assert shopper.pay(shopper.order("after", 2)).status == "paid"  # the new streams are read
    assert shopper.points() == (0, 398, 0)


def test_a_wrong_policy_is_rolled_back_and_orders_keep_what_they_were_placed_under(stack: Stack) -> None:
    shopper = registered(stack, units=3)
    policy = stack.root / "functions" / "domain" / "policy.toml"
    right = policy.read_text(encoding="utf-8")
    first = shopper.order("first")
    restored = ["-c", "restored=" + _restored_streams(stack)]

    policy.write_text(re.sub(r"fee_fen = 1_000", "fee_fen = 9_000", right), encoding="utf-8")
    stack.up(*restored)
    wrong = shopper.order("wrong")
    assert (first.paid_fen, wrong.paid_fen) == (10_950, 18_950)
    policy.write_text(right, encoding="utf-8")
    stack.up(*restored)

    assert shopper.quote().paid_fen == 10_950
    kept = shopper.found(wrong)
    assert (kept.paid_fen, kept.policy_version) == (18_950, wrong.policy_version)
    assert kept.policy_version != first.policy_version
    assert shopper.pay(wrong).status == "paid"
    assert shopper.points() == (0, 190, 0)


def _restored_streams(stack: Stack) -> str:
    tables = aws_of(stack).client("dynamodb")
    return ",".join(
        f"{name}={tables.describe_table(TableName=f'memberday-dev-{name}-well')['Table']['LatestStreamArn']}"
        for name in ("Cases", "Catalog", "Members", "Orders", "Payments", "Reports")
    )


def test_Z1_stock_is_spread_when_staff_say_so_sold_from_all_rows_and_gathered(stack: Stack) -> None:
    shopper = registered(stack)
    sku = shopper.stocked(40, stock_rows=4).sku
    stack.local("settle")
    shown = stack.call("GET", f"/products/{sku}", who="clerk", staff=True).body
    assert (shown["stock"], shown["stock_rows"], shown["stock_rows_now"]) == (40, 4, 4)
    order = shopper.order(quantity=37)  # more than three rows have
    shopper.order("another", quantity=3)
    stack.local("settle")
    (found,) = [each for each in ops(stack, "stock")["stock"] if each["sku"] == sku]
    assert (found["stock"], found["rows"], found["faults"]) == (0, 1, [])  # empty, it is in one
    path = f"/orders/{order.order_id}/cancel"
    assert stack.call("POST", path, who="clerk", staff=True).body["status"] == "cancelled"
    stack.local("settle")
    (found,) = [each for each in ops(stack, "stock")["stock"] if each["sku"] == sku]
    assert (found["stock"], found["rows"], found["faults"]) == (37, 4, [])
    assert ops(stack, "stock", "--gather")["gathered"] >= 1
    (found,) = [each for each in ops(stack, "stock")["stock"] if each["sku"] == sku]
    assert (found["stock"], found["rows"], found["wanted"]) == (37, 1, None)


def _flash(shopper: Shopper, ends_at: datetime) -> dict[str, Any]:
    """Return what staff say of a flash sale of ten units that has begun."""
    return {
        "name": "Flash",
        "kind": "flash",
        "starts_at": (ends_at - timedelta(days=1)).isoformat(timespec="seconds"),
        "ends_at": ends_at.isoformat(timespec="seconds"),
        "terms": {"items": {shopper.sku: {"price_fen": 990, "units": 10}}, "per_member": 5},
        "limits": {"orders": 100},
        "status": "active",
    }


def test_V2_V14_a_campaign_that_has_not_ended_is_ended_and_what_is_counted_of_it_fits(stack: Stack) -> None:
    shopper = registered(stack, units=20)
    now = datetime.fromisoformat(stack.local("clock")["now"])
    path = f"/campaigns/{shopper.sku}"
    put = stack.call("PUT", path, _flash(shopper, now + timedelta(hours=2)), who="clerk", staff=True)
    assert put.status == 201, put.body
    order = shopper.order(quantity=3)
    assert shopper.pay(order).paid_fen < 9_950
    stack.local("settle")
    assert ops(stack, "offers", "--at", now.isoformat()) == {"differences": []}
    counter = counting.orders_counter(stack.outputs["CatalogTableName"], shopper.sku)
    rows = rows_of(stack)
    whole = rows.get(counter.table, counter.home)
    assert whole is not None
    rows.put(counter.table, whole | {counter.amount: 98})  # past the code
    found = stack.try_ops("offers", "--at", now.isoformat())
    assert found.returncode == 1
    assert json.loads(found.stdout)["differences"] == [
        {"what": "limit orders", "of": shopper.sku, "expected": 100, "found": 99}
    ]
    for limits in ({}, {"orders": 100}):  # it begins anew with what the figures say
        said = _flash(shopper, now + timedelta(hours=2)) | {"limits": limits}
        assert stack.call("PUT", path, said, who="clerk", staff=True).status == 200
    assert ops(stack, "offers", "--at", now.isoformat()) == {"differences": []}

    scheduler = aws_of(stack).client("scheduler")
    schedule = scheduler.get_schedule(GroupName="memberday-dev", Name=END_CAMPAIGNS)
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="DISABLED")
    stack.clock("+3h")
    of_staff: Any = {"who": "clerk", "staff": True}
    assert stack.call("GET", f"/products/{shopper.sku}", **of_staff).body["stock"] == 10
    ended = ops(stack, "fire", END_CAMPAIGNS)
    assert (ended["ended"], ended["left"]) == (1, 0)
    assert ops(stack, "fire", END_CAMPAIGNS)["ended"] == 0
    assert stack.call("GET", f"/products/{shopper.sku}", **of_staff).body["stock"] == 17
    scheduler.update_schedule(**{name: schedule[name] for name in kept}, State="ENABLED")
    later = now + timedelta(hours=3)
    assert ops(stack, "offers", "--at", later.isoformat()) == {"differences": []}


def test_V10_codes_that_leaked_give_no_coupon_once_their_template_is_paused(stack: Stack) -> None:
    first, second = registered(stack), registered(stack)
    of_staff: Any = {"who": "clerk", "staff": True}
    path, code = f"/coupon-templates/{first.sku}", f"LEAKED-{first.sku.partition('-')[2]}"
    template = {**OF_CODES, "name": "Leaked"}
    assert stack.call("PUT", path, template, **of_staff).status == 201
    batch = {"batch_id": "leaked", "code": code, "limit": 100}
    assert stack.call("POST", f"{path}/codes", batch, **of_staff).status == 201
    sent = {"code": code}
    got = stack.call("POST", "/members/me/coupon-codes", sent, who=first.name)
    assert got.status == 201
    assert stack.call("PUT", path, template | {"status": "paused"}, **of_staff).status == 200
    refused = stack.call("POST", "/members/me/coupon-codes", sent, who=second.name)
    assert (refused.status, refused.code) == (422, "code_not_valid")
    (kept,) = first.get("/members/me/coupons").body["items"]
    assert (kept["coupon_id"], kept["status"]) == (got.body["coupon_id"], "available")
    now = stack.local("clock")["now"]
    assert ops(stack, "offers", "--at", now) == {"differences": []}


def test_every_command_of_the_runbook_was_tried() -> None:
    pages = [file.read_text(encoding="utf-8") for file in RUNBOOK.glob("*.md")]
    written = {name for page in pages for name in re.findall(r"-m ops --stack \S+ (\w+)", page)}
    assert written
    assert written <= TRIED
