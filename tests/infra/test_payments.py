"""What payments are deployed with: keys in secrets of their own, an open route with no rights (Y1, Y3)."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from functions.payments.providers.directory import NAMES as PROVIDERS
from functions.platform.dynamo import to_item
from infra.constructs.function import CORE_MEGABYTES
from infra.constructs.pages import APPS
from infra.stage import Stage
from tests.infra.conftest import (
    NOTIFICATIONS,
    PAYMENTS,
    PREFLIGHT,
    Template,
    only,
    resources,
    service,
    synthesise,
)
from tests.infra.test_template import readers_of

ENDPOINT = "http://127.0.0.1:4566"
USES = ("receive", "send")
BUCKET_POLICY = "AWS::S3::BucketPolicy"
SENDERS = {"PaymentsApi", "PaymentsWorker"}
RECEIVERS = {"PaymentsNotifications"}
OURS = {
    "PaymentsApi",
    "PaymentsNotifications",
    "PaymentsHeard",
    "PaymentsPublisher",
    "PaymentsJobs",
    "PaymentsWorker",
}


@pytest.fixture(scope="module")
def without(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A stage with no provider on."""
    return synthesise({"stage": "dev"}, tmp_path_factory.mktemp("without"))


def functions(template: Template) -> dict[str, dict[str, Any]]:
    """Return the functions by what they call themselves."""
    return {service(each): each for each in resources(template, "AWS::Lambda::Function").values()}


def environment(template: Template, name: str) -> dict[str, Any]:
    """Return what a function is told."""
    told: dict[str, Any] = functions(template)[name]["Environment"]["Variables"]
    return told


def policies(template: Template) -> dict[str, str]:
    """Return what the role of each function is given, as text."""
    found = resources(template, "AWS::IAM::Policy")
    return {name.partition("Role")[0]: json.dumps(each["PolicyDocument"]) for name, each in found.items()}


def statements(template: Template, kind: str) -> list[dict[str, Any]]:
    """Return what there is of a kind for statements."""
    found = resources(template, kind)
    return [own for name, own in found.items() if name.startswith("Statements")]


def secrets(template: Template) -> dict[str, str]:
    """Return the secrets of providers' keys: their names by their logical ids."""
    found = resources(template, "AWS::SecretsManager::Secret")
    return {each: own["Name"] for each, own in found.items() if "/payments/" in own.get("Name", "")}


def stage(tmp_path: Path, **context: str) -> Stage:
    """Return the stage that a context describes."""
    return Stage.of(App(outdir=str(tmp_path), context=context).node)


@pytest.mark.parametrize(
    ("context", "on", "keys"),
    [
        ({}, (), False),
        ({"payments": ""}, (), False),
        ({"payments": "none"}, (), True),
        ({"payments": "alipay"}, ("alipay",), True),
        ({"payments": "stripe,wechatpay"}, ("stripe", "wechatpay"), True),
        ({"target": "local", "endpoint": ENDPOINT}, PROVIDERS, True),
        ({"target": "local", "endpoint": ENDPOINT, "payments": "alipay"}, ("alipay",), True),
        ({"target": "local", "endpoint": ENDPOINT, "payments": ""}, (), False),
    ],
    ids=str,
)
def test_Y1_which_providers_are_on_is_a_setting_and_the_local_cloud_has_all(
    context: dict[str, str], on: tuple[str, ...], keys: bool, tmp_path: Path
) -> None:
    found = stage(tmp_path, **context)
    assert (found.payments, found.payment_keys) == (on, keys)


def test_with_no_provider_on_there_are_no_secrets_no_rights_to_any_and_no_alarms(without: Template) -> None:
    assert not secrets(without)
    for name in OURS:
        assert "secretsmanager" not in policies(without)[name]
    for name in SENDERS | RECEIVERS:
        assert environment(without, name)["PAYMENT_PROVIDERS"] == ""
    alarms = resources(without, "AWS::CloudWatch::Alarm").values()
    assert not [each for each in alarms if each["AlarmDescription"].endswith("payments.md")]


@pytest.mark.parametrize("payments", ["alipay", "none"])
def test_Y1_with_one_provider_on_or_none_yet_the_secrets_of_all_are_there(
    payments: str, tmp_path: Path
) -> None:
    template = synthesise({"stage": "prod", "payments": payments}, tmp_path)
    assert sorted(secrets(template).values()) == sorted(
        f"memberday/prod/payments/{provider}/{use}" for provider in PROVIDERS for use in USES
    )
    assert environment(template, "PaymentsApi")["PAYMENT_PROVIDERS"] == payments.replace("none", "")


def test_Y1_a_secret_holds_what_no_key_is_and_no_deployment_writes_over_what_is_put_there(
    template: Template,
) -> None:
    """CloudFormation writes a secret's text when it differs from the last template's, so it must never do."""
    found = secrets(template)
    assert len(found) == len(PROVIDERS) * len(USES)
    for name in found:
        own = template["Resources"][name]["Properties"]
        assert own["SecretString"] == "{}"
        assert "GenerateSecretString" not in own


@pytest.mark.parametrize(("name", "policy"), [("prod", "Retain"), ("dev", "Delete")])
def test_prod_keeps_the_keys_when_the_stack_goes(
    templates: dict[str, Template], name: str, policy: str
) -> None:
    for secret in secrets(templates[name]):
        resource = templates[name]["Resources"][secret]
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == policy


def test_Y1_each_secret_is_read_by_who_has_its_use_and_by_nobody_else(template: Template) -> None:
    for secret, name in secrets(template).items():
        readers = {each for each, text in policies(template).items() if f'"{secret}"' in text}
        assert readers == (SENDERS if name.endswith("/send") else RECEIVERS), name


def test_Y8_the_bucket_of_statements_is_private_encrypted_and_versioned_and_forgets(
    template: Template,
) -> None:
    (bucket,) = statements(template, "AWS::S3::Bucket")
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert (rule["ExpirationInDays"], rule["NoncurrentVersionExpiration"]) == (400, {"NoncurrentDays": 90})
    assert rule["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}


@pytest.mark.parametrize(("name", "policies_of_it"), [("dev", 1), ("prod", 1), ("local", 0)])
def test_Y8_the_bucket_of_statements_takes_nothing_but_tls_where_there_is_tls(
    templates: dict[str, Template], name: str, policies_of_it: int
) -> None:
    found = [each["PolicyDocument"]["Statement"] for each in statements(templates[name], BUCKET_POLICY)]
    assert len(found) == policies_of_it
    for (statement,) in found:
        plain = {"Bool": {"aws:SecureTransport": "false"}}
        assert (statement["Effect"], statement["Condition"]) == ("Deny", plain)


def test_Y8_the_worker_alone_reads_statements_and_puts_them_and_deletes_none(template: Template) -> None:
    found = {name: text for name, text in policies(template).items() if "s3:" in text}
    assert found.keys() - {"AuditArchive"} == {"PaymentsWorker"}
    assert "Delete" not in found["PaymentsWorker"].partition("s3:")[2]
    bucket = environment(template, "PaymentsWorker")["STATEMENTS_BUCKET"]
    assert "Statements" in json.dumps(bucket)
    for name in OURS - {"PaymentsWorker"}:
        assert "STATEMENTS_BUCKET" not in environment(template, name)


def test_Y8_with_no_provider_ever_on_there_is_no_bucket(without: Template) -> None:
    assert not statements(without, "AWS::S3::Bucket")
    assert environment(without, "PaymentsWorker")["STATEMENTS_BUCKET"] == ""
    assert "s3:" not in policies(without)["PaymentsWorker"]


def test_Y3_the_function_that_anybody_may_ask_reads_no_table_and_no_key_by_which_we_ask(
    template: Template,
) -> None:
    (policy,) = [
        each["PolicyDocument"]
        for name, each in resources(template, "AWS::IAM::Policy").items()
        if name.startswith("PaymentsNotificationsRole")
    ]
    text = json.dumps(policy)
    assert "dynamodb:PutItem" in text
    for more in (
        "GetItem",
        "Query",
        "Scan",
        "UpdateItem",
        "ConditionCheck",
        "Delete",
        "sqs:",
        "events:",
        "Send",
    ):
        assert more not in text
    tables = {each for each in resources(template, "AWS::DynamoDB::Table") if f'"{each}"' in text}
    assert [each[: len("Payments")] for each in tables] == ["Payments"]


def test_Y3_the_open_route_takes_so_much_that_nobody_can_use_up_the_stages_share(template: Template) -> None:
    live = only(template, "AWS::ApiGatewayV2::Stage")
    assert live["RouteSettings"][NOTIFICATIONS] == {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 100}
    (name,) = resources(template, "AWS::ApiGatewayV2::Stage")
    (route,) = [
        each
        for each, own in resources(template, "AWS::ApiGatewayV2::Route").items()
        if own["RouteKey"] == NOTIFICATIONS
    ]
    assert route in template["Resources"][name]["DependsOn"], "a gateway refuses settings of no route"
    public = {
        each["RouteKey"]
        for each in resources(template, "AWS::ApiGatewayV2::Route").values()
        if each["AuthorizationType"] == "NONE"
    }
    assert live["RouteSettings"].keys() == public - {PREFLIGHT}
    function = functions(template)["PaymentsNotifications"]
    assert function["ReservedConcurrentExecutions"] == 20
    assert function["Timeout"] <= 15


def test_Y3_providers_may_tell_us_on_every_stage_also_one_that_has_none_on(
    templates: dict[str, Template], without: Template, tmp_path: Path
) -> None:
    test = synthesise({"stage": "test", **PAYMENTS}, tmp_path)
    for template in (*(templates[name] for name in ("dev", "prod", "local")), without, test):
        (route,) = [
            each
            for each in resources(template, "AWS::ApiGatewayV2::Route").values()
            if each["RouteKey"] == NOTIFICATIONS
        ]
        assert route["AuthorizationType"] == "NONE"
        integration = template["Resources"][route["Target"]["Fn::Join"][1][1]["Ref"]]
        assert "PaymentsNotifications" in json.dumps(integration["Properties"]["IntegrationUri"])


def test_Y1_functions_of_payments_and_no_others_run_from_the_bundle_with_the_sdks(template: Template) -> None:
    code = {name: json.dumps(each["Code"], sort_keys=True) for name, each in functions(template).items()}
    assert {name for name in code if name.startswith("Payments")} == OURS
    assert len({code[name] for name in OURS}) == 1
    assert not {code[name] for name in OURS} & {code[name] for name in code.keys() - OURS}


def test_functions_are_told_where_providers_tell_them_and_shoppers_come_back_to(tmp_path: Path) -> None:
    page = "https://shop.example/paid?from=till"
    template = synthesise({"stage": "prod", **PAYMENTS, "return": page}, tmp_path)
    url = template["Outputs"]["ApiUrl"]["Value"]["Fn::Join"][1]
    for name in SENDERS:
        told = environment(template, name)
        assert told["PAYMENTS_RETURN_URL"] == page
        assert told["PAYMENT_SECRETS"] == "memberday/prod/payments"
        assert told["PAYMENTS_URL"]["Fn::Join"][1] == [*url, "/payments"]
    told = environment(template, "PaymentsNotifications")
    assert told.keys() & {"PAYMENT_PROVIDERS", "PAYMENT_SECRETS", "PAYMENTS_URL", "PAYMENTS_RETURN_URL"} == {
        "PAYMENT_PROVIDERS",
        "PAYMENT_SECRETS",
    }
    for name in OURS - SENDERS - RECEIVERS:
        assert not environment(template, name).keys() & {"PAYMENT_PROVIDERS", "PAYMENT_SECRETS"}


def test_on_the_local_cloud_providers_tell_us_at_its_endpoint(templates: dict[str, Template]) -> None:
    local = templates["local"]
    start, _, end = environment(local, "PaymentsApi")["PAYMENTS_URL"]["Fn::Join"][1]
    assert (start, end) == (f"{ENDPOINT}/_aws/execute-api/", "/payments")
    for name in SENDERS:
        storefront, path = environment(local, name)["PAYMENTS_RETURN_URL"]["Fn::Join"][1]
        assert path == "/paid"
        assert storefront["Fn::Select"][0] == list(APPS).index("storefront")


def test_on_aws_nobody_is_led_to_pages_that_the_shop_may_not_have_published(tmp_path: Path) -> None:
    template = synthesise({"stage": "prod", **PAYMENTS}, tmp_path)
    for name in SENDERS:
        assert environment(template, name)["PAYMENTS_RETURN_URL"] == ""


def test_Y3_who_answers_a_provider_or_a_shopper_has_a_core_to_load_an_sdk_with(template: Template) -> None:
    memory = {name: each["MemorySize"] for name, each in functions(template).items()}
    assert memory["PaymentsNotifications"] == memory["PaymentsApi"] == CORE_MEGABYTES


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"item": "ATTEMPT#01", "due": "x"}, set()),
        ({"item": "NOTICE", "to_work": "yes"}, {"heard"}),
        ({"item": "NOTICE", "to_work": None}, set()),
        ({"item": "MONEY", "told": "yes"}, {"stream"}),
        ({"item": "MONEY", "told": "yes", "to_work": "yes"}, {"heard", "stream"}),
    ],
    ids=["attempt", "notice", "notice worked off", "money", "money to work off"],
)
@pytest.mark.parametrize("event", ["INSERT", "MODIFY"])
def test_Y3_readers_hear_of_rows_that_are_to_be_worked_off_or_told(
    template: Template, row: dict[str, Any], wanted: set[str], event: str
) -> None:
    image = to_item({name: value for name, value in row.items() if value is not None})
    found = readers_of(template, "payments", image, event, part=2)
    assert found == wanted
    assert not readers_of(template, "payments", image, "REMOVE")
