"""The key under which phones are hashed: a secret that the deployment draws and nobody is shown."""

from typing import cast

from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from infra.stage import Stage

KEY_CHARACTERS = 64


class PhoneKey(secretsmanager.Secret):
    """A random key for life: with another one, no phone is found until the members are indexed again."""

    def __init__(self, scope: Construct, construct_id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            construct_id,
            description=f"memberday {stage.name}: the key under which phones are hashed",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                password_length=KEY_CHARACTERS, exclude_punctuation=True
            ),
            removal_policy=stage.removal_policy,
        )

    @property
    def arn(self) -> str:
        """The ARN: the attribute ``Id`` on AWS as on the emulator, which refers to a secret by its name."""
        return cast(secretsmanager.CfnSecret, self.node.default_child).attr_id
