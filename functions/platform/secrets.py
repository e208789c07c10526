"""Secrets of Secrets Manager that are texts."""

from botocore.exceptions import ClientError

from functions.platform import dynamo, keyed_hash

_NOT_THERE = frozenset({"ResourceNotFoundException", "InvalidRequestException"})
"""There is no such secret, or none that is not about to be deleted."""


def text(name: str) -> str:
    """Read a secret's text.

    Raises
    ------
    LookupError
        It is not there, or is no text.
    TryAgainError
        It could not be had.
    """
    try:
        with dynamo.repeatable():
            answer = keyed_hash.client().get_secret_value(SecretId=name)
    except ClientError as error:
        if error.response["Error"]["Code"] in _NOT_THERE:
            raise LookupError("secret") from None
        raise
    return answer["SecretString"]  # a KeyError is a LookupError
