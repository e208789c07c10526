"""What an order's changes do to a member's account: points and standing, posted together.

Posting is level-triggered. An order's row carries every change that concerns the account, and what the
account should hold for the order after it; a lot remembers how many of them it has seen. The difference is
posted. Deliveries that come late, twice or out of order therefore end in the same state (R2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.points import ledger
from functions.points.ledger import Entry, Wallet
from functions.tiers.qualification import Standing, qualify

CHANGES_PER_POSTING_MAX = 20
"""Changes that one transaction posts: three entries and a tier change each stay below 100 actions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """A change of a paid order, and what the member's account should hold for the order after it.

    ``effective_fen`` is the order's share of E (T2), ``earned_points`` the size of its lot (E1),
    ``to_restore`` how many of its redeemed points the account has to have given back by then (E6), and
    ``paid_fen`` the money kept.
    """

    at: datetime
    effective_fen: int
    earned_points: int
    paid_fen: int = 0
    to_restore: int = 0

    def to_row(self) -> dict[str, str | int]:
        """Write the change as it stands in the order's row."""
        return {**asdict(self), "at": calendar.to_row(self.at)}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "OrderChange":
        """Read a change that :meth:`to_row` wrote."""
        return cls(**{**row, "at": calendar.from_row(row["at"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The points that one order earned, and how much of the order the account has seen.

    ``restored`` are the order's redeemed points that postings gave back. ``posted`` counts the order's
    changes that are in the account; ``version`` counts the lot's own.
    """

    order_id: str
    year: int
    points: int = 0
    effective_fen: int = 0
    restored: int = 0
    posted: int = 0
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A member's account as one order concerns it; ``lot`` is None before its first posting."""

    wallet: Wallet
    standing: Standing
    lot: Lot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChange:
    """A member's tier before and after a change of an order, at the time of that change (T5)."""

    changed_at: datetime
    before: str
    after: str
    effective_fen: int
    order_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """All that one posting writes; ``lot`` is always there."""

    wallet: Wallet
    standing: Standing
    lot: Lot
    entries: tuple[Entry, ...]
    tier_changes: tuple[TierChange, ...]


def post(
    account: Account,
    *,
    order_id: str,
    changes: Sequence[OrderChange],
    redeemed_by_year: Mapping[str, int],
    policy: Policy,
) -> Posting | None:
    """Return what is to be written so that the account has seen more of an order's changes, or None.

    Every change yields its own ledger entries and tier change, also when several are seen together (T2, T5).
    A change that both restores and takes away restores first (E6).

    Parameters
    ----------
    redeemed_by_year
        The points that the order redeemed, by the years that they were taken from.
    """
    seen = 0 if account.lot is None else account.lot.posted
    unseen = changes[seen : seen + CHANGES_PER_POSTING_MAX]
    if not unseen:
        return None
    lot = account.lot or Lot(order_id=order_id, year=calendar.earn_year(changes[0].at, policy.zone))
    book = _Book(account.wallet, order_id, policy)
    standing = account.standing
    tier_changes: list[TierChange] = []
    for change in unseen:
        book.restore(change.to_restore - lot.restored, redeemed_by_year, lot.restored, change.at)
        book.earn_or_reverse(change.earned_points - lot.points, change.at)
        after = qualify(
            policy,
            ever_paid=True,  # T1: an order has changes once it was paid
            effective_fen=standing.effective_fen + change.effective_fen - lot.effective_fen,
        )
        if after.tier != standing.tier:
            tier_changes.append(_tier_change(standing, after, change, order_id))
        standing = after
        lot = replace(
            lot,
            points=change.earned_points,
            effective_fen=change.effective_fen,
            restored=change.to_restore,
        )
    return Posting(
        wallet=replace(book.wallet, version=account.wallet.version + 1),
        standing=standing,
        lot=replace(lot, posted=seen + len(unseen), version=lot.version + 1),
        entries=tuple(book.entries),
        tier_changes=tuple(tier_changes),
    )


class _Book:
    """A wallet with the entries that move it."""

    def __init__(self, wallet: Wallet, order_id: str, policy: Policy) -> None:
        self.wallet = wallet
        self.entries: list[Entry] = []
        self._order_id = order_id
        self._policy = policy

    def restore(self, points: int, by_year: Mapping[str, int], before: int, at: datetime) -> None:
        """Give redeemed points back, of which so many were given back before (E6)."""
        if points:
            parts = ledger.years_to_restore(by_year, before=before, points=points)
            self.wallet, entries = ledger.restore(
                self.wallet, parts=parts, order_id=self._order_id, occurred_at=at, policy=self._policy
            )
            self.entries += entries

    def earn_or_reverse(self, points: int, at: datetime) -> None:
        """Add what the lot grows by, or take away what it shrinks by (E2, E4)."""
        if points:
            move = ledger.earn if points > 0 else ledger.reverse
            self.wallet, entry = move(
                self.wallet, points=abs(points), order_id=self._order_id, occurred_at=at
            )
            self.entries.append(entry)


def _tier_change(before: Standing, after: Standing, change: OrderChange, order_id: str) -> TierChange:
    return TierChange(
        changed_at=change.at,
        before=before.tier,
        after=after.tier,
        effective_fen=after.effective_fen,
        order_id=order_id,
    )
