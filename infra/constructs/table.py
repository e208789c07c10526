"""A table of the programme: on demand, recoverable, encrypted, with a stream of its changes."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from functions.domain.tables import Table
from infra.stage import READS_PER_REQUEST, WRITES_PER_REQUEST, Stage


class ProgrammeTable(dynamodb.Table):
    """A table whose rows are found by a partition key and ``item``, which says what kind of row it is.

    Its stream is the outbox: it has at most two readers, DynamoDB's limit. Its indexes are sparse, of the
    rows that have their partition key, and hold keys only, so that they cost nothing when other attributes
    change.
    """

    def __init__(self, scope: Construct, construct_id: str, *, keys: Table, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=_text(keys.partition_key),
            sort_key=_text("item"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=stage.keeps_data,
            removal_policy=stage.removal_policy,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            warm_throughput=_warm(stage),
            time_to_live_attribute=keys.expires,
        )
        for name, (partition, sort) in keys.indexes.items():
            self.add_global_secondary_index(
                index_name=name,
                partition_key=_text(partition),
                sort_key=_text(sort),
                projection_type=dynamodb.ProjectionType.KEYS_ONLY,
                warm_throughput=_warm(stage),
            )


def table(scope: Construct, construct_id: str, *, keys: Table, stage: Stage) -> dynamodb.ITable:
    """Return a table of the stack: its own, or the one that was restored to stand in its place.

    A restored table is no resource of the stack: who restored it has given it its stream, its recovery and
    its protection (see the runbook).
    """
    stream = stage.restored.get(construct_id)
    if stream is None:
        return ProgrammeTable(scope, construct_id, keys=keys, stage=stage)
    return dynamodb.Table.from_table_attributes(
        scope,
        construct_id,
        table_arn=stream.partition("/stream/")[0],
        table_stream_arn=stream,
        global_indexes=list(keys.indexes),
    )


def grant_rows(
    table: dynamodb.ITable, grantee: iam.IGrantable, *actions: str, indexes: Sequence[str] = ()
) -> None:
    """Give single actions on a table's rows, and ``Query`` on these of its indexes.

    CDK's own grants add ``index/*`` and, for reading and writing, ``Scan`` and ``DeleteItem``.
    """
    if actions:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[f"dynamodb:{action}" for action in actions],
            resource_arns=[table.table_arn],
        )
    if indexes:
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["dynamodb:Query"],
            resource_arns=[f"{table.table_arn}/index/{index}" for index in indexes],
        )


def _warm(stage: Stage) -> dynamodb.WarmThroughput | None:
    """Return what a table or an index takes from the start, where that is more than a new one does."""
    if not stage.warm:
        return None
    return dynamodb.WarmThroughput(
        read_units_per_second=READS_PER_REQUEST * stage.requests,
        write_units_per_second=WRITES_PER_REQUEST * stage.requests,
    )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
