"""The adapters by their providers' names, imported when they are first asked for: SDKs take a while (Y1)."""

from importlib import import_module
from typing import Any

from functions.orders.order import PROVIDERS
from functions.payments.providers.provider import Receiver, Sender

NAMES = PROVIDERS


def sender(name: str) -> type[Sender]:
    """Return who asks a provider.

    Raises
    ------
    KeyError
        There is none of this name.
    """
    found: type[Sender] = _adapter(name).Sending
    return found


def receiver(name: str) -> type[Receiver]:
    """Return who reads what a provider tells, as :func:`sender` does."""
    found: type[Receiver] = _adapter(name).Receiving
    return found


def _adapter(name: str) -> Any:
    if name not in NAMES:
        raise KeyError(name)
    return import_module(f"{__package__}.{name}")
