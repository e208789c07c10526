"""Quotes and orders with offers, the member zone and the member day, as the contract has them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from functions.coupons.birthday import Coupon
from functions.domain import identifiers
from tests.handlers.conftest import Suite
from tests.support import accounts
from tests.support.events import Answer, Call, claims, staff

MAY = datetime(2026, 4, 30, 16, 0, tzinfo=UTC)
END_OF_MAY = MAY + timedelta(days=31, seconds=-1)


def put(suite: Suite, sku: str, price_fen: int, *, zone: bool = False, units: int = 99) -> None:
    """Put a product into the catalogue."""
    body = {"name": sku, "price_fen": price_fen, "member_zone": zone}
    assert suite.call(Call("PUT", f"/products/{sku}", body, staff())).status in (200, 201)
    movement = {"movement_id": "m", "delta": units, "reason": "delivery"}
    assert suite.call(Call("POST", f"/products/{sku}/stock", movement, staff())).status == 200


def member(suite: Suite, tier: str, *, points: dict[str, int] | None = None) -> dict[str, str]:
    """Return a member of a tier, with points."""
    who = suite.member("alice")
    accounts.hold_tier(suite.tables, suite.settings.members_table, "alice", tier, suite.policy)
    accounts.hold_points(suite.tables, suite.settings.members_table, "alice", points or {})
    return who


def give_coupon(suite: Suite, face_fen: int = 2_000) -> Coupon:
    """Give the member the birthday coupon of May 2026."""
    return accounts.hold_coupon(
        suite.tables,
        suite.settings.members_table,
        "alice",
        face_fen=face_fen,
        valid_from=MAY,
        valid_until=END_OF_MAY,
    )


def cart(sku: str, quantity: int = 1, **offers: Any) -> dict[str, Any]:
    """Return a cart."""
    return {"lines": [{"sku": sku, "quantity": quantity}], **offers}


def quote(suite: Suite, who: dict[str, str], body: dict[str, Any]) -> Answer:
    """Ask for a quote."""
    return suite.call(Call("POST", "/quotes", body, who))


def on_the_member_day(suite: Suite) -> None:
    """Let it be the 10th in the shop."""
    suite.now = datetime(2026, 5, 10, 4, 0, tzinfo=UTC)


def test_a_coupon_is_used_by_its_id(suite: Suite) -> None:
    put(suite, "kettle", 19_800)
    who = member(suite, "J5")
    coupon = give_coupon(suite, 10_000)
    answer = quote(suite, who, cart("kettle", coupon=coupon.coupon_id)).body
    assert answer["coupon"] == {"coupon_id": coupon.coupon_id, "amount_fen": 10_000}
    assert (answer["shipping_fen"], answer["paid_fen"], answer["earns_points"]) == (1_000, 10_800, 108)


def test_case_44_guessed_coupon_ids_get_one_uniform_refusal(suite: Suite) -> None:
    put(suite, "kettle", 19_800)
    who = member(suite, "J2")
    own = give_coupon(suite)
    guesses = [
        "cpn_2026_aaaaaaaaaaaaaaaaaaaaaaaaaa",
        identifiers.coupon_id("bob", 2026),
        identifiers.coupon_id("alice", 2025),
        own.coupon_id.upper(),
        own.coupon_id + "x",
        "x",
    ]
    answers = [quote(suite, who, cart("kettle", coupon=guess)) for guess in guesses]
    assert {(answer.status, answer.code) for answer in answers} == {(422, "coupon_not_found")}
    assert len({str(answer.body) for answer in answers}) == 1


def test_a_coupon_of_last_year_has_expired_and_is_not_unknown(suite: Suite) -> None:
    put(suite, "kettle", 19_800)
    who = member(suite, "J2")
    coupon = give_coupon(suite)
    suite.now = datetime(2027, 5, 10, 4, 0, tzinfo=UTC)
    answer = quote(suite, who, cart("kettle", coupon=coupon.coupon_id))
    assert (answer.status, answer.code, answer.body["reason"]) == (422, "coupon_not_applicable", "expired")


def test_points_are_redeemed_and_expired_ones_are_not(suite: Suite) -> None:
    put(suite, "tea", 10_000)
    who = member(suite, "J2", points={"2024": 5_000, "2025": 300, "2026": 900})
    answer = quote(suite, who, cart("tea", points="best")).body
    assert answer["points"] == {"redeemed": 1_000, "value_fen": 200}
    refused = quote(suite, who, cart("tea", points=1_500))
    assert (refused.status, refused.code) == (409, "insufficient_points")


def test_more_points_than_the_policys_cap_is_no_valid_request(suite: Suite) -> None:
    put(suite, "tea", 10_000)
    refused = quote(suite, member(suite, "J2"), cart("tea", points=2_500))
    assert (refused.status, refused.code, refused.body["errors"][0]["field"]) == (
        422,
        "invalid_request",
        "points",
    )


def test_on_the_member_day_zone_products_cost_the_tiers_price(suite: Suite) -> None:
    put(suite, "candle", 12_900, zone=True)
    who = member(suite, "J3")
    ordinary = quote(suite, who, cart("candle", 2)).body
    assert (ordinary["member_day"], ordinary["paid_fen"]) == (False, 25_800)
    on_the_member_day(suite)
    answer = quote(suite, who, cart("candle", 2)).body
    assert (answer["member_day"], answer["goods_fen"], answer["earns_points"]) == (True, 20_640, 206)
    assert answer["lines"][0]["list_price_fen"] == 12_900
    suite.pass_time(days=1)
    assert quote(suite, who, cart("candle", 2)).body["paid_fen"] == 25_800


def test_an_order_uses_points_and_coupon_up(suite: Suite) -> None:
    put(suite, "kettle", 20_000)
    who = member(suite, "J2", points={"2025": 300, "2026": 900})
    coupon = give_coupon(suite)
    with_points = suite.order(who, "k1", cart("kettle", points=1_000)).body
    assert (with_points["quote"]["points"]["redeemed"], with_points["paid_fen"]) == (1_000, 19_800)
    assert with_points["retained"]["redeemed_points"] == 1_000
    wallet = suite.call(Call("GET", "/members/me/points", who=who)).body
    assert (wallet["available"], wallet["expiring"][0]["points"]) == (200, 200)
    (entry,) = suite.call(Call("GET", "/members/me/points/entries", who=who)).body["items"]
    assert entry["available_by_year_delta"] == {"2025": -300, "2026": -700}
    assert (entry["kind"], entry["available_delta"], entry["order_id"]) == (
        "redeem",
        -1_000,
        with_points["order_id"],
    )
    with_coupon = suite.order(who, "k2", cart("kettle", coupon=coupon.coupon_id))
    assert with_coupon.body["quote"]["coupon"]["amount_fen"] == 2_000
    again = suite.order(who, "k3", cart("kettle", coupon=coupon.coupon_id))
    assert (again.status, again.code) == (409, "coupon_used")
    assert suite.order(who, "k2", cart("kettle", coupon=coupon.coupon_id)).body == with_coupon.body


def test_P8_an_order_that_costs_nothing_is_paid_at_once(suite: Suite) -> None:
    shipping = replace(suite.policy.shipping, fee_fen=0)
    generous = Suite(suite.tables, suite.settings, replace(suite.policy, shipping=shipping))
    put(generous, "sample", 300)
    who = member(generous, "J2", points={"2026": 1_500})
    order = generous.order(who, "k1", cart("sample", points=1_500)).body
    assert (order["status"], order["paid_fen"], order["paid_at"]) == ("paid", 0, order["placed_at"])


def test_the_member_zone_is_listed_by_sku_at_the_callers_own_price(suite: Suite) -> None:
    for number in range(5):
        put(suite, f"zone-{number}", 1_000 + number, zone=True)
    put(suite, "plain", 500)
    who = member(suite, "J5")
    on_the_member_day(suite)
    seen: list[dict[str, Any]] = []
    query = {"zone": "true", "limit": "2"}
    for _ in range(3):
        page = suite.call(Call("GET", "/products", who=who, query=query)).body
        seen += page["items"]
        query["cursor"] = page["next_cursor"] or ""
    assert [product["sku"] for product in seen] == [f"zone-{number}" for number in range(5)]
    assert [product["your_price_fen"] for product in seen] == [600, 601, 601, 602, 602]
    assert page["next_cursor"] is None
    assert not any("stock" in product for product in seen)


def test_a_product_that_leaves_the_zone_leaves_its_list(suite: Suite) -> None:
    put(suite, "candle", 1_000, zone=True)
    zone = Call("GET", "/products", who=staff(), query={"zone": "true"})
    assert [product["stock"] for product in suite.call(zone).body["items"]] == [99]
    put(suite, "candle", 1_000, zone=False)
    assert suite.call(zone).body == {"items": [], "next_cursor": None}


@pytest.mark.parametrize("query", [{"zone": "TRUE"}, {"zone": "1"}, {"zone": ""}])
def test_the_zone_is_asked_for_by_true_or_false(suite: Suite, query: dict[str, str]) -> None:
    assert suite.call(Call("GET", "/products", who=claims("alice"), query=query)).code == "invalid_request"


def test_case_43_a_cursor_of_the_ledger_is_none_of_the_zone(suite: Suite) -> None:
    for number in range(2):
        put(suite, f"zone-{number}", 1_000, zone=True)
    query = {"zone": "true", "limit": "1"}
    cursor = suite.call(Call("GET", "/products", who=suite.member(), query=query)).body["next_cursor"]
    ledger = Call("GET", "/members/me/points/entries", who=suite.member(), query={"cursor": cursor})
    assert suite.call(ledger).code == "invalid_cursor"


def test_before_registration_the_catalogue_shows_list_prices(suite: Suite) -> None:
    put(suite, "candle", 1_000, zone=True)
    on_the_member_day(suite)
    who = claims("nobody")
    assert suite.call(Call("GET", "/products/candle", who=who)).body["your_price_fen"] == 1_000
    assert suite.call(Call("GET", "/member-day", who=who)).body["your_rate"] is None


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-05-09T23:59:59+08:00", {"open": False, "date": "2026-04-10", "next_date": "2026-05-10"}),
        ("2026-05-10T00:00:00+08:00", {"open": True, "date": "2026-05-10", "next_date": "2026-06-10"}),
        ("2026-05-10T23:59:59+08:00", {"open": True, "date": "2026-05-10", "next_date": "2026-06-10"}),
        ("2026-12-31T12:00:00+08:00", {"open": False, "date": "2026-12-10", "next_date": "2027-01-10"}),
        ("2027-01-01T00:00:00+08:00", {"open": False, "date": "2026-12-10", "next_date": "2027-01-10"}),
    ],
)
def test_P2_the_member_day_is_open_by_the_date_alone(suite: Suite, at: str, expected: dict[str, Any]) -> None:
    who = member(suite, "J2")
    suite.now = datetime.fromisoformat(at).astimezone(UTC)
    answer = suite.call(Call("GET", "/member-day", who=who))
    assert answer.body == expected | {"your_rate": "0.90"}


def test_benefits_show_the_tiers_rights(suite: Suite) -> None:
    who = member(suite, "J5")
    answer = suite.call(Call("GET", "/members/me", who=who)).body
    assert answer["benefits"] == {
        "birthday_coupon_fen": 10_000,
        "member_day_rate": "0.60",
        "free_shipping_from_fen": 15_800,
    }
    assert answer["next_tier"] is None
