"""What the outside is told of stock and the member day, and the shape of every event there is."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from jsonschema import ValidationError  # type: ignore[import-untyped]

from functions.aftersales.stream import Publisher as CasesPublisher
from functions.cases import rows as cases
from functions.catalog.stream import Publisher as CatalogPublisher
from functions.coupons.stream import Consumer
from functions.offers.campaign_rows import CAMPAIGN
from functions.offers.counting import LIMIT
from functions.offers.schedule import MemberDayJob
from functions.orders.book import OrderBook
from functions.orders.payments import pay
from functions.orders.stream import Publisher as OrdersPublisher
from functions.payments.rows import Because, Unassigned, unassigned_row
from functions.payments.stream import Publisher as PaymentsPublisher
from functions.platform.bus import Bus
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item, to_item
from functions.refunds.refund import ByHand, Refund, State
from functions.refunds.rows import refund_row
from functions.tiers import members
from functions.tiers.stream import Publisher as MembersPublisher
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import Life, life, store_time
from tests.support import accounts, schemas
from tests.support.events import Answer, Call, Context, claims, staff, stream_record

PERSONAL = {"name": "Zhang Xiaoming", "birthday": "1990-05-17", "phone": "+86 138-1234-5678"}
RATES = {"J2": "0.90", "J3": "0.80", "J4": "0.70", "J5": "0.60"}
Record = dict[str, Any]
Told = tuple[str, dict[str, Any]]


class Bridge:
    """An EventBridge that keeps what it takes, each checked against its schema."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.down = False

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Take events, or none while it is down."""
        if self.down:
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "x"}] * len(Entries)}
        for entry in Entries:
            assert (entry["EventBusName"], entry["Source"]) == ("bus", "membership")
            detail = json.loads(entry["Detail"])
            schemas.check(entry["DetailType"], detail)
            assert re.fullmatch(r"evt_[a-z2-7]{26}", detail["event_id"])
            self.told.append((entry["DetailType"], detail))
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "x"}] * len(Entries)}

    @property
    def bus(self) -> Bus:
        """The bus as the functions have it."""
        return Bus(self, "bus")  # type: ignore[arg-type]


def record(before: Row | None, after: Row, sequence: int) -> Record:
    """Return the record of a row's change as the tables' streams have it, with both images."""
    made = stream_record(after, sequence=sequence)
    if before is None:
        made["eventName"] = "INSERT"
    else:
        made["dynamodb"]["OldImage"] = to_item(before)
    made["dynamodb"]["ApproximateCreationDateTime"] = float(1_790_000_000 + sequence)
    return made


def published(publisher: Any, *records: Record) -> dict[str, Any]:
    """Deliver records as one batch."""
    answer: dict[str, Any] = publisher({"Records": list(records)}, Context())
    return answer


@pytest.mark.parametrize(
    "change",
    [
        {"stock": "5"},
        {"stock": True},
        {"stock": None},
        {"member": "alice"},
        {"occurred_at": "2026-05-01T12:00:00Z"},
        {"sku": ...},
    ],
)
def test_an_event_that_is_not_as_the_docs_say_is_found(change: dict[str, Any]) -> None:
    detail: dict[str, Any] = {
        "event_id": "evt",
        "occurred_at": "2026-05-01T12:00:00+08:00",
        "sku": "tea",
        "stock": 5,
        "low_stock_threshold": 5,
    }
    schemas.check("StockLow", detail)
    with pytest.raises(ValidationError):
        schemas.check(
            "StockLow", {name: value for name, value in (detail | change).items() if value is not ...}
        )


# --- StockLow ---


@dataclass
class Shelf:
    """A product, and the stream of its row's changes."""

    suite: Suite
    sku: str = "tea"
    threshold: int | None = 5
    records: list[Record] = field(default_factory=list)
    bridge: Bridge = field(default_factory=Bridge)

    @property
    def row(self) -> Row | None:
        """The product's row."""
        return self.suite.tables.get(self.suite.settings.catalog_table, {"sku": self.sku, "item": "PRODUCT"})

    def change(self, act: Callable[[], object]) -> list[int]:
        """Let something happen that changes the row once; return the stock of each StockLow told of it."""
        before = self.row
        act()
        after = self.row
        assert after is not None
        assert after != before, "nothing has changed"
        self.records.append(record(before, after, len(self.records) + 1))
        told = len(self.bridge.told)
        assert self.deliver(self.records[-1]) == {"batchItemFailures": []}
        assert {name for name, _ in self.bridge.told[told:]} <= {"StockLow"}
        return [detail["stock"] for _, detail in self.bridge.told[told:]]

    def deliver(self, *records: Record) -> dict[str, Any]:
        """Deliver records to the publisher."""
        return published(CatalogPublisher(self.bridge.bus, self.suite.policy), *records)

    def put(self, **changes: Any) -> list[int]:
        """Let staff put the product."""
        body = {
            "name": "Tea",
            "price_fen": 9_950,
            "member_zone": False,
            "low_stock_threshold": self.threshold,
        }
        return self.change(lambda: self._must(Call("PUT", f"/products/{self.sku}", body | changes, staff())))

    def move(self, delta: int) -> list[int]:
        """Let stock move."""
        body = {"movement_id": f"m{len(self.records)}", "delta": delta, "reason": "count"}
        return self.change(lambda: self._must(Call("POST", f"/products/{self.sku}/stock", body, staff())))

    def order(self, units: int) -> tuple[Life, list[int]]:
        """Let an order take units."""
        orders: list[Life] = []
        key = f"k{len(self.records)}"
        told = self.change(lambda: orders.append(life(self.suite, {self.sku: units}, key=key)))
        return orders[0], told

    def stocked(self, units: int) -> "Shelf":
        """Put the product, with units."""
        assert self.put() == []
        assert self.move(units) == []
        return self

    def _must(self, call: Call) -> Answer:
        answer = self.suite.call(call)
        assert answer.status in (200, 201), answer.body
        return answer


@pytest.mark.parametrize("units", [5, 6, 9, 10])
def test_stock_that_a_movement_lets_fall_to_its_threshold_is_told(suite: Suite, units: int) -> None:
    shelf = Shelf(suite).stocked(10)
    assert shelf.move(-units) == [10 - units]
    ((_, detail),) = shelf.bridge.told
    assert detail.pop("event_id").startswith("evt_")
    assert detail == {
        "occurred_at": "2026-09-21T22:13:23+08:00",  # when the third record was written
        "sku": "tea",
        "stock": 10 - units,
        "low_stock_threshold": 5,
    }


@pytest.mark.parametrize(("units", "told"), [(4, []), (5, [5]), (10, [0])])
def test_stock_that_an_order_lets_fall_to_its_threshold_is_told(
    suite: Suite, units: int, told: list[int]
) -> None:
    assert Shelf(suite).stocked(10).order(units)[1] == told


def test_stock_that_stays_low_is_told_once(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    assert [shelf.move(delta) for delta in (-4, -1, -1, +1, -3, +3)] == [[], [5], [], [], [], []]
    assert shelf.order(2)[1] == []
    assert shelf.put(price_fen=9_951) == []
    assert shelf.put(name="Green tea", member_zone=True) == []


def test_O7_a_withdrawn_product_is_never_low_and_is_told_when_it_is_sold_again(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    assert shelf.put(status="withdrawn") == []
    assert [shelf.move(delta) for delta in (-6, -1)] == [[], []]
    assert shelf.put() == [3]
    assert shelf.put(status="withdrawn") == []
    assert shelf.move(+9) == []
    assert shelf.put() == []


def test_O7_a_product_that_was_low_is_told_once_however_it_is_withdrawn(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    assert shelf.move(-6) == [4]
    assert shelf.put(status="withdrawn") == []
    assert shelf.move(-1) == []


def test_stock_is_told_again_after_it_was_above(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    assert [shelf.move(delta) for delta in (-6, +1, +1, -1, +20, -21)] == [[4], [], [], [5], [], [4]]
    assert len({detail["event_id"] for _, detail in shelf.bridge.told}) == 3


def test_stock_that_an_order_gives_back_makes_the_next_fall_told_again(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    order, told = shelf.order(6)
    assert told == [4]
    assert shelf.change(lambda: order.must("cancel")) == []
    assert shelf.order(7)[1] == [3]


@pytest.mark.parametrize("threshold", [0, 5])
def test_a_new_product_is_not_told_and_nor_is_a_first_delivery_that_is_small(
    suite: Suite, threshold: int
) -> None:
    shelf = Shelf(suite, threshold=threshold)
    assert shelf.put() == []
    assert shelf.records[0]["eventName"] == "INSERT"
    if threshold:
        assert shelf.move(3) == []
    assert shelf.move(10) == []
    assert shelf.move(-10 if threshold == 0 else -9) == [threshold and 4]


def test_a_product_without_a_threshold_is_never_told(suite: Suite) -> None:
    shelf = Shelf(suite, threshold=None).stocked(10)
    assert [shelf.move(delta) for delta in (-9, -1, +1, -1)] == [[], [], [], []]


def test_case_27_a_redelivery_tells_the_same_with_the_same_id(suite: Suite) -> None:
    shelf = Shelf(suite).stocked(10)
    for delta in (-6, +6, -6):
        shelf.move(delta)
    first = list(shelf.bridge.told)
    assert len(first) == 2
    assert shelf.deliver(*shelf.records, *shelf.records[::-1]) == {"batchItemFailures": []}
    assert sorted(shelf.bridge.told[2:], key=str) == sorted(first * 2, key=str)
    assert len({detail["event_id"] for _, detail in shelf.bridge.told}) == 2


def test_each_product_is_told_by_itself(suite: Suite) -> None:
    tea, cup = Shelf(suite).stocked(10), Shelf(suite, "cup", threshold=1).stocked(10)
    assert (tea.move(-6), cup.move(-6), cup.move(-3)) == ([4], [], [1])
    (_, of_tea), (_, of_cup) = tea.bridge.told[0], cup.bridge.told[0]
    assert (of_tea["sku"], of_cup["sku"]) == ("tea", "cup")
    same = record(tea.row, {**(tea.row or {}), "sku": "cap"}, 1)
    same["dynamodb"] |= {
        "SequenceNumber": tea.records[2]["dynamodb"]["SequenceNumber"],
        "OldImage": to_item({**(tea.row or {}), "sku": "cap", "stock": 10}),
    }
    tea.deliver(same)
    assert tea.bridge.told[-1][1]["sku"] == "cap"
    assert tea.bridge.told[-1][1]["event_id"] != of_tea["event_id"]


def test_case_29_a_bus_that_is_down_gives_the_record_back_and_a_redelivery_tells_it(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    shelf = Shelf(suite).stocked(10)
    shelf.bridge.down = True
    before = shelf.row
    movement = {"movement_id": "m", "delta": -6, "reason": "loss"}
    assert suite.call(Call("POST", "/products/tea/stock", movement, staff())).status == 200
    assert before is not None
    fell = record(before, shelf.row or {}, 7)
    assert shelf.deliver(fell, shelf.records[0]) == {"batchItemFailures": [{"itemIdentifier": "7"}]}
    shelf.bridge.down = False
    assert shelf.deliver(fell) == {"batchItemFailures": []}
    assert [detail["stock"] for _, detail in shelf.bridge.told] == [4]


# --- MemberDayOpened ---


def open_member_day(suite: Suite) -> Record:
    """Run the job, and return the record of the member day's row."""
    job = MemberDayJob(suite.tables, suite.settings, suite.policy, lambda: suite.now)
    assert job({"job": "open-member-day"}, Context()) == {"opened": 1}
    day = (suite.now + timedelta(hours=8)).date().isoformat()
    key = {"sku": f"member-day:{day}", "item": "MEMBER_DAY"}
    row = suite.tables.get(suite.settings.catalog_table, key)
    assert row is not None
    return record(None, row, 1)


def test_P2_the_member_day_is_told_with_its_rates_and_again_with_the_same_id(suite: Suite) -> None:
    bridge = Bridge()
    publisher = CatalogPublisher(bridge.bus, suite.policy)
    suite.now = store_time("2026-05-10T00:00:02")
    may = open_member_day(suite)
    suite.now = store_time("2026-06-10T00:00:00")
    june = open_member_day(suite)
    assert published(publisher, may, june, may) == {"batchItemFailures": []}
    assert [name for name, _ in bridge.told] == ["MemberDayOpened"] * 3
    first, second, again = [detail for _, detail in bridge.told]
    assert first == again
    assert first["event_id"] != second["event_id"]
    assert {name: value for name, value in first.items() if name != "event_id"} == {
        "occurred_at": "2026-05-10T00:00:02+08:00",
        "date": "2026-05-10",
        "rates": RATES,
    }
    assert (second["date"], second["occurred_at"]) == ("2026-06-10", "2026-06-10T00:00:00+08:00")


def test_P2_the_rates_are_those_of_the_policy_when_it_was_opened(suite: Suite) -> None:
    tiers = suite.policy.tiers
    other = replace(suite.policy, tiers=(*tiers[:-1], replace(tiers[-1], member_day_rate=None)))
    suite.now = store_time("2026-05-10T09:00:00")
    suite.policy, own = other, suite.policy
    opened = open_member_day(suite)
    bridge = Bridge()
    published(CatalogPublisher(bridge.bus, own), opened)
    assert bridge.told[0][1]["rates"] == {tier: rate for tier, rate in RATES.items() if tier != "J5"}


# --- every event ---


def everything(suite: Suite, bridge: Bridge) -> None:
    """Let everything happen that there is an event for, and all publishers tell of it."""
    suite.now = store_time("2025-05-10T00:00:00")
    catalog = [open_member_day(suite)]
    shelf = Shelf(suite).stocked(10)
    assert suite.call(Call("PUT", "/members/me", PERSONAL, claims("alice"))).status == 201
    orders: list[Life] = []

    def place(units: int) -> Life:
        lines = [{"sku": "tea", "quantity": units}]
        answer = suite.order(claims("alice"), f"o{len(orders)}", {"lines": lines})
        order = Life(suite, answer.body["order_id"], answer.body, {})
        order.keep_row()
        orders.append(order)
        return order

    shelf.change(lambda: place(6))
    kept = orders[0]
    kept.pay("p0")
    kept.pay("p0-again", 7)
    kept.deliver()
    eligible = Consumer(suite.tables, suite.settings, suite.policy, lambda: suite.now)
    standing = suite.tables.get(suite.settings.members_table, members.key("alice", members.STANDING))
    assert standing is not None
    published(eligible, stream_record(standing))
    kept.ship()
    kept.must("shipment", {"carrier": "SF", "tracking_no": "SF2"})
    kept.receive()
    kept.give_back("r1", tea=1)
    kept.deliver()
    place(1)
    suite.pass_time(minutes=30)
    orders[1].run("lapse-unpaid")
    for number, end in ((2, "cancel"), (3, "refusal"), (4, "returns")):
        order = place(1)
        order.pay(f"p{number}")
        if end == "refusal":
            suite.pass_time(days=7)
        if end != "cancel":
            order.ship()
        if end == "returns":
            order.receive()
            order.give_back("r", tea=1)
        elif end == "refusal":
            suite.pass_time(days=3)
            order.run("look-for-parcels")
            order.must(end)
        else:
            order.must(end)
        order.deliver()
    suite.pass_time(days=30)
    suite.fire("release-points")
    suite.now = store_time("2026-12-02T09:00:00")
    suite.fire("announce-expiring")
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    catalog += shelf.records
    only_once = {
        "name": "新年",
        "kind": "discount",
        "starts_at": "2027-01-01T00:00:00+08:00",
        "ends_at": "2027-02-01T00:00:00+08:00",
        "scope": {"all": True},
        "terms": {"rate": "0.90"},
        "limits": {"orders": 1},
        "status": "active",
    }
    assert suite.call(Call("PUT", "/campaigns/new-year", only_once, staff())).status == 201
    place(1)
    items = suite.tables.client.scan(TableName=suite.settings.catalog_table)["Items"]
    of_campaigns = [row for row in map(from_item, items) if row["item"] in (CAMPAIGN, LIMIT)]
    catalog += [record(None, row, number) for number, row in enumerate(of_campaigns)]
    published(CatalogPublisher(bridge.bus, suite.policy), *catalog)
    of_another_amount = place(1)
    pay(
        OrderBook.of(suite.tables, suite.settings, suite.policy),
        of_another_amount.order_id,
        payment_id="wechatpay:42",
        amount_fen=7,
        now=suite.now,
        deadline=Deadline(20),
        received=True,
        notified=True,
    )
    _tell_orders(suite, bridge, orders)
    _tell_members(suite, bridge)
    _tell_payments(suite, bridge)
    _tell_cases(suite, bridge, kept.order_id)


def _tell_cases(suite: Suite, bridge: Bridge, order_id: str) -> None:
    body = {"request_id": "c1", "kind": "complaint", "reason": "late", "text": PERSONAL["name"]}
    opened = suite.call(Call("POST", f"/orders/{order_id}/cases", body, claims("alice")))
    assert opened.status == 201, opened.body
    place = cases.key(opened.body["case_id"])
    first = suite.tables.get(suite.settings.cases_table, place)
    suite.pass_time(hours=73)
    path = f"/cases/{opened.body['case_id']}/answer"
    assert suite.call(Call("POST", path, {"text": PERSONAL["name"]}, staff())).status == 200
    second = suite.tables.get(suite.settings.cases_table, place)
    assert first is not None
    assert second is not None
    records = [record(None, first, 0), record(first, second, 1)]
    assert published(CasesPublisher(bridge.bus, suite.policy), *records) == {"batchItemFailures": []}


def _tell_payments(suite: Suite, bridge: Bridge) -> None:
    money = Unassigned(
        payment_id="stripe:pi_1",
        provider="stripe",
        because=Because.CURRENCY,
        noticed_at=suite.now,
        amount=100,
        currency="USD",
    )
    refund = Refund(
        refund_id=f"ref_{'a' * 26}_c00001",
        subject="ord_" + "a" * 26,
        payment_id="wechatpay:42",
        amount=100,
        reason="returned",
        made_at=suite.now,
        order_id="ord_" + "a" * 26,
        state=State.PAID_BY_HAND,
        by_hand=ByHand(reason="late", reference="bank-1", operator="clerk", at=suite.now),
    )
    twice = refund_row(replace(refund, version=2, doubled=True))
    publisher = PaymentsPublisher(bridge.bus, suite.policy)
    records = [record(None, unassigned_row(money), 0), record(refund_row(refund), twice, 1)]
    assert published(publisher, *records) == {"batchItemFailures": []}


def _tell_orders(suite: Suite, bridge: Bridge, orders: list[Life]) -> None:
    publisher = OrdersPublisher(bridge.bus, suite.policy)
    for order in orders:
        first, *others = order.rows
        changed = [(before, after) for before, after in pairwise([first, *others]) if before != after]
        records = [record(None, first, 0)]
        records += [record(before, after, number) for number, (before, after) in enumerate(changed, 1)]
        assert published(publisher, *records) == {"batchItemFailures": []}
    items = suite.tables.client.scan(TableName=suite.settings.orders_table)["Items"]
    payments = [row for row in map(from_item, items) if row["item"] == "PAYMENT"]
    records = [record(None, row, number) for number, row in enumerate(payments)]
    assert published(publisher, *records) == {"batchItemFailures": []}


def _tell_members(suite: Suite, bridge: Bridge) -> None:
    items = suite.tables.client.scan(TableName=suite.settings.members_table)["Items"]
    records = [record(None, from_item(item), number) for number, item in enumerate(items)]
    assert published(MembersPublisher(bridge.bus, suite.policy), *records) == {"batchItemFailures": []}


def test_every_event_is_as_the_docs_say_and_case_46_holds_no_personal_data(suite: Suite) -> None:
    bridge = Bridge()
    everything(suite, bridge)
    kinds = {name for name, _ in bridge.told}
    assert kinds == {file.stem for file in schemas.FOLDER.glob("*.json")}
    assert len(kinds) == 24
    text = json.dumps(bridge.told, ensure_ascii=False)
    for private in (*PERSONAL.values(), "Zhang", "1234-5678", "05-17"):
        assert private not in text
    reasons = {detail["reason"] for name, detail in bridge.told if name == "RefundDue"}
    assert reasons == {"cancelled", "refused", "returned", "payment_not_applied"}
    ends = {detail["status"] for name, detail in bridge.told if name == "OrderClosed"}
    assert ends == {"cancelled", "refused", "returned", "lapsed"}
    (coupon,) = [detail for name, detail in bridge.told if name == "CouponIssued"]
    assert (coupon["face_value_fen"], coupon["valid_until"]) == (2_000, "2025-05-31T23:59:59+08:00")
    assert coupon["occurred_at"] == "2025-05-10T00:00:00+08:00"
    ids = [detail["event_id"] for _, detail in bridge.told]
    assert len(set(ids)) == len(ids)


def test_case_27_all_of_it_told_again_has_the_same_ids(suite: Suite) -> None:
    bridge = Bridge()
    everything(suite, bridge)
    first = [detail["event_id"] for name, detail in bridge.told if name in MEMBERS]
    _tell_members(suite, bridge)
    again = [detail["event_id"] for name, detail in bridge.told if name in MEMBERS][len(first) :]
    assert again == first


MEMBERS = {
    "PointsEarned",
    "PointsReleased",
    "PointsExpired",
    "PointsExpiring",
    "TierChanged",
    "CouponIssued",
}


def test_B5_a_coupon_is_told_when_it_is_issued_and_not_when_it_is_used_or_comes_back(suite: Suite) -> None:
    suite.member()
    table = suite.settings.members_table
    coupon = accounts.hold_coupon(
        suite.tables,
        table,
        "alice",
        face_fen=5_000,
        valid_from=store_time("2026-05-01T00:00:00"),
        valid_until=store_time("2026-05-31T23:59:59"),
    )
    row = suite.tables.get(table, members.key("alice", "COUPON#BIRTHDAY#2026"))
    assert row is not None
    used = {**row, "order_id": "ord_x"}
    bridge = Bridge()
    publisher = MembersPublisher(bridge.bus, suite.policy)
    published(publisher, record(row, used, 2), record(used, row, 3))
    assert bridge.told == []
    published(publisher, record(None, row, 1), record(None, row, 1))
    first, again = bridge.told
    assert first == again
    assert {name: value for name, value in first[1].items() if name != "event_id"} == {
        "occurred_at": "2026-05-01T00:00:00+08:00",
        "member_id": "alice",
        "coupon_id": coupon.coupon_id,
        "kind": "birthday",
        "template_id": None,
        "face_value_fen": 5_000,
        "rate": None,
        "max_off_fen": None,
        "min_goods_fen": 19_800,
        "exclusive": True,
        "valid_from": "2026-05-01T00:00:00+08:00",
        "valid_until": "2026-05-31T23:59:59+08:00",
    }
