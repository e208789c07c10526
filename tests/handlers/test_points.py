"""Points from the outside: wallet, ledger, adjustments, jobs, audit; the worked examples of the rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from functions.points import jobs, posting
from tests.handlers.conftest import Suite
from tests.handlers.test_order_life import END_OF_MAY, MAY, Life, job, returned, shop, store_time
from tests.support import accounts
from tests.support.events import Answer, Call, Context, claims, staff

ALICE = claims("alice")
POINTS = "/members/me/points"
ENTRIES = "/members/me/points/entries"
LIABILITY = "/reports/points-liability"
DIFFERENCES = "/reports/points-differences"
ADJUST_ALICE = "/members/alice/points/adjustments"
RIGHT = {"adjustment_id": "a1", "points": 100, "reason": "goodwill"}


class Posted(Life):
    """An order of alice whose every change is posted at once."""

    def keep_row(self) -> None:
        """Deliver what the stream has of the order now."""
        super().keep_row()
        self.deliver("the last alone")

    def received_at(self, text: str) -> "Posted":
        """Let the paid order be shipped and received at a time in the shop."""
        self.suite.now = store_time(text)
        self.must("shipment")
        self.must("receipt", who=ALICE)
        return self

    def released(self) -> "Posted":
        """Let the order be paid, shipped and received now, and its points be released 7 days later."""
        self.pay(f"pay-{self.order_id}")
        self.must("shipment")
        self.must("receipt", who=ALICE)
        self.suite.pass_time(days=7)
        self.suite.fire("release-points")
        return self

    def all_back(self, return_id: str = "all") -> dict[str, Any]:
        """Return everything now."""
        lines = {line["sku"]: line["quantity"] for line in self.placed["lines"]}
        return self.must("returns", returned(return_id, **lines))


def placed(
    suite: Suite, quantities: dict[str, int], key: str = "k1", order: type[Life] = Posted, **offers: Any
) -> Any:
    """Let alice place an order."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    answer = suite.order(ALICE, key, {"lines": lines, **offers})
    assert answer.status == 201, answer.body
    made = order(suite, answer.body["order_id"], answer.body, {})
    made.keep_row()
    return made


def refused(suite: Suite, points: int, quantities: dict[str, int]) -> str:
    """Return the code that alice is refused with when she wants to redeem points."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    answer = suite.order(ALICE, "refused", {"lines": lines, "points": points})
    assert answer.status == 409
    return answer.code


def read(suite: Suite, path: str, who: dict[str, str] | None = None, **query: str) -> Answer:
    """Read something, as alice unless somebody else is named."""
    return suite.call(Call("GET", path, who=who or ALICE, query=query))


def wallet(suite: Suite, who: dict[str, str] | None = None) -> tuple[int, int, int]:
    """Return what is available, frozen and owed."""
    body = read(suite, POINTS, who).body
    return body["available"], body["frozen"], body["debt"]


def ledger(suite: Suite, who: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return the whole ledger, oldest first."""
    answer = read(suite, ENTRIES, who, limit="100")
    assert (answer.status, answer.body["next_cursor"]) == (200, None)
    found: list[dict[str, Any]] = answer.body["items"]
    return found[::-1]


def kinds(suite: Suite) -> list[str]:
    """Return the kinds of the ledger's entries, oldest first."""
    return [entry["kind"] for entry in ledger(suite)]


def years(suite: Suite) -> dict[str, int]:
    """Return the stored available points by earn year: the sum of the entries (E9)."""
    found: dict[str, int] = {}
    for entry in ledger(suite):
        for year, delta in entry["available_by_year_delta"].items():
            found[year] = found.get(year, 0) + delta
    return {year: points for year, points in sorted(found.items()) if points}


def adjust(
    suite: Suite,
    points: Any,
    adjustment_id: str = "a1",
    reason: str = "goodwill",
    member_id: str = "alice",
    who: dict[str, str] | None = None,
) -> Answer:
    """Let staff adjust points by hand."""
    body = {"adjustment_id": adjustment_id, "points": points, "reason": reason}
    return suite.call(Call("POST", f"/members/{member_id}/points/adjustments", body, who or staff()))


def holding(suite: Suite, **by_year: int) -> None:
    """Let alice, who registers, hold points: each credit is given in the middle of its year."""
    suite.member("alice")
    for year, points in by_year.items():
        suite.now = store_time(f"{year.removeprefix('y')}-06-01T12:00:00")
        assert adjust(suite, points, f"credit-{year}").status == 200


def standing(suite: Suite) -> tuple[str, int]:
    """Return alice's tier and effective order amount."""
    body = read(suite, "/members/me").body
    return body["tier"], body["effective_amount_fen"]


def listed(suite: Suite) -> list[dict[str, Any]]:
    """Return the differences of the last audit."""
    answer = read(suite, DIFFERENCES, staff(), limit="100")
    assert (answer.status, answer.body["next_cursor"]) == (200, None)
    items: list[dict[str, Any]] = answer.body["items"]
    assert read(suite, LIABILITY, staff()).body["differences"] == len(items)
    return items


def fits(suite: Suite) -> bool:
    """Tell whether an audit finds that everything fits."""
    suite.fire("audit-points")
    return listed(suite) == []


# --- the wallet ---


def test_a_new_wallet_is_empty(suite: Suite) -> None:
    suite.member()
    answer = read(suite, POINTS)
    assert (answer.status, answer.body) == (200, {"available": 0, "frozen": 0, "debt": 0, "expiring": []})
    assert read(suite, ENTRIES).body == {"items": [], "next_cursor": None}


def test_E5_the_wallet_says_what_expires_when_by_the_last_usable_second(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    assert read(suite, POINTS).body == {
        "available": 1_000,
        "frozen": 0,
        "debt": 0,
        "expiring": [
            {"points": 300, "expires_at": "2026-12-31T23:59:59+08:00"},
            {"points": 700, "expires_at": "2027-12-31T23:59:59+08:00"},
        ],
    }


def test_points_are_of_who_is_registered_and_known(suite: Suite) -> None:
    for path in (POINTS, ENTRIES):
        for who in (claims("nobody"), staff()):
            answer = read(suite, path, who)
            assert (answer.status, answer.code) == (409, "not_registered")
        for nobody in (None, {"sub": "alice", "token_use": "id"}):
            answer = suite.call(Call("GET", path, who=nobody))
            assert (answer.status, answer.code) == (401, "unauthenticated")


def test_case_38_a_wallet_shows_the_callers_points_and_nobody_elses(suite: Suite) -> None:
    holding(suite, y2026=700)
    bob = suite.member("bob")
    assert (wallet(suite, bob), ledger(suite, bob)) == ((0, 0, 0), [])
    assert read(suite, POINTS, bob, member_id="alice").code == "invalid_request"


# --- entries ---


def test_E9_an_entry_has_every_field_of_the_contract(suite: Suite) -> None:
    suite.member()
    adjust(suite, 120, reason="Lost parcel, 丢件")
    (entry,) = ledger(suite)
    assert entry.pop("entry_id").startswith("ent_")
    assert entry == {
        "kind": "adjust",
        "occurred_at": "2026-05-01T12:00:00+08:00",
        "order_id": None,
        "reason": "Lost parcel, 丢件",
        "adjustment_id": "a1",
        "frozen_delta": 0,
        "available_delta": 120,
        "available_by_year_delta": {"2026": 120},
        "debt_delta": 0,
        "lapsed_points": 0,
        "available": 120,
        "frozen": 0,
        "debt": 0,
    }


def pages(suite: Suite, limit: int) -> list[str]:
    """Return the entries of all pages as they come."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    for _ in range(50):
        page = suite.call(Call("GET", ENTRIES, who=ALICE, query={"limit": str(limit)} | cursor)).body
        assert len(page["items"]) <= limit
        found += [entry["entry_id"] for entry in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}
    raise AssertionError("the list has no end")


def test_entries_of_the_same_second_are_listed_in_posting_order_the_last_first(suite: Suite) -> None:
    suite.member()
    for number in range(1, 13):
        assert adjust(suite, number, f"a{number}").status == 200
    page = read(suite, ENTRIES).body
    assert [entry["available_delta"] for entry in page["items"]] == list(range(12, 0, -1))
    assert [entry["available"] for entry in page["items"]] == [n * (n + 1) // 2 for n in range(12, 0, -1)]
    whole = [entry["entry_id"] for entry in page["items"]]
    assert len(set(whole)) == 12
    for limit in (1, 5, 12):
        assert pages(suite, limit) == whole


def test_entries_are_listed_newest_first_also_what_is_posted_late(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 1}, order=Life)
    order.pay()
    suite.pass_time(hours=1)
    adjust(suite, 5)
    order.deliver()
    page = read(suite, ENTRIES).body["items"]
    assert [(entry["kind"], entry["occurred_at"][11:16]) for entry in page] == [
        ("adjust", "13:00"),
        ("earn", "12:00"),
    ]
    assert (page[1]["frozen"], page[1]["available"], page[0]["frozen"]) == (110, 5, 0)
    assert wallet(suite) == (5, 110, 0)


def test_a_page_has_20_entries_unless_told(suite: Suite) -> None:
    suite.member()
    for number in range(21):
        adjust(suite, 1, f"a{number}")
    page = read(suite, ENTRIES).body
    assert len(page["items"]) == 20
    rest = read(suite, ENTRIES, cursor=page["next_cursor"]).body
    assert (len(rest["items"]), rest["next_cursor"]) == (1, None)


def test_case_43_a_cursor_of_entries_is_its_callers_and_its_lists(suite: Suite) -> None:
    alice, bob = suite.member(), suite.member("bob")
    for number in range(3):
        adjust(suite, 1, f"a{number}")
        adjust(suite, 1, f"b{number}", member_id="bob")
    cursor = read(suite, ENTRIES, limit="1").body["next_cursor"]
    middle = len(cursor) // 2
    altered = cursor[:middle] + ("A" if cursor[middle] != "A" else "B") + cursor[middle + 1 :]
    suite.fire("audit-points")
    answers = [
        read(suite, ENTRIES, bob, cursor=cursor),
        read(suite, "/orders", alice, cursor=cursor),
        read(suite, DIFFERENCES, claims("alice", **{"cognito:groups": "[staff]"}), cursor=cursor),
        *[read(suite, ENTRIES, cursor=each) for each in (altered, cursor[1:], "x", "é", "%00", "=")],
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(400, "invalid_cursor")}
    assert read(suite, ENTRIES, cursor="x" * 10_000).status == 422
    assert read(suite, ENTRIES, limit="1", cursor=cursor).status == 200


# --- adjustments ---


def test_E8_a_credit_belongs_to_the_current_year_and_answers_the_balances(suite: Suite) -> None:
    suite.member()
    suite.now = store_time("2026-12-31T23:59:59")
    answer = adjust(suite, 100, "a1")
    assert (answer.status, answer.body) == (200, {"available": 100, "frozen": 0, "debt": 0})
    suite.pass_time(seconds=1)
    assert adjust(suite, 50, "a2").body == {"available": 150, "frozen": 0, "debt": 0}
    assert years(suite) == {"2026": 100, "2027": 50}
    assert fits(suite)


def test_E8_a_debit_takes_the_oldest_year_first(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    assert adjust(suite, -400, "a1").body == {"available": 600, "frozen": 0, "debt": 0}
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2025": -300, "2026": -100}
    assert adjust(suite, -600, "a2").body["available"] == 0
    assert fits(suite)


def test_E8_a_debit_of_more_than_can_be_spent_is_refused(suite: Suite) -> None:
    shop(suite, tea=9_950)
    holding(suite, y2025=300, y2026=700)
    placed(suite, {"tea": 1}).pay()
    before = ledger(suite)
    for points in (-1_001, -1_110, -1_000_000):  # frozen points are none that could be taken
        answer = adjust(suite, points)
        assert (answer.status, answer.code) == (409, "insufficient_points")
    assert (wallet(suite), ledger(suite)) == ((1_000, 110, 0), before)
    suite.now = store_time("2027-01-01T00:00:00")
    assert adjust(suite, -701).code == "insufficient_points"  # E5: expired ones neither
    assert adjust(suite, -700).body == {"available": 0, "frozen": 110, "debt": 0}
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2026": -700}


@pytest.mark.parametrize("points", [1, -1, 1_000_000, -1_000_000])
def test_an_adjustment_is_up_to_a_million_points_either_way(suite: Suite, points: int) -> None:
    suite.member()
    adjust(suite, 1_000_000, "before")
    assert adjust(suite, points).body["available"] == 1_000_000 + points


WRONG_POINTS = [
    0,
    1_000_001,
    -1_000_001,
    10**30,
    1.0,
    -0.0,
    0.5,
    1e3,
    float("nan"),
    float("inf"),
    "1",
    "",
    True,
    False,
    None,
    [1],
    {},
]


@pytest.mark.parametrize("points", WRONG_POINTS, ids=repr)
def test_case_41_points_of_an_adjustment_are_a_whole_number_that_is_not_0(suite: Suite, points: Any) -> None:
    suite.member()
    answer = adjust(suite, points)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert ledger(suite) == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"adjustment_id": "a1", "points": 1},
        {"adjustment_id": "a1", "reason": "x"},
        {"points": 1, "reason": "x"},
        RIGHT | {"member_id": "bob"},
        RIGHT | {"operator": "mallory"},
        RIGHT | {"year": 2020},
        RIGHT | {"reason": ""},
        RIGHT | {"reason": " "},
        RIGHT | {"reason": "x" * 201},
        RIGHT | {"reason": "a\u0000b"},
        RIGHT | {"reason": "a\u202eb"},
        RIGHT | {"reason": 1},
        RIGHT | {"reason": None},
        *[RIGHT | {"adjustment_id": each} for each in ("", "a b", "é", "a\n", "х", "x" * 256, "x" * 10_000)],
        *[RIGHT | {"adjustment_id": each} for each in (1, None, True, ["a"])],
        [RIGHT],
        "a",
        1,
        None,
    ],
    ids=lambda body: repr(body)[:60],
)
def test_case_40_to_42_what_staff_say_of_an_adjustment_is_checked(suite: Suite, body: Any) -> None:
    suite.member()
    answer = suite.call(Call("POST", ADJUST_ALICE, body, staff()))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert ledger(suite) == []


@pytest.mark.parametrize("raw", ["", "{", "[", "nan", '{"points": 1, "points": 2}', "\ud800"])
def test_case_41_a_body_that_is_no_object_is_refused(suite: Suite, raw: str) -> None:
    suite.member()
    if raw == "\ud800":
        raw = '{"adjustment_id": "a1", "points": 1, "reason": "\\ud800"}'
    answer = suite.call(Call("POST", ADJUST_ALICE, who=staff(), raw=raw))
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert ledger(suite) == []


def test_case_45_a_body_over_256_kB_is_refused(suite: Suite) -> None:
    suite.member()
    answer = suite.call(Call("POST", ADJUST_ALICE, RIGHT | {"reason": "x" * 256_001}, staff()))
    assert answer.status in (413, 422)
    answer = suite.call(Call("POST", ADJUST_ALICE, RIGHT | {"reason": "x" * 300_000}, staff()))
    assert (answer.status, answer.code) == (413, "body_too_large")


def test_R1_an_adjustment_counts_once_for_ever_and_its_repeat_answers_the_wallet_as_it_is(
    suite: Suite,
) -> None:
    suite.member()
    assert adjust(suite, 100).body["available"] == 100
    adjust(suite, 11, "a2")
    for _ in range(2):
        suite.pass_time(days=30)
        again = adjust(suite, 100, who=staff("another clerk"))
        assert (again.status, again.body) == (200, {"available": 111, "frozen": 0, "debt": 0})
    assert [entry["available_delta"] for entry in ledger(suite)] == [100, 11]
    adjust(suite, -111, "a3")
    assert adjust(suite, -111, "a3").status == 200  # it would be refused now, but it has happened
    suite.now = store_time("2028-01-01T00:00:00")
    assert adjust(suite, 100).body == {"available": 0, "frozen": 0, "debt": 0}
    assert len(ledger(suite)) == 3
    assert fits(suite)


def test_R1_an_adjustment_id_is_global_and_has_one_meaning(suite: Suite) -> None:
    suite.member()
    suite.member("bob")
    assert adjust(suite, 100).status == 200
    answers = [
        adjust(suite, 101),
        adjust(suite, -100),
        adjust(suite, 100, reason="other"),
        adjust(suite, 100, member_id="bob"),
        adjust(suite, 100, member_id="nobody"),
        adjust(suite, -1_000),  # a reused id is told before a lack of points
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(422, "adjustment_id_reused")}
    assert (wallet(suite), wallet(suite, claims("bob"))) == ((100, 0, 0), (0, 0, 0))


def test_a_refused_adjustment_uses_no_id_up(suite: Suite) -> None:
    suite.member()
    assert adjust(suite, -1).code == "insufficient_points"
    assert adjust(suite, 5, member_id="nobody").code == "member_not_found"
    assert adjust(suite, 5).status == 200


@pytest.mark.parametrize("member_id", ["nobody", "adjustment:a1", "ALICE", "alice ", "аlice", "alice#WALLET"])
def test_an_adjustment_of_who_is_no_member_is_refused(suite: Suite, member_id: str) -> None:
    suite.member()
    adjust(suite, 5)
    answer = adjust(suite, 5, "a2", member_id=member_id)
    assert (answer.status, answer.code) in ((404, "member_not_found"), (422, "invalid_request"))


@pytest.mark.parametrize(
    "member_id", ["x" * 10_000, "é" * 10_000, "a" * 129, "a\u0000b", "%00", "a%2Fb", "\n"]
)
def test_case_42_a_member_id_that_is_none_is_4xx(suite: Suite, member_id: str) -> None:
    answer = adjust(suite, 5, member_id=member_id)
    assert 400 <= answer.status < 500
    assert answer.headers["content-type"] == "application/problem+json"


ANY_BODY = [None, {}, RIGHT, {"points": 0}, {"nonsense": 1}, [1]]


@pytest.mark.parametrize("body", ANY_BODY, ids=repr)
def test_case_47_an_adjustment_is_forbidden_to_a_member_before_anything_else(suite: Suite, body: Any) -> None:
    suite.member()
    for member_id in ("alice", "me", "bob", "nobody", "x" * 10_000, "a\u0000b"):
        path = f"/members/{member_id}/points/adjustments"
        assert suite.call(Call("POST", path, body)).status == 401
        for who in (ALICE, claims("nobody"), claims("alice", **{"cognito:groups": "[nonstaff]"})):
            answer = suite.call(Call("POST", path, body, who))
            assert (answer.status, answer.code) == (403, "forbidden")
    assert ledger(suite) == []


def test_the_checks_of_an_adjustment_come_in_the_contracts_order(suite: Suite) -> None:
    def sent(who: dict[str, str] | None, member_id: str, points: int) -> int:
        body = RIGHT | {"points": points}
        return suite.call(Call("POST", f"/members/{member_id}/points/adjustments", body, who)).status

    suite.member()
    assert sent(None, "nobody", 0) == 401
    assert sent(ALICE, "nobody", 0) == 403
    assert sent(staff(), "nobody", 0) == 422
    assert sent(staff(), "nobody", -1) == 404
    assert sent(staff(), "alice", -1) == 409
    assert sent(staff(), "alice", 1) == 200


def test_a_service_is_staff_by_its_scope(suite: Suite) -> None:
    suite.member()
    assert adjust(suite, 5, who=claims("svc", scope="membership/staff")).status == 200
    assert adjust(suite, 5, who=claims("svc", scope="membership/staffing")).status == 403


# --- earning and releasing ---


@pytest.mark.parametrize(("price_fen", "points"), [(8_950, 100), (8_949, 99), (8_951, 100)])
def test_E1_E2_an_order_earns_its_paid_yuan_rounded_half_up_and_frozen(
    suite: Suite, price_fen: int, points: int
) -> None:
    shop(suite, tea=price_fen)
    suite.member()
    order = placed(suite, {"tea": 1})
    assert wallet(suite) == (0, 0, 0)
    order.pay()
    assert wallet(suite) == (0, points, 0)


def test_example_a_J3_member_earns_206_with_a_zone_item_of_129_00_twice_on_the_member_day(
    suite: Suite,
) -> None:
    shop(suite, gold=850_000)
    product = {"name": "Cup", "price_fen": 12_900, "member_zone": True}
    suite.call(Call("PUT", "/products/cup", product, staff()))
    movement = {"movement_id": "m", "delta": 5, "reason": "delivery"}
    suite.call(Call("POST", "/products/cup/stock", movement, staff()))
    suite.member()
    placed(suite, {"gold": 1}).pay()
    suite.now = store_time("2026-05-10T00:00:00")
    order = placed(suite, {"cup": 2}, "k2")
    assert (order.placed["quote"]["tier"], order.placed["paid_fen"]) == ("J3", 20_640)
    order.pay("p2")
    assert wallet(suite) == (0, 8_500 + 206, 0)


def test_example_a_J0_member_earns_110_with_one_item_of_99_50(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    placed(suite, {"tea": 1}).pay()
    assert (wallet(suite), standing(suite)) == ((0, 110, 0), ("J1", 10_950))


def test_example_a_J5_member_earns_108_with_a_coupon_of_100_on_198_00(suite: Suite) -> None:
    shop(suite, gold=8_500_000, tea=19_800)
    suite.member()
    placed(suite, {"gold": 1}).pay()
    table = suite.settings.members_table
    coupon = accounts.hold_coupon(
        suite.tables, table, "alice", face_fen=10_000, valid_from=MAY, valid_until=END_OF_MAY
    )
    placed(suite, {"tea": 1}, "k2", coupon=coupon.coupon_id).pay("p2")
    assert wallet(suite) == (0, 85_000 + 108, 0)


def test_example_2_000_points_on_3_20_and_shipping_earn_9(suite: Suite) -> None:
    shop(suite, tea=320)
    holding(suite, y2026=2_000)
    order = placed(suite, {"tea": 1}, points=2_000)
    assert order.placed["paid_fen"] == 920
    order.pay()
    assert wallet(suite) == (0, 9, 0)
    assert kinds(suite) == ["adjust", "redeem", "earn"]


def test_example_three_of_66_67_come_back_one_at_a_time(suite: Suite) -> None:
    shop(suite, tea=6_667)
    holding(suite, y2026=2_000)
    order = placed(suite, {"tea": 3}, points=2_000)
    order.pay()
    assert (order.placed["paid_fen"], wallet(suite)) == (19_601, (0, 196, 0))
    order.received_at("2026-06-10T12:00:00")
    seen = []
    for number in range(3):
        order.must("returns", returned(f"r{number}", tea=1))
        seen.append(wallet(suite))
    assert seen == [(667, 131, 0), (1_333, 65, 0), (2_000, 0, 0)]
    assert kinds(suite)[3:] == ["restore", "reverse"] * 3
    assert fits(suite)


def test_example_points_paid_at_the_years_last_second_are_released_and_gone_by_its_rules(
    suite: Suite,
) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2025-12-31T23:59:59")
    suite.member()
    order = placed(suite, {"tea": 1})
    order.pay()
    order.received_at("2026-01-03T12:00:00")
    for moment, expected in (
        ("2026-01-03T12:00:00", (0, 110, 0)),
        ("2026-01-10T11:59:59", (0, 110, 0)),
        ("2026-01-10T12:00:00", (110, 0, 0)),
        ("2026-12-31T23:59:59", (110, 0, 0)),
        ("2027-01-01T00:00:00", (0, 0, 0)),
    ):
        suite.now = store_time(moment)
        suite.fire("release-points")
        assert wallet(suite) == expected, moment
    assert years(suite) == {"2025": 110}
    suite.fire("expire-points")
    assert (wallet(suite), years(suite)) == ((0, 0, 0), {})
    assert kinds(suite) == ["earn", "release", "expire"]
    assert fits(suite)


def test_E5_the_earn_year_is_that_of_the_payment_and_not_of_the_order(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.now = store_time("2025-12-31T23:45:00")
    suite.member()
    order = placed(suite, {"tea": 1})
    suite.now = store_time("2026-01-01T00:00:00")
    order.released()
    assert years(suite) == {"2026": 110}


def test_E3_a_release_happens_once_however_often_and_late_the_job_runs(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 2})
    order.pay()
    order.received_at("2026-05-03T12:00:00")
    suite.pass_time(days=9)  # R3: runs were missed
    suite.starter({"job": "release-points"}, Context())
    suite.fire("release-points")  # overlapping with the one before
    suite.pass_time(days=1)
    suite.fire("release-points")
    assert kinds(suite) == ["earn", "release"]
    release = ledger(suite)[-1]
    assert (release["order_id"], release["frozen_delta"]) == (order.order_id, -199)
    assert release["available_by_year_delta"] == {"2026": 199}
    assert wallet(suite) == (199, 0, 0)
    assert fits(suite)


def test_E3_a_parcel_that_nobody_confirms_is_released_7_days_after_its_automatic_receipt(
    suite: Suite,
) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 1})
    order.pay()
    order.must("shipment")
    suite.pass_time(days=10, hours=9)
    job(suite, "auto-receipt")
    order.keep_row()
    suite.now = store_time("2026-05-18T11:59:59")
    suite.fire("release-points")
    assert wallet(suite) == (0, 110, 0)
    suite.pass_time(seconds=1)
    suite.fire("release-points")
    assert wallet(suite) == (110, 0, 0)


def test_E3_what_came_back_before_the_release_is_not_released(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    part, whole = placed(suite, {"tea": 2}), placed(suite, {"tea": 2}, "k2")
    part.pay("p1")
    whole.pay("p2")
    for order in (part, whole):
        order.received_at("2026-05-03T12:00:00")
    part.must("returns", returned("r1", tea=1))
    whole.all_back()
    assert wallet(suite) == (0, 100, 0)
    suite.pass_time(days=7)
    suite.fire("release-points")
    assert wallet(suite) == (100, 0, 0)
    assert kinds(suite).count("release") == 1
    assert fits(suite)


def test_R2_a_release_never_overtakes_a_return_that_is_not_posted_yet(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 2}, order=Life)
    order.received()
    order.deliver()
    suite.pass_time(days=6, hours=23)
    order.give_back("r1", tea=1)  # at the very instant of the release
    suite.fire("release-points")
    assert (wallet(suite), kinds(suite)) == ((100, 0, 0), ["earn", "reverse", "release"])
    order.deliver("backwards")
    assert (wallet(suite), len(ledger(suite))) == ((100, 0, 0), 3)
    assert fits(suite)


def test_E3_more_lots_of_one_member_than_a_transaction_takes_are_released_by_one_run(
    suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (jobs, posting):  # three of 2, as 46 would be of 45
        monkeypatch.setattr(module, "LOTS_PER_RELEASE_MAX", 2)
    shop(suite, tea=100)
    suite.member()
    for number in range(3):
        order = placed(suite, {"tea": 1}, f"k{number}")
        order.pay(f"p{number}")
        order.must("shipment")
        order.must("receipt")
    suite.pass_time(days=7)
    suite.fire("release-points")
    assert wallet(suite) == (33, 0, 0)
    assert kinds(suite) == ["earn"] * 3 + ["release"] * 3


# --- taking back ---


def test_example_a_released_lot_that_was_spent_becomes_a_debt_that_the_next_release_pays(
    suite: Suite,
) -> None:
    shop(suite, tea=11_000, cup=9_000)
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    assert wallet(suite) == (120, 0, 0)
    adjust(suite, -70)
    order.all_back()
    assert wallet(suite) == (0, 0, 70)
    reverse = ledger(suite)[-1]
    assert (reverse["kind"], reverse["available_by_year_delta"], reverse["debt_delta"]) == (
        "reverse",
        {"2026": -50},
        70,
    )
    placed(suite, {"cup": 1}, "k2").released()
    assert wallet(suite) == (30, 0, 0)
    release = ledger(suite)[-1]
    assert (release["frozen_delta"], release["available_delta"], release["debt_delta"]) == (-100, 30, -70)
    assert fits(suite)


@pytest.mark.parametrize(("points", "after"), [(69, (0, 0, 1)), (70, (0, 0, 0)), (71, (1, 0, 0))])
def test_E4_a_credit_by_hand_pays_the_debt_first(
    suite: Suite, points: int, after: tuple[int, int, int]
) -> None:
    shop(suite, tea=11_000)
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    adjust(suite, -70)
    order.all_back()
    body = adjust(suite, points, "a2").body
    assert (body["available"], body["frozen"], body["debt"]) == after == wallet(suite)
    assert fits(suite)


def test_example_a_return_restores_first_and_then_takes_from_the_lots_own_year(suite: Suite) -> None:
    shop(suite, tea=25_000, cup=10_000)
    holding(suite, y2025=500)
    suite.now = store_time("2026-02-01T12:00:00")
    other = placed(suite, {"cup": 1}, "other", points=500)  # the 500 of 2025
    other.pay("p-other")
    adjust(suite, 500, "of-2026")
    order = placed(suite, {"tea": 1}, points=500)
    assert order.placed["paid_fen"] == 24_900
    order.released()
    assert years(suite) == {"2026": 249}
    adjust(suite, -249, "spent")
    other.must("cancel", who=ALICE)
    assert (years(suite), wallet(suite)) == ({"2025": 500}, (500, 0, 0))
    order.all_back()
    assert years(suite) == {"2025": 500, "2026": 251}
    assert wallet(suite) == (751, 0, 0)
    assert kinds(suite)[-2:] == ["restore", "reverse"]
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2026": -249}
    assert fits(suite)


def test_E4_what_the_lots_own_year_lacks_is_taken_from_the_others(suite: Suite) -> None:
    shop(suite, tea=11_000, cup=10_000)
    holding(suite, y2025=500)
    suite.now = store_time("2026-02-01T12:00:00")
    other = placed(suite, {"cup": 1}, "other", points=500)
    other.pay("p-other")
    order = placed(suite, {"tea": 1}).released()
    adjust(suite, -100, "spent")  # 20 of the lot's 120 are left
    other.must("cancel", who=ALICE)
    order.all_back()
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2026": -20, "2025": -100}
    assert years(suite) == {"2025": 400}
    assert fits(suite)


def test_E4_points_of_a_released_lot_that_have_expired_are_still_owed_from_the_oldest_year(
    suite: Suite,
) -> None:
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    suite.now = store_time("2026-06-01T12:00:00")
    adjust(suite, 50, "of-2026")
    suite.now = store_time("2027-06-01T12:00:00")
    suite.fire("expire-points")
    adjust(suite, 40, "of-2027")
    order.all_back()
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2026": -50, "2027": -40}
    assert wallet(suite) == (0, 0, 30)
    suite.now = store_time("2029-06-01T12:00:00")
    suite.fire("expire-points")
    assert wallet(suite) == (0, 0, 30)  # a debt does not expire
    assert fits(suite)


def test_E4_before_the_expiry_job_has_run_expired_points_pay_no_return(suite: Suite) -> None:
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    suite.now = store_time("2027-01-01T00:00:00")
    order.all_back()
    assert wallet(suite) == (0, 0, 120)
    suite.fire("expire-points")
    assert (wallet(suite), years(suite)) == ((0, 0, 120), {})
    assert fits(suite)


def test_R2_a_return_before_the_years_end_that_is_posted_after_it_ends_as_in_order(suite: Suite) -> None:
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    suite.member()
    order = placed(suite, {"tea": 1}).released()
    adjust(suite, 380, "of-2025")
    suite.now = store_time("2026-12-31T23:59:59")
    body = returned("late", tea=1)
    answer = suite.call(Call("POST", f"/orders/{order.order_id}/returns", body, staff()))
    assert answer.status == 200
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    assert years(suite) == {}
    order.keep_row()  # only now the stream delivers it
    assert (wallet(suite), years(suite)) == ((0, 0, 0), {})
    assert fits(suite)


# --- restoring ---


def test_example_points_return_to_the_years_that_they_were_taken_from_and_lapse_with_them(
    suite: Suite,
) -> None:
    shop(suite, tea=9_950)
    holding(suite, y2025=300, y2026=900)
    order = placed(suite, {"tea": 2}, points=1_000)
    assert ledger(suite)[-1]["available_by_year_delta"] == {"2025": -300, "2026": -700}
    order.pay()
    suite.now = store_time("2027-01-02T12:00:00")
    suite.fire("expire-points")
    order.must("cancel", who=ALICE)
    assert (wallet(suite), years(suite)) == ((900, 0, 0), {"2026": 900})
    restore, lapse, reverse = ledger(suite)[-3:]
    assert (restore["kind"], restore["available_by_year_delta"]) == ("restore", {"2026": 700})
    assert (lapse["kind"], lapse["lapsed_points"]) == ("lapse", 300)
    assert {lapse[name] for name in ("available_delta", "frozen_delta", "debt_delta")} == {0}
    assert (reverse["kind"], reverse["frozen_delta"]) == ("reverse", -197)
    assert fits(suite)


def test_example_points_that_paid_for_shipping_come_back_with_the_last_unit(suite: Suite) -> None:
    shop(suite, tea=160)
    holding(suite, y2026=2_000)
    order = placed(suite, {"tea": 2}, points=2_000)
    order.pay()
    order.received_at("2026-06-05T12:00:00")
    assert order.must("returns", returned("r1", tea=1))["points_restored"] == 800
    assert wallet(suite) == (800, 9, 0)
    last = order.must("returns", returned("r2", tea=1))
    assert (last["points_restored"], last["refund_fen"]) == (1_200, 920)
    assert wallet(suite) == (2_000, 0, 0)
    assert fits(suite)


def test_E6_what_comes_back_pays_the_debt_first(suite: Suite) -> None:
    shop(suite, tea=11_000, cup=10_000)
    suite.member()
    lot = placed(suite, {"tea": 1}).released()  # 120
    adjust(suite, 380, "credit")
    order = placed(suite, {"cup": 1}, "k2", points=500)
    order.pay("p2")
    lot.all_back()
    assert wallet(suite) == (0, 109, 120)
    order.must("cancel", who=ALICE)
    assert wallet(suite) == (380, 0, 0)
    restore = ledger(suite)[-2]
    assert (restore["kind"], restore["available_delta"], restore["debt_delta"]) == ("restore", 380, -120)
    assert fits(suite)


def test_E6_a_restore_of_a_year_that_expired_since_shows_nothing_and_is_written_off(suite: Suite) -> None:
    shop(suite, tea=9_950)
    holding(suite, y2025=500)
    suite.now = store_time("2026-12-31T23:40:00")
    order = placed(suite, {"tea": 2}, points=500, order=Life)
    order.pay()
    suite.now = store_time("2026-12-31T23:59:59")
    order.must("cancel", who=ALICE)
    suite.now = store_time("2027-01-01T00:00:00")
    suite.fire("expire-points")
    order.deliver()  # the stream is late
    assert wallet(suite) == (0, 0, 0)
    suite.pass_time(minutes=30)
    suite.fire("expire-points")
    assert (wallet(suite), years(suite)) == ((0, 0, 0), {})
    assert fits(suite)


# --- the year's end ---


def test_E5_points_are_spent_in_the_years_last_second_and_refused_in_the_next(suite: Suite) -> None:
    shop(suite, tea=9_950)
    holding(suite, y2025=1_000)
    suite.now = store_time("2026-12-31T23:59:59")
    assert placed(suite, {"tea": 1}, points=500).placed["quote"]["points"]["redeemed"] == 500
    assert wallet(suite) == (500, 0, 0)
    suite.now = store_time("2027-01-01T00:00:00")
    for _ in ("before the job", "after it"):
        assert refused(suite, 500, {"tea": 1}) == "insufficient_points"
        best = suite.order(
            ALICE,
            "best",
            {"lines": [{"sku": "tea", "quantity": 1}], "points": "best", "expected_paid_fen": 1},
        )
        assert best.body["quote"]["points"]["redeemed"] == 0
        assert adjust(suite, -1, "debit").code == "insufficient_points"
        assert read(suite, POINTS).body == {"available": 0, "frozen": 0, "debt": 0, "expiring": []}
        suite.fire("expire-points")
    assert kinds(suite) == ["adjust", "redeem", "expire"]
    expire = ledger(suite)[-1]
    assert (expire["occurred_at"], expire["available_by_year_delta"], expire["order_id"]) == (
        "2027-01-01T00:00:00+08:00",
        {"2025": -500},
        None,
    )


def test_E5_the_expiry_takes_nothing_before_its_time_and_leaves_younger_years(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    suite.now = store_time("2026-12-31T23:59:59")
    suite.fire("expire-points")
    assert wallet(suite) == (1_000, 0, 0)
    suite.pass_time(seconds=1)
    for _ in range(2):
        suite.fire("expire-points")
        assert (wallet(suite), years(suite)) == ((700, 0, 0), {"2026": 700})
    assert kinds(suite) == ["adjust", "adjust", "expire"]
    assert fits(suite)


def test_R3_an_expiry_that_was_missed_is_caught_up_with_the_time_of_each_years_end(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    suite.now = store_time("2028-03-01T12:00:00")
    assert wallet(suite) == (0, 0, 0)
    suite.fire("expire-points")
    assert [(entry["occurred_at"], entry["available_by_year_delta"]) for entry in ledger(suite)[2:]] == [
        ("2027-01-01T00:00:00+08:00", {"2025": -300}),
        ("2028-01-01T00:00:00+08:00", {"2026": -700}),
    ]
    assert fits(suite)


def frozen_over_the_years_end(suite: Suite) -> Posted:
    """Return an order of 2025 that was received on 28 December 2026."""
    shop(suite, tea=9_950)
    suite.now = store_time("2025-12-31T23:59:59")
    suite.member()
    order: Posted = placed(suite, {"tea": 2})
    order.pay()
    return order.received_at("2026-12-28T12:00:00")


def test_E7_frozen_points_of_an_expired_year_stay_frozen_until_their_release_and_lapse_then(
    suite: Suite,
) -> None:
    order = frozen_over_the_years_end(suite)
    suite.now = store_time("2027-01-04T11:59:59")
    suite.fire("expire-points")
    suite.fire("release-points")
    assert wallet(suite) == (0, 199, 0)
    suite.pass_time(seconds=1)
    for _ in range(2):
        suite.fire("release-points")
    assert (wallet(suite), years(suite)) == ((0, 0, 0), {})
    earn, lapse = ledger(suite)
    assert (earn["kind"], lapse["kind"], lapse["order_id"]) == ("earn", "lapse", order.order_id)
    assert (lapse["frozen_delta"], lapse["lapsed_points"], lapse["available_delta"]) == (-199, 199, 0)
    assert fits(suite)


def test_E7_nothing_is_taken_back_for_a_lot_that_lapsed(suite: Suite) -> None:
    order = frozen_over_the_years_end(suite)
    suite.now = store_time("2027-01-05T12:00:00")
    suite.fire("release-points")
    adjust(suite, 50, "of-2027")
    order.must("returns", returned("r1", tea=1))
    assert wallet(suite) == (50, 0, 0)
    order.must("returns", returned("r2", tea=1))
    assert (wallet(suite), standing(suite)) == ((50, 0, 0), ("J1", 0))
    assert kinds(suite) == ["earn", "lapse", "adjust"]
    assert fits(suite)


def test_E7_what_comes_back_while_it_is_frozen_comes_out_of_the_frozen_points(suite: Suite) -> None:
    order = frozen_over_the_years_end(suite)
    suite.now = store_time("2027-01-02T12:00:00")
    order.must("returns", returned("r1", tea=1))
    assert wallet(suite) == (0, 100, 0)
    suite.now = store_time("2027-01-05T12:00:00")
    suite.fire("release-points")
    assert [(entry["kind"], entry["lapsed_points"]) for entry in ledger(suite)] == [
        ("earn", 0),
        ("reverse", 0),
        ("lapse", 100),
    ]
    assert fits(suite)


def notices(suite: Suite, member_id: str = "alice") -> list[dict[str, Any]]:
    """Return what was put down of what a member is told (E10)."""
    rows, _ = suite.tables.query(
        suite.settings.members_table,
        partition=("member_id", member_id),
        prefix=("item", "NOTICE#"),
        limit=10,
        after=None,
    )
    return sorted(rows, key=lambda row: row["year"])


def test_E10_a_member_is_told_30_days_ahead_what_expires_at_the_years_end_and_once(suite: Suite) -> None:
    holding(suite, y2025=300, y2026=700)
    suite.member("bob")
    adjust(suite, 50, "bob", member_id="bob")
    suite.now = store_time("2026-12-01T23:59:59")
    suite.fire("announce-expiring")
    assert notices(suite) == []
    suite.now = store_time("2026-12-02T09:00:00")
    before = wallet(suite), ledger(suite)
    suite.fire("announce-expiring")
    (notice,) = notices(suite)
    assert (notice["year"], notice["points"], notice["expires_at"]) == (2025, 300, "2026-12-31T15:59:59Z")
    adjust(suite, -100, "spent")
    suite.pass_time(days=1)
    suite.fire("announce-expiring")
    assert notices(suite) == [notice]
    assert notices(suite, "bob") == []
    suite.now = store_time("2027-12-02T09:00:00")
    suite.fire("announce-expiring")
    assert [(each["year"], each["points"]) for each in notices(suite)] == [(2025, 300), (2026, 700)]
    assert [(each["year"], each["points"]) for each in notices(suite, "bob")] == [(2026, 50)]
    assert before[0] == (1_000, 0, 0)
    assert kinds(suite) == ["adjust", "adjust", "adjust"]


# --- attacks by repetition ---


def test_case_49_buying_earning_and_returning_leaves_no_points_and_no_tier(suite: Suite) -> None:
    shop(suite, gold=850_000)
    suite.member()
    for number in range(4):
        order = placed(suite, {"gold": 1}, f"k{number}")
        order.pay(f"p{number}")
        assert (standing(suite)[0], wallet(suite)) == ("J3", (0, 8_500, 0))
        if number == 0:
            order.must("cancel", who=ALICE)
        elif number == 1:
            order.must("shipment")
            order.must("refusal")
        else:
            order.must("shipment")
            order.must("receipt", who=ALICE)
            if number == 3:
                suite.pass_time(days=7)
                suite.fire("release-points")
                assert wallet(suite) == (8_500, 0, 0)
            order.all_back()
        assert (wallet(suite), standing(suite)) == ((0, 0, 0), ("J1", 0))
    assert fits(suite)


def test_case_49_points_that_were_spent_before_the_return_are_owed(suite: Suite) -> None:
    shop(suite, gold=850_000, tea=9_950)
    suite.member()
    for number in range(3):
        order = placed(suite, {"gold": 1}, f"k{number}").released()
        spent = placed(suite, {"tea": 2}, f"s{number}", points=2_000)
        spent.pay(f"s{number}")
        order.all_back()
        assert wallet(suite) == (0, 195, 2_000)
        assert refused(suite, 500, {"tea": 1}) == "insufficient_points"
        spent.must("cancel", who=ALICE)
        assert (wallet(suite), standing(suite)) == ((0, 0, 0), ("J1", 0))
    assert fits(suite)


Ready = Callable[[Posted], Posted]


def still_frozen(order: Posted) -> Posted:
    """Let an order be received now."""
    order.pay()
    order.must("shipment")
    order.must("receipt")
    return order


@pytest.mark.parametrize("ready", [still_frozen, Posted.released], ids=["frozen", "released"])
@pytest.mark.parametrize("steps", [[3], [1, 1, 1], [2, 1], [1, 2]], ids=str)
def test_case_50_units_that_come_back_one_at_a_time_leave_the_same_account(
    suite: Suite, ready: Ready, steps: list[int]
) -> None:
    shop(suite, tea=6_667, cup=33)
    holding(suite, y2025=300, y2026=1_700)
    order = ready(placed(suite, {"tea": 3, "cup": 3}, points=2_000))
    for number, count in enumerate(steps):
        order.must("returns", returned(f"t{number}", tea=count))
    kept = wallet(suite)
    for number, count in enumerate(steps):
        order.must("returns", returned(f"c{number}", cup=count))
    assert (wallet(suite), years(suite), standing(suite)) == (
        (2_000, 0, 0),
        {"2025": 300, "2026": 1_700},
        ("J1", 0),
    )
    retained = 1  # of 0.99 yuan less its share of the points
    assert sum(kept[:2]) == 2_000 - 10 + retained
    assert fits(suite)


# --- the audit ---


@pytest.mark.parametrize("path", [LIABILITY, DIFFERENCES])
def test_before_the_first_audit_there_is_no_report(suite: Suite, path: str) -> None:
    answer = read(suite, path, staff())
    assert (answer.status, answer.code) == (404, "not_audited")


@pytest.mark.parametrize("path", [LIABILITY, DIFFERENCES])
def test_case_47_reports_are_for_staff(suite: Suite, path: str) -> None:
    assert suite.call(Call("GET", path)).status == 401
    for who in (ALICE, suite.member(), claims("x", **{"cognito:groups": "[nonstaff]"})):
        answer = read(suite, path, who, limit="x", cursor="x")
        assert (answer.status, answer.code) == (403, "forbidden")
    assert read(suite, path, claims("svc", scope="membership/staff")).code == "not_audited"


def test_an_audit_of_nothing_says_so(suite: Suite) -> None:
    suite.fire("audit-points")
    assert read(suite, LIABILITY, staff()).body == {
        "as_of": "2026-05-01T12:00:00+08:00",
        "kind": "full",
        "available": [],
        "frozen": 0,
        "debt": 0,
        "value_fen": 0,
        "accounts": 0,
        "orders": 0,
        "differences": 0,
    }


def three_accounts(suite: Suite) -> None:
    """Let alice owe 70 points, bob hold points of two years, carol have frozen ones."""
    shop(suite, tea=11_000)
    suite.now = store_time("2025-06-01T12:00:00")
    for name in ("alice", "bob", "carol"):
        suite.member(name)
    adjust(suite, 301, "b25", member_id="bob")
    suite.now = store_time("2026-06-01T12:00:00")
    adjust(suite, 702, "b26", member_id="bob")
    lot = placed(suite, {"tea": 1}).released()
    adjust(suite, -70)
    lot.all_back()
    order = suite.order(claims("carol"), "c1", {"lines": [{"sku": "tea", "quantity": 1}]}).body
    carols = Posted(suite, order["order_id"], order, {})
    carols.pay("c1")


def test_the_report_has_the_figures_of_the_last_audit(suite: Suite) -> None:
    three_accounts(suite)
    suite.now = store_time("2026-12-31T23:59:59")
    suite.fire("audit-points")
    report = {
        "as_of": "2026-12-31T23:59:59+08:00",
        "kind": "full",
        "available": [
            {"earned_in": 2025, "points": 301, "expires_at": "2026-12-31T23:59:59+08:00"},
            {"earned_in": 2026, "points": 702, "expires_at": "2027-12-31T23:59:59+08:00"},
        ],
        "frozen": 120,
        "debt": 70,
        "value_fen": 200,  # 1 003 / 5, rounded down; the debt is not netted
        "accounts": 3,
        "orders": 2,
        "differences": 0,
    }
    assert read(suite, LIABILITY, staff()).body == report
    adjust(suite, 10_000, "later", member_id="bob")
    suite.pass_time(seconds=1)
    assert read(suite, LIABILITY, staff()).body == report
    suite.fire("audit-points")  # E5: before the expiry job
    after = read(suite, LIABILITY, staff()).body
    assert after["available"] == [
        {"earned_in": 2026, "points": 10_702, "expires_at": "2027-12-31T23:59:59+08:00"}
    ]
    assert (after["as_of"], after["value_fen"]) == ("2027-01-01T00:00:00+08:00", 2_140)


def test_an_audit_of_what_has_changed_reports_what_all_accounts_hold_and_how_many_it_looked_at(
    suite: Suite,
) -> None:
    three_accounts(suite)
    suite.pass_time(days=3)
    suite.fire("audit-points")
    everything = read(suite, LIABILITY, staff()).body
    suite.pass_time(days=1)
    adjust(suite, 9, "later", member_id="bob")
    suite.pass_time(days=1)
    suite.fire("audit-changes")
    changes = read(suite, LIABILITY, staff()).body
    assert (everything["kind"], everything["accounts"], everything["orders"]) == ("full", 3, 2)
    assert (changes["kind"], changes["accounts"], changes["orders"]) == ("incremental", 1, 0)
    years = {each["earned_in"]: each["points"] for each in everything["available"]}
    years[2026] += 9
    assert {each["earned_in"]: each["points"] for each in changes["available"]} == years
    assert (changes["frozen"], changes["debt"]) == (everything["frozen"], everything["debt"])


def test_R1_an_audit_that_is_run_twice_at_once_has_one_result(suite: Suite) -> None:
    three_accounts(suite)
    suite.starter({"job": "audit-points"}, Context())
    suite.fire("audit-points")
    report = read(suite, LIABILITY, staff()).body
    assert (report["accounts"], report["orders"], report["frozen"]) == (3, 2, 120)


def spoil(suite: Suite, member_id: str, points: int = 1_000) -> None:
    """Put points into a wallet of which no entry tells."""
    table = suite.settings.members_table
    accounts.hold_points(suite.tables, table, member_id, {"2026": points})


def test_E9_a_wallet_that_its_entries_do_not_sum_to_is_found_and_no_other(suite: Suite) -> None:
    suite.member("bob")
    suite.member()
    adjust(suite, 100)
    spoil(suite, "alice", 90)
    suite.fire("audit-points")
    found = listed(suite)
    assert {each["member_id"] for each in found} == {"alice"}
    assert "entries" in {each["what"] for each in found}
    (sums,) = [each for each in found if each["what"] == "entries"]
    assert (sums["order_id"], sums["expected"]["available"], sums["found"]["available"]) == (
        None,
        {"2026": 100},
        {"2026": 90},
    )
    spoil(suite, "alice", 100)
    suite.pass_time(days=1)
    assert fits(suite)


def test_case_30_a_posting_that_was_lost_is_found_and_a_replay_makes_it_once(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    lost = placed(suite, {"tea": 2}, points=0, order=Life)
    lost.received()
    lost.give_back("r1", tea=1)
    suite.fire("audit-points")
    (difference,) = listed(suite)
    assert (difference["member_id"], difference["order_id"], difference["what"]) == (
        "alice",
        lost.order_id,
        "posting",
    )
    for _ in range(2):
        suite.fire("replay-points")
        assert (wallet(suite), standing(suite)) == ((0, 100, 0), ("J1", 9_950))
    lost.deliver("backwards")  # and then it comes after all
    assert kinds(suite) == ["earn", "reverse"]
    suite.pass_time(days=7)
    suite.fire("release-points")
    assert wallet(suite) == (100, 0, 0)
    assert fits(suite)


def test_case_30_a_posting_that_is_on_its_way_is_no_difference(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 2}, order=Life)
    order.pay()
    suite.starter({"job": "audit-points"}, Context())
    assert suite.work_off(delayed=False) == []
    assert read(suite, LIABILITY, staff()).code == "not_audited"  # a second look is still to come
    order.deliver()
    order.must("shipment")
    order.must("receipt")  # this is not posted yet, and was not missed
    assert suite.work_off() == []
    assert listed(suite) == []


def test_case_34_a_worker_that_runs_out_of_time_hands_on_what_is_left(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 2})
    order.pay()
    order.received_at("2026-05-03T12:00:00")
    suite.pass_time(days=7)
    for job_name in ("release-points", "audit-points"):
        suite.starter({"job": job_name}, Context())
        first = []
        while (body := suite.queue.take(delayed=False)) is not None:
            first.append(body)
        for body in first:
            assert suite.work(body, remaining_ms=0)
        if job_name == "release-points":
            assert wallet(suite) == (0, 199, 0)
        for body in first:  # it is delivered again, too
            assert suite.work(body)
        assert suite.work_off() == []
    assert (wallet(suite), kinds(suite)) == ((199, 0, 0), ["earn", "release"])
    report = read(suite, LIABILITY, staff()).body
    assert (report["accounts"], report["orders"], report["differences"]) == (1, 1, 0)
    assert report["available"][0]["points"] == 199


def test_case_29_a_lot_that_cannot_be_released_holds_up_no_other(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    order = placed(suite, {"tea": 2})
    order.pay()
    order.received_at("2026-05-03T12:00:00")
    table = suite.settings.members_table
    lot = suite.tables.get(table, {"member_id": "alice", "item": f"LOT#{order.order_id}"})
    assert lot is not None
    poison = {"member_id": "aaa-nobody", "item": "LOT#ord_x", "order_id": "ord_x"}
    suite.tables.put(table, lot | poison)
    suite.pass_time(days=7)
    suite.starter({"job": "release-points"}, Context())
    (failed,) = suite.work_off()
    assert "aaa-nobody" in failed
    assert wallet(suite) == (199, 0, 0)


def test_differences_are_listed_in_pages_whose_cursors_are_the_callers_and_the_audits(suite: Suite) -> None:
    names = [f"member{number}" for number in range(5)]
    for name in names:
        suite.member(name)
        spoil(suite, name)
    suite.fire("audit-points")
    whole = listed(suite)
    assert {each["member_id"] for each in whole} == set(names)
    paged: list[dict[str, Any]] = []
    query = {"limit": "2"}
    for _ in range(len(whole)):
        page = read(suite, DIFFERENCES, staff(), **query).body
        assert len(page["items"]) <= 2
        paged += page["items"]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert paged == whole
    cursor = read(suite, DIFFERENCES, staff(), limit="2").body["next_cursor"]
    suite.call(Call("PUT", "/members/me", {"name": "Clerk"}, staff()))
    answers = [
        read(suite, DIFFERENCES, staff("another clerk"), cursor=cursor),
        read(suite, ENTRIES, staff(), cursor=cursor),
        read(suite, DIFFERENCES, staff(), cursor=cursor[:-1]),
        read(suite, DIFFERENCES, staff(), cursor="x"),
    ]
    assert {(answer.status, answer.code) for answer in answers} == {(400, "invalid_cursor")}
    suite.now += timedelta(days=1)
    suite.fire("audit-points")
    assert read(suite, DIFFERENCES, staff(), cursor=cursor).code == "invalid_cursor"
    assert read(suite, DIFFERENCES, staff(), limit="0").code == "invalid_request"


def test_an_unknown_job_is_an_error(suite: Suite) -> None:
    with pytest.raises(KeyError):
        suite.fire("nothing")
