"""The figures: what the streams' readers count is what has happened, in the programme's words."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from functions.catalog import metrics as catalog_metrics
from functions.catalog.stream import Publisher as CatalogPublisher
from functions.coupons.coupons import Coupons
from functions.coupons.jobs import issue_to
from functions.orders import metrics as order_metrics
from functions.orders.stream import Publisher as OrdersPublisher
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item
from functions.platform.observability import metrics
from functions.points import metrics as points_metrics
from functions.points.account_rows import WALLET
from functions.points.ledger import EntryKind
from functions.tiers.stream import Publisher as MembersPublisher
from tests.handlers.conftest import Suite
from tests.handlers.test_catalog_events import Bridge, record
from tests.handlers.test_members_events import PERSONAL
from tests.handlers.test_order_life import hold_coupon, job, shop, store_time, user_of_coupon
from tests.handlers.test_points import ALICE, Posted, adjust, ledger, listed, placed
from tests.support.emf import SERVICE, Figures
from tests.support.events import Call, Context, staff

KINDS = {
    "earn": "points_earned",
    "release": "points_released",
    "redeem": "points_redeemed",
    "restore": "points_restored",
    "reverse": "points_reversed",
    "expire": "points_expired",
    "lapse": "points_lapsed",
    "adjust": "points_adjusted",
}
TABLES = {"orders": ("order_id", "item"), "members": ("member_id", "item"), "catalog": ("sku", "item")}


@pytest.fixture(autouse=True)
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions have a name, and a bus that is down is not waited for."""
    monkeypatch.setattr(metrics.provider, "service", SERVICE)
    monkeypatch.setattr("functions.platform.bus.BACKOFF_SECONDS", 0.0)


@dataclass
class Streams:
    """The streams of a suite's tables, with their readers that publish, and what these have counted."""

    suite: Suite
    capsys: pytest.CaptureFixture[str]
    bridge: Bridge = field(default_factory=Bridge)
    figures: Figures = field(default_factory=Figures)
    told: int = 0
    rows: dict[str, dict[tuple[str, ...], Row]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.rows = {name: self._now(name) for name in TABLES}

    def flow(self) -> dict[str, Any]:
        """Deliver what has changed since the last time; return which records come again."""
        suite, again = self.suite, dict[str, Any]()
        readers: dict[str, Any] = {
            "orders": OrdersPublisher(self.bridge.bus, suite.policy),
            "members": MembersPublisher(self.bridge.bus, suite.policy),
            "catalog": CatalogPublisher(self.bridge.bus, suite.policy),
        }
        for name, reader in readers.items():
            before, after = self.rows[name], self._now(name)
            records = []
            for key, row in after.items():
                if row != before.get(key) and _is_read(name, row, new=key not in before):
                    self.told += 1
                    records.append(record(before.get(key), row, self.told))
            if records:
                try:
                    answer = reader({"Records": records}, Context())
                except Exception as failed:  # what a batch of failures only ends with
                    answer = {"failed": str(failed)}
                if answer != {"batchItemFailures": []}:
                    again[name] = answer
                    continue
            self.rows[name] = after
        self.figures.read(self.capsys.readouterr().out)
        return again

    @property
    def sums(self) -> dict[str, int]:
        """What was counted, after what has changed has flowed."""
        assert self.flow() == {}
        return self.figures.sums

    def _now(self, name: str) -> dict[tuple[str, ...], Row]:
        table: str = getattr(self.suite.settings, f"{name}_table")
        items = self.suite.tables.client.scan(TableName=table)["Items"]
        return {tuple(row[part] for part in TABLES[name]): row for row in map(from_item, items)}


def _is_read(name: str, row: Row, *, new: bool) -> bool:
    """Tell whether the stack's filters let a change through."""
    match name:
        case "orders":
            return row["item"] in ("ORDER", "PAYMENT")
        case "catalog":
            return row["item"] in ("PRODUCT", "MEMBER_DAY")
        case _:
            return new and row["item"].startswith(("ENTRY#", "NOTICE#", "TIER#", "COUPON#BIRTHDAY#"))


@pytest.fixture
def streams(suite: Suite, capsys: pytest.CaptureFixture[str]) -> Iterator[Streams]:
    """The streams of empty tables; whatever a test counts says of whom only by which function."""
    made = Streams(suite, capsys)
    yield made
    figures = made.figures
    assert figures.dimensions <= {("service",)}
    assert figures.services <= {SERVICE}
    assert figures.namespaces <= {"memberday"}
    assert figures.attributes <= {"_aws", "service"}


class Streamed(Posted):
    """An order whose every change flows at once through all streams."""

    streams: Streams

    def keep_row(self) -> None:
        """Let everything flow."""
        super().keep_row()
        assert self.streams.flow() == {}


def order_of(streams: Streams, quantities: dict[str, int], key: str, **offers: Any) -> Streamed:
    """Let alice place an order."""

    class Here(Streamed):
        pass

    Here.streams = streams
    order: Streamed = placed(streams.suite, quantities, key, Here, **offers)
    return order


def expected_points(suite: Suite) -> Counter[str]:
    """Return the points that the ledger moves by kind: how the wallet changes, or what lapses of it."""
    sums = Counter[str]()
    for entry in ledger(suite):
        kind, available, debt = entry["kind"], entry["available_delta"], entry["debt_delta"]
        sums[KINDS[kind]] += {
            "earn": entry["frozen_delta"],
            "release": -entry["frozen_delta"],
            "redeem": -available,
            "restore": available - debt,
            "reverse": debt - available - entry["frozen_delta"],
            "expire": -available,
            "lapse": entry["lapsed_points"],
            "adjust": abs(available - debt),
        }[kind]
    return sums


def only(sums: dict[str, int], *begins: str) -> dict[str, int]:
    """Return the figures whose names begin so."""
    return {name: value for name, value in sums.items() if name.startswith(begins)}


# --- orders and money ---


def test_each_step_of_an_orders_life_is_counted_once(suite: Suite, streams: Streams) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = order_of(streams, {"tea": 2}, "k1")
    assert only(streams.sums, "orders_") == {"orders_placed": 1}
    paid_fen = order.pay()["paid_fen"]
    assert streams.sums["paid_amount_fen"] == paid_fen == 19_900
    order.ship()
    order.receive()
    assert only(streams.sums, "orders_") == dict.fromkeys(
        ("orders_placed", "orders_paid", "orders_shipped", "orders_received"), 1
    )
    refunded = order.give_back("r1", tea=1)["refund_fen"]
    assert streams.sums["refunds_due_fen"] == refunded > 0
    assert "orders_returned" not in streams.sums
    refunded += order.give_back("r2", tea=1)["refund_fen"]
    assert streams.sums["refunds_due_fen"] == refunded == paid_fen
    assert only(streams.sums, "orders_") == dict.fromkeys(
        ("orders_placed", "orders_paid", "orders_shipped", "orders_received", "orders_returned"), 1
    )


def test_each_end_of_an_order_and_what_is_due_back_for_it_is_counted(suite: Suite, streams: Streams) -> None:
    shop(suite, tea=9_950, cup=2_000)
    suite.member()
    unpaid, late, cancelled, refused = [order_of(streams, {"tea": 1}, f"k{n}") for n in range(4)]
    unpaid.must("cancel")
    cancelled.pay("p-cancelled")
    cancelled.must("cancel")
    refused.pay("p-refused")
    refused.ship()
    refused.must("refusal")
    suite.pass_time(minutes=30)
    late.run("lapse-unpaid")
    late.must("payment", {"payment_id": "p-late", "amount_fen": 777})
    received = order_of(streams, {"cup": 1}, "k9")
    received.pay("p-received")
    received.ship()
    suite.pass_time(days=10)
    received.run("auto-receipt")
    sums = streams.sums
    assert only(sums, "orders_") == {
        "orders_placed": 5,
        "orders_paid": 3,
        "orders_shipped": 2,
        "orders_received": 1,
        "orders_cancelled": 2,
        "orders_refused": 1,
        "orders_lapsed": 1,
    }
    cost = [order.placed["paid_fen"] for order in (cancelled, refused, received)]
    assert sums["paid_amount_fen"] == sum(cost)
    assert sums["refunds_due_fen"] == sum(cost[:2]) + 777


def test_an_order_that_changes_while_nothing_happens_to_it_is_not_counted(
    suite: Suite, streams: Streams
) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = order_of(streams, {"tea": 1}, "k1")
    order.pay()
    before = dict(streams.sums)
    order.must("payment", {"payment_id": "p1", "amount_fen": order.placed["paid_fen"]})
    job(suite, "lapse-unpaid")
    assert streams.sums == before


def test_a_quote_and_a_refused_order_are_not_counted(suite: Suite, streams: Streams) -> None:
    shop(suite, tea=9_950)
    who = suite.member()
    cart = {"lines": [{"sku": "tea", "quantity": 11}]}
    assert suite.call(Call("POST", "/quotes", cart, who)).status == 200
    assert suite.order(who, "k1", cart).status == 409
    assert streams.sums == {}


def test_coupons_are_counted_when_they_are_issued_and_when_an_order_is_placed_with_one(
    suite: Suite, streams: Streams
) -> None:
    shop(suite, kettle=19_800)
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    order_of(streams, {"kettle": 1}, "k1").pay()
    assert only(streams.sums, "coupons_") == {}
    coupons = Coupons(suite.tables, suite.settings.members_table)
    for _ in range(2):
        issue_to(coupons, suite.policy, ["alice"], suite.now, Deadline(20))
    assert only(streams.sums, "coupons_") == {"coupons_issued": 1}
    used = order_of(streams, {"kettle": 1}, "k2", coupon="best")
    assert user_of_coupon(suite) == used.order_id
    assert only(streams.sums, "coupons_") == {"coupons_issued": 1, "coupons_used": 1}
    used.must("cancel")
    order_of(streams, {"kettle": 1}, "k3", coupon="none")
    assert only(streams.sums, "coupons_") == {"coupons_issued": 1, "coupons_used": 1}
    order_of(streams, {"kettle": 1}, "k4", coupon="best")
    assert streams.sums["coupons_used"] == 2


def test_V14_an_order_with_campaigns_is_counted_once_with_what_they_gave(
    suite: Suite, streams: Streams
) -> None:
    shop(suite, kettle=19_800)
    suite.member()
    order_of(streams, {"kettle": 1}, "k1")
    assert only(streams.sums, "given_", "orders_with_") == {}
    of_all = {
        "starts_at": suite.now.isoformat(),
        "ends_at": (suite.now + timedelta(days=9)).isoformat(),
        "scope": {"all": True},
        "status": "active",
    }
    for kind, terms in (
        ("discount", {"rate": "0.9"}),
        ("spend_save", {"steps": [{"from_fen": 100, "off_fen": 30}]}),
    ):
        body = {**of_all, "name": kind, "kind": kind, "terms": terms}
        assert suite.call(Call("PUT", f"/campaigns/{kind}", body, staff())).status == 201
    placed = order_of(streams, {"kettle": 1}, "k2")
    placed.pay()
    placed.must("cancel")
    assert only(streams.sums, "given_", "orders_with_") == {
        "orders_with_campaigns": 1,
        "given_fen": 1_980 + 30,
    }


def test_stock_is_counted_as_low_when_it_falls_to_its_threshold(suite: Suite, streams: Streams) -> None:
    body = {"name": "Tea", "price_fen": 9_950, "member_zone": False, "low_stock_threshold": 5}
    seen = []
    suite.call(Call("PUT", "/products/tea", body, staff()))
    for number, delta in enumerate((10, -4, -1, -1, 3, -3)):
        assert streams.flow() == {}
        moved = {"movement_id": f"m{number}", "delta": delta, "reason": "count"}
        suite.call(Call("POST", "/products/tea/stock", moved, staff()))
        seen.append(streams.sums.get("stock_low", 0))
    assert seen == [0, 0, 1, 1, 1, 2]


# --- points and tiers ---


def test_the_figures_of_points_are_the_sums_of_the_ledgers_entries(suite: Suite, streams: Streams) -> None:
    points_of_every_kind(suite, streams)
    expected = expected_points(suite)
    assert set(expected) == set(KINDS.values())
    assert all(expected.values())
    assert only(streams.sums, "points_") == expected


def points_of_every_kind(suite: Suite, streams: Streams) -> None:
    """Let alice's account see every kind of movement, with debts and with points of years that are over."""
    shop(suite, tea=9_950, gold=850_000, cup=9_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    adjust(suite, 1_000, "credit")
    adjust(suite, -70, "debit")
    frozen = order_of(streams, {"tea": 1}, "frozen")
    frozen.pay("p-frozen")
    order = order_of(streams, {"tea": 2}, "k1", points=500)
    order.released()
    owing = order_of(streams, {"gold": 1}, "owing")
    owing.released()
    adjust(suite, -8_000, "spent")
    owing.all_back()  # more than there is: a debt
    cup = order_of(streams, {"cup": 1}, "cup")
    cup.released()  # which pays some of it
    adjust(suite, 10_000, "pays")
    for key in ("given", "given-late"):
        suite.now = store_time("2026-12-31T23:45:00") if key == "given-late" else suite.now
        redeemed = order_of(streams, {"tea": 2}, key, points=500)
        suite.pass_time(minutes=30)
        redeemed.run("lapse-unpaid")
    frozen.received_at("2026-12-28T12:00:00")
    suite.now = store_time("2027-01-01T00:30:00")
    suite.fire("expire-points")
    assert streams.flow() == {}
    suite.now = store_time("2027-01-04T12:00:00")
    suite.fire("release-points")
    order.all_back()


def test_what_is_taken_out_of_written_off_points_is_not_counted_as_expired(
    suite: Suite, streams: Streams
) -> None:
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    suite.now = store_time("2026-12-31T23:59:59")
    body = {"return_id": "late", "lines": [{"sku": "tea", "quantity": 1}]}
    assert suite.call(Call("POST", f"/orders/{order.order_id}/returns", body, staff())).status == 200
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    assert streams.sums["points_expired"] == 120
    order.keep_row()  # only now the stream delivers it
    assert streams.sums["points_expired"] == 0
    assert only(streams.sums, "points_") == {**expected_points(suite), "points_expired": 0}


def test_every_kind_of_entry_has_a_figure_of_its_own() -> None:
    assert {kind.value: name for kind, name in points_metrics.NAMES.items()} == KINDS
    assert points_metrics.NAMES.keys() == set(EntryKind)


def test_T5_each_change_of_a_tier_is_counted(suite: Suite, streams: Streams) -> None:
    shop(suite, gold=850_000)
    suite.member()
    order = order_of(streams, {"gold": 1}, "k1")
    assert "tier_changes" not in streams.sums
    order.pay()
    assert streams.sums["tier_changes"] == 1
    order.must("cancel")
    assert streams.sums["tier_changes"] == 2


# --- the audit ---


def test_E9_an_audit_counts_its_differences_also_when_there_are_none(
    suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    suite.member()
    suite.member("bob")
    adjust(suite, 100)
    suite.fire("audit-points")
    assert Figures().read(capsys.readouterr().out).values["audit_differences"] == [0]
    for name in ("alice", "bob"):
        row = suite.tables.get(suite.settings.members_table, {"member_id": name, "item": WALLET})
        assert row is not None
        suite.tables.put(suite.settings.members_table, row | {"frozen": row["frozen"] + 5})
    suite.pass_time(days=1)
    suite.fire("audit-points")
    figures = Figures().read(capsys.readouterr().out)
    differences = listed(suite)
    assert {each["member_id"] for each in differences} == {"alice", "bob"}
    assert figures.values["audit_differences"] == [len(differences)]
    assert figures.dimensions == {("service",)}


# --- when the bus is down, and twice ---


def test_nothing_is_counted_that_could_not_be_told(suite: Suite, streams: Streams) -> None:
    shop(suite, tea=9_950)
    suite.member()
    streams.bridge.down = True
    order = placed(suite, {"tea": 10})  # the stock is low with it
    order.pay()
    again = streams.flow()
    assert again.keys() == {"orders", "members"}
    counted = streams.figures.sums
    assert counted.pop("records_failed") > 0
    assert counted == {}
    streams.bridge.down = False
    assert only(streams.sums, "orders_") == {"orders_placed": 1, "orders_paid": 1}
    assert streams.sums["points_earned"] == expected_points(suite)["points_earned"]
    assert streams.sums["tier_changes"] == 1


def test_what_of_a_batch_could_be_told_is_counted(suite: Suite, streams: Streams) -> None:
    shop(suite, tea=9_950)
    suite.member()
    (first, second) = [placed(suite, {"tea": 1}, key) for key in ("k1", "k2")]
    rows = [first.rows[-1], second.rows[-1]]
    put = streams.bridge.put_events

    def only_the_first(Entries: list[dict[str, str]]) -> dict[str, Any]:
        fit = [entry for entry in Entries if second.order_id not in entry["Detail"]]
        put(fit)
        taken: list[dict[str, str]] = [
            {} if entry in fit else {"ErrorCode": "ThrottlingException"} for entry in Entries
        ]
        return {"FailedEntryCount": len(Entries) - len(fit), "Entries": taken}

    streams.bridge.put_events = only_the_first  # type: ignore[method-assign]
    reader = OrdersPublisher(streams.bridge.bus, suite.policy)
    records = [record(None, row, number) for number, row in enumerate(rows)]
    answer = reader({"Records": records}, Context())
    assert answer == {"batchItemFailures": [{"itemIdentifier": "1"}]}
    figures = streams.figures.read(streams.capsys.readouterr().out)
    assert figures.sums == {"orders_placed": 1, "records_failed": 1}


# --- what a figure says of whom ---


def test_no_figure_has_another_dimension_than_the_function_that_counted_it(
    suite: Suite, streams: Streams
) -> None:
    shop(suite, tea=9_950)
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    order_of(streams, {"tea": 1}, "k1").pay()
    hold_coupon(suite)
    figures = streams.figures
    assert len(streams.sums) == 6
    assert figures.dimensions == {("service",)}
    assert figures.services == {SERVICE}
    assert figures.namespaces == {"memberday"}
    assert figures.attributes == {"_aws", "service"}


def test_every_event_of_an_order_is_counted_or_meant_not_to_be() -> None:
    counted = {kind.__name__ for kind in (*order_metrics.COUNTED, *catalog_metrics.COUNTED)}
    assert counted == {"OrderPlaced", "OrderPaid", "OrderShipped", "OrderReceived", "StockLow"}
