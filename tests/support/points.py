"""The points' world: orders on paper, a work queue in memory, workers that hurry or die, and the books."""

import random
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from functions.domain import calendar
from functions.domain.policy import load
from functions.orders import rows as order_rows
from functions.platform.batches import BatchError
from functions.platform.changes import changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, to_item, until_clear
from functions.platform.fanout import Starter, Task, WorkQueue
from functions.platform.runs import Runs
from functions.points import account_rows, jobs, ledger, schedule
from functions.points.account_rows import ENTRY, LOT, entry_of, lot_of
from functions.points.accounts import Accounts, put_wallet
from functions.points.ledger import Adjustment, Entry, EntryKind, Wallet
from functions.points.posting import Lot, LotState, OrderChange, OrderFacts
from functions.points.queue import Worker
from functions.points.reports import Reports
from functions.points.shards import Shards
from functions.tiers import members
from functions.tiers.qualification import qualify
from tests.support.events import Context
from tests.support.faults import Calls, Fault
from tests.support.shop import Shop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_sqs import SQSClient

ZONE = load().zone
RECEIVES_MAX = 3
DELIVERIES_MAX = 5_000
EXTRA_COPIES_MAX = 30
"""Messages that one run delivers more often than once: each copy of a task may hand a copy on."""
ROWS_AT_ONCE = 25


def store(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    """Return a moment of store time: ``store(2026, 12, 31, 23, 59, 59)``."""
    return datetime(year, month, day, hour, minute, second, tzinfo=ZONE).astimezone(UTC)


@dataclass
class Paper:
    """An order as far as an account has to know of it: what it earns, and what came back."""

    order_id: str
    member_id: str
    changes: list[OrderChange]
    redeemed_by_year: dict[str, int] = field(default_factory=dict)
    received_at: datetime | None = None

    @property
    def points(self) -> int:
        """The size of its lot now."""
        return self.changes[-1].earned_points

    def row(self) -> Row:
        """Return its row in the orders' table."""
        return {
            **order_rows.key(self.order_id),
            "member_id": self.member_id,
            "changes": [change.to_row() for change in self.changes],
            "redeemed_by_year": self.redeemed_by_year,
            "received_at": None if self.received_at is None else calendar.to_row(self.received_at),
            "terms": {"release_days": 7},
        }

    def facts(self) -> OrderFacts:
        """Return what an account is told of it."""
        return OrderFacts.from_row(self.row())


@dataclass
class Points:
    """Members' accounts with the orders that they follow."""

    shop: Shop
    papers: dict[str, Paper] = field(default_factory=dict)
    stamps: bool = True
    """Whether orders are written as the programme does, which says when; or by hand."""

    @property
    def table(self) -> str:
        """The members' table."""
        return self.shop.settings.members_table

    @property
    def orders_table(self) -> str:
        """The orders' table."""
        return self.shop.settings.orders_table

    def join(self, *member_ids: str) -> None:
        """Register members."""
        for member_id in member_ids:
            self.shop.register(member_id)

    def pay(self, member_id: str, points: int, at: datetime, *, redeem: int = 0) -> Paper:
        """Let a member have paid for an order that earns points; nothing is posted."""
        order_id = f"order-{len(self.papers):04}"
        by_year = self.redeem(member_id, redeem, at, order_id) if redeem else {}
        paper = Paper(order_id, member_id, [_change(points, at)], by_year)
        self.papers[order_id] = paper
        self.write(paper)
        return paper

    def receive(self, paper: Paper, at: datetime) -> None:
        """Let an order be received; nothing is posted."""
        paper.received_at = at
        self.write(paper)

    def give_back(self, paper: Paper, keeps: int, at: datetime, *, to_restore: int = 0) -> None:
        """Let so much of an order come back that its lot keeps these points; nothing is posted."""
        paper.changes.append(_change(keeps, at, to_restore))
        self.write(paper)

    def bought(self, member_id: str, points: int, paid_at: datetime, received_at: datetime) -> Paper:
        """Let a member have paid for and received an order, all of it posted."""
        paper = self.pay(member_id, points, paid_at)
        self.receive(paper, received_at)
        self.post(paper)
        return paper

    def write(self, paper: Paper) -> None:
        """Write an order's row."""
        stamp = changed(paper.order_id, self.shop.tables.begun_at()) if self.stamps else {}
        self.put(self.orders_table, paper.row() | stamp)

    def post(self, paper: Paper) -> None:
        """Post what an account has not seen of an order."""
        self.shop.accounts.post(paper.facts(), self.shop.policy, Deadline(20))

    def release(self, member_id: str, *papers: Paper, at: datetime) -> list[Entry]:
        """Release those of these orders' lots that are due."""
        return self.shop.accounts.release(
            member_id,
            [paper.order_id for paper in papers],
            at=at,
            policy=self.shop.policy,
            deadline=Deadline(20),
        )

    def expire(self, member_id: str, at: datetime) -> list[Entry]:
        """Write off what has expired of a member's points."""
        return self.shop.accounts.expire(member_id, at=at, policy=self.shop.policy, deadline=Deadline(20))

    def adjust(
        self, member_id: str, points: int, at: datetime, adjustment_id: str, reason: str = "goodwill"
    ) -> Wallet:
        """Credit or debit points by hand."""
        adjustment = Adjustment(adjustment_id=adjustment_id, points=points, reason=reason, operator="clerk")
        return self.shop.accounts.adjust(
            member_id, adjustment, at=at, policy=self.shop.policy, deadline=Deadline(20)
        )

    def redeem(self, member_id: str, points: int, at: datetime, order_id: str) -> dict[str, int]:
        """Redeem points; return how many of each year."""

        def attempt() -> dict[str, int]:
            before = self.wallet(member_id)
            after, entry = ledger.redeem(
                before, points=points, order_id=order_id, occurred_at=at, policy=self.shop.policy
            )
            transaction = self.shop.tables.transaction()
            put_wallet(transaction, self.table, member_id, before=before, after=after, entries=[entry])
            transaction.commit(Deadline(20))
            return {year: -count for year, count in entry.available_delta.items()}

        return until_clear(attempt, Deadline(20))

    def wallet(self, member_id: str) -> Wallet:
        """Return a member's wallet."""
        found = self.shop.accounts.wallet(member_id)
        assert found is not None
        return found

    def balances(self, member_id: str) -> tuple[int, dict[str, int], int]:
        """Return what is frozen, available by year, and owed."""
        wallet = self.wallet(member_id)
        return wallet.frozen, dict(wallet.available), wallet.debt

    def entries(self, member_id: str) -> list[Entry]:
        """Return a member's ledger in posting order."""
        found = map(entry_of, self._rows(member_id, ENTRY))
        return sorted(found, key=lambda entry: entry.number)

    def kinds(self, member_id: str) -> list[str]:
        """Return the kinds of a member's entries in posting order."""
        return [entry.kind.value for entry in self.entries(member_id)]

    def lots(self, member_id: str) -> dict[str, Lot]:
        """Return a member's lots by their orders."""
        return {row["order_id"]: lot_of(row) for row in self._rows(member_id, LOT)}

    def notices(self, member_id: str) -> list[tuple[int, int]]:
        """Return what a member was told of: the year, and the points."""
        return [(row["year"], row["points"]) for row in self._rows(member_id, account_rows.NOTICE)]

    def get(self, item: str, member_id: str) -> Row:
        """Return one of a member's rows."""
        row = self.shop.tables.get(self.table, members.key(member_id, item))
        assert row is not None
        return row

    def put(self, table: str, row: Row) -> None:
        """Put a row, whatever there is."""
        self.shop.tables.client.put_item(TableName=table, Item=to_item(row))

    def tamper(self, member_id: str, item: str, **changes: Any) -> None:
        """Change one of a member's rows by hand."""
        self.put(self.table, self.get(item, member_id) | changes)

    def touch(self, member_id: str, item: str = account_rows.WALLET) -> None:
        """Let one of a member's rows say that the programme has written it now."""
        self.tamper(member_id, item, **changed(member_id, self.shop.tables.begun_at()))

    def delete(self, member_id: str, item: str) -> None:
        """Delete one of a member's rows by hand."""
        self.shop.tables.client.delete_item(TableName=self.table, Key=to_item(members.key(member_id, item)))

    def entry_item(self, member_id: str, number: int) -> str:
        """Return the sort key of a member's entry."""
        (item,) = [row["item"] for row in self._rows(member_id, ENTRY) if row["number"] == number]
        return str(item)

    def check(self, *member_ids: str) -> None:
        """Reckon accounts from their ledgers and, once all is posted, from their orders (E9)."""
        for member_id in member_ids:
            self._check_ledger(member_id)
            self._check_orders(
                member_id, [each for each in self.papers.values() if each.member_id == member_id]
            )

    def _check_ledger(self, member_id: str) -> None:
        wallet, frozen, debt, available = self.wallet(member_id), 0, 0, Counter[str]()
        left: dict[str, int] = {}
        entries = self.entries(member_id)
        assert [entry.number for entry in entries] == list(range(1, wallet.entries + 1))
        for entry in entries:
            frozen, debt = frozen + entry.frozen_delta, debt + entry.debt_delta
            available.update(entry.available_delta)
            left = {year: count for year, count in available.items() if count}
            assert (entry.frozen, entry.debt, dict(entry.available)) == (frozen, debt, left)
            assert min(frozen, debt, *left.values(), 0) == 0
        assert (wallet.frozen, wallet.debt, dict(wallet.available)) == (frozen, debt, left)

    def _check_orders(self, member_id: str, papers: Sequence[Paper]) -> None:
        lots, wallet = self.lots(member_id), self.wallet(member_id)
        assert lots.keys() == {paper.order_id for paper in papers}
        for paper in papers:
            lot, last = lots[paper.order_id], paper.changes[-1]
            seen = (lot.posted, lot.points, lot.effective_fen, lot.restored, lot.release_at)
            says = (len(paper.changes), last.earned_points, last.effective_fen, last.to_restore)
            assert seen == (*says, paper.facts().release_at)
        standing = members.standing_of(self.get(members.STANDING, member_id))
        effective_fen = sum(paper.changes[-1].effective_fen for paper in papers)
        assert standing == qualify(self.shop.policy, ever_paid=bool(papers), effective_fen=effective_fen)
        by_state = Counter[LotState]()
        for lot in lots.values():
            by_state[lot.state] += lot.points
        assert wallet.frozen == by_state[LotState.FROZEN]
        entries = self.entries(member_id)
        moved = {kind: _available(entries, kind) for kind in (EntryKind.ADJUST, EntryKind.EXPIRE)}
        lapsed = sum(entry.lapsed_points for entry in entries if not entry.frozen_delta)
        spent = sum(sum(paper.redeemed_by_year.values()) - paper.changes[-1].to_restore for paper in papers)
        net = sum(wallet.available.values()) - wallet.debt
        assert net == by_state[LotState.RELEASED] + sum(moved.values()) - spent - lapsed

    def _rows(self, member_id: str, prefix: str) -> list[Row]:
        rows: list[Row] = []
        more, after = True, None
        while more:
            page, more = self.shop.tables.query(
                self.table,
                partition=("member_id", member_id),
                prefix=("item", prefix),
                limit=200,
                after=after,
            )
            rows += page
            after = members.key(member_id, page[-1]["item"]) if page else None
        return rows


def _available(entries: Sequence[Entry], kind: EntryKind) -> int:
    """Return by how much entries of a kind change what is available, net of debt."""
    return sum(
        sum(entry.available_delta.values()) - entry.debt_delta for entry in entries if entry.kind is kind
    )


def _change(points: int, at: datetime, to_restore: int = 0) -> OrderChange:
    return OrderChange(
        at=at, effective_fen=points * 100, earned_points=points, paid_fen=points * 100, to_restore=to_restore
    )


def put_rows(tables: Tables, table: str, rows: Sequence[Row]) -> None:
    """Put many rows."""
    for start in range(0, len(rows), ROWS_AT_ONCE):
        puts: list[Any] = [
            {"PutRequest": {"Item": to_item(row)}} for row in rows[start : start + ROWS_AT_ONCE]
        ]
        tables.client.batch_write_item(RequestItems={table: puts})


class Died(BaseException):
    """A worker was killed: nothing of it can catch this."""


@dataclass
class Life:
    """How many steps a worker still has; a step is a call to the database or a message put."""

    left: int
    over: bool = False

    def step(self) -> None:
        """Take a step."""
        if self.left <= 0:
            self.over = True
            raise Died
        self.left -= 1


@dataclass
class Message:
    """A message of the queue."""

    body: str
    delay_seconds: int
    receives: int = 0

    @property
    def task(self) -> Task:
        """What it says."""
        return Task.from_body(self.body)


@dataclass
class Box:
    """An SQS queue in memory, with its failure queue."""

    waiting: list[Message] = field(default_factory=list)
    dead: list[Message] = field(default_factory=list)
    put: list[Message] = field(default_factory=list)
    first: list[Message] = field(default_factory=list)
    life: Life | None = None

    def step(self, _: object = None) -> None:
        """Take a step of whoever works, if they are mortal."""
        if self.life is not None:
            self.life.step()

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> None:
        """Take a message, as boto3's client does."""
        self.step()
        message = Message(MessageBody, DelaySeconds)
        self.put.append(message)
        self.waiting.append(message)

    @property
    def queue(self) -> WorkQueue:
        """The queue as the functions have it."""
        return WorkQueue(cast("SQSClient", self), "work")


@dataclass
class Hurried(Context):
    """The context of an invocation whose time is up after so many looks at the clock."""

    looks: int = 0


class Looks(Deadline):
    """The deadline of an invocation, which is over after so many looks where that is :class:`Hurried`."""

    def __init__(self, looks: int) -> None:
        super().__init__(20)
        self._looks = looks

    @classmethod
    def of(cls, context: Any) -> Deadline:
        """Return the deadline of an invocation."""
        return cls(context.looks) if isinstance(context, Hurried) else Deadline.of(context)

    def seconds_left(self) -> float:
        """Look at the clock."""
        self._looks -= 1
        return super().seconds_left() if self._looks >= 0 else 0.0


@dataclass
class Workers:
    """The functions of the points' jobs, and the queue between them.

    With ``looks_first`` shards with nothing due have no task, as a schedule starts it.
    """

    shop: Shop
    box: Box = field(default_factory=Box)
    looks_first: bool = True
    receives_max: int = RECEIVES_MAX

    @property
    def runs(self) -> Runs:
        """How far the jobs' runs have come."""
        return Runs(self.shop.tables, self.shop.settings.reports_table)

    def start(self, job: str, at: datetime) -> int:
        """Start a job as its schedule does; return how many tasks that is."""

        def idle(task: Task) -> bool:
            return self.looks_first and jobs.idle(task, self.shards.accounts, self.shop.policy)

        starter = Starter(self.box.queue, self.runs, self.tasks, lambda: at, idle=idle)
        tasks = starter({"job": job}, Context())["tasks"]
        self.box.first = self.box.put[len(self.box.put) - tasks :]
        return tasks

    def tasks(self, job: str, at: datetime) -> list[Task]:
        """Return the tasks of a job that starts at a moment."""
        return schedule.tasks(job, at, self.shop.policy, self.shards)

    @property
    def shards(self) -> Shards:
        """Where an audit finds what it looks at."""
        tables, settings = self.shop.tables, self.shop.settings
        accounts = Accounts(tables, settings.members_table, settings.orders_table)
        return Shards(accounts, Reports(tables, settings.reports_table), self.shop.policy)

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        return Worker(self.shop.tables, self.shop.settings, self.box.queue, self.shop.policy)

    def run(
        self,
        *,
        copies: int = 1,
        chance: random.Random | None = None,
        threads: int = 1,
        looks: Callable[[], int] | None = None,
        delayed: bool = True,
    ) -> list[Task]:
        """Deliver what waits until nothing does; return what ended on the failure queue.

        Parameters
        ----------
        copies
            How often each message is delivered.
        chance
            Shuffles what waits.
        looks
            How many looks at the clock each invocation has; without it there is time enough.
        delayed
            Whether messages that were put with a delay are delivered too, once nothing else waits.
        """
        dead, delivered, extra = len(self.box.dead), 0, 0
        with ThreadPoolExecutor(threads) as pool:
            while batch := self._ready(delayed):
                if chance is not None:
                    chance.shuffle(batch)
                delivered += len(batch)
                assert delivered < DELIVERIES_MAX, "the tasks come to no end"

                def deliver(message: Message) -> None:
                    nonlocal extra
                    more = copies - 1 if extra < EXTRA_COPIES_MAX else 0
                    extra += more
                    done = [self._deliver(message, looks) for _ in range(1 + more)]
                    if not any(done):
                        message.receives += 1
                        again = message.receives < self.receives_max
                        (self.box.waiting if again else self.box.dead).append(message)

                if threads == 1:
                    for message in batch:
                        deliver(message)
                else:
                    list(pool.map(deliver, batch))
        return [message.task for message in self.box.dead[dead:]]

    def do(self, job: str, at: datetime, **how: Any) -> list[Task]:
        """Start a job and let its tasks be worked off; return those that ended on the failure queue."""
        self.start(job, at)
        return self.run(**how)

    def redrive(self) -> None:
        """Put what is on the failure queue back."""
        self.box.waiting += [replace(message, receives=0) for message in self.box.dead]
        self.box.dead.clear()

    def _ready(self, delayed: bool) -> list[Message]:
        now = [message for message in self.box.waiting if not message.delay_seconds]
        batch = now or (list(self.box.waiting) if delayed else [])
        for message in batch:
            self.box.waiting.remove(message)
        return batch

    def _deliver(self, message: Message, looks: Callable[[], int] | None) -> bool:
        """Deliver one message; return whether it was worked off."""
        event = {
            "Records": [
                {"messageId": "1", "receiptHandle": "1", "eventSource": "aws:sqs", "body": message.body}
            ]
        }
        context = Context(remaining_ms=25_000) if looks is None else Hurried(looks=looks())
        try:
            return not self.worker()(event, context)["batchItemFailures"]
        except (BatchError, Died):
            return False


@contextmanager
def mortal(client: "DynamoDBClient", box: Box, steps: int) -> Iterator[Life]:
    """Let whoever works die after so many steps, before the call or message that would follow."""
    life = Life(steps)

    def before_send(**_: Any) -> None:
        life.step()

    box.life = life
    client.meta.events.register("before-send.dynamodb.*", before_send)
    try:
        yield life
    finally:
        client.meta.events.unregister("before-send.dynamodb.*", before_send)
        box.life = None


OPERATIONS = ("TransactWriteItems", "BatchGetItem", "GetItem", "Query", "PutItem", "Scan", "UpdateItem")


def strike(calls: Calls, number: int, *faults: Fault, transactions: bool = False) -> Callable[[], str | None]:
    """Let the send after so many from now on, and those that follow of its operation, meet faults.

    Returns what tells which operation was struck, None if it did not come to that.

    Parameters
    ----------
    transactions
        Only sends of transactions count.
    """
    counted_sends, struck = [0], list[str]()

    def watching(operation: str) -> Callable[[], None]:
        def act() -> None:
            if counted_sends[0] == number and not struck:
                struck.append(operation)
                calls.faults[operation] = deque(faults)
            else:
                counted_sends[0] += 1
                calls.meanwhile[operation] = act

        return act

    for operation in OPERATIONS[:1] if transactions else OPERATIONS:
        calls.meanwhile[operation] = watching(operation)
    return lambda: struck[0] if struck else None


def calm(calls: Calls) -> None:
    """Take back what :func:`strike` has left behind."""
    calls.meanwhile.clear()
    calls.faults.clear()


@contextmanager
def counted(client: "DynamoDBClient") -> Iterator[Counter[str]]:
    """Count the rows that a client reads, by operation."""
    read = Counter[str]()

    def note(parsed: Mapping[str, Any], model: Any, **_: Any) -> None:
        if model.name in ("Query", "Scan"):
            read[model.name] += parsed["ScannedCount"]
        elif model.name == "BatchGetItem":
            read[model.name] += sum(map(len, parsed["Responses"].values()))
        elif model.name == "GetItem":
            read[model.name] += 1

    client.meta.events.register("after-call.dynamodb.*", note)
    try:
        yield read
    finally:
        client.meta.events.unregister("after-call.dynamodb.*", note)
