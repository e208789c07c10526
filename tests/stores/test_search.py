"""Members are found: pages of an index that may be behind, and the job that indexes who was there before."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from functions.domain.errors import MalformedError
from functions.platform.batches import BatchError
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, from_item, to_item
from functions.platform.fanout import Starter
from functions.platform.keyed_hash import KeyedHash
from functions.points.accounts import opening_row
from functions.tiers import jobs, members, search
from functions.tiers.finder import Finder
from functions.tiers.members import PROFILE, Profile, key
from functions.tiers.queue import Worker
from functions.tiers.search import SEARCH_NAME, SEARCH_PHONE, HashPhone
from functions.tiers.timetable import INDEX_MEMBERS
from tests.support.events import Context
from tests.support.faults import SERVER_ERROR, Calls
from tests.support.phones import hash_phone
from tests.support.points import Died, Message, Workers
from tests.support.shop import NOON, Shop

PHONE = "+8613800138000"


class Indexers(Workers):
    """The functions of the indexing of members, and the queue between them."""

    hash_phone: HashPhone = hash_phone

    def start(self, job: str, at: Any) -> int:
        """Start the job as an operator does; return how many tasks that is."""
        return Starter(self.box.queue, self.runs, jobs.tasks, lambda: at)({"job": job}, Context())["tasks"]

    def _deliver(self, message: Message, looks: Callable[[], int] | None) -> bool:
        record = {"messageId": "1", "receiptHandle": "1", "eventSource": "aws:sqs", "body": message.body}
        worker = Worker(self.shop.tables, self.shop.settings, self.box.queue, self.hash_phone)
        try:
            return not worker({"Records": [record]}, Context())["batchItemFailures"]
        except (BatchError, Died):
            return False


def register(shop: Shop, member_id: str, name: str, phone: str | None = None) -> None:
    """Register somebody."""
    told = Profile(member_id=member_id, name=name, birthday=None, phone=phone, registered_at=NOON)
    shop.members.put_profile(told, shop.policy, [opening_row(member_id)], Deadline(20))


def finder(shop: Shop, hashed: HashPhone = hash_phone) -> Finder:
    """Return what finds members."""
    return Finder(shop.tables, shop.settings.members_table, hashed)


def by_name(shop: Shop, prefix: str, limit: int = 100) -> list[str]:
    """Return the ids of all whose names begin so, page by page."""
    return paged(lambda after: finder(shop).by_name(prefix, limit=limit, after=after, deadline=Deadline(20)))


def by_phone(shop: Shop, phone: str = PHONE, limit: int = 100) -> list[str]:
    """Return the ids of all who told a phone, page by page."""
    return paged(lambda after: finder(shop).by_phone(phone, limit=limit, after=after, deadline=Deadline(20)))


def paged(page: Callable[[str | None], tuple[list[members.Found], str | None]]) -> list[str]:
    """Return the ids of all pages."""
    ids: list[str] = []
    after: str | None = None
    while True:
        found, after = page(after)
        ids += [profile.member_id for profile, _ in found]
        if after is None:
            return ids


def entries(shop: Shop) -> dict[tuple[str, str], Row]:
    """Return all rows that members are found by."""
    items = shop.tables.client.scan(TableName=shop.settings.members_table)["Items"]
    rows = [from_item(item) for item in items]
    return {(row["member_id"], row["item"]): row for row in rows if row["item"].startswith("SEARCH#")}


def as_of_before(shop: Shop, *member_ids: str) -> None:
    """Let members stand as those do who registered before anybody could be found."""
    for member_id in member_ids:
        for item in (SEARCH_NAME, SEARCH_PHONE):
            shop.tables.client.delete_item(
                TableName=shop.settings.members_table, Key=to_item(key(member_id, item))
            )


def put(shop: Shop, member_id: str, item: str = PROFILE, **change: Any) -> None:
    """Change a row behind the programme's back."""
    row = shop.tables.get(shop.settings.members_table, key(member_id, item))
    assert row is not None
    shop.tables.put(shop.settings.members_table, {**row, **change})


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
def test_a_search_by_name_gives_each_once_by_name_then_id_for_any_page_size(shop: Shop, limit: int) -> None:
    for member_id, name in (
        ("m5", "Ann"),
        ("m4", "ANN"),
        ("m3", "Anna"),
        ("m2", "Ann Lee"),
        ("m1", "Bob"),
        ("m6", "Änn"),
        ("m7", "ﷺ" * 100),
    ):
        register(shop, member_id, name)
    assert by_name(shop, "ann", limit) == ["m4", "m5", "m2", "m3"]
    assert by_name(shop, "ANN L", limit) == ["m2"]
    assert by_name(shop, "ﷺ" * 100, limit) == ["m7"]


def test_names_that_differ_after_what_the_index_holds_are_told_apart(shop: Shop) -> None:
    long = "x" * search.INDEXED_CHARACTERS
    for member_id, name in (("m1", long + "a"), ("m2", long + "b"), ("m3", long)):
        register(shop, member_id, name)
    assert by_name(shop, long, 1) == ["m1", "m2", "m3"]
    assert by_name(shop, long + "b", 1) == ["m2"]


def test_who_the_index_shows_under_a_former_name_or_phone_is_not_shown(shop: Shop) -> None:
    register(shop, "m1", "Ann", PHONE)
    register(shop, "m2", "Ann", PHONE)
    put(shop, "m1", name="Bo", phone="+8613987654321")  # as an index that is behind shows it
    assert by_name(shop, "ann") == by_phone(shop) == ["m2"]
    put(shop, "m2", erased_at="2026-05-01T04:00:00Z")
    assert by_name(shop, "ann") == by_phone(shop) == []


@pytest.mark.parametrize("position", ["bob\tm1", "an", "\tm1", "zzz"])
def test_a_place_outside_the_search_is_no_cursor(shop: Shop, position: str) -> None:
    register(shop, "m1", "Ann")
    with pytest.raises(MalformedError):
        finder(shop).by_name("ann", limit=1, after=position, deadline=Deadline(20))


def test_profile_and_what_it_is_found_by_are_written_together(shop: Shop, calls: Calls) -> None:
    register(shop, "m1", "Ann", PHONE)
    calls.fail("TransactWriteItems", *[SERVER_ERROR] * 1_000)
    told = Profile(member_id="m1", name="Bo", birthday=None, phone=None, registered_at=NOON)
    with pytest.raises(Exception, match="try_again"):
        shop.members.put_profile(told, shop.policy, [], Deadline(1))
    calls.faults.clear()
    assert by_name(shop, "ann") == by_phone(shop) == ["m1"]
    assert by_name(shop, "bo") == []


def test_an_erasure_leaves_nothing_of_a_name_or_phone_in_the_index(shop: Shop) -> None:
    register(shop, "m1", "Ann Wang", PHONE)
    shop.members.erase("m1", operator="clerk", at=NOON, deadline=Deadline(20))
    assert list(entries(shop).values()) == [key("m1", SEARCH_NAME), key("m1", SEARCH_PHONE)]
    assert by_name(shop, "ann") == by_phone(shop) == []


def test_a_member_of_before_is_found_after_the_next_change_of_the_profile(shop: Shop) -> None:
    register(shop, "m1", "Ann", PHONE)
    as_of_before(shop, "m1")
    assert by_name(shop, "ann") == by_phone(shop) == []
    shop.members.patch_profile("m1", {"name": "Anna"}, Deadline(20))
    assert by_name(shop, "anna") == by_phone(shop) == ["m1"]


# --- the job ---


def of_all_kinds(shop: Shop) -> None:
    """Let there be members of before, of today, under another key, erased, and with odd phones."""
    for number in range(6):
        register(shop, f"m{number}", f"Ann {number}", PHONE if number % 2 else None)
    register(shop, "old", "Ann Old", PHONE)
    put(shop, "old", phone="138 0013 8000")
    register(shop, "odd", "Ann Odd", PHONE)
    put(shop, "odd", phone="call me")
    register(shop, "unseen", "\u3164x")
    put(shop, "unseen", name="\u3164")
    as_of_before(shop, "m0", "m1", "m2", "old", "odd", "unseen")
    put(shop, "m3", SEARCH_PHONE, search_shard="phone#of another key")
    put(shop, "m4", SEARCH_NAME, search_shard="name#z", search_key="zoe\tm4")
    register(shop, "gone", "Ann Gone", PHONE)
    shop.members.erase("gone", operator="clerk", at=NOON, deadline=Deadline(20))


FOUND = ["m0", "m1", "m2", "m3", "m4", "m5", "odd", "old"]


def test_the_job_lets_everybody_be_found_and_done_again_it_writes_nothing(shop: Shop, calls: Calls) -> None:
    of_all_kinds(shop)
    workers = Indexers(shop)
    assert workers.do(INDEX_MEMBERS, NOON) == []
    assert by_name(shop, "ann") == FOUND
    assert by_phone(shop) == ["m1", "m3", "m5", "old"]
    held = entries(shop)
    assert "138" not in json.dumps([row for (_, item), row in held.items() if item == SEARCH_PHONE])
    assert shop.members.find("old", Deadline(20))[0].phone == "138 0013 8000"  # type: ignore[index]
    calls.fail("TransactWriteItems", *[SERVER_ERROR] * 1_000)
    assert workers.do(INDEX_MEMBERS, NOON) == []
    assert entries(shop) == held


def test_the_job_in_many_pages_and_delivered_twice_does_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SCAN_ROWS", 1)
    of_all_kinds(shop)
    assert Indexers(shop).do(INDEX_MEMBERS, NOON, copies=2) == []
    assert by_name(shop, "ann") == FOUND


def test_the_job_goes_on_where_a_worker_died_or_failed(shop: Shop, calls: Calls) -> None:
    of_all_kinds(shop)
    calls.fail("TransactWriteItems", *[SERVER_ERROR] * 12)
    assert Indexers(shop).do(INDEX_MEMBERS, NOON) == []
    assert by_name(shop, "ann") == FOUND


@pytest.mark.parametrize("meanwhile", ["erased", "changed"])
def test_the_job_does_not_bring_back_who_was_erased_or_changed_meanwhile(
    shop: Shop, calls: Calls, meanwhile: str
) -> None:
    def act() -> None:
        if meanwhile == "erased":
            shop.members.erase("m1", operator="clerk", at=NOON, deadline=Deadline(20))
        else:
            shop.members.patch_profile("m1", {"name": "Zoe", "phone": None}, Deadline(20))

    register(shop, "m1", "Ann", PHONE)
    as_of_before(shop, "m1")
    calls.do_before("TransactWriteItems", act)
    assert Indexers(shop).do(INDEX_MEMBERS, NOON) == []
    held = entries(shop)
    assert held["m1", SEARCH_PHONE] == key("m1", SEARCH_PHONE)
    assert held["m1", SEARCH_NAME].get("search_key") == (None if meanwhile == "erased" else "zoe\tm1")


def test_under_another_key_the_job_makes_all_hashes_anew(shop: Shop) -> None:
    register(shop, "m1", "Ann", PHONE)
    other = KeyedHash(lambda: b"another key, as long as it must be, or longer")
    workers = Indexers(shop)
    workers.hash_phone = other
    assert workers.do(INDEX_MEMBERS, NOON) == []
    assert by_phone(shop) == []
    found, _ = finder(shop, other).by_phone(PHONE, limit=9, after=None, deadline=Deadline(20))
    assert [profile.member_id for profile, _ in found] == ["m1"]


def test_the_job_is_none_that_the_watch_waits_for_and_knows_its_name(shop: Shop) -> None:
    with pytest.raises(KeyError):
        jobs.tasks("index", NOON)
    assert len(jobs.tasks(INDEX_MEMBERS, NOON)) == jobs.SEGMENTS
    register(shop, "m1", "Ann")
    workers = Indexers(shop)
    assert not workers.runs.ended_since(INDEX_MEMBERS, NOON)
    workers.do(INDEX_MEMBERS, NOON)
    assert workers.runs.ended_since(INDEX_MEMBERS, NOON)
