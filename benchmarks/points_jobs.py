"""What the points' jobs cost: release and expiry of so many due rows, among others that are not due.

``python -m benchmarks.points_jobs 10000 100000`` prints the table of docs/points.md. Each size runs
on an emulator of its own, with one worker in one process; the baseline is a bare loop of the SDK that sends
transactions with the same rows and conditions, in the same run.
"""

import argparse
import json
import os
import resource
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from functions.checkout.order_rows import key as order_key
from functions.domain import calendar
from functions.domain.policy import Policy, load
from functions.platform import dynamo
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, to_item
from functions.platform.fanout import Task, WorkQueue
from functions.platform.observability import logger, metrics
from functions.platform.settings import Settings
from functions.points import jobs, ledger, posting
from functions.points.account_rows import entry_row, lot_row, wallet_row
from functions.points.accounts import Accounts
from functions.points.jobs import EXPIRE_POINTS, RELEASE_POINTS, PointsJobs
from functions.points.ledger import Wallet
from functions.points.posting import Lot
from functions.tiers.members import key
from tests.support import dynoxide, tables

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

PAID_AT = datetime(2026, 3, 1, 4, tzinfo=UTC)
DUE_AT = datetime(2026, 3, 20, 4, tzinfo=UTC)
AFTER_YEARS_END = datetime(2028, 1, 1, tzinfo=UTC)
POINTS = 120
BATCH_ROWS = 25
TASK_SECONDS = 50.0
"""What a worker's time-out leaves: then it hands on."""
BASELINE_ROWS = 2_000
HEAD = [
    "job",
    "due",
    "time",
    "rate",
    "of the bare loop",
    "CPU each",
    "written each",
    "read each",
    "tasks",
    "memory",
]
"""``written`` and ``read`` are capacity units; ``memory`` is by how much the peak grew."""


@dataclass
class Queue:
    """A queue in memory, in the place of the SDK's client."""

    bodies: deque[str] = field(default_factory=deque)
    sent: int = 0

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:
        """Take a message."""
        self.sent += 1
        self.bodies.append(MessageBody)


@dataclass
class Usage:
    """The capacity units that a client's calls consumed."""

    read: float = 0
    written: float = 0


@dataclass(frozen=True)
class Figures:
    """What a job took for so many due rows."""

    job: str
    due: int
    seconds: float
    cpu_seconds: float
    usage: Usage
    baseline_seconds: float
    tasks: int
    growth_kib: int

    def line(self) -> str:
        """Return it as a line of the table."""
        rate, baseline = self.due / self.seconds, 1 / self.baseline_seconds
        return (
            f"| `{self.job}` | {self.due:,} | {self.seconds:.0f} s | {rate:.0f}/s | {rate / baseline:.2f} "
            f"| {1000 * self.cpu_seconds / self.due:.2f} ms "
            f"| {self.usage.written / self.due:.2f} | {self.usage.read / self.due:.2f} | {self.tasks} "
            f"| {self.growth_kib / 1024:.0f} MiB |"
        ).replace(",", " ")


@contextmanager
def counted(client: "DynamoDBClient") -> Iterator[Usage]:
    """Count the capacity that a client consumes."""
    usage = Usage()

    def ask(params: dict[str, Any], **_: Any) -> None:
        params["ReturnConsumedCapacity"] = "TOTAL"

    def note(parsed: dict[str, Any], model: Any, **_: Any) -> None:
        capacity = parsed.get("ConsumedCapacity", [])
        listed = capacity if isinstance(capacity, list) else [capacity]
        units = sum(each["CapacityUnits"] for each in listed)
        if model.name in ("Query", "BatchGetItem", "GetItem"):
            usage.read += units
        else:
            usage.written += units

    events = client.meta.events
    events.register("before-parameter-build.dynamodb.*", ask)
    events.register("after-call.dynamodb.*", note)
    yield usage
    events.unregister("before-parameter-build.dynamodb.*", ask)
    events.unregister("after-call.dynamodb.*", note)


def put(client: "DynamoDBClient", table: str, rows: Iterable[Row]) -> None:
    """Put rows in batches."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH_ROWS)):
        requests: list[Any] = [{"PutRequest": {"Item": to_item(row)}} for row in batch]
        client.batch_write_item(RequestItems={table: requests})


def member(number: int) -> str:
    """Return a member's id."""
    return f"member-{number:08}"


def frozen_lots(settings: Settings, client: "DynamoDBClient", count: int, release_at: datetime) -> None:
    """Put so many members with one frozen lot each, and its order as far as the account looks at it."""
    for start in range(0, count, 1000):
        numbers = range(start, min(start + 1000, count))
        lot = Lot(order_id="", year=2026, points=POINTS, effective_fen=12_000, posted=1, version=2)
        put(client, settings.members_table, (wallet_row(member(n), _frozen()) for n in numbers))
        put(
            client,
            settings.members_table,
            (lot_row(member(n), _lot(lot, n, release_at)) for n in numbers),
        )
        put(client, settings.orders_table, (_order_row(n, release_at) for n in numbers))


def _frozen() -> Wallet:
    return Wallet(version=3, entries=1, frozen=POINTS)


def _lot(lot: Lot, number: int, release_at: datetime) -> Lot:
    return Lot(
        order_id=f"ord_{number:026}",
        year=lot.year,
        points=lot.points,
        effective_fen=lot.effective_fen,
        posted=lot.posted,
        release_at=release_at,
        version=lot.version,
    )


def _order_row(number: int, release_at: datetime) -> Row:
    received_at = release_at - timedelta(days=7)
    change = {"at": calendar.to_row(PAID_AT), "effective_fen": 12_000, "earned_points": POINTS}
    return {
        **order_key(f"ord_{number:026}"),
        "member_id": member(number),
        "received_at": calendar.to_row(received_at),
        "terms": {"release_days": 7},
        "redeemed_by_year": {},
        "changes": [{**change, "paid_fen": 12_000, "to_restore": 0}],
        "quote": "x" * 900,  # the rest of the row, which is read with it
    }


def wallets(settings: Settings, client: "DynamoDBClient", count: int, year: str, first: int = 0) -> None:
    """Put so many members with available points of a year."""
    wallet = Wallet(version=3, entries=2, available={year: POINTS})
    put(client, settings.members_table, (wallet_row(member(first + n), wallet) for n in range(count)))


def run(job: str, at: datetime, accounts: Accounts, policy: Policy) -> tuple[float, float, int]:
    """Work a job off, task by task; return the seconds, the worker's CPU seconds, and the tasks it took."""
    queue = Queue()
    work_queue = WorkQueue(queue, "memory")  # type: ignore[arg-type]
    work_queue.put(jobs.tasks(job, at, policy))
    worker = PointsJobs(accounts, work_queue, policy)
    begun, cpu_begun = time.perf_counter(), time.process_time()
    while queue.bodies:
        worker.work(Task.from_body(queue.bodies.popleft()), Deadline(TASK_SECONDS))
    return time.perf_counter() - begun, time.process_time() - cpu_begun, queue.sent


def baseline(client: "DynamoDBClient", settings: Settings, rows: Sequence[list[tuple[Row, int]]]) -> float:
    """Return the seconds that the bare SDK takes for one transaction with these rows and conditions."""
    sent = [
        [
            {
                "Put": {
                    "TableName": settings.members_table,
                    "Item": to_item(row),
                    "ConditionExpression": "attribute_not_exists(member_id)"
                    if not replaces
                    else "version = :replaces",
                    **(
                        {"ExpressionAttributeValues": {":replaces": {"N": str(replaces)}}} if replaces else {}
                    ),
                }
            }
            for row, replaces in transaction
        ]
        for transaction in rows
    ]
    begun = time.perf_counter()
    for actions in sent:
        client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
    return (time.perf_counter() - begun) / len(sent)


def release(count: int, policy: Policy) -> Figures:
    """Measure the release of so many due lots, a tenth as many being frozen for longer."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "points")
        frozen_lots(settings, client, count + BASELINE_ROWS, DUE_AT)
        accounts = Accounts(Tables(client), settings.members_table, settings.orders_table)
        base = baseline(client, settings, [_released(n, policy) for n in range(count, count + BASELINE_ROWS)])
        before = _peak_kib()
        with counted(client) as usage:
            seconds, cpu_seconds, tasks = run(RELEASE_POINTS, DUE_AT, accounts, policy)
        _check(client, settings, count, {"frozen": 0, "available": {"2026": POINTS}})
        return Figures(RELEASE_POINTS, count, seconds, cpu_seconds, usage, base, tasks, _peak_kib() - before)


def expire(count: int, policy: Policy) -> Figures:
    """Measure the expiry of so many wallets among as many that hold points of the next year."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        settings = tables.create(client, "points")
        wallets(settings, client, count + BASELINE_ROWS, "2026")
        wallets(settings, client, count, "2027", first=count + BASELINE_ROWS)
        accounts = Accounts(Tables(client), settings.members_table, settings.orders_table)
        base = baseline(client, settings, [_expired(n, policy) for n in range(count, count + BASELINE_ROWS)])
        before = _peak_kib()
        with counted(client) as usage:
            seconds, cpu_seconds, tasks = run(EXPIRE_POINTS, AFTER_YEARS_END, accounts, policy)
        _check(client, settings, count, {"frozen": 0, "available": {}})
        return Figures(EXPIRE_POINTS, count, seconds, cpu_seconds, usage, base, tasks, _peak_kib() - before)


def _released(number: int, policy: Policy) -> list[tuple[Row, int]]:
    lot = _lot(
        Lot(order_id="", year=2026, points=POINTS, effective_fen=12_000, posted=1, version=2), number, DUE_AT
    )
    made = posting.release(_frozen(), [lot], at=DUE_AT, policy=policy)
    assert made is not None
    wallet = Wallet(
        version=4, entries=made.wallet.entries, frozen=made.wallet.frozen, available=made.wallet.available
    )
    return [
        (wallet_row(member(number), wallet), 3),
        (entry_row(member(number), made.entries[0]), 0),
        (lot_row(member(number), made.lots[0]), 2),
    ]


def _expired(number: int, policy: Policy) -> list[tuple[Row, int]]:
    before = Wallet(version=3, entries=2, available={"2026": POINTS})
    after, entries = ledger.expire(before, at=AFTER_YEARS_END, policy=policy)
    wallet = Wallet(version=4, entries=after.entries, expired=after.expired)
    return [(wallet_row(member(number), wallet), 3), (entry_row(member(number), entries[0]), 0)]


def _check(client: "DynamoDBClient", settings: Settings, count: int, expected: dict[str, Any]) -> None:
    """Fail unless the first and the last wallet are as they should be."""
    for number in (0, count - 1):
        row = Tables(client).get(settings.members_table, key(member(number), "WALLET"))
        assert row is not None
        found = {name: row[name] for name in expected}
        if found != expected:
            raise SystemExit(f"{member(number)}: {json.dumps(found)} instead of {json.dumps(expected)}")


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main() -> None:
    """Measure each job at each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 100_000])
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        os.environ.setdefault(name, "unused")
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    policy = load()
    logger.setLevel("ERROR")
    metrics.add_metric = lambda **_: None  # type: ignore[method-assign]
    for row in (HEAD, ["---"] * len(HEAD)):
        print(f"| {' | '.join(row)} |")
    for size in parser.parse_args().sizes:
        for measure in (release, expire):
            print(measure(size, policy).line(), flush=True)


if __name__ == "__main__":
    main()
