"""The same many times, and rivals at once: what is left is what one time leaves, or one rival.

All tables are compared to the byte, so nothing beside the one effect can hide.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions.catalog.stock import StockMovement
from functions.checkout.placing import Placing
from functions.domain import identifiers
from functions.domain.errors import ConflictError, RefusalError
from functions.offers.quotes import NO_COUPON, Cart, CartLine
from functions.orders import life
from functions.orders.leaving import RETURNED, Leaving, take_units
from functions.orders.order import Order, Status
from functions.orders.stream import Publisher
from functions.platform.bus import Bus
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item, to_item
from functions.points.accounts import opening_row
from functions.points.ledger import Adjustment
from functions.tiers.members import Profile
from tests.support.accounts import hold_points
from tests.support.bench import KETTLE, TEA, UNITS, Bench
from tests.support.events import Context, claims, staff, stream_record
from tests.support.faults import Calls
from tests.support.points import store
from tests.support.shop import NOON
from tests.support.threads import at_once

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
POINTS = 4_000
"""All that a member holds here."""
MANY = 50
ROUNDS = 12
YEAR_END = store(2027, 1, 1)
IN_A_YEAR = NOON + 400 * DAY


def placing(
    bench: Bench,
    member_id: str = "alice",
    key: str = "k1",
    *,
    tea: int = 3,
    kettles: int = 1,
    points: int = 0,
    coupon: bool = False,
) -> Placing:
    """Return a request for an order."""
    lines = [CartLine(sku=sku, quantity=count) for sku, count in ((TEA, tea), (KETTLE, kettles)) if count]
    cart = Cart(lines=tuple(lines), coupon=bench.coupon_id(member_id) if coupon else NO_COUPON, points=points)
    return Placing(
        order_id=identifiers.order_id(member_id, key),
        member_id=member_id,
        request=identifiers.fingerprint(repr(cart)),
        cart=cart,
        expected_paid_fen=None,
        placed_at=NOON,
    )


def place(bench: Bench, *request: Any, **what: Any) -> tuple[Order, bool]:
    """Place an order; return it, and whether it was there."""
    return bench.shop.checkout.place(placing(bench, *request, **what), Deadline(20))


def refused(results: list[Any]) -> list[str]:
    """Return the codes of the refusals."""
    return [each.code for each in results if isinstance(each, RefusalError)]


# --- the same again ---


def _pay(bench: Bench, order: Order) -> object:
    return bench.shop.pay(order)


def _change(event: Callable[[Order], Order]) -> Callable[[Bench, Order], object]:
    return lambda bench, order: bench.shop.book.change(order.order_id, event, Deadline(20))


_cancel = _change(lambda order: life.cancel(order, now=NOON))
_ship = _change(lambda order: life.ship(order, told={"tracking_no": "T1"}, now=NOON))
_receive = _change(lambda order: life.receive(order, now=NOON))
_refuse = _change(lambda order: life.refuse(order, now=NOON))


def _give_back(bench: Bench, order: Order) -> object:
    made = Leaving(way=RETURNED, order_id=order.order_id, caller_id="r1", units={TEA: 3, KETTLE: 1}, at=NOON)
    return take_units(bench.shop.book, made, Deadline(20))


def _move(delta: int) -> Callable[[Bench, Order], object]:
    movement = StockMovement(
        movement_id="m", sku=TEA, delta=delta, reason="count", operator="clerk", moved_at=NOON
    )
    return lambda bench, _: bench.shop.catalog.move_stock(movement, Deadline(20))


def _adjust(points: int) -> Callable[[Bench, Order], object]:
    adjustment = Adjustment(adjustment_id="a", points=points, reason="goodwill", operator="clerk")
    return lambda bench, _: bench.shop.accounts.adjust(
        "alice", adjustment, at=NOON, policy=bench.policy, deadline=Deadline(20)
    )


def _register(bench: Bench, _: Order) -> object:
    told = Profile(member_id="bob", name="Bob", birthday=None, phone=None, registered_at=NOON)
    return bench.shop.members.put_profile(told, bench.policy, [opening_row("bob")], Deadline(20))


def _post(bench: Bench, order: Order) -> None:
    bench.shop.post(order)


def _release(bench: Bench, order: Order) -> object:
    return bench.shop.accounts.release(
        "alice", [order.order_id], at=NOON + 7 * DAY, policy=bench.policy, deadline=Deadline(20)
    )


def _expire(bench: Bench, _: Order) -> object:
    return bench.shop.accounts.expire("alice", at=YEAR_END, policy=bench.policy, deadline=Deadline(20))


def _placing(**what: Any) -> Callable[[Bench, Order], object]:
    return lambda bench, _: place(bench, "alice", "k", **what)


STEPS = (_pay, _ship, _receive, _post)
REPEATED: dict[str, tuple[int, Callable[[Bench, Order], object]]] = {
    "an order of all that is in stock": (0, _placing(tea=UNITS - 3)),
    "an order with all points": (0, _placing(points=2_000)),
    "an order with the coupon": (0, _placing(coupon=True)),
    "a payment": (0, _pay),
    "a cancellation": (1, _cancel),
    "a shipment": (1, _ship),
    "a receipt": (2, _receive),
    "a refusal": (2, _refuse),
    "a return of everything": (3, _give_back),
    "a posting": (3, _post),
    "a release": (4, _release),
    "an expiry": (0, _expire),
    "a movement of all stock": (0, _move(3 - UNITS)),
    "a delivery": (0, _move(5)),
    "a debit of everything": (0, _adjust(-POINTS)),
    "a credit": (0, _adjust(100)),
    "a registration": (0, _register),
}
"""What is sent many times, after so many steps of an order's life."""


@pytest.mark.parametrize("what", REPEATED)
def test_case_2_the_same_50_times_at_once_is_as_if_it_had_happened_once(bench: Bench, what: str) -> None:
    steps, act = REPEATED[what]
    if what == "an order with all points":
        hold_points(bench.tables, bench.settings.members_table, "alice", {"2025": 700, "2026": 1_300})
    order, _ = place(bench)
    for step in STEPS[:steps]:
        step(bench, order)
        order = bench.order(order.order_id)
    before = bench.dump()
    act(bench, order)
    once = bench.dump()
    assert once != before
    bench.restore(before)
    results = at_once(MANY, lambda _: act(bench, order))
    assert bench.dump() == once
    assert set(refused(results)) <= {"conflict"}, "a repeat is no other refusal than that it met others"
    if what.startswith("an order"):
        answers = [each for each in results if not isinstance(each, RefusalError)]
        placed = [each for each in answers if isinstance(each, tuple)]
        assert sorted(repeat for _, repeat in placed)[:2] == [False, True]
        assert all(each == placed[0][0] for each, _ in placed)
    for _ in range(2):  # whoever was told 409 finds it done
        act(bench, order)
    assert bench.dump() == once


@pytest.mark.parametrize(
    "other",
    [{"tea": 4}, {"tea": 0}, {"kettles": 0}, {"points": 500}, {"coupon": True}, {"points": 0, "tea": 1}],
)
@pytest.mark.parametrize("first", [{}, {"points": 1_000}])
def test_case_3_the_same_key_with_any_other_body_is_422_and_does_nothing(
    bench: Bench, first: dict[str, Any], other: dict[str, Any]
) -> None:
    def body(tea: int = 3, kettles: int = 1, points: int = 0, coupon: bool = False) -> dict[str, Any]:
        lines = [{"sku": sku, "quantity": count} for sku, count in ((TEA, tea), (KETTLE, kettles)) if count]
        return {"lines": lines, "points": points, "coupon": bench.coupon_id() if coupon else "none"}

    bench.must("POST", "/orders", body(**first), key="k")
    done = bench.dump()
    for sent in (body(**other), {**body(**first), "expected_paid_fen": 1}):
        answer = bench.ask("POST", "/orders", sent, key="k")
        assert (answer.status, answer.code) == (422, "idempotency_key_reused")
        assert bench.dump() == done


def test_case_3_two_bodies_under_one_key_at_once_leave_one_of_them(bench: Bench) -> None:
    before = bench.dump()
    alone = []
    for number in range(2):
        place(bench, tea=1 + number)
        alone.append(bench.dump())
        bench.restore(before)
    for _ in range(ROUNDS):
        results = at_once(8, lambda n: place(bench, tea=1 + n % 2))
        assert bench.dump() in alone
        assert set(refused(results)) <= {"idempotency_key_reused", "conflict"}
        assert "idempotency_key_reused" in refused(results)
        bench.restore(before)


def test_case_4_one_key_of_two_members_at_once_is_two_orders_that_know_nothing_of_each_other(
    bench: Bench,
) -> None:
    bench.join("bob")
    before = bench.dump()
    for member_id in ("alice", "bob"):
        place(bench, member_id, points=1_000)
    both = bench.dump()
    for _ in range(ROUNDS):
        bench.restore(before)
        results = at_once(6, lambda n: place(bench, ("alice", "bob")[n % 2], points=1_000))
        assert bench.dump() == both
        assert set(refused(results)) <= {"conflict"}
        for number, result in enumerate(results):
            assert isinstance(result, RefusalError) or result[0].member_id == ("alice", "bob")[number % 2]
    ids = [placing(bench, member_id).order_id for member_id in ("alice", "bob")]
    for member_id, order_id in zip(("bob", "alice"), ids, strict=True):
        assert bench.ask("GET", f"/orders/{order_id}", who=claims(member_id)).status == 404


def test_case_5_after_more_than_a_year_everything_sent_again_is_answered_and_does_nothing(
    bench: Bench,
) -> None:
    order_id = bench.received(points=2_000)
    amount_fen = bench.order(order_id).quote.paid_fen
    back = {"return_id": "r", "lines": [{"sku": TEA, "quantity": 1}]}
    again: list[tuple[str, str, Any, bool]] = [
        ("POST", f"/orders/{order_id}/payment", {"payment_id": "p1", "amount_fen": amount_fen}, True),
        ("POST", f"/orders/{order_id}/shipment", {"tracking_no": "T1"}, True),
        ("POST", f"/orders/{order_id}/receipt", None, False),
        ("POST", f"/orders/{order_id}/returns", back, True),
        ("POST", "/products/tea/stock", {"movement_id": "m", "delta": 5, "reason": "count"}, True),
        (
            "POST",
            "/members/alice/points/adjustments",
            {"adjustment_id": "a", "points": -2_000, "reason": "fraud"},
            True,
        ),
    ]
    for method, path, body, by_staff in again[3:]:
        bench.must(method, path, body, who=staff() if by_staff else None)
    # since then: nothing is in stock, prices have changed, points and coupon have expired
    bench.now = IN_A_YEAR
    left = bench.shop.units(TEA)
    bench.must(
        "POST", "/products/tea/stock", {"movement_id": "m2", "delta": -left, "reason": "loss"}, who=staff()
    )
    bench.must("PUT", "/products/tea", {"name": "T", "price_fen": 1, "member_zone": False}, who=staff())
    assert bench.post(order_id).done
    bench.shop.accounts.expire("alice", at=IN_A_YEAR, policy=bench.policy, deadline=Deadline(20))
    done = bench.dump()
    for _ in range(2):
        answer = bench.ask("POST", "/orders", bench.cart(points=2_000), key="k1")
        assert (answer.status, answer.headers["idempotent-replayed"]) == (201, "true")
        shown = bench.must("GET", f"/orders/{order_id}")
        assert answer.body == {name: value for name, value in shown.items() if name != "refunds"}
        for method, path, body, by_staff in again:
            bench.must(method, path, body, who=staff() if by_staff else None)
        assert bench.dump() == done


# --- one thing, many who want it ---


def winner_alone(bench: Bench, results: list[Any]) -> Order:
    """Return the one order that was placed."""
    (winner,) = [each[0] for each in results if not isinstance(each, RefusalError) and not each[1]]
    assert isinstance(winner, Order)
    return winner


def test_case_7_one_coupon_and_50_orders_at_once_leave_what_the_winner_alone_leaves(bench: Bench) -> None:
    before = bench.dump()
    results = at_once(MANY, lambda n: place(bench, "alice", f"k{n}", tea=1, coupon=True))
    winner = winner_alone(bench, results)
    assert set(refused(results)) <= {"coupon_used", "conflict"}
    assert len(refused(results)) == MANY - 1
    left = bench.dump()
    bench.restore(before)
    keys = {placing(bench, "alice", f"k{n}").order_id: f"k{n}" for n in range(MANY)}
    place(bench, "alice", keys[winner.order_id], tea=1, coupon=True)
    assert bench.dump() == left
    coupon = bench.must("GET", "/members/me/coupons")["items"][0]
    assert (coupon["status"], coupon["order_id"]) == ("used", winner.order_id)


def test_case_8_the_last_unit_goes_to_one_of_50_and_the_others_have_lost_nothing(bench: Bench) -> None:
    _move(1 - UNITS)(bench, place(bench, tea=0, kettles=1)[0])
    for number in range(MANY):
        bench.shop.register(f"m{number}")
    before = bench.dump()
    results = at_once(MANY, lambda n: place(bench, f"m{n}", tea=1, kettles=2 * (n % 2)))
    winner = winner_alone(bench, results)
    assert set(refused(results)) <= {"insufficient_stock", "conflict"}
    assert bench.shop.units(TEA) == 0
    left = bench.dump()
    bench.restore(before)
    number = int(winner.member_id.removeprefix("m"))
    place(bench, winner.member_id, tea=1, kettles=2 * (number % 2))
    assert bench.dump() == left


# --- rivals over one order: what the outside is told is due back ---


@dataclass
class Written:
    """What has been put into the table of orders."""

    rows: list[Row] = field(default_factory=list)

    def records(self, order_id: str) -> list[dict[str, Any]]:
        """Return an order's records as the stream gives them: its row by its versions, and its payments."""
        versions = [row for row in self.rows if row["item"] == "ORDER" and row["order_id"] == order_id]
        versions.sort(key=lambda row: int(row["version"]))
        assert [row["version"] for row in versions] == list(range(1, len(versions) + 1))
        made: list[dict[str, Any]] = []
        for before, after in itertools.pairwise([None, *versions]):
            record = stream_record(after, sequence=len(made)) if after else {}
            if before is not None:
                record["dynamodb"]["OldImage"] = to_item(before)
            made.append(record)
        payments = [row for row in self.rows if row.get("paid_order_id") == order_id]
        return made + [stream_record(row, sequence=100 + n) for n, row in enumerate(payments)]


@contextmanager
def writing(client: "DynamoDBClient", table: str) -> Iterator[Written]:
    """Keep what is committed from here on."""
    written = Written()

    def asked(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["actions"] = params.get("TransactItems") or [{"Put": params}]

    def answered(http_response: Any, context: dict[str, Any], **_: Any) -> None:
        if http_response.status_code == 200:
            puts = [action["Put"] for action in context["actions"] if "Put" in action]
            written.rows += [from_item(put["Item"]) for put in puts if put["TableName"] == table]

    events = client.meta.events
    for write in ("TransactWriteItems", "PutItem"):
        events.register(f"before-parameter-build.dynamodb.{write}", asked)
        events.register(f"after-call.dynamodb.{write}", answered)
    yield written
    for write in ("TransactWriteItems", "PutItem"):
        events.unregister(f"before-parameter-build.dynamodb.{write}", asked)
        events.unregister(f"after-call.dynamodb.{write}", answered)


@dataclass
class Outside:
    """A bus that keeps what it is told."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Take events."""
        self.told += [(entry["DetailType"], json.loads(entry["Detail"])) for entry in Entries]
        return {"FailedEntryCount": 0, "Entries": []}

    def refunds(self) -> dict[str, int]:
        """Return the amounts that are due back, by the ids of their events."""
        return {each["event_id"]: each["amount_fen"] for kind, each in self.told if kind == "RefundDue"}


Act = Callable[[Bench, Order], object]
RIVALS: dict[str, tuple[tuple[Act, ...], Act, Act]] = {
    "receipt against refusal": ((_pay, _ship), _receive, _refuse),
    "cancel against shipment": ((_pay,), _cancel, _ship),
    "cancel against payment": ((), _cancel, _pay),
}


@pytest.mark.parametrize("rivals", RIVALS)
def test_case_9_whoever_wins_the_outside_is_told_of_the_refund_exactly_once(
    bench: Bench, client: "DynamoDBClient", rivals: str
) -> None:
    steps, one, other = RIVALS[rivals]
    before = bench.dump()
    for number in range(2 * ROUNDS):
        bench.restore(before)
        with writing(client, bench.settings.orders_table) as written:
            order, _ = place(bench, coupon=bool(number % 2))
            for step in steps:
                step(bench, order)
            acts = (partial(one, bench, order), partial(other, bench, order))
            results = at_once(2, lambda n, acts=acts: acts[n]())  # type: ignore[misc]
        assert len(refused(results)) == (0 if other is _pay else 1)
        found = bench.order(order.order_id)
        ends_back = found.status in (Status.CANCELLED, Status.REFUSED)
        assert ends_back or other is not _pay
        outside = Outside()
        publisher = Publisher(Bus(outside, "bus"), bench.policy)  # type: ignore[arg-type]
        records = written.records(order.order_id)
        for batch in (records, records[::-1]):  # and once more, in the other order
            assert publisher({"Records": batch}, Context()) == {"batchItemFailures": []}
        assert list(outside.refunds().values()) == ([found.quote.paid_fen] if ends_back else [])


# --- redeeming and expiring ---


def redeem(bench: Bench) -> Order:
    """Redeem all points in the last second in which those of 2025 can be spent."""
    request = replace(placing(bench, points=1_000), placed_at=YEAR_END - SECOND)
    return bench.shop.checkout.place(request, Deadline(20))[0]


def expire(bench: Bench) -> object:
    """Write off what has expired with the first second of the new year."""
    return bench.shop.accounts.expire("alice", at=YEAR_END, policy=bench.policy, deadline=Deadline(20))


@dataclass
class Ends:
    """The state before a redemption and an expiry, and how the two can end."""

    bench: Bench

    def __post_init__(self) -> None:
        bench = self.bench
        hold_points(bench.tables, bench.settings.members_table, "alice", {"2025": 700, "2026": 300})
        self.before = bench.dump()
        expire(bench)
        self.expiry_first = bench.dump()
        bench.restore(self.before)
        redeem(bench)
        expire(bench)
        self.redemption_first = bench.dump()
        bench.restore(self.before)


@pytest.fixture
def ends(bench: Bench) -> Ends:
    """A wallet whose points of the expiring year and of the next are all to be redeemed."""
    return Ends(bench)


def test_case_10_an_expiry_between_the_read_and_the_write_of_a_redemption_wins(
    bench: Bench, ends: Ends, calls: Calls
) -> None:
    calls.do_before("TransactWriteItems", lambda: expire(bench))
    with pytest.raises(ConflictError) as refusal:
        redeem(bench)
    assert refusal.value.code == "insufficient_points"
    assert bench.dump() == ends.expiry_first


def test_case_10_a_redemption_between_the_read_and_the_write_of_an_expiry_wins(
    bench: Bench, ends: Ends, calls: Calls
) -> None:
    calls.do_before("TransactWriteItems", lambda: redeem(bench))
    expire(bench)
    assert bench.dump() == ends.redemption_first


def test_case_10_a_redemption_and_expiries_at_once_end_as_one_after_the_other(
    bench: Bench, ends: Ends
) -> None:
    for _ in range(2 * ROUNDS):
        results = at_once(3, lambda n: expire(bench) if n else redeem(bench))
        assert set(refused(results)) <= {"insufficient_points", "conflict"}
        won = not isinstance(results[0], RefusalError)
        expire(bench)
        assert bench.dump() == (ends.redemption_first if won else ends.expiry_first)
        bench.restore(ends.before)
