"""Handlers run on Dynoxide, in one thread, with a clock that the test sets; a slice of them on moto."""

import io
import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from functions.aftersales import api as cases_api
from functions.audit import api as audit_api
from functions.checkout import api as shop_api
from functions.coupons import api as coupons_api
from functions.domain.policy import Policy, load
from functions.operations import api as office_api
from functions.operations.queue import Worker as JobsStarter
from functions.orders import lists as order_lists
from functions.payments import api as payments_api
from functions.platform import dynamo, fanout, lanes
from functions.platform.alarms import Alarms
from functions.platform.batches import BatchError
from functions.platform.dynamo import Tables
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.http import Api
from functions.platform.observability import logger
from functions.platform.runs import Runs
from functions.platform.settings import CashierSettings, Settings
from functions.platform.starting import Functions
from functions.points import api as points_api
from functions.points import jobs, schedule
from functions.points.accounts import Accounts
from functions.points.queue import Worker
from functions.points.reports import Reports
from functions.points.shards import Shards
from functions.points.stream import Consumer
from functions.privacy import api as privacy_api
from functions.tiers import api as members_api
from tests.support import dynoxide, tables
from tests.support.events import Answer, Call, Context, claims, staff
from tests.support.paying import Paying
from tests.support.phones import hash_phone
from tests.support.pool import Pool
from tests.support.shop import Shop
from tests.support.threads import InLine
from tests.support.wire import Wire, let_send

TEA = {"name": "Tea", "price_fen": 9_950, "member_zone": False}
OF_PAYMENTS = ("/reports/unassigned-payments", "/reports/refunds", "/reports/payment-differences")
OF_OFFICE = ("/alarms", "/jobs", "/policy")
STACK = "memberday-test"
ONE_TEA = {"lines": [{"sku": "tea", "quantity": 1}]}


class Messages:
    """SQS with one queue, of which the test takes the messages."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, str]] = []

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int) -> None:
        """Take a message."""
        self._waiting.append((DelaySeconds, MessageBody))

    def take(self, *, delayed: bool) -> str | None:
        """Return a message's body, the longest waiting; None where there is none (of those not delayed)."""
        due = [each for each in self._waiting if delayed or not each[0]]
        if not due:
            return None
        first = min(due, key=lambda each: each[0])
        self._waiting.remove(first)
        return first[1]


class Lambdas:
    """Lambda, which notes the functions that were started, and what with."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[Exception] = []

    def invoke(self, *, FunctionName: str, InvocationType: str, Payload: bytes) -> None:
        """Take an event that is handed over."""
        assert InvocationType == "Event"
        if self.faults:
            raise self.faults.pop(0)
        self.started.append((FunctionName, json.loads(Payload)))


class CloudWatch:
    """CloudWatch, with the alarms that the test puts into it, of which it gives so many at once."""

    def __init__(self) -> None:
        self.alarms: list[dict[str, Any]] = []
        self.page = 100

    def describe_alarms(self, **asked: Any) -> Any:
        """Return a page of the alarms whose names begin so."""
        found = [each for each in self.alarms if each["AlarmName"].startswith(asked["AlarmNamePrefix"])]
        start = int(asked.get("NextToken", 0))
        stop = start + min(self.page, asked["MaxRecords"])
        return {"MetricAlarms": found[start:stop]} | ({"NextToken": str(stop)} if stop < len(found) else {})


@dataclass
class Suite:
    """All functions over one set of tables."""

    tables: Tables
    settings: Settings
    policy: Policy
    now: datetime = field(default=datetime(2026, 5, 1, 4, 0, tzinfo=UTC))
    pool: Pool = field(default_factory=Pool)

    def __post_init__(self) -> None:
        self.tables = replace(self.tables, begun_at=lambda: self.now)
        create = (self.tables, self.settings, self.policy, lambda: self.now)
        self.shop: Api = shop_api.create(*create)
        self.members: Api = members_api.create(*create, hash_phone)
        self.points: Api = points_api.create(*create)
        self.cases: Api = cases_api.create(*create)
        self.coupons: Api = coupons_api.create(*create)
        self.privacy: Api = privacy_api.create(
            self.tables, self.settings, self.pool.identities, self.policy, lambda: self.now
        )
        paying = Paying(Shop(self.tables, self.settings, self.policy))
        at = CashierSettings(payments_url=paying.payments_url, return_url="")
        self.payments: Api = payments_api.create(
            paying.book,
            paying.sender_of,
            paying.on,
            at,
            self.policy,
            lambda: self.now,
            audit_table=self.settings.audit_table,
        )
        self.audit: Api = audit_api.create(*create)
        self.asked = Messages()
        self.lambdas = Lambdas()
        self.watching = CloudWatch()
        self.office: Api = office_api.create(
            self.tables,
            self.settings,
            WorkQueue(self.asked, "asked"),  # type: ignore[arg-type]
            Alarms(self.watching, STACK),
            self.policy,
            lambda: self.now,
        )
        functions = Functions(self.lambdas, STACK)  # type: ignore[arg-type]
        self.jobs_starter = JobsStarter(self.tables, self.settings, functions, lambda: self.now)
        self.posting = Consumer(self.tables, self.settings, self.policy)
        self.queue = Messages()
        work = WorkQueue(self.queue, "work")  # type: ignore[arg-type]
        self.runs = Runs(self.tables, self.settings.reports_table)
        accounts = Accounts(self.tables, self.settings.members_table, self.settings.orders_table)
        shards = Shards(accounts, Reports(self.tables, self.settings.reports_table), self.policy)
        tasks_of = partial(schedule.tasks, policy=self.policy, shards=shards)
        idle = partial(jobs.idle, accounts=accounts, policy=self.policy)
        self.starter = Starter(work, self.runs, tasks_of, lambda: self.now, idle=idle)
        self.worker = Worker(self.tables, self.settings, work, self.policy)

    def call(self, call: Call) -> Answer:
        """Send a request to the function that serves its path."""
        if call.path.startswith(OF_OFFICE) or call.path.endswith("/exports"):
            return call.to(self.office)
        if call.method == "DELETE" or call.path.endswith("/export"):
            return call.to(self.privacy)
        if call.path.endswith("/payments") or call.path.startswith(OF_PAYMENTS):
            return call.to(self.payments)
        ends = (call.path, call.path.partition("?")[0])  # an id may have a question mark in it
        if call.path.startswith("/audit"):
            return call.to(self.audit)
        if call.path.startswith("/cases") or any(each.endswith("/cases") for each in ends):
            return call.to(self.cases)
        if "/points" in call.path:
            return call.to(self.points)
        if "/coupon" in call.path:
            return call.to(self.coupons)
        of_shop = not call.path.startswith("/members") or call.path.endswith("/orders")
        return call.to(self.shop if of_shop else self.members)

    def member(self, member_id: str = "alice") -> dict[str, str]:
        """Return the claims of a registered member."""
        answer = self.call(Call("PUT", "/members/me", {"name": member_id}, claims(member_id)))
        assert answer.status in (200, 201)
        return claims(member_id)

    def stocked(self, units: int = 5) -> None:
        """Put tea into the catalogue."""
        self.call(Call("PUT", "/products/tea", TEA, staff()))
        movement = {"movement_id": "m1", "delta": units, "reason": "delivery"}
        assert self.call(Call("POST", "/products/tea/stock", movement, staff())).status == 200

    def order(self, who: dict[str, str], key: str = "k1", body: object = None) -> Answer:
        """Place an order of one tea."""
        headers = {"idempotency-key": key}
        return self.call(Call("POST", "/orders", body or ONE_TEA, who, headers))

    def fire(self, job: str) -> None:
        """Run a job of the points with all that follows from it; none of its tasks fails."""
        self.starter({"job": job}, Context())
        assert self.work_off() == []

    def work_off(self, *, delayed: bool = True) -> list[str]:
        """Work the queue's tasks off, those that are delayed last or not at all; return those that failed."""
        failed = []
        while (body := self.queue.take(delayed=delayed)) is not None:
            if not self.work(body):
                failed.append(body)
        return failed

    def start_what_was_asked_for(self, *, copies: int = 1) -> list[str]:
        """Deliver the messages of runs that were asked for, each so often; return those that failed."""
        failed = []
        while (body := self.asked.take(delayed=True)) is not None:
            for _ in range(copies):
                record = {"messageId": "1", "body": body, "eventSource": "aws:sqs"}
                try:
                    self.jobs_starter({"Records": [record]}, Context(remaining_ms=10_000))
                except BatchError:
                    failed.append(body)
        return failed

    def work(self, body: str, *, remaining_ms: int = 10_000) -> bool:
        """Deliver one task to the worker, which has so much time; return whether it was worked off."""
        record = {"messageId": "1", "body": body, "eventSource": "aws:sqs"}
        try:
            answer = self.worker({"Records": [record]}, Context(remaining_ms=remaining_ms))
        except BatchError:  # what a batch of failures only ends with
            return False
        return answer == {"batchItemFailures": []}

    def pass_time(self, **span: int) -> None:
        """Let time pass."""
        self.now += timedelta(**span)


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the functions log from here on."""
    stream = io.StringIO()
    monkeypatch.setattr(logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    """The way to the session's emulator."""
    with dynoxide.running() as endpoint:
        made = Wire(endpoint)
        yield made
        made.close()


@pytest.fixture(scope="module")
def rows(wire: Wire) -> Tables:
    """The rows that the functions reach, by a client of this module's own."""
    return Tables(let_send(dynamo.client(wire.endpoint), wire))


@pytest.fixture
def suite(rows: Tables, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    """All functions over empty tables of this test's own; what they do side by side is done in turn."""
    monkeypatch.setattr(fanout, "ThreadPoolExecutor", InLine)
    monkeypatch.setattr(lanes, "ThreadPoolExecutor", InLine)
    monkeypatch.setattr(order_lists, "ThreadPoolExecutor", InLine)
    with tables.created(rows.client, uuid.uuid4().hex) as settings:
        yield Suite(rows, settings, load())
