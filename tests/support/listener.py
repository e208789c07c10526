"""Somebody outside who listens to the bus of the deployed stack."""

import json
import uuid
from typing import Any

from local.aws import Aws
from tests.support.shopper import Shopper
from tests.support.stack import Stack

MESSAGES_PER_CALL = 10
POLLS_MAX = 20


class Listener:
    """Somebody outside who listens to the bus."""

    def __init__(self, stack: Stack) -> None:
        aws = Aws(stack.local("status")["endpoint"])
        self._bus, self._sqs = aws.client("events"), aws.client("sqs")
        self._name, self._bus_name = f"listener-{uuid.uuid4().hex[:8]}", stack.outputs["EventBusName"]
        self._queue = self._sqs.create_queue(QueueName=self._name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        self._bus.put_rule(
            Name=self._name,
            EventBusName=self._bus_name,
            EventPattern=json.dumps({"source": ["membership"]}),
        )
        target = {"Id": "queue", "Arn": attributes["Attributes"]["QueueArn"]}
        self._bus.put_targets(Rule=self._name, EventBusName=self._bus_name, Targets=[target])
        self._heard: list[dict[str, Any]] = []
        self._stack = stack

    def close(self) -> None:
        """Stop listening."""
        self._bus.remove_targets(Rule=self._name, EventBusName=self._bus_name, Ids=["queue"])
        self._bus.delete_rule(Name=self._name, EventBusName=self._bus_name)
        self._sqs.delete_queue(QueueUrl=self._queue)

    def hear(self) -> list[dict[str, Any]]:
        """Return everything that was told so far, as the bus hands it over."""
        for _ in range(POLLS_MAX):
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=MESSAGES_PER_CALL)
            messages = answer.get("Messages", [])
            if not messages:
                break
            for message in messages:
                self._heard.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return self._heard

    def heard_of(self, order_id: str) -> list[tuple[str, dict[str, Any]]]:
        """Return what was told of an order: detail types with their details."""
        return [
            (event["detail-type"], event["detail"])
            for event in self.hear()
            if event["detail"].get("order_id") == order_id
        ]

    def clock(self, to: str) -> None:
        """Move the time; what was told before is heard first, because a queue forgets in four days."""
        self._stack.local("settle")
        self.hear()
        self._stack.clock(to)

    def of_member(self, shopper: Shopper, kind: str) -> list[dict[str, Any]]:
        """Return what was told of a member's points or tier, each event once, by its time."""
        self.hear()
        found = {
            event["detail"]["event_id"]: event["detail"]
            for event in self._heard
            if event["detail-type"] == kind and event["detail"].get("member_id") == shopper.member_id
        }
        return sorted(found.values(), key=lambda detail: str(detail["occurred_at"]))
