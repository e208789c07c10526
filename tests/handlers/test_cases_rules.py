"""What the rules of cases say, each over HTTP: kinds, states, deadlines, units and money (A1-A6, A9, A10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from functions.domain.policy import load
from tests.handlers.conftest import Suite
from tests.support import policies, tables
from tests.support.aftersales import DAY, HOUR, SECOND, STATES, Body, Desk, reach, store_time, when
from tests.support.events import Call, claims, staff
from tests.support.orders import OrderWorkers
from tests.support.paying import Paying
from tests.support.shop import Shop

TEA_FEN, CUP_FEN = 6_667, 9_950
BOB = claims("bob")
OTHER = staff("another")


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """A stocked shop, and alice."""
    made = Desk(suite)
    made.stock(20, tea=TEA_FEN, cup=CUP_FEN, mug=CUP_FEN)
    suite.member("alice")
    suite.member("bob")
    return made


@pytest.fixture
def order_id(desk: Desk) -> str:
    """A received order of three teas and a cup of alice's."""
    return desk.received(tea=3, cup=1)


def paying(desk: Desk) -> Paying:
    """Return scripted providers for the orders of a desk."""
    return Paying(Shop(desk.suite.tables, desk.suite.settings, desk.suite.policy))


def through_provider(desk: Desk, key: str = "k1", **quantities: int) -> str:
    """Let an order be paid through a provider, and go the whole way."""
    order_id = desk.buy(key, **quantities)
    paying(desk).through(order_id, at=desk.now)  # type: ignore[arg-type]  # its id is all that is asked for
    desk.must(f"/orders/{order_id}/shipment", {})
    desk.must(f"/orders/{order_id}/receipt", None, desk.owner)
    return order_id


def code(answer: Any) -> tuple[int, str | None]:
    """Return an answer's status, and the code of a refusal."""
    return answer.status, answer.body.get("code") if answer.status >= 400 else None


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
        order_id = order(key, tea=2)  # type: ignore[operator]
        if key == "k1":
            desk.pay(order_id)
        before = desk.order(order_id)
        assert code(desk.ask(order_id, "r1", "refund_only", {"tea": 1})) == (422, "case_lines")
        assert desk.order(order_id) == before


# A2: states, and who may do what in each -----------------------------------------------------------------

ACTIONS: dict[str, Body | None] = {
    "approve": None,
    "refuse": {"reason": "It was worn."},
    "receive": None,
    "answer": {"text": "We are sorry."},
    "settle": {"points": 100, "reason": "sorry"},
    "withdraw": None,
    "shipment": {"tracking_no": "SF9"},
    "escalate": {"reason": "It was not."},
}
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
        if (what, state) in {("answer", "answered"), ("withdraw", "withdrawn")}:
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
    assert desk.in_cases(order_id) == 0


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
    assert desk.in_cases(order_id) == 0
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
    if state is None:
        late = ("answer", {"text": "Sorry."}) if kind == "complaint" else ("approve", None)
    else:
        late = ("receive", None) if state == "shipped_back" else ("approve", None)
    assert not desk.do(case_id, *late, OTHER)["overdue"]
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


# A2, A5: limits, and units in cases ----------------------------------------------------------------------


def test_A5_units_in_open_cases_are_counted_per_line_and_cannot_be_asked_for_twice(
    desk: Desk, order_id: str
) -> None:
    first = desk.open(order_id, "r1", units={"tea": 2})
    assert desk.in_cases(order_id) == 2
    for kind in ("return", "exchange", "refund_only"):
        assert code(desk.ask(order_id, f"over {kind}".replace(" ", "-"), kind, {"tea": 2})) == (
            409,
            "unit_in_case",
        )
    desk.open(order_id, "r2", "exchange", {"tea": 1})
    assert desk.in_cases(order_id) == 3
    assert desk.in_cases(order_id, "cup") == 0
    desk.do(first, "withdraw")
    assert desk.in_cases(order_id) == 1
    desk.open(order_id, "r3", units={"tea": 2, "cup": 1})
    assert (desk.in_cases(order_id), desk.in_cases(order_id, "cup")) == (3, 1)


def test_A2_after_a_final_refusal_the_same_units_and_kind_are_decided(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 2})
    reach(desk, case_id, "refused again")
    assert code(desk.ask(order_id, "r2", units={"tea": 2})) == (409, "case_decided")
    assert code(desk.ask(order_id, "r2", units={"tea": 3})) == (409, "case_decided")
    desk.open(order_id, "r3", units={"tea": 1})
    assert desk.ask(order_id, "r4", "exchange", {"tea": 2}).status == 201


def test_A2_withdrawn_in_a_dispute_the_refusal_stands(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 3})
    reach(desk, case_id, "disputed")
    desk.do(case_id, "withdraw")
    assert desk.in_cases(order_id) == 0
    assert code(desk.ask(order_id, "r2", units={"tea": 1})) == (409, "case_decided")


@pytest.mark.parametrize("sku", ["cup", "tea"])
def test_A2_at_most_three_cases_for_a_unit(desk: Desk, order_id: str, sku: str) -> None:
    quantity = {"cup": 1, "tea": 3}[sku]
    for number in range(3 * quantity):
        desk.do(desk.open(order_id, f"r{number}", units={sku: 1}), "withdraw")
    assert code(desk.ask(order_id, "last", units={sku: 1})) == (409, "too_many_cases")
    assert desk.in_cases(order_id, sku) == 0


def test_A2_at_most_three_open_complaints_of_an_order(desk: Desk, order_id: str) -> None:
    first = [desk.open(order_id, f"r{number}", "complaint") for number in range(3)]
    assert code(desk.ask(order_id, "r9", "complaint")) == (409, "too_many_cases")
    other = desk.received("k2", tea=1)
    desk.open(other, "r9", "complaint")
    desk.do(first[0], "withdraw")
    desk.open(order_id, "r9", "complaint")
    desk.do(first[1], "answer", {"text": "Sorry."})
    desk.wait(7 * DAY)
    desk.open(order_id, "r10", "complaint")


def test_A2_at_most_ten_open_cases_of_an_order(desk: Desk) -> None:
    order_id = desk.received(tea=12)
    for number in range(10):
        desk.open(order_id, f"r{number}", units={"tea": 1})
    assert code(desk.ask(order_id, "last", units={"tea": 1})) == (409, "too_many_cases")


# A5: direct returns and ends of the order ----------------------------------------------------------------


def test_A5_a_direct_return_takes_free_units_first_and_then_the_latest_cases(
    desk: Desk, order_id: str
) -> None:
    early = desk.open(order_id, "r1", units={"tea": 1})
    desk.wait(HOUR)
    late = desk.open(order_id, "r2", units={"tea": 1, "cup": 1})
    assert desk.give_back(order_id, "b1", tea=1).status == 200
    assert (desk.in_cases(order_id), desk.state(early), desk.state(late)) == (2, "requested", "requested")
    assert desk.give_back(order_id, "b2", tea=1).status == 200
    assert desk.case(late)["lines"] == [{"line_id": "cup", "sku": "cup", "quantity": 1}]
    assert desk.give_back(order_id, "b3", cup=1).status == 200
    assert (desk.state(early), desk.state(late)) == ("requested", "closed")
    assert desk.steps(late)[-1][1:] == ("closed", "returned_directly")
    assert desk.in_cases(order_id) == 1
    done = desk.do(early, "approve")
    desk.wait(HOUR)
    assert done["state"] == "approved"
    received = desk.do(early, "receive")
    assert (received["state"], desk.order(order_id)["status"]) == ("closed", "returned")
    assert desk.units() == 20


@pytest.mark.parametrize("state", [each for each in STATES[:5]])
def test_A5_a_direct_return_of_everything_closes_cases_in_any_open_state(
    desk: Desk, order_id: str, state: str
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 2})
    reach(desk, case_id, state)
    assert desk.give_back(order_id, "b1", tea=3, cup=1).status == 200
    assert desk.state(case_id) == "closed"
    assert desk.steps(case_id)[-1][1:] == ("closed", "returned_directly")
    order = desk.order(order_id)
    assert (order["status"], order["refunded_fen"]) == ("returned", order["paid_fen"])
    assert desk.in_cases(order_id) == 0
    assert code(desk.act(case_id, "receive")) == (409, "case_state")
    assert (desk.units(), desk.units("cup")) == (20, 20)


def test_A5_a_case_that_shrinks_keeps_its_state_and_what_is_left(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 3})
    reach(desk, case_id, "shipped_back")
    assert desk.give_back(order_id, "b1", tea=2).status == 200
    assert desk.state(case_id) == "shipped_back"
    assert [each["quantity"] for each in desk.case(case_id)["lines"]] == [1]
    assert desk.do(case_id, "receive")["state"] == "closed"
    assert desk.line(order_id)["returned_quantity"] == 3
    assert desk.units() == 20


def test_A5_the_refusal_of_a_parcel_closes_the_case_about_it(desk: Desk) -> None:
    order_id = desk.shipped(tea=2)
    case_id = desk.open(order_id, "r1", "refund_only", reason="not_received")
    desk.must(f"/orders/{order_id}/refusal")
    assert desk.state(case_id) == "closed"
    order = desk.order(order_id)
    assert (order["status"], order["refunded_fen"], order.get("lost", False)) == (
        "refused",
        order["paid_fen"],
        False,
    )
    assert code(desk.act(case_id, "approve")) == (409, "case_state")
    assert desk.units() == 20


def test_A5_the_end_of_an_order_does_not_end_its_open_complaint_without_a_word(
    desk: Desk, order_id: str
) -> None:
    """Everything is returned: the complaint is either closed with the order, or is answered; never lost."""
    case_id = desk.open(order_id, "r1", "complaint")
    assert desk.give_back(order_id, "b1", tea=3, cup=1).status == 200
    found = desk.case(case_id)
    if found["state"] == "closed":
        assert len(found["history"]) == 2
    else:
        assert desk.do(case_id, "answer", {"text": "Sorry."})["state"] == "answered"


def test_A5_the_cancellation_of_a_paid_order_closes_its_complaint(desk: Desk) -> None:
    order_id = desk.buy(tea=1)
    desk.pay(order_id)
    case_id = desk.open(order_id, "r1", "complaint")
    desk.must(f"/orders/{order_id}/cancel", None, desk.owner)
    assert desk.state(case_id) == "closed"


def test_A5_a_receipt_after_the_case_was_opened_while_shipped_leaves_it_decidable(desk: Desk) -> None:
    """The order was on its way when its loss was told, and has arrived since: the order is asked again."""
    order_id = desk.shipped(tea=2)
    case_id = desk.open(order_id, "r1", "refund_only", reason="not_received")
    desk.must(f"/orders/{order_id}/receipt", None, desk.owner)
    answer = desk.act(case_id, "approve")
    order = desk.order(order_id)
    assert (answer.status < 400) == (order["refunded_fen"] == order["paid_fen"]), answer.body
    assert desk.units() == 18


# A4: what is received ------------------------------------------------------------------------------------


def test_A4_what_is_received_is_the_return_of_O5(desk: Desk, order_id: str) -> None:
    twin = desk.received("k2", tea=3, cup=1)
    case_id = desk.open(order_id, "r1", units={"tea": 2})
    reach(desk, case_id, "shipped_back")
    done = desk.do(case_id, "receive")
    assert desk.give_back(twin, "b1", tea=2).body["refund_fen"] == done["refund_fen"]
    mine, other = desk.order(order_id), desk.order(twin)
    for name in ("retained", "refunded_fen", "status"):
        assert mine[name] == other[name], name
    assert mine["refunds"][0]["amount_fen"] == done["refund_fen"]
    assert desk.units() == 20 - 2


def test_A4_less_than_asked_for_needs_a_reason_and_the_rest_is_refused(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 3})
    reach(desk, case_id, "shipped_back")
    one = {"lines": [{"sku": "tea", "quantity": 1}]}
    assert code(desk.act(case_id, "receive", one)) == (422, "reason_needed")
    assert desk.state(case_id) == "shipped_back"
    done = desk.do(case_id, "receive", one | {"reason": "Two were missing."})
    assert done["state"] == "closed"
    assert any(step["reason"] == "Two were missing." for step in done["history"])
    assert (desk.line(order_id)["returned_quantity"], desk.in_cases(order_id)) == (1, 0)
    assert code(desk.ask(order_id, "r2", units={"tea": 1})) == (409, "case_decided")
    assert desk.ask(order_id, "r3", "exchange", {"tea": 2}).status == 201


def test_A4_other_units_than_asked_for_are_taken_with_a_reason(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "shipped_back")
    other = {"lines": [{"sku": "cup", "quantity": 1}], "reason": "A cup came instead."}
    cups, teas = desk.units("cup"), desk.units()
    done = desk.do(case_id, "receive", other)
    assert done["state"] == "closed"
    assert (desk.units("cup"), desk.units()) == (cups + 1, teas)
    assert desk.line(order_id, "cup")["returned_quantity"] == 1
    assert desk.line(order_id)["returned_quantity"] == 0
    assert code(desk.ask(order_id, "r2", units={"tea": 3})) == (409, "case_decided")


def test_A4_more_than_the_order_has_is_never_received(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.open(order_id, "r2", units={"tea": 1})
    reach(desk, case_id, "shipped_back")
    before = desk.order(order_id)
    for quantity, sku in ((4, "tea"), (2, "cup"), (1, "mug")):
        body = {"lines": [{"sku": sku, "quantity": quantity}], "reason": "x"}
        assert desk.act(case_id, "receive", body).status in (409, 422)
    assert desk.order(order_id) == before


def test_A4_goods_that_come_without_a_word_are_received_from_approved(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    desk.do(case_id, "approve")
    done = desk.do(case_id, "receive")
    assert [step["state"] for step in done["history"]] == ["requested", "approved", "received", "closed"]


def test_A4_goods_that_arrive_after_closing_are_a_direct_return(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 2})
    reach(desk, case_id, "not sent back")
    assert desk.state(case_id) == "closed"
    assert code(desk.act(case_id, "receive")) == (409, "case_state")
    back = desk.give_back(order_id, "b1", tea=2)
    assert (back.status, back.body["refund_fen"] > 0) == (200, True)
    assert desk.case(case_id)["refund_fen"] == 0


# refund_only in its three shapes (A1, A4) ----------------------------------------------------------------


def test_A1_the_refund_of_a_paid_order_is_its_cancellation_at_once(desk: Desk) -> None:
    order_id, twin = desk.buy("k1", tea=2), desk.buy("k2", tea=2)
    for each in (order_id, twin):
        desk.pay(each)
    answer = desk.ask(order_id, "r1", "refund_only")
    assert (answer.status, answer.body["state"]) == (201, "closed")
    assert all(step["by"] == "member" for step in answer.body["history"])
    desk.must(f"/orders/{twin}/cancel", None, desk.owner)
    mine, other = desk.order(order_id), desk.order(twin)
    for name in ("status", "retained", "refunded_fen", "closed_at"):
        assert mine[name] == other[name], name
    assert answer.body["refund_fen"] == mine["paid_fen"]
    assert desk.units() == 20
    assert desk.ask(order_id, "r1", "refund_only").body == answer.body
    assert desk.units() == 20


def test_A1_the_refund_of_a_shipped_order_waits_and_ends_refused_and_lost(desk: Desk) -> None:
    order_id = desk.shipped(tea=2)
    case_id = desk.open(order_id, "r1", "refund_only", reason="not_received")
    assert desk.order(order_id)["status"] == "shipped"
    done = desk.do(case_id, "approve")
    assert done["state"] == "closed"
    assert [step["state"] for step in done["history"]] == ["requested", "approved", "closed"]
    order = desk.order(order_id)
    assert (order["status"], order["lost"], order["refunded_fen"]) == ("refused", True, order["paid_fen"])
    assert done["refund_fen"] == order["paid_fen"]
    assert desk.units() == 18
    assert (f"lost:{case_id}", -2) in desk.movements()


def test_A4_the_refund_of_a_received_order_returns_units_in_its_figures_only(
    desk: Desk, order_id: str
) -> None:
    twin = desk.received("k2", tea=3, cup=1)
    case_id = desk.open(order_id, "r1", "refund_only", {"tea": 2, "cup": 1})
    stock = desk.units(), desk.units("cup")
    done = desk.do(case_id, "approve")
    back = desk.give_back(twin, "b1", tea=2, cup=1).body
    mine = desk.order(order_id)
    assert (done["state"], done["refund_fen"]) == ("closed", back["refund_fen"])
    assert (mine["retained"], mine["refunded_fen"]) == (back["retained"], back["refunded_fen"])
    assert [(line["returned_quantity"], line["lost_quantity"]) for line in mine["lines"]] == [(2, 2), (1, 1)]
    assert (desk.units(), desk.units("cup")) == (stock[0] + 2, stock[1] + 1)  # the twin's alone
    assert (f"lost:{case_id}", -2) in desk.movements()
    assert (f"lost:{case_id}", -1) in desk.movements("cup")
    assert done["return_shipping_fen"] in (None, 0)


def test_A4_a_refund_only_is_approved_once_whatever_is_sent_again(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", "refund_only", {"tea": 1})
    first = desk.do(case_id, "approve")
    desk.act(case_id, "approve")
    desk.act(case_id, "approve", None, OTHER)
    assert desk.case(case_id) == first
    assert desk.order(order_id)["refunded_fen"] == first["refund_fen"]
    assert [each for each in desk.movements() if each[0].startswith("lost:")] == [(f"lost:{case_id}", -1)]


# A6: freight ---------------------------------------------------------------------------------------------

FREIGHT = {
    "no_reason": 0,
    "defective": 1_200,
    "damaged": 1_200,
    "wrong_item": 1_200,
    "not_as_described": 1_200,
    "not_received": 0,
    "late": 0,
    "other": 0,
}


def back(desk: Desk, order_id: str, request_id: str = "r1", **said: Any) -> Body:
    """Let a return of a tea go the whole way."""
    body = said.pop("receive", None)
    case_id = desk.open(order_id, request_id, units=said.pop("units", {"tea": 1}), **said)
    if desk.state(case_id) == "requested":
        desk.do(case_id, "approve")
    desk.do(case_id, "shipment", {})
    return desk.do(case_id, "receive", body)


@pytest.mark.parametrize("reason", FREIGHT)
def test_A6_the_shop_owes_the_freight_by_the_reason(desk: Desk, order_id: str, reason: str) -> None:
    done = back(desk, order_id, reason=reason)
    assert (done["return_shipping_fen"] or 0) == FREIGHT[reason]
    order = desk.order(order_id)
    due = [done["refund_fen"], FREIGHT[reason]]
    assert [amount for amount, _ in desk.refunds(order_id)] == [each for each in due if each]
    assert order["refunded_fen"] == done["refund_fen"] == order["paid_fen"] - order["retained"]["paid_fen"]


@pytest.mark.parametrize(("fen", "status"), [(0, 200), (1, 200), (3_000, 200), (3_001, 422), (10**9, 422)])
def test_A6_staff_set_another_freight_up_to_the_cap(desk: Desk, order_id: str, fen: int, status: int) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "shipped_back")
    answer = desk.act(case_id, "receive", {"return_shipping_fen": fen})
    assert answer.status == status, answer.body
    if status == 200:
        assert (answer.body["return_shipping_fen"] or 0) == fen
        assert sum(amount for amount, _ in desk.refunds(order_id)) == answer.body["refund_fen"] + fen
    else:
        assert (answer.code, desk.state(case_id)) == ("return_shipping_exceeds", "shipped_back")
        assert desk.refunds(order_id) == []


def test_A6_a_tier_can_have_the_freight_always(suite: Suite, tmp_path: Path) -> None:
    copy = policies.changed(tmp_path, ("above_fen = 0\n", "above_fen = 0\nfree_return_shipping = true\n"))
    made = Suite(suite.tables, tables.create(suite.tables.client, f"free{id(copy):x}"), load(copy))
    desk = Desk(made)
    desk.stock(20, tea=TEA_FEN)
    order_id = desk.received(tea=3)
    from_order(desk, order_id)
    assert desk.get("/members/me", desk.owner)["tier"] == "J1"
    second = desk.received("k2", tea=3)
    assert (back(desk, second, reason="no_reason")["return_shipping_fen"] or 0) == 1_200


def from_order(desk: Desk, order_id: str) -> None:
    """Let the posting see an order as it is now."""
    from tests.support.events import Context, stream_record

    key = {"order_id": order_id, "item": "ORDER"}
    row = desk.suite.tables.get(desk.suite.settings.orders_table, key)
    assert row is not None
    answer = desk.suite.posting({"Records": [stream_record(row)]}, Context())
    assert answer == {"batchItemFailures": []}


def test_A6_freight_is_granted_once_per_case(desk: Desk, order_id: str) -> None:
    done = back(desk, order_id)
    for _ in range(3):
        desk.act(done["case_id"], "receive")
        desk.act(done["case_id"], "receive", {"return_shipping_fen": 3_000})
        desk.act(done["case_id"], "receive", None, OTHER)
    assert desk.refunds(order_id) == [(done["refund_fen"], "manual"), (1_200, "manual")]
    again = back(desk, order_id, "r2")
    assert [amount for amount, _ in desk.refunds(order_id)].count(1_200) == 2
    assert again["return_shipping_fen"] == 1_200


def test_A6_freight_changes_no_retained_figure_no_E_and_no_points(desk: Desk, order_id: str) -> None:
    twin = desk.received("k2", tea=3, cup=1)
    back(desk, order_id)
    assert desk.give_back(twin, "b1", tea=1).status == 200
    mine, other = desk.order(order_id), desk.order(twin)
    assert (mine["retained"], mine["refunded_fen"]) == (other["retained"], other["refunded_fen"])


def test_A6_freight_goes_to_the_payment_as_far_as_something_of_it_is_left(desk: Desk) -> None:
    part = through_provider(desk, "k1", tea=3)
    done = back(desk, part)
    assert [each[0] for each in desk.refunds(part)] == [done["refund_fen"], 1_200]
    assert all(state != "manual" for _, state in desk.refunds(part))
    whole = through_provider(desk, "k2", tea=3)
    done = back(desk, whole, units={"tea": 3})
    paid_fen = desk.order(whole)["paid_fen"]
    assert done["refund_fen"] == paid_fen
    assert [(amount, state == "manual") for amount, state in desk.refunds(whole)] == [
        (paid_fen, False),
        (1_200, True),
    ]


def test_A6_freight_that_the_rest_of_a_payment_bears_in_part_is_manual_in_the_other(desk: Desk) -> None:
    """A unit of 5.00 is kept of a payment: of 12.00 freight 5.00 go to it, 7.00 by hand."""
    desk.stock(10, crumb=500)
    order_id = through_provider(desk, "k1", tea=3, crumb=1)
    done = back(desk, order_id, units={"tea": 3})
    order = desk.order(order_id)
    left = order["paid_fen"] - done["refund_fen"]
    assert 0 < left < 1_200
    assert done["return_shipping_fen"] == 1_200
    sent = [amount for amount, state in desk.refunds(order_id) if state != "manual"]
    by_hand = [amount for amount, state in desk.refunds(order_id) if state == "manual"]
    assert (sum(sent), by_hand) == (order["paid_fen"], [1_200 - left])
    last = desk.give_back(order_id, "b1", crumb=1).body
    assert last["refund_fen"] == left
    refunds = desk.refunds(order_id)
    assert sum(amount for amount, _ in refunds) == order["paid_fen"] + 1_200
    assert sum(amount for amount, state in refunds if state != "manual") == order["paid_fen"]


def test_A6_a_later_full_return_never_takes_more_out_of_a_payment_than_it_was(desk: Desk) -> None:
    order_id = through_provider(desk, "k1", tea=3)
    back(desk, order_id)
    assert desk.give_back(order_id, "b1", tea=2).status == 200
    order = desk.order(order_id)
    assert order["refunded_fen"] == order["paid_fen"]
    refunds = desk.refunds(order_id)
    assert sum(amount for amount, _ in refunds) == order["paid_fen"] + 1_200
    assert sum(amount for amount, state in refunds if state != "manual") <= order["paid_fen"]


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
        ({"points": 1_000, "reason": "more"}, OTHER),
        ({"template_id": "sorry", "reason": "more"}, staff()),
    ):
        answer = desk.act(case_id, "settle", body, who)
        assert code(answer) in ((409, "case_settled"), (404, "template_not_found")), body
    desk.act(case_id, "settle", {"points": 1_000, "reason": "It was late."})
    assert desk.get("/members/me/points", desk.owner)["available"] == 1_000
    assert desk.case(case_id)["settlement"] == done["settlement"]


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
        ({"points": 1_001, "reason": "x"}, (422, "settlement_too_large")),
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


def test_A9_points_of_a_settlement_pay_a_debt_first(desk: Desk, order_id: str) -> None:
    from tests.support.accounts import hold_debt

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


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "漏水了 🫖", "a\nb", "x" * 1_000, "{{7*7}} %s"]
)
def test_A10_a_text_is_shown_as_it_was_said(desk: Desk, order_id: str, text: str) -> None:
    case_id = desk.open(order_id, "r1", "complaint", text=text)
    assert desk.case(case_id)["text"] == text


@pytest.mark.parametrize("text", ["", "x" * 1_001, "a\x00b", "a\x1bb", "a\u202eb", "a\ud800b", 1, ["x"]])
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


Told = Callable[[Desk], None]


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
