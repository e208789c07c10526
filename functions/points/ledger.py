"""The ledger's arithmetic: every movement of points is one entry, and the entries sum to the wallet (E9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from functions.domain import calendar
from functions.domain.money import FEN_PER_YUAN, round_half_up
from functions.domain.policy import Policy

NOTHING: Mapping[str, int] = MappingProxyType({})


class EntryKind(StrEnum):
    """What a movement of points is (E9)."""

    EARN = "earn"
    RELEASE = "release"
    REDEEM = "redeem"
    RESTORE = "restore"
    REVERSE = "reverse"
    EXPIRE = "expire"
    LAPSE = "lapse"
    ADJUST = "adjust"


class NotEnoughPointsError(ValueError):
    """A wallet has not as many points as are to be taken at that moment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A member's points.

    ``available`` is split by earn year; years without points are left out. ``expired`` says how many points
    of each year were written off, and ``expired_at`` as of when, so that an order's change from before that
    moment which is posted after it still meets them. ``version`` counts every posting, so that it serialises
    the account; ``entries`` numbers the ledger's entries.
    """

    version: int = 1
    entries: int = 0
    frozen: int = 0
    available: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    debt: int = 0
    expired: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    expired_at: Mapping[str, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if min(self.frozen, self.debt, *self.available.values(), *self.expired.values(), 0) < 0:
            raise ValueError(f"no bucket of a wallet is ever negative: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One immutable movement of points: what changed, when and why, and the balances after it (E9).

    ``reason``, ``adjustment_id`` and ``operator`` are those of a manual adjustment (E8).
    """

    number: int
    kind: EntryKind
    occurred_at: datetime
    order_id: str | None
    frozen_delta: int
    available_delta: Mapping[str, int]
    debt_delta: int
    frozen: int
    available: Mapping[str, int]
    debt: int
    reason: str | None = None
    lapsed_points: int = 0
    adjustment_id: str | None = None
    operator: str | None = None

    @property
    def taken_by_year(self) -> dict[str, int]:
        """The points that it took, by the year that they were earned in (E6)."""
        return {year: -points for year, points in self.available_delta.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """A credit or a debit that somebody made by hand, and why (E8). ``points`` is not 0."""

    adjustment_id: str
    points: int
    reason: str
    operator: str


def points_earned(policy_per_yuan: int, paid_fen: int) -> int:
    """Return the points that a retained paid amount earns (E1): 99.50 yuan earn 100 at one per yuan."""
    return round_half_up(Fraction(paid_fen * policy_per_yuan, FEN_PER_YUAN))


def earn(wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime) -> tuple[Wallet, Entry]:
    """Add the points of a newly paid order to the frozen ones (E2)."""
    return _move(wallet, EntryKind.EARN, occurred_at, order_id, frozen_delta=points)


def release(
    wallet: Wallet, *, points: int, year: int, order_id: str, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, Entry]:
    """Make the points of a lot available, the debt first (E3, E4); those of an expired year lapse (E7)."""
    if occurred_at >= expiry(policy, str(year)):
        return _move(
            wallet, EntryKind.LAPSE, occurred_at, order_id, frozen_delta=-points, lapsed_points=points
        )
    parts = {str(year): points}
    return _credit(wallet, EntryKind.RELEASE, occurred_at, order_id, parts, frozen_delta=-points)


def redeem(
    wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, Entry]:
    """Take the points that an order redeems, the oldest year first (E6).

    Raises
    ------
    NotEnoughPointsError
        The wallet has not that many that can be spent at this moment: the caller priced another wallet.
    """
    taken = _oldest_first(wallet, points, occurred_at, policy)
    return _move(wallet, EntryKind.REDEEM, occurred_at, order_id, available_delta=taken)


def years_to_restore(by_year: Mapping[str, int], *, before: int, points: int) -> dict[str, int]:
    """Return the years that points come back to: those they were taken from, newest first (E6).

    Parameters
    ----------
    by_year
        How many points the order took from each year.
    before, points
        How many of them came back before, and how many come back now.

    Raises
    ------
    ValueError
        More would come back than were taken.
    """
    parts: dict[str, int] = {}
    skipped, missing = before, points
    for year in sorted(by_year, reverse=True):
        there = by_year[year]
        gone = min(skipped, there)
        part = min(there - gone, missing)
        skipped, missing = skipped - gone, missing - part
        if part:
            parts[year] = part
    if missing:
        raise ValueError(f"{missing} of {points} points were never taken")
    return parts


def restore(
    wallet: Wallet, *, parts: Mapping[str, int], order_id: str, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, list[Entry]]:
    """Give points back to their years: what has expired lapses, the rest pays the debt first (E6, E4).

    Returns the wallet and one entry for what came back, one for what lapsed, as far as there is any.
    """
    entries: list[Entry] = []
    alive = {year: points for year, points in parts.items() if occurred_at < expiry(policy, year)}
    if alive:
        wallet, entry = _credit(wallet, EntryKind.RESTORE, occurred_at, order_id, alive)
        entries.append(entry)
    lapsed = sum(parts.values()) - sum(alive.values())
    if lapsed:
        wallet, entry = _move(wallet, EntryKind.LAPSE, occurred_at, order_id, lapsed_points=lapsed)
        entries.append(entry)
    return wallet, entries


def reverse_frozen(
    wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime
) -> tuple[Wallet, Entry]:
    """Take points of a lot that is still frozen away again (E4)."""
    return _move(wallet, EntryKind.REVERSE, occurred_at, order_id, frozen_delta=-points)


def reverse_released(
    wallet: Wallet, *, points: int, year: int, order_id: str, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, list[Entry]]:
    """Take points of a released lot away again (E4).

    They come out of what was available at the time of the order's change: of the lot's own year, then of the
    other years, oldest first; what is missing becomes debt. Where the change is from before a year's end and
    is posted after that year was written off, the points that it should have met are taken out of what was
    written off: an ``expire`` entry per year, at the moment of its expiry, gives back what ``reverse`` takes,
    so that the entries up to any moment sum to what the wallet should have been then (R2).
    """
    missing, taken, unexpired = points, dict[str, int](), dict[str, int]()
    own = str(year)
    for each in [own, *sorted((wallet.available.keys() | wallet.expired.keys()) - {own})]:
        there = gone = 0
        if occurred_at < expiry(policy, each):
            there = min(missing, wallet.available.get(each, 0))
        if occurred_at < wallet.expired_at.get(each, occurred_at):
            gone = min(missing - there, wallet.expired.get(each, 0))
        missing -= there + gone
        if gone:
            unexpired[each] = gone
        if there + gone:
            taken[each] = -(there + gone)
    entries: list[Entry] = []
    for each, gone in unexpired.items():
        wallet, entry = _move(
            wallet,
            EntryKind.EXPIRE,
            wallet.expired_at[each],
            order_id,
            available_delta={each: gone},
            expired_delta={each: -gone},
        )
        entries.append(entry)
    wallet, entry = _move(
        wallet, EntryKind.REVERSE, occurred_at, order_id, available_delta=taken, debt_delta=missing
    )
    return wallet, [*entries, entry]


def expire(wallet: Wallet, *, at: datetime, policy: Policy) -> tuple[Wallet, list[Entry]]:
    """Write off the available points whose year has expired by a moment (E5).

    An entry per year has the time of the year's expiry, however late it is written. Frozen points stay (E7).
    """
    entries: list[Entry] = []
    for year, points in sorted(wallet.available.items()):
        expired_at = expiry(policy, year)
        if expired_at <= at:
            wallet, entry = _move(
                wallet,
                EntryKind.EXPIRE,
                expired_at,
                None,
                available_delta={year: -points},
                expired_delta={year: points},
                expired_at={year: expired_at},
            )
            entries.append(entry)
    return wallet, entries


def adjust(
    wallet: Wallet, adjustment: Adjustment, *, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, Entry]:
    """Credit points to the current year, the debt first, or debit them, the oldest year first (E8).

    Raises
    ------
    NotEnoughPointsError
        There are not that many to debit.
    """
    facts: dict[str, Any] = {
        "adjustment_id": adjustment.adjustment_id,
        "operator": adjustment.operator,
        "reason": adjustment.reason,
    }
    if adjustment.points > 0:
        parts = {str(calendar.earn_year(occurred_at, policy.zone)): adjustment.points}
        return _credit(wallet, EntryKind.ADJUST, occurred_at, None, parts, **facts)
    taken = _oldest_first(wallet, -adjustment.points, occurred_at, policy)
    return _move(wallet, EntryKind.ADJUST, occurred_at, None, available_delta=taken, **facts)


def usable(wallet: Wallet, policy: Policy, at: datetime) -> dict[str, int]:
    """Return the available points by earn year that can be spent at this moment.

    Expired years are left out from their first second on, whether or not a job has written it (E5).
    """
    return {year: points for year, points in sorted(wallet.available.items()) if at < expiry(policy, year)}


def expiry(policy: Policy, year: str) -> datetime:
    """Return the first second at which this earn year's points cannot be spent any more (E5)."""
    return calendar.points_expire_at(int(year), policy.points.valid_years, policy.zone)


def _oldest_first(wallet: Wallet, points: int, at: datetime, policy: Policy) -> dict[str, int]:
    """Return the change of each year when points are taken from what can be spent, oldest year first."""
    missing, taken = points, dict[str, int]()
    for year, held in usable(wallet, policy, at).items():
        part = min(held, missing)
        if part:
            taken[year] = -part
            missing -= part
    if missing:
        raise NotEnoughPointsError(f"{missing} of {points} points cannot be taken")
    return taken


def _credit(
    wallet: Wallet,
    kind: EntryKind,
    occurred_at: datetime,
    order_id: str | None,
    parts: Mapping[str, int],
    **more: Any,
) -> tuple[Wallet, Entry]:
    """Make points available; they pay the debt first, those of the newest year before the others (E4, E6)."""
    pays = min(wallet.debt, sum(parts.values()))
    left, credit = pays, dict[str, int]()
    for year in sorted(parts, reverse=True):
        part = min(left, parts[year])
        left -= part
        if parts[year] > part:
            credit[year] = parts[year] - part
    return _move(
        wallet,
        kind,
        occurred_at,
        order_id,
        available_delta=dict(sorted(credit.items())),
        debt_delta=-pays,
        **more,
    )


def _move(
    wallet: Wallet,
    kind: EntryKind,
    occurred_at: datetime,
    order_id: str | None,
    *,
    frozen_delta: int = 0,
    available_delta: Mapping[str, int] = NOTHING,
    debt_delta: int = 0,
    expired_delta: Mapping[str, int] = NOTHING,
    expired_at: Mapping[str, datetime] = MappingProxyType({}),
    **more: Any,
) -> tuple[Wallet, Entry]:
    expired = plus(wallet.expired, expired_delta)
    after = Wallet(
        version=wallet.version,
        entries=wallet.entries + 1,
        frozen=wallet.frozen + frozen_delta,
        available=plus(wallet.available, available_delta),
        debt=wallet.debt + debt_delta,
        expired=expired,
        expired_at={year: at for year, at in {**wallet.expired_at, **expired_at}.items() if year in expired},
    )
    entry = Entry(
        number=after.entries,
        kind=kind,
        occurred_at=occurred_at,
        order_id=order_id,
        frozen_delta=frozen_delta,
        available_delta=available_delta,
        debt_delta=debt_delta,
        frozen=after.frozen,
        available=after.available,
        debt=after.debt,
        **more,
    )
    return after, entry


def plus(held: Mapping[str, int], delta: Mapping[str, int]) -> dict[str, int]:
    """Add two splits by year, leaving out years without points."""
    total = {year: held.get(year, 0) + delta.get(year, 0) for year in sorted(held.keys() | delta.keys())}
    return {year: points for year, points in total.items() if points}
