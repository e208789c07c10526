"""What the points' API answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field, StringConstraints

from functions.domain import calendar, identifiers
from functions.domain.policy import Policy
from functions.domain.records import plain
from functions.platform.shapes import Answer, CallerId, Printable, Request, StoreTime
from functions.points.audit import Difference, What
from functions.points.ledger import Entry, EntryKind, Wallet, expiry, usable
from functions.points.passes import AuditKind
from functions.points.reports import Report

ADJUSTMENT_MAX_POINTS = 1_000_000


def _not_zero(points: int) -> int:
    if not points:
        raise ValueError("must not be 0")
    return points


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


class BalancesAnswer(Answer):
    """A member's points after an adjustment; what has expired is not available any more."""

    available: int
    frozen: int
    debt: int


class AdjustmentRequest(Request):
    """Points to credit, or to debit where the number is negative, once per ``adjustment_id``, for ever."""

    adjustment_id: CallerId
    points: Annotated[
        int,
        Field(ge=-ADJUSTMENT_MAX_POINTS, le=ADJUSTMENT_MAX_POINTS, json_schema_extra={"not": {"const": 0}}),
        AfterValidator(_not_zero),
    ]
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200), Printable]


class YearAnswer(Answer):
    """What members hold of one earn year, which can be used up to and including ``expires_at``."""

    earned_in: int
    points: int
    expires_at: StoreTime


class LiabilityAnswer(Answer):
    """What the shop owed its members in points at the last audit, and whether everything fitted.

    What is owed is that of all accounts. ``value_fen`` is what the available points are worth as cash; debt
    is not netted. ``accounts`` and ``orders`` say how many were checked, ``differences`` how many did not
    fit. A ``full`` audit checks all of them; an ``incremental`` one those that have changed since the audit
    before it, are overdue, or did not fit then.
    """

    as_of: StoreTime
    kind: AuditKind
    available: list[YearAnswer]
    frozen: int
    debt: int
    value_fen: int
    accounts: int
    orders: int
    differences: int


class DifferenceAnswer(Answer):
    """Something that did not fit at the last audit: which check failed, and the figures that it compared."""

    member_id: str
    order_id: str | None
    what: What
    expected: dict[str, Any]
    found: dict[str, Any]


class EntryAnswer(Answer):
    """One movement of points, and the balances after it."""

    entry_id: str
    kind: EntryKind
    occurred_at: StoreTime
    order_id: str | None
    adjustment_id: str | None
    reason: str | None
    frozen_delta: int
    available_delta: int
    available_by_year_delta: dict[str, int] = Field(examples=[{"2026": 120}])
    debt_delta: int
    lapsed_points: int
    available: int
    frozen: int
    debt: int


class EntryWithOperatorAnswer(EntryAnswer):
    """A movement of points as staff sees it: with who made it, if it was an adjustment by hand."""

    operator: str | None = Field(description="Who adjusted: the id of a user or a service.")


def wallet_answer(wallet: Wallet, policy: Policy, at: datetime) -> WalletAnswer:
    """Show a wallet as it is at this moment (E5)."""
    years = usable(wallet, policy, at)
    return WalletAnswer(
        available=sum(years.values()),
        frozen=wallet.frozen,
        debt=wallet.debt,
        expiring=[
            ExpiringAnswer(points=points, expires_at=_last_usable(policy, year))
            for year, points in years.items()
        ],
    )


def balances_answer(wallet: Wallet, policy: Policy, at: datetime) -> BalancesAnswer:
    """Show a wallet after an adjustment, as it is at this moment (E5)."""
    return BalancesAnswer(
        available=sum(usable(wallet, policy, at).values()), frozen=wallet.frozen, debt=wallet.debt
    )


def liability_answer(report: Report, policy: Policy) -> LiabilityAnswer:
    """Show the report of an audit."""
    owed = report.liability
    return LiabilityAnswer(
        as_of=report.as_of.astimezone(policy.zone),
        kind=report.kind,
        available=[
            YearAnswer(earned_in=int(year), points=points, expires_at=_last_usable(policy, year))
            for year, points in sorted(owed.available.items())
        ],
        frozen=owed.frozen,
        debt=owed.debt,
        value_fen=owed.value_fen(policy),
        accounts=report.accounts,
        orders=report.orders,
        differences=report.differences,
    )


def difference_answer(difference: Difference) -> DifferenceAnswer:
    """Show what did not fit."""
    return DifferenceAnswer(**plain(difference))


def entry_answer(member_id: str, entry: Entry, policy: Policy) -> EntryAnswer:
    """Show an entry of a member's ledger."""
    return EntryAnswer(
        entry_id=identifiers.entry_id(member_id, entry.number),
        kind=entry.kind,
        occurred_at=entry.occurred_at.astimezone(policy.zone),
        order_id=entry.order_id,
        adjustment_id=entry.adjustment_id,
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


def entry_with_operator_answer(member_id: str, entry: Entry, policy: Policy) -> EntryWithOperatorAnswer:
    """Show staff an entry of a member's ledger."""
    shown = entry_answer(member_id, entry, policy)
    return EntryWithOperatorAnswer(**dict(shown), operator=entry.operator)


def _last_usable(policy: Policy, year: str) -> datetime:
    """Return the last second at which a year's points can be used, in store time (E5)."""
    return calendar.last_second_before(expiry(policy, year)).astimezone(policy.zone)
