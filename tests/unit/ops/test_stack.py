"""What an operator's command makes of a stack: which records a reader is given, which queues there are."""

import json
from typing import Any

import pytest

from ops.__main__ import main, parser
from ops.errors import OpsError
from ops.restore import context
from ops.stack import Consumer, Stack, matches, wanted

STREAM = "arn:aws:dynamodb:us-east-1:000000000000:table/orders/stream/2026"


def record(name: str, **image: Any) -> dict[str, Any]:
    """Return a stream's record of a row."""
    return {"eventName": name, "dynamodb": {"NewImage": image}}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ({"eventName": ["INSERT", "MODIFY"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"NewImage": {"item": {"S": ["ORDER"]}}}}, True),
        ({"dynamodb": {"NewImage": {"item": {"S": ["PAYMENT"]}}}}, False),
        ({"dynamodb": {"NewImage": {"item": {"S": [{"prefix": "ORD"}]}}}}, True),
        ({"dynamodb": {"NewImage": {"item": {"S": [{"prefix": "ENTRY"}]}}}}, False),
        ({"dynamodb": {"NewImage": {"due": {"S": [{"exists": True}]}}}}, False),
        ({"dynamodb": {"NewImage": {"item": {"S": [{"exists": True}]}}}}, True),
        ({"dynamodb": {"OldImage": {"item": {"S": ["ORDER"]}}}}, False),
        ({"eventName": ["INSERT"], "dynamodb": {"NewImage": {"item": {"S": ["ORDER"]}}}}, True),
        ({"eventName": ["MODIFY"], "dynamodb": {"NewImage": {"item": {"S": ["ORDER"]}}}}, False),
    ],
    ids=json.dumps,
)
def test_a_record_fits_a_filter_as_lambda_has_it(pattern: dict[str, Any], fits: bool) -> None:
    assert matches(pattern, record("INSERT", item={"S": "ORDER"})) is fits


def test_a_reader_is_given_what_fits_one_of_its_filters() -> None:
    order, payment = record("INSERT", item={"S": "ORDER"}), record("INSERT", item={"S": "PAYMENT"})
    one = {"dynamodb": {"NewImage": {"item": {"S": ["ORDER"]}}}}
    assert list(wanted(Consumer("f", STREAM, (one,)), [order, payment])) == [order]
    assert list(wanted(Consumer("f", STREAM, ()), [order, payment])) == [order, payment]


def test_a_readers_table_is_in_its_streams_name() -> None:
    assert Consumer("f", STREAM, ()).table == "orders"


class Account:
    """An account with these stacks, each of so many resources by their logical ids, with their kinds."""

    def __init__(self, **stacks: dict[str, str]) -> None:
        self._stacks = {name.replace("_", "-"): resources for name, resources in stacks.items()}

    def client(self, service: Any, *, read_seconds_max: int = 0, attempts: int = 0) -> Any:
        """Stand in for CloudFormation and its pages."""
        return self

    def get_paginator(self, operation: str) -> "Account":
        """Return its pages."""
        return self

    def paginate(self, *, StackName: str | None = None) -> list[dict[str, Any]]:
        """Give one page: the stacks, or what one consists of."""
        if StackName is None:
            return [{"Stacks": [{"StackName": name} for name in self._stacks]}]
        return [
            {
                "StackResourceSummaries": [
                    {
                        "LogicalResourceId": name,
                        "PhysicalResourceId": f"{StackName}-{name.lower()}",
                        "ResourceType": kind,
                    }
                    for name, kind in self._stacks[StackName].items()
                ]
            }
        ]

    def get_queue_attributes(self, *, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:
        """Say how full a queue is."""
        return {"Attributes": {"QueueArn": f"arn:{QueueUrl}", "ApproximateNumberOfMessages": "2"}}


def test_failure_queues_are_called_as_their_alarms_are() -> None:
    queue = "AWS::SQS::Queue"
    account = Account(
        memberday_dev_shop={"ShopApi12345678": "AWS::Lambda::Function"},
        memberday_dev_programme={
            "OrdersToPointsFailures1A2B3C4D": queue,
            "PointsWorkFailuresFFFFFFFF": queue,
            "PointsWorkTasks12345678": queue,
        },
        memberday_dev={"JobFailures00000000": queue},
        memberday_develop={"OtherFailures00000000": queue},
    )
    stack = Stack(account, "memberday-dev")
    assert stack.stacks() == ["memberday-dev", "memberday-dev-programme", "memberday-dev-shop"]
    found = stack.failure_queues()
    assert found.keys() == {"OrdersToPoints", "PointsWork", "Job"}
    assert (found["Job"].url, found["Job"].messages) == ("memberday-dev-jobfailures00000000", 2)
    assert stack.functions() == {"ShopApi": "memberday-dev-shop-shopapi12345678"}
    with pytest.raises(OpsError, match="there are Job, OrdersToPoints, PointsWork"):
        stack.failure_queue("Nothing")


def test_what_is_on_its_way_to_another_stack_is_there_twice_and_the_new_one_is_meant() -> None:
    function = {"ShopApi12345678": "AWS::Lambda::Function"}
    stack = Stack(Account(memberday_dev_shop=function, memberday_dev=function), "memberday-dev")
    assert stack.functions() == {"ShopApi": "memberday-dev-shop-shopapi12345678"}
    assert len(stack.all_of("AWS::Lambda::Function")) == 2  # a pause lets neither run


def test_a_stack_that_is_not_there_is_said() -> None:
    with pytest.raises(OpsError, match="no stack memberday-prod"):
        Stack(Account(memberday_dev={}), "memberday-prod").functions()


def test_restored_tables_are_told_to_a_deployment_in_one_word() -> None:
    assert context({"Orders": "arn:o", "Catalog": "arn:c"}) == "restored=Catalog=arn:c,Orders=arn:o"


@pytest.mark.parametrize("moment", ["yesterday", "2026-11-21T18:00:00", "2026-13-01T00:00:00Z"])
def test_a_moment_to_restore_to_is_a_time_with_its_offset(
    moment: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["restore", "well", "--at", moment])
    assert moment in capsys.readouterr().err


def test_a_local_cloud_that_does_not_run_is_said_in_one_line(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--dir", str(tmp_path), "failures"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("where", [["--local"], ["--dir", ".local"], ["--stack", "memberday-prod"], []])
def test_a_command_follows_where_it_is_to_work(where: list[str]) -> None:
    arguments = parser().parse_args([*where, "fire", "audit-points"])
    assert (arguments.command, arguments.job) == ("fire", "audit-points")
