"""Templates of coupons: what staff say of them, and how members claim them (V8-V10)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from functions.coupons import api as coupons_api
from functions.platform.cursors import Cursors
from tests.handlers.conftest import Suite
from tests.support.accounts import hold_coupon, hold_tier
from tests.support.coupons import PATH, TEMPLATE, Desk
from tests.support.events import Call, claims, staff


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """Where coupons are asked for."""
    return Desk(suite.call)


def of_tier(suite: Suite, name: str, tier: str) -> dict[str, str]:
    """Register a member who holds a tier."""
    who = suite.member(name)
    hold_tier(suite.tables, suite.settings.members_table, name, tier, suite.policy)
    return who


def test_V8_a_template_is_shown_as_it_was_put(desk: Desk) -> None:
    put = desk.put()
    assert put.status == 201
    assert put.body == {
        "template_id": "welcome",
        "version": 1,
        "name": "Welcome",
        "kind": "amount",
        "face_value_fen": 2_000,
        "rate": None,
        "max_off_fen": None,
        "min_fen": 10_000,
        "scope": {"all": True},
        "except_skus": [],
        "tiers": None,
        "exclusive": False,
        "claimable": True,
        "valid": {"days": 1},
        "limits": {"total": None, "per_member": None},
        "status": "active",
        "claimed": 0,
    }
    assert desk.see().body == put.body


def test_V8_a_rate_is_shown_with_its_window_in_store_time(desk: Desk) -> None:
    window = {"from": "2026-05-01T00:00:00Z", "until": "2026-05-31T23:59:59+08:00"}
    put = desk.put(
        "off",
        kind="rate",
        face_value_fen=None,
        rate="0.8",
        max_off_fen=5_000,
        scope={"skus": ["b", "a"]},
        except_skus=["b"],
        tiers=["J2", "J1"],
        exclusive=True,
        valid=window,
        limits={"total": 10, "per_member": 2},
    ).body
    assert (put["rate"], put["face_value_fen"], put["max_off_fen"]) == ("0.80", None, 5_000)
    assert (put["scope"], put["except_skus"]) == ({"skus": ["a", "b"]}, ["b"])
    assert (put["tiers"], put["exclusive"]) == (["J1", "J2"], True)
    assert put["valid"] == {"from": "2026-05-01T08:00:00+08:00", "until": "2026-05-31T23:59:59+08:00"}
    assert put["limits"] == {"total": 10, "per_member": 2}


def test_equal_contents_keep_the_version_and_others_make_a_new_one(desk: Desk) -> None:
    desk.put()
    again = desk.put()
    assert (again.status, again.body["version"]) == (200, 1)
    assert desk.put(name="Hello").body["version"] == 2
    assert desk.put(name="Hello", tiers=["J1", "J0"]).body["version"] == 3
    assert desk.put(name="Hello", tiers=["J0", "J1"]).body["version"] == 3  # the order says nothing


def test_the_kind_of_a_template_is_fixed(desk: Desk) -> None:
    desk.put()
    answer = desk.put(kind="rate", face_value_fen=None, rate="0.8")
    assert (answer.status, answer.code) == (409, "template_kind_fixed")
    assert desk.see().body["version"] == 1


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({"name": ""}, {"name"}),
        ({"kind": "gift"}, {"kind"}),
        ({"face_value_fen": None}, {"face_value_fen"}),
        ({"face_value_fen": 0}, {"face_value_fen"}),
        ({"face_value_fen": 100_000_001}, {"face_value_fen"}),
        ({"face_value_fen": "2000"}, {"face_value_fen"}),
        ({"rate": "0.8"}, {"rate"}),
        ({"max_off_fen": 1}, {"max_off_fen"}),
        ({"kind": "rate", "face_value_fen": None}, {"rate"}),
        ({"kind": "rate", "rate": "0.8"}, {"face_value_fen"}),
        ({"kind": "rate", "face_value_fen": None, "rate": "1.0"}, {"rate"}),
        ({"kind": "rate", "face_value_fen": None, "rate": "0.0"}, {"rate"}),
        ({"kind": "rate", "face_value_fen": None, "rate": "0.12345"}, {"rate"}),
        ({"kind": "rate", "face_value_fen": None, "rate": 0.8}, {"rate"}),
        ({"kind": "rate", "face_value_fen": None, "rate": "0.8", "max_off_fen": 0}, {"max_off_fen"}),
        ({"min_fen": None}, {"min_fen"}),
        ({"min_fen": -1}, {"min_fen"}),
        ({"scope": None}, {"scope"}),
        ({"scope": {}}, {"scope.skus"}),
        ({"scope": {"all": False}}, {"scope.all"}),
        ({"scope": {"zone": 1}}, {"scope.zone"}),
        ({"scope": {"all": True, "zone": True}}, {"scope.all"}),
        ({"scope": {"skus": []}}, {"scope.skus"}),
        ({"scope": {"skus": ["a", "a"]}}, {"scope.skus"}),
        ({"scope": {"skus": [f"s{n}" for n in range(201)]}}, {"scope.skus"}),
        ({"scope": {"skus": ["a"]}, "except_skus": ["a", "b"]}, {"except_skus"}),
        ({"except_skus": []}, {"except_skus"}),
        ({"tiers": []}, {"tiers"}),
        ({"tiers": ["J9"]}, {"tiers"}),
        ({"tiers": ["J1", "J1"]}, {"tiers"}),
        ({"exclusive": 1}, {"exclusive"}),
        ({"valid": None}, {"valid"}),
        ({"valid": {"days": 0}}, {"valid.days"}),
        ({"valid": {"days": 3_651}}, {"valid.days"}),
        ({"valid": {"from": "2026-05-01T00:00:00+08:00"}}, {"valid.until"}),
        (
            {"valid": {"from": "2026-05-02T00:00:00+08:00", "until": "2026-05-01T23:59:59+08:00"}},
            {"valid.until"},
        ),
        ({"valid": {"from": "2026-05-02", "until": "2026-05-03T00:00:00"}}, {"valid.from", "valid.until"}),
        ({"limits": {"total": 0}}, {"limits.total"}),
        ({"limits": {"per_member": 1_001}}, {"limits.per_member"}),
        ({"limits": {"orders": 1}}, {"limits.orders"}),
        ({"status": None}, {"status"}),
        ({"status": "ended"}, {"status"}),
        ({"version": 1}, {"version"}),
    ],
)
def test_a_template_that_makes_no_sense_is_refused_by_its_fields(
    desk: Desk, more: dict[str, Any], fields: set[str]
) -> None:
    answer = desk.put(**more)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert {fault["field"] for fault in answer.body["errors"]} == fields


def test_templates_are_listed_with_the_one_made_last_first(suite: Suite, desk: Desk) -> None:
    for number in range(5):
        desk.put(f"t{number}")
        suite.pass_time(seconds=1)
    desk.put("t1", name="Changed")  # it keeps its place
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = suite.call(Call("GET", PATH, who=staff(), query={"limit": "2", "cursor": cursor})).body
        seen += [each["template_id"] for each in page["items"]]
        cursor = page["next_cursor"]
    assert seen == ["t4", "t3", "t2", "t1", "t0"]


def test_templates_and_codes_are_for_staff(suite: Suite, desk: Desk) -> None:
    desk.put()
    alice = suite.member()
    for call in (
        Call("PUT", f"{PATH}/welcome", dict(TEMPLATE), alice),
        Call("GET", f"{PATH}/welcome", who=alice),
        Call("GET", PATH, who=alice),
        Call("POST", f"{PATH}/welcome/codes", {"batch_id": "b", "count": 1}, alice),
        Call("POST", "/members/alice/coupons", {"issue_id": "i", "template_id": "welcome"}, alice),
    ):
        answer = suite.call(call)
        assert (answer.status, answer.code) == (403, "forbidden")


def test_V10_a_claim_gives_the_coupon_that_the_template_says(suite: Suite, desk: Desk) -> None:
    desk.put(scope={"zone": True}, except_skus=["tea"])
    alice = suite.member()
    answer = desk.claim(alice)
    assert answer.status == 201
    coupon = answer.body
    assert coupon.pop("coupon_id").startswith("cpt_")
    assert coupon == {
        "kind": "amount",
        "template_id": "welcome",
        "name": "Welcome",
        "face_value_fen": 2_000,
        "rate": None,
        "max_off_fen": None,
        "min_goods_fen": 10_000,
        "scope": {"zone": True},
        "except_skus": ["tea"],
        "exclusive": False,
        "valid_from": "2026-05-01T12:00:00+08:00",
        "valid_until": "2026-05-02T23:59:59+08:00",  # V9: claimed on the 1st with 1: through the 2nd
        "status": "available",
        "order_id": None,
    }
    assert desk.see().body["claimed"] == 1


def claimable(suite: Suite, who: dict[str, str], **query: str) -> list[dict[str, Any]]:
    """List what a member can claim, all pages of it, by a function that has read nothing yet."""
    create = (suite.tables, suite.settings, suite.policy, lambda: suite.now)
    api, found, cursor = coupons_api.create(*create), list[dict[str, Any]](), ""
    for _ in range(20):
        asked = {**query, "cursor": cursor}
        page = Call("GET", "/members/me/coupons/claimable", who=who, query=asked).to(api)
        assert page.status == 200, page.body
        found += page.body["items"]
        cursor = page.body["next_cursor"]
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


def test_V10_a_member_sees_what_can_be_claimed_and_how_often_yet(suite: Suite, desk: Desk) -> None:
    desk.put(limits={"per_member": 2})
    alice = suite.member()
    (shown,) = claimable(suite, alice)
    assert shown == {
        "template_id": "welcome",
        "name": "Welcome",
        "kind": "amount",
        "face_value_fen": 2_000,
        "rate": None,
        "max_off_fen": None,
        "min_goods_fen": 10_000,
        "scope": {"all": True},
        "except_skus": [],
        "exclusive": False,
        "valid": {"days": 1},
        "claims_left": 2,
    }
    for key, left in (("k1", 1), ("k2", 0)):
        desk.claim(alice, key)
        assert [each["claims_left"] for each in claimable(suite, alice)] == [left]
    assert desk.claim(alice, "k3").code == "already_claimed"


def test_V10_what_cannot_be_claimed_now_is_not_listed(suite: Suite, desk: Desk) -> None:
    window = {"from": "2026-05-01T00:00:00+08:00", "until": "2026-05-02T00:00:00+08:00"}
    desk.put("of-a-day", valid=window)
    desk.put("by-code", claimable=False)
    desk.put("higher", tiers=["J3"])
    desk.put("one", limits={"total": 1})
    desk.put("stopped")
    desk.put("stopped", status="paused")
    desk.put("again", status="paused")
    desk.put("again")
    alice, bob = suite.member("alice"), of_tier(suite, "bob", "J3")
    desk.claim(bob, template_id="one")
    assert [each["template_id"] for each in claimable(suite, alice)] == ["of-a-day", "again"]
    assert [each["template_id"] for each in claimable(suite, bob)] == ["of-a-day", "again", "higher"]
    suite.pass_time(days=1)
    assert [each["template_id"] for each in claimable(suite, alice)] == ["again"]


def test_V10_what_can_be_claimed_is_listed_page_by_page_what_ends_first_before(
    suite: Suite, desk: Desk
) -> None:
    for day in (9, 3, 6):
        window = {"from": "2026-05-01T00:00:00+08:00", "until": f"2026-05-0{day}T00:00:00+08:00"}
        desk.put(f"until-{day}", valid=window, tiers=["J3"] if day == 6 else None)
    desk.put("without-end")
    found = [each["template_id"] for each in claimable(suite, suite.member(), limit="1")]
    assert found == ["until-3", "until-9", "without-end"]


def test_V10_a_stranger_registers_first_and_a_cursor_is_of_this_list(suite: Suite, desk: Desk) -> None:
    path = "/members/me/coupons/claimable"
    answer = suite.call(Call("GET", path, who=claims("nobody")))
    assert (answer.status, answer.code) == (409, "not_registered")
    foreign = Cursors("templates", "alice", r".*").write("2026-05-01T00:00:00Z#welcome")
    answer = suite.call(Call("GET", path, who=suite.member("alice"), query={"cursor": str(foreign)}))
    assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_V9_a_coupon_says_what_its_template_was_called_when_it_was_made(suite: Suite, desk: Desk) -> None:
    desk.put()
    alice = suite.member()
    assert desk.claim(alice).body["name"] == "Welcome"
    desk.put(name="Farewell")
    desk.claim(alice, "k2")
    assert sorted(each["name"] for each in desk.coupons(alice)) == ["Farewell", "Welcome"]


def test_R1_the_same_key_answers_the_same_coupon_whatever_has_become_of_the_template(
    suite: Suite, desk: Desk
) -> None:
    desk.put(limits={"total": 1, "per_member": 1})
    alice = suite.member()
    first = desk.claim(alice)
    desk.put(limits={"total": 1, "per_member": 1}, status="paused", face_value_fen=1)
    suite.pass_time(days=3)
    again = desk.claim(alice)
    assert (again.status, again.headers["idempotent-replayed"]) == (201, "true")
    assert "idempotent-replayed" not in first.headers
    assert again.body == {**first.body, "status": "expired"}
    assert desk.see().body["claimed"] == 1


def test_a_key_is_of_one_template_and_a_refused_claim_uses_none_up(suite: Suite, desk: Desk) -> None:
    desk.put()
    desk.put("other", status="paused")
    alice = suite.member()
    assert desk.claim(alice, "k2", "other").code == "template_paused"
    assert desk.claim(alice, "k1").status == 201
    reused = desk.claim(alice, "k1", "other")
    assert (reused.status, reused.code) == (422, "idempotency_key_reused")
    desk.put("other")
    assert desk.claim(alice, "k2", "other").status == 201


def test_a_claim_needs_a_key(suite: Suite, desk: Desk) -> None:
    desk.put()
    path = f"{PATH}/welcome/claim"
    answer = suite.call(Call("POST", path, who=suite.member()))
    assert (answer.status, answer.code) == (400, "idempotency_key_missing")
    answer = suite.call(Call("POST", path, who=suite.member(), headers={"idempotency-key": "ö"}))
    assert (answer.status, answer.code) == (422, "invalid_request")


def test_V10_a_member_claims_as_often_as_they_may(suite: Suite, desk: Desk) -> None:
    desk.put(limits={"per_member": 2})
    alice, bob = suite.member(), suite.member("bob")
    assert [desk.claim(alice, key).status for key in ("k1", "k2")] == [201, 201]
    third = desk.claim(alice, "k3")
    assert (third.status, third.code) == (409, "already_claimed")
    assert desk.claim(bob, "k3").status == 201
    desk.put(limits={"per_member": 3})
    assert desk.claim(alice, "k3").status == 201


def test_V10_the_total_limit_is_exact_and_can_be_raised_but_not_below_what_was_claimed(
    suite: Suite, desk: Desk
) -> None:
    desk.put(limits={"total": 2})
    alice = suite.member()
    assert [desk.claim(alice, key).status for key in ("k1", "k2")] == [201, 201]
    third = desk.claim(alice, "k3")
    assert (third.status, third.code) == (409, "template_exhausted")
    assert desk.put(limits={"total": 3}).body["claimed"] == 2
    assert desk.claim(alice, "k3").status == 201
    refused = desk.put(limits={"total": 2})
    assert (refused.status, refused.code) == (409, "limit_in_use")
    assert desk.put(limits=None).status == 200  # without a limit
    assert desk.claim(alice, "k4").status == 201
    assert desk.put(limits={"total": 3}).code == "limit_in_use"
    assert desk.put(limits={"total": 4}).body["claimed"] == 4
    assert desk.claim(alice, "k5").code == "template_exhausted"


def test_V10_other_tiers_cannot_claim(suite: Suite, desk: Desk) -> None:
    desk.put(tiers=["J2"])
    refused = desk.claim(suite.member())
    assert (refused.status, refused.code) == (403, "not_eligible")
    assert desk.claim(of_tier(suite, "bob", "J2")).status == 201


def test_who_cannot_claim_is_told_why(suite: Suite, desk: Desk) -> None:
    alice = suite.member()
    assert (desk.claim(alice).status, desk.claim(alice).code) == (404, "template_not_found")
    desk.put()
    assert desk.claim(claims("stranger")).code == "not_registered"
    desk.put(claimable=False)
    assert desk.claim(alice).code == "template_not_claimable"
    desk.put(status="paused")
    assert desk.claim(alice).code == "template_paused"
    window = {"from": "2026-04-01T00:00:00+08:00", "until": "2026-05-01T12:00:00+08:00"}
    desk.put(valid=window)
    assert desk.claim(alice).status == 201  # its last second
    suite.pass_time(seconds=1)
    ended = desk.claim(alice, "k2")
    assert (ended.status, ended.code) == (409, "template_ended")


def test_V9_a_coupon_keeps_what_it_was_made_with(suite: Suite, desk: Desk) -> None:
    desk.put()
    alice = suite.member()
    before = desk.claim(alice).body
    desk.put(face_value_fen=1, min_fen=0, scope={"skus": ["a"]}, valid={"days": 9}, exclusive=True)
    assert desk.coupons(alice) == [before]
    after = desk.claim(alice, "k2").body
    assert (after["face_value_fen"], after["scope"], after["exclusive"]) == (1, {"skus": ["a"]}, True)


def test_V10_a_member_has_fifty_available_coupons_at_most_and_ended_ones_do_not_count(
    suite: Suite, desk: Desk
) -> None:
    desk.put()
    alice = suite.member()
    for number in range(50):
        assert desk.claim(alice, f"k{number}").status == 201
    refused = desk.claim(alice, "k50")
    assert (refused.status, refused.code) == (409, "too_many_coupons")
    assert desk.issue("alice").code == "too_many_coupons"
    suite.pass_time(days=2)
    assert desk.claim(alice, "k50").status == 201
    assert len(desk.coupons(alice, status="available")) == 1
    assert len(desk.coupons(alice, status="expired")) == 50


def test_staff_give_a_coupon_once_per_issue_id(suite: Suite, desk: Desk) -> None:
    desk.put(claimable=False, tiers=["J5"], limits={"total": 1})
    alice, bob = suite.member(), suite.member("bob")
    given = desk.issue("alice")
    assert (given.status, given.body["template_id"]) == (201, "welcome")
    again = desk.issue("alice")
    assert (again.status, again.headers["idempotent-replayed"], again.body) == (200, "true", given.body)
    for reused in (desk.issue("bob"), desk.issue("alice", template_id="other")):
        assert (reused.status, reused.code) == (422, "issue_id_reused")
    assert desk.issue("alice", "i2").status == 201
    assert len(desk.coupons(alice)) == 2
    assert desk.coupons(bob) == []
    assert desk.see().body["claimed"] == 0  # the limits are about claims


def test_staff_are_told_why_a_coupon_cannot_be_given(suite: Suite, desk: Desk) -> None:
    assert desk.issue("nobody").code == "member_not_found"
    suite.member()
    assert desk.issue("alice").code == "template_not_found"
    desk.put(status="paused")
    assert desk.issue("alice").code == "template_paused"
    window = {"from": "2026-04-01T00:00:00+08:00", "until": "2026-04-30T23:59:59+08:00"}
    desk.put(valid=window)
    assert desk.issue("alice").code == "template_ended"


def test_coupons_of_all_kinds_are_listed_newest_first(suite: Suite, desk: Desk) -> None:
    desk.put(valid={"days": 400})
    alice = suite.member()
    table = suite.settings.members_table
    births = []
    for month, year in ((4, 2025), (5, 2026)):
        begins = datetime(year, month, 1, 1, tzinfo=UTC)
        births.append(
            hold_coupon(
                suite.tables,
                table,
                "alice",
                face_fen=2_000,
                valid_from=begins,
                valid_until=begins.replace(day=28),
            )
        )
    wanted = [births[0].coupon_id, births[1].coupon_id]  # the younger began at 01:00, before it is 04:00
    for number in range(5):
        wanted.append(desk.claim(alice, f"k{number}").body["coupon_id"])
        suite.pass_time(seconds=1)
    wanted.reverse()
    for limit in ("1", "2", "3", "100"):
        assert [each["coupon_id"] for each in desk.coupons(alice, limit=limit)] == wanted
        available = desk.coupons(alice, limit=limit, status="available")
        assert [each["coupon_id"] for each in available] == wanted[:-1]
        expired = desk.coupons(alice, limit=limit, status="expired")
        assert [each["coupon_id"] for each in expired] == wanted[-1:]
        assert desk.coupons(alice, limit=limit, status="used") == []
    of_staff = suite.call(Call("GET", "/members/alice/coupons", who=staff())).body["items"]
    assert of_staff == desk.coupons(alice)
    birthday = of_staff[-1]
    assert (birthday["kind"], birthday["template_id"], birthday["rate"]) == ("birthday", None, None)
    assert (birthday["scope"], birthday["exclusive"]) == ({"all": True}, True)


@pytest.mark.parametrize("position", ["2026-05", "2026"])
def test_cursors_of_before_there_were_templates_still_read(suite: Suite, desk: Desk, position: str) -> None:
    desk.put()
    alice = suite.member()
    table = suite.settings.members_table
    for year, month in ((2025, 5), (2026, 5)):
        begins = datetime(year, month, 1, tzinfo=suite.policy.zone)
        hold_coupon(
            suite.tables,
            table,
            "alice",
            face_fen=2_000,
            valid_from=begins.astimezone(UTC),
            valid_until=begins.replace(day=28),
        )
    desk.claim(alice)
    cursor = Cursors("coupons ", "alice", ".+").write(position)
    assert cursor is not None
    rest = desk.call(Call("GET", "/members/me/coupons", who=alice, query={"cursor": cursor})).body["items"]
    assert [each["valid_from"][:4] for each in rest] == ["2025"]


def test_a_member_who_has_not_registered_has_no_list(suite: Suite, desk: Desk) -> None:
    answer = suite.call(Call("GET", "/members/me/coupons", who=claims("stranger")))
    assert (answer.status, answer.code) == (409, "not_registered")
