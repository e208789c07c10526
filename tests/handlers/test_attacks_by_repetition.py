"""Cases 49 and 50: whatever is bought, earned, returned and sent again, nothing is gained by it."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.coupons.coupons import Coupons
from functions.coupons.stream import Consumer
from functions.platform.dynamo import Row
from functions.tiers import members
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import Life, job, returned, shop, store_time, units
from tests.handlers.test_points import ALICE, Posted, adjust, fits, placed, read, standing, wallet
from tests.support.events import Answer, Call, Context, claims, staff, stream_record

PRICES_FEN = {"tea": 9_950, "cup": 3_333, "gold": 850_000, "pin": 1}
ZONE = {"name": "kettle", "price_fen": 19_999, "member_zone": True}
STOCK = 10
STEPS = 40
OPEN_ENDS = {
    "placed": [("cancel", None)],
    "paid": [("cancel", None)],
    "shipped": [("refusal", None)],
}
"""How an order that is still open is brought to its end."""


@dataclass
class Trickster:
    """Alice, who does in any order whatever the programme lets her do, again and again."""

    suite: Suite
    chance: random.Random
    orders: list[Life] = field(default_factory=list)
    sent: list[Call] = field(default_factory=list)
    """What has been answered with success: it may be sent again."""
    rows: list[Row] = field(default_factory=list)

    def ask(self, call: Call) -> Answer:
        """Send a request; it may be refused, and is no fault of ours."""
        answer = self.suite.call(call)
        assert answer.status in (200, 201, 404, 409, 422), answer
        if answer.status in (200, 201):
            self.sent.append(call)
        return answer

    def place(self) -> None:
        """Order something with some offers."""
        skus = self.chance.sample([*PRICES_FEN, "kettle"], self.chance.randint(1, 3))
        lines = [{"sku": sku, "quantity": self.chance.randint(1, 3)} for sku in skus]
        offers: dict[str, Any] = self.chance.choice(
            [
                {},
                {"points": "best"},
                {"coupon": "best", "points": "best"},
                {"coupon": "best"},
                {"points": 500},
            ]
        )
        key = {"idempotency-key": f"t{len(self.orders)}"}
        answer = self.ask(Call("POST", "/orders", {"lines": lines, **offers}, ALICE, key))
        if answer.status == 201:
            self.orders.append(Life(self.suite, answer.body["order_id"], answer.body, {}))

    def act(self) -> None:
        """Do something with an order, whether or not it can be done now."""
        if not self.orders:
            return
        order = self.chance.choice(self.orders)
        unique = f"{order.order_id}-{len(self.sent)}"
        line = self.chance.choice(order.placed["lines"])
        paid = {"payment_id": unique, "amount_fen": order.placed["paid_fen"]}
        steps: dict[str, list[tuple[str, Any, dict[str, str]]]] = {
            "placed": [("payment", paid, staff())] * 3,
            "paid": [("shipment", None, staff())] * 3 + [("cancel", None, ALICE)],
            "shipped": [("receipt", None, ALICE)] * 4 + [("refusal", None, staff())],
            "received": [("returns", returned(unique, **{line["sku"]: 1}), staff())],
        }
        anything = [*(each for some in steps.values() for each in some)]
        anything.append(("payment", paid | {"amount_fen": 7}, staff()))
        likely = steps.get(order.seen()["status"], anything)
        what, body, who = self.chance.choice(likely if self.chance.random() < 0.7 else anything)
        self.ask(Call("POST", f"/orders/{order.order_id}/{what}", body, who))
        self.keep(order)

    def again(self) -> None:
        """Send something again that was answered with success."""
        if self.sent:
            call = self.chance.choice(self.sent)
            assert self.suite.call(call).status in (200, 201)

    def keep(self, order: Life) -> None:
        """Keep what the stream has of an order, to be delivered some time."""
        order.keep_row()
        self.rows.append(order.rows[-1])

    def wait(self) -> None:
        """Let time pass, with the jobs that are due or not."""
        self.suite.pass_time(minutes=self.chance.choice([1, 31, 60, 2_000, 11_000]))
        job(self.suite, self.chance.choice(["lapse-unpaid", "auto-receipt"]))
        if self.chance.random() < 0.3:
            self.suite.fire("release-points")
        for order in self.orders:
            if self.chance.random() < 0.5:
                self.keep(order)

    def deliver(self) -> None:
        """Deliver some of what the streams have, late, twice and in any order."""
        rows = self.chance.choices(self.rows, k=min(5, len(self.rows))) if self.rows else []
        self.deliver_rows(rows)

    def deliver_rows(self, rows: list[Row]) -> None:
        """Deliver rows of orders, and what has become of the standing."""
        records = [stream_record(row, sequence=number) for number, row in enumerate(rows)]
        if records:
            assert self.suite.posting({"Records": records}, Context()) == {"batchItemFailures": []}
        row = self.suite.tables.get(self.suite.settings.members_table, members.key("alice", members.STANDING))
        assert row is not None
        eligible = Consumer(self.suite.tables, self.suite.settings, self.suite.policy, lambda: self.suite.now)
        assert eligible({"Records": [stream_record(row)]}, Context()) == {"batchItemFailures": []}

    def end(self) -> None:
        """Bring every order to an end at which nothing of it is left, and all of it into the account.

        By chance that is after the points that are left of the orders were released.
        """
        if self.chance.random() < 0.7:
            self.deliver_rows(self.rows)
            self.suite.pass_time(days=8)
            self.suite.fire("release-points")
        for order in self.orders:
            while (seen := order.seen())["status"] in ("placed", "paid", "shipped", "received"):
                for what, body in OPEN_ENDS.get(seen["status"], [("returns", rest_of(seen))]):
                    order.must(what, body)
            assert seen["retained"] == dict.fromkeys(seen["retained"], 0)
            assert seen["refunded_fen"] == (seen["paid_fen"] if seen["paid_at"] else 0)
        job(self.suite, "lapse-unpaid")
        for order in self.orders:
            self.keep(order)
        self.chance.shuffle(self.rows)
        self.deliver_rows(self.rows)
        self.suite.pass_time(days=8)
        self.suite.fire("release-points")
        self.deliver_rows(self.rows[::-1])


def rest_of(seen: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a return of all that an order still has."""
    left = {line["sku"]: line["quantity"] - line["returned_quantity"] for line in seen["lines"]}
    return returned("the-rest", **{sku: count for sku, count in left.items() if count})


def held(suite: Suite) -> dict[str, Any]:
    """Return all that alice has, and what the shop has."""
    coupons = Coupons(suite.tables, suite.settings.members_table).of_member("alice")
    return {
        "points": wallet(suite),
        "standing": standing(suite),
        "coupons": [(each.coupon_id, each.face_value_fen, each.order_id) for each in coupons],
        "stock": {sku: units(suite, sku) for sku in [*PRICES_FEN, "kettle"]},
    }


def with_a_history(suite: Suite) -> Trickster:
    """Let alice, who was born in May, hold points of two years, tier J1 and its coupon."""
    shop(suite, **PRICES_FEN)
    suite.call(Call("PUT", "/products/kettle", ZONE, staff()))
    movement = {"movement_id": "m", "delta": STOCK, "reason": "delivery"}
    suite.call(Call("POST", "/products/kettle/stock", movement, staff()))
    suite.now = store_time("2025-06-01T12:00:00")
    told = {"name": "Alice", "birthday": "1990-05-20"}
    assert suite.call(Call("PUT", "/members/me", told, ALICE)).status == 201
    adjust(suite, 1_700, "of-2025")
    suite.now = store_time("2026-04-20T12:00:00")
    adjust(suite, 1_300, "of-2026")
    placed(suite, {"tea": 1}, "kept").released()
    suite.now = store_time("2026-05-08T12:00:00")
    trickster = Trickster(suite, random.Random())  # noqa: S311 - chance, no secret
    trickster.deliver_rows([])
    return trickster


@pytest.mark.parametrize("seed", range(6))
def test_case_49_whatever_is_bought_returned_and_repeated_leaves_what_there_was(
    suite: Suite, seed: int
) -> None:
    trickster = with_a_history(suite)
    trickster.chance.seed(seed)
    before = held(suite)
    assert (before["points"], before["standing"]) == ((3_110, 0, 0), ("J1", 10_950))
    assert [face for _, face, _ in before["coupons"]] == [2_000]
    steps: list[Callable[[], None]] = [
        *[trickster.place] * 2,
        *[trickster.act] * 6,
        *[trickster.again] * 2,
        trickster.wait,
        trickster.deliver,
    ]
    for _ in range(STEPS):
        trickster.chance.choice(steps)()
    assert trickster.orders
    trickster.end()
    assert held(suite) == before
    assert fits(suite)


def test_case_49_a_higher_tier_for_a_moment_leaves_no_higher_coupon_of_later_years(suite: Suite) -> None:
    trickster = with_a_history(suite)
    suite.now = store_time("2026-12-30T12:00:00")
    order: Posted = placed(suite, {"gold": 4}, "gold")
    order.pay("gold")
    assert standing(suite)[0] == "J4"
    order.must("cancel", who=ALICE)
    assert standing(suite) == ("J1", 10_950)
    suite.now = store_time("2027-05-01T00:05:00")
    for _ in range(3):
        trickster.deliver_rows([])
    assert [(face, order_id) for _, face, order_id in held(suite)["coupons"]] == [(2_000, None)] * 2


# --- 50: units that come back one at a time ---


@dataclass
class Buyer:
    """A member with points who buys the same as others do, and gives it back in their own way."""

    suite: Suite
    name: str
    order_id: str = ""
    paid_fen: int = 0
    refunds: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)

    @property
    def who(self) -> dict[str, str]:
        """Their claims."""
        return claims(self.name)

    def buys(self, lines: list[dict[str, Any]], points: int, *, released: bool) -> None:
        """Buy and receive something, and let the points of it be released or not."""
        self.suite.member(self.name)
        for year, count in (("2025", 900), ("2026", 1_600)):
            self.suite.now = store_time(f"{year}-03-01T12:00:00")
            adjust(self.suite, count, f"{self.name}-{year}", member_id=self.name)
        self.suite.now = store_time("2026-06-01T12:00:00")
        order = self.suite.order(self.who, "k", {"lines": lines, "points": points}).body
        self.order_id, self.paid_fen = order["order_id"], order["paid_fen"]
        self.staff("payment", {"payment_id": self.name, "amount_fen": self.paid_fen})
        self.staff("shipment")
        self.staff("receipt")
        if released:
            self.suite.pass_time(days=7)
            self.suite.fire("release-points")

    def staff(self, what: str, body: Any = None) -> dict[str, Any]:
        """Let staff do something with the order, all of which is posted."""
        answer = self.suite.call(Call("POST", f"/orders/{self.order_id}/{what}", body, staff()))
        assert answer.status == 200, answer.body
        key = {"order_id": self.order_id, "item": "ORDER"}
        row = self.suite.tables.get(self.suite.settings.orders_table, key)
        assert row is not None
        assert self.suite.posting({"Records": [stream_record(row)]}, Context()) == {"batchItemFailures": []}
        return answer.body

    def gives_back(self, quantities: dict[str, int]) -> dict[str, int]:
        """Give units back; return what is retained."""
        answer = self.staff("returns", returned(f"r{len(self.refunds)}", **quantities))
        self.refunds.append(answer["refund_fen"])
        self.restored.append(answer["points_restored"])
        assert min(self.refunds[-1], self.restored[-1]) >= 0
        assert answer["refunded_fen"] == sum(self.refunds) == self.paid_fen - answer["retained"]["paid_fen"]
        retained: dict[str, int] = answer["retained"]
        return retained

    @property
    def account(self) -> tuple[Any, ...]:
        """Their points and their tier."""
        me = read(self.suite, "/members/me", self.who).body
        expiring = read(self.suite, "/members/me/points", self.who).body["expiring"]
        return wallet(self.suite, self.who), expiring, me["tier"], me["effective_amount_fen"]


@pytest.mark.parametrize("seed", range(5))
def test_case_50_units_that_come_back_in_any_steps_give_back_the_same_to_the_fen_and_point(
    suite: Suite, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - chance, no secret
    prices_fen = {"a": chance.randint(1, 9), "b": chance.randint(33, 3_333), "c": chance.randint(101, 19_999)}
    shop(suite, **prices_fen)
    bought = {sku: chance.randint(1, 3) for sku in chance.sample(list(prices_fen), chance.randint(1, 3))}
    lines = [{"sku": sku, "quantity": count} for sku, count in bought.items()]
    points = chance.choice([0, 500, 1_500, 2_000, 2_000])
    singles = [sku for sku, count in bought.items() for _ in range(count)]
    chance.shuffle(singles)
    cut = chance.randint(1, len(singles))
    one_by_one, at_once, in_two = (Buyer(suite, name) for name in ("alice", "bob", "carol"))
    released = bool(seed % 2)
    for buyer in (one_by_one, at_once, in_two):
        buyer.buys(lines, points, released=released)
    suite.now += timedelta(days=1)
    for sku in singles[:cut]:
        kept = one_by_one.gives_back({sku: 1})
    assert in_two.gives_back({sku: singles[:cut].count(sku) for sku in set(singles[:cut])}) == kept
    assert one_by_one.account == in_two.account
    for sku in singles[cut:]:
        one_by_one.gives_back({sku: 1})
    if singles[cut:]:
        in_two.gives_back({sku: singles[cut:].count(sku) for sku in set(singles[cut:])})
    at_once.gives_back(bought)
    for buyer in (one_by_one, at_once, in_two):
        assert (sum(buyer.refunds), sum(buyer.restored)) == (buyer.paid_fen, points)
        (available, frozen, debt), expiring, tier, effective_fen = buyer.account
        assert (available, frozen, debt, tier, effective_fen) == (2_500, 0, 0, "J1", 0)
        assert [each["points"] for each in expiring] == [900, 1_600]
    assert fits(suite)
