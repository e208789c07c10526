"""What an order with offers keeps when units come back (O5, V17, V18)."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from tests.oracle.tables import RULES, Rules, earned_points, rhu

NOTHING = {"order_amount_fen": 0, "paid_fen": 0, "redeemed_points": 0, "earned_points": 0}


def bought_places(quote: dict[str, Any]) -> list[int]:
    """The places of the bought lines, which are before the gifts."""
    return [place for place, line in enumerate(quote["lines"]) if line["gift_of"] is None]


def stays_of(quote: dict[str, Any], staying: Sequence[int], places: Sequence[int]) -> Fraction:
    """V17: the sum of m x staying / quantity over some bought lines."""
    return sum(
        (quote["left"][place] * staying[place] / quote["lines"][place]["quantity"] for place in places),
        Fraction(0),
    )


def charged_gifts(quote: dict[str, Any], staying: Sequence[int]) -> dict[str, Fraction]:
    """V18: what is charged for each gift that stays, by campaign, the lower ids first.

    K is the threshold brought down to what was charged: from x (what offers left of the base) / B.
    """
    charged: dict[str, Fraction] = {}
    lines = quote["lines"]
    uses = {use["campaign_id"]: use for use in quote["campaigns"]}
    for place, line in sorted(enumerate(lines), key=lambda each: each[1]["gift_of"] or ""):
        if line["gift_of"] is None:
            continue
        use = uses[line["gift_of"]]
        counted = sum(lines[each]["amount_fen"] for each in use["base"])
        left_at_order = sum((quote["left"][each] for each in use["base"]), Fraction(0))
        threshold = use["from_fen"] * left_at_order / counted
        missing = threshold - stays_of(quote, staying, use["base"]) - sum(charged.values(), Fraction(0))
        price = Fraction(line["list_price_fen"] * staying[place])
        charged[line["gift_of"]] = min(price, max(Fraction(0), missing))
    return charged


def share_that_stays(quote: dict[str, Any], staying: Sequence[int]) -> Fraction:
    """V17's w. Room left: only gifts stay of an order that charged nothing. Taken: 0, nothing was charged."""
    bought = bought_places(quote)
    everything = sum((quote["left"][place] for place in bought), Fraction(0))
    if everything == 0:
        return Fraction(1) if any(staying[place] for place in bought) else Fraction(0)
    kept = stays_of(quote, staying, bought) + sum(charged_gifts(quote, staying).values(), Fraction(0))
    return kept / everything


def on_shipping(quote: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """O5: the part of the points' value that goods did not take up, in fen and in points (R4)."""
    charged = quote["goods_net_fen"] - (quote["coupon"]["amount_fen"] if quote["coupon"] else 0)
    value = quote["points"]["value_fen"]
    fen = max(0, value - charged)
    return Fraction(fen), Fraction(fen * quote["points"]["redeemed"], value) if value else Fraction(0)


def retained_with_offers(
    quote: dict[str, Any], staying: Sequence[int], rules: Rules = RULES
) -> dict[str, int]:
    """O5, V17, V18: what a paid order retains while so many of each line stay, gifts included.

    Room left: which part of the figures "shipping is back" is when only gifts stay. Taken: what O5 adds for
    shipping, in all three figures.
    Room left: points on shipping that are no whole number. Taken: one rounding at the end, of the whole.
    """
    assert all(0 <= one <= line["quantity"] for one, line in zip(staying, quote["lines"], strict=True))
    if not any(staying):
        return dict(NOTHING)
    w = share_that_stays(quote, staying)
    assert 0 <= w <= 1
    bought_stays = any(staying[place] for place in bought_places(quote))
    shipping_fen = quote["shipping_fen"] if bought_stays else 0
    value_on_shipping, points_on_shipping = on_shipping(quote)
    shipping_paid = quote["shipping_fen"] - value_on_shipping
    goods_paid = quote["paid_fen"] - shipping_paid
    goods_points = quote["points"]["redeemed"] - points_on_shipping
    paid = rhu(goods_paid * w) + int(shipping_paid if bought_stays else 0)
    charged = quote["goods_net_fen"] - (quote["coupon"]["amount_fen"] if quote["coupon"] else 0)
    return {
        "order_amount_fen": rhu(charged * w) + shipping_fen,
        "paid_fen": paid,
        "redeemed_points": rhu(goods_points * w + (points_on_shipping if bought_stays else 0)),
        "earned_points": earned_points(paid, rules),
    }
