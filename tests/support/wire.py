"""A short wire from the real SDK to an emulator on this machine, and past the SDK for what only tests do.

The SDK's own way out (signatures, urllib3, connection pools, proxies, TLS) costs more than all the rest of a
call, and a test of the stores is made of calls. Serialising, retries and parsing are the SDK's as before.
"""

import json
import select
import socket
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import ConnectionClosedError

from functions.platform.sdk import READ_SECONDS_MAX

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

C = TypeVar("C")
TARGET = "DynamoDB_20120810"
CHUNK_BYTES = 1 << 16
CREDENTIAL = "Credential=test/20260101/us-east-1/dynamodb/aws4_request"
AS_NOBODY = f"AWS4-HMAC-SHA256 {CREDENTIAL}, SignedHeaders=host, Signature=none"
"""A signature, which the emulator wants to see and does not check."""
READ_BY_THE_SDK = {"content-type", "x-amzn-requestid", "x-amz-crc32"}
"""The headers of an answer that its parser and its retries look at."""


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
        self._begin = (
            f"POST / HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: {AS_NOBODY}\r\n"
            "X-Amz-Date: 20260101T000000Z\r\n"
        )
        self._idle: deque[socket.socket] = deque()

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """Send what the SDK has prepared; raise what its own sender raises where the connection ends."""
        headers: Any = request.headers
        body: Any = request.body
        try:
            status, answered, content = self._exchange(headers["X-Amz-Target"], headers["Content-Type"], body)
        except OSError as error:
            raise ConnectionClosedError(endpoint_url=request.url, error=error) from error
        return AWSResponse(request.url, status, answered, Body(content))  # type: ignore[arg-type]  # a dict will do

    def ask(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask the emulator for an operation of DynamoDB, without the SDK."""
        status, _, content = self._exchange(
            f"{TARGET}.{operation}", "application/x-amz-json-1.0", json.dumps(body).encode()
        )
        assert status == 200, content
        answer: dict[str, Any] = json.loads(content)
        return answer

    def close(self) -> None:
        """Close all connections."""
        while self._idle:
            self._idle.pop().close()

    def _exchange(self, target: str, kind: str, body: bytes) -> tuple[int, dict[str, str], bytes]:
        head = (
            f"{self._begin}X-Amz-Target: {target}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        connection = self._connection()
        try:
            connection.sendall(head.encode() + body)
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
    named = (line.split(": ", 1) for line in lines)
    headers = {name.lower(): value for name, value in named}
    length = int(headers["content-length"])
    while len(content) < length:
        content += _more(connection)
    return int(first.split()[1]), {name: headers[name] for name in READ_BY_THE_SDK & headers.keys()}, content


def _more(connection: socket.socket) -> bytes:
    chunk = connection.recv(CHUNK_BYTES)
    if not chunk:
        raise ConnectionResetError("the emulator closed the connection")
    return chunk


def let_send(client: "DynamoDBClient", wire: Wire) -> "DynamoDBClient":
    """Let a client send by a wire; return it."""
    client._endpoint.http_session = wire  # type: ignore[attr-defined]
    return unsigned(client)


def unsigned(client: C) -> C:
    """Let a client's requests go out as it has written them; return it.

    Nobody looks at a signature here, nor at how often something is said to have been sent: to write both into
    headers takes a third of a call.
    """
    client._endpoint.create_request = _prepared  # type: ignore[attr-defined]
    return client


def _prepared(written: dict[str, Any], _: object = None) -> AWSPreparedRequest:
    return AWSPreparedRequest(
        method=written["method"],
        url=written["url"],
        headers=written["headers"],
        body=written["body"],
        stream_output=False,
    )


def wire_of(client: "DynamoDBClient") -> Wire:
    """Return the wire that a client sends by."""
    wire = client._endpoint.http_session  # type: ignore[attr-defined]
    assert isinstance(wire, Wire)
    return wire
