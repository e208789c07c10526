"""How orders stand in their table: the order's row, the rows that spend an id, and the index keys."""

import unicodedata
from dataclasses import fields
from datetime import datetime, timedelta

from functions.cases.rows import open_case_of, open_case_row
from functions.domain import calendar, identifiers
from functions.domain.records import plain, read_as
from functions.offers.quotes import (
    LIST_PRICE,
    MEMBER_DAY_PRICE,
    CampaignUse,
    CouponUse,
    LineOfferUse,
    NotApplied,
    Quote,
    QuoteLine,
)
from functions.orders.order import Order, Payment, Status, Terms
from functions.platform.changes import changed
from functions.platform.dynamo import Row
from functions.points.posting import OrderChange, change_item

ORDER = "ORDER"
PAYMENT = "PAYMENT"
RETURN = "RETURN#"
LATE = "LATE"
"""The row of a parcel that somebody is to look after unless it is received by then (A11)."""
LATE_DUE = "late"
"""The kind of due work."""
LATE_LIST = "orders_late"
"""The index of orders whose parcels are late; all stand in one partition."""
BY_TRACKING = "by_tracking"
"""The index of orders by the tracking numbers of their parcels (K8)."""
CANCEL = "CANCEL#"
BY_MEMBER = "by_member"
DUE = "due"
DUE_SHARDS = 16
"""Partitions of each kind of due work, so that no single one has to take all orders' writes; as many tasks
has a run of a job on orders, each worked off by a worker."""
BY_STATUS = "by_status"
STATUS_SHARDS = 6
"""Partitions of each status, for the same reason; a list of orders reads all of them. More than five thousand
orders a second can leave one status together (Z10)."""
_TIMES = ("placed_at", "paid_at", "shipped_at", "received_at", "closed_at", "late_at")
_MAPS = ("redeemed_by_year", "stock_rows")
_UNITS = ("returned", "cancelled", "cased", "lost")
_USES = ("campaigns", "line_offers")
"""What a quote says where campaigns have to do with it."""
_NAMES = tuple(each.name for each in fields(Order))
_LEFT_OUT = frozenset(each.name for each in fields(Order) if each.default_factory is dict or not each.default)
"""What a row does not say where it is nothing: facts that an order begins without."""


def key(order_id: str, item: str = ORDER) -> dict[str, str]:
    """Return the key of an order's row, or of another row of the order."""
    return {"order_id": order_id, "item": item}


def payment_key(payment_id: str) -> dict[str, str]:
    """Return the key of the row that a payment id is spent on: payment ids are global (R1)."""
    return key(f"payment:{payment_id}", PAYMENT)


def spent_key(order_id: str, kind: str, spent_id: str) -> dict[str, str]:
    """Return the key of the row that a return id or cancel id is spent on: both are each order's own (R1).

    ``kind`` is :data:`RETURN` or :data:`CANCEL`.
    """
    return key(order_id, kind + spent_id)


POSITION = rf"[0-9TZ:-]{{20}}#{identifiers.ORDER_ID}"
"""The form of a :func:`placed_key`."""


def placed_key(order: Order) -> str:
    """Return where the order stands among its member's orders, by time and then by id."""
    return f"{calendar.to_row(order.placed_at)}#{order.order_id}"


def tracking_of(number: str) -> str:
    """Return what a tracking number is found by, however somebody has written it: case, width and spaces."""
    return "".join(unicodedata.normalize("NFKC", number).split()).upper()


def late_row(order: Order, days: int) -> Row:
    """Write that a parcel is late so many days after its shipment, which a job then looks at (A11)."""
    if order.shipped_at is None:
        raise ValueError("the order is not shipped")
    return {
        **key(order.order_id, LATE),
        "due": due_partition(LATE_DUE, due_shard(order.order_id)),
        "due_at": calendar.to_row(order.shipped_at + timedelta(days=days)),
    }


def due_partition(kind: str, shard: int) -> str:
    """Return the partition of the index of due work: ``lapse#3``."""
    return f"{kind}#{shard}"


def due_shard(order_id: str) -> int:
    """Return the shard of an order's due work."""
    return identifiers.shard(order_id, DUE_SHARDS)


def status_partition(status: Status, shard: int) -> str:
    """Return the partition of the index of orders by status: ``paid#2``."""
    return f"{status}#{shard}"


def row_of(order: Order) -> Row:
    """Write an order as its row, with the keys of the indexes that it stands in.

    Rows from before orders were found by status lack that key until they are written again. Those from before
    orders were found by tracking number get theirs then, or by the job that indexes parcels (K8).
    """
    row: Row = {**key(order.order_id), **_plain(order)}
    row["placed_key"] = placed_key(order)
    shard = identifiers.shard(order.order_id, STATUS_SHARDS)
    row["status_shard"] = status_partition(order.status, shard)
    if order.tracking_no is not None:
        row["tracking"] = tracking_of(order.tracking_no)
    if order.late_at is not None:
        row["late"], row["late_key"] = LATE_LIST, f"{calendar.to_row(order.late_at)}#{order.order_id}"
    if order.due is not None:
        kind, due_at = order.due
        row["due"], row["due_at"] = due_partition(kind, due_shard(order.order_id)), calendar.to_row(due_at)
    return row


def row_changed(order: Order, at: datetime) -> Row:
    """Write an order that changes at a moment as its row: that is what audits find it by."""
    return row_of(order) | changed(order.order_id, at)


def _plain(order: Order) -> Row:
    """Return an order's facts; what has not happened to it is left out, and most rows are of one kilobyte."""
    row: Row = plain(order)
    row["quote"] = _plain_quote(row["quote"])
    row["changes"] = [change.to_row() for change in order.changes]
    row["cases"] = [open_case_row(each) for each in order.cases]
    row["denied"] = {kind: list(units) for kind, units in order.denied.items()}
    row["exchanged"] = {line_id: dict(held) for line_id, held in order.exchanged.items()}
    row["payments"] = [
        _payment({**payment, "received_at": calendar.to_row(payment["received_at"])})
        for payment in row["payments"]
    ]
    for name in _TIMES:
        row[name] = read_as(calendar.to_row, row[name])
    for name in _MAPS:
        row[name] = dict(row[name])
    return {name: value for name, value in row.items() if value or name not in _LEFT_OUT}


def _payment(row: Row) -> Row:
    """Leave out that a payment was not notified: those of staff are as they were before any provider."""
    return {name: value for name, value in row.items() if name != "notified" or value}


def change_row(order_id: str, number: int, change: OrderChange) -> Row:
    """Write the row of a change that the order's own row keeps no longer, by its number among them all."""
    return {**key(order_id, change_item(number)), **change.to_row()}


def order_of(row: Row) -> Order:
    """Read an order from its row: what is not there has not happened, what nobody knows is passed over."""
    told: Row = {name: row[name] for name in _NAMES if name in row}
    told |= {name: read_as(calendar.from_row, told[name]) for name in _TIMES if name in told}
    told |= {name: tuple(told[name]) for name in _UNITS if name in told}
    return Order(
        **{
            **told,
            "status": Status(row["status"]),
            "quote": _quote_of(row["quote"]),
            "terms": Terms(**row["terms"]),
            "payments": tuple(
                Payment(**{**payment, "received_at": calendar.from_row(payment["received_at"])})
                for payment in row.get("payments", ())
            ),
            "changes": tuple(map(OrderChange.from_row, row.get("changes", ()))),
            "cases": tuple(map(open_case_of, row.get("cases", ()))),
            "denied": {kind: tuple(units) for kind, units in row.get("denied", {}).items()},
        }
    )


def payment_row(order: Order, payment: Payment) -> Row:
    """Write the row that a payment id is spent on; it stays when the order's own list is full."""
    return {
        **payment_key(payment.payment_id),
        "paid_order_id": order.order_id,
        "member_id": order.member_id,
        "amount_fen": payment.amount_fen,
        "received_at": calendar.to_row(payment.received_at),
        "applied": payment.applied,
        **({"notified": True} if payment.notified else {}),
    }


def _plain_quote(row: Row) -> Row:
    """Leave out of a quote's plain values what a quote without offers does not have (V1-V8)."""
    row |= {name: [_said(each) for each in row[name]] for name in ("lines", "not_applied", *_USES)}
    row["coupon"] = read_as(_said, row["coupon"])
    for line in row["lines"]:
        if line.get("price_of") == _price_of(line):
            line.pop("price_of", None)
        if line["no_reason"]:
            line.pop("no_reason")
    return {name: value for name, value in row.items() if value or name not in _USES}


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


def _price_of(line: Row) -> str:
    """Return what a line's price is of where the row does not say it: its prices do, or whose gift it is."""
    if "gift_of" in line:
        return str(line["gift_of"])
    return LIST_PRICE if line["unit_price_fen"] == line["list_price_fen"] else MEMBER_DAY_PRICE


def _quote_of(row: Row) -> Quote:
    return Quote(
        **{
            **row,
            "lines": tuple(QuoteLine(**{"price_of": _price_of(line), **line}) for line in row["lines"]),
            "coupon": read_as(lambda use: CouponUse(**_with_base(use)), row["coupon"]),
            "not_applied": tuple(NotApplied(**reason) for reason in row["not_applied"]),
            "campaigns": tuple(CampaignUse(**_with_base(use)) for use in row.get("campaigns", ())),
            "line_offers": tuple(LineOfferUse(**use) for use in row.get("line_offers", ())),
        }
    )


def _with_base(use: Row) -> Row:
    return use | {"base": tuple(use["base"])} if "base" in use else use
