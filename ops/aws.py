"""Clients of AWS, by whoever makes them: the caller's account, or the local cloud."""

from __future__ import annotations

from typing import Any, Protocol

READ_SECONDS_MAX = 60


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
