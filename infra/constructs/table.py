"""A table of the programme: on demand, recoverable, encrypted, with a stream of its changes."""

from collections.abc import Sequence

from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from constructs import Construct

from infra.stage import Stage


class ProgrammeTable(dynamodb.Table):
    """A table whose rows are found by a partition key and ``item``, which says what kind of row it is.

    Its stream is the outbox: it has at most two readers, DynamoDB's limit.
    """

    def __init__(self, scope: Construct, construct_id: str, *, partition_key: str, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            partition_key=dynamodb.Attribute(name=partition_key, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="item", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=stage.keeps_data,
            removal_policy=stage.removal_policy,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        )

    def grant_rows(self, grantee: iam.IGrantable, *actions: str, indexes: Sequence[str] = ()) -> None:
        """Give single actions on the table's rows, and ``Query`` on these of its indexes.

        CDK's own grants add ``index/*`` and, for reading and writing, ``Scan`` and ``DeleteItem``.
        """
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=[f"dynamodb:{action}" for action in actions],
            resource_arns=[self.table_arn],
        )
        if indexes:
            iam.Grant.add_to_principal(
                grantee=grantee,
                actions=["dynamodb:Query"],
                resource_arns=[f"{self.table_arn}/index/{index}" for index in indexes],
            )

    def add_sparse_index(self, name: str, *, partition_key: str, sort_key: str) -> None:
        """Add an index of the rows that have its partition key; it holds keys only, so that it costs nothing
        when other attributes change."""
        self.add_global_secondary_index(
            index_name=name,
            partition_key=dynamodb.Attribute(name=partition_key, type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name=sort_key, type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.KEYS_ONLY,
        )
