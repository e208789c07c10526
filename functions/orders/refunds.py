"""What a member keeps of an order when units come back (O5, E1).

Everything is a function of what stays, so every refund is the difference of two such values, and any sequence
of returns ends at the same fen and the same point as one return of everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.domain.money import round_half_up
from functions.offers.pricing import Quote
from functions.points.ledger import points_earned


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What is kept of an order: its share of E, the money, the redeemed points, and the points it earned."""

    order_amount_fen: int
    paid_fen: int
    redeemed_points: int
    earned_points: int


NOTHING = Retained(order_amount_fen=0, paid_fen=0, redeemed_points=0, earned_points=0)


def retained(quote: Quote, staying: Sequence[int], *, earned_per_yuan: int) -> Retained:
    """Return what is kept of a paid order of which these quantities stay, line by line (O5).

    Parameters
    ----------
    quote
        What the order was placed at.
    staying
        Units that stay, in the order of the quote's lines, each from 0 to the line's quantity.
    earned_per_yuan
        The earning rate that the order was placed under (R4).

    Raises
    ------
    ValueError
        The quantities are not those of a part of the order.
    """
    if len(staying) != len(quote.lines) or not all(
        0 <= stays <= line.quantity for stays, line in zip(staying, quote.lines, strict=True)
    ):
        raise ValueError("what stays is a part of the order")
    if not any(staying):
        return NOTHING
    share = _share(quote, staying)
    after_coupon_fen = quote.goods_fen - (quote.coupon.amount_fen if quote.coupon else 0)
    on_shipping_fen = max(0, quote.points_value_fen - after_coupon_fen)
    shipping_paid_fen = quote.shipping_fen - on_shipping_fen
    paid_fen = round_half_up((quote.paid_fen - shipping_paid_fen) * share) + shipping_paid_fen
    return Retained(
        order_amount_fen=round_half_up(after_coupon_fen * share) + quote.shipping_fen,
        paid_fen=paid_fen,
        redeemed_points=_redeemed(quote, on_shipping_fen, share),
        earned_points=points_earned(earned_per_yuan, paid_fen),
    )


def _share(quote: Quote, staying: Sequence[int]) -> Fraction:
    """Return w: the charged price of what stays over that of all; 1 while anything stays of free goods."""
    if quote.goods_fen == 0:
        return Fraction(1)
    stays_fen = sum(line.unit_price_fen * units for line, units in zip(quote.lines, staying, strict=True))
    return Fraction(stays_fen, quote.goods_fen)


def _redeemed(quote: Quote, on_shipping_fen: int, share: Fraction) -> int:
    """Return the redeemed points that are kept; those whose value went to shipping stay whole."""
    if quote.redeemed_points == 0:
        return 0
    # At the rate that the order was placed under: its own points over their own value (R4).
    on_shipping = Fraction(on_shipping_fen * quote.redeemed_points, quote.points_value_fen)
    return round_half_up((quote.redeemed_points - on_shipping) * share + on_shipping)
