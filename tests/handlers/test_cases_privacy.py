"""Cases in a member's export, and what an erasure leaves of them (A10)."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from functions.cases import words
from functions.cases.rows import case_of, key
from functions.cases.words import FORGOTTEN, Words
from functions.domain.errors import RefusalError
from functions.domain.policy import load
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables
from tests.handlers.test_order_life import Life, shop
from tests.handlers.test_points import read
from tests.handlers.test_privacy import EXPORT, Private, exported, refusal, text_of
from tests.support import tables
from tests.support.events import Answer, Call, claims, staff
from tests.support.faults import (
    LOST_AFTER,
    RESET_BEFORE,
    ROW_CONFLICT,
    SERVER_ERROR_AFTER,
    THROTTLED,
    watched,
)
from tests.support.points import Box, Died, mortal

ALICE, BOB = claims("alice"), claims("bob")
WORD = "Passport of Wang 王小明"
"""Stands in all that people write."""
TEA = [{"sku": "tea", "quantity": 1}]


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK wait for nothing."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def suite(rows: Tables) -> Iterator[Private]:
    """Alice and bob have each received an order of three teas and a cup."""
    with tables.lent(rows.client) as settings:
        made = Private(rows, settings, load())
        made.pool.users |= {"alice@example.org": "alice", "bob@example.org": "bob"}
        shop(made, tea=6_667, cup=9_950, mug=9_950)
        for name in ("alice", "bob"):
            received(made, name)
        yield made


def received(suite: Private, name: str) -> str:
    """Let a member receive an order; return its id."""
    who = suite.member(name)
    body = {"lines": [{"sku": "tea", "quantity": 3}, {"sku": "cup", "quantity": 1}]}
    placed = suite.order(who, f"k-{name}", body).body
    order = Life(suite, placed["order_id"], placed, {})
    order.pay(f"p-{name}")
    order.ship()
    assert suite.call(Call("POST", f"/orders/{order.order_id}/receipt", who=who)).status == 200
    return order.order_id


def order_of(suite: Private, name: str = "alice") -> str:
    """Return the id of a member's order."""
    (item,) = read(suite, "/orders", claims(name)).body["items"]
    order_id: str = item["order_id"]
    return order_id


def ask(suite: Private, request_id: str, kind: str = "return", who: Any = ALICE, **said: Any) -> Answer:
    """Let a member ask for something."""
    body = {"request_id": request_id, "kind": kind, "reason": "defective", "text": WORD, **said}
    return suite.call(Call("POST", f"/orders/{order_of(suite, who['sub'])}/cases", body, who))


def act(suite: Private, case_id: str, what: str, body: Any = None, who: Any = None) -> Answer:
    """Let somebody do something with a case."""
    return suite.call(Call("POST", f"/cases/{case_id}/{what}", body, who or staff()))


def everything(suite: Private, who: dict[str, str] = ALICE) -> list[str]:
    """Let all be written into cases that can be; return their ids, the first first."""
    mug = [{"sku": "cup", "quantity": 1, "for": "mug"}]
    asked = (
        ask(suite, "r1", who=who, lines=TEA),
        ask(suite, "c1", "complaint", who),
        ask(suite, "x1", "exchange", who, lines=mug),
    )
    back, complaint, waits = (each.body["case_id"] for each in asked)
    steps: list[tuple[str, str, Any, Any]] = [
        (back, "refuse", {"reason": WORD}, staff()),
        (back, "escalate", {"reason": WORD}, who),
        (back, "approve", None, staff("boss")),
        (back, "shipment", {"carrier": WORD, "tracking_no": "SF1"}, who),
        (back, "receive", {"lines": TEA, "reason": WORD}, staff()),
        (complaint, "answer", {"text": WORD}, staff()),
        (complaint, "settle", {"points": 100, "reason": WORD}, staff()),
        (waits, "approve", None, staff()),
        (waits, "shipment", {"carrier": WORD}, who),
    ]
    for case_id, what, body, actor in steps:
        answer = act(suite, case_id, what, body, actor)
        assert answer.status == 200, answer.body
    return [back, complaint, waits]


def rows(suite: Private, name: str = "alice") -> list[Row]:
    """Return the rows of a member's cases."""
    return [row for row in suite.rows(suite.settings.cases_table) if row.get("member_id") == name]


def shown(suite: Private, case_id: str, who: Any = None) -> dict[str, Any]:
    """Return a case as staff, or somebody else, see it."""
    return suite.call(Call("GET", f"/cases/{case_id}", who=who or staff())).body


# --- the export ---


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_A10_an_export_has_the_members_cases_newest_first_as_they_see_them(
    suite: Private, limit: int
) -> None:
    everything(suite)
    suite.pass_time(hours=1)
    ask(suite, "late", "complaint")
    found = [each["data"] for each in exported(suite, limit) if each["kind"] == "case"]
    listed = read(suite, "/members/me/cases", limit="100").body["items"]
    assert found == listed
    assert len(found) == 4
    assert found[0]["kind"] == "complaint"
    assert json.dumps(found, ensure_ascii=False).count(WORD) > 10


def test_A2_an_exported_case_reads_as_of_now_whether_or_not_a_job_has_written_it(suite: Private) -> None:
    ask(suite, "r1", lines=TEA)
    suite.pass_time(hours=48)
    (case,) = [each["data"] for each in exported(suite, 100) if each["kind"] == "case"]
    assert case["state"] == "approved"


def test_case_38_an_export_has_nobody_elses_cases(suite: Private) -> None:
    everything(suite, BOB)
    assert [each for each in exported(suite, 100) if each["kind"] == "case"] == []


def test_a_cursor_that_stands_among_cases_goes_on_behind_them(suite: Private) -> None:
    for number in range(3):
        ask(suite, f"c{number}", "complaint")
        suite.pass_time(minutes=1)
    of_all = exported(suite, 100)
    first = read(suite, EXPORT, limit=str(len(of_all) - 1)).body
    rest = read(suite, EXPORT, limit="100", cursor=first["next_cursor"]).body
    assert [each["data"]["kind"] for each in rest["items"]] == ["complaint"]
    assert [*first["items"], *rest["items"]] == of_all


# --- an erasure ---


def test_A10_no_word_of_anybody_is_left_in_the_cases_of_an_erased_member(suite: Private) -> None:
    everything(suite)
    assert text_of(rows(suite)).count(WORD) == 10  # three texts, five reasons, two carriers
    assert suite.erase().status == 200
    for name in vars(suite.settings).values():
        assert WORD not in text_of(suite.rows(name))
    assert [row["request"] for row in rows(suite)] == [FORGOTTEN] * 3
    assert [name for row in rows(suite) for name in ("text", "reason") if name in row] == []


def test_A10_states_times_amounts_and_ids_stay_as_they_were(suite: Private) -> None:
    ids = everything(suite)
    before = [shown(suite, each) for each in ids]
    suite.erase()
    after = [shown(suite, each) for each in ids]
    for had, has in zip(before, after, strict=True):
        assert (has["text"], has["reason"]) == (None, None)
        assert {step["reason"] for step in has["history"]} == {None}
        assert (has["parcel"] or {"carrier": None})["carrier"] is None
        for case in (had, has):
            del case["text"], case["reason"]
            for step in case["history"]:
                del step["reason"]
            if case["parcel"]:
                del case["parcel"]["carrier"]
        assert has == had


def test_A2_why_a_deadline_changed_a_case_is_the_programmes_own_and_stays(suite: Private) -> None:
    case_id = ask(suite, "r1", lines=TEA).body["case_id"]
    suite.pass_time(hours=48)
    assert act(suite, case_id, "shipment", who=ALICE).status == 200
    suite.erase()
    assert [step["reason"] for step in shown(suite, case_id)["history"]] == [None, "not_answered", None]


def test_another_members_cases_are_not_touched(suite: Private) -> None:
    everything(suite)
    everything(suite, BOB)
    before = rows(suite, "bob")
    suite.erase()
    assert rows(suite, "bob") == before


def test_an_erasure_of_who_has_no_case_writes_none(suite: Private) -> None:
    assert suite.erase().status == 200
    assert suite.rows(suite.settings.cases_table) == []


def test_a_repeated_erasure_writes_no_case_again_and_forgets_what_was_written_since(suite: Private) -> None:
    ids = everything(suite)
    suite.erase()
    before = rows(suite)
    assert suite.erase().status == 200
    assert rows(suite) == before
    assert act(suite, ids[2], "receive", {"lines": [], "reason": WORD}).status in (200, 422)
    assert act(suite, ids[2], "receive", {"reason": WORD}).status == 200
    assert WORD in text_of(rows(suite))  # by staff, who do not know any more whose case it is
    suite.erase()
    assert WORD not in text_of(rows(suite))


def test_more_cases_than_one_page_lose_their_words(suite: Private, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "PAGE_ROWS", 2)
    for number in range(3):
        ask(suite, f"c{number}", "complaint")
        ask(suite, f"r{number}", lines=TEA)
    suite.erase()
    assert len(rows(suite)) == 6
    assert WORD not in text_of(rows(suite))


# --- who was erased writes nothing more ---


def test_who_was_erased_asks_for_nothing_any_more(suite: Private) -> None:
    ids = everything(suite)
    other = ask(suite, "o1", lines=TEA).body["case_id"]
    assert act(suite, other, "refuse", {"reason": "no"}).status == 200
    suite.erase()
    before = rows(suite)
    assert refusal(ask(suite, "new", "complaint")) == (409, "not_registered")
    assert refusal(ask(suite, "r1", lines=TEA)) == (409, "not_registered")
    for case_id, what, body in [
        (other, "escalate", {"reason": WORD}),
        (ids[2], "shipment", {"carrier": WORD}),
        (other, "withdraw", None),
    ]:
        assert refusal(act(suite, case_id, what, body, ALICE)) == (409, "not_registered"), what
    assert rows(suite) == before


def test_cases_of_an_erased_member_go_their_way(suite: Private) -> None:
    ids = everything(suite)
    waits = ask(suite, "r9", lines=TEA).body["case_id"]
    suite.erase()
    assert act(suite, ids[2], "receive").body["state"] == "closed"
    assert act(suite, waits, "approve").body["state"] == "approved"
    assert act(suite, waits, "receive").body["refund_fen"] > 0
    assert [row.get("text") for row in rows(suite)] == [None] * 4


# --- an erasure that meets something else ---


def forget(suite: Private) -> None:
    """Take the words out of alice's cases."""
    Words(suite.tables, suite.settings.cases_table).forget("alice", Deadline(20))


OTHERS: dict[str, tuple[str, Any, Any]] = {
    "staff refuse": ("refuse", {"reason": WORD}, staff()),
    "staff approve": ("approve", None, staff()),
    "the member withdraws": ("withdraw", None, ALICE),
}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("operation", ["Query", "BatchGetItem", "GetItem", "PutItem"])
def test_what_happens_to_a_case_while_it_is_forgotten_has_happened_and_brings_no_word_back(
    suite: Private, other: str, operation: Any
) -> None:
    case_id = ask(suite, "r1", lines=TEA).body["case_id"]
    what, body, who = OTHERS[other]
    with watched(suite.tables.client) as calls:
        calls.do_before(operation, lambda: act(suite, case_id, what, body, who))
        forget(suite)
    (row,) = rows(suite)
    assert row["state"] in ("refused", "approved", "withdrawn")
    assert WORD not in text_of([row])


@pytest.mark.parametrize("other", OTHERS)
def test_who_read_a_case_before_it_was_forgotten_decides_anew_and_brings_no_word_back(
    suite: Private, other: str
) -> None:
    case_id = ask(suite, "r1", lines=TEA).body["case_id"]
    what, body, who = OTHERS[other]
    with watched(suite.tables.client) as calls:
        calls.do_before("TransactWriteItems", lambda: forget(suite))
        assert act(suite, case_id, what, body and {"reason": "no"}, who).status == 200
    (row,) = rows(suite)
    assert row["version"] == 3
    assert WORD not in text_of([row])


@pytest.mark.parametrize("kind", ["complaint", "return"])
def test_a_case_that_is_being_opened_while_its_member_is_erased_is_refused(suite: Private, kind: str) -> None:
    order_of(suite)
    said = {} if kind == "complaint" else {"lines": TEA}
    with watched(suite.tables.client) as calls:
        calls.do_before("TransactWriteItems", lambda: suite.erase())
        assert refusal(ask(suite, "r1", kind, **said)) == (409, "not_registered")
    assert rows(suite) == []


def test_a_refusal_that_is_being_disputed_while_its_member_is_erased_stays_one(suite: Private) -> None:
    case_id = ask(suite, "r1", lines=TEA).body["case_id"]
    act(suite, case_id, "refuse", {"reason": "no"})
    with watched(suite.tables.client) as calls:
        calls.do_before("TransactWriteItems", lambda: suite.erase())
        answer = act(suite, case_id, "escalate", {"reason": WORD}, ALICE)
    assert refusal(answer) == (409, "not_registered")
    (row,) = rows(suite)
    assert row["state"] == "refused"
    assert WORD not in text_of([row])


@pytest.mark.parametrize("steps", range(12))
def test_an_erasure_that_dies_at_any_step_is_completed_by_a_repeat(suite: Private, steps: int) -> None:
    everything(suite)
    try:
        with mortal(suite.tables.client, Box(), steps):
            suite.erase()
    except Died:
        pass
    assert suite.erase().status == 200
    assert WORD not in text_of(rows(suite))
    versions = {row["case_id"]: row["version"] for row in rows(suite)}
    suite.erase()
    assert {row["case_id"]: row["version"] for row in rows(suite)} == versions


FAULTS = {
    "reset": RESET_BEFORE,
    "lost": LOST_AFTER,
    "error after": SERVER_ERROR_AFTER,
    "throttled": THROTTLED,
    "conflict": ROW_CONFLICT,
}
AFTER = {"lost", "error after"}
"""Where it has been written."""


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("sends", [1, 3])
def test_a_write_that_meets_a_fault_takes_the_words_out_once(suite: Private, fault: str, sends: int) -> None:
    case_id = ask(suite, "r1", lines=TEA).body["case_id"]
    with watched(suite.tables.client) as calls:
        calls.fail("PutItem", *[FAULTS[fault]] * sends)
        forget(suite)
        assert calls.sent.count("PutItem") == sends + 1 or fault in AFTER
    row = suite.tables.get(suite.settings.cases_table, key(case_id))
    assert row is not None
    assert (case_of(row).text, row["version"]) == (None, 2)


def test_words_that_no_send_brings_out_are_said_to_be_left(suite: Private) -> None:
    ask(suite, "r1", lines=TEA)
    with watched(suite.tables.client) as calls:
        calls.fail("PutItem", *[THROTTLED] * 1_000)
        with pytest.raises(RefusalError):
            forget(suite)
    forget(suite)
    assert WORD not in text_of(rows(suite))


def test_the_log_of_an_erasure_has_no_word_of_its_cases(suite: Private, log: io.StringIO) -> None:
    everything(suite)
    suite.erase()
    assert log.getvalue()
    assert "王小明" not in log.getvalue()
    assert json.dumps("王小明").strip('"') not in log.getvalue()
    assert "Passport" not in log.getvalue()
