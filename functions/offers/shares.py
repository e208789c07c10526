"""What order offers and the coupon leave of each line of a quote, as exact fractions (V5, V8, V17)."""

from collections.abc import Iterable
from fractions import Fraction

from functions.offers.quotes import Quote

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
    for use in quote.campaigns:
        spread(left, use.base, use.amount_fen)
    if quote.coupon is not None:
        base = quote.coupon.base
        spread(left, range(len(left)) if base is None else base, quote.coupon.amount_fen)
    return tuple(left)
