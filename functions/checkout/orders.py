"""The life of an order: what it holds, and what each event makes of it (O1-O6).

Orders are immutable here: an event returns the order after it, one version on, or refuses. An event that has
happened already returns the order as it is, so that a repeat is told by its version.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from functions.checkout.pricing import Quote
from functions.checkout.refunds import NOTHING, Retained, retained
from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy
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
    """Money that a payment provider reports for an order; ``applied`` if it paid for it (O6)."""

    payment_id: str
    amount_fen: int
    received_at: datetime
    applied: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order and all facts about it. ``version`` counts its changes, ``request`` is its body's fingerprint.

    ``redeemed_by_year`` says which years its points were taken from (E6), ``returned`` how many units of each
    line came back. ``changes`` are those that concern the member's account, from the payment on.
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
    tracking_no: str | None = None
    returned: tuple[int, ...] = ()
    payments: tuple[Payment, ...] = ()
    changes: tuple[OrderChange, ...] = ()

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
    def staying(self) -> tuple[int, ...]:
        """Units that stay with the member, line by line."""
        if self.status in CLOSED:
            return tuple(0 for _ in self.quote.lines)
        back = self.returned or tuple(0 for _ in self.quote.lines)
        return tuple(line.quantity - gone for line, gone in zip(self.quote.lines, back, strict=True))

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


def as_of(order: Order, now: datetime) -> Order:
    """Return the order as it reads at this moment, whether or not a job has written it yet (R2).

    An unpaid one is lapsed from the end of its payment window on (O2), a shipped one that nobody confirmed is
    received once its days have passed (O3).
    """
    if order.due is None or now < order.due[1]:
        return order
    at, version = order.due[1], order.version + 1
    if order.status is Status.PLACED:
        return replace(order, status=Status.LAPSED, closed_at=at, version=version)
    return replace(order, status=Status.RECEIVED, received_at=at, version=version)


def place(
    quote: Quote,
    policy: Policy,
    *,
    order_id: str,
    member_id: str,
    request: str,
    now: datetime,
    redeemed_by_year: Mapping[str, int] | None = None,
) -> Order:
    """Return a new order at this quote. One that costs nothing is paid at once (P8)."""
    order = Order(
        order_id=order_id,
        member_id=member_id,
        request=request,
        status=Status.PLACED,
        placed_at=now,
        quote=quote,
        terms=Terms.of(policy),
        redeemed_by_year=dict(redeemed_by_year or {}),
    )
    return order if quote.paid_fen else _changed(order, now, status=Status.PAID, paid_at=now, version=1)


def pay(order: Order, *, payment_id: str, amount_fen: int, now: datetime) -> Order:
    """Return the order after a payment under a new id.

    A placed order becomes paid by exactly its paid amount. An order that is no longer placed keeps its status
    and its balances, and the payment is recorded as not applied: its money is due back (O6).

    Raises
    ------
    InvalidError
        ``amount_mismatch``: the order waits for another amount.
    """
    applied = as_of(order, now).status is Status.PLACED
    if applied and amount_fen != order.quote.paid_fen:
        raise InvalidError("amount_mismatch", f"The order waits for {order.quote.paid_fen} fen.")
    payment = Payment(payment_id=payment_id, amount_fen=amount_fen, received_at=now, applied=applied)
    payments = _kept_payments((*order.payments, payment))
    if applied:
        return _changed(order, now, status=Status.PAID, paid_at=now, payments=payments)
    return replace(order, version=order.version + 1, payments=payments)


PAYMENTS_KEPT_MAX = 100
"""Payments that an order's row lists; every payment has a row of its own besides, so none is lost."""


def _kept_payments(payments: tuple[Payment, ...]) -> tuple[Payment, ...]:
    """Leave out the oldest payment that was not applied once there are too many for a row."""
    if len(payments) <= PAYMENTS_KEPT_MAX:
        return payments
    oldest = next(place for place, payment in enumerate(payments) if not payment.applied)
    return payments[:oldest] + payments[oldest + 1 :]


def cancel(order: Order, *, now: datetime) -> Order:
    """Return the order after its cancellation, which a paid order can have until it is shipped (O4).

    Raises
    ------
    ConflictError
        ``order_not_cancellable``.
    """
    current = as_of(order, now)
    if current.status is Status.CANCELLED:
        return order
    if current.status not in (Status.PLACED, Status.PAID):
        raise ConflictError("order_not_cancellable", f"The order is {current.status}.")
    return _closed(order, Status.CANCELLED, now, restored=True)


def ship(order: Order, *, tracking_no: str | None, now: datetime) -> Order:
    """Return the order after its shipment.

    Raises
    ------
    ConflictError
        ``order_not_shippable``.
    """
    if order.shipped_at is not None:
        return order
    if order.status is not Status.PAID:
        raise ConflictError("order_not_shippable", f"The order is {as_of(order, now).status}.")
    return replace(
        order,
        version=order.version + 1,
        status=Status.SHIPPED,
        shipped_at=now,
        tracking_no=tracking_no,
    )


def receive(order: Order, *, now: datetime) -> Order:
    """Return the order after its receipt, which counts from shipment + 10 days at the latest (O3).

    Raises
    ------
    ConflictError
        ``order_not_receivable``.
    """
    current = as_of(order, now)
    if current.received_at is not None:
        return current
    if current.status is not Status.SHIPPED:
        raise ConflictError("order_not_receivable", f"The order is {current.status}.")
    return replace(order, version=order.version + 1, status=Status.RECEIVED, received_at=now)


def refuse(order: Order, *, now: datetime) -> Order:
    """Return the order after the member refused the parcel (O4).

    Raises
    ------
    ConflictError
        ``order_not_refusable``.
    """
    current = as_of(order, now)
    if current.status is Status.REFUSED:
        return order
    if current.status is not Status.SHIPPED:
        raise ConflictError("order_not_refusable", f"The order is {current.status}.")
    return _closed(order, Status.REFUSED, now)


def return_units(order: Order, units: Mapping[str, int], *, now: datetime) -> Order:
    """Return the order after so many units of each sku came back (O5); with the last one it is returned.

    Raises
    ------
    InvalidError
        ``return_exceeds_order``: more of a sku than the order has, or than stays of it.
    ConflictError
        ``order_not_returnable``: nobody has received it, or all of it is back.
    """
    ordered = {line.sku: line.quantity for line in order.quote.lines}
    _check_units(units, ordered)
    order = as_of(order, now)
    if order.status is not Status.RECEIVED:
        raise ConflictError("order_not_returnable", f"The order is {order.status}.")
    stays = dict(zip(ordered, order.staying, strict=True))
    _check_units(units, stays)
    returned = tuple(line.quantity - stays[line.sku] + units.get(line.sku, 0) for line in order.quote.lines)
    if all(back == line.quantity for back, line in zip(returned, order.quote.lines, strict=True)):
        return _changed(order, now, status=Status.RETURNED, closed_at=now, returned=returned)
    if len(order.changes) >= CHANGES_MAX:
        raise ConflictError(
            "order_not_returnable", "After so many returns the rest can only come back whole."
        )
    return _changed(order, now, returned=returned)


CHANGES_MAX = 2_000
"""Changes that an order's row holds, so that it stays below 400 kB; the last return always fits."""


def _check_units(units: Mapping[str, int], there: Mapping[str, int]) -> None:
    too_many = [sku for sku, count in units.items() if count > there.get(sku, 0)]
    if too_many:
        raise InvalidError("return_exceeds_order", "The order has not that many units.", skus=too_many)


def _closed(order: Order, status: Status, now: datetime, *, restored: bool = False) -> Order:
    """O4: everything comes back. An order that was never paid concerns no account, so it has no change."""
    if order.paid_at is None:
        return replace(order, version=order.version + 1, status=status, closed_at=now)
    return _changed(order, now, restored=restored, status=status, closed_at=now)


def _changed(order: Order, now: datetime, *, restored: bool = False, **facts: Any) -> Order:
    """Return the order with these facts, one version on, and the change that its account has to see.

    ``restored`` says that the redeemed points come back with the order's own transaction, so that the account
    is not to restore them again.
    """
    after = replace(order, **{"version": order.version + 1, **facts})
    kept = after.retained
    asked_before = order.changes[-1].to_restore if order.changes else 0
    change = OrderChange(
        at=now,
        effective_fen=kept.order_amount_fen,
        earned_points=kept.earned_points,
        paid_fen=kept.paid_fen,
        to_restore=asked_before if restored else order.quote.redeemed_points - kept.redeemed_points,
    )
    return replace(after, changes=(*order.changes, change))
