"""The SDK as the functions use it: one session per process, clients that fit into a function's deadline.

Clients are made by botocore, which is the part of boto3 that boto3's own clients come from: boto3's resources
and its S3 transfers, which nothing here uses, take 25 ms of each cold start to import (docs/performance.md).
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

from functions.platform import spent

CONNECT_SECONDS_MAX = 0.5
READ_SECONDS_MAX = 1.0
TRIES_MAX = 2
BACKOFF_SECONDS_MAX = 1.0
CALL_SECONDS_MAX = (
    TRIES_MAX * (CONNECT_SECONDS_MAX + READ_SECONDS_MAX) + (TRIES_MAX - 1) * BACKOFF_SECONDS_MAX
)
"""How long one call can take at worst; nothing is sent any more when less is left (see deadline.py)."""


def client(service: str, endpoint_url: str | None = None, **config: Any) -> Any:
    """Return a client of a service: time-outs and tries that fit into a deadline, throttling retried by it.

    Parameters
    ----------
    endpoint_url
        Where the service is, if not where the environment or AWS has it.
    config
        What else the client is told (https://botocore.amazonaws.com/v1/documentation/api/latest/reference/config.html).
    """
    made = _session().create_client(
        service,
        endpoint_url=endpoint_url,
        config=Config(
            connect_timeout=CONNECT_SECONDS_MAX,
            retries={"mode": "standard", "total_max_attempts": TRIES_MAX},
            **{"read_timeout": READ_SECONDS_MAX, **config},
        ),
    )
    spent.count(made)
    return made


@cache
def _session() -> Session:
    """Return the one session of this process: its clients share what it has loaded and who it is."""
    return get_session()
