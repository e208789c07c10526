"""What each operation of the programme costs: calls, round trips, read and write units. All of it is exact.

``python -m benchmarks --only operations`` prints the table; with ``--keep`` it takes its place in
docs/performance.json, which a test compares with what the code does (tests/stores/test_operations.py).
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import coupon_job, office, points_jobs
from benchmarks.jobs import Queue, put
from benchmarks.tables import markdown
from benchmarks.usage import Usage, counted
from functions.coupons import jobs as coupon_jobs
from functions.coupons.coupons import Coupons
from functions.coupons.jobs import CouponJobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.policy import load
from functions.platform import dynamo
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.fanout import Task, WorkQueue
from functions.platform.runs import Runs
from functions.platform.settings import Settings
from functions.points import jobs
from functions.points.account_rows import wallet_row
from functions.points.accounts import Accounts
from functions.points.jobs import PointsJobs
from functions.points.ledger import Wallet
from functions.points.timetable import ANNOUNCE_EXPIRING, EXPIRE_POINTS, RELEASE_POINTS
from tests.support import dynoxide, tables
from tests.support.bench import Bench, Outcome

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

FIGURES = Path(__file__).parent.parent / "docs" / "performance.json"
"""What was measured last; docs/performance.md is written from it."""
LINES = (1, 3, 20)
ITEMS = 200
"""How many items a job has to do; what it costs without any is taken off, and the rest shared."""
NEARLY_EXPIRED = datetime(2027, 12, 10, tzinfo=points_jobs.AFTER_YEARS_END.tzinfo)
"""When points of 2026 are about to expire: the notice goes out from December on (E10)."""
POLICY = load()
Figures = dict[str, float | dict[str, float]]
Act = Callable[[], object]
Operation = Callable[[Bench], Act]
"""Brings a shop to where the operation can be done, and returns the operation itself."""


def lines(count: int) -> list[dict[str, Any]]:
    """Return a cart's lines, each of another product."""
    return [{"sku": f"sku-{number:02}", "quantity": 1} for number in range(count)]


def stocked(bench: Bench, count: int) -> None:
    """Put so many products into the catalogue, with more units than any run sells."""
    for line in lines(count):
        bench.shop.stock(line["sku"], 10_000_000)


def checkout(bench: Bench, count: int, key: str = "k1") -> Act:
    """Return the checkout of a cart with so many lines, and nothing taken off."""
    stocked(bench, count)
    cart = {"lines": lines(count), "coupon": "none"}
    return lambda: bench.must("POST", "/orders", cart, key=key)


def quote(bench: Bench, count: int) -> Act:
    """Return the quote of a cart with so many lines."""
    stocked(bench, count)
    return lambda: bench.must("POST", "/quotes", {"lines": lines(count), "coupon": "none"})


def _checkout_with(**offers: Any) -> Operation:
    return lambda bench: lambda: bench.placed(**offers)


def _repeat(bench: Bench) -> Act:
    bench.placed("k1")
    return lambda: bench.placed("k1")


def _reading(path: str) -> Operation:
    def prepare(bench: Bench) -> Act:
        order_id = bench.received()
        _done(bench.post(order_id))
        return lambda: bench.must("GET", path.format(order_id=order_id))

    return prepare


def _payment(bench: Bench) -> Act:
    order_id = bench.placed()
    body = {"payment_id": "p1", "amount_fen": bench.order(order_id).quote.paid_fen}
    return lambda: _done(bench.by_staff("POST", f"/orders/{order_id}/payment", body))


def _owner(step: Callable[..., str], path: str) -> Operation:
    def prepare(bench: Bench) -> Act:
        order_id = step(bench)
        return lambda: _done(bench.outcome("POST", f"/orders/{order_id}/{path}"))

    return prepare


def _staff(step: Callable[..., str], path: str, body: Any = None) -> Operation:
    def prepare(bench: Bench) -> Act:
        order_id = step(bench)
        return lambda: _done(bench.by_staff("POST", f"/orders/{order_id}/{path}", body))

    return prepare


def _posting(step: Callable[..., str], *, again: bool = False) -> Operation:
    def prepare(bench: Bench) -> Act:
        order_id = bench.paid()
        if step is not Bench.paid:
            _done(bench.post(order_id))
            _done(bench.by_staff("POST", f"/orders/{order_id}/shipment"))
            bench.must("POST", f"/orders/{order_id}/receipt")
        if again:
            _done(bench.post(order_id))
        row = bench.order_row(order_id)
        return lambda: _done(bench.delivered(bench.posting, row))

    return prepare


def _done(outcome: Outcome) -> None:
    assert outcome.done, outcome


OPERATIONS: Mapping[str, Operation] = {
    **{f"quote, {count} lines": partial(quote, count=count) for count in LINES},
    **{f"checkout, {count} lines": partial(checkout, count=count) for count in LINES},
    "checkout, 2 lines, paid with points": _checkout_with(points=1_000),
    "checkout, 2 lines, with a coupon": _checkout_with(coupon=True),
    "checkout, the same again": _repeat,
    "see the wallet": _reading("/members/me/points"),
    "see the entries": _reading("/members/me/points/entries"),
    "see an order": _reading("/orders/{order_id}"),
    "see the orders (1 of them)": _reading("/orders"),
    "pay": _payment,
    "ship": _staff(Bench.paid, "shipment"),
    "receive": _owner(Bench.shipped, "receipt"),
    "receive as staff": _staff(Bench.shipped, "receipt"),
    "cancel a paid order": _owner(Bench.paid, "cancel"),
    "let 1 unit leave": _staff(
        Bench.paid, "cancel", {"cancel_id": "c1", "lines": [{"sku": "tea", "quantity": 1}]}
    ),
    "see an order's history": _reading("/orders/{order_id}/history"),
    "take back 1 unit": _staff(
        Bench.received, "returns", {"return_id": "r1", "lines": [{"sku": "tea", "quantity": 1}]}
    ),
    "post a payment": _posting(Bench.paid),
    "post a receipt": _posting(Bench.received),
    "post what is posted": _posting(Bench.paid, again=True),
    **office.OPERATIONS,
}


def _released(client: "DynamoDBClient", settings: Settings, count: int) -> list[Task]:
    points_jobs.freeze(client, settings, range(count), points_jobs.DUE_AT)
    return jobs.tasks(RELEASE_POINTS, points_jobs.DUE_AT, POLICY)


def _expired(client: "DynamoDBClient", settings: Settings, count: int) -> list[Task]:
    _hold(client, settings, count, points_jobs.HELD)
    return jobs.tasks(EXPIRE_POINTS, points_jobs.AFTER_YEARS_END, POLICY)


def _announced(client: "DynamoDBClient", settings: Settings, count: int) -> list[Task]:
    _hold(client, settings, count, points_jobs.HELD)
    return jobs.tasks(ANNOUNCE_EXPIRING, NEARLY_EXPIRED, POLICY)


def _issued(client: "DynamoDBClient", settings: Settings, count: int) -> list[Task]:
    first_of_march = (number * coupon_job.MONTHS for number in range(count))
    put(client, settings.members_table, map(coupon_job.standing, first_of_march))
    return coupon_jobs.tasks(ISSUE_BIRTHDAY_COUPONS, coupon_job.FIRST_OF_MARCH)


def _hold(client: "DynamoDBClient", settings: Settings, count: int, wallet: Wallet) -> None:
    rows = (wallet_row(points_jobs.member(number), wallet) for number in range(count))
    put(client, settings.members_table, rows)


JOBS: Mapping[str, Callable[["DynamoDBClient", Settings, int], list[Task]]] = {
    "release a lot": _released,
    "expire a wallet's points": _expired,
    "announce what expires": _announced,
    "issue a birthday coupon": _issued,
}
"""What puts so many due rows there, and returns the tasks of the job that does them."""


def measured(client: "DynamoDBClient", prefix: str, prepare: Operation) -> Usage:
    """Return what an operation costs in a shop of its own."""
    bench = Bench(Tables(client), tables.create(client, prefix), POLICY)
    bench.open()
    act = prepare(bench)
    with counted(client) as usage:
        act()
    return usage


def job_measured(client: "DynamoDBClient", prefix: str, name: str, count: int) -> Usage:
    """Return what a job costs that has so many rows to do."""
    settings = tables.create(client, prefix)
    tasks = JOBS[name](client, settings, count)
    stores, runs, queue = Tables(client), Runs(Tables(client), settings.reports_table), Queue()
    work_queue = WorkQueue(queue, "memory")  # type: ignore[arg-type]
    work: Callable[[Task, Deadline], None]
    if tasks[0].work == ISSUE_BIRTHDAY_COUPONS:
        work = CouponJobs(Coupons(stores, settings.members_table), runs, work_queue, POLICY).work
    else:
        accounts = Accounts(stores, settings.members_table, settings.orders_table)
        work = PointsJobs(accounts, runs, work_queue, POLICY).work
    with counted(client) as usage:
        for task in tasks:
            work(task, Deadline(600))
    assert not queue.sent, "a task was handed on"
    return usage


def figures(usage: Usage) -> Figures:
    """Return an operation's cost as it is written down."""
    return {
        "round_trips": usage.calls.total(),
        "calls": dict(sorted(usage.calls.items())),
        "read_units": usage.read_units,
        "write_units": usage.write_units,
    }


def each(all_of_them: Usage, none: Usage) -> Figures:
    """Return what one of a job's items costs; its share of the pages' reads with it."""
    calls = {name: all_of_them.calls[name] - none.calls[name] for name in all_of_them.calls}
    return {
        "round_trips": sum(calls.values()) / ITEMS,
        "calls": {name: count / ITEMS for name, count in sorted(calls.items()) if count},
        "read_units": (all_of_them.read_units - none.read_units) / ITEMS,
        "write_units": (all_of_them.write_units - none.write_units) / ITEMS,
    }


def cost(client: "DynamoDBClient", prefix: str, name: str) -> Figures:
    """Return what an operation costs, or one of a job's items, in tables named by the prefix."""
    if name in OPERATIONS:
        return figures(measured(client, prefix, OPERATIONS[name]))
    some, none = (job_measured(client, f"{prefix}-{count}", name, count) for count in (ITEMS, 0))
    return each(some, none)


def known() -> dict[str, Any]:
    """Return what operations cost by name as it is written down."""
    return dict(json.loads(FIGURES.read_text(encoding="utf-8"))["operations"])


def all_measured() -> dict[str, Figures]:
    """Measure all operations, each in tables of its own; return what they cost by name."""
    with dynoxide.running() as endpoint:
        client = dynamo.client(endpoint)
        return {name: cost(client, f"o{number}", name) for number, name in enumerate((*OPERATIONS, *JOBS))}


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return what operations cost as a table in Markdown."""
    return markdown(
        ("operation", "calls", "round trips", "read units", "write units"),
        (
            (
                name,
                ", ".join(call if each == 1 else f"{each:g} {call}" for call, each in cost["calls"].items()),
                *(f"{cost[figure]:g}" for figure in ("round_trips", "read_units", "write_units")),
            )
            for name, cost in found.items()
        ),
    )
