"""What order offers and the coupon leave of each line of a quote, as exact fractions (V5, V8, V17)."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

from functions.offers.quotes import CampaignUse, CouponUse, Quote

NOTHING = Fraction(0)


def spread(left: list[Fraction], base: Iterable[int], amount_fen: int) -> None:
    """Take an amount off what is left of the lines at these places, in proportion to it (V5).

    Raises
    ------
    ValueError
        More is taken than is left of them.
    """
    if not amount_fen:
        return
    places = tuple(base)
    whole = sum((left[place] for place in places), NOTHING)
    if amount_fen > whole:
        raise ValueError(f"{amount_fen} fen are taken off {whole}")
    kept = 1 - amount_fen / whole
    for place in places:
        left[place] *= kept


def charged(quote: Quote) -> tuple[Fraction, ...]:
    """Return m of each line: its amount less what order offers and the coupon took of it (V17).

    Order offers come one after the other, by ascending id (V5), then the coupon; the birthday coupon counts
    every bought line. Of a gift m is 0. The sum of all is ``quote.goods_charged_fen``.
    """
    left = [Fraction(line.amount_fen) for line in quote.lines]
    for use, base in _uses(quote):
        spread(left, base, use.amount_fen)
    return tuple(left)


def taken(quote: Quote) -> Iterator[tuple[CampaignUse | CouponUse, tuple[Fraction, ...]]]:
    """Give what each order offer, and then the coupon, took of each line (V5, V17).

    The amounts of the lines less all that is given are what :func:`charged` says.
    """
    left = [Fraction(line.amount_fen) for line in quote.lines]
    for use, base in _uses(quote):
        before = tuple(left)
        spread(left, base, use.amount_fen)
        yield use, tuple(whole - rest for whole, rest in zip(before, left, strict=True))


def _uses(quote: Quote) -> Iterator[tuple[CampaignUse | CouponUse, Iterable[int]]]:
    """Give what takes something off a quote, in its turn, with the places of the lines that it counts."""
    for use in quote.campaigns:
        yield use, use.base
    if quote.coupon is not None:
        base = quote.coupon.base
        yield quote.coupon, range(len(quote.lines)) if base is None else base
