"""What the template must hold, whatever else changes in it."""

import json
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from functions import contexts
from functions.orders.rows import DUE_SHARDS
from functions.platform.dynamo import to_item
from functions.points.passes import OVERLAP
from infra.app import build
from infra.constructs.function import CORE_MEGABYTES
from infra.stage import ContextError, Stage
from ops.stack import matches
from tests.contexts import AT_ONCE_MAX, NEEDS, TIMES
from tests.infra.conftest import (
    NOTIFICATIONS,
    PREFLIGHT,
    ROOT,
    Template,
    only,
    resources,
    service,
    synthesise,
)
from tests.support import tables

DOCUMENTS = "functions.documents.api.handler"
FORBIDDEN_TO_ALL = {"dynamodb:DeleteItem", "dynamodb:DeleteTable", "dynamodb:*"}


def statements(template: Template) -> list[dict[str, Any]]:
    """Return every statement of every role's policies."""
    found: list[dict[str, Any]] = []
    for policy in resources(template, "AWS::IAM::Policy").values():
        found += policy["PolicyDocument"]["Statement"]
    return found


def actions(statement: dict[str, Any]) -> set[str]:
    """Return the actions of a statement."""
    listed = statement["Action"]
    return set(listed) if isinstance(listed, list) else {listed}


def resources_of(statement: dict[str, Any]) -> list[Any]:
    """Return what a statement is about."""
    named = statement["Resource"]
    return named if isinstance(named, list) else [named]


def test_outputs_are_those_that_the_outside_relies_on(template: Template) -> None:
    assert template["Outputs"].keys() - {"DocsUrl"} == {
        "ApiUrl",
        "UserPoolId",
        "UserPoolClientId",
        "ServiceClientId",
        "SignInUrl",
        "TokenIssuer",
        "TokenUrl",
        *(
            f"{app}{what}"
            for app in ("Console", "Storefront")
            for what in ("Url", "ClientId", "BucketName", "DistributionId")
        ),
        "EventBusName",
        "OrdersTableName",
        "MembersTableName",
        "CatalogTableName",
        "ReportsTableName",
        "PaymentsTableName",
        "CasesTableName",
        "AuditTableName",
        "PointsJobsFunctionName",
        "AlarmsTopicArn",
        "DashboardName",
    }


def test_tables_are_the_ones_that_the_stores_are_tested_on(template: Template) -> None:
    declared = resources(template, "AWS::DynamoDB::Table")
    assert len(declared) == len(tables.PARTITION_KEYS)
    for name in tables.PARTITION_KEYS:
        (table,) = [each for logical_id, each in declared.items() if logical_id.startswith(name)]
        definition = tables.definition(name)
        assert table.get("GlobalSecondaryIndexes") == definition.get("GlobalSecondaryIndexes")
        assert table["KeySchema"] == definition["KeySchema"]
        by_name = sorted(table["AttributeDefinitions"], key=str)
        assert by_name == sorted(definition["AttributeDefinitions"], key=str)


def test_tables_are_on_demand_recoverable_encrypted_and_streamed(template: Template) -> None:
    for table in resources(template, "AWS::DynamoDB::Table").values():
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert table["SSESpecification"] == {"SSEEnabled": True}
        assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize(("stage", "kept"), [("prod", True), ("dev", False)])
def test_prod_keeps_its_data_and_dev_can_be_destroyed(
    templates: dict[str, Template], stage: str, kept: bool
) -> None:
    template = templates[stage]
    for kind in ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool"):
        for name, properties in resources(template, kind).items():
            assert template["Resources"][name]["DeletionPolicy"] == ("Retain" if kept else "Delete")
            protection = properties.get("DeletionProtectionEnabled", properties.get("DeletionProtection"))
            assert protection in ((True, "ACTIVE") if kept else (False, None, "INACTIVE"))


@pytest.mark.parametrize(("stage", "protected"), [("prod", True), ("dev", False)])
def test_prod_cannot_be_destroyed_by_one_command(stage: str, protected: bool, tmp_path: Path) -> None:
    flags = json.loads((ROOT / "cdk.json").read_text())["context"]
    app = App(outdir=str(tmp_path), context={**flags, "stage": stage})
    assert bool(build(app).termination_protection) is protected


def test_every_route_of_the_api_document_is_served_and_no_other(template: Template) -> None:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    documented = {
        f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods
    }
    served = {route["RouteKey"] for route in resources(template, "AWS::ApiGatewayV2::Route").values()}
    heads = {f"HEAD{route.removeprefix('GET')}" for route in documented if route.startswith("GET ")}
    assert NOTIFICATIONS in served, "providers tell what they have to tell on every stage"
    besides = {"GET /docs", "GET /docs/{file}", NOTIFICATIONS, PREFLIGHT}
    assert served - besides == documented | heads | {"$default"}


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        ({"stage": "dev"}, True),
        ({"stage": "prod"}, False),
        ({"stage": "test"}, False),
        ({"stage": "test", "target": "local", "endpoint": "http://127.0.0.1:4566"}, True),
    ],
    ids=str,
)
def test_the_document_is_shown_in_dev_and_on_the_local_cloud_only(
    context: dict[str, str], shown: bool, tmp_path: Path
) -> None:
    template = synthesise(context, tmp_path)
    routes = [each["RouteKey"] for each in resources(template, "AWS::ApiGatewayV2::Route").values()]
    assert sorted(each for each in routes if "/docs" in each) == (
        ["GET /docs", "GET /docs/{file}"] if shown else []
    )
    handlers = [each["Handler"] for each in resources(template, "AWS::Lambda::Function").values()]
    assert handlers.count(DOCUMENTS) == shown
    assert ("DocsUrl" in template["Outputs"]) is shown


def test_the_documents_function_has_code_and_settings_of_its_own(dev: Template) -> None:
    functions = resources(dev, "AWS::Lambda::Function").values()
    (shows,) = [each for each in functions if each["Handler"] == DOCUMENTS]
    assert shows["Environment"]["Variables"].keys() == {
        "POWERTOOLS_SERVICE_NAME",
        "POWERTOOLS_METRICS_NAMESPACE",
    }
    codes = {json.dumps(each["Code"], sort_keys=True) for each in functions if each is not shows}
    assert json.dumps(shows["Code"], sort_keys=True) not in codes


def test_every_route_asks_the_authorizer_first_but_those_of_the_document_and_of_providers(
    template: Template,
) -> None:
    for route in resources(template, "AWS::ApiGatewayV2::Route").values():
        public = route["RouteKey"] in ("GET /docs", "GET /docs/{file}", NOTIFICATIONS, PREFLIGHT)
        assert route["AuthorizationType"] == ("NONE" if public else "JWT")
        assert ("AuthorizerId" in route) is not public
    (authorizer,) = resources(template, "AWS::ApiGatewayV2::Authorizer").values()
    clients = resources(template, "AWS::Cognito::UserPoolClient")
    assert {each["Ref"] for each in authorizer["JwtConfiguration"]["Audience"]} == set(clients)


def test_functions_run_the_newest_python_on_arm64(template: Template) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.14", ["arm64"])
        assert function["Timeout"] <= 60


def test_functions_behind_the_api_time_out_before_it_does(template: Template) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        if ".api." in function["Handler"]:
            assert function["Timeout"] < 30


def test_each_function_has_a_role_of_its_own_without_managed_policies(template: Template) -> None:
    functions = resources(template, "AWS::Lambda::Function")
    roles = {function["Role"]["Fn::GetAtt"][0] for function in functions.values()}
    assert len(roles) == len(functions)
    for role in resources(template, "AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role


def test_no_role_may_delete_or_do_everything_and_only_who_reads_whole_tables_may_scan(
    template: Template,
) -> None:
    scanning = [each for each in statements(template) if "dynamodb:Scan" in actions(each)]
    for name, policy in resources(template, "AWS::IAM::Policy").items():
        scans = [each for each in policy["PolicyDocument"]["Statement"] if each in scanning]
        needs = NEEDS.get(name.partition("Role")[0], frozenset())
        tables = [table for each in scans for table in resources_of(each)]
        assert len(tables) == sum(right.action == "dynamodb:Scan" for right in needs)
    for statement in statements(template):
        assert statement["Effect"] == "Allow"
        assert not actions(statement) & FORBIDDEN_TO_ALL
        assert not {action for action in actions(statement) if action.endswith("*")}
        if statement["Resource"] == "*":
            assert actions(statement) <= {
                "cloudwatch:DescribeAlarms",
                "dynamodb:ListStreams",
                "xray:PutTraceSegments",
                "xray:PutTelemetryRecords",
            }


def stream_consumers(template: Template) -> list[dict[str, Any]]:
    """Return the event source mappings that read a table's stream."""
    mappings = resources(template, "AWS::Lambda::EventSourceMapping").values()
    return [each for each in mappings if "StartingPosition" in each]


def test_a_queue_is_worked_off_task_by_task_by_so_many_workers_and_sets_aside_what_fails(
    template: Template,
) -> None:
    mappings = resources(template, "AWS::Lambda::EventSourceMapping").values()
    queues, functions = (resources(template, kind) for kind in ("AWS::SQS::Queue", "AWS::Lambda::Function"))
    workers = [each for each in mappings if "StartingPosition" not in each]
    assert workers
    for worker in workers:
        assert worker["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert worker["BatchSize"] == 1
        queue = queues[worker["EventSourceArn"]["Fn::GetAtt"][0]]
        function = functions[worker["FunctionName"]["Ref"]]
        assert 2 <= worker["ScalingConfig"]["MaximumConcurrency"] <= AT_ONCE_MAX[service(function)]
        assert queue["VisibilityTimeout"] >= 6 * function["Timeout"]
        assert 1 < queue["RedrivePolicy"]["maxReceiveCount"] <= 10
        assert queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0] in queues


def test_Z3_no_function_lives_as_long_as_an_audit_begins_before_its_base(template: Template) -> None:
    # What is written at the end of an invocation says when its transaction was begun.
    for function in resources(template, "AWS::Lambda::Function").values():
        assert function.get("Timeout", 3) <= OVERLAP.total_seconds() / 3


def test_jobs_run_when_they_should_in_store_time(template: Template) -> None:
    schedules = resources(template, "AWS::Scheduler::Schedule").values()
    assert {each["Name"]: each["ScheduleExpression"] for each in schedules} == TIMES
    for schedule in schedules:
        if schedule["ScheduleExpression"].startswith("cron"):
            assert schedule["ScheduleExpressionTimezone"] == "Asia/Shanghai"
        assert json.loads(schedule["Target"]["Input"])["job"] == schedule["Name"].removesuffix("-again")
        assert schedule["Target"]["DeadLetterConfig"]["Arn"]
        assert schedule["Target"]["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_a_job_that_fails_is_tried_again_and_then_set_aside(template: Template) -> None:
    started = {
        schedule["Target"]["Arn"]["Fn::GetAtt"][0]
        for schedule in resources(template, "AWS::Scheduler::Schedule").values()
    }
    functions = resources(template, "AWS::Lambda::Function")
    started |= {name for name, each in functions.items() if service(each) in contexts.starters().values()}
    configured = resources(template, "AWS::Lambda::EventInvokeConfig").values()
    assert {each["FunctionName"]["Ref"] for each in configured} == started
    for each in configured:
        assert each["MaximumRetryAttempts"] > 0
        assert each["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0] in resources(
            template, "AWS::SQS::Queue"
        )


def test_stream_consumers_retry_finitely_and_set_aside_what_fails(template: Template) -> None:
    consumers = stream_consumers(template)
    assert consumers
    for consumer in consumers:
        assert consumer["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert consumer["BisectBatchOnFunctionError"] is True
        assert 0 < consumer["MaximumRetryAttempts"] <= 100
        assert 0 < consumer["MaximumRecordAgeInSeconds"] < 24 * 3600  # a stream keeps records for a day
        assert consumer["DestinationConfig"]["OnFailure"]["Destination"]
        assert consumer["StartingPosition"] == "TRIM_HORIZON"
        # Batches of a shard at once, as AWS allows; few of a reader that lets records gather.
        gathers = "MaximumBatchingWindowInSeconds" in consumer
        assert not gathers or consumer["ParallelizationFactor"] <= 2
        assert consumer["ParallelizationFactor"] <= 10
        # What is told is no older (Z1); what is copied for later days gathers for a minute (K7).
        most = 60 if "AuditArchive" in consumer["FunctionName"]["Ref"] else 4
        assert consumer.get("MaximumBatchingWindowInSeconds", 0) <= most


def test_Z8_all_is_traced_but_in_production_and_there_a_function_may_be(
    templates: dict[str, Template],
) -> None:
    for name in ("dev", "prod"):
        template = templates[name]
        functions = resources(template, "AWS::Lambda::Function").values()
        modes = {function["TracingConfig"]["Mode"] for function in functions}
        assert modes == {"PassThrough" if name == "prod" else "Active"}
        traces = [each for each in statements(template) if "xray:PutTraceSegments" in actions(each)]
        assert len(traces) == len(functions), "who may trace when an operator asks for it"


def test_Z8_lambda_itself_logs_what_failed_and_functions_all_that_they_say(template: Template) -> None:
    for function in resources(template, "AWS::Lambda::Function").values():
        says = function["LoggingConfig"]
        assert (says["LogFormat"], says["SystemLogLevel"], says["ApplicationLogLevel"]) == (
            "JSON",
            "WARN",
            "INFO",
        )


def test_Z8_only_readers_whose_records_nobody_waits_for_let_them_gather(dev: Template) -> None:
    functions = resources(dev, "AWS::Lambda::Function")
    windows = {
        functions[each["FunctionName"]["Ref"]]["Handler"]: each.get("MaximumBatchingWindowInSeconds", 0)
        for each in stream_consumers(dev)
    }
    points, coupons = "functions.points.stream.handler", "functions.coupons.stream.handler"
    payments = "functions.payments.heard.handler"
    assert {each for each, seconds in windows.items() if not seconds} == {points, coupons, payments}
    assert max(windows.values()) <= 10


@pytest.mark.parametrize(
    ("row", "event", "wanted"),
    [
        ({"status": "placed"}, "INSERT", set()),
        ({"status": "paid", "paid_at": "x"}, "INSERT", {"points"}),  # it cost nothing, or is delivered again
        ({"status": "paid", "paid_at": "x"}, "MODIFY", {"points"}),
        ({"status": "shipped", "paid_at": "x"}, "MODIFY", set()),
        ({"status": "shipped", "paid_at": "x"}, "INSERT", {"points"}),
        ({"status": "received", "paid_at": "x"}, "MODIFY", {"points"}),
        ({"status": "returned", "paid_at": "x"}, "MODIFY", {"points"}),
        ({"status": "refused", "paid_at": "x"}, "MODIFY", {"points"}),
        ({"status": "cancelled", "paid_at": "x"}, "MODIFY", {"points"}),
        ({"status": "cancelled"}, "MODIFY", set()),
        ({"status": "lapsed"}, "MODIFY", set()),
    ],
)
def test_Z8_posting_is_invoked_for_changes_that_concern_an_account(
    template: Template, row: dict[str, str], event: str, wanted: set[str]
) -> None:
    image = to_item({"item": "ORDER", "paid_at": None, **row})
    assert readers_of(template, "orders", image, event) == {"orders"} | wanted


@pytest.mark.parametrize(("applied", "wanted"), [(True, set()), (False, {"orders"})])
def test_Z8_a_payment_is_told_of_if_it_did_not_pay(
    template: Template, applied: bool, wanted: set[str]
) -> None:
    image = to_item({"item": "PAYMENT", "applied": applied})
    assert readers_of(template, "orders", image, "INSERT") == wanted


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ({"item": "PRODUCT", "stock": 0, "rows_least": None}, {"catalog"}),
        ({"item": "PRODUCT", "stock": 5, "generation": 1}, {"catalog", "counters"}),
        ({"item": "PRODUCT", "stock": 5, "rows_least": 4}, {"catalog", "counters"}),
        ({"item": "STOCK", "stock": 0, "terms": 1}, {"counters"}),
        ({"item": "HOT", "generation": 1}, {"counters"}),
        ({"item": "CAMPAIGN", "version": 1}, {"catalog"}),
        ({"item": "DIRECTORY", "version": 1}, set()),
        ({"item": "FIGURES", "orders": 1, "since_version": 2}, set()),
        ({"item": "SET_ASIDE", "units": 4, "terms": 1}, {"counters"}),
        ({"item": "SET_ASIDE", "units": 0, "terms": 1}, {"catalog", "counters"}),
        ({"item": "SET_ASIDE", "units": 4, "terms": 1, "generation": 2, "total": 0}, {"catalog", "counters"}),
        ({"item": "LIMIT", "orders_left": 4}, set()),
        ({"item": "LIMIT", "orders_left": 0}, {"catalog"}),
        ({"item": "LIMIT", "budget_left_fen": 0}, {"catalog"}),
        ({"item": "LIMIT", "orders_left": 4, "generation": 1, "total": 9}, {"counters"}),
        ({"item": "LIMIT", "orders_left": 4, "terms": 0}, {"counters"}),
    ],
    ids=lambda each: str(sorted(each)) if isinstance(each, set) else str(each),  # a set has no order
)
def test_V15_counters_are_kept_where_they_lie_in_several_rows_and_told_of_when_nothing_is_left(
    template: Template, row: dict[str, Any], wanted: set[str]
) -> None:
    assert readers_of(template, "catalog", to_item(row), "MODIFY") == wanted


def readers_of(
    template: Template, table: str, image: dict[str, Any], event: str, *, part: int = 1
) -> set[str]:
    """Return the contexts whose readers of a stream are given a new image, or another part of their names."""
    functions = resources(template, "AWS::Lambda::Function")
    record = {"eventName": event, "dynamodb": {"NewImage": image}}
    return {
        functions[each["FunctionName"]["Ref"]]["Handler"].split(".")[part]
        for each in stream_consumers(template)
        if table in json.dumps(each["EventSourceArn"]).lower()
        and any(matches(json.loads(one["Pattern"]), record) for one in each["FilterCriteria"]["Filters"])
    }


def test_no_stream_has_more_readers_than_dynamodb_allows(template: Template) -> None:
    readers: dict[str, int] = {}
    for consumer in stream_consumers(template):
        stream = json.dumps(consumer["EventSourceArn"])
        readers[stream] = readers.get(stream, 0) + 1
    assert max(readers.values()) <= 2


def test_queues_are_encrypted_and_on_aws_only_reached_over_tls(templates: dict[str, Template]) -> None:
    for name, template in templates.items():
        queues = resources(template, "AWS::SQS::Queue")
        assert queues
        assert all(queue["SqsManagedSseEnabled"] for queue in queues.values())
        policies = json.dumps(resources(template, "AWS::SQS::QueuePolicy"))
        assert ("aws:SecureTransport" in policies) is (name != "local")


def test_logs_end_some_day(template: Template) -> None:
    groups = resources(template, "AWS::Logs::LogGroup")
    assert len(groups) == len(resources(template, "AWS::Lambda::Function")) + 1  # the API's access log
    assert all(group["RetentionInDays"] for group in groups.values())


def test_the_stage_of_the_api_is_throttled(template: Template) -> None:
    (stage,) = resources(template, "AWS::ApiGatewayV2::Stage").values()
    assert stage["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    assert stage["DefaultRouteSettings"]["ThrottlingBurstLimit"] > 0


def test_staff_and_services_are_told_by_group_and_scope(template: Template) -> None:
    groups = resources(template, "AWS::Cognito::UserPoolGroup").values()
    assert {each["GroupName"] for each in groups} == {"staff", "clerk", "marketing", "finance", "admin"}
    (server,) = resources(template, "AWS::Cognito::UserPoolResourceServer").values()
    assert (server["Identifier"], [scope["ScopeName"] for scope in server["Scopes"]]) == (
        "membership",
        ["staff", "clerk", "marketing", "finance", "admin"],
    )
    service = [
        client
        for client in resources(template, "AWS::Cognito::UserPoolClient").values()
        if client.get("GenerateSecret")
    ]
    assert [client["AllowedOAuthFlows"] for client in service] == [["client_credentials"]]
    assert [client["ExplicitAuthFlows"] for client in service] == [["ALLOW_REFRESH_TOKEN_AUTH"]]
    (scope,) = service[0]["AllowedOAuthScopes"]
    assert scope["Fn::Join"][1][-1] == "/staff", "the scopes of roles are given to nobody (K7)"


def test_signing_in_tells_nobody_which_users_exist(template: Template) -> None:
    for client in resources(template, "AWS::Cognito::UserPoolClient").values():
        if not client.get("GenerateSecret"):
            assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_prod_has_no_flow_that_hands_over_a_password(templates: dict[str, Template]) -> None:
    for client in resources(templates["prod"], "AWS::Cognito::UserPoolClient").values():
        assert not {flow for flow in client.get("ExplicitAuthFlows", []) if "PASSWORD" in flow}


def test_only_what_the_local_cloud_cannot_do_differs_there(templates: dict[str, Template]) -> None:
    aws, local = templates["dev"]["Resources"], templates["local"]["Resources"]
    missing = {name: aws[name]["Type"] for name in aws.keys() - local.keys()}
    assert set(missing.values()) <= {
        "AWS::SQS::QueuePolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::S3::BucketPolicy",
    }
    assert local.keys() <= aws.keys()


def throttled_at(template: Template) -> tuple[int, int]:
    """Return how many requests a second, and at once, the API takes."""
    settings = only(template, "AWS::ApiGatewayV2::Stage")["DefaultRouteSettings"]
    return settings["ThrottlingRateLimit"], settings["ThrottlingBurstLimit"]


def warmed(template: Template) -> list[dict[str, int] | None]:
    """Return the warm throughput of all tables and indexes."""
    tables = resources(template, "AWS::DynamoDB::Table").values()
    indexes = [each for table in tables for each in table.get("GlobalSecondaryIndexes", [])]
    assert indexes
    return [each.get("WarmThroughput") for each in (*tables, *indexes)]


def test_Z2_a_stage_that_says_nothing_takes_as_much_as_new_tables_do(templates: dict[str, Template]) -> None:
    for template in templates.values():
        assert throttled_at(template) == (1_000, 2_000)
        assert set(warmed(template)) == {None}


def test_Z2_throttle_and_tables_of_a_stage_for_more_requests_rise_together(tmp_path: Path) -> None:
    template = synthesise({"stage": "prod", "requests": "3000"}, tmp_path)
    assert throttled_at(template) == (3_000, 6_000)
    for warm in warmed(template):
        assert warm == {"ReadUnitsPerSecond": 36_000, "WriteUnitsPerSecond": 12_000}


def test_Z2_the_workers_of_the_jobs_on_orders_have_a_core_and_one_for_each_shard(template: Template) -> None:
    functions = resources(template, "AWS::Lambda::Function").values()
    memory = {service(each): each["MemorySize"] for each in functions}
    assert memory["OrderWorker"] == CORE_MEGABYTES == 1_769
    assert AT_ONCE_MAX["OrderWorker"] == 2 * DUE_SHARDS


def test_the_bus_is_called_membership(template: Template) -> None:
    assert [bus["Name"] for bus in resources(template, "AWS::Events::EventBus").values()] == ["membership"]


@pytest.mark.parametrize(
    "context",
    [
        {"stage": "a-b"},
        {"stage": "ü"},
        {"stage": "aws1"},
        {"stage": ""},
        {"target": "mars"},
        {"target": "local"},
        {"listen": "CouponIssued,Nothing"},
        {"cors": "*"},
        {"cors": "shop.example"},
        {"cors": "https://shop.example/path"},
        {"stage": "prod", "cors": "http://shop.example"},
        {"reserve": "some"},
        {"requests": "many"},
        {"requests": "0"},
        {"requests": "-1000"},
        {"requests": "1e3"},
        {"requests": "10001"},
        {"payments": "paypal"},
        {"payments": "Stripe"},
        {"payments": "stripe,stripe"},
        {"payments": "stripe,none"},
        {"return": "shop.example"},
        {"return": "javascript:alert(1)"},
        {"return": "https://shop.example/paid#here"},
        {"return": f"https://shop.example/{'p' * 300}"},
        {"stage": "prod", "return": "http://shop.example/paid"},
        {"restored": "Orders=nothing"},
        {"restored": "Nothing=arn:aws:dynamodb:us-east-1:000000000000:table/x/stream/2026"},
    ],
    ids=str,
)
def test_a_context_that_describes_no_deployment_is_refused(context: dict[str, str], tmp_path: Path) -> None:
    node = App(outdir=str(tmp_path), context=context).node
    if context == {"stage": ""}:
        assert Stage.of(node).name == "dev"
        return
    with pytest.raises(ContextError):
        Stage.of(node)


def test_restored_tables_take_the_place_of_the_stacks_own_for_every_reader_and_role(tmp_path: Path) -> None:
    streams = {
        name: f"arn:aws:dynamodb:us-east-1:000000000000:table/well-{name}/stream/2026-11-22T00:00:00.000"
        for name in contexts.tables()
    }
    restored = ",".join(f"{name}={stream}" for name, stream in streams.items())
    template = synthesise({"stage": "prod", "restored": restored}, tmp_path)
    assert not resources(template, "AWS::DynamoDB::Table")
    assert {each["EventSourceArn"] for each in stream_consumers(template)} == {
        streams[name] for name in ("Orders", "Members", "Catalog", "Payments", "Cases", "Audit")
    }
    for name in streams:
        output = template["Outputs"][f"{name}TableName"]["Value"]
        assert output == f"well-{name}"
    policies = json.dumps(resources(template, "AWS::IAM::Policy"))
    table = json.dumps({"Fn::Select": [0, {"Fn::Split": ["/stream/", streams["Orders"]]}]})
    assert f'[{table}, "/index/by_member"]' in policies
    assert "/index/*" not in policies


def test_nobody_listens_unless_it_is_asked_for(template: Template) -> None:
    assert not resources(template, "AWS::Events::Rule")


def test_the_example_listens_to_what_is_asked_for_on_a_queue_of_its_own(tmp_path: Path) -> None:
    template = synthesise({"stage": "dev", "listen": "CouponIssued,StockLow"}, tmp_path)
    (rule,) = resources(template, "AWS::Events::Rule").values()
    assert rule["EventPattern"] == {
        "source": ["membership"],
        "detail-type": ["CouponIssued", "StockLow"],
    }
    (target,) = rule["Targets"]
    queues = resources(template, "AWS::SQS::Queue")
    queue, failures = (
        queues[arn["Fn::GetAtt"][0]] for arn in (target["Arn"], target["DeadLetterConfig"]["Arn"])
    )
    assert queue["SqsManagedSseEnabled"]
    assert queue["RedrivePolicy"]["maxReceiveCount"] > 1
    assert failures["MessageRetentionPeriod"] == 14 * 24 * 3600


def test_every_event_has_a_schema_and_every_schema_an_event() -> None:
    written = {file.stem for file in (ROOT / "docs" / "events").glob("*.json")}
    assert written == set(contexts.events())
    assert len(contexts.events()) == 24
