"""Where accounts live: wallet, lots and ledger entries, written together with the standing they go with."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from functions.domain import calendar
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.points.ledger import Entry, EntryKind, Wallet
from functions.points.posting import Account, Lot, OrderChange, Posting, TierChange, post
from functions.tiers.members import STANDING, TIER_CHANGE, key, standing_of

WALLET = "WALLET"
LOT = "LOT#"
ENTRY = "ENTRY#"
_NUMBER_DIGITS = 10


class AccountMissingError(Exception):
    """An order names a member who has no account: no order can be placed before registration."""


def opening_row(member_id: str) -> Row:
    """Return the row of a new member's empty wallet."""
    return _wallet_row(member_id, Wallet())


def put_wallet(
    transaction: Transaction,
    table: str,
    member_id: str,
    *,
    before: Wallet,
    after: Wallet,
    entries: Sequence[Entry],
) -> None:
    """Add to a transaction that a wallet moves, with the entries that say why (E9)."""
    after = replace(after, version=before.version + 1)
    transaction.put_version(table, _wallet_row(member_id, after), replaces=before.version)
    for entry in entries:
        transaction.put_new(table, _entry_row(member_id, entry))


@dataclass(frozen=True, slots=True)
class Accounts:
    """The members' wallets, lots and ledgers."""

    tables: Tables
    table: str

    def wallet(self, member_id: str) -> Wallet | None:
        """Return a member's wallet as stored, or None before registration."""
        row = self.tables.get(self.table, key(member_id, WALLET))
        return None if row is None else wallet_of(row)

    def entries(self, member_id: str, *, limit: int, after: str | None) -> tuple[list[Entry], str | None]:
        """Return a page of a member's ledger, newest first, and the position to go on after.

        Entries of the same second stand in posting order, the last first.
        """
        rows, more = self.tables.query(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", ENTRY),
            limit=limit,
            after=None if after is None else key(member_id, ENTRY + after),
        )
        position = str(rows[-1]["item"]).removeprefix(ENTRY) if more else None
        return [_entry_of(row) for row in rows], position

    def post(
        self,
        *,
        member_id: str,
        order_id: str,
        changes: Sequence[OrderChange],
        redeemed_by_year: Mapping[str, int],
        policy: Policy,
        deadline: Deadline,
    ) -> list[Posting]:
        """Bring a member's account up to an order's changes; return what was posted for that.

        Lot, wallet, entries, standing and tier history are written together, conditioned on the wallet's
        version: points and tier never disagree, and postings of one member follow one another.

        Raises
        ------
        AccountMissingError
            The member has no account.
        ConflictError
            ``conflict``: the account was being changed at every try.
        """
        if not changes:
            return []

        def attempt() -> Posting | None:
            account = self._account(member_id, order_id, deadline)
            posting = post(
                account,
                order_id=order_id,
                changes=changes,
                redeemed_by_year=redeemed_by_year,
                policy=policy,
            )
            if posting is not None:
                self._write(member_id, account, posting, deadline)
            return posting

        postings: list[Posting] = []
        while (posting := until_clear(attempt, deadline)) is not None:
            postings.append(posting)
        return postings

    def _account(self, member_id: str, order_id: str, deadline: Deadline) -> Account:
        wallet, standing, lot = self.tables.batch_get(
            [(self.table, key(member_id, item)) for item in (WALLET, STANDING, LOT + order_id)], deadline
        )
        if wallet is None or standing is None:
            raise AccountMissingError(order_id)
        return Account(
            wallet=wallet_of(wallet),
            standing=standing_of(standing),
            lot=None if lot is None else _lot_of(lot),
        )

    def _write(self, member_id: str, account: Account, posting: Posting, deadline: Deadline) -> None:
        transaction = self.tables.transaction()
        put_wallet(
            transaction,
            self.table,
            member_id,
            before=account.wallet,
            after=posting.wallet,
            entries=posting.entries,
        )
        transaction.put_version(
            self.table,
            _lot_row(member_id, posting.lot),
            replaces=0 if account.lot is None else account.lot.version,
        )
        for number, change in enumerate(posting.tier_changes):
            transaction.put_new(
                self.table, _tier_change_row(member_id, change, posting.wallet.version, number)
            )
        if posting.standing != account.standing:
            transaction.update(
                self.table,
                key(member_id, STANDING),
                expression="SET #tier = :tier, #ever_paid = :paid, #effective_fen = :fen",
                condition="#effective_fen = :before",
                values={
                    ":tier": posting.standing.tier,
                    ":paid": posting.standing.ever_paid,
                    ":fen": posting.standing.effective_fen,
                    ":before": account.standing.effective_fen,
                },
            )
        transaction.commit(deadline)


def wallet_of(row: Row) -> Wallet:
    """Read a wallet from its row."""
    return Wallet(
        version=row["version"],
        entries=row["entries"],
        frozen=row["frozen"],
        available=row["available"],
        debt=row["debt"],
    )


def _wallet_row(member_id: str, wallet: Wallet) -> Row:
    return {
        **key(member_id, WALLET),
        "version": wallet.version,
        "entries": wallet.entries,
        "frozen": wallet.frozen,
        "available": dict(wallet.available),
        "debt": wallet.debt,
    }


def _lot_of(row: Row) -> Lot:
    return Lot(
        order_id=row["order_id"],
        year=row["year"],
        points=row["points"],
        effective_fen=row["effective_fen"],
        restored=row["restored"],
        posted=row["posted"],
        version=row["version"],
    )


def _lot_row(member_id: str, lot: Lot) -> Row:
    return {
        **key(member_id, LOT + lot.order_id),
        "order_id": lot.order_id,
        "year": lot.year,
        "points": lot.points,
        "effective_fen": lot.effective_fen,
        "restored": lot.restored,
        "posted": lot.posted,
        "version": lot.version,
    }


def _entry_of(row: Row) -> Entry:
    fields: dict[str, Any] = {
        name: value for name, value in row.items() if name not in ("member_id", "item", "kind", "occurred_at")
    }
    return Entry(kind=EntryKind(row["kind"]), occurred_at=calendar.from_row(row["occurred_at"]), **fields)


def _entry_row(member_id: str, entry: Entry) -> Row:
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
    }


def _tier_change_row(member_id: str, change: TierChange, posting: int, number: int) -> Row:
    changed_at = calendar.to_row(change.changed_at)
    order = f"{posting:0{_NUMBER_DIGITS}}#{number:0{_NUMBER_DIGITS}}"
    return {
        **key(member_id, f"{TIER_CHANGE}{changed_at}#{order}"),
        "changed_at": changed_at,
        "before": change.before,
        "after": change.after,
        "effective_fen": change.effective_fen,
        "order_id": change.order_id,
    }
