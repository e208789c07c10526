"""Money is integer fen (1/100 yuan); shares of it are exact rationals, rounded once."""

from decimal import Decimal
from fractions import Fraction

FEN_PER_YUAN = 100


def round_half_up(amount: Fraction | int) -> int:
    """Round a non-negative rational half up to an integer (rule word ``rhu``).

    Parameters
    ----------
    amount
        A non-negative integer or fraction, in any unit.

    Returns
    -------
    int
        The nearest integer; one half goes up.

    Raises
    ------
    ValueError
        The amount is negative: no amount of the programme is.

    Examples
    --------
    >>> round_half_up(Fraction(5, 2))
    3
    """
    numerator, denominator = amount.numerator, amount.denominator
    if numerator < 0:
        raise ValueError(f"amounts are never negative: {amount}")
    return (2 * numerator + denominator) // (2 * denominator)


def rated(amount: int, rate: Decimal | Fraction) -> int:
    """Return ``rhu(amount * rate)`` of a non-negative amount, exactly, as fast as it can be had.

    Examples
    --------
    >>> rated(5, Decimal("0.9"))
    5
    """
    numerator, denominator = rate.as_integer_ratio()
    return (2 * amount * numerator + denominator) // (2 * denominator)


def rate_text(rate: Decimal) -> str:
    """Write a factor of a price with two places, or with as many as it has."""
    return f"{rate:.2f}" if rate == round(rate, 2) else str(rate)
