"""Somebody outside who listens to everything that the suite tells on its bus."""

from __future__ import annotations

import json
from typing import Any

from local.errors import LocalError
from reach.aws import Clients

MESSAGES_PER_CALL = 10
POLLS_MAX = 100
TARGET = "queue"


class Listener:
    """A queue of its own behind a rule of the bus.

    Parameters
    ----------
    bus
        The name of the bus.
    name
        What the queue and the rule are called.
    """

    def __init__(self, aws: Clients, bus: str, name: str) -> None:
        self._events, self._sqs = aws.client("events"), aws.client("sqs")
        self._bus, self._name = bus, name
        self._queue = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])
        pattern = json.dumps({"source": ["membership"]})
        self._events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        target = {"Id": TARGET, "Arn": attributes["Attributes"]["QueueArn"]}
        self._events.put_targets(Rule=name, EventBusName=bus, Targets=[target])

    def hear(self) -> list[dict[str, Any]]:
        """What was told since the last time, as the bus hands it over; the same fact perhaps twice (R1).

        Raises
        ------
        LocalError
            It does not come to an end.
        """
        fresh: list[dict[str, Any]] = []
        for _ in range(POLLS_MAX):
            answer = self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=MESSAGES_PER_CALL)
            messages = answer.get("Messages", [])
            if not messages:
                return fresh
            fresh += [json.loads(message["Body"]) for message in messages]
            self._sqs.delete_message_batch(
                QueueUrl=self._queue,
                Entries=[
                    {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
                    for place, message in enumerate(messages)
                ],
            )
        raise LocalError("the bus does not come to an end")

    def close(self) -> None:
        """Stop listening."""
        self._events.remove_targets(Rule=self._name, EventBusName=self._bus, Ids=[TARGET])
        self._events.delete_rule(Name=self._name, EventBusName=self._bus)
        self._sqs.delete_queue(QueueUrl=self._queue)
