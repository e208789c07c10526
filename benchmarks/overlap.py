"""DynamoDB in simulated time, where whatever overlaps on a row is cancelled (Z1).

The emulator in this process carries out every call; this decides when, and whether it may. A transaction has
its rows from the moment that it arrives until it is done, those that it only reads too. Another one that
wants any of them meanwhile is cancelled with ``TransactionConflict``, a write of a single row is refused with
``TransactionConflictException``. Plain reads see what is there when they end. Who waits, waits in simulated
time, so a second of a thousand orders is the same on any machine.
"""

import asyncio
import heapq
import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any

from botocore.exceptions import ClientError
from greenlet import getcurrent, greenlet
from ministack.services import dynamodb as emulator

Json = dict[str, Any]
Row = tuple[str, str, str]
"""A table, and the two parts of a key."""
READ_SECONDS = 0.005
_ERROR = 400


class Time:
    """Stands in for the module :mod:`time`: it passes from one event to the next."""

    def __init__(self, start: datetime) -> None:
        self._start = start.timestamp()
        self.seconds = 0.0
        self._events: list[tuple[float, int, greenlet]] = []
        self._number = count()
        self._hub = getcurrent()

    def monotonic(self) -> float:
        """Return the seconds since the beginning."""
        return self.seconds

    def time(self) -> float:
        """Return the seconds since the epoch."""
        return self._start + self.seconds

    def now(self) -> datetime:
        """Return the present moment, in whole seconds."""
        return datetime.fromtimestamp(int(self.time()), UTC)

    def sleep(self, seconds: float) -> None:
        """Let others go on until so many seconds have passed."""
        if getcurrent() is self._hub:  # nothing else is under way yet
            self.seconds += seconds
            return
        heapq.heappush(self._events, (self.seconds + seconds, next(self._number), getcurrent()))
        self._hub.switch()

    def begin(self, act: Callable[[], object], *, after: float = 0.0) -> None:
        """Have something done, beside all else, so many seconds from now."""
        heapq.heappush(
            self._events, (self.seconds + after, next(self._number), greenlet(act, parent=self._hub))
        )

    def run(self) -> None:
        """Let time pass until nothing is under way."""
        while self._events:
            self.seconds, _, following = heapq.heappop(self._events)
            following.switch()


class Overlapping:
    """A client of DynamoDB, as far as the programme calls it, over the emulator of this process.

    ``on_commit`` is told of the stream records of every write, in their order.
    """

    def __init__(self, time: Time, hold_seconds: float, keys: dict[str, str]) -> None:
        emulator.reset()
        self._time = time
        self._hold = hold_seconds
        self._keys = keys
        self._until: dict[Row, float] = {}
        self.calls: Counter[str] = Counter()
        self.cancelled = 0
        self.on_commit: Callable[[list[Json]], None] = lambda records: None

    def get_item(self, **asked: Any) -> Json:
        """Read a row."""
        return self._read("GetItem", asked)

    def batch_get_item(self, **asked: Any) -> Json:
        """Read rows."""
        return self._read("BatchGetItem", asked)

    def query(self, **asked: Any) -> Json:
        """Read a page."""
        return self._read("Query", asked)

    def put_item(self, **asked: Any) -> Json:
        """Put a row."""
        return self._write_one("PutItem", asked, asked["Item"])

    def update_item(self, **asked: Any) -> Json:
        """Change a row."""
        return self._write_one("UpdateItem", asked, asked["Key"])

    def transact_get_items(self, **asked: Any) -> Json:
        """Read rows at one moment."""
        rows = [self._row(each["Get"]["TableName"], each["Get"]["Key"]) for each in asked["TransactItems"]]
        return self._transact("TransactGetItems", asked, rows)

    def transact_write_items(self, **asked: Any) -> Json:
        """Write rows together."""
        rows = []
        for action in asked["TransactItems"]:
            ((_, what),) = action.items()
            rows.append(self._row(what["TableName"], what.get("Key") or what["Item"]))
        return self._transact("TransactWriteItems", asked, rows)

    def do(self, operation: str, asked: Json) -> Json:
        """Carry a call out at once, whatever is under way.

        Raises
        ------
        ClientError
            The emulator refuses it.
        """
        self.calls[operation] += 1
        headers = {"x-amz-target": f"DynamoDB_20120810.{operation}"}
        status, _, raw = _finished(
            emulator.handle_request("POST", "/", headers, json.dumps(asked).encode(), {})
        )
        answer: Json = json.loads(raw)
        records = [record for found in emulator._stream_records.values() for record in found]
        for found in emulator._stream_records.values():
            found.clear()
        if records:
            self.on_commit(records)
        if status >= _ERROR:
            code = answer.pop("__type").rpartition("#")[2]
            raise _refused(code, operation, answer)
        return answer

    def _row(self, table: str, item: Json) -> Row:
        return table, item[self._keys[table]]["S"], item["item"]["S"]

    def _is_taken(self, row: Row) -> bool:
        return self._until.get(row, 0.0) > self._time.seconds

    def _read(self, operation: str, asked: Json) -> Json:
        self._time.sleep(READ_SECONDS)
        return self.do(operation, asked)

    def _write_one(self, operation: str, asked: Json, item: Json) -> Json:
        row = self._row(asked["TableName"], item)
        if self._is_taken(row):
            self.cancelled += 1
            self._time.sleep(READ_SECONDS)
            raise _refused("TransactionConflictException", operation, {})
        return self._holding([row], operation, asked)

    def _transact(self, operation: str, asked: Json, rows: list[Row]) -> Json:
        taken = [self._is_taken(row) for row in rows]
        if any(taken):
            self.cancelled += 1
            self._time.sleep(READ_SECONDS)
            reasons = [{"Code": "TransactionConflict" if each else "None"} for each in taken]
            raise _refused("TransactionCanceledException", operation, {"CancellationReasons": reasons})
        return self._holding(rows, operation, asked)

    def _holding(self, rows: list[Row], operation: str, asked: Json) -> Json:
        self._until |= dict.fromkeys(rows, self._time.seconds + self._hold)
        self._time.sleep(self._hold)
        return self.do(operation, asked)


def _refused(code: str, operation: str, more: Json) -> ClientError:
    told: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": _ERROR}, **more}
    return ClientError(told, operation)


def _finished(call: Any) -> Any:
    """Return what a coroutine returns that waits for nothing."""
    try:
        call.send(None)
    except StopIteration as stopped:
        return stopped.value
    raise asyncio.InvalidStateError("the emulator waits for something")
