"""What an order's changes do to a member's account: points and standing, posted together.

Posting is level-triggered. An order's row carries every change that concerns the account, and what the
account should hold for the order after it; a lot remembers how many of them it has seen. The difference is
posted. Deliveries that come late, twice or out of order therefore end in the same state (R2).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.points import ledger
from functions.points.ledger import Entry, Wallet
from functions.tiers.qualification import Standing, TierChange, qualify

CHANGES_PER_POSTING_MAX = 19
"""Changes that one transaction posts: four entries each, one more per year's end that they are late by, a
tier change per tier that the member falls, and wallet, lot and standing; DynamoDB takes 100 rows."""
CHANGE = "CHANGE#"
"""How the rows of an order begin that hold the changes which its own row keeps no longer."""
_NUMBER_DIGITS = 10
LOTS_PER_RELEASE_MAX = 45
"""Lots that one transaction releases: a lot and an entry each, with the wallet."""


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
        return {**plain(self), "at": calendar.to_row(self.at)}

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> "OrderChange":
        """Read a change that :meth:`to_row` wrote."""
        return cls(**{**row, "at": calendar.from_row(row["at"])})


def change_item(number: int) -> str:
    """Return the ``item`` of a change's own row, by its number among the order's changes, from 0 on."""
    return f"{CHANGE}{number:0{_NUMBER_DIGITS}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """All that an account has to know of an order; an order that was never paid has no changes.

    ``changes`` are some of the order's changes in a row, ``earlier`` how many came before the first of them;
    ``later`` how many come after the last. ``redeemed_by_year`` says which years its redeemed points were
    taken from, ``paid_at`` when it was paid, which its first change was too, and ``release_at`` when its
    points become available (E3), which its receipt decides.
    """

    order_id: str
    member_id: str
    changes: Sequence[OrderChange]
    redeemed_by_year: Mapping[str, int] = field(default_factory=dict)
    release_at: datetime | None = None
    earlier: int = 0
    later: int = 0
    paid_at: datetime | None = None

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "OrderFacts":
        """Read them from the order's row. The release days are those that it was placed under (R4)."""
        received_at = row.get("received_at")
        changes = row["changes"] if row.get("paid_at") else row.get("changes", ())
        return cls(
            order_id=row["order_id"],
            member_id=row["member_id"],
            changes=[OrderChange.from_row(change) for change in changes],
            redeemed_by_year=row.get("redeemed_by_year", {}),
            release_at=None
            if received_at is None
            else calendar.from_row(received_at) + timedelta(days=row["terms"]["release_days"]),
            earlier=row.get("earlier_changes", 0),  # rows from before lack it, and keep all their changes
            paid_at=calendar.from_row(row["paid_at"]) if row.get("paid_at") else None,
        )

    @property
    def changes_count(self) -> int:
        """How many changes the order has, whether or not they are here."""
        return self.earlier + len(self.changes) + self.later

    def since(self, number: int) -> Sequence[OrderChange] | None:
        """Return the changes from a number on as far as they are here, or None where the first is not."""
        return self.changes[number - self.earlier :] if number >= self.earlier else None

    def with_changes(self, number: int, changes: Sequence[OrderChange]) -> "OrderFacts":
        """Return the same order with these changes of it instead, the first of which has a number."""
        later = self.changes_count - number - len(changes)
        return replace(self, changes=changes, earlier=number, later=later)

    def earn_year(self, policy: Policy) -> int:
        """Return the year that the order's points belong to: that of its payment (E5)."""
        return calendar.earn_year(self.paid_at or self.changes[0].at, policy.zone)


class LotState(StrEnum):
    """Where the points of a lot are: in the frozen ones, among the available ones, or gone (E7)."""

    FROZEN = "frozen"
    RELEASED = "released"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lot:
    """The points that one order earned, and how much of the order the account has seen.

    ``restored`` are the order's redeemed points that postings gave back. ``posted`` counts the order's
    changes that are in the account, ``release_at`` is there once it has seen the receipt; ``version`` counts
    the lot's own changes.
    """

    order_id: str
    year: int
    points: int = 0
    effective_fen: int = 0
    restored: int = 0
    posted: int = 0
    state: LotState = LotState.FROZEN
    release_at: datetime | None = None
    version: int = 0

    @property
    def due_at(self) -> datetime | None:
        """When there is something to release, or None (E3)."""
        return self.release_at if self.state is LotState.FROZEN and self.points else None

    def lacks(self, order: OrderFacts) -> bool:
        """Tell whether the account has yet to see something of the order."""
        return self.posted < order.changes_count or (self.release_at is None and order.release_at is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A member's account as one order concerns it; ``lot`` is None before its first posting."""

    wallet: Wallet
    standing: Standing
    lot: Lot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """All that one posting writes; ``lot`` is always there."""

    wallet: Wallet
    standing: Standing
    lot: Lot
    entries: tuple[Entry, ...]
    tier_changes: tuple[TierChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """All that one release of a member's due lots writes."""

    wallet: Wallet
    lots: tuple[Lot, ...]
    entries: tuple[Entry, ...]


def release(wallet: Wallet, lots: Sequence[Lot], *, at: datetime, policy: Policy) -> Release | None:
    """Return what is to be written so that the due ones of a member's lots are released, or None (E3, E7).

    At most :data:`LOTS_PER_RELEASE_MAX` of them, the longest due first; ``at`` is the moment of the release.
    """
    due = sorted(
        (lot.due_at, lot.order_id, lot) for lot in lots if lot.due_at is not None and lot.due_at <= at
    )
    after, released, entries = wallet, list[Lot](), list[Entry]()
    for _, _, lot in due[:LOTS_PER_RELEASE_MAX]:
        after, entry = ledger.release(
            after, points=lot.points, year=lot.year, order_id=lot.order_id, occurred_at=at, policy=policy
        )
        state = LotState.LAPSED if entry.lapsed_points else LotState.RELEASED
        released.append(replace(lot, state=state, version=lot.version + 1))
        entries.append(entry)
    return Release(wallet=after, lots=tuple(released), entries=tuple(entries)) if released else None


def post(account: Account, order: OrderFacts, policy: Policy) -> Posting | None:
    """Return what is to be written so that the account has seen more of an order, or None.

    Every change yields its own ledger entries and tier change, also when several are seen together (T2, T5).
    A change that both restores and takes away restores first (E6).

    Raises
    ------
    ValueError
        The first change that the account has not seen is not among those that are here.
    """
    if not order.changes or (account.lot is not None and not account.lot.lacks(order)):
        return None
    lot = account.lot or Lot(order_id=order.order_id, year=order.earn_year(policy))
    here = order.since(lot.posted)
    if here is None:
        raise ValueError(f"change {lot.posted} of {order.order_id} is not here")
    unseen = here[:CHANGES_PER_POSTING_MAX]
    book = _Book(account.wallet, lot, order, policy)
    standing = account.standing
    tier_changes: list[TierChange] = []
    for change in unseen:
        book.restore(change.to_restore - lot.restored, lot.restored, change.at)
        book.earn_or_reverse(change.earned_points - lot.points, change.at)
        after = qualify(
            policy,
            ever_paid=True,  # T1: an order has changes once it was paid
            effective_fen=standing.effective_fen + change.effective_fen - lot.effective_fen,
        )
        if after.tier != standing.tier:
            tier_changes.append(_tier_change(standing, after, change, order.order_id))
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
        lot=replace(
            lot,
            posted=lot.posted + len(unseen),
            release_at=lot.release_at or order.release_at,
            version=lot.version + 1,
        ),
        entries=tuple(book.entries),
        tier_changes=tuple(tier_changes),
    )


class _Book:
    """A wallet with the entries by which an order moves it."""

    def __init__(self, wallet: Wallet, lot: Lot, order: OrderFacts, policy: Policy) -> None:
        self.wallet = wallet
        self.entries: list[Entry] = []
        self._lot = lot
        self._order = order
        self._policy = policy

    def restore(self, points: int, before: int, at: datetime) -> None:
        """Give redeemed points back, of which so many were given back before (E6)."""
        if points:
            parts = ledger.years_to_restore(self._order.redeemed_by_year, before=before, points=points)
            self.wallet, entries = ledger.restore(
                self.wallet, parts=parts, order_id=self._lot.order_id, occurred_at=at, policy=self._policy
            )
            self.entries += entries

    def earn_or_reverse(self, points: int, at: datetime) -> None:
        """Add what the lot grows by, or take away what it shrinks by, from where its points are (E2, E4)."""
        order_id = self._lot.order_id
        if points > 0:
            self.wallet, entry = ledger.earn(self.wallet, points=points, order_id=order_id, occurred_at=at)
            self.entries.append(entry)
        elif points and self._lot.state is LotState.FROZEN:
            self.wallet, entry = ledger.reverse_frozen(
                self.wallet, points=-points, order_id=order_id, occurred_at=at
            )
            self.entries.append(entry)
        elif points and self._lot.state is LotState.RELEASED:
            self.wallet, entries = ledger.reverse_released(
                self.wallet,
                points=-points,
                year=self._lot.year,
                order_id=order_id,
                occurred_at=at,
                policy=self._policy,
            )
            self.entries += entries  # E7: for a lapsed lot nothing is taken back


def _tier_change(before: Standing, after: Standing, change: OrderChange, order_id: str) -> TierChange:
    return TierChange(
        changed_at=change.at,
        before=before.tier,
        after=after.tier,
        effective_fen=after.effective_fen,
        order_id=order_id,
    )
