"""Which tier a member holds: a pure function of whether they ever paid, and of what they keep (T1-T4)."""

from dataclasses import dataclass
from datetime import datetime

from functions.domain.policy import Policy, TierPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What decides a member's tier, and the tier.

    ``effective_fen`` is E: the sum of order amounts over paid orders, less everything that came back (T2).
    """

    tier: str
    ever_paid: bool
    effective_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChange:
    """A member's tier before and after a change of an order, at the time of that change (T5)."""

    changed_at: datetime
    before: str
    after: str
    effective_fen: int
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTier:
    """The tier above, and the smallest further order amount that reaches it."""

    tier: str
    amount_to_go_fen: int


def at_registration(policy: Policy) -> Standing:
    """Return the standing of a member who has just registered (T1)."""
    return Standing(tier=policy.tiers[0].code, ever_paid=False, effective_fen=0)


def qualify(policy: Policy, *, ever_paid: bool, effective_fen: int) -> Standing:
    """Return the standing that follows from the facts.

    Parameters
    ----------
    ever_paid
        Whether the member has ever paid for an order; it stays true when all of it came back (T1).
    effective_fen
        E in fen. Lower bounds are exclusive, upper bounds inclusive, to the fen (T4).

    Raises
    ------
    ValueError
        E is negative, or positive for somebody who never paid: the account contradicts itself.
    """
    if effective_fen < 0 or (effective_fen > 0 and not ever_paid):
        raise ValueError(f"no standing has E = {effective_fen} with ever_paid = {ever_paid}")
    tier = policy.tiers[0]
    if ever_paid:
        tier = _highest(policy, effective_fen)
    return Standing(tier=tier.code, ever_paid=ever_paid, effective_fen=effective_fen)


def next_tier(policy: Policy, standing: Standing) -> NextTier | None:
    """Return the tier above the member's and how far it is, or None at the top.

    Any paid order leaves the registered tier, so there the distance is 0 (T1).
    """
    codes = [tier.code for tier in policy.tiers]
    place = codes.index(standing.tier)
    if place + 1 == len(policy.tiers):
        return None
    above = policy.tiers[place + 1]
    if not standing.ever_paid or above.above_fen is None:
        return NextTier(tier=above.code, amount_to_go_fen=0)
    return NextTier(tier=above.code, amount_to_go_fen=above.above_fen + 1 - standing.effective_fen)


def _highest(policy: Policy, effective_fen: int) -> TierPolicy:
    """Return the last paid tier whose lower bound is exceeded; the first of them also holds at 0 (T1)."""
    held = policy.tiers[1]
    for tier in policy.tiers[2:]:
        if tier.above_fen is not None and effective_fen > tier.above_fen:
            held = tier
    return held
