"""Orders of the same products lapse together (Z10), and each as it would alone: whatever comes between."""

import json
import random
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

import pytest

from functions.catalog.stock import counter_of
from functions.counters.counter import Spread
from functions.counters.spreading import spread_over
from functions.domain import identifiers
from functions.orders import jobs, rows
from functions.orders.life import as_of
from functions.orders.order import Order, Status
from functions.orders.rows import key
from functions.orders.timetable import AUTO_RECEIPT, LAPSE_UNPAID
from functions.orders.together import Together
from functions.platform.deadline import Deadline
from functions.platform.dynamo import TRANSACTION_ACTIONS_MAX, to_item
from functions.points.account_rows import WALLET
from functions.tiers import members
from tests.stores.test_order_changes import (
    CONFLICT,
    KETTLE,
    KETTLE_FEN,
    PAST_RECEIPT,
    PAST_WINDOW,
    TEA,
    TEA_FEN,
    World,
    transactions,
)
from tests.support.bench import Bench, Dump
from tests.support.events import claims
from tests.support.faults import LOST_AFTER, RESET_BEFORE, SENDS_OF_THE_SDK, Calls
from tests.support.orders import OrderWorkers, said
from tests.support.points import Died, calm, mortal, strike
from tests.support.shop import NOON, Shop

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

SHOPPERS = 12
IN_TIME = PAST_WINDOW - timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _one_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let all due orders be in one shard, so that what could lapse together is found together."""
    monkeypatch.setattr(rows, "DUE_SHARDS", 1)
    monkeypatch.setattr(jobs, "DUE_SHARDS", 1)


@pytest.fixture
def world(shop: Shop) -> World:
    """A shop with tea and kettles, and shoppers who each hold points and a coupon."""
    made = World(shop)
    made.stock(TEA, TEA_FEN)
    made.stock(KETTLE, KETTLE_FEN)
    for number in range(SHOPPERS):
        made.join(f"m{number}")
    return made


def sale(world: World) -> list[Order]:
    """Let every shopper order tea: one in three with points, one in four with the coupon."""
    return [
        world.place(f"m{number}", {TEA: 1 + number % 3}, points=1_000 * (number % 3 == 0))
        if number % 4
        else world.place(f"m{number}", {TEA: 3, KETTLE: 1}, coupon=True)
        for number in range(SHOPPERS)
    ]


def stock_writes(calls: Calls, since: int) -> list[Counter[str]]:
    """Return how often each row of the catalogue is written by each transaction since then."""
    return [
        Counter(
            each["Update"]["Key"]["sku"]["S"]
            for each in actions
            if "Update" in each and "sku" in each["Update"]["Key"]
        )
        for actions in transactions(calls)[since:]
    ]


def test_Z10_orders_of_the_same_products_lapse_in_one_transaction(world: World, calls: Calls) -> None:
    sale(world)
    before = len(transactions(calls))
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == SHOPPERS
    # Those with tea, and those with tea and a kettle: two transactions, in which no row is written twice.
    assert sorted(map(sorted, stock_writes(calls, before))) == [[KETTLE, TEA], [TEA]]
    assert all(set(each.values()) == {1} for each in stock_writes(calls, before))
    assert {order.status for order in world.all_found()} == {Status.LAPSED}
    world.settle()


def test_Z10_seventy_of_a_flash_sale_of_which_a_fifth_restore_points_fit_into_one_transaction(
    world: World, calls: Calls
) -> None:
    for number in range(SHOPPERS, jobs.PAGE_ORDERS):
        world.join(f"m{number}")
    for number in range(jobs.PAGE_ORDERS):
        world.place(f"m{number}", {TEA: 1}, points=500 * (number % 5 == 0))
    before = len(transactions(calls))
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == jobs.PAGE_ORDERS
    (actions,) = transactions(calls)[before:]
    assert jobs.PAGE_ORDERS < len(actions) <= TRANSACTION_ACTIONS_MAX
    world.settle()


def test_Z1_Z10_they_give_back_to_the_row_of_one_whose_stock_was_spread(
    world: World, shop: Shop, calls: Calls
) -> None:
    """Some were placed before it was spread, some after; not all of a sale's groups meet in the home row."""
    table = shop.settings.catalog_table
    tea = counter_of(table, TEA)
    before = [world.place(f"m{number}", {TEA: 1}) for number in range(4)]
    assert spread_over(shop.tables, tea, 8, Deadline(20)) == 8
    after = [world.place(f"m{number}", {TEA: 1}) for number in range(4, SHOPPERS)]
    assert {order.stock_rows.get(TEA) for order in before} == {None}
    assert {order.stock_rows.get(TEA) for order in after} == {8}
    together = Together(shop.book, lambda order: as_of(order, PAST_WINDOW), Deadline(20))
    (group,) = together.groups([order.order_id for order in (*before, *after)])
    sent = len(transactions(calls))
    assert together.change(group) == SHOPPERS
    first_spread = next(each for each in (*before, *after) if each.stock_rows)
    row = Spread(rows=8).row_of(first_spread.order_id)
    assert row, "the home row would be taken in any case: choose other orders"
    assert stock_writes(calls, sent) == [Counter({f"{TEA}#{row}": 1})]
    assert shop.catalog.exactly(shop.product(TEA), Deadline(20)).stock == world.units[TEA]


def test_Z10_more_than_fit_into_a_transaction_are_several(world: World, calls: Calls) -> None:
    for number in range(SHOPPERS, 40):
        world.join(f"m{number}")
    for number in range(40):
        world.place(f"m{number}", {TEA: 1}, points=500)  # order, wallet and entry: 33 of them fit
    before = len(transactions(calls))
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 40
    sizes = sorted(len(actions) for actions in transactions(calls)[before:])
    assert sizes == [3 * 7 + 1, 3 * 33 + 1]
    world.settle()


def test_orders_of_one_member_never_share_a_transaction(world: World, calls: Calls) -> None:
    """Both could write the wallet, which a transaction can do only once."""
    for _ in range(3):
        world.place("m0", {TEA: 1}, points=500)
    before = len(transactions(calls))
    assert world.job(LAPSE_UNPAID, PAST_WINDOW) == 3
    assert len(transactions(calls)[before:]) >= 3
    for actions in transactions(calls)[before:]:
        keys = [str(each.get("Key", each.get("Item", {}))) for action in actions for each in action.values()]
        assert sum("'WALLET'" in each for each in keys) == 1
    world.settle()


def test_parcels_that_count_as_received_are_written_together(world: World, calls: Calls) -> None:
    for number in range(SHOPPERS):
        world.shipped(f"m{number}", {(TEA, KETTLE)[number % 2]: 1})
    before = len(transactions(calls))
    assert world.job(AUTO_RECEIPT, PAST_RECEIPT) == SHOPPERS
    (actions,) = transactions(calls)[before:]
    assert len(actions) == SHOPPERS
    world.settle()


def but_for_moves(dump: Dump) -> Dump:
    """Return a state without the count of changes of each stock: together they are one."""
    return {
        place: json.dumps({name: value for name, value in json.loads(row).items() if name != "moves"})
        for place, row in dump.items()
    }


def test_Z10_what_each_lapse_writes_is_what_it_writes_alone(bench: Bench) -> None:
    """Rows, coupons, wallets and ledger entries, to the byte."""
    bench.open()
    for number in range(6):
        bench.join(f"m{number}")
    order_ids = []
    for number in range(6):
        member_id = f"m{number}"
        cart = bench.cart(member_id=member_id, points=1_000 * (number % 3 == 1), coupon=number % 3 == 2)
        order_ids.append(bench.must("POST", "/orders", cart, who=claims(member_id), key="k")["order_id"])
    for now in (PAST_WINDOW, PAST_WINDOW + timedelta(days=500)):  # late: O2 counts, and not the job's time
        before = bench.dump()
        for order_id in order_ids:
            bench.shop.book.change(order_id, partial(as_of, now=now), Deadline(20))
        alone = but_for_moves(bench.dump())
        bench.restore(before)
        together = Together(bench.shop.book, partial(as_of, now=now), Deadline(20))
        (group,) = together.groups(order_ids)
        assert together.change(group) == len(order_ids)
        assert but_for_moves(bench.dump()) == alone
        bench.restore(before)


def test_case_34_a_worker_that_dies_at_any_step_has_lapsed_all_of_a_group_or_none(
    world: World, client: "DynamoDBClient"
) -> None:
    for steps in count():
        placed = sale(world)
        workers = OrderWorkers(world.shop, receives_max=2)
        with mortal(client, workers.box, steps) as life, suppress(Died):
            workers.start(LAPSE_UNPAID, PAST_WINDOW)
            workers.run()
        became = Counter(world.found(order).status for order in placed)
        assert became[Status.LAPSED] in (0, 3, 9, SHOPPERS)
        world.check(posted=False)
        assert OrderWorkers(world.shop).do(LAPSE_UNPAID, PAST_WINDOW) == []
        assert {world.found(order).status for order in placed} == {Status.LAPSED}
        world.check(posted=False)
        if not life.over:
            break
    assert steps > 5
    world.settle()


@pytest.mark.parametrize("paid_at", [IN_TIME, PAST_WINDOW], ids=["in time", "late"])
def test_O6_a_payment_that_arrives_before_the_write_is_kept_and_the_others_lapse(
    world: World, calls: Calls, paid_at: datetime
) -> None:
    placed = sale(world)
    paid = placed[5]
    calls.do_before("TransactWriteItems", lambda: world.pay(paid, at=paid_at))
    world.job(LAPSE_UNPAID, PAST_WINDOW)
    in_time = paid_at == IN_TIME
    found = world.found(paid)
    assert (found.status, found.payments[0].applied) == (
        (Status.PAID, True) if in_time else (Status.LAPSED, False)
    )
    became = Counter(order.status for order in world.all_found())
    assert became == Counter({Status.LAPSED: SHOPPERS - in_time, Status.PAID: int(in_time)})
    world.settle()


def test_an_order_that_cannot_lapse_is_alone_on_the_failure_queue_and_its_group_has_lapsed(
    world: World,
) -> None:
    placed = sale(world)
    bad = placed[3]  # which restores points
    table, wallet_key = world.shop.settings.members_table, members.key(bad.member_id, WALLET)
    wallet = world.shop.tables.get(table, wallet_key)
    assert wallet is not None
    world.shop.tables.client.delete_item(TableName=table, Key=to_item(wallet_key))
    workers = OrderWorkers(world.shop)
    with said() as changed:
        (dead,) = workers.do(LAPSE_UNPAID, PAST_WINDOW)
    assert (changed.orders, dead.only) == (SHOPPERS - 1, (key(bad.order_id),))
    assert world.found(bad) == bad
    world.shop.tables.client.put_item(TableName=table, Item=to_item(wallet))
    workers.redrive()
    assert workers.run() == []
    world.settle()


def test_a_row_that_cannot_be_read_is_alone_on_the_failure_queue(world: World) -> None:
    placed = sale(world)
    table, bad = world.shop.settings.orders_table, key(placed[1].order_id)
    row = world.shop.tables.get(table, bad)
    assert row is not None
    world.shop.tables.client.put_item(TableName=table, Item=to_item({**row, "quote": "gone"}))
    workers = OrderWorkers(world.shop)
    (dead,) = workers.do(LAPSE_UNPAID, PAST_WINDOW)
    assert dead.only == (bad,)
    world.shop.tables.client.put_item(TableName=table, Item=to_item(row))
    workers.redrive()
    assert workers.run() == []
    assert {order.status for order in world.all_found()} == {Status.LAPSED}
    world.settle()


def test_a_coupon_that_is_no_longer_the_orders_is_found_by_halves(world: World, calls: Calls) -> None:
    """Nothing tells before the write which order of a group it is: the halves do, in few writes."""
    for number in range(SHOPPERS, 32):
        world.join(f"m{number}")
    placed = [world.place(f"m{number}", {KETTLE: 1}, coupon=True) for number in range(32)]
    bad = placed[20]
    table = world.shop.settings.members_table
    coupon = members.key(bad.member_id, f"COUPON#BIRTHDAY#{NOON.year}")
    row = world.shop.tables.get(table, coupon)
    assert row is not None
    world.shop.tables.client.put_item(TableName=table, Item=to_item({**row, "order_id": "another"}))
    before = len(transactions(calls))
    workers = OrderWorkers(world.shop, receives_max=1)
    with said() as changed:
        (dead,) = workers.do(LAPSE_UNPAID, PAST_WINDOW)
    assert (changed.orders, dead.only) == (31, (key(bad.order_id),))
    written = [
        [each["Put"]["Item"]["order_id"]["S"] for each in actions if "Put" in each]
        for actions in transactions(calls)[before:]
    ]
    others = [order_ids for order_ids in written if order_ids != [bad.order_id]]
    assert len(others) <= 2 * 5  # 32, 16 twice, 8 twice, and so on
    world.shop.tables.client.put_item(TableName=table, Item=to_item(row))
    workers.redrive()
    assert workers.run() == []
    world.settle()


@pytest.mark.parametrize("seed", range(12))
def test_Z10_the_sum_of_stock_is_exact_whatever_comes_between(
    world: World, calls: Calls, client: "DynamoDBClient", seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers die, hurry, and come twice; nobody hears of a write; payments and cancels arrive meanwhile."""
    chance = random.Random(seed)  # noqa: S311 - a seed
    monkeypatch.setattr(jobs, "PAGE_ORDERS", chance.choice((3, 5, 70)))
    for _ in range(4):
        placed = sale(world)

        def meanwhile(placed: list[Order] = placed) -> None:
            order = chance.choice(placed)
            acts: tuple[Callable[..., object], ...] = (world.pay, world.cancel, world.lapse)
            act = chance.choice(acts)
            with suppress(Exception):
                act(order, at=chance.choice((IN_TIME, PAST_WINDOW)))
            if chance.random() < 0.5:
                calls.do_before("TransactWriteItems", meanwhile)

        workers = OrderWorkers(world.shop)
        fault = chance.choice((CONFLICT, LOST_AFTER, RESET_BEFORE, None))
        if fault is not None:
            strike(calls, chance.randrange(6), *[fault] * SENDS_OF_THE_SDK, transactions=True)
        else:
            calls.do_before("TransactWriteItems", meanwhile)
        with mortal(client, workers.box, chance.randrange(5, 40)), suppress(Died):
            workers.start(LAPSE_UNPAID, PAST_WINDOW)
            workers.run(copies=2, chance=chance, looks=lambda: chance.randrange(1, 30))
        calm(calls)
        world.check(posted=False)
        assert OrderWorkers(world.shop).do(LAPSE_UNPAID, PAST_WINDOW, copies=2) == []
        assert not {world.found(order).status for order in placed} & {Status.PLACED}
        world.check(posted=False)
        for order in placed:  # so that its coupon is free again
            if world.found(order).status is Status.PAID:
                world.cancel(order)
    world.settle()


def test_shards_spread_the_orders_of_a_sale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    spread = Counter(rows.due_shard(identifiers.order_id("m", f"k{number}")) for number in range(8_000))
    assert set(spread) == set(range(rows.DUE_SHARDS))
    assert max(spread.values()) < 1.2 * 8_000 / rows.DUE_SHARDS
