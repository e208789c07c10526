"""How accounts stand in the members' table: wallet, lots, ledger, and the keys of the indexes of due work."""

from typing import Any

from functions.domain import calendar, identifiers
from functions.platform.dynamo import Row
from functions.points.ledger import Entry, EntryKind, Wallet
from functions.points.posting import Lot, LotState
from functions.tiers.members import key

WALLET = "WALLET"
LOT = "LOT#"
ENTRY = "ENTRY#"
NOTICE = "NOTICE#EXPIRING#"
ADJUSTMENT = "ADJUSTMENT"
ADJUSTED_BY = "adjustment:"
"""How the partition of a spent adjustment id begins; no member id does."""
LOTS_BY_RELEASE = "lots_by_release"
WALLETS_BY_YEAR = "wallets_by_year"
LOT_SHARDS = 8
WALLET_SHARDS = 16
"""Partitions of each index of due work: a task works one off, and no single one takes all writes."""
_NUMBER_DIGITS = 10
_ENTRY_KEYS = frozenset({"member_id", "item", "kind", "occurred_at"})


def shard(member_id: str, shards: int) -> str:
    """Return the partition of a member's due work, which is the same for all of it."""
    return shard_name(identifiers.shard(member_id, shards))


def shard_name(number: int) -> str:
    """Return the name of a partition of due work; index keys are text."""
    return f"{number:03}"


def adjustment_key(adjustment_id: str) -> dict[str, str]:
    """Return the key of the row that an adjustment id is spent on: adjustment ids are global (R1)."""
    return key(ADJUSTED_BY + adjustment_id, ADJUSTMENT)


def wallet_of(row: Row) -> Wallet:
    """Read a wallet from its row."""
    return Wallet(
        version=row["version"],
        entries=row["entries"],
        frozen=row["frozen"],
        available=row["available"],
        debt=row["debt"],
        expired=row["expired"],
        expired_at={year: calendar.from_row(moment) for year, moment in row["expired_at"].items()},
    )


def wallet_row(member_id: str, wallet: Wallet) -> Row:
    """Write a wallet as its row; the index has it by the oldest year of which it holds points."""
    row: Row = {
        **key(member_id, WALLET),
        "version": wallet.version,
        "entries": wallet.entries,
        "frozen": wallet.frozen,
        "available": dict(wallet.available),
        "debt": wallet.debt,
        "expired": dict(wallet.expired),
        "expired_at": {year: calendar.to_row(moment) for year, moment in wallet.expired_at.items()},
    }
    if wallet.available:
        row |= {"wallet_shard": shard(member_id, WALLET_SHARDS), "oldest_year": min(wallet.available)}
    return row


def lot_of(row: Row) -> Lot:
    """Read a lot from its row."""
    release_at = row.get("release_at")
    return Lot(
        order_id=row["order_id"],
        year=row["year"],
        points=row["points"],
        effective_fen=row["effective_fen"],
        restored=row["restored"],
        posted=row["posted"],
        state=LotState(row["state"]),
        release_at=None if release_at is None else calendar.from_row(release_at),
        version=row["version"],
    )


def lot_row(member_id: str, lot: Lot) -> Row:
    """Write a lot as its row; the index has it by its release while there is something to release."""
    row: Row = {
        **key(member_id, LOT + lot.order_id),
        "order_id": lot.order_id,
        "year": lot.year,
        "points": lot.points,
        "effective_fen": lot.effective_fen,
        "restored": lot.restored,
        "posted": lot.posted,
        "state": lot.state.value,
        "version": lot.version,
    }
    if lot.release_at is not None:
        row["release_at"] = calendar.to_row(lot.release_at)
    if lot.due_at is not None:
        row["lot_shard"] = shard(member_id, LOT_SHARDS)
    return row


def entry_of(row: Row) -> Entry:
    """Read a ledger entry from its row."""
    fields: dict[str, Any] = {name: value for name, value in row.items() if name not in _ENTRY_KEYS}
    return Entry(kind=EntryKind(row["kind"]), occurred_at=calendar.from_row(row["occurred_at"]), **fields)


def entry_row(member_id: str, entry: Entry) -> Row:
    """Write a ledger entry as its row; entries of the same second stand in posting order."""
    occurred_at = calendar.to_row(entry.occurred_at)
    return {
        **key(member_id, f"{ENTRY}{occurred_at}#{entry.number:0{_NUMBER_DIGITS}}"),
        "number": entry.number,
        "kind": entry.kind.value,
        "occurred_at": occurred_at,
        "order_id": entry.order_id,
        "frozen_delta": entry.frozen_delta,
        "available_delta": dict(entry.available_delta),
        "debt_delta": entry.debt_delta,
        "frozen": entry.frozen,
        "available": dict(entry.available),
        "debt": entry.debt,
        "reason": entry.reason,
        "lapsed_points": entry.lapsed_points,
        "adjustment_id": entry.adjustment_id,
        "operator": entry.operator,
    }
