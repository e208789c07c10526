"""A short wire from the real SDK to an emulator on this machine, and past the SDK for what only tests do.

The SDK's own way out (urllib3, connection pools, proxies, TLS) costs as much as all the rest of a call, and a
test of the stores is made of calls. Serialising, signing, retries and parsing are the SDK's as before.
"""

import json
import select
import socket
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from functions.platform.sdk import READ_SECONDS_MAX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TARGET = "DynamoDB_20120810"
CHUNK_BYTES = 1 << 16
CREDENTIAL = "Credential=test/20260101/us-east-1/dynamodb/aws4_request"
AS_NOBODY = f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host, Signature=none"


class Body:
    """A body as urllib3 hands it over."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amt: int = 1024, decode_content: bool | None = None) -> Iterator[bytes]:
        """Give all of it."""
        yield self._body

    def read(self, *_: Any, **__: Any) -> bytes:
        """Return all of it."""
        return self._body


class Wire:
    """Sends requests over connections that stay open, each for one request at a time."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        parts = urlsplit(endpoint)
        self._address = (str(parts.hostname), int(parts.port or 0))
        self._idle: deque[socket.socket] = deque()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send what the SDK has prepared; raise what its own sender raises where the connection ends."""
        body: Any = request.body
        headers: dict[str, Any] = dict(request.headers.items())
        for name, value in headers.items():
            headers[name] = value.decode() if isinstance(value, bytes) else value
        try:
            status, answered, content = self._exchange(
                headers, body if isinstance(body, bytes) else body.encode()
            )
        except OSError as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(answered), Body(content))

    def ask(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask the emulator for an operation of DynamoDB, without the SDK."""
        headers = {
            "X-Amz-Target": f"{TARGET}.{operation}",
            "Content-Type": "application/x-amz-json-1.0",
            "Authorization": AS_NOBODY,
            "X-Amz-Date": "20260101T000000Z",
        }
        status, _, content = self._exchange(headers, json.dumps(body).encode())
        assert status == 200, content
        answer: dict[str, Any] = json.loads(content)
        return answer

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        head = {**headers, "Host": f"{self._address[0]}:{self._address[1]}", "Content-Length": str(len(body))}
        lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
        connection = self._connection()
        try:
            connection.sendall(f"POST / HTTP/1.1\r\n{lines}\r\n".encode() + body)
            answer = _answer(connection)
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)
        return answer

    def _connection(self) -> socket.socket:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread took it
                break
            if not select.select([connection], [], [], 0)[0]:
                return connection
            connection.close()  # by the emulator, as nothing was asked for long
        connection = socket.create_connection(self._address, READ_SECONDS_MAX)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection


def _answer(connection: socket.socket) -> tuple[int, dict[str, str], bytes]:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(connection)
    head, _, content = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    length = int(next(value for name, value in headers.items() if name.lower() == "content-length"))
    while len(content) < length:
        content += _more(connection)
    return int(first.split()[1]), headers, content


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(CHUNK_BYTES)
    if not chunk:
        raise ConnectionResetError("the emulator closed the connection")
    return chunk


def let_send(client: "DynamoDBClient", wire: Wire) -> "DynamoDBClient":
    """Let a client send by a wire; return it."""
    client._endpoint.http_session = wire  # type: ignore[attr-defined]
    return client


def wire_of(client: "DynamoDBClient") -> Wire:
    """Return the wire that a client sends by."""
    wire = client._endpoint.http_session  # type: ignore[attr-defined]
    assert isinstance(wire, Wire)
    return wire
