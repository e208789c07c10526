"""What the benchmarks of the jobs share: a queue in memory, capacity counted, and the table."""

import resource
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from benchmarks.machine import quiet
from benchmarks.tables import markdown, row
from benchmarks.usage import Usage, counted
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, to_item
from functions.platform.fanout import Task, WorkQueue

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

BATCH_ROWS = 25
TASK_SECONDS = 50.0
"""What a worker's time-out leaves: then it hands on."""
BASELINE_WRITES = 2_000
Write = list[tuple[Row, int]]
"""Rows of one transaction, each with the version that it replaces; 0 for a new one."""
HEAD = (
    "job",
    "due",
    "others",
    "time",
    "rate",
    "of the bare loop",
    "CPU each",
    "written each",
    "read each",
    "tasks",
    "memory",
)
"""``others`` are rows of the same kind that are not due, ``written`` and ``read`` capacity units; ``memory``
is by how much the worker's peak grew."""


@dataclass
class Queue:
    """A queue in memory, in the place of the SDK's client."""

    bodies: deque[str] = field(default_factory=deque)
    sent: int = 0

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:
        """Take a message."""
        self.sent += 1
        self.bodies.append(MessageBody)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What a job took for so many due rows."""

    job: str
    due: int
    others: int
    seconds: float
    cpu_seconds: float
    usage: Usage
    baseline_seconds: float
    tasks: int
    growth_kib: int

    @property
    def ratio(self) -> float:
        """How many items it does in the time in which the bare loop does one."""
        return self.due / self.seconds * self.baseline_seconds

    def figures(self) -> dict[str, Any]:
        """Return it as it is written down."""
        return {
            "items": self.due,
            "per_second": self.due / self.seconds,
            "ratio": self.ratio,
            "cpu_ms_each": 1000 * self.cpu_seconds / self.due,
            "write_units_each": self.usage.write_units / self.due,
            "read_units_each": self.usage.read_units / self.due,
            "memory_kib": self.growth_kib,
        }

    def cells(self) -> list[str]:
        """Return it as the cells of a row of the table."""
        rate = self.due / self.seconds
        cells = (
            f"`{self.job}`",
            f"{self.due:,}",
            f"{self.others:,}",
            f"{self.seconds:.0f} s",
            f"{rate:.0f}/s",
            f"{self.ratio:.2f}",
            f"{1000 * self.cpu_seconds / self.due:.2f} ms",
            f"{self.usage.write_units / self.due:.2f}",
            f"{self.usage.read_units / self.due:.2f}",
            str(self.tasks),
            f"{self.growth_kib / 1024:.0f} MiB",
        )
        return [cell.replace(",", " ") for cell in cells]


def table(sizes: Sequence[int], measures: Sequence[Callable[[int], Figures]]) -> None:
    """Measure each job at each size, and print the table."""
    quiet()
    print(markdown(HEAD, []))
    for size in sizes:
        for measure in measures:
            print(row(measure(size).cells()), flush=True)


def measured(
    tasks: Sequence[Task],
    worker: Callable[[WorkQueue], Callable[[Task, Deadline], None]],
    client: "DynamoDBClient",
    *,
    due: int,
    others: int,
    baseline_seconds: float,
) -> Figures:
    """Work a job's tasks off one by one, and return what that took."""
    queue = Queue()
    work_queue = WorkQueue(queue, "memory")  # type: ignore[arg-type]
    work_queue.put(tasks)
    work = worker(work_queue)

    def all_of_it() -> None:
        while queue.bodies:
            work(Task.from_body(queue.bodies.popleft()), Deadline(TASK_SECONDS))

    taken = taken_by(
        all_of_it, client, job=tasks[0].work, due=due, others=others, baseline_seconds=baseline_seconds
    )
    return replace(taken, tasks=queue.sent)


def taken_by(
    work: Callable[[], None],
    client: "DynamoDBClient",
    *,
    job: str,
    due: int,
    others: int,
    baseline_seconds: float,
    tasks: int = 0,
) -> Figures:
    """Do some work, and return what that took."""
    peak, begun, cpu_begun = peak_kib(), time.perf_counter(), time.process_time()
    with counted(client) as usage:
        work()
    return Figures(
        job=job,
        due=due,
        others=others,
        seconds=time.perf_counter() - begun,
        cpu_seconds=time.process_time() - cpu_begun,
        usage=usage,
        baseline_seconds=baseline_seconds,
        tasks=tasks,
        growth_kib=peak_kib() - peak,
    )


def put(client: "DynamoDBClient", table_name: str, rows: Iterable[Row]) -> None:
    """Put rows in batches."""
    waiting = iter(rows)
    while batch := list(islice(waiting, BATCH_ROWS)):
        requests: list[Any] = [{"PutRequest": {"Item": to_item(row)}} for row in batch]
        client.batch_write_item(RequestItems={table_name: requests})


def bare_transactions(client: "DynamoDBClient", table_name: str, writes: Iterable[Write]) -> float:
    """Return the seconds that the bare SDK takes for one of these transactions."""
    sent = [[{"Put": _conditional(table_name, row, version)} for row, version in write] for write in writes]
    return seconds_each(lambda actions: client.transact_write_items(TransactItems=actions), sent)


def bare_puts(client: "DynamoDBClient", table_name: str, rows: Iterable[Row]) -> float:
    """Return the seconds that the bare SDK takes to put one of these rows, on condition that it is new."""
    sent = [_conditional(table_name, row, 0) for row in rows]
    return seconds_each(lambda put: client.put_item(**put), sent)


def seconds_each(send: Callable[[Any], object], calls: Sequence[Any]) -> float:
    """Return the seconds that the bare SDK takes for one of these calls, sent one after another."""
    begun = time.perf_counter()
    for call in calls:
        send(call)
    return (time.perf_counter() - begun) / len(calls)


def _conditional(table_name: str, row: Row, version: int) -> dict[str, Any]:
    write: dict[str, Any] = {
        "TableName": table_name,
        "Item": to_item(row),
        "ConditionExpression": "version = :replaces" if version else "attribute_not_exists(member_id)",
    }
    if version:
        write["ExpressionAttributeValues"] = {":replaces": {"N": str(version)}}
    return write


def peak_kib() -> int:
    """Return the most memory that this process has had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
