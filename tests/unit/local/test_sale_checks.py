"""The demo's checks of a sale: they hold for an order of it, and find every figure that is one off."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from functions.domain import policy as policies
from local.demo import sale_checks
from local.demo.acts import Json
from local.demo.books import Books, Member
from tests.support import story

POLICY = policies.load()
NO_LIMITS = {"orders": None, "per_member": None, "budget_fen": None}


def line(sku: str, quantity: int, list_fen: int, unit_fen: int, price_of: str, **more: Any) -> Json:
    """Return a line of an order, of both its lists."""
    return {
        "sku": sku,
        "quantity": quantity,
        "cancelled_quantity": 0,
        "returned_quantity": 0,
        "list_price_fen": list_fen,
        "unit_price_fen": unit_fen,
        "price_of": price_of,
        "gift_of": None,
        **more,
    }


def campaign(campaign_id: str, kind: str, used: tuple[int, ...], **more: Any) -> Json:
    """Return a campaign as staff see it; ``used`` are its figures in their order."""
    return {
        "campaign_id": campaign_id,
        "kind": kind,
        "state": "running",
        "limits": NO_LIMITS,
        "used": dict(zip(sale_checks.FIGURES, used, strict=True)),
        **more,
    }


CAKES = {"items": {"cake": {"price_fen": 9_900, "units": 5}}, "per_member": 2}
FACTS: Json = {
    "campaigns": [
        campaign("cakes", "flash", (1, 2, 13_800, 19_800, 0, 1), terms=CAKES, stacks=False),
        campaign("cup", "gift", (1, 1, 6_667, 50_000, 0, 1), scope={"all": True}),
        campaign(
            "save",
            "spend_save",
            (1, 1, 5_000, 50_000, 0, 1),
            scope={"skus": ["table", "cake"]},
            limits={"orders": 1, "per_member": 1, "budget_fen": 5_000},
        ),
    ],
    "order": {
        "order_id": "1",
        "status": "received",
        "refunded_fen": 0,
        "lines": [
            line("cake", 2, 16_800, 9_900, "cakes"),
            line("table", 1, 50_000, 50_000, "list"),
            line("cup", 1, 6_667, 0, "cup", gift_of="cup"),
        ],
        "quote": {
            "coupon": {"coupon_id": "cpt_1", "amount_fen": 2_000},
            "campaigns": [
                {"campaign_id": "cup", "amount_fen": 0},
                {"campaign_id": "save", "amount_fen": 5_000},
            ],
        },
    },
    "coupons": [{"coupon_id": "cpt_1", "status": "used", "order_id": "1"}],
}


def books(change: Callable[[Json], object] = lambda _: None) -> Books:
    """Return the books of a member who has been at the sale."""
    facts = deepcopy(FACTS)
    change(facts)
    facts["order"]["quote"]["lines"] = facts["order"]["lines"]
    member = Member(
        account=story.books().members["dana"].account,
        entries=[],
        orders=[facts["order"]],
        coupons=facts["coupons"],
    )
    return Books(
        at=story.AT,
        members={"dana": member},
        shelves=[],
        received_fen={},
        due_back_fen={},
        failed_messages={},
        report=None,
        campaigns=facts["campaigns"],
    )


def wrong(found: Books) -> list[str]:
    """Return what the checks say."""
    checks = (
        sale_checks.figures_are_what_orders_say,
        sale_checks.no_limit_is_passed,
        sale_checks.coupons_stand_as_their_orders_do,
    )
    return [each for check in checks for each in check(found, POLICY)]


def test_a_sale_that_fits_is_found_right() -> None:
    assert wrong(books()) == []
    assert sale_checks.set_aside(books()) == {"cake": 3}


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("figure", sale_checks.FIGURES)
def test_V14_a_figure_that_is_one_off_is_found(place: int, figure: str) -> None:
    def change(facts: Json) -> None:
        facts["campaigns"][place]["used"][figure] += 1

    assert len(wrong(books(change))) == 1


@pytest.mark.parametrize("limit", ["orders", "per_member", "budget_fen"])
def test_V14_a_limit_that_is_passed_by_one_is_found(limit: str) -> None:
    def change(facts: Json) -> None:
        facts["campaigns"][2]["limits"] = {
            **NO_LIMITS,
            limit: FACTS["campaigns"][2]["limits"][limit] - 1,
        }

    assert [each for each in wrong(books(change)) if "save has" in each]


@pytest.mark.parametrize("change", [{"per_member": 1}, {"items": {"cake": {"price_fen": 1, "units": 1}}}])
def test_V2_units_beyond_those_of_a_flash_sale_are_found(change: Json) -> None:
    def put(facts: Json) -> None:
        facts["campaigns"][0]["terms"] = {**CAKES, **change}

    assert len(wrong(books(put))) == 1


def test_V2_units_that_nobody_received_are_with_the_sale_again() -> None:
    def lapse(facts: Json) -> None:
        facts["order"]["status"] = "lapsed"

    assert sale_checks.set_aside(books(lapse)) == {"cake": 5}
    assert wrong(books(lapse))  # coupon and figures should have come back, too


def test_V11_a_coupon_whose_order_is_another_is_found() -> None:
    def change(facts: Json) -> None:
        facts["coupons"][0]["order_id"] = "2"

    assert len(wrong(books(change))) == 1


def test_units_of_a_sale_that_has_ended_are_set_aside_no_more() -> None:
    def end(facts: Json) -> None:
        facts["campaigns"][0]["state"] = "ended"

    assert not sale_checks.set_aside(books(end))
