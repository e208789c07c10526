"""What an order's changes do to a member's account: points and standing, posted together.

Posting is level-triggered. An order's row carries every change that concerns the account, and what the
account should hold for the order after it; a lot remembers how many of them it has seen. The difference is
posted. Deliveries that come late, twice or out of order therefore end in the same state (R2).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.points.ledger import Entry, Wallet, earn
from functions.tiers.qualification import Standing, qualify


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChange:
    """A change of a paid order, and what the member's account should hold for the order after it.

    ``effective_fen`` is the order's share of E (T2), ``earned_points`` the size of its lot (E1).
    """

    at: datetime
    effective_fen: int
    earned_points: int

    def to_row(self) -> dict[str, str | int]:
        """Write the change as it stands in the order's row."""
        return {
            "at": calendar.to_row(self.at),
            "effective_fen": self.effective_fen,
            "earned_points": self.earned_points,
        }

    @classmethod
    def from_row(cls, row: dict[str, str | int]) -> "OrderChange":
        """Read a change that :meth:`to_row` wrote."""
        return cls(
            at=calendar.from_row(str(row["at"])),
            effective_fen=int(row["effective_fen"]),
            earned_points=int(row["earned_points"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The points that one order earned, and how much of the order the account has seen.

    ``posted`` counts the order's changes that are in the account; ``version`` counts the lot's own.
    """

    order_id: str
    year: int
    points: int = 0
    effective_fen: int = 0
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
    account: Account, *, order_id: str, changes: Sequence[OrderChange], policy: Policy
) -> Posting | None:
    """Return what is to be written so that the account has seen all of an order's changes, or None.

    Every change yields its own ledger entry and tier change, also when several are seen together (T2, T5).

    Raises
    ------
    ValueError
        A change would lower what the account holds for the order.
    """
    seen = 0 if account.lot is None else account.lot.posted
    unseen = changes[seen:]
    if not unseen:
        return None
    lot = account.lot or Lot(order_id=order_id, year=calendar.earn_year(changes[0].at, policy.zone))
    wallet, standing = account.wallet, account.standing
    entries: list[Entry] = []
    tier_changes: list[TierChange] = []
    for change in unseen:
        points = change.earned_points - lot.points
        if points < 0:
            raise ValueError(f"order {order_id} would take points away")
        if points:
            wallet, entry = earn(wallet, points=points, order_id=order_id, occurred_at=change.at)
            entries.append(entry)
        after = qualify(
            policy,
            ever_paid=True,  # T1: an order has changes once it was paid
            effective_fen=standing.effective_fen + change.effective_fen - lot.effective_fen,
        )
        if after.tier != standing.tier:
            tier_changes.append(_tier_change(standing, after, change, order_id))
        standing = after
        lot = replace(lot, points=change.earned_points, effective_fen=change.effective_fen)
    return Posting(
        wallet=replace(wallet, version=account.wallet.version + 1),
        standing=standing,
        lot=replace(lot, posted=len(changes), version=lot.version + 1),
        entries=tuple(entries),
        tier_changes=tuple(tier_changes),
    )


def _tier_change(before: Standing, after: Standing, change: OrderChange, order_id: str) -> TierChange:
    return TierChange(
        changed_at=change.at,
        before=before.tier,
        after=after.tier,
        effective_fen=after.effective_fen,
        order_id=order_id,
    )
