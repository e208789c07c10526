"""Money: fen and shares of it."""

from fractions import Fraction

import pytest

from functions.domain.money import round_half_up


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [("0", 0), ("1/2", 1), ("3/2", 2), ("5/2", 3), ("49/100", 0), ("9949/100", 99), ("9950/100", 100)],
)
def test_one_half_rounds_up(amount: str, rounded: int) -> None:
    assert round_half_up(Fraction(amount)) == rounded


def test_integers_stay_whole_beyond_what_a_float_can_hold() -> None:
    assert round_half_up(2**80 + 1) == 2**80 + 1


def test_a_negative_amount_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError, match="never negative"):
        round_half_up(Fraction(-1, 2))
