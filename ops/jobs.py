"""Running a scheduled job now, as its schedule would; and what an operator alone starts."""

from __future__ import annotations

import json
from typing import Any

from ops.errors import OpsError
from ops.stack import Stack

REPLAY = "replay-points"
STARTS_REPLAY = "PointsJobs"
INDEX_MEMBERS = "index-members"
STARTS_INDEXING = "MembersJobs"


def fire(stack: Stack, job: str) -> dict[str, Any]:
    """Invoke the target of the schedule ``job`` with the schedule's input, and wait for what it answers.

    Raises
    ------
    OpsError
        If there is no such job, or if its function fails.
    """
    target = _target(stack, job)
    return _run(stack, target["Arn"], job, json.loads(target.get("Input", "{}")))


def replay(stack: Stack) -> dict[str, Any]:
    """Start the replay, which no schedule does: what the accounts have not seen of the orders is posted.

    Raises
    ------
    OpsError
        If its function fails.
    """
    return _run(stack, stack.functions()[STARTS_REPLAY], REPLAY, {"job": REPLAY})


def index_members(stack: Stack) -> dict[str, Any]:
    """Start the indexing of members, which no schedule does: who cannot be found yet gets found.

    Raises
    ------
    OpsError
        If its function fails.
    """
    return _run(stack, stack.functions()[STARTS_INDEXING], INDEX_MEMBERS, {"job": INDEX_MEMBERS})


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
