"""The ledger's arithmetic: every movement of points is one entry, and the entries sum to the wallet (E9)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from functions.domain import calendar
from functions.domain.money import FEN_PER_YUAN, round_half_up
from functions.domain.policy import Policy

NOTHING: Mapping[str, int] = MappingProxyType({})


class EntryKind(StrEnum):
    """What a movement of points is (E9)."""

    EARN = "earn"
    REDEEM = "redeem"
    RESTORE = "restore"
    LAPSE = "lapse"
    REVERSE = "reverse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A member's points.

    ``available`` is split by earn year; years without points are left out. ``version`` counts every posting,
    so that it serialises the account; ``entries`` numbers the ledger's entries.
    """

    version: int = 1
    entries: int = 0
    frozen: int = 0
    available: Mapping[str, int] = field(default_factory=lambda: NOTHING)
    debt: int = 0

    def __post_init__(self) -> None:
        if min(self.frozen, self.debt, *self.available.values(), 0) < 0:
            raise ValueError(f"no bucket of a wallet is ever negative: {self}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One immutable movement of points: what changed, when and why, and the balances after it (E9)."""

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


def points_earned(policy_per_yuan: int, paid_fen: int) -> int:
    """Return the points that a retained paid amount earns (E1): 99.50 yuan earn 100 at one per yuan."""
    return round_half_up(Fraction(paid_fen * policy_per_yuan, FEN_PER_YUAN))


def earn(wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime) -> tuple[Wallet, Entry]:
    """Add the points of a newly paid order to the frozen ones (E2)."""
    return _move(wallet, EntryKind.EARN, occurred_at, order_id, frozen_delta=points)


def redeem(
    wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime, policy: Policy
) -> tuple[Wallet, Entry]:
    """Take the points that an order redeems, the oldest year first (E6).

    Raises
    ------
    ValueError
        The wallet has not that many that can be spent at this moment: the caller priced another wallet.
    """
    missing = points
    taken: dict[str, int] = {}
    for year, held in usable(wallet, policy, occurred_at).items():
        part = min(held, missing)
        if part:
            taken[year] = -part
            missing -= part
    if missing:
        raise ValueError(f"{missing} of {points} points cannot be redeemed")
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
    pays = min(wallet.debt, sum(alive.values()))
    credit, rest = dict(alive), pays
    for year in sorted(alive, reverse=True):
        part = min(rest, credit[year])
        credit[year], rest = credit[year] - part, rest - part
    if alive:
        wallet, entry = _move(
            wallet,
            EntryKind.RESTORE,
            occurred_at,
            order_id,
            available_delta={year: points for year, points in sorted(credit.items()) if points},
            debt_delta=-pays,
        )
        entries.append(entry)
    lapsed = sum(parts.values()) - sum(alive.values())
    if lapsed:
        wallet, entry = _move(wallet, EntryKind.LAPSE, occurred_at, order_id, lapsed_points=lapsed)
        entries.append(entry)
    return wallet, entries


def reverse(wallet: Wallet, *, points: int, order_id: str, occurred_at: datetime) -> tuple[Wallet, Entry]:
    """Take points of a lot that is still frozen away again (E4)."""
    return _move(wallet, EntryKind.REVERSE, occurred_at, order_id, frozen_delta=-points)


def usable(wallet: Wallet, policy: Policy, at: datetime) -> dict[str, int]:
    """Return the available points by earn year that can be spent at this moment.

    Expired years are left out from their first second on, whether or not a job has written it (E5).
    """
    return {year: points for year, points in sorted(wallet.available.items()) if at < expiry(policy, year)}


def expiry(policy: Policy, year: str) -> datetime:
    """Return the first second at which this earn year's points cannot be spent any more (E5)."""
    return calendar.points_expire_at(int(year), policy.points.valid_years, policy.zone)


def _move(
    wallet: Wallet,
    kind: EntryKind,
    occurred_at: datetime,
    order_id: str | None,
    *,
    frozen_delta: int = 0,
    available_delta: Mapping[str, int] = NOTHING,
    debt_delta: int = 0,
    lapsed_points: int = 0,
) -> tuple[Wallet, Entry]:
    available = dict(wallet.available)
    for year, delta in available_delta.items():
        available[year] = available.get(year, 0) + delta
    after = Wallet(
        version=wallet.version,
        entries=wallet.entries + 1,
        frozen=wallet.frozen + frozen_delta,
        available={year: points for year, points in available.items() if points},
        debt=wallet.debt + debt_delta,
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
        lapsed_points=lapsed_points,
    )
    return after, entry
