"""What the programme costs on AWS: a million orders, a run of each job, and a month in which nothing happens.

``python -m benchmarks.costs`` prints the tables of docs/costs.md, ``--write`` puts them there, and
``--check`` fails where the page says something else. Read and write units are those of docs/performance.json,
which were measured; prices and what nobody has measured are in prices.toml; what the programme does is read
from its code. Money is in US dollars and exact (Decimal); it is rounded only where it is printed.
"""

import ast
import json
import math
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from benchmarks import operations, scale, tables
from benchmarks.scale import INFRA, ROOT, built, constant, row_bytes
from benchmarks.tables import markdown
from functions import contexts
from functions.catalog import metrics as catalog_metrics
from functions.catalog.products import Product
from functions.contexts import timetable
from functions.coupons import coupons
from functions.coupons.eligibility import birthday_coupon
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import identifiers
from functions.domain import policy as policies
from functions.domain.birthdays import Kept
from functions.domain.policy import Policy
from functions.domain.timetable import At, Every
from functions.offers.pricing import price
from functions.offers.quotes import Cart, CartLine, Shopper
from functions.offers.timetable import OPEN_MEMBER_DAY
from functions.operations.timetable import WATCH
from functions.orders import life
from functions.orders import metrics as order_metrics
from functions.orders import rows as order_rows
from functions.orders.order import CLOSED, Order
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform import bus, deadline, dynamo, fanout
from functions.platform.changes import changed
from functions.platform.dynamo import Row
from functions.points import account_rows, passes, posting
from functions.points import metrics as points_metrics
from functions.points.ledger import Wallet
from functions.points.posting import Lot
from functions.points.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_CHANGES,
    AUDIT_POINTS,
    EXPIRE_POINTS,
    RELEASE_POINTS,
)
from functions.tiers import members
from functions.tiers.members import MemberStanding
from functions.tiers.qualification import TierChange, qualify

PAGE = ROOT / "docs" / "costs.md"
PRICES = Path(__file__).with_name("prices.toml")
MILLION = Decimal(1_000_000)
GIGABYTE = Decimal(1_024**3)
MEGABYTES_PER_GIGABYTE = 1_024
SCANNED_BYTES = 4_096
"""What a read unit reads; a scan that is not consistent has two of them for it
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html)."""
STORED_OVERHEAD = 100
"""Bytes that DynamoDB stores for each row and each entry of an index besides what is in it (ditto)."""
TASK_REQUESTS = 3
"""A task is sent, received and deleted."""
DAYS_PER_MONTH = Decimal("30.4375")
DAYS_PER_WEEK = 7
HOURS_PER_DAY = 24
AUDITED_HOURS = Decimal("24.5")
"""What an audit of changes looks at: a day of the index, and the half hour of the next until it begins."""
TRANSACTION_UNITS = 2
"""Write units of a row of up to 1 kB in a transaction."""
MINUTES_PER_DAY = 1_440
SECONDS_PER_MONTH = DAYS_PER_MONTH * 86_400
MONTHS_PER_YEAR = 12
NOTHING = Decimal(0)
ONE = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """Dollars for ``per`` of a unit, with AWS's page; not ``confirmed`` if that could not be looked up.

    ``free`` is how much of it AWS gives away each month, for ever; no bill here takes it off.
    """

    usd: Decimal
    per: Decimal
    unit: str
    service: str
    confirmed: bool
    page: str
    free: Decimal = NOTHING

    def of(self, quantity: Decimal) -> Decimal:
        """Return the dollars for so many units."""
        return self.usd * quantity / self.per


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumed:
    """A figure that nobody has measured, and why it is this one."""

    value: Decimal
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Units:
    """Read and write units of DynamoDB that an operation consumes."""

    read: Decimal
    write: Decimal
    calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """So many units of something that has a price, for a step."""

    step: str
    price: str
    quantity: Decimal


class Step(StrEnum):
    """The steps of an order's life; what happens behind them stands by itself."""

    QUOTE = "quote"
    CHECKOUT = "checkout"
    PAY = "pay"
    SHIP = "ship"
    RECEIVE = "receive"
    CLOSE = "lapse, cancel, return"
    POSTINGS = "postings"
    RELEASE = "release"
    PUBLISHING = "publishing"
    READS = "reads"


class Kind(StrEnum):
    """How work comes to a function: a request, a record of a stream, or a row that a job has found."""

    REQUEST = "request"
    RECORD = "record"
    ROW = "row"


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Something a function does so often: what operation it is, how long it takes, and what it tells.

    ``operation`` is one of benchmarks.operations, or None where no row is read or written; ``milliseconds``
    are billed, ``events`` go out each time.
    """

    step: str
    function: str
    kind: Kind
    times: Decimal
    milliseconds: Decimal
    operation: str | None = None
    events: Decimal = NOTHING


def _written_down() -> Mapping[str, Mapping[str, Mapping[str, str | bool | int | Decimal]]]:
    return tomllib.loads(PRICES.read_text(encoding="utf-8"), parse_float=Decimal)


@lru_cache
def prices() -> Mapping[str, Price]:
    """Return AWS's prices by their names in prices.toml."""
    return {
        name: Price(
            usd=Decimal(str(fields["usd"])),
            per=Decimal(str(fields["per"])),
            unit=str(fields["unit"]),
            service=str(fields["service"]),
            confirmed=fields["confirmed"] is True,
            page=str(fields["page"]),
            free=Decimal(str(fields.get("free", 0))),
        )
        for name, fields in _written_down()["price"].items()
    }


@lru_cache
def assumed() -> Mapping[str, Assumed]:
    """Return what nobody has measured, by its names in prices.toml."""
    return {
        name: Assumed(value=Decimal(str(fields["value"])), why=str(fields["why"]))
        for name, fields in _written_down()["assumed"].items()
    }


@lru_cache
def measured() -> Mapping[str, Units]:
    """Return the units of each operation of docs/performance.json."""
    return {
        name: Units(
            read=Decimal(str(figures["read_units"])),
            write=Decimal(str(figures["write_units"])),
            calls={call: math.ceil(count) for call, count in figures["calls"].items()},
        )
        for name, figures in operations.known().items()
    }


@lru_cache
def request_cpu() -> Mapping[str, float]:
    """Return the seconds of CPU of requests, as the benchmarks measured them (docs/performance.json)."""
    found = json.loads(operations.FIGURES.read_text(encoding="utf-8"))["requests"]
    return {name: figures["ours_cpu_us"] / 1_000_000 for name, figures in found.items()}


def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def _name(call: ast.Call) -> str:
    return str(getattr(call.func, "id", getattr(call.func, "attr", "")))


def _called(tree: ast.AST, name: str) -> int:
    """Return how often a piece of code calls something of this name."""
    return sum(isinstance(node, ast.Call) and _name(node) == name for node in ast.walk(tree))


def _defined(path: Path, name: str) -> ast.AST:
    for node in ast.walk(_module(path)):
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node
    raise KeyError(f"{name} in {path}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What stands on AWS, as far as it costs: counts, and two spans. Alarms are counted by their metrics.

    Production's logs are kept for ``log_months``; a worker stays with a task for ``worker_seconds`` and then
    hands the rest on.
    """

    functions: int
    readers: int
    task_queues: int
    failure_queues: int
    alarms: int
    metrics: int
    tables: int
    log_months: int
    worker_seconds: Decimal
    service_clients: int
    traced: bool
    """Whether production's functions are, all the time."""
    gathering_seconds: int
    """How long the readers that publish let records gather, of each of a shard's batches at once."""
    gathering_at_once: int
    batch_records: int

    @classmethod
    def read(cls) -> "Stack":
        """Read it from infra's sources; a module of the CDK would start Node."""
        constructs = INFRA / "constructs"
        queues, in_a_queue = built("tasks"), _called(_defined(INFRA / "room.py", "tasks"), "function")
        publishers = built("publisher")
        not_in_production = _called(_module(INFRA / "contexts" / "documents.py"), "function")
        functions = built("function") + built("api") + publishers + queues * in_a_queue - not_in_production
        readers = built("reader") + publishers
        failures = _called(_module(INFRA / "stack.py"), "FailureQueue") + queues + readers
        alarms = constructs / "alarms.py"
        each = {
            of: _called(_defined(alarms, of), "_Measured") + _called(_defined(alarms, of), "_Watched")
            for of in ("_of_function", "_behind", "_old_tasks", "_set_aside", "_faults", "_of_the_programme")
        }
        return cls(
            functions=functions,
            readers=readers,
            task_queues=queues,
            failure_queues=failures,
            alarms=functions * each["_of_function"]
            + readers * each["_behind"]
            + queues * each["_old_tasks"]
            + failures * each["_set_aside"]
            + each["_faults"]
            + each["_of_the_programme"],
            metrics=_metrics(),
            tables=len(contexts.tables()),
            log_months=_log_months(),
            worker_seconds=constant(INFRA / "room.py", "JOB_TIMEOUT")
            - Decimal(str(deadline.ANSWER_MARGIN_SECONDS)),
            service_clients=_service_clients(_module(constructs / "identity.py")),
            traced=ast.unparse(_defined(INFRA / "stage.py", "traces")).endswith("return True"),
            gathering_seconds=constant(constructs / "stream_consumer.py", "PATIENT_WINDOW"),
            gathering_at_once=constant(constructs / "stream_consumer.py", "PATIENT_BATCHES_AT_ONCE"),
            batch_records=constant(constructs / "stream_consumer.py", "BATCH_SIZE"),
        )


def _service_clients(module: ast.Module) -> int:
    """Return how many clients get tokens for themselves, each of which is charged: people's are not."""
    return sum(
        keyword.arg == "client_credentials"
        for node in ast.walk(module)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
    )


def _metrics() -> int:
    """Return how many figures the programme counts at most: each is one custom metric of one function."""
    literal = 0
    for path in (ROOT / "functions").rglob("*.py"):
        for node in ast.walk(_module(path)):
            if isinstance(node, ast.Call) and _name(node) in ("add_metric", "_add"):
                named = [*node.args, *(word.value for word in node.keywords if word.arg == "name")]
                literal += any(isinstance(getattr(each, "value", None), str) for each in named)
    by_name = (
        len(order_metrics.COUNTED) + len(catalog_metrics.COUNTED) + len(CLOSED) + len(points_metrics.NAMES)
    )
    return literal + by_name + _length(ROOT / "functions" / "tiers" / "stream.py", "COUNTED")


def _length(path: Path, name: str) -> int:
    """Return how many entries a dictionary has that a module gives this name."""
    for node in _module(path).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            (target,) = node.targets
            if isinstance(target, ast.Name) and target.id == name:
                return len(node.value.keys)
    raise KeyError(f"{name} in {path}")


def _log_months() -> int:
    """Return how long production keeps its logs: the first retention that infra/stage.py names."""
    named = {"ONE_WEEK": 0, "ONE_MONTH": 1, "THREE_MONTHS": 3, "SIX_MONTHS": 6, "ONE_YEAR": MONTHS_PER_YEAR}
    for node in ast.walk(_defined(INFRA / "stage.py", "log_retention")):
        if isinstance(node, ast.IfExp) and isinstance(node.body, ast.Attribute):
            return named[node.body.attr]
    raise KeyError("log_retention")


_PLACED_AT = datetime(2026, 5, 1, 4, tzinfo=UTC)
_MEMBER = "0b9f3a52-7c1d-4e86-a2f4-5d6c7e8f9a0b"
"""As long as the subject of a token."""
_ORDER = f"ord_{0:026}"
_TIER_FEN = 150_000
_POINTS = 120


def item_bytes(row: Row) -> int:
    """Return the bytes of a row as DynamoDB counts them, without what it adds for storing it."""
    return sum(len(name.encode()) + row_bytes(value) for name, value in dynamo.to_item(row).items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A kind of row: its bytes, those of its index entries, and how many a member has of it.

    ``entries`` are the bytes of each entry of a row in an index; indexes hold keys only.
    """

    table: str
    what: str
    row: int
    entries: tuple[int, ...]
    each: Decimal

    @property
    def recovered(self) -> Decimal:
        """Bytes per member that point-in-time recovery covers: the table, without its indexes."""
        return self.each * (self.row + STORED_OVERHEAD)

    @property
    def stored(self) -> Decimal:
        """Bytes per member in the table and its indexes."""
        return self.recovered + self.each * sum(entry + STORED_OVERHEAD for entry in self.entries)


def _received_order(policy: Policy, lines: int) -> Order:
    """Return an order that went all its way."""
    products = [
        Product(sku=f"sku-{number:04}", name="tea", price_fen=9_950, member_zone=False, stock=10)
        for number in range(lines)
    ]
    cart = Cart(lines=tuple(CartLine(sku=each.sku, quantity=1) for each in products))
    shopper = Shopper(tier=policy.tiers[1].code, at=_PLACED_AT)
    quote = price(cart, {each.sku: each for each in products}, shopper, policy)
    order = life.place(
        quote,
        policy,
        order_id=_ORDER,
        member_id=_MEMBER,
        request=identifiers.fingerprint("cart"),
        now=_PLACED_AT,
    )
    paid = life.pay(order, payment_id=_MEMBER, amount_fen=quote.paid_fen, now=_PLACED_AT)
    shipped = life.ship(paid, told={"tracking_no": "SF1234567890123"}, now=_PLACED_AT + timedelta(days=1))
    return life.receive(shipped, now=_PLACED_AT + timedelta(days=4))


def _entry_bytes(row: Row, *keys: str) -> int:
    return item_bytes({name: row[name] for name in keys})


def stored(given: Mapping[str, Assumed]) -> list[Stored]:
    """Return the rows of a member, and of the orders of a year, as the code writes them."""
    policy = policies.load()
    order = _received_order(policy, int(given["stored_lines"].value))
    order_row = order_rows.row_changed(order, _PLACED_AT)
    released_at = _PLACED_AT + timedelta(days=12)
    lot = Lot(
        order_id=_ORDER,
        year=2026,
        points=_POINTS,
        effective_fen=order.quote.paid_fen,
        posted=1,
        release_at=released_at,
        version=2,
    )
    before = Wallet(version=8, entries=20, frozen=_POINTS, available={"2025": 900, "2026": 300})
    made = posting.release(before, [lot], at=released_at, policy=policy)
    assert made is not None
    wallet = account_rows.wallet_row(_MEMBER, made.wallet) | changed(_MEMBER, released_at)
    standing = members.standing_row(
        _MEMBER,
        MemberStanding(
            standing=qualify(policy, ever_paid=True, effective_fen=_TIER_FEN),
            policy_version=policy.version,
            birthday=Kept(solar_month=_PLACED_AT.month),
            version=10,
        ),
    )
    coupon = birthday_coupon(
        policy,
        member_id=_MEMBER,
        tier=standing["tier"],
        birthday=Kept(solar_month=_PLACED_AT.month),
        at=_PLACED_AT,
    )
    assert coupon is not None
    change = TierChange(
        changed_at=_PLACED_AT, before="J0", after="J1", effective_fen=_TIER_FEN, order_id=_ORDER
    )
    profile = members.Profile(
        member_id=_MEMBER,
        name="Wang Xiaoming",
        birthday=date(1990, 5, 17),
        phone="+8613800138000",
        registered_at=_PLACED_AT,
    )
    value = {name: each.value for name, each in given.items()}
    a_year, paid = value["orders_each_a_year"], value["paid"]
    key = ("member_id", "item")
    in_wallets = _entry_bytes(wallet, *key, "wallet_shard", "oldest_year")
    in_accounts = _entry_bytes(wallet, *key, "changed_shard")
    in_orders = _entry_bytes(order_row, "order_id", "item", "changed_shard")
    in_birthdays = _entry_bytes(standing, *key, "birthday_shard")
    by_member = _entry_bytes(order_row, "order_id", "item", "member_id", "placed_key")
    by_status = _entry_bytes(order_row, "order_id", "item", "status_shard", "placed_key")

    def of(table: str, what: str, row: Row, each: Decimal, *entries: int) -> Stored:
        return Stored(table=table, what=what, row=item_bytes(row), entries=entries, each=each)

    ledger = account_rows.entry_row(_MEMBER, made.entries[0])
    entries = a_year * (paid + value["shipped"] + value["carts_with_points"])
    payment = order_rows.payment_row(order, order.payments[0])
    return [
        of("Members", "profile", members._profile_row(profile), ONE),
        of("Members", "standing", standing, ONE, in_birthdays),
        of("Members", "wallet", wallet, ONE, in_wallets, in_accounts),
        of("Members", "coupon", coupons.row_of(_MEMBER, coupon), value["coupons_each"]),
        of(
            "Members",
            "tier change",
            members.tier_change_row(_MEMBER, change, 7, 0),
            value["tier_changes_each"],
        ),
        of("Members", "lot", account_rows.lot_row(_MEMBER, made.lots[0]), a_year * paid),
        of("Members", "ledger entry", ledger, entries),
        of("Orders", "order", order_row, a_year, by_member, by_status, in_orders),
        of("Orders", "payment", payment, a_year * paid),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of a job over 10 million members: how much is due, why so much, and how often it runs a month."""

    job: str
    due: Decimal
    why: str
    a_month: Decimal


ON_ORDERS = (LAPSE_UNPAID, AUTO_RECEIPT)
ASKED_FIRST = (*ON_ORDERS, RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING)
"""Jobs whose starter asks each shard first, and has tasks only where something is due."""


def _busy(job: str, shards: int, due: Decimal) -> Decimal:
    """Return how many shards of a run have a task: all, or those into which something due falls by chance."""
    if not shards or job not in ASKED_FIRST:
        return Decimal(shards)
    return Decimal(str(round(shards * (1 - math.exp(-float(due) / shards)), 3)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """The costs of the programme, from prices, measured units, what its code says, and what is assumed."""

    prices: Mapping[str, Price]
    units: Mapping[str, Units]
    given: Mapping[str, Assumed]
    stack: Stack
    limits: scale.Model
    request_cpu: Mapping[str, float]
    rows: Sequence[Stored] = field(default_factory=list)

    @classmethod
    def now(cls) -> "Model":
        """Return the model of the code as it is."""
        return cls(
            prices=prices(),
            units=measured(),
            given=assumed(),
            stack=Stack.read(),
            limits=scale.Model.now(),
            request_cpu=request_cpu(),
            rows=stored(assumed()),
        )

    def value(self, name: str) -> Decimal:
        """Return an assumed figure."""
        return self.given[name].value

    def assuming(self, **values: Decimal | int) -> "Model":
        """Return the model with other assumptions."""
        changed = {name: replace(self.given[name], value=Decimal(value)) for name, value in values.items()}
        return replace(self, given={**self.given, **changed})

    def dollars(self, parts: Iterable[Part]) -> Decimal:
        """Return what parts cost together."""
        return sum((self.prices[part.price].of(part.quantity) for part in parts), NOTHING)

    def by_service(self, parts: Sequence[Part]) -> dict[str, Decimal]:
        """Return the dollars of each service, in the order of prices.toml."""
        services = dict.fromkeys(each.service for each in self.prices.values())
        return {
            service: self.dollars(part for part in parts if self.prices[part.price].service == service)
            for service in services
        }

    def by_step(self, parts: Sequence[Part]) -> dict[str, Decimal]:
        """Return the dollars of each step, in the order in which they come."""
        steps = dict.fromkeys(part.step for part in parts)
        return {step: self.dollars(part for part in parts if part.step == step) for step in steps}

    def order(self) -> list[Work]:
        """Return what is done for an order, each with how often that is per order placed."""
        return [*self._asked(), *self._posted(), *self._published()]

    def _asked(self) -> Iterator[Work]:
        """What shoppers, staff and services ask for, and what the jobs do instead of them."""
        given = self.value
        one, twenty = given("carts_of_one"), given("carts_of_twenty")

        def request(step: Step, times: Decimal, operation: str, function: str = "ShopApi") -> Work:
            return Work(
                step=step,
                function=function,
                kind=Kind.REQUEST,
                times=times,
                milliseconds=self.request_ms(operation),
                operation=operation,
            )

        def row(step: Step, times: Decimal, operation: str, milliseconds: Decimal) -> Work:
            """A row of a job; a job writes what a request would have written."""
            return Work(
                step=step,
                function="OrderWorker",
                kind=Kind.ROW,
                times=times,
                milliseconds=milliseconds,
                operation=operation,
            )

        yield request(Step.QUOTE, given("quotes") * one, "quote, 1 lines")
        # Carts of two lines are priced as those of three: a row more is read.
        yield request(Step.QUOTE, given("quotes") * (ONE - one - twenty), "quote, 3 lines")
        yield request(Step.QUOTE, given("quotes") * twenty, "quote, 20 lines")
        for share, operation in self._carts():
            yield request(Step.CHECKOUT, share, operation)
        yield request(Step.CHECKOUT, given("repeats"), "checkout, the same again")
        yield request(Step.PAY, given("paid"), "pay")
        yield request(Step.SHIP, given("shipped"), "ship")
        yield request(Step.RECEIVE, given("shipped") - given("unconfirmed"), "receive")
        yield row(Step.RECEIVE, given("unconfirmed"), "receive", self.receipt_ms)
        # A lapse gives stock back and closes the order, as a cancellation does.
        yield row(Step.CLOSE, ONE - given("paid"), "cancel a paid order", self.lapse_ms)
        yield request(Step.CLOSE, given("cancelled"), "cancel a paid order")
        yield request(Step.CLOSE, given("returned"), "take back 1 unit")
        yield request(Step.READS, given("seen_wallets"), "see the wallet", "PointsApi")
        yield request(Step.READS, given("seen_entries"), "see the entries", "PointsApi")
        yield request(Step.READS, given("seen_orders"), "see an order")
        yield request(Step.READS, given("seen_lists"), "see the orders (1 of them)")

    def _carts(self) -> list[tuple[Decimal, str]]:
        """Return the share of each kind of cart that was measured."""
        return [
            (self.value("carts_of_one"), "checkout, 1 lines"),
            (self.value("carts_of_three"), "checkout, 3 lines"),
            (self.value("carts_of_twenty"), "checkout, 20 lines"),
            (self.value("carts_with_points"), "checkout, 2 lines, paid with points"),
            (self.value("carts_with_coupon"), "checkout, 2 lines, with a coupon"),
        ]

    @property
    def lines(self) -> Decimal:
        """Lines of an order, in the mean of the mix."""
        counts = (1, 3, 20, 2, 2)
        return sum((share * count for (share, _), count in zip(self._carts(), counts, strict=True)), NOTHING)

    @property
    def undone(self) -> Decimal:
        """Changes of paid orders that take points back, per order: cancellations and returns."""
        return self.value("cancelled") + self.value("returned")

    @property
    def lapsed(self) -> Decimal:
        """Orders that lapse, per order."""
        return ONE - self.value("paid")

    def _posted(self) -> Iterator[Work]:
        """What the accounts are told of it, and the release of its points."""
        given = self.value

        def record(
            times: Decimal,
            milliseconds: str,
            operation: str | None,
            function: str = "PointsPosting",
        ) -> Work:
            return Work(
                step=Step.POSTINGS,
                function=function,
                kind=Kind.RECORD,
                times=times,
                milliseconds=given(milliseconds),
                operation=operation,
            )

        yield record(given("paid"), "posting_ms", "post a payment")
        # Nobody has measured these: they write the same rows as a payment.
        yield record(self.undone, "posting_ms", "post a payment")
        yield record(given("shipped"), "posting_ms", "post a receipt")
        # Placed, shipped or lapsed, an order has no changes that concern an account: the reader is not asked.
        # The standing is written with each change of E, and read by the reader that issues coupons.
        standings = (given("paid") + self.undone) * given("birthday_share")
        yield record(standings, "passed_over_ms", None, "BirthdayEligibility")
        yield Work(
            step=Step.RELEASE,
            function="PointsWorker",
            kind=Kind.ROW,
            times=given("shipped"),
            milliseconds=self.row_ms(self.limits.figures.cpu_release, self.limits.given.transaction_seconds),
            operation="release a lot",
        )

    def _published(self) -> Iterator[Work]:
        """What the outside is told: a record of a stream and mostly one event (docs/events)."""
        given = self.value

        def record(function: str, times: Decimal, events: Decimal) -> Work:
            return Work(
                step=Step.PUBLISHING,
                function=function,
                kind=Kind.RECORD,
                times=times,
                milliseconds=given("published_ms") if events else given("passed_over_ms"),
                events=events,
            )

        # Placed, paid, shipped, received and closed; each is a change of the order's row.
        changes = ONE + given("paid") + 2 * given("shipped") + self.lapsed
        yield record("OrdersPublisher", changes, ONE)
        # A cancellation closes the order and makes a refund due; a return mostly the refund alone.
        yield record("OrdersPublisher", given("cancelled"), Decimal(2))
        yield record("OrdersPublisher", given("returned"), ONE)
        # A payment's own row is given to the reader only if it did not pay.
        yield record("MembersPublisher", given("paid") + given("shipped"), ONE)
        yield record("MembersPublisher", given("tier_changes"), ONE)
        # What is redeemed or taken back is an entry, but no event.
        yield record("MembersPublisher", given("carts_with_points") + self.undone, NOTHING)
        # A product's row changes with each line that is sold, or comes back.
        moved = self.lines * (ONE + self.lapsed + given("cancelled")) + given("returned")
        yield record("CatalogPublisher", moved - given("low_stock"), NOTHING)
        yield record("CatalogPublisher", given("low_stock"), ONE)

    def row_ms(self, cpu_seconds: float, wait_seconds: float) -> Decimal:
        """Return what a row of a job takes: a worker does some at once, which wait side by side but compute
        one after the other."""
        at_once = wait_seconds / fanout.IN_FLIGHT
        return Decimal(str(round(1_000 * max(cpu_seconds / self.limits.cores, at_once), 3)))

    def request_ms(self, operation: str) -> Decimal:
        """Return what a request takes: its calls one after another, and its CPU on a part of a core.

        What has no CPU of its own measured has that of a checkout of one line, or of a look at the wallet.
        """
        units, took = self.units[operation], self.limits.given
        waits = {"TransactWriteItems": took.transaction_seconds, "PutItem": took.put_seconds}
        waited = sum(count * waits.get(call, took.read_seconds) for call, count in units.calls.items())
        alike = "checkout, 1 lines" if units.write else "see the wallet"
        cpu = self.request_cpu.get(operation, self.request_cpu[alike])
        return Decimal(str(round(1_000 * (waited + cpu / self.limits.cores), 3)))

    @property
    def lapse_ms(self) -> Decimal:
        """What an order takes that lapses on an ordinary day, at the memory that functions have."""
        return self._order_ms(self.limits.lapse_row_seconds(scale.DAY))

    @property
    def receipt_ms(self) -> Decimal:
        """What a parcel takes that counts as received, at the memory that functions have."""
        return self._order_ms(self.limits.receipt_row_seconds)

    def _order_ms(self, seconds: float) -> Decimal:
        """Return what some time of the jobs' workers on orders is billed as, which have a whole core."""
        return Decimal(str(round(1_000 * seconds, 3))) * self.order_memory

    @property
    def order_memory(self) -> Decimal:
        """How much more memory the workers on orders have than other functions."""
        figures = self.limits.figures
        return Decimal(figures.order_memory_megabytes) / figures.memory_megabytes

    @property
    def pace(self) -> Decimal:
        """Orders per second."""
        return self.value("orders_a_month") / SECONDS_PER_MONTH

    def gathered(self, function: str) -> Decimal:
        """Return the records of a reader's invocation in the mean, at the pace of the orders.

        A publisher's batch lets those gather that come while its window is open, in its share of a shard.
        """
        first = self.value("records_each")
        if not function.endswith("Publisher"):
            return first
        rate = self.pace * sum(
            (work.times for work in self._published() if work.function == function), NOTHING
        )
        lanes = self.limits.new_shards * self.stack.gathering_at_once
        return min(Decimal(self.stack.batch_records), first + rate * self.stack.gathering_seconds / lanes)

    def invocations(self, work: Work) -> Decimal:
        """Return how often a function is invoked for it; what a job finds is in its worker's tasks."""
        match work.kind:
            case Kind.REQUEST:
                return work.times
            case Kind.RECORD:
                return work.times / self.gathered(work.function)
            case Kind.ROW:
                return NOTHING

    def traced(self, works: Iterable[Work]) -> dict[str, Decimal]:
        """Return the share of each function's invocations that is traced, at the pace of the orders.

        Lambda traces the first invocation of each second, and a share of the others
        (https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html). Invocations come at random.
        """
        if not self.stack.traced:
            return {}
        rates: dict[str, Decimal] = {}
        for work in works:
            rates[work.function] = rates.get(work.function, NOTHING) + self.pace * self.invocations(work)
        return {function: self._traced_share(rate) for function, rate in rates.items() if rate}

    def _traced_share(self, rate: Decimal) -> Decimal:
        first = (ONE - (-rate).exp()) / rate
        return first + self.value("traced_share") * (ONE - first)

    def orders(self, count: Decimal = MILLION) -> list[Part]:
        """Return what so many orders use, at the pace of prices.toml."""
        works = self.order()
        shares = self.traced(works)
        parts = [part for work in works for part in self.parts(work, shares.get(work.function, NOTHING))]
        return [replace(part, quantity=count * part.quantity) for part in (*parts, *self._moved())]

    def _moved(self) -> Iterator[Part]:
        """What the indexes of changes take besides what was measured, where all happens on one day.

        A row that changes on another day leaves its place and takes a new one. A wallet had none there
        before, so that of the two only one was measured.
        """
        given = self.value
        for step, times in (
            (Step.SHIP, 2 * given("shipped")),
            (Step.RECEIVE, 2 * given("shipped")),
            (Step.CLOSE, 2 * self.undone),
            (Step.POSTINGS, given("paid") + 2 * given("shipped") + 2 * self.undone),
            (Step.RELEASE, given("shipped")),
        ):
            yield Part(step=step, price="write_unit", quantity=times)

    def parts(self, work: Work, traced: Decimal) -> Iterator[Part]:
        """Return what a piece of work uses."""

        def part(name: str, quantity: Decimal) -> Part:
            return Part(step=work.step, price=name, quantity=quantity)

        if work.operation is not None:
            units = self.units[work.operation]
            yield part("read_unit", work.times * units.read)
            yield part("write_unit", work.times * units.write)
        invocations = self.invocations(work)
        started_ms = self.value("invocation_ms") + self.value("cold_share") * self.value("cold_ms")
        calls = max(invocations, work.times * work.events / bus.ENTRIES_MAX) if work.events else NOTHING
        told_ms = calls * self.value("published_call_ms")
        yield part("lambda_request", invocations)
        yield part(
            "lambda_gb_second",
            self.gb_seconds(work.times * work.milliseconds + invocations * started_ms + told_ms),
        )
        # A reader that has passed over all that it was given has nothing to say.
        log_bytes = self.value("record_log_bytes") if work.events or work.operation else NOTHING
        if work.kind is Kind.REQUEST:
            log_bytes = self.value("request_log_bytes") + self.value("access_log_bytes")
            yield part("api_request", work.times)
            yield part("transfer_out", work.times * self.value("response_bytes") / GIGABYTE)
        for name, quantity in self.logs(invocations * log_bytes):
            yield part(name, quantity)
        yield part("trace", invocations * traced)
        yield part("event", work.times * work.events)

    def gb_seconds(self, milliseconds: Decimal) -> Decimal:
        """Return what so many milliseconds are billed as, at the memory that functions have."""
        gigabytes = Decimal(self.limits.figures.memory_megabytes) / MEGABYTES_PER_GIGABYTE
        return gigabytes * milliseconds / 1_000

    def logs(self, log_bytes: Decimal) -> list[tuple[str, Decimal]]:
        """Return what so many bytes of logs use: taken in once, and kept for as long as production's are."""
        gigabytes = log_bytes / GIGABYTE
        kept = gigabytes * self.value("log_compressed") * self.stack.log_months
        return [("log_ingested", gigabytes), ("log_stored", kept)]

    def runs(self) -> list[Run]:
        """Return the jobs' runs with 10 million members, and how much is due in each."""
        given = self.value
        orders_a_month = given("members") * given("orders_each_a_year") / MONTHS_PER_YEAR
        often = {each.name: _runs_a_month(each.when) for each in timetable(policies.load())}

        def run(job: str, due: Decimal, why: str) -> Run:
            return Run(job=job, due=due, why=why, a_month=often[job])

        def of_orders(job: str, share: str, each: Decimal) -> Run:
            each_year = number(given("orders_each_a_year"))
            why = f"{share} the orders of its interval; a member places {each_year} a year"
            return run(job, orders_a_month * each / often[job], why)

        def of_members(job: str, share: Decimal, why: str) -> Run:
            return run(job, given("members") * share, why)

        expiring, birthdays = given("expiring_share"), given("birthday_share")
        return [
            of_orders(LAPSE_UNPAID, percent(self.lapsed), self.lapsed),
            of_orders(AUTO_RECEIPT, percent(given("unconfirmed")), given("unconfirmed")),
            of_orders(RELEASE_POINTS, percent(given("shipped")), given("shipped")),
            of_members(EXPIRE_POINTS, expiring, f"{percent(expiring)} the members; once a year"),
            of_members(ANNOUNCE_EXPIRING, expiring, f"{percent(expiring)} the members; once a year"),
            of_members(
                ISSUE_BIRTHDAY_COUPONS, birthdays / MONTHS_PER_YEAR, f"a twelfth of {percent(birthdays)} them"
            ),
            of_members(AUDIT_POINTS, ONE, "all members, and their orders of a year"),
            run(AUDIT_CHANGES, self.accounts_changed, "accounts that change in a day, and as many orders"),
            run(OPEN_MEMBER_DAY, ONE, "the day"),
        ]

    def run(self, job: str, due: Decimal) -> list[Part]:
        """Return what a run of a job uses with so many rows due; the audit's are members."""
        if job in passes.AUDITS:
            return list(self._audit(job, due))
        return list(self._run(job, due))

    def _run(self, job: str, due: Decimal) -> Iterator[Part]:
        limits, given = self.limits.figures, self.value
        writes = self.limits.given
        shards, operation, milliseconds, told = {
            LAPSE_UNPAID: (limits.due_shards, "cancel a paid order", self.lapse_ms, ONE),
            AUTO_RECEIPT: (limits.due_shards, "receive", self.receipt_ms, ONE),
            RELEASE_POINTS: (
                limits.lot_shards,
                "release a lot",
                self.row_ms(limits.cpu_release, writes.transaction_seconds),
                ONE,
            ),
            EXPIRE_POINTS: (
                limits.wallet_shards,
                "expire a wallet's points",
                self.row_ms(limits.cpu_expire, writes.transaction_seconds),
                ONE,
            ),
            ANNOUNCE_EXPIRING: (
                limits.wallet_shards,
                "announce what expires",
                self.row_ms(limits.cpu_issue, writes.put_seconds),
                ONE,
            ),
            ISSUE_BIRTHDAY_COUPONS: (
                limits.birthday_shards,
                "issue a birthday coupon",
                self.row_ms(limits.cpu_issue, writes.put_seconds),
                ONE,
            ),
        }.get(job, (0, None, NOTHING, ONE))  # done in one go: the member day, and what nobody has measured
        work_ms = due * milliseconds
        yield from self._tasks(job, shards, work_ms, due)
        if operation is not None:
            yield Part(step=job, price="read_unit", quantity=due * self.units[operation].read)
            yield Part(step=job, price="write_unit", quantity=due * self.units[operation].write)
        else:
            yield Part(step=job, price="write_unit", quantity=due)  # the member day's own row
        yield from self._told(job, due * told)
        # A task asks its shard's index at least once: half a unit.
        yield Part(step=job, price="read_unit", quantity=_busy(job, shards, due) / 2)
        if not shards:
            for name, quantity in self._billed(ONE, work_ms + given("run_ms")):
                yield Part(step=job, price=name, quantity=quantity)

    def _tasks(self, job: str, shards: int, work_ms: Decimal, due: Decimal) -> Iterator[Part]:
        """What starting a run and its tasks use; a task whose time is up is handed on as another one.

        The starters of the jobs on orders and points ask each shard first, and end those with nothing due. So
        does that of the audit, of whose shards none is idle in a shop of this size.
        """
        yield Part(step=job, price="schedule", quantity=ONE)
        yield Part(step=job, price="write_unit", quantity=Decimal(1 + max(1, shards)))  # begun, and each end
        if not shards:
            return
        handed_on = work_ms / (1_000 * self.stack.worker_seconds)
        on_orders, asks = job in ON_ORDERS, job in ASKED_FIRST
        tasks = _busy(job, shards, due) + Decimal(math.floor(handed_on))
        yield Part(step=job, price="queue_request", quantity=TASK_REQUESTS * tasks)
        heavier = self.order_memory if on_orders else ONE
        asked_ms = Decimal(str(2_000 * shards * self.limits.given.read_seconds)) if asks else NOTHING
        if asks:
            yield Part(step=job, price="read_unit", quantity=Decimal(shards) / 2)
        billed_ms = self.value("run_ms") + asked_ms + tasks * self.value("invocation_ms") * heavier + work_ms
        for name, quantity in self._billed(1 + tasks, billed_ms):
            yield Part(step=job, price=name, quantity=quantity)

    def _told(self, job: str, times: Decimal) -> Iterator[Part]:
        """What it uses to tell the outside of the rows that a job has written; it comes in full batches."""
        batches = times / self.value("records_each_of_jobs")
        yield Part(step=job, price="event", quantity=times)
        calls_ms = max(batches, times / bus.ENTRIES_MAX) * self.value("published_call_ms")
        billed_ms = times * self.value("published_ms") + calls_ms + batches * self.value("invocation_ms")
        for name, quantity in self._billed(batches, billed_ms):
            yield Part(step=job, price=name, quantity=quantity)

    def _billed(self, invocations: Decimal, milliseconds: Decimal) -> Iterator[tuple[str, Decimal]]:
        """Invocations with their time, logs and traces; a job's are so many a second that few are traced."""
        yield "lambda_request", invocations
        yield "lambda_gb_second", self.gb_seconds(milliseconds)
        yield from self.logs(invocations * self.value("record_log_bytes"))
        yield "trace", invocations * (self.value("traced_share") if self.stack.traced else NOTHING)

    @property
    def accounts_changed(self) -> Decimal:
        """Accounts that change in a day, as an audit finds them: by payments, receipts, releases, returns.

        A day of the index begins half an hour before the audit does, and is looked at as a whole.
        """
        given = self.value
        each = given("paid") + 2 * given("shipped") + self.undone
        return self._orders_looked_at * each

    @property
    def orders_changed(self) -> Decimal:
        """Orders that change in a day: placed and mostly paid or lapsed then, shipped, received, undone."""
        return self._orders_looked_at * (ONE + 2 * self.value("shipped") + self.undone)

    @property
    def _orders_looked_at(self) -> Decimal:
        """Orders that are placed in a day of which an audit looks at the changes."""
        a_day = self.value("members") * self.value("orders_each_a_year") / (DAYS_PER_MONTH * MONTHS_PER_YEAR)
        return a_day * AUDITED_HOURS / HOURS_PER_DAY

    def rows_of(self, table: str) -> Decimal:
        """Return the rows of a member in a table."""
        return sum((each.each for each in self.rows if each.table == table), NOTHING)

    def bytes_of(self, table: str) -> Decimal:
        """Return the bytes of a member's rows in a table."""
        return sum((each.each * each.row for each in self.rows if each.table == table), NOTHING)

    @property
    def lots_of(self) -> Decimal:
        """The lots of a member, of the orders of a year."""
        return self.value("orders_each_a_year") * self.value("paid")

    def audit_units(self, job: str, count: Decimal) -> tuple[Decimal, Decimal]:
        """Return the read and write units of an audit of so many accounts, with the orders that go with them.

        Nothing is read consistently. A full pass reads both tables once, the lot of each paid order, and what
        each account held; one of changes the rows of each account, each order, and its lot.
        """
        if job == AUDIT_POINTS:
            scanned = (self.bytes_of("Members") + self.bytes_of("Orders")) / SCANNED_BYTES
            return count * (scanned + self.lots_of + ONE) / 2, NOTHING
        account = math.ceil(self.bytes_of("Members") / SCANNED_BYTES) + ONE
        orders = self.orders_changed / self.accounts_changed
        # What an account holds is written in a transaction; most have moved, or they would not have changed.
        return count * (account + 2 * orders) / 2, count * TRANSACTION_UNITS

    def audit_rows(self, job: str, count: Decimal) -> Decimal:
        """Return the rows that such an audit reads."""
        of_members = self.rows_of("Members") + ONE
        if job == AUDIT_POINTS:
            return count * (of_members + self.rows_of("Orders") + self.lots_of)
        return count * (of_members + 2 * self.orders_changed / self.accounts_changed)

    def _audit(self, job: str, count: Decimal) -> Iterator[Part]:
        reads, writes = self.audit_units(job, count)
        yield Part(step=job, price="read_unit", quantity=reads)
        yield Part(step=job, price="write_unit", quantity=writes)
        of = passes.begun(job, _PLACED_AT, passes.Base(as_of=_PLACED_AT, generation=1, sums_fit=True))
        shards = sum(of.shards.values())
        yield from self._tasks(job, shards, self.audit_rows(job, count) * self.value("audited_row_ms"), count)

    def standing(self) -> list[Part]:
        """Return what a month uses in which 10 million members are there and nobody orders."""
        return [*self._kept(), *self._idle(), *self._declared(), *self._signed_in()]

    def _kept(self) -> Iterator[Part]:
        for table in dict.fromkeys(each.table for each in self.rows):
            of = [each for each in self.rows if each.table == table]
            held = self.value("members") / GIGABYTE
            what = f"rows of table {table}"
            stored_bytes = sum((each.stored for each in of), NOTHING)
            recovered = sum((each.recovered for each in of), NOTHING)
            yield Part(step=what, price="table_stored", quantity=held * stored_bytes)
            yield Part(step=f"{what}, recovery", price="table_recovery", quantity=held * recovered)

    def _idle(self) -> Iterator[Part]:
        """What schedules use that find nothing to do, and the pollers of queues with nothing in them."""
        for scheduled in timetable(policies.load()):
            if scheduled.job in passes.AUDITS:
                continue  # it has everything to do each time
            times = _runs_a_month(scheduled.when)
            for part in self.run(scheduled.job, NOTHING):
                yield Part(
                    step="schedules with nothing due", price=part.price, quantity=times * part.quantity
                )
        looks = MINUTES_PER_DAY * DAYS_PER_MONTH / self.watch_minutes
        watched = timetable(policies.load())
        reads = Decimal(len({each.job for each in watched}) + len(watched))
        yield Part(step="watch over the jobs", price="schedule", quantity=looks)
        yield Part(step="watch over the jobs", price="read_unit", quantity=looks * reads)
        for name, quantity in self._billed(looks, looks * self.value("run_ms")):
            yield Part(step="watch over the jobs", price=name, quantity=quantity)
        receives = self.stack.task_queues * self.value("idle_receives")
        yield Part(step="queues asked in vain", price="queue_request", quantity=receives)
        yield Part(step="streams asked by Lambda: free", price="stream_read", quantity=NOTHING)

    @property
    def watch_minutes(self) -> int:
        """Minutes between two looks at the jobs."""
        assert isinstance(WATCH.when, Every)
        return WATCH.when.minutes

    def _declared(self) -> Iterator[Part]:
        windows = MINUTES_PER_DAY * DAYS_PER_MONTH / self.value("key_cached_minutes")
        stack = self.stack
        for what, name, quantity in (
            ("alarms", "alarm", Decimal(stack.alarms)),
            ("the programme's metrics, at most", "metric", Decimal(stack.metrics)),
            ("dashboard", "dashboard", ONE),
            ("key of the phones", "secret", ONE),
            ("key of the tables, at most", "key_request", windows * stack.functions * stack.tables),
            ("client for services", "service_client", Decimal(stack.service_clients)),
            ("tokens for a service", "service_token", self.value("service_tokens")),
        ):
            yield Part(step=what, price=name, quantity=quantity)

    def _signed_in(self) -> Iterator[Part]:
        active = self.value("members") * self.value("active_share")
        yield Part(step="members who sign in", price="active_user", quantity=active)


def _runs_a_month(when: Every | At) -> Decimal:
    """Return how often a schedule fires in a month, in the mean of a year."""
    match when:
        case Every(minutes):
            return MINUTES_PER_DAY * DAYS_PER_MONTH / minutes
        case At(month=int()):
            return ONE / MONTHS_PER_YEAR
        case At(day=int()):
            return ONE
        case At(weekday=int()):
            return DAYS_PER_MONTH / DAYS_PER_WEEK
        case At():
            return DAYS_PER_MONTH


LEFT_OUT: Mapping[str, str] = {
    "let 1 unit leave": "one order in some hundred, and hardly dearer than a return",
    "receive as staff": "members say so themselves, or the job does",
    "find a member by phone": "a clerk's searches are reckoned as such by name, the dearer",
    "find an order by its parcel": "a clerk's searches are reckoned as lists by status, the dearer",
    "see one's tiers": "a page that few open",
    "see the audit (20 records)": "asked by admins now and then",
    "preview a campaign": "asked by marketers before a campaign",
    "adjust points": "a clerk's writes are reckoned as parcels that are refused, the dearest",
    "move stock": "ditto",
    "post what is posted": "what is delivered twice; readers are not given what concerns no account",
}
"""Operations that were measured and that the model does not use, each with why."""


def number(value: Decimal) -> str:
    """Write a count as the page does: whole from ten on, thousands apart, without trailing zeros."""
    places = 0 if value >= 10 else 1 if value >= 1 else 3
    text = f"{value:,.{places}f}".replace(",", " ")
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(value: Decimal) -> str:
    """Write dollars: with cents below a thousand, whole from there on, and small ones to two figures."""
    if value >= 1_000:
        return f"{value:,.0f}".replace(",", " ")
    if value >= Decimal("0.1") or not value:
        return f"{value:.2f}"
    return f"{value:.{1 - value.adjusted()}f}"


def percent(share: Decimal) -> str:
    """Write a share of something: ``90 % of``."""
    return f"{share * 100:.0f} % of"


def orders_table(model: Model) -> str:
    """Return a million orders by step and service; sums are of exact figures."""
    parts = model.orders()
    services = [service for service, usd in model.by_service(parts).items() if usd]

    def line(name: str, some: Sequence[Part]) -> list[str]:
        by_service = model.by_service(some)
        cells = [f"{by_service[service]:.2f}" for service in services]
        return [name, *cells, f"{model.dollars(some):.2f}"]

    steps = [line(step, [part for part in parts if part.step == step]) for step in Step]
    return markdown(("step", *services, "all"), [*steps, line("all", parts)])


def bought_table(model: Model) -> str:
    """Return what a million orders buy, the dearest first."""
    parts = model.orders()
    bought = {
        name: sum((part.quantity for part in parts if part.price == name), NOTHING) for name in model.prices
    }
    dearest = sorted(
        (name for name in bought if bought[name]), key=lambda name: -model.prices[name].of(bought[name])
    )
    return markdown(
        ("what", "how much", "dollars", "share"),
        (
            (
                f"{model.prices[name].service}: {model.prices[name].unit}",
                number(bought[name]),
                money(model.prices[name].of(bought[name])),
                f"{100 * model.prices[name].of(bought[name]) / model.dollars(parts):.0f} %",
            )
            for name in dearest
        ),
    )


def pace_table(model: Model) -> str:
    """Return a million orders by how many come in a month, and what they would cost with all traced."""

    def line(orders: Decimal) -> tuple[str, ...]:
        at = model.assuming(orders_a_month=orders)
        whole, traced = at.dollars(at.orders()), all_traced(at)
        return (
            number(orders),
            money(whole),
            money(traced.dollars(traced.orders())),
            money(whole * orders / MILLION),
        )

    return markdown(
        ("orders in a month", "a million", "a million, if all functions traced", "the month"),
        (line(MILLION * times) for times in (Decimal("0.1"), ONE, Decimal(10), Decimal(100))),
    )


def all_traced(model: Model) -> Model:
    """Return the model with every function tracing all the time, as in the other stages."""
    return replace(model, stack=replace(model.stack, traced=True))


def jobs_table(model: Model) -> str:
    """Return what a run of each job costs, and its runs of a month."""
    return markdown(
        ("job", "due in a run", "that is", "a run", "runs a month", "a month"),
        (
            (
                f"`{run.job}`",
                number(run.due),
                run.why,
                money(usd),
                number(run.a_month),
                money(usd * run.a_month),
            )
            for run in model.runs()
            for usd in (model.dollars(model.run(run.job, run.due)),)
        ),
    )


def standing_table(model: Model) -> str:
    """Return a month without load, the dearest first."""
    parts = model.standing()
    lines = sorted(model.by_step(parts).items(), key=lambda line: -line[1])
    return markdown(
        ("a month", "dollars"),
        [*((what, money(usd)) for what, usd in lines), ("all", money(model.dollars(parts)))],
    )


def rows_table(model: Model) -> str:
    """Return the rows that are stored, as the code writes them."""
    return markdown(
        ("table", "row", "bytes", "in indexes", "per member", "GB of all members"),
        (
            (
                each.table,
                each.what,
                number(Decimal(each.row)),
                ", ".join(str(entry) for entry in each.entries) or "none",
                number(each.each),
                number(each.stored * model.value("members") / GIGABYTE),
            )
            for each in model.rows
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lever:
    """Something to turn: the model after it, and what it takes away."""

    turn: str
    where: str
    gives_up: str
    saves: Decimal
    of: str


def levers(model: Model) -> list[Lever]:
    """Return what can be turned, and the dollars that it saves."""
    whole = model.dollars(model.orders())
    short = replace(model, stack=replace(model.stack, log_months=1))
    posted = model.assuming(records_each=3)
    fewer = model.assuming(quotes=model.value("quotes") - 1)
    return [
        Lever(
            turn="three records to an invocation",
            where="a batching window for all readers in `infra/constructs/stream_consumer.py`",
            gives_up="points, tiers and coupons follow an order some seconds later",
            saves=whole - posted.dollars(posted.orders()),
            of="a million orders",
        ),
        Lever(
            turn="a quote less per order",
            where="the storefront: quote when the cart is shown, not at each change",
            gives_up="a price that is always fresh",
            saves=whole - fewer.dollars(fewer.orders()),
            of="a million orders",
        ),
        Lever(
            turn="logs for a month instead of a year",
            where="`log_retention` in `infra/stage.py`",
            gives_up="what happened before",
            saves=whole - short.dollars(short.orders()),
            of="a million orders",
        ),
    ]


def levers_table(model: Model) -> str:
    """Return what to turn, and what it saves."""
    return markdown(
        ("turn", "where", "gives up", "saves", "of"),
        ((each.turn, each.where, each.gives_up, money(each.saves), each.of) for each in levers(model)),
    )


def prices_table(model: Model) -> str:
    """Return the price list."""
    return markdown(
        ("service", "unit", "dollars", "for", "looked up", "page"),
        (
            (
                each.service,
                each.unit,
                f"{each.usd:f}",
                f"{each.per:,}".replace(",", " "),
                "yes" if each.confirmed else "**no**",
                each.page.removeprefix("https://"),
            )
            for each in model.prices.values()
        ),
    )


def assumed_table(model: Model) -> str:
    """Return what nobody has measured."""
    return markdown(
        ("assumed", "is", "why"),
        ((f"`{name}`", f"{each.value:,}".replace(",", " "), each.why) for name, each in model.given.items()),
    )


BY = "python -m benchmarks.costs --write"
TABLES: Mapping[str, Callable[[Model], str]] = {
    "orders": orders_table,
    "bought": bought_table,
    "pace": pace_table,
    "jobs": jobs_table,
    "standing": standing_table,
    "rows": rows_table,
    "levers": levers_table,
    "prices": prices_table,
    "assumed": assumed_table,
}


def parts(model: Model) -> dict[str, str]:
    """Return the page's tables by their names, as the model has them."""
    return {name: table(model) for name, table in TABLES.items()}


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the tables, write them into the page, or check that it has them."""
    return tables.command(arguments, PAGE, parts(Model.now()), by=BY, says=str(__doc__))


if __name__ == "__main__":
    sys.exit(main())
