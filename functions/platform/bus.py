"""The event bus that the outside listens to."""

import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from functions.platform import sdk
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


TOLD_AS = "told_as"
"""In a field's metadata: what it is called in the event, where Python keeps that word for itself."""


@dataclass(frozen=True, kw_only=True)
class Event:
    """A fact for the outside; a dataclass of its own for each kind, whose name is the event's detail type.

    Moments in it are in store time. What is told is written by code from rows that code wrote, so nothing is
    checked when it is told: docs/events says what each kind has, from the same fields, and tests hold it.
    """

    event_id: str = field(
        metadata={
            "description": "Follows from the fact: the same however often it is told, to drop repeats by."
        }
    )
    occurred_at: datetime

    @property
    def detail_type(self) -> str:
        """What the bus calls this kind of event."""
        return type(self).__name__

    def detail(self) -> str:
        """Return what is told, as JSON."""
        told = {each.metadata.get(TOLD_AS, each.name): getattr(self, each.name) for each in fields(self)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":"), default=_as_text)


def _as_text(value: Any) -> str:
    """Write a date, or a moment in whole seconds with its offset (RFC 3339)."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"events hold no {type(value).__name__}")


@dataclass(frozen=True, kw_only=True)
class MemberEvent(Event):
    """A fact about a member, who is named by their id alone."""

    member_id: str


def client(endpoint_url: str | None = None) -> "EventBridgeClient":
    """Return the EventBridge client of a function, with the time-outs of the database's."""
    made: EventBridgeClient = sdk.client("events", endpoint_url)
    return made


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
