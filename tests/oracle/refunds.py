"""What an order keeps, earns and pays back when units of it come back (O4, O5, E1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.tables import RULES, Rules, earned_points, rhu


@dataclass(frozen=True)
class Order:
    """A paid order as it was priced: `lines` are (charged unit price in fen, quantity)."""

    lines: Sequence[tuple[int, int]]
    goods_fen: int
    coupon_fen: int
    shipping_fen: int
    points_value_fen: int
    redeemed_points: int
    paid_fen: int

    @property
    def all_quantities(self) -> list[int]:
        """Every unit of every line: what stays before anything came back."""
        return [quantity for _, quantity in self.lines]


def order_of(quote: dict[str, Any]) -> Order:
    """The order that a quote, with the contract's field names, becomes once it is placed and paid."""
    coupon = quote["coupon"]
    return Order(
        lines=[(line["unit_price_fen"], line["quantity"]) for line in quote["lines"]],
        goods_fen=quote["goods_fen"],
        coupon_fen=0 if coupon is None else coupon["amount_fen"],
        shipping_fen=quote["shipping_fen"],
        points_value_fen=quote["points"]["value_fen"],
        redeemed_points=quote["points"]["redeemed"],
        paid_fen=quote["paid_fen"],
    )


def share_that_stays(order: Order, staying_quantities: Sequence[int]) -> Fraction:
    """O5's w: charged unit prices of the units that stay over those of all units; 1 if these sum to 0."""
    if len(staying_quantities) != len(order.lines):
        raise ValueError("one staying quantity for each line")
    for (_, quantity), staying in zip(order.lines, staying_quantities, strict=True):
        if not 0 <= staying <= quantity:
            raise ValueError(f"{staying} of {quantity} units cannot stay")
    everything = sum(unit * quantity for unit, quantity in order.lines)
    stays = sum(unit * staying for (unit, _), staying in zip(order.lines, staying_quantities, strict=True))
    return Fraction(1) if everything == 0 else Fraction(stays, everything)


def points_on_shipping(order: Order) -> tuple[int, int]:
    """O5: the part of the points' value that goods did not take up, as (fen, points).

    Fen are turned into points at what the order itself redeemed and got for it (R4).
    Room left: altered rules under which that is no whole number of points; that is a ValueError here.
    """
    on_shipping_fen = max(0, order.points_value_fen - (order.goods_fen - order.coupon_fen))
    if on_shipping_fen == 0:
        return 0, 0
    points = Fraction(on_shipping_fen * order.redeemed_points, order.points_value_fen)
    if points.denominator != 1:
        raise ValueError(f"{points} points went to shipping, and the rules do not say how to round them")
    return on_shipping_fen, points.numerator


def retained(order: Order, staying_quantities: Sequence[int], rules: Rules = RULES) -> dict[str, int]:
    """O5, E1: what a paid order retains while `staying_quantities` (one per line) stay.

    Nothing stays: all is 0 (O4 as well: cancelled, refused or fully returned).
    """
    w = share_that_stays(order, staying_quantities)
    if sum(staying_quantities) == 0:
        return {"order_amount_fen": 0, "paid_fen": 0, "redeemed_points": 0, "earned_points": 0}
    on_shipping_fen, on_shipping_points = points_on_shipping(order)
    shipping_paid = order.shipping_fen - on_shipping_fen
    paid = rhu((order.paid_fen - shipping_paid) * w) + shipping_paid
    return {
        "order_amount_fen": rhu((order.goods_fen - order.coupon_fen) * w) + order.shipping_fen,
        "paid_fen": paid,
        "redeemed_points": rhu((order.redeemed_points - on_shipping_points) * w) + on_shipping_points,
        "earned_points": earned_points(paid, rules),
    }


def refund(order: Order, before: Sequence[int], after: Sequence[int], rules: Rules = RULES) -> dict[str, int]:
    """O5: what one return gives back and takes away: the difference of two retained values.

    `before` and `after` are the staying quantities around the return. `order_amount_fen` is what E drops by
    (T2), `refund_fen` the money, `points_restored` the redeemed points, `points_reversed` the earned ones.
    """
    if any(new > old for old, new in zip(before, after, strict=True)):
        raise ValueError("a return brings units back, never out again")
    was = retained(order, before, rules)
    now = retained(order, after, rules)
    return {
        "order_amount_fen": was["order_amount_fen"] - now["order_amount_fen"],
        "refund_fen": was["paid_fen"] - now["paid_fen"],
        "points_restored": was["redeemed_points"] - now["redeemed_points"],
        "points_reversed": was["earned_points"] - now["earned_points"],
    }
