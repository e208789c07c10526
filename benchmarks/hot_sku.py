"""A thousand orders a second for one product, in simulated time, where what overlaps is cancelled (Z1).

The real checkout, order book, catalogue and keeper of counters, over :mod:`benchmarks.overlap`: orders come
when they like (Poisson), a part of them lapses, staff change the price. Nothing may be oversold, nobody may
pay a price of before a change that was answered, and who is refused for want of stock must have wanted more
than there was. ``--tree PATH`` runs the same on the code of another work tree, beside this one's.
"""

import argparse
import inspect
import json
import logging
import os
import random
import subprocess
import sys
from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.overlap import Overlapping, Time
from benchmarks.tables import markdown
from functions import contexts
from functions.catalog.catalog import Catalog
from functions.checkout.checkout import Checkout
from functions.checkout.placing import Placing
from functions.domain import identifiers
from functions.domain.errors import RefusalError
from functions.domain.policy import load
from functions.offers.quotes import Cart, CartLine
from functions.orders.book import OrderBook
from functions.orders.life import as_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, from_item
from functions.platform.settings import Settings
from functions.points.accounts import opening_row
from functions.tiers.members import Members, Profile

for _table in ("ORDERS", "MEMBERS", "CATALOG", "REPORTS"):
    os.environ.setdefault(f"{_table}_TABLE", "unused")  # handlers read it when they are imported
os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

Json = dict[str, Any]
HERE = Path(__file__).parent.parent
NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
SKU = "tea"
MEMBERS = [f"member-{number}" for number in range(100)]
PRICES_FEN = (9_950, 9_990)
CHECKOUT_SECONDS = 10.5
"""What a function's 15 seconds leave for trying (``functions/platform/deadline.py``)."""
JOB_SECONDS = 60.0
LAPSES = 0.2
"""How many of the orders lapse, and after how long, so that it is within what is looked at."""
LAPSE_AFTER_SECONDS = 3.0
PUT_EVERY_SECONDS = 2.0
QUANTITIES = (1, 1, 1, 1, 1, 1, 1, 1, 2, 3)
STREAM_SECONDS, GATHER_SECONDS, SHARDS = 0.3, 1.0, 4
"""How late a stream is, how long its reader gathers (``infra/contexts/counters.py``), and its shards."""
ROWS_SET = 48
SALES, LONGER = 3, 5
"""How many sales are tried, and how many times as long the one in which rows become more by themselves."""
SPREAD_BEFORE_SECONDS = 30.0
"""How long before the sale staff say in how many rows they want the stock."""


@dataclass(kw_only=True)
class Sale:
    """What is tried: so many orders a second for so long, of so many units, in so many rows if staff say."""

    name: str
    rate: int
    seconds: float
    units: int
    rows: int | None = None
    hold_seconds: float = 0.010
    seed: int = 1


@dataclass(kw_only=True)
class Outcome:
    """What came of it."""

    name: str
    seconds: float
    sent: int = 0
    placed: int = 0
    sent_late: int = 0
    troubled: int = 0
    troubled_late: int = 0
    """Refused with ``conflict`` or 503, in all and of those sent in the last half of the time."""
    refused: dict[str, int] = field(default_factory=dict)
    sends: float = 0.0
    ms_median: float = 0.0
    ms_99: float = 0.0
    rows: int = 1
    lapsed: int = 0
    put_failed: int = 0
    faults: list[str] = field(default_factory=list)
    """What must not be."""


class Shop:
    """A product, its buyers, its staff and its jobs, in simulated time."""

    def __init__(self, sale: Sale) -> None:
        self.sale = sale
        self.time = Time(NOON)
        self.client = Overlapping(
            self.time,
            sale.hold_seconds,
            {name: each.partition_key for name, each in contexts.tables().items()},
        )
        self.settings = Settings.from_environment(
            {f"{name.upper()}_TABLE": name for name in contexts.tables()}
        )
        self.tables = Tables(self.client)  # type: ignore[arg-type]
        self.policy = load()
        self.catalog = Catalog(
            tables=self.tables, table=self.settings.catalog_table, members_table=self.settings.members_table
        )
        self.checkout = Checkout.of(self.tables, self.settings, self.policy)
        self.book = OrderBook.of(self.tables, self.settings, self.policy)
        self.chance = random.Random(sale.seed)  # noqa: S311 - a simulation
        self.outcome = Outcome(name=sale.name, seconds=sale.seconds)
        self.rows: dict[str, Row] = {}
        self.held: dict[str, int] = {}
        self.totals: list[tuple[float, int]] = []
        self.allowed = {PRICES_FEN[0]}
        self._keeper = _keeper(self)
        self._waiting: dict[int, deque[Json]] = {shard: deque() for shard in range(SHARDS)}
        self._took_ms: list[float] = []

    def open(self) -> None:
        """Put everything where it belongs before the sale."""
        for name, declared in contexts.tables().items():
            self.client.do("CreateTable", _created(name, declared))
        self.client.on_commit = self._written
        members = Members(self.tables, self.settings.members_table, lambda phone: phone)
        for name in MEMBERS:
            told = Profile(member_id=name, name=name, birthday=None, phone=None, registered_at=NOON)
            members.put_profile(told, self.policy, [opening_row(name)], Deadline(JOB_SECONDS))
        self._put(PRICES_FEN[0])
        table, key = self.settings.catalog_table, {"sku": {"S": SKU}, "item": {"S": "PRODUCT"}}
        self.client.do(
            "UpdateItem",
            {
                "TableName": table,
                "Key": key,
                "UpdateExpression": "SET stock = :units",
                "ExpressionAttributeValues": {":units": {"N": str(self.sale.units)}},
            },
        )

    def run(self) -> Outcome:
        """Sell, and say what came of it."""
        start = self.time.seconds + (SPREAD_BEFORE_SECONDS if self.sale.rows else 0.0)
        if self.sale.rows:
            self.time.begin(lambda: self._put(PRICES_FEN[0]))
        at, number = start - self.time.seconds, 0
        end = at + self.sale.seconds
        while (at := at + self.chance.expovariate(self.sale.rate)) < end:
            number += 1
            self.time.begin(lambda number=number: self._shopper(number, start), after=at)  # type: ignore[misc]
        puts = int(self.sale.seconds / PUT_EVERY_SECONDS)
        for turn in range(1, puts + 1):
            self.time.begin(
                lambda turn=turn: self._put(PRICES_FEN[turn % 2]),  # type: ignore[misc]
                after=end - self.sale.seconds + turn * PUT_EVERY_SECONDS - 1,
            )
        self.time.run()
        return self._told()

    # Who does what

    def _shopper(self, number: int, start: float) -> None:
        member, units = self.chance.choice(MEMBERS), self.chance.choice(QUANTITIES)
        cart = Cart(lines=(CartLine(sku=SKU, quantity=units),))
        placing = Placing(
            order_id=identifiers.order_id(member, str(number)),
            member_id=member,
            request=str(number),
            cart=cart,
            expected_paid_fen=None,
            placed_at=self.time.now(),
        )
        began = self.time.seconds
        late = began - start > self.sale.seconds / 2
        self.outcome.sent += 1
        self.outcome.sent_late += late
        try:
            order, _ = self.checkout.place(placing, Deadline(CHECKOUT_SECONDS))
        except RefusalError as refusal:
            self.outcome.refused[refusal.code] = self.outcome.refused.get(refusal.code, 0) + 1
            if refusal.code != "insufficient_stock":
                self.outcome.troubled += 1
                self.outcome.troubled_late += late
            elif self._least_since(began) >= units:
                self.outcome.faults.append(f"{units} refused of {self._least_since(began)}")
            return
        finally:
            self._took_ms.append(1_000 * (self.time.seconds - began))
        self.outcome.placed += 1
        if self.chance.random() < LAPSES:
            self.time.begin(lambda: self._lapse(order.order_id), after=LAPSE_AFTER_SECONDS)

    def _lapse(self, order_id: str) -> None:
        later = NOON + timedelta(days=1)
        try:
            self.book.change(order_id, lambda order: as_of(order, later), Deadline(JOB_SECONDS))
        except RefusalError:  # the next run of the job comes upon it
            self.time.begin(lambda: self._lapse(order_id), after=LAPSE_AFTER_SECONDS)
        else:
            self.outcome.lapsed += 1

    def _put(self, price_fen: int) -> None:
        """Say what the product is; until that is answered it is sold at either price, then at this."""
        told: Json = {
            "name": SKU,
            "price_fen": price_fen,
            "member_zone": False,
            "low_stock_threshold": None,
        }
        known = inspect.signature(self.catalog.put).parameters
        if "deadline" in known:
            told |= {"deadline": Deadline(CHECKOUT_SECONDS), "stock_rows": self.sale.rows}
        self.allowed.add(price_fen)
        try:
            self.catalog.put(SKU, **told)
        except RefusalError:
            self.outcome.put_failed += 1
        else:
            self.allowed = {price_fen}

    # What follows from what is written

    def _written(self, records: list[Json]) -> None:
        moved = False
        for record in records:
            row = from_item(record["dynamodb"]["NewImage"])
            if row["item"] in ("PRODUCT", "STOCK"):
                moved = True
                self.rows[row["sku"]] = row
                self.outcome.rows = max(self.outcome.rows, row.get("rows", 1))
                if row["stock"] < 0:
                    self.outcome.faults.append(f"oversold: {row}")
            if row["item"] == "ORDER":
                self._ordered(row)
            if self._keeper and row["item"] in ("PRODUCT", "STOCK", "HOT") and _kept(row):
                self._to_keeper(record)
        if moved:
            self.totals.append((self.time.seconds, sum(row["stock"] for row in self.rows.values())))

    def _ordered(self, row: Row) -> None:
        (line,) = row["quote"]["lines"]
        is_new = row["order_id"] not in self.held
        if is_new and line["list_price_fen"] not in self.allowed:
            self.outcome.faults.append(f"sold at {line['list_price_fen']}, which was over: {self.allowed}")
        self.held[row["order_id"]] = 0 if row["status"] == "lapsed" else line["quantity"]

    def _to_keeper(self, record: Json) -> None:
        shard = sum(record["dynamodb"]["Keys"]["sku"]["S"].encode()) % SHARDS
        waiting = self._waiting[shard]
        waiting.append(record)
        if len(waiting) == 1:
            self.time.begin(lambda: self._keep(shard), after=STREAM_SECONDS + GATHER_SECONDS)

    def _keep(self, shard: int) -> None:
        waiting = self._waiting[shard]
        records = list(waiting)[:1_000]
        try:
            failed = self._keeper({"Records": records}, _Context())["batchItemFailures"]
        except Exception:
            failed = [{"itemIdentifier": records[0]["dynamodb"]["SequenceNumber"]}]
        numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
        done = min((numbers.index(each["itemIdentifier"]) for each in failed), default=len(records))
        for _ in range(done):
            waiting.popleft()
        if waiting:
            self.time.begin(lambda: self._keep(shard), after=GATHER_SECONDS)

    def _least_since(self, began: float) -> int:
        place = max(0, bisect_left(self.totals, (began, 0)) - 1)
        return min(total for _, total in self.totals[place:])

    def _told(self) -> Outcome:
        outcome = self.outcome
        left = sum(row["stock"] for row in self.rows.values())
        if left + sum(self.held.values()) != self.sale.units:
            outcome.faults.append(f"{left} left and {sum(self.held.values())} held of {self.sale.units}")
        took = sorted(self._took_ms)
        outcome.ms_median, outcome.ms_99 = took[len(took) // 2], took[len(took) * 99 // 100]
        outcome.sends = self.client.calls["TransactWriteItems"] + self.client.cancelled
        return outcome


class _Context:
    aws_request_id = "keeper"

    def get_remaining_time_in_millis(self) -> int:
        return int(1_000 * JOB_SECONDS)


def _kept(row: Row) -> bool:
    """Tell whether the keeper's filter lets a row through."""
    return row["item"] != "PRODUCT" or "generation" in row or row.get("rows_least") is not None


def _keeper(shop: Shop) -> Any:
    """Return the keeper of counters, or None where the code has none."""
    try:
        from functions.counters.stream import Keeper
    except ImportError:
        return None
    return Keeper(shop.tables, shop.settings, shop.time.now)


def _created(name: str, table: Any) -> Json:
    keys = [table.partition_key, "item", *(key for pair in table.indexes.values() for key in pair)]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
        "KeySchema": _key_schema(table.partition_key, "item"),
        "AttributeDefinitions": [
            {"AttributeName": each, "AttributeType": "S"} for each in dict.fromkeys(keys)
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": index,
                "KeySchema": _key_schema(*pair),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for index, pair in table.indexes.items()
        ],
    }


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [
        {"AttributeName": partition, "KeyType": "HASH"},
        {"AttributeName": sort, "KeyType": "RANGE"},
    ]


def sales(rate: int, seconds: float, seed: int, hold_seconds: float) -> list[Sale]:
    """Return what is tried."""

    def sale(name: str, *, units: float, of_seconds: float = seconds, rows: int | None = None) -> Sale:
        return Sale(
            name=name,
            rate=rate,
            seconds=of_seconds,
            units=int(units * rate * seconds),
            rows=rows,
            hold_seconds=hold_seconds,
            seed=seed,
        )

    return [
        sale("rows set before", units=10, rows=ROWS_SET),
        sale("rows by themselves", units=10, of_seconds=LONGER * seconds),
        sale("to the last unit", units=0.5, rows=ROWS_SET),
    ]


def sold(sale: Sale) -> Outcome:
    """Try a sale."""
    shop = Shop(sale)
    with (
        patch("functions.platform.dynamo.time", shop.time),
        patch("functions.platform.deadline.time", shop.time),
    ):
        random.seed(sale.seed)
        shop.open()
        return shop.run()


def table(builds: dict[str, list[Json]]) -> str:
    """Return what came of each sale, build by build, as a table."""
    heads = ("sale", "build", "sent", "placed/s", "refused for conflicts", "of the last half", "sold out")
    return markdown(
        (*heads, "sends each", "median", "99 of 100", "rows"),
        [
            (
                each["name"],
                build,
                str(each["sent"]),
                f"{each['placed'] / each['seconds']:.0f}",
                f"{100 * each['troubled'] / each['sent']:.2f} %",
                f"{100 * each['troubled_late'] / max(1, each['sent_late']):.2f} %",
                str(each["refused"].get("insufficient_stock", 0)),
                f"{each['sends'] / each['sent']:.1f}",
                f"{each['ms_median']:.0f} ms",
                f"{each['ms_99']:.0f} ms",
                str(each["rows"]),
            )
            for number in range(SALES)
            for build, outcomes in builds.items()
            for each in outcomes[number : number + 1]
        ],
    )


BESIDE = """
import sys
sys.path.insert(0, {tree!r})
import functions  # the other tree's: whatever is asked of it comes from there
sys.path[0] = {here!r}
from benchmarks.hot_sku import main
sys.exit(main({arguments!r}))
"""


def of_tree(tree: Path, arguments: Sequence[str]) -> list[Json]:
    """Try the same sales on the code of another work tree; return what came of each."""
    code = BESIDE.format(tree=str(tree.resolve()), here=str(HERE), arguments=[*arguments, "--json"])
    told = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-P", "-c", code], check=True, stdout=subprocess.PIPE, text=True
    )
    return [json.loads(line) for line in told.stdout.splitlines()]


def main(argv: Sequence[str] | None = None) -> int:
    """Try the sales; say what came of them, and return 1 if something was that must not be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=1_000, help="orders a second")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long")
    parser.add_argument("--seed", type=int, default=18)
    parser.add_argument("--hold-ms", type=float, default=10.0, help="how long a transaction has its rows")
    parser.add_argument("--tree", type=Path, help="a work tree whose code is tried beside this one's")
    parser.add_argument("--json", action="store_true", help="print one JSON document a line")
    told = parser.parse_args(argv)
    logging.disable(logging.CRITICAL)
    ours = []
    for sale in sales(told.rate, told.seconds, told.seed, told.hold_ms / 1_000):
        ours.append(asdict(sold(sale)))
        if told.json:
            print(json.dumps(ours[-1]), flush=True)
    if not told.json:
        builds = {"this": ours}
        if told.tree is not None:
            same = ("--rate", "--seconds", "--seed", "--hold-ms")
            values = (told.rate, told.seconds, told.seed, told.hold_ms)
            arguments = [str(each) for pair in zip(same, values, strict=True) for each in pair]
            builds = {"before": of_tree(told.tree, arguments), **builds}
        print(f"seed {told.seed}, {told.rate} orders a second, rows held {told.hold_ms:g} ms")
        print(table(builds))
        for build, outcomes in builds.items():
            for each in outcomes:
                for fault in each["faults"]:
                    print(f"{build}, {each['name']}: {fault}")
    return 1 if any(each["faults"] for each in ours) else 0


if __name__ == "__main__":
    sys.exit(main())
