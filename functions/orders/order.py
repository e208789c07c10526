"""What an order holds, and what follows from that alone; `life.py` says what happens to it (O1-O7)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from functions.cases.case import OpenCase
from functions.domain.policy import Policy
from functions.offers.quotes import Quote
from functions.orders.refunds import NOTHING, Retained, retained
from functions.points.posting import OrderChange


class Status(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    PAID = "paid"
    SHIPPED = "shipped"
    RECEIVED = "received"
    RETURNED = "returned"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"
    REFUSED = "refused"


MANUAL = "manual"
PROVIDERS = ("wechatpay", "alipay", "stripe")
"""What the payment providers are called; ids of their payments begin with it, and a colon (Y3)."""
CLOSED = frozenset({Status.RETURNED, Status.CANCELLED, Status.LAPSED, Status.REFUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order was priced and earns under, for its whole life (R4)."""

    policy_version: str
    earned_per_yuan: int
    release_days: int
    payment_window_minutes: int
    auto_receipt_days: int

    @classmethod
    def of(cls, policy: Policy) -> "Terms":
        """Return the terms of an order placed under this policy."""
        return cls(
            policy_version=policy.version,
            earned_per_yuan=policy.points.earned_per_yuan,
            release_days=policy.points.release_days,
            payment_window_minutes=policy.orders.payment_window_minutes,
            auto_receipt_days=policy.orders.auto_receipt_days,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that has come in for an order; ``applied`` if it paid for it (O6).

    It was ``notified`` if its provider told of it, and not staff: then it is paid back through it (Y6).
    """

    payment_id: str
    amount_fen: int
    received_at: datetime
    applied: bool
    notified: bool = False

    @property
    def provider(self) -> str:
        """Who the money came through: a provider, or staff who recorded it by hand."""
        return provider_of(self.payment_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """How a parcel is found: who carries it, and under which number."""

    carrier: str | None = None
    tracking_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order and all facts about it. ``version`` counts its changes, ``request`` is its body's fingerprint.

    ``redeemed_by_year`` says which years its points were taken from (E6); ``cancelled`` how many units of
    each line left it before the shipment (O7), at ``cancels`` times, ``returned`` how many came back after it
    (O5). ``changes`` are the latest of those that concern the member's account, from the payment on; as many
    as ``earlier_changes`` came before them. ``stock_rows`` says in how many rows the stock of a sku was when
    it was taken, and each other counter that it took from, if not in one (Z1).

    ``cases`` are its open cases, the first opened first (A5). Of each line ``cased`` counts the units that
    ever were in one, ``denied`` by the kind of case those that were finally refused (A2), ``lost`` those of
    the returned that did not come back to the shop (A4). ``exchanged`` says by a line's id which other skus
    the member holds units of in the place of its own (A7). Freight was granted to it or not, and
    ``return_shipping_fen`` of it out of its payment (A6). Its parcel is late since ``late_at`` (A11).
    """

    order_id: str
    member_id: str
    request: str
    status: Status
    placed_at: datetime
    quote: Quote
    terms: Terms
    redeemed_by_year: Mapping[str, int] = field(default_factory=dict)
    version: int = 1
    paid_at: datetime | None = None
    shipped_at: datetime | None = None
    received_at: datetime | None = None
    closed_at: datetime | None = None
    carrier: str | None = None
    tracking_no: str | None = None
    cancelled: tuple[int, ...] = ()
    cancels: int = 0
    returned: tuple[int, ...] = ()
    payments: tuple[Payment, ...] = ()
    changes: tuple[OrderChange, ...] = ()
    earlier_changes: int = 0
    stock_rows: Mapping[str, int] = field(default_factory=dict)
    cases: tuple[OpenCase, ...] = ()
    cased: tuple[int, ...] = ()
    denied: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lost: tuple[int, ...] = ()
    exchanged: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    return_shipping_granted: bool = False
    return_shipping_fen: int = 0
    late_at: datetime | None = None

    @property
    def lapses_at(self) -> datetime:
        """The instant from which the order, if still unpaid, is lapsed (O2)."""
        return self.placed_at + timedelta(minutes=self.terms.payment_window_minutes)

    @property
    def due(self) -> tuple[str, datetime] | None:
        """What a job will do with the order if nobody does anything before, and when: lapse or receipt."""
        if self.status is Status.PLACED:
            return "lapse", self.lapses_at
        if self.status is Status.SHIPPED and self.shipped_at is not None:
            return "receipt", self.shipped_at + timedelta(days=self.terms.auto_receipt_days)
        return None

    @property
    def shipment(self) -> Shipment:
        """How the order's parcel is found, as last told."""
        return Shipment(carrier=self.carrier, tracking_no=self.tracking_no)

    @property
    def staying(self) -> tuple[int, ...]:
        """Units that stay with the member, line by line."""
        if self.status in CLOSED:
            return self.none_of_each
        return tuple(
            line.quantity - cancelled - returned
            for line, cancelled, returned in zip(
                self.quote.lines,
                self.cancelled or self.none_of_each,
                self.returned or self.none_of_each,
                strict=True,
            )
        )

    @property
    def none_of_each(self) -> tuple[int, ...]:
        """No units of any line."""
        return (0,) * len(self.quote.lines)

    @property
    def line_ids(self) -> tuple[str, ...]:
        """The ids of its lines."""
        return tuple(line.line_id for line in self.quote.lines)

    @property
    def was_lost(self) -> bool:
        """Whether its whole parcel was lost on its way (A1)."""
        return self.status is Status.REFUSED and any(self.lost)

    @property
    def changes_count(self) -> int:
        """How many changes of the order concern the member's account."""
        return self.earlier_changes + len(self.changes)

    @property
    def retained(self) -> Retained:
        """What is kept of the order now; before payment that is the quote, with nothing earned."""
        if self.status in CLOSED:
            return NOTHING
        kept = retained(self.quote, self.staying, earned_per_yuan=self.terms.earned_per_yuan)
        return kept if self.paid_at else replace(kept, earned_points=0)

    @property
    def refunded_fen(self) -> int:
        """Money that went back, or is due to."""
        return self.quote.paid_fen - self.retained.paid_fen if self.paid_at else 0


def provider_of(payment_id: str) -> str:
    """Return who a payment came through, as its id says: a provider, or staff."""
    name, colon, _ = payment_id.partition(":")
    return name if colon and name in PROVIDERS else MANUAL


def sku_of(line_id: str) -> str:
    """Return the sku that a line's id begins with: none has the sign that a gift's campaign follows (V6)."""
    return line_id.partition(":")[0]
