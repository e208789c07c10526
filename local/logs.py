"""What the functions printed, as CloudWatch Logs has it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from local.errors import LocalError
from reach.aws import Aws

EVENTS_MAX = 10_000
FOLLOW_POLL_SECONDS = 1.0
FRAMES = ("START RequestId:", "END RequestId:", "REPORT RequestId:")


def lines(aws: Aws, function: str | None, *, follow: bool) -> Iterator[dict[str, str]]:
    """What all functions printed whose name contains ``function``, oldest first; endless with ``follow``.

    Raises
    ------
    LocalError
        If there is no such function.
    """
    groups = _groups(aws, function or "")
    logs = aws.client("logs")
    # The emulator opens a log stream for every invocation and fills it at once.
    seen: set[str] = set()
    while True:
        found = [event for name, group in groups.items() for event in _events(logs, name, group)]
        new = [event for event in found if event["stream"] not in seen]
        seen.update(event["stream"] for event in new)
        for event in sorted(new, key=lambda event: event["timestamp"]):
            at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
            yield {"at": at, "function": event["function"], "message": event["message"]}
        if not follow:
            return
        time.sleep(FOLLOW_POLL_SECONDS)


def shown(line: dict[str, str]) -> str:
    """One line for people."""
    return f"{line['at']} {line['function']} {line['message']}"


def _groups(aws: Aws, part: str) -> dict[str, str]:
    """The log group of each function whose name contains ``part``."""
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    functions = {item["FunctionName"]: item for page in pages for item in page["Functions"]}
    groups = {
        name: item.get("LoggingConfig", {}).get("LogGroup") or f"/aws/lambda/{name}"
        for name, item in functions.items()
        if part.lower() in name.lower()
    }
    if not groups:
        raise LocalError(f"there is no function {part!r}; there are {', '.join(sorted(functions)) or 'none'}")
    return groups


def _events(logs: Any, function: str, group: str) -> Iterator[dict[str, Any]]:
    try:
        found = logs.filter_log_events(logGroupName=group, limit=EVENTS_MAX)["events"]
    except logs.exceptions.ResourceNotFoundException:
        return  # it has printed nothing yet
    for event in found:
        if not event["message"].startswith(FRAMES):
            stream = f"{group}/{event['logStreamName']}"
            yield {"function": function, "stream": stream, **event}
