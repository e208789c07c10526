"""How names are folded, and where members stand in the index that they are found by."""

import re

import pytest

from functions.platform.keyed_hash import KeyedHash
from functions.tiers import search
from functions.tiers.search import INDEXED_CHARACTERS, folded
from tests.support.phones import hash_phone

KEY_BYTES_MAX = 1_024
"""Of the sort key of an index (DynamoDB's limit); of its partition key 2 048."""
LONGEST_ID = "x" * 128


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Ann Lee", "ANN LEE"),
        ("Ann Lee", "  ann   lee "),
        ("Ａｎｎ\u3000Ｌｅｅ", "ann lee"),
        ("Straße", "STRASSE"),
        ("é", "e\u0301"),
        ("É", "é"),
        ("ﬁn", "fin"),
        ("王\u3164小\u200d明", "王小明"),
        ("ｶﾞ", "ガ"),
        ("❤\ufe0f", "❤"),
    ],
)
def test_names_that_a_person_would_call_the_same_are_found_alike(name: str, other: str) -> None:
    assert folded(name) == folded(other) != ""


def test_folding_what_is_folded_changes_nothing() -> None:
    for name in ("ΑΣ", "ᾳ", "İ", "ǰ", "\u1e9e", "ﷺ", "\u0345\u0301a", "½"):
        assert folded(folded(name)) == folded(name)


def test_different_names_stay_different() -> None:
    names = ("Ann", "Anna", "An n", "Änn", "王", "玉")
    assert len(set(map(folded, names))) == len(names)


def test_a_name_stands_under_its_first_character_and_before_those_that_are_longer() -> None:
    keys = [
        search.name_entry(member_id, name)
        for member_id, name in (("z", "Ann"), ("a", "Ann Lee"), ("a", "Anna"))
    ]
    assert {each["search_shard"] for each in keys} == {"name#a"}
    assert [each["search_key"] for each in keys] == sorted(each["search_key"] for each in keys)
    assert search.name_entry("m", "王小明")["search_shard"] == "name#王"
    assert search.name_entry("m", "😀")["search_shard"] == "name#😀"


@pytest.mark.parametrize("name", ["ﷺ" * 100, "😀" * 100, "ß" * 100, "x" * 100])
def test_a_name_that_folds_to_more_than_a_key_can_have_is_found_by_its_beginning(name: str) -> None:
    entry = search.name_entry(LONGEST_ID, name)
    assert len(entry["search_key"].encode()) <= KEY_BYTES_MAX
    assert re.fullmatch(search.NAME_POSITION, entry["search_key"])
    sought = search.by_name(name)
    assert sought is not None
    assert sought.shard == entry["search_shard"]
    assert entry["search_key"].startswith(sought.begins)
    assert len(sought.begins) == INDEXED_CHARACTERS


def test_a_row_of_before_of_whose_name_nothing_is_seen_is_found_by_no_name() -> None:
    assert search.name_entry("m", "\u3164") == {"member_id": "m", "item": "SEARCH#NAME"}
    assert search.by_name("\u3164") is None


def test_a_phone_stands_under_a_hash_that_only_who_has_the_key_can_make() -> None:
    entry = search.phone_entry("m", "+8613800138000", hash_phone)
    assert entry["search_key"] == "m"
    assert re.fullmatch(r"phone#[0-9a-f]{32}", entry["search_shard"])
    assert entry == search.phone_entry("m", "138 0013 8000", hash_phone)  # as it was stored before
    other = KeyedHash(lambda: b"another key, as long as it must be, or longer")
    assert entry != search.phone_entry("m", "+8613800138000", other)


@pytest.mark.parametrize("phone", [None, "1", "call me"])
def test_who_has_no_phone_or_one_of_before_that_is_none_stands_under_none(phone: str | None) -> None:
    assert search.phone_entry("m", phone, search.no_key) == {"member_id": "m", "item": "SEARCH#PHONE"}


def test_a_part_without_the_key_hashes_nothing() -> None:
    with pytest.raises(RuntimeError):
        search.phone_entry("m", "+8613800138000", search.no_key)


def test_a_key_is_read_once_and_one_that_is_too_short_is_none() -> None:
    read: list[int] = []

    def key() -> bytes:
        read.append(1)
        return b"x" * 32

    hashed = KeyedHash(key)
    assert hashed("a") == hashed("a") != hashed("b")
    assert read == [1]
    with pytest.raises(ValueError, match="at least 32 bytes"):
        KeyedHash(lambda: b"x" * 31)("a")


def test_a_place_that_is_not_among_those_sought_is_none() -> None:
    sought = search.by_name("ann")
    assert sought is not None
    assert sought.key_at("bob\tm") is None
    assert sought.key_at("anna\tm") == {
        "member_id": "m",
        "item": "SEARCH#NAME",
        "search_shard": "name#a",
        "search_key": "anna\tm",
    }
