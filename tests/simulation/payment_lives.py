"""Random lives of a few orders that are paid through faulty providers: where does the money stay (Y1-Y7)?

Members open cases about them, and staff decide (A1-A11): `case_acts.py` acts, `case_laws.py` checks.

``python -m tests.simulation.payment_lives --lives 10000 --workers 2``. A life follows from its seed alone.
Calls to AWS and to providers fail on both sides of their effect, invocations die and meet each other, notices
come late, twice, in any order, or never. At every rest all that is due is done, and the laws are checked.
"""

import argparse
import gc
import json
import logging
import random
import sys
import time
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial, partialmethod
from typing import Any, ClassVar
from unittest.mock import patch

from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError
from greenlet import getcurrent

import tests.conftest  # noqa: F401 - the environment that handlers read when they are imported
from functions.aftersales import jobs as case_jobs
from functions.aftersales.case_book import CaseBook
from functions.aftersales.queue import Worker as CasesWorker
from functions.aftersales.timetable import FOLLOW_CASES
from functions.coupons.template_store import Templates
from functions.domain import calendar
from functions.domain.errors import RefusalError
from functions.domain.policy import load
from functions.offers.quotes import Cart, CartLine
from functions.orders import jobs as order_jobs
from functions.orders import leaving, life
from functions.orders.leaving import Leaving, take_units
from functions.orders.order import Order, Status
from functions.orders.payments import pay
from functions.orders.queue import Worker as OrdersWorker
from functions.orders.rows import LATE, order_of
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID, LOOK_FOR_PARCELS
from functions.payments import jobs as payment_jobs
from functions.payments import notifications
from functions.payments.assigning import Assigning
from functions.payments.attempts import place_of
from functions.payments.book import PaymentBook
from functions.payments.by_hand import Refunds
from functions.payments.cashier import Cashier, Wanted
from functions.payments.heard import Hearer
from functions.payments.paying_back import EXCEEDS, NO_WORD
from functions.payments.providers.provider import (
    CNY,
    Asking,
    Kind,
    Notice,
    PaidBack,
    Reply,
    Sender,
    Stands,
)
from functions.payments.queue import Worker as PaymentsWorker
from functions.payments.rows import NOTICE, UNASSIGNED, attempt_of, unassigned_of
from functions.payments.statements.shelf import Shelf
from functions.payments.timetable import ASK_PAYMENTS
from functions.platform.batches import BatchError
from functions.platform.bucket import Bucket as Versions
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, from_item
from functions.platform.fanout import Starter, WorkQueue
from functions.platform.observability import metrics
from functions.platform.runs import Runs
from functions.platform.sdk import CONNECT_SECONDS_MAX, READ_SECONDS_MAX, TRIES_MAX
from functions.platform.settings import Settings
from functions.refunds.refund import NO_PAYMENT as OF_NO_PAYMENT
from functions.refunds.refund import Refund, Sent, State, Transfer, shown_state
from functions.refunds.rows import REFUND, TRANSFER, refund_of, transfer_of
from tests.simulation import case_acts, lanes
from tests.simulation.case_acts import ASKED_BACK, EXCHANGED, PRODUCTS, STOCK, CaseActs
from tests.simulation.case_laws import CaseLaws
from tests.simulation.faults import OTHERWISE_ANSWERED, Crash, Faults
from tests.simulation.faults import Kind as FaultKind
from tests.simulation.payment_providers import (
    PROVIDERS,
    Ground,
    LifeSender,
    Provider,
    Stripe,
    Told,
    Trade,
)
from tests.simulation.payment_tables import MemoryTables, RefusedError
from tests.simulation.script import Violation
from tests.simulation.virtual import Time
from tests.support import tables
from tests.support.events import Context
from tests.support.offers_shop import amount_off
from tests.support.shop import Shop
from tests.support.statements import Bucket
from tests.support.threads import InLine

Json = dict[str, Any]
START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
ENDPOINT = "http://127.0.0.1:9"
CALL_SECONDS = 0.004
API_SECONDS, JOB_SECONDS, STREAM_SECONDS = 15, 60, 60
MEMBERS = ("ann", "bob", "cy")
PAYER = "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"
PAYMENTS_URL = "https://api.test/payments"
PHASES = (1, 1, 2, 3)
STEPS = (10, 45)
STEPS_WITH_CASES = (25, 90)
LIVES_PER_CASES = 2
"""In every so many a life there are cases: members who complain leave less time for providers that fail."""
ORDERS_MAX = 4
BASKETS = (("tea", "cup"), ("cup",), ("mug", "tea"), ("pin", "cup"), ("pin",), ("art", "cup"))
RECENT_MAX = 12
"""How many changes of a table an index can be behind."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
HOPS = (
    *(timedelta(), 70 * timedelta(seconds=1), 3 * MINUTE, 11 * MINUTE, 28 * MINUTE, 31 * MINUTE),
    *(HOUR, 3 * HOUR, 12 * HOUR, 25 * HOUR, 2 * DAY + HOUR, 6 * DAY, 11 * DAY, 15 * DAY),
)
"""How far a world moves on to come to rest, each from its beginning; then to whatever is due."""
ROUNDS_MAX = 400
CHECKED = 0.12
"""After so many of all steps the laws of cases are checked: they hold whenever nobody is at work."""
UNASSIGNED_DAYS = 14
NO_PAYMENT = frozenset({Status.CANCELLED})


# AWS ------------------------------------------------------------------------------------------------------


class Aws:
    """DynamoDB and the queue as the functions call them: the emulator without a wire, and faults between.

    A fault of the kind that the SDK sends again is met by a second send as well, or not.
    """

    SENT_AGAIN: ClassVar = frozenset(
        {
            *(FaultKind.RESET, FaultKind.LOST, FaultKind.TIMED_OUT, FaultKind.TIMED_OUT_AFTER),
            *(FaultKind.SERVER_ERROR, FaultKind.SERVER_ERROR_AFTER),
            *(FaultKind.THROTTLED, FaultKind.IN_PROGRESS),
        }
    )
    STREAMED: ClassVar = ("Orders", "Payments", "Cases")

    def __init__(self) -> None:
        self.time = Time(START)
        self.faults = Faults()
        self.pause: Callable[[], None] = lambda: None
        self.log: Callable[[str], None] = lambda text: None
        self.die: Callable[[], Crash] = lambda: Crash("nobody")
        self.on_change: Callable[[str, Json], None] = lambda table, record: None
        self.messages: list[Json] = []
        self._late: list[tuple[str, Json]] = []
        self._recent: dict[str, deque[Json]] = {name: deque(maxlen=RECENT_MAX) for name in self.STREAMED}
        self.store = MemoryTables(self.time.time)
        self.store.on_change = self._changed
        self.answered: Callable[[str, Json, Json | RefusedError], None] | None = None
        """Is told of every call that the tables have carried out, and of its answer."""

    # --- what functions call ---

    def _call(self, operation: str, **sent: Any) -> Json:
        self.pause()
        self.time.pass_by(CALL_SECONDS)
        if self._late and self.faults.chance.random() < 0.25:
            self.arrive()
        fault = self.faults.draw(operation)
        if fault is None:
            return self._do(operation, sent)
        self.log(f"  {operation}: {fault}")
        for tried in range(TRIES_MAX):
            last = tried == TRIES_MAX - 1
            try:
                return self._faulty(operation, sent, fault)
            except (ClientError, ConnectionClosedError, ReadTimeoutError):
                if fault not in self.SENT_AGAIN or last:
                    raise
            if self.faults.chance.random() < 0.5:
                return self._do(operation, sent, retries=tried + 1)
        raise AssertionError("a call ends with its last try")

    get_item = partialmethod(_call, "GetItem")
    batch_get_item = partialmethod(_call, "BatchGetItem")
    query = partialmethod(_call, "Query")
    scan = partialmethod(_call, "Scan")
    put_item = partialmethod(_call, "PutItem")
    update_item = partialmethod(_call, "UpdateItem")
    transact_write_items = partialmethod(_call, "TransactWriteItems")
    send_message = partialmethod(_call, "SendMessage")

    def arrive(self) -> None:
        """Let writes take effect that are under way without anybody who waits for them."""
        late, self._late = self._late, []
        for operation, sent in late:
            try:
                self._do(operation, sent)
            except ClientError:
                continue

    def _faulty(self, operation: str, sent: Json, fault: FaultKind) -> Json:
        match fault:
            case _ if fault in OTHERWISE_ANSWERED:
                return self._otherwise(operation, sent, fault)
            case FaultKind.RESET:
                raise ConnectionClosedError(endpoint_url=ENDPOINT)
            case FaultKind.CRASH:
                raise self.die()
            case FaultKind.LATE:
                self._late.append((operation, sent))
                raise self._timed_out()
            case FaultKind.TIMED_OUT:
                raise self._timed_out()
            case FaultKind.SERVER_ERROR:
                raise _error(operation, 500, {"__type": "InternalServerError"})
            case FaultKind.THROTTLED:
                raise _error(operation, 400, {"__type": "ThrottlingException"})
            case FaultKind.IN_PROGRESS:
                raise _error(operation, 400, {"__type": "TransactionInProgressException"})
            case FaultKind.CONFLICT:
                raise self._conflict(operation, sent)
        self._do(operation, sent)
        match fault:
            case FaultKind.CRASH_AFTER:
                raise self.die()
            case FaultKind.LOST:
                raise ConnectionClosedError(endpoint_url=ENDPOINT)
            case FaultKind.TIMED_OUT_AFTER:
                raise self._timed_out()
        raise _error(operation, 500, {"__type": "InternalServerError"})

    def _timed_out(self) -> ReadTimeoutError:
        self.time.pass_by(CONNECT_SECONDS_MAX + READ_SECONDS_MAX)
        return ReadTimeoutError(endpoint_url=ENDPOINT)

    def _conflict(self, operation: str, sent: Json) -> ClientError:
        if operation != "TransactWriteItems":
            return _error(operation, 400, {"__type": "TransactionConflictException"})
        codes = ["None"] * len(sent["TransactItems"])
        codes[self.faults.chance.randrange(len(codes))] = "TransactionConflict"
        reasons = [{"Code": code} for code in codes]
        body = {"__type": "TransactionCanceledException", "CancellationReasons": reasons}
        return _error(operation, 400, body)

    def _otherwise(self, operation: str, sent: Json, fault: FaultKind) -> Json:
        chance = self.faults.chance
        match fault:
            case FaultKind.UNPROCESSED:
                return self._some_unprocessed(sent)
            case FaultKind.EMPTY_PAGE if "ExclusiveStartKey" in sent:
                again = sent["ExclusiveStartKey"]
                return {"Items": [], "Count": 0, "ScannedCount": 0, "LastEvaluatedKey": again}
            case FaultKind.EMPTY_PAGE | FaultKind.SHORT_PAGE:
                return self._do(operation, {**sent, "Limit": min(sent.get("Limit", 2), chance.randint(1, 2))})
        return self._stale(operation, sent)

    def _some_unprocessed(self, sent: Json) -> Json:
        asked: Json = {}
        left: Json = {}
        for table, what in sent["RequestItems"].items():
            for key in what["Keys"]:
                side = left if self.faults.chance.random() < 0.5 else asked
                side.setdefault(table, {**what, "Keys": []})["Keys"].append(key)
        answer: Json = {"Responses": {}}
        if asked:
            answer = self._do("BatchGetItem", {"RequestItems": asked})
        return answer | {"UnprocessedKeys": left}

    def _stale(self, operation: str, sent: Json) -> Json:
        """Answer a read as it was some changes ago, each row by itself, unless it is to be consistent."""
        recent = self._recent.get(sent["TableName"])
        if sent.get("ConsistentRead") or not recent:
            return self._do(operation, sent)
        lags: dict[str, int] = {}
        behind = []
        for place, change in enumerate(recent):
            key = json.dumps(change["Keys"], sort_keys=True)
            lag = lags.setdefault(key, self.faults.chance.randint(0, len(recent)))
            if place >= len(recent) - lag:
                behind.append(change)
        table = sent["TableName"]
        for change in reversed(behind):
            self.store.set(table, change["Keys"], change.get("OldImage"))
        answered, self.answered = self.answered, None
        try:
            return self._do(operation, sent)
        finally:
            self.answered = answered
            for change in behind:
                self.store.set(table, change["Keys"], change["NewImage"])

    def _do(self, operation: str, sent: Json, retries: int = 0) -> Json:
        if operation == "SendMessage":
            self.messages.append(sent)
            return {"MessageId": str(len(self.messages))}
        try:
            answer = self.store.do(operation, sent)
        except RefusedError as refusal:
            if self.answered is not None:
                self.answered(operation, sent, refusal)
            raise _error(operation, 400, refusal.body, retries) from None
        if self.answered is not None:
            self.answered(operation, sent, answer)
        return answer

    def _changed(self, table: str, record: Json) -> None:
        if table in self._recent:
            self._recent[table].append(record["dynamodb"])
            self.on_change(table, record)

    def begin_from(self, saved: Any) -> None:
        """Write what was saved, and nothing else."""
        self.store.begin_from(saved)
        for recent in self._recent.values():
            recent.clear()
        self._late.clear()
        self.messages.clear()

    # --- beside all calls and faults ---

    def rows(self, table: str) -> Iterator[Row]:
        """Give all rows of a table as they are."""
        return map(from_item, self.store.items(table))

    def items(self, table: str) -> Iterator[Json]:
        """Give all rows of a table in the form that they are stored in."""
        return self.store.items(table)


def _error(operation: str, status: int, body: Json, retries: int = 0) -> ClientError:
    """Return what the SDK raises of an answer."""
    code = body.get("__type", "").rpartition("#")[2]
    response: Any = {
        **body,
        "Error": {"Code": code, "Message": body.get("message", body.get("Message", ""))},
        "ResponseMetadata": {"HTTPStatusCode": status, "RetryAttempts": retries},
    }
    return ClientError(response, operation)


# The programme --------------------------------------------------------------------------------------------


class LifeReceiver:
    """Reads what a provider of a life tells: the body says which of all its tellings it is."""

    taken: ClassVar[Reply] = Reply(status=200, body="")
    told: ClassVar[Sequence[Told]] = ()

    def __init__(self, secret: Mapping[str, Any]) -> None:
        """Need no key."""

    def read(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
        """Return it."""
        number, event_id = json.loads(body)
        notice: Notice = self.told[number].notice
        return replace(notice, event_id=str(event_id))

    @classmethod
    def refused(cls, status: int) -> Reply:
        """Return what one is answered that is refused."""
        return Reply(status=status, body="")


class NoKeys:
    """Gives the secrets of whoever needs none."""

    def secret(self, provider: str, role: str) -> Mapping[str, Any]:
        """Return nothing."""
        return {}

    def reload(self, provider: str, role: str) -> bool:
        """There is never another one."""
        return False


class Programme:
    """The functions that have to do with payments, over the emulator, and a shop to begin from."""

    def __init__(self) -> None:
        self.aws = Aws()
        client: Any = self.aws
        now = self.aws.time.now
        self.policy = load()
        self.tables = Tables(client, now)
        names = {f"{name.upper()}_TABLE": name for name in tables.PARTITION_KEYS}
        self.settings = settings = Settings.from_environment(names)
        self.shop = Shop(self.tables, settings, self.policy)
        self.book = PaymentBook.of(self.tables, settings, self.policy)
        self.orders = self.book.orders
        self.providers: dict[str, Provider] = {}
        on = tuple(each.name for each in PROVIDERS)
        self.cashier = Cashier(
            book=self.book,
            sender_of=self.sender_of,
            on=on,
            payments_url=PAYMENTS_URL,
            return_url="",
        )
        self.assigning = Assigning(book=self.book, policy=self.policy)
        self.refunds = Refunds(book=self.book, sender_of=self.sender_of)
        self.hearer = Hearer(self.book, now)
        keys: Any = NoKeys()
        self.notifications = notifications.Notifications(self.tables, "Payments", keys, on, now)
        runs = Runs(self.tables, settings.reports_table)
        queues = {name: WorkQueue(client, name) for name in ("orders", "payments", "cases")}
        self.workers: dict[str, Callable[..., Json]] = {
            "orders": OrdersWorker(self.tables, settings, queues["orders"], self.policy),
            "payments": PaymentsWorker(
                self.book,
                self.sender_of,
                PAYMENTS_URL,
                self.policy,
                Shelf(Versions(Bucket(), "statements")),
                (),
                settings.reports_table,
                queues["payments"],
                now,
            ),
            "cases": CasesWorker(self.tables, settings, queues["cases"], self.policy),
        }
        self.cases = CaseBook.of(self.tables, settings, self.policy)
        of_cases = Starter(
            queues["cases"],
            runs,
            case_jobs.tasks,
            now,
            idle=partial(case_jobs.idle, tables=self.tables, table=settings.cases_table),
        )
        of_orders = Starter(
            queues["orders"], runs, order_jobs.tasks, now, idle=partial(order_jobs.idle, book=self.orders)
        )
        of_payments = Starter(
            queues["payments"], runs, payment_jobs.tasks, now, idle=partial(payment_jobs.idle, book=self.book)
        )
        self.jobs = {
            LAPSE_UNPAID: of_orders,
            AUTO_RECEIPT: of_orders,
            LOOK_FOR_PARCELS: of_orders,
            ASK_PAYMENTS: of_payments,
            FOLLOW_CASES: of_cases,
        }
        for sku, price_fen in PRODUCTS.items():
            self.shop.stock(sku, STOCK[sku], price_fen)
        self._ask_for_reasons(ASKED_BACK)
        templates = Templates(self.tables, settings.catalog_table)
        for template_id in (case_acts.TEMPLATE, case_acts.OTHER_TEMPLATE):
            template = amount_off(template_id, 500)
            for_complaints = template_id == case_acts.TEMPLATE
            templates.put(replace(template, for_complaints=for_complaints), START, Deadline(20))
        for member_id in MEMBERS:
            self.shop.register(member_id)
        self.beginning = self.aws.store.saved()

    def _ask_for_reasons(self, sku: str) -> None:
        self.shop.catalog.put(
            sku,
            name=sku,
            price_fen=PRODUCTS[sku],
            member_zone=False,
            low_stock_threshold=None,
            deadline=Deadline(20),
            no_reason=False,
        )

    def sender_of(self, provider: str) -> Sender:
        """Return who asks a provider."""
        return LifeSender({"at": self.providers[provider]})  # type: ignore[return-value]  # of an instance


SMALL = {
    "functions.payments.rows.DUE_SHARDS": 1,
    "functions.payments.jobs.DUE_SHARDS": 1,
    "functions.payments.jobs.PAGE_ROWS": 3,
    "functions.payments.paying_back.PARTS_AT_ONCE": 2,
    "functions.payments.paying_back.PAGE_ROWS": 7,
    "functions.refunds.rows.DUE_SHARDS": 1,
    "functions.orders.jobs.DUE_SHARDS": 1,
    "functions.orders.jobs.PAGE_ORDERS": 2,
    "functions.orders.rows.DUE_SHARDS": 1,
    "functions.cases.rows.DUE_SHARDS": 1,
    "functions.aftersales.jobs.DUE_SHARDS": 1,
    "functions.aftersales.jobs.PAGE_ROWS": 2,
}
"""Shards, pages and parts so small that a few orders have several of each."""
_PROGRAMME: list[Programme] = []


@contextmanager
def ready() -> Iterator[Programme]:
    """Give the programme of this process, with its time ruling, and nothing logged or counted."""
    with ExitStack() as stack:
        for name, size in SMALL.items():
            stack.enter_context(patch(name, size))
        stack.enter_context(patch("functions.platform.fanout.ThreadPoolExecutor", InLine))
        stack.enter_context(patch("functions.platform.lanes.ThreadPoolExecutor", InLine))
        stack.enter_context(patch.object(metrics, "add_metric"))
        stack.enter_context(
            patch("functions.payments.notifications.directory.receiver", lambda name: LifeReceiver)
        )
        _PROGRAMME[:] = [_PROGRAMME[0] if _PROGRAMME else _fresh()]
        programme = _PROGRAMME[0]
        stack.enter_context(_ruling(programme.aws.time))
        logging.disable(logging.CRITICAL)
        try:
            yield programme
        finally:
            logging.disable(logging.NOTSET)


def _fresh() -> Programme:
    return Programme()


@contextmanager
def _ruling(virtual: Time) -> Iterator[None]:
    with virtual.ruling():
        yield


# A life ---------------------------------------------------------------------------------------------------


@dataclass
class Offered:
    """What a shopper's device was given: who holds it can pay."""

    provider: str
    asking: Asking


@dataclass
class Come:
    """What lives came to."""

    lives: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: "Come") -> "Come":
        self.lives += other.lives
        for name in ("counts", "calls", "faults", "fates"):
            getattr(self, name).update(getattr(other, name))
        return self


class Life:
    """A life: a shop, a few orders, and what a seed has happen to them."""

    def __init__(self, seed: int, programme: Programme, *, rough: bool = False) -> None:
        """Begin; in a ``rough`` one providers always fail often."""
        self.seed = seed
        self._rough = rough
        self.programme, self.aws, self.book = programme, programme.aws, programme.book
        self.chance = random.Random(seed)  # noqa: S311 - a simulation
        random.seed(seed)
        self.lines: list[str] = []
        self.come = Come(lives=1)
        self.broken: list[Violation] = []
        self.orders: list[str] = []
        self.offered: list[Offered] = []
        self.pending: list[Json] = []
        self.past: list[Json] = []
        self.queue: list[Json] = []
        self.expected_paid: dict[str, str] = {}
        """Orders that must be paid, by why: money for them was confirmed while they waited for it."""
        self.disputes: dict[str, dict[str, bool]] = {}
        """By payment, which disputes the programme has heard of, and whether they are open."""
        self._dead: set[object] = set()
        self._ends: dict[object, float] = {}
        self._number = 0
        self._read: dict[str, tuple[Json, Order]] = {}
        self._rate = 0.0
        self._with_cases = seed % LIVES_PER_CASES == 0 and not rough
        aws = self.aws
        aws.time._seconds = START.timestamp()
        aws.faults.__init__()  # type: ignore[misc]
        aws.faults.chance = random.Random(seed)  # noqa: S311 - a simulation
        aws.pause, aws.log, aws.die, aws.on_change = self._pause, self.log, self._die, self._on_change
        aws.begin_from(programme.beginning)
        self.ground = Ground(
            time=aws.time,
            chance=random.Random(seed + 1),  # noqa: S311 - a simulation
            log=self.log,
            wrong=self._wrong,
            pause=self._pause,
            die=self._die,
        )
        self.cases = CaseActs(self)
        self.providers = programme.providers = {each.name: each(self.ground) for each in PROVIDERS}
        LifeReceiver.told = self.ground.told

    # --- what is said of it ---

    def log(self, text: str) -> None:
        """Write down what happens."""
        self.lines.append(f"{self.aws.time.now():%m-%d %H:%M:%S} {text}")

    def _wrong(self, law: str, text: str) -> None:
        if law in EXCEPT:
            self.come.counts[f"let be: {law}"] += 1
            return
        self.log(f"VIOLATED {law}: {text}")
        self.broken.append(Violation(law, text))

    # --- invocations ---

    def _pause(self) -> None:
        lanes.pause()
        here = getcurrent()
        if here in self._dead:
            raise Crash("dead")
        if self.aws.time.time() > self._ends.get(here, float("inf")):
            raise self._die()

    def _die(self) -> Crash:
        """Have the running invocation be over: nothing of it happens any more, no handler either."""
        self._dead.add(getcurrent())
        return Crash("died")

    def _invoked(self, name: str, act: Callable[[], Any], seconds: float) -> Any:
        """Do something in an invocation of its own; return what it answers, or None."""
        here = getcurrent()
        self._dead.discard(here)
        self._ends[here] = self.aws.time.time() + seconds
        self.come.counts["invocations"] += 1
        try:
            answer = act()
        except Crash:
            self.come.counts["died"] += 1
            self.log(f"{name}: died")
            return None
        except RefusalError as refusal:
            self.come.counts[f"refused {refusal.code}"] += 1
            self.log(f"{name}: refused, {refusal.status} {refusal.code}")
            return None
        except (BatchError, ClientError, ConnectionClosedError, ReadTimeoutError) as error:
            if seconds == API_SECONDS:
                self._wrong("a request is answered", f"{name}: {error!r}")
            self.come.counts["failed"] += 1
            self.log(f"{name}: failed, {error!r}"[:300])
            return error
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self._wrong("nothing is raised", f"{name}: {error!r} at {where.filename}:{where.lineno}")
            return None
        finally:
            self._ends.pop(here, None)
            self._dead.discard(here)
        return answer

    def _request(self, name: str, act: Callable[[Deadline], Any]) -> Callable[[], Any]:
        """Return an invocation of an API."""
        return partial(self._invoked, name, lambda: act(Deadline(API_SECONDS - 4.5)), API_SECONDS)

    def _on_change(self, table: str, record: Json) -> None:
        self.cases.on_change(table, record)
        if table != "Payments":
            return
        image = record["dynamodb"].get("NewImage")
        if image is None:
            return
        item = image["item"]["S"]
        if PAYER in json.dumps(image):
            self._wrong("rows hold no payer", item)
        if "to_work" in image:
            self.pending.append(record)
        if "worked_at" in image and image["kind"]["S"] == Kind.DISPUTE:
            self._heard_of_dispute(from_item(image))

    def _heard_of_dispute(self, notice: Row) -> None:
        """Note that the programme knows of a dispute, or of its end; after that nothing opens it again."""
        dispute, transaction = notice["object_id"], notice["payment"]
        since = self.providers[notice["provider"]].disputed_since
        known = self.disputes.setdefault(transaction, {})
        if known.get(dispute, True):
            known[dispute] = notice.get("disputed", False)
        if any(known.values()):
            since.setdefault(transaction, self.aws.time.time())
        else:
            since.pop(transaction, None)

    # --- steps ---

    def live(self) -> None:
        """Live it from beginning to end."""
        chance = self.chance
        rate = chance.choice((0.0, 0.02, 0.05, 0.12))
        provider_rate = chance.choice((0.0, 0.1, 0.25, 0.45))
        many_parts = chance.random() < 0.003
        if self._rough:
            rate, provider_rate, many_parts = 0.02, 0.4, False
        for _ in range(chance.choice(PHASES)):
            if self._with_cases:
                self._bought()
            for _ in range(chance.randint(*(STEPS_WITH_CASES if self._with_cases else STEPS))):
                self._rate, self.ground.rate = rate, provider_rate
                self._step()
                if self._with_cases and not self.broken and chance.random() < CHECKED:
                    CaseLaws(self).check()
                    Laws(self).check_due()
                if self.broken:
                    raise self.broken[0]
            if many_parts:
                many_parts = False
                self._returned_one_by_one()
            self.rest()

    def _bought(self) -> None:
        """Begin with orders that are on their way or with their members: most cases are about those."""
        chance = self.chance
        for _ in range(chance.choice((1, 1, 2))):
            self._place({sku: chance.choice((1, 2, 3, 4)) for sku in chance.choice(BASKETS)})()
            order = self._order(self.orders[-1])
            if order is None:
                continue
            if chance.random() < 0.7:
                self._expect_minutes(order.order_id)
            else:
                self._paid_by_staff(order)
            for what in ("ship", "receive")[: chance.choice((0, 0, 1, 1, 2, 2, 2, 2))]:
                self._happened(order.order_id, what)()

    def _paid_by_staff(self, order: Order) -> None:
        self._request(
            "staff pay",
            lambda deadline: pay(
                self.book.orders,
                order.order_id,
                payment_id=self._name("cash-"),
                amount_fen=order.quote.paid_fen,
                now=self.aws.time.now(),
                deadline=deadline,
            ),
        )()

    def _step(self) -> None:
        self._move()
        for provider in self.providers.values():
            provider.tick()
        if self.chance.random() < 0.3:
            self._shop()
        count = self.chance.choice((1, 1, 1, 2, 2, 3))
        acts = [act for act in (self._act() for _ in range(count)) if act is not None]
        if self._with_cases and self.chance.random() < 0.3:
            acts = [*acts[:1], *self.cases.meeting()]
        if not acts:
            return
        if len(acts) > 1 and self.chance.random() < 0.2:
            acts[-1] = acts[0]  # the same at once, as after a double click
        self.aws.faults.rate = self._rate
        lanes.run(acts, self.chance)
        self.aws.faults.rate = 0.0
        self.aws.arrive()
        self._take_messages()

    def _move(self) -> None:
        """Let time pass: mostly a little, now and then up to something that matters, seldom for long."""
        chance, clock = self.chance, self.aws.time
        if self._with_cases and chance.random() < 0.1:
            self._move_to_deadline()
            return
        roll = chance.random()
        if roll < 0.7:
            clock.pass_by(chance.randint(0, 10))
        elif roll < 0.9:
            clock.pass_by(chance.randint(10, 120))
        elif roll < 0.94:
            clock.pass_by(chance.randint(120, 1_500))
        elif roll < 0.985:
            self._move_to_something()
        else:
            self._move_far(chance.choice((HOUR, 5 * HOUR, DAY, 3 * DAY)))

    def _move_to_something(self) -> None:
        now = self.aws.time.time()
        moments = [
            at.timestamp() + self.chance.randint(-2, 2)
            for order in map(self._order, self.orders)
            if order is not None and order.status is Status.PLACED
            for at in (order.lapses_at, order.lapses_at - 3 * MINUTE, order.lapses_at - 5 * MINUTE)
        ]
        due = [row["due_at"]["S"] for row in self.aws.items("Payments") if "due_at" in row]
        moments += [calendar.from_row(text).timestamp() for text in due]
        moments = [at for at in moments if now < at < now + 40 * 60]
        if moments:
            self.aws.time.pass_by(self.chance.choice(moments) - now)

    def _move_to_deadline(self) -> None:
        """Go on to a deadline of a case, to just before it or to after it; the jobs on cases may be late."""
        at = self.cases.goes_on_to()
        if at is None:
            return
        self.cases.jobs_sleep = self.chance.random() < 0.6
        self._move_far(timedelta(seconds=max(0.0, at - self.aws.time.time() + 0.5)))
        self.cases.jobs_sleep = False

    def _move_far(self, span: timedelta) -> None:
        """Let much time pass; the schedules do not stand still in it, as they do not anywhere."""
        self.log(f"{span} pass")
        end = self.aws.time.time() + span.total_seconds()
        for part in (0.02, 0.1, 0.3, 0.6, 1.0):
            self.aws.time.pass_by(max(0.0, end - span.total_seconds() * (1 - part) - self.aws.time.time()))
            self._drain(notices=0.3)

    def _order(self, order_id: str) -> Order | None:
        item = self.aws.store.row("Orders", order_id, "ORDER")
        if item is None:
            return None
        known = self._read.get(order_id)
        if known is None or known[0] is not item:  # a row is never changed, only put anew
            known = self._read[order_id] = item, order_of(from_item(item))
        return known[1]

    def _name(self, prefix: str) -> str:
        self._number += 1
        return f"{prefix}{self._number}"

    def _act(self) -> Callable[[], Any] | None:
        chance = self.chance
        kinds: dict[str, int] = {
            "place": 6 if len(self.orders) < ORDERS_MAX else 0,
            "ask": 14,
            "shop": 16,
            "notify": 18,
            "hear": 14,
            "fire": 22,
            "work": 8,
            "staff_pays": 3,
            "decide": 5,
            "happen": 16,
            "by_hand": 3,
            "foreign": 2,
            "forge": 3,
            "minute": 2,
            "dispute": 3,
            "case": 60 if self._with_cases else 0,
        }
        if not self.orders:
            return self._place()
        if chance.random() < (0.35 if self._with_cases else 0.55):
            going_on = self._next_of(chance.choice(self.orders[-3:]))
            if going_on is not None:
                return going_on
        kind = chance.choices(list(kinds), list(kinds.values()))[0]
        act: Callable[[], Any] | None = getattr(self, f"_{kind}")()
        return act

    def _next_of(self, order_id: str) -> Callable[[], Any] | None:
        """Go on with an order as most go on: asked to be paid, paid, told, shipped, received, returned."""
        chance = self.chance
        order = self._order(order_id)
        if order is None:
            return None
        if order.status is Status.PLACED:
            if self.pending and chance.random() < 0.5:
                return self._hear()
            number = order_id.removeprefix("ord_")
            fresh = [
                place
                for place, each in enumerate(self.ground.told)
                if not each.times and each.trade.asking.number.startswith(number)
            ]
            if fresh and chance.random() < 0.6:
                return self._notified(chance.choice(fresh))
            if not any(each.asking.number.startswith(number) for each in self.offered[-6:]):
                return self._ask(order_id)
            self._shop(number)
            return None
        if self._with_cases and chance.random() < (0.5 if order.status is Status.RECEIVED else 0.15):
            return self.cases.about(order)
        return self._happen(order_id)

    def _case(self) -> Callable[[], Any] | None:
        return self.cases.act()

    # --- orders ---

    def _place(self, units: Mapping[str, int] | None = None) -> Callable[[], Any]:
        chance = self.chance
        member_id, key = chance.choice(MEMBERS), self._name("k")
        sold = PRODUCTS if self._with_cases else [sku for sku in PRODUCTS if sku != EXCHANGED]
        skus = chance.sample(list(sold), chance.choice((1, 1, 2)))
        units = units or {sku: chance.choice((1, 1, 2, 3)) for sku in skus}
        placing = self.programme.shop.placing(member_id, key)
        placing = replace(
            placing,
            cart=Cart(lines=tuple(CartLine(sku=sku, quantity=count) for sku, count in units.items())),
            placed_at=self.aws.time.now(),
        )
        self.orders.append(placing.order_id)
        self.come.counts["orders"] += 1
        self.log(f"{member_id} orders {dict(units)}: {placing.order_id}")
        return self._request("place", lambda deadline: self.programme.shop.checkout.place(placing, deadline))

    def _happen(self, order_id: str | None = None) -> Callable[[], Any] | None:
        """Have something happen to an order that fits where it stands, mostly."""
        chance = self.chance
        order = self._order(order_id or chance.choice(self.orders))
        if order is None:
            return None
        fitting = {
            Status.PLACED: ("cancel",) if chance.random() < 0.12 else (),
            Status.PAID: ("ship", "ship", "ship", "cancel", "cancel_units", "cancel_units"),
            Status.SHIPPED: ("receive", "receive", "refuse"),
            Status.RECEIVED: ("give_back",),
        }.get(order.status, ())
        if self._with_cases and order.status is Status.RECEIVED and chance.random() < 0.6:
            fitting = ()  # so that something is left to open cases about
        if chance.random() < 0.1:
            fitting = ("cancel", "cancel_units", "ship", "receive", "refuse", "give_back")
        if not fitting:
            return None
        what = chance.choice(fitting)
        if what in ("cancel_units", "give_back"):
            self.log(f"{what} {order.order_id}")
            return self._request(what, self._leaving(order, what))
        return self._happened(order.order_id, what)

    def _happened(self, order_id: str, what: str) -> Callable[[], Any]:
        now = self.aws.time.now()
        self.log(f"{what} {order_id}")
        events: dict[str, Callable[[Order], Order]] = {
            "cancel": lambda found: life.cancel(found, now=now),
            "ship": lambda found: life.ship(found, told={}, now=now),
            "receive": lambda found: life.receive(found, now=now),
            "refuse": lambda found: life.refuse(found, now=now),
        }
        return self._request(
            what,
            lambda deadline: self.book.orders.change(
                order_id, events[what], deadline, also=self.cases.also_of_shipment
            ),
        )

    def _leaving(self, order: Order, what: str) -> Callable[[Deadline], Any]:
        chance = self.chance
        stays = {line.line_id: units for line, units in zip(order.quote.lines, order.staying, strict=True)}
        line_id = chance.choice(list(stays))
        whole = chance.random() < (0.08 if self._with_cases else 0.25)
        units = stays if whole else {line_id: chance.randint(1, max(1, stays[line_id]))}
        leaves = Leaving(
            way=leaving.RETURNED if what == "give_back" else leaving.CANCELLED,
            order_id=order.order_id,
            caller_id=self._name("l"),
            units={},
            by_line={line: count for line, count in units.items() if count},
            at=self.aws.time.now(),
        )
        return lambda deadline: take_units(self.book.orders, leaves, deadline)

    def _returned_one_by_one(self) -> None:
        """An order of many units, of which one after another comes back: transfers run out (Y7)."""
        self._rate, self.ground.rate, self.ground.quick = 0.0, 0.02, True
        act = self._place({"pin": 60})
        act()
        order_id = self.orders[-1]
        self._expect_minutes(order_id)
        order = self._order(order_id)
        if order is None or order.status is not Status.PAID:
            return
        for what in ("ship", "receive"):
            self._happened(order_id, what)()
        for _ in range(self.chance.randint(45, 58)):
            leaves = Leaving(
                way=leaving.RETURNED,
                order_id=order_id,
                caller_id=self._name("l"),
                units={"pin": 1},
                at=self.aws.time.now(),
            )
            self._request("back", partial(take_units, self.book.orders, leaves))()
            self._run_due()
            self.aws.time.pass_by(self.chance.choice((62, 62, 90, 30, 700)))
            self._run_due()

    # --- payments ---

    def _ask(self, order_id: str | None = None) -> Callable[[], Any] | None:
        chance = self.chance
        order = self._order(order_id or chance.choice(self.orders[-2:]))
        if order is None or (order.status is not Status.PLACED and chance.random() < 0.9):
            return None
        provider = self.providers[chance.choice(list(self.providers))]
        method = chance.choice(sorted(provider.methods))
        if chance.random() < 0.4 and self.offered:  # the same again
            last = self.offered[-1]
            provider, method = self.providers[last.provider], last.asking.method
        payer = PAYER if method in provider.payer_methods else None
        wanted = Wanted(provider=provider.name, method=method, payer=payer)
        self.log(f"asks to pay {order.order_id} by {provider.name} {method}")

        def ask(deadline: Deadline) -> None:
            attempt, _ = self.programme.cashier.ask_for_payment(
                order.order_id,
                wanted,
                member_id=order.member_id,
                now=self.aws.time.now(),
                deadline=deadline,
            )
            self.come.counts["attempts answered"] += 1
            self.offered.append(Offered(provider.name, attempt.asking))
            if attempt.amount_fen != order.quote.paid_fen:
                self._wrong("an attempt asks for exactly what the order costs", attempt.attempt_id)

        return self._request("ask", ask)

    def _shop(self, number: str = "") -> None:
        """Let a shopper do something with what the device was given."""
        chance = self.chance
        held = [each for each in self.offered if each.asking.number.startswith(number)]
        if not held:
            return
        offered = chance.choice(held[-3:] if chance.random() < 0.8 else held)
        provider = self.providers[offered.provider]
        provider.tick()
        if not provider.is_offered(offered.asking):
            return
        known = offered.asking.number in provider.trades
        trade = provider.opens(offered.asking)
        if not known:
            self.log(f"the shopper opens {offered.asking.number} at {provider.name}")
            if chance.random() < 0.3:
                return
        if not provider.can_be_paid(trade):
            return
        roll = chance.random()
        if roll < 0.15:
            self.log(f"the shopper begins to pay {offered.asking.number}")
            provider.begins_to_pay(trade, chance.choice((3, 20, 90, 200)), ends_well=chance.random() < 0.7)
        elif roll < 0.2:
            provider.is_paid(trade, amount=chance.choice((1, trade.asking.amount_fen + 1, 123_456)))
        elif roll < 0.22:
            provider.is_paid(trade, currency="USD")
        elif roll < 0.23:
            provider.is_paid(trade, amount=0)
        elif roll < 0.85:
            provider.is_paid(trade)

    def _foreign(self) -> Callable[[], Any] | None:
        """Have money come in under a number that is none of ours, or another provider's."""
        chance = self.chance
        provider = self.providers[chance.choice(list(self.providers))]
        number = f"other-{self._name('n')}"
        amount = chance.choice((320, 1_067, 6_667 + 1_000, 9_950, 120_100))
        order = self._order(chance.choice(self.orders))
        if order is not None:
            amount = chance.choice((amount, order.quote.paid_fen))
            if chance.random() < 0.3:
                number = f"{order.order_id.removeprefix('ord_')}_09"
        if number in provider.trades or self.book_has(number):
            return None
        asking = Asking(
            number=number,
            method="default",
            amount_fen=amount,
            title="other",
            asked_at=self.aws.time.now(),
            ends_at=self.aws.time.now() + DAY,
            notify_url="",
            return_url="",
        )
        trade = provider.opens(asking, foreign=True)
        provider.trades.pop(number)  # an attempt may yet come to have the number
        provider.is_paid(trade)
        return self._notified(len(self.ground.told) - 1)

    def book_has(self, number: str) -> bool:
        """Tell whether an attempt has a number."""
        place = place_of(number)
        if place is None:
            return False
        return self.aws.store.row("Payments", place[0], f"ATTEMPT#{place[1]:02}") is not None

    def _forge(self) -> Callable[[], Any] | None:
        """Have a provider tell other states of what it has told of, or the same under another word."""
        chance = self.chance
        of_payments = [each for each in self.ground.told if each.notice.kind is Kind.PAYMENT]
        if not of_payments:
            return None
        told = chance.choice(of_payments)
        provider = self.providers[told.notice.provider]
        if provider.name == "alipay" and chance.random() < 0.5:
            provider.tells(told.trade, state="TRADE_FINISHED")
        else:
            state = chance.choice(("USERPAYING", "CLOSED", "REFUND", "payment_intent.canceled"))
            provider.tells(told.trade, state=state, paid=False, amount=None)
        return self._notified(len(self.ground.told) - 1)

    def _notify(self) -> Callable[[], Any] | None:
        if not self.ground.told:
            return None
        fresh = [number for number, each in enumerate(self.ground.told) if not each.times]
        if fresh and self.chance.random() < 0.7:
            return self._notified(self.chance.choice(fresh))
        return self._notified(self.chance.randrange(len(self.ground.told)))

    def _notified(self, number: int) -> Callable[[], Any]:
        told = self.ground.told[number]
        notice = told.notice
        provider = notice.provider
        event = {
            "requestContext": {"requestId": "r"},
            "pathParameters": {"provider": provider},
            "headers": {},
            "body": json.dumps([number, self._name("ev")]),
        }

        def tell() -> int:
            answer = self.programme.notifications(event, Context(remaining_ms=1000 * API_SECONDS))
            status: int = answer["statusCode"]
            self.log(f"{provider} tells {notice.kind} {notice.object_id} {notice.state}: {status}")
            if status == 200:
                told.times += 1
                self.come.counts["notices kept"] += 1
            return status

        return partial(self._invoked, "notification", tell, API_SECONDS)

    def _hear(self, records: list[Json] | None = None) -> Callable[[], Any] | None:
        """Deliver some of what the stream has, in any order, some of it once more."""
        chance = self.chance
        if records is None:
            records = chance.sample(self.pending, min(len(self.pending), chance.randint(1, 4)))
            if self.past and chance.random() < 0.25:
                records.append(chance.choice(self.past))
        if not records:
            return None
        batch = records

        def hear() -> None:
            started = self.aws.time.now()
            failed = {each["dynamodb"]["SequenceNumber"] for each in batch}
            answer = self._invoked(
                "heard",
                lambda: self.programme.hearer(
                    {"Records": batch}, Context(remaining_ms=1000 * STREAM_SECONDS)
                ),
                STREAM_SECONDS,
            )
            if isinstance(answer, dict):
                failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            through = [each for each in batch if each["dynamodb"]["SequenceNumber"] not in failed]
            for record in through:
                if record in self.pending:
                    self.pending.remove(record)
                image = from_item(record["dynamodb"]["NewImage"])
                self.log(f"heard {image['subject']} {image['item']}")
                self._expect(image, started)
            self.past = (self.past + through)[-20:]

        return hear

    def _expect(self, notice: Row, started: datetime) -> None:
        """Note that an order's money was confirmed while it waited for just that."""
        place = place_of(notice.get("number"))
        if not notice.get("paid") or place is None or notice["kind"] != "payment":
            return
        order = self._order(place[0])
        attempt = self.aws.store.row("Payments", place[0], f"ATTEMPT#{place[1]:02}")
        if order is None or attempt is None or attempt["provider"]["S"] != notice["provider"]:
            return
        by_hand = self.programme_row(
            "Orders", f"payment:{notice['provider']}:{notice['object_id']}", "PAYMENT"
        )
        if by_hand is not None and not by_hand.get("notified"):
            return
        fits = (notice.get("amount"), notice.get("currency")) == (order.quote.paid_fen, CNY)
        closed_before = order.closed_at is not None and order.closed_at <= started
        if fits and self.aws.time.now() < order.lapses_at and not closed_before:
            self.expected_paid[order.order_id] = f"its notice was worked off at {started}"

    def programme_row(self, table: str, partition: str, item: str) -> Row | None:
        """Return a row as it is, beside all calls."""
        found = self.aws.store.row(table, partition, item)
        return None if found is None else from_item(found)

    # --- jobs ---

    def _fire(self) -> Callable[[], Any]:
        jobs = (ASK_PAYMENTS, LAPSE_UNPAID, AUTO_RECEIPT, *case_acts.JOBS)
        job = self.chance.choices(jobs, (6, 3, 1, 4, 1) if self._with_cases else (6, 3, 1, 0, 0))[0]
        return self._fires(job)

    def _fires(self, job: str) -> Callable[[], Any]:
        self.log(f"{job} fires")

        def fire() -> None:
            context = Context(remaining_ms=1000 * JOB_SECONDS)
            self._invoked(job, lambda: self.programme.jobs[job]({"job": job}, context), JOB_SECONDS)
            self._take_messages()
            for message in [each for each in self.queue if self.chance.random() < 0.8]:
                if self._worked(message["QueueUrl"], message["MessageBody"]) and message in self.queue:
                    self.queue.remove(message)

        return fire

    def _take_messages(self) -> None:
        self.queue += self.aws.messages
        self.aws.messages.clear()

    def _work(self) -> Callable[[], Any] | None:
        """Deliver a message of a queue; one in ten comes again although it was worked off."""
        if not self.queue:
            return None
        message = self.chance.choice(self.queue)
        twice = self.chance.random() < 0.1

        def work() -> None:
            worked_off = self._worked(message["QueueUrl"], message["MessageBody"])
            if worked_off and not twice and message in self.queue:
                self.queue.remove(message)

        return work

    def _worked(self, queue: str, body: str) -> bool:
        record = {"messageId": "1", "body": body, "eventSource": "aws:sqs", "receiptHandle": "1"}
        context = Context(remaining_ms=1000 * JOB_SECONDS)
        worker = self.programme.workers[queue]
        answer = self._invoked(f"work {queue}", lambda: worker({"Records": [record]}, context), JOB_SECONDS)
        self._take_messages()
        return bool(answer == {"batchItemFailures": []})

    def _minute(self) -> None:
        """Let an order's minutes between its attempts' end and its lapse pass with all well (Y5)."""
        waiting = [
            each for each in self.orders if (found := self._order(each)) and found.status is Status.PLACED
        ]
        if waiting:
            self._expect_minutes(self.chance.choice(waiting), pays=False)

    def _expect_minutes(self, order_id: str, *, pays: bool = True) -> None:
        order = self._order(order_id)
        if order is None or order.status is not Status.PLACED:
            return
        if pays:
            self._request(
                "ask",
                lambda deadline: self.offered.append(
                    Offered(
                        "wechatpay",
                        self.programme.cashier.ask_for_payment(
                            order_id,
                            Wanted(provider="wechatpay", method="default"),
                            member_id=None,
                            now=self.aws.time.now(),
                            deadline=deadline,
                        )[0].asking,
                    )
                ),
            )()
            number = order_id.removeprefix("ord_")
            for trade in list(self.providers["wechatpay"].trades.values()):
                if trade.asking.number.startswith(number) and self.providers["wechatpay"].can_be_paid(trade):
                    self.providers["wechatpay"].is_paid(trade)
        elif self.chance.random() < 0.5:
            self._shop(order_id.removeprefix("ord_"))
        end = (order.lapses_at - 3 * MINUTE).timestamp()
        if self.aws.time.time() >= order.lapses_at.timestamp() - 150:
            return
        self.log("the last minutes before the lapse, and all is well")
        self.aws.time.pass_by(max(0.0, end - self.aws.time.time()))
        paid = [trade for trade in self._trades_of(order) if trade.stands is Stands.PAID]
        rates = self._rate, self.ground.rate
        self._rate = self.ground.rate = 0.0
        while self.aws.time.time() < order.lapses_at.timestamp() - 62:
            self._run_due()
            self.aws.time.pass_by(60)
        self._run_due()
        self._rate, self.ground.rate = rates
        after = self._order(order_id)
        if self.aws.time.now() < order.lapses_at and after is not None and after.status is Status.PLACED:
            for trade in paid:
                self._check_by_hand_or_lost(trade, order_id)

    def _trades_of(self, order: Order) -> Iterator[Trade]:
        """Give the trades that are for exactly what an order costs, by its own attempts."""
        for provider in self.providers.values():
            for trade in provider.trades.values():
                place = place_of(trade.asking.number)
                fits = (trade.amount, trade.currency) in ((None, CNY), (order.quote.paid_fen, CNY))
                if place and place[0] == order.order_id and fits and not trade.foreign:
                    yield trade

    def _check_by_hand_or_lost(self, trade: Trade, order_id: str) -> None:
        """Complain of an order that waits although its money is there, unless staff have recorded that."""
        name = next(each.name for each in self.providers.values() if trade.transaction in each.by_transaction)
        payment_id = f"{name}:{trade.transaction}"
        rows = (
            self.programme_row("Orders", f"payment:{payment_id}", "PAYMENT"),
            self.programme_row("Payments", f"payment:{payment_id}", UNASSIGNED),
        )
        place = place_of(trade.asking.number)
        row = place and self.programme_row("Payments", place[0], f"ATTEMPT#{place[1]:02}")
        if any(rows) or not row:
            return
        asked_later = row["state"] == "closing" and row["asks"] > 3
        self._wrong(FOUND_LATE if asked_later else FOUND, f"{payment_id} {order_id}")

    # --- staff ---

    def _staff_pays(self) -> Callable[[], Any] | None:
        """Let staff record a payment by hand: under an id of their own, or the provider's."""
        chance = self.chance
        order = self._order(chance.choice(self.orders))
        if order is None:
            return None
        payment_id, amount = self._name("cash-"), order.quote.paid_fen
        if chance.random() < 0.1:
            amount += chance.choice((-1, 1, 1_000))
        trades = [(p, t) for p in self.providers.values() for t in p.by_transaction.values()]
        paid = [(p, t) for p, t in trades if t.stands is Stands.PAID]
        if trades and chance.random() < 0.5:
            provider, trade = chance.choice(paid if paid and chance.random() < 0.8 else trades)
            payment_id = f"{provider.name}:{trade.transaction}"
            place = place_of(trade.asking.number)
            if place is not None and place[0] in self.orders and chance.random() < 0.6:
                order = self._order(place[0]) or order
                amount = order.quote.paid_fen
            amount = trade.amount or amount if chance.random() < 0.8 else amount
        if amount <= 0:
            return None
        received = chance.random() < 0.3
        order_id = order.order_id
        self.log(f"staff record {payment_id} of {amount} for {order_id}")
        return self._request(
            "staff pay",
            lambda deadline: pay(
                self.book.orders,
                order_id,
                payment_id=payment_id,
                amount_fen=amount,
                now=self.aws.time.now(),
                deadline=deadline,
                received=received,
            ),
        )

    def _decide(self) -> Callable[[], Any] | None:
        """Let finance decide about money that is unassigned."""
        chance = self.chance
        money = [unassigned_of(row) for row in self.aws.rows("Payments") if row["item"] == UNASSIGNED]
        if not money:
            return None
        payment_id = chance.choice(money).payment_id
        operator = chance.choice(("fay", "fin"))
        if chance.random() < 0.7:
            order_id = chance.choice(self.orders)
            self.log(f"{operator} assigns {payment_id} to {order_id}")
            return self._request(
                "assign",
                lambda deadline: self.programme.assigning.assign(
                    payment_id, order_id, operator=operator, now=self.aws.time.now(), deadline=deadline
                ),
            )
        self.log(f"{operator} refunds {payment_id}")
        return self._request(
            "refund",
            lambda deadline: self.programme.assigning.refund(
                payment_id, reason="not ours", operator=operator, now=self.aws.time.now(), deadline=deadline
            ),
        )

    def _by_hand(self) -> Callable[[], Any] | None:
        """Let finance say that a refund was paid by hand; mostly one that is on the list."""
        rows = [row for row in self.aws.rows("Payments") if row["item"].startswith(REFUND)]
        listed = [row for row in rows if "listed" in row]
        if not rows:
            return None
        row = self.chance.choice(listed if listed and self.chance.random() < 0.85 else rows)
        refund_id = row["refund_id"]
        self.log(f"finance pays {refund_id} by hand")
        return self._request(
            "by hand",
            lambda deadline: self.programme.refunds.paid_by_hand(
                refund_id,
                reason="by bank",
                reference="b-1",
                operator="fay",
                now=self.aws.time.now(),
                deadline=deadline,
            ),
        )

    def _dispute(self) -> None:
        """Let a payer object to a payment, or a dispute end."""
        chance = self.chance
        provider = self.providers["stripe"]
        assert isinstance(provider, Stripe)
        trades = [each for each in provider.trades.values() if each.stands is Stands.PAID]
        if not trades:
            return
        trade = chance.choice(trades)
        if trade.currency != CNY or (trade.amount or 0) <= 0:
            return
        open_one = next((each for each in trade.disputes if each.ended is None), None)
        if open_one is not None:
            provider.is_decided(trade, open_one, chance.choice(("won", "lost", "warning_closed")))
        elif trade.left > 0 and len(trade.disputes) < 2:
            provider.is_disputed(
                trade, trade.left if chance.random() < 0.6 else chance.randint(1, trade.left)
            )

    # --- rest ---

    def rest(self) -> None:
        """Let all that is under way end, all that is due be done, and check what must hold."""
        self.log("--- rest")
        self._rate = self.ground.rate = self.aws.faults.rate = 0.0
        stripe = self.providers["stripe"]
        assert isinstance(stripe, Stripe)
        begun = self.aws.time.time()
        lots = self.chance.choice((0.0, 0.3, 1.0))
        for hop in HOPS:
            self.aws.time.pass_by(max(0.0, begun + hop.total_seconds() - self.aws.time.time()))
            if hop == 3 * HOUR:
                for trade in list(stripe.trades.values()):
                    for dispute in trade.disputes:
                        if dispute.ended is None and self.chance.random() < 0.8:
                            stripe.is_decided(trade, dispute, self.chance.choice(("won", "lost")))
            self._drain(notices=lots, disputes=hop >= HOUR)
        for _ in range(ROUNDS_MAX):
            at = self._next_due()
            if at is None:
                break
            self.aws.time.pass_by(max(1.0, at - self.aws.time.time() + 1))
            self._drain(notices=lots, disputes=True)
        else:
            self._wrong("all comes to rest", f"something is due again and again: {self._due_rows()}"[:400])
        if self.broken:
            raise self.broken[0]
        Laws(self).check()
        CaseLaws(self).check(at_rest=True)
        if self.broken:
            raise self.broken[0]
        if self.chance.random() < 0.08:
            self._move_far(self.chance.choice((40 * DAY, 345 * DAY, 400 * DAY)))

    def _drain(self, *, notices: float, disputes: bool = False) -> None:
        """Do all that is due at this moment, without faults."""
        rates = self._rate, self.ground.rate, self.aws.faults.rate
        self._rate = self.ground.rate = self.aws.faults.rate = 0.0
        for provider in self.providers.values():
            provider.tick()
        for number, told in enumerate(self.ground.told):
            wanted = disputes and told.notice.kind is Kind.DISPUTE
            if not told.times and (wanted or (notices and self.chance.random() < notices)):
                self._notified(number)()
        self._run_due()
        self._rate, self.ground.rate, self.aws.faults.rate = rates

    def _run_due(self) -> None:
        """Deliver what waits, and run what is due, until nothing is."""
        for provider in self.providers.values():
            provider.tick()
        before: list[Json] | None = None
        for _ in range(12):
            if self.pending:
                for record in list(self.pending):
                    act = self._hear([record])
                    if act is not None:
                        act()
            while self.queue:
                message = self.queue.pop(0)
                self._worked(message["QueueUrl"], message["MessageBody"])
            due = [*self._due_rows(), *self._due_orders(), *self.cases.due()]
            if due == before or not self._run_jobs():
                return  # what waits behind something else stays due
            before = due

    def _run_jobs(self) -> bool:
        """Run the tasks of each job that finds something due; return whether any did."""
        now = self.aws.time.now()
        worked = False
        kinds = {row["due"]["S"].partition("#")[0] for row in self._due_rows()}
        for task in payment_jobs.tasks(ASK_PAYMENTS, now):
            if payment_jobs.due_of(task)[0] in kinds:
                self._worked("payments", task.to_body())
                worked = True
        kinds_of_orders = {row["due"]["S"].partition("#")[0] for row in self._due_orders()}
        for job, kind in order_jobs.KINDS.items():
            if kind in kinds_of_orders:
                for task in order_jobs.tasks(job, now):
                    self._worked("orders", task.to_body())
                worked = True
        for task in case_jobs.tasks(FOLLOW_CASES, now) if self.cases.due() else ():
            self._worked("cases", task.to_body())
            worked = True
        return worked or bool(self.queue)

    def _due_rows(self) -> list[Json]:
        at = calendar.to_row(self.aws.time.now())
        return [row for row in self.aws.items("Payments") if "due" in row and row["due_at"]["S"] <= at]

    def _due_orders(self) -> list[Json]:
        at = calendar.to_row(self.aws.time.now())
        found = [row for row in self.aws.items("Orders") if "due" in row and row["due_at"]["S"] <= at]
        return [row for row in found if not (self.cases.jobs_sleep and row["item"]["S"] == LATE)]

    def _next_due(self) -> float | None:
        """Return when the next thing is due, besides what is held by a dispute or nobody can decide.

        What is due already has been tried, and waits behind something else.
        """
        times: list[float] = []
        for row in self.aws.items("Payments"):
            if "due" in row and not self._is_held(row):
                times.append(calendar.from_row(row["due_at"]["S"]).timestamp())
        times += [at for each in self.providers.values() if (at := each.next_at()) is not None]
        for row in (*self.aws.items("Orders"), *self.aws.items("Cases")):
            if "due" in row:
                times.append(calendar.from_row(row["due_at"]["S"]).timestamp())
        return min((at for at in times if at > self.aws.time.time()), default=None)

    def _is_held(self, row: Json) -> bool:
        if row["item"]["S"] == UNASSIGNED:
            amount = row.get("amount", {}).get("N")
            return amount is None or int(amount) <= 0
        if "payment_id" not in row or row["item"]["S"].startswith("ATTEMPT#"):
            return False
        provider, _, transaction = row["payment_id"]["S"].partition(":")
        return provider in self.providers and transaction in self.providers[provider].disputed_since


# The laws -------------------------------------------------------------------------------------------------


class Laws:
    """What must hold at every rest."""

    def __init__(self, lived: Life) -> None:
        self._life = lived
        self._wrong = lived._wrong
        self._payments = list(lived.aws.rows("Payments"))
        orders = list(lived.aws.rows("Orders"))
        self._orders = {row["order_id"]: order_of(row) for row in orders if row["item"] == "ORDER"}
        self._received = {
            row["order_id"].partition(":")[2]: row for row in orders if row["item"] == "PAYMENT"
        }
        self._unassigned = {
            each.payment_id: each
            for each in (unassigned_of(row) for row in self._payments if row["item"] == UNASSIGNED)
        }
        self._refunds: list[Refund] = [
            refund_of(row) for row in self._payments if row["item"].startswith(REFUND)
        ]
        self._transfers: dict[tuple[str, int], Transfer] = {
            (row["subject"], row["place"]): transfer_of(row)
            for row in self._payments
            if row["item"].startswith(TRANSFER)
        }
        self._paid = {row["payment_id"]: row for row in self._payments if row["item"].startswith("PAYMENT#")}
        self._attempts = [attempt_of(row) for row in self._payments if row["item"].startswith("ATTEMPT#")]

    def check(self) -> None:
        """Check all of them."""
        self._nothing_waits()
        self._each_trade_is_taken_once()
        self._orders_are_paid_once()
        self.check_due()
        for payment_id in {*self._received, *self._unassigned}:
            self._money_of(payment_id)
        self._transfers_are_as_their_providers_say()
        self._waiting_orders_were_paid()
        self._count()

    def _state(self, refund: Refund) -> State:
        transfer = None if refund.transfer is None else self._transfers.get((refund.subject, refund.transfer))
        return shown_state(refund, transfer)

    def _trade(self, payment_id: str) -> tuple[Provider, Trade] | None:
        provider, _, transaction = payment_id.partition(":")
        at = self._life.providers.get(provider)
        trade = None if at is None else at.by_transaction.get(transaction)
        return None if at is None or trade is None else (at, trade)

    def _nothing_waits(self) -> None:
        for order in self._orders.values():
            if order.due is not None:
                self._wrong("orders lapse, and are received", f"{order.order_id} is {order.status}")
        for attempt in self._attempts:
            if attempt.due_at is not None:
                self._wrong("attempts come to an end", f"{attempt.attempt_id} is {attempt.state}")
        for row in self._payments:
            if row["item"].startswith(NOTICE) and "to_work" in row:
                self._wrong("what providers tell is worked off", f"{row['subject']} {row['item']}")
        for refund in self._refunds:
            if refund.because == EXCEEDS:  # what is due of a payment never is more than it
                self._wrong(NOT_TOO_MUCH, f"{refund.refund_id}: {refund.amount} of {refund.payment_id}")
            held = self._life._is_held({"item": {"S": REFUND}, "payment_id": {"S": refund.payment_id}})
            if self._state(refund) in (State.DUE, State.SENT) and not held:
                self._wrong("refunds come to an end", f"{refund.refund_id} is {self._state(refund)}")

    def _each_trade_is_taken_once(self) -> None:
        for provider in self._life.providers.values():
            for trade in provider.by_transaction.values():
                if trade.stands is Stands.PAID and trade.amount:
                    self._taken(f"{provider.name}:{trade.transaction}", trade)

    def _taken(self, payment_id: str, trade: Trade) -> None:
        name = "a paid trade is recorded with one order, or unassigned, once"
        row, money = self._received.get(payment_id), self._unassigned.get(payment_id)
        if row is None and money is None:
            told = any(
                each.times for each in self._life.ground.told if each.trade is trade and each.notice.paid
            )
            if told or not trade.foreign:
                self._wrong(name, f"{payment_id}, {trade.asking.number}, is nowhere")
            return
        if row is not None:
            notified = row.get("notified", False)
            if notified and (row["amount_fen"], CNY) != (trade.amount, trade.currency):
                self._wrong("what is recorded is what was paid", f"{payment_id}: {row['amount_fen']} {trade}")
            place = place_of(trade.asking.number)
            if notified and money is None and (place is None or place[0] != row["paid_order_id"]):
                self._wrong(name, f"{payment_id} is {row['paid_order_id']}'s, told for {trade.asking.number}")
        if money is None or row is None:
            if money is not None and money.state.value == "assigned":
                self._wrong(name, f"{payment_id} is assigned to {money.order_id} and not there")
            return
        if money.because.value == "conflict":
            return  # staff have recorded something else under its id: finance has both before it
        if money.state.value != "assigned" or money.order_id != row["paid_order_id"]:
            self._wrong(name, f"{payment_id} is {money.state} and {row['paid_order_id']}'s")

    def _orders_are_paid_once(self) -> None:
        for order_id, order in self._orders.items():
            rows = [row for row in self._received.values() if row["paid_order_id"] == order_id]
            applied = [row for row in rows if row["applied"]]
            if len(applied) > 1 or bool(applied) != bool(order.paid_at):
                self._wrong("an order is paid at most once", f"{order_id}: {len(applied)}, {order.paid_at}")
            for row in applied:
                if row["amount_fen"] != order.quote.paid_fen:
                    self._wrong("an order is paid by exactly its amount", f"{order_id}: {row['amount_fen']}")
            shown = sorted((each.payment_id, each.amount_fen, each.applied) for each in order.payments)
            kept = sorted(
                (row["order_id"].partition(":")[2], row["amount_fen"], row["applied"]) for row in rows
            )
            if shown != kept:
                self._wrong("an order shows its payments", f"{order_id}: {shown}, {kept}")

    def check_due(self) -> None:
        """Σ refunds in any state = Σ due, per order and per payment (Y6), with what freight was granted (A6).

        What is due of an order beyond its payment is of no payment.
        """
        due: Counter[str] = Counter()
        of_no_payment: Counter[str | None] = Counter()
        for refund in self._refunds:
            if refund.payment_id == OF_NO_PAYMENT:
                of_no_payment[refund.order_id] += refund.amount
            else:
                due[refund.payment_id] += refund.amount
        freight: Counter[str] = Counter()
        for case in self._life.cases.all():
            freight[case.order_id] += case.return_shipping_fen or 0
        for payment_id, row in self._received.items():
            order = self._orders[row["paid_order_id"]]
            kept = order.retained.paid_fen if row["applied"] else 0
            money = self._unassigned.get(payment_id)
            more = money.amount or 0 if money is not None and money.state.value == "refunded" else 0
            granted, besides = 0, 0
            if row["applied"]:
                granted, besides = freight[order.order_id], of_no_payment.pop(order.order_id, 0)
            if due[payment_id] + besides != row["amount_fen"] - kept + more + granted:
                text = f"{payment_id}: {due[payment_id]} and {besides} are due of {row['amount_fen']}"
                self._wrong("refunds sum up to what is due", f"{text}, {kept} is kept, {granted} granted")
            if row.get("notified") and due[payment_id] > row["amount_fen"] + more:
                text = f"{payment_id}: {due[payment_id]} of {row['amount_fen']}"
                self._wrong("what is due of a provider's payment is at most the payment", text)
        if any(of_no_payment.values()):
            self._wrong("refunds sum up to what is due", f"of no payment of no order: {of_no_payment}")
        for payment_id, money in self._unassigned.items():
            goes_back = money.state.value == "refunded"
            if payment_id not in self._received and due[payment_id] != (money.amount or 0) * goes_back:
                self._wrong("unassigned money goes back whole, once", f"{payment_id}: {due[payment_id]}")

    def _money_of(self, payment_id: str) -> None:
        """Money in less money back = what is retained + what finance has before it, to the fen."""
        found = self._trade(payment_id)
        refunds = [each for each in self._refunds if each.payment_id == payment_id]
        row = self._received.get(payment_id)
        notified = [each for each in refunds if not (row is not None and not row.get("notified"))]
        out = 0 if found is None else found[1].out
        if found is None or found[1].stands is not Stands.PAID or not notified:
            if out and not (found and found[1].disputes):
                self._wrong("nothing goes back of what is not due", f"{payment_id}: {out} went back")
            return
        _, trade = found
        amount, lost = trade.amount or 0, trade.lost
        if out > amount:
            self._wrong(
                "the refunds of a payment are at most the payment", f"{payment_id}: {out} of {amount}"
            )
        due = sum(each.amount for each in notified)
        listed, by_hand = 0, 0
        for each in notified:
            state = self._state(each)
            if state is State.PAID_BY_HAND:
                by_hand += _rest(each)
            elif state is not State.SUCCEEDED and not self._went_unheard(trade, each):
                listed += _rest(each)
        turned = sum(each.paying.amount for each in trade.backs if each.turned)
        sent = out - lost
        if lost:
            # More may be lost than is due, and less may be due when it is than has gone back already.
            if abs(listed - max(0, due - lost - sent - by_hand)) > turned:
                waits = [
                    each for each in notified if self._state(each) in (State.FAILED, State.DUE, State.SENT)
                ]
                had_failed = all(
                    each.transfer is not None or (each.state is State.FAILED and each.because != EXCEEDS)
                    for each in waits
                )
                how = ", ".join(f"{each.amount} {self._state(each)} {each.because}" for each in notified)
                text = f"{payment_id}: {lost} lost, {sent} went back, {due} due: {how}"
                self._wrong(LOST_AFTER_FAILED if had_failed else "a dispute lost counts as refunded", text)
            return
        if abs(sent + by_hand + listed - due) > turned:
            text = f"{payment_id}: {sent} went back, {by_hand} by hand, {listed} listed; {due} was due"
            self._wrong("money in less money back is what is retained", text)

    def _went_unheard(self, trade: Trade, refund: Refund) -> bool:
        """Tell whether a refund has gone back after its end was told, and nobody was told of that."""
        if refund.transfer is None:
            return False
        transfer = self._transfers[refund.subject, refund.transfer]
        found = self._trade(refund.payment_id)
        back = None if found is None else found[0].back_of(trade, transfer.number)
        if back is None or back.state is not PaidBack.SUCCEEDED:
            return False
        if not back.turned and transfer.because != NO_WORD:
            return False
        if any(
            each.times
            for each in self._life.ground.told
            if each.back is back and each.back_state is back.state
        ):
            self._wrong("what a provider says of a refund is heard", f"{refund.refund_id}: {transfer.state}")
        return True

    def _transfers_are_as_their_providers_say(self) -> None:
        for transfer in self._transfers.values():
            found = self._trade(transfer.payment_id)
            if found is None:
                continue
            provider, trade = found
            backs = [each for each in trade.backs if each.paying.number == transfer.number]
            if sum(each.counts for each in backs) > 1:
                self._wrong("nothing is paid back twice", f"{transfer.number}: {backs}")
            parts = [
                each
                for each in self._refunds
                if (each.subject, each.transfer) == (transfer.subject, transfer.place)
            ]
            if sum(each.amount for each in parts) != transfer.amount or len(parts) != transfer.parts:
                self._wrong("a transfer carries its refunds", f"{transfer.number}: {parts}")
            back = provider.back_of(trade, transfer.number)
            said = any(
                each.times
                for each in self._life.ground.told
                if back is not None and each.back is back and each.back_state is back.state
            )
            succeeded = back is not None and back.state is PaidBack.SUCCEEDED
            if (transfer.state is Sent.SUCCEEDED) != succeeded and (said or (back and not back.turned)):
                late = back is not None and (back.turned or transfer.because == NO_WORD)
                if not (succeeded and transfer.state is Sent.FAILED and late and not said):
                    self._wrong(
                        "a transfer is as its provider says", f"{transfer.number}: {transfer.state}, {back}"
                    )
            doubled = [each for each in parts if each.state is State.PAID_BY_HAND and not each.doubled]
            if doubled and succeeded and back is not None and (said or not back.turned):
                self._wrong("what is paid by hand and by its provider is told", f"{doubled}")

    def _waiting_orders_were_paid(self) -> None:
        for order_id, why in self._life.expected_paid.items():
            order = self._orders.get(order_id)
            if order is not None and order.status is Status.LAPSED:
                self._wrong("no order lapses whose money was confirmed in time", f"{order_id}: {why}")

    def _count(self) -> None:
        counts = self._life.come.counts
        counts["rests"] += 1
        counts["transfers at rest"] += len(self._transfers)
        counts["attempts at rest"] += len(self._attempts)
        counts["unassigned at rest"] += len(self._unassigned)
        for refund in self._refunds:
            counts[f"refunds {self._state(refund)}"] += 1
        for order in self._orders.values():
            counts[f"orders {order.status}"] += 1


def _rest(refund: Refund) -> int:
    """Return what is left of a refund for finance: a lost dispute may have paid some of it (Y7)."""
    return refund.amount - refund.covered


NOT_TOO_MUCH = "nothing that is due exceeds its payment"
FOUND = "money paid in the window is found before the lapse"
FOUND_LATE = "money paid in the window is found before the lapse, for what was to be closed, too"
LOST_AFTER_FAILED = "a dispute lost counts as refunded for what has failed, too"
EXCEPT: set[str] = set()
"""Laws that the programme is known to break: how often is counted, and a life goes on. There is none."""


# Running --------------------------------------------------------------------------------------------------


@dataclass
class Ended:
    """How a life ended: what it came to, and what was violated, with a log that one can read."""

    seed: int
    come: Come
    violation: Violation | None
    lines: list[str]

    def __str__(self) -> str:
        return "\n".join([*self.lines, f"seed {self.seed}: {self.violation}"])


def lived(seed: int) -> Ended:
    """Live a life."""
    with ready() as programme:
        return _lived(seed, programme)


def _lived(seed: int, programme: Programme, *, rough: bool = False) -> Ended:
    each = Life(seed, programme, rough=rough)
    violation: Violation | None = None
    try:
        each.live()
    except Violation as found:
        violation = found
    except Exception as error:
        each.lines += traceback.format_exc().splitlines()
        violation = Violation(f"raised {type(error).__name__}", str(error))
    come = each.come
    come.calls.update(each.ground.calls)
    come.calls.update({f"AWS {name}": count for name, count in each.aws.faults.calls.items()})
    come.faults.update(each.aws.faults.met)
    come.fates.update(each.ground.fates)
    return Ended(seed, come, violation, each.lines)


def several(seeds: Sequence[int], *, stops: bool = True, rough: bool = False) -> tuple[Come, list[Ended]]:
    """Live lives; return what they came to, and those in which something was violated."""
    come, broken = Come(), []
    with ready() as programme:
        for seed in seeds:
            ended = _lived(seed, programme, rough=rough)
            come += ended.come
            if ended.violation is not None:
                broken.append(ended)
                if stops:
                    break
    return come, broken


def _chunk(seeds: range, leaves_out: set[str], goes_on: bool) -> tuple[Come, list[Ended]]:
    gc.set_threshold(200_000)
    EXCEPT.update(leaves_out)
    return several(seeds, stops=not goes_on)


def main() -> int:
    """Return 0 if nothing was violated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lives", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="the first seed (a fresh one)")
    parser.add_argument("--workers", type=int, default=1, help="processes at once")
    parser.add_argument("--go-on", action="store_true", help="after a violation, too, and sum them up")
    parser.add_argument("--except", dest="leaves_out", action="append", default=[], help="leave a law out")
    parser.add_argument("--log", action="store_true", help="print the log of each life that violates")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.lives)
    size = max(1, min(100, arguments.lives // arguments.workers))
    chunks = [seeds[start : start + size] for start in range(0, len(seeds), size)]
    print(f"seeds {seeds.start} to {seeds.stop - 1}", flush=True)
    start, come, broken = time.perf_counter(), Come(), []
    one = partial(_chunk, leaves_out=set(arguments.leaves_out), goes_on=arguments.go_on)
    if arguments.workers == 1:
        results = map(one, chunks)
        for part, ends in results:
            come += part
            broken += ends
            if broken and not arguments.go_on:
                break
    else:
        with ProcessPoolExecutor(arguments.workers) as pool:
            for part, ends in pool.map(one, chunks):
                come += part
                broken += ends
                if broken and not arguments.go_on:
                    pool.shutdown(wait=False, cancel_futures=True)
                    break
    seconds = time.perf_counter() - start
    if broken:
        if arguments.log or not arguments.go_on:
            print(broken[0])
        laws: dict[str, list[int]] = {}
        for ended in broken:
            laws.setdefault(ended.violation.name if ended.violation else "", []).append(ended.seed)
        for law, found in sorted(laws.items(), key=lambda each: -len(each[1])):
            print(f"violated in {len(found)} lives: {law}: {found[:8]}")
    print(said(come, seconds))
    return 1 if broken else 0


def said(come: Come, seconds: float) -> str:
    """Say what lives came to."""
    calls, faults, fates = come.calls.total(), come.faults.total(), come.fates.total()
    refused = {name: count for name, count in come.counts.items() if name.startswith("refused")}
    counts = {name: count for name, count in come.counts.most_common() if name not in refused}
    return "\n".join(
        [
            f"{come.lives} lives in {seconds:.0f} s ({come.lives / seconds:.1f}/s)",
            f"{calls} calls while things failed, {faults} faults of AWS, {fates} of providers",
            f"counts: {counts}",
            f"refused: {refused}",
            f"faults: {dict(come.faults.most_common())}",
            f"fates: {dict(come.fates.most_common())}",
            f"calls: {dict(come.calls.most_common())}",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
