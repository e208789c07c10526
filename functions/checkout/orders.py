"""The life of an order: what it holds, and what each event makes of it (O1-O6).

Orders are immutable here: an event returns the order after it, one version on, or refuses.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from functions.checkout.pricing import Quote
from functions.domain.errors import InvalidError
from functions.domain.policy import Policy
from functions.points.ledger import points_earned
from functions.points.posting import OrderChange


class Status(StrEnum):
    """Where an order stands."""

    PLACED = "placed"
    PAID = "paid"
    LAPSED = "lapsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What an order was priced and earns under, for its whole life (R4)."""

    policy_version: str
    earned_per_yuan: int
    payment_window_minutes: int

    @classmethod
    def of(cls, policy: Policy) -> "Terms":
        """Return the terms of an order placed under this policy."""
        return cls(
            policy_version=policy.version,
            earned_per_yuan=policy.points.earned_per_yuan,
            payment_window_minutes=policy.orders.payment_window_minutes,
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

    ``changes`` are those that concern the member's account, from the payment on.
    """

    order_id: str
    member_id: str
    request: str
    status: Status
    placed_at: datetime
    quote: Quote
    terms: Terms
    version: int = 1
    paid_at: datetime | None = None
    closed_at: datetime | None = None
    payments: tuple[Payment, ...] = ()
    changes: tuple[OrderChange, ...] = ()

    @property
    def lapses_at(self) -> datetime:
        """The instant from which the order, if still unpaid, is lapsed (O2)."""
        return self.placed_at + timedelta(minutes=self.terms.payment_window_minutes)


def as_of(order: Order, now: datetime) -> Order:
    """Return the order as it reads at this moment: an unpaid one lapses by time alone (O2)."""
    if order.status is Status.PLACED and now >= order.lapses_at:
        return replace(order, status=Status.LAPSED, closed_at=order.lapses_at)
    return order


def place(
    quote: Quote, policy: Policy, *, order_id: str, member_id: str, request: str, now: datetime
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
    )
    return order if quote.paid_fen else _paid(order, now)


def pay(order: Order, *, payment_id: str, amount_fen: int, now: datetime) -> Order:
    """Return the order after a payment under a new id.

    A placed order becomes paid by exactly its paid amount. An order that is no longer placed keeps its status
    and its balances, and the payment is recorded as not applied: its money is due back (O6).

    Raises
    ------
    InvalidError
        ``amount_mismatch``: the order waits for another amount.
    """
    current = as_of(order, now)
    applied = current.status is Status.PLACED
    if applied and amount_fen != order.quote.paid_fen:
        raise InvalidError("amount_mismatch", f"The order waits for {order.quote.paid_fen} fen.")
    payment = Payment(payment_id=payment_id, amount_fen=amount_fen, received_at=now, applied=applied)
    order = replace(order, version=order.version + 1, payments=(*order.payments, payment))
    if not applied:
        return order
    return _paid(order, now)


def _paid(order: Order, now: datetime) -> Order:
    change = OrderChange(
        at=now,
        effective_fen=order.quote.order_amount_fen,
        earned_points=points_earned(order.terms.earned_per_yuan, order.quote.paid_fen),
    )
    return replace(order, status=Status.PAID, paid_at=now, changes=(*order.changes, change))
