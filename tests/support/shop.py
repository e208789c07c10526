"""A shop on an emulator's tables: stocked products, registered members, orders."""

from dataclasses import dataclass
from datetime import UTC, datetime

from functions.catalog.catalog import Catalog
from functions.catalog.products import Product
from functions.catalog.stock import StockMovement
from functions.checkout.checkout import Checkout
from functions.checkout.placing import Placing
from functions.domain import identifiers
from functions.domain.policy import Policy
from functions.offers.quotes import Cart, CartLine
from functions.orders.book import OrderBook
from functions.orders.lists import OrderLists
from functions.orders.order import Order
from functions.orders.payments import pay
from functions.orders.rows import row_of
from functions.platform.deadline import Deadline
from functions.platform.dynamo import Tables
from functions.platform.settings import Settings
from functions.points.accounts import Accounts, opening_row
from functions.points.posting import OrderFacts
from functions.tiers.members import Members, Profile
from tests.support.phones import hash_phone

NOON = datetime(2026, 5, 1, 4, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Shop:
    """The stores of the programme over one set of tables."""

    tables: Tables
    settings: Settings
    policy: Policy

    @property
    def catalog(self) -> Catalog:
        """The catalogue."""
        return Catalog(
            tables=self.tables,
            table=self.settings.catalog_table,
            members_table=self.settings.members_table,
        )

    @property
    def members(self) -> Members:
        """The members."""
        return Members(self.tables, self.settings.members_table, hash_phone)

    @property
    def accounts(self) -> Accounts:
        """The accounts."""
        return Accounts(self.tables, self.settings.members_table, self.settings.orders_table)

    @property
    def book(self) -> OrderBook:
        """The orders."""
        return OrderBook.of(self.tables, self.settings, self.policy)

    @property
    def checkout(self) -> Checkout:
        """Where carts become orders."""
        return Checkout.of(self.tables, self.settings, self.policy)

    @property
    def lists(self) -> OrderLists:
        """The lists of orders."""
        return OrderLists.of(self.tables, self.settings, self.policy)

    def register(self, member_id: str) -> None:
        """Register a member."""
        told = Profile(member_id=member_id, name=member_id, birthday=None, phone=None, registered_at=NOON)
        self.members.put_profile(told, self.policy, [opening_row(member_id)], Deadline(20))

    def stock(self, sku: str, units: int, price_fen: int = 9_950) -> None:
        """Put a product into the catalogue with so many units."""
        self.catalog.put(
            sku,
            name=sku,
            price_fen=price_fen,
            member_zone=False,
            low_stock_threshold=None,
            deadline=Deadline(20),
        )
        if units:
            movement = StockMovement(
                movement_id="delivery",
                sku=sku,
                delta=units,
                reason="delivery",
                operator="clerk",
                moved_at=NOON,
            )
            self.catalog.move_stock(movement, Deadline(20))

    def units(self, sku: str) -> int:
        """Return what is in stock."""
        return self.product(sku).stock

    def product(self, sku: str) -> Product:
        """Return a product of the catalogue."""
        (product,) = self.catalog.seen_by("nobody", [sku], Deadline(20))[1]
        return product

    def placing(
        self, member_id: str, key: str, *skus: str, quantity: int = 1, expected_paid_fen: int | None = None
    ) -> Placing:
        """Return a request for an order of these skus."""
        cart = Cart(lines=tuple(CartLine(sku=sku, quantity=quantity) for sku in skus))
        return Placing(
            order_id=identifiers.order_id(member_id, key),
            member_id=member_id,
            request=identifiers.fingerprint(repr(cart), str(expected_paid_fen)),
            cart=cart,
            expected_paid_fen=expected_paid_fen,
            placed_at=NOON,
        )

    def place(self, member_id: str, key: str, *skus: str, quantity: int = 1) -> tuple[Order, bool]:
        """Place an order of so many units of each sku."""
        return self.checkout.place(self.placing(member_id, key, *skus, quantity=quantity), Deadline(20))

    def pay(self, order: Order, payment_id: str = "p1") -> Order:
        """Pay an order by its amount."""
        return pay(
            self.book,
            order.order_id,
            payment_id=payment_id,
            amount_fen=order.quote.paid_fen,
            now=NOON,
            deadline=Deadline(20),
        )

    def post(self, order: Order) -> None:
        """Post an order's changes to its member's account."""
        self.accounts.post(OrderFacts.from_row(row_of(order)), self.policy, Deadline(20))
