"""Paths as a client sends them: the emulator takes slashes off an API's path, which AWS's gateway keeps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PREFIX = "/_aws/execute-api/"
STAGE = "$default"

Parsed = tuple[str, str, str] | None


def keep_paths(gateway: Any, stages_of: Callable[[str], Any]) -> None:
    """Have the emulator keep every slash of a request to an API that is served from its root.

    It looks for the name of a stage in front of each path, and puts the path together again without a slash
    that stood first or last: ``/orders/`` was served as ``/orders``, which on AWS is another path.

    Parameters
    ----------
    gateway
        The emulator's module that takes requests.
    stages_of
        Returns the names of an API's stages.
    """
    parse = gateway._parse_execute_api_url

    def parsed(host: str, path: str) -> Parsed:
        found: Parsed = parse(host, path)
        if found is None or not path.startswith(PREFIX):
            return found
        api_id, first, _ = found
        stages = stages_of(api_id)
        if STAGE not in stages or first in set(stages) - {STAGE}:
            return found
        return api_id, STAGE, path.removeprefix(f"{PREFIX}{api_id}")

    gateway._parse_execute_api_url = parsed
