"""What a deployed suite consists of, found by CloudFormation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ops.errors import OpsError
from reach.aws import Clients

QUEUE = "AWS::SQS::Queue"
FUNCTION = "AWS::Lambda::Function"
TABLE = "AWS::DynamoDB::Table"
FAILURES = re.compile(r"(?P<title>.+?)Failures[0-9A-F]{8}")
HASH = re.compile(r"[0-9A-F]{8}$")
RESERVED = "ReservedConcurrentExecutions"
JOB_SECONDS_MAX = 900

Json = dict[str, Any]


@dataclass(frozen=True)
class FailureQueue:
    """A queue of what could not be processed. ``title`` is what its alarm is called by."""

    title: str
    url: str
    arn: str
    messages: int


@dataclass(frozen=True)
class Consumer:
    """A reader of a table's stream, and which records it is given."""

    function: str
    stream: str
    patterns: tuple[Json, ...]

    @property
    def table(self) -> str:
        """The table's name."""
        return self.stream.partition(":table/")[2].partition("/")[0]


@dataclass(frozen=True)
class Resource:
    """Something that a stack consists of."""

    stack: str
    logical_id: str
    physical_id: str

    @property
    def title(self) -> str:
        """What it is called in the app, such as ``ShopApi``."""
        return HASH.sub("", self.logical_id)


class Stack:
    """A deployed suite, by the name of its own stack; those of its contexts are called after it."""

    def __init__(self, aws: Clients, name: str) -> None:
        self.aws = aws
        self.name = name

    def stacks(self) -> list[str]:
        """The suite's own stack, then those of its contexts.

        Raises
        ------
        OpsError
            There is no such stack.
        """
        pages = self.aws.client("cloudformation").get_paginator("describe_stacks").paginate()
        names = sorted(each["StackName"] for page in pages for each in page["Stacks"])
        if self.name not in names:
            raise OpsError(f"there is no stack {self.name} in this account and region")
        return [self.name, *(each for each in names if each.startswith(f"{self.name}-"))]

    def all_of(self, kind: str) -> list[Resource]:
        """All resources of a kind, those of the suite's own stack first.

        Raises
        ------
        OpsError
            There is no such stack.
        """
        paginator = self.aws.client("cloudformation").get_paginator("list_stack_resources")
        return [
            Resource(stack, each["LogicalResourceId"], each["PhysicalResourceId"])
            for stack in self.stacks()
            for page in paginator.paginate(StackName=stack)
            for each in page["StackResourceSummaries"]
            if each["ResourceType"] == kind
        ]

    def resources(self, kind: str) -> dict[str, str]:
        """The physical ids of all resources of a kind, by logical id.

        What is on its way to a stack of contexts is there twice, and here it is the one of that stack.

        Raises
        ------
        OpsError
            There is no such stack.
        """
        return {each.logical_id: each.physical_id for each in self.all_of(kind)}

    def reserved(self) -> dict[str, int | None]:
        """The concurrency that the templates reserve for each function, by the functions' names."""
        templates = {stack: self._template(stack)["Resources"] for stack in self.stacks()}
        return {
            each.physical_id: templates[each.stack][each.logical_id]["Properties"].get(RESERVED)
            for each in self.all_of(FUNCTION)
        }

    def _template(self, stack: str) -> Json:
        body = self.aws.client("cloudformation").get_template(StackName=stack)["TemplateBody"]
        return dict(json.loads(body) if isinstance(body, str) else body)

    def failure_queues(self) -> dict[str, FailureQueue]:
        """All failure queues, by title."""
        sqs = self.aws.client("sqs")
        found: dict[str, FailureQueue] = {}
        for logical_id, url in self.resources(QUEUE).items():
            named = FAILURES.fullmatch(logical_id)
            if named is None:
                continue
            attributes = sqs.get_queue_attributes(
                QueueUrl=url, AttributeNames=["QueueArn", "ApproximateNumberOfMessages"]
            )["Attributes"]
            title = named["title"]
            found[title] = FailureQueue(
                title, url, attributes["QueueArn"], int(attributes["ApproximateNumberOfMessages"])
            )
        return found

    def failure_queue(self, title: str) -> FailureQueue:
        """One failure queue.

        Raises
        ------
        OpsError
            There is none of this title.
        """
        found = self.failure_queues()
        if title not in found:
            raise OpsError(f"there is no failure queue {title!r}; there are {', '.join(sorted(found))}")
        return found[title]

    def source_of(self, queue: FailureQueue) -> str | None:
        """The URL of the queue whose messages end here after too many deliveries; None if there is none."""
        sqs = self.aws.client("sqs")
        for url in self.resources(QUEUE).values():
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
            policy = json.loads(attributes.get("Attributes", {}).get("RedrivePolicy", "{}"))
            if policy.get("deadLetterTargetArn") == queue.arn:
                return url
        return None

    def consumer_of(self, queue: FailureQueue) -> Consumer | None:
        """The reader of a stream whose failures end here; None if there is none."""
        pages = self.aws.client("lambda").get_paginator("list_event_source_mappings").paginate()
        for mapping in (each for page in pages for each in page["EventSourceMappings"]):
            failure = mapping.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
            if failure == queue.arn and "/stream/" in mapping["EventSourceArn"]:
                filters = mapping.get("FilterCriteria", {}).get("Filters", [])
                return Consumer(
                    function=mapping["FunctionArn"],
                    stream=mapping["EventSourceArn"],
                    patterns=tuple(json.loads(each["Pattern"]) for each in filters),
                )
        return None

    def functions(self) -> dict[str, str]:
        """The names of all functions, by what they are called in the app, such as ``ShopApi``."""
        return {each.title: each.physical_id for each in self.all_of(FUNCTION)}

    def table(self, title: str) -> str:
        """The name of a table by what it is called in the app, from the outputs: a restored one too.

        Raises
        ------
        OpsError
            There is no such output.
        """
        told = self.outputs().get(f"{title}TableName")
        if told is None:
            raise OpsError(f"{self.name} tells no name of a table {title}")
        return told

    def outputs(self) -> dict[str, str]:
        """What the suite's own stack tells the outside."""
        told = self.aws.client("cloudformation").describe_stacks(StackName=self.name)["Stacks"][0]
        return {each["OutputKey"]: each["OutputValue"] for each in told.get("Outputs", [])}

    def invoke(self, function: str, event: Json) -> Any:
        """Run a function and return what it answers.

        Raises
        ------
        OpsError
            It failed; the message is its own.
        """
        # Once: what is tried again in silence hides that it failed.
        functions = self.aws.client("lambda", read_seconds_max=JOB_SECONDS_MAX, attempts=1)
        answer = functions.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        result = json.loads(answer["Payload"].read() or b"null")
        if answer.get("FunctionError"):
            raise OpsError(str(result.get("errorMessage") if isinstance(result, dict) else result))
        return result


def matches(pattern: Json, record: Json) -> bool:
    """Tell whether a record fits a filter, as far as the stack's filters go: values, prefixes, existence.

    See https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html.
    """
    return all(_fits(wanted, record.get(name)) for name, wanted in pattern.items())


def _fits(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and matches(wanted, found)
    return any(_is(each, found) for each in wanted)


def _is(rule: Any, found: Any) -> bool:
    if not isinstance(rule, dict):
        return bool(rule == found)
    if "exists" in rule:
        return bool(rule["exists"] is (found is not None))
    return isinstance(found, str) and found.startswith(rule["prefix"])


def wanted(consumer: Consumer, records: list[Json]) -> Iterator[Json]:
    """The records among these that a consumer is given."""
    for record in records:
        if not consumer.patterns or any(matches(each, record) for each in consumer.patterns):
            yield record
