"""A deployment of before, all in one stack, moves to stacks by group; nothing is lost or done twice (H2).

``one_stack.json.gz`` is the template that the CDK wrote for the local cloud at the last commit before. What
it leads to is of today: the code under its assets' names, and the handlers in it.
"""

import gzip
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from functions.contexts import GROUPS
from infra import bundle
from local.cloud import Cloud
from local.deployment import ASSETS_BUCKET
from local.interrupts import Interrupts
from ops.stack import Stack as Deployed
from reach.aws import Aws
from reach.folder import StateFolder
from tests.support.listener import StackListener
from tests.support.shopper import Shopper, registered
from tests.support.stack import COMMAND_SECONDS_MAX, ROOT, Stack

START = """
import pathlib, sys
from local.cloud import Cloud
from reach.folder import StateFolder
from local.interrupts import Interrupts
folder = StateFolder(pathlib.Path(sys.argv[1]))
with folder.locked():
    Cloud(folder, Interrupts()).start(None)
"""
SUITE = "memberday-dev"
BEFORE = Path(__file__).parent / "one_stack.json.gz"
_NAMED = re.compile(r'room\.(?:function|api|publisher)\(\s*"(\w+)",\s*"([\w.]+)"')
FUNCTION, QUEUE = "AWS::Lambda::Function", "AWS::SQS::Queue"
POLICY = "AWS::IAM::Policy"
RECORDS = "records-of-before"
"""The handlers of today write nothing of staff's without a record (K7): there is a table for them."""
RECORDS_TABLE = {
    "TableName": RECORDS,
    "BillingMode": "PAY_PER_REQUEST",
    "KeySchema": [
        {"AttributeName": "audit_id", "KeyType": "HASH"},
        {"AttributeName": "item", "KeyType": "RANGE"},
    ],
    "AttributeDefinitions": [
        {"AttributeName": "audit_id", "AttributeType": "S"},
        {"AttributeName": "item", "AttributeType": "S"},
    ],
}
PUTS_RECORDS = {
    "Effect": "Allow",
    "Action": "dynamodb:PutItem",
    "Resource": f"arn:aws:dynamodb:*:*:table/{RECORDS}",
}
EACH = ["OrderPaid", "OrderPlaced", "PointsEarned"]
"""What the outside hears of each paid order."""


def template(endpoint: str) -> dict[str, Any]:
    """Return the template of before, with the handlers of today; some have moved to another package."""
    text = gzip.decompress(BEFORE.read_bytes()).decode().replace("http://127.0.0.1:4566", endpoint)
    before: dict[str, Any] = json.loads(text)
    rooms = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "infra" / "contexts").glob("*.py"))
    handlers = dict(_NAMED.findall(rooms))
    for resource in before["Resources"].values():
        if resource["Type"] == FUNCTION:
            told_of = resource["Properties"]["Environment"]["Variables"]
            for table in ("PAYMENTS_TABLE", "CASES_TABLE"):  # which the code of before did not ask for
                told_of[table] = "not-there-yet"
            told_of["AUDIT_TABLE"] = RECORDS
            title = told_of["POWERTOOLS_SERVICE_NAME"]
            resource["Properties"]["Handler"] = handlers.get(title, resource["Properties"]["Handler"])
        if resource["Type"] == POLICY:
            resource["Properties"]["PolicyDocument"]["Statement"].append(PUTS_RECORDS)
    before["Resources"]["Records"] = {"Type": "AWS::DynamoDB::Table", "Properties": RECORDS_TABLE}
    return before


def deploy_one_stack(aws: Aws, endpoint: str, folder: Path) -> dict[str, str]:
    """Deploy the template of before, as ``cdk deploy`` did; return its outputs."""
    before = template(endpoint)
    s3, cloudformation = aws.client("s3"), aws.client("cloudformation")
    s3.create_bucket(Bucket=ASSETS_BUCKET)
    built = {
        handler: bundle.documents(bundle.HOST) if ".documents." in handler else bundle.build(bundle.HOST)
        for handler in ("functions.documents.api.handler", "functions.checkout.api.handler")
    }
    for resource in before["Resources"].values():
        if resource["Type"] != FUNCTION:
            continue
        properties = resource["Properties"]
        of_documents = ".documents." in properties["Handler"]
        code = next(each for handler, each in built.items() if (".documents." in handler) is of_documents)
        key = properties["Code"]["S3Key"]
        archive = folder / key
        if not archive.exists():
            shutil.make_archive(str(archive.with_suffix("")), "zip", code.folder)
            s3.upload_file(str(archive), ASSETS_BUCKET, key)
    s3.put_object(Bucket=ASSETS_BUCKET, Key="before.json", Body=json.dumps(before).encode())
    cloudformation.create_stack(
        StackName=SUITE,
        TemplateURL=f"{endpoint}/{ASSETS_BUCKET}/before.json",
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=SUITE, WaiterConfig={"Delay": 1, "MaxAttempts": 120}
    )
    (stack,) = cloudformation.describe_stacks(StackName=SUITE)["Stacks"]
    return {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    """A local cloud with the one stack of before in it."""
    stack = Stack(tmp_path / "cloud")
    try:
        # In a process of its own, as `up` does it: the server outlives who starts it.
        command = [sys.executable, "-c", START, str(stack.folder)]
        subprocess.run(command, cwd=ROOT, check=True, timeout=COMMAND_SECONDS_MAX)  # noqa: S603 - our own
        running = Cloud(StateFolder(stack.folder), Interrupts()).require()
        stack.outputs = deploy_one_stack(Aws(running.endpoint), running.endpoint, tmp_path)
        yield stack
    finally:
        stack.try_local("reset")


def paid(shopper: Shopper) -> str:
    """Order a tea and pay it; return the order's id."""
    order = shopper.order(key=f"k{len(shopper.entries())}")
    assert shopper.pay(order).status == "paid"
    return str(order.order_id)


def told(listener: StackListener, order_id: str) -> list[str]:
    """Return what the outside heard of an order, each fact once: again under the same id is no news."""
    facts = {detail["event_id"]: kind for kind, detail in listener.heard_of(order_id)}
    return sorted(facts.values())


def since_then(outputs: dict[str, str]) -> dict[str, str]:
    """Return the outputs that there were before tables of payments, cases and records, and before pages."""
    new = {"PaymentsTableName", "CasesTableName", "AuditTableName", "SignInUrl", "TokenIssuer"}
    return {
        name: value
        for name, value in outputs.items()
        if name not in new and not name.startswith(("Console", "Storefront"))
    }


def test_a_deployment_of_before_moves_with_an_order_in_between_and_nothing_is_lost_or_done_twice(
    stack: Stack,
) -> None:
    aws = Aws(stack.local("status")["endpoint"])
    deployed, listener, outputs = Deployed(aws, SUITE), StackListener(stack), stack.outputs
    assert deployed.stacks() == [SUITE]
    shopper = registered(stack, units=3)
    orders = [paid(shopper)]
    stack.local("settle")
    facts = told(listener, orders[0])
    assert facts == sorted([*EACH, "TierChanged"])
    before = shopper.points()

    stack.up("-c", "moving=yes")
    assert since_then(stack.outputs) == outputs | {"PointsJobsFunctionName": f"{SUITE}-PointsJobs"}
    assert deployed.stacks() == [SUITE, *sorted(f"{SUITE}-{group}" for group in GROUPS)]
    by_stack = [each.stack for each in deployed.all_of(FUNCTION)]
    assert by_stack.count(SUITE) == len(by_stack) / 2
    readers = [
        each["FunctionArn"]
        for each in aws.client("lambda").list_event_source_mappings()["EventSourceMappings"]
        if "/stream/" in each["EventSourceArn"]
    ]
    assert len(readers) == 9
    assert all(f":function:{SUITE}-" in each for each in readers)
    assert (
        shopper.points() == before
    )  # the API answers; what was read again from the stream's start had no effect
    orders.append(paid(shopper))

    stack.up()
    assert since_then(stack.outputs) == outputs | {"PointsJobsFunctionName": f"{SUITE}-PointsJobs"}
    assert SUITE not in {each.stack for each in deployed.all_of(FUNCTION)}
    assert {each.title for each in deployed.all_of(QUEUE) if each.stack == SUITE} == {"JobFailures"}
    orders.append(paid(shopper))
    stack.local("settle")
    for order in orders:
        assert told(listener, order) == (facts if order == orders[0] else EACH)
        assert [each.kind for each in shopper.entries() if each.order_id == order] == ["earn"]
    assert shopper.points()[1] == len(orders) * before[1]
    for job in ("lapse-unpaid", "release-points", "watch-jobs"):
        assert stack.local("fire", job)["job"] == job
    served = aws.client("apigatewayv2").get_integrations(ApiId=outputs["ApiUrl"].rpartition("/")[2])["Items"]
    assert all(f":function:{SUITE}-" in each["IntegrationUri"] for each in served)
    stack.local("fire", "audit-points")
    stack.local("settle")
    report = stack.call("GET", "/reports/points-differences", who="clerk", staff=True)
    assert (report.status, report.body["items"]) == (200, [])
