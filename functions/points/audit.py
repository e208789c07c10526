"""What the audit reckons: accounts from their own rows, orders against their lots, and what is owed (E9).

Nothing here reads a table: a tally is fed with rows in any order and says what does not fit.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

from functions.domain import calendar
from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy
from functions.platform.dynamo import Row
from functions.points.account_rows import ENTRY, LOT, WALLET, lot_of, lot_row, wallet_of, wallet_row
from functions.points.ledger import EntryKind, Wallet, expire, expiry, plus
from functions.points.posting import Lot, LotState, OrderFacts
from functions.tiers.members import STANDING, standing_of
from functions.tiers.qualification import Standing, qualify

ROW_NAMES = (
    "member_id",
    "item",
    "version",
    "entries",
    "expired",
    "number",
    "kind",
    "frozen_delta",
    "available_delta",
    "debt_delta",
    "frozen",
    "available",
    "debt",
    "order_id",
    "year",
    "points",
    "effective_fen",
    "restored",
    "posted",
    "state",
    "release_at",
    "tier",
    "ever_paid",
    "policy_version",
    "lot_shard",
    "wallet_shard",
    "oldest_year",
    "expired_at",
)
"""The attributes that an audit of accounts reads: nothing that tells who somebody is."""
ORDER_NAMES = (
    "order_id",
    "item",
    "member_id",
    "changes",
    "earlier_changes",
    "redeemed_by_year",
    "paid_at",
    "received_at",
    "terms",
)
"""The attributes of an order that an audit or a replay reads."""


_BALANCES = ("frozen", "available", "debt", "expired")
What = Literal["entries", "chain", "lots", "standing", "wallet", "row", "index", "overdue", "posting"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that does not fit. ``what`` says which check it failed; the figures are the checked ones.

    ``entries``: they do not sum to the wallet. ``chain``: one is missing, or its balances are not the sums up
    to it. ``lots``: the frozen ones are not what is frozen. ``standing``: E is not what the lots say, or the
    tier not what E says. ``wallet``: there is none. ``row``: one cannot be read. ``index``: a job would not
    find a row. ``overdue``: a job should have worked one off days ago. ``posting``: the account has not
    seen an order's change, or its lot says something else.
    """

    member_id: str
    order_id: str | None
    what: What
    expected: Mapping[str, Any]
    found: Mapping[str, Any]


@dataclass(slots=True)
class Balances:
    """Frozen points, available ones by earn year, and debt; also a change of them, or a sum of such."""

    frozen: int = 0
    available: Mapping[str, int] = field(default_factory=dict)
    debt: int = 0

    def add(self, frozen: int, available: Mapping[str, int], debt: int, times: int = 1) -> None:
        """Add so many times these."""
        self.frozen += times * frozen
        self.available = plus(self.available, {year: times * points for year, points in available.items()})
        self.debt += times * debt


@dataclass(slots=True)
class Tally:
    """What one member's rows sum to; it holds sums, never the rows."""

    member_id: str
    _policy: Policy
    _overdue_at: datetime
    """What was due by then should have been worked off."""
    wallet: Wallet | None = None
    """The member's wallet, if a row of it that can be read has been added."""
    wallet_seen: bool = False
    """Whether a row of it has been added, which may not be legible."""
    _held: Mapping[str, Any] | None = None
    _standing: Standing | None = None
    _entries: int = 0
    _numbers: int = 0
    _moved: Balances = field(default_factory=Balances)
    _moved_by_number: Balances = field(default_factory=Balances)
    _after: Balances = field(default_factory=Balances)
    _expired: Mapping[str, int] = field(default_factory=dict)
    _lots: int = 0
    _lots_frozen: int = 0
    _lots_effective_fen: int = 0
    _policy_version: str = ""
    _unreadable: int = 0
    _unfound: int = 0
    _overdue: int = 0

    def add(self, row: Row) -> None:
        """Take a row of the member into account; rows of other kinds say nothing."""
        item = row["item"]
        try:
            if item == WALLET:
                self.wallet_seen = True
                self._add_wallet(row)
            elif item == STANDING:
                self._standing, self._policy_version = standing_of(row), row["policy_version"]
            elif item.startswith(ENTRY):
                self._add_entry(row)
            elif item.startswith(LOT):
                self._add_lot(row)
        except (KeyError, TypeError, ValueError, AttributeError):
            self._unreadable += 1

    def _add_wallet(self, row: Row) -> None:
        years = [*map(int, (*row["available"], *row["expired"]))]
        counts = [row[name] for name in ("frozen", "debt", "entries")]
        points = (*row["available"].values(), *row["expired"].values())
        if not all(type(count) is int for count in (*years, *counts, *points)):
            raise TypeError("points are whole numbers")
        self._held = {name: row[name] for name in (*_BALANCES, "entries")}
        self.wallet = wallet_of(row)
        self._unfound += _index_keys(row) != _index_keys(wallet_row(self.member_id, self.wallet))
        self._overdue += bool(expire(self.wallet, at=self._overdue_at, policy=self._policy)[1])

    def _add_entry(self, row: Row) -> None:
        number, kind = row["number"], EntryKind(row["kind"])
        moved = (row["frozen_delta"], row["available_delta"], row["debt_delta"])
        after = (row["frozen"], row["available"], row["debt"])
        self._moved.add(*moved)
        self._moved_by_number.add(*moved, times=number)
        self._after.add(*after)
        self._entries += 1
        self._numbers += number
        if kind is EntryKind.EXPIRE:
            self._expired = plus(self._expired, {year: -points for year, points in moved[1].items()})

    def _add_lot(self, row: Row) -> None:
        lot = lot_of(row)
        self._lots += 1
        self._lots_effective_fen += lot.effective_fen
        self._lots_frozen += lot.points if lot.state is LotState.FROZEN else 0
        self._unfound += _index_keys(row) != _index_keys(lot_row(self.member_id, lot))
        self._overdue += lot.due_at is not None and lot.due_at <= self._overdue_at

    def differences(self) -> list[Difference]:
        """Return what does not fit in the member's account."""
        checks: list[tuple[What, Mapping[str, Any], Mapping[str, Any]]] = [
            ("row", {"unreadable": 0}, {"unreadable": self._unreadable}),
            ("index", {"unfound": 0}, {"unfound": self._unfound}),
            ("overdue", {"overdue": 0}, {"overdue": self._overdue}),
            ("standing", self._standing_of_lots(), self._standing_found()),
        ]
        if self._held is None:
            checks.append(("wallet", {"wallets": 1}, {"wallets": 0}))
        else:
            held = {name: self._held[name] for name in _BALANCES}
            summed = {**asdict(self._moved), "expired": self._expired}
            checks += [
                ("entries", summed, held),
                ("chain", *self._chain(self._held["entries"])),
                ("lots", {"frozen": self._lots_frozen}, {"frozen": self._held["frozen"]}),
            ]
        if self._is_nobody():
            return []
        return [
            Difference(
                member_id=self.member_id, order_id=None, what=what, expected=dict(expected), found=dict(found)
            )
            for what, expected, found in checks
            if expected != found
        ]

    def _is_nobody(self) -> bool:
        """Rows that belong to no account, such as those of somebody who is not registered yet."""
        return self._held is None and self._standing is None and not self._entries and not self._lots

    def _chain(self, entries: int) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what the entries' numbers and balances should sum to, and what they sum to.

        The change of entry k is in the balances after it and after each later one: of N entries in N + 1 - k.
        """
        after = Balances()
        after.add(self._moved.frozen, self._moved.available, self._moved.debt, times=self._entries + 1)
        weighted = self._moved_by_number
        after.add(weighted.frozen, weighted.available, weighted.debt, times=-1)
        return (
            {"entries": entries, "numbers": entries * (entries + 1) // 2, "balances": asdict(after)},
            {"entries": self._entries, "numbers": self._numbers, "balances": asdict(self._after)},
        )

    def _standing_of_lots(self) -> dict[str, Any]:
        """Return what the member's lots make of their standing (T1-T4); there is one lot per paid order."""
        if self._lots_effective_fen < 0:
            return {"effective_fen": self._lots_effective_fen}
        standing = qualify(self._policy, ever_paid=bool(self._lots), effective_fen=self._lots_effective_fen)
        return self._of_this_policy(asdict(standing))

    def _standing_found(self) -> dict[str, Any]:
        return {} if self._standing is None else self._of_this_policy(asdict(self._standing))

    def _of_this_policy(self, standing: dict[str, Any]) -> dict[str, Any]:
        """Leave the tier out where it was found under another policy: it is found anew when E changes."""
        if self._standing is not None and self._policy_version != self._policy.version:
            del standing["tier"]
        return standing


def _index_keys(row: Row) -> dict[str, Any]:
    """Return the attributes by which the jobs find a row."""
    return {name: row.get(name) for name in ("lot_shard", "release_at", "wallet_shard", "oldest_year")}


def against_lot(order: OrderFacts, lot: Lot | None, policy: Policy) -> Difference | None:
    """Return how an order's lot differs from what the order says it should be, or None.

    An order that was never paid has no lot.
    """
    if not order.changes:
        return None
    last = order.changes[-1]
    expected = {
        "year": order.earn_year(policy),
        "posted": order.changes_count,
        "release_at": _written(order.release_at),
        "points": last.earned_points,
        "effective_fen": last.effective_fen,
        "restored": last.to_restore,
    }
    found: dict[str, Any] = {}
    if lot is not None:
        found = {name: getattr(lot, name) for name in expected} | {"release_at": _written(lot.release_at)}
    if found == expected:
        return None
    return Difference(
        member_id=order.member_id, order_id=order.order_id, what="posting", expected=expected, found=found
    )


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else calendar.to_row(moment)


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """What the shop owes its members in points; ``available`` by earn year."""

    wallets: int = 0
    available: Mapping[str, int] = field(default_factory=dict)
    frozen: int = 0
    debt: int = 0

    @classmethod
    def of(cls, wallet: Wallet | None) -> "Liability":
        """Return what a wallet holds, with what has expired but is not written off; none holds nothing."""
        if wallet is None:
            return cls()
        return cls(wallets=1, available=plus({}, wallet.available), frozen=wallet.frozen, debt=wallet.debt)

    def usable(self, policy: Policy, at: datetime) -> "Liability":
        """Return it as it is worth at a moment: without the years that have expired by then (E5)."""
        left = {year: points for year, points in self.available.items() if at < expiry(policy, year)}
        return replace(self, available=left)

    def __add__(self, other: "Liability") -> "Liability":
        return Liability(
            wallets=self.wallets + other.wallets,
            available=plus(self.available, other.available),
            frozen=self.frozen + other.frozen,
            debt=self.debt + other.debt,
        )

    def __sub__(self, other: "Liability") -> "Liability":
        return Liability(
            wallets=self.wallets - other.wallets,
            available=plus(self.available, {year: -points for year, points in other.available.items()}),
            frozen=self.frozen - other.frozen,
            debt=self.debt - other.debt,
        )

    def value_fen(self, policy: Policy) -> int:
        """Return what the available points are worth as cash, rounded down (P7); debt is not netted."""
        return sum(self.available.values()) * FEN_PER_YUAN // policy.points.redeemed_per_yuan
