"""What the outside is told of payments that are no order's."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.payments.rows import UNASSIGNED, unassigned_of
from functions.platform.bus import Event
from functions.platform.streams import RowChange
from functions.refunds.rows import refund_of


@dataclass(frozen=True, kw_only=True)
class PaymentUnassigned(Event):
    """Money has come in that is no order's (Y4); ``amount`` is in minor units of ``currency``."""

    payment_id: str
    provider: str
    because: str
    amount: int | None
    currency: str | None


@dataclass(frozen=True, kw_only=True)
class RefundDoubled(Event):
    """A refund that was paid by hand has been paid back by its provider, too (Y7)."""

    refund_id: str
    order_id: str | None
    payment_id: str
    amount: int
    currency: str
    reference: str


def of_change(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of a row that says something to the outside."""
    if change.after["item"] == UNASSIGNED:
        yield from _of_unassigned(change, policy)
    elif change.before is None or not change.before.get("doubled"):
        refund = refund_of(change.after)
        yield RefundDoubled(
            event_id=identifiers.event_id(RefundDoubled.__name__, refund.refund_id),
            occurred_at=change.at.astimezone(policy.zone),
            refund_id=refund.refund_id,
            order_id=refund.order_id,
            payment_id=refund.payment_id,
            amount=refund.amount,
            currency=refund.currency,
            reference=refund.by_hand.reference if refund.by_hand else "",
        )


def _of_unassigned(change: RowChange, policy: Policy) -> Iterator[Event]:
    """Give the event of unassigned money that is new; what is decided of it later is told with its order."""
    if change.before is not None:
        return
    money = unassigned_of(change.after)
    yield PaymentUnassigned(
        event_id=identifiers.event_id(PaymentUnassigned.__name__, money.payment_id),
        occurred_at=money.noticed_at.astimezone(policy.zone),
        payment_id=money.payment_id,
        provider=money.provider,
        because=money.because.value,
        amount=money.amount,
        currency=money.currency,
    )
