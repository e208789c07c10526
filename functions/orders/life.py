"""The life of an order: what each event makes of it (O1-O7).

Orders are immutable here: an event returns the order after it, one version on, or refuses. An event that has
happened already returns the order as it is, so that a repeat is told by its version.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from functions.domain.errors import ConflictError, InvalidError
from functions.domain.policy import Policy
from functions.offers.quotes import Quote
from functions.orders.in_cases import cases_as_of, let_go, taken_back
from functions.orders.order import Order, Payment, Status, Terms, sku_of
from functions.points.posting import OrderChange


def as_of(order: Order, now: datetime) -> Order:
    """Return the order as it reads at this moment, whether or not a job has written it yet (R2).

    An unpaid one is lapsed from the end of its payment window on (O2), a shipped one that nobody confirmed is
    received once its days have passed (O3). Cases that have ended by themselves have no units of it (A2).
    """
    order = cases_as_of(order, now)
    if order.due is None or now < order.due[1]:
        return order
    at, version = order.due[1], order.version + 1
    if order.status is Status.PLACED:
        return replace(order, status=Status.LAPSED, closed_at=at, version=version)
    return replace(order, status=Status.RECEIVED, received_at=at, late_at=None, version=version)


def place(
    quote: Quote,
    policy: Policy,
    *,
    order_id: str,
    member_id: str,
    request: str,
    now: datetime,
    redeemed_by_year: Mapping[str, int] | None = None,
    stock_rows: Mapping[str, int] | None = None,
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
        stock_rows=dict(stock_rows or {}),
    )
    return order if quote.paid_fen else _changed(order, now, status=Status.PAID, paid_at=now, version=1)


def pay(
    order: Order,
    *,
    payment_id: str,
    amount_fen: int,
    now: datetime,
    received: bool = False,
    notified: bool = False,
) -> Order:
    """Return the order after a payment under a new id.

    A placed order becomes paid by exactly its paid amount. An order that is no longer placed keeps its status
    and its balances, and the payment is recorded as not applied: its money is due back (O6). So is money of
    another amount that was ``received`` for an order that still waits.

    Raises
    ------
    InvalidError
        ``amount_mismatch``: the order waits for another amount, and nobody says that this one has arrived.
    """
    waits, fits = as_of(order, now).status is Status.PLACED, amount_fen == order.quote.paid_fen
    if waits and not fits and not received:
        raise InvalidError("amount_mismatch", f"The order waits for {order.quote.paid_fen} fen.")
    applied = waits and fits
    payment = Payment(
        payment_id=payment_id, amount_fen=amount_fen, received_at=now, applied=applied, notified=notified
    )
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
    # Once units have left it (O7) the account restores all, change by change: debt is paid first (E6).
    return _closed(order, Status.CANCELLED, now, restored=not order.cancels)


def cancel_units(order: Order, units: Mapping[str, int], *, now: datetime) -> Order:
    """Return the order after so many units of each line left it before its shipment (O7), by its id.

    What is kept of a paid order is what would be kept if they came back (O5). All units that stay are its
    cancellation (O4), which an order that waits for its money can have too.

    Raises
    ------
    InvalidError
        ``cancel_exceeds_order``: more of a line than the order has, or than stays of it.
    ConflictError
        ``order_not_cancellable``: it is shipped or closed; or it is not paid and some of it would stay.
    """
    ordered = {line.line_id: line.quantity for line in order.quote.lines}
    _check_units(units, ordered, "cancel_exceeds_order")
    current = as_of(order, now)
    if current.status not in (Status.PLACED, Status.PAID):
        raise ConflictError("order_not_cancellable", f"The order is {current.status}.")
    stays = dict(zip(ordered, order.staying, strict=True))
    _check_units(units, stays, "cancel_exceeds_order")
    if all(units.get(line_id, 0) == count for line_id, count in stays.items()):
        whole = tuple(line.quantity for line in order.quote.lines)
        return replace(cancel(order, now=now), cancelled=whole)
    if current.status is not Status.PAID:
        raise ConflictError(
            "order_not_cancellable", "The order waits for its money: cancel it as a whole and place another."
        )
    cancelled = tuple(
        line.quantity - stays[line.line_id] + units.get(line.line_id, 0) for line in order.quote.lines
    )
    return _changed(order, now, cancelled=cancelled, cancels=order.cancels + 1)


def ship(order: Order, *, told: Mapping[str, str | None], now: datetime) -> Order:
    """Return the order after its shipment; told again while it is shipped, after the correction.

    Parameters
    ----------
    told
        ``carrier`` and ``tracking_no``, as far as they are told: what is not named stays as it is.

    Raises
    ------
    ConflictError
        ``order_not_shippable``: it is not paid, or it is not on its way any more and something would change.
    """
    parcel = replace(order.shipment, **told)
    if order.shipped_at is not None and parcel == order.shipment:
        return order
    current = as_of(order, now)
    if current.status not in (Status.PAID, Status.SHIPPED):
        raise ConflictError("order_not_shippable", f"The order is {current.status}.")
    return replace(
        order,
        version=order.version + 1,
        status=Status.SHIPPED,
        shipped_at=order.shipped_at or now,
        carrier=parcel.carrier,
        tracking_no=parcel.tracking_no,
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
    return replace(order, version=order.version + 1, status=Status.RECEIVED, received_at=now, late_at=None)


def late(order: Order, *, since: datetime, now: datetime) -> Order:
    """Return the order after somebody is to look for its parcel: it is on its way, and late (A11)."""
    if as_of(order, now).status is not Status.SHIPPED or order.late_at is not None:
        return order
    return replace(order, version=order.version + 1, late_at=since)


def refuse(order: Order, *, now: datetime, lost: bool = False) -> Order:
    """Return the order after the member refused the parcel (O4), or after that was ``lost`` (A1).

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
    return _closed(order, Status.REFUSED, now, lost=order.staying if lost else order.lost)


def return_units(order: Order, units: Mapping[str, int], *, now: datetime, lost: bool = False) -> Order:
    """Return the order after so many units of each line came back (O5), by its id.

    With the last one it is returned, gifts included (V18). Units in open cases come back after free ones,
    and are in no case any more (A5). If they are ``lost``, they come back in the order's figures only (A4).

    Raises
    ------
    InvalidError
        ``return_exceeds_order``: more of a line than the order has, or than stays of it.
    ConflictError
        ``order_not_returnable``: nobody has received it, or all of it is back.
    """
    ordered = {line.line_id: line.quantity for line in order.quote.lines}
    _check_units(units, ordered, "return_exceeds_order")
    order = as_of(order, now)
    if order.status is not Status.RECEIVED:
        raise ConflictError("order_not_returnable", f"The order is {order.status}.")
    stays = dict(zip(ordered, order.staying, strict=True))
    _check_units(units, stays, "return_exceeds_order")
    facts: dict[str, Any] = {"returned": _with_more(order, order.returned, units)}
    if lost:
        facts["lost"] = _with_more(order, order.lost, units)
    if order.exchanged:
        facts["exchanged"] = let_go(order, units)[0]
    order = taken_back(order, units)
    if all(units.get(line_id, 0) == count for line_id, count in stays.items()):
        facts |= {"status": Status.RETURNED, "closed_at": now}
    return _changed(order, now, **facts)


def _with_more(order: Order, units: tuple[int, ...], more: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(
        count + more.get(line_id, 0)
        for count, line_id in zip(units or order.none_of_each, order.line_ids, strict=True)
    )


CHANGES_KEPT_MAX = 10
"""Changes that an order's own row keeps: a row that grew with each return would make each dearer than the
one before. Earlier ones have rows of their own."""
CHANGES_MOVED_MAX = 25
"""Changes that leave an order's row at once; more are there only where the row is from before that limit."""


def without_earlier_changes(order: Order) -> tuple[Order, tuple[OrderChange, ...]]:
    """Return the order as its row keeps it, and the changes that leave the row, the oldest first."""
    moved = min(max(0, len(order.changes) - CHANGES_KEPT_MAX), CHANGES_MOVED_MAX)
    kept = replace(order, changes=order.changes[moved:], earlier_changes=order.earlier_changes + moved)
    return (kept if moved else order), order.changes[:moved]


def _check_units(units: Mapping[str, int], there: Mapping[str, int], code: str) -> None:
    too_many = [line_id for line_id, count in units.items() if count > there.get(line_id, 0)]
    if too_many:
        skus = list(dict.fromkeys(map(sku_of, too_many)))
        raise InvalidError(code, "The order has not that many units.", skus=skus, line_ids=too_many)


def _closed(
    order: Order, status: Status, now: datetime, *, restored: bool = False, lost: tuple[int, ...] = ()
) -> Order:
    """O4: everything comes back. An order that was never paid concerns no account, so it has no change.

    Its cases close with it (A5); what had been refused for good by then, it keeps (A2).
    """
    order = cases_as_of(order, now)
    if order.paid_at is None:
        return replace(order, version=order.version + 1, status=status, closed_at=now)
    facts: dict[str, Any] = {"status": status, "closed_at": now, "cases": (), "late_at": None, "lost": lost}
    return _changed(order, now, restored=restored, **facts)


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
