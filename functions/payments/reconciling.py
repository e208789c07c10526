"""Comparing what providers' statements say with what we have (Y8).

A day is worked through in passes over one version of its statement: every line and the totals are *checked*,
and only then is each line *compared*. Once the statement of the day after has been compared, too, it is
*settled* what we have of the day and no statement from D-1 to D+1 does. Each pass goes on from a cursor, and
writes rows whose keys follow from the version: whatever is done twice is there once.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import Any

from functions.domain.records import read_as
from functions.orders.rows import payment_key
from functions.payments import metrics
from functions.payments.asking import SenderOf
from functions.payments.book import PaymentBook
from functions.payments.differences import (
    DAY_SHARDS,
    SINCE,
    Difference,
    DifferenceKind,
    Side,
    Statement,
    StatementState,
    day_of,
    days_of,
    difference_row,
    differences_partition,
    had_partition,
    settled_by,
    stated_key,
    stated_row,
    statement_key,
    statement_of,
    statement_row,
)
from functions.payments.hearing import hear
from functions.payments.providers.provider import CNY, Notice, NotThere, UnansweredError
from functions.payments.providers.provider import Kind as NoticeKind
from functions.payments.providers.reading import BEIJING
from functions.payments.rows import unassigned_key
from functions.payments.statements.forms import FORMS
from functions.payments.statements.shelf import Shelf
from functions.payments.statements.statement import (
    FEE_PARTS,
    DamagedError,
    Entry,
    Line,
    Says,
    Standing,
    read,
)
from functions.platform.deadline import Deadline
from functions.platform.dynamo import HIGHEST, LOWEST, Row, above, until_clear
from functions.platform.observability import logger
from functions.refunds.refund import Sent, transfer_of_number
from functions.refunds.rows import transfer_key, transfer_of

DAYS_BACK = 7
"""Days whose statements a run looks after: one that was missed, or came late, is caught up with."""
NONE_BY = time(18, 0)
"""A statement that is not there by then, on the day after its own, is a difference itself (Y8)."""
PAGE_LINES = 33
"""Lines that are compared at once: each may have to be noted, and told of twice, in one transaction."""
CHECKED_AT_ONCE = 2_000
"""Lines that are checked between two looks at the clock."""
PAGE_HAD = 33
PAGE_SECONDS = 10.0
"""What must be left of a deadline before a page is begun: one that is begun comes to its end."""
COUNTED_AT_ONCE = 250
_DAY = timedelta(days=1)


class Pass(StrEnum):
    """What is done with a day."""

    CHECK = "check"
    COMPARE = "compare"
    SETTLE = "settle"


@dataclass(slots=True, kw_only=True)
class Cursor:
    """Where the work on a provider's days goes on; plain values, so that another worker can."""

    day: date
    doing: Pass | None = None
    """None where the day is not begun."""
    version_id: str = ""
    standing: Standing = field(default_factory=Standing)
    shard: int = 0
    after: str | None = None

    def to_row(self) -> Row:
        """Write it as plain values."""
        return {
            "day": self.day.isoformat(),
            "doing": None if self.doing is None else self.doing.value,
            "version_id": self.version_id,
            "standing": self.standing.to_row(),
            "shard": self.shard,
            "after": self.after,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Cursor":
        """Read what :meth:`to_row` wrote."""
        return cls(
            day=date.fromisoformat(row["day"]),
            doing=read_as(Pass, row["doing"]),
            version_id=row["version_id"],
            standing=Standing.from_row(row["standing"]),
            shard=row["shard"],
            after=row["after"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciling:
    """Compares the statements of providers with what we have."""

    book: PaymentBook
    sender_of: SenderOf
    shelf: Shelf
    on: tuple[str, ...]
    """The providers that are on."""

    def work(self, provider: str, after: Row | None, *, now: datetime, deadline: Deadline) -> Row | None:
        """Work on a provider's last days, the oldest first; return where to go on, or None at the end.

        Raises
        ------
        TryAgainError
            Something could not be written, or had. Worked on again from the same place it has one effect.
        """
        if provider not in self.on:
            return None
        yesterday = day_of(now) - _DAY
        first = max(self._since(provider, yesterday), yesterday - DAYS_BACK * _DAY + _DAY)
        cursor = Cursor(day=first) if after is None else Cursor.from_row(after)
        while cursor.day <= yesterday:
            if not deadline.seconds_left() or not self._day(provider, cursor, first, now, deadline):
                return cursor.to_row()
            cursor = Cursor(day=cursor.day + _DAY)
        return None

    def _since(self, provider: str, yesterday: date) -> date:
        """Return from which day on statements are compared: the day before the first run's."""
        key = {"subject": f"statement:{provider}", "item": SINCE}
        row = self.book.tables.get(self.book.table, key)
        if row is None:
            self.book.tables.put_new(self.book.table, {**key, "day": yesterday.isoformat()})
            return yesterday
        return date.fromisoformat(row["day"])

    def _day(self, provider: str, cursor: Cursor, first: date, now: datetime, deadline: Deadline) -> bool:
        """Go on with a day; return whether it is at its end, or the time is."""
        day = cursor.day
        if cursor.doing is None:
            version_id = self.shelf.newest(provider, day) or self._fetched(provider, day, now)
            if version_id is None:
                return True
            known = self._statement(provider, day)
            is_done = known is not None and known.version_id == version_id
            cursor.doing = Pass.SETTLE if is_done else Pass.CHECK
            cursor.version_id = version_id
        if cursor.doing is Pass.CHECK:
            try:
                if not self._check(provider, cursor, deadline):
                    return False
            except DamagedError as damaged:
                self._write_damaged(provider, cursor, damaged, now)
                return True
            cursor.doing, cursor.standing = Pass.COMPARE, Standing()
        if cursor.doing is Pass.COMPARE:
            if not self._compare(provider, cursor, now, deadline):
                return False
            cursor.doing = Pass.SETTLE
        before = day - _DAY
        return before < first or self._settle(provider, before, cursor, now, deadline)

    def _statement(self, provider: str, day: date) -> Statement | None:
        row = self.book.tables.get(self.book.table, statement_key(provider, day))
        return read_as(statement_of, row)

    # --- where there is none yet ---

    def _fetched(self, provider: str, day: date, now: datetime) -> str | None:
        """Have the provider's own statement put into the bucket; without one, write that there is none."""
        nothing: NotThere = NotThere.YET
        try:
            found = self.sender_of(provider).statement(day)
            if not isinstance(found, NotThere):
                return self.shelf.put(provider, day, found)
            nothing = found
        except UnansweredError as error:
            extra = {"provider": provider, "date": day.isoformat(), "because": str(error)}
            logger.warning("statement was not answered", extra=extra)
        by = datetime.combine(day + _DAY, NONE_BY, BEIJING)
        state = StatementState.WAITING
        if now >= by:
            is_empty = nothing is NotThere.EMPTY and not self._has_any(provider, day)
            state = StatementState.EMPTY if is_empty else StatementState.NONE
        known = self._statement(provider, day)
        if known is None or (known.version_id is None and known.state is not state):
            self._write(Statement(provider=provider, day=day, state=state, at=now))
        return None

    def _has_any(self, provider: str, day: date) -> bool:
        return any(
            self._rows(had_partition(provider, day, shard), after=None, limit=1)[0]
            for shard in range(DAY_SHARDS)
        )

    # --- pass one ---

    def _read(self, provider: str, cursor: Cursor) -> Iterator[Line | None]:
        chunks = self.shelf.read(provider, cursor.day, cursor.version_id, cursor.standing.offset)
        return read(FORMS[provider], chunks, cursor.standing)

    def _check(self, provider: str, cursor: Cursor, deadline: Deadline) -> bool:
        """Check every line and the totals; return whether it is at its end, or the time is.

        Raises
        ------
        DamagedError
            Nothing of the statement may be taken.
        """
        lines = self._read(provider, cursor)
        while sum(1 for _ in islice(lines, CHECKED_AT_ONCE)) == CHECKED_AT_ONCE:
            if not deadline.seconds_left():
                return False
        return True

    def _write_damaged(self, provider: str, cursor: Cursor, damaged: DamagedError, now: datetime) -> None:
        self._write(
            Statement(
                provider=provider,
                day=cursor.day,
                state=StatementState.DAMAGED,
                at=now,
                version_id=cursor.version_id,
                line=damaged.line,
                because=damaged.because.value,
            )
        )

    def _write(self, statement: Statement) -> None:
        """Write how a statement stands; an alarm is told of its differences, rather twice than never."""
        if statement.differences:
            metrics.count(metrics.DIFFERENCES, statement.differences)
            extra = {"provider": statement.provider, "date": statement.day.isoformat()}
            extra |= {"state": statement.state.value, "count": str(statement.differences)}
            logger.warning("payment differences", extra=extra)
        self.book.tables.put(self.book.table, statement_row(statement))

    # --- pass two ---

    def _compare(self, provider: str, cursor: Cursor, now: datetime, deadline: Deadline) -> bool:
        """Compare each line with what we have; return whether it is at its end, or the time is."""
        day, standing = cursor.day, cursor.standing
        neighbours = [day - _DAY, day, day + _DAY]
        versions = self._versions(provider, neighbours, deadline) | {day: cursor.version_id}
        lines = self._read(provider, cursor)
        while True:
            if deadline.seconds_left() < PAGE_SECONDS:
                return False
            page = list(islice(lines, PAGE_LINES))
            if not page:
                break
            told = [each for each in page if each is not None and each.entry is not Entry.APART]
            page_of = _Page(self.book, provider, day, versions, told, deadline)
            page_of.write()
            self._take_in(page_of, now, deadline)
        sums = standing.sums
        self._write(
            Statement(
                provider=provider,
                day=day,
                state=StatementState.COMPARED,
                at=now,
                version_id=cursor.version_id,
                lines=sums.get("lines", 0),
                apart=sums.get("apart", 0),
                foreign=sums.get("foreign", 0),
                payments_fen=sums.get("payments", 0),
                refunds_fen=sums.get("refunds", 0),
                fees_fen=_rounded(sums.get("fees", 0)),
                found=self._count(differences_partition(provider, day, cursor.version_id)),
            )
        )
        return True

    def _count(self, partition: str) -> int:
        """Count the differences that were found, whoever found them: what was taken in is found once."""
        found, after, more = 0, None, True
        while more:
            rows, more = self._rows(partition, after=after, limit=COUNTED_AT_ONCE)
            found += len(rows)
            after = rows[-1]["item"] if rows else None
        return found

    def _rows(self, partition: str, *, after: str | None, limit: int) -> tuple[list[Row], bool]:
        """Return some rows of a partition, and whether more follow."""
        return self.book.tables.query_span(
            self.book.table,
            partition=("subject", partition),
            sort="item",
            span=(LOWEST if after is None else above(after), HIGHEST),
            limit=limit,
        )

    def _versions(self, provider: str, days: Iterable[date], deadline: Deadline) -> dict[date, str]:
        """Return the versions of statements that have been compared: what others have said does not count."""
        wanted = list(dict.fromkeys(days))
        keys = [(self.book.table, statement_key(provider, day)) for day in wanted]
        rows = self.book.tables.batch_get(keys, deadline)
        found = [statement_of(row) for row in rows if row is not None]
        return {each.day: str(each.version_id) for each in found if each.state is StatementState.COMPARED}

    def _take_in(self, page: "_Page", now: datetime, deadline: Deadline) -> None:
        """Take in what is missing here as if its provider had told of it, once it is told as a difference."""
        for notice in page.notices:
            hear(self.book, notice, now=now, deadline=deadline)

    # --- what is missing there ---

    def _settle(self, provider: str, day: date, cursor: Cursor, now: datetime, deadline: Deadline) -> bool:
        """Look for what we have of a day and no statement has; return whether it is at its end, or the time.

        It is settled once the day's own statement and the next one's have been compared, and anew when one of
        the three has been replaced.
        """
        neighbours = [day - _DAY, day, day + _DAY]
        versions = self._versions(provider, neighbours, deadline)
        statement = self._statement(provider, day)
        if statement is None or day not in versions or day + _DAY not in versions:
            return True
        settled = settled_by(*(versions.get(each) for each in neighbours))
        if statement.settled == settled:
            return True
        partition = differences_partition(provider, day, settled)
        while cursor.shard < DAY_SHARDS:
            if deadline.seconds_left() < PAGE_SECONDS:
                return False
            had = had_partition(provider, day, cursor.shard)
            rows, more = self._rows(had, after=cursor.after, limit=PAGE_HAD)
            missing = self._missing_there(provider, day, rows, deadline)
            put_all(self.book, [difference_row(each, partition) for each in missing], deadline)
            cursor.after = rows[-1]["item"] if more else None
            cursor.shard += 0 if more else 1
        self._write(replace(statement, settled=settled, missing_there=self._count(partition), at=now))
        return True

    def _missing_there(
        self, provider: str, day: date, rows: list[Row], deadline: Deadline
    ) -> list[Difference]:
        days = [each for row in rows for each in days_of(row, day)]
        versions = self._versions(provider, days, deadline)
        groups = [
            [
                (
                    self.book.table,
                    stated_key(provider, Entry(row["entry"]), row["number"], each, undone=undone),
                )
                for each in days_of(row, day)
                if each in versions
                for undone in (False, True)
            ]
            for row in rows
        ]
        found = self.book.tables.batch_get_groups(groups, deadline)
        return [
            _missing(provider, row)
            for row, stated in zip(rows, found, strict=True)
            if not any(_counts(each, versions) for each in stated)
        ]


class _Page:
    """Some lines of a statement, with what we and other statements have of them."""

    def __init__(
        self,
        book: PaymentBook,
        provider: str,
        day: date,
        versions: Mapping[date, str],
        lines: list[Line],
        deadline: Deadline,
    ) -> None:
        self._book, self._provider, self._day = book, provider, day
        self._versions, self._lines, self._deadline = versions, lines, deadline
        self.notices: list[Notice] = []
        days = [day - _DAY, day, day + _DAY]
        stated: list[list[tuple[str, Row]]] = [
            [
                (
                    book.table,
                    stated_key(provider, each.entry, _number(each), one, undone=each.says is Says.UNDONE),
                )
                for one in days
                if one in versions
            ]
            for each in lines
        ]
        ours = [_keys_of_ours(book, provider, each) for each in lines]
        found = book.tables.batch_get_groups([*stated, *ours], deadline)
        self._stated, self._ours = found[: len(lines)], found[len(lines) :]

    def write(self) -> None:
        """Write what the lines have said and how they differ, together."""
        partition = differences_partition(self._provider, self._day, self._versions[self._day])
        said: dict[tuple[str, str], Row] = {}
        told: list[Difference] = []
        for line, stated, ours in zip(self._lines, self._stated, self._ours, strict=True):
            row = stated_row(self._provider, line, _number(line), self._day, self._versions[self._day])
            place = (row["subject"], row["item"])
            others = [each for each in (*stated, said.get(place)) if _counts(each, self._versions)]
            doubled = [each for each in others if each is not None and self._is_other(each, line, ours)]
            told += self._differences(line, ours, doubled=bool(doubled))
            before = [each for each in others if each is not None and each["item"] == row["item"]]
            if not any(each["line"] < line.line for each in before):
                said[place] = row
        put_all(
            self._book,
            [*said.values(), *(difference_row(each, partition) for each in told)],
            self._deadline,
        )

    def _is_other(self, stated: Row, line: Line, ours: list[Row | None]) -> bool:
        """Tell whether something was said before by another line: a second one of a transfer counts, too.

        But a transfer that its provider has failed for good is sent anew, as another refund of its number.
        """
        if stated["item"] == self._day.isoformat() and stated["line"] >= line.line:
            return False
        if stated["object_id"] == line.object_id:
            return True
        return not (line.entry is Entry.REFUND and ours and ours[0] is not None and ours[0].get("tries"))

    def _differences(self, line: Line, ours: list[Row | None], *, doubled: bool) -> list[Difference]:
        number = _number(line)
        theirs = Side(amount=line.amount, currency=line.currency, state=line.says.value)
        payment = line.object_id if line.entry is Entry.PAYMENT else line.payment

        def of(kind: DifferenceKind, side: Side | None) -> Difference:
            return Difference(
                kind=kind,
                provider=self._provider,
                entry=line.entry.value,
                payment_id=None if payment is None else f"{self._provider}:{payment}",
                number=number,
                ours=side,
                theirs=theirs,
                line=line.line,
            )

        if doubled:
            return [of(DifferenceKind.DOUBLED, None)]
        side = _side(line, ours)
        if line.entry is Entry.PAYMENT and line.says is Says.DONE and not _was_told(ours):
            self.notices.append(_notice(self._provider, line))
        if side is None:
            return [] if line.says is Says.UNDONE else [of(DifferenceKind.MISSING_HERE, None)]
        found: list[Difference] = []
        if side.amount is not None and (side.amount, side.currency) != (line.amount, line.currency):
            found.append(of(DifferenceKind.AMOUNT, side))
        if line.entry is Entry.REFUND and side.state != line.says.value:
            self.notices.append(_notice(self._provider, line))
        if {side.state, line.says.value} == {Says.DONE.value, Says.UNDONE.value}:
            found.append(of(DifferenceKind.STATE, side))
        return found


def put_all(book: PaymentBook, rows: list[Row], deadline: Deadline) -> None:
    """Put rows that say the same whenever they are written, together."""
    if not rows:
        return

    def attempt() -> None:
        transaction = book.tables.transaction()
        for row in rows:
            transaction.put(book.table, row)
        transaction.commit(deadline)

    until_clear(attempt, deadline)


def _number(line: Line) -> str:
    """Return what a line is matched by: a payment by the provider's number, a transfer by ours."""
    if line.entry is Entry.REFUND and transfer_of_number(line.number) is not None:
        return str(line.number)
    return line.object_id


def _keys_of_ours(book: PaymentBook, provider: str, line: Line) -> list[tuple[str, Row]]:
    if line.entry is Entry.PAYMENT:
        payment_id = f"{provider}:{line.object_id}"
        return [
            (book.table, dict(unassigned_key(payment_id))),
            (book.orders.orders_table, dict(payment_key(payment_id))),
        ]
    place = transfer_of_number(line.number)
    return [] if place is None else [(book.table, dict(transfer_key(*place)))]


def _side(line: Line, ours: list[Row | None]) -> Side | None:
    """Return what we have of a line's payment or refund; money that is no order's is what was told of it."""
    if line.entry is Entry.PAYMENT:
        unassigned, payment = ours
        if unassigned is not None:
            return Side(
                amount=unassigned.get("amount"), currency=unassigned.get("currency"), state=Says.DONE.value
            )
        if payment is None:
            return None
        return Side(amount=payment["amount_fen"], currency=CNY, state=Says.DONE.value)
    row = ours[0] if ours else None
    if row is None:
        return None
    transfer = transfer_of(row)
    says = {Sent.SUCCEEDED: Says.DONE, Sent.FAILED: Says.UNDONE}.get(transfer.state, Says.UNDER_WAY)
    return Side(amount=transfer.amount, currency=transfer.currency, state=says.value)


def _was_told(ours: list[Row | None]) -> bool:
    """Tell whether a payment was told of by its provider: what staff recorded by its number was not."""
    unassigned, payment = ours
    return unassigned is not None or (payment is not None and bool(payment.get("notified")))


def _notice(provider: str, line: Line) -> Notice:
    """Return a line as what its provider would have told (Y8)."""
    is_payment = line.entry is Entry.PAYMENT
    return Notice(
        provider=provider,
        kind=NoticeKind.PAYMENT if is_payment else NoticeKind.REFUND,
        object_id=line.object_id,
        state=line.says.value,
        paid=is_payment,
        number=line.number if is_payment else None,
        amount=line.amount,
        currency=line.currency,
        at=line.at,
        payment=line.payment,
        transfer=None if is_payment else line.number,
    )


def _counts(stated: Row | None, versions: Mapping[date, str]) -> bool:
    """Tell whether something was said by a statement as it is now, and not by one that was replaced."""
    return stated is not None and versions.get(date.fromisoformat(stated["item"])) == stated["version_id"]


def _missing(provider: str, had: Row) -> Difference:
    is_payment = had["entry"] == Entry.PAYMENT
    return Difference(
        kind=DifferenceKind.MISSING_THERE,
        provider=provider,
        entry=had["entry"],
        payment_id=f"{provider}:{had['number']}" if is_payment else None,
        number=had["number"],
        ours=Side(amount=had.get("amount"), currency=had.get("currency"), state=Says.DONE.value),
    )


def _rounded(fees: int) -> int:
    """Return a sum of fees in fen, halves up."""
    return (fees + FEE_PARTS // 2) // FEE_PARTS
