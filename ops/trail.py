"""Following one thing: the lines of all logs that name it, and traces of a function while they are wanted."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

from ops.errors import OpsError
from ops.stack import Json, Stack

LINES_MAX = 500
"""Lines of one function's log; a narrower time shows the rest."""


def find(stack: Stack, text: str, *, until: datetime, hours: float) -> list[Json]:
    """Return the lines of all functions' logs that have a text in them, oldest first.

    The text is an id: of a request as the caller was told it, of an order, a member, a record of a stream.

    Raises
    ------
    OpsError
        The text is none that a log can be searched for.
    """
    if not text or '"' in text:
        raise OpsError(f"{text!r} is no id")
    logs, functions = stack.aws.client("logs"), stack.aws.client("lambda")
    found: list[Json] = []
    for title, name in stack.functions().items():
        group = functions.get_function_configuration(FunctionName=name)["LoggingConfig"]["LogGroup"]
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group,
            filterPattern=f'"{text}"',
            startTime=int((until - timedelta(hours=hours)).timestamp() * 1_000),
            endTime=int(until.timestamp() * 1_000),
            PaginationConfig={"MaxItems": LINES_MAX},
        )
        found += [
            {"at": event["timestamp"], "function": title, "line": _line(event["message"])}
            for page in pages
            for event in page["events"]
            if text in event["message"]
        ]
    return sorted(found, key=lambda each: each["at"])


def _line(message: str) -> Json | str:
    try:
        line = json.loads(message)
    except ValueError:
        return message.rstrip()
    return line if isinstance(line, dict) else message


def trace(stack: Stack, function: str, *, on: bool) -> None:
    """Let a function be traced from now on, or no more.

    A deployment leaves it as it is until the function's own settings change.

    Raises
    ------
    OpsError
        There is no such function.
    """
    names = stack.functions()
    if function not in names:
        raise OpsError(f"there is no function {function}; there are {', '.join(sorted(names))}")
    stack.aws.client("lambda").update_function_configuration(
        FunctionName=names[function], TracingConfig={"Mode": "Active" if on else "PassThrough"}
    )
