"""Profiles: what is replaced and what is patched, texts and phones, and how staff find and read members."""

import io
import json
import uuid
from typing import Any

import pytest

from functions.platform import keyed_hash
from functions.platform.dynamo import to_item
from functions.platform.keyed_hash import KeyedHash
from functions.platform.settings import PhoneKeySettings
from functions.tiers import members
from tests.handlers.conftest import Suite
from tests.handlers.test_members import ALICE, ask, bought, changes, history
from tests.handlers.test_order_life import shop
from tests.support import aws
from tests.support.events import Answer, Call, claims, staff
from tests.support.texts import SEEN, UNSEEN

ME = "/members/me"
SEARCH = "/members/search"
JSON = "application/json"
PHONE = "+8613800138000"
TOLD = {"name": "Ann", "birthday": "1990-05-05", "phone": "138 0013 8000"}


def tell(
    suite: Suite, body: object, who: dict[str, str] = ALICE, *, method: str = "PUT", kind: str = JSON
) -> Answer:
    """Tell something about oneself."""
    return suite.call(Call(method, ME, body, who, {"content-type": kind}))


def patch(suite: Suite, body: object, who: dict[str, str] = ALICE, *, kind: str = JSON) -> Answer:
    """Change what is named of it."""
    return tell(suite, body, who, method="PATCH", kind=kind)


def find(suite: Suite, who: dict[str, str] | None = None, /, **body: Any) -> Answer:
    """Let staff look for members."""
    return suite.call(Call("POST", SEARCH, body, staff() if who is None else who))


def found(suite: Suite, **body: Any) -> list[str]:
    """Return the ids of all that are found, page by page."""
    ids: list[str] = []
    cursor = None
    while True:
        answer = find(suite, **body, cursor=cursor)
        assert answer.status == 200, answer.body
        ids += [each["member_id"] for each in answer.body["items"]]
        cursor = answer.body["next_cursor"]
        if cursor is None:
            return ids


def profile(suite: Suite, member_id: str = "alice") -> dict[str, Any]:
    """Return a member's profile as it is stored."""
    row = suite.tables.get(suite.settings.members_table, members.key(member_id, members.PROFILE))
    assert row is not None
    return row


# --- texts and phones ---


@pytest.mark.parametrize("name", SEEN)
def test_a_name_is_stored_and_shown_exactly_as_it_was_sent(suite: Suite, name: str) -> None:
    assert tell(suite, {"name": name}).body["name"] == name
    assert profile(suite)["name"] == name


@pytest.mark.parametrize("name", UNSEEN, ids=ascii)
def test_a_name_that_a_person_would_call_empty_is_422(suite: Suite, name: str) -> None:
    suite.member()
    for method in ("PUT", "PATCH"):
        answer = tell(suite, {"name": name}, method=method)
        assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (
            422,
            "invalid_request",
            "name",
        )
    assert profile(suite)["name"] == "alice"


@pytest.mark.parametrize("phone", ["", "   ", "--()", "call me", "12345", "1380013800", "138001380000"])
def test_a_phone_that_is_none_is_422(suite: Suite, phone: str) -> None:
    suite.member()
    for method in ("PUT", "PATCH"):
        answer = tell(suite, {"name": "Ann", "phone": phone}, method=method)
        assert (answer.status, answer.code, answer.body["errors"][0]["field"]) == (
            422,
            "invalid_request",
            "phone",
        )
    assert profile(suite)["phone"] is None


@pytest.mark.parametrize("phone", ["138 0013 8000", "１３８００１３８０００", PHONE, "0086-138-0013-8000"])
def test_a_phone_is_stored_and_shown_in_its_one_form(suite: Suite, phone: str) -> None:
    assert tell(suite, {"name": "Ann", "phone": phone}).body["phone"] == PHONE
    assert profile(suite)["phone"] == PHONE


def test_a_phone_of_before_is_shown_as_it_is_until_it_is_told_anew(suite: Suite) -> None:
    tell(suite, TOLD)
    table = suite.settings.members_table
    suite.tables.client.put_item(TableName=table, Item=to_item(profile(suite) | {"phone": "138 (old)"}))
    assert ask(suite, ME).body["phone"] == "138 (old)"
    assert patch(suite, {"name": "Anna"}).body["phone"] == "138 (old)"
    assert find(suite, name_prefix="anna").body["items"][0]["phone"] == "138 (old)"
    assert tell(suite, TOLD).body["phone"] == PHONE


# --- replacing and patching ---


def test_put_replaces_so_that_a_phone_that_is_not_named_is_gone(suite: Suite) -> None:
    tell(suite, TOLD)
    answer = tell(suite, {"name": "Ann"})
    assert (answer.body["phone"], answer.body["birthday"]) == (None, "1990-05-05")


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({}, {}),
        ({"name": " Anna "}, {"name": " Anna "}),
        ({"phone": "139-8765-4321"}, {"phone": "+8613987654321"}),
        ({"phone": None}, {"phone": None}),
        ({"birthday": "1990-05-05"}, {}),
        ({"name": "Bo", "phone": None}, {"name": "Bo", "phone": None}),
    ],
)
@pytest.mark.parametrize("kind", ["application/json", "application/merge-patch+json; charset=utf-8"])
def test_patch_changes_only_what_it_names(
    suite: Suite, change: dict[str, Any], shown: dict[str, Any], kind: str
) -> None:
    before = tell(suite, TOLD).body
    version = profile(suite)["version"]
    answer = patch(suite, change, kind=kind)
    assert (answer.status, answer.body) == (200, before | shown)
    assert ask(suite, ME).body == before | shown
    assert profile(suite)["version"] == version + bool(shown)
    assert patch(suite, change).body == before | shown
    assert profile(suite)["version"] == version + bool(shown)


@pytest.mark.parametrize(
    "change", [{"name": None}, {"name": ""}, {"nickname": "A"}, {"birthday": "1990-02-30"}, {"phone": 1}, []]
)
def test_a_patch_that_cannot_be_is_422_and_changes_nothing(suite: Suite, change: object) -> None:
    before = tell(suite, TOLD).body
    answer = patch(suite, change)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert ask(suite, ME).body == before


def test_B4_a_patch_neither_changes_nor_takes_away_a_birthday_that_is_set(suite: Suite) -> None:
    before = tell(suite, TOLD).body
    for birthday in (None, "1990-05-06"):
        answer = patch(suite, {"birthday": birthday, "name": "Bo"})
        assert (answer.status, answer.code) == (409, "birthday_locked")
    assert ask(suite, ME).body == before


def test_B4_a_patch_enters_a_birthday_once(suite: Suite) -> None:
    suite.member()
    assert patch(suite, {"birthday": None}).body["birthday"] is None
    assert patch(suite, {"birthday": "1990-05-05"}).body["birthday"] == "1990-05-05"
    assert patch(suite, {"birthday": "1991-05-05"}).code == "birthday_locked"


def test_to_patch_is_not_to_register(suite: Suite) -> None:
    for body in ({}, {"name": "Ann"}):
        answer = patch(suite, body)
        assert (answer.status, answer.code) == (404, "not_registered")
    assert ask(suite, ME).status == 404
    suite.member()
    suite.call(Call("DELETE", "/members/alice", who=staff()))
    assert patch(suite, {"name": "Ann"}).code == "not_registered"


def test_only_a_patch_is_taken_as_a_merge_patch(suite: Suite) -> None:
    answer = tell(suite, TOLD, kind="application/merge-patch+json")
    assert (answer.status, answer.code) == (422, "invalid_request")


# --- staff find members ---


@pytest.fixture
def known(suite: Suite) -> Suite:
    """Members with names and phones."""
    for member_id, name, phone in (
        ("m1", "Ann Lee", "13800138000"),
        ("m2", "ANNA", None),
        ("m3", "Ａｎｎ", "138 0013 8000"),
        ("m4", "王小明", "+852 9123 4567"),
        ("m5", "王伟", None),
        ("m6", "Bo", None),
    ):
        assert tell(suite, {"name": name, "phone": phone}, claims(member_id)).status == 201
    return suite


@pytest.mark.parametrize(
    ("prefix", "ids"),
    [
        ("ann", ["m3", "m1", "m2"]),
        ("Ann ", ["m3", "m1", "m2"]),
        ("ann l", ["m1"]),
        ("ＡＮＮＡ", ["m2"]),
        ("王", ["m5", "m4"]),
        ("王小", ["m4"]),
        ("小", []),
        ("lee", []),
        ("z", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_members_are_found_by_how_their_names_begin(
    known: Suite, prefix: str, ids: list[str], limit: int
) -> None:
    assert found(known, name_prefix=prefix, limit=limit) == ids


@pytest.mark.parametrize("phone", ["13800138000", "+86 138-0013-8000", "１３８００１３８０００"])
@pytest.mark.parametrize("limit", [1, 2, 100])
def test_members_are_found_by_their_phone_however_it_is_written(known: Suite, phone: str, limit: int) -> None:
    assert found(known, phone=phone, limit=limit) == ["m1", "m3"]
    assert found(known, phone="13987654321") == []


def test_a_member_is_found_by_their_id(known: Suite) -> None:
    assert found(known, member_id="m4") == ["m4"]
    for member_id in ("nobody", "M4", "m"):
        assert found(known, member_id=member_id) == []


def test_who_is_found_is_shown_with_what_it_takes_to_tell_them_from_others(known: Suite) -> None:
    me = ask(known, ME, claims("m4")).body
    for by in ({"member_id": "m4"}, {"phone": "+85291234567"}, {"name_prefix": "王小"}):
        assert find(known, None, **by).body == {
            "items": [{each: me[each] for each in ("member_id", "name", "phone", "tier", "registered_at")}],
            "next_cursor": None,
        }


def test_a_member_is_found_by_what_they_are_called_now_and_by_nothing_before(known: Suite) -> None:
    patch(known, {"name": "Carla", "phone": "13987654321"}, claims("m1"))
    assert found(known, name_prefix="ann") == ["m3", "m2"]
    assert found(known, phone=PHONE) == ["m3"]
    assert found(known, name_prefix="car") == found(known, phone="13987654321") == ["m1"]
    patch(known, {"phone": None}, claims("m1"))
    assert found(known, phone="13987654321") == []


def test_an_erased_member_is_found_by_nothing(known: Suite) -> None:
    assert known.call(Call("DELETE", "/members/m1", who=staff())).status == 200
    assert found(known, name_prefix="ann") == ["m3", "m2"]
    assert found(known, phone=PHONE) == ["m3"]
    assert found(known, member_id="m1") == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"limit": 5},
        {"member_id": "m1", "phone": PHONE},
        {"member_id": "m1", "name_prefix": "a"},
        {"phone": PHONE, "name_prefix": "a"},
        {"member_id": None},
        {"phone": None},
        {"name_prefix": None},
        {"member_id": None, "phone": PHONE},
        {"name_prefix": ""},
        {"name_prefix": "\u3164"},
        {"phone": "--()"},
        {"member_id": ""},
        {"name_prefix": "a", "limit": 0},
        {"name_prefix": "a", "limit": 101},
        {"name_prefix": "a", "limit": True},
        {"name_prefix": "a", "q": "b"},
    ],
)
def test_a_search_by_none_or_by_two_things_is_422(known: Suite, body: dict[str, Any]) -> None:
    answer = find(known, **body)
    assert (answer.status, answer.code) == (422, "invalid_request")
    assert "138" not in json.dumps(answer.body)


def test_only_staff_look_for_members(known: Suite) -> None:
    for body in ({"name_prefix": "ann"}, {}):
        answer = find(known, claims("m1"), **body)
        assert (answer.status, answer.code) == (403, "forbidden")


@pytest.mark.parametrize("sought", [{"name_prefix": "ann"}, {"phone": PHONE}, {"member_id": "m1"}])
def test_an_empty_cursor_is_the_first_page_of_a_search(known: Suite, sought: dict[str, str]) -> None:
    first = find(known, **sought)
    assert first.status == 200
    assert find(known, **sought, cursor="").body == first.body


def test_a_cursor_is_good_for_its_own_search_only(known: Suite) -> None:
    cursor = find(known, name_prefix="ann", limit=1).body["next_cursor"]
    assert cursor is not None
    assert find(known, name_prefix="ANN", limit=100, cursor=cursor).status == 200
    for other in ({"name_prefix": "an"}, {"name_prefix": "b"}, {"phone": PHONE}, {"member_id": "m1"}):
        answer = find(known, None, **other, cursor=cursor)
        assert (answer.status, answer.code) == (400, "invalid_cursor")
    answer = find(known, staff("another"), name_prefix="ann", cursor=cursor)
    assert (answer.status, answer.code) == (400, "invalid_cursor")


def test_what_is_looked_for_is_in_no_log(known: Suite, log: io.StringIO) -> None:
    find(known, name_prefix="ann")
    find(known, phone="13800138000")
    find(known, name_prefix="ann", phone="13800138000")
    lines = log.getvalue().casefold()
    assert "post /members/search" in lines
    assert "ann" not in lines
    assert "13800138000" not in lines


def test_a_search_row_says_no_more_than_it_takes_to_find_somebody(known: Suite) -> None:
    table = known.settings.members_table
    rows = [known.tables.get(table, members.key("m1", f"SEARCH#{each}")) for each in ("NAME", "PHONE")]
    assert rows[0] == members.key("m1", "SEARCH#NAME") | {
        "search_shard": "name#a",
        "search_key": "ann lee\tm1",
    }
    assert rows[1] is not None
    assert rows[1].keys() == {"member_id", "item", "search_shard", "search_key"}
    assert "0013" not in json.dumps(rows[1])


# --- staff read what a member reads ---


def adjusted(suite: Suite, member_id: str, *points: int) -> None:
    """Let staff adjust a member's points, a minute apart."""
    for number, each in enumerate(points):
        suite.pass_time(minutes=1)
        body = {"adjustment_id": f"{member_id}-{number}", "points": each, "reason": f"why {number}"}
        path = f"/members/{member_id}/points/adjustments"
        assert suite.call(Call("POST", path, body, staff())).status == 200


def test_staff_read_a_members_ledger_with_who_adjusted_it(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    adjusted(suite, "alice", 500, -20)
    bought(suite, "k1", tea=1)
    seen = ask(suite, "/members/alice/points/entries", staff()).body["items"]
    own = ask(suite, "/members/me/points/entries").body["items"]
    assert [{key: value for key, value in each.items() if key != "operator"} for each in seen] == own
    told = [(each["kind"], each["adjustment_id"], each["reason"], each["operator"]) for each in seen]
    assert told == [
        ("earn", None, None, None),
        ("adjust", "alice-1", "why 1", "clerk"),
        ("adjust", "alice-0", "why 0", "clerk"),
    ]
    assert "operator" not in own[0]


def test_entries_are_filtered_by_kind_before_they_are_counted(suite: Suite) -> None:
    shop(suite, tea=9_950)
    suite.member()
    for number in range(3):
        adjusted_at = f"k{number}"
        bought(suite, adjusted_at, tea=1)
        suite.pass_time(minutes=1)
        body = {"adjustment_id": adjusted_at, "points": 5, "reason": "x"}
        suite.call(Call("POST", "/members/alice/points/adjustments", body, staff()))
    whole = ask(suite, "/members/me/points/entries").body["items"]
    for path, who in (("/members/me", ALICE), ("/members/alice", staff())):
        for kind in ("earn", "adjust"):
            wanted = [each["entry_id"] for each in whole if each["kind"] == kind]
            assert len(wanted) == 3
            for limit in (1, 2, 3, 100):
                assert paged(suite, f"{path}/points/entries", who, kind=kind, limit=str(limit)) == wanted
        assert paged(suite, f"{path}/points/entries", who, kind="lapse") == []


def test_entries_are_filtered_by_when_they_happened(suite: Suite) -> None:
    suite.member()
    adjusted(suite, "alice", *range(1, 6))  # at 12:01 to 12:05
    path = "/members/me/points/entries"
    at = "2026-05-01T12:0{}:00{}".format
    expected = {
        (None, None): [5, 4, 3, 2, 1],
        (at(2, "+08:00"), None): [5, 4, 3, 2],
        (None, at(2, "+08:00")): [1],
        (at(2, "+08:00"), at(4, "+08:00")): [3, 2],
        (at(2, ".000001+08:00"), at(4, ".000001+08:00")): [4, 3],
        ("2026-05-01T04:02:00Z", None): [5, 4, 3, 2],
        (at(4, "+08:00"), at(2, "+08:00")): [],
        (at(3, "+08:00"), at(3, "+08:00")): [],
        ("0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"): [5, 4, 3, 2, 1],
    }
    for (since, before), points in expected.items():
        query = {name: value for name, value in (("since", since), ("before", before)) if value}
        for limit in ("1", "2", "100"):
            got = paged(suite, path, ALICE, "available_delta", limit=limit, **query)
            assert got == points, (since, before, limit)
            assert paged(suite, path, ALICE, "available_delta", limit=limit, kind="adjust", **query) == points


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2026-05-01", "2026-05-01T12:00:00", "2026-05-01 12:00:00+08:00", "1777608000"),
        *("2026-02-30T12:00:00+08:00", "2026-05-01T25:00:00+08:00", "2026-05-01T12:00:00+99:00"),
        *("20260501T120000Z", "2026-W18-5T12:00:00Z", "２026-05-01T12:00:00Z"),
    ],
)
def test_a_moment_that_is_none_is_422(suite: Suite, text: str) -> None:
    suite.member()
    for name in ("since", "before"):
        answer = ask(suite, "/members/me/points/entries", **{name: text})
        assert (answer.status, answer.code) == (422, "invalid_request")
        assert answer.body["errors"][0]["field"].endswith(name)


def test_a_kind_that_is_none_is_422(suite: Suite) -> None:
    suite.member()
    for kind in ("", "bonus", "EARN"):
        assert ask(suite, "/members/me/points/entries", kind=kind).status == 422


def test_a_cursor_of_entries_is_good_with_its_filters_only(suite: Suite) -> None:
    suite.member()
    suite.member("bob")
    adjusted(suite, "alice", 1, 2, 3)
    path, since = "/members/me/points/entries", "2026-05-01T12:00:00+08:00"
    cursor = ask(suite, path, kind="adjust", limit="1").body["next_cursor"]
    assert ask(suite, path, kind="adjust", cursor=cursor).status == 200
    for other in ({}, {"kind": "earn"}, {"kind": "adjust", "since": since}, {"since": since}):
        assert ask(suite, path, cursor=cursor, **other).code == "invalid_cursor"
    theirs = ask(suite, "/members/alice/points/entries", staff(), limit="1").body["next_cursor"]
    assert ask(suite, "/members/alice/points/entries", staff(), cursor=theirs).status == 200
    assert ask(suite, "/members/bob/points/entries", staff(), cursor=theirs).code == "invalid_cursor"


def test_staff_read_a_members_tier_history_as_they_do(suite: Suite) -> None:
    changes(suite, 5)
    path = "/members/alice/tier-history"
    assert ask(suite, path, staff()).body["items"] == history(suite)
    assert paged(suite, path, staff(), "order_id", limit="2") == [each["order_id"] for each in history(suite)]


def test_B4_staff_read_who_changed_a_birthday_when_and_why(suite: Suite) -> None:
    suite.member()
    path = "/members/alice/birthday-changes"
    assert ask(suite, path, staff()).body == {"items": [], "next_cursor": None}
    for number in range(1, 4):
        suite.pass_time(hours=1)
        body = {"birthday": f"1990-05-0{number}", "reason": f"papers {number}"}
        assert suite.call(Call("PUT", "/members/alice/birthday", body, staff(f"clerk{number}"))).status == 200
    assert ask(suite, path, staff()).body["items"] == [
        {
            "changed_at": f"2026-05-01T1{2 + number}:00:00+08:00",
            "reason": f"papers {number}",
            "operator": f"clerk{number}",
        }
        for number in (3, 2, 1)
    ]
    for limit in ("1", "2", "3"):
        assert paged(suite, path, staff(), "operator", limit=limit) == ["clerk3", "clerk2", "clerk1"]
    suite.call(Call("DELETE", "/members/alice", who=staff()))
    assert paged(suite, path, staff(), "reason") == [None, None, None]


LISTS = ("points/entries", "tier-history", "coupons", "birthday-changes")


@pytest.mark.parametrize("of", LISTS)
def test_what_staff_read_of_nobody_is_404_and_of_somebody_erased_is_there(suite: Suite, of: str) -> None:
    path = f"/members/alice/{of}"
    answer = ask(suite, path, staff())
    assert (answer.status, answer.code) == (404, "member_not_found")
    suite.member()
    for _ in range(2):
        assert (ask(suite, path, staff()).status, ask(suite, path, staff()).body["items"]) == (200, [])
        suite.call(Call("DELETE", "/members/alice", who=staff()))


@pytest.mark.parametrize("of", LISTS)
def test_only_staff_read_another_members_lists(suite: Suite, of: str) -> None:
    suite.member()
    for who in (ALICE, claims("bob")):
        answer = ask(suite, f"/members/alice/{of}", who)
        assert (answer.status, answer.code) == (403, "forbidden")


def paged(suite: Suite, path: str, who: dict[str, str], name: str = "entry_id", **query: str) -> list[Any]:
    """Return a field of all items of a list, page by page."""
    values: list[Any] = []
    while True:
        answer = ask(suite, path, who, **query)
        assert answer.status == 200, answer.body
        values += [each[name] for each in answer.body["items"]]
        if answer.body["next_cursor"] is None:
            return values
        query["cursor"] = answer.body["next_cursor"]


def test_the_key_of_phones_is_what_the_functions_secret_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with aws.mocked():
        made = keyed_hash.client().create_secret(Name=uuid.uuid4().hex, SecretString="x" * 64)
        settings = PhoneKeySettings.from_environment({"PHONE_KEY_SECRET": made["ARN"]})
        monkeypatch.setattr(PhoneKeySettings, "from_environment", lambda: settings)
        assert keyed_hash.from_environment()("a") == KeyedHash(lambda: b"x" * 64)("a")
