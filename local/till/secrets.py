"""What the deployed stack is told of the till: addresses and keys, in the secrets that it has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from local.till.keys import Keys
from reach.aws import Clients
from reach.folder import read_json


def fill(aws: Clients, stage: str, state: Path, gateway: str) -> list[str]:
    """Put the till's address and keys into the secrets of a stage, where they hold others; which those were.

    A secret that the stack does not have is left out.
    """
    client = aws.client("secretsmanager")
    filled = []
    for (provider, role), value in Keys(read_json(state / "keys.json")).secrets(gateway).items():
        name = f"memberday/{stage}/payments/{provider}/{role}"
        try:
            held = client.get_secret_value(SecretId=name)["SecretString"]
        except client.exceptions.ResourceNotFoundException:
            if not _is_there(client, name):
                continue
            held = ""
        if held != (text := json.dumps(value)):
            client.put_secret_value(SecretId=name, SecretString=text)
            filled.append(name)
    return filled


def _is_there(client: Any, name: str) -> bool:
    """Whether there is a secret of a name, be it without any value."""
    try:
        client.describe_secret(SecretId=name)
    except client.exceptions.ResourceNotFoundException:
        return False
    return True
