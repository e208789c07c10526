"""The operator's commands on the local cloud."""

import json

from local.aws import Aws
from tests.support.events import stream_record
from tests.support.stack import Stack


def test_up_again_changes_nothing(deployed: Stack) -> None:
    again = deployed.local("up")
    assert (again["fresh"], again["started"], again["deployed"]) == (False, False, False)
    assert again["outputs"] == deployed.outputs
    assert deployed.local("status")["outputs"] == deployed.outputs


def test_the_clock_only_moves_forward(deployed: Stack) -> None:
    for back in ("-1d", "2020-01-01T00:00:00+08:00"):
        refused = deployed.try_local("clock", back)
        assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)


def test_a_job_is_fired_with_its_schedules_input_and_its_counts_come_back(deployed: Stack) -> None:
    """The posting, given an order without changes, is as good a job as any: the stack has none yet."""
    aws = Aws(deployed.local("status")["endpoint"])
    stack = "memberday-dev"
    functions = aws.client("lambda").list_functions()["Functions"]
    (posting,) = [each for each in functions if each["Handler"] == "functions.points.stream.handler"]
    record = stream_record({"order_id": "ord_1", "member_id": "nobody", "changes": []})
    batch = json.dumps({"Records": [record]})
    target = {"Arn": posting["FunctionArn"], "RoleArn": posting["Role"], "Input": batch}
    scheduler = aws.client("scheduler")
    scheduler.create_schedule(
        Name="trial",
        GroupName=stack,
        ScheduleExpression="rate(1 days)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
    )
    try:
        assert deployed.local("fire", "trial") == {"job": "trial", "batchItemFailures": []}
        unknown = deployed.try_local("fire", "nothing")
        assert unknown.returncode == 1
        assert "trial" in unknown.stderr
    finally:
        scheduler.delete_schedule(Name="trial", GroupName=stack)


def test_only_loopback_is_listened_on(deployed: Stack) -> None:
    endpoint = deployed.local("status")["endpoint"]
    assert endpoint.startswith("http://127.0.0.1:")


def test_seeding_puts_in_what_is_lacking_and_leaves_the_rest_alone(deployed: Stack) -> None:
    deployed.local("up", "--seed")
    path = "/products/tea-longjing-100"
    product = deployed.call("GET", path, who="clerk", staff=True).body
    assert product["stock"] == 100
    changed = {"name": product["name"], "price_fen": 1, "member_zone": False}
    deployed.call("PUT", path, changed, who="clerk", staff=True)
    deployed.local("up", "--seed")
    assert deployed.call("GET", path, who="clerk", staff=True).body == product | changed | {
        "your_price_fen": 1
    }
    assert deployed.call("GET", "/members/me", who="alice").body["name"] == "Alice"
