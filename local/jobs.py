"""Running a scheduled job now, as its schedule would, and the replay, which an operator starts."""

from __future__ import annotations

import json
from typing import Any

from local.aws import Aws
from local.errors import LocalError

JOB_SECONDS_MAX = 900
REPLAY = "replay-points"


def fire(aws: Aws, group: str, job: str) -> dict[str, Any]:
    """Invoke the target of the schedule ``job`` with the schedule's input, and wait for what it answers.

    Parameters
    ----------
    group
        The schedule group; it is named like the stack.

    Raises
    ------
    LocalError
        If there is no such job, or if its function fails.
    """
    target = _target(aws, group, job)
    return _run(aws, target["Arn"], job, target.get("Input", "{}"))


def replay(aws: Aws, function: str) -> dict[str, Any]:
    """Start the replay, which no schedule does: what the accounts have not seen of the orders is posted.

    Raises
    ------
    LocalError
        If its function fails.
    """
    return _run(aws, function, REPLAY, json.dumps({"job": REPLAY}))


def _run(aws: Aws, function: str, job: str, payload: str) -> dict[str, Any]:
    # Once: a job that is tried again in silence hides that it failed.
    functions = aws.client("lambda", read_seconds_max=JOB_SECONDS_MAX, attempts=1)
    answer = functions.invoke(FunctionName=function, Payload=payload.encode(), LogType="Tail")
    result = json.loads(answer["Payload"].read() or b"null")
    if answer.get("FunctionError"):
        message = result.get("errorMessage") if isinstance(result, dict) else result
        raise LocalError(f"{job} failed: {message}")
    if result is not None and not isinstance(result, dict):
        raise LocalError(f"{job} answers {result!r} instead of an object of counts")
    return {"job": job, **(result or {})}


def _target(aws: Aws, group: str, job: str) -> dict[str, Any]:
    scheduler = aws.client("scheduler")
    schedules = scheduler.list_schedules(GroupName=group, MaxResults=100)["Schedules"]
    names = sorted(schedule["Name"] for schedule in schedules)
    if job not in names:
        raise LocalError(f"there is no job {job!r}; there are {', '.join(names) or 'none'}")
    target: dict[str, Any] = scheduler.get_schedule(GroupName=group, Name=job)["Target"]
    if ":lambda:" not in target["Arn"]:
        raise LocalError(f"{job} starts {target['Arn']}, which is no function")
    return target
