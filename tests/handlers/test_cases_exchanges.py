"""Exchanges: the stock they take, what they hold, and what later returns make of it (A7)."""

from datetime import timedelta
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.handlers.test_campaigns import must_put
from tests.support.accounts import hold_tier
from tests.support.aftersales import CUP_FEN, DAY, TEA_FEN, UNITS, Body, Desk, code, reach, store_time
from tests.support.events import Call, claims, staff

OTHER = staff("another")
CUPS = 3
FOLLOWED = pytest.mark.parametrize("followed", [False, True], ids=["no job ran", "the job ran"])


@pytest.fixture
def desk(suite: Suite) -> Desk:
    """A stocked shop with alice and bob; a cup and a mug cost the same."""
    return Desk.opened(suite)


@pytest.fixture
def order_id(desk: Desk) -> str:
    """A received order of three cups and two teas of alice's."""
    return desk.received(cup=CUPS, tea=2)


def line(quantity: int = 1, *, sku: str = "cup", to: str | None = "mug") -> Body:
    """Return a line of an exchange."""
    return {"sku": sku, "quantity": quantity} | ({} if to is None else {"for": to})


def exchange(desk: Desk, order_id: str, request_id: str, *lines: Body) -> str:
    """Have an exchange opened; return its id."""
    return desk.open(order_id, request_id, "exchange", lines=list(lines or (line(),)))


def refused(desk: Desk, order_id: str, *lines: Body) -> tuple[int, str | None]:
    """Return how an exchange is refused."""
    return code(desk.ask(order_id, "no", "exchange", lines=list(lines)))


def exchanged(desk: Desk, order_id: str, request_id: str, *lines: Body) -> Body:
    """Let an exchange go the whole way."""
    case_id = exchange(desk, order_id, request_id, *lines)
    reach(desk, case_id, "shipped_back")
    return desk.do(case_id, "receive")


def stock(desk: Desk) -> tuple[int, int]:
    """Return the units of cups and mugs that are in stock."""
    return desk.units("cup"), desk.units("mug")


def held(desk: Desk, order_id: str, line_id: str = "cup") -> dict[str, int]:
    """Return what a line holds of other skus."""
    units: dict[str, int] = desk.line(order_id, line_id).get("held", {})
    return {sku: count for sku, count in units.items() if count}


# Stock is taken by the approval, and given back by every other ending --------------------------------------


def test_A7_an_exchange_takes_its_stock_when_it_is_approved_and_not_before(desk: Desk, order_id: str) -> None:
    before = stock(desk)
    case_id = exchange(desk, order_id, "x1", line(2))
    assert stock(desk) == before
    desk.do(case_id, "approve")
    desk.act(case_id, "approve")
    assert stock(desk) == (before[0], before[1] - 2)
    desk.do(case_id, "shipment", {})
    assert stock(desk) == (before[0], before[1] - 2)


def test_A7_without_stock_nothing_is_approved_until_there_is_some(desk: Desk, order_id: str) -> None:
    desk.move("mug", 1 - UNITS, "sold")
    case_id = exchange(desk, order_id, "x1", line(2))
    before = desk.case(case_id), desk.order(order_id), stock(desk)
    assert code(desk.act(case_id, "approve")) == (409, "insufficient_stock")
    assert (desk.case(case_id), desk.order(order_id), stock(desk)) == before
    desk.move("mug", 1, "more")
    assert desk.do(case_id, "approve")["state"] == "approved"
    assert desk.units("mug") == 0


def test_A7_the_stock_of_several_lines_is_taken_all_or_none(desk: Desk, order_id: str) -> None:
    desk.move("tea", 2 - UNITS, "sold")
    assert desk.units("tea") == 0
    case_id = exchange(desk, order_id, "x1", line(1), line(1, sku="tea", to=None))
    before = stock(desk)
    assert code(desk.act(case_id, "approve")) == (409, "insufficient_stock")
    assert (stock(desk), desk.units("tea")) == (before, 0)


def test_A7_two_lines_for_one_sku_take_the_sum(desk: Desk) -> None:
    desk.stock(10, bowl=CUP_FEN)
    order_id = desk.received(cup=1, bowl=2)
    case_id = exchange(desk, order_id, "x1", line(1), line(2, sku="bowl"))
    desk.do(case_id, "approve")
    assert desk.units("mug") == UNITS - 3
    desk.do(case_id, "receive")
    assert (held(desk, order_id), held(desk, order_id, "bowl")) == ({"mug": 1}, {"mug": 2})
    assert (desk.units("cup"), desk.units("bowl"), desk.units("mug")) == (UNITS, 10, UNITS - 3)


def test_A7_an_exchange_for_the_same_takes_and_hands_out_one_and_holds_nothing_else(
    desk: Desk, order_id: str
) -> None:
    before = stock(desk)
    case_id = exchange(desk, order_id, "x1", line(1, to=None))
    desk.do(case_id, "approve")
    assert stock(desk) == (before[0] - 1, before[1])
    desk.do(case_id, "receive")
    assert (stock(desk), held(desk, order_id)) == (before, {})


def ends(desk: Desk, order_id: str, case_id: str, how: str) -> None:
    """End an approved exchange of one cup without its receipt."""
    if how == "withdrawn":
        desk.do(case_id, "withdraw")
    elif how == "not sent back":
        desk.wait(7 * DAY)
        desk.follow()
    elif how == "its units returned directly":
        assert desk.give_back(order_id, "b1", cup=CUPS).status == 200
    elif how == "the order returned":
        assert desk.give_back(order_id, "b1", cup=CUPS, tea=2).status == 200


ENDINGS = ("withdrawn", "not sent back", "its units returned directly", "the order returned")


@pytest.mark.parametrize("how", ENDINGS)
@pytest.mark.parametrize("disputed", [False, True], ids=["approved", "approved after a dispute"])
def test_A7_every_other_ending_gives_the_stock_back(
    desk: Desk, order_id: str, how: str, disputed: bool
) -> None:
    before = desk.units("mug")
    case_id = exchange(desk, order_id, "x1")
    if disputed:
        reach(desk, case_id, "disputed")
    desk.do(case_id, "approve", None, OTHER)
    assert desk.units("mug") == before - 1
    ends(desk, order_id, case_id, how)
    assert desk.state(case_id) == ("withdrawn" if how == "withdrawn" else "closed")
    assert (desk.units("mug"), held(desk, order_id)) == (before, {})
    desk.follow()
    desk.wait(30 * DAY)
    desk.follow()
    assert desk.units("mug") == before


def test_A7_what_a_job_did_not_give_back_the_next_write_does(desk: Desk, order_id: str) -> None:
    """Nobody ran the job: who writes the case or takes its units begins from the deadline that has passed."""
    case_id = exchange(desk, order_id, "x1", line(3))
    desk.do(case_id, "approve")
    desk.wait(7 * DAY)
    assert desk.state(case_id) == "closed"
    assert exchange(desk, order_id, "x2", line(3))
    desk.follow()
    assert stock(desk) == (UNITS - CUPS, UNITS)
    assert desk.in_cases(order_id, "cup") == 3


@pytest.mark.parametrize("state", ["requested", "refused", "disputed", "refused again", "refused and left"])
def test_A7_what_was_never_approved_gives_nothing_back(desk: Desk, order_id: str, state: str) -> None:
    before = stock(desk)
    case_id = exchange(desk, order_id, "x1")
    reach(desk, case_id, state)
    desk.follow()
    assert stock(desk) == before
    assert desk.give_back(order_id, "b1", cup=CUPS).status == 200
    desk.follow()
    assert stock(desk) == (before[0] + CUPS, before[1])


def test_A7_a_direct_return_of_a_part_gives_back_that_part_of_the_stock(desk: Desk, order_id: str) -> None:
    case_id = exchange(desk, order_id, "x1", line(2))
    desk.do(case_id, "approve")
    assert desk.give_back(order_id, "b1", cup=2).status == 200
    assert stock(desk) == (UNITS - CUPS + 2, UNITS - 1)
    assert [each["quantity"] for each in desk.case(case_id)["lines"]] == [1]
    desk.do(case_id, "receive")
    assert (stock(desk), held(desk, order_id)) == ((UNITS, UNITS - 1), {"mug": 1})


def test_A4_A7_what_did_not_come_is_refused_and_its_stock_is_given_back(desk: Desk, order_id: str) -> None:
    case_id = exchange(desk, order_id, "x1", line(3))
    reach(desk, case_id, "shipped_back")
    some = {"lines": [{"sku": "cup", "quantity": 1}]}
    assert code(desk.act(case_id, "receive", some)) == (422, "reason_needed")
    assert desk.units("mug") == UNITS - 3
    desk.do(case_id, "receive", some | {"reason": "Two were broken."})
    assert stock(desk) == (UNITS - CUPS + 1, UNITS - 1)
    assert held(desk, order_id) == {"mug": 1}
    assert desk.in_cases(order_id, "cup") == 0
    assert refused(desk, order_id, line(2)) == (409, "case_decided")
    desk.ask(order_id, "r1", "return", {"cup": 3})
    assert desk.in_cases(order_id, "cup") == 3


def test_A4_A7_where_something_else_came_no_unit_is_made_or_lost(desk: Desk, order_id: str) -> None:
    case_id = exchange(desk, order_id, "x1")
    reach(desk, case_id, "shipped_back")
    teas = desk.units("tea")
    other = {"lines": [{"sku": "tea", "quantity": 1}], "reason": "A tea came."}
    answer = desk.act(case_id, "receive", other)
    if answer.status == 200:
        assert (desk.units("tea"), desk.units("mug"), held(desk, order_id)) == (teas + 1, UNITS, {})
        assert desk.in_cases(order_id, "cup") == 0
    else:
        assert (answer.status, desk.units("mug"), desk.units("tea")) == (422, UNITS - 1, teas)


# What an exchange holds, and what later returns make of it -------------------------------------------------


def test_A7_an_exchange_changes_no_figure_of_the_order(desk: Desk, order_id: str) -> None:
    before = desk.order(order_id)
    done = exchanged(desk, order_id, "x1", line(2))
    after = desk.order(order_id)
    for name in ("status", "retained", "refunded_fen", "paid_fen", "quote", "closed_at"):
        assert after[name] == before[name], name
    assert (done["refund_fen"], held(desk, order_id)) == (0, {"mug": 2})
    assert desk.line(order_id, "cup")["returned_quantity"] == 0
    assert desk.refunds(order_id) == [(1_200, "manual")]
    assert stock(desk) == (UNITS - CUPS + 2, UNITS - 2)


def test_A7_it_is_handed_out_once_whatever_is_sent_again(desk: Desk, order_id: str) -> None:
    done = exchanged(desk, order_id, "x1")
    before = stock(desk), desk.order(order_id)
    for who in (staff(), OTHER):
        desk.act(done["case_id"], "receive", None, who)
        desk.act(done["case_id"], "approve", None, who)
    assert (stock(desk), desk.order(order_id)) == before


def test_A7_later_returns_go_to_what_is_held_the_original_sku_first(desk: Desk, order_id: str) -> None:
    twin = desk.received("k2", cup=CUPS, tea=2)
    exchanged(desk, order_id, "x1", line(2))
    cups, mugs = stock(desk)
    for number, expected in enumerate([(1, 0), (1, 1), (1, 2)]):
        mine = desk.give_back(order_id, f"b{number}", cup=1)
        assert mine.status == 200, mine.body
        assert stock(desk) == (cups + expected[0], mugs + expected[1])
        assert held(desk, order_id) == ({"mug": 2 - expected[1]} if expected[1] < 2 else {})
        assert code(desk.give_back(order_id, f"m{number}", mug=1)) == (422, "return_exceeds_order")
    for number in range(CUPS):
        assert desk.give_back(twin, f"b{number}", cup=1).status == 200
    seen, other = desk.order(order_id), desk.order(twin)
    assert (seen["retained"], seen["refunded_fen"]) == (other["retained"], other["refunded_fen"])


def test_A7_all_at_once_goes_to_both(desk: Desk, order_id: str) -> None:
    exchanged(desk, order_id, "x1", line(2))
    assert desk.give_back(order_id, "b1", cup=CUPS, tea=2).status == 200
    assert (stock(desk), desk.units("tea")) == ((UNITS, UNITS), UNITS)
    order = desk.order(order_id)
    assert (order["status"], order["refunded_fen"]) == ("returned", order["paid_fen"])


def test_A7_a_return_case_of_exchanged_units_goes_to_what_is_held_too(desk: Desk, order_id: str) -> None:
    exchanged(desk, order_id, "x1", line(3))
    cups, mugs = stock(desk)
    case_id = desk.open(order_id, "r1", "return", {"cup": 2})
    reach(desk, case_id, "shipped_back")
    done = desk.do(case_id, "receive")
    assert done["refund_fen"] > 0
    assert (stock(desk), held(desk, order_id)) == ((cups, mugs + 2), {"mug": 1})


def test_A4_A7_a_lost_unit_that_was_exchanged_is_lost_of_what_is_held(desk: Desk) -> None:
    order_id = desk.received(cup=1)
    exchanged(desk, order_id, "x1")
    before = stock(desk)
    case_id = desk.open(order_id, "r1", "refund_only", {"cup": 1})
    desk.do(case_id, "approve")
    assert stock(desk) == before
    assert (f"lost:{case_id}", -1) in desk.movements("mug")
    assert not any(each[0].startswith("lost:") for each in desk.movements("cup"))
    assert held(desk, order_id) == {}


def test_A7_an_exchanged_unit_is_exchanged_again_and_back(desk: Desk) -> None:
    desk.stock(10, bowl=CUP_FEN)
    order_id = desk.received(cup=1)
    exchanged(desk, order_id, "x1", line(to="mug"))
    exchanged(desk, order_id, "x2", line(to="bowl"))
    assert (*stock(desk), desk.units("bowl"), held(desk, order_id)) == (UNITS, UNITS, 9, {"bowl": 1})
    exchanged(desk, order_id, "x3", line(to="cup"))
    assert (*stock(desk), desk.units("bowl"), held(desk, order_id)) == (UNITS - 1, UNITS, 10, {})
    assert desk.give_back(order_id, "b1", cup=1).status == 200
    assert stock(desk) == (UNITS, UNITS)


def test_A7_of_two_exchanges_each_holds_its_own(desk: Desk, order_id: str) -> None:
    desk.stock(10, bowl=CUP_FEN)
    exchanged(desk, order_id, "x1", line(1, to="mug"))
    exchanged(desk, order_id, "x2", line(1, to="bowl"))
    units = held(desk, order_id)
    assert sum(units.values()) == 2
    total = desk.units("cup") + desk.units("mug") + desk.units("bowl")
    assert total == 2 * UNITS + 10 - CUPS
    assert units == {"mug": 1, "bowl": 1}


# The price, and what is no exchange ------------------------------------------------------------------------


def test_A7_only_what_has_the_lines_list_price_at_the_order_can_be_wanted(desk: Desk, order_id: str) -> None:
    desk.stock(5, dear=CUP_FEN + 1, cheap=CUP_FEN - 1)
    for sku in ("tea", "dear", "cheap"):
        assert refused(desk, order_id, line(to=sku)) == (422, "exchange_not_possible"), sku
    assert refused(desk, order_id, line(to="nowhere"))[0] == 422
    desk.stock(cup=CUP_FEN + 500, mug=CUP_FEN + 500, dear=CUP_FEN)
    assert refused(desk, order_id, line(to="mug")) == (422, "exchange_not_possible")
    assert desk.in_cases(order_id, "cup") == 0
    exchange(desk, order_id, "dear", line(to="dear"))
    exchange(desk, order_id, "same", line(to=None))
    exchange(desk, order_id, "named", line(to="cup"))
    assert desk.in_cases(order_id, "cup") == 3


def test_A7_the_list_price_counts_and_not_what_was_charged(desk: Desk) -> None:
    zone = {"name": "vase", "price_fen": CUP_FEN, "member_zone": True}
    assert desk.suite.call(Call("PUT", "/products/vase", zone, staff())).status == 201
    desk.move("vase", 5, "delivery")
    desk.until(store_time("2026-05-10 12:00:00"))
    suite = desk.suite
    hold_tier(suite.tables, suite.settings.members_table, "alice", "J3", suite.policy)
    order_id = desk.received(vase=2)
    charged = desk.line(order_id, "vase")["unit_price_fen"]
    assert charged < CUP_FEN
    desk.stock(5, sale=charged)
    assert refused(desk, order_id, line(sku="vase", to="sale")) == (422, "exchange_not_possible")
    done = exchanged(desk, order_id, "x1", line(sku="vase"))
    assert (done["refund_fen"], held(desk, order_id, "vase")) == (0, {"mug": 1})


def test_A7_only_an_exchange_says_what_for(desk: Desk, order_id: str) -> None:
    for kind in ("return", "refund_only"):
        assert desk.ask(order_id, "no", kind, lines=[line()]).status == 422
    assert desk.in_cases(order_id, "cup") == 0


def test_A7_a_gift_is_not_exchanged(desk: Desk) -> None:
    desk.stock(10, pin=100)
    must_put(desk.suite, "gift", "gift", terms={"from_fen": 100, "sku": "pin", "quantity": 1}, group="g")
    order_id = desk.received(cup=1)
    (gift,) = [each for each in desk.order(order_id)["lines"] if each["gift_of"]]
    for extra in ({}, {"for": "pin"}, {"for": "cup"}):
        body: Body = {"line_id": gift["line_id"], "quantity": 1, **extra}
        assert refused(desk, order_id, body) == (422, "exchange_not_possible"), extra
        assert refused(desk, order_id, line(), body) == (422, "exchange_not_possible"), extra
    answer = desk.ask(order_id, "r1", lines=[{"line_id": gift["line_id"], "quantity": 1}])
    assert answer.status == 201, answer.body


@pytest.mark.parametrize("withdrawn", ["mug", "cup"])
def test_A7_what_is_withdrawn_takes_back_and_is_never_sold_by_an_exchange(
    desk: Desk, order_id: str, withdrawn: str
) -> None:
    """O7: no order has what is withdrawn, whatever comes back; an exchange for it is no way around that."""
    body: dict[str, Any] = {"name": withdrawn, "price_fen": CUP_FEN, "member_zone": False}
    done = desk.suite.call(
        Call("PUT", f"/products/{withdrawn}", body | {"status": "withdrawn"}, staff())
    ).status
    assert done == 200
    answer = desk.ask(order_id, "x1", "exchange", lines=[line(to=withdrawn)])
    if withdrawn == "mug":
        assert answer.status in (409, 422), answer.body
    elif answer.status == 201:  # the same sku is always possible
        case_id = answer.body["case_id"]
        desk.act(case_id, "approve")
        assert stock(desk)[1] == UNITS


def test_A7_units_in_an_exchange_are_in_a_case(desk: Desk, order_id: str) -> None:
    exchange(desk, order_id, "x1", line(2))
    assert code(desk.ask(order_id, "r1", "return", {"cup": 2})) == (409, "unit_in_case")
    assert refused(desk, order_id, line(2)) == (409, "unit_in_case")
    assert refused(desk, order_id, line(4)) == (422, "case_exceeds_order")


@FOLLOWED
def test_A3_A7_silence_never_approves_an_exchange_and_takes_no_stock(
    desk: Desk, order_id: str, followed: bool
) -> None:
    case_id = exchange(desk, order_id, "x1")
    desk.wait(timedelta(days=365))
    if followed:
        desk.follow()
    assert (desk.state(case_id), desk.case(case_id)["overdue"]) == ("requested", True)
    assert stock(desk) == (UNITS - CUPS, UNITS)


def test_A7_units_go_round_and_none_comes_of_it(desk: Desk) -> None:
    """Case 49: buy, exchange, return, at every turn; stock is what it was, money too."""
    for turn in range(4):
        order_id = desk.received(f"k{turn}", cup=2)
        exchanged(desk, order_id, "x1", line(1 + turn % 2))
        if turn == 2:
            exchanged(desk, order_id, "x2", line(1, to="cup"))
        assert desk.give_back(order_id, "b1", cup=1).status == 200
        assert desk.give_back(order_id, "b2", cup=1).status == 200
        assert stock(desk) == (UNITS, UNITS)
        order = desk.order(order_id)
        assert (order["refunded_fen"], order["status"]) == (order["paid_fen"], "returned")
        assert held(desk, order_id) == {}
    assert desk.get("/members/me/points", claims("alice"))["debt"] == 0
    assert desk.units("tea") * TEA_FEN == UNITS * TEA_FEN
