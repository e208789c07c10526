"""Running a scheduled job now, as its schedule would; and what an operator alone starts."""

from __future__ import annotations

import json
from typing import Any

from ops.errors import OpsError
from ops.stack import Stack

BY_HAND = {
    "replay": ("PointsJobs", "replay-points"),
    "index-members": ("MembersJobs", "index-members"),
    "index-parcels": ("OrderJobs", "index-parcels"),
}
"""What no schedule starts: the function that does, and the job, by the command."""


def fire(stack: Stack, job: str) -> dict[str, Any]:
    """Invoke the target of the schedule ``job`` with the schedule's input, and wait for what it answers.

    Raises
    ------
    OpsError
        If there is no such job, or if its function fails.
    """
    target = _target(stack, job)
    return _run(stack, target["Arn"], job, json.loads(target.get("Input", "{}")))


def by_hand(stack: Stack, command: str) -> dict[str, Any]:
    """Start a job that no schedule starts, by what its command is called (:data:`BY_HAND`).

    Raises
    ------
    OpsError
        If its function fails.
    """
    function, job = BY_HAND[command]
    return _run(stack, stack.functions()[function], job, {"job": job})


def _run(stack: Stack, function: str, job: str, event: dict[str, Any]) -> dict[str, Any]:
    try:
        result = stack.invoke(function, event)
    except OpsError as error:
        raise OpsError(f"{job} failed: {error}") from None
    if result is not None and not isinstance(result, dict):
        raise OpsError(f"{job} answers {result!r} instead of an object of counts")
    return {"job": job, **(result or {})}


def _target(stack: Stack, job: str) -> dict[str, Any]:
    scheduler = stack.aws.client("scheduler")
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=stack.name)
    names = sorted(schedule["Name"] for page in pages for schedule in page["Schedules"])
    if job not in names:
        raise OpsError(f"there is no job {job!r}; there are {', '.join(names) or 'none'}")
    target: dict[str, Any] = scheduler.get_schedule(GroupName=stack.name, Name=job)["Target"]
    if ":lambda:" not in target["Arn"]:
        raise OpsError(f"{job} starts {target['Arn']}, which is no function")
    return target
