"""The bucket that the records of what staff did are copied to: nobody can change or delete them (K7)."""

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from functions.audit.tables import FOLDER
from functions.platform.trail import RECORD_KEPT_DAYS

LOCKED = Duration.days(RECORD_KEPT_DAYS)
"""As long as the records themselves are kept."""
GONE_AFTER = Duration.days(RECORD_KEPT_DAYS + 1)
UNFINISHED_KEPT = Duration.days(1)


class Archive(s3.Bucket):
    """Holds ``records/{day}/{digest}.jsonl``, each locked in compliance mode from the moment it is put.

    In that mode no account's administrator, nor its root user, can shorten the lock: the records are of
    what administrators did, too. Nothing of a person is in them, so that nobody's erasure asks for it.
    """

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(
            scope,
            construct_id,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            versioned=True,
            object_lock_enabled=True,
            object_lock_default_retention=s3.ObjectLockRetention.compliance(LOCKED),
            removal_policy=RemovalPolicy.RETAIN,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=GONE_AFTER,
                    noncurrent_version_expiration=UNFINISHED_KEPT,
                    abort_incomplete_multipart_upload_after=UNFINISHED_KEPT,
                )
            ],
        )

    def grant_adding(self, grantee: iam.IGrantable) -> None:
        """Let a function put objects; CDK's own grants add that they may be deleted, and their locks set."""
        iam.Grant.add_to_principal(
            grantee=grantee, actions=["s3:PutObject"], resource_arns=[f"{self.bucket_arn}/{FOLDER}/*"]
        )
