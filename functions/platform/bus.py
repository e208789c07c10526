"""The event bus that the outside listens to."""

import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from functions.platform import dynamo
from functions.platform.deadline import Deadline

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "membership"
ENTRIES_MAX = 10
"""Entries that one call may put (EventBridge's limit)."""
TRIES_MAX = 5
BACKOFF_SECONDS = 0.1


class PublishError(Exception):
    """The bus did not take events at any try; their record is delivered again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact for the outside. ``event_id`` follows from the fact, so that a consumer can drop repeats."""

    detail_type: str
    event_id: str
    occurred_at: str
    member_id: str | None
    facts: Mapping[str, Any]

    def detail(self) -> str:
        """Return the event's detail as JSON."""
        who = {} if self.member_id is None else {"member_id": self.member_id}
        return json.dumps({"event_id": self.event_id, "occurred_at": self.occurred_at, **who, **self.facts})


def client(endpoint_url: str | None = None) -> "EventBridgeClient":
    """Return the EventBridge client of a function, with the time-outs of the database's."""
    config = Config(
        connect_timeout=dynamo.CONNECT_SECONDS_MAX,
        read_timeout=dynamo.READ_SECONDS_MAX,
        retries={"mode": "standard", "total_max_attempts": dynamo.SDK_TRIES_MAX},
    )
    return boto3.client("events", config=config, endpoint_url=endpoint_url)


@dataclass(frozen=True, slots=True)
class Bus:
    """An event bus by its name."""

    client: "EventBridgeClient"
    name: str

    def publish(self, events: Sequence[Event], deadline: Deadline) -> None:
        """Put events on the bus, those again that it did not take.

        Raises
        ------
        PublishError
            Some were not taken at any of :data:`TRIES_MAX` tries, or the time is up.
        """
        for start in range(0, len(events), ENTRIES_MAX):
            self._put([self._entry(event) for event in events[start : start + ENTRIES_MAX]], deadline)

    def _put(self, entries: list[Any], deadline: Deadline) -> None:
        for tried in range(TRIES_MAX):
            if not deadline.seconds_left():
                break
            answer = self.client.put_events(Entries=entries)
            if not answer["FailedEntryCount"]:
                return
            entries = [
                entry
                for entry, result in zip(entries, answer["Entries"], strict=True)
                if "ErrorCode" in result
            ]
            time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**tried))  # noqa: S311 - jitter, not a secret
        raise PublishError(f"{len(entries)} events were not taken")

    def _entry(self, event: Event) -> dict[str, Any]:
        return {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail(),
        }
