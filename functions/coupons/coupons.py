"""Where coupons live: beside their member's other rows, one row per year, used by one order at most.

Beside them a row says in which month the last one began. Whoever issues one moves it in the same transaction,
on condition that the months lie far enough apart: so two that are issued at once for different years, because
staff changed the birthday meanwhile, cannot both be (B6).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from functions.coupons.birthday import Coupon
from functions.domain import calendar, identifiers
from functions.domain.birthdays import CouponYear
from functions.domain.policy import Policy
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Row, Tables, Transaction, until_clear
from functions.tiers import members
from functions.tiers.members import MemberStanding

BIRTHDAY = "COUPON#BIRTHDAY#"
LAST = "LAST_COUPON"
POSITION = r"[0-9]{4}(-[0-9]{2})?"
"""The form of a coupon's place among its member's: its month; in cursors of before, its year."""
MONTHS_APART_DAYS = 300
"""Days that lie between the beginnings of the months of a member's coupons, at least (B6)."""
YEARS_MAX = 200
"""Coupons that one member can come to have."""
UNUSED = ""
"""What a row says instead of an order id while no order uses the coupon."""


def key(member_id: str, year: CouponYear | str | int) -> dict[str, str]:
    """Return the key of a member's birthday coupon of a year, by the year's name."""
    return members.key(member_id, f"{BIRTHDAY}{year}")


def coupon_of(row: Row) -> Coupon:
    """Read a coupon from its row."""
    return Coupon(
        coupon_id=row["coupon_id"],
        year=CouponYear(row["year"], lunar=row.get("lunar", False)),
        face_value_fen=row["face_value_fen"],
        min_goods_fen=row["min_goods_fen"],
        valid_from=calendar.from_row(row["valid_from"]),
        valid_until=calendar.from_row(row["valid_until"]),
        issued_at=calendar.from_row(row["issued_at"]),
        order_id=row["order_id"] or None,
    )


def newest(rows: Iterable[Row | None]) -> Coupon | None:
    """Return the newest coupon among rows: the only one that can be valid, since no month has two (B6)."""
    held = [coupon_of(row) for row in rows if row is not None]
    return max(held, key=lambda coupon: coupon.valid_from, default=None)


def row_of(member_id: str, coupon: Coupon) -> Row:
    """Write a coupon as its row."""
    row: Row = {
        **key(member_id, coupon.year),
        "coupon_id": coupon.coupon_id,
        "year": coupon.year.number,
        "face_value_fen": coupon.face_value_fen,
        "min_goods_fen": coupon.min_goods_fen,
        "valid_from": calendar.to_row(coupon.valid_from),
        "valid_until": calendar.to_row(coupon.valid_until),
        "issued_at": calendar.to_row(coupon.issued_at),
        "order_id": coupon.order_id or UNUSED,
    }
    if coupon.year.lunar:
        row["lunar"] = True
    return row


def position_of(coupon: Coupon, policy: Policy) -> str:
    """Return a coupon's place among its member's: ``2026-12``, of which there is one per month (B6)."""
    return f"{coupon.valid_from.astimezone(policy.zone):%Y-%m}"


@dataclass(frozen=True, slots=True)
class Held:
    """A member who may be given a coupon: their standing, and when the month of their last one began."""

    member_id: str
    standing: MemberStanding
    last_begins: datetime | None


@dataclass(frozen=True, slots=True)
class Coupons:
    """The members' birthday coupons, and the standings that say who is to have one."""

    tables: Tables
    table: str

    def of_member(self, member_id: str) -> list[Coupon]:
        """Return a member's coupons, newest first: there is at most one per month."""
        rows, _ = self.tables.query(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", BIRTHDAY),
            limit=YEARS_MAX,
            after=None,
        )
        return sorted(map(coupon_of, rows), key=lambda coupon: coupon.valid_from, reverse=True)

    def issue(self, held: Held, coupon: Coupon, deadline: Deadline) -> bool:
        """Give a member a coupon; return whether they got it.

        They do not if they have one of that year, used or not (B3), or one whose month began less than
        :data:`MONTHS_APART_DAYS` before (B6). Where the answer of a write is lost and it is sent again, it
        says that they had one.
        """

        def attempt() -> bool:
            try:
                self._issuing(held, coupon).commit(deadline)
            except ConditionFailedError as failed:
                if any(row is not None for row in failed.rows):  # only a row that is there stands against it
                    return False
                raise
            return True

        return until_clear(attempt, deadline)

    def _issuing(self, held: Held, coupon: Coupon) -> Transaction:
        until = calendar.to_row(_far_enough(coupon.valid_from))
        begins = calendar.to_row(coupon.valid_from)
        transaction = self.tables.transaction()
        transaction.put_new(self.table, row_of(held.member_id, coupon))
        transaction.put_after(
            self.table,
            {**members.key(held.member_id, LAST), "month_begins": begins},
            by="month_begins",
            last=until,
        )
        if held.last_begins is None:
            # No coupon yet, or those of before this row was kept: they were of calendar years.
            for year in (coupon.valid_until.year, coupon.valid_until.year - 1):
                if CouponYear(year) != coupon.year:
                    transaction.require(
                        self.table,
                        key(held.member_id, year),
                        condition="attribute_not_exists(#member_id) OR #valid_from <= :until",
                        values={":until": until},
                    )
        return transaction

    def birthdays(self, first: date, shard: int, *, limit: int, after: Row | None) -> tuple[list[Row], bool]:
        """Return a page of one shard's members who ever paid and have their birthday in a month (B1, B6).

        The rows hold ``member_id``. They are those of the index, which may be behind: who gets a coupon is
        decided on the standing itself. A page goes on from partition to partition, where ``after`` ended.

        Parameters
        ----------
        first
            The first day of the month.
        """
        partitions = members.birthday_partitions(first, shard, members.BIRTHDAY_SHARDS)
        if after is not None:
            partitions = partitions[partitions.index(after["birthday_shard"]) :]
        found: list[Row] = []
        for partition in partitions:
            rows, more = self.tables.query_index(
                self.table,
                members.BIRTHDAYS,
                partition=("birthday_shard", partition),
                limit=limit - len(found),
                after=after,
            )
            found, after = found + rows, None
            if more or len(found) == limit:
                return found, more or partition != partitions[-1]
        return found, False

    def due(self, member_ids: Sequence[str], at: datetime, deadline: Deadline) -> list[Held]:
        """Return those of these members who had no coupon too near before a month's first second (B6).

        Their standings are as they are. Whether they are to have one now is still to be decided.
        """
        keys = [
            (self.table, members.key(member_id, item))
            for member_id in member_ids
            for item in (members.STANDING, LAST)
        ]
        rows = self.tables.batch_get(keys, deadline)
        held = [
            Held(member_id, members.member_standing_of(standing), _last_begins(last))
            for member_id, standing, last in zip(member_ids, rows[::2], rows[1::2], strict=True)
            if standing is not None
        ]
        return [each for each in held if each.last_begins is None or each.last_begins <= _far_enough(at)]


def _far_enough(begins: datetime) -> datetime:
    """Return when the last coupon's month has begun at the latest for one whose month begins now (B6)."""
    return begins - timedelta(days=MONTHS_APART_DAYS)


def _last_begins(row: Row | None) -> datetime | None:
    return None if row is None else calendar.from_row(row["month_begins"])


def use(transaction: Transaction, table: str, *, member_id: str, coupon: Coupon, order_id: str) -> None:
    """Add to a transaction that an order uses a coupon, which no other order may have done (B5)."""
    transaction.update(
        table,
        key(member_id, coupon.year),
        expression="SET #order_id = :order",
        condition="#order_id = :unused AND #face_value_fen = :face",
        values={":order": order_id, ":unused": UNUSED, ":face": coupon.face_value_fen},
    )


def give_back(transaction: Transaction, table: str, *, member_id: str, coupon_id: str, order_id: str) -> None:
    """Add to a transaction that the order which used a coupon gives it back (B5).

    If its end has passed by then it is simply expired: nothing needs to be written for that.
    """
    year = identifiers.coupon_year(member_id, coupon_id)
    if year is None:
        raise ValueError(f"order {order_id} uses a coupon that is not its member's")
    transaction.update(
        table,
        key(member_id, year),
        expression="SET #order_id = :unused",
        condition="#order_id = :order",
        values={":unused": UNUSED, ":order": order_id},
    )
