"""What went wrong with cases in other shop systems, by its number: at the desk of members and staff."""

from datetime import timedelta

import pytest

from tests.handlers.conftest import Suite
from tests.support.aftersales import (
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
from tests.support.events import staff

DEADLINES = ("answer_by", "send_back_by", "escalate_by")
WAITS_FOR = {
    "requested": "answer_by",
    "approved": "send_back_by",
    "shipped_back": "answer_by",
    "refused": "escalate_by",
    "disputed": "answer_by",
}
"""Whose clock runs in a state, where anybody's does: staff's, or one of the member's."""
OVER = ("refused again", "refused and left", "withdrawn", "not sent back", "closed")
JOB = pytest.mark.parametrize("followed", [False, True], ids=["no job ran", "the job ran"])


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """A stocked shop with alice and bob."""
    return Desk.opened(suite)


@pytest.fixture
def order_id(desk: Desk) -> str:
    """A received order of three teas and a cup of alice's."""
    return desk.received(tea=3, cup=1)


def clocks(case: Body) -> list[str]:
    """Return the deadlines that run for a case."""
    return [name for name in DEADLINES if case[name] is not None]


# --- whose clock runs, and by what hours ---


@pytest.mark.parametrize("state", STATES)
def test_R7_the_clock_is_that_of_the_one_whose_turn_it_is_and_of_nobody_else(
    desk: Desk, order_id: str, state: str
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, state)
    assert clocks(desk.case(case_id)) == ([WAITS_FOR[state]] if state in WAITS_FOR else [])


def test_R7_while_the_member_is_waited_for_staff_are_not_late_and_begin_anew_after_it(
    desk: Desk, order_id: str
) -> None:
    case_id = desk.open(order_id, "r1", "exchange", {"tea": 1})
    desk.wait(47 * HOUR)
    desk.do(case_id, "approve")
    desk.wait(7 * DAY - SECOND)
    waiting = desk.case(case_id)
    assert (waiting["answer_by"], waiting["overdue"]) == (None, False)
    assert desk.cases(overdue="true") == []
    sent = desk.do(case_id, "shipment", {"tracking_no": "SF2"})
    assert when(sent["answer_by"]) == desk.now + 10 * DAY
    assert not sent["overdue"]


@pytest.mark.parametrize(("kind", "hours"), [("exchange", 48), ("complaint", 72)])
def test_R7_hours_are_hours_and_what_is_shown_is_what_counts(desk: Desk, kind: str, hours: int) -> None:
    order_id = desk.received(tea=1)
    friday = store_time("2026-05-08 16:30:00")
    desk.until(friday)
    case_id = desk.open(order_id, "r1", kind, {"tea": 1} if kind == "exchange" else None)
    shown = {48: "2026-05-10T16:30:00+08:00", 72: "2026-05-11T16:30:00+08:00"}
    assert desk.case(case_id)["answer_by"] == shown[hours]
    desk.until(friday + hours * HOUR - SECOND)
    assert not desk.case(case_id)["overdue"]
    desk.wait(SECOND)
    assert desk.case(case_id)["overdue"]


# --- what is offered is taken, and what is not taken is not offered ---


@JOB
@pytest.mark.parametrize("late", [timedelta(0), 4 * HOUR, 30 * DAY])
def test_R8_after_its_deadline_an_escalation_is_neither_offered_nor_taken(
    desk: Desk, order_id: str, late: timedelta, followed: bool
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    until = when(desk.refuse(case_id)["escalate_by"])
    desk.until(until + late)
    if followed:
        desk.follow()
    assert desk.case(case_id)["escalate_by"] is None
    assert desk.get(f"/cases/{case_id}", desk.owner)["escalate_by"] is None
    (listed,) = desk.get("/members/me/cases", desk.owner)["items"]
    assert listed["escalate_by"] is None
    assert code(desk.act(case_id, "escalate", {"reason": "It was not."})) == (409, "case_state")
    assert desk.state(case_id) == "refused"


def test_R8_until_its_deadline_it_is_offered_and_taken(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    until = when(desk.refuse(case_id)["escalate_by"])
    desk.until(until - SECOND)
    assert when(desk.case(case_id)["escalate_by"]) == until
    assert desk.do(case_id, "escalate", {"reason": "It was not."})["state"] == "disputed"


# --- what is over stays over, and a case is about its own units ---


@pytest.mark.parametrize("state", OVER)
def test_R9_a_case_that_is_over_is_not_opened_again_by_an_escalation(
    desk: Desk, order_id: str, state: str
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, state)
    case, order = desk.case(case_id), desk.order(order_id)
    for _ in range(2):
        assert code(desk.act(case_id, "escalate", {"reason": "Once more."})) == (409, "case_state")
    assert (desk.case(case_id), desk.order(order_id)) == (case, order)


@pytest.mark.parametrize("kind", ["return", "refund_only"])
def test_R9_a_case_about_one_unit_of_three_gives_one_back(desk: Desk, order_id: str, kind: str) -> None:
    case_id = desk.open(order_id, "r1", kind, {"tea": 1})
    assert [(each["sku"], each["quantity"]) for each in desk.case(case_id)["lines"]] == [("tea", 1)]
    desk.do(case_id, "approve")
    if kind == "return":
        desk.do(case_id, "receive")
    case = desk.case(case_id)
    assert (case["state"], case["refund_fen"]) == ("closed", TEA_FEN)
    assert [(each["sku"], each["quantity"]) for each in case["lines"]] == [("tea", 1)]
    line = desk.line(order_id)
    assert (line["quantity"], line["returned_quantity"]) == (3, 1)


def test_R9_units_of_one_line_can_be_in_cases_of_their_own_and_a_unit_is_in_one(
    desk: Desk, order_id: str
) -> None:
    first = desk.open(order_id, "r1", units={"tea": 1})
    second = desk.open(order_id, "r2", "exchange", {"tea": 2})
    assert code(desk.ask(order_id, "r3", units={"tea": 1})) == (409, "unit_in_case")
    for each in (first, second):
        desk.do(each, "approve")
        desk.do(each, "receive")
    assert desk.line(order_id)["returned_quantity"] == 1
    third = desk.ask(order_id, "r4", units={"tea": 2})
    assert third.status == 201, third.body
    assert code(desk.ask(order_id, "r5", units={"tea": 1})) == (409, "unit_in_case")


def test_R9_after_the_term_a_return_for_no_reason_waits_for_staff_who_may_refuse_it(
    desk: Desk, order_id: str
) -> None:
    in_time = desk.ask(order_id, "r1", units={"tea": 1}, reason="no_reason").body
    assert in_time["state"] == "approved"
    desk.wait(30 * DAY)
    late = desk.ask(order_id, "r2", units={"tea": 1}, reason="no_reason").body
    assert late["state"] == "requested"
    assert desk.do(late["case_id"], "refuse", {"reason": "It is too late."}, staff())["state"] == "refused"
