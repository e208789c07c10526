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
