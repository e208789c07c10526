"""Points (E1-E9, R1, R2): the account beside a naive one that keeps every point as an object of its own.

Both see the same random life of a member: orders that are paid, received, partly returned and cancelled,
jobs, adjustments, year ends, and deliveries of orders' changes: late, twice, out of order, several at once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from functions.domain.policy import load
from functions.points import ledger, posting
from functions.points.ledger import Adjustment, Entry, EntryKind, NotEnoughPointsError, Wallet
from functions.points.posting import Account, Lot, LotState, OrderChange, OrderFacts
from functions.tiers.qualification import Standing, TierChange, at_registration
from tests.oracle import points as oracle
from tests.oracle.calendar import points_gone_at
from tests.oracle.tables import Refused
from tests.oracle.tiers import tier

POLICY = load()
STORE = ZoneInfo("Asia/Shanghai")
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
LATE_MAX = timedelta(days=800)
"""How late a change of the machine is posted at most: over two ends of a year."""
ROUNDS_MAX = 100
"""How often a caller posts or releases until there is nothing more to do."""
FEN_PER_POINT = 50_000
"""What an order of the machine costs for each point it earns, so that a few of them climb all tiers."""
EXAMPLES = settings(max_examples=150, deadline=None)
LIVES = settings(max_examples=300, stateful_step_count=40, deadline=None)


def at(*parts: int) -> datetime:
    """Return a moment in store time."""
    year, month, day, hour, minute, second = (*parts, *(0, 0, 0))[:6]
    return datetime(year, month, day, hour, minute, second, tzinfo=STORE)


def own(split: Mapping[str, int]) -> dict[int, int]:
    """Return a split by year as the naive account gives it."""
    return {int(year): points for year, points in split.items() if points}


def balances(wallet: Wallet) -> tuple[int, dict[int, int], int]:
    """Return what a member has: frozen, available by year, debt."""
    return wallet.frozen, own(wallet.available), wallet.debt


def settled(wallet: Wallet, moment: datetime) -> tuple[int, dict[int, int], int]:
    """Return what a member has once the expiry job has run."""
    return balances(ledger.expire(wallet, at=moment, policy=POLICY)[0])


@dataclass
class Books:
    """An account as its callers keep it: each operation's result is what the next one meets."""

    wallet: Wallet = field(default_factory=Wallet)
    lots: dict[str, Lot] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    standing: Standing = field(default_factory=lambda: at_registration(POLICY))
    tier_changes: list[TierChange] = field(default_factory=list)

    def write(self, wallet: Wallet, entries: Iterable[Entry]) -> list[Entry]:
        """Keep a wallet with the entries that led to it, if they do (E9)."""
        new = list(entries)
        frozen, available, debt = balances(self.wallet)
        for number, entry in enumerate(new, start=len(self.entries) + 1):
            assert entry.number == number
            delta = own(entry.available_delta)
            years = {*available, *delta}
            available = {year: available.get(year, 0) + delta.get(year, 0) for year in years}
            available = {year: points for year, points in available.items() if points}
            frozen, debt = frozen + entry.frozen_delta, debt + entry.debt_delta
            assert (entry.frozen, own(entry.available), entry.debt) == (frozen, available, debt)
            assert min(frozen, debt, *available.values(), 0) == 0
            check_shape(entry)
        assert balances(wallet) == (frozen, available, debt)
        self.wallet = wallet
        self.entries += new
        assert wallet.entries == len(self.entries)
        return new

    def redeem(self, order_id: str, points: int, moment: datetime) -> dict[str, int]:
        wallet, entry = ledger.redeem(
            self.wallet, points=points, order_id=order_id, occurred_at=moment, policy=POLICY
        )
        self.write(wallet, [entry])
        return {year: -taken for year, taken in entry.available_delta.items()}

    def restore(self, order_id: str, parts: Mapping[str, int], moment: datetime) -> list[Entry]:
        return self.write(
            *ledger.restore(self.wallet, parts=parts, order_id=order_id, occurred_at=moment, policy=POLICY)
        )

    def post(self, order: OrderFacts) -> list[Entry] | None:
        """Post until there is nothing more to post; None if there was nothing at all."""
        entries: list[Entry] | None = None
        for _ in range(ROUNDS_MAX):
            account = Account(wallet=self.wallet, standing=self.standing, lot=self.lots.get(order.order_id))
            result = posting.post(account, order, POLICY)
            if result is None:
                return entries
            entries = (entries or []) + self.write(result.wallet, result.entries)
            self.standing, self.lots[order.order_id] = result.standing, result.lot
            self.tier_changes += result.tier_changes
        raise AssertionError("there is always more to post")

    def release(self, moment: datetime) -> list[Entry]:
        entries: list[Entry] = []
        for _ in range(ROUNDS_MAX):
            result = posting.release(self.wallet, list(self.lots.values()), at=moment, policy=POLICY)
            if result is None:
                return entries
            entries += self.write(result.wallet, result.entries)
            self.lots.update({lot.order_id: lot for lot in result.lots})
        raise AssertionError("there is always more to release")

    def expire(self, moment: datetime) -> list[Entry]:
        return self.write(*ledger.expire(self.wallet, at=moment, policy=POLICY))

    def adjust(self, adjustment_id: str, points: int, moment: datetime) -> Entry:
        adjustment = Adjustment(adjustment_id=adjustment_id, points=points, reason="goodwill", operator="ann")
        wallet, entry = ledger.adjust(self.wallet, adjustment, occurred_at=moment, policy=POLICY)
        self.write(wallet, [entry])
        return entry


def check_shape(entry: Entry) -> None:
    """Assert that an entry moves what its kind may move, and only in the direction it may (E2-E9)."""
    frozen, debt, split = entry.frozen_delta, entry.debt_delta, own(entry.available_delta)
    credited = sum(split.values()) - debt
    rises = all(points > 0 for points in split.values())
    falls = all(points < 0 for points in split.values())
    lapsed = entry.lapsed_points
    assert frozen or split or debt or lapsed, "an entry is a movement"
    assert 0 not in [*entry.available_delta.values(), *entry.available.values()], "only years with points"
    match entry.kind:
        case EntryKind.EARN:
            assert (frozen > 0, split, debt, lapsed) == (True, {}, 0, 0)
        case EntryKind.RELEASE:
            assert (-frozen, rises, debt <= 0, lapsed) == (credited, True, True, 0)
        case EntryKind.REDEEM:
            assert (frozen, debt, lapsed, falls) == (0, 0, 0, True)
        case EntryKind.RESTORE:
            assert (frozen, rises, debt <= 0 < credited, lapsed) == (0, True, True, 0)
        case EntryKind.REVERSE if frozen:
            assert (frozen < 0, split, debt, lapsed) == (True, {}, 0, 0)
        case EntryKind.REVERSE:
            assert (falls, debt >= 0, lapsed) == (True, True, 0)
        case EntryKind.EXPIRE:
            ((year, points),) = split.items()
            assert (frozen, debt, lapsed) == (0, 0, 0)
            # What a change takes out of what was written off is given back as of that moment.
            assert (entry.occurred_at, points != 0) == (points_gone_at(year), True)
        case EntryKind.LAPSE if frozen:
            assert (frozen < 0, split, debt, lapsed in (0, -frozen)) == (True, {}, 0, True)
        case EntryKind.LAPSE:
            assert (split, debt, lapsed > 0) == ({}, 0, True)
        case EntryKind.ADJUST:
            assert (frozen, lapsed, bool(entry.reason), bool(entry.operator)) == (0, 0, True, True)
            assert (rises and debt <= 0 < credited) or (falls and debt == 0)


def check_every_point_is_accounted_for(books: Books, member: oracle.Member) -> None:
    """Assert that what the ledger's kinds sum to is how many points are in the naive account's places."""

    def total(kind: EntryKind, amount: Callable[[Entry], int]) -> int:
        return sum(amount(entry) for entry in books.entries if entry.kind is kind)

    def credit(entry: Entry) -> int:
        return sum(entry.available_delta.values()) - entry.debt_delta

    def lapsed_at_restore(entry: Entry) -> int:
        return 0 if entry.frozen_delta else entry.lapsed_points

    adjusted = [credit(entry) for entry in books.entries if entry.kind is EntryKind.ADJUST]
    lapsed_restores = total(EntryKind.LAPSE, lapsed_at_restore)
    earned = total(EntryKind.EARN, lambda entry: entry.frozen_delta)
    assert earned + sum(points for points in adjusted if points > 0) == len(member.points)
    assert sum(-points for points in adjusted if points < 0) == member.count(oracle.DEBITED)
    redeemed = -total(EntryKind.REDEEM, credit)
    assert redeemed - total(EntryKind.RESTORE, credit) - lapsed_restores == member.count(oracle.REDEEMED)
    reversed_ = -total(EntryKind.REVERSE, lambda entry: entry.frozen_delta + credit(entry))
    assert reversed_ == member.count(oracle.TAKEN_BACK) + len(member.debts)
    assert len(member.debts) - member.debt == member.count(oracle.DEBT_PAID)
    assert -total(EntryKind.EXPIRE, credit) == member.count(oracle.EXPIRED)
    lapsed_releases = -total(EntryKind.LAPSE, lambda entry: entry.frozen_delta)
    assert lapsed_releases + lapsed_restores == member.count(oracle.LAPSED)


@dataclass
class Order:
    """An order as the shop sees it; ``images`` are what its row has looked like, to be delivered or not."""

    order_id: str
    placed_at: datetime
    redeemed_by_year: dict[str, int]
    closed: bool = False
    changes: list[OrderChange] = field(default_factory=list)
    release_at: datetime | None = None
    images: list[OrderFacts] = field(default_factory=list)
    delivered: int = 0

    @property
    def redeemed(self) -> int:
        return sum(self.redeemed_by_year.values())

    def image(self) -> OrderFacts:
        """Write the order's row."""
        self.images.append(
            OrderFacts(
                order_id=self.order_id,
                member_id="mem_1",
                changes=list(self.changes),
                redeemed_by_year=self.redeemed_by_year,
                release_at=self.release_at,
            )
        )
        return self.images[-1]

    @property
    def undelivered_since(self) -> datetime | None:
        """When the oldest change was made that the account has not seen."""
        seen = len(self.images[self.delivered - 1].changes) if self.delivered else 0
        return self.changes[seen].at if seen < len(self.changes) else None


numbers = st.integers(0, 10**6)
few = st.integers(1, 12)


class MembersLife(RuleBasedStateMachine):
    """The life of one member's points.

    ``books`` is the account with its expiry job, ``jobless`` the same account if that job never ran and every
    change came alone: for a member there must be no difference (E5, R2).
    """

    def __init__(self) -> None:
        super().__init__()
        self.books, self.jobless, self.member = Books(), Books(), oracle.Member()
        self.orders: list[Order] = []
        self.now = at(2025, 11, 20, 12)
        self.kept_fen: dict[str, int] = {}  # of each order that the account has seen (T2)
        self.tier_changes: list[TierChange] = []
        self.adjustments = 0

    # Time

    @initialize(start=st.sampled_from(["new", "with points of a year", "with points of two years"]))
    def begin(self, start: str) -> None:
        """Begin on a day before a year's end, with released lots or without."""
        for paid_at in {
            "new": [],
            "with points of a year": [at(2025, 12, 2)],
            "with points of two years": [at(2025, 12, 2), at(2026, 2, 1)],
        }[start]:
            self.now = paid_at
            for points in (9, 4):
                self.place(0)
                self.pay(0, points)
                self.receive(0)
                self.deliver_the_newest_image(0)
            self.days_pass(8, 0)
            self.release_job()
        if start != "new":
            self.now = at(2026, 12, 28)

    def go_to(self, moment: datetime) -> None:
        """Let time pass; what has waited for longer than a change may be late is done on the way."""
        for order in self.orders:
            if order.undelivered_since and moment - order.undelivered_since > LATE_MAX:
                self.deliver_image(order, len(order.images))
            if not order.closed and not order.changes and moment - order.placed_at > LATE_MAX:
                self.give_back_unpaid(order, order.placed_at + timedelta(minutes=30))
        self.now = moment

    @rule(days=st.sampled_from([1, 6, 7, 8, 31]), seconds=st.integers(-1, 1))
    def days_pass(self, days: int, seconds: int) -> None:
        self.go_to(self.now + days * DAY + seconds * SECOND)

    @rule(seconds=st.sampled_from([-1, 0, 0, 1, 86_400]))
    def the_year_ends(self, seconds: int) -> None:
        new_year = at(self.now.year + 1, 1, 1) + seconds * SECOND
        if new_year > self.now:
            self.go_to(new_year)

    @rule(seconds=st.integers(-1, 0))
    def a_lot_comes_due(self, seconds: int) -> None:
        due = [order.release_at for order in self.orders if order.release_at]
        later = [moment + seconds * SECOND for moment in due if moment + seconds * SECOND > self.now]
        if later:
            self.go_to(min(later))

    # Orders

    @rule(points=st.one_of(st.just(0), few, st.just(10**6)))
    def place(self, points: int) -> None:
        order_id = f"ord_{len(self.orders) + 1}"
        points = min(points, sum(self.member.usable(self.now).values()))
        parts: dict[str, int] = {}
        if points:
            self.member.redeem(order_id, points, self.now)
            parts = self.books.redeem(order_id, points, self.now.astimezone(UTC))
            assert self.jobless.redeem(order_id, points, self.now) == parts
        self.orders.append(Order(order_id, self.now, parts))

    @rule(more=few)
    def place_with_more_than_there_is(self, more: int) -> None:
        points = sum(self.member.usable(self.now).values()) + more
        with pytest.raises(Refused):
            self.member.redeem("ord_0", points, self.now)
        for books in (self.books, self.jobless):
            with pytest.raises(NotEnoughPointsError):
                books.redeem("ord_0", points, self.now)

    @precondition(lambda self: any(not each.closed and not each.changes for each in self.orders))
    @rule(which=numbers, points=st.integers(0, 12))
    def pay(self, which: int, points: int) -> None:
        placed = [order for order in self.orders if not order.closed and not order.changes]
        order = placed[which % len(placed)]
        order.changes.append(
            OrderChange(at=self.now, effective_fen=FEN_PER_POINT * points, earned_points=points)
        )
        order.image()

    @precondition(lambda self: any(not each.closed and not each.changes for each in self.orders))
    @rule(which=numbers, late=st.booleans())
    def an_order_is_never_paid(self, which: int, late: bool) -> None:
        placed = [order for order in self.orders if not order.closed and not order.changes]
        order = placed[which % len(placed)]
        lapsed_at = order.placed_at + timedelta(minutes=30)
        self.give_back_unpaid(order, lapsed_at if late and lapsed_at <= self.now else self.now)

    def give_back_unpaid(self, order: Order, moment: datetime) -> None:
        order.closed = True
        if order.redeemed:
            parts = ledger.years_to_restore(order.redeemed_by_year, before=0, points=order.redeemed)
            assert parts == order.redeemed_by_year
            self.member.restore(order.order_id, order.redeemed, moment)
            for books in (self.books, self.jobless):
                entries = books.restore(order.order_id, parts, moment)
                assert {entry.occurred_at for entry in entries} == {moment}

    @precondition(lambda self: any(each.changes and not each.release_at for each in self.orders))
    @rule(which=numbers)
    def receive(self, which: int) -> None:
        paid = [order for order in self.orders if order.changes and not order.release_at]
        order = paid[which % len(paid)]
        self.receive_order(order)

    def receive_order(self, order: Order) -> None:
        order.release_at = self.now + timedelta(hours=7 * 24)
        order.image()
        self.now += SECOND  # no two lots come due in the same second, so that their order is the rules'

    @precondition(lambda self: any(each.changes and not each.closed for each in self.orders))
    @rule(which=numbers, kept=numbers, restored=numbers, everything=st.booleans())
    def change(self, which: int, kept: int, restored: int, everything: bool) -> None:
        paid = [order for order in self.orders if order.changes and not order.closed]
        order = paid[which % len(paid)]
        last = order.changes[-1]
        if everything:
            change = OrderChange(at=self.now, effective_fen=0, earned_points=0, to_restore=order.redeemed)
        else:
            earned = kept % (last.earned_points + 1)
            to_restore = last.to_restore + restored % (order.redeemed - last.to_restore + 1)
            change = replace(
                last,
                at=self.now,
                effective_fen=FEN_PER_POINT * earned,
                earned_points=earned,
                to_restore=to_restore,
            )
        order.closed = everything
        order.changes.append(change)
        order.image()

    # Deliveries and jobs

    @precondition(lambda self: any(each.images for each in self.orders))
    @rule(which=numbers, image=numbers)
    def deliver_any_image(self, which: int, image: int) -> None:
        orders = [order for order in self.orders if order.images]
        order = orders[which % len(orders)]
        self.deliver_image(order, image % len(order.images) + 1)

    @precondition(lambda self: any(each.delivered < len(each.images) for each in self.orders))
    @rule(which=numbers)
    def deliver_the_newest_image(self, which: int) -> None:
        orders = [order for order in self.orders if order.delivered < len(order.images)]
        order = orders[which % len(orders)]
        self.deliver_image(order, len(order.images))

    def deliver_image(self, order: Order, number: int) -> None:
        if number <= order.delivered:  # R1, R2: twice, or overtaken
            assert self.books.post(order.images[number - 1]) is None
            return
        seen = len(order.images[order.delivered - 1].changes) if order.delivered else 0
        facts = order.images[number - 1]
        new = facts.changes[seen:]
        entries = self.books.post(facts)
        assert entries is not None
        moments = [entry.occurred_at for entry in entries if entry.kind is not EntryKind.EXPIRE]
        assert moments == sorted(moments)
        assert set(moments) <= {change.at for change in new}  # E9
        assert {entry.order_id for entry in entries} <= {order.order_id}
        if len(new) == 1:  # E6: it restores first
            kinds = [entry.kind for entry in entries]
            sequence = [
                EntryKind.EARN,
                EntryKind.RESTORE,
                EntryKind.LAPSE,
                EntryKind.EXPIRE,
                EntryKind.REVERSE,
            ]
            assert kinds == sorted(kinds, key=sequence.index)
        for image in order.images[order.delivered : number]:
            self.jobless.post(image)
        for change in new:
            self.qualify(order.order_id, change)
            if order.order_id not in self.member.lots:
                self.member.paid(order.order_id, change.earned_points, change.at)
            else:
                self.member.change(
                    order.order_id,
                    earned=change.earned_points,
                    to_restore=change.to_restore,
                    moment=change.at,
                )
        order.delivered = number

    def qualify(self, order_id: str, change: OrderChange) -> None:
        before = tier(bool(self.kept_fen), sum(self.kept_fen.values()))
        self.kept_fen[order_id] = change.effective_fen
        effective_fen = sum(self.kept_fen.values())
        after = tier(True, effective_fen)
        if after != before:
            self.tier_changes.append(
                TierChange(
                    changed_at=change.at,
                    before=before,
                    after=after,
                    effective_fen=effective_fen,
                    order_id=order_id,
                )
            )

    @precondition(lambda self: any(each.changes and not each.closed for each in self.orders))
    @rule(
        which=numbers,
        kept=numbers,
        restored=numbers,
        everything=st.booleans(),
        job=st.booleans(),
        seconds=st.integers(-1, 1),
    )
    def a_change_arrives_after_the_years_end(
        self, which: int, kept: int, restored: int, everything: bool, job: bool, seconds: int
    ) -> None:
        self.change(which, kept, restored, everything)
        self.the_year_ends(seconds)
        if job:
            self.expiry_job()
        if any(order.delivered < len(order.images) for order in self.orders):
            self.deliver_the_newest_image(which)

    @rule(redeemed=st.integers(0, 3), points=few)
    def an_order_is_paid_received_and_released(self, redeemed: int, points: int) -> None:
        self.place(redeemed)
        order = self.orders[-1]
        order.changes.append(
            OrderChange(at=self.now, effective_fen=FEN_PER_POINT * points, earned_points=points)
        )
        order.image()
        self.receive_order(order)
        self.deliver_image(order, 2)
        self.days_pass(7, 0)
        self.release_job()

    @rule()
    def release_job(self) -> None:
        due: list[tuple[datetime, str]] = []
        for order in self.orders:
            known = order.images[order.delivered - 1].release_at if order.delivered else None
            if known and known <= self.now and self.member.lot(order.order_id):
                due.append((known, order.order_id))
        entries = self.books.release(self.now)
        assert all(entry.occurred_at == self.now for entry in entries)
        assert [entry.order_id for entry in entries] == [order_id for _, order_id in sorted(due)]
        self.jobless.release(self.now)
        for _, order_id in sorted(due):
            self.member.release(order_id, self.now)
        assert self.books.release(self.now) == []  # R1

    @rule()
    def expiry_job(self) -> None:
        self.books.expire(self.now)
        self.member.expire(self.now)
        assert self.books.expire(self.now) == []  # R1

    @rule(points=st.one_of(few, few.map(lambda points: -points)))
    def adjust(self, points: int) -> None:
        self.adjustments += 1
        adjustment_id = f"adj_{self.adjustments}"
        if points < -sum(self.member.usable(self.now).values()):
            with pytest.raises(Refused):
                self.member.adjust(adjustment_id, points, self.now)
            for books in (self.books, self.jobless):
                with pytest.raises(NotEnoughPointsError):
                    books.adjust(adjustment_id, points, self.now)
            return
        self.member.adjust(adjustment_id, points, self.now)
        entry = self.books.adjust(adjustment_id, points, self.now)
        assert (entry.occurred_at, entry.adjustment_id) == (self.now, adjustment_id)
        self.jobless.adjust(adjustment_id, points, self.now)

    # What always holds

    @invariant()
    def E9_the_wallet_holds_what_the_points_one_by_one_are(self) -> None:
        member, wallet = self.member, self.books.wallet
        assert balances(wallet) == (member.frozen, member.available, member.debt)
        for moment in (self.now, at(self.now.year, 12, 31, 23, 59, 59), at(self.now.year + 1, 1, 1)):
            assert own(ledger.usable(wallet, POLICY, moment)) == member.usable(moment)

    @invariant()
    def E9_every_point_is_accounted_for(self) -> None:
        check_every_point_is_accounted_for(self.books, self.member)

    @invariant()
    def T2_T5_the_tier_follows_what_the_orders_keep_and_each_change_of_it_is_kept(self) -> None:
        effective_fen, ever_paid = sum(self.kept_fen.values()), bool(self.kept_fen)
        for books in (self.books, self.jobless):
            assert books.standing == Standing(
                tier=tier(ever_paid, effective_fen), ever_paid=ever_paid, effective_fen=effective_fen
            )
            assert books.tier_changes == self.tier_changes

    @invariant()
    def R2_what_is_kept_of_the_points_written_off_is_what_was_written_off(self) -> None:
        written_off = {year: points for year, points in self.member.expired.items() if points}
        assert own(self.books.wallet.expired) == written_off

    @invariant()
    def E5_it_makes_no_difference_whether_the_expiry_job_has_run(self) -> None:
        assert settled(self.jobless.wallet, self.now) == settled(self.books.wallet, self.now)
        assert ledger.usable(self.jobless.wallet, POLICY, self.now) == ledger.usable(
            self.books.wallet, POLICY, self.now
        )

    @invariant()
    def E4_a_member_who_owes_points_has_none_to_spend(self) -> None:
        assert not (self.books.wallet.debt and ledger.usable(self.books.wallet, POLICY, self.now))


def test_E9_after_every_step_the_account_holds_what_the_points_one_by_one_are() -> None:
    run_state_machine_as_test(MembersLife, settings=LIVES)


# Properties


years = st.sampled_from(["2024", "2025", "2026", "2027"])
splits = st.dictionaries(years, st.integers(1, 400))
moments = st.one_of(
    st.sampled_from(
        [at(year, 1, 1) + seconds * SECOND for year in (2026, 2027, 2028) for seconds in (-1, 0, 1)]
    ),
    st.integers(0, 3 * 365 * 86_400).map(lambda second: at(2026, 1, 1) + second * SECOND),
)
LAST_SECOND = at(2026, 12, 31, 23, 59, 59)
NEW_YEAR = at(2027, 1, 1)


def facts(order_id: str, changes: Sequence[OrderChange], **more: Any) -> OrderFacts:
    """Return an order as the account is told of it."""
    return OrderFacts(order_id=order_id, member_id="mem_1", changes=changes, **more)


def holding(available: Mapping[str, int], debt: int = 0, frozen: int = 0) -> Books:
    """Return the account of a member who has these points from before the ledger's first entry."""

    class Held(Books):
        def write(self, wallet: Wallet, entries: Iterable[Entry]) -> list[Entry]:
            self.wallet, new = wallet, list(entries)
            self.entries += new
            for entry in new:
                check_shape(entry)
            return new

    return Held(wallet=Wallet(available=available, debt=debt, frozen=frozen))


def paid_lot(
    books: Books, order_id: str, points: int, paid_at: datetime, released_at: datetime
) -> OrderChange:
    """Let an order be paid and its lot be released; return its payment."""
    payment = OrderChange(at=paid_at, effective_fen=0, earned_points=points)
    books.post(facts(order_id, [payment], release_at=released_at))
    books.release(released_at)
    return payment


@EXAMPLES
@given(splits, moments)
def test_E5_usable_points_are_those_of_years_that_have_not_expired(
    held: dict[str, int], moment: datetime
) -> None:
    assert own(ledger.usable(Wallet(available=held), POLICY, moment)) == {
        year: points for year, points in own(held).items() if moment < points_gone_at(year)
    }


@EXAMPLES
@given(splits, moments, moments)
def test_E5_what_the_job_writes_off_is_never_what_can_be_spent(
    held: dict[str, int], job_at: datetime, moment: datetime
) -> None:
    wallet = Wallet(available=held)
    after, entries = ledger.expire(wallet, at=job_at, policy=POLICY)
    later = max(job_at, moment)
    assert ledger.usable(after, POLICY, later) == ledger.usable(wallet, POLICY, later)
    assert own(after.available) == own(ledger.usable(wallet, POLICY, job_at))
    assert [entry.occurred_at for entry in entries] == sorted(
        points_gone_at(year) for year in own(held) if points_gone_at(year) <= job_at
    )


@pytest.mark.parametrize("year", [2024, 2025, 2026])
def test_E5_points_are_usable_through_the_last_second_of_the_following_year(year: int) -> None:
    gone = at(year + 2, 1, 1)
    assert ledger.expiry(POLICY, str(year)) == gone
    wallet = Wallet(available={str(year): 7})
    for usable_still in (gone - SECOND, gone - timedelta(microseconds=1)):
        assert ledger.usable(wallet, POLICY, usable_still.astimezone(UTC)) == {str(year): 7}
        assert ledger.expire(wallet, at=usable_still, policy=POLICY)[1] == []
    assert ledger.usable(wallet, POLICY, gone.astimezone(UTC)) == {}
    after, (entry,) = ledger.expire(wallet, at=gone.astimezone(UTC), policy=POLICY)
    assert (own(after.available), dict(after.expired)) == ({}, {str(year): 7})
    assert (entry.occurred_at, own(entry.available_delta)) == (gone, {year: -7})


@EXAMPLES
@given(splits, moments, st.integers(1, 1_600))
def test_E6_redeeming_takes_the_oldest_year_first_and_all_or_nothing(
    held: dict[str, int], moment: datetime, points: int
) -> None:
    wallet = Wallet(available=held)
    there = [
        year for year in sorted(own(ledger.usable(wallet, POLICY, moment))) for _ in range(held[str(year)])
    ]
    if points > len(there):
        with pytest.raises(NotEnoughPointsError):
            ledger.redeem(wallet, points=points, order_id="ord_1", occurred_at=moment, policy=POLICY)
        return
    _, entry = ledger.redeem(wallet, points=points, order_id="ord_1", occurred_at=moment, policy=POLICY)
    taken = there[:points]
    assert own(entry.available_delta) == {year: -taken.count(year) for year in set(taken)}


@EXAMPLES
@given(splits, st.lists(st.integers(0, 400), max_size=5))
def test_E6_points_come_back_newest_year_first_however_many_at_a_time(
    taken: dict[str, int], steps: list[int]
) -> None:
    order = [year for year in sorted(taken, reverse=True) for _ in range(taken[year])]
    before = 0
    for points in [*steps, len(order)]:
        points = min(points, len(order) - before)
        now = order[before : before + points]
        parts = ledger.years_to_restore(taken, before=before, points=points)
        assert {year: part for year, part in parts.items() if part} == {year: now.count(year) for year in now}
        before += points
    with pytest.raises(ValueError):  # noqa: PT011 - which words it uses is its own affair
        ledger.years_to_restore(taken, before=before, points=1)


@EXAMPLES
@given(splits, splits, st.integers(0, 900), moments)
def test_E4_E6_what_comes_back_lapses_if_its_year_has_expired_else_pays_the_debt_first(
    held: dict[str, int], parts: dict[str, int], debt: int, moment: datetime
) -> None:
    assume(parts)
    if ledger.usable(Wallet(available=held), POLICY, moment):
        debt = 0
    books = holding(held, debt)
    entries = books.restore("ord_1", parts, moment)
    coming = [year for year in sorted(own(parts), reverse=True) for _ in range(parts[str(year)])]
    alive = [year for year in coming if moment < points_gone_at(year)]
    credited = alive[debt:]
    expected = own(held)
    for year in credited:
        expected[year] = expected.get(year, 0) + 1
    assert balances(books.wallet) == (0, expected, max(0, debt - len(alive)))
    assert sum(entry.lapsed_points for entry in entries) == len(coming) - len(alive)
    assert [entry.kind for entry in entries] == [EntryKind.RESTORE] * bool(alive) + [EntryKind.LAPSE] * (
        len(alive) < len(coming)
    )


@EXAMPLES
@given(splits, moments, st.integers(-1_600, 1_600).filter(bool), st.integers(0, 900))
def test_E8_a_credit_belongs_to_the_current_year_and_a_debit_takes_the_oldest_year_first(
    held: dict[str, int], moment: datetime, points: int, debt: int
) -> None:
    usable = own(ledger.usable(Wallet(available=held), POLICY, moment))
    books = holding(held, 0 if usable else debt)
    debt = books.wallet.debt
    if -points > sum(usable.values()):
        with pytest.raises(NotEnoughPointsError):
            books.adjust("adj_1", points, moment)
        return
    entry = books.adjust("adj_1", points, moment)
    assert (entry.kind, entry.reason, entry.operator) == (EntryKind.ADJUST, "goodwill", "ann")
    if points > 0:
        paying = min(points, debt)
        year = moment.astimezone(STORE).year
        assert own(entry.available_delta) == ({year: points - paying} if points > paying else {})
        assert entry.debt_delta == -paying
    else:
        there = [year for year in sorted(usable) for _ in range(usable[year])][:-points]
        assert own(entry.available_delta) == {year: -there.count(year) for year in set(there)}


def test_E8_a_credit_in_the_new_year_of_the_store_is_the_new_years() -> None:
    books = Books()
    books.adjust("adj_1", 5, datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    books.adjust("adj_2", 7, datetime(2026, 12, 31, 16, 0, tzinfo=UTC))
    assert own(books.wallet.available) == {2026: 5, 2027: 7}


# Late, twice, out of order, all at once


Shrinking = tuple[
    int, int, int
]  # of which order, how much of it is kept, how much is given back (of 10 each)
shrinkings = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 10), st.integers(0, 10)), min_size=1, max_size=6
)


@dataclass(frozen=True)
class Before:
    """An account at the end of 2026: released lots of 2025 and 2026, of which points have been redeemed."""

    lots: Sequence[int]
    spent: int
    redeemed: Sequence[int]

    def account(self) -> tuple[Books, list[OrderFacts]]:
        """Return the account, made anew, and its orders; each order of a lot has redeemed points as well."""
        books, orders = Books(), []
        for number, points in enumerate(self.lots):
            paid_at = at(2025 if number == 0 else 2026, 3, 1 + number)
            payment = paid_lot(books, f"ord_{number}", points, paid_at, paid_at + 10 * DAY)
            orders.append(facts(f"ord_{number}", [payment], release_at=paid_at + 10 * DAY))
        moment = at(2026, 12, 1)
        for number, wanted in enumerate([*self.redeemed[: len(orders)], self.spent]):
            points = min(wanted, sum(ledger.usable(books.wallet, POLICY, moment).values()))
            parts = books.redeem(f"ord_{number}", points, moment) if points else {}
            orders[number : number + 1] = [
                replace(order, redeemed_by_year=parts) for order in orders[number : number + 1]
            ]
        return books, orders

    def deliveries(self, shrinkings: Sequence[Shrinking], last_at: datetime) -> list[OrderFacts]:
        """Return what the orders look like after each of some changes, one a second up to the last."""
        _, orders = self.account()
        deliveries = []
        for number, (which, kept, restored) in enumerate(shrinkings):
            order = orders[which % len(orders)]
            last, redeemed = order.changes[-1], sum(order.redeemed_by_year.values())
            change = OrderChange(
                at=last_at - (len(shrinkings) - 1 - number) * SECOND,
                effective_fen=0,
                earned_points=last.earned_points * kept // 10,
                to_restore=last.to_restore + (redeemed - last.to_restore) * restored // 10,
            )
            order = replace(order, changes=[*order.changes, change])
            orders[which % len(orders)] = order
            deliveries.append(order)
        return deliveries


befores = st.builds(
    Before,
    st.lists(st.integers(1, 300), min_size=1, max_size=3),
    st.integers(0, 900),
    st.lists(st.integers(0, 100), min_size=3, max_size=3),
)


@EXAMPLES
@given(
    befores,
    shrinkings,
    st.sampled_from([LAST_SECOND, LAST_SECOND - timedelta(hours=5), LAST_SECOND - 20 * DAY]),
    st.sampled_from([NEW_YEAR, NEW_YEAR + SECOND, NEW_YEAR + 40 * DAY]),
)
def test_R2_changes_from_before_a_years_end_end_the_same_before_and_after_it_was_written_off(
    before: Before, shrinkings: list[Shrinking], last_at: datetime, job_at: datetime
) -> None:
    deliveries = before.deliveries(shrinkings, last_at)
    ends = []
    for written_off_before in range(len(deliveries) + 1):
        for time_and_again in (False, True):
            books, _ = before.account()
            for number, order in enumerate(deliveries):
                if number == written_off_before or (time_and_again and number > written_off_before):
                    books.expire(job_at)
                books.post(order)
            books.expire(job_at)
            ends.append((balances(books.wallet), own(books.wallet.expired)))
    assert all(end == ends[-1] for end in ends)


@EXAMPLES
@given(befores, shrinkings, st.lists(st.integers(0, 5), max_size=8))
def test_R1_R2_one_at_a_time_all_together_twice_or_overtaken_gives_the_same_account_and_entries(
    before: Before, shrinkings: list[Shrinking], arrivals: list[int]
) -> None:
    deliveries = before.deliveries([(0, kept, back) for _, kept, back in shrinkings], LAST_SECOND)
    (alone, _), (together, _), (scrambled, _) = before.account(), before.account(), before.account()
    for order in deliveries:
        assert alone.post(order) is not None
        assert alone.post(order) is None
    together.post(deliveries[-1])
    for arriving in arrivals:
        scrambled.post(deliveries[arriving % len(deliveries)])
    scrambled.post(deliveries[-1])
    for books in (together, scrambled):
        assert books.entries == alone.entries
        assert balances(books.wallet) == balances(alone.wallet)
        assert (books.wallet.expired, books.standing) == (alone.wallet.expired, alone.standing)
        assert replace(books.lots["ord_0"], version=0) == replace(alone.lots["ord_0"], version=0)


@pytest.mark.parametrize("together", [1, 2, 18, 19, 20, 21, 50])
def test_R2_any_number_of_changes_seen_together_is_posted_change_by_change(together: int) -> None:
    changes = [
        OrderChange(at=at(2026, 3, 1) + number * SECOND, effective_fen=0, earned_points=50 - number)
        for number in range(50)
    ]
    books = Books()
    for seen in [*range(together, 50, together), 50]:
        books.post(facts("ord_1", changes[:seen]))
    assert [entry.frozen_delta for entry in books.entries] == [50] + [-1] * 49
    assert [entry.occurred_at for entry in books.entries] == [change.at for change in changes]
    assert (balances(books.wallet), books.lots["ord_1"].posted) == ((1, {}, 0), 50)


def test_R2_an_order_that_was_never_paid_posts_nothing() -> None:
    books = Books()
    assert books.post(facts("ord_1", [])) is None
    assert books.post(facts("ord_1", [], redeemed_by_year={"2026": 5})) is None


def test_R3_however_many_lots_are_due_the_release_job_releases_them_all_the_longest_due_first() -> None:
    books = Books()
    for number in range(120):
        payment = OrderChange(at=at(2026, 3, 1), effective_fen=0, earned_points=1)
        books.post(facts(f"ord_{number}", [payment], release_at=at(2026, 4, 1) - number * SECOND))
    assert books.release(at(2026, 4, 1) - 120 * SECOND) == []
    entries = books.release(at(2026, 4, 1) - 60 * SECOND)
    assert [entry.order_id for entry in entries] == [f"ord_{number}" for number in range(119, 59, -1)]
    books.release(at(2026, 5, 1))
    assert balances(books.wallet) == (0, {2026: 120}, 0)


# A late change, case by case


def test_R2_a_late_return_takes_what_was_written_off_and_the_ledger_gives_it_back_first() -> None:
    books = Books()
    payment = paid_lot(books, "ord_1", 120, at(2025, 5, 1), at(2025, 5, 10))
    books.redeem("ord_2", 20, at(2026, 1, 1))
    books.expire(NEW_YEAR)
    back = OrderChange(at=LAST_SECOND, effective_fen=0, earned_points=0)
    given_back, reversed_ = books.post(facts("ord_1", [payment, back], release_at=at(2025, 5, 10))) or []
    assert (given_back.kind, own(given_back.available_delta)) == (EntryKind.EXPIRE, {2025: 100})
    assert (reversed_.kind, own(reversed_.available_delta)) == (EntryKind.REVERSE, {2025: -100})
    assert (reversed_.occurred_at, reversed_.debt_delta) == (LAST_SECOND, 20)
    assert (balances(books.wallet), own(books.wallet.expired)) == ((0, {}, 20), {})


def test_R2_a_return_that_is_posted_two_years_ends_late_ends_as_if_it_had_been_posted_in_time() -> None:
    ends = []
    for late in (False, True):
        books = Books()
        payment = paid_lot(books, "ord_1", 100, at(2025, 5, 1), at(2025, 5, 10))
        books.adjust("adj_1", 50, at(2026, 5, 1))
        back = OrderChange(at=LAST_SECOND, effective_fen=0, earned_points=0)
        order = facts("ord_1", [payment, back], release_at=at(2025, 5, 10))
        if not late:
            books.post(order)
        books.expire(NEW_YEAR)
        books.expire(at(2028, 1, 1))
        books.post(order)
        ends.append(settled(books.wallet, at(2028, 1, 1)))
    assert ends[0] == ends[1]


def test_E4_a_return_after_the_years_end_finds_nothing_there_and_is_owed() -> None:
    """Whether or not the job has written it off."""
    for job_runs in (False, True):
        books = Books()
        payment = paid_lot(books, "ord_1", 120, at(2025, 5, 1), at(2025, 5, 10))
        if job_runs:
            books.expire(NEW_YEAR)
        back = OrderChange(at=NEW_YEAR, effective_fen=0, earned_points=0)
        (entry,) = books.post(facts("ord_1", [payment, back], release_at=at(2025, 5, 10))) or []
        assert (entry.kind, own(entry.available_delta), entry.debt_delta) == (EntryKind.REVERSE, {}, 120)
        assert settled(books.wallet, NEW_YEAR) == (0, {}, 120)


def test_E4_debt_does_not_expire() -> None:
    books = holding({}, debt=70)
    books.expire(at(2040, 1, 1))
    assert balances(books.wallet) == (0, {}, 70)


def test_E6_points_of_a_year_that_ended_since_come_back_to_a_change_from_before_and_expire_then() -> None:
    books = holding({"2025": 500})
    parts = books.redeem("ord_1", 500, at(2026, 12, 31))
    payment = OrderChange(at=at(2026, 12, 31), effective_fen=0, earned_points=0)
    cancelled = OrderChange(at=LAST_SECOND, effective_fen=0, earned_points=0, to_restore=500)
    books.expire(NEW_YEAR)
    (entry,) = books.post(facts("ord_1", [payment, cancelled], redeemed_by_year=parts)) or []
    assert (entry.kind, own(entry.available_delta), entry.lapsed_points) == (
        EntryKind.RESTORE,
        {2025: 500},
        0,
    )
    assert ledger.usable(books.wallet, POLICY, NEW_YEAR) == {}
    assert settled(books.wallet, NEW_YEAR) == (0, {}, 0)


@pytest.mark.parametrize(("released_at", "lapses"), [(LAST_SECOND, False), (NEW_YEAR, True)])
def test_E7_frozen_points_whose_year_has_expired_lapse_at_the_release_and_are_not_taken_back(
    released_at: datetime, lapses: bool
) -> None:
    books = Books()
    payment = OrderChange(at=at(2025, 12, 31), effective_fen=0, earned_points=80)
    order = facts("ord_1", [payment], release_at=at(2026, 12, 31))
    books.post(order)
    books.expire(NEW_YEAR)
    assert balances(books.wallet) == (80, {}, 0)  # they stay frozen until their release
    (entry,) = books.release(released_at)
    assert entry.kind is (EntryKind.LAPSE if lapses else EntryKind.RELEASE)
    assert books.lots["ord_1"].state is (LotState.LAPSED if lapses else LotState.RELEASED)
    back = OrderChange(at=NEW_YEAR + DAY, effective_fen=0, earned_points=0)
    books.post(replace(order, changes=[payment, back]))
    assert settled(books.wallet, NEW_YEAR + DAY) == (0, {}, 0 if lapses else 80)


# The rules' worked examples


def test_E6_example_of_1000_redeemed_points_700_come_back_in_2027_and_300_lapse() -> None:
    books = holding({"2025": 300, "2026": 900})
    parts = books.redeem("ord_1", 1_000, at(2026, 12, 20))
    assert own(parts) == {2025: 300, 2026: 700}
    assert own(books.wallet.available) == {2026: 200}
    payment = OrderChange(at=at(2026, 12, 20, 1), effective_fen=11_000, earned_points=108)
    cancelled = OrderChange(at=at(2027, 1, 2), effective_fen=0, earned_points=0, to_restore=1_000)
    entries = books.post(facts("ord_1", [payment, cancelled], redeemed_by_year=parts)) or []
    assert [(entry.kind, own(entry.available_delta), entry.lapsed_points) for entry in entries] == [
        (EntryKind.EARN, {}, 0),
        (EntryKind.RESTORE, {2026: 700}, 0),
        (EntryKind.LAPSE, {}, 300),
        (EntryKind.REVERSE, {}, 0),
    ]
    assert balances(books.wallet) == (0, {2026: 900}, 0)


def test_E6_example_a_full_return_restores_first_and_then_takes_the_lots_own_year() -> None:
    books = holding({"2025": 500, "2026": 500})
    payment = OrderChange(at=at(2026, 2, 1), effective_fen=24_900, earned_points=249)
    order = facts("ord_1", [payment], redeemed_by_year={"2026": 500}, release_at=at(2026, 2, 11))
    books.post(order)
    books.release(at(2026, 2, 11))
    assert own(books.wallet.available) == {2025: 500, 2026: 749}
    books = replace(books, wallet=replace(books.wallet, available={"2025": 500}))  # 2026 is spent
    back = OrderChange(at=at(2026, 3, 1), effective_fen=0, earned_points=0, to_restore=500)
    entries = books.post(replace(order, changes=[payment, back])) or []
    assert [(entry.kind, own(entry.available_delta)) for entry in entries] == [
        (EntryKind.RESTORE, {2026: 500}),
        (EntryKind.REVERSE, {2026: -249}),
    ]
    assert balances(books.wallet) == (0, {2025: 500, 2026: 251}, 0)


def test_E4_example_a_return_of_120_with_50_left_owes_70_and_the_next_100_leave_30() -> None:
    books = Books()
    payment = paid_lot(books, "ord_1", 120, at(2026, 2, 1), at(2026, 2, 11))
    books.redeem("ord_2", 70, at(2026, 2, 12))
    back = OrderChange(at=at(2026, 2, 13), effective_fen=0, earned_points=0)
    books.post(facts("ord_1", [payment, back], release_at=at(2026, 2, 11)))
    assert balances(books.wallet) == (0, {}, 70)
    paid_lot(books, "ord_3", 100, at(2026, 2, 14), at(2026, 2, 24))
    assert balances(books.wallet) == (0, {2026: 30}, 0)
    assert (own(books.entries[-1].available_delta), books.entries[-1].debt_delta) == ({2026: 30}, -70)


def test_E3_E5_example_paid_in_the_last_second_of_2025_available_a_week_after_receipt_and_gone_in_2027() -> (
    None
):
    books = Books()
    payment = OrderChange(at=at(2025, 12, 31, 23, 59, 59).astimezone(UTC), effective_fen=0, earned_points=42)
    books.post(facts("ord_1", [payment], release_at=at(2026, 1, 10, 12).astimezone(UTC)))
    assert books.lots["ord_1"].year == 2025
    assert books.release(at(2026, 1, 10, 11, 59, 59)) == []
    books.release(at(2026, 1, 10, 12))
    assert balances(books.wallet) == (0, {2025: 42}, 0)
    assert own(ledger.usable(books.wallet, POLICY, LAST_SECOND)) == {2025: 42}
    assert ledger.usable(books.wallet, POLICY, NEW_YEAR) == {}
    books.expire(NEW_YEAR)
    assert balances(books.wallet) == (0, {}, 0)


@pytest.mark.parametrize("at_once", [False, True])
def test_O5_example_three_units_returned_one_at_a_time_leave_lots_of_131_65_and_0(at_once: bool) -> None:
    books = holding({"2026": 2_000})
    parts = books.redeem("ord_1", 2_000, at(2026, 5, 1))
    changes = [
        OrderChange(at=at(2026, 5, 1 + day), effective_fen=0, earned_points=earned, to_restore=restored)
        for day, (earned, restored) in enumerate([(196, 0), (131, 667), (65, 1_333), (0, 2_000)])
    ]
    for seen in range(4 if at_once else 1, 5):
        books.post(facts("ord_1", changes[:seen], redeemed_by_year=parts))
        assert (books.wallet.frozen, own(books.wallet.available).get(2026, 0)) == (
            changes[seen - 1].earned_points,
            changes[seen - 1].to_restore,
        )
    assert [entry.frozen_delta for entry in books.entries if entry.frozen_delta] == [196, -65, -66, -65]


def test_O5_example_with_400_points_on_shipping_800_and_then_1200_come_back() -> None:
    books = holding({"2026": 2_000})
    parts = books.redeem("ord_1", 2_000, at(2026, 5, 1))
    payment = OrderChange(at=at(2026, 5, 1), effective_fen=1_320, earned_points=9)
    one = OrderChange(at=at(2026, 5, 2), effective_fen=1_160, earned_points=9, to_restore=800)
    other = OrderChange(at=at(2026, 5, 3), effective_fen=0, earned_points=0, to_restore=2_000)
    books.post(facts("ord_1", [payment, one], redeemed_by_year=parts))
    assert balances(books.wallet) == (9, {2026: 800}, 0)
    books.post(facts("ord_1", [payment, one, other], redeemed_by_year=parts))
    assert balances(books.wallet) == (0, {2026: 2_000}, 0)
