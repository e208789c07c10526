"""What a member keeps of an order when units come back (O5, V17, V18, E1).

Everything is a function of what stays, so every refund is the difference of two such values, and any sequence
of returns ends at the same fen and the same point as one return of everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from functions.domain.money import round_half_up
from functions.offers.quotes import Quote
from functions.offers.shares import charged
from functions.points.ledger import points_earned


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """What is kept of an order: its share of E, the money, the redeemed points, and the points it earned."""

    order_amount_fen: int
    paid_fen: int
    redeemed_points: int
    earned_points: int


NOTHING = Retained(order_amount_fen=0, paid_fen=0, redeemed_points=0, earned_points=0)
NO_FEN = Fraction(0)


def retained(quote: Quote, staying: Sequence[int], *, earned_per_yuan: int) -> Retained:
    """Return what is kept of a paid order of which these quantities stay, line by line (O5, V17).

    Shipping is kept while a bought unit stays; a gift alone keeps what is charged for it (V18).

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
    bought = any(stays for stays, line in zip(staying, quote.lines, strict=True) if line.gift_of is None)
    share = _share(quote, staying, bought=bought)
    on_shipping_fen = max(0, quote.points_value_fen - quote.goods_charged_fen)
    shipping_paid_fen = quote.shipping_fen - on_shipping_fen
    paid_fen = round_half_up((quote.paid_fen - shipping_paid_fen) * share) + shipping_paid_fen * bought
    return Retained(
        order_amount_fen=round_half_up(quote.goods_charged_fen * share) + quote.shipping_fen * bought,
        paid_fen=paid_fen,
        redeemed_points=_redeemed(quote, on_shipping_fen, share, bought=bought),
        earned_points=points_earned(earned_per_yuan, paid_fen),
    )


def _share(quote: Quote, staying: Sequence[int], *, bought: bool) -> Fraction:
    """Return w: what is charged for what stays over the charge for all; without one, 1 for bought units."""
    if all(stays == line.quantity for stays, line in zip(staying, quote.lines, strict=True)):
        return Fraction(1)
    if quote.goods_charged_fen == 0:
        return Fraction(bought)
    all_of_each = charged(quote)
    stays_of_each = [
        whole * stays / line.quantity
        for whole, stays, line in zip(all_of_each, staying, quote.lines, strict=True)
    ]
    gifts = sum(gifts_charged(quote, staying, all_of_each, stays_of_each).values(), NO_FEN)
    return sum(stays_of_each, gifts) / quote.goods_charged_fen


def gifts_charged(
    quote: Quote, staying: Sequence[int], all_of_each: Sequence[Fraction], stays_of_each: Sequence[Fraction]
) -> dict[str, Fraction]:
    """Return what is charged for gifts that stay although too little of their bases does, by campaign (V18).

    It never rises by more than what falls of the bases, so that no refund is negative: of each gift no more
    is charged than what is missing after those before it.
    """
    gifts: dict[str, Fraction] = {}
    for use in quote.campaigns:
        if use.from_fen is None:
            continue
        worth_fen = sum(
            line.list_price_fen * stays
            for stays, line in zip(staying, quote.lines, strict=True)
            if line.gift_of == use.campaign_id
        )
        base_fen = sum(quote.lines[place].amount_fen for place in use.base)
        # The threshold, as far as order offers and coupon have left of what reached it.
        asked = use.from_fen * sum((all_of_each[place] for place in use.base), NO_FEN) / base_fen
        missing = asked - sum((stays_of_each[place] for place in use.base), sum(gifts.values(), NO_FEN))
        gifts[use.campaign_id] = min(Fraction(worth_fen), max(NO_FEN, missing))
    return gifts


def _redeemed(quote: Quote, on_shipping_fen: int, share: Fraction, *, bought: bool) -> int:
    """Return the redeemed points that are kept; those whose value went to shipping stay whole with it."""
    if quote.redeemed_points == 0:
        return 0
    # At the rate that the order was placed under: its own points over their own value (R4).
    on_shipping = Fraction(on_shipping_fen * quote.redeemed_points, quote.points_value_fen)
    return round_half_up((quote.redeemed_points - on_shipping) * share + on_shipping * bought)
