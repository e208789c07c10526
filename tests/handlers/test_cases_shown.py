"""What complaints are settled with, and what members and staff see of cases (A9-A11)."""

from datetime import datetime
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.support.accounts import hold_debt
from tests.support.aftersales import ACTIONS, DAY, HOUR, SECOND, Body, Desk, code, reach, when
from tests.support.events import Call, claims, role, staff
from tests.support.orders import OrderWorkers
from tests.support.shop import Shop

BOB = claims("bob")
OTHER = staff("another")


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """A stocked shop with alice and bob."""
    return Desk.opened(suite)


@pytest.fixture
def order_id(desk: Desk) -> str:
    """A received order of three teas and a cup of alice's."""
    return desk.received(tea=3, cup=1)


# A9: complaints ------------------------------------------------------------------------------------------


def template(desk: Desk, template_id: str = "sorry", *, for_complaints: bool = True) -> None:
    """Make a template of coupons."""
    body = {
        "name": "Sorry",
        "kind": "amount",
        "face_value_fen": 500,
        "min_fen": 0,
        "scope": {"all": True},
        "valid": {"days": 7},
        "status": "active",
        "for_complaints": for_complaints,
    }
    answer = desk.suite.call(Call("PUT", f"/coupon-templates/{template_id}", body, staff()))
    assert answer.status == 201, answer.body


def coupons(desk: Desk) -> list[str]:
    """Return the ids of the member's coupons."""
    return [each["coupon_id"] for each in desk.get("/members/me/coupons", desk.owner)["items"]]


def test_A9_a_complaint_is_settled_with_points_once(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", "complaint")
    done = desk.do(case_id, "settle", {"points": 1_000, "reason": "It was late."})
    assert done["settlement"]["points"] == 1_000
    assert desk.get("/members/me/points", desk.owner)["available"] == 1_000
    (entry,) = desk.get("/members/me/points/entries", desk.owner)["items"]
    assert (entry["kind"], entry["available_delta"]) == ("adjust", 1_000)
    for body, who in (
        ({"points": 999, "reason": "more"}, staff()),
        ({"template_id": "sorry", "reason": "more"}, staff()),
    ):
        answer = desk.act(case_id, "settle", body, who)
        assert code(answer) in ((409, "case_settled"), (404, "template_not_found")), body
    desk.act(case_id, "settle", {"points": 1_000, "reason": "It was late."})
    assert desk.get("/members/me/points", desk.owner)["available"] == 1_000
    assert desk.case(case_id)["settlement"] == done["settlement"]


def test_A9_only_the_same_settlement_by_the_same_operator_is_a_repeat(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", "complaint")
    body = {"points": 500, "reason": "It was late."}
    first = desk.do(case_id, "settle", body)
    assert desk.do(case_id, "settle", body) == first
    other = desk.act(case_id, "settle", {"points": 500, "reason": "It was cold."}, OTHER)
    assert code(other) == (409, "case_settled")
    assert desk.get("/members/me/points", desk.owner)["available"] == 500


def test_A9_a_complaint_is_settled_with_a_coupon_of_a_template_for_them(desk: Desk, order_id: str) -> None:
    template(desk)
    template(desk, "other", for_complaints=False)
    case_id = desk.open(order_id, "r1", "complaint")
    other = desk.act(case_id, "settle", {"template_id": "other", "reason": "x"})
    assert code(other) == (409, "template_not_for_complaints")
    done = desk.do(case_id, "settle", {"template_id": "sorry", "reason": "It was late."})
    assert coupons(desk) == [done["settlement"]["coupon_id"]]
    assert code(desk.act(case_id, "settle", {"points": 1, "reason": "x"})) == (409, "case_settled")
    assert coupons(desk) == [done["settlement"]["coupon_id"]]
    assert desk.get("/members/me/points", desk.owner)["available"] == 0


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        ({"points": 0, "reason": "x"}, (422, "invalid_request")),
        ({"points": -1, "reason": "x"}, (422, "invalid_request")),
        ({"points": 100}, (422, "invalid_request")),
        ({"reason": "x"}, (422, "invalid_request")),
        ({"points": 100, "template_id": "sorry", "reason": "x"}, (422, "invalid_request")),
        ({"template_id": "nowhere", "reason": "x"}, (404, "template_not_found")),
    ],
    ids=str,
)
def test_A9_a_settlement_that_is_none_settles_nothing(
    desk: Desk, order_id: str, body: Body, refusal: tuple[int, str]
) -> None:
    template(desk)
    case_id = desk.open(order_id, "r1", "complaint")
    before = desk.case(case_id)
    assert code(desk.act(case_id, "settle", body)) == refusal
    assert desk.case(case_id) == before
    assert (desk.get("/members/me/points", desk.owner)["available"], coupons(desk)) == (0, [])


@pytest.mark.parametrize("who", [role("clerk"), claims("crm", scope="membership/staff")], ids=str)
def test_A9_K7_more_points_than_the_policy_says_are_finances_to_give(
    desk: Desk, order_id: str, who: dict[str, str]
) -> None:
    case_id = desk.open(order_id, "r1", "complaint")
    body = {"points": 1_001, "reason": "x"}
    refused = desk.act(case_id, "settle", body, who)
    assert (*code(refused), refused.body["points_max"]) == (422, "settlement_too_large", 1_000)
    assert desk.get("/members/me/points", desk.owner)["available"] == 0
    assert desk.act(case_id, "settle", body, role("finance")).status == 200
    assert desk.get("/members/me/points", desk.owner)["available"] == 1_001


def test_A9_points_of_a_settlement_pay_a_debt_first(desk: Desk, order_id: str) -> None:
    hold_debt(desk.suite.tables, desk.suite.settings.members_table, "alice", 300)
    case_id = desk.open(order_id, "r1", "complaint")
    desk.do(case_id, "settle", {"points": 500, "reason": "x"})
    wallet = desk.get("/members/me/points", desk.owner)
    assert (wallet["available"], wallet["debt"]) == (200, 0)


def test_A9_only_a_complaint_is_settled(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    assert code(desk.act(case_id, "settle", {"points": 1, "reason": "x"})) == (409, "case_state")
    assert desk.get("/members/me/points", desk.owner)["available"] == 0


def test_A9_who_was_erased_is_settled_nothing(desk: Desk) -> None:
    desk.suite.pool.users |= {"alice@example.org": "alice"}
    order_id = desk.received(tea=1)
    assert desk.give_back(order_id, "b0", tea=1).status == 200
    case_id = desk.open(order_id, "r1", "complaint", text="Cold.")
    erased = desk.suite.call(Call("DELETE", "/members/alice", who=staff()))
    assert erased.status == 200, erased.body
    answer = desk.act(case_id, "settle", {"points": 100, "reason": "x"})
    assert answer.status in (404, 409), answer.body
    assert desk.case(case_id)["settlement"] is None


# A10: who sees what --------------------------------------------------------------------------------------

STAFFS: tuple[str, ...] = ("approve", "refuse", "receive", "answer", "settle")


def test_A10_what_staff_do_is_forbidden_to_members_whatever_the_body(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    before = desk.case(case_id)
    for what in STAFFS:
        for body in (None, {}, {"nonsense": 1}, ACTIONS[what]):
            for who in (desk.owner, BOB):
                assert code(desk.act(case_id, what, body, who)) == (403, "forbidden"), what
    answer = desk.suite.call(Call("GET", "/cases", None, desk.owner))
    assert code(answer) == (403, "forbidden")
    assert desk.case(case_id) == before


def test_A10_case_38_another_members_case_is_not_found_as_if_it_did_not_exist(
    desk: Desk, order_id: str
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.do(case_id, "approve")
    missing = "cas_" + "a" * 26
    for what in ("withdraw", "shipment", "escalate"):
        answers = [desk.act(each, what, ACTIONS[what], BOB) for each in (case_id, missing)]
        assert [code(each) for each in answers] == [(404, "case_not_found")] * 2
        assert answers[0].body == answers[1].body
        assert code(desk.act(case_id, what, ACTIONS[what], staff())) == (404, "case_not_found")
    seen = [desk.suite.call(Call("GET", f"/cases/{each}", None, BOB)) for each in (case_id, missing)]
    assert [code(each) for each in seen] == [(404, "case_not_found")] * 2
    assert seen[0].body == seen[1].body
    assert desk.state(case_id) == "approved"
    for what in STAFFS:
        assert code(desk.act(missing, what, ACTIONS[what])) == (404, "case_not_found"), what


def test_A10_the_owner_and_staff_see_the_same_case(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1}, text="They leak.")
    assert desk.get(f"/cases/{case_id}", desk.owner) == desk.case(case_id)


def test_A10_members_see_their_own_cases_the_newest_first_page_by_page(desk: Desk, order_id: str) -> None:
    mine = []
    for number in range(7):
        mine.append(
            desk.open(
                order_id,
                f"r{number}",
                "complaint" if number % 3 else "exchange",
                *(() if number % 3 else ({"tea": 1},)),
            )
        )
        if number % 3:
            desk.do(mine[-1], "withdraw")
        desk.wait(SECOND)
    bobs = Desk(desk.suite, "bob")
    other = bobs.open(bobs.received("b", tea=1), "r1", "complaint")
    for limit in (1, 2, 3, 100):
        assert desk.cases(desk.owner, limit) == mine[::-1]
    assert desk.cases(BOB) == [other]


def test_A10_case_43_a_cursor_of_another_list_or_member_is_refused(desk: Desk, order_id: str) -> None:
    for number in range(3):
        desk.open(order_id, f"r{number}", units={"tea": 1})
    own = desk.get("/members/me/cases", desk.owner, limit="1")["next_cursor"]
    staffs = desk.get("/cases", limit="1")["next_cursor"]
    of_state = desk.get("/cases", limit="1", state="requested")["next_cursor"]
    for path, who, cursor, more in (
        ("/members/me/cases", BOB, own, {}),
        ("/members/me/cases", desk.owner, staffs, {}),
        ("/cases", staff(), own, {}),
        ("/cases", staff(), of_state, {"state": "approved"}),
        ("/cases", staff(), staffs[:-2] + "AA", {}),
    ):
        answer = desk.suite.call(Call("GET", path, None, who, query={"limit": "1", "cursor": cursor, **more}))
        assert code(answer) == (400, "invalid_cursor"), (path, more)


def test_A10_staff_see_what_waits_for_them_by_deadline(desk: Desk) -> None:
    order_id = desk.received(tea=8)
    made = {}
    for state in ("requested", "approved", "shipped_back", "refused", "disputed", "withdrawn", "closed"):
        desk.wait(HOUR)
        case_id = made[state] = desk.open(order_id, state, "exchange", {"tea": 1})
        reach(desk, case_id, state)
    desk.wait(HOUR)
    made["complaint"] = desk.open(order_id, "complaint", "complaint")
    waiting = [made[each] for each in ("requested", "disputed", "complaint", "shipped_back")]
    for limit in (1, 3, 100):
        assert desk.cases(limit=limit) == waiting
    for state in ("requested", "approved", "shipped_back", "refused", "disputed"):
        expected = [made[state]] + ([made["complaint"]] if state == "requested" else [])
        assert desk.cases(state=state) == expected, state
    assert desk.cases(overdue="true") == []
    assert desk.cases(overdue="false") == waiting
    desk.until(when(desk.case(made["disputed"])["answer_by"]))
    assert desk.cases(overdue="true") == waiting[:2]
    assert desk.cases(overdue="false") == waiting[2:]
    assert desk.cases() == waiting
    assert desk.cases(overdue="true", state="disputed") == [made["disputed"]]


def test_A10_a_list_shows_what_a_passed_deadline_has_made_of_a_case(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.wait(48 * HOUR)
    for _ in range(2):
        assert desk.cases() == []
        assert desk.cases(state="requested") == []
        assert desk.get("/members/me/cases", desk.owner)["items"][0]["state"] == "approved"
        desk.follow()
    assert desk.cases(state="approved") == [case_id]


@pytest.mark.parametrize("query", [{"state": "open"}, {"overdue": "yes"}, {"member": "x"}, {"limit": "101"}])
def test_A10_a_list_is_asked_for_as_the_document_says(desk: Desk, query: dict[str, str]) -> None:
    assert desk.suite.call(Call("GET", "/cases", None, staff(), query=query)).status == 422


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "漏水了 🫖", "x" * 1_000, "{{7*7}} %s"])
def test_A10_a_text_is_shown_as_it_was_said(desk: Desk, order_id: str, text: str) -> None:
    case_id = desk.open(order_id, "r1", "complaint", text=text)
    assert desk.case(case_id)["text"] == text


@pytest.mark.parametrize(
    "text", ["", "x" * 1_001, "a\nb", "a\x00b", "a\x1bb", "a\u202eb", "a\ud800b", 1, ["x"]]
)
def test_A10_what_is_no_printable_text_is_refused(desk: Desk, order_id: str, text: Any) -> None:
    assert desk.ask(order_id, "r1", "complaint", text=text).status == 422
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    assert desk.act(case_id, "refuse", {"reason": text}).status == 422
    assert desk.state(case_id) == "requested"
    desk.refuse(case_id)
    assert desk.act(case_id, "escalate", {"reason": text}).status == 422
    complaint = desk.open(order_id, "r2", "complaint")
    assert desk.act(complaint, "answer", {"text": text}).status == 422
    assert desk.act(complaint, "settle", {"points": 1, "reason": text}).status == 422
    assert desk.state(complaint) == "requested"


def test_times_are_in_store_time_everywhere(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.do(case_id, "approve")
    answer = desk.act(case_id, "refuse", {"reason": "x"}, OTHER)
    assert datetime.fromisoformat(answer.body["deadline"]).utcoffset() == 8 * HOUR


def test_A10_no_text_and_no_reason_of_a_case_is_ever_logged(desk: Desk, order_id: str, log: Any) -> None:
    secret = "the-secret-of-alice"  # noqa: S105 - a text that the log shall not have
    case_id = desk.open(order_id, "r1", units={"tea": 1}, text=secret)
    desk.do(case_id, "refuse", {"reason": secret})
    desk.do(case_id, "escalate", {"reason": secret})
    desk.act(case_id, "refuse", {"reason": secret}, OTHER)
    complaint = desk.open(order_id, "r2", "complaint", text=secret)
    desk.do(complaint, "settle", {"points": 1, "reason": secret})
    desk.do(complaint, "answer", {"text": secret})
    written = log.getvalue()
    assert written
    assert secret not in written


def test_A11_a_parcel_that_is_late_stands_on_the_list_until_it_is_received(desk: Desk) -> None:
    order_id = desk.shipped(tea=1)
    shipped = desk.now
    shop = Shop(desk.suite.tables, desk.suite.settings, desk.suite.policy)

    def looked() -> list[str]:
        assert OrderWorkers(shop).do("look-for-parcels", desk.now) == []
        return [each["order_id"] for each in desk.get("/reports/late-deliveries")["items"]]

    desk.until(shipped + 3 * DAY - SECOND)
    assert looked() == []
    desk.until(shipped + 3 * DAY)
    assert looked() == [order_id]
    late_at = desk.order(order_id)["late_at"]
    assert when(late_at) == shipped + 3 * DAY
    desk.wait(DAY)
    assert looked() == [order_id]
    assert desk.order(order_id)["late_at"] == late_at
    desk.must(f"/orders/{order_id}/receipt", None, desk.owner)
    assert looked() == []
