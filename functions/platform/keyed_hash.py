"""A hash that only who has a key can make: what is found by it cannot be guessed from it.

There are some billions of phone numbers, so that a hash without a key is a number in clear to whoever tries
them all. The key is a secret of Secrets Manager, read once per process, when it is first needed.
"""

import hashlib
import hmac
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from functions.platform import dynamo, sdk
from functions.platform.settings import PhoneKeySettings

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

KEY_BYTES_MIN = 32
_HASH_CHARACTERS = 32


def client(endpoint_url: str | None = None) -> "SecretsManagerClient":
    """Return the client of the secrets of a function, with the time-outs of the database's."""
    made: SecretsManagerClient = sdk.client("secretsmanager", endpoint_url)
    return made


def secret(name: str) -> bytes:
    """Read the key that a secret holds.

    Raises
    ------
    TryAgainError
        It could not be had.
    """
    with dynamo.repeatable():
        text: str = client().get_secret_value(SecretId=name)["SecretString"]
    return text.encode()


class KeyedHash:
    """HMAC-SHA-256, of which 128 bits are kept, under a key that is read when it is first needed."""

    def __init__(self, read_key: Callable[[], bytes]) -> None:
        self._read_key = read_key
        self._key: bytes | None = None

    def __call__(self, text: str) -> str:
        """Return the hash of a text in hexadecimal digits.

        Raises
        ------
        ValueError
            The key is too short to be one.
        """
        if self._key is None:
            key = self._read_key()
            if len(key) < KEY_BYTES_MIN:
                raise ValueError(f"a key has at least {KEY_BYTES_MIN} bytes")
            self._key = key
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()[:_HASH_CHARACTERS]


def from_environment() -> KeyedHash:
    """Return the hash of a function's phones, whose key its environment names."""
    return KeyedHash(partial(secret, PhoneKeySettings.from_environment().phone_key))
