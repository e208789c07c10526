"""What has happened to an order: the steps that its row tells, and what it keeps no trace of (O5, O7).

Units that leave and a corrected shipment have a row each, written with the change. The steps need none: they
are read from the order itself, so an order that just goes its way costs nothing here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from functions.domain import calendar
from functions.domain.records import plain
from functions.orders.order import CLOSED, Order, Shipment
from functions.orders.rows import key
from functions.platform.dynamo import Row

HISTORY = "HISTORY#"
POSITION = r"[0-9TZ:-]{20}#[0-9]#[0-9]{10}"
"""The form of an occurrence's place among its order's."""
_NUMBER_DIGITS = 10


class What(StrEnum):
    """What can happen to an order."""

    PLACED = "placed"
    PAID = "paid"
    UNITS_CANCELLED = "units_cancelled"
    SHIPPED = "shipped"
    SHIPMENT_CORRECTED = "shipment_corrected"
    RECEIVED = "received"
    UNITS_RETURNED = "units_returned"
    UNITS_EXCHANGED = "units_exchanged"
    UNITS_REFUNDED = "units_refunded"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    REFUSED = "refused"
    RETURNED = "returned"


_CLOSING = 9
_RANKS = {what: rank for rank, what in enumerate(tuple(What)[:_CLOSING])}
"""What comes first of things that happen in the same second; an order is closed last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened to an order, by the ``version`` of the order after it (0: a step).

    ``caller_id`` is the return id or cancel id under which ``units`` left it, by the ids of their lines, or
    ``case_id`` the case in whose name they did (A4), and ``refund_fen`` and ``points_restored`` are what that
    gave back. ``shipment`` is what was told of a parcel,
    ``former`` what had been told of it before.
    """

    at: datetime
    what: What
    version: int = 0
    caller_id: str | None = None
    case_id: str | None = None
    units: Mapping[str, int] = field(default_factory=dict)
    refund_fen: int | None = None
    points_restored: int | None = None
    shipment: Shipment | None = None
    former: Shipment | None = None

    @property
    def position(self) -> str:
        """Where it stands among its order's, by time."""
        rank = _RANKS.get(self.what, _CLOSING)
        return f"{calendar.to_row(self.at)}#{rank}#{self.version:0{_NUMBER_DIGITS}}"


def steps_of(order: Order) -> Iterator[Occurrence]:
    """Give the steps that an order has made, as it reads now."""
    yield Occurrence(at=order.placed_at, what=What.PLACED)
    for what, at in (
        (What.PAID, order.paid_at),
        (What.SHIPPED, order.shipped_at),
        (What.RECEIVED, order.received_at),
    ):
        if at is not None:
            yield Occurrence(at=at, what=what)
    if order.status in CLOSED and order.closed_at is not None:
        yield Occurrence(at=order.closed_at, what=What(order.status.value))


def corrected(before: Order, after: Order, at: datetime) -> Occurrence | None:
    """Return what is kept of a change that told something else of a shipped order's parcel, or None."""
    if before.shipped_at is None or before.shipment == after.shipment:
        return None
    return Occurrence(
        at=at,
        what=What.SHIPMENT_CORRECTED,
        version=after.version,
        shipment=after.shipment,
        former=before.shipment,
    )


def row_of(order_id: str, occurrence: Occurrence) -> Row:
    """Write an occurrence as its row."""
    return {
        **key(order_id, HISTORY + occurrence.position),
        "at": calendar.to_row(occurrence.at),
        "what": occurrence.what.value,
        "version": occurrence.version,
        "caller_id": occurrence.caller_id,
        **({} if occurrence.case_id is None else {"case_id": occurrence.case_id}),
        "units": dict(occurrence.units),
        "refund_fen": occurrence.refund_fen,
        "points_restored": occurrence.points_restored,
        "shipment": _plain(occurrence.shipment),
        "former": _plain(occurrence.former),
    }


def occurrence_of(row: Row) -> Occurrence:
    """Read an occurrence from its row."""
    return Occurrence(
        at=calendar.from_row(row["at"]),
        what=What(row["what"]),
        version=row["version"],
        caller_id=row["caller_id"],
        case_id=row.get("case_id"),
        units=row["units"],
        refund_fen=row["refund_fen"],
        points_restored=row["points_restored"],
        shipment=_shipment_of(row["shipment"]),
        former=_shipment_of(row["former"]),
    )


def _plain(shipment: Shipment | None) -> Row | None:
    return None if shipment is None else plain(shipment)


def _shipment_of(row: Row | None) -> Shipment | None:
    return None if row is None else Shipment(**row)
