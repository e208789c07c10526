"""What the outside is told of members: points and tiers, from the stream of the members' table."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from functions.platform.bus import Bus
from functions.platform.dynamo import Row, from_item
from functions.tiers.stream import Publisher
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import shop, store_time
from tests.handlers.test_points import ALICE, Posted, adjust, holding, placed, read
from tests.support.coupons import Desk
from tests.support.events import Call, Context, claims, stream_record

PERSONAL = {"name": "Alice Wang 王小明", "birthday": "1990-05-05", "phone": "+86 138-1234-5678"}
Told = tuple[str, dict[str, Any]]


class Bridge:
    """An EventBridge that keeps what it takes, and takes nothing while it is down."""

    def __init__(self) -> None:
        self.taken: list[dict[str, str]] = []
        self.down = False

    def put_events(self, Entries: list[dict[str, str]]) -> dict[str, Any]:
        """Take events."""
        if self.down:
            return {"FailedEntryCount": len(Entries), "Entries": [{"ErrorCode": "x"}] * len(Entries)}
        self.taken += Entries
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "x"}] * len(Entries)}


def rows_of(suite: Suite) -> list[Row]:
    """Return all rows of the members' table."""
    items = suite.tables.client.scan(TableName=suite.settings.members_table)["Items"]
    return [from_item(item) for item in items]


def deliver(suite: Suite, rows: Sequence[Row], bridge: Bridge | None = None) -> dict[str, Any]:
    """Deliver rows as one batch of the members' stream."""
    publisher = Publisher(Bus(bridge or Bridge(), "membership"), suite.policy)  # type: ignore[arg-type]
    records = [stream_record(row, sequence=number) for number, row in enumerate(rows)]
    return publisher({"Records": records}, Context())


def told(suite: Suite, rows: Sequence[Row] | None = None) -> list[Told]:
    """Return what is told of rows, of all of them unless some are given, in the order of time."""
    bridge = Bridge()
    assert deliver(suite, rows_of(suite) if rows is None else rows, bridge) == {"batchItemFailures": []}
    assert {(entry["EventBusName"], entry["Source"]) for entry in bridge.taken} <= {
        ("membership", "membership")
    }
    found = [(entry["DetailType"], json.loads(entry["Detail"])) for entry in bridge.taken]
    return sorted(found, key=lambda each: (each[1]["occurred_at"], each[0]))


def of_kind(suite: Suite, kind: str) -> list[dict[str, Any]]:
    """Return the details of one kind of event, without what each has."""
    found = []
    for name, detail in told(suite):
        if name == kind:
            assert detail.pop("event_id").startswith("evt_")
            assert detail.pop("member_id") == "alice"
            found.append(detail)
    return found


def whole_story(suite: Suite) -> Posted:
    """Let alice's account see every kind of movement: it begins in 2025 and ends in 2027."""
    shop(suite, tea=9_950, gold=850_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    adjust(suite, 1_000, "credit", reason="for Alice Wang")
    frozen: Posted = placed(suite, {"tea": 1}, "frozen")
    frozen.pay("p-frozen")
    order: Posted = placed(suite, {"tea": 2}, points=500).released()
    suite.now = store_time("2026-12-02T09:00:00")
    suite.fire("announce-expiring")
    frozen.received_at("2026-12-28T12:00:00")
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    suite.now = store_time("2027-01-04T12:00:00")
    suite.fire("release-points")
    adjust(suite, 50, "of-2027")
    order.all_back()
    gold: Posted = placed(suite, {"gold": 1}, "gold")
    gold.pay("p-gold")
    gold.must("cancel", who=ALICE)
    return order


def test_case_46_the_outside_is_told_of_these_movements_and_of_no_others(suite: Suite) -> None:
    whole_story(suite)
    entries = read(suite, "/members/me/points/entries", limit="100").body["items"]
    assert {entry["kind"] for entry in entries} == {
        "earn",
        "release",
        "redeem",
        "reverse",
        "expire",
        "lapse",
        "adjust",
    }
    assert sorted(name for name, _ in told(suite)) == sorted(
        ["PointsEarned"] * 3 + ["TierChanged"] * 3 + ["PointsReleased", "PointsExpiring", "PointsExpired"]
    )


def test_case_46_no_name_phone_birthday_or_reason_is_on_the_bus(suite: Suite) -> None:
    whole_story(suite)
    bridge = Bridge()
    deliver(suite, rows_of(suite), bridge)
    text = json.dumps([json.loads(entry["Detail"]) for entry in bridge.taken], ensure_ascii=False)
    for secret in ("Alice", "Wang", "王小明", "1990", "05-05", "138", "5678", "clerk", "goodwill"):
        assert secret not in text
    for _, detail in told(suite):
        assert detail.keys() <= {
            "event_id",
            "occurred_at",
            "member_id",
            "order_id",
            "entry_id",
            "points",
            "earned_in",
            "expires_at",
            "from",
            "to",
            "effective_amount_fen",
        }


def test_case_27_a_redelivery_tells_the_same_with_the_same_ids(suite: Suite) -> None:
    whole_story(suite)
    rows = rows_of(suite)
    once, twice, backwards = told(suite, rows), told(suite, rows + rows), told(suite, rows[::-1])
    assert len({detail["event_id"] for _, detail in once}) == len(once) == 9
    by_id = {detail["event_id"]: (name, detail) for name, detail in once}
    for again in (twice, backwards):
        assert {detail["event_id"]: (name, detail) for name, detail in again} == by_id
    assert len(twice) == 2 * len(once)


def test_E2_an_order_that_earns_is_told_with_its_points_and_entry(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 1})
    order.pay()
    (entry,) = read(suite, "/members/me/points/entries").body["items"]
    assert of_kind(suite, "PointsEarned") == [
        {
            "occurred_at": "2026-05-01T12:00:00+08:00",
            "order_id": order.order_id,
            "points": 110,
            "entry_id": entry["entry_id"],
        }
    ]
    assert of_kind(suite, "TierChanged") == [
        {
            "occurred_at": "2026-05-01T12:00:00+08:00",
            "from": "J0",
            "to": "J1",
            "effective_amount_fen": 10_950,
            "order_id": order.order_id,
        }
    ]


def test_E3_a_release_is_told_with_all_its_points_also_those_that_pay_a_debt(suite: Suite) -> None:
    shop(suite, tea=11_000, cup=9_000)
    suite.member()
    lot = placed(suite, {"tea": 1}).released()
    adjust(suite, -70)
    lot.all_back()
    other = placed(suite, {"cup": 1}, "k2").released()
    assert [(each["order_id"], each["points"]) for each in of_kind(suite, "PointsReleased")] == [
        (lot.order_id, 120),
        (other.order_id, 100),
    ]


def test_E5_what_expires_is_told_by_its_year_at_the_years_end_however_late(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    suite.now = store_time("2028-03-01T12:00:00")
    suite.fire("expire-points")
    expired = of_kind(suite, "PointsExpired")
    assert [(each["occurred_at"], each["earned_in"], each["points"]) for each in expired] == [
        ("2027-01-01T00:00:00+08:00", 2025, 300),
        ("2028-01-01T00:00:00+08:00", 2026, 700),
    ]


def test_E10_what_will_expire_is_told_once_with_the_last_usable_second(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    suite.now = store_time("2026-12-02T09:00:00")
    for _ in range(2):
        suite.fire("announce-expiring")
        suite.pass_time(hours=1)
    assert of_kind(suite, "PointsExpiring") == [
        {
            "occurred_at": "2026-12-02T09:00:00+08:00",
            "earned_in": 2025,
            "points": 300,
            "expires_at": "2026-12-31T23:59:59+08:00",
        }
    ]


def test_T5_each_tier_change_of_the_same_second_is_told(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    for key in ("k1", "k2"):
        order = placed(suite, {"gold": 1}, key)
        order.pay(key)
        order.must("cancel", who=ALICE)
    changes = sorted((each["from"], each["to"]) for each in of_kind(suite, "TierChanged"))
    assert changes == [("J0", "J3"), ("J1", "J3"), ("J3", "J1"), ("J3", "J1")]
    ids = [detail["event_id"] for name, detail in told(suite) if name == "TierChanged"]
    assert len(set(ids)) == 4


def test_members_never_share_an_event(suite: Suite) -> None:
    for name in ("alice", "bob"):
        suite.call(Call("PUT", "/members/me", {"name": name}, claims(name)))
        suite.now = store_time("2025-06-01T12:00:00")
        adjust(suite, 300, name, member_id=name)
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    (one, other) = [detail for _, detail in told(suite)]
    assert {one["member_id"], other["member_id"]} == {"alice", "bob"}
    assert one["event_id"] != other["event_id"]


def test_V10_the_outside_is_told_of_coupons_of_templates_however_they_were_got(suite: Suite) -> None:
    desk = Desk(suite.call)
    window = {"from": "2026-05-01T00:00:00+08:00", "until": "2026-05-31T23:59:59+08:00"}
    desk.put(valid=window)
    desk.put("off", kind="rate", face_value_fen=None, rate="0.8", max_off_fen=5_000, exclusive=True)
    who = suite.member()
    claimed = desk.claim(who).body["coupon_id"]
    suite.pass_time(minutes=1)
    desk.redeem(who, desk.codes("off", count=1)[0])
    suite.pass_time(minutes=1)
    desk.issue("alice", template_id="off")
    first, second, third = of_kind(suite, "CouponIssued")
    assert first == {
        "occurred_at": "2026-05-01T12:00:00+08:00",
        "coupon_id": claimed,
        "kind": "amount",
        "template_id": "welcome",
        "face_value_fen": 2_000,
        "rate": None,
        "max_off_fen": None,
        "min_goods_fen": 10_000,
        "exclusive": False,
        "valid_from": "2026-05-01T00:00:00+08:00",
        "valid_until": "2026-05-31T23:59:59+08:00",
    }
    for each in (second, third):
        assert (each["kind"], each["rate"], each["max_off_fen"]) == ("rate", "0.80", 5_000)
        assert (each["face_value_fen"], each["exclusive"], each["template_id"]) == (None, True, "off")
    assert len({first["coupon_id"], second["coupon_id"], third["coupon_id"]}) == 3


def test_rows_of_other_kinds_are_not_told(suite: Suite) -> None:
    whole_story(suite)
    others = [row for row in rows_of(suite) if not row["item"].startswith(("ENTRY#", "TIER#", "NOTICE#"))]
    assert {row["item"].partition("#")[0] for row in others} >= {"PROFILE", "STANDING", "WALLET", "LOT"}
    assert told(suite, others) == []


def test_what_is_taken_out_of_written_off_points_is_not_told_as_expired(suite: Suite) -> None:
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    suite.now = store_time("2026-12-31T23:59:59")
    body = {"return_id": "late", "lines": [{"sku": "tea", "quantity": 1}]}
    clerk = claims("clerk", **{"cognito:groups": "[staff]"})
    assert suite.call(Call("POST", f"/orders/{order.order_id}/returns", body, clerk)).status == 200
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    order.keep_row()  # only now the stream delivers it
    assert [each["points"] for each in of_kind(suite, "PointsExpired")] == [120]


@pytest.mark.usefixtures("log")
def test_case_29_a_bus_that_is_down_gives_the_records_back_and_a_redelivery_tells_them(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("functions.platform.bus.BACKOFF_SECONDS", 0.0)
    holding(suite, y2025=300)
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    rows = sorted(rows_of(suite), key=lambda row: ("EXPIRE" in str(row.get("kind")).upper(), row["item"]))
    bridge = Bridge()
    bridge.down = True
    assert deliver(suite, rows, bridge) == {"batchItemFailures": [{"itemIdentifier": str(len(rows) - 1)}]}
    assert [name for name, _ in told(suite, rows)] == ["PointsExpired"]
