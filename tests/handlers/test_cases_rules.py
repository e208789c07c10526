"""What a case can be about, who may do what in which state, and until when (A1-A3)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.support.aftersales import (
    ACTIONS,
    DAY,
    HOUR,
    SECOND,
    STATES,
    TEA_FEN,
    Body,
    Desk,
    code,
    reach,
    store_time,
    when,
)
from tests.support.events import claims, staff

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


# A1: kinds and when --------------------------------------------------------------------------------------

ORDER_STATES = (
    "placed",
    "lapsed",
    "cancelled unpaid",
    "paid",
    "cancelled paid",
    "shipped",
    "refused",
    "received",
    "partly returned",
    "returned",
)
GOODS = {"received", "partly returned"}
EVER_PAID = set(ORDER_STATES[3:])
POSSIBLE: dict[str, set[str]] = {
    "return": GOODS,
    "exchange": GOODS,
    "refund_only": GOODS | {"paid", "shipped"},
    "complaint": EVER_PAID,
}


def order_in(desk: Desk, state: str) -> str:
    """Return an order of two teas in a state."""
    order_id = desk.buy(tea=2)
    if state == "lapsed":
        desk.wait(timedelta(minutes=30))
    if state == "cancelled unpaid":
        desk.must(f"/orders/{order_id}/cancel", None, desk.owner)
    if state in EVER_PAID:
        desk.pay(order_id)
    if state == "cancelled paid":
        desk.must(f"/orders/{order_id}/cancel", None, desk.owner)
    if state in GOODS | {"shipped", "refused", "returned"}:
        desk.must(f"/orders/{order_id}/shipment", {})
    if state == "refused":
        desk.must(f"/orders/{order_id}/refusal")
    if state in GOODS | {"returned"}:
        desk.must(f"/orders/{order_id}/receipt", None, desk.owner)
    if state in ("partly returned", "returned"):
        assert desk.give_back(order_id, "b1", tea=1 if state == "partly returned" else 2).status == 200
    return order_id


@pytest.mark.parametrize("kind", POSSIBLE)
@pytest.mark.parametrize("state", ORDER_STATES)
def test_A1_each_kind_can_be_asked_for_in_its_states_of_the_order_only(
    desk: Desk, kind: str, state: str
) -> None:
    order_id = order_in(desk, state)
    whole = kind == "complaint" or (kind == "refund_only" and state not in GOODS)
    before = desk.order(order_id)
    answer = desk.ask(order_id, "r1", kind, None if whole else {"tea": 1})
    if state in POSSIBLE[kind]:
        assert answer.status == 201, answer.body
        at_once = kind == "refund_only" and state == "paid"
        assert answer.body["state"] == ("closed" if at_once else "requested")
        assert (answer.body["kind"], answer.body["order_id"]) == (kind, order_id)
    else:
        assert code(answer) == (409, "case_not_possible")
        assert desk.order(order_id) == before
        assert desk.cases(desk.owner) == []


def test_A1_a_case_is_named_by_what_the_order_and_the_request_make(desk: Desk, order_id: str) -> None:
    other = desk.received("k2", tea=1)
    first, second = desk.open(order_id, "r1", "complaint"), desk.open(order_id, "r2", "complaint")
    third = desk.open(other, "r1", "complaint")
    assert len({first, second, third}) == 3
    assert all(each.startswith("cas_") and len(each) == 30 for each in (first, second, third))


def test_A1_R1_the_same_request_is_the_same_case_for_ever(desk: Desk, order_id: str) -> None:
    said: Body = {"units": {"tea": 2}, "text": "They leak.", "reason": "damaged"}
    first = desk.ask(order_id, "r1", **said)
    assert desk.ask(order_id, "r1", **said).body == first.body
    case_id = first.body["case_id"]
    for what, body in (("approve", None), ("shipment", {}), ("receive", None)):
        done = desk.do(case_id, what, body)
        again = desk.ask(order_id, "r1", **said)
        assert (again.status, again.body) == (201, done)
    desk.wait(400 * DAY)
    assert desk.ask(order_id, "r1", **said).body["case_id"] == case_id
    assert desk.cases(desk.owner) == [case_id]


@pytest.mark.parametrize(
    "other",
    [
        {"units": {"tea": 1}},
        {"units": {"cup": 1}},
        {"units": {"tea": 2, "cup": 1}},
        {"kind": "exchange"},
        {"kind": "refund_only"},
        {"reason": "other"},
        {"text": "Something else."},
        {"text": None},
    ],
    ids=str,
)
def test_A1_other_contents_under_a_request_id_are_refused(
    desk: Desk, order_id: str, other: dict[str, Any]
) -> None:
    said: Body = {"units": {"tea": 2}, "text": "They leak."}
    case_id = desk.open(order_id, "r1", **said)
    before = desk.case(case_id)
    assert code(desk.ask(order_id, "r1", **(said | other))) == (422, "request_id_reused")
    assert desk.case(case_id) == before
    assert desk.in_cases(order_id) == 2


def test_A1_a_refused_request_uses_no_id_up(desk: Desk, order_id: str) -> None:
    assert code(desk.ask(order_id, "r1", units={"tea": 4}))[0] in (409, 422)
    assert desk.open(order_id, "r1", units={"tea": 3})


def test_A1_only_the_owner_asks(desk: Desk, order_id: str) -> None:
    for who in (BOB, staff("bob")):
        answer = desk.ask(order_id, "r1", units={"tea": 1}, who=who)
        assert code(answer) == (404, "order_not_found")
    missing = desk.ask("ord_" + "a" * 26, "r1", units={"tea": 1})
    assert code(missing) == (404, "order_not_found")
    assert desk.in_cases(order_id) == 0


@pytest.mark.parametrize(
    ("kind", "units", "status"),
    [
        ("return", None, 422),
        ("exchange", None, 422),
        ("refund_only", None, 422),
        ("return", {"tea": 4}, 422),
        ("exchange", {"tea": 4}, 422),
        ("refund_only", {"cup": 2}, 422),
        ("return", {"mug": 1}, 422),
        ("return", {"tea": 0}, 422),
        ("return", {"tea": -1}, 422),
        ("return", {"tea": 10**9}, 422),
    ],
    ids=str,
)
def test_A1_what_a_case_cannot_be_about_is_refused_and_nothing_is_kept(
    desk: Desk, order_id: str, kind: str, units: dict[str, int] | None, status: int
) -> None:
    before = desk.order(order_id)
    assert desk.ask(order_id, "r1", kind, units).status == status
    assert (desk.order(order_id), desk.cases(desk.owner)) == (before, [])


@pytest.mark.parametrize(
    "said",
    [
        {"reason": "because"},
        {"reason": None},
        {"kind": "repair"},
        {"request_id": ""},
        {"request_id": "a b"},
        {"request_id": "x" * 256},
        {"lines": []},
        {"lines": [{"quantity": 1}]},
        {"lines": [{"sku": "tea", "quantity": 1}, {"sku": "tea", "quantity": 1}]},
        {"lines": [{"sku": "tea", "quantity": "1"}]},
        {"lines": [{"sku": "tea", "quantity": 1.0}]},
        {"lines": [{"sku": "tea", "quantity": True}]},
        {"lines": [{"sku": "tea", "line_id": "cup", "quantity": 1}]},
        {"lines": [{"sku": "tea", "quantity": 1, "for": "cup"}]},
        {"member_id": "bob"},
        {"refund_fen": 1},
        {"state": "approved"},
    ],
    ids=str,
)
def test_A1_case_40_and_41_what_is_no_request_is_refused(
    desk: Desk, order_id: str, said: dict[str, Any]
) -> None:
    body = {
        "request_id": "r1",
        "kind": "return",
        "reason": "defective",
        "lines": [{"sku": "tea", "quantity": 1}],
    }
    assert desk.post(f"/orders/{order_id}/cases", body | said, desk.owner).status == 422
    assert desk.in_cases(order_id) == 0


def test_A1_a_refund_of_the_whole_order_names_no_lines(desk: Desk) -> None:
    for key, order in (("k1", desk.buy), ("k2", desk.shipped)):
        order_id = order(key, tea=2)
        if key == "k1":
            desk.pay(order_id)
        before = desk.order(order_id)
        assert code(desk.ask(order_id, "r1", "refund_only", {"tea": 1})) == (422, "case_lines")
        assert desk.order(order_id) == before


# A2: states, and who may do what in each -----------------------------------------------------------------

ALLOWED: dict[str, dict[str, str]] = {
    "requested": {"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"},
    "approved": {"shipment": "shipped_back", "withdraw": "withdrawn", "receive": "closed"},
    "shipped_back": {"receive": "closed"},
    "refused": {"escalate": "disputed"},
    "disputed": {"approve": "approved", "refuse": "refused", "withdraw": "withdrawn"},
    "refused again": {},
    "refused and left": {},
    "withdrawn": {},
    "not sent back": {},
    "closed": {},
}
REPEATS = {
    ("approve", "approved"),
    ("refuse", "refused"),
    ("refuse", "refused again"),
    ("refuse", "refused and left"),
    ("withdraw", "withdrawn"),
    ("shipment", "shipped_back"),
    ("receive", "closed"),
    ("escalate", "disputed"),
}
"""What may be the repeat of what has happened, which tests of repeats judge."""
DEADLINES = ("answer_by", "send_back_by", "escalate_by")


@pytest.mark.parametrize("kind", ["return", "exchange"])
@pytest.mark.parametrize("state", STATES)
def test_A2_a_case_of_goods_allows_in_each_state_what_the_rules_name_and_nothing_else(
    desk: Desk, order_id: str, kind: str, state: str
) -> None:
    """What is not allowed answers the state and its deadline, and changes nothing."""
    allowed = ALLOWED[state]
    case_id = desk.open(order_id, "r0", kind, {"tea": 1})
    reach(desk, case_id, state)
    before, order = desk.case(case_id), desk.order(order_id)
    for what, body in ACTIONS.items():
        if what in allowed or (what, state) in REPEATS:
            continue
        answer = desk.act(case_id, what, body, OTHER if what in ("approve", "refuse") else None)
        assert code(answer) == (409, "case_state"), (what, answer.body)
        assert answer.body["state"] == before["state"]
        deadlines = {when(before[name]) for name in DEADLINES if before[name]}
        told = answer.body["deadline"]
        assert told is None or not deadlines or when(told) in deadlines, what
        assert (desk.case(case_id), desk.order(order_id)) == (before, order), what
    if not allowed:
        assert not any(before[name] for name in DEADLINES)


@pytest.mark.parametrize("kind", ["return", "exchange"])
@pytest.mark.parametrize(
    ("state", "what"), [(state, what) for state, allowed in ALLOWED.items() for what in allowed]
)
def test_A2_what_a_state_allows_is_done_and_kept_with_who_and_when(
    desk: Desk, order_id: str, kind: str, state: str, what: str
) -> None:
    case_id = desk.open(order_id, "r1", kind, {"tea": 1})
    reach(desk, case_id, state)
    before = desk.case(case_id)
    desk.wait(HOUR)
    who = OTHER if what in ("approve", "refuse") else None
    done = desk.do(case_id, what, ACTIONS[what], who)
    assert done["state"] == ALLOWED[state][what]
    assert done == desk.case(case_id)
    assert done["history"][: len(before["history"])] == before["history"]
    added = done["history"][len(before["history"]) :]
    by = "member" if what in ("withdraw", "shipment", "escalate") else "staff"
    assert {(each["by"], when(each["at"])) for each in added} == {(by, desk.now)}
    assert added[-1]["state"] == done["state"]
    if what in ("refuse", "escalate"):
        assert added[-1]["reason"] == (ACTIONS[what] or {})["reason"]


@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("approve", "approved"),
        ("refuse", "refused"),
        ("withdraw", "withdrawn"),
        ("shipment", "shipped_back"),
        ("receive", "closed"),
        ("escalate", "disputed"),
    ],
)
def test_A2_R1_what_was_done_is_answered_as_it_is_when_it_is_sent_again(
    desk: Desk, order_id: str, what: str, state: str
) -> None:
    """The answer was lost, and the same is sent again by the same: one effect (case 14)."""
    case_id = desk.open(order_id, "r1", "return", {"tea": 1})
    reach(desk, case_id, state)
    before = desk.case(case_id), desk.order(order_id), desk.units()
    said = {"shipment": {"tracking_no": "SF2"}}.get(what, ACTIONS[what])
    answer = desk.act(case_id, what, said)
    assert (desk.case(case_id), desk.order(order_id), desk.units()) == before
    assert (answer.status, answer.body) == (200, before[0])


COMPLAINT_ALLOWED: dict[str, dict[str, str]] = {
    "requested": {"answer": "answered", "withdraw": "withdrawn"},
    "answered": {},
    "closed": {},
    "withdrawn": {},
}
COMPLAINT_REPEATS = {("answer", "answered"), ("answer", "closed"), ("withdraw", "withdrawn")}


@pytest.mark.parametrize("state", COMPLAINT_ALLOWED)
def test_A2_a_complaint_is_answered_and_closes_and_nothing_else(
    desk: Desk, order_id: str, state: str
) -> None:
    case_id = desk.open(order_id, "r1", "complaint", text="Late, and cold.")
    if state in ("answered", "closed"):
        desk.do(case_id, "answer", {"text": "We are sorry."})
    if state == "closed":
        desk.wait(7 * DAY)
    if state == "withdrawn":
        desk.do(case_id, "withdraw")
    before = desk.case(case_id)
    assert before["state"] == state
    for what, body in ACTIONS.items():
        if what == "settle" or what in COMPLAINT_ALLOWED[state]:
            continue
        if (what, state) in COMPLAINT_REPEATS:
            continue
        answer = desk.act(case_id, what, body)
        assert code(answer) == (409, "case_state"), (what, answer.body)
        assert desk.case(case_id) == before
    for what, becomes in list(COMPLAINT_ALLOWED[state].items())[:1]:
        assert desk.do(case_id, what, ACTIONS[what])["state"] == becomes


def test_A2_somebody_else_than_who_refused_decides_the_dispute(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "disputed")
    before = desk.case(case_id)
    for what in ("approve", "refuse"):
        assert code(desk.act(case_id, what, ACTIONS[what])) == (409, "other_operator_needed")
    assert desk.case(case_id) == before
    assert desk.do(case_id, "approve", None, OTHER)["state"] == "approved"


def test_A2_a_member_escalates_once(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "refused again")
    assert desk.case(case_id)["escalate_by"] is None
    assert code(desk.act(case_id, "escalate")) == (409, "case_state")


# A2: deadlines, to the second, whether or not a job has run ----------------------------------------------

FOLLOWED = pytest.mark.parametrize("followed", [False, True], ids=["no job ran", "the job ran"])


@FOLLOWED
def test_A2_silence_approves_a_return_after_48_hours_to_the_second(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    opened = desk.now
    assert when(desk.case(case_id)["answer_by"]) == opened + 48 * HOUR
    desk.until(opened + 48 * HOUR - SECOND)
    if followed:
        desk.follow()
    assert desk.state(case_id) == "requested"
    desk.until(opened + 48 * HOUR)
    if followed:
        desk.follow()
    found = desk.case(case_id)
    assert found["state"] == "approved"
    last = found["history"][-1]
    assert (last["by"], last["reason"], when(last["at"])) == ("deadline", "not_answered", opened + 48 * HOUR)
    assert when(found["send_back_by"]) == opened + 48 * HOUR + 7 * DAY
    late = desk.act(case_id, "refuse", {"reason": "too late"})
    assert code(late) == (409, "case_state")
    assert late.body["state"] == "approved"
    assert when(late.body["deadline"]) in (opened + 48 * HOUR, opened + 48 * HOUR + 7 * DAY)
    assert desk.case(case_id) == found


def test_A2_staff_in_the_last_second_still_refuse(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.wait(48 * HOUR - SECOND)
    assert desk.refuse(case_id)["state"] == "refused"
    desk.wait(SECOND)
    assert desk.state(case_id) == "refused"


@FOLLOWED
def test_A2_silence_in_a_dispute_approves_a_return_after_72_hours_to_the_second(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "disputed")
    at = desk.now + 72 * HOUR
    assert when(desk.case(case_id)["answer_by"]) == at
    desk.until(at - SECOND)
    if followed:
        desk.follow()
    assert desk.state(case_id) == "disputed"
    desk.until(at)
    if followed:
        desk.follow()
    last = desk.case(case_id)["history"][-1]
    assert (last["by"], last["state"], last["reason"]) == ("deadline", "approved", "not_answered")
    assert when(last["at"]) == at


@FOLLOWED
def test_A2_an_approved_case_that_is_not_sent_back_in_7_days_closes_to_the_second(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.wait(HOUR)
    desk.do(case_id, "approve")
    at = desk.now + 7 * DAY
    assert when(desk.case(case_id)["send_back_by"]) == at
    desk.until(at - SECOND)
    if followed:
        desk.follow()
    assert desk.state(case_id) == "approved"
    desk.until(at)
    if followed:
        desk.follow()
    last = desk.case(case_id)["history"][-1]
    assert (last["by"], last["state"], last["reason"]) == ("deadline", "closed", "not_sent_back")
    assert when(last["at"]) == at
    for what, body in (("shipment", {}), ("receive", None), ("withdraw", None)):
        assert code(desk.act(case_id, what, body)) == (409, "case_state"), what
    assert desk.ask(order_id, "r2", units={"tea": 3}).status == 201


def test_A2_sent_back_in_the_last_second_is_sent_back(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.do(case_id, "approve")
    desk.wait(7 * DAY - SECOND)
    sent = desk.do(case_id, "shipment", {"carrier": "SF", "tracking_no": "SF2"})
    assert (sent["state"], sent["parcel"]) == ("shipped_back", {"carrier": "SF", "tracking_no": "SF2"})
    assert when(sent["answer_by"]) == desk.now + 10 * DAY


@FOLLOWED
def test_A2_a_refusal_is_final_after_7_days_to_the_second(desk: Desk, order_id: str, followed: bool) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 3})
    other = desk.open(order_id, "r2", units={"cup": 1})
    for each in (case_id, other):
        desk.refuse(each)
    at = desk.now + 7 * DAY
    assert when(desk.case(case_id)["escalate_by"]) == at
    desk.until(at - SECOND)
    if followed:
        desk.follow()
    assert code(desk.ask(order_id, "r3", units={"tea": 1})) == (409, "unit_in_case")
    assert desk.do(other, "escalate")["state"] == "disputed"
    desk.until(at)
    if followed:
        desk.follow()
    found = desk.case(case_id)
    assert (found["state"], found["escalate_by"]) == ("refused", None)
    assert code(desk.act(case_id, "escalate")) == (409, "case_state")
    assert code(desk.ask(order_id, "r4", units={"tea": 1})) == (409, "case_decided")


@FOLLOWED
def test_A2_two_deadlines_that_nobody_wrote_have_each_their_own_time(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    opened = desk.now
    desk.wait(100 * DAY)
    if followed:
        desk.follow()
    history = desk.case(case_id)["history"]
    assert [(each["state"], when(each["at"]) - opened) for each in history] == [
        ("requested", timedelta(0)),
        ("approved", 2 * DAY),
        ("closed", 9 * DAY),
    ]
    assert desk.ask(order_id, "r2", units={"tea": 3}).status == 201


@FOLLOWED
def test_A2_an_answered_complaint_closes_after_7_days_to_the_second(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", "complaint")
    desk.do(case_id, "answer", {"text": "We are sorry."})
    answered = desk.now
    desk.until(answered + 7 * DAY - SECOND)
    if followed:
        desk.follow()
    assert desk.state(case_id) == "answered"
    desk.wait(SECOND)
    if followed:
        desk.follow()
    last = desk.case(case_id)["history"][-1]
    assert (last["by"], last["state"], when(last["at"])) == ("deadline", "closed", answered + 7 * DAY)


OVERDUE: dict[str, tuple[str, str | None, timedelta]] = {
    "a requested exchange": ("exchange", None, 48 * HOUR),
    "a requested refund": ("refund_only", None, 48 * HOUR),
    "a requested complaint": ("complaint", None, 72 * HOUR),
    "a disputed exchange": ("exchange", "disputed", 72 * HOUR),
    "a disputed refund": ("refund_only", "disputed", 72 * HOUR),
    "a return sent back": ("return", "shipped_back", 10 * DAY),
    "an exchange sent back": ("exchange", "shipped_back", 10 * DAY),
}


@FOLLOWED
@pytest.mark.parametrize("what", OVERDUE)
def test_A3_every_other_case_that_is_late_is_overdue_and_never_decided_by_silence(
    desk: Desk, order_id: str, what: str, followed: bool
) -> None:
    kind, state, span = OVERDUE[what]
    case_id = desk.open(order_id, "r1", kind, None if kind == "complaint" else {"tea": 1})
    if state is not None:
        reach(desk, case_id, state)
    before = desk.case(case_id)
    assert when(before["answer_by"]) == desk.now + span
    desk.wait(span - SECOND)
    if followed:
        desk.follow()
    assert not desk.case(case_id)["overdue"]
    assert desk.cases(overdue="true") == []
    desk.wait(SECOND)
    if followed:
        desk.follow()
    assert desk.case(case_id)["overdue"]
    assert desk.cases(overdue="true") == [case_id]
    desk.wait(400 * DAY)
    if followed:
        desk.follow()
    assert desk.case(case_id) == before | {"overdue": True}
    late = "receive" if state == "shipped_back" else "answer" if kind == "complaint" else "approve"
    assert not desk.do(case_id, late, ACTIONS[late], OTHER)["overdue"]
    assert desk.cases(overdue="true") == []


# A3: for no reason ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("received", "last"),
    [
        ("2026-05-03 12:00:00", "2026-05-10 23:59:59"),
        ("2026-05-03 00:00:00", "2026-05-10 23:59:59"),
        ("2026-05-03 23:59:59", "2026-05-10 23:59:59"),
        ("2026-12-28 09:00:00", "2027-01-04 23:59:59"),
        ("2028-02-25 09:00:00", "2028-03-03 23:59:59"),
    ],
)
def test_A3_a_return_for_no_reason_is_approved_until_the_last_second_of_the_seventh_day(
    desk: Desk, received: str, last: str
) -> None:
    desk.until(store_time(received))
    order_id = desk.received(tea=2)
    desk.until(store_time(last))
    first = desk.ask(order_id, "r1", units={"tea": 1}, reason="no_reason").body
    assert first["state"] == "approved"
    assert when(first["send_back_by"]) == desk.now + 7 * DAY
    desk.wait(SECOND)
    second = desk.ask(order_id, "r2", units={"tea": 1}, reason="no_reason").body
    assert second["state"] == "requested"


def test_A3_only_a_return_and_only_for_no_reason_is_approved_at_once(desk: Desk, order_id: str) -> None:
    assert desk.state(desk.open(order_id, "r1", "exchange", {"tea": 1}, reason="no_reason")) == "requested"
    assert desk.state(desk.open(order_id, "r2", "refund_only", {"tea": 1}, reason="no_reason")) == "requested"
    assert desk.state(desk.open(order_id, "r3", "return", {"tea": 1}, reason="other")) == "requested"


def test_A3_one_excluded_line_lets_the_whole_case_wait_by_what_was_said_at_the_order(desk: Desk) -> None:
    desk.stock(10, no_reason=False, soap=1_000)
    order_id = desk.received(tea=3, soap=1)
    desk.stock(no_reason=True, soap=1_000)
    desk.stock(no_reason=False, tea=TEA_FEN)
    mixed = desk.open(order_id, "r1", units={"tea": 1, "soap": 1}, reason="no_reason")
    assert desk.state(mixed) == "requested"
    assert desk.state(desk.open(order_id, "r2", units={"tea": 1}, reason="no_reason")) == "approved"
