"""Where coupons live: beside their member's other rows, one row per year, used by one order at most."""

from functions.coupons.birthday import Coupon
from functions.domain import calendar, identifiers
from functions.platform.dynamo import Row, Transaction
from functions.tiers import members

BIRTHDAY = "COUPON#BIRTHDAY#"
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
        "order_id": coupon.order_id or UNUSED,
    }


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
