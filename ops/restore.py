"""Tables as they were at a moment, beside the ones that are; a deployment then puts them in their place."""

from __future__ import annotations

from datetime import datetime

from ops.errors import OpsError
from ops.stack import HASH, TABLE, Json, Stack

WAIT_SECONDS = 15
WAITS_MAX = 960
"""Four hours: a restore takes as long as its table is large."""


def restore(stack: Stack, *, at: datetime | None, suffix: str) -> dict[str, str]:
    """Restore every table of the stack to a moment, or to the latest one; the streams of the new tables.

    A restored table has no stream, no recovery and no protection at first: each gets what its source has.
    What was restored under the same suffix before is left as it is, so that a broken run is begun again.

    Raises
    ------
    OpsError
        The stack has no tables of its own any more: it was restored before.
    """
    tables = {HASH.sub("", logical_id): name for logical_id, name in stack.resources(TABLE).items()}
    if not tables:
        raise OpsError(f"{stack.name} has no tables of its own")
    client = stack.aws.client("dynamodb")
    targets = {title: f"{stack.name}-{title}-{suffix}" for title in tables}
    for title, source in tables.items():
        _begin(stack, source, targets[title], at)
    waiter = client.get_waiter("table_exists")
    for title, target in targets.items():
        waiter.wait(TableName=target, WaiterConfig={"Delay": WAIT_SECONDS, "MaxAttempts": WAITS_MAX})
        _equip(stack, tables[title], target)
    return {title: _stream(stack, target) for title, target in targets.items()}


def context(streams: dict[str, str]) -> str:
    """What a deployment is told, so that it uses restored tables: ``restored=Catalog=arn…,Members=arn…``."""
    return "restored=" + ",".join(f"{title}={arn}" for title, arn in sorted(streams.items()))


def _begin(stack: Stack, source: str, target: str, at: datetime | None) -> None:
    client = stack.aws.client("dynamodb")
    when: Json = {"UseLatestRestorableTime": True} if at is None else {"RestoreDateTime": at}
    try:
        client.restore_table_to_point_in_time(SourceTableName=source, TargetTableName=target, **when)
    except (client.exceptions.TableAlreadyExistsException, client.exceptions.TableInUseException):
        return


def _equip(stack: Stack, source: str, target: str) -> None:
    client = stack.aws.client("dynamodb")
    like = client.describe_table(TableName=source)["Table"]
    if "LatestStreamArn" not in client.describe_table(TableName=target)["Table"]:
        client.update_table(TableName=target, StreamSpecification=like["StreamSpecification"])
        client.get_waiter("table_exists").wait(TableName=target)
    client.update_continuous_backups(
        TableName=target, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": True}
    )
    if like.get("DeletionProtectionEnabled"):
        client.update_table(TableName=target, DeletionProtectionEnabled=True)


def _stream(stack: Stack, table: str) -> str:
    return str(stack.aws.client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"])
