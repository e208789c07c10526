"""The points' jobs and accounts under races, faults and dying workers: what is due is done, once.

Every test ends with the books of its world: the ledger sums to the wallet, and the account is what the
orders say.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.domain import calendar
from functions.domain.birthdays import Kept
from functions.domain.errors import ConflictError, InvalidError, NotFoundError, RefusalError, TryAgainError
from functions.domain.policy import Policy, load
from functions.offers.quotes import NO_COUPON, Cart, CartLine
from functions.orders import life
from functions.orders.leaving import RETURNED, Leaving, take_units
from functions.orders.order import Order
from functions.orders.payments import pay
from functions.platform.deadline import Deadline
from functions.platform.dynamo import SENDS_MAX, Tables, to_item
from functions.platform.fanout import Task, TaskError
from functions.platform.observability import metrics
from functions.platform.settings import Settings
from functions.points import account_rows, jobs, looks, passes, replay, shards
from functions.points.account_rows import LOT, LOT_SHARDS, WALLET, WALLET_SHARDS, wallet_row
from functions.points.accounts import Accounts
from functions.points.audit import Liability
from functions.points.jobs import PointsJobs
from functions.points.ledger import Entry, EntryKind, Wallet, usable
from functions.points.passes import AUDIT_ACCOUNTS, AUDIT_ORDERS
from functions.points.posting import LotState
from functions.points.reports import Report, Reports
from functions.points.timetable import (
    ANNOUNCE_EXPIRING,
    AUDIT_POINTS,
    EXPIRE_POINTS,
    RELEASE_POINTS,
    REPLAY_POINTS,
)
from functions.tiers import members
from functions.tiers.qualification import at_registration
from tests.support import tables
from tests.support.faults import LOST_AFTER, SENDS_OF_THE_SDK, THROTTLED, Calls, Fault, cancelled
from tests.support.points import Paper, Points, Workers, calm, counted, mortal, put_rows, store, strike
from tests.support.policies import changed
from tests.support.shop import Shop
from tests.support.tampering import DUE, PAID, RECEIVED, TAMPERINGS, settled
from tests.support.threads import at_once
from tests.support.trials import CONFLICT, FAULTS

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
FROZEN_FOR = timedelta(hours=7 * 24)
YEAR_END = store(2027, 1, 1)
"""The first second at which the points of 2025 cannot be spent any more."""
LAST_SECOND = YEAR_END - SECOND
IN_2025 = store(2025, 6, 1, 12)
TOLD_FROM = store(2026, 12, 2)
ENDLESS = ["reset", "lost", "throttled", "conflict"]
UNKNOWN_OUTCOME = {"reset", "lost", "error", "error after"}
AFTER_EFFECT = {"lost", "error after"}


@pytest.fixture(autouse=True)
def _uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Metrics are one object of a process, which real functions do not share between threads."""
    monkeypatch.setattr(metrics, "add_metric", lambda **_: None)


@pytest.fixture
def points(shop: Shop) -> Points:
    """Accounts with orders on paper."""
    return Points(shop)


@pytest.fixture
def workers(shop: Shop) -> Workers:
    """The functions of the jobs and their queue."""
    return Workers(shop)


@pytest.fixture
def reports(shop: Shop) -> Reports:
    """Where audits are written down."""
    return Reports(shop.tables, shop.settings.reports_table)


def in_shard(number: int, shards: int, count: int, prefix: str = "m") -> list[str]:
    """Return names of so many members whose work is all in one shard."""
    names: list[str] = []
    tried = 0
    while len(names) < count:
        name = f"{prefix}{tried}"
        tried += 1
        if account_rows.shard(name, shards) == account_rows.shard_name(number):
            names.append(name)
    return names


def expiring(points: Points, member_id: str, count: int = 100) -> None:
    """Register a member who holds points of 2025."""
    points.join(member_id)
    points.adjust(member_id, count, IN_2025, f"gift-{member_id}")


# --- release-points (E3, E4, E7) ------------------------------------------------------------------


@pytest.mark.parametrize(
    "received_at",
    [RECEIVED, store(2028, 2, 26, 8), store(2026, 12, 28, 23, 59, 59)],
    ids=["may", "over a leap day", "over a year's end"],
)
@pytest.mark.parametrize(
    ("late", "released"),
    [(-SECOND, False), (timedelta(0), True), (SECOND, True), (30 * DAY, True), (-FROZEN_FOR, False)],
    ids=["a second before", "at", "a second after", "a month late", "at receipt"],
)
def test_E3_points_are_available_seven_days_to_the_second_after_receipt_never_before(
    points: Points, workers: Workers, received_at: datetime, late: timedelta, released: bool
) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, received_at - DAY, received_at)
    year = str(received_at.year)
    at = received_at + FROZEN_FOR + late
    if not released:  # the index does not name it yet; nor would its own row be released
        assert points.release("alice", paper, at=at) == []
    assert workers.do(RELEASE_POINTS, at) == []
    assert points.balances("alice") == ((0, {year: 100}, 0) if released else (100, {}, 0))
    if released:
        assert points.entries("alice")[-1].occurred_at == at
    points.check("alice")


def test_E3_a_lot_whose_order_was_not_received_is_never_released(points: Points, workers: Workers) -> None:
    points.join("alice")
    points.post(points.pay("alice", 100, PAID))
    workers.do(RELEASE_POINTS, PAID + 365 * DAY)
    assert points.balances("alice") == (100, {}, 0)


@pytest.mark.parametrize("keeps", [60, 0])
def test_R2_a_release_that_meets_a_return_that_is_not_posted_posts_it_first(
    points: Points, workers: Workers, keeps: int
) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)
    points.give_back(paper, keeps, DUE - DAY)
    assert workers.do(RELEASE_POINTS, DUE) == []
    kinds = ["earn", "reverse", *(["release"] if keeps else [])]
    assert points.kinds("alice") == kinds
    reverse = points.entries("alice")[1]
    assert (reverse.frozen_delta, reverse.occurred_at) == (keeps - 100, DUE - DAY)
    assert points.balances("alice") == (0, {"2026": keeps} if keeps else {}, 0)
    points.check("alice")


def test_R2_a_release_posts_what_is_not_posted_of_each_of_many_lots(points: Points, workers: Workers) -> None:
    points.join("alice")
    papers = [points.bought("alice", 10 + n, PAID, RECEIVED + n * SECOND) for n in range(12)]
    for paper in papers[::2]:
        points.give_back(paper, 5, DUE - DAY)
    assert workers.do(RELEASE_POINTS, DUE + DAY) == []
    assert points.balances("alice") == (0, {"2026": 6 * 5 + sum(range(11, 22, 2))}, 0)
    points.check("alice")


class Counter:
    """Real orders of one member: each unit costs 100 yuan and earns as many points."""

    def __init__(self, points: Points) -> None:
        self.points, self.shop, self.orders = points, points.shop, list[str]()
        points.join("alice")
        self.shop.stock("tea", 1_000, 10_000)

    def buy(self, quantity: int, *, redeem: int = 0, at: datetime = PAID, paid: bool = True) -> Order:
        """Place an order, and pay it, ship it, receive it and post it."""
        placing = self.shop.placing("alice", f"k{len(self.orders)}", "tea")
        cart = Cart(lines=(CartLine(sku="tea", quantity=quantity),), coupon=NO_COUPON, points=redeem)
        order, _ = self.shop.checkout.place(replace(placing, cart=cart, placed_at=at), Deadline(20))
        self.orders.append(order.order_id)
        if not paid:
            return order
        order = pay(
            self.shop.book,
            order.order_id,
            payment_id=f"pay-{order.order_id}",
            amount_fen=order.quote.paid_fen,
            now=at,
            deadline=Deadline(20),
        )
        self.change(order, lambda found: life.ship(found, told={"tracking_no": "T"}, now=at))
        order = self.change(order, lambda found: life.receive(found, now=at + 2 * DAY))
        self.post(order)
        return order

    def change(self, order: Order, event: Callable[[Order], Order]) -> Order:
        """Let something happen to an order."""
        return self.shop.book.change(order.order_id, event, Deadline(20))

    def give_back(self, order: Order, quantity: int, return_id: str, at: datetime) -> None:
        """Return units of an order; it is not posted yet."""
        made = Leaving(
            way=RETURNED, order_id=order.order_id, caller_id=return_id, units={"tea": quantity}, at=at
        )
        take_units(self.shop.book, made, Deadline(20))

    def post(self, order: Order) -> None:
        """Post an order as it is stored."""
        self.shop.post(self.shop.book.require(order.order_id))

    def settle(self) -> None:
        """Post all orders, and reckon the account from them."""
        for order_id in self.orders:
            order = self.shop.book.require(order_id)
            self.shop.post(order)
            if order.changes:
                self.points.papers[order_id] = Paper(
                    order_id,
                    "alice",
                    list(order.changes),
                    dict(order.redeemed_by_year),
                    order.received_at,
                )
                self._check_rows(order)
        self.points._check_ledger("alice")

    def _check_rows(self, order: Order) -> None:
        lot = self.points.lots("alice")[order.order_id]
        assert (lot.points, lot.effective_fen) == (
            order.retained.earned_points,
            order.retained.order_amount_fen,
        )


def test_case_11_releases_against_returns_at_once_conserve_the_points(points: Points, shop: Shop) -> None:
    counter = Counter(points)
    seen = set[tuple[str, ...]]()
    for number in range(8):
        order = counter.buy(3)
        before = len(points.entries("alice"))
        if number % 2:  # the order's row is ahead of the lot
            for n in (2, 3):
                counter.give_back(order, 1, f"r{n}", DUE)

        def act(n: int, order: Order = order) -> None:
            if n < 2:
                shop.accounts.release(
                    "alice", [order.order_id], at=DUE, policy=shop.policy, deadline=Deadline(20)
                )
            else:
                counter.give_back(order, 1, f"r{n}", DUE)
                counter.post(order)

        results = at_once(4, act)
        assert {each.code for each in results if isinstance(each, RefusalError)} <= {"conflict"}
        for n in (2, 3):  # what met too many others comes again
            counter.give_back(order, 1, f"r{n}", DUE)
        counter.settle()
        Workers(shop).do(RELEASE_POINTS, DUE)
        kinds = tuple(entry.kind.value for entry in points.entries("alice")[before:])
        assert sorted(kinds) == ["release", "reverse", "reverse"]
        seen.add(kinds)
        points.check("alice")
        assert points.balances("alice") == (0, {"2026": 100 * (number + 1)}, 0)
    assert len(seen) > 1, "nothing has ever met"


def test_case_13_jobs_and_postings_of_many_members_at_once_end_as_the_orders_say(
    points: Points, shop: Shop
) -> None:
    names = [f"m{n}" for n in range(4)]
    points.join(*names)
    papers = [points.bought(name, 100 + n, PAID, RECEIVED) for name in names for n in range(3)]
    for paper in papers[::2]:
        points.give_back(paper, 40, DUE - DAY)

    def act(n: int) -> None:
        if n < 3:
            Workers(shop).do(RELEASE_POINTS, DUE, chance=random.Random(n), copies=2)  # noqa: S311
        else:
            for paper in papers[n - 3 :: 2]:
                points.post(paper)

    results = at_once(5, act)
    assert {each.code for each in results if isinstance(each, RefusalError)} <= {"conflict"}
    for paper in papers:
        points.post(paper)
    Workers(shop).do(RELEASE_POINTS, DUE)
    points.check(*names)
    assert all(points.wallet(name).frozen == 0 for name in names)


def test_case_24_a_lot_that_was_released_after_the_index_was_read_is_left_alone(
    points: Points, workers: Workers, calls: Calls
) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)
    calls.do_before("BatchGetItem", lambda: points.release("alice", paper, at=DUE))
    assert workers.do(RELEASE_POINTS, DUE) == []
    assert points.kinds("alice") == ["earn", "release"]
    points.check("alice")


@pytest.mark.parametrize("keeps", [0, 40])
def test_case_24_a_lot_that_came_back_after_the_rows_were_read_is_released_as_it_is_now(
    points: Points, workers: Workers, calls: Calls, keeps: int
) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)

    def come_back() -> None:
        points.give_back(paper, keeps, DUE - SECOND)
        points.post(paper)

    calls.do_before("TransactWriteItems", come_back)
    assert workers.do(RELEASE_POINTS, DUE) == []
    assert points.balances("alice") == (0, {"2026": keeps} if keeps else {}, 0)
    points.check("alice")


def test_case_24_stale_rows_of_the_index_are_rejected_by_the_base_rows(
    points: Points, workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    points.join("alice", "bob")
    released = points.bought("alice", 100, PAID, RECEIVED)
    points.release("alice", released, at=DUE)
    later = points.bought("alice", 30, PAID, DUE)
    empty = points.bought("alice", 50, PAID, RECEIVED)
    points.give_back(empty, 0, RECEIVED + DAY)
    points.post(empty)
    due = points.bought("bob", 7, PAID, RECEIVED)
    stale = [
        members.key(paper.member_id, LOT + paper.order_id) for paper in (released, later, empty, due)
    ] + [members.key("bob", LOT + "never")]

    def lots_due(self: Accounts, shard: int, **_: Any) -> tuple[list[dict[str, str]], bool]:
        return (stale if shard == 0 else []), False

    before = points.entries("alice")
    monkeypatch.setattr(Accounts, "lots_due", lots_due)
    assert workers.do(RELEASE_POINTS, DUE) == []
    assert points.entries("alice") == before
    assert points.balances("bob") == (0, {"2026": 7}, 0)
    points.check("alice", "bob")


@pytest.mark.parametrize("lots", [45, 46, 100])
def test_E3_a_member_with_so_many_due_lots_gets_them_all(points: Points, workers: Workers, lots: int) -> None:
    points.join("alice")
    for n in range(lots):
        points.bought("alice", n + 1, PAID, RECEIVED + n * SECOND)
    assert workers.do(RELEASE_POINTS, DUE + DAY) == []
    assert points.balances("alice") == (0, {"2026": lots * (lots + 1) // 2}, 0)
    assert points.kinds("alice").count("release") == lots
    points.check("alice")


def test_a_lot_of_no_points_is_never_due(points: Points, workers: Workers, calls: Calls) -> None:
    points.join("alice")
    points.bought("alice", 0, PAID, RECEIVED)
    back = points.bought("alice", 50, PAID, RECEIVED)
    points.give_back(back, 0, RECEIVED + DAY)
    points.post(back)
    sent = len(calls.sent)
    workers.do(RELEASE_POINTS, DUE)
    bookkeeping = 1 + LOT_SHARDS  # that the run began, and that each shard is at its end
    assert sorted(calls.sent[sent:]) == ["PutItem"] * bookkeeping + ["Query"] * LOT_SHARDS
    assert points.kinds("alice") == ["earn", "reverse"]
    points.check("alice")


def test_E4_the_worked_example_of_a_debt_that_the_next_release_pays_first(
    points: Points, workers: Workers
) -> None:
    points.join("alice")
    paper = points.bought("alice", 120, PAID, RECEIVED)
    workers.do(RELEASE_POINTS, DUE)
    spending = points.pay("alice", 0, DUE + DAY, redeem=70)
    points.post(spending)
    assert points.balances("alice") == (0, {"2026": 50}, 0)
    points.give_back(paper, 0, DUE + 2 * DAY)
    points.post(paper)
    assert points.balances("alice") == (0, {}, 70)
    points.bought("alice", 100, PAID, RECEIVED + 3 * DAY)
    workers.do(RELEASE_POINTS, DUE + 3 * DAY)
    assert points.balances("alice") == (0, {"2026": 30}, 0)
    last = points.entries("alice")[-1]
    assert (last.kind, dict(last.available_delta), last.debt_delta) == (
        EntryKind.RELEASE,
        {"2026": 30},
        -70,
    )
    points.check("alice")


@pytest.mark.parametrize(
    ("due_at", "run_at", "lapses"),
    [
        (LAST_SECOND, LAST_SECOND, False),
        (LAST_SECOND, YEAR_END, True),
        (YEAR_END, YEAR_END, True),
        (YEAR_END + 3 * DAY, YEAR_END + 3 * DAY, True),
    ],
)
def test_E7_points_whose_year_has_expired_lapse_at_the_release_and_nothing_is_taken_back_for_them(
    points: Points, workers: Workers, due_at: datetime, run_at: datetime, lapses: bool
) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, IN_2025, due_at - FROZEN_FOR)
    workers.do(EXPIRE_POINTS, run_at)
    assert points.balances("alice") == (100, {}, 0)
    workers.do(RELEASE_POINTS, run_at)
    assert points.balances("alice") == (0, {} if lapses else {"2025": 100}, 0)
    state = LotState.LAPSED if lapses else LotState.RELEASED
    assert points.lots("alice")[paper.order_id].state is state
    assert points.entries("alice")[-1].lapsed_points == (100 if lapses else 0)
    workers.do(EXPIRE_POINTS, YEAR_END + 4 * DAY)
    points.give_back(paper, 0, YEAR_END + 5 * DAY)
    points.post(paper)
    assert points.balances("alice") == (0, {}, 0 if lapses else 100)
    points.check("alice")


def test_case_33_a_missed_release_is_caught_up_at_the_next_run(points: Points, workers: Workers) -> None:
    names = [f"m{n}" for n in range(5)]
    points.join(*names)
    for n, name in enumerate(names):
        points.bought(name, 10, PAID, RECEIVED + n * DAY)
    workers.do(RELEASE_POINTS, DUE + 2 * DAY)
    assert [points.wallet(name).frozen for name in names] == [0, 0, 0, 10, 10]
    workers.do(RELEASE_POINTS, DUE + 40 * DAY)
    assert [points.wallet(name).frozen for name in names] == [0] * 5
    points.check(*names)


def test_case_49_buying_earning_and_returning_again_and_again_leaves_no_points(
    points: Points, workers: Workers
) -> None:
    counter = Counter(points)
    at = PAID
    for number in range(4):
        order = counter.buy(2, at=at, redeem=0)
        if number % 2:
            workers.do(RELEASE_POINTS, at + 9 * DAY)
        counter.give_back(order, 2, "r", at + 10 * DAY)
        counter.post(order)
        at += 20 * DAY
    workers.do(RELEASE_POINTS, at)
    counter.settle()
    assert points.balances("alice") == (0, {}, 0)
    points.check("alice")


@pytest.mark.parametrize("released", [False, True])
def test_case_50_units_returned_one_at_a_time_end_like_all_at_once(
    points: Points, workers: Workers, released: bool
) -> None:
    counter = Counter(points)
    points.adjust("alice", 2_000, IN_2025, "gift")
    ends: list[tuple[int, dict[str, int], int]] = []
    for sizes in ((1, 1, 1), (3,)):
        order = counter.buy(3, redeem=2_000)
        if released:
            workers.do(RELEASE_POINTS, DUE)
        for number, size in enumerate(sizes):
            counter.give_back(order, size, f"r{number}", DUE + DAY)
            counter.post(order)
        ends.append(points.balances("alice"))
    counter.settle()
    assert ends == [(0, {"2025": 2_000}, 0)] * 2


# --- expire-points (E5) ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "expired"),
    [(-SECOND, False), (timedelta(0), True), (SECOND, True), (100 * DAY, True)],
)
def test_E5_points_are_written_off_from_the_first_second_after_their_year(
    points: Points, workers: Workers, late: timedelta, expired: bool
) -> None:
    expiring(points, "alice", 300)
    points.adjust("alice", 900, PAID, "gift-2")
    points.bought("alice", 40, IN_2025, YEAR_END - DAY)
    if not expired:  # the index does not name it yet; nor would the wallet be written off
        assert points.expire("alice", YEAR_END + late) == []
    assert workers.do(EXPIRE_POINTS, YEAR_END + late) == []
    held = {"2026": 900} if expired else {"2025": 300, "2026": 900}
    assert points.balances("alice") == (40, held, 0)
    if expired:
        last = points.entries("alice")[-1]
        assert (last.kind, last.occurred_at) == (EntryKind.EXPIRE, YEAR_END)
        assert dict(last.available_delta) == {"2025": -300}
    points.check("alice")


def test_E4_debt_does_not_expire(points: Points, workers: Workers) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)
    workers.do(RELEASE_POINTS, DUE)
    points.adjust("alice", -100, DUE, "debit")
    points.adjust("alice", 300, IN_2025, "gift")
    points.give_back(paper, 0, YEAR_END)  # what has expired cannot pay for it, written off or not
    points.post(paper)
    assert points.balances("alice") == (0, {"2025": 300}, 100)
    workers.do(EXPIRE_POINTS, YEAR_END)
    workers.do(EXPIRE_POINTS, store(2030, 1, 1))
    assert points.balances("alice") == (0, {}, 100)
    points.check("alice")


def test_case_33_a_missed_expiry_writes_each_year_off_at_its_own_time(
    points: Points, workers: Workers
) -> None:
    expiring(points, "alice", 300)
    points.adjust("alice", 900, PAID, "gift-2")
    workers.do(EXPIRE_POINTS, store(2028, 6, 1))
    assert points.balances("alice") == (0, {}, 0)
    assert [entry.occurred_at for entry in points.entries("alice")[2:]] == [YEAR_END, store(2028, 1, 1)]
    points.check("alice")


def test_case_10_redeem_against_expiry_at_once_lets_one_win(points: Points, shop: Shop) -> None:
    won = set[str]()
    shop.stock("tea", 1_000, 10_000)
    for number in range(14):
        name = f"m{number}"
        expiring(points, name, 700)
        placing = replace(shop.placing(name, "k", "tea"), placed_at=LAST_SECOND)
        cart = Cart(lines=placing.cart.lines, coupon=NO_COUPON, points=500)

        def act(n: int, name: str = name, placing: Any = placing, cart: Cart = cart) -> Order | list[Entry]:
            if n == 0:
                return shop.checkout.place(replace(placing, cart=cart), Deadline(20))[0]
            return points.expire(name, YEAR_END)

        results = at_once(2, act)
        entries = points.entries(name)
        points._check_ledger(name)
        assert points.balances(name) == (0, {}, 0)
        if isinstance(results[0], RefusalError):
            assert results[0].code in {"insufficient_points", "points_not_available", "conflict"}
            assert [entry.kind for entry in entries[1:]] == [EntryKind.EXPIRE]
            won.add("expiry")
        else:
            assert [entry.kind for entry in entries[1:]] == [EntryKind.REDEEM, EntryKind.EXPIRE]
            assert sum(entries[2].available_delta.values()) == -200
            won.add("redeem")
    assert won


def test_case_32_an_expiry_fired_twice_at_once_has_one_effect(points: Points, shop: Shop) -> None:
    names = [f"m{n}" for n in range(10)]
    for name in names:
        expiring(points, name)

    def run(n: int) -> list[Task]:
        return Workers(shop).do(EXPIRE_POINTS, YEAR_END, threads=2, chance=random.Random(n))  # noqa: S311

    assert at_once(3, run) == [[], [], []]
    for name in names:
        assert points.kinds(name) == ["adjust", "expire"]
    points.check(*names)


def test_R2_a_return_from_before_the_years_end_ends_alike_whether_posted_before_or_after_the_expiry(
    points: Points,
) -> None:
    chance = random.Random(20261231)  # noqa: S311 - repeatable
    unexpired = 0
    for number in range(10):
        facts = {
            "2025": chance.choice([0, 0, 150, 500]),
            "2026": chance.choice([0, 0, 80, 400]),
            "lot": chance.choice([100, 249, 600]),
            "redeem": chance.choice([0, 0, 120]),
            "debit": chance.choice([0, 0, 200]),
        }
        lot_year, released = chance.choice([IN_2025, PAID]), chance.random() < 0.8
        steps = sorted((chance.randrange(facts["lot"]) for _ in range(chance.randrange(3))), reverse=True)
        keeps = [*steps, 0] if chance.random() < 0.5 or not steps else steps
        cut = chance.randrange(len(keeps) + 1)
        ends = []
        for way, posted_before in (("before", len(keeps)), ("after", 0), ("between", cut)):
            name = f"{way}-{number}"
            points.join(name)
            for year, at in (("2025", IN_2025), ("2026", PAID)):
                if facts[year]:
                    points.adjust(name, facts[year], at, f"{name}-{year}")
            held = sum(points.wallet(name).available.values())
            redeem = min(facts["redeem"], held)
            paper = points.pay(name, facts["lot"], lot_year, redeem=redeem)
            points.receive(paper, PAID + DAY)
            points.post(paper)
            if released:
                points.release(name, paper, at=PAID + 8 * DAY)
            held = sum(points.wallet(name).available.values())
            if facts["debit"] and held:
                points.adjust(name, -min(facts["debit"], held), LAST_SECOND - 9 * DAY, f"{name}-d")
            for n, keep in enumerate(keeps):
                if n == posted_before:
                    points.post(paper)
                    points.expire(name, YEAR_END)
                points.give_back(
                    paper,
                    keep,
                    LAST_SECOND - (len(keeps) - n - 1) * SECOND,
                    to_restore=redeem * (n + 1) // len(keeps),
                )
            points.post(paper)
            points.expire(name, YEAR_END)
            points.check(name)
            wallet = points.wallet(name)
            ends.append((*points.balances(name), dict(wallet.expired)))
            unexpired += any(
                entry.kind is EntryKind.EXPIRE and entry.order_id for entry in points.entries(name)
            )
        assert ends[1:] == ends[:1] * 2, (facts, keeps, cut, released, lot_year)
    assert unexpired > 2


# --- announce-expiring (E10) ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (TOLD_FROM - SECOND, False),
        (TOLD_FROM, True),
        (LAST_SECOND, True),
        (YEAR_END, False),
    ],
)
def test_E10_members_are_told_from_30_days_before_the_years_end_and_not_before(
    points: Points, workers: Workers, at: datetime, told: bool
) -> None:
    expiring(points, "alice", 300)
    points.adjust("alice", 900, PAID, "gift-2")
    assert bool(workers.start(ANNOUNCE_EXPIRING, at)) == told
    workers.run()
    assert points.notices("alice") == ([(2025, 300)] if told else [])


def test_E10_only_usable_points_of_the_expiring_year_are_announced(points: Points, workers: Workers) -> None:
    points.join("fresh", "frozen", "older", "spent")
    expiring(points, "mixed", 300)
    points.adjust("mixed", 5, store(2024, 6, 1), "old-1")
    points.adjust("older", 70, store(2024, 6, 1), "old-2")
    points.adjust("fresh", 900, PAID, "gift")
    points.bought("frozen", 100, IN_2025, store(2026, 11, 30))
    points.adjust("spent", 60, IN_2025, "gift-3")
    points.adjust("spent", -60, PAID, "gift-4")
    assert workers.do(ANNOUNCE_EXPIRING, TOLD_FROM) == []
    told = {name: points.notices(name) for name in ("fresh", "frozen", "older", "spent", "mixed")}
    assert told == {"fresh": [], "frozen": [], "older": [], "spent": [], "mixed": [(2025, 300)]}
    row = points.get("NOTICE#EXPIRING#2025", "mixed")
    assert row["expires_at"] == "2026-12-31T15:59:59Z"


def test_case_32_a_member_is_told_once_however_often_and_overlapping_the_job_runs(
    points: Points, shop: Shop
) -> None:
    names = [f"m{n}" for n in range(10)]
    for name in names:
        expiring(points, name, 100)

    def run(n: int) -> list[Task]:
        chance = random.Random(n)  # noqa: S311 - repeatable
        return Workers(shop).do(ANNOUNCE_EXPIRING, TOLD_FROM + n * SECOND, chance=chance, copies=2)

    at_once(3, run)
    first = {name: points.get("NOTICE#EXPIRING#2025", name) for name in names}
    points.adjust("m0", 900, IN_2025, "more")
    Workers(shop).do(ANNOUNCE_EXPIRING, TOLD_FROM + 5 * DAY)
    assert {name: points.get("NOTICE#EXPIRING#2025", name) for name in names} == first


def test_E10_who_was_told_of_a_year_is_found_by_that_year_alone(
    points: Points, shop: Shop, workers: Workers
) -> None:
    expiring(points, "alice", 100)
    points.join("bob")
    assert workers.do(ANNOUNCE_EXPIRING, TOLD_FROM) == []
    told = [shop.accounts.told_of(year, ["bob", "alice"], Deadline(20)) for year in (2024, 2025, 2026)]
    assert told == [set(), {"alice"}, set()]


def test_E10_who_was_told_between_look_and_notice_is_told_nothing_else(
    points: Points, shop: Shop, calls: Calls
) -> None:
    expiring(points, "alice", 100)

    def announce(at: datetime, wallet: Wallet) -> bool:
        return shop.accounts.announce("alice", wallet, year=2025, at=at, policy=shop.policy)

    def meanwhile() -> None:
        points.adjust("alice", 50, IN_2025, "more")
        assert announce(TOLD_FROM, points.wallet("alice"))

    seen = points.wallet("alice")
    calls.do_before("PutItem", meanwhile)
    assert not announce(TOLD_FROM + DAY, seen)
    assert points.notices("alice") == [(2025, 150)]
    row = points.get("NOTICE#EXPIRING#2025", "alice")
    assert row["announced_at"] == calendar.to_row(TOLD_FROM)


# --- adjustments (E8, R1) -------------------------------------------------------------------------


@pytest.mark.parametrize("change", [40, -40])
def test_R1_one_adjustment_id_sent_50_times_at_once_has_one_effect(points: Points, change: int) -> None:
    points.join("alice")
    points.adjust("alice", 100, PAID, "before")
    results = at_once(50, lambda _: points.adjust("alice", change, PAID, "once"))
    assert points.balances("alice") == (0, {"2026": 100 + change}, 0)
    assert points.kinds("alice") == ["adjust", "adjust"]
    refused = [each for each in results if isinstance(each, RefusalError)]
    assert {each.code for each in refused} <= {"conflict"}
    assert len(refused) < 50
    points.adjust("alice", change, PAID + 400 * DAY, "once")  # case 5
    assert points.kinds("alice") == ["adjust", "adjust"]
    points.check("alice")


def adjusted(points: Points, *member_ids: str) -> list[str]:
    """Return who of these members has been credited with 100 points, once; the others have nothing."""
    held = {member_id: points.balances(member_id) for member_id in member_ids}
    assert [each for each in held.values() if each not in ((0, {}, 0), (0, {"2026": 100}, 0))] == []
    points.check(*member_ids)
    return [member_id for member_id, (_, available, _) in held.items() if available]


def test_R1_one_adjustment_id_for_two_members_at_once_credits_one(points: Points) -> None:
    for number in range(10):
        pair = [f"m{number}", f"n{number}"]
        points.join(*pair)

        def credit(which: int, pair: list[str] = pair, number: int = number) -> Wallet:
            return points.adjust(pair[which], 100, PAID, f"shared{number}")

        results = at_once(2, credit)
        refusals = [each.code for each in results if isinstance(each, RefusalError)]
        assert refusals == ["adjustment_id_reused"]
        assert len(adjusted(points, *pair)) == 1


def test_R1_an_adjustment_id_spent_on_another_member_between_read_and_write_is_refused(
    points: Points, calls: Calls
) -> None:
    points.join("alice", "bob")
    calls.do_before("TransactWriteItems", lambda: points.adjust("bob", 100, PAID, "shared"))
    with pytest.raises(InvalidError) as refused:
        points.adjust("alice", 100, PAID, "shared")
    assert refused.value.code == "adjustment_id_reused"
    assert adjusted(points, "alice", "bob") == ["bob"]


def test_case_6_debits_at_once_never_take_more_than_there_is(points: Points) -> None:
    points.join("alice")
    points.adjust("alice", 100, PAID, "before")
    results = at_once(12, lambda n: points.adjust("alice", -30, PAID, f"debit-{n}"))
    done = [each for each in results if not isinstance(each, RefusalError)]
    codes = {each.code for each in results if isinstance(each, RefusalError)}
    assert codes <= {"insufficient_points", "conflict"}
    assert 1 <= len(done) <= 3
    assert points.balances("alice") == (0, {"2026": 100 - 30 * len(done)}, 0)
    points.check("alice")


def test_R1_an_adjustment_id_with_other_contents_or_for_another_member_is_refused(points: Points) -> None:
    points.join("alice", "bob")
    points.adjust("alice", 100, PAID, "once")
    tries: list[Callable[[], Wallet]] = [
        lambda: points.adjust("alice", 101, PAID, "once"),
        lambda: points.adjust("alice", -100, PAID, "once"),
        lambda: points.adjust("alice", 100, PAID, "once", reason="another"),
        lambda: points.adjust("bob", 100, PAID, "once"),
        lambda: points.adjust("nobody", 100, PAID, "once"),
    ]
    for again in tries:
        with pytest.raises(InvalidError) as refused:
            again()
        assert refused.value.code == "adjustment_id_reused"
    assert points.balances("alice") == (0, {"2026": 100}, 0)
    assert points.balances("bob") == (0, {}, 0)
    points.check("alice", "bob")


def test_E8_an_unknown_member_cannot_be_adjusted_and_the_id_is_not_used_up(points: Points) -> None:
    with pytest.raises(NotFoundError) as refused:
        points.adjust("alice", 100, PAID, "once")
    assert refused.value.code == "member_not_found"
    points.join("alice")
    points.adjust("alice", 100, PAID, "once")
    assert points.balances("alice") == (0, {"2026": 100}, 0)


def test_E8_a_debit_is_refused_when_there_is_not_enough_that_can_be_spent(points: Points) -> None:
    expiring(points, "alice", 60)
    points.adjust("alice", 50, PAID, "gift")
    points.bought("alice", 500, PAID, RECEIVED)
    for change, at in ((-111, PAID), (-51, YEAR_END)):
        with pytest.raises(ConflictError) as refused:
            points.adjust("alice", change, at, "debit")
        assert refused.value.code == "insufficient_points"
    points.adjust("alice", -61, PAID, "debit")  # refused, the id was not used up; the oldest year first
    assert points.balances("alice") == (500, {"2026": 49}, 0)
    points.check("alice")


def test_E8_a_credit_is_of_the_current_year_and_pays_the_debt_first(points: Points) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)
    points.release("alice", paper, at=DUE)
    points.adjust("alice", -80, DUE, "debit")
    points.give_back(paper, 0, DUE)
    points.post(paper)
    points.adjust("alice", 100, LAST_SECOND, "a")
    points.adjust("alice", 7, YEAR_END, "b")
    assert points.balances("alice") == (0, {"2026": 20, "2027": 7}, 0)
    points.check("alice")


# --- faults at every call (cases 14-20, 22) -------------------------------------------------------


@dataclass(frozen=True)
class Operation:
    """An operation on one member's account: what comes before it, itself, and what its one effect is."""

    prepare: Callable[[Points, str], Paper | None]
    act: Callable[[Points, str, Paper | None], object]
    effect: tuple[int, dict[str, int], int]
    kinds: list[str]


def _bought(points: Points, name: str) -> Paper:
    points.join(name)
    return points.bought(name, 100, PAID, RECEIVED)


def _half_back(points: Points, name: str) -> Paper:
    paper = _bought(points, name)
    points.give_back(paper, 40, DUE - DAY)
    return paper


def _paid(points: Points, name: str) -> Paper:
    points.join(name)
    return points.pay(name, 100, PAID)


def _gifted(points: Points, name: str) -> None:
    expiring(points, name)


def _the(paper: Paper | None) -> Paper:
    assert paper is not None
    return paper


OPERATIONS = {
    "post": Operation(_paid, lambda p, n, paper: p.post(_the(paper)), (100, {}, 0), ["earn"]),
    "release": Operation(
        _bought,
        lambda p, n, paper: p.release(n, _the(paper), at=DUE),
        (0, {"2026": 100}, 0),
        ["earn", "release"],
    ),
    "release behind": Operation(
        _half_back,
        lambda p, n, paper: p.release(n, _the(paper), at=DUE),
        (0, {"2026": 40}, 0),
        ["earn", "reverse", "release"],
    ),
    "expire": Operation(_gifted, lambda p, n, _: p.expire(n, YEAR_END), (0, {}, 0), ["adjust", "expire"]),
    "credit": Operation(
        _gifted,
        lambda p, n, _: p.adjust(n, 50, PAID, f"once-{n}"),
        (0, {"2025": 100, "2026": 50}, 0),
        ["adjust", "adjust"],
    ),
    "debit": Operation(
        _gifted,
        lambda p, n, _: p.adjust(n, -100, PAID, f"once-{n}"),
        (0, {}, 0),
        ["adjust", "adjust"],
    ),
}


@pytest.mark.parametrize(("sends", "faults"), [(SENDS_OF_THE_SDK, list(FAULTS)), (60, ENDLESS)])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_cases_14_to_22_a_fault_at_any_call_leaves_one_effect_or_a_refusal_after_which_a_retry_completes(
    points: Points, calls: Calls, operation: str, sends: int, faults: list[str]
) -> None:
    told = OPERATIONS[operation]
    for fault in faults:
        number, struck = 0, True
        while struck:
            name = f"{operation}-{fault}-{number}".replace(" ", "-")
            paper = told.prepare(points, name)
            before = points.kinds(name)
            kind, transactions = FAULTS[fault]
            striking = strike(calls, number, *[kind] * sends, transactions=transactions)
            refused: RefusalError | None = None
            try:
                told.act(points, name, paper)
            except RefusalError as refusal:
                refused = refusal
            operation_struck = striking()
            struck = operation_struck is not None
            calm(calls)
            kinds = points.kinds(name)
            if operation_struck == "TransactWriteItems" and sends == SENDS_OF_THE_SDK:
                assert refused is None, name
            if refused is None:
                assert kinds == told.kinds, name
            else:
                expected = TryAgainError if fault in UNKNOWN_OUTCOME else TryAgainError | ConflictError
                assert isinstance(refused, expected), name
                assert kinds in [told.kinds[:length] for length in range(len(before), len(told.kinds) + 1)], (
                    name
                )
                one_fact = operation in ("release", "expire", "credit", "debit")
                if one_fact and (isinstance(refused, ConflictError) or fault not in AFTER_EFFECT):
                    assert kinds == before, name
            told.act(points, name, paper)
            told.act(points, name, paper)
            assert points.kinds(name) == told.kinds, name
            assert points.balances(name) == told.effect, name
            points.check(name)
            number += 1
        assert number > 1


@pytest.mark.parametrize("operation", OPERATIONS)
def test_case_16_three_conflicts_and_case_18_endless_throttling(
    points: Points, calls: Calls, operation: str
) -> None:
    told = OPERATIONS[operation]
    paper = told.prepare(points, "alice")
    before = points.kinds("alice")
    calls.fail("TransactWriteItems", *[THROTTLED] * (SENDS_MAX * SENDS_OF_THE_SDK + 40))
    sent = len(calls.sent)
    with pytest.raises(TryAgainError):
        told.act(points, "alice", paper)
    assert calls.sent[sent:].count("TransactWriteItems") == SENDS_MAX * SENDS_OF_THE_SDK
    assert points.kinds("alice") == before
    calm(calls)
    calls.fail("TransactWriteItems", CONFLICT, CONFLICT, CONFLICT)
    told.act(points, "alice", paper)
    assert points.kinds("alice") == told.kinds
    points.check("alice")


@pytest.mark.parametrize("operation", OPERATIONS)
def test_case_17_a_conflict_together_with_a_failed_condition_is_decided_by_a_fresh_read(
    points: Points, calls: Calls, operation: str
) -> None:
    told = OPERATIONS[operation]
    paper = told.prepare(points, "alice")
    calls.fail("TransactWriteItems", cancelled("TransactionConflict", "ConditionalCheckFailed"))
    sent = len(calls.sent)
    told.act(points, "alice", paper)
    writes = [n for n, each in enumerate(calls.sent[sent:]) if each == "TransactWriteItems"]
    assert writes[1] - writes[0] > 1, "the same transaction was sent again"
    assert points.kinds("alice") == told.kinds
    points.check("alice")


def test_case_19_a_spent_debit_whose_answer_is_lost_is_not_called_insufficient(
    points: Points, calls: Calls
) -> None:
    expiring(points, "alice", 100)
    calls.fail("TransactWriteItems", *[LOST_AFTER] * SENDS_OF_THE_SDK)
    assert points.adjust("alice", -100, PAID, "debit").available == {}
    assert points.kinds("alice") == ["adjust", "adjust"]


def test_R1_a_repeated_debit_whose_batch_is_torn_is_not_called_insufficient(
    points: Points, calls: Calls
) -> None:
    expiring(points, "alice", 100)
    points.adjust("alice", -100, PAID, "debit")
    rows = [to_item(points.get(item, "alice")) for item in (WALLET, members.STANDING)]
    torn = {"Responses": {points.table: rows}, "UnprocessedKeys": {}}
    calls.fail("BatchGetItem", Fault(status=200, error=torn))
    assert points.adjust("alice", -100, PAID, "debit").available == {}
    calls.fail("BatchGetItem", Fault(status=200, error=torn))
    with pytest.raises(InvalidError):
        points.adjust("alice", -101, PAID, "debit")
    assert points.kinds("alice") == ["adjust", "adjust"]


# --- workers: dying, hurried, twice, out of order (cases 27, 29, 31, 34; R2) ----------------------


@dataclass(frozen=True)
class Job:
    """A job, what makes a member due for it, and what one run of it makes of a member."""

    prepare: Callable[[Points, str], None]
    at: datetime
    shards: int
    effect: Callable[[Points, str], object]
    expected: object


def _due(points: Points, name: str) -> None:
    points.join(name)
    for n in range(2):
        points.bought(name, 10 + n, PAID, RECEIVED)
    points.give_back(points.bought(name, 30, PAID, RECEIVED), 20, DUE - DAY)


def _unposted(points: Points, name: str) -> None:
    points.join(name)
    paper = points.bought(name, 10, PAID, RECEIVED)
    points.give_back(paper, 5, DUE)
    points.receive(points.pay(name, 100, PAID), RECEIVED)


JOBS = {
    RELEASE_POINTS: Job(
        _due,
        DUE,
        LOT_SHARDS,
        lambda p, n: (p.balances(n), sorted(p.kinds(n))),
        ((0, {"2026": 41}, 0), ["earn"] * 3 + ["release"] * 3 + ["reverse"]),
    ),
    EXPIRE_POINTS: Job(
        expiring,
        YEAR_END,
        WALLET_SHARDS,
        lambda p, n: (p.balances(n), p.kinds(n)),
        ((0, {}, 0), ["adjust", "expire"]),
    ),
    ANNOUNCE_EXPIRING: Job(expiring, TOLD_FROM, WALLET_SHARDS, lambda p, n: p.notices(n), [(2025, 100)]),
    REPLAY_POINTS: Job(
        _unposted,
        DUE,
        1,
        lambda p, n: (p.balances(n), sorted(p.kinds(n))),
        ((105, {}, 0), ["earn", "earn", "reverse"]),
    ),
}


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize(("copies", "threads"), [(1, 1), (2, 3)])
def test_R2_tasks_handed_on_twice_and_in_any_order_skip_nothing_and_double_nothing(
    points: Points,
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    job: str,
    copies: int,
    threads: int,
) -> None:
    told = JOBS[job]
    monkeypatch.setattr(jobs, "PAGE_ROWS", 3)
    monkeypatch.setattr(replay, "SCAN_ROWS", 3)
    monkeypatch.setattr(replay, "SEGMENTS", 2)
    names = in_shard(0, told.shards, 5, "a") + in_shard(told.shards // 2, told.shards, 2, "b")
    for name in names:
        told.prepare(points, name)
    chance = random.Random(job)  # noqa: S311 - repeatable
    workers.receives_max = 100
    dead = workers.do(
        job,
        told.at,
        copies=copies,
        threads=threads,
        chance=chance,
        looks=lambda: chance.choice([1, 2, 3, 5, 8]),
    )
    assert dead == []
    assert len(workers.box.put) > len(workers.box.first), "nothing was handed on"
    for name in names:
        assert told.effect(points, name) == told.expected
    if job != ANNOUNCE_EXPIRING:
        points.check(*names)


@pytest.mark.parametrize("job", JOBS)
def test_case_21_an_invocation_without_any_time_loses_nothing(
    points: Points, workers: Workers, job: str
) -> None:
    told = JOBS[job]
    told.prepare(points, "alice")
    workers.start(job, told.at)
    tasks = workers.box.waiting[:]
    for message in tasks:
        workers.box.waiting.remove(message)
        workers._deliver(message, lambda: 0)
    for task in [message.task for message in workers.box.waiting]:
        assert task.work
    assert len(workers.box.waiting) <= len(tasks)
    assert workers.run() == []
    assert told.effect(points, "alice") == told.expected


@pytest.mark.parametrize("job", JOBS)
def test_case_34_a_worker_that_dies_at_any_step_leaves_what_another_completes(
    points: Points,
    workers: Workers,
    client: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
    job: str,
) -> None:
    told = JOBS[job]
    monkeypatch.setattr(jobs, "PAGE_ROWS", 2)
    monkeypatch.setattr(replay, "SCAN_ROWS", 2)
    monkeypatch.setattr(replay, "SEGMENTS", 1)
    steps, died = 0, True
    while died:
        names = in_shard(0, told.shards, 2, f"{steps}-")
        for name in names:
            told.prepare(points, name)
        task = Task(work=job, at=told.at, shard=0, of=told.shards)
        workers.box.queue.put([task])
        (message,) = workers.box.waiting
        with mortal(client, workers.box, steps) as life:
            done = workers._deliver(message, lambda: 6)
        died = life.over
        assert not (done and died)
        if done:
            workers.box.waiting.remove(message)
        workers.receives_max = 10
        assert workers.run() == []
        for name in names:
            assert told.effect(points, name) == told.expected
        if job != ANNOUNCE_EXPIRING:
            points.check(*names)
        steps += 1
        if job == REPLAY_POINTS:  # a replay reads all orders: those of the rounds before are in the way
            for paper in points.papers.values():
                points.shop.tables.client.delete_item(
                    TableName=points.orders_table,
                    Key={"order_id": {"S": paper.order_id}, "item": {"S": "ORDER"}},
                )
    assert steps > 3


@pytest.mark.parametrize("job", [RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING])
@pytest.mark.parametrize(("fault", "sends"), [("lost", 2), ("throttled", 30), ("error", 2)])
def test_case_22_a_job_that_meets_faults_has_one_effect_in_the_end(
    points: Points, workers: Workers, calls: Calls, job: str, fault: str, sends: int
) -> None:
    told = JOBS[job]
    number, struck = 0, True
    while struck:
        names = in_shard(0, told.shards, 2, f"{number}-")
        for name in names:
            told.prepare(points, name)
        task = Task(work=job, at=told.at, shard=0, of=told.shards)
        workers.box.queue.put([task])
        operation_struck = strike(calls, number, *[FAULTS[fault][0]] * sends)
        workers.receives_max = 1
        workers.run()
        struck = operation_struck() is not None
        calm(calls)
        workers.redrive()  # case 31
        assert workers.run() == []
        for name in names:
            assert told.effect(points, name) == told.expected
        number += 2
    assert number > 3


def broken(points: Points, member_id: str, job: str, how: str) -> Callable[[], None]:
    """Break what a job needs of a member; return what repairs it."""
    row = points.get(WALLET, member_id)
    index: dict[str, str] = {name: row[name] for name in ("wallet_shard", "oldest_year") if name in row}
    if how == "no wallet":
        points.delete(member_id, WALLET)
    elif how == "unreadable":
        points.put(points.table, {**members.key(member_id, WALLET), "version": 1, **index})
    else:
        points.put(points.table, row | {"frozen": -1})
    return lambda: points.put(points.table, row)


@pytest.mark.parametrize(
    ("job", "how"),
    [
        (RELEASE_POINTS, "no wallet"),
        (RELEASE_POINTS, "unreadable"),
        (RELEASE_POINTS, "negative"),
        (EXPIRE_POINTS, "unreadable"),
        (EXPIRE_POINTS, "negative"),
        (ANNOUNCE_EXPIRING, "unreadable"),
        (ANNOUNCE_EXPIRING, "negative"),
        (REPLAY_POINTS, "no wallet"),
        (REPLAY_POINTS, "negative"),
    ],
)
def test_case_29_a_poison_row_goes_on_in_a_task_of_its_own_and_the_others_are_done(
    points: Points, workers: Workers, job: str, how: str
) -> None:
    told = JOBS[job]
    names = in_shard(0, told.shards, 5)
    for name in names:
        told.prepare(points, name)
    repair = broken(points, names[2], job, how)
    dead = workers.do(job, told.at)
    for name in names[:2] + names[3:]:
        assert told.effect(points, name) == told.expected
    assert dead
    assert all(task.only for task in dead), "the whole shard failed"
    assert all(names[2] in str(task.only) or job == REPLAY_POINTS for task in dead)
    repair()
    workers.redrive()  # case 31
    assert workers.run(copies=2) == []
    assert told.effect(points, names[2]) == told.expected
    if job != ANNOUNCE_EXPIRING:
        points.check(*names)


def test_case_29_a_task_about_a_poison_row_fails_again(points: Points, workers: Workers) -> None:
    points.join("alice")
    paper = points.bought("alice", 100, PAID, RECEIVED)
    points.delete("alice", WALLET)
    poison = members.key("alice", LOT + paper.order_id)
    task = Task(work=RELEASE_POINTS, at=DUE, shard=0, of=LOT_SHARDS, only=(poison,))
    worker = PointsJobs(points.shop.accounts, workers.runs, workers.box.queue, points.shop.policy)
    with pytest.raises(TaskError):
        worker.work(task, Deadline(20))
    assert workers.box.put == []


def test_case_29_a_poison_lot_does_not_hold_up_the_other_lots_of_its_member(
    points: Points, workers: Workers
) -> None:
    points.join("alice")
    papers = [points.bought("alice", 10 + n, PAID, RECEIVED) for n in range(3)]
    poison = LOT + papers[1].order_id
    row = points.get(poison, "alice")
    points.put(points.table, {name: value for name, value in row.items() if name != "restored"})
    workers.do(RELEASE_POINTS, DUE)
    assert points.balances("alice") == (11, {"2026": 22}, 0)


# --- the audit and the replay ---------------------------------------------------------------------


def lived(points: Points, chance: random.Random, names: list[str], steps: int) -> None:
    """Let members live a random life that is all posted in the end."""
    points.join(*names)
    at, adjustments = store(2025, 9, 1), 0
    for _ in range(steps):
        at += timedelta(hours=chance.randrange(1, 24 * 8))
        name = chance.choice(names)
        own = [paper for paper in points.papers.values() if paper.member_id == name]
        held = sum(usable(points.wallet(name), points.shop.policy, at).values())
        what = chance.choice(["pay", "pay", "receive", "receive", "back", "release", "expire", "adjust"])
        if what == "pay":
            redeem = chance.randrange(held + 1) if held and chance.random() < 0.5 else 0
            points.post(points.pay(name, chance.randrange(400), at, redeem=redeem))
        elif what == "adjust":
            adjustments += 1
            change = chance.choice([50, 50, -chance.randrange(held + 1)])
            if change:
                points.adjust(name, change, at, f"adjustment-{adjustments}")
        elif what == "release" and own:
            points.release(name, *own, at=at)
        elif what == "expire":
            points.expire(name, at)
        elif what in ("receive", "back") and own:
            paper = chance.choice(own)
            if what == "receive" and paper.received_at is None:
                points.receive(paper, at)
            elif what == "back" and paper.received_at is not None and paper.points:
                redeemed, restored = sum(paper.redeemed_by_year.values()), paper.changes[-1].to_restore
                keeps = chance.choice([0, paper.points // 2])
                points.give_back(
                    paper,
                    keeps,
                    at,
                    to_restore=chance.randrange(restored, redeemed + 1) if keeps else redeemed,
                )
            points.post(paper)


AUDITED_AT = store(2027, 2, 1)


@pytest.fixture
def few_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small tables are read in several segments all the same, though fewer than large ones."""
    monkeypatch.setattr(shards, "SMALL_ROWS", 1)
    for work in (AUDIT_ACCOUNTS, AUDIT_ORDERS):
        monkeypatch.setitem(passes.SEGMENTS, work, 3)


def found(reports: Reports) -> tuple[Report, set[tuple[str, str, str | None]]]:
    """Return the last report, and of which members and orders it lists which differences."""
    report = reports.last()
    assert report is not None
    listed, after = reports.differences(report.as_of, limit=500, after=None)
    assert after is None
    return report, {(each.member_id, each.what, each.order_id) for each in listed}


def owed(points: Points, names: list[str], at: datetime) -> Liability:
    """Return what is owed, summed over the wallets."""
    total = Liability()
    for name in names:
        wallet = points.wallet(name)
        years = usable(wallet, points.shop.policy, at)
        total += Liability(wallets=1, available=years, frozen=wallet.frozen, debt=wallet.debt)
    return total


@pytest.mark.usefixtures("few_segments")
@pytest.mark.parametrize("seed", range(2))
def test_E9_a_clean_history_has_no_differences_and_what_is_owed_is_the_sum_over_the_wallets(
    points: Points, workers: Workers, reports: Reports, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    names = [f"m{n}" for n in range(6)]
    lived(points, chance, names, 110)
    points.check(*names)
    assert workers.do(AUDIT_POINTS, AUDITED_AT) == []
    report, differences = found(reports)
    assert {what for _, what, _ in differences} <= {"overdue"}  # no job has run for long
    assert report.as_of == AUDITED_AT
    assert (report.accounts, report.orders) == (len(names), len(points.papers))
    wallets = [points.wallet(name) for name in names]
    assert report.liability.frozen == sum(wallet.frozen for wallet in wallets)
    assert report.liability.debt == sum(wallet.debt for wallet in wallets)
    by_year = dict(report.liability.available)
    assert "2025" not in by_year
    for year in ("2026", "2027"):
        assert by_year.get(year, 0) == sum(wallet.available.get(year, 0) for wallet in wallets)
    assert report.liability.wallets == len(names)
    for job in (RELEASE_POINTS, EXPIRE_POINTS):
        workers.do(job, AUDITED_AT)
    workers.do(AUDIT_POINTS, AUDITED_AT + SECOND)
    assert (found(reports)[0].differences, found(reports)[1]) == (0, set())


@pytest.mark.usefixtures("few_segments")
@pytest.mark.parametrize("tampering", TAMPERINGS)
def test_the_audit_finds_what_was_tampered_with_and_nothing_else(
    points: Points, workers: Workers, reports: Reports, tampering: str
) -> None:
    told = TAMPERINGS[tampering]
    settled(points, "bob")
    papers = settled(points, "alice")
    told.act(points, "alice", papers)
    papers = [paper for paper in points.papers.values() if paper.member_id == "alice"]
    assert workers.do(AUDIT_POINTS, AUDITED_AT) == []
    report, differences = found(reports)
    order_id = None if told.order is None else papers[told.order].order_id
    expected = {("alice", what, order_id if what == "posting" else None) for what in told.whats}
    assert differences == expected
    assert report.differences == len(expected)


@pytest.mark.usefixtures("few_segments")
def test_the_audit_of_an_account_that_changes_meanwhile_finds_nothing(
    points: Points, workers: Workers, reports: Reports, calls: Calls
) -> None:
    settled(points, "alice")
    row = points.get(WALLET, "alice")
    changed = list[str]()

    def repair() -> None:  # the first thing that reckoning the account again reads is its wallet
        points.put(points.table, row)
        calls.do_before("Query", change)

    def change() -> None:
        changed.append(f"meanwhile-{len(changed)}")
        points.adjust("alice", 1, DUE + DAY, changed[-1])
        if len(changed) < 3:
            calls.do_before("Query", change)

    points.put(points.table, row | {"debt": 1})  # what the scan reads is no snapshot
    calls.do_before("GetItem", repair)
    assert workers.do(AUDIT_POINTS, AUDITED_AT) == []
    assert len(changed) == 3
    report, differences = found(reports)
    assert (report.differences, differences) == (0, set())
    points.check("alice")


@pytest.mark.usefixtures("few_segments")
@pytest.mark.parametrize("posted", ["all", "what was missed", "nothing"])
def test_the_second_look_misses_only_what_was_not_posted_meanwhile(
    points: Points, workers: Workers, reports: Reports, posted: str
) -> None:
    papers = settled(points, "alice")
    points.receive(papers[2], DUE)
    points.give_back(papers[0], 50, DUE + 2 * DAY)
    workers.start(AUDIT_POINTS, AUDITED_AT)
    workers.run(delayed=False)
    assert reports.last() is None
    delayed = [message for message in workers.box.waiting if message.delay_seconds == 20]
    assert delayed == workers.box.waiting
    if posted != "nothing":
        for paper in (papers[0], papers[2]):
            points.post(paper)
    if posted == "what was missed":
        points.give_back(papers[0], 10, AUDITED_AT)  # on its way
        points.give_back(papers[2], 10, AUDITED_AT)
    assert workers.run() == []
    report, differences = found(reports)
    missing = {("alice", "posting", papers[n].order_id) for n in (0, 2)}
    assert differences == (missing if posted == "nothing" else set())
    assert report.differences == len(differences)


@pytest.mark.parametrize(("seed", "copies"), [(0, 1), (1, 2), (2, 1), (3, 2)])
def test_the_audit_handed_on_in_the_middle_twice_and_in_any_order_finds_the_same(
    points: Points,
    workers: Workers,
    reports: Reports,
    monkeypatch: pytest.MonkeyPatch,
    seed: int,
    copies: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - repeatable
    monkeypatch.setattr(shards, "SCAN_ROWS", 4 + seed)
    monkeypatch.setattr(shards, "SMALL_ROWS", 1)
    monkeypatch.setattr(looks, "RECHECK_ROWS", 2)
    for work in (AUDIT_ACCOUNTS, AUDIT_ORDERS):
        monkeypatch.setitem(passes.SEGMENTS, work, 2)
    names = [f"m{n}" for n in range(6)]
    papers = {name: settled(points, name) for name in names}
    before = owed(points, names, AUDITED_AT)
    points.tamper("m1", members.STANDING, tier="J5")
    points.tamper("m4", points.entry_item("m4", 1), frozen_delta=101)
    points.give_back(papers["m2"][1], 50, DUE)
    points.pay("m5", 1, DUE)
    never = list(points.papers)[-1]
    workers.receives_max = 20
    dead = workers.do(
        AUDIT_POINTS,
        AUDITED_AT,
        chance=chance,
        copies=copies,
        threads=1 + 2 * (seed % 2),
        looks=lambda: chance.choice([0, 0, 1, 2]),
    )
    assert dead == []
    report, differences = found(reports)
    assert differences == {
        ("m1", "standing", None),
        ("m4", "entries", None),
        ("m4", "chain", None),
        ("m2", "posting", papers["m2"][1].order_id),
        ("m5", "posting", never),
    }
    assert (report.accounts, report.orders) == (6, 19)
    assert report.liability == before
    assert report.differences == 5


@pytest.mark.usefixtures("few_segments")
def test_the_report_is_written_when_all_parts_are_there_whatever_comes_last(
    points: Points, workers: Workers, reports: Reports
) -> None:
    papers = settled(points, "alice")
    points.receive(papers[2], DUE)
    for last in range(7):
        at = AUDITED_AT + last * DAY
        workers.start(AUDIT_POINTS, at)
        held_back: list[Any] = []
        if last < 6:
            held_back = [workers.box.waiting.pop(last)]
        else:
            workers.run(delayed=False)
            held_back, workers.box.waiting = workers.box.waiting, []
        before = reports.last()
        workers.run()
        assert reports.last() == before
        workers.box.waiting = held_back
        assert workers.run() == []
        report, differences = found(reports)
        assert report.as_of == at
        assert differences == {("alice", "posting", papers[2].order_id)}
        assert report.differences == 1
        assert (report.accounts, report.orders) == (1, 3)


@pytest.mark.usefixtures("few_segments")
def test_an_audit_that_ends_late_does_not_replace_the_report_of_a_later_one(
    points: Points, workers: Workers, reports: Reports
) -> None:
    settled(points, "alice")
    workers.start(AUDIT_POINTS, AUDITED_AT)
    late, workers.box.waiting = workers.box.waiting, []
    workers.do(AUDIT_POINTS, AUDITED_AT + DAY)
    workers.box.waiting = late
    workers.run()
    report = reports.last()
    assert report is not None
    assert report.as_of == AUDITED_AT + DAY


def test_case_34_an_audit_whose_workers_die_finds_the_same_once(
    points: Points,
    workers: Workers,
    reports: Reports,
    client: "DynamoDBClient",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shards, "SCAN_ROWS", 5)
    for work in (AUDIT_ACCOUNTS, AUDIT_ORDERS):
        monkeypatch.setitem(passes.SEGMENTS, work, 1)
    papers = settled(points, "alice")
    points.receive(papers[2], DUE)
    points.tamper("alice", members.STANDING, tier="J5")
    expected = {("alice", "posting", papers[2].order_id), ("alice", "standing", None)}
    workers.receives_max = 10
    steps, died = 0, True
    while died:
        at = AUDITED_AT + steps * DAY
        workers.start(AUDIT_POINTS, at)
        first = workers.box.waiting[steps % 2]
        with mortal(client, workers.box, steps // 2) as life:
            if workers._deliver(first, None):
                workers.box.waiting.remove(first)
        died = life.over or steps % 2 == 0
        assert workers.run() == []
        report, differences = found(reports)
        assert report.as_of == at
        assert (differences, report.differences) == (expected, 2)
        steps += 1
    assert steps > 8


@pytest.mark.usefixtures("few_segments")
def test_case_30_what_was_never_posted_is_found_and_a_replay_posts_it_once(
    points: Points, workers: Workers, reports: Reports
) -> None:
    names = [f"m{n}" for n in range(6)]
    for name in names:
        settled(points, name)
    before = {name: points.entries(name) for name in names}
    returned, received = points.papers["order-0000"], points.papers["order-0005"]
    points.give_back(returned, 40, DUE + 2 * DAY)
    points.receive(received, DUE)
    points.receive(points.pay("m2", 70, DUE), DUE + DAY)
    workers.do(AUDIT_POINTS, AUDITED_AT)
    assert found(reports)[0].differences == 3
    assert workers.do(REPLAY_POINTS, AUDITED_AT, copies=2, threads=2) == []
    kinds = {name: [entry.kind.value for entry in points.entries(name)[6:]] for name in names}
    assert kinds == {"m0": ["reverse"], "m1": [], "m2": ["earn"], "m3": [], "m4": [], "m5": []}
    for name in names:
        assert points.entries(name)[:6] == before[name]
    points.check(*names)
    workers.do(RELEASE_POINTS, AUDITED_AT)
    workers.do(AUDIT_POINTS, AUDITED_AT + DAY)
    report, differences = found(reports)
    assert (report.differences, differences) == (0, set())


# --- the cost follows what is due -----------------------------------------------------------------


def crowd(shop: Shop, settings: Settings, names: list[str]) -> None:
    """Register many members who have points, of which none are due."""
    later = calendar.to_row(DUE + SECOND)
    rows: list[dict[str, Any]] = []
    for name in names:
        wallet = Wallet(version=2, entries=1, frozen=10, available={"2026": 7})
        held = members.MemberStanding(
            standing=at_registration(shop.policy),
            policy_version=shop.policy.version,
            birthday=Kept(solar_month=None),
        )
        rows += [wallet_row(name, wallet), members.standing_row(name, held)]
        lot = {"order_id": "o", "year": 2026, "points": 10, "effective_fen": 1000, "restored": 0, "posted": 1}
        index = {"release_at": later, "lot_shard": account_rows.shard(name, LOT_SHARDS)}
        rows.append({**members.key(name, f"{LOT}o"), **lot, **index, "state": "frozen", "version": 1})
    put_rows(shop.tables, settings.members_table, rows)


@pytest.mark.parametrize("job", [RELEASE_POINTS, EXPIRE_POINTS, ANNOUNCE_EXPIRING])
def test_the_cost_of_a_job_follows_what_is_due_and_not_how_many_members_there_are(
    rows: Tables, policy: Policy, client: "DynamoDBClient", calls: Calls, job: str
) -> None:
    told, costs = JOBS[job], []
    due = [f"due-{n}" for n in range(5)]
    for others in (0, 295):
        settings = tables.create(client, f"cost-{job}-{others}")
        shop = Shop(rows, settings, policy)
        crowd(shop, settings, [f"other-{n}" for n in range(others)])
        points = Points(shop)
        for name in due:
            told.prepare(points, name)
        sent = len(calls.sent)
        with counted(client) as read:
            assert Workers(shop).do(job, told.at) == []
        costs.append((sorted(calls.sent[sent:]), dict(read)))
        for name in due:
            assert told.effect(points, name) == told.expected
    assert costs[1] == costs[0]
    assert len(costs[0][0]) < told.shards + 40


# --- an audit that comes to its end, whatever it finds -----------------------------------------------


@pytest.mark.usefixtures("few_segments")
def test_rows_that_cannot_be_read_are_differences_and_hold_up_neither_audit_nor_replay(
    points: Points, workers: Workers, reports: Reports
) -> None:
    names = [f"m{n}" for n in range(5)]
    papers = {name: settled(points, name) for name in names}
    points.tamper("m0", f"{LOT}{papers['m0'][0].order_id}", state="melted")
    points.tamper("m1", WALLET, available={"x": 1})
    points.tamper("m2", WALLET, entries="6")
    broken = papers["m3"][0]
    points.put(points.orders_table, broken.row() | {"terms": None})
    lost = points.pay("m4", 70, DUE)
    workers.do(AUDIT_POINTS, AUDITED_AT)
    _, differences = found(reports)
    assert {(name, what) for name, what, _ in differences if what == "row"} == {
        (name, "row") for name in names[:4]
    }
    assert ("m4", "posting", lost.order_id) in differences
    dead = workers.do(REPLAY_POINTS, AUDITED_AT)
    assert {row["order_id"] for task in dead for row in task.only} == {
        broken.order_id,
        papers["m0"][0].order_id,
    }
    assert points.lots("m4")[lost.order_id].points == 70


@pytest.mark.usefixtures("few_segments")
def test_a_policy_with_other_tiers_makes_no_differences(
    points: Points, workers: Workers, reports: Reports, tmp_path: Path
) -> None:
    settled(points, "alice")
    lower = load(changed(tmp_path, ("above_fen = 100_000", "above_fen = 1")))
    other = Workers(replace(workers.shop, policy=lower))
    for job in (RELEASE_POINTS, AUDIT_POINTS):
        other.do(job, AUDITED_AT)
    assert found(reports)[1] == set()


@pytest.mark.usefixtures("few_segments")
def test_a_row_that_no_job_would_find_and_one_that_no_job_has_done_are_differences(
    points: Points, workers: Workers, reports: Reports
) -> None:
    for name in ("alice", "bob"):
        settled(points, name)
    wallet = points.get(WALLET, "alice")
    del wallet["wallet_shard"]
    points.put(points.table, wallet)
    workers.do(AUDIT_POINTS, AUDITED_AT)
    assert found(reports)[1] == {("alice", "index", None)}
    workers.do(AUDIT_POINTS, store(2028, 1, 5))
    assert {("alice", "overdue", None), ("bob", "overdue", None)} <= found(reports)[1]


def test_a_worker_that_is_out_of_time_hands_on_less_each_time_and_repeats_nothing(
    points: Points, workers: Workers
) -> None:
    names = [f"m{n}" for n in range(12)]
    points.join(*names)
    for name in names:
        points.bought(name, 10, PAID, RECEIVED)
    for name in names[::3]:
        points.delete(name, WALLET)
    dead = workers.do(RELEASE_POINTS, DUE, looks=lambda: 3)
    assert {row["member_id"] for task in dead for row in task.only} == set(names[::3])
    released = [name for name in names if name not in names[::3]]
    assert [points.balances(name)[0] for name in released] == [0] * len(released)
    assert len(workers.box.put) < 8 * len(names)
