"""Where a cart becomes an order: quoting it, and placing it in one transaction (O1)."""

from dataclasses import dataclass
from datetime import datetime

from functions.checkout import basis
from functions.checkout.basis import Basis
from functions.checkout.placing import Placing
from functions.checkout.sale import sale
from functions.domain.errors import RefusalError
from functions.domain.policy import Policy
from functions.domain.records import read_as
from functions.offers.quotes import Cart, Quote
from functions.orders.order import Order
from functions.orders.rows import key, order_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import ConditionFailedError, Tables, until_clear
from functions.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class Checkout:
    """Quotes carts and places orders, over the tables of members, products and orders."""

    tables: Tables
    settings: Settings
    policy: Policy

    def quote(self, cart: Cart, member_id: str, at: datetime, deadline: Deadline) -> Quote:
        """Price a cart for a member at this moment, in one round trip; nothing changes.

        Raises
        ------
        RefusalError
            ``not_registered``, or what :func:`functions.offers.pricing.price` refuses.
        """
        read = basis.read(
            self.tables, self.settings, self.policy, cart, member_id=member_id, at=at, deadline=deadline
        )
        return read.priced(cart, at, self.policy)

    def place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        """Place an order with its stock, points and coupon in one transaction, or find it placed (O1).

        Returns the order and whether this is a repeat. The order's row is the idempotency record, so a repeat
        is found however late it comes (R1).

        Raises
        ------
        RefusalError
            What the quote refuses, ``insufficient_stock``, ``quote_changed``, ``idempotency_key_reused``;
            nothing has happened and the key is not used up.
        """
        return until_clear(lambda: self._try_to_place(placing, deadline), deadline)

    def _try_to_place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        read = basis.read(
            self.tables,
            self.settings,
            self.policy,
            placing.cart,
            member_id=placing.member_id,
            at=placing.placed_at,
            deadline=deadline,
            order_id=placing.order_id,
        )
        if read.order is not None:
            return placing.repeated(read.order), True
        try:
            quote = self._quoted(placing, read)
        except RefusalError:
            # A batch is no snapshot: the rows may be from after the order that this one repeats.
            order = read_as(order_of, self.tables.get(self.settings.orders_table, key(placing.order_id)))
            if order is None:
                raise
            return placing.repeated(order), True
        order, transaction = sale(self.tables, self.settings, self.policy, placing, quote, read)
        try:
            transaction.commit(deadline)
        except ConditionFailedError as failed:
            (placed, *others) = failed.rows
            if placed is not None:
                return placing.repeated(order_of(placed)), True
            # The rows that stood against it are from one moment, at which the order was not there: what they
            # refuse is refused. Where they only changed the price, the next attempt takes it.
            self._quoted(placing, read.met(row for row in others if row is not None))
            raise
        return order, False

    def _quoted(self, placing: Placing, read: Basis) -> Quote:
        """Return the quote that an order is placed at; refuse one that could not be placed."""
        quote = read.priced(placing.cart, placing.placed_at, self.policy)
        placing.check(quote, read.products)
        return quote
