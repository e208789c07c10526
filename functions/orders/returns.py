"""What came back of the orders that were received, by sku: figures of a page of orders (A10)."""

from collections.abc import Iterable
from dataclasses import dataclass

from functions.orders.order import Order


@dataclass(slots=True)
class Returns:
    """Units of one sku: ``received``, and of those ``returned``, ``lost`` of these, ``exchanged`` now."""

    received: int = 0
    returned: int = 0
    lost: int = 0
    exchanged: int = 0


def returns_by_sku(orders: Iterable[Order]) -> dict[str, Returns]:
    """Sum up what was received and what came back, by the sku that was bought or given."""
    found: dict[str, Returns] = {}
    for order in orders:
        if order.received_at is None:
            continue
        facts = zip(
            order.quote.lines,
            order.cancelled or order.none_of_each,
            order.returned or order.none_of_each,
            order.lost or order.none_of_each,
            strict=True,
        )
        for line, cancelled, returned, lost in facts:
            of_sku = found.setdefault(line.sku, Returns())
            of_sku.received += line.quantity - cancelled
            of_sku.returned += returned
            of_sku.lost += lost
            of_sku.exchanged += sum(order.exchanged.get(line.line_id, {}).values())
    return dict(sorted(found.items()))
