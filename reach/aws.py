"""Clients of AWS, by whoever makes them: the caller's account, or the local cloud."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import boto3

CONNECT_SECONDS_MAX = 5
READ_SECONDS_MAX = 60
REGION = "us-east-1"
ACCOUNT = "000000000000"
"""Where the local cloud says that it is."""
# The emulator's own caller, which holds every right; functions get their roles' credentials instead.
ACCESS_KEY = "test"
SECRET_KEY = "test"  # noqa: S105 - no secret: the emulator's fixed root key


class Clients(Protocol):
    """Makes clients of AWS's services."""

    def client(self, service: Any, *, read_seconds_max: int = READ_SECONDS_MAX, attempts: int = 3) -> Any:
        """A client of ``service``."""
        ...


class CallersAccount:
    """The account and region of the shell's credentials, as the AWS command line finds them."""

    def client(self, service: Any, *, read_seconds_max: int = READ_SECONDS_MAX, attempts: int = 3) -> Any:
        """A client of ``service``."""
        import boto3
        from botocore.config import Config

        retries = {"total_max_attempts": attempts, "mode": "standard"}
        return boto3.client(service, config=Config(read_timeout=read_seconds_max, retries=retries))  # type: ignore[arg-type]


class Aws:
    """The local cloud at an endpoint, out of reach of the caller's configuration, credentials and proxies.

    boto3 is imported with the first client, because that takes a while.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._session: boto3.Session | None = None

    def client(self, service: Any, *, read_seconds_max: int = READ_SECONDS_MAX, attempts: int = 3) -> Any:
        """A client of ``service``."""
        from botocore.config import Config

        return self._isolated_session().client(
            service,
            endpoint_url=self.endpoint,
            config=Config(
                proxies={},
                connect_timeout=CONNECT_SECONDS_MAX,
                read_timeout=read_seconds_max,
                retries={"total_max_attempts": attempts, "mode": "standard"},
            ),
        )

    def _isolated_session(self) -> boto3.Session:
        if self._session is None:
            import boto3
            import botocore.session

            core = botocore.session.Session(
                session_vars={
                    "profile": (None, None, None, None),
                    "config_file": (None, None, os.devnull, None),
                    "credentials_file": (None, None, os.devnull, None),
                }
            )
            self._session = boto3.Session(
                aws_access_key_id=ACCESS_KEY,
                aws_secret_access_key=SECRET_KEY,
                region_name=REGION,
                botocore_session=core,
            )
        return self._session
