"""A member of the deployed stack, with a product of their own, who asks by the generated client."""

import datetime
import uuid
from typing import Any, Literal, TypedDict, Unpack

from memberday_client import AuthenticatedClient
from memberday_client.api.catalogue import move_stock, put_product
from memberday_client.api.members import get_me, register
from memberday_client.api.orders import (
    get_order,
    place_order,
    quote_cart,
    receive_order,
    record_payment,
    return_units,
    ship_order,
)
from memberday_client.api.points import adjust_points, get_points, get_points_entries
from memberday_client.models import (
    AdjustmentRequest,
    BalancesAnswer,
    CartLineRequest,
    CartRequest,
    EntryAnswer,
    LeavingLineRequest,
    MemberAnswer,
    OrderAnswer,
    OrderRequest,
    PaymentRequest,
    ProductAnswer,
    ProductRequest,
    ProfileRequest,
    QuoteAnswer,
    ReturnAnswer,
    ReturnRequest,
    StockRequest,
)

from tests.support.answers import granted
from tests.support.events import Answer
from tests.support.stack import Stack

TEA = {"name": "Tea", "price_fen": 9_950, "member_zone": False}


class Offers(TypedDict, total=False):
    """What a cart may ask for beside its lines."""

    coupon: str
    points: int | Literal["best"]


class Shopper:
    """A member of their own with a product of their own, so that tests do not meet each other."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.name = f"member-{uuid.uuid4().hex[:12]}"
        self.sku = f"tea-{uuid.uuid4().hex[:12]}"

    @property
    def client(self) -> AuthenticatedClient:
        """The client, signed in as the member."""
        return self.stack.client(self.name)

    @property
    def clerk(self) -> AuthenticatedClient:
        """The client, signed in as the staff's clerk."""
        return self.stack.client("clerk", staff=True)

    @property
    def member_id(self) -> str:
        """The member's id."""
        return self.stack.member_id(self.name)

    def register(self, birthday: datetime.date | None = None) -> MemberAnswer:
        """Register."""
        told = ProfileRequest(name="Alice", birthday=birthday)
        return granted(register.sync(client=self.client, body=told))

    def me(self) -> MemberAnswer:
        """Return how the member stands."""
        return granted(get_me.sync(client=self.client))

    def stocked(self, units: int, **change: Any) -> ProductAnswer:
        """Let staff put so many units of the product into the catalogue."""
        product = ProductRequest.from_dict(TEA | change)
        granted(put_product.sync(self.sku, client=self.clerk, body=product))
        movement = StockRequest(movement_id=uuid.uuid4().hex, delta=units, reason="delivery")
        return granted(move_stock.sync(self.sku, client=self.clerk, body=movement))

    def lines(self, quantity: int = 1) -> list[CartLineRequest]:
        """Return so many units of the product."""
        return [CartLineRequest(sku=self.sku, quantity=quantity)]

    def leaving(self, quantity: int = 1) -> list[LeavingLineRequest]:
        """Return so many units of the product that leave an order."""
        return [LeavingLineRequest(sku=self.sku, quantity=quantity)]

    def cart(self, quantity: int = 1, **offers: Unpack[Offers]) -> CartRequest:
        """Return a cart of the product, to be priced."""
        return CartRequest(lines=self.lines(quantity), **offers)

    def wish(self, quantity: int = 1, **offers: Unpack[Offers]) -> OrderRequest:
        """Return a cart of the product, to be ordered."""
        return OrderRequest(lines=self.lines(quantity), **offers)

    def quote(self, quantity: int = 1, **offers: Unpack[Offers]) -> QuoteAnswer:
        """Ask what a cart costs."""
        return granted(quote_cart.sync(client=self.client, body=self.cart(quantity, **offers)))

    def order(self, key: str = "k1", quantity: int = 1, **offers: Unpack[Offers]) -> OrderAnswer:
        """Place an order."""
        body = self.wish(quantity, **offers)
        return granted(place_order.sync(client=self.client, body=body, idempotency_key=key))

    def found(self, order: OrderAnswer) -> OrderAnswer:
        """Return an order as it is now."""
        return granted(get_order.sync(order.order_id, client=self.client))

    def pay(self, order: OrderAnswer) -> OrderAnswer:
        """Let the payment provider report the money."""
        body = PaymentRequest(payment_id=uuid.uuid4().hex, amount_fen=order.paid_fen)
        return granted(record_payment.sync(order.order_id, client=self.clerk, body=body))

    def ship(self, order: OrderAnswer) -> OrderAnswer:
        """Let staff hand the parcel to the carrier."""
        return granted(ship_order.sync(order.order_id, client=self.clerk))

    def delivered(self, order: OrderAnswer) -> OrderAnswer:
        """Let staff ship a paid order, and confirm its receipt."""
        self.ship(order)
        return granted(receive_order.sync(order.order_id, client=self.clerk))

    def give_back(self, order: OrderAnswer, units: int = 1) -> ReturnAnswer:
        """Let units of the product come back."""
        body = ReturnRequest(return_id=uuid.uuid4().hex, lines=self.leaving(units))
        return granted(return_units.sync(order.order_id, client=self.clerk, body=body))

    def adjust(self, points: int) -> BalancesAnswer:
        """Let staff credit or debit points."""
        body = AdjustmentRequest(adjustment_id=uuid.uuid4().hex, points=points, reason="test")
        return granted(adjust_points.sync(self.member_id, client=self.clerk, body=body))

    def points(self) -> tuple[int, int, int]:
        """Return what is available, frozen and owed, once the streams are drained."""
        self.stack.local("settle")
        wallet = granted(get_points.sync(client=self.client))
        return wallet.available, wallet.frozen, wallet.debt

    def entries(self) -> list[EntryAnswer]:
        """Return the ledger, oldest first."""
        return granted(get_points_entries.sync(client=self.client, limit=100)).items[::-1]

    def get(self, path: str) -> Answer:
        """Read something of one's own, whatever the path."""
        return self.stack.call("GET", path, who=self.name)


def registered(stack: Stack, units: int = 0) -> Shopper:
    """Return a member of their own, with so many units of a product at 99.50."""
    shopper = Shopper(stack)
    shopper.register()
    if units:
        shopper.stocked(units)
    return shopper
