"""Changes of orders under races, faults and jobs: one effect each; stock, points and coupon follow the order.

Every test ends with the books of its world: what is in stock, in the wallet, in the ledger and on the coupon
is reckoned anew from the orders alone.
"""

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from itertools import chain, repeat
from typing import Any

import pytest

from functions.catalog import rows as catalog_rows
from functions.coupons import coupons
from functions.domain import calendar, identifiers
from functions.domain.errors import ConflictError, RefusalError, TryAgainError
from functions.offers.quotes import NO_COUPON, Cart, CartLine
from functions.orders import jobs, life
from functions.orders.jobs import PAGE_ORDERS
from functions.orders.leaving import CANCELLED, RETURNED, Leaving, Left, take_units
from functions.orders.life import PAYMENTS_KEPT_MAX
from functions.orders.order import CLOSED, Order, Payment, Status
from functions.orders.payments import pay
from functions.orders.rows import DUE_SHARDS, due_partition, due_shard, key, order_of, row_of
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, to_item
from functions.platform.fanout import TASK_TRIES, TaskError
from functions.points.account_rows import wallet_of
from functions.points.ledger import Entry, Wallet
from functions.tiers import members
from functions.tiers.qualification import Standing, qualify
from tests.support.accounts import hold_coupon, hold_points
from tests.support.faults import (
    IN_PROGRESS,
    LOST_AFTER,
    RESET_BEFORE,
    ROW_CONFLICT,
    SENDS_OF_THE_SDK,
    SERVER_ERROR,
    SERVER_ERROR_AFTER,
    THROTTLED,
    Calls,
    Fault,
    Operation,
    cancelled,
)
from tests.support.orders import OrderWorkers, said
from tests.support.shop import NOON, Shop
from tests.support.threads import at_once

MINUTE = timedelta(minutes=1)
WINDOW = 30 * MINUTE
LATER = NOON + timedelta(minutes=5)
PAST_WINDOW = NOON + WINDOW
PAST_RECEIPT = NOON + timedelta(days=11)
POINTS = {"2025": 700, "2026": 3_300}
RICHES = {"2025": 700, "2026": 33_300}
UNITS = 1_000
TEA, KETTLE = "tea", "kettle"
TEA_FEN, KETTLE_FEN = 6_667, 20_000
ROUNDS = 20
CONFLICT = cancelled("TransactionConflict", "None")
LONGEST_SKUS = [f"{number:02}".ljust(64, "x") for number in range(50)]
ROW_BYTES_MAX = 400_000
ACTIONS_MAX = 100


@dataclass
class World:
    """A shop, and what its members and shelves held before their orders."""

    shop: Shop
    points: dict[str, Mapping[str, int]] = field(default_factory=dict)
    coupons: dict[str, str] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    order_ids: list[str] = field(default_factory=list)

    def join(self, member_id: str, points: Mapping[str, int] = POINTS) -> None:
        """Register a member who holds points and a birthday coupon."""
        self.shop.register(member_id)
        table = self.shop.settings.members_table
        held = {year: count for year, count in points.items() if count}
        hold_points(self.shop.tables, table, member_id, held)
        coupon = hold_coupon(
            self.shop.tables,
            table,
            member_id,
            face_fen=2_000,
            valid_from=NOON - timedelta(days=1),
            valid_until=NOON + timedelta(days=30),
        )
        self.points[member_id], self.coupons[member_id] = held, coupon.coupon_id

    def stock(self, sku: str, price_fen: int, units: int = UNITS) -> None:
        """Put units of a product on the shelf."""
        self.shop.stock(sku, units, price_fen)
        self.units[sku] = units

    def stock_longest(self, units: int) -> None:
        """Put units of 50 products with the longest skus on the shelf."""
        said = {"name": "n", "price_fen": 999, "member_zone": False, "low_stock_threshold": None}
        for start in (0, 25):
            puts: list[Any] = [
                {"PutRequest": {"Item": to_item({**catalog_rows.key(sku), **said, "stock": units})}}
                for sku in LONGEST_SKUS[start : start + 25]
            ]
            self.shop.tables.client.batch_write_item(RequestItems={self.shop.settings.catalog_table: puts})
        self.units |= dict.fromkeys(LONGEST_SKUS, units)

    def place(
        self,
        member_id: str,
        lines: Mapping[str, int],
        *,
        points: int = 0,
        coupon: bool = False,
        at: datetime = NOON,
    ) -> Order:
        """Place a new order."""
        placing = self.shop.placing(member_id, f"k{len(self.order_ids)}", *lines)
        cart = Cart(
            lines=tuple(CartLine(sku=sku, quantity=quantity) for sku, quantity in lines.items()),
            coupon=self.coupons[member_id] if coupon else NO_COUPON,
            points=points,
        )
        order, repeat = self.shop.checkout.place(replace(placing, cart=cart, placed_at=at), Deadline(20))
        assert not repeat
        self.order_ids.append(order.order_id)
        return order

    def pay(self, order: Order, payment_id: str | None = None, at: datetime = NOON) -> Order:
        """Pay an order by its amount, under an id of the order's own unless one is told."""
        return pay(
            self.shop.book,
            order.order_id,
            payment_id=payment_id or f"pay-{order.order_id}",
            amount_fen=order.quote.paid_fen,
            now=at,
            deadline=Deadline(20),
        )

    def cancel(self, order: Order, at: datetime = LATER) -> Order:
        """Cancel an order."""
        return self.change(order, lambda found: life.cancel(found, now=at))

    def ship(self, order: Order, at: datetime = NOON) -> Order:
        """Ship an order."""
        return self.change(order, lambda found: life.ship(found, told={"tracking_no": "T1"}, now=at))

    def receive(self, order: Order, at: datetime = LATER) -> Order:
        """Receive an order."""
        return self.change(order, lambda found: life.receive(found, now=at))

    def refuse(self, order: Order, at: datetime = LATER) -> Order:
        """Refuse an order's parcel."""
        return self.change(order, lambda found: life.refuse(found, now=at))

    def lapse(self, order: Order, at: datetime = PAST_WINDOW) -> Order:
        """Let an order lapse if it is due, as the job does."""
        return self.change(order, lambda found: life.as_of(found, at))

    def give_back(
        self, order: Order, units: Mapping[str, int], return_id: str = "r1", at: datetime = LATER
    ) -> Left:
        """Return units of an order."""
        made = Leaving(way=RETURNED, order_id=order.order_id, caller_id=return_id, units=units, at=at)
        return take_units(self.shop.book, made, Deadline(20))

    def leave(
        self, order: Order, units: Mapping[str, int], cancel_id: str = "c1", at: datetime = LATER
    ) -> Left:
        """Let units leave an order before its shipment (O7)."""
        leaving = Leaving(way=CANCELLED, order_id=order.order_id, caller_id=cancel_id, units=units, at=at)
        return take_units(self.shop.book, leaving, Deadline(20))

    def change(self, order: Order, event: Callable[[Order], Order]) -> Order:
        """Let something happen to an order."""
        return self.shop.book.change(order.order_id, event, Deadline(20))

    def job(self, name: str, at: datetime) -> int:
        """Run a job at a moment; return how many orders it says it has changed.

        Raises
        ------
        TaskError
            A task failed, which is not delivered again here.
        """
        with said() as changed:
            dead = OrderWorkers(self.shop, receives_max=1).do(name, at, threads=4)
        if dead:
            raise TaskError(f"{dead} failed, {changed.orders} orders are done")
        return changed.orders

    def found(self, order: Order | str) -> Order:
        """Return an order as it is stored."""
        found = self.shop.book.find(order if isinstance(order, str) else order.order_id)
        assert found is not None
        return found

    def all_found(self) -> list[Order]:
        """Return all orders as they are stored."""
        keys = [key(order_id) for order_id in self.order_ids]
        return [order_of(row) for row in self._rows(self.shop.settings.orders_table, keys)]

    def settle(self) -> None:
        """Deliver the last state of every order, and check the books."""
        for order in self.all_found():
            self.shop.post(order)
        self.check()

    def check(self, *, posted: bool = True) -> None:
        """Reckon stock, coupons, wallets, lots and E from the orders alone, and compare.

        Without postings only what changes with the order's own transaction is there.
        """
        stored = self.all_found()
        gone: Counter[str] = Counter()
        for order in stored:
            for line, stays in zip(order.quote.lines, order.staying, strict=True):
                assert 0 <= stays <= line.quantity
                gone[line.sku] += stays
        products = self._rows(self.shop.settings.catalog_table, [catalog_rows.key(sku) for sku in self.units])
        assert {row["sku"]: row["stock"] for row in products} == {
            sku: units - gone[sku] for sku, units in self.units.items()
        }
        for member_id in self.points:
            own = [order for order in stored if order.member_id == member_id]
            keys = [
                coupons.key(member_id, NOON.year),
                members.key(member_id, "WALLET"),
                members.key(member_id, members.STANDING),
            ]
            coupon, wallet, standing = self._rows(self.shop.settings.members_table, keys)
            users = [each.order_id for each in own if each.quote.coupon and each.status not in CLOSED]
            assert [coupon["order_id"]] == (users or [coupons.UNUSED])
            self._check_ledger(member_id, wallet_of(wallet))
            if posted:
                self._check_account(own, wallet_of(wallet), members.standing_of(standing), member_id)

    def _rows(self, table: str, keys: list[dict[str, str]]) -> list[Row]:
        rows = self.shop.tables.batch_get([(table, each) for each in keys], Deadline(20))
        assert None not in rows
        return [row for row in rows if row is not None]

    def _check_ledger(self, member_id: str, wallet: Wallet) -> None:
        """E9: the entries sum to the wallet, one by one."""
        frozen, debt, available = 0, 0, Counter(self.points[member_id])
        left = {year: count for year, count in available.items() if count}
        numbered = sorted(self.entries(member_id), key=lambda entry: entry.number)
        assert [entry.number for entry in numbered] == list(range(1, wallet.entries + 1))
        for entry in numbered:
            frozen, debt = frozen + entry.frozen_delta, debt + entry.debt_delta
            available.update(entry.available_delta)
            left = {year: count for year, count in available.items() if count}
            assert (entry.frozen, entry.debt, dict(entry.available)) == (frozen, debt, left)
            assert min(frozen, debt, *left.values(), 0) == 0
        assert (wallet.frozen, wallet.debt, dict(wallet.available)) == (frozen, debt, left)

    def _check_account(self, own: list[Order], wallet: Wallet, standing: Standing, member_id: str) -> None:
        available = Counter(self.points[member_id])
        for order in own:
            kept = order.retained.redeemed_points
            for year, taken in sorted(
                order.redeemed_by_year.items()
            ):  # E6: newest first back, so oldest kept
                available[year] -= min(kept, taken)
                kept -= min(kept, taken)
            assert kept == 0
        assert dict(wallet.available) == {year: count for year, count in available.items() if count}
        paid = [order for order in own if order.paid_at]
        lots, more = self.shop.tables.query(
            self.shop.settings.members_table,
            partition=("member_id", member_id),
            prefix=("item", "LOT#"),
            limit=100,
            after=None,
        )
        assert not more
        assert {lot["order_id"]: lot["points"] for lot in lots} == {
            order.order_id: order.retained.earned_points for order in paid
        }
        assert wallet.frozen == sum(lot["points"] for lot in lots)
        effective_fen = sum(order.retained.order_amount_fen for order in paid)
        assert standing == qualify(self.shop.policy, ever_paid=bool(paid), effective_fen=effective_fen)

    def entries(self, member_id: str) -> list[Entry]:
        """Return a member's whole ledger."""
        listed: list[Entry] = []
        after: str | None = None
        while True:
            page, after = self.shop.accounts.entries(member_id, limit=100, after=after)
            listed += page
            if after is None:
                return listed

    def paid(self, member_id: str, lines: Mapping[str, int], **offers: Any) -> Order:
        """Place and pay an order."""
        return self.pay(self.place(member_id, lines, **offers))

    def shipped(self, member_id: str, lines: Mapping[str, int], **offers: Any) -> Order:
        """Place, pay and ship an order."""
        return self.ship(self.paid(member_id, lines, **offers))

    def received(self, member_id: str, lines: Mapping[str, int], **offers: Any) -> Order:
        """Place, pay, ship and receive an order."""
        return self.receive(self.shipped(member_id, lines, **offers))


@pytest.fixture
def world(shop: Shop) -> World:
    """A shop with tea and kettles, and alice, who holds points and a coupon."""
    made = World(shop)
    made.stock(TEA, TEA_FEN)
    made.stock(KETTLE, KETTLE_FEN)
    made.join("alice")
    return made


def offers(number: int) -> dict[str, Any]:
    """Return points or the coupon by turns: they exclude each other (P4)."""
    return {"coupon": True} if number % 2 else {"points": 1_000}


def codes(results: list[Any]) -> list[str]:
    """Return the codes of the refusals."""
    return [each.code for each in results if isinstance(each, RefusalError)]


def together(*acts: Callable[[], Any]) -> list[Any]:
    """Do these at once; a refusal is a result too."""
    return at_once(len(acts), lambda number: acts[number]())


# Races ---------------------------------------------------------------------------------------------------


def test_case_9_receipt_against_refusal_one_wins(world: World) -> None:
    for number in range(ROUNDS):
        order = world.shipped("alice", {KETTLE: 2, TEA: 1}, **offers(number))
        results = together(partial(world.receive, order), partial(world.refuse, order))
        status = world.found(order).status
        assert codes(results) == {
            Status.RECEIVED: ["order_not_refusable"],
            Status.REFUSED: ["order_not_receivable"],
        }.get(status)
        if status is Status.RECEIVED:  # so that points and coupon are there for the next round
            world.give_back(order, {KETTLE: 2, TEA: 1})
        world.shop.post(world.found(order))
    world.settle()


def test_case_9_cancel_against_shipment_one_wins(world: World) -> None:
    for number in range(ROUNDS):
        order = world.paid("alice", {KETTLE: 2, TEA: 1}, **offers(number))
        results = together(partial(world.cancel, order), partial(world.ship, order))
        status = world.found(order).status
        assert codes(results) == {
            Status.CANCELLED: ["order_not_shippable"],
            Status.SHIPPED: ["order_not_cancellable"],
        }.get(status)
        if status is Status.SHIPPED:
            world.refuse(order)
        world.shop.post(world.found(order))
    world.settle()


def check_cancelled_and_due_back_once(world: World, order: Order) -> None:
    """O6: the order is cancelled, and its one payment is due back exactly once, in one of two ways."""
    found = world.found(order)
    (payment,) = found.payments
    assert found.status is Status.CANCELLED
    assert (payment.applied, len(found.changes)) in ((True, 2), (False, 0))
    not_applied_fen = 0 if payment.applied else payment.amount_fen
    assert found.refunded_fen + not_applied_fen == order.quote.paid_fen
    spent = world.shop.tables.get(
        world.shop.settings.orders_table, key(f"payment:{payment.payment_id}", "PAYMENT")
    )
    assert spent is not None
    assert spent["applied"] is payment.applied


def test_case_9_cancel_against_payment_ends_cancelled_with_the_refund_due_once(world: World) -> None:
    for number in range(ROUNDS):
        order = world.place("alice", {KETTLE: 2, TEA: 1}, **offers(number))
        results = together(partial(world.cancel, order), partial(world.pay, order))
        assert codes(results) == []
        assert world.pay(order).status is Status.CANCELLED  # R1: the payment again
        check_cancelled_and_due_back_once(world, order)
    world.settle()


@pytest.mark.parametrize("cancel_first", [True, False])
def test_case_9_cancel_and_payment_between_read_and_write_of_each_other(
    world: World, calls: Calls, cancel_first: bool
) -> None:
    for number in range(2):
        order = world.place("alice", {KETTLE: 2}, **offers(number))
        acts: list[Callable[[], object]] = [partial(world.cancel, order), partial(world.pay, order)]
        inner, outer = acts if cancel_first else acts[::-1]
        calls.do_before("TransactWriteItems", inner)
        outer()
        check_cancelled_and_due_back_once(world, order)
        assert world.found(order).payments[0].applied is not cancel_first
        world.settle()


RIVALS: dict[str, tuple[str, str, str, str]] = {
    "receipt meets refusal": ("shipped", "receive", "refuse", "order_not_receivable"),
    "refusal meets receipt": ("shipped", "refuse", "receive", "order_not_refusable"),
    "cancel meets shipment": ("paid", "cancel", "ship", "order_not_cancellable"),
    "shipment meets cancel": ("paid", "ship", "cancel", "order_not_shippable"),
}


WRITES: dict[str, Operation] = {"receive": "PutItem", "ship": "PutItem"}
"""What changes write the order's row alone with."""


@pytest.mark.parametrize(("start", "loser", "winner", "code"), RIVALS.values(), ids=RIVALS)
def test_case_9_the_one_that_writes_first_wins(
    world: World, calls: Calls, start: str, loser: str, winner: str, code: str
) -> None:
    order: Order = getattr(world, start)("alice", {KETTLE: 2}, points=1_000)
    calls.do_before(WRITES.get(loser, "TransactWriteItems"), lambda: getattr(world, winner)(order))
    with pytest.raises(ConflictError) as refusal:
        getattr(world, loser)(order)
    assert refusal.value.code == code
    world.settle()


@pytest.mark.parametrize(("start", "loser", "winner", "code"), RIVALS.values(), ids=RIVALS)
def test_after_an_unknown_outcome_no_refusal_says_that_nothing_has_happened(
    world: World, calls: Calls, start: str, loser: str, winner: str, code: str
) -> None:
    """The lost write may still arrive, so 503 is the one true answer, whatever others did meanwhile."""
    order: Order = getattr(world, start)("alice", {KETTLE: 2}, points=1_000)

    def meanwhile() -> None:
        getattr(world, winner)(order)
        calls.fail(WRITES.get(loser, "TransactWriteItems"), *[RESET_BEFORE] * SENDS_OF_THE_SDK)

    calls.do_before(WRITES.get(loser, "TransactWriteItems"), meanwhile)
    with pytest.raises(TryAgainError):
        getattr(world, loser)(order)
    with pytest.raises(ConflictError) as refusal:
        getattr(world, loser)(order)
    assert refusal.value.code == code
    world.settle()


def test_a_put_that_meets_itself_is_unknown_and_no_refusal_says_that_nothing_has_happened(
    world: World, calls: Calls
) -> None:
    """Its answer is lost, the SDK sends it again, and by the time it is read the order has gone on."""
    order = world.paid("alice", {TEA: 1})

    def goes_on() -> None:
        world.change(order, lambda found: life.ship(found, told={"tracking_no": "T2"}, now=NOON))
        world.receive(order)

    calls.fail("PutItem", LOST_AFTER)
    before_read(calls, "GetItem", 1, goes_on)
    with pytest.raises(TryAgainError):
        world.ship(order)
    with pytest.raises(ConflictError):
        world.ship(order)  # what has happened to it since is known now
    assert (world.found(order).status, world.found(order).tracking_no) == (Status.RECEIVED, "T2")
    world.settle()


def test_after_an_unknown_outcome_of_a_return_no_refusal_says_so_either(world: World, calls: Calls) -> None:
    order = world.received("alice", {TEA: 3}, points=1_000)

    def meanwhile() -> None:
        world.give_back(order, {TEA: 3}, "other")
        calls.fail("TransactWriteItems", *[RESET_BEFORE] * SENDS_OF_THE_SDK)

    calls.do_before("TransactWriteItems", meanwhile)
    with pytest.raises(TryAgainError):
        world.give_back(order, {TEA: 1})
    with pytest.raises(ConflictError) as refusal:
        world.give_back(order, {TEA: 1})
    assert refusal.value.code == "order_not_returnable"
    world.settle()


def test_case_12_the_same_return_12_times_at_once_has_one_effect(world: World) -> None:
    for units in (2, 3):
        order = world.received("alice", {TEA: 3}, points=2_000)
        results = at_once(12, lambda _, o=order, n=units: world.give_back(o, {TEA: n}))  # type: ignore[misc]
        found = world.found(order)
        assert codes(results) == []
        effects = {(each.refund_fen, each.points_restored) for each in results if isinstance(each, Left)}
        kept = found.retained
        assert effects == {(19_601 - kept.paid_fen, 2_000 - kept.redeemed_points)}
        assert (found.returned, len(found.changes)) == ((units,), 2)
        world.settle()


@pytest.mark.parametrize("count", [2, 5])
def test_case_13_partial_returns_at_once_sum_to_one_return_of_all(world: World, count: int) -> None:
    for number in range(3):
        lines = {TEA: 7, KETTLE: 3} if number % 2 else {TEA: 7}
        order = world.received("alice", lines, points=2_000)
        results = at_once(count, lambda n, o=order: world.give_back(o, {TEA: 1}, f"r{n}"))  # type: ignore[misc]
        made = [each for each in results if isinstance(each, Left)]
        assert len(made) == count
        found = world.found(order)
        at_a_time = life.return_units(order, {TEA: count}, now=LATER)
        assert (found.retained, found.returned) == (at_a_time.retained, at_a_time.returned)
        assert sum(each.refund_fen for each in made) == found.refunded_fen
        assert sum(each.points_restored for each in made) == 2_000 - at_a_time.retained.redeemed_points
        world.settle()
        world.give_back(order, {TEA: 7 - count, **({KETTLE: 3} if number % 2 else {})}, "rest")
        world.settle()  # so that the points are there for the next round


def test_case_13_never_more_units_come_back_than_were_ordered(world: World) -> None:
    order = world.received("alice", {TEA: 3}, points=2_000)
    results = at_once(6, lambda n: world.give_back(order, {TEA: 1}, f"r{n}"))
    made = [each for each in results if isinstance(each, Left)]
    assert sorted((each.refund_fen, each.points_restored) for each in made) == [
        (6_533, 666),
        (6_534, 667),
        (6_534, 667),
    ]
    assert codes(results) == ["order_not_returnable"] * 3
    assert world.found(order).status is Status.RETURNED
    world.settle()


def test_O7_units_that_leave_12_times_at_once_under_one_id_leave_once(world: World) -> None:
    order = world.paid("alice", {TEA: 3}, points=2_000)
    results = at_once(12, lambda _: world.leave(order, {TEA: 1}))
    found = world.found(order)
    assert codes(results) == []
    assert {(each.refund_fen, each.points_restored) for each in results if isinstance(each, Left)} == {
        (19_601 - found.retained.paid_fen, 2_000 - found.retained.redeemed_points)
    }
    assert (found.cancelled, found.cancels, found.changes_count) == ((1,), 1, 2)
    world.settle()


def test_O7_never_more_units_leave_than_were_ordered_and_the_last_is_the_cancellation(world: World) -> None:
    order = world.paid("alice", {TEA: 3}, points=2_000)
    results = at_once(6, lambda n: world.leave(order, {TEA: 1}, f"c{n}"))
    made = [each for each in results if isinstance(each, Left)]
    assert sorted((each.refund_fen, each.points_restored) for each in made) == [
        (6_533, 666),
        (6_534, 667),
        (6_534, 667),
    ]
    assert codes(results) == ["order_not_cancellable"] * 3
    assert world.found(order).status is Status.CANCELLED
    world.settle()


def test_O7_units_that_leave_against_the_shipment_leave_before_it_or_not_at_all(world: World) -> None:
    seen = set()
    for _number in range(8):
        order = world.paid("alice", {TEA: 2, KETTLE: 1})
        left, shipped = together(partial(world.leave, order, {TEA: 1}, at=NOON), partial(world.ship, order))
        found = world.found(order)
        assert isinstance(shipped, Order)
        assert found.status is Status.SHIPPED
        if isinstance(left, Left):
            assert (found.cancelled, found.staying) == ((1, 0), (1, 1))
        else:
            assert codes([left]) == ["order_not_cancellable"]
            assert found.staying == (2, 1)
        seen.add(isinstance(left, Left))
        world.settle()
    assert seen <= {True, False}


def test_O7_units_that_leave_against_the_cancellation_of_the_whole_give_all_back_once(world: World) -> None:
    for _ in range(6):
        order = world.paid("alice", {TEA: 3}, points=1_000)
        together(partial(world.leave, order, {TEA: 1}), partial(world.cancel, order))
        assert world.found(order).status is Status.CANCELLED
        world.settle()


def test_a_payment_beside_a_return_and_a_cancel_is_kept_as_not_applied_once(world: World) -> None:
    """O6: money that arrives again at any point of an order's life changes nothing but is recorded."""
    order = world.received("alice", {TEA: 3}, points=1_000)
    together(
        lambda: world.give_back(order, {TEA: 1}),
        lambda: world.pay(order, "again"),
        lambda: world.pay(order, "again"),
    )
    found = world.found(order)
    assert [(each.payment_id, each.applied) for each in found.payments][1:] == [("again", False)]
    assert found.returned == (1,)
    world.settle()


@pytest.mark.parametrize("paid", [True, False])
def test_a_cancel_sent_20_times_at_once_has_one_effect(world: World, paid: bool) -> None:
    for number in range(2):
        order = world.place("alice", {KETTLE: 2, TEA: 3}, **offers(number))
        if paid:
            world.pay(order)
        results = at_once(20, lambda _, o=order: world.cancel(o))  # type: ignore[misc]
        found = world.found(order)
        assert codes(results) == []
        assert (found.status, found.version) == (Status.CANCELLED, 2 + paid)
        world.settle()
    restored = [entry for entry in world.entries("alice") if entry.kind == "restore"]
    assert [sum(entry.available_delta.values()) for entry in restored] == [1_000]


def test_O2_cancel_against_lapse_one_wins_and_everything_comes_back_once(world: World) -> None:
    for number in range(ROUNDS):
        order = world.place("alice", {KETTLE: 2, TEA: 3}, **offers(number))
        at = PAST_WINDOW - timedelta(seconds=number % 2)  # two clocks that differ by a second
        results = together(partial(world.cancel, order, at), partial(world.lapse, order))
        found = world.found(order)
        assert found.status in ((Status.CANCELLED, Status.LAPSED) if number % 2 else (Status.LAPSED,))
        lost = "order_not_cancellable"
        assert codes(results) == ([] if found.status is Status.CANCELLED else [lost])
        assert found.version == 2
    world.settle()


def test_O2_a_cancel_past_the_window_is_refused_beside_the_job(world: World) -> None:
    placed = [world.place("alice", {KETTLE: 1}, **offers(number)) for number in range(2)]
    results = together(
        *(partial(world.cancel, order, PAST_WINDOW) for order in placed),
        lambda: world.job(LAPSE_UNPAID, PAST_WINDOW),
    )
    assert codes(results) == ["order_not_cancellable"] * 2
    assert results[-1] == 2
    assert {world.found(order).status for order in placed} == {Status.LAPSED}
    world.settle()


def test_O6_a_payment_against_the_lapse_job_is_applied_or_due_back_once(world: World) -> None:
    for number in range(10):
        order = world.place("alice", {KETTLE: 2}, **offers(number))
        in_time = PAST_WINDOW - timedelta(seconds=number // 2 % 2)
        together(partial(world.pay, order, at=in_time), partial(world.lapse, order))
        found = world.found(order)
        (payment,) = found.payments
        assert (found.status, payment.applied) in ((Status.PAID, True), (Status.LAPSED, False))
        if found.status is Status.PAID:
            assert in_time < PAST_WINDOW
            world.cancel(order)
    world.settle()


# Jobs ----------------------------------------------------------------------------------------------------


def test_case_32_the_lapse_job_4_times_at_once_has_one_effect(world: World) -> None:
    for number in range(6):
        world.join(f"m{number}")
        for turn in range(5):
            world.place(f"m{number}", {KETTLE: 1, TEA: 2}, **offers(turn == 0))

    at_once(4, lambda _: OrderWorkers(world.shop).do(LAPSE_UNPAID, PAST_WINDOW))
    world.job(LAPSE_UNPAID, PAST_WINDOW)
    for found in world.all_found():
        assert (found.status, found.version, found.closed_at) == (Status.LAPSED, 2, PAST_WINDOW)
    world.settle()
    for number in range(6):
        restored = [entry for entry in world.entries(f"m{number}") if entry.kind == "restore"]
        assert [sum(entry.available_delta.values()) for entry in restored] == [1_000] * 4


def test_case_32_the_receipt_job_4_times_at_once_against_the_members_themselves(world: World) -> None:
    parcels = [world.shipped("alice", {TEA: 1}) for _ in range(12)]
    together(
        *[partial(world.job, AUTO_RECEIPT, PAST_RECEIPT)] * 4,
        *(partial(world.receive, order, PAST_RECEIPT) for order in parcels[:4]),
    )
    for order in parcels:
        found = world.found(order)
        assert (found.status, found.received_at) == (Status.RECEIVED, NOON + timedelta(days=10))  # O3
        assert found.version == 4
    world.settle()


def test_O3_a_return_beside_the_receipt_job_that_is_late_has_one_effect(world: World) -> None:
    for _ in range(5):
        order = world.shipped("alice", {TEA: 3}, points=500)
        results = together(
            partial(world.give_back, order, {TEA: 1}, at=PAST_RECEIPT),
            partial(world.job, AUTO_RECEIPT, PAST_RECEIPT),
        )
        found = world.found(order)
        assert codes(results) == []
        assert (found.status, found.returned) == (Status.RECEIVED, (1,))
        assert found.received_at == NOON + timedelta(days=10)
    assert world.job(AUTO_RECEIPT, PAST_RECEIPT) == 0
    world.settle()


def put_into_index(world: World, order: Order, kind: str, due_at: datetime) -> None:
    """Let the index of due work name an order that is not due: a read of it that is behind."""
    world.shop.tables.client.update_item(
        TableName=world.shop.settings.orders_table,
        Key=to_item(key(order.order_id)),
        UpdateExpression="SET due = :due, due_at = :at",
        ExpressionAttributeValues=to_item(
            {":due": due_partition(kind, due_shard(order.order_id)), ":at": calendar.to_row(due_at)}
        ),
    )


def test_case_24_a_stale_index_row_is_left_alone(world: World) -> None:
    stale = {
        LAPSE_UNPAID: [
            world.paid("alice", {TEA: 1}, points=500),
            world.shipped("alice", {TEA: 1}),
            world.cancel(world.place("alice", {TEA: 1}, points=500)),
        ],
        AUTO_RECEIPT: [
            world.paid("alice", {TEA: 1}),
            world.received("alice", {TEA: 1}),
            world.refuse(world.shipped("alice", {TEA: 1}, points=500)),
        ],
    }
    for job, left_alone in stale.items():
        for order in left_alone:
            put_into_index(world, order, "lapse" if job == LAPSE_UNPAID else "receipt", NOON)
        world.job(job, LATER)
        assert [world.found(order) for order in left_alone] == left_alone
    world.settle()


def test_a_job_counts_the_orders_that_it_changed_and_no_others(world: World) -> None:
    """Else a run that came second, or over stale rows, would report the same orders again."""
    order = world.paid("alice", {TEA: 1})
    put_into_index(world, order, "lapse", NOON)
    world.place("alice", {TEA: 1})
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 1


def test_case_35_O2_O3_a_job_leaves_what_is_due_a_second_later(world: World) -> None:
    unpaid, parcel = world.place("alice", {TEA: 1}, points=500), world.shipped("alice", {TEA: 1})
    second = timedelta(seconds=1)
    assert world.job(LAPSE_UNPAID, PAST_WINDOW - second) == 0
    received_at = NOON + timedelta(days=10)
    assert world.job(AUTO_RECEIPT, received_at - second) == 0
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 1
    assert world.job(AUTO_RECEIPT, received_at) == 1
    assert (world.found(unpaid).status, world.found(parcel).status) == (Status.LAPSED, Status.RECEIVED)
    world.settle()


@pytest.mark.parametrize("pages", [1, 3, 24])
def test_case_26_an_empty_page_with_a_cursor_is_read_on(world: World, calls: Calls, pages: int) -> None:
    order = world.place("alice", {TEA: 1})
    shard = due_shard(order.order_id)
    cursor = {
        **key("ord_" + "a" * 26),
        "due": due_partition("lapse", shard),
        "due_at": calendar.to_row(NOON - WINDOW),
    }
    empty = Fault(status=200, error={"Items": [], "Count": 0, "LastEvaluatedKey": to_item(cursor)})
    calls.fail("Query", *[empty] * pages)
    found, more = world.shop.book.due("lapse", shard, now=PAST_WINDOW, limit=PAGE_ORDERS, after=None)
    assert ([row["order_id"] for row in found], more) == ([order.order_id], False)


def test_case_33_a_backlog_of_250_orders_is_worked_off_in_one_run_in_bounded_pages(
    world: World, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "PAGE_ORDERS", 7)  # so that every shard has several
    placed = world.place("alice", {TEA: 1})
    copies = [
        replace(placed, order_id=identifiers.order_id("alice", f"copy{n}"), placed_at=NOON - n % 5 * MINUTE)
        for n in range(249)
    ]
    for start in range(0, len(copies), 25):
        puts: list[Any] = [
            {"PutRequest": {"Item": to_item(row_of(copy))}} for copy in copies[start : start + 25]
        ]
        world.shop.tables.client.batch_write_item(RequestItems={world.shop.settings.orders_table: puts})
    world.order_ids += [copy.order_id for copy in copies]
    world.units[TEA] += len(copies)  # whose units never left the shelf
    sent = len(calls.sent)
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 250
    queries = [
        body for name, body in zip(calls.sent[sent:], calls.bodies[sent:], strict=True) if name == "Query"
    ]
    assert len(queries) > 250 / 7
    assert {query["Limit"] for query in queries} == {8}
    assert {order.status for order in world.all_found()} == {Status.LAPSED}
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 0
    world.check()


@pytest.mark.parametrize("looks", range(12))
def test_case_33_what_the_time_did_not_allow_is_handed_on(
    world: World, monkeypatch: pytest.MonkeyPatch, looks: int
) -> None:
    monkeypatch.setattr(jobs, "PAGE_ORDERS", 2)
    for number in range(8):
        world.place("alice", {TEA: 1}, points=500 * (number == 0))
    workers = OrderWorkers(world.shop)
    # At the last delivery there is time enough, so that it comes to an end.
    assert workers.do(LAPSE_UNPAID, PAST_WINDOW, looks=chain([looks] * 12, repeat(1_000)).__next__) == []
    assert len(workers.box.put) > DUE_SHARDS or looks > 3
    assert {order.status for order in world.all_found()} == {Status.LAPSED}
    assert workers.runs.ended_since(LAPSE_UNPAID, PAST_WINDOW)
    world.settle()


def test_one_order_that_fails_holds_up_no_other_and_the_next_run_completes_it(world: World) -> None:
    world.join("mallory")
    table, wallet_key = world.shop.settings.members_table, members.key("mallory", "WALLET")
    bad = world.place("mallory", {TEA: 1}, points=500)
    others = [world.place("alice", {KETTLE: 1}, **offers(number)) for number in (0, 1, 0, 0)]
    others += [world.place("alice", {TEA: 1}) for _ in range(20)]
    others += [world.place("mallory", {TEA: 1}, coupon=False)]
    wallet = world.shop.tables.get(table, wallet_key)
    assert wallet is not None
    world.shop.tables.client.delete_item(TableName=table, Key=to_item(wallet_key))
    workers = OrderWorkers(world.shop)
    with said() as changed:
        (dead,) = workers.do(LAPSE_UNPAID, PAST_WINDOW)
    assert (changed.orders, dead.only) == (len(others), (key(bad.order_id),))
    assert workers.runs.ended_since(LAPSE_UNPAID, PAST_WINDOW)
    assert {world.found(order).status for order in others} == {Status.LAPSED}
    assert world.found(bad) == bad
    world.shop.tables.client.put_item(TableName=table, Item=to_item(wallet))
    workers.redrive()
    assert workers.run() == []
    world.settle()


def test_a_shard_that_cannot_be_read_holds_up_no_other_and_its_task_fails(world: World, calls: Calls) -> None:
    for _ in range(40):
        world.place("alice", {TEA: 1})
    shards = Counter(due_shard(order_id) for order_id in world.order_ids)
    calls.fail("Query", SERVER_ERROR_AFTER)  # answered at the SDK's second send
    calls.do_before("Query", lambda: None)
    world.job(LAPSE_UNPAID, NOON)
    calls.fail("Query", *[SERVER_ERROR] * SENDS_OF_THE_SDK * TASK_TRIES)
    with pytest.raises(TaskError):
        world.job(LAPSE_UNPAID, PAST_WINDOW)
    lapsed = [order for order in world.all_found() if order.status is Status.LAPSED]
    assert len(lapsed) >= 40 - 2 * max(shards.values())
    world.job(LAPSE_UNPAID, PAST_WINDOW)
    assert {order.status for order in world.all_found()} == {Status.LAPSED}
    world.check()


# Faults --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """A change of an order: how to come to it, how to make it, where it ends, and what it reads with."""

    prepare: Callable[[World, str], Order]
    act: Callable[[World, Order], object]
    ends: Status
    reads: Operation = "GetItem"
    writes: Operation = "TransactWriteItems"
    more_reads: int = 0
    is_job: bool = False

    @property
    def reads_again(self) -> Operation:
        """What it reads with after a write of which nobody knows: a job looks at the one order by itself."""
        return "GetItem" if self.is_job else self.reads


CHANGES = {
    "cancel unpaid with points": Change(
        lambda world, who: world.place(who, {TEA: 3}, points=2_000),
        lambda world, order: world.cancel(order),
        Status.CANCELLED,
        more_reads=1,
    ),
    "cancel unpaid with coupon": Change(
        lambda world, who: world.place(who, {KETTLE: 1, TEA: 1}, coupon=True),
        lambda world, order: world.cancel(order),
        Status.CANCELLED,
    ),
    "cancel paid": Change(
        lambda world, who: world.paid(who, {TEA: 3, KETTLE: 1}, points=2_000),
        lambda world, order: world.cancel(order),
        Status.CANCELLED,
        more_reads=1,
    ),
    "ship": Change(
        lambda world, who: world.paid(who, {TEA: 3}, points=500),
        lambda world, order: world.ship(order),
        Status.SHIPPED,
        writes="PutItem",
    ),
    "receive": Change(
        lambda world, who: world.shipped(who, {TEA: 3}, points=500),
        lambda world, order: world.receive(order),
        Status.RECEIVED,
        writes="PutItem",
    ),
    "refuse": Change(
        lambda world, who: world.shipped(who, {KETTLE: 2}, coupon=True),
        lambda world, order: world.refuse(order),
        Status.REFUSED,
    ),
    "return a part": Change(
        lambda world, who: world.received(who, {TEA: 3}, points=2_000),
        lambda world, order: world.give_back(order, {TEA: 1}),
        Status.RECEIVED,
        reads="BatchGetItem",
    ),
    "return all": Change(
        lambda world, who: world.received(who, {KETTLE: 2}, coupon=True),
        lambda world, order: world.give_back(order, {KETTLE: 2}),
        Status.RETURNED,
        reads="BatchGetItem",
    ),
    "lapse job": Change(
        lambda world, who: world.place(who, {TEA: 3}, points=2_000),
        lambda world, order: world.job(LAPSE_UNPAID, PAST_WINDOW),
        Status.LAPSED,
        reads="BatchGetItem",
        more_reads=1,
        is_job=True,
    ),
    "receipt job": Change(
        lambda world, who: world.shipped(who, {KETTLE: 2}, points=500),
        lambda world, order: world.job(AUTO_RECEIPT, PAST_RECEIPT),
        Status.RECEIVED,
        reads="BatchGetItem",
        writes="PutItem",
        is_job=True,
    ),
}
FAULTS = {
    "reset before": RESET_BEFORE,
    "lost after": LOST_AFTER,
    "server error": SERVER_ERROR,
    "server error after": SERVER_ERROR_AFTER,
    "in progress": IN_PROGRESS,
    "throttled": THROTTLED,
    "conflict": CONFLICT,
}
ROW_FAULTS = {name: fault for name, fault in FAULTS.items() if fault is not IN_PROGRESS} | {
    "conflict": ROW_CONFLICT
}
"""What a change meets that writes the order's row alone."""
CHANGED = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


CUT_OFF = pytest.mark.parametrize(
    "change",
    [change for name, change in CHANGES.items() if name != "receipt job"],
    ids=[name for name in CHANGES if name != "receipt job"],
)
"""The receipt job writes what a receipt writes, and the same call writes down its run beside it."""


def faults_of(change: Change) -> dict[str, Fault]:
    """Return what the write of a change may meet."""
    return ROW_FAULTS if change.writes == "PutItem" else FAULTS


@CUT_OFF
def test_case_14_to_22_a_change_cut_off_has_one_effect(world: World, calls: Calls, change: Change) -> None:
    world.join("rich", RICHES)
    for name, fault in faults_of(change).items():
        for sends in (1, SENDS_OF_THE_SDK):
            order = change.prepare(world, "rich")
            calls.fail(change.writes, *[fault] * sends)
            change.act(world, order)
            assert not calls.faults[change.writes], name
            after = world.found(order)
            assert (after.status, after.version) == (change.ends, order.version + 1), name
            change.act(world, order)
            assert world.found(order) == after, name
    world.settle()


@CUT_OFF
def test_case_18_20_a_change_that_no_send_brings_through_is_all_or_nothing(
    world: World, calls: Calls, change: Change
) -> None:
    world.join("rich", RICHES)
    for name, fault in faults_of(change).items():
        order = change.prepare(world, "rich")
        calls.fail(change.writes, *[fault] * 1_000)
        if fault.after:  # the first send took effect, and a fresh read finds it
            change.act(world, order)
        else:
            why = TaskError if change.is_job else ConflictError if name == "conflict" else TryAgainError
            with pytest.raises(why):
                change.act(world, order)
            assert world.found(order) == order, name
            world.check(posted=False)
        calls.faults.clear()
        change.act(world, order)
        after = world.found(order)
        assert (after.status, after.version) == (change.ends, order.version + 1), name
    world.settle()


def before_read(calls: Calls, operation: Operation, number: int, act: Callable[[], object]) -> None:
    """Let something happen just before a read that is so many reads away."""

    def wait() -> None:
        if number:
            before_read(calls, operation, number - 1, act)
        else:
            act()

    calls.do_before(operation, wait)


@CHANGED
def test_a_read_that_fails_is_503_and_nothing_has_happened(
    world: World, calls: Calls, change: Change
) -> None:
    order = change.prepare(world, "alice")
    for fault in (RESET_BEFORE, SERVER_ERROR, THROTTLED):
        for number in range(1 + change.more_reads):

            def fail(fault: Fault = fault) -> None:
                tries = TASK_TRIES if change.is_job else 1
                calls.fail(change.reads, *[fault] * SENDS_OF_THE_SDK * tries)

            before_read(calls, change.reads, number, fail)
            with pytest.raises(TaskError if change.is_job else TryAgainError):
                change.act(world, order)
            calls.faults.clear()
            assert world.found(order) == order
    world.check(posted=False)
    change.act(world, order)
    assert world.found(order).status is change.ends
    world.settle()


@CUT_OFF
def test_case_21_a_lost_write_whose_outcome_cannot_be_read_is_503_and_the_retry_completes(
    world: World, calls: Calls, change: Change
) -> None:
    for fault in (RESET_BEFORE, LOST_AFTER):
        order = change.prepare(world, "alice")
        calls.fail(change.writes, *[fault] * SENDS_OF_THE_SDK)
        calls.do_before(change.writes, lambda: calls.fail(change.reads_again, *[RESET_BEFORE] * 20))
        with pytest.raises(TaskError if change.is_job else TryAgainError):
            change.act(world, order)
        calls.faults.clear()
        assert world.found(order).version == order.version + fault.after
        change.act(world, order)
        after = world.found(order)
        assert (after.status, after.version) == (change.ends, order.version + 1)
    world.settle()


def test_a_refused_return_that_cannot_look_for_its_first_try_is_503(world: World, calls: Calls) -> None:
    """A batch is no snapshot: only a second read tells a repeat from a return of too much."""
    order = world.received("alice", {TEA: 3})
    calls.fail("GetItem", *[RESET_BEFORE] * SENDS_OF_THE_SDK)
    with pytest.raises(TryAgainError):
        world.give_back(order, {TEA: 4})
    assert world.found(order) == order


def torn(world: World, order: Order) -> Fault:
    """Return a batch that has the order as it is now, and the row that spends a return's id not yet."""
    table = world.shop.settings.orders_table
    row = world.shop.tables.get(table, key(order.order_id))
    assert row is not None
    answer = {"Responses": {table: [to_item(row)]}, "UnprocessedKeys": {}}
    return Fault(status=200, error=answer)


def test_a_torn_batch_does_not_turn_a_repeated_return_into_a_refusal(world: World, calls: Calls) -> None:
    order = world.received("alice", {TEA: 3}, points=1_000)
    first = world.give_back(order, {TEA: 3})
    calls.fail("BatchGetItem", torn(world, order))
    assert world.give_back(order, {TEA: 3}) == first
    world.settle()


def test_O5_R1_a_torn_batch_does_not_give_back_twice_where_units_are_left_to_return(
    world: World, calls: Calls
) -> None:
    order = world.received("alice", {TEA: 3}, points=1_000)
    first = world.give_back(order, {TEA: 1})
    calls.fail("BatchGetItem", torn(world, order))
    assert world.give_back(order, {TEA: 1}) == first
    found = world.found(order)
    assert (found, found.returned, found.refunded_fen) == (first.order, (1,), first.refund_fen)
    world.settle()


def test_a_wallet_that_moves_between_read_and_write_of_a_cancel_is_read_again(
    world: World, calls: Calls
) -> None:
    order = world.place("alice", {TEA: 3}, points=1_000)
    calls.do_before("TransactWriteItems", lambda: world.place("alice", {TEA: 3}, points=1_500))
    assert world.cancel(order).status is Status.CANCELLED
    world.settle()


# Postings in any order -----------------------------------------------------------------------------------

SEQUENCES = 50
STEPS = 10
ORDERS_MAX = 4
NEXT: dict[Status, tuple[str, ...]] = {
    Status.PLACED: ("pay", "pay", "pay", "cancel", "lapse"),
    Status.PAID: ("ship", "ship", "ship", "cancel"),
    Status.SHIPPED: ("receive", "receive", "receive", "refuse"),
    Status.RECEIVED: ("return", "return", "pay"),
}
ANYTHING = ("pay", "cancel", "lapse", "ship", "receive", "refuse", "return")


@dataclass
class Life:
    """A member's orders in random order, and their states as a stream may deliver them."""

    world: World
    rng: random.Random
    member_id: str
    now: datetime = NOON
    latest: dict[str, Order] = field(default_factory=dict)
    seen: list[Order] = field(default_factory=list)
    refunds: Counter[str] = field(default_factory=Counter)
    restored: Counter[str] = field(default_factory=Counter)
    acts: Iterator[int] = field(default_factory=lambda: iter(range(1_000)))
    done: list[str] = field(default_factory=list)

    def step(self) -> None:
        """Do something, or deliver something."""
        self.now += timedelta(seconds=self.rng.randrange(1, 240))
        if self.seen and self.rng.random() < 0.35:
            self.world.shop.post(self.rng.choice(self.seen))
            return
        if not self.latest or (len(self.latest) < ORDERS_MAX and self.rng.random() < 0.4):
            act, what = self._place, "place"
        else:
            order = self.rng.choice(list(self.latest.values()))
            what = self.rng.choice(NEXT.get(order.status, ANYTHING) if self.rng.random() < 0.85 else ANYTHING)
            act = lambda: self._happens(order, what)  # noqa: E731 - the same kind of act as above
        try:
            after = act()
        except RefusalError as refusal:
            assert refusal.code not in ("conflict", "try_again")  # noqa: PT017 - a refusal is allowed
            return
        self.done.append(what)
        self.latest[after.order_id] = after
        self.seen.append(after)

    def _place(self) -> Order:
        lines = {KETTLE: self.rng.randint(1, 3), TEA: self.rng.randint(1, 4)}
        if self.rng.random() < 0.4:
            lines.pop(self.rng.choice((KETTLE, TEA)))
        coupon = self.rng.random() < 0.4
        points = 0 if coupon else self.rng.choice((0, 500, 1_000, 2_000))
        return self.world.place(self.member_id, lines, points=points, coupon=coupon, at=self.now)

    def _happens(self, order: Order, what: str) -> Order:
        match what:
            case "pay":
                return self.world.pay(order, f"{self.member_id}-{next(self.acts)}", self.now)
            case "lapse":
                self.now = max(self.now, order.lapses_at)
                return self.world.lapse(order, self.now)
            case "return":
                units = {
                    line.sku: count
                    for line, stays in zip(order.quote.lines, order.staying, strict=True)
                    if (count := self.rng.randint(0, stays))
                }
                if not units:
                    return order
                made = self.world.give_back(order, units, f"r{next(self.acts)}", self.now)
                self.refunds[order.order_id] += made.refund_fen
                self.restored[order.order_id] += made.points_restored
                return made.order
            case _:
                changed: Order = getattr(self.world, what)(order, self.now)
                return changed

    def end(self) -> None:
        """Deliver the last state of each order in any order, check, and deliver everything again."""
        last = list(self.latest.values())
        self.rng.shuffle(last)
        for order in last:
            self.world.shop.post(order)
        self.world.check()
        before = self.world.shop.accounts.wallet(self.member_id)
        for order in self.rng.sample(self.seen, min(2, len(self.seen))):
            self.world.shop.post(order)
        assert self.world.shop.accounts.wallet(self.member_id) == before
        for order in last:
            if order.received_at:
                kept = order.retained
                assert self.refunds[order.order_id] == order.quote.paid_fen - kept.paid_fen
                assert self.restored[order.order_id] == order.quote.redeemed_points - kept.redeemed_points
            assert sum(each.applied for each in order.payments) == (order.paid_at is not None)


@pytest.mark.parametrize("part", range(4))
def test_case_11_27_28_orders_in_random_order_posted_late_twice_and_stale_keep_the_books(
    shop: Shop, part: int
) -> None:
    for sku, price_fen in ((TEA, TEA_FEN), (KETTLE, KETTLE_FEN)):
        shop.stock(sku, 10 * UNITS, price_fen)
    happened: Counter[str] = Counter()
    for seed in range(part * SEQUENCES, (part + 1) * SEQUENCES):
        rng = random.Random(seed)  # noqa: S311 - repeatable
        world = World(shop, units={sku: shop.units(sku) for sku in (TEA, KETTLE)})
        member_id = f"member{seed}"
        world.join(member_id, {"2025": rng.choice((0, 300, 1_700)), "2026": rng.choice((0, 900, 4_000))})
        life = Life(world, rng, member_id)
        try:
            for _ in range(STEPS):
                life.step()
            life.end()
        except BaseException as error:
            error.add_note(f"seed {seed}: {life.done}")
            raise
        happened.update(life.done)
    assert set(happened) == {"place", *ANYTHING}


# Limits --------------------------------------------------------------------------------------------------


def size_bytes(value: Any) -> int:
    """Return how much of an item's 400 kB a plain value takes, at the most that DynamoDB reckons."""
    match value:
        case str():
            return len(value.encode())
        case bool() | None:
            return 1
        case int():
            return len(str(abs(value))) // 2 + 3
        case list() | tuple():
            return 3 + sum(1 + size_bytes(each) for each in value)
        case dict():
            return 3 + sum(1 + size_bytes(name) + size_bytes(each) for name, each in value.items())
        case _:
            raise TypeError(type(value).__name__)


def transactions(calls: Calls) -> list[Any]:
    """Return the actions of every transaction that was sent."""
    return [body["TransactItems"] for body in calls.bodies if "TransactItems" in body]


def test_O5_an_orders_row_grows_with_its_first_returns_only_however_many_come(world: World) -> None:
    world.stock_longest(999)
    lines = dict.fromkeys(LONGEST_SKUS, 999)
    order = world.received("alice", lines, points=2_000)
    sizes: list[int] = []
    for number in range(60):
        order = world.give_back(order, {LONGEST_SKUS[number % 50]: 1}, f"r{number}").order
        row: Row = row_of(order)
        sizes.append(size_bytes(row))
        assert len(order.changes) <= life.CHANGES_KEPT_MAX
        assert order.changes_count == number + 2
    assert max(sizes[life.CHANGES_KEPT_MAX :]) <= sizes[life.CHANGES_KEPT_MAX] + 60  # digits of counts
    payment = Payment(payment_id="p" * 255, amount_fen=10**12, received_at=NOON, applied=False)
    worst = replace(
        order, payments=(payment,) * PAYMENTS_KEPT_MAX, tracking_no="t" * 255, carrier="\U00020000" * 100
    )
    assert size_bytes(row_of(worst)) < ROW_BYTES_MAX / 4
    world.settle()  # 61 changes are more than one posting takes, and most are in rows of their own


def test_R2_an_account_that_has_seen_nothing_of_an_order_catches_up_from_its_earlier_changes(
    world: World,
) -> None:
    order = world.received("alice", {TEA: 90}, points=2_000)
    for number in range(45):
        world.give_back(order, {TEA: 1}, f"r{number}")
    world.settle()
    for number in range(45, 89):
        world.give_back(order, {TEA: 1}, f"r{number}")
    assert world.give_back(order, {TEA: 1}, "last").order.status is Status.RETURNED
    world.settle()


def test_R2_a_row_from_before_with_all_its_changes_gives_them_up_a_few_at_a_time(world: World) -> None:
    order = world.received("alice", {TEA: 90}, points=2_000)
    with pytest.MonkeyPatch.context() as before:
        before.setattr(life, "CHANGES_KEPT_MAX", 1_000)
        for number in range(60):
            world.give_back(order, {TEA: 1}, f"r{number}")
    row = row_of(world.found(order))
    assert (len(row["changes"]), row.pop("earlier_changes", 0)) == (61, 0)
    for name in ("cancelled", "cancels", "carrier"):
        row.pop(name, None)  # as it was written before
    world.shop.tables.put(world.shop.settings.orders_table, row)
    kept = [len(world.give_back(order, {TEA: 1}, f"late{number}").order.changes) for number in range(4)]
    assert kept == [37, 13, 10, 10]
    world.settle()


@pytest.mark.parametrize("ends", ["cancel", "cancel paid", "lapse", "refuse", "return"])
def test_50_lines_of_999_with_points_come_back_in_one_transaction(
    world: World, calls: Calls, ends: str
) -> None:
    world.stock_longest(999)
    lines = dict.fromkeys(LONGEST_SKUS, 999)
    placed = {"cancel paid": world.paid, "refuse": world.shipped, "return": world.received}
    order = placed.get(ends, world.place)("alice", lines, points=2_000)
    assert {world.shop.units(sku) for sku in LONGEST_SKUS[:3]} == {0}
    sent = len(transactions(calls))
    match ends:
        case "return":
            world.give_back(order, lines)
        case "lapse":
            assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 1
        case _:
            getattr(world, ends.split()[0])(order)
    (actions,) = transactions(calls)[sent:]
    assert 51 <= len(actions) <= ACTIONS_MAX
    world.settle()


def test_E6_points_of_an_expired_year_lapse_in_the_same_transaction(world: World, calls: Calls) -> None:
    """The largest cancel there is: 50 lines, points that come back and points that lapse."""
    world.stock_longest(999)
    order = world.paid("alice", dict.fromkeys(LONGEST_SKUS, 999), points=2_000)
    sent = len(transactions(calls))
    world.cancel(order, NOON.replace(year=NOON.year + 1))
    (actions,) = transactions(calls)[sent:]
    assert len(actions) == 1 + 50 + 1 + 2 + 1  # the last is the refund (Y6)
    lapsed, restored, _ = world.entries("alice")
    assert (lapsed.kind, lapsed.lapsed_points) == ("lapse", 700)
    assert (restored.kind, dict(restored.available_delta)) == ("restore", {"2026": 1_300})
    world.check(posted=False)


def test_case_34_a_worker_that_dies_in_mid_shard_is_resumed_by_the_next_run(shop: Shop, calls: Calls) -> None:
    shop.register("alice")
    shop.stock("tea", 12)
    orders = [shop.place("alice", f"k{number}", "tea")[0] for number in range(12)]
    late = orders[0].lapses_at

    def die() -> None:
        raise SystemExit("the invocation is ended")

    workers = OrderWorkers(shop)
    calls.do_before("TransactWriteItems", lambda: calls.do_before("TransactWriteItems", die))
    with pytest.raises(SystemExit):
        workers.do(LAPSE_UNPAID, late)
    assert 0 < shop.units("tea") < 12
    assert workers.do(LAPSE_UNPAID, late) == []
    assert shop.units("tea") == 12
    found = [shop.book.find(order.order_id) for order in orders]
    assert {order.status for order in found if order is not None} == {Status.LAPSED}
