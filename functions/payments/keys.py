"""The keys of payment providers, as functions read them: secrets, held for a while, or read anew (Y1)."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Self

from functions.platform import secrets

HELD_SECONDS = 300.0
RELOAD_SECONDS_MIN = 60.0
"""The least between two reads because of an unknown key: nobody can make us read more often (Y1)."""


class KeysError(Exception):
    """The secret of a provider is missing or cannot be read; what it holds is not repeated."""

    def __init__(self, provider: str, why: str = "cannot be used") -> None:
        super().__init__(f"keys of {provider}: {why}")
        self.provider = provider


@dataclass(frozen=True, slots=True)
class _Held:
    secret: Mapping[str, Any]
    read_at: float


class Keys:
    """The secrets ``{prefix}/{provider}/{role}``, each held for :data:`HELD_SECONDS`.

    As long as one is held it is one and the same object, by which a user knows what was made of it before.

    Parameters
    ----------
    read
        Reads a secret by its name, as :func:`.secrets.text` does.
    monotonic
        A clock that only goes forward, in seconds.
    """

    def __init__(
        self, read: Callable[[str], str], prefix: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._prefix = prefix
        self._monotonic = monotonic
        self._held: dict[tuple[str, str], _Held] = {}
        self._reloaded_at: dict[tuple[str, str], float] = {}

    @classmethod
    def of(cls, prefix: str) -> Self:
        """Return the keys in Secrets Manager under names that begin so."""
        return cls(secrets.text, prefix)

    def secret(self, provider: str, role: str) -> Mapping[str, Any]:
        """Return a secret, not older than it may be held.

        Raises
        ------
        KeysError
            It is not there, or is no JSON object.
        TryAgainError
            It could not be had.
        """
        held = self._held.get((provider, role))
        if held is not None and self._monotonic() - held.read_at < HELD_SECONDS:
            return held.secret
        return self._load(provider, role)

    def reload(self, provider: str, role: str) -> bool:
        """Read a secret anew because something came under a key that it does not have; return whether it was.

        It is not within :data:`RELOAD_SECONDS_MIN` of the last time, whatever came of that.

        Raises
        ------
        KeysError, TryAgainError
            As with :meth:`secret`; what was held before is held on.
        """
        now = self._monotonic()
        last = self._reloaded_at.get((provider, role))
        if last is not None and now - last < RELOAD_SECONDS_MIN:
            return False
        self._reloaded_at[provider, role] = now
        self._load(provider, role)
        return True

    def _load(self, provider: str, role: str) -> Mapping[str, Any]:
        read_at = self._monotonic()  # before it is read: it may change while it is on its way
        try:
            found = json.loads(self._read(f"{self._prefix}/{provider}/{role}"))
        except LookupError:
            raise KeysError(provider, f"the secret for {role} is not there") from None
        except (ValueError, RecursionError):
            raise KeysError(provider, f"the secret for {role} is no JSON") from None
        if not isinstance(found, dict):
            raise KeysError(provider, f"the secret for {role} is no JSON object")
        held = _Held(MappingProxyType(found), read_at)
        self._held[provider, role] = held
        return held.secret
