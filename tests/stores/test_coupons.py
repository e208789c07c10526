"""The issue of birthday coupons under races, faults and dying workers: who is due gets one, once a year."""

import itertools
import random
from collections import Counter, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.coupons import coupons, jobs
from functions.coupons.birthday import Coupon
from functions.coupons.coupons import Coupons, Held
from functions.coupons.eligibility import birthday_coupon
from functions.coupons.queue import Worker
from functions.coupons.stream import Consumer
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain import birthdays
from functions.domain.birthdays import Birthday, CouponYear, Kept, LunarBirthday
from functions.domain.errors import NotFoundError, RefusalError
from functions.domain.lunar import LunarDay
from functions.offers.quotes import CouponUse
from functions.orders import life
from functions.platform.batches import BatchError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, to_item
from functions.platform.fanout import Task
from functions.platform.observability import metrics
from functions.points.account_rows import WALLET
from functions.points.accounts import opening_row
from functions.tiers import members
from functions.tiers.members import BIRTHDAY_SHARDS, MemberStanding, Profile, member_standing_of
from functions.tiers.qualification import Standing, qualify
from tests.support.accounts import hold_tier
from tests.support.events import Context, stream_record
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    SENDS_OF_THE_SDK,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    cancelled,
)
from tests.support.points import Died, Points, Workers, counted, mortal, put_rows, store
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

YEAR, MAY = 2026, 5
MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
FACES_FEN = {"J0": None, "J1": 2_000, "J2": 2_000, "J3": 3_000, "J4": 5_000, "J5": 10_000}
POINTS_TO = {"J1": 100, "J2": 2_000, "J3": 9_000, "J4": 40_000, "J5": 90_000}
"""What an order has to earn that takes its member to a tier: one yuan of E each."""
CONFLICT = cancelled("TransactionConflict", "None")
CUTS = {"reset": RESET_BEFORE, "lost": LOST_AFTER, "error after": SERVER_ERROR_AFTER, "conflict": CONFLICT}
ROUNDS = 25
"""How often threads are let loose on one another."""


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are one object of a process, which real functions do not share between threads."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


def issue_at(month: int, year: int = YEAR) -> datetime:
    """Return when the job runs in a month."""
    return store(year, month, 1, 0, 5)


class CouponWorkers(Workers):
    """The functions of the coupons' job, and the queue between them."""

    def tasks(self, job: str, at: datetime) -> list[Task]:
        """Return the tasks of the job that starts at a moment."""
        return jobs.tasks(job, at)

    def worker(self) -> Callable[..., dict[str, Any]]:
        """Return a new worker."""
        return Worker(self.shop.tables, self.shop.settings, self.box.queue, self.shop.policy)

    def issue(self, at: datetime, **how: Any) -> list[Task]:
        """Run the job that starts at a moment; return the tasks that ended on the failure queue."""
        return self.do(ISSUE_BIRTHDAY_COUPONS, at, **how)


@dataclass
class Programme:
    """Members with birthdays, what they have bought, and the coupons that come of it."""

    shop: Shop
    points: Points = field(init=False)
    workers: CouponWorkers = field(init=False)

    def __post_init__(self) -> None:
        self.points, self.workers = Points(self.shop), CouponWorkers(self.shop)

    @property
    def table(self) -> str:
        """The members' table."""
        return self.shop.settings.members_table

    @property
    def coupons(self) -> Coupons:
        """The coupons' store."""
        return Coupons(self.shop.tables, self.table)

    def hold(self, tier: str, birth_month: int | None, *member_ids: str) -> None:
        """Let there be members of a tier with a month of birth."""
        standing = qualify(
            self.shop.policy, ever_paid=tier != "J0", effective_fen=POINTS_TO.get(tier, 0) * 100
        )
        assert standing.tier == tier
        held = MemberStanding(
            standing=standing, policy_version=self.shop.policy.version, birthday=Kept(solar_month=birth_month)
        )
        put_rows(self.shop.tables, self.table, [members.standing_row(each, held) for each in member_ids])

    def join(self, member_id: str, birthday: Birthday | None = None) -> None:
        """Register somebody, or let them tell their birthday."""
        told = Profile(member_id=member_id, name=member_id, birthday=birthday, phone=None, registered_at=NOON)
        self.shop.members.put_profile(told, self.shop.policy, [opening_row(member_id)], Deadline(20))

    def change_birthday(self, member_id: str, birthday: Birthday, at: datetime = NOON) -> Profile:
        """Let staff change a birthday."""
        return self.shop.members.change_birthday(
            member_id, birthday, reason="typing error", operator="clerk", at=at, deadline=Deadline(20)
        )

    def buy(self, member_id: str, points: int, at: datetime) -> None:
        """Let an order be paid, and posted."""
        self.points.post(self.points.pay(member_id, points, at))

    def use(self, member_id: str, year: int = YEAR, order_id: str = "order-x") -> None:
        """Let an order use a coupon."""
        (coupon,) = [each for each in self.coupons.of_member(member_id) if each.year == CouponYear(year)]
        transaction = self.shop.tables.transaction()
        coupons.use(transaction, self.table, member_id=member_id, coupon=coupon, order_id=order_id)
        transaction.commit(Deadline(20))

    def held(self, member_id: str) -> list[tuple[int, int]]:
        """Return the year and face of each coupon that a member holds."""
        return [(each.year.number, each.face_value_fen) for each in self.coupons.of_member(member_id)]

    def coupon(self, member_id: str) -> Coupon:
        """Return a member's only coupon."""
        (coupon,) = self.coupons.of_member(member_id)
        return coupon

    def row(self, member_id: str) -> Row:
        """Return the row of a member's standing."""
        return self.points.get(members.STANDING, member_id)

    def standing(self, member_id: str) -> MemberStanding:
        """Return a member's standing, with the month of their birthday."""
        return member_standing_of(self.row(member_id))

    def indexed(self, month: int) -> list[str]:
        """Return whom the index of birthdays holds in a month."""
        found: list[str] = []
        for shard in range(BIRTHDAY_SHARDS):
            rows, more = self.coupons.birthdays(date(YEAR, month, 1), shard, limit=1_000, after=None)
            assert not more
            found += [row["member_id"] for row in rows]
        return sorted(found)

    def tell(self, at: datetime, *rows: Row, filtered: bool = True) -> list[str]:
        """Deliver rows of standings as one batch of the stream; return the records to be delivered again.

        The stream's filter lets those through that are in the index of birthdays.
        """
        records = [
            stream_record(row, sequence=number)
            for number, row in enumerate(rows)
            if not filtered or "birthday_shard" in row
        ]
        if not records:
            return []
        consumer = Consumer(self.shop.tables, self.shop.settings, self.shop.policy, lambda: at)
        try:
            failed = consumer({"Records": records}, Context(remaining_ms=25_000))["batchItemFailures"]
        except BatchError:  # all of them failed
            return [str(record["dynamodb"]["SequenceNumber"]) for record in records]
        return [str(each["itemIdentifier"]) for each in failed]

    def tell_of(self, member_id: str, at: datetime) -> None:
        """Deliver a member's standing as it is."""
        assert self.tell(at, self.row(member_id)) == []

    def check_month(self, member_id: str) -> None:
        """Hold a standing's month of birth and its place in the index against the profile."""
        found = self.shop.members.find(member_id, Deadline(20))
        assert found is not None
        profile, standing = found
        month = birthdays.kept(profile.birthday).solar_month
        assert self.standing(member_id).birthday.solar_month == month
        row = self.row(member_id)
        assert ("birthday_shard" in row) == (month is not None and standing.ever_paid)
        if month is not None and standing.ever_paid:
            shard = int(row["birthday_shard"].partition("#")[2])
            found_rows, _ = self.coupons.birthdays(date(YEAR, month, 1), shard, limit=1_000, after=None)
            assert member_id in [each["member_id"] for each in found_rows]


@pytest.fixture
def programme(shop: Shop) -> Programme:
    """A programme without members."""
    return Programme(shop)


def names(count: int, shard: int = 0, prefix: str = "m") -> list[str]:
    """Return names of so many members whose birthdays are in one shard."""
    standing = Standing(tier="J1", ever_paid=True, effective_fen=0)
    held = MemberStanding(standing=standing, policy_version="any", birthday=Kept(solar_month=MAY))
    wanted = members.birthday_shard_name(MAY, shard)
    tried = (f"{prefix}{number}" for number in itertools.count())
    fits = (name for name in tried if members.standing_row(name, held)["birthday_shard"] == wanted)
    return list(itertools.islice(fits, count))


# --- the job (B1, B3) ---


def test_B1_every_member_gets_one_coupon_of_their_tier_in_their_month_and_no_other(
    programme: Programme,
) -> None:
    born = {(tier, month): f"{tier}-{month}" for tier in FACES_FEN for month in range(1, 13)}
    for (tier, month), name in born.items():
        programme.hold(tier, month, name)
    programme.hold("J5", None, "unborn")
    for month in range(1, 13):
        assert programme.workers.issue(issue_at(month)) == []
        for (tier, birth_month), name in born.items():
            face_fen = FACES_FEN[tier] if birth_month <= month else None
            assert programme.held(name) == ([] if face_fen is None else [(YEAR, face_fen)])
    for (tier, month), name in born.items():
        if tier != "J0":
            coupon = programme.coupon(name)
            ends = store(YEAR + month // 12, month % 12 + 1, 1)
            assert (coupon.valid_from, coupon.valid_until) == (store(YEAR, month, 1), ends - SECOND)
            assert (coupon.issued_at, coupon.min_goods_fen) == (issue_at(month), 19_800)
            assert coupon.order_id is None
    assert programme.held("unborn") == []


def test_B3_there_is_one_coupon_in_each_year(programme: Programme) -> None:
    programme.hold("J2", MAY, "alice")
    for year in (2026, 2027, 2028):
        programme.workers.issue(issue_at(MAY, year))
    assert programme.held("alice") == [(2028, 2_000), (2027, 2_000), (2026, 2_000)]
    assert len({each.coupon_id for each in programme.coupons.of_member("alice")}) == 3


def test_B5_an_issued_coupon_is_used_by_its_id_and_comes_back_with_its_cancelled_order(
    programme: Programme,
) -> None:
    shop, table = programme.shop, programme.table
    programme.join("alice", date(1990, MAY, 5))
    hold_tier(shop.tables, table, "alice", "J2", shop.policy)
    assert programme.workers.issue(issue_at(MAY)) == []
    coupon = programme.coupon("alice")
    assert (coupon.face_value_fen, coupon.order_id) == (2_000, None)
    shop.stock("kettle", 2, price_fen=20_000)
    for number in range(2):
        placing = shop.placing("alice", f"k{number}", "kettle")
        cart = replace(placing.cart, coupon=coupon.coupon_id)
        order, _ = shop.checkout.place(replace(placing, cart=cart), Deadline(20))
        assert (order.quote.coupon, programme.coupon("alice").order_id) == (
            CouponUse(coupon_id=coupon.coupon_id, amount_fen=2_000),
            order.order_id,
        )
        shop.book.change(order.order_id, lambda found: life.cancel(found, now=NOON), Deadline(20))
        assert programme.coupon("alice") == coupon


def test_case_35_who_was_born_on_29_february_gets_one_every_february(programme: Programme) -> None:
    programme.join("leap", date(2000, 2, 29))
    programme.buy("leap", 100, store(2026, 1, 15))
    for year, month in itertools.product((2026, 2027, 2028), (1, 2, 3)):
        programme.workers.issue(issue_at(month, year))
    ends = [each.valid_until for each in programme.coupons.of_member("leap")]
    assert ends == [store(year, 3, 1) - SECOND for year in (2028, 2027, 2026)]


def test_B1_a_shard_of_many_pages_is_worked_off_to_its_end(programme: Programme) -> None:
    due = names(2 * jobs.PAGE_ROWS + 1, shard=7)
    programme.hold("J3", MAY, *due)
    assert programme.workers.issue(issue_at(MAY)) == []
    assert {tuple(programme.held(name)) for name in due} == {((YEAR, 3_000),)}
    assert len(programme.workers.box.put) == BIRTHDAY_SHARDS


@pytest.mark.parametrize("month", [1, MAY, 12])
def test_B1_a_run_after_the_month_issues_nothing_for_it(programme: Programme, month: int) -> None:
    programme.hold("J4", month, "alice")
    ends = store(YEAR + month // 12, month % 12 + 1, 1)
    for at in (ends, ends + 5 * MINUTE, ends + timedelta(days=20)):
        programme.workers.issue(at)
        programme.tell_of("alice", at)
    assert programme.held("alice") == []


def test_R3_a_missed_run_is_caught_up_with_to_the_months_last_second(programme: Programme) -> None:
    programme.hold("J4", MAY, "alice")
    last = store(YEAR, MAY, 31, 23, 59, 59)
    programme.workers.issue(last)
    coupon = programme.coupon("alice")
    assert (coupon.issued_at, coupon.valid_from, coupon.valid_until) == (last, store(YEAR, MAY, 1), last)


def test_R1_a_run_again_issues_nothing_and_changes_nothing(programme: Programme) -> None:
    programme.hold("J1", MAY, "alice")
    programme.workers.issue(issue_at(MAY))
    issued = programme.coupon("alice")
    for later in (MINUTE, timedelta(days=3)):
        programme.workers.issue(issue_at(MAY) + later)
        programme.tell_of("alice", issue_at(MAY) + later)
    assert programme.coupon("alice") == issued


def test_case_36_a_coupon_that_was_used_stays_used_when_the_job_runs_again(programme: Programme) -> None:
    programme.hold("J1", MAY, "alice")
    programme.workers.issue(issue_at(MAY))
    programme.use("alice")
    programme.workers.issue(issue_at(MAY))
    programme.workers.issue(store(YEAR, MAY, 20))
    programme.tell_of("alice", store(YEAR, MAY, 21))
    assert programme.coupon("alice").order_id == "order-x"


def test_case_36_a_coupon_that_is_issued_and_used_in_mid_run_stays_used(
    programme: Programme, calls: Calls
) -> None:
    programme.hold("J1", MAY, "alice")

    def meanwhile() -> None:
        CouponWorkers(programme.shop).issue(issue_at(MAY) - MINUTE)
        programme.use("alice")

    calls.meanwhile["TransactWriteItems"] = meanwhile
    assert programme.workers.issue(issue_at(MAY)) == []
    assert "TransactWriteItems" not in calls.meanwhile
    coupon = programme.coupon("alice")
    assert (coupon.order_id, coupon.issued_at) == ("order-x", issue_at(MAY) - MINUTE)


def test_case_32_runs_at_once_issue_one_coupon_each(programme: Programme) -> None:
    due = [f"m{number}" for number in range(24)]
    programme.hold("J2", MAY, *due)
    runs = [CouponWorkers(programme.shop) for _ in range(3)]
    moments = [issue_at(MAY) + number * SECOND for number in range(3)]
    results = at_once(3, lambda n: runs[n].issue(moments[n], threads=2))
    assert results == [[], [], []]
    issued = {name: programme.coupon(name) for name in due}
    assert {coupon.issued_at for coupon in issued.values()} <= set(moments)
    for name in due[::2]:
        programme.use(name)
    for run, moment in zip(runs, moments, strict=True):
        run.issue(moment)
    for number, name in enumerate(due):
        coupon = programme.coupon(name)
        assert coupon.issued_at == issued[name].issued_at
        assert coupon.order_id == (None if number % 2 else "order-x")


@pytest.mark.parametrize("seed", range(4))
def test_R2_tasks_delivered_twice_in_any_order_and_handed_on_issue_one_coupon_each(
    programme: Programme, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    monkeypatch.setattr(jobs, "PAGE_ROWS", 3)
    chance = random.Random(seed)  # noqa: S311 - repeatable
    due = [*names(7, shard=0), *names(3, shard=9)]
    programme.hold("J5", MAY, *due)
    programme.workers.receives_max = 50
    dead = programme.workers.issue(
        issue_at(MAY),
        copies=2,
        threads=1 + seed % 2,
        chance=chance,
        looks=lambda: chance.choice([1, 2, 3, 5]),
    )
    assert dead == []
    assert len(programme.workers.box.put) > BIRTHDAY_SHARDS, "nothing was handed on"
    assert [programme.held(name) for name in due] == [[(YEAR, 10_000)]] * len(due)


def test_a_worker_whose_time_is_up_hands_on_what_is_left(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAGE_ROWS", 2)
    due = names(7)
    programme.hold("J1", MAY, *due)
    programme.workers.box.queue.put([Task(work=ISSUE_BIRTHDAY_COUPONS, at=issue_at(MAY), shard=0, of=16)])
    assert programme.workers.run(looks=lambda: 2) == []
    assert [programme.coupon(name).issued_at for name in due] == [issue_at(MAY)] * 7
    handed_on = [message.task for message in programme.workers.box.put[1:]]
    assert len(handed_on) > 1
    assert {(task.work, task.at) for task in handed_on} == {(ISSUE_BIRTHDAY_COUPONS, issue_at(MAY))}


def test_case_34_a_worker_killed_at_any_call_leaves_what_another_completes(
    programme: Programme, client: "DynamoDBClient", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAGE_ROWS", 2)
    workers = programme.workers
    steps, died = 0, True
    while died:
        month = steps % 12 + 1
        at, due = issue_at(month, YEAR + steps // 12), names(3, prefix=f"{steps}-")
        programme.hold("J3", month, *due)
        workers.box.queue.put([Task(work=ISSUE_BIRTHDAY_COUPONS, at=at, shard=0, of=BIRTHDAY_SHARDS)])
        (message,) = workers.box.waiting
        with mortal(client, workers.box, steps) as life:
            done = workers._deliver(message, lambda: 4)
        died = life.over
        assert not (done and died)
        if done:
            workers.box.waiting.remove(message)
        before = {name: programme.coupons.of_member(name) for name in due}
        assert workers.run() == []
        for name in due:
            coupon = programme.coupon(name)
            assert before[name] in ([], [coupon])
            assert (coupon.face_value_fen, coupon.issued_at) == (3_000, at)
        steps += 1
    assert steps > 5


@pytest.mark.parametrize("cut", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER, THROTTLED])
@pytest.mark.parametrize("operation", ["Query", "BatchGetItem", "PutItem"])
def test_case_34_a_call_that_fails_is_made_up_for(
    programme: Programme, calls: Calls, operation: str, cut: Fault
) -> None:
    due = names(3)
    programme.hold("J2", MAY, *due)
    programme.workers.start(ISSUE_BIRTHDAY_COUPONS, issue_at(MAY))
    calls.faults[operation] = deque([cut] * SENDS_OF_THE_SDK)
    assert programme.workers.run() == []
    assert not calls.faults[operation]
    assert [programme.held(name) for name in due] == [[(YEAR, 2_000)]] * 3


def test_a_member_whose_coupon_fails_holds_nobody_up_and_a_redrive_makes_up_for_it(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    due = names(5)
    programme.hold("J2", MAY, *due)
    issue, broken = Coupons.issue, True

    def fail(self: Coupons, held: Held, coupon: Coupon, deadline: Deadline) -> bool:
        if held.member_id == due[1] and broken:
            raise OSError("broken")
        return issue(self, held, coupon, deadline)

    monkeypatch.setattr(Coupons, "issue", fail)
    (dead,) = programme.workers.issue(issue_at(MAY))
    assert [row["member_id"] for row in dead.only] == [due[1]]
    assert [len(programme.held(name)) for name in due] == [1, 0, 1, 1, 1]
    broken = False
    programme.workers.redrive()
    assert programme.workers.run() == []
    assert programme.held(due[1]) == [(YEAR, 2_000)]


def test_case_24_stale_rows_of_the_index_get_none(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme.hold("J1", 6, "moved away")
    programme.hold("J1", None, "no birthday")
    programme.hold("J0", MAY, "never paid")
    programme.hold("J1", MAY, "due")
    stale = [
        members.key(name, members.STANDING)
        for name in ("moved away", "no birthday", "never paid", "unknown", "due")
    ]

    def birthdays(self: Coupons, first: date, shard: int, **_: Any) -> tuple[list[Row], bool]:
        return (stale if (first, shard) == (date(YEAR, MAY, 1), 0) else []), False

    monkeypatch.setattr(Coupons, "birthdays", birthdays)
    assert programme.workers.issue(issue_at(MAY)) == []
    held = {row["member_id"]: programme.held(row["member_id"]) for row in stale}
    assert {name for name, found in held.items() if found} == {"due"}


def test_case_24_a_birthday_that_changes_after_the_index_was_read_counts_as_it_is_now(
    programme: Programme, calls: Calls
) -> None:
    programme.join("alice", date(1990, 5, 5))
    programme.buy("alice", 100, store(YEAR, 4, 1))
    calls.meanwhile["BatchGetItem"] = lambda: programme.change_birthday("alice", date(1990, 6, 5))
    assert programme.workers.issue(issue_at(MAY)) == []
    assert programme.indexed(6) == ["alice"]
    assert programme.held("alice") == []


def test_the_jobs_cost_follows_the_birthdays_and_not_the_members(
    programme: Programme, client: "DynamoDBClient", calls: Calls
) -> None:
    due = [f"due{number}" for number in range(5)]
    programme.hold("J2", MAY, *due)
    for month in (3, 4, 6, 7):
        programme.hold("J3", month, *(f"other{month}-{number}" for number in range(60)))
    programme.hold("J0", MAY, *(f"j0-{number}" for number in range(30)))
    programme.hold("J1", None, *(f"unborn-{number}" for number in range(25)))
    costs = []
    for _ in range(2):
        calls.sent.clear()
        with counted(client) as read:
            programme.workers.issue(issue_at(MAY))
        costs.append((Counter(calls.sent), dict(read)))
    (sent, read_first), (again, read_again) = costs
    assert all(len(programme.held(name)) == 1 for name in due)
    assert sent.keys() == {"Query", "BatchGetItem", "PutItem", "TransactWriteItems"}
    bookkeeping = 1 + BIRTHDAY_SHARDS  # that the run began, and that each shard is at its end
    lunar_days = set(birthdays.lunar_days_of(date(YEAR, MAY, 1)))
    assert len(lunar_days) == 31 + 31  # a leap month that the year lacks beside each plain one
    assert (sent["Query"], sent["PutItem"]) == (BIRTHDAY_SHARDS + len(lunar_days), bookkeeping)
    assert sent["TransactWriteItems"] == 5
    assert sent["BatchGetItem"] <= 5
    assert read_first == {"Query": 5, "BatchGetItem": 5}  # five standings, and no coupon yet
    assert again["PutItem"] == bookkeeping
    assert read_again == {"Query": 5, "BatchGetItem": 10}


# --- a face never changes (B3) ---


@pytest.mark.parametrize(("before", "after"), [("J1", "J5"), ("J5", "J1")])
def test_B3_a_tier_that_changes_after_the_issue_leaves_the_face(
    programme: Programme, before: str, after: str
) -> None:
    programme.hold(before, MAY, "alice")
    programme.workers.issue(issue_at(MAY))
    programme.hold(after, MAY, "alice")
    programme.tell_of("alice", issue_at(MAY) + MINUTE)
    programme.workers.issue(issue_at(MAY) + 2 * MINUTE)
    assert programme.held("alice") == [(YEAR, FACES_FEN[before])]


@pytest.mark.parametrize("first", ["job", "stream"])
def test_B3_of_a_job_and_a_tier_change_that_meet_the_first_issue_stands(
    programme: Programme, calls: Calls, first: str
) -> None:
    programme.join("alice", date(1990, 5, 5))
    programme.buy("alice", 100, store(YEAR, 4, 30))
    at = issue_at(MAY)

    def rise() -> None:
        programme.buy("alice", 90_000, at)

    def issue() -> None:
        CouponWorkers(programme.shop).issue(at)

    def meanwhile() -> None:
        if first == "stream":  # the job has read J1, and finds the coupon of J5 there
            rise()
            programme.tell_of("alice", at)
        else:  # the stream has read J5, and finds the coupon of J1 there
            programme.hold("J1", MAY, "alice")
            issue()

    if first == "stream":
        calls.meanwhile["TransactWriteItems"] = meanwhile
        issue()
    else:
        rise()
        calls.meanwhile["TransactWriteItems"] = meanwhile
        programme.tell_of("alice", at)
    assert "TransactWriteItems" not in calls.meanwhile
    assert programme.held("alice") == [(YEAR, 10_000 if first == "stream" else 2_000)]


def test_B3_tiers_that_change_on_the_issuing_night_never_change_an_issued_face(
    programme: Programme,
) -> None:
    at = issue_at(MAY)
    faces = Counter[int]()
    for number in range(ROUNDS):
        name = f"m{number}"
        programme.join(name, date(1990, 5, 5))
        programme.buy(name, 100, store(YEAR, 4, 30))
        seen: list[tuple[int, int]] = []

        def act(n: int, name: str = name, seen: list[tuple[int, int]] = seen) -> None:
            if n == 0:
                CouponWorkers(programme.shop).issue(at)
            elif n == 1:
                programme.buy(name, 90_000, at)
                programme.tell_of(name, at)
            else:
                for _ in range(15):
                    seen.extend(programme.held(name))

        assert at_once(3, act) == [None, None, None]
        programme.tell_of(name, at)
        CouponWorkers(programme.shop).issue(at)
        ((year, face_fen),) = programme.held(name)
        assert set(seen) <= {(year, face_fen)}
        faces[face_fen] += 1
    assert faces.keys() <= {2_000, 10_000}


# --- birthdays that staff change (B3, B4, case 37) ---


def test_case_37_a_birthday_moved_to_a_later_month_brings_no_second_coupon(programme: Programme) -> None:
    programme.join("alice", date(1990, 5, 5))
    programme.buy("alice", 100, store(YEAR, 4, 1))
    programme.workers.issue(issue_at(MAY))
    programme.change_birthday("alice", date(1990, 6, 5), store(YEAR, MAY, 15))
    programme.tell_of("alice", store(YEAR, MAY, 15))
    programme.workers.issue(issue_at(6))
    programme.tell_of("alice", store(YEAR, 6, 2))
    coupon = programme.coupon("alice")
    assert (coupon.valid_from, coupon.issued_at) == (store(YEAR, MAY, 1), issue_at(MAY))
    for month in (MAY, 6):
        programme.workers.issue(issue_at(month, YEAR + 1))
    assert programme.held("alice") == [(YEAR + 1, 2_000), (YEAR, 2_000)]
    assert programme.coupons.of_member("alice")[0].valid_from == store(YEAR + 1, 6, 1)


def test_case_37_a_birthday_moved_into_the_running_month_brings_the_coupon_then(
    programme: Programme,
) -> None:
    programme.join("alice", date(1990, 8, 5))
    programme.buy("alice", 9_000, store(YEAR, 4, 1))
    programme.workers.issue(issue_at(MAY))
    programme.change_birthday("alice", date(1990, 5, 31), store(YEAR, MAY, 15))
    programme.tell_of("alice", store(YEAR, MAY, 15))
    assert programme.held("alice") == [(YEAR, 3_000)]
    programme.change_birthday("alice", date(1990, 8, 5), store(YEAR, MAY, 16))
    programme.workers.issue(issue_at(8))
    assert programme.held("alice") == [(YEAR, 3_000)]


@pytest.mark.parametrize("seed", range(3))
def test_case_37_whatever_staff_change_in_a_year_there_is_at_most_one_coupon_in_it(
    programme: Programme, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    programme.join("alice", date(1990, 5, 5))
    programme.buy("alice", 100, store(YEAR, 1, 1))
    for month in range(1, 13):
        programme.workers.issue(issue_at(month))
        for day in (5, 15, 25):
            born = chance.choice([month, chance.randint(1, 12)])
            programme.change_birthday("alice", date(1990, born, day), store(YEAR, month, day))
            programme.tell_of("alice", store(YEAR, month, day))
            programme.check_month("alice")
            assert len(programme.held("alice")) <= 1
    assert programme.held("alice") == [(YEAR, 2_000)]


# --- who becomes eligible in the month of their birthday (B2) ---

IN_MAY = store(YEAR, MAY, 12, 15)


def pays_first(programme: Programme, points: int = 100, at: datetime = IN_MAY) -> list[Row]:
    """Let somebody who has told their birthday pay for a first order; return their standing after each."""
    programme.join("alice", date(1990, 5, 5))
    rows = [programme.row("alice")]
    programme.buy("alice", points, at)
    return [*rows, programme.row("alice")]


def tells_later(programme: Programme, points: int = 100, at: datetime = IN_MAY) -> list[Row]:
    """Let somebody who has paid tell their birthday; return their standing after each."""
    programme.join("alice")
    programme.buy("alice", points, at)
    rows = [programme.row("alice")]
    programme.join("alice", date(1990, 5, 5))
    return [*rows, programme.row("alice")]


Way = Callable[..., list[Row]]
WAYS = pytest.mark.parametrize("way", [pays_first, tells_later])


@WAYS
@pytest.mark.parametrize("tier", POINTS_TO)
def test_B2_who_becomes_eligible_in_their_month_gets_the_coupon_then_by_the_tier_after_that(
    programme: Programme, way: Way, tier: str
) -> None:
    programme.workers.issue(issue_at(MAY))
    for row in way(programme, POINTS_TO[tier]):
        assert programme.tell(IN_MAY, row) == []
    coupon = programme.coupon("alice")
    assert (coupon.face_value_fen, coupon.issued_at) == (FACES_FEN[tier], IN_MAY)
    assert (coupon.valid_from, coupon.valid_until) == (store(YEAR, MAY, 1), store(YEAR, 6, 1) - SECOND)
    programme.workers.issue(IN_MAY + MINUTE)
    assert programme.coupon("alice") == coupon


@WAYS
@pytest.mark.parametrize(
    ("at", "due"),
    [
        (store(YEAR, 4, 30, 23, 59, 59), False),
        (store(YEAR, MAY, 1), True),
        (store(YEAR, MAY, 31, 23, 59, 59), True),
        (store(YEAR, 6, 1), False),
        (store(YEAR, 12, 31), False),
    ],
)
def test_B2_it_comes_in_the_month_of_the_birthday_and_in_no_other(
    programme: Programme, way: Way, at: datetime, due: bool
) -> None:
    rows = way(programme, at=at)
    assert programme.tell(at, *rows) == []
    assert bool(programme.held("alice")) is due


def test_B2_who_has_told_their_birthday_and_never_paid_gets_none(programme: Programme) -> None:
    programme.join("alice")
    programme.join("alice", date(1990, 5, 5))
    assert programme.tell(IN_MAY, programme.row("alice"), filtered=False) == []
    programme.workers.issue(IN_MAY)
    assert programme.held("alice") == []
    assert programme.indexed(MAY) == []


def test_B2_who_has_paid_and_not_told_their_birthday_gets_none(programme: Programme) -> None:
    programme.join("alice")
    programme.buy("alice", 100, IN_MAY)
    assert programme.tell(IN_MAY, programme.row("alice"), filtered=False) == []
    programme.workers.issue(IN_MAY)
    assert programme.held("alice") == []


def test_T1_who_gave_everything_back_is_eligible_still(programme: Programme) -> None:
    programme.join("alice", date(1990, 5, 5))
    paper = programme.points.pay("alice", 9_000, store(YEAR, 4, 1))
    programme.points.post(paper)
    programme.points.give_back(paper, 0, store(YEAR, 4, 2))
    programme.points.post(paper)
    assert programme.standing("alice").standing.tier == "J1"
    programme.check_month("alice")
    programme.workers.issue(issue_at(MAY))
    assert programme.held("alice") == [(YEAR, 2_000)]


@WAYS
@pytest.mark.parametrize("filtered", [True, False])
def test_case_27_records_delivered_again_have_one_effect(
    programme: Programme, way: Way, filtered: bool
) -> None:
    rows = way(programme)
    assert programme.tell(IN_MAY, *rows * 3, filtered=filtered) == []
    coupon = programme.coupon("alice")
    programme.use("alice")
    for later in (SECOND, timedelta(hours=12)):
        assert programme.tell(IN_MAY + later, *rows, filtered=filtered) == []
    assert programme.coupon("alice").order_id == "order-x"
    assert programme.coupon("alice").issued_at == coupon.issued_at


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_case_28_records_in_any_order_end_in_the_same_state(
    programme: Programme, order: Sequence[int]
) -> None:
    rows = tells_later(programme)
    programme.buy("alice", 9_000, IN_MAY)
    rows.append(programme.row("alice"))
    programme.change_birthday("alice", date(1990, 5, 6), IN_MAY)
    programme.join("alice", date(1990, 5, 6))
    rows.append(programme.row("alice"))
    for number in order:
        assert programme.tell(IN_MAY, rows[number]) == []
    assert programme.held("alice") == [(YEAR, 3_000)]


def test_R2_a_record_of_a_birthday_that_staff_have_moved_since_brings_none(programme: Programme) -> None:
    rows = pays_first(programme)
    programme.change_birthday("alice", date(1990, 6, 5), IN_MAY)
    assert programme.tell(IN_MAY, *rows) == []
    assert programme.held("alice") == []


def test_case_27_one_record_in_many_threads_issues_one_coupon(programme: Programme) -> None:
    rows = pays_first(programme)
    moments = [IN_MAY + n * SECOND for n in range(8)]
    at_once(8, lambda n: programme.tell(moments[n], rows[-1]))
    coupon = programme.coupon("alice")
    assert coupon.issued_at in moments
    programme.use("alice")
    at_once(8, lambda n: programme.tell(moments[n], rows[-1]))
    assert programme.coupon("alice").order_id == "order-x"
    assert programme.coupon("alice").issued_at == coupon.issued_at


@pytest.mark.parametrize("cut", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER, THROTTLED])
@pytest.mark.parametrize("operation", ["BatchGetItem"])
def test_case_29_a_record_whose_coupon_failed_is_delivered_again_alone(
    programme: Programme, calls: Calls, operation: str, cut: Fault
) -> None:
    alice = pays_first(programme)[-1]
    programme.join("bob", date(1990, 5, 5))
    programme.buy("bob", 100, IN_MAY)
    calls.faults[operation] = deque([cut] * SENDS_OF_THE_SDK)
    assert programme.tell(IN_MAY, alice, programme.row("bob")) == ["0"]
    assert len(programme.held("bob")) == 1
    assert programme.tell(IN_MAY, alice) == []
    assert programme.held("alice") == [(YEAR, 2_000)]


def test_a_record_that_meets_the_deadline_is_delivered_again(
    programme: Programme, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = pays_first(programme)
    monkeypatch.setattr(Deadline, "seconds_left", lambda _: 0.0)
    assert programme.tell(IN_MAY, rows[-1]) == ["0"]
    monkeypatch.undo()
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)
    assert programme.tell(IN_MAY, rows[-1]) == []
    assert len(programme.held("alice")) == 1


def until_taken(act: Callable[[], object]) -> str | None:
    """Do something again while it only meets others, as the stream or a caller does; return why it cannot."""
    while True:
        try:
            act()
        except RefusalError as refusal:
            if refusal.code != "conflict":
                return refusal.code
        else:
            return None


@pytest.mark.parametrize("by_staff", [False, True], ids=["by the member", "by staff"])
def test_B2_a_birthday_and_a_first_payment_at_once_bring_the_coupon_in_whatever_order(
    programme: Programme, by_staff: bool
) -> None:
    born = date(1990, 5, 5)
    versions = Counter[int]()
    for number in range(ROUNDS):
        name = f"m{number}"
        programme.join(name, date(1990, 8, 8) if by_staff else None)

        def act(n: int, name: str = name) -> None:
            if n == 0:
                until_taken(lambda: programme.buy(name, 9_000, IN_MAY))
            elif by_staff:
                until_taken(lambda: programme.change_birthday(name, born))
            else:
                until_taken(lambda: programme.join(name, born))
            programme.tell_of(name, IN_MAY)  # as the stream does after each change

        assert at_once(2, act) == [None, None]
        assert programme.held(name) == [(YEAR, 3_000)]
        assert name in programme.indexed(MAY)
        versions[programme.standing(name).version] += 1
    assert versions == {3: ROUNDS}, "each of the two changes counts"
    programme.points.check(*(f"m{number}" for number in range(ROUNDS)))


def test_B2_the_job_and_the_stream_at_once_issue_one_coupon(programme: Programme) -> None:
    for number in range(ROUNDS):
        name = f"m{number}"
        programme.join(name, date(1990, 5, 5))

        def act(n: int, name: str = name) -> None:
            if n == 0:
                CouponWorkers(programme.shop).issue(issue_at(MAY))
            else:
                programme.buy(name, 100, IN_MAY)
                programme.tell_of(name, IN_MAY)

        assert at_once(2, act) == [None, None]
        assert programme.held(name) == [(YEAR, 2_000)]


# --- the month of birth beside the standing ---


@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
@pytest.mark.parametrize("cut", CUTS)
def test_case_14_and_15_a_change_of_birthday_cut_off_has_one_effect(
    programme: Programme, calls: Calls, cut: str, sends: int
) -> None:
    pays_first(programme)
    before = programme.standing("alice")
    calls.fail("TransactWriteItems", *[CUTS[cut]] * sends)
    profile = programme.change_birthday("alice", date(1991, 9, 9))
    assert (profile.birthday, profile.version) == (date(1991, 9, 9), 2)
    after = programme.standing("alice")
    assert (after.birthday.solar_month, after.version) == (9, before.version + 1)
    assert after.standing == before.standing
    assert len(programme.points._rows("alice", members.BIRTHDAY_CHANGE)) == 1
    programme.check_month("alice")
    assert programme.change_birthday("alice", date(1991, 9, 9)) == profile
    assert programme.standing("alice") == after


@pytest.mark.parametrize("sends", [1, SENDS_OF_THE_SDK])
@pytest.mark.parametrize("cut", CUTS)
def test_case_14_and_15_a_birthday_told_and_cut_off_has_one_effect(
    programme: Programme, calls: Calls, cut: str, sends: int
) -> None:
    programme.join("alice")
    programme.buy("alice", 100, IN_MAY)
    before = programme.standing("alice")
    calls.fail("TransactWriteItems", *[CUTS[cut]] * sends)
    programme.join("alice", date(1990, 5, 5))
    after = programme.standing("alice")
    assert (after.birthday.solar_month, after.version) == (MAY, before.version + 1)
    programme.check_month("alice")


def test_case_20_a_change_of_birthday_killed_at_any_call_is_all_or_nothing(
    programme: Programme, client: "DynamoDBClient"
) -> None:
    pays_first(programme)
    steps, died = 0, True
    while died:
        born = date(1990, steps % 12 + 1, 17)
        with mortal(client, programme.workers.box, steps) as life, suppress(Died):
            programme.change_birthday("alice", born)
        died = life.over
        programme.check_month("alice")
        programme.change_birthday("alice", born)
        programme.check_month("alice")
        found = programme.shop.members.find("alice", Deadline(20))
        assert found is not None
        assert found[0].birthday == born
        assert len(programme.points._rows("alice", members.BIRTHDAY_CHANGE)) == found[0].version - 1
        steps += 1
    assert steps == 4


def test_B4_a_change_of_birthday_keeps_who_did_it_and_why(programme: Programme) -> None:
    pays_first(programme)
    programme.change_birthday("alice", date(1990, 5, 6), IN_MAY)
    programme.change_birthday("alice", date(1990, 5, 6), IN_MAY + SECOND)
    programme.change_birthday("alice", date(1990, 7, 6), IN_MAY + MINUTE)
    kept = programme.points._rows("alice", members.BIRTHDAY_CHANGE)
    assert [(row["operator"], row["reason"], row["changed_at"]) for row in kept[::-1]] == [
        ("clerk", "typing error", "2026-05-12T07:00:00Z"),
        ("clerk", "typing error", "2026-05-12T07:01:00Z"),
    ]
    assert not any("birthday" in row for row in kept)


def test_a_change_within_the_month_leaves_the_standing_alone(programme: Programme) -> None:
    pays_first(programme)
    before = programme.standing("alice")
    programme.change_birthday("alice", date(1990, 5, 6))
    assert programme.standing("alice") == before


def test_who_has_not_registered_has_no_birthday_to_change(programme: Programme) -> None:
    with pytest.raises(NotFoundError) as refused:
        programme.change_birthday("nobody", date(1990, 5, 5))
    assert refused.value.code == "member_not_found"


def test_changes_of_birthday_and_payments_at_once_keep_profile_standing_and_index_together(
    programme: Programme,
) -> None:
    seen = Counter[str | None]()
    for number in range(ROUNDS):
        name = f"m{number}"
        programme.join(name)
        papers = [programme.points.pay(name, 600, IN_MAY) for _ in range(2)]

        def act(n: int, name: str = name, papers: Sequence[Any] = papers) -> str | None:
            if n < 2:
                return until_taken(lambda: programme.points.post(papers[n]))
            if n < 4:
                return until_taken(lambda: programme.change_birthday(name, date(1990, 5 + n, 1 + n)))
            return until_taken(lambda: programme.join(name, date(1990, 2, 2)))

        *others, told = at_once(5, act)
        assert others == [None] * 4
        assert told in (None, "birthday_locked")
        seen[str(told)] += 1
        changes = len(programme.points._rows(name, members.BIRTHDAY_CHANGE)) + (told is None)
        assert programme.standing(name).version == 1 + 2 + changes
        assert programme.standing(name).birthday.solar_month in ((2, 7, 8) if told is None else (7, 8))
        programme.check_month(name)
        programme.points.check(name)
    assert seen["birthday_locked"], "staff have never been first"


def test_T5_a_posting_that_read_the_wallet_after_and_the_standing_before_another_leaves_no_false_history(
    programme: Programme, calls: Calls
) -> None:
    programme.join("alice")
    programme.buy("alice", 100, IN_MAY)
    before = programme.row("alice")
    back = programme.points.pay("alice", 2_000, IN_MAY + SECOND)
    programme.points.give_back(back, 0, IN_MAY + MINUTE)
    programme.buy("alice", 9_000, IN_MAY)
    wallet = programme.points.get(WALLET, "alice")
    torn = {"Responses": {programme.table: [to_item(wallet), to_item(before)]}, "UnprocessedKeys": {}}
    calls.fail("BatchGetItem", Fault(status=200, error=torn))  # a batch is no snapshot
    programme.points.post(back)
    programme.points.check("alice")
    changes, _ = programme.shop.members.tier_history("alice", limit=10, after=None)
    assert [(each.before, each.after) for each in changes[::-1]] == [("J0", "J1"), ("J1", "J3")]


# --- lunar birthdays (B6) ---

TWELFTH_DAY_1 = LunarBirthday(day=LunarDay(month=12, day=1))
"""In 2026 it is on 19 January; in 2027 on 8 January and on 28 December; in 2028 on no day."""


def lives_through(programme: Programme, years: Sequence[int]) -> list[tuple[str, str]]:
    """Run the job in every month of some years; return the month and the year of each of alice's coupons."""
    for year, month in itertools.product(years, range(1, 13)):
        assert programme.workers.issue(issue_at(month, year)) == []
    held = reversed(programme.coupons.of_member("alice"))
    return [(coupons.position_of(each, programme.shop.policy), str(each.year)) for each in held]


def long_ago(programme: Programme, birthday: Birthday) -> None:
    """Let alice tell a birthday, and have paid for an order long ago."""
    programme.join("alice", birthday)
    programme.buy("alice", 100, store(2025, 6, 1))


def test_B6_a_calendar_year_with_two_lunar_birthdays_has_two_coupons_and_one_with_none_has_none(
    programme: Programme,
) -> None:
    long_ago(programme, TWELFTH_DAY_1)
    assert lives_through(programme, [2026, 2027, 2028, 2029]) == [
        ("2026-01", "l2025"),
        ("2027-01", "l2026"),
        ("2027-12", "l2027"),
        ("2029-01", "l2028"),
    ]


def test_B6_a_job_that_missed_years_strands_nobody(programme: Programme) -> None:
    long_ago(programme, TWELFTH_DAY_1)
    assert lives_through(programme, [2029]) == [("2029-01", "l2028")]


@pytest.mark.parametrize("limit", [1, 2, 3])
def test_B6_pages_of_a_shard_go_on_from_calendar_to_calendar(
    programme: Programme, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    born: dict[str, Kept] = {f"s{number}": Kept(solar_month=MAY) for number in range(20)}
    for number, day in enumerate(birthdays.lunar_days_of(date(YEAR, MAY, 1))):
        born |= {f"l{number}": Kept(lunar_day=day), f"twin{number}": Kept(lunar_day=day)}
    standing = Standing(tier="J1", ever_paid=True, effective_fen=0)
    for name, birthday in born.items():
        held = MemberStanding(standing=standing, policy_version="any", birthday=birthday)
        put_rows(programme.shop.tables, programme.table, [members.standing_row(name, held)])
    monkeypatch.setattr(jobs, "PAGE_ROWS", limit)
    assert programme.workers.issue(issue_at(MAY)) == []
    assert [name for name in born if len(programme.held(name)) != 1] == []


@pytest.mark.parametrize(
    ("told", "changed", "expected"),
    [
        # The last one began on 1 January 2026: 300 days later it is 28 October.
        (TWELFTH_DAY_1, date(1990, 10, 5), [("2026-01", "l2025"), ("2027-10", "2027")]),
        (TWELFTH_DAY_1, date(1990, 11, 5), [("2026-01", "l2025"), ("2026-11", "2026"), ("2027-11", "2027")]),
        (
            date(1990, 1, 5),
            LunarBirthday(day=LunarDay(month=8, day=15)),
            [("2026-01", "2026"), ("2027-09", "l2027")],
        ),
        (date(1990, 1, 5), date(1990, 12, 5), [("2026-01", "2026"), ("2027-12", "2027")]),  # B3: one a year
    ],
)
def test_B6_after_staff_change_calendar_or_date_no_coupon_begins_within_300_days_of_the_last(
    programme: Programme, told: Birthday, changed: Birthday, expected: list[tuple[str, str]]
) -> None:
    long_ago(programme, told)
    programme.workers.issue(issue_at(1))
    programme.change_birthday("alice", changed)
    assert lives_through(programme, [2026, 2027]) == expected


def test_B6_a_solar_december_changed_to_january_has_none_a_month_later(programme: Programme) -> None:
    long_ago(programme, date(1990, 12, 5))
    programme.workers.issue(issue_at(12, 2025))
    programme.change_birthday("alice", date(1990, 1, 5))
    assert lives_through(programme, [2026, 2027]) == [("2025-12", "2025"), ("2027-01", "2027")]


def test_B6_a_coupon_from_before_the_last_ones_month_was_kept_counts_too(programme: Programme) -> None:
    long_ago(programme, date(1990, 12, 5))
    programme.workers.issue(issue_at(12, 2025))
    last = to_item(members.key("alice", coupons.LAST))
    programme.shop.tables.client.delete_item(TableName=programme.table, Key=last)
    programme.change_birthday("alice", TWELFTH_DAY_1)
    assert lives_through(programme, [2026]) == [("2025-12", "2025")]


def issue_one_of(programme: Programme, held: Held, due: Sequence[Coupon], number: int) -> bool:
    """Issue one of several coupons to a member."""
    return programme.coupons.issue(held, due[number], Deadline(20))


def test_B6_coupons_of_two_calendars_that_are_issued_at_once_end_as_one(programme: Programme) -> None:
    at, policy = issue_at(MAY), programme.shop.policy
    lunar = Kept(lunar_day=LunarDay(month=3, day=20))  # 6 May 2026
    for number in range(ROUNDS):
        name = f"m{number}"
        programme.hold("J1", MAY, name)
        held = Held(name, programme.standing(name), None)
        due = [
            birthday_coupon(policy, member_id=name, tier="J1", birthday=birthday, at=at)
            for birthday in (held.standing.birthday, lunar)
        ]
        told = [each for each in due if each is not None]
        assert [str(each.year) for each in told] == ["2026", "l2026"]
        at_once(2, partial(issue_one_of, programme, held, told))
        assert len(programme.coupons.of_member(name)) == 1


def test_B2_B6_a_lunar_birthday_entered_in_its_month_brings_the_coupon_then(programme: Programme) -> None:
    programme.join("alice")
    programme.buy("alice", 100, store(YEAR, MAY, 2))
    programme.join("alice", LunarBirthday(day=LunarDay(month=3, day=20)))
    programme.tell_of("alice", store(YEAR, MAY, 3))
    assert [str(each.year) for each in programme.coupons.of_member("alice")] == ["l2026"]


@pytest.mark.parametrize("cut", [RESET_BEFORE, LOST_AFTER, SERVER_ERROR_AFTER, THROTTLED])
def test_an_issue_that_is_cut_off_is_sent_again_and_has_one_effect(
    programme: Programme, calls: Calls, cut: Fault
) -> None:
    programme.hold("J1", MAY, "alice")
    calls.faults["TransactWriteItems"] = deque([cut] * SENDS_OF_THE_SDK)
    programme.tell_of("alice", issue_at(MAY))
    assert programme.held("alice") == [(YEAR, 2_000)]
