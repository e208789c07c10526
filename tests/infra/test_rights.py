"""The roles of the template, held against the table of what each function may do."""

import copy
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.contexts import IN_PROD_ALONE, NEEDS, rights
from tests.infra.conftest import Template, resources
from tests.support.rights import (
    Rights,
    construct,
    differences,
    listed,
    schedule_rights,
    stated,
    trust_in,
)

Json = dict[str, Any]
OTHER_PRINCIPALS = ("AWS::IAM::User", "AWS::IAM::Group", "AWS::IAM::ManagedPolicy", "AWS::IAM::UserPolicy")
DOCUMENTS = "DocumentsApi"
"""Is not in every stage; nor are those that prod alone has."""
GRANTING = re.compile(r"^(PolicyDocument|ResourcePolicy|AccessPolicy|Policy)$")


def called(resource: Any) -> str:
    """Return what a resource of a policy is called; one that no construct has is called as it is written."""
    match resource:
        case {"Fn::GetAtt": [logical_id, "Arn" | "Id"]}:
            return construct(logical_id)
        case {"Fn::GetAtt": [logical_id, "StreamArn"]}:
            return f"{construct(logical_id)}/stream"
        case {"Fn::Join": ["", [{"Fn::GetAtt": [logical_id, "Arn"]}, str(rest)]]}:
            return f"{construct(logical_id)}{rest}"
        case {"Fn::Join": ["", [*_, str(before), {"Ref": logical_id}]]} if before.endswith("::/apis/"):
            return construct(logical_id)
        case {"Ref": str(logical_id)}:  # a secret, which is its ARN
            return construct(logical_id)
        case _:
            return str(resource)


def by_role(template: Template) -> dict[str, Rights]:
    """Return what each role may do, by its logical id."""
    found: dict[str, Rights] = {name: frozenset() for name in resources(template, "AWS::IAM::Role")}
    for policy in resources(template, "AWS::IAM::Policy").values():
        assert not policy.keys() - {"PolicyDocument", "PolicyName", "Roles"}
        for role in policy["Roles"]:
            found[role["Ref"]] |= stated(policy["PolicyDocument"], called)
    return found


def functions(template: Template) -> dict[str, str]:
    """Return the functions' roles, by what the functions call themselves."""
    found = {}
    for logical_id, function in resources(template, "AWS::Lambda::Function").items():
        name = function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
        assert name == construct(logical_id)
        found[name] = function["Role"]["Fn::GetAtt"][0]
    return found


def keeps_data(template: Template) -> bool:
    """Tell whether it is the template of `prod`, whose tables cannot be deleted."""
    return all(
        each.get("DeletionProtectionEnabled") for each in resources(template, "AWS::DynamoDB::Table").values()
    )


def schedules(template: Template) -> dict[str, tuple[str, str]]:
    """Return each schedule's role, and the function that it starts."""
    return {
        schedule["Name"]: (
            schedule["Target"]["RoleArn"]["Fn::GetAtt"][0],
            called(schedule["Target"]["Arn"]),
        )
        for schedule in resources(template, "AWS::Scheduler::Schedule").values()
    }


def wrong(template: Template) -> list[str]:
    """Return what the functions and schedules of a template may do too much or too little."""
    granted = by_role(template)
    found = {name: granted[role] for name, role in functions(template).items()}
    missing = set() if "DocsUrl" in template["Outputs"] else {DOCUMENTS}
    if not keeps_data(template):
        missing |= IN_PROD_ALONE
    wanted = {name: rights(name) for name in NEEDS if name not in missing}
    for name, (role, function) in schedules(template).items():
        found[name], wanted[name] = granted[role], schedule_rights(function)
    return differences(found, wanted)


def test_each_function_and_schedule_may_do_what_the_table_says_and_nothing_else(template: Template) -> None:
    found = wrong(template)
    assert not found, "\n".join(found)


def test_every_role_is_a_functions_or_a_schedules(template: Template) -> None:
    roles = {*functions(template).values(), *(role for role, _ in schedules(template).values())}
    assert resources(template, "AWS::IAM::Role").keys() == roles
    for role in resources(template, "AWS::IAM::Role").values():
        assert not role.keys() & {"Policies", "ManagedPolicyArns", "PermissionsBoundary"}
    assert not [each for kind in OTHER_PRINCIPALS for each in resources(template, kind)]


def test_only_lambda_takes_on_a_functions_role(template: Template) -> None:
    roles = resources(template, "AWS::IAM::Role")
    for role in functions(template).values():
        assert roles[role]["AssumeRolePolicyDocument"]["Statement"] == [trust_in("lambda")]


def test_only_the_scheduler_takes_on_a_schedules_role_and_only_for_the_jobs_of_this_stack(
    template: Template,
) -> None:
    roles = copy.deepcopy(resources(template, "AWS::IAM::Role"))
    (group,) = resources(template, "AWS::Scheduler::ScheduleGroup").values()
    for role in {role for role, _ in schedules(template).values()}:
        (statement,) = roles[role]["AssumeRolePolicyDocument"]["Statement"]
        own = statement.pop("Condition")["StringEquals"]
        assert statement == trust_in("scheduler")
        assert own.pop("aws:SourceAccount") == {"Ref": "AWS::AccountId"}
        assert own.pop("aws:SourceArn")["Fn::Join"][1][-1].endswith(f":schedule-group/{group['Name']}")
        assert not own


def test_what_a_resource_says_itself_lets_in_nobody_but_services_of_aws(template: Template) -> None:
    """A queue, a topic or a function could let a role in whatever the role's policies say."""
    for name, resource in template["Resources"].items():
        if resource["Type"] == "AWS::IAM::Policy":
            continue
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Lambda::Permission":
            asks = "cognito-idp" if name.startswith("SignIn") else "apigateway"
            assert properties["Principal"] == f"{asks}.amazonaws.com", name
            assert properties["SourceArn"], name
            continue
        for key, policy in properties.items():
            if GRANTING.match(key):
                for statement in policy["Statement"]:
                    lets_in_a_service = isinstance(statement["Principal"], dict) and (
                        statement["Principal"].keys() == {"Service"} and "Condition" in statement
                    )
                    assert statement["Effect"] == "Deny" or lets_in_a_service, name


def _add(statement: Json) -> Callable[[list[Json]], None]:
    return lambda statements: statements.append(statement)


def _drop(action: str) -> Callable[[list[Json]], None]:
    def drop(statements: list[Json]) -> None:
        (statement,) = [each for each in statements if action in listed(each["Action"])]
        statement["Action"] = [each for each in listed(statement["Action"]) if each != action]

    return drop


EVERYWHERE = {"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": "*"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_add(EVERYWHERE), {"CouponsApi may dynamodb:GetItem on *"}),
        (_add(EVERYWHERE | {"Action": ["sqs:*"]}), {"CouponsApi may sqs:* on *"}),
        (_drop("dynamodb:ConditionCheckItem"), {"CouponsApi may not dynamodb:ConditionCheckItem on Members"}),
    ],
    ids=["one too many", "a wildcard", "one too few"],
)
def test_a_right_too_many_or_too_few_is_seen(
    dev: Template, change: Callable[[list[Json]], None], said: set[str]
) -> None:
    changed = copy.deepcopy(dev)
    policies = resources(changed, "AWS::IAM::Policy")
    (policy,) = [each for name, each in policies.items() if name.startswith("CouponsApiRole")]
    change(policy["PolicyDocument"]["Statement"])
    assert set(wrong(changed)) - set(wrong(dev)) == said


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "NotAction": "sqs:SendMessage", "Resource": "*"},
        {"Effect": "Allow", "Action": "sqs:SendMessage", "NotResource": "*"},
        {"Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*"},
        EVERYWHERE | {"Condition": {"Bool": {"aws:SecureTransport": "true"}}},
    ],
    ids=["all but an action", "all but a resource", "a refusal", "under a condition"],
)
def test_a_statement_that_is_no_plain_permission_is_not_passed_over(statement: Json) -> None:
    with pytest.raises(AssertionError, match="more than a plain permission"):
        stated({"Statement": [statement]}, called)
