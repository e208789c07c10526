"""What units that leave an order give back, part by part: so that somebody can see why it is so much (O5).

How much it is the refund itself says (`refunds.py`); here that is taken apart. A unit gives back what was
charged for it: its price, less what order offers and the coupon took of it. From that goes what is charged
for a gift that stays (V18), and what was paid with points, which come back as points.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction

from functions.domain.money import round_half_up
from functions.offers.quotes import CampaignUse, Quote, QuoteLine
from functions.offers.shares import charged, taken
from functions.orders.refunds import NO_FEN, Retained, gifts_charged


class Of(StrEnum):
    """What a part of a refund is of."""

    GOODS = "goods"
    """Units, at their price."""
    CAMPAIGN = "campaign"
    COUPON = "coupon"
    """What these took of the units."""
    GIFT = "gift"
    """A gift that stays, or that had been charged and comes back now."""
    SHIPPING = "shipping"
    POINTS = "points"
    """What was paid with points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part of what comes back, or, below zero, of what does not; ``exact_fen`` is before rounding."""

    of: Of
    exact_fen: Fraction
    amount_fen: int = 0
    line_id: str | None = None
    sku: str | None = None
    quantity: int | None = None
    campaign_id: str | None = None
    coupon_id: str | None = None


def parts(
    quote: Quote, before: Sequence[int], after: Sequence[int], kept: Retained, left: Retained
) -> list[Part]:
    """Take apart what came back of a paid order, ``kept`` before and ``left`` after, into whole fen.

    Parameters
    ----------
    quote
        What the order was placed at.
    before, after
        The units that stay, in the order of the quote's lines.
    kept, left
        What :func:`functions.orders.refunds.retained` says of these.

    Returns
    -------
    The parts that are not nothing. Their sum is the refund, to the fen: each ends where the exact sum so far,
    rounded, does, and the last one at the refund.
    """
    found = [part for part in _parts(quote, before, after) if part.exact_fen]
    refund_fen = kept.paid_fen - left.paid_fen
    rounded: list[Part] = []
    exact, so_far_fen = NO_FEN, 0
    for place, part in enumerate(found, 1):
        exact += part.exact_fen
        ends_fen = refund_fen if place == len(found) else round_half_up(exact)
        rounded.append(replace(part, amount_fen=ends_fen - so_far_fen))
        so_far_fen = ends_fen
    return rounded


def _parts(quote: Quote, before: Sequence[int], after: Sequence[int]) -> Iterator[Part]:
    gone = [stayed - stays for stayed, stays in zip(before, after, strict=True)]
    for line, units in zip(quote.lines, gone, strict=True):
        yield Part(
            of=Of.GOODS,
            exact_fen=Fraction(line.unit_price_fen * units),
            line_id=line.line_id,
            sku=line.sku,
            quantity=units,
        )
    for use, of_each in taken(quote):
        amount = _share(quote.lines, of_each, gone)
        if isinstance(use, CampaignUse):
            yield Part(of=Of.CAMPAIGN, exact_fen=-amount, campaign_id=use.campaign_id)
        else:
            yield Part(of=Of.COUPON, exact_fen=-amount, coupon_id=use.coupon_id)
    all_of_each = charged(quote)
    was, is_now = (_gifts(quote, staying, all_of_each) for staying in (before, after))
    for campaign_id in was:
        yield Part(of=Of.GIFT, exact_fen=was[campaign_id] - is_now[campaign_id], campaign_id=campaign_id)
    yield from _shipping_and_points(quote, before, after, all_of_each)


def _shipping_and_points(
    quote: Quote, before: Sequence[int], after: Sequence[int], all_of_each: Sequence[Fraction]
) -> Iterator[Part]:
    """Give the shipping, which leaves with the last bought unit, and what points paid of all that leaves."""
    shipping_fen = quote.shipping_fen * (_bought(quote, before) - _bought(quote, after))
    yield Part(of=Of.SHIPPING, exact_fen=Fraction(shipping_fen))
    on_shipping_fen = max(0, quote.points_value_fen - quote.goods_charged_fen)
    by_points = Fraction(on_shipping_fen * (_bought(quote, before) - _bought(quote, after)))
    if quote.goods_charged_fen:
        was, is_now = (
            _share(quote.lines, all_of_each, staying)
            + sum(_gifts(quote, staying, all_of_each).values(), NO_FEN)
            for staying in (before, after)
        )
        by_points += (quote.points_value_fen - on_shipping_fen) * (was - is_now) / quote.goods_charged_fen
    yield Part(of=Of.POINTS, exact_fen=-by_points)


def _share(lines: Sequence[QuoteLine], of_each: Sequence[Fraction], units: Sequence[int]) -> Fraction:
    """Return what so many units of each line have of what all of it has."""
    return sum(
        (whole * count / line.quantity for line, whole, count in zip(lines, of_each, units, strict=True)),
        NO_FEN,
    )


def _gifts(quote: Quote, staying: Sequence[int], all_of_each: Sequence[Fraction]) -> dict[str, Fraction]:
    if not any(staying):
        return {use.campaign_id: NO_FEN for use in quote.campaigns if use.from_fen is not None}
    stays_of_each = [
        whole * stays / line.quantity
        for whole, stays, line in zip(all_of_each, staying, quote.lines, strict=True)
    ]
    return gifts_charged(quote, staying, all_of_each, stays_of_each)


def _bought(quote: Quote, staying: Sequence[int]) -> bool:
    return any(stays for stays, line in zip(staying, quote.lines, strict=True) if line.gift_of is None)
