"""Members: how tiers move with real orders, what staff sees and changes, coupons, and the member day."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from functions.coupons.birthday import Coupon
from functions.coupons.coupons import row_of
from functions.coupons.stream import Consumer
from functions.offers.member_day import MEMBER_DAY
from functions.offers.schedule import MemberDayJob
from functions.platform.dynamo import to_item
from functions.tiers import members
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import Life, life, returned, shop, store_time
from tests.support import accounts
from tests.support.events import Answer, Call, Context, claims, staff, stream_record

ALICE = claims("alice")
HISTORY = "/members/me/tier-history"
COUPONS = "/members/me/coupons"
BIRTHDAY = "/members/alice/birthday"
NOON = "2026-05-01T12:00:00+08:00"


def ask(suite: Suite, path: str, who: dict[str, str] = ALICE, /, **query: str) -> Answer:
    """Read something."""
    return suite.call(Call("GET", path, who=who, query=query))


def seen(suite: Suite) -> tuple[str, int]:
    """Return the tier and E that alice sees."""
    body = ask(suite, "/members/me").body
    return body["tier"], body["effective_amount_fen"]


def buy(suite: Suite, key: str, who: dict[str, str] = ALICE, /, **quantities: int) -> Life:
    """Let a registered member place and pay an order; nothing is posted."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    answer = suite.order(who, key, {"lines": lines})
    assert answer.status == 201, answer.body
    order = Life(suite, answer.body["order_id"], answer.body, {})
    order.pay(f"pay-{who['sub']}-{key}")
    return order


def bought(suite: Suite, key: str, who: dict[str, str] = ALICE, /, **quantities: int) -> Life:
    """Let a registered member pay an order that is posted."""
    order = buy(suite, key, who, **quantities)
    order.deliver()
    return order


def received(order: Life) -> Life:
    """Let an order be shipped and received on the spot."""
    order.must("shipment")
    order.must("receipt")
    return order


def history(suite: Suite, who: dict[str, str] = ALICE) -> list[dict[str, Any]]:
    """Return a member's tier changes, newest first."""
    answer = ask(suite, HISTORY, who, limit="100")
    assert (answer.status, answer.body["next_cursor"]) == (200, None)
    items: list[dict[str, Any]] = answer.body["items"]
    return items


def steps(suite: Suite) -> list[tuple[str, str, str, int]]:
    """Return alice's tier changes, oldest first: when, from, to, E."""
    return [
        (each["changed_at"], each["from"], each["to"], each["effective_amount_fen"])
        for each in history(suite)[::-1]
    ]


def pages(suite: Suite, path: str, **query: str) -> list[list[dict[str, Any]]]:
    """Return all pages of a list of alice's."""
    found = []
    while True:
        answer = ask(suite, path, **query)
        assert answer.status == 200, answer.body
        found.append(answer.body["items"])
        if answer.body["next_cursor"] is None:
            return found
        query["cursor"] = answer.body["next_cursor"]


# --- tiers follow real orders (T1-T5) ---


@pytest.mark.parametrize(
    ("price_fen", "tier"),
    [
        (1, "J1"),
        (100_000, "J1"),
        (100_001, "J2"),
        (800_000, "J2"),
        (800_001, "J3"),
        (3_000_000, "J3"),
        (3_000_001, "J4"),
        (8_000_000, "J4"),
        (8_000_001, "J5"),
    ],
)
def test_T4_a_lower_bound_is_exclusive_and_an_upper_one_inclusive_to_the_fen(
    suite: Suite, price_fen: int, tier: str
) -> None:
    shop(suite, thing=price_fen)
    suite.member()
    order = buy(suite, "k1", thing=1)
    assert seen(suite) == ("J0", 0)
    order.deliver()
    shipping_fen = 1_000 if price_fen == 1 else 0
    assert seen(suite) == (tier, price_fen + shipping_fen)
    assert steps(suite) == [(NOON, "J0", tier, price_fen + shipping_fen)]


def test_T1_an_order_that_was_placed_and_never_paid_leaves_its_member_at_J0(suite: Suite) -> None:
    shop(suite, gold=850_000)
    order = life(suite, {"gold": 1})
    order.deliver()
    suite.pass_time(minutes=30)
    order.run("lapse-unpaid")
    order.deliver()
    assert seen(suite) == ("J0", 0)
    assert history(suite) == []


def test_T2_E_is_the_sum_of_orders_and_the_tier_rises_with_it(suite: Suite) -> None:
    shop(suite, tea=50_000, gold=700_001)
    suite.member()
    for number, quantities in enumerate([{"tea": 1}, {"tea": 1}, {"gold": 1}, {"gold": 3}]):
        bought(suite, f"k{number}", **quantities)
        suite.pass_time(days=300)  # T2: there is no yearly reset
    assert seen(suite) == ("J3", 2_900_004)
    assert [(before, after, fen) for _, before, after, fen in steps(suite)] == [
        ("J0", "J1", 50_000),
        ("J1", "J3", 800_001),
    ]


def test_T2_a_return_to_the_very_bound_falls_below_it(suite: Suite) -> None:
    shop(suite, tea=100_000, bag=1)
    suite.member()
    order = received(bought(suite, "k1", tea=1, bag=1))
    assert seen(suite) == ("J2", 100_001)
    order.give_back("r1", bag=1)
    order.deliver()
    assert seen(suite) == ("J1", 100_000)
    assert steps(suite) == [
        (NOON, "J0", "J2", 100_001),
        ("2026-05-01T13:00:00+08:00", "J2", "J1", 100_000),
    ]


@pytest.mark.parametrize("end", ["cancel", "refusal", "returns"])
def test_T1_a_member_whose_every_order_came_back_is_J1_with_E_0(suite: Suite, end: str) -> None:
    shop(suite, gold=3_100_000)
    suite.member()
    order = bought(suite, "k1", gold=1)
    suite.pass_time(hours=1)
    if end != "cancel":
        order.must("shipment")
    if end == "returns":
        order.must("receipt")
    suite.pass_time(hours=1)
    order.must(end, returned("r1", gold=1) if end == "returns" else None)
    order.deliver()
    assert seen(suite) == ("J1", 0)
    assert steps(suite) == [(NOON, "J0", "J4", 3_100_000), ("2026-05-01T14:00:00+08:00", "J4", "J1", 0)]
    bought(suite, "k2", gold=1)
    assert seen(suite) == ("J4", 3_100_000)


def test_T2_tiers_fall_step_by_step_with_partial_returns(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    order = received(bought(suite, "k1", gold=10))
    assert seen(suite) == ("J5", 8_500_000)
    for number in range(10):
        order.give_back(f"r{number}", gold=1)
    order.deliver("the last alone")
    assert steps(suite) == [
        (NOON, "J0", "J5", 8_500_000),
        ("2026-05-01T13:00:00+08:00", "J5", "J4", 7_650_000),
        ("2026-05-01T19:00:00+08:00", "J4", "J3", 2_550_000),
        ("2026-05-01T22:00:00+08:00", "J3", "J1", 0),
    ]


def test_T5_a_change_has_the_time_of_the_orders_change_however_late_it_is_posted(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    order = received(buy(suite, "k1", gold=1))
    suite.pass_time(days=2)
    order.must("returns", returned("r1", gold=1))
    suite.pass_time(days=40)
    order.deliver("the last alone")
    assert history(suite) == [
        {
            "changed_at": "2026-05-03T12:00:00+08:00",
            "from": "J3",
            "to": "J1",
            "effective_amount_fen": 0,
            "order_id": order.order_id,
        },
        {
            "changed_at": NOON,
            "from": "J0",
            "to": "J3",
            "effective_amount_fen": 850_000,
            "order_id": order.order_id,
        },
    ]


@pytest.mark.parametrize("how", ["each once", "the last alone", "each twice", "backwards"])
def test_R2_however_the_stream_delivers_the_history_is_the_same(suite: Suite, how: str) -> None:
    shop(suite, gold=850_000)
    suite.member()
    order = received(buy(suite, "k1", gold=4))
    for number in range(3):
        order.give_back(f"r{number}", gold=1)
    order.deliver(how)
    assert steps(suite) == [
        (NOON, "J0", "J4", 3_400_000),
        ("2026-05-01T13:00:00+08:00", "J4", "J3", 2_550_000),
    ]
    assert seen(suite) == ("J3", 850_000)


def test_an_order_that_changes_no_tier_leaves_no_trace_in_the_history(suite: Suite) -> None:
    shop(suite, tea=20_000)
    suite.member()
    first = bought(suite, "k1", tea=1)
    bought(suite, "k2", tea=1)
    assert [each["order_id"] for each in history(suite)] == [first.order_id]


def test_the_next_tier_and_the_benefits_follow(suite: Suite) -> None:
    shop(suite, tea=100_000)
    suite.member()
    bought(suite, "k1", tea=1)
    body = ask(suite, "/members/me").body
    assert body["next_tier"] == {"tier": "J2", "amount_to_go_fen": 1}
    bought(suite, "k2", tea=1)
    body = ask(suite, "/members/me").body
    assert body["next_tier"] == {"tier": "J3", "amount_to_go_fen": 600_001}
    assert body["benefits"] == {
        "birthday_coupon_fen": 2_000,
        "member_day_rate": "0.90",
        "free_shipping_from_fen": 18_800,
    }


# --- GET /members/me/tier-history ---


def changes(suite: Suite, count: int) -> list[str]:
    """Let alice's tier change so often, an hour apart; return the orders, newest change first."""
    shop(suite, gold=850_000)
    suite.member()
    order_ids: list[str] = []
    order = None
    for number in range(count):
        suite.pass_time(hours=1)
        if order is None:
            order = bought(suite, f"k{number}", gold=1)
        else:
            order.must("cancel")
            order.deliver("the last alone")
        order_ids.insert(0, order.order_id)
        if number % 2:
            order = None
    return order_ids


def test_the_history_of_who_never_changed_is_empty(suite: Suite) -> None:
    suite.member()
    assert ask(suite, HISTORY).body == {"items": [], "next_cursor": None}


def test_the_history_before_registration_is_404(suite: Suite) -> None:
    for who in (ALICE, staff()):
        answer = ask(suite, HISTORY, who)
        assert (answer.status, answer.code) == (404, "not_registered")


def test_the_history_is_paged_newest_first(suite: Suite) -> None:
    order_ids = changes(suite, 5)
    whole = history(suite)
    assert [item["order_id"] for item in whole] == order_ids
    moments = [item["changed_at"] for item in whole]
    assert moments == sorted(moments, reverse=True)
    for limit in range(1, 7):
        found = pages(suite, HISTORY, limit=str(limit))
        assert found == [whole[start : start + limit] for start in range(0, 5, limit)]


def test_the_history_lists_20_unless_told(suite: Suite) -> None:
    changes(suite, 21)
    answer = ask(suite, HISTORY).body
    assert len(answer["items"]) == 20
    assert len(ask(suite, HISTORY, cursor=answer["next_cursor"]).body["items"]) == 1


def test_T5_the_history_is_listed_newest_first_also_what_is_posted_late(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    late = buy(suite, "k1", gold=4)
    suite.pass_time(hours=1)
    bought(suite, "k2", gold=1)
    late.deliver("the last alone")
    assert [(each["changed_at"], each["from"], each["to"]) for each in history(suite)] == [
        ("2026-05-01T13:00:00+08:00", "J0", "J3"),
        (NOON, "J3", "J4"),
    ]
    assert [page[0]["to"] for page in pages(suite, HISTORY, limit="1")] == ["J3", "J4"]


def test_T5_changes_of_one_second_are_listed_the_last_first(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    order = buy(suite, "k1", gold=1)
    order.must("cancel")
    order.deliver("the last alone")
    assert [(each["from"], each["to"]) for each in history(suite)] == [("J3", "J1"), ("J0", "J3")]
    found = pages(suite, HISTORY, limit="1")
    assert [page[0]["to"] for page in found] == ["J1", "J3"]


def test_a_member_sees_their_own_history_only(suite: Suite) -> None:
    changes(suite, 2)
    bob = suite.member("bob")
    assert ask(suite, HISTORY, bob).body["items"] == []
    mine = bought(suite, "b1", bob, gold=1)
    assert [each["order_id"] for each in history(suite, bob)] == [mine.order_id]
    assert mine.order_id not in [each["order_id"] for each in history(suite)]


def altered(cursor: str) -> list[str]:
    """Return what somebody could make of a cursor."""
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    other = [raw[:-1] + bytes([raw[-1] ^ 1]), bytes([raw[0] ^ 1]) + raw[1:], raw + b"0", raw[:9]]
    return [base64.urlsafe_b64encode(each).decode().rstrip("=") for each in other] + [cursor + "A", "x", "é"]


def test_case_43_a_cursor_of_the_history_is_the_callers_and_the_lists(suite: Suite) -> None:
    changes(suite, 3)
    bob = suite.member("bob")
    cursor = ask(suite, HISTORY, limit="1").body["next_cursor"]
    ledger = ask(suite, "/members/me/points/entries", limit="1").body["next_cursor"]
    assert ask(suite, HISTORY, cursor=cursor).status == 200
    stolen = [
        ask(suite, HISTORY, bob, cursor=cursor),
        ask(suite, "/members/me/points/entries", cursor=cursor),
        ask(suite, COUPONS, cursor=cursor),
        ask(suite, HISTORY, cursor=ledger),
        *(ask(suite, HISTORY, cursor=each) for each in altered(cursor)),
    ]
    assert {(answer.status, answer.code) for answer in stolen} == {(400, "invalid_cursor")}


# --- what staff sees and changes ---


def test_staff_see_a_member_as_they_see_themselves_with_their_points(suite: Suite) -> None:
    shop(suite, tea=9_950)
    told = {"name": "Alice", "birthday": "2000-02-29", "phone": "+86 138 0013 8000"}
    suite.call(Call("PUT", "/members/me", told, ALICE))
    table = suite.settings.members_table
    accounts.hold_points(suite.tables, table, "alice", {"2024": 7, "2025": 300, "2026": 900})
    bought(suite, "k1", tea=1)
    answer = ask(suite, "/members/alice", staff())
    assert answer.status == 200
    points = ask(suite, "/members/me/points").body
    assert answer.body == ask(suite, "/members/me").body | {"points": points}
    assert points == {
        "available": 1_200,
        "frozen": 110,
        "debt": 0,
        "expiring": [
            {"points": 300, "expires_at": "2026-12-31T23:59:59+08:00"},
            {"points": 900, "expires_at": "2027-12-31T23:59:59+08:00"},
        ],
    }
    assert "points" not in ask(suite, "/members/me").body


def test_a_member_that_staff_ask_for_in_vain_is_404(suite: Suite) -> None:
    suite.member()
    for member_id in ("nobody", "ALICE", "alice.", "x" * 128, "ord_1"):
        for call in (
            Call("GET", f"/members/{member_id}", who=staff()),
            Call("PUT", f"/members/{member_id}/birthday", {"birthday": "1990-05-05", "reason": "x"}, staff()),
        ):
            answer = suite.call(call)
            assert (answer.status, answer.code) == (404, "member_not_found")


@pytest.mark.parametrize("member_id", ["alice", "bob", "nobody", "x" * 200])
def test_case_47_members_are_403_whatever_the_body_and_whoever_they_ask_for(
    suite: Suite, member_id: str
) -> None:
    suite.member()
    suite.member("bob")
    before = ask(suite, "/members/bob", staff()).body
    for raw in (None, "{}", "not json", "[]", '{"birthday": "1990-05-05", "reason": "x"}'):
        for method, path in (("GET", f"/members/{member_id}"), ("PUT", f"/members/{member_id}/birthday")):
            answer = suite.call(Call(method, path, who=ALICE, raw=raw))
            assert (answer.status, answer.code) == (403, "forbidden")
    assert ask(suite, "/members/bob", staff()).body == before


@pytest.mark.parametrize("path", [HISTORY, COUPONS, "/members/alice", BIRTHDAY])
def test_without_an_access_token_it_is_401(suite: Suite, path: str) -> None:
    method = "PUT" if path == BIRTHDAY else "GET"
    for who in (None, {"sub": "alice", "token_use": "id"}):
        answer = suite.call(Call(method, path, {"x": 1} if method == "PUT" else None, who))
        assert (answer.status, answer.code) == (401, "unauthenticated")


def birthday(
    suite: Suite, day: Any, *, path: str = BIRTHDAY, reason: Any = "typing error", **more: Any
) -> Answer:
    """Let staff change alice's birthday."""
    return suite.call(Call("PUT", path, {"birthday": day, "reason": reason, **more}, staff()))


def test_B4_staff_change_a_birthday_and_again_is_the_same(suite: Suite) -> None:
    told = {"name": "Alice", "birthday": "1990-05-05", "phone": "13800138000"}
    before = suite.call(Call("PUT", "/members/me", told, ALICE)).body
    suite.pass_time(days=1)
    answers = [birthday(suite, "1990-06-15") for _ in range(2)]
    assert [(answer.status, answer.body) for answer in answers] == [
        (200, before | {"birthday": "1990-06-15", "next_birthday": "2026-06-15"})
    ] * 2
    assert ask(suite, "/members/me").body == answers[0].body
    kept, _ = suite.tables.query(
        suite.settings.members_table,
        partition=("member_id", "alice"),
        prefix=("item", members.BIRTHDAY_CHANGE),
        limit=10,
        after=None,
    )
    assert [(row["operator"], row["reason"], row["changed_at"]) for row in kept] == [
        ("clerk", "typing error", "2026-05-02T04:00:00Z")
    ]


def test_B4_a_birthday_is_entered_once_and_what_staff_set_is_locked_too(suite: Suite) -> None:
    def tell(day: str | None) -> Answer:
        return suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": day}, ALICE))

    assert [tell(day).status for day in (None, "1990-05-05", "1990-05-05", None)] == [201, 200, 200, 200]
    locked = tell("1990-05-06")
    assert (locked.status, locked.code) == (409, "birthday_locked")
    assert birthday(suite, "1990-06-15").status == 200
    assert [(tell(day).status, tell(day).body.get("code")) for day in ("1990-05-05", "1990-06-16")] == [
        (409, "birthday_locked")
    ] * 2
    assert tell("1990-06-15").status == 200
    assert ask(suite, "/members/me").body["birthday"] == "1990-06-15"


def test_B4_a_birthday_that_staff_enter_first_is_locked(suite: Suite) -> None:
    suite.member()
    assert birthday(suite, "1990-06-15").body["birthday"] == "1990-06-15"
    body = {"name": "A", "birthday": "1990-06-16"}
    assert suite.call(Call("PUT", "/members/me", body, ALICE)).code == "birthday_locked"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"birthday": "1990-02-30", "reason": "x"}, "birthday"),
        ({"birthday": "2023-02-29", "reason": "x"}, "birthday"),
        ({"birthday": "0000-01-01", "reason": "x"}, "birthday"),
        ({"birthday": "1990-13-01", "reason": "x"}, "birthday"),
        ({"birthday": "19900505", "reason": "x"}, "birthday"),
        ({"birthday": "1990-5-5", "reason": "x"}, "birthday"),
        ({"birthday": "1990-05-05T00:00:00", "reason": "x"}, "birthday"),
        ({"birthday": "1990-05-05\n", "reason": "x"}, "birthday"),
        ({"birthday": "１９９０-05-05", "reason": "x"}, "birthday"),
        ({"birthday": "2026-05-02", "reason": "x"}, "birthday"),
        ({"birthday": "9999-12-31", "reason": "x"}, "birthday"),
        ({"birthday": 19900505, "reason": "x"}, "birthday"),
        ({"birthday": None, "reason": "x"}, "birthday"),
        ({"reason": "x"}, "birthday"),
        ({"birthday": "1990-05-05"}, "reason"),
        ({"birthday": "1990-05-05", "reason": ""}, "reason"),
        ({"birthday": "1990-05-05", "reason": " "}, "reason"),
        ({"birthday": "1990-05-05", "reason": None}, "reason"),
        ({"birthday": "1990-05-05", "reason": 1}, "reason"),
        ({"birthday": "1990-05-05", "reason": "x" * 201}, "reason"),
        ({"birthday": "1990-05-05", "reason": "a\u0000b"}, "reason"),
        ({"birthday": "1990-05-05", "reason": "x", "tier": "J5"}, "tier"),
        ({"birthday": "1990-05-05", "reason": "x", "member_id": "bob"}, "member_id"),
    ],
)
def test_what_staff_say_of_a_birthday_is_checked_before_the_member_is_looked_for(
    suite: Suite, body: dict[str, Any], field: str
) -> None:
    before = suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": "1980-01-01"}, ALICE)).body
    for path in (BIRTHDAY, "/members/nobody/birthday"):
        answer = suite.call(Call("PUT", path, body, staff()))
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert [error["field"] for error in answer.body["errors"]] == [field]
    assert ask(suite, "/members/me").body == before


def test_a_birthday_may_be_today_in_store_time_and_not_tomorrow(suite: Suite) -> None:
    suite.member()
    suite.now = store_time("2026-05-02T00:00:00")  # 1 May in UTC
    assert birthday(suite, "2026-05-03").status == 422
    assert birthday(suite, "2026-05-02").status == 200
    suite.now = store_time("2026-05-01T23:59:59")
    assert birthday(suite, "2026-05-02", path="/members/alice/birthday").status == 422


def test_a_member_id_longer_than_any_is_422(suite: Suite) -> None:
    assert ask(suite, f"/members/{'x' * 129}", staff()).code == "invalid_request"


def test_staff_who_mean_themselves_by_me_find_nobody(suite: Suite) -> None:
    suite.member("clerk")
    assert birthday(suite, "1990-05-05", path="/members/me/birthday").code == "member_not_found"


# --- coupons ---


def coupon(suite: Suite, year: int, *, face_fen: int = 2_000, month: int = 5, who: str = "alice") -> Coupon:
    """Let somebody hold the birthday coupon of a month."""
    begins = store_time(f"{year}-{month:02}-01T00:00:00")
    ends = store_time(f"{year + month // 12}-{month % 12 + 1:02}-01T00:00:00")
    return accounts.hold_coupon(
        suite.tables,
        suite.settings.members_table,
        who,
        face_fen=face_fen,
        valid_from=begins,
        valid_until=ends - timedelta(seconds=1),
    )


def listed(suite: Suite, **query: str) -> list[tuple[str, str]]:
    """Return the year and status of each coupon that alice is shown."""
    answer = ask(suite, COUPONS, **query)
    assert answer.status == 200, answer.body
    return [(each["valid_from"][:4], each["status"]) for each in answer.body["items"]]


def use(suite: Suite, held: Coupon, key: str) -> Life:
    """Let alice use a coupon in an order that is not paid."""
    return life(suite, {"tea": 2}, tier="J2", key=key, coupon=held.coupon_id)


def test_a_coupon_is_shown_with_every_field_of_the_contract(suite: Suite) -> None:
    suite.member()
    held = coupon(suite, 2026, face_fen=3_000)
    assert ask(suite, COUPONS).body == {
        "items": [
            {
                "coupon_id": held.coupon_id,
                "kind": "birthday",
                "template_id": None,
                "name": None,
                "face_value_fen": 3_000,
                "rate": None,
                "max_off_fen": None,
                "min_goods_fen": 19_800,
                "scope": {"all": True},
                "except_skus": [],
                "exclusive": True,
                "valid_from": "2026-05-01T00:00:00+08:00",
                "valid_until": "2026-05-31T23:59:59+08:00",
                "status": "available",
                "order_id": None,
            }
        ],
        "next_cursor": None,
    }


@pytest.mark.parametrize(
    ("at", "status"),
    [
        ("2026-05-01T00:00:00", "available"),
        ("2026-05-31T23:59:59", "available"),
        ("2026-06-01T00:00:00", "expired"),
        ("2027-05-01T00:00:00", "expired"),
    ],
)
def test_B1_valid_until_is_the_last_second_at_which_it_can_be_used(
    suite: Suite, at: str, status: str
) -> None:
    shop(suite, tea=9_950)
    suite.member()
    held = coupon(suite, 2026)
    suite.now = store_time(at)
    assert listed(suite) == [("2026", status)]
    for wanted in ("available", "used", "expired"):
        assert listed(suite, status=wanted) == ([("2026", status)] if wanted == status else [])
    cart = {"lines": [{"sku": "tea", "quantity": 2}], "coupon": held.coupon_id}
    quote = suite.call(Call("POST", "/quotes", cart, ALICE))
    assert quote.status == (200 if status == "available" else 422)


def years(suite: Suite) -> None:
    """Let alice hold coupons of 2020 to 2026; those of even years before 2026 were used, the others not."""
    suite.member()
    for year in range(2020, 2027):
        held = coupon(suite, year)
        if year % 2 == 0 and year < 2026:
            row = row_of("alice", replace(held, order_id=f"ord_{year}"))
            suite.tables.client.put_item(TableName=suite.settings.members_table, Item=to_item(row))


OF_STATUS = {
    "": [str(year) for year in range(2026, 2019, -1)],
    "available": ["2026"],
    "used": ["2024", "2022", "2020"],
    "expired": ["2025", "2023", "2021"],
}


@pytest.mark.parametrize("status", OF_STATUS)
def test_a_status_is_filtered_before_the_limit_and_pages_are_full(suite: Suite, status: str) -> None:
    years(suite)
    query = {"status": status} if status else {}
    expected = OF_STATUS[status]
    for limit in (1, 2, 3, 100):
        found = pages(suite, COUPONS, limit=str(limit), **query)
        assert [[each["valid_from"][:4] for each in page] for page in found] == [
            expected[start : start + limit] for start in range(0, len(expected), limit)
        ]
        for each in (each for page in found for each in page):
            assert status in ("", each["status"])
            assert each["order_id"] == (f"ord_{each['valid_from'][:4]}" if each["status"] == "used" else None)


def test_case_43_a_cursor_of_the_coupons_is_the_callers_and_of_the_same_filter(suite: Suite) -> None:
    years(suite)
    bob = suite.member("bob")
    coupon(suite, 2026, who="bob")
    every = ask(suite, COUPONS, limit="1").body["next_cursor"]
    used = ask(suite, COUPONS, limit="1", status="used").body["next_cursor"]
    wrong = [
        ask(suite, COUPONS, bob, cursor=every),
        ask(suite, COUPONS, cursor=every, status="used"),
        ask(suite, COUPONS, cursor=used),
        ask(suite, COUPONS, cursor=used, status="expired"),
        ask(suite, HISTORY, cursor=every),
        *(ask(suite, COUPONS, cursor=each) for each in altered(every)),
    ]
    assert {(answer.status, answer.code) for answer in wrong} == {(400, "invalid_cursor")}


def test_a_status_or_limit_that_is_none_is_422(suite: Suite) -> None:
    suite.member()
    for status in ("AVAILABLE", "lapsed", "", "used,expired", "null"):
        assert ask(suite, COUPONS, status=status).code == "invalid_request"
    for path in (COUPONS, HISTORY):
        for limit in ("0", "101", "1.0", "x", "-1"):
            assert ask(suite, path, limit=limit).code == "invalid_request"


def test_who_has_not_registered_has_no_list_of_coupons(suite: Suite) -> None:
    suite.member("bob")
    for who in (ALICE, staff()):
        answer = ask(suite, COUPONS, who)
        assert (answer.status, answer.code) == (409, "not_registered")
    assert ask(suite, COUPONS, claims("bob")).body == {"items": [], "next_cursor": None}


def test_case_38_a_member_sees_their_own_coupons_only(suite: Suite) -> None:
    suite.member()
    suite.member("bob")
    mine, theirs = coupon(suite, 2026), coupon(suite, 2026, who="bob")
    for who, held in ((ALICE, mine), (claims("bob"), theirs)):
        items = ask(suite, COUPONS, who).body["items"]
        assert [each["coupon_id"] for each in items] == [held.coupon_id]


ENDS = ["lapse", "cancel unpaid", "cancel paid", "refusal", "returns"]


def end(order: Life, how: str) -> None:
    """Let an order come to its end at this moment."""
    if how == "lapse":
        order.run("lapse-unpaid")
    elif how.startswith("cancel"):
        order.must("cancel")
    elif how == "refusal":
        order.must("refusal")
    else:
        order.must("returns", returned("r", tea=2))


def reach(order: Life, how: str) -> None:
    """Take an order as far as it has to be for its end."""
    if how not in ("lapse", "cancel unpaid"):
        order.pay()
    if how in ("refusal", "returns"):
        order.must("shipment")
    if how == "returns":
        order.must("receipt")


@pytest.mark.parametrize("how", ENDS)
@pytest.mark.parametrize(
    ("placed_at", "ended_at", "status"),
    [
        ("2026-05-20T12:00:00", "2026-05-20T12:30:00", "available"),
        ("2026-05-31T23:29:59", "2026-05-31T23:59:59", "available"),
        ("2026-05-31T23:45:00", "2026-06-01T00:15:00", "expired"),
    ],
)
def test_B5_a_coupon_comes_back_with_its_order_and_is_expired_if_its_end_has_passed(
    suite: Suite, how: str, placed_at: str, ended_at: str, status: str
) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time(placed_at)
    suite.member()
    held = coupon(suite, 2026)
    order = use(suite, held, "k1")
    (item,) = ask(suite, COUPONS).body["items"]
    assert (item["status"], item["order_id"]) == ("used", order.order_id)
    reach(order, how)
    suite.now = store_time(ended_at) - timedelta(seconds=how == "cancel unpaid")
    end(order, how)
    suite.now = store_time(ended_at)
    (item,) = ask(suite, COUPONS).body["items"]
    assert (item["status"], item["order_id"]) == (status, None)
    if status == "available":
        again = use(suite, held, "k2")
        assert ask(suite, COUPONS).body["items"][0]["order_id"] == again.order_id


def test_B5_the_coupon_does_not_come_back_while_anything_stays(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = use(suite, coupon(suite, 2026), "k1")
    order.pay()
    received(order).give_back("r1", tea=1)
    assert listed(suite) == [("2026", "used")]
    order.give_back("r2", tea=1)
    assert listed(suite) == [("2026", "available")]


def test_B2_the_coupon_of_a_first_payment_is_listed_and_can_be_used(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.call(Call("PUT", "/members/me", {"name": "A", "birthday": "1990-05-31"}, ALICE))
    bought(suite, "k1", tea=1)
    row = suite.tables.get(suite.settings.members_table, members.key("alice", members.STANDING))
    assert row is not None
    issuing = Consumer(suite.tables, suite.settings, suite.policy, lambda: suite.now)
    assert issuing({"Records": [stream_record(row)]}, Context()) == {"batchItemFailures": []}
    (item,) = ask(suite, COUPONS, status="available").body["items"]
    assert (item["face_value_fen"], item["valid_until"]) == (2_000, "2026-05-31T23:59:59+08:00")
    cart = {"lines": [{"sku": "tea", "quantity": 2}], "coupon": item["coupon_id"]}
    order = suite.order(ALICE, "k2", cart)
    assert (order.status, order.body["quote"]["coupon"]["amount_fen"]) == (201, 2_000)


# --- the member day (P2) ---

RATES = {"J0": None, "J1": None, "J2": "0.90", "J3": "0.80", "J4": "0.70", "J5": "0.60"}
CANDLE_FEN = {"J0": 12_905, "J1": 12_905, "J2": 11_615, "J3": 10_324, "J4": 9_034, "J5": 7_743}
"""129.05 at each tier's rate, a half fen up."""


def zone(suite: Suite) -> None:
    """Put a product of the zone and another into the catalogue."""
    for sku, member_zone in (("candle", True), ("plain", False)):
        body = {"name": sku, "price_fen": 12_905, "member_zone": member_zone}
        assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status == 201
        movement = {"movement_id": "m", "delta": 50, "reason": "delivery"}
        assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200


@pytest.mark.parametrize("tier", RATES)
@pytest.mark.parametrize("month", ["2026-05", "2026-12", "2027-02"])
def test_P2_zone_prices_are_the_tiers_from_the_first_to_the_last_second_of_the_10th(
    suite: Suite, tier: str, month: str
) -> None:
    zone(suite)
    suite.member()
    accounts.hold_tier(suite.tables, suite.settings.members_table, "alice", tier, suite.policy)
    for day, clock, is_open in (
        ("09", "23:59:59", False),
        ("10", "00:00:00", True),
        ("10", "23:59:59", True),
        ("11", "00:00:00", False),
    ):
        suite.now = store_time(f"{month}-{day}T{clock}")
        shown = ask(suite, "/member-day").body
        assert (shown["open"], shown["your_rate"]) == (is_open, RATES[tier])
        price_fen = CANDLE_FEN[tier] if is_open else 12_905
        assert ask(suite, "/products/candle").body["your_price_fen"] == price_fen
        assert ask(suite, "/products/plain").body["your_price_fen"] == 12_905
        lines = [{"sku": "candle", "quantity": 1}, {"sku": "plain", "quantity": 1}]
        quote = suite.order(ALICE, f"{day}-{clock}", {"lines": lines}).body["quote"]
        assert quote["member_day"] is is_open
        assert [line["unit_price_fen"] for line in quote["lines"]] == [price_fen, 12_905]


def test_P2_an_order_keeps_the_price_of_the_moment_it_was_placed(suite: Suite) -> None:
    zone(suite)
    suite.member()
    accounts.hold_tier(suite.tables, suite.settings.members_table, "alice", "J5", suite.policy)
    body = {"lines": [{"sku": "candle", "quantity": 1}]}
    suite.now = store_time("2026-05-10T23:59:59")
    order = suite.order(ALICE, "k1", body).body
    suite.pass_time(minutes=10)
    paid = suite.call(
        Call(
            "POST",
            f"/orders/{order['order_id']}/payment",
            {"payment_id": "p1", "amount_fen": order["paid_fen"]},
            staff(),
        )
    )
    assert paid.body["lines"][0]["unit_price_fen"] == 7_743
    assert suite.order(ALICE, "k2", body).body["lines"][0]["unit_price_fen"] == 12_905


def test_P2_the_price_follows_the_tier_as_posted(suite: Suite) -> None:
    zone(suite)
    shop(suite, gold=850_000)
    suite.member()
    suite.now = store_time("2026-05-10T09:00:00")
    order = buy(suite, "k1", gold=1)
    assert ask(suite, "/products/candle").body["your_price_fen"] == CANDLE_FEN["J0"]
    order.deliver()
    assert ask(suite, "/products/candle").body["your_price_fen"] == CANDLE_FEN["J3"]
    order.must("cancel")
    order.deliver()
    assert ask(suite, "/products/candle").body["your_price_fen"] == CANDLE_FEN["J1"]


def opened(suite: Suite) -> int:
    """Run the job that opens the member day; return how many it opened."""
    run = MemberDayJob(suite.tables, suite.settings, suite.policy, lambda: suite.now)
    answer = run({"job": "open-member-day"}, Context())
    assert answer.keys() == {"opened"}
    return answer["opened"]


@pytest.mark.parametrize("first", ["00:00:00", "00:00:03", "23:59:59"])
def test_P2_the_job_opens_a_member_day_once(suite: Suite, first: str) -> None:
    suite.now = store_time(f"2026-05-10T{first}")
    assert [opened(suite) for _ in range(3)] == [1, 0, 0]
    suite.now = store_time("2026-05-10T23:59:59")
    assert opened(suite) == 0
    key = {"sku": "member-day:2026-05-10", "item": MEMBER_DAY}
    row = suite.tables.get(suite.settings.catalog_table, key)
    assert row is not None
    assert row["opened_at"] == (store_time(f"2026-05-10T{first}")).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert row["rates"] == {tier: rate for tier, rate in RATES.items() if rate}
    suite.now = store_time("2026-06-10T00:00:00")
    assert [opened(suite) for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    "at", ["2026-05-09T23:59:59", "2026-05-11T00:00:00", "2026-05-01T00:00:00", "2026-10-31T12:00:00"]
)
def test_P2_on_another_day_the_job_opens_nothing(suite: Suite, at: str) -> None:
    suite.now = store_time(at)
    assert opened(suite) == 0
    assert suite.tables.client.scan(TableName=suite.settings.catalog_table)["Count"] == 0


def test_P2_prices_do_not_wait_for_the_job(suite: Suite) -> None:
    zone(suite)
    suite.member()
    accounts.hold_tier(suite.tables, suite.settings.members_table, "alice", "J5", suite.policy)
    suite.now = store_time("2026-05-10T12:00:00")
    before = ask(suite, "/products/candle").body
    assert opened(suite) == 1
    assert ask(suite, "/products/candle").body == before
    assert before["your_price_fen"] == 7_743
    zone_list = suite.call(Call("GET", "/products", who=ALICE, query={"zone": "true"})).body["items"]
    assert [each["sku"] for each in zone_list] == ["candle"]


# --- lunar birthdays (B6) ---

LUNAR = {"month": 8, "day": 15, "leap": False, "year": None}


def told_lunar(suite: Suite, birthday: object, calendar: str = "lunar") -> Answer:
    """Let alice tell a birthday by the lunar calendar."""
    body = {"name": "Alice", "birthday": birthday, "birthday_calendar": calendar}
    return suite.call(Call("PUT", "/members/me", body, ALICE))


@pytest.mark.parametrize(
    ("told", "shown", "next_one"),
    [
        ({"month": 8, "day": 15}, LUNAR, "2026-09-25"),
        ({"month": 8, "day": 15, "leap": False, "year": None}, LUNAR, "2026-09-25"),
        (LUNAR | {"year": 1990}, LUNAR | {"year": 1990}, "2026-09-25"),
        (
            {"month": 6, "day": 30, "leap": True, "year": None},
            {**LUNAR, "month": 6, "day": 30, "leap": True},
            "2026-08-12",
        ),
        ({"month": 12, "day": 1}, LUNAR | {"month": 12, "day": 1}, "2027-01-08"),
    ],
)
def test_B6_a_lunar_birthday_is_shown_as_told_with_the_solar_date_of_the_next(
    suite: Suite, told: dict[str, Any], shown: dict[str, Any], next_one: str
) -> None:
    answer = told_lunar(suite, told)
    assert answer.status == 201
    assert (answer.body["birthday"], answer.body["birthday_calendar"]) == (shown, "lunar")
    assert answer.body["next_birthday"] == next_one
    assert ask(suite, "/members/me").body == answer.body


@pytest.mark.parametrize(
    ("birthday", "calendar", "field"),
    [
        ("1990-08-15", "lunar", "birthday"),
        (LUNAR, "solar", "birthday"),
        (None, "lunar", "birthday_calendar"),
        (LUNAR, "julian", "birthday_calendar"),
        ({"month": 13, "day": 1}, "lunar", "birthday.month"),
        ({"month": 1, "day": 31}, "lunar", "birthday.day"),
        ({"month": 0, "day": 1}, "lunar", "birthday.month"),
        ({"month": "8", "day": 15}, "lunar", "birthday.month"),
        ({"month": 8}, "lunar", "birthday.day"),
        ({"month": 8, "day": 15, "hour": 3}, "lunar", "birthday.hour"),
        ({"month": 8, "day": 15, "year": 1899}, "lunar", "birthday.year"),
        ({"month": 1, "day": 1, "leap": True}, "lunar", "birthday"),  # no year has it
        ({"month": 12, "day": 30, "year": 2025}, "lunar", "birthday"),  # that month had 29 days
        (
            {"month": 6, "day": 1, "leap": True, "year": 2024},
            "lunar",
            "birthday",
        ),  # that year had no leap month 6
        ({"month": 12, "day": 1, "year": 2026}, "lunar", "birthday"),  # after today
        ([], "lunar", "birthday"),
        (8, "lunar", "birthday"),
    ],
)
def test_B6_what_is_no_lunar_date_or_is_written_for_the_other_calendar_is_refused(
    suite: Suite, birthday: object, calendar: str, field: str
) -> None:
    answer = told_lunar(suite, birthday, calendar)
    assert (answer.status, answer.body["code"]) == (422, "invalid_request")
    assert [each["field"] for each in answer.body["errors"]] == [field]
    assert ask(suite, "/members/me").status == 404


def test_B4_B6_a_lunar_birthday_is_entered_once_and_another_calendar_is_a_change(suite: Suite) -> None:
    told_lunar(suite, LUNAR)
    assert told_lunar(suite, LUNAR).status == 200
    assert suite.call(Call("PUT", "/members/me", {"name": "Ann"}, ALICE)).body["birthday"] == LUNAR
    for birthday, calendar in (
        ("1990-08-15", "solar"),
        (LUNAR | {"day": 16}, "lunar"),
        (LUNAR | {"year": 1990}, "lunar"),
    ):
        answer = told_lunar(suite, birthday, calendar)
        assert (answer.status, answer.body["code"]) == (409, "birthday_locked")
    body: dict[str, Any] = {"birthday": "1990-08-15", "birthday_calendar": "solar", "reason": "typing error"}
    changed = suite.call(Call("PUT", "/members/alice/birthday", body, staff())).body
    assert (changed["birthday"], changed["birthday_calendar"], changed["next_birthday"]) == (
        "1990-08-15",
        "solar",
        "2026-08-15",
    )
    body = {"birthday": {"month": 8, "day": 15}, "birthday_calendar": "lunar", "reason": "typing error"}
    assert suite.call(Call("PUT", "/members/alice/birthday", body, staff())).body["birthday"] == LUNAR
    assert ask(suite, "/members/me").body["birthday_calendar"] == "lunar"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("kept", "named", "status"),
    [
        (None, "solar", 200),
        (None, "lunar", 422),
        ("solar", "solar", 200),
        ("solar", "lunar", 409),
        ("lunar", "lunar", 200),
        ("lunar", "solar", 409),
    ],
)
def test_B4_B6_a_calendar_named_without_a_birthday_is_heard(
    suite: Suite, method: str, kept: str | None, named: str, status: int
) -> None:
    birthdays = {None: None, "solar": "1990-08-15", "lunar": LUNAR}
    before = told_lunar(suite, birthdays[kept], kept or "solar").body
    answer = suite.call(Call(method, "/members/me", {"name": "Ann", "birthday_calendar": named}, ALICE))
    assert answer.status == status
    if status == 200:
        assert answer.body == before | {"name": "Ann"}
    else:
        assert answer.body["code"] == {409: "birthday_locked", 422: "invalid_request"}[status]
        assert ask(suite, "/members/me").body == before


def test_who_told_no_birthday_has_no_next_one(suite: Suite) -> None:
    answer = suite.call(Call("PUT", "/members/me", {"name": "Alice"}, ALICE)).body
    assert (answer["birthday"], answer["birthday_calendar"], answer["next_birthday"]) == (None, "solar", None)
