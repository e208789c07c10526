"""A member's own data, and the erasure of a member."""

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from functions.coupons import jobs as coupon_jobs
from functions.coupons.queue import Worker as CouponWorker
from functions.coupons.stream import Consumer as Eligibility
from functions.coupons.timetable import ISSUE_BIRTHDAY_COUPONS
from functions.domain.policy import load
from functions.offers.uses import Use, Uses, row_after
from functions.platform.changes import changed
from functions.platform.dynamo import Row, Tables, from_item
from functions.platform.fanout import Starter, WorkQueue
from tests.handlers.conftest import Messages, Suite
from tests.handlers.test_members_events import PERSONAL, whole_story
from tests.handlers.test_order_life import Life, hold_coupon, returned, shop, store_time
from tests.handlers.test_points import ALICE, Posted, adjust, fits, placed, read
from tests.support import tables
from tests.support.coupons import Desk
from tests.support.events import Answer, Call, Context, claims, staff, stream_record
from tests.support.faults import Fault

EXPORT = "/members/me/export"
REASON = "Passport of Wang 王小明 seen"
SECRETS = ("Alice Wang", "alice wang", "王小明", "1990-05-05", "1991-06-06", "13812345678", REASON)
SERVER_ERROR = Fault(status=500, error={"__type": "InternalErrorException", "message": "x"})
THROTTLED = Fault(error={"__type": "TooManyRequestsException", "message": "slow down"})
FORBIDDEN = Fault(error={"__type": "NotAuthorizedException", "message": "no"})
LOST = Fault(lost=True)


@pytest.fixture(autouse=True)
def _unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK wait for nothing."""
    monkeypatch.setattr("time.sleep", lambda _: None)


@dataclass
class Private(Suite):
    """All functions, and what an erasure is judged by."""

    def erase(self, member_id: str = "alice", who: dict[str, str] | None = None) -> Answer:
        """Let staff erase a member."""
        return self.call(Call("DELETE", f"/members/{member_id}", who=who or staff()))

    def rows(self, table: str | None = None) -> list[Row]:
        """Return all rows of a table, the members' unless another one is named."""
        client, rows = self.tables.client, list[Row]()
        for page in client.get_paginator("scan").paginate(TableName=table or self.settings.members_table):
            rows += map(from_item, page["Items"])
        return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))

    def issue_coupons(self) -> None:
        """Run the issue of birthday coupons, and let the stream tell of every standing."""
        queue = Messages()
        work = WorkQueue(queue, "work")  # type: ignore[arg-type]
        now = lambda: self.now  # noqa: E731
        Starter(work, self.runs, coupon_jobs.tasks, now)({"job": ISSUE_BIRTHDAY_COUPONS}, Context())
        worker = CouponWorker(self.tables, self.settings, work, self.policy)
        while (body := queue.take(delayed=True)) is not None:
            record = {"messageId": "1", "body": body, "eventSource": "aws:sqs"}
            assert worker({"Records": [record]}, Context()) == {"batchItemFailures": []}
        standings = [row for row in self.rows() if row["item"] == "STANDING"]
        stream = Eligibility(self.tables, self.settings, self.policy, now)
        records = [stream_record(row) for row in standings]
        assert stream({"Records": records}, Context()) == {"batchItemFailures": []}


@pytest.fixture
def suite(rows: Tables) -> Iterator[Private]:
    """All functions over empty tables of this test's own; alice and bob can sign in."""
    with tables.lent(rows.client) as settings:
        made = Private(rows, settings, load())
        made.pool.users |= {"alice@example.org": "alice", "bob@example.org": "bob"}
        yield made


def told(suite: Private) -> None:
    """Let alice, who has told who she is, have her birthday changed by staff, and back."""
    assert suite.call(Call("PUT", "/members/me", PERSONAL, ALICE)).status in (200, 201)
    for birthday in ("1991-06-06", "1990-05-05"):
        body = {"birthday": birthday, "reason": REASON}
        assert suite.call(Call("PUT", "/members/alice/birthday", body, staff())).status == 200


def known_well(suite: Private) -> None:
    """Let alice have a long story, a birthday that staff changed, and a coupon."""
    whole_story(suite)
    told(suite)
    hold_coupon(suite)


def without_free_texts(suite: Private) -> None:
    """Let no adjustment's reason hold a name."""
    for row in suite.rows():
        if row.get("reason") == "for Alice Wang":
            suite.tables.put(suite.settings.members_table, row | {"reason": "goodwill"})


def text_of(rows: list[Row]) -> str:
    """Return rows as text."""
    return json.dumps(rows, ensure_ascii=False)


# --- erasure: what is gone ---


def test_who_somebody_was_is_gone_from_every_row_of_theirs(suite: Private) -> None:
    known_well(suite)
    without_free_texts(suite)
    before = text_of(suite.rows())
    assert [secret for secret in SECRETS if secret not in before] == ["1991-06-06"]  # and back
    assert suite.erase().status == 200
    after = text_of(suite.rows())
    assert [secret for secret in SECRETS if secret in after] == []
    for table in (suite.settings.orders_table, suite.settings.catalog_table, suite.settings.reports_table):
        assert [secret for secret in SECRETS if secret in text_of(suite.rows(table))] == []


def test_a_name_that_staff_wrote_into_an_adjustments_reason_is_gone_too(suite: Private) -> None:
    suite.member()
    adjust(suite, 50, "a1", reason="for Alice Wang, +86 138")
    suite.erase()
    assert "Alice Wang" not in text_of(suite.rows())
    again = adjust(suite, 50, "a1", reason="for Alice Wang, +86 138")
    assert (again.status, again.body["available"]) == (200, 50)
    assert refusal(adjust(suite, 51, "a1", reason="for Alice Wang, +86 138")) == (422, "adjustment_id_reused")


def test_the_profile_keeps_nothing_but_when_and_by_whom_it_was_erased(suite: Private) -> None:
    told(suite)
    suite.erase()
    profile = suite.tables.get(suite.settings.members_table, {"member_id": "alice", "item": "PROFILE"})
    assert profile is not None
    assert profile.keys() == {"member_id", "item", "version", "erased_at", "operator"}
    assert profile["operator"] == "clerk"


def test_the_user_is_gone_from_the_pool_and_nobody_else_is(suite: Private) -> None:
    suite.member()
    suite.member("bob")
    suite.erase()
    assert suite.pool.users == {"bob@example.org": "bob"}


@pytest.mark.parametrize("subject", ['a"b', "a\\b", 'x" or sub = "alice'])
def test_a_subject_that_would_end_the_filter_is_only_a_subject(suite: Private, subject: str) -> None:
    suite.pool.users["odd"] = subject
    suite.pool.identities.delete(subject)
    assert suite.pool.users == {"alice@example.org": "alice", "bob@example.org": "bob"}


def test_a_user_who_is_gone_already_is_fine(suite: Private) -> None:
    suite.member()
    suite.pool.users.clear()
    assert suite.erase().status == 200
    suite.member("bob")
    suite.pool.users["bob@example.org"] = "bob"
    suite.pool.fail(
        "AdminDeleteUser", Fault(after=True, status=400, error={"__type": "UserNotFoundException"})
    )
    assert suite.erase("bob").status == 200


# --- erasure: what stays ---


def test_ledger_wallet_lots_orders_tiers_and_coupons_stay_as_they_were_and_the_audit_fits(
    suite: Private,
) -> None:
    known_well(suite)
    assert fits(suite)
    liability = read(suite, "/reports/points-liability", staff()).body
    kept = {row["item"]: row for row in suite.rows() if row["member_id"] == "alice"}
    orders = suite.rows(suite.settings.orders_table)
    suite.erase()
    after = {row["item"]: row for row in suite.rows() if row["member_id"] == "alice"}
    assert kept.keys() == after.keys()
    changed = {item for item, row in after.items() if row != kept[item]}
    assert {item.partition("#")[0] for item in changed} == {
        *("PROFILE", "STANDING", "BIRTHDAY", "ENTRY", "SEARCH"),
    }
    for item in changed:
        if item.startswith("ENTRY#"):
            assert after[item] == kept[item] | {"reason": None}
        if item.startswith("SEARCH#"):
            assert after[item] == {"member_id": "alice", "item": item}
    assert suite.rows(suite.settings.orders_table) == orders
    assert fits(suite)
    audited = read(suite, "/reports/points-liability", staff()).body
    assert audited == liability | {"as_of": audited["as_of"]}


def test_a_birthday_change_stays_without_its_reason(suite: Private) -> None:
    told(suite)
    before = [row for row in suite.rows() if row["item"].startswith("BIRTHDAY#")]
    assert len(before) == 2
    suite.erase()
    after = [row for row in suite.rows() if row["item"].startswith("BIRTHDAY#")]
    assert after == [row | {"reason": None} for row in before]


def test_the_standing_keeps_its_tier_loses_the_month_and_is_marked(suite: Private) -> None:
    shop(suite, gold=850_000)
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    placed(suite, {"gold": 1}).pay()
    before = standing_row(suite)
    assert "birthday_shard" in before
    suite.erase()
    after = standing_row(suite)
    del before["birthday_shard"]
    marked = {"birth_month": None, "erased": True, "version": before["version"] + 1}
    assert after == before | marked | changed("alice", suite.now)


def standing_row(suite: Private, member: str = "alice") -> Row:
    """Return a member's standing as it is stored."""
    row = suite.tables.get(suite.settings.members_table, {"member_id": member, "item": "STANDING"})
    assert row is not None
    return row


def test_another_member_is_not_touched(suite: Private) -> None:
    bob = suite.member("bob")
    suite.member()
    before = [row for row in suite.rows() if row["member_id"] == "bob"]
    suite.erase()
    assert [row for row in suite.rows() if row["member_id"] == "bob"] == before
    assert suite.call(Call("GET", "/members/me", who=bob)).body["name"] == "bob"


# --- erasure: its answers ---


def test_an_erasure_answers_whom_and_when_and_repeated_the_same(suite: Private) -> None:
    suite.member()
    first = suite.erase()
    assert (first.status, first.body) == (
        200,
        {"member_id": "alice", "erased_at": "2026-05-01T12:00:00+08:00"},
    )
    rows = suite.rows()
    suite.pass_time(days=3)
    again = suite.erase(who=staff("other"))
    assert (again.status, again.body) == (first.status, first.body)
    assert suite.rows() == rows


def test_who_has_not_registered_cannot_be_erased(suite: Private) -> None:
    answer = suite.erase()
    assert (answer.status, answer.code) == (404, "member_not_found")
    assert suite.rows() == []
    assert suite.pool.sent == []


def test_case_47_a_member_cannot_erase_anybody_not_even_themselves(suite: Private) -> None:
    who = suite.member()
    suite.member("bob")
    for member_id in ("alice", "bob", "nobody", "me"):
        answer = suite.erase(member_id, who)
        assert (answer.status, answer.code) == (403, "forbidden")
    assert suite.call(Call("GET", "/members/me", who=who)).status == 200


@pytest.mark.parametrize("operation", ["ListUsers", "AdminDeleteUser"])
@pytest.mark.parametrize(
    ("fault", "status"), [(SERVER_ERROR, 503), (THROTTLED, 503), (LOST, 503), (FORBIDDEN, 500)]
)
@pytest.mark.usefixtures("log")
def test_a_pool_that_fails_after_the_rows_were_erased_is_a_fault_and_a_repeat_completes(
    suite: Private, operation: str, fault: Fault, status: int
) -> None:
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    suite.pool.fail(operation, *[fault] * 2)
    failed = suite.erase()
    assert failed.status == status
    assert "Alice" not in text_of(suite.rows())
    assert "alice@example.org" in suite.pool.users
    suite.pool.faults.clear()
    suite.pass_time(hours=1)
    again = suite.erase()
    assert (again.status, again.body["erased_at"]) == (200, "2026-05-01T12:00:00+08:00")
    assert "alice@example.org" not in suite.pool.users


def test_a_deletion_whose_answer_is_lost_has_happened(suite: Private) -> None:
    suite.member()
    suite.pool.fail("AdminDeleteUser", Fault(lost=True, after=True))
    assert suite.erase().status == 200
    assert "alice@example.org" not in suite.pool.users


def test_the_log_says_who_was_erased_by_whom_and_nothing_of_the_person(
    suite: Private, log: io.StringIO
) -> None:
    suite.call(Call("PUT", "/members/me", PERSONAL, ALICE))
    suite.erase()
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    (told,) = [line for line in lines if line["message"] == "member erased"]
    assert (told["member_id"], told["operator"]) == ("alice", "clerk")
    assert [secret for secret in (*SECRETS, "alice@example.org") if secret in log.getvalue()] == []


# --- after the erasure ---


def refusal(answer: Answer) -> tuple[int, str]:
    """Return how a call was refused."""
    return answer.status, answer.code


def test_nobody_comes_back_under_an_erased_id(suite: Private) -> None:
    suite.member()
    suite.erase()
    rows = suite.rows()
    for body in ({"name": "Alice"}, PERSONAL):
        answer = suite.call(Call("PUT", "/members/me", body, ALICE))
        assert refusal(answer) == (409, "member_erased")
    assert suite.rows() == rows


def test_an_erased_member_is_not_registered_any_more(suite: Private) -> None:
    shop(suite, tea=9_950)
    who = suite.member()
    coupon = hold_coupon(suite)
    adjust(suite, 500)
    suite.erase()
    cart = {"lines": [{"sku": "tea", "quantity": 1}]}
    for body in (cart, cart | {"points": 500}, cart | {"coupon": coupon.coupon_id}):
        assert refusal(suite.call(Call("POST", "/quotes", body, who))) == (409, "not_registered")
        assert refusal(suite.order(who, "k", body)) == (409, "not_registered")
    assert refusal(suite.call(Call("GET", EXPORT, who=who))) == (409, "not_registered")
    assert refusal(suite.call(Call("GET", "/members/me", who=who))) == (404, "not_registered")
    assert refusal(suite.call(Call("GET", "/members/alice", who=staff()))) == (404, "member_not_found")
    birthday = {"birthday": "1990-05-05", "reason": "typing error"}
    changed = suite.call(Call("PUT", "/members/alice/birthday", birthday, staff()))
    assert refusal(changed) == (404, "member_not_found")
    assert suite.rows(suite.settings.orders_table) == []


def test_on_the_member_day_an_erased_member_has_the_list_price(suite: Private) -> None:
    body = {"name": "Gold", "price_fen": 850_000, "member_zone": True}
    suite.call(Call("PUT", "/products/gold", body, staff()))
    suite.call(Call("POST", "/products/gold/stock", {"movement_id": "m", "delta": 5, "reason": "x"}, staff()))
    who = suite.member()
    placed(suite, {"gold": 1}).pay()
    suite.now = store_time("2026-05-10T12:00:00")
    assert read(suite, "/products/gold", who).body["your_price_fen"] == 680_000
    assert read(suite, "/member-day", who).body["your_rate"] == "0.80"
    suite.erase()
    assert read(suite, "/products/gold", who).body["your_price_fen"] == 850_000
    assert read(suite, "/member-day", who).body["your_rate"] is None


READS = [
    "/members/me/points",
    "/members/me/points/entries",
    "/members/me/tier-history",
    "/members/me/coupons",
]


def test_points_of_an_erased_member_are_not_adjusted(suite: Private) -> None:
    suite.member()
    suite.erase()
    assert refusal(adjust(suite, 50, reason="for Alice Wang")) == (404, "member_not_found")


def test_B1_an_erased_member_gets_no_birthday_coupon(suite: Private) -> None:
    shop(suite, tea=9_950)
    for name in ("alice", "bob"):
        suite.call(Call("PUT", "/members/me", PERSONAL | {"name": name}, claims(name)))
    placed(suite, {"tea": 1}).pay()
    bobs = suite.order(claims("bob"), "k1", {"lines": [{"sku": "tea", "quantity": 1}]})
    Posted(suite, bobs.body["order_id"], bobs.body, {}).pay("p-bob")
    suite.erase()
    suite.issue_coupons()
    held = {row["member_id"] for row in suite.rows() if row["item"].startswith("COUPON#")}
    assert held == {"bob"}


# --- an erased member's orders go their way ---


def test_orders_of_an_erased_member_go_their_way_and_the_mark_stays(suite: Private) -> None:
    steps = ("payment", "receipt", "release", "return")
    shop(suite, tea=9_950, gold=850_000)
    for member in ("bob", *steps):
        suite.member(member)
        suite.pool.users[member] = member
    orders = {
        member: (placed_by(suite, member, "k1", gold=1), placed_by(suite, member, "k2", tea=1))
        for member in ("bob", *steps)
    }

    def before(step: str) -> None:
        if step in steps:
            assert suite.erase(step).status == 200
        marked = {member for member in orders if standing_row(suite, member).get("erased")}
        assert marked == set(steps[: steps.index(step) + 1] if step in steps else steps)
        assert marked == orders.keys() - suite.pool.users.keys()

    before("payment")
    for member, (gold, tea) in orders.items():
        gold.pay(f"p1-{member}")
        tea.pay(f"p2-{member}")
        gold.must("shipment")
    before("receipt")
    for member, (gold, tea) in orders.items():
        gold.must("receipt", who=claims(member))
        tea.must("cancel")
    before("release")
    suite.pass_time(days=7)
    suite.fire("release-points")
    before("return")
    for gold, _ in orders.values():
        gold.must("returns", returned("r", gold=1))
    before("the end")
    for member, made in orders.items():
        assert seen(suite, member, *made) == seen(suite, "bob", *orders["bob"]), member
    assert seen(suite, "bob", *orders["bob"])["kinds"] == [
        *("earn", "earn"),
        *("reverse", "release", "reverse"),
    ]
    assert [change[1:] for change in seen(suite, "release", *orders["release"])["tiers"]] == [
        ("J0", "J3"),
        ("J3", "J1"),
    ]
    assert fits(suite)


def placed_by(suite: Private, member: str, key: str, **quantities: int) -> Posted:
    """Let a member place an order."""
    lines = [{"sku": sku, "quantity": quantity} for sku, quantity in quantities.items()]
    answer = suite.order(claims(member), key, {"lines": lines})
    assert answer.status == 201, answer.body
    return Posted(suite, answer.body["order_id"], answer.body, {})


def seen(suite: Private, member: str, *orders: Life) -> dict[str, Any]:
    """Return what has become of a member's orders and account, without what names them."""
    rows = [row for row in suite.rows() if row["member_id"] == member and row["item"] != "PROFILE"]
    standing, wallet = ([row for row in rows if row["item"] == item] for item in ("STANDING", "WALLET"))
    return {
        "orders": [(order.seen()["status"], order.seen()["refunded_fen"]) for order in orders],
        "wallet": [(row["frozen"], row["available"], row["debt"]) for row in wallet],
        "standing": [(row["tier"], row["effective_fen"]) for row in standing],
        "kinds": [
            row["kind"]
            for row in sorted(rows, key=lambda row: row.get("number", 0))
            if row["item"].startswith("ENTRY#")
        ],
        "entries": sorted(
            (row["number"], row["kind"], row["frozen_delta"], row["occurred_at"])
            for row in rows
            if row["item"].startswith("ENTRY#")
        ),
        "tiers": sorted(
            (row["item"], row["before"], row["after"]) for row in rows if row["item"].startswith("TIER#")
        ),
    }


# --- the export ---


def pages(suite: Private, limit: int, who: dict[str, str] | None = None) -> Iterator[list[dict[str, Any]]]:
    """Give the pages of a member's export."""
    cursor: dict[str, str] = {}
    for _ in range(100):
        answer = read(suite, EXPORT, who, limit=str(limit), **cursor)
        assert answer.status == 200, answer.body
        assert len(answer.body["items"]) <= limit
        yield answer.body["items"]
        if answer.body["next_cursor"] is None:
            return
        assert len(answer.body["items"]) == limit, "a page is full unless it is the last one"
        cursor = {"cursor": answer.body["next_cursor"]}
    raise AssertionError("the export has no end")


def exported(suite: Private, limit: int) -> list[dict[str, Any]]:
    """Return the items of all pages."""
    return [item for page in pages(suite, limit) for item in page]


def shown_elsewhere(suite: Private) -> list[dict[str, Any]]:
    """Return what the other routes show of alice, in the export's order."""
    lists = {
        "tier_change": "/members/me/tier-history",
        "points_entry": "/members/me/points/entries",
        "coupon": "/members/me/coupons",
        "order": "/orders",
    }
    found = [
        {"kind": "member", "data": read(suite, "/members/me").body},
        {"kind": "points", "data": read(suite, "/members/me/points").body},
    ]
    for kind, path in lists.items():
        body = read(suite, path, limit="100").body
        assert body["items"], kind
        assert body["next_cursor"] is None
        found += [{"kind": kind, "data": each} for each in body["items"]]
    changes = suite.call(Call("GET", "/members/alice/birthday-changes", who=staff())).body["items"]
    assert changes
    for each in changes:
        del each["operator"]  # whose doing it was is somebody else's
        found.append({"kind": "birthday_change", "data": each})
    return found


def test_an_export_is_everything_that_the_other_routes_show_once_for_any_page_size(suite: Private) -> None:
    known_well(suite)
    for year in (2024, 2025):
        row = suite.tables.get(
            suite.settings.members_table, {"member_id": "alice", "item": "COUPON#BIRTHDAY#2026"}
        )
        assert row is not None
        older = row | {"item": f"COUPON#BIRTHDAY#{year}", "year": year, "coupon_id": f"cpn_{year}_x"}
        older["valid_from"] = f"{year}-04-30T16:00:00Z"
        suite.tables.put(suite.settings.members_table, older)
    placed(suite, {"tea": 1}, "unpaid")
    suite.pass_time(hours=1)  # it reads as lapsed before the job has written it
    expected = shown_elsewhere(suite)
    assert "lapsed" in {item["data"].get("status") for item in expected}
    assert len(expected) > 20
    for limit in (1, 3, 4, len(expected) - 1, len(expected), len(expected) + 1, 100):
        assert exported(suite, limit) == expected, limit
    assert [item["kind"] for item in read(suite, EXPORT).body["items"]] == [
        item["kind"] for item in expected[:20]
    ]


def with_coupons(suite: Private) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Let alice get coupons by every way, and fail with codes; return who she is, and the coupons."""
    desk = Desk(suite.call)
    desk.put()
    who = suite.member()
    got = [desk.claim(who).body]
    suite.pass_time(minutes=1)
    (code,) = desk.codes(count=1)
    got.append(desk.redeem(who, code).body | {"code": code})
    suite.pass_time(minutes=1)
    got.append(desk.issue("alice").body)
    for _ in range(2):
        assert desk.redeem(who, "WRONG").code == "code_not_valid"
        suite.pass_time(minutes=1)
    return who, got[::-1]


def test_an_export_tells_how_coupons_were_got_and_which_codes_failed(suite: Private) -> None:
    who, got = with_coupons(suite)
    used = Uses(of={"b": Use(orders=2, until=suite.now), "a": Use(units={"tea": 3}, until=suite.now)})
    suite.tables.put(suite.settings.members_table, row_after("alice", used))
    coupons = read(suite, "/members/me/coupons", who).body["items"]
    assert [each["coupon_id"] for each in coupons] == [each["coupon_id"] for each in got]
    origins = [
        {
            "coupon_id": each["coupon_id"],
            "template_id": "welcome",
            "got_at": each["valid_from"],
            "way": way,
            "code": each.get("code"),
        }
        for each, way in zip(got, ("staff", "code", "claim"), strict=True)
    ]
    expected = [
        *({"kind": "coupon", "data": each} for each in coupons),
        *({"kind": "coupon_origin", "data": each} for each in origins),
        {
            "kind": "code_attempts",
            "data": {"failed_at": ["2026-05-01T12:03:00+08:00", "2026-05-01T12:02:00+08:00"]},
        },
        {"kind": "campaign_uses", "data": {"campaign_id": "a", "orders": 0, "units": {"tea": 3}}},
        {"kind": "campaign_uses", "data": {"campaign_id": "b", "orders": 2, "units": {}}},
    ]
    for limit in (1, 2, 3, 5, 100):
        assert exported(suite, limit)[2:] == expected, limit


def test_when_codes_failed_is_forgotten_with_a_member_and_their_coupons_stay(suite: Private) -> None:
    with_coupons(suite)
    attempts = {"member_id": "alice", "item": "ATTEMPTS"}
    before = suite.tables.get(suite.settings.members_table, attempts)
    assert before is not None
    assert len(before["guesses"]) == 2
    assert suite.erase().status == 200
    after = suite.tables.get(suite.settings.members_table, attempts)
    assert after is not None
    assert (after["guesses"], after["version"]) == ([], before["version"] + 1)
    listed = suite.call(Call("GET", "/members/alice/coupons", who=staff())).body["items"]
    assert len(listed) == 3
    assert suite.erase().status == 200
    assert suite.tables.get(suite.settings.members_table, attempts) == after


def test_who_was_erased_gets_no_coupon_any_more(suite: Private) -> None:
    who, _ = with_coupons(suite)
    desk = Desk(suite.call)
    (code,) = desk.codes(batch_id="b2", count=1)
    suite.erase()
    assert desk.claim(who, "k9").code == desk.redeem(who, code).code == "not_registered"
    assert desk.redeem(who, "WRONG").code == "not_registered"
    assert desk.issue("alice", "i9").code == "member_not_found"


def test_an_export_of_somebody_new_is_what_they_told_and_an_empty_wallet(suite: Private) -> None:
    who = suite.member()
    answer = read(suite, EXPORT, who)
    assert [item["kind"] for item in answer.body["items"]] == ["member", "points"]
    assert answer.body["next_cursor"] is None
    for limit in (1, 2):
        assert [item["kind"] for item in exported(suite, limit)] == ["member", "points"]


def test_case_38_an_export_is_the_callers_own(suite: Private) -> None:
    known_well(suite)
    bob = suite.member("bob")
    assert "Alice" not in json.dumps([*pages(suite, 3, bob)])
    assert len([item for page in pages(suite, 3, bob) for item in page]) == 2
    assert len(exported(suite, 7)) > 20


def test_a_cursor_is_bound_to_the_caller_and_to_the_export(suite: Private) -> None:
    known_well(suite)
    bob = suite.member("bob")
    cursor = read(suite, EXPORT, limit="3").body["next_cursor"]
    other_list = read(suite, "/members/me/points/entries", limit="1").body["next_cursor"]
    assert cursor is not None
    assert other_list is not None
    altered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for who, wrong in [(bob, cursor), (ALICE, other_list), (ALICE, altered), (ALICE, "x"), (ALICE, "é")]:
        assert refusal(read(suite, EXPORT, who, cursor=wrong)) == (400, "invalid_cursor")
    for path in (*READS[1:], "/orders"):
        assert refusal(read(suite, path, cursor=cursor)) == (400, "invalid_cursor")


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "1.0", ""])
def test_a_limit_that_is_none_is_422(suite: Private, limit: str) -> None:
    suite.member()
    assert refusal(read(suite, EXPORT, limit=limit)) == (422, "invalid_request")


def test_who_has_not_registered_has_nothing_to_take_along(suite: Private) -> None:
    assert refusal(read(suite, EXPORT)) == (409, "not_registered")
    assert refusal(read(suite, EXPORT, staff())) == (409, "not_registered")
    assert refusal(suite.call(Call("GET", EXPORT))) == (401, "unauthenticated")


def test_an_export_goes_on_where_it_was_when_something_new_has_come(suite: Private) -> None:
    known_well(suite)
    before = exported(suite, 100)
    first = read(suite, EXPORT, limit="12").body
    adjust(suite, 7, "meanwhile")
    rest, cursor = list[dict[str, Any]](), first["next_cursor"]
    while cursor is not None:
        page = read(suite, EXPORT, limit="12", cursor=cursor).body
        rest, cursor = rest + page["items"], page["next_cursor"]
    assert first["items"] + rest == before
