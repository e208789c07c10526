"""The event bus that the outside listens to."""

import json
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from functions.platform import sdk
from functions.platform.deadline import Deadline
from functions.platform.observability import logger

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

SOURCE = "membership"
ENTRIES_MAX = 10
ENTRIES_BYTES_MAX = 256 * 1_000
"""Entries that one call may put, and their bytes in all, which AWS counts without the JSON around them
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevent-size.html)."""
_Of = tuple[int, dict[str, str]]
"""An entry, and the place of the record that it is of."""
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
        left = [
            each
            for call in _calls([(0, self._entry(event)) for event in events])
            for each in self._put(call, deadline)
        ]
        if left:
            raise PublishError(f"{len(left)} events were not taken")

    def publish_together(self, groups: Sequence[Sequence[Event]], deadline: Deadline) -> list[bool]:
        """Put several records' events on the bus, as many to a call as it takes; return whose are there.

        Of the others nothing is certain. What goes wrong with a call is not raised, because it may be about
        one of them alone: they are to be published each by itself.
        """
        taken = [True] * len(groups)
        entries = [(place, self._entry(event)) for place, events in enumerate(groups) for event in events]
        for call in _calls(entries):
            try:
                left = self._put(call, deadline)
            except Exception:
                logger.warning("events not taken together", exc_info=True)
                left = call
            for place, _ in left:
                taken[place] = False
        return taken

    def _put(self, entries: list[_Of], deadline: Deadline) -> list[_Of]:
        """Put entries on the bus in one call, those again that it did not take; return what it never took."""
        for tried in range(TRIES_MAX):
            if not deadline.seconds_left():
                break
            answer = self.client.put_events(Entries=[entry for _, entry in entries])  # type: ignore[misc]
            if not answer["FailedEntryCount"]:
                return []
            entries = [
                entry
                for entry, result in zip(entries, answer["Entries"], strict=True)
                if "ErrorCode" in result
            ]
            time.sleep(random.uniform(0, BACKOFF_SECONDS * 2**tried))  # noqa: S311 - jitter, not a secret
        return entries

    def _entry(self, event: Event) -> dict[str, str]:
        return {
            "EventBusName": self.name,
            "Source": SOURCE,
            "DetailType": event.detail_type,
            "Detail": event.detail(),
        }


def _calls(entries: Sequence[_Of]) -> Iterator[list[_Of]]:
    """Give entries by the call that they go with; one that is too large for any has a call of its own."""
    call: list[_Of] = []
    size = 0
    for of, entry in entries:
        entry_bytes = sum(len(entry[name].encode()) for name in ("Source", "DetailType", "Detail"))
        if call and (len(call) == ENTRIES_MAX or size + entry_bytes > ENTRIES_BYTES_MAX):
            yield call
            call, size = [], 0
        call.append((of, entry))
        size += entry_bytes
    if call:
        yield call
