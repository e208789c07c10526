"""The world: a programme in several lanes, its streams and queues, and everything that was answered."""

import json
import logging
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any
from unittest.mock import patch

from greenlet import getcurrent

from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.policy import load
from functions.offers.timetable import END_CAMPAIGNS, OPEN_MEMBER_DAY
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform.batches import BatchError
from functions.platform.observability import metrics
from functions.points import passes
from functions.points.timetable import EXPIRE_POINTS, RELEASE_POINTS, REPLAY_POINTS
from tests.simulation import lanes
from tests.simulation.calls import CALLS
from tests.simulation.cloud import Cloud, Listener
from tests.simulation.faults import Crash, Faults
from tests.simulation.programme import API_SECONDS, JOB_SECONDS, Programme
from tests.simulation.readers import READERS
from tests.simulation.script import Op, Step, Violation
from tests.simulation.shelves import STOCK, sku_of
from tests.simulation.virtual import Time
from tests.support.events import Answer, Call
from tests.support.threads import InLine

Json = dict[str, Any]
START = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)
POLICY = load()
BATCH_MAX = 20
TOLD_ONCE = {"CampaignExhausted": ("occurred_at",)}
"""What may differ in events of a type: of what can be so again, one telling is enough."""
ROUNDS_MAX = 400


@dataclass(frozen=True)
class Outcome:
    """What came of an operation: the answer, or None where the invocation was over before one."""

    op: Op
    started: datetime
    ended: datetime
    answer: Answer | None
    step: int
    alone: bool

    @property
    def unknown(self) -> bool:
        """Whether it may or may not have happened."""
        return self.answer is None or self.answer.status >= 500


@dataclass
class Message:
    """A message of a queue."""

    queue: str
    body: str
    delayed: bool


@dataclass
class World:
    """One world, from its beginning on."""

    listener: Listener | None = None
    time: Time = field(default_factory=lambda: Time(START))
    faults: Faults = field(default_factory=Faults)
    done: Counter[str] = field(default_factory=Counter)
    """The invocations of steps with faults, by what they were for."""
    at_rest: Counter[str] = field(default_factory=Counter)
    """All others."""
    failed: Counter[str] = field(default_factory=Counter)
    """How invocations ended that AWS makes again."""
    lost: set[str] = field(default_factory=set)
    """The consumers that records were lost for."""
    steps: int = 0

    def __post_init__(self) -> None:
        self.ends_at: dict[object, float] = {}
        self.cloud = Cloud(self.time, self.faults, self._pause, self.listener)
        self._lanes = [Programme(self.cloud, POLICY) for _ in range(lanes.LANES_MAX)]
        self._chance = random.Random(0)  # noqa: S311 - a simulation
        self._alone = False
        self._seen = 0
        self._sent = 0
        self.pending: dict[str, list[Json]] = defaultdict(list)
        self.past: dict[str, list[Json]] = defaultdict(list)
        self.queue: list[Message] = []

    def run(self, step: Step) -> list[Outcome]:
        """Do a step; return what came of each operation that is a request."""
        self.time.move_to(step.moment)
        random.seed(step.seed)
        self._chance.seed(step.seed)
        self.faults.begin(step.faults, step.seed, step.meets)
        prepared = []
        for lane, op in zip(self._lanes[: len(step.ops)], step.ops, strict=True):
            invocation = self._prepared(op, lane)
            if invocation is not None:
                prepared.append(invocation)
                (self.done if step.faults else self.at_rest)[op.do] += 1
        if not prepared:
            return []
        self._alone = len(prepared) == 1 and not (step.faults or step.meets)
        self.steps += 1
        outcomes = [each for each in lanes.run(prepared, self._chance) if each is not None]
        self.cloud.arrive()  # what is late is so by less than a step
        self._feed()
        self.faults.begin(0.0, 0)
        return outcomes

    def ask(self, call: Call) -> Answer:
        """Send a request to which nothing happens; for looking at a world at rest."""
        return self._lanes[0].call(call)

    def stock_of(self, sku: str) -> int:
        """Return what lies of a product in all rows of its stock, beside all calls and faults."""
        rows = self.cloud.rows("Catalog")
        return sum(row["stock"] for row in rows if row["item"] in STOCK and sku_of(row) == sku)

    def settle(self) -> None:
        """Deliver everything that waits, without faults, until nothing does."""
        self.faults.begin(0.0, 0)
        self.cloud.arrive()
        self._feed()
        lane = self._lanes[0]
        for _ in range(ROUNDS_MAX):
            for consumer in list(self.pending):
                self._deliver_all(consumer, lane)
            if not self.queue:
                return
            messages, self.queue = sorted(self.queue, key=lambda each: each.delayed), []
            for message in messages:
                if not lane.work(message.queue, message.body):
                    raise Violation("task refused", f"{message.queue} fails without a fault: {message.body}")
                self.at_rest["work"] += 1
            self._feed()
        raise Violation("never at rest", f"{len(self.queue)} messages go round and round")

    def _deliver_all(self, consumer: str, lane: Programme) -> None:
        while records := self.pending[consumer]:
            batch, self.pending[consumer] = records[:100], records[100:]
            again = lane.deliver(consumer, [each["record"] for each in batch])
            if again:
                raise Violation("record refused", f"{consumer} fails without a fault: {again}")
            self.at_rest["deliver"] += 1
            self._feed()

    def told(self, detail_type: str) -> dict[str, Json]:
        """Return the events of a type that the bus took, by their ids.

        Raises
        ------
        Violation
            An event was told twice with other contents.
        """
        told: dict[str, Json] = {}
        for entry in self.cloud.events:
            if entry["DetailType"] == detail_type:
                event = json.loads(entry["Detail"])
                for name in TOLD_ONCE.get(detail_type, ()):
                    event.pop(name)
                if told.setdefault(event["event_id"], event) != event:
                    raise Violation("event told otherwise", f"{event} and {told[event['event_id']]}")
        return told

    def fire(self, job: str) -> None:
        """Run a job, with all that follows from it, without faults."""
        self._lanes[0].fire(job)
        self.at_rest["fire"] += 1
        self._feed()
        self.settle()

    # What an operation does

    def _prepared(self, op: Op, lane: Programme) -> Callable[[], Outcome | None] | None:
        if op.do in CALLS:
            return partial(self._request, op, lane)
        match op.do:
            case "deliver":
                return self._delivery(op["consumer"], lane)
            case "work":
                return self._task(op["queue"], lane)
            case "fire":
                return partial(self._guarded, lambda: lane.fire(op["job"]))
            case "lose":
                if self.pending[op["consumer"]]:
                    self.lost.add(op["consumer"])
                    self.pending[op["consumer"]].clear()
                return None
        raise ValueError(op.do)

    def _request(self, op: Op, lane: Programme) -> Outcome:
        started = self.time.now()
        try:
            answer = self._within(lambda: lane.call(CALLS[op.do](op)), API_SECONDS)
        except Crash:
            answer = None
        return Outcome(op, started, self.time.now(), answer, self.steps, self._alone)

    def _delivery(self, consumer: str, lane: Programme) -> Callable[[], None] | None:
        """Take records in any order across items and, now and then, within them, some once more."""
        chance = self._chance
        waiting = self.pending[consumer]
        batch = chance.sample(waiting, min(len(waiting), chance.randint(1, BATCH_MAX)))
        if chance.random() < 0.7:
            batch.sort(key=lambda each: each["number"])
        if self.past[consumer] and chance.random() < 0.2:
            batch.append(chance.choice(self.past[consumer]))
        if not batch:
            return None

        def deliver() -> None:
            again = {each["record"]["dynamodb"]["SequenceNumber"] for each in batch}
            with self._may_fail():
                again = set(self._within(lambda: lane.deliver(consumer, [each["record"] for each in batch])))
            failed = [
                place
                for place, each in enumerate(batch)
                if each["record"]["dynamodb"]["SequenceNumber"] in again
            ]
            through = batch[: failed[0]] if failed else batch  # from the first failed one on, all come again
            numbers = {each["number"] for each in through}
            self.pending[consumer] = [
                each for each in self.pending[consumer] if each["number"] not in numbers
            ]
            self.past[consumer] = (self.past[consumer] + through)[-50:]

        return deliver

    def _task(self, queue: str, lane: Programme) -> Callable[[], None] | None:
        """Take a message of a queue; one in ten comes again although it was worked off."""
        waiting = [each for each in self.queue if each.queue == queue]
        if not waiting:
            return None
        message = self._chance.choice(waiting)
        twice = self._chance.random() < 0.1

        def work() -> None:
            worked_off = False
            with self._may_fail():
                worked_off = self._within(lambda: lane.work(queue, message.body))
            if worked_off and not twice and message in self.queue:
                self.queue.remove(message)

        return work

    def _guarded(self, act: Callable[[], Any]) -> None:
        with self._may_fail():
            self._within(act)

    @contextmanager
    def _may_fail(self) -> Iterator[None]:
        """Let an invocation of AWS's fail as it may: it is tried again, or the next run catches up."""
        try:
            yield
        except Crash:
            self.failed["crashed"] += 1
        except BatchError:
            self.failed["some of a batch given back"] += 1
        except Exception:
            if not self.faults.rate:
                raise
            self.failed["an exception"] += 1

    def _within(self, act: Callable[[], Any], seconds: float = JOB_SECONDS) -> Any:
        """Do something in the time that Lambda gives an invocation."""
        here = getcurrent()
        self.cloud.ends_at = self.ends_at[here] = self.time.time() + seconds
        try:
            return act()
        finally:
            del self.ends_at[here]
            self.cloud.ends_at = float("inf")

    def _pause(self) -> None:
        lanes.pause()
        self.cloud.ends_at = self.ends_at.get(getcurrent(), float("inf"))

    def _feed(self) -> None:
        """Hand on what was written and sent since."""
        changes, self._seen = self.cloud.changes[self._seen :], len(self.cloud.changes)
        for number, record in enumerate(changes, self._seen - len(changes)):
            image = record["dynamodb"].get("NewImage")
            if image is None:
                continue
            table = record["eventSourceARN"].split("/")[1]
            for consumer, (of, wanted) in READERS.items():
                if of == table and wanted(image) and _new_enough(consumer, record):
                    self.pending[consumer].append({"number": number, "record": record})
        messages, self._sent = self.cloud.messages[self._sent :], len(self.cloud.messages)
        self.queue += [
            Message(each["QueueUrl"], each["MessageBody"], bool(each.get("DelaySeconds")))
            for each in messages
        ]


def _new_enough(consumer: str, record: Json) -> bool:
    return consumer != "members-publisher" or record["eventName"] == "INSERT"


GUESSES_MAX = 3
HELD_MAX = 6
OVERLAP_MAX, ORDER_OFFERS_MAX, GROUPS_MAX = 7, 4, 3
"""Limits of offers, so low that a small world comes to them (V10, V16)."""
SMALL = {
    "functions.points.jobs": {"LOT_SHARDS": 2, "WALLET_SHARDS": 2, "PAGE_ROWS": 2, "LOTS_PER_RELEASE_MAX": 2},
    "functions.points.account_rows": {"LOT_SHARDS": 2, "WALLET_SHARDS": 2},
    "functions.points.auditor": {"RECHECK_ROWS": 3},
    "functions.points.looks": {"RECHECK_ROWS": 3},
    "functions.points.passes": {"CHANGED_SHARDS": 2},
    "functions.points.shards": {"SCAN_ROWS": 7, "PAGE_ROWS": 2, "SMALL_ROWS": 20},
    "functions.points.replay": {"SCAN_ROWS": 7, "SEGMENTS": 2},
    "functions.platform.changes": {"CHANGED_SHARDS": 2},
    "functions.coupons.jobs": {"BIRTHDAY_SHARDS": 2, "PAGE_ROWS": 2},
    "functions.tiers.members": {"BIRTHDAY_SHARDS": 2},
    "functions.coupons.attempts": {"GUESSES_MAX": GUESSES_MAX},
    "functions.coupons.issuing": {"HELD_MAX": HELD_MAX},
    "functions.coupons.listing": {"READ_MAX": 6, "PAGE_ROWS": 2},
    "functions.offers.counting": {"FIGURE_ROWS": 3},
    "functions.offers.directory": {
        "OVERLAP_MAX": OVERLAP_MAX,
        "ORDER_OFFERS_MAX": ORDER_OFFERS_MAX,
        "GROUPS_MAX": GROUPS_MAX,
    },
    "functions.orders.jobs": {"DUE_SHARDS": 2, "PAGE_ORDERS": 3},
    "functions.counters.keeping": {"ROWS_MAX": 6},
    "functions.counters.heat": {"CONFLICTS_HOT": 1},
    "functions.orders.rows": {"DUE_SHARDS": 2, "STATUS_SHARDS": 2},
    "functions.orders.lists": {"STATUS_SHARDS": 2, "LOOKED_AT_MAX": 12, "STEP_ORDERS": 5},
}
"""Shards and pages so small that a world of a few members has shards of several pages."""
JOBS_AT_REST = (
    LAPSE_UNPAID,
    AUTO_RECEIPT,
    RELEASE_POINTS,
    EXPIRE_POINTS,
    ISSUE_BIRTHDAY_COUPONS,
    OPEN_MEMBER_DAY,
    END_CAMPAIGNS,
)


def bring_to_rest(world: World) -> None:
    """Let all that is under way end, catch up with all jobs, and repair what a lost consumer has left."""
    world.settle()
    if "posting" in world.lost:
        world.fire(REPLAY_POINTS)
    for job in JOBS_AT_REST:
        world.fire(job)
    world.lost.discard("posting")


def _drawn(size: int) -> str:
    """Draw what nobody is to guess, by the seed of the step."""
    return random.randbytes(size).hex()  # noqa: S311 - a simulation


USER_AGENT = "botocore.useragent.UserAgentString.to_string"
"""What the SDK makes anew for every call, and what takes a tenth of one."""


@contextmanager
def simulated(listener: Listener | None = None) -> Iterator[World]:
    """Give a new world; while it lasts, its time rules, and nothing is logged or counted."""
    world = World(listener)
    logging.disable(logging.CRITICAL)
    try:
        with (
            ExitStack() as small,
            patch.dict(passes.SEGMENTS, dict.fromkeys(passes.SEGMENTS, 2)),
            world.time.ruling(),
            patch("functions.orders.lists.ThreadPoolExecutor", InLine),
            patch("functions.platform.fanout.ThreadPoolExecutor", InLine),
            patch("functions.platform.lanes.ThreadPoolExecutor", InLine),
            patch.object(metrics, "add_metric"),
            patch("secrets.token_hex", _drawn),
            patch(USER_AGENT, return_value="simulated"),
        ):
            for module, sizes in SMALL.items():
                for name, size in sizes.items():
                    small.enter_context(patch(f"{module}.{name}", size))
            yield world
    finally:
        logging.disable(logging.NOTSET)
