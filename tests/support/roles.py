"""The deployed stack as its functions' roles see it: whose role, whose rights, and calls that try them."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any
from unittest.mock import patch

from botocore.config import Config
from botocore.exceptions import ClientError

from reach.aws import ACCOUNT, REGION, Aws
from tests.support.rights import ANY, Right, Rights, construct, stated
from tests.support.stack import Stack

DENIALS = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
UNKNOWN = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
"""Answers to somebody whose rights were not looked at, because they could not show who they are."""
NOBODY = "nobody"
REFUSED_HERE = {"dynamodb:DescribeStream", "logs:PutLogEvents"}
"""What the local cloud refuses even to who may: it asks for a stream as ``*``, for a log without ``:*``.

It needs neither itself: it feeds streams to functions, and keeps what they print, with no rights of theirs.
The template's tests hold these rights, and those that are :data:`UNTRIED`.
"""
UNTRIED = {
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "logs:CreateLogStream",
    "s3:AbortMultipartUpload",
    "s3:GetObjectVersion",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}
"""What is refused like its neighbours of :data:`REFUSED_HERE`, or belongs to a service that is not there."""
SINGLE_ATTEMPT = Config(proxies={}, retries={"total_max_attempts": 1, "mode": "standard"})

Clients = Callable[[str], Any]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Attempt:
    """A call that harms nothing, whoever may make it, and the right that it takes."""

    service: str
    operation: str
    right: Right
    arguments: Json

    def __str__(self) -> str:
        return f"{self.operation} as {self.right.action} on {self.right.resource}"

    def refused_with(self, granted: Rights) -> bool:
        """Return whether it is refused to who has these rights."""
        return self.right not in granted or self.right.action in REFUSED_HERE

    def denied(self, clients: Clients) -> bool:
        """Make the call; return whether it was for want of a right that it failed."""
        try:
            getattr(clients(self.service), self.operation)(**self.arguments)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in UNKNOWN:
                raise
            return code in DENIALS
        return False


class Deployed(Aws):
    """The resources of a deployed stack, by what their constructs are called."""

    def __init__(self, stack: Stack) -> None:
        status = stack.local("status")
        super().__init__(status["endpoint"])
        self._ahead = datetime.fromisoformat(status["now"]) - datetime.now(UTC)
        pages = self.client("cloudformation").get_paginator("list_stack_resources")
        stacks = [each["StackName"] for each in self.client("cloudformation").describe_stacks()["Stacks"]]
        self._resources = [
            each
            for name in stacks
            for page in pages.paginate(StackName=name)
            for each in page["StackResourceSummaries"]
        ]
        self._iam = self.client("iam")

    def physical(self, kind: str) -> dict[str, str]:
        """Return the physical ids of all resources of a kind."""
        return {
            construct(each["LogicalResourceId"]): each["PhysicalResourceId"]
            for each in self._resources
            if each["ResourceType"] == f"AWS::{kind}"
        }

    @cached_property
    def roles(self) -> dict[str, str]:
        """The ARN of each function's role, by what the function calls itself."""
        found = {}
        functions = self.client("lambda")
        for name in self.physical("Lambda::Function").values():
            function = functions.get_function(FunctionName=name)["Configuration"]
            found[function["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]] = function["Role"]
        return found

    @cached_property
    def schedule_roles(self) -> dict[str, str]:
        """The function that a schedule starts, by the ARN of the schedule's role."""
        scheduler = self.client("scheduler")
        group = next(iter(self.physical("Scheduler::ScheduleGroup").values()))
        found = {}
        for name in self.physical("Scheduler::Schedule").values():
            target = scheduler.get_schedule(GroupName=group, Name=name)["Target"]
            found[target["RoleArn"]] = self.called(target["Arn"])
        return found

    @cached_property
    def _names(self) -> dict[str, str]:
        tables = self.client("dynamodb")
        at = f"{REGION}:{ACCOUNT}"
        found = {
            f"arn:aws:events:{at}:event-bus/{bus}": name
            for name, bus in self.physical("Events::EventBus").items()
        }
        for name, table in self.tables.items():
            arn = f"arn:aws:dynamodb:{at}:table/{table}"
            found[arn] = name
            found[tables.describe_table(TableName=table)["Table"]["LatestStreamArn"]] = f"{name}/stream"
            found |= {f"{arn}/index/{index}": f"{name}/index/{index}" for index in self.indexes[name]}
        for name, url in self.queues.items():
            found[f"arn:aws:sqs:{at}:{url.rpartition('/')[2]}"] = name
        for name, pool in self.physical("Cognito::UserPool").items():
            found[f"arn:aws:cognito-idp:{at}:userpool/{pool}"] = name
        for name, api in self.physical("ApiGatewayV2::Api").items():
            found[f"arn:aws:apigateway:{REGION}::/apis/{api}"] = name
        secrets = self.client("secretsmanager")
        for name, secret in self.physical("SecretsManager::Secret").items():
            found[secrets.describe_secret(SecretId=secret)["ARN"]] = name
        for name, bucket in self.physical("S3::Bucket").items():
            found |= {
                f"arn:aws:s3:::{bucket}": name,
                f"arn:aws:s3:::{bucket}/statements/*": f"{name}/statements/*",
            }
        for name, group in self.physical("Logs::LogGroup").items():
            found[f"arn:aws:logs:{at}:log-group:{group}:*"] = name
        for name, function in self.physical("Lambda::Function").items():
            arn = f"arn:aws:lambda:{at}:function:{function}"
            found |= {arn: name, f"{arn}:*": f"{name}:*"}
        return found

    @property
    def tables(self) -> dict[str, str]:
        """The tables."""
        return self.physical("DynamoDB::Table")

    @property
    def queues(self) -> dict[str, str]:
        """The queues' addresses."""
        return self.physical("SQS::Queue")

    @cached_property
    def schemas(self) -> dict[str, Json]:
        """What the tables say of themselves."""
        tables = self.client("dynamodb")
        return {name: tables.describe_table(TableName=table)["Table"] for name, table in self.tables.items()}

    @cached_property
    def indexes(self) -> dict[str, dict[str, str]]:
        """The partition keys of the tables' indexes."""
        return {
            name: {
                index["IndexName"]: index["KeySchema"][0]["AttributeName"]
                for index in schema.get("GlobalSecondaryIndexes", [])
            }
            for name, schema in self.schemas.items()
        }

    def called(self, arn: str) -> str:
        """Return what the resource of an ARN is called; one of no construct is called by the ARN."""
        return self._names.get(arn, arn)

    def policies(self, role: str) -> dict[str, Json]:
        """Return the policies of a role; it has no others."""
        name = role.rpartition("/")[2]
        assert not self._iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
        names = self._iam.list_role_policies(RoleName=name)["PolicyNames"]
        return {
            each: self._iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"]
            for each in names
        }

    def granted(self, role: str) -> Rights:
        """Return what a role's policies give."""
        return frozenset().union(*(stated(each, self.called) for each in self.policies(role).values()))

    def put_policies(self, role: str, policies: Mapping[str, Json]) -> None:
        """Give a role policies of these names."""
        for name, policy in policies.items():
            document = json.dumps(policy)
            self._iam.put_role_policy(
                RoleName=role.rpartition("/")[2], PolicyName=name, PolicyDocument=document
            )

    def trust(self, role: str) -> Json:
        """Return what a role says of who takes it on."""
        found: Json = self._iam.get_role(RoleName=role.rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        return found

    @contextmanager
    def its_time(self) -> Iterator[None]:
        """Sign calls at the cloud's time, which may have been moved; of roles it takes no others."""

        def now() -> datetime:
            return (datetime.now(UTC) + self._ahead).replace(tzinfo=None)

        with patch("botocore.auth.get_current_datetime", now):
            yield

    def acting_as(self, role: str) -> Clients:
        """Return what makes clients that have a role's rights, and no others."""
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="attempt")["Credentials"]
        return self.with_keys(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])

    def with_keys(self, access_key: str, secret_key: str, token: str | None = None) -> Clients:
        """Return what makes clients with these credentials, one for each service."""
        session: Any = self._isolated_session()
        made: dict[str, Any] = {}

        def clients(service: str) -> Any:
            if service not in made:
                made[service] = session.client(
                    service,
                    endpoint_url=self.endpoint,
                    aws_access_key_id=access_key,
                    aws_secret_access_key=secret_key,
                    aws_session_token=token,
                    config=SINGLE_ATTEMPT,
                )
            return made[service]

        return clients


def attempts(deployed: Deployed) -> list[Attempt]:
    """Return everything that is tried: all that a function of the stack may do, and much that none may."""
    return [
        *(each for name in deployed.tables for each in _on_table(deployed, name)),
        *(each for name, url in deployed.queues.items() for each in _on_queue(name, url)),
        *_on_buses(deployed),
        *_on_users(deployed),
        *_on_apis(deployed),
        *_on_functions(deployed),
        *_on_logs(deployed),
        *_on_secrets(deployed),
        *_on_statements(deployed),
        *_elsewhere(deployed),
        Attempt("dynamodbstreams", "list_streams", Right("dynamodb:ListStreams", ANY), {}),
        Attempt("cloudwatch", "describe_alarms", Right("cloudwatch:DescribeAlarms", ANY), {"MaxRecords": 1}),
    ]


def _on_table(deployed: Deployed, name: str) -> Iterator[Attempt]:
    """Reads of rows that are not there, and writes under a condition that no row meets."""
    table, schema = deployed.tables[name], deployed.schemas[name]
    partition = schema["KeySchema"][0]["AttributeName"]
    at: Json = {"TableName": table}
    key = {partition: {"S": NOBODY}, "item": {"S": NOBODY}}
    half_a_key = {partition: {"S": NOBODY}}
    row = at | {"Key": key}
    never = {"ConditionExpression": "attribute_exists(#k)", "ExpressionAttributeNames": {"#k": partition}}
    put, delete = at | {"Item": key} | never, row | never
    update = row | never | {"UpdateExpression": "REMOVE nothing"}
    where = f"WHERE {partition} = '{NOBODY}' AND item = '{NOBODY}'"

    def on(operation: str, action: str, arguments: Json, part: str = "") -> Attempt:
        return Attempt("dynamodb", operation, Right(f"dynamodb:{action}", name + part), arguments)

    def asked(attribute: str) -> Json:
        values = {"ExpressionAttributeValues": {":k": {"S": NOBODY}}}
        names = {"ExpressionAttributeNames": {"#k": attribute}}
        return at | {"KeyConditionExpression": "#k = :k"} | names | values

    yield on("get_item", "GetItem", row)
    yield on("batch_get_item", "BatchGetItem", {"RequestItems": {table: {"Keys": [key]}}})
    yield on("transact_get_items", "GetItem", {"TransactItems": [{"Get": row}]})
    yield on("query", "Query", asked(partition))
    yield on("scan", "Scan", at | {"Limit": 1})
    yield on("put_item", "PutItem", put)
    yield on("update_item", "UpdateItem", update)
    yield on("delete_item", "DeleteItem", delete)
    for request in ({"PutRequest": {"Item": half_a_key}}, {"DeleteRequest": {"Key": half_a_key}}):
        yield on("batch_write_item", "BatchWriteItem", {"RequestItems": {table: [request]}})
    for action, item in (
        ("PutItem", {"Put": put}),
        ("UpdateItem", {"Update": update}),
        ("DeleteItem", {"Delete": delete}),
        ("ConditionCheckItem", {"ConditionCheck": row | never}),
    ):
        yield on("transact_write_items", action, {"TransactItems": [item]})
    for index, attribute in deployed.indexes[name].items():
        inside = {"IndexName": index}
        yield on("query", "Query", asked(attribute) | inside, f"/index/{index}")
        yield on("scan", "Scan", at | inside | {"Limit": 1}, f"/index/{index}")
    for action, statement in (
        ("PartiQLSelect", f'SELECT * FROM "{table}" {where}'),  # noqa: S608 - nobody's input
        ("PartiQLUpdate", f'UPDATE "{table}" REMOVE x {where}'),
        ("PartiQLDelete", f'DELETE FROM "{table}" {where}'),  # noqa: S608
        ("PartiQLInsert", f'INSERT INTO "{table}" '),
    ):
        yield on("execute_statement", action, {"Statement": statement})
    yield on("describe_table", "DescribeTable", at)
    yield on("update_table", "UpdateTable", at)
    yield on("delete_table", "DeleteTable", {"TableName": f"{table}-{NOBODY}"}, "'s neighbour")
    stream = {"StreamArn": schema["LatestStreamArn"], "Limit": 1}
    right = Right("dynamodb:DescribeStream", f"{name}/stream")
    yield Attempt("dynamodbstreams", "describe_stream", right, stream)


def _on_queue(name: str, url: str) -> Iterator[Attempt]:
    """Calls whose figures or receipts no queue takes."""

    def on(operation: str, action: str, **arguments: Any) -> Attempt:
        return Attempt("sqs", operation, Right(f"sqs:{action}", name), {"QueueUrl": url} | arguments)

    yield on("send_message", "SendMessage", MessageBody="")
    yield on("receive_message", "ReceiveMessage", MaxNumberOfMessages=11)
    yield on("delete_message", "DeleteMessage", ReceiptHandle=NOBODY)
    yield on(
        "change_message_visibility", "ChangeMessageVisibility", ReceiptHandle=NOBODY, VisibilityTimeout=0
    )
    yield on("get_queue_attributes", "GetQueueAttributes", AttributeNames=["QueueArn"])
    yield on("set_queue_attributes", "SetQueueAttributes", Attributes={"DelaySeconds": "901"})
    short = url.rpartition("/")[2]
    yield Attempt("sqs", "get_queue_url", Right("sqs:GetQueueUrl", name), {"QueueName": short})


def _on_buses(deployed: Deployed) -> Iterator[Attempt]:
    """Events whose detail is not JSON, and a rule whose pattern is not."""
    buses = {**deployed.physical("Events::EventBus"), "the default bus": "default"}
    for name, bus in buses.items():
        event = {"EventBusName": bus, "Source": NOBODY, "DetailType": NOBODY, "Detail": "{"}
        yield Attempt("events", "put_events", Right("events:PutEvents", name), {"Entries": [event]})
        rule = {"Name": NOBODY, "EventBusName": bus, "EventPattern": "{"}
        yield Attempt("events", "put_rule", Right("events:PutRule", name), rule)


def _on_users(deployed: Deployed) -> Iterator[Attempt]:
    """Calls about a user, a group and a client that do not exist."""
    user = {"Username": NOBODY}
    for name, pool in deployed.physical("Cognito::UserPool").items():
        for operation, action, arguments in (
            ("list_users", "ListUsers", {"Limit": 1}),
            ("admin_get_user", "AdminGetUser", user),
            ("admin_delete_user", "AdminDeleteUser", user),
            ("admin_disable_user", "AdminDisableUser", user),
            ("admin_create_user", "AdminCreateUser", user | {"MessageAction": "RESEND"}),
            ("admin_set_user_password", "AdminSetUserPassword", user | {"Password": NOBODY}),
            ("admin_add_user_to_group", "AdminAddUserToGroup", user | {"GroupName": NOBODY}),
            ("admin_update_user_attributes", "AdminUpdateUserAttributes", user | {"UserAttributes": []}),
            (
                "admin_initiate_auth",
                "AdminInitiateAuth",
                {"ClientId": NOBODY, "AuthFlow": "ADMIN_USER_PASSWORD_AUTH"},
            ),
            ("describe_user_pool", "DescribeUserPool", {}),
        ):
            right = Right(f"cognito-idp:{action}", name)
            yield Attempt("cognito-idp", operation, right, {"UserPoolId": pool} | arguments)


def _on_apis(deployed: Deployed) -> Iterator[Attempt]:
    """A change of an API that changes nothing."""
    for name, api in deployed.physical("ApiGatewayV2::Api").items():
        yield Attempt("apigatewayv2", "update_api", Right("apigateway:PATCH", name), {"ApiId": api})


def _on_functions(deployed: Deployed) -> Iterator[Attempt]:
    """Dry runs of every function, and its role, which somebody else may not take on."""
    for name, function in deployed.physical("Lambda::Function").items():
        dry = {"FunctionName": function, "InvocationType": "DryRun"}
        yield Attempt("lambda", "invoke", Right("lambda:InvokeFunction", name), dry)
        role = {"RoleArn": deployed.roles[name], "RoleSessionName": NOBODY}
        yield Attempt("sts", "assume_role", Right("sts:AssumeRole", f"{name}Role"), role)


def _on_logs(deployed: Deployed) -> Iterator[Attempt]:
    """Lines for a stream of a log that does not exist, and a look into every log."""
    for name, group in deployed.physical("Logs::LogGroup").items():
        log = {"logGroupName": group}
        lines = log | {"logStreamName": NOBODY, "logEvents": [{"timestamp": 1, "message": NOBODY}]}
        yield Attempt("logs", "put_log_events", Right("logs:PutLogEvents", name), lines)
        yield Attempt("logs", "filter_log_events", Right("logs:FilterLogEvents", name), log | {"limit": 1})


def _on_secrets(deployed: Deployed) -> Iterator[Attempt]:
    """Reads of every secret and of what it is called, of which the answers are thrown away."""
    for name, secret in deployed.physical("SecretsManager::Secret").items():
        at = {"SecretId": secret}
        right = "secretsmanager:{}".format
        yield Attempt("secretsmanager", "get_secret_value", Right(right("GetSecretValue"), name), at)
        yield Attempt("secretsmanager", "describe_secret", Right(right("DescribeSecret"), name), at)


def _on_statements(deployed: Deployed) -> Iterator[Attempt]:
    """Reads of a statement that is not there, a put of one that must be, and what lies beside them."""
    for name, bucket in deployed.physical("S3::Bucket").items():

        def on(operation: str, action: str, part: str = "/statements/*", **more: Any) -> Attempt:
            right = Right(f"s3:{action}", name + part)  # noqa: B023 - called at once
            return Attempt("s3", operation, right, {"Bucket": bucket, **more})  # noqa: B023

        at = f"statements/{NOBODY}.csv"
        yield on("list_objects_v2", "ListBucket", "", MaxKeys=1)
        yield on("get_object", "GetObject", Key=at)
        yield on("put_object", "PutObject", Key=at, IfMatch=NOBODY, Body=b"")
        yield on("delete_object", "DeleteObject", Key=at)
        yield on("get_object", "GetObject", "'s others", Key=NOBODY)
        yield on("put_object", "PutObject", "'s others", Key=NOBODY, IfMatch=NOBODY, Body=b"")
        yield on("put_bucket_versioning", "PutBucketVersioning", "", VersioningConfiguration={})


def _elsewhere(deployed: Deployed) -> Iterator[Attempt]:
    """Calls to services that no function has to do with, and to tables that are not the stack's."""
    (topic,) = deployed.physical("SNS::Topic").values()
    (group,) = deployed.physical("Scheduler::ScheduleGroup").values()
    own = set(deployed.physical("S3::Bucket").values())
    (bucket,) = {each["Name"] for each in deployed.client("s3").list_buckets()["Buckets"]} - own
    queue = f"{next(iter(deployed.queues.values()))}-{NOBODY}"
    role = next(iter(deployed.roles.values())).rpartition("/")[2]
    policy = {"RoleName": role, "PolicyName": NOBODY, "PolicyDocument": "{"}
    tried: Mapping[tuple[str, str, str], Json] = {
        ("dynamodb", "list_tables", "dynamodb:ListTables"): {},
        ("dynamodb", "delete_table", "dynamodb:DeleteTable"): {"TableName": NOBODY},
        ("dynamodb", "create_backup", "dynamodb:CreateBackup"): {"TableName": NOBODY, "BackupName": NOBODY},
        ("dynamodb", "get_item", "dynamodb:GetItem"): {"TableName": NOBODY, "Key": {"id": {"S": NOBODY}}},
        ("sqs", "list_queues", "sqs:ListQueues"): {},
        ("sqs", "purge_queue", "sqs:PurgeQueue"): {"QueueUrl": queue},
        ("sqs", "delete_queue", "sqs:DeleteQueue"): {"QueueUrl": queue},
        ("sns", "publish", "sns:Publish"): {"TopicArn": topic, "Message": NOBODY},
        ("sns", "list_topics", "sns:ListTopics"): {},
        ("lambda", "list_functions", "lambda:ListFunctions"): {},
        ("lambda", "delete_function", "lambda:DeleteFunction"): {"FunctionName": NOBODY},
        ("scheduler", "list_schedules", "scheduler:ListSchedules"): {"GroupName": group},
        ("scheduler", "delete_schedule", "scheduler:DeleteSchedule"): {"Name": NOBODY, "GroupName": group},
        ("s3", "list_buckets", "s3:ListAllMyBuckets"): {},
        ("s3", "list_objects_v2", "s3:ListBucket"): {"Bucket": bucket},
        ("s3", "get_object", "s3:GetObject"): {"Bucket": bucket, "Key": NOBODY},
        ("s3", "delete_object", "s3:DeleteObject"): {"Bucket": bucket, "Key": NOBODY},
        ("iam", "list_roles", "iam:ListRoles"): {},
        ("iam", "get_role", "iam:GetRole"): {"RoleName": role},
        ("iam", "put_role_policy", "iam:PutRolePolicy"): policy,
        ("iam", "create_access_key", "iam:CreateAccessKey"): {"UserName": NOBODY},
        ("cloudformation", "describe_stacks", "cloudformation:DescribeStacks"): {},
        ("cloudwatch", "list_metrics", "cloudwatch:ListMetrics"): {},
        ("logs", "describe_log_groups", "logs:DescribeLogGroups"): {},
        ("apigatewayv2", "get_apis", "apigateway:GET"): {},
        ("secretsmanager", "list_secrets", "secretsmanager:ListSecrets"): {},
        ("ssm", "get_parameter", "ssm:GetParameter"): {"Name": NOBODY},
        ("kms", "list_keys", "kms:ListKeys"): {},
    }
    for (service, operation, action), arguments in tried.items():
        yield Attempt(service, operation, Right(action, "what is nobody's"), arguments)
