"""Where coupons live: beside their member's other rows, one row per year, used by one order at most."""

from collections.abc import Sequence
from dataclasses import dataclass

from functions.coupons.birthday import Coupon
from functions.domain import calendar, identifiers
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Row, Tables, Transaction
from functions.tiers import members
from functions.tiers.members import MemberStanding

BIRTHDAY = "COUPON#BIRTHDAY#"
POSITION = r"[0-9]{4}"
"""The form of a coupon's place among its member's: its year."""
YEARS_MAX = 200
"""Coupons that one member can come to have."""
UNUSED = ""
"""What a row says instead of an order id while no order uses the coupon."""


def key(member_id: str, year: int) -> dict[str, str]:
    """Return the key of a member's birthday coupon of a year."""
    return members.key(member_id, f"{BIRTHDAY}{year}")


def coupon_of(row: Row) -> Coupon:
    """Read a coupon from its row."""
    return Coupon(
        coupon_id=row["coupon_id"],
        year=row["year"],
        face_value_fen=row["face_value_fen"],
        min_goods_fen=row["min_goods_fen"],
        valid_from=calendar.from_row(row["valid_from"]),
        valid_until=calendar.from_row(row["valid_until"]),
        issued_at=calendar.from_row(row["issued_at"]),
        order_id=row["order_id"] or None,
    )


def row_of(member_id: str, coupon: Coupon) -> Row:
    """Write a coupon as its row."""
    return {
        **key(member_id, coupon.year),
        "coupon_id": coupon.coupon_id,
        "year": coupon.year,
        "face_value_fen": coupon.face_value_fen,
        "min_goods_fen": coupon.min_goods_fen,
        "valid_from": calendar.to_row(coupon.valid_from),
        "valid_until": calendar.to_row(coupon.valid_until),
        "issued_at": calendar.to_row(coupon.issued_at),
        "order_id": coupon.order_id or UNUSED,
    }


@dataclass(frozen=True, slots=True)
class Coupons:
    """The members' birthday coupons, and the standings that say who is to have one."""

    tables: Tables
    table: str

    def of_member(self, member_id: str) -> list[Coupon]:
        """Return a member's coupons, newest first: there is at most one per year of their membership."""
        rows, _ = self.tables.query(
            self.table,
            partition=("member_id", member_id),
            prefix=("item", BIRTHDAY),
            limit=YEARS_MAX,
            after=None,
        )
        return [coupon_of(row) for row in rows]

    def issue(self, member_id: str, coupon: Coupon) -> bool:
        """Give a member a coupon, unless they have one of that year, used or not; return whether (B3)."""
        return self.tables.put_new(self.table, row_of(member_id, coupon))

    def birthdays(self, month: int, shard: int, *, limit: int, after: Row | None) -> tuple[list[Row], bool]:
        """Return a page of one shard's members who hold a tier with rights and were born in a month.

        The rows hold ``member_id``. They are those of the index, which may be behind: who gets a coupon is
        decided on the standing itself.
        """
        return self.tables.query_index(
            self.table,
            members.BIRTHDAYS,
            partition=("birthday_shard", members.birthday_shard_name(month, shard)),
            limit=limit,
            after=after,
        )

    def lacking(
        self, member_ids: Sequence[str], year: int, deadline: Deadline
    ) -> list[tuple[str, MemberStanding]]:
        """Return those of these members who have no coupon of a year, with their standings as they are."""
        keys = [
            (self.table, each)
            for member_id in member_ids
            for each in (members.key(member_id, members.STANDING), key(member_id, year))
        ]
        rows = self.tables.batch_get(keys, deadline)
        return [
            (member_id, members.member_standing_of(standing))
            for member_id, standing, coupon in zip(member_ids, rows[::2], rows[1::2], strict=True)
            if standing is not None and coupon is None
        ]


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
