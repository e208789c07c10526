"""What a worker holds in memory, however much is due: the jobs against tables that are made up row by row.

``python -m benchmarks.memory 10000 1000000`` prints what docs/performance.md says of it. No emulator takes
part: the client computes each row from its key and keeps none, so what grows is the worker's. Times are those
of our code and of the rows' typed form, without the SDK.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks import coupon_job, points_jobs
from benchmarks.jobs import TASK_SECONDS, Queue, peak_kib
from benchmarks.machine import quiet
from benchmarks.tables import markdown, row
from functions.coupons import jobs as coupon_jobs
from functions.coupons.coupons import Coupons
from functions.coupons.jobs import CouponJobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.orders.rows import key as order_key
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, from_item, to_item
from functions.platform.fanout import Task, WorkQueue
from functions.platform.runs import Runs
from functions.points import jobs
from functions.points.account_rows import LOT, LOT_SHARDS, WALLET, WALLET_SHARDS, lot_row, wallet_row
from functions.points.accounts import Accounts
from functions.points.jobs import PointsJobs
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers.members import BIRTHDAY_SHARDS, STANDING, birthday_shard_name, key

POLICY = points_jobs.POLICY
HEAD = ("job", "due", "time", "CPU each", "memory")


class MadeUp:
    """A client of DynamoDB whose rows follow from their keys; it holds nothing and takes every write."""

    def __init__(
        self, due: range, shards: int, indexed: Callable[[int], Row], read: Callable[[Row], Row | None]
    ) -> None:
        self._due, self._shards, self._indexed, self._read = due, shards, indexed, read
        self.written = 0

    def query(self, **asked: Any) -> dict[str, Any]:
        """Answer a page of one shard of an index."""
        partition = asked["ExpressionAttributeValues"][":partition"]["S"]
        if partition.startswith("L"):  # nobody here keeps it by the lunar calendar
            return {"Items": []}
        shard = int(partition.rpartition("#")[2])
        after = asked.get("ExclusiveStartKey")
        first = 0 if after is None else self._due.index(_number(from_item(after)["member_id"])) + 1
        first += (shard - first) % self._shards
        rest = self._due[first :: self._shards]
        items = [to_item(self._indexed(number)) for number in rest[: asked["Limit"]]]
        more = {"LastEvaluatedKey": items[-1]} if len(rest) > len(items) else {}
        return {"Items": items, **more}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> dict[str, Any]:
        """Answer the rows of some keys."""
        found = {
            table: [self._read(from_item(each)) for each in asked["Keys"]]
            for table, asked in RequestItems.items()
        }
        return {
            "Responses": {
                table: [to_item(each) for each in rows if each is not None] for table, rows in found.items()
            }
        }

    def transact_write_items(self, **_: Any) -> dict[str, Any]:
        """Take a transaction."""
        self.written += 1
        return {}

    def put_item(self, **_: Any) -> dict[str, Any]:
        """Take a row."""
        self.written += 1
        return {}


@dataclass(frozen=True)
class Job:
    """A job's tasks, what its tables are made up of, and what works a task off."""

    tasks: list[Task]
    client: Callable[[int], MadeUp]
    worker: Callable[[Tables, WorkQueue], Callable[[Task, Deadline], None]]


def _number(text: str) -> int:
    return int(text.rpartition("-")[2].removeprefix("ord_"))


def _expiring(count: int) -> MadeUp:
    return MadeUp(
        range(count),
        WALLET_SHARDS,
        lambda number: key(points_jobs.member(number), WALLET),
        lambda asked: wallet_row(asked["member_id"], points_jobs.HELD),
    )


def _frozen(count: int) -> MadeUp:
    def read(asked: Row) -> Row:
        if "order_id" in asked:
            return points_jobs.order_row(_number(asked["order_id"]), points_jobs.DUE_AT)
        if asked["item"] == WALLET:
            return wallet_row(asked["member_id"], points_jobs.FROZEN)
        number = _number(asked["member_id"])
        return lot_row(asked["member_id"], points_jobs.lot_of(number, points_jobs.DUE_AT))

    def indexed(number: int) -> Row:
        order_id = order_key(f"ord_{number:026}")["order_id"]
        return key(points_jobs.member(number), LOT + order_id)

    return MadeUp(range(count), LOT_SHARDS, indexed, read)


def _born(count: int) -> MadeUp:
    def read(asked: Row) -> Row | None:
        return coupon_job.standing(_number(asked["member_id"])) if asked["item"] == STANDING else None

    def indexed(number: int) -> Row:
        shard = number // coupon_job.MONTHS % BIRTHDAY_SHARDS
        partition = birthday_shard_name(coupon_job.MONTH, shard)
        return {**key(coupon_job.member(number), STANDING), "birthday_shard": partition}

    born = range(0, count * coupon_job.MONTHS, coupon_job.MONTHS)
    return MadeUp(born, BIRTHDAY_SHARDS, indexed, read)


def _points(tables: Tables, queue: WorkQueue) -> Callable[[Task, Deadline], None]:
    accounts = Accounts(tables, "members", "orders")
    return PointsJobs(accounts, Runs(tables, "reports"), queue, POLICY).work


def _coupons(tables: Tables, queue: WorkQueue) -> Callable[[Task, Deadline], None]:
    return CouponJobs(Coupons(tables, "members"), Runs(tables, "reports"), queue, POLICY).work


JOBS = {
    RELEASE_POINTS: Job(jobs.tasks(RELEASE_POINTS, points_jobs.DUE_AT, POLICY), _frozen, _points),
    EXPIRE_POINTS: Job(jobs.tasks(EXPIRE_POINTS, points_jobs.AFTER_YEARS_END, POLICY), _expiring, _points),
    ISSUE_BIRTHDAY_COUPONS: Job(
        coupon_jobs.tasks(ISSUE_BIRTHDAY_COUPONS, coupon_job.FIRST_OF_MARCH), _born, _coupons
    ),
}


def measured(name: str, count: int) -> list[str]:
    """Work a job off that has so much to do, and return what it took as a row of the table."""
    job, queue = JOBS[name], Queue()
    client: Any = job.client(count)
    work_queue = WorkQueue(queue, "memory")  # type: ignore[arg-type]
    work = job.worker(Tables(client), work_queue)
    work_queue.put(job.tasks)
    peak, begun, cpu_begun = peak_kib(), time.perf_counter(), time.process_time()
    while queue.bodies:
        work(Task.from_body(queue.bodies.popleft()), Deadline(TASK_SECONDS))
    seconds, cpu_seconds = time.perf_counter() - begun, time.process_time() - cpu_begun
    if not count <= client.written <= count + len(job.tasks):
        raise SystemExit(f"{client.written} writes for {count} rows")
    return [
        f"`{name}`",
        f"{count:,}".replace(",", " "),
        f"{seconds:.0f} s",
        f"{1000 * cpu_seconds / count:.2f} ms",
        f"{(peak_kib() - peak) / 1024:.1f} MiB",
    ]


def main() -> None:
    """Measure each job at each size, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[10_000, 1_000_000])
    quiet()
    print(markdown(HEAD, []))
    for size in parser.parse_args().sizes:
        for name in JOBS:
            print(row(measured(name, size)), flush=True)


if __name__ == "__main__":
    main()
