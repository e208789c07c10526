"""What a checkout costs, exactly: calls, read units and write units. A growth is a failure.

The figures stand in docs/checkout.md.
"""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.usage import Usage, counted
from functions.domain.errors import RefusalError
from functions.offers.quotes import Cart, CartLine
from functions.orders import life
from functions.orders.leaving import RETURNED, Leaving, take_units
from functions.orders.order import Order
from functions.orders.payments import pay
from functions.orders.rows import row_changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import to_item
from tests.support.accounts import hold_points
from tests.support.faults import Calls
from tests.support.points import Points, Workers, store
from tests.support.shop import NOON, Shop
from tests.support.stack import ROOT

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

INDEX_WRITES = 4
"""The order stands in four sparse indexes: its member's orders, those of its status, what falls due, and what
has changed on a day."""
KILOBYTE = 1024
DUE = 10


@pytest.fixture
def usage(client: "DynamoDBClient") -> Iterator[Usage]:
    """What this test's client consumes from here on."""
    with counted(client) as found:
        yield found


def order_kilobytes(order: Order) -> int:
    """Return what DynamoDB counts for the order's row, in begun kilobytes."""
    return math.ceil(_bytes({"M": to_item(row_changed(order, NOON))}) / KILOBYTE)


def _bytes(attribute: dict[str, Any]) -> int:
    """Return the size of an attribute's value as DynamoDB counts it."""
    ((kind, value),) = attribute.items()
    if kind == "M":
        return 3 + sum(1 + len(name) + _bytes(each) for name, each in value.items())
    if kind == "L":
        return 3 + sum(1 + _bytes(each) for each in value)
    if kind == "S":
        return len(value.encode())
    return 1 if kind in ("BOOL", "NULL") else 1 + math.ceil(len(value.lstrip("-")) / 2)


@pytest.mark.parametrize("skus", [1, 3, 20])
@pytest.mark.parametrize("points", [0, 500])
def test_a_checkout_costs_what_the_formula_says(shop: Shop, usage: Usage, skus: int, points: int) -> None:
    shop.register("alice")
    hold_points(shop.tables, shop.settings.members_table, "alice", {"2026": 2_000})
    names = [f"sku{number}" for number in range(skus)]
    for name in names:
        shop.stock(name, 5)
    checkout = shop.checkout
    checkout.reader.running.known(Deadline(20))  # else it looks for campaigns along with the rest
    usage.units.clear()
    placing = shop.placing("alice", "k1", *names)
    order, _ = checkout.place(replace(placing, cart=replace(placing.cart, points=points)), Deadline(20))
    offer_rows, its_change = (2, 1) if points else (0, 0)  # the wallet, which has changed, and its entry
    expected = 2 * (skus + offer_rows) + its_change + 2 * order_kilobytes(order) + INDEX_WRITES
    written = usage.units["TransactWriteItems"]
    assert abs(written - expected) <= INDEX_WRITES  # how an index's keys are counted in a transaction
    assert written <= _documented(skus)[1 if points else 0]
    assert usage.units["BatchGetItem"] == _documented(skus)[2]


def _documented(skus: int) -> tuple[int, int, int]:
    """Return the write units that the page names for so many skus, those with points, and the read units."""
    page = (ROOT / "docs" / "checkout.md").read_text(encoding="utf-8")
    row = re.search(rf"^\| {skus} \| (\d+) \| (\d+) \| (\d+) \|", page, re.MULTILINE)
    assert row is not None
    without, with_points, read = map(int, row.groups())
    return without, with_points, read


@pytest.mark.parametrize(("job", "what"), [("release-points", "release"), ("expire-points", "expiry")])
def test_a_job_writes_as_much_per_row_as_the_page_says(shop: Shop, usage: Usage, job: str, what: str) -> None:
    points = Points(shop)
    names = [f"member-{number}" for number in range(DUE)]
    points.join(*names, "bystander")
    paid_at, received_at = store(2026, 3, 1), store(2026, 3, 2)
    for name in names:
        points.bought(name, 120, paid_at, received_at)
    if job == "expire-points":
        Workers(shop).do("release-points", store(2026, 3, 10))
    points.pay("bystander", 50, store(2027, 5, 1))
    usage.units.clear()
    Workers(shop).do(job, store(2028, 1, 1) if job == "expire-points" else store(2026, 3, 10))
    page = (ROOT / "docs" / "points.md").read_text(encoding="utf-8")
    documented = re.search(rf"(\d+)(?: units)? for an? {what}", page)
    assert documented is not None
    assert usage.units["TransactWriteItems"] == int(documented[1]) * DUE


def test_a_refused_checkout_makes_at_most_three_calls(shop: Shop, calls: Calls) -> None:
    shop.register("alice")
    shop.register("bob")
    shop.stock("tea", 1)
    for member_id, key, sku in (("nobody", "k", "tea"), ("alice", "k", "gone"), ("alice", "k", "tea")):
        quantity = 2 if sku == "tea" else 1
        sent = len(calls.sent)
        with pytest.raises(RefusalError):
            shop.place(member_id, key, sku, quantity=quantity)
        assert calls.sent[sent:] == ["BatchGetItem", "GetItem"]


def test_a_repeat_makes_one_call(shop: Shop, calls: Calls) -> None:
    shop.register("alice")
    shop.stock("tea", 1)
    shop.place("alice", "k1", "tea")
    sent = len(calls.sent)
    shop.place("alice", "k1", "tea")
    assert calls.sent[sent:] == ["BatchGetItem"]


def test_what_is_sent_is_json_that_holds_no_float(shop: Shop, calls: Calls) -> None:
    shop.register("alice")
    shop.stock("tea", 1)
    shop.place("alice", "k1", "tea")
    assert not re.search(r'"N": "[^"]*\.', json.dumps(calls.bodies))


def test_O5_a_return_costs_the_same_units_however_many_came_before_it(shop: Shop, usage: Usage) -> None:
    shop.register("alice")
    shop.stock("tea", 100)
    placing = shop.placing("alice", "k1", "tea")
    lines = (CartLine(sku="tea", quantity=90),)
    order, _ = shop.checkout.place(replace(placing, cart=Cart(lines=lines)), Deadline(20))
    order = pay(
        shop.book,
        order.order_id,
        payment_id="p1",
        amount_fen=order.quote.paid_fen,
        now=placing.placed_at,
        deadline=Deadline(20),
    )
    for event in (partial(life.ship, told={}), life.receive):
        step = partial(event, now=placing.placed_at)
        order = shop.book.change(order.order_id, step, Deadline(20))
    units = []
    for number in range(80):
        usage.units.clear()
        leaving = Leaving(
            way=RETURNED,
            order_id=order.order_id,
            caller_id=f"r{number:02}",
            units={"tea": 1},
            at=placing.placed_at,
        )
        take_units(shop.book, leaving, Deadline(20))
        shop.post(shop.book.require(order.order_id))
        units.append(sum(usage.units.values()))
    assert max(units[20:]) <= min(units[20:]) + 2  # a row may come to a begun kilobyte more by its digits
