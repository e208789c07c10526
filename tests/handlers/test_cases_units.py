"""The units that cases are about, what comes back of them, and the money for it (A2, A4-A6)."""

from pathlib import Path
from typing import Any

import pytest

from functions.domain.policy import load
from tests.handlers.conftest import Suite
from tests.handlers.test_campaigns import must_put
from tests.support import policies, tables
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


# A2, A5: limits, and units in cases ----------------------------------------------------------------------


FOLLOWED = pytest.mark.parametrize("followed", [False, True], ids=["no job ran", "the job ran"])


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


@FOLLOWED
def test_A5_an_order_shows_as_of_now_how_many_of_its_units_are_in_cases(
    desk: Desk, order_id: str, followed: bool
) -> None:
    left = desk.open(order_id, "r1", units={"tea": 2})
    refused = desk.open(order_id, "r2", units={"cup": 1})
    desk.do(left, "approve")
    desk.refuse(refused)
    desk.wait(7 * DAY - SECOND)
    if followed:
        desk.follow()
    assert (desk.in_cases(order_id), desk.in_cases(order_id, "cup")) == (2, 1)
    desk.wait(SECOND)
    if followed:
        desk.follow()
    assert (desk.in_cases(order_id), desk.in_cases(order_id, "cup")) == (0, 0)


@FOLLOWED
def test_A5_a_direct_return_begins_from_what_deadlines_have_made_of_the_cases(
    desk: Desk, order_id: str, followed: bool
) -> None:
    """Units of a case that has ended are free: they are taken before those of an open one, and by no case."""
    refused = desk.open(order_id, "r0", units={"cup": 1})
    desk.refuse(refused)
    left = desk.open(order_id, "r1", units={"tea": 2})
    desk.do(left, "approve")
    desk.wait(7 * DAY)
    late = desk.open(order_id, "r2", "exchange", {"tea": 1})
    if followed:
        desk.follow()
    before = desk.case(left), desk.case(refused), desk.case(late)
    assert [each["state"] for each in before] == ["closed", "refused", "requested"]
    assert desk.give_back(order_id, "b1", tea=2, cup=1).status == 200
    assert (desk.case(left), desk.case(refused), desk.case(late)) == before
    assert (desk.in_cases(order_id), desk.in_cases(order_id, "cup")) == (1, 0)


@FOLLOWED
def test_A5_an_ended_case_is_not_closed_again_by_the_end_of_its_order(
    desk: Desk, order_id: str, followed: bool
) -> None:
    left = desk.open(order_id, "r1", units={"tea": 3})
    desk.do(left, "approve")
    refused = desk.open(order_id, "r2", units={"cup": 1})
    desk.refuse(refused)
    desk.wait(7 * DAY)
    if followed:
        desk.follow()
    before = desk.case(left), desk.case(refused)
    assert desk.give_back(order_id, "b1", tea=3, cup=1).status == 200
    assert (desk.case(left), desk.case(refused)) == before
    desk.follow()
    assert (desk.case(left), desk.case(refused)) == before


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


def test_A5_units_that_left_before_the_shipment_are_in_no_case(desk: Desk) -> None:
    order_id = desk.buy(tea=3, cup=1)
    desk.pay(order_id)
    desk.must(
        f"/orders/{order_id}/cancel",
        {"cancel_id": "c1", "lines": [{"sku": "tea", "quantity": 1}]},
        desk.owner,
    )
    desk.must(f"/orders/{order_id}/shipment", {})
    desk.must(f"/orders/{order_id}/receipt", None, desk.owner)
    assert code(desk.ask(order_id, "r1", units={"tea": 3})) == (422, "case_exceeds_order")
    case_id = desk.open(order_id, "r1", units={"tea": 2})
    reach(desk, case_id, "shipped_back")
    desk.do(case_id, "receive")
    line = desk.line(order_id)
    assert (line["cancelled_quantity"], line["returned_quantity"]) == (1, 2)
    assert desk.units() == 20
    assert code(desk.ask(order_id, "r2", units={"tea": 1})) == (422, "case_exceeds_order")


def test_A1_A5_a_sku_that_stands_twice_is_named_by_its_line(desk: Desk) -> None:
    desk.stock(10, pin=100)
    must_put(desk.suite, "gift", "gift", terms={"from_fen": 100, "sku": "pin", "quantity": 1}, group="g")
    order_id = desk.received(pin=2, cup=1)
    assert code(desk.ask(order_id, "r1", units={"pin": 1})) == (422, "line_id_needed")
    case_id = desk.open(order_id, "r1", lines=[{"line_id": "pin:gift", "quantity": 1}])
    assert (desk.in_cases(order_id, "pin"), desk.in_cases(order_id, "pin:gift")) == (0, 1)
    second = desk.open(order_id, "r2", lines=[{"line_id": "pin", "quantity": 2}])
    for each in (case_id, second):
        reach(desk, each, "shipped_back")
        assert desk.do(each, "receive")["state"] == "closed"
    assert desk.units("pin") == 10


def test_A1_other_contents_are_told_so_also_when_nothing_is_possible_any_more(
    desk: Desk, order_id: str
) -> None:
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    assert desk.give_back(order_id, "b1", tea=3, cup=1).status == 200
    assert code(desk.ask(order_id, "r1", units={"tea": 2})) == (422, "request_id_reused")
    again = desk.ask(order_id, "r1", units={"tea": 1})
    assert (again.status, again.body) == (201, desk.case(case_id))


def test_A1_rows_of_a_case_stand_where_no_callers_id_can(desk: Desk, order_id: str) -> None:
    """A direct return under the case's own id, before or after, is another return (A1)."""
    case_id = desk.open(order_id, "r1", units={"tea": 1})
    reach(desk, case_id, "shipped_back")
    assert desk.give_back(order_id, case_id, tea=1).status == 200
    done = desk.do(case_id, "receive")
    assert (done["state"], desk.line(order_id)["returned_quantity"]) == ("closed", 2)
    assert desk.give_back(order_id, case_id, tea=1).body["refund_fen"] == done["refund_fen"]
    assert desk.line(order_id)["returned_quantity"] == 2


def test_A1_the_movement_of_lost_units_stands_where_no_callers_id_can(desk: Desk, order_id: str) -> None:
    case_id = desk.open(order_id, "r1", "refund_only", {"cup": 1})
    for movement_id in (case_id, f"lost:{case_id}"):
        desk.post("/products/cup/stock", {"movement_id": movement_id, "delta": 1, "reason": "x"})
    before = desk.units("cup")
    assert desk.do(case_id, "approve")["state"] == "closed"
    assert desk.units("cup") == before
    assert (f"lost:{case_id}", -1) in desk.movements("cup")


def test_A1_A9_the_adjustment_of_a_settlement_stands_where_no_callers_id_can(
    desk: Desk, order_id: str
) -> None:
    case_id = desk.open(order_id, "r1", "complaint")
    for adjustment_id in (case_id, f"case:{case_id}", f"settle:{case_id}", f"case#{case_id}"):
        body = {"adjustment_id": adjustment_id, "points": 1, "reason": "x"}
        desk.post("/members/alice/points/adjustments", body)
    before = desk.get("/members/me/points", desk.owner)["available"]
    desk.do(case_id, "settle", {"points": 100, "reason": "x"})
    assert desk.get("/members/me/points", desk.owner)["available"] == before + 100


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


@pytest.mark.parametrize("state", STATES[:5])
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
    desk.post_order(order_id)
    assert desk.get("/members/me", desk.owner)["tier"] == "J1"
    second = desk.received("k2", tea=3)
    assert (back(desk, second, reason="no_reason")["return_shipping_fen"] or 0) == 1_200


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
    part = desk.through_provider("k1", tea=3)
    done = back(desk, part)
    assert [each[0] for each in desk.refunds(part)] == [done["refund_fen"], 1_200]
    assert all(state != "manual" for _, state in desk.refunds(part))
    whole = desk.through_provider("k2", tea=3)
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
    order_id = desk.through_provider("k1", tea=3, crumb=1)
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
    order_id = desk.through_provider("k1", tea=3)
    back(desk, order_id)
    assert desk.give_back(order_id, "b1", tea=2).status == 200
    order = desk.order(order_id)
    assert order["refunded_fen"] == order["paid_fen"]
    refunds = desk.refunds(order_id)
    assert sum(amount for amount, _ in refunds) == order["paid_fen"] + 1_200
    assert sum(amount for amount, state in refunds if state != "manual") <= order["paid_fen"]
