"""Tiers: a pure function of whether a member ever paid, and of what they keep."""

import pytest

from functions.domain.policy import load
from functions.tiers.qualification import NextTier, Standing, at_registration, next_tier, qualify

POLICY = load()


@pytest.mark.parametrize(
    ("effective_fen", "tier"),
    [
        (0, "J1"),
        (1, "J1"),
        (100_000, "J1"),
        (100_001, "J2"),
        (800_000, "J2"),
        (800_001, "J3"),
        (3_000_000, "J3"),
        (3_000_001, "J4"),
        (8_000_000, "J4"),
        (8_000_001, "J5"),
        (10**15, "J5"),
    ],
)
def test_T4_lower_bounds_are_exclusive_and_upper_bounds_inclusive(effective_fen: int, tier: str) -> None:
    assert qualify(POLICY, ever_paid=True, effective_fen=effective_fen).tier == tier


def test_T1_a_member_is_J0_until_the_first_paid_order() -> None:
    assert at_registration(POLICY) == Standing(tier="J0", ever_paid=False, effective_fen=0)
    assert qualify(POLICY, ever_paid=False, effective_fen=0).tier == "J0"


def test_T1_a_member_whose_every_order_came_back_is_J1() -> None:
    assert qualify(POLICY, ever_paid=True, effective_fen=0).tier == "J1"


@pytest.mark.parametrize(("ever_paid", "effective_fen"), [(True, -1), (False, 1)])
def test_a_standing_that_contradicts_itself_is_an_error_of_ours(ever_paid: bool, effective_fen: int) -> None:
    with pytest.raises(ValueError, match="no standing"):
        qualify(POLICY, ever_paid=ever_paid, effective_fen=effective_fen)


@pytest.mark.parametrize(
    ("ever_paid", "effective_fen", "expected"),
    [
        (False, 0, NextTier(tier="J1", amount_to_go_fen=0)),
        (True, 0, NextTier(tier="J2", amount_to_go_fen=100_001)),
        (True, 100_000, NextTier(tier="J2", amount_to_go_fen=1)),
        (True, 100_001, NextTier(tier="J3", amount_to_go_fen=700_000)),
        (True, 8_000_000, NextTier(tier="J5", amount_to_go_fen=1)),
        (True, 8_000_001, None),
    ],
)
def test_the_amount_to_go_is_the_smallest_that_reaches_the_next_tier(
    ever_paid: bool, effective_fen: int, expected: NextTier | None
) -> None:
    standing = qualify(POLICY, ever_paid=ever_paid, effective_fen=effective_fen)
    assert next_tier(POLICY, standing) == expected
    if expected is not None and ever_paid:
        reached = qualify(POLICY, ever_paid=True, effective_fen=effective_fen + expected.amount_to_go_fen)
        missed = qualify(POLICY, ever_paid=True, effective_fen=effective_fen + expected.amount_to_go_fen - 1)
        assert (reached.tier, missed.tier) == (expected.tier, standing.tier)
