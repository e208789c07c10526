"""A secret with keys of a payment provider: the deployment makes the place, whoever has the keys fills it."""

from typing import cast

from aws_cdk import SecretValue
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.naming import payment_secret
from infra.stage import Stage

NO_KEYS = "{}"
"""What a secret holds at first. It must never be another text: when it changes, CloudFormation writes it over
the keys, which it leaves alone when anything else does
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-secretsmanager-secret.html)."""


class PaymentSecret(secretsmanager.Secret):
    """The keys by which a provider's notifications are checked, or those by which it is asked (Y1).

    It has a name of its own, by which functions and operators find it.
    """

    def __init__(self, scope: Construct, construct_id: str, *, provider: str, use: str, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            secret_name=payment_secret(provider, use, stage),
            description=f"memberday {stage.name}: keys of {provider} to {use}",
            secret_string_value=SecretValue.unsafe_plain_text(NO_KEYS),
            removal_policy=stage.removal_policy,
        )

    @property
    def arn(self) -> str:
        """The ARN: the attribute ``Id`` on AWS as on the emulator, which refers to a secret by its name."""
        return cast(secretsmanager.CfnSecret, self.node.default_child).attr_id
