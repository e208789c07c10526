"""Faults of the network and of DynamoDB under the real SDK: its parsing, retries and tokens take part."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError

from functions.platform.sdk import TRIES_MAX
from tests.support.wire import Body

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SENDS_OF_THE_SDK = TRIES_MAX
"""How often the SDK sends one call that fails; a fault that shall be seen needs as many."""


@dataclass(frozen=True)
class Fault:
    """What happens to one send: ``lost`` answers nothing, otherwise an error is answered.

    ``after`` says whether DynamoDB carries the call out before.
    """

    after: bool = False
    lost: bool = False
    status: int = 400
    error: dict[str, Any] = field(default_factory=dict)


RESET_BEFORE = Fault(lost=True)
LOST_AFTER = Fault(lost=True, after=True)
SERVER_ERROR = Fault(status=500, error={"__type": "InternalServerError"})
SERVER_ERROR_AFTER = Fault(status=500, error={"__type": "InternalServerError"}, after=True)
THROTTLED = Fault(error={"__type": "com.amazonaws#ThrottlingException", "message": "slow down"})
IN_PROGRESS = Fault(error={"__type": "com.amazonaws#TransactionInProgressException"})

ROW_CONFLICT = Fault(error={"__type": "com.amazonaws#TransactionConflictException", "message": "ongoing"})


def cancelled(*codes: str) -> Fault:
    """Return a cancelled transaction with these reasons, by action."""
    reasons = [{"Code": code, "Message": code} for code in codes]
    return Fault(
        error={
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer cancellation reasons [{', '.join(codes)}]",
            "CancellationReasons": reasons,
        }
    )


Operation = Literal["TransactWriteItems", "BatchGetItem", "GetItem", "Query", "PutItem", "UpdateItem"]


@dataclass
class Calls:
    """What a client sent: every operation in order with its body, and the faults that are still to come."""

    sent: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    meanwhile: dict[str, Callable[[], object]] = field(default_factory=dict)

    def fail(self, operation: Operation, *faults: Fault) -> None:
        """Let the next sends of an operation meet these faults, one each."""
        self.faults.setdefault(operation, deque()).extend(faults)

    def do_before(self, operation: Operation, act: Callable[[], object]) -> None:
        """Let something else happen just before the next send of an operation."""
        self.meanwhile[operation] = act


@contextmanager
def watched(client: "DynamoDBClient") -> Iterator[Calls]:
    """Record what a client sends, and let chosen sends fail."""
    calls = Calls()

    def before_send(request: AWSPreparedRequest, event_name: str, **_: Any) -> Any:
        operation = event_name.rsplit(".", 1)[-1]
        act = calls.meanwhile.pop(operation, None)
        if act is not None:
            act()
        calls.sent.append(operation)
        body: Any = request.body
        calls.bodies.append(json.loads(body))
        waiting = calls.faults.get(operation)
        if not waiting:
            return None
        fault = waiting.popleft()
        if fault.after:
            client._endpoint.http_session.send(request)  # type: ignore[attr-defined]
        if fault.lost:
            raise ConnectionClosedError(endpoint_url=request.url)
        headers = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
        raw = Body(json.dumps(fault.error).encode())
        return AWSResponse(request.url, fault.status, headers, raw)

    client.meta.events.register("before-send.dynamodb.*", before_send)
    try:
        yield calls
    finally:
        client.meta.events.unregister("before-send.dynamodb.*", before_send)
