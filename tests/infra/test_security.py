"""What the template must hold so that an operator can sleep: closed by default, nothing starved."""

import json
from pathlib import Path

import pytest
from aws_cdk import App
from aws_cdk import aws_apigatewayv2 as apigateway
from constructs import IConstruct

from infra import nag
from infra.app import build
from tests.contexts import AT_ONCE_MAX
from tests.infra.conftest import PAYMENTS, ROOT, Template, only, resources, service, synthesise


def test_the_access_log_says_what_was_asked_and_nothing_of_who_asked(template: Template) -> None:
    settings = only(template, "AWS::ApiGatewayV2::Stage")["AccessLogSettings"]
    assert settings["DestinationArn"]["Fn::GetAtt"][0] in resources(template, "AWS::Logs::LogGroup")
    line = json.loads(settings["Format"])
    assert {"$context.requestId", "$context.routeKey", "$context.status"} <= set(line.values())
    for private in ("identity", "authorizer.claims", "path", "userAgent", "sourceIp"):
        assert not [value for value in line.values() if private in value]


def test_jobs_and_what_asks_for_no_token_have_concurrency_of_their_own_and_cannot_take_the_checkouts(
    template: Template,
) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        if most := AT_ONCE_MAX.get(service(function)):
            assert 1 <= function["ReservedConcurrentExecutions"] <= most
        else:
            assert "ReservedConcurrentExecutions" not in function


def test_a_worker_may_run_as_often_at_once_as_its_queue_delivers(template: Template) -> None:
    functions = resources(template, "AWS::Lambda::Function")
    for mapping in resources(template, "AWS::Lambda::EventSourceMapping").values():
        if "ScalingConfig" in mapping:
            worker = functions[mapping["FunctionName"]["Ref"]]
            wanted = mapping["ScalingConfig"]["MaximumConcurrency"]
            assert worker["ReservedConcurrentExecutions"] >= wanted


def test_an_account_with_a_small_quota_can_do_without_reserved_concurrency(tmp_path: Path) -> None:
    template = synthesise({"stage": "dev", "reserve": "no"}, tmp_path)
    for function in resources(template, "AWS::Lambda::Function").values():
        assert "ReservedConcurrentExecutions" not in function


def test_the_audit_may_read_everything_and_write_nothing_but_its_report(template: Template) -> None:
    written = set()
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        if not name.startswith("AuditWorkerRole"):
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            if {"dynamodb:PutItem", "dynamodb:UpdateItem"} & set(statement["Action"]) or statement[
                "Action"
            ] in ("dynamodb:PutItem", "dynamodb:UpdateItem"):
                written.add(statement["Resource"]["Fn::GetAtt"][0][: len("Reports")])
    assert written == {"Reports"}


def test_only_the_privacy_function_may_touch_users(template: Template) -> None:
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        touches = "cognito-idp:" in json.dumps(policy).replace("cognito-idp:AdminGetUser", "")
        assert touches is name.startswith("PrivacyApiRole")
    (statement,) = [
        each
        for policy in resources(template, "AWS::IAM::Policy").values()
        for each in policy["PolicyDocument"]["Statement"]
        if "cognito-idp:Admin" in json.dumps(each).replace("cognito-idp:AdminGetUser", "")
    ]
    assert set(statement["Action"]) == {"cognito-idp:AdminDeleteUser", "cognito-idp:ListUsers"}
    assert statement["Resource"]["Fn::GetAtt"][0] in resources(template, "AWS::Cognito::UserPool")


def test_no_role_may_reach_an_index_that_it_does_not_name(template: Template) -> None:
    for policy in resources(template, "AWS::IAM::Policy").values():
        for statement in policy["PolicyDocument"]["Statement"]:
            assert "/index/*" not in json.dumps(statement["Resource"])


def test_passwords_are_long_and_a_second_factor_is_offered(template: Template) -> None:
    pool = only(template, "AWS::Cognito::UserPool")
    policy = pool["Policies"]["PasswordPolicy"]
    assert policy["MinimumLength"] >= 12
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert pool["MfaConfiguration"] == "OPTIONAL"
    assert pool["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_what_nag_finds_stops_the_synthesis(tmp_path: Path) -> None:
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context={**flags, "stage": "dev"})
    stack = build(app)
    (live,) = [each for each in stack.node.find_all() if isinstance(each, apigateway.CfnStage)]
    live.access_log_settings = None
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        app.synth()
    report = json.loads((tmp_path / "validation-report.json").read_text())
    found = [
        violation["ruleName"] for plugin in report["pluginReports"] for violation in plugin["violations"]
    ]
    assert found == ["AwsSolutions-APIG1"]


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_every_suppression_of_nag_is_of_something_that_it_finds(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    suppressed: set[tuple[str, str]] = set()

    def collect(construct: IConstruct, rule: str, reason: str) -> None:
        assert len(reason.split()) > 8, "a reason is a sentence"
        suppressed.add((construct.node.path, rule))

    monkeypatch.setattr(nag, "_acknowledge", collect)
    with pytest.raises(RuntimeError, match="ValidationFailed"):
        synthesise({"stage": stage, **PAYMENTS}, tmp_path)
    found = {
        (
            construct["constructPath"].removesuffix("/Resource").removesuffix("/DefaultPolicy"),
            rule["ruleName"],
        )
        for plugin in json.loads((tmp_path / "validation-report.json").read_text())["pluginReports"]
        for rule in plugin["violations"]
        for construct in rule["violatingConstructs"]
    }
    assert {
        (path.removesuffix("/Resource").removesuffix("/DefaultPolicy"), rule) for path, rule in found
    } == (suppressed)
