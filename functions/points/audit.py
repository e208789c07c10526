"""What the audit reckons: accounts from their own rows, orders against their lots, and what is owed (E9).

Nothing here reads a table: a tally is fed with rows in any order and says what does not fit.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from functions.domain.money import FEN_PER_YUAN
from functions.domain.policy import Policy
from functions.platform.dynamo import Row
from functions.points.account_rows import ENTRY, LOT, WALLET, lot_of, wallet_of
from functions.points.ledger import EntryKind, Wallet, plus, usable
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
)
"""The attributes that an audit of accounts reads: nothing that tells who somebody is."""
ORDER_NAMES = ("order_id", "item", "member_id", "changes", "redeemed_by_year", "received_at", "terms")
"""The attributes of an order that an audit or a replay reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that does not fit. ``what`` says which check it failed; the figures are the checked ones.

    ``what`` is ``entries`` (they do not sum to the wallet), ``chain`` (an entry is missing, or the last one
    has other balances), ``lots`` (the frozen lots are not what is frozen), ``standing`` (E is not what the
    lots say, or the tier not what E says), ``wallet`` (there are movements, but no wallet) or ``posting``
    (the account has not seen an order's change, or its lot says something else).
    """

    member_id: str
    order_id: str | None
    what: str
    expected: Mapping[str, Any]
    found: Mapping[str, Any]


@dataclass(slots=True)
class Tally:
    """What one member's rows sum to; it holds sums, never the rows."""

    member_id: str
    _wallet: Wallet | None = None
    _standing: Standing | None = None
    _entries: int = 0
    _numbers: int = 0
    _last_number: int = 0
    _last: dict[str, Any] = field(default_factory=dict)
    _frozen: int = 0
    _available: Mapping[str, int] = field(default_factory=dict)
    _debt: int = 0
    _expired: Mapping[str, int] = field(default_factory=dict)
    _lots: int = 0
    _lots_frozen: int = 0
    _lots_effective_fen: int = 0

    @property
    def wallet(self) -> Wallet | None:
        """The member's wallet, if its row has been added."""
        return self._wallet

    def add(self, row: Row) -> None:
        """Take a row of the member into account; rows of other kinds say nothing."""
        item = row["item"]
        if item == WALLET:
            self._wallet = wallet_of(row)
        elif item == STANDING:
            self._standing = standing_of(row)
        elif item.startswith(ENTRY):
            self._add_entry(row)
        elif item.startswith(LOT):
            lot = lot_of(row)
            self._lots += 1
            self._lots_effective_fen += lot.effective_fen
            self._lots_frozen += lot.points if lot.state is LotState.FROZEN else 0

    def _add_entry(self, row: Row) -> None:
        self._entries += 1
        self._numbers += row["number"]
        self._frozen += row["frozen_delta"]
        self._available = plus(self._available, row["available_delta"])
        self._debt += row["debt_delta"]
        if row["kind"] == EntryKind.EXPIRE:
            self._expired = plus(self._expired, {year: -n for year, n in row["available_delta"].items()})
        if row["number"] > self._last_number:
            self._last_number = row["number"]
            self._last = {name: row[name] for name in ("frozen", "available", "debt")}

    def differences(self, policy: Policy) -> list[Difference]:
        """Return what does not fit in the member's account."""
        wallet, standing = self._wallet, self._standing
        if wallet is None:
            return (
                [self._difference("wallet", {"entries": self._entries, "lots": self._lots}, {})]
                if (self._entries or self._lots)
                else []
            )
        found: list[Difference] = []
        balances = {"frozen": wallet.frozen, "available": dict(wallet.available), "debt": wallet.debt}
        summed = {"frozen": self._frozen, "available": dict(self._available), "debt": self._debt}
        summed["expired"] = dict(self._expired)
        held = balances | {"expired": dict(wallet.expired)}
        if summed != held:
            found.append(self._difference("entries", summed, held))
        numbered = {"entries": wallet.entries, "numbers": wallet.entries * (wallet.entries + 1) // 2}
        listed = {"entries": self._entries, "numbers": self._numbers}
        if listed != numbered or (self._entries and self._last != balances):
            found.append(self._difference("chain", numbered | balances, listed | self._last))
        if self._lots_frozen != wallet.frozen:
            found.append(self._difference("lots", {"frozen": self._lots_frozen}, {"frozen": wallet.frozen}))
        expected = self._standing_of_lots(policy)
        if standing != expected:
            found.append(
                self._difference(
                    "standing",
                    {} if expected is None else asdict(expected),
                    {} if standing is None else asdict(standing),
                )
            )
        return found

    def _standing_of_lots(self, policy: Policy) -> Standing | None:
        """Return what the member's lots make of their standing (T1-T4); there is one lot per paid order."""
        if self._lots_effective_fen < 0:
            return None
        return qualify(policy, ever_paid=bool(self._lots), effective_fen=self._lots_effective_fen)

    def _difference(self, what: str, expected: Mapping[str, Any], found: Mapping[str, Any]) -> Difference:
        return Difference(member_id=self.member_id, order_id=None, what=what, expected=expected, found=found)


def against_lot(order: OrderFacts, lot: Lot | None) -> Difference | None:
    """Return how an order's lot differs from what the order says it should be, or None.

    An order that was never paid has no lot.
    """
    if not order.changes:
        return None
    last = order.changes[-1]
    expected = {
        "posted": len(order.changes),
        "received": order.release_at is not None,
        "points": last.earned_points,
        "effective_fen": last.effective_fen,
        "restored": last.to_restore,
    }
    found = (
        {}
        if lot is None
        else {
            "posted": lot.posted,
            "received": lot.release_at is not None,
            "points": lot.points,
            "effective_fen": lot.effective_fen,
            "restored": lot.restored,
        }
    )
    if found == expected:
        return None
    return Difference(
        member_id=order.member_id, order_id=order.order_id, what="posting", expected=expected, found=found
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Liability:
    """What the shop owes its members in points; ``available`` by earn year, without expired ones (E5)."""

    wallets: int = 0
    available: Mapping[str, int] = field(default_factory=dict)
    frozen: int = 0
    debt: int = 0

    def plus_wallet(self, wallet: Wallet, policy: Policy, at: datetime) -> "Liability":
        """Return the sum with one more wallet, as it is worth at a moment."""
        return self + Liability(
            wallets=1, available=usable(wallet, policy, at), frozen=wallet.frozen, debt=wallet.debt
        )

    def __add__(self, other: "Liability") -> "Liability":
        return Liability(
            wallets=self.wallets + other.wallets,
            available=plus(self.available, other.available),
            frozen=self.frozen + other.frozen,
            debt=self.debt + other.debt,
        )

    def value_fen(self, policy: Policy) -> int:
        """Return what the available points are worth as cash, rounded down (P7); debt is not netted."""
        return sum(self.available.values()) * FEN_PER_YUAN // policy.points.redeemed_per_yuan
