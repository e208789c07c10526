"""The two passes of the audit: what each of them finds, and what is owed by either (E9, Z3)."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import pytest

from benchmarks.usage import counted
from functions.domain.policy import Policy
from functions.platform.dynamo import Row, Tables, to_item
from functions.platform.observability import metrics
from functions.platform.settings import Settings
from functions.points import passes, shards
from functions.points.account_rows import WALLET
from functions.points.audit import Liability, What
from functions.points.passes import BASE_AGE_MAX, DIFFERED, AuditKind
from functions.points.reports import Report, Reports
from functions.points.timetable import AUDIT_CHANGES, AUDIT_POINTS, EXPIRE_POINTS, RELEASE_POINTS
from functions.tiers import members
from tests.support.faults import Calls
from tests.support.points import Points, Workers, mortal, store
from tests.support.shop import Shop
from tests.support.tampering import DUE, TAMPERINGS, settled

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FIRST = store(2026, 7, 5, 2)
"""When the first audit is, of everything."""


@dataclass
class Clock:
    """The clock of whoever writes."""

    now: datetime = DUE + 5 * DAY

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The time, which stands."""
    return Clock()


@pytest.fixture
def shop(rows: Tables, settings: Settings, policy: Policy, clock: Clock) -> Shop:
    """An empty shop whose writes are of the clock's time."""
    return Shop(replace(rows, begun_at=clock), settings, policy)


@pytest.fixture
def points(shop: Shop) -> Points:
    """Accounts with orders on paper."""
    return Points(shop)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let an audit have few shards and small pages, and nothing be counted."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    monkeypatch.setattr(shards, "PAGE_ROWS", 2)
    monkeypatch.setattr(shards, "SMALL_ROWS", 3)
    monkeypatch.setattr("functions.platform.changes.CHANGED_SHARDS", 2)
    monkeypatch.setattr(passes, "CHANGED_SHARDS", 2)
    for work in passes.SEGMENTS:
        monkeypatch.setitem(passes.SEGMENTS, work, 2)
    return iter(())


@dataclass
class Audits:
    """The audits of a world, one after the other."""

    points: Points
    clock: Clock
    workers: Workers
    reports: Reports

    def run(self, job: str, at: datetime, **how: Any) -> set[tuple[str, str, str | None]]:
        """Let an audit run at a moment; return of which members and orders it lists which differences."""
        self.start(job, at)
        return self.end(**how)

    def start(self, job: str, at: datetime) -> None:
        """Start an audit."""
        self.clock.now = at
        self.workers.start(job, at)

    def end(self, **how: Any) -> set[tuple[str, str, str | None]]:
        """Work an audit off."""
        assert self.workers.run(**how) == []
        assert self.report.as_of == self.clock.now
        return self.listed()

    def listed(self) -> set[tuple[str, str, str | None]]:
        """Return what the last report lists."""
        listed, after = self.reports.differences(self.report.as_of, limit=500, after=None)
        assert after is None
        assert self.report.differences == len(listed)
        return {(each.member_id, each.what, each.order_id) for each in listed}

    @property
    def report(self) -> Report:
        """The last report."""
        report = self.reports.last()
        assert report is not None
        return report

    def owed(self, *names: str) -> Liability:
        """Return what is owed now, summed over the wallets."""
        total = Liability()
        for name in names:
            total += Liability.of(self.points.wallet(name))
        return total.usable(self.points.shop.policy, self.clock.now)


@pytest.fixture
def audits(shop: Shop, points: Points, clock: Clock) -> Audits:
    """The audits."""
    return Audits(points, clock, Workers(shop), Reports(shop.tables, shop.settings.reports_table))


def test_the_first_audit_of_changes_is_one_of_everything_and_goes_on_from_it_afterwards(
    points: Points, audits: Audits
) -> None:
    settled(points, "alice")
    assert audits.run(AUDIT_CHANGES, FIRST) == set()
    assert (audits.report.kind, audits.report.accounts, audits.report.orders) == (AuditKind.FULL, 1, 3)
    assert audits.run(AUDIT_CHANGES, FIRST + DAY) == set()
    assert (audits.report.kind, audits.report.accounts, audits.report.orders) == (AuditKind.INCREMENTAL, 0, 0)
    settled(points, "bob")
    assert audits.run(AUDIT_CHANGES, FIRST + 2 * DAY) == set()
    assert (audits.report.kind, audits.report.accounts, audits.report.orders) == (AuditKind.INCREMENTAL, 1, 3)
    assert audits.report.liability == audits.owed("alice", "bob")
    assert audits.run(AUDIT_POINTS, FIRST + 3 * DAY) == set()
    assert (audits.report.kind, audits.report.accounts, audits.report.orders) == (AuditKind.FULL, 2, 6)
    assert audits.report.liability == audits.owed("alice", "bob")


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_the_programme_itself_did_wrong_is_found_by_the_next_audit_of_changes(
    points: Points, audits: Audits, tampering: str
) -> None:
    told = TAMPERINGS[tampering]
    settled(points, "bob")
    papers = settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.clock.now = FIRST + HOUR
    told.act(points, "alice", papers)
    gone = points.shop.tables.get(points.table, members.key("alice", WALLET)) is None
    points.touch("alice", members.STANDING if gone else WALLET)
    for paper in papers:
        points.write(paper)
    expected = expected_of(points, tampering)
    assert audits.run(AUDIT_CHANGES, FIRST + DAY) == expected
    assert (audits.report.kind, audits.report.accounts) == (AuditKind.INCREMENTAL, 0 if gone else 1)
    assert audits.run(AUDIT_POINTS, FIRST + DAY + HOUR) == expected


@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_what_was_changed_by_hand_is_found_by_the_audit_of_everything_and_stays_found(
    points: Points, audits: Audits, tampering: str
) -> None:
    told = TAMPERINGS[tampering]
    settled(points, "bob")
    papers = settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    points.stamps = False
    told.act(points, "alice", papers)
    assert audits.run(AUDIT_CHANGES, FIRST + DAY) == set()
    expected = expected_of(points, tampering)
    assert audits.run(AUDIT_POINTS, FIRST + 2 * DAY) == expected
    assert audits.run(AUDIT_CHANGES, FIRST + 3 * DAY) == expected
    assert audits.report.kind is AuditKind.INCREMENTAL


def expected_of(points: Points, tampering: str) -> set[tuple[str, str, str | None]]:
    """Return what an audit has to list of alice."""
    told = TAMPERINGS[tampering]
    orders = [paper.order_id for paper in points.papers.values() if paper.member_id == "alice"]
    order_id = None if told.order is None else orders[told.order]
    return {("alice", what, order_id if what == "posting" else None) for what in told.whats}


def test_every_kind_of_difference_is_among_what_is_planted() -> None:
    planted = {what for each in TAMPERINGS.values() for what in each.whats}
    assert planted == set(get_args(What))


def test_what_differed_is_looked_at_until_it_fits_also_when_it_is_mended_without_a_trace(
    points: Points, audits: Audits
) -> None:
    papers = settled(points, "alice")
    settled(points, "bob")
    standing = points.get(members.STANDING, "alice")
    points.tamper("alice", members.STANDING, tier="J5")
    points.receive(papers[2], DUE)
    both = {("alice", "standing", None), ("alice", "posting", papers[2].order_id)}
    assert audits.run(AUDIT_POINTS, FIRST) == both
    for day in (2, 4):
        assert audits.run(AUDIT_CHANGES, FIRST + day * DAY) == both
    points.put(points.table, standing)
    assert audits.run(AUDIT_CHANGES, FIRST + 6 * DAY) == {("alice", "posting", papers[2].order_id)}
    points.post(papers[2])
    assert audits.run(AUDIT_CHANGES, FIRST + 8 * DAY) == {("alice", "overdue", None)}
    Workers(points.shop).do(RELEASE_POINTS, FIRST + 8 * DAY)
    assert audits.run(AUDIT_CHANGES, FIRST + 9 * DAY) == set()


@pytest.mark.parametrize("overdue", [RELEASE_POINTS, EXPIRE_POINTS])
def test_what_no_job_has_worked_off_is_found_though_nothing_has_changed(
    points: Points, audits: Audits, overdue: str
) -> None:
    first, late = FIRST, FIRST + 2 * DAY
    points.join("alice", "bob")
    if overdue == RELEASE_POINTS:
        points.bought("alice", 100, first - 5 * DAY, first - 4 * DAY)
        late = first + 6 * DAY
    else:
        points.adjust("alice", 100, store(2025, 7, 1), "gift")
        first, late = store(2026, 12, 30), store(2027, 1, 4)
    assert audits.run(AUDIT_POINTS, first) == set()
    for day in range(1, (late - first).days):
        assert audits.run(AUDIT_CHANGES, first + day * DAY) == set()
    assert audits.run(AUDIT_CHANGES, late) == {("alice", "overdue", None)}
    assert Workers(points.shop).do(overdue, late) == []
    assert audits.run(AUDIT_CHANGES, late + DAY) == set()
    assert audits.report.liability == audits.owed("alice", "bob")


def test_E5_what_expires_leaves_what_is_owed_though_no_row_has_changed(
    points: Points, audits: Audits
) -> None:
    points.join("alice", "bob")
    points.adjust("alice", 100, store(2025, 7, 1), "of-2025")
    points.adjust("bob", 7, store(2026, 7, 1), "of-2026")
    audits.run(AUDIT_POINTS, store(2026, 12, 31, 23, 59, 58))
    assert audits.report.liability.available == {"2025": 100, "2026": 7}
    audits.run(AUDIT_CHANGES, store(2026, 12, 31, 23, 59, 59))
    assert audits.report.liability.available == {"2025": 100, "2026": 7}
    audits.run(AUDIT_CHANGES, store(2027, 1, 1))
    assert (audits.report.kind, audits.report.liability.available) == (AuditKind.INCREMENTAL, {"2026": 7})
    Workers(points.shop).do(EXPIRE_POINTS, store(2027, 1, 1))
    for job in (AUDIT_CHANGES, AUDIT_POINTS):
        audits.run(job, store(2027, 1, 2))
        assert audits.report.liability == audits.owed("alice", "bob")


def lived(points: Points, audits: Audits, chance: random.Random, names: list[str], at: datetime) -> None:
    """Let a member's account change by what the programme does."""
    audits.clock.now = at
    name = chance.choice(names)
    what = chance.choice(["buy", "buy", "adjust", "receive", "release", "join"])
    own = [paper for paper in points.papers.values() if paper.member_id == name]
    if what == "join":
        names.append(f"m{len(names)}")
        points.join(names[-1])
    elif what == "adjust":
        points.adjust(name, chance.randrange(1, 50), at, f"adjustment-{at.isoformat()}")
    elif what == "buy":
        points.post(points.pay(name, chance.randrange(400), at))
    elif what == "receive" and own and own[-1].received_at is None:
        points.receive(own[-1], at)
        points.post(own[-1])
    elif own:
        points.release(name, *own, at=at)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_owed_is_the_sum_over_the_wallets_by_whichever_pass_whoever_dies_or_comes_twice(
    points: Points, audits: Audits, client: "DynamoDBClient", seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    names, at = ["m0"], FIRST
    points.join("m0")
    audits.workers.receives_max = 20
    kinds = list[AuditKind]()
    for _ in range(12):
        for _ in range(chance.randrange(6)):
            at += chance.randrange(1, 5) * HOUR
            lived(points, audits, chance, names, at)
        at += HOUR
        job = chance.choice([AUDIT_CHANGES, AUDIT_CHANGES, AUDIT_POINTS])
        audits.start(job, at)
        how = chance.choice(["dies", "never ends", "comes twice"])
        if how == "dies":
            waiting = audits.workers.box.waiting
            some = chance.sample(waiting, min(3, len(waiting)))
            for message in some:
                with mortal(client, audits.workers.box, chance.randrange(6)):
                    if audits.workers._deliver(message, None):
                        audits.workers.box.waiting.remove(message)
        elif how == "never ends" and kinds:
            chance.shuffle(audits.workers.box.waiting)
            del audits.workers.box.waiting[: chance.randrange(1, 5)]
            audits.workers.run(chance=chance)
            audits.workers.box.waiting.clear()
            continue
        found = audits.end(copies=2 if how == "comes twice" else 1, chance=chance)
        kinds.append(audits.report.kind)
        assert {what for _, what, _ in found} <= {"overdue"}
        assert audits.report.liability == audits.owed(*names), (seed, how, job)
    assert {AuditKind.FULL, AuditKind.INCREMENTAL} <= set(kinds)


def test_case_34_an_audit_of_changes_whose_worker_dies_at_any_step_ends_the_same(
    points: Points, audits: Audits, client: "DynamoDBClient"
) -> None:
    names = [f"m{n}" for n in range(4)]
    points.join(*names)
    audits.run(AUDIT_POINTS, FIRST)
    audits.workers.receives_max = 20
    steps, died, at = 0, True, FIRST
    while died:
        at += DAY
        audits.clock.now = at - HOUR
        for name in names:
            points.post(points.pay(name, 10, at - HOUR))
        never = points.pay("m0", 77, at - HOUR)
        audits.start(AUDIT_CHANGES, at)
        died = False
        for message in audits.workers.box.waiting[:]:
            with mortal(client, audits.workers.box, steps) as life:
                if audits.workers._deliver(message, None):
                    audits.workers.box.waiting.remove(message)
            died = died or life.over
        assert audits.end() == {("m0", "posting", never.order_id)}
        assert audits.report.liability == audits.owed(*names)
        points.post(never)
        steps += 1
    assert steps > 6


def test_an_audit_that_never_ended_is_none_to_go_on_from(points: Points, audits: Audits) -> None:
    settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.clock.now = FIRST + HOUR
    never = points.pay("alice", 77, FIRST)
    audits.start(AUDIT_CHANGES, FIRST + DAY)
    del audits.workers.box.waiting[0]
    audits.workers.run()
    assert audits.report.as_of == FIRST
    assert audits.run(AUDIT_CHANGES, FIRST + 2 * DAY) == {("alice", "posting", never.order_id)}


@pytest.mark.parametrize(
    ("before", "seen"),
    [(timedelta(0), True), (15 * MINUTE, True), (15 * MINUTE + SECOND, False), (-HOUR, True)],
)
def test_a_change_is_looked_at_from_a_quarter_of_an_hour_before_the_last_audit_on(
    points: Points, audits: Audits, before: timedelta, seen: bool
) -> None:
    settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.clock.now = FIRST - before
    never = points.pay("alice", 77, FIRST)  # by a clock that is behind, or a worker that was slow
    found = audits.run(AUDIT_CHANGES, FIRST + DAY)
    assert found == ({("alice", "posting", never.order_id)} if seen else set())


@pytest.mark.parametrize(
    ("later", "kind"),
    [
        (timedelta(0), AuditKind.INCREMENTAL),
        (BASE_AGE_MAX, AuditKind.INCREMENTAL),
        (BASE_AGE_MAX + SECOND, AuditKind.FULL),
        (-SECOND, AuditKind.FULL),
    ],
)
def test_a_last_audit_of_long_ago_or_of_the_future_is_none_to_go_on_from(
    points: Points, audits: Audits, later: timedelta, kind: AuditKind
) -> None:
    points.join("alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.start(AUDIT_CHANGES, FIRST + later)
    works = {message.task.work for message in audits.workers.box.waiting}
    assert (DIFFERED in works) is (kind is AuditKind.INCREMENTAL)


def test_each_day_since_the_last_audit_is_looked_at(points: Points, audits: Audits) -> None:
    audits.run(AUDIT_POINTS, FIRST)
    never = set()
    for day in range(9):
        audits.clock.now = FIRST + day * DAY + HOUR
        points.join(f"m{day}")
        never.add((f"m{day}", "posting", points.pay(f"m{day}", 7, FIRST).order_id))
    assert audits.run(AUDIT_CHANGES, FIRST + 9 * DAY) == never
    assert audits.report.accounts == 9


def test_orders_that_change_while_the_audit_of_changes_runs_are_no_differences(
    points: Points, audits: Audits, calls: Calls
) -> None:
    papers = settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.clock.now = FIRST + HOUR
    points.receive(papers[2], FIRST)
    points.post(papers[2])
    changes = list[int]()

    def change() -> None:
        changes.append(len(changes))
        points.give_back(papers[0], 90 - len(changes), FIRST + DAY)
        points.post(papers[0])
        if len(changes) < 6:
            calls.do_before("Query" if len(changes) % 2 else "BatchGetItem", change)

    audits.start(AUDIT_CHANGES, FIRST + 4 * HOUR)
    calls.do_before("Query", change)
    assert audits.end() == set()
    assert len(changes) == 6
    assert audits.run(AUDIT_CHANGES, FIRST + 2 * DAY) == set()
    assert audits.report.liability == audits.owed("alice")


@pytest.mark.parametrize(
    "spoilt", ["a row is gone", "a row says less", "a sum is gone", "an account is gone"]
)
def test_sums_that_were_spoilt_by_hand_are_begun_anew_by_a_full_pass(
    points: Points, audits: Audits, spoilt: str
) -> None:
    settled(points, "alice")
    settled(points, "bob")
    audits.run(AUDIT_POINTS, FIRST)
    table, client = points.shop.settings.reports_table, points.shop.tables.client
    if spoilt == "an account is gone":
        for row in _rows_of(client, points.table):
            if row["member_id"]["S"] == "bob":
                client.delete_item(TableName=points.table, Key={k: row[k] for k in ("member_id", "item")})
        for row in _rows_of(client, points.orders_table):
            if row["member_id"]["S"] == "bob":
                client.delete_item(
                    TableName=points.orders_table, Key={k: row[k] for k in ("order_id", "item")}
                )
    else:
        wanted = "SUM#" if spoilt == "a sum is gone" else "AUDITED"
        row = next(each for each in _rows_of(client, table) if each["item"]["S"].startswith(wanted))
        if spoilt == "a row says less":
            client.put_item(TableName=table, Item=row | to_item({"frozen": 1}))
        else:
            client.delete_item(TableName=table, Key={k: row[k] for k in ("report", "item")})
    left = ["alice"] if spoilt == "an account is gone" else ["alice", "bob"]
    expected = audits.owed(*left)
    assert audits.run(AUDIT_POINTS, FIRST + DAY) == set()
    assert audits.report.liability == expected
    kinds = []
    for day in (2, 3):
        audits.run(AUDIT_CHANGES, FIRST + day * DAY)
        kinds.append(audits.report.kind)
        assert audits.report.liability == expected
    assert kinds == [AuditKind.FULL, AuditKind.INCREMENTAL]


def _rows_of(client: "DynamoDBClient", table: str) -> list[Any]:
    return client.scan(TableName=table)["Items"]


def test_the_cost_of_an_audit_of_changes_follows_what_has_changed(
    points: Points, audits: Audits, calls: Calls
) -> None:
    audits.run(AUDIT_POINTS, FIRST)
    costs = list[list[str]]()
    for day, others in ((4, 0), (8, 20)):
        audits.clock.now = FIRST + (day - 2) * DAY
        points.join(*[f"other-{day}-{n}" for n in range(others)])
        audits.run(AUDIT_POINTS, FIRST + day * DAY)
        audits.clock.now = FIRST + day * DAY + 2 * HOUR
        for name in ("x", "y", "z"):
            settled(points, f"{name}{day}")
        sent = len(calls.sent)
        audits.run(AUDIT_CHANGES, FIRST + day * DAY + 4 * HOUR)
        costs.append(sorted(calls.sent[sent:]))
        assert audits.report.accounts == 3
    assert abs(len(costs[1]) - len(costs[0])) <= 4, "names fall into other shards"


def test_the_second_change_of_a_day_costs_the_index_nothing_and_the_first_of_another_two_units(
    points: Points, audits: Audits, client: "DynamoDBClient"
) -> None:
    points.join("alice")
    points.adjust("alice", 1, FIRST, "first")
    units = []
    for number, at in enumerate((FIRST, FIRST + HOUR, FIRST + 2 * DAY)):
        audits.clock.now = at
        with counted(client) as usage:
            points.adjust("alice", 1, FIRST, f"next-{number}")
        units.append(usage.write_units)
    assert units[1] + 2 == units[2]


def test_rows_of_before_that_say_nothing_of_a_change_are_those_of_the_audit_of_everything(
    points: Points, audits: Audits
) -> None:
    papers = settled(points, "alice")
    for name, table, key in (
        (WALLET, points.table, members.key("alice", WALLET)),
        *(("ORDER", points.orders_table, {"order_id": each.order_id, "item": "ORDER"}) for each in papers),
    ):
        row = points.shop.tables.get(table, key)
        assert row is not None, name
        points.put(table, _without_stamp(row))
    points.shop.tables.put(
        points.shop.settings.reports_table,
        {
            "report": "points",
            "item": "LAST",
            "as_of": "2026-07-04T18:00:00Z",
            "liability": {"wallets": 1, "available": {}, "frozen": 0, "debt": 0},
            "checked": {"audit-accounts": 1, "audit-orders": 3},
            "differences": 0,
        },
    )
    before = audits.report
    assert (before.kind, before.accounts, before.sums_fit) == (AuditKind.FULL, 1, False)
    assert audits.run(AUDIT_CHANGES, FIRST + DAY) == set()
    assert (audits.report.kind, audits.report.liability) == (AuditKind.FULL, audits.owed("alice"))
    audits.clock.now += HOUR
    points.receive(papers[2], FIRST)
    points.post(papers[2])
    audits.run(AUDIT_CHANGES, FIRST + 2 * DAY)
    assert (audits.report.kind, audits.report.accounts, audits.report.orders) == (AuditKind.INCREMENTAL, 1, 1)


def _without_stamp(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in ("changed_at", "changed_shard")}


def test_an_audit_has_tasks_only_where_there_is_something_to_look_at(
    points: Points, audits: Audits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def works() -> list[str]:
        return [message.task.work for message in audits.workers.box.waiting]

    papers = settled(points, "alice")  # three orders
    with monkeypatch.context() as usual:
        usual.setattr(shards, "SMALL_ROWS", 10_000)
        audits.start(AUDIT_POINTS, FIRST)
        assert works() == [passes.AUDIT_ACCOUNTS, passes.AUDIT_ORDERS]  # small tables are one segment each
        assert audits.end() == set()
    assert (audits.report.accounts, audits.report.orders) == (1, 3)
    audits.start(AUDIT_POINTS, FIRST + DAY)
    assert works() == [passes.AUDIT_ACCOUNTS, passes.AUDIT_ACCOUNTS, passes.AUDIT_ORDERS, passes.AUDIT_ORDERS]
    assert audits.end() == set()
    assert (audits.report.accounts, audits.report.orders) == (1, 3)
    audits.start(AUDIT_CHANGES, FIRST + 2 * DAY)
    assert works() == [DIFFERED]
    assert audits.end() == set()
    points.write(papers[0])
    audits.start(AUDIT_CHANGES, FIRST + 3 * DAY)
    assert works() == [passes.CHANGED_ORDERS, DIFFERED]
    assert audits.end() == set()
    assert (audits.report.accounts, audits.report.orders) == (0, 1)


def test_what_changes_in_a_shard_that_was_left_out_is_looked_at_by_the_next_audit(
    points: Points, audits: Audits
) -> None:
    settled(points, "alice")
    audits.run(AUDIT_POINTS, FIRST)
    audits.start(AUDIT_CHANGES, FIRST + 2 * DAY)
    missed = points.pay("alice", 77, FIRST + 2 * DAY)  # written in the same second, and never posted
    assert audits.end() == set()
    assert audits.run(AUDIT_CHANGES, FIRST + 3 * DAY) == {("alice", "posting", missed.order_id)}
