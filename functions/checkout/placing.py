"""A request to place an order, and what may stand against it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from functions.domain.errors import ConflictError, InvalidError
from functions.offers.quotes import Cart, Quote
from functions.orders.order import Order
from functions.platform.dynamo import Row


class QuoteChangedError(ConflictError):
    """The order would charge another amount than the shopper was shown, or have other ``gifts``.

    ``quote`` is how it is now.
    """

    def __init__(self, quote: Quote, *, gifts: bool = False) -> None:
        detail = "now has other gifts" if gifts else "now charges another amount"
        super().__init__("quote_changed", f"The order {detail} than expected.")
        self.quote = quote


@dataclass(frozen=True, slots=True, kw_only=True)
class Placing:
    """A request to place an order. ``request`` is the fingerprint of its body.

    ``expected_gifts`` are the gifts that the shopper was shown, units by sku (V6).
    """

    order_id: str
    member_id: str
    request: str
    cart: Cart
    expected_paid_fen: int | None
    placed_at: datetime
    expected_gifts: Mapping[str, int] | None = None

    def repeated(self, order: Order) -> Order:
        """Return the order that an earlier request under the same key placed (R1).

        Raises
        ------
        InvalidError
            ``idempotency_key_reused``: that request had another body.
        """
        if order.request != self.request:
            raise InvalidError("idempotency_key_reused", "The key was used for an order with another body.")
        return order


class PlacedBeforeError(Exception):
    """An order is there already under the id that a request would place one under."""

    def __init__(self, row: Row) -> None:
        super().__init__(row["order_id"])
        self.row = row
