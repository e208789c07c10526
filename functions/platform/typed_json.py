"""DynamoDB's JSON without the SDK's walk through it: what goes over the wire is the typed form already.

The SDK writes a request and reads an answer shape by shape, to find timestamps and bytes, of which neither
the calls nor the rows of the programme have any. That walk grows with the rows (docs/performance.md), so here
the form goes out, and comes in, as it is. The SDK also finds out the same address and the same name of itself
anew for each call; both follow from the client alone, and are kept.

Signing, sending, retries and the classes of refusals stay the SDK's. What stands in the place of a part of it
is named here; `tests/unit/test_typed_json.py` compares what both ways ask, and what they make of an answer.
"""

import json
from typing import Any

from botocore.model import OperationModel
from botocore.parsers import JSONParser


class _Writer:
    """Writes a request's parameters as they are: in the place of the SDK's serializer."""

    def serialize_to_request(self, parameters: Any, operation_model: OperationModel) -> dict[str, Any]:
        """Return the parts of an HTTP request, of the protocol that DynamoDB's model names."""
        metadata = operation_model.metadata
        return {
            "url_path": "/",
            "query_string": "",
            "method": "POST",
            "headers": {
                "X-Amz-Target": f"{metadata['targetPrefix']}.{operation_model.name}",
                "Content-Type": f"application/x-amz-json-{metadata['jsonVersion']}",
            },
            "body": json.dumps(parameters, separators=(",", ":")).encode(),
        }


class _Reader(JSONParser):
    """Reads an answer as it is, as far as the model names its parts; what is null is not there."""

    def _handle_json_body(self, raw_body: bytes, shape: Any) -> Any:
        found: dict[str, Any] = self._parse_body_as_json(raw_body)  # type: ignore[attr-defined]  # no stub
        return {name: found[name] for name in shape.members if found.get(name) is not None}


class _Readers:
    """Gives the one reader: in the place of the SDK's factory, which makes another for each answer."""

    def __init__(self) -> None:
        self._reader = _Reader()

    def create_parser(self, protocol_name: str) -> JSONParser:
        """Return the reader; a client has one protocol."""
        return self._reader


class _Address:
    """Where a client sends to, found out once: in the place of the SDK's resolver.

    It follows from region, account and the client's settings. The programme names tables by their names,
    never by an ARN that could lead elsewhere.
    """

    def __init__(self, resolver: Any) -> None:
        self._resolver = resolver
        self._found: Any = None

    def construct_endpoint(self, operation_model: Any, call_args: Any, request_context: Any) -> Any:
        """Return the address."""
        if self._found is None:
            self._found = self._resolver.construct_endpoint(operation_model, call_args, request_context)
        return self._found

    def __getattr__(self, name: str) -> Any:
        return getattr(self._resolver, name)


class _Name:
    """What a client calls itself, said once: in the place of the SDK's, which also tells of its features."""

    def __init__(self, name: str) -> None:
        self._name = name

    def to_string(self) -> str:
        """Return the name."""
        return self._name


def shortened(client: Any) -> Any:
    """Let a client of DynamoDB write and read the typed form as it is; return it."""
    named = client._user_agent_creator
    service_id = client.meta.service_model.service_id.hyphenize()
    client.meta.events.unregister(
        f"request-created.{service_id}", named.rebuild_and_replace_user_agent_handler
    )
    client._user_agent_creator = _Name(named.to_string())
    client._serializer = _Writer()
    client._endpoint._response_parser_factory = _Readers()
    if client._ruleset_resolver is not None:
        client._ruleset_resolver = _Address(client._ruleset_resolver)
    return client
