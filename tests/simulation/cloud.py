"""AWS within this process: DynamoDB's emulator, queues and a bus under the real SDK, without a network."""

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from ministack.services import dynamodb as emulator

from functions.platform import bus, dynamo, fanout
from functions.platform.dynamo import Tables
from functions.platform.sdk import CONNECT_SECONDS_MAX, READ_SECONDS_MAX
from functions.platform.settings import Settings
from functions.points.posting import change_item
from tests.simulation.faults import OTHERWISE_ANSWERED, Crash, Faults, Kind
from tests.simulation.virtual import Time
from tests.support import tables
from tests.support.wire import Body, unsigned

Json = dict[str, Any]
Listener = Callable[[str, bytes, int, bytes], None]
"""Is told of every call that the database has carried out: the operation, its body, status and answer."""
ENDPOINT = "http://127.0.0.1:9"
CALL_SECONDS = 0.004
CONTENT_TYPE = HTTPHeaders.from_dict({"content-type": "application/x-amz-json-1.0"})
NOT_DYNAMODB = {"SendMessage", "PutEvents"}
RECENT_MAX = 12
"""How many changes of a table an index can be behind."""
_STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}


class Cloud:
    """The tables, queues and the bus of one world, and the clients through which functions reach them.

    ``changes`` are the stream records of every table in the order of their commits, of each of which the last
    is ``committed``, ``messages`` what queues were sent, ``events`` what the bus took.
    """

    def __init__(
        self, time: Time, faults: Faults, pause: Callable[[], None], listener: Listener | None = None
    ) -> None:
        self.time = time
        self.faults = faults
        self._pause = pause
        self.changes: list[Json] = []
        self.messages: list[Json] = []
        self.events: list[Json] = []
        self.listener = listener
        self._going_back = False
        self._late: list[tuple[str, Json]] = []
        """Writes whose sender has given up waiting, and that will take effect all the same."""
        self.ends_at = float("inf")
        """When Lambda ends the invocation that is running."""
        self._recent: dict[str, deque[Json]] = defaultdict(lambda: deque(maxlen=RECENT_MAX))
        emulator.reset()
        emulator._stream_seq_counter = 0  # records are numbered as in the first world of a process
        self.dynamodb = dynamo.client(ENDPOINT)
        self.sqs = fanout.client(ENDPOINT)
        self.bus = bus.client(ENDPOINT)
        for client in (self.dynamodb, self.sqs, self.bus):
            send: Any = self._send
            unsigned(client).meta.events.register("before-send", send)
        self.settings = self._create_tables()
        self.tables = Tables(self.dynamodb, self.time.now)

    def rows(self, table: str) -> list[Json]:
        """Return all rows of a table as they are, beside all calls and faults."""
        found = emulator._tables[table]["items"]
        return [dynamo.from_item(item) for partition in found.values() for item in partition.values()]

    def row(self, table: str, **key: str) -> Json | None:
        """Return a row as it is, beside all calls and faults."""
        partition, item = key.values()
        found = emulator._tables[table]["items"].get(partition, {}).get(item)
        return None if found is None else dynamo.from_item(found)

    def changes_of(self, order: Json) -> list[Json]:
        """Return all changes of an order: those that have rows of their own, and then those of its row."""
        numbers = range(order.get("earlier_changes", 0))
        rows = [self.row("Orders", order_id=order["order_id"], item=change_item(each)) for each in numbers]
        return [*(row for row in rows if row is not None), *order.get("changes", [])]

    def _create_tables(self) -> Settings:
        for name in tables.PARTITION_KEYS:
            self._emulate(
                "CreateTable",
                _sent(
                    {
                        "TableName": name,
                        "BillingMode": "PAY_PER_REQUEST",
                        "StreamSpecification": _STREAM,
                        **tables.definition(name),
                    }
                ),
            )
        return Settings.from_environment({f"{name.upper()}_TABLE": name for name in tables.PARTITION_KEYS})

    def arrive(self) -> None:
        """Let the writes take effect that are under way without anybody who waits for them."""
        late, self._late = self._late, []
        for operation, body in late:
            self._do(operation, body, None)

    def _send(self, request: AWSPreparedRequest, event_name: str, **_: Any) -> AWSResponse:
        """Answer one send of the SDK; it parses the answer, and sends again what it thinks worth it."""
        operation = event_name.rsplit(".", 1)[-1]
        self._pause()
        self.time.pass_by(CALL_SECONDS)
        if self.time.time() > self.ends_at:
            raise Crash("time-out")
        if self._late and self.faults.chance.random() < 0.25:
            self.arrive()
        sent: Any = request.body
        fault = self.faults.draw(operation)
        if fault is None and operation not in NOT_DYNAMODB:
            return self._answered(request, *self._emulate(operation, sent))
        body = json.loads(sent)
        match fault:
            case _ if fault is None or fault in OTHERWISE_ANSWERED:
                return self._answered(request, *self._do(operation, body, fault))
            case Kind.RESET:
                raise ConnectionClosedError(endpoint_url=request.url)
            case Kind.CRASH:
                raise Crash(operation)
            case Kind.LATE:
                self._late.append((operation, body))
                self.time.pass_by(CONNECT_SECONDS_MAX + READ_SECONDS_MAX)
                raise ReadTimeoutError(endpoint_url=request.url)
            case Kind.TIMED_OUT:
                self.time.pass_by(CONNECT_SECONDS_MAX + READ_SECONDS_MAX)
                raise ReadTimeoutError(endpoint_url=request.url)
            case Kind.LOST | Kind.TIMED_OUT_AFTER | Kind.SERVER_ERROR_AFTER | Kind.CRASH_AFTER:
                self._do(operation, body, None)
        match fault:
            case Kind.LOST:
                raise ConnectionClosedError(endpoint_url=request.url)
            case Kind.CRASH_AFTER:
                raise Crash(operation)
            case Kind.TIMED_OUT_AFTER:
                self.time.pass_by(CONNECT_SECONDS_MAX + READ_SECONDS_MAX)
                raise ReadTimeoutError(endpoint_url=request.url)
            case Kind.SERVER_ERROR | Kind.SERVER_ERROR_AFTER:
                return self._answered(request, 500, {"__type": "InternalServerError"})
            case Kind.THROTTLED:
                return self._answered(request, 400, {"__type": "ThrottlingException"})
            case Kind.IN_PROGRESS:
                return self._answered(request, 400, {"__type": "TransactionInProgressException"})
            case _:
                return self._answered(request, 400, self._conflict(operation, body))

    @staticmethod
    def _answered(request: AWSPreparedRequest, status: int, body: Json | bytes) -> AWSResponse:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return AWSResponse(request.url, status, CONTENT_TYPE, Body(raw))

    def _conflict(self, operation: str, body: Json) -> Json:
        if operation != "TransactWriteItems":
            return {
                "__type": "TransactionConflictException",
                "message": "Transaction is ongoing for the item",
            }
        codes = ["None"] * len(body["TransactItems"])
        codes[self.faults.chance.randrange(len(codes))] = "TransactionConflict"
        return {
            "__type": "TransactionCanceledException",
            "Message": f"Transaction cancelled, please refer cancellation reasons {codes}",
            "CancellationReasons": [{"Code": code} for code in codes],
        }

    def _do(self, operation: str, body: Json, fault: Kind | None) -> tuple[int, Json | bytes]:
        match operation:
            case "SendMessage":
                self.messages.append(body)
                return 200, {"MessageId": str(len(self.messages))}
            case "PutEvents":
                return 200, self._put_events(body["Entries"], fault)
        match fault:
            case Kind.UNPROCESSED:
                return self._some_unprocessed(body)
            case Kind.EMPTY_PAGE if "ExclusiveStartKey" in body:
                again = body["ExclusiveStartKey"]
                return 200, {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": again}
            case Kind.EMPTY_PAGE | Kind.SHORT_PAGE:
                limit = min(body.get("Limit", 2), self.faults.chance.randint(1, 2))
                return self._emulate(operation, _sent({**body, "Limit": limit}))
            case Kind.STALE:
                return self._stale(operation, body)
        return self._emulate(operation, _sent(body))

    def _put_events(self, entries: list[Json], fault: Kind | None) -> Json:
        refused = set()
        if fault is Kind.ENTRIES_REFUSED:
            refused = {place for place in range(len(entries)) if self.faults.chance.random() < 0.5}
        self.events += [entry for place, entry in enumerate(entries) if place not in refused]
        results = [
            {"ErrorCode": "InternalFailure"} if place in refused else {"EventId": str(place)}
            for place in range(len(entries))
        ]
        return {"FailedEntryCount": len(refused), "Entries": results}

    def _some_unprocessed(self, body: Json) -> tuple[int, Json]:
        asked: Json = {}
        left: Json = {}
        for table, what in body["RequestItems"].items():
            for key in what["Keys"]:
                side = left if self.faults.chance.random() < 0.5 else asked
                side.setdefault(table, {**what, "Keys": []})["Keys"].append(key)
        answer: Json = {"Responses": {}}
        if asked:
            answer = json.loads(self._emulate("BatchGetItem", _sent({"RequestItems": asked}))[1])
        return 200, answer | {"UnprocessedKeys": left}

    def _stale(self, operation: str, body: Json) -> tuple[int, bytes]:
        """Answer a read as it was some changes ago, unless it is to be consistent."""
        if body.get("ConsistentRead"):
            return self._emulate(operation, _sent(body))
        recent = self._recent[body["TableName"]]
        lag: dict[str, int] = defaultdict(lambda: self.faults.chance.randint(0, len(recent)))
        behind = [  # each row's entry in an index lags by itself
            change
            for place, change in enumerate(recent)
            if place >= len(recent) - lag[json.dumps(change["dynamodb"]["Keys"], sort_keys=True)]
        ]
        table = emulator._tables[body["TableName"]]
        for change in reversed(behind):
            self._put_back(table, change, "OldImage")
        self._going_back = True
        try:
            return self._emulate(operation, _sent(body))
        finally:
            self._going_back = False
            for change in behind:
                self._put_back(table, change, "NewImage")

    @staticmethod
    def _put_back(table: Json, change: Json, image: str) -> None:
        keys = change["dynamodb"]["Keys"]
        partition, sort = keys[table["pk_name"]]["S"], keys[table["sk_name"]]["S"]
        item = change["dynamodb"].get(image)
        if item is None:
            emulator._remove_item(table, partition, sort)
        else:
            emulator._set_item(table, partition, sort, item)

    def _emulate(self, operation: str, sent: bytes) -> tuple[int, bytes]:
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        call = emulator.handle_request("POST", "/", headers, sent, {})
        status, _, answer = _finished(call)
        if self.listener is not None and not self._going_back:
            self.listener(operation, sent, status, answer)
        written = False
        for table, records in emulator._stream_records.items():
            if records:
                self.changes += records
                written = True
                self._recent[table].extend(records)
                records.clear()
        if written:
            self.changes[-1]["committed"] = True
        return status, answer if isinstance(answer, bytes) else answer.encode()


def _sent(body: Json) -> bytes:
    return json.dumps(body).encode()


def _finished(call: Any) -> Any:
    """Return what a coroutine returns that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise asyncio.InvalidStateError("the emulator waits for something")
