"""What units would give back, asked before they leave an order: just that is given back then (O5, O7, K1)."""

import random
from typing import Any

import pytest

from tests.handlers.conftest import Suite
from tests.handlers.test_campaigns import must_put
from tests.handlers.test_offers_orders import ALICE, BOB, ON_TEA, back, ordered, received, shop, step
from tests.support.events import Answer, Call, role, staff

__all__ = ["shop"]
SEEDS = range(6)
"""Orders in which all units of the same order leave."""
RETURNS_MAX = 20


def asked(suite: Suite, order: dict[str, Any], who: dict[str, str] | None = None, **units: int) -> Answer:
    """Ask what units of lines would give back; ``pin__gift`` is the line ``pin:gift``."""
    lines = [{"line_id": name.replace("__", ":"), "quantity": count} for name, count in units.items()]
    path = f"/orders/{order['order_id']}/returns/preview"
    return suite.call(Call("POST", path, {"lines": lines}, who or staff()))


def shown(suite: Suite, order: dict[str, Any], who: dict[str, str] | None = None, **units: int) -> Any:
    """Return what units would give back."""
    answer = asked(suite, order, who, **units)
    assert answer.status == 200, answer.body
    return answer.body


def with_offers(suite: Suite) -> dict[str, Any]:
    """Place an order whose price has to do with a campaign, a gift and points, and let it be paid."""
    must_put(suite, "saves", "spend_save", **ON_TEA)
    gift = {"from_fen": 35_000, "sku": "pin", "quantity": 1}
    must_put(suite, "gift", "gift", terms=gift, group="gifts")
    points = {"adjustment_id": "a1", "points": 2_000, "reason": "a test"}
    path = "/members/alice/points/adjustments"
    assert suite.call(Call("POST", path, points, staff())).status == 200
    split = [{"sku": "pin", "quantity": 1}]
    order = ordered(suite, {"tea": 3, "cup": 2}, points=2_000, expected_gifts=split)
    assert [line["line_id"] for line in order["lines"]] == ["tea", "cup", "pin:gift"]
    used = {each["campaign_id"]: each["amount_fen"] for each in order["quote"]["campaigns"]}
    assert (used, order["quote"]["points"]["redeemed"]) == ({"gift": 0, "saves": 5_000}, 2_000)
    return order


def stays(order: dict[str, Any]) -> dict[str, int]:
    """Return the units that stay, by line, if any do."""
    left = {
        line["line_id"]: line["quantity"] - line["returned_quantity"] - line["cancelled_quantity"]
        for line in order["lines"]
    }
    return {line_id: units for line_id, units in left.items() if units}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("way", ["returns", "cancel"])
def test_O5_O7_K1_units_give_back_what_the_preview_said_in_whatever_order_they_leave(
    shop: Suite, way: str, seed: int
) -> None:
    draw = random.Random(seed)  # noqa: S311 - what a test asks
    order = with_offers(shop)
    payment = {"payment_id": "p1", "amount_fen": order["paid_fen"]}
    now = step(shop, order, "payment", payment)
    if way == "returns":
        step(shop, order, "shipment", {})
        now = step(shop, order, "receipt")
    all_back = 0
    for number in range(RETURNS_MAX):
        left = stays(now)
        if not left:
            break
        chosen = draw.sample(sorted(left), draw.randint(1, len(left)))
        units = {line_id: draw.randint(1, left[line_id]) for line_id in chosen}
        said = shown(
            shop, order, None, **{line_id.replace(":", "__"): count for line_id, count in units.items()}
        )
        lines = [{"line_id": line_id, "quantity": count} for line_id, count in units.items()]
        name = "return_id" if way == "returns" else "cancel_id"
        now = step(shop, order, way, {name: f"r{number}", "lines": lines})
        if (
            now["status"] == "cancelled"
        ):  # with all units it is the order's own cancellation, which gives the rest
            assert said["refund_fen"] == now["refunded_fen"] - all_back
        else:
            assert (said["refund_fen"], said["points_restored"]) == (
                now["refund_fen"],
                now["points_restored"],
            )
        assert said["kept"] == now["retained"]
        assert sum(part["amount_fen"] for part in said["parts"]) == said["refund_fen"]
        all_back += said["refund_fen"]
    assert not stays(now)
    assert all_back == order["paid_fen"]


def test_O5_V18_a_preview_says_why_it_is_so_much(shop: Suite) -> None:
    order = with_offers(shop)
    received(shop, order)
    said = shown(shop, order, ALICE, tea=1)
    parts = {part["of"]: part for part in said["parts"]}
    assert list(parts) == ["goods", "campaign", "gift", "points"]
    assert (parts["goods"]["line_id"], parts["goods"]["quantity"]) == ("tea", 1)
    assert parts["goods"]["amount_fen"] == 10_000
    assert (parts["campaign"]["campaign_id"], parts["gift"]["campaign_id"]) == ("saves", "gift")
    assert parts["gift"]["amount_fen"] < 0, "the pin stays although 350.00 do not"
    assert back(shop, order, "r1", tea=1)["refund_fen"] == said["refund_fen"]


def test_K1_a_preview_writes_nothing(shop: Suite) -> None:
    order = with_offers(shop)
    received(shop, order)
    tables = vars(shop.settings).values()

    def rows() -> list[Any]:
        return [shop.tables.client.scan(TableName=name)["Items"] for name in tables]

    before = rows()
    shown(shop, order, tea=1)
    assert rows() == before


def test_K7_a_preview_is_for_whose_order_it_is_and_for_who_may_read_it(shop: Suite) -> None:
    order = with_offers(shop)
    received(shop, order)
    for who in (ALICE, role("clerk"), role("finance"), role("admin")):
        assert shown(shop, order, who, cup=1)["refund_fen"] > 0
    for other in (BOB, role("marketing")):
        assert asked(shop, order, other, cup=1).code == "order_not_found"


def test_O4_O5_O7_what_could_not_leave_has_no_preview(shop: Suite) -> None:
    order = with_offers(shop)
    assert asked(shop, order, cup=1).code == "order_not_cancellable", "it waits for its money"
    assert shown(shop, order, tea=3, cup=2, pin__gift=1)["refund_fen"] == 0, "nothing was paid"
    step(shop, order, "payment", {"payment_id": "p1", "amount_fen": order["paid_fen"]})
    assert asked(shop, order, cup=3).code == "cancel_exceeds_order"
    step(shop, order, "shipment", {})
    assert asked(shop, order, cup=1).code == "order_not_returnable", "it is on its way"
    step(shop, order, "receipt")
    assert asked(shop, order, cup=3).code == "return_exceeds_order"
    assert shop.call(Call("POST", "/orders/ord_x/returns/preview", {"lines": []}, staff())).status == 422
