"""Ids that are derived instead of drawn, and cursors."""

import pytest

from functions.domain import identifiers
from functions.domain.errors import MalformedError
from functions.platform.cursors import Cursors


def test_R1_the_order_id_follows_from_member_and_key() -> None:
    assert identifiers.order_id("alice", "k1") == identifiers.order_id("alice", "k1")
    assert identifiers.order_id("alice", "k1").startswith("ord_")


def test_ids_of_different_parts_differ_also_when_the_parts_join_alike() -> None:
    assert identifiers.order_id("ab", "c") != identifiers.order_id("a", "bc")
    assert identifiers.order_id("alice", "1") != identifiers.entry_id("alice", 1)


@pytest.mark.parametrize(
    "ids",
    [
        [identifiers.order_id(*each) for each in (("alice", "k1"), ("alice", "k2"), ("bob", "k1"))],
        [identifiers.order_id(*each) for each in (("ab", "c"), ("a", "bc"), ("", "abc"), ("abc", ""))],
        [identifiers.entry_id(*each) for each in (("alice", 1), ("alice", 2), ("bob", 1), ("bob", 2))],
        [identifiers.entry_id(*each) for each in (("alice", 11), ("alice1", 1))],
        [identifiers.coupon_id(*each) for each in (("alice", 2026), ("alice", 2027), ("bob", 2026))],
        [
            identifiers.event_id(*each)
            for each in (
                ("RefundDue", "ord_1", "1"),
                ("RefundDue", "ord_1", "2"),
                ("RefundDue", "ord_1"),
                ("RefundDue", "ord_2", "1"),
                ("OrderPaid", "ord_1", "1"),
            )
        ],
        [identifiers.event_id(*each) for each in (("a", "b", "c"), ("ab", "c"), ("a", "bc"), ("", "abc"))],
        [
            identifiers.fingerprint(*each)
            for each in ((), ("",), ("ab", "c"), ("a", "bc"), ("abc",), ("c", "ab"), ("ab", "d"), ("b", "c"))
        ],
    ],
)
def test_every_part_of_a_derived_id_tells_it_from_others(ids: list[str]) -> None:
    assert len(set(ids)) == len(ids)


def test_a_derived_id_is_the_same_whenever_it_is_derived() -> None:
    """They stand in rows and in events that are out: what they are today they are for ever (R1)."""
    assert identifiers.order_id("alice", "k1") == "ord_fxg76liumrzkhxljmso2qtkqdu"
    assert identifiers.entry_id("alice", 1) == "ent_rhlqja6wo3xa4ckuunxqn2wuoa"
    assert identifiers.coupon_id("alice", 2026) == "cpn_2026_vx727dxukgfu6dfratzhuffpee"
    assert identifiers.event_id("OrderPaid", "ord_1") == "evt_pmpolgmovml5l2oxkeoirvw2pq"
    assert identifiers.event_id("RefundDue", "ord_1", "1") == "evt_vnimoorsewomvkj5qdpdvtd6vy"
    assert identifiers.fingerprint("ab", "c") == "sha_weuoglmip5hryvloi7xerupelq"


def test_B5_a_coupons_year_stands_in_its_id_for_its_own_member_alone() -> None:
    coupon_id = identifiers.coupon_id("alice", 2026)
    assert identifiers.coupon_year("alice", coupon_id) == "2026"
    assert identifiers.coupon_year("bob", coupon_id) is None
    assert identifiers.coupon_year("alice", coupon_id.replace("2026", "2027")) is None
    assert identifiers.coupon_year("alice", coupon_id + "a") is None


def test_a_cursor_gives_back_its_position_to_its_caller_and_list() -> None:
    cursor = Cursors("entries", "alice").write("2026-01-01T00:00:00Z#0000000001")
    assert Cursors("entries", "alice").read(cursor) == "2026-01-01T00:00:00Z#0000000001"


@pytest.mark.parametrize(("of_list", "caller"), [("entries", "bob"), ("orders", "alice")])
def test_case_43_a_cursor_of_another_caller_or_list_is_refused(of_list: str, caller: str) -> None:
    cursor = Cursors("entries", "alice").write("x")
    with pytest.raises(MalformedError) as refused:
        Cursors(of_list, caller).read(cursor)
    assert refused.value.code == "invalid_cursor"


def test_case_43_a_cursor_altered_anywhere_is_refused() -> None:
    cursor = Cursors("entries", "alice").write("2026-01-01T00:00:00Z")
    assert cursor is not None
    for place, character in enumerate(cursor):
        other = "A" if character != "A" else "B"
        altered = cursor[:place] + other + cursor[place + 1 :]
        with pytest.raises(MalformedError):
            Cursors("entries", "alice").read(altered)


@pytest.mark.parametrize("text", ["", "=", "é", "AAAA", "A" * 500, "////", "%%%"])
def test_case_43_what_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(MalformedError):
        Cursors("entries", "alice").read(text)
