"""Where a cart becomes an order: quoting it, and placing it in one transaction (O1)."""

from dataclasses import dataclass
from datetime import datetime

from functions.checkout.basis import Basis, Reader
from functions.checkout.doubting import made_sure
from functions.checkout.picking import Picking
from functions.checkout.placing import PlacedBeforeError, Placing
from functions.checkout.sale import sale
from functions.checkout.selling import Sold, check_fits, sold_at
from functions.coupons.worths import Worths
from functions.domain.errors import ConflictError, RefusalError
from functions.domain.policy import Policy
from functions.offers import counting
from functions.offers.quotes import Cart, Quote
from functions.offers.running import RunningCampaigns
from functions.orders.order import Order
from functions.orders.rows import key, order_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import (
    TRANSACTION_ACTIONS_MAX,
    ConditionFailedError,
    Tables,
    until_clear,
)
from functions.platform.settings import Settings


@dataclass(frozen=True, slots=True)
class Checkout:
    """Quotes carts and places orders, on what its reader reads."""

    reader: Reader

    @classmethod
    def of(
        cls, tables: Tables, settings: Settings, policy: Policy, running: RunningCampaigns | None = None
    ) -> "Checkout":
        """Return the checkout over these tables; ``running`` is the copy of campaigns that others share."""
        running = running or RunningCampaigns(tables, settings.catalog_table)
        return cls(Reader(tables, settings, policy, running, Worths(tables, settings.catalog_table)))

    def quote(self, cart: Cart, member_id: str, at: datetime, deadline: Deadline) -> Quote:
        """Price a cart for a member at this moment, in one round trip; nothing changes.

        Raises
        ------
        RefusalError
            ``not_registered``, or what :func:`functions.offers.pricing.price` refuses; ``too_many_offers``.
        """
        read = self.reader.read(cart, member_id=member_id, at=at, deadline=deadline)
        quote = self._sure(read, cart, deadline).priced(cart, at, self.reader.policy)
        check_fits(quote)
        return quote

    def place(self, placing: Placing, deadline: Deadline) -> tuple[Order, bool]:
        """Place an order with all that it takes in one transaction, or find it placed (O1).

        Returns the order and whether this is a repeat. The order's row is the idempotency record, so a repeat
        is found however late it comes (R1).

        Raises
        ------
        RefusalError
            What the quote refuses, ``insufficient_stock``, ``quote_changed``, ``idempotency_key_reused``;
            nothing has happened and the key is not used up.
        """
        picking = Picking(self.reader.tables, placing.order_id)
        return until_clear(lambda: self._place_or_find(placing, picking, deadline), deadline)

    def _place_or_find(self, placing: Placing, picking: Picking, deadline: Deadline) -> tuple[Order, bool]:
        try:
            return self._try_to_place(placing, picking, deadline), False
        except PlacedBeforeError as before:
            return placing.repeated(order_of(before.row)), True

    def _try_to_place(self, placing: Placing, picking: Picking, deadline: Deadline) -> Order:
        tables, settings, policy = self.reader.tables, self.reader.settings, self.reader.policy
        read = self.reader.read(
            placing.cart,
            member_id=placing.member_id,
            at=placing.placed_at,
            deadline=deadline,
            order_id=placing.order_id,
        )
        if read.placed is not None:
            raise PlacedBeforeError(read.placed)
        read = self._sure(read, placing.cart, deadline)
        try:
            sold = self._sold(read, placing, picking, deadline)
        except RefusalError:
            # A batch is no snapshot: the rows may be from after the order that this one repeats.
            placed = tables.get(settings.orders_table, key(placing.order_id))
            if placed is None:
                raise
            raise PlacedBeforeError(placed) from None
        order, transaction = sale(tables, settings, policy, placing, sold)
        too_many = len(transaction.actions) - TRANSACTION_ACTIONS_MAX
        if too_many > 0:
            picking.join(sold.picked, sold.wants, too_many, deadline)
            raise ConditionFailedError([])  # from a fresh read on: the rows are joined (V15)
        try:
            transaction.commit(deadline, sends_max=picking.sends_max)
        except ConflictError as conflict:
            if not picking.elsewhere(sold.wants):
                raise
            raise ConditionFailedError([]) from conflict  # from a fresh read on, with other rows
        except ConditionFailedError as failed:
            (placed, *others) = failed.rows
            if placed is not None:
                raise PlacedBeforeError(placed) from None
            # The rows that stood against it are from one moment, at which the order was not there: what they
            # refuse is refused. Where they only changed the price, the next attempt takes it.
            # Of a product in several rows only all of them tell, and of offers: those the next attempt reads.
            met = [row for row in others if row is not None]
            if any(row["item"] == counting.FIGURES for row in met):
                self.reader.running.forget()  # a limit was put since the campaigns were heard of (V16)
            if read.is_exact:
                self._sold(read.met(met), placing, picking, deadline)
            picking.learn(met, sold.wants, deadline)
            if sold.basis.campaigns:
                self.reader.running.forget()  # a campaign may be another by now (V16)
            raise
        finally:
            picking.feel(transaction, sold.picked, sold.wants)
        return order

    def _sure(self, read: Basis, cart: Cart, deadline: Deadline) -> Basis:
        return made_sure(read, cart, self.reader.tables, self.reader.settings.catalog_table, deadline)

    def _sold(self, read: Basis, placing: Placing, picking: Picking, deadline: Deadline) -> Sold:
        table = self.reader.settings.catalog_table
        return sold_at(read, placing, self.reader.policy, picking, table, deadline)
