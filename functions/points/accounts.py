"""Where accounts live: wallet, lots and ledger entries, written together with the standing they go with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from functions.domain import calendar
from functions.domain.errors import ConflictError, InvalidError, MalformedError
from functions.domain.policy import Policy
from functions.platform.changes import changed
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction, until_clear
from functions.platform.lanes import each
from functions.platform.observability import logger
from functions.points import ledger, posting
from functions.points.account_rows import (
    ENTRY,
    LOT,
    LOTS_BY_RELEASE,
    NOTICE,
    WALLET,
    WALLETS_BY_YEAR,
    adjustment_key,
    entry_of,
    entry_row,
    lot_of,
    lot_row,
    shard_name,
    wallet_of,
    wallet_row,
)
from functions.points.ledger import Adjustment, Entry, EntryKind, NotEnoughPointsError, Wallet
from functions.points.posting import (
    CHANGES_PER_POSTING_MAX,
    Account,
    Lot,
    OrderChange,
    OrderFacts,
    Posting,
    change_item,
    post,
)
from functions.tiers.members import (
    STANDING,
    MemberStanding,
    key,
    member_standing_of,
    no_member,
    put_standing,
    registered_standing_of,
    tier_change_row,
)

ORDER = "ORDER"
"""The row of an order in the orders' table, which a release reads."""


ENTRIES_PAGE_ROWS = 500
ROWS_TOGETHER_MAX = 32
"""Rows of a transaction that postings of several members share: DynamoDB would take 100, but the more members
share one, the more often one of them is met by somebody else meanwhile, and all have to be written apart."""
_LAST = "~"
"""Comes after every moment of a row."""


class AccountMissingError(Exception):
    """An order names a member who has no account: no order can be placed before registration."""


class ChangeMissingError(Exception):
    """A change of an order is in no row: each is written with the change that made it leave the order's."""


def opening_row(member_id: str) -> Row:
    """Return the row of a new member's empty wallet."""
    return wallet_row(member_id, Wallet())


def put_wallet(
    transaction: Transaction,
    table: str,
    member_id: str,
    *,
    before: Wallet,
    after: Wallet,
    entries: Sequence[Entry],
) -> None:
    """Add to a transaction that a wallet moves, with the entries that say why (E9).

    Nothing of an account changes without its wallet, which therefore says of all of it when that was (Z3).
    """
    after = replace(after, version=before.version + 1)
    row = wallet_row(member_id, after) | changed(member_id, transaction.at)
    transaction.put_version(table, row, replaces=before.version)
    for entry in entries:
        transaction.put_new(table, entry_row(member_id, entry))


@dataclass(frozen=True, slots=True)
class Accounts:
    """The members' wallets, lots and ledgers, and the orders that they follow."""

    tables: Tables
    table: str
    orders_table: str

    def wallet(self, member_id: str) -> Wallet | None:
        """Return a member's wallet as stored, or None before registration."""
        row = self.tables.get(self.table, key(member_id, WALLET))
        return None if row is None else wallet_of(row)

    def wallet_rows(self, member_ids: Sequence[str], deadline: Deadline) -> list[Row | None]:
        """Return the rows of wallets, in the order asked for."""
        return self.tables.batch_get([(self.table, key(each, WALLET)) for each in member_ids], deadline)

    def entries(
        self,
        member_id: str,
        *,
        limit: int,
        after: str | None,
        kind: EntryKind | None = None,
        since: datetime | None = None,
        before: datetime | None = None,
    ) -> tuple[list[Entry], str | None]:
        """Return a page of a member's ledger, newest first, and the position to go on after.

        Entries of the same second stand in posting order, the last first.

        Parameters
        ----------
        kind
            Which entries are wanted, if not all: a page may then have fewer than ``limit`` and still go on.
        since, before
            From which moment on, and before which.

        Raises
        ------
        MalformedError
            ``invalid_cursor``: the position is not between the two moments.
        """
        lowest = ENTRY if since is None else ENTRY + calendar.to_row(since)
        highest = ENTRY + (_LAST if before is None else calendar.to_row(before))
        if after is not None and not lowest <= ENTRY + after <= highest:
            raise MalformedError("invalid_cursor", "The cursor is not one of this list and these moments.")
        if lowest > highest:
            return [], None
        rows, last = self.tables.query_where(
            self.table,
            partition=("member_id", member_id),
            between=("item", lowest, highest),
            where={} if kind is None else {"kind": kind.value},
            limit=limit,
            after=None if after is None else key(member_id, ENTRY + after),
        )
        position = None if last is None else str(last["item"]).removeprefix(ENTRY)
        return [entry_of(row) for row in rows], position

    def posting_reads(self, member_id: str, order_ids: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
        """Return the keys that :meth:`post` decides on: wallet, standing, and the lot of each order."""
        items = (WALLET, STANDING, *(LOT + order_id for order_id in order_ids))
        return [(self.table, key(member_id, item)) for item in items]

    def post(
        self,
        order: OrderFacts,
        policy: Policy,
        deadline: Deadline,
        *,
        known: "KnownAccount | None" = None,
    ) -> list[Posting]:
        """Bring a member's account up to an order; return what was posted for that.

        Lot, wallet, entries, standing and tier history are written together, conditioned on the wallet's
        version: points and tier never disagree, and postings of one member follow one another.

        Parameters
        ----------
        known
            What is known of the member's account; it is tried first, and knows afterwards what was written.

        Raises
        ------
        AccountMissingError
            The member has no account.
        ConflictError
            ``conflict``: the account was being changed at every try.
        """
        if not order.changes:
            return []
        keys = self.posting_reads(order.member_id, [order.order_id])
        known = known or KnownAccount()

        def attempt() -> Posting | None:
            account, held = known.take(order.order_id) or _account(
                order.order_id, self.tables.batch_get(keys, deadline)
            )
            made = post(account, self._with_unseen(order, account.lot, deadline), policy)
            if made is not None:
                transaction = self.tables.transaction()
                held = self._add(transaction, order.member_id, account, held, made, policy)
                transaction.commit(deadline)
                account = _after(made)
            known.put(order.order_id, account, held)
            return made

        postings: list[Posting] = []
        while (made := until_clear(attempt, deadline)) is not None:
            postings.append(made)
            if not made.lot.lacks(order):
                break  # what was written says so: nothing to read again
        return postings

    def post_together(
        self, orders: Sequence[tuple[OrderFacts, "KnownAccount"]], policy: Policy, deadline: Deadline
    ) -> list[OrderFacts]:
        """Post orders of different members, several in one transaction; return those that were posted.

        It spares calls and decides nothing: an order that was not posted, because there is nothing to post,
        its changes are not all here, or its transaction was not written, is left to :meth:`post`, which tells
        by the versions what came of it. Nothing is known for certain of those, and nothing is put down.
        """
        steps: list[_Step] = []
        for order, known in orders:
            found = known.seen(order.order_id)
            if found is None or order.since(0 if found[0].lot is None else found[0].lot.posted) is None:
                continue
            made = post(found[0], order, policy)
            if made is not None:
                steps.append(_Step(order, known, *found, made))
        posted: list[OrderFacts] = []

        def write(some: list[_Step]) -> None:
            transaction = self.tables.transaction()
            written = [
                self._add(transaction, step.order.member_id, step.account, step.held, step.made, policy)
                for step in some
            ]
            try:
                transaction.commit(deadline, sends_max=1)
            except Exception:  # whatever it was, each meets it again by itself, and says so
                logger.info("posted apart", exc_info=True)
                return
            for step, held in zip(some, written, strict=True):
                step.known.put(step.order.order_id, _after(step.made), held)
                posted.append(step.order)

        each(_shared(steps), write)
        return posted

    def _with_unseen(self, order: OrderFacts, lot: Lot | None, deadline: Deadline) -> OrderFacts:
        """Return the order with the changes that its lot lacks, where its own row keeps them no longer.

        An account is seldom so far behind: then they are in rows of their own.
        """
        seen = 0 if lot is None else lot.posted
        if order.since(seen) is not None:
            return order
        numbers = range(seen, min(order.earlier, seen + CHANGES_PER_POSTING_MAX))
        keys = [{"order_id": order.order_id, "item": change_item(number)} for number in numbers]
        rows = self.tables.batch_get([(self.orders_table, each) for each in keys], deadline)
        if None in rows:
            raise ChangeMissingError(order.order_id)
        changes = [
            OrderChange.from_row({name: value for name, value in row.items() if name not in keys[0]})
            for row in rows
            if row is not None
        ]
        return order.with_changes(seen, changes)

    def lots_due(self, shard: int, *, at: datetime, limit: int, after: Row | None) -> tuple[list[Row], bool]:
        """Return a page of one shard's lots whose release is due, the longest due first.

        The rows hold ``member_id`` and ``item``. They are those of the index, which may be behind: whether a
        lot is due is decided on its own row.
        """
        return self.tables.query_index(
            self.table,
            LOTS_BY_RELEASE,
            partition=("lot_shard", shard_name(shard)),
            up_to=("release_at", calendar.to_row(at)),
            limit=limit,
            after=after,
        )

    def wallets_due(self, shard: int, *, year: int, limit: int, after: Row | None) -> tuple[list[Row], bool]:
        """Return a page of one shard's wallets with points of a year or an older one, as indexed."""
        return self.tables.query_index(
            self.table,
            WALLETS_BY_YEAR,
            partition=("wallet_shard", shard_name(shard)),
            up_to=("oldest_year", str(year)),
            limit=limit,
            after=after,
        )

    def release_reads(self, member_id: str, order_ids: Iterable[str]) -> list[tuple[str, dict[str, str]]]:
        """Return the keys that :meth:`release` decides on: wallet, then each lot and its order."""
        keys = [(self.table, key(member_id, WALLET))]
        for order_id in order_ids:
            keys.append((self.table, key(member_id, LOT + order_id)))
            keys.append((self.orders_table, {"order_id": order_id, "item": ORDER}))
        return keys

    def release(
        self,
        member_id: str,
        order_ids: Sequence[str],
        *,
        at: datetime,
        policy: Policy,
        deadline: Deadline,
        read: Sequence[Row | None] | None = None,
    ) -> list[Entry]:
        """Release those of a member's lots that are due at a moment, in one transaction; return its entries.

        Each lot's order is read with it: what the account has not seen of it yet is posted first, so that a
        release never overtakes a return (R2).

        Parameters
        ----------
        order_ids
            Of the lots; at most :data:`LOTS_PER_RELEASE_MAX`.
        read
            The rows of :meth:`release_reads` as read before; they are tried first.
        """
        keys, first = self.release_reads(member_id, order_ids), read

        def attempt() -> list[Entry]:
            nonlocal first
            rows = self.tables.batch_get(keys, deadline) if first is None else first
            first = None
            wallet, lots = rows[0], [None if row is None else lot_of(row) for row in rows[1::2]]
            if wallet is None:
                raise AccountMissingError(member_id)
            for lot, order in zip(lots, rows[2::2], strict=True):
                facts = None if order is None else OrderFacts.from_row(order)
                if lot is not None and facts is not None and lot.lacks(facts):
                    self.post(facts, policy, deadline)
                    return attempt()
            before = wallet_of(wallet)
            made = posting.release(before, [lot for lot in lots if lot is not None], at=at, policy=policy)
            if made is None:
                return []
            transaction = self.tables.transaction()
            put_wallet(
                transaction, self.table, member_id, before=before, after=made.wallet, entries=made.entries
            )
            for lot in made.lots:
                self._put_lot(transaction, member_id, lot)
            transaction.commit(deadline)
            return list(made.entries)

        return until_clear(attempt, deadline)

    def expire(
        self,
        member_id: str,
        *,
        at: datetime,
        policy: Policy,
        deadline: Deadline,
        read: Row | None = None,
    ) -> list[Entry]:
        """Write off what has expired of a member's points by a moment (E5); return the entries.

        ``read`` is the wallet's row as read before, which is tried first.
        """
        first = None if read is None else wallet_of(read)

        def attempt() -> list[Entry]:
            nonlocal first
            wallet, first = first or self.wallet(member_id), None
            if wallet is None:
                raise AccountMissingError(member_id)
            after, entries = ledger.expire(wallet, at=at, policy=policy)
            if entries:
                transaction = self.tables.transaction()
                put_wallet(transaction, self.table, member_id, before=wallet, after=after, entries=entries)
                transaction.commit(deadline)
            return entries

        return until_clear(attempt, deadline)

    def told_of(self, year: int, member_ids: Sequence[str], deadline: Deadline) -> set[str]:
        """Return which of these members have been told already what of a year will expire."""
        keys = [(self.table, key(each, f"{NOTICE}{year}")) for each in member_ids]
        return {row["member_id"] for row in self.tables.batch_get(keys, deadline) if row is not None}

    def announce(self, member_id: str, wallet: Wallet, *, year: int, at: datetime, policy: Policy) -> bool:
        """Put down, once, that a member is told how many points of a year will expire (E10); return whether.

        The row is what the event follows from, so that a job that runs again tells nobody twice.
        """
        points = ledger.usable(wallet, policy, at).get(str(year), 0)
        return bool(points) and self.tables.put_new(
            self.table,
            {
                **key(member_id, f"{NOTICE}{year}"),
                "year": year,
                "points": points,
                "expires_at": calendar.to_row(calendar.last_second_before(ledger.expiry(policy, str(year)))),
                "announced_at": calendar.to_row(at),
            },
        )

    def adjust(
        self, member_id: str, adjustment: Adjustment, *, at: datetime, policy: Policy, deadline: Deadline
    ) -> Wallet:
        """Credit or debit points by hand, once per adjustment id, for ever (E8, R1); return the wallet.

        Raises
        ------
        InvalidError
            ``adjustment_id_reused``: the id was used with other contents, or for another member.
        NotFoundError
            ``member_not_found``.
        ConflictError
            ``insufficient_points``: there are not that many to debit.
        """
        return until_clear(lambda: self._try_to_adjust(member_id, adjustment, at, policy, deadline), deadline)

    def _try_to_adjust(
        self, member_id: str, adjustment: Adjustment, at: datetime, policy: Policy, deadline: Deadline
    ) -> Wallet:
        spent_key = adjustment_key(adjustment.adjustment_id)
        spent, row, standing = self.tables.batch_get(
            [
                (self.table, spent_key),
                (self.table, key(member_id, WALLET)),
                (self.table, key(member_id, STANDING)),
            ],
            deadline,
        )
        if spent is not None:
            return self._adjusted(member_id, adjustment, spent)
        if row is None or registered_standing_of(standing) is None:
            raise no_member()
        before = wallet_of(row)
        try:
            after, entry = ledger.adjust(before, adjustment, occurred_at=at, policy=policy)
        except NotEnoughPointsError as error:
            # A batch is no snapshot: the wallet may be from after this very adjustment.
            spent = self.tables.get(self.table, spent_key)
            if spent is not None:
                return self._adjusted(member_id, adjustment, spent)
            raise ConflictError(
                "insufficient_points", "The member does not hold that many points."
            ) from error
        transaction = self.tables.transaction()
        transaction.put_new(
            self.table,
            {
                **spent_key,
                "adjusted_member_id": member_id,
                "points": adjustment.points,
                "reason": adjustment.reason,
                "operator": adjustment.operator,
                "adjusted_at": calendar.to_row(at),
            },
        )
        put_wallet(transaction, self.table, member_id, before=before, after=after, entries=[entry])
        transaction.require(self.table, key(member_id, STANDING), condition="attribute_not_exists(#erased)")
        transaction.commit(deadline)
        return after

    def forget_reasons(self, member_id: str) -> None:
        """Take out why staff adjusted an erased member's points: they may have written there who it was.

        That, when and by how many points stays.
        """
        entries = self.tables.query_all(
            self.table, partition=("member_id", member_id), prefix=("item", ENTRY), page=ENTRIES_PAGE_ROWS
        )
        for row in entries:
            if row["reason"] is None:
                continue
            spent = self.tables.get(self.table, adjustment_key(row["adjustment_id"]))
            for told in (spent, row):  # the entry last, because by it the other one is found
                if told is not None:
                    self.tables.put(self.table, {**told, "reason": None})

    def _adjusted(self, member_id: str, adjustment: Adjustment, spent: Row) -> Wallet:
        contents = (spent["adjusted_member_id"], spent["points"])
        forgotten = spent["reason"] is None
        if contents != (member_id, adjustment.points) or not (
            forgotten or spent["reason"] == adjustment.reason
        ):
            raise InvalidError("adjustment_id_reused", "The adjustment id was used with other contents.")
        wallet = self.wallet(member_id)
        if wallet is None:
            raise AccountMissingError(member_id)
        return wallet

    def _add(
        self,
        transaction: Transaction,
        member_id: str,
        account: Account,
        held: MemberStanding,
        made: Posting,
        policy: Policy,
    ) -> MemberStanding:
        """Add a posting to a transaction; return the standing after it with what stands beside it."""
        put_wallet(
            transaction,
            self.table,
            member_id,
            before=account.wallet,
            after=made.wallet,
            entries=made.entries,
        )
        self._put_lot(transaction, member_id, made.lot)
        for number, change in enumerate(made.tier_changes):
            transaction.put_new(self.table, tier_change_row(member_id, change, made.wallet.version, number))
        if made.standing != account.standing or made.tier_changes:
            after = replace(held, standing=made.standing, policy_version=policy.version)
            put_standing(transaction, self.table, member_id, before=held, after=after)
            held = replace(after, version=held.version + 1)
        return held

    def _put_lot(self, transaction: Transaction, member_id: str, lot: Lot) -> None:
        """Add that a lot changes; its versions follow one another."""
        transaction.put_version(self.table, lot_row(member_id, lot), replaces=lot.version - 1)


@dataclass(slots=True)
class KnownAccount:
    """A member's account as it was read, or as a posting has written it since; of its lots those asked for.

    What is taken out is put back by who has found it whole: whatever went wrong meanwhile, nothing is known
    then, and the next one reads. What is known may be behind all the same, so that it only ever decides what
    is written under its versions, or that there is nothing to write: a lot never sees less of its order.
    """

    _wallet: Wallet | None = None
    _standing: MemberStanding | None = None
    _lots: dict[str, Lot | None] = field(default_factory=dict)

    @classmethod
    def of(cls, order_ids: Sequence[str], rows: Sequence[Row | None]) -> "KnownAccount":
        """Return what the rows of :meth:`Accounts.posting_reads` say.

        Raises
        ------
        AccountMissingError
            The member has no account.
        """
        known = cls()
        wallet, standing, *lots = rows
        for order_id, lot in zip(order_ids, lots, strict=True):
            known.put(order_id, *_account(order_id, (wallet, standing, lot)))
        return known

    def take(self, order_id: str) -> tuple[Account, MemberStanding] | None:
        """Take out what is known as far as an order concerns it; None if something of that is not known."""
        found = self.seen(order_id)
        self._wallet = self._standing = None
        self._lots.pop(order_id, None)
        return found

    def seen(self, order_id: str) -> tuple[Account, MemberStanding] | None:
        """Return what :meth:`take` would take out."""
        if self._wallet is None or self._standing is None or order_id not in self._lots:
            return None
        lot = self._lots[order_id]
        return Account(wallet=self._wallet, standing=self._standing.standing, lot=lot), self._standing

    def lacks(self, order: OrderFacts) -> bool:
        """Tell whether the account has yet to see something of an order, as far as is known."""
        found = self.seen(order.order_id)
        return found is None or found[0].lot is None or found[0].lot.lacks(order)

    def put(self, order_id: str, account: Account, held: MemberStanding) -> None:
        """Put down what an account is, as far as an order concerns it."""
        self._wallet, self._standing = account.wallet, held
        self._lots[order_id] = account.lot


@dataclass(frozen=True, slots=True)
class _Step:
    """A posting that is about to be written, and what it follows from."""

    order: OrderFacts
    known: KnownAccount
    account: Account
    held: MemberStanding
    made: Posting

    @property
    def rows(self) -> int:
        """How many rows it writes at most: wallet, lot, standing, entries and tier changes."""
        return 3 + len(self.made.entries) + len(self.made.tier_changes)


def _shared(steps: Sequence[_Step]) -> list[list[_Step]]:
    """Return postings by the transaction that they share, each of so many rows."""
    shared: list[list[_Step]] = []
    rows = ROWS_TOGETHER_MAX
    for step in steps:
        rows += step.rows
        if rows > ROWS_TOGETHER_MAX:
            shared.append([])
            rows = step.rows
        shared[-1].append(step)
    return shared


def _after(made: Posting) -> Account:
    return Account(wallet=made.wallet, standing=made.standing, lot=made.lot)


def _account(order_id: str, rows: Sequence[Row | None]) -> tuple[Account, MemberStanding]:
    wallet, standing, lot = rows
    if wallet is None or standing is None:
        raise AccountMissingError(order_id)
    held = member_standing_of(standing)
    account = Account(
        wallet=wallet_of(wallet),
        standing=held.standing,
        lot=None if lot is None else lot_of(lot),
    )
    return account, held
