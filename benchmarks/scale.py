"""At which load each limit bites: a model of the programme on AWS, computed from quotas and from the code.

``python -m benchmarks.scale`` prints the tables of docs/scale.md, ``--write`` puts them there, and
``--check`` fails where the page says something else. Nothing is measured here. Quotas and what nobody has
measured are in quotas.toml; what the programme does is read from its code, and what was measured from the
pages that say so.
"""

import ast
import math
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache, partial
from pathlib import Path

from benchmarks import tables
from benchmarks.tables import markdown
from functions.contexts import timetable
from functions.counters import counter
from functions.coupons import jobs as coupon_jobs
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import policy as policies
from functions.offers import schema
from functions.orders import jobs as order_jobs
from functions.orders import rows as order_rows
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform import bus, dynamo, fanout, lanes
from functions.points import account_rows, accounts, jobs, posting
from functions.points.ledger import Wallet
from functions.points.posting import Account, Lot, OrderChange, OrderFacts, Posting
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers import members
from functions.tiers.qualification import qualify

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "scale.md"
QUOTAS = Path(__file__).with_name("quotas.toml")
INFRA = ROOT / "infra"
ROOMS = sorted((INFRA / "contexts").glob("*.py"))
"""What builds the contexts."""
SALE = 1_000
"""Orders per second on one product that the page works out."""
REFUSED_MAX = 0.001
"""The share of orders refused for want of the row up to which nothing needs to change: one in a thousand."""
SECONDS_PER_HOUR = 3_600
FIFO_BATCH = 10
"""Messages that one call takes from a FIFO queue (SQS's limit)."""
KILOBYTE = 1_024
SMALL_TRANSACTION_ROWS = 10
"""Up to so many rows a transaction takes what is assumed of one, whatever it writes."""
LAPSE = 100_000
"""Unpaid orders of one flash sale that lapse at once (Z10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A limit that AWS sets, with the page that says so; ``adjustable`` where it can be raised."""

    value: int
    unit: str
    adjustable: bool
    title: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """Seconds that calls and requests take on AWS. None of them is measured; quotas.toml says why each."""

    read_seconds: float
    transaction_seconds: float
    transaction_row_seconds: float
    put_seconds: float
    publish_seconds: float
    publish_cpu_seconds: float
    request_seconds: float


@lru_cache
def quotas() -> Mapping[str, Quota]:
    """Return AWS's limits by their names in quotas.toml."""
    written = tomllib.loads(QUOTAS.read_text(encoding="utf-8"))
    return {name: Quota(**fields) for name, fields in written["quota"].items()}


def assumed() -> Assumed:
    """Return what nobody has measured."""
    written = tomllib.loads(QUOTAS.read_text(encoding="utf-8"))
    return Assumed(**{name: fields["value"] for name, fields in written["assumed"].items()})


@lru_cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def constant(path: Path, name: str) -> int:
    """Return a whole number that a module gives a name, without importing the module.

    A module of the CDK starts Node, a handler's makes clients. ``Duration.hours(1)`` counts as 3 600.

    Raises
    ------
    KeyError
        The module gives it no such name, or gives it to something else.
    """
    for node in _tree(path).body:
        if isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return _whole(path, node.value)
    raise KeyError(f"{name} in {path}")


def _whole(path: Path, value: ast.expr) -> int:
    match value:
        case ast.Constant(value=int() as number):
            return number
        case ast.Name(id=name):
            return constant(path, name)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _whole(path, left) * _whole(path, right)
        case ast.Call(func=ast.Attribute(attr="seconds"), args=[length]):
            return _whole(path, length)
        case ast.Call(func=ast.Attribute(attr="hours"), args=[length]):
            return SECONDS_PER_HOUR * _whole(path, length)
        case _:
            raise KeyError(f"{ast.unparse(value)} in {path}")


def argument(path: Path, called: str, name: str) -> int | None:
    """Return a whole number that a module hands to what it calls, by its keyword; None if it hands none."""
    for call in _calls(path, called):
        for keyword in call.keywords:
            if keyword.arg == name:
                return _whole(path, keyword.value)
    return None


def _calls(path: Path, called: str) -> list[ast.Call]:
    """Return where a module calls a function or a method of this name."""
    return [
        node
        for node in ast.walk(_tree(path))
        if isinstance(node, ast.Call)
        and called in (getattr(node.func, "id", None), getattr(node.func, "attr", None))
    ]


def built(what: str) -> int:
    """Return how often the contexts have a room build one of these: a function, a reader, tasks."""
    return sum(len(_calls(path, what)) for path in ROOMS)


def gathering() -> int:
    """Return how many readers gather what comes, so that each works off one batch of a shard at a time."""
    readers = [call for path in ROOMS for call in _calls(path, "reader")]
    return sum(any(keyword.arg == "gathers" for keyword in call.keywords) for call in readers)


def measured(page: str, row: str, column: str) -> float:
    """Return a measured figure from the table of a page in docs: the last row of a name, so the largest size.

    Raises
    ------
    KeyError
        The page has no such row or column.
    """
    head: list[str] = []
    found: str | None = None
    for line in (ROOT / "docs" / page).read_text(encoding="utf-8").splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        if line.startswith("|") and column in cells:
            head = cells
        elif line.startswith("|") and head and cells[0] == row:
            found = cells[head.index(column)]
    if found is None:
        raise KeyError(f"{row}, {column} in {page}")
    number = re.match(r"[\d.]+", found.replace(" ", ""))
    if number is None:
        raise KeyError(f"{found} in {page}")
    return float(number[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """What the programme does, as far as it decides at which load it meets a limit.

    Times are in seconds; ``cpu_…`` are those of the machine that measured them, on a whole core.
    """

    requests_per_second: int
    burst_requests: int
    writes_per_request: int
    reads_per_request: int
    memory_megabytes: int
    reserved: int
    readers: int
    gathering: int
    parallelization: int
    publishers: int
    publishers_at_once: int
    window: int
    members_together: int
    record_age: int
    alarm_age: int
    workers: int
    in_flight: int
    order_workers: int
    order_memory_megabytes: int
    orders_page: int
    expire_within: int
    issue_within: int
    due_shards: int
    status_shards: int
    lot_shards: int
    wallet_shards: int
    birthday_shards: int
    lots_page: int
    birthdays_page: int
    sends: int
    attempts: int
    backoff_base: float
    backoff_cap: float
    stock_rows: int
    lines_max: int
    lots_per_release: int
    posting_rows: int
    receipt_rows: int
    release_rows: int
    cpu_posting: float
    cpu_release: float
    cpu_expire: float
    cpu_issue: float
    cpu_lapse: float
    cpu_lapse_of_day: float
    cpu_receipt: float

    @classmethod
    def read(cls) -> "Programme":
        """Read it from the code, and what was measured from the pages."""
        orders, constructs = INFRA / "contexts" / "orders.py", INFRA / "constructs"
        consumer, stage = constructs / "stream_consumer.py", INFRA / "stage.py"
        workers = constant(constructs / "work_queue.py", "WORKERS_MAX")
        policy = policies.load()
        schedules = {each.name: each for each in timetable(policy)}
        return cls(
            requests_per_second=constant(stage, "REQUESTS_PER_SECOND"),
            burst_requests=constant(stage, "REQUESTS_PER_SECOND") * constant(stage, "BURST_SECONDS"),
            writes_per_request=constant(stage, "WRITES_PER_REQUEST"),
            reads_per_request=constant(stage, "READS_PER_REQUEST"),
            memory_megabytes=constant(constructs / "function.py", "MEMORY_MEGABYTES"),
            reserved=_workers(workers) + constant(INFRA / "contexts" / "payments.py", "NOTIFICATIONS_MAX"),
            readers=built("reader") + built("publisher"),
            gathering=gathering(),
            parallelization=constant(consumer, "BATCHES_AT_ONCE"),
            publishers=built("publisher"),
            publishers_at_once=constant(consumer, "PATIENT_BATCHES_AT_ONCE"),
            window=constant(consumer, "PATIENT_WINDOW"),
            members_together=accounts.ROWS_TOGETHER_MAX // (1 + _rows(_posted())),
            record_age=constant(consumer, "RECORD_AGE_MAX"),
            alarm_age=constant(constructs / "alarms.py", "BEHIND_MILLISECONDS_MAX") // 1_000,
            workers=workers,
            in_flight=fanout.IN_FLIGHT,
            order_workers=constant(orders, "ORDER_WORKERS_MAX"),
            order_memory_megabytes=constant(constructs / "function.py", "CORE_MEGABYTES"),
            orders_page=order_jobs.PAGE_ORDERS,
            expire_within=int(schedules[EXPIRE_POINTS].done_within.total_seconds()),
            issue_within=int(schedules[ISSUE_BIRTHDAY_COUPONS].done_within.total_seconds()),
            due_shards=order_rows.DUE_SHARDS,
            status_shards=order_rows.STATUS_SHARDS,
            lot_shards=account_rows.LOT_SHARDS,
            wallet_shards=account_rows.WALLET_SHARDS,
            birthday_shards=members.BIRTHDAY_SHARDS,
            lots_page=jobs.PAGE_ROWS,
            birthdays_page=coupon_jobs.PAGE_ROWS,
            sends=dynamo.SENDS_MAX,
            attempts=dynamo.ATTEMPTS_MAX,
            backoff_base=dynamo.BACKOFF_BASE_SECONDS,
            backoff_cap=dynamo.BACKOFF_CAP_SECONDS,
            stock_rows=counter.ROWS_MAX,
            lines_max=schema.LINES_MAX,
            lots_per_release=posting.LOTS_PER_RELEASE_MAX,
            posting_rows=_rows(_posted()),
            receipt_rows=_rows(_posted(seen=1)),
            release_rows=_release_rows(),
            cpu_posting=measured("performance.md", "posting", "CPU each") / 1_000,
            cpu_release=measured("points.md", RELEASE_POINTS, "CPU each") / 1_000,
            cpu_expire=measured("points.md", EXPIRE_POINTS, "CPU each") / 1_000,
            cpu_issue=measured("coupons.md", ISSUE_BIRTHDAY_COUPONS, "CPU each") / 1_000,
            cpu_lapse=measured("checkout.md", LAPSE_UNPAID, "CPU each") / 1_000,
            cpu_lapse_of_day=measured("checkout.md", f"{LAPSE_UNPAID} (3 lines)", "CPU each") / 1_000,
            cpu_receipt=measured("checkout.md", AUTO_RECEIPT, "CPU each") / 1_000,
        )


def _workers(usual: int) -> int:
    """Return the workers of all tasks, where a context names no number the usual one."""
    found = 0
    for path in ROOMS:
        for call in _calls(path, "tasks"):
            named = [each.value for each in call.keywords if each.arg == "workers"]
            found += _whole(path, named[0]) if named else usual
    return found


_PAID_AT = datetime(2026, 3, 1, tzinfo=UTC)
_LOT = Lot(order_id="ord", year=2026, points=100, effective_fen=10_000, posted=1, version=1)
_FROZEN = Wallet(frozen=100)


def _posted(seen: int = 0) -> Posting:
    """Return what is posted for an order of a member who has bought before: its payment, or its receipt."""
    policy = policies.load()
    change = OrderChange(at=_PAID_AT, effective_fen=10_000, earned_points=100, paid_fen=10_000)
    account = Account(
        wallet=_FROZEN if seen else Wallet(),
        standing=qualify(policy, ever_paid=True, effective_fen=20_000),
        lot=_LOT if seen else None,
    )
    release_at = _PAID_AT + timedelta(days=policy.points.release_days) if seen else None
    facts = OrderFacts(order_id="ord", member_id="member", changes=[change], release_at=release_at)
    made = posting.post(account, facts, policy)
    assert made is not None
    return made


def _rows(made: Posting) -> int:
    """Return the rows of a posting: wallet, lot, entries, tier changes, and standing where E changes (T2)."""
    before = qualify(policies.load(), ever_paid=True, effective_fen=20_000)
    return 2 + len(made.entries) + len(made.tier_changes) + (made.standing != before)


def _release_rows() -> int:
    """Return the rows of the release of one lot: wallet, lot, entry."""
    lot = replace(_LOT, release_at=_PAID_AT)
    made = posting.release(_FROZEN, [lot], at=_PAID_AT, policy=policies.load())
    assert made is not None
    return 1 + len(made.lots) + len(made.entries)


def row_bytes(attribute: Mapping[str, object]) -> int:
    """Return what DynamoDB counts for a value in its typed form
    (https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
    ((kind, value),) = attribute.items()
    match value:
        case dict() if kind == "M":
            return 3 + sum(1 + len(name) + row_bytes(each) for name, each in value.items())
        case list():
            return 3 + sum(1 + row_bytes(each) for each in value)
        case str() if kind == "N":
            return 1 + math.ceil(len(value.lstrip("-")) / 2)
        case str():
            return len(value.encode())
        case _:
            return 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """What shoppers do, per order that is placed; all of it in the same second. Made up: put in your shop's.

    ``requests`` counts all calls of the API, ``quotes`` those of them that price a cart; ``hot`` is the share
    of orders with the best-selling sku, and ``hot_reads`` how often its row is read for one of those. The
    other shares are of all orders: those that ``points`` are redeemed in, that are ``paid``, ``shipped``,
    ``received`` and ``released``, and those that nobody confirms. What is not paid lapses.
    """

    name: str
    lines: int
    requests: float
    quotes: float
    sign_ins: float
    points: float
    paid: float
    shipped: float
    received: float
    unconfirmed: float
    released: float
    hot: float
    hot_reads: float


DAY = Mix(
    name="an ordinary day",
    lines=3,
    requests=10,
    quotes=2,
    sign_ins=0.3,
    points=0.2,
    paid=0.9,
    shipped=0.9,
    received=0.9,
    unconfirmed=0.5,
    released=0.9,
    hot=0.05,
    hot_reads=4,
)
FLASH_SALE = Mix(
    name="a flash sale of one product",
    lines=1,
    requests=4,
    quotes=1,
    sign_ins=0.5,
    points=0.2,
    paid=0.8,
    shipped=0,
    received=0,
    unconfirmed=0,
    released=0,
    hot=1,
    hot_reads=3,
)
"""Goods are shipped in the days after it, under the limits of an ordinary day."""


class Per(StrEnum):
    """What a limit counts."""

    ALL = "orders/s"
    SKU = "orders/s on one sku"
    MEMBER = "orders/s of one member"
    WALLETS = "wallets in a run"
    BIRTHDAYS = "birthdays in a month"
    LINES = "lines of a cart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Where something ends: at how much of what, what happens beyond, and what can be turned.

    What ``waits`` is done later; beyond the others requests are refused.
    """

    where: str
    at: float
    per: Per
    beyond: str
    turn: str
    waits: bool = False

    def orders(self, mix: Mix) -> float:
        """Return the orders per second in all at which it bites; infinite if orders do not meet it.

        One member's orders are no part of the shop's load, so theirs never counts.
        """
        if self.per is Per.ALL:
            return self.at
        if self.per is Per.SKU and mix.hot:
            return self.at / mix.hot
        return math.inf


def conflicts(offered: float, hold_seconds: float, sends: int) -> float:
    """Return the share of sends that meet another transaction on their row, at so many operations per second.

    A row serves one transaction at a time and refuses what comes meanwhile: Erlang's loss formula with one
    server. What is refused comes again after a random wait many times as long, so sends arrive as if
    independent. Each operation is sent until it is through, at most ``sends`` times; what gets through is
    ``offered * (1 - share ** sends)``, and what one server carries is ``share / hold_seconds``.
    """
    low, high = 0.0, 1.0
    for _ in range(60):
        share = (low + high) / 2
        if offered * (1 - share**sends) > share / hold_seconds:
            low = share
        else:
            high = share
    return (low + high) / 2


def carried(refused: float, hold_seconds: float, sends: int) -> float:
    """Return the operations per second on one row of which this share is refused after the last send."""
    through: float = refused ** (1 / sends) / hold_seconds
    return through / (1 - refused)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rush:
    """What becomes of so many orders per second on one row.

    ``sends`` and ``seconds`` are those of an order in the mean: how often its transaction is sent, and how
    long its request takes; ``at_once`` is how many requests are under way.
    """

    offered: float
    placed: float
    refused: float
    sends: float
    seconds: float
    at_once: float


def rush(offered: float, hold_seconds: float, figures: Programme, given: Assumed) -> Rush:
    """Return what becomes of so many orders per second on one row, with ``Transaction.commit``'s waits."""
    share = conflicts(offered, hold_seconds, figures.sends)
    refused = share**figures.sends
    sends = (1 - refused) / (1 - share)
    spans = [
        min(figures.backoff_cap, figures.backoff_base * 2**sent) / 2 * share**sent
        for sent in range(1, figures.sends)
    ]
    seconds = given.request_seconds + (sends - 1) * hold_seconds + sum(spans)
    return Rush(
        offered=offered,
        placed=offered * (1 - refused),
        refused=refused,
        sends=sends,
        seconds=seconds,
        at_once=offered * seconds,
    )


def seconds_to_sell(stock: int, offered: float, hold_seconds: float, sends: int) -> float:
    """Return how long a stock lasts that lies in one row; after it every order is refused by a read."""
    return stock / (conflicts(offered, hold_seconds, sends) / hold_seconds)


def batched(batch_seconds: float, orders_each: int) -> float:
    """Return the orders per second of one worker that takes several of them into each transaction."""
    return orders_each / batch_seconds


def buckets_for(offered: float, hold_seconds: float, sends: int) -> int:
    """Return over how many rows a product's stock has to lie for so many orders per second."""
    return math.ceil(offered / carried(REFUSED_MAX, hold_seconds, sends))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The limits of the programme, from its figures, AWS's, and what is assumed."""

    figures: Programme
    quotas: Mapping[str, Quota]
    given: Assumed

    @classmethod
    def now(cls) -> "Model":
        """Return the model of the code as it is."""
        return cls(figures=Programme.read(), quotas=quotas(), given=assumed())

    def quota(self, name: str) -> int:
        """Return a quota's value."""
        return self.quotas[name].value

    @property
    def cores(self) -> float:
        """The share of a core that a function has by its memory."""
        return self.figures.memory_megabytes / self.quota("lambda_cpu_megabytes")

    @property
    def cpu_seconds(self) -> float:
        """What a record or an order costs a function of CPU: as much as a release, the nearest measured."""
        return self.figures.cpu_release / self.cores

    @property
    def new_shards(self) -> int:
        """Partitions of a new table, and shards of its stream: as many as its first throughput needs.

        AWS does not say how many there are; this follows from what each can take.
        """
        return self.warm_writes // self.quota("partition_writes")

    def made_for(self, requests_per_second: int) -> "Model":
        """Return the model of a stage that is made for so many requests a second (``requests=``)."""
        return replace(self, figures=replace(self.figures, requests_per_second=requests_per_second))

    @property
    def warm_writes(self) -> int:
        """Write units per second that a table or an index takes from its first second on."""
        figures = self.figures
        return max(self.quota("new_table_writes"), figures.writes_per_request * figures.requests_per_second)

    @property
    def warm_reads(self) -> int:
        """Read units per second that a table takes from its first second on."""
        figures = self.figures
        return max(self.quota("new_table_reads"), figures.reads_per_request * figures.requests_per_second)

    def first(self, mix: Mix) -> list[Limit]:
        """Return what bites in this mix, the first first."""
        met = [limit for limit in self.limits(mix) if math.isfinite(limit.orders(mix))]
        return sorted(met, key=lambda limit: limit.orders(mix))

    def limits(self, mix: Mix) -> list[Limit]:
        """Return all limits for a mix."""
        return [
            *self._entrance(mix),
            *self._tables(mix),
            *self._indexes(mix),
            *self._streams(mix),
            *self._order_jobs(mix),
            *self._workers(mix),
            *self._sku(mix),
            *self._member(),
            *self._sizes(),
        ]

    def order_kilobytes(self, mix: Mix) -> int:
        """Return the begun kilobytes of an order's row, from what a checkout was measured to write.

        docs/checkout.md: 2 (n + o) + 2 K + 4 write units, without offers.
        """
        units = int(measured("checkout.md", str(mix.lines), "write units"))
        return (units - 4 - 2 * mix.lines) // 2

    def table_writes(self, mix: Mix) -> dict[str, float]:
        """Return the write units per order of each table itself, without its indexes."""
        row, figures = self.quota("transaction_row_units"), self.figures
        lapsed = 1 - mix.paid
        order_writes = 1 + mix.paid + lapsed + mix.shipped + mix.received
        wallet_and_entry = 2
        return {
            "Orders": row * (self.order_kilobytes(mix) * order_writes + mix.paid),
            "Catalog": row * mix.lines * (1 + lapsed / self.lapses_together(mix)),
            "Members": row
            * (
                wallet_and_entry * mix.points
                + figures.posting_rows * mix.paid
                + figures.receipt_rows * mix.received
                + figures.release_rows * mix.released
            ),
        }

    def table_reads(self, mix: Mix) -> dict[str, float]:
        """Return the read units per order of each table; a request that prices nothing reads one row."""
        priced, others = 1 + mix.quotes, max(0.0, mix.requests - 1 - mix.quotes)
        standing_wallet_coupon, wallet_standing_lot = 3, 3
        return {
            "Orders": 1 + 2 * mix.paid + mix.shipped + mix.received,
            "Catalog": mix.lines * priced + others,
            "Members": standing_wallet_coupon * priced
            + others
            + 2 * wallet_standing_lot * (mix.paid + mix.received)
            + wallet_standing_lot * mix.shipped,
        }

    def _entrance(self, mix: Mix) -> Iterable[Limit]:
        figures, given = self.figures, self.given
        yield Limit(
            where="throttle of the stage",
            at=figures.requests_per_second / mix.requests,
            per=Per.ALL,
            beyond="429",
            turn="`requests=` of the stage, up to the next that refuses ([deploying](deploying.md))",
        )
        yield Limit(
            where="API Gateway, account",
            at=self.quota("api_requests") / mix.requests,
            per=Per.ALL,
            beyond="429",
            turn="Service Quotas",
        )
        free = self.quota("lambda_concurrency") - figures.reserved
        at_once = (figures.readers - figures.publishers - figures.gathering) * figures.parallelization
        at_once += figures.publishers * figures.publishers_at_once + figures.gathering
        free -= at_once * self.new_shards
        each = min(1 / given.request_seconds, self.quota("lambda_requests_each"))
        yield Limit(
            where="Lambda, concurrency of the account",
            at=free * each / mix.requests,
            per=Per.ALL,
            beyond="5xx of the gateway",
            turn="Service Quotas; memory in `infra/constructs/function.py`",
        )
        yield Limit(
            where="Cognito, sign-ins",
            at=self.quota("sign_ins") / mix.sign_ins,
            per=Per.ALL,
            beyond="sign-ins are refused; who has a token goes on",
            turn="Service Quotas; ask shoppers in before the sale",
        )

    def _tables(self, mix: Mix) -> Iterable[Limit]:
        writes = self.table_writes(mix)
        for name, units in writes.items():
            mostly_postings = name == "Members"
            yield Limit(
                where=f"table {name}, new",
                at=self.warm_writes / units,
                per=Per.ALL,
                beyond="points late; orders with points 503; it grows by itself"
                if mostly_postings
                else "throttled, 503; it grows by itself",
                turn="`requests=` of the stage: its tables are warm for it",
                waits=mostly_postings,
            )
        name, units = max(self.table_reads(mix).items(), key=lambda each: each[1])
        yield Limit(
            where=f"table {name}, new, reads",
            at=self.warm_reads / units,
            per=Per.ALL,
            beyond="throttled, 503; it grows by itself",
            turn="`requests=` of the stage: its tables are warm for it",
        )
        name, units = max(writes.items(), key=lambda each: each[1])
        yield Limit(
            where=f"table {name}, quota",
            at=self.quota("table_writes") / units,
            per=Per.ALL,
            beyond="throttled, 503",
            turn="Service Quotas",
        )

    def _indexes(self, mix: Mix) -> Iterable[Limit]:
        enters_and_leaves = 2
        throttled = "throttled, 503: an index holds its table's writes back"
        partition = self.quota("partition_writes")
        yield Limit(
            where="index `due` of unpaid orders",
            at=self.figures.due_shards * partition / enters_and_leaves,
            per=Per.ALL,
            beyond=throttled,
            turn="`DUE_SHARDS` in `functions/orders/rows.py`, upwards only",
        )
        yield Limit(
            where="index `by_status` of unpaid orders",
            at=self.figures.status_shards * partition / enters_and_leaves,
            per=Per.ALL,
            beyond=throttled,
            turn="`STATUS_SHARDS` in `functions/orders/rows.py`, upwards only",
        )
        if mix.received:
            yield Limit(
                where="index `lots_by_release`",
                at=self.figures.lot_shards * partition / (enters_and_leaves * mix.received),
                per=Per.ALL,
                beyond="postings are throttled: points late",
                waits=True,
                turn="`LOT_SHARDS` in `functions/points/account_rows.py`, upwards only",
            )
        if mix.released:
            yield Limit(
                where="index `wallets_by_year`",
                at=self.figures.wallet_shards * partition / (enters_and_leaves * mix.released),
                per=Per.ALL,
                beyond="releases are throttled: points late",
                waits=True,
                turn="`WALLET_SHARDS` in `functions/points/account_rows.py`, upwards only",
            )

    def posting_seconds(self, mix: Mix) -> float:
        """Return how long a batch of the posting works per order.

        It reads the accounts of many members at once, and writes those of several in one transaction; some
        transactions wait side by side, and all are computed one after another.
        """
        given, figures = self.given, self.figures
        rows_each = 3  # wallet, standing and lot
        waiting = given.read_seconds * rows_each / dynamo.BATCH_KEYS_MAX
        waiting += given.transaction_seconds / figures.members_together / lanes.LANES_AT_ONCE
        return (mix.paid + mix.received) * (waiting + figures.cpu_posting / self.cores)

    @property
    def published_seconds(self) -> float:
        """Return how long a reader works on a record that is told, of a full batch: ten share a call."""
        return self.given.publish_seconds / bus.ENTRIES_MAX + self.given.publish_cpu_seconds / self.cores

    def _streams(self, mix: Mix) -> Iterable[Limit]:
        at_once = self.new_shards * self.figures.parallelization
        told_at_once = self.new_shards * self.figures.publishers_at_once
        published = self.published_seconds
        told_turn = turn_of("PATIENT_BATCHES_AT_ONCE")
        turn = turn_of("BATCHES_AT_ONCE")
        yield Limit(
            where=f"orders' stream to points, {self.new_shards} shards",
            at=at_once / self.posting_seconds(mix),
            per=Per.ALL,
            beyond="points and tiers late, alarm `streams-behind`",
            turn=turn,
            waits=True,
        )
        order_events = 1 + 1 + mix.shipped + mix.received  # placed, paid or closed
        yield Limit(
            where=f"orders' stream to bus, {self.new_shards} shards",
            at=told_at_once / (order_events * published),
            per=Per.ALL,
            beyond="events late, alarm `streams-behind`",
            turn=told_turn,
            waits=True,
        )
        entry_events = mix.paid + mix.released  # earned, released
        yield Limit(
            where=f"members' stream to bus, {self.new_shards} shards",
            at=told_at_once / (entry_events * published),
            per=Per.ALL,
            beyond="events late, alarm `streams-behind`",
            turn=told_turn,
            waits=True,
        )
        yield Limit(
            where="EventBridge, PutEvents",
            at=self.quota("put_events") * bus.ENTRIES_MAX / (order_events + entry_events),
            per=Per.ALL,
            beyond="events late",
            waits=True,
            turn="Service Quotas",
        )

    def lapses_together(self, mix: Mix) -> int:
        """Return how many orders that lapse are one transaction: a page of those of the same products.

        Orders of several lines seldom have the same ones. An order is a row, a wallet and its entry two more,
        and the products are written once for all.
        """
        if mix.lines > 1:
            return 1
        rows_each = 1 + 2 * mix.points
        fit = (self.quota("transaction_rows") - mix.lines) / rows_each
        return min(self.figures.orders_page, math.floor(fit))

    def together_seconds(self, rows: float) -> float:
        """Return how long a transaction of so many rows has them."""
        more = max(0.0, rows - SMALL_TRANSACTION_ROWS)
        return self.given.transaction_seconds + more * self.given.transaction_row_seconds

    def lapse_seconds(self, mix: Mix) -> float:
        """Return how long a transaction of orders that lapse together has its rows."""
        together = self.lapses_together(mix)
        return self.together_seconds(mix.lines + together * (1 + 2 * mix.points))

    def order_row_seconds(self, together: int, call_seconds: float, cpu_seconds: float) -> float:
        """Return how long a worker of the jobs on orders takes for each order.

        Of a page, ``together`` at a time are a transaction, and so many transactions are under way as there
        are threads. Index, orders and wallets come by the page.
        """
        figures = self.figures
        index_orders_wallets = 3
        transactions = math.ceil(figures.orders_page / together)
        cores = min(1.0, figures.order_memory_megabytes / self.quota("lambda_cpu_megabytes"))
        cpu = figures.orders_page * cpu_seconds / cores
        rounds = math.ceil(transactions / figures.in_flight)
        # Threads wait side by side, but share one interpreter and its part of a core.
        page_seconds = index_orders_wallets * self.given.read_seconds + max(
            cpu, cpu / min(transactions, figures.in_flight) + rounds * call_seconds
        )
        return page_seconds / figures.orders_page

    @property
    def order_workers(self) -> int:
        """Workers of one of the two jobs on orders: one for each shard, and half of all at most."""
        return min(self.figures.due_shards, self.figures.order_workers // 2)

    def lapse_row_seconds(self, mix: Mix) -> float:
        """Return how long a worker takes for an order that lapses."""
        together = self.lapses_together(mix)
        cpu = self.figures.cpu_lapse if together > 1 else self.figures.cpu_lapse_of_day
        return self.order_row_seconds(together, self.lapse_seconds(mix), cpu)

    @property
    def receipt_row_seconds(self) -> float:
        """How long a worker takes for a parcel that counts as received."""
        page = self.figures.orders_page
        return self.order_row_seconds(page, self.together_seconds(page), self.figures.cpu_receipt)

    def lapse_rate(self, mix: Mix) -> float:
        """Return the orders per second that the workers let lapse."""
        return self.order_workers / self.lapse_row_seconds(mix)

    def _order_jobs(self, mix: Mix) -> Iterable[Limit]:
        for job, rate, share, beyond in (
            (LAPSE_UNPAID, self.lapse_rate(mix), 1 - mix.paid, "stock of lapsed orders comes back late"),
            (
                AUTO_RECEIPT,
                self.order_workers / self.receipt_row_seconds,
                mix.unconfirmed,
                "points are released late",
            ),
        ):
            if share:
                yield Limit(
                    where=f"job `{job}`",
                    at=rate / share,
                    per=Per.ALL,
                    beyond=f"{beyond}, alarm `jobs-overdue`",
                    waits=True,
                    turn="`ORDER_WORKERS_MAX` in `infra/contexts/orders.py` together with `DUE_SHARDS`",
                )

    def lapse_limits(self, mix: Mix) -> list[tuple[str, float, str]]:
        """Return what bounds a lapse of many orders at once: what, how many a second, what to turn."""
        figures, partition = self.figures, self.quota("partition_writes")
        row = self.quota("transaction_row_units")
        together, hold = self.lapses_together(mix), self.lapse_seconds(mix)
        one_row = carried(REFUSED_MAX, hold, figures.sends) * together
        table = row * self.order_kilobytes(mix)
        rows = buckets_for(SALE, self.given.transaction_seconds, figures.sends)
        limits = [
            (f"workers of `{LAPSE_UNPAID}`", self.lapse_rate(mix), "`ORDER_WORKERS_MAX` with `DUE_SHARDS`"),
            ("one row of the sku, one transaction after another", together / hold, "stock in several rows"),
            (
                f"{rows} rows of the sku, one in a thousand refused",
                one_row * rows,
                "more rows",
            ),
            ("index `due`, which each leaves", figures.due_shards * partition, "`DUE_SHARDS`"),
            (
                "index `by_status`: each leaves one partition and enters another",
                figures.status_shards * partition,
                "`STATUS_SHARDS`",
            ),
        ]
        for requests in (figures.requests_per_second, round(SALE * mix.requests)):
            writes = self.made_for(requests).warm_writes
            for what, units in (("table Orders", table), ("index `by_status`", 2)):
                limits.append(
                    (
                        f"{what}, new, of a stage for {number(requests)} requests/s",
                        writes / units,
                        "`requests=`",
                    )
                )
        return limits

    def worker_rate(self, call_seconds: float, cpu_seconds: float, page_rows: int) -> float:
        """Return the rows per second of one worker, several in flight; index and rows come by the page."""
        index_and_rows = 2
        reads = index_and_rows * self.given.read_seconds / page_rows
        cpu = cpu_seconds / self.cores
        # Threads wait side by side, but share one interpreter and its part of a core.
        return 1 / (max(cpu, (call_seconds + cpu) / self.figures.in_flight) + reads)

    def _workers(self, mix: Mix) -> Iterable[Limit]:
        figures, given = self.figures, self.given

        def rate(shards: int, call_seconds: float, cpu_seconds: float, page_rows: int) -> float:
            """Return the rows per second of all workers; a shard is one task, so that more have none."""
            return min(figures.workers, shards) * self.worker_rate(call_seconds, cpu_seconds, page_rows)

        released = rate(figures.lot_shards, given.transaction_seconds, figures.cpu_release, figures.lots_page)
        if mix.released:
            yield Limit(
                where=f"job `{RELEASE_POINTS}`",
                at=released / mix.released,
                per=Per.ALL,
                beyond="points are released late, alarm `jobs-overdue`",
                waits=True,
                turn="`WORKERS_MAX` in `infra/constructs/work_queue.py` together with `LOT_SHARDS`",
            )
        expired = rate(
            figures.wallet_shards, given.transaction_seconds, figures.cpu_expire, figures.lots_page
        )
        yield Limit(
            where=f"job `{EXPIRE_POINTS}`, {figures.expire_within // SECONDS_PER_HOUR} h",
            at=expired * figures.expire_within,
            per=Per.WALLETS,
            beyond="written down later, alarm `jobs-overdue`; expired points are not spendable all the same",
            turn=f"`WORKERS_MAX`, up to {figures.wallet_shards}, then `WALLET_SHARDS`",
        )
        issued = rate(figures.birthday_shards, given.put_seconds, figures.cpu_issue, figures.birthdays_page)
        yield Limit(
            where=f"job `{ISSUE_BIRTHDAY_COUPONS}`, {figures.issue_within // SECONDS_PER_HOUR} h",
            at=issued * figures.issue_within,
            per=Per.BIRTHDAYS,
            beyond="coupons come later that day, alarm `jobs-overdue`",
            turn=f"`WORKERS_MAX`, up to {figures.birthday_shards}, then `BIRTHDAY_SHARDS`",
        )

    def _sku(self, mix: Mix) -> Iterable[Limit]:
        # What lapses writes a row once more, those of a transaction together (Z10).
        writes_each = 1 + (1 - mix.paid) / self.lapses_together(mix)
        hold, rows = self.given.transaction_seconds, self.figures.stock_rows
        for says, at, beyond in (
            (
                f"one in {number(1 / REFUSED_MAX)} refused",
                rows * carried(REFUSED_MAX, hold, self.figures.sends) / writes_each,
                "409 `conflict` for more and more",
            ),
            ("one transaction after another", rows / hold / writes_each, "409 `conflict` for most"),
        ):
            yield Limit(
                where=f"stock of a sku in {rows} rows, {says}",
                at=at,
                per=Per.SKU,
                beyond=beyond,
                turn="a throttle before it (below)",
            )
        yield Limit(
            where="row of a product, read units",
            at=self.quota("partition_reads") / mix.hot_reads,
            per=Per.SKU,
            beyond="throttled, 503",
            turn="product pages from a cache of the storefront's",
        )

    def _member(self) -> Iterable[Limit]:
        hold = self.given.read_seconds + self.given.transaction_seconds
        yield Limit(
            where=f"wallet, one in {number(1 / REFUSED_MAX)} refused",
            at=carried(REFUSED_MAX, hold, self.figures.attempts),
            per=Per.MEMBER,
            beyond="409 `conflict`; postings come again",
            turn="nothing: a member's postings follow one another (E9)",
        )

    def _sizes(self) -> Iterable[Limit]:
        figures = self.figures
        order_wallet_entry = 3
        yield Limit(
            where=f"rows of a transaction; {figures.lines_max} lines are allowed",
            at=self.quota("transaction_rows") - order_wallet_entry,
            per=Per.LINES,
            beyond="422 long before",
            turn="`LINES_MAX` in `functions/offers/schema.py`",
        )


def turn_of(batches_at_once: str) -> str:
    """Return what to turn where a stream's readers are too slow."""
    return f"`{batches_at_once}` (up to 10) in `infra/constructs/stream_consumer.py`; warm throughput"


def seconds_until(age: float, load: float, limit: float) -> float:
    """Return after how long the oldest record of a stream is so old, at a load above what its reader does."""
    return age / (1 - limit / load)


def number(value: float) -> str:
    """Write a figure as the page does: whole, rounded down, thousands apart; below ten with a decimal."""
    value = round(value, 4)  # so that 10 less next to nothing stays 10
    if value < 10:
        return f"{math.floor(value * 10) / 10:.1f}".removesuffix(".0")
    return f"{math.floor(value):,}".replace(",", " ")


def first_table(model: Model, mix: Mix) -> str:
    """Return what bites in a mix, the first first."""
    return markdown(
        ("limit", "orders/s in all", "what is over it", "beyond it", "what to turn"),
        (
            (
                limit.where,
                number(limit.orders(mix)),
                "waits" if limit.waits else "is refused",
                limit.beyond,
                limit.turn,
            )
            for limit in model.first(mix)
        ),
    )


def lag_table(model: Model) -> str:
    """Return when a stream's reader that is too slow is noticed, and when records are set aside."""
    ages = (model.figures.alarm_age, model.figures.record_age)
    return markdown(
        ("load", "alarm after", "records set aside after"),
        (
            (f"{load} % of what its reader does", *(_span(seconds_until(age, load, 100)) for age in ages))
            for load in (110, 150, 200, 400)
        ),
    )


def _span(seconds: float) -> str:
    hours = seconds / SECONDS_PER_HOUR
    return f"{number(hours)} h" if hours >= 2 else f"{number(seconds / 60)} min"


def other_table(model: Model) -> str:
    """Return the limits that the shop's orders per second do not meet."""
    return markdown(
        ("limit", "at", "of", "beyond it", "what to turn"),
        (
            (limit.where, number(limit.at), limit.per, limit.beyond, limit.turn)
            for limit in model.limits(DAY)
            if limit.per not in (Per.ALL, Per.SKU)
        ),
    )


def sku_table(model: Model) -> str:
    """Return what becomes of orders on one row, by how many there are."""
    loads = (10, 25, 40, 60, 80, 100, 250, SALE)
    hold = model.given.transaction_seconds
    return markdown(
        ("orders/s sent", "placed/s", "refused", "sends each", "request", "requests at once"),
        (
            (
                number(load),
                number(made.placed),
                f"{100 * made.refused:.1f} %",
                f"{made.sends:.1f}",
                f"{number(1_000 * made.seconds)} ms",
                number(made.at_once),
            )
            for load in loads
            for made in (rush(load, hold, model.figures, model.given),)
        ),
    )


def bucket_table(model: Model) -> str:
    """Return over how many rows stock has to lie, by how long a transaction has its rows."""
    sends = model.figures.sends
    return markdown(
        ("a transaction has its rows for", "one row", "rows for 100/s", "rows for 1 000/s"),
        (
            (
                f"{1_000 * hold:.0f} ms",
                f"{number(carried(REFUSED_MAX, hold, sends))}/s",
                str(buckets_for(100, hold, sends)),
                str(buckets_for(SALE, hold, sends)),
            )
            for hold in (0.005, 0.010, 0.015)
        ),
    )


def quota_table(model: Model) -> str:
    """Return AWS's limits with their pages."""
    return markdown(
        ("AWS gives", "of", "can be raised", "page"),
        (
            (
                number(quota.value),
                quota.unit,
                "yes" if quota.adjustable else "no",
                f"[{quota.title}]({quota.page})",
            )
            for quota in model.quotas.values()
        ),
    )


def lapse_table(model: Model) -> str:
    """Return what bounds the lapse of many orders of a sale, the lowest first."""
    return markdown(
        ("limit", "orders/s that lapse", f"{number(LAPSE)} take", "what to turn"),
        (
            (where, number(rate), f"{number(LAPSE / rate)} s", turn)
            for where, rate, turn in sorted(model.lapse_limits(FLASH_SALE), key=lambda each: each[1])
        ),
    )


BY = "python -m benchmarks.scale --write"
TABLES: Mapping[str, Callable[[Model], str]] = {
    "day": partial(first_table, mix=DAY),
    "sale": partial(first_table, mix=FLASH_SALE),
    "others": other_table,
    "sku": sku_table,
    "buckets": bucket_table,
    "lag": lag_table,
    "lapse": lapse_table,
    "quotas": quota_table,
}


def parts(model: Model) -> dict[str, str]:
    """Return the page's tables by their names, as the model has them."""
    return {name: table(model) for name, table in TABLES.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, write them into the page, or check that it has them."""
    return tables.command(arguments, PAGE, parts(Model.now()), by=BY, says=str(__doc__))


if __name__ == "__main__":
    sys.exit(main())
