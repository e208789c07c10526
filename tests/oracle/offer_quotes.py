"""The quote of a cart with offers (V1-V8, V12, V13)."""

from typing import Any

from tests.oracle.calendar import is_member_day
from tests.oracle.offer_reasons import not_applied, older_reasons
from tests.oracle.offer_refusals import TAKEN, Reading, refuse, refuse_points
from tests.oracle.offer_shapes import Combination, OfferCart
from tests.oracle.offers import allowed, base_of, rank
from tests.oracle.tables import RULES, Rules, earned_points, points_value_fen


def best_of(cart: OfferCart, rules: Rules = RULES, reading: Reading = TAKEN) -> Combination:
    """V12: the best of all allowed combinations, or a refusal."""
    refuse(cart, rules, reading)
    refuse_points(cart, rules)
    return min(allowed(cart, rules), key=lambda one: rank(cart, one))


def offers_quote(cart: OfferCart, rules: Rules = RULES, reading: Reading = TAKEN) -> dict[str, Any]:
    """The quote of a cart in the contract's fields, with what V17 and V18 need, or `RefusedWith`.

    `left` is m of each bought line; `base` are places of bought lines, `from_fen` is a gift's threshold.
    """
    best = best_of(cart, rules, reading)
    prices = best.prices
    lines = [
        _line(sku, quantity, cart.goods[sku].price_fen, unit, of, None)
        for (sku, quantity), unit, of in zip(cart.lines, prices.units, prices.of, strict=True)
    ]
    gifts = [one for one in best.chosen if one.kind == "gift"]
    lines += [
        _line(
            one.gift_sku,
            one.gift_quantity,
            cart.goods[one.gift_sku].price_fen,
            0,
            one.campaign_id,
            one.campaign_id,
        )
        for one in gifts
    ]
    value = points_value_fen(best.points, rules)
    return {
        "tier": cart.tier,
        "member_day": is_member_day(cart.moment, rules),
        "lines": lines,
        "goods_fen": sum(prices.amounts),
        "campaigns": [
            {
                "campaign_id": one.campaign_id,
                "version": one.version,
                "kind": one.kind,
                "amount_fen": amount,
                "base": base_of(cart, prices, one.covers),
                "from_fen": one.from_fen,
            }
            for one, amount in zip(best.chosen, best.amounts, strict=True)
        ],
        "line_offers": sorted(
            (one.campaign_id, one.version, one.kind) for one in cart.running if one.campaign_id in prices.of
        ),
        "goods_net_fen": sum(prices.amounts) - sum(best.amounts),
        "coupon": None
        if best.coupon is None
        else {
            "coupon_id": best.coupon.coupon_id,
            "amount_fen": best.coupon_fen,
            "base": base_of(cart, prices, best.coupon.covers),
        },
        "shipping_fen": best.shipping_fen,
        "order_amount_fen": best.order_amount_fen,
        "points": {"redeemed": best.points, "value_fen": value},
        "paid_fen": best.paid_fen,
        "earns_points": earned_points(best.paid_fen, rules),
        "left": best.left,
        "not_applied": not_applied(cart, best, rules),
        "older": older_reasons(cart, best, rules),
    }


def _line(
    sku: str, quantity: int, list_fen: int, unit: int, price_of: str, gift_of: str | None
) -> dict[str, Any]:
    return {
        "line_id": sku if gift_of is None else f"{sku}:{gift_of}",
        "sku": sku,
        "quantity": quantity,
        "list_price_fen": list_fen,
        "unit_price_fen": unit,
        "amount_fen": unit * quantity,
        "price_of": price_of,
        "gift_of": gift_of,
    }
