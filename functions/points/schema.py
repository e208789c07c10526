"""What the points' API answers."""

from datetime import datetime

from pydantic import Field

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.platform.shapes import Answer, StoreTime
from functions.points.ledger import Entry, EntryKind, Wallet, expiry, usable


class ExpiringAnswer(Answer):
    """Points that can be used up to and including ``expires_at``."""

    points: int
    expires_at: StoreTime


class WalletAnswer(Answer):
    """A member's points now; expired ones are in neither ``available`` nor ``expiring``."""

    available: int
    frozen: int
    debt: int
    expiring: list[ExpiringAnswer]


class EntryAnswer(Answer):
    """One movement of points, and the balances after it."""

    entry_id: str
    kind: EntryKind
    occurred_at: StoreTime
    order_id: str | None
    reason: str | None
    frozen_delta: int
    available_delta: int
    available_by_year_delta: dict[str, int] = Field(examples=[{"2026": 120}])
    debt_delta: int
    lapsed_points: int
    available: int
    frozen: int
    debt: int


def wallet_answer(wallet: Wallet, policy: Policy, at: datetime) -> WalletAnswer:
    """Show a wallet as it is at this moment (E5)."""
    years = usable(wallet, policy, at)
    return WalletAnswer(
        available=sum(years.values()),
        frozen=wallet.frozen,
        debt=wallet.debt,
        expiring=[
            ExpiringAnswer(
                points=points,
                expires_at=calendar.last_second_before(expiry(policy, year)).astimezone(policy.zone),
            )
            for year, points in years.items()
        ],
    )


def entry_answer(member_id: str, entry: Entry, policy: Policy) -> EntryAnswer:
    """Show an entry of a member's ledger."""
    return EntryAnswer(
        entry_id=identifiers.entry_id(member_id, entry.number),
        kind=entry.kind,
        occurred_at=entry.occurred_at.astimezone(policy.zone),
        order_id=entry.order_id,
        reason=entry.reason,
        frozen_delta=entry.frozen_delta,
        available_delta=sum(entry.available_delta.values()),
        available_by_year_delta=dict(entry.available_delta),
        debt_delta=entry.debt_delta,
        lapsed_points=entry.lapsed_points,
        available=sum(entry.available.values()),
        frozen=entry.frozen,
        debt=entry.debt,
    )
