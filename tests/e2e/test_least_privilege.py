"""Least privilege on the deployed stack: each function is let do what the table says, and nothing else.

With the credentials of each function's role, all that any function may do is tried, and much that none may.
The calls harm nothing where they are allowed: a condition fails, a row or a user does not exist, a figure is
out of range. What would harm, such as deleting a table, is tried on a neighbour that does not exist, and for
the stack's own held by the comparison of the roles' policies with the table.

Some rights the local cloud never asks for, because it acts itself: to feed a function from a stream or a
queue, to set aside what fails, to start a job, to write logs. That comparison and
``tests/infra/test_rights.py`` hold these, and PartiQL, which the local cloud knows as one action on no table.
"""

import copy
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import urllib3
from botocore.exceptions import ClientError

from reach.aws import ACCESS_KEY, SECRET_KEY
from tests.contexts import IN_PROD_ALONE, rights
from tests.contexts import NEEDS as ANYWHERE
from tests.support.rights import (
    differences,
    listed,
    schedule_rights,
    trust_in,
)
from tests.support.roles import NOBODY, UNKNOWN, UNTRIED, Attempt, Deployed, attempts
from tests.support.shopper import Shopper
from tests.support.stack import Stack

SECONDS_MAX = 30
NEEDS = {name: needed for name, needed in ANYWHERE.items() if name not in IN_PROD_ALONE}


@pytest.fixture(scope="module")
def cloud(deployed: Stack) -> Iterator[Deployed]:
    """The deployed stack's roles and resources."""
    cloud = Deployed(deployed)
    with cloud.its_time():
        yield cloud


@pytest.fixture(scope="module")
def tried(cloud: Deployed) -> list[Attempt]:
    """All calls that are tried."""
    return attempts(cloud)


def test_the_functions_of_the_stack_are_those_of_the_table(cloud: Deployed) -> None:
    assert cloud.roles.keys() == NEEDS.keys() == cloud.physical("Lambda::Function").keys()


def test_each_deployed_role_holds_the_rights_of_the_table_and_no_others(cloud: Deployed) -> None:
    found = {name: cloud.granted(role) for name, role in cloud.roles.items()}
    wanted = {name: rights(name) for name in NEEDS}
    for role, function in cloud.schedule_roles.items():
        found[role], wanted[role] = cloud.granted(role), schedule_rights(function)
    wrong = differences(found, wanted)
    assert not wrong, "\n".join(wrong)


def test_a_function_and_a_schedule_have_roles_that_only_their_services_take_on(cloud: Deployed) -> None:
    for role in cloud.roles.values():
        assert cloud.trust(role)["Statement"] == [trust_in("lambda")]
    for role in cloud.schedule_roles:
        (statement,) = cloud.trust(role)["Statement"]
        assert statement.keys() - trust_in("scheduler").keys() == {"Condition"}
        assert statement | trust_in("scheduler") == statement
    assert len({*cloud.roles.values(), *cloud.schedule_roles}) == len(cloud.physical("IAM::Role"))


def test_who_holds_every_right_is_refused_nothing_that_is_tried(
    cloud: Deployed, tried: list[Attempt]
) -> None:
    root = cloud.with_keys(ACCESS_KEY, SECRET_KEY)
    assert [str(each) for each in tried if each.denied(root)] == []


def test_every_right_of_the_table_is_tried(tried: list[Attempt]) -> None:
    asked = {attempt.right for attempt in tried}
    left = {right.action for name in NEEDS for right in rights(name) - asked}
    assert left == UNTRIED


@pytest.mark.parametrize("function", NEEDS)
def test_a_function_is_let_do_what_the_table_says_and_refused_everything_else(
    cloud: Deployed, tried: list[Attempt], function: str
) -> None:
    clients, granted = cloud.acting_as(cloud.roles[function]), rights(function)
    wrong = [
        f"{each}: {'refused' if refused else 'let through'}"
        for each in tried
        if (refused := each.denied(clients)) is not each.refused_with(granted)
    ]
    assert not wrong, "\n".join(wrong)


def test_a_schedules_role_is_not_taken_on_even_by_who_holds_every_right(cloud: Deployed) -> None:
    for role in cloud.schedule_roles:
        with pytest.raises(ClientError, match="AccessDenied"):
            cloud.acting_as(role)


def test_nobody_is_let_in_who_does_not_sign_with_the_keys_of_a_role(cloud: Deployed) -> None:
    given = cloud.client("sts").assume_role(RoleArn=cloud.roles["ShopApi"], RoleSessionName=NOBODY)
    key, token = given["Credentials"]["AccessKeyId"], given["Credentials"]["SessionToken"]
    for clients in (cloud.with_keys(key, NOBODY, token), cloud.with_keys("ASIANOBODY", NOBODY, NOBODY)):
        with pytest.raises(ClientError) as refused:
            clients("dynamodb").list_tables()
        assert refused.value.response["Error"]["Code"] in UNKNOWN


@contextmanager
def taken_away(cloud: Deployed, function: str, action: str) -> Iterator[None]:
    """Take an action from a function for a moment."""
    role = cloud.roles[function]
    before = cloud.policies(role)
    less = copy.deepcopy(before)
    for policy in less.values():
        for statement in policy["Statement"]:
            statement["Action"] = [each for each in listed(statement["Action"]) if each != action]
        policy["Statement"] = [each for each in policy["Statement"] if each["Action"]]
    assert less != before
    try:
        cloud.put_policies(role, less)
        yield
    finally:
        cloud.put_policies(role, before)
        assert cloud.policies(role) == before


def refusals(stack: Stack, function: str, action: str) -> int:
    """Return how often a function has logged that it may not do something."""
    lines = stack.local("logs", function)["lines"]
    return sum("AccessDenied" in line["message"] and action in line["message"] for line in lines)


def test_an_api_runs_with_the_rights_of_its_role_and_fails_without_one(
    deployed: Stack, cloud: Deployed
) -> None:
    shopper = Shopper(deployed)
    shopper.register()
    headers = {"authorization": f"Bearer {deployed.local('token', shopper.name)['access_token']}"}
    url, action = deployed.outputs["ApiUrl"] + "/members/me/coupons", "dynamodb:Query"
    before = refusals(deployed, "CouponsApi", action)
    with taken_away(cloud, "CouponsApi", action):
        answer = urllib3.request("GET", url, headers=headers, timeout=SECONDS_MAX, retries=False)
    assert answer.status == 500
    assert refusals(deployed, "CouponsApi", action) == before + 1
    assert shopper.get("/members/me/coupons").status == 200


def test_a_job_runs_with_the_rights_of_its_role_and_fails_without_one(
    deployed: Stack, cloud: Deployed
) -> None:
    with taken_away(cloud, "JobsWatch", "dynamodb:GetItem"):
        failed = deployed.try_local("fire", "watch-jobs")
    assert failed.returncode != 0
    assert "AccessDenied" in failed.stderr
    assert "dynamodb:GetItem" in failed.stderr
    assert deployed.local("fire", "watch-jobs")["job"] == "watch-jobs"
