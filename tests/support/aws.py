"""AWS as moto has it, for what no emulator of ours answers, and for a second opinion."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws

from functions.platform import sdk


@contextmanager
def mocked() -> Iterator[None]:
    """Let moto answer what is sent in here; the functions' session is one of in here, too."""
    sdk._session.cache_clear()  # one that was made before moto was there would send to AWS
    with mock_aws():
        yield
    sdk._session.cache_clear()
