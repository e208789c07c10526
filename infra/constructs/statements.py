"""The bucket that payment providers' statements lie in: private, encrypted, each version kept for a while."""

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.stage import Stage

KEPT = Duration.days(400)
"""A year's statements and the audit after it; what is compared of them stays in the table."""
REPLACED_KEPT = Duration.days(90)
UNFINISHED_KEPT = Duration.days(1)


class Statements(s3.Bucket):
    """Holds ``statements/{provider}/{date}.csv``: put by the worker, or by hand; read by the worker (Y8)."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=not stage.local,  # the local cloud speaks HTTP, on loopback
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            removal_policy=stage.removal_policy,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=KEPT,
                    noncurrent_version_expiration=REPLACED_KEPT,
                    abort_incomplete_multipart_upload_after=UNFINISHED_KEPT,
                )
            ],
        )

    def grant_keeping(self, grantee: iam.IGrantable) -> None:
        """Let a function read statements and put them; to be told that there is none, it has to list.

        CDK's own grants are for the whole bucket, and add that objects may be deleted.
        """
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["s3:ListBucket"], resource_arns=[self.bucket_arn]
        )
        iam.Grant.add_to_principal(
            grantee=grantee,
            actions=["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:AbortMultipartUpload"],
            resource_arns=[f"{self.bucket_arn}/statements/*"],
        )
