"""Where a cart becomes an order: quoting it, and placing it in one transaction (O1)."""

from dataclasses import dataclass
from datetime import datetime

from functions.checkout import basis
from functions.checkout.picking import Picking
from functions.checkout.placing import PlacedBeforeError, Placing
from functions.checkout.sale import sale
from functions.domain.errors import ConflictError, RefusalError
from functions.domain.policy import Policy
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
        picking = Picking(self.tables, self.settings.catalog_table, placing.order_id)
        return until_clear(lambda: self._place_or_find(placing, picking, deadline), deadline)

    def _place_or_find(self, placing: Placing, picking: Picking, deadline: Deadline) -> tuple[Order, bool]:
        try:
            return self._try_to_place(placing, picking, deadline), False
        except PlacedBeforeError as before:
            return placing.repeated(order_of(before.row)), True

    def _try_to_place(self, placing: Placing, picking: Picking, deadline: Deadline) -> Order:
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
        if read.placed is not None:
            raise PlacedBeforeError(read.placed)
        try:
            quote, picked = read.sold_at(placing, self.policy, picking, deadline)
        except RefusalError:
            # A batch is no snapshot: the rows may be from after the order that this one repeats.
            placed = self.tables.get(self.settings.orders_table, key(placing.order_id))
            if placed is None:
                raise
            raise PlacedBeforeError(placed) from None
        order, transaction = sale(self.tables, self.settings, self.policy, placing, quote, read, picked)
        try:
            transaction.commit(deadline, sends_max=picking.sends_max)
        except ConflictError as conflict:
            if not picking.elsewhere(read.products):
                raise
            raise ConditionFailedError([]) from conflict  # from a fresh read on, with other rows
        except ConditionFailedError as failed:
            (placed, *others) = failed.rows
            if placed is not None:
                raise PlacedBeforeError(placed) from None
            # The rows that stood against it are from one moment, at which the order was not there: what they
            # refuse is refused. Where they only changed the price, the next attempt takes it.
            # Of a product in several rows only all of them tell, which the next attempt reads.
            met = [row for row in others if row is not None]
            if read.is_of_one_row_each:
                read.met(met).sold_at(placing, self.policy, picking, deadline)
            picking.learn(met, read.products, deadline)
            raise
        finally:
            picking.feel(transaction, picked, read.products)
        return order
