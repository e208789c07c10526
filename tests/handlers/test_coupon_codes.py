"""Coupons for codes: unique ones and shared ones, and what happens to who guesses (V10)."""

import re
from typing import Any

import pytest

from functions.coupons import codes
from tests.handlers.conftest import Suite
from tests.handlers.test_coupon_templates import of_tier
from tests.support.coupons import Desk
from tests.support.events import Call, claims

GUESSES = 10


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """Where coupons are asked for, with a template that nobody can claim."""
    made = Desk(suite.call)
    assert made.put(claimable=False).status == 201
    return made


def refused_as_every_code(desk: Desk, who: dict[str, str], code: str) -> None:
    """Hold that a code is refused like any other, to the last word."""
    answer = desk.redeem(who, code)
    never = desk.redeem(who, "ABCDEFGHJKMNP")
    assert (answer.status, answer.code) == (422, "code_not_valid")
    assert (answer.body, answer.headers) == (never.body, never.headers)


def test_V10_a_batch_has_so_many_codes_of_enough_random_bits(desk: Desk) -> None:
    made = desk.make(count=1_000)
    assert (made.status, made.body["kind"], made.body["limit"]) == (201, "unique", None)
    found = made.body["codes"]
    assert len(set(found)) == 1_000
    assert all(re.fullmatch(r"[2-9A-HJKMNP-TV-Z]{13}", each) for each in found)
    assert len(codes.ALPHABET) ** codes.CODE_CHARACTERS >= 2**60


def test_V10_the_same_batch_has_the_same_codes_and_no_other_contents(desk: Desk) -> None:
    first = desk.make(count=150)
    again = desk.make(count=150)
    assert (again.status, again.body) == (200, first.body)
    for other in (desk.make(count=151), desk.make(code="HELLO", limit=3)):
        assert (other.status, other.code) == (422, "batch_id_reused")
    assert not set(first.body["codes"]) & set(desk.codes(batch_id="b2", count=150))
    desk.put("other", claimable=False)
    assert desk.make("other", count=3).status == 201  # a batch's id is its template's own


def test_a_batch_that_was_used_is_answered_again_and_its_codes_stay_used(suite: Suite, desk: Desk) -> None:
    (code,) = desk.codes(count=1)
    assert desk.redeem(suite.member(), code).status == 201
    assert desk.codes(count=1) == [code]
    refused_as_every_code(desk, suite.member("bob"), code)


@pytest.mark.parametrize(
    ("more", "fields"),
    [
        ({}, {"code", "limit"}),
        ({"count": 0}, {"count"}),
        ({"count": 1_001}, {"count"}),
        ({"count": 1, "limit": 1}, {"limit"}),
        ({"count": 1, "code": "HELLO"}, {"code"}),
        ({"code": "HELLO"}, {"limit"}),
        ({"limit": 1}, {"code"}),
        ({"code": "HELLO", "limit": 0}, {"limit"}),
        ({"code": "ABC", "limit": 1}, {"code"}),
        ({"code": "HEL LO", "limit": 1}, {"code"}),
        ({"code": "-HELLO", "limit": 1}, {"code"}),
        ({"code": "A" * 33, "limit": 1}, {"code"}),
        ({"code": "欢迎你们", "limit": 1}, {"code"}),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused_by_its_fields(
    desk: Desk, more: dict[str, Any], fields: set[str]
) -> None:
    answer = desk.make(**more)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert {fault["field"] for fault in answer.body["errors"]} == fields


def test_codes_are_made_of_templates_that_there_are_and_that_have_not_ended(suite: Suite, desk: Desk) -> None:
    assert desk.make("nothing", count=1).code == "template_not_found"
    window = {"from": "2026-04-01T00:00:00+08:00", "until": "2026-04-30T23:59:59+08:00"}
    desk.put("past", valid=window)
    assert desk.make("past", count=1).code == "template_ended"


def test_V10_a_unique_code_works_once_and_the_same_member_gets_the_same_coupon_again(
    suite: Suite, desk: Desk
) -> None:
    code, other = desk.codes(count=2)
    alice, bob = suite.member(), suite.member("bob")
    got = desk.redeem(alice, code)
    assert (got.status, got.body["template_id"], got.body["status"]) == (201, "welcome", "available")
    again = desk.redeem(alice, code)
    assert (again.status, again.headers["idempotent-replayed"], again.body) == (201, "true", got.body)
    refused_as_every_code(desk, bob, code)
    assert desk.redeem(bob, other).status == 201
    assert len(desk.coupons(alice)) == len(desk.coupons(bob)) == 1


def test_V10_a_shared_code_is_for_so_many_members_each_once(suite: Suite, desk: Desk) -> None:
    assert desk.codes(code="Summer-2026", limit=2) == ["Summer-2026"]
    alice, bob, carol = (suite.member(name) for name in ("alice", "bob", "carol"))
    first = desk.redeem(alice, "summer2026")
    assert first.status == 201
    assert desk.redeem(alice, "SUMMER 2O26").body == first.body
    assert desk.redeem(bob, "Summer-2026").status == 201
    refused_as_every_code(desk, carol, "Summer-2026")
    assert desk.redeem(bob, "Summer-2026").status == 201


def test_a_code_is_there_once_however_it_is_written(desk: Desk) -> None:
    desk.codes(code="HELLO-10", limit=2)
    taken = desk.make(batch_id="b2", code="HE1L0lO", limit=5)
    assert (taken.status, taken.code) == (409, "code_taken")
    assert desk.make(batch_id="b2", code="HELLO-11", limit=5).status == 201  # the id is not used up


@pytest.mark.parametrize(
    "write", [str.lower, lambda code: f" {code[:4]}-{code[4:]} ", lambda code: wide(code)]
)
def test_V10_a_code_is_the_same_however_it_is_typed(suite: Suite, desk: Desk, write: Any) -> None:
    (code,) = desk.codes(count=1)
    assert desk.redeem(suite.member(), write(code)).status == 201


def wide(text: str) -> str:
    """Write a text as a Chinese keyboard does."""
    return "".join(chr(ord(each) + 0xFEE0) for each in text)


def test_V10_codes_of_a_template_that_is_paused_or_has_ended_are_as_if_they_never_were(
    suite: Suite, desk: Desk
) -> None:
    window = {"from": "2026-05-01T00:00:00+08:00", "until": "2026-05-01T12:00:00+08:00"}
    desk.put(claimable=False, valid=window)
    (code,) = desk.codes(count=1)
    alice = suite.member()
    desk.put(claimable=False, valid=window, status="paused")
    refused_as_every_code(desk, alice, code)
    desk.put(claimable=False, valid=window)
    suite.pass_time(seconds=1)
    refused_as_every_code(desk, alice, code)


@pytest.mark.parametrize("typed", ["x", "-", "   ", "欢迎", "A" * 100, "ABC\tDEF", "a/b", "code:1"])
def test_what_can_be_no_code_is_a_wrong_one(suite: Suite, desk: Desk, typed: str) -> None:
    refused_as_every_code(desk, suite.member(), typed)


@pytest.mark.parametrize("typed", ["", "A" * 101, 5, None, ["A"]])
def test_what_is_no_text_is_an_invalid_request_and_no_guess(suite: Suite, desk: Desk, typed: Any) -> None:
    alice = suite.member()
    for _ in range(GUESSES + 1):
        assert desk.redeem(alice, typed).code == "invalid_request"


def test_V10_ten_wrong_codes_in_ten_minutes_are_all_that_anybody_is_told_of(suite: Suite, desk: Desk) -> None:
    (code,) = desk.codes(count=1)
    alice, bob = suite.member(), suite.member("bob")
    for _ in range(GUESSES):
        assert desk.redeem(alice, "WRONG").code == "code_not_valid"
        suite.pass_time(seconds=30)
    for typed in ("WRONG", code):
        blocked = desk.redeem(alice, typed)
        assert (blocked.status, blocked.code) == (429, "too_many_attempts")
        assert blocked.headers["retry-after"] == "300"
    assert desk.redeem(bob, "WRONG").code == "code_not_valid"
    suite.pass_time(seconds=299)
    assert desk.redeem(alice, code).headers["retry-after"] == "1"
    suite.pass_time(seconds=1)
    assert desk.redeem(alice, code).status == 201
    assert desk.redeem(alice, "WRONG").code == "code_not_valid"  # the first is not counted any more
    assert desk.redeem(alice, "WRONG").code == "too_many_attempts"
    assert desk.redeem(alice, code).status == 201  # what one has got is no guess


def test_V10_only_failures_count_as_guesses(suite: Suite, desk: Desk) -> None:
    found = desk.codes(count=15)
    alice = suite.member()
    for code in found:
        assert desk.redeem(alice, code).status == 201
        assert desk.redeem(alice, code).status == 201
    assert desk.redeem(alice, "WRONG").code == "code_not_valid"


def test_V10_a_right_code_with_the_wrong_tier_is_told_and_is_no_guess(suite: Suite, desk: Desk) -> None:
    desk.put(claimable=False, tiers=["J2"])
    (code,) = desk.codes(count=1)
    alice = suite.member()
    for _ in range(GUESSES + 1):
        refused = desk.redeem(alice, code)
        assert (refused.status, refused.code) == (403, "not_eligible")
    assert desk.redeem(of_tier(suite, "bob", "J2"), code).status == 201


def test_V10_fifty_coupons_are_the_most_by_codes_too(suite: Suite, desk: Desk) -> None:
    found = desk.codes(count=51)
    alice = suite.member()
    for code in found[:50]:
        assert desk.redeem(alice, code).status == 201
    assert desk.redeem(alice, found[50]).code == "too_many_coupons"
    suite.pass_time(days=2)
    assert desk.redeem(alice, found[50]).status == 201


def test_who_has_not_registered_gets_nothing_for_a_code(suite: Suite, desk: Desk) -> None:
    (code,) = desk.codes(count=1)
    for typed in (code, "WRONG"):
        answer = desk.redeem(claims("stranger"), typed)
        assert (answer.status, answer.code) == (409, "not_registered")
    service = Call(
        "POST", "/members/me/coupon-codes", {"code": code}, {**claims("client"), "client_id": "client"}
    )
    assert suite.call(service).code == "not_a_member"
